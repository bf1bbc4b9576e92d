"""One level of a series as the global fit sees it: residuals and derivatives at some values."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np

from ..fitting import FitOptions
from ..fitting.engine import CompiledFit, compiled_fit, fixed_weights, kernels
from ..fitting.engine import settle as compiled_settle
from ..fitting.evaluate import residual_jacobian
from ..fitting.measured import shape_errors
from ..fitting.problem import Problem
from ..fitting.single import Settled, settler
from ..fitting.weights import Weights, counting_time
from ..spectrum import Array


@dataclass(eq=False)
class LevelWork:
    """A level's problem with what is evaluated again and again.

    Attributes
    ----------
    problem : Problem
    kinds : tuple of Weights
    compiled : CompiledFit or None
        None where numpy has to do it.
    sigmas : list of ndarray
        Standard deviation of each point, by region.
    precision : ndarray, shape (K,)
        1 / sd of each prior.
    shapes : tuple of str
        Measured spectra among the components of the series whose noise all levels share.
    spread : ndarray, shape (N, S)
        What one standard deviation of each of their nodes does to the curve, over sigma, at
        the values of the last `renew`.
    """

    problem: Problem
    kinds: tuple[Weights, ...]
    compiled: CompiledFit | None
    sigmas: list[Array]
    precision: Array
    shapes: tuple[str, ...] = ()
    spread: Array = field(default_factory=lambda: np.zeros((0, 0)))
    _last: tuple[Array, tuple[Array, Array]] | None = None

    def at(self, q: Array) -> tuple[Array, Array]:
        """Return (data - model) / sigma (N,) and the model's derivatives / sigma (F, N).

        Points stand in the order of the problem. The last place asked for is remembered.
        """
        if self._last is None or not np.array_equal(self._last[0], q):
            self._last = q.copy(), self._evaluated(q)
        return self._last[1]

    def _evaluated(self, q: Array) -> tuple[Array, Array]:
        if self.compiled is None:
            r, jacobian = residual_jacobian(self.problem, q, tuple(self.sigmas))
            return -r, jacobian.T
        fit = self.compiled
        packed = fit.packed
        curve, residual = np.empty(fit.y.size), np.empty(fit.y.size)
        jacobian = np.empty((q.size, fit.y.size))
        weights = packed.turned([1.0 / sigma for sigma in self.sigmas])
        kernels().weighted_rows(
            packed.plan, fit.y, fit.static, weights, q, curve, residual, jacobian
        )
        return packed.unturned(residual), packed.unturned(jacobian)

    def renew(self, q: Array) -> None:
        """Take weights from the model at `q`, where they follow it, and the priors' too."""
        residual, _ = self.at(q)
        start = 0
        for k, region in enumerate(self.problem.regions):
            own = residual[start : start + region.x.size]
            start += region.x.size
            if self.kinds[k] is Weights.POISSON:
                time = counting_time(region.spectrum) or 1.0
                curve = region.y - own * self.sigmas[k]
                self.sigmas[k] = np.sqrt(np.maximum(curve * time, 1.0)) / time
        self._last = None
        errors = np.concatenate(shape_errors(self.problem, q, self.shapes))
        self.spread = errors / np.concatenate(self.sigmas)[:, None]
        sds = self.problem.prior_sigmas(q)
        self.precision = np.where(np.isfinite(sds) & (sds > 0), 1.0 / np.maximum(sds, 1e-300), 0.0)

    def chi_square(self, q: Array) -> float:
        """Return chi-square of data alone."""
        residual, _ = self.at(q)
        return float(residual @ residual)


def level_work(
    problem: Problem,
    kinds: tuple[Weights, ...],
    settled: Settled,
    q: Array,
    compiled: CompiledFit | None,
    shapes: tuple[str, ...] = (),
) -> LevelWork:
    """Return the work of a level.

    Parameters
    ----------
    problem : Problem
        As the series has it.
    kinds : tuple of Weights
    settled : Settled
        The level's own fit; where the noise is not known it is that of its residuals.
    q : ndarray, shape (F,)
        Where the series begins.
    compiled : CompiledFit or None
        Of `problem`.
    shapes : tuple of str
        As in `LevelWork`; sigmas are then those of the data alone.
    """
    sigmas = [np.array(sigma) for sigma in settled.sigmas]
    if Weights.UNIT in kinds:
        data = settled.solution.residual[: problem.n_points]
        left = max(problem.n_points - problem.free.size, 1)
        sigmas = [sigma * np.sqrt(float(data @ data) / left) for sigma in sigmas]
    fixed = fixed_weights(problem, kinds)
    sigmas = [
        1.0 / weights if kind in (Weights.GIVEN, Weights.EMPIRICAL) else sigma
        for sigma, weights, kind in zip(sigmas, fixed, kinds, strict=True)
    ]
    work = LevelWork(
        problem,
        kinds,
        compiled,
        sigmas,
        np.zeros(len(problem.priors)),
        shapes,
    )
    work.renew(q)
    return work


Settle = Callable[[Array], Settled]


def settler_of(problem: Problem, kinds: tuple[Weights, ...], options: FitOptions) -> Settle:
    """Return what fits a level from given values.

    As `spectra_core.fitting.single.settler`, without the model's own start values.
    """
    return settling(problem, kinds, options, compiled_fit(problem, kinds, with_start=False))


def settling(
    problem: Problem, kinds: tuple[Weights, ...], options: FitOptions, compiled: CompiledFit | None
) -> Settle:
    """Return what fits a level from given values; bounds are those of `problem`."""
    plain = replace(options, starts=1)
    if compiled is None:
        slow = settler(problem, kinds, plain, None, None)
        return lambda q: slow(q)
    fit = replace(compiled, packed=replace(compiled.packed, problem=problem))

    def settle(q: Array) -> Settled:
        found = compiled_settle(
            fit, q, tolerance=plain.tolerance, max_iterations=plain.max_iterations
        )
        if found is None:
            return settler(problem, kinds, plain, None, None)(q)
        return Settled(*found, fit.packed)

    return settle
