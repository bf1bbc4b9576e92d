"""Horiba LabSpec text: ``#Key=<tab>value`` lines, then a spectrum, series or map.

One spectrum stands in two columns. A series or map is a matrix: its first row is
the abscissa, and every further row begins with one coordinate (time, position,
index) or two (x and y of a map).
"""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import ReadError
from ..spectrum import Array, Axis, Meta, Spectrum
from .assemble import Columns, assemble
from .axis_words import axis_of_words
from .options import ReadOptions
from .text_table import Block, decode, read_tables, to_lines, to_number

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
    blocks = read_tables(path, replace(options, delimiter=options.delimiter or "tab")).blocks
    if not blocks:
        raise ReadError("the LabSpec file holds no numbers below its heading: it seems cut off.")
    header = [line for line in blocks[0].header if line.startswith("#")]
    values = _header_values(header)
    axis = _axis(values)
    file_says = options if axis is None else replace(options, axis=None)
    meta = _meta(values, path)
    unit = {"cnt": "counts", "counts": "counts", "cnt/s": "counts/s", "cnt/sec": "counts/s"}.get(
        values.get("AxisUnit[0]", "").casefold()
    )
    return [
        assemble(
            Columns(x, y, unit, row_numbers=rows),
            axis,
            replace(meta, variables=variables),
            file_says,
        )
        for x, y, rows, variables in _curves(blocks[0], values)
    ]


def _curves(block: Block, values: dict[str, str]) -> list[tuple[Any, ...]]:
    n_coordinates = int(np.sum(np.cumprod(np.isnan(block.values[0]))))
    if n_coordinates == 0:
        _check_complete(block, block.values[:, :2])
        return [(block.values[:, 0], block.values[:, 1], block.row_numbers, {})]
    x = block.values[0, n_coordinates:]
    _check_complete(block, block.values[1:])
    names = _coordinate_names(values, n_coordinates)
    return [
        (
            x,
            row[n_coordinates:],
            None,
            dict(zip(names, _with_units(row, names, values), strict=True)),
        )
        for row in block.values[1:]
    ]


def _check_complete(block: Block, values: Array) -> None:
    bad = np.flatnonzero(~np.isfinite(values).all(axis=1))
    if bad.size:
        row = int(block.row_numbers[bad[0] + len(block.row_numbers) - len(values)])
        raise ReadError(
            "a cell is empty or no number.",
            hint="Correct or remove this row in the file.",
            where=f"row {row}",
        )


def _coordinate_names(values: dict[str, str], n_coordinates: int) -> list[str]:
    names = [values.get(f"AxisType[{i}]", "") for i in range(2, 2 + n_coordinates)][::-1]
    return [name or f"coordinate {i + 1}" for i, name in enumerate(names)]


def _with_units(row: Array, names: list[str], values: dict[str, str]) -> list[tuple[float, str]]:
    units = {values.get(f"AxisType[{i}]"): values.get(f"AxisUnit[{i}]", "") for i in range(2, 5)}
    return [(float(row[i]), units.get(name, "")) for i, name in enumerate(names)]


def _header_values(lines: list[str]) -> dict[str, str]:
    pairs = (line[1:].partition("=") for line in lines)
    return {key.strip(): value.strip() for key, _, value in pairs}


def _axis(values: dict[str, str]) -> Axis | None:
    """Return the axis by the unit of the abscissa, else by that of the spectrometer."""
    if unit := values.get("AxisUnit[1]"):
        return axis_of_words(unit)
    key = next((key for key in values if key.startswith("Spectro (")), "")
    return axis_of_words(key.removeprefix("Spectro (").removesuffix(")").replace("\xb9", "1"))


def _meta(values: dict[str, str], path: Path) -> Meta:
    laser = re.search(r"\d+(\.\d+)?", values.get("Laser") or values.get("Laser (nm)") or "")
    extra = {key: value for key, value in values.items() if value and key not in _NAMED}
    return Meta(
        sample=values.get("Sample") or values.get("Title") or path.stem,
        technique="Raman",
        dwell_s=_number(values, "Acq. time (s)"),
        scans=_number(values, "Accumulations"),
        laser_nm=float(laser[0]) if laser else None,
        instrument=values.get("Instrument", ""),
        date=_date(values.get("Acquired") or values.get("Date", "")),
        comment=values.get("Remark", ""),
        extra=extra,
    )


def _number(values: dict[str, str], key: str) -> float | None:
    value = to_number(values.get(key, ""))
    return value if value is not None and value > 0 else None


def _date(text: str) -> str:
    """Return a LabSpec date (day first) in ISO 8601, or as written if it is no date."""
    for pattern in ("%d.%m.%Y %H:%M:%S", "%d.%m.%Y %H:%M"):
        try:
            return datetime.strptime(text, pattern).isoformat()
        except ValueError:
            continue
    return text
