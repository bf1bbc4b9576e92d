"""The peak library as a user searches it: by name, by formula, by energy, with the keyboard."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from PySide6.QtCore import Qt, QUrl
from PySide6.QtWidgets import QDialog, QWidget
from pytestqt.qtbot import QtBot

from doublet.app.main import make_application
from doublet.app.theme import theme
from doublet.app.views.library_dialog import LibraryDialog
from doublet.app.views.library_pages import EVERY_LEVEL, entry_page
from spectra_core.library import load_library
from spectra_core.recipe.presets import preset, preset_ids

Make = Callable[..., LibraryDialog]


@pytest.fixture
def make(qtbot: QtBot) -> Iterator[Make]:
    """Return what opens the library over an empty window."""
    make_application()
    window = QWidget()
    qtbot.addWidget(window)
    with qtbot.waitActive(window):
        window.show()

    def open_dialog(*, level: str = "S 2p", can_add: bool = True) -> LibraryDialog:
        shipped = [preset(name) for name in preset_ids()]
        dialog = LibraryDialog(load_library(), shipped, window, level=level, can_add=can_add)
        dialog.open()
        with qtbot.waitActive(dialog):
            dialog.activateWindow()
        return dialog

    yield open_dialog


def names(dialog: LibraryDialog) -> list[str]:
    """Return the first column."""
    items = [dialog.list.topLevelItem(i) for i in range(dialog.list.topLevelItemCount())]
    return [item.text(0) for item in items if item is not None]


@pytest.mark.parametrize("typed", ["PS4", "PS₄³⁻", "ps4(3-)", "thiophosphate"])
def test_a_species_is_found_by_name_and_by_formula(make: Make, typed: str) -> None:
    dialog = make()
    dialog.field.setText(typed)
    assert "PS₄" in names(dialog)


def test_an_energy_finds_the_species_near_it_with_its_distance(qtbot: QtBot, make: Make) -> None:
    dialog = make()
    qtbot.keyClicks(dialog.field, "161.6")
    assert names(dialog)[0] == "PS₄"
    item = dialog.list.topLevelItem(0)
    assert item is not None
    assert item.text(2) == "161.40 ± 0.20 eV"
    assert item.text(3) == "+0.20"
    assert not dialog.list.isColumnHidden(3)


def test_down_and_enter_add_a_species(qtbot: QtBot, make: Make) -> None:
    dialog = make()
    qtbot.keyClicks(dialog.field, "161.6")
    second = names(dialog)[1]
    qtbot.keyClick(dialog.field, Qt.Key.Key_Down)
    with qtbot.waitSignal(dialog.entry_chosen) as said:
        qtbot.keyClick(dialog.field, Qt.Key.Key_Return)
    entry = load_library().entry(said.args[0])  # type: ignore[index]
    assert entry.label == second
    assert dialog.result() == QDialog.DialogCode.Accepted


def test_escape_closes_and_adds_nothing(qtbot: QtBot, make: Make) -> None:
    dialog = make()
    with qtbot.assertNotEmitted(dialog.entry_chosen):
        qtbot.keyClick(dialog.field, Qt.Key.Key_Escape)
    assert not dialog.isVisible()


def test_without_a_spectrum_nothing_can_be_added(qtbot: QtBot, make: Make) -> None:
    dialog = make(can_add=False)
    assert not dialog.add.isEnabled()
    assert "Open a spectrum" in dialog.add.toolTip()
    with qtbot.assertNotEmitted(dialog.entry_chosen):
        qtbot.keyClick(dialog.field, Qt.Key.Key_Return)


def test_what_no_primary_source_states_is_called_unconfirmed(qtbot: QtBot, make: Make) -> None:
    dialog = make()
    qtbot.keyClicks(dialog.field, "P2S5")
    item = dialog.list.currentItem()
    assert item is not None and item.text(4) == "unconfirmed"
    assert "unconfirmed: no primary source" in dialog.detail.toPlainText()


def test_sources_stand_with_their_own_digits_and_flags_in_words(make: Make) -> None:
    dialog = make()
    dialog.field.setText("PS4")
    said = dialog.detail.toPlainText()
    assert "161.4" in said and "Du, ACS Energy Lett. 7, 3006 (2022)" in said
    assert "https://doi.org/10.1021/acsenergylett.2c01637" in dialog.detail.toHtml()
    assert "measured after ion etching" in said
    assert "sputtered" not in said
    assert "charge reference not stated" in said


def test_a_moved_value_is_shown_with_the_printed_one() -> None:
    library = load_library()
    page = entry_page(library, library.entry("xps/li2co3/c1s"))
    assert "289.9" in page and "printed 290.1, moved to the scale of this library" in page


@pytest.mark.parametrize("entry_id", sorted(load_library().entries))
def test_every_entry_has_a_page_that_says_its_status(entry_id: str) -> None:
    library = load_library()
    assert "Status " in entry_page(library, library.entry(entry_id))


def test_another_level_is_offered_where_this_one_has_nothing(qtbot: QtBot, make: Make) -> None:
    dialog = make()
    qtbot.keyClicks(dialog.field, "LiF")
    assert names(dialog) == []
    assert not dialog.add.isEnabled()
    assert "Nothing of S 2p matches" in dialog.detail.toPlainText()
    dialog.detail.anchorClicked.emit(QUrl(EVERY_LEVEL))
    assert "LiF" in names(dialog)


def test_a_preset_that_repeats_a_paper_says_what_it_is_for(qtbot: QtBot, make: Make) -> None:
    dialog = make()
    dialog.show_presets()
    dialog.choose_preset("su2025/fig5f-i")
    said = dialog.preset_detail.toPlainText()
    assert "As reported: for reproduction only" in said
    assert all(warning.split(":")[0] in said for warning in preset("su2025/fig5f-i").warnings[:2])
    with qtbot.waitSignal(dialog.preset_chosen) as chosen:
        qtbot.mouseClick(dialog.add, Qt.MouseButton.LeftButton)
    assert chosen.args == ["su2025/fig5f-i"]


def test_a_recommended_preset_is_not_called_as_reported(make: Make) -> None:
    dialog = make()
    dialog.show_presets()
    dialog.choose_preset("lpscl-cathode")
    assert "As reported" not in dialog.preset_detail.toPlainText()
    assert "Warnings" in dialog.preset_detail.toPlainText()


def test_the_pages_follow_the_scheme(make: Make) -> None:
    dialog = make()
    dialog.field.setText("P2S5")
    light = dialog.detail.toHtml()
    theme().use("dark")
    try:
        assert dialog.detail.toHtml() != light
    finally:
        theme().use("light")
