"""Processes of the program's own, from an installation and from a frozen program."""

import subprocess
import sys
from pathlib import Path

import pytest

from spectra_core.child import CHILD, child_command, run_if_child
from spectra_core.fitting.engine import kernel_cache

ROOT = Path(__file__).resolve().parents[1]
FUNCTION = "spectra_core.readers.trial:answer"


def test_a_child_runs_the_core_that_asked_for_it_and_nothing_of_the_folder_it_is_in(tmp_path):
    other = tmp_path / "path" / "spectra_core"
    other.mkdir(parents=True)
    (other / "__init__.py").write_text("raise SystemExit('another core')")
    (tmp_path / "json.py").write_text("raise SystemExit('the wrong json')")
    done = subprocess.run(
        child_command(FUNCTION),
        env={"PYTHONPATH": str(other.parent)},
        cwd=tmp_path,
        input="",
        capture_output=True,
        text=True,
    )
    assert done.stdout == "ready\n", done.stderr


def test_a_frozen_program_is_started_again_as_the_child(monkeypatch, tmp_path):
    """The start script that the frozen program has, run by Python in its place."""
    spec = (ROOT / "packaging" / "doublet.spec").read_text("utf-8")
    assert "run_if_child()" in spec
    script = tmp_path / "start_doublet.py"
    script.write_text(
        f"import sys; sys.path.insert(0, {str(ROOT)!r})\n"
        "from spectra_core.child import run_if_child\nrun_if_child()\nprint('the command line')\n"
    )
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    program, *words = child_command(FUNCTION)
    assert program == sys.executable
    done = subprocess.run(
        [sys.executable, str(script), *words], input="", capture_output=True, text=True
    )
    assert done.stdout == "ready\n", done.stderr
    done = subprocess.run([sys.executable, str(script), "fit"], capture_output=True, text=True)
    assert done.stdout == "the command line\n"


def test_a_child_runs_the_core_alone(monkeypatch):
    monkeypatch.setattr(sys, "argv", ["doublet", CHILD, "os:abort"])
    with pytest.raises(SystemExit, match="no module of spectra_core"):
        run_if_child()


@pytest.mark.parametrize("program", ["", "/usr/bin/blender"])
def test_a_program_that_is_no_python_starts_none(monkeypatch, program):
    monkeypatch.setattr(sys, "executable", program)
    assert child_command(FUNCTION) is None


def test_each_program_of_a_frozen_one_keeps_machine_code_of_its_own(monkeypatch, tmp_path):
    """Numba takes the program for the source there: what one wrote the other would throw away."""
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path))
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    folders = set()
    for name in ("doublet", "doublet-gui"):
        monkeypatch.setattr(sys, "executable", str(tmp_path / name))
        folders.add(kernel_cache())
    assert len(folders) == 2
