"""How many clicks the usual errands take, each made by the mouse on the real window.

A drag, a dropped file and a number that is typed and left count as one. ``pytest -s`` prints them.
Synthetic spectra, except where it is said.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QMimeData, QPoint, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QAbstractButton, QApplication, QTreeWidget, QWidget
from pytestqt.qtbot import QtBot

from doublet.app.program import Program
from doublet.app.views.calibration_dialog import CalibrationDialog
from doublet.app.views.intake_dialog import IntakeDialog
from doublet.app.views.library_dialog import LibraryDialog
from doublet.app.views.number_box import PARAMETER_MIME, NumberBox
from doublet.app.widgets import read_number
from spectra_core.export.casaxps import with_casaxps_fit
from spectra_core.model import Background, Model, Parameter, Region, add_doublet, get_parameter
from spectra_core.runs.simulate import Acquisition, simulate
from spectra_core.writers.vamas import write_vamas

Settle = Callable[[Program], None]
LEFT = Qt.MouseButton.LeftButton
ERRANDS: dict[str, int] = {}


class Hand:
    """The user's hand: every method is one action, and is counted."""

    def __init__(self, qtbot: QtBot, program: Program, settle: Settle) -> None:
        self._qtbot, self._program, self._settle = qtbot, program, settle
        self.clicks = 0

    def click(self, widget: QWidget, place: QPoint | None = None) -> None:
        assert widget.isVisible() and widget.isEnabled(), widget.accessibleName()
        self.clicks += 1
        self._qtbot.mouseClick(widget, LEFT, pos=place or widget.rect().center())
        QApplication.processEvents()
        self._settle(self._program)

    def press(self, action: str) -> None:
        """Press the button of an action in the toolbar."""
        made = self._program.window.actions_by_id[action]
        buttons = self._program.window.findChildren(QAbstractButton)
        self.click(next(b for b in buttons if getattr(b, "defaultAction", lambda: None)() is made))

    def click_row(self, tree: QTreeWidget, number: int) -> None:
        item = tree.topLevelItem(number)
        assert item is not None
        self.click(tree.viewport(), tree.visualItemRect(item).center())

    def drop_files(self, paths: list[Path]) -> None:
        self.clicks += 1
        data = QMimeData()
        data.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
        drop(self._program.window, data, Qt.DropAction.CopyAction)
        self._settle(self._program)

    def drag_number(self, source: NumberBox, target: NumberBox) -> None:
        self.clicks += 1
        data = QMimeData()
        data.setData(PARAMETER_MIME, source.path.encode())
        target.setAcceptDrops(True)
        drop(target, data, Qt.DropAction.LinkAction)

    def type_into(self, field: QWidget, text: str) -> None:
        self.click(field)
        field.selectAll()  # type: ignore[attr-defined]
        self._qtbot.keyClicks(field, text)
        self._qtbot.keyClick(field, Qt.Key.Key_Return)


def drop(widget: QWidget, data: QMimeData, action: Qt.DropAction) -> None:
    middle, keys = widget.rect().center(), Qt.KeyboardModifier.NoModifier
    enter = QDragEnterEvent(middle, action, data, LEFT, keys)
    QApplication.sendEvent(widget, enter)
    assert enter.isAccepted()
    QApplication.sendEvent(widget, QDropEvent(middle, action, data, LEFT, keys))


@pytest.fixture
def hand(qtbot: QtBot, program: Program, settle: Settle) -> Hand:
    return Hand(qtbot, program, settle)


@pytest.fixture(autouse=True, scope="module")
def printed() -> Iterator[None]:
    """Print what each errand took."""
    yield
    print("\n".join(["", *(f"{count} clicks: {name}" for name, count in ERRANDS.items())]))


def took(name: str, hand: Hand, most: int) -> None:
    ERRANDS[name] = hand.clicks
    assert hand.clicks <= most, name


def load_preset(hand: Hand, program: Program, title: str) -> None:
    """Press Preset, the preset in the list unless it is chosen already, and Load."""
    hand.press("preset")
    dialog = program.crew.dialogs.current
    assert isinstance(dialog, LibraryDialog)
    rows = range(dialog.preset_list.topLevelItemCount())
    items = [dialog.preset_list.topLevelItem(i) for i in rows]
    number = next(i for i, item in enumerate(items) if item and title in item.text(0))
    if dialog.preset_list.currentItem() is not items[number]:
        hand.click_row(dialog.preset_list, number)
    assert dialog.fits.text()
    assert dialog.add is not None
    hand.click(dialog.add)


def test_from_the_example_to_a_ratio_with_its_full_budget(hand: Hand, program: Program) -> None:
    hand.click(program.window.empty.example)
    load_preset(hand, program, "Fig. 5f-i")
    hand.press("fit_all")
    shown = [r for a in program.desk.document.project.analyses.values() for r in a.ratios]
    assert len(shown) == 4
    assert all(r.budget.total is not None and r.best_interval is not None for r in shown)
    assert program.window.ratios.isVisible()
    took("from the example to a ratio with its full budget", hand, 5)


def test_from_a_casaxps_file_to_the_comparison(
    hand: Hand, program: Program, tmp_path: Path, settle: Settle
) -> None:
    steps = Acquisition(0.05, 1.0, 1.0, 1486.6, sample="pellet", peak_counts=20_000.0)
    (spectrum,) = simulate(truth(), steps, np.random.default_rng(3))
    path = tmp_path / "stored.vms"
    write_vamas(path, [with_casaxps_fit(spectrum, truth())[0]])
    hand.drop_files([path])
    settle(program)
    strip = program.window.stored
    assert strip.isVisible() and strip.columns[0].sigmas is not None and strip.referee
    took("from a CasaXPS file to stored, ours, difference and referee", hand, 3)
    hand.click(strip.both)
    hand.click(strip.take_over)
    took("the same, both fits drawn and taken over", hand, 3)
    assert program.desk.scene.region is not None


def truth() -> Model:
    region = Region("S 2p", (157.0, 168.0), Background("constant", parameters={"level": 300.0}))
    for name, center, area in (("PS4", 161.5, 3000.0), ("bridge", 163.0, 1200.0)):
        mix = Parameter(0.3, free=False)
        region = add_doublet(
            region, name, "S 2p", label=name, area=area, center=center, fwhm=1.2, mix=mix
        )
    return Model((region,))


def columns(path: Path, low: float, high: float, lines: dict[float, float]) -> Path:
    x = np.arange(low, high, 0.05)
    y = np.full_like(x, 300.0)
    for center, area in lines.items():
        y += area / 0.54 * np.exp(-(((x - center) / 0.72) ** 2))
    counts = np.random.default_rng(7).poisson(y)
    path.write_text("\n".join(f"{a:.2f}\t{b}" for a, b in zip(x, counts, strict=True)))
    return path


def test_from_two_column_files_of_one_sample_to_a_joint_fit(
    hand: Hand, program: Program, tmp_path: Path
) -> None:
    sulfur = {161.4: 1800.0, 162.58: 900.0, 163.0: 200.0, 164.2: 100.0}
    paths = [
        columns(tmp_path / "pellet S2p.txt", 156.5, 168.5, sulfur),
        columns(tmp_path / "pellet P2p.txt", 128.0, 137.0, {131.8: 300.0, 132.66: 150.0}),
    ]
    hand.drop_files(paths)
    dialog = program.crew.dialogs.current
    assert isinstance(dialog, IntakeDialog)
    hand.click(dialog.take)
    load_preset(hand, program, "LPS film")
    hand.press("fit_all")
    (analysis,) = program.desk.document.project.analyses.values()
    assert set(analysis.spectra) == {"S 2p", "P 2p"}
    assert analysis.stored is not None
    took("from two-column files of one sample to a joint fit", hand, 5)


@pytest.fixture
def two(program: Program, settle: Settle, tmp_path: Path) -> Program:
    """Return a spectrum with two components."""
    lines = {161.4: 1800.0, 162.58: 900.0, 163.0: 600.0, 164.2: 300.0}
    path = columns(tmp_path / "one.txt", 156.5, 168.5, lines)
    path.write_text("binding energy (eV)\tcounts\n" + path.read_text())
    program.crew.files.open_paths([path])
    settle(program)
    program.crew.editing.add_entry("xps/ps4/s2p")
    program.crew.editing.add_entry("xps/bridging/s2p")
    return program


def parameter(program: Program, path: str) -> object:
    analysis = program.desk.scene.analysis
    assert analysis is not None
    return get_parameter(analysis.model, path)


def links(program: Program) -> list[tuple[str, float, str]]:
    analysis = program.desk.scene.analysis
    assert analysis is not None
    return [(k.target, t.times, t.source) for k in analysis.model.links for t in k.terms]


def test_linking_by_a_drag(hand: Hand, two: Program) -> None:
    cards = two.window.cards
    hand.drag_number(cards.card("bridging S").box("FWHM"), cards.card("PS4").box("FWHM"))
    assert links(two) == [("S 2p/bridging S 2p3/2/fwhm", 1.0, "S 2p/PS4 2p3/2/fwhm")]
    took("linking one width to another by a drag", hand, 2)


def test_linking_by_typing(hand: Hand, two: Program) -> None:
    hand.type_into(two.window.cards.card("bridging S").field("FWHM"), "0.5 * PS4")
    assert links(two) == [("S 2p/bridging S 2p3/2/fwhm", 0.5, "S 2p/PS4/fwhm")]
    took("linking one width to another by typing", hand, 2)


def test_fixing_and_freeing(hand: Hand, two: Program) -> None:
    hand.click(two.window.cards.card("PS4").box("centre").glyph)
    assert not parameter(two, "S 2p/PS4/center").free  # type: ignore[attr-defined]
    took("fixing", hand, 1)
    hand.click(two.window.cards.card("PS4").box("centre").glyph)
    assert parameter(two, "S 2p/PS4/center").free  # type: ignore[attr-defined]


def test_disabling(hand: Hand, qtbot: QtBot, two: Program) -> None:
    hand.click(two.window.cards.card("PS4"), QPoint(30, 8))
    hand.clicks += 1
    qtbot.keyClick(two.window.plot, Qt.Key.Key_Delete)
    region = two.desk.scene.region
    assert region is not None and not region.component("PS4 2p3/2").enabled
    took("disabling a component", hand, 2)


def test_calibrating(hand: Hand, two: Program) -> None:
    hand.press("calibrate")
    dialog = two.crew.dialogs.current
    assert isinstance(dialog, CalibrationDialog)
    hand.type_into(dialog.shift, "0.4")  # and Enter, which calibrates
    spectrum = two.desk.document.project.spectrum("s1")
    assert spectrum.calibration.shift == pytest.approx(0.4)
    took("calibrating by a typed shift", hand, 3)


def test_the_numbers_that_are_linked_say_what_they_follow(hand: Hand, two: Program) -> None:
    hand.type_into(two.window.cards.card("bridging S").field("FWHM"), "= PS4")
    box = two.window.cards.card("bridging S").box("FWHM")
    assert box.below == "= PS₄"
    follower = read_number(box.field.text())
    assert follower == read_number(two.window.cards.card("PS4").field("FWHM").text())
    hand.click(box.glyph)
    assert links(two) == []
