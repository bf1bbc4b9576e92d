"""How a row of the spectra tree is painted: state, region, what tells it apart, sparkline."""

from __future__ import annotations

from typing import Any

import numpy as np
from PySide6.QtCore import QPointF, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QFont, QFontMetrics, QPainter, QPen, QPixmap, QPolygonF
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem, QTreeView

from spectra_core.referee.verdict import CHECK, NOT_YET, SOUND
from spectra_core.spectrum import Axis, Spectrum

from ..theme import colour
from .spectra_rows import Index, Row

_SPARK_POINTS = 48
_SPARK_WIDTH = 62
_SPARK_NARROW = 46  # where the panel is narrow: the words of the states need the room
_NARROW = 214  # pixels
_TONES = {SOUND: "good", CHECK: "warn", NOT_YET: "alarm", "stale": "faint"}


class SpectraDelegate(QStyledItemDelegate):
    """Paints a row: state, region, what tells it apart, sparkline."""

    def __init__(self, view: QTreeView) -> None:
        super().__init__(view)
        self._view = view
        self._sparks: dict[int, tuple[Spectrum, np.ndarray]] = {}

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:  # noqa: N802
        """Return a row's size."""
        one: Row = index.internalPointer()
        metrics = QFontMetrics(option.font)
        if one.spectrum is not None:
            return QSize(120, metrics.height() + 11)
        lines = len(two_lines(one.text, option.font, self._room())) + bool(one.levels)
        return QSize(120, metrics.height() * lines + 9)

    def _room(self) -> int:
        return max(self._view.viewport().width() - 18, 60)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """Paint one row."""
        one: Row = index.internalPointer()
        area: QRect = option.rect
        state = option.state
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        font = option.font
        if one.spectrum is None:
            self._paint_group(painter, area, one, font, folded=not self._view.isExpanded(index))
            painter.restore()
            return
        if state & QStyle.StateFlag.State_Selected:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(colour("selection"))
            painter.drawRoundedRect(_row_of(area), 5, 5)
        elif state & QStyle.StateFlag.State_MouseOver:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(colour("hover"))
            painter.drawRoundedRect(_row_of(area), 5, 5)
        _paint_state(painter, QPointF(area.left() + 10, area.center().y() + 0.5), one.state)
        self._paint_words(painter, area, one, font)
        self._paint_spark(painter, area, one.spectrum)
        painter.restore()

    def _paint_group(
        self, painter: QPainter, area: QRect, one: Row, font: QFont, *, folded: bool
    ) -> None:
        """Paint a sample or file; below a series the number of its levels and their worst state."""
        current: Row | None = self._view.currentIndex().internalPointer()
        if folded and current is not None and current.parent is one:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(colour("selection"))
            painter.drawRoundedRect(QRectF(area).adjusted(0, 1, -2, -1), 5, 5)
        lines = two_lines(one.text, font, self._room())
        height = QFontMetrics(font).height()
        top = area.top() + (area.height() - height * (len(lines) + bool(one.levels))) // 2
        font.setBold(True)
        painter.setFont(font)
        painter.setPen(colour("text"))
        place = QRect(area.left() + 2, top, area.width() - 2, height * len(lines))
        painter.drawText(place, Qt.AlignmentFlag.AlignVCenter, "\n".join(lines))
        if not one.levels:
            return
        font.setBold(False)
        painter.setFont(font)
        below = QRect(area.left() + 16, place.bottom() + 1, area.width() - 16, height)
        _paint_state(painter, QPointF(area.left() + 6, below.center().y() + 0.5), one.state)
        painter.setPen(colour("muted"))
        painter.drawText(below, Qt.AlignmentFlag.AlignVCenter, one.words)
        if one.state in (CHECK, NOT_YET):
            # Not by the colour of a dot alone.
            below.setLeft(below.left() + QFontMetrics(font).horizontalAdvance(one.words) + 8)
            painter.setPen(colour(_TONES[one.state]))
            painter.drawText(below, Qt.AlignmentFlag.AlignVCenter, one.state)

    def _spark_width(self, area: QRect) -> int:
        return _SPARK_NARROW if area.width() < _NARROW else _SPARK_WIDTH

    def _paint_words(self, painter: QPainter, area: QRect, one: Row, font: Any) -> None:
        left, room = area.left() + 22, area.width() - 22 - self._spark_width(area) - 14
        font.setBold(True)
        painter.setFont(font)
        metrics = QFontMetrics(font)
        text = metrics.elidedText(one.text, Qt.TextElideMode.ElideMiddle, max(room, 20))
        painter.setPen(colour("text"))
        painter.drawText(
            QRect(left, area.top(), room, area.height()), Qt.AlignmentFlag.AlignVCenter, text
        )
        used = metrics.horizontalAdvance(text) + 8
        if one.state in (CHECK, NOT_YET) and room - used > 20:
            # Not by the colour of a dot alone.
            font.setBold(False)
            painter.setFont(font)
            painter.setPen(colour(_TONES[one.state]))
            place = QRect(left + used, area.top(), room - used, area.height())
            painter.drawText(place, Qt.AlignmentFlag.AlignVCenter, one.state)
            used += QFontMetrics(font).horizontalAdvance(one.state) + 8
        if one.words and room - used > 20:
            font.setBold(False)
            painter.setFont(font)
            painter.setPen(colour("muted"))
            metrics = QFontMetrics(font)
            words = metrics.elidedText(one.words, Qt.TextElideMode.ElideLeft, room - used)
            painter.drawText(
                QRect(left + used, area.top(), room - used, area.height()),
                Qt.AlignmentFlag.AlignVCenter,
                words,
            )

    def _paint_spark(self, painter: QPainter, area: QRect, spectrum: Spectrum) -> None:
        shape, width = self._spark(spectrum), self._spark_width(area)
        left = area.right() - width - 6
        top, height = area.top() + 5, area.height() - 10
        points = QPolygonF([QPointF(left + x * width, top + (1 - y) * height) for x, y in shape])
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(colour("residual"), 1.1))
        painter.drawPolyline(points)

    def _spark(self, spectrum: Spectrum) -> np.ndarray:
        """Return a small curve in the unit square, kept by the spectrum's identity."""
        known = self._sparks.get(id(spectrum))
        if known is not None and known[0] is spectrum:
            return known[1]
        if len(self._sparks) > 20_000:
            self._sparks.clear()
        curve = sparkline(spectrum)
        self._sparks[id(spectrum)] = (spectrum, curve)
        return curve


def _row_of(area: QRect) -> QRectF:
    """Return the whole row, with what the tree indents, so that it is marked in one piece."""
    return QRectF(0, area.top() + 1, area.right() - 1, area.height() - 2)


def sparkline(spectrum: Spectrum) -> np.ndarray:
    """Return a small curve in the unit square, from left to right as the plot runs; (N, 2)."""
    y = spectrum.y
    edges = np.linspace(0, y.size, min(_SPARK_POINTS, y.size) + 1).astype(int)[:-1]
    means = np.add.reduceat(y, edges) / np.diff([*edges, y.size])
    low, high = float(means.min()), float(means.max())
    shape = (means - low) / ((high - low) or 1.0)
    # Binding energy falls to the right; a kinetic energy that becomes one on the plot rises.
    if spectrum.axis is Axis.BINDING_ENERGY:
        shape = shape[::-1]
    return np.column_stack([np.linspace(0, 1, shape.size), shape])


def picture_of_spectrum(spectrum: Spectrum, size: QSize) -> QPixmap:
    """Return a small picture of a spectrum, sharp on a fine screen."""
    scale = 2.0
    pixmap = QPixmap(round(size.width() * scale), round(size.height() * scale))
    pixmap.setDevicePixelRatio(scale)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(colour("residual"), 1.2))
    width, height = size.width() - 6, size.height() - 6
    points = [QPointF(3 + x * width, 3 + (1 - y) * height) for x, y in sparkline(spectrum)]
    painter.drawPolyline(QPolygonF(points))
    painter.end()
    return pixmap


def two_lines(text: str, font: QFont, room: int) -> list[str]:
    """Return a name in at most two lines, the second without its beginning if it is too long."""
    bold = QFont(font)
    bold.setBold(True)
    metrics = QFontMetrics(bold)
    if metrics.horizontalAdvance(text) <= room:
        return [text]
    words = text.split()
    first = ""
    while words and metrics.horizontalAdvance(f"{first} {words[0]}") <= room:
        first = f"{first} {words.pop(0)}".strip()
    if not first:
        return [metrics.elidedText(text, Qt.TextElideMode.ElideMiddle, room)]
    # The first line has the beginning; the end tells samples of one series apart.
    return [first, metrics.elidedText(" ".join(words), Qt.TextElideMode.ElideLeft, room)]


def _paint_state(painter: QPainter, at: QPointF, state: str) -> None:
    """Paint a state so that it is told by its shape as well as by its colour."""
    tone = _TONES.get(state, "faint")
    painter.setPen(QPen(colour(tone), 1.6))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    if state in (SOUND, CHECK):
        painter.setBrush(colour(tone))
        painter.drawEllipse(at, 3.6, 3.6)
    elif state == "stale":
        painter.drawEllipse(at, 3.6, 3.6)
        painter.setBrush(colour(tone))
        painter.drawPie(QRectF(at.x() - 3.6, at.y() - 3.6, 7.2, 7.2), 90 * 16, 180 * 16)
    elif state == NOT_YET:
        for dx in (-3.2, 3.2):
            painter.drawLine(QPointF(at.x() - dx, at.y() - 3.2), QPointF(at.x() + dx, at.y() + 3.2))
    elif state == "open":
        painter.drawEllipse(at, 3.4, 3.4)
    else:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colour("border"))
        painter.drawEllipse(at, 2.2, 2.2)
