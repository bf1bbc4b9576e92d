"""Background, fit, notes and the two dialogs of a model."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import (
    QApplication,
    QCheckBox,
    QFrame,
    QLabel,
    QPushButton,
    QScrollArea,
    QWidget,
)
from pytestqt.qtbot import QtBot

from doublet.app.views.background_panel import BackgroundPanel
from doublet.app.views.fit_panel import FitPanel
from doublet.app.views.link_dialog import LinkDialog
from doublet.app.views.notes_panel import NotesPanel
from doublet.app.views.unlock_dialog import UnlockDialog
from doublet.app.widgets import read_number
from spectra_core.editing import edits as edits
from spectra_core.fitting import FitOptions
from spectra_core.model import Background, Link
from spectra_core.referee.verdict import asks_for_a_look

if TYPE_CHECKING:
    from .conftest import Scenes

InPanel = Callable[..., QScrollArea]


def words(widget: QWidget) -> str:
    return "\n".join(w.text() for w in widget.findChildren(QLabel) if w.isVisibleTo(widget))


def press(qtbot: QtBot, widget: QWidget, text: str) -> None:
    button = next(b for b in widget.findChildren(QPushButton) if b.text() == text)
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)


def type_into(qtbot: QtBot, field: QWidget, text: str) -> None:
    field.setFocus()
    field.selectAll()  # type: ignore[attr-defined]
    qtbot.keyClicks(field, text)
    qtbot.keyClick(field, Qt.Key.Key_Return)


def test_statistics_are_those_of_the_fit(in_panel: InPanel, scenes: Scenes) -> None:
    panel = FitPanel()
    panel.unfold()
    in_panel(panel)
    panel.show_scene(scenes.fitted)
    shown = scenes.fitted.region_fit
    assert shown is not None
    said = words(panel)
    assert f"{shown.statistics.reduced_chi_square:.2f}" in said.replace(",", ".")
    for caption in ("χ²ᵣ", "Abbe", "runs p", "free", "starts agree"):
        assert caption in said
    starts = next(w for w in panel.findChildren(QLabel) if w.text() == "starts agree")
    assert "How many starts" in starts.toolTip()


def test_a_changed_model_has_no_statistics(in_panel: InPanel, scenes: Scenes) -> None:
    panel = FitPanel()
    panel.unfold()
    in_panel(panel)
    panel.show_scene(scenes.stale)
    assert "fit again" in words(panel)


def test_the_shift_is_in_the_unit_of_the_axis(in_panel: InPanel, scenes: Scenes) -> None:
    panel = FitPanel()
    panel.unfold()
    in_panel(panel)
    panel.show_scene(scenes.raman)
    assert "cm⁻¹" in words(panel)
    assert "eV" not in words(panel) + panel.shift.text()


def test_options_speak_when_they_change_only(
    qtbot: QtBot, in_panel: InPanel, scenes: Scenes
) -> None:
    panel = FitPanel()
    panel.unfold()
    in_panel(panel)
    panel.show_scene(scenes.fitted)
    heard: list[FitOptions] = []
    panel.options_edited.connect(heard.append)
    type_into(qtbot, panel.starts, "1")
    assert heard == []
    type_into(qtbot, panel.starts, "12")
    assert [options.starts for options in heard] == [12]


def test_the_wheel_over_a_choice_changes_nothing(
    in_panel: InPanel, scenes: Scenes, wheel: Callable[[QWidget], None]
) -> None:
    panel = BackgroundPanel()
    panel.unfold()
    in_panel(panel)
    panel.show_scene(scenes.fitted)
    heard: list[object] = []
    panel.background_chosen.connect(lambda *args: heard.append(args))
    panel.window_edited.connect(lambda *args: heard.append(args))
    panel.kind.setFocus()
    for widget in (panel.kind, panel.mode, panel.low):
        wheel(widget)
    assert heard == []
    assert panel.kind.value == "shirley"


def test_a_window_edge_is_typed(qtbot: QtBot, in_panel: InPanel, scenes: Scenes) -> None:
    panel = BackgroundPanel()
    panel.unfold()
    in_panel(panel)
    panel.show_scene(scenes.fitted)
    with qtbot.waitSignal(panel.window_edited) as blocker:
        type_into(qtbot, panel.low, "158.2 eV")
    assert blocker.args == [158.2, scenes.fitted.region.window[1]]  # type: ignore[union-attr]


def test_a_note_says_its_severity_in_words(in_panel: InPanel, scenes: Scenes) -> None:
    panel = NotesPanel({})
    in_panel(panel)
    panel.show_scene(scenes.fitted)
    panel.unfold(alarms=True, notes=True)
    frames = [f for f in panel.findChildren(QFrame) if f.objectName() == "note"]
    assert len(frames) == len(scenes.fitted.analysis.findings)  # type: ignore[union-attr]
    first = [words(frame).split("\n")[0].split(" ·")[0] for frame in frames]
    assert first == sorted(first, key=["Alarm", "Warning", "Worth knowing"].index)


def test_what_is_worth_knowing_folds_into_one_line(in_panel: InPanel, scenes: Scenes) -> None:
    panel = NotesPanel({})
    in_panel(panel)
    panel.show_scene(scenes.fitted)
    findings = scenes.fitted.analysis.findings  # type: ignore[union-attr]
    few = [f for f in findings if not asks_for_a_look(f)]

    def shown() -> int:
        QApplication.processEvents()
        frames = [f for f in panel.findChildren(QFrame) if f.objectName() == "note"]
        return sum(f.isVisibleTo(panel) for f in frames)

    alarms = len(findings) - len(few)
    assert few and shown() == min(alarms, 2)
    assert panel.read.text() == f"{len(few)} note{'s' * (len(few) > 1)}: read"
    panel.read.click()
    assert shown() == min(alarms, 2) + len(few)


def test_the_fix_of_a_note_is_offered_and_works(
    qtbot: QtBot, in_panel: InPanel, scenes: Scenes
) -> None:
    panel = NotesPanel({})
    in_panel(panel)
    panel.show_scene(scenes.fitted)
    with qtbot.waitSignal(panel.fix_asked) as blocker:
        press(qtbot, panel, "Widen the bounds")
    model = blocker.args[0].apply(scenes.fitted.analysis.model)  # type: ignore[union-attr]
    assert "between 0.7 and 1.3" in edits.state_of(model, "S 2p/sulfate/fwhm").words


def test_an_own_note_is_taken_over_on_leaving(
    qtbot: QtBot, in_panel: InPanel, scenes: Scenes
) -> None:
    panel = NotesPanel({})
    in_panel(panel)
    panel.show_scene(scenes.noted)
    assert panel.note.toPlainText() == "from the second pellet"
    heard: list[str] = []
    panel.note_edited.connect(heard.append)
    panel.note.setFocus()
    qtbot.keyClicks(panel.note, "! ")
    panel.show_scene(replace(scenes.noted))
    assert panel.note.toPlainText().startswith("! ")
    assert heard == []
    panel.note.clearFocus()
    assert heard == ["! from the second pellet"]


def test_an_undone_note_is_not_brought_back_by_leaving(
    qtbot: QtBot, in_panel: InPanel, scenes: Scenes
) -> None:
    panel = NotesPanel({})
    in_panel(panel)
    panel.show_scene(scenes.noted)
    heard: list[str] = []
    panel.note_edited.connect(heard.append)
    panel.note.setFocus()
    panel.show_scene(scenes.fitted)
    assert panel.note.toPlainText() == ""
    panel.note.clearFocus()
    assert heard == []


def test_a_link_is_said_before_it_is_made(qtbot: QtBot, scenes: Scenes) -> None:
    window = QWidget()
    qtbot.addWidget(window)
    model = scenes.fitted.analysis.model  # type: ignore[union-attr]
    dialog = LinkDialog(model, "S 2p/sulfate 2p3/2/fwhm", window)
    dialog.open()
    type_into(qtbot, dialog.factor, "1.25")
    said = words(dialog)
    assert "sulfate 2p3/2 fwhm = 1.25 × PS₄³⁻ 2p3/2 fwhm" in said.replace(",", ".")
    heard: list[Link] = []
    dialog.accepted_link.connect(heard.append)
    press(qtbot, dialog, "Link")
    value = edits.value_of(edits.link(model, heard[0]), "S 2p/sulfate/fwhm")
    assert value == pytest.approx(1.25 * (edits.value_of(model, "S 2p/PS4/fwhm") or 0.0))


def test_a_link_in_a_circle_cannot_be_accepted(qtbot: QtBot, scenes: Scenes) -> None:
    window = QWidget()
    qtbot.addWidget(window)
    model = scenes.fitted.analysis.model  # type: ignore[union-attr]
    dialog = LinkDialog(model, "S 2p/PS4 2p3/2/fwhm", window)
    dialog.open()
    dialog.owner.setCurrentIndex(0)  # the bridge, which follows PS4 already
    dialog.owner.activated.emit(0)
    assert "follow from itself" in words(dialog)
    button = next(b for b in dialog.findChildren(QPushButton) if b.text() == "Link")
    assert not button.isEnabled()


def test_unlocking_asks_why(qtbot: QtBot) -> None:
    window = QWidget()
    qtbot.addWidget(window)
    dialog = UnlockDialog("PS4", "area", window)
    dialog.open()
    assert dialog.unlock is not None
    qtbot.keyClicks(dialog.reason, "   ")
    assert not dialog.unlock.isEnabled()
    qtbot.keyClicks(dialog.reason, "a satellite lies under it")
    with qtbot.waitSignal(dialog.reason_given) as blocker:
        press(qtbot, dialog, "Unlock")
    assert blocker.args == ["a satellite lies under it"]


def test_a_number_of_the_background_can_be_read(in_panel: InPanel, scenes: Scenes) -> None:
    panel = BackgroundPanel()
    panel.unfold()
    in_panel(panel)
    panel.show_scene(scenes.fitted)
    assert scenes.fitted.fit is not None
    level = scenes.fitted.fit.value("S 2p/background/level")
    fields = [f for f in panel.findChildren(type(panel.low)) if f.accessibleName() == "level"]
    assert read_number(fields[0].text()) == pytest.approx(level, rel=1e-3)
    assert "level ± " in words(panel)
    panel.show_scene(scenes.stale)
    assert "±" not in words(panel)


def boxes(qtbot: QtBot, panel: QWidget, text: str) -> list[QCheckBox]:
    found = [b for b in panel.findChildren(QCheckBox) if b.text() == text]
    qtbot.waitUntil(lambda: all(b.isVisible() for b in found))
    return found


def test_a_number_of_the_background_can_be_fixed_and_freed(
    qtbot: QtBot, in_panel: InPanel, scenes: Scenes
) -> None:
    panel = BackgroundPanel()
    panel.unfold()
    in_panel(panel)
    panel.show_scene(scenes.fitted)
    level, step = boxes(qtbot, panel, "fixed")
    heard: list[tuple[str, bool]] = []
    panel.held_set.connect(lambda path, held: heard.append((path, held)))
    qtbot.mouseClick(level, Qt.MouseButton.LeftButton)
    qtbot.mouseClick(step, Qt.MouseButton.LeftButton)
    qtbot.mouseClick(step, Qt.MouseButton.LeftButton)
    assert heard == [
        ("S 2p/background/level", True),
        ("S 2p/background/step", True),
        ("S 2p/background/step", False),
    ]


def test_a_setting_of_the_background_that_is_yes_or_no_can_be_switched(
    qtbot: QtBot, in_panel: InPanel, scenes: Scenes
) -> None:
    scene = scenes.fitted
    assert scene.region is not None
    background = Background("tougaard_u2", "static")
    region = replace(scene.region, background=background)
    panel = BackgroundPanel()
    panel.unfold()
    in_panel(panel)
    panel.show_scene(replace(scene, region=region, fit=None))
    heard: list[tuple[str, object]] = []
    panel.background_option_edited.connect(lambda name, value: heard.append((name, value)))
    (box,) = boxes(qtbot, panel, "")
    square = QPoint(8, box.height() // 2)
    qtbot.mouseClick(box, Qt.MouseButton.LeftButton, pos=square)
    assert heard == [("fit_end", not background.options["fit_end"])]
