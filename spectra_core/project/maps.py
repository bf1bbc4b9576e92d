"""The maps of a project: which of its spectra are pixels of one, how it is fitted, its regions.

A map is fitted by `spectra_core.runs.maps.run_map`, as the command line does it. The project keeps
what it is fitted with (recipe, masked channels, limit, regions) and the answers of all pixels
(`spectra_core.project.stored_map`); these are current as long as spectra and recipe are the same.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace

import numpy as np

from ..errors import DataError, RecipeError, ShouldStop, SpectraError
from ..fitting import FitResult, fit
from ..masked import SATURATED, SPIKE
from ..model import BACKGROUND, Model
from ..raman.maps import LIMIT, MapFit, MapTaker, Progress, RamanMap, has_place, map_of
from ..raman.spikes import despike, saturated
from ..recipe.compile import fit_options_from_recipe, model_from_recipe
from ..recipe.schema import BackgroundEntry, Recipe, RecipeTable
from ..recipe.text import dump_recipe, parse_recipe
from ..runs.maps import MapRecord, run_map
from ..series.factors import FactorTable
from ..spectrum import Axis, Spectrum, calibrate, mask, sample_key, unmask
from .analyses import analyses_of
from .plain import record as record_from
from .project import (
    Project,
    add_analysis,
    add_ratio,
    add_spectra,
    replace_spectrum,
    set_options,
    set_result,
    set_settings,
)
from .recipes import ratio_definition, recipe_from
from .stored_map import store_map

FEWEST = 4
"""Spectra that are told as a map, at least."""
_KEY = "map"  # settings: what is known of the map that begins with a spectrum, by its id


@dataclass(frozen=True)
class MapArea:
    """A rectangle of pixels whose mean is looked at.

    Attributes
    ----------
    name : str
    rows, columns : tuple of int
        First and last, both inside.
    """

    name: str
    rows: tuple[int, int]
    columns: tuple[int, int]


@dataclass(frozen=True)
class MapSettings:
    """What the project keeps of a map.

    Attributes
    ----------
    recipe : str
        What it is fitted with, as text; empty where nothing was chosen.
    looked : bool
        Cosmic rays were looked for: what the spectra mask is what does not count.
    limit : float
        Signal to noise below which a pixel is hatched.
    areas : tuple of MapArea
    """

    recipe: str = ""
    looked: bool = False
    limit: float = LIMIT
    areas: tuple[MapArea, ...] = ()


@dataclass(frozen=True, eq=False)
class ProjectMap:
    """Spectra of a project that are the pixels of one map.

    Attributes
    ----------
    grid : RamanMap
        Of the whole spectra, with their masked channels in place.
    keys : tuple of str, length M
        Their ids.
    settings : MapSettings
    """

    grid: RamanMap
    keys: tuple[str, ...]
    settings: MapSettings = field(default_factory=MapSettings)

    def __len__(self) -> int:
        return len(self.keys)

    def number_of(self, key: str) -> int | None:
        """Return the number of a spectrum in the map."""
        return self.keys.index(key) if key in self.keys else None

    def place_of(self, number: int) -> tuple[int, int]:
        """Return row and column of a pixel, from 0."""
        row, column = np.argwhere(self.grid.place == number)[0].tolist()
        return row, column

    def members(self, area: MapArea) -> tuple[int, ...]:
        """Return the numbers of the pixels of a region."""
        rows, columns = (slice(first, last + 1) for first, last in (area.rows, area.columns))
        inside = self.grid.place[rows, columns].ravel()
        return tuple(int(k) for k in inside if k >= 0)


# ---------------------------------------------------------------------------------
# Which spectra


def has_map(project: Project) -> bool:
    """Return whether some spectra of a project make a map."""
    return any(_map_of(project, keys) is not None for keys in _groups(project).values())


def map_for(project: Project, spectra: Sequence[str]) -> ProjectMap | None:
    """Return the map that a spectrum is a pixel of; None if there is none.

    Parameters
    ----------
    project : Project
    spectra : sequence of str
        Ids, the main one first; pixels of several files are one map if they are chosen together.
    """
    chosen = [key for key in spectra if key in project.spectra]
    if not chosen:
        return None
    if len({project.spectrum(key).source.file for key in chosen}) > 1:
        found = _map_of(project, chosen)
        if found is not None:
            return found
    groups = _groups(project).values()
    own = next((keys for keys in groups if chosen[0] in keys), None)
    return None if own is None else _map_of(project, own)


def _groups(project: Project) -> Mapping[object, list[str]]:
    """Return the ids of Raman spectra that have places, by file, or by sample across files."""
    found: dict[object, list[str]] = {}
    for key, spectrum in project.spectra.items():
        if spectrum.axis is Axis.RAMAN_SHIFT and has_place(spectrum):
            found.setdefault((spectrum.source.location, spectrum.source.file), []).append(key)
    single: dict[object, list[str]] = {}
    for group in [g for g, keys in found.items() if len(keys) == 1]:
        (key,) = found.pop(group)
        single.setdefault(sample_key(project.spectrum(key)), []).append(key)
    return found | single


def _map_of(project: Project, keys: Sequence[str]) -> ProjectMap | None:
    if len(keys) < FEWEST:
        return None
    try:
        grid = map_of([unmask(project.spectrum(key)) for key in keys])
    except DataError:
        return None
    return ProjectMap(grid, tuple(keys), _settings(project, keys[0]))


def _settings(project: Project, first: str) -> MapSettings:
    text = project.settings.values.get(f"{_KEY} {first}")
    if not isinstance(text, str):
        return MapSettings()
    return record_from(MapSettings, json.loads(text), "map")


def with_map(project: Project, own: ProjectMap, settings: MapSettings) -> Project:
    """Return the project with other settings of a map."""
    text = json.dumps(asdict(settings))
    key = f"{_KEY} {own.keys[0]}"
    return set_settings(project, values={**project.settings.values, key: text})


# ---------------------------------------------------------------------------------
# The model


def map_recipe(project: Project, own: ProjectMap) -> Recipe:
    """Return the recipe that a map is fitted with: its own, else that of a model on a pixel.

    Raises
    ------
    RecipeError
        If there is none.
    """
    if own.settings.recipe:
        return parse_recipe(own.settings.recipe, where="the map of this project")
    pixels = set(own.keys)
    found = [k for k, a in project.analyses.items() if set(a.spectra.values()) <= pixels]
    if not found:
        raise RecipeError(
            "no pixel of the map has a model.",
            hint="Load a preset or a recipe, or make a model on a pixel in the Spectrum view.",
        )
    return recipe_from(project, analyses=found[-1:])


def with_map_recipe(project: Project, own: ProjectMap, recipe: Recipe) -> Project:
    """Return the project with another recipe for a map; its calibration goes to the spectra.

    Raises
    ------
    RecipeError, DataError
        If it has several regions, or none that the spectra reach.
    """
    _check(own, recipe)
    if recipe.calibration is not None:
        from ..recipe.compile import calibration_from_recipe

        shift = calibration_from_recipe(recipe)
        assert shift is not None
        changed = {key: calibrate(project.spectrum(key), shift) for key in own.keys}
        project = replace(project, spectra=project.spectra.put(changed))
        recipe = recipe.model_copy(update={"calibration": None})
    for entry in recipe.ratio:
        project = add_ratio(project, ratio_definition(entry))
    return with_map(project, own, replace(own.settings, recipe=dump_recipe(recipe)))


def _check(own: ProjectMap, recipe: Recipe) -> None:
    if len(recipe.region) != 1:
        raise RecipeError(
            f"a map is fitted with one region, but the recipe has {len(recipe.region)}.",
            hint="Put all bands into one window, or fit the map once for each region.",
            where=recipe.title,
        )
    low, high = recipe.region[0].window
    x = own.grid.spectra[0].x
    if high <= x[0] or low >= x[-1]:
        raise RecipeError(
            f"its window is {low:g} to {high:g}, but the map was measured from {x[0]:.0f} to"
            f" {x[-1]:.0f} cm-1.",
            hint="Choose a model of bands that were measured.",
            where=recipe.title,
        )


def with_baseline(recipe: Recipe, kind: str, mode: str | None = None) -> Recipe:
    """Return a recipe of one region with another background of the table.

    Links and priors of the numbers of the background it had go with it.
    """
    entry = BackgroundEntry.model_validate({"type": kind, "mode": mode})
    region = recipe.region[0].model_copy(update={"background": entry})
    foot = f"{region.name}/{BACKGROUND}/"

    def kept(entries: Sequence[RecipeTable]) -> tuple[RecipeTable, ...]:
        return tuple(one for one in entries if foot not in one.model_dump_json())

    changed = {"region": (region,), "prior": kept(recipe.prior), "link": kept(recipe.link)}
    return recipe.model_copy(update=changed)


# ---------------------------------------------------------------------------------
# The fit


def fit_project_map(
    project: Project,
    own: ProjectMap,
    recipe: Recipe,
    *,
    threads: int | None = None,
    progress: Progress | None = None,
    take: MapTaker | None = None,
    should_stop: ShouldStop | None = None,
) -> MapRecord:
    """Fit a map of a project with a recipe, as `doublet map` does.

    Cosmic rays are looked for the first time; from then on the masked channels of the spectra are
    those that do not count, whoever marked them.
    """
    spectra = [project.spectrum(key) for key in own.keys]
    looked = own.settings.looked or any(s.masked is not None for s in spectra)
    return run_map(
        spectra,
        recipe,
        marked=looked,
        threads=threads,
        progress=progress,
        take=take,
        should_stop=should_stop,
    )


def with_map_fit(project: Project, own: ProjectMap, record: MapRecord) -> Project:
    """Return the project with a map as fitted: its recipe kept, its cosmic rays masked."""
    x = record.fit.grid.spectra[0].x_recorded
    project = _with_marks(project, own, record.fit.marks, x)
    spectra = [project.spectrum(key) for key in own.keys]
    stored = store_map(record, own.keys, spectra)
    project = replace(project, maps=project.maps.put({own.keys[0]: stored}))
    settings = replace(own.settings, recipe=stored.head.recipe, looked=True)
    return with_map(project, own, settings)


def stored_record(project: Project, own: ProjectMap, recipe: Recipe) -> tuple[MapRecord, bool]:
    """Return the fit that a project keeps of a map, and whether it is of what is there now.

    Raises
    ------
    DataError
        If there is none, or it cannot be made again.
    """
    stored = project.maps.get(own.keys[0])
    if stored is None or stored.head.keys != own.keys:
        raise DataError("the map has not been fitted.", hint="Fit it first.")
    spectra = [project.spectrum(key) for key in own.keys]
    return stored.record, stored.is_of(spectra, dump_recipe(recipe))


def with_map_marks(project: Project, own: ProjectMap, marks: np.ndarray) -> Project:
    """Return the project with channels of a map masked, beside those that are.

    Parameters
    ----------
    project : Project
    own : ProjectMap
    marks : ndarray of bool, shape (M, N)
        On the whole spectra, e.g. from `spectra_core.raman.maps.find_marks`.
    """
    project = _with_marks(project, own, marks, own.grid.spectra[0].x_recorded)
    return with_map(project, own, replace(own.settings, looked=True))


def _with_marks(
    project: Project, own: ProjectMap, marks: np.ndarray, x_recorded: np.ndarray
) -> Project:
    changed = {}
    for number in np.flatnonzero(marks.any(axis=1)).tolist():
        key = own.keys[number]
        old = project.spectrum(key)
        spectrum = _marked(old, x_recorded[marks[number]])
        if spectrum is not old:
            changed[key] = spectrum
    return replace(project, spectra=project.spectra.put(changed)) if changed else project


def _marked(spectrum: Spectrum, places: np.ndarray) -> Spectrum:
    """Return a spectrum with more channels masked, each with its reason."""
    out = np.isin(spectrum.x_recorded, places)
    full = saturated(spectrum.y) & out
    return mask(mask(spectrum, full, SATURATED), (out & ~full)[~full], SPIKE)


# ---------------------------------------------------------------------------------
# Channels that do not count


def toggle_channel(project: Project, key: str, x_recorded: float) -> Project:
    """Return the project with one channel of a spectrum put back, or taken out by hand."""
    spectrum = project.spectrum(key)
    masked = spectrum.masked
    if masked is not None and x_recorded in masked.x_recorded:
        return replace_spectrum(project, key, unmask(spectrum, lambda at, _: at == x_recorded))
    out = spectrum.x_recorded == x_recorded
    if not out.any():
        raise DataError(f"the spectrum has no channel at {x_recorded:g}.", where=spectrum.label)
    return replace_spectrum(project, key, mask(spectrum, out))


def find_rays(project: Project, keys: Sequence[str]) -> Project:
    """Return the project with the cosmic rays and saturated channels of spectra masked."""
    changed = {}
    for key in keys:
        old = project.spectrum(key)
        clean = despike(old)
        if clean is not old:
            changed[key] = clean
    return replace(project, spectra=project.spectra.put(changed)) if changed else project


def restore_channels(project: Project, keys: Sequence[str]) -> Project:
    """Return the project with all masked channels of spectra back in their places."""
    masked = [k for k in keys if project.spectrum(k).masked is not None]
    changed = {key: unmask(project.spectrum(key)) for key in masked}
    return replace(project, spectra=project.spectra.put(changed)) if changed else project


# ---------------------------------------------------------------------------------
# Regions and pixels as spectra


@dataclass(frozen=True, eq=False)
class AreaFit:
    """The mean spectrum of a region and its fit.

    Attributes
    ----------
    area : MapArea
    count : int
        Pixels in it.
    spectrum : Spectrum
    result : FitResult or None
    problem : str
        Why there is none.
    """

    area: MapArea
    count: int
    spectrum: Spectrum
    result: FitResult | None
    problem: str = ""


def area_fit(own: ProjectMap, area: MapArea, marks: np.ndarray, recipe: Recipe | None) -> AreaFit:
    """Return the mean spectrum of a region and, with a recipe, its fit.

    Parameters
    ----------
    own : ProjectMap
    area : MapArea
    marks : ndarray of bool, shape (M, N)
        Channels of the whole spectra that do not count.
    recipe : Recipe or None

    Raises
    ------
    DataError
        If no pixel was measured there.
    """
    members = own.members(area)
    spectrum = own.grid.average(members, marks)
    spectrum = replace(spectrum, meta=replace(spectrum.meta, region=f"region {area.name}"))
    if recipe is None:
        return AreaFit(area, len(members), spectrum, None)
    try:
        result = fit(spectrum, model_from_recipe(recipe), options=fit_options_from_recipe(recipe))
    except SpectraError as error:
        return AreaFit(area, len(members), spectrum, None, str(error))
    return AreaFit(area, len(members), spectrum, result)


def add_area(project: Project, found: AreaFit, recipe: Recipe | None) -> Project:
    """Return the project with the mean spectrum of a region as a spectrum, and its fit."""
    project = add_spectra(project, [found.spectrum])
    key = f"s{project.last_id}"
    if recipe is None:
        return project
    project = add_analysis(
        project,
        model_from_recipe(recipe),
        key,
        label=f"region {found.area.name}",
        options=fit_options_from_recipe(recipe),
    )
    if found.result is None:
        return project
    return set_result(project, f"a{project.last_id}", found.result)


def with_pixel_model(project: Project, key: str, found: MapFit, number: int) -> Project:
    """Return the project with an analysis on the spectrum of a pixel, if it has none yet."""
    if analyses_of(project, key):
        return project
    model: Model = found.model if found.failed[number] else found.model_of(number)
    project = add_analysis(project, model, key)
    return set_options(project, f"a{project.last_id}", found.options)


def factor_table_of(own: ProjectMap, marks: np.ndarray) -> FactorTable:
    """Return the spectra of a map, ready for factors; channels with a mask are left out of all.

    Parameters
    ----------
    own : ProjectMap
    marks : ndarray of bool, shape (M, N)

    Raises
    ------
    DataError
        If too few channels are left.
    """
    kept = ~marks.any(axis=0)
    if kept.sum() < 20:
        raise DataError(
            f"only {int(kept.sum())} channels are masked in no pixel.",
            hint="Factors need 20 or more: restore masked channels that are none.",
        )
    rows = own.grid.intensities[:, kept]
    return FactorTable(own.grid.spectra[0].x[kept], rows, own.grid.noise.sigma(rows))
