"""The spectra tree as a user uses it: read, filter, walk with the keys, choose several.

All spectra are synthetic.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QModelIndex, Qt
from pytestqt.qtbot import QtBot

from doublet.app.program import Program
from doublet.app.views.spectra_tree import SpectraTree
from spectra_core.model import Background, Model, Parameter, Region, add_doublet
from spectra_core.project.project import Project, add_spectra
from spectra_core.runs.simulate import Acquisition, simulate
from spectra_core.spectrum import Source, Spectrum

LONG = "Li6PS5Cl cathode composite after one hundred cycles at 60 degrees in argon"
NO_STEP = {"level": Parameter(300.0), "step": Parameter(0.01)}


def draw(sample: str) -> Spectrum:
    """One synthetic S 2p spectrum."""
    region = Region("S 2p", (157.0, 170.0), Background("shirley", parameters=NO_STEP))
    region = add_doublet(region, "PS4", "S 2p", area=900.0, center=161.7, fwhm=1.2, mix=0.3)
    acquisition = Acquisition(0.1, 0.1, 10, 1486.6, sample=sample, peak_counts=1e4)
    return simulate(Model((region,)), acquisition, np.random.default_rng(3))[0]


@pytest.fixture
def tree(program: Program, settle: Callable[[Program], None]) -> SpectraTree:
    """Two samples, the first with two spectra."""
    project = add_spectra(Project(), [draw(LONG), draw(LONG), draw("pellet")])
    program.desk.document.open(project, path=None)
    settle(program)
    found = program.window.findChild(SpectraTree)
    assert found is not None
    return found


def tip(tree: SpectraTree, index: QModelIndex) -> str:
    """Return what is read when the mouse rests on a row."""
    return str(tree.model.data(index, Qt.ItemDataRole.ToolTipRole))


def test_a_shortened_sample_name_is_read_in_full_with_the_number_of_its_spectra(
    tree: SpectraTree,
) -> None:
    said = tip(tree, tree.model.index(0, 0))
    assert "after one hundred cycles at 60 degrees in argon" in " ".join(said.split())
    assert said.endswith("2 spectra")
    assert tip(tree, tree.model.index(1, 0)).endswith("1 spectrum")


def test_the_state_of_a_fit_is_said_in_words(tree: SpectraTree, program: Program) -> None:
    key = tuple(program.desk.document.project.spectra)[2]
    index = tree.model.index_of(key)
    assert tip(tree, index).endswith("no model")
    spoken = tree.model.data(index, Qt.ItemDataRole.AccessibleTextRole)
    assert spoken.endswith("no model")


def test_the_filter_leaves_what_holds_all_its_words(qtbot: QtBot, tree: SpectraTree) -> None:
    qtbot.keyClicks(tree.filter, "PELLET 2p")
    assert tree.model.rowCount() == 1
    assert tip(tree, tree.model.index(0, 0)).startswith("pellet")
    tree.filter.clear()
    assert tree.model.rowCount() == 2


def test_arrows_walk_through_the_spectra_and_shift_chooses_several(
    qtbot: QtBot, tree: SpectraTree, program: Program
) -> None:
    first, second, _ = program.desk.document.project.spectra
    program.crew.spectra.choose((first,))
    qtbot.keyClick(tree.view, Qt.Key.Key_Down)
    assert program.desk.document.selection.spectra == (second,)
    qtbot.keyClick(tree.view, Qt.Key.Key_Up, Qt.KeyboardModifier.ShiftModifier)
    assert set(program.desk.document.selection.spectra) == {first, second}


def test_a_name_that_needs_a_second_line_in_a_narrow_tree_gets_its_height(
    qtbot: QtBot, tree: SpectraTree
) -> None:
    # A widget of its own, so that no dock decides the width.
    tree.setParent(None)
    qtbot.addWidget(tree)
    index = tree.model.index(0, 0)
    tree.resize(1200, 400)
    tree.show()
    qtbot.waitExposed(tree)
    wide = tree.view.visualRect(index).height()
    tree.resize(260, 400)
    qtbot.waitUntil(lambda: tree.view.visualRect(index).height() > wide, timeout=5000)


def test_samples_of_one_name_in_two_files_are_two_groups_that_can_be_told_apart(
    tree: SpectraTree, program: Program, settle: Callable[[Program], None]
) -> None:
    spectra = [
        replace(draw("NORM"), source=Source("run.vms", path=f"/data/{folder}/run.vms"))
        for folder in ("monday", "tuesday")
    ]
    program.desk.document.open(add_spectra(Project(), spectra), path=None)
    settle(program)
    groups = [tip(tree, tree.model.index(row, 0)).splitlines()[0] for row in range(2)]
    (name,) = {spectrum.meta.sample for spectrum in spectra}
    assert groups == [f"{name} (monday)", f"{name} (tuesday)"]
