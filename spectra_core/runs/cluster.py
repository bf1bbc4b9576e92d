"""The same portions of jobs on a cluster of dask.distributed.

A portion goes to a worker with its spectra, models and options, and what became of it comes
back, so that no worker needs the files. It is done there as a worker process of this machine
does it; numbers are the same bits. The scheduler gives the portion of a worker that died to
another. What has come back is in the journal of the run: a run whose scheduler or client died
goes on like any other.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import replace
from itertools import islice
from queue import Empty, SimpleQueue
from threading import Lock
from typing import Any
from uuid import uuid4

from ..errors import FitError, ShouldStop
from ..model import Model
from .execute import (
    Done,
    Outcome,
    Sent,
    Worker,
    portions,
    processors,
    returned,
    to_send,
    without_jobs,
)
from .plan import Job
from .records import Failure

LOCAL = "local"
"""In place of an address: workers of this machine, for as long as the run takes."""

_POLL_S = 0.1
_ANSWER_S = 20
_DEATHS = 5  # workers that one portion may take with it before it is given up


def on_cluster(
    jobs: Sequence[Job], address: str, *, should_stop: ShouldStop | None = None
) -> Iterator[Done]:
    """Yield jobs with what became of them, some at a time, as soon as a worker has done them.

    Parameters
    ----------
    jobs : sequence of Job
    address : str
        Of the scheduler, e.g. ``"tcp://10.0.0.1:8786"``, or `LOCAL`.
    should_stop : callable or None
        Asked now and then; True ends it with what is finished.

    Raises
    ------
    FitError
        If dask.distributed is not installed, no scheduler answers, or workers do not know
        this program.
    """
    with ExitStack() as stack:
        client = _client(address, stack)
        models = list({id(job.model): job.model for job in jobs}.values())
        numbers = {id(model): number for number, model in enumerate(models)}
        token = uuid4().hex
        workers = max(sum(client.nthreads().values()), 1)
        tasks = portions(jobs, workers)
        waiting: dict[str, tuple[Any, Sequence[Job]]] = {}
        ready: SimpleQueue[str] = SimpleQueue()
        while not (should_stop is not None and should_stop()):
            for task in islice(tasks, 2 * workers - len(waiting)):
                sent = [to_send(job, numbers) for job in task]
                future = client.submit(do_remotely, token, models, sent, pure=False, retries=1)
                waiting[future.key] = future, task
                future.add_done_callback(lambda done: ready.put(done.key))
            if not waiting:
                return
            try:
                finished, own = waiting.pop(ready.get(timeout=_POLL_S))
            except Empty:
                continue
            yield _outcomes(finished, own)
        client.cancel([future for future, _ in waiting.values()])


def _client(address: str, stack: ExitStack) -> Any:
    try:
        import dask
        import distributed
    except ImportError as error:
        raise FitError(
            "--cluster needs dask.distributed, which is not installed.",
            hint='pip install "doublet[cluster]"',
        ) from error
    stack.enter_context(dask.config.set({"distributed.scheduler.allowed-failures": _DEATHS}))
    library: Any = distributed  # it ships no types
    if address == LOCAL:
        cluster = library.LocalCluster(
            n_workers=processors(),
            threads_per_worker=1,
            dashboard_address="127.0.0.1:0",
            silence_logs=logging.CRITICAL,
        )
        return stack.enter_context(
            library.Client(stack.enter_context(cluster), set_as_default=False)
        )
    try:
        client = library.Client(address, timeout=_ANSWER_S, set_as_default=False)
    except (OSError, ValueError) as error:
        raise FitError(
            f'no cluster answers at "{address}".',
            hint="Give the address that the scheduler prints, e.g. tcp://10.0.0.1:8786, or local.",
        ) from error
    return stack.enter_context(client)


_held: tuple[str, Worker] | None = None
_HOLDING = Lock()


def do_remotely(token: str, models: Sequence[Model], sent: Sequence[Sent]) -> list[Outcome]:
    """Do a portion on a worker, which keeps the models of a run as long as it is at it.

    Parameters
    ----------
    token : str
        Of the run.
    models : sequence of Model
    sent : sequence of (int, Job)
    """
    global _held
    with _HOLDING:
        if _held is None or _held[0] != token:
            _held = token, Worker(models, without_jobs)
        worker = _held[1]
    jobs = [replace(job, model=worker.models[number]) for number, job in sent]
    return without_jobs(worker.do(jobs))


def _outcomes(future: Any, task: Sequence[Job]) -> Done:
    """Return jobs with what came back, or why nothing did."""
    from distributed import KilledWorker

    try:
        found: Sequence[Outcome] = future.result()
    except KilledWorker:
        message = f"the {_DEATHS} workers that had it ended, perhaps for lack of memory."
        found = [Failure(job.file, job.label, message) for job in task]
    except (ImportError, AttributeError) as error:
        raise FitError(
            f"the workers of the cluster cannot do fits: {error}.",
            hint="Install this version of doublet on each of them.",
        ) from error
    return [(job, returned(job, one)) for job, one in zip(task, found, strict=True)]


__all__ = ["LOCAL", "do_remotely", "on_cluster"]
