"""HDF5 files that would take the program with them are tried elsewhere first."""

import os
import subprocess
import sys
from pathlib import Path

import h5py
import numpy as np
import pytest

from spectra_core.errors import ReadError
from spectra_core.readers import expect, read, trial

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def nexus_file(tmp_path):
    path = tmp_path / "foreign.nxs"
    with h5py.File(path, "w") as file:
        entry = file.create_group("entry")
        entry.attrs["NX_class"] = "NXentry"
        data = entry.create_group("data")
        data.attrs.update(NX_class="NXdata", signal="data", axes=["energy"])
        data["data"] = np.linspace(100.0, 200.0, 50)
        data["energy"] = np.linspace(160.0, 170.0, 50)
        data["energy"].attrs.update(units="eV", type="binding")
    return path


@pytest.fixture
def child(monkeypatch):
    """Give a function that makes another program the child."""

    def use(body):
        code = f"import sys\nprint('ready', flush=True)\nfor line in sys.stdin:\n    {body}\n"
        monkeypatch.setattr(trial, "child_command", lambda _: [sys.executable, "-c", code])
        monkeypatch.setattr(trial, "_CHILD", trial._Child())
        return trial._CHILD

    yield use
    trial._CHILD.close()


def test_a_file_that_ends_its_reader_is_refused_and_the_next_one_is_read(nexus_file, child):
    child("import os; os._exit(0) if 'foreign' in line else print('done', flush=True)")
    with pytest.raises(ReadError, match=r"foreign\.nxs: the HDF5 library breaks down"):
        read(nexus_file)
    other = nexus_file.with_name("other.nxs")
    other.write_bytes(nexus_file.read_bytes())
    assert len(read(other)) == 1


def test_a_file_that_needs_too_much_memory_is_refused(nexus_file, child):
    child("print('memory', flush=True)")
    with pytest.raises(ReadError, match="needs more than 2 GiB"):
        read(nexus_file)


def test_where_no_child_can_be_started_the_file_is_read_all_the_same(nexus_file, monkeypatch):
    monkeypatch.setattr(trial, "_CHILD", trial._Child())
    for executable in ("", "/nowhere/python3", "/usr/bin/blender"):
        monkeypatch.setattr(sys, "executable", executable)
        assert len(read(nexus_file)) == 1


def test_a_child_that_does_not_start_is_no_reason_to_refuse(nexus_file, child, monkeypatch):
    child("")
    no_start = [sys.executable, "-c", "raise SystemExit(1)"]
    monkeypatch.setattr(trial, "child_command", lambda _: no_start)
    assert len(read(nexus_file)) == 1


def test_a_script_without_a_main_guard_in_a_folder_of_traps_reads_nexus(nexus_file, tmp_path):
    """The child neither runs the user's script again nor takes modules from his folder."""
    folder = tmp_path / "work"
    folder.mkdir()
    (folder / "numpy.py").write_text("raise SystemExit('the wrong numpy')")
    script = tmp_path / "script.py"
    script.write_text(
        "import os, sys\n"
        "import spectra_core as sc\n"
        "from spectra_core.readers import trial\n"
        f"os.chdir({str(folder)!r})\n"
        f"print(len(sc.read({str(nexus_file)!r})), trial._CHILD._process is not None)\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, str(script)], env=environment, capture_output=True, text=True
    )
    assert done.stdout.split() == ["1", "True"], done.stderr


def test_one_child_tries_many_files_and_names_of_any_kind(nexus_file, tmp_path, monkeypatch):
    monkeypatch.setattr(trial, "_CHILD", trial._Child())
    started = []
    monkeypatch.setattr(
        trial, "_started", lambda start=trial._started: started.append(1) or start()
    )
    for name in (
        "plain.nxs",
        "two words.nxs",
        "lines\n.nxs" if os.name != "nt" else "c.nxs",
        "π.nxs",
    ):
        path = tmp_path / name
        path.write_bytes(nexus_file.read_bytes())
        assert len(read(path)) == 1
    assert started == [1]
    trial._CHILD.close()


def test_files_asked_for_ahead_are_tried_once_and_the_damaged_one_is_named(
    nexus_file, tmp_path, child
):
    """The child ends over the second of four; the others are read."""
    log = tmp_path / "asked.txt"
    child(
        f"open({str(log)!r}, 'a').write(line); import os;"
        " os._exit(0) if '1.nxs' in line else print('done', flush=True)"
    )
    paths = [tmp_path / f"{number}.nxs" for number in range(4)]
    for path in paths:
        path.write_bytes(nexus_file.read_bytes())
    expect([*paths, tmp_path / "there is none.nxs"])
    found = []
    for path in paths:
        try:
            found.append(len(read(path)))
        except ReadError as error:
            found.append(error.where)
    assert found == [1, "1.nxs", 1, 1]
    asked = [line.rpartition("/")[2].strip('"\n') for line in log.read_text().splitlines()]
    assert asked == ["0.nxs", "1.nxs", "2.nxs", "3.nxs"]
    assert len(read(paths[2])) == 1
    assert len(log.read_text().splitlines()) == 4, "what has not changed is not tried again"
    paths[2].write_bytes(nexus_file.read_bytes() + b"\n")
    assert len(read(paths[2])) == 1
    assert len(log.read_text().splitlines()) == 5, "what has changed is"
