"""From a run to a project, from a project to recipes, and back to the same numbers.

A recipe says what was done; a project holds what came of it. `project_from_run` keeps a
run as a project, `run_from_project` gives it back to what prints and reports runs.
`recipes_from` writes down how the analyses of a project were made: analyses with the
same start model and fit options share one recipe, so a series that was fitted with one
recipe gives one, and a project in which every spectrum was treated by itself gives one
for each. Running a recipe on the spectra it came from gives the numbers of the project.

A recipe brings the calibration that all its spectra have in common. Where they were
calibrated one by one it brings none, and the spectra keep their own. The spectra of an
analysis must belong together as in a run: of one file and sample.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from glob import escape
from itertools import takewhile

from pydantic import ValidationError

from ..errors import FitError, ModelError, RecipeError, ShouldStop
from ..fitting import FitOptions, FitWarning
from ..model import Model
from ..recipe.compile import fit_options_from_recipe, recipe_from_model
from ..recipe.schema import QuantifyTable, RatioEntry, Recipe, RegionEntry, UncertaintyEntry
from ..recipe.text import dump_recipe, parse_recipe
from ..referee.context import Finding
from ..runs.batch import RunProgress, inputs_of, run_spectra
from ..runs.execute import requests_of
from ..runs.records import FitRecord, Run
from ..runs.samples import Key, files_of, in_words, sample_names
from ..runs.select import matches
from ..spectrum import Calibration, Spectrum, sample_key
from ..uncertainty.areas import area_path
from .plain import numbers, parameters_of, structure_key
from .project import (
    PROJECT,
    Project,
    RatioDefinition,
    add_analysis,
    add_ratio,
    add_spectra,
    is_stale,
    set_note,
    set_result,
    set_settings,
)
from .stored import same_data

MODEL_SOURCE = "model_source"
QUANTIFY = "quantify"  # settings: what atomic fractions are made with, as a recipe says it
"""Key of the settings for where the models of a run came from."""
SERIES_RECIPE = "series_recipe"  # settings: the recipe of its series, as text

_IN_RECIPE = ("weights", "method", "starts", "spread", "seed")


# ---------------------------------------------------------------------------------
# Runs


def project_from_run(run: Run, *, options: FitOptions | None = None) -> Project:
    """Return a run as a project: its spectra, models, results, ratios and failures.

    Parameters
    ----------
    run : Run
    options : FitOptions or None
        What the run was given in place of the recipe's own; None: those of the recipe.

    Returns
    -------
    project : Project
        One analysis for each fit, with the model as it was before the fit. Failures
        are in the note about the project.
    """
    title = run.recipe.title if run.recipe else ""
    project = set_settings(Project(), title=title, values={MODEL_SOURCE: run.model})
    for definition in _definitions(run):
        project = add_ratio(project, definition)
    for recipe in {id(record.recipe): record.recipe for record in run.fits}.values():
        project = with_quantify(project, recipe)
    known: dict[object, list[tuple[str, Spectrum]]] = {}
    for record in run.fits:
        project = _with_record(project, record, known, options)
    if run.failures:
        lines = [f"not fitted: {failure}" for failure in run.failures]
        project = set_note(project, PROJECT, "\n".join(lines))
    return project


def with_quantify(project: Project, recipe: Recipe) -> Project:
    """Return the project with what a recipe says of atomic fractions, if it says something."""
    if recipe.quantify is None:
        return project
    values = {**project.settings.values, QUANTIFY: recipe.quantify.model_dump_json()}
    return set_settings(project, values=values)


def with_series_recipe(project: Project, recipe: Recipe) -> Project:
    """Return the project with the recipe that its series are fitted with."""
    values = {**project.settings.values, SERIES_RECIPE: dump_recipe(recipe)}
    return set_settings(project, values=values)


def series_recipe(project: Project) -> Recipe | None:
    """Return the recipe that the series of a project are fitted with; None if it has none yet.

    Raises
    ------
    RecipeError
        If what the project says of it cannot be read.
    """
    text = project.settings.values.get(SERIES_RECIPE)
    return parse_recipe(text, where="the series of this project") if isinstance(text, str) else None


def _quantify(project: Project) -> QuantifyTable | None:
    text = project.settings.values.get(QUANTIFY)
    if not isinstance(text, str):
        return None
    try:
        return QuantifyTable.model_validate_json(text)
    except ValidationError as error:
        raise RecipeError("what this project says of atomic fractions cannot be read.") from error


def _definitions(run: Run) -> list[RatioDefinition]:
    recipes = {id(record.recipe): record.recipe for record in run.fits}
    entries = {entry.name: entry for recipe in recipes.values() for entry in recipe.ratio}
    return [ratio_definition(entry) for entry in entries.values()]


def ratio_definition(entry: RatioEntry) -> RatioDefinition:
    """Return a recipe's ratio as the definition a project keeps."""
    (request,) = requests_of([entry])
    return RatioDefinition(request.name, request.numerator, request.denominator, request.rows)


def _with_record(
    project: Project,
    record: FitRecord,
    known: dict[object, list[tuple[str, Spectrum]]],
    options: FitOptions | None,
) -> Project:
    chosen: dict[str, str] = {}
    for region in record.result.regions:
        project, chosen[region.name] = _with_spectrum(project, region.spectrum, known)
    findings = [w for w in record.warnings if isinstance(w, Finding)]
    others = {*findings, *record.result.warnings}
    own = [w for w in record.warnings if w not in others]
    used = options or fit_options_from_recipe(record.recipe)
    label = record.sample + (f" {record.level + 1}" if record.levels > 1 else "")
    project = add_analysis(
        project,
        record.result.problem.model,
        chosen,
        label=label,
        options=used,
        warnings=own,
        references=record.references,
    )
    return set_result(
        project,
        f"a{project.last_id}",
        record.result,
        options=used,
        ratios=record.ratios,
        findings=findings,
    )


def _with_spectrum(
    project: Project, spectrum: Spectrum, known: dict[object, list[tuple[str, Spectrum]]]
) -> tuple[Project, str]:
    """Return the project with a spectrum, once however many regions it has, and its id."""
    names = spectrum.source, spectrum.meta.sample, spectrum.meta.region
    alike = known.setdefault((names, hash(spectrum.y.tobytes())), [])
    for spectrum_id, other in alike:
        if same_data(spectrum, other):
            return project, spectrum_id
    project = add_spectra(project, [spectrum])
    alike.append((f"s{project.last_id}", spectrum))
    return project, f"s{project.last_id}"


def run_from_project(project: Project) -> Run:
    """Return the results of a project as a run, for tables, files and reports.

    A stale result says so in its warnings. What has not been fitted is left out.
    """
    recipes = _recipes(project, [k for k, a in project.analyses.items() if a.stored is not None])
    recipe_of = {key: recipe for recipe, keys in recipes for key in keys}
    names = sample_names(project.spectra.values())
    groups = {key: _group(project, key, names) for key in recipe_of}
    total, seen = Counter(groups.values()), Counter[object]()
    fits = []
    for key in (key for key in project.analyses if key in recipe_of):
        group = groups[key]
        fits.append(_record(project, key, recipe_of[key], group, seen[group], total[group]))
        seen[group] += 1
    source = project.settings.values.get(MODEL_SOURCE)
    return Run(
        tuple(fits),
        (),
        (),
        inputs_of(project.spectra.values()),
        "casaxps" if source == "casaxps" else "recipe",
        recipes[0][0] if len(recipes) == 1 and source != "casaxps" else None,
        False,
    )


Together = tuple[tuple[str, ...], str, tuple[str, ...]]
"""Files, sample and regions: analyses that have them in common are levels of one sample."""


def _group(project: Project, key: str, names: Mapping[Key, str]) -> Together:
    spectra = project.spectra_of(key)
    samples = dict.fromkeys(names[sample_key(spectrum)] for spectrum in spectra.values())
    return files_of(spectra.values()), in_words(samples, most=len(samples)), tuple(spectra)


def _record(
    project: Project, key: str, recipe: Recipe, group: Together, level: int, levels: int
) -> FitRecord:
    analysis = project.analyses[key]
    result = analysis.result
    assert result is not None
    warnings = (*analysis.warnings, *(analysis.findings or result.warnings))
    if is_stale(project, key):
        message = "the model, the fit options or the spectra were changed after this fit."
        warnings = (FitWarning("stale", message, analysis.label), *warnings)
    files, sample, _ = group
    return FitRecord(
        key,
        files[0],
        sample,
        level,
        levels,
        recipe,
        result,
        analysis.ratios,
        warnings,
        files if len(files) > 1 else (),
        analysis.references,
    )


# ---------------------------------------------------------------------------------
# Recipes


def recipe_from(project: Project, *, analyses: Iterable[str] | None = None) -> Recipe:
    """Return the one recipe that analyses of a project were made with.

    Parameters
    ----------
    project : Project
    analyses : iterable of str or None
        Analysis ids; None: all.

    Raises
    ------
    RecipeError
        If there is no analysis, or they were made with several recipes (see
        `recipes_from`).
    """
    found = _recipes(project, list(project.analyses if analyses is None else analyses))
    if not found:
        raise RecipeError("the project has no analysis to make a recipe of.")
    if len(found) > 1:
        raise RecipeError(
            f"the analyses of the project were made in {len(found)} different ways, and a"
            " recipe says one.",
            hint="Choose among the analyses, or make a recipe of each.",
        )
    return found[0][0]


def recipes_from(project: Project) -> tuple[tuple[Recipe, tuple[str, ...]], ...]:
    """Return every recipe that a project was made with, and the analyses it made.

    Raises
    ------
    RecipeError
        If an analysis has a fit option that a recipe cannot say.
    """
    return _recipes(project, list(project.analyses))


def run_recipe(
    recipe: Recipe,
    spectra: Iterable[Spectrum],
    *,
    fit_options: FitOptions | None = None,
    jobs: int = 1,
    progress: RunProgress | None = None,
    should_stop: ShouldStop | None = None,
) -> Project:
    """Fit spectra with a recipe and return the project.

    Parameters
    ----------
    recipe : Recipe
    spectra : iterable of Spectrum
    fit_options, jobs, progress, should_stop
        As for `spectra_core.runs.batch.run`.

    Raises
    ------
    FitError
        If nothing could be fitted; what could not, beside what could, is in a note.
    """
    run = run_spectra(
        spectra,
        recipe=recipe,
        fit_options=fit_options,
        jobs=jobs,
        progress=progress,
        should_stop=should_stop,
    )
    if not run.fits:
        why = str(run.failures[0]) if run.failures else "there are no spectra."
        raise FitError(f"nothing could be fitted: {why}")
    return project_from_run(run, options=fit_options)


def _recipes(project: Project, keys: Sequence[str]) -> tuple[tuple[Recipe, tuple[str, ...]], ...]:
    alike: dict[object, list[str]] = {}
    models: dict[object, Model] = {}
    for key in keys:
        model = _start_model(project, key)
        content = numbers(parameters_of(model)).tobytes()
        how = structure_key(model), content, project.analysis(key).options
        alike.setdefault(how, []).append(key)
        models.setdefault(how, model)
    return tuple((_recipe(project, models[how], own), tuple(own)) for how, own in alike.items())


def _start_model(project: Project, key: str) -> Model:
    """Return the model that a fit of this analysis starts, or started, from."""
    analysis = project.analysis(key)
    if analysis.stored is None or is_stale(project, key):
        return analysis.model
    return analysis.stored.model


def _recipe(project: Project, model: Model, keys: Sequence[str]) -> Recipe:
    options = project.analysis(keys[0]).options
    _check_options(options, project.analysis(keys[0]).label)
    spectra = [project.spectra_of(key) for key in keys]
    recipe = recipe_from_model(
        model,
        title=model.title or project.settings.title,
        calibration=_common_calibration(spectra),
        fit_options=options,
        ratios=[recipe_ratio(d) for d in project.ratios if is_of(model, d)],
    )
    regions = tuple(_matching(entry, [s[entry.name] for s in spectra]) for entry in recipe.region)
    changed = {"region": _of_samples(regions, spectra), "quantify": _quantify(project)}
    return recipe.model_copy(update=changed)


def _of_samples(
    regions: tuple[RegionEntry, ...], spectra: Sequence[Mapping[str, Spectrum]]
) -> tuple[RegionEntry, ...]:
    """Return regions that name their samples, if one fit is of several."""
    if all(len(set(map(sample_key, own.values()))) < 2 for own in spectra):
        return regions
    found = [{own[entry.name].meta.sample for own in spectra} for entry in regions]
    if any(len(names) > 1 or "" in names for names in found):
        return regions  # several such fits share a recipe: no one name is right
    return tuple(
        entry.model_copy(update={"sample": escape(*names)})
        for entry, names in zip(regions, found, strict=True)
    )


def _check_options(options: FitOptions, where: str) -> None:
    written = {name: getattr(options, name) for name in _IN_RECIPE}
    if options != FitOptions(**written):
        raise RecipeError(
            f"the tolerance {options.tolerance:g} or the limit of {options.max_iterations}"
            " iterations cannot be said in a recipe.",
            hint="Fit with the usual ones.",
            where=where,
        )


def _common_calibration(spectra: Sequence[Mapping[str, Spectrum]]) -> Calibration | None:
    found = {s.calibration for own in spectra for s in own.values()}
    return found.pop() if len(found) == 1 else None


def is_of(model: Model, ratio: RatioDefinition) -> bool:
    """Return whether a model has every component of a ratio."""
    try:
        for label in (*ratio.numerator, *ratio.denominator):
            area_path(model, label)
    except ModelError:
        return False
    return True


def recipe_ratio(ratio: RatioDefinition) -> RatioEntry:
    """Return a project's ratio definition as a recipe writes it."""
    rows = ratio.uncertainty
    return RatioEntry(
        name=ratio.name,
        numerator=ratio.numerator,
        denominator=ratio.denominator,
        uncertainty="counting" if rows is None else UncertaintyEntry(**vars(rows)),
    )


def _matching(entry: RegionEntry, spectra: Sequence[Spectrum]) -> RegionEntry:
    """Return a region whose pattern finds the spectra it was fitted to."""
    if all(matches(entry, spectrum) for spectrum in spectra):
        return entry
    names = [spectrum.meta.region for spectrum in spectra]
    same = takewhile(lambda letters: len(set(letters)) == 1, zip(*names, strict=False))
    start = "".join(letters[0] for letters in same)
    return entry.model_copy(update={"match": f"{escape(start)}*"}) if start else entry
