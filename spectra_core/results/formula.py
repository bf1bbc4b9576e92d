"""How chemistry is written: which words are formulas, and which digits are lowered or raised.

A word is taken for a formula only if all of it is one: known element symbols, numbers (or x
and y), brackets, a charge in parentheses, and at least two atoms or a charge. One element may
have its charge without parentheses: ``S2-``, ``P0``. ``C1`` and ``S2`` stay what the user
called them.
"""

from __future__ import annotations

import re
from typing import Literal

Piece = tuple[str, Literal["", "sub", "sup"]]

_SYMBOLS = (
    "H He Li Be B C N O F Ne Na Mg Al Si P S Cl Ar K Ca Sc Ti V Cr Mn Fe Co Ni Cu Zn Ga Ge As Se"
    " Br Kr Rb Sr Y Zr Nb Mo Tc Ru Rh Pd Ag Cd In Sn Sb Te I Xe Cs Ba La Ce Pr Nd Pm Sm Eu Gd Tb"
    " Dy Ho Er Tm Yb Lu Hf Ta W Re Os Ir Pt Au Hg Tl Pb Bi Th U"
)
_ELEMENTS = frozenset(_SYMBOLS.split())
_PIECE = re.compile(
    r"(?P<element>[A-Z][a-z]?)|(?P<number>\d+(?:\.\d+)?)|(?P<index>(?<=\])[nmx]|(?<=[A-Za-z])[xy])"
    r"|\((?P<charge>\d*[+-])\)|(?P<bracket>[()\[\]])|(?P<bond>[-–])"
)
# S2- is the ion and P0 the element, as people write them without parentheses.
_ION = re.compile(r"(?P<element>[A-Z][a-z]?)(?P<charge>[1-4][+-]|\+|0)")
_ORBITAL = re.compile(r"(?P<shell>[1-7][spdf])(?P<j>\d/2)")
# A full stop ends a word only at the end of a sentence: Li2.5S has one inside.
_WORD = re.compile(r"(\s+|[,;:/](?!2\b)|\.(?=\s|$))")
_LOW = str.maketrans("0123456789+−nmx", "₀₁₂₃₄₅₆₇₈₉₊₋ₙₘₓ")
_RAISED = str.maketrans("0123456789+−", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻")


def formula_pieces(text: str) -> list[Piece]:
    """Return a species, label or line in pieces: plain, lowered or raised."""
    pieces: list[Piece] = []
    for word in _WORD.split(text):
        pieces += _orbital(word) or _ion(word) or _formula(word) or [(word, "")]
    return pieces


def formula_letters(text: str) -> str:
    """Return a label with the lowered and raised digits that letters have: ``PS₄³⁻``.

    For plots and lists, which hold plain text; what has no such letter stays as it is.
    """
    return "".join(map(_as_letters, formula_pieces(text)))


def _as_letters(piece: Piece) -> str:
    text, style = piece
    shown = text.translate(_LOW if style == "sub" else _RAISED) if style else text
    return text if style and any(c.isascii() for c in shown) else shown


def _orbital(word: str) -> list[Piece] | None:
    found = _ORBITAL.fullmatch(word)
    return [(found["shell"], ""), (found["j"], "sub")] if found else None


def _ion(word: str) -> list[Piece] | None:
    found = _ION.fullmatch(word)
    if not found or found["element"] not in _ELEMENTS:
        return None
    return [(found["element"], ""), (found["charge"].replace("-", "−"), "sup")]


def _formula(word: str) -> list[Piece] | None:
    pieces: list[Piece] = []
    place, atoms, charged = 0, 0, False
    while place < len(word):
        piece = _PIECE.match(word, place)
        if piece is None:
            return None
        if piece["element"]:
            symbol = piece["element"] if piece["element"] in _ELEMENTS else piece["element"][0]
            if symbol not in _ELEMENTS:
                return None
            pieces.append((symbol, ""))
            atoms += 1
            place += len(symbol)
            continue
        if piece["charge"]:
            charged = True
            pieces.append((piece["charge"].replace("-", "−"), "sup"))
        elif piece["number"] or piece["index"]:
            if not pieces or pieces[-1][1] or pieces[-1][0] == "–":
                return None
            pieces.append((piece[0], "sub"))
        else:
            pieces.append((piece[0].replace("-", "–") if piece["bond"] else piece[0], ""))
        place = piece.end()
    return pieces if charged or atoms > 1 else None
