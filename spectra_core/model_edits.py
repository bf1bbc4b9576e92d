"""What a person does to a model by hand: pure functions from a model to a new one.

They know doublets: an edit of a doublet is an edit of both its lines, and removing something
never leaves a link behind that points nowhere. A constraint is told in words by `state_of`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from math import inf, isfinite
from typing import Any, Literal

from .core_levels import core_level
from .errors import ModelError
from .fit import FitResult, FitWarning
from .fit.compile import canonical_path, links_by_target
from .lineshapes import LINESHAPES, lineshape
from .lint_context import Finding
from .model import (
    BACKGROUND,
    REGION,
    Background,
    Component,
    Doublet,
    Link,
    Model,
    Parameter,
    Region,
    add_doublet,
    add_links,
    get_parameter,
    replace_region,
    resolve_component,
    set_parameter,
    split_path,
    unlock,
)

Kind = Literal["free", "fixed", "linked", "at bound"]


# ---------------------------------------------------------------------------------
# Names


def owners(region: Region) -> tuple[str, ...]:
    """Return the ids a person thinks of: each doublet, and each component that is in none."""
    members = {doublet.minor: "" for doublet in region.doublets}
    majors = {doublet.major: doublet.id for doublet in region.doublets}
    return tuple(
        majors.get(component.id, component.id)
        for component in region.components
        if component.id not in members
    )


def members(region: Region, owner: str) -> tuple[Component, ...]:
    """Return the lines of a doublet, the major one first, or the component itself."""
    for doublet in region.doublets:
        if doublet.id == owner:
            return region.component(doublet.major), region.component(doublet.minor)
    return (region.component(owner),)


def owner_of(region: Region, component: str) -> str:
    """Return the doublet that a component belongs to, or the component."""
    doublet = region.doublet_of(component)
    return component if doublet is None else doublet.id


def owner_label(region: Region, owner: str) -> str:
    """Return what a doublet or component is called, without its line."""
    first = members(region, owner)[0]
    doublet = region.doublet_of(first.id)
    if doublet is None or doublet.id != owner:
        return first.label
    line = first.line.split()[-1] if first.line else ""
    return first.label.removesuffix(f" {line}") if line else first.label


def rename_owner(model: Model, region_name: str, owner: str, label: str) -> Model:
    """Return `model` with another label for a component, or for both lines of a doublet.

    Ids, and with them every path and link, stay.
    """
    label = label.strip()
    if not label:
        raise ModelError("a component needs a name.", where=f"{region_name}/{owner}")
    region = model.region(region_name)
    lines = members(region, owner)
    new = {}
    for component in lines:
        line = component.line.split()[-1] if component.line else ""
        new[component.id] = f"{label} {line}".strip() if len(lines) > 1 else label
    return _with_components(model, region, lambda c: replace(c, label=new[c.id]), new)


def set_species(model: Model, region_name: str, owner: str, species: str) -> Model:
    """Return `model` with a component, or both lines of a doublet, assigned to a species."""
    region = model.region(region_name)
    ids = {c.id for c in members(region, owner)}
    return _with_components(model, region, lambda c: replace(c, species=species.strip()), ids)


# ---------------------------------------------------------------------------------
# Values


def set_value(model: Model, path: str, value: float) -> Model:
    """Return `model` with a value at a path; a linked value is set through its link.

    Raises
    ------
    ModelError
        If it lies outside the bounds, or follows from several others.
    """
    path, value = _followed(model, path, value)
    given = get_parameter(model, path)
    if not given.min <= value <= given.max:
        raise ModelError(
            f"the value {value:g} is outside the bounds, {_span(given)}.",
            hint="Change the bounds first.",
            where=path,
        )
    return set_parameter(model, path, value=value)


def _followed(model: Model, path: str, value: float) -> tuple[str, float]:
    """Return the path that a linked one follows, and the value it needs there."""
    links = _links(model)
    seen: set[str] = set()
    while (link := links.get(canonical_path(model, path))) is not None and path not in seen:
        seen.add(path)
        if len(link.terms) != 1 or not link.terms[0].times:
            raise ModelError(
                f"the value follows from {link.formula}.", hint="Take the link off first.",
                where=path,
            )  # fmt: skip
        value = (value - link.offset) / link.terms[0].times
        path = link.terms[0].source
    return path, value


def hold(model: Model, path: str, held: bool) -> Model:
    """Return `model` with a parameter fixed at its value, or free.

    Raises
    ------
    ModelError
        If it is linked, or is to be fixed without a value.
    """
    link = _links(model).get(canonical_path(model, path))
    if link is not None:
        raise ModelError(
            f"it follows from {link.formula}, so it is neither free nor fixed.",
            hint="Take the link off first.",
            where=path,
        )
    if held and get_parameter(model, path).value is None:
        raise ModelError(
            "it has no value yet to be fixed at.", hint="Give a value, or fit.", where=path
        )
    return set_parameter(model, path, free=not held)


def set_bounds(model: Model, path: str, low: float | None, high: float | None) -> Model:
    """Return `model` with other bounds of a parameter; None is no bound.

    A value outside is moved to the nearer bound.
    """
    least, most = -inf if low is None else low, inf if high is None else high
    if least > most:
        raise ModelError(f"the lower bound {least:g} is above the upper {most:g}.", where=path)
    value = get_parameter(model, path).value
    inside = None if value is None else min(max(value, least), most)
    return set_parameter(model, path, min=least, max=most, value=inside)


# ---------------------------------------------------------------------------------
# States in words


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


def state_of(model: Model, path: str, result: FitResult | None = None) -> ParameterState:
    """Return the state of a parameter.

    Parameters
    ----------
    model : Model
    path : str
    result : FitResult or None
        A fit of this model, to say what ended at a bound.
    """
    given = get_parameter(model, path)
    link = _links(model).get(canonical_path(model, path))
    if link is not None:
        return ParameterState("linked", link_words(model, link))
    if not given.free:
        value = "no value" if given.value is None else f"{given.value:g}"
        return ParameterState("fixed", f"Fixed at {value}.")
    if result is not None and result.estimate(path).at_bound:
        return ParameterState("at bound", f"Ended at a bound, {_span(given)}: it has no error.")
    bounds = "" if given.min == -inf and given.max == inf else f", {_span(given)}"
    return ParameterState("free", f"Free{bounds}.")


def link_words(model: Model, link: Link) -> str:
    """Return a link in words, e.g. ``= 0.5 x PS4 2p3/2 area, from 2j+1``."""
    home = split_path(link.target)[0]
    parts = []
    for term in link.terms:
        region, owner, name = split_path(term.source)
        place = f"{_owner_words(model, region, owner)} {name}"
        place = place if region == home else f"{place} in {region}"
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
    size = "height" if "height" in minor.parameters else "area"
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


def _owner_words(model: Model, region: str, owner: str) -> str:
    if owner == REGION:
        return f"{region}:"
    if owner == BACKGROUND:
        return "background"
    shown = model.region(region)
    component = shown.component(resolve_component(shown, owner))
    return component.label


def _span(parameter: Parameter) -> str:
    if parameter.min == -inf and parameter.max == inf:
        return "without bounds"
    if parameter.min == -inf:
        return f"at most {parameter.max:g}"
    if parameter.max == inf:
        return f"at least {parameter.min:g}"
    return f"between {parameter.min:g} and {parameter.max:g}"


# ---------------------------------------------------------------------------------
# Taking out, doubling, carrying over


def remove_owner(model: Model, region_name: str, owner: str) -> Model:
    """Return `model` without a component or doublet.

    A link from it to something else goes with it; what followed it keeps the value it has.
    """
    region = model.region(region_name)
    gone = {c.id for c in members(region, owner)}
    names = gone | {owner} | {c.label for c in members(region, owner)}
    components = tuple(c for c in region.components if c.id not in gone)
    doublets = tuple(d for d in region.doublets if not {d.major, d.minor} & gone)
    left = tuple(k for k in model.links if not _touches(k, region_name, names))
    smaller = replace(region, components=components, doublets=doublets)
    return replace(replace_region(model, smaller), links=left)


def _touches(link: Link, region_name: str, names: set[str]) -> bool:
    parts = [split_path(path) for path in (link.target, *(t.source for t in link.terms))]
    return any(region == region_name and owner in names for region, owner, _ in parts)


@dataclass(frozen=True, eq=False)
class Copied:
    """A component or doublet taken out of its region, to be put into any other.

    Attributes
    ----------
    components : tuple of Component
    doublet : Doublet or None
    """

    components: tuple[Component, ...]
    doublet: Doublet | None


def copy_owner(model: Model, region_name: str, owner: str) -> Copied:
    """Return a component or doublet as a value; links to others stay behind."""
    region = model.region(region_name)
    doublet = next((d for d in region.doublets if d.id == owner), None)
    return Copied(members(region, owner), doublet)


def paste_owner(model: Model, region_name: str, copied: Copied) -> Model:
    """Return `model` with a copied component or doublet in a region, under a free name."""
    region = model.region(region_name)
    taken = {c.id for c in region.components} | {d.id for d in region.doublets}
    known = {spec.name for spec in region.background.component_specs}
    old = copied.doublet.id if copied.doublet else copied.components[0].id
    new_owner = old if old not in taken else _unused(old, taken)
    new = []
    for component in copied.components:
        name = component.id
        if new_owner != old:
            name = name.replace(old, new_owner, 1) if old in name else f"{name} {new_owner}"
        label = component.label if new_owner == old else component.label.replace(old, new_owner, 1)
        shape = {spec.name for spec in lineshape(component.lineshape).parameters}
        values = {k: v for k, v in component.parameters.items() if k in shape | known}
        new.append(replace(component, id=name, label=label, parameters=values))
    doublets = region.doublets
    if copied.doublet is not None:
        doublets += (
            replace(copied.doublet, id=new_owner, major=new[0].id, minor=new[1].id),
        )  # fmt: skip
    larger = replace(region, components=(*region.components, *new), doublets=doublets)
    return replace_region(model, larger)


def duplicate_owner(model: Model, region_name: str, owner: str) -> Model:
    """Return `model` with a second component or doublet half a width beside one; its area open."""
    region = model.region(region_name)
    before = {c.id for c in region.components}
    doubled = paste_owner(model, region_name, copy_owner(model, region_name, owner))
    first = next(c for c in doubled.region(region_name).components if c.id not in before)
    path = f"{region_name}/{first.id}"
    center = get_parameter(doubled, f"{path}/center")
    if center.value is not None:
        beside = min(max(center.value + 0.5, center.min), center.max)
        doubled = set_parameter(doubled, f"{path}/center", value=beside)
    for name in ("area", "height"):
        if name in first.parameters:
            doubled = set_parameter(doubled, f"{path}/{name}", value=None)
    return doubled


def _unused(name: str, taken: Iterable[str]) -> str:
    known = set(taken)
    number = 2
    while any(k == f"{name} {number}" or k.startswith(f"{name} {number} ") for k in known):
        number += 1
    return f"{name} {number}"


# ---------------------------------------------------------------------------------
# Line shapes


def convert_shape(model: Model, region_name: str, owner: str, shape: str) -> Model:
    """Return `model` with another line shape of a component, or of both lines of a doublet.

    What both shapes call the same keeps value, bounds and state; the rest starts from the
    shape's defaults. Where only one of them has an area, or a height, the size is left open.

    Raises
    ------
    ModelError
        If a link of the model needs a parameter that the new shape lacks.
    """
    if shape not in LINESHAPES:
        raise ModelError(f'there is no line shape "{shape}".', where=f"{region_name}/{owner}")
    region = model.region(region_name)
    ids = {c.id for c in members(region, owner)}
    names = {spec.name for spec in lineshape(shape).parameters}
    extra = {spec.name for spec in region.background.component_specs}
    for link in model.links:
        for path in (link.target, *(t.source for t in link.terms)):
            home, holder, name = split_path(path)
            if home == region_name and holder in ids | {owner} and name not in names | extra:
                raise ModelError(
                    f'a link needs "{name}", which the shape "{shape}" does not have.',
                    hint="Take the link off first.",
                    where=f"{region_name}/{owner}",
                )

    def converted(component: Component) -> Component:
        kept = {k: v for k, v in component.parameters.items() if k in names | extra}
        width = component.parameters.get("fwhm") or component.parameters.get("fwhm_gauss")
        for target in ("fwhm", "fwhm_gauss"):
            if target in names and target not in kept and width is not None:
                kept[target] = width
        return replace(component, lineshape=shape, parameters=kept)

    return _with_components(model, region, converted, ids)


# ---------------------------------------------------------------------------------
# Background and window


def set_background(model: Model, region_name: str, kind: str, mode: str | None = None) -> Model:
    """Return `model` with another background in a region.

    Settings that both kinds have are kept; the fitted parameters are left open. A step that
    components had under the old one goes with it.
    """
    region = model.region(region_name)
    fresh = Background(kind, mode or None)  # type: ignore[arg-type]
    known = {k: v for k, v in region.background.options.items() if k in fresh.options}
    background = Background(kind, fresh.mode, known)
    steps = {spec.name for spec in background.component_specs}
    shapes = {
        c.id: {spec.name for spec in lineshape(c.lineshape).parameters} for c in region.components
    }
    components = tuple(
        replace(c, parameters={k: v for k, v in c.parameters.items() if k in shapes[c.id] | steps})
        for c in region.components
    )
    changed = replace(region, background=background, components=components)
    gone = {s.name for s in region.background.component_specs} - steps
    left = tuple(k for k in model.links if not _about_background(k, region_name, gone))
    return replace(replace_region(model, changed), links=left)


def _about_background(link: Link, region_name: str, gone: set[str]) -> bool:
    parts = [split_path(path) for path in (link.target, *(t.source for t in link.terms))]
    return any(
        region == region_name and (owner == BACKGROUND or name in gone)
        for region, owner, name in parts
    )


def set_background_option(model: Model, region_name: str, name: str, value: Any) -> Model:
    """Return `model` with one setting of a background changed; its parameters are kept."""
    region = model.region(region_name)
    options = dict(region.background.options) | {name: value}
    old = region.background
    fresh = Background(old.type, old.mode, options)
    known = {spec.name for spec in fresh.specs}
    parameters = {k: v for k, v in old.parameters.items() if k in known}
    background = replace(fresh, parameters=parameters)
    return replace_region(model, replace(region, background=background))


def set_window(model: Model, region_name: str, low: float, high: float) -> Model:
    """Return `model` with another window of a region."""
    if not (isfinite(low) and isfinite(high)) or low == high:
        raise ModelError(f"the window {low:g} to {high:g} is empty.", where=region_name)
    region = model.region(region_name)
    return replace_region(model, replace(region, window=(min(low, high), max(low, high))))


# ---------------------------------------------------------------------------------
# Links and locks


def link(model: Model, new: Link) -> Model:
    """Return `model` with one more link; an older one of the same target is replaced."""
    get_parameter(model, new.target)
    for term in new.terms:
        get_parameter(model, term.source)
    return add_links(model, [new])


def unlink(model: Model, path: str) -> Model:
    """Return `model` without the link of a parameter; it keeps its value and is free.

    Raises
    ------
    ModelError
        If it is not linked, or tied by its doublet, which is unlocked with a reason instead.
    """
    key = canonical_path(model, path)
    left = tuple(k for k in model.links if canonical_path(model, k.target) != key)
    if len(left) == len(model.links):
        if key in _links(model):
            raise ModelError(
                "it is tied by its doublet.", hint="Unlock the doublet, with a reason.", where=path
            )
        raise ModelError("it is not linked.", where=path)
    return replace(model, links=left)


def unlock_doublet(
    model: Model, region_name: str, doublet: str, parameter: str, reason: str
) -> Model:
    """Return `model` with one constraint of a doublet taken off; every report prints the reason.

    The minor line starts from the value it was tied to.
    """
    region = model.region(region_name)
    tied = region.doublet(doublet)
    link_ = _links(model).get(f"{region_name}/{tied.minor}/{parameter}")
    freed = replace_region(model, unlock(region, doublet, parameter, reason))
    if link_ is None or len(link_.terms) != 1:
        return freed
    source = get_parameter(model, link_.terms[0].source).value
    if source is None:
        return freed
    path = f"{region_name}/{tied.minor}/{parameter}"
    return set_parameter(freed, path, value=link_.offset + link_.terms[0].times * source)


def relock_doublet(
    model: Model, region_name: str, doublet: str, parameter: str | None = None
) -> Model:
    """Return `model` with a constraint of a doublet put back; None: all of them."""
    region = model.region(region_name)
    old = region.doublet(doublet)
    left = tuple(u for u in old.unlocked if parameter is not None and u.parameter != parameter)
    doublets = tuple(
        replace(d, unlocked=left) if d.id == doublet else d for d in region.doublets
    )  # fmt: skip
    return replace_region(model, replace(region, doublets=doublets))


# ---------------------------------------------------------------------------------
# What a note of the lint can be answered with


@dataclass(frozen=True, eq=False)
class Fix:
    """A change that answers a finding.

    Attributes
    ----------
    label : str
        What the button says.
    apply : callable
        ``apply(model) -> model``.
    """

    label: str
    apply: Callable[[Model], Model]


def fix_for(finding: Finding, model: Model) -> Fix | None:
    """Return the change that answers a finding, where one does without a person's judgement."""
    make = _FIXES.get(finding.code)
    return None if make is None else make(finding, model)


def _remove_empty(finding: Finding, model: Model) -> Fix | None:
    place = place_of(finding, model)
    if place is None or not place[1]:
        return None
    region, owner = place
    return Fix(f"Remove {owner}", lambda m: remove_owner(m, region, owner))


def _lock_again(finding: Finding, model: Model) -> Fix | None:
    place = place_of(finding, model)
    if place is None:
        return None
    region, owner = place
    if not any(d.id == owner and d.unlocked for d in model.region(region).doublets):
        return None
    return Fix(f"Lock {owner} again", lambda m: relock_doublet(m, region, owner))


def _use_physics(finding: Finding, model: Model) -> Fix | None:
    place = place_of(finding, model)
    if place is None:
        return None
    name, owner = place
    # A finding of the whole region means each of its doublets.
    ids = [d.id for d in model.region(name).doublets if owner in ("", d.id)]
    if not ids:
        return None

    def apply(changed: Model) -> Model:
        for doublet in ids:
            changed = physical_doublet(changed, name, doublet)
        return changed

    return Fix("Use the splitting and ratio of the level", apply)


def physical_doublet(model: Model, region_name: str, doublet: str) -> Model:
    """Return `model` with a doublet's splitting and area ratio those of its core level, locked."""
    region = model.region(region_name)
    level = core_level(region.doublet(doublet).line)
    new = replace(
        region.doublet(doublet), splitting=level.require_splitting(), ratio=level.area_ratio,
        source=level.splitting_source, unlocked=(),
    )  # fmt: skip
    doublets = tuple(new if d.id == doublet else d for d in region.doublets)
    return replace_region(model, replace(region, doublets=doublets))


def _make_doublet(finding: Finding, model: Model) -> Fix | None:
    place = place_of(finding, model)
    if place is None or not place[1]:
        return None
    region, owner = place
    line = members(model.region(region), owner)[0].line
    level = " ".join([line.split()[0], line.split()[1][:2]]) if len(line.split()) == 2 else ""
    if not level or model.region(region).doublet_of(owner) is not None:
        return None
    return Fix(f"Make {owner} a doublet", lambda m: as_doublet(m, region, owner, level))


def as_doublet(model: Model, region_name: str, component: str, level: str) -> Model:
    """Return `model` with a single component as the doublet of a core level.

    Position and shape are kept for the major line, the area for both lines together.
    """
    old = model.region(region_name).component(component)
    values: dict[str, Any] = dict(old.parameters)
    smaller = remove_owner(model, region_name, component)
    larger = add_doublet(
        smaller.region(region_name), component, level, old.lineshape, label=old.label,
        species=old.species, **values,
    )  # fmt: skip
    return replace_region(smaller, larger)


def _widen(finding: Finding, model: Model) -> Fix | None:
    path = finding.where
    try:
        given = get_parameter(model, path)
    except ModelError:
        return None
    value = given.value
    if value is None or not (isfinite(given.min) and isfinite(given.max)) or given.min == 0.0:
        return None
    more = given.max - given.min
    low = given.min - more if value - given.min < given.max - value else given.min
    high = given.max if low < given.min else given.max + more
    name = path.split("/", 1)[1].replace("/", " ")
    return Fix(f"Widen the bounds of {name}", lambda m: set_bounds(m, path, low, high))


_FIXES: Mapping[str, Callable[[Finding, Model], Fix | None]] = {
    "zero_area": _remove_empty,
    "not_needed": _remove_empty,
    "below_detection": _remove_empty,
    "unlocked_without_evidence": _lock_again,
    "splitting_wrong": _use_physics,
    "area_ratio_wrong": _use_physics,
    "missing_doublet": _make_doublet,
    "at_bound": _widen,
}


def place_of(finding: FitWarning, model: Model) -> tuple[str, str] | None:
    """Return the region and the component or doublet (or "") that a finding is about."""
    for region in model.regions:
        if finding.where == region.name:
            return region.name, ""
        head, _, rest = finding.where.partition("/")
        if head != region.name:
            continue
        for name in (rest, rest.rpartition("/")[0]):
            ids = {c.id: owner_of(region, c.id) for c in region.components}
            ids |= {d.id: d.id for d in region.doublets}
            ids |= {c.label: owner_of(region, c.id) for c in region.components} | ids
            if name in ids:
                return region.name, ids[name]
        return region.name, ""
    return None


# ---------------------------------------------------------------------------------


def _with_components(
    model: Model, region: Region, change: Callable[[Component], Component], ids: Iterable[str]
) -> Model:
    chosen = set(ids)
    components = tuple(change(c) if c.id in chosen else c for c in region.components)
    return replace_region(model, replace(region, components=components))


def _links(model: Model) -> dict[str, Link]:
    """Return every link by its target, doublets included, as the fit uses them."""
    return links_by_target(model, {region.name: 1 for region in model.regions})
