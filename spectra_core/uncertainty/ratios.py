"""How much of one thing over another, with an error that survives a referee.

The areas of overlapping lines are correlated, usually negatively: what one line gains
the other loses. A ratio from two error bars taken by themselves is therefore wrong,
often by a third. Here the covariance of the fit is propagated in full, and the interval
is that of ln R, because a ratio of positive areas is skewed when its error is not small.

`area_ratio` does this alone. `ratio_budget` adds what counting statistics do not know, as
separate rows, each a standard error of R, and their quadrature:

- *counting*: the spread of a Monte Carlo run (without one, the covariance);
- *background* and *model*: the spread over acceptable choices (`spectra_core.uncertainty.spread`);
- *reference*: what R needs from elsewhere. A ratio of areas of one core level needs
  nothing; across levels it needs sensitivity factors, whose uncertainty must be given.

References
----------
.. [1] JCGM 100:2008, Guide to the expression of uncertainty in measurement, 5.2.
.. [2] G. J. Feldman, R. D. Cousins, Phys. Rev. D 57, 3873 (1998): why an interval and an
   upper limit are different statements. doi:10.1103/PhysRevD.57.3873
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import exp, isfinite, log, sqrt

import numpy as np

from ..core_levels import level_in
from ..curves.lineshapes import lineshape
from ..errors import FitError, ModelError, ShouldStop, did_you_mean
from ..fitting import FitResult
from ..fitting.result import Estimates
from ..model import Model, Region, resolve_component, split_path
from ..shown import Drawn, Tabular
from .monte_carlo import monte_carlo as draw
from .profile import delta_chi_square, upper_limit
from .quantities import (
    LEVEL,
    AreaRatio,
    Progress,
    normal_quantile,
)
from .spread import Spread, Variant, background_spread, model_spread

_NORMAL_QUANTILE = normal_quantile(LEVEL)
DETECTION_SIGMAS = 3.0
_CLEARLY_THERE = 6.0  # standard errors of an area beyond which no refit is needed to see it
_COVARIANCE, _MONTE_CARLO = "covariance", "monte carlo"


@dataclass(frozen=True)
class Budget:
    """Where the uncertainty of a ratio comes from: standard errors of R.

    Attributes
    ----------
    counting, background, model, reference : float or None
        None where it was not asked for or cannot be known; 0 where it does not matter.
    total : float or None
        Quadrature of the rows there are; None without a counting row.
    """

    counting: float | None = None
    background: float | None = None
    model: float | None = None
    reference: float | None = None
    total: float | None = None


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
        Standard error with the covariance of all areas; None where an area has none
        (fixed, on a bound, not determined) or where nothing varies.
    interval : tuple of two floats, or None
        Confidence interval of R from that of ln R: counting statistics alone, in the
        model as it is.
    level : float
        Of the interval.
    formula : str
        The areas it was made from, in words.
    note : str
        Why something is None, and what else must be known; empty if nothing.
    interval_method : str
        ``"covariance"``, or ``"monte carlo"`` with the kind of draws.
    budget : Budget
    total_interval : tuple of two floats, or None
        `interval` widened by the other rows, in quadrature on ln R and on either side.
    upper_limit : float or None
        Where the numerator is below detection: R is less than this, one-sided, with
        probability `level`, from the likelihood. `value` is then None.
    monte_carlo : MonteCarloSummary or None
    variants : tuple of Variant
        Every other choice that was tried, with its ratio.
    """

    name: str
    value: float | None
    stderr: float | None
    interval: tuple[float, float] | None
    level: float
    formula: str
    note: str = ""
    interval_method: str = _COVARIANCE
    budget: Budget = Budget()
    total_interval: tuple[float, float] | None = None
    upper_limit: float | None = None
    monte_carlo: MonteCarloSummary | None = None
    variants: tuple[Variant, ...] = ()


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
    above = [area_path(result.model, label) for label in numerator]
    below = [area_path(result.model, label) for label in denominator]
    formula = f"{_sum_in_words(above)} / {_sum_in_words(below)}"
    top = sum(result.value(path) for path in above)
    bottom = sum(result.value(path) for path in below)
    if bottom == 0 or not isfinite(top / bottom):
        return Ratio(name, None, None, None, LEVEL, formula, "the denominator's area is zero.")
    value = top / bottom
    variance = _variance(result, above, below, value, bottom)
    if variance is None:
        note = "an area is fixed, on a bound or not determined, so the ratio has no error."
        return Ratio(name, value, None, None, LEVEL, formula, note)
    stderr = sqrt(variance)
    budget = Budget(counting=stderr, total=stderr)
    plain = Ratio(name, value, stderr, None, LEVEL, formula, budget=budget)
    if value <= 0:
        return replace(plain, note="ln R needs positive areas.")
    half = _NORMAL_QUANTILE * stderr / value
    if half > 50:
        note = "the error is so large that the interval is open on both sides."
        return replace(plain, note=note)
    return replace(plain, interval=(value * exp(-half), value * exp(half)))


def clear_ratio(
    numbers: Estimates, numerator: Sequence[str], denominator: Sequence[str], *, name: str
) -> Ratio | None:
    """Return `area_ratio` where it is `detected_ratio` as well, without any curve being drawn.

    None where the numerator does not stand out at once, so that data have to be asked.
    """
    plain = area_ratio(numbers, numerator, denominator, name=name)
    paths = tuple(area_path(numbers.model, label) for label in numerator)
    return plain if plain.value is None or _clearly_there(numbers, paths) else None


def detected_ratio(
    result: FitResult,
    numerator: Sequence[str],
    denominator: Sequence[str],
    *,
    name: str,
    should_stop: ShouldStop | None = None,
) -> Ratio:
    """Return `area_ratio`, or an upper limit where the numerator is below detection.

    A numerator that the data would do without has no ratio of 0: the ratio is "less
    than" (see `Ratio.upper_limit`). Parameters and errors as for `area_ratio`.
    """
    plain = area_ratio(result, numerator, denominator, name=name)
    if plain.value is None:
        return plain
    quantity = AreaRatio(
        tuple(area_path(result.model, label) for label in numerator),
        tuple(area_path(result.model, label) for label in denominator),
    )
    return _below_detection(result, quantity, plain, should_stop) or plain


def ratio_budget(
    result: FitResult,
    numerator: Sequence[str],
    denominator: Sequence[str],
    *,
    name: str,
    monte_carlo: int = 500,
    background: bool = True,
    model: bool = True,
    reference: float | None = None,
    seed: int = 0,
    should_stop: ShouldStop | None = None,
    progress: Progress | None = None,
) -> Ratio:
    """Return a ratio with its error budget.

    Parameters
    ----------
    result : FitResult
    numerator, denominator : sequence of str
        As in `area_ratio`.
    name : str
    monte_carlo : int
        Number of draws; 0: the counting row is that of the covariance.
    background, model : bool
        Whether to fit the variants of background and model.
    reference : float or None
        Relative standard uncertainty of R from sensitivity factors, for a ratio across
        core levels; ignored within one level, where they cancel.
    seed : int
        Of the draws.
    should_stop, progress : callable or None
        ``progress(done, total)`` counts the draws.

    Returns
    -------
    ratio : Ratio
        Without a value but with an upper limit where the numerator is below detection:
        without it chi-square is less than 9 (three sigma) higher.

    Raises
    ------
    ModelError
        If a label is unknown or ambiguous, or its line shape has no finite area.
    FitError
        If the model was drawn and not fitted, or most draws failed.
    Cancelled
        If `should_stop` returned True.
    """
    quantity = AreaRatio(
        tuple(area_path(result.model, label) for label in numerator),
        tuple(area_path(result.model, label) for label in denominator),
    )
    plain = detected_ratio(result, numerator, denominator, name=name, should_stop=should_stop)
    if plain.value is None:
        return plain
    if plain.stderr is None and not (monte_carlo and _only_zeros_are_held(result, quantity)):
        return plain
    ratio = plain
    if monte_carlo:
        ratio = _with_draws(
            ratio,
            result,
            quantity,
            monte_carlo,
            seed=seed,
            should_stop=should_stop,
            progress=progress,
        )
    spreads: dict[str, Spread] = {}
    if background:
        spreads["background"] = background_spread(result, quantity, should_stop=should_stop)
    if model:
        spreads["model"] = model_spread(result, quantity, should_stop=should_stop)
    across, note = _reference(result, quantity, reference)
    return _with_rows(ratio, spreads, across, note)


def _below_detection(
    result: FitResult, quantity: AreaRatio, plain: Ratio, should_stop: ShouldStop | None
) -> Ratio | None:
    """Return the upper limit if the data would do without the numerator, else None."""
    if _clearly_there(result, quantity.numerator):
        return None
    try:
        rise = delta_chi_square(result, quantity, 0.0, should_stop=should_stop)
    except ModelError:  # the areas are fixed: there is nothing to detect
        return None
    if rise >= DETECTION_SIGMAS**2:
        return None
    own = _own_positions(result, quantity.numerator)
    try:
        limit = upper_limit(result, quantity, level=LEVEL, held=own, should_stop=should_stop)
    except FitError as error:
        note = f"below detection, and no upper limit could be found: {error}"
        return _undetermined(plain, note)
    if not isfinite(limit):
        note = "neither the numerator nor the denominator is determined by the data."
        return _undetermined(plain, note)
    return replace(
        _undetermined(plain, _detection_note(result, quantity, plain, rise, limit)),
        upper_limit=limit,
    )


def _own_positions(result: FitResult, paths: tuple[str, ...]) -> tuple[str, ...]:
    """Return the free parameters that are position and shape of some lines, and of no others.

    A line that is not there has no position: a limit holds for a place that is given. What
    such a line shares with others stays free.
    """
    problem = result.problem
    owners = {owner for path in paths for owner in _lines_of(result.model, path)}
    own = {i for i, p in enumerate(problem.paths) if p.rpartition("/")[0] in owners}
    return tuple(
        path
        for j, path in enumerate(problem.free_paths)
        if set(np.flatnonzero(problem.matrix[:, j])) <= own and split_path(path)[2] != "area"
    )


def _lines_of(model: Model, path: str) -> list[str]:
    """Return region/id of the component, or of both lines of the doublet, at a path."""
    region_name, owner, _ = split_path(path)
    region = model.region(region_name)
    component = resolve_component(region, owner)
    doublet = region.doublet_of(component)
    parts = (doublet.major, doublet.minor) if doublet else (component,)
    return [f"{region_name}/{part}" for part in parts]


def _undetermined(plain: Ratio, note: str) -> Ratio:
    return replace(plain, value=None, stderr=None, interval=None, budget=Budget(), note=note)


def _detection_note(
    result: FitResult, quantity: AreaRatio, plain: Ratio, rise: float, limit: float
) -> str:
    bottom = sum(result.value(path) for path in quantity.denominator)
    unit = result.unit(quantity.numerator[0])
    error = "" if plain.stderr is None else f" ± {plain.stderr:.2g}"
    return (
        f"below detection, R < {limit:.2g} (A_min {limit * bottom:.3g} {unit}; likelihood,"
        f" one-sided {LEVEL:.0%}, at the fitted position); best value {plain.value:.2g}{error},"
        f" and without the numerator chi-square is only {max(rise, 0.0):.1f} higher."
    )


def _clearly_there(result: Estimates, paths: tuple[str, ...]) -> bool:
    """Return whether the sum of areas is so many standard errors above 0 that it is seen."""
    if any(result.at_bound[result.places_of(path)[0]] for path in paths):
        return False
    area = sum(result.value(path) for path in paths)
    variance = float(result.covariance_of(paths).sum())
    return isfinite(variance) and variance > 0 and area > _CLEARLY_THERE * sqrt(variance)


def _only_zeros_are_held(result: FitResult, quantity: AreaRatio) -> bool:
    """Return whether an area is without error only because it lies on its bound of zero.

    The covariance then says nothing, but draws do: in some of them the area is there.
    """
    paths = (*quantity.numerator, *quantity.denominator)
    zero = [path for path in paths if result.value(path) == 0 and result.estimate(path).at_bound]
    others = [path for path in paths if path not in zero]
    return bool(zero) and all(result.stderr(path) is not None for path in others)


def _with_draws(
    plain: Ratio,
    result: FitResult,
    quantity: AreaRatio,
    n: int,
    *,
    seed: int,
    should_stop: ShouldStop | None,
    progress: Progress | None,
) -> Ratio:
    assert plain.value is not None
    drawn = draw(result, [quantity], n, seed=seed, should_stop=should_stop, progress=progress)
    summary = MonteCarloSummary(
        drawn.method, drawn.reason, seed, drawn.draws, drawn.failed, tuple(drawn.failures.items())
    )
    low, high = drawn.interval(quantity, level=LEVEL)
    spread = drawn.spread(quantity)
    counting = plain.value * spread if isfinite(spread) else None
    note = plain.note if plain.stderr is not None else "an area lies on its bound of zero."
    if drawn.failed:
        note = f"{drawn.failed} of {drawn.draws} Monte Carlo fits failed. {note}".strip()
    if counting is None or not (low > 0 and isfinite(high)):
        note = f"the interval is open: draws without an area occur. {note}".strip()
    interval = (low, high) if isfinite(high) else None
    return replace(
        plain,
        interval=interval,
        interval_method=f"{_MONTE_CARLO} ({drawn.method})",
        monte_carlo=summary,
        note=note,
        budget=Budget(counting=counting, total=counting),
    )


def _reference(
    result: FitResult, quantity: AreaRatio, relative: float | None
) -> tuple[float | None, str]:
    """Return the relative standard uncertainty from sensitivity factors, and a remark."""
    levels = {_level(result.model, p) for p in (*quantity.numerator, *quantity.denominator)}
    if len(levels) == 1:
        return 0.0, ""
    if relative is not None:
        return relative, ""
    return None, (
        f"areas of {', '.join(sorted(levels))} are compared without sensitivity factors, whose"
        " uncertainty is not in the total."
    )


def _level(model: Model, path: str) -> str:
    """Return the core level of an area; the region's name where none is stated."""
    region_name, owner, _ = split_path(path)
    region = model.region(region_name)
    component = resolve_component(region, owner)
    doublet = region.doublet_of(component)
    line = doublet.line if doublet else region.component(component).line
    return level_in(line) or region_name


def _with_rows(
    ratio: Ratio, spreads: dict[str, Spread], reference: float | None, note: str
) -> Ratio:
    """Return the ratio with every row of its budget, the total, and what BIC prefers."""
    assert ratio.value is not None
    relative = {kind: spread.relative for kind, spread in spreads.items()}
    rows = {kind: ratio.value * value for kind, value in relative.items()}
    counting = ratio.budget.counting
    across = None if reference is None else ratio.value * reference
    known = [row for row in (*rows.values(), across) if row is not None]
    total = None if counting is None else sqrt(counting**2 + sum(row * row for row in known))
    budget = Budget(counting, rows.get("background"), rows.get("model"), across, total)
    other = sqrt(sum(v * v for v in relative.values()) + (reference or 0.0) ** 2)
    preferred = spreads["model"].preferred if "model" in spreads else None
    vanished = [v for spread in spreads.values() for v in spread.vanished]
    notes = [ratio.note, note, _preferred_note(preferred), _vanished_note(vanished)]
    return replace(
        ratio,
        budget=budget,
        total_interval=_widened(ratio, other),
        variants=tuple(v for spread in spreads.values() for v in spread.variants),
        note=" ".join(filter(None, notes)),
    )


def _preferred_note(variant: Variant | None) -> str:
    if variant is None or variant.delta_bic is None:
        return ""
    found = "" if variant.ratio is None else f", with R = {variant.ratio:.3g}"
    return f"BIC prefers another model by {-variant.delta_bic:.0f}: {variant.name}{found}."


def _vanished_note(variants: Sequence[Variant]) -> str:
    if not variants:
        return ""
    names = ", ".join(variant.name for variant in variants)
    return f"One side of the ratio vanishes, though the data allow it, in: {names}."


def _widened(ratio: Ratio, relative: float) -> tuple[float, float] | None:
    """Return the counting interval widened on ln R by a relative standard error."""
    if ratio.interval is None or not ratio.value or ratio.interval[0] <= 0:
        return None
    added = (normal_quantile(ratio.level) * relative) ** 2
    low, high = (sqrt(log(edge / ratio.value) ** 2 + added) for edge in ratio.interval)
    return ratio.value * exp(-low), ratio.value * exp(high)


def area_path(model: Model, label: str) -> str:
    """Return the path of the area that a label means, doublets as a whole.

    Parameters
    ----------
    model : Model
    label : str
        Label or id of a component or doublet, or ``"region/label"``.

    Raises
    ------
    ModelError
        If it is unknown or stands in several regions, or has no finite area.
    """
    found = [(region, owner) for region in model.regions for owner in _owners(region, label)]
    if not found:
        raise ModelError(f'there is no component or doublet "{label}".', hint=_hint(model, label))
    if len({region.name for region, _ in found}) > 1:
        places = ", ".join(f'"{region.name}/{label}"' for region, _ in found)
        raise ModelError(
            f'"{label}" stands in {len(found)} regions.', hint=f"Write one of {places}."
        )
    region, owner = found[0]
    shape = lineshape(region.component(resolve_component(region, owner)).lineshape)
    if not shape.finite_area:
        raise ModelError(
            f"the line shape {shape.name} has no finite area, so no area ratio can be given.",
            hint="Choose another line shape.",
            where=f"{region.name}/{owner}",
        )
    return f"{region.name}/{owner}/area"


def _owners(region: Region, label: str) -> list[str]:
    """Return the owner in `region` that `label` means, if there is one."""
    prefix = f"{region.name}/"
    for text in (label, label[len(prefix) :] if label.startswith(prefix) else label):
        doublets = [d.id for d in region.doublets if d.id == text]
        components = [c.id for c in region.components if text in (c.id, c.label)]
        if doublets or components:
            return doublets or [resolve_component(region, text)]
    return []


def _hint(model: Model, label: str) -> str:
    known = [d.id for region in model.regions for d in region.doublets]
    known += [c.label for region in model.regions for c in region.components]
    return did_you_mean(label, known)


def _sum_in_words(paths: Sequence[str]) -> str:
    owners = [path.removesuffix("/area") for path in paths]
    text = " + ".join(f"A({owner})" for owner in owners)
    return f"({text})" if len(owners) > 1 else text


def _variance(
    result: Estimates, above: list[str], below: list[str], value: float, bottom: float
) -> float | None:
    """Return the variance of the ratio, or None if an area's own error is not known."""
    weights = np.array([1.0 / bottom] * len(above) + [-value / bottom] * len(below))
    paths = [*above, *below]
    if any(result.stderr(path) is None for path in paths):
        return None
    covariance = result.covariance_of(paths)
    variance = float(weights @ covariance @ weights)
    scale = float(np.abs(weights) @ np.abs(covariance) @ np.abs(weights))
    if not isfinite(variance):
        return None
    # Areas tied to one another give an exact ratio; what rounding leaves is not an error.
    return variance if variance > 1e-12 * scale else 0.0
