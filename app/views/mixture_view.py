"""What all models together say of a ratio, above what each of them says, and the interval."""

from __future__ import annotations

from math import ceil, floor, log10

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from spectra_core.results.table import interval_ends
from spectra_core.spectrum import Array
from spectra_core.uncertainty.densities import Densities, densities
from spectra_core.uncertainty.ratios import Ratio

from ..theme import colour, number_font, theme
from ..widgets import printed

_HEIGHT, _AXIS, _TOP = 104, 18, 6
MOST_WIDE = 760
_TICKS = 6


class MixtureView(QWidget):
    """Draws the mixture; hidden where one model is alone."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFixedHeight(_HEIGHT)
        self.setMaximumWidth(MOST_WIDE)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName("What all models together say of the ratio")
        self._ratio: Ratio | None = None
        self.densities: Densities | None = None
        theme().changed.connect(self.update)
        self.hide()

    def show_ratio(self, ratio: Ratio | None) -> None:
        """Show the mixture of a ratio's models."""
        self._ratio = ratio
        self.densities = None if ratio is None else densities(ratio)
        self.setVisible(self.densities is not None)
        self.update()

    def place(self, value: float) -> float:
        """Return where a ratio stands, in pixels from the left."""
        assert self.densities is not None
        x, area = self.densities.x, self._area()
        share = (value - float(x[0])) / float(x[-1] - x[0])
        return area.left() + area.width() * max(0.0, min(1.0, share))

    def _area(self) -> QRectF:
        return QRectF(self.rect()).adjusted(4, _TOP, -4, -_AXIS)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        """Paint each model, the mixture, the interval and the axis."""
        found = self.densities
        if found is None or self._ratio is None:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        top = float(found.mixture.max()) or 1.0
        mixture = self._line(found.mixture / top)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colour("accent", 0.12))
        area = self._area()
        ends = [QPointF(area.right(), area.bottom()), QPointF(area.left(), area.bottom())]
        painter.drawPolygon(QPolygonF([*mixture, *ends]))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(colour("muted"), 1.0))
        for one in found.each:
            painter.drawPolyline(QPolygonF(self._line(one / top)))
        painter.setPen(QPen(colour("accent"), 2.0))
        painter.drawPolyline(QPolygonF(mixture))
        self._paint_axis(painter, found)
        self._paint_interval(painter, self._ratio)
        self._paint_names(painter, found)
        painter.end()

    def _line(self, heights: Array) -> list[QPointF]:
        assert self.densities is not None
        area = self._area()
        x = np.linspace(area.left(), area.right(), heights.size)
        y = area.bottom() - np.minimum(heights, 1.0) * area.height()
        return [QPointF(a, b) for a, b in zip(x.tolist(), y.tolist(), strict=True)]

    def _paint_axis(self, painter: QPainter, found: Densities) -> None:
        area = self._area()
        painter.setPen(QPen(colour("border"), 1.0))
        painter.drawLine(area.bottomLeft(), area.bottomRight())
        painter.setFont(number_font(scale=0.82))
        for value, text in round_places(float(found.x[0]), float(found.x[-1])):
            x = self.place(value)
            painter.setPen(QPen(colour("border"), 1.0))
            painter.drawLine(QPointF(x, area.bottom()), QPointF(x, area.bottom() + 3))
            painter.setPen(colour("muted"))
            width = painter.fontMetrics().horizontalAdvance(text)
            left = max(0.0, min(self.width() - width, x - width / 2))
            painter.drawText(QPointF(left, area.bottom() + 15), text)

    def _paint_interval(self, painter: QPainter, ratio: Ratio) -> None:
        ends = ratio.best_interval
        if ends is None:
            return
        left, right = map(self.place, ends)
        y = self._area().bottom() - 5
        painter.setPen(QPen(colour("accent"), 3.0))
        painter.drawLine(QPointF(left, y), QPointF(right, y))
        painter.setPen(QPen(colour("accent"), 1.6))
        for x in (left, right):
            painter.drawLine(QPointF(x, y - 6), QPointF(x, y + 5))
        middle = ratio.average if ratio.average is not None else ratio.value
        if middle is not None:
            painter.setBrush(colour("card"))
            painter.drawEllipse(QPointF(self.place(middle), y), 4.0, 4.0)
        painter.setPen(colour("accent"))
        painter.setFont(number_font(bold=True, scale=0.82))
        words = [printed(text) for text in interval_ends(ends)]
        advance = painter.fontMetrics().horizontalAdvance
        first = max(0.0, left - advance(words[0]) - 5)
        painter.drawText(QPointF(first, y - 4), words[0])
        last = min(self.width() - advance(words[1]), right + 5)
        painter.drawText(QPointF(last, y - 4), words[1])

    def _paint_names(self, painter: QPainter, found: Densities) -> None:
        """Name the curves where the mixture leaves room: on the side away from its top."""
        area = self._area()
        is_left = int(found.mixture.argmax()) > found.x.size // 2
        painter.setFont(number_font(bold=True, scale=0.82))
        for line, (text, tone) in enumerate(
            (("all models, by weight", "accent"), ("each model", "muted"))
        ):
            painter.setPen(colour(tone))
            width = painter.fontMetrics().horizontalAdvance(text)
            x = area.left() + 2 if is_left else area.right() - width - 2
            painter.drawText(QPointF(x, area.top() + 12 + 14 * line), text)


def round_places(low: float, high: float) -> list[tuple[float, str]]:
    """Return round numbers between two, about six, and how they are written."""
    raw = (high - low) / _TICKS
    size = 10.0 ** floor(log10(raw))
    step = next(size * m for m in (1.0, 2.0, 5.0, 10.0) if size * m >= raw)
    digits = max(0, -floor(log10(step) + 1e-9))
    first, last = ceil(low / step - 1e-9), floor(high / step + 1e-9)
    return [(n * step, printed(f"{n * step:.{digits}f}")) for n in range(first, last + 1)]
