"""The axes of the plot: energies on the binding or kinetic scale, counts plain or as decades."""

from __future__ import annotations

from math import floor, log10
from typing import Any

import pyqtgraph as pg
from PySide6.QtCore import QLineF
from PySide6.QtGui import QPainter, QPen
from PySide6.QtWidgets import QStyleOptionGraphicsItem, QWidget

from ..theme import colour
from ..widgets import printed
from .plot_items import PixelItem
from .residual import SIGMAS

_BIG = 1e6
_RAISED = str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")
_APART_PX = 60.0
"""Lines of a grid that would be closer than this are left out."""


class EnergyAxis(pg.AxisItem):  # type: ignore[misc]
    """A bottom axis that can print ``mirror - x`` instead of ``x``."""

    def __init__(self) -> None:
        super().__init__("bottom")
        self.enableAutoSIPrefix(False)
        self._mirror: float | None = None

    def set_mirror(self, mirror: float | None) -> None:
        """Print ``mirror - x`` (a photon energy), or x itself."""
        if mirror != self._mirror:
            self._mirror = mirror
            self.picture = None
            self.update()

    def tickValues(self, low: float, high: float, size: float) -> Any:  # noqa: N802
        """Return tick places, round on the scale that is printed."""
        if self._mirror is None:
            return super().tickValues(low, high, size)
        mirrored = super().tickValues(self._mirror - high, self._mirror - low, size)
        return [(step, [self._mirror - v for v in values]) for step, values in mirrored]

    def tickStrings(self, values: Any, scale: float, spacing: float) -> list[str]:  # noqa: N802
        """Return the printed numbers."""
        shown = values if self._mirror is None else [self._mirror - v for v in values]
        return [printed(text) for text in super().tickStrings(shown, scale, spacing)]


class CountsAxis(pg.AxisItem):  # type: ignore[misc]
    """A left axis without a scale factor: counts are printed as they are."""

    def __init__(self) -> None:
        super().__init__("left")
        self.enableAutoSIPrefix(False)
        self.setWidth(72)

    def tickStrings(self, values: Any, scale: float, spacing: float) -> list[str]:  # noqa: N802
        """Return the printed numbers."""
        if not self.logMode and values and max(abs(v) for v in values) >= _BIG:
            return [_power(v) for v in values]
        return [printed(text) for text in super().tickStrings(values, scale, spacing)]


class SigmaAxis(CountsAxis):
    """The axis of the residual: zero and its range, more only where the fit is far off."""

    def __init__(self) -> None:
        super().__init__()
        self._range = float(SIGMAS)

    def set_range(self, sigmas: float) -> None:
        """Name this many sigma on both sides of zero."""
        if sigmas != self._range:
            self._range = sigmas
            self.picture = None
            self.update()

    def tickValues(self, low: float, high: float, size: float) -> Any:  # noqa: N802
        """Return tick places."""
        if high > 4 * self._range:
            return super().tickValues(low, high, size)[:1]
        return [(self._range, [-self._range, 0.0, self._range])]


class GridItem(PixelItem):
    """Thin lines at the ticks of the axes.

    The axes of pyqtgraph can draw a grid themselves, but then each of them is a picture of the
    whole plot that is blended into every frame.
    """

    def __init__(self, box: pg.ViewBox, *, across: pg.AxisItem, up: pg.AxisItem | None) -> None:
        self._axes = across, up
        self._lines: list[QLineF] = []
        self._of: tuple[object, ...] = ()
        super().__init__(box, -40)

    def paint(
        self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None
    ) -> None:
        """Paint the lines."""
        area, view = self._box.rect(), self._box.viewRange()
        shown = (area, view, *(axis.logMode for axis in self._axes if axis is not None))
        if shown != self._of:
            self._of = shown
            self._lines = self._make(area.width(), area.height(), view)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        painter.setPen(QPen(colour("grid"), 1.0))
        painter.drawLines(self._lines)

    def _make(self, width: float, height: float, view: list[list[float]]) -> list[QLineF]:
        across, up = self._axes
        lines = []
        for value in _ticks(across, view[0], width):
            x = self._pixel(value, view[1][0]).x()
            lines.append(QLineF(x, 0.0, x, height))
        for value in [] if up is None else _ticks(up, view[1], height):
            y = self._pixel(view[0][0], value).y()
            lines.append(QLineF(0.0, y, width, y))
        return lines


def _ticks(axis: pg.AxisItem, span: list[float], size: float) -> list[float]:
    """Return the ticks with numbers; those between them would only be noise."""
    levels = axis.tickValues(span[0], span[1], size)
    per_unit = size / max(abs(span[1] - span[0]), 1e-12)
    far = [values for step, values in levels if axis.logMode or step * per_unit >= _APART_PX]
    return [value for values in far[:2] for value in values]


def _power(value: float) -> str:
    if value == 0:
        return "0"
    power = floor(log10(abs(value)))
    return f"{printed(f'{value / 10.0**power:g}')}·10{str(power).translate(_RAISED)}"


def dress(axis: pg.AxisItem) -> None:
    """Give an axis the colours of the scheme."""
    axis.setPen(colour("border"))
    axis.setTextPen(colour("muted"))
    axis.setTickPen(colour("border"))
    axis.setStyle(tickLength=-4, tickTextOffset=6, maxTickLevel=1)
