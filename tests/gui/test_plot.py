"""The plot as a user uses it: with the mouse, the keys, and by looking at the picture."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QCoreApplication, QEvent, QPoint, QPointF, QSize, Qt
from PySide6.QtGui import QColor, QImage, QMouseEvent, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMenu
from pytestqt.qtbot import QtBot

from doublet.app.scene import Scene
from doublet.app.selection import Selection
from doublet.app.theme import theme
from doublet.app.views.plot import PlotOptions, PlotView, Tick
from doublet.app.views.plot_items import thinned
from doublet.app.views.plot_scene import names_apart, smoothed
from doublet.app.views.residual import rows_of
from spectra_core.editing.drag import Handle, handles, pull
from spectra_core.errors import WriteError
from spectra_core.fitting import evaluate, fit
from spectra_core.model import Background, Model, Parameter, Region, add_doublet
from spectra_core.project.project import Project, add_analysis, add_spectra, set_result
from spectra_core.results.colours import component_colours
from spectra_core.runs.simulate import Acquisition, simulate
from spectra_core.spectrum import Axis, Meta, Spectrum, make_spectrum, replace_fields

NAME = "S 2p"
TOP = Handle("top", "PS4 2p3/2")


def synthetic_model() -> Model:
    background = Background(
        "shirley",
        "active",
        parameters={"level": Parameter(300.0), "step": Parameter(0.02, min=0.0, max=0.2)},
    )
    region = Region(NAME, (157.0, 168.0), background)
    for label, center, area in (("PS4", 161.5, 2000.0), ("bridging S", 163.0, 3000.0)):
        region = add_doublet(region, label, NAME, center=center, area=area, fwhm=1.1)
    return Model((region,), title="Two doublets")


@pytest.fixture(scope="module")
def scene() -> Scene:
    """A fitted synthetic spectrum, its PS4 doublet chosen."""
    model = synthetic_model()
    conditions = Acquisition(0.1, 0.2, 20.0, 1486.6, sample="a cathode")
    spectrum = simulate(model, conditions, np.random.default_rng(1))[0]
    result = fit(spectrum, model)
    project = add_analysis(add_spectra(Project(), [spectrum]), model, "s1")
    key = next(iter(project.analyses))
    project = set_result(project, key, result)
    region = result.model.region(NAME)
    chosen = Selection(("s1",), key, NAME, "PS4")
    return Scene(
        project,
        chosen,
        spectrum,
        project.analysis(key),
        region,
        result,
        fitted=True,
        colours=component_colours(region),
    )


@pytest.fixture
def view(qtbot: QtBot) -> Iterator[PlotView]:
    plot = PlotView()
    qtbot.addWidget(plot)
    plot.resize(900, 600)
    plot.show()
    qtbot.waitExposed(plot)
    yield plot
    theme().use("light")


def show(view: PlotView, scene: Scene) -> None:
    view.show_scene(scene)
    QCoreApplication.processEvents()


def drag(view: PlotView, start: QPoint, by: QPoint, *, release: bool = True) -> None:
    QTest.mouseMove(view.viewport, start)
    QTest.mousePress(view.viewport, Qt.MouseButton.LeftButton, pos=start)
    for part in (0.3, 0.6, 1.0):
        _move(view, start + QPoint(round(by.x() * part), round(by.y() * part)))
    if release:
        QTest.mouseRelease(view.viewport, Qt.MouseButton.LeftButton, pos=start + by)


def _move(view: PlotView, place: QPoint) -> None:
    left = Qt.MouseButton.LeftButton
    moved = QMouseEvent(
        QEvent.Type.MouseMove,
        QPointF(place),
        QPointF(view.viewport.mapToGlobal(place)),
        Qt.MouseButton.NoButton,
        left,
        Qt.KeyboardModifier.NoModifier,
    )
    QCoreApplication.sendEvent(view.viewport, moved)


def heard(signal: Any) -> list[tuple[Any, ...]]:
    told: list[tuple[Any, ...]] = []
    signal.connect(lambda *values: told.append(values))
    return told


def click(view: PlotView, place: QPoint) -> None:
    QTest.mouseClick(view.viewport, Qt.MouseButton.LeftButton, pos=place)


def pixel(picture: QImage, view: PlotView, place: QPoint) -> QColor:
    there = view.viewport.mapTo(view, place) * picture.devicePixelRatio()
    return picture.pixelColor(there)


def test_the_top_of_a_component_follows_the_hand(view: PlotView, scene: Scene) -> None:
    show(view, scene)
    began, moved, ended = (heard(s) for s in (view.drag_began, view.drag_moved, view.drag_ended))
    start = view.handle_position(TOP)
    assert start is not None and scene.fit is not None
    x, y = handles(scene.fit, NAME, "PS4")[TOP]
    drag(view, start + QPoint(3, -2), QPoint(-60, -40))
    assert began == [(TOP,)] and len(ended) == 1
    handle, to_x, to_y = moved[-1]
    # To the left is to higher binding energy, and the handle stays under the hand.
    assert handle == TOP and to_x > x + 0.3 and to_y > y
    there = view.position_of(to_x, to_y) - start
    assert abs(there.x() + 60) <= 2 and abs(there.y() + 40) <= 2


def test_a_frame_of_a_drag_moves_curves_and_handle_but_not_the_view(
    view: PlotView, scene: Scene
) -> None:
    show(view, scene)
    assert scene.fit is not None and scene.spectrum is not None
    before = view.handle_position(TOP)
    corner = view.position_of(160.0, 500.0)
    x, y = handles(scene.fit, NAME, "PS4")[TOP]
    pulled = pull(scene.fit, NAME, TOP, x + 0.5, 1.4 * y)
    view.show_live(evaluate(scene.spectrum, pulled.model), NAME)
    after = view.handle_position(TOP)
    assert before is not None and after is not None
    assert after.x() < before.x() and after.y() < before.y()
    assert view.position_of(160.0, 500.0) == corner


def test_escape_gives_a_drag_up_and_what_follows_does_nothing(view: PlotView, scene: Scene) -> None:
    show(view, scene)
    moved, ended, given_up = (
        heard(s) for s in (view.drag_moved, view.drag_ended, view.drag_cancelled)
    )
    start = view.handle_position(TOP)
    assert start is not None
    drag(view, start, QPoint(-50, 0), release=False)
    QTest.keyClick(view.viewport, Qt.Key.Key_Escape)
    assert len(given_up) == 1
    told = len(moved)
    _move(view, start + QPoint(90, 0))
    QTest.mouseRelease(view.viewport, Qt.MouseButton.LeftButton, pos=start + QPoint(90, 0))
    assert len(moved) == told and not ended
    drag(view, start, QPoint(-50, 0))
    assert len(ended) == 1  # the next drag is an ordinary one


def test_the_edge_of_the_window_and_the_half_height_can_be_dragged(
    view: PlotView, scene: Scene
) -> None:
    show(view, scene)
    began = heard(view.drag_began)
    for handle in (Handle("half_high", "PS4 2p3/2"), Handle("background_low")):
        place = view.handle_position(handle)
        assert place is not None
        drag(view, place, QPoint(25, 0))
    edge = view.handle_position(Handle("window_low"))
    assert edge is not None
    drag(view, QPoint(edge.x(), edge.y() - 150), QPoint(25, 0))
    assert [told[0].kind for told in began] == ["half_high", "background_low", "window_low"]


def test_a_click_into_a_component_chooses_it_and_one_beside_chooses_none(
    view: PlotView, scene: Scene
) -> None:
    show(view, scene)
    picked = heard(view.owner_picked)
    assert scene.fit is not None
    shown = scene.fit.region(NAME)
    base = float(np.interp(163.0, shown.x, shown.background))
    height = float(np.interp(163.0, shown.x, shown.peaks["bridging S 2p3/2"]))
    click(view, view.position_of(163.0, base + 0.6 * height))
    click(view, view.position_of(166.5, base + 1.2 * height))
    assert picked == [("bridging S 2p3/2",), ("",)]


def test_a_drag_on_empty_space_pans_and_a_double_click_comes_back(
    view: PlotView, scene: Scene
) -> None:
    show(view, scene)
    there = view.position_of(166.0, float(scene.spectrum.y.max()))  # type: ignore[union-attr]
    home = view.position_of(161.0, 500.0)
    drag(view, there, QPoint(70, 0))
    assert abs(view.position_of(161.0, 500.0).x() - home.x() - 70) <= 8
    left = Qt.MouseButton.LeftButton
    QTest.mouseClick(view.viewport, left, pos=there)
    QTest.mouseDClick(view.viewport, left, pos=there)
    QTest.mouseRelease(view.viewport, left, pos=there)
    assert view.position_of(161.0, 500.0) == home


def test_move_only_neither_pans_nor_adds_but_moves(view: PlotView, scene: Scene) -> None:
    view.set_options(PlotOptions(move_only=True))
    show(view, scene)
    view.set_ticks((Tick("lib/ps4", "PS₄³⁻", 161.4),))
    ticked, began = heard(view.tick_clicked), heard(view.drag_began)
    home = view.position_of(161.0, 500.0)
    drag(view, view.position_of(166.0, 1500.0), QPoint(70, 0))
    tick, top = view.tick_position("lib/ps4"), view.handle_position(TOP)
    assert tick is not None and top is not None
    click(view, tick)
    assert view.position_of(161.0, 500.0) == home and not ticked
    drag(view, top, QPoint(-30, 0))
    assert len(began) == 1


def test_a_click_on_a_tick_names_its_entry_and_hover_says_how_far_it_is(
    view: PlotView, scene: Scene
) -> None:
    show(view, scene)
    view.set_ticks((Tick("lib/ps4", "PS₄³⁻", 161.4, "161.4 ± 0.3 eV, three sources"),))
    ticked = heard(view.tick_clicked)
    place = view.tick_position("lib/ps4")
    assert place is not None
    click(view, place)
    assert ticked == [("lib/ps4",)]
    hovered = heard(view.hovered)
    box = view.findChild(type(view._hover))
    assert box is not None
    for step in range(10):
        # The screen's own pointer may leave the window in between, so the hand moves on.
        QTest.mouseMove(view.viewport, view.position_of(161.6, 800.0 + step))
        if box.isVisible():
            break
        QTest.qWait(20)
    assert hovered[-1][0] == pytest.approx(161.6, abs=0.06)
    assert box.isVisible()
    said = box.text().replace(",", ".")
    assert "161." in said and "eV" in said
    assert "PS₄³⁻" in said and "three sources" in said and "Δ" in said


def test_labels_of_ticks_do_not_overlap(view: PlotView, scene: Scene) -> None:
    show(view, scene)
    view.set_ticks(tuple(Tick(f"e{i}", f"species {i}", 160.0 + 0.08 * i) for i in range(40)))
    labels = [box for _, _, box in view._panels.ticks.placed if not box.isNull()]
    assert len(labels) > 5
    for i, one in enumerate(labels):
        assert not any(one.intersects(other) for other in labels[i + 1 :])


def test_binding_energy_falls_to_the_right_and_raman_shift_rises(
    view: PlotView, scene: Scene
) -> None:
    show(view, scene)
    assert view.position_of(160.0, 0.0).x() > view.position_of(165.0, 0.0).x()
    shift = np.linspace(200.0, 600.0, 401)
    raman = make_spectrum(
        shift,
        100 + 900 * np.exp(-(((shift - 420) / 5) ** 2)),
        Axis.RAMAN_SHIFT,
        y_unit="counts",
        meta=Meta(sample="LPSCl", region="Raman"),
    )
    show(view, Scene(Project(), Selection(("s1",)), raman))
    assert view.position_of(300.0, 0.0).x() < view.position_of(500.0, 0.0).x()


def test_components_are_filled_in_their_colour(view: PlotView, scene: Scene) -> None:
    assert scene.fit is not None
    shown = scene.fit.region(NAME)
    base = float(np.interp(161.3, shown.x, shown.background))
    place = (161.3, base + 0.25 * float(shown.peaks["PS4 2p3/2"].max()))
    show(view, scene)
    with_fill = pixel(view.picture(), view, view.position_of(*place))
    view.set_options(PlotOptions(components=False))
    without = pixel(view.picture(), view, view.position_of(*place))
    assert with_fill.blue() - with_fill.red() > 60  # PS4 is blue
    assert abs(without.blue() - without.red()) < 25
    assert view.handle_position(TOP) is None
    assert view.handle_position(Handle("window_low")) is not None


def test_a_logarithmic_axis_gives_counts_back_to_a_drag(view: PlotView, scene: Scene) -> None:
    view.set_options(PlotOptions(log_y=True))
    show(view, scene)
    moved = heard(view.drag_moved)
    place = view.handle_position(TOP)
    assert place is not None and scene.fit is not None
    drag(view, place, QPoint(40, 0))
    assert moved[-1][2] == pytest.approx(handles(scene.fit, NAME, "PS4")[TOP][1], rel=0.03)


def test_overlays_are_named_and_a_click_on_one_chooses_it(view: PlotView, scene: Scene) -> None:
    assert scene.spectrum is not None
    other = Spectrum(
        scene.spectrum.x,
        scene.spectrum.y + 3000.0,
        axis=Axis.BINDING_ENERGY,
        y_unit="counts/s",
        meta=Meta(sample="another", region=NAME),
    )
    show(view, replace(scene, selection=Selection(("s1", "s2")), overlays={"s2": other}))
    picked = heard(view.overlay_picked)
    at = int(np.searchsorted(other.x, 160.0))
    click(view, view.position_of(float(other.x[at]), float(other.y[at])))
    assert picked == [("s2",)]
    # Both are S 2p: the sample alone tells them apart.
    assert view.legend.names[-1] == "another"


@pytest.mark.parametrize(
    ("metas", "names"),
    [
        (
            [{"etch_time_s": 0.0}, {"etch_time_s": 40.0}, {"etch_time_s": 80.0}],
            ["etched 0 s", "etched 40 s", "etched 80 s"],
        ),
        ([{"region": "S 2p"}, {"region": "P 2p"}], ["S 2p", "P 2p"]),
        (
            [{"sample": "NCM + bare, at 4.3 V (x)"}, {"sample": "NCM + C60@bare, at 2.8 V (x)"}],
            ["bare, at 4.3 V", "C60@bare, at 2.8 V"],
        ),
        ([{}, {}], ["pellet · O 1s", "pellet · O 1s"]),
    ],
)
def test_a_legend_names_what_differs(metas: list[dict[str, Any]], names: list[str]) -> None:
    x = np.arange(5.0)
    common = {"sample": "pellet", "region": "O 1s"}
    spectra = [
        Spectrum(x, x, axis=Axis.BINDING_ENERGY, meta=Meta(**(common | meta))) for meta in metas
    ]
    assert names_apart(spectra) == names


def test_kinetic_energies_are_printed_as_photon_energy_less_binding_energy(
    view: PlotView, scene: Scene
) -> None:
    view.set_options(PlotOptions(kinetic=True))
    show(view, scene)
    axis = view._panels.energies
    places = [v for _, values in axis.tickValues(157.0, 168.0, 800.0) for v in values]
    texts = axis.tickStrings([1486.6 - 1322.0], 1.0, 1.0)
    assert texts == ["1322"]
    assert any(abs((1486.6 - v) % 1) < 1e-6 for v in places)


def test_nothing_and_a_model_that_cannot_be_drawn_are_said(view: PlotView, scene: Scene) -> None:
    show(view, scene)
    show(view, replace(scene, fit=None, problem="The window has no points."))
    assert view._panels.message.toPlainText() == "The window has no points."
    assert view.handle_position(TOP) is None
    show(view, Scene(Project()))
    assert view._panels.message.toPlainText() == "No spectrum chosen"
    view.picture()


def test_a_model_not_fitted_says_so(view: PlotView, scene: Scene) -> None:
    assert scene.spectrum is not None
    drawn = evaluate(scene.spectrum, synthetic_model())
    show(view, replace(scene, fit=drawn, fitted=False))
    assert "not fitted" in view._about.toolTip()
    show(view, scene)
    assert "not fitted" not in view._about.toolTip()
    assert "Two doublets" in view._about.toolTip()


def test_the_picture_is_twice_as_fine_and_follows_the_scheme(view: PlotView, scene: Scene) -> None:
    show(view, scene)
    light = view.picture()
    assert light.size() == view.size() * 2
    theme().use("dark")
    dark = view.picture()
    assert light.pixelColor(40, 900).lightness() > 200 > 80 > dark.pixelColor(40, 900).lightness()


def test_export_writes_the_figure_of_a_fit_or_what_is_shown(
    view: PlotView, scene: Scene, tmp_path: Path
) -> None:
    assert scene.spectrum is not None
    show(view, scene)
    view.export(tmp_path / "fit.svg")
    assert "residual" in (tmp_path / "fit.svg").read_text(encoding="utf-8").casefold() or (
        b"<svg" in (tmp_path / "fit.svg").read_bytes()
    )
    show(view, Scene(scene.project, Selection(("s1",)), scene.spectrum))
    view.export(tmp_path / "data.svg")
    view.export(tmp_path / "data.png")
    assert b"<svg" in (tmp_path / "data.svg").read_bytes()
    image = QImage(str(tmp_path / "data.png"))
    assert image.width() > 6 * view.width()
    assert image.dotsPerMeterX() == pytest.approx(600 / 0.0254, rel=1e-3)
    with pytest.raises(WriteError, match="without a fit"):
        view.export(tmp_path / "data.pdf")


def test_a_highlight_brings_its_place_into_view_and_goes_with_a_click(
    view: PlotView, scene: Scene
) -> None:
    show(view, scene)
    view.highlight(155.0, 156.0, "there is a satellite here")
    width = view.viewport.width()
    assert 0 < view.position_of(155.0, 0.0).x() < width
    assert view._panels.mark.isVisible()
    click(view, view.position_of(166.0, 900.0))
    assert not view._panels.mark.isVisible()


def test_ten_thousand_points_are_a_line_and_circles_when_zoomed_in(view: PlotView) -> None:
    x = np.linspace(0.0, 1200.0, 10_000)
    y = np.random.default_rng(3).poisson(400, x.size).astype(float)
    survey = make_spectrum(x, y, axis=Axis.BINDING_ENERGY, y_unit="counts", meta=Meta())
    show(view, Scene(Project(), Selection(("s1",)), survey))
    assert view._panels.dense.isVisible() and not view._panels.points.isVisible()
    view._panels.box.setXRange(500.0, 520.0)
    assert view._panels.points.isVisible() and not view._panels.dense.isVisible()


def test_thinning_keeps_every_spike_and_the_ends() -> None:
    x = np.arange(10_000.0)
    y = np.zeros(x.size)
    y[[17, 5003, 9998]] = 5.0, -4.0, 7.0
    thin_x, thin_y = thinned(x, y, 0.0, 10_000.0, 500)
    assert thin_x.size <= 1100 and np.all(np.diff(thin_x) >= 0)
    assert {17.0, 5003.0, 9998.0} <= set(thin_x[thin_y != 0])
    assert thin_x[0] == 0.0 and thin_x[-1] == 9999.0
    part_x, _ = thinned(x, y, 100.0, 200.0, 500)
    assert part_x[0] <= 100.0 and part_x[-1] >= 200.0 and part_x.size < 110


def test_smooth_curves_go_through_the_computed_values_and_add_up() -> None:
    x = np.linspace(160.0, 165.0, 51)
    one, two = np.exp(-((x - 162) ** 2)), np.exp(-(((x - 163) / 0.7) ** 2))
    fine, (first, second, both) = smoothed(x, one, two, one + two)
    assert fine.size > 4 * x.size
    np.testing.assert_allclose(np.interp(x, fine, first), one, atol=1e-9)
    np.testing.assert_allclose(first + second, both, atol=1e-12)
    np.testing.assert_allclose(first, np.exp(-((fine - 162) ** 2)), atol=2e-4)


def test_another_project_is_shown_whole_though_its_spectra_have_the_same_ids(
    view: PlotView,
) -> None:
    x = np.linspace(0.0, 100.0, 201)
    for top in (1000.0, 50.0):
        y = 10.0 + top * np.exp(-(((x - 50) / 3) ** 2))
        one = make_spectrum(x, y, Axis.BINDING_ENERGY, meta=Meta())
        show(view, Scene(add_spectra(Project(), [one]), Selection(("s1",)), one))
    # The peak of 60 counts reaches into the upper part of the panel.
    height = view.position_of(50.0, 10.0).y() - view.position_of(50.0, 60.0).y()
    assert height > 0.6 * (view.position_of(50.0, 10.0).y())
    assert view.position_of(50.0, 60.0).y() > 0


def test_large_counts_are_printed_as_powers_and_small_ones_in_full(view: PlotView) -> None:
    axis = view._panels.counts
    assert axis.tickStrings([0.0, 500_000.0, 1_500_000.0], 1.0, 5e5) == ["0", "5·10⁵", "1.5·10⁶"]
    assert axis.tickStrings([0.0, 20_000.0], 1.0, 2e4) == ["0", "20000"]


def test_a_long_name_of_a_region_does_not_widen_the_plot(view: PlotView, scene: Scene) -> None:
    assert scene.spectrum is not None
    show(view, scene)
    usual = view.minimumSizeHint().width()
    long = replace(scene.spectrum.meta, region="S 2p after cycling " * 12)
    show(view, replace(scene, spectrum=replace_fields(scene.spectrum, meta=long)))
    assert view.minimumSizeHint().width() < usual + 400
    assert view.size() == QSize(900, 600)


def test_the_menu_adds_a_component_where_it_was_opened(view: PlotView, scene: Scene) -> None:
    show(view, scene)
    added, library = heard(view.add_at), heard(view.library_at)
    place = view.position_of(164.5, 900.0)
    QTest.mouseClick(view.viewport, Qt.MouseButton.RightButton, pos=place)
    menu = view.findChild(QMenu)
    assert menu is not None
    entries = {action.text().split(" (")[0]: action for action in menu.actions()}
    entries["Add component here"].trigger()
    entries["Library near here…"].trigger()
    menu.close()
    assert added == [(pytest.approx(164.5, abs=0.03),)]
    assert library == added


def test_a_double_click_with_control_adds_a_component_there(view: PlotView, scene: Scene) -> None:
    show(view, scene)
    added = heard(view.add_at)
    place = view.position_of(164.5, 900.0)
    left, control = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.ControlModifier
    QTest.mouseDClick(view.viewport, left, control, place)
    QTest.mouseRelease(view.viewport, left, control, place)
    assert added == [(pytest.approx(164.5, abs=0.03),)]


def test_the_wheel_zooms_at_the_cursor(view: PlotView, scene: Scene) -> None:
    show(view, scene)
    place = view.position_of(162.0, 900.0)
    before = view.position_of(164.0, 900.0).x() - place.x()
    turn = QWheelEvent(
        QPointF(place),
        QPointF(view.viewport.mapToGlobal(place)),
        QPoint(),
        QPoint(0, 240),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QCoreApplication.sendEvent(view.viewport, turn)
    assert abs(view.position_of(162.0, 900.0).x() - place.x()) <= 2
    assert abs(view.position_of(164.0, 900.0).x() - place.x()) > 1.05 * abs(before)


# ---------------------------------------------------------------------------------
# What is told in the plot itself


def test_a_row_is_marked_where_chance_hardly_makes_one() -> None:
    rng = np.random.default_rng(5)
    x = np.arange(120.0)
    marked = sum(bool(rows_of(x, rng.standard_normal(120))) for _ in range(2000)) / 2000
    assert 0.01 < marked < 0.06
    residual = rng.standard_normal(120)
    residual[40:54] = np.abs(residual[40:54]) + 0.2
    (row,) = rows_of(x, residual)
    assert row.low <= 40 and row.high >= 53 and row.n >= 14


def misfitted(scene: Scene) -> Scene:
    """Return the scene with a bump in the data that its fit knows nothing of."""
    assert scene.fit is not None and scene.region is not None
    own = scene.fit.region(scene.region.name)
    bump = 8.0 * np.exp(-(((own.x - 165.0) / 0.5) ** 2))
    regions = tuple(
        replace(r, residual=r.residual + bump) if r.name == own.name else r
        for r in scene.fit.regions
    )
    return replace(scene, fit=replace(scene.fit, regions=regions))


def test_a_click_on_a_marked_residual_shows_what_is_around_it(view: PlotView, scene: Scene) -> None:
    show(view, misfitted(scene))
    (row,) = view._panels.rows.rows
    assert row.low < 165.0 < row.high
    assert view._panels.residual.beyond.size and abs(view._panels.residual.beyond - 165).max() < 2
    upper = view._panels.upper_box
    before = view._panels.box.viewRange()[0]
    view.residual_clicked(upper.mapFromView(QPointF(before[0] + 0.2, 0.0)))
    assert view._panels.box.viewRange()[0] == before
    view.residual_clicked(upper.mapFromView(QPointF(165.0, 0.0)))
    low, high = view._panels.box.viewRange()[0]
    assert low < row.low and row.high < high and high - low < 0.5 * (before[1] - before[0])
    view.reset_view()
    assert view._panels.box.viewRange()[0] == pytest.approx(before)


def test_each_component_is_named_where_nothing_else_is(view: PlotView, scene: Scene) -> None:
    show(view, scene)
    item = view._panels.names
    placed = item.placed
    assert scene.region is not None and len(placed) >= 2
    boxes = list(placed.values())
    line = item._line()
    for i, box in enumerate(boxes):
        assert view._panels.box.rect().contains(box)
        assert not any(box.intersects(other) for other in boxes[i + 1 :])
        under = line[1][(line[0] >= box.left()) & (line[0] <= box.right())]
        assert (under < box.top()).all() or (under > box.bottom()).all()


def test_the_whole_stays_in_view_at_every_height_of_the_plot(
    qtbot: QtBot, view: PlotView, scene: Scene
) -> None:
    show(view, scene)
    view.set_ticks(tuple(Tick(f"e{i}", f"species {i}", 160.0 + 0.4 * i) for i in range(12)))
    assert scene.spectrum is not None
    for height in (640, 300, 480):
        view.resize(900, height)
        QApplication.processEvents()
        box = view._panels.box
        lowest = box.mapFromView(QPointF(160.0, float(scene.spectrum.y.min()))).y()
        labels = [label for _, _, label in view._panels.ticks.placed if not label.isNull()]
        assert labels and min(label.top() for label in labels) > lowest
    view._panels.box.setXRange(160.0, 162.0)
    view.resize(900, 600)
    QApplication.processEvents()
    assert view._panels.box.viewRange()[0] == pytest.approx([160.0, 162.0], abs=0.2)


def test_names_of_overlays_stand_outside_the_data(view: PlotView, scene: Scene) -> None:
    assert scene.spectrum is not None
    others = {
        f"s{i}": replace_fields(scene.spectrum, meta=Meta(sample=f"pellet {i}", region=NAME))
        for i in range(2, 5)
    }
    show(view, replace(scene, selection=Selection(("s1", *others)), overlays=others))
    legend = view.legend
    assert legend.isVisible()
    assert legend.geometry().bottom() <= view._panels.geometry().top()
    assert list(legend.names[1:]) == [f"pellet {i}" for i in (2, 3, 4)]
    picked = heard(view.overlay_picked)
    place = legend.place_of("pellet 3").center().toPoint()
    QTest.mouseClick(legend, Qt.MouseButton.LeftButton, pos=place)
    assert picked == [("s3",)]
    show(view, scene)
    assert not legend.isVisible()
