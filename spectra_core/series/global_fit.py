"""One least-squares problem over all levels of a series.

Each parameter is free at every level, shared by all, or smooth: free, with a prior on the
difference between neighbours. Levenberg-Marquardt within bounds; each step solves the
arrowhead of normal equations (`arrowhead`), so that a pass costs about as much as one of every
level by itself. Weights follow the model in a few passes, as in a single fit.

What is known of ties, separations and shapes is wrong by the same amount at every level. A
prior on what each level has for itself is therefore split: its error is one nuisance parameter
that all levels share, and a small part (`SCATTER`) that is each level's own.

A component that is a measured spectrum has one noise in all levels: the error of each of its
nodes is a nuisance as well, with what it does to each level's curve. The levels together then
know the shape better than it was measured.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.linalg import solve_triangular

from ..errors import Cancelled, FitError, ShouldStop
from ..fitting.measured import node_count, noisy_shapes
from ..fitting.problem import Problem
from ..model import REGION, Prior
from ..spectrum import Array
from .arrowhead import Arrowhead, covariances, solved
from .evaluation import LevelWork

FREE, SHARED = "free", "shared"
SCATTER = 0.1
"""How much of a common prior's standard deviation is each level's own, beside what all share."""

_COMMON_GROUPS = ("energies", "ties", "shape")
_PASSES = 4
_ITERATIONS = 60
_NEGLIGIBLE = 1e-4  # of chi-square, that a step may still gain
_SETTLED = 1e-2  # of chi-square, that new weights may change
_FIRST_DAMPING, _MOST_DAMPING = 1e-3, 1e12


@dataclass(frozen=True)
class Smooth:
    """A parameter that changes little from level to level.

    Attributes
    ----------
    sd : float
        Standard deviation of the difference between neighbours, in the parameter's unit.
    """

    sd: float

    def __str__(self) -> str:
        return f"smooth (neighbours differ by {self.sd:g})"


Mode = str | Smooth


@dataclass(frozen=True, eq=False)
class Layout:
    """Where each level's free parameters stand among those of the series.

    Attributes
    ----------
    own, common : tuple of str
        Paths that every level has for itself (n), and that all share (m).
    places : tuple of ndarray
        For each level, place of its free parameters in own + common.
    coupling : ndarray, shape (n,)
        1 / sd of the difference between neighbours, squared; 0 where there is none.
    nuisances : tuple of Prior
        Priors whose error all levels share (c).
    shapes : tuple of str
        Measured spectra whose noise all levels share; their nodes (s) stand after the priors.
    """

    own: tuple[str, ...]
    common: tuple[str, ...]
    places: tuple[np.ndarray, ...]
    coupling: Array
    nuisances: tuple[Prior, ...] = ()
    shapes: tuple[str, ...] = ()

    @property
    def width(self) -> int:
        """How many numbers all levels share: parameters, nuisances, nodes of shapes."""
        nodes = sum(node_count(name) for name in self.shapes)
        return len(self.common) + len(self.nuisances) + nodes


@dataclass(frozen=True, eq=False)
class GlobalSolution:
    """Where the global fit stopped.

    Attributes
    ----------
    layout : Layout
    values : tuple of ndarray
        Free parameters of each level.
    covariances : tuple of ndarray
        Of each level's free parameters, what is shared included.
    held : tuple of ndarray of bool
        On a bound that the data push against.
    chi_square : float
        Of data, priors and smoothness.
    roughness : float
        Of smoothness alone.
    iterations : int
    converged : bool
    borders : ndarray, shape (L, n, m + c + s)
        Covariance of each level's own parameters with the shared ones and the nuisances.
    common : ndarray, shape (m + c + s, m + c + s)
        Covariance of these.
    pulls : ndarray, shape (c,)
        The nuisances, in standard deviations of their priors.
    open_errors : ndarray, shape (L, n)
        Standard errors of each level's own parameters as if none lay on a bound: what a
        limit is made of where an area is zero.
    """

    layout: Layout
    values: tuple[Array, ...]
    covariances: tuple[Array, ...]
    held: tuple[np.ndarray, ...]
    chi_square: float
    roughness: float
    iterations: int
    converged: bool
    borders: Array
    common: Array
    pulls: Array
    open_errors: Array

    def loads(self, level: int) -> Array:
        """Return what moves all levels together, as it moves one level's free parameters.

        Shape (F, r): one column for each independent error of one standard deviation, of the
        shared parameters and the nuisances. The covariance of two levels is the product of
        theirs (without what smoothness adds between neighbours).
        """
        places, n = self.layout.places[level], len(self.layout.own)
        open_ = np.flatnonzero(np.diagonal(self.common) > 0)
        if not np.isfinite(self.common).all() or not open_.size:
            return np.zeros((places.size, 0))
        root = np.linalg.cholesky(self.common[np.ix_(open_, open_)])
        whole = np.zeros((n + len(self.common), open_.size))
        whole[:n] = solve_triangular(root, self.borders[level][:, open_].T, lower=True).T
        whole[n + open_] = root
        return np.asarray(whole[places])


def layout_of(problems: Sequence[Problem], modes: Mapping[str, Mode]) -> Layout:
    """Return the layout of a series; `modes` says what becomes of each path."""
    every = dict.fromkeys(path for problem in problems for path in problem.free_paths)
    own = tuple(path for path in every if modes[path] != SHARED)
    common = tuple(path for path in every if modes[path] == SHARED)
    place = {path: i for i, path in enumerate((*own, *common))}
    places = tuple(
        np.array([place[path] for path in problem.free_paths], dtype=int) for problem in problems
    )
    smooth = [modes[path] for path in own]
    coupling = np.array([1.0 / m.sd**2 if isinstance(m, Smooth) else 0.0 for m in smooth])
    nuisances: dict[Prior, None] = {}
    for problem, own_places in zip(problems, places, strict=True):
        moves = (problem.prior_matrix[:, own_places < len(own)] != 0).any(axis=1)
        known = zip(problem.priors.priors, moves, strict=True)
        nuisances |= {prior: None for prior, moved in known if moved and common_to(prior)}
    shapes = dict.fromkeys(name for problem in problems for name in noisy_shapes(problem))
    return Layout(own, common, places, coupling, tuple(nuisances), tuple(shapes))


def common_to(prior: Prior) -> bool:
    """Return whether the error of a prior is the same at every level.

    That of a tie, a separation or a shape is; a charge shift and a background are each
    level's own.
    """
    shifts = any(term.source.endswith(f"/{REGION}/shift") for term in prior.terms)
    return prior.group in _COMMON_GROUPS and not shifts


class _Global:
    """The unknowns and equations of a global fit while it is made."""

    def __init__(
        self,
        works: Sequence[LevelWork],
        layout: Layout,
        starts: Sequence[Array],
        fixed: tuple[int, str] | None,
    ) -> None:
        self.works, self.layout = works, layout
        self.n, self.m, self.c = len(layout.own), len(layout.common), len(layout.nuisances)
        self.s = layout.width - self.m - self.c
        self.there = np.zeros((len(works), self.n), dtype=bool)
        self.lower, self.upper = np.full(self.n, -np.inf), np.full(self.n, np.inf)
        wide = layout.width
        self.low, self.high = np.full(wide, -np.inf), np.full(wide, np.inf)
        self.own, self.common = np.zeros((len(works), self.n)), np.zeros(wide)
        seen: list[list[float]] = [[] for _ in range(self.m)]
        for level, (work, places) in enumerate(zip(works, layout.places, strict=True)):
            mine, ours = places < self.n, places >= self.n
            at, shared = places[mine], places[ours] - self.n
            self.there[level, at] = True
            self.own[level, at] = starts[level][mine]
            self.lower[at], self.upper[at] = work.problem.lower[mine], work.problem.upper[mine]
            self.low[shared], self.high[shared] = work.problem.lower[ours], work.problem.upper[ours]
            for i, value in zip(shared, starts[level][ours], strict=True):
                seen[i].append(float(value))
        self.common[: self.m] = [np.median(values) for values in seen]
        self.fixed = np.zeros_like(self.there)
        if fixed is not None and fixed[1] in layout.own:
            self.fixed[fixed[0], layout.own.index(fixed[1])] = True
        self.weights = [self._prior_weights(k) for k in range(len(works))]
        nuisances = np.arange(self.n + self.m, self.n + wide)
        self.at = [np.concatenate([places, nuisances]) for places in layout.places]
        self.priors: list[tuple[Array, Array]] = []

    def _prior_weights(self, level: int) -> Array:
        """Return how often each prior of a level counts: one on shared values only once."""
        matrix = self.works[level].problem.prior_matrix
        ours = self.layout.places[level] >= self.n
        alone = ~(matrix[:, ~ours] != 0).any(axis=1)
        return np.where(alone, 1.0 / len(self.works), 1.0)

    def _prior_rows(self, level: int) -> tuple[Array, Array]:
        """Return how much each prior of a level counts (K,), and its rows (K, F + c + s).

        What is missed of it is its target less the rows times parameters and nuisances.
        """
        work = self.works[level]
        known = {prior: i for i, prior in enumerate(self.layout.nuisances)}
        numbers = np.array([known.get(p, -1) for p in work.problem.priors.priors], dtype=int)
        split = numbers >= 0
        strength = self.weights[level] * work.precision**2 / np.where(split, SCATTER**2, 1.0)
        columns = np.zeros((numbers.size, self.c + self.s))
        sds = np.divide(1.0, work.precision, out=np.zeros(numbers.size), where=work.precision > 0)
        columns[split, numbers[split]] = -sds[split]
        return strength, np.concatenate([work.problem.prior_matrix, columns], axis=1)

    def _missed(self, level: int, q: Array, common: Array) -> Array:
        """Return what is missed of each prior of a level (K,)."""
        _, rows = self.priors[level]
        there = np.concatenate([q, common[self.m :]])
        return np.asarray(self.works[level].problem.prior_targets - rows @ there)

    def _residual(self, level: int, q: Array, common: Array) -> Array:
        """Return (data - curve) / sigma (N,) with the noise of measured shapes where it is."""
        work = self.works[level]
        residual, _ = work.at(q)
        return residual - work.spread @ common[self.m + self.c :] if self.s else residual

    def level(self, level: int, own: Array, common: Array) -> Array:
        """Return the free parameters of one level."""
        return np.concatenate([own[level], common])[self.layout.places[level]]

    def renew(self) -> None:
        """Take the weights from where the fit is."""
        for k, work in enumerate(self.works):
            work.renew(self.level(k, self.own, self.common))
        self.priors = [self._prior_rows(k) for k in range(len(self.works))]

    def chi_square(self, own: Array, common: Array) -> float:
        """Return chi-square of data, priors and smoothness."""
        nuisances = common[self.m :]
        total = self.roughness(own) + float(nuisances @ nuisances)
        for k, work in enumerate(self.works):
            q = self.level(k, own, common)
            residual = self._residual(k, q, common)
            total += float(residual @ residual)
            if len(work.problem.priors):
                total += float(self.priors[k][0] @ self._missed(k, q, common) ** 2)
        return total

    def roughness(self, own: Array) -> float:
        """Return chi-square of the differences between neighbours."""
        both = self.there[1:] & self.there[:-1]
        return float(np.sum(self.layout.coupling * both * np.diff(own, axis=0) ** 2))

    def equations(self) -> Arrowhead:
        """Return the normal equations where the fit is."""
        n, wide, count = self.n, self.common.size, len(self.works)
        blocks, borders = np.zeros((count, n, n)), np.zeros((count, n, wide))
        corner, gradient = np.zeros((wide, wide)), np.zeros((count, n))
        corner_gradient = np.zeros(wide)
        for k in range(count):
            hessian, slope = self._level_equations(k)
            mine = self.at[k] < n
            own, shared = self.at[k][mine], self.at[k][~mine] - n
            blocks[k][np.ix_(own, own)] = hessian[np.ix_(mine, mine)]
            borders[k][np.ix_(own, shared)] = hessian[np.ix_(mine, ~mine)]
            corner[np.ix_(shared, shared)] += hessian[np.ix_(~mine, ~mine)]
            gradient[k, own] = slope[mine]
            corner_gradient[shared] += slope[~mine]
        nuisances = np.arange(self.m, wide)
        corner[nuisances, nuisances] += 1.0
        corner_gradient[self.m :] -= self.common[self.m :]
        self._add_smoothness(blocks, gradient)
        coupling = -self.layout.coupling
        return Arrowhead(blocks, borders, corner, coupling, gradient, corner_gradient)

    def _level_equations(self, level: int) -> tuple[Array, Array]:
        """Return one level's normal matrix and gradient, in the order of `at`."""
        work, q = self.works[level], self.level(level, self.own, self.common)
        _, jacobian = work.at(q)
        if self.s:
            between = np.zeros((self.c, jacobian.shape[1]))
            jacobian = np.concatenate([jacobian, between, work.spread.T])
        strength, rows = self.priors[level]
        weighted = rows.T * strength
        hessian, slope = weighted @ rows, weighted @ self._missed(level, q, self.common)
        size = len(jacobian)
        hessian[:size, :size] += jacobian @ jacobian.T
        slope[:size] += jacobian @ self._residual(level, q, self.common)
        return hessian, slope

    def _add_smoothness(self, blocks: Array, gradient: Array) -> None:
        both = self.there[1:] & self.there[:-1]
        strength = self.layout.coupling * both
        diagonal = np.arange(self.n)
        blocks[1:, diagonal, diagonal] += strength
        blocks[:-1, diagonal, diagonal] += strength
        pull = strength * np.diff(self.own, axis=0)
        gradient[1:] -= pull
        gradient[:-1] += pull

    def held(self, equations: Arrowhead) -> tuple[np.ndarray, np.ndarray]:
        """Return what does not move: not there, without effect, or pushed against a bound."""
        gradient, other = equations.gradient, equations.corner_gradient
        own = ((self.own <= self.lower) & (gradient < 0)) | (
            (self.own >= self.upper) & (gradient > 0)
        )
        common = ((self.common <= self.low) & (other < 0)) | (
            (self.common >= self.high) & (other > 0)
        )
        blind = np.diagonal(equations.blocks, 0, 1, 2) <= 0
        return own | ~self.there | self.fixed | blind, common | (np.diagonal(equations.corner) <= 0)


def global_fit(
    works: Sequence[LevelWork],
    modes: Mapping[str, Mode],
    starts: Sequence[Array],
    *,
    fixed: tuple[int, str] | None = None,
    should_stop: ShouldStop | None = None,
) -> GlobalSolution:
    """Fit all levels of a series as one problem.

    Parameters
    ----------
    works : sequence of LevelWork
    modes : mapping of str to mode
        Of every free path: ``"free"``, ``"shared"`` or `Smooth`.
    starts : sequence of ndarray
        Free parameters of each level to begin with; shared ones begin at their median.
    fixed : tuple of (int, str) or None
        Level and path of a parameter that stays where it starts: that against which the
        others are told.
    should_stop : callable or None

    Raises
    ------
    FitError
        If the normal equations have no solution at all.
    Cancelled
        If `should_stop` returned True.
    """
    fit = _Global(works, layout_of([work.problem for work in works], modes), starts, fixed)
    fit.renew()
    iterations, converged = 0, False
    for _ in range(_PASSES):
        done, converged = _settle(fit, should_stop)
        iterations += done
        before = fit.chi_square(fit.own, fit.common)
        fit.renew()
        after = fit.chi_square(fit.own, fit.common)
        if abs(after - before) < _SETTLED:
            break
    done, converged = _settle(fit, should_stop)
    return _ended(fit, iterations + done, converged=converged)


def _settle(fit: _Global, should_stop: ShouldStop | None) -> tuple[int, bool]:
    """Go to the minimum with the weights as they are."""
    damping, chi_square = _FIRST_DAMPING, fit.chi_square(fit.own, fit.common)
    equations = fit.equations()
    for iteration in range(_ITERATIONS):
        if should_stop is not None and should_stop():
            raise Cancelled("the series fit was cancelled; nothing was changed.")
        levels, shared = fit.held(equations)
        ready = equations.held(levels, shared)
        while True:
            steps = solved(ready.damped(damping), levels)
            if steps is not None:
                own = np.clip(fit.own + steps[0], fit.lower, fit.upper)
                common = np.clip(fit.common + steps[1], fit.low, fit.high)
                expected = float(np.sum(ready.gradient * (own - fit.own)))
                expected += float(ready.corner_gradient @ (common - fit.common))
                if abs(expected) < _NEGLIGIBLE:
                    return iteration, True
                reached = fit.chi_square(own, common)
                if np.isfinite(reached) and reached < chi_square:
                    break
            damping *= 8.0
            if damping > _MOST_DAMPING:
                if steps is None:
                    raise FitError("the equations of the series have no solution: too few data.")
                return iteration, True
        fit.own, fit.common, chi_square = own, common, reached
        damping = max(damping / 8.0, 1e-9)
        equations = fit.equations()
    return _ITERATIONS, False


def _ended(fit: _Global, iterations: int, *, converged: bool) -> GlobalSolution:
    equations = fit.equations()
    levels, shared = fit.held(equations)
    own, borders, corner = _inverse(equations, levels, shared)
    blind = ~fit.there | fit.fixed | (np.diagonal(equations.blocks, 0, 1, 2) <= 0)
    opened, _, _ = _inverse(equations, blind, shared)
    n, wide = fit.n, fit.common.size
    whole = np.zeros((n + wide, n + wide))
    covariance, held, values = [], [], []
    for k, places in enumerate(fit.layout.places):
        whole[:n, :n], whole[:n, n:], whole[n:, :n] = own[k], borders[k], borders[k].T
        whole[n:, n:] = corner
        covariance.append(whole[np.ix_(places, places)])
        pushed = levels[k] & ~fit.fixed[k]  # what stays as the origin is on no bound
        held.append(np.concatenate([pushed, shared])[places])
        values.append(fit.level(k, fit.own, fit.common))
    return GlobalSolution(
        fit.layout,
        tuple(values),
        tuple(covariance),
        tuple(held),
        fit.chi_square(fit.own, fit.common),
        fit.roughness(fit.own),
        iterations,
        converged,
        borders,
        corner,
        fit.common[fit.m : fit.m + fit.c].copy(),
        np.sqrt(np.maximum(np.diagonal(opened, 0, 1, 2), 0.0)),
    )


def _inverse(
    equations: Arrowhead, levels: np.ndarray, shared: np.ndarray
) -> tuple[Array, Array, Array]:
    """Return the covariances, NaN where the equations have none."""
    found = covariances(equations.held(levels, shared), levels, shared)
    if found is not None:
        return found
    count, n, m = equations.borders.shape
    shapes = ((count, n, n), (count, n, m), (m, m))
    own, borders, corner = (np.full(shape, np.nan) for shape in shapes)
    return own, borders, corner
