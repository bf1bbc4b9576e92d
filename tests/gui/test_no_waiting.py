"""Nobody waits: not for kernels on a new machine, not for a cancelled job, not at the end."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from threading import Event

import pytest
from pytestqt.qtbot import QtBot

from doublet.app.controllers.reporting import report_of
from doublet.app.jobs import Reporter
from doublet.app.program import Program
from spectra_core.errors import Cancelled
from spectra_core.fitting import engine
from spectra_core.report.preview import render_preview

ROOT = Path(__file__).parents[2]

NEW_MACHINE = """
import subprocess, sys, time
from pathlib import Path
from PySide6.QtCore import QSettings
from PySide6.QtWidgets import QApplication
from doublet.app.main import make_application
from doublet.app.program import Program
from spectra_core.datafiles import data_path
from spectra_core.fitting import engine

def wait(until):
    while not until():
        QApplication.processEvents()
        time.sleep(0.01)

application = make_application()
folder = Path(sys.argv[1])
program = Program(QSettings(str(folder / "s.ini"), QSettings.Format.IniFormat), folder)
program.start()
assert not engine.are_compiled()
assert "fits run meanwhile" in program.window.engine_label.text(), "no word of the kernels"
spectra = sorted(data_path("resources", "examples").glob("su2025_fig5*.vms"))
program.crew.files.open_paths(spectra[:1])
wait(lambda: program.desk.scene.spectrum is not None)
program.crew.editing.add_entry("xps/ps4/s2p")
program.crew.acting.run("fit")
wait(lambda: program.desk.scene.fitted)
print("engine", program.desk.scene.fit.engine, "compiled", engine.are_compiled())
program.shut_down()
wait(lambda: program.desk.jobs.are_done)
print("left", engine.are_compiled())
"""


@pytest.mark.skipif(engine.chosen_engine() == engine.NUMPY, reason="nothing is compiled")
def test_on_a_new_machine_the_first_fit_does_not_wait_for_the_kernels(tmp_path: Path) -> None:
    environment = os.environ | {"NUMBA_CACHE_DIR": str(tmp_path / "cache")}
    done = subprocess.run(
        [sys.executable, "-c", NEW_MACHINE, str(tmp_path)],
        env=environment,
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    # The fit was there before the kernels, and leaving ended their compilation.
    assert done.stdout.splitlines() == ["engine numpy compiled False", "left False"]


def test_compiling_ends_when_it_is_asked_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if engine.chosen_engine() == engine.NUMPY:
        pytest.skip("nothing is compiled")
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path))
    with pytest.raises(Cancelled):
        engine.compile_kernels(lambda: True)
    assert not engine.are_compiled()


def test_the_plain_engine_stands_in_meanwhile() -> None:
    before = engine.chosen_engine()
    engine.plain_meanwhile(True)
    try:
        assert engine.chosen_engine() == engine.NUMPY
    finally:
        engine.plain_meanwhile(False)
    assert engine.chosen_engine() == before


@pytest.fixture
def stubborn() -> Event:
    """Return what a job waits for that does not listen."""
    return Event()


def begin(qtbot: QtBot, program: Program, stubborn: Event, found: list[object]) -> None:
    begun = Event()

    def work(report: Reporter) -> str:
        begun.set()
        stubborn.wait(60)
        return "late"

    program.desk.jobs.start("Something long", work, found.append)
    qtbot.waitUntil(begun.is_set)


def test_cancel_answers_at_once_though_the_job_does_not_listen(
    qtbot: QtBot, program: Program, stubborn: Event, settle: Callable[[Program], None]
) -> None:
    found: list[object] = []
    begin(qtbot, program, stubborn, found)
    window = program.window
    assert window.actions_by_id["cancel"].isEnabled()
    program.crew.acting.run("cancel")
    assert program.desk.jobs.running == ()
    assert not window.actions_by_id["cancel"].isEnabled()
    stubborn.set()
    settle(program)
    assert found == []


def test_the_preview_of_the_report_ends_when_it_is_cancelled(
    qtbot: QtBot, program: Program, settle: Callable[[Program], None]
) -> None:
    program.crew.files.open_example()
    settle(program)
    program.crew.spectra.add_preset("su2025/fig5f-i", ["s1"])
    program.crew.fitting.fit_spectra(["s1"])
    settle(program)
    ready: list[object] = []
    program.crew.reporting.report_ready.connect(ready.append)
    program.crew.reporting.preview()
    assert [job.title for job in program.desk.jobs.running] == ["Report preview"]
    program.crew.acting.run("cancel")
    assert program.desk.jobs.running == ()
    settle(program)
    assert ready == []
    # It was not made, so it is made when it is asked for again; of pictures it draws no more
    # once it is to stop.
    made = report_of(program.desk.document.project)
    asked: list[bool] = []

    def should_stop() -> bool:
        asked.append(len(asked) > 1)
        return asked[-1]

    assert made is not None
    with pytest.raises(Cancelled):
        render_preview(made, should_stop=should_stop)
    assert asked == [False, False, True]
    program.crew.reporting.preview()
    assert [job.title for job in program.desk.jobs.running] == ["Report preview"]
    program.crew.acting.run("cancel")


def test_leaving_does_not_wait_for_a_job(qtbot: QtBot, program: Program, stubborn: Event) -> None:
    begin(qtbot, program, stubborn, [])
    program.leave()
    assert not program.window.isVisible()
    assert not program.desk.jobs.are_done  # it is still at it, and nobody waited
    stubborn.set()
    qtbot.waitUntil(lambda: program.desk.jobs.are_done)


TWO_DRAW = """
import sys, time
from PySide6.QtCore import QCoreApplication
from doublet.app.jobs import Jobs
application = QCoreApplication([])
assert "matplotlib" not in sys.modules

def work(report):
    import matplotlib  # whole, though another thread came to it at the same time
    return hasattr(matplotlib, "rcParams") and "matplotlib.backends.backend_svg" in sys.modules

jobs, said = Jobs(), []
for _ in range(2):
    jobs.start("drawing", work, said.append, draws=True)
while not jobs.is_idle:
    application.processEvents()
    time.sleep(0.01)
print(said)
"""


def test_two_jobs_that_draw_first_find_all_that_draws_imported() -> None:
    done = subprocess.run(
        [sys.executable, "-c", TWO_DRAW], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.split("\n")[0] == "[True, True]"


def test_every_job_that_draws_says_so() -> None:
    titles = ("Report preview", "Exporting", "Drawing the figure", "Writing the figure")
    source = "".join(
        path.read_text(encoding="utf-8") for path in (ROOT / "app/controllers").glob("*.py")
    )
    for title in (*titles, "Copying the figure", "Writing the picture", "Exporting the series"):
        for call in source.split("jobs.start(")[1:]:
            if call.lstrip().startswith(f'"{title}"'):
                assert "draws=True" in call[: call.index("\n\n")], title
