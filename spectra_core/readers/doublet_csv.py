"""Doublet's own CSV: ``# key: value`` lines, one line of headings, numbers.

Several spectra stand under each other, each with its own heading. Values are JSON
(text in quotes); a user may write them without quotes. Numbers have all their
digits, so that what was written is read back exactly.

``# block: [2, 5]`` says which of how many spectra this is, ``# checksum`` is the SHA-256
of the block's other lines: a file that changed by itself is refused. One that a user
changed on purpose is read when that line is taken out; one that a spreadsheet saved
again, which puts quotes and empty cells into every line, is read with a note.
"""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import ReadError, SpectraError
from ..spectrum import Array, Spectrum, make_spectrum
from .assemble import check_axis_order, kept, noted, with_answers
from .integrity import check_counts
from .numbers import Dialect
from .options import ReadOptions
from .spectrum_fields import from_text, from_values
from .text_table import decode, read_lines

FORMAT = "Doublet csv"
MARK = "# doublet-spectrum/1"
SPECIAL_COLUMNS = ("counts", "sigma", "transmission")
FURTHER = "columns"
"""Key of the header for the names of `Spectrum.columns`, the last columns."""
PLACE = "block"
"""Key of the header for the number of the spectrum, from 1, and how many there are."""
CHECKSUM = "checksum"
"""Key of the header for the SHA-256 of the other lines of the block."""
_RESAVED = "saved by another program than Doublet, so its numbers cannot be checked"


def matches(head: bytes, path: Path) -> bool:
    """Return whether the first line is the format's mark, or a damaged one of our header."""
    text = decode(head)
    sealed = f"\n# {CHECKSUM}: " in text and f"\n# {PLACE}: " in text
    return text.lstrip('"').startswith(MARK) or (text.startswith("#") and sealed)


def checksum(lines: Sequence[str]) -> str:
    """Return the checksum of the lines of a block, without those that are empty at its end.

    It does not depend on line ends and encoding, which file transfers change.
    """
    text = "\n".join(lines).rstrip()
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def read(path: Path, options: ReadOptions) -> list[Spectrum]:
    """Return the spectra of a CSV file that Doublet wrote.

    Raises
    ------
    ReadError
        If a heading is missing, a row has too few cells, a cell is no number, or the
        block does not have its checksum.
    PartialRead
        If some spectra are damaged or missing; it carries the others.
    """
    lines, resaved = _as_written(read_lines(path, options))
    starts = [i for i, line in enumerate(lines) if line == MARK]
    if starts[:1] != [0]:
        raise ReadError(
            f"the first line should be {MARK!r}, found {lines[0][:60]!r}.",
            hint="The file was changed: copy or write it again.",
            where="row 1",
        )
    spectra: list[Spectrum] = []
    problems: list[ReadError] = []
    sealed = not resaved and any(line.startswith(f"# {CHECKSUM}:") for line in lines)
    for i, j in zip(starts, [*starts[1:], len(lines)], strict=True):
        try:
            spectra.append(_spectrum(lines, i, j, (resaved, sealed), options))
        except SpectraError as error:
            problems.append(ReadError(error.message, hint=error.hint, where=error.where))
    announced = _announced(lines)
    if len(starts) < announced:
        problems.append(
            ReadError(
                f"the file announces {announced} spectra but holds {len(starts)}.",
                hint="It seems cut off; write or copy it again.",
            )
        )
    return kept(spectra, problems)


def _announced(lines: list[str]) -> int:
    """Return how many spectra the first block says there are."""
    for line in lines[1:]:
        if not line.startswith("#"):
            return 0
        key, _, text = line.removeprefix("#").partition(":")
        if key.strip() == PLACE:
            place = from_text(text.strip())
            whole = isinstance(place, list) and len(place) == 2 and isinstance(place[1], int)
            return place[1] if whole else 0
    return 0


# --------------------------------------------------------------------------------------
# what spreadsheets make of a file


def _as_written(lines: list[str]) -> tuple[list[str], bool]:
    """Return the lines as Doublet wrote them, and whether a spreadsheet saved them since.

    A spreadsheet cuts every line at its commas, fills all rows to the same length,
    quotes cells with quotes in them, and uses the delimiter and decimal sign of its
    country.
    """
    lines = [line.rstrip(" ") for line in lines]
    delimiter = _delimiter_after_mark(lines[0])
    quoted = any(line.startswith('"#') for line in lines)
    if not delimiter and not quoted:
        return lines, False
    cells = list(csv.reader(lines, delimiter=delimiter or ","))
    decimal = "," if delimiter in (";", "\t") and _has_decimal_commas(cells) else "."
    return [_line_of(row, Dialect(None, decimal)) for row in cells], True


def _delimiter_after_mark(line: str) -> str:
    rest = line.strip('"').removeprefix(MARK).lstrip('"')
    return rest[0] if rest[:1] in (",", ";", "\t") else ""


def _has_decimal_commas(cells: list[list[str]]) -> bool:
    rows = (row for row in cells if row and not row[0].startswith("#"))
    return any(
        "," in cell and Dialect(None, ",").number(cell) is not None for row in rows for cell in row
    )


def _line_of(cells: list[str], dialect: Dialect) -> str:
    """Return the line that a row of a spreadsheet was before."""
    while cells and not cells[-1].strip():
        cells = cells[:-1]
    if cells and cells[0].startswith("#"):
        return ",".join(cells)
    numbers = [dialect.number(cell) for cell in cells]
    if None in numbers:
        return _csv_line(cells)
    return ",".join(repr(number) for number in numbers)


def _csv_line(cells: list[str]) -> str:
    return ",".join('"' + c.replace('"', '""') + '"' if set(c) & set(',"') else c for c in cells)


# --------------------------------------------------------------------------------------
# blocks


def _spectrum(
    lines: list[str], start: int, end: int, state: tuple[bool, bool], options: ReadOptions
) -> Spectrum:
    resaved, sealed = state
    heading = start + 1
    while heading < end and lines[heading].startswith("#"):
        heading += 1
    header = _header_values(lines[start + 1 : heading])
    verified = sealed and _verify(header, lines[start:end], start)
    if heading == end or not lines[heading].strip():
        raise ReadError("the line of headings is missing.", where=f"row {heading + 1}")
    names = next(csv.reader([lines[heading]]))
    table, row_numbers = _numbers(lines, heading + 1, end, len(names))
    check_axis_order(table[:, 0], row_numbers)
    special, further = _further_columns(header, names, table)
    values = from_values(header)
    axis, descending = values.pop("axis"), values.pop("descending")
    meta = with_answers(values.pop("meta"), options)
    if resaved:
        meta = noted(meta, file_note=_RESAVED)
    spectrum = make_spectrum(
        table[:, 0], table[:, 1], axis, meta=meta, columns=further, **special, **values
    )
    if not verified:
        spectrum = check_counts(spectrum)
    return replace(spectrum, descending=descending)


def _verify(header: dict[str, Any], lines: list[str], start: int) -> bool:
    """Return True if a block has the right checksum.

    Raises
    ------
    ReadError
        If it has another, or none where other blocks of the file have one.
    """
    others = [line for line in lines if not line.startswith(f"# {CHECKSUM}:")]
    if header.get(CHECKSUM) == checksum(others):
        return True
    raise ReadError(
        "the block does not have its checksum: it changed since Doublet wrote it.",
        hint="Copy or write the file again; if you changed it on purpose, take out the lines"
        f" that begin '# {CHECKSUM}'.",
        where=f"row {start + 1}",
    )


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
    filled = [i for i in range(start, end) if lines[i].strip()]
    rows = [_row(lines[i], i + 1, width) for i in filled]
    return np.array(rows, dtype=float).reshape(-1, width), np.array(filled) + 1


_PLAIN = Dialect(",")


def _row(line: str, row_number: int, width: int) -> list[float]:
    row = list(_cells(line, row_number))
    if len(row) != width:
        raise ReadError(f"row {row_number} has {len(row)} cells where {width} belong.")
    return row


def _cells(line: str, row_number: int) -> Iterator[float]:
    for cell in line.split(","):
        number = _PLAIN.number(cell)
        if number is None or not np.isfinite(number):
            raise ReadError(
                f"row {row_number} should hold numbers but holds {cell[:60]!r}.",
                hint="Correct or remove this row.",
            )
        yield number
