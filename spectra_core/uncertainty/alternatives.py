"""A fitted model with another number of owners: one fewer, two joined, one more, one split.

An owner is what a user counts as one: a doublet, or a line by itself. The referee asks whether
the data want one of these models, the comparison in the window shows them side by side, and
the error budget asks what a ratio would be in each. All of them get them from here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from math import inf
from typing import Literal

import numpy as np

from ..fitting import FitResult
from ..fitting.start import WIDTH_NAMES
from ..model import (
    Component,
    Link,
    Model,
    Parameter,
    Prior,
    Region,
    Term,
    add_component,
    add_doublet,
    add_links,
    add_priors,
    canonical_path,
    doublet_with_id,
    level_of_owner,
    make_component,
    members,
    members_of,
    names_of,
    owners,
    replace_region,
    set_enabled,
    share,
    split_path,
    unused_name,
)
from .quantities import AreaRatio

Kind = Literal["fewer", "joined", "more", "split"]
BROADER = 1.1  # times the narrowest: an owner this wide is split into two of that width
USUAL_PART = 0.3  # of the largest area: what a species that a model lacks has, one sd
_SELDOM_MORE = "what a model lacks is seldom more than a third of its largest line: a choice"
_APART = 1.5  # widths: owners further apart are not two descriptions of one
_STARTS = 3


@dataclass(frozen=True, eq=False)
class Alternative:
    """The model with another number of owners in one region.

    Attributes
    ----------
    kind : {"fewer", "joined", "more", "split"}
    change : str
        In words, e.g. ``"without intermediate"``.
    model : Model
    region : str
    stands_for : mapping of str to tuple of str
        For each owner that is changed, and for its lines, what stands for it now.
    starts : int
        Starting points that its fit needs.
    changed : tuple of str
        The owners that it is about, and their lines.
    obstacle : str
        Why it cannot be fitted; empty if it can.
    odds : float
        Logarithm of its odds among those of its kind, beforehand.
    """

    kind: Kind
    change: str
    model: Model
    region: str
    stands_for: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    starts: int = 1
    changed: tuple[str, ...] = ()
    obstacle: str = ""
    odds: float = 0.0

    @property
    def gone(self) -> tuple[str, ...]:
        """Paths of the areas that are not there any more."""
        if self.kind != "fewer":
            return ()
        lines = [c for c in self.model.region(self.region).components if c.id in self.changed]
        return tuple(f"{self.region}/{line.id}/{_size(line)}" for line in lines)

    def translated(self, quantity: AreaRatio) -> AreaRatio | None:
        """Return a ratio in this model; None where it cannot be told apart in it any more."""
        sides = (quantity.numerator, quantity.denominator)
        above, below = (self._side(side) for side in sides)
        return AreaRatio(above, below) if above and below else None

    def vanishes(self, quantity: AreaRatio) -> bool:
        """Return whether nothing of the numerator is left in this model, so that R is 0."""
        above, below = (self._side(side) for side in (quantity.numerator, quantity.denominator))
        return self.kind == "fewer" and not above and bool(below)

    def _side(self, paths: tuple[str, ...]) -> tuple[str, ...]:
        own = {split_path(path)[1] for path in paths if split_path(path)[0] == self.region}
        if self.kind == "joined" and not _all_or_none(self.stands_for, own):
            return ()
        found: list[str] = []
        for path in paths:
            region, owner, name = split_path(path)
            changed = self.stands_for.get(owner) if region == self.region else None
            parts = (owner,) if changed is None else changed
            found += [f"{region}/{part}/{name}" for part in parts]
        return tuple(dict.fromkeys(found))


def _all_or_none(stands_for: Mapping[str, tuple[str, ...]], own: set[str]) -> bool:
    """Return whether what became one was on one side of a ratio, or on none."""
    groups: dict[tuple[str, ...], set[str]] = {}
    for name, parts in stands_for.items():
        groups.setdefault(parts, set()).add(name)
    return all(group <= own or not group & own for group in groups.values())


# ---------------------------------------------------------------------------------
# Fewer


def fewer(result: FitResult, region_name: str) -> Iterator[Alternative]:
    """Yield the model without each owner in turn, then with two neighbours as one."""
    region = result.model.region(region_name)
    present = owners(region, enabled=True)
    if len(present) < 2:
        return
    for owner in present:
        model = set_enabled(result.model, region_name, owner, False)
        gone: dict[str, tuple[str, ...]] = dict.fromkeys(_names(region, owner), ())
        change = f"without {owner}"
        yield Alternative("fewer", change, model, region_name, gone, changed=tuple(gone))
    yield from _joined(result, region)


def _joined(result: FitResult, region: Region) -> Iterator[Alternative]:
    ordered = sorted(owners(region, enabled=True), key=lambda o: _value(region, o, "center"))
    for left, right in pairwise(ordered):
        if not _alike(region, left, right) or _is_tied(result.model, region, left, right):
            continue
        distance = _value(region, right, "center") - _value(region, left, "center")
        if distance > _APART * max(_width(result, region, o) for o in (left, right)):
            continue
        model = set_enabled(result.model, region.name, right, False)
        place = _between(result, region, left, right)
        model = _placed(model, region.name, _major(region, left).id, *place)
        names = zip(_names(region, left), _names(region, right), strict=True)
        stands_for = {name: (kept,) for kept, other in names for name in (kept, other)}
        change = f"{left} and {right} as one"
        yield Alternative(
            "joined", change, model, region.name, stands_for, changed=tuple(stands_for)
        )


def _alike(region: Region, one: str, other: str) -> bool:
    a, b = _major(region, one), _major(region, other)
    if len(members(region, one)) != len(members(region, other)) or a.lineshape != b.lineshape:
        return False
    return level_of_owner(region, one) == level_of_owner(region, other)


def _between(
    result: FitResult, region: Region, left: str, right: str
) -> tuple[float, float, float]:
    """Return where one owner in place of two starts, and its bounds."""
    lines = [_major(region, owner) for owner in (left, right)]
    sizes = [max(result.value(f"{region.name}/{line.id}/{_size(line)}"), 0.0) for line in lines]
    places = [_value(region, owner, "center") for owner in (left, right)]
    middle = float(np.average(places, weights=sizes if sum(sizes) > 0 else None))
    bounds = [line.parameters["center"] for line in lines]
    return middle, min(b.min for b in bounds), max(b.max for b in bounds)


# ---------------------------------------------------------------------------------
# More


@dataclass(frozen=True)
class Known:
    """What the library knows of a species: its name, how far it scatters, its bounds.

    Attributes
    ----------
    name : str
    spread : float
        Standard deviation of its position.
    low, high : float
        Where it may lie, without the shift of the region.
    odds : float
        Logarithm of the odds that it lies here and not at another of its places.
    """

    name: str
    spread: float
    low: float
    high: float
    odds: float = 0.0


def one_more(
    result: FitResult,
    region_name: str,
    at: float,
    *,
    known: Known | None = None,
) -> Alternative | None:
    """Return the model with one more owner at a place, like the nearest one.

    None where there is no owner, or where the place lies outside the window.

    Parameters
    ----------
    result : FitResult
    region_name : str
    at : float
        On the axis of the region, with its shift.
    known : Known or None
        A species that lies there. What is known of its position becomes a prior, and so does
        that a model seldom lacks much.
    """
    region = result.model.region(region_name)
    present = owners(region, enabled=True)
    if not present:
        return None
    shift = region.shift.value or 0.0
    place, first, last = (point - shift for point in (at, *region.window))
    like = min(present, key=lambda owner: abs(_value(region, owner, "center") - place))
    template = _major(region, like)
    if known is None:
        reach = max(_value(region, like, *WIDTH_NAMES), 1e-3)
        low, high = max(first, place - reach), min(last, place + reach)
    else:
        low, high = max(first, known.low), min(last, known.high)
    if low > high:
        return None
    size = _size(template)
    values = {
        "center": Parameter(min(max(place, low), high), low, high),
        size: Parameter(None, 0.0),
    }
    changed, major = _with_one_like(region, like, values)
    tied = [name for name in template.parameters if name not in ("center", size, "step")]
    links = [
        Link(f"{region_name}/{major}/{n}", (Term(1.0, f"{region_name}/{template.id}/{n}"),))
        for n in tied
    ]
    model = add_links(replace_region(result.model, changed), links)
    if known is None:
        return Alternative("more", f"one more near {at:.1f}", model, region_name)
    center = (Term(1.0, f"{region_name}/{major}/center"),)
    priors = [Prior(center, place, known.spread, source=f"peak library: {known.name}")]
    largest = max(_value(region, owner, size) for owner in present)
    if largest > 0:
        own = (Term(1.0, f"{region_name}/{major}/{size}"),)
        priors.append(Prior(own, 0.0, USUAL_PART * largest, source=_SELDOM_MORE))
    change, model = f"with {known.name}", add_priors(model, priors)
    return Alternative("more", change, model, region_name, odds=known.odds)


def _with_one_like(
    region: Region, like: str, values: Mapping[str, Parameter]
) -> tuple[Region, str]:
    """Return the region with another owner of the kind of `like`, and its major line."""
    name = unused_name("one more", names_of(region))
    doublet, template = doublet_with_id(region, like), _major(region, like)
    if doublet is None:
        line = make_component(name, template.lineshape, line=template.line)
        return add_component(region, replace(line, parameters=values)), name
    changed = add_doublet(
        region,
        name,
        doublet.line,
        template.lineshape,
        splitting=doublet.splitting,
        ratio=doublet.ratio,
    )
    major = changed.doublets[-1].major
    components = tuple(
        replace(c, parameters=values) if c.id == major else c for c in changed.components
    )
    return replace(changed, components=components), major


def split(result: FitResult, region_name: str, owner: str) -> Alternative:
    """Return the model with one owner described by two.

    Both stay nearer to each other than to the neighbours, so that the pair describes what one
    described; everything but area and centre is common to both. An owner that is clearly
    broader than the narrowest one beside it is split into two of that width.
    """
    region, change = result.model.region(region_name), f"{owner} as two"
    if _is_tied(result.model, region, owner):
        reason = "its area or position is tied to another component"
        about = _names(region, owner)
        return Alternative(
            "split", change, result.model, region_name, changed=about, obstacle=reason
        )
    width = _width(result, region, owner)
    narrow = narrowest(result, region_name, owner)
    offset = 0.3 * width
    links: list[Link] = []
    if narrow is not None and width >= BROADER * _width(result, region, narrow):
        offset = 0.4 * width
        links = _width_links(result.model, region, owner, narrow)
    model, stands_for = _with_twin(result, region, owner, offset)
    changed = add_links(model, links)
    return Alternative(
        "split", change, changed, region_name, stands_for, _STARTS, tuple(stands_for)
    )


def narrowest(result: FitResult, region_name: str, owner: str) -> str | None:
    """Return the narrowest of the other owners that are like one; None if there is none."""
    region = result.model.region(region_name)
    others = [o for o in owners(region, enabled=True) if o != owner and _alike(region, o, owner)]
    return min(others, key=lambda o: _width(result, region, o), default=None)


def _width_links(model: Model, region: Region, owner: str, narrow: str) -> list[Link]:
    """Return the links that give an owner the widths of another; none that close a circle."""
    own, target = _major(region, owner), _major(region, narrow)
    pairs = [
        (f"{region.name}/{own.id}/{n}", f"{region.name}/{target.id}/{n}")
        for n in WIDTH_NAMES
        if n in own.parameters and n in target.parameters
    ]
    return [Link(a, (Term(1.0, b),)) for a, b in pairs if not _depends(model, b, on=a)]


def _with_twin(
    result: FitResult, region: Region, owner: str, offset: float
) -> tuple[Model, dict[str, tuple[str, ...]]]:
    low, high = _territory(result, region, owner)
    lines = members(region, owner)
    center = _value(region, owner, "center")
    taken = names_of(region)
    ids = {name: unused_name(f"{name} (second)", taken) for name in _names(region, owner)}
    twins = tuple(replace(line, id=ids[line.id], label=ids[line.id]) for line in lines)
    changed = replace(region, components=(*region.components, *twins))
    doublet = doublet_with_id(region, owner)
    if doublet is not None:
        twin = replace(doublet, id=ids[owner], major=ids[doublet.major], minor=ids[doublet.minor])
        changed = replace(changed, doublets=(*region.doublets, twin))
    model = replace_region(result.model, changed)
    first, second = lines[0].id, twins[0].id
    model = _placed(model, region.name, first, center - offset, low, high)
    model = _placed(model, region.name, second, center + offset, low, high)
    names = [spec.name for spec in region.specs_of(lines[0]) if spec.name not in _OWN]
    links = [
        link
        for name in names
        for link in share([f"{region.name}/{first}/{name}", f"{region.name}/{second}/{name}"])
    ]
    return add_links(model, links), {name: (name, other) for name, other in ids.items()}


_SIZES = ("area", "height")
_OWN = (*_SIZES, "center")
"""What two components of one owner do not have in common."""


def _territory(result: FitResult, region: Region, owner: str) -> tuple[float, float]:
    """Return the places that are nearer to an owner than to its neighbours."""
    center = _value(region, owner, "center")
    others = [_value(region, o, "center") for o in owners(region, enabled=True) if o != owner]
    reach = 1.5 * _width(result, region, owner)
    left = max((c for c in others if c < center), default=-inf)
    right = min((c for c in others if c > center), default=inf)
    return max(center - reach, (center + left) / 2), min(center + reach, (center + right) / 2)


# ---------------------------------------------------------------------------------
# Pieces


def _placed(
    model: Model, region_name: str, component: str, at: float, low: float, high: float
) -> Model:
    """Return the model with a component that starts at a place, its size to be estimated."""
    region = model.region(region_name)

    def moved(line: Component) -> Component:
        size = _size(line)
        own = replace(line.parameters.get(size, Parameter(min=0.0)), value=None, free=True)
        place = Parameter(float(np.clip(at, low, high)), low, high)
        return replace(line, parameters=dict(line.parameters) | {"center": place, size: own})

    components = tuple(moved(c) if c.id == component else c for c in region.components)
    return replace_region(model, replace(region, components=components))


def _names(region: Region, owner: str) -> tuple[str, ...]:
    """Return an owner and its lines, each once."""
    return tuple(dict.fromkeys((owner, *(line.id for line in members(region, owner)))))


def _major(region: Region, owner: str) -> Component:
    return members(region, owner)[0]


def _size(line: Component) -> str:
    return "area" if "area" in line.parameters else "height"


def _width(result: FitResult, region: Region, owner: str) -> float:
    return result.summary(region.name, _major(region, owner).id).fwhm


def _value(region: Region, owner: str, *names: str) -> float:
    """Return the fitted value of the first of some parameters that the owner has."""
    parameters = _major(region, owner).parameters
    values = (parameters[name].value for name in names if name in parameters)
    return next((float(v) for v in values if v is not None), 0.0)


def _is_tied(model: Model, region: Region, *names: str) -> bool:
    """Return whether area or position of an owner follows from another's, or another's from it.

    A prior that ties an area counts, too: what is described by two would escape it.
    """
    exact = [path for link in model.links for path in paths_of(link)]
    known = [t.source for prior in model.priors if len(prior.terms) > 1 for t in prior.terms]
    tied = {canonical_path(model, path) for path in exact if split_path(path)[2] in _OWN}
    tied |= {
        member
        for path in known
        if split_path(path)[2] in _SIZES
        for member in members_of(model, path)
    }
    lines = [line.id for owner in names for line in members(region, owner)]
    return any(f"{region.name}/{line}/{name}" in tied for line in lines for name in _OWN)


def _depends(model: Model, path: str, *, on: str) -> bool:
    """Return whether a chain of links leads from `path` to `on`."""
    sources: dict[str, Sequence[str]] = {
        canonical_path(model, link.target): [canonical_path(model, t.source) for t in link.terms]
        for link in model.links
    }
    waiting, seen = [path], set()
    while waiting:
        here = waiting.pop()
        if here == on:
            return True
        if here not in seen:
            seen.add(here)
            waiting += sources.get(here, [])
    return False


def paths_of(link: Link) -> list[str]:
    """Return every path that a link names."""
    return [link.target, *(term.source for term in link.terms)]
