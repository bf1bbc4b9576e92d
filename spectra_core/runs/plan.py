"""From a recipe, a preset or stored fits to the fits they ask for on given spectra.

`plan` is the only place that decides which spectra form a sample, which regions a recipe
has for it, which charge reference it uses and how it is fitted. The command line and the
window both call it; `spectra_core.runs.execute` does what it plans.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from ..calibration import ReferenceLine, is_level
from ..errors import SpectraError
from ..fitting import FitOptions, FitWarning, Weights
from ..foreign.presence import has_stored_fit
from ..foreign.stored_fit import stored_fit
from ..model import Model
from ..recipe.calibration import assumed_reference, measured_reference
from ..recipe.compile import (
    calibration_from_recipe,
    component_path,
    fit_options_from_recipe,
    model_from_recipe,
    recipe_from_model,
)
from ..recipe.library import at_photon_energy
from ..recipe.masks import masked_by_recipe, masked_notes
from ..recipe.parts import Part, part_of, tie_in_words
from ..recipe.presets import Preset
from ..recipe.schema import CalibrationEntry, RatioEntry, Recipe
from ..shown import Reported
from ..spectrum import Calibration, Spectrum, calibrate, sample_key
from .groups import Group, groups_of, together
from .records import Failure
from .samples import JoinBy, Sample, in_words, join_samples, on_scale_of, samples_of

__all__ = ["STORED_FIT_OPTIONS", "Job", "Plan", "plan", "plan_stored"]

# CasaXPS minimised plain squares: only unit weights give a stored fit's numbers again, and
# from its own values one start is where it ended.
STORED_FIT_OPTIONS = FitOptions(weights=Weights.UNIT, starts=1)


@dataclass(frozen=True, eq=False)
class Job:
    """One fit to be done; everything a worker process needs.

    Attributes
    ----------
    number : int
        Place in the plan, counted from 0.
    file : str
        First file of its spectra, as it was given.
    group : Group
        The spectra that are fitted together, calibrated.
    model : Model
        The same object for all jobs of a plan that have the same regions.
    recipe : Recipe
        What is applied: the recipe given, or the part of it that there are spectra for.
    options : FitOptions
    ratios : tuple of RatioEntry
        With paths in place of labels.
    warnings : tuple of FitWarning
        What reading and planning have to say of it.
    sample : tuple of Spectrum
        What the sample shows, for the lint.
    references : tuple of ReferenceLine
        Its charge references, where they were measured.
    places : tuple of int
        Place of each of its spectra in `Plan.spectra`.
    stored : bool
        Whether `model` is another program's fit, whose numbers are to be compared.
    """

    number: int
    file: str
    group: Group
    model: Model
    recipe: Recipe
    options: FitOptions
    ratios: tuple[RatioEntry, ...]
    warnings: tuple[FitWarning, ...]
    sample: tuple[Spectrum, ...] = ()
    references: tuple[ReferenceLine, ...] = ()
    places: tuple[int, ...] = ()
    stored: bool = False

    @property
    def label(self) -> str:
        """Sample and level in words."""
        return self.group.label


@dataclass(frozen=True, eq=False, repr=False)
class Plan(Reported):
    """Fits to be done, and what cannot be or is left out on purpose, with the reasons.

    Attributes
    ----------
    jobs : tuple of Job
    failures, skipped : tuple of Failure
    spectra : tuple of Spectrum
        All spectra there are, in the order given, with the samples they were joined into.
    """

    jobs: tuple[Job, ...]
    failures: tuple[Failure, ...]
    skipped: tuple[Failure, ...]
    spectra: tuple[Spectrum, ...]


def plan(
    recipe: Recipe | Preset,
    spectra: Iterable[Spectrum],
    *,
    beside: Iterable[Spectrum] = (),
    fit_options: FitOptions | None = None,
    seed: int | None = None,
    join: JoinBy = "names",
    names: Mapping[str, str] | None = None,
    warnings: Sequence[FitWarning] = (),
) -> Plan:
    """Return the fits that a recipe asks for on some spectra.

    Parameters
    ----------
    recipe : Recipe or Preset
        The warnings of a preset are said of every fit.
    spectra : iterable of Spectrum
        To be fitted, in file order.
    beside : iterable of Spectrum
        All spectra there are, in file order, if those to be fitted are not all: a C 1s
        reference is needed though only S 2p is fitted.
    fit_options : FitOptions or None
        In place of the recipe's.
    seed : int or None
        In place of the seed in the options.
    join, names
        How files are joined into samples, see `spectra_core.runs.samples.join_samples`.
    warnings : sequence of FitWarning
        Said of every fit.

    Raises
    ------
    ModelError
        If the recipe contradicts itself.
    FitError
        If `names` names a file that is not there.
    """
    notes = tuple(warnings)
    if isinstance(recipe, Preset):
        notes = (*preset_warnings(recipe), *notes)
        recipe = recipe.recipe
    options = _seeded(fit_options or fit_options_from_recipe(recipe), seed)
    known = _Known(spectra, beside, join, names)
    groups, failures = groups_of(recipe, known.chosen, known.samples)
    if recipe.is_together and groups:
        recipe, whole = together(recipe, groups)
        groups = [whole]
    maker = _Maker(recipe, options, known, notes)
    jobs: list[Job] = []
    for group in groups:
        try:
            jobs.append(maker.job(len(jobs), group))
        except SpectraError as error:
            failures.append(Failure(group.file, group.label, str(error)))
    return Plan(tuple(jobs), tuple(failures), (), known.spectra)


def preset_warnings(preset: Preset) -> tuple[FitWarning, ...]:
    """Return what a user must know of a preset, to be said of every fit with it."""
    return tuple(FitWarning("preset", text, preset.id) for text in preset.warnings)


def plan_stored(
    spectra: Iterable[Spectrum],
    *,
    beside: Iterable[Spectrum] = (),
    fit_options: FitOptions | None = None,
    seed: int | None = None,
    join: JoinBy = "names",
    names: Mapping[str, str] | None = None,
    warnings: Sequence[FitWarning] = (),
) -> Plan:
    """Return the fits that came with some spectra; parameters as for `plan`."""
    options = _seeded(fit_options or STORED_FIT_OPTIONS, seed)
    known = _Known(spectra, beside, join, names)
    jobs: list[Job] = []
    failures: list[Failure] = []
    skipped: list[Failure] = []
    for spectrum in known.chosen:
        file = spectrum.source.location
        if not has_stored_fit(spectrum):
            reason = "no CasaXPS fit is stored with this spectrum."
            skipped.append(Failure(file, spectrum.label, reason))
            continue
        try:
            sample = known.samples[sample_key(spectrum)]
            job = _stored_job(len(jobs), spectrum, sample, options, tuple(warnings))
            jobs.append(replace(job, places=(known.places[id(spectrum)],) * len(job.model.regions)))
        except SpectraError as error:
            message = str(error).removeprefix(f"{spectrum.label}: ")
            failures.append(Failure(file, spectrum.label, message))
    return Plan(tuple(jobs), tuple(failures), tuple(skipped), known.spectra)


def _stored_job(
    number: int,
    spectrum: Spectrum,
    sample: Sample,
    options: FitOptions,
    warnings: tuple[FitWarning, ...],
) -> Job:
    stored = stored_fit(spectrum)
    model, own = stored.model, stored.spectrum
    notes = tuple(FitWarning(code, message) for code, message in stored.notes)
    recipe = recipe_from_model(
        model, calibration=own.calibration, fit_options=options, title=own.label
    )
    group = Group((sample,), tuple((region.name, own) for region in model.regions))
    beside = (own, *on_scale_of(own, sample.others([spectrum])))
    notes = (*notes, *warnings)
    return Job(number, group.file, group, model, recipe, options, (), notes, beside, stored=True)


def _seeded(options: FitOptions, seed: int | None) -> FitOptions:
    return options if seed is None else replace(options, seed=seed)


class _Known:
    """Spectra to be fitted, and all there are, joined into samples."""

    def __init__(
        self,
        spectra: Iterable[Spectrum],
        beside: Iterable[Spectrum],
        join: JoinBy,
        names: Mapping[str, str] | None,
    ) -> None:
        chosen, every = list(spectra), list(beside)
        known = {id(spectrum) for spectrum in every}
        every += [spectrum for spectrum in chosen if id(spectrum) not in known]
        self.spectra = join_samples(every, by=join, names=names)
        joined = {id(old): new for old, new in zip(every, self.spectra, strict=True)}
        self.chosen = [joined[id(spectrum)] for spectrum in chosen]
        self.samples = samples_of(self.spectra)
        self.places = {id(spectrum): k for k, spectrum in enumerate(self.spectra)}


# ---------------------------------------------------------------------------------
# From a group of spectra to a job


_Energies = tuple[tuple[str, float | None], ...]
"""Name and photon energy of each region that a group of spectra has."""


class _Maker:
    """Makes the jobs of one recipe; what many jobs have in common is made once."""

    def __init__(
        self,
        recipe: Recipe,
        options: FitOptions,
        known: _Known,
        warnings: tuple[FitWarning, ...],
    ) -> None:
        self.recipe = recipe
        self.options = options
        self.known = known
        self.warnings = warnings
        self.fixed = calibration_from_recipe(recipe)
        self._references: dict[int, ReferenceLine] = {}
        self._parts: dict[_Energies, tuple[Part, Model, tuple[RatioEntry, ...]]] = {}
        self._part(tuple((entry.name, None) for entry in recipe.region))

    def job(self, number: int, group: Group) -> Job:
        """Return the fit of one group.

        Raises
        ------
        SpectraError
            If the recipe asks for a charge reference that the sample does not have.
        """
        energies = tuple((name, s.meta.excitation_energy_ev) for name, s in group.spectra)
        part, model, ratios = self._part(energies)
        lines = [self._reference(spectrum) for _, spectrum in group.spectra]
        shifts = [self.fixed if line is None else line.calibration for line in lines]
        notes = [*group.warnings, *_lacking(part, group)]
        moved: list[tuple[str, Spectrum]] = []
        for (name, spectrum), shift in zip(group.spectra, shifts, strict=True):
            notes += _replaced_calibration(name, spectrum, shift)
            own = spectrum if shift is None else calibrate(spectrum, shift)
            own = masked_by_recipe(self.recipe.mask, own)
            notes += masked_notes(name, own, self._window(name))
            moved.append((name, own))
        references = tuple({id(line): line for line in lines if line is not None}.values())
        for line in references:
            notes += assumed_reference(self.recipe.calibration, line)
        calibrated = replace(group, spectra=tuple(moved))
        seen = group.seen(dict(moved))
        return Job(
            number,
            group.file,
            calibrated,
            model,
            part.recipe,
            self.options,
            ratios,
            (*notes, *self.warnings),
            seen,
            references,
            tuple(self.known.places[id(spectrum)] for _, spectrum in group.spectra),
        )

    def _window(self, name: str) -> tuple[float, float] | None:
        return next((entry.window for entry in self.recipe.region if entry.name == name), None)

    def _part(self, energies: _Energies) -> tuple[Part, Model, tuple[RatioEntry, ...]]:
        if energies not in self._parts:
            part = part_of(self.recipe, tuple(name for name, _ in energies))
            known = {name: energy for name, energy in energies if energy is not None}
            part = replace(part, recipe=at_photon_energy(part.recipe, known))
            ratios = tuple(_with_paths(part.recipe, entry) for entry in part.recipe.ratio)
            self._parts[energies] = part, model_from_recipe(part.recipe), ratios
        return self._parts[energies]

    def _reference(self, spectrum: Spectrum) -> ReferenceLine | None:
        """Return the charge reference of a spectrum, measured once for all that have it.

        That of its own file where there is one, because files are measured at different
        times; else that of its sample.
        """
        entry = self.recipe.calibration
        if entry is None or not entry.is_measured:
            return None
        sample = self.known.samples[sample_key(spectrum)]
        found = [s for s in sample.spectra if is_level(s, entry.reference)]
        own = [s for s in found if s.source.location == spectrum.source.location] or found
        used = _used_reference(entry, sample, spectrum, own)
        key = id(used[0]) if used else 0
        if key not in self._references:
            line = measured_reference(entry, used)
            assert line is not None  # it is to be measured
            # Without its fit it is cheap to hand to other processes.
            self._references[key] = replace(line, result=None)
        return self._references[key]


def _used_reference(
    entry: CalibrationEntry, sample: Sample, spectrum: Spectrum, found: Sequence[Spectrum]
) -> Sequence[Spectrum]:
    if entry.per == "spectrum" and found:
        return [sample.counterpart(spectrum, found)]
    return found[:1]


def _with_paths(recipe: Recipe, entry: RatioEntry) -> RatioEntry:
    return entry.model_copy(
        update={
            "numerator": tuple(component_path(recipe, label) for label in entry.numerator),
            "denominator": tuple(component_path(recipe, label) for label in entry.denominator),
        }
    )


def _replaced_calibration(
    name: str, spectrum: Spectrum, new: Calibration | None
) -> list[FitWarning]:
    old, unit = spectrum.calibration, spectrum.axis.unit
    if new is None or not (old.shift or old.is_stretched) or old.formula(unit) == new.formula(unit):
        return []
    message = (
        f"the file's own calibration of {old.formula(unit)} was replaced by the recipe's of"
        f" {new.formula(unit)}."
    )
    return [FitWarning("calibration_replaced", message, name)]


def _lacking(part: Part, group: Group) -> list[FitWarning]:
    """Say which regions there is no spectrum for, and which ties and ratios went with them."""
    if not part.lacking:
        return []
    names = in_words(entry.name for entry in part.lacking)
    fitted = in_words(name for name, _ in group.spectra)
    message = f"there is no spectrum for {names}{group.place}: {fitted} was fitted without it."
    notes = [FitWarning("regions_lacking", message)]
    if part.links or part.priors:
        links, known = map(tie_in_words, part.links), map(tie_in_words, part.priors)
        ties = in_words((*links, *known))
        message = f"without {names} these ties are left out: {ties}."
        notes.append(FitWarning("links_dropped", message))
    if part.ratios:
        ratios = "; ".join(part.ratios)
        message = f"without {names} these ratios cannot be made: {ratios}."
        notes.append(FitWarning("ratios_lacking", message))
    return notes
