"""Which line is which spectrum: a strip above the plot, outside the data."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFontMetricsF, QMouseEvent, QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from ..theme import colour
from ..widgets import wrapped
from .plot_items import small_font

if TYPE_CHECKING:
    from .plot_items import Trace

_ROWS = 3
_KEY, _GAP, _MARGIN = 16.0, 16.0, 2.0


class LegendStrip(QWidget):
    """A short line of its colour and a name for each spectrum, in as few rows as they need.

    Signals
    -------
    picked(str)
        Id of the spectrum whose name was clicked.
    """

    picked = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._traces: tuple[Trace, ...] = ()
        self._places: list[QRectF] = []
        self.setAccessibleName("Names of the spectra shown")
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.setMouseTracking(True)
        self.hide()

    @property
    def names(self) -> tuple[str, ...]:
        """What is named, in order."""
        return tuple(trace.name for trace in self._traces)

    def show_traces(self, traces: Sequence[Trace]) -> None:
        """Name these spectra; none: take no room."""
        self._traces = tuple(traces)
        self.setVisible(bool(traces))
        self._arrange()

    def place_of(self, name: str) -> QRectF:
        """Return where a name stands; null where there was no room for it."""
        at = self.names.index(name)
        return self._places[at] if at < len(self._places) else QRectF()

    def sizeHint(self) -> QSize:  # noqa: N802
        """Return the height of the rows."""
        bottom = self._places[-1].bottom() if self._places else 0.0
        return QSize(100, round(bottom + _MARGIN))

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802
        """Use another number of rows."""
        super().resizeEvent(event)
        if event.oldSize().width() != event.size().width():
            self._arrange()

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802
        """Follow the font."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange:
            self._arrange()

    def _arrange(self) -> None:
        """Place the names side by side; those that three rows do not hold are counted."""
        metrics = QFontMetricsF(small_font())
        room = max(float(self.width()), 80.0)
        more = metrics.horizontalAdvance("+999") + _GAP
        self._places = []
        x, row = 0.0, 0
        for at, trace in enumerate(self._traces):
            width = min(_KEY + 6 + metrics.horizontalAdvance(trace.name), room)
            last = row == _ROWS - 1
            left_over = more if last and at + 1 < len(self._traces) else 0.0
            if x and x + width > room - left_over:
                if last:
                    break
                x, row = 0.0, row + 1
            self._places.append(
                QRectF(x, row * metrics.height() + _MARGIN, width, metrics.height())
            )
            x += width + _GAP
        self.setFixedHeight(self.sizeHint().height())
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        """Paint keys and names."""
        painter = QPainter(self)
        painter.setFont(small_font())
        metrics = QFontMetricsF(painter.font())
        for trace, place in zip(self._traces, self._places, strict=False):
            middle = place.center().y()
            painter.setPen(QPen(colour(trace.tone), 2.0))
            painter.drawLine(QPointF(place.left(), middle), QPointF(place.left() + _KEY, middle))
            painter.setPen(colour("text"))
            room = place.width() - _KEY - 5
            words = metrics.elidedText(trace.name, Qt.TextElideMode.ElideMiddle, room)
            painter.drawText(
                QPointF(place.left() + _KEY + 5, place.top() + metrics.ascent()), words
            )
        rest = len(self._traces) - len(self._places)
        if rest and self._places:
            end = self._places[-1]
            painter.setPen(colour("muted"))
            painter.drawText(QPointF(end.right() + _GAP, end.top() + metrics.ascent()), f"+{rest}")
        painter.end()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        """Tell the whole name, and that a click chooses."""
        trace = self._at(event.position())
        self.setToolTip("" if trace is None else wrapped(trace.name))
        shape = Qt.CursorShape.PointingHandCursor if trace else Qt.CursorShape.ArrowCursor
        self.setCursor(shape)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        """Choose the spectrum whose name is clicked."""
        trace = self._at(event.position())
        if trace is not None and trace.key:
            self.picked.emit(trace.key)

    def _at(self, position: QPointF) -> Trace | None:
        pairs = zip(self._traces, self._places, strict=False)
        return next((trace for trace, place in pairs if place.contains(position)), None)
