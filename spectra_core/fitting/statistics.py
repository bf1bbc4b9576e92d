"""Statistics of the residuals of one fit.

References
----------
.. [1] N. Fairley et al., J. Vac. Sci. Technol. A 41, 013203 (2023).
.. [2] A. Wald, J. Wolfowitz, Ann. Math. Stat. 11, 147 (1940).
   doi:10.1214/aoms/1177731909 (runs test)
"""

from __future__ import annotations

from collections.abc import Sequence
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
        Chi-square of data and priors over the degrees of freedom; about 1 when sigma is
        known and the model right. Where sigma is not known, that of the data alone.
    residual_std : float or None
        Root mean square of the residuals in units of the counting noise; ideal 1.
        None where the counts are not known.
    abbe : float
        Half the mean squared successive difference over the mean square: 1 random,
        towards 0 a correlated misfit, towards 2 alternating.
    runs_p : float
        Two-sided p-value of the runs test on the residuals' signs.
    aic, aicc, bic : float
        Information criteria; with unknown sigma from the sum of squares. What a prior
        says beforehand is no parameter that the data pay for, so each prior takes one off.
    prior_chi_square : float
        Sum of squared (value - prior) / sd of what is known beforehand.
    n_priors : int
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
    prior_chi_square: float = 0.0
    n_priors: int = 0

    @property
    def degrees_of_freedom(self) -> int:
        """Points and priors over free parameters; at least 1."""
        return max(self.n_points + self.n_priors - self.n_free, 1)


def fit_statistics(
    residual: Array,
    n_free: int,
    *,
    sigma_known: bool,
    noise_residual: Array | None = None,
    prior_residual: Array | None = None,
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
    prior_residual : ndarray, shape (K,), or None
        (value - prior) / sd of each prior.
    """
    noise = [noise_residual]
    known = np.zeros(0) if prior_residual is None else prior_residual
    return statistics_rows(residual[None], n_free, known, sigma_known=sigma_known, noise=noise)[0]


def statistics_rows(
    residual: Array,
    n_free: int,
    known: Array,
    *,
    sigma_known: bool,
    noise: Sequence[Array | None] | None = None,
) -> tuple[Statistics, ...]:
    """Return what `fit_statistics` does for each of M fits; `residual` is (M, N).

    `known` (K,) is what the priors say of each of them, `noise` their noise residuals.
    """
    n, said = residual.shape[1], float(known @ known)
    over_noise = residual if sigma_known else noise or [None] * len(residual)
    alike = zip(_abbe_rows(residual), _runs_rows(residual), strict=True)
    found = []
    for row, (rough, runs) in enumerate(alike):
        own, noisy = residual[row], over_noise[row]
        total = Total(float(own @ own), n, n_free, sigma_known, said, known.size)
        paid, misfit = total.paid, total.misfit
        aic = misfit + 2 * paid
        found.append(
            Statistics(
                n,
                n_free,
                total.chi_square,
                total.reduced_chi_square,
                None if noisy is None else sqrt(float(noisy @ noisy) / n),
                rough,
                runs,
                aic,
                aic + 2 * paid * (paid + 1) / max(n - paid - 1, 1),
                misfit + paid * log(n),
                said,
                known.size,
            )
        )
    return tuple(found)


@dataclass(frozen=True)
class Total:
    """What of a fit's statistics needs no more than its sums of squares.

    Attributes
    ----------
    chi_square : float
        Of the data.
    n_points, n_free : int
    sigma_known : bool
    prior_chi_square : float
    n_priors : int
    """

    chi_square: float
    n_points: int
    n_free: int
    sigma_known: bool
    prior_chi_square: float = 0.0
    n_priors: int = 0

    @property
    def reduced_chi_square(self) -> float:
        """See `Statistics`."""
        if not self.sigma_known:
            return self.chi_square / max(self.n_points - self.n_free, 1)
        freedom = max(self.n_points + self.n_priors - self.n_free, 1)
        return (self.chi_square + self.prior_chi_square) / freedom

    @property
    def misfit(self) -> float:
        """Minus twice the logarithm of likelihood times priors, but for a constant."""
        if self.sigma_known:
            return self.chi_square + self.prior_chi_square
        n = self.n_points
        return n * log(max(self.chi_square, 1e-300) / n) + self.prior_chi_square

    @property
    def paid(self) -> int:
        """How many parameters the data pay for: each prior takes one off."""
        return max(self.n_free - self.n_priors, 0)

    @property
    def bic(self) -> float:
        """Schwarz's information criterion."""
        return self.misfit + self.paid * log(self.n_points)


def abbe(residual: Array) -> float:
    """Return Abbe's criterion of the residuals; 1 for independent ones."""
    return _abbe_rows(residual[None])[0]


def _abbe_rows(residual: Array) -> list[float]:
    found = []
    for own, steps in zip(residual, residual[:, 1:] - residual[:, :-1], strict=True):
        total = float(own @ own)
        found.append(float(0.5 * (steps @ steps) / total) if total else 1.0)
    return found


def runs_p_value(residual: Array) -> float:
    """Return the two-sided p-value of the Wald-Wolfowitz runs test on the signs."""
    signs = residual[residual != 0] > 0
    changes = int(np.count_nonzero(signs[1:] != signs[:-1]))
    return _runs_p(int(signs.size), int(signs.sum()), 1 + changes)


def _runs_rows(residual: Array) -> list[float]:
    signs = residual > 0
    changes = (signs[:, 1:] != signs[:, :-1]).sum(axis=1).tolist()
    counts = zip(signs.sum(axis=1).tolist(), changes, (residual == 0).any(axis=1), strict=True)
    return [
        runs_p_value(residual[row]) if zeros else _runs_p(residual.shape[1], above, 1 + changed)
        for row, (above, changed, zeros) in enumerate(counts)
    ]


def _runs_p(n: int, above: int, runs: int) -> float:
    pairs = 2.0 * above * (n - above)
    if n < 2 or pairs == 0:
        return 1.0
    mean = pairs / n + 1.0
    variance = pairs * (pairs - n) / (n * n * (n - 1.0))
    if variance <= 0:
        return 1.0
    return float(erfc(abs(runs - mean) / sqrt(2.0 * variance)))
