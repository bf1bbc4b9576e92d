"""Headless runs: a recipe, or the files' own CasaXPS fits, applied to any number of files.

Whatever goes wrong with one file, sample or fit becomes a `Failure` with a sentence,
and the others go on. Each fit depends on its own data, model, options and seed alone,
so its numbers are the same whatever runs beside it, in one process or in many. An
interrupted run keeps what is finished.
"""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, replace
from multiprocessing import get_context
from pathlib import Path

from ..calibration import ReferenceLine
from ..errors import Cancelled, FitError, PartialRead, RecipeError, SpectraError
from ..fitting import FitOptions, FitResult, FitWarning, Weights, fit
from ..foreign.stored_fit import has_stored_fit, stored_fit
from ..library import load_library
from ..model import Model
from ..readers import ReadOptions, read
from ..recipe.calibration import assumed_reference, reference_finder
from ..recipe.compile import (
    calibration_from_recipe,
    component_path,
    fit_options_from_recipe,
    model_from_recipe,
    recipe_from_model,
)
from ..recipe.schema import RatioEntry, Recipe
from ..referee.rules import lint
from ..spectrum import Calibration, Spectrum, calibrate
from ..uncertainty.ratios import Ratio, area_ratio, detected_ratio, ratio_budget
from .records import Failure, FitRecord, InputFile, ModelSource, Run
from .select import Group, group_spectra, select_spectra

__all__ = ["Failure", "FitRecord", "InputFile", "ModelSource", "Run", "run", "run_spectra"]

Progress = Callable[[int, int, str], None]
ShouldStop = Callable[[], bool]

_POLL_S = 0.1


@dataclass(frozen=True, eq=False)
class _Job:
    """One fit to be done; everything a worker process needs.

    `sample` are all spectra of the sample, and `reference` is its charge reference,
    for the lint.
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


# CasaXPS minimised plain squares: only unit weights give a stored fit's numbers again.
STORED_FIT_OPTIONS = FitOptions(weights=Weights.UNIT)


def run(
    files: Iterable[str | Path],
    *,
    recipe: Recipe | None = None,
    model: ModelSource = "recipe",
    select: str | None = None,
    read_options: ReadOptions | None = None,
    fit_options: FitOptions | None = None,
    seed: int | None = None,
    jobs: int = 1,
    warnings: Sequence[FitWarning] = (),
    progress: Progress | None = None,
    should_stop: ShouldStop | None = None,
) -> Run:
    """Fit files with a recipe, or with the CasaXPS fits stored in them.

    Parameters
    ----------
    files : iterable of path
    recipe : Recipe or None
        Needed unless `model` is ``"casaxps"``.
    model : {"recipe", "casaxps"}
    select : str or None
        Keep only the spectra that `spectra_core.runs.select.select_spectra` finds.
    read_options : ReadOptions or None
    fit_options : FitOptions or None
        In place of the recipe's, or of `STORED_FIT_OPTIONS` for stored fits.
    seed : int or None
        In place of the seed in the options.
    jobs : int
        Worker processes; 1 stays in this process. Numbers do not depend on it.
    warnings : sequence of FitWarning
        Said of every fit, e.g. those of the preset the recipe came from.
    progress : callable or None
        ``progress(done, total, label)`` after each fit.
    should_stop : callable or None
        Asked now and then; True ends the run with what is finished.

    Returns
    -------
    run : Run

    Raises
    ------
    RecipeError, ModelError
        If there is no recipe, or it contradicts itself; nothing was read then.
    FitError
        If `jobs` is not at least 1.
    """
    if jobs < 1:
        raise FitError(f"{jobs} worker processes cannot fit anything.", hint="Give at least 1.")
    make_jobs = _job_maker(recipe, model, fit_options, seed)
    intake = _take_in(files, read_options or ReadOptions(), select)
    conduct = _Conduct(jobs, progress, should_stop, tuple(warnings))
    return _carry_out(intake, make_jobs, conduct, recipe, model, select)


def run_spectra(
    spectra: Iterable[Spectrum],
    *,
    recipe: Recipe,
    fit_options: FitOptions | None = None,
    seed: int | None = None,
    jobs: int = 1,
    progress: Progress | None = None,
    should_stop: ShouldStop | None = None,
) -> Run:
    """Fit spectra that are already read with a recipe; parameters as for `run`."""
    intake = _Intake({}, {}, [], [], [])
    for spectrum in spectra:
        intake.spectra.setdefault(spectrum.source.file, []).append(spectrum)
    for file, own in intake.spectra.items():
        source = own[0].source
        intake.everything[file] = own
        intake.inputs.append(InputFile(file, source.sha256, source.format, len(own)))
    make_jobs = _job_maker(recipe, "recipe", fit_options, seed)
    conduct = _Conduct(jobs, progress, should_stop)
    return _carry_out(intake, make_jobs, conduct, recipe, "recipe", None)


@dataclass(frozen=True)
class _Conduct:
    """How the fits of a run are done: processes, who is told or may stop it, what is said."""

    jobs: int
    progress: Progress | None
    should_stop: ShouldStop | None
    warnings: tuple[FitWarning, ...] = ()


def _carry_out(
    intake: _Intake,
    make_jobs: JobMaker,
    conduct: _Conduct,
    recipe: Recipe | None,
    model: ModelSource,
    select: str | None,
) -> Run:
    """Make the fits of what was taken in, do them, and return the run."""
    work: list[_Job] = []
    for file, spectra in intake.spectra.items():
        for job in make_jobs(file, spectra, intake):
            work.append(replace(job, number=len(work), warnings=(*job.warnings, *conduct.warnings)))
    outcomes, interrupted = _do(work, conduct.jobs, conduct.progress, conduct.should_stop)
    fits = tuple(o for o in outcomes if isinstance(o, FitRecord))
    failures = [*intake.failures, *(o for o in outcomes if isinstance(o, Failure))]
    if not fits and not failures and not interrupted:
        failures = [_nothing_done(intake, select)]
    return Run(
        fits,
        tuple(failures),
        tuple(intake.skipped),
        tuple(intake.inputs),
        model,
        recipe if model == "recipe" else None,
        interrupted,
    )


# ---------------------------------------------------------------------------------
# What comes in


@dataclass(eq=False)
class _Intake:
    """Spectra of every readable file, and what happened on the way.

    `everything` also holds the spectra that were not selected: a C 1s reference is needed
    though only S 2p is to be fitted.
    """

    everything: dict[str, list[Spectrum]]
    spectra: dict[str, list[Spectrum]]
    inputs: list[InputFile]
    failures: list[Failure]
    skipped: list[Failure]


def _take_in(files: Iterable[str | Path], options: ReadOptions, select: str | None) -> _Intake:
    intake = _Intake({}, {}, [], [], [])
    for file in dict.fromkeys(str(file) for file in files):
        spectra = _read(file, options, intake)
        if not spectra:
            continue
        intake.everything[file] = spectra
        source = spectra[0].source
        intake.inputs.append(InputFile(file, source.sha256, source.format, len(spectra)))
        kept = spectra if select is None else select_spectra(spectra, select)
        if kept:
            intake.spectra[file] = kept
        else:
            reason = f'none of its {len(spectra)} spectra matches the selection "{select}".'
            intake.skipped.append(Failure(file, "", reason))
    return intake


def _read(file: str, options: ReadOptions, intake: _Intake) -> list[Spectrum]:
    try:
        return list(read(file, options=options))
    except PartialRead as error:
        for problem in error.problems:
            intake.failures.append(_failure(file, "", problem))
        return list(error.spectra)
    except (SpectraError, OSError) as error:
        intake.failures.append(_failure(file, "", error))
        return []


def _failure(file: str, where: str, error: Exception) -> Failure:
    message = str(error)
    # The reader's own mention of the file is in `file` already.
    return Failure(file, where, message.removeprefix(f"{Path(file).name}: "))


def _nothing_done(intake: _Intake, select: str | None) -> Failure:
    if not intake.inputs:
        return Failure("", "", "no file was given.")
    if not intake.spectra:
        return Failure("", "", f'no spectrum matches the selection "{select}".')
    return intake.skipped[0]


# ---------------------------------------------------------------------------------
# What is to be done

JobMaker = Callable[[str, Sequence[Spectrum], _Intake], Iterator[_Job]]


def _job_maker(
    recipe: Recipe | None, model: ModelSource, options: FitOptions | None, seed: int | None
) -> JobMaker:
    if model == "casaxps":
        chosen = options or STORED_FIT_OPTIONS
        chosen = chosen if seed is None else replace(chosen, seed=seed)
        return lambda file, spectra, intake: _stored_jobs(file, spectra, intake, chosen)
    if recipe is None:
        raise RecipeError(
            "there is no recipe.", hint="Give one, or use the stored fits: --model casaxps."
        )
    chosen = options or fit_options_from_recipe(recipe)
    chosen = chosen if seed is None else replace(chosen, seed=seed)
    compiled = model_from_recipe(recipe)
    return lambda file, spectra, intake: _recipe_jobs(
        file, spectra, intake, recipe, compiled, chosen
    )


def _recipe_jobs(
    file: str,
    spectra: Sequence[Spectrum],
    intake: _Intake,
    recipe: Recipe,
    model: Model,
    options: FitOptions,
) -> Iterator[_Job]:
    calibration = calibration_from_recipe(recipe)
    ratios = tuple(_with_paths(recipe, entry) for entry in recipe.ratio)
    groups, unmatched = group_spectra(recipe, spectra)
    intake.failures += [Failure(file, u.where, u.message) for u in unmatched]
    find_reference = reference_finder(recipe.calibration)
    for group in groups:
        warnings = group.warnings
        sample = _sample_spectra(file, group.spectra[0][1], intake)
        try:
            line = find_reference(sample, group.level)
        except SpectraError as error:
            intake.failures.append(Failure(file, group.sample, str(error)))
            continue
        shift = calibration if line is None else line.calibration
        if shift is not None:
            warnings += _replaced_calibrations(group, shift)
            moved = tuple((name, calibrate(s, shift)) for name, s in group.spectra)
            group = replace(group, spectra=moved)
        warnings += assumed_reference(recipe.calibration, line)
        yield _Job(0, file, group, model, recipe, options, ratios, warnings, sample, line)


def _sample_spectra(file: str, spectrum: Spectrum, intake: _Intake) -> tuple[Spectrum, ...]:
    """Return all spectra of a spectrum's file and sample, in the order of the file."""
    name = spectrum.meta.sample
    return tuple(s for s in intake.everything[file] if s.meta.sample == name)


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


def _stored_jobs(
    file: str, spectra: Sequence[Spectrum], intake: _Intake, options: FitOptions
) -> Iterator[_Job]:
    for spectrum in spectra:
        if not has_stored_fit(spectrum):
            reason = "no CasaXPS fit is stored with this spectrum."
            intake.skipped.append(Failure(file, spectrum.label, reason))
            continue
        try:
            job = _stored_job(file, spectrum, options)
            yield replace(job, sample=_sample_spectra(file, spectrum, intake))
        except SpectraError as error:
            prefix = f"{spectrum.label}: "
            message = str(error).removeprefix(prefix)
            intake.failures.append(Failure(file, spectrum.label, message))


def _stored_job(file: str, spectrum: Spectrum, options: FitOptions) -> _Job:
    stored = stored_fit(spectrum)
    model, spectrum = stored.model, stored.spectrum
    warnings = tuple(FitWarning(code, message) for code, message in stored.notes)
    recipe = recipe_from_model(
        model, calibration=spectrum.calibration, fit_options=options, title=spectrum.label
    )
    pairs = tuple((region.name, spectrum) for region in model.regions)
    group = Group(file, spectrum.meta.sample, pairs)
    return _Job(0, file, group, model, recipe, options, (), warnings)


# ---------------------------------------------------------------------------------
# Doing it

Outcome = FitRecord | Failure


def _do(
    work: Sequence[_Job], jobs: int, progress: Progress | None, should_stop: ShouldStop | None
) -> tuple[list[Outcome], bool]:
    if jobs == 1 or len(work) < 2:
        return _do_here(work, progress, should_stop)
    return _do_in_workers(work, min(jobs, len(work)), progress, should_stop)


def _do_here(
    work: Sequence[_Job], progress: Progress | None, should_stop: ShouldStop | None
) -> tuple[list[Outcome], bool]:
    outcomes: list[Outcome] = []
    try:
        for job in work:
            outcomes.append(_fit_job(job, should_stop))
            if progress is not None:
                progress(len(outcomes), len(work), job.label)
    except (KeyboardInterrupt, Cancelled):
        return outcomes, True
    return outcomes, False


def _fit_job(job: _Job, should_stop: ShouldStop | None = None) -> Outcome:
    try:
        result = fit(
            dict(job.group.spectra), job.model, options=job.options, should_stop=should_stop
        )
        ratios = tuple(
            ratio_of(result, entry, job.options.seed, should_stop) for entry in job.ratios
        )
    except Cancelled:
        raise
    except SpectraError as error:
        return Failure(job.file, job.label, str(error))
    except (ArithmeticError, ValueError) as error:
        # A numerical breakdown in one fit must not take the others with it.
        return Failure(job.file, job.label, f"the fit broke down numerically: {error}.")
    group = job.group
    findings = findings_of(result, job.sample, job.reference)
    return FitRecord(
        f"fit-{job.number + 1}",
        job.file,
        group.sample,
        group.level,
        group.levels,
        job.recipe,
        result,
        ratios,
        (*job.warnings, *findings),
    )


def findings_of(
    result: FitResult, sample: Sequence[Spectrum], reference: ReferenceLine | None = None
) -> tuple[FitWarning, ...]:
    """Return what the lint finds; the fit's own warnings are among it.

    Parameters
    ----------
    result : FitResult
    sample : sequence of Spectrum
        All spectra of the sample.
    reference : ReferenceLine or None
        Its charge reference, where one was measured.
    """
    try:
        return lint(result, library=load_library(), spectra=tuple(sample), calibration=reference)
    except (SpectraError, ArithmeticError, ValueError) as error:
        # A rule that breaks down must not take the finished fit with it.
        note = FitWarning("lint_failed", f"the fit could not be checked by the lint: {error}")
        return (*result.warnings, note)


def ratio_of(
    result: FitResult, entry: RatioEntry, seed: int, should_stop: ShouldStop | None = None
) -> Ratio:
    """Return a ratio with the budget asked for; what goes wrong with that is its note."""
    sides = entry.numerator, entry.denominator
    wanted = entry.uncertainty
    if wanted is None:
        return detected_ratio(result, *sides, name=entry.name)
    try:
        return ratio_budget(
            result,
            *sides,
            name=entry.name,
            monte_carlo=wanted.monte_carlo,
            background=wanted.background,
            model=wanted.model,
            reference=wanted.reference,
            seed=seed,
            should_stop=should_stop,
        )
    except FitError as error:
        plain = area_ratio(result, *sides, name=entry.name)
        note = f"{plain.note} The error budget could not be made: {error}".strip()
        return replace(plain, note=note)


def _fit_jobs(chunk: Sequence[_Job]) -> list[Outcome]:
    return [_fit_job(job) for job in chunk]


def _leave_interrupts_to_the_parent() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _do_in_workers(
    work: Sequence[_Job], jobs: int, progress: Progress | None, should_stop: ShouldStop | None
) -> tuple[list[Outcome], bool]:
    # Spawn on every platform: a forked child would inherit threads and locks.
    pool = ProcessPoolExecutor(
        jobs, mp_context=get_context("spawn"), initializer=_leave_interrupts_to_the_parent
    )
    futures: dict[Future[list[Outcome]], Sequence[_Job]] = {}
    try:
        futures = {pool.submit(_fit_jobs, chunk): chunk for chunk in _chunks(work, jobs)}
        interrupted = _watch(futures, len(work), progress, should_stop)
    except KeyboardInterrupt:
        interrupted = True
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
    finished = [(f, chunk) for f, chunk in futures.items() if not f.cancelled()]
    return [outcome for f, chunk in finished for outcome in _outcomes(f, chunk)], interrupted


def _chunks(work: Sequence[_Job], jobs: int) -> list[Sequence[_Job]]:
    """Return chunks large enough to hide the transfer, small enough to stop soon."""
    size = max(1, min(16, len(work) // (4 * jobs)))
    return [work[i : i + size] for i in range(0, len(work), size)]


def _watch(
    futures: dict[Future[list[Outcome]], Sequence[_Job]],
    total: int,
    progress: Progress | None,
    should_stop: ShouldStop | None,
) -> bool:
    """Wait until all is done or the run is to stop; return whether it was stopped."""
    waiting, done = set(futures), 0
    while waiting:
        if should_stop is not None and should_stop():
            return True
        finished, waiting = wait(waiting, timeout=_POLL_S, return_when=FIRST_COMPLETED)
        for future in finished:
            done += len(futures[future])
            if progress is not None:
                progress(done, total, futures[future][-1].label)
    return False


def _outcomes(future: Future[list[Outcome]], chunk: Sequence[_Job]) -> list[Outcome]:
    try:
        return future.result()
    except BrokenProcessPool:
        message = "the worker process ended unexpectedly, perhaps for lack of memory."
        return [Failure(job.file, job.label, message) for job in chunk]
