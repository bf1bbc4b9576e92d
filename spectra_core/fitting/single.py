"""The fit: spectra and a model in, a new `FitResult` out; nothing is changed in place."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from numbers import Integral
from typing import Any

import numpy as np

from ..errors import FitError, ShouldStop
from ..model import BACKGROUND, Model, Region, split_path
from ..spectrum import Array, Axis, Spectrum
from . import tolerances
from .engine import NUMBA, NUMPY, Packed, chosen_engine, compiled_fit, peaks_of, residual_of
from .engine import settle as compiled_settle
from .evaluate import RegionCurves, curves_rows, region_curves, residual, residual_jacobian
from .folding import solve_folded
from .inputs import Spectra, as_model, as_spectra, with_settings
from .measured import covariance_with_shapes, has_noisy_shapes, with_shape_noise
from .overlap import check_used_once
from .priors import prior_residual, with_prior_rows
from .problem import Problem, RegionProblem, compile_problem
from .remainder import FURTHEST_FALL, with_remainders
from .result import FitResult, FitWarning, Numbers, Status, region_fit, with_values
from .search import TOLERANCE as SEARCH_TOLERANCE
from .search import CompiledRows, Ends, Engine, Found, search
from .solver import LANDED, Solution, TracePoint, check_finite
from .start import completed, first_guess, given_values, linear_start, open_values
from .statistics import Statistics, Total, fit_statistics, statistics_rows
from .tangents import tangent_rows
from .weights import (
    Weights,
    as_weights,
    choose_weights,
    counting_noise,
    counting_time,
    counts_are_known,
    empirical_noise,
    has_negative_counts,
    point_sigmas,
    scatter_over_counts,
)

LEAST_SQUARES = "lm"
DEFAULT_STARTS = 3
"""How often recipes, presets and models of the window find the best minimum, if nobody says.

A script says by itself how often it starts: `FitOptions` has one start, from the values given.
"""
_SHAPE_PASSES = 2  # in which the noise of measured shapes follows their areas


@dataclass(frozen=True)
class FitOptions:
    """How to fit; every field has a value that suits ordinary work.

    Attributes
    ----------
    weights : Weights or None
        None: given standard deviations, else Poisson counts, else unit weights.
    method : str
        ``"lm"`` is Doublet's own bounded Levenberg-Marquardt; any other name is an
        lmfit minimiser run on the same residuals (``"nelder"``, ``"emcee"`` ...).
    starts : int
        1: from the values given, and from nowhere else. More: from as many places as it
        takes to find the lowest minimum so often, see `spectra_core.fitting.search`.
    spread : float
        Size of the scatter.
    seed : int
        Of the scatter.
    tolerance : float
        Joint step in standard errors at which a fit has converged.
    max_iterations : int
        Evaluations allowed for each pass.
    """

    weights: Weights | None = None
    method: str = LEAST_SQUARES
    starts: int = 1
    spread: float = 1.0
    seed: int = 0
    tolerance: float = 1e-8
    max_iterations: int = 500

    def __post_init__(self) -> None:
        if self.weights is not None:
            object.__setattr__(self, "weights", as_weights(self.weights))
        for name in ("starts", "max_iterations"):
            number = getattr(self, name)
            if not isinstance(number, Integral) or number < 1:
                raise FitError(
                    f"the {name} of a fit are {number!r}.", hint="Give a whole number from 1."
                )


def fit(
    spectra: Spectra,
    model: Model | Region,
    *,
    options: FitOptions = FitOptions(),
    progress: Callable[[TracePoint], None] | None = None,
    should_stop: ShouldStop | None = None,
    **settings: Any,
) -> FitResult:
    """Fit all regions of a model together.

    Parameters
    ----------
    spectra : Spectrum, sequence of one Spectrum, or mapping of str to Spectrum
        One spectrum for all regions, or one for each region name. A kinetic energy
        axis becomes a binding energy axis where the photon energy is known.
    model : Model or Region
        Start values, bounds and links; values left open are estimated.
    options : FitOptions
    progress, should_stop : callable or None
        Called at each evaluation.
    **settings
        Fields of `FitOptions`, in place of those in `options`, e.g. ``starts=3``.

    Returns
    -------
    result : FitResult
        Also when the fit did not converge: `status` says so.

    Raises
    ------
    FitError, ModelError, DataError
        If the fit cannot be started.
    Cancelled
        If `should_stop` returned True; nothing was changed.
    """
    options, model = with_settings(options, settings), as_model(model)
    found = solve(spectra, model, options=options, progress=progress, should_stop=should_stop)
    return seen(found, options)


@dataclass(frozen=True, eq=False)
class Solved:
    """A fit in numbers, without curves and warnings.

    Attributes
    ----------
    problem : Problem
    weights : tuple of Weights
        Of each region.
    settled : Settled
        Of the best start.
    reached : tuple of float
        Chi-square of each start.
    """

    problem: Problem
    weights: tuple[Weights, ...]
    settled: Settled
    reached: tuple[float, ...]

    @property
    def free(self) -> Array:
        """Free parameters, shape (F,)."""
        return self.settled.solution.q

    @cached_property
    def total(self) -> Total:
        """The sums of squares that statistics are made of."""
        n, residual = self.problem.n_points, self.settled.solution.residual
        unit = 1.0
        if self.problem.is_scaled(self.weights):
            unit = float(self.settled.sigmas[0][0])
        data, known = unit * residual[:n], residual[n:]
        return Total(
            float(data @ data),
            n,
            self.free.size,
            Weights.UNIT not in self.weights,
            float(known @ known),
            known.size,
        )

    @property
    def bic(self) -> float:
        """Bayes information criterion, as in `Statistics`."""
        return self.total.bic

    @property
    def numbers(self) -> Numbers:
        """Values and covariance as the result has them, of the model as it was given."""
        problem, solution = self.problem, self.settled.solution
        errors = _errors(problem, self.weights, self.settled, self.reduced_chi_square)
        values, bound = problem.full(solution.q), _at_bound(problem, solution)
        return Numbers(problem.model, problem, values, errors.covariance, bound)

    @property
    def reduced_chi_square(self) -> float:
        """As in `Statistics`."""
        return self.total.reduced_chi_square


def seen(solved: Solved, options: FitOptions) -> FitResult:
    """Return a fit with its curves, errors and warnings."""
    return result_of(solved.problem, solved.weights, solved.settled, solved.reached, options)


def solve(
    spectra: Spectra,
    model: Model,
    *,
    options: FitOptions = FitOptions(),
    progress: Callable[[TracePoint], None] | None = None,
    should_stop: ShouldStop | None = None,
) -> Solved:
    """Fit as `fit` does, and give numbers instead of curves, errors and warnings."""
    found = _solved(spectra, model, options, progress, should_stop)
    if not has_noisy_shapes(found.problem) or Weights.UNIT in found.weights:
        return found
    return _with_shape_noise(found, options, should_stop)


def _with_shape_noise(plain: Solved, options: FitOptions, should_stop: ShouldStop | None) -> Solved:
    """Fit again with the noise of measured shapes, which follows their areas."""
    found = plain
    for _ in range(_SHAPE_PASSES):
        curves = _envelopes(plain.problem, found.free)
        sigmas = _sigmas(plain.problem, plain.weights, curves)
        problem, weights = with_shape_noise(plain.problem, plain.weights, sigmas, found.free)
        settled = settler(problem, weights, options, None, should_stop)(found.free, nearby=True)
        found = Solved(problem, weights, settled, plain.reached)
    solution = found.settled.solution
    free, undetermined = _free_covariance(solution, 1.0)
    if undetermined.any():
        return found
    free = covariance_with_shapes(found.problem, solution.q, solution.jacobian, free)
    return replace(
        found, settled=replace(found.settled, solution=replace(solution, covariance=free))
    )


def _solved(
    spectra: Spectra,
    model: Model,
    options: FitOptions,
    progress: Callable[[TracePoint], None] | None,
    should_stop: ShouldStop | None,
) -> Solved:
    given = as_spectra(spectra, model)
    problem = compile_problem(with_remainders(model, given), given)
    check_data(problem)
    weights = weights_of(problem, options.weights)
    settle = settler(problem, weights, options, progress, should_stop)
    if options.starts > 1 and problem.free.size:
        found = _searched(problem, weights, options, should_stop)
        if np.isfinite(min(found.reached[0])):
            return Solved(problem, weights, settle(found.q[0], nearby=True), found.reached[0])
    settled = settle(None)
    return Solved(problem, weights, settled, (settled.solution.chi_square,))


def _searched(
    problem: Problem,
    weights: tuple[Weights, ...],
    options: FitOptions,
    should_stop: ShouldStop | None,
) -> Found:
    """Return the best minimum, looked for by the best engine, whatever method then settles it."""
    compiled = compiled_fit(problem, weights)
    engine: Engine
    if compiled is None:
        engine = _PlainRow(problem, weights, should_stop)
    else:
        y, static, known = compiled.y[None], compiled.static[None], compiled.weights[None]
        engine = CompiledRows(compiled, y, static, known, should_stop)
    start, _ = open_values(problem)
    return search([problem], start[None], engine, **search_options(options, weights))


def search_options(options: FitOptions, weights: Sequence[Weights]) -> dict[str, Any]:
    """Return what `search` takes from the options of a fit."""
    return {
        "wanted": options.starts,
        "spread": options.spread,
        "seed": options.seed,
        "limit": options.max_iterations,
        "noise_known": Weights.UNIT not in weights,
    }


@dataclass(frozen=True, eq=False)
class _PlainRow:
    """One spectrum, fitted by numpy; see `search.Engine`."""

    problem: Problem
    weights: tuple[Weights, ...]
    should_stop: ShouldStop | None

    def fits(self, rows: np.ndarray, q: Array, *, linear: bool, limit: int) -> Ends:
        """Fit from each start."""
        options = FitOptions(tolerance=SEARCH_TOLERANCE, max_iterations=limit)
        run = _runner(options, None, self.should_stop)
        ends, chi_square, going = q.copy(), np.full(len(q), np.inf), np.zeros(len(q), dtype=bool)
        for k, start in enumerate(q):
            try:
                settled = _settle(
                    self.problem, self.weights, start, run, options, nearby=not linear
                )
            except FitError:
                continue  # not finite there
            ends[k], going[k] = settled.solution.q, not settled.solution.converged
            chi_square[k] = self._comparable(settled)
        return ends, chi_square, going

    def _comparable(self, settled: Settled) -> float:
        """Return what `comparable_chi_square` returns of the kernels."""
        solution, n = settled.solution, self.problem.n_points
        if not self.problem.is_scaled(self.weights):
            return solution.chi_square
        data = solution.residual[:n] * settled.sigmas[0][0]
        known = solution.residual[n:]
        return float(data @ data * np.exp(known @ known / n))

    def looks(self, rows: np.ndarray, q: Array) -> Array:
        """Return chi-square with areas and levels at their optimum."""
        problem, scaled = self.problem, self.problem.is_scaled(self.weights)
        sigmas = _sigmas(problem, self.weights, [_smoothed(r.y) for r in problem.regions])
        sigmas = _rough_sigmas(problem) if scaled else sigmas
        found = np.empty(len(q))
        for k, start in enumerate(q):
            there = linear_start(problem, start, sigmas)
            r = residual(problem, there, sigmas)
            known = prior_residual(problem, there, problem.prior_sigmas(there))
            found[k] = r @ r + known @ known
        return np.where(np.isfinite(found), found, np.inf)

    def residuals(self, row: int, q: Array) -> list[Array]:
        """Return data minus curve of each region."""
        return _misfits(self.problem, _envelopes(self.problem, q))


@dataclass(frozen=True, eq=False)
class Settled:
    """A solution, the standard deviations it belongs to, and the arrays of the kernels, if any."""

    solution: Solution
    sigmas: tuple[Array, ...]
    packed: Packed | None = None

    @property
    def engine(self) -> str:
        """The engine that found it."""
        return NUMPY if self.packed is None else NUMBA


Run = Callable[..., Solution]
"""Fits a problem from a start (F,) with the sigmas of its points and of its priors."""


def evaluate(spectra: Spectra, model: Model | Region) -> FitResult:
    """Return curves and statistics of a model drawn as it is: nothing is fitted.

    Parameters
    ----------
    spectra : Spectrum, sequence of one Spectrum, or mapping of str to Spectrum
    model : Model or Region
        Every parameter must have a value.
    """
    model = as_model(model)
    problem = compile_problem(model, as_spectra(spectra, model))
    weights = weights_of(problem, None)
    q = given_values(problem)
    missing = np.flatnonzero(np.isnan(q))
    if missing.size:
        raise FitError(
            "this parameter has no value, so the model cannot be drawn.",
            hint="Give a value or fit it.",
            where=problem.free_paths[missing[0]],
        )
    p = problem.full(q)
    expected = [region_curves(region, p).envelope for region in problem.regions]
    sigmas = _sigmas(problem, weights, expected)
    if problem.is_scaled(weights):
        sigmas = scaled_sigmas(problem, _misfits(problem, expected))
    r, jacobian = residual_jacobian(problem, q, sigmas)
    r, jacobian = with_prior_rows(problem, q, problem.prior_sigmas(q), r, jacobian)
    held = np.zeros(q.size, dtype=bool)
    solution = Solution(q, float(r @ r), r, jacobian, held, True, "drawn, not fitted", ())
    settled = Settled(solution, sigmas)
    return result_of(problem, weights, settled, (), FitOptions(method="none"))


def with_open_values(spectra: Spectra, model: Model | Region) -> Model:
    """Return `model` with every value that it leaves open estimated from the data.

    Given values stay, and so do bounds and links: it is a model that can be drawn.

    Parameters
    ----------
    spectra : Spectrum, sequence of one Spectrum, or mapping of str to Spectrum
    model : Model or Region

    Raises
    ------
    ModelError
        If a value can neither be taken from the model nor be estimated.
    """
    model = as_model(model)
    problem = compile_problem(model, as_spectra(spectra, model))
    smooth = [_smoothed(region.y) for region in problem.regions]
    sigmas = _sigmas(problem, weights_of(problem, None), smooth)
    return with_values(problem, problem.full(completed(problem, sigmas)))


def check_data(problem: Problem) -> None:
    """Raise FitError where there is nothing to fit, or too little."""
    for region in problem.regions:
        if not region.y.any():
            low, high = region.region.window
            unit = region.spectrum.axis.unit
            raise FitError(
                f"every intensity between {low:g} and {high:g} {unit} is zero.",
                hint="Check the window and the file.",
                where=region.spectrum.label or region.region.name,
            )
    check_used_once(problem)
    n_points, n_known = problem.n_points, len(problem.priors)
    if n_points + n_known <= problem.free.size:
        known = f" and {n_known} priors" if n_known else ""
        raise FitError(
            f"{problem.free.size} free parameters cannot be fitted to {n_points} points{known}.",
            hint="Fix or link parameters, or widen the window.",
            where=problem.regions[0].region.name,
        )


def options_of(result: FitResult, **changes: Any) -> FitOptions:
    """Return options that fit again as `result` was fitted, from one start.

    With the same kind of weights; any other minimiser found the same minimum, so ``"lm"``
    repeats it.
    """
    kinds = {region.weights for region in result.regions}
    weights = Weights(kinds.pop()) if len(kinds) == 1 else None
    return FitOptions(**({"weights": weights} | changes))


def starts_of(result: FitResult) -> int:
    """Return how often the best minimum was to be found, as far as a result tells."""
    return max(min(len(result.starts), DEFAULT_STARTS), 1)


def weights_of(problem: Problem, wanted: Weights | None) -> tuple[Weights, ...]:
    """Return the weights of each region."""
    chosen = tuple(choose_weights(region.spectrum, wanted) for region in problem.regions)
    if Weights.UNIT in chosen and len(set(chosen)) > 1:
        # Residuals in counts/s and in sigma cannot be added: all or none.
        return tuple(Weights.UNIT for _ in chosen)
    return chosen


def _sigmas(
    problem: Problem, weights: tuple[Weights, ...], expected: list[Array]
) -> tuple[Array, ...]:
    return tuple(
        point_sigmas(region.spectrum, region.inside, kind, curve)
        for region, kind, curve in zip(problem.regions, weights, expected, strict=True)
    )


def settler(
    problem: Problem,
    weights: tuple[Weights, ...],
    options: FitOptions,
    progress: Callable[[TracePoint], None] | None,
    should_stop: ShouldStop | None,
) -> Callable[..., Settled]:
    """Return what fits from given (or the model's own) start values, by the best engine.

    With ``nearby=True`` the start is next to the answer: areas and levels, too, stay as they are.
    `way` is then the length of the step that led there, 0 where it is not known; by numpy one
    step may be enough with it, which leaves residuals and derivatives at the start.
    """
    run = _runner(options, progress, should_stop)
    compiled = compiled_fit(problem, weights) if options.method == LEAST_SQUARES else None

    def settle(q: Array | None, *, nearby: bool = False, way: float = 0.0) -> Settled:
        if compiled is not None:
            found = compiled_settle(
                compiled,
                q,
                tolerance=options.tolerance,
                max_iterations=options.max_iterations,
                nearby=nearby,
                progress=progress,
                should_stop=should_stop,
            )
            if found is not None:
                return Settled(*found, compiled.packed)
        return _settle(problem, weights, q, run, options, nearby=nearby, way=way)

    return settle


def _runner(
    options: FitOptions,
    progress: Callable[[TracePoint], None] | None,
    should_stop: ShouldStop | None,
) -> Run:
    if options.method != LEAST_SQUARES:
        from .lmfit_bridge import minimise

        def other(
            problem: Problem, q: Array, sigmas: tuple[Array, ...], known: Array, **_: Any
        ) -> Solution:
            check_finite(*residual_jacobian(problem, q, sigmas), problem.regions[0].region.name)
            method, seed = options.method, options.seed
            return minimise(problem, q, sigmas, known, method, seed=seed, should_stop=should_stop)

        return other

    def run(
        problem: Problem,
        q: Array,
        sigmas: tuple[Array, ...],
        prior_sigmas: Array,
        *,
        nearby: bool = False,
        way: float = 0.0,
    ) -> Solution:
        def rows(values: Array) -> tuple[Array, Array]:
            r, jacobian = residual_jacobian(problem, values, sigmas)
            return with_prior_rows(problem, values, prior_sigmas, r, jacobian)

        return solve_folded(
            rows,
            q,
            problem.lower,
            problem.upper,
            problem.flat,
            exact=tolerances.EXACT * _signal(problem, sigmas),
            tolerance=options.tolerance,
            max_iterations=options.max_iterations,
            damping=tolerances.NEARBY_DAMPING if nearby else tolerances.FIRST_DAMPING,
            way=way,
            where=problem.regions[0].region.name,
            progress=progress,
            should_stop=should_stop,
        )

    return run


def _signal(problem: Problem, sigmas: tuple[Array, ...]) -> float:
    """Return chi-square without a model: the data in standard deviations, squared and summed."""
    parts = zip(problem.regions, sigmas, strict=True)
    return sum(float(np.sum(np.square(region.y / sigma))) for region, sigma in parts)


def _settle(
    problem: Problem,
    weights: tuple[Weights, ...],
    q: Array | None,
    run: Run,
    options: FitOptions,
    *,
    nearby: bool = False,
    way: float = 0.0,
) -> Settled:
    """Fit, and fit again with weights from the fitted model until both agree.

    The trace of the solution is that of all passes, one after the other. All passes together
    have `options.max_iterations` evaluations: a fit that used them up is not gone on with.
    """
    scaled = problem.is_scaled(weights)
    if nearby and q is not None:
        start, sigmas = q, _sigmas_at(problem, weights, q)
    else:
        sigmas = _sigmas(problem, weights, [_smoothed(region.y) for region in problem.regions])
        sigmas = _rough_sigmas(problem) if scaled else sigmas
        start = first_guess(problem, sigmas) if q is None else linear_start(problem, q, sigmas)
    known = problem.prior_sigmas(start, problem.prior_sigmas(None))
    solution = run(problem, start, sigmas, known, nearby=nearby, way=way)
    following = Weights.POISSON in weights or scaled or problem.priors.relative
    if not following or not problem.free.size or solution.message == LANDED:
        return Settled(solution, sigmas)
    for _ in range(tolerances.PASSES):
        if len(solution.trace) >= options.max_iterations and not solution.converged:
            break
        sigmas = _sigmas_at(problem, weights, solution.q)
        known = problem.prior_sigmas(solution.q, known)
        again = run(problem, solution.q, sigmas, known, nearby=nearby)
        moved = float(np.linalg.norm(again.jacobian @ (again.q - solution.q)))
        solution = replace(again, trace=(*solution.trace, *again.trace))
        if moved < max(options.tolerance, tolerances.FINEST):
            break
    return Settled(solution, sigmas)


def _sigmas_at(problem: Problem, weights: tuple[Weights, ...], q: Array) -> tuple[Array, ...]:
    """Return the standard deviations that follow the model, where it is at `q`."""
    expected = _envelopes(problem, q)
    if problem.is_scaled(weights):
        return scaled_sigmas(problem, _misfits(problem, expected))
    return _sigmas(problem, weights, expected)


def _envelopes(problem: Problem, q: Array) -> list[Array]:
    p = problem.full(q)
    return [region_curves(region, p).envelope for region in problem.regions]


def _misfits(problem: Problem, envelopes: Sequence[Array]) -> list[Array]:
    return [r.y - curve for r, curve in zip(problem.regions, envelopes, strict=True)]


def _rough_sigmas(problem: Problem) -> tuple[Array, ...]:
    """Return the noise that second differences of neighbours show, before there is a model."""
    bends = [np.diff(region.y, 2) for region in problem.regions]
    count = max(sum(bend.size for bend in bends), 1)
    return _equal_sigmas(problem, sum(float(b @ b) for b in bends) / (6.0 * count))


def scaled_sigmas(problem: Problem, misfits: Sequence[Array]) -> tuple[Array, ...]:
    """Return the noise that all residuals together show, the same for every point."""
    square = sum(float(misfit @ misfit) for misfit in misfits)
    return _equal_sigmas(problem, square / max(problem.n_points - problem.free.size, 1))


def _equal_sigmas(problem: Problem, variance: float) -> tuple[Array, ...]:
    whole = sum(float(region.y @ region.y) for region in problem.regions) / problem.n_points
    sigma = np.sqrt(max(variance, tolerances.LEAST_NOISE**2 * whole, 1e-300))
    return tuple(np.full(region.x.size, sigma) for region in problem.regions)


def _smoothed(y: Array) -> Array:
    """Return a running mean of the data: first Poisson weights without their own noise."""
    width = min(5, y.size if y.size % 2 else y.size - 1)
    padded = np.pad(y, width // 2, mode="edge")
    return np.convolve(padded, np.full(width, 1.0 / width), mode="valid")


def chi_square_of(
    problem: Problem, packed: Packed | None, q: Array, sigmas: tuple[Array, ...]
) -> float:
    """Return chi-square of data and priors at some free parameters."""
    beforehand = prior_residual(problem, q, problem.prior_sigmas(q))
    r = residual(problem, q, sigmas) if packed is None else residual_of(packed, problem, q, sigmas)
    return float(r @ r) + float(beforehand @ beforehand)


# ---------------------------------------------------------------------------------
# Covariance and result


def result_of(
    problem: Problem,
    weights: tuple[Weights, ...],
    settled: Settled,
    reached: tuple[float, ...],
    options: FitOptions,
) -> FitResult:
    """Return the result that a solution stands for; `reached` is chi-square of each start."""
    solution = settled.solution
    data, sigmas = -solution.residual[: problem.n_points], settled.sigmas
    unit = 1.0
    if problem.is_scaled(weights):  # residuals are told in the unit of the data
        unit, sigmas = float(sigmas[0][0]), tuple(np.ones(sigma.size) for sigma in sigmas)
    statistics = statistics_of(problem, weights, solution.q, unit * data)
    errors = _errors(problem, weights, settled, statistics.reduced_chi_square)
    values = problem.full(solution.q)
    bound = _at_bound(problem, solution)
    peaks = None if settled.packed is None else peaks_of(settled.packed, solution.q[None])
    regions = []
    for i, region in enumerate(problem.regions):
        known = None if peaks is None else peaks[i]
        acting = acting_on(problem, i)
        rows = values[None], sigmas[i][None]
        curves, sigma, own = region_parts([region], acting, *rows, weights[i], known).only()
        regions.append(region_fit(problem, i, curves, sigma, weights[i].value, own))
    warnings = (
        *start_warnings(problem),
        *_parameter_warnings(problem, values, bound, errors, solution),
        *region_warnings(problem, values, weights),
        *_engine_warnings(problem, settled, options),
    )
    return FitResult(
        with_values(problem, values),
        tuple(regions),
        _status(solution),
        solution.message,
        values,
        errors.covariance,
        statistics,
        bound,
        warnings,
        solution.trace,
        reached,
        options.method,
        settled.engine,
        problem,
    )


@dataclass(frozen=True, eq=False)
class _Errors:
    """What is known of the errors of a fit.

    Attributes
    ----------
    covariance : ndarray, shape (P, P)
    undetermined : ndarray of bool, shape (F,)
        Free parameters that the data do not determine.
    nuisance : ndarray of bool, shape (F,)
        Free parameters of background or line shape that are on a bound.
    """

    covariance: Array
    undetermined: np.ndarray
    nuisance: np.ndarray


def _errors(
    problem: Problem, weights: tuple[Weights, ...], settled: Settled, reduced_chi_square: float
) -> _Errors:
    """Return the errors of a solution."""
    solution = settled.solution
    unit = float(settled.sigmas[0][0]) if problem.is_scaled(weights) else 1.0
    scale = covariance_scale(weights, reduced_chi_square, unit)
    nuisance = solution.held
    if nuisance.any():
        nuisance = nuisance & nuisances(problem)
    free, undetermined = _free_covariance(solution, scale)
    if nuisance.any():
        free = _beside(problem, settled, nuisance, free, scale)
    return _Errors(full_covariance(problem, free, undetermined), undetermined, nuisance)


def _engine_warnings(problem: Problem, settled: Settled, options: FitOptions) -> list[FitWarning]:
    """Warn where the numpy engine did a fit that the compiled one was chosen for."""
    plain = settled.engine == NUMPY and options.method == LEAST_SQUARES
    if not (plain and problem.free.size) or chosen_engine() == NUMPY:
        return []
    return [
        FitWarning(
            "plain_engine",
            "no compiled kernel does this model (a broadened line with free shape parameters, or"
            " a Tougaard background on an uneven or very long axis), so the plain engine fitted"
            " it: the same numbers, but slowly.",
        )
    ]


def statistics_of(
    problem: Problem, weights: Sequence[Weights], q: Array, residual: Array
) -> Statistics:
    """Return the statistics of all regions and priors; `residual` (N,) is that of the data."""
    known = prior_residual(problem, q, problem.prior_sigmas(q))
    sigma_known = Weights.UNIT not in weights
    return fit_statistics(residual, q.size, sigma_known=sigma_known, prior_residual=known)


def covariance_scale(weights: Sequence[Weights], reduced_chi_square: float, unit: float) -> float:
    """Return what (J^T J)^-1 is multiplied by; `unit` is the noise already in the weights."""
    return 1.0 if Weights.UNIT not in weights else reduced_chi_square / unit**2


def _status(solution: Solution) -> Status:
    if not solution.converged:
        return Status.NOT_CONVERGED
    return Status.AT_BOUND if solution.held.any() else Status.CONVERGED


def _free_covariance(solution: Solution, scale: float) -> tuple[Array, np.ndarray]:
    """Return the covariance (F, F) and which free parameters the data do not determine.

    Parameters on a bound have zero rows: they are held where they are.
    """
    n_free = solution.q.size
    undetermined = np.zeros(n_free, dtype=bool)
    if solution.covariance is not None:
        return scale * solution.covariance, undetermined
    covariance = np.zeros((n_free, n_free))
    moving = np.flatnonzero(~solution.held)
    if not moving.size:
        return covariance, undetermined
    jacobian = solution.jacobian[:, moving]
    norms = np.sqrt(np.einsum("ij,ij->j", jacobian, jacobian))
    blind = ~((norms > 0) & np.isfinite(norms))
    norms[blind] = 1.0
    scaled = np.where(blind, 0.0, jacobian / norms)
    _, singular, rows = np.linalg.svd(scaled, full_matrices=False)
    weak = singular <= tolerances.RANK * max(singular[0], 1e-300)
    undetermined[moving] = blind | (np.abs(rows[weak]) > 1e-3).any(axis=0)
    inverse = np.where(weak, 0.0, 1.0 / np.where(weak, 1.0, singular))
    half = (rows.T * inverse) / norms[:, None]
    covariance[np.ix_(moving, moving)] = scale * (half @ half.T)
    return covariance, undetermined


def nuisances(problem: Problem) -> np.ndarray:
    """Return which free parameters are background or line shape, shape (F,)."""
    return np.array(
        [
            split_path(problem.paths[i])[1] == BACKGROUND or problem.specs[i].unit == "1"
            for i in problem.free
        ],
        dtype=bool,
    )


def _beside(
    problem: Problem, settled: Settled, nuisance: np.ndarray, held: Array, scale: float
) -> Array:
    """Return the covariance (F, F) of what lies beside a nuisance on its bound.

    Nobody knows that a background has no step because the best one is zero: what lies beside it
    is as uncertain as if it could move. It has no error itself. `held` is the covariance with it
    held, which stays where the data do not determine both.
    """
    solution = settled.solution
    r, jacobian = tangent_rows(problem, solution.q, settled.sigmas)
    sigmas = problem.prior_sigmas(solution.q)
    r, jacobian = with_prior_rows(problem, solution.q, sigmas, r, jacobian)
    moving = replace(
        solution,
        residual=r,
        jacobian=jacobian,
        held=solution.held & ~nuisance,
        covariance=None,
    )
    covariance, undetermined = _free_covariance(moving, scale)
    if undetermined.any():
        return held
    covariance[nuisance, :] = 0.0
    covariance[:, nuisance] = 0.0
    return covariance


def full_covariance(problem: Problem, free: Array, undetermined: np.ndarray) -> Array:
    """Return the covariance (P, P) of all parameters from that of the free ones (F, F)."""
    covariance = problem.matrix @ free @ problem.matrix.T
    blind = (problem.matrix[:, undetermined] != 0).any(axis=1)
    covariance[blind, :] = np.nan
    covariance[:, blind] = np.nan
    covariance.setflags(write=False)
    return np.asarray(covariance)


def _at_bound(problem: Problem, solution: Solution) -> np.ndarray:
    """Return which parameters hang on a free parameter that its bound holds, shape (P,)."""
    return np.asarray((problem.matrix[:, solution.held] != 0).any(axis=1))


@dataclass(frozen=True, eq=False)
class RegionParts:
    """One region as the fitted parameters of M fits give it; curves and sigma are (M, N)."""

    curves: RegionCurves
    sigma: Array
    statistics: tuple[Statistics, ...]

    def only(self) -> tuple[RegionCurves, Array, Statistics]:
        """Return the curves, sigma and statistics of the one fit there is."""
        curves = self.curves
        peaks = {key: rows[0] for key, rows in curves.peaks.items()}
        own = RegionCurves(peaks, curves.background[0], curves.envelope[0])
        return own, self.sigma[0], self.statistics[0]


def acting_on(problem: Problem, number: int) -> int:
    """Return how many free parameters a region's data pay for.

    Those that act on it, less the priors that speak of nothing else.
    """
    acting = (problem.matrix[problem.regions[number].part] != 0).any(axis=0)
    elsewhere = (problem.prior_matrix[:, ~acting] != 0).any(axis=1)
    return max(int(acting.sum()) - int((~elsewhere).sum()), 0)


def region_parts(
    regions: Sequence[RegionProblem],
    acting: int,
    values: Array,
    sigma: Array,
    weights: Weights,
    peaks: dict[str, Array] | None,
) -> RegionParts:
    """Return curves, standard deviations and statistics of one region of M fits.

    Parameters
    ----------
    regions : sequence of RegionProblem, length M
        Of one model, on one axis.
    acting : int
        See `acting_on`.
    values : ndarray, shape (M, P)
    sigma : ndarray, shape (M, N)
        As fitted.
    weights : Weights
    peaks : dict of str to ndarray, or None
        The components' curves (M, N), where they are known.
    """
    curves = curves_rows(regions, values, peaks)
    misfit = np.array([region.y for region in regions]) - curves.envelope
    known, noise = weights is not Weights.UNIT, None
    if not known:
        each = zip(regions, misfit, curves.envelope, strict=True)
        noise = [_over_noise(region.spectrum, own, envelope) for region, own, envelope in each]
    residual = misfit / sigma
    statistics = statistics_rows(residual, acting, np.zeros(0), sigma_known=known, noise=noise)
    if not known:
        scaled = [s.reduced_chi_square if s.chi_square > 0 else 1.0 for s in statistics]
        sigma = sigma * np.sqrt(scaled)[:, None]
    return RegionParts(curves, sigma, statistics)


def _over_noise(spectrum: Spectrum, misfit: Array, envelope: Array) -> Array | None:
    """Return residuals over the counting noise where that is known."""
    noise = counting_noise(spectrum, envelope) if counts_are_known(spectrum) else None
    return None if noise is None else misfit / noise


def start_warnings(problem: Problem) -> list[FitWarning]:
    """Return warnings about start values, and about priors that act on nothing free."""
    moved = [FitWarning("start_moved", note) for note in problem.notes]
    return moved + [
        FitWarning(
            "prior_idle",
            f"the prior {prior.formula} acts on nothing free, so it says nothing here.",
            prior.terms[0].source,
        )
        for prior in problem.priors.idle
    ]


def _parameter_warnings(
    problem: Problem,
    values: Array,
    bound: np.ndarray,
    errors: _Errors,
    solution: Solution,
) -> list[FitWarning]:
    warnings = []
    for j, i in enumerate(problem.free):
        path = problem.paths[i]
        if bound[i]:
            side = "lower" if values[i] <= problem.lower[j] else "upper"
            others = "let it move" if errors.nuisance[j] else "take it as exact"
            warnings.append(
                FitWarning(
                    "at_bound",
                    f"the value {values[i]:.6g} sits on its {side} bound, so it is not a"
                    " result of the data and has no standard error; those of the other parameters"
                    f" {others}.",
                    path,
                )
            )
        elif errors.undetermined[j]:
            warnings.append(
                FitWarning(
                    "not_determined",
                    "the data do not determine this parameter: other values fit as well.",
                    path,
                )
            )
    if not solution.converged:
        warnings.append(FitWarning("not_converged", f"the fit stopped early: {solution.message}."))
    return warnings


def region_warnings(
    problem: Problem, values: Array, weights: tuple[Weights, ...]
) -> list[FitWarning]:
    """Return warnings about weights and about components outside their window."""
    warnings = []
    for region, kind in zip(problem.regions, weights, strict=True):
        if kind is Weights.UNIT:
            warnings.append(_unit_weights_warning(region))
        if kind is Weights.EMPIRICAL:
            warnings.append(_empirical_warning(region))
        warnings += _outside(problem, region, values)
    return warnings


def _why_unknown(spectrum: Spectrum) -> str:
    """Return why the counts are not known, with the options that would say them."""
    if counting_time(spectrum) is not None or spectrum.axis is Axis.RAMAN_SHIFT:
        correlated = " and neighbouring channels are not independent (interpolated or smoothed)"
        return _no_counts(spectrum) + (correlated if spectrum.noise.correlated else "")
    if spectrum.y_unit != "counts/s":
        return "the counts are not known (--y-unit says what the intensity is)"
    times = {"--dwell": spectrum.meta.dwell_s, "--scans": spectrum.meta.scans}
    missing = " and ".join(option for option, value in times.items() if value is None)
    known = " ".join(f"{option} {value:g}" for option, value in times.items() if value)
    beside = f" beside {known}" if known else ""
    return f"the counts behind the rate are not known ({missing or '--dwell'}{beside} would say)"


def _negative(spectrum: Spectrum) -> str:
    below = spectrum.y < 0
    return (
        f"{below.sum()} of {below.size} channels hold negative counts, the lowest"
        f" {spectrum.y.min():.3g} {spectrum.y_unit}: these are no counts as measured, whose noise"
        " would be known"
    )


def _empirical_warning(region: RegionProblem) -> FitWarning:
    """Say that the noise was found in the data, and how large it is."""
    sigma, unit = empirical_noise(region.spectrum)[region.inside], region.spectrum.y_unit
    negative = has_negative_counts(region.spectrum)
    why = _negative(region.spectrum) if negative else _no_counts(region.spectrum)
    return FitWarning(
        "negative_counts" if negative else "noise_estimated",
        f"{why}. The noise was found from channel to channel:"
        f" {sigma.min():.3g} {unit} where there is least signal, {sigma.max():.3g} where there is"
        f" most.{_fall(region)}",
        region.region.name,
    )


def _no_counts(spectrum: Spectrum) -> str:
    """Return why intensities are not taken as counts."""
    found = scatter_over_counts(spectrum)
    if found is None:
        return f"the intensity is in {spectrum.y_unit}, which tells no noise"
    return (
        f"the intensity is called {spectrum.y_unit}, but the variance of the channels is"
        f" {found[0]:.2g} ± {found[1]:.1g} times that of counts: a detector with a gain, or a mean"
        " of accumulations"
    )


def _fall(region: RegionProblem) -> str:
    """Say what the background may do that one of counts as measured cannot."""
    falling = [
        name
        for name, value in region.region.background.parameters.items()
        if value.min == FURTHEST_FALL
    ]
    if not falling:
        return ""
    return (
        f" What was taken off may have been too much, so the {' and '.join(falling)} of the"
        " background may be below zero."
    )


def _unit_weights_warning(region: RegionProblem) -> FitWarning:
    if has_negative_counts(region.spectrum):
        code, reason = "negative_counts", _negative(region.spectrum)
    elif not counts_are_known(region.spectrum):
        code, reason = "counts_unknown", _why_unknown(region.spectrum)
    else:
        code, reason = "unit_weights", "unit weights were chosen"
    return FitWarning(
        code,
        f"{reason}, so all points weigh the same and the errors are scaled by the residuals.",
        region.region.name,
    )


def _outside(problem: Problem, region: RegionProblem, values: Array) -> list[FitWarning]:
    low, high = region.region.window
    unit = region.spectrum.axis.unit
    warnings = []
    for slot, center in zip(region.slots, centers_rows(problem, region, values[None]), strict=True):
        if not low <= center[0] <= high:
            warnings.append(
                FitWarning(
                    "outside_window",
                    f"the centre {center[0]:.2f} {unit} lies outside the window {low:g} to"
                    f" {high:g} {unit}, so the data say little about this component.",
                    f"{region.region.name}/{slot.id}",
                )
            )
    return warnings


def centers_rows(problem: Problem, region: RegionProblem, values: Array) -> Array:
    """Return where the components of a region stand in M fits, (C, M); `values` are (M, P)."""
    name, shift = region.region.name, values[:, region.part.start + region.shift]
    own = [values[:, problem.places[f"{name}/{slot.id}/center"]] + shift for slot in region.slots]
    return np.array(own).reshape(len(own), len(values))


def warnings_rows(
    problems: Sequence[Problem], values: Array, weights: tuple[Weights, ...]
) -> tuple[tuple[FitWarning, ...], ...]:
    """Return what `start_warnings` and `region_warnings` say of each of M fits of one model."""
    first, started = problems[0], tuple(start_warnings(problems[0]))
    silent = np.full(
        len(problems), Weights.UNIT not in weights and Weights.EMPIRICAL not in weights
    )
    for region in first.regions:
        low, high = region.region.window
        centers = centers_rows(first, region, values)
        silent &= ((centers >= low) & (centers <= high)).all(axis=0)
    return tuple(
        started if quiet else (*started, *region_warnings(problem, own, weights))
        for problem, own, quiet in zip(problems, values, silent.tolist(), strict=True)
    )
