"""`doublet gui` from the outside: help, desktop entry, and a start on a screen."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from doublet.app.desktop_entry import install_desktop_entry
from spectra_core.datafiles import data_path

START = """
import sys
from PySide6.QtCore import QSettings, QTimer
from PySide6.QtTest import QTest
from pathlib import Path
from doublet.app.main import make_application
from doublet.app.program import Program
application = make_application()
folder = Path(sys.argv[1])
program = Program(QSettings(str(folder / "s.ini"), QSettings.Format.IniFormat), folder)
program.start()
program.crew.files.open_example()
for _ in range(200):
    QTest.qWait(20)
    if program.desk.jobs.is_idle and len(program.desk.document.project.spectra) == 4:
        break
print(application.platformName(), len(program.desk.document.project.spectra),
      program.window.grab().size().width() > 800)
program.leave()
"""


def start(platform: str, folder: Path, *wrap: str) -> str:
    """Start the program in a process of its own; return what it says."""
    environment = os.environ | {"QT_QPA_PLATFORM": platform}
    done = subprocess.run(
        [*wrap, sys.executable, "-c", START, str(folder)],
        capture_output=True,
        text=True,
        timeout=120,
        env=environment,
        cwd=Path(__file__).parents[2],
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_it_starts_without_a_screen(tmp_path: Path) -> None:
    assert start("offscreen", tmp_path) == "offscreen 4 True"


def test_it_starts_on_x11(tmp_path: Path) -> None:
    if not shutil.which("Xvfb") or not shutil.which("xvfb-run"):
        pytest.skip("needs Xvfb, a screen in memory (Debian: xvfb)")
    assert start("xcb", tmp_path, "xvfb-run", "-a") == "xcb 4 True"


def test_the_desktop_entry_points_to_this_installation(tmp_path: Path) -> None:
    written = install_desktop_entry({"XDG_DATA_HOME": str(tmp_path)})
    entry = (tmp_path / "applications" / "doublet.desktop").read_text("utf-8")
    assert "doublet-gui" in entry
    assert "Icon=doublet" in entry
    assert {path.suffix for path in written} == {".svg", ".xml", ".desktop"}


def refused(*how: str, **environment: str) -> str:
    """Start the command where it cannot start; return what it says."""
    gone = ("QT_QPA_PLATFORM", "DISPLAY", "WAYLAND_DISPLAY")
    kept = {key: value for key, value in os.environ.items() if key not in gone}
    done = subprocess.run(
        [sys.executable, *how],
        capture_output=True,
        text=True,
        timeout=120,
        env=kept | environment,
        cwd=Path(__file__).parents[2],
    )
    # Qt would have ended the process by a signal: a negative code.
    assert done.returncode == 2, done.stderr
    return done.stderr


LINUX = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="X11 is Linux' own")
COMMANDS = [("-m", "doublet", "gui"), ("-c", "from doublet.__main__ import gui; gui()")]


@LINUX
@pytest.mark.parametrize("how", COMMANDS, ids=["doublet gui", "doublet-gui"])
def test_a_missing_library_of_the_system_is_named_with_its_package(
    tmp_path: Path, how: tuple[str, ...]
) -> None:
    # A file that is no library stands before the real one, if there is one.
    (tmp_path / "libxcb-cursor.so.0").write_text("no library")
    said = refused(*how, DISPLAY=":99", LD_LIBRARY_PATH=str(tmp_path))
    assert "libxcb-cursor.so.0" in said
    assert "sudo apt install" in said and "libxcb-cursor0" in said


@LINUX
def test_without_a_screen_it_says_so(tmp_path: Path) -> None:
    assert "neither DISPLAY nor WAYLAND_DISPLAY" in refused("-m", "doublet", "gui")


@pytest.mark.parametrize("how", COMMANDS, ids=["doublet gui", "doublet-gui"])
def test_without_qt_it_says_what_to_install(tmp_path: Path, how: tuple[str, ...]) -> None:
    said = refused(*how, PYTHONPATH=str(without_qt(tmp_path)))
    assert "PySide6 and pyqtgraph" in said
    assert 'pip install "doublet[gui]"' in " ".join(said.split())


def test_every_other_command_works_without_qt(tmp_path: Path) -> None:
    environment = os.environ | {
        "PYTHONPATH": os.pathsep.join([str(without_qt(tmp_path)), str(Path(__file__).parents[2])]),
        "DOUBLET_ENGINE": "numpy",
    }
    recipe = data_path("resources", "examples", "lpscl_cathode_s2p.toml")
    for arguments in (
        ["simulate", recipe, "-o", "one.vms", "--seed", "1"],
        [
            "fit",
            "one.vms",
            "--recipe",
            recipe,
            "--quick",
            "-o",
            "out",
            "--formats",
            "json,html,pdf",
        ],
    ):
        done = subprocess.run(
            [sys.executable, "-m", "doublet", *map(str, arguments)],
            capture_output=True,
            text=True,
            timeout=300,
            env=environment,
            cwd=tmp_path,
        )
        assert done.returncode == 0, done.stderr
    assert {".html", ".pdf", ".json"} <= {p.suffix for p in (tmp_path / "out").iterdir()}


def without_qt(folder: Path) -> Path:
    """Return a folder that hides Qt from every Python that has it on its path."""
    hide = """
from importlib.machinery import PathFinder

find = PathFinder.find_spec

def without(name, path=None, target=None):
    hidden = name.partition(".")[0] in ("PySide6", "pyqtgraph")
    return None if hidden else find(name, path, target)

PathFinder.find_spec = without
"""
    (folder / "hidden").mkdir()
    (folder / "hidden" / "sitecustomize.py").write_text(hide)
    return folder / "hidden"
