"""The program driven as a user drives it: mouse, keys, and what is read from the screen."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QPushButton, QToolButton
from pytestqt.qtbot import QtBot

from doublet.app.program import Program
from doublet.app.views.library_dialog import LibraryDialog
from doublet.app.views.unlock_dialog import UnlockDialog
from doublet.app.widgets import read_number
from spectra_core.editing.drag import Handle
from spectra_core.foreign.casaxps import casaxps_model
from spectra_core.model import get_parameter
from spectra_core.project.file import load_project
from spectra_core.project.project import Project, same_project
from spectra_core.project.recipes import recipe_from, run_recipe
from spectra_core.readers import read
from spectra_core.recipe.text import load_recipe
from spectra_core.report import build_report
from spectra_core.report.preview import render_preview

Settle = Callable[[Program], None]


def press(qtbot: QtBot, program: Program, action: str) -> None:
    """Press the toolbar button of an action."""
    for button in program.window.findChildren(QToolButton):
        if button.defaultAction() is program.window.actions_by_id[action]:
            qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
            return
    program.window.actions_by_id[action].trigger()


def click(qtbot: QtBot, button: QPushButton) -> None:
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)


def open_example(qtbot: QtBot, program: Program, settle: Settle) -> None:
    click(qtbot, program.window.empty.example)
    settle(program)


def load_preset(qtbot: QtBot, program: Program, preset: str) -> None:
    press(qtbot, program, "preset")
    dialog = program.crew.dialogs.current
    assert isinstance(dialog, LibraryDialog)
    dialog.choose_preset(preset)
    click(qtbot, dialog.add)  # type: ignore[arg-type]


def fitted_example(qtbot: QtBot, program: Program, settle: Settle) -> None:
    open_example(qtbot, program, settle)
    load_preset(qtbot, program, "su2025/fig5f-i")
    press(qtbot, program, "fit_all")
    settle(program)


def drag(
    qtbot: QtBot, program: Program, handle: Handle, by: tuple[float, float], *, release: bool = True
) -> None:
    """Drag a handle by a distance in data units, in ten moves of the mouse."""
    plot = program.window.plot
    start = plot.handle_position(handle)
    assert start is not None
    scene = program.desk.scene
    assert scene.fit is not None and scene.region is not None
    from spectra_core.editing.drag import handles

    x, y = handles(scene.fit, scene.region.name, handle.owner)[handle]
    end = plot.position_of(x + by[0], y + by[1])
    qtbot.mousePress(plot.viewport, Qt.MouseButton.LeftButton, pos=start)
    for step in range(1, 11):
        at = start + (end - start) * step / 10
        qtbot.mouseMove(plot.viewport, QPoint(at))
        qtbot.wait(15)
    if release:
        qtbot.mouseRelease(plot.viewport, Qt.MouseButton.LeftButton, pos=end)
        qtbot.wait(30)


# ---------------------------------------------------------------------------------


def test_a_casaxps_fit_is_taken_over_and_its_areas_are_read(
    qtbot: QtBot, program: Program, settle: Settle, data_dir: Path
) -> None:
    path = data_dir / "cheminfo-xps" / "assigned_excerpt_3samples.vms"
    program.crew.files.open_paths([path])
    settle(program)
    spectra = program.desk.document.project.spectra
    single = next(
        key
        for key, s in spectra.items()
        if s.meta.region == "1: S 2p" and len(casaxps_model(s).model.regions[0].components) == 2
    )
    program.window.tree.selection_made.emit((single,))
    press(qtbot, program, "take_over")
    stored = casaxps_model(read(path)[list(spectra).index(single)]).model.regions[0]
    press(qtbot, program, "fit")
    settle(program)
    table = program.window.table.table
    item = table.topLevelItem(0)
    assert item is not None
    shown = read_number(item.text(4).split("±")[0])
    area = sum(c.parameters["area"].value or 0.0 for c in stored.components)
    assert shown == pytest.approx(area, rel=0.005)


def test_the_example_gives_the_ratio_table(qtbot: QtBot, program: Program, settle: Settle) -> None:
    fitted_example(qtbot, program, settle)
    table = program.window.ratios.table
    assert table.rowCount() == 4
    for line in range(4):
        name, value = table.horizontalHeaderItem(1), table.item(line, 1)
        assert name is not None and value is not None
        assert name.text().startswith("intermediate / PS₄")
        shown = read_number(value.text().split("±")[0])
        assert shown is not None and 0.3 < shown < 2.0


def test_from_launching_to_a_ratio_with_an_interval_in_five_clicks(
    qtbot: QtBot, program: Program, settle: Settle
) -> None:
    # 1 the example, 2 Preset, 3 the preset in the list, 4 Load the preset, 5 Fit all
    click(qtbot, program.window.empty.example)
    settle(program)
    press(qtbot, program, "preset")
    dialog = program.crew.dialogs.current
    assert isinstance(dialog, LibraryDialog)
    dialog.choose_preset("su2025/fig5f-i")
    click(qtbot, dialog.add)  # type: ignore[arg-type]
    press(qtbot, program, "fit_all")
    settle(program)
    cell = program.window.ratios.table.item(0, 1)
    assert cell is not None
    low, high = (read_number(text) for text in cell.text().split("\n")[1].split("–"))
    assert low is not None and high is not None and low < high


def test_a_drag_is_one_step_and_can_be_taken_back(
    qtbot: QtBot, program: Program, settle: Settle
) -> None:
    fitted_example(qtbot, program, settle)
    program.crew.editing.choose_owner("PS4")
    before, steps = program.desk.document.project, program.desk.document.stack.count()
    center = program.desk.scene.fit.value("S 2p/PS4/center")  # type: ignore[union-attr]
    drag(qtbot, program, Handle("top", "PS4 2p3/2"), (0.3, 0.0))
    assert program.desk.document.stack.count() == steps + 1
    assert program.desk.document.stack.undoText() == "Move PS₄"
    moved = program.desk.scene.analysis.model  # type: ignore[union-attr]
    assert get_parameter(moved, "S 2p/PS4/center").value == pytest.approx(center + 0.3, abs=0.02)
    program.desk.document.stack.undo()
    assert program.desk.document.project is before


def test_escape_gives_a_drag_up(qtbot: QtBot, program: Program, settle: Settle) -> None:
    fitted_example(qtbot, program, settle)
    program.crew.editing.choose_owner("PS4")
    before, steps = program.desk.document.project, program.desk.document.stack.count()
    drag(qtbot, program, Handle("top", "PS4 2p3/2"), (0.3, 0.0), release=False)
    assert program.crew.dragging.is_dragging
    qtbot.keyClick(program.window.plot.viewport, Qt.Key.Key_Escape)
    assert not program.crew.dragging.is_dragging
    qtbot.mouseRelease(program.window.plot.viewport, Qt.MouseButton.LeftButton)
    assert program.desk.document.project is before
    assert program.desk.document.stack.count() == steps


def test_everything_can_be_undone_and_redone(
    qtbot: QtBot, program: Program, settle: Settle
) -> None:
    fitted_example(qtbot, program, settle)
    program.crew.editing.set_enabled("intermediate", False)
    program.crew.editing.set_enabled("intermediate", True)
    program.crew.editing.set_note("a note")
    program.crew.editing.duplicate("PS4")
    program.crew.editing.set_window(158.0, 167.0)
    last = program.desk.document.project
    stack = program.desk.document.stack
    while stack.canUndo():
        stack.undo()
    assert not program.desk.document.project.spectra
    while stack.canRedo():
        stack.redo()
    assert same_project(program.desk.document.project, last)


def test_a_doublet_is_unlocked_with_a_reason_that_the_report_prints(
    qtbot: QtBot, program: Program, settle: Settle
) -> None:
    fitted_example(qtbot, program, settle)
    program.window.cards.unlock_asked.emit("PS4", "area")
    dialog = program.crew.dialogs.current
    assert isinstance(dialog, UnlockDialog)
    assert not dialog.unlock.isEnabled()
    qtbot.keyClicks(dialog.reason, "a satellite lies under the 2p1/2 line")
    click(qtbot, dialog.unlock)  # type: ignore[arg-type]
    assert program.desk.scene.stale
    press(qtbot, program, "fit")
    settle(program)
    from spectra_core.project.recipes import run_from_project

    preview = render_preview(build_report(run_from_project(program.desk.document.project)))
    assert "a satellite lies under the 2p1/2 line" in preview.html


def test_saving_and_opening_again_gives_the_same_project(
    qtbot: QtBot, program: Program, settle: Settle, tmp_path: Path
) -> None:
    fitted_example(qtbot, program, settle)
    path = tmp_path / "work.doublet"
    program.crew.files.save_to(path)
    settle(program)
    assert not program.desk.document.is_dirty
    saved = program.desk.document.project
    assert same_project(load_project(path), saved)
    program.crew.files.new()
    program.crew.files.open_paths([path])
    settle(program)
    assert same_project(program.desk.document.project, saved)
    assert program.window.ratios.table.rowCount() == 4


def test_the_exported_recipe_gives_equal_numbers_headless(
    qtbot: QtBot, program: Program, settle: Settle, tmp_path: Path
) -> None:
    fitted_example(qtbot, program, settle)
    path = tmp_path / "recipe.toml"
    program.crew.reporting.write_recipe(str(path))
    project = program.desk.document.project
    again = run_recipe(load_recipe(path), list(project.spectra.values()))
    numbers = {k: a.result.values for k, a in project.analyses.items() if a.result is not None}
    assert len(again.analyses) == len(numbers) == 4
    for ours, theirs in zip(numbers.values(), again.analyses.values(), strict=True):
        assert theirs.result is not None
        assert theirs.result.values == pytest.approx(ours, rel=1e-9, abs=1e-12)
    assert recipe_from(project).ratio


def test_an_edit_by_typing_refits_nothing_and_is_one_step(
    qtbot: QtBot, program: Program, settle: Settle
) -> None:
    open_example(qtbot, program, settle)
    load_preset(qtbot, program, "su2025/fig5f-i")
    field = program.window.cards.card("PS4").field("centre")
    steps = program.desk.document.stack.count()
    field.setFocus()
    field.selectAll()
    qtbot.keyClicks(field, "161.5")
    assert program.desk.document.stack.count() == steps
    qtbot.keyClick(field, Qt.Key.Key_Return)
    assert program.desk.document.stack.count() == steps + 1
    model = program.desk.scene.analysis.model  # type: ignore[union-attr]
    assert get_parameter(model, "S 2p/PS4/center").value == 161.5


def test_what_is_not_a_number_is_explained_and_the_old_one_kept(
    qtbot: QtBot, program: Program, settle: Settle
) -> None:
    open_example(qtbot, program, settle)
    load_preset(qtbot, program, "su2025/fig5f-i")
    field = program.window.cards.card("PS4").field("centre")
    before = program.desk.document.project
    field.setFocus()
    field.selectAll()
    qtbot.keyClicks(field, "16l.5")
    qtbot.keyClick(field, Qt.Key.Key_Return)
    # A field takes names as well, so what is neither is refused by what would read it.
    assert "neither a number nor a component" in program.window.banner.text
    assert "Type a number, or one of: " in program.window.banner.text
    assert read_number(field.text()) == 160.7
    assert program.desk.document.project is before


def test_the_wheel_over_a_field_changes_nothing(
    qtbot: QtBot, program: Program, settle: Settle
) -> None:
    open_example(qtbot, program, settle)
    load_preset(qtbot, program, "su2025/fig5f-i")
    before = program.desk.document.project
    from PySide6.QtCore import QPointF
    from PySide6.QtGui import QWheelEvent
    from PySide6.QtWidgets import QApplication

    panel = program.window.fit_panel
    for widget in (panel.starts, panel.weights, program.window.background.kind):
        event = QWheelEvent(
            QPointF(5, 5),
            QPointF(5, 5),
            QPoint(0, 0),
            QPoint(0, -240),
            Qt.MouseButton.NoButton,
            Qt.KeyboardModifier.NoModifier,
            Qt.ScrollPhase.NoScrollPhase,
            False,
        )
        QApplication.sendEvent(widget, event)
    assert program.desk.document.project is before


def test_a_finding_is_shown_and_fixed(qtbot: QtBot, program: Program, settle: Settle) -> None:
    fitted_example(qtbot, program, settle)
    finding = next(f for f in program.desk.scene.analysis.findings if f.code == "splitting_wrong")  # type: ignore[union-attr]
    program.window.notes.show_asked.emit(finding)
    assert program.desk.document.selection.region == "S 2p"
    from spectra_core.editing.edits import fix_for

    fix = fix_for(finding, program.desk.scene.analysis.model)  # type: ignore[union-attr]
    assert fix is not None
    program.window.notes.fix_asked.emit(fix)
    doublet = program.desk.scene.region.doublet("PS4")  # type: ignore[union-attr]
    assert doublet.splitting == pytest.approx(1.18, abs=0.03)


def test_what_cannot_be_done_is_said_and_nothing_is_lost(
    qtbot: QtBot, program: Program, settle: Settle, tmp_path: Path
) -> None:
    bad = tmp_path / "picture.vms"
    bad.write_bytes(b"\x89PNG\r\n\x1a\n" + b"0" * 200)
    program.crew.files.open_paths([bad])
    settle(program)
    assert "picture.vms" in program.window.banner.text
    assert program.desk.document.project.spectra == {} or not program.desk.document.project.spectra
    assert isinstance(program.desk.document.project, Project)
