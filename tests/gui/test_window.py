"""The window as furniture: what fits on a screen, what can be pulled, what cannot be lost."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QModelIndex, QPoint, QRect, Qt
from PySide6.QtWidgets import QAbstractItemView, QApplication, QFrame, QListView, QWidget
from pytestqt.qtbot import QtBot

from doublet.app.program import Program
from spectra_core.datafiles import data_path

Settle = Callable[[Program], None]
LONGEST_LINE = 72
LEFT = Qt.MouseButton.LeftButton


def pull(qtbot: QtBot, widget: QWidget, start: QPoint, end: QPoint) -> None:
    """Drag from a place to another as a hand does, in steps."""
    qtbot.mousePress(widget, LEFT, pos=start)
    for step in range(1, 11):
        qtbot.mouseMove(widget, start + (end - start) * step / 10)
        qtbot.wait(5)
    qtbot.mouseRelease(widget, LEFT, pos=end)
    qtbot.wait(20)


def test_a_panel_is_not_torn_off_by_its_title(qtbot: QtBot, program: Program) -> None:
    dock = program.window.docks[0]
    before = dock.geometry()
    pull(qtbot, dock, QPoint(40, 12), QPoint(400, 200))
    assert not dock.isFloating()
    assert dock.geometry() == before
    program.crew.acting.run("arrange")
    pull(qtbot, dock, QPoint(40, 12), QPoint(400, 200))
    assert dock.isFloating()
    program.crew.acting.run("reset_layout")
    assert not dock.isFloating()


@pytest.mark.parametrize("aside", [-3, 0, 3])
def test_the_edges_between_panels_can_be_grasped(
    qtbot: QtBot, program: Program, aside: int
) -> None:
    window = program.window
    spectra, model, results = window.docks
    middle = window.centralWidget().geometry()
    for dock, gap, way in (
        (spectra, QPoint((spectra.geometry().right() + middle.left()) // 2, 300), QPoint(60, 0)),
        (model, QPoint((middle.right() + model.geometry().left()) // 2, 300), QPoint(-60, 0)),
        (results, QPoint(600, (middle.bottom() + results.geometry().top()) // 2), QPoint(0, -60)),
    ):
        before = dock.size()
        along = QPoint(aside, 0) if way.x() else QPoint(0, aside)
        pull(qtbot, window, gap + along, gap + along + way)
        grown = dock.size() - before
        assert grown.width() + grown.height() > 40, dock.windowTitle()


ON_A_SCREEN = """
import sys
from pathlib import Path
from PySide6.QtCore import QSettings
from PySide6.QtTest import QTest
from doublet.app.main import make_application
from doublet.app.program import Program
application = make_application()
folder = Path(sys.argv[1])
program = Program(QSettings(str(folder / "s.ini"), QSettings.Format.IniFormat), folder)
program.window.show()
QTest.qWait(50)
room, frame = program.window.screen().availableGeometry(), program.window.frameGeometry()
print(room.width(), room.height(), frame.left(), frame.top(), frame.right(), frame.bottom())
program.shut_down()
"""


def opened_on(width: int, height: int, folder: Path) -> tuple[int, ...]:
    """Start the program on a screen of a size; return the screen, then the edges of the window."""
    screen = {"name": "one", "x": 0, "y": 0, "width": width, "height": height}
    more = {"logicalDpi": 96, "logicalBaseDpi": 96, "dpr": 1}
    config = folder / f"{width}.json"
    config.write_text(json.dumps({"screens": [screen | more]}))
    done = subprocess.run(
        [sys.executable, "-c", ON_A_SCREEN, str(folder)],
        env=os.environ | {"QT_QPA_PLATFORM": f"offscreen:configfile={config}"},
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=True,
    )
    return tuple(int(number) for number in done.stdout.split())


def test_the_window_fits_the_screen_it_opens_on(tmp_path: Path) -> None:
    # The second start has the layout of the first, from a larger screen.
    for size in ((2560, 1440), (1280, 720), (1366, 768)):
        width, height, left, top, right, bottom = opened_on(*size, tmp_path)
        assert (width, height) == size
        assert 0 <= left < right < width
        assert 0 <= top < bottom < height
        assert right - left > 1200


# ---------------------------------------------------------------------------------
# Tooltips


def item_tips(view: QAbstractItemView) -> Iterator[str]:
    """Yield the tooltips of all items of a list, table or tree."""
    waiting = [QModelIndex()]
    model = view.model()
    while model is not None and waiting:
        parent = waiting.pop()
        for row in range(model.rowCount(parent)):
            columns = 1 if isinstance(view, QListView) else model.columnCount(parent)
            for column in range(columns):
                index = model.index(row, column, parent)
                yield str(index.data(Qt.ItemDataRole.ToolTipRole) or "")
            waiting.append(model.index(row, 0, parent))


def tips(root: QWidget) -> Iterator[str]:
    for widget in (root, *root.findChildren(QWidget)):
        yield widget.toolTip()
        yield from (action.toolTip() for action in widget.actions())
        if isinstance(widget, QAbstractItemView):
            yield from item_tips(widget)


def test_long_tooltips_are_wrapped(program: Program, settle: Settle) -> None:
    program.crew.files.open_paths(sorted(data_path("resources", "examples").glob("*fig1*0s.vms")))
    settle(program)
    program.crew.spectra.add_preset("lpscl-cathode")
    program.crew.editing.choose_owner("PS4")
    found = set(tips(program.window))
    for show in (
        program.crew.model_dialogs.library,
        program.crew.model_dialogs.ratio,
        program.crew.spectra_dialogs.calibration,
        program.crew.program_dialogs.palette,
        program.crew.program_dialogs.shortcuts,
        program.crew.program_dialogs.preferences,
    ):
        show()
        assert program.crew.dialogs.current is not None
        found |= set(tips(program.crew.dialogs.current))
        program.crew.dialogs.close()
        QApplication.processEvents()
    assert len(found) > 100
    long = [line for tip in found for line in tip.split("\n") if len(line) > LONGEST_LINE]
    # A word cannot be broken: the path of a file has a line for itself.
    assert [line for line in long if " " in line] == []


# ---------------------------------------------------------------------------------
# Views, and what has to fit on one screen


def test_a_view_that_does_not_exist_is_not_offered(qtbot: QtBot, program: Program) -> None:
    window = program.window
    assert window.view_bar.titles == ("Spectrum",)
    assert not window.view_bar.isVisible()
    other = QWidget()
    place = window.add_view("Map", other)
    QApplication.processEvents()
    assert window.view_bar.isVisible() and window.view_bar.titles == ("Spectrum", "Map")
    qtbot.mouseClick(window.view_bar.button(place), LEFT)
    assert other.isVisible() and not window.plot.isVisible()
    qtbot.mouseClick(window.view_bar.button(0), LEFT)
    assert not other.isVisible() and window.middle.isVisible()


@pytest.fixture
def four(program: Program, settle: Settle) -> Program:
    """Return the joint example with four components on S 2p, in a window of 1280 by 800."""
    program.window.resize(1280, 800)
    program.crew.files.open_paths(sorted(data_path("resources", "examples").glob("*fig1*0s.vms")))
    settle(program)
    program.crew.spectra.add_preset("lpscl-cathode")
    program.crew.acting.run("fit")
    settle(program)
    QApplication.processEvents()
    return program


def test_cards_statistics_background_and_alarms_are_seen_without_scrolling(four: Program) -> None:
    window = four.window
    assert len(window.cards.owners) == 4
    four.crew.editing.choose_owner("PS4")  # its row opens
    QApplication.processEvents()
    assert window.cards.card("PS4").details.isVisible()
    room = window.panel.viewport().rect()
    parts = [window.cards.card(owner) for owner in window.cards.owners]
    frames = [w for w in window.notes.findChildren(QFrame) if w.objectName() == "note"]
    for part in (*parts, window.fit_panel, window.background, *frames[:2]):
        corner = part.mapTo(window.panel.viewport(), QPoint(0, 0))
        assert room.contains(QRect(corner, part.size())), part.objectName()
    shown = [frame for frame in frames if not frame.isHidden()]
    assert 1 <= len(shown) <= 2
    # No row of the list is crushed: every number has the height of its font.
    for owner in window.cards.owners:
        for name in ("centre", "FWHM", "area"):
            field = window.cards.card(owner).field(name)
            assert field.height() >= field.fontMetrics().height()


def test_no_tab_makes_the_window_wider_than_the_screen(four: Program) -> None:
    window = four.window
    for place in range(window.tabs.count()):
        window.tabs.setCurrentIndex(place)
        QApplication.processEvents()
        assert window.width() == 1280
        right = window.tabs.mapTo(window, QPoint(window.tabs.width(), 0)).x()
        assert right <= window.panel.mapTo(window, QPoint(0, 0)).x()
