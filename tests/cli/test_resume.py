"""A batch survives: killed at any moment it goes on, and gives what it would have given."""

import json
import os
import random
import signal
import sys
import time
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "fuzz"))
import kill_batch

pytestmark = pytest.mark.skipif(os.name == "nt", reason="signals are of another kind there")


@pytest.fixture(scope="module")
def work(tmp_path_factory):
    return kill_batch.prepare(tmp_path_factory.mktemp("batch"), 80)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL], ids=["SIGTERM", "SIGKILL"])
def test_a_killed_batch_goes_on_and_equals_an_undisturbed_one(work, number):
    rng = random.Random(int(number))
    times = 1 if number == signal.SIGTERM else 2
    assert [kill_batch.disturb(work, number, rng) for _ in range(times)] == [""] * times


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="needs to see other processes")
def test_workers_end_with_a_parent_that_was_killed(tmp_path):
    work = kill_batch.prepare(tmp_path, 80, jobs=2)
    process = kill_batch.begun(work.command, work.target())

    def both():
        workers = [p for p in children(process.pid) if "spawn_main" in words_of(p)]
        return workers if len(workers) == 2 else None

    workers = wait_for(both)
    process.kill()
    process.wait(60.0)
    wait_for(lambda: not any("spawn_main" in words_of(worker) for worker in workers))


def test_worker_processes_write_the_same_files(work, tmp_path):
    command = (*work.command[:-1], "2")
    assert work.command[-2:] == ("--jobs", "1")
    _, said = kill_batch.begun(command, tmp_path / "two").communicate()
    here, there = work.undisturbed, tmp_path / "two"
    assert sorted(p.name for p in here.iterdir()) == sorted(p.name for p in there.iterdir()), said
    assert len(list(there.glob("*_curves.csv"))) == 80
    for file in here.iterdir():
        assert (there / file.name).read_bytes() == file.read_bytes(), file.name


def children(number):
    """Return the numbers of the processes that a process has begun."""
    tasks = Path(f"/proc/{number}/task").glob("*/children")
    return [int(child) for task in tasks for child in task.read_text().split()]


def words_of(number):
    """Return the command line of a process; empty if it has ended."""
    try:
        return Path(f"/proc/{number}/cmdline").read_text()
    except OSError:
        return ""


def wait_for(look, seconds=60.0):
    """Return what `look` returns once it is true."""
    end = time.monotonic() + seconds
    while not (found := look()):
        assert time.monotonic() < end
        time.sleep(0.02)
    return found


def test_what_is_in_the_journal_is_not_done_again(doublet, clear, work, tmp_path):
    """A run that is stopped half way keeps its journal; reports are whole after going on."""
    data, recipe = work.folder / "synthetic", work.folder / "s2p.toml"
    files = sorted(data.iterdir())[:6]
    arguments = ("fit", *files, "--recipe", recipe, "--formats", "json,csv,html")
    whole, half = tmp_path / "whole", tmp_path / "half"
    assert doublet(*arguments, "-o", whole).code == 0
    assert not (whole / "results.journal").exists()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("spectra_core.runs.execute._FEWEST_ROWS", 99)
        patch.setattr("spectra_core.runs.execute._THREADS", 1)
        stop_after(patch, 3)
        outcome = doublet(*arguments, "-o", half)
    clear(outcome, code=1, words="stopped")
    document = json.loads((half / "results.json").read_text(encoding="utf-8"))
    assert document["interrupted"] and 1 <= len(document["fits"]) < 6
    assert (half / "results.journal").exists()
    other = doublet(*arguments[:-1], "json", "-o", half, "--resume")
    clear(other, words="formats differs")
    outcome = doublet(*arguments, "-o", half, "--resume")
    assert outcome.code == 0 and f"{len(document['fits'])} of 6 fits are done" in outcome.err
    assert sorted(p.name for p in half.iterdir()) == sorted(p.name for p in whole.iterdir())
    for file in whole.iterdir():
        assert (half / file.name).read_bytes() == file.read_bytes(), file.name


def test_what_a_killed_writer_left_is_removed_and_nothing_else(doublet, work, tmp_path):
    """Killed while it wrote its results, a batch leaves the new file under a hidden name."""
    files = sorted((work.folder / "synthetic").iterdir())[:6]
    recipe = ("--recipe", work.folder / "s2p.toml", "--formats", "json,csv,html")
    command = ("fit", *files, *recipe, "-o", tmp_path)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("spectra_core.runs.execute._FEWEST_ROWS", 99)
        patch.setattr("spectra_core.runs.execute._THREADS", 1)
        stop_after(patch, 3)
        assert doublet(*command).code == 1
    for name in (".results.json.q9pn0u77", ".keep.json", ".hidden", "notes.abcdefgh"):
        (tmp_path / name).write_text("{")
    assert doublet(*command, "--resume").code == 0
    names = {path.name for path in tmp_path.iterdir()}
    assert ".results.json.q9pn0u77" not in names
    assert {".keep.json", ".hidden", "notes.abcdefgh"} <= names


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="needs to see open files")
def test_a_batch_leaves_no_file_open(doublet, work, tmp_path, monkeypatch):
    from spectra_core.export.delivery import Delivery

    take, handles = Delivery.take, []

    def counted(self, done):
        take(self, done)
        handles.append(len(os.listdir("/proc/self/fd")))

    monkeypatch.setattr(Delivery, "take", counted)
    arguments = ("--recipe", work.folder / "s2p.toml", "--formats", "json,csv", "-o", tmp_path)
    assert doublet("fit", work.folder / "synthetic", *arguments).code == 0
    assert len(handles) > 3 and len(set(handles)) == 1
    assert len(list(tmp_path.glob("*_curves.csv"))) == 80


def stop_after(patch, fits):
    """Ask the run to stop, as a signal does, once so many fits are done."""
    import spectra_core.export.delivery as delivery

    take, taken = delivery.Delivery.take, []

    def counted(self, done):
        take(self, done)
        before = len(taken)
        taken.extend(done)
        if before < fits <= len(taken):  # once: a second request ends at once
            os.kill(os.getpid(), signal.SIGTERM)

    patch.setattr(delivery.Delivery, "take", counted)


def test_resume_without_a_folder_is_a_wrong_command(doublet, clear, work):
    data, recipe = work.folder / "synthetic", work.folder / "s2p.toml"
    outcome = doublet("fit", data, "--recipe", recipe, "--json", "-", "--resume")
    clear(outcome, words="-o")
