"""Doing what was planned: one job to one fit record, here or in worker processes.

Whatever goes wrong with one fit becomes a `Failure` with a sentence, and the others go on.
Each fit depends on its own data, model, options and seed alone, so its numbers are the
same whatever runs beside it. Where one model serves many spectra they are fitted as the
rows of a stack, on threads; a fit that needs attention is done by itself. What is finished
is handed on at once, so that an interrupted run keeps it.
"""

from __future__ import annotations

import logging
import os
import signal
from collections import deque
from collections.abc import Callable, Hashable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures import wait as wait_for
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import islice
from multiprocessing import get_context, parent_process
from threading import Event, Thread
from typing import Any, TypeVar

from ..calibration import ReferenceLine
from ..errors import Cancelled, ShouldStop, SpectraError, in_words
from ..fitting import FitResult, FitWarning, fit
from ..fitting.better import BetterMinimumError, in_best_minimum
from ..fitting.stack import Stack, fit_stack, stack_key
from ..foreign.comparison import compare_stored
from ..library import PeakLibrary, load_library
from ..model import Model
from ..recipe.schema import RatioEntry, Recipe
from ..referee.rules import lint
from ..referee.screen import OF_METADATA, Screening
from ..spectrum import Spectrum
from ..uncertainty.budget import RatioRequest, Rows, Tell, ratio_budgets
from ..uncertainty.quantities import LEVEL
from ..uncertainty.ratios import Ratio, area_ratio, clear_ratios
from .plan import Job
from .records import Failure, Finished, FitRecord, RowRecord

__all__ = [
    "Done",
    "Outcome",
    "RunProgress",
    "ShouldStop",
    "execute",
    "execute_all",
    "findings_of",
    "made_in_processes",
    "outcomes",
    "ratios_of",
    "record_of",
    "refit",
    "usual_processes",
]

LOG = logging.getLogger("doublet.runs")

Outcome = Finished | Failure
OnTheWay = Callable[[Job, FitResult, tuple[Ratio, ...]], None]
"""Is told of a fit before its end: with no ratio at first, then with ratios without a total."""
Done = list[tuple[Job, Outcome]]
RunProgress = Callable[[int, int, str], None]
T = TypeVar("T")

_OF_REFERENCE = ("carbon_kind",)  # rules that judge the charge reference itself
_POLL_S = 0.1
_WINDOW = 1024  # jobs among which those of one stack are looked for
_ROWS = 128  # of a stack at most: what an interruption may cost
_SMALL = 16  # rows, which are not made fewer for the sake of a second thread
_FEWEST_ROWS = 4  # of which a stack is worth its while
_THREADS = min(2, os.cpu_count() or 1)  # more would wait for the interpreter
_MANY = 65  # fits with error budgets that are worth processes of their own
_MOST_PROCESSES = 4


def execute_all(
    jobs: Sequence[Job],
    *,
    processes: int = 1,
    progress: RunProgress | None = None,
    should_stop: ShouldStop | None = None,
) -> tuple[list[Outcome], bool]:
    """Do jobs; return their outcomes in order, and whether it was stopped before the end.

    Parameters
    ----------
    jobs : sequence of Job
    processes : int
        1 stays in this process. Numbers do not depend on it.
    progress : callable or None
        ``progress(done, total, label)`` after some fits.
    should_stop : callable or None
        Asked now and then; True ends it with what is finished.
    """
    found: dict[int, Outcome] = {}
    interrupted = False
    try:
        for done in outcomes(jobs, processes=processes, should_stop=should_stop):
            for job, outcome in done:
                found[id(job)] = outcome
                if progress is not None:
                    progress(len(found), len(jobs), job.label)
    except KeyboardInterrupt:
        interrupted = True
    finished = [found[id(job)] for job in jobs if id(job) in found]
    return finished, interrupted or len(finished) < len(jobs)


def outcomes(
    jobs: Sequence[Job],
    *,
    processes: int = 1,
    should_stop: ShouldStop | None = None,
    on_the_way: OnTheWay | None = None,
) -> Iterator[Done]:
    """Yield jobs with what became of them, some at a time, as soon as they are done.

    It ends early where `should_stop` returns True. Parameters as for `execute_all`; `on_the_way`
    is called in the threads of this process, for jobs that are done one by one.
    """
    if processes == 1 or len(jobs) < 2:
        yield from _on_threads(jobs, should_stop, on_the_way)
        return
    for task, found in made_in_processes(
        jobs, without_jobs, processes=processes, should_stop=should_stop
    ):
        yield [(job, returned(job, one)) for job, one in zip(task, found, strict=True)]


def usual_processes(jobs: Sequence[Job]) -> int:
    """Return how many processes jobs are worth: one, or one for each processor.

    A process takes seconds to begin, and some tens of ratios with a full budget as long. Fits
    with their counting errors are made many at a time: for them processes only take memory.
    """
    budgets = sum(any(r.uncertainty != "counting" for r in job.ratios) for job in jobs)
    return min(_MOST_PROCESSES, processors()) if budgets >= _MANY else 1


def processors() -> int:
    """Return how many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


# ---------------------------------------------------------------------------------
# One fit


def execute(
    job: Job, should_stop: ShouldStop | None = None, on_the_way: OnTheWay | None = None
) -> FitRecord | Failure:
    """Do one job: fit, ratios, findings; `on_the_way` is told what there is before the end.

    Raises
    ------
    Cancelled
        If `should_stop` returned True.
    """
    try:
        result = refit(job, should_stop)
    except Cancelled:
        raise
    except Exception as error:  # noqa: BLE001 - the border of a fit: it must not take the others with it
        return Failure(job.file, job.label, _said(error, "the fit broke down"))
    result, ratios, findings = _looked_at(result, job, should_stop, on_the_way)
    return record_of(job, result, ratios, (*job.warnings, *findings))


Seen = tuple[tuple[Ratio, ...], tuple[FitWarning, ...]]


def _looked_at(
    result: FitResult,
    job: Job,
    should_stop: ShouldStop | None,
    on_the_way: OnTheWay | None,
) -> tuple[FitResult, tuple[Ratio, ...], tuple[FitWarning, ...]]:
    """Return the fit, its ratios and findings, in the best minimum that these come upon."""

    def work(best: FitResult) -> Seen:
        tell = None if on_the_way is None else partial(on_the_way, job, best)
        if tell is not None:
            tell(())
        ratios = ratios_of(best, job.ratios, job.options.seed, should_stop, tell)
        return ratios, findings_of(best, job.sample, job.references)

    try:
        result, (ratios, findings) = in_best_minimum(result, work, should_stop=should_stop)
    except BetterMinimumError as error:
        ratios = tuple(_plain_ratio(result, entry, str(error)) for entry in job.ratios)
        findings = (*result.warnings, FitWarning("not_in_minimum", str(error)))
    return result, ratios, findings


def record_of(
    job: Job, result: FitResult, ratios: tuple[Ratio, ...], warnings: tuple[FitWarning, ...]
) -> FitRecord:
    """Return the record of a job's fit."""
    stored = compare_stored(dict(job.group.spectra), job.model, result) if job.stored else {}
    return FitRecord(*_head(job), result, ratios, warnings, *_origin(job), stored)


def refit(job: Job, should_stop: ShouldStop | None = None) -> FitResult:
    """Return the fit of a job, without anything else."""
    return fit(dict(job.group.spectra), job.model, options=job.options, should_stop=should_stop)


def _head(job: Job) -> tuple[str, str, str, int, int, Recipe]:
    group = job.group
    number = f"fit-{job.number + 1}"
    return number, job.file, group.sample, group.level, group.levels, job.recipe


def _origin(job: Job) -> tuple[tuple[str, ...], tuple[ReferenceLine, ...]]:
    """Return the files of a job if it has several, and its charge references."""
    files = job.group.files
    return (files if len(files) > 1 else ()), job.references


def _said(error: Exception, what: str) -> str:
    """Return what went wrong as a sentence; a traceback is for the log."""
    if not isinstance(error, SpectraError):
        LOG.info("%s", what, exc_info=error)
    return in_words(error, what)


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
    except BetterMinimumError:
        raise
    except Exception as error:  # noqa: BLE001 - a rule that breaks down must not take the finished fit with it
        text = _said(error, "a rule broke down")
        note = FitWarning("lint_failed", f"the fit could not be checked by the lint: {text}")
        return (*result.warnings, note)
    return tuple(dict.fromkeys((*found, *others)))


def ratios_of(
    result: FitResult,
    entries: Sequence[RatioEntry],
    seed: int,
    should_stop: ShouldStop | None = None,
    tell: Tell | None = None,
) -> tuple[Ratio, ...]:
    """Return ratios with the budgets asked for; what goes wrong with one is its note.

    `tell` as for `ratio_budgets`.

    Raises
    ------
    BetterMinimumError
        If a refit lies below the fit.
    Cancelled
        If `should_stop` returned True.
    """
    try:
        wanted = requests_of(entries)
        return ratio_budgets(result, wanted, seed=seed, should_stop=should_stop, tell=tell)
    except (Cancelled, BetterMinimumError):
        raise
    except Exception as error:  # noqa: BLE001 - what comes after a fit must not take the fit with it
        if len(entries) > 1:  # one of them may be the cause: the others are made all the same
            each = (ratios_of(result, [entry], seed, should_stop) for entry in entries)
            return tuple(ratio for alone in each for ratio in alone)
        return tuple(_plain_ratio(result, e, _said(error, "the ratio broke down")) for e in entries)


def requests_of(entries: Sequence[RatioEntry]) -> tuple[RatioRequest, ...]:
    """Return what a recipe's ratios ask for."""
    return tuple(
        RatioRequest(
            entry.name,
            tuple(entry.numerator),
            tuple(entry.denominator),
            None if entry.uncertainty == "counting" else Rows(**entry.uncertainty.model_dump()),
        )
        for entry in entries
    )


def _plain_ratio(result: FitResult, entry: RatioEntry, why: str) -> Ratio:
    """Return a ratio as the covariance has it, with a note; without a value if it has no error."""
    if entry.uncertainty == "counting":
        return _no_ratio(entry, why)
    try:
        plain = area_ratio(result, entry.numerator, entry.denominator, name=entry.name)
    except Exception as error:  # noqa: BLE001 - as above
        return _no_ratio(entry, _said(error, "the ratio broke down"))
    note = f"{plain.note} The error budget could not be made: {why}".strip()
    if plain.interval is None:
        return _no_ratio(entry, note)
    return replace(plain, note=note)


def _no_ratio(entry: RatioEntry, why: str) -> Ratio:
    formula = f"{' + '.join(entry.numerator)} / {' + '.join(entry.denominator)}"
    return Ratio(entry.name, None, None, None, LEVEL, formula, f"not determined: {why}")


# ---------------------------------------------------------------------------------
# Many fits of one model


def portions(jobs: Sequence[Job], workers: int = _THREADS) -> Iterator[list[Job]]:
    """Yield jobs in portions: those of one stack together, others alone.

    A ratio with an error budget takes far longer than a fit, so that its job stays alone.
    """
    most = max(_SMALL, min(_ROWS, len(jobs) // (2 * workers)))  # nobody waits for another
    for start in range(0, len(jobs), _WINDOW):
        stacks: dict[Hashable, list[Job]] = {}
        for job in jobs[start : start + _WINDOW]:
            if any(ratio.uncertainty != "counting" for ratio in job.ratios):
                yield [job]
                continue
            own = stack_key(dict(job.group.spectra), job.model, job.options)
            key = own, id(job.ratios)
            stacks.setdefault(key, []).append(job)
            if len(stacks[key]) == most:
                yield stacks.pop(key)
        yield from stacks.values()


@dataclass
class _Referee:
    """What the lint knows of each model, made when it is first needed."""

    library: PeakLibrary
    screens: dict[Hashable, Screening] = field(default_factory=dict)
    usual: dict[Hashable, tuple[FitWarning, ...]] = field(default_factory=dict)

    def findings(self, stack: Stack, jobs: Sequence[Job]) -> list[tuple[FitWarning, ...] | None]:
        """Return what is said of each row; None where the lint has to look at the fit itself."""
        key = stack_key(dict(jobs[0].group.spectra), jobs[0].model, jobs[0].options)
        if key not in self.screens:
            self.screens[key] = Screening(refit(jobs[0]), self.library)
        quiet = self.screens[key].quiet(stack, range(len(stack)), [job.sample for job in jobs])
        return [
            self._usual(key, job) if silent and len(job.references) < 2 else None
            for job, silent in zip(jobs, quiet.tolist(), strict=True)
        ]

    def _usual(self, key: Hashable, job: Job) -> tuple[FitWarning, ...]:
        """Return what model and metadata of a job give to say, whatever its numbers are."""
        seen = tuple((s.calibration, s.meta.etch_time_s) for _, s in job.group.spectra)
        own = (key, seen, *map(id, job.references))
        if own not in self.usual:
            self.usual[own] = lint(
                refit(job),
                library=self.library,
                spectra=job.sample,
                calibration=next(iter(job.references), None),
                only=OF_METADATA,
            )
        return self.usual[own]


@dataclass(frozen=True, eq=False)
class _Portion:
    """What became of some jobs, and those that are to be done one by one."""

    done: Done
    left: Sequence[Job] = ()


def _alone(job: Job, should_stop: ShouldStop, on_the_way: OnTheWay | None) -> _Portion:
    return _Portion([(job, execute(job, should_stop, on_the_way))])


def _together(jobs: Sequence[Job], referee: _Referee, should_stop: ShouldStop) -> _Portion:
    """Do the jobs of one stack as far as they are in order."""
    try:
        rows = _do_rows(jobs, referee, should_stop)
    except Cancelled:
        raise
    except Exception as error:  # each is then done alone, and says itself what is wrong
        LOG.info("a stack of fits broke down", exc_info=error)
        rows = {}
    left = [job for place, job in enumerate(jobs) if place not in rows]
    return _Portion([(jobs[place], record) for place, record in rows.items()], left)


def _do_rows(
    jobs: Sequence[Job], referee: _Referee, should_stop: ShouldStop
) -> dict[int, RowRecord]:
    """Return the jobs that are in order as rows of a stack, by their places."""
    first = jobs[0]
    spectra = [dict(job.group.spectra) for job in jobs]
    stack = fit_stack(spectra, first.model, first.options, should_stop)
    if stack is None:
        return {}
    fitted = [jobs[place] for place in stack.places.tolist()]
    findings = referee.findings(stack, fitted)
    quiet = [row for row, said in enumerate(findings) if said is not None]
    ratios = _clear_ratios(stack, quiet, first.ratios)
    found = {}
    for row, own in zip(quiet, ratios, strict=True):
        job, said = fitted[row], findings[row]
        if own is not None and said is not None:
            found[int(stack.places[row])] = RowRecord(
                *_head(job),
                own,
                (*job.warnings, *said),
                (stack, row),
                partial(refit, job),
                *_origin(job),
            )
    return found


def _clear_ratios(
    stack: Stack, rows: Sequence[int], entries: Sequence[RatioEntry]
) -> list[tuple[Ratio, ...] | None]:
    """Return the ratios of some rows; None where one of them needs the data."""
    if not entries or not rows:
        return [()] * len(rows)
    each = (clear_ratios(stack, rows, e.numerator, e.denominator, e.name) for e in entries)
    return [None if None in own else own for own in zip(*each, strict=True)]


def _on_threads(
    jobs: Sequence[Job], should_stop: ShouldStop | None, on_the_way: OnTheWay | None
) -> Iterator[Done]:
    """Do jobs in this process; the kernels of several portions run beside each other."""
    referee = _Referee(load_library())
    halt = Event()

    def stopped() -> bool:
        return halt.is_set() or (should_stop is not None and should_stop())

    waiting: deque[Future[_Portion]] = deque()
    with ThreadPoolExecutor(_THREADS, "doublet-run") as pool:

        def begin(jobs: Sequence[Job]) -> None:
            if len(jobs) < _FEWEST_ROWS:
                waiting.extend(pool.submit(_alone, job, stopped, on_the_way) for job in jobs)
            else:
                waiting.append(pool.submit(_together, jobs, referee, stopped))

        try:
            tasks = portions(jobs)
            while not stopped():
                for task in islice(tasks, max(0, 2 * _THREADS - len(waiting))):
                    begin(task)
                if not waiting:
                    return
                portion = _result(waiting.popleft())
                for job in portion.left:
                    begin([job])
                if portion.done:
                    yield portion.done
            for future in waiting:
                if future.done():
                    yield future.result().done
        except Cancelled:
            return
        finally:
            halt.set()
            for future in waiting:
                future.cancel()


def _result(future: Future[_Portion]) -> _Portion:
    """Return what a portion gave; waiting in short turns lets a signal be handled meanwhile."""
    while not future.done():
        wait_for([future], timeout=_POLL_S)
    return future.result()


# ---------------------------------------------------------------------------------
# Worker processes


class Worker:
    """What a worker process keeps: the models, which jobs share, and what is known of them."""

    def __init__(self, models: Sequence[Model], make: Callable[[Done], Any]) -> None:
        self.models, self.make = models, make
        self.referee = _Referee(load_library())

    def do(self, jobs: Sequence[Job]) -> Done:
        """Return jobs with what became of them, in their order."""
        portion = _Portion([], jobs)
        if len(jobs) >= _FEWEST_ROWS:
            portion = _together(jobs, self.referee, _never)
        done = [*portion.done, *((job, execute(job)) for job in portion.left)]
        found = {id(job): outcome for job, outcome in done}
        return [(job, found[id(job)]) for job in jobs]


_worker: Worker | None = None


def _never() -> bool:
    return False


def _begin_worker(models: Sequence[Model], make: Callable[[Done], Any]) -> None:
    """Leave Ctrl-C to the parent, and end with it, however it ends."""
    global _worker
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    Thread(target=_end_with_the_parent, daemon=True).start()
    _worker = Worker(models, make)


def _end_with_the_parent() -> None:
    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


Sent = tuple[int, Job]
"""Number of its model in the worker, and a job without it."""


def _do_sent(sent: Sequence[Sent]) -> Any:
    """Do jobs in a worker process; return what is made of them."""
    assert _worker is not None
    jobs = [replace(job, model=_worker.models[number]) for number, job in sent]
    return _worker.make(_worker.do(jobs))


def without_jobs(done: Done) -> list[Outcome]:
    """Return outcomes; rows go back without what their jobs hold."""
    return [replace(one, fit=_at_home) if isinstance(one, RowRecord) else one for _, one in done]


def _at_home() -> FitResult:
    raise RuntimeError("the job of this row is in another process")


def to_send(job: Job, models: dict[int, int]) -> Sent:
    """Return a job without its model and without the other spectra of its samples."""
    samples = tuple(replace(sample, spectra=()) for sample in job.group.samples)
    light = replace(job, model=_NO_MODEL, group=replace(job.group, samples=samples))
    return models[id(job.model)], light


_NO_MODEL = Model(())


def made_in_processes(
    jobs: Sequence[Job],
    make: Callable[[Done], T],
    *,
    processes: int,
    should_stop: ShouldStop | None = None,
) -> Iterator[tuple[Sequence[Job], T]]:
    """Yield jobs, some at a time, with what is made of them and their outcomes.

    What is made is made in the worker process, so that nothing else of a fit has to leave it.

    Parameters
    ----------
    jobs : sequence of Job
    make : callable
        ``make(done)``; it goes to each worker once, and what it returns comes back.
    processes, should_stop
        As for `execute_all`.
    """
    models = list({id(job.model): job.model for job in jobs}.values())
    numbers = {id(model): number for number, model in enumerate(models)}
    processes = min(processes, len(jobs))
    # Spawn on every platform: a forked child would inherit threads and locks.
    pool = ProcessPoolExecutor(
        processes,
        mp_context=get_context("spawn"),
        initializer=_begin_worker,
        initargs=(models, make),
    )
    tasks = portions(jobs, processes)
    waiting: dict[Future[T], Sequence[Job]] = {}
    try:
        while not (should_stop is not None and should_stop()):
            for task in islice(tasks, 2 * processes - len(waiting)):
                sent = [to_send(job, numbers) for job in task]
                waiting[pool.submit(_do_sent, sent)] = task
            if not waiting:
                return
            done, _ = wait_for(waiting, timeout=_POLL_S, return_when=FIRST_COMPLETED)
            for future in done:
                own = waiting.pop(future)
                yield own, _made(future, own, make)
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _made(future: Future[T], jobs: Sequence[Job], make: Callable[[Done], T]) -> T:
    """Return what a worker made; of jobs that it did not live to do, what is made of failures."""
    try:
        return future.result()
    except BrokenProcessPool:
        message = "the worker process ended unexpectedly, perhaps for lack of memory."
        return make([(job, Failure(job.file, job.label, message)) for job in jobs])


def returned(job: Job, outcome: Outcome) -> Outcome:
    """Return what a worker gave with what its job holds."""
    if isinstance(outcome, RowRecord):
        return replace(outcome, recipe=job.recipe, fit=partial(refit, job))
    return outcome
