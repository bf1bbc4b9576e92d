"""The quantities that have an uncertainty, and how a finished fit is fitted again.

Profile likelihood (`profile_likelihood`), Monte Carlo (`monte_carlo`) and the spread over
backgrounds and models (`spread`) all do one thing: change something, fit again with the
same constraints and the same weights, and look what a number became. That number is a
`Quantity`: the path of a parameter, or an `AreaRatio` of sums of areas. Ratios live on a
logarithmic scale, because a ratio of two positive areas is skewed and its inverse must
have the inverse interval.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import inf, nan
from statistics import NormalDist

import numpy as np

from ..errors import FitError
from ..fitting import FitResult
from ..fitting.problem import Problem, row_of
from ..fitting.result import Estimates
from ..spectrum import Array, Spectrum

ONE_SIGMA = 0.6826894921370859  # probability of a normal variable within one sigma
LEVEL = 0.95
FEWEST_DRAWS = 40  # of a Monte Carlo run: fewer have nothing in a 2.5 % tail

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class AreaRatio:
    """Sum of some areas over the sum of others.

    Attributes
    ----------
    numerator, denominator : tuple of str
        Paths of areas; a doublet's is that of both lines.
    """

    numerator: tuple[str, ...]
    denominator: tuple[str, ...]


Quantity = str | AreaRatio


@dataclass(frozen=True, eq=False)
class LinearForm:
    """A sum of parameters as a function of the free ones: ``row @ q + constant``.

    Attributes
    ----------
    row : ndarray, shape (F,)
    constant : float
    """

    row: Array
    constant: float

    def at(self, free: Array) -> Array:
        """Return the sum for free parameters of shape (..., F)."""
        return np.asarray(free @ self.row + self.constant)


def linear_form(problem: Problem, paths: Sequence[str]) -> LinearForm:
    """Return the sum of some parameters; a doublet's ``area`` is that of both lines."""
    return LinearForm(*row_of(problem, paths))


def quantity_value(result: Estimates, quantity: Quantity) -> float:
    """Return the fitted value; a ratio over nothing is infinite, nothing over nothing NaN."""
    if isinstance(quantity, str):
        return result.value(quantity)
    top, bottom = (
        sum(result.value(path) for path in side)
        for side in (quantity.numerator, quantity.denominator)
    )
    return float(quotient(np.array(top), np.array(bottom)))


def quantity_values(problem: Problem, quantity: Quantity, free: Array) -> Array:
    """Return a quantity for M sets of free parameters (M, F), shape (M,)."""
    if isinstance(quantity, str):
        return linear_form(problem, (quantity,)).at(free)
    sides = (quantity.numerator, quantity.denominator)
    return quotient(*(linear_form(problem, side).at(free) for side in sides))


def quotient(top: Array, bottom: Array) -> Array:
    """Return top / bottom; over nothing infinite, and nothing over nothing NaN."""
    with np.errstate(divide="ignore", invalid="ignore"):
        found = top / bottom
    return np.where(bottom == 0, np.where(top == 0, nan, inf), found)


def sum_of(result: Estimates, paths: Sequence[str]) -> Array:
    """Return the weights (P,) over all parameters that add up some of them."""
    return np.sum([result.combination(path) for path in paths], axis=0)


def spectra_of(result: FitResult) -> dict[str, Spectrum]:
    """Return the spectrum of each region, as it was fitted."""
    return {region.name: region.spectrum for region in result.regions}


def check_fitted(result: FitResult) -> None:
    """Raise FitError if `result` was drawn and not fitted."""
    if result.method == "none":
        raise FitError(
            "this model was drawn, not fitted, so it has no uncertainty.", hint="Fit it first."
        )


def normal_quantile(level: float) -> float:
    """Return how many standard errors a two-sided interval of this level reaches.

    Raises
    ------
    FitError
        If the level does not lie between 0 and 1.
    """
    if not 0 < level < 1:
        raise FitError(f"a confidence level of {level:g} means nothing.", hint="Give e.g. 0.95.")
    return NormalDist().inv_cdf((1.0 + level) / 2.0)


def quantity_name(quantity: Quantity) -> str:
    """Return a quantity in words, for messages."""
    if isinstance(quantity, str):
        return quantity
    above, below = (" + ".join(side) for side in (quantity.numerator, quantity.denominator))
    return f"({above}) / ({below})"
