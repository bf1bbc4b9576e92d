"""What a number is in a text file: decimal sign, grouped digits, missing values.

Only ASCII digits are digits. A file has one decimal sign and at most one sign that
groups digits (``4,549`` counts), and the two differ. Which is which follows from the
cells that can be read in one way only, such as ``170.00`` and ``1,234,567``; if none
can, the file is refused rather than read a thousand times too small or too large.
"""

from __future__ import annotations

import csv
import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from ..errors import ReadError

MISSING_FROM = 1e37
"""CasaXPS and others write 1e+037 where they have no number."""

_PLAIN = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?", re.ASCII)
_NOT_A_NUMBER = re.compile(r"[-+]?(1\.#\w+|n/?a|nan|inf(inity)?|#\w+[/!?]*\w*|-+)?", re.IGNORECASE)
_MINUS = re.compile(r"^[−–—‒﹣－](?=[\d.,−–—‒﹣－]|$)|(?<=[eE])[−–—‒﹣－]")
_SPACES = "\u00a0\u2007\u2009\u202f"
_GROUP_SIGNS = str.maketrans({**dict.fromkeys(_SPACES, " "), **dict.fromkeys("’ʼ′´`", "'")})
_SPACED_GROUP = re.compile(rf"(?<=\d)[{_SPACES}](?=\d{{3}}(?!\d))")
_QUOTED_OR_BLANK_FREE = re.compile(r'"([^"]*)"|(\S+)')
_GROUPED = re.compile(
    r"[-+]?[1-9]\d{0,2}(?:(,)(?:\d\d,)*\d{3}(?:,\d{3})*(?:\.\d*)?"
    r"|(\.)\d{3}(?:\.\d{3})*(?:,\d*)?|([ '])\d{3}(?:\3\d{3})*(?:([.,])\d*)?)",
    re.ASCII,
)
_DECIMAL = re.compile(r"[-+]?(?:\d*([.,])\d+|\d+([.,]))(?:[eE][-+]?\d+)?", re.ASCII)
_EITHER_WAY = re.compile(r"[-+]?[1-9]\d{0,2}([.,])\d{3}", re.ASCII)


@dataclass(frozen=True)
class Dialect:
    """How a table is written.

    Attributes
    ----------
    delimiter : str or None
        What separates cells; None is white space.
    decimal : {".", ","}
        Decimal sign.
    group : {",", ".", "'", " "} or None
        What groups digits in threes.
    first : int
        Empty cells before the first column of every row.
    """

    delimiter: str | None
    decimal: str = "."
    group: str | None = None
    first: int = 0

    def cells(self, line: str) -> list[str]:
        """Return the cells of one line, without quotes and outer spaces."""
        if '"' in line:
            cut = _quoted_cells(line, self.delimiter)
        elif self.delimiter is None and self.group == " ":
            cut = _SPACED_GROUP.sub("", line).split()
        else:
            cut = line.split(self.delimiter)
        cells = [cell.strip(' "\t\r') for cell in cut]
        return cells[self.first :] if not any(cells[: self.first]) else cells

    def number(self, cell: str) -> float | None:
        """Return the number in a cell, NaN for an empty or missing one, None for text."""
        text = plain_signs(cell)
        if _NOT_A_NUMBER.fullmatch(text):
            return math.nan
        if self.group is not None and _GROUPED.fullmatch(text):
            text = text.replace(self.group, "")
        if self.decimal == ",":
            if "." in text:
                return None
            text = text.replace(",", ".")
        return float(text) if _PLAIN.fullmatch(text) else None

    def row(self, line: str) -> list[float] | None:
        """Return the numbers of one line, NaN for empty cells; None if it is not numbers."""
        plain = self.plain_line(line)
        if plain is not None:
            try:
                return [float(cell) for cell in plain.split(self.delimiter)] or None
            except ValueError:
                pass
        numbers = []
        for cell in self.cells(line):
            value = self.number(cell)
            if value is None:
                return None
            numbers.append(value)
        return numbers if any(map(math.isfinite, numbers)) else None

    def plain_line(self, text: str) -> str | None:
        """Return text that needs no care, with decimal points; None for any other."""
        if self.group or self.first or not text.isascii() or "_" in text or '"' in text:
            return None
        if self.decimal == ".":
            return text
        return None if "." in text else text.replace(",", ".")

    def key_number(self, text: str) -> float | None:
        """Return the number of a heading's key, by the rules of the numbers below it.

        A key that the rules do not fit is taken where it can be read in one way only:
        whole counts tell no decimal sign, and ``0,1`` seconds have one.
        """
        value = self.number(text)
        if value is None:
            kind, sign = _reading(text)
            if kind == "decimal":
                value = Dialect(None, sign).number(text)
            elif kind == "grouped":
                value = Dialect(None, _OTHER[sign], sign).number(text)
        return value if value is not None and math.isfinite(value) else None


DELIMITERS: tuple[str | None, ...] = ("\t", ";", "|", ",", None)
"""What may separate cells, in the order of preference; None is white space."""


def plain_signs(cell: str) -> str:
    """Return a cell with an ASCII minus, spaces and apostrophes."""
    text = cell if cell.isascii() else _MINUS.sub("-", cell.translate(_GROUP_SIGNS))
    return text.strip()


def to_number(cell: str) -> float | None:
    """Return the number in a cell, NaN for an empty or missing one, None for text.

    The decimal sign is a point. ``1_000`` and digits of other scripts are no numbers.
    """
    return _POINT.number(cell)


_POINT = Dialect(None)


def is_cell_of_a_row(cell: str) -> bool:
    """Return whether a cell is empty, missing, or a number with whatever signs."""
    text = plain_signs(cell)
    return bool(
        _PLAIN.fullmatch(text)
        or _DECIMAL.fullmatch(text)
        or _GROUPED.fullmatch(text)
        or _NOT_A_NUMBER.fullmatch(text)
    )


def _quoted_cells(line: str, delimiter: str | None) -> list[str]:
    """Return cells of which some stand in quotes, with the delimiter inside (RFC 4180)."""
    if delimiter is None:
        return [quoted or bare for quoted, bare in _QUOTED_OR_BLANK_FREE.findall(line)]
    try:
        return next(csv.reader([line], delimiter=delimiter, skipinitialspace=True), [])
    except csv.Error:
        return line.split(delimiter)


# --------------------------------------------------------------------------------------
# decimal sign and grouped digits

_OTHER = {".": ",", ",": "."}


@dataclass(frozen=True)
class Place:
    """A cell of a sample: its row in the file, from 1, and its text."""

    row: int
    text: str


def settle_signs(
    dialect: Dialect, columns: Sequence[Sequence[Place]], decimal: str | None
) -> Dialect:
    """Return `dialect` with the decimal sign and grouping that its numbers show.

    Parameters
    ----------
    dialect : Dialect
    columns : sequence of sequence of Place
        The cells of a sample of rows, column by column; the first is the abscissa.
    decimal : {".", ","} or None
        What the user says.

    Raises
    ------
    ReadError
        If cells contradict each other, or all can be read in two ways; it names a row.
    """
    readings = [[(place, *_reading(place.text)) for place in column] for column in columns]
    every = [reading for column in readings for reading in column]
    spaced = {sign for _, kind, sign in every if kind == "spaced"}
    shown = _shown_signs(readings)
    if decimal is None and len(shown) == 2:
        raise _contradiction(*shown.values())
    sign = decimal or next(iter(shown), None) or _sign_of_abscissa(readings)
    grouping = any(s == _OTHER[sign] for _, kind, s in every if kind in ("either", "grouped"))
    group = dialect.group or next(iter(spaced), _OTHER[sign] if grouping else None)
    return replace(dialect, decimal=sign, group=group)


Reading = tuple[Place, str, str]


def _reading(cell: str) -> tuple[str, str]:
    """Return in how many ways a cell can be read, and the sign in question.

    ``decimal`` and ``grouped`` cells are certain of their sign, ``spaced`` ones group
    by a space or apostrophe, ``either`` may be one or the other, ``whole`` has none.
    """
    text = plain_signs(cell)
    if match := _EITHER_WAY.fullmatch(text):
        return "either", match[1]
    if match := _DECIMAL.fullmatch(text):
        return "decimal", match[1] or match[2]
    if match := _GROUPED.fullmatch(text):
        if match[3]:
            return ("decimal", match[4]) if match[4] else ("spaced", match[3])
        return "grouped", match[1] or match[2]
    return "whole", ""


def _shown_signs(readings: Sequence[Sequence[Reading]]) -> dict[str, Place]:
    """Return the decimal signs that cells are certain of, with the first such cell."""
    shown: dict[str, Place] = {}
    for column in readings:
        grouped_by = _grouped_by(column)
        for place, kind, sign in column:
            if kind == "decimal":
                shown.setdefault(sign, place)
            elif kind == "grouped" or (kind == "either" and sign == grouped_by):
                shown.setdefault(_OTHER[sign], place)
    return shown


def _grouped_by(column: Sequence[Reading]) -> str | None:
    """Return the sign that groups digits in a column of ``4,549`` and ``999``.

    Neighbours in a spectrum are alike: of the two readings that one is right in which
    they differ less.
    """
    signs = {sign for _, kind, sign in column if kind == "either"}
    whole = any(kind == "whole" and place.text for place, kind, _ in column)
    if len(signs) != 1 or not whole or any(kind == "decimal" for _, kind, _ in column):
        return None
    sign = signs.pop()
    texts = [plain_signs(place.text) for place, _, _ in column]
    grouped = _roughness(text.replace(sign, "") for text in texts)
    return sign if grouped < _roughness(text.replace(sign, ".") for text in texts) else None


def _roughness(texts: Iterator[str]) -> float:
    numbers = [abs(float(text)) for text in texts if _PLAIN.fullmatch(text)]
    logs = [math.log(max(number, 1.0)) for number in numbers]
    return sum(abs(b - a) for a, b in pairwise(logs))


def _sign_of_abscissa(readings: Sequence[Sequence[Reading]]) -> str:
    """Return the decimal sign where no cell is certain of it.

    Energies and shifts are below 10,000, so ``170,000`` in the first column has
    decimals; ``1,316`` there, or in other columns, could be either.

    Raises
    ------
    ReadError
        If it cannot be told.
    """
    for number, column in enumerate(readings):
        open_cells = [(place, sign) for place, kind, sign in column if kind == "either"]
        if not open_cells:
            continue
        place, sign = max(open_cells, key=lambda pair: len(pair[0].text))
        if number == 0 and len(place.text.lstrip("+-")) > len("9,999"):
            return sign
        name = {",": "comma", ".": "point"}[sign]
        raise ReadError(
            f"row {place.row} holds {place.text!r}: the {name} may be a decimal sign or"
            " group thousands.",
            hint=f"Say which: --decimal '{sign}' or --decimal '{_OTHER[sign]}'.",
        )
    return "."


def _contradiction(one: Place, other: Place) -> ReadError:
    first, second = sorted((one, other), key=lambda place: place.row)
    return ReadError(
        f"row {second.row} holds {second.text!r} but row {first.row} holds {first.text!r}: a"
        " file has one decimal sign, and another sign, or none, that groups thousands.",
        hint="Export it again, or say the decimal sign: --decimal '.' or --decimal ','.",
    )
