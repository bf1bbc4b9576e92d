"""What each prior wanted, what the data made of it, and what it moves.

A prior is one more measurement. Its *pull* says how far the fit lies from it, in its own
standard deviations; the *posterior* error, over that of the prior, how much the data
narrowed it. A raw pull has no unit variance, since the fitted value holds the prior itself:
over ``sqrt(1 - posterior^2 / prior^2)`` it is a standard normal one.

Several priors may share one misfit, and each pull then stays small. What a prior costs is
therefore the *gain*: chi-square falls by so much when that prior alone is let go and all else
is fitted again. It is what an alarm is made of.

The *impact* of a prior on a ratio is the change of the ratio when what the prior is about is
held one posterior standard error above and below its fitted value, and all else is fitted again.

All refits have the standard deviations of the best fit, as in `spectra_core.uncertainty.surface`.

References
----------
.. [1] K. Cranmer et al., HistFactory, CERN-OPEN-2012-016 (2012).
.. [2] L. Heinrich et al., pyhf, J. Open Source Softw. 6, 2823 (2021). doi:10.21105/joss.02823
.. [3] L. Demortier, L. Lyons, Everything you always wanted to know about pulls, CDF/ANAL/PUBLIC
   5776 (2002).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import inf, isfinite, nan, sqrt
from typing import Protocol

import numpy as np

from ..errors import ShouldStop
from ..fitting import FitResult
from ..fitting.better import BETTER, BetterMinimumError
from ..fitting.refit import Data, Refits
from ..fitting.result import PriorEstimate, unit_at
from ..model import BACKGROUND, REGION, Prior, members_of, split_path
from ..shown import Drawn, Tabular
from ..spectrum import Array
from .areas import ratio_of_labels
from .profile import limit_of
from .quantities import AreaRatio, check_fitted, linear_form, quantity_value, quotient
from .surface import ENOUGH, Surface, ask, surface_of

_MOVES = 1e-6  # of a ratio: less is the rounding of a prior that it does not hang on
_TIGHT = 1e-3  # of a posterior error: the standard deviation of what is held
_UNTOLD = 1e-6  # of the variance: where the data narrow a prior by less they say nothing of it


# ---------------------------------------------------------------------------------
# What is found


@dataclass(frozen=True)
class Pull:
    """What a prior wanted, and what became of it.

    Attributes
    ----------
    prior : str
        In full, e.g. ``"S 2p/PS4/center = 161.4 +/- 0.05"``.
    name : str
        In short, for tables and figures.
    group, source : str
        See `spectra_core.model.Prior`.
    unit : str
    value, sd : float
        The prior. Of a tie between two numbers, ``A - r B = 0``, all numbers are those of the
        factor A/B.
    fitted : float
        What the fit says.
    low, high : float
        The interval of one posterior standard error around it; that of the likelihood where
        `at_bound`. NaN where the fit has none.
    at_bound : bool
        Whether something that the prior is about lies on its bound.
    gain : float or None
        What chi-square falls by without this prior; None where that fit did not converge.
    """

    prior: str
    name: str
    group: str
    source: str
    unit: str
    value: float
    sd: float
    fitted: float
    low: float
    high: float
    at_bound: bool
    gain: float | None

    @property
    def pull(self) -> float:
        """How far the fit lies from the prior, in standard deviations of the prior."""
        return (self.fitted - self.value) / self.sd

    @property
    def narrowing(self) -> float | None:
        """Posterior over prior standard deviation: 1 where the data say nothing."""
        width = (self.high - self.low) / 2.0
        return width / self.sd if isfinite(width) else None

    @property
    def normalised(self) -> float | None:
        """The pull as a standard normal number; None where the data hardly tell."""
        if self.at_bound or self.narrowing is None or 1.0 - self.narrowing**2 <= _UNTOLD:
            return None
        return self.pull / sqrt(1.0 - self.narrowing**2)


@dataclass(frozen=True)
class Impact:
    """How one prior moves one ratio.

    Attributes
    ----------
    pull : Pull
    up, down : float or None
        Change of the ratio when what the prior is about is held at the high and at the low end
        of its posterior interval; None where that fit did not converge.
    """

    pull: Pull
    up: float | None
    down: float | None

    @property
    def size(self) -> float:
        """The larger of both changes, without its sign; 0 where there is none."""
        changes = [abs(change) for change in (self.up, self.down) if change is not None]
        return max((change for change in changes if isfinite(change)), default=0.0)


@dataclass(frozen=True, eq=False, repr=False)
class Pulls(Tabular, Drawn):
    """Pulls of all priors of a fit, and their impacts on its ratios.

    Attributes
    ----------
    pulls : tuple of Pull
        In the order of the model's priors.
    ratios : tuple of str
        Names of the ratios.
    values : tuple of float
        Of the ratios, as fitted.
    impacts : tuple of tuple of Impact
        For each ratio, the largest first.
    """

    pulls: tuple[Pull, ...]
    ratios: tuple[str, ...]
    values: tuple[float, ...]
    impacts: tuple[tuple[Impact, ...], ...]


class LabelledRatio(Protocol):
    """Whatever has the name and the labels of a ratio: a `RatioRequest`, an entry of a recipe."""

    @property
    def name(self) -> str:
        """What the ratio is called."""

    @property
    def numerator(self) -> Sequence[str]:
        """Labels, as in `spectra_core.uncertainty.ratios.area_ratio`."""

    @property
    def denominator(self) -> Sequence[str]:
        """Labels."""


def pulls(
    result: FitResult,
    ratios: Sequence[LabelledRatio] = (),
    *,
    should_stop: ShouldStop | None = None,
) -> Pulls:
    """Return what became of each prior of a fit, and how much it moves each ratio.

    Parameters
    ----------
    result : FitResult
    ratios : sequence of RatioRequest, or of a recipe's ratios
    should_stop : callable or None
        Asked between refits.

    Returns
    -------
    pulls : Pulls
        For each prior its pull, how much the data narrowed it, and what chi-square gains
        without it; for each ratio the priors ranked by impact. Empty without priors.

    Raises
    ------
    ModelError
        If a label is unknown or ambiguous.
    FitError
        If the model was drawn and not fitted.
    BetterMinimumError
        If a refit lies below the fit, which was not in its best minimum.
    Cancelled
        If `should_stop` returned True.
    """
    quantities = [
        ratio_of_labels(result.model, ratio.numerator, ratio.denominator) for ratio in ratios
    ]
    names = [ratio.name for ratio in ratios]
    return pulls_of(result, quantities, names, should_stop=should_stop)


def pulls_of(
    result: FitResult,
    quantities: Sequence[AreaRatio],
    names: Sequence[str],
    *,
    should_stop: ShouldStop | None = None,
) -> Pulls:
    """Return what `pulls` returns, for ratios of paths and their names."""
    check_fitted(result)
    surface = surface_of(result)
    values = tuple(quantity_value(result, quantity) for quantity in quantities)
    forms = [
        tuple(linear_form(result.problem, side) for side in (q.numerator, q.denominator))
        for q in quantities
    ]
    found: list[Pull] = []
    impacts: list[list[Impact]] = [[] for _ in quantities]
    for k, known in enumerate(result.priors):
        ask(should_stop)
        low, high = _interval(surface, known, k, should_stop)
        gain = _freed(surface, known, k, should_stop).gain
        pull = _pull(result, known, low, high, gain)
        found.append(pull)
        held = _held(surface, known, k, np.array([low, high]), should_stop)
        for own, (top, bottom), value in zip(impacts, forms, values, strict=True):
            moved = quotient(top.at(held.free), bottom.at(held.free)) - value
            down, up = (
                float(change) if there else None
                for change, there in zip(moved, held.converged, strict=True)
            )
            own.append(Impact(pull, up, down))
    ranked = tuple(
        tuple(sorted((i for i in own if i.size > _MOVES * abs(value)), key=lambda i: -i.size))
        for own, value in zip(impacts, values, strict=True)
    )
    return Pulls(tuple(found), tuple(names), values, ranked)


def pulls_at_rest(result: FitResult) -> tuple[Pull, ...]:
    """Return the pulls of a fit's priors from its numbers alone: without refits, without gains."""
    found = []
    for known in result.priors:
        error = nan if known.stderr is None else known.stderr
        found.append(_pull(result, known, known.fitted - error, known.fitted + error, None))
    return tuple(found)


# ---------------------------------------------------------------------------------
# One prior in the numbers that are shown


def _pull(
    result: FitResult, known: PriorEstimate, low: float, high: float, gain: float | None
) -> Pull:
    prior, problem = known.prior, result.problem
    factor, scale = _as_factor(result, prior) or (None, 1.0)
    first = members_of(result.model, prior.terms[0].source)[0]
    value, fitted, low, high = (
        number / scale if factor is None else factor + number / scale
        for number in (prior.value, known.fitted, low, high)
    )
    return Pull(
        prior.formula,
        name_of(prior),
        prior.group,
        prior.source,
        "" if factor is not None else unit_at(problem, problem.places[first]),
        value,
        known.sd / abs(scale),
        fitted,
        min(low, high),
        max(low, high),
        _lies_on_bound(result, prior),
        gain,
    )


def _as_factor(result: FitResult, prior: Prior) -> tuple[float, float] | None:
    """Return r, and what A - r B is divided by to be that of A/B - r; None where it is no tie."""
    if len(prior.terms) != 2 or prior.value != 0.0:
        return None
    (a, first), (b, other) = ((term.times, term.source) for term in prior.terms)
    size = result.value(other)
    if a * b >= 0 or not size > 0 or split_path(first)[2] == "center":
        return None
    return -b / a, a * size


def _lies_on_bound(result: FitResult, prior: Prior) -> bool:
    places = [place for term in prior.terms for place in result.places_of(term.source)]
    return bool(result.at_bound[places].any())


_WORDS = {
    "center": "position",
    "mix": "Lorentz share",
    "fwhm": "width",
    "fwhm_gauss": "Gaussian width",
    "fwhm_lorentz": "Lorentzian width",
    "shift": "charge shift",
}
_OF_REGION = {BACKGROUND: " background", REGION: ""}


def name_of(prior: Prior) -> str:
    """Return what a prior is about, in a few words."""
    owners = []
    for term in prior.terms:
        region, owner, _ = split_path(term.source)
        owners.append(f"{region}{_OF_REGION.get(owner, f' {owner}')}")
    name = split_path(prior.terms[0].source)[2]
    words = _WORDS.get(name, name.replace("_", " "))
    if len(prior.terms) == 1:
        return f"{owners[0]}, {words}"
    if len(prior.terms) == 2 and prior.terms[0].times * prior.terms[1].times < 0:
        between = " − " if name == "center" else " : "
        return f"{owners[0]}{between}{owners[1]}, {words}"
    return f"{', '.join(dict.fromkeys(owners))}, {words}"


# ---------------------------------------------------------------------------------
# Held


def _interval(
    surface: Surface, known: PriorEstimate, k: int, should_stop: ShouldStop | None
) -> tuple[float, float]:
    """Return the interval of one posterior standard error of what a prior is about."""
    if known.stderr is not None:
        return known.fitted - known.stderr, known.fitted + known.stderr
    problem = surface.refitter.problem
    row = problem.prior_matrix[k]
    used = np.flatnonzero(row)
    ends = row[used] * problem.lower[used], row[used] * problem.upper[used]
    constant = known.prior.value - problem.prior_targets[k]
    edges = (
        float(np.minimum(*ends).sum() + constant),
        float(np.maximum(*ends).sum() + constant),
    )

    def rise(value: float) -> float:
        ask(should_stop)
        refits = _held(surface, known, k, np.array([value]), should_stop)
        if not refits.converged[0]:
            return inf
        own = ((value - known.prior.value) / known.sd) ** 2
        return float(refits.chi_square[0]) + own - surface.chi_square

    low, high = (
        limit_of(rise, known.fitted, edge, 0.5 * known.sd, 1.0)
        if abs(edge - known.fitted) > 1e-9 * known.sd
        else known.fitted
        for edge in edges
    )
    return low, high


def _held(
    surface: Surface,
    known: PriorEstimate,
    k: int,
    targets: Array,
    should_stop: ShouldStop | None,
) -> Refits:
    """Return refits (M,) with what a prior is about held at `targets` (M,).

    Chi-square is then that of the data and of all other priors.
    """
    problem = surface.refitter.problem
    row = problem.prior_matrix[k]
    width = known.sd if known.stderr is None else known.stderr
    way = surface.covariance @ row
    variance = float(row @ way)
    if variance > 0:
        way = way / variance
    start = surface.best + np.outer(targets - known.fitted, way)
    sds = problem.priors.sds.copy()
    sds[k] = _TIGHT * width
    centres = np.tile(problem.priors.values, (targets.size, 1))
    centres[:, k] = targets
    start = np.clip(start, problem.lower, problem.upper)
    refits = _refitted(surface, sds, start, centres, should_stop)
    _check_minimum(surface, known, targets, refits)
    return refits


def _check_minimum(surface: Surface, known: PriorEstimate, targets: Array, refits: Refits) -> None:
    """Raise BetterMinimumError where a refit lies below the fit with its prior back on."""
    own = ((targets - known.prior.value) / known.sd) ** 2
    gains = np.where(refits.converged, surface.chi_square - refits.chi_square - own, -inf)
    m = int(np.argmax(gains))
    if gains[m] > BETTER:
        values = surface.refitter.problem.full(refits.free[m])
        raise BetterMinimumError.of(float(gains[m]), values, known.prior.terms[0].source)


# ---------------------------------------------------------------------------------
# Freed


@dataclass(frozen=True, eq=False)
class Freed:
    """The fit without one of its priors.

    Attributes
    ----------
    known : PriorEstimate
        What became of the prior while it acted.
    gain : float or None
        Chi-square of data and priors falls by so much; None where the fit did not converge.
        Its root is the significance of the disagreement, in standard errors.
    value : float or None
        What data and other priors say of the sum by themselves.
    stderr : float or None
        The standard error of `value`; None where the data hardly tell.
    free : ndarray, shape (F,), or None
        The free parameters then, in the order of ``result.problem.free_paths``.
    """

    known: PriorEstimate
    gain: float | None
    value: float | None
    stderr: float | None
    free: Array | None


def freed(
    result: FitResult,
    places: Sequence[int] | None = None,
    *,
    should_stop: ShouldStop | None = None,
) -> tuple[Freed, ...]:
    """Return the fit without each of its priors, one at a time.

    Parameters
    ----------
    result : FitResult
    places : sequence of int or None
        Which of ``result.priors``; None: all.
    should_stop : callable or None
        Asked between refits.

    Returns
    -------
    freed : tuple of Freed
        Empty for a model without priors.

    Raises
    ------
    FitError
        If the model was drawn and not fitted.
    Cancelled
        If `should_stop` returned True.
    """
    check_fitted(result)
    known = result.priors
    surface = surface_of(result)
    found = []
    for k in range(len(known)) if places is None else places:
        ask(should_stop)
        found.append(_freed(surface, known[k], k, should_stop))
    return tuple(found)


def _freed(surface: Surface, known: PriorEstimate, k: int, should_stop: ShouldStop | None) -> Freed:
    problem = surface.refitter.problem
    sds = problem.priors.sds.copy()
    sds[k] = inf
    start = _without(surface, known, k)
    refits = _refitted(surface, sds, start[None], None, should_stop)
    if not refits.converged[0]:
        return Freed(known, None, None, None, None)
    free = refits.free[0]
    value = float(problem.priors.sums[k] @ np.nan_to_num(problem.full(free)))
    gain = surface.chi_square - float(refits.chi_square[0])
    return Freed(known, gain, value, _error_by_itself(known), free)


def _without(surface: Surface, known: PriorEstimate, k: int) -> Array:
    """Return where the fit without a prior is likely to be: one step of least squares."""
    problem = surface.refitter.problem
    row = problem.prior_matrix[k]
    way = surface.covariance @ row
    left = known.sd**2 - float(row @ way)
    if not left > _UNTOLD * known.sd**2:
        return surface.best
    step = way * (known.fitted - known.prior.value) / left
    return np.clip(surface.best + step, problem.lower, problem.upper)


def _error_by_itself(known: PriorEstimate) -> float | None:
    """Return the standard error without the prior: 1/s^2 = 1/posterior^2 - 1/prior^2."""
    if known.stderr is None:
        return None
    told = 1.0 / known.stderr**2 - 1.0 / known.sd**2
    return sqrt(1.0 / told) if told * known.sd**2 > _UNTOLD else None


def _refitted(
    surface: Surface,
    sds: Array,
    start: Array,
    centres: Array | None,
    should_stop: ShouldStop | None,
) -> Refits:
    """Return refits (M,) with other standard deviations (K,) and centres (M, K) of the priors."""
    problem = surface.refitter.problem
    changed = replace(problem, priors=replace(problem.priors, sds=sds))
    data = None
    if centres is not None:
        rows = len(centres)
        y = tuple(np.broadcast_to(r.y, (rows, r.y.size)) for r in problem.regions)
        data = Data(y, tuple(None for _ in y), centres)
    again = surface.refitter.relinked(changed)
    return again.refit(start, data=data, tolerance=ENOUGH, should_stop=should_stop)
