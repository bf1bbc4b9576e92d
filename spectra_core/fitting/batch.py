"""Thousands to millions of spectra fitted with one model.

The spectra are read in chunks, fitted on threads (the kernels hold no interpreter
lock), and written into stacked arrays, so memory holds a few chunks and the results,
whatever the size of the file. Each spectrum is fitted exactly as `fit` would fit it:
alone, in a batch, on one thread or on many, its numbers are the same bits. What cannot
be fitted is marked failed, with a reason, and stops nothing.

After that come two passes that only ever improve a fit. A *warm* pass starts each
spectrum again from its neighbour's answer, as suits a series; the *rescue* pass starts
outliers again (fits that did not converge, or whose chi-square stands out) from the
typical answer and from damped and scattered starts. The better fit is kept.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field, fields, replace
from operator import is_
from typing import Any, Protocol

import numpy as np

from ..errors import DataError, FitError, ShouldStop, SpectraError
from ..model import Model, Region
from ..shown import Drawn, Gridded, Tabular
from ..spectrum import Array, Axis, Meta, Spectrum, make_spectrum
from . import single as fitting
from .engine import (
    NUMBA,
    NUMPY,
    compiled_fit,
    kernels,
    run_many,
    settled_rows,
    usable_rows,
)
from .inputs import as_model, on_fitting_axis, with_settings
from .measured import has_noisy_shapes
from .overlap import check_used_once
from .problem import Problem, compile_problem, row_of, static_background
from .result import Status
from .search import CompiledRows, search
from .single import FitOptions, fit
from .start import open_values, scattered
from .weights import Weights

STATUSES = (Status.CONVERGED, Status.AT_BOUND, Status.NOT_CONVERGED, Status.FAILED)
_FAILED = STATUSES.index(Status.FAILED)
_NOT_CONVERGED = STATUSES.index(Status.NOT_CONVERGED)
_RESCUE_STARTS = 4
_OUTLIER = 5.0  # robust standard deviations of chi-square


class Rows(Protocol):
    """A two-dimensional array that is read by rows: numpy, memmap, h5py dataset."""

    @property
    def shape(self) -> tuple[int, ...]:
        """Spectra, points."""

    def __getitem__(self, rows: slice, /) -> Array:
        """Return some rows."""


@dataclass(frozen=True, eq=False)
class SpectrumStack:
    """Many spectra on one axis.

    Attributes
    ----------
    x : ndarray, shape (N,)
        Abscissa of all of them, in the axis unit, ascending or descending.
    y : array of shape (M, N)
        Intensities; read a chunk at a time, so an h5py dataset stays on disk.
    axis : Axis
    y_unit : str
        ``"counts"``, ``"counts/s"`` or ``"arbitrary"``.
    time_s : float or None
        Dwell time x scans of each channel, which turns counts/s into counts.
    meta : Meta
        Of all of them.
    """

    x: Array
    y: Rows
    axis: Axis
    y_unit: str = "counts"
    time_s: float | None = None
    meta: Meta = field(default_factory=Meta)

    def __len__(self) -> int:
        return int(self.y.shape[0])

    def spectrum(self, y: Array) -> Spectrum:
        """Return one of the spectra."""
        meta = self.meta
        if self.time_s is not None:
            meta = replace(meta, dwell_s=self.time_s, scans=1.0)
        return make_spectrum(self.x, y, self.axis, y_unit=self.y_unit, meta=meta)


@dataclass(frozen=True)
class BatchOptions:
    """How a batch is run; none of it changes what one spectrum's plain fit gives.

    Attributes
    ----------
    covariance : bool
        Keep the covariance of the free parameters, (M, F, F).
    warm : bool
        Start each spectrum also from its predecessor's answer and keep the better.
    rescue : bool
        Start outliers again from elsewhere and keep the better.
    chunk : int
        Spectra read and fitted at a time.
    """

    covariance: bool = False
    warm: bool = False
    rescue: bool = True
    chunk: int = 256


BATCH_SETTINGS = tuple(field.name for field in fields(BatchOptions))


@dataclass(frozen=True, eq=False, repr=False)
class BatchResult(Tabular, Gridded, Drawn):
    """Stacked answers of M fits with one model.

    Attributes
    ----------
    problem : Problem
        The model compiled for the first spectrum; all share its layout.
    free : ndarray, shape (M, F)
        Free parameters, in the order of ``problem.free_paths``; NaN where failed.
    free_stderr : ndarray, shape (M, F)
        NaN where there is none: failed, on a bound, not determined.
    chi_square : ndarray, shape (M,)
        Of the data.
    prior_chi_square : ndarray, shape (M,)
        Of what is known beforehand.
    status : ndarray of int, shape (M,)
        Index into `STATUSES`; -1 where a stopped run did not come to it.
    evaluations : ndarray of int, shape (M,)
    covariance : ndarray, shape (M, F, F), or None
        Of the free parameters, on request; zero rows for what is on a bound.
    improved : ndarray of bool, shape (M,)
        Where the warm or rescue pass found a better fit than the plain start.
    messages : mapping of int to str
        Why a spectrum failed, by its number.
    n_points : int
    engine : str
    sigma_known : bool
        False where all points weigh the same and the residuals scale the errors.
    """

    problem: Problem
    free: Array
    free_stderr: Array
    chi_square: Array
    status: np.ndarray
    evaluations: np.ndarray
    covariance: Array | None
    improved: np.ndarray
    messages: Mapping[int, str]
    n_points: int
    engine: str
    prior_chi_square: Array
    sigma_known: bool

    def __len__(self) -> int:
        return int(self.free.shape[0])

    @property
    def reduced_chi_square(self) -> Array:
        """Chi-square of data and priors over the degrees of freedom, shape (M,)."""
        freedom = self.n_points - self.problem.free.size
        if not self.sigma_known:
            return self.chi_square / max(freedom, 1)
        total = self.chi_square + self.prior_chi_square
        return np.asarray(total / max(freedom + len(self.problem.priors), 1))

    def values(self, path: str) -> Array:
        """Return one parameter of all spectra, shape (M,); links are exact."""
        row, offset = row_of(self.problem, (path,))
        return np.asarray(self.free @ row + offset)

    def stderr(self, path: str) -> Array:
        """Return the standard errors of one parameter, shape (M,); NaN where there is none.

        Raises
        ------
        FitError
            If it depends on several free parameters and no covariance was kept.
        """
        row, _ = row_of(self.problem, (path,))
        used = np.flatnonzero(row)
        if used.size == 0:
            return np.full(len(self), np.nan)
        if used.size == 1:
            return np.abs(row[used[0]]) * self.free_stderr[:, used[0]]
        if self.covariance is None:
            raise FitError(
                "this parameter depends on several free ones, and no covariance was kept.",
                hint="Fit with BatchOptions(covariance=True).",
                where=path,
            )
        variance = np.einsum("i,mij,j->m", row, self.covariance, row)
        known = ~np.isnan(self.free_stderr[:, used]).any(axis=1)
        return np.where(known, np.sqrt(np.maximum(variance, 0.0)), np.nan)


Taker = Callable[[Callable[[], BatchResult]], None]


def status_word(status: int) -> str:
    """Return how a fit of a batch ended, by its number."""
    return STATUSES[status].value if status >= 0 else "not_done"


def fit_batch(
    spectra: SpectrumStack | Mapping[str, SpectrumStack] | Sequence[Spectrum],
    model: Model | Region,
    *,
    options: FitOptions = FitOptions(),  # noqa: B008 - frozen
    batch: BatchOptions = BatchOptions(),
    threads: int | None = None,
    progress: Callable[[int, int], None] | None = None,
    take: Taker | None = None,
    should_stop: ShouldStop | None = None,
    **settings: Any,
) -> BatchResult:
    """Fit many spectra with one model.

    Parameters
    ----------
    spectra : SpectrumStack, mapping of str to SpectrumStack, or sequence of Spectrum
        One stack, one for each region name (all of the same length), or spectra that
        share axis, unit and counting time.
    model : Model or Region
    options : FitOptions
        As for `fit`.
    batch : BatchOptions
    threads : int or None
        None: one for each processor. Numbers do not depend on it.
    progress : callable or None
        ``progress(done, total)`` after each chunk of the plain pass.
    take : callable or None
        ``take(so_far)`` after each chunk; ``so_far()`` returns a copy of what there is.
    should_stop : callable or None
        Asked between chunks; True ends the run with what is finished.
    **settings
        Fields of `FitOptions` and `BatchOptions`, in place of those given.

    Returns
    -------
    result : BatchResult

    Raises
    ------
    FitError, ModelError, DataError
        If no spectrum could be fitted this way: the model, axis or options are wrong.
    """
    of_batch = {name: settings.pop(name) for name in BATCH_SETTINGS if name in settings}
    options, batch = with_settings(options, settings), with_settings(batch, of_batch)
    model = as_model(model)
    stacks = _stacks(spectra, model)
    run = _Run(stacks, model, options, batch)
    run.plain(threads or os.cpu_count() or 1, progress, should_stop, take)
    if run.compiled is not None and not run.stopped:
        run.improve(threads or os.cpu_count() or 1)
    return run.result()


# ---------------------------------------------------------------------------------
# What comes in


def _stacks(
    spectra: SpectrumStack | Mapping[str, SpectrumStack] | Sequence[Spectrum], model: Model
) -> dict[str, SpectrumStack]:
    if isinstance(spectra, SpectrumStack):
        stacks = {region.name: spectra for region in model.regions}
    elif isinstance(spectra, Mapping):
        stacks = dict(spectra)
    else:
        stacks = dict.fromkeys((region.name for region in model.regions), _stacked(spectra))
    for name, stack in stacks.items():
        if len(stack.y.shape) != 2 or stack.y.shape[1] != np.size(stack.x):
            raise DataError(
                f"the intensities have shape {stack.y.shape}, but the axis has"
                f" {np.size(stack.x)} points.",
                hint="Give one row for each spectrum.",
                where=name,
            )
    lengths = {len(stack) for stack in stacks.values()}
    if len(lengths) != 1 or 0 in lengths:
        raise DataError("the stacks must hold the same number of spectra, at least one.")
    return stacks


def _stacked(spectra: Sequence[Spectrum]) -> SpectrumStack:
    if not spectra:
        raise DataError("there is no spectrum to fit.")
    first = spectra[0]
    for other in spectra:
        same = other.axis is first.axis and other.y_unit == first.y_unit
        same = same and other.meta.acquisition_time_s == first.meta.acquisition_time_s
        if not (same and np.array_equal(other.x, first.x) and other.sigma is None):
            raise DataError(
                "spectra of one batch must share axis, unit and counting time, and have no"
                " given standard deviations.",
                hint="Fit them one by one, or in batches that do.",
                where=other.label,
            )
    stack = SpectrumStack(
        first.x, np.array([s.y for s in spectra]), first.axis, first.y_unit, meta=first.meta
    )
    return stack


# ---------------------------------------------------------------------------------
# The run


class _Run:
    """The growing result of a batch, and the passes over it."""

    def __init__(
        self,
        stacks: dict[str, SpectrumStack],
        model: Model,
        options: FitOptions,
        batch: BatchOptions,
    ) -> None:
        self.stacks, self.model, self.options, self.batch = stacks, model, options, batch
        self.total = len(next(iter(stacks.values())))
        self.problem = self._template()
        weights = fitting.weights_of(self.problem, options.weights)
        if Weights.EMPIRICAL in weights:  # a noise that one spectrum shows is not that of all
            weights = tuple(Weights.UNIT for _ in weights)
        self.weights = weights
        lm = options.method == fitting.LEAST_SQUARES
        self.compiled = compiled_fit(self.problem, self.weights) if lm else None
        n, n_free = self.total, self.problem.free.size
        self.free = np.full((n, n_free), np.nan)
        self.stderr = np.full((n, n_free), np.nan)
        self.chi_square = np.full(n, np.nan)
        self.prior_chi_square = np.full(n, np.nan)
        self.status = np.full(n, -1, dtype=np.int8)
        self.evaluations = np.zeros(n, dtype=np.int32)
        self.improved = np.zeros(n, dtype=bool)
        self.covariance = np.full((n, n_free, n_free), np.nan) if batch.covariance else None
        self.messages: dict[int, str] = {}
        self.stopped = False

    def _template(self) -> Problem:
        """Return the problem of the first spectrum that is worth fitting."""
        spectra = {}
        for name, stack in self.stacks.items():
            flat = np.ones(stack.y.shape[1])
            spectra[name] = on_fitting_axis(stack.spectrum(flat))
        # One stack for several regions is one spectrum for them, row by row.
        one = {id(self.stacks[name]): spectrum for name, spectrum in spectra.items()}
        spectra = {name: one[id(self.stacks[name])] for name in spectra}
        problem = compile_problem(self.model, spectra)
        check_used_once(problem, is_)
        if has_noisy_shapes(problem):
            raise FitError(
                "a batch does not count the noise of a measured shape.",
                hint="Make the shape with noise=False, or fit the spectra one by one.",
            )
        return problem

    # --- the plain pass ---

    def plain(
        self,
        threads: int,
        progress: Callable[[int, int], None] | None,
        should_stop: ShouldStop | None,
        take: Taker | None = None,
    ) -> None:
        """Fit every spectrum as `fit` would."""
        done = 0
        work = self._fit_chunk if self.compiled is not None else self._fit_each
        for finished in _in_threads(work, self._chunks(should_stop), threads):
            done += finished
            if progress is not None:
                progress(done, self.total)
            if take is not None:
                take(self.so_far)

    def _chunks(self, should_stop: ShouldStop | None) -> Iterator[Job]:
        for start in range(0, self.total, self.batch.chunk):
            if should_stop is not None and should_stop():
                self.stopped = True
                return
            numbers = np.arange(start, min(start + self.batch.chunk, self.total))
            yield numbers, self._read(numbers)

    def _read(self, numbers: np.ndarray) -> dict[str, Array]:
        """Return the rows with these (ascending) numbers, by region name."""
        first, stop = int(numbers[0]), int(numbers[-1]) + 1
        whole = stop - first == numbers.size
        rows = {}
        for stack in {id(s): s for s in self.stacks.values()}.values():
            if whole:
                rows[id(stack)] = np.asarray(stack.y[first:stop], dtype=float)
            else:
                parts = [np.asarray(stack.y[i : i + 1], dtype=float) for i in numbers.tolist()]
                rows[id(stack)] = np.concatenate(parts)
        return {name: rows[id(stack)] for name, stack in self.stacks.items()}

    def _fit_each(self, job: Job) -> int:
        """Fit the spectra of a chunk one by one, with whatever engine can."""
        numbers, rows = job
        for k in np.flatnonzero(self._presentable(numbers, rows)).tolist():
            self._fit_alone(int(numbers[k]), {name: y[k] for name, y in rows.items()})
        return int(numbers.size)

    def _fit_alone(self, number: int, rows: dict[str, Array]) -> None:
        try:
            spectra = {name: self.stacks[name].spectrum(y) for name, y in rows.items()}
            result = fit(spectra, self.model, options=self.options)
        except (SpectraError, ArithmeticError, ValueError) as error:
            self._fail(number, str(error))
            return
        places = self.problem.free
        self.free[number] = result.values[places]
        errors = [result.stderr(path) for path in self.problem.free_paths]
        self.stderr[number] = [np.nan if e is None else e for e in errors]
        self.chi_square[number] = result.statistics.chi_square
        self.prior_chi_square[number] = result.statistics.prior_chi_square
        self.status[number] = STATUSES.index(result.status)
        self.evaluations[number] = len(result.trace)
        if self.covariance is not None:
            self.covariance[number] = result.covariance[np.ix_(places, places)]

    def _fail(self, number: int, message: str) -> None:
        self.status[number] = _FAILED
        self.messages[number] = message

    def _fit_chunk(self, job: Job) -> int:
        """Fit the spectra of a chunk with the kernels; the odd ones one by one."""
        numbers, rows = job
        good = self._presentable(numbers, rows)
        if good.any():
            kept = {name: y[good] for name, y in rows.items()}
            q, complete = self._starts(kept)
            how = kernels().BETTER if complete else kernels().LINEAR
            if self.options.starts > 1:
                q, how = self._searched(kept, q), kernels().NEARBY
            chunk = self._solve(kept, q, how)
            self._take(numbers[good], chunk)
            for k in np.flatnonzero(~usable_rows(chunk.state)):
                number = int(numbers[good][k])
                self._fit_alone(number, {name: y[k] for name, y in kept.items()})
        return int(numbers.size)

    def _searched(self, rows: dict[str, Array], own: Array) -> Array:
        """Return the best minimum (m, F) of each spectrum."""
        assert self.compiled is not None
        y, known = self.compiled.packed.turned(self._windows(rows)), self.compiled.weights[None]
        engine = CompiledRows(self.compiled, y, self._static(rows), known, None)
        wanted = fitting.search_options(self.options, self.weights)
        return search(list(self._problems(rows)), own, engine, **wanted).q

    def _presentable(self, numbers: np.ndarray, rows: dict[str, Array]) -> np.ndarray:
        good = np.ones(numbers.size, dtype=bool)
        for region, y in zip(self.problem.regions, self._windows(rows), strict=True):
            finite = np.asarray(np.isfinite(rows[region.region.name]).all(axis=1))
            for k in np.flatnonzero(good & ~(finite & y.any(axis=1))).tolist():
                fault = "every intensity in the window is zero."
                if not finite[k]:
                    fault = "the intensities hold NaN or infinite values."
                self._fail(int(numbers[k]), f"{region.region.name}: {fault}")
                good[k] = False
        return good

    def _windows(self, rows: dict[str, Array]) -> list[Array]:
        """Return each region's intensities (m, n) in the order of the fitted axis."""
        found = []
        for region in self.problem.regions:
            stack = self.stacks[region.region.name]
            descending = bool(stack.x[0] > stack.x[-1])
            mirrored = stack.axis is not region.spectrum.axis
            turn = -1 if descending != mirrored else 1
            found.append(rows[region.region.name][:, ::turn])
        return [y[:, r.inside] for y, r in zip(found, self.problem.regions, strict=True)]

    def _starts(self, rows: dict[str, Array]) -> tuple[Array, bool]:
        """Return start values (m, F), and whether the model gives all of them."""
        m = next(iter(rows.values())).shape[0]
        q, complete = open_values(self.problem)
        if complete or not self._needs_data():
            return np.tile(q, (m, 1)), complete
        starts = [open_values(problem)[0] for problem in self._problems(rows)]
        return np.array(starts), False

    def _needs_data(self) -> bool:
        """Whether a start value is estimated from each spectrum's own data."""
        return any(
            path.endswith("/step") and self.problem.parameters[i].value is None
            for i, path in zip(self.problem.free, self.problem.free_paths, strict=True)
        )

    def _problems(self, rows: dict[str, Array]) -> Iterator[Problem]:
        """Yield the problem of each spectrum; only data and static backgrounds differ."""
        for k in range(next(iter(rows.values())).shape[0]):
            regions = []
            for region in self.problem.regions:
                stack = self.stacks[region.region.name]
                row = stack.spectrum(rows[region.region.name][k])
                spectrum = on_fitting_axis(row)
                static = static_background(region.region.background, spectrum, region.inside)
                y = spectrum.y[region.inside]
                regions.append(replace(region, spectrum=spectrum, y=y, static=static))
            yield replace(self.problem, regions=tuple(regions))

    def _solve(self, rows: dict[str, Array], q: Array, how: int, damping: float = 0.0) -> _Chunk:
        assert self.compiled is not None
        fitted = self.compiled
        y = fitted.packed.turned(self._windows(rows))
        static = self._static(rows)
        times = np.tile(fitted.times, (y.shape[0], 1))
        return _Chunk(
            *run_many(
                fitted,
                y,
                static,
                times,
                q,
                how,
                damping=damping,
                tolerance=self.options.tolerance,
                limit=self.options.max_iterations,
            )
        )

    def _static(self, rows: dict[str, Array]) -> Array:
        assert self.compiled is not None
        packed = self.compiled.packed
        if all(region.static is None for region in self.problem.regions):
            return self.compiled.static[None]
        curves = [
            packed.turned(
                [
                    np.zeros(region.x.size) if region.static is None else region.static.curve
                    for region in problem.regions
                ]
            )
            for problem in self._problems(rows)
        ]
        return np.array(curves)

    def _take(self, numbers: np.ndarray, chunk: _Chunk) -> None:
        """Write the answers of a chunk to their places."""
        k = kernels()
        converged = settled_rows(chunk.state)
        status = np.where(chunk.held.any(axis=1), STATUSES.index(Status.AT_BOUND), 0)
        self.free[numbers] = chunk.q
        self.chi_square[numbers] = _of_data(chunk.state)
        self.prior_chi_square[numbers] = chunk.state[:, k.PRIORS]
        self.status[numbers] = np.where(converged, status, _NOT_CONVERGED)
        self.evaluations[numbers] = chunk.state[:, k.EVALUATIONS]
        covariance = chunk.covariance
        if Weights.UNIT in self.weights:
            dof = max(self._n_points - self.problem.free.size, 1)
            # The noise is in the weights already where priors needed it.
            variance = _of_data(chunk.state) / dof / chunk.state[:, k.NOISE] ** 2
            covariance = covariance * variance[:, None, None]
        variance = np.einsum("mii->mi", covariance)
        self.stderr[numbers] = np.where(variance > 0, np.sqrt(np.maximum(variance, 0.0)), np.nan)
        if self.covariance is not None:
            self.covariance[numbers] = covariance

    # --- the passes that improve ---

    def improve(self, threads: int) -> None:
        """Run the warm and the rescue pass."""
        if self.batch.warm and self.total > 1:
            before = self.free.copy()
            numbers = np.flatnonzero((self.status >= 0) & (self.status != _FAILED))
            ready = numbers[(numbers > 0) & np.isfinite(before[numbers - 1]).all(axis=1)]
            self._again(ready, [(before[ready - 1], kernels().AS_GIVEN, 0.0)], threads)
        if self.batch.rescue:
            outliers = self._outliers()
            if outliers.size:
                self._again(outliers, self._rescue_starts(outliers), threads)

    def _outliers(self) -> np.ndarray:
        fitted = (self.status >= 0) & (self.status != _FAILED)
        good = self.chi_square[fitted & (self.status != _NOT_CONVERGED)]
        if good.size < 8:
            return np.flatnonzero(fitted & (self.status == _NOT_CONVERGED))
        middle = float(np.median(good))
        spread = 1.4826 * float(np.median(np.abs(good - middle)))
        high = self.chi_square > middle + _OUTLIER * spread
        return np.flatnonzero(fitted & (high | (self.status == _NOT_CONVERGED)))

    def _rescue_starts(self, outliers: np.ndarray) -> list[tuple[Array, int, float]]:
        linear = kernels().LINEAR
        good = np.isin(self.status, (0, 1))
        good[outliers] = False
        typical = open_values(self.problem)[0]
        if good.any():
            typical = np.median(self.free[good], axis=0)
        stated = open_values(self.problem)[0]
        rng = np.random.default_rng(self.options.seed)
        starts = [(typical, linear, 0.0), (stated, linear, 1.0)]
        for _ in range(_RESCUE_STARTS):
            starts.append((scattered(self.problem, typical, rng, 1.0), linear, 0.1))
        return [(np.tile(q, (outliers.size, 1)), how, damping) for q, how, damping in starts]

    def _again(
        self, numbers: np.ndarray, starts: list[tuple[Array, int, float]], threads: int
    ) -> None:
        """Fit some spectra from other starts and keep what is better."""

        def one(job: Job) -> int:
            places, rows = job
            for q, how, damping in starts:
                chunk = self._solve(rows, q[places], how, damping)
                self._keep_better(numbers[places], chunk)
            return int(places.size)

        def jobs() -> Iterator[Job]:
            for start in range(0, numbers.size, self.batch.chunk):
                places = np.arange(start, min(start + self.batch.chunk, numbers.size))
                yield places, self._read(numbers[places])

        for _ in _in_threads(one, jobs(), threads):
            pass

    def _misfit(self, data: Array, priors: Array) -> Array:
        """Return what a fit makes small: with unknown noise its logarithm counts."""
        if self.problem.is_scaled(self.weights):
            return self._n_points * np.log(np.maximum(data, 1e-300)) + priors
        return data + priors

    def _keep_better(self, numbers: np.ndarray, chunk: _Chunk) -> None:
        k = kernels()
        reached = self._misfit(_of_data(chunk.state), chunk.state[:, k.PRIORS])
        settled = settled_rows(chunk.state) & usable_rows(chunk.state)
        before = self._misfit(self.chi_square[numbers], self.prior_chi_square[numbers])
        stuck = self.status[numbers] == _NOT_CONVERGED
        below = reached < before - 1e-9 * np.abs(before)
        better = settled & (below | (stuck & (reached <= before)))
        if better.any():
            self._take(numbers[better], chunk.rows(better))
            self.improved[numbers[better]] = True

    @property
    def _n_points(self) -> int:
        return sum(region.x.size for region in self.problem.regions)

    def so_far(self) -> BatchResult:
        """Return a copy of what there is; what the run did not come to has the status -1."""
        now = self._answers()
        copied: dict[str, Any] = {
            field.name: value.copy()
            for field in fields(now)
            if isinstance(value := getattr(now, field.name), np.ndarray)
        }
        return replace(now, **copied)

    def result(self) -> BatchResult:
        """Return what there is."""
        for array in (self.free, self.stderr, self.chi_square, self.status, self.evaluations):
            array.setflags(write=False)
        return self._answers()

    def _answers(self) -> BatchResult:
        return BatchResult(
            self.problem,
            self.free,
            self.stderr,
            self.chi_square,
            self.status,
            self.evaluations,
            self.covariance,
            self.improved,
            dict(self.messages),
            self._n_points,
            NUMPY if self.compiled is None else NUMBA,
            self.prior_chi_square,
            Weights.UNIT not in self.weights,
        )


@dataclass(frozen=True, eq=False)
class _Chunk:
    """What the kernels gave for some spectra."""

    q: Array
    state: Array
    held: np.ndarray
    covariance: Array

    def rows(self, chosen: np.ndarray) -> _Chunk:
        """Return some of them."""
        return _Chunk(
            self.q[chosen], self.state[chosen], self.held[chosen], self.covariance[chosen]
        )


def _of_data(state: Array) -> Array:
    """Return chi-square of the data alone, with the weights that `fit` would tell, shape (M,)."""
    k = kernels()
    return np.asarray((state[:, k.CHI_SQUARE] - state[:, k.PRIORS]) * state[:, k.NOISE] ** 2)


Job = tuple[np.ndarray, dict[str, Array]]


def _in_threads(work: Callable[[Job], int], jobs: Iterator[Job], threads: int) -> Iterator[int]:
    """Yield what `work` gives for each job; so many in flight that none waits, and no more."""
    if threads == 1:
        yield from map(work, jobs)
        return
    with ThreadPoolExecutor(threads, "doublet-fit") as pool:
        running: set[Future[int]] = set()
        for job in jobs:
            running.add(pool.submit(work, job))
            if len(running) > threads:
                done, running = wait(running, return_when=FIRST_COMPLETED)
                yield from (future.result() for future in done)
        done, _ = wait(running)
        yield from (future.result() for future in done)
