"""Thousands of refits of one result: bootstrap draws, and the profile of every parameter.

One fit costs a fraction of a millisecond in the compiled engine, and a refit that
starts at the answer costs less. So intervals need not be approximated by a curvature:
the data can be drawn again, and chi-square can be minimised at each value of each
parameter. Only results of the compiled engine can be refitted here; for all others
there are the slower ways of `spectra_core.uncertainty.monte_carlo` and
`spectra_core.uncertainty.profile`.
"""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from ..errors import FitError
from ..fitting.engine import CompiledFit, compiled_fit, kernels, run_many, usable_rows
from ..fitting.result import FitResult
from ..fitting.weights import Weights
from ..spectrum import Array

_TOLERANCE = 1e-2  # of a standard error; the last step leaves far less than its own size
_LIMIT = 200
_CHUNK = 25


@dataclass(frozen=True, eq=False)
class Profiles:
    """Chi-square along every free parameter, all others refitted.

    Attributes
    ----------
    paths : tuple of str, length F
    grid : ndarray, shape (F, K)
        Values of each parameter, ascending.
    rise : ndarray, shape (F, K)
        Smallest chi-square there minus that of the result; NaN where a refit failed.
    interval : ndarray, shape (F, 2)
        Where the rise is 1: the 68 % interval. NaN where the grid does not reach it
        (a bound in the way).
    """

    paths: tuple[str, ...]
    grid: Array
    rise: Array
    interval: Array


def refit_draws(
    result: FitResult, draws: list[Array], *, threads: int | None = None
) -> tuple[Array, np.ndarray]:
    """Refit data drawn again, each from the result's values.

    Parameters
    ----------
    result : FitResult
        Of the compiled engine.
    draws : list of ndarray, shape (M, n)
        For each region M times its points, in the order of ``region.x``.
    threads : int or None
        None: one for each processor. Numbers do not depend on it.

    Returns
    -------
    free : ndarray, shape (M, F)
        Free parameters in the order of ``result.problem.free_paths``.
    good : ndarray of bool, shape (M,)
        Where the refit converged.
    """
    compiled = _compiled(result)
    y = compiled.packed.turned([np.asarray(part, dtype=float) for part in draws])
    best = result.values[result.problem.free]

    def refit(part: Array) -> tuple[Array, Array]:
        m = part.shape[0]
        free, state, _, _ = run_many(
            compiled,
            part,
            compiled.static[None],
            np.tile(compiled.times, (m, 1)),
            np.tile(best, (m, 1)),
            kernels().AS_GIVEN,
            tolerance=_TOLERANCE,
            limit=_LIMIT,
        )
        return free, state

    with ThreadPoolExecutor(threads or os.cpu_count() or 1, "doublet-refit") as pool:
        found = list(pool.map(refit, (y[k : k + _CHUNK] for k in range(0, len(y), _CHUNK))))
    free, state = (np.concatenate(parts) for parts in zip(*found, strict=True))
    return free, _good(state)


def parametric_draws(result: FitResult, n: int, seed: int) -> list[Array]:
    """Return `n` synthetic measurements of each region around the fitted envelope.

    Gaussian noise of the result's own standard deviations, shape (n, points) each.
    """
    rng = np.random.default_rng(seed)
    return [
        region.envelope + region.sigma * rng.standard_normal((n, region.x.size))
        for region in result.regions
    ]


def profile_all(result: FitResult, *, reach: float = 1.5, points: int = 11) -> Profiles:
    """Return the profile of every free parameter at fixed weights.

    Parameters
    ----------
    result : FitResult
        Of the compiled engine.
    reach : float
        Half width of the grid in standard errors.
    points : int
        Odd number of values for each parameter.
    """
    compiled = _compiled(result)
    problem = result.problem
    best = result.values[problem.free]
    errors = np.sqrt(np.diag(result.covariance)[problem.free])
    errors = np.where(np.isfinite(errors), errors, 0.0)
    offsets = np.linspace(-reach, reach, points)
    grid = best[:, None] + errors[:, None] * offsets
    grid = np.clip(grid, problem.lower[:, None], problem.upper[:, None])
    rise = _rises(result, compiled, grid, best)
    interval = np.array([_where_one(*row) for row in zip(grid, rise, best, strict=True)])
    return Profiles(problem.free_paths, grid, rise, interval)


def _rises(result: FitResult, compiled: CompiledFit, grid: Array, best: Array) -> Array:
    """Return the rise of chi-square at each grid point, each parameter held in turn."""
    problem = result.problem
    n_free, points = grid.shape
    held = np.repeat(np.arange(n_free), points)
    rows = np.arange(n_free * points)
    lower, upper = (np.tile(bound, (rows.size, 1)) for bound in (problem.lower, problem.upper))
    q = np.tile(best, (rows.size, 1))
    slopes = _slopes(result)
    q += (grid.ravel() - best[held])[:, None] * slopes[held]
    lower[rows, held] = upper[rows, held] = q[rows, held] = grid.ravel()
    q = np.clip(q, lower, upper)
    sigma = compiled.packed.turned([region.sigma for region in result.regions])
    times = np.tile(compiled.times, (rows.size, 1))
    _, state, _, _ = run_many(
        compiled,
        compiled.y[None],
        compiled.static[None],
        times,
        q,
        kernels().AS_GIVEN,
        tolerance=_TOLERANCE,
        limit=_LIMIT,
        weights=1.0 / sigma[None],
        lower=lower,
        upper=upper,
    )
    residual = np.concatenate([region.residual for region in result.regions])
    rise = state[:, kernels().CHI_SQUARE] - float(residual @ residual)
    return np.where(_good(state), rise, np.nan).reshape(grid.shape)


def _slopes(result: FitResult) -> Array:
    """Return how the others follow a parameter, C_ij / C_ii, shape (F, F)."""
    places = result.problem.free
    covariance = np.nan_to_num(result.covariance[np.ix_(places, places)])
    variance = np.diag(covariance)
    safe = np.where(variance > 0, variance, 1.0)
    return np.asarray(covariance / safe[:, None])


def _where_one(values: Array, rise: Array, best: float) -> tuple[float, float]:
    """Return where the profile crosses 1 on both sides, by its square root."""
    root = np.sqrt(np.maximum(rise, 0.0))
    low, high = values < best, values > best
    return _crossing(root[low][::-1], values[low][::-1]), _crossing(root[high], values[high])


def _crossing(root: Array, values: Array) -> float:
    if not root.size or np.isnan(root).any() or root.max() < 1.0 or (np.diff(root) <= 0).any():
        return float("nan")
    return float(np.interp(1.0, root, values))


def _compiled(result: FitResult) -> CompiledFit:
    weights = tuple(Weights(region.weights) for region in result.regions)
    compiled = compiled_fit(result.problem, weights)
    if compiled is None:
        raise FitError(
            "this model has no compiled kernel, so it cannot be refitted in bulk.",
            hint="Use monte_carlo or profile_interval.",
        )
    return compiled


def _good(state: Array) -> np.ndarray:
    k = kernels()
    return np.asarray(np.isin(state[:, k.STATUS], (k.CONVERGED, k.ROUNDING)) & usable_rows(state))
