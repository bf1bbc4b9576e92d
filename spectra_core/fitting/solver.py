"""Bounded Levenberg-Marquardt on residuals with exact derivatives.

The solver knows nothing of spectra: it gets a function ``q -> (r, J)`` and box
bounds. Each step solves the damped least-squares problem by QR (never by squaring
the condition number); a component that would leave its bounds is put on the bound
and the rest of the step is solved anew (an active set, since plain clipping
stalls). It stops when the joint step, measured in standard errors, is negligible.

References
----------
.. [1] J. J. More, Lecture Notes in Mathematics 630, 105 (1978). doi:10.1007/BFb0067700
.. [2] H. B. Nielsen, report IMM-REP-1999-05, Technical University of Denmark (1999):
   how the damping follows the gain of each step.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from ..errors import Cancelled, FitError, ShouldStop
from ..spectrum import Array
from . import tolerances

_TO_ROUNDING = "converged to the rounding of the residuals"
LANDED = "converged: one step from a start next to the answer was enough"

ResidualJacobian = Callable[[Array], tuple[Array, Array]]


class TracePoint(NamedTuple):
    """One accepted or refused step: chi-square, damping, joint step in sigma."""

    iteration: int
    chi_square: float
    damping: float
    step: float


@dataclass(frozen=True, eq=False)
class Solution:
    """Where the solver stopped.

    Attributes
    ----------
    q : ndarray, shape (F,)
    chi_square : float
        Sum of squared residuals at `q`.
    residual : ndarray, shape (N,)
    jacobian : ndarray, shape (N, F)
    held : ndarray of bool, shape (F,)
        Parameters on a bound that the data push against.
    converged : bool
    message : str
    trace : tuple of TracePoint
    covariance : ndarray, shape (F, F), or None
        Inverse of J^T J with zero rows for what is held, where the solver has it to
        at least eight digits.
    """

    q: Array
    chi_square: float
    residual: Array
    jacobian: Array
    held: np.ndarray
    converged: bool
    message: str
    trace: tuple[TracePoint, ...]
    covariance: Array | None = None


def solve(
    function: ResidualJacobian,
    start: Array,
    lower: Array,
    upper: Array,
    *,
    tolerance: float = 1e-8,
    max_iterations: int = 500,
    damping: float = tolerances.FIRST_DAMPING,
    stretch: Callable[[Array], Array] | None = None,
    exact: float = 0.0,
    way: float = 0.0,
    where: str = "",
    progress: Callable[[TracePoint], None] | None = None,
    should_stop: ShouldStop | None = None,
) -> Solution:
    """Minimise the sum of squared residuals within bounds.

    Parameters
    ----------
    function : callable
        ``q (F,) -> residuals (N,), jacobian (N, F)``.
    start, lower, upper : ndarray, shape (F,)
        Start inside the bounds.
    tolerance : float
        Stop when the joint step is below this many standard errors (scaled by the
        residual standard deviation, so that unit weights work alike).
    max_iterations : int
        Give up after this many evaluations.
    damping : float
        First Levenberg-Marquardt parameter, relative to the column norms.
    stretch : callable or None
        ``q -> (F,)``: how fast what is to be damped moves with `q`; None: they are the same.
    exact : float
        Chi-square at which the model is the data but for rounding: there is nothing to gain.
    way : float
        Length, in standard errors, of the step that led to a start next to the answer; 0: not
        known. Where it tells that one step is enough, what it led to is not looked at.
    where : str
        For messages: what is fitted.
    progress, should_stop : callable or None
        Called once for each evaluation.

    Returns
    -------
    solution : Solution
        The best point seen, converged or not.

    Raises
    ------
    FitError
        If the residuals at the start are not finite.
    Cancelled
        If `should_stop` returns True.
    """
    q = np.clip(np.asarray(start, dtype=float), lower, upper)
    r, jacobian = function(q)
    check_finite(r, jacobian, where)
    chi_square = float(r @ r)
    if not q.size:
        return Solution(q, chi_square, r, jacobian, np.zeros(0, bool), True, "nothing is free", ())
    scale, trace = np.zeros(q.size), list[TracePoint]()
    growth, converged, still = tolerances.FIRST_GROWTH, False, 0
    message = f"no convergence after {max_iterations} evaluations"
    for iteration in range(1, max_iterations + 1):
        if chi_square <= exact:
            converged, message = True, _TO_ROUNDING
            break
        if should_stop is not None and should_stop():
            raise Cancelled("the fit was cancelled; nothing was changed.")
        unit = np.ones(q.size) if stretch is None else stretch(q)
        scale = np.maximum(scale, _column_norms(jacobian) / unit)
        step, predicted = _bounded_step(r, jacobian, q, lower, upper, damping * (scale * unit) ** 2)
        size = float(np.linalg.norm(jacobian @ step)) / max(_noise(chi_square, r, q), 1e-300)
        new_q = np.clip(q + step, lower, upper)  # the sum may round over a bound
        inside = _is_inside(q, lower, upper) and _is_inside(new_q, lower, upper)
        if iteration == 1 and inside and _lands(size, way, _noise(chi_square, r, q), tolerance):
            held = _pushed(r, jacobian, new_q, lower, upper)
            return Solution(new_q, chi_square - predicted, r, jacobian, held, True, LANDED, ())
        new_r, new_jacobian = function(new_q)
        new_chi_square = float(new_r @ new_r)
        actual = chi_square - new_chi_square
        trace.append(TracePoint(iteration, min(chi_square, new_chi_square), damping, size))
        if progress is not None:
            progress(trace[-1])
        gained_nothing = predicted <= tolerances.NOTHING_TO_GAIN * chi_square
        negligible = size < tolerance or gained_nothing
        same = tolerances.SAME * chi_square
        still = (still + (actual <= same)) if size < tolerances.STANDSTILL_STEP else 0
        if actual >= 0 and squares_are_finite(new_r, new_jacobian):
            gain = actual / predicted if predicted > 0 else 1.0
            q, r, jacobian, chi_square = new_q, new_r, new_jacobian, new_chi_square
            damping, growth = _relieved(damping, gain), tolerances.FIRST_GROWTH
            # A short step under heavy damping says nothing; only an undamped one does.
            if negligible and _newton_step_is_negligible(
                r, jacobian, q, lower, upper, scale, tolerance, chi_square
            ):
                converged, message = True, "converged"
                break
        else:
            if negligible and abs(actual) <= same + 1e-300:
                converged, message = True, _TO_ROUNDING
                break
            damping = max(damping * growth, tolerances.FELT_DAMPING)
            growth *= 2.0
            if damping > tolerances.MOST_DAMPING:
                message = "no downhill step was found"
                break
        if still >= tolerances.STANDSTILL and _newton_step_is_negligible(
            r, jacobian, q, lower, upper, scale, tolerances.STANDSTILL_STEP, chi_square
        ):
            converged, message = True, _TO_ROUNDING
            break
    held = _pushed(r, jacobian, q, lower, upper)
    return Solution(q, chi_square, r, jacobian, held, converged, message, tuple(trace))


def _lands(size: float, way: float, noise: float, tolerance: float) -> bool:
    """Return whether a first step needs no second look, see `kernels.solver`."""
    far = min(way / max(noise, 1e-300), tolerances.WIDE)
    return way > 0 and tolerances.LEFT * size * size < far * tolerance


def _is_inside(q: Array, lower: Array, upper: Array) -> bool:
    """Return whether nothing that can move lies on a bound."""
    return bool((((lower < q) & (q < upper)) | (lower >= upper)).all())


def _relieved(damping: float, gain: float) -> float:
    """Return the damping after a step that gained a part of what it promised."""
    damping *= max(tolerances.FASTEST_RELIEF, 1.0 - (2.0 * gain - 1.0) ** 3)
    poor = gain < tolerances.POOR_GAIN
    return max(damping, tolerances.FELT_DAMPING if poor else tolerances.LEAST_DAMPING)


def _newton_step_is_negligible(
    r: Array,
    jacobian: Array,
    q: Array,
    lower: Array,
    upper: Array,
    scale: Array,
    tolerance: float,
    chi_square: float,
) -> bool:
    step, _ = _bounded_step(r, jacobian, q, lower, upper, tolerances.UNDAMPED * scale**2)
    size = float(np.linalg.norm(jacobian @ step))
    far = max(tolerance, tolerances.FINEST) * tolerances.SLACK
    return size < far * max(_noise(chi_square, r, q), 1e-300)


def _noise(chi_square: float, r: Array, q: Array) -> float:
    """Return the residual standard deviation, the unit of a step in sigma."""
    return float(np.sqrt(chi_square / max(r.size - q.size, 1)))


def squares_are_finite(r: Array, jacobian: Array) -> bool:
    """Return whether chi-square and the lengths of all columns of J are finite numbers."""
    lengths = np.einsum("ij,ij->j", jacobian, jacobian)
    return bool(np.isfinite(r @ r) and np.isfinite(lengths).all())


def check_finite(r: Array, jacobian: Array, where: str) -> None:
    """Raise FitError where the start of a fit has no finite chi-square."""
    if not squares_are_finite(r, jacobian):
        raise FitError(
            "the model is not finite at its start values.",
            hint="Check widths and shape parameters.",
            where=where,
        )


def _column_norms(jacobian: Array) -> Array:
    norms = np.sqrt(np.einsum("ij,ij->j", jacobian, jacobian))
    return np.where(norms > 0, norms, 1.0)


def _pushed(r: Array, jacobian: Array, q: Array, lower: Array, upper: Array) -> np.ndarray:
    """Return which parameters sit on a bound with the gradient pointing outwards."""
    gradient = jacobian.T @ r
    return np.asarray(((q <= lower) & (gradient >= 0)) | ((q >= upper) & (gradient <= 0)))


def _bounded_step(
    r: Array, jacobian: Array, q: Array, lower: Array, upper: Array, damping: Array
) -> tuple[Array, float]:
    """Return the damped step inside the box, and the drop in chi-square it predicts.

    Components that would cross a bound are fixed on it and the others solved anew
    with that displacement taken into account, until none crosses.
    """
    step = np.zeros(q.size)
    moving = ~_pushed(r, jacobian, q, lower, upper)
    triangle, projected = _triangular(r, jacobian)
    for _ in range(q.size):
        if not moving.any():
            break
        target = -(projected + triangle[:, ~moving] @ step[~moving])
        step[moving] = _damped(triangle[:, moving], target, damping[moving])
        low, high = lower - q, upper - q
        crossing = moving & ((step < low) | (step > high))
        if not crossing.any():
            break
        step = np.clip(step, low, high)
        moving &= ~crossing
    new = projected + triangle @ step
    predicted = float(projected @ projected - new @ new)
    return np.clip(q + step, lower, upper) - q, predicted


def _triangular(r: Array, jacobian: Array) -> tuple[Array, Array]:
    """Return R and Q^T r, which hold all that a step needs of (N, F) data."""
    if jacobian.shape[0] <= jacobian.shape[1]:
        return jacobian, r
    q_factor, r_factor = np.linalg.qr(jacobian)
    return r_factor, q_factor.T @ r


def _damped(triangle: Array, target: Array, damping: Array) -> Array:
    """Solve min |T s - target|^2 + sum damping s^2 with scaled columns."""
    scale = _column_norms(np.vstack([triangle, np.diag(np.sqrt(damping))]))
    stacked = np.vstack([triangle, np.diag(np.sqrt(damping))]) / scale
    goal = np.concatenate([target, np.zeros(damping.size)])
    solution, *_ = np.linalg.lstsq(stacked, goal, rcond=None)
    return np.asarray(solution / scale)
