"""Library species along the energy axis, with labels that do not overlap.

What the model holds has the colour it is drawn in; all else is grey, with a thin line from label
to tick, and what has found no room is counted.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pyqtgraph as pg
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QFontMetricsF, QPainter, QPen
from PySide6.QtWidgets import QStyleOptionGraphicsItem, QWidget

from ..theme import colour
from .plot_items import PixelItem, Tick, small_font, tone_of
from .plot_names import readable

_ROWS = 3
_ROW_NEEDS = 90.0  # pixels of the plot's height for each row of labels
_MARK = 8.0


class TicksItem(PixelItem):
    """Ticks at the lower edge of the plot."""

    def __init__(self, box: pg.ViewBox) -> None:
        super().__init__(box, 50)
        self._ticks: tuple[Tick, ...] = ()
        self._shift = 0.0
        self._fitted: Mapping[str, str] = {}
        self._placed: list[tuple[Tick, float, QRectF]] = []

    @property
    def placed(self) -> list[tuple[Tick, float, QRectF]]:
        """Ticks in view, the pixel of each, and the rectangle of its label (null: no room)."""
        return self._placed

    def show_ticks(
        self, ticks: Sequence[Tick], shift: float = 0.0, fitted: Mapping[str, str] | None = None
    ) -> None:
        """Show other ticks, each beside its energy by `shift`: they are referenced.

        `fitted` has the colours, by label, of what is in the model.
        """
        shown = tuple(ticks), shift, dict(fitted or {})
        if shown != (self._ticks, self._shift, self._fitted):
            self._ticks, self._shift, self._fitted = shown
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
        """Paint lines from labels to ticks, the ticks, and the labels over what they hide."""
        plain = small_font()
        bold = small_font()
        bold.setBold(True)
        foot = self._box.rect().bottom()
        painter.setPen(QPen(colour("faint", 0.55), 1.0))
        for _, x, label in self._placed:
            if not label.isNull() and label.bottom() < foot - 2 * _MARK:
                painter.drawLine(QPointF(x, label.bottom() - 1), QPointF(x, foot - _MARK))
        for tick, x, label in self._placed:
            own = self._fitted.get(tick.text)
            painter.setPen(QPen(colour("faint") if own is None else tone_of(own), 2.0))
            painter.drawLine(QPointF(x, foot - 1), QPointF(x, foot - 1 - _MARK))
            if not label.isNull():
                painter.fillRect(label.adjusted(1, 1, -1, -1), colour("card", 0.9))
                painter.setFont(plain if own is None else bold)
                grey = colour("faint" if tick.unconfirmed else "muted")
                painter.setPen(grey if own is None else readable(own))
                painter.drawText(label, Qt.AlignmentFlag.AlignCenter, tick.label)
        self._paint_rest(painter, foot)

    def _paint_rest(self, painter: QPainter, foot: float) -> None:
        """Say how many have found no room."""
        rest = sum(label.isNull() for _, _, label in self._placed)
        if rest:
            painter.setFont(small_font())
            painter.setPen(colour("muted"))
            at = QRectF(2, foot - _MARK - 18, 60, 16)
            if not any(at.intersects(label) for _, _, label in self._placed):
                painter.drawText(at, Qt.AlignmentFlag.AlignLeft, f"+{rest}")

    def _moved(self, *_: object) -> None:
        """Find a free place for each label: of the model, of confirmed species, of others."""
        self.prepareGeometryChange()
        self._placed = []
        self.update()
        area = self._box.rect()
        if area.width() < 10:
            return
        bold = small_font()
        bold.setBold(True)
        metrics = {True: QFontMetricsF(bold), False: QFontMetricsF(small_font())}
        height = metrics[False].height() - 1
        rows: list[list[QRectF]] = [[] for _ in range(rows_for(area.height()))]
        low, high = self._box.viewRange()[0]
        for tick in sorted(self._ticks, key=self._rank):
            place = tick.center + self._shift
            if not low <= place <= high:
                continue
            x = self._pixel(place).x()
            width = metrics[tick.text in self._fitted].horizontalAdvance(tick.label) + 6
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

    def _rank(self, tick: Tick) -> tuple[bool, bool, float]:
        return tick.text not in self._fitted, tick.unconfirmed, tick.center


def room_for(height: float) -> float:
    """Return how many pixels the labels take at the foot of a plot of some pixels' height."""
    return rows_for(height) * (QFontMetricsF(small_font()).height() - 1) + _MARK + 8


def rows_for(height: float) -> int:
    """Return how many rows of labels a plot of some pixels' height has room for."""
    return max(1, min(_ROWS, int(height / _ROW_NEEDS)))
