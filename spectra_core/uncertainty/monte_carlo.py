"""Monte Carlo: what the fit would have given had the counts fallen otherwise.

Where counts are known and the model describes them, new spectra are drawn from the
*fitted curve* (Poisson, channel by channel) and fitted again with the same constraints;
the quantiles of what comes out are the interval. What is known beforehand was measured
once as well, so each draw takes the centres of the priors anew, too. Where counts are not
known, or the residuals are correlated, the fit's own residuals are drawn again instead:
singly, or in blocks that keep their correlation. Residuals count as correlated when Abbe's
criterion is below 0.8 and also three of its standard deviations, 1/sqrt(N), below 1: in a
short spectrum chance alone goes below 0.8. The method and its reason are recorded.

Draws are made in blocks, each with a random stream of its own, made of the seed, the region
and the number of the block, so that the result depends neither on the number of threads, which
may share a block, nor on the order. Nobody looks at a single draw, so the refits work on arrays
(`spectra_core.fitting.refit`). A draw whose fit fails is counted and reported.

References
----------
.. [1] B. Efron, R. J. Tibshirani, An Introduction to the Bootstrap (1993), ch. 6, 8, 13.
.. [2] H. R. Kunsch, Ann. Stat. 17, 1217 (1989). doi:10.1214/aos/1176347265 (blocks)
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from math import ceil, log, sqrt

import numpy as np

from ..errors import Cancelled, FitError, ShouldStop, SpectraError
from ..fitting import FitResult, RegionFit, Weights
from ..fitting.priors import with_prior_rows
from ..fitting.problem import RegionProblem
from ..fitting.refit import Data, Refitter, refitter
from ..fitting.tangents import tangent_rows
from ..fitting.weights import counting_time, counts_are_known
from ..shown import Drawn, Gridded, Tabular
from ..spectrum import Array
from .quantities import (
    FEWEST_DRAWS,
    LEVEL,
    ONE_SIGMA,
    AreaRatio,
    Progress,
    Quantity,
    check_fitted,
    quantity_value,
    quantity_values,
)

POISSON, GAUSSIAN = "poisson", "gaussian"
RESIDUALS, BLOCKS = "residual bootstrap", "block bootstrap"
CORRELATED_ABBE = 0.8
_MANY = 100.0  # counts: at least so many are drawn by a series
_BLOCK = 125  # draws; whole blocks are drawn, so that more draws begin with the same ones
_FEWEST = 16  # draws that are worth a thread
_TOLERANCE = 1e-2  # of a standard error: draws that scatter by one need no more


@dataclass(frozen=True, eq=False, repr=False)
class MonteCarlo(Tabular, Gridded, Drawn):
    """What the draws gave.

    Attributes
    ----------
    method : str
        ``"poisson"``, ``"gaussian"``, ``"residual bootstrap"`` or ``"block bootstrap"``.
    reason : str
        Why this method.
    seed : int
    draws : int
        How many were asked for and made.
    failures : mapping of str to int
        Why draws failed, and how often.
    values : mapping of Quantity to ndarray, shape (draws - failed,)
        In the order of the draws; NaN where a ratio is nothing over nothing.
    """

    method: str
    reason: str
    seed: int
    draws: int
    failures: Mapping[str, int]
    values: Mapping[Quantity, Array]

    @property
    def failed(self) -> int:
        """Number of draws whose fit failed."""
        return sum(self.failures.values())

    def missing(self, quantity: Quantity) -> int:
        """Return in how many fitted draws a ratio is nothing over nothing."""
        return int(np.isnan(self.values[quantity]).sum())

    def interval(self, quantity: Quantity, *, level: float = LEVEL) -> tuple[float, float]:
        """Return the percentile interval; of a ratio, that of ln R."""
        tail = (1.0 - level) / 2.0
        low, high = (self._quantile(quantity, p) for p in (tail, 1.0 - tail))
        return low, high

    def spread(self, quantity: Quantity) -> float:
        """Return half the width of the central 68 %: of a ratio, of ln R (relative error)."""
        low, high = self.interval(quantity, level=ONE_SIGMA)
        if not isinstance(quantity, AreaRatio):
            return (high - low) / 2.0
        return log(high / low) / 2.0 if low > 0 and high < np.inf else np.inf

    def _quantile(self, quantity: Quantity, probability: float) -> float:
        # Weibull's positions, k / (n + 1): a new draw falls below with just this probability.
        values = self.values[quantity]
        values = values[~np.isnan(values)]
        if not values.size:
            return np.nan
        if not isinstance(quantity, AreaRatio):
            return float(np.quantile(values, probability, method="weibull"))
        inside = (values > 0) & np.isfinite(values)
        if inside.all():
            return float(np.exp(np.quantile(np.log(values), probability, method="weibull")))
        # ln 0 cannot be interpolated: the nearest draw is taken.
        return float(np.quantile(values, probability, method="nearest"))


@dataclass(frozen=True, eq=False)
class _Source:
    """What one region is drawn from; arrays of the window, shape (N,)."""

    problem: RegionProblem
    envelope: Array
    sigma: Array
    residual: Array


@dataclass(frozen=True, eq=False)
class _Task:
    """Everything that draws need.

    `best` (F,) is where refits start, and `newton` (F, N + K) what leads from there: it turns
    the noise of a draw, in standard deviations, into the change of the free parameters. `rows`
    (N + K, F) turn such a change into one of the curve, in standard deviations.
    `known` are what the fit says of the sums its priors are about, and their standard
    deviations, shape (K,) each.
    """

    refitter: Refitter
    sources: tuple[_Source, ...]
    best: Array
    newton: Array
    rows: Array
    known: tuple[Array, Array]
    method: str
    block: int
    seed: int


def monte_carlo(
    result: FitResult,
    quantities: Sequence[Quantity],
    n: int = 500,
    *,
    seed: int = 0,
    threads: int | None = None,
    should_stop: ShouldStop | None = None,
    progress: Progress | None = None,
) -> MonteCarlo:
    """Draw `n` spectra from a fit, fit each with the same constraints, collect quantities.

    Parameters
    ----------
    result : FitResult
    quantities : sequence of str or AreaRatio
        Paths of parameters, and ratios.
    n : int
        At least 40: fewer say nothing about 2.5 % tails.
    seed : int
    threads : int or None
        None: one for each processor. Numbers do not depend on it.
    should_stop : callable or None
        Asked between blocks of draws.
    progress : callable or None
        ``progress(done, n)`` after each block.

    Returns
    -------
    drawn : MonteCarlo

    Raises
    ------
    FitError
        If `n` is too small, the model was not fitted, or fewer than half the draws could
        be fitted.
    Cancelled
        If `should_stop` returned True.
    """
    if n < FEWEST_DRAWS:
        raise FitError(
            f"{n} Monte Carlo draws are too few for an interval.",
            hint=f"Take at least {FEWEST_DRAWS}, better 500.",
        )
    check_fitted(result)
    method, reason = _choose_method(result)
    for quantity in quantities:
        quantity_value(result, quantity)
    task = _task(result, method, seed)
    drawn, failures = _draw_all(task, n, threads or os.cpu_count() or 1, should_stop, progress)
    if 2 * len(drawn) < n:
        why = failures.most_common(1)[0][0]
        raise FitError(
            f"{failures.total()} of {n} Monte Carlo fits failed, most often: {why}",
            hint="Take the model's weak parameters out, or fix or link them.",
        )
    values = {q: quantity_values(task.refitter.problem, q, drawn) for q in quantities}
    for found in values.values():
        found.setflags(write=False)
    return MonteCarlo(method, reason, seed, n, dict(failures), values)


def _task(result: FitResult, method: str, seed: int) -> _Task:
    weights = tuple(Weights(region.weights) for region in result.regions)
    problem = result.problem
    best = np.clip(result.values[problem.free], problem.lower, problem.upper)
    sources = tuple(
        _source(region, own) for region, own in zip(result.regions, problem.regions, strict=True)
    )
    again = refitter(problem, weights)
    known = (problem.priors.sums @ np.nan_to_num(result.values), problem.prior_sigmas(best))
    block = _block_length(result)
    return _Task(again, sources, best, *_newton(result), known, method, block, seed)


# ---------------------------------------------------------------------------------
# Which method


def _choose_method(result: FitResult) -> tuple[str, str]:
    abbe = min(region.statistics.abbe for region in result.regions)
    known = all(_noise_is_known(region) for region in result.regions)
    if any(_is_correlated(region) for region in result.regions):
        return BLOCKS, f"the residuals are correlated (Abbe {abbe:.2f})"
    if not known:
        return RESIDUALS, "the counts are not known, and the residuals are not correlated"
    if any(region.weights == Weights.EMPIRICAL.value for region in result.regions):
        return GAUSSIAN, "the noise was found from channel to channel"
    if any(region.weights == Weights.GIVEN.value for region in result.regions):
        return GAUSSIAN, "standard deviations are given with the data"
    return POISSON, f"counts are known and the residuals are not correlated (Abbe {abbe:.2f})"


def _is_correlated(region: RegionFit) -> bool:
    by_chance = 1.0 - 3.0 / sqrt(region.statistics.n_points)
    return region.statistics.abbe < min(CORRELATED_ABBE, by_chance)


def _noise_is_known(region: RegionFit) -> bool:
    known = (Weights.GIVEN.value, Weights.EMPIRICAL.value)
    return region.weights in known or counts_are_known(region.spectrum)


def _block_length(result: FitResult) -> int:
    """Return a block much longer than the correlation of the residuals, in channels."""
    abbe = min(region.statistics.abbe for region in result.regions)
    n = min(region.y.size for region in result.regions)
    correlation = min(max(1.0 - abbe, 0.05), 0.97)  # of neighbours
    return int(min(max(ceil(n ** (1 / 3)), ceil(-4.0 / log(correlation))), max(n // 4, 1)))


def _source(region: RegionFit, problem: RegionProblem) -> _Source:
    statistics = region.statistics
    # Fitting has made the residuals too small by the parameters it spent.
    lost = sqrt(statistics.n_points / max(statistics.n_points - statistics.n_free, 1))
    residual = (region.residual - region.residual.mean()) * lost
    return _Source(problem, region.envelope, region.sigma, residual)


def _newton(result: FitResult) -> tuple[Array, Array]:
    """Return C J^T (F, N + K), the change of the free parameters with data and priors, and J."""
    problem, places = result.problem, result.problem.free
    sigmas = tuple(region.sigma for region in result.regions)
    q = result.values[places]
    r, jacobian = tangent_rows(problem, q, sigmas)
    _, jacobian = with_prior_rows(problem, q, problem.prior_sigmas(q), r, jacobian)
    covariance = np.nan_to_num(result.covariance[np.ix_(places, places)], posinf=0.0, neginf=0.0)
    return np.asarray(covariance @ jacobian.T), jacobian


# ---------------------------------------------------------------------------------
# Drawing


def _draw_all(
    task: _Task, n: int, threads: int, should_stop: ShouldStop | None, progress: Progress | None
) -> tuple[Array, Counter[str]]:
    """Return the draws that could be fitted (M, F), and why others could not."""
    portions = _portions(n, threads)

    def one(portion: _Portion) -> tuple[Array, list[str]]:
        _ask(should_stop)
        return _draw(task, portion, should_stop)

    found: list[Array] = []
    failures: Counter[str] = Counter()
    done = 0
    for portion, (rows, reasons) in zip(portions, _in_threads(one, portions, threads), strict=True):
        _ask(should_stop)
        found.append(rows)
        failures.update(reasons)
        done += portion.stop - portion.first
        if progress is not None:
            progress(done, n)
    return np.concatenate(found), failures


@dataclass(frozen=True)
class _Portion:
    """The draws of a block of `size` that one thread fits, from `first` to before `stop`."""

    block: int
    size: int
    first: int
    stop: int


def _portions(n: int, threads: int) -> list[_Portion]:
    """Return blocks, in parts where there are more threads: a draw knows nothing of the others."""
    sizes = [min(_BLOCK, n - first) for first in range(0, n, _BLOCK)]
    parts = max(threads // len(sizes), 1)
    portions = []
    for block, size in enumerate(sizes):
        part = max(ceil(size / parts), _FEWEST)
        portions += [
            _Portion(block, size, first, min(first + part, size)) for first in range(0, size, part)
        ]
    return portions


def _in_threads(
    work: Callable[[_Portion], tuple[Array, list[str]]], portions: Sequence[_Portion], threads: int
) -> Iterator[tuple[Array, list[str]]]:
    if threads == 1 or len(portions) == 1:
        yield from map(work, portions)
        return
    with ThreadPoolExecutor(min(threads, len(portions)), "doublet-draw") as pool:
        yield from pool.map(work, portions)


def _ask(should_stop: ShouldStop | None) -> None:
    if should_stop is not None and should_stop():
        raise Cancelled("the Monte Carlo run was cancelled; nothing was changed.")


def _draw(
    task: _Task, portion: _Portion, should_stop: ShouldStop | None
) -> tuple[Array, list[str]]:
    """Return the free parameters (M, F) of some draws, and why others failed.

    The whole block is drawn, which takes far less time than its fits.
    """
    number, size = portion.block, portion.size
    failures = [""] * size
    y, static = [], []
    for place, source in enumerate(task.sources):
        rng = np.random.default_rng(np.random.SeedSequence(task.seed, spawn_key=(place, number)))
        drawn = _drawn(source, task.method, task.block, rng)[:size]
        y.append(drawn[:, _window(source, drawn)])
        static.append(_static(source, drawn, failures))
        for m in np.flatnonzero(~y[-1].any(axis=1)).tolist():
            failures[m] = "every intensity in the window is zero."
    data = Data(tuple(y), tuple(static), _drawn_centres(task, number)[:size])
    mine = range(portion.first, portion.stop)
    good = np.array([m for m in mine if not failures[m]], dtype=int)
    if good.size < size:
        data = data.rows(good)
    start = _starts(task, data)
    refits = task.refitter.refit(
        start,
        data=data,
        tolerance=_TOLERANCE,
        way=np.linalg.norm((start - task.best) @ task.rows.T, axis=1),
        should_stop=should_stop,
    )
    reasons = [failures[m] for m in mine if failures[m]]
    reasons += ["the fit did not converge."] * int((~refits.converged).sum())
    return refits.free[refits.converged], reasons


def _drawn_centres(task: _Task, number: int) -> Array:
    """Return what the priors say in a block of draws, shape (_BLOCK, K)."""
    fitted, sds = task.known
    key = (len(task.sources), number)
    rng = np.random.default_rng(np.random.SeedSequence(task.seed, spawn_key=key))
    return np.asarray(fitted + sds * rng.standard_normal((_BLOCK, sds.size)))


def _starts(task: _Task, data: Data) -> Array:
    """Return where refits start (M, F): one undamped step from the best fit."""
    problem, (fitted, sds) = task.refitter.problem, task.known
    assert data.centres is not None
    noise = np.concatenate(
        [
            *((y - s.envelope) / s.sigma for y, s in zip(data.y, task.sources, strict=True)),
            (data.centres - fitted) / sds,
        ],
        axis=1,
    )
    return np.clip(task.best + noise @ task.newton.T, problem.lower, problem.upper)


def _window(source: _Source, drawn: Array) -> slice:
    return source.problem.inside if source.problem.static is not None else slice(drawn.shape[1])


def _drawn(source: _Source, method: str, block: int, rng: np.random.Generator) -> Array:
    """Return a block of measurements, shape (_BLOCK, N).

    Of the window alone, or, where a static background averages channels outside it, of the
    whole spectrum: there is no model there, so the data are the best guess of what is expected.
    """
    spectrum, inside = source.problem.spectrum, source.problem.inside
    whole = source.problem.static is not None
    expected = source.envelope
    if whole:
        expected = spectrum.y.copy()
        expected[inside] = source.envelope
    shape = (_BLOCK, source.envelope.size)
    if method == POISSON:
        time = counting_time(spectrum)
        assert time is not None
        counts = _counts(np.maximum(expected, 0.0) * time, rng)
        counts /= time
        return counts
    if method == GAUSSIAN:
        noise = rng.standard_normal(shape)
    else:
        noise = _resampled(source.residual, block if method == BLOCKS else 1, rng)
    y = np.tile(expected, (_BLOCK, 1))
    y[:, inside if whole else slice(None)] += source.sigma * noise
    return y


def _counts(mean: Array, rng: np.random.Generator) -> Array:
    """Return a block of Poisson numbers, shape (_BLOCK, N), for their means (N,).

    Large ones are whole parts of the quantile's expansion at normal numbers [1]_, whose
    distribution is that of Poisson to 4e-7, in half the time.
    """
    few = mean < _MANY
    m = np.where(few, _MANY, mean)
    root = np.sqrt(m)
    z = rng.standard_normal((_BLOCK, mean.size))
    terms = (
        1.0 / (270.0 * m),
        -1.0 / (72.0 * root),
        1.0 / 6.0 + 7.0 / (810.0 * m),
        root - 1.0 / (36.0 * root),
        m + 1.0 / 3.0 - 8.0 / (405.0 * m),
    )
    counts = z * terms[0]
    for term in terms[1:-1]:
        counts += term
        counts *= z
    counts += terms[-1]
    np.floor(counts, out=counts)
    if few.any():
        counts[:, few] = rng.poisson(mean[few], (_BLOCK, int(few.sum())))
    return counts


def _static(source: _Source, drawn: Array, failures: list[str]) -> Array | None:
    """Return the static backgrounds (M, n) of some measurements, if there is one."""
    problem = source.problem
    make = problem.kind.static
    if problem.static is None or make is None:
        return None
    curves = np.zeros((drawn.shape[0], problem.x.size))
    options, x = problem.region.background.options, problem.spectrum.x
    for m, y in enumerate(drawn):
        try:
            curves[m] = make(x, y, problem.inside, options, problem.orientation).curve
        except SpectraError as error:
            failures[m] = error.message
    return curves


def _resampled(residual: Array, block: int, rng: np.random.Generator) -> Array:
    """Return residuals (_BLOCK, n) drawn with replacement, in blocks of neighbours."""
    n = residual.size
    starts = rng.integers(0, n - block + 1, size=(_BLOCK, ceil(n / block)))
    picked = (starts[:, :, None] + np.arange(block)).reshape(_BLOCK, -1)[:, :n]
    return np.asarray(residual[picked])
