"""Statistics of the residuals of one fit.

References
----------
.. [1] N. Fairley et al., J. Vac. Sci. Technol. A 41, 013203 (2023).
.. [2] A. Wald, J. Wolfowitz, Ann. Math. Stat. 11, 147 (1940).
   doi:10.1214/aoms/1177731909 (runs test)
"""

from __future__ import annotations

from dataclasses import dataclass
from math import erfc, log, sqrt

import numpy as np

from ..spectrum import Array


@dataclass(frozen=True)
class Statistics:
    """How well the model describes the data.

    Attributes
    ----------
    n_points, n_free : int
    chi_square : float
        Sum of squared (data - model) / sigma.
    reduced_chi_square : float
        Over the degrees of freedom; about 1 when sigma is known and the model right.
    residual_std : float or None
        Root mean square of the residuals in units of the counting noise; ideal 1.
        None where the counts are not known.
    abbe : float
        Half the mean squared successive difference over the mean square: 1 random,
        towards 0 a correlated misfit, towards 2 alternating.
    runs_p : float
        Two-sided p-value of the runs test on the residuals' signs.
    aic, aicc, bic : float
        Information criteria; with unknown sigma from the sum of squares.
    """

    n_points: int
    n_free: int
    chi_square: float
    reduced_chi_square: float
    residual_std: float | None
    abbe: float
    runs_p: float
    aic: float
    aicc: float
    bic: float


def fit_statistics(
    residual: Array, n_free: int, *, sigma_known: bool, noise_residual: Array | None = None
) -> Statistics:
    """Return the statistics of normalised residuals.

    Parameters
    ----------
    residual : ndarray, shape (N,)
        (data - model) / sigma in the order of the axis.
    n_free : int
        Number of free parameters.
    sigma_known : bool
        Whether sigma is the standard deviation of the data; False when unit weights
        stand in for it.
    noise_residual : ndarray, shape (N,), or None
        The residuals over the counting noise, where that is known though unit weights
        were used.
    """
    n = residual.size
    chi_square = float(residual @ residual)
    dof = max(n - n_free, 1)
    misfit = chi_square if sigma_known else n * log(max(chi_square, 1e-300) / n)
    aic = misfit + 2 * n_free
    correction = 2 * n_free * (n_free + 1) / max(n - n_free - 1, 1)
    noise = residual if sigma_known else noise_residual
    return Statistics(
        n,
        n_free,
        chi_square,
        chi_square / dof,
        None if noise is None else sqrt(float(noise @ noise) / n),
        abbe(residual),
        runs_p_value(residual),
        aic,
        aic + correction,
        bayes_criterion(chi_square, n, n_free, sigma_known=sigma_known),
    )


def bayes_criterion(chi_square: float, n_points: int, n_free: int, *, sigma_known: bool) -> float:
    """Return Schwarz's information criterion of a fit (BIC)."""
    misfit = chi_square
    if not sigma_known:
        misfit = n_points * log(max(chi_square, 1e-300) / n_points)
    return misfit + n_free * log(n_points)


def abbe(residual: Array) -> float:
    """Return Abbe's criterion of the residuals; 1 for independent ones."""
    total = float(residual @ residual)
    if total == 0:
        return 1.0
    differences = np.diff(residual)
    return float(0.5 * (differences @ differences) / total)


def runs_p_value(residual: Array) -> float:
    """Return the two-sided p-value of the Wald-Wolfowitz runs test on the signs."""
    signs = residual[residual != 0] > 0
    n = int(signs.size)
    above = int(signs.sum())
    pairs = 2.0 * above * (n - above)
    if n < 2 or pairs == 0:
        return 1.0
    runs = 1 + int(np.count_nonzero(signs[1:] != signs[:-1]))
    mean = pairs / n + 1.0
    variance = pairs * (pairs - n) / (n * n * (n - 1.0))
    if variance <= 0:
        return 1.0
    return float(erfc(abs(runs - mean) / sqrt(2.0 * variance)))
