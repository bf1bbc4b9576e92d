"""Where the global fit begins: what the levels agree on, and each level's own with that held.

Levels fitted by themselves now and then end in a minimum of another assignment, a doublet
standing in its neighbour's place. What most levels say of positions, widths and shapes is
therefore taken first, by weighted medians, after each level's own drift was taken off its
positions. With that held, each level's own parameters are fitted from several charge shifts
and from its neighbours' answers, and the best is where the global fit begins.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from ..fitting import FitOptions
from ..fitting.engine import CompiledFit
from ..fitting.problem import Problem
from ..fitting.result import Numbers
from ..fitting.single import Solved
from ..fitting.weights import Weights
from ..model import REGION
from ..spectrum import Array
from .evaluation import Settle, settling
from .global_fit import SHARED, Mode

_FLOOR_EV = 0.05
_PASSES = 5
_TRIED_EV = (0.0, -0.4, 0.4)
_PINNED = 1e-9
_ROUGH = 0.01  # standard errors: the global fit goes on from here
_SUSPECT = 1.05  # times chi-square of the separate fit, from which on other shifts are tried
_SHIFT = f"{REGION}/shift"


def starts(
    problems: Sequence[Problem],
    kinds: Sequence[tuple[Weights, ...]],
    compiled: Sequence[CompiledFit | None],
    ends: Sequence[Solved],
    modes: Mapping[str, Mode],
    options: FitOptions,
) -> list[Array]:
    """Return free parameters of each level (F,) to begin the global fit with.

    Parameters
    ----------
    problems : sequence of Problem
        With the charge shift that the series gives them.
    kinds : sequence of tuple of Weights
    compiled : sequence of CompiledFit or None
        Of the problems.
    ends : sequence of Solved
        Every level by itself.
    modes : mapping of str to mode
    options : FitOptions
    """
    separate = [end.numbers for end in ends]
    drift = _drifts(separate, modes)
    common = _consensus(separate, modes, drift)
    pinned = [_pinned(problem, common) for problem in problems]
    settlers = [
        settling(problem, own, replace(options, tolerance=_ROUGH), fit)
        for problem, own, fit in zip(pinned, kinds, compiled, strict=True)
    ]
    found: list[Array] = []
    scores: list[float] = []
    for k, (problem, settle) in enumerate(zip(pinned, settlers, strict=True)):
        near = float(np.median(drift[max(k - 2, 0) : k + 3]))
        q, score = _end(settle, _guess(problem, separate[k], common, float(drift[k])))
        usual = ends[k].total.chi_square
        moves = any(path.endswith(_SHIFT) for path in problem.free_paths)
        for step in _TRIED_EV if moves and score > _SUSPECT * usual else ():
            end = _end(settle, _guess(problem, separate[k], common, near + step))
            q, score = min((q, score), end, key=lambda one: one[1])
        found.append(q)
        scores.append(score)
    for order in (range(1, len(found)), range(len(found) - 2, -1, -1)):
        for k in order:
            other = found[k - 1 if order.step > 0 else k + 1]
            suspect = scores[k] > _SUSPECT * ends[k].total.chi_square
            if suspect and other.size == pinned[k].free.size:
                q, score = _end(settlers[k], np.clip(other, pinned[k].lower, pinned[k].upper))
                if score < scores[k] - 0.1:
                    found[k], scores[k] = q, score
    return [np.clip(q, p.lower, p.upper) for q, p in zip(found, problems, strict=True)]


def _end(settle: Settle, q: Array) -> tuple[Array, float]:
    solution = settle(q).solution
    reached = solution.chi_square
    return solution.q, float(reached) if np.isfinite(reached) else np.inf


def _pinned(problem: Problem, common: Mapping[str, float]) -> Problem:
    """Return a problem in which what is shared cannot move from what the levels agree on."""
    lower, upper = problem.lower.copy(), problem.upper.copy()
    for i, path in enumerate(problem.free_paths):
        if path in common:
            value = float(np.clip(common[path], problem.lower[i], problem.upper[i]))
            room = _PINNED * max(abs(value), 1.0)
            lower[i] = max(lower[i], value - room)
            upper[i] = min(upper[i], value + room)
    return replace(problem, lower=lower, upper=upper)


def _guess(problem: Problem, own: Numbers, common: Mapping[str, float], shift: float) -> Array:
    values = []
    for path in problem.free_paths:
        if path in common:
            values.append(common[path])
        elif path.endswith(_SHIFT):
            values.append(shift)
        else:
            values.append(own.value(path))
    return np.clip(values, problem.lower, problem.upper)


def _is_center(path: str) -> bool:
    return path.endswith("/center")


def _table(separate: Sequence[Numbers], path: str) -> tuple[Array, Array]:
    """Return values and standard errors (L,); infinite errors where there is none."""
    values, errors = np.zeros(len(separate)), np.full(len(separate), np.inf)
    for k, result in enumerate(separate):
        if path in result.problem.places:
            error = result.stderr(path)
            values[k] = result.value(path)
            errors[k] = np.inf if error is None else error
    return values, errors


def _drifts(separate: Sequence[Numbers], modes: Mapping[str, Mode]) -> Array:
    """Return how far the positions of each level lie from those of all (L,), eV.

    That of a model whose shift is fitted already is the shift itself.
    """
    shift = next((p for p in modes if p.endswith(_SHIFT)), "")
    if shift and all(shift in result.problem.free_paths for result in separate):
        return np.array([result.value(shift) for result in separate])
    paths = [p for p, mode in modes.items() if mode == SHARED and _is_center(p)]
    drift = np.zeros(len(separate))
    if not paths or not shift:
        return drift
    tables = [_table(separate, path) for path in paths]
    centres = np.array([values for values, _ in tables])
    weights = np.array([1.0 / (errors**2 + _FLOOR_EV**2) for _, errors in tables])
    for _ in range(_PASSES):
        middle = np.array(
            [_median(c - drift, np.sqrt(w)) for c, w in zip(centres, weights, strict=True)]
        )
        total = weights.sum(axis=0)
        moved = np.sum(weights * (centres - middle[:, None]), axis=0)
        drift = np.divide(moved, total, out=np.zeros_like(moved), where=total > 0)
    return np.asarray(drift - np.median(drift))


def _consensus(
    separate: Sequence[Numbers], modes: Mapping[str, Mode], drift: Array
) -> dict[str, float]:
    """Return what the levels agree on of everything that is shared."""
    own_shift = any(
        path.endswith(_SHIFT) and path in result.problem.free_paths
        for path in modes
        for result in separate
    )
    found = {}
    for path, mode in modes.items():
        if mode != SHARED:
            continue
        values, errors = _table(separate, path)
        if _is_center(path) and not own_shift:
            values = values - drift
        weights = 1.0 / (errors + 1e-3 * np.maximum(np.abs(values), 1e-6))
        there = np.array([path in result.problem.places for result in separate])
        weights = np.where(np.isfinite(weights), weights, 0.0)
        if not weights.any():
            weights = there.astype(float)
        if weights.any():
            found[path] = _median(values, weights)
    return found


def _median(values: Array, weights: Array) -> float:
    """Return the weighted median."""
    order = np.argsort(values)
    sums = np.cumsum(weights[order])
    if sums[-1] <= 0:
        return float(np.median(values))
    return float(values[order][np.searchsorted(sums, 0.5 * sums[-1])])
