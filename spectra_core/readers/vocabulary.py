"""The words of headings, in the languages in which instruments and users write them.

A word is looked up in a text without case and accents, so that ``Energía de ligação``
and ``ENERGIA DE LIGACAO`` are the same. Words in Latin letters begin where a word
begins; those of scripts without spaces may stand anywhere.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache, lru_cache

_WORDS: dict[str, tuple[str, ...]] = {
    "binding": (
        "binding|bindungsenerg|bindings?energ|bindningsenerg",
        "energia de (enlace|ligadura|ligacao|union)|energia di legame",
        "energie de liaison|liaison",
        "energia wiazania|vazebna energie|vazbova energia|kotesi energia|sidosenergia",
        "baglanma enerjisi|energie de legatura|bindingsenergie",
        "энергия связи|энергии связи|энерг[а-я]* связ|енергія зв|енергия на връзка",
        "结合能|結合能|束缚能|束縛能|结合能量",
        "結合エネルギー|束縛エネルギー",
        "결합 ?에너지|속박 ?에너지|구속 ?에너지",
    ),
    "kinetic": (
        "kineti[ck]|kinetisch|kinetyczn|kinetisk|rorelseenergi|mozgasi|liike-energia",
        "cinetic|cinetique",
        "кинетическ|кинетичн|кінетичн",
        "动能|動能",
        "運動エネルギー",
        "운동 ?에너지",
    ),
    "raman": (
        "raman|wave ?number|wellenzahl|nombre d.?onde|numero d[ei]? ?.?onda",
        "liczba falowa|vlnocet|hullamszam|golfgetal|vagtal|bolgetal|dalga sayisi|aaltoluku",
        "волновое число|волнового числа|комбинационн|рамановск|хвильове число|раман",
        "拉曼|波数|波數",
        "ラマン",
        "라만|파수",
    ),
    "wavelength": (
        "wave ?length|wellenlange|longueur d.?onde|longitud de onda|lunghezza d.?onda",
        "comprimento de onda|dlugosc fali|vlnova delka|golflengte|vaglangd|dalga boyu|hullamhossz",
        "длина волны|длины волны|довжина хвилі",
        "波长|波長",
        "파장",
    ),
    "energy": (
        "energy|energie|energia|enerji|energi(?![a-z])",
        "энергия|енергія",
        "能量",
        "エネルギー",
        "에너지",
    ),
    "intensity": (
        "intens|signal|amplitude|absorbance|transmittance|natezenie|siddet|senal|segnale|sinal",
        "интенсивн|інтенсивн|сигнал",
        "强度|強度|信号|信號|吸光度",
        "세기|강도|신호",
    ),
    "counts": (
        "cuentas?|conteos?|conteggi[o]?|contagens?|contagem|comptages?|coups?(?![a-z])",
        "impulse?(?![a-z])|impulsions?",
        "zahlereignisse|zliczenia|zliczen|impulsy|sayim|tellingen|beutesszam",
        "отсчет|счет|импульс|имп(?![а-я])|отсчеты|імпульс",
        "计数|計數|計数|カウント",
        "카운트|계수|계수치",
    ),
    "rate": (
        "zahlrate|impulsrate|taux de comptage|tasa de (cuentas|conteo)|velocita di conteggio",
        "taxa de contage[mn]s?|count ?rate|count_rate",
        "скорость счет|имп\\.? ?/ ?[сc]|импульс[а-я]* в секунд|отсчет[а-я]* в секунд",
        "计数率|計數率|計数率|カウント率|カウントレート|每秒计数|每秒計數|毎秒カウント",
        "계수율|초당 ?카운트",
    ),
    "per second": (
        "(pro|per|por|par|al|na) ?(sekunde|second|segundo|seconde|secondo|sekunde)",
        "/ ?(s|sec|sek|seg|с|сек|秒|초)(?![a-zа-я])",
        "в секунду|на секунд",
        "每秒|毎秒|초당",
    ),
    "background": (
        "hintergrund|untergrund|fondo|fond(?![a-z])|fundo|linea de base|linha de base|linea base",
        "tlo(?![a-z])|pozadi|achtergrond|bakgrund|baggrund|ligne de base|basislinie|grundlinie",
        "фон(?![а-я])|базовая линия|базова лінія",
        "背景|本底|基线|基線",
        "バックグラウンド|ベースライン",
        "배경|기준선",
    ),
    "fit": (
        "hullkurve|enveloppe|envolvente|inviluppo|envoltoria|obwiednia|summenkurve|anpassung",
        "ajuste?(?![a-z])|dopasowanie|residu|differenz",
        "komponente?|composante|componente|skladowa|componenti",
        "огибающ|остат|невязк|компонент|подгонк|аппроксимац",
        "包络|包絡|残差|殘差|分量|成分|拟合|擬合|分峰",
        "エンベロープ|フィット|フィッティング",
        "포락선|잔차|성분|피팅|맞춤",
    ),
    "raw": (
        "raw|rohdaten|roh(?![a-z])|brut|crudo|grezz|bruto|surow",
        "исходн|сыр(ые|ой)",
        "原始",
        "生データ|未処理",
        "원시|원본",
    ),
    "error": (
        "fehler|erreur|error|errore|erro(?![a-z])|incertitude|incertezza|incertidumbre|incerteza",
        "unsicherheit|standardabweichung|ecart.?type|deviazione|desviacion|desvio|blad(?![a-z])",
        "погрешн|ошибк|отклонени|похибк",
        "误差|誤差|标准差|標準差|不确定度|标准偏差|標準偏差",
        "오차|표준편차",
    ),
    "transmission": (
        "transmission|transmisi|trasmissione|transmissao|durchlass",
        "пропускан",
        "透射|透過",
        "투과",
    ),
    "index": (
        "index|indice|indeks|numero|numer|nummer|punkt|punto|ponto|kanal|canal|pixel",
        "индекс|номер|канал",
        "序号|序號|编号|編號|番号|番號|点号",
        "번호|순번",
    ),
    "photon": (
        "photonenenergie|anregungsenergie|energie (des |de )?photons?|energie d.?excitation",
        "energia (de(l| los)? |del )?foto(n|nes|ne|ni)(?![a-z])|energia de excitacion",
        "энергия фотон|энергия возбужден",
        "光子能量|激发能|激發能",
        "光子エネルギー|励起エネルギー",
        "광자 ?에너지|여기 ?에너지",
    ),
}


_BARRED = str.maketrans("łŁøØđĐı", "lLoOdDi")
"""Letters whose bars and missing dots Unicode does not count as accents."""


def fold(text: str) -> str:
    """Return `text` without case, accents and the difference of full and half width."""
    if text.isascii():
        return text.casefold()
    spread = unicodedata.normalize("NFKD", text.translate(_BARRED))
    return "".join(c for c in spread if unicodedata.category(c) != "Mn").casefold()


@cache
def _pattern(concept: str) -> re.Pattern[str]:
    alternatives = [
        fold(words) if words.startswith("/") else rf"(?<![a-z])(?:{fold(words)})"
        for words in _WORDS[concept]
    ]
    return re.compile(rf"(?:{'|'.join(alternatives)})")


@lru_cache(maxsize=4096)
def says(text: str, concept: str) -> bool:
    """Return whether `text` has a word for `concept` in any of the languages.

    Parameters
    ----------
    text : str
        E.g. the heading of a column.
    concept : str
        ``"binding"``, ``"kinetic"``, ``"raman"``, ``"wavelength"``, ``"energy"``,
        ``"photon"``, ``"intensity"``, ``"counts"``, ``"rate"``, ``"per second"``,
        ``"background"``, ``"fit"``, ``"raw"``, ``"error"``, ``"transmission"`` or
        ``"index"``.
    """
    return bool(_pattern(concept).search(fold(text)))


def says_only(text: str, concept: str) -> bool:
    """Return whether `text` is a word for `concept`, perhaps with a number, and no more."""
    words = _pattern(concept).pattern
    return bool(re.fullmatch(rf"\W*{words}s?\W*(?:n[ro])?\W*\d*", fold(text)))


def n_foreign_words(text: str) -> int:
    """Return how many words with letters beyond ASCII are known in `text`.

    This is the test of a guessed encoding: the wrong one gives letters, but no words.
    """
    if text.isascii():
        return 0
    folded = fold(text)
    scripts = sum(not word.isascii() for word in _words_in(folded).values())
    composed = unicodedata.normalize("NFC", text)
    by_letter = "".join(fold(letter)[:1] or " " for letter in composed)
    spans = [span for span, word in _words_in(by_letter).items() if word.isascii()]
    return scripts + sum(not composed[start:stop].isascii() for start, stop in spans)


def _words_in(folded: str) -> dict[tuple[int, int], str]:
    """Return the known words in a folded text by where they stand."""
    found = (match for concept in _WORDS for match in _pattern(concept).finditer(folded))
    return {match.span(): match[0] for match in found}
