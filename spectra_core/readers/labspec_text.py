"""Horiba LabSpec text: ``#Key=<tab>value`` lines, then a spectrum, series or map.

One spectrum stands in two columns. A series or map is a matrix: its first row is
the abscissa, and every further row begins with one coordinate (time, position,
index) or two (x and y of a map). What the coordinates are stands in ``#AxisType[2]``
and ``#AxisUnit[2]``, or, in other versions, before the abscissa in the first row.
"""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import numpy as np

from ..errors import ReadError
from ..spectrum import Array, Axis, Meta, Spectrum
from .assemble import Columns, assemble, assemble_map, noted, sorted_out
from .axis_words import axis_of_words
from .keys import Keys
from .options import ReadOptions
from .text_table import (
    Block,
    TextTables,
    check_announced,
    decode,
    read_tables,
    to_lines,
    without_comment_sign,
)

FORMAT = "LabSpec text"
_NAMED = {
    "Acq. time (s)",
    "Accumulations",
    "Sample",
    "Title",
    "Date",
    "Acquired",
    "Remark",
    "Instrument",
}


def matches(head: bytes, path: Path) -> bool:
    """Return whether the file begins with ``#Acq. time (s)=`` or like lines."""
    lines = [line for line in to_lines(decode(head[:4000])) if line.strip()]
    keys = [line for line in lines if re.match(r"#[^=\t]+=\t?", line)]
    return (
        lines[:1] != []
        and lines[0].startswith("#")
        and any(line.startswith(("#Acq. time", "#Accumulations", "#AxisType[0]")) for line in keys)
    )


def read(path: Path, options: ReadOptions) -> list[Spectrum]:
    """Return the spectrum, or every spectrum of a series or map.

    Raises
    ------
    ReadError
        If there are no numbers, a cell is missing, or the axis unit is not given.
    """
    tables = read_tables(path, replace(options, delimiter=options.delimiter or "tab"))
    if not tables.blocks:
        raise ReadError("the LabSpec file holds no numbers below its heading: it seems cut off.")
    block, *more = tables.blocks
    for other in more:
        check_announced(other)
    if below := next((line for line in tables.footer if line.strip()), ""):
        raise ReadError(
            f"{below.strip()[:60]!r} stands below the numbers: rows are damaged.",
            hint="Export or copy the file again.",
        )
    values = _header_values([line for line in block.header if line.startswith("#")])
    keys = Keys(values, tables.dialect)
    axis = _axis(values)
    file_says = options if axis is None else replace(options, axis=None)
    meta = _meta(keys, path)
    unit = _Y_UNITS.get(values.get("AxisUnit[0]", "").casefold())
    x, curves = _curves(tables, block, values)
    if len(curves) == 1:
        ((y, variables),) = curves
        numbers = block.row_numbers if len(y) == len(block.row_numbers) else None
        columns = Columns(x, y, unit, row_numbers=numbers)
        return [assemble(columns, axis, replace(meta, variables=variables), file_says)]
    placed = ((y, replace(meta, variables=variables)) for y, variables in curves)
    return sorted_out(assemble_map(Columns(x, x, unit), placed, axis, file_says))


_Y_UNITS = {
    "cnt": "counts",
    "counts": "counts",
    "cnt/s": "counts/s",
    "cnt/sec": "counts/s",
    "counts/s": "counts/s",
}


Curve = tuple[Array, dict[str, tuple[float, str]]]


def _curves(tables: TextTables, block: Block, values: dict[str, str]) -> tuple[Array, list[Curve]]:
    """Return the abscissa, and intensities and coordinates of each spectrum on it."""
    named = _named_first_row(tables, block)
    n_coordinates = len(named[0]) if named else _n_empty(block.values[0])
    if n_coordinates == 0:
        if block.values.shape[1] > 2:
            raise ReadError(
                f"row {block.row_numbers[0]} holds {block.values.shape[1]} numbers: a series or"
                " map, but the row with its abscissa is missing.",
                hint="Export it again from LabSpec as text (*.txt), with its axes.",
            )
        _check_complete(block, block.values[:, :2])
        return block.values[:, 0], [(block.values[:, 1], {})]
    x = named[1] if named else block.values[0, n_coordinates:]
    matrix = block.values if named else block.values[1:]
    _check_complete(block, matrix)
    names = _coordinates(values, named[0] if named else [""] * n_coordinates)
    return x, [
        (
            row[n_coordinates:],
            {name: (float(row[i]), unit) for i, (name, unit) in enumerate(names)},
        )
        for row in matrix
    ]


def _n_empty(row: Array) -> int:
    """Return how many cells at the beginning of a row are empty."""
    return int(np.sum(np.cumprod(np.isnan(row))))


def _named_first_row(tables: TextTables, block: Block) -> tuple[list[str], Array] | None:
    """Return the headings of the coordinates and the abscissa from a first row of both."""
    if block.values.shape[1] < 3 or not block.header:
        return None
    cells = tables.dialect.cells(without_comment_sign(block.header[-1]))
    numbers = [tables.dialect.number(cell) if cell else None for cell in cells]
    n_names = next((i for i, number in enumerate(numbers) if number is not None), 0)
    x = [number for number in numbers[n_names:] if number is not None]
    if not 0 < n_names < 4 or n_names + len(x) != block.values.shape[1]:
        return None
    return cells[:n_names], np.array(x)


def _check_complete(block: Block, values: Array) -> None:
    bad = np.flatnonzero(~np.isfinite(values).all(axis=1))
    if bad.size:
        row = int(block.row_numbers[bad[0] + len(block.row_numbers) - len(values)])
        raise ReadError(
            "a cell is empty or no number.",
            hint="Correct or remove this row in the file.",
            where=f"row {row}",
        )


def _coordinates(values: dict[str, str], headings: list[str]) -> list[tuple[str, str]]:
    """Return name and unit of each coordinate: from its heading, or from the axes' keys.

    The keys count the axes from the intensity on, so the first column of a map is the
    last of them.
    """
    found = []
    for i, heading in enumerate(headings):
        match = re.match(r"(.*?)\s*[(\[]([^)\]]*)[)\]]\s*$", heading)
        number = 1 + len(headings) - i
        name = match[1] if match else heading
        unit = match[2] if match else values.get(f"AxisUnit[{number}]", "")
        name = name or values.get(f"AxisType[{number}]", "") or f"coordinate {i + 1}"
        found.append((name, unit))
    return found


def _header_values(lines: list[str]) -> dict[str, str]:
    pairs = (line[1:].partition("=") for line in lines)
    return {key.strip(): value.strip() for key, _, value in pairs}


def _axis(values: dict[str, str]) -> Axis | None:
    """Return the axis by the unit of the abscissa, else by that of the spectrometer."""
    if unit := values.get("AxisUnit[1]"):
        return axis_of_words(unit)
    key = next((key for key in values if key.startswith("Spectro (")), "")
    return axis_of_words(key.removeprefix("Spectro (").removesuffix(")").replace("\xb9", "1"))


def _meta(keys: Keys, path: Path) -> Meta:
    values = keys.values
    laser = re.search(r"\d[\d.,]*", keys.text("Laser", "Laser (nm)"))
    extra = {key: value for key, value in values.items() if value and key not in _NAMED}
    meta = Meta(
        sample=values.get("Sample") or values.get("Title") or path.stem,
        technique="Raman",
        dwell_s=keys.number("Acq. time (s)", "time"),
        scans=keys.number("Accumulations"),
        laser_nm=keys.dialect.key_number(laser[0]) if laser else None,
        instrument=values.get("Instrument", ""),
        date=iso_date(values.get("Acquired") or values.get("Date", "")),
        comment=values.get("Remark", ""),
        extra=extra,
    )
    return noted(meta, **keys.notes)


def iso_date(text: str) -> str:
    """Return a LabSpec date (day first) in ISO 8601, or as written if it is no date."""
    for pattern in ("%d.%m.%Y %H:%M:%S", "%d.%m.%Y %H:%M"):
        try:
            return datetime.strptime(text, pattern).isoformat()
        except ValueError:
            continue
    return text
