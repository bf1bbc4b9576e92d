"""Other models of the lines of a fitted region, one change at a time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from ..core_levels import core_level
from ..curves.lineshapes import LINESHAPES, lineshape
from ..errors import SpectraError
from ..fitting import FitResult
from ..fitting.start import WIDTH_NAMES
from ..model import (
    Link,
    Model,
    Parameter,
    Region,
    add_links,
    canonical_path,
    get_parameter,
    level_of_owner,
    members,
    owners,
    replace_region,
    share,
    split_path,
    without_lost_priors,
)
from .alternatives import fewer, paths_of, split
from .variants import Trial, named_in, put

# Shapes of one family: area, center, fwhm and mix mean the same in all of them.
_SYMMETRIC = ("voigt", "gl_sum", "gl_product", "gaussian")
_ANOTHER_FAMILY = ("voigt",)


# ---------------------------------------------------------------------------------
# Splittings


def splittings(result: FitResult, name: str) -> Iterator[Trial]:
    """Yield the model with other splittings that the sources of a core level allow."""
    region = result.model.region(name)
    for line in dict.fromkeys(doublet.line for doublet in region.doublets):
        for splitting in _allowed_splittings(region, line):
            doublets = tuple(
                replace(d, splitting=splitting) if d.line == line else d for d in region.doublets
            )
            model = replace_region(result.model, replace(region, doublets=doublets))
            text = named_in(result, name, f"{line} splitting {splitting:.2f} eV")
            yield Trial("splitting", text, model, name)


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


def _widths_of(region: Region, owner: str) -> list[str]:
    major = members(region, owner)[0]
    shape = lineshape(major.lineshape)
    return [f"{region.name}/{major.id}/{s.name}" for s in shape.parameters if s.name in WIDTH_NAMES]


def widths(result: FitResult, name: str) -> Iterator[Trial]:
    """Yield the model with its shared widths free, and with its free widths shared."""
    model, region = result.model, result.model.region(name)
    links = {canonical_path(model, link.target): link for link in model.links}
    present = owners(region, enabled=True)
    widths = [path for owner in present for path in _widths_of(region, owner)]
    shared = [path for path in widths if path in links]
    if shared:
        text = named_in(result, name, "every component with its own width")
        yield Trial("widths", text, _with_free_widths(model, shared, links), name)
    for line in dict.fromkeys(level_of_owner(region, owner) for owner in present):
        yield from _shared_widths(result, region, line, links)


def _with_free_widths(model: Model, shared: Sequence[str], links: Mapping[str, Link]) -> Model:
    for path in shared:
        source = get_parameter(model, links[path].terms[0].source) if links[path].terms else None
        if source is not None:
            own = get_parameter(model, path)
            parameter = Parameter(own.value, source.min, source.max, source.free)
            model = put(model, path, parameter)
    kept = tuple(link for link in model.links if canonical_path(model, link.target) not in shared)
    return replace(model, links=kept)


def _shared_widths(
    result: FitResult, region: Region, line: str, links: Mapping[str, Link]
) -> Iterator[Trial]:
    groups: dict[str, list[str]] = {}
    for owner in owners(region, enabled=True):
        for path in _widths_of(region, owner) if level_of_owner(region, owner) == line else ():
            if path not in links and get_parameter(result.model, path).free:
                groups.setdefault(split_path(path)[2], []).append(path)
    together = [paths for paths in groups.values() if len(paths) > 1]
    if not together:
        return
    model = result.model
    for paths in together:
        model = _with_one_width(model, paths)
    text = named_in(result, region.name, f"one width for all {line} components")
    yield Trial("widths", text, model, region.name, nested=True)


def _with_one_width(model: Model, paths: Sequence[str]) -> Model:
    """Return the model with all `paths` equal, within the widest of their bounds."""
    members = [get_parameter(model, path) for path in paths]
    low, high = min(m.min for m in members), max(m.max for m in members)
    for path, member in zip(paths, members, strict=True):
        model = put(model, path, replace(member, min=low, max=high))
    return add_links(model, share(paths, note="one width for all components"))


# ---------------------------------------------------------------------------------
# Another number of owners


def numbers(result: FitResult, name: str, divided: Sequence[str]) -> Iterator[Trial]:
    """Yield the model with one owner fewer, two as one, and each of some owners as two."""
    for other in (*fewer(result, name), *(split(result, name, owner) for owner in divided)):
        text = named_in(result, name, other.change)
        less = other.kind == "fewer"
        yield Trial("components", text, other.model, name, True, other, less, other.obstacle)


# ---------------------------------------------------------------------------------
# Line shapes


def line_shapes(result: FitResult, name: str) -> Iterator[Trial]:
    """Yield the model with another symmetric line shape, or another fixed mix."""
    region = result.model.region(name)
    used = {component.lineshape for component in region.components if component.enabled}
    if len(used) != 1:
        return
    (now,) = used
    others = _SYMMETRIC if now in _SYMMETRIC else _ANOTHER_FAMILY
    if now not in (*_SYMMETRIC, "pseudo_voigt") or not LINESHAPES[now].finite_area:
        return
    for shape in others:
        if shape != now:
            model = _with_line_shape(result.model, region, shape)
            text = named_in(result, name, f"line shape {shape}")
            yield Trial("line shape", text, model, name)
    yield from _mixes(result, region, now)


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
    return without_lost_priors(replace(changed, links=links))


def _mixes(result: FitResult, region: Region, shape: str) -> Iterator[Trial]:
    """Yield the model with another fixed Gauss-Lorentz mix, where it is fixed."""
    present = owners(region, enabled=True)
    paths = [f"{region.name}/{members(region, owner)[0].id}/mix" for owner in present]
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
            yield Trial("line shape", text, model, region.name)
