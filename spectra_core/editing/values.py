"""The values of a model: read through its links, typed, held and bounded.

A value that follows from another is set where it comes from, and what loses its link keeps the
value that it followed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from math import inf, isfinite

from ..curves.spec import ParameterSpec
from ..errors import ModelError
from ..model import (
    BACKGROUND,
    REGION,
    Component,
    Link,
    Model,
    Parameter,
    Region,
    canonical_path,
    doublet_with_id,
    get_parameter,
    members,
    set_parameter,
    split_path,
    total_to_major,
)
from .words import effective_links, span

# ---------------------------------------------------------------------------------
# Names


def owner_label(region: Region, owner: str) -> str:
    """Return what a doublet or component is called, without its line."""
    first = members(region, owner)[0]
    doublet = region.doublet_of(first.id)
    if doublet is None or doublet.id != owner:
        return first.label
    line = line_of(first)
    return first.label.removesuffix(f" {line}") if line else first.label


def line_of(component: Component) -> str:
    """Return the line without its element, e.g. ``2p3/2``; empty if not stated."""
    return component.line.split()[-1] if component.line else ""


# ---------------------------------------------------------------------------------
# Values


def value_of(model: Model, path: str) -> float | None:
    """Return the value that a parameter has in a model, also where it follows from others.

    A doublet's area is that of both lines. None where a value is still open.
    """
    links = effective_links(model)

    def follow(key: str) -> float | None:
        link = links.get(key)
        if link is None:
            return get_parameter(model, key).value
        total = link.offset
        for term in link.terms:
            part = _sum(follow(line) for line in component_paths(model, term.source))
            if part is None:
                return None
            total += term.times * part
        return total

    return _sum(follow(line) for line in component_paths(model, path))


def _sum(numbers: Iterable[float | None]) -> float | None:
    total = 0.0
    for number in numbers:
        if number is None:
            return None
        total += number
    return total


def component_paths(model: Model, path: str) -> tuple[str, ...]:
    """Return the component paths that make up a path: two for the area of a doublet."""
    region, owner, name = split_path(path)
    doublet = doublet_with_id(model.region(region), owner)
    if doublet is not None and name == "area":
        return f"{region}/{doublet.major}/area", f"{region}/{doublet.minor}/area"
    return (canonical_path(model, path),)


def _open_total(model: Model, path: str) -> bool:
    """Whether a path is the total area of a doublet whose two areas are not tied."""
    region, owner, name = split_path(path)
    doublet = doublet_with_id(model.region(region), owner)
    return name == "area" and doublet is not None and name in doublet.unlocked_parameters


def set_value(model: Model, path: str, value: float) -> Model:
    """Return `model` with a value at a path; a linked value is set through its link.

    The area of a doublet is that of both lines; where they are not tied, each keeps its part.

    Raises
    ------
    ModelError
        If it is not finite, lies outside the bounds, or follows from several others.
    """
    if not isfinite(value):
        raise ModelError(f"the value {value:g} is not finite.", hint="Give a number.", where=path)
    path, value = _followed(model, path, value)
    if _open_total(model, path):
        return _set_total(model, path, value)
    parameter = get_parameter(model, path)
    if not parameter.min <= value <= parameter.max:
        raise ModelError(
            f"the value {value:g} is outside the bounds, {span(parameter)}.",
            hint="Change the bounds first.",
            where=path,
        )
    return set_parameter(model, path, value=value)


def widen_to(model: Model, path: str, value: float) -> Model:
    """Return `model` with a value at a path, and bounds that reach some way beyond it.

    The bound that was in the way is moved past the value by half of what lay between the
    bounds, as far as the formula has a meaning there. A linked value is set through its link.

    Raises
    ------
    ModelError
        If the formula has no meaning there, or the value follows from several others.
    """
    path, value = _followed(model, path, value)
    if _open_total(model, path):
        raise ModelError(
            "the areas of its two lines are not tied.",
            hint="Set each line by itself.",
            where=path,
        )
    old, spec = get_parameter(model, path), spec_of(model, path)
    least, most = (-inf, inf) if spec is None else (spec.min, spec.max)
    if not least <= value <= most:
        raise ModelError(
            f"the value {value:g} is outside {least:g} to {most:g}, where this parameter has a"
            " meaning.",
            where=path,
        )
    room = 0.5 * (old.max - old.min)
    room = room if 0.0 < room < inf else abs(value - min(max(value, old.min), old.max))
    low = old.min if value >= old.min else max(least, value - room)
    high = old.max if value <= old.max else min(most, value + room)
    return set_parameter(model, path, value=value, min=low, max=high)


def spec_of(model: Model, path: str) -> ParameterSpec | None:
    """Return what is known of the parameter at a path; None for a charge shift."""
    name, owner, parameter = split_path(canonical_path(model, path))
    region = model.region(name)
    if owner == REGION:
        return None
    specs = region.background.specs
    if owner != BACKGROUND:
        specs = region.specs_of(members(region, owner)[0])
    return next(s for s in specs if s.name == parameter)


def _followed(model: Model, path: str, value: float) -> tuple[str, float]:
    """Return the path that a linked one follows, and the value it needs there."""
    links = effective_links(model)
    while not _open_total(model, path):
        link = links.get(canonical_path(model, path))
        if link is None:
            break
        if len(link.terms) != 1 or not link.terms[0].times:
            raise ModelError(
                f"the value follows from {link.formula}.",
                hint="Take the link off first.",
                where=path,
            )
        region, owner, name = split_path(path)
        # The link is on the major line: its part of a doublet's total is what counts.
        value *= total_to_major(model.region(region), owner, name)
        value = (value - link.offset) / link.terms[0].times
        path = link.terms[0].source
    return path, value


def _set_total(model: Model, path: str, value: float) -> Model:
    lines = component_paths(model, path)
    parts = [value_of(model, line) for line in lines]
    whole = _sum(parts)
    if not whole:
        raise ModelError(
            "the areas of its two lines are not tied and have no values yet.",
            hint="Give each line its area.",
            where=path,
        )
    for line, part in zip(lines, parts, strict=True):
        model = set_value(model, line, value * (part or 0.0) / whole)
    return model


def hold(model: Model, path: str, held: bool) -> Model:
    """Return `model` with a parameter fixed at its value, or free.

    Raises
    ------
    ModelError
        If it is linked, or is to be fixed without a value.
    """
    if _open_total(model, path):
        for line in component_paths(model, path):
            model = hold(model, line, held)
        return model
    _check_not_linked(model, path, "it is neither free nor fixed")
    if held and get_parameter(model, path).value is None:
        raise ModelError(
            "it has no value yet to be fixed at.", hint="Give a value, or fit.", where=path
        )
    return set_parameter(model, path, free=not held)


def set_bounds(model: Model, path: str, low: float | None, high: float | None) -> Model:
    """Return `model` with other bounds of a parameter; None is no bound.

    A value outside is moved to the nearer bound.

    Raises
    ------
    ModelError
        If it is linked, the bounds are the wrong way round, or it is the sum of two areas
        that are not tied.
    """
    least, most = -inf if low is None else low, inf if high is None else high
    if not least <= most:
        raise ModelError(f"the lower bound {least:g} is above the upper {most:g}.", where=path)
    if _open_total(model, path):
        raise ModelError(
            "the areas of its two lines are not tied.",
            hint="Bound each line by itself.",
            where=path,
        )
    _check_not_linked(model, path, "bounds of its own have no effect")
    value = get_parameter(model, path).value
    inside = None if value is None else min(max(value, least), most)
    return set_parameter(model, path, min=least, max=most, value=inside)


def _check_not_linked(model: Model, path: str, so: str) -> None:
    link = effective_links(model).get(canonical_path(model, path))
    if link is not None:
        raise ModelError(
            f"it follows from {link.formula}, so {so}.",
            hint="Take the link off first.",
            where=path,
        )


# ---------------------------------------------------------------------------------
# Values without their links


def moved_to(parameter: Parameter, value: float) -> Parameter:
    """Return a parameter at a value, or at the bound nearest to it."""
    return replace(parameter, value=min(max(value, parameter.min), parameter.max))


def without_links(before: Model, after: Model, gone: Callable[[str, str, str], bool]) -> Model:
    """Return `after` without the links that touch what is gone; their targets keep the values.

    Priors on what is gone go, too.

    Parameters
    ----------
    before, after : Model
        Before and after something was taken out.
    gone : callable
        ``gone(region, owner, parameter)`` of a path of `before`.
    """
    dropped = [k for k in before.links if any(gone(*split_path(path)) for path in ends_of(k))]
    lost = [p for p in before.priors if any(gone(*split_path(term.source)) for term in p.terms)]
    after = replace(
        after,
        links=tuple(k for k in after.links if k not in dropped),
        priors=tuple(p for p in after.priors if p not in lost),
    )
    for link in dropped:
        if not gone(*split_path(link.target)):
            after = keep_value(before, after, link.target)
    return after


def ends_of(link: Link) -> tuple[str, ...]:
    """Return the paths that a link names, its target first."""
    return (link.target, *(term.source for term in link.terms))


def keep_value(before: Model, after: Model, path: str) -> Model:
    """Return `after` with the value that a parameter had, or followed, in `before`."""
    value = value_of(before, path)
    if value is None:
        return after
    return set_parameter(after, path, value=moved_to(get_parameter(after, path), value).value)
