"""Uniqueness of a parameter: how much worse the best fit becomes when it is held elsewhere."""

from __future__ import annotations

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QPushButton, QVBoxLayout, QWidget

from spectra_core.editing.edits import members, owner_label, owners
from spectra_core.uncertainty.profile import UniquenessCurve

from ..formula import formula
from ..parameter_words import NAMES
from ..scene import Scene
from ..theme import colour, theme
from ..widgets import Choice, label, printed, row
from .component_numbers import Numbers, numbers
from .plot_axis import CountsAxis, EnergyAxis
from .plot_items import cosmetic

_ASKED = ("center", "fwhm", "area")
_LEVELS = ((1.0, "68 %"), (3.841, "95 %"))


class UniquenessTab(QWidget):
    """A choice of parameter and its curve.

    Signals
    -------
    curve_asked(str)
        Path of the parameter.
    """

    curve_asked = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._fit: object = None
        self._units: dict[str, str] = {}
        self.parameter = Choice(name="Parameter")
        self.parameter.setMinimumContentsLength(28)
        self.compute = QPushButton("Compute")
        self.compute.setToolTip("Fits again with the parameter held at each of 25 values.")
        self.compute.clicked.connect(self._ask)
        self._said = label("", "muted", wrap=True)
        self.plot = pg.PlotWidget(axisItems={"left": CountsAxis(), "bottom": EnergyAxis()})
        self.plot.setMenuEnabled(False)
        self.plot.hideButtons()
        self.plot.setAccessibleName("Uniqueness curve")
        self._line = pg.PlotDataItem(symbol="o", symbolSize=5)
        self.plot.addItem(self._line)
        self._levels = []
        for value, text in _LEVELS:
            level = pg.InfiniteLine(value, angle=0, label=text, labelOpts={"position": 0.96})
            self._levels.append(level)
            self.plot.addItem(level)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(10, 8, 10, 8)
        layout.addLayout(row(self.parameter, self.compute, self._said, 1))
        layout.addWidget(self.plot)
        theme().changed.connect(self._dress)
        self._dress()

    def show_scene(self, scene: Scene) -> None:
        """Offer the parameters of a scene's region."""
        on = scene.fitted and scene.region is not None
        self.compute.setEnabled(on)
        self.compute.setToolTip(
            "Fits again with the parameter held at each of 25 values." if on else "Fit first."
        )
        if scene.fit is self._fit and on:
            return
        self._fit = scene.fit if on else None
        self._line.setData([], [])
        self._said.setText("" if on else "Fit to ask how well a parameter is determined.")
        self._offer(numbers(scene) if on else None)

    def _offer(self, shown: Numbers | None) -> None:
        options = []
        self._units = {}
        for owner in owners(shown.region) if shown is not None else ():
            assert shown is not None
            label_of = formula(owner_label(shown.region, owner))
            for spec in shown.region.specs_of(members(shown.region, owner)[0]):
                if spec.name in _ASKED:
                    path = f"{shown.region.name}/{owner}/{spec.name}"
                    unit = self._units[path] = shown.unit(spec)
                    words = f"{label_of} {NAMES.get(spec.name, spec.name)}"
                    options.append((path, f"{words} ({unit})" if unit else words))
        self.parameter.set_options(options, self.parameter.value)

    def show_curve(self, path: str, curve: UniquenessCurve) -> None:
        """Show a curve."""
        self.parameter.set_value(path)
        self._line.setData(np.array(curve.values), np.array(curve.delta_chi_square))
        top = min(float(np.nanmax(curve.delta_chi_square)), 12.0)
        self.plot.setYRange(0.0, max(top, 5.0))
        self.plot.setXRange(float(curve.values[0]), float(curve.values[-1]))
        self.plot.setLabel("bottom", self.parameter.currentText())
        self.plot.setLabel("left", "Δχ²")
        best = f"{printed(f'{curve.best:.5g}')} {self._units.get(path, '')}".strip()
        self._said.setText(f"Best at {best}. A narrow valley is a number, a flat one is none.")

    def _ask(self) -> None:
        if self.parameter.value:
            self.curve_asked.emit(self.parameter.value)

    def _dress(self) -> None:
        self.plot.setBackground(colour("card"))
        for side in ("left", "bottom"):
            axis = self.plot.getAxis(side)
            axis.setPen(colour("border"))
            axis.setTextPen(colour("muted"))
        self._line.setPen(cosmetic(colour("accent"), 1.6))
        self._line.setSymbolBrush(colour("card"))
        self._line.setSymbolPen(cosmetic(colour("accent"), 1.3))
        for level in self._levels:
            level.setPen(cosmetic(colour("faint"), 1.0, Qt.PenStyle.DashLine))
            level.label.setColor(colour("muted"))
