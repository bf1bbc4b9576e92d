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

All ratios of one fit share their draws and their variants, which are made once, side by side.

References
----------
.. [1] JCGM 100:2008, Guide to the expression of uncertainty in measurement, 5.2.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from math import exp, isfinite, log, sqrt
from threading import Event

import numpy as np

from ..errors import FitError, ShouldStop, SpectraError
from ..fitting import FitResult
from ..model import Model
from ..model.values import GROUPS
from ..spectrum import Array
from .areas import level_of_area, ratio_of_labels
from .mixture import Asked, Average, averages, drawn_or_why, models_beside, with_limit
from .monte_carlo import MonteCarlo
from .pulls import pulls_of
from .quantities import (
    LEVEL,
    AreaRatio,
    Progress,
    linear_form,
    normal_quantile,
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
from .spread import Spread, Variant, background_spreads, model_spreads

AVERAGED = ("background", "components")
"""Choices whose models are averaged over; the others are spreads."""


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


Tell = Callable[[tuple[Ratio, ...]], None]
"""Is told the ratios as far as they are: rows that are not known yet are None, as is the total."""


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
        ``progress(done, total)`` counts the draws. Both are also called on the thread that draws.

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
    tell: Tell | None = None,
) -> tuple[Ratio, ...]:
    """Return several ratios of one fit with their budgets; draws and variants are made once.

    Parameters and errors as for `ratio_budget`, but a ratio whose labels the model does not
    have says so in its note, and the others are made all the same. `tell` is given all of them
    whenever another row is known: first as the covariance has them, which takes no time.
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

    def together(found: Sequence[Ratio]) -> tuple[Ratio, ...]:
        known = ratios | dict(zip(wanted, found, strict=True))
        return tuple(known[i] for i in range(len(requests)))

    def told(found: Sequence[Ratio]) -> None:
        if tell is not None:
            tell(together(found))

    return together(_budgets(result, list(wanted.values()), seed, should_stop, progress, told))


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
    told: Callable[[Sequence[Ratio]], None] = lambda ratios: None,
) -> tuple[Ratio, ...]:
    quantities, names = [w.quantity for w in wanted], [w.name for w in wanted]
    ratios = list(counted(result, quantities, names, should_stop))
    told(ratios)
    left = [i for i, ratio in enumerate(ratios) if ratio.budget.counting is not None]
    full = [i for i in left if wanted[i].rows is not _NONE]
    limited = [
        i for i, r in enumerate(ratios) if r.upper_limit is not None and wanted[i].rows.model
    ]
    asked = {i: _asked(ratios[i], wanted[i]) for i in (*full, *limited)}
    with _beside(_drawing(result, wanted, ratios, left, seed, progress), should_stop) as drawn:
        _add_impacts(ratios, full, result, quantities, should_stop)
        models = models_beside(result, list(asked.values()), should_stop)
        spreads = _spreads(full, wanted, ratios, result, should_stop)
        draws = drawn()
    for i, found in draws.items():
        ratios[i] = _with_draws(ratios[i], found, quantities[i])
    for i in left:
        ratios[i] = _with_priors(ratios[i], result, quantities[i])
    told(ratios)
    asked = {i: _asked(ratios[i], wanted[i], draws.get(i)) for i in asked}
    averaged = averages(result, models, list(asked.values()), seed, should_stop)
    average = dict(zip(asked, averaged, strict=True))
    for i in limited:
        ratios[i] = with_limit(ratios[i], average[i])
    told(
        [_with_average(r, average[i], wanted[i]) if i in full else r for i, r in enumerate(ratios)]
    )
    for i in full:
        across, note = _reference(result.model, quantities[i], wanted[i].rows.reference)
        ratios[i] = _with_rows(ratios[i], average[i], spreads[i], across, note)
    return tuple(ratios)


_Draws = dict[int, MonteCarlo | FitError]


def _drawing(
    result: FitResult,
    wanted: Sequence[_Wanted],
    ratios: Sequence[Ratio],
    places: Sequence[int],
    seed: int,
    progress: Progress | None,
) -> Callable[[ShouldStop], _Draws] | None:
    """Return what draws for the ratios at `places` that want it, each number of draws once.

    None if none does.
    """
    numbers = {i: wanted[i].rows.monte_carlo for i in places}
    own = {i: n for i, n in numbers.items() if n and ratios[i].interval_method != PROFILE}

    def draw(should_stop: ShouldStop) -> _Draws:
        found: _Draws = {}
        for n in dict.fromkeys(own.values()):
            same = [i for i in own if own[i] == n]
            asked = [wanted[i].quantity for i in same]
            drawn = drawn_or_why(result, asked, n, seed, should_stop, progress)
            found |= dict.fromkeys(same, drawn)
        return found

    return draw if own else None


@contextmanager
def _beside(
    work: Callable[[ShouldStop], _Draws] | None, should_stop: ShouldStop | None
) -> Iterator[Callable[[], _Draws]]:
    """Run `work` on a thread beside the block, which is given what waits for its outcome.

    Draws are arrays in compiled loops, the other rows are objects: neither waits for the other.
    """
    if work is None:
        yield dict
        return
    left = Event()

    def stops() -> bool:
        return left.is_set() or (should_stop is not None and should_stop())

    with ThreadPoolExecutor(1, "doublet-budget") as pool:
        future = pool.submit(work, stops)
        try:
            yield future.result
        finally:
            left.set()


def _asked(ratio: Ratio, wanted: _Wanted, drawn: MonteCarlo | FitError | None = None) -> Asked:
    rows = wanted.rows
    sample = drawn.values[wanted.quantity] if isinstance(drawn, MonteCarlo) else None
    return Asked(ratio, wanted.quantity, rows.background, rows.model, rows.monte_carlo, sample)


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
# Rows


def _with_average(ratio: Ratio, average: Average, wanted: _Wanted) -> Ratio:
    """Return the ratio with what the models that the data leave open differ by, and no total."""
    rows = {k: getattr(average, k) for k in ("background", "model") if getattr(wanted.rows, k)}
    return replace(ratio, budget=replace(ratio.budget, **rows))


def _with_rows(
    ratio: Ratio,
    average: Average,
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
