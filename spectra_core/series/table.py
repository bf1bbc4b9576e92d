"""A user's table of files and coordinates: ``file,voltage [V],cycle``.

The first column names files (with wildcards if need be), every other column is a coordinate;
its unit stands in brackets or after a slash. A row of a file with several levels names the
level in a column ``level``, counted from 1.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from math import isfinite
from pathlib import Path, PurePath

from ..errors import ReadError, did_you_mean
from ..spectrum import Spectrum
from .coordinates import UNITS, Coordinate, coordinate_name, with_coordinates

_LEVEL = "level"


@dataclass(frozen=True)
class TableRow:
    """Coordinates of the spectra of one file, or of one level of it.

    Attributes
    ----------
    file : str
        Name or path, with wildcards if need be.
    level : int or None
        Counted from 1; None: all of them.
    coordinates : tuple of Coordinate
    line : int
        Of the table, for messages.
    """

    file: str
    level: int | None
    coordinates: tuple[Coordinate, ...]
    line: int

    def is_of(self, spectrum: Spectrum) -> bool:
        """Return whether this row is about a spectrum's file."""
        place = PurePath(spectrum.source.location)
        wanted = self.file.casefold()
        names = (place.name, place.stem, place.as_posix())
        return any(fnmatchcase(name.casefold(), wanted) for name in names)


def read_coordinates(path: str | Path) -> tuple[TableRow, ...]:
    """Return the rows of a csv of files and coordinates.

    Raises
    ------
    ReadError
        If it cannot be read, has no coordinate, or a cell is no number.
    """
    path = Path(path)
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is no UTF-8 text"
        raise ReadError(f"cannot be read: {reason}.", where=path.name) from error
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("#")]
    delimiter = ";" if lines and lines[0].count(";") > lines[0].count(",") else ","
    if lines and "\t" in lines[0]:
        delimiter = "\t"
    rows = list(csv.reader(lines, delimiter=delimiter))
    if len(rows) < 2 or len(rows[0]) < 2:
        raise ReadError(
            "holds no coordinates: it needs a heading and a row for each file.",
            hint="The first column names the file, e.g. file,voltage [V].",
            where=path.name,
        )
    heads = [_head(cell) for cell in rows[0]]
    return tuple(
        _row(heads, cells, number, path, comma=delimiter != ",")
        for number, cells in enumerate(rows[1:], start=2)
        if any(cell.strip() for cell in cells)
    )


def _head(cell: str) -> tuple[str, str]:
    """Return name and unit of ``"voltage [V]"`` or ``"voltage / V"``."""
    found = re.fullmatch(r"\s*(.*?)\s*(?:\[(.*)\]|\((.*)\)|/\s*(.*))?\s*", cell)
    name, *units = found.groups() if found else (cell, "")
    unit = next((u.strip() for u in units if u), "")
    if name.strip().casefold() == _LEVEL:
        return _LEVEL, ""
    own = coordinate_name(name)
    return own, unit or UNITS.get(own, "")


def _row(
    heads: Sequence[tuple[str, str]], cells: Sequence[str], number: int, path: Path, *, comma: bool
) -> TableRow:
    if len(cells) != len(heads):
        raise ReadError(
            f"has {len(cells)} cells, but the heading has {len(heads)}.",
            where=f"{path.name}: row {number}",
        )
    level: int | None = None
    found: list[Coordinate] = []
    for (name, unit), cell in list(zip(heads, cells, strict=True))[1:]:
        if not cell.strip():
            continue
        try:
            value = float(cell.replace(",", ".") if comma else cell)
        except ValueError:
            value = float("nan")
        if not isfinite(value):
            raise ReadError(
                f'"{cell.strip()}" in the column {name} is no number.',
                where=f"{path.name}: row {number}",
            )
        if name == _LEVEL:
            level = round(value)
        else:
            found.append(Coordinate(name, value, unit))
    return TableRow(cells[0].strip(), level, tuple(found), number)


def apply_coordinates(spectra: Sequence[Spectrum], rows: Sequence[TableRow]) -> list[Spectrum]:
    """Return spectra with the coordinates that a table gives them.

    Raises
    ------
    ReadError
        If a row names no file that there is.
    """
    found = list(spectra)
    levels = _levels(spectra)
    for row in rows:
        places = [k for k, s in enumerate(spectra) if row.is_of(s)]
        if not places:
            names = [PurePath(s.source.location).name for s in spectra]
            raise ReadError(
                f'"{row.file}" in row {row.line} of the coordinates is none of the files.',
                hint=did_you_mean(row.file, dict.fromkeys(names)),
            )
        for k in places:
            if row.level is None or levels[k] == row.level:
                found[k] = with_coordinates(found[k], row.coordinates)
    return found


def _levels(spectra: Sequence[Spectrum]) -> list[int]:
    """Return which spectrum of its region in its file each is, from 1."""
    from .values import region_key  # a table of levels is asked for seldom

    seen: dict[tuple[str, str], int] = {}
    levels = []
    for spectrum in spectra:
        key = (spectrum.source.location, region_key(spectrum))
        seen[key] = seen.get(key, 0) + 1
        levels.append(seen[key])
    return levels
