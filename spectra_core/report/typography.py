"""How species, core levels and units are set: PS4(3-) with its subscript and charge.

Which words are formulas: see `spectra_core.results.formula`.
"""

from __future__ import annotations

from ..results.formula import Piece, formula_pieces
from .document import ELLIPSIS, Text, TextRun, clean_text

LONGEST_LABEL = 96


def species(text: str) -> Text:
    """Return a species, label or line with sub- and superscripts.

    The plain text stays as it was written; the middle of a very long one is left out,
    because the line of a doublet stands at its end.
    """
    shown = clean_text(text, longest=100_000)
    if len(shown) > LONGEST_LABEL:
        shown = f"{shown[:66].rstrip()}{ELLIPSIS}{shown[-24:].lstrip()}"
    return Text(_merged(formula_pieces(shown)), shown)


def with_formulas(text: str) -> Text:
    """Return running text whose formulas are set; nothing is left out."""
    return Text(_merged(formula_pieces(text)), text)


def _merged(pieces: list[Piece]) -> tuple[TextRun, ...]:
    merged: list[TextRun] = []
    for text, style in pieces:
        if not text:
            continue
        if merged and merged[-1].style == style:
            merged[-1] = TextRun(merged[-1].text + text, style)
        else:
            merged.append(TextRun(text, style))
    return tuple(merged)


_UNITS = {
    "cm-1": (TextRun("cm"), TextRun("−1", "sup")),
    "counts/s": (TextRun("counts s"), TextRun("−1", "sup")),
    "counts eV/s": (TextRun("counts eV s"), TextRun("−1", "sup")),
    "counts cm-1": (TextRun("counts cm"), TextRun("−1", "sup")),
    "counts cm-1/s": (
        TextRun("counts cm"),
        TextRun("−1", "sup"),
        TextRun(" s"),
        TextRun("−1", "sup"),
    ),
    "x^2": (TextRun("eV"), TextRun("2", "sup")),
    "eV^2": (TextRun("eV"), TextRun("2", "sup")),
}


def printed_unit(unit: str) -> Text:
    """Return a unit with its exponents raised."""
    return Text(_UNITS.get(unit, (TextRun(unit),) if unit else ()), unit)


def column_heading(name: str, unit: str = "") -> Text:
    """Return a column heading: ``name / unit``."""
    text = species(name)
    if not unit:
        return text
    return text + Text((TextRun(" / "),), " / ") + printed_unit(unit)
