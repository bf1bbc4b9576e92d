"""The colours of a map: bar, histogram, the cursor's value, and the limit of signal to noise."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QLinearGradient, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from ..formula import formula
from ..map_scene import (
    BELOW,
    FAILED,
    INTENSITY,
    STATES,
    STATUS,
    MapScene,
    band_pair,
    unit_words,
)
from ..theme import colour, number_font, theme
from ..widgets import in_locale, wrapped
from .chart import SMALL, nice_ticks, text_width, tick_words
from .map_colours import STATUS_TONES, histogram, map_colours, tone_at

_TOP, _BOTTOM = 24, 46
_BAR = 14
_MOST = 20.0
"""The largest limit that can be dragged to."""
_BINS = 40


class MapScale(QWidget):
    """Beside the map.

    Signals
    -------
    limit_moved(float), limit_set(float)
        While the limit is dragged, and at its end.
    """

    limit_moved = Signal(float)
    limit_set = Signal(float)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.scene: MapScene | None = None
        self._dragging = False
        self.setAccessibleName("Colours and limit of signal to noise")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setFixedWidth(186)
        self.setMinimumHeight(150)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Expanding)
        theme().changed.connect(self.update)

    def sizeHint(self) -> QSize:  # noqa: N802
        """Return a size at which the numbers have room."""
        return QSize(186, 260)

    def show_map(self, scene: MapScene | None) -> None:
        """Show the colours of a map."""
        self.scene = scene
        self.update()

    @property
    def bar(self) -> QRectF:
        """The colours."""
        return QRectF(8, _TOP, _BAR, max(self.height() - _TOP - _BOTTOM, 20))

    @property
    def track(self) -> QRectF:
        """Where the limit is dragged."""
        return QRectF(10, self.height() - 14, self.width() - 24, 6)

    def limit_at(self, x: float) -> float:
        """Return the limit at a pixel of the track, in steps of a half."""
        share = (x - self.track.left()) / self.track.width()
        return round(min(max(share, 0.0), 1.0) * _MOST * 2) / 2

    def place_of_limit(self, limit: float) -> QPointF:
        """Return where a limit stands on the track."""
        share = min(limit / _MOST, 1.0)
        return QPointF(self.track.left() + share * self.track.width(), self.track.center().y())

    # -----------------------------------------------------------------------------
    # Mouse and keys

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        """Take hold of the limit."""
        if self.scene is not None and event.position().y() > self.height() - _BOTTOM + 22:
            self._dragging = True
            self.limit_moved.emit(self.limit_at(event.position().x()))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        """Drag it."""
        if self._dragging:
            self.limit_moved.emit(self.limit_at(event.position().x()))
            words = in_locale(f"{self.limit_at(event.position().x()):g}")
            QToolTip.showText(event.globalPosition().toPoint(), wrapped(words), self)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        """Let it go."""
        if self._dragging:
            self._dragging = False
            self.limit_set.emit(self.limit_at(event.position().x()))

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        """Step the limit with plus and minus."""
        step = {Qt.Key.Key_Plus: 0.5, Qt.Key.Key_Minus: -0.5}.get(Qt.Key(event.key()), 0.0)
        if step and self.scene is not None:
            self.limit_set.emit(min(max(self.scene.limit + step, 0.0), _MOST))
        else:
            super().keyPressEvent(event)

    # -----------------------------------------------------------------------------
    # Painting

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        """Paint it."""
        scene = self.scene
        if scene is None:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(number_font(scale=SMALL))
        painter.setPen(colour("muted"))
        unit = unit_words(scene.shown.unit)
        head = "pixels by state" if scene.shown.name == STATUS else "pixels by value"
        if unit and scene.shown.name != STATUS:
            head = f"{head}, {unit}"
        painter.drawText(QRectF(8, 2, self.width() - 10, 18), Qt.AlignmentFlag.AlignVCenter, head)
        if scene.shown.name == STATUS:
            self._paint_states(painter, scene)
        else:
            self._paint_bar(painter, scene)
            self._paint_histogram(painter, scene)
            self._paint_ticks(painter, scene)
        if scene.shown.name not in (INTENSITY, STATUS):
            self._paint_limit(painter, scene)
        painter.end()

    def _paint_states(self, painter: QPainter, scene: MapScene) -> None:
        fit = scene.fit
        if fit is None:
            return
        y = _TOP + 8.0
        for number, (word, tone) in enumerate(zip(STATES, STATUS_TONES, strict=True)):
            count = int((fit.batch.status == number).sum())
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(colour(tone))
            painter.drawRoundedRect(QRectF(10, y, 12, 12), 2, 2)
            painter.setPen(colour("text" if count else "faint"))
            place = QRectF(30, y - 4, self.width() - 40, 20)
            painter.drawText(place, Qt.AlignmentFlag.AlignVCenter, f"{word}: {count}")
            y += 24

    def _paint_bar(self, painter: QPainter, scene: MapScene) -> None:
        bar, colours = self.bar, map_colours(scene)
        shades = QLinearGradient(bar.bottomLeft(), bar.topLeft())
        for share in np.linspace(0, 1, 17).tolist():
            shades.setColorAt(share, tone_at(colours, share))
        painter.fillRect(bar, shades)
        pair = band_pair(scene.shown.name, scene.bands)
        if pair is None:
            return
        painter.setFont(number_font(bold=True, scale=0.8))
        right = QRectF(self.width() - 104, 0, 100, 16)
        for band, y in ((pair[0], bar.top() - 2), (pair[1], bar.bottom() - 14)):
            painter.setPen(colour("text"))
            right.moveTop(y)
            painter.drawText(right, Qt.AlignmentFlag.AlignRight, f"{formula(band)}-rich")

    def _paint_histogram(self, painter: QPainter, scene: MapScene) -> None:
        counts, bar = histogram(scene, _BINS), self.bar
        most = float(counts.max(initial=0.0)) or 1.0
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colour("faint", 0.55))
        step = bar.height() / _BINS
        for k, count in enumerate(counts.tolist()):
            width = 56.0 * count / most
            top = bar.bottom() - (k + 1) * step
            painter.drawRect(QRectF(bar.right() + 4, top + 0.5, width, max(step - 1.0, 0.8)))

    def _paint_ticks(self, painter: QPainter, scene: MapScene) -> None:
        bar = self.bar
        low, high = scene.limits
        painter.setFont(number_font(scale=SMALL))
        ticks = _log_ticks(low, high) if scene.is_log else nice_ticks(low, high, 5)
        step = ticks[1] - ticks[0] if len(ticks) > 1 else 1.0
        number = scene.number
        value = float(scene.shown.values[number])
        here = None
        if np.isfinite(value):
            here = bar.bottom() - float(scene.scaled(np.array([value]))[0]) * bar.height()
        pair = band_pair(scene.shown.name, scene.bands)
        room = 12.0 if pair is not None else 0.0
        for tick in ticks:
            share = float(scene.scaled(np.array([tick]))[0])
            y = bar.bottom() - share * bar.height()
            inside = low <= tick <= high and bar.top() + room < y < bar.bottom() - room + 1
            if not inside or (here is not None and abs(y - here) < 15):
                continue
            painter.setPen(QPen(colour("faint"), 1.0))
            painter.drawLine(QPointF(bar.right() - 3, y), QPointF(bar.right(), y))
            painter.setPen(colour("muted"))
            text = in_locale(f"{tick:g}") if scene.is_log else tick_words(tick, step)
            place = QRectF(bar.right() + 66, y - 9, self.width() - bar.right() - 68, 18)
            painter.drawText(place, Qt.AlignmentFlag.AlignVCenter, text)
        if here is not None:
            self._paint_value(painter, here, in_locale(f"{value:.4g}"))

    def _paint_value(self, painter: QPainter, y: float, text: str) -> None:
        bar = self.bar
        painter.setPen(QPen(colour("accent"), 1.6))
        painter.drawLine(QPointF(bar.left() - 4, y), QPointF(bar.right() + 62, y))
        painter.setFont(number_font(bold=True, scale=SMALL))
        place = QRectF(bar.right() + 66, y - 9, self.width() - bar.right() - 68, 18)
        painter.drawText(place, Qt.AlignmentFlag.AlignVCenter, text)

    def _paint_limit(self, painter: QPainter, scene: MapScene) -> None:
        painter.setFont(number_font(scale=SMALL))
        painter.setPen(colour("muted"))
        hidden = int((scene.states == BELOW).sum())
        failed = int((scene.states == FAILED).sum())
        share = in_locale(f"{100 * hidden / max(len(scene), 1):.3g}")
        text = in_locale(f"S/N < {scene.limit:g}: ") + f"{share} % hatched"
        if failed:
            text += f", {failed} failed"
        y = self.height() - _BOTTOM + 8
        painter.drawText(QRectF(8, y, self.width() - 10, 18), Qt.AlignmentFlag.AlignVCenter, text)
        track, at = self.track, self.place_of_limit(scene.limit)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colour("border"))
        painter.drawRoundedRect(track, 3, 3)
        painter.setBrush(colour("accent"))
        painter.drawEllipse(at, 6.0, 6.0)
        if self.hasFocus():
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(colour("accent_hover"), 1.4))
            painter.drawEllipse(at, 8.5, 8.5)
        painter.setPen(colour("muted"))
        if text_width(painter, text) < self.width() - 40:
            return
        self.setToolTip(wrapped(text))


def _log_ticks(low: float, high: float) -> list[float]:
    first, last = int(np.floor(np.log10(low))), int(np.ceil(np.log10(high)))
    every = [m * 10.0**k for k in range(first, last + 1) for m in (1.0, 3.0)]
    return [tick for tick in every if low <= tick <= high] or [low, high]
