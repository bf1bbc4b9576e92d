"""Fits on dask.distributed: the same numbers, whoever dies on the way."""

from __future__ import annotations

import os
import signal
import threading
import time

import numpy as np
import pytest

from benchmarks.s2p_map import RECIPE, spectra
from spectra_core.errors import FitError
from spectra_core.recipe.text import parse_recipe
from spectra_core.runs.cluster import on_cluster
from spectra_core.runs.execute import outcomes
from spectra_core.runs.plan import plan

distributed = pytest.importorskip("distributed")
COUNT = 300


@pytest.fixture(autouse=True)
def no_leaked_threads():
    """Take the place of the fixture of all tests: distributed keeps its pools of threads."""


@pytest.fixture(scope="module")
def jobs():
    return plan(parse_recipe(RECIPE), spectra(COUNT)).jobs


def numbers(done):
    """Return every value and covariance of every fit, by job, and the words said of it."""
    found = {}
    for job, record in done:
        stack, row = record.stacked
        found[job.number] = (stack.values[row], stack.covariance[row], record.warnings)
    return found


@pytest.fixture(scope="module")
def here(jobs):
    return numbers(pair for done in outcomes(jobs) for pair in done)


def assert_same(here, there):
    assert sorted(here) == sorted(there) == list(range(COUNT))
    for number, (values, covariance, warnings) in here.items():
        np.testing.assert_array_equal(values, there[number][0])
        np.testing.assert_array_equal(covariance, there[number][1])
        assert warnings == there[number][2]


def test_a_local_cluster_gives_the_same_numbers(jobs, here):
    assert_same(here, numbers(pair for done in on_cluster(jobs, "local") for pair in done))


@pytest.mark.skipif(os.name == "nt", reason="signals are of another kind there")
def test_a_worker_killed_in_the_middle_loses_nothing(jobs, here):
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, dashboard_address="127.0.0.1:0"
    ) as cluster:
        pids = [worker.pid for worker in cluster.workers.values()]
        assert all(pids)
        done = on_cluster(jobs, cluster.scheduler_address)
        first = next(done)
        os.kill(pids[0], signal.SIGKILL)
        there = numbers([*first, *(pair for more in done for pair in more)])
        assert_same(here, there)


def test_it_stops_when_it_is_asked_to(jobs):
    halt = threading.Event()
    begun = time.monotonic()
    with distributed.LocalCluster(
        n_workers=1, threads_per_worker=1, dashboard_address="127.0.0.1:0"
    ) as cluster:
        run = on_cluster(jobs, cluster.scheduler_address, should_stop=halt.is_set)
        next(run)
        halt.set()
        assert sum(len(done) for done in run) < COUNT
    assert time.monotonic() - begun < 120


def test_no_scheduler_is_said(jobs, monkeypatch):
    monkeypatch.setattr("spectra_core.runs.cluster._ANSWER_S", 1)
    with pytest.raises(FitError, match="no cluster answers"):
        next(on_cluster(jobs, "tcp://127.0.0.1:9"))
