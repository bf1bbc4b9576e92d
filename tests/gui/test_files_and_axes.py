"""Recent files, questions about several files at once, and axes that cannot be switched."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from doublet.app.program import Program
from doublet.app.views.axis_dialog import AxisDialog
from spectra_core.project.project import Project, add_spectra
from spectra_core.spectrum import Axis, make_spectrum

Settle = Callable[[Program], None]


def columns(file: Path, head: str = "") -> Path:
    """Write two columns; without a head nothing says what the axis is."""
    rows = "\n".join(f"{1300 + 0.1 * i:.1f} {100 + i % 7}" for i in range(80))
    file.write_text(head + rows)
    return file


def listed(program: Program) -> list[str]:
    """Return what the menu of recent files lists."""
    return [entry.text() for entry in program.window.recent_menu.actions()]


def names(program: Program) -> list[str]:
    """Return the files of the open spectra."""
    return [s.source.file for s in program.desk.document.project.spectra.values()]


def question(program: Program) -> AxisDialog:
    """Return the question that is shown."""
    dialog = program.crew.dialogs.current
    assert isinstance(dialog, AxisDialog)
    return dialog


def answer(qtbot: QtBot, program: Program, axis: str) -> None:
    """Choose an axis and open."""
    dialog = question(program)
    dialog.axis.setCurrentIndex(dialog.axis.findData(axis))
    qtbot.mouseClick(dialog.take, Qt.MouseButton.LeftButton)


def test_a_recent_file_opens_from_another_working_folder(
    program: Program, settle: Settle, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "measured"
    folder.mkdir()
    file = columns(folder / "a.txt", "binding energy (eV) counts\n")
    monkeypatch.chdir(tmp_path)
    program.crew.files.open_paths([file])
    settle(program)
    assert listed(program) == [str(file)]
    program.window.recent_menu.actions()[0].trigger()
    settle(program)
    assert names(program) == ["a.txt", "a.txt"]


def test_a_recent_file_that_is_gone_is_said_and_no_longer_listed(
    program: Program, settle: Settle, tmp_path: Path
) -> None:
    file = columns(tmp_path / "a.txt", "binding energy (eV) counts\n")
    program.crew.files.open_paths([file])
    settle(program)
    file.unlink()
    program.window.recent_menu.actions()[0].trigger()
    settle(program)
    assert f"a.txt is no longer in {tmp_path}" in program.window.banner.text
    assert listed(program) == []


def test_every_file_without_an_axis_is_asked_about(
    qtbot: QtBot, program: Program, settle: Settle, tmp_path: Path
) -> None:
    program.crew.files.open_paths([columns(tmp_path / f"{name}.txt") for name in "abc"])
    settle(program)
    for name, axis in zip("abc", ("binding", "raman", "wavelength"), strict=True):
        assert f"{name}.txt" in question(program).windowTitle()
        answer(qtbot, program, axis)
        settle(program)
    assert names(program) == ["a.txt", "b.txt", "c.txt"]
    axes = [s.axis for s in program.desk.document.project.spectra.values()]
    assert axes == [Axis.BINDING_ENERGY, Axis.RAMAN_SHIFT, Axis.WAVELENGTH]


def test_one_answer_may_stand_for_all_files(
    qtbot: QtBot, program: Program, settle: Settle, tmp_path: Path
) -> None:
    given = columns(tmp_path / "a.txt", "# photon energy: 1253.6\n")
    program.crew.files.open_paths([given, *(columns(tmp_path / f"{n}.txt") for n in "bc")])
    settle(program)
    dialog = question(program)
    assert dialog.for_all.isVisible() and "3" in dialog.for_all.text()
    dialog.axis.setCurrentIndex(dialog.axis.findData("kinetic"))
    assert dialog.take.isEnabled()
    dialog.for_all.click()
    assert not dialog.take.isEnabled()  # b and c give no photon energy
    dialog.for_all.click()
    dialog.axis.setCurrentIndex(dialog.axis.findData("binding"))
    dialog.for_all.click()
    answer(qtbot, program, "binding")
    settle(program)
    assert names(program) == ["a.txt", "b.txt", "c.txt"]
    assert program.crew.dialogs.current is None


def test_cancel_says_which_files_were_not_opened(
    qtbot: QtBot, program: Program, settle: Settle, tmp_path: Path
) -> None:
    program.crew.files.open_paths([columns(tmp_path / f"{name}.txt") for name in "abc"])
    settle(program)
    answer(qtbot, program, "binding")
    settle(program)
    question(program).reject()
    assert names(program) == ["a.txt"]
    assert program.window.banner.text.endswith(": b.txt, c.txt.")
    assert program.crew.dialogs.current is None


def test_kinetic_energy_says_what_it_lacks(
    program: Program, settle: Settle, tmp_path: Path
) -> None:
    made = program.window.actions_by_id["kinetic"]
    head = "binding energy (eV) counts\n"
    program.crew.files.open_paths([columns(tmp_path / "a.txt", head)])
    settle(program)
    assert not made.isEnabled() and "photon energy" in made.toolTip()
    program.crew.files.open_paths([columns(tmp_path / "b.txt", f"# photon energy: 1486.6\n{head}")])
    settle(program)
    assert made.isEnabled()


def test_values_just_above_zero_open_no_empty_decades(program: Program) -> None:
    x = np.arange(155.0, 175.0, 0.05)
    mean = 200.0 + 20_000.0 * np.exp(-4 * np.log(2) * (x - 162.0) ** 2)
    y = np.random.default_rng(3).poisson(mean).astype(float)
    y[[20, 120, 300]] = 1e-6, 1e-3, 0.02
    spectrum = make_spectrum(x, y, axis=Axis.BINDING_ENERGY, y_unit="counts", counts=y)
    program.desk.document.open(add_spectra(Project(), [spectrum]))
    program.crew.acting.run("log_y")
    plot = program.window.plot
    tall = plot.position_of(162.0, 200.0).y() - plot.position_of(162.0, 20_000.0).y()
    assert tall > 0.5 * plot.viewport.height()
