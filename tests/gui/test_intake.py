"""A folder or several files of text: what is guessed, said, confirmed once. Synthetic spectra."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from doublet.app.program import Program
from doublet.app.views.axis_dialog import AxisDialog
from doublet.app.views.intake_dialog import IntakeDialog
from spectra_core.project.intake import incoming
from spectra_core.readers import ReadOptions, read
from spectra_core.spectrum import Axis

Settle = Callable[[Program], None]
PLACES = {"S2p": (157.0, 168.0, 161.6), "P2p": (128.0, 137.0, 131.9)}


def columns(path: Path, level: str, head: str = "") -> Path:
    """Write two columns around the lines of a level."""
    low, high, center = PLACES[level]
    x = np.arange(low, high, 0.1)
    y = np.random.default_rng(2).poisson(200 + 900 * np.exp(-(((x - center) / 0.7) ** 2)))
    rows = "\n".join(f"{a:.2f}\t{b}" for a, b in zip(x, y, strict=True))
    path.write_text(f"{head}{rows}\n")
    return path


def asked(program: Program) -> IntakeDialog:
    dialog = program.crew.dialogs.current
    assert isinstance(dialog, IntakeDialog)
    return dialog


@pytest.mark.parametrize(
    ("name", "head", "region", "why"),
    [
        ("S2p.txt", "binding energy (eV)\tcounts\n", "S 2p", ""),  # the reader takes it
        ("x1.txt", "binding energy (eV)\tcounts\n", "S 2p", "its range, 157 to 167.9 eV"),
        ("x1.txt", "Raman shift (cm-1)\tcounts\n", "", ""),
    ],
)
def test_a_region_is_guessed_from_name_or_range_and_says_from_which(
    tmp_path: Path, name: str, head: str, region: str, why: str
) -> None:
    (one,) = incoming(read(columns(tmp_path / name, "S2p", head)))
    assert (one.region.text, one.region.why) == (region, why)


def test_an_axis_is_guessed_only_where_the_name_and_the_range_agree(tmp_path: Path) -> None:
    options = ReadOptions(allow_unknown_axis=True)

    def axis(name: str, level: str) -> str:
        (one,) = incoming(read(columns(tmp_path / name, level), options=options))
        assert one.spectrum.axis is Axis.UNKNOWN
        return one.axis.text

    assert axis("pellet S2p.txt", "S2p") == "binding"
    assert axis("pellet P2p.txt", "S2p") == ""  # the lines of P 2p are not in its range
    assert axis("pellet.txt", "S2p") == ""


def test_the_sputter_time_is_read_from_the_name(tmp_path: Path) -> None:
    head = "binding energy (eV)\tcounts\n"
    (one,) = incoming(read(columns(tmp_path / "LPS_S2p_40s.txt", "S2p", head)))
    assert (one.etch_time_s, one.time_why) == (40.0, "the name of the file")
    (other,) = incoming(read(columns(tmp_path / "LPS_S2p_2min.txt", "S2p", head)))
    assert other.etch_time_s == 120.0


def test_a_folder_is_one_table_and_one_confirmation(
    qtbot: QtBot, program: Program, settle: Settle, tmp_path: Path
) -> None:
    folder = tmp_path / "day"
    folder.mkdir()
    for level in PLACES:
        columns(folder / f"pellet {level}.txt", level)
    program.crew.files.open_paths([folder])
    settle(program)
    dialog = asked(program)
    said = [dialog.answer()[k] for k in range(2)]
    assert [(one.region, one.axis) for one in said] == [("P 2p", "binding"), ("S 2p", "binding")]
    assert len({one.sample for one in said}) == 1
    assert "157" in dialog._head.toPlainText() or "128" in dialog._head.toPlainText()
    assert len(program.desk.document.project.spectra) == 0
    qtbot.mouseClick(dialog.take, Qt.MouseButton.LeftButton)
    settle(program)
    spectra = list(program.desk.document.project.spectra.values())
    assert [s.meta.region for s in spectra] == ["P 2p", "S 2p"]
    assert {s.axis for s in spectra} == {Axis.BINDING_ENERGY}
    assert program.desk.document.stack.count() == 1


def test_what_is_changed_in_the_table_is_what_comes_in(
    qtbot: QtBot, program: Program, settle: Settle, tmp_path: Path
) -> None:
    folder = tmp_path / "day"
    folder.mkdir()
    for level in PLACES:
        columns(folder / f"pellet {level}.txt", level)
    program.crew.files.open_paths([folder])
    settle(program)
    dialog = asked(program)
    region, sample, file = (dialog.table.item(1, column) for column in (2, 3, 1))
    first = dialog.table.item(0, 1)
    assert region is not None and sample is not None and first is not None and file is not None
    region.setText("S 2p again")
    sample.setText("pellet, cycled")
    dialog.axes[1].set_value("")
    dialog.axes[1].chosen.emit("")
    assert not dialog.take.isEnabled()
    dialog.axes[1].set_value("raman")
    dialog.axes[1].chosen.emit("raman")
    first.setCheckState(Qt.CheckState.Unchecked)
    assert dialog.take.text() == "Open 1 spectrum"
    qtbot.mouseClick(dialog.take, Qt.MouseButton.LeftButton)
    settle(program)
    (one,) = program.desk.document.project.spectra.values()
    assert (one.meta.region, one.meta.sample) == ("S 2p again", "pellet, cycled")
    assert one.axis is Axis.RAMAN_SHIFT


def test_a_single_file_opens_at_once_and_its_guessed_region_is_said(
    program: Program, settle: Settle, tmp_path: Path
) -> None:
    path = columns(tmp_path / "x1.txt", "S2p", "binding energy (eV)\tcounts\n")
    program.crew.files.open_paths([path])
    settle(program)
    (one,) = program.desk.document.project.spectra.values()
    assert one.meta.region == "S 2p"
    said = program.window.state_label.text()
    assert "S 2p" in said and "its range, 157 to 167.9 eV" in said and "F2" in said


def test_the_question_for_an_axis_shows_the_file(
    program: Program, settle: Settle, tmp_path: Path
) -> None:
    program.crew.files.open_paths([columns(tmp_path / "x1.txt", "S2p")])
    settle(program)
    dialog = program.crew.dialogs.current
    assert isinstance(dialog, AxisDialog)
    assert dialog.head.toPlainText().startswith("157.00\t")
    assert not dialog.picture.pixmap().isNull()
