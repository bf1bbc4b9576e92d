"""Fits of many spectra with one model, kept as arrays until one of them is looked at.

`fit_stack` does for each spectrum what `fit` does, with the same functions in the same
order, so that every number is the same to the last bit, whatever is fitted beside it.
What differs is that no result is built: values, covariances, curves and residuals stay
arrays with a row for each fit. A fit that needs attention (not converged, on a bound,
badly conditioned, not to be begun) has no row: `fit` is to do it.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ..errors import Cancelled, FitError, ShouldStop, SpectraError
from ..model import Model
from ..spectrum import Array, Spectrum
from .engine import (
    NUMBA,
    CompiledFit,
    Kept,
    compiled_fit,
    fixed_weights,
    kernels,
    message_of,
    peaks_of,
    run_many,
    settled_rows,
    usable_rows,
    well_conditioned_rows,
)
from .inputs import as_spectra
from .measured import has_noisy_shapes
from .overlap import check_used_once
from .problem import Problem, compile_problem, static_background
from .result import Estimates, FitResult, FitWarning, Numbers, RegionFit, Status
from .search import CompiledRows, search
from .single import (
    LEAST_SQUARES,
    FitOptions,
    acting_on,
    check_data,
    covariance_scale,
    full_covariance,
    region_parts,
    search_options,
    warnings_rows,
    weights_of,
)
from .start import open_values_of
from .statistics import Statistics, statistics_rows
from .weights import Weights, choose_weights, counting_time, has_negative_counts

Spectra = Mapping[str, Spectrum]


@dataclass(frozen=True, eq=False)
class StackRegion:
    """One region of M fits; arrays (M, N) in the window unless said otherwise.

    Attributes
    ----------
    name : str
    spectra : tuple of Spectrum, length M
    x : ndarray, shape (N,)
    y, sigma, background, envelope, residual : ndarray
        As in `RegionFit`.
    weights : str
    peaks : mapping of str to ndarray
        Each enabled component by id.
    info : tuple of mapping, length M
        What a static background says of itself.
    statistics : tuple of Statistics, length M
    """

    name: str
    spectra: tuple[Spectrum, ...]
    x: Array
    y: Array
    sigma: Array
    weights: str
    background: Array
    envelope: Array
    peaks: Mapping[str, Array]
    residual: Array
    info: tuple[Mapping[str, object], ...]
    statistics: tuple[Statistics, ...]


@dataclass(frozen=True, eq=False)
class Stack:
    """M fits of one model, side by side.

    Attributes
    ----------
    problem : Problem
        Of the first of them; all share its layout.
    places : ndarray of int, shape (M,)
        Which of the given spectra each row is.
    values : ndarray, shape (M, P)
    covariance : ndarray, shape (M, P, P)
    at_bound : ndarray of bool, shape (M, P)
        As in `FitResult`.
    statuses : tuple of Status, length M
    messages : tuple of str, length M
    starts : tuple of tuple of float, length M
        Chi-square that each start reached.
    regions : tuple of StackRegion
    statistics : tuple of Statistics, length M
        Of all regions together.
    warnings : tuple of tuple of FitWarning, length M
    method, engine : str
    """

    problem: Problem
    places: np.ndarray
    values: Array
    covariance: Array
    at_bound: np.ndarray
    statuses: tuple[Status, ...]
    messages: tuple[str, ...]
    starts: tuple[tuple[float, ...], ...]
    regions: tuple[StackRegion, ...]
    statistics: tuple[Statistics, ...]
    warnings: tuple[tuple[FitWarning, ...], ...]
    method: str
    engine: str

    def __len__(self) -> int:
        return int(self.places.size)

    def numbers(self, row: int) -> Estimates:
        """Return the numbers of one row by path."""
        return Numbers(
            self.problem.model,
            self.problem,
            self.values[row],
            self.covariance[row],
            self.at_bound[row],
        )

    def region_fits(self, row: int) -> tuple[RegionFit, ...]:
        """Return data and curves of each region of one row."""
        return tuple(
            RegionFit(
                region.name,
                region.spectra[row],
                region.x,
                region.y[row],
                region.sigma[row],
                region.weights,
                region.background[row],
                region.envelope[row],
                {key: curves[row] for key, curves in region.peaks.items()},
                region.residual[row],
                region.info[row],
                region.statistics[row],
            )
            for region in self.regions
        )


def stack_of(result: FitResult) -> Stack:
    """Return one fit as a stack of one row, whatever became of it."""
    return Stack(
        result.problem,
        np.zeros(1, dtype=int),
        result.values[None],
        result.covariance[None],
        result.at_bound[None],
        (result.status,),
        (result.message,),
        (result.starts,),
        tuple(_region_of(region) for region in result.regions),
        (result.statistics,),
        (result.warnings,),
        result.method,
        result.engine,
    )


def _region_of(fit: RegionFit) -> StackRegion:
    return StackRegion(
        fit.name,
        (fit.spectrum,),
        fit.x,
        fit.y[None],
        fit.sigma[None],
        fit.weights,
        fit.background[None],
        fit.envelope[None],
        {key: curve[None] for key, curve in fit.peaks.items()},
        fit.residual[None],
        (fit.background_info,),
        (fit.statistics,),
    )


def stack_key(spectra: Spectra, model: Model, options: FitOptions) -> Hashable:
    """Return what fits must have in common to be rows of one stack."""
    return (
        id(model),
        options,
        tuple((name, *_layout(spectrum)) for name, spectrum in sorted(spectra.items())),
    )


def _layout(spectrum: Spectrum) -> tuple[Hashable, ...]:
    return (
        spectrum.axis,
        spectrum.x.tobytes(),
        spectrum.y_unit,
        spectrum.meta.acquisition_time_s,
        spectrum.meta.excitation_energy_ev,
        spectrum.sigma is None,
        has_negative_counts(spectrum),
        choose_weights(spectrum, None),
        counting_time(spectrum),
    )


def fit_stack(
    spectra: Sequence[Spectra],
    model: Model,
    options: FitOptions,
    should_stop: ShouldStop | None = None,
) -> Stack | None:
    """Fit many spectra with one model; rows for those that are in order.

    Parameters
    ----------
    spectra : sequence of mapping of str to Spectrum
        For each fit its spectra by region name, all of one `stack_key`.
    model : Model
    options : FitOptions
    should_stop : callable or None
        Asked between starts.

    Returns
    -------
    stack : Stack or None
        None where none of them can be done this way (no compiled engine, another
        method, a model that no kernel knows, an error that `fit` has to say).

    Raises
    ------
    Cancelled
        If `should_stop` returned True.
    """
    if options.method != LEAST_SQUARES or not spectra:
        return None
    try:
        rows = [as_spectra(each, model) for each in spectra]
        problem = compile_problem(model, rows[0])
        weights = weights_of(problem, options.weights)
        check_data(problem)
        compiled = compiled_fit(problem, weights)
        problems = [problem, *(_with_data(problem, row) for row in rows[1:])]
    except SpectraError:
        return None
    if compiled is None or len(problem.priors) or problem.priors.idle:
        return None  # what priors say of statistics and errors is for `fit`
    if has_noisy_shapes(problem):
        return None  # so is the noise of a measured shape
    return _Fits(compiled, problems, weights, options, should_stop).stack()


def _with_data(problem: Problem, spectra: Spectra) -> Problem:
    """Return a problem for another spectrum of each region on the same axis."""
    regions = []
    for region in problem.regions:
        spectrum = spectra[region.region.name]
        static = static_background(region.region.background, spectrum, region.inside)
        y = spectrum.y[region.inside]
        regions.append(replace(region, spectrum=spectrum, y=y, static=static))
    return replace(problem, regions=tuple(regions))


def _has_data(problem: Problem, weights: tuple[Weights, ...]) -> bool:
    """Return whether there is something to fit; `fit` says what is wrong where there is not."""
    for region, kind in zip(problem.regions, weights, strict=True):
        sigma = region.spectrum.sigma
        if not region.y.any():
            return False
        if kind is Weights.GIVEN and (sigma is None or not (sigma[region.inside] > 0).all()):
            return False
    try:
        check_used_once(problem)
    except FitError:
        return False
    return True


@dataclass(frozen=True, eq=False)
class _Solved:
    """What the kernels gave from one start of each spectrum; M rows."""

    q: Array
    state: Array
    held: np.ndarray
    covariance: Array
    kept: Kept


class _Fits:
    """The fits of a stack while it is made."""

    def __init__(
        self,
        compiled: CompiledFit,
        problems: Sequence[Problem],
        weights: tuple[Weights, ...],
        options: FitOptions,
        should_stop: ShouldStop | None,
    ) -> None:
        self.compiled, self.weights, self.options = compiled, weights, options
        self.should_stop = should_stop
        self.places = np.array([k for k, p in enumerate(problems) if _has_data(p, weights)], int)
        self.problems = [problems[k] for k in self.places]

    def stack(self) -> Stack | None:
        """Fit from every start, keep the best of each, and return those in order."""
        if not self.problems:
            return None
        reached: tuple[tuple[float, ...], ...]
        own, complete = open_values_of(self.problems)
        if self.options.starts == 1:
            found = self._solve(own, kernels().BETTER if complete else kernels().LINEAR)
            reached = tuple((each,) for each in found.state[:, kernels().CHI_SQUARE].tolist())
        else:
            q, reached = self._search(own)
            found = self._solve(q, kernels().NEARBY)
        good = usable_rows(found.state) & settled_rows(found.state) & ~found.held.any(axis=1)
        rows = np.flatnonzero(good & well_conditioned_rows(found.state))
        return self._finished(rows, found, reached) if rows.size else None

    def _search(self, own: Array) -> tuple[Array, tuple[tuple[float, ...], ...]]:
        """Return the best minimum of each spectrum, and what its starts reached."""
        engine = CompiledRows(
            self.compiled,
            self._data(),
            self._static(),
            self._first_weights(),
            self.should_stop,
        )
        found = search(self.problems, own, engine, **search_options(self.options, self.weights))
        return found.q, found.reached

    def _data(self) -> Array:
        """Return the intensities (M, N), turned."""
        numbers = range(len(self.weights))
        regions = [np.array([p.regions[i].y for p in self.problems]) for i in numbers]
        return self.compiled.packed.turned(regions)

    def _solve(self, q: Array, how: int) -> _Solved:
        """Fit every spectrum from one start."""
        if self.should_stop is not None and self.should_stop():
            raise Cancelled("the fits were cancelled; nothing was changed.")
        fitted, y = self.compiled, self._data()
        kept = Kept(self._first_weights(), np.empty_like(y))
        found = run_many(
            fitted,
            y,
            self._static(),
            np.tile(fitted.times, (len(q), 1)),
            q,
            how,
            tolerance=self.options.tolerance,
            limit=self.options.max_iterations,
            kept=kept,
        )
        return _Solved(*found, kept)

    def _static(self) -> Array:
        """Return the static backgrounds (M or 1, N), turned; zeros where there is none."""
        regions = self.problems[0].regions
        if all(region.static is None for region in regions):
            return self.compiled.static[None]
        curves = []
        for number, first in enumerate(regions):
            none = np.zeros(first.x.size)
            found = (problem.regions[number].static for problem in self.problems)
            curves.append(np.array([none if one is None else one.curve for one in found]))
        return self.compiled.packed.turned(curves)

    def _first_weights(self) -> Array:
        rows = [fixed_weights(problem, self.weights) for problem in self.problems]
        return self.compiled.packed.turned([np.array(each) for each in zip(*rows, strict=True)])

    def _finished(
        self, rows: np.ndarray, found: _Solved, reached: Sequence[tuple[float, ...]]
    ) -> Stack:
        """Return the stack of some rows."""
        packed = self.compiled.packed
        problems = [self.problems[k] for k in rows]
        residual = packed.unturned(found.kept.residual[rows])
        n_free, weights = problems[0].free.size, found.kept.weights[rows]
        units = np.ones(rows.size)
        if problems[0].is_scaled(self.weights):  # residuals are told in the unit of the data
            units, weights = 1.0 / weights[:, 0], np.ones(weights.shape)
        statistics = statistics_rows(  # there are no priors
            units[:, None] * residual,
            n_free,
            np.zeros(0),
            sigma_known=Weights.UNIT not in self.weights,
        )
        scales = [
            covariance_scale(self.weights, each.reduced_chi_square, float(unit))
            for each, unit in zip(statistics, units, strict=True)
        ]
        values = np.array([p.full(q) for p, q in zip(problems, found.q[rows], strict=True)])
        determined = np.zeros(n_free, dtype=bool)
        covariance = np.array(
            [
                full_covariance(problem, scale * free, determined)
                for problem, scale, free in zip(
                    problems, scales, found.covariance[rows], strict=True
                )
            ]
        )
        sigmas = packed.regions_of(1.0 / weights)
        peaks = peaks_of(packed, found.q[rows])
        regions = tuple(
            _region(number, problems, values, sigmas[number], kind, peaks[number])
            for number, kind in enumerate(self.weights)
        )
        status = found.state[rows, kernels().STATUS]
        return Stack(
            problems[0],
            self.places[rows],
            values,
            covariance,
            np.zeros(values.shape, dtype=bool),
            (Status.CONVERGED,) * rows.size,
            tuple(message_of(int(s)) for s in status),
            tuple(reached[k] for k in rows.tolist()),
            regions,
            statistics,
            warnings_rows(problems, values, self.weights),
            self.options.method,
            NUMBA,
        )


def _region(
    number: int,
    problems: Sequence[Problem],
    values: Array,
    sigma: Array,
    weights: Weights,
    peaks: dict[str, Array],
) -> StackRegion:
    """Return one region of the stack from the fits' parameters and curves."""
    regions = [problem.regions[number] for problem in problems]
    first, acting = regions[0], acting_on(problems[0], number)
    parts = region_parts(regions, acting, values, sigma, weights, peaks)
    y = np.array([region.y for region in regions])
    return StackRegion(
        first.region.name,
        tuple(region.spectrum for region in regions),
        first.x,
        y,
        parts.sigma,
        weights.value,
        parts.curves.background,
        parts.curves.envelope,
        parts.curves.peaks,
        (y - parts.curves.envelope) / parts.sigma,
        tuple({} if r.static is None else dict(r.static.info) for r in regions),
        parts.statistics,
    )
