"""Profile likelihood: how far a number can be moved before the data object.

The number is held at a value and everything else is fitted again. Chi-square then rises
by `delta`; where it has risen by 1 lies the end of the 68 % interval, by 3.84 that of the
95 % interval. Unlike value +/- standard error this follows a skewed or bounded valley, and
a curve that stays flat (a *uniqueness plot*) says that the data do not determine the
number at all.

Holding a parameter, a linked one, a doublet's area or a ratio of sums are all one linear
equation between the free parameters: one of them follows exactly from the others, and the
rest is fitted. The standard deviations stay those of the best fit, so that chi-squares can
be subtracted; with unit weights they are the residuals' own.

Both ends of all intervals are looked for at once, so that the refits of each round are one
call of the engine.

References
----------
.. [1] P. J. Cumpson, M. P. Seah, Surf. Interface Anal. 18, 345 (1992).
   doi:10.1002/sia.740180508
.. [2] D. J. Venzon, S. H. Moolgavkar, Appl. Stat. 37, 87 (1988). doi:10.2307/2347496
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from math import inf, isfinite, sqrt

import numpy as np

from ..errors import FitError, ModelError, ShouldStop
from ..fitting import FitResult
from ..shown import Drawn, Gridded, Tabular
from ..spectrum import Array
from .quantities import (
    LEVEL,
    AreaRatio,
    Quantity,
    linear_form,
    normal_quantile,
    quantity_name,
    quantity_value,
    sum_of,
)
from .surface import Plane, ask, surface_of

_PRECISION = 3e-3  # of the root of the threshold, before the last straight line
_NARROW = 1e-3  # of where a crossing may lie at first: one that jumps is found no better
_FAR = 10.0  # times the root of the threshold: beyond, halving is quicker than a straight line
_WIDENINGS, _STEPS = 40, 60


@dataclass(frozen=True, repr=False)
class ProfileInterval(Tabular):
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


@dataclass(frozen=True, eq=False, repr=False)
class UniquenessCurve(Tabular, Gridded, Drawn):
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


def profile_intervals(
    result: FitResult,
    quantities: Sequence[Quantity],
    *,
    level: float = LEVEL,
    should_stop: ShouldStop | None = None,
) -> tuple[ProfileInterval, ...]:
    """Return the profile-likelihood intervals of parameters and area ratios.

    Parameters
    ----------
    result : FitResult
    quantities : sequence of str or AreaRatio
    level : float
        Probability; `spectra_core.uncertainty.quantities.ONE_SIGMA` for a rise of chi-square by 1.
    should_stop : callable or None

    Returns
    -------
    intervals : tuple of ProfileInterval

    Raises
    ------
    ModelError
        If a quantity is fixed, or its path is unknown.
    BetterMinimumError
        If a refit lies below the best fit: the fit had not found its minimum. See
        `spectra_core.fitting.better.in_best_minimum`.
    FitError
        If a refit does not converge.
    Cancelled
        If `should_stop` returned True.
    """
    threshold = normal_quantile(level) ** 2
    profiles = [_Profile(result, quantity) for quantity in quantities]
    asked = [(profile, profile.limit(side, threshold)) for profile in profiles for side in (-1, +1)]
    ends = _together(asked, should_stop)
    return tuple(
        ProfileInterval(profile.best, level, float(low), float(high), low_at_bound, high_at_bound)
        for profile, (low, low_at_bound), (high, high_at_bound) in zip(
            profiles, ends[::2], ends[1::2], strict=True
        )
    )


def profile_interval(
    result: FitResult,
    quantity: Quantity,
    *,
    level: float = LEVEL,
    should_stop: ShouldStop | None = None,
) -> ProfileInterval:
    """Return the interval of one parameter or area ratio; see `profile_intervals`."""
    return profile_intervals(result, [quantity], level=level, should_stop=should_stop)[0]


def upper_limit(
    result: FitResult,
    quantity: Quantity,
    *,
    level: float = LEVEL,
    held: Sequence[str] = (),
    should_stop: ShouldStop | None = None,
) -> float:
    """Return the one-sided limit below which the quantity lies with probability `level`.

    Parameters
    ----------
    result : FitResult
    quantity : str or AreaRatio
    level : float
    held : sequence of str
        Paths of free parameters that keep their fitted values.
    should_stop : callable or None
    """
    one_sided = normal_quantile(2.0 * level - 1.0) ** 2
    profile = _Profile(result, quantity, held)
    return _together([(profile, profile.limit(+1, one_sided))], should_stop)[0][0]


def delta_chi_square(
    result: FitResult, quantity: Quantity, value: float, *, should_stop: ShouldStop | None = None
) -> float:
    """Return the rise of chi-square when the quantity is held at `value`.

    Infinite if the bounds of the model do not allow the value.
    """
    return float(_rises([(_Profile(result, quantity), value)], should_stop)[0])


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
    profile = _Profile(result, quantity)
    low, high = span or profile.three_standard_errors()
    values = np.linspace(low, high, points)
    rises = _rises([(profile, value) for value in values.tolist()], should_stop)
    for array in (values, rises):
        array.setflags(write=False)
    return UniquenessCurve(quantity, values, rises, profile.best)


# ---------------------------------------------------------------------------------
# One quantity

Search = Generator[float, float, tuple[float, bool]]
"""Asks for rises at values, one after the other; returns a limit, and whether it is a bound."""


class _Profile:
    """The likelihood of one quantity around one best fit."""

    def __init__(self, result: FitResult, quantity: Quantity, held: Sequence[str] = ()) -> None:
        self.result, self.quantity, self.surface = result, quantity, surface_of(result)
        self.best = quantity_value(result, quantity)
        problem = self.surface.refitter.problem
        paths = (quantity,) if isinstance(quantity, str) else quantity.numerator
        self.top = linear_form(problem, paths)
        below = () if isinstance(quantity, str) else quantity.denominator
        self.bottom = linear_form(problem, below) if below else None
        self.lower, self.upper = np.array(problem.lower), np.array(problem.upper)
        places = [problem.free_paths.index(path) for path in held]
        self.lower[places] = self.upper[places] = self.surface.best[places]
        self.near: Array | None = None
        self.stderr = self._stderr()

    def plane(self, value: float) -> Plane:
        """Return the plane on which the quantity has a value."""
        row, constant = self.top.row, self.top.constant
        if self.bottom is not None:
            times = 1.0 if value == inf else value
            above = 0.0 if value == inf else 1.0
            row = above * row - times * self.bottom.row
            constant, value = above * constant - times * self.bottom.constant, 0.0
        if not row.any():
            raise ModelError(
                "this quantity is fixed in the model, so it has no likelihood.",
                hint="Let one of its parameters be free.",
                where=quantity_name(self.quantity),
            )
        return Plane(row, value - constant, self.lower, self.upper, self.near)

    def _stderr(self) -> float | None:
        """Return the standard error of the value; of a ratio, of ln R."""
        if isinstance(self.quantity, str):
            return self.result.stderr(self.quantity)
        if not (isfinite(self.best) and self.best > 0):
            return None
        top, bottom = self.quantity.numerator, self.quantity.denominator
        weights = sum_of(self.result, top) - self.best * sum_of(self.result, bottom)
        used = np.flatnonzero(weights)
        covariance = self.result.covariance[np.ix_(used, used)]
        variance = float(weights[used] @ covariance @ weights[used])
        if not (isfinite(variance) and variance > 0):
            return None
        return sqrt(variance) / abs(sum(self.result.value(p) for p in bottom) * self.best)

    def limit(self, side: int, threshold: float) -> Search:
        """Look on one side for the value where delta chi-square reaches `threshold`.

        The upper side of a ratio is searched as 1/R, so that both of its sides end at 0.
        """
        step = self._first_step(threshold)
        if isinstance(self.quantity, str):
            edge = self._reach()[0 if side < 0 else 1]
            return (yield from _search(self.best, edge, step, threshold))
        if not isfinite(self.best):
            return self.best, True
        nearer = -np.expm1(-step)
        if side < 0:
            return (yield from _search(self.best, 0.0, self.best * nearer, threshold))
        if self.best <= 0:  # 1/R is infinite here: go up from a hundredth
            return (yield from _search(0.0, inf, 0.01, threshold))
        inverse = _inverted(_search(1.0 / self.best, 0.0, nearer / self.best, threshold))
        found, at_bound = yield from inverse
        return (1.0 / found if found else inf), at_bound

    def _first_step(self, threshold: float) -> float:
        if self.stderr:
            return self.stderr * sqrt(threshold)
        if not isinstance(self.quantity, str):
            return 0.5
        low, high = self._reach()
        return 0.1 * (high - low if isfinite(high - low) else max(abs(self.best), 1e-3))

    def _reach(self) -> tuple[float, float]:
        """Return the lowest and highest value that the bounds allow."""
        if isinstance(self.quantity, AreaRatio):
            return 0.0, inf
        row, target, lower, upper, _ = self.plane(0.0)
        used = np.flatnonzero(row)
        a, b = row[used] * lower[used], row[used] * upper[used]
        return float(np.minimum(a, b).sum() - target), float(np.maximum(a, b).sum() - target)

    def three_standard_errors(self) -> tuple[float, float]:
        """Return the range of a uniqueness plot."""
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


def _rises(asked: Sequence[tuple[_Profile, float]], should_stop: ShouldStop | None) -> Array:
    """Return the rise of each profile at a value; all of one fit."""
    ask(should_stop)
    if not asked:
        return np.empty(0)
    planes = [profile.plane(value) for profile, value in asked]
    rises, places = asked[0][0].surface.rises(planes, should_stop)
    for (profile, _), place in zip(asked, places, strict=True):
        profile.near = place if place is not None else profile.near
    return rises


def _together(
    searches: Sequence[tuple[_Profile, Search]], should_stop: ShouldStop | None
) -> list[tuple[float, bool]]:
    """Carry out searches in step, so that what they ask for in one round is one call."""
    ends: dict[int, tuple[float, bool]] = {}
    answers: dict[int, float | None] = dict.fromkeys(range(len(searches)))
    while answers:
        values: dict[int, float] = {}
        for i, answer in answers.items():
            try:
                search = searches[i][1]
                values[i] = next(search) if answer is None else search.send(answer)
            except StopIteration as end:
                ends[i] = end.value
        rises = _rises([(searches[i][0], value) for i, value in values.items()], should_stop)
        answers = dict(zip(values, rises.tolist(), strict=True))
    return [ends[i] for i in range(len(searches))]


def limit_of(
    rise: Callable[[float], float], start: float, edge: float, first: float, threshold: float
) -> float:
    """Return where between `start` and `edge` chi-square has risen by `threshold`.

    Parameters
    ----------
    rise : callable
        Of chi-square at a value.
    start, edge : float
        The best value, and how far one can go: `edge` where `threshold` is not reached.
    first : float
        The first step.
    threshold : float
    """
    search, answer = _search(start, edge, first, threshold), None
    try:
        while True:
            answer = rise(next(search) if answer is None else search.send(answer))
    except StopIteration as end:
        return float(end.value[0])


def _search(start: float, edge: float, first: float, threshold: float) -> Search:
    """Look for the value between `start` and `edge` where the rise is `threshold`.

    The square root of the rise is nearly straight, so that few refits are needed.
    """
    if edge == start:
        return edge, True
    side, goal = (1.0 if edge > start else -1.0), sqrt(threshold)
    inner, below, step = start, -goal, abs(first)
    for _ in range(_WIDENINGS):
        outer = start + side * step
        outer = min(outer, edge) if side > 0 else max(outer, edge)
        above = _root((yield outer)) - goal
        if abs(above) <= _PRECISION * goal:
            return _straight(inner, below, outer, above), False
        if above > 0:
            return (yield from _crossing((inner, below), (outer, above), goal)), False
        if outer == edge:
            return edge, True
        inner, below = outer, above
        step *= min(2.0, 1.1 * goal / max(above + goal, 0.1 * goal))
    return (edge if isfinite(edge) else side * inf), True


def _crossing(
    inner: tuple[float, float], outer: tuple[float, float], goal: float
) -> Generator[float, float, float]:
    """Return where a rising curve between two points is 0: straight lines, or halves."""
    (a, below), (b, above) = inner, outer
    middle, narrow = b, _NARROW * abs(b - a)
    for _ in range(_STEPS):
        middle = 0.5 * (a + b) if above > _FAR * goal else _straight(a, below, b, above)
        found = _root((yield middle)) - goal
        if abs(found) <= _PRECISION * goal or abs(b - a) <= narrow:
            return (
                _straight(a, below, middle, found)
                if found > 0
                else (_straight(middle, found, b, above))
            )
        # An end that stays where it is counts half (Illinois), so that both come nearer.
        if found > 0:
            b, above, below = middle, found, 0.5 * below
        else:
            a, below, above = middle, found, 0.5 * above
    return middle


def _straight(a: float, at_a: float, b: float, at_b: float) -> float:
    """Return where the line through two points is 0."""
    return b if at_b == at_a else b - at_b * (b - a) / (at_b - at_a)


def _root(rise: float) -> float:
    return sqrt(min(max(rise, 0.0), 1e12))


def _inverted(search: Search) -> Search:
    """Pass a search on that asks for rises at 1/R."""
    try:
        inverse = next(search)
        while True:
            inverse = search.send((yield 1.0 / inverse if inverse else inf))
    except StopIteration as end:
        found: tuple[float, bool] = end.value
        return found
