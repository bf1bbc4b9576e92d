"""A single Raman spectrum in the Spectrum view: cosmic rays, baselines, the axis."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from pytestqt.qtbot import QtBot

import spectra_core as sc
from doublet.app.program import Program
from doublet.app.views.baselines_dialog import BaselinesDialog
from doublet.app.views.raman_calibration_dialog import RamanCalibrationDialog
from spectra_core.writers import write

Settle = Callable[[Program], None]
X = np.linspace(300.0, 700.0, 401)
RAY = 600.0
OFF = 1.7  # cm-1 that the recorded axis is off by


@pytest.fixture
def opened(program: Program, settle: Settle, tmp_path: Path) -> Program:
    """Return a program with a spectrum of silicon on an axis that is off, with a cosmic ray."""
    rng = np.random.default_rng(4)
    y = 300.0 + 0.2 * X + 20_000.0 / (1.0 + ((X - 520.6 + OFF) / 1.9) ** 2)
    y = rng.poisson(y).astype(float)
    y[np.argmin(np.abs(X - RAY))] += 6000.0
    meta = sc.Meta(sample="Si wafer", comment="synthetic", region="Si")
    made = sc.make_spectrum(X, y, sc.Axis.RAMAN_SHIFT, y_unit="counts", meta=meta)
    write(tmp_path / "si.h5", [made])
    program.crew.files.open_paths([tmp_path / "si.h5"])
    settle(program)
    return program


def shown(program: Program) -> sc.Spectrum:
    (spectrum,) = program.desk.document.project.spectra.values()
    return spectrum


def test_rays_are_found_drawn_and_put_back_by_a_click(opened: Program, qtbot: QtBot) -> None:
    opened.crew.acting.run("find_rays")
    assert shown(opened).masked.x_recorded == (RAY,)
    plot = opened.window.plot
    item = plot._panels.masked
    (place,) = item.places()
    scene = plot._panels.box.mapToScene(place)
    at = QPoint(plot._panels.mapFromScene(scene))
    qtbot.mouseClick(plot.viewport, Qt.MouseButton.LeftButton, pos=at)
    assert shown(opened).masked is None
    opened.crew.acting.run("undo")
    assert shown(opened).masked is not None
    opened.crew.acting.run("restore_channels")
    assert shown(opened).masked is None


def test_masked_channels_stay_through_saving(opened: Program, tmp_path: Path) -> None:
    opened.crew.acting.run("find_rays")
    sc.save_project(opened.desk.document.project, tmp_path / "p.doublet")
    (again,) = sc.load_project(tmp_path / "p.doublet").spectra.values()
    assert again.masked == shown(opened).masked


def test_a_baseline_is_adopted_from_the_comparison(
    opened: Program, qtbot: QtBot, settle: Settle
) -> None:
    opened.crew.acting.run("baselines")
    dialog = opened.crew.dialogs.current
    assert isinstance(dialog, BaselinesDialog)
    qtbot.waitUntil(lambda: bool(dialog.list.buttons), timeout=60_000)
    assert set(dialog.list.buttons) >= {"linear", "arpls", "polynomial", "morphological"}
    assert len(dialog.plot.recorded.drawn) == 4
    dialog.list.buttons["arpls"].click()
    (analysis,) = opened.desk.document.project.analyses.values()
    assert analysis.model.regions[0].background.type == "arpls"
    settle(opened)
    qtbot.waitUntil(
        lambda: (
            bool(dialog.plot.recorded.baselines)
            and dialog.plot.recorded.baselines[0].kind == "arpls"
        ),
        timeout=60_000,
    )
    dialog.every.click()
    qtbot.waitUntil(lambda: len(dialog.list.buttons) > 8, timeout=60_000)


def test_silicon_sets_the_axis(opened: Program, qtbot: QtBot, settle: Settle) -> None:
    opened.crew.acting.run("calibrate")
    dialog = opened.crew.dialogs.current
    assert isinstance(dialog, RamanCalibrationDialog)
    dialog.material.set_value("silicon")
    dialog.measure.click()
    qtbot.waitUntil(dialog.apply.isEnabled, timeout=60_000)
    assert dialog.lines.rowCount() == 1
    dialog.apply.click()
    calibration = shown(opened).calibration
    assert calibration.shift == pytest.approx(OFF, abs=0.3)
    assert calibration.reference.startswith("silicon")
    opened.crew.acting.run("undo")
    assert not shown(opened).calibration.is_applied


def test_a_standard_without_lines_is_said_in_the_dialog(
    opened: Program, qtbot: QtBot, settle: Settle
) -> None:
    opened.crew.acting.run("calibrate")
    dialog = opened.crew.dialogs.current
    dialog.material.set_value("neon")
    dialog.measure.click()
    settle(opened)
    assert "laser" in dialog.words.text() and dialog.measure.isEnabled()


def test_calibrating_xps_has_its_own_dialog(program: Program, settle: Settle) -> None:
    program.crew.files.open_example()
    settle(program)
    program.crew.acting.run("calibrate")
    assert not isinstance(program.crew.dialogs.current, RamanCalibrationDialog)
    assert "no Raman" in program.crew.acting.why_not()["baselines"]
