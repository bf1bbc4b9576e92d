"""Headless runs: a recipe, or the files' own CasaXPS fits, applied to any number of files.

Here files are taken in; `spectra_core.runs.plan` decides what is fitted and
`spectra_core.runs.execute` does it. Whatever goes wrong with one file, sample or fit
becomes a `Failure` with a sentence, and the others go on.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from ..errors import FitError, PartialRead, RecipeError, SpectraError
from ..fitting import FitOptions, FitWarning
from ..readers import ReadOptions, read
from ..recipe.compile import model_from_recipe
from ..recipe.schema import Recipe
from ..spectrum import Spectrum
from .execute import Progress, ShouldStop, execute_all
from .plan import STORED_FIT_OPTIONS, Plan, plan, plan_stored
from .records import Failure, FitRecord, InputFile, ModelSource, Run
from .select import select_spectra

__all__ = [
    "STORED_FIT_OPTIONS",
    "Failure",
    "FitRecord",
    "InputFile",
    "ModelSource",
    "Progress",
    "Run",
    "ShouldStop",
    "run",
    "run_spectra",
]


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
    make_plan = _planner(recipe, model, fit_options, seed, tuple(warnings))
    intake = _take_in(files, read_options or ReadOptions(), select)
    planned = make_plan(intake.spectra, beside=intake.everything)
    done, interrupted = execute_all(
        planned.jobs, processes=jobs, progress=progress, should_stop=should_stop
    )
    skipped = [*intake.skipped, *planned.skipped]
    failures = [*intake.failures, *planned.failures, *(o for o in done if isinstance(o, Failure))]
    fits = tuple(o for o in done if isinstance(o, FitRecord))
    if not fits and not failures and not interrupted:
        failures = [skipped[0] if skipped else Failure("", "", "no file was given.")]
    applied = recipe if model == "recipe" else None
    inputs = tuple(intake.inputs)
    return Run(fits, tuple(failures), tuple(skipped), inputs, model, applied, interrupted)


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
    spectra = list(spectra)
    planned = plan(recipe, spectra, fit_options=fit_options, seed=seed)
    done, interrupted = execute_all(
        planned.jobs, processes=jobs, progress=progress, should_stop=should_stop
    )
    failures = (*planned.failures, *(o for o in done if isinstance(o, Failure)))
    fits = tuple(o for o in done if isinstance(o, FitRecord))
    return Run(fits, failures, planned.skipped, inputs_of(spectra), "recipe", recipe, interrupted)


def inputs_of(spectra: Iterable[Spectrum]) -> tuple[InputFile, ...]:
    """Return the files that spectra came from, with the number of spectra of each."""
    sources = [spectrum.source for spectrum in spectra]
    count = Counter((source.given, source.sha256, source.format) for source in sources)
    return tuple(InputFile(*key, number) for key, number in count.items())


def _planner(
    recipe: Recipe | None,
    model: ModelSource,
    options: FitOptions | None,
    seed: int | None,
    warnings: Sequence[FitWarning],
) -> Callable[..., Plan]:
    """Return what makes the plan; a recipe that contradicts itself is found at once."""
    how: dict[str, Any] = {"fit_options": options, "seed": seed, "warnings": warnings}
    if model == "casaxps":
        return partial(plan_stored, **how)
    if recipe is None:
        raise RecipeError(
            "there is no recipe.", hint="Give one, or use the stored fits: --model casaxps."
        )
    model_from_recipe(recipe)
    return partial(plan, recipe, **how)


# ---------------------------------------------------------------------------------
# What comes in


@dataclass(eq=False)
class _Intake:
    """Spectra of every readable file, and what happened on the way.

    `everything` also holds the spectra that were not selected: a C 1s reference is needed
    though only S 2p is to be fitted.
    """

    everything: list[Spectrum] = field(default_factory=list)
    spectra: list[Spectrum] = field(default_factory=list)
    inputs: list[InputFile] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)
    skipped: list[Failure] = field(default_factory=list)


def _take_in(files: Iterable[str | Path], options: ReadOptions, select: str | None) -> _Intake:
    intake = _Intake()
    for file in dict.fromkeys(str(file) for file in files):
        spectra = _read(file, options, intake)
        if not spectra:
            continue
        intake.everything += spectra
        source = spectra[0].source
        intake.inputs.append(InputFile(file, source.sha256, source.format, len(spectra)))
        kept = spectra if select is None else select_spectra(spectra, select)
        intake.spectra += kept
        if not kept:
            reason = f'none of its {len(spectra)} spectra matches the selection "{select}".'
            intake.skipped.append(Failure(file, "", reason))
    return intake


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
