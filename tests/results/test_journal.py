"""The journal of a run: what is added survives, what is cut off is left out."""

import json
import os

import pytest

from spectra_core.errors import RecipeError, WriteError
from spectra_core.results.journal import NAME, Journal

WORK = {"recipe": {"title": "synthetic"}, "input files": [["a.vms", "00"]]}
PARTS = {"fits": b'{\n  "id": 1\n}', "ratios": b"", "table": "µ\n\n! a".encode()}


def written(folder, numbers=(2, 0, 1), *, finished=False):
    journal = Journal(folder, WORK, resume=False)
    for number in numbers:
        journal.add(number, {**PARTS, "fits": PARTS["fits"].replace(b"1", b"%d" % number)})
    journal.close(finished=finished)
    return folder / NAME


def test_what_was_added_is_read_back_in_the_order_of_the_jobs(tmp_path):
    written(tmp_path)
    journal = Journal(tmp_path, WORK, resume=True)
    assert sorted(journal.records) == [0, 1, 2]
    assert [json.loads(part)["id"] for part in journal.parts("fits")] == [0, 1, 2]
    assert list(journal.parts("ratios")) == []
    assert journal.part(1, "table") == PARTS["table"]
    journal.add(3, PARTS)
    journal.close(finished=False)
    assert sorted(Journal(tmp_path, WORK, resume=True).records) == [0, 1, 2, 3]


def test_every_cut_keeps_the_records_before_it(tmp_path):
    file = written(tmp_path)
    whole = file.read_bytes()
    sizes = {}
    for size in range(whole.index(b"\n") + 1, len(whole)):
        file.write_bytes(whole[:size])
        journal = Journal(tmp_path, WORK, resume=True)
        sizes[size] = len(journal.records)
        journal.add(7, PARTS)  # what was cut off does not spoil what follows
        journal.close(finished=False)
        again = Journal(tmp_path, WORK, resume=True)
        assert len(again.records) == sizes[size] + 1
        assert again.part(7, "table") == PARTS["table"]
        again.close(finished=False)
    assert sorted(sizes.values()) == list(sizes.values())
    assert set(sizes.values()) == {0, 1, 2}


def test_a_changed_byte_ends_what_is_believed(tmp_path):
    file = written(tmp_path)
    whole = bytearray(file.read_bytes())
    place = whole.index(b'"id": 0')  # in the second record
    whole[place + 6] ^= 1
    file.write_bytes(bytes(whole))
    assert sorted(Journal(tmp_path, WORK, resume=True).records) == [2]


def test_other_work_is_never_gone_on_with(tmp_path):
    written(tmp_path)
    other = {**WORK, "recipe": {"title": "another"}}
    with pytest.raises(RecipeError, match="recipe differs") as caught:
        Journal(tmp_path, other, resume=True)
    assert "--resume" in str(caught.value) and NAME in str(caught.value)
    (tmp_path / NAME).write_bytes(b"not a journal")
    with pytest.raises(RecipeError, match="cannot be read"):
        Journal(tmp_path, WORK, resume=True)


def test_finished_work_leaves_no_journal_and_a_new_run_begins_anew(tmp_path):
    assert not written(tmp_path, finished=True).exists()
    written(tmp_path)
    assert Journal(tmp_path, WORK, resume=False).records == {}


def test_two_runs_in_one_folder_keep_apart(tmp_path):
    first = Journal(tmp_path, WORK, resume=False)
    first.add(0, PARTS)
    second = Journal(tmp_path, WORK, resume=False)
    second.add(1, PARTS)
    first.add(2, PARTS)
    assert [first.part(n, "table") for n in (0, 2)] == [PARTS["table"]] * 2
    first.close(finished=True)
    assert (tmp_path / NAME).exists()  # it is the other's
    second.close(finished=True)
    assert not (tmp_path / NAME).exists()


def test_without_a_folder_nothing_is_left(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    journal = Journal(None, WORK, resume=True)
    journal.add(0, PARTS)
    assert list(journal.parts("table")) == [PARTS["table"]]
    journal.close(finished=False)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(not hasattr(os, "pwrite"), reason="needs a limit on the size of files")
def test_a_full_disk_is_said_and_what_was_written_stays(tmp_path):
    import resource
    import signal

    journal = Journal(tmp_path, WORK, resume=False)
    journal.add(0, PARTS)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, before[1]))
    try:
        with pytest.raises(WriteError, match="journal cannot be written"):
            journal.add(1, {"fits": b"x" * 100_000})
        journal.add(2, PARTS)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)
    journal.close(finished=False)
    assert sorted(Journal(tmp_path, WORK, resume=True).records) == [0, 2]
