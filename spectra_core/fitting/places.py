"""Where the data show lines: at their own maxima, and where a fit leaves most over."""

from __future__ import annotations

from collections.abc import Callable, Sequence, Set
from dataclasses import dataclass

import numpy as np

from ..spectrum import Array
from .problem import Problem, RegionProblem
from .scatter import Scatter

_CLAIM = 0.5  # widths: two lines do not start from one maximum
_NOTHING = 1e-6  # of all areas of a region
_LOOK = 0.4  # widths between the places at which one line is tried
_MOST_LOOKS = 40
_TRIED = 2  # of them, from which fits start
_APART = 0.35  # widths from the middle of two lines that one has stood for

Residuals = Callable[[Array], Sequence[Array]]
Looks = Callable[[Array], Array]


@dataclass(frozen=True)
class _Line:
    """A `Line` in one spectrum, where it is at ``times * q[j] + offset``."""

    name: str
    place: int
    j: int
    times: float
    width: float
    members: Set[str]
    minor: int | None
    offset: float

    def values(self, x: Array) -> Array:
        """Return the values of the parameter with the line at each `x`."""
        return (x - self.offset) / self.times

    def at(self, q: Array) -> float:
        """Return where the line is."""
        return float(self.times * q[self.j] + self.offset)

    def put(self, q: Array, x: float) -> None:
        """Move the line, and the other one of its doublet with it."""
        moved = (x - self.at(q)) / self.times
        q[self.j] += moved
        if self.minor is not None:
            q[self.minor] += moved


def from_maxima(problem: Problem, q: Array, scatter: Scatter) -> Array:
    """Return `q` (F,) with each free centre at the highest point of the data that is left to it.

    The line that can reach the highest point takes it first.
    """
    moved = q.copy()
    for region in problem.regions:
        lines = _lines(problem, region, q, scatter)
        if lines:
            ends = np.linspace(region.y[:3].mean(), region.y[-3:].mean(), region.y.size)
            _put(problem, region.x, region.y - ends, lines, moved)
    return moved


def revivals(
    problem: Problem, q: Array, own: Array, scatter: Scatter, residuals: Residuals, looks: Looks
) -> list[Array]:
    """Return starts (F,) with the lines that have no area elsewhere; none without such lines.

    All of them where the residuals are largest; each by itself where chi-square is lowest, with
    areas and levels at their optimum; and each beside a line that may stand for both of them.

    Parameters
    ----------
    problem : Problem
    q : ndarray, shape (F,)
        The end of a fit.
    own : ndarray, shape (F,)
        The model's start values, for what else such a line has.
    scatter : Scatter
    residuals, looks : callable
        Of this spectrum, see `spectra_core.fitting.search.Engine`.
    """
    gone = [_vanished(problem, region, q, scatter) for region in problem.regions]
    if not any(gone):
        return []
    base = q.copy()
    for region, lines in zip(problem.regions, gone, strict=True):
        for line in lines:
            only = _acting_only_on(problem, region, line.members)
            again = only[~scatter.linear[only]]
            base[again] = own[again]
    all_, starts = base.copy(), []
    for region, lines, residual in zip(problem.regions, gone, residuals(q), strict=True):
        if lines:
            _put(problem, region.x, residual, lines, all_, least=0.0)
        for line in lines:
            low, high = scatter.low[line.j], scatter.high[line.j]
            n = min(max(int(np.ceil((high - low) / (_LOOK * line.width))), 2), _MOST_LOOKS)
            tried = np.tile(base, (n + 1, 1))
            tried[:, line.j] = np.linspace(low, high, n + 1)
            starts += [tried[k] for k in valleys(looks(tried))[:_TRIED]]
            parted = np.array(_parted(problem, region, line, q, own, scatter))
            if parted.size:
                starts.append(parted[np.argmin(looks(parted))])
    return [all_, *starts]


def _parted(
    problem: Problem, region: RegionProblem, line: _Line, q: Array, own: Array, scatter: Scatter
) -> list[Array]:
    """Return `q` (F,) with a line beside each other that may stand for both, on either side.

    Widths and shapes are those of the start: the other one has become too broad for one.
    """
    base = np.where(scatter.center | scatter.linear, q, own)
    base[scatter.shifts] = q[scatter.shifts]
    found = []
    for other in _lines(problem, region, q, scatter):
        at = other.at(q)
        value = np.clip(
            line.values(np.array([at]))[0], problem.lower[line.j], problem.upper[line.j]
        )
        far = abs(line.times * value + line.offset - at)
        if other.j == line.j or far > _APART * line.width:
            continue
        for side in (-_APART * line.width, _APART * line.width):
            start = base.copy()
            line.put(start, at + side)
            other.put(start, at - side)
            found.append(np.clip(start, problem.lower, problem.upper))
    return found


def valleys(chi_square: Array) -> list[int]:
    """Return where a curve is lowest, and its other minima, the lowest first."""
    padded = np.concatenate([[np.inf], chi_square, [np.inf]])
    lows = np.flatnonzero((chi_square <= padded[:-2]) & (chi_square < padded[2:]))
    lows = lows if lows.size else np.array([int(np.argmin(chi_square))])
    return [int(k) for k in lows[np.argsort(chi_square[lows], kind="stable")]]


def _vanished(problem: Problem, region: RegionProblem, q: Array, scatter: Scatter) -> list[_Line]:
    """Return the lines of a region that have no area and move nothing else."""
    p = problem.full(q)
    areas = {s.id: abs(p[region.part.start + s.own.start]) for s in region.slots}
    least = _NOTHING * sum(areas.values())
    if min(areas.values(), default=np.inf) > least:
        return []
    return [
        line
        for line in _lines(problem, region, q, scatter)
        if areas[line.name] <= least and line.j in _acting_only_on(problem, region, line.members)
    ]


def _lines(problem: Problem, region: RegionProblem, q: Array, scatter: Scatter) -> list[_Line]:
    """Return the lines of a region that have a free centre."""
    i = region.part.start + region.shift
    shift = float(problem.matrix[i] @ q + problem.offset[i])
    found = scatter.lines[region.region.name]
    return [_Line(*line, float(problem.offset[line.place]) + shift) for line in found]


def _acting_only_on(problem: Problem, region: RegionProblem, members: Set[str]) -> np.ndarray:
    """Return the free parameters that move nothing but some components of a region."""
    others = np.ones(len(problem.paths), dtype=bool)
    for slot in region.slots:
        if slot.id in members:
            start = region.part.start
            others[start + slot.own.start : start + slot.coupled.stop] = False
    return np.flatnonzero(~(problem.matrix[others] != 0).any(axis=0))


def _put(
    problem: Problem,
    x: Array,
    height: Array,
    lines: Sequence[_Line],
    q: Array,
    *,
    least: float = -np.inf,
) -> None:
    """Put lines one after the other where `height` is largest, if that is more than `least`."""
    width = float(np.mean([line.width for line in lines]))
    smooth = _smooth(height, x, width)
    reach = {line.j: _within(problem, line, x) for line in lines}
    left = list(lines)
    while left:
        tops = [float(np.max(smooth, where=reach[one.j], initial=-np.inf)) for one in left]
        best = int(np.argmax(tops))
        line = left.pop(best)
        if not tops[best] > least:
            break
        k = int(np.argmax(np.where(reach[line.j], smooth, -np.inf)))
        line.put(q, float(x[k]))
        np.clip(q, problem.lower, problem.upper, out=q)
        smooth = np.where(np.abs(x - x[k]) > _CLAIM * width, smooth, -np.inf)


def _within(problem: Problem, line: _Line, x: Array) -> np.ndarray:
    """Return which points a line's bounds let it stand on."""
    value = line.values(x)
    return (value >= problem.lower[line.j]) & (value <= problem.upper[line.j])


def _smooth(values: Array, x: Array, width: float) -> Array:
    """Return a running mean over a third of a width."""
    step = abs(x[-1] - x[0]) / (x.size - 1)
    half = min(int(width / 6.0 / step), (values.size - 1) // 2)
    padded = np.concatenate([np.full(half, values[0]), values, np.full(half, values[-1])])
    return np.convolve(padded, np.full(2 * half + 1, 1.0 / (2 * half + 1)), mode="valid")
