"""The residual, a stick for each point: in sigma with the band between -3 and 3, or per cent.

What a fit does not explain is marked: sticks beyond the band are red, and a row of residuals on
one side that chance alone hardly makes is amber.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QFontMetricsF, QPainter
from PySide6.QtWidgets import QStyleOptionGraphicsItem, QWidget

from spectra_core.spectrum import Array

from ..theme import colour
from .plot_items import MANY_POINTS, PixelItem, ViewItem, cosmetic, polyline, small_font

SIGMAS = 3
"""Half the height of the band: nearly all residuals of a good fit lie within."""
_LEAST_PERCENT = 2.0
_ROOM = 1.4
"""The panel is this much higher than the range that is asked for."""
_CHANCE = 0.05
"""A row is marked where noise alone makes one as long, or longer, less often than this."""


@dataclass(frozen=True)
class Row:
    """Residuals in a row on one side of zero.

    Attributes
    ----------
    low, high : float
        Energies of its ends.
    n : int
    """

    low: float
    high: float
    n: int


def rows_of(x: Array, residual: Array) -> list[Row]:
    """Return the rows of residuals on one side that noise alone hardly makes.

    Independent signs make about ``N / 2**n`` rows of n or more among N residuals (twice the
    ``N / 2**(n + 1)`` of heads in N throws of a coin): a row is told where that is below 0.05.

    Parameters
    ----------
    x, residual : ndarray, shape (N,)

    Returns
    -------
    list of Row
    """
    if not residual.size:
        return []
    ends = np.flatnonzero(np.diff(np.sign(residual) >= 0)) + 1
    starts = np.concatenate([[0], ends])
    stops = np.concatenate([ends, [residual.size]])
    long = (stops - starts) > np.log2(residual.size / _CHANCE)
    return [
        Row(float(x[a]), float(x[b - 1]), int(b - a))
        for a, b in zip(starts[long], stops[long], strict=True)
    ]


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
    def beyond(self) -> Array:
        """Energies of the residuals outside the band, shape (K,); none where it means nothing."""
        far = np.abs(self._residual) > SIGMAS
        return self._x[far] if self._in_sigma else self._x[:0]

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
        _draw_sticks(painter, x, residual)
        far = np.abs(residual) > SIGMAS
        if self._in_sigma and far.any():
            painter.setPen(cosmetic(colour("alarm"), 1.0))
            for place, value in zip(x[far], residual[far], strict=True):
                painter.drawLine(QPointF(place, 0.0), QPointF(place, value))


def _draw_sticks(painter: QPainter, x: Array, residual: Array) -> None:
    """Draw one line out and back for each point, which runs along zero between them."""
    ends = np.zeros(3 * x.size)
    ends[1::3] = residual
    painter.drawPolyline(polyline(np.repeat(x, 3), ends))


class RowsItem(PixelItem):
    """Rows of residuals on one side, shaded, the longest with its number."""

    def __init__(self, box: pg.ViewBox) -> None:
        super().__init__(box, -20)
        self._rows: tuple[Row, ...] = ()

    @property
    def rows(self) -> tuple[Row, ...]:
        """What is shaded."""
        return self._rows

    def show_rows(self, rows: Sequence[Row]) -> None:
        """Shade other rows."""
        if tuple(rows) != self._rows:
            self._rows = tuple(rows)
            self.update()

    def paint(
        self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None
    ) -> None:
        """Paint the shades, then the words."""
        area = self._box.rect()
        painter.setFont(small_font())
        metrics = QFontMetricsF(painter.font())
        longest = max((row.n for row in self._rows), default=0)
        for row in self._rows:
            left, right = sorted((self._pixel(row.low).x(), self._pixel(row.high).x()))
            shade = QRectF(left - 2, area.top(), right - left + 4, area.height())
            painter.fillRect(shade.intersected(area), colour("warn", 0.22))
            if row.n != longest:
                continue
            words = f"{row.n} in a row"
            width = metrics.horizontalAdvance(words)
            start = left - 8 - width if left - 8 - width > area.left() else right + 8
            painter.setPen(colour("warn"))
            painter.drawText(QPointF(start, area.top() + metrics.ascent()), words)
