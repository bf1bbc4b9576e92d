"""Owners: a doublet, or a component that belongs to none."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import count

from .values import Component, Doublet, Region


def owners(region: Region, *, enabled: bool = False) -> tuple[str, ...]:
    """Return the ids of a region's doublets and of the components that are in none.

    Parameters
    ----------
    region : Region
    enabled : bool
        Leave out what is switched off.
    """
    minors = {doublet.minor for doublet in region.doublets}
    return tuple(
        owner_of(region, component.id)
        for component in region.components
        if component.id not in minors and (component.enabled or not enabled)
    )


def owner_of(region: Region, component: str) -> str:
    """Return the doublet that a component belongs to, or the component."""
    doublet = region.doublet_of(component)
    return component if doublet is None else doublet.id


def doublet_with_id(region: Region, owner: str) -> Doublet | None:
    """Return the doublet with this id, if there is one."""
    return next((d for d in region.doublets if d.id == owner), None)


def members(region: Region, owner: str) -> tuple[Component, ...]:
    """Return the lines of a doublet, the major one first, or the component itself."""
    doublet = doublet_with_id(region, owner)
    if doublet is None:
        return (region.component(owner),)
    return region.component(doublet.major), region.component(doublet.minor)


def level_of_owner(region: Region, owner: str) -> str:
    """Return the core level of a doublet or the line of a component; else the region's name."""
    doublet = doublet_with_id(region, owner)
    line = region.component(owner).line if doublet is None else doublet.line
    return line or region.name


def unused_name(name: str, taken: Iterable[str]) -> str:
    """Return the name, with the first number that makes it new if it is taken.

    A name counts as taken where another begins with it and a space: so do a doublet's lines.
    """
    known = tuple(taken)
    if name not in known:
        return name
    tries = (f"{name} {number}" for number in count(2))
    return next(t for t in tries if not any(k == t or k.startswith(f"{t} ") for k in known))


def names_of(region: Region) -> set[str]:
    """Return the ids of a region's components and doublets."""
    return {c.id for c in region.components} | {d.id for d in region.doublets}
