"""Constraints in words: free, fixed, bounded or tied, for tables and for the methods text."""

from __future__ import annotations

from collections.abc import Mapping
from math import isfinite
from typing import Any

from ..fitting import Estimate, FitResult
from ..model import Background, Doublet, Prior


def treatment(result: FitResult, path: str, estimate: Estimate) -> str:
    """Return how a parameter was treated, in words with the numbers.

    Parameters
    ----------
    result : FitResult
    path : str
        Of the parameter.
    estimate : Estimate
        ``result.estimate(path)``.
    """
    if estimate.link is not None:
        link = result.problem.links.get(path)
        why = f" ({link.note})" if link is not None and link.note else ""
        at_bound = ", which is at its bound" if estimate.at_bound else ""
        return f"tied: = {estimate.link.replace(' * ', ' × ')}{at_bound}{why}"
    if not estimate.free:
        return "fixed"
    if estimate.at_bound:
        return f"AT ITS BOUND: free {bounds(estimate)}"
    undetermined = "; not determined by the data" if estimate.stderr is None else ""
    return f"free {bounds(estimate)}".rstrip() + undetermined


def prior_in_words(prior: Prior) -> str:
    """Return what was known before a fit, with its standard deviation."""
    subject = prior.subject.replace(" * ", " × ").replace(" - ", " − ")
    if prior.sd is not None:
        return f"{subject} = {prior.value:.6g} ± {prior.sd:.3g}"
    part = " of what is subtracted" if len(prior.terms) > 1 else ""
    part = f" of {prior.relative_to}" if prior.relative_to else part
    return f"{subject} = {prior.value:.6g} ± {100 * (prior.relative or 0.0):.3g} %{part}"


def bounds(estimate: Estimate) -> str:
    """Return the bounds in words; empty without any."""
    low, high = isfinite(estimate.min), isfinite(estimate.max)
    if low and high:
        return f"between {estimate.min:g} and {estimate.max:g}"
    if low:
        return f"from {estimate.min:g} upwards"
    return f"up to {estimate.max:g}" if high else ""


def why_no_error(estimate: Estimate) -> str:
    """Return why a value has no error; empty if it has one."""
    if estimate.stderr is not None:
        return ""
    if estimate.at_bound:
        return "(at bound)"
    if estimate.free:
        return "(not determined)"
    return "(fixed)" if estimate.link is None else "(tied to fixed)"


_PROCTOR, _CASAXPS = "Proctor and Sherwood's definition", "CasaXPS's definition"
_OPTIONS: Mapping[str, str | Mapping[Any, str]] = {
    "degree": {-1: "on no base", 0: "on a level", 1: "on a level with a slope"},
    "endpoint_points": "ends averaged over {:g} channels",
    "low_offset": "low binding energy end lowered by {:g} %",
    "high_offset": "high binding energy end lowered by {:g} %",
    "definition": {
        "proctor_sherwood": _PROCTOR,
        "casaxps": _CASAXPS,
        "trapezoid": "trapezoid integrals",
    },
    "tolerance": "until the largest change was {:g} of the step",
    "max_iterations": "at most {:g} passes",
    "origin": "origin at {:g}",
    "b": "b = {:g} eV²",
    "c": "c = {:g} eV²",
    "d": "d = {:g} eV²",
    "gap": "no loss below {:g} eV",
    "lam": "stiffness {:g}",
    "p": "weight {:g} of points above it",
    "eta": "local by {:g}",
    "half_width": "half width {:g} points",
    "column": "the column '{}' of the data",
    "fit_end": {True: "scaled to meet the high binding energy end", False: "not scaled"},
}
_SAID_IF_NOT_ZERO = ("low_offset", "high_offset", "gap")


def settings(background: Background) -> str:
    """Return the options of a background that have an effect in its mode, in words.

    A fitted background is not held by the ends of the window, which only give it its start.
    """
    words = []
    for option in background.kind.options:
        value = background.options[option.name]
        start_only = option.name == "endpoint_points" and background.mode == "active"
        unused = option.name in _SAID_IF_NOT_ZERO and not value
        if background.mode in option.modes and not (start_only or unused):
            words.append(_option(background, option.name, value))
    return ", ".join(words)


def _option(background: Background, name: str, value: Any) -> str:
    if background.type in ("polynomial", "modpoly") and name == "degree":
        return f"of degree {value:g}"
    words = _OPTIONS[name]
    return words.format(value) if isinstance(words, str) else words[value]


def constraint_words(doublet: Doublet, replaced: Mapping[str, str] | None = None) -> str:
    """Return the constraints of a doublet, those taken off or replaced with their reasons.

    Parameters
    ----------
    doublet : Doublet
    replaced : mapping of str to str, or None
        Parameter of the minor line -> what a link of the model says of it in place of the
        doublet's own tie.
    """
    links = replaced or {}
    free = doublet.unlocked_parameters | set(links)
    tied = []
    if "center" not in free:
        tied.append(f"splitting fixed at {doublet.splitting:g} eV")
    if "area" not in free:
        tied.append(f"area ratio fixed at {doublet.ratio:g}")
    if "fwhm" not in free:
        tied.append("one width")
    text = ", ".join(tied) or "nothing tied"
    for unlock in doublet.unlocked:
        text += f"; {unlock.parameter} unlocked: {unlock.reason}"
    for words in dict.fromkeys(links.values()):
        names = [name for name, note in links.items() if note == words]
        text += f"; {listed(names)}: {words}"
    return text


WEIGHTS_WORDS = {"poisson": "Poisson", "unit": "unit", "given": "given", "empirical": "empirical"}


def listed(names: list[str]) -> str:
    """Return names as a list in a sentence."""
    if len(names) < 2:
        return "".join(names)
    return f"{', '.join(names[:-1])} and {names[-1]}"
