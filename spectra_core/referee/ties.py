"""What a stoichiometric tie between levels says when it does not fit.

PS4 holds four sulfur atoms for one phosphorus, so a joint fit may tie the P 2p area to
the S 2p area. A wrong tie does not announce itself: the fit moves what is left free until
the misfit is spread thin. `tensions` takes each tie between areas of different regions
off again, one at a time, and says how far the data then move from it: the pull in
standard errors, the gain in chi-square, and the ratio the data would have had.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from math import isfinite, sqrt

import numpy as np

from ..errors import SpectraError
from ..fitting import FitResult, fit
from ..fitting.single import options_of
from ..model import Link, Model, split_path
from ..spectrum import Array

TENSION_SIGMAS = 3.0


@dataclass(frozen=True, eq=False)
class Tension:
    """One tie between levels, and what the data say of it.

    Attributes
    ----------
    link : Link
    pull : float or None
        (freed target minus what the tie gives) in standard errors; None if the freed
        area has no error.
    delta_chi_square : float
        What freeing the tie gains, in units of the noise; never negative beyond rounding.
    tied, implied : float or None
        Factor between the two areas as tied, and as the data have it once freed; None if
        the tie is not one factor.
    implied_stderr : float or None
    significant : bool
        Whether the pull is above three standard errors.
    message : str
    freed : FitResult
    """

    link: Link
    pull: float | None
    delta_chi_square: float
    tied: float | None
    implied: float | None
    implied_stderr: float | None
    significant: bool
    message: str
    freed: FitResult


def tensions(result: FitResult) -> tuple[Tension, ...]:
    """Return the tension of every tie between areas of different regions.

    Parameters
    ----------
    result : FitResult
        Of a joint fit.

    Returns
    -------
    tensions : tuple of Tension
        Empty if the model has no such tie.

    Notes
    -----
    With unit weights chi-square is scaled by the freed fit's reduced chi-square.
    """
    return tuple(t for link in area_ties(result.model) for t in _tension(result, link))


def area_ties(model: Model) -> tuple[Link, ...]:
    """Return the links from areas of one region to an area of another."""
    return tuple(link for link in model.links if _is_area_tie(link))


def _is_area_tie(link: Link) -> bool:
    region, _, name = split_path(link.target)
    sources = [split_path(term.source) for term in link.terms]
    if name != "area" or not sources or any(source[2] != "area" for source in sources):
        return False
    return any(source[0] != region for source in sources)


def _tension(result: FitResult, link: Link) -> Iterator[Tension]:
    model = result.model
    freed_model = replace(model, links=tuple(k for k in model.links if k is not link))
    spectra = {r.name: r.spectrum for r in result.regions}
    try:
        freed = fit(spectra, freed_model, options=options_of(result))
    except SpectraError:
        return
    weights = _departure(freed, link)
    value, error = float(weights @ freed.values) - link.offset, _stderr(freed, weights)
    pull = None if error is None else value / error
    gain = _chi_square_gain(result, freed)
    tied, implied, implied_error = _factors(freed, link)
    significant = pull is not None and abs(pull) > TENSION_SIGMAS
    message = _sentence(link, pull, gain, tied, implied, implied_error, significant=significant)
    yield Tension(link, pull, gain, tied, implied, implied_error, significant, message, freed)


def _departure(freed: FitResult, link: Link) -> Array:
    """Return the weights (P,) that make target minus what the tie would give."""
    weights = freed.combination(link.target)
    for term in link.terms:
        weights = weights - term.times * freed.combination(term.source)
    return weights


def _stderr(result: FitResult, weights: Array) -> float | None:
    used = np.flatnonzero(weights)
    if not used.size or result.at_bound[used].any():
        return None
    variance = float(weights[used] @ result.covariance[np.ix_(used, used)] @ weights[used])
    return sqrt(variance) if isfinite(variance) and variance > 0 else None


def _chi_square_gain(result: FitResult, freed: FitResult) -> float:
    """Return what freeing gained, both fits with the standard deviations of the freed one."""
    gain = 0.0
    for tied, free in zip(result.regions, freed.regions, strict=True):
        before = (tied.y - tied.envelope) / free.sigma
        gain += float(before @ before) - float(free.residual @ free.residual)
    return gain


def _factors(freed: FitResult, link: Link) -> tuple[float | None, float | None, float | None]:
    """Return the tied factor, the freed one, and its standard error."""
    if len(link.terms) != 1 or link.offset:
        return None, None, None
    (term,) = link.terms
    base = freed.value(term.source)
    if base <= 0:
        return term.times, None, None
    factor = freed.value(link.target) / base
    gradient = freed.combination(link.target) - factor * freed.combination(term.source)
    error = _stderr(freed, gradient / base)
    return term.times, factor, error


def _sentence(
    link: Link,
    pull: float | None,
    gain: float,
    tied: float | None,
    implied: float | None,
    error: float | None,
    *,
    significant: bool,
) -> str:
    if pull is None:
        return f"{link.target}: freed from its tie, the area has no error, so it cannot be tested."
    verdict = "contradict the tie" if significant else "agree with the tie"
    text = f"The data {verdict} of {link.target} ({pull:+.1f} standard errors, freeing it"
    text += f" lowers chi-square by {gain:.1f})."
    if tied is None or implied is None or error is None:
        return text
    return (
        f"{text} Tied, the ratio to {link.terms[0].source} is {tied:.4g}; the data by themselves"
        f" give {implied:.4g} +/- {error:.2g}, that is {implied / tied:.2f} times."
    )
