"""The gallery of models that the data leave open: seen, weighed, adopted. Synthetic spectra."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPointF, Qt
from PySide6.QtGui import QEnterEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from doublet.app.program import Program
from doublet.app.views.thumbnail import Curves, Peak, Thumbnail, beside
from spectra_core.project.project import Project, RatioDefinition, add_spectra
from spectra_core.spectrum import Axis, Meta, make_spectrum
from spectra_core.uncertainty.alternatives import fewer
from spectra_core.uncertainty.averaging import Considered
from spectra_core.uncertainty.open_models import OpenModel
from spectra_core.uncertainty.variants import Trial

Settle = Callable[[Program], None]


def doublet(x: np.ndarray, center: float, area: float, fwhm: float = 1.2) -> np.ndarray:
    sigma = fwhm / 2.3548200450309493
    total = np.zeros_like(x)
    for part, place in ((2 / 3, center), (1 / 3, center + 1.18)):
        peak = np.exp(-(((x - place) / sigma) ** 2) / 2) / (sigma * np.sqrt(2 * np.pi))
        total += part * area * peak
    return total


@pytest.fixture
def open_question(program: Program, settle: Settle) -> Program:
    """Return a fitted spectrum whose background may be of several families."""
    x = np.arange(157.0, 168.0, 0.05)
    y = 400 + doublet(x, 161.6, 4000.0) + doublet(x, 163.0, 150.0)
    counts = np.random.default_rng(11).poisson(y).astype(float)
    meta = Meta(sample="pellet (synthetic)", region="S 2p", dwell_s=1.0, scans=1)
    spectrum = make_spectrum(x, counts, Axis.BINDING_ENERGY, y_unit="counts", meta=meta)
    program.desk.document.open(add_spectra(Project(), [spectrum]))
    program.crew.editing.add_entry("xps/ps4/s2p")
    program.crew.editing.add_entry("xps/bridging/s2p")
    definition = RatioDefinition("S/PS4", ("bridging S",), ("PS4",))
    program.crew.editing.define_ratio(definition)
    program.crew.acting.run("fit")
    settle(program)
    return program


def test_every_model_with_weight_has_its_curves_and_a_click_adopts_it(
    qtbot: QtBot, open_question: Program, settle: Settle
) -> None:
    program, tab = open_question, open_question.window.alternatives
    program.window.show_tab(tab)
    settle(program)
    thumbs = tab.gallery.thumbnails
    heavy = [model for model in tab.models if model.weight]
    assert len(heavy) > 1
    assert [t.shown.name for t in thumbs] == [model.name for model in heavy]
    assert all(t.shown.curves is not None for t in thumbs)
    shares = [t.shown.share for t in thumbs]
    assert shares == sorted(shares, reverse=True)
    assert sum(shares) == pytest.approx(1.0, abs=0.02)
    other = next(t for t in thumbs if t.shown.name == "linear background, active")
    qtbot.mouseClick(other, Qt.MouseButton.LeftButton)
    settle(program)
    region = program.desk.scene.region
    assert region is not None and program.desk.scene.fitted
    assert region.background.type == "linear"
    stack = program.desk.document.stack
    stack.undo()  # the fit
    stack.undo()  # the model
    region = program.desk.scene.region
    assert region is not None and region.background.type == "shirley"


def test_a_model_under_the_mouse_is_drawn_over_the_plot_and_what_differs_is_bold(
    open_question: Program, settle: Settle
) -> None:
    program, tab = open_question, open_question.window.alternatives
    program.window.show_tab(tab)
    settle(program)
    thumbs = {t.shown.name: t for t in tab.gallery.thumbnails}
    other, drawn = thumbs["linear background, active"], tab.gallery.thumbnails[0]
    assert other.shown.curves is not None and drawn.shown.curves is not None
    assert not any(peak.differs or peak.missing for peak in drawn.shown.curves.peaks)
    fewer_lines = [
        t.shown.curves
        for name, t in thumbs.items()
        if "without bridging" in name and t.shown.curves is not None
    ]
    for curves in fewer_lines:
        assert {p.owner for p in curves.peaks if p.missing} >= {"bridging S 2p3/2"}
    point(other, entering=True)
    traces = program.window.plot._panels.other.traces
    assert {trace.key for trace in traces} >= {"PS4 2p3/2", "bridging S 2p3/2"}
    one = next(m for m in program.crew.alternatives._models.values() if m.name == other.shown.name)
    shown = one.result.region(one.region)
    drawn_line = np.interp(shown.x, traces[-1].x, traces[-1].y)
    assert drawn_line == pytest.approx(shown.envelope, rel=1e-6)
    point(other, entering=False)
    assert not program.window.plot._panels.other.traces


def test_only_what_can_be_told_apart_is_bold() -> None:
    x = np.linspace(0.0, 1.0, 50)
    flat = np.column_stack([x, np.full(50, 0.1)])

    def peak(owner: str, height: float) -> Peak:
        return Peak(owner, "#0072B2", np.column_stack([x, 0.1 + height * np.exp(-30 * x**2)]))

    drawn = Curves(flat, flat, flat, (peak("a", 0.5), peak("b", 0.3), peak("c", 0.2)))
    model = Curves(flat, flat, flat, (peak("a", 0.505), peak("b", 0.4), peak("d", 0.1)))
    marked = beside(model, drawn)
    found = {p.owner: (p.differs, p.missing) for p in marked.peaks}
    assert found == {
        "a": (False, False),
        "b": (True, False),
        "d": (True, False),
        "c": (False, True),
    }
    assert not marked.background_differs
    tilted = replace(model, background=np.column_stack([x, 0.1 + 0.05 * x]))
    assert beside(tilted, drawn).background_differs


def point(thumb: Thumbnail, *, entering: bool) -> None:
    """Move the mouse onto a thumbnail, or away from it."""
    at = QPointF(20, 20)
    event = QEnterEvent(at, at, at) if entering else QEvent(QEvent.Type.Leave)
    QApplication.sendEvent(thumb, event)


def test_the_mixture_stands_beside_its_models_and_holds_the_interval(
    open_question: Program, settle: Settle
) -> None:
    tab = open_question.window.alternatives
    open_question.window.show_tab(tab)
    settle(open_question)
    view = tab.mixture
    assert view.isVisible() and not view.geometry().intersects(tab.gallery.geometry())
    (ratio,) = open_question.desk.scene.analysis.ratios  # type: ignore[union-attr]
    found, ends = view.densities, ratio.total_interval
    assert found is not None and ends is not None
    assert len(found.names) == len([m for m in tab.models if m.weight])
    step = found.x[1] - found.x[0]
    inside = (found.x >= ends[0]) & (found.x <= ends[1])
    # The interval is that of draws, the curve of normal distributions: nearly the same.
    assert 0.88 <= float(found.mixture[inside].sum()) * step <= 1.01
    assert 0 < view.place(ends[0]) < view.place(ends[1]) <= view.width()


def test_the_curves_of_a_model_add_up_to_its_envelope(
    open_question: Program, settle: Settle
) -> None:
    tab = open_question.window.alternatives
    open_question.window.show_tab(tab)
    settle(open_question)
    for one in tab.gallery.thumbnails:
        curves = one.shown.curves
        assert curves is not None
        summed = curves.background[:, 1] + sum(
            peak.points[:, 1] - curves.background[:, 1] for peak in curves.peaks if not peak.missing
        )
        assert summed == pytest.approx(curves.envelope[:, 1], abs=1e-6)
        # Binding energy falls to the right: the peak at 161.6 stands right of the middle.
        assert curves.envelope[np.argmax(curves.envelope[:, 1]), 0] > 0.5


def test_what_was_refused_says_why(qtbot: QtBot, open_question: Program, settle: Settle) -> None:
    tab = open_question.window.alternatives
    open_question.window.show_tab(tab)
    settle(open_question)
    refused = [model for model in tab.models if not model.weight]
    assert tab.table.isHidden()
    qtbot.mouseClick(tab.as_table, Qt.MouseButton.LeftButton)
    assert not tab.table.isHidden() and tab.gallery.isHidden()
    assert tab.table.rowCount() == len(tab.models)
    assert any(model.name == "without bridging S" for model in refused)
    assert all(model.reason for model in refused)


def test_a_component_that_a_model_leaves_out_is_disabled_where_it_is_adopted(
    open_question: Program,
) -> None:
    scene = open_question.desk.scene
    assert scene.fit is not None
    other = next(a for a in fewer(scene.fit, "S 2p") if a.change == "without bridging S")
    trial = Trial("components", other.change, other.model, "S 2p", alternative=other)
    one = OpenModel(other.change, "S 2p", scene.fit, Considered(trial, None, 0.0, 0.0, ""))
    kept = [c.id for c in one.model.region("S 2p").components if c.enabled]
    assert kept == ["PS4 2p3/2", "PS4 2p1/2"]


def test_an_assumption_is_freed_and_the_fit_made_again_as_steps_that_can_be_undone(
    qtbot: QtBot, open_question: Program, settle: Settle
) -> None:
    program = open_question
    program.crew.editing.set_prior("S 2p/PS4/center", 161.0, 0.01)
    program.crew.acting.run("fit")
    settle(program)
    pulls = program.window.pulls
    program.window.show_tab(pulls)
    number = next(i for i, one in enumerate(pulls.impacts) if "161" in one.pull.prior)
    pulls.table.selectRow(number)
    assert program.desk.scene.fit is not None
    held = program.desk.scene.fit.value("S 2p/PS4/center")
    qtbot.mouseClick(pulls.free, Qt.MouseButton.LeftButton)
    settle(program)
    scene = program.desk.scene
    assert scene.fitted and scene.fit is not None and scene.analysis is not None
    assert all("161" not in prior.formula for prior in scene.analysis.model.priors)
    # The spectrum was made with 161.6: the prior far from it held the centre off.
    assert abs(scene.fit.value("S 2p/PS4/center") - 161.6) < 0.02 < abs(held - 161.6)
    stack = program.desk.document.stack
    stack.undo()
    stack.undo()
    assert program.desk.scene.fit is not None
    assert program.desk.scene.fit.value("S 2p/PS4/center") == pytest.approx(held)
