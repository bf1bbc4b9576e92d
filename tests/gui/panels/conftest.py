"""Scenes for the views of the right panel: synthetic spectra, every state a parameter can be in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QApplication, QScrollArea, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from doublet.app.main import make_application
from doublet.app.scene import Scene
from doublet.app.scenes import SceneMaker
from doublet.app.selection import Selection
from spectra_core.editing import edits as edits
from spectra_core.model import (
    Background,
    Link,
    Model,
    Parameter,
    Region,
    Term,
    add_component,
    add_doublet,
    make_component,
    set_enabled,
    set_parameter,
)
from spectra_core.project.analyses import start_analysis
from spectra_core.project.jobs import analyse, with_analysed
from spectra_core.project.project import Project, add_analysis, add_spectra, set_model, set_note
from spectra_core.runs.simulate import Acquisition, simulate
from spectra_core.spectrum import Axis, Meta, Spectrum

STEPS = Acquisition(0.05, 1.0, 1.0, 1486.6, sample="pellet", peak_counts=20_000.0)


def truth() -> Model:
    """Return S 2p with three doublets and a single line, P 2p with one doublet."""
    level = {"level": Parameter(400.0), "step": Parameter(0.01)}
    sulfur = Region("S 2p", (157.0, 171.5), Background("shirley", parameters=level))
    for name, species, center, area in (
        ("PS4", "PS4(3-)", 161.5, 3000.0),
        ("bridge", "P2S6(4-)", 162.9, 1200.0),
        ("sulfate", "SO4(2-)", 168.2, 400.0),
    ):
        sulfur = add_doublet(
            sulfur,
            name,
            "S 2p",
            label=species,
            species=species,
            area=area,
            center=center,
            fwhm=1.2,
            mix=Parameter(0.3, free=False),
        )
    sulfur = add_component(
        sulfur,
        make_component(
            "plasmon",
            "gaussian",
            label="energy loss of the sulfide matrix, bulk plasmon",
            area=500.0,
            center=165.8,
            fwhm=2.4,
        ),
    )
    phosphorus = Region("P 2p", (128.0, 137.0), Background("shirley", parameters=level))
    phosphorus = add_doublet(
        phosphorus,
        "PS4",
        "P 2p",
        label="PS4(3-)",
        species="PS4(3-)",
        area=700.0,
        center=131.9,
        fwhm=1.2,
        mix=Parameter(0.3, free=False),
    )
    return Model((sulfur, phosphorus))


def edited() -> Model:
    """Return the model with a link, a link to another region, a bound, an unlock, a pause."""
    model = edits.link(
        truth(), Link("S 2p/bridge/fwhm", (Term(1.0, "S 2p/PS4/fwhm"),), note="one width")
    )
    model = edits.link(
        model, Link("P 2p/PS4/area", (Term(0.25, "S 2p/PS4/area"),), note="stoichiometry")
    )
    model = set_parameter(model, "S 2p/sulfate/fwhm", value=0.9, min=0.7, max=1.0)
    model = edits.unlock_doublet(model, "S 2p", "bridge", "area", "a satellite under 2p1/2")
    return edits.hold(model, "S 2p/plasmon/center", True)


@cache
def fitted_project() -> Project:
    """Return a project with the edited model, fitted jointly to both spectra."""
    project = add_spectra(Project(), simulate(truth(), STEPS, np.random.default_rng(3)))
    project = add_analysis(project, edited(), {"S 2p": "s1", "P 2p": "s2"})
    return with_analysed(project, [analyse(project, "a3")])


@cache
def raman_spectrum() -> Spectrum:
    x = np.arange(380.0, 460.0, 0.5)
    y = 200.0 + 900.0 / (1.0 + ((x - 421.0) / 4.0) ** 2)
    noisy = np.random.default_rng(1).poisson(y).astype(float)
    meta = Meta(sample="pellet (synthetic)", region="PS4 A1", comment="synthetic")
    return Spectrum(x, noisy, Axis.RAMAN_SHIFT, meta=meta)


@cache
def raman_project() -> Project:
    project = start_analysis(add_spectra(Project(), [raman_spectrum()]), "s1")
    key = next(iter(project.analyses))
    model = project.analysis(key).model
    band = make_component("a1", "lorentzian", label="PS4 A1", area=11_000.0, center=420.0, fwhm=8.0)
    region = add_component(model.regions[0], band)
    project = set_model(project, key, replace(model, regions=(region,)))
    return with_analysed(project, [analyse(project, key)])


@cache
def crowded_project() -> Project:
    """Return twenty single lines and doublets, not fitted."""
    region = Region("S 2p", (157.0, 171.5))
    for number in range(14):
        region = add_doublet(
            region, f"species {number}", "S 2p", area=300.0, fwhm=1.1, center=158.5 + 0.7 * number
        )
    for number in range(6):
        line = make_component(f"line {number}", "voigt", area=80.0, fwhm=1.4, center=159.0 + number)
        region = add_component(region, line)
    spectra = simulate(truth(), STEPS, np.random.default_rng(3))
    project = add_spectra(Project(), spectra[:1])
    return add_analysis(project, Model((region,)), {"S 2p": "s1"})


def scene_of(
    project: Project, region: str = "S 2p", owner: str | None = None, *, spectrum: str = "s1"
) -> Scene:
    """Return the scene of a project's first analysis."""
    key = next(iter(project.analyses), None)
    shown = Selection((spectrum,), key, region if key else None, owner)
    return SceneMaker().scene(project, shown)


def changed(project: Project, edit: Callable[[Model], Model]) -> Project:
    """Return a project with its first model edited; the fit becomes stale."""
    key = next(iter(project.analyses))
    return set_model(project, key, edit(project.analysis(key).model))


@dataclass(frozen=True)
class Scenes:
    """The scenes that tests show."""

    fitted: Scene
    phosphorus: Scene
    stale: Scene
    disabled: Scene
    raman: Scene
    crowded: Scene
    noted: Scene
    bare: Scene
    nothing: Scene


@pytest.fixture
def scenes() -> Scenes:
    project = fitted_project()
    wider = changed(project, lambda m: edits.set_value(m, "S 2p/PS4/center", 161.6))
    off = changed(project, lambda m: set_enabled(m, "S 2p", "sulfate", False))
    raman = raman_project()
    name = next(iter(raman.analyses.values())).model.regions[0].name
    return Scenes(
        scene_of(project),
        scene_of(project, "P 2p", spectrum="s2"),
        scene_of(wider),
        scene_of(off),
        scene_of(raman, name),
        scene_of(crowded_project()),
        scene_of(set_note(project, "a3", "from the second pellet")),
        Scene(project, Selection(("s1",)), project.spectrum("s1")),
        Scene(Project()),
    )


@pytest.fixture(autouse=True)
def application(qtbot: QtBot) -> None:
    """Give widgets the style and fonts of the program."""
    make_application()


@pytest.fixture
def in_panel(qtbot: QtBot) -> Callable[..., QScrollArea]:
    """Return what puts a view into a scrolled panel of a width, as the window does."""
    kept: list[QScrollArea] = []  # qtbot holds its widgets weakly

    def put(view: QWidget, width: int = 310, height: int = 500) -> QScrollArea:
        page = QWidget()
        page.setObjectName("page")
        column = QVBoxLayout(page)
        column.addWidget(view)
        column.addStretch(1)
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setWidget(page)
        area.resize(width, height)
        qtbot.addWidget(area)
        kept.append(area)
        with qtbot.waitActive(area):
            area.show()
            area.activateWindow()
        return area

    return put


@pytest.fixture
def wheel() -> Callable[[QWidget], None]:
    """Return what turns the wheel over a widget."""

    def turn(widget: QWidget) -> None:
        middle = QPointF(widget.rect().center())
        event = QWheelEvent(
            middle,
            QPointF(widget.mapToGlobal(middle.toPoint())),
            QPoint(0, 0),
            QPoint(0, -120),
            Qt.MouseButton.NoButton,
            Qt.KeyboardModifier.NoModifier,
            Qt.ScrollPhase.NoScrollPhase,
            False,
        )
        QApplication.sendEvent(widget, event)

    return turn
