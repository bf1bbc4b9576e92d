"""Constraints of a model in words: what is free, fixed, linked or at a bound, and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import inf
from typing import Literal

from ..fitting import FitResult
from ..fitting.frame import links_by_target
from ..model import (
    BACKGROUND,
    REGION,
    Doublet,
    Link,
    Model,
    Parameter,
    Prior,
    Region,
    canonical_path,
    get_parameter,
    has_lost,
    members_of,
    resolve_component,
    split_path,
)

Kind = Literal["free", "fixed", "linked", "at bound"]


def effective_links(model: Model) -> dict[str, Link]:
    """Return every link by its target, doublets included, as a fit in binding energy uses them."""
    return links_by_target(model, {region.name: 1 for region in model.regions})


@dataclass(frozen=True)
class ParameterState:
    """Whether a parameter is free, and why not.

    Attributes
    ----------
    kind : {"free", "fixed", "linked", "at bound"}
    words : str
        A sentence for a tooltip.
    """

    kind: Kind
    words: str


def state_of(
    model: Model,
    path: str,
    result: FitResult | None = None,
    *,
    links: Mapping[str, Link] | None = None,
    priors: Mapping[str, tuple[Prior, ...]] | None = None,
) -> ParameterState:
    """Return the state of a parameter.

    Parameters
    ----------
    model : Model
    path : str
    result : FitResult or None
        A fit of this model, to say what ended at a bound.
    links : mapping of str to Link or None
        The `effective_links` of the model, where many states are asked for.
    priors : mapping of str to tuple of Prior or None
        Its `priors_by_path`, likewise.
    """
    parameter = get_parameter(model, path)
    known = effective_links(model) if links is None else links
    key = canonical_path(model, path)
    link = known.get(key)
    if link is not None:
        return ParameterState("linked", link_words(model, link))
    if not parameter.free:
        value = "no value" if parameter.value is None else f"{parameter.value:g}"
        return ParameterState("fixed", f"Fixed at {value}.")
    known_before = priors_on(model, key) if priors is None else priors.get(key, ())
    before = "".join(f" Known before: {prior_words(model, prior)}." for prior in known_before)
    if result is not None and result.estimate(path).at_bound:
        words = f"Ended at a bound, {span(parameter)}: it has no error.{before}"
        return ParameterState("at bound", words)
    bounds = "" if parameter.min == -inf and parameter.max == inf else f", {span(parameter)}"
    return ParameterState("free", f"Free{bounds}.{before}")


def priors_on(model: Model, path: str) -> tuple[Prior, ...]:
    """Return the priors that speak of a component's parameter, alone or with others."""
    return tuple(
        prior
        for prior in model.priors
        if not has_lost(model, prior)
        and any(path in members_of(model, term.source) for term in prior.terms)
    )


def priors_by_path(model: Model) -> dict[str, tuple[Prior, ...]]:
    """Return for each parameter what `priors_on` says of it; those without a prior are left out."""
    found: dict[str, tuple[Prior, ...]] = {}
    for prior in model.priors:
        if has_lost(model, prior):
            continue
        paths = (path for term in prior.terms for path in members_of(model, term.source))
        for path in dict.fromkeys(paths):
            found[path] = (*found.get(path, ()), prior)
    return found


def prior_words(model: Model, prior: Prior) -> str:
    """Return a prior in words, e.g. ``PS4 2p3/2 center = 161.7 ± 0.1, consensus``."""
    home = split_path(prior.terms[0].source)[0]
    text = ""
    for term in prior.terms:
        sign = "− " if term.times < 0 else "+ "
        size = "" if abs(term.times) == 1 else f"{abs(term.times):.6g} × "
        text += f" {sign}{size}{_place(model, term.source, home)}"
    of = f" of {_place(model, prior.relative_to, home)}" if prior.relative_to else ""
    width = f"{100 * (prior.relative or 0.0):.3g} %{of}" if prior.sd is None else f"{prior.sd:.6g}"
    source = f", {prior.source}" if prior.source else ""
    return f"{text.strip().removeprefix('+ ')} = {prior.value:.6g} ± {width}{source}"


def link_words(model: Model, link: Link) -> str:
    """Return a link in words, e.g. ``= 0.5 x PS4 2p3/2 area, from 2j+1``."""
    home = split_path(link.target)[0]
    parts = []
    for term in link.terms:
        place = _place(model, term.source, home)
        parts.append(place if term.times == 1 else f"{term.times:.6g} × {place}")
    text = " + ".join(parts)
    if link.offset or not parts:
        sign = "−" if link.offset < 0 else "+" if parts else ""
        text = f"{text} {sign} {abs(link.offset):.6g}".strip()
    text = text.replace("+ -", "− ")
    return f"= {text}" + (f", from {link.note}" if link.note else "")


def doublet_words(region: Region, doublet: Doublet) -> str:
    """Return what is tied in a doublet, e.g. ``2p1/2 linked: ½ area, +1.18 eV``."""
    minor = region.component(doublet.minor)
    line = minor.line.split()[-1] if minor.line else "minor line"
    unlocked = doublet.unlocked_parameters
    names = {spec.name for spec in region.specs_of(minor)}
    size = "area" if "area" in names else "height"
    tied = []
    if size not in unlocked:
        tied.append(f"{_fraction(doublet.ratio)} {size}")
    if "center" not in unlocked:
        tied.append(f"+{doublet.splitting:g} eV")
    words = f"{line} linked: {', '.join(tied)}" if tied else f"{line} is free"
    free = ", ".join(f"{u.parameter} ({u.reason})" for u in doublet.unlocked)
    return f"{words}; unlocked: {free}" if free else words


def _fraction(ratio: float) -> str:
    known = {0.5: "½", 2 / 3: "⅔", 0.75: "¾"}
    return next((s for value, s in known.items() if abs(ratio - value) < 1e-9), f"{ratio:.4g} ×")


def _place(model: Model, path: str, home: str) -> str:
    """Return a parameter in words; its region where that is another."""
    region, owner, name = split_path(path)
    place = f"{_owner_words(model, region, owner)} {name}"
    return place if region == home else f"{place} in {region}"


def _owner_words(model: Model, region: str, owner: str) -> str:
    if owner == REGION:
        return f"{region}:"
    if owner == BACKGROUND:
        return "background"
    shown = model.region(region)
    component = shown.component(resolve_component(shown, owner))
    return component.label


def span(parameter: Parameter) -> str:
    """Return the bounds of a parameter in words, e.g. ``between 0.6 and 2``."""
    if parameter.min == -inf and parameter.max == inf:
        return "without bounds"
    if parameter.min == -inf:
        return f"at most {parameter.max:g}"
    if parameter.max == inf:
        return f"at least {parameter.min:g}"
    return f"between {parameter.min:g} and {parameter.max:g}"
