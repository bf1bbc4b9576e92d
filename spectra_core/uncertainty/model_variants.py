"""Other models of the lines of a fitted region, one change at a time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from math import inf

import numpy as np

from ..core_levels import core_level
from ..curves.lineshapes import LINESHAPES, lineshape
from ..errors import SpectraError
from ..fitting import FitResult
from ..fitting.problem import canonical_path
from ..model import (
    Component,
    Link,
    Model,
    Parameter,
    Region,
    add_links,
    get_parameter,
    replace_region,
    set_enabled,
    share,
    split_path,
)
from .quantities import AreaRatio
from .variants import Candidate, Head, heads, named_in, paths_of, put

_WIDTHS = ("fwhm", "fwhm_gauss", "fwhm_lorentz")
# Shapes of one family: area, center, fwhm and mix mean the same in all of them.
_SYMMETRIC = ("voigt", "gl_sum", "gl_product", "gaussian")
_ANOTHER_FAMILY = ("voigt",)


# ---------------------------------------------------------------------------------
# Splittings


def splittings(result: FitResult, name: str, quantity: AreaRatio) -> Iterator[Candidate]:
    """Yield the model with other splittings that the sources of a core level allow."""
    region = result.model.region(name)
    for line in dict.fromkeys(doublet.line for doublet in region.doublets):
        for splitting in _allowed_splittings(region, line):
            doublets = tuple(
                replace(d, splitting=splitting) if d.line == line else d for d in region.doublets
            )
            model = replace_region(result.model, replace(region, doublets=doublets))
            text = named_in(result, name, f"{line} splitting {splitting:.2f} eV")
            yield Candidate("splitting", text, model, quantity)


def _allowed_splittings(region: Region, line: str) -> list[float]:
    """Return the ends of the core level's range, and its own value if the model's differs."""
    try:
        level = core_level(line)
    except SpectraError:  # a line that is not in the table: nothing is known of its range
        return []
    values = list(level.splitting_range_ev or ())
    used = {d.splitting for d in region.doublets if d.line == line}
    if level.splitting_ev is not None:
        values.append(level.splitting_ev)
    return [value for value in sorted(set(values)) if used != {value}]


# ---------------------------------------------------------------------------------
# Widths


def _widths_of(region: Region, head: Head) -> list[str]:
    shape = lineshape(region.component(head.major).lineshape)
    return [f"{region.name}/{head.major}/{s.name}" for s in shape.parameters if s.name in _WIDTHS]


def widths(result: FitResult, name: str, quantity: AreaRatio) -> Iterator[Candidate]:
    """Yield the model with its shared widths free, and with its free widths shared."""
    model, region = result.model, result.model.region(name)
    links = {canonical_path(model, link.target): link for link in model.links}
    widths = [path for head in heads(region) for path in _widths_of(region, head)]
    shared = [path for path in widths if path in links]
    if shared:
        text = named_in(result, name, "every component with its own width")
        yield Candidate("widths", text, _with_free_widths(model, shared, links), quantity)
    for line in dict.fromkeys(head.line for head in heads(region)):
        yield from _shared_widths(result, region, line, links, quantity)


def _with_free_widths(model: Model, shared: Sequence[str], links: Mapping[str, Link]) -> Model:
    for path in shared:
        source = get_parameter(model, links[path].terms[0].source) if links[path].terms else None
        if source is not None:
            own = get_parameter(model, path)
            given = Parameter(own.value, source.min, source.max, source.free)
            model = put(model, path, given)
    kept = tuple(link for link in model.links if canonical_path(model, link.target) not in shared)
    return replace(model, links=kept)


def _shared_widths(
    result: FitResult, region: Region, line: str, links: Mapping[str, Link], quantity: AreaRatio
) -> Iterator[Candidate]:
    groups: dict[str, list[str]] = {}
    for head in heads(region):
        for path in _widths_of(region, head) if head.line == line else ():
            if path not in links and get_parameter(result.model, path).free:
                groups.setdefault(split_path(path)[2], []).append(path)
    together = [paths for paths in groups.values() if len(paths) > 1]
    if not together:
        return
    model = result.model
    for paths in together:
        model = _with_one_width(model, paths)
    text = named_in(result, region.name, f"one width for all {line} components")
    yield Candidate("widths", text, model, quantity)


def _with_one_width(model: Model, paths: Sequence[str]) -> Model:
    """Return the model with all `paths` equal, within the widest of their bounds."""
    members = [get_parameter(model, path) for path in paths]
    low, high = min(m.min for m in members), max(m.max for m in members)
    for path, member in zip(paths, members, strict=True):
        model = put(model, path, replace(member, min=low, max=high))
    return add_links(model, share(paths, note="one width for all components"))


# ---------------------------------------------------------------------------------
# One component fewer, one more


def fewer(result: FitResult, name: str, quantity: AreaRatio) -> Iterator[Candidate]:
    """Yield the model without one component, where the ratio does not need it."""
    region = result.model.region(name)
    for head in heads(region):
        left = _without(result, region, head, quantity)
        if left is None or len(heads(region)) < 2:
            continue
        model = set_enabled(result.model, name, head.name, False)
        text = named_in(result, name, f"without {head.name}")
        yield Candidate("components", text, model, left)


def _without(
    result: FitResult, region: Region, head: Head, quantity: AreaRatio
) -> AreaRatio | None:
    """Return the ratio without the areas of one head; None if a side would be empty."""
    sides = []
    for side in (quantity.numerator, quantity.denominator):
        kept = tuple(p for p in side if not _belongs(result, p, region, head))
        sides.append(kept)
    return AreaRatio(sides[0], sides[1]) if all(sides) else None


def _belongs(result: FitResult, path: str, region: Region, head: Head) -> bool:
    name, owner, _ = split_path(path)
    return name == region.name and owner in (head.name, *head.parts)


def more(result: FitResult, name: str, quantity: AreaRatio) -> Iterator[Candidate]:
    """Yield the model with each component of the ratio described by two instead of one."""
    region = result.model.region(name)
    for head in heads(region):
        sides = [
            any(_belongs(result, p, region, head) for p in side)
            for side in (quantity.numerator, quantity.denominator)
        ]
        if not any(sides):
            continue
        text = named_in(result, name, f"{head.name} as two components of one width")
        if _is_tied(result.model, region, head):
            reason = "its area or position is tied to another component"
            yield Candidate("components", text, result.model, quantity, obstacle=reason)
            continue
        model, twin = _with_twin(result, region, head)
        area = f"{name}/{twin}/area"
        above = (*quantity.numerator, area) if sides[0] else quantity.numerator
        below = (*quantity.denominator, area) if sides[1] else quantity.denominator
        yield Candidate("components", text, model, AreaRatio(above, below), starts=3)


def _is_tied(model: Model, region: Region, head: Head) -> bool:
    tied = {
        canonical_path(model, path)
        for link in model.links
        for path in paths_of(link)
        if split_path(path)[2] in ("area", "center")
    }
    own = {f"{region.name}/{part}/{n}" for part in head.parts for n in ("area", "center")}
    return bool(tied & own)


def _with_twin(result: FitResult, region: Region, head: Head) -> tuple[Model, str]:
    """Return the model with one more component beside `head`, and what it is called.

    Both stay nearer to each other than to the neighbours, so that the pair describes what
    one component described; everything but area and centre is common to both.
    """
    low, high = _territory(result, region, head)
    center = result.value(f"{region.name}/{head.major}/center")
    offset = 0.3 * result.summary(region.name, head.major).fwhm
    ids = {part: f"{part} (second)" for part in head.parts}
    twins = [replace(region.component(p), id=ids[p], label=ids[p]) for p in head.parts]
    places = {head.major: center - offset, ids[head.major]: center + offset}
    components = tuple(
        _placed(c, low, high, places[c.id]) if c.id in places else c
        for c in (*region.components, *twins)
    )
    doublets, twin = region.doublets, ids[head.major]
    if head.doublet:
        twin = f"{head.name} (second)"
        major, minor = ids[head.doublet.major], ids[head.doublet.minor]
        doublets = (*doublets, replace(head.doublet, id=twin, major=major, minor=minor))
    changed = replace(region, components=components, doublets=doublets)
    model = replace_region(result.model, changed)
    return add_links(model, _common(changed, head.major, ids[head.major])), twin


def _common(region: Region, first: str, second: str) -> list[Link]:
    """Return the links that make all of two components equal but area and centre."""
    names = [spec.name for spec in region.specs_of(region.component(first))]
    return [
        link
        for name in names
        if name not in ("area", "center")
        for link in share([f"{region.name}/{first}/{name}", f"{region.name}/{second}/{name}"])
    ]


def _territory(result: FitResult, region: Region, head: Head) -> tuple[float, float]:
    center = result.value(f"{region.name}/{head.major}/center")
    others = [
        result.value(f"{region.name}/{other.major}/center")
        for other in heads(region)
        if other.major != head.major
    ]
    reach = 1.5 * result.summary(region.name, head.major).fwhm
    left = max((c for c in others if c < center), default=-inf)
    right = min((c for c in others if c > center), default=inf)
    return max(center - reach, (center + left) / 2), min(center + reach, (center + right) / 2)


def _placed(component: Component, low: float, high: float, center: float) -> Component:
    """Return a component that starts at `center` with its area to be estimated."""
    area = component.parameters.get("area", Parameter(min=0.0))
    place = Parameter(float(np.clip(center, low, high)), low, high)
    changed = {"center": place, "area": replace(area, value=None, free=True)}
    return replace(component, parameters=dict(component.parameters) | changed)


# ---------------------------------------------------------------------------------
# Line shapes


def line_shapes(result: FitResult, name: str, quantity: AreaRatio) -> Iterator[Candidate]:
    """Yield the model with another symmetric line shape, or another fixed mix."""
    region = result.model.region(name)
    used = {region.component(part).lineshape for head in heads(region) for part in head.parts}
    if len(used) != 1:
        return
    (now,) = used
    others = _SYMMETRIC if now in _SYMMETRIC else _ANOTHER_FAMILY
    if not LINESHAPES[now].finite_area or now not in (*_SYMMETRIC, "pseudo_voigt"):
        return
    for shape in others:
        if shape != now:
            model = _with_line_shape(result.model, region, shape)
            text = named_in(result, name, f"line shape {shape}")
            yield Candidate("line shape", text, model, quantity)
    yield from _mixes(result, region, now, quantity)


def _with_line_shape(model: Model, region: Region, shape: str) -> Model:
    names = {spec.name for spec in lineshape(shape).parameters}
    names |= {spec.name for spec in region.background.component_specs}
    components = tuple(
        replace(
            c, lineshape=shape, parameters={n: p for n, p in c.parameters.items() if n in names}
        )
        for c in region.components
    )
    doublets = tuple(
        replace(d, unlocked=tuple(u for u in d.unlocked if u.parameter in names))
        for d in region.doublets
    )
    own = {f"{region.name}/{c.id}/" for c in region.components}
    changed = replace_region(model, replace(region, components=components, doublets=doublets))
    links = tuple(
        link
        for link in model.links
        if not any(
            split_path(canonical_path(model, p))[2] not in names
            for p in paths_of(link)
            if any(canonical_path(model, p).startswith(start) for start in own)
        )
    )
    return replace(changed, links=links)


def _mixes(
    result: FitResult, region: Region, shape: str, quantity: AreaRatio
) -> Iterator[Candidate]:
    """Yield the model with another fixed Gauss-Lorentz mix, where it is fixed."""
    paths = [f"{region.name}/{head.major}/mix" for head in heads(region)]
    if "mix" not in [spec.name for spec in lineshape(shape).parameters]:
        return
    fixed = [
        p for p in paths if p not in result.problem.links and p not in result.problem.free_paths
    ]
    if not fixed:
        return
    for mix in (0.1, 0.3, 0.5):
        if all(abs(result.value(path) - mix) > 0.05 for path in fixed):
            model = result.model
            for path in fixed:
                model = put(model, path, Parameter(mix, 0.0, 1.0, free=False))
            text = named_in(result, region.name, f"Gauss-Lorentz mix {mix:g}")
            yield Candidate("line shape", text, model, quantity)
