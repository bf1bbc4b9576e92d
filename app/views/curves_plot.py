"""Curves over an energy axis, such as all levels of a series above each other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from spectra_core.spectrum import Array

from ..theme import colour, number_font, theme
from .chart import (
    SMALL,
    Scale,
    apart,
    paint_side,
    paint_title,
    paint_x_ticks,
    paint_y_ticks,
    polygon,
    tone_on_ground,
)

_RIGHT = 96


@dataclass(frozen=True, eq=False)
class Curve:
    """One curve.

    Attributes
    ----------
    x, y : ndarray, shape (N,)
    tone : str
        A colour.
    label : str
        At its right end; empty for none.
    strong : bool
        Drawn thicker.
    key : int
        What a click on it chooses; -1 for nothing.
    """

    x: Array
    y: Array
    tone: str
    label: str = ""
    strong: bool = False
    key: int = -1


@dataclass(frozen=True, eq=False)
class Curves:
    """Curves with the words around them.

    Attributes
    ----------
    title, across, up : str
        Above, below and beside the plot.
    curves : tuple of Curve
    falls : bool
        The energies fall to the right.
    ticks : bool
        Whether heights mean something.
    said : str
        In place of curves, where there are none.
    """

    title: str
    across: str
    up: str
    curves: tuple[Curve, ...] = ()
    falls: bool = True
    ticks: bool = True
    said: str = ""


class CurvesPlot(QWidget):
    """Paints curves.

    Signals
    -------
    chosen(int)
        Key of the curve that is nearest to a click.
    """

    chosen = Signal(int)

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(name)
        self.setMinimumHeight(120)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.shown = Curves("", "", "")
        theme().changed.connect(self.update)

    def sizeHint(self) -> QSize:  # noqa: N802
        """Return a size at which curves can be told apart."""
        return QSize(560, 300)

    def show_curves(self, shown: Curves) -> None:
        """Show other curves."""
        self.shown = shown
        self.update()

    @property
    def area(self) -> QRectF:
        """Where the curves are drawn."""
        return QRectF(62, 30, max(self.width() - 62 - _RIGHT, 20), max(self.height() - 72, 20))

    def scales(self) -> tuple[Scale, Scale]:
        """Return where energies and heights are drawn."""
        curves, area = self.shown.curves, self.area
        x = np.concatenate([c.x for c in curves])
        y = np.concatenate([c.y[np.isfinite(c.y)] for c in curves])
        low, high = float(x.min()), float(x.max())
        low, high = (high, low) if self.shown.falls else (low, high)
        foot, top = (float(y.min()), float(y.max())) if y.size else (0.0, 1.0)
        room = 0.04 * ((top - foot) or 1.0)
        return (
            Scale(low, high, area.left(), area.right()),
            Scale(foot - room, top + room, area.bottom(), area.top()),
        )

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        """Choose the nearest curve."""
        keyed = [c for c in self.shown.curves if c.key >= 0]
        if not keyed or not self.area.contains(event.position()):
            return
        across, up = self.scales()
        x, y = across.value(event.position().x()), up.value(event.position().y())

        def distance(curve: Curve) -> float:
            order = np.argsort(curve.x)
            return abs(float(np.interp(x, curve.x[order], curve.y[order])) - y)

        self.chosen.emit(min(keyed, key=distance).key)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        """Paint them."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        shown, area = self.shown, self.area
        paint_title(painter, QPointF(12, 19), shown.title)
        if not shown.curves:
            painter.setFont(number_font())
            painter.setPen(colour("muted"))
            flags = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
            painter.drawText(area.adjusted(10, 0, _RIGHT - 20, 0), flags, shown.said)
            painter.end()
            return
        across, up = self.scales()
        if shown.ticks:
            paint_y_ticks(painter, area, up, most=5)
        paint_x_ticks(painter, area, across, most=max(4, int(area.width() / 60)))
        paint_side(painter, area, shown.up, offset=52 if shown.ticks else 18)
        painter.setFont(number_font(scale=SMALL))
        painter.setPen(colour("muted"))
        foot = QRectF(area.left(), area.bottom() + 22, area.width(), 16)
        painter.drawText(foot, Qt.AlignmentFlag.AlignCenter, shown.across)
        painter.setClipRect(area)
        for curve in sorted(shown.curves, key=lambda c: c.strong):
            known = np.isfinite(curve.y)
            painter.setPen(QPen(colour(curve.tone), 2.2 if curve.strong else 1.2))
            painter.drawPolyline(polygon(across.all_at(curve.x[known]), up.all_at(curve.y[known])))
        painter.setClipping(False)
        self._paint_labels(painter, shown.curves, across, up)
        painter.end()

    def _paint_labels(
        self, painter: QPainter, curves: Sequence[Curve], across: Scale, up: Scale
    ) -> None:
        named = [c for c in curves if c.label]
        step = max(1, -(-len(named) * 14 // max(int(self.area.height()), 14)))
        named = [c for k, c in enumerate(named) if k % step == 0 or c.strong]
        ends = []
        for curve in named:
            k = int(np.argmax(across.all_at(curve.x)))
            ends.append(up.at(float(np.nan_to_num(curve.y[k]))))
        places = apart(ends, 14.0, self.area.top(), self.area.bottom())
        for curve, y in zip(named, places, strict=True):
            painter.setFont(number_font(bold=curve.strong, scale=SMALL))
            painter.setPen(tone_on_ground(curve.tone))
            box = QRectF(self.area.right() + 8, y - 8, _RIGHT - 10, 16)
            painter.drawText(box, Qt.AlignmentFlag.AlignVCenter, curve.label)
