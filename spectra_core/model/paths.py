"""Reading and changing the parameters of a model by their paths."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from typing import Any

from ..curves.spec import ParameterSpec
from ..errors import ModelError
from .values import BACKGROUND, REGION, RESERVED, Model, Parameter, Region, unknown


def replace_region(model: Model, region: Region) -> Model:
    """Return `model` with the region of the same name replaced."""
    model.region(region.name)
    regions = tuple(region if r.name == region.name else r for r in model.regions)
    return replace(model, regions=regions)


def set_parameter(model: Model, path: str, **changes: Any) -> Model:
    """Return `model` with fields of the parameter at `path` changed.

    Parameters
    ----------
    model : Model
    path : str
        ``region/owner/parameter``.
    **changes
        Fields of `Parameter`: value, min, max, free.
    """
    region_name, owner, name = split_path(path)
    region = model.region(region_name)
    changed = replace(get_parameter(model, path), **changes)
    changed = scaled(changed, total_to_major(region, owner, name))
    return replace_region(model, _with_parameter(region, owner, name, changed))


def get_parameter(model: Model, path: str) -> Parameter:
    """Return the parameter at `path`, the shape's default where none was given."""
    region_name, owner, name = split_path(path)
    region = model.region(region_name)
    if owner == REGION:
        if name != "shift":
            raise unknown("region parameter", name, ["shift"], region_name)
        return region.shift
    if owner == BACKGROUND:
        return _given_or_default(region.background.parameters, region.background.specs, name, path)
    component = region.component(resolve_component(region, owner))
    found = _given_or_default(component.parameters, region.specs_of(component), name, path)
    return scaled(found, 1.0 / total_to_major(region, owner, name))


def set_enabled(model: Model, region_name: str, component_id: str, enabled: bool) -> Model:
    """Return `model` with one component, or both lines of a doublet, switched on or off."""
    region = model.region(region_name)
    doublets = {d.id: (d.major, d.minor) for d in region.doublets}
    ids = doublets.get(component_id) or (region.component(component_id).id,)
    components = tuple(replace(c, enabled=enabled) if c.id in ids else c for c in region.components)
    return replace_region(model, replace(region, components=components))


@lru_cache(maxsize=4096)
def split_path(path: str) -> tuple[str, str, str]:
    """Return (region, owner, parameter) of a path; owners may contain ``/``."""
    region, _, rest = path.partition("/")
    owner, slash, parameter = rest.rpartition("/")
    if not (region and owner and parameter and slash):
        raise ModelError(
            f'"{path}" is not a parameter path.',
            hint='Write region/component/parameter, e.g. "S 2p/PS4/area".',
        )
    return region.strip(), owner.strip(), parameter.strip()


def resolve_component(region: Region, owner: str) -> str:
    """Return the component id that an owner name means; a doublet's is its major line.

    Raises
    ------
    ModelError
        If there is no such component, doublet or label, or the label is not unique.
    """
    for doublet in region.doublets:
        if doublet.id == owner:
            return doublet.major
    if owner in region.by_id:
        return owner
    labelled = [c.id for c in region.components if c.label == owner]
    if len(labelled) == 1:
        return labelled[0]
    if labelled:
        raise ModelError(
            f'the label "{owner}" belongs to {len(labelled)} components.',
            hint=f"Use an id: {', '.join(labelled)}.",
            where=region.name,
        )
    known = [*region.by_id, *(d.id for d in region.doublets), *RESERVED]
    raise unknown("component", owner, known, region.name)


def canonical_path(model: Model, path: str) -> str:
    """Return the path with its owner as a component id; checks every name."""
    region_name, owner, name = split_path(path)
    region = model.region(region_name)
    if owner not in (REGION, BACKGROUND):
        owner = resolve_component(region, owner)
    get_parameter(model, f"{region_name}/{owner}/{name}")
    return f"{region_name}/{owner}/{name}"


def members_of(model: Model, path: str) -> tuple[str, ...]:
    """Return the component paths that a path stands for: two for a doublet's area."""
    return doublet_members(model, path) or (canonical_path(model, path),)


def doublet_members(model: Model, path: str) -> tuple[str, str] | None:
    """Return the two area paths if `path` is the total area of a doublet, else None."""
    region_name, owner, name = split_path(path)
    region = model.region(region_name)
    if name != "area" or owner in region.by_id:
        return None
    for doublet in region.doublets:
        if doublet.id == owner:
            return (
                f"{region_name}/{doublet.major}/area",
                f"{region_name}/{doublet.minor}/area",
            )
    return None


def total_to_major(region: Region, owner: str, name: str) -> float:
    """Return the major line's part of a doublet's total; 1 for all but a doublet's area."""
    if name != "area" or owner in region.by_id:
        return 1.0
    ratios = [d.ratio for d in region.doublets if d.id == owner]
    return 1.0 / (1.0 + ratios[0]) if ratios else 1.0


def _with_parameter(region: Region, owner: str, name: str, value: Parameter) -> Region:
    if owner == REGION:
        return replace(region, shift=value)
    if owner == BACKGROUND:
        parameters = dict(region.background.parameters) | {name: value}
        return replace(region, background=replace(region.background, parameters=parameters))
    component_id = resolve_component(region, owner)
    components = tuple(
        replace(c, parameters=dict(c.parameters) | {name: value}) if c.id == component_id else c
        for c in region.components
    )
    return replace(region, components=components)


def _given_or_default(
    parameters: Mapping[str, Parameter], specs: tuple[ParameterSpec, ...], name: str, path: str
) -> Parameter:
    if name in parameters:
        return parameters[name]
    for spec in specs:
        if spec.name == name:
            return Parameter(spec.default, spec.low, spec.max, spec.free)
    raise unknown("parameter", name, [spec.name for spec in specs], path.rpartition("/")[0])


def scaled(parameter: Parameter, times: float) -> Parameter:
    """Return a parameter with value and bounds multiplied."""
    if times == 1.0:
        return parameter
    value = None if parameter.value is None else parameter.value * times
    return replace(parameter, value=value, min=parameter.min * times, max=parameter.max * times)
