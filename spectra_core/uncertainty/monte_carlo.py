"""Monte Carlo: what the fit would have given had the counts fallen otherwise.

Where counts are known and the model describes them, new spectra are drawn from the
*fitted curve* (Poisson, channel by channel) and fitted again with the same constraints;
the quantiles of what comes out are the interval. Where counts are not known, or the
residuals are correlated, the fit's own residuals are drawn again instead: singly, or in
blocks that keep their correlation. Residuals count as correlated when Abbe's criterion is
below 0.8 and also three of its standard deviations, 1/sqrt(N), below 1: in a short
spectrum chance alone goes below 0.8. The method and its reason are recorded.

Draw number i has its own random stream, made of the seed and i alone, so that the result
depends neither on the number of processes nor on the order. A draw whose fit fails is
counted and reported.

References
----------
.. [1] B. Efron, R. J. Tibshirani, An Introduction to the Bootstrap (1993), ch. 6, 8, 13.
.. [2] H. R. Kunsch, Ann. Stat. 17, 1217 (1989). doi:10.1214/aos/1176347265 (blocks)
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from dataclasses import dataclass, replace
from math import ceil, isnan, log, sqrt
from multiprocessing import get_context

import numpy as np

from ..errors import Cancelled, FitError, SpectraError
from ..fitting import FitOptions, FitResult, RegionFit, Status, Weights, fit
from ..fitting.weights import counting_time
from ..model import Model
from ..spectrum import Array, Spectrum
from .quantities import (
    FEWEST_DRAWS,
    LEVEL,
    ONE_SIGMA,
    AreaRatio,
    Progress,
    Quantity,
    ShouldStop,
    quantity_name,
    quantity_value,
    refit_options,
    spectra_of,
)

POISSON, GAUSSIAN = "poisson", "gaussian"
RESIDUALS, BLOCKS = "residual bootstrap", "block bootstrap"
CORRELATED_ABBE = 0.8
_POLL_S = 0.1


@dataclass(frozen=True, eq=False)
class MonteCarlo:
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
        In the order of the draws.
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
        if not isinstance(quantity, AreaRatio):
            return float(np.quantile(values, probability, method="weibull"))
        inside = (values > 0) & np.isfinite(values)
        if inside.all():
            return float(np.exp(np.quantile(np.log(values), probability, method="weibull")))
        # ln 0 cannot be interpolated: the nearest draw is taken.
        return float(np.quantile(values, probability, method="nearest"))


@dataclass(frozen=True, eq=False)
class _RegionDraw:
    """What one region is drawn from; arrays of the window, shape (N,)."""

    spectrum: Spectrum
    inside: slice
    envelope: Array
    sigma: Array
    residual: Array


@dataclass(frozen=True, eq=False)
class _Task:
    """Everything a draw needs; goes to worker processes."""

    regions: Mapping[str, _RegionDraw]
    model: Model
    options: FitOptions
    method: str
    block: int
    seed: int
    quantities: tuple[Quantity, ...]


def monte_carlo(
    result: FitResult,
    quantities: Sequence[Quantity],
    n: int = 500,
    *,
    seed: int = 0,
    jobs: int = 1,
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
    jobs : int
        Worker processes; 1 stays in this one. Numbers do not depend on it.
    should_stop : callable or None
    progress : callable or None
        ``progress(done, n)``.

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
    method, reason = _choose_method(result)
    for quantity in quantities:
        quantity_value(result, quantity)
    task = _Task(
        {name: _region_draw(result, name, method) for name in spectra_of(result)},
        result.model,
        refit_options(result),
        method,
        _block_length(result),
        seed,
        tuple(quantities),
    )
    rows = _draw_all(task, n, jobs, should_stop, progress)
    return _collected(task, reason, rows)


def _collected(task: _Task, reason: str, rows: Sequence[list[float] | str]) -> MonteCarlo:
    failures = Counter(row for row in rows if isinstance(row, str))
    good = np.array([row for row in rows if not isinstance(row, str)], dtype=float)
    if 2 * len(good) < len(rows):
        why = failures.most_common(1)[0][0]
        raise FitError(
            f"{sum(failures.values())} of {len(rows)} Monte Carlo fits failed, most often: {why}",
            hint="Take the model's weak parameters out, or fix or link them.",
        )
    good.setflags(write=False)
    values = {quantity: good[:, i] for i, quantity in enumerate(task.quantities)}
    return MonteCarlo(task.method, reason, task.seed, len(rows), dict(failures), values)


# ---------------------------------------------------------------------------------
# Which method


def _choose_method(result: FitResult) -> tuple[str, str]:
    abbe = min(region.statistics.abbe for region in result.regions)
    known = all(_noise_is_known(region) for region in result.regions)
    if any(_is_correlated(region) for region in result.regions):
        return BLOCKS, f"the residuals are correlated (Abbe {abbe:.2f})"
    if not known:
        return RESIDUALS, "the counts are not known, and the residuals are not correlated"
    if any(region.weights == Weights.GIVEN.value for region in result.regions):
        return GAUSSIAN, "standard deviations are given with the data"
    return POISSON, f"counts are known and the residuals are not correlated (Abbe {abbe:.2f})"


def _is_correlated(region: RegionFit) -> bool:
    by_chance = 1.0 - 3.0 / sqrt(region.statistics.n_points)
    return region.statistics.abbe < min(CORRELATED_ABBE, by_chance)


def _noise_is_known(region: RegionFit) -> bool:
    given = region.weights == Weights.GIVEN.value
    return given or counting_time(region.spectrum) is not None


def _block_length(result: FitResult) -> int:
    """Return a block much longer than the correlation of the residuals, in channels."""
    abbe = min(region.statistics.abbe for region in result.regions)
    n = min(region.y.size for region in result.regions)
    correlation = min(max(1.0 - abbe, 0.05), 0.97)  # of neighbours
    return int(min(max(ceil(n ** (1 / 3)), ceil(-4.0 / log(correlation))), max(n // 4, 1)))


def _region_draw(result: FitResult, name: str, method: str) -> _RegionDraw:
    number = [region.name for region in result.regions].index(name)
    region, problem = result.regions[number], result.problem.regions[number]
    statistics = region.statistics
    # Fitting has made the residuals too small by the parameters it spent.
    lost = sqrt(statistics.n_points / max(statistics.n_points - statistics.n_free, 1))
    residual = (region.residual - region.residual.mean()) * lost
    return _RegionDraw(region.spectrum, problem.inside, region.envelope, region.sigma, residual)


# ---------------------------------------------------------------------------------
# Drawing


def _draw_all(
    task: _Task, n: int, jobs: int, should_stop: ShouldStop | None, progress: Progress | None
) -> list[list[float] | str]:
    if jobs > 1:
        return _draw_in_workers(task, n, jobs, should_stop, progress)
    rows: list[list[float] | str] = []
    for i in range(n):
        if should_stop is not None and should_stop():
            raise Cancelled("the Monte Carlo run was cancelled; nothing was changed.")
        rows.append(_draw(task, i, should_stop))
        if progress is not None:
            progress(len(rows), n)
    return rows


def _draw_in_workers(
    task: _Task, n: int, jobs: int, should_stop: ShouldStop | None, progress: Progress | None
) -> list[list[float] | str]:
    size = max(1, ceil(n / (8 * jobs)))
    chunks = [range(first, min(first + size, n)) for first in range(0, n, size)]
    pool = ProcessPoolExecutor(jobs, mp_context=get_context("spawn"))
    try:
        futures = [pool.submit(_draw_chunk, task, chunk) for chunk in chunks]
        _watch(futures, n, should_stop, progress)
        return [row for future in futures for row in future.result()]
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _watch(
    futures: Sequence[Future[list[list[float] | str]]],
    n: int,
    should_stop: ShouldStop | None,
    progress: Progress | None,
) -> None:
    waiting = set(futures)
    done = 0
    while waiting:
        finished, waiting = wait(waiting, timeout=_POLL_S, return_when=FIRST_COMPLETED)
        if should_stop is not None and should_stop():
            raise Cancelled("the Monte Carlo run was cancelled; nothing was changed.")
        done += sum(len(future.result()) for future in finished)
        if progress is not None and finished:
            progress(done, n)


def _draw_chunk(task: _Task, numbers: range) -> list[list[float] | str]:
    return [_draw(task, i) for i in numbers]


def _draw(task: _Task, i: int, should_stop: ShouldStop | None = None) -> list[float] | str:
    """Return the quantities of one draw, or why it failed."""
    rng = np.random.default_rng(np.random.SeedSequence(task.seed, spawn_key=(i,)))
    spectra = {
        name: _drawn_spectrum(region, task.method, task.block, rng)
        for name, region in task.regions.items()
    }
    try:
        refit = fit(spectra, task.model, options=task.options, should_stop=should_stop)
    except Cancelled:
        raise
    except SpectraError as error:
        return error.message
    except (ArithmeticError, ValueError) as error:
        return f"the fit broke down numerically: {error}."
    if refit.status is Status.NOT_CONVERGED:
        return f"{refit.message}."
    row = [quantity_value(refit, quantity) for quantity in task.quantities]
    for value, quantity in zip(row, task.quantities, strict=True):
        if isnan(value):
            return f"{quantity_name(quantity)} is nothing over nothing."
    return row


def _drawn_spectrum(
    region: _RegionDraw, method: str, block: int, rng: np.random.Generator
) -> Spectrum:
    spectrum, inside = region.spectrum, region.inside
    # Outside the window (a static background averages channels there) there is no model:
    # the data themselves are the best guess of what is expected.
    expected = spectrum.y.copy()
    expected[inside] = region.envelope
    if method == POISSON:
        time = counting_time(spectrum)
        assert time is not None
        counts = rng.poisson(np.maximum(expected, 0.0) * time).astype(float)
        return replace(spectrum, y=counts / time, counts=counts)
    y = spectrum.y.copy()
    if method == GAUSSIAN:
        noise = rng.standard_normal(region.envelope.size)
    else:
        noise = _resampled(region.residual, block if method == BLOCKS else 1, rng)
    y[inside] = region.envelope + region.sigma * noise
    return replace(spectrum, y=y, counts=None)


def _resampled(residual: Array, block: int, rng: np.random.Generator) -> Array:
    """Return residuals drawn with replacement, in blocks of neighbours."""
    n = residual.size
    starts = rng.integers(0, n - block + 1, size=ceil(n / block))
    picked = (starts[:, None] + np.arange(block)).ravel()[:n]
    return np.asarray(residual[picked])
