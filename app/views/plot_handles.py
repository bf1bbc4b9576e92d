"""Handles in the plot, and the drag that follows."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QElapsedTimer, QObject, QPointF, QRectF, Qt, QTimer, Signal
from PySide6.QtGui import QPainter, QPen
from PySide6.QtWidgets import QStyleOptionGraphicsItem, QWidget

from spectra_core.editing.drag import Handle

from ..theme import colour, theme
from .plot_items import PixelItem, tone_of

_SIZE = 5.5
_REACH = 11.0
_EDGE_REACH = 5.0
_FRAME_MS = 16
_PAUSE_MS = 4

HANDLE_WORDS = {
    "top": "{}: drag to move it, up and down for its area",
    "half_low": "{}: drag for its width",
    "half_high": "{}: drag for its width",
    "window_low": "drag the edge of the window",
    "window_high": "drag the edge of the window",
    "background_low": "drag the end of the background",
    "background_high": "drag the end of the background",
    "shift": "drag the charge shift",
}


def cursor_of(handle: Handle | None) -> Qt.CursorShape:
    """Return the cursor over a handle."""
    if handle is None:
        return Qt.CursorShape.ArrowCursor
    if handle.kind == "top":
        return Qt.CursorShape.SizeAllCursor
    if handle.kind.startswith("background"):
        return Qt.CursorShape.SizeVerCursor
    return Qt.CursorShape.SizeHorCursor


class HandlesItem(PixelItem):
    """Round tops, square half-height points and background ends, lines for the window."""

    def __init__(self, box: pg.ViewBox) -> None:
        super().__init__(box, 60)
        self._places: Mapping[Handle, tuple[float, float]] = {}
        self._chosen = ""
        self._tones: Mapping[str, str] = {}
        self._near: Handle | None = None

    def show_handles(
        self, places: Mapping[Handle, tuple[float, float]], tones: Mapping[str, str], chosen: str
    ) -> None:
        """Show handles at data positions; `tones` by component, `chosen` a component id."""
        self._places, self._tones, self._chosen = places, tones, chosen
        self.update()

    def set_near(self, handle: Handle | None) -> None:
        """Emphasise the handle under the cursor."""
        if handle != self._near:
            self._near = handle
            self.update()

    def at(self, position: QPointF) -> Handle | None:
        """Return the nearest handle within reach of a position of the view box."""
        best: tuple[float, Handle] | None = None
        for handle, place in self._places.items():
            distance = self._distance(handle, place, position)
            if distance <= _REACH and (best is None or distance < best[0]):
                best = distance, handle
        return None if best is None else best[1]

    def _distance(self, handle: Handle, place: tuple[float, float], position: QPointF) -> float:
        there = self._pixel(*place)
        if handle.kind.startswith("window"):
            aside = abs(position.x() - there.x())
            # A line is easily hit, so what lies on it comes first.
            return aside + _EDGE_REACH if aside <= _EDGE_REACH else np.inf
        distance = float(np.hypot(position.x() - there.x(), position.y() - there.y()))
        return distance + 2.0 if handle.owner and handle.owner != self._chosen else distance

    def place_of(self, handle: Handle) -> tuple[float, float] | None:
        """Return where a handle is, in the units of the view."""
        return self._places.get(handle)

    def paint(
        self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None
    ) -> None:
        """Paint window edges, then the handles, those of the chosen component largest."""
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        area = self._box.rect()
        to_pixel = self._box.childTransform()
        for handle, (x, y) in self._places.items():
            place = to_pixel.map(QPointF(x, y))
            if handle.kind.startswith("window"):
                strong = handle == self._near
                style = Qt.PenStyle.SolidLine if strong else Qt.PenStyle.DashLine
                tone = colour("accent") if strong else colour("faint", 0.7)
                painter.setPen(QPen(tone, 1.4 if strong else 1.0, style))
                painter.drawLine(QPointF(place.x(), area.top()), QPointF(place.x(), area.bottom()))
            elif area.contains(place):
                self._paint_handle(painter, handle, place)

    def _paint_handle(self, painter: QPainter, handle: Handle, place: QPointF) -> None:
        chosen = bool(handle.owner) and handle.owner == self._chosen
        size = _SIZE if chosen else 0.62 * _SIZE
        size = 1.3 * size if handle == self._near else size
        tone = tone_of(self._tones.get(handle.owner, theme().palette.muted))
        if handle.owner and not chosen and handle != self._near:
            tone.setAlphaF(0.75)
        # Pens wider than a pixel are slow, and nearly all of the handles are the small ones.
        painter.setPen(QPen(tone, 2.0 if chosen else 1.0))
        painter.setBrush(colour("card"))
        if handle.kind == "top":
            painter.drawEllipse(place, size, size)
        else:
            size -= 1.0
            painter.drawRect(QRectF(place.x() - size, place.y() - size, 2 * size, 2 * size))


class Drag(QObject):
    """One handle being dragged; moves are told at most once a frame.

    Signals
    -------
    began(Handle), moved(Handle, float, float), ended(), cancelled()
    """

    began = Signal(object)
    moved = Signal(object, float, float)
    ended = Signal()
    cancelled = Signal()

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.handle: Handle | None = None
        self.given_up = False
        self._offset = (0.0, 0.0)
        self._pending: tuple[float, float] | None = None
        self._since = QElapsedTimer()
        self._wait = _FRAME_MS
        self._frame = QTimer(self)
        self._frame.setSingleShot(True)
        self._frame.setTimerType(Qt.TimerType.PreciseTimer)
        self._frame.timeout.connect(self._tell)

    def begin(self, handle: Handle, place: tuple[float, float], mouse: tuple[float, float]) -> None:
        """Take hold of a handle at `place` with the mouse beside it, both in view units."""
        self.handle, self.given_up = handle, False
        # A handle that is not hit in the middle must not jump to the cursor.
        self._offset = place[0] - mouse[0], place[1] - mouse[1]
        self._since.invalidate()
        self.began.emit(handle)

    def move(self, mouse: tuple[float, float]) -> None:
        """Follow the mouse: at once, or with the next frame if this one had its move."""
        if self.handle is None:
            return
        self._pending = mouse[0] + self._offset[0], mouse[1] + self._offset[1]
        passed = self._since.elapsed() if self._since.isValid() else self._wait
        if passed >= self._wait:
            self._tell()
        elif not self._frame.isActive():
            self._frame.start(self._wait - passed)

    def end(self) -> None:
        """Let go; the last place is told first."""
        if self.handle is not None:
            self._tell()
            self.handle = None
            self.ended.emit()
        self.given_up = False

    def cancel(self) -> None:
        """Give the drag up; the rest of the movement does nothing."""
        if self.handle is not None:
            self._frame.stop()
            self._pending, self.handle = None, None
            self.given_up = True
            self.cancelled.emit()

    def _tell(self) -> None:
        self._frame.stop()
        if self.handle is None or self._pending is None:
            return
        (x, y), self._pending = self._pending, None
        self._since.start()
        self.moved.emit(self.handle, x, y)
        # From start to start; but a slow frame needs a pause after it, in which it is painted.
        self._wait = max(_FRAME_MS, self._since.elapsed() + _PAUSE_MS)
