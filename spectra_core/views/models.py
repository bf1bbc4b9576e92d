"""A model: its regions, start values, bounds, and what is tied to what."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import inf

from ..curves.lineshapes import short_name
from ..editing.words import doublet_words, effective_links, link_words, state_of
from ..model import (
    BACKGROUND,
    REGION,
    Component,
    Link,
    Model,
    Parameter,
    Region,
    canonical_path,
    get_parameter,
)
from ..recipe.presets import Preset
from . import Columns, View
from .screens import Grid, Screen

_SHOWN = ("center", "fwhm", "area")
_LISTED = 8


def region_line(region: Region) -> str:
    """Return a region in one line."""
    owners = [d.id for d in region.doublets]
    owners += [c.id for c in region.components if region.doublet_of(c.id) is None]
    more = f" and {len(owners) - _LISTED} more" if len(owners) > _LISTED else ""
    listed = ", ".join(owners[:_LISTED]) or "no component"
    return f"Region {_head(region)}, {listed}{more}"


def _head(region: Region) -> str:
    low, high = region.window
    background = f"{region.background.type} background ({region.background.mode})"
    return f"{region.name}: {low:g} to {high:g}, {background}"


def region_screen(region: Region) -> Screen:
    """Return a region as the model of one."""
    model = Model((region,))
    return Screen(region_line(region), (_components(model, region, caption=False),))


def region_report(region: Region) -> Screen:
    """Return every parameter of a region."""
    return model_report(Model((region,)))


def model_screen(model: Model) -> Screen:
    """Return the components of a model with start values and bounds."""
    grids = tuple(_components(model, region) for region in model.regions)
    return Screen(_title(model), (*grids, *_ties(model)))


def model_report(model: Model) -> Screen:
    """Return every parameter of a model, and how it is treated."""
    links = effective_links(model)
    grids = []
    for region in model.regions:
        rows = [_parameter_row(model, path, links) for path in _paths(region)]
        tied = [(d.id, doublet_words(region, d)) for d in region.doublets]
        grids.append(Grid(rows, ("parameter", "value", ""), _head(region)))
        grids += [Grid(tied, caption="doublets")] if tied else []
    return Screen(_title(model), (*grids, *_ties(model)))


def _title(model: Model) -> str:
    links = effective_links(model)
    free = sum(
        state_of(model, path, links=links).kind == "free"
        for region in model.regions
        for path in _paths(region)
    )
    name = f' "{model.title}"' if model.title else ""
    parts = [
        _counted(len(model.regions), "region"),
        _counted(sum(len(region.components) for region in model.regions), "component"),
        _counted(free, "free parameter"),
        _counted(len(links), "tie"),
    ]
    return f"Model{name}: {', '.join(parts)}"


def _counted(number: int, what: str) -> str:
    return f"{number} {what}" + ("" if number == 1 else "s")


def _ties(model: Model) -> list[Grid]:
    links = [(link.target, link_words(model, link)) for link in model.links]
    priors = [(prior.formula, prior.source) for prior in model.priors]
    grids = [Grid(links, caption="links"), Grid(priors, caption="known beforehand")]
    return [grid for grid in grids if grid.rows]


def _components(model: Model, region: Region, *, caption: bool = True) -> Grid:
    links = effective_links(model)
    rows = [
        (
            component.label,
            *(_cell(model, region, component, name, links) for name in _SHOWN),
            short_name(component.lineshape) if component.enabled else "off",
        )
        for component in region.components
    ]
    heads = ("component", *_SHOWN, "line shape")
    return Grid(rows, heads, _head(region) if caption else "")


def _cell(
    model: Model, region: Region, component: Component, name: str, links: Mapping[str, Link]
) -> str:
    if name not in [spec.name for spec in region.specs_of(component)]:
        return ""
    path = f"{region.name}/{component.id}/{name}"
    if canonical_path(model, path) in links:
        return "tied"
    parameter = get_parameter(model, path)
    return (
        f"{_value(parameter)}{_bounds(parameter)}"
        if parameter.free
        else f"{_value(parameter)} fixed"
    )


def _value(parameter: Parameter) -> str:
    return "open" if parameter.value is None else f"{parameter.value:.6g}"


def _bounds(parameter: Parameter) -> str:
    if parameter.max == inf and parameter.min in (-inf, 0.0):
        return ""
    return f" [{parameter.min:g}, {parameter.max:g}]"


def _paths(region: Region) -> Iterator[str]:
    for component in region.components:
        if component.enabled:
            for spec in region.specs_of(component):
                yield f"{region.name}/{component.id}/{spec.name}"
    for spec in region.background.specs:
        yield f"{region.name}/{BACKGROUND}/{spec.name}"
    yield f"{region.name}/{REGION}/shift"


def _parameter_row(model: Model, path: str, links: Mapping[str, Link]) -> tuple[str, ...]:
    state = state_of(model, path, links=links)
    return path, _value(get_parameter(model, path)), state.words


def parameters(model: Model) -> Columns:
    """Return every parameter of the enabled components with bounds and ties."""
    links = effective_links(model)
    paths = [path for region in model.regions for path in _paths(region)]
    found = [get_parameter(model, path) for path in paths]
    states = [state_of(model, path, links=links) for path in paths]
    return {
        "path": paths,
        "value": [p.value for p in found],
        "min": [p.min for p in found],
        "max": [p.max for p in found],
        "treated": [state.kind for state in states],
        "words": [state.words for state in states],
    }


def preset_line(preset: Preset) -> str:
    """Return a preset in one line."""
    return f"Preset {preset.id}: {preset.recipe.title}"


def preset_screen(preset: Preset) -> Screen:
    """Return a preset with what a user must know before using it."""
    model = preset.model
    rows = [(region.name, region_line(region).partition(": ")[2]) for region in model.regions]
    about = [("about", preset.description), ("sources", ", ".join(preset.sources))]
    grids = (Grid([row for row in about if row[1]]), Grid(rows, caption="regions"))
    return Screen(preset_line(preset), grids, preset.warnings)


VIEWS = {
    "Region": View(region_screen, region_line, region_report),
    "Model": View(model_screen, whole=model_report, frames={"parameters": parameters}),
    "Preset": View(preset_screen, preset_line),
}
