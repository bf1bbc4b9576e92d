"""What each prior wanted, what the data made of it, and what it moves.

A prior is one more measurement. Its *pull* says how far the fit lies from it, in its own
standard deviations; the *posterior* error, over that of the prior, how much the data
narrowed it. A raw pull has no unit variance, since the fitted value holds the prior itself:
over ``sqrt(1 - posterior^2 / prior^2)`` it is a standard normal one.

Several priors may share one misfit, and each pull then stays small. What a prior costs is
therefore the *gain*: chi-square falls by so much when that prior alone is let go and all else
is fitted again. It is what an alarm is made of.

The *impact* of a prior on a ratio is the change of the ratio when what the prior is about is
held one posterior standard error above and below its fitted value, and all else is fitted again.

All refits have the standard deviations of the best fit, as in `spectra_core.uncertainty.surface`.

References
----------
.. [1] K. Cranmer et al., HistFactory, CERN-OPEN-2012-016 (2012).
.. [2] L. Heinrich et al., pyhf, J. Open Source Softw. 6, 2823 (2021). doi:10.21105/joss.02823
.. [3] L. Demortier, L. Lyons, Everything you always wanted to know about pulls, CDF/ANAL/PUBLIC
   5776 (2002).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import inf, sqrt

import numpy as np

from ..errors import ShouldStop
from ..fitting import FitResult
from ..fitting.refit import Data, Refits, refitter
from ..fitting.result import PriorEstimate
from ..spectrum import Array
from .quantities import check_fitted
from .surface import Surface, ask, surface_of

_TIGHT = 1e-3  # of a posterior error: the standard deviation of what is held
_UNTOLD = 1e-6  # of the variance: where the data narrow a prior by less they say nothing of it


@dataclass(frozen=True, eq=False)
class Freed:
    """The fit without one of its priors.

    Attributes
    ----------
    known : PriorEstimate
        What became of the prior while it acted.
    gain : float or None
        Chi-square of data and priors falls by so much; None where the fit did not converge.
        Its root is the significance of the disagreement, in standard errors.
    value : float or None
        What data and other priors say of the sum by themselves.
    stderr : float or None
        The standard error of `value`; None where the data hardly tell.
    free : ndarray, shape (F,), or None
        The free parameters then, in the order of ``result.problem.free_paths``.
    """

    known: PriorEstimate
    gain: float | None
    value: float | None
    stderr: float | None
    free: Array | None


def freed(
    result: FitResult,
    places: Sequence[int] | None = None,
    *,
    should_stop: ShouldStop | None = None,
) -> tuple[Freed, ...]:
    """Return the fit without each of its priors, one at a time.

    Parameters
    ----------
    result : FitResult
    places : sequence of int or None
        Which of ``result.priors``; None: all.
    should_stop : callable or None
        Asked between refits.

    Returns
    -------
    freed : tuple of Freed
        Empty for a model without priors.

    Raises
    ------
    FitError
        If the model was drawn and not fitted.
    Cancelled
        If `should_stop` returned True.
    """
    check_fitted(result)
    known = result.priors
    surface = surface_of(result)
    found = []
    for k in range(len(known)) if places is None else places:
        ask(should_stop)
        found.append(_freed(surface, known[k], k, should_stop))
    return tuple(found)


def _freed(surface: Surface, known: PriorEstimate, k: int, should_stop: ShouldStop | None) -> Freed:
    problem = surface.refitter.problem
    sds = problem.priors.sds.copy()
    sds[k] = inf
    start = _without(surface, known, k)
    refits = _refitted(surface, sds, start[None], None, should_stop)
    if not refits.converged[0]:
        return Freed(known, None, None, None, None)
    free = refits.free[0]
    value = float(problem.priors.sums[k] @ np.nan_to_num(problem.full(free)))
    gain = surface.chi_square - float(refits.chi_square[0])
    return Freed(known, gain, value, _error_by_itself(known), free)


def _without(surface: Surface, known: PriorEstimate, k: int) -> Array:
    """Return where the fit without a prior is likely to be: one step of least squares."""
    problem = surface.refitter.problem
    row = problem.prior_matrix[k]
    way = surface.covariance @ row
    left = known.sd**2 - float(row @ way)
    if not left > _UNTOLD * known.sd**2:
        return surface.best
    step = way * (known.fitted - known.prior.value) / left
    return np.clip(surface.best + step, problem.lower, problem.upper)


def _error_by_itself(known: PriorEstimate) -> float | None:
    """Return the standard error without the prior: 1/s^2 = 1/posterior^2 - 1/prior^2."""
    if known.stderr is None:
        return None
    told = 1.0 / known.stderr**2 - 1.0 / known.sd**2
    return sqrt(1.0 / told) if told * known.sd**2 > _UNTOLD else None


def _refitted(
    surface: Surface,
    sds: Array,
    start: Array,
    centres: Array | None,
    should_stop: ShouldStop | None,
) -> Refits:
    """Return refits (M,) with other standard deviations (K,) and centres (M, K) of the priors."""
    problem = surface.refitter.problem
    changed = replace(problem, priors=replace(problem.priors, sds=sds))
    data = None
    if centres is not None:
        rows = len(centres)
        y = tuple(np.broadcast_to(r.y, (rows, r.y.size)) for r in problem.regions)
        data = Data(y, tuple(None for _ in y), centres)
    again = refitter(changed, surface.refitter.weights)
    return again.refit(start, data=data, should_stop=should_stop)
