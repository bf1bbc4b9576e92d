"""The normal equations of a fit, compiled: formed, solved within bounds, inverted.

Rows are scaled to a unit diagonal before each Cholesky factorisation. A bounded step
and a bounded minimum are active sets: what would cross a bound is put on it, and the
others are solved for anew with that displacement taken into account.

References
----------
.. [1] C. L. Lawson, R. J. Hanson, Solving Least Squares Problems (1974), chapter 23.
.. [2] J. Nocedal, S. J. Wright, Numerical Optimization (2006), chapters 6.2 and 10.3.
"""

from __future__ import annotations

from math import sqrt
from typing import NamedTuple

import numpy as np

from ...spectrum import Array
from .. import tolerances
from .compile import compiled, exact, inlined, woven
from .regions import Ints


class Form(NamedTuple):
    """A quadratic form of F parameters, and room to solve it.

    Attributes
    ----------
    hessian : ndarray, shape (F, F)
        J^T W^2 J.
    curved : ndarray, shape (F, F)
        The same with what the last step has shown of the curvature, see `learn`.
    gradient : ndarray, shape (F,)
        J^T W r: where chi-square falls.
    factor : ndarray, shape (F, F)
        Scratch: a Cholesky factor.
    row : ndarray, shape (N,)
        Scratch: one weighted row of J.
    moving : ndarray of int, shape (F,)
        Scratch: which parameters a system of equations is about.
    spare : ndarray, shape (5, F)
        Scratch.
    marks : ndarray of bool, shape (2, F)
        Scratch.
    """

    hessian: Array
    curved: Array
    gradient: Array
    factor: Array
    row: Array
    moving: Ints
    spare: Array
    marks: Array


class Box(NamedTuple):
    """Lower and upper bounds of F parameters."""

    lower: Array
    upper: Array


@woven
def new_form(n: int, n_points: int) -> Form:
    """Return a form of `n` parameters on `n_points` points; for entries."""
    return Form(
        np.empty((n, n)),
        np.empty((n, n)),
        np.empty(n),
        np.zeros((n, n)),
        np.empty(n_points),
        np.empty(n, np.int64),
        np.empty((5, n)),
        np.empty((2, n), np.bool_),
    )


@exact
def copy(source: Array, target: Array) -> None:
    """Fill `target` with `source`; a slice on the left would make a copy on the way."""
    for i in range(target.size):
        target[i] = source[i]


@woven
def _chosen(marks: Array, wanted: bool, places: Ints) -> Ints:
    """Return the places of what is marked as wanted, written into `places`."""
    n = 0
    for i in range(marks.size):
        if marks[i] == wanted:
            places[n] = i
            n += 1
    return places[:n]


@inlined
def dot(a: Array, b: Array) -> float:
    """Return the scalar product."""
    total = 0.0
    for k in range(a.size):
        total += a[k] * b[k]
    return total


@inlined
def _eight_products(row: Array, others: Array, start: int, stop: int, out: Array) -> None:
    """Fill `out` (8,) with the products of `row` and that part of the rows of `others`."""
    a0, a1, a2, a3 = (
        others[0, start:stop],
        others[1, start:stop],
        others[2, start:stop],
        others[3, start:stop],
    )
    a4, a5, a6, a7 = (
        others[4, start:stop],
        others[5, start:stop],
        others[6, start:stop],
        others[7, start:stop],
    )
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


@inlined
def _four_products(row: Array, others: Array, start: int, stop: int, out: Array) -> None:
    """Fill `out` (4,) as `_eight_products` does."""
    one, two = others[0, start:stop], others[1, start:stop]
    three, four = others[2, start:stop], others[3, start:stop]
    a, b, c, d = 0.0, 0.0, 0.0, 0.0
    for k in range(row.size):
        z = row[k]
        a += z * one[k]
        b += z * two[k]
        c += z * three[k]
        d += z * four[k]
    out[0], out[1], out[2], out[3] = a, b, c, d


@compiled
def normal_equations(
    reach: Ints, jacobian: Array, weights: Array, residual: Array, form: Form
) -> None:
    """Fill J^T W^2 J and J^T W r for weighted residuals r.

    Row i of J is zero but on the points from ``reach[i, 0]`` to ``reach[i, 1]``. Eight or four
    products at a time share the loads of their row, and their sums do not wait for each other.
    """
    hessian, gradient = form.hessian, form.gradient
    for i in range(gradient.size):
        start, stop = reach[i, 0], reach[i, 1]
        own, noise, left = jacobian[i, start:stop], weights[start:stop], residual[start:stop]
        row, products = form.row[: own.size], hessian[i]
        slope = 0.0
        for k in range(own.size):
            weighted = own[k] * noise[k]
            slope += weighted * left[k]
            row[k] = weighted * noise[k]
        gradient[i] = slope
        j = 0
        while j + 7 <= i:
            _eight_products(row, jacobian[j : j + 8], start, stop, products[j : j + 8])
            j += 8
        while j + 3 <= i:
            _four_products(row, jacobian[j : j + 4], start, stop, products[j : j + 4])
            j += 4
        while j <= i:
            products[j] = dot(row, jacobian[j, start:stop])
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
    form: Form, hessian: Array, right: Array, added: Array, moving: Ints, out: Array
) -> bool:
    """Solve (H + diag(added)) out = right among the moving parameters; False if singular."""
    scale = form.spare[0]
    if not _factorise(hessian, added, moving, scale, form.factor):
        return False
    _substitute(right, moving, scale, form.factor, out)
    return True


@compiled
def quadratic(hessian: Array, step: Array) -> float:
    """Return s H s, which rounding does not make negative."""
    total = 0.0
    for i in range(step.size):
        if step[i] != 0.0:
            total += step[i] * dot(hessian[i], step)
    return max(total, 0.0)


@compiled
def bend_form(form: Form, bend: Array) -> None:
    """Fill the curved form: H + k r r^T, where ``bend`` is (r, k), shape (F + 1,)."""
    n = form.gradient.size
    for i in range(n):
        own, plain, times = form.curved[i], form.hessian[i], bend[n] * bend[i]
        for j in range(n):
            own[j] = plain[j] + times * bend[j]


@compiled
def learn(form: Form, before: Array, step: Array, bend: Array) -> None:
    """Fill `bend` from the gradient `before` a step, and what it is now.

    J^T J leaves out how the derivatives themselves change. Where the fit is led by that, steps
    go back and forth, or are ever too short. The symmetric matrix of rank one that explains the
    change of the gradient along the last step takes care of it [2]_. None where that is hardly
    along the step; the curvature stays within `LEAST_BEND` and `MOST_BEND` of that of J^T J.
    """
    hessian, n = form.hessian, step.size
    along, length, size, plain = 0.0, 0.0, 0.0, 0.0
    for i in range(n):
        through = dot(hessian[i], step)
        left = before[i] - form.gradient[i] - through
        bend[i] = left
        along += left * step[i]
        plain += through * step[i]
        if hessian[i, i] > 0.0:
            length += left * left / hessian[i, i]
            size += step[i] * step[i] * hessian[i, i]
    bend[n] = 0.0
    if plain > 0.0 and along * along > tolerances.ALONG * length * size:
        more = min(max(along, tolerances.LEAST_BEND * plain), tolerances.MOST_BEND * plain)
        bend[n] = more / (along * along)
    bend_form(form, bend)


@exact
def mark_pushed(gradient: Array, q: Array, box: Box, held: Array) -> None:
    """Mark the parameters that sit on a bound and would go on beyond it."""
    lower, upper = box
    for i in range(q.size):
        held[i] = (q[i] <= lower[i] and gradient[i] <= 0.0) or (
            q[i] >= upper[i] and gradient[i] >= 0.0
        )


@exact
def bounded_step(form: Form, box: Box, q: Array, added: Array, held: Array, step: Array) -> bool:
    """Fill `step` with the damped step inside the box; False if it cannot be solved for.

    It is that of the curved form.

    `added` (F,) is the damping on the diagonal; `held` (F,) is filled.
    """
    hessian, gradient, lower, upper = form.curved, form.gradient, box.lower, box.upper
    n = q.size
    mark_pushed(gradient, q, box, held)
    step[:] = 0.0
    right = form.spare[1]
    for _ in range(n):
        moving = _chosen(held, False, form.moving)
        if moving.size == 0:
            break
        for i in moving:
            t = gradient[i]
            for j in range(n):
                if held[j]:
                    t -= hessian[i, j] * step[j]
            right[i] = t
        if not _cholesky_solve(form, hessian, right, added, moving, step):
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
def bounded_minimum(form: Form, box: Box, linear: Ints, s: Array) -> None:
    """Minimise s H s / 2 - g s over a box for the linear parameters, a primal active set."""
    hessian, gradient, lower, upper = form.hessian, form.gradient, box.lower, box.upper
    n = s.size
    free, inside = form.marks[0], form.marks[1]
    right, target, added = form.spare[1], form.spare[2], form.spare[3]
    free[:], inside[:] = False, False
    target[:], added[:] = 0.0, 0.0
    for i in linear:
        free[i] = True
        inside[i] = True
        added[i] = 1e-13 * hessian[i, i]
        s[i] = min(max(0.0, lower[i]), upper[i])
    for _ in range(10 * linear.size + 10):
        moving = _chosen(free, True, form.moving)
        for i in moving:
            t = gradient[i]
            for j in linear:
                if not free[j]:
                    t -= hessian[i, j] * s[j]
            right[i] = t
        if moving.size and not _cholesky_solve(form, hessian, right, added, moving, target):
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


@compiled
def _invert(factor: Array, n: int, inverse: Array) -> None:
    """Fill `inverse` with that of L L^T, (n, n) of its first rows; `factor` L is used up.

    Row j of L^-T, ended by zeros no more than L itself, then products of those rows.
    """
    for j in range(n):
        row = inverse[j]
        row[j] = 1.0 / factor[j, j]
        for a in range(j + 1, n):
            row[a] = -dot(factor[a, j:a], row[j:a]) / factor[a, a]
    for i in range(n):
        own = inverse[i]
        for j in range(i, n):
            factor[i, j] = dot(own[j:n], inverse[j, j:n])


@exact
def fill_covariance(form: Form, held: Array, covariance: Array) -> float:
    """Fill the inverse of H among the parameters not held; return its condition number.

    That of the scaled H, in the 1-norm; 1e300 if it is singular.
    """
    hessian, factor = form.hessian, form.factor
    moving = _chosen(held, False, form.moving)
    scale, undamped = form.spare[0], form.spare[3]
    undamped[:] = 0.0
    covariance[:] = 0.0
    for i in moving:
        if not hessian[i, i] > 0.0:
            return 1e300
    if not _factorise(hessian, undamped, moving, scale, factor):
        return 1e300
    n = moving.size
    _invert(factor, n, covariance)
    covariance[:] = 0.0
    largest, inverse = 0.0, 0.0
    for b in range(n):
        column, inverse_column = 0.0, 0.0
        for a in range(n):
            found = factor[a, b] if a <= b else factor[b, a]
            column += abs(hessian[moving[a], moving[b]]) * scale[a] * scale[b]
            inverse_column += abs(found)
            covariance[moving[a], moving[b]] = found * scale[a] * scale[b]
        largest, inverse = max(largest, column), max(inverse, inverse_column)
    return max(largest * inverse, 1.0)
