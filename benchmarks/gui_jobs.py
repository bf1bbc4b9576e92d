"""What a user waits for in the window: its first paint, 500 spectra, a preset, the first fit.

Everything is measured offscreen in the real program with synthetic S 2p spectra. The time of a
start is that of a fresh process, beside one that shows an empty Qt window; the time of a job is
set beside that of the same call from Python, on the same fits, in the same process. How long the
window is blocked is the longest time between two turns of its event loop.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from spectra_core.model import Background, Model, Parameter, Region, add_doublet
from spectra_core.project.jobs import finished_fits
from spectra_core.runs.simulate import Acquisition, simulate
from spectra_core.spectrum import Spectrum
from spectra_core.writers.vamas import write_vamas

ROOT = Path(__file__).resolve().parents[1]
N_SPECTRA = 500
PRESET = "su2025/fig5f-i"
STARTS = 5
_PATIENCE_S = 300.0

_BARE = """
import time
from PySide6.QtWidgets import QApplication, QMainWindow
application = QApplication([])
window = QMainWindow()
window.resize(1440, 900)
window.show()
application.processEvents()
print(time.time())
"""
_OURS = """
import sys, time
from pathlib import Path
from PySide6.QtCore import QSettings
from doublet.app.main import make_application, paint_frame
application = make_application()
settings = QSettings(str(Path(sys.argv[1]) / "s.ini"), QSettings.Format.IniFormat)
window = paint_frame(settings)
assert window.is_painted
print(time.time())
from doublet.app.program import Program
program = Program(settings, Path(sys.argv[1]), window)
program.start()
application.processEvents()
print(time.time())
program.shut_down()
"""


def first_paint() -> dict[str, float]:
    """Time fresh processes until the window is painted, and until it answers, beside bare Qt."""
    painted, whole, bare = [], [], []
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(STARTS + 1):
            ours = _times_of(_OURS, folder)
            painted.append(ours[0])
            whole.append(ours[1])
            bare.append(_times_of(_BARE, folder)[0])
    first, ready, theirs = (statistics.median(t[1:]) for t in (painted, whole, bare))
    return {
        "first_paint_s": first,
        "answers_s": ready,
        "bare_qt_window_s": theirs,
        "first_paint_over_bare": first / theirs,
    }


def many_spectra() -> dict[str, float]:
    """Time opening 500 spectra, putting a preset on them, and their first fit."""
    with tempfile.TemporaryDirectory() as folder, _program(Path(folder)) as program:
        path = Path(folder) / "many.vms"
        write_vamas(path, _spectra(N_SPECTRA))
        document, fitting = program.desk.document, program.crew.fitting
        _settle(program)  # the fit engine is loaded
        opening, blocked_opening = _until(
            lambda: program.crew.files.open_paths([path]),
            lambda: len(document.project.spectra) == N_SPECTRA,
        )
        _settle(program)
        preset, blocked = _until(
            lambda: program.crew.spectra.add_preset(PRESET),
            lambda: len(document.project.analyses) == N_SPECTRA,
        )
        _settle(program)
        first, blocked_fitting = _until(fitting.fit_all, lambda: _is_fitted(program))
        program.crew.acting.run("cancel")
        cancelled, _ = _until(lambda: None, lambda: program.desk.jobs.is_idle)
    return {
        "opening_s": opening,
        "opening_blocks_ms": 1e3 * blocked_opening,
        "preset_s": preset,
        "preset_blocks_ms": 1e3 * blocked,
        "first_fit_s": first,
        "fitting_blocks_ms": 1e3 * blocked_fitting,
        "idle_after_cancel_s": cancelled,
    }


def job_beside_python() -> dict[str, float]:
    """Time the four joint fits of the example in the window and from Python."""
    inside, outside = [], []
    with tempfile.TemporaryDirectory() as folder, _program(Path(folder)) as program:
        _settle(program)
        program.crew.files.open_joint_example()
        _settle(program)
        program.crew.spectra.add_preset("lpscl-cathode")
        _settle(program)
        document = program.desk.document
        before, keys = document.project, list(document.project.analyses)
        for _ in range(STARTS):
            start = time.perf_counter()
            list(finished_fits(before, keys))
            outside.append(time.perf_counter() - start)
            seconds, _ = _until(program.crew.fitting.fit_all, lambda: _are_fitted(program, keys))
            inside.append(seconds)
            _settle(program)
            document.stack.undo()
    window, python = statistics.median(inside[1:]), statistics.median(outside[1:])
    return {"window_s": window, "python_s": python, "window_over_python": window / python}


def _are_fitted(program: Any, keys: list[str]) -> bool:
    analyses = program.desk.document.project.analyses
    return all(analyses[key].stored is not None for key in keys)


def _is_fitted(program: Any) -> bool:
    analyses = program.desk.document.project.analyses
    return any(one.stored is not None for one in analyses.values())


def _spectra(number: int) -> list[Spectrum]:
    """Return synthetic S 2p spectra of two species, in the order of a sputter profile."""
    background = Background(
        "shirley",
        "active",
        parameters={"level": Parameter(500.0), "step": Parameter(0.01, min=0.0, max=0.2)},
    )
    region = Region("S 2p", (157.0, 170.0), background)
    for name, center, area in (("PS4", 161.5, 4000.0), ("bridging S", 162.9, 1500.0)):
        region = add_doublet(region, name, "S 2p", center=center, fwhm=1.2, area=area, mix=0.3)
    rng = np.random.default_rng(0)
    found = []
    for level in range(number):
        acquisition = Acquisition(0.1, 0.1, 20.0, 1486.6, sample=f"level {level} (synthetic)")
        found += simulate(Model((region,)), acquisition, rng)
    return found


def _times_of(code: str, folder: str) -> list[float]:
    """Return the seconds from the start of a process to each time that it prints."""
    environment = {"QT_QPA_PLATFORM": "offscreen", **os.environ}
    start = time.time()
    done = subprocess.run(
        [sys.executable, "-c", code, folder],
        check=True,
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
    )
    return [float(line) - start for line in done.stdout.split()]


@contextmanager
def _program(folder: Path) -> Iterator[Any]:
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    from PySide6.QtCore import QCoreApplication, QEvent, QSettings

    from doublet.app.main import make_application
    from doublet.app.program import Program

    make_application()
    program = Program(QSettings(str(folder / "s.ini"), QSettings.Format.IniFormat), folder)
    program.window.resize(1440, 900)
    program.start()
    try:
        yield program
    finally:
        program.shut_down()
        while not program.desk.jobs.are_done:
            time.sleep(0.01)
        # In this order, or Qt takes apart at the end what Python still holds.
        program.window.deleteLater()
        program.deleteLater()
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)


def _until(act: Callable[[], object], reached: Callable[[], bool]) -> tuple[float, float]:
    """Return the seconds until something is reached, and the longest turn of the event loop."""
    from PySide6.QtWidgets import QApplication

    start = last = time.perf_counter()
    longest = 0.0
    act()
    while True:
        QApplication.processEvents()
        now = time.perf_counter()
        longest, last = max(longest, now - last), now
        if reached():
            return now - start, longest
        if now - start > _PATIENCE_S:
            raise TimeoutError("the window did not come to it.")
        time.sleep(0.001)  # without the interpreter's lock, which jobs need


def _settle(program: Any) -> None:
    _until(lambda: None, lambda: program.desk.jobs.is_idle)
