"""Tables of numbers out of text, whatever program wrote them.

Delimiter and decimal sign are found by trying each pair on a sample of lines and
keeping the one that makes most rows of numbers. Lines that are not numbers are
headings of the block below them, unless the abscissa runs on across them: then
they are damage, and the error names the row. Nothing is skipped silently.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..errors import ReadError
from ..spectrum import Array
from .foreign import is_utf16_without_mark
from .options import ReadOptions

HEAD_BYTES = 16384
"""How much of a file the readers are shown to recognise it."""

COMMENT_SIGNS = ("#", "//", "%", "!", ";", "'", "*")
MISSING_FROM = 1e37
"""CasaXPS and others write 1e+037 where they have no number."""

_NOT_A_NUMBER = re.compile(r"[-+]?(1\.#\w+|n/?a|nan|inf(inity)?|#\w+[/!?]*\w*|-+)?", re.IGNORECASE)
_SAMPLE_LINES = 400
_CHUNK = 500


@dataclass(frozen=True)
class Dialect:
    """How cells are separated (None: by white space) and the decimal sign."""

    delimiter: str | None
    decimal: str

    def cells(self, line: str) -> list[str]:
        """Return the cells of one line, stripped of spaces and quotes."""
        return [cell.strip(' "\t\r') for cell in line.split(self.delimiter)]


DIALECTS = tuple(
    Dialect(delimiter, decimal)
    for decimal in ".,"
    for delimiter in ("\t", ";", ",", None)
    if not delimiter == decimal == ","
)


@dataclass(frozen=True)
class Block:
    """Rows of numbers that stand together, with the lines above them.

    Attributes
    ----------
    header : tuple of str
        Lines between the block before and this one.
    values : ndarray, shape (rows, columns)
        NaN where a cell is empty or no number.
    row_numbers : ndarray of int, shape (rows,)
        Line number of each row in the file, from 1.
    """

    header: tuple[str, ...]
    values: Array
    row_numbers: np.ndarray[tuple[int], np.dtype[np.int_]]


@dataclass(frozen=True)
class TextTables:
    """A text file cut into blocks, and the lines below the last one."""

    lines: tuple[str, ...]
    dialect: Dialect
    blocks: tuple[Block, ...]
    footer: tuple[str, ...]

    def cell_text(self, row_number: int, column: int) -> str:
        """Return what stands in a cell of the file, both counted as in `Block`."""
        cells = self.dialect.cells(self.lines[row_number - 1])
        return cells[column] if column < len(cells) else ""


def decode(data: bytes, encoding: str | None = None) -> str:
    """Return the text of a file in UTF-8, UTF-16 or Latin-1.

    Raises
    ------
    ReadError
        If `encoding` is given and unknown, or does not fit the bytes.
    """
    try:
        return data.decode(encoding or _guessed_encoding(data))
    except (LookupError, UnicodeDecodeError) as error:
        if encoding is None:
            return data.decode("latin-1")
        raise ReadError(
            f"the text cannot be decoded as {encoding} ({error}).",
            hint="Leave the encoding out, or give another, e.g. --encoding cp1252.",
        ) from error


def _guessed_encoding(data: bytes) -> str:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    if is_utf16_without_mark(data):
        return "utf-16-le" if data[1] == 0 else "utf-16-be"
    return "utf-8-sig"


def read_lines(path: Path, options: ReadOptions) -> list[str]:
    """Return the lines of a text file without their ends, whatever ends them."""
    return to_lines(decode(path.read_bytes(), options.encoding))


def to_lines(text: str) -> list[str]:
    """Return lines cut at line ends only, not at form feeds as `str.splitlines` does."""
    return text.replace("\r\n", "\n").replace("\r", "\n").split("\n")


def read_tables(path: Path, options: ReadOptions) -> TextTables:
    """Return the blocks of numbers of a text file."""
    return find_tables(read_lines(path, options), options)


def find_tables(lines: Sequence[str], options: ReadOptions) -> TextTables:
    """Return the blocks of numbers in `lines`.

    Raises
    ------
    ReadError
        If a line that is not numbers interrupts a running abscissa.
    """
    dialect = find_dialect(lines, options)
    blocks, footer = _Cutter(lines, dialect).cut()
    return TextTables(tuple(lines), dialect, tuple(blocks), tuple(footer))


def find_dialect(lines: Sequence[str], options: ReadOptions) -> Dialect:
    """Return the delimiter and decimal sign that make most rows of numbers."""
    allowed = _allowed_dialects(options)
    sample = _sample(lines)
    scores = [_score(sample, dialect) for dialect in allowed]
    return allowed[int(np.argmax(scores))]


def _allowed_dialects(options: ReadOptions) -> tuple[Dialect, ...]:
    delimiter, decimal = options.delimiter_character, options.decimal
    if delimiter is not None:
        cut = None if delimiter == " " else delimiter
        return tuple(Dialect(cut, sign) for sign in (decimal or ".,"))
    return tuple(d for d in DIALECTS if decimal in (None, d.decimal))


def _sample(lines: Sequence[str]) -> list[str]:
    filled = [line for line in lines if line.strip()]
    if len(filled) <= _SAMPLE_LINES:
        return filled
    half = _SAMPLE_LINES // 2
    middle = len(filled) // 2
    return filled[middle - half // 2 : middle + half // 2] + filled[-half:]


def _score(sample: Sequence[str], dialect: Dialect) -> int:
    widths = Counter(
        len(row) for row in (number_row(line, dialect) for line in sample) if row and len(row) > 1
    )
    return max(widths.values(), default=0)


def number_row(line: str, dialect: Dialect) -> list[float] | None:
    """Return the numbers of one line, NaN for empty cells; None if it is not numbers."""
    if dialect.decimal == ",":
        line = line.replace(",", ".")
    try:
        row = [float(cell) for cell in line.split(dialect.delimiter)]
    except ValueError:
        return _row_with_gaps(dialect.cells(line))
    return row if row and "_" not in line else None


def _row_with_gaps(cells: list[str]) -> list[float] | None:
    row = [to_number(cell) for cell in cells]
    if any(value is None for value in row):
        return None
    numbers = [value for value in row if value is not None]
    return numbers if any(math.isfinite(value) for value in numbers) else None


def to_number(cell: str) -> float | None:
    """Return the number in a cell, NaN for an empty or missing one, None for text."""
    if _NOT_A_NUMBER.fullmatch(cell):
        return math.nan
    try:
        return None if "_" in cell else float(cell)
    except ValueError:
        return None


def _plain_rows(lines: Sequence[str], dialect: Dialect) -> list[list[float]]:
    """Return the rows of `lines` if every line is numbers and nothing else, else none."""
    text = [line.replace(",", ".") for line in lines] if dialect.decimal == "," else lines
    try:
        values = np.loadtxt(text, delimiter=dialect.delimiter, comments=None, ndmin=2)
    except ValueError:
        return []
    rows: list[list[float]] = values.tolist()
    return rows if len(rows) == len(lines) else []


class _Cutter:
    """Goes through the lines once and cuts them into blocks."""

    def __init__(self, lines: Sequence[str], dialect: Dialect) -> None:
        self.lines = lines
        self.dialect = dialect
        self.blocks: list[Block] = []
        self.header: list[int] = []
        self.between: list[int] = []
        self.rows: list[list[float]] = []
        self.row_numbers: list[int] = []
        self.one_by_one_until = 0

    def cut(self) -> tuple[list[Block], list[str]]:
        i, width = 0, 2
        while i < len(self.lines):
            rows = self._chunk(i)
            if not rows or (len(rows[0]) < width and not self.rows):
                self.between.append(i)
                i += 1
                continue
            if self.between or not self.rows:
                self._meet_row_after_gap(i, rows[0])
            self.rows += rows
            self.row_numbers += range(i + 1, i + 1 + len(rows))
            i += len(rows)
        footer = self.between
        self._check_footer(footer)
        self._close()
        return self.blocks, [self.lines[i] for i in footer]

    def _chunk(self, i: int) -> list[list[float]]:
        """Return the rows from line `i` on: many at once if they are all plain, or one."""
        chunk = self.lines[i : i + _CHUNK]
        if self.rows and i >= self.one_by_one_until and len(chunk) == _CHUNK:
            rows = _plain_rows(chunk, self.dialect)
            if rows:
                return rows
            self.one_by_one_until = i + _CHUNK
        row = number_row(self.lines[i], self.dialect)
        return [] if row is None else [row]

    def _meet_row_after_gap(self, i: int, row: list[float]) -> None:
        if self._runs_on(i, row):
            self._check_gap()
        else:
            self._close()
            self.header = self.between
        self.between = []

    def _runs_on(self, i: int, row: list[float]) -> bool:
        """Return whether the row in line `i` goes on with the abscissa before the gap."""
        if not self.rows:
            return False
        last = self.rows[-1][0]
        step = last - self.rows[-2][0] if len(self.rows) > 1 else self._step_after(i, row)
        lost = sum(bool(self.lines[k].strip()) for k in self.between)
        return step != 0 and 0.3 < (row[0] - last) / step < lost + 1.7

    def _step_after(self, i: int, row: list[float]) -> float:
        following = self.lines[i + 1] if i + 1 < len(self.lines) else ""
        after = number_row(following, self.dialect)
        return after[0] - row[0] if after else 0.0

    def _check_gap(self) -> None:
        for i in self.between:
            line = self.lines[i].strip()
            if line and not line.startswith(COMMENT_SIGNS):
                raise self._damaged(i)

    def _check_footer(self, footer: list[int]) -> None:
        if not self.rows or not footer or footer[0] != self.row_numbers[-1]:
            return
        cells = self.dialect.cells(self.lines[footer[0]])
        numbers = [to_number(cell.replace(",", ".")) for cell in cells if cell]
        found = [value for value in numbers if value is not None]
        if found and len(found) < len(numbers) and len(cells) == len(self.rows[-1]):
            raise self._damaged(footer[0])

    def _damaged(self, i: int) -> ReadError:
        decimal = self.dialect.decimal
        cells = self.dialect.cells(self.lines[i])
        bad = [c for c in cells if to_number(c.replace(decimal, ".")) is None]
        return ReadError(
            f"row {i + 1} should hold numbers but holds {(bad or cells)[0][:60]!r}.",
            hint="Correct or remove this row in the file.",
        )

    def _close(self) -> None:
        if self.rows:
            header = tuple(self.lines[i] for i in self.header)
            self.blocks.append(Block(header, _matrix(self.rows), np.array(self.row_numbers)))
        self.rows, self.row_numbers = [], []


def _matrix(rows: list[list[float]]) -> Array:
    width = max(map(len, rows))
    if min(map(len, rows)) < width:
        rows = [row + [math.nan] * (width - len(row)) for row in rows]
    values = np.array(rows, dtype=float)
    values[~(np.abs(values) < MISSING_FROM)] = np.nan
    return values


def without_comment_sign(line: str) -> str:
    """Return a heading without the comment signs and spaces around it."""
    return line.strip().lstrip("#%!;'*/").strip()


def split_heading(line: str, width: int, dialect: Dialect) -> list[str] | None:
    """Return the `width` headings in a line, or None if it does not hold as many.

    The heading may be cut otherwise than the numbers below it, so other
    delimiters are tried after the one of the numbers.
    """
    text = without_comment_sign(line)
    for delimiter in (dialect.delimiter, "\t", ";", ","):
        cells = [without_comment_sign(cell).strip('"') for cell in text.split(delimiter)]
        if len(cells) > width and not any(cells[width:]):
            return cells[:width]
        for candidate in (cells, [cell for cell in cells if cell]):
            if len(candidate) == width:
                return candidate
    wide = re.split(r"\s{2,}|\t", text)
    return wide if len(wide) == width else None
