"""The Map view: a map opened, fitted, looked at pixel by pixel, its regions, masks, files, undo."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from PySide6.QtCore import QPoint, QPointF, Qt
from pytestqt.qtbot import QtBot

import spectra_core as sc
from doublet.app.cli.main import main
from doublet.app.map_scene import BELOW, SHOWN, STATUS
from doublet.app.program import Program
from spectra_core.spectrum import Calibration
from spectra_core.writers import write
from tests.raman.synthetic import X, cathode_map

Settle = Callable[[Program], None]
RECIPE = sc.data_path("resources", "examples", "cathode_raman_map.toml")
DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
REAL = DATA / "cheminfo-wdf-spc" / "6x6.wdf"
ROWS, COLUMNS = 4, 5


@pytest.fixture
def opened(program: Program, settle: Settle, tmp_path: Path) -> Program:
    """Return a program with a synthetic map in the Map view, and a recipe for it."""
    write(tmp_path / "map.h5", cathode_map(shape=(ROWS, COLUMNS)))
    program.crew.files.open_paths([tmp_path / "map.h5"])
    settle(program)
    program.crew.acting.run("map_view")
    program.crew.maps.load_recipe(RECIPE)
    settle(program)
    return program


@pytest.fixture
def fitted(opened: Program, settle: Settle) -> Program:
    """Return it fitted."""
    opened.crew.acting.run("fit")
    settle(opened)
    return opened


def wait_for_details(qtbot: QtBot, program: Program) -> None:
    """Wait until the referee and the baselines of the pinned pixel are there."""
    maps = program.crew.maps
    qtbot.waitUntil(lambda: bool(maps.scene and maps.scene.baselines), timeout=60_000)


def pixel_point(program: Program, row: int, column: int) -> QPoint:
    image = program.crew.maps.view.image
    number = program.crew.maps.scene.own.grid.at(row, column)
    return image.place_of(number).toPoint()


def test_the_view_is_offered_only_where_there_is_a_map(program: Program, settle: Settle) -> None:
    assert "Map" not in program.window.view_bar.titles
    assert program.crew.acting.why_not()["map_view"] == "Open a file first."
    program.crew.files.open_example()
    settle(program)
    assert "Map" not in program.window.view_bar.titles
    assert "places" in program.crew.acting.why_not()["map_view"]


def test_a_map_is_folded_in_the_tree_and_is_no_series(opened: Program) -> None:
    assert opened.window.view_bar.titles == ("Spectrum", "Map")
    ((_, group),) = opened.window.tree.model.series_rows()
    assert group.words == f"map, {COLUMNS} × {ROWS} pixels"


def test_window_and_command_line_give_equal_numbers(
    fitted: Program, settle: Settle, tmp_path: Path
) -> None:
    asked = ["map", str(tmp_path / "map.h5"), "--recipe", str(RECIPE), "--formats", "csv,h5,nxs"]
    outcome = CliRunner().invoke(main, [*asked, "-o", str(tmp_path / "cli")])
    assert outcome.exit_code == 0, outcome.output
    fitted.crew.maps.export(("csv", "h5", "nxs", "svg"), tmp_path / "window")
    settle(fitted)
    tables = [(tmp_path / where / "maps.csv").read_text("utf-8") for where in ("cli", "window")]
    assert tables[0] == tables[1]
    assert len(tables[0].splitlines()) == 1 + ROWS * COLUMNS
    assert (tmp_path / "window" / "ratio_PS4_over_A1g.svg").exists()
    for row in csv.DictReader(tables[1].splitlines()):
        truth = (2000.0 + 2000.0 * (int(row["column"]) - 1)) / 6000.0
        error = float(row["ratio:PS4/A1g standard error (noise alone)"])
        assert abs(float(row["ratio:PS4/A1g"]) - truth) < 4.5 * error


def test_the_mouse_looks_at_pixels_and_pins_them(
    fitted: Program, qtbot: QtBot, settle: Settle
) -> None:
    maps = fitted.crew.maps
    image, scene = maps.view.image, maps.scene
    qtbot.mouseMove(image, pixel_point(fitted, 2, 3))
    assert maps.scene.number == scene.own.grid.at(2, 3)
    assert maps.view.pixel.text() == "Pixel 4, 3"
    qtbot.mouseClick(image, Qt.MouseButton.LeftButton, pos=pixel_point(fitted, 1, 2))
    assert maps.scene.pixel == scene.own.grid.at(1, 2)
    image.setFocus()
    qtbot.keyClick(image, Qt.Key.Key_Right)
    qtbot.keyClick(image, Qt.Key.Key_Down)
    assert maps.scene.pixel == scene.own.grid.at(2, 3)
    chosen = fitted.desk.document.selection.spectra
    assert chosen == (maps.scene.own.keys[maps.scene.pixel],)
    shown = maps.scene.result
    record = maps.scene.record.fit.batch
    for path in ("Raman/PS4/area", "Raman/A1g/center"):
        assert shown.value(path) == pytest.approx(record.values(path)[maps.scene.pixel], rel=1e-9)


def test_a_ray_is_marked_and_a_click_puts_it_back(
    fitted: Program, qtbot: QtBot, settle: Settle
) -> None:
    maps = fitted.crew.maps
    number = maps.scene.own.grid.at(1, 1)
    maps.pin(number)
    key = maps.scene.own.keys[number]
    project = fitted.desk.document.project
    assert project.spectrum(key).masked.reasons == ("spike",)
    assert project.spectrum(key).masked.x_recorded[0] == pytest.approx(X[90])
    plot = maps.view.recorded
    place = plot.masked_place(0).toPoint()
    qtbot.mouseClick(plot, Qt.MouseButton.LeftButton, pos=place)
    assert fitted.desk.document.project.spectrum(key).masked is None
    assert maps.scene.stale and "Changed" in maps.view.verdict.text()
    clean = maps.scene.record.fit.reduced_chi_square[number]
    fitted.crew.acting.run("fit")
    settle(fitted)
    assert fitted.desk.document.project.spectrum(key).masked is None  # the user's word holds
    assert maps.scene.record.fit.reduced_chi_square[number] > 5 * clean
    fitted.crew.acting.run("undo")
    fitted.crew.acting.run("undo")
    assert fitted.desk.document.project.spectrum(key).masked is not None
    assert not maps.scene.stale
    assert maps.scene.record.fit.reduced_chi_square[number] == clean


def test_a_region_is_drawn_fitted_and_added(fitted: Program, qtbot: QtBot, settle: Settle) -> None:
    maps = fitted.crew.maps
    image = maps.view.image
    first, last = pixel_point(fitted, 0, 1), pixel_point(fitted, 3, 1)
    qtbot.mousePress(image, Qt.MouseButton.LeftButton, pos=first)
    qtbot.mouseMove(image, QPoint(last.x(), last.y() - 4))
    _drag_to(image, last)
    qtbot.mouseRelease(image, Qt.MouseButton.LeftButton, pos=last)
    (area,) = maps.scene.own.settings.areas
    assert (area.name, area.rows, area.columns) == ("A", (0, 3), (1, 1))
    qtbot.waitUntil(lambda: "A" in maps.scene.areas, timeout=60_000)
    found = maps.scene.areas["A"]
    value, error = found.result.value("Raman/PS4/area"), found.result.stderr("Raman/PS4/area")
    assert abs(value - 4000.0) < 4.5 * error
    # a mean of four has half the noise of one
    alone = maps.scene.record.fit.batch.stderr("Raman/PS4/area")[maps.scene.own.grid.at(0, 1)]
    assert error == pytest.approx(0.5 * alone, rel=0.2)
    assert found.result.statistics.reduced_chi_square == pytest.approx(1.0, abs=0.35)
    maps.add_area("A")
    project = fitted.desk.document.project
    added = list(project.spectra.values())[-1]
    assert added.meta.region == "region A" and len(project.spectra) == ROWS * COLUMNS + 1
    (analysis,) = project.analyses.values()
    assert analysis.result.value("Raman/PS4/area") == pytest.approx(value, rel=1e-9)
    assert maps.scene is not None and len(maps.scene) == ROWS * COLUMNS
    fitted.crew.acting.run("undo")
    fitted.crew.acting.run("undo")
    assert not maps.scene.own.settings.areas


def _drag_to(image: object, at: QPoint) -> None:
    """Move with the button held, which the plain mouse move of the bot does not."""
    from PySide6.QtCore import QEvent
    from PySide6.QtGui import QMouseEvent

    left = Qt.MouseButton.LeftButton
    none = Qt.KeyboardModifier.NoModifier
    event = QMouseEvent(QEvent.Type.MouseMove, QPointF(at), QPointF(at), left, left, none)
    image.mouseMoveEvent(event)  # type: ignore[attr-defined]


def test_what_is_below_the_limit_is_hatched(fitted: Program) -> None:
    maps = fitted.crew.maps
    maps.choose_quantity("area:PS4")
    assert (maps.scene.states == SHOWN).all()
    noise = maps.scene.record.fit.signal_to_noise("PS4")
    limit = float(np.median(noise))
    maps.move_limit(limit)
    assert (maps.scene.states == BELOW).sum() == (noise < limit).sum() > 0
    assert maps.scene.own.settings.limit == 5.0
    maps.set_limit(12.0)
    assert maps.scene.own.settings.limit == 12.0
    fitted.crew.acting.run("undo")
    assert maps.scene.own.settings.limit == 5.0
    maps.choose_quantity(STATUS)
    assert np.nanmax(maps.scene.image) <= 1.0  # converged, or on a bound


def test_baselines_are_compared_and_one_is_adopted(
    fitted: Program, qtbot: QtBot, settle: Settle
) -> None:
    maps = fitted.crew.maps
    wait_for_details(qtbot, fitted)
    tried = maps.scene.baselines
    assert tried[0].kind == "linear"
    assert {one.kind for one in tried} >= {"arpls", "polynomial", "morphological"}
    # the baseline of the truth is a line: that alone leaves nothing but noise
    assert tried[0].quiet == pytest.approx(1.0, abs=0.3)
    maps.view.panel.baselines.buttons["arpls"].click()
    assert maps.scene.recipe.region[0].background.type == "arpls"
    assert maps.scene.stale
    fitted.crew.acting.run("undo")
    assert maps.scene.recipe.region[0].background.type == "linear" and not maps.scene.stale


def test_the_axis_of_the_map_is_set_in_one_step(fitted: Program, settle: Settle) -> None:
    maps, raman = fitted.crew.maps, fitted.crew.raman
    before = maps.scene.record.fit.batch.values("Raman/A1g/center")
    raman.calibrate(Calibration(3.0, "silicon", uncertainty=0.2), "map")
    assert all(s.calibration.shift == 3.0 for s in maps.scene.spectra)
    assert maps.view.chip.text() == "silicon ± 0.2 cm⁻¹"
    fitted.crew.acting.run("fit")
    settle(fitted)
    after = maps.scene.record.fit.batch.values("Raman/A1g/center")
    # the window stands on the calibrated axis: a few channels enter, and others leave it
    assert np.median(after - before) == pytest.approx(3.0, abs=0.15)
    fitted.crew.acting.run("undo")
    fitted.crew.acting.run("undo")
    assert not any(s.calibration.is_applied for s in maps.scene.spectra)
    assert maps.view.chip.text() == "not calibrated"


def test_undo_takes_the_fit_back_and_redo_brings_it(fitted: Program) -> None:
    maps = fitted.crew.maps
    values = maps.scene.record.fit.batch.free
    fitted.crew.acting.run("undo")
    assert maps.scene.record is None
    fitted.crew.acting.run("redo")
    assert maps.scene.record.fit.batch.free is values


def test_a_saved_map_has_its_fit_when_it_is_opened_again(
    fitted: Program, make_program: Callable[[], Program], settle: Settle, tmp_path: Path
) -> None:
    maps = fitted.crew.maps
    maps.draw_area((0, 1), (0, 1))
    maps.choose_quantity("ratio:PS4/A1g")
    expected = maps.scene.shown.values
    path = tmp_path / "map.doublet"
    sc.save_project(fitted.desk.document.project, path)
    other = make_program()
    other.crew.files.open_paths([path])
    settle(other)
    other.crew.acting.run("map_view")
    settle(other)
    scene = other.crew.maps.scene
    assert scene.record is not None and not scene.stale
    other.crew.maps.choose_quantity("ratio:PS4/A1g")
    np.testing.assert_array_equal(other.crew.maps.scene.shown.values, expected)
    assert [area.name for area in scene.own.settings.areas] == ["A"]
    assert not other.desk.document.is_dirty


def test_the_fit_of_a_map_is_recovered_after_a_crash(
    fitted: Program, make_program: Callable[[], Program], settle: Settle
) -> None:
    from spectra_core.project.file import find_recovery, load_project, save_recovery

    maps, folder = fitted.crew.maps, fitted.desk.recovery_folder
    maps.draw_area((1, 2), (1, 2))
    save_recovery(fitted.desk.document.project, folder)
    (found,) = find_recovery(folder)
    assert found.spectra == ROWS * COLUMNS and not found.problem
    other = make_program()
    other.desk.document.open(load_project(found.path), saved=False)
    other.crew.acting.run("map_view")
    again = other.crew.maps.scene
    np.testing.assert_array_equal(again.record.fit.batch.free, maps.scene.record.fit.batch.free)
    assert not again.stale and len(again.own.settings.areas) == 1


def test_what_changes_while_it_is_fitted_is_not_called_fitted(
    opened: Program, settle: Settle
) -> None:
    opened.crew.acting.run("fit")
    opened.crew.raman.calibrate(Calibration(2.0, "silicon"), "map")
    settle(opened)
    assert opened.crew.maps.scene.record is None
    assert not opened.desk.document.project.maps


def test_a_cancelled_fit_changes_nothing(opened: Program, settle: Settle) -> None:
    project = opened.desk.document.project
    opened.crew.acting.run("fit")
    opened.crew.acting.run("cancel")
    settle(opened)
    assert opened.desk.document.project is project
    assert not opened.crew.maps.scene.busy


def test_factors_are_as_many_as_what_varies(fitted: Program, settle: Settle) -> None:
    view = fitted.crew.maps.view
    view.tabs.setCurrentWidget(view.factors)
    settle(fitted)
    # PS4 grows along the rows; the oxide and the ground are the same everywhere
    assert view.factors.found.principal.rank == 2 and len(view.factors.images.scores) == 2
    view.factors.resolve.click()
    settle(fitted)
    resolved = view.factors.found.resolved
    assert resolved.spectra.shape[0] == 2 and (resolved.amounts >= 0).all()
    at = view.factors.found.shifts[resolved.spectra.argmax(axis=1)]
    assert min(abs(at - 425.0)) < 3.0


def test_the_dialog_writes_what_is_checked(fitted: Program, settle: Settle, tmp_path: Path) -> None:
    maps = fitted.crew.maps
    fitted.crew.acting.run("export_map")
    dialog = fitted.crew.dialogs.current
    assert dialog.formats() == ("csv", "h5", "png") and "ratio:PS4/A1g" in dialog.names()
    dialog.boxes["png"].setChecked(False)
    for k in range(1, dialog.quantities.count()):
        dialog.quantities.item(k).setCheckState(Qt.CheckState.Unchecked)
    dialog.folder.setText(str(tmp_path / "maps"))
    dialog.buttons.accepted.emit()
    settle(fitted)
    assert sorted(p.name for p in (tmp_path / "maps").iterdir()) == ["maps.csv", "maps.h5"]
    fitted.crew.raman.calibrate(Calibration(1.0, "silicon"), "map")
    maps.export(("csv",), tmp_path / "other")
    settle(fitted)
    assert not (tmp_path / "other").exists()  # the fit is of another axis


def test_a_pixel_is_shown_in_the_spectrum_view_with_the_model(fitted: Program) -> None:
    maps = fitted.crew.maps
    number = maps.scene.own.grid.at(2, 2)
    maps.view.fit_asked.emit(number)
    assert fitted.window.views.currentIndex() == 0
    selection = fitted.desk.document.selection
    assert selection.spectrum == maps.scene.own.keys[number] and selection.analysis is not None
    assert fitted.desk.scene.fit.value("Raman/PS4/area") == pytest.approx(
        maps.scene.record.fit.batch.values("Raman/PS4/area")[number], rel=1e-6
    )


@pytest.mark.skipif(not REAL.exists(), reason="the real map is not here")
def test_the_real_map_has_equal_numbers_by_both_ways(
    program: Program, settle: Settle, tmp_path: Path, qtbot: QtBot
) -> None:
    program.crew.files.open_paths([REAL])
    settle(program)
    program.crew.acting.run("map_view")
    program.crew.maps.add_preset("raman/carbon")
    settle(program)
    program.crew.acting.run("fit")
    settle(program)
    assert program.crew.maps.scene.record is not None
    wait_for_details(qtbot, program)
    scene = program.crew.maps.scene
    ratio = scene.baselines[0].ratio("D", "G")  # with the priors of the preset, as in the map
    assert ratio == pytest.approx(scene.shown.values[scene.pixel], rel=1e-4)
    program.crew.maps.export(("csv",), tmp_path / "window")
    settle(program)
    asked = ["map", str(REAL), "--preset", "raman/carbon", "--formats", "csv"]
    outcome = CliRunner().invoke(main, [*asked, "-o", str(tmp_path / "cli")])
    assert outcome.exit_code in (0, 1), outcome.output
    tables = [(tmp_path / where / "maps.csv").read_text("utf-8") for where in ("cli", "window")]
    assert tables[0] == tables[1] and len(tables[0].splitlines()) == 37
