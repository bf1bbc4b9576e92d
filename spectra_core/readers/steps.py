"""Energies that break even steps: one that was changed, or some that are missing.

Most spectra are measured in even steps. Where all steps are the same but those beside one
point, its energy was probably changed; where one step is a multiple of all others, points
are missing. Neither is corrected; both are said.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from ..spectrum import Array, read_only

_FEWEST_POINTS = 10
_MOST_PLACES = 3
_FAR = 10
_EVEN = 2e-3
"""Part of a step by which even steps may differ: less is rounding."""


@lru_cache(maxsize=8)
def evenly(first: float, step: float, points: int) -> Array:
    """Return an abscissa of even steps, (points,): the spectra of a series share it."""
    x = np.arange(points, dtype=float)
    x *= step
    x += first
    return read_only(x)


def broken_steps(x: Array, row_numbers: NDArray[np.int_] | None = None) -> str:
    """Return what is wrong with an abscissa whose steps are even but for a few; else nothing.

    Parameters
    ----------
    x : ndarray, shape (N,)
        In the order of the file.
    row_numbers : ndarray of int, shape (N,), or None
        Line of the file of each point.
    """
    if x.size < _FEWEST_POINTS:
        return ""
    ratios = np.diff(x)
    low, high = float(ratios.min()), float(ratios.max())
    if high - low <= _EVEN * min(abs(low), abs(high)):
        return ""
    step = float(np.median(ratios))
    if step == 0.0:
        return ""
    ratios /= step
    places = np.flatnonzero(np.abs(ratios - 1.0) > _EVEN)
    if not 0 < places.size <= 2 * _MOST_PLACES or places.size > 0.2 * x.size:
        return ""
    words = [_said(x, ratios, run, step, row_numbers) for run in _runs(places)]
    return "; ".join(words) if all(words) and len(words) <= _MOST_PLACES else ""


def _runs(places: NDArray[np.intp]) -> list[NDArray[np.intp]]:
    """Return runs of neighbouring steps."""
    return list(np.split(places, np.flatnonzero(np.diff(places) > 1) + 1))


def _said(
    x: Array,
    ratios: Array,
    run: NDArray[np.intp],
    step: float,
    row_numbers: NDArray[np.int_] | None,
) -> str:
    """Return what a run of uneven steps means; nothing if it may be as measured."""
    first, last = int(run[0]), int(run[-1])
    missing = ratios[run] - 1.0
    far = missing[0] > _FAR * x.size  # so many are not lost: the end point itself is wrong
    if (
        not far
        and np.all(missing > 0.5)
        and np.all(np.abs(missing - np.round(missing)) <= 10 * _EVEN)
    ):
        n = int(np.round(missing).sum())
        points = "1 point is" if n == 1 else f"{n} points are"
        return f"{points} missing between {x[first]:g} and {x[last + 1]:g}, by even steps"
    at = None
    if last == first + 1 and abs(ratios[first] + ratios[last] - 2.0) <= _EVEN:
        at, expected = last, x[first] + step
    elif first == last == 0:
        at, expected = 0, x[1] - step
    elif first == last == ratios.size - 1:
        at, expected = x.size - 1, x[-2] + step
    if at is None:
        return ""
    place = f"point {at + 1}" if row_numbers is None else f"row {row_numbers[at]}"
    return f"{place} lies at {x[at]:.7g} where even steps have {expected:.7g}: it may be changed"
