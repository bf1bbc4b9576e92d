"""How much an area ratio depends on choices that the data leave open.

Counting statistics know nothing of the user at the desk. Another one would have set the
window half an eV wider, taken a static Shirley background, let the widths free, or seen
three species instead of two. Each such choice is one *variant*: the model with that one
thing changed, fitted again. Only variants that describe the data acceptably count:

- a window is acceptable while reduced chi-square stays below that of the fit times
  1 + 3 sqrt(2 / degrees of freedom), three standard deviations of reduced chi-square
  (BIC cannot compare windows: the data differ);
- a background or a model is acceptable while its BIC is less than 10 above that of the fit.

A variant belongs to a *choice* (window, background, baseline, splitting, widths, components, line
shape). What the priors of the model carry continuously is no choice any more
(`spectra_core.uncertainty.carried`). Of the same data, the fit and the variants of a choice
have the weights that BIC gives them, exp(-BIC / 2): a variant that the data hardly allow
hardly counts. The spread of a choice is the weighted root mean square of ln R - ln R of the
fit, so that it is the error of the ratio that is printed, and not that of a mean. Choices are
independent, so their spreads add in quadrature. Every variant is listed with its ratio,
accepted or not.

Other channels have other noise: a moved window changes the ratio though nothing is wrong. The
variance of that change is the difference of both variances [2]; only what is beyond it counts.

References
----------
.. [1] R. E. Kass, A. E. Raftery, J. Am. Stat. Assoc. 90, 773 (1995): weights of models, and a
   difference in BIC of more than 10 is very strong evidence. doi:10.1080/01621459.1995.10476572
.. [2] J. A. Hausman, Econometrica 46, 1251 (1978). doi:10.2307/1913827
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from math import exp, isfinite, log, nan, sqrt

import numpy as np

from ..errors import Cancelled, FitError, ShouldStop, SpectraError
from ..fitting import FitResult
from ..fitting.better import check_minimum
from ..fitting.result import Estimates, Numbers
from ..fitting.single import Solved, options_of, solve
from ..model import split_path
from .background_variants import backgrounds, baselines, windows
from .carried import carried
from .model_variants import line_shapes, numbers, splittings, widths
from .quantities import (
    AreaRatio,
    quantity_name,
    quantity_value,
    quantity_values,
    spectra_of,
)
from .variants import Trial, owners_in

Maker = Callable[[FitResult, str], Iterable[Trial]]
DELTA_BIC = 10.0
CHI_SQUARE_SIGMAS = 3.0
TOLERANCE = 1e-4  # of a standard error: far below what a variant can show
VANISHING = 1e-3
VANISHED = "one side of the ratio vanishes in it, though the data allow it"


@dataclass(frozen=True)
class Variant:
    """One other choice, and what became of the ratio.

    Attributes
    ----------
    kind : str
        ``"background"`` or ``"model"``: the row of the budget.
    choice : str
        What was chosen otherwise: window, background, baseline, splitting, widths, components,
        line shape.
    name : str
        The variant in words.
    ratio : float or None
        None if it could not be fitted or the ratio has no value.
    reduced_chi_square, delta_bic : float or None
        Of this fit; BIC minus that of the base fit, None where the data differ.
    accepted : bool
    reason : str
        Why it was not accepted; empty if it was.
    weight : float or None
        Its share among the fit and the variants of its choice; None where it does not count.
    stderr : float or None
        Standard error of `ratio` in it, from counts and priors; None where it is not known.
    """

    kind: str
    choice: str
    name: str
    ratio: float | None
    reduced_chi_square: float | None
    delta_bic: float | None
    accepted: bool
    reason: str = ""
    weight: float | None = None
    stderr: float | None = None


@dataclass(frozen=True, eq=False)
class Spread:
    """Spread over one kind of choices.

    Attributes
    ----------
    relative : float
        Of ln R, all choices in quadrature; 0 if nothing was accepted.
    choices : mapping of str to float
        Of ln R, for each choice.
    variants : tuple of Variant
        Accepted or not.
    """

    relative: float
    choices: Mapping[str, float]
    variants: tuple[Variant, ...]

    @property
    def preferred(self) -> Variant | None:
        """The variant that BIC prefers to the fit itself by more than 10, if there is one."""
        better = [v for v in self.variants if v.accepted and (v.delta_bic or 0.0) < -DELTA_BIC]
        return min(better, key=lambda v: v.delta_bic or 0.0, default=None)

    @property
    def vanished(self) -> tuple[Variant, ...]:
        """Variants that describe the data but leave one side of the ratio empty."""
        return tuple(v for v in self.variants if v.reason == VANISHED)


def background_spread(
    result: FitResult, quantity: AreaRatio, *, should_stop: ShouldStop | None = None
) -> Spread:
    """Return how much one ratio depends on the background; see `background_spreads`."""
    return background_spreads(result, [quantity], should_stop=should_stop)[0]


def model_spread(
    result: FitResult, quantity: AreaRatio, *, should_stop: ShouldStop | None = None
) -> Spread:
    """Return how much one ratio depends on the model of the lines; see `model_spreads`."""
    return model_spreads(result, [quantity], should_stop=should_stop)[0]


def background_spreads(
    result: FitResult,
    quantities: Sequence[AreaRatio],
    *,
    without: Sequence[str] = (),
    should_stop: ShouldStop | None = None,
) -> tuple[Spread, ...]:
    """Return how much ratios depend on the window and on the kind of background.

    Each variant is fitted once for all of them. One in which one side of a ratio vanishes (R
    changes a thousandfold) has no place on a logarithmic scale: it is listed, and
    `Spread.vanished` names it.

    Parameters
    ----------
    result : FitResult
    quantities : sequence of AreaRatio
        The regions of their areas are varied, one at a time.
    without : sequence of str
        Choices that are left out.
    should_stop : callable or None

    Returns
    -------
    spreads : tuple of Spread
        Window edges moved by 0.5 eV outwards and inwards, one at a time; Shirley, linear
        and slope backgrounds, active and static.

    Raises
    ------
    FitError
        If a ratio is not positive and finite.
    Cancelled
        If `should_stop` returned True.
    """
    makers = {"window": windows, "background": backgrounds, "baseline": baselines}
    trials = [
        trial
        for name in _regions_of(quantities)
        for choice, make in makers.items()
        if choice not in without
        for trial in make(result, name)
    ]
    return _spreads("background", result, quantities, trials, should_stop)


def model_spreads(
    result: FitResult,
    quantities: Sequence[AreaRatio],
    *,
    without: Sequence[str] = (),
    should_stop: ShouldStop | None = None,
) -> tuple[Spread, ...]:
    """Return how much ratios depend on the model of the lines.

    Parameters and errors as for `background_spreads`.

    Returns
    -------
    spreads : tuple of Spread
        Splittings at both ends of what the core level's sources allow; widths shared or
        free; one component fewer, or two neighbours as one; one more, which is a component of
        the ratio described by two that count together; other line shapes.
    """
    makers: dict[str, Maker] = {
        "splitting": splittings,
        "widths": widths,
        "line shape": line_shapes,
        "components": lambda result, name: numbers(
            result, name, owners_in(result, name, quantities)
        ),
    }
    trials = [
        trial
        for name in _regions_of(quantities)
        for choice, make in makers.items()
        if choice not in without
        for trial in make(result, name)
    ]
    return _spreads("model", result, quantities, trials, should_stop)


def _judged(result: FitResult, tried: _Tried) -> str:
    """Return why a variant does not describe the data; empty if it does."""
    if tried.delta_bic is not None:
        return "" if tried.delta_bic < DELTA_BIC else f"BIC forbids it ({tried.delta_bic:+.1f})"
    found = tried.reduced_chi_square
    limit = result.statistics.reduced_chi_square * _chi_square_factor(result)
    return "" if found <= limit else f"reduced chi-square {found:.3g} is above {limit:.3g}"


# ---------------------------------------------------------------------------------
# Fitting the variants


@dataclass(frozen=True, eq=False)
class _Tried:
    """A trial and its fit; `fault` says why there is none, or that it did not converge."""

    trial: Trial
    solved: Solved | None
    reduced_chi_square: float = nan
    delta_bic: float | None = None
    fault: str = ""

    @cached_property
    def numbers(self) -> Numbers | None:
        """Values and covariance, where it is of other data; then they tell its own noise."""
        same = self.solved is None or self.delta_bic is not None
        return None if same or self.solved is None else self.solved.numbers


def _spreads(
    kind: str,
    result: FitResult,
    quantities: Sequence[AreaRatio],
    trials: Sequence[Trial],
    should_stop: ShouldStop | None,
) -> tuple[Spread, ...]:
    bases = [quantity_value(result, quantity) for quantity in quantities]
    for base, quantity in zip(bases, quantities, strict=True):
        if not (isfinite(base) and base > 0):
            raise FitError(
                f"the ratio is {base:g}, so ln R has no spread.", where=quantity_name(quantity)
            )
    needless = {name: carried(result, name) for name in _regions_of(quantities)}
    tried = [
        _tried(result, trial, should_stop)
        for trial in trials
        if trial.choice not in needless[trial.region]
        and any(trial.ratio_in(quantity) for quantity in quantities)
    ]
    return tuple(
        _spread(
            base,
            [
                _counted(kind, result, base, one, quantity, own)
                for one in tried
                if (own := one.trial.ratio_in(quantity)) is not None
            ],
        )
        for base, quantity in zip(bases, quantities, strict=True)
    )


@dataclass(frozen=True, eq=False)
class _Counted:
    """A variant, and what of its ln R - ln R of the fit counts."""

    variant: Variant
    change: float


def _spread(base: float, counted: Sequence[_Counted]) -> Spread:
    choices: dict[str, float] = {}
    variants: dict[int, Variant] = {}
    for choice in dict.fromkeys(c.variant.choice for c in counted):
        own = [i for i, c in enumerate(counted) if c.variant.choice == choice]
        heard = [i for i in own if counted[i].variant.accepted]
        shares = shares_of([counted[i].variant.delta_bic or 0.0 for i in heard])
        squares = (share * counted[i].change ** 2 for i, share in zip(heard, shares, strict=True))
        choices[choice] = sqrt(sum(squares))
        variants |= {i: counted[i].variant for i in own}
        for i, share in zip(heard, shares, strict=True):
            variants[i] = replace(counted[i].variant, weight=share)
    listed = tuple(variants[i] for i in range(len(counted)))
    return Spread(sqrt(sum(s * s for s in choices.values())), choices, listed)


def shares_of(delta_bic: Sequence[float]) -> list[float]:
    """Return the weights of variants beside a fit, from BIC above that of the fit."""
    least = min(0.0, *delta_bic) if delta_bic else 0.0
    weights = [exp(-0.5 * (delta - least)) for delta in delta_bic]
    total = exp(0.5 * least) + sum(weights)
    return [weight / total for weight in weights]


def _counted(
    kind: str,
    result: FitResult,
    base: float,
    tried: _Tried,
    quantity: AreaRatio,
    own: AreaRatio,
) -> _Counted:
    """Return what became of one ratio in a variant, and how much of its change counts."""
    variant = _variant(kind, result, base, tried, own)
    if not variant.accepted or variant.ratio is None:
        return _Counted(variant, 0.0)
    change = log(variant.ratio / base)
    if tried.numbers is None:
        return _Counted(variant, change)
    noise = abs(variance_of_log(tried.numbers, own) - variance_of_log(result, quantity))
    return _Counted(variant, sqrt(max(change * change - noise, 0.0)))


def variance_of_log(result: Estimates, quantity: AreaRatio) -> float:
    """Return the variance of ln R that the covariance of a fit gives."""
    places, gradient = [], []
    for side, sign in ((quantity.numerator, 1.0), (quantity.denominator, -1.0)):
        own = [place for path in side for place in result.places_of(path)]
        places += own
        total = sum(value for value in result.values[own].tolist() if isfinite(value))
        gradient += [sign / np.float64(total)] * len(own)
    covariance = result.covariance[np.ix_(places, places)]
    covariance = np.where(np.isfinite(covariance), covariance, 0.0)
    return float(np.array(gradient) @ covariance @ np.array(gradient))


def _tried(result: FitResult, trial: Trial, should_stop: ShouldStop | None) -> _Tried:
    if trial.obstacle:
        return _Tried(trial, None, fault=trial.obstacle)
    options = options_of(result, starts=trial.starts, tolerance=TOLERANCE)
    try:
        solved = solve(spectra_of(result), trial.model, options=options, should_stop=should_stop)
    except Cancelled:
        raise
    except SpectraError as error:
        return _Tried(trial, None, fault=str(error))
    except (ArithmeticError, ValueError) as error:
        return _Tried(trial, None, fault=f"the fit broke down numerically: {error}")
    if trial.nested:
        gone = trial.alternative.gone if trial.alternative else ()
        check_minimum(result, solved, zero=gone, where=trial.name)
    delta_bic = solved.bic - result.statistics.bic if trial.same_data else None
    solution = solved.settled.solution
    fault = "" if solution.converged else f"it did not converge: {solution.message}"
    return _Tried(trial, solved, solved.reduced_chi_square, delta_bic, fault)


def _variant(
    kind: str, result: FitResult, base: float, tried: _Tried, quantity: AreaRatio
) -> Variant:
    """Return what became of one ratio in a variant."""
    choice, name, solved = tried.trial.choice, tried.trial.name, tried.solved
    if solved is None:
        return Variant(kind, choice, name, None, None, None, False, tried.fault)
    ratio = float(quantity_values(solved.problem, quantity, solved.free[None])[0])
    reason = tried.fault or _judged(result, tried)
    if not reason and not base * VANISHING < ratio < base / VANISHING:
        reason = VANISHED
    return Variant(
        kind,
        choice,
        name,
        ratio if isfinite(ratio) else None,
        tried.reduced_chi_square,
        tried.delta_bic,
        not reason,
        reason,
    )


def _chi_square_factor(result: FitResult) -> float:
    freedom = result.statistics.degrees_of_freedom
    return 1.0 + CHI_SQUARE_SIGMAS * sqrt(2.0 / freedom)


def _regions_of(quantities: Sequence[AreaRatio]) -> list[str]:
    paths = [path for q in quantities for path in (*q.numerator, *q.denominator)]
    return list(dict.fromkeys(split_path(path)[0] for path in paths))
