"""The links of a model: those of its doublets, those that were given, and common ones."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from .paths import replace_region
from .values import REGION, Doublet, Link, Model, Region, Term


def add_links(model: Model, links: Iterable[Link]) -> Model:
    """Return `model` with more links; a second link for one target replaces the first."""
    new = {link.target: link for link in links}
    kept = tuple(link for link in model.links if link.target not in new)
    return replace(model, links=kept + tuple(new.values()))


def share(paths: Iterable[str], *, note: str = "") -> tuple[Link, ...]:
    """Return the links that make all `paths` equal to the first of them."""
    first, *others = paths
    return tuple(Link(path, (Term(1.0, first),), note=note) for path in others)


def share_shift(model: Model, *, free: bool = True) -> Model:
    """Return `model` with one charge shift for all its regions, fitted by default."""
    first = replace(model.regions[0], shift=replace(model.regions[0].shift, free=free))
    paths = [f"{region.name}/{REGION}/shift" for region in model.regions]
    changed = replace_region(model, first)
    return add_links(changed, share(paths, note="one charge shift for all regions"))


def all_links(model: Model, orientation: Mapping[str, int]) -> Iterator[Link]:
    """Yield every link of the model: the doublets' own, then the model's.

    Parameters
    ----------
    model : Model
    orientation : mapping of str to int
        Axis orientation of each region: on a kinetic energy axis (-1) the minor line
        of a doublet lies lower by the splitting.
    """
    for region in model.regions:
        for doublet in region.doublets:
            yield from _doublet_links(region, doublet, orientation[region.name])
    yield from model.links


def _doublet_links(region: Region, doublet: Doublet, orientation: int) -> Iterator[Link]:
    offsets = {"center": orientation * doublet.splitting}
    factors = {"area": doublet.ratio, "height": doublet.ratio}
    for spec in region.specs_of(region.component(doublet.minor)):
        if spec.name in doublet.unlocked_parameters:
            continue
        target = f"{region.name}/{doublet.minor}/{spec.name}"
        source = f"{region.name}/{doublet.major}/{spec.name}"
        term = Term(factors.get(spec.name, 1.0), source)
        note = f"{doublet.line} doublet {doublet.id}"
        yield Link(target, (term,), offsets.get(spec.name, 0.0), note)
