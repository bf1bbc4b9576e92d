"""Parameters without slope at a bound, fitted by the square of their distance from it.

A Voigt changes with the square of its Gaussian width: at mix 1, or at a Gaussian width of
zero, the curve has curvature but no slope in that parameter. A step that was cut off there
would find nothing that leads back, and the bound would pass for a minimum, with a wrong
area beside it. In the squared distance s = (q - flat)^2 the slope is finite everywhere
(half the second derivative, as in the heat equation), so the bound is one like any other.
`ParameterSpec.flat` names the places; `spectra_core.fitting.kernels.solver` does the same,
compiled.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ..spectrum import Array
from .solver import ResidualJacobian, Solution, solve

NEAREST = 1e-5  # the solver comes no nearer to the flat place; what is held there is put on it


@dataclass(frozen=True)
class Folding:
    """Which of F parameters are folded, and where.

    Attributes
    ----------
    flat : ndarray, shape (F,)
        NaN where there is no such place.
    sign : ndarray, shape (F,)
        +1 where `flat` is the lower bound, -1 where it is the upper one, else 0.
    """

    flat: Array
    sign: Array

    def fold(self, q: Array) -> Array:
        """Return what the solver sees for `q`."""
        square = np.maximum(np.square(q - self.flat), NEAREST**2)
        return np.where(self.sign != 0, square, q)

    def unfold(self, s: Array) -> Array:
        """Return the parameters for what the solver sees."""
        with np.errstate(invalid="ignore"):
            return np.where(self.sign != 0, self.flat + self.sign * np.sqrt(s), s)

    def slopes(self, s: Array) -> Array:
        """Return dq / ds."""
        with np.errstate(invalid="ignore"):
            return np.where(self.sign != 0, 0.5 * self.sign / np.sqrt(s), 1.0)


def folding(flat: Array, lower: Array, upper: Array) -> Folding:
    """Return what has to be folded within these bounds, shape (F,) each."""
    sign = np.where(flat == lower, 1.0, np.where(flat == upper, -1.0, 0.0))
    return Folding(flat, np.where(lower < upper, sign, 0.0))


def solve_folded(
    function: ResidualJacobian,
    start: Array,
    lower: Array,
    upper: Array,
    flat: Array,
    **options: Any,
) -> Solution:
    """Do `solver.solve` where some parameters have no slope at a bound.

    Parameters
    ----------
    function, start, lower, upper
        As `solve` takes them.
    flat : ndarray, shape (F,)
        Where the curve has no slope in a parameter; NaN for most.
    options
        Passed on.
    """
    folds = folding(flat, lower, upper)
    if not folds.sign.any():
        return solve(function, start, lower, upper, **options)
    ends = np.where(folds.sign > 0, upper, lower)
    low = np.where(folds.sign != 0, NEAREST**2, lower)
    high = np.where(folds.sign != 0, np.square(ends - flat), upper)
    # Damped as if they were not folded: less and less free towards their flat places.
    solution = solve(
        _folded(function, folds),
        folds.fold(start),
        low,
        high,
        stretch=lambda s: np.abs(folds.slopes(s)),
        **options,
    )
    q = folds.unfold(solution.q)
    q = np.where((folds.sign != 0) & (solution.q >= high), ends, q)
    on_flat = (folds.sign != 0) & (solution.q <= low) & solution.held
    jacobian = solution.jacobian / folds.slopes(solution.q)
    if not on_flat.any():
        return replace(solution, q=q, jacobian=jacobian)
    q = np.where(on_flat, flat, q)
    residual, jacobian = function(q)
    return replace(
        solution, q=q, chi_square=float(residual @ residual), residual=residual, jacobian=jacobian
    )


def _folded(function: ResidualJacobian, folds: Folding) -> Callable[[Array], tuple[Array, Array]]:
    def inner(s: Array) -> tuple[Array, Array]:
        residual, jacobian = function(folds.unfold(s))
        return residual, jacobian * folds.slopes(s)

    return inner
