"""What all models that the data leave open say of a ratio: their mixture, by weight.

Of each model there are draws, or, where its weight is so small that it gets too few of them,
quantiles by its covariance. Quantiles of all of them together are the interval of the ratio.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import ceil, exp, inf, isfinite, log, sqrt
from statistics import NormalDist

import numpy as np

from ..errors import FitError, ShouldStop
from ..fitting import FitResult
from ..fitting.result import Estimates
from ..spectrum import Array
from .averaging import Considered, Part, considered, mixed_quantiles, weights_of
from .monte_carlo import MonteCarlo, monte_carlo
from .quantities import (
    FEWEST_DRAWS,
    AreaRatio,
    Progress,
    normal_quantile,
    quantity_value,
)
from .ratios import Ratio
from .spread import Variant, variance_of_log

_SKEWED = 0.3  # relative error of a ratio
_NEARLY_ALL = 0.9  # weight of the drawn model
_FAR_BETTER = 5.0  # of the logarithm of the evidence
_QUANTILES = np.array([NormalDist().inv_cdf((k + 0.5) / 400) for k in range(400)])


@dataclass(frozen=True, eq=False)
class Average:
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


@dataclass(frozen=True, eq=False)
class Asked:
    """A ratio whose average is asked for.

    Attributes
    ----------
    ratio : Ratio
        As the fitted model has it; with an upper limit alone where it is below detection.
    quantity : AreaRatio
    background, model : bool
        Whether other backgrounds, other sets of components are averaged over.
    draws : int
        Of all models together.
    sample : ndarray, shape (M,), or None
        What was drawn from the fitted model; None: its interval has to do.
    """

    ratio: Ratio
    quantity: AreaRatio
    background: bool
    model: bool
    draws: int
    sample: Array | None

    @property
    def is_limited(self) -> bool:
        """Whether it has an upper limit alone."""
        return self.ratio.upper_limit is not None

    def counts(self, kind: str) -> bool:
        """Return whether models of a kind count in it."""
        return self.background if kind == "background" else self.model


def models_beside(
    result: FitResult, asked: Sequence[Asked], should_stop: ShouldStop | None
) -> tuple[Considered, ...]:
    """Return the models that what is asked is averaged over, each fitted once.

    Raises
    ------
    BetterMinimumError
        If another model fits better than `result`, and is a case of it.
    Cancelled
        If `should_stop` returned True.
    """
    own = [one for one in asked if _has_average(one)]
    background, model = any(one.background for one in own), any(one.model for one in own)
    if not (background or model):
        return ()
    return considered(
        result,
        [one.quantity for one in own],
        background=background,
        model=model,
        should_stop=should_stop,
    )


def _has_average(one: Asked) -> bool:
    return one.is_limited or (one.ratio.value or 0.0) > 0


def averages(
    result: FitResult,
    models: Sequence[Considered],
    asked: Sequence[Asked],
    seed: int,
    should_stop: ShouldStop | None,
) -> list[Average]:
    """Return what the models beside a fit say of some of its ratios; each is drawn from once.

    Raises
    ------
    Cancelled
        If `should_stop` returned True.
    """
    found = [Average() for _ in asked]
    own = [i for i, one in enumerate(asked) if _has_average(one)]
    if not any(asked[i].background or asked[i].model for i in own):
        return found
    quantities = [asked[i].quantity for i in own]
    _, weights = weights_of(models)
    draws = max(asked[i].draws for i in own)
    others = [
        _sampled(one, quantities, ceil(draws * weight), seed, should_stop) if weight else {}
        for one, weight in zip(models, weights, strict=True)
    ]
    for i in own:
        one = asked[i]
        mine = [m if one.counts(m.kind) and _speaks_of(m, one.quantity) else None for m in models]
        found[i] = (
            _average_limit(one, mine, others)
            if one.is_limited
            else _average(one, result, mine, others)
        )
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
    assert one.numbers is not None
    found = {q: np.zeros_like(_QUANTILES) for q in quantities if one.vanishes(q)}
    own = {q: other for q in quantities if (other := one.trial.ratio_in(q)) is not None}
    drawn: MonteCarlo | FitError | None = None
    if draws >= FEWEST_DRAWS and own and one.result is not None:
        drawn = drawn_or_why(one.result, list(own.values()), draws, seed, should_stop, None)
    for quantity, other in own.items():
        values = np.empty(0)
        if isinstance(drawn, MonteCarlo):
            values = drawn.values[other][np.isfinite(drawn.values[other])]
        found[quantity] = values if values.size else _from_covariance(one.numbers, other)
    return found


def _from_covariance(result: Estimates, quantity: AreaRatio) -> Array:
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
    asked: Asked,
    result: FitResult,
    mine: Sequence[Considered | None],
    others: Sequence[Mapping[AreaRatio, Array]],
) -> Average:
    """Return the average of one ratio over the models that speak of it (None: does not)."""
    ratio, quantity = asked.ratio, asked.quantity
    assert ratio.value is not None
    sample = _from_interval(ratio) if asked.sample is None else asked.sample
    kept = [(one, other) for one, other in zip(mine, others, strict=True) if one is not None]
    own, weights = weights_of([one for one, _ in kept], [bool(drawn) for _, drawn in kept])
    sample = sample[np.isfinite(sample)]
    base = Part("fit", own, sample)
    parts = [base]
    variants = [_fitted_variant(ratio, result, own)]
    for (one, drawn), weight in zip(kept, weights, strict=True):
        values = drawn.get(quantity, np.empty(0))
        if weight and values.size:
            parts.append(Part(one.kind, weight, values))
        variants.append(_considered_variant(one, quantity, weight))
    if len(parts) == 1:
        return Average(variants=tuple(variants))
    between = {"background": 0.0, "model": 0.0}
    for part in parts[1:]:
        wider = max(part.half**2 - base.half**2, 0.0)
        between[part.kind] += part.weight * ((part.middle - ratio.value) ** 2 + wider)
    tail = (1.0 - ratio.level) / 2.0
    low, middle, high = mixed_quantiles(parts, (tail, 0.5, 1.0 - tail))
    return Average(
        sqrt(between["background"]),
        sqrt(between["model"]),
        middle,
        (low, high),
        tuple(variants),
        _average_note(middle, own, len(parts)) + _preferred_model(kept, quantity),
    )


def _average_limit(
    asked: Asked,
    mine: Sequence[Considered | None],
    others: Sequence[Mapping[AreaRatio, Array]],
) -> Average:
    """Return what the models say of a ratio of which the fitted one knows a limit only."""
    ratio, quantity = asked.ratio, asked.quantity
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
    (limit,) = mixed_quantiles(parts, (ratio.level,))
    if not limit > ratio.upper_limit:
        return Average()
    return Average(limit=limit, note=f"{name}, has a weight of {100 * most:.2g} %" if name else "")


def with_limit(ratio: Ratio, average: Average) -> Ratio:
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


def _fitted_variant(ratio: Ratio, result: FitResult, weight: float) -> Variant:
    reduced = result.statistics.reduced_chi_square
    name, own = "the model that is drawn", ratio.error
    return Variant("model", "drawn", name, ratio.value, reduced, 0.0, True, "", weight, own)


def _considered_variant(one: Considered, quantity: AreaRatio, weight: float) -> Variant:
    value = reduced = stderr = None
    if one.numbers is not None and one.solved is not None:
        reduced = one.solved.reduced_chi_square
        other = one.trial.ratio_in(quantity)
        value = 0.0 if other is None else quantity_value(one.numbers, other)
        if other is not None and value > 0 and isfinite(value):
            stderr = value * sqrt(variance_of_log(one.numbers, other))
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
    if best.reason or best.numbers is None or (best.log_evidence or 0.0) < _FAR_BETTER:
        return ""
    other = best.trial.ratio_in(quantity)
    found = "" if other is None else f", with R = {quantity_value(best.numbers, other):.2g}"
    odds = exp(min(best.log_evidence or 0.0, 500.0))
    return f"The evidence prefers another model, {odds:.2g} to 1: {best.trial.name}{found}."


def drawn_or_why(
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
