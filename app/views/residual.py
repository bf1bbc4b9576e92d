"""The residual, a stick for each point: in sigma with the band between -3 and 3, or per cent."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QStyleOptionGraphicsItem, QWidget

from spectra_core.spectrum import Array

from ..theme import colour
from .plot_items import MANY_POINTS, ViewItem, cosmetic, polyline

SIGMAS = 3
"""Half the height of the band: nearly all residuals of a good fit lie within."""
_LEAST_PERCENT = 2.0
_ROOM = 1.4
"""The panel is this much higher than the range that is asked for."""


class ResidualItem(ViewItem):
    """Sticks from zero to the residual of each point."""

    def __init__(self) -> None:
        super().__init__()
        self._x = np.empty(0)
        self._residual = np.empty(0)
        self._range = float(SIGMAS)
        self._in_sigma = True

    def set_range(self, sigmas: float) -> None:
        """Let the panel reach at least this many sigma; seen with the next residual."""
        self._range = sigmas

    @property
    def reach(self) -> float:
        """The largest distance from zero, at least somewhat more than the range."""
        least = self._range * _ROOM if self._in_sigma else _LEAST_PERCENT
        if not self._residual.size:
            return least
        return max(least, 1.08 * float(np.nanmax(np.abs(self._residual))))

    def show_residual(self, x: Array, residual: Array, *, in_sigma: bool = True) -> None:
        """Show residuals, both of shape (N,); the band is one of noise, so of sigma alone."""
        self._x, self._residual, self._in_sigma = x, residual, in_sigma
        bounds = QRectF()
        if x.size:
            bounds = QRectF(x[0], -self.reach, x[-1] - x[0], 2 * self.reach)
        if bounds != self._bounds:
            self.prepareGeometryChange()
            self._bounds = bounds
        self.update()

    def clear(self) -> None:
        """Show nothing."""
        self.show_residual(np.empty(0), np.empty(0))

    def paint(
        self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None
    ) -> None:
        """Paint the band, the zero line and the sticks."""
        if not self._x.size:
            return
        left, width = self._bounds.left(), self._bounds.width()
        if self._in_sigma:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(colour("band"))
            painter.drawRect(QRectF(left, -SIGMAS, width, 2 * SIGMAS))
        painter.setPen(cosmetic(colour("faint"), 1.0))
        painter.drawLine(QPointF(left, 0.0), QPointF(left + width, 0.0))
        painter.setPen(cosmetic(colour("residual"), 1.0))
        x, residual = self._in_view(self._x, self._residual)
        if self._x.size > MANY_POINTS:
            # Closer than pixels: a line through the extremes of each column looks the same.
            painter.drawPolyline(polyline(x, residual))
            return
        # Upright lines are sharp without smoothing, and drawn in half the time.
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        # One line out and back for each point runs along zero between them.
        ends = np.zeros(3 * x.size)
        ends[1::3] = residual
        painter.drawPolyline(polyline(np.repeat(x, 3), ends))
