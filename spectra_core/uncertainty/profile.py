"""Profile likelihood: how far a number can be moved before the data object.

The number is held at a value and everything else is fitted again. Chi-square then rises
by `delta`; where it has risen by 1 lies the end of the 68 % interval, by 3.84 that of the
95 % interval. Unlike value +/- standard error this follows a skewed or bounded valley, and
a curve that stays flat (a *uniqueness plot*) says that the data do not determine the
number at all.

Holding a parameter, a linked one, a doublet's area or a ratio of sums are all one linear
equation between the free parameters, which is one more exact `Link`: the refit is an
ordinary fit. The standard deviations stay those of the best fit, so that chi-squares can
be subtracted; with unit weights they are the residuals' own.

References
----------
.. [1] P. J. Cumpson, M. P. Seah, Surf. Interface Anal. 18, 345 (1992).
   doi:10.1002/sia.740180508
.. [2] D. J. Venzon, S. H. Moolgavkar, Appl. Stat. 37, 87 (1988). doi:10.2307/2347496
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cached_property
from math import inf, isfinite, sqrt

import numpy as np

from ..errors import FitError, ModelError
from ..fitting import FitOptions, FitResult, Status, Weights, fit
from ..model import Link, Model, Term, add_links, set_parameter
from ..spectrum import Array, Spectrum
from .quantities import (
    LEVEL,
    AreaRatio,
    Quantity,
    ShouldStop,
    combination,
    normal_quantile,
    quantity_name,
    quantity_value,
)

_BETTER = -0.01  # a refit this much below the best fit: the fit was not in its minimum
_PRECISION = 1e-3  # of the distance between best value and limit
_WIDENINGS = 40


@dataclass(frozen=True)
class ProfileInterval:
    """Interval from the likelihood; its two sides may differ.

    Attributes
    ----------
    value : float
        Best fit.
    level : float
    low, high : float
        Limits. Where the data allow everything up to a bound, that bound: the flags say so.
    low_at_bound, high_at_bound : bool
        Whether the limit is a bound (of a ratio: 0 or infinity) and not a result.
    """

    value: float
    level: float
    low: float
    high: float
    low_at_bound: bool
    high_at_bound: bool


@dataclass(frozen=True, eq=False)
class UniquenessCurve:
    """How chi-square rises when one number is moved and the rest follows.

    Attributes
    ----------
    quantity : str or AreaRatio
    values : ndarray, shape (M,)
        Ascending, in the unit of the quantity.
    delta_chi_square : ndarray, shape (M,)
        Above the best fit; in units of the residual variance for unit weights.
    best : float
    """

    quantity: Quantity
    values: Array
    delta_chi_square: Array
    best: float


def profile_interval(
    result: FitResult,
    quantity: Quantity,
    *,
    level: float = LEVEL,
    should_stop: ShouldStop | None = None,
) -> ProfileInterval:
    """Return the profile-likelihood interval of a parameter or an area ratio.

    Parameters
    ----------
    result : FitResult
    quantity : str or AreaRatio
    level : float
        Probability; `spectra_core.uncertainty.quantities.ONE_SIGMA` for a rise of chi-square by 1.
    should_stop : callable or None

    Returns
    -------
    interval : ProfileInterval

    Raises
    ------
    ModelError
        If the quantity is fixed, or its path is unknown.
    FitError
        If a refit lies below the best fit: the fit had not found its minimum.
    Cancelled
        If `should_stop` returned True.
    """
    profile = _Profile(result, quantity, should_stop)
    threshold = normal_quantile(level) ** 2
    low, low_at_bound = profile.limit(-1, threshold)
    high, high_at_bound = profile.limit(+1, threshold)
    return ProfileInterval(profile.best, level, low, high, low_at_bound, high_at_bound)


def upper_limit(
    result: FitResult,
    quantity: Quantity,
    *,
    level: float = LEVEL,
    should_stop: ShouldStop | None = None,
) -> float:
    """Return the one-sided limit below which the quantity lies with probability `level`."""
    one_sided = normal_quantile(2.0 * level - 1.0) ** 2
    return _Profile(result, quantity, should_stop).limit(+1, one_sided)[0]


def delta_chi_square(
    result: FitResult, quantity: Quantity, value: float, *, should_stop: ShouldStop | None = None
) -> float:
    """Return the rise of chi-square when the quantity is held at `value`.

    Infinite if the bounds of the model do not allow the value.
    """
    return _Profile(result, quantity, should_stop).rise(value)


def uniqueness_curve(
    result: FitResult,
    quantity: Quantity,
    points: int = 21,
    *,
    span: tuple[float, float] | None = None,
    should_stop: ShouldStop | None = None,
) -> UniquenessCurve:
    """Return delta chi-square over a range of values, for a uniqueness plot.

    Parameters
    ----------
    result : FitResult
    quantity : str or AreaRatio
    points : int
        Number of refits, at least 3.
    span : tuple of two floats, or None
        Range; None takes three standard errors on both sides, within the bounds.
    should_stop : callable or None

    Raises
    ------
    FitError
        If there is neither a span nor a standard error nor a pair of bounds.
    """
    if points < 3:
        raise FitError(f"{points} points make no curve.", hint="Give at least 3.")
    profile = _Profile(result, quantity, should_stop)
    low, high = span or profile.three_standard_errors()
    values = np.linspace(low, high, points)
    rises = np.array([profile.rise(float(value)) for value in values])
    for array in (values, rises):
        array.setflags(write=False)
    return UniquenessCurve(quantity, values, rises, profile.best)


@dataclass(frozen=True, eq=False)
class _Profile:
    """The likelihood of one quantity around one best fit."""

    result: FitResult
    quantity: Quantity
    should_stop: ShouldStop | None
    rises: dict[float, float] = field(default_factory=dict)

    @cached_property
    def best(self) -> float:
        return quantity_value(self.result, self.quantity)

    @cached_property
    def sigmas(self) -> dict[str, Array]:
        """Standard deviation of each region's points at the best fit."""
        unit = self.result.statistics.reduced_chi_square
        return {
            r.name: np.full(r.y.size, sqrt(unit)) if r.weights == Weights.UNIT.value else r.sigma
            for r in self.result.regions
        }

    @cached_property
    def spectra(self) -> dict[str, Spectrum]:
        """The fitted spectra, which now carry these standard deviations."""
        spectra = {}
        for region, problem in zip(self.result.regions, self.result.problem.regions, strict=True):
            sigma = np.ones(len(region.spectrum))
            sigma[problem.inside] = self.sigmas[region.name]
            spectra[region.name] = replace(region.spectrum, sigma=sigma)
        return spectra

    @cached_property
    def chi_square(self) -> float:
        return sum(
            float((((r.y - r.envelope) / self.sigmas[r.name]) ** 2).sum())
            for r in self.result.regions
        )

    @cached_property
    def stderr(self) -> float | None:
        """Standard error of the value; of a ratio, of ln R."""
        if isinstance(self.quantity, str):
            return self.result.stderr(self.quantity)
        if not (isfinite(self.best) and self.best > 0):
            return None
        weights = combination(self.result, self.quantity, self.best)
        bottom = sum(self.result.value(path) for path in self.quantity.denominator)
        used = np.flatnonzero(weights)
        covariance = self.result.covariance[np.ix_(used, used)]
        variance = float(weights[used] @ covariance @ weights[used])
        if not (isfinite(variance) and variance > 0):
            return None
        return sqrt(variance) / abs(bottom * self.best)

    # -- refits ---------------------------------------------------------------------

    def rise(self, value: float) -> float:
        """Return delta chi-square with the quantity held at `value`."""
        if value not in self.rises:
            weights, target = self._equation(value)
            chi_square = self._held(self.result.model, weights, target)
            self.rises[value] = chi_square - self.chi_square
        return self.rises[value]

    def _equation(self, value: float) -> tuple[Array, float]:
        """Return w and t such that w . q = t says that the quantity has this value."""
        problem = self.result.problem
        ratio = value if isinstance(self.quantity, AreaRatio) else 0.0
        combined = combination(self.result, self.quantity, ratio)
        target = value if isinstance(self.quantity, str) else 0.0
        used = np.flatnonzero(combined)
        weights = combined[used] @ problem.matrix[used]
        if not weights.any():
            raise ModelError(
                "this quantity is fixed in the model, so it has no likelihood.",
                hint="Let one of its parameters be free.",
                where=quantity_name(self.quantity),
            )
        return weights, target - float(combined[used] @ problem.offset[used])

    def _held(self, model: Model, weights: Array, target: float) -> float:
        """Return the least chi-square on the plane ``weights . q = target`` inside the box."""
        problem = self.result.problem
        scale = np.abs(weights) * self._scales
        k = int(np.argmax(scale))
        if scale[k] <= 0:
            return inf
        paths = problem.free_paths
        for side in (-1.0, 1.0):
            corner, reach = self._corner(side * weights)
            missing = side * reach - target
            if abs(missing) <= 1e-12 * scale[k]:  # the plane only touches a corner of the box
                return self._fixed(model, corner)
            if side * missing < 0:  # the plane does not meet the box at all
                return inf
        others = [j for j in np.flatnonzero(weights) if j != k]
        terms = tuple(Term(-float(weights[j] / weights[k]), paths[j]) for j in others)
        link = Link(paths[k], terms, float(target / weights[k]), "held for the likelihood")
        try:
            refit = self._fit(add_links(model, (link,)))
        except ModelError:  # no value inside the bounds satisfies the equation
            return inf
        reached = refit.value(paths[k])
        slack = 1e-9 * max(self._scales[k], abs(reached))
        bound = float(np.clip(reached, problem.lower[k], problem.upper[k]))
        if abs(reached - bound) <= slack:
            return refit.statistics.chi_square
        # The eliminated parameter left its bounds: it stays on the bound, another one gives way.
        model = set_parameter(model, paths[k], value=bound, free=False)
        rest = weights.copy()
        rest[k] = 0.0
        return self._held(model, rest, target - float(weights[k]) * bound)

    def _corner(self, weights: Array) -> tuple[dict[str, float], float]:
        """Return where in the box ``weights . q`` is largest, and how large it is there."""
        problem = self.result.problem
        used = np.flatnonzero(weights)
        bounds = np.where(weights[used] > 0, problem.upper[used], problem.lower[used])
        corner = {problem.free_paths[j]: float(b) for j, b in zip(used, bounds, strict=True)}
        return corner, float(weights[used] @ bounds)

    def _fixed(self, model: Model, values: dict[str, float]) -> float:
        for path, value in values.items():
            model = set_parameter(model, path, value=value, free=False)
        return self._fit(model).statistics.chi_square

    @cached_property
    def _scales(self) -> Array:
        """How far each free parameter is likely to move."""
        free = self.result.problem.free
        variances = np.diag(self.result.covariance)[free]
        values = np.abs(self.result.values[free])
        known = np.isfinite(variances) & (variances > 0)
        fallback = np.where(values > 0, values, 1.0)
        return np.where(known, np.sqrt(np.where(known, variances, 0.0)), fallback)

    def _fit(self, model: Model) -> FitResult:
        options = FitOptions(weights=Weights.GIVEN, tolerance=1e-6)
        refit = fit(self.spectra, model, options=options, should_stop=self.should_stop)
        if refit.status is not Status.NOT_CONVERGED:
            return refit
        again = replace(options, starts=3)
        refit = fit(self.spectra, model, options=again, should_stop=self.should_stop)
        if refit.status is Status.NOT_CONVERGED:
            raise FitError(
                f"a refit with this quantity held did not converge: {refit.message}.",
                where=quantity_name(self.quantity),
            )
        return refit

    # -- limits ---------------------------------------------------------------------

    def limit(self, side: int, threshold: float) -> tuple[float, bool]:
        """Return the value on one side where delta chi-square reaches `threshold`.

        The upper side of a ratio is searched as 1/R, so that both of its sides end at 0.
        """
        if isinstance(self.quantity, AreaRatio):
            if not isfinite(self.best):
                return self.best, True
            if side > 0:
                return self._ratio_limit_above(threshold)
            if self.best <= 0:
                return 0.0, True
            first = self.best * (-np.expm1(-self._first_step(threshold)))
            return self._search(self.rise, self.best, 0.0, first, threshold)
        edge = self._reach()[0 if side < 0 else 1]
        first = self._first_step(threshold)
        return self._search(self.rise, self.best, edge, first, threshold)

    def _ratio_limit_above(self, threshold: float) -> tuple[float, bool]:
        if self.best <= 0:  # 1/R is infinite here: go up from a hundredth
            return self._search(self.rise, 0.0, inf, 0.01, threshold)
        start = 1.0 / self.best
        first = start * (-np.expm1(-self._first_step(threshold)))
        found, at_bound = self._search(self._rise_of_inverse, start, 0.0, first, threshold)
        return (1.0 / found if found else inf), at_bound

    def _rise_of_inverse(self, inverse: float) -> float:
        return self.rise(1.0 / inverse if inverse else inf)

    def _first_step(self, threshold: float) -> float:
        if self.stderr:
            return self.stderr * sqrt(threshold)
        low, high = self._reach()
        if isinstance(self.quantity, AreaRatio) or not isfinite(high - low):
            return 0.1 * max(abs(self.best), 1e-3) if isinstance(self.quantity, str) else 0.5
        return 0.1 * (high - low)

    def _reach(self) -> tuple[float, float]:
        """Return the lowest and highest value that the bounds allow."""
        if isinstance(self.quantity, AreaRatio):
            return 0.0, inf
        weights, target = self._equation(0.0)
        problem = self.result.problem
        used = np.flatnonzero(weights)
        a, b = weights[used] * problem.lower[used], weights[used] * problem.upper[used]
        return float(np.minimum(a, b).sum() - target), float(np.maximum(a, b).sum() - target)

    def _search(
        self,
        rise: Callable[[float], float],
        start: float,
        edge: float,
        first: float,
        threshold: float,
    ) -> tuple[float, bool]:
        """Return where `rise` reaches `threshold` between `start` and `edge`."""
        from scipy.optimize import brentq

        side = 1.0 if edge > start else -1.0
        if edge == start:
            return edge, True

        def excess(value: float) -> float:
            # The square root is nearly straight, so that few refits are needed.
            delta = rise(value)
            self._check(delta)
            return sqrt(min(max(delta, 0.0), 1e12)) - sqrt(threshold)

        inner, step = start, abs(first)
        for _ in range(_WIDENINGS):
            outer = start + side * step
            outer = min(outer, edge) if side > 0 else max(outer, edge)
            if excess(outer) >= 0:
                precision = _PRECISION * abs(outer - start)
                if inner == start:
                    inner = start + side * 1e-6 * abs(outer - start)
                    if excess(inner) >= 0:
                        return inner, False
                return float(brentq(excess, inner, outer, xtol=precision, rtol=1e-12)), False
            if outer == edge:
                return edge, True
            inner, step = outer, 2.0 * step
        return (edge if isfinite(edge) else side * inf), True

    def _check(self, delta: float) -> None:
        if delta < _BETTER:
            raise FitError(
                f"a refit lies {-delta:.3g} below the fit's chi-square, so the fit was not in"
                " its best minimum.",
                hint="Fit again with more starts.",
                where=quantity_name(self.quantity),
            )

    def three_standard_errors(self) -> tuple[float, float]:
        low, high = self._reach()
        if self.stderr is None:
            if isfinite(low) and isfinite(high):
                return low, high
            raise FitError(
                "this quantity has neither a standard error nor two bounds.",
                hint="Give the span of the curve.",
                where=quantity_name(self.quantity),
            )
        if isinstance(self.quantity, AreaRatio):
            factor = float(np.exp(3.0 * self.stderr))
            return self.best / factor, self.best * factor
        return max(low, self.best - 3 * self.stderr), min(high, self.best + 3 * self.stderr)
