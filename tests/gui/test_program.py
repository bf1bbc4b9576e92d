"""The program as a whole: every action in every state, jobs, recovery, nothing left behind."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QObject, QTimer
from PySide6.QtWidgets import QAbstractButton, QApplication, QDialog, QFileDialog, QMessageBox
from pytestqt.qtbot import QtBot

from doublet.app.actions import ACTIONS, MENUS
from doublet.app.jobs import Reporter
from doublet.app.program import Program
from doublet.app.selection import Selection
from doublet.app.views.recovery_dialog import RecoveryDialog
from doublet.app.wiring import doing
from spectra_core.project.file import find_recovery
from spectra_core.project.project import Project, add_spectra, same_project
from spectra_core.spectrum import Axis, Meta, Source, Spectrum, make_spectrum
from spectra_core.writers.vamas import write_vamas

Settle = Callable[[Program], None]
LEAVES = {"quit"}


def synthetic(number: int, points: int = 200) -> Spectrum:
    """Return a spectrum, synthetic and labelled so."""
    x = np.linspace(157.0, 170.0, points)
    rng = np.random.default_rng(number)
    y = 500 + 3000 * np.exp(-((x - 161.5) ** 2)) + 1500 * np.exp(-((x - 163.0) ** 2))
    meta = Meta(sample=f"Sample {number // 10} (synthetic)", region="S 2p", dwell_s=1.0, scans=1)
    return make_spectrum(
        x,
        rng.poisson(y).astype(float),
        Axis.BINDING_ENERGY,
        y_unit="counts",
        meta=meta,
        source=Source(file="synthetic.vms", index=number),
    )


def close_dialogs(program: Program) -> None:
    program.crew.dialogs.close()
    for widget in QApplication.topLevelWidgets():
        if isinstance(widget, QFileDialog | QMessageBox | QDialog):
            widget.close()


# ---------------------------------------------------------------------------------
# Actions


def empty(program: Program, settle: Settle) -> None:
    pass


def opened(program: Program, settle: Settle) -> None:
    program.desk.document.apply("Open", add_spectra, [synthetic(i) for i in range(3)])
    program.crew.spectra.choose(["s1"])


def modelled(program: Program, settle: Settle) -> None:
    opened(program, settle)
    program.crew.editing.add_entry("xps/ps4/s2p")
    program.crew.editing.add_entry("xps/bridging/s2p")


def fitted(program: Program, settle: Settle) -> None:
    modelled(program, settle)
    program.crew.fitting.fit_all()
    settle(program)


def joint_and_stale(program: Program, settle: Settle) -> None:
    fitted(program, settle)
    program.crew.spectra.choose(["s2"])
    program.crew.editing.add_entry("xps/ps4/s2p")
    program.crew.spectra.choose(["s1", "s2"])
    program.crew.spectra.join()
    program.crew.fitting.fit_all()
    settle(program)
    program.crew.editing.set_note("changed")
    program.crew.editing.set_window(158.0, 169.0)


STATES = [empty, opened, modelled, fitted, joint_and_stale]


@pytest.mark.parametrize("state", STATES, ids=lambda s: s.__name__)
def test_every_action_works_or_says_why_not(
    program: Program,
    settle: Settle,
    state: Callable[[Program, Settle], None],
    tmp_path: Path,
) -> None:
    crashes: list[BaseException] = []
    program.desk.jobs.broke.connect(crashes.append)
    state(program, settle)
    for one in ACTIONS:
        if one.id in LEAVES:
            continue
        made = program.window.actions_by_id[one.id]
        reason = program.crew.acting.why_not()[one.id]
        assert made.isEnabled() == (not reason), one.id
        if reason:
            assert reason in " ".join(made.toolTip().split()), one.id
            assert reason.endswith("."), one.id
            continue
        made.trigger()
        settle(program)
        close_dialogs(program)
    assert not crashes


def buttons(program: Program) -> list[QAbstractButton]:
    """Return what can be clicked in the panels and tabs, whether it is scrolled to or not."""
    QApplication.processEvents()
    window = program.window
    tabs = [window.tabs.widget(i) for i in range(window.tabs.count())]
    found = [b for part in (window.panel, *tabs) for b in part.findChildren(QAbstractButton)]
    return [b for b in found if b.isEnabled() and not b.isHidden()]


@pytest.mark.parametrize("state", [modelled, joint_and_stale], ids=lambda s: s.__name__)
def test_every_button_of_the_panels_can_be_clicked(
    program: Program, settle: Settle, state: Callable[[Program, Settle], None]
) -> None:
    # What a slot raises fails the test: pytest-qt listens to the hook of uncaught errors.
    state(program, settle)
    document = program.desk.document
    place, step = document.selection, document.stack.index()
    clicked: list[str] = []
    while len(clicked) < len(found := buttons(program)):
        button = found[len(clicked)]
        clicked.append(button.text())
        button.click()
        settle(program)
        close_dialogs(program)
        document.stack.setIndex(step)
        document.select(place)
    assert "fixed" in clicked


def test_every_action_is_in_a_menu_and_in_the_palette(program: Program) -> None:
    in_menus = set()
    for entry in program.window.menuBar().actions():
        assert entry.text() in MENUS
        menu = entry.menu()
        assert menu is not None
        in_menus |= {a.objectName() for a in menu.actions()}
    program.crew.program_dialogs.palette()
    from doublet.app.views.palette_dialog import CommandPalette

    palette = program.crew.dialogs.current
    assert isinstance(palette, CommandPalette)
    ids = {one.id for one in ACTIONS}
    assert ids <= in_menus
    assert ids - {"palette"} == set(palette.shown())
    program.crew.dialogs.close()


def test_a_row_that_is_bound_to_nothing_stops_the_start(program: Program) -> None:
    crew = program.crew
    bound = doing(program.desk, program.window, crew, program.quit)
    with pytest.raises(ValueError, match="fit"):
        crew.acting.bind({one: run for one, run in bound.items() if one != "fit"})
    with pytest.raises(ValueError, match="dance"):
        crew.acting.bind({**bound, "dance": program.quit})


def test_no_two_actions_share_a_key() -> None:
    keys = [key for one in ACTIONS for key in one.shortcut.split("|") if key]
    assert len(keys) == len(set(keys))


# ---------------------------------------------------------------------------------
# Jobs


def test_cancel_during_a_budget_leaves_the_project_as_it_was(
    qtbot: QtBot, program: Program, settle: Settle
) -> None:
    fitted(program, settle)
    before = program.desk.document.project
    from spectra_core.project.project import RatioDefinition
    from spectra_core.uncertainty.budget import Rows

    definition = RatioDefinition("r", ("bridging S",), ("PS4",), Rows(100_000))
    program.desk.document.apply("Ratio", lambda p: p)
    program.crew.editing.define_ratio(definition)
    with_definition = program.desk.document.project
    assert with_definition is not before
    assert program.desk.jobs.running  # a budget takes less time than a wait here would
    program.crew.acting.run("cancel")
    settle(program)
    assert program.desk.document.project is with_definition
    assert not program.window.banner.text


def test_fits_are_shown_as_they_come_and_stay_when_the_rest_is_cancelled(
    program: Program, settle: Settle, monkeypatch: pytest.MonkeyPatch
) -> None:
    from doublet.app.controllers import fitting
    from spectra_core.project import jobs
    from spectra_core.project.jobs import analyse
    from spectra_core.runs import execute

    monkeypatch.setattr(fitting, "SHOW_EVERY_S", 0.0)
    monkeypatch.setattr(execute, "_ROWS", 2)  # of spectra that are fitted in one go
    document, number = program.desk.document, 24
    document.apply("Open", add_spectra, [synthetic(i) for i in range(number)])
    for key in list(document.project.spectra):
        program.crew.spectra.choose([key])
        program.crew.editing.add_entry("xps/ps4/s2p")
        program.crew.editing.add_entry("xps/bridging/s2p")
    before = document.project
    seen: list[int] = []

    def one_at_a_time(*arguments: Any, **options: Any) -> Iterator[Any]:
        """Fit no faster than the window can show."""
        for part in jobs.finished_fits(*arguments, **options):
            yield part
            time.sleep(0.4)

    def finished() -> list[str]:
        return [key for key, one in document.project.analyses.items() if one.stored]

    monkeypatch.setattr(fitting, "finished_fits", one_at_a_time)

    def look(project: Project) -> None:
        seen.append(len(finished()))
        if len(seen) == 3:
            program.crew.acting.run("cancel")

    document.changed.connect(look)
    program.crew.fitting.fit_all()
    settle(program)
    document.changed.disconnect(look)
    kept = finished()
    assert len(seen) >= 3 and seen == sorted(seen)
    assert 3 <= len(kept) < number
    for key in (kept[0], kept[-1]):
        alone = analyse(before, key)
        stored = document.project.analysis(key).result
        assert stored is not None
        np.testing.assert_array_equal(stored.values, alone.result.values)
    document.stack.undo()  # they are one step, however they came
    assert not finished()
    program.crew.fitting.fit_all()
    settle(program)
    assert len(finished()) == number


def test_closing_during_a_job_ends_cleanly(qtbot: QtBot, program: Program) -> None:
    began = threading.Event()

    def work(report: Reporter) -> None:
        began.set()
        while not report.should_stop():
            time.sleep(0.01)

    program.desk.jobs.start("A long job", work)
    assert began.wait(10)
    with qtbot.waitSignal(program.ended, timeout=10_000):
        program.window.close()
    assert not program.window.isVisible()


def test_a_defect_in_a_job_is_offered_to_be_copied(qtbot: QtBot, program: Program) -> None:
    from doublet.app.views.pages import CrashDialog

    def work(report: Reporter) -> None:
        raise RuntimeError("a synthetic defect")

    program.desk.jobs.start("Broken", work)
    qtbot.waitUntil(lambda: isinstance(program.crew.dialogs.current, CrashDialog), timeout=10_000)
    dialog = program.crew.dialogs.current
    assert isinstance(dialog, CrashDialog)
    assert "a synthetic defect" in dialog.details.toPlainText()


def test_a_fit_of_a_model_that_changed_meanwhile_is_kept_as_stale(
    program: Program, settle: Settle
) -> None:
    modelled(program, settle)
    program.crew.fitting.fit_all()
    program.crew.editing.set_window(158.0, 169.0)
    settle(program)
    assert program.desk.scene.stale
    assert program.desk.scene.region is not None
    assert program.desk.scene.region.window == (158.0, 169.0)


# ---------------------------------------------------------------------------------
# Recovery


KILLED = """
import sys, time
from pathlib import Path
from typing import Any
from PySide6.QtCore import QSettings
from PySide6.QtTest import QTest
from doublet.app.main import make_application
from doublet.app.program import Program
from spectra_core.datafiles import data_path
make_application()
folder = Path(sys.argv[1])
program = Program(QSettings(str(folder / "s.ini"), QSettings.Format.IniFormat), folder / "data")
program.crew.files.open_paths([data_path("resources", "examples", "su2025_fig5_bare_charged.vms")])
for _ in range(600):
    QTest.qWait(50)
    if list((folder / "data" / "recovery").glob("*.doublet")):
        print("kept", flush=True)
"""


def test_killed_with_unsaved_work_it_offers_recovery(
    qtbot: QtBot, make_program: Callable[[], Program], settle: Settle, tmp_path: Path
) -> None:
    environment = os.environ | {"QT_QPA_PLATFORM": "offscreen"}
    child = subprocess.Popen(
        [sys.executable, "-c", KILLED, str(tmp_path)],
        stdout=subprocess.PIPE,
        text=True,
        env=environment,
        cwd=Path(__file__).parents[2],
    )
    assert child.stdout is not None
    assert child.stdout.readline().strip() == "kept"
    child.kill()
    child.wait()
    child.stdout.close()
    program = make_program()
    program.start()
    dialog = program.crew.dialogs.current
    assert isinstance(dialog, RecoveryDialog)
    found = find_recovery(program.desk.recovery_folder)
    dialog.recover_asked.emit(str(found[0].path))
    settle(program)
    assert len(program.desk.document.project.spectra) == 1
    assert program.desk.document.is_dirty
    program.leave()
    assert not find_recovery(program.desk.recovery_folder)


# ---------------------------------------------------------------------------------
# Time and leaks


class Watchdog(QObject):
    """Measures the longest turn of the event loop, in processor time of the window's thread.

    That is what the program itself does between two turns: what else runs on the machine
    makes the clock on the wall run on, and says nothing about the program.
    """

    def __init__(self) -> None:
        super().__init__()
        self.longest = 0.0
        self._last = time.thread_time()
        self._timer = QTimer(self)
        self._timer.setInterval(2)
        self._timer.timeout.connect(self._turn)
        self._timer.start()

    def _turn(self) -> None:
        now = time.thread_time()
        self.longest = max(self.longest, now - self._last)
        self._last = now

    def stop(self) -> None:
        self._timer.stop()


def test_a_file_of_500_spectra_is_opened_without_blocking(
    qtbot: QtBot, program: Program, settle: Settle, tmp_path: Path
) -> None:
    path = tmp_path / "many.vms"
    write_vamas(path, [synthetic(i) for i in range(500)])
    blocked, shown = [], []
    for _ in range(3):
        program.desk.document.open(Project())
        qtbot.wait(50)
        dog, start = Watchdog(), time.process_time()
        program.crew.files.open_paths([path])
        qtbot.waitUntil(lambda: program.window.tree.model.rowCount() == 50, timeout=60_000)
        shown.append(time.process_time() - start)
        qtbot.wait(100)
        dog.stop()
        blocked.append(dog.longest)
    print(f"processor time: shown {min(shown):.2f} s, blocked {1000 * min(blocked):.0f} ms")
    assert min(shown) < 1.0
    assert min(blocked) < 0.1


def test_two_thousand_redraws_neither_abort_nor_pile_up(
    qtbot: QtBot, program: Program, settle: Settle
) -> None:
    fitted(program, settle)
    scene = program.desk.scene
    children = len(program.window.findChildren(QObject))
    for number in range(2000):
        program.window.plot.show_scene(scene)
        if number % 20 == 0:
            program.desk.refresh()
            QApplication.processEvents()
    assert len(program.window.findChildren(QObject)) <= children + 20


def test_nothing_is_left_behind(qtbot: QtBot, make_program: Callable[[], Program]) -> None:
    before = set(QApplication.topLevelWidgets())
    program = make_program()
    program.crew.files.open_example()
    qtbot.waitUntil(lambda: program.desk.jobs.is_idle, timeout=60_000)
    project = program.desk.document.project
    program.leave()
    assert same_project(program.desk.document.project, project)
    assert not [w for w in QApplication.topLevelWidgets() if w not in before and w.isVisible()]
    # Nothing waits for a thread that ends by itself.
    qtbot.waitUntil(lambda: not any("doublet-job" in t.name for t in threading.enumerate()))


def test_a_selection_of_what_is_gone_falls_back(program: Program) -> None:
    program.desk.document.apply("Open", add_spectra, [synthetic(0), synthetic(1)])
    program.desk.document.select(Selection(("s2",), "a9", "S 2p", "PS4"))
    assert program.desk.document.selection == Selection(("s2",))
    program.crew.spectra.remove(["s2"])
    assert program.desk.scene.spectrum is None or program.desk.document.selection.spectrum == "s1"


def test_undo_and_redo_show_the_place_of_the_edit(program: Program, settle: Settle) -> None:
    opened(program, settle)
    program.crew.spectra.choose(["s1"])
    program.crew.editing.add_entry("xps/ps4/s2p")
    first = program.desk.document.selection
    program.crew.editing.add_entry("xps/bridging/s2p")
    second = program.desk.document.selection
    assert first.spectrum == second.spectrum == "s1" and first.owner != second.owner
    for step, place in (("undo", first), ("redo", second)):
        program.crew.spectra.choose(["s3", "s2"])
        getattr(program.desk.document.stack, step)()
        assert program.desk.document.selection == place, step
        assert program.desk.scene.selection == place, step
        assert program.window.tree.selected() == ("s1",), step
