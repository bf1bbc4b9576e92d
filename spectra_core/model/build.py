"""Making components and doublets, and unlocking what physics ties."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from ..core_levels import core_level
from ..errors import ModelError
from .paths import scaled
from .values import Component, Doublet, Model, Number, Region, Unlock, as_parameters, unknown


def make_component(
    component_id: str,
    shape: str = "voigt",
    *,
    label: str = "",
    species: str = "",
    line: str = "",
    **parameters: Number,
) -> Component:
    """Return a component; parameters may be numbers, or ``(value, min, max)``.

    Parameters
    ----------
    component_id : str
        Unique in its region.
    shape : str
        Line shape.
    label, species, line : str
        See `Component`.
    **parameters : Parameter, float or (value, min, max)
        By the line shape's names.
    """
    return Component(component_id, shape, as_parameters(parameters), label, species, line)


def add_component(
    region: Region, component: Component | str, shape: str = "voigt", **values: Any
) -> Region:
    """Return `region` with one more component.

    Parameters
    ----------
    region : Region
    component : Component or str
        A component, or the id of one that is made of what follows.
    shape : str
        Line shape.
    **values
        As for `make_component`: label, species, line, and parameters by their names.
    """
    if isinstance(component, str):
        component = make_component(component, shape, **values)
    return replace(_region(region), components=(*region.components, component))


def add_doublet(
    region: Region,
    doublet_id: str,
    line: str,
    shape: str = "voigt",
    *,
    splitting: float | None = None,
    ratio: float | None = None,
    label: str = "",
    species: str = "",
    **parameters: Number,
) -> Region:
    """Return `region` with a spin-orbit doublet as one object.

    Parameters
    ----------
    region : Region
    doublet_id : str
        Its lines are called e.g. ``"PS4 2p3/2"`` and ``"PS4 2p1/2"``.
    line : str
        Core level such as ``"S 2p"``: brings the splitting and the 2j+1 area ratio.
    shape : str
        Line shape of both lines.
    splitting, ratio : float or None
        In place of the core level's (eV; minor over major area).
    label, species : str
    **parameters : Parameter, float or (value, min, max)
        Of the major line, by the shape's names; ``area`` is that of *both lines
        together*.

    Raises
    ------
    ModelError
        If the level is unknown or has no splitting (an s level).
    """
    region, level = _region(region), core_level(line)
    if splitting is None:
        splitting = level.require_splitting()
    name = f"{level.element} {level.level}"
    ratio = level.area_ratio if ratio is None else ratio
    major_line, minor_line = level.lines
    major_id, minor_id = f"{doublet_id} {major_line}", f"{doublet_id} {minor_line}"
    values = dict(as_parameters(parameters))
    if "area" in values:
        values["area"] = scaled(values["area"], 1.0 / (1.0 + ratio))
    components = tuple(
        Component(
            component_id,
            shape,
            values if component_id == major_id else {},
            label=f"{label or doublet_id} {part}",
            species=species,
            line=f"{level.element} {part}",
        )
        for component_id, part in ((major_id, major_line), (minor_id, minor_line))
    )
    doublet = Doublet(
        doublet_id, name, major_id, minor_id, splitting, ratio, level.splitting_source
    )
    return replace(
        region,
        components=region.components + components,
        doublets=(*region.doublets, doublet),
    )


def unlock(region: Region, doublet_id: str, parameter: str, reason: str) -> Region:
    """Return `region` with one constraint of a doublet taken off.

    Parameters
    ----------
    region : Region
    doublet_id : str
    parameter : str
        Parameter of the minor line that is to be fitted by itself (``"area"``,
        ``"center"``, ``"fwhm"`` ...).
    reason : str
        Why; every report prints it.

    Raises
    ------
    ModelError
        If the reason is empty or the parameter is not one of the line's.
    """
    if not reason.strip():
        raise ModelError(
            f'the "{parameter}" of a doublet is unlocked without a reason.',
            hint="Write why: the report prints it.",
            where=f"{region.name}/{doublet_id}",
        )
    doublet = region.doublet(doublet_id)
    minor = region.component(doublet.minor)
    known = [spec.name for spec in region.specs_of(minor)]
    if parameter not in known:
        raise unknown("parameter", parameter, known, f"{region.name}/{doublet.minor}")
    changed = replace(doublet, unlocked=(*doublet.unlocked, Unlock(parameter, reason.strip())))
    doublets = tuple(changed if d.id == doublet_id else d for d in region.doublets)
    return replace(region, doublets=doublets)


def _region(value: Region) -> Region:
    """Return a region, or say how to get from what was given to one."""
    if isinstance(value, Region):
        return value
    hint = "Make one: Region(name, (low, high), background)."
    if isinstance(value, Model):
        hint = (
            'Take one out, model.region("name"), and put the changed one back:'
            " replace_region(model, region)."
        )
    raise ModelError(f"a region was expected, found a {type(value).__name__}.", hint=hint)
