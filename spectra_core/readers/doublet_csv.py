"""Doublet's own CSV: ``# key: value`` lines, one line of headings, numbers.

Several spectra stand under each other, each with its own heading. Values are JSON
(text in quotes); a user may write them without quotes. Numbers have all their
digits, so that what was written is read back exactly.
"""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import ReadError
from ..spectrum import Array, Spectrum, make_spectrum
from .assemble import check_axis_order, with_answers
from .options import ReadOptions
from .spectrum_fields import from_text, from_values
from .text_table import decode, read_lines

FORMAT = "Doublet csv"
MARK = "# doublet-spectrum/1"
SPECIAL_COLUMNS = ("counts", "sigma", "transmission")
FURTHER = "columns"
"""Key of the header for the names of `Spectrum.columns`, the last columns."""


def matches(head: bytes, path: Path) -> bool:
    """Return whether the first line is the format's mark."""
    return decode(head[:200]).startswith(MARK)


def read(path: Path, options: ReadOptions) -> list[Spectrum]:
    """Return the spectra of a CSV file that Doublet wrote.

    Raises
    ------
    ReadError
        If a heading is missing, a row has too few cells, or a cell is no number.
    """
    lines = read_lines(path, options)
    starts = [i for i, line in enumerate(lines) if line.startswith(MARK)]
    ends = [*starts[1:], len(lines)]
    return [_spectrum(lines, i, j, options) for i, j in zip(starts, ends, strict=True)]


def _spectrum(lines: list[str], start: int, end: int, options: ReadOptions) -> Spectrum:
    heading = start + 1
    while heading < end and lines[heading].startswith("#"):
        heading += 1
    header = _header_values(lines[start + 1 : heading])
    if heading == end or not lines[heading].strip():
        raise ReadError("the line of headings is missing.", where=f"row {heading + 1}")
    names = next(csv.reader([lines[heading]]))
    table, row_numbers = _numbers(lines, heading + 1, end, len(names))
    check_axis_order(table[:, 0], row_numbers)
    special, further = _further_columns(header, names, table)
    values = from_values(header)
    axis, descending = values.pop("axis"), values.pop("descending")
    meta = with_answers(values.pop("meta"), options)
    spectrum = make_spectrum(
        table[:, 0], table[:, 1], axis, meta=meta, columns=further, **special, **values
    )
    return replace(spectrum, descending=descending)


def _further_columns(
    header: dict[str, Any], names: list[str], table: Array
) -> tuple[dict[str, Array], dict[str, Array]]:
    """Return the columns that are fields of `Spectrum`, and `Spectrum.columns`."""
    labels = header.get(FURTHER, [])
    first = len(names) - len(labels) if isinstance(labels, list) else 0
    if first < 2:
        raise ReadError(
            f"the line of headings has {len(names)} columns; it needs the axis, the intensity"
            f" and the columns that the header names ({labels}).",
        )
    special = {name: table[:, i] for i, name in enumerate(names[:first]) if i > 1}
    unknown = [name for name in special if name not in SPECIAL_COLUMNS]
    if unknown:
        raise ReadError(
            f"the column {unknown[0]!r} is not named in the header.",
            hint=f"Add a line: # {FURTHER}: [{', '.join(map(repr, unknown))}] (double quotes).",
        )
    return special, {str(k): table[:, first + i] for i, k in enumerate(labels)}


def _header_values(lines: list[str]) -> dict[str, Any]:
    pairs = (line.removeprefix("#").partition(":") for line in lines)
    return {key.strip(): from_text(text.strip()) for key, _, text in pairs}


def _numbers(lines: list[str], start: int, end: int, width: int) -> tuple[Array, Any]:
    rows, row_numbers = [], []
    for i in range(start, end):
        if lines[i].strip():
            rows.append(_row(lines[i], i + 1, width))
            row_numbers.append(i + 1)
    return np.array(rows, dtype=float).reshape(-1, width), np.array(row_numbers)


def _row(line: str, row_number: int, width: int) -> list[float]:
    cells = line.split(",")
    try:
        row = [float(cell) for cell in cells]
    except ValueError as error:
        bad = next(cell for cell in cells if not _is_number(cell))
        raise ReadError(
            f"row {row_number} should hold numbers but holds {bad[:60]!r}.",
            hint="Correct or remove this row.",
        ) from error
    if len(row) != width:
        raise ReadError(f"row {row_number} has {len(row)} cells where {width} belong.")
    return row


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True
