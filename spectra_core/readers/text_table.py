"""Tables of numbers out of text, whatever program wrote them.

Delimiter and decimal sign are found by trying each pair on a sample of lines and
keeping the one that makes most rows of numbers. Lines that are not numbers are
headings of the block below them, unless the abscissa runs on across them: then
they are damage, and the error names the row. Nothing is skipped silently.
"""

from __future__ import annotations

import math
import re
from array import array
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import ReadError
from ..spectrum import Array
from .encodings import decode
from .lines import Lines
from .numbers import (
    DELIMITERS,
    MISSING_FROM,
    Dialect,
    Place,
    is_cell_of_a_row,
    plain_signs,
    settle_signs,
    to_number,
)
from .options import ReadOptions

__all__ = [
    "HEAD_BYTES",
    "MARKED",
    "MISSING_FROM",
    "Block",
    "Dialect",
    "TextTables",
    "decode",
    "find_dialect",
    "find_tables",
    "read_lines",
    "read_tables",
    "split_heading",
    "to_lines",
    "to_number",
    "without_comment_sign",
]

HEAD_BYTES = 16384
"""How much of a file the readers are shown to recognise it."""

COMMENT_SIGNS = ("#", "//", "%", "!", ";", "'", "*")
_SAMPLE_LINES = 400
_CHUNK = 500
_LAST_ROWS = 50
_FEWEST_ROWS = 4
_NO_TEXT = re.compile("[\x00-\x08\x0b\x0e-\x19\x1b-\x1f\ufffd]")
"""What stands in no line of a text file: control characters, and bytes of no character."""
_PIECES = re.compile(r"[-+.,\dEe'\"]*\d[-+.,\dEe'\"]*", re.ASCII)
"""What may be left of numbers that ran into each other."""
_JOINED = re.compile(r"[-+]?\d*[.,]\d+[.,]\d*([eE][-+]?\d+)?", re.ASCII)
_DATE = re.compile(r"\d{1,2}\.\d{1,2}\.(\d{4}|\d\d)?", re.ASCII)
_LETTER = re.compile(r"[^\W\d_]")


@dataclass(frozen=True)
class Block:
    """Rows of numbers that stand together, with the lines above them.

    Attributes
    ----------
    header : tuple of str
        Lines between the block before and this one.
    values : ndarray, shape (rows, columns)
        NaN where a cell is empty or no number; without the empty columns at its end.
    row_numbers : ndarray of int, shape (rows,)
        Line number of each row in the file, from 1.
    n_cells : int
        Cells of a row, those of the empty columns at its end too.
    """

    header: tuple[str, ...]
    values: Array
    row_numbers: np.ndarray[tuple[int], np.dtype[np.int_]]
    n_cells: int


@dataclass(frozen=True)
class TextTables:
    """A text file cut into blocks, and the lines below the last one."""

    lines: Sequence[str]
    dialect: Dialect
    blocks: tuple[Block, ...]
    footer: tuple[str, ...]

    def cell_text(self, row_number: int, column: int) -> str:
        """Return what stands in a cell of the file, both counted as in `Block`."""
        cells = self.dialect.cells(self.lines[row_number - 1])
        return cells[column] if column < len(cells) else ""


def read_lines(path: Path, options: ReadOptions) -> list[str]:
    """Return the lines of a text file without their ends, whatever ends them."""
    return to_lines(decode(path.read_bytes(), options.encoding))


def to_lines(text: str) -> list[str]:
    """Return lines cut at line ends only, not at form feeds as `str.splitlines` does."""
    return _with_plain_ends(text).split("\n")


def _with_plain_ends(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")


def read_tables(path: Path, options: ReadOptions) -> TextTables:
    """Return the blocks of numbers of a text file, whose lines are never all cut out of it."""
    text = _with_plain_ends(decode(path.read_bytes(), options.encoding))
    is_long = text.count("\n") >= _FEW_LINES
    return find_tables(Lines(text) if is_long else text.split("\n"), options)


def find_tables(lines: Sequence[str], options: ReadOptions) -> TextTables:
    """Return the blocks of numbers in `lines`.

    Raises
    ------
    ReadError
        If a line that is not numbers stands in, just above or just below a running
        abscissa, cells contradict each other in their decimal signs, or numbers seem
        cut in two by the delimiter.
    """
    if len(lines) > _FEW_LINES:
        return _found_tables(lines, options)
    return _found_again(tuple(lines), replace(_ANY, **_of_text(options)))


_FEW_LINES = 1000
_ANY = ReadOptions()


def _of_text(options: ReadOptions) -> dict[str, Any]:
    return {"delimiter": options.delimiter, "decimal": options.decimal}


@lru_cache(maxsize=1)
def _found_again(lines: tuple[str, ...], options: ReadOptions) -> TextTables:
    """Return the tables of a small file, which is asked for them to know and to read it."""
    tables = _found_tables(lines, options)
    for block in tables.blocks:
        block.values.setflags(write=False)
    return tables


def _found_tables(lines: Sequence[str], options: ReadOptions) -> TextTables:
    lines = _joined_where_quotes_are_open(lines)
    dialect = find_dialect(lines, options)
    blocks, footer = _Cutter(lines, dialect).cut()
    tables = TextTables(lines, dialect, tuple(blocks), tuple(footer))
    if options.delimiter is None and dialect.delimiter in (",", None):
        for block in blocks:
            _check_uncut(tables, block)
    return tables


def check_announced(block: Block, *, begun: bool = True) -> None:
    """Raise an error for rows that no heading of their format announces.

    Something between them and the rows above was damaged, and took more rows with it.

    Parameters
    ----------
    block : Block
    begun : bool
        Whether rows with a heading came before; numbers above all headings are no data.
    """
    if begun:
        raise ReadError(
            f"row {block.row_numbers[0]} and {len(block.row_numbers) - 1} below it have no"
            " heading: what stood above them is damaged or missing.",
            hint="Correct the file, or export or copy it again.",
        )


_OPEN_QUOTE = re.compile(r'(^|[,;\t|])\s*"([^"]|"")*$')


def _joined_where_quotes_are_open(lines: Sequence[str]) -> Sequence[str]:
    """Return lines in which a quoted heading of two or three lines stands in the first."""
    joined: dict[int, str] = {}
    for i, line in enumerate(lines):
        if line.count('"') % 2 == 0 or i in joined or not _OPEN_QUOTE.search(line):
            continue
        for last in range(i + 1, min(i + 4, len(lines))):
            if lines[last].count('"') % 2:
                joined[i] = " ".join(lines[i : last + 1])
                joined |= dict.fromkeys(range(i + 1, last + 1), "")
                break
    if isinstance(lines, Lines):
        return lines.changed(joined)
    return tuple(joined.get(i, line) for i, line in enumerate(lines)) if joined else tuple(lines)


# --------------------------------------------------------------------------------------
# delimiter and decimal sign


def find_dialect(lines: Sequence[str], options: ReadOptions) -> Dialect:
    """Return the delimiter, decimal sign and grouping that make most rows of numbers.

    Raises
    ------
    ReadError
        As `settle_signs`.
    """
    sample = _sample(lines)
    best = _best(sample, _allowed_dialects(sample, options))
    if not best.rows:
        return replace(best.dialect, decimal=options.decimal or ".")
    columns = list(zip(*best.rows, strict=True))
    first = 0
    while first < len(columns) - 2 and not any(place.text for place in columns[first]):
        first += 1
    return settle_signs(replace(best.dialect, first=first), columns[first:], options.decimal)


def _best(sample: Sequence[tuple[int, str]], dialects: Sequence[Dialect]) -> _Candidate:
    """Return the way to cut that makes most rows; the first of those that make equally many."""
    best = _sampled(sample, dialects[0])
    for dialect in dialects[1:]:
        if best.score == (len(sample), 0):  # no other can make more
            break
        best = max(best, _sampled(sample, dialect), key=lambda candidate: candidate.score)
    return best


def _allowed_dialects(sample: Sequence[tuple[int, str]], options: ReadOptions) -> list[Dialect]:
    delimiter = options.delimiter_character
    if delimiter is not None:
        return [Dialect(None if delimiter == " " else delimiter)]
    text = "\n".join(line for _, line in sample)
    plain = [Dialect(sign) for sign in DELIMITERS if sign is None or sign in text]
    if all(line.isascii() for _, line in sample):
        return plain
    return [*plain, Dialect(None, group=" ")]


def _sample(lines: Sequence[str]) -> list[tuple[int, str]]:
    """Return row number and text of lines from the middle and the end."""
    half, middle = _SAMPLE_LINES // 2, len(lines) // 2
    inside: Sequence[int] = range(len(lines))
    if len(lines) > _SAMPLE_LINES:
        inside = [*inside[middle - half // 2 : middle + half // 2], *inside[-half:]]
    return [(i + 1, lines[i]) for i in inside if lines[i].strip()]


@dataclass(frozen=True)
class _Candidate:
    """A way to cut the sample, with the rows of numbers of the most frequent width."""

    dialect: Dialect
    rows: list[list[Place]]

    @property
    def score(self) -> tuple[int, int]:
        """Rows of numbers, then the fewer digits grouped by spaces the better."""
        spaced = sum(" " in plain_signs(place.text) for row in self.rows for place in row)
        return len(self.rows), -spaced


def _sampled(sample: Sequence[tuple[int, str]], dialect: Dialect) -> _Candidate:
    rows = [row for number, line in sample if (row := _row_of_places(number, line, dialect))]
    widths = Counter(map(len, rows))
    width = max(widths, key=lambda n: widths[n], default=0)
    return _Candidate(dialect, [row for row in rows if len(row) == width])


def _row_of_places(number: int, line: str, dialect: Dialect) -> list[Place]:
    """Return the cells of a line if it may be a row of numbers, else none."""
    cells = dialect.cells(line)
    if len(cells) < 2 or not all(map(is_cell_of_a_row, cells)) or not any(cells):
        return []
    return [Place(number, cell) for cell in cells]


# --------------------------------------------------------------------------------------
# blocks


class _Rows:
    """Rows of numbers, those read together as arrays: a long table takes 8 bytes a number."""

    def __init__(self) -> None:
        self._parts: list[Array] = []
        self._single: list[list[float]] = []
        self._abscissae: list[float] = []
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def add(self, rows: list[list[float]] | Array) -> None:
        """Add rows below the others."""
        self._count += len(rows)
        self._abscissae = [*self._abscissae, *(float(row[0]) for row in rows[-2:])][-2:]
        if isinstance(rows, list):
            self._single += rows
        else:
            self._set_down()
            self._parts.append(rows)

    def abscissa(self, back: int) -> float:
        """Return the first number of the last row (1) or of the one before (2)."""
        return self._abscissae[-back]

    def matrix(self) -> Array:
        """Return all rows, the shorter ones filled up: (rows, columns)."""
        self._set_down()
        width = max(part.shape[1] for part in self._parts)
        values = np.full((self._count, width), np.nan)
        place = 0
        for part in self._taken():
            values[place : place + len(part), : part.shape[1]] = part
            place += len(part)
        return values

    def _taken(self) -> Iterator[Array]:
        """Yield the parts and let go of them, so that not all are there twice."""
        self._parts.reverse()
        while self._parts:
            yield self._parts.pop()

    def _set_down(self) -> None:
        if self._single:
            self._parts.append(_matrix(self._single))
            self._single = []


def _plain_rows(lines: Sequence[str], dialect: Dialect) -> Array | None:
    """Return the rows of `lines` if every line is numbers and nothing else, else none."""
    plain = dialect.plain_line("\n".join(lines))
    if plain is None:
        return None
    try:
        values = np.loadtxt(plain.split("\n"), delimiter=dialect.delimiter, comments=None, ndmin=2)
    except ValueError:
        return None
    return values if len(values) == len(lines) else None


class _Cutter:
    """Goes through the lines once and cuts them into blocks."""

    def __init__(self, lines: Sequence[str], dialect: Dialect) -> None:
        self.lines = lines
        self.dialect = dialect
        self.blocks: list[Block] = []
        self.header: list[int] = []
        self.between: list[int] = []
        self.rows = _Rows()
        self.row_numbers = array("q")
        self.one_by_one_until = 0

    def cut(self) -> tuple[list[Block], list[str]]:
        i, width = 0, 2
        while i < len(self.lines):
            rows = self._chunk(i)
            if not len(rows) or (len(rows[0]) < width and not self.rows):
                self.between.append(i)
                i += 1
                continue
            if self.between or not self.rows:
                self._meet_row_after_gap(i, [float(value) for value in rows[0]])
            self.rows.add(rows)
            self.row_numbers.extend(range(i + 1, i + 1 + len(rows)))
            i += len(rows)
        footer = self.between
        self._check_rows_below()
        self._check_broken_rows()
        self._check_last_number()
        self._close()
        return self.blocks, [self.lines[i] for i in footer]

    def _chunk(self, i: int) -> list[list[float]] | Array:
        """Return the rows from line `i` on: many at once if they are all plain, or one."""
        is_whole = i + _CHUNK <= len(self.lines)
        if self.rows and i >= self.one_by_one_until and is_whole:
            rows = _plain_rows(self.lines[i : i + _CHUNK], self.dialect)
            if rows is not None:
                return rows
            self.one_by_one_until = i + _CHUNK
        row = self.dialect.row(self.lines[i])
        return [] if row is None else [row]

    def _meet_row_after_gap(self, i: int, row: list[float]) -> None:
        if self._runs_on(i, row):
            self._check_gap()
        else:
            self._check_rows_below()
            self._check_broken_rows()
            self._close()
            self._check_rows_above(i, row)
            self.header = self.between
        self.between = []

    def _runs_on(self, i: int, row: list[float]) -> bool:
        """Return whether the row in line `i` goes on with the abscissa before the gap."""
        if not self.rows:
            return False
        last = self.rows.abscissa(1)
        step = last - self.rows.abscissa(2) if len(self.rows) > 1 else self._step_after(i, row)
        lost = sum(bool(self.lines[k].strip()) for k in self.between)
        if step == 0:
            return False
        ahead = (row[0] - last) / step
        return 0.3 < ahead < lost + 1.7 or (not lost and _is_few_steps(ahead))

    def _step_after(self, i: int, row: list[float]) -> float:
        following = self.lines[i + 1] if i + 1 < len(self.lines) else ""
        after = self.dialect.row(following)
        return after[0] - row[0] if after else 0.0

    def _check_gap(self) -> None:
        for i in self.between:
            line = self.lines[i].strip()
            marked = line.startswith(COMMENT_SIGNS) and self._abscissa(line) is None
            if line and not marked:
                raise self._damaged(i)

    def _check_rows_above(self, i: int, row: list[float]) -> None:
        """Raise an error if lines above the first row go on with its abscissa."""
        damaged = self._run_of_damaged(self.between[::-1], row[0], -self._step_after(i, row))
        if damaged:
            raise self._damaged(damaged[-1])
        above = next((k for k in self.between[::-1] if self.lines[k].strip()), None)
        if above is not None and self._n_cells(above) > 1 and self._is_broken_row(above):
            raise self._damaged(above)

    def _check_rows_below(self) -> None:
        """Raise an error if the lines below the last row go on with its abscissa."""
        if len(self.rows) < 2:
            return
        last = self.rows.abscissa(1)
        damaged = self._run_of_damaged(self.between, last, last - self.rows.abscissa(2))
        if damaged:
            raise self._damaged(damaged[0])

    def _check_broken_rows(self) -> None:
        """Raise an error if the pieces of a row stand below the last row.

        However many rows went with it: no heading and no footer begins with such a line.
        """
        below = next((k for k in self.between if self.lines[k].strip()), None)
        if self.rows and below is not None and self._is_broken_row(below):
            raise self._damaged(below)

    def _is_broken_row(self, k: int) -> bool:
        line = self.lines[k]
        if _NO_TEXT.search(line):
            return True
        cells = [cell for cell in self.dialect.cells(line) if cell]
        if line.count('"') % 2:
            return not _LETTER.search(line)
        numbers = [cell for cell in cells if self.dialect.number(cell) is not None]
        joined = [cell for cell in cells if _JOINED.fullmatch(cell) and not _DATE.fullmatch(cell)]
        return bool(joined or (numbers and len(cells) > 1)) and all(map(_PIECES.fullmatch, cells))

    def _check_last_number(self) -> None:
        """Raise an error if the end of the file cut off a part of its last number.

        It did where no line end follows, and the number has fewer decimals than all others
        of its column, which have equally many, or its quotes are not closed.
        """
        last = len(self.lines) - 1
        line = self.lines[last]
        if self.rows and line.strip() and line.count('"') % 2:
            raise self._cut_off(last, line)
        if not self.row_numbers or self.row_numbers[-1] != last + 1 or len(self.rows) < 2:
            return
        column = len(self.dialect.cells(line)) - 1
        others = self.row_numbers[-_LAST_ROWS:-1]
        texts = [self.dialect.cells(self.lines[n - 1])[column:][:1] for n in others]
        decimals = {_decimals(text[0], self.dialect.decimal) for text in texts if text}
        cell = self.dialect.cells(line)[column]
        enough = len(self.rows) >= _FEWEST_ROWS or cell.endswith(self.dialect.decimal)
        if enough and len(decimals) == 1 and _decimals(cell, self.dialect.decimal) < decimals.pop():
            raise self._cut_off(last, cell)

    def _cut_off(self, i: int, text: str) -> ReadError:
        return ReadError(
            f"the file ends within {text.strip()[:60]!r} in row {i + 1}: it is cut off.",
            hint="Export or copy it again, or end the row with a new line if it is whole.",
        )

    def _run_of_damaged(self, lines: Sequence[int], start: float, step: float) -> list[int]:
        """Return the first of `lines` that continue an abscissa but are no numbers."""
        damaged: list[int] = []
        for k in lines:
            if not self.lines[k].strip():
                continue
            found = self._abscissa(self.lines[k])
            expected = start + step * (len(damaged) + 1)
            allowed = abs(step) * (0.3 if self._n_cells(k) > 1 else 0.02)
            if found is None or not abs(found - expected) < allowed:
                break
            damaged.append(k)
        return damaged

    def _n_cells(self, k: int) -> int:
        return len(self.dialect.cells(self.lines[k]))

    def _abscissa(self, line: str) -> float | None:
        """Return the number in the first cell of a line, whatever marks stand around it."""
        cells = self.dialect.cells(line)
        match = MARKED.fullmatch(plain_signs(cells[0])) if cells else None
        value = self.dialect.number(match[1]) if match else None
        return value if value is not None and np.isfinite(value) else None

    def _damaged(self, i: int) -> ReadError:
        cells = self.dialect.cells(self.lines[i])
        bad = [cell for cell in cells if self.dialect.number(cell) is None]
        return ReadError(
            f"row {i + 1} should hold numbers but holds {(bad or cells)[0][:60]!r}.",
            hint="Correct or remove this row in the file.",
        )

    def _close(self) -> None:
        if self.rows:
            header = tuple(self.lines[i] for i in self.header)
            values = self.rows.matrix()
            filled = np.flatnonzero(np.isfinite(values).any(axis=0))
            width = max(2, int(filled[-1]) + 1) if filled.size else values.shape[1]
            numbers = np.array(self.row_numbers)
            self.blocks.append(Block(header, values[:, :width], numbers, values.shape[1]))
        self.rows, self.row_numbers = _Rows(), array("q")


MARKED = re.compile(
    r"[<>≤≥≈~*'†‡(\[]*\s*([-+]?[\d.,][\d.,' eE+-]*?)\s*[*?!†‡)\]']*"
    r"\s*(?:[km]?ev|cm\^?-1|1/cm|nm|counts?(?:/s)?|cts|cps|c/s|s|%)?",
    re.IGNORECASE | re.ASCII,
)
"""A number with marks of doubt or a unit around it: ``<5``, ``170.0*``, ``158 eV``."""


def _is_few_steps(ahead: float) -> bool:
    """Return whether an abscissa goes on below an empty line, some rows of it missing."""
    return 1.0 < ahead < 5.1 and abs(ahead - round(ahead)) < 0.02


def _decimals(cell: str, sign: str) -> int:
    """Return how many characters stand right of the decimal sign."""
    return len(cell.partition(sign)[2])


def _matrix(rows: list[list[float]]) -> Array:
    width = max(map(len, rows))
    if min(map(len, rows)) < width:
        rows = [row + [math.nan] * (width - len(row)) for row in rows]
    values = np.array(rows, dtype=float)
    values[~(np.abs(values) < MISSING_FROM)] = np.nan
    return values


def _check_uncut(tables: TextTables, block: Block) -> None:
    """Raise an error if the delimiter seems to have cut numbers in two.

    ``170.00,4,062`` and ``158,05,4549`` make columns of whole numbers in which some
    begin with a zero, and rows that differ in length; nobody writes numbers so.
    """
    whole = [_is_whole(block.values[:, c]) for c in range(block.values.shape[1])]
    pairs = [c for c, pair in enumerate(pairwise(whole), start=1) if all(pair)]
    if not pairs or _has_headings(tables, block):
        return
    for row_number in block.row_numbers:
        cells = tables.dialect.cells(tables.lines[int(row_number) - 1])
        for c in pairs:
            cut = cells[c - 1 : c + 1]
            if len(cut) == 2 and re.fullmatch(r"0\d+", cut[1]):
                raise _cut_number(int(row_number), cut, tables.dialect)
    lengths = np.isfinite(block.values).sum(axis=1)
    constant = [c for c in pairs if c > 1 and np.ptp(block.values[:, c - 1]) == 0]
    if np.ptp(lengths) > 0 or constant:
        c = constant[0] if constant else pairs[-1]
        number = int(block.row_numbers[int(np.argmax(lengths))])
        cut = tables.dialect.cells(tables.lines[number - 1])[c - 1 : c + 1]
        if len(cut) == 2 and re.fullmatch(r"\d{3}", cut[1]):
            raise _cut_number(number, cut, tables.dialect)


def _is_whole(values: Array) -> bool:
    found = values[np.isfinite(values)]
    return bool(found.size and np.all(found == np.round(found)) and np.all(np.abs(found) < 1e9))


def _has_headings(tables: TextTables, block: Block) -> bool:
    """Return whether the line above a block names as many columns as it has."""
    lines = [line for line in block.header if line.strip()]
    cells = split_heading(lines[-1], block, tables.dialect) if lines else None
    return cells is not None and all(cells)


def _cut_number(row_number: int, cut: list[str], dialect: Dialect) -> ReadError:
    sign = " " if dialect.delimiter is None else ","
    name = "space" if dialect.delimiter is None else "comma"
    return ReadError(
        f"row {row_number} holds {sign.join(cut)!r}, which the {name} between columns cuts in"
        " two: one number with grouped digits or decimals, or two numbers.",
        hint="Export it with another delimiter, or say the delimiter: --delimiter"
        f" {'space' if dialect.delimiter is None else 'comma'}.",
    )


def without_comment_sign(line: str) -> str:
    """Return a heading without the comment signs and spaces around it."""
    return line.strip().lstrip("#%!;'*/").strip()


def split_heading(line: str, block: Block, dialect: Dialect) -> list[str] | None:
    """Return the headings of a block's columns in a line, or None if it does not hold as many.

    The heading may be cut otherwise than the numbers below it, so other delimiters are
    tried after the one of the numbers. R writes no heading for its column of row names.
    """
    width = block.values.shape[1]
    marks = re.match(r"\s*[#%!;'*/]*", line)
    text = line[marks.end() :] if marks and marks[0].strip() else line
    for delimiter in dict.fromkeys((dialect.delimiter, "\t", ";", ",", "|")):
        cells = replace(dialect, delimiter=delimiter).cells(text)
        cells = [without_comment_sign(cell).strip('"') for cell in cells]
        if len(cells) > width and (not any(cells[width:]) or len(cells) == block.n_cells):
            return cells[:width]
        for candidate in (cells, [cell for cell in cells if cell]):
            if len(candidate) == width:
                return candidate
        if len(cells) == width - 1 and all(cells) and is_counter(block.values[:, 0]):
            return ["", *cells]
    wide = re.split(r"\s{2,}|\t", text.strip())
    return wide if len(wide) == width else None


def is_counter(values: Array, starts: tuple[float, ...] = (0.0, 1.0)) -> bool:
    """Return whether values are 0, 1, 2... or 1, 2, 3...: the rows counted, no abscissa.

    Parameters
    ----------
    values : ndarray, shape (N,)
    starts : tuple of float
        The numbers it may begin with; empty for any.
    """
    if values.size < 3 or not np.isfinite(values).all():
        return False
    begins = not starts or float(values[0]) in starts
    return bool(begins and values[0] == np.round(values[0]) and np.all(np.diff(values) == 1.0))
