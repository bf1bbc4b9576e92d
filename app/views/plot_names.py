"""Names of the components beside their curves, placed where nothing is drawn."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPen
from PySide6.QtWidgets import QStyleOptionGraphicsItem, QWidget

from spectra_core.spectrum import Array

from ..theme import colour
from .plot_items import PixelItem, small_font, tone_of

_MOST_WIDE = 120.0
_LEAST_HIGH = 4.0
"""Pixels: a curve that is lower cannot be told from the background, so it is not named."""
_HANDLE = 9.0
_SIDES = (0.0, 34.0, -34.0, 70.0, -70.0)
_EDGE = 0.6
"""Part of the text's own colour in the names, so that yellow can be read on white too."""


@dataclass(frozen=True)
class PeakName:
    """One name.

    Attributes
    ----------
    owner, text : str
    x, top, foot : float
        Highest place of the curve, and the background below it, in the units of the view.
    tone : str
    chosen : bool
    """

    owner: str
    text: str
    x: float
    top: float
    foot: float
    tone: str
    chosen: bool = False


class PeakNamesItem(PixelItem):
    """Names of components, each over its curve, within it, or aside with a line to it."""

    def __init__(self, box: pg.ViewBox) -> None:
        super().__init__(box, 45)
        self._names: tuple[PeakName, ...] = ()
        self._envelope = np.empty((2, 0))
        self._offsets: dict[str, QPointF] = {}

    @property
    def placed(self) -> Mapping[str, QRectF]:
        """The rectangle of each name that has found room, in pixels of the view box."""
        return dict(self._boxes())

    def show_names(
        self, names: Sequence[PeakName], x: Array, envelope: Array, *, moving: bool = False
    ) -> None:
        """Show names; `moving`: each stays beside its curve as it was, which is quick.

        Parameters
        ----------
        names : sequence of PeakName
        x, envelope : ndarray, shape (N,)
            What no name is to lie on.
        moving : bool
            A drag is in progress.
        """
        self._names, self._envelope = tuple(names), np.stack([x, envelope])
        if moving:
            self.update()
        else:
            self._moved()

    def paint(
        self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None
    ) -> None:
        """Paint each name with a rim of the card's colour, and a line where it stands aside."""
        font = small_font(0.9)
        font.setBold(True)
        painter.setFont(font)
        metrics = QFontMetricsF(font)
        by_owner = {name.owner: name for name in self._names}
        for owner, box in self._boxes():
            name, top = by_owner[owner], self._pixel(by_owner[owner].x, by_owner[owner].top)
            tone = readable(name.tone)
            if box.bottom() < top.y() - 2 * _HANDLE or not box.left() < top.x() < box.right():
                painter.setPen(QPen(tone, 0.8))
                start = QPointF(min(max(top.x(), box.left()), box.right()), box.bottom() - 1)
                painter.drawLine(start, top - QPointF(0, 5))
            words = metrics.elidedText(name.text, Qt.TextElideMode.ElideRight, _MOST_WIDE)
            place = QPointF(box.left(), box.top() + metrics.ascent())
            painter.setPen(colour("card", 0.85))
            for dx, dy in ((-1, 0), (1, 0), (0, -1), (0, 1)):
                painter.drawText(place + QPointF(dx, dy), words)
            painter.setPen(tone)
            painter.drawText(place, words)

    def _boxes(self) -> Iterator[tuple[str, QRectF]]:
        metrics = _metrics()
        for name in self._names:
            offset = self._offsets.get(name.owner)
            if offset is not None:
                size = _size(metrics, name)
                yield name.owner, size.translated(self._pixel(name.x, name.top) + offset)

    def _moved(self, *_: object) -> None:
        """Find a free place for each name, the largest curves first."""
        self.prepareGeometryChange()
        self._offsets = {}
        metrics, area = _metrics(), self._box.rect()
        line = self._line()
        taken: list[QRectF] = []
        tops = {name.owner: self._pixel(name.x, name.top) for name in self._names}
        handles = [QRectF(p.x() - 7, p.y() - 7, 14, 14) for p in tops.values()]
        for name in sorted(self._names, key=lambda name: name.top - name.foot, reverse=True):
            top, foot = tops[name.owner], self._pixel(name.x, name.foot)
            if foot.y() - top.y() < _LEAST_HIGH or not area.contains(top):
                continue
            size = _size(metrics, name)
            for offset in _offers(size, foot.y() - top.y(), _clearance(line, size, top)):
                box = size.translated(top + offset)
                if not area.contains(box) or _crosses(line, box):
                    continue
                if not any(box.intersects(other) for other in (*taken, *handles)):
                    taken.append(box)
                    self._offsets[name.owner] = offset
                    break
        self.update()

    def _line(self) -> Array:
        """Return the envelope in pixels, from left to right; shape (2, N)."""
        x, y = self._envelope
        if not x.size:
            return np.empty((2, 0))
        first, second = self._pixel(0.0, 0.0), self._pixel(1.0, 1.0)
        line = np.stack(
            [
                first.x() + (second.x() - first.x()) * x,
                first.y() + (second.y() - first.y()) * y,
            ]
        )
        return line if line[0, 0] <= line[0, -1] else line[:, ::-1]


def _metrics() -> QFontMetricsF:
    font = small_font(0.9)
    font.setBold(True)
    return QFontMetricsF(font)


def _size(metrics: QFontMetricsF, name: PeakName) -> QRectF:
    """Return the rectangle of a name around zero."""
    width = min(metrics.horizontalAdvance(name.text), _MOST_WIDE) + 2
    return QRectF(-width / 2, -metrics.height() / 2, width, metrics.height())


def _offers(size: QRectF, height: float, clear: Sequence[float]) -> Iterator[QPointF]:
    """Yield places for the middle of a name, from the top of its curve: the best ones first."""
    half = size.height() / 2
    yield QPointF(0.0, -_HANDLE - half)
    if height > 2.5 * size.height():
        yield QPointF(0.0, _HANDLE + 2 + half)
        yield QPointF(0.0, height / 2)
    for aside, up in zip(_SIDES, clear, strict=True):
        yield QPointF(aside, up - half - 8)


def _clearance(line: Array, size: QRectF, top: QPointF) -> list[float]:
    """Return how far above the top of a curve the envelope ends, for each place aside."""
    found = []
    for aside in _SIDES:
        x = top.x() + aside
        near = (line[0] > x + size.left() - 4) & (line[0] < x + size.right() + 4)
        found.append(float(line[1][near].min()) - top.y() if near.any() else 0.0)
    return found


def _crosses(line: Array, box: QRectF) -> bool:
    """Return whether a line runs through a rectangle."""
    near = (line[0] >= box.left() - 2) & (line[0] <= box.right() + 2)
    y = line[1][near]
    return bool(y.size) and float(y.min()) < box.bottom() + 2 and float(y.max()) > box.top() - 2


def readable(tone: str) -> QColor:
    """Return a species' colour, nearer to that of text."""
    own, text = tone_of(tone), colour("text")
    parts = (
        (own.redF(), text.redF()),
        (own.greenF(), text.greenF()),
        (own.blueF(), text.blueF()),
    )
    red, green, blue = (_EDGE * a + (1.0 - _EDGE) * b for a, b in parts)
    return QColor.fromRgbF(red, green, blue)
