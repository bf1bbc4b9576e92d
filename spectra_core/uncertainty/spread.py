"""How much an area ratio depends on choices that the data leave open.

Counting statistics know nothing of the user at the desk. Another one would have set the
window half an eV wider, taken a static Shirley background, let the widths free, or seen
three species instead of two. Each such choice is one *variant*: the model with that one
thing changed, fitted again. Only variants that describe the data acceptably count:

- a background is acceptable while reduced chi-square stays below that of the fit times
  1 + 3 sqrt(2 / degrees of freedom), three standard deviations of reduced chi-square
  (BIC cannot compare windows: the data differ);
- a model is acceptable while its BIC is less than 10 above that of the fit.

A variant belongs to a *choice* (window, background, splitting, widths, components, line
shape). The spread of a choice is the standard deviation of ln R over the fit itself and
the accepted variants of that choice; choices are independent, so their spreads add in
quadrature. (One standard deviation over all variants would shrink with each variant that
changes nothing.) Every variant is listed with its ratio, accepted or not.

References
----------
.. [1] R. E. Kass, A. E. Raftery, J. Am. Stat. Assoc. 90, 773 (1995): a difference in BIC
   of more than 10 is very strong evidence. doi:10.1080/01621459.1995.10476572
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import isfinite, log, sqrt
from statistics import stdev

from ..errors import Cancelled, FitError, ShouldStop, SpectraError
from ..fitting import FitResult
from ..fitting.single import Solved, solve
from ..model import split_path
from .background_variants import backgrounds, windows
from .model_variants import line_shapes, numbers, splittings, widths
from .quantities import (
    AreaRatio,
    quantity_name,
    quantity_value,
    quantity_values,
    refit_options,
    spectra_of,
)
from .variants import Trial

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
        What was chosen otherwise: window, background, splitting, widths, components,
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
    """

    kind: str
    choice: str
    name: str
    ratio: float | None
    reduced_chi_square: float | None
    delta_bic: float | None
    accepted: bool
    reason: str = ""


@dataclass(frozen=True, eq=False)
class Spread:
    """Spread over one kind of choices.

    Attributes
    ----------
    relative : float
        Standard deviation of ln R, all choices in quadrature; 0 if nothing was accepted.
    choices : mapping of str to float
        Standard deviation of ln R of each choice.
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
    """Return how much a ratio depends on the window and on the kind of background.

    A variant in which one side of the ratio vanishes (R changes a thousandfold) has no
    place on a logarithmic scale: it is listed, and `Spread.vanished` names it.

    Parameters
    ----------
    result : FitResult
    quantity : AreaRatio
        The regions of its areas are varied, one at a time.
    should_stop : callable or None

    Returns
    -------
    spread : Spread
        Window edges moved by 0.5 eV outwards and inwards, one at a time; Shirley, linear
        and slope backgrounds, active and static.
    """
    trials = [
        trial
        for name in _regions_of(quantity)
        for make in (windows, backgrounds)
        for trial in make(result, name, quantity)
    ]
    limit = result.statistics.reduced_chi_square * _chi_square_factor(result)

    def judge(refit: Solved, delta_bic: float | None) -> str:
        found = refit.reduced_chi_square
        if found <= limit:
            return ""
        return f"reduced chi-square {found:.3g} is above {limit:.3g}"

    return _spread("background", result, quantity, trials, judge, should_stop)


def model_spread(
    result: FitResult, quantity: AreaRatio, *, should_stop: ShouldStop | None = None
) -> Spread:
    """Return how much a ratio depends on the model of the lines.

    Parameters
    ----------
    result : FitResult
    quantity : AreaRatio
    should_stop : callable or None

    Returns
    -------
    spread : Spread
        Splittings at both ends of what the core level's sources allow; widths shared or
        free; one component fewer, or two neighbours as one; one more, which is a component of
        the ratio described by two that count together; other line shapes.
    """
    makers = (splittings, widths, numbers, line_shapes)
    trials = [
        trial
        for name in _regions_of(quantity)
        for make in makers
        for trial in make(result, name, quantity)
    ]

    def judge(refit: Solved, delta_bic: float | None) -> str:
        if delta_bic is not None and delta_bic < DELTA_BIC:
            return ""
        return f"BIC forbids it ({delta_bic:+.1f})"

    return _spread("model", result, quantity, trials, judge, should_stop)


# ---------------------------------------------------------------------------------
# Fitting the variants

Judge = Callable[[Solved, float | None], str]


def _spread(
    kind: str,
    result: FitResult,
    quantity: AreaRatio,
    trials: Sequence[Trial],
    judge: Judge,
    should_stop: ShouldStop | None,
) -> Spread:
    base = quantity_value(result, quantity)
    if not (isfinite(base) and base > 0):
        raise FitError(
            f"the ratio is {base:g}, so ln R has no spread.", where=quantity_name(quantity)
        )
    variants = tuple(_fitted(kind, result, base, trial, judge, should_stop) for trial in trials)
    choices: dict[str, float] = {}
    for choice in dict.fromkeys(v.choice for v in variants):
        ratios = [v.ratio for v in variants if v.choice == choice and v.accepted]
        logs = [log(ratio) for ratio in (base, *ratios) if ratio]
        choices[choice] = stdev(logs) if len(logs) > 1 else 0.0
    return Spread(sqrt(sum(s * s for s in choices.values())), choices, variants)


def _fitted(
    kind: str,
    result: FitResult,
    base: float,
    trial: Trial,
    judge: Judge,
    should_stop: ShouldStop | None,
) -> Variant:
    def refused(reason: str) -> Variant:
        return Variant(kind, trial.choice, trial.name, None, None, None, False, reason)

    if trial.obstacle:
        return refused(trial.obstacle)
    options = refit_options(result, starts=trial.starts, tolerance=TOLERANCE)
    spectra = spectra_of(result)
    try:
        refit = solve(spectra, trial.model, options=options, should_stop=should_stop)
    except Cancelled:
        raise
    except SpectraError as error:
        return refused(str(error))
    except (ArithmeticError, ValueError) as error:
        return refused(f"the fit broke down numerically: {error}")
    ratio = float(quantity_values(refit.problem, trial.quantity, refit.free[None])[0])
    delta_bic = refit.bic - result.statistics.bic if trial.same_data else None
    reason = judge(refit, delta_bic)
    solution = refit.settled.solution
    if not solution.converged:
        reason = f"it did not converge: {solution.message}"
    if not reason and not base * VANISHING < ratio < base / VANISHING:
        reason = VANISHED
    return Variant(
        kind,
        trial.choice,
        trial.name,
        ratio if isfinite(ratio) else None,
        refit.reduced_chi_square,
        delta_bic,
        not reason,
        reason,
    )


def _chi_square_factor(result: FitResult) -> float:
    freedom = result.statistics.degrees_of_freedom
    return 1.0 + CHI_SQUARE_SIGMAS * sqrt(2.0 / freedom)


def _regions_of(quantity: AreaRatio) -> list[str]:
    paths = (*quantity.numerator, *quantity.denominator)
    return list(dict.fromkeys(split_path(path)[0] for path in paths))
