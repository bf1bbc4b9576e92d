"""The metadata of a file in the window: found by right click, the same as on the command line."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest
from click.testing import CliRunner
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication, QMenu, QTreeWidgetItem
from pytestqt.qtbot import QtBot

from doublet.app.cli.main import main as command_line
from doublet.app.program import Program
from doublet.app.views.metadata_dialog import MetadataDialog
from doublet.app.views.spectra_tree import SpectraTree
from spectra_core.project.project import Project, add_spectra
from spectra_core.readers import read


@pytest.fixture
def vgd(vendor: ModuleType, tmp_path: Path) -> Path:
    """A synthetic Avantage depth profile."""
    path = tmp_path / "S2p Scan.VGD"
    path.write_bytes(vendor.vgd())
    return path


@pytest.fixture
def dialog(
    program: Program, settle: Callable[[Program], None], qtbot: QtBot, vgd: Path
) -> MetadataDialog:
    """The dialog, asked for in the menu of the tree."""
    program.desk.document.open(add_spectra(Project(), read(vgd)[:2]), path=None)
    settle(program)
    tree = program.window.findChild(SpectraTree)
    assert tree is not None
    index = tree.model.index_of(next(iter(program.desk.document.project.spectra)))
    tree.view.setCurrentIndex(index)
    tree.view.customContextMenuRequested.emit(tree.view.visualRect(index).center())
    menu = next(w for w in QApplication.topLevelWidgets() if isinstance(w, QMenu) and w.isVisible())
    next(entry for entry in menu.actions() if entry.text() == "Show the metadata…").trigger()
    menu.close()
    found = program.window.findChild(MetadataDialog)
    assert found is not None and found.isVisible()
    return found


def leaves(item: QTreeWidgetItem, above: str = "") -> dict[str, str]:
    """Return the values that are shown, by the names of their branches."""
    found = {}
    for i in range(item.childCount()):
        child = item.child(i)
        if child.isHidden():
            continue
        name = f"{above}{child.text(0)}"
        if child.childCount():
            found |= leaves(child, f"{name}/")
        else:
            found[name] = child.text(1)
    return found


def test_the_menu_of_the_tree_shows_everything_the_file_says(dialog: MetadataDialog) -> None:
    shown = leaves(dialog.tree.invisibleRootItem())
    assert shown["instrument"] == "Thermo K-Alpha"
    assert shown["metadata/properties/pass energy eV"] == "50.0"
    assert shown["variables/etch time/unit"] == "s"


def test_the_copied_text_is_that_of_the_command_line(dialog: MetadataDialog, vgd: Path) -> None:
    dialog.copy.click()
    copied = QGuiApplication.clipboard().text().splitlines()
    printed = CliRunner().invoke(command_line, ["inspect", str(vgd), "--metadata"]).output
    lines = printed.splitlines()
    begin = next(i for i, line in enumerate(lines) if line.startswith(f"{vgd} #0"))
    assert copied == [line[2:] for line in lines[begin + 1 : begin + 1 + len(copied)]]


def test_the_filter_leaves_the_branches_that_have_its_words(
    qtbot: QtBot, dialog: MetadataDialog
) -> None:
    qtbot.keyClicks(dialog.field, "PASS energy")
    assert leaves(dialog.tree.invisibleRootItem()) == {"metadata/properties/pass energy eV": "50.0"}
    dialog.field.setText("properties")
    assert len(leaves(dialog.tree.invisibleRootItem())) > 5
