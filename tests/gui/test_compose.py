"""A composed figure is seen before it is copied or written, and is what was seen."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

import spectra_core as sc
from doublet.app.program import Program
from doublet.app.views.compose_dialog import ComposeDialog
from spectra_core.project.project import Project, add_analysis, add_spectra, set_result

X = np.linspace(158.0, 166.0, 161)


@pytest.fixture(scope="module")
def project() -> Project:
    """Return two fitted samples of synthetic counts."""
    made = Project()
    region = sc.add_component(
        sc.Region("S 2p", (158.0, 166.0), sc.Background("constant")),
        *("PS4", "gaussian"),
        center=(162.0, 161.0, 163.0),
        fwhm=(1.2, 0.5, 3.0),
    )
    for seed, sample in enumerate(("cell 1", "cell 2")):
        peak = 4000.0 * np.exp(-2.77 * ((X - 162.0) / 1.2) ** 2)
        counts = np.random.default_rng(seed).poisson(300.0 + peak).astype(float)
        data = sc.make_spectrum(X, counts, sc.Axis.BINDING_ENERGY, y_unit="counts")
        data = replace(data, meta=replace(data.meta, sample=sample, comment="SYNTHETIC"))
        before = set(made.spectra)
        made = add_spectra(made, [data])
        (key,) = set(made.spectra) - before
        made = add_analysis(made, sc.Model((region,)), {"S 2p": key})
        analysis = list(made.analyses)[-1]
        made = set_result(made, analysis, sc.fit(data, sc.Model((region,))))
    return made


@pytest.fixture
def dialog(program: Program, project: Project, qtbot: QtBot) -> ComposeDialog:
    """Return the dialog with its first picture."""
    program.desk.document.open(project)
    program.crew.acting.run("compose")
    shown = program.crew.dialogs
    qtbot.waitUntil(lambda: isinstance(shown.current, ComposeDialog), timeout=30_000)
    found = shown.current
    qtbot.waitUntil(lambda: bool(found.said.text()), timeout=60_000)
    return found


def test_the_picture_follows_what_is_chosen(dialog: ComposeDialog, qtbot: QtBot) -> None:
    first = dialog.said.text()
    assert first.startswith("175 x ")
    assert not dialog.picture.pixmap().isNull()
    dialog.width_choice.set_value("85")
    dialog.width_choice.currentIndexChanged.emit(1)
    qtbot.waitUntil(lambda: dialog.said.text().startswith("85 x "), timeout=60_000)


def test_without_a_sample_it_says_so_and_writes_nothing(
    dialog: ComposeDialog, qtbot: QtBot
) -> None:
    for i in range(dialog.samples.count()):
        dialog.samples.item(i).setCheckState(Qt.CheckState.Unchecked)
    qtbot.waitUntil(lambda: "no fitted spectrum" in dialog.said.text(), timeout=60_000)
    assert not dialog.export.isEnabled() and not dialog.copy.isEnabled()


def test_a_copy_is_a_picture_and_svg(dialog: ComposeDialog, qtbot: QtBot) -> None:
    QGuiApplication.clipboard().setText("before")
    dialog.copy.click()
    clipboard = QGuiApplication.clipboard()
    qtbot.waitUntil(lambda: clipboard.mimeData().hasImage(), timeout=60_000)
    assert b"<svg" in clipboard.mimeData().data("image/svg+xml").data()


def test_the_file_has_the_order_of_the_list(
    dialog: ComposeDialog, program: Program, tmp_path: Path, settle: Callable
) -> None:
    dialog.samples.insertItem(0, dialog.samples.takeItem(1))
    asked = []
    dialog.export_asked.connect(asked.append)
    dialog.export.click()
    (how,) = asked
    assert [dialog.samples.item(i).text() for i in range(2)] == ["cell 2", "cell 1"]
    assert how.fits == tuple(dialog.samples.item(i).data(Qt.ItemDataRole.UserRole) for i in (0, 1))
    from spectra_core.project.recipes import run_from_project

    fits = {record.id: record for record in run_from_project(program.desk.document.project).fits}
    program.crew.composing.write(fits, how, str(tmp_path / "figure.pdf"))
    settle(program)
    assert (tmp_path / "figure.pdf").read_bytes().startswith(b"%PDF")


def test_the_names_of_the_samples_are_whole_lines(qtbot: QtBot) -> None:
    parent = QWidget()
    qtbot.addWidget(parent)
    names = [(f"s{i}", f"a long name of a composite cathode, charged to 4.{i} V") for i in range(4)]
    dialog = ComposeDialog(names, parent)
    dialog.show()
    for i, (_, name) in enumerate(names):
        item = dialog.samples.item(i)
        box = dialog.samples.visualItemRect(item)
        assert box.height() >= dialog.samples.fontMetrics().height() + 4
        assert box.width() <= dialog.samples.viewport().width()
        assert " ".join(item.toolTip().split()) == name
