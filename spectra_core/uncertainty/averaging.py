"""Averaging over the models that the data leave open, instead of picking one.

What a prior cannot carry continuously is a choice: the family of the background, where no slope
is free in the model, and the set of components, one fewer, two as one, one more that the library
can name, one as two. Each such model that could matter is fitted; a quick look at the fit decides
which could. Its weight is its evidence (`spectra_core.uncertainty.evidence`) times its odds
before the data. Families of background are equally likely, and so is it that one more state is
there or not, because nobody who fits a spectrum can rule out what its shoulders may hide. That a
component which the author of the model named is not there has odds of one to twenty.

A species that is added has a prior on its position, wide enough for two energy scales, and one on
its area, since a model seldom lacks more than a third of its largest line. Near a neighbour it is
tried in two places, because what the neighbour has of it hangs on the place. It keeps off what is
there by what can be told apart, and counts from where priors expect the components: one that went
to where a species is missing does not hide that species.

A component that is left out has an area held at zero, in place and shape as fitted, so that what
the priors say of widths and shapes that it shares with others holds on.

A ratio is then drawn from each model by weight. One model is drawn and printed, and the interval
is that of all.

References
----------
.. [1] J. A. Hoeting, D. Madigan, A. E. Raftery, C. T. Volinsky, Stat. Sci. 14, 382 (1999).
   doi:10.1214/ss/1009212519
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import pairwise
from math import exp, inf, isfinite, log

import numpy as np

from ..core_levels import level_in
from ..errors import Cancelled, ShouldStop, SpectraError
from ..fitting import FitResult, RegionFit
from ..fitting.better import check_minimum
from ..fitting.priors import prior_residual
from ..fitting.problem import Problem
from ..fitting.result import Estimates, Numbers
from ..fitting.single import FitOptions, Solved, options_of, seen, solve
from ..library import load_library
from ..library.records import Entry
from ..model import (
    Model,
    Region,
    canonical_path,
    get_parameter,
    level_of_owner,
    members,
    members_of,
    owners,
    set_parameter,
    split_path,
)
from ..spectrum import Array
from .alternatives import Alternative, Known, fewer, one_more, split
from .background_variants import backgrounds
from .carried import carried
from .evidence import Shape, shape_of
from .quantities import AreaRatio, quantity_value, spectra_of
from .surface import ask, surface_of
from .variants import Trial, named_in, owners_in

HOPELESS = 40.0  # rise of chi-square: no gain in simplicity makes up for it
WORTH = 0.1  # fall of chi-square, as the fit's derivatives say: less and one more is not tried
WORTH_SPLIT = 3.0  # the same for one as two, which has no place of its own to be known
FEWER_ODDS = log(0.05)  # beforehand
DISPLACED = 0.1  # of an area: less is left where another component took its place
LEAST_WEIGHT = 0.005  # of a model that is drawn from
NOT_SEPARABLE_EV = 0.5
_ASIDE, _NARROWER = 0.8, 0.6  # of a spread: two normals whose variance together is that of one
SCALE_EV = 0.2  # between the energy scales of two articles
_SAME_PLACE_EV = 0.3
_SAME_EV = 0.01  # of one minimum, found again from elsewhere
_TOLERANCE = 1e-4  # of a standard error
_NEIGHBOURS = 1.5  # widths within which two components may be taken for each other
_FAMILY, _COMPONENTS, _MINIMUM = "background", "components", "minimum"


@dataclass(frozen=True, eq=False)
class Considered:
    """One model beside the fitted one.

    Attributes
    ----------
    trial : Trial
    solved : Solved or None
        None where it was not fitted, or could not be.
    log_evidence : float or None
        Above that of the fitted model, the odds of its kind included.
    delta_bic : float or None
        Above that of the fitted model.
    reason : str
        Why it has no weight; empty if it has one.
    options : FitOptions
        Of its fit.
    """

    trial: Trial
    solved: Solved | None
    log_evidence: float | None
    delta_bic: float | None
    reason: str
    options: FitOptions = field(default_factory=FitOptions)

    @cached_property
    def numbers(self) -> Numbers | None:
        """Values and covariance; None where it was not fitted."""
        return None if self.solved is None else self.solved.numbers

    @cached_property
    def result(self) -> FitResult | None:
        """Its fit with curves and all, made when it is first asked for: few are."""
        return None if self.solved is None else seen(self.solved, self.options)

    @property
    def kind(self) -> str:
        """The row of the budget that it counts in."""
        return "background" if self.trial.choice == _FAMILY else "model"

    def vanishes(self, quantity: AreaRatio) -> bool:
        """Return whether nothing of the numerator of a ratio is left in it."""
        other = self.trial.alternative
        return other is not None and other.vanishes(quantity)


def considered(
    result: FitResult,
    quantities: Sequence[AreaRatio],
    *,
    background: bool = True,
    model: bool = True,
    should_stop: ShouldStop | None = None,
) -> tuple[Considered, ...]:
    """Return the models beside a fit that its data leave open, fitted, and those they refuse.

    Parameters
    ----------
    result : FitResult
    quantities : sequence of AreaRatio
        The regions of their areas are looked at.
    background, model : bool
        Whether to try other families of background, other sets of components.
    should_stop : callable or None

    Raises
    ------
    BetterMinimumError
        If a simpler model fits better than `result`.
    Cancelled
        If `should_stop` returned True.
    """
    paths = [path for q in quantities for path in (*q.numerator, *q.denominator)]
    shape = shape_of(result, _sigmas(result))
    found: list[Considered] = []
    for name in dict.fromkeys(split_path(path)[0] for path in paths):
        ask(should_stop)
        trials: list[Trial | Considered] = []
        if background and _FAMILY not in carried(result, name):
            trials += _families(result, name)
        if model:
            trials += _sets(result, name, owners_in(result, name, quantities), shape)
            trials += _exchanged(result, name)
        for trial in trials:
            if isinstance(trial, Trial):
                found.append(_fitted(result, shape, trial, should_stop))
            else:
                found.append(trial)
    return tuple(found)


def weights_of(
    models: Sequence[Considered], drawn: Sequence[bool] | None = None
) -> tuple[float, tuple[float, ...]]:
    """Return the weight of the fitted model, and those of the others; zero where refused.

    Parameters
    ----------
    models : sequence of Considered
    drawn : sequence of bool or None
        Which of them were drawn from; the others have no weight. None: all.
    """
    logs = [
        -inf if one.log_evidence is None or one.reason or not there else one.log_evidence
        for one, there in zip(models, drawn or [True] * len(models), strict=True)
    ]
    most = max([0.0, *logs])
    raw = [exp(value - most) if isfinite(value) else 0.0 for value in logs]
    own = exp(-most)
    raw = [value if value > LEAST_WEIGHT * (own + sum(raw)) else 0.0 for value in raw]
    total = own + sum(raw)
    return own / total, tuple(value / total for value in raw)


def _sigmas(result: FitResult) -> list[Array]:
    return [region.sigma for region in result.regions]


def _adds(trial: Trial) -> bool:
    return trial.alternative is not None and trial.alternative.kind in ("more", "split")


# ---------------------------------------------------------------------------------
# Which models


def _families(result: FitResult, name: str) -> Iterator[Trial]:
    for trial in backgrounds(result, name):
        if trial.model.region(name).background.mode == "active":
            yield trial


def _sets(
    result: FitResult, name: str, divided: Sequence[str], shape: Shape
) -> Iterator[Trial | Considered]:
    """Yield other sets of components; those that a look at the fit refuses are not fitted."""
    rises = _rises_without(result, name)
    for other in fewer(result, name):
        trial = _trial(result, name, other)
        rise = _least_rise(result, name, other, rises)
        if other.kind == "fewer" and not any(result.value(path) for path in other.gone):
            yield _refused(trial, "its area is zero in the fitted model already")
        elif rise > HOPELESS:
            yield _refused(trial, f"chi-square rises by {rise:.3g}")
        else:
            yield trial
    for entry, gain in _named_species(result, name, shape):
        if gain < WORTH:
            continue
        for more in _with_species(result, name, entry):
            yield _trial(result, name, more)
    for owner in divided:
        gain = _gain_of_two(result, name, owner, shape)
        if gain > WORTH_SPLIT:
            yield _trial(result, name, split(result, name, owner))


def _exchanged(result: FitResult, name: str) -> Iterator[Trial]:
    """Yield the fit from where two neighbours stand in each other's place, areas and all."""
    region = result.model.region(name)
    present = sorted(owners(region, enabled=True), key=lambda owner: _place(result, name, owner))
    for low, high in pairwise(present):
        apart = _place(result, name, high) - _place(result, name, low)
        if apart > _NEIGHBOURS * _width_of(result, name, low):
            continue
        if _cost_of_exchange(result, name, low, high) > HOPELESS:
            continue
        model = result.model
        for owner, other in ((low, high), (high, low)):
            for parameter in ("center", "area"):
                model = _taken_over(result, model, f"{name}/{owner}/{parameter}", other)
        if model is not result.model:
            text = named_in(result, name, f"{low} and {high} in each other's place")
            yield Trial(_MINIMUM, text, model, name)


def _cost_of_exchange(result: FitResult, name: str, low: str, high: str) -> float:
    """Return what two owners in each other's place cost by priors and bounds, in chi-square.

    Infinite where no prior knows which is which: their names are then all that tells them apart.
    """
    problem = result.problem
    paths = [f"{name}/{members(result.model.region(name), o)[0].id}/center" for o in (low, high)]
    if not set(paths) <= set(problem.free_paths):
        return inf
    places = [problem.free_paths.index(path) for path in paths]
    if not problem.prior_matrix[:, places].any():
        return inf
    before = result.values[problem.free]
    after = before.copy()
    after[places] = before[places[::-1]]
    if (np.clip(after, problem.lower, problem.upper) != after).any():
        return inf
    sigmas = problem.prior_sigmas(before)
    rise = [np.square(prior_residual(problem, q, sigmas)) for q in (after, before)]
    return float(np.sum(rise[0] - rise[1]))


def _taken_over(result: FitResult, model: Model, path: str, other: str) -> Model:
    """Return the model with a free parameter at the value that another owner has."""
    region, _, parameter = split_path(path)
    known = get_parameter(model, path)
    (own, *_) = members_of(model, path)
    if own not in result.problem.free_paths:
        return model
    value = quantity_value(result, f"{region}/{other}/{parameter}")
    return set_parameter(model, path, value=min(max(value, known.min), known.max))


def _width_of(result: FitResult, name: str, owner: str) -> float:
    major = members(result.model.region(name), owner)[0]
    return result.summary(name, major.id).fwhm


def _trial(result: FitResult, name: str, other: Alternative) -> Trial:
    text = named_in(result, name, other.change)
    less = other.kind == "fewer"
    model = _held_at_zero(result, name, other.changed) if less else other.model
    return Trial(_COMPONENTS, text, model, name, True, other, less, other.obstacle)


def _held_at_zero(result: FitResult, name: str, changed: Sequence[str]) -> Model:
    """Return the model with the areas of some lines held at zero, and what is theirs alone.

    What is known of a place or a shape of their own is then known of nothing.
    """
    model, problem = result.model, result.problem
    moving = _own_parameters(problem, {f"{name}/{line}" for line in changed})
    theirs = (problem.matrix != 0)[:, moving].any(axis=1)
    lost = {
        prior
        for prior, row in zip(problem.priors.priors, problem.priors.sums, strict=True)
        if row[theirs].any()
    }
    for j in moving:
        path = problem.free_paths[j]
        at = {"value": 0.0} if _is_size(path) else {}
        model = set_parameter(model, path, free=False, **at)
    return replace(model, priors=tuple(prior for prior in model.priors if prior not in lost))


def _own_parameters(problem: Problem, lines: Collection[str]) -> list[int]:
    """Return the free parameters that move some lines (region/id) and nothing else."""
    own = {i for i, path in enumerate(problem.paths) if path.rpartition("/")[0] in lines}
    return [
        j
        for j in range(problem.free.size)
        if set(np.flatnonzero(problem.matrix[:, j]).tolist()) <= own
    ]


def _is_size(path: str) -> bool:
    return split_path(path)[2] in ("area", "height")


def _refused(trial: Trial, reason: str) -> Considered:
    return Considered(trial, None, None, None, reason)


def _rises_without(result: FitResult, name: str) -> dict[str, float]:
    """Return how far chi-square rises when an owner's area is held at zero, for each owner.

    Its place and shape stay, so that it is one compiled refit, in which priors that speak of the
    owner alone cost what they cost before. Not for an owner whose area is tied.
    """
    surface = surface_of(result)
    problem = surface.refitter.problem
    region = result.model.region(name)
    starts, lowers, uppers, known = [], [], [], []
    for owner in owners(region, enabled=True):
        lines = {f"{name}/{line.id}" for line in members(region, owner)}
        moving = _own_parameters(problem, lines)
        areas = [j for j in moving if _is_size(problem.free_paths[j])]
        if not areas or not all(problem.lower[j] <= 0.0 for j in areas):
            continue
        start, lower, upper = surface.best.copy(), problem.lower.copy(), problem.upper.copy()
        lower[moving] = upper[moving] = start[moving]
        start[areas] = lower[areas] = upper[areas] = 0.0
        known.append(owner)
        starts.append(start)
        lowers.append(lower)
        uppers.append(upper)
    if not known:
        return {}
    refits = surface.refitter.refit(
        np.array(starts), lower=np.array(lowers), upper=np.array(uppers), linear=True
    )
    rises = np.where(refits.converged, refits.chi_square - surface.chi_square, 0.0)
    return dict(zip(known, rises.tolist(), strict=True))


def _least_rise(result: FitResult, name: str, other: Alternative, rises: dict[str, float]) -> float:
    """Return how far chi-square rises at least in a model with fewer owners, as far as known."""
    region = result.model.region(name)
    changed = [owner for owner in owners(region, enabled=True) if owner in other.changed]
    known = [rises.get(owner, 0.0) for owner in changed]
    least = min(known, default=0.0)
    # Two as one may stand between them, which is better than either alone: look at it.
    return least if other.kind == "fewer" else 0.5 * least


# ---------------------------------------------------------------------------------
# One more


def _named_species(
    result: FitResult, name: str, shape: Shape
) -> list[tuple[tuple[Entry, ...], float]]:
    """Return species of the library that are not in a region, with what each could gain.

    Species that lie together are one: no fit tells them apart.
    """
    region, fitted = result.model.region(name), result.region(name)
    present = owners(region, enabled=True)
    if not present or not fitted.spectrum.axis.is_energy:
        return []
    levels = {level_in(level_of_owner(region, owner)) for owner in present}
    places = [_usual_place(result, name, owner) for owner in present]
    low, high = region.window
    shift = region.shift.value or 0.0
    free = [
        entry
        for entry in load_library().entries.values()
        if entry.level in levels
        and entry.is_confirmed
        and entry.center is not None
        and low + NOT_SEPARABLE_EV < entry.center + shift < high - NOT_SEPARABLE_EV
        and min(abs(entry.center - place) for place in places) > NOT_SEPARABLE_EV
    ]
    groups = _together(sorted(free, key=lambda entry: entry.center or 0.0))
    columns = [_moved_line(result, name, _center(group[0]), shape) for group in groups]
    if not columns:
        return []
    gains, amounts = shape.gain_of(np.array(columns).T)
    gains = np.where(amounts > 0, gains, 0.0)
    return list(zip(groups, gains.tolist(), strict=True))


def _together(entries: Sequence[Entry]) -> list[tuple[Entry, ...]]:
    groups: list[list[Entry]] = []
    for entry in entries:
        if groups and _center(entry) - _center(groups[-1][0]) <= _SAME_PLACE_EV:
            groups[-1].append(entry)
        else:
            groups.append([entry])
    return [tuple(sorted(group, key=lambda e: e.status)) for group in groups]


def _center(entry: Entry) -> float:
    assert entry.center is not None
    return entry.center


def _place(result: Estimates, name: str, owner: str) -> float:
    major = members(result.model.region(name), owner)[0]
    return result.value(f"{name}/{major.id}/center")


def _usual_place(result: FitResult, name: str, owner: str) -> float:
    """Return where a prior on its centre expects an owner; where there is none, where it lies.

    A component that went to where a species is that the model lacks does not hide that species.
    """
    path = f"{name}/{members(result.model.region(name), owner)[0].id}/center"
    for prior in result.model.priors:
        own, *others = prior.terms
        places = all(split_path(term.source)[2] == "center" for term in others)
        if places and canonical_path(result.model, own.source) == path:
            rest = sum(t.times * result.value(t.source) for t in others)
            return (prior.value - rest) / own.times
    return _place(result, name, owner)


def _moved_line(result: FitResult, name: str, center: float, shape: Shape) -> Array:
    """Return the curve of the nearest owner moved to a centre, over sigma, on all points (N,)."""
    present = owners(result.model.region(name), enabled=True)
    like = min(present, key=lambda owner: abs(_place(result, name, owner) - center))
    fitted = result.region(name)
    curve = _curve(result, fitted, name, like)
    offset = center - _place(result, name, like)
    order = np.argsort(fitted.x)
    moved = np.interp(fitted.x - offset, fitted.x[order], curve[order])
    return _on_all(result, name, moved / fitted.sigma, shape)


def _curve(result: FitResult, fitted: RegionFit, name: str, owner: str) -> Array:
    lines = members(result.model.region(name), owner)
    return np.asarray(np.sum([fitted.peaks[line.id] for line in lines], axis=0))


def _on_all(result: FitResult, name: str, part: Array, shape: Shape) -> Array:
    """Return a curve of one region as one of all points, zero elsewhere."""
    whole, start = np.zeros(shape.residual.size), 0
    for region in result.regions:
        if region.name == name:
            whole[start : start + region.x.size] = part
        start += region.x.size
    return whole


def _with_species(result: FitResult, name: str, group: tuple[Entry, ...]) -> Iterator[Alternative]:
    """Yield the model with a species; near neighbours in two places, which share its odds.

    What a neighbour takes of it hangs on where it lies, so that one place, the best, would say too
    little: a wide normal prior on the place is about that of two narrower ones.
    """
    region = result.model.region(name)
    places = [_usual_place(result, name, owner) for owner in owners(region, enabled=True)]
    middle, spread, reach = _where(group)
    low = max([middle - reach, *(p + NOT_SEPARABLE_EV for p in places if p < middle)])
    high = min([middle + reach, *(p - NOT_SEPARABLE_EV for p in places if p >= middle)])
    label = " or ".join(dict.fromkeys(entry.label for entry in group))
    nearest = min(owners(region, enabled=True), key=lambda o: abs(_place(result, name, o) - middle))
    shift = region.shift.value or 0.0
    alone = min(abs(p - middle) for p in places) > _NEIGHBOURS * _width_of(result, name, nearest)
    if alone:
        trials = [(middle, Known(label, spread, low, high))]
    else:
        grid = np.linspace(low, high, 65)
        likely = np.exp(-0.5 * ((grid - middle) / spread) ** 2)
        middle = float(np.average(grid, weights=likely))
        spread = float(np.sqrt(np.average((grid - middle) ** 2, weights=likely)))
        trials = [
            (at, Known(f"{label} near {at:.1f} eV", _NARROWER * spread, low, high, log(0.5)))
            for at in (middle - _ASIDE * spread, middle + _ASIDE * spread)
        ]
    for at, known in trials:
        more = one_more(result, name, at + shift, known=known)
        if more is not None:
            yield more


def _where(group: Sequence[Entry]) -> tuple[float, float, float]:
    """Return where species that lie together are, how far that scatters, and their reach."""
    tolerances = np.array([entry.tolerance or NOT_SEPARABLE_EV for entry in group])
    spreads = [e.spread or 0.5 * tol for e, tol in zip(group, tolerances.tolist(), strict=True)]
    centers = np.array([_center(entry) for entry in group])
    apart = centers - centers.mean()
    spread = float(np.sqrt(np.mean(np.square(spreads) + apart**2) + SCALE_EV**2))
    return float(centers.mean()), spread, float(np.max(np.abs(apart) + tolerances)) + SCALE_EV


def _gain_of_two(result: FitResult, name: str, owner: str, shape: Shape) -> float:
    """Return what chi-square could gain with an owner as two: its second derivative is one more.

    Two lines of unequal areas beside each other also have the first derivative, which the centre
    of one has anyway.
    """
    fitted = result.region(name)
    curve = _curve(result, fitted, name, owner)
    if not curve.any():
        return 0.0
    bend = np.gradient(np.gradient(curve, fitted.x), fitted.x)
    column = _on_all(result, name, bend / fitted.sigma, shape)
    gains, amounts = shape.gain_of(column[:, None])
    return float(gains[0]) if amounts[0] > 0 else 0.0


# ---------------------------------------------------------------------------------
# Fitted


def _fitted(
    result: FitResult, shape: Shape, trial: Trial, should_stop: ShouldStop | None
) -> Considered:
    if trial.obstacle:
        return _refused(trial, trial.obstacle)
    options = options_of(result, starts=trial.starts, tolerance=_TOLERANCE)
    try:
        solved = solve(spectra_of(result), trial.model, options=options, should_stop=should_stop)
    except Cancelled:
        raise
    except SpectraError as error:
        return _refused(trial, str(error))
    except (ArithmeticError, ValueError) as error:
        return _refused(trial, f"the fit broke down numerically: {error}")
    if trial.nested:
        gone = trial.alternative.gone if trial.alternative else ()
        check_minimum(result, solved, zero=gone, where=trial.name)
    other = solved.numbers
    if trial.choice == _MINIMUM:
        check_minimum(result, solved, where=trial.name)
        if _is_same(result, other):
            return _refused(trial, "it leads back to the fit")
    delta = solved.bic - result.statistics.bic
    solution = solved.settled.solution
    if not solution.converged:
        reason = f"it did not converge: {solution.message}"
        return Considered(trial, solved, None, delta, reason, options)
    odds = FEWER_ODDS if trial.choice == _COMPONENTS and not _adds(trial) else 0.0
    odds += trial.alternative.odds if trial.alternative is not None else 0.0
    found = shape_of(other, _sigmas(result)).log_evidence - shape.log_evidence + odds
    considered = Considered(trial, solved, found, delta, "", options)
    if _adds(trial):
        return replace(considered, reason=_no_addition(result, trial, other))
    if trial.alternative is not None and trial.alternative.kind == "fewer":
        return replace(considered, reason=_renamed(result, trial, other))
    return considered


def _renamed(result: FitResult, trial: Trial, other: Numbers) -> str:
    """Return which owner took the place of the one that was left out: then none was."""
    assert trial.alternative is not None
    region = result.model.region(trial.region)
    present = owners(region, enabled=True)
    gone = [owner for owner in present if owner in trial.alternative.changed]
    for owner in (o for o in present if o not in gone):
        now, before = (_place(one, trial.region, owner) for one in (other, result))
        for left in gone:
            place = _place(result, trial.region, left)
            if abs(now - place) < abs(now - before):
                return f"{owner} takes its place, which is the same model under another name"
    return ""


def _no_addition(result: FitResult, trial: Trial, other: Numbers) -> str:
    """Return why a model with one more is none: the new one is empty, or an old one now is."""
    assert trial.alternative is not None
    if _is_empty(trial, other):
        return "the data give it no area"
    if trial.alternative.kind != "more":
        return ""
    region = result.model.region(trial.region)
    for owner in owners(region, enabled=True):
        areas = [p for p in (f"{region.name}/{owner}/area",) if "area" in _names_of(region, owner)]
        if any(other.value(path) < DISPLACED * result.value(path) for path in areas):
            return f"it takes the place of {owner}, and adds nothing"
    return ""


def _names_of(region: Region, owner: str) -> list[str]:
    return [spec.name for spec in region.specs_of(members(region, owner)[0])]


def _is_same(result: FitResult, other: Numbers) -> bool:
    """Return whether two fits of one model are in the same minimum, as far as its lines show."""
    centers = [i for i, p in enumerate(result.problem.paths) if split_path(p)[2] == "center"]
    return bool(np.allclose(result.values[centers], other.values[centers], atol=_SAME_EV))


def _is_empty(trial: Trial, other: Numbers) -> bool:
    """Return whether what was added has no area."""
    added = [
        f"{trial.region}/{line.id}/area"
        for line in other.model.region(trial.region).components
        if line.id.startswith("one more") and "area" in line.parameters
    ]
    return any(other.value(path) <= 0 for path in added)


# ---------------------------------------------------------------------------------
# The mixture


@dataclass(frozen=True, eq=False)
class Part:
    """What one model says of a ratio.

    Attributes
    ----------
    kind : str
        ``"fit"``, ``"background"`` or ``"model"``.
    weight : float
    values : ndarray, shape (M,)
        Draws of the ratio.
    """

    kind: str
    weight: float
    values: Array

    @cached_property
    def middle(self) -> float:
        """Median."""
        return float(np.median(self.values))

    @cached_property
    def half(self) -> float:
        """Half the width of the central 68 %."""
        low, high = np.quantile(self.values, (0.15865, 0.84135))
        return float(high - low) / 2.0


def mixed_quantiles(parts: Sequence[Part], probabilities: Sequence[float]) -> list[float]:
    """Return quantiles of the mixture; of a single part Weibull's, as of any other draws."""
    values = np.concatenate([part.values for part in parts])
    weights = np.concatenate(
        [np.full(part.values.size, part.weight / part.values.size) for part in parts]
    )
    order = np.argsort(values)
    values, weights = values[order], weights[order]
    one_more = float(weights @ weights) / weights.sum()  # the weight of a usual draw
    places = np.cumsum(weights) / (weights.sum() + one_more)
    return [float(found) for found in np.interp(probabilities, places, values)]
