"""From a recipe, a preset or stored fits to the fits they ask for on given spectra.

`plan` is the only place that decides which spectra form a sample, which regions a recipe
has for it, which charge reference it uses and how it is fitted. The command line and the
window both call it; `spectra_core.runs.execute` does what it plans.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from ..calibration import ReferenceLine
from ..errors import SpectraError
from ..fitting import FitOptions, FitWarning, Weights
from ..foreign.stored_fit import has_stored_fit, stored_fit
from ..model import Model
from ..recipe.calibration import assumed_reference, measured_reference
from ..recipe.compile import (
    calibration_from_recipe,
    component_path,
    fit_options_from_recipe,
    model_from_recipe,
    recipe_from_model,
)
from ..recipe.schema import CalibrationEntry, RatioEntry, Recipe
from ..spectrum import Calibration, Spectrum, calibrate
from .records import Failure
from .select import Group, group_spectra

__all__ = ["STORED_FIT_OPTIONS", "Job", "Plan", "plan", "plan_stored"]

Identity = tuple[str, str]
"""Path and name of a sample."""
ReferenceFinder = Callable[[Identity, Sequence[Spectrum], int], ReferenceLine | None]

# CasaXPS minimised plain squares: only unit weights give a stored fit's numbers again.
STORED_FIT_OPTIONS = FitOptions(weights=Weights.UNIT)


@dataclass(frozen=True, eq=False)
class Job:
    """One fit to be done; everything a worker process needs.

    Attributes
    ----------
    number : int
        Place in the plan, counted from 0.
    file : str
        First file of its spectra.
    group : Group
        The spectra that are fitted together, calibrated.
    model : Model
    recipe : Recipe
    options : FitOptions
    ratios : tuple of RatioEntry
        With paths in place of labels.
    warnings : tuple of FitWarning
        What reading and planning have to say of it.
    sample : tuple of Spectrum
        All spectra of the sample, for the lint.
    reference : ReferenceLine or None
        Its charge reference, where one was measured.
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
    reference: ReferenceLine | None = None

    @property
    def label(self) -> str:
        """Sample and level in words."""
        level = f" {self.group.level + 1}/{self.group.levels}" if self.group.levels > 1 else ""
        return f"{self.group.sample}{level}"


@dataclass(frozen=True, eq=False)
class Plan:
    """Fits to be done, and what cannot be or is left out on purpose, with the reasons."""

    jobs: tuple[Job, ...]
    failures: tuple[Failure, ...] = ()
    skipped: tuple[Failure, ...] = ()


def plan(
    recipe: Recipe,
    spectra: Iterable[Spectrum],
    *,
    beside: Iterable[Spectrum] | None = None,
    fit_options: FitOptions | None = None,
    seed: int | None = None,
    warnings: Sequence[FitWarning] = (),
) -> Plan:
    """Return the fits that a recipe asks for on some spectra.

    Parameters
    ----------
    recipe : Recipe
    spectra : iterable of Spectrum
        To be fitted, in file order.
    beside : iterable of Spectrum or None
        All spectra there are, those to be fitted among them: a C 1s reference is needed
        though only S 2p is fitted. None: no others.
    fit_options : FitOptions or None
        In place of the recipe's.
    seed : int or None
        In place of the seed in the options.
    warnings : sequence of FitWarning
        Said of every fit.

    Raises
    ------
    ModelError
        If the recipe contradicts itself.
    """
    chosen = _seeded(fit_options or fit_options_from_recipe(recipe), seed)
    model = model_from_recipe(recipe)
    spectra = list(spectra)
    samples = _samples(spectra if beside is None else beside)
    groups, unmatched = group_spectra(recipe, spectra)
    failures = [Failure(u.file, u.where, u.message) for u in unmatched]
    jobs: list[Job] = []
    calibration = calibration_from_recipe(recipe)
    ratios = tuple(_with_paths(recipe, entry) for entry in recipe.ratio)
    find_reference = _reference_finder(recipe.calibration)
    for group in groups:
        identity = _identity(group.spectra[0][1])
        sample = samples[identity]
        try:
            line = find_reference(identity, sample, group.level)
        except SpectraError as error:
            failures.append(Failure(group.file, group.sample, str(error)))
            continue
        said = group.warnings
        shift = calibration if line is None else line.calibration
        if shift is not None:
            said += _replaced_calibrations(group, shift)
            moved = tuple((name, calibrate(s, shift)) for name, s in group.spectra)
            group = replace(group, spectra=moved)
        said += (*assumed_reference(recipe.calibration, line), *warnings)
        job = Job(len(jobs), group.file, group, model, recipe, chosen, ratios, said, sample, line)
        jobs.append(job)
    return Plan(tuple(jobs), tuple(failures))


def plan_stored(
    spectra: Iterable[Spectrum],
    *,
    beside: Iterable[Spectrum] | None = None,
    fit_options: FitOptions | None = None,
    seed: int | None = None,
    warnings: Sequence[FitWarning] = (),
) -> Plan:
    """Return the fits that came with some spectra; parameters as for `plan`."""
    options = _seeded(fit_options or STORED_FIT_OPTIONS, seed)
    spectra = list(spectra)
    samples = _samples(spectra if beside is None else beside)
    jobs: list[Job] = []
    failures: list[Failure] = []
    skipped: list[Failure] = []
    for spectrum in spectra:
        file = spectrum.source.given
        if not has_stored_fit(spectrum):
            reason = "no CasaXPS fit is stored with this spectrum."
            skipped.append(Failure(file, spectrum.label, reason))
            continue
        try:
            job = _stored_job(len(jobs), spectrum, options)
        except SpectraError as error:
            message = str(error).removeprefix(f"{spectrum.label}: ")
            failures.append(Failure(file, spectrum.label, message))
            continue
        said = (*job.warnings, *warnings)
        jobs.append(replace(job, sample=samples[_identity(spectrum)], warnings=said))
    return Plan(tuple(jobs), tuple(failures), tuple(skipped))


def _seeded(options: FitOptions, seed: int | None) -> FitOptions:
    return options if seed is None else replace(options, seed=seed)


def _identity(spectrum: Spectrum) -> Identity:
    """Return which sample a spectrum is of."""
    return spectrum.source.given, spectrum.meta.sample


def _samples(spectra: Iterable[Spectrum]) -> dict[Identity, tuple[Spectrum, ...]]:
    """Return the spectra of every sample, in the order of the files."""
    found: dict[Identity, list[Spectrum]] = {}
    for spectrum in spectra:
        found.setdefault(_identity(spectrum), []).append(spectrum)
    return {key: tuple(members) for key, members in found.items()}


def _reference_finder(entry: CalibrationEntry | None) -> ReferenceFinder:
    """Return what finds the charge reference of a sample, measuring each only once.

    What it returns holds no fit result, so that it is cheap to hand to other processes.
    """
    known: dict[object, ReferenceLine | None] = {}
    each = entry is not None and entry.per == "spectrum"

    def find(identity: Identity, sample: Sequence[Spectrum], level: int) -> ReferenceLine | None:
        key = identity, level if each else 0
        if key not in known:
            line = measured_reference(entry, sample, level)
            known[key] = None if line is None else replace(line, result=None)
        return known[key]

    return find


def _with_paths(recipe: Recipe, entry: RatioEntry) -> RatioEntry:
    return entry.model_copy(
        update={
            "numerator": tuple(component_path(recipe, label) for label in entry.numerator),
            "denominator": tuple(component_path(recipe, label) for label in entry.denominator),
        }
    )


def _replaced_calibrations(group: Group, new: Calibration) -> tuple[FitWarning, ...]:
    return tuple(
        FitWarning(
            "calibration_replaced",
            f"the file's own shift of {s.calibration.shift:g} {s.axis.unit} was replaced by"
            f" the recipe's of {new.shift:g}.",
            name,
        )
        for name, s in group.spectra
        if s.calibration.shift not in (0.0, new.shift)
    )


def _stored_job(number: int, spectrum: Spectrum, options: FitOptions) -> Job:
    stored = stored_fit(spectrum)
    model, spectrum = stored.model, stored.spectrum
    warnings = tuple(FitWarning(code, message) for code, message in stored.notes)
    recipe = recipe_from_model(
        model, calibration=spectrum.calibration, fit_options=options, title=spectrum.label
    )
    pairs = tuple((region.name, spectrum) for region in model.regions)
    group = Group(spectrum.source.given, spectrum.meta.sample, pairs)
    return Job(number, group.file, group, model, recipe, options, (), warnings)
