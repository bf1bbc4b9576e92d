"""One problem fitted hundreds of times: other data, other bounds, other start values.

Intervals are made of refits. None of them is looked at, so none becomes a `FitResult`:
start values, data and bounds go in as arrays, free parameters and chi-square come out as
arrays. The compiled engine takes all rows in one call, on the thread that asks; the numpy
engine does the same rows one by one and is the oracle.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from ..curves.background_kind import StaticBackground
from ..errors import ShouldStop
from ..spectrum import Array
from .engine import CompiledFit, compiled_fit, kernels, run_many, settled_rows
from .problem import Problem
from .single import FitOptions, weights_of
from .single import settler as settler_of
from .weights import Weights

TOLERANCE = 1e-6  # of a standard error: numbers must not tell which engine made them
_LIMIT = 500
_SECOND_DAMPING = 1.0


@dataclass(frozen=True, eq=False)
class Data:
    """M other measurements of a problem's regions.

    Attributes
    ----------
    y : tuple of ndarray, shape (M, n)
        For each region its intensities in the window, in the order of ``region.x``.
    static : tuple of ndarray, shape (M, n), or None
        For each region the static background that belongs to them; None for a region
        whose background is fitted.
    centres : ndarray, shape (M, K), or None
        What the priors say, which is measured again as the spectra are; None: as before.
    """

    y: tuple[Array, ...]
    static: tuple[Array | None, ...]
    centres: Array | None = None

    def rows(self, chosen: np.ndarray) -> Data:
        """Return some of them."""
        static = tuple(None if curve is None else curve[chosen] for curve in self.static)
        centres = None if self.centres is None else self.centres[chosen]
        return Data(tuple(y[chosen] for y in self.y), static, centres)


@dataclass(frozen=True, eq=False)
class Refits:
    """What M refits gave.

    Attributes
    ----------
    free : ndarray, shape (M, F)
        In the order of ``problem.free_paths``.
    chi_square : ndarray, shape (M,)
    converged : ndarray of bool, shape (M,)
    """

    free: Array
    chi_square: Array
    converged: np.ndarray


@dataclass(frozen=True, eq=False)
class Refitter:
    """A problem with its weights, ready to be fitted again by the chosen engine.

    Attributes
    ----------
    problem : Problem
    weights : tuple of Weights
        Of each region.
    compiled : CompiledFit or None
        None: the numpy engine does it.
    """

    problem: Problem
    weights: tuple[Weights, ...]
    compiled: CompiledFit | None

    def refit(
        self,
        start: Array,
        *,
        data: Data | None = None,
        lower: Array | None = None,
        upper: Array | None = None,
        linear: bool = False,
        tolerance: float = TOLERANCE,
        way: Array | None = None,
        should_stop: ShouldStop | None = None,
    ) -> Refits:
        """Fit M times.

        Parameters
        ----------
        start : ndarray, shape (M, F)
            Start values, inside the bounds.
        data : Data or None
            None: the problem's own data for all rows.
        lower, upper : ndarray, shape (M, F), or None
            Bounds in place of the problem's; equal ones hold a parameter.
        linear : bool
            Move areas and levels to their optimum at the start; False where the start is next
            to the answer.
        tolerance : float
            Joint step, in standard errors, at which a fit has converged.
        way : ndarray, shape (M,), or None
            Length, in standard errors, of the undamped step from an answer with nearly the same
            derivatives to each start. Where it tells that one step more is enough for the
            tolerance, only that one is taken.
        should_stop : callable or None
            Asked between the rows that numpy fits.

        Raises
        ------
        Cancelled
            If `should_stop` returned True.
        """
        lower = np.broadcast_to(self.problem.lower if lower is None else lower, start.shape)
        upper = np.broadcast_to(self.problem.upper if upper is None else upper, start.shape)
        if self.compiled is None or not start.shape[1]:
            options = FitOptions(tolerance=tolerance, max_iterations=_LIMIT)
            ways = np.zeros(start.shape[0]) if way is None else way
            bounds = lower, upper
            return self._one_by_one(
                start, data, bounds, options, should_stop, linear=linear, ways=ways
            )
        found = self._compiled(start, data, lower, upper, tolerance, linear=linear, way=way)
        again = np.flatnonzero(~found.converged)
        if not again.size:
            return found
        second = self._compiled(
            start[again],
            None if data is None else data.rows(again),
            lower[again],
            upper[again],
            tolerance,
            linear=True,
            damping=_SECOND_DAMPING,
        )
        return _with_rows(found, again, second)

    def relinked(self, problem: Problem) -> Refitter:
        """Return what fits the same data with other links, bounds or priors."""
        compiled = None if self.compiled is None else self.compiled.relinked(problem)
        return replace(self, problem=problem, compiled=compiled)

    def _compiled(
        self,
        start: Array,
        data: Data | None,
        lower: Array,
        upper: Array,
        tolerance: float,
        *,
        linear: bool,
        damping: float = 0.0,
        way: Array | None = None,
    ) -> Refits:
        compiled, k = self.compiled, kernels()
        assert compiled is not None
        y, static = compiled.y[None], compiled.static[None]
        if data is not None:
            y = compiled.packed.turned(list(data.y))
            if any(curve is not None for curve in data.static):
                zeros = (np.zeros_like(rows) for rows in data.y)
                pairs = zip(data.static, zeros, strict=True)
                static = compiled.packed.turned([z if s is None else s for s, z in pairs])
        free, state, _, _ = run_many(
            compiled,
            y,
            static,
            np.tile(compiled.times, (start.shape[0], 1)),
            start,
            k.LINEAR if linear else k.NEARBY,
            tolerance=tolerance,
            limit=_LIMIT,
            damping=damping,
            lower=np.ascontiguousarray(lower),
            upper=np.ascontiguousarray(upper),
            centres=None if data is None else data.centres,
            way=way,
            spread=False,
        )
        return Refits(free, state[:, k.CHI_SQUARE].copy(), settled_rows(state))

    def _one_by_one(
        self,
        start: Array,
        data: Data | None,
        bounds: tuple[Array, Array],
        options: FitOptions,
        should_stop: ShouldStop | None,
        *,
        linear: bool,
        ways: Array,
    ) -> Refits:
        lower, upper = bounds
        free, chi_square = np.empty(start.shape), np.empty(start.shape[0])
        converged = np.zeros(start.shape[0], dtype=bool)
        for m, q in enumerate(start):
            problem = replace(self.problem, lower=lower[m], upper=upper[m])
            if data is not None:
                problem = _measured_again(problem, data, m)
            settle = settler_of(problem, self.weights, options, None, should_stop)
            solution = settle(q, nearby=not linear, way=float(ways[m])).solution
            free[m], chi_square[m] = solution.q, solution.chi_square
            converged[m] = solution.converged
        return Refits(free, chi_square, converged)


def refitter(problem: Problem, weights: tuple[Weights, ...] | None = None) -> Refitter:
    """Return what fits `problem` again, with these weights or those its data suggest."""
    weights = weights_of(problem, None) if weights is None else weights
    return Refitter(problem, weights, compiled_fit(problem, weights, with_start=False))


def with_sigmas(problem: Problem, sigmas: Sequence[Array]) -> Problem:
    """Return `problem` with given standard deviations of each region's points, shape (n,)."""
    regions = []
    for region, sigma in zip(problem.regions, sigmas, strict=True):
        whole = np.ones(len(region.spectrum))
        whole[region.inside] = sigma
        regions.append(replace(region, spectrum=replace(region.spectrum, sigma=whole)))
    return replace(problem, regions=tuple(regions))


def with_held_priors(problem: Problem, q: Array) -> Problem:
    """Return `problem` with the standard deviations that its priors have at `q` (F,)."""
    return replace(problem, priors=problem.priors.held(problem.full(q)))


def eliminated(problem: Problem, place: int, row: Array, target: float) -> Problem:
    """Return `problem` on the plane ``row @ q = target``, without one free parameter.

    Parameters
    ----------
    problem : Problem
    place : int
        Which of the free parameters follows from the others; ``row[place]`` is not 0. Its
        bounds are not those of any other: the caller looks whether it kept them.
    row : ndarray, shape (F,)
    target : float
    """
    others = np.delete(np.arange(row.size), place)
    column = problem.matrix[:, place]
    return replace(
        problem,
        matrix=problem.matrix[:, others] - np.outer(column, row[others] / row[place]),
        offset=problem.offset + column * (target / row[place]),
        free=problem.free[others],
        lower=problem.lower[others],
        upper=problem.upper[others],
    )


def _measured_again(problem: Problem, data: Data, m: int) -> Problem:
    regions = []
    for region, y, static in zip(problem.regions, data.y, data.static, strict=True):
        curve = region.static
        if static is not None:
            curve = StaticBackground(static[m], {} if curve is None else curve.info)
        regions.append(replace(region, y=y[m], static=curve))
    priors = problem.priors
    if data.centres is not None:
        priors = replace(priors, values=data.centres[m])
    return replace(problem, regions=tuple(regions), priors=priors)


def _with_rows(found: Refits, places: np.ndarray, second: Refits) -> Refits:
    """Return `found` with those of the second try that converged."""
    better = places[second.converged]
    for name in ("free", "chi_square", "converged"):
        getattr(found, name)[better] = getattr(second, name)[second.converged]
    return found
