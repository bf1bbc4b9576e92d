"""Constraints in words: free, fixed, bounded or tied, for tables and for the methods text."""

from __future__ import annotations

from math import isfinite

from ..fit import Estimate, FitResult
from ..model import Background, Doublet


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


def settings(background: Background) -> str:
    """Return the options of a background that have an effect in its mode, as text."""
    kind = background.kind
    parts = [
        f"{option.name} = {_shown(background.options[option.name])}"
        for option in kind.options
        if background.mode in option.modes
    ]
    return ", ".join(parts)


def _shown(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:g}" if isinstance(value, float) else str(value)


def doublet_words(doublet: Doublet) -> str:
    """Return the constraints of a doublet, those taken off with their reasons."""
    free = doublet.unlocked_parameters
    tied = []
    if "center" not in free:
        tied.append(f"splitting fixed at {doublet.splitting:g} eV")
    if "area" not in free:
        tied.append(f"area ratio fixed at {doublet.ratio:g}")
    if "fwhm" not in free:
        tied.append("one width")
    said = ", ".join(tied) or "nothing tied"
    for unlock in doublet.unlocked:
        said += f"; {unlock.parameter} unlocked: {unlock.reason}"
    return said


def listed(names: list[str]) -> str:
    """Return names as a list in a sentence."""
    if len(names) < 2:
        return "".join(names)
    return f"{', '.join(names[:-1])} and {names[-1]}"
