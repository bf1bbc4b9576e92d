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
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

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
_AFFN = re.compile(rf"\s*[,;]?\s*(?:({_PLAIN}(?:[eE][-+]?\d+)?)|(\?))")
_LETTERS = re.compile(r"[@A-DF-Za-df-z%]")
_COMPRESSED = re.compile(r"\d\s*[@A-Ia-i%J-Zj-s]")
_MISSING = float("nan")
NumberedLines = Iterable[tuple[int, str]]


class Start(NamedTuple):
    """What a line begins with.

    Attributes
    ----------
    place : int
        Of its first ordinate in the table.
    x, unit : float
        Its abscissa as written, and one unit of its last digit.
    line : int
        Its number in the file.
    checks : bool
        Whether its first ordinate repeats the one before.
    """

    place: int
    x: float
    unit: float
    line: int
    checks: bool


@dataclass(frozen=True, eq=False)
class Ordinates:
    """The ordinates of a table, and what its lines begin with.

    Attributes
    ----------
    y : ndarray, shape (N,)
        As written, without factor; missing ones are not numbers.
    starts : list of Start
    """

    y: Array
    starts: list[Start]


def ordinates(lines: list[tuple[int, str]], most: int) -> Ordinates:
    """Return the ordinates of the lines of a table in the form ``(X++(Y..Y))``.

    Parameters
    ----------
    lines : list of (int, str)
        Number in the file, and text.
    most : int
        How many ordinates there can be.

    Raises
    ------
    ReadError
        If a line cannot be read, a check value differs, or there are more ordinates.
    """
    compressed = any(_COMPRESSED.search(line) and _LETTERS.search(line) for _, line in lines)
    reading = _Reading(most)
    for number, line in lines:
        if line.strip():
            reading.take(number, line, compressed=compressed)
    return Ordinates(np.array(reading.values), reading.starts)


class _Reading:
    """The state from line to line: the ordinates so far, and whether a check follows."""

    def __init__(self, most: int) -> None:
        self.values = array("d")
        self.starts: list[Start] = []
        self._most = most
        self._ended_in_difference = False

    def take(self, number: int, line: str, *, compressed: bool) -> None:
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
        self.starts.append(Start(start, float(match[1]), _unit(match[1]), number, check))

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


def pairs(lines: NumberedLines) -> Array:
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
    for number, line in lines:
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
    return np.array(values).reshape(-1, 2)


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
