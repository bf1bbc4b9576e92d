"""What a crash leaves: said in full, offered at every start, saved under a name. All synthetic."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtWidgets import QFileDialog, QLabel
from pytestqt.qtbot import QtBot

from doublet.app.controllers.files import file_name
from doublet.app.program import Program
from doublet.app.views.recovery_dialog import RecoveryDialog
from spectra_core.datafiles import data_path
from spectra_core.project.file import save_project, save_recovery
from spectra_core.project.lock import lock_path
from spectra_core.project.project import Project, add_spectra
from spectra_core.spectrum import Axis, Meta, make_spectrum

Settle = Callable[[Program], None]


def work(samples: tuple[str, ...] = ("pellet A", "pellet A", "pellet B")) -> Project:
    """Return a project with a spectrum for each name."""
    x = np.linspace(157.0, 170.0, 60)
    return add_spectra(
        Project(),
        [
            make_spectrum(x, 100 + x, Axis.BINDING_ENERGY, meta=Meta(sample=name, region="S 2p"))
            for name in samples
        ],
    )


def left_behind(tmp_path: Path, original: str = "") -> None:
    save_recovery(work(), tmp_path / "data" / "recovery", original=original, change="Window")


def offered(program: Program) -> RecoveryDialog:
    dialog = program.crew.dialogs.current
    assert isinstance(dialog, RecoveryDialog)
    return dialog


def words(dialog: RecoveryDialog) -> str:
    return "\n".join(part.text() for part in dialog.findChildren(QLabel))


def recover(program: Program, settle: Settle) -> None:
    dialog = offered(program)
    found = program.crew.files.recoverable()
    dialog.accept()
    dialog.recover_asked.emit(str(found[0].path))
    settle(program)


def test_it_says_what_was_kept_and_when_in_local_time(
    make_program: Callable[[], Program], tmp_path: Path
) -> None:
    before = datetime.now().replace(second=0, microsecond=0)
    left_behind(tmp_path)
    program = make_program()
    program.start()
    said = words(offered(program))
    assert "2 samples, 3 spectra, 0 models" in said
    assert "pellet A; pellet B" in said
    assert "(Window)" in said
    time = re.search(r"(\d\d):(\d\d)", said)
    assert time is not None
    shown = before.replace(hour=int(time[1]), minute=int(time[2]))
    assert 0 <= (shown - before).total_seconds() <= 120


def test_it_is_offered_also_when_a_file_was_given(
    make_program: Callable[[], Program], settle: Settle, tmp_path: Path
) -> None:
    left_behind(tmp_path)
    file = data_path("resources", "examples", "su2025_fig5_bare_charged.vms")
    program = make_program()
    program.start([str(file)])
    offered(program)
    recover(program, settle)
    settle(program)
    samples = [s.meta.sample for s in program.desk.document.project.spectra.values()]
    assert samples[:3] == ["pellet A", "pellet A", "pellet B"]
    assert len(samples) == 4  # the file that was given, added to what was recovered


def test_a_file_that_was_given_is_opened_where_the_offer_is_left(
    make_program: Callable[[], Program], settle: Settle, tmp_path: Path
) -> None:
    left_behind(tmp_path)
    file = data_path("resources", "examples", "su2025_fig5_bare_charged.vms")
    program = make_program()
    program.start([str(file)])
    offered(program).reject()
    settle(program)
    assert len(program.desk.document.project.spectra) == 1
    assert program.crew.files.recoverable()


def asked_for_a_name(qtbot: QtBot, program: Program) -> Path:
    """Save, and return the path that is proposed."""
    program.crew.acting.run("save")
    dialog = program.window.findChild(QFileDialog)
    assert dialog is not None
    proposed = Path(dialog.selectedFiles()[0])
    dialog.close()
    return proposed


def test_recovered_work_is_saved_beside_its_project_and_not_in_its_place(
    qtbot: QtBot, make_program: Callable[[], Program], settle: Settle, tmp_path: Path
) -> None:
    left_behind(tmp_path, str(tmp_path / "cathodes.doublet"))
    program = make_program()
    program.start()
    assert "cathodes.doublet" in words(offered(program))
    recover(program, settle)
    assert "read-only" not in program.window.windowTitle()
    assert "unsaved" in program.window.file_label.text()
    proposed = asked_for_a_name(qtbot, program)
    assert proposed == tmp_path / "cathodes (recovered).doublet"


def test_work_without_a_file_is_saved_under_what_it_is_about(
    qtbot: QtBot, make_program: Callable[[], Program], settle: Settle, tmp_path: Path
) -> None:
    left_behind(tmp_path)
    program = make_program()
    program.start()
    recover(program, settle)
    assert asked_for_a_name(qtbot, program).name == "pellet A.doublet"


@pytest.mark.parametrize(
    ("name", "file"),
    [
        ("S 2p: before/after", "S 2p before after.doublet"),
        ("cathodes.doublet", "cathodes.doublet"),
        ("  ..", "project.doublet"),
    ],
)
def test_a_name_becomes_one_that_every_file_system_takes(name: str, file: str) -> None:
    assert file_name(name) == file


def test_a_project_that_is_open_elsewhere_says_why_it_is_read_only(
    make_program: Callable[[], Program], settle: Settle, tmp_path: Path
) -> None:
    path = tmp_path / "shared.doublet"
    save_project(work(), path)
    lock_path(path).write_text(json.dumps({"pid": 7, "host": "the-other-desk", "started": ""}))
    program = make_program()
    program.crew.files.open_project_file(path)
    settle(program)
    for said in (program.window.file_label.text(), program.window.banner.text):
        assert "read-only: " in said
        assert "process 7 on the-other-desk" in said
