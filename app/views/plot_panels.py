"""The two panels of the plot, their axes, and everything that is painted in them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QPoint, QPointF, Qt, QTimer
from PySide6.QtGui import QTextOption
from PySide6.QtWidgets import QFrame, QGraphicsItem

from spectra_core.results.misfit import Misfit
from spectra_core.spectrum import Array, Axis, Spectrum

from ..theme import colour
from .plot_axis import CountsAxis, EnergyAxis, GridItem, Printed, SigmaAxis, dress
from .plot_box import MouseOwner, PlotBox
from .plot_handles import HandlesItem
from .plot_items import CurvesItem, MarkItem, Trace, TracesItem, cosmetic
from .plot_masked import MaskedItem
from .plot_names import PeakNamesItem
from .plot_rule import AnchorItem, Rule, RuleItem, RuleOwner
from .plot_scene import Height, axis_name
from .plot_ticks import TicksItem
from .residual import ResidualItem, RowsItem, rows_of

_CIRCLE_PX = 5.0
_ROOM_FOR_NAME = 68.0  # pixels of the residual's panel that "residual, σ" needs
_SIDES = ("left", "bottom")
_RULE_PLACE = (4, 0, 1, 2)  # row, column and spans in the plot: below axis and counts
_CLOSE = 0.6
"""More points than this for each pixel are drawn as a line: circles would cover each other."""


class PlotMouse(MouseOwner, RuleOwner, Protocol):
    """What box and rule ask of the plot."""


class Panels(pg.GraphicsLayoutWidget):  # type: ignore[misc]
    """Residual above, spectrum and fit below, on one energy axis.

    Attributes
    ----------
    box, upper_box : PlotBox
        Of the spectrum and of the residual.
    points, dense : items
        The data as circles, and as a line where those would cover each other.
    curves, other, overlays, residual, rows, mark, names, ticks, masked, handles, anchor : items
        What else is painted.
    rule : RuleItem
        Both energy scales, in the place of the lower axis where they differ.
    message : TextItem
    """

    def __init__(self, mouse: PlotMouse) -> None:
        # `Drag` keeps moves to one a frame without losing the last one, as this limit would.
        pg.setConfigOption("mouseRateLimit", 0)
        super().__init__()
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setAntialiasing(True)
        self.setAccessibleName("Spectrum, fit and residual")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.viewport().setMouseTracking(True)
        self._shown: tuple[Spectrum | None, Height] = None, Height()
        self._unit = ""
        self._make_plots(mouse)
        self._make_items()
        self.box.sigRangeChanged.connect(self._choose_circles)
        self.box.sigResized.connect(self._place_message)
        # An axis places its label when it is resized, which may be before its panel has its place.
        self._labels = QTimer(self, singleShot=True, interval=0)
        self._labels.timeout.connect(self._place_labels)
        self.upper_box.sigResized.connect(lambda _: self._labels.start())

    def _make_plots(self, mouse: PlotMouse) -> None:
        self.box = PlotBox(mouse, has_handles=True)
        self.upper_box = PlotBox(mouse, has_handles=False)
        self.energies, self.counts, self._sigmas = EnergyAxis(), CountsAxis(), SigmaAxis()
        self._upper = self.addPlot(
            row=0, col=0, viewBox=self.upper_box, axisItems={"left": self._sigmas}
        )
        self._main = self.addPlot(
            row=1,
            col=0,
            viewBox=self.box,
            axisItems={"left": self.counts, "bottom": self.energies},
        )
        grid = self.ci.layout
        grid.setRowStretchFactor(0, 2)
        grid.setRowStretchFactor(1, 11)
        grid.setSpacing(2)
        self.ci.setContentsMargins(0, 0, 4, 0)
        self._upper.hideAxis("bottom")
        self._upper.setXLink(self._main)
        self.rule = RuleItem(self.box, mouse)
        self.rule.hide()
        self._axes = [plot.getAxis(side) for plot in (self._upper, self._main) for side in _SIDES]
        for axis in self._axes:
            # Axes stay as they are while curves move, so they are painted once.
            axis.setCacheMode(QGraphicsItem.CacheMode.DeviceCoordinateCache)
        for plot in (self._upper, self._main):
            plot.hideButtons()
            plot.setMenuEnabled(False)
        self.upper_box.setMouseEnabled(x=True, y=False)

    def _make_items(self) -> None:
        self.points = pg.ScatterPlotItem(pxMode=True, size=_CIRCLE_PX)
        self.dense = TracesItem()
        self.overlays = TracesItem(1.2)
        self.stored = pg.PlotCurveItem()
        self.other = TracesItem(1.4, Qt.PenStyle.DashLine)
        self.curves = CurvesItem()
        self.residual = ResidualItem()
        for item, z in (
            (self.overlays, -5),
            (self.curves, 0),
            (self.stored, 3),
            (self.other, 6),
            (self.dense, 4),
            (self.points, 5),
        ):
            item.setZValue(z)
            self._main.addItem(item, ignoreBounds=True)
        self._upper.addItem(self.residual, ignoreBounds=True)
        self._grids = (
            GridItem(self.box, across=self.energies, up=self.counts),
            GridItem(self.upper_box, across=self.energies, up=None),
        )
        self.mark = MarkItem(self.box)
        self.rows = RowsItem(self.upper_box)
        self.names = PeakNamesItem(self.box)
        self.ticks = TicksItem(self.box)
        self.masked = MaskedItem(self.box)
        self.handles = HandlesItem(self.box)
        self.anchor = AnchorItem(self.box)
        self.message = pg.TextItem("", anchor=(0.5, 0.5))
        self.message.setParentItem(self.box)

    def set_residual_range(self, sigmas: float) -> None:
        """Let the panel of the residual reach at least this many sigma."""
        self._sigmas.set_range(sigmas)
        self.residual.set_range(sigmas)

    def show_axes(self, spectrum: Spectrum | None, mirror: float | None) -> None:
        """Name the axes of a spectrum; `mirror` is the photon energy for kinetic energies."""
        self._axis_name = axis_name(spectrum, kinetic=mirror is not None)
        for axis in self._axes:
            axis.setStyle(showValues=spectrum is not None)
        if spectrum is None:
            self._unit = ""
            for plot, side in ((self._main, "bottom"), (self._main, "left"), (self._upper, "left")):
                plot.setLabel(side, "")
            return
        y_unit = "arb. units" if spectrum.y_unit == "arbitrary" else spectrum.y_unit
        self._main.setLabel("bottom", self._axis_name)
        self._main.setLabel("left", f"Intensity ({y_unit})")
        for box in (self.box, self.upper_box):
            box.invertX(spectrum.axis is Axis.BINDING_ENERGY)

    def show_rule(self, rule: Rule) -> None:
        """Show both scales where they differ, in the place of the axis, and else the axis."""
        self.energies.set_printed(Printed(rule.scales.calibrated, rule.kinetic))
        both = rule.scales.are_apart
        self._main.showAxis("bottom", show=not both)
        if both != self.rule.isVisible():
            if both:
                self._main.layout.addItem(self.rule, *_RULE_PLACE)
            else:
                self._main.layout.removeItem(self.rule)
            self.rule.setVisible(both)
        if both:
            self.rule.show_rule(rule)

    def clear_fit(self) -> None:
        """Show no curves, no residual and no names."""
        self.curves.clear()
        self.residual.clear()
        self.rows.show_rows(())
        self.names.show_names((), np.empty(0), np.empty(0))
        self.handles.show_handles({}, {}, "")

    def _place_labels(self) -> None:
        """Name the residual as its panel has room for, and put each name where its axis is."""
        if self._unit:
            whole = self.upper_box.height() >= _ROOM_FOR_NAME
            self._upper.setLabel("left", f"residual, {self._unit}" if whole else self._unit)
        for axis in self._axes:
            axis.resizeEvent()

    def show_misfit(self, x: Array, misfit: Misfit) -> None:
        """Show residuals in their unit: standard deviations of the noise, or per cent."""
        self.residual.show_residual(x, misfit.values, in_sigma=misfit.in_sigma)
        self.rows.show_rows(rows_of(x, misfit.values) if misfit.in_sigma else [])
        self._sigmas.set_in_sigma(misfit.in_sigma)
        self._unit = misfit.unit
        self._place_labels()
        self._labels.start()

    def show_data(self, spectrum: Spectrum | None, height: Height) -> None:
        """Show the measured points."""
        known, old = self._shown
        self._shown = spectrum, height
        self.masked.show_masked(spectrum, height)
        self.counts.setLogMode(False, height.is_log)
        if spectrum is None:
            self.points.clear()
            self.dense.show_traces(())
        elif spectrum is not known or height.is_log != old.is_log:
            y = height.up(spectrum.y)
            self.points.setData(spectrum.x, y)
            self.dense.show_traces((Trace("", spectrum.x, y, "data"),))
        self._choose_circles()

    def say(self, words: str, *, is_problem: bool, above: bool) -> None:
        """Show a sentence, `above` where the residual would be, or where the data would be."""
        self.message.setText(words, color=colour("alarm" if is_problem else "faint"))
        self.message.setVisible(bool(words))
        self.message.setParentItem(self.upper_box if above else self.box)
        self._place_message()

    def pixel(self, place: tuple[float, float]) -> QPoint:
        """Return a place of the lower view in pixels of the viewport."""
        return QPoint(self.mapFromScene(self.box.mapViewToScene(QPointF(*place))))

    @contextmanager
    def sharp(self) -> Iterator[None]:
        """Paint everything anew: what is kept for the screen is too coarse for a picture."""
        for axis in self._axes:
            axis.setCacheMode(QGraphicsItem.CacheMode.NoCache)
        self.points.setExportMode(True, {"antialias": True})
        try:
            yield
        finally:
            self.points.setExportMode(False)
            for axis in self._axes:
                axis.setCacheMode(QGraphicsItem.CacheMode.DeviceCoordinateCache)

    def dress(self) -> None:
        """Take the colours of the scheme in use."""
        self.setBackground(colour("card"))
        for axis in self._axes:
            dress(axis)
        self.points.setPen(cosmetic(colour("data", 0.8), 1.0))
        self.points.setBrush(colour("card", 0.0))
        dashed = cosmetic(colour("alarm"), 1.5)
        dashed.setStyle(Qt.PenStyle.DashLine)
        self.stored.setPen(dashed)
        self.curves.restyle()
        self.viewport().update()

    def _choose_circles(self, *_: object) -> None:
        """Draw points as circles while they can be told apart, else as a line."""
        spectrum, _height = self._shown
        if spectrum is None:
            return
        low, high = self.box.viewRange()[0]
        seen = np.searchsorted(spectrum.x, high) - np.searchsorted(spectrum.x, low)
        close = bool(seen > _CLOSE * max(self.box.width(), 200.0))
        self.points.setVisible(not close)
        self.dense.setVisible(close)

    def _place_message(self, *_: object) -> None:
        area = self.message.parentItem().rect()
        self.message.setTextWidth(max(area.width() - 60, 100))
        option = QTextOption(Qt.AlignmentFlag.AlignCenter)
        self.message.textItem.document().setDefaultTextOption(option)
        self.message.setPos(area.width() / 2, area.height() / 2)
