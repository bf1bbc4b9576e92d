"""Columns that say how sure the intensity is: sigma, variance, percent, limits.

What reaches `Spectrum.sigma` is one standard deviation in the unit of the intensity, or
nothing. Zeros are what most programs write where no electron was counted; there the
errors are those of counting, and the counts themselves say more than the zeros do.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from ..errors import ReadError
from ..spectrum import Array

_PERCENT = re.compile(r"%|(?i:per ?cent|prozent)")
_RELATIVE = re.compile(r"(?i:(?<![a-z])(relative|rel)(?![a-z])|fraction|/ ?(y|intensity|counts))")
_VARIANCE = re.compile(
    r"(?i:variance|(?<![a-z])var(?![a-z]))|(sigma|σ|error|std)\s*(\^|\*\*)?\s*[2²]"
)
_LOW = re.compile(
    r"(?i:(?<![a-z])(low|lower|min|minus|y_?min|left)(?![a-z])|lo_|_lo(?![a-z])|-$|−$)"
)
_HIGH = re.compile(
    r"(?i:(?<![a-z])(high|upper|max|plus|y_?max|right)(?![a-z])|hi_|_hi(?![a-z])|\+$)"
)
_SIGMAS = re.compile(
    r"(?<![\d.])([1-6](?:\.\d+)?)\s*(?:[x*×]\s*)?(?:σ|(?i:sigma|s\.?d\.?(?![a-z])))"
)
_CONFIDENCE = re.compile(r"(?<!\d)(68|90|95|99)(?:\.\d+)?\s*%?")
_DEVIATES = {"68": 1.0, "90": 1.644854, "95": 1.959964, "99": 2.575829}
_SQUARE_ROOT = 0.02
"""How far errors may be from the square root of the counts, relatively."""
_ROUNDED_TO = 0.06
"""The same in counts, for errors with one decimal."""
LEAVE_OUT = "Read the data without them: --x-column 1 --y-column 2 (numbers or headings)."


@dataclass(frozen=True, eq=False)
class ErrorColumn:
    """A column of errors as the file has it: heading, number from 0, values."""

    heading: str
    number: int
    values: Array


@dataclass(frozen=True, eq=False)
class Errors:
    """One standard deviation per point, or the counts where those are the better word.

    Attributes
    ----------
    sigma, counts : ndarray, shape (N,), or None
    note : str
        What was made of the columns; empty if they were taken as they are.
    """

    sigma: Array | None = None
    counts: Array | None = None
    note: str = ""


def is_relative(heading: str) -> bool:
    """Return whether errors under this heading are fractions or percent of the intensity."""
    percent = bool(_PERCENT.search(heading)) and not _level(heading)
    return percent or bool(_RELATIVE.search(heading))


def is_variance(heading: str) -> bool:
    """Return whether errors under this heading are squared."""
    return bool(_VARIANCE.search(heading))


def errors_of(
    columns: Sequence[ErrorColumn], y: Array, unit: str | None, row: Callable[[int], str]
) -> Errors:
    """Return the standard deviations that error columns give.

    Parameters
    ----------
    columns : sequence of ErrorColumn
        One column, or a lower and an upper one.
    y : ndarray, shape (N,)
        Intensity.
    unit : str or None
        Its unit.
    row : callable
        ``row(point)`` names the place of a point in the file.

    Raises
    ------
    ReadError
        If an error is negative, or zero where counting does not explain it, or lower and
        upper limits do not hold the intensity; the hint says how to read the rest.
    """
    if not columns:
        return Errors()
    pair = _pair(columns)
    if pair is not None:
        sigma, note = _from_limits(*pair, y, row)
    else:
        sigma, note = _from_column(columns[0], y, row)
    if np.all(sigma > 0):
        return Errors(sigma, note=note)
    return _with_zeros(sigma, columns[0], y, unit, row)


def _pair(columns: Sequence[ErrorColumn]) -> tuple[ErrorColumn | None, ErrorColumn | None] | None:
    """Return the lower and the upper column; None if the first is neither."""
    low = next((c for c in columns if _LOW.search(c.heading)), None)
    high = next((c for c in columns if c is not low and _HIGH.search(c.heading)), None)
    return None if low is None and high is None else (low, high)


def _from_limits(
    low: ErrorColumn | None, high: ErrorColumn | None, y: Array, row: Callable[[int], str]
) -> tuple[Array, str]:
    """Return sigma from two limits around the intensity, or from two lengths."""
    present = [column for column in (low, high) if column is not None]
    scale = _deviates(present[0].heading)
    inside = np.ones(y.shape, dtype=bool)
    lengths: list[Array] = []
    for column, sign in ((low, -1.0), (high, 1.0)):
        if column is not None:
            distance = sign * (column.values - y)
            inside &= distance >= -1e-9 * np.abs(y)
            lengths.append(distance)
    if inside.all():
        note = "the error columns are limits; half their distance was taken"
        return np.mean(lengths, axis=0) / scale, note
    plain = [np.abs(column.values) for column in present]
    if all(np.median(values) < np.median(np.abs(y)) for values in plain):
        note = "the error columns are lower and upper errors; their mean was taken"
        return np.mean(plain, axis=0) / scale, note
    point = int(np.flatnonzero(~inside)[0])
    raise ReadError(
        f"{row(point)}: the intensity {y[point]:g} is not inside the limits that"
        f" {present[0].heading!r} and the other error column give.",
        hint=LEAVE_OUT,
    )


def _from_column(column: ErrorColumn, y: Array, row: Callable[[int], str]) -> tuple[Array, str]:
    values = column.values
    negative = np.flatnonzero(values < 0)
    if negative.size:
        point = int(negative[0])
        raise ReadError(
            f"{row(point)}: the error {values[point]:g} in column {column.number + 1}"
            f" ({column.heading!r}) is negative.",
            hint=LEAVE_OUT,
        )
    if is_variance(column.heading):
        return np.sqrt(values), "the square root of the variances was taken"
    if is_relative(column.heading):
        part = 0.01 if _PERCENT.search(column.heading) else 1.0
        return values * part * np.abs(y), "the relative errors were multiplied by the intensity"
    scale = _deviates(column.heading)
    return values / scale, "" if scale == 1.0 else f"the errors were divided by {scale:g}"


def _level(heading: str) -> str:
    match = _CONFIDENCE.search(heading)
    return match[1] if match else ""


def _deviates(heading: str) -> float:
    """Return how many standard deviations an error under this heading is."""
    if match := _SIGMAS.search(heading):
        return float(match[1])
    return _DEVIATES.get(_level(heading), 1.0)


def _with_zeros(
    sigma: Array, column: ErrorColumn, y: Array, unit: str | None, row: Callable[[int], str]
) -> Errors:
    """Return the counts behind errors that are zero where nothing was counted."""
    zero = sigma <= 0
    if np.all(zero):
        return Errors(note=f"the errors of column {column.number + 1} are all zero: left out")
    filled = ~zero & (y > 0)
    explained = bool(np.all(y[zero] == 0.0)) and bool(np.any(filled))
    if explained:
        per_count = sigma[filled] ** 2 / y[filled]
        factor = float(np.median(per_count))
        root = np.sqrt(factor * y[filled])
        rounding = _SQUARE_ROOT * root + _ROUNDED_TO * factor
        if np.all(np.abs(sigma[filled] - root) < rounding) and (
            unit != "counts" or abs(factor - 1.0) < _SQUARE_ROOT
        ):
            note = "the errors are the square roots of the counts, zero where none was counted:"
            counts = y if unit == "counts" else y / factor
            return Errors(counts=counts, note=f"{note} the fit uses the counts instead")
    point = int(np.flatnonzero(zero)[0])
    raise ReadError(
        f"{row(point)}: the error in column {column.number + 1} ({column.heading!r}) is zero"
        f" where the intensity is {y[point]:g}; no measurement is exact"
        f" ({int(zero.sum())} such rows).",
        hint=LEAVE_OUT,
    )
