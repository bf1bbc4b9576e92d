"""Work that takes longer than a frame: in threads, with progress and a way to stop it.

A job is a function of immutable values. It is given a `Reporter` to say how far it is and to ask
whether it is to stop; what it returns comes back to the window's thread. It touches neither the
document nor a widget, so a job that is cancelled has changed nothing, except by what it handed
over before because it was finished.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from functools import partial
from itertools import count
from threading import Event
from time import monotonic
from typing import Any

from PySide6.QtCore import QObject, Qt, Signal

from spectra_core.errors import Cancelled, SpectraError
from spectra_core.results.paper_fonts import load_matplotlib

_LOG = logging.getLogger(__name__)
_REPORT_EVERY_S = 0.05
_THREADS = 3
_WAIT_S = 0.2  # for threads at the end: a user who leaves does not wait for a fit


@dataclass(eq=False)
class RunningJob:
    """One piece of work in progress.

    Attributes
    ----------
    number : int
    title : str
        What the status bar says.
    quiet : bool
        Not shown: autosaves, previews.
    started : float
        By `time.monotonic`.
    done, total : int
        Progress; a total of 0 says that it is not known.
    what : str
        What it is at.
    """

    number: int
    title: str
    quiet: bool
    started: float = field(default_factory=monotonic)
    done: int = 0
    total: int = 0
    what: str = ""
    stop: Event = field(default_factory=Event)

    @property
    def seconds_left(self) -> float | None:
        """Estimate of the time it still takes; None if it cannot be said yet."""
        if not self.total or not self.done:
            return None
        return (monotonic() - self.started) * (self.total - self.done) / self.done


class Reporter:
    """What a job calls while it works; safe from its thread."""

    def __init__(
        self,
        job: RunningJob,
        tell: Callable[[RunningJob], None],
        hand: Callable[[RunningJob, Any], None],
    ) -> None:
        self._job, self._tell, self._hand = job, tell, hand
        self._last = 0.0

    def progress(self, done: int, total: int, what: str = "") -> None:
        """Say how far it is."""
        self._job.done, self._job.total, self._job.what = done, total, what
        if done >= total or monotonic() - self._last > _REPORT_EVERY_S:
            self._last = monotonic()
            self._tell(self._job)

    def hand_over(self, part: Any) -> None:
        """Hand over a part of what it gives: it counts even if the job is cancelled later."""
        self._hand(self._job, part)

    def should_stop(self) -> bool:
        """Return whether it is to stop."""
        return self._job.stop.is_set()


Work = Callable[[Reporter], Any]
Taker = Callable[[Any], None]


class Jobs(QObject):
    """All work in progress.

    Signals
    -------
    changed()
        A job began, went on or ended.
    failed(title, sentence)
        A job ended with something a user can act on.
    broke(BaseException)
        A job ended with a defect of the program.
    """

    changed = Signal()
    failed = Signal(str, str)
    broke = Signal(object)
    _progressed = Signal(object)
    _found = Signal(object, object)
    _ended = Signal(object, object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._pool = ThreadPoolExecutor(_THREADS, thread_name_prefix="doublet-job")
        self._numbers = count(1)
        self._running: dict[int, tuple[RunningJob, Taker | None]] = {}
        self._takers: dict[int, Taker] = {}
        self._futures: set[Future[Any]] = set()
        self._closed = False
        queued = Qt.ConnectionType.QueuedConnection
        self._progressed.connect(self._on_progress, queued)
        self._found.connect(self._on_found, queued)
        self._ended.connect(self._on_end, queued)

    @property
    def running(self) -> tuple[RunningJob, ...]:
        """Jobs that a user sees, in the order they began; not those that were cancelled."""
        jobs = (job for job, _ in self._running.values())
        return tuple(job for job in jobs if not job.quiet and not job.stop.is_set())

    @property
    def is_idle(self) -> bool:
        """Whether nothing at all is in progress, seen or not."""
        return not self._running

    def start(
        self,
        title: str,
        work: Work,
        done: Taker | None = None,
        *,
        found: Taker | None = None,
        quiet: bool = False,
        draws: bool = False,
    ) -> RunningJob:
        """Begin a job.

        Parameters
        ----------
        title : str
        work : callable
            ``work(report)``, run in a thread.
        done : callable or None
            Called in the window's thread with what `work` returned, unless it was cancelled.
        found : callable or None
            Called there with each part that `work` hands over.
        quiet : bool
            Do not show it.
        draws : bool
            It draws figures, as another job may at the same time.
        """
        job = RunningJob(next(self._numbers), title, quiet)
        if self._closed:
            return job
        self._running[job.number] = (job, done)
        if found is not None:
            self._takers[job.number] = found
        reporter = Reporter(job, self._progressed.emit, self._found.emit)
        future = self._pool.submit(_drawing if draws else _working, work, reporter)
        self._futures = {f for f in self._futures if not f.done()} | {future}
        future.add_done_callback(partial(self._tell_end, job))
        self.changed.emit()
        return job

    def cancel(self, job: RunningJob | None = None) -> None:
        """Ask a job, or all that a user sees, to stop."""
        for running, _ in self._running.values():
            if running is job or (job is None and not running.quiet):
                running.stop.set()
        self.changed.emit()

    def close(self) -> None:
        """Stop all jobs and wait a moment for their threads; nothing comes back from them."""
        self._closed = True
        for job, _ in self._running.values():
            job.stop.set()
        self._running.clear()
        self._pool.shutdown(wait=False, cancel_futures=True)
        wait(self._futures, timeout=_WAIT_S)

    @property
    def are_done(self) -> bool:
        """Whether no thread is at work any more."""
        return all(future.done() for future in self._futures)

    def _tell_end(self, job: RunningJob, future: Future[Any]) -> None:
        """Hand the outcome over; called in the job's thread."""
        if not self._closed:
            self._ended.emit(job, future)

    def _on_progress(self, job: RunningJob) -> None:
        if job.number in self._running:
            self.changed.emit()

    def _on_found(self, job: RunningJob, part: Any) -> None:
        if job.number in self._takers and not self._closed:
            self._takers[job.number](part)

    def _on_end(self, job: RunningJob, future: Future[Any]) -> None:
        self._takers.pop(job.number, None)
        _, done = self._running.pop(job.number, (job, None))
        self.changed.emit()
        if self._closed or future.cancelled():
            return
        error = future.exception()
        if isinstance(error, Cancelled) or (error is None and job.stop.is_set()):
            return
        if isinstance(error, SpectraError | OSError):
            self.failed.emit(job.title, str(error))
        elif error is not None:
            _LOG.error("%s broke", job.title, exc_info=error)
            self.broke.emit(error)
        elif done is not None:
            done(future.result())


def _working(work: Work, reporter: Reporter) -> Any:
    return work(reporter)


def _drawing(work: Work, reporter: Reporter) -> Any:
    load_matplotlib()
    return work(reporter)
