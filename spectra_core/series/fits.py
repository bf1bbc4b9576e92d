"""Fitting a series: every level by itself, from its neighbours both ways, then all as one.

1. A level that charged by several eV is slid back (`align`), and that is said.
2. Every level is fitted by itself with the usual search; where that leaves more than noise,
   again from the answer of the level before it, and of the level behind it, and the best is
   kept. A level that could not be fitted is fitted from its neighbours, and that is said.
3. One problem over all levels (`global_fit`): areas and backgrounds are each level's own, the
   charge shift moves with the level, and positions, widths and shapes are shared, unless the
   user says otherwise.
4. Levels that are not like the others are named (`outliers`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from functools import cached_property

import numpy as np

from ..errors import Cancelled, FitError, ModelError, ShouldStop, SpectraError, did_you_mean
from ..fitting import FitOptions, FitResult
from ..fitting.engine import CompiledFit, compiled_fit
from ..fitting.inputs import as_spectra
from ..fitting.measured import has_noisy_shapes, noisy_shapes, with_shape_noise
from ..fitting.problem import Problem, compile_problem
from ..fitting.remainder import with_remainders
from ..fitting.single import (
    Settled,
    Solved,
    full_covariance,
    result_of,
    seen,
    solve,
    weights_of,
)
from ..fitting.solver import Solution
from ..fitting.weights import Weights
from ..model import BACKGROUND, REGION, Model, Prior, Term, add_priors, replace_region, share_shift
from ..spectrum import Array, Calibration, Spectrum, calibrate
from .alarms import SeriesAlarm
from .align import Slide, slides
from .evaluation import LevelWork, Settle, level_work, settler_of
from .global_fit import FREE, SHARED, GlobalSolution, Mode, Smooth, global_fit
from .outliers import drifts, intensities, misfits
from .starts import starts

DRIFT_SD_EV = 0.5
"""Standard deviation of each level's charge shift about their mean, where none is fitted yet."""

SERIES = "series"
"""The method of results that are levels of a series."""

_DRIFT_BOUND_EV = 3.0
_ONE_SIDED = 1.6448536269514722
_SEEN = 3.0  # standard errors of an area
SeriesProgress = Callable[[int, int, str], None]
LevelTaker = Callable[[int, FitResult], None]
"""Takes the fit of a level by itself as soon as it is there: its number, from 0, and the fit."""


@dataclass(frozen=True, eq=False)
class SeriesFit:
    """A series, fitted.

    Attributes
    ----------
    positions : ndarray, shape (L,)
        Of the levels on the axis of the series.
    levels : tuple of FitResult, length L
        Of the global fit; each level's numbers with the covariance that holds what is shared.
    modes : mapping of str to mode
        ``"free"``, ``"shared"`` or `Smooth`, of every free parameter.
    slides : tuple of Slide, length L
    alarms : tuple of SeriesAlarm
    solution : GlobalSolution
    ends : tuple of Solved or None, length L
        Every level by itself, in numbers.
    options : FitOptions
        Of these.
    """

    positions: Array
    levels: tuple[FitResult, ...]
    modes: Mapping[str, Mode]
    slides: tuple[Slide, ...]
    alarms: tuple[SeriesAlarm, ...]
    solution: GlobalSolution
    ends: tuple[Solved | None, ...]
    options: FitOptions

    @cached_property
    def separate(self) -> tuple[FitResult | None, ...]:
        """Every level by itself; None where that failed."""
        return tuple(None if end is None else seen(end, self.options) for end in self.ends)

    def __len__(self) -> int:
        return len(self.levels)

    @property
    def shared(self) -> tuple[str, ...]:
        """Paths of what all levels share."""
        return self.solution.layout.common

    def flagged(self, *codes: str) -> tuple[int, ...]:
        """Return the levels with an alarm of one of these codes, or with any."""
        return tuple(dict.fromkeys(a.level for a in self.alarms if not codes or a.code in codes))

    def values(self, path: str) -> Array:
        """Return a parameter at every level (L,); NaN where it is not there."""
        return np.array([number_of(level.value, path) for level in self.levels])

    def stderrs(self, path: str) -> Array:
        """Return its standard errors (L,); NaN where there is none."""
        return np.array([number_of(level.stderr, path) for level in self.levels])

    def loads(self, level: int, paths: Sequence[str]) -> Array:
        """Return how errors that all levels share move a level's numbers, (len(paths), r).

        One column for each independent error of one standard deviation: of what is shared,
        and of priors that are wrong by the same at every level. NaN where a path is not there.
        """
        result = self.levels[level]
        reach = self.solution.loads(level)
        rows = np.full((len(paths), reach.shape[1]), np.nan)
        for i, path in enumerate(paths):
            try:
                members = list(result.places_of(path))
            except ModelError:
                continue
            rows[i] = result.problem.matrix[members].sum(axis=0) @ reach
        return rows

    def limits(self, path: str) -> Array:
        """Return below what an area is (L,), one-sided 95 %, where it is not seen; else NaN.

        Not seen is what lies below three standard errors, those that it would have if no
        bound held it.
        """
        found = np.full(len(self), np.nan)
        own = self.solution.layout.own
        for k, level in enumerate(self.levels):
            try:
                members = level.places_of(path)
            except ModelError:
                continue
            major = level.paths[members[0]]
            if major in own:
                times = sum(float(level.problem.matrix[i].max()) for i in members)  # both lines
                error = times * float(self.solution.open_errors[k, own.index(major)])
                value = level.value(path)
                if value < _SEEN * error:
                    found[k] = max(value, 0.0) + _ONE_SIDED * error
        return found


def number_of(ask: Callable[[str], float | None], path: str) -> float:
    """Return what a level says of a parameter; NaN where it is not there, or has none."""
    try:
        found = ask(path)
    except ModelError:
        found = None
    return float("nan") if found is None else found


def fit_series(
    levels: Sequence[Mapping[str, Spectrum]],
    model: Model | Sequence[Model],
    *,
    positions: Sequence[float] | None = None,
    modes: Mapping[str, Mode] | None = None,
    options: FitOptions | None = None,
    align: bool = True,
    drift: bool = True,
    progress: SeriesProgress | None = None,
    take_level: LevelTaker | None = None,
    should_stop: ShouldStop | None = None,
) -> SeriesFit:
    """Fit all levels of a series with one model.

    Parameters
    ----------
    levels : sequence of mapping of str to Spectrum
        By region name, in order.
    model : Model, or sequence of Model
        One for all levels, or one for each (a level may lack a region).
    positions : sequence of float or None
        On the axis of the series; None: 1, 2, 3...
    modes : mapping of str to mode, or None
        What becomes of parameters, by path or pattern (``"S 2p/*/fwhm"``): ``"free"``,
        ``"shared"`` or `Smooth`; later ones win. The rest is as `default_mode` says.
    options : FitOptions or None
        Of the separate fits.
    align : bool
        Slide levels back that lie more than 1 eV off; on an axis of electron energies alone.
    drift : bool
        Give the model one charge shift for each level, if it has none; as `align`.
    progress, should_stop : callable or None
    take_level : callable or None
        Gets the fit of each level by itself as soon as it is there.

    Raises
    ------
    FitError
        If there are fewer than two levels, or none can be fitted.
    ModelError
        If a pattern in `modes` fits no free parameter.
    Cancelled
        If `should_stop` returned True.
    """
    if len(levels) < 2:
        raise FitError(
            f"a series has two levels or more; there is {len(levels)}.",
            hint="Fit a single spectrum with `doublet fit`.",
        )
    options = options or FitOptions()
    charges = all(spectrum.axis.is_energy for own in levels for spectrum in own.values())
    align, drift = align and charges, drift and charges
    models = [model] * len(levels) if isinstance(model, Model) else list(model)
    found = slides(levels, models[0]) if align else (Slide(0.0, 1.0, 1.0),) * len(levels)
    spectra = [
        as_spectra(_slid(own, slide), m)
        for own, slide, m in zip(levels, found, models, strict=True)
    ]
    ends, failed, alarms = _separate(spectra, models, options, progress, take_level, should_stop)
    problems = _with_drift(ends, spectra, models) if drift else [end.problem for end in ends]
    chosen = modes_of(problems, modes or {})
    shapes = tuple(dict.fromkeys(name for own in problems for name in noisy_shapes(own)))
    kinds = [end.weights for end in ends]
    fits = [
        compiled_fit(problem, own, with_start=False)
        for problem, own in zip(problems, kinds, strict=True)
    ]
    begin = starts(problems, kinds, fits, ends, chosen, options)
    if shapes:
        problems, kinds, fits = _without_shape_noise(problems, spectra, options)
    works = [
        level_work(problem, own, end.settled, q, compiled, shapes)
        for problem, own, end, q, compiled in zip(problems, kinds, ends, begin, fits, strict=True)
    ]
    reference = None if not drift else _anchored(problems, ends, begin)
    solution = global_fit(works, chosen, begin, fixed=reference, should_stop=should_stop)
    results = tuple(_result(work, solution, k, options) for k, work in enumerate(works))
    place = np.arange(1.0, len(levels) + 1) if positions is None else np.asarray(positions, float)
    alone = tuple(None if k in failed else end for k, end in enumerate(ends))
    every = [
        *_slide_alarms(found),
        *alarms,
        *intensities(results),
        *drifts(results, [slide.shift_ev for slide in found]),
        *misfits(results, alone, solution.layout.common),
    ]
    every.sort(key=lambda alarm: alarm.level)
    return SeriesFit(place, results, chosen, found, tuple(every), solution, alone, options)


# ---------------------------------------------------------------------------------
# Models and modes


def with_drift(model: Model) -> Model:
    """Return a model whose regions have one charge shift, free, with a prior about zero.

    A model with a free shift of its own stays as it is.
    """
    if any(region.shift.free for region in model.regions):
        return model
    first = model.regions[0]
    bound = replace(first.shift, value=0.0, min=-_DRIFT_BOUND_EV, max=_DRIFT_BOUND_EV, free=True)
    moved = share_shift(replace_region(model, replace(first, shift=bound)))
    path = f"{first.name}/{REGION}/shift"
    prior = Prior(
        (Term(1.0, path),),
        0.0,
        DRIFT_SD_EV,
        group="energies",
        source="drift of the charge from level to level",
    )
    return add_priors(moved, (prior,))


def _anchored(
    problems: Sequence[Problem], ends: Sequence[Solved], begin: list[Array]
) -> tuple[int, str] | None:
    """Return the level against which charge shifts are told, and the shift; `begin` follows.

    Positions and one shift for each level leave one number open. Where the series gave the
    shifts, that of the strongest level is zero.
    """
    given = [p is not end.problem for p, end in zip(problems, ends, strict=True)]
    if not all(given):
        return None
    path = f"{problems[0].model.regions[0].name}/{REGION}/shift"
    strengths = [sum(float(np.ptp(r.y)) for r in problem.regions) for problem in problems]
    level = int(np.argmax(strengths))
    zero = float(begin[level][problems[level].free_paths.index(path)])
    for k, problem in enumerate(problems):
        for i, name in enumerate(problem.free_paths):
            if name == path:
                begin[k][i] -= zero
            elif name.endswith("/center"):
                begin[k][i] += zero
        begin[k] = _inside(problem, begin[k])
    return level, path


def default_mode(path: str) -> Mode:
    """Return what a parameter is unless the user says: areas, backgrounds and shifts are free."""
    owner, name = path.split("/")[-2:]
    if owner == BACKGROUND or name in ("area", "height", "shift", "step"):
        return FREE
    return SHARED


def modes_of(problems: Sequence[Problem], wanted: Mapping[str, Mode]) -> dict[str, Mode]:
    """Return the mode of every free parameter.

    Raises
    ------
    ModelError
        If a pattern fits nothing, or a mode is none.
    """
    paths = list(dict.fromkeys(path for own in problems for path in own.free_paths))
    found = {path: default_mode(path) for path in paths}
    for pattern, mode in wanted.items():
        if not isinstance(mode, Smooth) and mode not in (FREE, SHARED):
            raise ModelError(
                f'"{mode}" is nothing that a parameter of a series can be.',
                hint="Write free, shared, or smooth with a standard deviation.",
                where=pattern,
            )
        matched = [path for path in paths if fnmatchcase(path, pattern)]
        if not matched:
            raise ModelError(
                "no free parameter of the series is called so.",
                hint=did_you_mean(pattern, paths),
                where=pattern,
            )
        found |= dict.fromkeys(matched, mode)
    return found


def _slid(level: Mapping[str, Spectrum], slide: Slide) -> dict[str, Spectrum]:
    """Return the spectra of a level with its lines where the others have theirs."""
    if slide.shift_ev == 0.0:
        return dict(level)
    moved = {}
    for name, spectrum in level.items():
        before = spectrum.calibration
        words = "; ".join(filter(None, (before.reference, "slid back to its neighbours")))
        moved[name] = calibrate(
            spectrum,
            Calibration(before.shift - slide.shift_ev, words, uncertainty=before.uncertainty),
        )
    return moved


def _slide_alarms(found: Sequence[Slide]) -> list[SeriesAlarm]:
    return [
        SeriesAlarm(
            k,
            "slid",
            f"its lines lie {slide.shift_ev:+.1f} eV from those of its neighbours (agreement"
            f" {slide.agreement:.2f}, {slide.before:.2f} without); it was slid back and fitted.",
        )
        for k, slide in enumerate(found)
        if slide.shift_ev
    ]


# ---------------------------------------------------------------------------------
# Level by level


def _separate(
    levels: Sequence[Mapping[str, Spectrum]],
    models: Sequence[Model],
    options: FitOptions,
    progress: SeriesProgress | None,
    take_level: LevelTaker | None,
    should_stop: ShouldStop | None,
) -> tuple[list[Solved], set[int], list[SeriesAlarm]]:
    """Fit every level by itself and from its neighbours; say which could not be by itself."""
    found: list[Solved | None] = []
    alarms: list[SeriesAlarm] = []
    for k, (level, model) in enumerate(zip(levels, models, strict=True)):
        if should_stop is not None and should_stop():
            raise Cancelled("the series fit was cancelled; nothing was changed.")
        try:
            solved = solve(level, model, options=options, should_stop=should_stop)
            found.append(solved if np.isfinite(solved.settled.solution.chi_square) else None)
        except Cancelled:
            raise
        except SpectraError as error:
            found.append(None)
            alarms.append(SeriesAlarm(k, "failed", f"it could not be fitted by itself: {error}"))
        last = found[-1]
        if take_level is not None and last is not None:
            take_level(k, seen(last, options))
        if progress is not None:
            progress(k + 1, len(levels), f"level {k + 1}")
    if all(solved is None for solved in found):
        raise FitError(
            "no level of the series can be fitted.",
            hint=alarms[0].message if alarms else "Look at one level with `doublet fit`.",
        )
    failed = [k for k, solved in enumerate(found) if solved is None]
    kept = list(found)
    ready: dict[int, _Ready | None] = {}
    for order in (range(1, len(levels)), range(len(levels) - 2, -1, -1)):
        step = -1 if order.step > 0 else 1
        for k in order:
            if _is_noise(kept[k]):
                continue
            if k not in ready:
                ready[k] = _prepared(levels[k], models[k], kept[k], options)
            better = _from_neighbour(ready[k], kept[k], kept[k + step])
            if better is not None:
                kept[k] = better
    for k in failed:
        if kept[k] is None:
            raise FitError(f"level {k + 1} cannot be fitted, nor from its neighbours.")
        message = "it was fitted from its neighbours, because it could not be by itself."
        alarms.append(SeriesAlarm(k, "refitted", message))
    return [solved for solved in kept if solved is not None], set(failed), alarms


def _is_noise(own: Solved | None) -> bool:
    """Return whether a fit leaves no more than noise does: no other start can be better."""
    if own is None or not own.total.sigma_known:
        return False
    freedom = max(own.total.n_points - own.total.n_free, 1)
    return own.reduced_chi_square < 1.0 + float(np.sqrt(2.0 / freedom))


def _with_drift(
    ends: Sequence[Solved], spectra: Sequence[Mapping[str, Spectrum]], models: Sequence[Model]
) -> list[Problem]:
    """Return the problems with one charge shift for each level."""
    moved: dict[int, Model] = {}
    for own in models:
        if id(own) not in moved:  # levels of one model keep one model
            moved[id(own)] = with_drift(own)
    return [
        end.problem
        if moved[id(own)] is own
        else _moved(end.problem, with_remainders(moved[id(own)], given), given)
        for end, given, own in zip(ends, spectra, models, strict=True)
    ]


def _moved(problem: Problem, model: Model, given: Mapping[str, Spectrum]) -> Problem:
    """Return the problem of a model on the same data, standard deviations as they are."""
    own = {region.region.name: region.spectrum for region in problem.regions}
    return compile_problem(model, {**given, **own})


def _without_shape_noise(
    problems: Sequence[Problem],
    spectra: Sequence[Mapping[str, Spectrum]],
    options: FitOptions,
) -> tuple[list[Problem], list[tuple[Weights, ...]], list[CompiledFit | None]]:
    """Return problems, weights and kernels of the data alone: the noise of shapes comes apart."""
    own = [
        compile_problem(problem.model, given)
        for problem, given in zip(problems, spectra, strict=True)
    ]
    weights = [weights_of(problem, options.weights) for problem in own]
    fits = [
        compiled_fit(problem, known, with_start=False)
        for problem, known in zip(own, weights, strict=True)
    ]
    return own, weights, fits


_Ready = tuple[Problem, tuple[Weights, ...], Settle]


def _prepared(
    level: Mapping[str, Spectrum], model: Model, own: Solved | None, options: FitOptions
) -> _Ready | None:
    """Return what fits a level from given values; None if it cannot be fitted at all."""
    try:
        problem = compile_problem(model, level) if own is None else own.problem
        weights = weights_of(problem, options.weights) if own is None else own.weights
    except SpectraError:
        return None
    return problem, weights, settler_of(problem, weights, options)


def _from_neighbour(
    ready: _Ready | None, own: Solved | None, other: Solved | None
) -> Solved | None:
    """Return a better fit of a level from the answer of its neighbour; None if there is none."""
    if ready is None or other is None or ready[0].free_paths != other.problem.free_paths:
        return None
    problem, weights, settle = ready
    settled = settle(_inside(problem, other.free))
    reached = settled.solution.chi_square
    if not np.isfinite(reached):
        return None
    if own is not None and reached > own.settled.solution.chi_square - 0.1:
        return None
    return Solved(problem, weights, settled, (reached,))


def _inside(problem: Problem, q: Array) -> Array:
    return np.clip(q, problem.lower, problem.upper)


# ---------------------------------------------------------------------------------
# From the global solution to results


def _result(work: LevelWork, solution: GlobalSolution, k: int, options: FitOptions) -> FitResult:
    """Return one level of the global fit as a result of its own."""
    q, covariance = solution.values[k], solution.covariances[k]
    problem, kinds, sigmas, residual, jacobian = _drawn(work, q)
    own = covariance
    if Weights.UNIT in work.kinds and not problem.is_scaled(work.kinds):
        noise = float(sigmas[0][0])
        residual, jacobian, own = residual * noise, jacobian * noise, covariance / noise**2
        sigmas = [np.ones(sigma.size) for sigma in sigmas]
    with np.errstate(divide="ignore"):
        rows = problem.prior_matrix * work.precision[:, None]
        known = (problem.prior_matrix @ q - problem.prior_targets) * work.precision
    message = "one fit over all levels" if solution.converged else "the series did not settle"
    found = Solution(
        q,
        float(residual @ residual + known @ known),
        np.concatenate([-residual, known]),
        np.concatenate([jacobian.T, rows]),
        solution.held[k],
        solution.converged,
        message,
        (),
        own if np.isfinite(own).all() else None,
    )
    packed = None if work.compiled is None else work.compiled.packed
    settled = Settled(found, tuple(sigmas), packed)
    result = result_of(problem, kinds, settled, (found.chi_square,), options)
    if not np.isfinite(covariance).all():
        return replace(result, method=SERIES)
    blind = np.zeros(q.size, dtype=bool)  # of the whole series, whatever lies on a bound here
    return replace(result, covariance=full_covariance(problem, covariance, blind), method=SERIES)


_Drawn = tuple[Problem, tuple[Weights, ...], list[Array], Array, Array]


def _drawn(work: LevelWork, q: Array) -> _Drawn:
    """Return problem, weights, sigmas, residual (N,) and derivatives (F, N) as a level has them.

    Its standard deviations hold the noise of its measured shapes.
    """
    residual, jacobian = work.at(q)
    sigmas = [np.array(sigma) for sigma in work.sigmas]
    if not has_noisy_shapes(work.problem):
        return work.problem, work.kinds, sigmas, residual, jacobian
    problem, kinds = with_shape_noise(work.problem, work.kinds, tuple(sigmas), q)
    whole = [
        sigma if region.spectrum.sigma is None else region.spectrum.sigma[region.inside]
        for region, sigma in zip(problem.regions, sigmas, strict=True)
    ]
    part = np.concatenate(sigmas) / np.concatenate(whole)
    return problem, kinds, whole, residual * part, jacobian * part
