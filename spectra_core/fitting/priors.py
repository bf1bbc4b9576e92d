"""What is known before a fit, as rows of its least-squares problem.

A prior says ``sum(times * parameter) = value +/- sd``; with p = A q + b that is a row
``c A q = value - c b``, whose derivative is constant. Row and residual divided by the
standard deviation stand below those of the data. A standard deviation that is a part of
what the other terms say of the first follows the fit as Poisson weights do: it is made from
the last pass, and is infinite before there is one.

References
----------
.. [1] K. Cranmer et al., HistFactory, CERN-OPEN-2012-016 (2012).
.. [2] JCGM 100:2008, Guide to the expression of uncertainty in measurement.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from ..model import Prior
from ..spectrum import Array
from .tolerances import LEAST_REFERENCE

if TYPE_CHECKING:
    from .problem import Problem


@dataclass(frozen=True, eq=False)
class PriorRows:
    """The priors of a problem that act on something, K of them.

    Attributes
    ----------
    priors : tuple of Prior, length K
    sums : ndarray, shape (K, P)
        Weights of the parameters in the sum that is known.
    values : ndarray, shape (K,)
    sds : ndarray, shape (K,)
        Infinite where the standard deviation is relative.
    relatives : ndarray, shape (K,)
        Zero where it is not.
    scales : ndarray, shape (K, P)
        Weights of the parameters in what a relative standard deviation is a part of.
    scale_values : ndarray, shape (K,)
        Added to it.
    idle : tuple of Prior
        Those on parameters that nothing free moves.
    """

    priors: tuple[Prior, ...]
    sums: Array
    values: Array
    sds: Array
    relatives: Array
    scales: Array
    scale_values: Array
    idle: tuple[Prior, ...] = ()

    def __len__(self) -> int:
        return len(self.priors)

    @cached_property
    def relative(self) -> bool:
        """Whether some standard deviation follows the fit."""
        return bool(self.relatives.any())

    def sigmas(self, p: Array | None, before: Array | None = None) -> Array:
        """Return the standard deviations (K,) for the parameters `p` of the last pass.

        Infinite where there was none. Where both sides of a tie are zero nothing can be a
        part of them: there the one `before` stays.
        """
        if p is None or not self.relative:
            return self.sds
        known = np.nan_to_num(p)  # a disabled component's values are not in any prior
        scale = self.scales @ known + self.scale_values
        first = self.sums @ known - self.values + scale
        size = np.maximum(np.abs(scale), LEAST_REFERENCE * np.abs(first))
        stays = np.full(len(self), np.inf) if before is None else before
        relative = np.where(size > 0, self.relatives * size, stays)
        return np.where(self.relatives > 0, relative, self.sds)

    def held(self, p: Array) -> PriorRows:
        """Return the same priors with the standard deviations that they have at `p`."""
        return replace(self, sds=self.sigmas(p), relatives=np.zeros(len(self)))


def no_priors(n_parameters: int) -> PriorRows:
    """Return the rows of a model that has no prior."""
    none, empty = np.zeros((0, n_parameters)), np.zeros(0)
    return PriorRows((), none, empty, empty, empty, none, empty)


def prior_rows(
    priors: Sequence[Prior],
    places_of: Callable[[str], Sequence[int]],
    matrix: Array,
    acting: AbstractSet[int],
) -> PriorRows:
    """Return the rows of a model's priors.

    Parameters
    ----------
    priors : sequence of Prior
    places_of : callable
        Places in ``p`` that a path stands for.
    matrix : ndarray, shape (P, F)
    acting : set of int
        Places that some curve hangs on: a prior on a disabled component waits for it.

    Raises
    ------
    ModelError
        If a prior speaks of something that is not in the model.
    """
    rows: list[tuple[Prior, Array, Array]] = []
    idle: list[Prior] = []
    for prior in priors:
        row, scale, spoken = _rows(prior, places_of, len(matrix))
        if not spoken <= acting:
            continue
        if not (row @ matrix).any():
            idle.append(prior)
            continue
        rows.append((prior, row, scale))
    if not rows:
        return replace(no_priors(len(matrix)), idle=tuple(idle))
    own, sums, scales = zip(*rows, strict=True)
    return PriorRows(
        own,
        np.array(sums),
        np.array([prior.value for prior in own]),
        np.array([np.inf if prior.sd is None else prior.sd for prior in own]),
        np.array([prior.relative or 0.0 for prior in own]),
        np.array(scales),
        np.array([0.0 if prior.relative_to else prior.value for prior in own]),
        tuple(idle),
    )


def _rows(
    prior: Prior, places_of: Callable[[str], Sequence[int]], n: int
) -> tuple[Array, Array, set[int]]:
    """Return the weights of what is known, and of what its width is a part of, (n,) each.

    And the places of all that either speaks of.
    """
    row, scale = np.zeros(n), np.zeros(n)
    spoken: set[int] = set()
    for i, term in enumerate(prior.terms):
        for place in places_of(term.source):
            row[place] += term.times
            spoken.add(place)
            if i and not prior.relative_to:
                scale[place] -= term.times
    for place in places_of(prior.relative_to) if prior.relative_to else ():
        scale[place] += 1.0
        spoken.add(place)
    return row, scale, {place for place in spoken if row[place] or scale[place]}


def prior_residual(problem: Problem, q: Array, sigmas: Array) -> Array:
    """Return (what the parameters say - what is known) / sd of each prior, shape (K,)."""
    return (problem.prior_matrix @ q - problem.prior_targets) / sigmas


def with_prior_rows(
    problem: Problem, q: Array, sigmas: Array, residual: Array, jacobian: Array
) -> tuple[Array, Array]:
    """Return residuals (N + K,) and derivatives (N + K, F) with the priors below the data."""
    if not len(problem.priors):
        return residual, jacobian
    rows = problem.prior_matrix / sigmas[:, None]
    known = prior_residual(problem, q, sigmas)
    return np.concatenate([residual, known]), np.concatenate([jacobian, rows])
