"""How much of one thing over another, with an error that survives a referee.

The areas of overlapping lines are correlated, usually negatively: what one line gains
the other loses. A ratio from two error bars taken by themselves is therefore wrong,
often by a third. Here the covariance of the fit is propagated in full, and the interval
is that of ln R, because a ratio of positive areas is skewed when its error is not small.

A covariance says nothing of what lies on a bound, and too little of everything beside it.
Where a parameter of the fit lies on one, the error is that of the likelihood
(`counted_ratio`), so that a sum keeps its interval though one of its parts is zero. What
the data would do without has no ratio but an upper limit.

What counting statistics do not know is added by `spectra_core.uncertainty.budget`.

References
----------
.. [1] G. J. Feldman, R. D. Cousins, Phys. Rev. D 57, 3873 (1998): why an interval and an
   upper limit are different statements. doi:10.1103/PhysRevD.57.3873
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from math import exp, isfinite, log, sqrt

import numpy as np

from ..curves.baselines import BASELINES
from ..errors import FitError, ModelError, ShouldStop
from ..fitting import FitResult
from ..fitting.better import BetterMinimumError
from ..fitting.result import Estimates
from ..fitting.stack import Stack
from ..model import split_path
from ..shown import Drawn, Tabular
from ..spectrum import Array
from .areas import lines_of, ratio_of_labels
from .profile import ProfileInterval, delta_chi_square, profile_intervals, upper_limit
from .pulls import Impact
from .quantities import (
    LEVEL,
    ONE_SIGMA,
    AreaRatio,
    check_fitted,
    normal_quantile,
)
from .spread import Variant

_NORMAL_QUANTILE = normal_quantile(LEVEL)
DETECTION_SIGMAS = 3.0
_CLEARLY_THERE = 6.0  # standard errors of an area beyond which no refit is needed to see it
_OPEN = 50.0  # of ln R: no interval any more
_MOST_NAMED = 3
ALL_ROWS, COUNTING_ALONE = "all rows", "counting alone"
COVARIANCE, PROFILE, MONTE_CARLO = "covariance", "profile likelihood", "monte carlo"
PRIOR_ROWS = ("energies", "ties", "shape", "background", "reference")
"""Rows that what is known beforehand can have part in."""
BUDGET_ROWS = ("counting", "energies", "ties", "shape", "background", "model", "reference")


@dataclass(frozen=True)
class Budget:
    """Where the uncertainty of a ratio comes from: standard errors of R.

    Attributes
    ----------
    counting : float or None
        Of the counts, with everything held that a prior speaks of.
    energies, ties, shape : float or None
        What the priors of that group leave open. None where the model has none.
    background, model, reference : float or None
        Of windows and backgrounds, models of the lines, sensitivity factors. None where it
        was not asked for or cannot be known; 0 where it does not matter.
    total : float or None
        Quadrature of all rows. None without the counting row, or where one of background,
        model and reference is None: what was not looked at cannot be in a total.
    """

    counting: float | None = None
    energies: float | None = None
    ties: float | None = None
    shape: float | None = None
    background: float | None = None
    model: float | None = None
    reference: float | None = None
    total: float | None = None


NEEDED_ROWS = ("background", "model", "reference")
"""Rows without which there is no total, beside counting."""


@dataclass(frozen=True)
class MonteCarloSummary:
    """How the counting interval was drawn; `failures` are sentences with their number."""

    method: str
    reason: str
    seed: int
    draws: int
    failed: int
    failures: tuple[tuple[str, int], ...]


@dataclass(frozen=True, repr=False)
class Ratio(Tabular, Drawn):
    """One area ratio.

    Attributes
    ----------
    name : str
    value : float or None
        None if the denominator's area is zero.
    stderr : float or None
        Standard error with the covariance of all areas, or of the likelihood; None where an
        area has none (fixed, not determined) or where nothing varies.
    interval : tuple of two floats, or None
        Confidence interval of R from that of ln R in the model as it is: from the counts,
        and from the priors of the model if it has some.
    level : float
        Of the interval.
    formula : str
        The areas it was made from, in words.
    note : str
        Why something is None, and what else must be known; empty if nothing.
    interval_method : str
        ``"covariance"``, ``"profile likelihood"``, or ``"monte carlo"`` with the kind of draws.
    budget : Budget
    total_interval : tuple of two floats, or None
        `interval` widened by the other rows, in quadrature on ln R and on either side; None
        where there is no total.
    upper_limit : float or None
        Where the numerator is below detection: R is less than this, one-sided, with
        probability `level`, from the likelihood. `value` is then None.
    monte_carlo : MonteCarloSummary or None
    variants : tuple of Variant
        Every other choice that was tried, with its ratio.
    average : float or None
        Median of what all models say that the data leave open, of which `total_interval` is the
        interval; None where the fitted model is the only one. `value` is of the fitted one.
    impacts : tuple of Impact
        How each prior of the model moves it, the largest first; empty where the counts alone
        were asked for, or the model has no priors.
    """

    name: str
    value: float | None
    stderr: float | None
    interval: tuple[float, float] | None
    level: float
    formula: str
    note: str = ""
    interval_method: str = COVARIANCE
    budget: Budget = Budget()
    total_interval: tuple[float, float] | None = None
    upper_limit: float | None = None
    monte_carlo: MonteCarloSummary | None = None
    variants: tuple[Variant, ...] = ()
    impacts: tuple[Impact, ...] = ()
    average: float | None = None

    @property
    def error(self) -> float | None:
        """The standard error to print: the total, or, where there is none, that of the fit."""
        if self.budget.total is not None or self.budget.counting is None:
            return self.stderr if self.budget.total is None else self.budget.total
        names = ("counting", *PRIOR_ROWS) if self._has_priors else ("counting",)
        rows = (getattr(self.budget, name) for name in names)
        return sqrt(sum(row * row for row in rows if row is not None))

    @property
    def _has_priors(self) -> bool:
        return any(getattr(self.budget, name) is not None for name in ("energies", "ties", "shape"))

    @property
    def best_interval(self) -> tuple[float, float] | None:
        """The interval to print: with all rows, or, where there is none, that of the fit."""
        return self.interval if self.total_interval is None else self.total_interval

    @property
    def scope(self) -> str:
        """What `error` and `best_interval` hold, in words; empty where there is no error."""
        if self.error is None:
            return ""
        if self.budget.total is not None:
            return ALL_ROWS
        return "counts and priors alone" if self._has_priors else COUNTING_ALONE


def area_ratio(
    result: Estimates, numerator: Sequence[str], denominator: Sequence[str], *, name: str
) -> Ratio:
    """Return a ratio of sums of areas with its propagated standard error.

    Parameters
    ----------
    result : Estimates
        A `FitResult`, or the numbers of one.
    numerator, denominator : sequence of str
        Labels or ids of components or doublets (both lines together), in a model with
        several regions where needed as ``"region/label"``.
    name : str
        What the ratio is called.

    Returns
    -------
    ratio : Ratio

    Raises
    ------
    ModelError
        If a label is unknown or ambiguous, or its line shape has no finite area.

    Notes
    -----
    With R = sum(A_i) / sum(B_j): u(ln R)^2 = g C g^T, where g is 1/A for a numerator
    area and -1/B for one of the denominator; an area on both sides counts twice.
    """
    return _propagated(result, ratio_of_labels(result.model, numerator, denominator), name)


def _propagated(result: Estimates, quantity: AreaRatio, name: str) -> Ratio:
    return _Areas.of(result).ratios(quantity, name)[0]


@dataclass(frozen=True, eq=False)
class _Areas:
    """Sums of areas in M fits of one model, with their covariance.

    Sums are made term by term, in one order, so that a fit has the same numbers alone and
    among many.
    """

    places_of: Callable[[str], Sequence[int]]
    values: Array  # (M, P)
    covariance: Array  # (M, P, P)
    at_bound: np.ndarray  # (M, P)

    @classmethod
    def of(cls, result: Estimates) -> _Areas:
        """Return those of one fit."""
        arrays = (result.values[None], result.covariance[None], result.at_bound[None])
        return cls(result.places_of, *arrays)

    def sums(self, paths: Sequence[str]) -> Array:
        """Return the sum of some areas, (M,)."""
        areas = (_sum(self.values[:, place] for place in self.places_of(path)) for path in paths)
        return _sum(areas)

    def covariances(self, one: str, other: str) -> Array:
        """Return the covariance of two areas, (M,)."""
        pairs = [(i, j) for i in self.places_of(one) for j in self.places_of(other)]
        return _sum(self.covariance[:, i, j] for i, j in pairs)

    def clearly_there(self, paths: Sequence[str]) -> np.ndarray:
        """Return where a sum of areas is so many standard errors above 0 that it is seen."""
        held = self.at_bound[:, [self.places_of(path)[0] for path in paths]].any(axis=1)
        variance = _sum(self.covariances(one, other) for one in paths for other in paths)
        known = np.isfinite(variance) & (variance > 0) & ~held
        errors = np.sqrt(np.where(known, variance, 0.0))
        return np.asarray(known & (self.sums(paths) > _CLEARLY_THERE * errors))

    def variances(self, quantity: AreaRatio, value: Array, bottom: Array) -> Array:
        """Return the variance of a ratio (M,); NaN where an area's own error is not known."""
        paths = [*quantity.numerator, *quantity.denominator]
        weights = [1.0 / bottom] * len(quantity.numerator)
        weights += [-value / bottom] * len(quantity.denominator)
        terms = [
            weight * other_weight * self.covariances(one, other)
            for one, weight in zip(paths, weights, strict=True)
            for other, other_weight in zip(paths, weights, strict=True)
        ]
        variance, scale = _sum(terms), _sum(map(np.abs, terms))
        # Areas tied to one another give an exact ratio; what rounding leaves is not an error.
        found = np.where(variance > 1e-12 * scale, variance, 0.0)
        for path in paths:
            own = self.covariances(path, path)
            held = self.at_bound[:, list(self.places_of(path))].any(axis=1)
            found = np.where(~held & np.isfinite(own) & (own > 0), found, np.nan)
        return np.where(np.isfinite(variance), found, np.nan)

    def ratios(self, quantity: AreaRatio, name: str) -> list[Ratio]:
        """Return the ratio of each fit as its covariance has it."""
        formula = " / ".join(map(_sum_in_words, (quantity.numerator, quantity.denominator)))
        top, bottom = self.sums(quantity.numerator), self.sums(quantity.denominator)
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            value = top / bottom
            variance = self.variances(quantity, value, bottom)
        return [
            _ratio(name, formula, *each)
            for each in zip(value.tolist(), variance.tolist(), strict=True)
        ]


def _sum(terms: Iterable[Array]) -> Array:
    total, *others = terms
    for term in others:
        total = total + term
    return total


def _ratio(name: str, formula: str, value: float, variance: float) -> Ratio:
    """Return a ratio with its error and interval, or the note that says why there is none."""
    if not isfinite(value):
        return Ratio(name, None, None, None, LEVEL, formula, "the denominator's area is zero.")
    if not isfinite(variance):
        note = "an area is fixed, on a bound or not determined, so the ratio has no error."
        return Ratio(name, value, None, None, LEVEL, formula, note)
    stderr, note, interval = sqrt(variance), "", None
    if value <= 0:
        note = "ln R needs positive areas."
    elif (half := _NORMAL_QUANTILE * stderr / value) > _OPEN:
        note = "the error is so large that the interval is open on both sides."
    else:
        interval = (value * exp(-half), value * exp(half))
    budget = Budget(counting=stderr)
    return Ratio(name, value, stderr, interval, LEVEL, formula, note, budget=budget)


def clear_ratios(
    stack: Stack,
    rows: Sequence[int],
    numerator: Sequence[str],
    denominator: Sequence[str],
    name: str,
) -> list[Ratio | None]:
    """Return `area_ratio` of some rows where it is `counted_ratio` as well, no curve being drawn.

    None where the numerator does not stand out at once, or something lies on a bound, so that
    data have to be asked.

    Parameters
    ----------
    stack : Stack
    rows : sequence of int
    numerator, denominator, name
        As for `area_ratio`.
    """
    picked = np.asarray(rows, dtype=int)
    quantity = ratio_of_labels(stack.problem.model, numerator, denominator)
    areas = _Areas(
        stack.numbers(0).places_of,
        stack.values[picked],
        stack.covariance[picked],
        stack.at_bound[picked],
    )
    clear = areas.clearly_there(quantity.numerator) & ~areas.at_bound.any(axis=1)
    found = zip(areas.ratios(quantity, name), clear.tolist(), strict=True)
    return [ratio if seen or ratio.value is None else None for ratio, seen in found]


def counted_ratio(
    result: FitResult,
    numerator: Sequence[str],
    denominator: Sequence[str],
    *,
    name: str,
    should_stop: ShouldStop | None = None,
) -> Ratio:
    """Return a ratio with the uncertainty of the counts alone, as it really is.

    That of `area_ratio` where nothing lies on a bound; else that of the likelihood. A
    numerator that the data would do without has no ratio of 0: the ratio is "less than" (see
    `Ratio.upper_limit`). Parameters and errors as for `area_ratio`.
    """
    quantity = ratio_of_labels(result.model, numerator, denominator)
    return counted(result, [quantity], [name], should_stop)[0]


def counted(
    result: FitResult,
    quantities: Sequence[AreaRatio],
    names: Sequence[str],
    should_stop: ShouldStop | None = None,
) -> tuple[Ratio, ...]:
    """Return ratios with the uncertainty of the counts alone; see `counted_ratio`."""
    check_fitted(result)
    ratios = []
    for quantity, name in zip(quantities, names, strict=True):
        plain = _propagated(result, quantity, name)
        seen = plain if plain.value is None else _detected(result, quantity, plain, should_stop)
        ratios.append(seen)
    if not result.at_bound.any():
        return tuple(ratios)
    places = [i for i, ratio in enumerate(ratios) if ratio.value is not None]
    found = _profiled(result, [quantities[i] for i in places], should_stop)
    why = f"{_on_bounds(result)}, so the errors are those of the likelihood."
    for i, profile in zip(places, found, strict=True):
        if profile is not None:
            ratios[i] = _with_profile(ratios[i], *profile, why)
    return tuple(ratios)


def _on_bounds(result: FitResult) -> str:
    """Return which free parameters lie on their bounds, in words."""
    problem = result.problem
    names = [
        path for i, path in zip(problem.free, problem.free_paths, strict=True) if result.at_bound[i]
    ]
    if len(names) == 1:
        return f"{names[0]} lies on its bound"
    more = f" and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else ""
    return f"{', '.join(names[:_MOST_NAMED])}{more} lie on their bounds"


Profiles = tuple[ProfileInterval, ProfileInterval]
"""The interval of a ratio, and that of one standard error."""


def _profiled(
    result: FitResult, quantities: Sequence[AreaRatio], should_stop: ShouldStop | None
) -> list[Profiles | None]:
    """Return the likelihood's intervals; None where a ratio has none."""
    found: list[Profiles | None] = []
    for quantity in quantities:
        try:
            wide, narrow = (
                profile_intervals(result, [quantity], level=level, should_stop=should_stop)[0]
                for level in (LEVEL, ONE_SIGMA)
            )
        except BetterMinimumError:
            raise
        except (ModelError, FitError):  # nothing varies, or a refit does not converge
            found.append(None)
        else:
            found.append((wide, narrow))
    return found


def _with_profile(ratio: Ratio, wide: ProfileInterval, narrow: ProfileInterval, note: str) -> Ratio:
    """Return a ratio with the interval of the likelihood in place of the covariance's."""
    assert ratio.value is not None
    if not isfinite(wide.high):
        note = f"the interval is open: the data allow a denominator of zero. {note}"
        return replace(ratio, stderr=None, interval=None, budget=Budget(), note=note)
    low, high = max(narrow.low, 0.0), narrow.high
    spread = (high - low) / 2.0
    if low > 0 and isfinite(high):
        spread = ratio.value * log(high / low) / 2.0
    if wide.low <= 0:
        note = f"the interval begins at zero. {note}"
    return replace(
        ratio,
        stderr=spread if isfinite(spread) else None,
        interval=(max(wide.low, 0.0), wide.high),
        interval_method=PROFILE,
        budget=Budget(counting=spread if isfinite(spread) else None),
        note=note,
    )


def _detected(
    result: FitResult, quantity: AreaRatio, plain: Ratio, should_stop: ShouldStop | None
) -> Ratio:
    """Return the ratio, or an upper limit if the data would do without the numerator."""
    if _Areas.of(result).clearly_there(quantity.numerator)[0]:
        return plain
    try:
        rise = delta_chi_square(result, quantity, 0.0, should_stop=should_stop)
    except ModelError:  # the areas are fixed: there is nothing to detect
        return plain
    if rise >= DETECTION_SIGMAS**2:
        return plain
    if _may_vanish(result, quantity, should_stop):
        note = "neither the numerator nor the denominator is determined by the data."
        return _undetermined(plain, note)
    if before := _taken_before(result, quantity):
        note = (
            f"not seen, and without a limit: what the {before} baseline took from the band before"
            " the fit is not known. A polynomial baseline that is fitted with the bands gives one."
        )
        return _undetermined(plain, note)
    own = _own_positions(result, quantity.numerator)
    try:
        limit = upper_limit(result, quantity, level=LEVEL, held=own, should_stop=should_stop)
    except BetterMinimumError:
        raise
    except FitError as error:
        note = f"below detection, and no upper limit could be found: {error}"
        return _undetermined(plain, note)
    if not isfinite(limit):
        note = "neither the numerator nor the denominator is determined by the data."
        return _undetermined(plain, note)
    return replace(
        _undetermined(plain, _detection_note(result, quantity, plain, rise, limit, own)),
        upper_limit=limit,
    )


def _may_vanish(result: FitResult, quantity: AreaRatio, should_stop: ShouldStop | None) -> bool:
    """Return whether the data would do without the denominator, so that no limit holds."""
    areas, below = _Areas.of(result), quantity.denominator
    if areas.clearly_there(below)[0]:
        return False
    least = normal_quantile(2.0 * LEVEL - 1.0)  # one-sided
    variance = float(_sum(areas.covariances(one, other) for one in below for other in below)[0])
    if variance > float(areas.sums(below)[0] / least) ** 2:
        return True
    inverse = AreaRatio(quantity.denominator, quantity.numerator)
    try:
        rise = delta_chi_square(result, inverse, 0.0, should_stop=should_stop)
    except ModelError:  # a fixed area is as large as it is
        return False
    return rise < least**2


def _undetermined(plain: Ratio, note: str) -> Ratio:
    return replace(plain, value=None, stderr=None, interval=None, budget=Budget(), note=note)


def _own_positions(result: FitResult, paths: tuple[str, ...]) -> tuple[str, ...]:
    """Return the free parameters that are position and shape of some lines, and of no others.

    A line that is not there has no position: a limit holds for a place that is given. What
    such a line shares with others stays free, and so does what a prior knows of it: there
    the place is given by the prior, with its width.
    """
    problem = result.problem
    owners = {owner for path in paths for owner in lines_of(result.model, path)}
    own = {i for i, p in enumerate(problem.paths) if p.rpartition("/")[0] in owners}
    return tuple(
        path
        for j, path in enumerate(problem.free_paths)
        if set(np.flatnonzero(problem.matrix[:, j])) <= own
        and split_path(path)[2] != "area"
        and not problem.prior_matrix[:, j].any()
    )


def _detection_note(
    result: FitResult,
    quantity: AreaRatio,
    plain: Ratio,
    rise: float,
    limit: float,
    held: tuple[str, ...],
) -> str:
    where = "at the fitted position" if held else "wherever its priors let it lie"
    bottom = sum(result.value(path) for path in quantity.denominator)
    unit = result.unit(quantity.numerator[0])
    error = "" if plain.stderr is None else f" ± {plain.stderr:.2g}"
    higher = "no higher" if rise < 0.05 else f"only {rise:.1f} higher"
    return (
        f"below detection, R < {limit:.2g} (A_min {limit * bottom:.3g} {unit}; likelihood,"
        f" one-sided {LEVEL:.0%}, {where}); best value {plain.value:.2g}{error},"
        f" and without the numerator chi-square is {higher}."
    )


def _taken_before(result: FitResult, quantity: AreaRatio) -> str | None:
    """Return the baseline that was computed before the fit below the numerator, if one was."""
    owners = {path.partition("/")[0] for path in quantity.numerator}
    kinds = {r.background.type for r in result.model.regions if r.name in owners}
    return min(kinds & set(BASELINES), default=None)


def _sum_in_words(paths: Sequence[str]) -> str:
    owners = [path.removesuffix("/area") for path in paths]
    text = " + ".join(f"A({owner})" for owner in owners)
    return f"({text})" if len(owners) > 1 else text
