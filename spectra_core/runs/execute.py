"""Doing what was planned: one job to one fit record, here or in worker processes.

Whatever goes wrong with one fit becomes a `Failure` with a sentence, and the others go on.
Each fit depends on its own data, model, options and seed alone, so its numbers are the
same whatever runs beside it. An interrupted run keeps what is finished.
"""

from __future__ import annotations

import signal
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import replace
from multiprocessing import get_context

from ..calibration import ReferenceLine
from ..errors import Cancelled, FitError, SpectraError
from ..fitting import FitResult, FitWarning, fit
from ..library import load_library
from ..recipe.schema import RatioEntry
from ..referee.rules import lint
from ..spectrum import Spectrum
from ..uncertainty.quantities import LEVEL
from ..uncertainty.ratios import Ratio, area_ratio, detected_ratio, ratio_budget
from .plan import Job
from .records import Failure, FitRecord

__all__ = ["Outcome", "Progress", "ShouldStop", "execute", "execute_all", "findings_of", "ratio_of"]

Outcome = FitRecord | Failure
Progress = Callable[[int, int, str], None]
ShouldStop = Callable[[], bool]

_OF_REFERENCE = ("carbon_kind",)  # rules that judge the charge reference itself
_POLL_S = 0.1


def execute_all(
    jobs: Sequence[Job],
    *,
    processes: int = 1,
    progress: Progress | None = None,
    should_stop: ShouldStop | None = None,
) -> tuple[list[Outcome], bool]:
    """Do jobs; return their outcomes in order, and whether it was stopped before the end.

    Parameters
    ----------
    jobs : sequence of Job
    processes : int
        1 stays in this process. Numbers do not depend on it.
    progress : callable or None
        ``progress(done, total, label)`` after each fit.
    should_stop : callable or None
        Asked now and then; True ends it with what is finished.
    """
    if processes == 1 or len(jobs) < 2:
        return _do_here(jobs, progress, should_stop)
    return _do_in_workers(jobs, min(processes, len(jobs)), progress, should_stop)


def _do_here(
    work: Sequence[Job], progress: Progress | None, should_stop: ShouldStop | None
) -> tuple[list[Outcome], bool]:
    outcomes: list[Outcome] = []
    try:
        for job in work:
            outcomes.append(execute(job, should_stop))
            if progress is not None:
                progress(len(outcomes), len(work), job.label)
    except (KeyboardInterrupt, Cancelled):
        return outcomes, True
    return outcomes, False


def execute(job: Job, should_stop: ShouldStop | None = None) -> Outcome:
    """Do one job: fit, ratios, findings.

    Raises
    ------
    Cancelled
        If `should_stop` returned True.
    """
    try:
        result = fit(
            dict(job.group.spectra), job.model, options=job.options, should_stop=should_stop
        )
        ratios = tuple(
            _ratio_or_why(result, entry, job.options.seed, should_stop) for entry in job.ratios
        )
    except Cancelled:
        raise
    except SpectraError as error:
        return Failure(job.file, job.label, str(error))
    except (ArithmeticError, ValueError) as error:
        # A numerical breakdown in one fit must not take the others with it.
        return Failure(job.file, job.label, f"the fit broke down numerically: {error}.")
    group = job.group
    findings = findings_of(result, job.sample, job.references)
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
        group.files if len(group.files) > 1 else (),
        job.references,
    )


def findings_of(
    result: FitResult, sample: Sequence[Spectrum], references: Sequence[ReferenceLine] = ()
) -> tuple[FitWarning, ...]:
    """Return what the lint finds; the fit's own warnings are among it.

    Parameters
    ----------
    result : FitResult
    sample : sequence of Spectrum
        What the sample shows.
    references : sequence of ReferenceLine
        Its charge references, where they were measured.
    """
    first, *more = references or (None,)
    try:
        found = lint(result, library=load_library(), spectra=tuple(sample), calibration=first)
        others = [f for line in more for f in lint(result, calibration=line, only=_OF_REFERENCE)]
    except (SpectraError, ArithmeticError, ValueError) as error:
        # A rule that breaks down must not take the finished fit with it.
        note = FitWarning("lint_failed", f"the fit could not be checked by the lint: {error}")
        return (*result.warnings, note)
    return tuple(dict.fromkeys((*found, *others)))


def _ratio_or_why(
    result: FitResult, entry: RatioEntry, seed: int, should_stop: ShouldStop | None
) -> Ratio:
    """Return a ratio; one that breaks down has no value and must not take the fit with it."""
    try:
        return ratio_of(result, entry, seed, should_stop)
    except Cancelled:
        raise
    except (SpectraError, ArithmeticError, ValueError) as error:
        formula = f"{' + '.join(entry.numerator)} / {' + '.join(entry.denominator)}"
        return Ratio(entry.name, None, None, None, LEVEL, formula, f"not determined: {error}")


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


def _fit_jobs(chunk: Sequence[Job]) -> list[Outcome]:
    return [execute(job) for job in chunk]


def _leave_interrupts_to_the_parent() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _do_in_workers(
    work: Sequence[Job], jobs: int, progress: Progress | None, should_stop: ShouldStop | None
) -> tuple[list[Outcome], bool]:
    # Spawn on every platform: a forked child would inherit threads and locks.
    pool = ProcessPoolExecutor(
        jobs, mp_context=get_context("spawn"), initializer=_leave_interrupts_to_the_parent
    )
    futures: dict[Future[list[Outcome]], Sequence[Job]] = {}
    try:
        futures = {pool.submit(_fit_jobs, chunk): chunk for chunk in _chunks(work, jobs)}
        interrupted = _watch(futures, len(work), progress, should_stop)
    except KeyboardInterrupt:
        interrupted = True
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
    finished = [(f, chunk) for f, chunk in futures.items() if not f.cancelled()]
    return [outcome for f, chunk in finished for outcome in _outcomes(f, chunk)], interrupted


def _chunks(work: Sequence[Job], jobs: int) -> list[Sequence[Job]]:
    """Return chunks large enough to hide the transfer, small enough to stop soon."""
    size = max(1, min(16, len(work) // (4 * jobs)))
    return [work[i : i + size] for i in range(0, len(work), size)]


def _watch(
    futures: dict[Future[list[Outcome]], Sequence[Job]],
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


def _outcomes(future: Future[list[Outcome]], chunk: Sequence[Job]) -> list[Outcome]:
    try:
        return future.result()
    except BrokenProcessPool:
        message = "the worker process ended unexpectedly, perhaps for lack of memory."
        return [Failure(job.file, job.label, message) for job in chunk]
