"""How well a model describes data, beside others: its evidence by Laplace's approximation.

The evidence is the likelihood averaged over everything the priors allow. Around the best fit both
are normal, so that it is the likelihood there times, for each direction, what is left of the
prior's width. What has no prior gets one that is worth a single point of the data (unit
information [1]): without any prior the evidence is then BIC, exactly. A direction that data leave
as wide as the prior costs nothing.

References
----------
.. [1] R. E. Kass, L. Wasserman, J. Am. Stat. Assoc. 90, 928 (1995).
   doi:10.1080/01621459.1995.10476592
.. [2] R. E. Kass, A. E. Raftery, J. Am. Stat. Assoc. 90, 773 (1995).
   doi:10.1080/01621459.1995.10476572
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ..fitting.result import Estimates
from ..fitting.tangents import tangent_rows
from ..spectrum import Array

_BLIND = 1e-12  # of a direction's information: less is none, before and after


@dataclass(frozen=True, eq=False)
class Shape:
    """Chi-square around a fit, with given standard deviations of the data.

    Attributes
    ----------
    residual : ndarray, shape (N,)
        (model - data) / sigma.
    jacobian : ndarray, shape (N, F)
    priors : ndarray, shape (K, F)
        Rows of the priors over their standard deviations.
    pulls : ndarray, shape (K,)
    """

    residual: Array
    jacobian: Array
    priors: Array
    pulls: Array

    @property
    def chi_square(self) -> float:
        """Of data and priors."""
        return float(self.residual @ self.residual + self.pulls @ self.pulls)

    @cached_property
    def information(self) -> Array:
        """What data and priors say together, shape (F, F)."""
        return self.jacobian.T @ self.jacobian + self.priors.T @ self.priors

    @property
    def log_evidence(self) -> float:
        """Logarithm of the evidence, up to what all models of the same data have in common."""
        data = self.jacobian.T @ self.jacobian / self.residual.size
        before = data + self.priors.T @ self.priors
        return -0.5 * (self.chi_square + _log_ratio(self.information, before))

    def gain_of(self, columns: Array) -> tuple[Array, Array]:
        """Return by how much chi-square would fall with one more column, and how much of it.

        Parameters
        ----------
        columns : ndarray, shape (N, M)
            Curves over the standard deviations, each tried by itself.

        Returns
        -------
        gains, amounts : ndarray, shape (M,)
        """
        inner = self.jacobian.T @ columns
        through = np.linalg.lstsq(self.information, inner, rcond=None)[0]
        own = np.einsum("ij,ij->j", columns, columns) - np.einsum("ij,ij->j", inner, through)
        said = -(columns.T @ self.residual)
        enough = own > 1e-6 * np.einsum("ij,ij->j", columns, columns)
        amounts = np.where(enough, said / np.where(enough, own, 1.0), 0.0)
        return amounts * said, amounts


def shape_of(result: Estimates, sigmas: Sequence[Array]) -> Shape:
    """Return chi-square around a fit with the standard deviations of another of the same data."""
    problem = result.problem
    q = result.values[problem.free]
    residual, jacobian = tangent_rows(problem, q, tuple(sigmas))
    rows = problem.prior_matrix / problem.prior_sigmas(q)[:, None]
    pulls = np.array([known.pull for known in result.priors])
    return Shape(residual, jacobian, rows, pulls)


def _log_ratio(after: Array, before: Array) -> float:
    """Return ln(det after / det before); directions that nothing speaks of count as 1."""
    scale = np.sqrt(np.maximum(np.diag(after), 1e-300))
    blind = _BLIND * np.eye(len(after))
    logs = [np.linalg.slogdet(m / np.outer(scale, scale) + blind)[1] for m in (after, before)]
    return float(logs[0] - logs[1])
