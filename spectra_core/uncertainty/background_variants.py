"""Other windows and backgrounds for a fitted region, one change at a time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from ..curves.backgrounds import background_kind
from ..curves.baselines import BASELINES
from ..fitting import FitResult
from ..model import (
    Background,
    Model,
    Region,
    canonical_path,
    members,
    owners,
    replace_region,
    split_path,
    without_lost_priors,
)
from ..spectrum import points_in_window
from .alternatives import paths_of
from .variants import Trial, named_in

EDGE_EV = 0.5
LOSS_EV = 25.0  # of a window: less holds too little of the losses behind a peak for Tougaard
_ENERGY_BACKGROUNDS = (
    ("shirley", "active"),
    ("shirley", "static"),
    ("shirley_slope", "active"),
    ("linear", "active"),
    ("linear", "static"),
)
_RAMAN_BACKGROUNDS = (("constant", "active"), ("linear", "active"), ("polynomial", "active"))


def windows(result: FitResult, name: str) -> Iterator[Trial]:
    """Yield the model with each window edge moved by 0.5 eV outwards and inwards."""
    region = result.model.region(name)
    fitted = result.region(name)
    unit = fitted.spectrum.axis.unit
    low, high = region.window
    # Half an eV has no meaning on a Raman axis: there, a twentieth of the window.
    step = EDGE_EV if fitted.spectrum.axis.is_energy else 0.05 * (high - low)
    for edge, sign in ((0, -1), (0, +1), (1, -1), (1, +1)):
        moved = [low, high]
        moved[edge] += sign * step
        text = f"{('low', 'high')[edge]} end moved to {moved[edge]:.2f} {unit}"
        model = replace_region(result.model, replace(region, window=(moved[0], moved[1])))
        obstacle = _window_obstacle(result, region, (moved[0], moved[1]))
        yield Trial("window", named_in(result, name, text), model, name, False, obstacle=obstacle)


def _window_obstacle(result: FitResult, region: Region, window: tuple[float, float]) -> str:
    spectrum = result.region(region.name).spectrum
    slack = 0.5 * spectrum.step
    if window[0] < spectrum.x[0] - slack or window[1] > spectrum.x[-1] + slack:
        return "the data end before"
    if window[0] >= window[1]:
        return "the window would be empty"
    points_in_window(spectrum, window)
    for owner in owners(region, enabled=True):
        summary = result.summary(region.name, members(region, owner)[0].id)
        if not window[0] + summary.fwhm < summary.maximum_at < window[1] - summary.fwhm:
            return f"it would cut into {owner}"
    return ""


def backgrounds(result: FitResult, name: str) -> Iterator[Trial]:
    """Yield the model with the other mode of its background, and with other backgrounds."""
    region = result.model.region(name)
    now = (region.background.type, region.background.mode)
    is_energy = result.region(name).spectrum.axis.is_energy
    rows = _ENERGY_BACKGROUNDS if is_energy else _RAMAN_BACKGROUNDS
    low, high = region.window
    if is_energy and high - low >= LOSS_EV:
        rows = (*rows, ("tougaard_u2", "active"))
    kind = region.background.kind
    others = [(now[0], mode) for mode in kind.modes if now[0] != "none"]
    for type_, mode in dict.fromkeys((*others, *rows)):
        if (type_, mode) != now:
            model = _with_background(result.model, region, type_, mode)
            text = named_in(result, name, f"{type_} background, {mode}")
            yield Trial("background", text, model, name)


def baselines(result: FitResult, name: str) -> Iterator[Trial]:
    """Yield the model with other baselines that follow the data, in place of one that does."""
    region = result.model.region(name)
    if region.background.type not in BASELINES:
        return
    for type_ in sorted(BASELINES - {region.background.type}):
        model = _with_background(result.model, region, type_, "static")
        yield Trial("baseline", named_in(result, name, f"{type_} baseline"), model, name)


def _with_background(model: Model, region: Region, type_: str, mode: str) -> Model:
    """Return the model with another background; what belonged to the old one goes."""
    options = dict(region.background.options) if type_ == region.background.type else {}
    if type_ in BASELINES:  # as stiff, as wide
        known = {spec.name for spec in background_kind(type_).options}
        options = {k: v for k, v in region.background.options.items() if k in known}
    if mode == "active" and "endpoint_points" in options:
        options.pop("endpoint_points")
    background = Background(type_, mode, options)  # type: ignore[arg-type]
    bare = replace(region, background=background, components=(), doublets=())
    components = tuple(
        replace(c, parameters={n: p for n, p in c.parameters.items() if n in names})
        for c in region.components
        for names in [{spec.name for spec in bare.specs_of(c)}]
    )
    doublets = tuple(
        replace(d, unlocked=tuple(u for u in d.unlocked if u.parameter in names))
        for d in region.doublets
        for names in [{spec.name for spec in bare.specs_of(region.component(d.major))}]
    )
    changed = replace(region, background=background, components=components, doublets=doublets)
    gone = _background_paths(region) - _background_paths(changed)
    names = {split_path(path)[2] for path in gone}
    links = tuple(
        link
        for link in model.links
        if not any(
            split_path(p)[2] in names and canonical_path(model, p) in gone for p in paths_of(link)
        )
    )
    return without_lost_priors(replace(replace_region(model, changed), links=links))


def _background_paths(region: Region) -> set[str]:
    own = {f"{region.name}/background/{spec.name}" for spec in region.background.specs}
    steps = region.background.component_specs
    return own | {f"{region.name}/{c.id}/{s.name}" for c in region.components for s in steps}
