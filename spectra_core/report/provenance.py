"""Where the energies and constants of a fit come from: the scale, the positions, the factors.

Sources of the peak library are named by keys in links, priors and entries; here they become
works that a reader can look up.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from ..core_levels import core_level
from ..errors import ModelError
from ..fitting import FitResult, RegionFit
from ..library import DEFAULT_SENSITIVITY, PeakLibrary, load_library
from ..library.records import Entry
from ..model import REGION, Component, Region
from ..recipe.schema import ComponentEntry, LinkEntry, PriorEntry, Recipe
from ..results.scales import Scales
from ..runs.records import FitRecord
from .references import published

_KEY = re.compile(r"[a-z][a-z0-9-]{3,}")


def works_in(text: str, library: PeakLibrary | None = None) -> list[str]:
    """Return the works that a text names: in full, or by keys of the peak library."""
    sources = (library or load_library()).sources
    keys = [key for key in dict.fromkeys(_KEY.findall(text)) if key in sources]
    return [*published(text), *works_of_keys(keys, library)]


def works_of_keys(keys: Iterable[str], library: PeakLibrary | None = None) -> list[str]:
    """Return the citations of some sources of the peak library."""
    sources = (library or load_library()).sources
    found = [sources[key] for key in dict.fromkeys(keys) if key in sources]
    return [f"{s.citation}, doi:{s.doi}" if s.doi else s.citation for s in found]


# ---------------------------------------------------------------------------------
# Charge reference


def held_line(result: FitResult, fit: RegionFit) -> tuple[Region, Component] | None:
    """Return the line that makes the scale of a region: held, while the region's shift is fitted.

    The shift may be that of another region, in which such a line stands.
    """
    shift = result.estimate(f"{fit.name}/{REGION}/shift")
    if not (shift.free or shift.link is not None):
        return None
    own = result.model.region(fit.name)
    others = [region for region in result.model.regions if region.name != fit.name]
    for region in (own, *(others if shift.link is not None or _shared(result, fit) else ())):
        minors = {doublet.minor for doublet in region.doublets}
        for component in region.components:
            if not component.enabled or component.id in minors:
                continue
            estimate = result.estimate(f"{region.name}/{component.id}/center")
            if not estimate.free and estimate.link is None:
                return region, component
    return None


def _shared(result: FitResult, fit: RegionFit) -> bool:
    """Return whether another region's shift follows from this one's."""
    path = f"{fit.name}/{REGION}/shift"
    return any(
        term.source == path and link.target.endswith(f"/{REGION}/shift")
        for link in result.model.links
        for term in link.terms
    )


def line_name(region: Region, component: Component) -> str:
    """Return what a component is called as a reference, e.g. ``S 2p3/2 of PS4``."""
    doublet = region.doublet_of(component.id)
    text = component.line or (doublet.line if doublet else "")
    try:
        level = core_level(text) if text else None
    except ModelError:
        level = None
    label = component.label
    if level is None:
        return label
    line = level.line or (level.lines[0] if level.is_doublet else level.level)
    bare = label.removesuffix(f" {line}")
    return f"{level.element} {line} of {bare}"


def own_reference(record: FitRecord, fit: RegionFit) -> str | None:
    """Return in words which line of the model makes the scale; None if none does."""
    held = held_line(record.result, fit)
    if held is None:
        return None
    region, component = held
    at = record.result.value(f"{region.name}/{component.id}/center")
    unit = fit.spectrum.axis.unit
    return f"{line_name(region, component)}, held at {at:g} {unit}"


def shift_words(scales: Scales) -> str:
    """Return the fitted shift with its error, e.g. ``-0.709 ± 0.004 eV``."""
    error = "" if scales.stderr is None else f" ± {scales.stderr:.2g}"
    return f"{scales.shift:+.3f}{error} {scales.unit}"


# ---------------------------------------------------------------------------------
# Positions and sensitivity factors


def library_positions(fits: Iterable[FitRecord]) -> Iterator[tuple[str, Entry]]:
    """Yield the name and library entry of each component that a recipe took from it."""
    entries, seen = load_library().entries, set()
    for record in fits:
        for region in record.recipe.region:
            for component in region.component:
                entry = entries.get(component.use)
                if entry is not None and entry.id not in seen:
                    seen.add(entry.id)
                    yield _name(component, entry), entry


def _name(component: ComponentEntry, entry: Entry) -> str:
    try:
        level = core_level(entry.level)
    except ModelError:
        return f"{entry.level} of {component.name}"
    line = level.lines[0] if level.is_doublet else level.level
    return f"{level.element} {line} of {component.name}"


def works_of_entry(entry: Entry) -> list[str]:
    """Return the works whose observations a consensus position keeps."""
    return works_of_keys(kept.observation.partition("/")[0] for kept in entry.kept)


def sensitivity_tables(recipe: Recipe) -> list[str]:
    """Return the ids of the tables whose sensitivity factors a recipe's ties and priors hold."""
    entries: tuple[LinkEntry | PriorEntry, ...] = (*recipe.link, *recipe.prior)
    return list(
        dict.fromkeys(
            entry.sensitivity_table or DEFAULT_SENSITIVITY
            for entry in entries
            if entry.sensitivity == "auto"
        )
    )


def works_of_tables(tables: Iterable[str]) -> list[str]:
    """Return the works that tables of sensitivity factors come from."""
    known = load_library().sensitivity_tables
    keys = [
        key
        for table in tables
        if (found := known.get(table.partition("@")[0])) is not None
        for key in found.sources
    ]
    return works_of_keys(keys)
