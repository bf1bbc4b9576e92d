"""Where the data show lines: at their own maxima, and where a fit leaves most over."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from ..spectrum import Array
from .problem import Problem, RegionProblem
from .scatter import Scatter

_CLAIM = 0.5  # widths: two lines do not start from one maximum
_NOTHING = 1e-6  # of all areas of a region


@dataclass(frozen=True)
class _Line:
    """A line that can be moved by itself: place of its centre in `q`, and how that moves it."""

    name: str
    j: int
    times: float
    offset: float
    width: float

    def centre(self, x: Array) -> Array:
        """Return the value of the parameter with the line at `x`."""
        return (x - self.offset) / self.times


def from_maxima(problem: Problem, q: Array, scatter: Scatter) -> Array:
    """Return `q` (F,) with each free centre at the highest point of the data that is left to it.

    The line that can reach the highest point takes it first.
    """
    moved = q.copy()
    for region in problem.regions:
        lines = list(_lines(problem, region, q, scatter))
        if lines:
            ends = np.linspace(region.y[:3].mean(), region.y[-3:].mean(), region.y.size)
            _put(problem, region.x, region.y - ends, lines, moved)
    return moved


def revived(
    problem: Problem, q: Array, residuals: Callable[[], Sequence[Array]], scatter: Scatter
) -> Array | None:
    """Return `q` (F,) with the lines that have no area where most is missing; None without such.

    Parameters
    ----------
    problem : Problem
    q : ndarray, shape (F,)
        The end of a fit.
    residuals : callable
        Returns data minus curve of each region there.
    scatter : Scatter
    """
    gone = [_vanished(problem, region, q, scatter) for region in problem.regions]
    if not any(gone):
        return None
    moved, found = q.copy(), False
    for region, lines, residual in zip(problem.regions, gone, residuals(), strict=True):
        if lines:
            found |= _put(problem, region.x, residual, lines, moved, least=0.0)
    return moved if found else None


def _vanished(problem: Problem, region: RegionProblem, q: Array, scatter: Scatter) -> list[_Line]:
    """Return the lines of a region that have no area."""
    p = problem.full(q)
    areas = {s.component.id: abs(p[region.part.start + s.own.start]) for s in region.slots}
    least = _NOTHING * sum(areas.values())
    if min(areas.values(), default=np.inf) > least:
        return []
    return [line for line in _lines(problem, region, q, scatter) if areas[line.name] <= least]


def _lines(problem: Problem, region: RegionProblem, q: Array, scatter: Scatter) -> Iterator[_Line]:
    """Yield the lines of a region with a free centre of their own; the major one of a doublet."""
    p = problem.full(q)
    for slot in region.slots:
        name = slot.component.id
        doublet = region.region.doublet_of(name)
        if doublet is not None and name == doublet.minor:
            continue
        names = [spec.name for spec in slot.shape.parameters]
        i = region.part.start + slot.own.start + names.index("center")
        (used,) = np.nonzero(problem.matrix[i])
        if used.size == 1 and scatter.center[used[0]]:
            j = int(used[0])
            offset = float(problem.offset[i] + p[region.part][region.shift])
            yield _Line(name, j, float(problem.matrix[i, j]), offset, float(scatter.width[j]))


def _put(
    problem: Problem,
    x: Array,
    height: Array,
    lines: Sequence[_Line],
    q: Array,
    *,
    least: float = -np.inf,
) -> bool:
    """Put lines one after the other where `height` is largest; True if one was put anywhere."""
    width = float(np.mean([line.width for line in lines]))
    smooth = _smooth(height, x, width)
    reach = {line.j: _within(problem, line, x) for line in lines}
    left, found = list(lines), False
    while left:
        tops = [float(np.max(smooth, where=reach[one.j], initial=-np.inf)) for one in left]
        best = int(np.argmax(tops))
        line = left.pop(best)
        if not tops[best] > least:
            break
        k = int(np.argmax(np.where(reach[line.j], smooth, -np.inf)))
        q[line.j] = np.clip(line.centre(x[k]), problem.lower[line.j], problem.upper[line.j])
        smooth = np.where(np.abs(x - x[k]) > _CLAIM * width, smooth, -np.inf)
        found = True
    return found


def _within(problem: Problem, line: _Line, x: Array) -> np.ndarray:
    """Return which points a line's bounds let it stand on."""
    value = line.centre(x)
    return (value >= problem.lower[line.j]) & (value <= problem.upper[line.j])


def _smooth(values: Array, x: Array, width: float) -> Array:
    """Return a running mean over a third of a width."""
    step = abs(x[-1] - x[0]) / (x.size - 1)
    half = min(int(width / 6.0 / step), (values.size - 1) // 2)
    padded = np.pad(values, half, mode="edge")
    return np.convolve(padded, np.full(2 * half + 1, 1.0 / (2 * half + 1)), mode="valid")
