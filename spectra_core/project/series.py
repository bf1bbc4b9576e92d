"""The series of a project: which of its spectra are levels of one, their fit, and back.

A series is fitted by `spectra_core.runs.series.run_series`, as the command line does it, with the
recipe that the project keeps for its series. The levels' fits become the analyses of the project,
and the fit as a whole is kept (`spectra_core.project.stored_series`); as long as spectra and
recipe are the same, trends, interfaces and findings are made from it when it is opened again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from glob import escape

import numpy as np

from ..errors import DataError, RecipeError, ShouldStop
from ..fitting import FitWarning
from ..fitting.inputs import as_spectra
from ..fitting.problem import compile_problem
from ..model import Model
from ..raman.maps import has_place, map_shape
from ..recipe.compile import fit_options_from_recipe
from ..recipe.schema import Recipe, SeriesTable
from ..recipe.text import dump_recipe
from ..referee.context import Finding
from ..runs.plan import Job, plan
from ..runs.records import FitRecord, Run
from ..runs.samples import join_samples
from ..runs.series import SeriesRecord, modes_from, record_series, run_series
from ..series.coordinates import INDEX, distinct
from ..series.fits import (
    SERIES,
    LevelTaker,
    SeriesFit,
    SeriesProgress,
    default_mode,
    modes_of,
    with_drift,
)
from ..series.global_fit import FREE, SHARED, Mode, Smooth
from ..series.values import SpectrumSeries, region_key, series_of
from ..spectrum import Axis, Spectrum, sample_key
from .project import (
    Analysis,
    Project,
    accept_fit,
    add_analysis,
    set_options,
    set_result,
)
from .recipes import recipe_from, series_recipe, with_series_recipe
from .stored import StoredResult
from .stored_series import StoredSeries, fingerprint, store_series


@dataclass(frozen=True, eq=False)
class ProjectSeries:
    """Spectra of a project that are levels of one series.

    Attributes
    ----------
    series : SpectrumSeries
    keys : tuple of mapping of str to str, length L
        Spectrum id of each region, level by level.
    """

    series: SpectrumSeries
    keys: tuple[Mapping[str, str], ...]

    def __len__(self) -> int:
        return len(self.keys)

    @property
    def spectra(self) -> tuple[str, ...]:
        """Ids of all its spectra, level by level."""
        return tuple(key for level in self.keys for key in level.values())

    def level_of(self, spectrum: str) -> int | None:
        """Return the level that a spectrum is of, from 0."""
        return next((k for k, own in enumerate(self.keys) if spectrum in own.values()), None)

    def region_of(self, spectrum: str) -> str | None:
        """Return the region that a spectrum is of."""
        pairs = (pair for own in self.keys for pair in own.items())
        return next((region for region, key in pairs if key == spectrum), None)


def has_series(project: Project) -> bool:
    """Return whether some spectra of a project can be levels of one series.

    The pixels of a map are none: what they lie on is a surface.
    """
    seen: set[str] = set()
    raman = [s for s in project.spectra.values() if s.axis is Axis.RAMAN_SHIFT and has_place(s)]
    pixels = set(map(id, raman)) if map_shape(raman) is not None else set()
    for spectrum in project.spectra.values():
        if id(spectrum) in pixels:
            continue
        key = region_key(spectrum)
        if key in seen:
            return True
        seen.add(key)
    return False


def series_for(project: Project, spectra: Sequence[str]) -> ProjectSeries | None:
    """Return the series that some spectra stand in; None if there is none.

    Several samples are one series if spectra of them are chosen together; a single spectrum
    stands in that of its sample, or where its sample has one level, in that of all such samples.

    Parameters
    ----------
    project : Project
    spectra : sequence of str
        Ids, the main one first.
    """
    chosen = [key for key in spectra if key in project.spectra]
    if not chosen:
        return None
    ids = list(project.spectra)
    joined = dict(zip(ids, join_samples(project.spectra.values()), strict=True))
    samples = {sample_key(joined[key]) for key in chosen}
    own = {key: s for key, s in joined.items() if sample_key(s) in samples}
    found = _containing(own, chosen[0])
    return found or (_containing(joined, chosen[0]) if len(samples) == 1 else None)


def _containing(spectra: Mapping[str, Spectrum], wanted: str) -> ProjectSeries | None:
    """Return the series of two levels or more that a spectrum is in."""
    places = {id(spectrum): key for key, spectrum in spectra.items()}
    axis = spectra[wanted].axis
    for series in series_of(s for s in spectra.values() if s.axis is axis):
        keys = tuple({r: places[id(s)] for r, s in lv.spectra.items()} for lv in series.levels)
        found = ProjectSeries(series, keys)
        if len(found) > 1 and found.level_of(wanted) is not None:
            return found
    return None


def axes_of(series: SpectrumSeries) -> tuple[str, ...]:
    """Return the coordinates that can order the levels: those that every level has its own of."""
    telling = [n for n, values in series.coordinates.items() if n != INDEX and distinct(values)]
    return (*telling, INDEX)


def recipe_for(project: Project, own: ProjectSeries) -> Recipe:
    """Return the recipe that a series is fitted with.

    That which was loaded for it, else that of the models on its levels, as long as they were made
    in one way.

    Raises
    ------
    RecipeError
        If there is no model on its levels, or they have different ones.
    """
    kept = series_recipe(project)
    if kept is not None:
        return kept
    spectra = set(own.spectra)
    keys = [k for k, a in project.analyses.items() if set(a.spectra.values()) <= spectra]
    if not keys:
        raise RecipeError(
            "no level of the series has a model.", hint="Load a preset or a recipe for it."
        )
    return recipe_from(project, analyses=keys)


def with_series_settings(project: Project, recipe: Recipe, table: SeriesTable) -> Project:
    """Return the project with other settings of its series, in the recipe that they belong to."""
    return with_series_recipe(project, recipe.model_copy(update={"series": table}))


def fit_project_series(
    project: Project,
    own: ProjectSeries,
    recipe: Recipe,
    *,
    progress: SeriesProgress | None = None,
    take_level: LevelTaker | None = None,
    should_stop: ShouldStop | None = None,
) -> tuple[SeriesRecord | None, Run]:
    """Fit a series of a project with a recipe, as `doublet series` does.

    Returns
    -------
    record : SeriesRecord or None
        None where it could not be fitted, or was stopped; the run says which.
    run : Run
        As `doublet series` has it.
    """
    found, run = run_series(
        [spectrum for level in own.series.levels for spectrum in level.spectra.values()],
        recipe,
        join="none",
        progress=progress,
        take_level=take_level,
        should_stop=should_stop,
    )
    return (found[0] if found else None), run


def series_data(project: Project, own: ProjectSeries) -> tuple[str, ...]:
    """Return a text for each spectrum of a series; another one where its fit would be another."""
    return tuple(fingerprint(project.spectrum(key)) for key in own.spectra)


def stored_series(
    project: Project, own: ProjectSeries, recipe: str, data: Sequence[str]
) -> StoredSeries | None:
    """Return the fit that a project has of a series; None if spectra or recipe have changed.

    Parameters
    ----------
    project : Project
    own : ProjectSeries
    recipe : str
        As text.
    data : sequence of str
        As `series_data` returns it.
    """
    now = dict(zip(own.spectra, data, strict=True))
    for one in project.series:
        if one.head.recipe == recipe and dict(zip(one.keys, one.head.data, strict=True)) == now:
            return one
    return None


def reopened_series(
    own: ProjectSeries, recipe: Recipe, stored: StoredSeries
) -> tuple[SeriesRecord | None, Run]:
    """Return a stored series as `fit_project_series` returned it, without fitting it again."""

    def make(series: SpectrumSeries, jobs: Sequence[Job]) -> SeriesFit:
        if not np.array_equal(series.positions, stored.fit.positions):
            raise DataError("the levels of the stored series have another order.", hint="Fit it.")
        return stored.fit

    found, run = record_series(
        [spectrum for level in own.series.levels for spectrum in level.spectra.values()],
        recipe,
        make,
        join="none",
    )
    return (found[0] if found else None), run


def series_sentence(project: Project) -> str:
    """Return where what is of a whole series is to be had; empty without fits of a series.

    Reports and files of a project are of its single fits, the levels among them; the trends are
    made of the whole series at once.
    """
    stored = [one.stored for one in project.analyses.values()]
    count = sum(one is not None and one.method == SERIES for one in stored)
    if not count:
        return ""
    return (
        f"{count} fits are levels of a series and were fitted as one problem. Its trends,"
        " interfaces, and what the levels share are in the report of the series: Export… in the"
        " Series view."
    )


def with_series_fit(
    project: Project, own: ProjectSeries, record: SeriesRecord, recipe: Recipe
) -> Project:
    """Return the project with the fits of the levels as its analyses, and the recipe kept.

    A level that was slid for the fit keeps the analysis it had: its spectrum in the project is
    another one than that of its fit.
    """
    spectra, project = own.spectra, with_series_recipe(project, recipe)
    known: list[StoredResult | None] = []
    options = fit_options_from_recipe(recipe)
    for one, places, slide in zip(record.records, record.places, record.fit.slides, strict=True):
        known.append(None)
        if slide.shift_ev:
            continue
        names = [region.name for region in one.result.regions]
        chosen = dict(zip(names, (spectra[place] for place in places), strict=True))
        project, key = _analysis_on(project, chosen, one)
        project = set_options(project, key, options)
        findings = tuple(w for w in one.warnings if isinstance(w, Finding))
        project = set_result(
            project, key, one.result, options=options, ratios=one.ratios, findings=findings
        )
        known[-1] = project.analysis(key).stored
        project = accept_fit(project, key)
    return _with_stored(project, own, record, recipe, known)


def _with_stored(
    project: Project,
    own: ProjectSeries,
    record: SeriesRecord,
    recipe: Recipe,
    known: Sequence[StoredResult | None],
) -> Project:
    """Return the project with the fit of a series in the place of the one it had."""
    names = [[region.name for region in one.result.regions] for one in record.records]
    levels = [
        dict(zip(own_names, (own.spectra[place] for place in places), strict=True))
        for own_names, places in zip(names, record.places, strict=True)
    ]
    data = [fingerprint(project.spectrum(key)) for level in levels for key in level.values()]
    kept = store_series(record.fit, dump_recipe(recipe), levels, data, known)
    others = tuple(one for one in project.series if not set(one.keys) & set(kept.keys))
    return replace(project, series=(*others, kept))


def _analysis_on(
    project: Project, chosen: Mapping[str, str], one: FitRecord
) -> tuple[Project, str]:
    """Return the project with an analysis of just these spectra, and its id."""
    for key, analysis in project.analyses.items():
        if _is_on(analysis, chosen):
            return project, key
    others = {*one.result.warnings, *(w for w in one.warnings if isinstance(w, Finding))}
    own: list[FitWarning] = [w for w in one.warnings if w not in others]
    label = f"{one.sample} {one.level + 1}"
    project = add_analysis(project, one.result.problem.model, chosen, label=label, warnings=own)
    return project, f"a{project.last_id}"


def _is_on(analysis: Analysis, chosen: Mapping[str, str]) -> bool:
    return dict(analysis.spectra) == dict(chosen)


def modes_for(own: ProjectSeries, recipe: Recipe) -> tuple[Model, dict[str, Mode]]:
    """Return the model of a series and what becomes of each of its free parameters.

    Raises
    ------
    SpectraError
        If the recipe is for none of its spectra, or contradicts itself.
    """
    spectra = [s for level in own.series.levels for s in level.spectra.values()]
    planned = plan(recipe, spectra, join="none")
    if not planned.jobs:
        raise RecipeError(
            "; ".join(str(f) for f in planned.failures) or "there is no spectrum for it."
        )
    job = planned.jobs[0]
    charges = all(spectrum.axis.is_energy for _, spectrum in job.group.spectra)
    model = with_drift(job.model) if charges else job.model
    problem = compile_problem(model, as_spectra(dict(job.group.spectra), model))
    return model, modes_of([problem], modes_from(recipe.series or SeriesTable()))


def with_modes(table: SeriesTable, modes: Mapping[str, Mode]) -> SeriesTable:
    """Return settings that say these modes; what a series does by itself is not said."""
    said = {path: mode for path, mode in modes.items() if mode != default_mode(path)}
    names = {path: escape(path) for path in said}
    return table.model_copy(
        update={
            "free": tuple(names[p] for p, mode in said.items() if mode == FREE),
            "shared": tuple(names[p] for p, mode in said.items() if mode == SHARED),
            "smooth": {names[p]: m.sd for p, m in said.items() if isinstance(m, Smooth)},
        }
    )
