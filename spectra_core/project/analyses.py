"""What a user does with a project: put models on spectra, join them, fit them, look at them.

Each verb takes a project and returns a new one, or a value to be put into it later, so that a
window and a script do the same. A fit is made in three steps: `analyse` computes (and may run
elsewhere, and be cancelled), `with_analysed` puts the outcome into the project as it is by
then, and what changed meanwhile is kept as stale.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ..calibration import ReferenceLine
from ..core_levels import CoreLevel, core_level, level_in, level_of
from ..curves.lineshapes import LINESHAPES
from ..errors import Cancelled, FitError, ModelError, SpectraError
from ..fitting import FitOptions, FitResult, FitWarning, RegionFit, evaluate, fit, with_open_values
from ..fitting.start import START_FWHM_EV
from ..foreign.stored_fit import stored_fit
from ..library.components import add_entry
from ..library.records import Entry
from ..model import (
    REGION,
    RESERVED,
    Background,
    Link,
    Model,
    Parameter,
    Region,
    add_component,
    add_doublet,
    make_component,
    names_of,
    replace_region,
    share_shift,
    split_path,
    unused_name,
)
from ..recipe.calibration import assumed_reference, reference_finder
from ..recipe.compile import (
    calibration_from_recipe,
    fit_options_from_recipe,
    model_from_recipe,
    recipe_from_model,
)
from ..recipe.presets import Preset
from ..recipe.schema import Recipe
from ..referee.context import Finding
from ..referee.residuals import largest_excess
from ..runs.execute import ShouldStop, findings_of, ratio_of
from ..runs.plan import STORED_FIT_OPTIONS
from ..runs.select import Group, group_spectra, matches
from ..spectrum import Axis, Spectrum
from ..uncertainty.ratios import Ratio
from .project import (
    Analysis,
    Project,
    accept_fit,
    add_analysis,
    add_ratio,
    calibrate_spectra,
    is_stale,
    remove_analysis,
    set_model,
    set_result,
)
from .recipes import is_of, ratio_definition, ratio_entry
from .stored import on_fitting_axis, same_data

# ---------------------------------------------------------------------------------
# Fitting


@dataclass(frozen=True, eq=False)
class Analysed:
    """What a fit of one analysis gave, and what it was a fit of.

    Attributes
    ----------
    analysis : str
        Its id.
    before : Analysis
        As it was when the fit was started.
    result : FitResult
    ratios : tuple of Ratio
    findings : tuple of Finding
    """

    analysis: str
    before: Analysis
    result: FitResult
    ratios: tuple[Ratio, ...]
    findings: tuple[Finding, ...]


def analyse(
    project: Project,
    analysis_id: str,
    *,
    should_stop: ShouldStop | None = None,
    reference: ReferenceLine | None = None,
) -> Analysed:
    """Fit one analysis, compute the ratios that are defined for it, and check the fit.

    Parameters
    ----------
    project : Project
    analysis_id : str
    should_stop : callable or None
    reference : ReferenceLine or None
        Charge reference of the sample, for the lint.

    Raises
    ------
    FitError, ModelError, DataError
        If it cannot be fitted.
    Cancelled
        If `should_stop` returned True.
    """
    analysis = project.analysis(analysis_id)
    if not any(c.enabled for region in analysis.model.regions for c in region.components):
        raise ModelError(
            "the model has no component to fit.",
            hint="Add one from the library, or load a preset.",
            where=analysis.label,
        )
    result = fit(
        project.spectra_of(analysis_id),
        analysis.model,
        options=analysis.options,
        should_stop=should_stop,
    )
    ratios = ratios_of(project, analysis.model, result, analysis.options, should_stop)
    said = findings_of(result, sample_of(project, analysis_id), reference)
    findings = tuple(w for w in said if isinstance(w, Finding))
    return Analysed(analysis_id, analysis, result, ratios, findings)


def ratios_of(
    project: Project,
    model: Model,
    result: FitResult,
    options: FitOptions,
    should_stop: ShouldStop | None = None,
) -> tuple[Ratio, ...]:
    """Return the ratios of a fit that the project defines and the model has components for."""
    return tuple(
        ratio_of(result, ratio_entry(ratio), options.seed, should_stop)
        for ratio in project.ratios
        if is_of(model, ratio)
    )


def with_ratios(project: Project, found: Mapping[str, tuple[Ratio, ...]]) -> Project:
    """Return `project` with other ratios of some analyses; what is stale or gone is left out."""
    changed = {
        key: replace(project.analysis(key), ratios=ratios)
        for key, ratios in found.items()
        if key in project.analyses and not is_stale(project, key)
    }
    return replace(project, analyses=project.analyses.put(changed))


def sample_of(project: Project, analysis_id: str) -> tuple[Spectrum, ...]:
    """Return all spectra of the file and sample that an analysis is of."""
    names = {(s.source.file, s.meta.sample) for s in project.spectra_of(analysis_id).values()}
    return tuple(s for s in project.spectra.values() if (s.source.file, s.meta.sample) in names)


def with_analysed(project: Project, outcomes: Iterable[Analysed]) -> Project:
    """Return `project` with the outcome of fits.

    The fitted values become the model's. Where model, options or spectra were changed after
    the fit was started, they stay as they are and the outcome is kept as stale; an analysis that
    was removed stays removed.
    """
    for outcome in outcomes:
        if outcome.analysis not in project.analyses:
            continue
        unchanged = _is_as_before(project, outcome)
        project = set_result(
            project,
            outcome.analysis,
            outcome.result,
            options=outcome.before.options,
            ratios=outcome.ratios,
            findings=outcome.findings,
        )
        if unchanged:
            project = accept_fit(project, outcome.analysis)
    return project


def _is_as_before(project: Project, outcome: Analysed) -> bool:
    now, before = project.analysis(outcome.analysis), outcome.before
    if now.model != before.model or now.options != before.options:
        return False
    return all(
        same_data(on_fitting_axis(project.spectrum(i)), outcome.result.region(name).spectrum)
        for name, i in now.spectra.items()
    )


# ---------------------------------------------------------------------------------
# Looking


def drawn(project: Project, analysis_id: str) -> FitResult:
    """Return the curves of the model as it is: the stored fit, or the model drawn.

    Values that are left open are estimated from the data, as a fit would start.

    Raises
    ------
    FitError, ModelError, DataError
        If it cannot be drawn.
    """
    analysis = project.analysis(analysis_id)
    result = analysis.result
    if result is not None and not is_stale(project, analysis_id):
        return result
    spectra = project.spectra_of(analysis_id)
    return evaluate(spectra, with_open_values(spectra, analysis.model))


# ---------------------------------------------------------------------------------
# Putting models on spectra


def analyses_of(project: Project, spectrum_id: str) -> tuple[str, ...]:
    """Return the analyses that use a spectrum, the latest last."""
    return tuple(k for k, a in project.analyses.items() if spectrum_id in a.spectra.values())


def region_for(project: Project, analysis_id: str, spectrum_id: str) -> str | None:
    """Return the first region of an analysis that is of a spectrum."""
    chosen = project.analysis(analysis_id).spectra
    return next((name for name, used in chosen.items() if used == spectrum_id), None)


def start_analysis(project: Project, spectrum_id: str, *, starts: int | None = None) -> Project:
    """Return `project` with an analysis of a spectrum that has a background and no component.

    An active Shirley background on an energy axis, a straight line on any other; the window is
    the whole spectrum.

    Parameters
    ----------
    project : Project
    spectrum_id : str
    starts : int or None
        Starting points of its fits; None: one.
    """
    spectrum = on_fitting_axis(project.spectrum(spectrum_id))
    if spectrum.axis is Axis.UNKNOWN:
        raise FitError(
            "it is not known whether the axis is a binding energy, a kinetic energy or a"
            " Raman shift.",
            hint="Say it when opening the file.",
            where=spectrum.label,
        )
    kind = "shirley" if spectrum.axis.unit == "eV" else "linear"
    window = float(spectrum.x[0]), float(spectrum.x[-1])
    model = Model((Region(_region_name(spectrum), window, Background(kind, "active")),))
    options = _with_starts(FitOptions(), starts)
    return add_analysis(project, model, spectrum_id, label=spectrum.label, options=options)


def _region_name(spectrum: Spectrum) -> str:
    """Return what a model calls the region of a spectrum; text files often name none."""
    name = " ".join(spectrum.meta.region.replace("/", " ").split())
    if name and name not in RESERVED:
        return name
    return "Raman" if spectrum.axis is Axis.RAMAN_SHIFT else "spectrum"


def _with_starts(options: FitOptions, starts: int | None) -> FitOptions:
    return options if starts is None else replace(options, starts=starts)


def add_library_entry(
    project: Project,
    analysis_id: str,
    region_name: str,
    entry: Entry,
    *,
    center: float | None = None,
) -> Project:
    """Return `project` with the component or doublet of a library entry in a region.

    Parameters
    ----------
    project : Project
    analysis_id, region_name : str
    entry : Entry
    center : float or None
        In place of the entry's own position; needed where its sources contradict each other.
    """
    model = project.analysis(analysis_id).model
    region = model.region(region_name)
    name = unused_name(entry.label, names_of(region))
    if center is None:
        region = add_entry(region, entry, name=name)
    else:
        region = add_entry(region, entry, name=name, center=center)
    return set_model(project, analysis_id, replace_region(model, region))


def add_component_at(
    project: Project, analysis_id: str, region_name: str, energy: float | None = None
) -> Project:
    """Return `project` with one more component that is assigned to no species.

    A doublet, its major line at the energy, where the name of the region or of its spectrum
    holds a core level of known splitting; a single line otherwise. Its height starts from what
    the data there have above the model.

    Parameters
    ----------
    project : Project
    analysis_id, region_name : str
    energy : float or None
        On the axis of the fit; None: where the data exceed the model most.

    Raises
    ------
    ModelError
        If the energy is outside the window, or the data exceed the model nowhere.
    """
    shown = drawn(project, analysis_id).region(region_name)
    at = largest_excess(shown) if energy is None else energy
    analysis = project.analysis(analysis_id)
    region = analysis.model.region(region_name)
    low, high = region.window
    if not low <= at <= high:
        raise ModelError(
            f"{at:.2f} is outside the window {low:.2f} to {high:.2f}.",
            hint="Widen the window, or choose a place inside it.",
            where=region_name,
        )
    name = unused_name("unassigned", names_of(region))
    width = START_FWHM_EV if shown.spectrum.axis.is_energy else _CHANNELS * shown.spectrum.step
    shift = region.shift.value or 0.0
    start = at - shift
    center = Parameter(start, low - shift, high - shift)
    fwhm = Parameter(width)
    area = _height_at(shown, at, width) * _area_per_height(width)
    level = _level_of(project, analysis, region_name)
    if level is None or not level.is_doublet or level.splitting_ev is None:
        line = "" if level is None or level.is_doublet else level.name
        component = make_component(
            name, _SHAPE, label=name, line=line, center=center, fwhm=fwhm, area=area
        )
        region = add_component(region, component)
    else:
        both = area * (1.0 + level.area_ratio)
        region = add_doublet(region, name, level.name, _SHAPE, center=center, fwhm=fwhm, area=both)
    return set_model(project, analysis_id, replace_region(analysis.model, region))


_SHAPE = "voigt"
_CHANNELS = 10
"""Width to start from on an axis that is no energy, in channels."""
_LEAST = 0.1
"""Least height to start from, as a part of what the data have above the background."""


def _height_at(shown: RegionFit, at: float, width: float) -> float:
    """Return what the data have above the model around a place; never nothing."""
    near = np.abs(shown.x - at) <= max(0.25 * width, 0.5 * abs(shown.spectrum.step))
    if not near.any():
        near = np.arange(shown.x.size) == np.argmin(np.abs(shown.x - at))
    above = float(np.mean((shown.y - shown.envelope)[near]))
    whole = float(np.mean((shown.y - shown.background)[near]))
    return max(above, _LEAST * whole, float(np.mean(shown.sigma[near])))


def _area_per_height(width: float) -> float:
    curve = LINESHAPES[_SHAPE].func(np.zeros(1), area=1.0, center=0.0, fwhm=width)
    return 1.0 / float(curve[0])


def _level_of(project: Project, analysis: Analysis, region_name: str) -> CoreLevel | None:
    name = level_in(region_name) or level_of(project.spectrum(analysis.spectra[region_name]))
    return core_level(name) if name else None


def add_stored_fit(project: Project, spectrum_id: str, *, starts: int | None = None) -> Project:
    """Return `project` with the fit that came with a spectrum, with its calibration.

    It takes the place of analyses of this spectrum alone.

    Parameters
    ----------
    project : Project
    spectrum_id : str
    starts : int or None
        Starting points of its fits; None: one.

    Raises
    ------
    ModelError
        If none came with it, or none of it can be taken over.
    """
    found = stored_fit(project.spectrum(spectrum_id))
    project = calibrate_spectra(project, found.spectrum.calibration, spectra=[spectrum_id])
    project = _without_own(project, [spectrum_id])
    notes = tuple(FitWarning(code, message) for code, message in found.notes)
    return add_analysis(
        project,
        found.model,
        spectrum_id,
        label=found.spectrum.label,
        options=_with_starts(STORED_FIT_OPTIONS, starts),
        warnings=notes,
    )


@dataclass(frozen=True, eq=False)
class Applied:
    """A project with a recipe's models on its spectra.

    Attributes
    ----------
    project : Project
    analyses : tuple of str
        Ids of the new analyses.
    said : tuple of str
        What could not be used, in sentences.
    """

    project: Project
    analyses: tuple[str, ...]
    said: tuple[str, ...]


def add_preset(
    project: Project, chosen: Preset, spectra: Iterable[str], *, starts: int | None = None
) -> Applied:
    """Return `project` with a preset on some of its spectra; see `add_recipe`."""
    warnings = tuple(FitWarning("preset", text) for text in chosen.warnings)
    return add_recipe(project, chosen.recipe, spectra, warnings=warnings, starts=starts)


def add_recipe(
    project: Project,
    recipe: Recipe,
    spectra: Iterable[str],
    *,
    warnings: Sequence[FitWarning] = (),
    starts: int | None = None,
) -> Applied:
    """Return `project` with a recipe's model on every sample among some of its spectra.

    Regions that belong to one sample are fitted together. Where a sample lacks a region of the
    recipe, the regions it has are taken, and that is said. Analyses that have no other spectra
    than those of a new one are replaced by it.

    Parameters
    ----------
    project : Project
    recipe : Recipe
        Its ratios and calibration come with it.
    spectra : iterable of str
        Spectrum ids.
    warnings : sequence of FitWarning
        Said of each analysis.
    starts : int or None
        Starting points of the fits where the recipe does not name a number of them.

    Raises
    ------
    ModelError
        If the recipe is for none of the spectra.
    """
    ids = list(spectra)
    by_object = {id(project.spectrum(i)): i for i in ids}
    groups, said = _groups(recipe, [project.spectrum(i) for i in ids])
    if not groups:
        raise ModelError(
            "; ".join(said) or "there is no spectrum for it.",
            hint="Choose spectra of the regions that the model is for.",
            where=recipe.title,
        )
    find_reference = reference_finder(recipe.calibration)
    fixed = calibration_from_recipe(recipe)
    new: list[str] = []
    for group in groups:
        names = [name for name, _ in group.spectra]
        chosen = {name: by_object[id(s)] for name, s in group.spectra}
        notes = (*warnings, *group.warnings)
        sample = [s for s in project.spectra.values() if s.meta.sample == group.sample]
        line = find_reference(sample, group.level)
        shift = fixed if line is None else line.calibration
        notes += assumed_reference(recipe.calibration, line)
        if shift is not None:
            project = calibrate_spectra(project, shift, spectra=set(chosen.values()))
        project = _without_own(project, chosen.values())
        model = only_regions(model_from_recipe(recipe), names)
        label = _label(group)
        options = fit_options_from_recipe(recipe)
        if "starts" not in recipe.fit.model_fields_set:
            options = _with_starts(options, starts)
        project = add_analysis(project, model, chosen, label=label, options=options, warnings=notes)
        new.append(f"a{project.given}")
    models = [project.analysis(key).model for key in new]
    for entry in recipe.ratio:
        definition = ratio_definition(entry)
        if any(is_of(model, definition) for model in models):
            project = add_ratio(project, definition)
    return Applied(project, tuple(new), said)


def _label(group: Group) -> str:
    return group.sample + (f" {group.level + 1}" if group.levels > 1 else "")


def _groups(
    recipe: Recipe, spectra: Sequence[Spectrum]
) -> tuple[tuple[Group, ...], tuple[str, ...]]:
    """Return what is fitted together; a sample without a region is taken without it."""
    groups, unmatched = group_spectra(recipe, spectra)
    grouped = {id(s) for group in groups for _, s in group.spectra}
    more: list[Group] = []
    said: list[str] = []
    for problem in unmatched:
        own = [
            s
            for s in spectra
            if s.source.file == problem.file
            and s.meta.sample == problem.where
            and id(s) not in grouped
        ]
        names = [e.name for e in recipe.region if any(matches(e, s) for s in own)]
        lacking = [e.name for e in recipe.region if e.name not in names]
        if not names or not lacking:
            said.append(f"{problem.where}: {problem.message}")
            continue
        part = recipe.model_copy(
            update={"region": tuple(e for e in recipe.region if e.name in names), "link": ()}
        )
        found, _ = group_spectra(part, own)
        note = FitWarning(
            "regions_lacking",
            f"the model is for {' and '.join(e.name for e in recipe.region)} together;"
            f" {' and '.join(lacking)} is not among the chosen spectra of this sample.",
        )
        more += [replace(group, warnings=(*group.warnings, note)) for group in found]
        grouped |= {id(s) for group in found for _, s in group.spectra}
        said.append(f"{problem.where}: without {' and '.join(lacking)}, which is not there.")
    return (*groups, *more), tuple(said)


def only_regions(model: Model, names: Sequence[str]) -> Model:
    """Return the model with some of its regions; links to the others go with them."""
    if len(names) == len(model.regions):
        return model
    kept = tuple(region for region in model.regions if region.name in names)
    links = tuple(link for link in model.links if _regions_of(link) <= set(names))
    return replace(model, regions=kept, links=links)


def _regions_of(link: Link) -> set[str]:
    return {split_path(path)[0] for path in (link.target, *(t.source for t in link.terms))}


def _without_own(project: Project, spectra: Iterable[str]) -> Project:
    """Return `project` without the analyses that have no spectra but these."""
    gone = set(spectra)
    for key in [k for k, a in project.analyses.items() if set(a.spectra.values()) <= gone]:
        project = remove_analysis(project, key)
    return project


def copy_model(project: Project, source: str, spectra: Iterable[str]) -> Applied:
    """Return `project` with the model of one analysis on other spectra of the same kind.

    Parameters
    ----------
    project : Project
    source : str
        Analysis id.
    spectra : iterable of str
        Spectrum ids; a model of several regions needs one of each.
    """
    analysis = project.analysis(source)
    ids = [i for i in spectra if i not in analysis.spectra.values()]
    if not ids:
        raise ModelError(
            "the model is on these spectra already.",
            hint="Choose others in the tree.",
            where=analysis.label,
        )
    if len(analysis.model.regions) == 1:
        name = analysis.model.regions[0].name
        new = []
        for spectrum_id in ids:
            project = _without_own(project, [spectrum_id])
            project = add_analysis(
                project,
                analysis.model,
                {name: spectrum_id},
                label=project.spectrum(spectrum_id).label,
                options=analysis.options,
            )
            new.append(f"a{project.given}")
        return Applied(project, tuple(new), ())
    recipe = recipe_from_model(analysis.model, fit_options=analysis.options)
    return add_recipe(project, recipe, ids)


# ---------------------------------------------------------------------------------
# Joint fits


def join(project: Project, analyses: Sequence[str]) -> Project:
    """Return `project` with several analyses as one whose regions share one charge shift.

    Raises
    ------
    ModelError
        If there are fewer than two.
    """
    if len(set(analyses)) < 2:
        raise ModelError(
            "a joint fit needs at least two analyses.",
            hint="Choose two spectra that have a model.",
        )
    parts = [project.analysis(key) for key in analyses]
    regions: list[Region] = []
    links: list[Link] = []
    spectra: dict[str, str] = {}
    for part in parts:
        taken = set(spectra)
        names = {r.name: unused_name(r.name, taken) for r in part.model.regions}
        regions += [replace(r, name=names[r.name]) for r in part.model.regions]
        links += [_renamed(link, names) for link in part.model.links if not _is_shift(link)]
        spectra |= {names[name]: used for name, used in part.spectra.items()}
    model = share_shift(Model(tuple(regions), tuple(links), parts[0].model.title), free=False)
    for key in analyses:
        project = remove_analysis(project, key)
    return add_analysis(
        project,
        model,
        spectra,
        label=parts[0].label,
        options=parts[0].options,
        warnings=[w for part in parts for w in part.warnings],
    )


def split(project: Project, analysis_id: str) -> Project:
    """Return `project` with each region of a joint analysis by itself.

    Links between the regions are taken out with it.
    """
    analysis = project.analysis(analysis_id)
    if len(analysis.model.regions) < 2:
        raise ModelError("only a joint analysis can be taken apart.", where=analysis.label)
    project = remove_analysis(project, analysis_id)
    for region in analysis.model.regions:
        links = tuple(k for k in analysis.model.links if _regions_of(k) == {region.name})
        model = Model((region,), links, analysis.model.title)
        used = analysis.spectra[region.name]
        project = add_analysis(
            project,
            model,
            used,
            label=project.spectrum(used).label,
            options=analysis.options,
            warnings=analysis.warnings,
        )
    return project


def free_shift(project: Project, analysis_id: str, *, free: bool) -> Project:
    """Return `project` with the one charge shift of a joint analysis fitted, or held."""
    model = project.analysis(analysis_id).model
    return set_model(project, analysis_id, share_shift(model, free=free))


def _is_shift(link: Link) -> bool:
    return split_path(link.target)[1:] == (REGION, "shift")


def _renamed(link: Link, names: Mapping[str, str]) -> Link:
    def path(text: str) -> str:
        region, rest = text.split("/", 1)
        return f"{names[region]}/{rest}"

    terms = tuple(replace(term, source=path(term.source)) for term in link.terms)
    return replace(link, target=path(link.target), terms=terms)


def in_turn(
    project: Project,
    analyses: Sequence[str],
    *,
    progress: Callable[[int, int, str], None] | None = None,
    should_stop: ShouldStop | None = None,
) -> tuple[list[Analysed], list[str]]:
    """Fit several analyses one after the other.

    Returns
    -------
    outcomes : list of Analysed
    problems : list of str
        A sentence for each that could not be fitted; the others are fitted all the same.
    """
    outcomes: list[Analysed] = []
    problems: list[str] = []
    for done, key in enumerate(analyses):
        label = project.analysis(key).label
        if progress is not None:
            progress(done, len(analyses), label)
        try:
            outcomes.append(analyse(project, key, should_stop=should_stop))
        except Cancelled:
            raise
        except (SpectraError, ArithmeticError, ValueError) as error:
            problems.append(f"{label}: {error}")
    return outcomes, problems
