"""Excel workbooks (.xlsx): Avantage exports, KherveFitting files, plain columns.

Each sheet that holds columns of numbers is read like a text table. Peak tables,
titles and quantifications are passed over and named in
``meta.extra["skipped_sheets"]``. Formulas are never evaluated: the value Excel
stored is taken, and a formula without one is an empty cell.
"""

from __future__ import annotations

import re
import warnings
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from ..core_levels import level_in
from ..errors import ReadError, SpectraError
from ..spectrum import Meta, Spectrum
from .assemble import kept
from .axis_words import is_unit
from .columns import Table, spectra_of_table
from .options import ReadOptions
from .text import header_values
from .text_table import MARKED, MISSING_FROM, Dialect, to_number

FORMAT = "Excel workbook"
_REPORT_SHEET = re.compile(
    r"(?i)peak table|title|quantif|results|experimental description|report|summary"
)
_MIN_POINTS = 5
Cell = Any
Row = tuple[Cell, ...]


def matches(head: bytes, path: Path) -> bool:
    """Return whether the file is a ZIP archive with a workbook inside."""
    if not head.startswith(b"PK\x03\x04"):
        return False
    try:
        with zipfile.ZipFile(path) as archive:
            return "xl/workbook.xml" in archive.namelist()
    except (zipfile.BadZipFile, OSError):
        return b"xl/" in head


def read(path: Path, options: ReadOptions) -> list[Spectrum]:
    """Return the spectra of a workbook, sheet by sheet.

    Raises
    ------
    ReadError
        If the workbook is damaged, the sheet asked for is not there, or no sheet
        holds columns of numbers.
    PartialRead
        If some sheets could be read and others not.
    """
    sheets = _sheets(path)
    chosen = _chosen(sheets, options)
    skipped = [name for name in sheets if name not in chosen]
    spectra: list[Spectrum] = []
    problems: list[ReadError] = []
    for name, rows in chosen.items():
        try:
            spectra += _spectra_of_sheet(name, rows, path, skipped, options)
        except SpectraError as error:
            place = ": ".join(part for part in (f"sheet {name!r}", error.where) if part)
            problem = ReadError(error.message, hint=error.hint, where=place)
            problems.append(problem)
    return kept(spectra, problems)


def _sheets(path: Path) -> dict[str, list[Row]]:
    openpyxl = import_module("openpyxl")
    invalid = import_module("openpyxl.utils.exceptions").InvalidFileException
    sheets: dict[str, list[Row]] = {}
    n_left = _MOST_CELLS
    try:
        _check_size(path)
        # A stream, because openpyxl refuses a path by its suffix.
        with warnings.catch_warnings(), path.open("rb") as stream:
            warnings.simplefilter("ignore", UserWarning)
            book = openpyxl.load_workbook(stream, read_only=True, data_only=True)
            for sheet in book.worksheets:
                sheets[sheet.title] = _rows(sheet, n_left)
                n_left -= sum(map(len, sheets[sheet.title]))
            book.close()
    except (*_DAMAGE, invalid) as error:
        raise ReadError(
            "the Excel workbook is damaged or cut off.",
            hint="Open it in Excel and save it again.",
        ) from error
    return sheets


_DAMAGE: tuple[type[Exception], ...] = (
    zipfile.BadZipFile,
    zlib.error,
    KeyError,
    ValueError,
    TypeError,
    AttributeError,
    IndexError,
    EOFError,
    SyntaxError,
    NotImplementedError,
    OverflowError,
    RecursionError,
)
"""What openpyxl and zipfile raise for archives and XML that are not as they must be."""
_LARGEST_BYTES = 512 * 2**20
_MOST_CELLS = 4_000_000


def _check_size(path: Path) -> None:
    """Raise an error before a small archive unpacks to more than a workbook of spectra holds."""
    with zipfile.ZipFile(path) as archive:
        unpacked = sum(entry.file_size for entry in archive.infolist())
    if unpacked > _LARGEST_BYTES:
        raise ReadError(
            f"the workbook unpacks to {unpacked / 2**20:.0f} MiB; at most"
            f" {_LARGEST_BYTES // 2**20} are read.",
            hint="Export the spectra alone, e.g. as text.",
        )


def _rows(sheet: Any, n_cells: int) -> list[Row]:
    """Return the rows of a sheet without the empty cells at their ends."""
    sheet.reset_dimensions()
    rows: list[Row] = []
    n_read = 0
    for row in sheet.iter_rows(values_only=True):
        n_read += len(row)
        if n_read > 4 * n_cells or len(rows) > n_cells:
            raise ReadError(
                f"the sheet {sheet.title!r} has more than {_MOST_CELLS} cells.",
                hint="Export the spectra alone, e.g. as text.",
            )
        filled = len(row)
        while filled and row[filled - 1] is None:
            filled -= 1
        rows.append(row[:filled])
    return rows


def _chosen(sheets: dict[str, list[Row]], options: ReadOptions) -> dict[str, list[Row]]:
    if options.sheet is not None:
        if options.sheet not in sheets:
            raise ReadError(
                f"there is no sheet {options.sheet!r}.",
                hint=f"The sheets are: {', '.join(map(repr, sheets))}.",
            )
        return {options.sheet: sheets[options.sheet]}
    chosen = {
        name: rows
        for name, rows in sheets.items()
        if not _REPORT_SHEET.search(name) and _number_rows(rows)
    }
    if not chosen:
        raise ReadError(
            "no sheet holds columns of numbers.",
            hint=f"The sheets are: {', '.join(map(repr, sheets))}.",
        )
    return chosen


def _number_rows(rows: list[Row]) -> range | None:
    """Return the rows from the first to the last of the longest run of number rows."""
    best = range(0)
    start = None
    for i, row in enumerate([*rows, ()]):
        if _is_number_row(row):
            start = i if start is None else start
        elif start is not None and (not row or all(cell is None for cell in row) or i - start < 3):
            best = max(best, range(start, i), key=len)
            start = None
    return best if len(best) >= _MIN_POINTS else None


def _is_number_row(row: Row) -> bool:
    return sum(_number(cell) is not None for cell in row) >= 2


def _number(cell: Cell) -> float | None:
    """Return the number in a cell; None for text, dates, truth values and empty cells."""
    if isinstance(cell, bool):
        return None
    if isinstance(cell, int | float):
        return float(cell) if abs(cell) < MISSING_FROM else None
    if isinstance(cell, str):
        value = to_number(cell.strip())
        return value if value is not None and np.isfinite(value) else None
    return None


def _spectra_of_sheet(
    name: str, rows: list[Row], path: Path, skipped: list[str], options: ReadOptions
) -> list[Spectrum]:
    numbers = _number_rows(rows)
    if numbers is None:
        raise ReadError(
            f"fewer than {_MIN_POINTS} rows of numbers were found.",
            hint="Choose another sheet with --sheet.",
        )
    _check_rows_above(rows, numbers)
    header = rows[: numbers.start]
    table = _table(header, rows, numbers)
    table, unused = _without_text_columns(table)
    meta = _meta(name, header, path)
    notes = {"sheet": name, "skipped_sheets": ", ".join(skipped), "skipped_columns": unused}
    extra = dict(meta.extra) | {key: text for key, text in notes.items() if text}
    spectra = spectra_of_table(table, replace(meta, extra=extra), options)
    return [_with_avantage_fit(spectrum) for spectrum in spectra]


def _check_rows_above(rows: list[Row], numbers: range) -> None:
    """Raise an error if a row that is not numbers goes on with the abscissa below it."""
    first = [_number(cell) for cell in rows[numbers.start]]
    second = [_number(cell) for cell in rows[numbers.start + 1]]
    for i in range(numbers.start - 1, max(numbers.start - 4, -1), -1):
        for column, (x, following) in enumerate(zip(first, second, strict=False)):
            cell = rows[i][column] if column < len(rows[i]) else None
            found = _marked_number(cell)
            if x is None or following is None or found is None or following == x:
                continue
            expected = x - (following - x) * (numbers.start - i)
            texts = [c for c in rows[i] if isinstance(c, str) and _number(c) is None]
            if abs(found - expected) < 0.3 * abs(following - x) and texts:
                raise ReadError(
                    f"row {i + 1} should hold numbers but holds {texts[0][:60]!r}.",
                    hint="Correct or remove this row in the file.",
                )
            break


def _marked_number(cell: Cell) -> float | None:
    """Return the number in a cell, whatever marks stand around it."""
    if isinstance(cell, str) and (match := MARKED.fullmatch(cell.strip())):
        return _number(match[1])
    return _number(cell)


def _with_avantage_fit(spectrum: Spectrum) -> Spectrum:
    """Say what the columns of an Avantage fit are; its components include the background.

    Outside the fitted window all of them are zero, the background too.
    """
    names = list(spectrum.columns)
    if not {"Backgnd.", "Envelope"} <= set(names):
        return spectrum
    export = {
        "components": [{"column": name, "name": name} for name in names[: names.index("Backgnd.")]],
        "background": "Backgnd.",
        "envelope": "Envelope",
        "components_include_background": True,
    }
    extra = dict(spectrum.meta.extra) | {"avantage_export": export}
    return replace(spectrum, meta=replace(spectrum.meta, extra=extra))


def _table(header: list[Row], rows: list[Row], numbers: range) -> Table:
    width = max(len(rows[i]) for i in numbers)
    values = np.full((len(numbers), width), np.nan)
    for k, i in enumerate(numbers):
        for column, cell in enumerate(rows[i]):
            number = _number(cell)
            values[k, column] = np.nan if number is None else number
    names, units, title = _headings(header, width)
    row_numbers = np.arange(numbers.start, numbers.stop) + 1
    return Table(names, units, values, row_numbers, title, _cell_text(rows))


def _cell_text(rows: list[Row]) -> Callable[[int, int], str]:
    def text(row_number: int, column: int) -> str:
        row = rows[row_number - 1]
        cell = row[column] if column < len(row) else None
        return "" if cell is None else str(cell)

    return text


def _headings(header: list[Row], width: int) -> tuple[tuple[str, ...], tuple[str, ...], str]:
    lines = [_texts(row, width) for row in header if any(cell is not None for cell in row)]
    units = names = ("",) * width
    if lines and all(is_unit(cell) for cell in lines[-1] if cell):
        units = lines.pop()
    if lines:
        names = lines.pop()
    return names, units, "\n".join(" ".join(cell for cell in line if cell) for line in lines)


def _texts(row: Row, width: int) -> tuple[str, ...]:
    cells = ["" if cell is None else str(cell).strip("\ufeff ") for cell in row[:width]]
    return tuple(cells + [""] * (width - len(cells)))


def _without_text_columns(table: Table) -> tuple[Table, str]:
    """Blank the columns that are mostly text: peak tables beside the data."""
    values = table.values.copy()
    unused = []
    for column in range(values.shape[1]):
        if np.isfinite(values[:, column]).all():
            continue
        texts = [bool(table.cell_text(int(row), column)) for row in table.row_numbers]
        n_filled, n_numbers = sum(texts), int(np.isfinite(values[:, column]).sum())
        few = n_numbers < _MIN_POINTS or n_numbers < 0.1 * len(values)
        if n_filled and (few or n_numbers <= n_filled // 2):
            values[:, column] = np.nan
            unused.append(table.names[column] or f"column {column + 1}")
    return replace(table, values=values), ", ".join(unused)


def _meta(name: str, header: list[Row], path: Path) -> Meta:
    lines = [" ".join(str(cell) for cell in row if cell is not None) for row in header]
    values = header_values([line for line in lines if line], Dialect(None))
    values.pop("extra")
    region = level_in(name) or re.sub(r"(?i)\s*(scan|spectra)$", "", name)
    return Meta(**({"sample": path.stem, "region": region} | values))
