"""The whole fit of one spectrum, compiled, and a loop over many of them.

This is `spectra_core.fitting.solver` (bounded Levenberg-Marquardt, an active set, stop by
the joint step in standard errors) on scaled normal equations instead of QR: a step
costs a microsecond. Forming J^T J squares the condition number, so the caller asks for
it in the answer and goes to QR where it is large. Around it stand the two things that
make a fit of counts: a start with the linear parameters at their bounded optimum, and
Poisson weights that follow the model. The weights are renewed after each accepted step
once the first minimum is reached (Fisher scoring), until model and weights agree.

Spectra do not know of each other, so one gives the same bits alone, among thousands,
and on any number of threads.

References
----------
.. [1] H. B. Nielsen, report IMM-REP-1999-05, Technical University of Denmark (1999).
.. [2] C. L. Lawson, R. J. Hanson, Solving Least Squares Problems (1974), chapter 23.
"""

from __future__ import annotations

from math import sqrt

import numpy as np

from ...spectrum import Array
from ..folding import NEAREST
from .compile import BOOL, FLOAT, INT, compiled, entry, exact, filled, given, inlined
from .regions import (
    CODE,
    FIRST_COMPONENT,
    FIRST_POINT,
    N_OWN,
    OWN,
    PLAN,
    SHIFT,
    STOP_COMPONENT,
    STOP_POINT,
    STOP_TABLE,
    TABLE,
    TURN,
    Ints,
    Plan,
    evaluate,
    full_parameters,
)
from .shapes import ROWS, component_rows

# how to start
AS_GIVEN, LINEAR, BETTER = 0, 1, 2
# how the weights of a region come about
FIXED, POISSON = 0, 1
# how a fit ended
UNFINISHED, CONVERGED, ROUNDING, EXHAUSTED, NO_DESCENT, NOT_FINITE = range(6)

# places in the state of one fit
(
    PHASE,
    DAMPING,
    GROWTH,
    EVALUATIONS,
    STATUS,
    CHI_SQUARE,
    RENEWALS,
    CONDITION,
    TRACED,
    IN_PASS,
    STILL,
) = range(11)
N_STATE = 11

_UNSTARTED, _FIRST_PASS, _RENEWING, _DONE = 0.0, 1.0, 2.0, 3.0
_FIRST_DAMPING = 1e-3
_FIRST_PASS_TOLERANCE = 1e-2  # standard errors; the weights move the minimum by more
_SETTLED = 1e-7
_ENOUGH_RENEWALS = 60.0
_EXACT = 1e-24  # chi-square over that of the data: the model is the data but for rounding
_SAME = 1e-12  # relative change of chi-square that is only rounding
# In a flat valley the rounding of the gradient, not the distance, sets the length of a step:
# chi-square stands still while the steps go back and forth.
_STANDSTILL = 10.0  # short steps without an observable descent
_STANDSTILL_STEP = 1e-4  # standard errors; far below anything an error bar can show


# --- linear algebra ---------------------------------------------------------------------


@inlined
def _dot(a: Array, b: Array) -> float:
    total = 0.0
    for k in range(a.size):
        total += a[k] * b[k]
    return total


@inlined
def _eight_products(row: Array, others: Array, out: Array) -> None:
    """Fill `out` (8,) with the products of `row` (N,) and the rows of `others` (8, N)."""
    a0, a1, a2, a3 = others[0], others[1], others[2], others[3]
    a4, a5, a6, a7 = others[4], others[5], others[6], others[7]
    s0, s1, s2, s3, s4, s5, s6, s7 = 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
    for k in range(row.size):
        z = row[k]
        s0 += z * a0[k]
        s1 += z * a1[k]
        s2 += z * a2[k]
        s3 += z * a3[k]
        s4 += z * a4[k]
        s5 += z * a5[k]
        s6 += z * a6[k]
        s7 += z * a7[k]
    out[0], out[1], out[2], out[3] = s0, s1, s2, s3
    out[4], out[5], out[6], out[7] = s4, s5, s6, s7


@compiled
def _normal_equations(
    jacobian: Array, weights: Array, residual: Array, hessian: Array, gradient: Array, row: Array
) -> None:
    """Fill J^T W^2 J and J^T W r for weighted residuals r; `row` (N,) is scratch.

    Eight or four products at a time share the loads of their row, and their sums do not
    wait for each other.
    """
    for i in range(gradient.size):
        own = jacobian[i]
        slope = 0.0
        for k in range(row.size):
            weighted = own[k] * weights[k]
            slope += weighted * residual[k]
            row[k] = weighted * weights[k]
        gradient[i] = slope
        j = 0
        while j + 7 <= i:
            _eight_products(row, jacobian[j : j + 8], hessian[i, j : j + 8])
            j += 8
        while j + 3 <= i:
            one, two, three, four = jacobian[j], jacobian[j + 1], jacobian[j + 2], jacobian[j + 3]
            a, b, c, d = 0.0, 0.0, 0.0, 0.0
            for k in range(row.size):
                z = row[k]
                a += z * one[k]
                b += z * two[k]
                c += z * three[k]
                d += z * four[k]
            hessian[i, j], hessian[i, j + 1], hessian[i, j + 2], hessian[i, j + 3] = a, b, c, d
            j += 4
        while j <= i:
            hessian[i, j] = _dot(row, jacobian[j])
            j += 1
    for i in range(gradient.size):
        for j in range(i):
            hessian[j, i] = hessian[i, j]


@exact
def _factorise(hessian: Array, added: Array, moving: Ints, scale: Array, factor: Array) -> bool:
    """Fill the Cholesky factor of H + diag(added) among the moving; False if singular.

    Rows are scaled to a unit diagonal first; `scale` (n,) is filled with 1 / sqrt(H_ii).
    """
    n = moving.size
    for a in range(n):
        i = moving[a]
        d = hessian[i, i] + added[i]
        scale[a] = 1.0 / sqrt(d) if d > 0.0 else 1.0
    for a in range(n):
        i = moving[a]
        for b in range(a + 1):
            t = hessian[i, moving[b]] * scale[a] * scale[b]
            if a == b:
                t += added[i] * scale[a] * scale[a]
                if hessian[i, i] + added[i] <= 0.0:
                    t = 1.0
            for k in range(b):
                t -= factor[a, k] * factor[b, k]
            if a == b:
                if not t > 1e-15:
                    return False
                factor[a, a] = sqrt(t)
            else:
                factor[a, b] = t / factor[b, b]
    return True


@exact
def _substitute(right: Array, moving: Ints, scale: Array, factor: Array, out: Array) -> None:
    """Fill `out` among the moving with the solution for one right hand side."""
    n = moving.size
    for a in range(n):
        t = right[moving[a]] * scale[a]
        for k in range(a):
            t -= factor[a, k] * out[moving[k]]
        out[moving[a]] = t / factor[a, a]
    for a in range(n - 1, -1, -1):
        t = out[moving[a]]
        for k in range(a + 1, n):
            t -= factor[k, a] * out[moving[k]]
        out[moving[a]] = t / factor[a, a]
    for a in range(n):
        out[moving[a]] *= scale[a]


@exact
def _cholesky_solve(
    hessian: Array, right: Array, added: Array, moving: Ints, factor: Array, out: Array
) -> bool:
    """Solve (H + diag(added)) out = right among the moving parameters; False if singular."""
    scale = np.empty(moving.size)
    if not _factorise(hessian, added, moving, scale, factor):
        return False
    _substitute(right, moving, scale, factor, out)
    return True


@exact
def _quadratic(hessian: Array, step: Array) -> float:
    total = 0.0
    for i in range(step.size):
        if step[i] != 0.0:
            for j in range(step.size):
                total += step[i] * hessian[i, j] * step[j]
    return max(total, 0.0)


@exact
def _pushed(gradient: Array, q: Array, lower: Array, upper: Array, held: Array) -> None:
    """Mark the parameters that sit on a bound and would go on beyond it."""
    for i in range(q.size):
        held[i] = (q[i] <= lower[i] and gradient[i] <= 0.0) or (
            q[i] >= upper[i] and gradient[i] >= 0.0
        )


@exact
def _bounded_step(
    hessian: Array,
    gradient: Array,
    q: Array,
    lower: Array,
    upper: Array,
    added: Array,
    held: Ints,
    factor: Array,
    step: Array,
) -> bool:
    """Fill `step` with the damped step inside the box; False if it cannot be solved for.

    Components that would cross a bound are put on it and the others solved anew with
    that displacement taken into account, until none crosses.
    """
    n = q.size
    _pushed(gradient, q, lower, upper, held)
    step[:] = 0.0
    right = np.empty(n)
    for _ in range(n):
        moving = np.flatnonzero(np.logical_not(held))
        if moving.size == 0:
            break
        for i in moving:
            t = gradient[i]
            for j in range(n):
                if held[j]:
                    t -= hessian[i, j] * step[j]
            right[i] = t
        if not _cholesky_solve(hessian, right, added, moving, factor, step):
            return False
        crossing = False
        for i in moving:
            if step[i] < lower[i] - q[i] or step[i] > upper[i] - q[i]:
                step[i] = min(max(step[i], lower[i] - q[i]), upper[i] - q[i])
                held[i] = True
                crossing = True
        if not crossing:
            break
    for j in range(n):
        step[j] = min(max(q[j] + step[j], lower[j]), upper[j]) - q[j]
    return True


@exact
def _bounded_minimum(
    hessian: Array,
    gradient: Array,
    lower: Array,
    upper: Array,
    linear: Ints,
    factor: Array,
    s: Array,
) -> None:
    """Minimise s H s / 2 - g s over a box for the linear parameters, a primal active set."""
    n = s.size
    free, inside = np.zeros(n, np.bool_), np.zeros(n, np.bool_)
    target, right, added = np.zeros(n), np.empty(n), np.zeros(n)
    for i in linear:
        free[i] = True
        inside[i] = True
        added[i] = 1e-13 * hessian[i, i]
        s[i] = min(max(0.0, lower[i]), upper[i])
    for _ in range(10 * linear.size + 10):
        moving = np.flatnonzero(free)
        for i in moving:
            t = gradient[i]
            for j in linear:
                if not free[j]:
                    t -= hessian[i, j] * s[j]
            right[i] = t
        if moving.size and not _cholesky_solve(hessian, right, added, moving, factor, target):
            for i in moving:
                added[i] = 10.0 * added[i] + 1e-12 * hessian[i, i]
            continue
        part, stop = 1.0, -1
        for k in range(n):
            way = target[k] - s[k]
            if free[k] and way != 0.0:
                room = (upper[k] if way > 0.0 else lower[k]) - s[k]
                if room / way < part:
                    part, stop = max(room / way, 0.0), k
        for i in moving:
            s[i] += part * (target[i] - s[i])
        if stop >= 0:
            s[stop] = upper[stop] if target[stop] > s[stop] else lower[stop]
            free[stop] = False
            continue
        worst, which = 1e-12, -1
        for k in range(n):
            if inside[k] and not free[k] and lower[k] < upper[k]:
                push = gradient[k]
                for j in linear:
                    push -= hessian[k, j] * s[j]
                push /= sqrt(hessian[k, k]) + 1e-300
                inward = push if s[k] <= lower[k] else -push
                if inward > worst * (1.0 + abs(gradient[k])):
                    worst, which = inward, k
        if which < 0:
            break
        free[which] = True


@exact
def _covariance(hessian: Array, held: Ints, factor: Array, covariance: Array) -> float:
    """Fill the inverse of H among the parameters not held; return its condition number.

    That of the scaled H, in the 1-norm; 1e300 if it is singular.
    """
    n = held.size
    covariance[:] = 0.0
    moving = np.flatnonzero(np.logical_not(held))
    unit, out, scale = np.zeros(n), np.zeros(n), np.empty(n)
    for i in moving:
        if not hessian[i, i] > 0.0:
            return 1e300
    if not _factorise(hessian, np.zeros(n), moving, scale, factor):
        return 1e300
    for j in moving:
        unit[:] = 0.0
        unit[j] = 1.0
        _substitute(unit, moving, scale, factor, out)
        for i in moving:
            covariance[i, j] = out[i]
    largest, inverse = 0.0, 0.0
    for j in moving:
        column, inverse_column = 0.0, 0.0
        for i in moving:
            size = sqrt(hessian[i, i] * hessian[j, j])
            column += abs(hessian[i, j]) / size
            inverse_column += abs(covariance[i, j]) * size
        largest, inverse = max(largest, column), max(inverse, inverse_column)
    for a in range(n):
        for b in range(a):
            mean = 0.5 * (covariance[a, b] + covariance[b, a])
            covariance[a, b] = mean
            covariance[b, a] = mean
    return max(largest * inverse, 1.0)


# --- weights ----------------------------------------------------------------------------


@compiled
def _poisson(curve: Array, time: float, weights: Array) -> None:
    """Fill `weights` with 1 / sigma of the expected counts, at least one count."""
    for k in range(curve.size):
        weights[k] = time / sqrt(max(curve[k] * time, 1.0))


@exact
def _first_weights(plan: Plan, y: Array, modes: Ints, times: Array, weights: Array) -> None:
    """Fill Poisson weights from a running mean of the data, before there is a model."""
    for r in range(modes.size):
        if modes[r] != POISSON:
            continue
        start, stop = plan.regions[r, FIRST_POINT], plan.regions[r, STOP_POINT]
        n = stop - start
        half = min(5, n if n % 2 else n - 1) // 2
        mean = np.empty(n)
        for k in range(n):
            total = 0.0
            for j in range(k - half, k + half + 1):
                total += y[start + min(max(j, 0), n - 1)]
            mean[k] = total / (2 * half + 1)
        _poisson(mean, times[r], weights[start:stop])


@exact
def _renew_weights(plan: Plan, curve: Array, modes: Ints, times: Array, weights: Array) -> None:
    for r in range(modes.size):
        if modes[r] == POISSON:
            start, stop = plan.regions[r, FIRST_POINT], plan.regions[r, STOP_POINT]
            _poisson(curve[start:stop], times[r], weights[start:stop])


@compiled
def _weigh_rows(weights: Array, jacobian: Array) -> None:
    for i in range(jacobian.shape[0]):
        row = jacobian[i]
        for k in range(row.size):
            row[k] *= weights[k]


@compiled
def _residuals(y: Array, curve: Array, weights: Array, residual: Array) -> float:
    total = 0.0
    for k in range(y.size):
        r = (y[k] - curve[k]) * weights[k]
        residual[k] = r
        total += r * r
    return total


@exact
def _widest(plan: Plan) -> int:
    """Return the number of points in the largest region."""
    widest = 0
    for r in range(plan.regions.shape[0]):
        widest = max(widest, plan.regions[r, STOP_POINT] - plan.regions[r, FIRST_POINT])
    return widest


# --- parameters without slope at a bound: `spectra_core.fitting.folding`, compiled ----------------


@exact
def _fold_bounds(
    flat: Array, lower: Array, upper: Array, sign: Array, low: Array, high: Array
) -> None:
    """Fill the sign of each fold (0: none) and the bounds that the steps see."""
    for j in range(flat.size):
        sign[j], low[j], high[j] = 0.0, lower[j], upper[j]
        if lower[j] < upper[j]:
            if flat[j] == lower[j]:
                sign[j], high[j] = 1.0, (upper[j] - flat[j]) ** 2
            elif flat[j] == upper[j]:
                sign[j], high[j] = -1.0, (flat[j] - lower[j]) ** 2
        if sign[j] != 0.0:
            low[j] = NEAREST * NEAREST


@exact
def _fold(flat: Array, sign: Array, low: Array, q: Array) -> None:
    for j in range(q.size):
        if sign[j] != 0.0:
            q[j] = max((q[j] - flat[j]) ** 2, low[j])


@exact
def _evaluate_folded(
    plan: Plan,
    static: Array,
    s: Array,
    sign: Array,
    q: Array,
    p: Array,
    curve: Array,
    jacobian: Array,
    scratch: Array,
) -> None:
    """Do `evaluate` for folded parameters `s`, with derivatives by them; fills `q`."""
    for j in range(s.size):
        q[j] = s[j] if sign[j] == 0.0 else plan.flat[j] + sign[j] * sqrt(s[j])
    evaluate(plan, static, q, p, curve, jacobian, scratch)
    for j in range(s.size):
        if sign[j] != 0.0:
            _scale_row(jacobian[j], 0.5 * sign[j] / sqrt(s[j]))


@compiled
def _scale_row(row: Array, factor: float) -> None:
    for k in range(row.size):
        row[k] *= factor


@exact
def _unfold(
    flat: Array,
    sign: Array,
    lower: Array,
    upper: Array,
    low: Array,
    high: Array,
    held: Array,
    s: Array,
    jacobian: Array,
    hessian: Array,
) -> bool:
    """Turn `s` and its derivatives back; True if a parameter was put on its flat place."""
    put = False
    for j in range(s.size):
        if sign[j] == 0.0:
            continue
        slope = 0.5 * sign[j] / sqrt(s[j])
        _scale_row(jacobian[j], 1.0 / slope)
        for i in range(s.size):
            hessian[i, j] /= slope
        for i in range(s.size):
            hessian[j, i] /= slope
        if held[j] and s[j] <= low[j]:
            s[j] = flat[j]
            put = True
        elif s[j] >= high[j]:
            s[j] = upper[j] if sign[j] > 0.0 else lower[j]
        else:
            s[j] = flat[j] + sign[j] * sqrt(s[j])
    return put


# --- the fit ------------------------------------------------------------------------------


@exact
def _start(
    plan: Plan,
    y: Array,
    static: Array,
    weights: Array,
    q: Array,
    lower: Array,
    upper: Array,
    linear: Ints,
    how: int,
    p: Array,
    curve: Array,
    jacobian: Array,
    residual: Array,
    scratch: Array,
    hessian: Array,
    gradient: Array,
    factor: Array,
) -> None:
    """Move `q` to its linear optimum: always, or (BETTER) where that fits better.

    At the optimum and at the given values alike, chi-square is a quadratic form in the
    linear parameters, so one evaluation, with all of them at zero, tells both.
    """
    started = q.copy()
    for i in linear:
        started[i] = 0.0
    evaluate(plan, static, started, p, curve, jacobian, scratch)
    _residuals(y, curve, weights, residual)
    _normal_equations(jacobian, weights, residual, hessian, gradient, curve)
    _bounded_minimum(hessian, gradient, lower, upper, linear, factor, started)
    if how == BETTER:
        reached, given = 0.0, 0.0
        for i in linear:
            reached -= 2.0 * gradient[i] * started[i]
            given -= 2.0 * gradient[i] * q[i]
            for j in linear:
                reached += started[i] * hessian[i, j] * started[j]
                given += q[i] * hessian[i, j] * q[j]
        if not reached < given:
            return
    q[:] = started


@exact
def _left_to_go(
    hessian: Array,
    gradient: Array,
    q: Array,
    lower: Array,
    upper: Array,
    scale: Array,
    added: Array,
    held: Ints,
    factor: Array,
    step: Array,
) -> float:
    """Return the length of the undamped step, which is known without going there.

    In units of J^T J; infinite where it cannot be solved for.
    """
    for i in range(q.size):
        added[i] = 1e-14 * scale[i] * scale[i]
    if not _bounded_step(hessian, gradient, q, lower, upper, added, held, factor, step):
        return np.inf
    return sqrt(_quadratic(hessian, step))


@exact
def _follow_the_model(
    plan: Plan,
    y: Array,
    curve: Array,
    modes: Ints,
    times: Array,
    weights: Array,
    jacobian: Array,
    residual: Array,
    hessian: Array,
    gradient: Array,
    row: Array,
) -> float:
    """Renew the Poisson weights and what hangs on them; return chi-square."""
    _renew_weights(plan, curve, modes, times, weights)
    chi_square = _residuals(y, curve, weights, residual)
    _normal_equations(jacobian, weights, residual, hessian, gradient, row)
    return chi_square


@exact
def _record(trace: Array, state: Array, chi_square: float, size: float) -> None:
    """Note down one evaluation, if there is room."""
    traced = int(state[TRACED])
    if traced < trace.shape[0]:
        trace[traced, 0], trace[traced, 1], trace[traced, 2] = chi_square, state[DAMPING], size
        state[TRACED] += 1.0


@exact
def settle(
    plan: Plan,
    y: Array,
    static: Array,
    weights: Array,
    modes: Ints,
    times: Array,
    q: Array,
    lower: Array,
    upper: Array,
    linear: Ints,
    how: int,
    tolerance: float,
    limit: int,
    budget: int,
    state: Array,
    scale: Array,
    trace: Array,
    held: Array,
    jacobian: Array,
    residual: Array,
    covariance: Array,
) -> None:
    """Fit one spectrum, or go on with a fit for `budget` evaluations.

    All that a later call needs is in `q`, `weights`, `state` and `scale`, so the course
    of a fit does not depend on how often it was interrupted.

    Parameters
    ----------
    plan : Plan
    y, static, weights : ndarray, shape (N,)
        Data, static backgrounds, 1 / sigma (filled here where Poisson).
    modes, times : ndarray, shape (R,)
        FIXED or POISSON, and seconds for each channel.
    q : ndarray, shape (F,)
        Start values; the answer. Folded in a fit that goes on.
    lower, upper : ndarray, shape (F,)
    linear : ndarray of int
        Free parameters that act on areas and levels only.
    how : int
        AS_GIVEN, LINEAR or BETTER.
    tolerance : float
        Joint step, in standard errors, at which the fit has converged.
    limit : int
        Evaluations allowed for each pass.
    budget : int
        Evaluations allowed in this call.
    state : ndarray, shape (N_STATE,)
        Zeros for a new fit; DAMPING may hold the first damping.
    scale : ndarray, shape (F,)
    trace : ndarray, shape (T, 3)
        Chi-square, damping and step of each evaluation, as long as there is room.
    held : ndarray of bool, shape (F,)
    jacobian : ndarray, shape (F, N)
        Of the weighted residuals, at the end.
    residual : ndarray, shape (N,)
        (data - model) / sigma, at the end.
    covariance : ndarray, shape (F, F)
        Inverse of J^T J; zero rows for parameters on a bound.
    """
    n, n_points = q.size, y.size
    p, curve = np.empty(plan.offset.size), np.empty(n_points)
    scratch = np.empty((ROWS + 1) * _widest(plan))
    hessian, gradient, factor = np.empty((n, n)), np.empty(n), np.zeros((n, n))
    added, step, trial, tried = np.empty(n), np.zeros(n), np.empty(n), np.empty(n_points)
    sign, low, high, plain = np.empty(n), np.empty(n), np.empty(n), np.empty(n)
    row = np.empty(n_points)
    aside = np.zeros(n, np.bool_)
    counting = False
    for r in range(modes.size):
        counting = counting or modes[r] == POISSON
    _fold_bounds(plan.flat, lower, upper, sign, low, high)
    if state[PHASE] == _UNSTARTED:
        _first_weights(plan, y, modes, times, weights)
        if how != AS_GIVEN and linear.size:
            _start(
                plan,
                y,
                static,
                weights,
                q,
                lower,
                upper,
                linear,
                how,
                p,
                curve,
                jacobian,
                residual,
                scratch,
                hessian,
                gradient,
                factor,
            )
        state[PHASE], state[GROWTH] = _FIRST_PASS, 2.0
        if state[DAMPING] == 0.0:
            state[DAMPING] = _FIRST_DAMPING
        scale[:] = 0.0
        _fold(plan.flat, sign, low, q)
    _evaluate_folded(plan, static, q, sign, plain, p, curve, jacobian, scratch)
    chi_square = _residuals(y, curve, weights, residual)
    if not np.isfinite(chi_square):
        q[:] = plain
        state[STATUS], state[PHASE] = NOT_FINITE, _DONE
        return
    _normal_equations(jacobian, weights, residual, hessian, gradient, row)
    signal = 0.0
    for k in range(n_points):
        signal += y[k] * y[k] * weights[k] * weights[k]
    fresh = True
    spent = 0
    while state[PHASE] != _DONE and spent < budget:
        for i in range(n):
            size = sqrt(hessian[i, i])
            # Damped as if it were not folded: less and less free towards its flat place.
            slope = 1.0 if sign[i] == 0.0 else 0.5 / sqrt(q[i])
            scale[i] = max(scale[i], size / slope if size > 0.0 else 1.0)
            added[i] = state[DAMPING] * (scale[i] * slope) ** 2
        final = state[PHASE] == _RENEWING or not counting
        goal = tolerance if final else max(tolerance, _FIRST_PASS_TOLERANCE)
        if counting and final:
            goal = max(tolerance, _SETTLED)
        noise = max(sqrt(chi_square / max(n_points - n, 1)), 1e-300)
        if not _bounded_step(hessian, gradient, q, low, high, added, held, factor, step):
            state[DAMPING] = max(10.0 * state[DAMPING], 1e-12)
            state[CONDITION] = 1e300
            if state[DAMPING] > 1e16:
                state[STATUS], state[PHASE] = NO_DESCENT, _DONE
            continue
        square = _quadratic(hessian, step)
        size = sqrt(square) / noise
        predicted = 2.0 * _dot(gradient, step) - square
        if size < goal and fresh and state[IN_PASS] + state[RENEWALS] > 0.0:
            left = _left_to_go(hessian, gradient, q, low, high, scale, added, aside, factor, trial)
            if left < goal * noise:
                if final:
                    state[STATUS], state[PHASE] = CONVERGED, _DONE
                    continue
                chi_square = _follow_the_model(
                    plan,
                    y,
                    curve,
                    modes,
                    times,
                    weights,
                    jacobian,
                    residual,
                    hessian,
                    gradient,
                    row,
                )
                state[PHASE], state[IN_PASS] = _RENEWING, 0.0
                state[RENEWALS] += 1.0
                continue
        for i in range(n):
            trial[i] = min(max(q[i] + step[i], low[i]), high[i])
        _evaluate_folded(plan, static, trial, sign, plain, p, curve, jacobian, scratch)
        fresh = False
        reached = _residuals(y, curve, weights, tried)
        spent += 1
        state[EVALUATIONS] += 1.0
        state[IN_PASS] += 1.0
        _record(trace, state, min(chi_square, reached), size)
        actual = chi_square - reached
        negligible = size < goal or predicted <= 1e-15 * chi_square
        rounding = abs(actual) <= _SAME * chi_square and predicted <= _SAME * chi_square
        if not final or size >= _STANDSTILL_STEP:
            state[STILL] = 0.0
        elif actual <= _SAME * chi_square:
            state[STILL] += 1.0
        if np.isfinite(reached) and (actual >= 0.0 or rounding):
            gain = actual / predicted if predicted > 0.0 and not rounding else 1.0
            q[:] = trial
            residual[:] = tried
            chi_square = reached
            state[DAMPING] *= max(0.1, 1.0 - (2.0 * gain - 1.0) ** 3)
            state[DAMPING], state[GROWTH] = max(state[DAMPING], 1e-15), 2.0
            fresh = True
            done = False
            renewing = counting and final
            if negligible or not renewing:
                _normal_equations(jacobian, weights, residual, hessian, gradient, row)
            if negligible:
                left = _left_to_go(
                    hessian, gradient, q, low, high, scale, added, aside, factor, step
                )
                done = not np.isfinite(left) or left < max(goal, 1e-7) * 10.0 * noise
            if renewing or (counting and done):
                # From here on the weights follow the model.
                chi_square = _follow_the_model(
                    plan,
                    y,
                    curve,
                    modes,
                    times,
                    weights,
                    jacobian,
                    residual,
                    hessian,
                    gradient,
                    row,
                )
                state[RENEWALS] += 1.0
                if not final:
                    state[PHASE], state[IN_PASS] = _RENEWING, 0.0
                    done = False
                elif state[RENEWALS] > _ENOUGH_RENEWALS:
                    done = True
            if done:
                state[STATUS], state[PHASE] = CONVERGED, _DONE
        else:
            if negligible and abs(actual) <= _SAME * chi_square + 1e-300:
                state[STATUS], state[PHASE] = ROUNDING, _DONE
            else:
                state[DAMPING] *= state[GROWTH]
                state[GROWTH] *= 2.0
                if state[DAMPING] > 1e16:
                    state[STATUS], state[PHASE] = NO_DESCENT, _DONE
        if state[PHASE] != _DONE and chi_square <= _EXACT * signal:
            state[STATUS], state[PHASE] = ROUNDING, _DONE
        if state[PHASE] != _DONE and state[STILL] >= _STANDSTILL:
            # A short step under heavy damping says nothing; only an undamped one does.
            left = _left_to_go(hessian, gradient, q, low, high, scale, added, aside, factor, step)
            if left < _STANDSTILL_STEP * 10.0 * noise:
                state[STATUS], state[PHASE] = ROUNDING, _DONE
        if state[PHASE] != _DONE and state[IN_PASS] >= limit:
            state[STATUS], state[PHASE] = EXHAUSTED, _DONE
    state[CHI_SQUARE] = chi_square
    if state[PHASE] != _DONE:
        return
    if not fresh:
        _evaluate_folded(plan, static, q, sign, plain, p, curve, jacobian, scratch)
        state[CHI_SQUARE] = _residuals(y, curve, weights, residual)
        _normal_equations(jacobian, weights, residual, hessian, gradient, row)
    _pushed(gradient, q, low, high, held)
    if _unfold(plan.flat, sign, lower, upper, low, high, held, q, jacobian, hessian):
        evaluate(plan, static, q, p, curve, jacobian, scratch)
        state[CHI_SQUARE] = _residuals(y, curve, weights, residual)
        _normal_equations(jacobian, weights, residual, hessian, gradient, row)
    _weigh_rows(weights, jacobian)
    state[CONDITION] = max(state[CONDITION], _covariance(hessian, held, factor, covariance))


@entry(
    PLAN,
    given(2),
    given(2),
    filled(2),
    given(1, INT),
    given(2),
    filled(2),
    given(2),
    given(2),
    given(1, INT),
    INT,
    FLOAT,
    INT,
    INT,
    filled(2),
    filled(2),
    filled(3),
    filled(2, BOOL),
    filled(3),
    filled(2),
    filled(3),
)
def settle_many(
    plan: Plan,
    y: Array,
    static: Array,
    weights: Array,
    modes: Ints,
    times: Array,
    q: Array,
    lower: Array,
    upper: Array,
    linear: Ints,
    how: int,
    tolerance: float,
    limit: int,
    budget: int,
    state: Array,
    scale: Array,
    trace: Array,
    held: Array,
    jacobian: Array,
    residual: Array,
    covariance: Array,
) -> None:
    """Fit M spectra one after the other; see `settle`.

    `times`, `q`, `state` and `held` have M rows; `y`, `static`, `weights`, `lower`,
    `upper`, `scale`, `trace`, `jacobian`, `residual` and `covariance` may have one row,
    which then serves all (a scratch row where it is filled).
    """
    for m in range(q.shape[0]):
        settle(
            plan,
            y[m % y.shape[0]],
            static[m % static.shape[0]],
            weights[m % weights.shape[0]],
            modes,
            times[m],
            q[m],
            lower[m % lower.shape[0]],
            upper[m % upper.shape[0]],
            linear,
            how,
            tolerance,
            limit,
            budget,
            state[m],
            scale[m % scale.shape[0]],
            trace[m % trace.shape[0]],
            held[m],
            jacobian[m % jacobian.shape[0]],
            residual[m % residual.shape[0]],
            covariance[m % covariance.shape[0]],
        )


@entry(PLAN, given(1), given(1), given(1), filled(1), filled(1), filled(1), filled(2))
def weighted_rows(
    plan: Plan,
    y: Array,
    static: Array,
    weights: Array,
    q: Array,
    curve: Array,
    residual: Array,
    jacobian: Array,
) -> None:
    """Fill the curve, the weighted residuals (data - model) and J (F, N) at `q`."""
    p, scratch = np.empty(plan.offset.size), np.empty((ROWS + 1) * _widest(plan))
    evaluate(plan, static, q, p, curve, jacobian, scratch)
    _residuals(y, curve, weights, residual)
    _weigh_rows(weights, jacobian)


@entry(PLAN, given(1), filled(2))
def peak_curves(plan: Plan, q: Array, peaks: Array) -> None:
    """Fill `peaks` (C, N) with each component's curve on the points of its region."""
    p, scratch = np.empty(plan.offset.size), np.empty((ROWS + 1) * _widest(plan))
    scales = np.empty(ROWS)
    full_parameters(plan, q, p)
    peaks[:] = 0.0
    for r in range(plan.regions.shape[0]):
        region = plan.regions[r]
        start, stop = region[FIRST_POINT], region[STOP_POINT]
        n = stop - start
        u, rows = scratch[:n], scratch[n : n + ROWS * n].reshape((ROWS, n))
        for c in range(region[FIRST_COMPONENT], region[STOP_COMPONENT]):
            component = plan.components[c]
            own = component[OWN]
            component_rows(
                component[CODE],
                plan.x[start:stop],
                plan.settings[r, TURN],
                p[own : own + component[N_OWN]],
                p[region[SHIFT]],
                plan.tables[component[TABLE] : component[STOP_TABLE]],
                u,
                scales,
                rows,
            )
            for k in range(n):
                peaks[c, start + k] = p[own] * rows[0, k]
