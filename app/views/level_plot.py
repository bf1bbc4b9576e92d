"""A plot over the levels of a series: one axis for all of them, one cursor, one way to choose."""

from __future__ import annotations

from math import ceil

import numpy as np
from PySide6.QtCore import QEvent, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from ..series_scene import SeriesScene
from ..theme import colour, number_font, theme
from ..widgets import wrapped
from .chart import SMALL, Scale, text_width

LEFT, RIGHT = 62, 84
"""Pixels beside every plot over levels, so that their axes stand above each other."""

_STEPS = {
    Qt.Key.Key_Left: -1,
    Qt.Key.Key_Right: 1,
    Qt.Key.Key_PageUp: -5,
    Qt.Key.Key_PageDown: 5,
}


class LevelPlot(QWidget):
    """Something that is drawn level by level; a press or drag chooses a level.

    Signals
    -------
    level_chosen(int)
    fit_asked(int)
        By a double click: the fit of that level is wanted.
    """

    level_chosen = Signal(int)
    fit_asked = Signal(int)

    top, bottom = 8, 8

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.scene: SeriesScene | None = None
        self.setAccessibleName(name)
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        theme().changed.connect(self.update)

    def show_series(self, scene: SeriesScene | None) -> None:
        """Show a series; None: nothing."""
        self.scene = scene
        self.update()

    @property
    def area(self) -> QRectF:
        """Where the levels are drawn."""
        width, height = self.width() - LEFT - RIGHT, self.height() - self.top - self.bottom
        return QRectF(LEFT, self.top, max(width, 20), max(height, 10))

    def scale(self, scene: SeriesScene) -> Scale:
        """Return where places on the axis are drawn."""
        edges, area = scene.edges, self.area
        return Scale(float(edges[0]), float(edges[-1]), area.left(), area.right())

    def x_of(self, level: int) -> float:
        """Return the pixel of the middle of a level."""
        assert self.scene is not None
        return self.scale(self.scene).at(float(self.scene.positions[level]))

    def level_at(self, x: float) -> int:
        """Return the level whose column holds a pixel; the outermost ones beyond the ends."""
        assert self.scene is not None
        value = self.scale(self.scene).value(x)
        found = int(np.searchsorted(self.scene.edges, value)) - 1
        return max(0, min(found, len(self.scene) - 1))

    # -----------------------------------------------------------------------------
    # Mouse and keys

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        """Choose the level under the mouse."""
        self._choose(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        """Choose while dragging; else say what is under the mouse."""
        if event.buttons() & Qt.MouseButton.LeftButton:
            self._choose(event)
        elif self.scene is not None:
            words = self.words_at(event.position())
            QToolTip.showText(event.globalPosition().toPoint(), wrapped(words), self)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        """Ask for the fit of a level."""
        if self.scene is not None and self._is_inside(event.position()):
            self.fit_asked.emit(self.level_at(event.position().x()))

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        """Step with the arrows, go to the ends with Home and End."""
        if self.scene is None:
            return
        last = len(self.scene) - 1
        key = Qt.Key(event.key())
        if key in _STEPS:
            level = self.scene.level + _STEPS[key]
        elif key in (Qt.Key.Key_Home, Qt.Key.Key_End):
            level = 0 if key == Qt.Key.Key_Home else last
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.fit_asked.emit(self.scene.level)
            return
        else:
            super().keyPressEvent(event)
            return
        self.level_chosen.emit(max(0, min(level, last)))

    def _choose(self, event: QMouseEvent) -> None:
        held = event.buttons() & Qt.MouseButton.LeftButton
        if self.scene is not None and held and self._is_inside(event.position()):
            level = self.level_at(event.position().x())
            if level != self.scene.level:
                self.level_chosen.emit(level)

    def _is_inside(self, at: QPointF) -> bool:
        return self.area.left() - 4 <= at.x() <= self.area.right() + 4

    def leaveEvent(self, event: QEvent) -> None:  # noqa: N802
        """Say nothing more."""
        QToolTip.hideText()
        super().leaveEvent(event)

    def words_at(self, at: QPointF) -> str:
        """Return what is said of a place, for a tooltip."""
        return ""

    # -----------------------------------------------------------------------------
    # Painting

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        """Paint the plot, if there is a series."""
        if self.scene is None:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self.paint(painter, self.scene)
        painter.end()

    def paint(self, painter: QPainter, scene: SeriesScene) -> None:
        """Paint a series."""
        raise NotImplementedError

    def labelled(self, painter: QPainter, scene: SeriesScene) -> list[int]:
        """Return which levels have room for their number."""
        painter.setFont(number_font(scale=SMALL))
        widest = max(text_width(painter, number_of(scene, k)) for k in (0, len(scene) - 1)) + 12
        room = self.area.width() / len(scene)
        step = max(1, ceil(widest / max(room, 1e-6)))
        return list(range(0, len(scene), step))

    def paint_cursor(self, painter: QPainter, scene: SeriesScene) -> None:
        """Paint the cursor through a plot."""
        x = self.x_of(scene.level)
        painter.setPen(QPen(colour("accent"), 1.5))
        painter.drawLine(QPointF(x, self.area.top()), QPointF(x, self.area.bottom()))

    def paint_interface(self, painter: QPainter, scene: SeriesScene, *, band: bool = True) -> None:
        """Paint where the interface is, with its band of one standard error."""
        entry = scene.interface
        if entry is None:
            return
        scale, area = self.scale(scene), self.area
        x = scale.at(scene.place_of(entry["position"]))
        if band:
            low, high = (
                scale.at(scene.place_of(entry["position"] + sign * entry["position_sd"]))
                for sign in (-1, 1)
            )
            painter.fillRect(
                QRectF(low, area.top(), high - low, area.height()), colour("muted", 0.16)
            )
        painter.setPen(QPen(colour("muted"), 1.2, Qt.PenStyle.DashLine))
        painter.drawLine(QPointF(x, area.top()), QPointF(x, area.bottom()))


def number_of(scene: SeriesScene, level: int) -> str:
    """Return a level's place as a bare number."""
    return scene.position_words(level).split(" ")[0]
