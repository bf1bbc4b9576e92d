"""Chi-square around a best fit: how far it rises where something is held elsewhere.

The standard deviations, those of the data and those of the priors, stay as the best fit has
them, so that chi-squares can be subtracted; with unit weights they are the residuals' own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import inf, isfinite, sqrt
from typing import NamedTuple

import numpy as np

from ..errors import Cancelled, FitError, ShouldStop
from ..fitting import FitResult, Weights
from ..fitting.better import BETTER, BetterMinimumError
from ..fitting.engine import chosen_engine
from ..fitting.refit import Refitter, eliminated, refitter, with_held_priors, with_sigmas
from ..spectrum import Array

ENOUGH = 1e-3
"""Of a standard error: closer no refit needs to come, chi-square is then good to a millionth."""


class Plane(NamedTuple):
    """The equation ``row @ q = target`` within a box, all of shape (F,).

    `near` is another start beside the place nearest to the best fit: where a plane beside this
    one had its least chi-square, so that a valley which forks is followed on both ways.
    """

    row: Array
    target: float
    lower: Array
    upper: Array
    near: Array | None = None


@dataclass(frozen=True, eq=False)
class Surface:
    """Chi-square around a best fit, at that fit's standard deviations.

    Attributes
    ----------
    refitter : Refitter
    best : ndarray, shape (F,)
    chi_square : float
        At `best`.
    covariance : ndarray, shape (F, F)
        Zero rows where it is not known.
    scales : ndarray, shape (F,)
        How far each free parameter is likely to move.
    """

    refitter: Refitter
    best: Array
    chi_square: float
    covariance: Array
    scales: Array

    def rises(
        self, planes: Sequence[Plane], should_stop: ShouldStop | None
    ) -> tuple[Array, list[Array | None]]:
        """Return the least chi-square on each plane minus that of the best fit, and where.

        The rise is infinite, and there is no place, where a plane does not meet its box.

        Raises
        ------
        BetterMinimumError
            If one lies below the best fit.
        """
        pinned = {m: found for m, plane in enumerate(planes) if (found := self._pinned(plane))}
        rises = np.full(len(planes), inf)
        places: list[Array | None] = [None] * len(planes)
        if pinned:
            start, lower, upper = (np.array(part) for part in zip(*pinned.values(), strict=True))
            refits = self.refitter.refit(
                start,
                lower=lower,
                upper=upper,
                linear=True,
                tolerance=ENOUGH,
                should_stop=should_stop,
            )
            _check_convergence(refits.converged)
            rises[list(pinned)] = refits.chi_square - self.chi_square
            self._check(refits.free, refits.chi_square)
        for m, plane in enumerate(planes):
            if np.count_nonzero(plane.row) != 1:
                ask(should_stop)
                free, chi_square = self._least(plane, should_stop)
                rises[m] = chi_square - self.chi_square
                places[m] = free if isfinite(chi_square) else None
                self._check(free[None], np.array([chi_square]))
        return rises, places

    def _check(self, free: Array, chi_square: Array) -> None:
        """Raise where a refit lies below the best fit: that had not found its minimum."""
        m = int(np.argmin(chi_square))
        if chi_square[m] < self.chi_square - BETTER:
            values = self.refitter.problem.full(free[m])
            raise BetterMinimumError.of(float(self.chi_square - chi_square[m]), values)

    def _pinned(self, plane: Plane) -> tuple[Array, Array, Array] | None:
        """Return start and bounds where the plane holds just one parameter, at a value."""
        used = np.flatnonzero(plane.row)
        if used.size != 1:
            return None
        j = int(used[0])
        value = plane.target / float(plane.row[j])
        inside = float(np.clip(value, plane.lower[j], plane.upper[j]))
        if abs(value - inside) > 1e-12 * max(self.scales[j], abs(inside)):
            return None
        lower, upper = plane.lower.copy(), plane.upper.copy()
        lower[j] = upper[j] = inside
        return np.clip(self._start(plane), lower, upper), lower, upper

    def _start(self, plane: Plane) -> Array:
        """Return where the plane is nearest to the best fit, in its covariance."""
        way = self.covariance @ plane.row
        variance = float(plane.row @ way)
        if not variance > 0:
            return self.best
        return self.best + way * ((plane.target - float(plane.row @ self.best)) / variance)

    def _least(self, plane: Plane, should_stop: ShouldStop | None) -> tuple[Array, float]:
        """Return where chi-square is least on the plane inside the box, and how large there.

        Infinite if they are apart.
        """
        row, target, lower, upper, near = plane
        scale = np.abs(row) * self.scales
        k = int(np.argmax(scale))
        used = np.flatnonzero(row)
        for side in (-1.0, 1.0):
            bounds = np.where(side * row[used] > 0, upper[used], lower[used])
            missing = side * (float(row[used] @ bounds) - target)
            if abs(missing) <= 1e-12 * scale[k]:  # the plane only touches a corner of the box
                lower, upper = lower.copy(), upper.copy()
                lower[used] = upper[used] = bounds
                return _fitted(self.refitter, [self.best], lower, upper, should_stop)
            if missing < 0:  # the plane does not meet the box at all
                return self.best, inf
        others = np.delete(np.arange(row.size), k)
        starts = [self._start(plane), *([] if near is None else [near])]
        reached, chi_square = _fitted(
            self.refitter.relinked(eliminated(self.refitter.problem, k, row, target)),
            [start[others] for start in starts],
            lower[others],
            upper[others],
            should_stop,
        )
        value = (target - float(row[others] @ reached)) / float(row[k])
        bound = float(np.clip(value, lower[k], upper[k]))
        if abs(value - bound) <= 1e-9 * max(self.scales[k], abs(value)):
            return np.insert(reached, k, bound), chi_square
        # The parameter that follows left its bounds: it stays there, another one gives way.
        lower, upper, rest = lower.copy(), upper.copy(), row.copy()
        lower[k] = upper[k] = bound
        rest[k] = 0.0
        plane = Plane(rest, target - float(row[k]) * bound, lower, upper, near)
        found = self._pinned(plane)
        if found is not None:
            start, lower, upper = found
            return _fitted(self.refitter, [start], lower, upper, should_stop)
        return self._least(plane, should_stop) if rest.any() else (self.best, inf)


def _fitted(
    fit_again: Refitter,
    starts: Sequence[Array],
    lower: Array,
    upper: Array,
    should_stop: ShouldStop | None,
) -> tuple[Array, float]:
    """Return free parameters and chi-square of the best of some refits."""
    rows = np.array([np.clip(start, lower, upper) for start in starts])
    refits = fit_again.refit(
        rows,
        lower=np.broadcast_to(lower, rows.shape),
        upper=np.broadcast_to(upper, rows.shape),
        linear=True,
        tolerance=ENOUGH,
        should_stop=should_stop,
    )
    _check_convergence(np.array([refits.converged.any()]))
    m = int(np.argmin(np.where(refits.converged, refits.chi_square, inf)))
    return refits.free[m], float(refits.chi_square[m])


def _check_convergence(converged: np.ndarray) -> None:
    if not converged.all():
        raise FitError(
            "a refit with a quantity held did not converge.",
            hint="Take the model's weak parameters out, or fix or link them.",
        )


def ask(should_stop: ShouldStop | None) -> None:
    """Raise Cancelled if `should_stop` returns True."""
    if should_stop is not None and should_stop():
        raise Cancelled("the likelihood was cancelled; nothing was changed.")


def surface_of(result: FitResult) -> Surface:
    """Return the surface around a fit; kept, since one fit is asked for many quantities."""
    return _kept_surface(result, chosen_engine())


@lru_cache(maxsize=4)
def _kept_surface(result: FitResult, engine: str) -> Surface:
    unit = sqrt(result.statistics.reduced_chi_square)
    sigmas = [
        np.full(r.y.size, unit) if r.weights == Weights.UNIT.value else r.sigma
        for r in result.regions
    ]
    problem = with_sigmas(result.problem, sigmas)
    problem = with_held_priors(problem, result.values[problem.free])
    places = problem.free
    covariance = np.nan_to_num(result.covariance[np.ix_(places, places)], posinf=0.0, neginf=0.0)
    best = np.clip(result.values[places], problem.lower, problem.upper)
    variances = np.diag(covariance)
    fallback = np.where(best == 0, 1.0, np.abs(best))
    scales = np.where(variances > 0, np.sqrt(np.abs(variances)), fallback)
    regions = zip(result.regions, sigmas, strict=True)
    chi_square = sum(float((((r.y - r.envelope) / s) ** 2).sum()) for r, s in regions)
    chi_square += sum(known.pull**2 for known in result.priors)
    weights = tuple(Weights.GIVEN for _ in result.regions)
    return Surface(refitter(problem, weights), best, chi_square, covariance, scales)
