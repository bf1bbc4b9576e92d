"""What a user does with a project: put models on spectra, join them, look at them.

Each verb takes a project and returns a new one, so that a window and a script do the same.
Fits of what is put here are made by `spectra_core.project.jobs`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from ..core_levels import CoreLevel, core_level, level_in, level_of
from ..curves.lineshapes import LINESHAPES
from ..errors import FitError, ModelError
from ..fitting import DEFAULT_STARTS, FitOptions, FitResult, RegionFit, evaluate, with_open_values
from ..fitting.start import START_FWHM_EV
from ..library.components import add_entry
from ..library.records import Entry
from ..model import (
    REGION,
    RESERVED,
    Background,
    Link,
    Model,
    Parameter,
    Prior,
    Region,
    add_component,
    add_doublet,
    make_component,
    names_of,
    replace_region,
    share_shift,
    split_path,
    unused_name,
    with_paths,
    without_lost_priors,
)
from ..recipe.compile import (
    fit_options_from_recipe,
    recipe_from_model,
)
from ..recipe.presets import Preset
from ..recipe.schema import Recipe
from ..referee.residuals import largest_excess
from ..runs.plan import Job, plan, plan_stored
from ..runs.samples import JoinBy
from ..spectrum import Axis, Spectrum, on_binding_energy, sample_key
from .project import (
    Analysis,
    Project,
    add_analysis,
    add_ratio,
    calibrate_spectra,
    is_stale,
    regroup,
    remove_analysis,
    set_model,
)
from .recipes import is_of, ratio_definition, with_quantify, with_series_recipe

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
    """Return the first region that an analysis fits to a spectrum."""
    chosen = project.analysis(analysis_id).spectra
    return next((name for name, used in chosen.items() if used == spectrum_id), None)


def start_analysis(project: Project, spectrum_id: str, *, starts: int | None = None) -> Project:
    """Return `project` with a new analysis of a spectrum: a background, no component yet.

    An active Shirley background on an energy axis, a straight line on any other; the window is
    the whole spectrum.

    Parameters
    ----------
    project : Project
    spectrum_id : str
    starts : int or None
        Starting points of its fits; None: as usual.
    """
    spectrum = on_binding_energy(project.spectrum(spectrum_id))
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
    options = FitOptions(starts=DEFAULT_STARTS if starts is None else starts)
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


def add_stored_fit(project: Project, spectrum_id: str) -> Project:
    """Return `project` with the fit that came with a spectrum, with its calibration.

    It takes the place of analyses of this spectrum alone.

    Parameters
    ----------
    project : Project
    spectrum_id : str

    Raises
    ------
    ModelError
        If none came with it, or none of it can be taken over.
    """
    planned = plan_stored([project.spectrum(spectrum_id)], join="none")
    for failure in (*planned.failures, *planned.skipped):
        raise ModelError(failure.message, where=failure.where)
    label = project.spectrum(spectrum_id).label
    return _with_job(project, planned.jobs[0], [spectrum_id], label=label)


@dataclass(frozen=True, eq=False)
class Applied:
    """A project with a recipe's models on its spectra.

    Attributes
    ----------
    project : Project
    analyses : tuple of str
        Ids of the new analyses.
    notes : tuple of str
        What could not be used, in sentences.
    """

    project: Project
    analyses: tuple[str, ...]
    notes: tuple[str, ...]


def applied_in_words(applied: Applied) -> str:
    """Return what a recipe made, a line for each kind of fit and one for each note.

    Fits of the same regions are one line, with the spectra of the first.
    """
    project = applied.project
    kinds: dict[tuple[str, ...], list[str]] = {}
    for key in applied.analyses:
        analysis = project.analysis(key)
        kinds.setdefault(tuple(analysis.spectra), []).append(key)
    lines = []
    for regions, keys in kinds.items():
        first = project.spectra_of(keys[0])
        together = " and ".join(regions) + (" together" if len(regions) > 1 else "")
        number = f"{len(keys)} fit{'s' if len(keys) > 1 else ''} of {together}"
        labels = ", ".join(spectrum.label for spectrum in first.values())
        more = f"; {len(keys) - 1} more like it" if len(keys) > 1 else ""
        lines.append(f"{number}: {labels}{more}.")
    return "\n".join([*lines, *applied.notes])


def add_recipe(
    project: Project,
    recipe: Recipe | Preset,
    spectra: Iterable[str],
    *,
    starts: int | None = None,
    join: JoinBy = "names",
) -> Applied:
    """Return `project` with the fits that a recipe asks for on some of its spectra.

    Which these are, `spectra_core.runs.plan.plan` decides, as for the command line. Analyses
    that have no other spectra than those of a new one are replaced by it. Samples that were
    joined across files have one name from then on.

    Parameters
    ----------
    project : Project
    recipe : Recipe or Preset
        Its ratios and calibration come with it.
    spectra : iterable of str
        Spectrum ids.
    starts : int or None
        Starting points of the fits where the recipe does not name a number of them.
    join : {"names", "folder", "none"}
        How files are joined into samples.

    Raises
    ------
    ModelError
        If the recipe is for none of the spectra.
    """
    applied = recipe.recipe if isinstance(recipe, Preset) else recipe
    options = fit_options_from_recipe(applied)
    if "starts" not in applied.fit.model_fields_set:
        options = _with_starts(options, starts)
    keys, wanted = list(project.spectra), set(spectra)
    planned = plan(
        recipe,
        [project.spectrum(i) for i in keys if i in wanted],
        beside=project.spectra.values(),
        fit_options=options,
        join=join,
    )
    notes = [f"{failure.where}: {failure.message}" for failure in planned.failures]
    if not planned.jobs:
        raise ModelError(
            "; ".join(notes) or "there is no spectrum for it.",
            hint="Choose spectra of the regions that the model is for.",
            where=applied.title,
        )
    project = with_quantify(project, applied)
    if any(job.group.levels > 1 for job in planned.jobs):
        project = with_series_recipe(project, applied)
    project = _with_samples(project, dict(zip(keys, planned.spectra, strict=True)), planned.jobs)
    new: list[str] = []
    for job in planned.jobs:
        project = _with_job(project, job, keys)
        new.append(f"a{project.last_id}")
        notes += [f"{job.label}: {w.message}" for w in job.warnings if w.code in _SAID]
    models = [project.analysis(key).model for key in new]
    for entry in planned.jobs[0].recipe.ratio if applied.is_together else applied.ratio:
        definition = ratio_definition(entry)
        if any(is_of(model, definition) for model in models):
            project = add_ratio(project, definition)
    return Applied(project, tuple(new), tuple(dict.fromkeys(notes)))


# Codes of what planning has to say that a user should see at once.
_SAID = ("samples_joined", "regions_lacking", "regions_repeated")


def _with_samples(project: Project, joined: Mapping[str, Spectrum], jobs: Iterable[Job]) -> Project:
    """Return `project` with the sample names and sources of the samples that jobs are of."""
    own = {sample.key for job in jobs for sample in job.group.samples}
    changed = {key: s for key, s in joined.items() if sample_key(s) in own}
    return regroup(project, changed)


def _with_job(project: Project, job: Job, keys: Sequence[str], *, label: str = "") -> Project:
    """Return `project` with a planned fit as an analysis, in the place of those it covers."""
    chosen = {
        name: keys[place] for (name, _), place in zip(job.group.spectra, job.places, strict=True)
    }
    for (_, spectrum), key in zip(job.group.spectra, chosen.values(), strict=True):
        if spectrum.calibration != project.spectrum(key).calibration:
            project = calibrate_spectra(project, spectrum.calibration, spectra=[key])
    project = _without_own(project, chosen.values())
    return add_analysis(
        project,
        job.model,
        chosen,
        label=label or job.label,
        options=job.options,
        warnings=job.warnings,
        references=job.references,
    )


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
            new.append(f"a{project.last_id}")
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
    priors: list[Prior] = []
    spectra: dict[str, str] = {}
    for part in parts:
        taken = set(spectra)
        names = {r.name: unused_name(r.name, taken) for r in part.model.regions}
        regions += [replace(r, name=names[r.name]) for r in part.model.regions]
        links += [_renamed(link, names) for link in part.model.links if not _is_shift(link)]
        # One shift for all regions has one prior: that of the first part.
        kept = [p for p in part.model.priors if part is parts[0] or not _is_of_shift(p)]
        priors += [with_paths(prior, partial(_in_region, names)) for prior in kept]
        spectra |= {names[name]: used for name, used in part.spectra.items()}
    model = Model(tuple(regions), tuple(links), parts[0].model.title, tuple(priors))
    model = share_shift(model, free=False)
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

    Links and priors between the regions are taken out with it.
    """
    analysis = project.analysis(analysis_id)
    if len(analysis.model.regions) < 2:
        raise ModelError("only a joint analysis can be taken apart.", where=analysis.label)
    project = remove_analysis(project, analysis_id)
    for region in analysis.model.regions:
        links = tuple(k for k in analysis.model.links if _regions_of(k) == {region.name})
        model = Model((region,), links, analysis.model.title, analysis.model.priors)
        model = without_lost_priors(model)
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


def _is_of_shift(prior: Prior) -> bool:
    return all(split_path(term.source)[1:] == (REGION, "shift") for term in prior.terms)


def _renamed(link: Link, names: Mapping[str, str]) -> Link:
    terms = tuple(replace(term, source=_in_region(names, term.source)) for term in link.terms)
    return replace(link, target=_in_region(names, link.target), terms=terms)


def _in_region(names: Mapping[str, str], path: str) -> str:
    """Return a path with its region called by the new name."""
    region, rest = path.split("/", 1)
    return f"{names[region]}/{rest}"
