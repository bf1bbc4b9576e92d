"""Library species along the energy axis, with labels that do not overlap."""

from __future__ import annotations

from collections.abc import Sequence

import pyqtgraph as pg
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QFontMetricsF, QPainter, QPen
from PySide6.QtWidgets import QStyleOptionGraphicsItem, QWidget

from ..theme import colour
from .plot_items import PixelItem, Tick, small_font, tone_of

_ROWS = 3
_ROW_NEEDS = 90.0  # pixels of the plot's height for each row of labels
ROOM = 50.0
"""Pixels that three rows of labels take at the foot of the plot."""
_MARK = 8.0


class TicksItem(PixelItem):
    """Ticks at the lower edge of the plot."""

    def __init__(self, box: pg.ViewBox) -> None:
        super().__init__(box, 50)
        self._ticks: tuple[Tick, ...] = ()
        self._shift = 0.0
        self._placed: list[tuple[Tick, float, QRectF]] = []

    @property
    def placed(self) -> list[tuple[Tick, float, QRectF]]:
        """Ticks in view, the pixel of each, and the rectangle of its label (null: no room)."""
        return self._placed

    def show_ticks(self, ticks: Sequence[Tick], shift: float = 0.0) -> None:
        """Show other ticks, each beside its energy by `shift`: they are referenced."""
        if (tuple(ticks), shift) != (self._ticks, self._shift):
            self._ticks, self._shift = tuple(ticks), shift
            self._moved()

    def at(self, position: QPointF) -> Tick | None:
        """Return the tick whose mark or label is at a position of the view box."""
        foot = self._box.rect().bottom()
        for tick, x, label in self._placed:
            on_mark = abs(position.x() - x) < 5 and foot - 2 * _MARK < position.y() <= foot
            if on_mark or label.contains(position):
                return tick
        return None

    def paint(
        self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None
    ) -> None:
        """Paint marks and labels."""
        painter.setFont(small_font())
        foot = self._box.rect().bottom()
        for tick, x, label in self._placed:
            painter.setPen(QPen(tone_of(tick.tone), 2.0))
            painter.drawLine(QPointF(x, foot - 1), QPointF(x, foot - 1 - _MARK))
            if not label.isNull():
                painter.setPen(colour("faint" if tick.unconfirmed else "muted"))
                painter.drawText(label, Qt.AlignmentFlag.AlignCenter, tick.label)

    def _moved(self, *_: object) -> None:
        """Find a free place for each label, those of confirmed species first."""
        self.prepareGeometryChange()
        self._placed = []
        self.update()
        area = self._box.rect()
        if area.width() < 10:
            return
        metrics = QFontMetricsF(small_font())
        height = metrics.height() - 1
        rows: list[list[QRectF]] = [[] for _ in range(rows_for(area.height()))]
        low, high = self._box.viewRange()[0]
        for tick in sorted(self._ticks, key=lambda t: (t.unconfirmed, t.center)):
            place = tick.center + self._shift
            if not low <= place <= high:
                continue
            x = self._pixel(place).x()
            width = metrics.horizontalAdvance(tick.label) + 6
            left = min(max(x - width / 2, 0.0), area.width() - width)
            box = QRectF()
            for number, row in enumerate(rows):
                top = area.bottom() - _MARK - 2 - (number + 1) * height
                wanted = QRectF(left, top, width, height)
                if not any(wanted.intersects(other) for other in row):
                    row.append(wanted)
                    box = wanted
                    break
            self._placed.append((tick, x, box))


def rows_for(height: float) -> int:
    """Return how many rows of labels a plot of some pixels' height has room for."""
    return max(1, min(_ROWS, int(height / _ROW_NEEDS)))
