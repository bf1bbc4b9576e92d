"""How the curve of a model moves with its free parameters, by the kernels where they can."""

from __future__ import annotations

import numpy as np

from ..spectrum import Array
from .engine import NUMBA, chosen_engine, kernels, pack
from .evaluate import residual_jacobian
from .problem import Problem


def tangent_rows(problem: Problem, q: Array, sigmas: tuple[Array, ...]) -> Array:
    """Return the derivatives (N, F) of the model over sigma by its free parameters.

    Parameters
    ----------
    problem : Problem
    q : ndarray, shape (F,)
    sigmas : tuple of ndarray
        Of each region.
    """
    packed = pack(problem) if chosen_engine() == NUMBA else None
    if packed is None:
        return residual_jacobian(problem, q, sigmas)[1]
    none = np.zeros(packed.n_points)  # data and static backgrounds do not move
    curve, residual, rows = np.empty_like(none), np.empty_like(none), np.empty((q.size, none.size))
    weights = 1.0 / packed.turned(list(sigmas))
    kernels().weighted_rows(packed.plan, none, none, weights, q, curve, residual, rows)
    return packed.unturned(rows).T
