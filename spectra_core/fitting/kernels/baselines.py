"""Baselines of many spectra, compiled: the iterated Shirley step and arPLS.

Both are defined elsewhere in plain numpy or by their papers; here they only run fast
enough for maps. The Shirley passes are those of `spectra_core.curves.shirley`. arPLS solves
(W + lam D'D) z = W y, D the second difference, with weights that fall from 1 to 0 where
the data rise above the baseline; the matrix has five diagonals, so a solution takes one
sweep forth and one back.

References
----------
.. [1] D. A. Shirley, Phys. Rev. B 5, 4709 (1972). doi:10.1103/PhysRevB.5.4709
.. [2] A. Proctor, P. M. A. Sherwood, Anal. Chem. 54, 13 (1982). doi:10.1021/ac00238a008
.. [3] S.-J. Baek et al., Analyst 140, 250 (2015). doi:10.1039/C4AN01061B
"""

from __future__ import annotations

from math import sqrt

import numpy as np

from ...spectrum import Array
from .compile import FLOAT, INT, compiled, entry, exact, filled, given
from .shapes import exponentials


@compiled
def _pass(half_widths: Array, y: Array, background: Array, passed: Array) -> float:
    """Fill `passed` with the signal integrated up to each point; return the whole."""
    total = 0.0
    before = y[0] - background[0]
    passed[0] = 0.0
    for k in range(1, y.size):
        now = y[k] - background[k]
        total += (now + before) * half_widths[k]
        before = now
        passed[k] = total
    return total


@compiled
def _renew(passed: Array, low: float, share: float, background: Array) -> float:
    """Put the background of a pass in place; return the largest change."""
    change = 0.0
    for k in range(passed.size):
        new = low + share * passed[k]
        change = max(change, abs(new - background[k]))
        background[k] = new
    return change


@entry(given(1), given(2), given(1), given(1), FLOAT, INT, filled(2), returns=filled(1, INT))
def shirley_many(
    x: Array, y: Array, low: Array, high: Array, tolerance: float, limit: int, curves: Array
) -> np.ndarray:
    """Fill `curves` (M, N) with iterated Shirley backgrounds between two levels each.

    Parameters
    ----------
    x : ndarray, shape (N,)
        Binding energy, ascending.
    y : ndarray, shape (M, N)
    low, high : ndarray, shape (M,)
        Levels at the first and the last point.
    tolerance : float
        Largest change in the last pass, as a part of the step.
    limit : int
    curves : ndarray, shape (M, N)

    Returns
    -------
    passes : ndarray of int, shape (M,)
        Passes made; 0 where the step is zero, -1 where they did not settle or the
        signal sums to zero.
    """
    n = x.size
    half_widths, passed = np.zeros(n), np.empty(n)
    for k in range(1, n):
        half_widths[k] = 0.5 * (x[k] - x[k - 1])
    passes = np.zeros(y.shape[0], np.int64)
    for m in range(y.shape[0]):
        curve = curves[m]
        curve[:] = low[m]
        step = high[m] - low[m]
        if step == 0.0:
            continue
        passes[m] = -1
        for i in range(1, limit + 1):
            total = _pass(half_widths, y[m], curve, passed)
            if total == 0.0:
                break
            if _renew(passed, low[m], step / total, curve) <= tolerance * abs(step):
                passes[m] = i
                break
    return passes


@exact
def _solve_smooth(lam: float, weights: Array, y: Array, work: Array, z: Array) -> None:
    """Solve (W + lam D'D) z = W y by the L D L' factors of a five-diagonal matrix."""
    n = y.size
    d, e, f = work[0], work[1], work[2]
    d1 = d2 = e1 = f1 = f2 = 0.0
    for i in range(n):
        edge = min(i, n - 1 - i)
        main = 6.0 if edge > 1 else (5.0 if edge == 1 else 1.0)
        near = 0.0
        if i < n - 1:
            near = -4.0 if 0 < i < n - 2 else -2.0
        far = 1.0 if i < n - 2 else 0.0
        pivot = weights[i] + lam * main - d1 * e1 * e1 - d2 * f2 * f2
        inverse = 1.0 / pivot
        next_e = (lam * near - d1 * e1 * f1) * inverse
        next_f = lam * far * inverse
        z[i] = weights[i] * y[i]
        if i > 0:
            z[i] -= e1 * z[i - 1]
        if i > 1:
            z[i] -= f2 * z[i - 2]
        d[i], e[i], f[i] = inverse, next_e, next_f
        d2, d1 = d1, pivot
        f2, f1 = f1, next_f
        e1 = next_e
    one, two = 0.0, 0.0
    for i in range(n - 1, -1, -1):
        value = z[i] * d[i] - e[i] * one - f[i] * two
        two, one = one, value
        z[i] = value


@exact
def _spread_below(y: Array, z: Array) -> tuple[int, float, float]:
    """Return number, mean and standard deviation of the residuals below zero."""
    count, total = 0, 0.0
    for k in range(y.size):
        r = y[k] - z[k]
        if r < 0.0:
            count += 1
            total += r
    if count < 2:
        return count, 0.0, 0.0
    mean, square = total / count, 0.0
    for k in range(y.size):
        r = y[k] - z[k]
        if r < 0.0:
            square += (r - mean) * (r - mean)
    return count, mean, sqrt(square / (count - 1))


@compiled
def _logistic(
    y: Array, z: Array, middle: float, steep: float, t: Array, out: Array, scratch: Array
) -> None:
    """Fill `out` with 1 / (1 + exp(steep (y - z - middle)))."""
    for k in range(y.size):
        t[k] = -abs(steep * (y[k] - z[k] - middle))
    exponentials(t, out, scratch)
    for k in range(y.size):
        share = 1.0 / (1.0 + out[k])
        out[k] = share if y[k] - z[k] <= middle else 1.0 - share


@entry(given(2), FLOAT, FLOAT, INT, filled(2), returns=filled(1, INT))
def arpls_many(y: Array, lam: float, tolerance: float, limit: int, baselines: Array) -> np.ndarray:
    """Fill `baselines` (M, N) with arPLS baselines.

    Parameters
    ----------
    y : ndarray, shape (M, N)
    lam : float
        Stiffness.
    tolerance : float
        Relative change of the weights at which to stop.
    limit : int
        Largest number of renewals of the weights.
    baselines : ndarray, shape (M, N)

    Returns
    -------
    passes : ndarray of int, shape (M,)
        Solutions made; -1 where the weights did not settle.
    """
    n = y.shape[1]
    work, weights, new = np.empty((3, n)), np.empty(n), np.empty(n)
    passes = np.full(y.shape[0], -1)
    for m in range(y.shape[0]):
        weights[:] = 1.0
        z = baselines[m]
        for i in range(limit + 1):
            _solve_smooth(lam, weights, y[m], work, z)
            count, mean, spread = _spread_below(y[m], z)
            if count < 2:
                passes[m] = i + 1
                break
            spread = max(spread, 2.2250738585072014e-308)
            _logistic(y[m], z, 2.0 * spread - mean, 2.0 / spread, work[0], new, work[1])
            change, size = 0.0, 0.0
            for k in range(n):
                change += (new[k] - weights[k]) ** 2
                size += weights[k] * weights[k]
                weights[k] = new[k]
            if sqrt(change) < tolerance * max(sqrt(size), 2.2250738585072014e-308):
                passes[m] = i + 1
                break
    return passes
