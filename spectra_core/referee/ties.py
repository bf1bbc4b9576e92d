"""What was known before the fit, and what the data say of it when it does not fit.

PS4 holds four sulfur atoms for one phosphorus, so a joint fit may tie the P 2p area to
the S 2p area: exactly, by a link, or within a standard deviation, by a prior. What is wrong
in this way does not announce itself: the fit moves what is left free until the misfit is
spread thin, and where several priors share it each is pulled a little. `tensions` therefore
takes each tie between areas of different regions and each prior off again, one at a time, and
the priors of each group together, and looks at the gain in chi-square. How large a gain is
too large follows from the number of things that were tried: all together they cry wolf in
one per mille of the fits whose ties and priors are right.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from math import isfinite, sqrt

import numpy as np
from scipy.special import chdtri

from ..errors import SpectraError
from ..fitting import FitResult, fit
from ..fitting.result import PriorEstimate
from ..fitting.single import options_of
from ..model import Link, Model, split_path
from ..spectrum import Array
from ..uncertainty.pulls import freed as freed_priors
from .score import gain_without, minimum_of

RATE = 0.001
"""How often a fit whose ties and priors are all right may be said to contradict one."""
WORTH_A_REFIT = 0.5  # of the limit, by which the gain to first order may be wrong
_GROUP_WORDS = {
    "energies": "on energies and separations",
    "ties": "on areas and their ratios",
    "shape": "on widths and shapes",
    "background": "on the background",
    "reference": "on the charge shift",
}


@dataclass(frozen=True, eq=False)
class Tension:
    """One tie between levels, one prior or one group of them, and what the data say of it.

    Attributes
    ----------
    where : str
        Path of what is tied or known; empty for a group.
    link : Link or None
        The exact tie; None for a prior.
    pull : float or None
        (what the data say by themselves minus what is tied or known) in standard errors,
        those of the prior included; None where that has no error, and for a group.
    delta_chi_square : float
        What letting it go gains, in units of the noise.
    limit : float
        What it may gain before it is significant.
    tied, implied : float or None
        Factor between the two areas (value of the prior) as tied, and as the data have it once
        freed; None if the tie is not one factor.
    implied_stderr : float or None
    significant : bool
        Whether the gain is above the limit.
    message : str
    """

    where: str
    link: Link | None
    pull: float | None
    delta_chi_square: float
    limit: float
    tied: float | None
    implied: float | None
    implied_stderr: float | None
    significant: bool
    message: str


def tensions(result: FitResult) -> tuple[Tension, ...]:
    """Return the tension of every tie between areas of different regions, and of the priors.

    Parameters
    ----------
    result : FitResult

    Returns
    -------
    tensions : tuple of Tension
        Every exact tie; of priors and groups of priors those worth a word. Empty if the model
        has no such tie and no prior.

    Notes
    -----
    With unit weights chi-square is scaled by the freed fit's reduced chi-square.
    """
    ties, known = area_ties(result.model), result.priors
    groups = _groups(known)
    tried = len(ties) + len(known) + len(groups)
    if not tried or result.method == "none":
        return ()
    part = RATE / tried
    found = [t for link in ties for t in _tension(result, link, part)]
    found += _of_priors(result, known, part)
    return tuple(found) + tuple(_of_groups(result, known, groups, part))


def limit_of(part: float, degrees: int = 1) -> float:
    """Return the gain that right ties or priors exceed in a `part` of fits."""
    return float(chdtri(degrees, part))


def number_tried(result: FitResult) -> int:
    """Return how many ties, priors and groups of priors of a fit are tried."""
    known = result.priors
    return len(area_ties(result.model)) + len(known) + len(_groups(known))


def _groups(known: tuple[PriorEstimate, ...]) -> dict[str, list[int]]:
    """Return the places of the priors of each group that has more than one."""
    found: dict[str, list[int]] = {}
    for place, estimate in enumerate(known):
        found.setdefault(estimate.prior.group, []).append(place)
    return {group: places for group, places in found.items() if len(places) > 1}


# ---------------------------------------------------------------------------------
# Priors


def _of_priors(
    result: FitResult, known: tuple[PriorEstimate, ...], part: float
) -> Iterator[Tension]:
    limit = limit_of(part)
    for place, estimate in enumerate(known):
        if _gain_to_first_order(estimate) < WORTH_A_REFIT * limit:
            continue
        (freed,) = freed_priors(result, [place])
        gain, prior = freed.gain, estimate.prior
        if gain is None or freed.value is None:
            continue
        error = freed.stderr
        pull = (
            None if error is None else (freed.value - prior.value) / sqrt(error**2 + estimate.sd**2)
        )
        by_itself = f"{freed.value:.4g}" + ("" if error is None else f" +/- {error:.2g}")
        verdict = "contradict" if gain > limit else "agree with"
        message = (
            f"The data {verdict} what was known of {prior.subject} ({prior.value:.4g} +/-"
            f" {estimate.sd:.2g}): by themselves they give {by_itself}, and letting it go lowers"
            f" chi-square by {gain:.1f} ({_limit_words(limit, part)})."
        )
        yield Tension(
            prior.terms[0].source,
            None,
            pull,
            gain,
            limit,
            prior.value,
            freed.value,
            error,
            gain > limit,
            message,
        )


def _gain_to_first_order(estimate: PriorEstimate) -> float:
    """Return pull^2 / (1 - posterior^2 / prior^2); nothing where the data say nothing."""
    left = estimate.narrowing
    if left is None:
        return estimate.pull**2 * (1.0 / WORTH_A_REFIT)
    told = 1.0 - left**2
    return estimate.pull**2 / told if told > 1e-3 else 0.0


def _of_groups(
    result: FitResult,
    known: tuple[PriorEstimate, ...],
    groups: dict[str, list[int]],
    part: float,
) -> Iterator[Tension]:
    if not groups:
        return
    minimum = minimum_of(result)
    for group, places in groups.items():
        gain, degrees, p_value = gain_without(minimum, places, len(known))
        if p_value >= part:
            continue
        limit = limit_of(part, degrees)
        worst = max(places, key=lambda place: abs(known[place].pull))
        message = (
            f"The data contradict what was known before {_GROUP_WORDS[group]}, {len(places)}"
            f" statements taken together: letting them go lowers chi-square by {gain:.1f}"
            f" ({_limit_words(limit, part)}). The furthest is {known[worst].prior.subject},"
            f" {known[worst].pull:+.1f} of its standard deviations away."
        )
        where = known[worst].prior.terms[0].source
        yield Tension(where, None, None, gain, limit, None, None, None, True, message)


def _limit_words(limit: float, part: float) -> str:
    return f"more than {limit:.1f} in {100 * part:.1g} % of fits where it holds"


# ---------------------------------------------------------------------------------
# Exact ties


def area_ties(model: Model) -> tuple[Link, ...]:
    """Return the links from areas of one region to an area of another."""
    return tuple(link for link in model.links if _is_area_tie(link))


def _is_area_tie(link: Link) -> bool:
    region, _, name = split_path(link.target)
    sources = [split_path(term.source) for term in link.terms]
    if name != "area" or not sources or any(source[2] != "area" for source in sources):
        return False
    return any(source[0] != region for source in sources)


def _tension(result: FitResult, link: Link, part: float) -> Iterator[Tension]:
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
    limit = limit_of(part)
    significant = pull is not None and gain > limit
    words = _limit_words(limit, part)
    message = _sentence(link, pull, gain, words, tied, implied, implied_error, significant)
    yield Tension(
        link.target,
        link,
        pull,
        gain,
        limit,
        tied,
        implied,
        implied_error,
        significant,
        message,
    )


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
    return gain + result.statistics.prior_chi_square - freed.statistics.prior_chi_square


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
    limit: str,
    tied: float | None,
    implied: float | None,
    error: float | None,
    significant: bool,
) -> str:
    if pull is None:
        return f"{link.target}: freed from its tie, the area has no error, so it cannot be tested."
    verdict = "contradict the tie" if significant else "agree with the tie"
    text = f"The data {verdict} of {link.target} ({pull:+.1f} standard errors, freeing it"
    text += f" lowers chi-square by {gain:.1f}; {limit})."
    if tied is None or implied is None or error is None:
        return text
    return (
        f"{text} Tied, the ratio to {link.terms[0].source} is {tied:.4g}; the data by themselves"
        f" give {implied:.4g} +/- {error:.2g}, that is {implied / tied:.2f} times."
    )
