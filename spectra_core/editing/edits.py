"""What a user does to a model by hand: pure functions from a model to a new one.

They know doublets: an edit of a doublet is an edit of both its lines. They never leave a link
behind that points nowhere, and what loses its link keeps the value that it followed. Values are
in `spectra_core.editing.values`, copies in `spectra_core.editing.copies`, states in words in
`spectra_core.editing.words`; all of them can be called from here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from math import isfinite
from typing import Any

from ..core_levels import core_level
from ..curves.backgrounds import BACKGROUNDS
from ..curves.lineshapes import LINESHAPES, lineshape
from ..errors import ModelError
from ..fitting import FitWarning
from ..model import (
    BACKGROUND,
    REGION,
    Background,
    Component,
    Link,
    Model,
    Region,
    Term,
    add_doublet,
    add_links,
    canonical_path,
    doublet_with_id,
    get_parameter,
    members,
    owner_of,
    owners,
    replace_region,
    resolve_component,
    set_parameter,
    split_path,
    unlock,
    with_paths,
    without_lost_priors,
)
from ..referee.context import Finding
from .copies import Copied, copy_owner, duplicate_owner, paste_owner, remove_owner
from .values import (
    component_paths,
    ends_of,
    hold,
    keep_value,
    line_of,
    owner_label,
    set_bounds,
    set_value,
    value_of,
    widen_to,
    without_links,
)
from .words import ParameterState, doublet_words, effective_links, link_words, state_of

__all__ = [
    "Copied",
    "Fix",
    "ParameterState",
    "as_doublet",
    "convert_shape",
    "copy_owner",
    "doublet_words",
    "duplicate_owner",
    "effective_links",
    "fix_for",
    "hold",
    "link",
    "link_words",
    "members",
    "owner_label",
    "owner_of",
    "owners",
    "paste_owner",
    "physical_doublet",
    "place_of",
    "relock_doublet",
    "remove_owner",
    "rename_owner",
    "set_background",
    "set_background_option",
    "set_bounds",
    "set_species",
    "set_value",
    "set_window",
    "state_of",
    "unlink",
    "unlock_doublet",
    "value_of",
    "widen_to",
]


# ---------------------------------------------------------------------------------
# Names and species


def rename_owner(model: Model, region_name: str, owner: str, label: str) -> Model:
    """Return `model` with another label for a component, or for both lines of a doublet.

    Ids, and with them every path and link, stay.
    """
    label = label.strip()
    if not label:
        raise ModelError("a component needs a name.", where=f"{region_name}/{owner}")
    model = _linked_by_ids(model)
    region = model.region(region_name)
    lines = members(region, owner)
    new = {}
    for component in lines:
        new[component.id] = f"{label} {line_of(component)}".strip() if len(lines) > 1 else label
    return _with_components(model, region, lambda c: replace(c, label=new[c.id]), new)


def set_species(model: Model, region_name: str, owner: str, species: str) -> Model:
    """Return `model` with a component, or both lines of a doublet, assigned to a species."""
    region = model.region(region_name)
    ids = {c.id for c in members(region, owner)}
    return _with_components(model, region, lambda c: replace(c, species=species.strip()), ids)


# ---------------------------------------------------------------------------------
# Line shapes


def convert_shape(model: Model, region_name: str, owner: str, shape: str) -> Model:
    """Return `model` with another line shape of a component, or of both lines of a doublet.

    What both shapes call the same keeps value, bounds and state; the rest starts from the
    shape's defaults. Where only one of them has an area, or a height, the size is left open.
    Priors on what the new shape does not have go.

    Raises
    ------
    ModelError
        If a link of the model needs a parameter that the new shape lacks.
    """
    if shape not in LINESHAPES:
        raise ModelError(f'there is no line shape "{shape}".', where=f"{region_name}/{owner}")
    model = _linked_by_ids(model)
    region = model.region(region_name)
    ids = {c.id for c in members(region, owner)}
    names = {spec.name for spec in lineshape(shape).parameters}
    extra = {spec.name for spec in region.background.component_specs}
    for link in model.links:
        for path in ends_of(link):
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

    components = tuple(converted(c) if c.id in ids else c for c in region.components)
    # What the new shape does not have cannot be unlocked any more.
    doublets = tuple(
        replace(d, unlocked=tuple(u for u in d.unlocked if u.parameter in names | extra))
        if d.major in ids
        else d
        for d in region.doublets
    )
    return without_lost_priors(
        replace_region(model, replace(region, components=components, doublets=doublets))
    )


# ---------------------------------------------------------------------------------
# Background and window


def set_background(model: Model, region_name: str, kind: str, mode: str | None = None) -> Model:
    """Return `model` with another background in a region.

    Settings that mean the same in both kinds are kept, and without a `mode` the mode, where
    the new kind has it; the fitted parameters are left open. A step that components had under
    the old one goes with it. The same background again changes nothing.
    """
    region = model.region(region_name)
    old = region.background
    same_mode = old.mode if kind in BACKGROUNDS and old.mode in BACKGROUNDS[kind].modes else None
    fresh = Background(kind, mode or same_mode)  # type: ignore[arg-type]
    if (fresh.type, fresh.mode) == (old.type, old.mode):
        return model
    # Of one name and one default: the b of another Tougaard formula, or the degree of a
    # polynomial, means something else.
    usual = Background(old.type, old.mode).options
    known = {
        k: v for k, v in old.options.items() if k in usual and fresh.options.get(k) == usual[k]
    }
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
    gone = {s.name for s in old.component_specs} - steps

    def of_it(name: str, holder: str, parameter: str) -> bool:
        return name == region_name and (holder == BACKGROUND or parameter in gone)

    return without_links(model, replace_region(model, changed), of_it)


def set_background_option(model: Model, region_name: str, name: str, value: Any) -> Model:
    """Return `model` with one setting of a background changed.

    Its parameters are kept, and the links to them, as far as they are still there.
    """
    region = model.region(region_name)
    options = dict(region.background.options) | {name: value}
    old = region.background
    fresh = Background(old.type, old.mode, options)
    known = {spec.name for spec in fresh.specs}
    parameters = {k: v for k, v in old.parameters.items() if k in known}
    background = replace(fresh, parameters=parameters)

    def of_it(home: str, holder: str, parameter: str) -> bool:
        return home == region_name and holder == BACKGROUND and parameter not in known

    changed = replace_region(model, replace(region, background=background))
    return without_links(model, changed, of_it)


def set_window(model: Model, region_name: str, low: float, high: float) -> Model:
    """Return `model` with another window of a region."""
    if not (isfinite(low) and isfinite(high)) or low == high:
        raise ModelError(f"the window {low:g} to {high:g} is empty.", where=region_name)
    region = model.region(region_name)
    return replace_region(model, replace(region, window=(min(low, high), max(low, high))))


# ---------------------------------------------------------------------------------
# Links and locks


def link(
    model: Model,
    target: Link | str,
    source: str | None = None,
    *,
    times: float = 1.0,
    offset: float = 0.0,
    note: str = "",
) -> Model:
    """Return `model` with one more link; an older one of the same target is replaced.

    Parameters
    ----------
    model : Model
    target : Link or str
        A link, or the path of the parameter that is to follow `source`.
    source : str or None
        Path of the parameter that is followed.
    times, offset : float
        ``target = offset + times * source``.
    note : str
        Why, for the report.

    Raises
    ------
    ModelError
        If it names something that is not there, closes a cycle, or would undo the tie of a
        doublet without a reason.
    """
    new = target if isinstance(target, Link) else _new_link(target, source, times, offset, note)
    for path in ends_of(new):
        canonical_path(model, path)
    if not new.terms:
        raise ModelError("a link needs a parameter to follow.", where=new.target)
    region_name, owner, name = split_path(new.target)
    region = model.region(region_name)
    if owner not in (BACKGROUND, REGION):
        component = resolve_component(region, owner)
        tied = region.doublet_of(component)
        if tied is not None and component == tied.minor and name not in tied.unlocked_parameters:
            raise _tied(new.target)
    key = canonical_path(model, new.target)
    kept = tuple(k for k in model.links if canonical_path(model, k.target) != key)
    linked = add_links(replace(model, links=kept), [new])
    _check_acyclic(linked, key)
    return linked


def _new_link(target: str, source: str | None, times: float, offset: float, note: str) -> Link:
    terms = () if source is None else (Term(times, source),)
    return Link(target, terms, offset, note)


def _check_acyclic(model: Model, start: str) -> None:
    links = effective_links(model)
    waiting, seen = [start], set[str]()
    while waiting:
        link = links.get(waiting.pop())
        for term in () if link is None else link.terms:
            for line in component_paths(model, term.source):
                if line == start:
                    raise ModelError(
                        "it would follow from itself.",
                        hint="Choose another parameter.",
                        where=start,
                    )
                if line not in seen:
                    seen.add(line)
                    waiting.append(line)


def _tied(path: str) -> ModelError:
    return ModelError(
        "it is tied by its doublet.", hint="Unlock the doublet, with a reason.", where=path
    )


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
        if key in effective_links(model):
            raise _tied(path)
        raise ModelError("it is not linked.", where=path)
    freed = replace(model, links=left)
    if key in effective_links(freed):  # a doublet's own tie takes its place
        return freed
    return keep_value(model, set_parameter(freed, key, free=True), key)


def unlock_doublet(
    model: Model, region_name: str, doublet: str, parameter: str, reason: str
) -> Model:
    """Return `model` with one constraint of a doublet taken off; every report prints the reason.

    The minor line starts from the value it was tied to. Unlocking again replaces the reason.

    Raises
    ------
    ModelError
        If the reason is empty, the parameter is unknown, or the area is to be unlocked while
        a link sets that of both lines together.
    """
    region = model.region(region_name)
    tied = region.doublet(doublet)
    for known in model.links:
        if known.target == f"{region_name}/{doublet}/area" and parameter == "area":
            raise ModelError(
                f"the area of both lines follows from {known.formula}.",
                hint="Take that link off first.",
                where=known.target,
            )
    path = f"{region_name}/{tied.minor}/{parameter}"
    if parameter in tied.unlocked_parameters:
        model = relock_doublet(model, region_name, doublet, parameter)
        region = model.region(region_name)
        return replace_region(model, unlock(region, doublet, parameter, reason))
    freed = replace_region(model, unlock(region, doublet, parameter, reason))
    return keep_value(model, freed, path)


def relock_doublet(
    model: Model, region_name: str, doublet: str, parameter: str | None = None
) -> Model:
    """Return `model` with a constraint of a doublet put back; None: all of them.

    What was known of the minor line's own value goes: it follows from the major line's.
    """
    region = model.region(region_name)
    old = region.doublet(doublet)
    back = {u.parameter for u in old.unlocked if parameter in (None, u.parameter)}
    tied = {f"{region_name}/{old.minor}/{name}" for name in back}
    priors = tuple(
        p for p in model.priors if not tied & {canonical_path(model, t.source) for t in p.terms}
    )
    left = tuple(u for u in old.unlocked if parameter is not None and u.parameter != parameter)
    doublets = tuple(replace(d, unlocked=left) if d.id == doublet else d for d in region.doublets)
    changed = replace_region(model, replace(region, doublets=doublets))
    return replace(changed, priors=priors)


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
    """Return the change that answers a finding, where one does without a user's judgement."""
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

    return Fix("Use the level's doublet", apply)


def physical_doublet(model: Model, region_name: str, doublet: str) -> Model:
    """Return `model` with a doublet's splitting and area ratio those of its core level, locked."""
    region = model.region(region_name)
    level = core_level(region.doublet(doublet).line)
    new = replace(
        region.doublet(doublet),
        splitting=level.require_splitting(),
        ratio=level.area_ratio,
        source=level.splitting_source,
        unlocked=(),
    )
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
        smaller.region(region_name),
        component,
        level,
        old.lineshape,
        label=old.label,
        species=old.species,
        **values,
    )
    return replace_region(smaller, larger)


def _widen(finding: Finding, model: Model) -> Fix | None:
    path = finding.where
    try:
        parameter = get_parameter(model, path)
    except ModelError:
        return None
    value = parameter.value
    if (
        value is None
        or not (isfinite(parameter.min) and isfinite(parameter.max))
        or parameter.min == 0.0
    ):
        return None
    more = parameter.max - parameter.min
    low = parameter.min - more if value - parameter.min < parameter.max - value else parameter.min
    high = parameter.max if low < parameter.min else parameter.max + more
    return Fix("Widen the bounds", lambda m: set_bounds(m, path, low, high))


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


def _linked_by_ids(model: Model) -> Model:
    """Return `model` with links and priors that name ids, so that a label can change."""

    def by_id(path: str) -> str:
        name, owner, parameter = split_path(path)
        region = model.region(name)
        if owner in (BACKGROUND, REGION) or doublet_with_id(region, owner) is not None:
            return path
        return f"{name}/{resolve_component(region, owner)}/{parameter}"

    return replace(
        model,
        links=tuple(
            replace(
                k,
                target=by_id(k.target),
                terms=tuple(replace(t, source=by_id(t.source)) for t in k.terms),
            )
            for k in model.links
        ),
        priors=tuple(with_paths(prior, by_id) for prior in model.priors),
    )
