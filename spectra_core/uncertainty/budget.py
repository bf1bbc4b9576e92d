"""The error budget of a ratio: what its uncertainty is made of, row by row.

- *counting*: the spread of Monte Carlo draws, or of the likelihood where a parameter lies on
  its bound, or of the covariance. Of this the priors of the model explain a part:
- *energies*, *ties*, *shape*: what is gained when the priors of that group are let go, one
  group after the other, so that the rows add up;
- *background* and *model*: the spread over acceptable choices (`spectra_core.uncertainty.spread`);
- *reference*: what R needs from elsewhere. A ratio of areas of one core level needs
  nothing; across levels it needs sensitivity factors, whose uncertainty must be given.

Each row is a standard error of R. The total is their quadrature, and exists only where
every row does: what was not looked at cannot be in a total.

All ratios of one fit share their draws and their variants, which are made once.

References
----------
.. [1] JCGM 100:2008, Guide to the expression of uncertainty in measurement, 5.2.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import ceil, exp, inf, isfinite, log, sqrt
from statistics import NormalDist

import numpy as np

from ..errors import FitError, ShouldStop, SpectraError
from ..fitting import FitResult
from ..model import Model
from ..model.values import GROUPS
from ..spectrum import Array
from .areas import level_of_area, ratio_of_labels
from .averaging import Considered, Part, considered, mixed_quantile, weights_of
from .monte_carlo import MonteCarlo, monte_carlo
from .pulls import pulls_of
from .quantities import (
    FEWEST_DRAWS,
    LEVEL,
    AreaRatio,
    Progress,
    linear_form,
    normal_quantile,
    quantity_value,
)
from .ratios import (
    BUDGET_ROWS,
    MONTE_CARLO,
    NEEDED_ROWS,
    PROFILE,
    Budget,
    MonteCarloSummary,
    Ratio,
    counted,
)
from .spread import Spread, Variant, background_spreads, model_spreads, variance_of_log

AVERAGED = ("background", "components")
"""Choices whose models are averaged over; the others are spreads."""
_SKEWED = 0.3  # relative error of a ratio
_NEARLY_ALL = 0.9  # weight of the drawn model
_FAR_BETTER = 5.0  # of the logarithm of the evidence
_QUANTILES = np.array([NormalDist().inv_cdf((k + 0.5) / 400) for k in range(400)])


@dataclass(frozen=True)
class Rows:
    """Which rows the budget of a ratio has beside that of the covariance.

    Attributes
    ----------
    monte_carlo : int
        Number of draws; 0: none.
    background, model : bool
        Whether to fit the variants of background and model.
    reference : float or None
        Relative standard uncertainty of R from sensitivity factors, for a ratio across
        core levels; ignored within one level, where they cancel.
    """

    monte_carlo: int = 500
    background: bool = True
    model: bool = True
    reference: float | None = None


_NONE = Rows(monte_carlo=0, background=False, model=False)


@dataclass(frozen=True)
class RatioRequest:
    """A ratio that is asked for.

    Attributes
    ----------
    name : str
    numerator, denominator : tuple of str
        Labels, as in `spectra_core.uncertainty.ratios.area_ratio`.
    rows : Rows or None
        None: counting alone.
    """

    name: str
    numerator: tuple[str, ...]
    denominator: tuple[str, ...]
    rows: Rows | None = Rows()


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
    monte_carlo, background, model, reference
        See `Rows`.
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
        If the model was drawn and not fitted.
    BetterMinimumError
        If a refit lies below the fit, which was not in its best minimum.
    Cancelled
        If `should_stop` returned True.
    """
    quantity = ratio_of_labels(result.model, numerator, denominator)
    rows = Rows(monte_carlo, background, model, reference)
    wanted = [_Wanted(quantity, name, rows)]
    return _budgets(result, wanted, seed, should_stop, progress)[0]


def ratio_budgets(
    result: FitResult,
    requests: Sequence[RatioRequest],
    *,
    seed: int = 0,
    should_stop: ShouldStop | None = None,
    progress: Progress | None = None,
) -> tuple[Ratio, ...]:
    """Return several ratios of one fit with their budgets; draws and variants are made once.

    Parameters and errors as for `ratio_budget`, but a ratio whose labels the model does not
    have says so in its note, and the others are made all the same.
    """
    ratios: dict[int, Ratio] = {}
    wanted: dict[int, _Wanted] = {}
    for i, request in enumerate(requests):
        sides = request.numerator, request.denominator
        try:
            quantity = ratio_of_labels(result.model, *sides)
        except SpectraError as error:
            ratios[i] = _not_determined(request, error)
        else:
            wanted[i] = _Wanted(quantity, request.name, request.rows or _NONE)
    found = _budgets(result, list(wanted.values()), seed, should_stop, progress)
    ratios |= dict(zip(wanted, found, strict=True))
    return tuple(ratios[i] for i in range(len(requests)))


def _not_determined(request: RatioRequest, error: Exception) -> Ratio:
    formula = f"{' + '.join(request.numerator)} / {' + '.join(request.denominator)}"
    return Ratio(request.name, None, None, None, LEVEL, formula, f"not determined: {error}")


# ---------------------------------------------------------------------------------
# All ratios of a fit together


@dataclass(frozen=True)
class _Wanted:
    quantity: AreaRatio
    name: str
    rows: Rows


def _budgets(
    result: FitResult,
    wanted: Sequence[_Wanted],
    seed: int,
    should_stop: ShouldStop | None,
    progress: Progress | None,
) -> tuple[Ratio, ...]:
    quantities, names = [w.quantity for w in wanted], [w.name for w in wanted]
    ratios = list(counted(result, quantities, names, should_stop))
    left = [i for i, ratio in enumerate(ratios) if ratio.budget.counting is not None]
    samples: dict[int, Array] = {}
    for n in dict.fromkeys(wanted[i].rows.monte_carlo for i in left):
        same = [i for i in left if wanted[i].rows.monte_carlo == n]
        own = [i for i in same if n and ratios[i].interval_method != PROFILE]
        if own:
            drawn = _drawn(result, [quantities[i] for i in own], n, seed, should_stop, progress)
            for i in own:
                ratios[i] = _with_draws(ratios[i], drawn, quantities[i])
                if isinstance(drawn, MonteCarlo):
                    samples[i] = drawn.values[quantities[i]]
    full = [i for i in left if wanted[i].rows is not _NONE]
    _add_impacts(ratios, full, result, quantities, should_stop)
    for i in left:
        ratios[i] = _with_priors(ratios[i], result, quantities[i])
    limited = [
        i
        for i, ratio in enumerate(ratios)
        if ratio.upper_limit is not None and wanted[i].rows.model
    ]
    averages = _averages(ratios, full, limited, wanted, samples, result, seed, should_stop)
    for i in limited:
        ratios[i] = _with_limit(ratios[i], averages[i])
    spreads = _spreads(full, wanted, ratios, result, should_stop)
    for i in full:
        across, note = _reference(result.model, quantities[i], wanted[i].rows.reference)
        ratios[i] = _with_rows(ratios[i], averages[i], spreads[i], across, note)
    return tuple(ratios)


def _spreads(
    places: Sequence[int],
    wanted: Sequence[_Wanted],
    ratios: Sequence[Ratio],
    result: FitResult,
    should_stop: ShouldStop | None,
) -> dict[int, dict[str, Spread]]:
    """Return the spreads over the choices that are not averaged over, by row of the budget."""
    found: dict[int, dict[str, Spread]] = {i: {} for i in places}
    for kind, make in (("background", background_spreads), ("model", model_spreads)):
        own = [i for i in places if getattr(wanted[i].rows, kind) and (ratios[i].value or 0.0) > 0]
        if own:
            quantities = [wanted[i].quantity for i in own]
            made = make(result, quantities, without=AVERAGED, should_stop=should_stop)
            for i, spread in zip(own, made, strict=True):
                found[i][kind] = spread
    return found


def _add_impacts(
    ratios: list[Ratio],
    places: Sequence[int],
    result: FitResult,
    quantities: Sequence[AreaRatio],
    should_stop: ShouldStop | None,
) -> None:
    """Give the ratios at `places` the impacts of the model's priors, all of one round of refits."""
    if not (places and result.problem.priors.priors):
        return
    own, names = [quantities[i] for i in places], [ratios[i].name for i in places]
    found = pulls_of(result, own, names, should_stop=should_stop)
    for i, impacts in zip(places, found.impacts, strict=True):
        ratios[i] = replace(ratios[i], impacts=impacts)


def _drawn(
    result: FitResult,
    quantities: Sequence[AreaRatio],
    n: int,
    seed: int,
    should_stop: ShouldStop | None,
    progress: Progress | None,
) -> MonteCarlo | FitError:
    """Return the draws, or why there are none: the covariance then has to do."""
    try:
        return monte_carlo(
            result, quantities, n, seed=seed, should_stop=should_stop, progress=progress
        )
    except FitError as error:
        return error


def _with_draws(plain: Ratio, drawn: MonteCarlo | FitError, quantity: AreaRatio) -> Ratio:
    assert plain.value is not None
    if isinstance(drawn, FitError):
        return replace(plain, note=f"{plain.note} No draws could be made: {drawn}".strip())
    failed = drawn.failed + drawn.missing(quantity)
    summary = MonteCarloSummary(
        drawn.method, drawn.reason, drawn.seed, drawn.draws, failed, tuple(drawn.failures.items())
    )
    low, high = drawn.interval(quantity, level=LEVEL)
    spread = drawn.spread(quantity)
    counting = plain.value * spread if isfinite(spread) else None
    note = plain.note
    if failed:
        note = f"{failed} of {drawn.draws} Monte Carlo fits failed. {note}".strip()
    if counting is None or not (low > 0 and isfinite(high)):
        note = f"the interval is open: draws without an area occur. {note}".strip()
    return replace(
        plain,
        interval=(low, high) if isfinite(high) else None,
        interval_method=f"{MONTE_CARLO} ({drawn.method})",
        monte_carlo=summary,
        note=note,
        budget=Budget(counting=counting),
    )


def _with_priors(ratio: Ratio, result: FitResult, quantity: AreaRatio) -> Ratio:
    """Return the ratio with its error parted into that of the counts and of each group of priors.

    The counting row is what is left where everything a prior speaks of is held. The groups are
    then let go one after the other, and each has the variance that comes with it, so that the
    rows add up.
    """
    statistical, problem = ratio.budget.counting, result.problem
    groups = [prior.group for prior in problem.priors.priors]
    if statistical is None or not groups:
        return ratio
    top, bottom = (linear_form(problem, s) for s in (quantity.numerator, quantity.denominator))
    free = result.values[problem.free]
    gradient = top.row / float(top.at(free)) - bottom.row / float(bottom.at(free))
    covariance = result.covariance[np.ix_(problem.free, problem.free)]
    covariance = np.nan_to_num(covariance, posinf=0.0, neginf=0.0)
    order = [group for group in GROUPS if group in groups]
    held = [np.isin(groups, order[k:]) for k in range(len(order) + 1)]
    left = [_variance_left(covariance, gradient, problem.prior_matrix[rows]) for rows in held]
    if not left[-1] > 0:
        return ratio
    parts = dict(zip(("counting", *order), np.diff([0.0, *left]) / left[-1], strict=True))
    rows = {name: statistical * sqrt(max(part, 0.0)) for name, part in parts.items()}
    return replace(ratio, budget=replace(ratio.budget, **rows))


def _variance_left(covariance: Array, gradient: Array, known: Array) -> float:
    """Return the variance of ``gradient @ q`` where the sums ``known @ q`` (K, F) are held."""
    way = covariance @ gradient
    shared = known @ way
    explained = shared @ np.linalg.pinv(known @ covariance @ known.T) @ shared
    return max(float(gradient @ way - explained), 0.0)


def _reference(model: Model, quantity: AreaRatio, given: float | None) -> tuple[float | None, str]:
    """Return the relative standard uncertainty from sensitivity factors, and a remark."""
    levels = {level_of_area(model, p) for p in (*quantity.numerator, *quantity.denominator)}
    if len(levels) == 1:
        return 0.0, ""
    if given is not None:
        return given, ""
    return None, (
        f"areas of {', '.join(sorted(levels))} are compared without sensitivity factors, so"
        " there is no total."
    )


# ---------------------------------------------------------------------------------
# Models beside the fitted one


@dataclass(frozen=True, eq=False)
class _Average:
    """What all models together say of a ratio.

    Attributes
    ----------
    background, model : float
        Standard errors of R: how far other models lie from the fitted one, and by how much they
        are less certain by themselves, each by its weight.
    middle : float or None
        Median of the mixture; None where the fitted model is alone.
    interval : tuple of two floats, or None
        Of the mixture.
    variants : tuple of Variant
        The fitted model first, with its weight.
    note : str
    limit : float or None
        Where there is only an upper limit: that of the mixture, if it is higher.
    """

    background: float = 0.0
    model: float = 0.0
    middle: float | None = None
    interval: tuple[float, float] | None = None
    variants: tuple[Variant, ...] = ()
    note: str = ""
    limit: float | None = None


def _averages(
    ratios: Sequence[Ratio],
    places: Sequence[int],
    limited: Sequence[int],
    wanted: Sequence[_Wanted],
    samples: Mapping[int, Array],
    result: FitResult,
    seed: int,
    should_stop: ShouldStop | None,
) -> dict[int, _Average]:
    """Return the averages of the ratios at `places`, and those `limited` from above only.

    Each model is fitted and drawn from once.
    """
    found: dict[int, _Average] = dict.fromkeys((*places, *limited), _Average())
    own = [*(i for i in places if (ratios[i].value or 0.0) > 0), *limited]
    background, model = (
        any(getattr(wanted[i].rows, kind) for i in own) for kind in ("background", "model")
    )
    if not (own and (background or model)):
        return found
    models = considered(
        result,
        [wanted[i].quantity for i in own],
        background=background,
        model=model,
        should_stop=should_stop,
    )
    _, weights = weights_of(models)
    draws = max(wanted[i].rows.monte_carlo for i in own)
    quantities = [wanted[i].quantity for i in own]
    others = [
        _sampled(one, quantities, ceil(draws * weight), seed, should_stop) if weight else {}
        for one, weight in zip(models, weights, strict=True)
    ]
    for i in own:
        mine = [
            one
            if getattr(wanted[i].rows, one.kind) and _speaks_of(one, wanted[i].quantity)
            else None
            for one in models
        ]
        if i in limited:
            found[i] = _average_limit(ratios[i], wanted[i].quantity, mine, others)
            continue
        sample = samples[i] if i in samples else _from_interval(ratios[i])
        found[i] = _average(ratios[i], wanted[i].quantity, sample, result, mine, others)
    return found


def _speaks_of(one: Considered, quantity: AreaRatio) -> bool:
    return one.vanishes(quantity) or one.trial.ratio_in(quantity) is not None


def _sampled(
    one: Considered,
    quantities: Sequence[AreaRatio],
    draws: int,
    seed: int,
    should_stop: ShouldStop | None,
) -> dict[AreaRatio, Array]:
    """Return what a model says of each ratio that it has.

    Draws; where they would be too few to say anything of a tail, quantiles by the covariance.
    """
    assert one.result is not None
    found = {q: np.zeros_like(_QUANTILES) for q in quantities if one.vanishes(q)}
    own = {q: other for q in quantities if (other := one.trial.ratio_in(q)) is not None}
    drawn: MonteCarlo | FitError | None = None
    if draws >= FEWEST_DRAWS and own:
        drawn = _drawn(one.result, list(own.values()), draws, seed, should_stop, None)
    for quantity, other in own.items():
        values = np.empty(0)
        if isinstance(drawn, MonteCarlo):
            values = drawn.values[other][np.isfinite(drawn.values[other])]
        found[quantity] = values if values.size else _from_covariance(one.result, other)
    return found


def _from_covariance(result: FitResult, quantity: AreaRatio) -> Array:
    """Return quantiles of a ratio as the covariance has it."""
    value, spread = quantity_value(result, quantity), 0.0
    if value > 0 and isfinite(value):
        spread = sqrt(variance_of_log(result, quantity))
    if spread > _SKEWED:  # near zero ln R says nothing any more: areas are normal, and not negative
        return np.asarray(np.maximum(value * (1.0 + spread * _QUANTILES), 0.0))
    return np.asarray(value * np.exp(spread * _QUANTILES))


def _from_interval(ratio: Ratio) -> Array:
    """Return quantiles of a ratio as its interval has it; each side has its own width."""
    assert ratio.value is not None
    if ratio.interval is None:
        return np.full(_QUANTILES.size, ratio.value)
    low, high = ratio.interval
    sides = np.abs(_QUANTILES) / normal_quantile(ratio.level)
    if low > 0:
        ends = np.where(_QUANTILES < 0, log(low / ratio.value), log(high / ratio.value))
        return np.asarray(ratio.value * np.exp(sides * ends))
    ends = np.where(_QUANTILES < 0, low - ratio.value, high - ratio.value)
    return np.asarray(np.maximum(ratio.value + sides * ends, 0.0))


def _average(
    ratio: Ratio,
    quantity: AreaRatio,
    sample: Array,
    result: FitResult,
    mine: Sequence[Considered | None],
    others: Sequence[Mapping[AreaRatio, Array]],
) -> _Average:
    """Return the average of one ratio over the models that speak of it (None: does not)."""
    assert ratio.value is not None
    kept = [(one, other) for one, other in zip(mine, others, strict=True) if one is not None]
    own, weights = weights_of([one for one, _ in kept], [bool(drawn) for _, drawn in kept])
    sample = sample[np.isfinite(sample)]
    base = Part("fit", own, sample)
    parts = [base]
    variants = [_drawn_variant(ratio, result, own)]
    for (one, drawn), weight in zip(kept, weights, strict=True):
        values = drawn.get(quantity, np.empty(0))
        if weight and values.size:
            parts.append(Part(one.kind, weight, values))
        variants.append(_considered_variant(one, quantity, weight))
    if len(parts) == 1:
        return _Average(variants=tuple(variants))
    between = {"background": 0.0, "model": 0.0}
    for part in parts[1:]:
        wider = max(part.half**2 - base.half**2, 0.0)
        between[part.kind] += part.weight * ((part.middle - ratio.value) ** 2 + wider)
    tail = (1.0 - ratio.level) / 2.0
    low, middle, high = (mixed_quantile(parts, p) for p in (tail, 0.5, 1.0 - tail))
    return _Average(
        sqrt(between["background"]),
        sqrt(between["model"]),
        middle,
        (low, high),
        tuple(variants),
        _average_note(middle, own, len(parts)) + _preferred_model(kept, quantity),
    )


def _average_limit(
    ratio: Ratio,
    quantity: AreaRatio,
    mine: Sequence[Considered | None],
    others: Sequence[Mapping[AreaRatio, Array]],
) -> _Average:
    """Return what the models say of a ratio of which the fitted one knows a limit only."""
    assert ratio.upper_limit is not None
    kept = [(one, other) for one, other in zip(mine, others, strict=True) if one is not None]
    own, weights = weights_of([one for one, _ in kept], [bool(drawn) for _, drawn in kept])
    below = ratio.upper_limit * np.abs(_QUANTILES) / normal_quantile(ratio.level)
    parts = [Part("fit", own, below)]
    most, name = 0.0, ""
    for (one, drawn), weight in zip(kept, weights, strict=True):
        values = drawn.get(quantity, np.empty(0))
        if weight and values.size:
            parts.append(Part(one.kind, weight, values))
            if np.median(values) > ratio.upper_limit and weight > most:
                most, name = weight, f"{one.trial.name}, R = {np.median(values):.2g}"
    limit = mixed_quantile(parts, ratio.level)
    if not limit > ratio.upper_limit:
        return _Average()
    return _Average(limit=limit, note=f"{name}, has a weight of {100 * most:.2g} %" if name else "")


def _with_limit(ratio: Ratio, average: _Average) -> Ratio:
    """Return a ratio below detection with the limit that holds in every model."""
    if average.limit is None:
        return ratio
    why = f" ({average.note})" if average.note else ""
    text = f"Over all models that the data leave open{why} the limit is R < {average.limit:.2g}."
    return replace(ratio, upper_limit=average.limit, note=f"{ratio.note} {text}".strip())


def _average_note(middle: float, own: float, models: int) -> str:
    """Return both ratios in a sentence, where the drawn model is not nearly all of it."""
    if own > _NEARLY_ALL:
        return ""
    return (
        f"Over {models} models, weighed by evidence, R is {middle:.3g}; the value is that of the"
        f" model that is drawn, whose weight is {100 * own:.2g} %. "
    )


def _drawn_variant(ratio: Ratio, result: FitResult, weight: float) -> Variant:
    reduced = result.statistics.reduced_chi_square
    name, own = "the model that is drawn", ratio.error
    return Variant("model", "drawn", name, ratio.value, reduced, 0.0, True, "", weight, own)


def _considered_variant(one: Considered, quantity: AreaRatio, weight: float) -> Variant:
    value = reduced = stderr = None
    if one.result is not None:
        reduced = one.result.statistics.reduced_chi_square
        other = one.trial.ratio_in(quantity)
        value = 0.0 if other is None else quantity_value(one.result, other)
        if other is not None and value > 0 and isfinite(value):
            stderr = value * sqrt(variance_of_log(one.result, other))
    reason = one.reason
    if not weight and not reason:
        odds = exp(min(-(one.log_evidence or 0.0), 500.0))
        reason = f"beside the drawn model its odds are 1 to {odds:.2g}"
        if odds < 1.0:
            reason = "another model has nearly all of the weight"
    return Variant(
        one.kind,
        one.trial.choice,
        one.trial.name,
        value if value is None or isfinite(value) else None,
        reduced,
        one.delta_bic,
        weight > 0,
        reason,
        weight or None,
        stderr,
    )


def _preferred_model(
    kept: Sequence[tuple[Considered, Mapping[AreaRatio, Array]]], quantity: AreaRatio
) -> str:
    """Return a sentence where another model is far better than the one that is drawn."""
    best = max((one for one, _ in kept), key=lambda one: one.log_evidence or -inf)
    if best.reason or best.result is None or (best.log_evidence or 0.0) < _FAR_BETTER:
        return ""
    other = best.trial.ratio_in(quantity)
    found = "" if other is None else f", with R = {quantity_value(best.result, other):.2g}"
    odds = exp(min(best.log_evidence or 0.0, 500.0))
    return f"The evidence prefers another model, {odds:.2g} to 1: {best.trial.name}{found}."


# ---------------------------------------------------------------------------------
# Rows


def _with_rows(
    ratio: Ratio,
    average: _Average,
    spreads: Mapping[str, Spread],
    reference: float | None,
    note: str,
) -> Ratio:
    """Return the ratio with every row of its budget, the total, and what BIC prefers."""
    assert ratio.value is not None
    relative = {kind: spread.relative for kind, spread in spreads.items()}
    if reference is not None:
        relative["reference"] = reference
    known = {name: getattr(ratio.budget, name) for name in BUDGET_ROWS}
    rows = {name: row for name, row in known.items() if row is not None}
    between = {"background": average.background, "model": average.model}
    for kind, part in relative.items():
        parts = (rows.get(kind, 0.0), ratio.value * part, between.get(kind, 0.0))
        rows[kind] = sqrt(sum(value * value for value in parts))
    preferred = spreads["model"].preferred if "model" in spreads else None
    vanished = [v for spread in spreads.values() for v in spread.vanished]
    notes = [
        ratio.note,
        note,
        average.note.strip(),
        _preferred_note(preferred),
        _vanished_note(vanished),
    ]
    changed = replace(
        ratio,
        budget=replace(ratio.budget, **rows),
        average=average.middle,
        variants=(*average.variants, *(v for s in spreads.values() for v in s.variants)),
        note=" ".join(filter(None, notes)),
    )
    if not set(NEEDED_ROWS) <= set(relative):
        return changed
    other = sqrt(sum(part * part for part in relative.values()))
    total = sqrt(sum(row * row for row in rows.values()))
    own = ratio if average.interval is None else replace(ratio, interval=average.interval)
    return replace(
        changed, budget=replace(changed.budget, total=total), total_interval=_widened(own, other)
    )


def _preferred_note(variant: Variant | None) -> str:
    if variant is None or variant.delta_bic is None:
        return ""
    found = "" if variant.ratio is None else f", with R = {variant.ratio:.2g}"
    return f"BIC prefers another model by {-variant.delta_bic:.0f}: {variant.name}{found}."


def _vanished_note(variants: Sequence[Variant]) -> str:
    if not variants:
        return ""
    names = ", ".join(variant.name for variant in variants)
    return f"One side of the ratio vanishes, though the data allow it, in: {names}."


def _widened(ratio: Ratio, relative: float) -> tuple[float, float] | None:
    """Return the interval widened on ln R by a relative standard error; zero stays zero."""
    if ratio.interval is None or not ratio.value:
        return None
    if not relative:
        return ratio.interval
    added = (normal_quantile(ratio.level) * relative) ** 2
    low, high = (
        sqrt(log(edge / ratio.value) ** 2 + added) if edge > 0 else None for edge in ratio.interval
    )
    return (
        0.0 if low is None else ratio.value * exp(-low),
        ratio.value * exp(high or 0.0),
    )
