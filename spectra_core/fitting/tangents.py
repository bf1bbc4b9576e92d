"""Residuals and how they move with the free parameters, by the kernels where they can."""

from __future__ import annotations

import numpy as np

from ..spectrum import Array
from .engine import NUMBA, chosen_engine, kernels, pack, turned_data
from .evaluate import residual_jacobian
from .problem import Problem


def tangent_rows(problem: Problem, q: Array, sigmas: tuple[Array, ...]) -> tuple[Array, Array]:
    """Return what `evaluate.residual_jacobian` returns: residuals (N,), derivatives (N, F).

    Parameters
    ----------
    problem : Problem
    q : ndarray, shape (F,)
    sigmas : tuple of ndarray
        Of each region.
    """
    packed = pack(problem) if chosen_engine() == NUMBA else None
    if packed is None:
        return residual_jacobian(problem, q, sigmas)
    n = packed.n_points
    curve, residual, rows = np.empty(n), np.empty(n), np.empty((q.size, n))
    weights = 1.0 / packed.turned(list(sigmas))
    y, static = turned_data(packed, problem)
    kernels().weighted_rows(packed.plan, y, static, weights, q, curve, residual, rows)
    return -packed.unturned(residual), packed.unturned(rows).T
