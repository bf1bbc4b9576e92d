"""How species, core levels and units are set: PS4(3-) with its subscript and charge.

A word is taken for a formula only if all of it is one: known element symbols, numbers,
brackets, a charge in parentheses, and at least two atoms or a charge. ``C1`` and ``S2``
stay what the person called them.
"""

from __future__ import annotations

import re

from .document import ELLIPSIS, Run, Text, clean_text

_SYMBOLS = (
    "H He Li Be B C N O F Ne Na Mg Al Si P S Cl Ar K Ca Sc Ti V Cr Mn Fe Co Ni Cu Zn Ga Ge As Se"
    " Br Kr Rb Sr Y Zr Nb Mo Tc Ru Rh Pd Ag Cd In Sn Sb Te I Xe Cs Ba La Ce Pr Nd Pm Sm Eu Gd Tb"
    " Dy Ho Er Tm Yb Lu Hf Ta W Re Os Ir Pt Au Hg Tl Pb Bi Th U"
)
_ELEMENTS = frozenset(_SYMBOLS.split())
_PIECE = re.compile(
    r"(?P<element>[A-Z][a-z]?)|(?P<number>\d+(?:\.\d+)?)|(?P<index>(?<=\])[nmx])"
    r"|\((?P<charge>\d*[+-])\)|(?P<bracket>[()\[\]])|(?P<bond>[-–])"
)
_ORBITAL = re.compile(r"(?P<shell>[1-7][spdf])(?P<j>\d/2)")
_WORD = re.compile(r"(\s+|[,;:/](?!2\b))")


LONGEST_LABEL = 48


def species(text: str) -> Text:
    """Return a species, label or line with sub- and superscripts.

    The plain text stays as it was written; the middle of a very long one is left out,
    because the line of a doublet stands at its end.
    """
    shown = clean_text(text, longest=100_000)
    if len(shown) > LONGEST_LABEL:
        shown = f"{shown[:30].rstrip()}{ELLIPSIS}{shown[-16:].lstrip()}"
    runs: list[Run] = []
    for word in _WORD.split(shown):
        runs += _orbital(word) or _formula(word) or [Run(word)]
    return Text(_merged(runs), shown)


def _orbital(word: str) -> list[Run] | None:
    found = _ORBITAL.fullmatch(word)
    return [Run(found["shell"]), Run(found["j"], "sub")] if found else None


def _formula(word: str) -> list[Run] | None:
    runs: list[Run] = []
    place, atoms, charged = 0, 0, False
    while place < len(word):
        piece = _PIECE.match(word, place)
        if piece is None:
            return None
        if piece["element"]:
            symbol = piece["element"] if piece["element"] in _ELEMENTS else piece["element"][0]
            if symbol not in _ELEMENTS:
                return None
            runs.append(Run(symbol))
            atoms += 1
            place += len(symbol)
            continue
        if piece["charge"]:
            charged = True
            runs.append(Run(piece["charge"].replace("-", "−"), "sup"))
        elif piece["number"] or piece["index"]:
            if not runs or runs[-1].style:
                return None
            runs.append(Run(piece[0], "sub"))
        else:
            runs.append(Run(piece[0].replace("-", "–") if piece["bond"] else piece[0]))
        place = piece.end()
    return runs if charged or atoms > 1 else None


def _merged(runs: list[Run]) -> tuple[Run, ...]:
    merged: list[Run] = []
    for run in runs:
        if not run.text:
            continue
        if merged and merged[-1].style == run.style:
            merged[-1] = Run(merged[-1].text + run.text, run.style)
        else:
            merged.append(run)
    return tuple(merged)


_UNITS = {
    "cm-1": (Run("cm"), Run("−1", "sup")),
    "counts/s": (Run("counts s"), Run("−1", "sup")),
    "counts eV/s": (Run("counts eV s"), Run("−1", "sup")),
    "counts cm-1": (Run("counts cm"), Run("−1", "sup")),
    "counts cm-1/s": (Run("counts cm"), Run("−1", "sup"), Run(" s"), Run("−1", "sup")),
    "x^2": (Run("eV"), Run("2", "sup")),
    "eV^2": (Run("eV"), Run("2", "sup")),
}


def unit_text(unit: str) -> Text:
    """Return a unit with its exponents raised."""
    return Text(_UNITS.get(unit, (Run(unit),) if unit else ()), unit)


def heading(name: str, unit: str = "") -> Text:
    """Return a column heading: ``name / unit``."""
    text = species(name)
    if not unit:
        return text
    return text + Text((Run(" / "),), " / ") + unit_text(unit)
