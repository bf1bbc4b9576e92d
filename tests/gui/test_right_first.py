"""Nothing blocked, no wrong state: what a user met in the window. All spectra are synthetic."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from doublet.app.program import Program
from spectra_core.model import get_parameter
from spectra_core.project.project import RatioDefinition

Settle = Callable[[Program], None]


def band(x: np.ndarray, center: float, fwhm: float, area: float) -> np.ndarray:
    """Return a Gaussian of an area."""
    sigma = fwhm / 2.3548200450309493
    return area / (sigma * np.sqrt(2 * np.pi)) * np.exp(-(((x - center) / sigma) ** 2) / 2)


def write_columns(path: Path, head: str, x: np.ndarray, y: np.ndarray) -> Path:
    counts = np.random.default_rng(5).poisson(y)
    rows = "\n".join(f"{a:.3f}\t{b}" for a, b in zip(x, counts, strict=True))
    path.write_text(f"{head}\n{rows}\n")
    return path


def opened(program: Program, settle: Settle, path: Path) -> None:
    program.crew.files.open_paths([path])
    settle(program)
    assert len(program.desk.document.project.spectra) == 1


# ---------------------------------------------------------------------------------
# A component can be added to any spectrum


def raman_file(folder: Path) -> Path:
    x = np.arange(350.0, 500.0, 0.5)
    return write_columns(
        folder / "pellet.txt",
        "Raman shift (cm-1)\tcounts",
        x,
        200 + band(x, 425.0, 9.0, 20_000.0),
    )


def nameless_file(folder: Path) -> Path:
    x = np.arange(157.0, 168.0, 0.05)
    y = 300 + band(x, 161.6, 1.2, 3000.0) + band(x, 162.78, 1.2, 1500.0)
    return write_columns(folder / "export.txt", "binding energy (eV)\tcounts", x, y)


@pytest.mark.parametrize(
    ("write", "entry", "center"),
    [(raman_file, "raman/ps4/a1", 425.0), (nameless_file, "xps/ps4/s2p", 161.6)],
    ids=["raman", "nameless"],
)
def test_a_species_can_be_added_to_a_spectrum_without_a_name(
    program: Program,
    settle: Settle,
    tmp_path: Path,
    write: Callable[[Path], Path],
    entry: str,
    center: float,
) -> None:
    opened(program, settle, write(tmp_path))
    program.crew.editing.add_entry(entry)
    assert program.window.banner.text == ""
    program.crew.acting.run("fit")
    settle(program)
    fit, region = program.desk.scene.fit, program.desk.scene.region
    assert fit is not None and region is not None and program.desk.scene.fitted
    first = region.components[0].id
    assert fit.value(f"{region.name}/{first}/center") == pytest.approx(center, abs=0.2)


@pytest.mark.parametrize("write", [raman_file, nameless_file])
def test_an_unassigned_component_can_be_added_to_a_spectrum_without_a_name(
    program: Program, settle: Settle, tmp_path: Path, write: Callable[[Path], Path]
) -> None:
    opened(program, settle, write(tmp_path))
    program.crew.acting.run("add_unassigned")
    assert program.window.banner.text == ""
    assert program.desk.scene.selection.owner == "unassigned"


@pytest.mark.parametrize("name", ["background", "region", " S 2p / 3 ", ""])
def test_no_name_of_a_spectrum_keeps_components_out(
    program: Program, settle: Settle, tmp_path: Path, name: str
) -> None:
    opened(program, settle, nameless_file(tmp_path))
    program.crew.spectra.rename_region("s1", name)
    program.crew.acting.run("add_unassigned")
    assert program.window.banner.text == ""
    assert program.desk.scene.selection.owner == "unassigned"


# ---------------------------------------------------------------------------------
# Delete acts on what is chosen


@pytest.fixture
def modelled(program: Program, settle: Settle, tmp_path: Path) -> Program:
    """Return a program with two components on a spectrum, the first one chosen."""
    opened(program, settle, nameless_file(tmp_path))
    program.crew.spectra.rename_region("s1", "S 2p")
    program.crew.editing.add_entry("xps/ps4/s2p")
    program.crew.editing.add_entry("xps/bridging/s2p")
    program.crew.editing.choose_owner("PS4")
    program.window.activateWindow()
    QApplication.processEvents()
    return program


def press(qtbot: QtBot, widget: QWidget, key: Qt.Key, shift: bool = False) -> None:
    widget.setFocus()
    modifier = Qt.KeyboardModifier.ShiftModifier if shift else Qt.KeyboardModifier.NoModifier
    qtbot.keyClick(widget, key, modifier)


def owners(program: Program) -> list[str]:
    region = program.desk.scene.region
    return [] if region is None else [d.id for d in region.doublets]


PLACES: dict[str, Callable[[Program], QWidget]] = {
    "plot": lambda p: p.window.plot,
    "tree": lambda p: p.window.tree.view,
    "table": lambda p: p.window.table.table,
    "history": lambda p: p.window.history.steps,
    "choice": lambda p: p.window.background.kind,
}


@pytest.mark.parametrize("place", PLACES)
def test_delete_acts_on_the_chosen_component_wherever_the_focus_is(
    qtbot: QtBot, modelled: Program, place: str
) -> None:
    for tab in (modelled.window.table, modelled.window.history):
        if place in ("table", "history") and tab.isAncestorOf(PLACES[place](modelled)):
            modelled.window.show_tab(tab)
    press(qtbot, PLACES[place](modelled), Qt.Key.Key_Delete)
    region = modelled.desk.scene.region
    assert region is not None
    assert not region.component("PS4 2p3/2").enabled
    press(qtbot, PLACES[place](modelled), Qt.Key.Key_Delete, shift=True)
    assert owners(modelled) == ["bridging S"]
    assert len(modelled.desk.document.project.spectra) == 1


def test_delete_in_a_field_deletes_a_character(qtbot: QtBot, modelled: Program) -> None:
    field = modelled.window.cards.card("PS4").field("centre")
    field.setFocus()
    field.setText("161.60")
    field.setCursorPosition(0)
    qtbot.keyClick(field, Qt.Key.Key_Delete)
    assert field.text() == "61.60"
    region = modelled.desk.scene.region
    assert region is not None and region.component("PS4 2p3/2").enabled


def test_delete_in_the_tree_removes_spectra_where_no_component_is_chosen(
    qtbot: QtBot, modelled: Program
) -> None:
    modelled.crew.editing.choose_owner("")
    press(qtbot, modelled.window.tree.view, Qt.Key.Key_Delete)
    assert len(modelled.desk.document.project.spectra) == 0
    modelled.crew.acting.run("undo")
    assert owners(modelled) == ["PS4", "bridging S"]


def test_delete_in_the_ratios_removes_the_chosen_ratio(
    qtbot: QtBot, modelled: Program, settle: Settle
) -> None:
    definition = RatioDefinition("S/PS4", ("bridging S",), ("PS4",))
    modelled.crew.editing.define_ratio(definition)
    modelled.crew.acting.run("fit")
    settle(modelled)
    modelled.window.show_tab(modelled.window.ratios)
    modelled.window.ratios.table.selectRow(0)
    modelled.crew.editing.choose_owner("PS4")
    press(qtbot, modelled.window.ratios.table, Qt.Key.Key_Delete)
    assert modelled.desk.document.project.ratios == ()
    assert owners(modelled) == ["PS4", "bridging S"]


# ---------------------------------------------------------------------------------
# What is refused says what would help


def type_value(qtbot: QtBot, program: Program, owner: str, name: str, text: str) -> None:
    field = program.window.cards.card(owner).field(name)
    field.setFocus()
    field.selectAll()
    qtbot.keyClicks(field, text)
    qtbot.keyClick(field, Qt.Key.Key_Return)


def test_a_value_outside_its_bounds_offers_to_widen_them(qtbot: QtBot, modelled: Program) -> None:
    banner, path = modelled.window.banner, "S 2p/PS4/fwhm"
    modelled.crew.editing.set_bounds(path, 0.8, 1.4)
    type_value(qtbot, modelled, "PS4", "FWHM", "1.9")
    assert "outside the bounds" in banner.text
    assert "1.9" in banner.help.text()
    qtbot.mouseClick(banner.help, Qt.MouseButton.LeftButton)
    assert banner.text == ""
    analysis = modelled.desk.scene.analysis
    assert analysis is not None
    given = get_parameter(analysis.model, path)
    assert given.value == pytest.approx(1.9)
    assert given.max > 1.9
    modelled.crew.acting.run("undo")
    analysis = modelled.desk.scene.analysis
    assert analysis is not None and get_parameter(analysis.model, path).max == 1.4


def test_where_no_bounds_would_help_none_are_offered(qtbot: QtBot, modelled: Program) -> None:
    type_value(qtbot, modelled, "PS4", "FWHM", "-1")
    assert "outside the bounds" in modelled.window.banner.text
    assert modelled.window.banner.help.isHidden()


def test_each_of_several_failed_files_has_its_sentence(
    qtbot: QtBot,
    program: Program,
    settle: Settle,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    for name in ("a.vms", "b.vms", "c.spe"):
        (tmp_path / name).write_text("nothing that is a spectrum")
    good = nameless_file(tmp_path)
    program.crew.files.open_paths([good, *(tmp_path / n for n in ("a.vms", "b.vms", "c.spe"))])
    settle(program)
    banner = program.window.banner
    assert "There are 2 more." in banner.text
    assert banner.each == ()
    qtbot.mouseClick(banner.all, Qt.MouseButton.LeftButton)
    for name in ("a.vms", "b.vms", "c.spe"):
        assert len([s for s in banner.each if name in s]) == 1, name
        assert [r for r in caplog.records if name in r.message], name
