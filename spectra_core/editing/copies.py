"""Taking components and doublets out of a model, doubling them, carrying them elsewhere."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace

from ..curves.lineshapes import lineshape
from ..model import (
    BACKGROUND,
    REGION,
    Component,
    Doublet,
    Model,
    Prior,
    Region,
    add_priors,
    doublet_with_id,
    get_parameter,
    has_lost,
    members,
    replace_region,
    resolve_component,
    set_parameter,
    split_path,
    with_paths,
)
from .values import line_of, moved_to, value_of, without_links
from .words import effective_links


def remove_owner(model: Model, region_name: str, owner: str) -> Model:
    """Return `model` without a component or doublet.

    Its links go with it; what followed it keeps the value it has, also the other line of a
    doublet whose one line is taken out.
    """
    region = model.region(region_name)
    gone = {c.id for c in members(region, owner)}
    broken = {d.id for d in region.doublets if {d.major, d.minor} & gone}
    partners = {part for d in region.doublets if d.id in broken for part in (d.major, d.minor)}
    components = tuple(
        _with_followed_values(model, region, c) if c.id in partners else c
        for c in region.components
        if c.id not in gone
    )
    doublets = tuple(d for d in region.doublets if d.id not in broken)
    smaller = replace(region, components=components, doublets=doublets)

    def of_it(name: str, holder: str, _: str) -> bool:
        if name != region_name or holder in (BACKGROUND, REGION):
            return False
        return holder in broken or resolve_component(region, holder) in gone

    return without_links(model, replace_region(model, smaller), of_it)


def _with_followed_values(model: Model, region: Region, component: Component) -> Component:
    """Return a component with the values that it follows as its own."""
    links = effective_links(model)
    values = dict(component.parameters)
    for spec in region.specs_of(component):
        path = f"{region.name}/{component.id}/{spec.name}"
        value = value_of(model, path) if path in links else None
        if value is not None:
            values[spec.name] = moved_to(get_parameter(model, path), value)
    return replace(component, parameters=values)


@dataclass(frozen=True, eq=False)
class Copied:
    """A component or doublet taken out of its region, to be put into any other.

    Attributes
    ----------
    components : tuple of Component
    doublet : Doublet or None
    priors : tuple of Prior
        What is known of it alone.
    """

    components: tuple[Component, ...]
    doublet: Doublet | None
    priors: tuple[Prior, ...] = ()


def copy_owner(model: Model, region_name: str, owner: str) -> Copied:
    """Return a component or doublet as a value.

    Links to others, and priors on both, stay behind; the values that follow from links are
    copied.
    """
    region = model.region(region_name)
    lines = tuple(_with_followed_values(model, region, c) for c in members(region, owner))
    doublet = doublet_with_id(region, owner)
    names = {line.id for line in lines} | ({doublet.id} if doublet else set())
    own = tuple(p for p in _named_by_ids(model) if _is_of(p, region_name, names))
    return Copied(lines, doublet, own)


def _named_by_ids(model: Model) -> Iterator[Prior]:
    """Yield the priors with paths that name ids, of doublets too, and no label."""

    def by_id(path: str) -> str:
        name, holder, parameter = split_path(path)
        region = model.region(name)
        if holder in (BACKGROUND, REGION) or doublet_with_id(region, holder) is not None:
            return path
        return f"{name}/{resolve_component(region, holder)}/{parameter}"

    yield from (with_paths(prior, by_id) for prior in model.priors)


def _is_of(prior: Prior, region: str, names: Collection[str]) -> bool:
    if prior.relative_to:
        return False
    parts = [split_path(term.source) for term in prior.terms]
    return all(name == region and holder in names for name, holder, _ in parts)


def paste_owner(model: Model, region_name: str, copied: Copied) -> Model:
    """Return `model` with a copied component or doublet in a region, under a free name."""
    region = model.region(region_name)
    taken = {c.id for c in region.components} | {d.id for d in region.doublets}
    old = copied.doublet.id if copied.doublet else copied.components[0].id
    owner = old if old not in taken else _unused(old, taken)
    ids = [_renamed(c.id, old, owner) for c in copied.components]
    labels = _free_labels(region, copied)
    steps = {spec.name for spec in region.background.component_specs}
    new = []
    for component, name, label in zip(copied.components, ids, labels, strict=True):
        known = {spec.name for spec in lineshape(component.lineshape).parameters} | steps
        values = {k: v for k, v in component.parameters.items() if k in known}
        new.append(replace(component, id=name, label=label, parameters=values))
    doublets = region.doublets
    if copied.doublet is not None:
        doublets += (replace(copied.doublet, id=owner, major=ids[0], minor=ids[1]),)
    larger = replace(region, components=(*region.components, *new), doublets=doublets)
    called = dict(zip((c.id for c in copied.components), ids, strict=True)) | {old: owner}

    def here(path: str) -> str:
        _, holder, parameter = split_path(path)
        return f"{region_name}/{called[holder]}/{parameter}"

    changed = replace_region(model, larger)
    priors = [with_paths(prior, here) for prior in copied.priors]
    return add_priors(changed, [prior for prior in priors if not has_lost(changed, prior)])


def _renamed(name: str, old: str, new: str) -> str:
    if old == new:
        return name
    return name.replace(old, new, 1) if old in name else f"{name} {new}"


def _free_labels(region: Region, copied: Copied) -> list[str]:
    """Return labels for the copies that no other component of the region has."""
    taken = {c.label for c in region.components}
    labels = [c.label for c in copied.components]
    if not taken & set(labels):
        return labels
    lines = [f" {line_of(c)}" if copied.doublet and line_of(c) else "" for c in copied.components]
    base = labels[0].removesuffix(lines[0])
    free = _unused(base, taken)
    return [f"{free}{line}" for line in lines]


def duplicate_owner(model: Model, region_name: str, owner: str) -> Model:
    """Return `model` with a second component or doublet half a width beside one; its area open.

    What is known of the shape is known of both, what is known of place and size is not.
    """
    region = model.region(region_name)
    before = {c.id for c in region.components}
    width = _width(model, region, members(region, owner)[0])
    copied = copy_owner(model, region_name, owner)
    shapes = tuple(p for p in copied.priors if p.group == "shape" or len(p.terms) > 1)
    doubled = paste_owner(model, region_name, replace(copied, priors=shapes))
    first = next(c for c in doubled.region(region_name).components if c.id not in before)
    path = f"{region_name}/{first.id}"
    center = get_parameter(doubled, f"{path}/center")
    if center.value is not None:
        beside = moved_to(center, center.value + width / 2).value
        doubled = set_parameter(doubled, f"{path}/center", value=beside)
    for name in ("area", "height"):
        if name in first.parameters:
            doubled = set_parameter(doubled, f"{path}/{name}", value=None)
    return doubled


def _width(model: Model, region: Region, component: Component) -> float:
    """Return the width of a line; a twentieth of the window where it is still open."""
    names = {spec.name for spec in region.specs_of(component)}
    path = f"{region.name}/{component.id}"
    found = [
        value_of(model, f"{path}/{name}") or 0.0
        for name in ("fwhm", "fwhm_gauss", "fwhm_lorentz")
        if name in names
    ]
    return max(found, default=0.0) or (region.window[1] - region.window[0]) / 20


def _unused(name: str, taken: Iterable[str]) -> str:
    known = set(taken)
    number = 2
    while any(k == f"{name} {number}" or k.startswith(f"{name} {number} ") for k in known):
        number += 1
    return f"{name} {number}"
