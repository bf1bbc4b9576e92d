"""What a review of the desktop program asked for, as a user notices it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl, SignalInstance
from PySide6.QtGui import QDragEnterEvent, QDragMoveEvent, QDropEvent, QGuiApplication
from PySide6.QtWidgets import QDialogButtonBox, QLabel, QPlainTextEdit, QWidget
from pytestqt.qtbot import QtBot

from doublet.app.program import Program
from doublet.app.views.axis_dialog import AxisDialog
from doublet.app.views.component_numbers import numbers
from doublet.app.views.link_dialog import LinkDialog
from doublet.app.views.owner_intents import OwnerIntents
from doublet.app.views.owner_menu import owner_menu
from doublet.app.views.pages import ScienceNotes, ShortcutsDialog, TextPage
from doublet.app.views.palette_dialog import CommandPalette
from doublet.app.views.text_dialog import SpeciesDialog
from spectra_core.datafiles import data_path
from spectra_core.model import Link, Term
from spectra_core.project.project import Project, add_spectra
from spectra_core.results.document import program_versions
from spectra_core.spectrum import Axis, Meta, make_spectrum

Settle = Callable[[Program], None]


def lines(
    x: np.ndarray, *peaks: tuple[float, float, float], noise: float = 0.0, floor: float = 100.0
) -> np.ndarray:
    """Return Gaussians (place, height, FWHM) on a constant, with a fixed seed of noise."""
    y = np.full(x.size, floor)
    for center, height, fwhm in peaks:
        y = y + height * np.exp(-4 * np.log(2) * ((x - center) / fwhm) ** 2)
    return y + noise * np.random.default_rng(5).standard_normal(x.size)


def show(program: Program, region: str, x: np.ndarray, y: np.ndarray, **meta: object) -> None:
    """Open a synthetic spectrum, as a file would bring it."""
    spectrum = make_spectrum(
        x,
        y,
        axis=Axis.BINDING_ENERGY,
        y_unit="counts",
        meta=Meta(region=region, sample="synthetic", **meta),  # type: ignore[arg-type]
    )
    program.desk.document.open(add_spectra(Project(), [spectrum]))


# ---------------------------------------------------------------------------------
# The preferred number of starts


def test_the_preferred_number_of_starts_is_that_of_a_preset_and_of_a_new_model(
    program: Program, settle: Settle
) -> None:
    program.desk.prefer(replace(program.desk.preferences, starts=4))
    program.crew.files.open_example()
    settle(program)
    program.crew.spectra.add_preset("su2025/fig5f-i")
    project = program.desk.document.project
    assert {a.options.starts for a in project.analyses.values()} == {4}
    assert program.window.fit_panel.starts.count == 4
    program.crew.spectra.remove_model()
    program.crew.editing.add_entry("xps/ps4/s2p")
    assert program.window.fit_panel.starts.count == 4


# ---------------------------------------------------------------------------------
# A component where the user points


@pytest.fixture
def tungsten(program: Program) -> Program:
    """Return a program with a W 4f spectrum, a level without a species in the library."""
    x = np.arange(28.0, 42.0, 0.05)
    y = lines(x, (32.5, 4000.0, 1.1), (34.67, 3000.0, 1.1), noise=5.0)
    show(program, "W 4f", x, y)
    return program


def test_add_component_here_adds_a_doublet_in_one_step(tungsten: Program) -> None:
    tungsten.window.plot.add_at.emit(32.5)
    assert tungsten.crew.dialogs.current is None
    region = tungsten.desk.scene.region
    assert region is not None
    (doublet,) = region.doublets
    assert doublet.splitting == pytest.approx(2.17)
    assert tungsten.desk.scene.selection.owner == doublet.id
    center = region.component(doublet.major).parameters["center"].value
    assert center == pytest.approx(32.5)
    assert tungsten.desk.document.stack.count() == 1
    tungsten.crew.acting.run("undo")
    assert tungsten.desk.scene.analysis is None


def test_a_level_the_library_does_not_know_is_fitted(tungsten: Program, settle: Settle) -> None:
    tungsten.crew.acting.run("add_unassigned")
    tungsten.crew.acting.run("fit")
    settle(tungsten)
    field = tungsten.window.cards.card("unassigned").field("centre")
    assert field.value == pytest.approx(32.5, abs=0.01)


def test_an_unassigned_component_goes_to_the_largest_excess(tungsten: Program) -> None:
    tungsten.crew.acting.run("add_unassigned")
    region = tungsten.desk.scene.region
    assert region is not None
    center = region.components[0].parameters["center"].value
    assert center == pytest.approx(32.5, abs=0.3)


def test_the_start_height_is_that_of_the_data(tungsten: Program) -> None:
    tungsten.window.plot.add_at.emit(32.5)
    shown = tungsten.desk.scene.region_fit
    assert shown is not None
    height = max(float(curve.max()) for curve in shown.peaks.values())
    assert 2000.0 < height < 6000.0


@pytest.mark.parametrize("region", ["C 1s", "survey"])
def test_a_region_without_a_splitting_gets_a_single_line(program: Program, region: str) -> None:
    x = np.arange(278.0, 296.0, 0.05)
    show(program, region, x, lines(x, (285.0, 900.0, 1.2)))
    program.window.plot.add_at.emit(285.0)
    shown = program.desk.scene.region
    assert shown is not None
    assert not shown.doublets
    assert [c.line for c in shown.components] == [region if region == "C 1s" else ""]
    assert not shown.components[0].species


def test_a_place_outside_the_window_is_refused_in_words(tungsten: Program) -> None:
    tungsten.crew.acting.run("add_unassigned")
    tungsten.crew.editing.set_window(30.0, 38.0)
    tungsten.window.plot.add_at.emit(41.0)
    assert "outside the window" in tungsten.window.banner.text
    assert tungsten.desk.scene.region is not None
    assert len(tungsten.desk.scene.region.doublets) == 1


# ---------------------------------------------------------------------------------
# Cards and table want the same; the species


def test_cards_and_table_say_the_same_intents(program: Program) -> None:
    for view in (program.window.cards, program.window.table.table):
        assert isinstance(view, OwnerIntents)
        for name in vars(OwnerIntents):
            if not name.startswith("_"):
                assert isinstance(getattr(view, name), SignalInstance), name


def test_the_species_is_set_from_the_menu_of_card_and_table(
    program: Program, settle: Settle
) -> None:
    program.crew.files.open_example()
    settle(program)
    program.crew.editing.add_entry("xps/ps4/s2p")
    window, steps = program.window, program.desk.document.stack.count()
    table = window.table.table
    for view, species in ((window.cards, "bridging"), (table, "my own compound")):
        region = program.desk.scene.region
        assert region is not None
        shown = numbers(program.desk.scene)
        assert shown is not None
        entries = {action.text(): action for action in owner_menu(view, shown, "PS4").actions()}
        entries["Species…"].trigger()
        dialog = program.crew.dialogs.current
        assert isinstance(dialog, SpeciesDialog)
        known = [dialog.field.itemText(i) for i in range(dialog.field.count())]
        assert "PS4(3-)" in known
        assert dialog.field.currentText() == (region.components[0].species)
        dialog.field.setCurrentText(species)
        buttons = dialog.findChild(QDialogButtonBox)
        assert buttons is not None
        buttons.button(QDialogButtonBox.StandardButton.Ok).click()
        steps += 1
        assert program.desk.document.stack.count() == steps
        region = program.desk.scene.region
        assert region is not None
        assert {c.species for c in region.components} == {species}
        item = table.topLevelItem(0)
        assert item is not None and species in item.toolTip(0)


# ---------------------------------------------------------------------------------
# Dropped files


def test_dropped_files_are_opened_and_other_things_are_not_taken(
    program: Program, settle: Settle, tmp_path: Path
) -> None:
    file = tmp_path / "mine.csv"
    rows = "\n".join(f"{160 + 0.1 * i:.1f},{100 + i % 7}" for i in range(80))
    file.write_text(f"binding energy (eV),counts\n{rows}\n")
    window, copy = program.window, Qt.DropAction.CopyAction
    button, key = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    words, files = QMimeData(), QMimeData()
    words.setText("161.5")
    files.setUrls([QUrl.fromLocalFile(str(file))])
    for data, taken in ((words, False), (files, True)):
        enter = QDragEnterEvent(QPoint(9, 9), copy, data, button, key)
        move = QDragMoveEvent(QPoint(9, 9), copy, data, button, key)
        drop = QDropEvent(QPointF(9, 9), copy, data, button, key)
        for event in (enter, move, drop):
            event.ignore()
        window.dragEnterEvent(enter)
        window.dragMoveEvent(move)
        window.dropEvent(drop)
        assert [e.isAccepted() for e in (enter, move, drop)] == [taken] * 3
    settle(program)
    assert [s.source.file for s in program.desk.document.project.spectra.values()] == [file.name]


def test_no_part_of_the_window_keeps_dropped_files_for_itself(
    program: Program, settle: Settle
) -> None:
    program.crew.files.open_example()
    settle(program)
    program.crew.spectra.add_preset("su2025/fig5f-i")
    program.crew.editing.choose_owner("PS4")
    takers = [w for w in program.window.findChildren(QWidget) if w.acceptDrops()]
    assert takers == []
    assert program.window.acceptDrops()


# ---------------------------------------------------------------------------------
# Logarithmic intensity


def test_logarithmic_intensity_is_switched_by_its_action(program: Program) -> None:
    made = program.window.actions_by_id["log_y"]
    assert made.isCheckable() and not made.isEnabled()
    x = np.arange(155.0, 175.0, 0.05)
    y = lines(x, (161.5, 5000.0, 1.0), noise=2.0, floor=-1.0)  # half of the floor is below zero
    show(program, "S 2p", x, y)
    plot = program.window.plot
    program.crew.editing.add_component_at(161.5)
    made.trigger()
    assert made.isChecked()
    tens = [plot.position_of(161.5, 10.0**power).y() for power in (1, 2, 3)]
    assert tens[0] - tens[1] == pytest.approx(tens[1] - tens[2], abs=2)
    assert tens[0] - tens[1] > 10
    # What is not above zero lies on screen, at the bottom.
    assert 0 < plot.position_of(170.0, -50.0).y() <= plot.viewport.height()
    assert not program.window.banner.text
    made.trigger()
    assert not made.isChecked()
    even = [plot.position_of(161.5, value).y() for value in (1000.0, 2000.0, 3000.0)]
    assert even[0] - even[1] == pytest.approx(even[1] - even[2], abs=2)


def test_a_spectrum_without_a_positive_value_is_drawn_logarithmically(program: Program) -> None:
    x = np.arange(155.0, 175.0, 0.05)
    show(program, "S 2p", x, np.zeros(x.size))
    program.crew.acting.run("log_y")
    assert program.window.plot.position_of(165.0, 0.0).y() > 0
    assert program.window.plot.picture().width() > 0


# ---------------------------------------------------------------------------------
# Links


def test_a_parameter_linked_again_follows_the_new_one_alone(
    program: Program, settle: Settle
) -> None:
    program.crew.files.open_example()
    settle(program)
    for entry in ("xps/ps4/s2p", "xps/bridging/s2p", "xps/sulfate/s2p"):
        program.crew.editing.add_entry(entry)
    for source in ("PS4", "sulfate"):
        term = Term(1.0, f"S 2p/{source}/fwhm")
        program.crew.editing.link(Link("S 2p/bridging S/fwhm", (term,)))
    assert not program.window.banner.text
    analysis = program.desk.scene.analysis
    assert analysis is not None
    assert [t.source for k in analysis.model.links for t in k.terms] == ["S 2p/sulfate/fwhm"]


def test_a_tied_line_is_not_linked_without_a_reason(program: Program, settle: Settle) -> None:
    program.crew.files.open_example()
    settle(program)
    program.crew.editing.add_entry("xps/ps4/s2p")
    program.crew.editing.add_entry("xps/bridging/s2p")
    before = program.desk.document.project
    term = Term(1.0, "S 2p/PS4/fwhm")
    program.crew.editing.link(Link("S 2p/bridging S 2p1/2/fwhm", (term,)))
    assert "tied by its doublet" in program.window.banner.text
    assert program.desk.document.project is before


# ---------------------------------------------------------------------------------
# Numbers can be copied


def test_statistics_and_notes_can_be_marked_and_copied(
    qtbot: QtBot, program: Program, settle: Settle
) -> None:
    program.crew.files.open_example()
    settle(program)
    program.crew.spectra.add_preset("su2025/fig5f-i")
    program.crew.acting.run("fit")
    settle(program)
    analysis, fit = program.desk.scene.analysis, program.desk.scene.region_fit
    assert analysis is not None and analysis.findings and fit is not None
    left = Qt.MouseButton.LeftButton
    chi = f"{fit.statistics.reduced_chi_square:.2f}"
    figure = next(w for w in program.window.fit_panel.findChildren(QLabel) if w.text() == chi)
    control = Qt.KeyboardModifier.ControlModifier
    qtbot.mouseClick(figure, left)
    qtbot.keyClick(figure, Qt.Key.Key_A, control)
    assert figure.selectedText() == chi
    qtbot.keyClick(figure, Qt.Key.Key_C, control)
    assert QGuiApplication.clipboard().text() == chi
    message = analysis.findings[0].message
    words = [w for w in program.window.notes.findChildren(QLabel) if message[1:] in w.text()]
    assert words[0].textInteractionFlags() & Qt.TextInteractionFlag.TextSelectableByMouse


# ---------------------------------------------------------------------------------
# What the axis is


def asked_axis(program: Program, settle: Settle, file: Path, head: str = "") -> AxisDialog:
    """Open two columns without a name and return the question about them."""
    file.write_text(head + "\n".join(f"{1300 + 0.1 * i:.1f} {100 + i % 7}" for i in range(80)))
    program.crew.files.open_paths([file])
    settle(program)
    dialog = program.crew.dialogs.current
    assert isinstance(dialog, AxisDialog)
    return dialog


def test_no_axis_is_chosen_beforehand(program: Program, settle: Settle, tmp_path: Path) -> None:
    dialog = asked_axis(program, settle, tmp_path / "data.txt")
    assert dialog.axis.value == "" and dialog.photon.text() == ""
    assert not dialog.take.isEnabled()
    dialog.axis.setCurrentIndex(dialog.axis.findData("binding"))
    assert dialog.take.isEnabled()


def test_a_kinetic_axis_needs_a_typed_photon_energy(
    qtbot: QtBot, program: Program, settle: Settle, tmp_path: Path
) -> None:
    dialog = asked_axis(program, settle, tmp_path / "data.txt")
    dialog.axis.setCurrentIndex(dialog.axis.findData("kinetic"))
    assert not dialog.take.isEnabled()
    for typed, whole in (("x", False), ("0", False), ("1486.7", True)):
        dialog.photon.clear()
        qtbot.keyClicks(dialog.photon, typed)
        assert dialog.take.isEnabled() is whole, typed
    qtbot.mouseClick(dialog.take, Qt.MouseButton.LeftButton)
    settle(program)
    (spectrum,) = program.desk.document.project.spectra.values()
    assert spectrum.axis is Axis.KINETIC_ENERGY
    assert spectrum.meta.excitation_energy_ev == 1486.7


def test_a_photon_energy_of_the_file_is_shown_and_kept(
    qtbot: QtBot, program: Program, settle: Settle, tmp_path: Path
) -> None:
    head = "# photon energy: 1253.6\n"
    dialog = asked_axis(program, settle, tmp_path / "data.txt", head)
    assert "1253.6" in dialog.photon.placeholderText()
    dialog.axis.setCurrentIndex(dialog.axis.findData("kinetic"))
    qtbot.mouseClick(dialog.take, Qt.MouseButton.LeftButton)
    settle(program)
    (spectrum,) = program.desk.document.project.spectra.values()
    assert spectrum.meta.excitation_energy_ev == 1253.6


# ---------------------------------------------------------------------------------
# Help


def test_the_page_of_keys_is_searched_by_words_and_by_keys(qtbot: QtBot, program: Program) -> None:
    program.crew.acting.run("shortcuts")
    page = program.crew.dialogs.current
    assert isinstance(page, ShortcutsDialog)
    whole = page.shown()
    qtbot.keyClicks(page.search, "unassigned")
    assert page.shown() == ["Add unassigned component", "Add an unassigned component"]
    page.search.clear()
    qtbot.keyClicks(page.search, "ctrl+g")
    assert page.shown() == ["Logarithmic intensity"]
    qtbot.keyClicks(page.search, "zzz")
    assert page.shown() == []
    assert any("No action has" in w.text() for w in page.findChildren(QLabel))
    qtbot.keyClick(page.search, Qt.Key.Key_Return)
    assert page.isVisible()
    page.search.clear()
    assert page.shown() == whole


def test_chapters_of_the_science_notes_are_reached(qtbot: QtBot, program: Program) -> None:
    program.crew.acting.run("notes")
    page = program.crew.dialogs.current
    assert isinstance(page, ScienceNotes)
    text = data_path("resources", "help", "science-notes.md").read_text("utf-8")
    named = [line[3:] for line in text.splitlines() if line.startswith("## ")]
    items = [page.chapters.item(i) for i in range(page.chapters.count())]
    assert [item.text() for item in items] == named
    for item in reversed(items):
        place = page.chapters.visualItemRect(item).center()
        qtbot.mouseClick(page.chapters.viewport(), Qt.MouseButton.LeftButton, pos=place)
        assert page.browser.textCursor().selectedText() == item.text()
        assert page.browser.viewport().rect().contains(page.browser.cursorRect())
    at_top = page.browser.cursorForPosition(QPoint(30, 20)).block().text()
    assert at_top == named[0]


def test_the_science_notes_are_searched(qtbot: QtBot, program: Program) -> None:
    program.crew.acting.run("notes")
    page = program.crew.dialogs.current
    assert isinstance(page, ScienceNotes)
    qtbot.keyClicks(page.search, "tougaard")
    first = page.browser.textCursor()
    assert first.selectedText().casefold() == "tougaard"
    qtbot.keyClick(page.search, Qt.Key.Key_Return)
    second = page.browser.textCursor()
    assert second.selectionStart() > first.selectionStart()
    assert page.isVisible()
    page.search.clear()
    qtbot.keyClicks(page.search, "zzzz")
    assert not page.browser.textCursor().hasSelection()
    assert any(w.text() == "Not found." for w in page.findChildren(QLabel))


# ---------------------------------------------------------------------------------
# Dialogs looked at


@pytest.fixture
def joint(program: Program, settle: Settle) -> Program:
    """Return a program with a joint fit of S 2p and P 2p."""
    program.crew.files.open_joint_example()
    settle(program)
    spectra = program.desk.document.project.spectra
    program.crew.spectra.add_preset("lpscl-cathode", list(spectra)[:2])
    program.crew.fitting.fit_shown()
    settle(program)
    return program


def test_the_best_match_of_the_palette_is_the_action_of_that_name(joint: Program) -> None:
    joint.crew.program_dialogs.palette("fit")
    palette = joint.crew.dialogs.current
    assert isinstance(palette, CommandPalette)
    assert palette.shown()[0] == "fit"


def test_a_comparison_says_its_verdict_once(joint: Program, settle: Settle) -> None:
    joint.crew.acting.run("compare")
    settle(joint)
    page = joint.crew.dialogs.current
    assert isinstance(page, TextPage)
    lines_shown = page.findChildren(QPlainTextEdit)[0].toPlainText().splitlines()
    assert len(set(lines_shown)) == len(lines_shown)


def test_the_link_dialog_begins_with_a_link_that_can_be_made(
    program: Program, settle: Settle
) -> None:
    program.crew.files.open_example()
    settle(program)
    for entry in ("xps/ps4/s2p", "xps/bridging/s2p", "xps/sulfite/s2p"):
        program.crew.editing.add_entry(entry)
    term = Term(1.0, "S 2p/PS4/fwhm")
    program.crew.editing.link(Link("S 2p/bridging S/fwhm", (term,)))
    program.crew.model_dialogs.link("S 2p/PS4/fwhm")
    dialog = program.crew.dialogs.current
    assert isinstance(dialog, LinkDialog)
    assert dialog.owner.value == "sulfite"  # the first would follow from itself
    link = next(b for b in dialog.buttons.buttons() if b.text() == "Link")
    assert link.isEnabled()


def test_versions_begin_with_the_program(program: Program) -> None:
    program.crew.acting.run("about")
    page = program.crew.dialogs.current
    assert page is not None
    text = page.findChildren(QPlainTextEdit)[0].toPlainText()
    assert text.splitlines()[0] == f"doublet {program_versions()['version']}"
    picture = next(w for w in page.findChildren(QLabel) if not w.pixmap().isNull())
    words = next(w for w in page.findChildren(QLabel) if w.text() == "Doublet")
    assert words.x() - picture.x() < 100


def test_the_fields_of_the_axis_question_keep_their_height(
    qtbot: QtBot, program: Program, settle: Settle, tmp_path: Path
) -> None:
    dialog = asked_axis(program, settle, tmp_path / "data.txt")
    before = dialog.axis.height()
    dialog.axis.setCurrentIndex(dialog.axis.findData("kinetic"))
    qtbot.wait(50)
    assert dialog.axis.height() == before
