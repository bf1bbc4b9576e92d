"""The table of components: edited in place, sorted, copied, dragged into a ratio."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QLineEdit
from pytestqt.qtbot import QtBot

from doublet.app.views.component_cards import OWNER_MIME
from doublet.app.views.component_table import ComponentTable

if TYPE_CHECKING:
    from .conftest import Scenes


@pytest.fixture
def table(qtbot: QtBot, scenes: Scenes) -> ComponentTable:
    view = ComponentTable()
    view.resize(1000, 220)
    qtbot.addWidget(view)
    view.show()
    view.show_scene(scenes.fitted)
    return view


def edit(qtbot: QtBot, table: ComponentTable, column: int, text: str) -> QLineEdit:
    item = table.topLevelItem(0)
    assert item is not None
    table.setCurrentItem(item, column)
    table.editItem(item, column)
    editor = table.viewport().findChild(QLineEdit)
    assert isinstance(editor, QLineEdit)
    editor.selectAll()
    qtbot.keyClicks(editor, text)
    return editor


def test_a_row_for_each_owner_and_its_lines_below(table: ComponentTable) -> None:
    rows = [table.topLevelItem(i) for i in range(table.topLevelItemCount())]
    assert [row.childCount() for row in rows if row] == [2, 2, 2, 0]


def test_states_are_words(table: ComponentTable, scenes: Scenes) -> None:
    sulfate = table.topLevelItem(2)
    assert sulfate is not None
    assert "FWHM at bound" in sulfate.text(7)
    table.show_scene(scenes.disabled)
    assert table.topLevelItem(2) is sulfate
    assert sulfate.text(7) == "disabled"


def test_a_number_is_sent_once_when_the_cell_is_left(qtbot: QtBot, table: ComponentTable) -> None:
    heard: list[tuple[str, float]] = []
    table.value_edited.connect(lambda path, value: heard.append((path, value)))
    editor = edit(qtbot, table, 2, "161.61234")
    assert heard == []
    with qtbot.waitSignal(table.value_edited):
        qtbot.keyClick(editor, Qt.Key.Key_Return)
    assert heard == [("S 2p/PS4 2p3/2/center", 161.61234)]


def test_what_is_no_number_is_explained(qtbot: QtBot, table: ComponentTable) -> None:
    editor = edit(qtbot, table, 2, "about 161")
    with qtbot.waitSignal(table.refused) as blocker:
        qtbot.keyClick(editor, Qt.Key.Key_Return)
    assert "about 161" in blocker.args[0]


def test_a_redraw_keeps_what_is_being_typed_and_what_is_open(
    qtbot: QtBot, table: ComponentTable, scenes: Scenes
) -> None:
    first = table.topLevelItem(0)
    assert first is not None
    first.setExpanded(True)
    editor = edit(qtbot, table, 2, "161.")
    table.show_scene(scenes.stale)
    assert table.topLevelItem(0) is first
    assert first.isExpanded()
    assert editor.isVisible()
    assert editor.text() == "161."


def test_a_label_is_edited_as_it_was_written(qtbot: QtBot, table: ComponentTable) -> None:
    item = table.topLevelItem(0)
    assert item is not None
    assert item.text(0) == "PS₄³⁻"
    table.setCurrentItem(item, 0)
    table.editItem(item, 0)
    editor = table.viewport().findChild(QLineEdit)
    assert isinstance(editor, QLineEdit)
    assert editor.text() == "PS4(3-)"


def test_a_spreadsheet_takes_the_copy_with_all_digits(
    table: ComponentTable, scenes: Scenes
) -> None:
    table.copy()
    rows = [line.split("\t") for line in QApplication.clipboard().text().splitlines()]
    assert {len(row) for row in rows} == {10}
    assert len(rows) == 1 + 7
    fit = scenes.fitted.fit
    assert fit is not None
    assert float(rows[1][2]) == pytest.approx(fit.value("S 2p/PS4 2p3/2/center"), rel=1e-7)
    assert float(rows[1][3]) == pytest.approx(fit.stderr("S 2p/PS4 2p3/2/center"), rel=1e-2)


def test_only_the_chosen_rows_are_copied(table: ComponentTable) -> None:
    for number in (0, 3):
        item = table.topLevelItem(number)
        assert item is not None
        item.setSelected(True)
    assert len(table.text().splitlines()) == 1 + 2 + 1


def test_areas_are_sorted_as_numbers(table: ComponentTable) -> None:
    table.sortByColumn(4, Qt.SortOrder.AscendingOrder)
    first = table.topLevelItem(0)
    assert first is not None
    assert first.text(0) == "SO₄²⁻"


def test_a_row_carries_its_owner_into_a_ratio(table: ComponentTable) -> None:
    line = table.topLevelItem(1)
    assert line is not None
    child = line.child(0)
    assert child is not None
    data = table.mimeData([child])
    assert bytes(data.data(OWNER_MIME).data()) == b"bridge"


def test_the_chosen_component_is_the_current_row(table: ComponentTable, scenes: Scenes) -> None:
    heard: list[str] = []
    table.owner_chosen.connect(heard.append)
    scene = scenes.fitted
    table.show_scene(replace(scene, selection=replace(scene.selection, owner="sulfate")))
    current = table.currentItem()
    assert current is not None
    assert current.text(0) == "SO₄²⁻"
    assert heard == []
