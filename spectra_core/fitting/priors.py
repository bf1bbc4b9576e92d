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

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from ..model import Model, Prior, members_of
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
    model: Model, places: Mapping[str, int], matrix: Array, acting: Collection[int]
) -> PriorRows:
    """Return the rows of a model's priors.

    Parameters
    ----------
    model : Model
    places : mapping of str to int
        Place of each parameter in ``p``.
    matrix : ndarray, shape (P, F)
    acting : collection of int
        Places that some curve hangs on: a prior on a disabled component waits for it.

    Raises
    ------
    ModelError
        If a prior speaks of something that is not in the model.
    """
    rows: list[tuple[Prior, Array, Array]] = []
    idle: list[Prior] = []
    for prior in model.priors:
        row, scale = _rows(model, prior, places)
        if not set(np.flatnonzero(row.astype(bool) | scale.astype(bool)).tolist()) <= set(acting):
            continue
        if not (row @ matrix).any():
            idle.append(prior)
            continue
        rows.append((prior, row, scale))
    if not rows:
        return replace(no_priors(len(places)), idle=tuple(idle))
    priors, sums, scales = zip(*rows, strict=True)
    return PriorRows(
        priors,
        np.array(sums),
        np.array([prior.value for prior in priors]),
        np.array([np.inf if prior.sd is None else prior.sd for prior in priors]),
        np.array([prior.relative or 0.0 for prior in priors]),
        np.array(scales),
        np.array([0.0 if prior.relative_to else prior.value for prior in priors]),
        tuple(idle),
    )


def _rows(model: Model, prior: Prior, places: Mapping[str, int]) -> tuple[Array, Array]:
    """Return the weights of what is known, and of what its width is a part of, (P,) each."""
    row, scale = np.zeros(len(places)), np.zeros(len(places))
    for i, term in enumerate(prior.terms):
        for member in members_of(model, term.source):
            row[places[member]] += term.times
            if i and not prior.relative_to:
                scale[places[member]] -= term.times
    for member in members_of(model, prior.relative_to) if prior.relative_to else ():
        scale[places[member]] += 1.0
    return row, scale


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
