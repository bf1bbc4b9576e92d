"""Drawing the plot of the window: while a component is dragged, and a spectrum of 10,000 points.

A synthetic S 2p region of nine curves (four doublets and a single component, active Shirley
background, 321 channels) is pulled about in circles by the top of one component. `redraw` times
`PlotView.show_live` and the painting that follows; `frame` times all that a move of the mouse
costs: the pull, the fit of everything else, the redraw. Every frame is painted at once instead
of when the event loop comes to it, so that none is left out, and offscreen, so that no screen
is waited for; the time of the processor is measured beside that on the wall, because it says
the same on a busy machine. `many_points` turns the wheel over a survey spectrum and times each
painting.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

import numpy as np

from spectra_core.editing.drag import TOP, Follower, Handle, Pulled, handles, pull
from spectra_core.fitting import FitResult, evaluate, fit
from spectra_core.model import (
    Background,
    Model,
    Parameter,
    Region,
    add_component,
    add_doublet,
    make_component,
)
from spectra_core.project.project import Project, add_analysis, add_spectra, set_result
from spectra_core.results.colours import component_colours
from spectra_core.runs.simulate import Acquisition, simulate
from spectra_core.spectrum import Axis, Meta, make_spectrum

N_FRAMES = 600  # ten seconds of a screen
WARM_UP = 20
SIZE = 1000, 640
REGION = "S 2p"
_HANDLE = Handle(TOP, "PS4 2p3/2")
_DOUBLETS = (
    ("PS4", 161.5, 4000.0),
    ("bridging S", 162.7, 6000.0),
    ("S-S", 163.7, 1500.0),
    ("sulfate", 168.4, 2500.0),
)


def redraw() -> dict[str, float]:
    """Time the redraw of nine curves, each frame with other ones."""
    result = _fitted()
    view = _view(result)
    spectra = {REGION: result.region(REGION).spectrum}
    frames = [evaluate(spectra, pulled.model) for pulled in _pulls(result)]
    times = [_seconds(partial(_paint, view, dragged)) for dragged in frames]
    _close(view)
    return _percentiles(times)


def frame() -> dict[str, float]:
    """Time a move of the mouse: pull, fit of everything else, redraw."""
    result = _fitted()
    view = _view(result)
    follower = Follower({REGION: result.region(REGION).spectrum}, refit=True)
    times = [
        _seconds(lambda p=pulled: _paint(view, follower.follow(p)))  # type: ignore[misc]
        for pulled in _pulls(result)
    ]
    _close(view)
    return _percentiles(times)


def many_points() -> dict[str, float]:
    """Time the painting of 10,000 points after each turn of the wheel."""
    view = _view_of_survey()
    times = [_seconds(partial(_turn_wheel, view, turn)) for turn in range(200)]
    _close(view)
    return _percentiles(times)


def nine_curves() -> Model:
    """Return a synthetic S 2p model of four doublets and a single component."""
    background = Background(
        "shirley",
        "active",
        parameters={"level": Parameter(500.0), "step": Parameter(0.01, min=0.0, max=0.2)},
    )
    region = Region(REGION, (157.0, 173.0), background)
    for name, center, area in _DOUBLETS:
        region = add_doublet(
            region,
            name,
            REGION,
            center=Parameter(center, min=center - 0.6, max=center + 0.6),
            fwhm=Parameter(1.2, min=0.6, max=2.0),
            area=Parameter(area, min=0.0),
            mix=0.3,
        )
    single = make_component("Se 3p", center=166.3, fwhm=1.8, area=900.0, mix=0.3)
    return Model((add_component(region, single),))


def _fitted() -> FitResult:
    model = nine_curves()
    spectrum = simulate(model, Acquisition(0.05, 0.1, 40.0, 1486.6), np.random.default_rng(0))[0]
    return fit(spectrum, model)


def _pulls(result: FitResult) -> list[Pulled]:
    """Return where the top of a component goes: twice round in a circle."""
    x, y = handles(result, REGION, _HANDLE.owner)[_HANDLE]
    turns = np.linspace(0.0, 4 * np.pi, N_FRAMES + WARM_UP)
    return [
        pull(result, REGION, _HANDLE, x + 0.3 * float(np.sin(t)), y * (1 + 0.1 * float(np.cos(t))))
        for t in turns
    ]


def _view(result: FitResult) -> Any:
    from doublet.app.scene import Scene
    from doublet.app.selection import Selection

    shown = result.region(REGION)
    project = add_analysis(add_spectra(Project(), [shown.spectrum]), result.model, "s1")
    key = next(iter(project.analyses))
    project = set_result(project, key, result)
    region = result.model.region(REGION)
    return _shown(
        Scene(
            project,
            Selection(("s1",), key, REGION, "PS4"),
            shown.spectrum,
            project.analysis(key),
            region,
            result,
            fitted=True,
            colours=component_colours(region),
        )
    )


def _view_of_survey() -> Any:
    from doublet.app.scene import Scene
    from doublet.app.selection import Selection

    x = np.linspace(0.0, 1200.0, 10_000)
    y = np.random.default_rng(1).poisson(800.0 + 0.5 * x).astype(float)
    meta = Meta(sample="survey (synthetic)", region="survey")
    survey = make_spectrum(x, y, Axis.BINDING_ENERGY, meta=meta)
    return _shown(Scene(add_spectra(Project(), [survey]), Selection(("s1",)), survey))


def _shown(scene: Any) -> Any:
    app = _application()
    from doublet.app.views.plot import PlotView

    view = PlotView()
    view.resize(*SIZE)
    view.show()
    view.show_scene(scene)
    app.processEvents()
    return view


def _paint(view: Any, result: FitResult) -> None:
    view.show_live(result, REGION)
    view.viewport.repaint()


def _turn_wheel(view: Any, turn: int) -> None:
    from PySide6.QtCore import QCoreApplication, QPoint, QPointF, Qt
    from PySide6.QtGui import QWheelEvent

    place = view.viewport.rect().center()
    step = QPoint(0, 120 if turn % 20 < 10 else -120)  # in and out again
    event = QWheelEvent(
        QPointF(place),
        QPointF(view.viewport.mapToGlobal(place)),
        QPoint(),
        step,
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QCoreApplication.sendEvent(view.viewport, event)
    view.viewport.repaint()


def _application() -> Any:
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    from PySide6.QtWidgets import QApplication

    from doublet.app.theme import prepare_application

    app = QApplication.instance()
    if app is None:
        app = QApplication([])
        prepare_application(app)
    return app


def _close(view: Any) -> None:
    view.close()
    view.deleteLater()
    _application().processEvents()


def _seconds(act: Callable[[], object]) -> tuple[float, float]:
    """Return the seconds on the wall and of the processor."""
    wall, processor = time.perf_counter(), time.process_time()
    act()
    return time.perf_counter() - wall, time.process_time() - processor


def _percentiles(times: Iterable[tuple[float, float]]) -> dict[str, float]:
    wall, processor = 1e3 * np.array(list(times))[WARM_UP:].T
    return {
        "median_ms": float(np.median(wall)),
        "p95_ms": float(np.percentile(wall, 95)),
        "worst_ms": float(wall.max()),
        "p95_of_processor_ms": float(np.percentile(processor, 95)),
    }
