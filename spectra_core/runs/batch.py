"""Headless runs: a recipe, or the files' own CasaXPS fits, applied to any number of files.

Here files are taken in; `spectra_core.runs.plan` decides what is fitted and
`spectra_core.runs.execute` does it. Whatever goes wrong with one file, sample or fit
becomes a `Failure` with a sentence, and the others go on.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from ..errors import FitError, PartialRead, RecipeError, ShouldStop, SpectraError
from ..fitting import FitOptions, FitWarning
from ..readers import ReadOptions, read
from ..recipe.compile import model_from_recipe
from ..recipe.presets import Preset
from ..recipe.schema import Recipe
from ..spectrum import Spectrum
from .execute import RunProgress, execute_all
from .plan import STORED_FIT_OPTIONS, Job, Plan, plan, plan_stored
from .records import Failure, FitRecord, InputFile, ModelSource, Run
from .samples import JoinBy, join_samples
from .select import select_spectra

__all__ = [
    "STORED_FIT_OPTIONS",
    "Failure",
    "FitRecord",
    "InputFile",
    "ModelSource",
    "Prepared",
    "Run",
    "RunProgress",
    "ShouldStop",
    "prepare",
    "run",
    "run_spectra",
]


def run(
    files: Iterable[str | Path],
    *,
    recipe: Recipe | Preset | None = None,
    model: ModelSource = "recipe",
    select: str | None = None,
    read_options: ReadOptions | None = None,
    fit_options: FitOptions | None = None,
    seed: int | None = None,
    jobs: int = 1,
    join: JoinBy = "names",
    samples: Mapping[str, str] | None = None,
    warnings: Sequence[FitWarning] = (),
    progress: RunProgress | None = None,
    should_stop: ShouldStop | None = None,
) -> Run:
    """Fit files with a recipe, or with the CasaXPS fits stored in them.

    Parameters
    ----------
    files : iterable of path
    recipe : Recipe, Preset or None
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
    join : {"names", "folder", "none"}
    samples : mapping of str to str or None
        How files are joined into samples, see `spectra_core.runs.samples.join_samples`:
        by file names or folders, or by the sample name for a pattern of file names.
    warnings : sequence of FitWarning
        Said of every fit.
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
    prepared = prepare(
        files,
        recipe=recipe,
        model=model,
        select=select,
        read_options=read_options,
        fit_options=fit_options,
        seed=seed,
        join=join,
        samples=samples,
        warnings=warnings,
        should_stop=should_stop,
    )
    done, interrupted = execute_all(
        prepared.jobs, processes=jobs, progress=progress, should_stop=should_stop
    )
    fits = tuple(outcome.whole() for outcome in done if not isinstance(outcome, Failure))
    failures = tuple(outcome for outcome in done if isinstance(outcome, Failure))
    return prepared.run(fits, failures, len(fits), interrupted=interrupted)


@dataclass(frozen=True, eq=False)
class Prepared:
    """What a run has to do, and what was met on the way there.

    Attributes
    ----------
    jobs : tuple of Job
    inputs : tuple of InputFile
    failures, skipped : tuple of Failure
        As in `Run`, of reading and planning.
    model : str
    recipe : Recipe or None
    stopped : bool
        Whether the files were not read to the end.
    """

    jobs: tuple[Job, ...]
    inputs: tuple[InputFile, ...]
    failures: tuple[Failure, ...]
    skipped: tuple[Failure, ...]
    model: ModelSource
    recipe: Recipe | None
    stopped: bool

    def run(
        self,
        fits: tuple[FitRecord, ...],
        failures: Sequence[Failure],
        n_fits: int,
        *,
        interrupted: bool,
    ) -> Run:
        """Return the run that this was the beginning of.

        Parameters
        ----------
        fits : tuple of FitRecord
            Those that were kept.
        failures : sequence of Failure
            Of fitting.
        n_fits : int
            How many fits there are, kept or not.
        interrupted : bool
        """
        failed = (*self.failures, *failures)
        interrupted = interrupted or self.stopped
        if not n_fits and not failed and not interrupted:
            failed = (self.skipped[0] if self.skipped else Failure("", "", "no file was given."),)
        return Run(fits, failed, self.skipped, self.inputs, self.model, self.recipe, interrupted)


def prepare(
    files: Iterable[str | Path],
    *,
    recipe: Recipe | Preset | None = None,
    model: ModelSource = "recipe",
    select: str | None = None,
    read_options: ReadOptions | None = None,
    fit_options: FitOptions | None = None,
    seed: int | None = None,
    join: JoinBy = "names",
    samples: Mapping[str, str] | None = None,
    warnings: Sequence[FitWarning] = (),
    should_stop: ShouldStop | None = None,
) -> Prepared:
    """Read files and plan their fits; parameters and errors as for `run`."""
    make_plan = _planner(recipe, model)
    intake = _take_in(files, read_options or ReadOptions(), should_stop)
    # Joined before anything is left out, so that samples are the same whatever is selected.
    everything = join_samples(intake.spectra, by=join, names=samples)
    chosen, left_out = _selected(everything, select)
    planned = make_plan(
        chosen,
        beside=everything,
        fit_options=fit_options,
        seed=seed,
        join="none",
        warnings=warnings,
    )
    return Prepared(
        planned.jobs,
        tuple(intake.inputs),
        (*intake.failures, *planned.failures),
        (*left_out, *planned.skipped),
        model,
        _recipe_of(recipe) if recipe is not None and model == "recipe" else None,
        intake.stopped,
    )


def run_spectra(
    spectra: Iterable[Spectrum],
    *,
    recipe: Recipe,
    fit_options: FitOptions | None = None,
    seed: int | None = None,
    jobs: int = 1,
    progress: RunProgress | None = None,
    should_stop: ShouldStop | None = None,
) -> Run:
    """Fit spectra that are already read with a recipe; parameters as for `run`."""
    spectra = list(spectra)
    planned = plan(recipe, spectra, fit_options=fit_options, seed=seed)
    done, interrupted = execute_all(
        planned.jobs, processes=jobs, progress=progress, should_stop=should_stop
    )
    failures = (*planned.failures, *(o for o in done if isinstance(o, Failure)))
    fits = tuple(outcome.whole() for outcome in done if not isinstance(outcome, Failure))
    return Run(fits, failures, planned.skipped, inputs_of(spectra), "recipe", recipe, interrupted)


def inputs_of(spectra: Iterable[Spectrum]) -> tuple[InputFile, ...]:
    """Return the files that spectra came from, with the number of spectra of each."""
    sources = [spectrum.source for spectrum in spectra]
    count = Counter((source.location, source.sha256, source.format) for source in sources)
    return tuple(InputFile(*key, number) for key, number in count.items())


def _planner(recipe: Recipe | Preset | None, model: ModelSource) -> Callable[..., Plan]:
    """Return what makes the plan; a recipe that contradicts itself is found at once."""
    if model == "casaxps":
        return plan_stored
    if recipe is None:
        raise RecipeError(
            "there is no recipe.", hint="Give one, or use the stored fits: --model casaxps."
        )
    model_from_recipe(_recipe_of(recipe))
    return partial(plan, recipe)


def _recipe_of(recipe: Recipe | Preset) -> Recipe:
    return recipe.recipe if isinstance(recipe, Preset) else recipe


# ---------------------------------------------------------------------------------
# What comes in


@dataclass(eq=False)
class _Intake:
    """Spectra of every readable file, and what happened on the way."""

    spectra: list[Spectrum] = field(default_factory=list)
    inputs: list[InputFile] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)
    stopped: bool = False


def _take_in(
    files: Iterable[str | Path], options: ReadOptions, should_stop: ShouldStop | None
) -> _Intake:
    intake = _Intake()
    for file in dict.fromkeys(str(file) for file in files):
        if should_stop is not None and should_stop():
            intake.stopped = True
            break
        spectra = _read(file, options, intake)
        intake.spectra += spectra
        intake.inputs += inputs_of(spectra)
    return intake


def _selected(
    spectra: Sequence[Spectrum], select: str | None
) -> tuple[list[Spectrum], list[Failure]]:
    """Return the spectra that a text selects, and the files that it selects none of."""
    if select is None:
        return list(spectra), []
    files: dict[str, list[Spectrum]] = {}
    for spectrum in spectra:
        files.setdefault(spectrum.source.location, []).append(spectrum)
    kept = {file: select_spectra(own, select) for file, own in files.items()}
    left_out = [
        Failure(file, "", f'none of its {len(own)} spectra matches the selection "{select}".')
        for file, own in files.items()
        if not kept[file]
    ]
    return [spectrum for own in kept.values() for spectrum in own], left_out


def _read(file: str, options: ReadOptions, intake: _Intake) -> list[Spectrum]:
    try:
        return list(read(file, options=options))
    except PartialRead as error:
        intake.failures += [_failure(file, problem) for problem in error.problems]
        return list(error.spectra)
    except (SpectraError, OSError) as error:
        intake.failures.append(_failure(file, error))
        return []


def _failure(file: str, error: Exception) -> Failure:
    # The reader's own mention of the file is in `file` already.
    return Failure(file, "", str(error).removeprefix(f"{Path(file).name}: "))
