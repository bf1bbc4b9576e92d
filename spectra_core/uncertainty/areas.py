"""The area that a label means: of a component, or of a doublet as a whole."""

from __future__ import annotations

from collections.abc import Sequence

from ..core_levels import level_in
from ..curves.lineshapes import lineshape
from ..errors import ModelError, did_you_mean
from ..model import Model, Region, level_of_owner, members, owner_of, resolve_component, split_path
from .quantities import AreaRatio


def ratio_of_labels(
    model: Model, numerator: Sequence[str], denominator: Sequence[str]
) -> AreaRatio:
    """Return the ratio that labels mean; see `area_path`."""
    above, below = (
        tuple(area_path(model, label) for label in side) for side in (numerator, denominator)
    )
    return AreaRatio(above, below)


def area_path(model: Model, label: str) -> str:
    """Return the path of the area that a label means, doublets as a whole.

    Parameters
    ----------
    model : Model
    label : str
        Label or id of a component or doublet, or ``"region/label"``.

    Raises
    ------
    ModelError
        If it is unknown or stands in several regions, or has no finite area.
    """
    found = [(region, owner) for region in model.regions for owner in _owners(region, label)]
    if not found:
        raise ModelError(f'there is no component or doublet "{label}".', hint=_hint(model, label))
    if len({region.name for region, _ in found}) > 1:
        places = ", ".join(f'"{region.name}/{label}"' for region, _ in found)
        raise ModelError(
            f'"{label}" stands in {len(found)} regions.', hint=f"Write one of {places}."
        )
    region, owner = found[0]
    shape = lineshape(region.component(resolve_component(region, owner)).lineshape)
    if not shape.finite_area:
        raise ModelError(
            f"the line shape {shape.name} has no finite area, so no area ratio can be given.",
            hint="Choose another line shape.",
            where=f"{region.name}/{owner}",
        )
    return f"{region.name}/{owner}/area"


def _owners(region: Region, label: str) -> list[str]:
    """Return the owner in `region` that `label` means, if there is one."""
    prefix = f"{region.name}/"
    for text in (label, label[len(prefix) :] if label.startswith(prefix) else label):
        doublets = [d.id for d in region.doublets if d.id == text]
        components = [c.id for c in region.components if text in (c.id, c.label)]
        if doublets or components:
            return doublets or [resolve_component(region, text)]
    return []


def _hint(model: Model, label: str) -> str:
    known = [d.id for region in model.regions for d in region.doublets]
    known += [c.label for region in model.regions for c in region.components]
    return did_you_mean(label, known)


def lines_of(model: Model, path: str) -> list[str]:
    """Return region/id of the component, or of both lines of the doublet, at a path."""
    region_name, owner, _ = split_path(path)
    region = model.region(region_name)
    whole = owner_of(region, resolve_component(region, owner))
    return [f"{region_name}/{line.id}" for line in members(region, whole)]


def level_of_area(model: Model, path: str) -> str:
    """Return the core level of an area; the region's name where none is stated."""
    region_name, owner, _ = split_path(path)
    region = model.region(region_name)
    whole = owner_of(region, resolve_component(region, owner))
    return level_in(level_of_owner(region, whole)) or region_name
