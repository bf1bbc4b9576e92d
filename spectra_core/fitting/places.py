"""Where the data show lines: at their own maxima, and where a fit leaves most over."""

from __future__ import annotations

from collections.abc import Callable, Sequence, Set
from dataclasses import dataclass

import numpy as np

from ..spectrum import Array
from .problem import Problem, RegionProblem
from .scatter import Line, Scatter

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


def from_maxima(problems: Sequence[Problem], q: Array, scatter: Scatter) -> Array:
    """Return `q` (M, F) with each free centre at the highest point of the data that is left to it.

    The line that can reach the highest point takes it first. The M problems have one model and
    one axis.
    """
    moved, first = q.copy(), problems[0]
    for number, region in enumerate(first.regions):
        lines = scatter.lines[region.region.name]
        if lines:
            y = np.array([problem.regions[number].y for problem in problems])
            start, end = y[:, :3].mean(axis=1)[:, None], y[:, -3:].mean(axis=1)[:, None]
            ends = np.arange(region.x.size) * ((end - start) / (region.x.size - 1)) + start
            offsets = _offsets(first, region, lines, q)
            _put(first, region.x, y - ends, lines, offsets, moved)
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
            offsets = np.array([[line.offset for line in lines]])
            _put(problem, region.x, residual[None], lines, offsets, all_[None], least=0.0)
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
    found = scatter.lines[region.region.name]
    offsets = _offsets(problem, region, found, q[None])[0].tolist() if found else []
    return [_Line(*line, offset) for line, offset in zip(found, offsets, strict=True)]


def _offsets(problem: Problem, region: RegionProblem, lines: Sequence[Line], q: Array) -> Array:
    """Return the offset of each line in each of M spectra, (M, L), at `q` (M, F)."""
    i = region.part.start + region.shift
    shifts = np.array([problem.matrix[i] @ own for own in q]) + problem.offset[i]
    return np.asarray(problem.offset[[line.place for line in lines]] + shifts[:, None])


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
    lines: Sequence[Line | _Line],
    offsets: Array,
    q: Array,
    *,
    least: float = -np.inf,
) -> None:
    """Put lines one after the other where `height` is largest, if that is more than `least`.

    `height` (M, N), `offsets` (M, L) and `q` (M, F) are of M spectra.
    """
    width = float(np.mean([line.width for line in lines]))
    smooth, rows = _smooth(height, x, width), np.arange(len(q))
    reach = np.array(
        [_within(problem, line, x, at) for line, at in zip(lines, offsets.T, strict=True)]
    )
    tops = np.empty(offsets.shape)
    left = np.ones(offsets.shape, dtype=bool)
    for _ in lines:
        for number, own in enumerate(reach):
            np.max(smooth, axis=1, where=own, initial=-np.inf, out=tops[:, number])
        best = np.argmax(np.where(left, tops, -np.inf), axis=1)
        rows = rows[(tops[rows, best[rows]] > least) & left[rows, best[rows]]]
        top = np.argmax(np.where(reach[best, np.arange(len(q))], smooth, -np.inf), axis=1)
        left[np.arange(len(q)), best] = False
        for number, line in enumerate(lines):
            own = rows[best[rows] == number]
            _move(line, offsets[own, number], q, own, x[top[own]])
        q[rows] = np.clip(q[rows], problem.lower, problem.upper)
        smooth = np.where(np.abs(x - x[top][:, None]) > _CLAIM * width, smooth, -np.inf)


def _move(line: Line | _Line, offsets: Array, q: Array, rows: np.ndarray, x: Array) -> None:
    """Move a line in some rows to `x`, and the other one of its doublet with it."""
    moved = (x - (line.times * q[rows, line.j] + offsets)) / line.times
    q[rows, line.j] += moved
    if line.minor is not None:
        q[rows, line.minor] += moved


def _within(problem: Problem, line: Line | _Line, x: Array, offsets: Array) -> np.ndarray:
    """Return which points a line's bounds let it stand on in each spectrum, (M, N)."""
    value = (x - offsets[:, None]) / line.times
    return np.asarray((value >= problem.lower[line.j]) & (value <= problem.upper[line.j]))


def _smooth(values: Array, x: Array, width: float) -> Array:
    """Return running means of M curves (M, N) over a third of a width."""
    step = abs(x[-1] - x[0]) / (x.size - 1)
    half = min(int(width / 6.0 / step), (x.size - 1) // 2)
    padded = np.pad(values, ((0, 0), (half, half)), mode="edge")
    kernel = np.full(2 * half + 1, 1.0 / (2 * half + 1))
    return np.array([np.convolve(row, kernel, mode="valid") for row in padded])
