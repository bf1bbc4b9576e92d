"""Where a search for the best minimum may start: anywhere that bounds and priors allow.

A scattered start hangs on no solution. Each free parameter is drawn by itself first: a
centre anywhere within its bounds (or some widths about the model's own value), a width by a
factor, a shape by part of its range. Then the draw gives way to what is known beforehand, as
far as that is known better: with the priors ``R q = t +/- sd``, drawn themselves, it becomes
the least-squares point of both. Areas and levels follow from the data.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from ..model import REGION, split_path
from ..spectrum import Array
from .problem import Problem, RegionProblem
from .start import linear_columns, typical_width

_REACH = 2.0  # how far a centre without a bound is scattered, in widths of a line
_SHIFT = 0.2  # and a shift about a place of the scan
_FACTOR = 0.26  # of a width, in logarithms
_PART = 0.2  # of the range of a shape parameter


class Line(NamedTuple):
    """A line with a free centre; of a doublet the major one.

    Attributes
    ----------
    name : str
        Of the component.
    place, j : int
        Of its centre in ``p``, and of what moves it in ``q``.
    times : float
        How far the line goes when that goes by 1.
    width : float
    members : set of str
        Both lines of its doublet, or itself alone.
    minor : int or None
        Place in ``q`` of the centre that the other line of its doublet has of its own.
    """

    name: str
    place: int
    j: int
    times: float
    width: float
    members: frozenset[str]
    minor: int | None


@dataclass(frozen=True, eq=False)
class Scatter:
    """What the free parameters of a model are, and how far each is scattered; (F,) each.

    Attributes
    ----------
    lower, upper : ndarray
        Bounds.
    low, high : ndarray
        Between which values centres are drawn.
    shifts : ndarray of int
        Places of the shifts of regions.
    center, linear, shape : ndarray of bool
        Centres of lines; areas and levels; pure numbers within bounds.
    width : ndarray
        Of the line that a centre or a shift moves, in the unit of the axis.
    rows, targets, sds : ndarray, shape (K, F) and (K,)
        Priors with a standard deviation on what is scattered.
    lines : mapping of str to tuple of Line
        Of each region, by its name.
    """

    lower: Array
    upper: Array
    low: Array
    high: Array
    shifts: np.ndarray
    center: np.ndarray
    linear: np.ndarray
    shape: np.ndarray
    width: Array
    rows: Array
    targets: Array
    sds: Array
    lines: Mapping[str, tuple[Line, ...]]

    def numbers(self, rng: np.random.Generator, n: int) -> Numbers:
        """Return the random numbers of `n` draws, which serve all spectra."""
        shape = (n, self.lower.size)
        known = rng.standard_normal((n, self.sds.size))
        return Numbers(rng.uniform(-1.0, 1.0, shape), rng.standard_normal(shape), known)

    def drawn(self, base: Array, numbers: Numbers, spread: float) -> Array:
        """Return scattered start values about shifts, widths and areas as in `base`.

        Parameters
        ----------
        base : ndarray, shape (..., n, F)
            Of each draw.
        numbers : Numbers
            Of n draws.
        spread : float
            Times the usual scatter.

        Returns
        -------
        q : ndarray, shape (..., n, F)
        """
        size = spread * self._size(base)
        step = size * np.where(self.center, numbers.uniform, numbers.normal)
        q = np.where(self.center, 0.5 * (self.low + self.high), base) + step
        if self.sds.size:
            gain = (np.square(size)[..., None, :] * self.rows).swapaxes(-1, -2)
            spoken = self.rows @ gain + np.diag(np.square(self.sds))
            said = self.targets + self.sds * numbers.known
            missing = said[..., None] - self.rows @ q[..., None]
            q = q + (gain @ np.linalg.solve(spoken, missing))[..., 0]
        return np.clip(q, self.lower, self.upper)

    def _size(self, base: Array) -> Array:
        """Return how far each parameter goes, shape of `base`."""
        with np.errstate(invalid="ignore"):
            size = np.where(self.shape, _PART * (self.upper - self.lower), _FACTOR * np.abs(base))
        size[..., self.shifts] = _SHIFT * self.width[self.shifts]
        return np.where(self.linear, 0.0, np.where(self.center, 0.5 * (self.high - self.low), size))


@dataclass(frozen=True, eq=False)
class Numbers:
    """Random numbers of n draws: uniform within +/-1 and normal ones (n, F), priors' own (n, K)."""

    uniform: Array
    normal: Array
    known: Array


def scatter_of(problem: Problem, own: Array) -> Scatter:
    """Return how the free parameters of `problem` are scattered; `own` are its start values."""
    names = [split_path(problem.paths[i]) for i in problem.free]
    last = np.array([name for _, _, name in names], dtype=object)
    linear = linear_columns(problem)
    shift = np.array([owner == REGION for _, owner, _ in names], dtype=bool)
    center = (last == "center") & ~linear
    bounded = np.isfinite(problem.upper - problem.lower)
    pure = np.array([problem.specs[i].unit == "1" for i in problem.free], dtype=bool)
    moved = ~linear
    spoken = np.isfinite(problem.priors.sds) & ~(problem.prior_matrix[:, linear] != 0).any(axis=1)
    width = np.array([typical_width(problem, own, i) for i in problem.free])
    return Scatter(
        problem.lower,
        problem.upper,
        np.where(np.isfinite(problem.lower), problem.lower, own - _REACH * width),
        np.where(np.isfinite(problem.upper), problem.upper, own + _REACH * width),
        np.flatnonzero(shift),
        center,
        linear,
        pure & bounded & moved,
        width,
        problem.prior_matrix[spoken],
        problem.prior_targets[spoken],
        problem.priors.sds[spoken],
        {r.region.name: tuple(_lines(problem, r, center, width)) for r in problem.regions},
    )


def _lines(
    problem: Problem, region: RegionProblem, center: np.ndarray, width: Array
) -> Iterator[Line]:
    """Yield a line of a region for each free centre."""
    seen = set()
    for slot in region.slots:
        doublet = region.region.doublet_of(slot.id)
        if doublet is not None and slot.id == doublet.minor:
            continue
        names = [spec.name for spec in slot.shape.parameters]
        place = region.part.start + slot.own.start + names.index("center")
        (used,) = np.nonzero(problem.matrix[place])
        if used.size != 1 or not center[used[0]] or used[0] in seen:
            continue
        j = int(used[0])
        seen.add(j)
        members, minor = frozenset([slot.id]), None
        if doublet is not None:
            members = frozenset([doublet.major, doublet.minor])
            other = problem.places[f"{region.region.name}/{doublet.minor}/center"]
            (own,) = np.nonzero(problem.matrix[other])
            minor = int(own[0]) if own.size == 1 and own[0] != j else None
        times = float(problem.matrix[place, j])
        yield Line(slot.id, place, j, times, float(width[j]), members, minor)
