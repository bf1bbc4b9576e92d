"""The tabs below the plot and the residual panel, as they are read. All spectra are synthetic."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QSettings, Qt
from PySide6.QtGui import QFontMetrics, QHelpEvent
from PySide6.QtWidgets import (
    QApplication,
    QLabel,
    QToolTip,
    QWidget,
)
from pytestqt.qtbot import QtBot

from doublet.app.preferences import load_preferences
from doublet.app.program import Program
from doublet.app.scene import Scene
from doublet.app.selection import Selection
from doublet.app.theme import theme
from doublet.app.views.plot_axis import SigmaAxis
from doublet.app.views.plot_panels import Panels
from doublet.app.views.preferences_dialog import PreferencesDialog
from doublet.app.views.spectra_delegate import two_lines
from doublet.app.views.tab_correlations import CorrelationsTab
from doublet.app.views.tab_ratios import RatiosTab, short_names
from doublet.app.views.tab_uniqueness import UniquenessTab
from spectra_core.fitting import fit
from spectra_core.model import Background, Model, Parameter, Region, add_doublet
from spectra_core.project.project import Project, add_analysis, add_spectra, set_result
from spectra_core.runs.simulate import Acquisition, simulate
from spectra_core.spectrum import Spectrum, replace_fields
from spectra_core.uncertainty.profile import UniquenessCurve
from spectra_core.uncertainty.ratios import Ratio

MINUS = "\N{MINUS SIGN}"
RATIO = Ratio("S/PS4", 0.5, 0.01, (0.48, 0.52), 0.95, "bridging S / PS4")


def region(name: str) -> Region:
    """Return two overlapping doublets of sulfur, both free."""
    parameters = {"level": Parameter(300.0), "step": Parameter(0.01, min=0.0, max=0.2)}
    made = Region(name, (157.0, 168.0), Background("shirley", "active", parameters=parameters))
    for label, center, area in (("PS4", 161.5, 2000.0), ("bridging S", 162.1, 1500.0)):
        made = add_doublet(made, label, "S 2p", center=center, area=area, fwhm=1.1)
    return made


def draw(model: Model, sample: str = "a cathode") -> list[Spectrum]:
    return simulate(
        model, Acquisition(0.1, 0.2, 20.0, 1486.6, sample=sample), np.random.default_rng(1)
    )


def fitted(*names: str) -> Scene:
    """Return the scene of a fit of one region, or of several together."""
    model = Model(tuple(region(name) for name in names))
    spectra = draw(model)
    result = fit(dict(zip(names, spectra, strict=True)), model)
    project = add_spectra(Project(), spectra)
    ids = dict(zip(names, project.spectra, strict=True))
    project = add_analysis(project, model, ids)
    key = next(iter(project.analyses))
    project = set_result(project, key, result, ratios=[RATIO])
    return Scene(
        project,
        Selection((ids[names[0]],), key, names[0]),
        spectra[0],
        project.analysis(key),
        result.model.region(names[0]),
        result,
        fitted=True,
    )


@pytest.fixture(scope="module")
def single() -> Scene:
    return fitted("S 2p")


@pytest.fixture(scope="module")
def joint() -> Scene:
    return fitted("S 2p before", "S 2p after")


@pytest.fixture
def tab(qtbot: QtBot) -> Iterator[Callable[[QWidget], QWidget]]:
    """Return what puts a tab on the screen."""

    def show(widget: QWidget) -> QWidget:
        qtbot.addWidget(widget)
        widget.resize(1000, 420)
        widget.show()
        qtbot.waitExposed(widget)
        return widget

    yield show
    theme().use("light")


# ---------------------------------------------------------------------------------
# Correlations


def pairs(tab: CorrelationsTab) -> list[str]:
    return [tab.pairs.item(line).text() for line in range(tab.pairs.count())]


def rest_on(widget: QWidget, place: QPoint) -> str:
    """Return what is read when the mouse rests on a place."""
    event = QHelpEvent(QHelpEvent.Type.ToolTip, place, widget.mapToGlobal(place))
    QApplication.sendEvent(widget, event)
    return QToolTip.text()


def all_tips(widget: QWidget) -> set[str]:
    """Return what is read on all places of a widget."""
    places = (
        QPoint(x, y) for x in range(4, widget.width(), 12) for y in range(4, widget.height(), 12)
    )
    return {said for place in places if (said := rest_on(widget, place))}


def test_correlated_pairs_are_named_as_everywhere(single: Scene, tab: Callable) -> None:
    shown: CorrelationsTab = tab(CorrelationsTab())
    shown.show_scene(single)
    said = "\n".join(pairs(shown))
    assert "PS₄ 2p3/2 centre" in said
    assert "center" not in said and "fwhm" not in said
    assert MINUS in said and "-0" not in said
    assert "S 2p ·" not in said


def test_a_joint_fit_names_the_region_of_each_parameter(joint: Scene, tab: Callable) -> None:
    shown: CorrelationsTab = tab(CorrelationsTab())
    shown.show_scene(joint)
    said = pairs(shown)
    assert len({text.split("   ", 1)[1] for text in said}) == len(said)
    assert any("S 2p before · PS₄ 2p3/2 area" in text for text in said)
    assert any("S 2p after · PS₄ 2p3/2 area" in text for text in said)
    tips = "\n".join(all_tips(shown.matrix))
    assert "S 2p before · background level" in tips and "S 2p after · background level" in tips


def test_a_cell_names_both_parameters_and_the_value(single: Scene, tab: Callable) -> None:
    shown: CorrelationsTab = tab(CorrelationsTab())
    shown.show_scene(single)
    tips = all_tips(shown.matrix)
    assert any("PS₄ 2p3/2 centre ↔ " in said and f": {MINUS}0" in said for said in tips)
    assert not any("-0" in said for said in tips)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_legend_says_which_colour_is_negative(single: Scene, tab: Callable, scheme: str) -> None:
    theme().use(scheme)  # type: ignore[arg-type]
    shown: CorrelationsTab = tab(CorrelationsTab())
    shown.show_scene(single)
    # No pair is correlated: what is orange outside the diagonal, or blue at all, is the legend.
    shown.matrix.show_matrix(("a", "b"), np.eye(2))
    picture = shown.matrix.grab().toImage()
    colours = [
        picture.pixelColor(x, y) for x in range(picture.width()) for y in range(picture.height())
    ]
    assert any(c.blue() - c.red() > 100 for c in colours)


# ---------------------------------------------------------------------------------
# Uniqueness


def test_the_unit_of_a_parameter_stands_in_chooser_axis_and_sentence(
    single: Scene, tab: Callable
) -> None:
    shown: UniquenessTab = tab(UniquenessTab())
    shown.show_scene(single)
    offered = [shown.parameter.itemText(i) for i in range(shown.parameter.count())]
    assert "PS₄ centre (eV)" in offered and "PS₄ FWHM (eV)" in offered
    assert "PS₄ area (counts eV/s)" in offered
    curve = UniquenessCurve(
        "S 2p/PS4/area", np.array([4200.0, 4260.1, 4300.0]), np.array([4.0, 0.0, 4.0]), 4260.1
    )
    shown.show_curve("S 2p/PS4/area", curve)
    bottom = shown.plot.getAxis("bottom")
    assert bottom.labelText == "PS₄ area (counts eV/s)"
    # Numbers are not scaled: a factor of 1000 would be read as part of the unit.
    assert bottom.tickStrings([4200.0, 4300.0], 1.0, 100.0) == ["4200", "4300"]
    said = " ".join(label.text() for label in shown.findChildren(QLabel))
    assert "4260.1 counts eV/s." in said


# ---------------------------------------------------------------------------------
# Ratios and tree: names of samples

LONG = "Li6PS5Cl NMC composite cathode of batch 12 after 50 cycles at 60 degrees"


def samples(scene: Scene, *names: str) -> Scene:
    """Return a scene with one analysis for each sample."""
    assert scene.analysis is not None and scene.spectrum is not None
    project = Project()
    for name in names:
        meta = replace(scene.spectrum.meta, sample=name)
        project = add_spectra(project, [replace_fields(scene.spectrum, meta=meta)])
        spectrum = list(project.spectra)[-1]
        project = add_analysis(project, scene.analysis.model, spectrum)
        assert scene.fit is not None
        project = set_result(project, list(project.analyses)[-1], scene.fit, ratios=[RATIO])
    return Scene(project)


def test_long_names_of_samples_take_two_lines_and_keep_what_tells_them_apart(
    qtbot: QtBot, single: Scene, tab: Callable
) -> None:
    shown: RatiosTab = tab(RatiosTab())
    shown.show_scene(
        samples(single, *(f"{LONG}, {LONG}, {end}" for end in ("charged", "discharged")))
    )
    table = shown.table
    assert table.rowCount() == 2
    shown.resize(420, 420)
    line = QFontMetrics(table.font()).height()
    qtbot.waitUntil(lambda: table.columnWidth(0) > 0 and table.rowHeight(1) < 4 * line)
    width = table.columnWidth(0)
    assert width > QFontMetrics(table.font()).horizontalAdvance("discharged")
    names = [two_lines(table.item(row, 0).text(), table.font(), width - 10) for row in range(2)]
    assert all(len(lines) == 2 for lines in names)
    assert names[0][0] == names[1][0] and names[0][1] != names[1][1]
    tips = [" ".join(table.item(row, 0).toolTip().split()) for row in range(2)]
    assert "at 60 degrees, charged" in tips[0]
    assert "at 60 degrees, discharged" in tips[1]


def test_names_on_the_axis_of_the_ratios_keep_what_tells_them_apart() -> None:
    ends = ("charged 4.3 V (synthetic)", "discharged 2.8 V (synthetic)")
    short = short_names([f"bare cathode, {end}" for end in ends])
    assert short[0].endswith(" charged 4.3 V") and short[1].endswith("discharged 2.8 V")
    assert short_names(["cathode"]) == ["cathode"]


def test_shortened_names_in_the_tree_keep_the_word_that_tells_them_apart(
    qapp: QApplication,
) -> None:
    font = QApplication.font()
    for word in ("charged", "discharged"):
        first, second = two_lines(
            f"{LONG} {word}", font, QFontMetrics(font).averageCharWidth() * 24
        )
        assert first.startswith("Li6PS5Cl")
        assert second.startswith("…") and second.endswith(f" {word}")


# ---------------------------------------------------------------------------------
# Residual


def reach(program: Program) -> float:
    """Return how many sigma the residual panel shows."""
    panels = program.window.plot.findChild(Panels)
    assert panels is not None
    return float(panels.upper_box.viewRange()[1][1])


def test_the_residual_panel_takes_the_preferred_range(
    qtbot: QtBot, program: Program, make_program: Callable[[], Program]
) -> None:
    assert 3 < reach(program) < 6
    program.crew.acting.run("preferences")
    dialog = program.crew.dialogs.current
    assert isinstance(dialog, PreferencesDialog)
    dialog.residual.setFocus()
    qtbot.keyClick(dialog.residual, Qt.Key.Key_End)
    assert dialog.residual.currentText() == "± 10 σ"
    assert reach(program) > 10
    program.crew.dialogs.close()
    assert reach(make_program()) > 10


def test_the_axis_of_the_residual_names_its_range() -> None:
    axis = SigmaAxis()
    axis.set_range(5)
    ((step, values),) = axis.tickValues(-7.0, 7.0, 80.0)
    assert axis.tickStrings(values, 1.0, step) == [f"{MINUS}5", "0", "5"]


def test_a_damaged_residual_range_is_as_at_the_first_start(tmp_path: object) -> None:
    settings = QSettings(f"{tmp_path}/settings.ini", QSettings.Format.IniFormat)
    settings.setValue("preferences/residual_range", "-7")
    assert load_preferences(settings).residual_range == 3
