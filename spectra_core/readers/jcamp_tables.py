"""The tables of numbers of JCAMP-DX: plain, packed, squeezed, differences, repeats, checks.

In the form ``(X++(Y..Y))`` a line holds an abscissa and as many ordinates as fit. Ordinates
are numbers (AFFN), signed numbers without blanks between them (PAC), or have a letter for
their first digit: SQZ for the number itself, DIF for the difference to the one before, DUP
for how often the last one stands there. A line that ends with a difference is followed by
one that begins with the same ordinate again, as a check. McDonald and Wilks, Appl.
Spectrosc. 42, 151 (1988), doi:10.1366/0003702884428734.
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ..errors import ReadError
from ..spectrum import Array

_SQZ = {c: str(i) for i, c in enumerate("@ABCDEFGHI")} | {
    c: f"-{i}" for i, c in enumerate("abcdefghi", 1)
}
_DIF = {c: str(i) for i, c in enumerate("%JKLMNOPQR")} | {
    c: f"-{i}" for i, c in enumerate("jklmnopqr", 1)
}
_DUP = {c: str(i) for i, c in enumerate("STUVWXYZs", 1)}
_PLAIN = r"[-+]?(?:\d+\.?\d*|\.\d+)"
_TOKEN = re.compile(rf"\s*[,;]?\s*(?:([@A-Ia-i%J-Rj-rS-Zs])([\d.]*)|({_PLAIN})|(\?))")
_NUMBER = rf"{_PLAIN}(?:[eE][-+]?\d+)?"
_PAIR = re.compile(rf"\s*({_NUMBER})(?:\s*[,;]\s*|\s+)({_NUMBER})[\s;,]*", re.ASCII)
_AFFN = re.compile(rf"\s*[,;]?\s*(?:({_PLAIN}(?:[eE][-+]?\d+)?)|(\?))")
_CELLS = re.compile(rf"\s*{_PLAIN}(?:\s[-+.\deE\s]*)?", re.ASCII)
_LETTERS = re.compile(r"[@A-DF-Za-df-z%]")
_COMPRESSED = re.compile(r"\d\s*[@A-Ia-i%J-Zj-s]")
_MISSING = float("nan")
_PIECE = 2**20


@dataclass(frozen=True)
class Lines:
    """The lines of a table: a stretch of a text, cut into lines piece by piece.

    Attributes
    ----------
    text : str
        Of the whole file.
    start, end : int
        Where the lines are in it.
    number : int
        Of the first of them in the file.
    """

    text: str
    start: int
    end: int
    number: int

    def pieces(self) -> Iterator[tuple[int, list[str]]]:
        """Yield the number of the first line of every piece, and its lines without comments."""
        at, number = self.start, self.number
        while at < self.end:
            cut = self.text.find("\n", min(at + _PIECE, self.end), self.end)
            end = self.end if cut < 0 else cut + 1
            lines = self.text[at:end].removesuffix("\n").split("\n")
            commented = self.text.find("$$", at, end) >= 0
            yield number, [ln.partition("$$")[0] for ln in lines] if commented else lines
            at, number = end, number + len(lines)

    def numbered(self) -> Iterator[tuple[int, str]]:
        """Yield the number of every line in the file, and the line without comment."""
        for number, lines in self.pieces():
            yield from enumerate(lines, number)


@dataclass
class Starts:
    """What the lines of a table begin with, one entry for each line.

    Attributes
    ----------
    place : array of int
        Of its first ordinate in the table.
    x, unit : array of float
        Its abscissa as written, and one unit of its last digit.
    line : array of int
        Its number in the file.
    checks : array of int
        1 where its first ordinate repeats the one before.
    """

    place: array[int] = field(default_factory=lambda: array("q"))
    x: array[float] = field(default_factory=lambda: array("d"))
    unit: array[float] = field(default_factory=lambda: array("d"))
    line: array[int] = field(default_factory=lambda: array("q"))
    checks: array[int] = field(default_factory=lambda: array("b"))

    def add(self, place: int, written: str, line: int, *, checks: bool) -> None:
        """Add a line that begins with an abscissa as written."""
        self.place.append(place)
        self.x.append(float(written))
        self.unit.append(_unit(written))
        self.line.append(line)
        self.checks.append(checks)


@dataclass(frozen=True, eq=False)
class Ordinates:
    """The ordinates of a table, and what its lines begin with.

    Attributes
    ----------
    y : ndarray, shape (N,)
        As written, without factor; missing ones are not numbers.
    starts : Starts
    """

    y: Array
    starts: Starts


def ordinates(lines: Lines, most: int) -> Ordinates:
    """Return the ordinates of the lines of a table in the form ``(X++(Y..Y))``.

    Parameters
    ----------
    lines : Lines
    most : int
        How many ordinates there can be.

    Raises
    ------
    ReadError
        If a line cannot be read, a check value differs, or there are more ordinates.
    """
    compressed = _is_compressed(lines)
    reading = _Reading(most)
    for number, piece in lines.pieces():
        if compressed and reading.take_squeezed(number, piece):
            continue
        for number_of_line, line in enumerate(piece, number):
            if line.strip():
                reading.take(number_of_line, line, compressed=compressed)
    return Ordinates(np.frombuffer(reading.values), reading.starts)


def _is_compressed(lines: Lines) -> bool:
    """Return whether any line has letters for digits, other than those of exponents."""
    for _, piece in lines.pieces():
        if _LETTERS.search("\n".join(piece)) and any(
            _COMPRESSED.search(line) and _LETTERS.search(line) for line in piece
        ):
            return True
    return False


class _Reading:
    """The state from line to line: the ordinates so far, and whether a check follows."""

    def __init__(self, most: int) -> None:
        self.values = array("d")
        self.starts = Starts()
        self._most = most
        self._ended_in_difference = False

    def take_squeezed(self, number: int, lines: list[str]) -> bool:
        """Take many lines at once if they are whole numbers in SQZ, DIF and DUP; else none."""
        found = squeezed(lines, self._ended_in_difference, self.values[-1:].tolist())
        if found is None or len(self.values) + found.y.size > self._most:
            return False
        place = len(self.values)
        for start, written, k, checks in zip(
            found.places, found.written, found.lines, found.checks, strict=True
        ):
            self.starts.add(place + start, written, number + k, checks=checks)
        self.values.frombytes(found.y.tobytes())
        self._ended_in_difference = found.ended_in_difference
        return True

    def take(self, number: int, line: str, *, compressed: bool) -> None:
        if not compressed and self._take_cells(number, line):
            return
        match = re.match(rf"\s*({_PLAIN}{'' if compressed else '(?:[eE][-+]?[0-9]+)?'})", line)
        if match is None:
            raise _unreadable(line, number)
        start = len(self.values)
        check = self._ended_in_difference
        if compressed:
            self._take_compressed(number, line, match.end())
        else:
            self._take_plain(number, line, match.end())
        if check and len(self.values) > start:
            self._compare(start, number)
            start -= 1
        self.starts.add(start, match[1], number, checks=check)

    def _take_cells(self, number: int, line: str) -> bool:
        """Take a line of numbers with blanks between them; return False for any other."""
        if not _CELLS.fullmatch(line):
            return False
        cells = line.split()
        try:
            numbers = [float(cell) for cell in cells[1:]]
        except ValueError:
            return False
        self.starts.add(len(self.values), cells[0], number, checks=False)
        self.values.extend(numbers)
        self._check_length(0, number)
        return True

    def _take_plain(self, number: int, line: str, at: int) -> None:
        end = len(line.rstrip())
        while at < end:
            match = _AFFN.match(line, at)
            if match is None or match.end() == at:
                raise _unreadable(line, number)
            self.values.append(float(match[1]) if match[1] else _MISSING)
            at = match.end()
        self._check_length(0, number)

    def _take_compressed(self, number: int, line: str, at: int) -> None:
        end = len(line.rstrip())
        difference: float | None = None
        first = True
        while at < end:
            match = _TOKEN.match(line, at)
            if match is None:
                raise _unreadable(line, number)
            at = match.end()
            letter, digits, plain, _ = match.groups()
            if letter in _DUP:
                self._repeat(
                    int(_DUP[letter] + (digits or "0")[:9]) if digits else int(_DUP[letter]),
                    difference,
                    number,
                    first=first,
                )
            elif letter in _DIF:
                if not self.values or (first and self._ended_in_difference):
                    raise _unreadable(line, number)
                difference = float(_DIF[letter] + digits)
                self.values.append(self.values[-1] + difference)
            else:
                difference = None
                written = plain if plain is not None else _SQZ[letter] + digits if letter else "nan"
                self.values.append(float(written))
            first = False
        self._check_length(0, number)
        self._ended_in_difference = difference is not None

    def _repeat(self, count: int, difference: float | None, number: int, *, first: bool) -> None:
        if first or not self.values:
            raise ReadError("begins with a repetition of nothing.", where=f"line {number}")
        self._check_length(count - 1, number)
        for _ in range(count - 1):
            self.values.append(self.values[-1] + (difference or 0.0))

    def _check_length(self, more: int, number: int) -> None:
        if len(self.values) + more > self._most + 1:  # and a check value
            raise ReadError(
                f"there are more than the {self._most} ordinates that NPOINTS announces.",
                where=f"line {number}",
            )

    def _compare(self, start: int, number: int) -> None:
        """Hold the first ordinate of a line against the last one of the line before.

        Some writers end a table with a line that holds nothing but a zero.
        """
        before, again = self.values[start - 1], self.values[start]
        is_end = start == self._most and len(self.values) == start + 1 and again == 0.0
        if not is_end and abs(before - again) > 1e-9 * max(abs(before), 1.0):
            raise ReadError(
                f"the line before ends with the ordinate {before:.10g}, this one begins with"
                f" {again:.10g} as its check value: a number between was changed or lost.",
                hint="Copy or export the file again.",
                where=f"line {number}",
            )
        del self.values[start]


@dataclass(frozen=True, eq=False)
class Squeezed:
    """Lines of whole numbers in SQZ, DIF and DUP, read together.

    Attributes
    ----------
    y : ndarray, shape (N,)
        Without check values.
    places, written, lines, checks : lists with an entry for each line
        Place of the first ordinate in `y`, abscissa as written, place of the line among
        those read, and whether its first ordinate is a check value.
    ended_in_difference : bool
        Whether a check value has to follow.
    """

    y: Array
    places: list[int]
    written: list[str]
    lines: list[int]
    checks: list[bool]
    ended_in_difference: bool


_CODES = "@ABCDEFGHIabcdefghi%JKLMNOPQRjklmnopqrSTUVWXYZs"
_SQUEEZED = re.compile(rf"[-+]?(?:\d+\.?\d*|\.\d+)[@A-Ia-i]\d*(?:[{_CODES}]\d*)*", re.ASCII)
_WORDS = str.maketrans({c: f" {digit}" for c, digit in (_SQZ | _DIF | _DUP).items()})
_NO_DIGITS = str.maketrans("", "", "0123456789")
_KINDS = np.zeros(128, np.int8)
for _kind, _letters in enumerate((_SQZ, _DIF, _DUP), 1):
    _KINDS[[ord(c) for c in _letters]] = _kind
_IS_SQZ, _IS_DIF, _IS_DUP = 1, 2, 3
_MOST_DIGITS = 15
_LONG = re.compile(rf"\d{{{_MOST_DIGITS},}}")
_MOST_REPEATS = 10**7


def squeezed(lines: list[str], checked: bool, last: list[float]) -> Squeezed | None:
    """Return the ordinates of many lines at once.

    Parameters
    ----------
    lines : list of str
    checked : bool
        Whether the first line begins with a check value.
    last : list of float
        The ordinate before them; empty if there is none.

    Returns
    -------
    found : Squeezed or None
        None if any line is written otherwise, or a check value differs: they are then to
        be read one by one, which says what is wrong.
    """
    rows = [(k, row) for k, line in enumerate(lines) if (row := line.strip())]
    if not rows or not all(_SQUEEZED.fullmatch(row) for _, row in rows):
        return None
    ends = [_FIRST_LETTER.search(row).start() for _, row in rows]  # type: ignore[union-attr]
    written = [row[:end] for (_, row), end in zip(rows, ends, strict=True)]
    tables = [row[end:] for (_, row), end in zip(rows, ends, strict=True)]
    text = "".join(tables)
    if _LONG.search(text):
        return None
    codes = text.translate(_NO_DIGITS)
    kinds = _KINDS[np.frombuffer(codes.encode("ascii"), np.uint8)]
    numbers = np.array(list(map(int, text.translate(_WORDS).split())), dtype=float)
    per_line = np.array([len(table.translate(_NO_DIGITS)) for table in tables])
    repeats = np.ones(kinds.size)
    dup = np.flatnonzero(kinds == _IS_DUP)
    if np.any(kinds[dup - 1] == _IS_DUP) or np.any(numbers[dup] < 1):
        return None
    repeats[dup - 1] = numbers[dup]
    repeats[dup] = 0
    if repeats.sum() > _MOST_REPEATS:
        return None
    times = repeats.astype(int)
    kinds_of_line_ends = _last_kinds(kinds, per_line)
    y = _undone(np.repeat(kinds, times), np.repeat(numbers, times))
    if np.abs(y).max() >= 2.0**53:
        return None
    return _without_checks(
        y,
        np.add.reduceat(times, np.r_[0, np.cumsum(per_line)[:-1]]),
        np.r_[checked, kinds_of_line_ends == _IS_DIF],
        last,
        written,
        [k for k, _ in rows],
    )


_FIRST_LETTER = re.compile(r"[@A-Ia-i]")


def _last_kinds(kinds: NDArray[np.int8], per_line: NDArray[np.int_]) -> NDArray[np.int8]:
    """Return how the last ordinate of every line is written, repeats aside."""
    last = np.cumsum(per_line) - 1
    return np.where(kinds[last] == _IS_DUP, kinds[last - 1], kinds[last])


def _undone(kinds: NDArray[np.int8], numbers: Array) -> Array:
    """Return ordinates out of numbers and differences; the first is a number."""
    sums = np.cumsum(np.where(kinds == _IS_DIF, numbers, 0.0))
    absolute = np.flatnonzero(kinds == _IS_SQZ)
    offsets = numbers[absolute] - sums[absolute]
    lengths = np.diff(np.r_[absolute, kinds.size])
    return np.asarray(sums + np.repeat(offsets, lengths))


def _without_checks(
    y: Array,
    counts: NDArray[np.int_],
    checked: NDArray[np.bool_],
    last: list[float],
    written: list[str],
    lines: list[int],
) -> Squeezed | None:
    """Return the ordinates of lines of `counts` each, without the check values, if those fit.

    `checked` has an entry for each line and one for the line that is to follow.
    """
    begins = np.r_[0, np.cumsum(counts)[:-1]]
    checks = begins[checked[:-1]]
    before = np.r_[last or [np.nan], y][checks]
    if not np.array_equal(before, y[checks]):
        return None
    places = begins - np.r_[0, np.cumsum(checked[:-1])[:-1]]
    places = places - checked[:-1]
    return Squeezed(
        np.delete(y, checks),
        places.tolist(),
        written,
        lines,
        checked[:-1].tolist(),
        bool(checked[-1]),
    )


def pairs(lines: Lines) -> Array:
    """Return the numbers of a table in the form ``(XY..XY)``.

    Returns
    -------
    table : ndarray, shape (N, 2)
        As written, without factors.

    Raises
    ------
    ReadError
        If a line cannot be read or a number has no other beside it.
    """
    values = array("d")
    for number, line in lines.numbered():
        plain = _pair(line)
        if plain is not None:
            values.extend(plain)
            continue
        at, end = 0, len(line.rstrip(" \t,;"))
        while at < end:
            match = _AFFN.match(line, at)
            if match is None or match.end() == at:
                raise _unreadable(line, number)
            values.append(float(match[1]) if match[1] else _MISSING)
            at = match.end()
        if len(values) % 2:
            raise ReadError(
                f"a number of the table of pairs stands alone: {line.strip()[:60]!r}.",
                where=f"line {number}",
            )
    return np.frombuffer(values).reshape(-1, 2)


def _pair(line: str) -> tuple[float, float] | None:
    """Return the two numbers of a line that holds nothing else."""
    match = _PAIR.fullmatch(line)
    return (float(match[1]), float(match[2])) if match else None


def _unit(written: str) -> float:
    """Return what one unit of the last digit of a number is."""
    digits, _, exponent = written.lower().partition("e")
    decimals = len(digits.partition(".")[2])
    return float(10.0 ** (int(exponent or 0) - decimals))


def unit_of(written: str) -> float:
    """Return what one unit of the last digit of a number is; 0 if it is no number."""
    match = re.fullmatch(rf"\s*({_PLAIN}(?:[eE][-+]?\d{{1,3}})?)\s*", written)
    return _unit(match[1]) if match else 0.0


def _unreadable(line: str, number: int) -> ReadError:
    return ReadError(
        f"the line cannot be read as numbers: {line.strip()[:60]!r}.", where=f"line {number}"
    )
