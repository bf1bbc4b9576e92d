"""`doublet gui` from the outside: help, desktop entry, and a start on a screen."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from doublet.app.desktop_entry import install_desktop_entry

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
