"""Two energy scales: whatever prints an energy of a charged sample says which one it is on.

The spectra are synthetic: S 2p of a sample charged so that PS4, at 161.40 eV, was recorded at
160.69.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QLabel, QWidget
from pytestqt.qtbot import QtBot

from doublet.app.controllers.reporting import report_of
from doublet.app.program import Program
from doublet.app.views.calibration_dialog import CalibrationDialog
from doublet.app.views.plot_hover import hover_lines
from doublet.app.widgets import read_number
from spectra_core.model import Parameter, set_parameter
from spectra_core.project.project import Project, add_spectra, set_model
from spectra_core.report import write_report
from spectra_core.results.figures import fit_figure
from spectra_core.spectrum import Axis, Calibration, Meta, Spectrum, make_spectrum

Settle = Callable[[Program], None]
SHIFT, CENTER = -0.71, 161.40
LEFT = Qt.MouseButton.LeftButton


def gaussian(x: np.ndarray, center: float, area: float) -> np.ndarray:
    sigma = 1.2 / 2.3548200450309493
    return area / (sigma * np.sqrt(2 * np.pi)) * np.exp(-(((x - center) / sigma) ** 2) / 2)


def charged() -> Spectrum:
    x = np.arange(156.0, 168.0, 0.05)
    y = 300 + gaussian(x, CENTER + SHIFT, 3000) + gaussian(x, CENTER + SHIFT + 1.18, 1500)
    meta = Meta(sample="charged (synthetic)", region="S 2p", excitation_energy_ev=1486.6)
    counts = np.random.default_rng(4).poisson(y).astype(float)
    return make_spectrum(x, counts, Axis.BINDING_ENERGY, y_unit="counts", meta=meta)


@pytest.fixture
def fitted(program: Program, settle: Settle) -> Program:
    """Return a program with PS4 held at 161.40 and the charge shift fitted."""
    program.desk.document.open(add_spectra(Project(), [charged()]))
    edit = program.crew.editing
    edit.add_entry("xps/ps4/s2p")
    edit.set_bounds("S 2p/PS4/center", 160.0, 163.0)
    edit.set_value("S 2p/PS4/center", CENTER)
    edit.hold("S 2p/PS4/center", True)
    key = program.desk.document.selection.analysis
    assert key is not None

    def free(project: Project) -> Project:
        model = set_parameter(project.analysis(key).model, "S 2p/region/shift", free=True)
        return set_model(project, key, model)

    program.desk.edit("Fit the shift", free)
    program.crew.acting.run("fit")
    settle(program)
    assert program.desk.scene.fitted
    assert program.desk.scene.scales.shift == pytest.approx(SHIFT, abs=0.02)
    return program


def words(widget: QWidget) -> str:
    found = (w.text() for w in widget.findChildren(QLabel) if w.isVisibleTo(widget))
    return "\n".join(found).replace("\N{MINUS SIGN}", "-")


def chip(program: Program) -> QPoint:
    """Return where the chip is, in pixels of the plot."""
    panels = program.window.plot._panels
    return panels.mapFromScene(panels.rule.chip_in_scene()).boundingRect().center()


def chip_words(program: Program) -> str:
    return program.window.plot._panels.rule.rule.chip.replace("\N{MINUS SIGN}", "-")


def pixel_of(program: Program, x: float) -> float:
    return program.window.plot.position_of(x, 0.0).x()


# ---------------------------------------------------------------------------------
# What is said


def test_the_numbers_of_both_rules_stand_where_their_energies_are(fitted: Program) -> None:
    panels = fitted.window.plot._panels
    assert panels.rule.isVisible()
    for name, offset in (("recorded", 0.0), ("referenced", fitted.desk.scene.scales.shift)):
        numbers = panels.rule.numbers()[name]
        assert len(numbers) >= 4
        for number, at in numbers:
            there = panels.mapFromScene(panels.rule.mapToScene(at, 0.0)).x()
            assert there == pytest.approx(pixel_of(fitted, number + offset), abs=1.5), name


def test_the_chip_names_the_shift_its_error_and_the_reference(fitted: Program) -> None:
    found = re.fullmatch(r"shift (-0\.7\d+) ± (0\.0\d+) eV, PS₄ = 161\.40", chip_words(fitted))
    assert found is not None, chip_words(fitted)
    assert float(found[1]) == pytest.approx(SHIFT, abs=4 * float(found[2]))


def test_a_library_tick_stands_under_the_peak_of_its_species(fitted: Program) -> None:
    tick = fitted.window.plot.tick_position("xps/ps4/s2p")
    assert tick is not None
    top = CENTER + SHIFT
    per_ev = abs(pixel_of(fitted, 161.0) - pixel_of(fitted, 160.0))
    assert abs(tick.x() - pixel_of(fitted, top)) < 0.2 * per_ev


def test_the_mouse_on_a_peak_reads_both_scales_and_its_own_species(fitted: Program) -> None:
    plot = fitted.window.plot
    lines = hover_lines(fitted.desk.scene, plot._ticks, CENTER + SHIFT, owner="PS4 2p3/2")
    first = re.match(r"recorded (\d+\.\d+) · referenced (\d+\.\d+) eV", lines[0])
    assert first is not None, lines
    assert float(first[1]) == pytest.approx(CENTER + SHIFT, abs=0.06)
    assert float(first[2]) == pytest.approx(CENTER, abs=0.06)
    assert lines[2].startswith("PS₄")
    assert abs(float(re.findall(r"Δ (\S+)", lines[2])[0].replace("\N{MINUS SIGN}", "-"))) < 0.2


def test_cards_and_table_say_that_centres_are_referenced(fitted: Program) -> None:
    cards, table = fitted.window.cards, fitted.window.table.table
    assert "referenced = recorded + 0.7" in words(cards)
    field = cards.card("PS4").field("centre")
    assert read_number(field.text()) == CENTER
    recorded = re.search(r"recorded at (\d+\.\d+) eV", " ".join(field.toolTip().split()))
    assert recorded is not None
    assert float(recorded[1]) == pytest.approx(CENTER + SHIFT, abs=0.02)
    assert table.headerItem().text(2) == "centre, referenced"
    assert "center, referenced" in table.text().split("\n")[0]
    assert "eV, recorded" in words(fitted.window.background)


def test_without_a_shift_there_is_one_axis_and_one_word(program: Program, settle: Settle) -> None:
    program.desk.document.open(add_spectra(Project(), [charged()]))
    program.crew.editing.add_entry("xps/ps4/s2p")
    assert not program.window.plot._panels.rule.isVisible()
    assert "referenced" not in words(program.window.cards)
    assert program.window.table.table.headerItem().text(2) == "centre"
    lines = hover_lines(program.desk.scene, (), 161.0)
    assert re.match(r"161\.0\d eV · ", lines[0])


def test_the_library_is_asked_near_the_referenced_energy(fitted: Program) -> None:
    asked: list[float] = []
    fitted.window.plot.library_at.connect(asked.append)
    plot = fitted.window.plot
    there = plot._panels.box.mapFromView(
        plot._panels.box.mapSceneToView(
            plot._panels.mapToScene(plot.position_of(CENTER + SHIFT, 500.0))
        )
    )
    plot.show_menu(there, QPoint(0, 0))
    menu = next(m for m in plot.findChildren(QWidget) if m.inherits("QMenu"))
    entry = next(a for a in menu.actions() if a.text().startswith("Library near"))
    entry.trigger()
    menu.close()
    assert asked[0] == pytest.approx(CENTER, abs=0.05)


# ---------------------------------------------------------------------------------
# What is done


def test_the_chip_is_dragged_and_the_peaks_go_with_it(
    qtbot: QtBot, fitted: Program, settle: Settle
) -> None:
    start, view = chip(fitted), fitted.window.plot.viewport
    before = fitted.desk.scene.scales.shift
    per_ev = abs(pixel_of(fitted, 161.0) - pixel_of(fitted, 160.0))
    steps = fitted.desk.document.stack.count()
    # To the left is to higher binding energies.
    qtbot.mousePress(view, LEFT, pos=start)
    for step in range(1, 9):
        qtbot.mouseMove(view, start - QPoint(5 * step, 0))
        qtbot.wait(30)
    assert fitted.crew.dragging.is_dragging
    qtbot.mouseRelease(view, LEFT, pos=start - QPoint(40, 0))
    settle(fitted)
    after = fitted.desk.scene.scales.shift
    assert after - before == pytest.approx(40 / per_ev, abs=0.02)
    assert fitted.desk.document.stack.count() == steps + 1
    region = fitted.desk.scene.region
    assert region is not None
    assert region.component("PS4 2p3/2").parameters["center"].value == CENTER
    fitted.crew.acting.run("undo")
    assert fitted.desk.scene.scales.shift == before


def test_a_click_on_the_chip_types_the_shift(qtbot: QtBot, fitted: Program) -> None:
    field = fitted.window.plot.shift_field
    assert not field.isVisible()
    qtbot.mouseClick(fitted.window.plot.viewport, LEFT, pos=chip(fitted))
    qtbot.waitUntil(field.isVisible)
    qtbot.keyClicks(field, "-0.5")
    qtbot.keyClick(field, Qt.Key.Key_Escape)
    assert not field.isVisible()
    assert fitted.desk.scene.scales.shift == pytest.approx(SHIFT, abs=0.02)
    qtbot.wait(500)  # two clicks at once are a double click
    qtbot.mouseClick(fitted.window.plot.viewport, LEFT, pos=chip(fitted))
    qtbot.waitUntil(field.isVisible)
    qtbot.keyClicks(field, "-0.5")
    qtbot.keyClick(field, Qt.Key.Key_Return)
    assert fitted.desk.scene.scales.shift == -0.5
    assert not field.isVisible()


def test_a_calibration_is_named_and_its_chip_opens_its_dialog(
    qtbot: QtBot, program: Program
) -> None:
    program.desk.document.open(add_spectra(Project(), [charged()]))
    line = Calibration(0.71, "C 1s", assigned=284.8, measured=284.09, uncertainty=0.05)
    program.crew.spectra.calibrate(line, ["s1"])
    qtbot.wait(20)  # the layout makes room for the rule
    assert chip_words(program) == "calibrated +0.710 ± 0.05 eV, C 1s = 284.80"
    rows = program.window.plot._panels.rule.numbers()
    assert {n for n, _ in rows["recorded"]} and {n for n, _ in rows["referenced"]}
    shown = program.desk.scene
    assert shown.spectrum is not None
    top = float(shown.spectrum.x[np.argmax(shown.spectrum.y)])
    assert shown.scales.referenced(top) == pytest.approx(CENTER, abs=0.25)
    qtbot.mouseClick(program.window.plot.viewport, LEFT, pos=chip(program))
    qtbot.waitUntil(lambda: isinstance(program.crew.dialogs.current, CalibrationDialog))
    program.crew.dialogs.close()


def test_kinetic_energies_are_printed_of_what_was_recorded(fitted: Program) -> None:
    fitted.crew.viewing.switch("kinetic")
    panels = fitted.window.plot._panels
    for number, at in panels.rule.numbers()["recorded"]:
        there = panels.mapFromScene(panels.rule.mapToScene(at, 0.0)).x()
        assert there == pytest.approx(pixel_of(fitted, 1486.6 - number), abs=1.5)
    options = replace(fitted.crew.viewing.options, kinetic=False)
    fitted.window.plot.set_options(options)


def test_a_fixed_shift_slides_too(fitted: Program) -> None:
    region = fitted.desk.scene.region
    assert region is not None and isinstance(region.shift, Parameter)
    fitted.crew.editing.hold("S 2p/region/shift", True)
    assert fitted.window.plot._panels.rule.rule.slides


def test_report_and_figure_say_which_scale_they_print(fitted: Program, tmp_path: Path) -> None:
    project, scene = fitted.desk.document.project, fitted.desk.scene
    report = report_of(project)
    assert report is not None
    write_report(report, tmp_path / "report.html")
    said = (tmp_path / "report.html").read_text("utf-8")
    assert "center, referenced" in said
    assert "centers are given on the referenced scale" in said
    assert scene.fit is not None
    figure = fit_figure(scene.fit.region("S 2p"), scene.fit)
    label = figure.axes[1].get_xlabel()
    assert re.fullmatch(r"Recorded binding energy / eV \(referenced = recorded \+ 0\.7\d+\)", label)
