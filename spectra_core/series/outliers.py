"""Levels that are not like the others: named, never taken out."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

import numpy as np
from scipy.special import chdtri

from ..errors import ModelError
from ..fitting import FitResult, RegionFit
from ..fitting.single import Solved
from ..model import REGION
from ..spectrum import Array
from .alarms import SeriesAlarm

DRIFT_EV = 1.0
"""A charge shift that changes by more than this between neighbours is an alarm."""

_JUMP = 0.35  # of ln intensity beyond the range of its neighbours
_SPREADS = 6.0
_RARE = 1e-6
_SEEN = 3.0
_UNLIKE = 1.5  # times chi-square of the separate fit


def isolated(values: Array) -> np.ndarray:
    """Return which values stand outside the range of their neighbours (L,), by far.

    A step of the series is none: a value beside it lies within the range of its four
    neighbours. The first and the last have neighbours on one side only, and a surface often
    differs from what is below; they are never isolated.
    """
    size = values.size
    found = np.zeros(size, dtype=bool)
    usual = np.abs(np.diff(values))
    usual = usual[np.isfinite(usual)]
    if size < 5 or not usual.size:
        return found
    spread = float(np.median(usual))
    for k in range(1, size - 1):
        near = _near(values, k)
        if near.size >= 2 and np.isfinite(values[k]):
            outside = max(near.min() - values[k], values[k] - near.max())
            found[k] = outside > max(_JUMP, _SPREADS * spread)
    return found


def _near(values: Array, k: int) -> Array:
    near = np.r_[values[max(k - 2, 0) : k], values[k + 1 : k + 3]]
    return np.asarray(near[np.isfinite(near)])


def intensities(levels: Sequence[FitResult]) -> Iterator[SeriesAlarm]:
    """Yield levels whose signal or background stands apart from that of their neighbours."""
    names = dict.fromkeys(region.name for level in levels for region in level.regions)
    for name in names:
        regions = [next((r for r in level.regions if r.name == name), None) for level in levels]
        kinds = {
            "signal": [None if r is None else _signal(r) for r in regions],
            "background": [None if r is None else float(np.mean(r.background)) for r in regions],
        }
        for what, numbers in kinds.items():
            values = np.array([np.nan if v is None else max(v, 1e-300) for v in numbers])
            for k in np.flatnonzero(isolated(np.log(values))):
                times = values[k] / np.median(_near(values, int(k)))
                message = f"its {what} in {name} is {times:.2g} times that of its neighbours."
                yield SeriesAlarm(int(k), "outlier", message)


def _signal(region: RegionFit) -> float:
    """Return the area above the background, at least three standard errors of nothing."""
    widths = np.abs(np.gradient(region.x))
    noise = float(np.sqrt(np.sum((region.sigma * widths) ** 2)))
    area = float(np.sum((region.envelope - region.background) * widths))
    return max(area, _SEEN * noise)


def drifts(levels: Sequence[FitResult], slid: Sequence[float]) -> Iterator[SeriesAlarm]:
    """Yield levels whose charge shift jumps; `slid` (L,) was taken off before the fit."""
    shifts = np.array([_shift(level) for level in levels]) + np.asarray(slid)
    for k in range(1, len(levels)):
        step = shifts[k] - shifts[k - 1]
        if abs(step) > DRIFT_EV:
            message = f"the charge shift changes by {step:+.2f} eV from the level before it."
            yield SeriesAlarm(k, "drift", message)


def _shift(level: FitResult) -> float:
    try:
        return level.value(f"{level.regions[0].name}/{REGION}/shift")
    except ModelError:
        return 0.0


def misfits(
    levels: Sequence[FitResult], separate: Sequence[Solved | None], shared: Collection[str]
) -> Iterator[SeriesAlarm]:
    """Yield levels that what is shared does not fit as it fits the others."""
    common = set(shared)
    for k, (whole, alone) in enumerate(zip(levels, separate, strict=True)):
        freedom = sum(path in common for path in whole.problem.free_paths)
        if alone is None or not freedom:
            continue
        before = alone.total.chi_square
        lost = whole.statistics.chi_square - before
        scale = max(alone.reduced_chi_square, 1.0)
        ratio = whole.statistics.chi_square / max(before, 1e-300)
        if lost / scale > chdtri(freedom, _RARE) and ratio > _UNLIKE:
            yield SeriesAlarm(
                k,
                "unlike",
                f"what all levels share does not fit it: chi-square is {ratio:.2g} times that of"
                " its own fit. A species, width or charge may differ here.",
            )
