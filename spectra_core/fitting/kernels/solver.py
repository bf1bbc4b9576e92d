"""The whole fit of one spectrum, compiled, and a loop over many of them.

This is `spectra_core.fitting.solver` (bounded Levenberg-Marquardt, an active set, stop by
the joint step in standard errors) on scaled normal equations instead of QR: a step
costs a microsecond. Forming J^T J squares the condition number, so the caller asks for
it in the answer and goes to QR where it is large. Around it stand the two things that
make a fit of counts: a start with the linear parameters at their bounded optimum, and
Poisson weights that follow the model. The weights are renewed after each accepted step
once the first minimum is reached (Fisher scoring), until model and weights agree.
What is known beforehand (`spectra_core.fitting.priors`) is added to the normal equations
as it stands: its derivatives are constant.

Spectra do not know of each other, so one gives the same bits alone, among thousands,
and on any number of threads.

References
----------
.. [1] H. B. Nielsen, report IMM-REP-1999-05, Technical University of Denmark (1999).
"""

from __future__ import annotations

from math import sqrt
from typing import NamedTuple

import numpy as np

from ...spectrum import Array
from .. import tolerances
from ..folding import NEAREST
from .compile import (
    BOOL,
    FLOAT,
    INT,
    compiled,
    entry,
    exact,
    filled,
    given,
    named,
    woven,
)
from .equations import (
    Box,
    Form,
    bend_form,
    bounded_minimum,
    bounded_step,
    copy,
    dot,
    fill_covariance,
    learn,
    mark_pushed,
    new_form,
    normal_equations,
    quadratic,
)
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
    parted,
    scratch_size,
)
from .shapes import N_LANDMARKS, UNKNOWN, component_rows

# how to start; NEARBY is as given, with weights from the model there and next to no damping
AS_GIVEN, LINEAR, BETTER, NEARBY = 0, 1, 2, 3
# how the weights of a region come about: given, from the model, from all residuals together
FIXED, POISSON, SCALED = 0, 1, 2
# how a fit ended
UNFINISHED, CONVERGED, ROUNDING, EXHAUSTED, NO_DESCENT, NOT_FINITE, LANDED = range(7)

# places in the state of one fit; CHI_SQUARE counts data and PRIORS, NOISE is that of SCALED;
# WAY is given: the length of the step that led to a NEARBY start, 0 where it is not known
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
    FRESH,
    SIGNAL,
    PRIORS,
    NOISE,
    WAY,
) = range(16)
N_STATE = 16

_UNSTARTED, _FIRST_PASS, _RENEWING, _DONE = 0.0, 1.0, 2.0, 3.0
_NO, _YES = 0.0, 1.0


class Known(NamedTuple):
    """What is known beforehand, K priors: ``matrix @ q = targets +/- sds``.

    Attributes
    ----------
    matrix : ndarray, shape (K, F)
    targets : ndarray, shape (K,)
    sds : ndarray, shape (K,)
        Infinite where they are a part (`relatives`) of what the terms after the first say.
    relatives : ndarray, shape (K,)
    first : ndarray, shape (K, F)
    first_constants : ndarray, shape (K,)
        The first term is ``first @ q + first_constants``.
    """

    matrix: Array
    targets: Array
    sds: Array
    relatives: Array
    first: Array
    first_constants: Array


class Task(NamedTuple):
    """What a fit is about.

    `settle_many` takes arrays with one more dimension, M rows or one that serves all;
    `modes`, `linear` and, but for its targets, `known` stay as they are.

    Attributes
    ----------
    y, static : ndarray, shape (N,)
        Data and static backgrounds.
    modes : ndarray of int, shape (R,)
        FIXED, POISSON or SCALED.
    times : ndarray, shape (R,)
        Seconds for each channel.
    lower, upper : ndarray, shape (F,)
    linear : ndarray of int
        Free parameters that act on areas and levels only.
    known : Known
    """

    y: Array
    static: Array
    modes: Ints
    times: Array
    lower: Array
    upper: Array
    linear: Ints
    known: Known


class Course(NamedTuple):
    """How a fit is to be made.

    Attributes
    ----------
    how : int
        AS_GIVEN, LINEAR, BETTER or NEARBY.
    tolerance : float
        Joint step, in standard errors, at which it has converged.
    limit : int
        Evaluations allowed for each pass.
    budget : int
        Evaluations allowed in this call.
    """

    how: int
    tolerance: float
    limit: int
    budget: int


class Answer(NamedTuple):
    """What a fit fills; with one more dimension, as `Task`, for many.

    Attributes
    ----------
    q : ndarray, shape (F,)
        Start values; the answer. Folded in a fit that goes on.
    weights : ndarray, shape (N,)
        1 / sigma; filled here where not FIXED.
    precision : ndarray, shape (K,)
        1 / sd of the priors; filled here.
    state : ndarray, shape (N_STATE,)
        Zeros for a new fit; DAMPING may hold the first damping, WAY what led to the start.
    scale : ndarray, shape (F,)
    bend : ndarray, shape (F + 1,)
        What the last step has shown of the curvature, see `equations.learn`.
    trace : ndarray, shape (T, 3)
        Chi-square, damping and step of each evaluation, as long as there is room.
    held : ndarray of bool, shape (F,)
    jacobian : ndarray, shape (F, N)
        Of the weighted residuals, at the end.
    residual : ndarray, shape (N,)
        (data - model) / sigma, at the end.
    covariance : ndarray, shape (F, F)
        Inverse of J^T J; zero rows for parameters on a bound. Where it is given without room
        (0, 0), neither it nor `jacobian` is filled.
    """

    q: Array
    weights: Array
    precision: Array
    state: Array
    scale: Array
    bend: Array
    trace: Array
    held: Array
    jacobian: Array
    residual: Array
    covariance: Array


KNOWN = named(Known, given(2), given(2), given(1), given(1), given(2), given(1))
TASK = named(
    Task, given(2), given(2), given(1, INT), given(2), given(2), given(2), given(1, INT), KNOWN
)
COURSE = named(Course, INT, FLOAT, INT, INT)
ANSWER = named(
    Answer,
    filled(2),
    filled(2),
    filled(2),
    filled(2),
    filled(2),
    filled(2),
    filled(3),
    filled(2, BOOL),
    filled(3),
    filled(2),
    filled(3),
)


class _Work(NamedTuple):
    """Room for one fit: full parameters, curves, and what is known of the next step."""

    p: Array
    curve: Array
    scratch: Array
    tried: Array
    sign: Array
    plain: Array
    slopes: Array
    added: Array
    step: Array
    trial: Array
    undamped: Array
    aside: Array
    before: Array


class _Fit(NamedTuple):
    """All that the parts of a fit hand to each other.

    `box` is what the steps see; `following` says whether weights change with the answer.
    """

    plan: Plan
    task: Task
    course: Course
    answer: Answer
    form: Form
    box: Box
    work: _Work
    following: bool


class _Move(NamedTuple):
    """One step: is it of the last pass, what would be short, its size and its promise."""

    final: bool
    goal: float
    noise: float
    size: float
    predicted: float


# --- weights ----------------------------------------------------------------------------


@compiled
def _poisson(curve: Array, time: float, weights: Array) -> None:
    """Fill `weights` with 1 / sigma of the expected counts, at least one count."""
    for k in range(curve.size):
        weights[k] = time / sqrt(max(curve[k] * time, 1.0))


@exact
def _first_weights(
    plan: Plan, y: Array, modes: Ints, times: Array, weights: Array, scratch: Array
) -> None:
    """Fill weights before there is a model: Poisson ones from a running mean of the data."""
    if modes[0] == SCALED:
        _scale_weights(_roughness(plan, y), y, weights)
        return
    for r in range(modes.size):
        if modes[r] != POISSON:
            continue
        start, stop = plan.regions[r, FIRST_POINT], plan.regions[r, STOP_POINT]
        n = stop - start
        half = min(5, n if n % 2 else n - 1) // 2
        mean = scratch[:n]
        for k in range(n):
            total = 0.0
            for j in range(k - half, k + half + 1):
                total += y[start + min(max(j, 0), n - 1)]
            mean[k] = total / (2 * half + 1)
        _poisson(mean, times[r], weights[start:stop])


@exact
def _roughness(plan: Plan, y: Array) -> float:
    """Return the noise variance that second differences of neighbours show."""
    total, n = 0.0, 0
    for r in range(plan.regions.shape[0]):
        for k in range(plan.regions[r, FIRST_POINT] + 1, plan.regions[r, STOP_POINT] - 1):
            bend = y[k - 1] - 2.0 * y[k] + y[k + 1]
            total += bend * bend
            n += 1
    return total / (6.0 * max(n, 1))


@exact
def _scale_weights(variance: float, y: Array, weights: Array) -> None:
    """Fill one weight for all points, of a variance that rounding does not make too small."""
    square = 0.0
    for k in range(y.size):
        square += y[k] * y[k]
    least = tolerances.LEAST_NOISE * tolerances.LEAST_NOISE * square / y.size
    weights[:] = 1.0 / sqrt(max(variance, least, 1e-300))


@exact
def _renew_weights(
    plan: Plan, task: Task, curve: Array, residual: Array, n_free: int, weights: Array
) -> None:
    """Fill the weights that follow the answer; `residual` is weighted as before."""
    modes, n_points = task.modes, task.y.size
    if modes[0] == SCALED:
        square = dot(residual, residual) / (weights[0] * weights[0])
        _scale_weights(square / max(n_points - n_free, 1), task.y, weights)
        return
    for r in range(modes.size):
        if modes[r] == POISSON:
            start, stop = plan.regions[r, FIRST_POINT], plan.regions[r, STOP_POINT]
            _poisson(curve[start:stop], task.times[r], weights[start:stop])


# --- what is known beforehand -------------------------------------------------------------


@exact
def _renew_precision(known: Known, q: Array, precision: Array) -> None:
    """Fill 1 / sd of the priors; those that are a part of something refer to `q`."""
    for k in range(precision.size):
        if known.relatives[k] == 0.0:
            precision[k] = 1.0 / known.sds[k]
            continue
        first, both = 0.0, 0.0
        for j in range(q.size):
            first += known.first[k, j] * q[j]
            both += known.matrix[k, j] * q[j]
        other = known.targets[k] + known.first_constants[k] - (both - first)
        first += known.first_constants[k]
        size = max(abs(other), tolerances.LEAST_REFERENCE * abs(first))
        if size > 0.0:
            precision[k] = 1.0 / (known.relatives[k] * size)


@exact
def _prior_misfit(known: Known, q: Array, precision: Array) -> float:
    """Return chi-square of the priors."""
    total = 0.0
    for k in range(precision.size):
        left = (known.targets[k] - dot(known.matrix[k], q)) * precision[k]
        total += left * left
    return total


@exact
def _add_priors(known: Known, q: Array, precision: Array, form: Form, slopes: Array) -> None:
    """Add the priors' rows to the normal equations; `slopes` (F,) are dq / ds of the folds."""
    hessian, gradient, row = form.hessian, form.gradient, form.spare[4]
    for k in range(precision.size):
        left = (known.targets[k] - dot(known.matrix[k], q)) * precision[k]
        for i in range(q.size):
            row[i] = known.matrix[k, i] * precision[k] * slopes[i]
        for i in range(q.size):
            if row[i] != 0.0:
                gradient[i] += row[i] * left
                for j in range(q.size):
                    hessian[i, j] += row[i] * row[j]


@exact
def _equations(plan: Plan, task: Task, answer: Answer, q: Array, form: Form, slopes: Array) -> None:
    """Fill the normal equations at `q`, where curve and derivatives are those of `answer`."""
    normal_equations(plan.reach, answer.jacobian, answer.weights, answer.residual, form)
    _add_priors(task.known, q, answer.precision, form, slopes)
    bend_form(form, answer.bend)


@exact
def _misfit(task: Task, answer: Answer, curve: Array, q: Array, residual: Array) -> float:
    """Return chi-square of data and priors; fills the weighted residuals."""
    data = _residuals(task.y, curve, answer.weights, residual)
    return data + _prior_misfit(task.known, q, answer.precision)


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
def _fold_bounds(flat: Array, lower: Array, upper: Array, sign: Array, box: Box) -> None:
    """Fill the sign of each fold (0: none) and the bounds that the steps see."""
    low, high = box
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
def _evaluate_folded(plan: Plan, static: Array, s: Array, work: _Work, jacobian: Array) -> None:
    """Do `evaluate` for folded parameters `s`, with derivatives by them.

    Fills `work.plain` with what they stand for, and `work.slopes` with its derivatives.
    """
    sign, q, slopes = work.sign, work.plain, work.slopes
    for j in range(s.size):
        q[j], slopes[j] = s[j], 1.0
        if sign[j] != 0.0:
            q[j] = plan.flat[j] + sign[j] * sqrt(s[j])
            slopes[j] = 0.5 * sign[j] / sqrt(s[j])
    evaluate(plan, static, q, work.p, work.curve, jacobian, work.scratch)
    for j in range(s.size):
        if sign[j] != 0.0:
            _scale_row(jacobian[j], slopes[j])


@compiled
def _scale_row(row: Array, factor: float) -> None:
    for k in range(row.size):
        row[k] *= factor


@woven
def _unfold(fit: _Fit) -> bool:
    """Turn `q` and its derivatives back; True if a parameter was put on its flat place."""
    flat, lower, upper = fit.plan.flat, fit.task.lower, fit.task.upper
    s, held, jacobian = fit.answer.q, fit.answer.held, fit.answer.jacobian
    hessian, sign = fit.form.hessian, fit.work.sign
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
        if held[j] and s[j] <= fit.box.lower[j]:
            s[j] = flat[j]
            put = True
        elif s[j] >= fit.box.upper[j]:
            s[j] = upper[j] if sign[j] > 0.0 else lower[j]
        else:
            s[j] = flat[j] + sign[j] * sqrt(s[j])
    return put


# --- the fit ------------------------------------------------------------------------------


@woven
def _new_work(plan: Plan, n: int, n_points: int) -> _Work:
    """Return room for fits of `n` parameters on `n_points` points; for entries."""
    return _Work(
        np.empty(plan.offset.size),
        np.empty(n_points),
        np.empty(scratch_size(_widest(plan))),
        np.empty(n_points),
        np.empty(n),
        np.empty(n),
        np.empty(n),
        np.empty(n),
        np.zeros(n),
        np.empty(n),
        np.empty(n),
        np.zeros(n, np.bool_),
        np.empty(n),
    )


@exact
def _is_following(task: Task) -> bool:
    """Return whether some weights follow the answer."""
    following = 0
    for mode in task.modes:
        following += int(mode != FIXED)
    for relative in task.known.relatives:
        following += int(relative > 0.0)
    return following > 0


@exact
def _start(
    plan: Plan, task: Task, how: int, q: Array, answer: Answer, form: Form, work: _Work
) -> None:
    """Move `q` to its linear optimum: always, or (BETTER) where that fits better.

    At the optimum and at the given values alike, chi-square is a quadratic form in the
    linear parameters, so one evaluation, with all of them at zero, tells both.
    """
    linear, curve = task.linear, work.curve
    started = work.trial
    copy(q, started)
    for i in linear:
        started[i] = 0.0
    work.slopes[:] = 1.0
    evaluate(plan, task.static, started, work.p, curve, answer.jacobian, work.scratch)
    _residuals(task.y, curve, answer.weights, answer.residual)
    _equations(plan, task, answer, started, form, work.slopes)
    bounded_minimum(form, Box(task.lower, task.upper), linear, started)
    if how == BETTER:
        reached, offered = 0.0, 0.0
        for i in linear:
            reached -= 2.0 * form.gradient[i] * started[i]
            offered -= 2.0 * form.gradient[i] * q[i]
            for j in linear:
                reached += started[i] * form.hessian[i, j] * started[j]
                offered += q[i] * form.hessian[i, j] * q[j]
        if not reached < offered:
            return
    copy(started, q)


@woven
def _begin(fit: _Fit) -> None:
    """Give a new fit its first weights and its start."""
    plan, task, answer = fit.plan, fit.task, fit.answer
    how, state = fit.course.how, answer.state
    if how != NEARBY or task.modes[0] == SCALED:  # else they are those of the model there
        _first_weights(plan, task.y, task.modes, task.times, answer.weights, fit.work.scratch)
    for k in range(answer.precision.size):
        answer.precision[k] = 1.0 / task.known.sds[k]  # none yet where it is relative
    if how in (LINEAR, BETTER) and task.linear.size:
        _start(plan, task, how, answer.q, answer, fit.form, fit.work)
    _renew_precision(task.known, answer.q, answer.precision)
    near = how == NEARBY
    state[PHASE], state[GROWTH] = _RENEWING if near else _FIRST_PASS, tolerances.FIRST_GROWTH
    if state[DAMPING] == 0.0:
        state[DAMPING] = tolerances.NEARBY_DAMPING if near else tolerances.FIRST_DAMPING
    answer.scale[:], answer.bend[:] = 0.0, 0.0
    _fold(plan.flat, fit.work.sign, fit.box.lower, answer.q)


@woven
def _look(fit: _Fit) -> bool:
    """Evaluate where the fit stands; False if that is not finite."""
    task, answer, work = fit.task, fit.answer, fit.work
    state, weights = answer.state, answer.weights
    _evaluate_folded(fit.plan, task.static, answer.q, work, answer.jacobian)
    state[CHI_SQUARE] = _misfit(task, answer, work.curve, work.plain, answer.residual)
    if fit.course.how == NEARBY and fit.following and state[EVALUATIONS] == 0.0:
        n_free = work.plain.size
        _renew_weights(fit.plan, task, work.curve, answer.residual, n_free, weights)
        _renew_precision(task.known, work.plain, answer.precision)
        state[CHI_SQUARE] = _misfit(task, answer, work.curve, work.plain, answer.residual)
    state[FRESH] = _YES
    if not np.isfinite(state[CHI_SQUARE]):
        copy(work.plain, answer.q)
        state[STATUS], state[PHASE] = NOT_FINITE, _DONE
        return False
    _equations(fit.plan, task, answer, work.plain, fit.form, work.slopes)
    state[SIGNAL] = 0.0
    for k in range(task.y.size):
        state[SIGNAL] += task.y[k] * task.y[k] * weights[k] * weights[k]
    return True


@exact
def _left_to_go(form: Form, box: Box, q: Array, scale: Array, work: _Work) -> float:
    """Return the length of the undamped step, which is known without going there.

    In units of J^T J; infinite where it cannot be solved for.
    """
    added, step = work.added, work.undamped
    for i in range(q.size):
        added[i] = tolerances.UNDAMPED * scale[i] * scale[i]
    if not bounded_step(form, box, q, added, work.aside, step):
        return np.inf
    return sqrt(quadratic(form.hessian, step))


@exact
def _follow(plan: Plan, task: Task, answer: Answer, form: Form, work: _Work) -> None:
    """Renew the weights that follow the answer, and what hangs on them."""
    q, residual, state = work.plain, answer.residual, answer.state
    _renew_weights(plan, task, work.curve, residual, q.size, answer.weights)
    _renew_precision(task.known, q, answer.precision)
    state[CHI_SQUARE] = _misfit(task, answer, work.curve, q, residual)
    _equations(plan, task, answer, q, form, work.slopes)
    state[RENEWALS] += 1.0


@exact
def _record(trace: Array, state: Array, chi_square: float, size: float) -> None:
    """Note down one evaluation, if there is room."""
    traced = int(state[TRACED])
    if traced < trace.shape[0]:
        trace[traced, 0], trace[traced, 1], trace[traced, 2] = chi_square, state[DAMPING], size
        state[TRACED] += 1.0


@exact
def _damp(answer: Answer, form: Form, work: _Work) -> None:
    """Fill what is added to the diagonal: damped less and less towards a flat place."""
    q, scale, sign = answer.q, answer.scale, work.sign
    for i in range(q.size):
        size = sqrt(form.hessian[i, i])
        slope = 1.0 if sign[i] == 0.0 else 0.5 / sqrt(q[i])
        scale[i] = max(scale[i], size / slope if size > 0.0 else 1.0)
        work.added[i] = answer.state[DAMPING] * (scale[i] * slope) ** 2


@woven
def _give_up(state: Array) -> None:
    """End a fit whose steps are damped to nothing."""
    if state[DAMPING] > tolerances.MOST_DAMPING:
        state[STATUS], state[PHASE] = NO_DESCENT, _DONE


@woven
def _planned(fit: _Fit) -> _Move:
    """Return what there is to know of the step before it is tried."""
    tolerance, state = fit.course.tolerance, fit.answer.state
    final = state[PHASE] == _RENEWING or not fit.following
    goal = tolerance if final else max(tolerance, tolerances.FIRST_PASS)
    if fit.following and final:
        goal = max(tolerance, tolerances.FINEST)
    freedom = max(fit.task.y.size + fit.answer.precision.size - fit.answer.q.size, 1)
    noise = max(sqrt(state[CHI_SQUARE] / freedom), 1e-300)
    square = quadratic(fit.form.hessian, fit.work.step)
    bent = quadratic(fit.form.curved, fit.work.step)
    predicted = 2.0 * dot(fit.form.gradient, fit.work.step) - bent
    return _Move(final, goal, noise, sqrt(square) / noise, predicted)


@woven
def _is_there(fit: _Fit, move: _Move) -> bool:
    """Return whether the fit stands where it wanted to go, and nothing is left to try."""
    state, far = fit.answer.state, move.goal * move.noise
    if not (move.size < move.goal and state[FRESH] == _YES):
        return False
    if not state[IN_PASS] + state[RENEWALS] > 0.0:
        return False
    return _left_to_go(fit.form, fit.box, fit.answer.q, fit.answer.scale, fit.work) < far


@woven
def _lands(fit: _Fit, move: _Move) -> bool:
    """Return whether the first step from a start next to the answer needs no second look.

    It and the step that led to the start (WAY) tell how fast steps get shorter, as those of any
    simplified Newton method do: what is left after it is as much shorter again. Not where a
    bound cuts a step short: that says nothing of the next.
    """
    q, step, low, high = fit.answer.q, fit.work.step, fit.box.lower, fit.box.upper
    state = fit.answer.state
    way = state[WAY] / move.noise
    if not way > 0.0 or state[EVALUATIONS] > 0.0:
        return False
    for i in range(q.size):
        if low[i] < high[i] and not low[i] < min(q[i], q[i] + step[i]):
            return False
        if low[i] < high[i] and not max(q[i], q[i] + step[i]) < high[i]:
            return False
    return tolerances.LEFT * move.size * move.size < min(way, tolerances.WIDE) * move.goal


@woven
def _land(fit: _Fit, move: _Move) -> None:
    """Take the step without looking where it led."""
    answer, box, state = fit.answer, fit.box, fit.answer.state
    for i in range(answer.q.size):
        answer.q[i] = min(max(answer.q[i] + fit.work.step[i], box.lower[i]), box.upper[i])
    state[CHI_SQUARE] -= move.predicted
    state[STATUS], state[PHASE] = LANDED, _DONE


@woven
def _end_pass(fit: _Fit, final: bool) -> None:
    """End the fit, or go on with weights that follow the model."""
    state = fit.answer.state
    if final:
        state[STATUS], state[PHASE] = CONVERGED, _DONE
    else:
        fit.answer.bend[:] = 0.0
        _follow(fit.plan, fit.task, fit.answer, fit.form, fit.work)
        state[PHASE], state[IN_PASS] = _RENEWING, 0.0


@woven
def _try(fit: _Fit, size: float) -> float:
    """Evaluate at the end of the step; return its chi-square."""
    answer, box, work, state = fit.answer, fit.box, fit.work, fit.answer.state
    for i in range(answer.q.size):
        work.trial[i] = min(max(answer.q[i] + work.step[i], box.lower[i]), box.upper[i])
    _evaluate_folded(fit.plan, fit.task.static, work.trial, work, answer.jacobian)
    state[FRESH] = _NO
    reached = _misfit(fit.task, answer, work.curve, work.plain, work.tried)
    state[EVALUATIONS] += 1.0
    state[IN_PASS] += 1.0
    _record(answer.trace, state, min(state[CHI_SQUARE], reached), size)
    return reached


@woven
def _learn(fit: _Fit, size: float) -> None:
    """Learn from the step that was taken, if it was near the minimum."""
    if size < tolerances.NEAR:
        learn(fit.form, fit.work.before, fit.work.step, fit.answer.bend)
    else:
        _forget(fit)


@woven
def _forget(fit: _Fit) -> None:
    """Go back to the curvature of J^T J alone."""
    fit.answer.bend[:] = 0.0
    bend_form(fit.form, fit.answer.bend)


@woven
def _accept(fit: _Fit, move: _Move, negligible: bool, gain: float) -> None:
    """Stand where the step led, and see whether that is the end of the pass."""
    answer, form, work, state = fit.answer, fit.form, fit.work, fit.answer.state
    copy(work.trial, answer.q)
    copy(work.tried, answer.residual)
    copy(form.gradient, work.before)
    state[DAMPING] *= max(tolerances.FASTEST_RELIEF, 1.0 - (2.0 * gain - 1.0) ** 3)
    least = tolerances.FELT_DAMPING if gain < tolerances.POOR_GAIN else tolerances.LEAST_DAMPING
    state[DAMPING] = max(state[DAMPING], least)
    state[GROWTH], state[FRESH] = tolerances.FIRST_GROWTH, _YES
    done = False
    renewing = fit.following and move.final
    if negligible or not renewing:
        _equations(fit.plan, fit.task, answer, work.plain, form, work.slopes)
        _learn(fit, move.size)
    if negligible:
        left = _left_to_go(form, fit.box, answer.q, answer.scale, work)
        far = max(move.goal, tolerances.FINEST) * tolerances.SLACK * move.noise
        done = not np.isfinite(left) or left < far
    if renewing or (fit.following and done):
        _follow(fit.plan, fit.task, answer, form, work)
        if move.final:
            _learn(fit, move.size)
        else:
            _forget(fit)
            state[PHASE], state[IN_PASS] = _RENEWING, 0.0
            done = False
        if move.final and state[RENEWALS] > tolerances.RENEWALS:
            done = True
    if done:
        state[STATUS], state[PHASE] = CONVERGED, _DONE


@woven
def _refuse(state: Array, negligible: bool, actual: float) -> None:
    """Stay, and damp the next step more; or see that only rounding was left."""
    if negligible and abs(actual) <= tolerances.SAME * state[CHI_SQUARE] + 1e-300:
        state[STATUS], state[PHASE] = ROUNDING, _DONE
    else:
        state[DAMPING] = max(state[DAMPING] * state[GROWTH], tolerances.FELT_DAMPING)
        state[GROWTH] *= 2.0
        _give_up(state)


@woven
def _stop_anyway(fit: _Fit, noise: float) -> None:
    """End a fit that is exact, stands still, or has had its evaluations."""
    answer, state = fit.answer, fit.answer.state
    if state[PHASE] != _DONE and state[CHI_SQUARE] <= tolerances.EXACT * state[SIGNAL]:
        state[STATUS], state[PHASE] = ROUNDING, _DONE
    if state[PHASE] != _DONE and state[STILL] >= tolerances.STANDSTILL:
        # A short step under heavy damping says nothing; only an undamped one does.
        left = _left_to_go(fit.form, fit.box, answer.q, answer.scale, fit.work)
        if left < tolerances.STANDSTILL_STEP * tolerances.SLACK * noise:
            state[STATUS], state[PHASE] = ROUNDING, _DONE
    if state[PHASE] != _DONE and state[IN_PASS] >= fit.course.limit:
        state[STATUS], state[PHASE] = EXHAUSTED, _DONE


@woven
def _advance(fit: _Fit) -> int:
    """Go one step, unless the last one was the end; return the evaluations spent."""
    answer, state = fit.answer, fit.answer.state
    _damp(answer, fit.form, fit.work)
    if not bounded_step(fit.form, fit.box, answer.q, fit.work.added, answer.held, fit.work.step):
        if answer.bend[answer.q.size] != 0.0:
            _forget(fit)
            return 0
        state[DAMPING] = max(10.0 * state[DAMPING], 1e-12)
        state[CONDITION] = 1e300
        _give_up(state)
        return 0
    move = _planned(fit)
    if _lands(fit, move):
        _land(fit, move)
        return 0
    if _is_there(fit, move):
        _end_pass(fit, move.final)
        return 0
    reached, before = _try(fit, move.size), state[CHI_SQUARE]
    actual, same = before - reached, tolerances.SAME * before
    negligible = move.size < move.goal or move.predicted <= tolerances.NOTHING_TO_GAIN * before
    rounding = abs(actual) <= same and move.predicted <= same
    if not move.final or move.size >= tolerances.STANDSTILL_STEP:
        state[STILL] = 0.0
    elif actual <= same:
        state[STILL] += 1.0
    if np.isfinite(reached) and (actual >= 0.0 or rounding):
        gain = actual / move.predicted if move.predicted > 0.0 and not rounding else 1.0
        state[CHI_SQUARE] = reached
        _accept(fit, move, negligible, gain)
    else:
        _refuse(state, negligible, actual)
    _stop_anyway(fit, move.noise)
    return 1


@woven
def _finish(fit: _Fit) -> None:
    """Leave everything as it is at the answer, in the user's parameters."""
    plan, task, answer, form, work = fit.plan, fit.task, fit.answer, fit.form, fit.work
    state, residual = answer.state, answer.residual
    if state[STATUS] == LANDED:
        _unfold(fit)
        return
    if state[FRESH] == _NO:
        _evaluate_folded(plan, task.static, answer.q, work, answer.jacobian)
        state[CHI_SQUARE] = _misfit(task, answer, work.curve, work.plain, residual)
        _equations(plan, task, answer, work.plain, form, work.slopes)
    mark_pushed(form.gradient, answer.q, fit.box, answer.held)
    if _unfold(fit):
        work.slopes[:] = 1.0
        evaluate(plan, task.static, answer.q, work.p, work.curve, answer.jacobian, work.scratch)
        state[CHI_SQUARE] = _misfit(task, answer, work.curve, answer.q, residual)
        _equations(plan, task, answer, answer.q, form, work.slopes)
    state[PRIORS] = _prior_misfit(task.known, answer.q, answer.precision)
    state[NOISE] = 1.0 / answer.weights[0] if task.modes[0] == SCALED else 1.0
    if answer.covariance.size:
        _weigh_rows(answer.weights, answer.jacobian)
        condition = fill_covariance(form, answer.held, answer.covariance)
        state[CONDITION] = max(state[CONDITION], condition)


@exact
def settle(fit: _Fit) -> None:
    """Fit one spectrum, or go on with a fit for `course.budget` evaluations.

    All that a later call needs is in `fit.answer`, so the course of a fit does not depend
    on how often it was interrupted.
    """
    state = fit.answer.state
    _fold_bounds(fit.plan.flat, fit.task.lower, fit.task.upper, fit.work.sign, fit.box)
    if state[PHASE] == _UNSTARTED:
        _begin(fit)
    if not _look(fit):
        return
    spent = 0
    while state[PHASE] != _DONE and spent < fit.course.budget:
        spent += _advance(fit)
    if state[PHASE] == _DONE:
        _finish(fit)


@woven
def _task_of(task: Task, m: int) -> Task:
    """Return the task of one spectrum."""
    return Task(
        task.y[m % task.y.shape[0]],
        task.static[m % task.static.shape[0]],
        task.modes,
        task.times[m],
        task.lower[m % task.lower.shape[0]],
        task.upper[m % task.upper.shape[0]],
        task.linear,
        Known(
            task.known.matrix,
            task.known.targets[m % task.known.targets.shape[0]],
            task.known.sds,
            task.known.relatives,
            task.known.first,
            task.known.first_constants,
        ),
    )


@woven
def _answer_of(answer: Answer, m: int) -> Answer:
    """Return where the answer of one spectrum goes."""
    return Answer(
        answer.q[m],
        answer.weights[m % answer.weights.shape[0]],
        answer.precision[m % answer.precision.shape[0]],
        answer.state[m],
        answer.scale[m % answer.scale.shape[0]],
        answer.bend[m % answer.bend.shape[0]],
        answer.trace[m % answer.trace.shape[0]],
        answer.held[m],
        answer.jacobian[m % answer.jacobian.shape[0]],
        answer.residual[m % answer.residual.shape[0]],
        answer.covariance[m % answer.covariance.shape[0]],
    )


@entry(PLAN, TASK, COURSE, ANSWER)
def settle_many(plan: Plan, task: Task, course: Course, answer: Answer) -> None:
    """Fit M spectra one after the other; see `settle`.

    `task.times` and `q`, `state` and `held` of `answer` have M rows; the others may have
    one row, which then serves all (a scratch row where it is filled).
    """
    n, n_points = answer.q.shape[1], task.y.shape[1]
    form, work = new_form(n, n_points), _new_work(plan, n, n_points)
    box = Box(np.empty(n), np.empty(n))
    for m in range(answer.q.shape[0]):
        one, own = _task_of(task, m), _answer_of(answer, m)
        settle(_Fit(plan, one, course, own, form, box, work, _is_following(one)))


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
    p, scratch = np.empty(plan.offset.size), np.empty(scratch_size(_widest(plan)))
    evaluate(plan, static, q, p, curve, jacobian, scratch)
    _residuals(y, curve, weights, residual)
    _weigh_rows(weights, jacobian)


@entry(PLAN, given(1), filled(2))
def peak_curves(plan: Plan, q: Array, peaks: Array) -> None:
    """Fill `peaks` (C, N) with each component's curve on the points of its region."""
    p, scratch = np.empty(plan.offset.size), np.empty(scratch_size(_widest(plan)))
    full_parameters(plan, q, p)
    scratch[scratch.size - N_LANDMARKS] = UNKNOWN
    peaks[:] = 0.0
    for r in range(plan.regions.shape[0]):
        region = plan.regions[r]
        start, stop = region[FIRST_POINT], region[STOP_POINT]
        n = stop - start
        u, rows, scales, landmarks = parted(scratch, n)
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
                landmarks,
            )
            for k in range(n):
                peaks[c, start + k] = p[own] * rows[0, k]
