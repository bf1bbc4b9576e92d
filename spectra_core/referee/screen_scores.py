"""What the lint's score tests would find, asked of many fits of one model at once.

The directions that a fit cannot imitate are nearly the same for all fits of a model. They are
taken from one of them, and each fit is asked for three quarters of what its own test asks. The
few that come near are asked again with their own directions, and those that come near then,
too, are for the lint itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import chdtri, ndtri

from ..fitting import FitResult
from ..fitting.stack import Stack, StackRegion
from ..spectrum import Array
from .lines import MISSING_RATE
from .rigidity import RATE as RIGID_RATE
from .rigidity import Level, Separations, known_positions
from .sample import FAR_RATE
from .score import (
    IMITATED,
    Minimum,
    directions_of,
    minimum_of,
    p_of_largest,
    path_length,
    shifted_copies,
)
from .spikes import RATE as SPIKE_RATE
from .spikes import beside_neighbours
from .ties import RATE as TENSION_RATE
from .ties import WORTH_A_REFIT, number_tried

_PART = 0.75
_NEAR = 0.9  # of the limit, with a fit's own directions
_TOLD = 1e-3


@dataclass(frozen=True, eq=False)
class RegionScores:
    """Directions of one region's score tests.

    Attributes
    ----------
    name : str
    curves : ndarray, shape (C, N)
        One more component at C places.
    left : ndarray, shape (C,)
        Which part of each curve's length a fit cannot imitate.
    limit : float
        Of a score, in standard errors.
    place : slice
        The region's rows among those of the fit.
    """

    name: str
    curves: Array
    left: Array
    limit: float
    place: slice

    def loud(self, stack: Stack, region: StackRegion, rows: np.ndarray) -> np.ndarray:
        """Return which of some rows may lack a component or have a spike."""
        residual, sigma = region.residual[rows], region.sigma[rows]
        n = residual.shape[1]
        found = np.abs(beside_neighbours(residual)).max(axis=1) > -ndtri(0.5 * SPIKE_RATE / n)
        if self.curves.size:
            along = (residual / sigma) @ self.curves.T
            length = np.sqrt((1.0 / sigma**2) @ (self.curves**2).T) * self.left
            near = ~found & ((along / length).max(axis=1) > _PART * self.limit)
            for place in np.flatnonzero(near).tolist():
                found[place] = self._lacks_one(stack, region, int(rows[place]))
        return np.asarray(found)

    def _lacks_one(self, stack: Stack, region: StackRegion, row: int) -> bool:
        """Return whether a fit may lack a component, by the directions of its own parameters."""
        q = stack.values[row][stack.problem.free]
        sigmas = tuple(each.sigma[row] for each in stack.regions)
        basis = directions_of(stack.problem, q, sigmas, stack.at_bound[row])
        curves = self.curves / region.sigma[row]
        whole = np.sum(curves**2, axis=1)
        left = whole - np.sum((curves @ basis[self.place]) ** 2, axis=1)
        told = left > IMITATED**2 * whole
        along = curves[told] @ region.residual[row]
        z = along / np.sqrt(left[told])
        return bool(z.max(initial=0.0) > _NEAR * self.limit)


def region_scores(example: FitResult) -> tuple[RegionScores, ...]:
    """Return the directions of each region's tests, from one fit of the model."""
    minimum = minimum_of(example)
    return tuple(_scores(example, minimum, region.name) for region in example.regions)


def _scores(example: FitResult, minimum: Minimum, name: str) -> RegionScores:
    fitted, place = example.region(name), minimum.places[name]
    found = shifted_copies(example, name)
    curves = np.zeros((0, fitted.x.size)) if found is None else found[1]
    rows = np.zeros((curves.shape[0], minimum.residual.size))
    rows[:, place] = curves / fitted.sigma
    length = np.linalg.norm(rows, axis=1)
    part = np.linalg.norm(minimum.left_of(rows), axis=1) / np.maximum(length, 1e-300)
    told = part > IMITATED
    limit = _limit(path_length(minimum.scores(rows)[2]), MISSING_RATE / len(example.regions))
    return RegionScores(name, curves[told], part[told], limit, place)


def _limit(length: float, rate: float) -> float:
    """Return the score that the largest of many exceeds in a part of the fits."""
    tried = np.arange(1.0, 8.0, 0.05)
    p_values = [p_of_largest(float(z), length) for z in tried]
    return float(tried[int(np.argmax(np.array(p_values) < rate))])


def in_tension(stack: Stack, rows: np.ndarray, example: FitResult) -> np.ndarray:
    """Return where a prior, or a group of priors, may be contradicted."""
    priors, tried = stack.problem.priors, number_tried(example)
    found = np.zeros(rows.size, dtype=bool)
    if not len(priors) or not tried:
        return found
    values = np.nan_to_num(stack.values[rows])
    sds = np.array([priors.sigmas(p) for p in values])
    pulls = (values @ priors.sums.T - priors.values) / sds
    known = np.einsum("kp,mpq,lq->mkl", priors.sums, stack.covariance[rows], priors.sums)
    left = np.eye(len(priors)) - known / (sds[:, :, None] * sds[:, None, :])
    told = np.einsum("mkk->mk", left)
    gains = np.where(told > _TOLD, pulls**2 / np.maximum(told, _TOLD), 0.0)
    part = TENSION_RATE / tried
    found |= ~(gains.max(axis=1) < WORTH_A_REFIT * chdtri(1, part))
    for group in {prior.group for prior in priors.priors}:
        places = [k for k, prior in enumerate(priors.priors) if prior.group == group]
        size, ways = np.linalg.eigh(left[:, places][:, :, places])
        along = np.einsum("mkj,mk->mj", ways, pulls[:, places])
        gain = np.sum(np.where(size > 0.05, along**2 / np.maximum(size, 0.05), 0.0), axis=1)
        found |= ~(gain < 0.9 * chdtri(1, part))
    return found


@dataclass(frozen=True, eq=False)
class Positions:
    """Where the assigned lines of a model are expected, and how well that is known."""

    expected: Array
    covariance: Array
    has_own_scale: bool

    @classmethod
    def of(cls, levels: Sequence[Level], separations: Separations, held: int | None) -> Positions:
        """Return the known positions of some lines, one of which may make the scale."""
        return cls(*known_positions(levels, separations, held), held is not None)

    def loud(self, positions: Array) -> np.ndarray:
        """Return where positions (M, n) may be called far, shifted or not rigid, shape (M,)."""
        n = self.expected.size
        offsets = positions - self.expected
        far = np.abs(offsets) / np.sqrt(np.diag(self.covariance))
        found = far.max(axis=1) > -ndtri(0.5 * FAR_RATE / n)
        if n < 2:
            return np.asarray(found)
        inverse = np.linalg.inv(self.covariance)
        weights = inverse.sum(axis=1)
        shift = offsets @ weights / weights.sum()
        left = offsets - shift[:, None]
        chi_square = np.einsum("mi,ij,mj->m", left, inverse, left)
        found |= chi_square > chdtri(n - 1, RIGID_RATE)
        if not self.has_own_scale:
            found |= np.abs(shift) * np.sqrt(weights.sum()) > -_PART * ndtri(0.5 * RIGID_RATE)
        return np.asarray(found)
