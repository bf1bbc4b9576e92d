"""What all models of one structure have in common: places of parameters, and their links.

A search, an error budget and a batch fit one structure hundreds of times with other values,
bounds and free parameters; where its parameters stand and what is linked to what is found
once. Unknown names and cycles are found here and reported by path.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from ..curves.lineshapes import LineShape, lineshape
from ..curves.spec import ParameterSpec
from ..errors import ModelError
from ..model import (
    BACKGROUND,
    REGION,
    Link,
    Model,
    Region,
    all_links,
    canonical_path,
    members_of,
    split_path,
)
from ..spectrum import Array

_SHIFT = ParameterSpec("shift", "x", 0.0, free=False, description="Added to every centre.")

Entries = list[tuple[str, ParameterSpec]]
Row = tuple[dict[str, float], float]


@dataclass(frozen=True)
class Slot:
    """Where one component's parameters stand in the region's part of ``p``."""

    id: str
    shape: LineShape
    own: slice
    coupled: slice


@dataclass(frozen=True, eq=False)
class Part:
    """Where the parameters of one region stand; fields as in `problem.RegionProblem`."""

    part: slice
    shift: int
    background: slice
    slots: tuple[Slot, ...]

    @property
    def drawn(self) -> list[int]:
        """Places in ``p`` that some curve uses; those of disabled components are not."""
        own = [self.shift, *range(self.background.start, self.background.stop)]
        for slot in self.slots:
            own += range(slot.own.start, slot.coupled.stop)
        return [self.part.start + i for i in own]


@dataclass(frozen=True, eq=False)
class Frame:
    """The parameter vector of a structure, and its links.

    Attributes
    ----------
    model : Model
        One that has it.
    parts : tuple of Part
    paths : tuple of str, length P
    specs : tuple of ParameterSpec, length P
    links : mapping of str to Link
        By canonical target.
    whole : ndarray, shape (P, P)
    constant : ndarray, shape (P,)
        ``p = whole @ p + constant`` with links followed to parameters that have none.
    used : frozenset of int
        Places of the unlinked parameters that move some curve.
    acting : frozenset of int
        The same, and the places of what a curve is drawn from.
    members : dict of str to tuple of int
        What was asked for, see `places_of`.
    """

    model: Model
    parts: tuple[Part, ...]
    paths: tuple[str, ...]
    specs: tuple[ParameterSpec, ...]
    links: Mapping[str, Link]
    whole: Array
    constant: Array
    used: frozenset[int]
    acting: frozenset[int]
    members: dict[str, tuple[int, ...]]

    def places_of(self, path: str) -> tuple[int, ...]:
        """Return the places in ``p`` that a path stands for: two for a doublet's area."""
        found = self.members.get(path)
        if found is None:
            found = tuple(self.paths.index(member) for member in members_of(self.model, path))
            self.members[path] = found
        return found


def frame_of(model: Model, orientations: tuple[int, ...]) -> Frame:
    """Return the frame of a model; kept for the next one of the same structure.

    Parameters
    ----------
    model : Model
    orientations : tuple of int
        Of the axis of each region: +1 binding, -1 kinetic energy.

    Raises
    ------
    ModelError
        Unknown path, link cycle.
    """
    return _kept_frame(_Structure(model), orientations)


class _Structure:
    """A model as far as its frame looks at it: neither values nor bounds nor priors."""

    def __init__(self, model: Model) -> None:
        self.model = model
        self.key = tuple(_key(region) for region in model.regions)

    def __hash__(self) -> int:
        return hash(self.key)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, _Structure):
            return False
        pairs = zip(self.model.regions, other.model.regions, strict=False)
        same = self.key == other.key and self.model.links == other.model.links
        return same and all(one.doublets == two.doublets for one, two in pairs)


def _key(region: Region) -> tuple[object, ...]:
    background = region.background
    return (
        region.name,
        background.type,
        background.mode,
        tuple(background.options.items()),
        tuple((c.id, c.label, c.lineshape, c.enabled) for c in region.components),
    )


@lru_cache(maxsize=32)
def _kept_frame(structure: _Structure, orientations: tuple[int, ...]) -> Frame:
    model = structure.model
    parts, entries = _parts(model)
    paths = tuple(path for path, _ in entries)
    names = (region.name for region in model.regions)
    links = links_by_target(model, dict(zip(names, orientations, strict=True)))
    place = {path: i for i, path in enumerate(paths)}
    for path in links:
        if path not in place:
            raise ModelError("this link's target is not part of the fit.", where=path)
    whole, constant = np.zeros((len(paths), len(paths))), np.zeros(len(paths))
    for i, (row, offset) in enumerate(_resolve(model, paths, links)):
        constant[i] = offset
        for base, times in row.items():
            whole[i, place[base]] += times
    drawn = [i for part in parts for i in part.drawn]
    used = frozenset(np.flatnonzero(whole[drawn].any(axis=0)).tolist())
    for array in (whole, constant):
        array.setflags(write=False)
    return Frame(
        model,
        parts,
        paths,
        tuple(spec for _, spec in entries),
        links,
        whole,
        constant,
        used,
        used | frozenset(drawn),
        {},
    )


# ---------------------------------------------------------------------------------
# Layout of the parameter vector


def _parts(model: Model) -> tuple[tuple[Part, ...], Entries]:
    parts: list[Part] = []
    entries: Entries = []
    for region in model.regions:
        part, own = _part(region, len(entries))
        parts.append(part)
        entries.extend(own)
    return tuple(parts), entries


def _part(region: Region, first: int) -> tuple[Part, Entries]:
    entries = [(f"{region.name}/{REGION}/shift", _SHIFT)]
    entries += [(f"{region.name}/{BACKGROUND}/{s.name}", s) for s in region.background.specs]
    background = slice(1, len(entries))
    slots = []
    for component in region.components:
        shape = lineshape(component.lineshape)
        here = len(entries)
        entries += [
            (f"{region.name}/{component.id}/{s.name}", s) for s in region.specs_of(component)
        ]
        middle = here + len(shape.parameters)
        if component.enabled:
            own, coupled = slice(here, middle), slice(middle, len(entries))
            slots.append(Slot(component.id, shape, own, coupled))
    return Part(slice(first, first + len(entries)), 0, background, tuple(slots)), entries


# ---------------------------------------------------------------------------------
# Links


def links_by_target(model: Model, orientation: Mapping[str, int]) -> dict[str, Link]:
    """Return the links by canonical target; an explicit link beats a doublet's own."""
    links: dict[str, Link] = {}
    for link in all_links(model, orientation):
        links[canonical_path(model, link.target)] = _to_major(model, link)
    return links


def _to_major(model: Model, link: Link) -> Link:
    """Return a link on a doublet's total area as one on its major line."""
    region_name, owner, name = split_path(link.target)
    region = model.region(region_name)
    for doublet in region.doublets:
        if doublet.id == owner and name == "area" and owner != doublet.major:
            if "area" in doublet.unlocked_parameters:
                raise ModelError(
                    "the area of a doublet whose ratio is unlocked cannot be the target of a link.",
                    hint=f"Link {doublet.major} and {doublet.minor} one by one.",
                    where=link.target,
                )
            part = 1.0 / (1.0 + doublet.ratio)
            terms = tuple(type(t)(t.times * part, t.source) for t in link.terms)
            return Link(link.target, terms, link.offset * part, link.note)
    return link


def _expand(model: Model, source: str) -> list[tuple[float, str]]:
    """Return a source path as (factor, component path) pairs; a doublet's area is a sum."""
    region_name, owner, name = split_path(source)
    region = model.region(region_name)
    for doublet in region.doublets:
        if doublet.id == owner and name == "area":
            return [(1.0, f"{region_name}/{part}/area") for part in (doublet.major, doublet.minor)]
    return [(1.0, canonical_path(model, source))]


def _resolve(model: Model, paths: tuple[str, ...], links: Mapping[str, Link]) -> list[Row]:
    """Return each parameter as a sum over unlinked ones, following chains of links."""
    done: dict[str, Row] = {}

    def follow(path: str, chain: tuple[str, ...]) -> Row:
        if path in done:
            return done[path]
        if path in chain:
            loop = " -> ".join((*chain[chain.index(path) :], path))
            raise ModelError(f"the links form a cycle: {loop}.", hint="Take one of them out.")
        if path not in links:
            return {path: 1.0}, 0.0
        link = links[path]
        total: dict[str, float] = {}
        offset = link.offset
        for term in link.terms:
            for factor, source in _expand(model, term.source):
                row, constant = follow(source, (*chain, path))
                for base, times in row.items():
                    total[base] = total.get(base, 0.0) + term.times * factor * times
                offset += term.times * factor * constant
        done[path] = (total, offset)
        return done[path]

    return [follow(path, ()) for path in paths]
