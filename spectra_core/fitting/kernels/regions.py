"""One model on one spectrum, compiled: the curve and its derivatives by what is free.

Components are evaluated one at a time into a few scratch rows; each row is then added
to the free parameters it hangs on, by the rows of the link matrix (p = A q + b, stored
sparse, as most parameters hang on one free parameter or on none). What the peaks leave
behind them, a Shirley step or a Tougaard tail, is linear in the peaks, so it is applied
to the sums, not to each peak. Formulas: `spectra_core.curves.backgrounds`.

A model is packed into arrays by `spectra_core.fitting.engine.pack`; the constants below
name their columns.
"""

from __future__ import annotations

from math import exp
from typing import NamedTuple

import numpy as np

from ...spectrum import Array
from .compile import INT, compiled, exact, given, inlined, named
from .shapes import N_LANDMARKS, ROWS, UNKNOWN, component_rows

Ints = np.ndarray

# columns of `regions`
(
    FIRST_POINT,
    STOP_POINT,
    FIRST_COMPONENT,
    STOP_COMPONENT,
    COUPLING,
    BASE,
    N_BASE,
    BASIS,
    COUPLED,
    EXPONENTIAL,
    SHIFT,
    FIRST_ACTING,
    STOP_ACTING,
) = range(13)
N_REGION_COLUMNS = 13
# columns of `components`
CODE, OWN, N_OWN, STEP, TABLE, STOP_TABLE = range(6)
N_COMPONENT_COLUMNS = 6
# columns of `settings`, the numbers of a region
TURN, ORIGIN, GAP, CHANNEL = range(4)
N_SETTINGS = 4

UNCOUPLED, ONE_STEP, STEP_EACH, BENT_STEP, LOSS_TWO, LOSS_THREE = range(6)


class Plan(NamedTuple):
    """A compiled model as arrays.

    R regions, C components, N points in all regions together, P parameters.

    Attributes
    ----------
    regions : ndarray of int, shape (R, N_REGION_COLUMNS)
        Where points, components, background and parameters of a region stand.
    components : ndarray of int, shape (C, N_COMPONENT_COLUMNS)
    settings : ndarray, shape (R, N_SETTINGS)
    acting : ndarray of int
        Free parameters that a component, or the shift, of a region hangs on.
    x : ndarray, shape (N,)
        Ascending in binding energy within each region.
    half_widths, widths : ndarray, shape (N,)
        Half the distance to the point before (0 at a region's first); channel widths
        for loss integrals.
    basis : ndarray
        Rows of the linear part of the backgrounds, one after the other.
    tables : ndarray
        Line shapes with fixed shape parameters, one after the other.
    pointers, columns, factors : ndarray
        The link matrix: row i has ``factors[k]`` in column ``columns[k]`` for k in
        ``pointers[i]:pointers[i + 1]``.
    offset : ndarray, shape (P,)
    flat : ndarray, shape (F,)
        Where the curve has no slope in a free parameter, see `spectra_core.fitting.folding`;
        NaN for most.
    reach : ndarray of int, shape (F, 2)
        The first point on which a free parameter acts, and the one after its last.
    """

    regions: Ints
    components: Ints
    settings: Array
    acting: Ints
    x: Array
    half_widths: Array
    widths: Array
    basis: Array
    tables: Array
    pointers: Ints
    columns: Ints
    factors: Array
    offset: Array
    flat: Array
    reach: Ints


PLAN = named(
    Plan,
    given(2, INT),
    given(2, INT),
    given(2),
    given(1, INT),
    *(given(1) for _ in range(5)),
    given(1, INT),
    given(1, INT),
    given(1),
    given(1),
    given(1),
    given(2, INT),
)


@inlined
def full_parameters(plan: Plan, q: Array, p: Array) -> None:
    """Fill `p` with all parameters for the free ones: p = A q + b."""
    for i in range(p.size):
        value = plan.offset[i]
        for at in range(plan.pointers[i], plan.pointers[i + 1]):
            value += plan.factors[at] * q[plan.columns[at]]
        p[i] = value


@inlined
def _add_scaled(target: Array, factor: float, row: Array) -> None:
    for k in range(row.size):
        target[k] += factor * row[k]


@inlined
def _hang(
    pointers: Ints,
    columns: Ints,
    factors: Array,
    i: int,
    scale: float,
    row: Array,
    jacobian: Array,
    start: int,
    stop: int,
) -> None:
    """Add ``scale * row``, the derivative by parameter `i`, to the free ones behind it.

    Handing over a whole plan would count the references of all its arrays, each time.
    """
    for at in range(pointers[i], pointers[i + 1]):
        _add_scaled(jacobian[columns[at], start:stop], factors[at] * scale, row)


# --- couplings ------------------------------------------------------------------------


@compiled
def passed_signal(half_widths: Array, row: Array, out: Array) -> None:
    """Fill `out` with the trapezoid integral of `row` up to each point."""
    total, before = 0.0, row[0]
    out[0] = 0.0
    for k in range(1, row.size):
        total += (row[k] + before) * half_widths[k]
        before = row[k]
        out[k] = total


@compiled
def _add_step(half_widths: Array, step: float, row: Array) -> None:
    total, before = 0.0, row[0]
    for k in range(1, row.size):
        now = row[k]
        total += (now + before) * half_widths[k]
        before = now
        row[k] = now + step * total


@compiled
def _add_step_to_four(
    half_widths: Array, step: float, a: Array, b: Array, c: Array, d: Array
) -> None:
    """Do `_add_step` on four rows at once: each sum waits for itself, not for the others."""
    ta, tb, tc, td = 0.0, 0.0, 0.0, 0.0
    pa, pb, pc, pd = a[0], b[0], c[0], d[0]
    for k in range(1, a.size):
        h = half_widths[k]
        na, nb, nc, nd = a[k], b[k], c[k], d[k]
        ta += (na + pa) * h
        tb += (nb + pb) * h
        tc += (nc + pc) * h
        td += (nd + pd) * h
        pa, pb, pc, pd = na, nb, nc, nd
        a[k] = na + step * ta
        b[k] = nb + step * tb
        c[k] = nc + step * tc
        d[k] = nd + step * td


@compiled
def _add_bent_step(half_widths: Array, step: float, bend: float, row: Array) -> None:
    total, twice, before, before_total = 0.0, 0.0, row[0], 0.0
    for k in range(1, row.size):
        now = row[k]
        total += (now + before) * half_widths[k]
        twice += (total + before_total) * half_widths[k]
        before, before_total = now, total
        row[k] = now + step * total + bend * twice


@exact
def _step_on_rows(
    half_widths: Array, step: float, jacobian: Array, acting: Ints, start: int, stop: int
) -> None:
    n = acting.size - acting.size % 4
    for i in range(0, n, 4):
        _add_step_to_four(
            half_widths,
            step,
            jacobian[acting[i], start:stop],
            jacobian[acting[i + 1], start:stop],
            jacobian[acting[i + 2], start:stop],
            jacobian[acting[i + 3], start:stop],
        )
    for i in range(n, acting.size):
        _add_step(half_widths, step, jacobian[acting[i], start:stop])


@compiled
def loss_kernels(n: int, channel: float, c: float, d: float, gap: float, kernels: Array) -> None:
    """Fill rows of `kernels` with Tougaard's K for b = 1, dK/dc and dK/dd at whole channels.

    Here c is that of ((c - T^2)^2 + d T^2), so the two-parameter kernel has it negative.
    """
    for k in range(n):
        loss = channel * k
        square = loss * loss
        rest = c - square
        possible = 0.0 if loss < gap * (1.0 - 1e-6) else loss
        denominator = rest * rest + d * square
        kernel = possible / denominator
        shrink = -kernel / denominator
        kernels[0, k] = kernel
        kernels[1, k] = 2.0 * rest * shrink
        kernels[2, k] = square * shrink


@compiled
def _fold(kernel: Array, factor: float, weighted: Array, out: Array) -> None:
    """Add ``factor * sum of kernel[k - j] weighted[j]`` over j < k to `out`."""
    n = weighted.size
    for j in range(n):
        w = factor * weighted[j]
        target = out[j:]
        for m in range(n - j):
            target[m] += w * kernel[m]


@compiled
def _weigh(row: Array, widths: Array, out: Array) -> None:
    for k in range(row.size):
        out[k] = row[k] * widths[k]


@exact
def _add_loss(
    plan: Plan, region: Ints, settings: Array, p: Array, total: Array, jacobian: Array, rows: Array
) -> None:
    """Add the Tougaard tail of the peaks to the curve and its derivatives."""
    start, stop = region[FIRST_POINT], region[STOP_POINT]
    n = stop - start
    at = region[COUPLED]
    b = p[at]
    three = region[COUPLING] == LOSS_THREE
    pointers, columns, factors = plan.pointers, plan.columns, plan.factors
    c = p[at + 1] if three else -p[at + 1]
    d = p[at + 2] if three else 0.0
    kernels, weighted, folded = rows[0:3], rows[3], rows[4]
    loss_kernels(n, settings[CHANNEL], c, d, settings[GAP], kernels)
    widths = plan.widths[start:stop]
    for i in plan.acting[region[FIRST_ACTING] : region[STOP_ACTING]]:
        row = jacobian[i, start:stop]
        _weigh(row, widths, weighted)
        _fold(kernels[0], b, weighted, row)
    _weigh(total, widths, weighted)
    strengths = (1.0, b if three else -b, b)
    for k in range(3 if three else 2):
        if plan.pointers[at + k] < plan.pointers[at + k + 1]:
            folded[:] = 0.0
            _fold(kernels[k], strengths[k], weighted, folded)
            _hang(pointers, columns, factors, at + k, 1.0, folded, jacobian, start, stop)
    _fold(kernels[0], b, weighted, total)


@exact
def _couple(
    plan: Plan, region: Ints, settings: Array, p: Array, total: Array, jacobian: Array, rows: Array
) -> None:
    """Add what the peaks leave behind them to the curve and to its derivatives."""
    coupling = region[COUPLING]
    if coupling in (LOSS_TWO, LOSS_THREE):
        _add_loss(plan, region, settings, p, total, jacobian, rows)
        return
    start, stop = region[FIRST_POINT], region[STOP_POINT]
    half_widths = plan.half_widths[start:stop]
    acting = plan.acting[region[FIRST_ACTING] : region[STOP_ACTING]]
    at = region[COUPLED]
    pointers, columns, factors = plan.pointers, plan.columns, plan.factors
    passed, twice = rows[0], rows[1]
    passed_signal(half_widths, total, passed)
    if coupling == ONE_STEP:
        _step_on_rows(half_widths, p[at], jacobian, acting, start, stop)
        _hang(pointers, columns, factors, at, 1.0, passed, jacobian, start, stop)
        _add_scaled(total, p[at], passed)
        return
    passed_signal(half_widths, passed, twice)
    for i in acting:
        _add_bent_step(half_widths, p[at], p[at + 1], jacobian[i, start:stop])
    _hang(pointers, columns, factors, at, 1.0, passed, jacobian, start, stop)
    _hang(pointers, columns, factors, at + 1, 1.0, twice, jacobian, start, stop)
    _add_scaled(total, p[at], passed)
    _add_scaled(total, p[at + 1], twice)


# --- one region, all regions ----------------------------------------------------------


@exact
def _step_behind(
    plan: Plan,
    component: Ints,
    p: Array,
    start: int,
    stop: int,
    jacobian: Array,
    u: Array,
    rows: Array,
) -> None:
    """Give one component the step that it alone leaves behind it."""
    pointers, columns, factors = plan.pointers, plan.columns, plan.factors
    half_widths = plan.half_widths[start:stop]
    own, step = component[OWN], component[STEP]
    passed_signal(half_widths, rows[0], u)
    _hang(pointers, columns, factors, step, p[own], u, jacobian, start, stop)
    for i in range(component[N_OWN]):
        _add_step(half_widths, p[step], rows[i])


@inlined
def scratch_size(widest: int) -> int:
    """Return the room that `evaluate` needs beside its results."""
    return (ROWS + 1) * widest + ROWS + N_LANDMARKS


@inlined
def parted(scratch: Array, n: int) -> tuple[Array, Array, Array, Array]:
    """Return scratch as distances (n,), rows (ROWS, n), scales (ROWS,) and landmarks."""
    end = scratch.size - N_LANDMARKS
    rows = scratch[n : n + ROWS * n].reshape((ROWS, n))
    return scratch[:n], rows, scratch[end - ROWS : end], scratch[end:]


@inlined
def _add_components(
    plan: Plan,
    region: Ints,
    turn: float,
    p: Array,
    total: Array,
    jacobian: Array,
    scratch: Array,
) -> None:
    start, stop, shift = region[FIRST_POINT], region[STOP_POINT], region[SHIFT]
    pointers, columns, factors = plan.pointers, plan.columns, plan.factors
    u, rows, scales, landmarks = parted(scratch, stop - start)
    x = plan.x[start:stop]
    for c in range(region[FIRST_COMPONENT], region[STOP_COMPONENT]):
        component = plan.components[c]
        own, n_own = component[OWN], component[N_OWN]
        table = plan.tables[component[TABLE] : component[STOP_TABLE]]
        component_rows(
            component[CODE],
            x,
            turn,
            p[own : own + n_own],
            p[shift],
            table,
            u,
            scales,
            rows,
            landmarks,
        )
        if region[COUPLING] == STEP_EACH:
            _step_behind(plan, component, p, start, stop, jacobian, u, rows)
        for i in range(n_own):
            _hang(pointers, columns, factors, own + i, scales[i], rows[i], jacobian, start, stop)
        _hang(pointers, columns, factors, shift, scales[1], rows[1], jacobian, start, stop)
        _add_scaled(total, p[own], rows[0])


@inlined
def _add_base(
    plan: Plan, region: Ints, settings: Array, p: Array, total: Array, jacobian: Array, rows: Array
) -> None:
    start, stop = region[FIRST_POINT], region[STOP_POINT]
    n = stop - start
    pointers, columns, factors = plan.pointers, plan.columns, plan.factors
    base, n_base = region[BASE], region[N_BASE]
    for i in range(n_base):
        first = region[BASIS] + i * n
        row = plan.basis[first : first + n]
        _add_scaled(total, p[base + i], row)
        _hang(pointers, columns, factors, base + i, 1.0, row, jacobian, start, stop)
    if region[EXPONENTIAL]:
        amplitude, rate = p[base + n_base], p[base + n_base + 1]
        decay, by_rate = rows[0], rows[1]
        for k in range(n):
            distance = settings[TURN] * plan.x[start + k] - settings[ORIGIN]
            decay[k] = exp(-rate * distance)
            by_rate[k] = -amplitude * distance * decay[k]
        _add_scaled(total, amplitude, decay)
        _hang(pointers, columns, factors, base + n_base, 1.0, decay, jacobian, start, stop)
        _hang(pointers, columns, factors, base + n_base + 1, 1.0, by_rate, jacobian, start, stop)


@exact
def evaluate(
    plan: Plan, static: Array, q: Array, p: Array, curve: Array, jacobian: Array, scratch: Array
) -> None:
    """Fill `curve` (N,) and `jacobian` (F, N) for the free parameters `q`.

    Parameters
    ----------
    plan : Plan
    static : ndarray, shape (N,)
        Backgrounds that do not depend on the parameters; 0 elsewhere.
    q : ndarray, shape (F,)
    p : ndarray, shape (P,)
        Filled with all parameters.
    curve : ndarray, shape (N,)
    jacobian : ndarray, shape (F, N)
    scratch : ndarray, shape (scratch_size(n),), n the size of the largest region
    """
    full_parameters(plan, q, p)
    scratch[scratch.size - N_LANDMARKS] = UNKNOWN
    jacobian[:] = 0.0
    curve[:] = 0.0
    for r in range(plan.regions.shape[0]):
        region, settings = plan.regions[r], plan.settings[r]
        n = region[STOP_POINT] - region[FIRST_POINT]
        total = curve[region[FIRST_POINT] : region[STOP_POINT]]
        rows = parted(scratch, n)[1]
        _add_components(plan, region, settings[TURN], p, total, jacobian, scratch)
        if region[COUPLING] not in (UNCOUPLED, STEP_EACH):
            _couple(plan, region, settings, p, total, jacobian, rows)
        _add_base(plan, region, settings, p, total, jacobian, rows)
    for k in range(curve.size):
        curve[k] += static[k]
