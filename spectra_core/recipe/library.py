"""What a recipe takes from the peak library: components by entry, and sensitivity factors.

``use = "xps/ps4/s2p"`` in a component fills what the recipe leaves out: label, species, line,
line shape, position with bounds, bounds of the width. What the recipe says itself wins, key by
key. Filling happens before the recipe is checked, so a recipe that has been read holds every
number, and one that is written out again needs no library.

``sensitivity = "auto"`` in a link or a prior between two areas multiplies ``times`` by the
sensitivity factor of the target over that of the source, for the whole level or for one line as
the paths say. The factor and its table stand in the note of the link, or the source of the
prior, which every report prints.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, TypeVar

from ..core_levels import core_level
from ..curves.lineshapes import known_shape
from ..errors import ModelError, SpectraError
from ..library import DEFAULT_SENSITIVITY, PeakLibrary, load_library
from ..library.components import component_fields, require_position
from ..library.photon_energy import SAME_EV
from ..library.records import SensitivityFactor
from ..model import split_path
from .schema import ComponentEntry, LinkEntry, PriorEntry, Recipe

OF_ALL_ENERGIES = "xraylib"
"""The library's table of several photon energies."""
_COMPLETE = ("label", "species", "lineshape", "center")


def fill_from_library(
    raw: Mapping[str, Any], *, library: PeakLibrary | None = None
) -> tuple[dict[str, Any], list[str]]:
    """Return a plain recipe with its ``use`` entries filled in, and what went wrong.

    Parameters
    ----------
    raw : mapping
        As TOML gives it; it may be malformed, which is said elsewhere.
    library : PeakLibrary or None
        None: `load_library`, and only if a component needs it.

    Returns
    -------
    filled : dict
    problems : list of str
        One sentence for each component that cannot be filled, with its place.
    """
    problems: list[str] = []
    filled = dict(raw)
    if isinstance(raw.get("region"), list):
        filled["region"] = [
            _filled_region(region, number, library, problems)
            for number, region in enumerate(raw["region"], start=1)
        ]
    return filled, problems


def _filled_region(
    region: Any, number: int, library: PeakLibrary | None, problems: list[str]
) -> Any:
    if not isinstance(region, dict) or not isinstance(region.get("component"), list):
        return region
    name = f' "{region["name"]}"' if isinstance(region.get("name"), str) else ""
    place = f"region {number}{name}"
    components = [
        _filled(item, f"{place}, component {k}", library, problems)
        for k, item in enumerate(region["component"], start=1)
    ]
    return region | {"component": components}


def _filled(item: Any, place: str, library: PeakLibrary | None, problems: list[str]) -> Any:
    if not isinstance(item, dict) or not isinstance(item.get("use"), str) or not item["use"]:
        return item
    if all(key in item for key in _COMPLETE):
        return item
    try:
        return _fields(item, library or load_library()) | item
    except SpectraError as error:
        problems.append(f"{place}: {error.message} {error.hint}".strip())
        return {"label": item["use"]} | item


def _fields(item: Mapping[str, Any], library: PeakLibrary) -> dict[str, Any]:
    entry = library.entry(item["use"])
    if "center" not in item:
        require_position(entry)
    shape = item.get("lineshape")
    known = shape if isinstance(shape, str) and known_shape(shape) is not None else None
    return component_fields(entry, library=library, shape=known)


# ---------------------------------------------------------------------------------
# Sensitivity factors in links and priors


def link_factors(entry: LinkEntry, recipe: Recipe) -> tuple[tuple[float, ...], str]:
    """Return the factors of a link with sensitivity factors applied, and its note.

    Raises
    ------
    ModelError
        If a path is not an area, its component has no core level, or the table has no
        factor for it.
    """
    return _with_sensitivity(entry, entry.parameter, entry.note, recipe)


def prior_factors(entry: PriorEntry, recipe: Recipe) -> tuple[tuple[float, ...], str]:
    """Return the factors of a prior with sensitivity factors applied, and its source.

    Raises
    ------
    ModelError
        As `link_factors`.
    """
    return _with_sensitivity(entry, entry.of, entry.source, recipe)


def at_photon_energy(recipe: Recipe, energies: Mapping[str, float]) -> Recipe:
    """Return a recipe whose sensitivity factors are those of the photons that were used.

    Parameters
    ----------
    recipe : Recipe
    energies : mapping of str to float
        Photon energy of each region, eV, where it is recorded.

    Returns
    -------
    recipe : Recipe
        The same one where its tables are for these photons; else with `xraylib` at their
        energy in place of them, which its notes then name.

    Raises
    ------
    ModelError
        If no table of the library reaches this energy, or the regions have different ones.
    """
    library = load_library()
    links = tuple(_at_energy(e, e.parameter, energies, library) for e in recipe.link)
    priors = tuple(_at_energy(e, e.of, energies, library) for e in recipe.prior)
    if links == recipe.link and priors == recipe.prior:
        return recipe
    return recipe.model_copy(update={"link": links, "prior": priors})


_Entry = TypeVar("_Entry", LinkEntry, PriorEntry)


def _at_energy(
    entry: _Entry, head: str, energies: Mapping[str, float], library: PeakLibrary
) -> _Entry:
    if entry.sensitivity is None:
        return entry
    regions = dict.fromkeys(split_path(path)[0] for path in (head, *entry.sources))
    used = {name: energies[name] for name in regions if name in energies}
    own = entry.sensitivity_table or DEFAULT_SENSITIVITY
    of_table = _energy_of_table(own, library)
    if of_table is None or all(abs(value - of_table) <= SAME_EV for value in used.values()):
        return entry
    shown = ", ".join(f"{name} {value:g} eV" for name, value in used.items())
    if max(used.values()) - min(used.values()) > SAME_EV:
        raise ModelError(
            f'sensitivity = "auto" ties areas measured with different photons ({shown}).',
            hint="Take the tie off, or leave `sensitivity` out and write the factor into `times`.",
            where=head,
        )
    energy = next(iter(used.values()))
    table = library.sensitivity_tables.get(OF_ALL_ENERGIES)
    reach = table.photon_energies_ev if table is not None else ()
    if not reach or not reach[0] <= energy <= reach[-1]:
        raise ModelError(
            f"the table {own} is for photons of {of_table:g} eV, and the spectrum was measured"
            f" with {shown}, where the library has no cross sections.",
            hint="Take the tie off, or leave `sensitivity` out and write the ratio of the cross"
            " sections at this energy into `times`.",
            where=head,
        )
    return entry.model_copy(update={"sensitivity_table": f"{OF_ALL_ENERGIES}@{energy:g}"})


def _energy_of_table(table: str, library: PeakLibrary) -> float | None:
    """Return the photon energy that a table is for; None if it does not say."""
    own, _, energy = table.partition("@")
    if energy:
        try:
            return float(energy)
        except ValueError:
            return None
    found = library.sensitivity_tables.get(own)
    return None if found is None else found.photon_energy_ev


def _with_sensitivity(
    entry: LinkEntry | PriorEntry, head: str, text: str, recipe: Recipe
) -> tuple[tuple[float, ...], str]:
    if entry.sensitivity is None:
        return entry.factors, text
    library = load_library()
    table = entry.sensitivity_table or DEFAULT_SENSITIVITY
    target = _factor(head, recipe, library, table)
    found = [_factor(path, recipe, library, table) for path in entry.sources]
    factors = tuple(
        times * target.value / source.value
        for times, source in zip(entry.factors, found, strict=True)
    )
    words = "; ".join(dict.fromkeys(_in_words(target, source, table) for source in found))
    return factors, "; ".join(filter(None, (text, words)))


def _in_words(target: SensitivityFactor, source: SensitivityFactor, table: str) -> str:
    ratio = target.value / source.value
    return (
        f"times the sensitivity ratio {ratio:.4f} = {target.level} {target.value:g} ({target.kind})"
        f" / {source.level} {source.value:g} ({source.kind}) of the table {table}"
    )


def _factor(path: str, recipe: Recipe, library: PeakLibrary, table: str) -> SensitivityFactor:
    try:
        return library.sensitivity(table, _level_of(path, recipe))
    except ModelError as error:
        raise error.at(path) from None


def _level_of(path: str, recipe: Recipe) -> str:
    """Return the level or line whose area a path means."""
    region_name, owner, parameter = split_path(path)
    if parameter != "area":
        raise ModelError(
            f'sensitivity = "auto" ties areas, but this is a {parameter}.',
            hint="Leave `sensitivity` out.",
        )
    for component in _components(recipe, region_name):
        if owner in (component.name, component.label):
            return _stated_line(component)
        if component.is_doublet:
            level = core_level(component.line)
            for line in level.lines:
                if owner in (f"{component.name} {line}", f"{component.label} {line}"):
                    return f"{level.element} {line}"
    raise ModelError(f'there is no component "{owner}".', hint="Write region/component/area.")


def _components(recipe: Recipe, region_name: str) -> Iterator[ComponentEntry]:
    for region in recipe.region:
        if region.name == region_name:
            yield from region.component


def _stated_line(component: ComponentEntry) -> str:
    if not component.line:
        raise ModelError(
            f'the component "{component.name}" does not say its core level.',
            hint='Give line = "S 2p" or another.',
        )
    return component.line
