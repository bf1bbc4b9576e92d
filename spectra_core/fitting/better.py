"""A refit that lies below the fit: its minimum is adopted, and the question asked again.

Whoever refits (a profile, a ratio, an error budget, the referee) may come upon a point
whose chi-square is lower than that of the fit it started from. The fit was then not in its
best minimum, and whatever was about to be said of it would be wrong. `BetterMinimumError`
carries the point to `in_best_minimum`, which fits again from there.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TypeVar

import numpy as np

from ..errors import FitError
from ..model import members_of
from ..spectrum import Array
from .result import FitResult, FitWarning, with_values
from .single import Solved, chi_square_of, fit, options_of

BETTER = 0.01  # of chi-square: what a better minimum must gain to be one
_CLEARLY_WORSE = 2.0
_MOST = 5  # minima, one below the other

T = TypeVar("T")


class BetterMinimumError(FitError):
    """A refit lies below the fit that it started from.

    Attributes
    ----------
    gain : float
        How far below, in chi-square.
    values : ndarray, shape (P,)
        Every parameter there, in the order of the fit's `paths`.
    """

    gain: float = 0.0
    values: Array = np.empty(0)

    @classmethod
    def of(cls, gain: float, values: Array, where: str = "") -> BetterMinimumError:
        """Return the error for a point that lies `gain` below the fit."""
        error = cls(
            f"a refit lies {gain:.3g} below the fit's chi-square, so the fit was not in its best"
            " minimum.",
            hint="Fit again with more starts.",
            where=where,
        )
        error.gain, error.values = gain, values
        return error


def check_minimum(
    result: FitResult, solved: Solved, *, zero: Sequence[str] = (), where: str = ""
) -> None:
    """Raise BetterMinimumError if a simpler model fits better than `result`, and is a case of it.

    Parameters
    ----------
    result : FitResult
    solved : Solved
        Of the same model with something tied, held or switched off, on the same data. Nothing
        is said of one whose values the bounds and links of `result` do not allow.
    zero : sequence of str
        Paths of the areas that are not there in it.
    where : str
        What it is, for the message.
    """
    own = result.problem
    if solved.problem.paths != own.paths:
        return
    if solved.settled.solution.chi_square > result.statistics.chi_square + _CLEARLY_WORSE:
        return  # each has the weights of its own model, which makes less of a difference
    values = solved.problem.full(solved.free)
    values = np.where(np.isnan(values), result.values, values)
    for path in zero:
        values[[own.places[member] for member in members_of(own.model, path)]] = 0.0
    free = values[own.free]
    allowed = np.clip(free, own.lower, own.upper)
    if not (np.allclose(allowed, free) and np.allclose(own.full(free), values, equal_nan=True)):
        return
    sigmas = tuple(region.sigma for region in result.regions)
    before, after = (
        chi_square_of(own, None, q, sigmas) for q in (result.values[own.free], allowed)
    )
    if after < before - BETTER:
        raise BetterMinimumError.of(before - after, values, where)


def in_best_minimum(
    result: FitResult,
    work: Callable[[FitResult], T],
    *,
    should_stop: Callable[[], bool] | None = None,
) -> tuple[FitResult, T]:
    """Return the fit and what `work` says of it, in the best minimum that `work` comes upon.

    Parameters
    ----------
    result : FitResult
    work : callable
        ``work(result)``; where it raises BetterMinimumError the fit is repeated from there,
        and `work` with it. The better fit says so among its warnings.
    should_stop : callable or None

    Raises
    ------
    BetterMinimumError
        If the point that was found leads nowhere better, or better ones keep being found.
    Cancelled
        If `should_stop` returned True.
    """
    for _ in range(_MOST):
        try:
            return result, work(result)
        except BetterMinimumError as found:
            result = _adopted(result, found, should_stop)
    return result, work(result)


def _adopted(
    result: FitResult, found: BetterMinimumError, should_stop: Callable[[], bool] | None
) -> FitResult:
    """Return the fit repeated from a better point."""
    start = with_values(result.problem, found.values)
    spectra = {region.name: region.spectrum for region in result.regions}
    better = fit(spectra, start, options=options_of(result), should_stop=should_stop)
    sigmas = tuple(region.sigma for region in result.regions)
    before, after = (
        chi_square_of(r.problem, None, r.values[r.problem.free], sigmas) for r in (result, better)
    )
    if after >= before - 0.5 * BETTER:
        raise found
    note = FitWarning(
        "better_minimum",
        f"a refit found a minimum with a chi-square lower by {before - after:.3g}, which is now"
        " the fit.",
    )
    kept = [w for w in result.warnings if w.code in ("start_moved", "better_minimum")]
    problem = replace(better.problem, model=result.problem.model)
    return replace(
        better,
        problem=problem,
        warnings=(*kept, *better.warnings, note),
        starts=(*result.starts, *better.starts),
    )
