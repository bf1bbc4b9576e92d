"""The axes of the plot: energies on the binding or kinetic scale, counts plain or as decades."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, floor, log10
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
_NUMBERS_APART_PX = 64.0
_STEPS = (1.0, 2.0, 5.0, 10.0)
_APART_PX = 60.0
"""Lines of a grid that would be closer than this are left out."""


@dataclass(frozen=True)
class Printed:
    """A scale beside the axis of the plot: ``x - offset``, or ``mirror - (x - offset)``.

    Attributes
    ----------
    offset : float
    mirror : float or None
        A photon energy, where kinetic energies are printed.
    """

    offset: float = 0.0
    mirror: float | None = None

    def number(self, x: float) -> float:
        """Return the number that is printed at a place."""
        return x - self.offset if self.mirror is None else self.mirror - (x - self.offset)

    def place(self, number: float) -> float:
        """Return the place of a number."""
        return (number if self.mirror is None else self.mirror - number) + self.offset

    def ticks(self, low: float, high: float, pixels: float) -> tuple[float, list[float]]:
        """Return the step of round numbers that have room, and those between two places."""
        first, last = sorted((self.number(low), self.number(high)))
        if last <= first or pixels <= 0:
            return 1.0, []
        least = (last - first) * _NUMBERS_APART_PX / pixels
        power = 10.0 ** floor(log10(least))
        step = next(f * power for f in _STEPS if f * power >= least * (1 - 1e-9))
        return step, [n * step for n in range(ceil(first / step), floor(last / step) + 1)]


def decimals(step: float) -> int:
    """Return how many decimals tell numbers apart that are a step from each other."""
    return max(0, -floor(log10(step) + 1e-9))


class EnergyAxis(pg.AxisItem):  # type: ignore[misc]
    """A bottom axis with round numbers on the scale that it prints."""

    def __init__(self) -> None:
        super().__init__("bottom")
        self.enableAutoSIPrefix(False)
        self._printed = Printed()

    def set_printed(self, printed: Printed) -> None:
        """Print another scale."""
        if printed != self._printed:
            self._printed = printed
            self.picture = None
            self.update()

    def tickValues(self, low: float, high: float, size: float) -> Any:  # noqa: N802
        """Return tick places, round on the scale that is printed."""
        step, numbers = self._printed.ticks(low, high, size)
        return [(step, [self._printed.place(number) for number in numbers])]

    def tickStrings(self, values: Any, scale: float, spacing: float) -> list[str]:  # noqa: N802
        """Return the printed numbers."""
        digits = decimals(spacing)
        numbers = [self._printed.number(value) for value in values]
        return [printed(f"{number:.{digits}f}") for number in numbers]


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
        self._in_sigma = True

    def set_in_sigma(self, in_sigma: bool) -> None:
        """Name the range in sigma, or round numbers of per cent."""
        if in_sigma != self._in_sigma:
            self._in_sigma = in_sigma
            self.picture = None
            self.update()

    def set_range(self, sigmas: float) -> None:
        """Name this many sigma on both sides of zero."""
        if sigmas != self._range:
            self._range = sigmas
            self.picture = None
            self.update()

    def tickValues(self, low: float, high: float, size: float) -> Any:  # noqa: N802
        """Return tick places."""
        if high > 4 * self._range or not self._in_sigma:
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
