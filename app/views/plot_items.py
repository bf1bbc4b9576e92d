"""What is painted in the plot: filled curves, residual sticks, library ticks, handles.

Each item paints everything of its kind at once from arrays, so that a frame of a drag costs a
few polygons and no bookkeeping.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyqtgraph as pg
from pyqtgraph.functions import arrayToQPolygonF
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPen, QPolygonF
from PySide6.QtWidgets import QApplication, QStyleOptionGraphicsItem, QWidget

from spectra_core.drag import Handle
from spectra_core.spectrum import Array

from ..theme import colour, theme

HANDLE_PX = 5.5
REACH_PX = 11.0


def cosmetic(tone: QColor, width: float = 1.0, style: Qt.PenStyle = Qt.PenStyle.SolidLine) -> QPen:
    """Return a pen whose width is in pixels at any zoom."""
    pen = QPen(tone, width, style)
    pen.setCosmetic(True)
    pen.setJoinStyle(Qt.PenJoinStyle.BevelJoin)
    return pen


def polyline(x: Array, y: Array) -> QPolygonF:
    """Return a line through points, made without a loop in Python."""
    return arrayToQPolygonF(np.ascontiguousarray(x), np.ascontiguousarray(y))


@dataclass(frozen=True, eq=False)
class Band:
    """One component: its curve on the background, and how it is coloured.

    Attributes
    ----------
    owner : str
        Component id.
    top : ndarray, shape (N,)
        Curve with the background included.
    tone : str
        ``#rrggbb``.
    pale : bool
        The minor line of a doublet.
    chosen : bool
    """

    owner: str
    top: Array
    tone: str
    pale: bool = False
    chosen: bool = False


class CurvesItem(pg.GraphicsObject):  # type: ignore[misc]
    """Background, components and envelope of one region."""

    def __init__(self) -> None:
        super().__init__()
        self._lines: list[tuple[QPolygonF, QPen]] = []
        self._fills: list[tuple[QPolygonF, QColor]] = []
        self._bounds = QRectF()

    def clear(self) -> None:
        """Show nothing."""
        self.prepareGeometryChange()
        self._lines, self._fills, self._bounds = [], [], QRectF()
        self.update()

    def show_curves(
        self, x: Array, background: Array, envelope: Array, bands: Sequence[Band]
    ) -> None:
        """Show the curves of a region; arrays of shape (N,)."""
        self.prepareGeometryChange()
        down = x[::-1]
        base = background[::-1]
        corners = np.concatenate([x, down])
        self._fills = []
        self._lines = []
        for band in bands:
            alpha = (0.16 if band.pale else 0.33) + (0.12 if band.chosen else 0.0)
            outline = polyline(corners, np.concatenate([band.top, base]))
            self._fills.append((outline, colour(band.tone, alpha)))
            # Wider pens than one pixel are stroked as paths, ten times slower.
            width = 1.8 if band.chosen and not band.pale else 1.0
            tone = colour(band.tone, 0.65 if band.pale else 1.0)
            self._lines.append((polyline(x, band.top), cosmetic(tone, width)))
        dash = Qt.PenStyle.DashLine
        pen = cosmetic(colour("background_line"), 1.0, dash)
        self._lines.append((polyline(x, background), pen))
        self._lines.append((polyline(x, envelope), cosmetic(colour("envelope"), 1.8)))
        tops = [envelope.max(), background.max(), *(band.top.max() for band in bands)]
        lows = [envelope.min(), background.min()]
        low, high = float(min(lows)), float(max(tops))
        self._bounds = QRectF(x[0], low, x[-1] - x[0], max(high - low, 1e-12))
        self.update()

    def boundingRect(self) -> QRectF:  # noqa: N802
        """Return the rectangle of all curves, in data units."""
        return self._bounds

    def paint(
        self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None
    ) -> None:
        """Paint fills, then lines."""
        # The edges of the fills lie under smooth lines, so the fills need not be smooth.
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        painter.setPen(Qt.PenStyle.NoPen)
        for outline, tone in self._fills:
            painter.setBrush(tone)
            painter.drawPolygon(outline)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for line, pen in self._lines:
            painter.setPen(pen)
            painter.drawPolyline(line)


class SticksItem(pg.GraphicsObject):  # type: ignore[misc]
    """Residuals in sigma: a stick for each point, and the band between -3 and 3."""

    def __init__(self) -> None:
        super().__init__()
        self._x = np.empty(0)
        self._r = np.empty(0)
        self._bounds = QRectF()

    def show_residual(self, x: Array, residual: Array) -> None:
        """Show residuals of shape (N,)."""
        self.prepareGeometryChange()
        self._x, self._r = x, residual
        if x.size:
            reach = max(3.0, float(np.abs(residual).max()))
            self._bounds = QRectF(x[0], -reach, x[-1] - x[0], 2 * reach)
        else:
            self._bounds = QRectF()
        self.update()

    def boundingRect(self) -> QRectF:  # noqa: N802
        """Return the rectangle of band and sticks, in data units."""
        return self._bounds

    def paint(
        self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None
    ) -> None:
        """Paint the band, the zero line and the sticks."""
        if not self._x.size:
            return
        left, width = self._bounds.left(), self._bounds.width()
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colour("band"))
        painter.drawRect(QRectF(left, -3.0, width, 6.0))
        painter.setPen(cosmetic(colour("faint"), 1.0))
        painter.drawLine(QPointF(left, 0.0), QPointF(left + width, 0.0))
        painter.setPen(cosmetic(colour("residual"), 1.0))
        ends = np.zeros((self._x.size, 4))
        ends[:, 0] = ends[:, 2] = self._x
        ends[:, 3] = self._r
        corners = polyline(ends[:, [0, 2]].ravel(), ends[:, [1, 3]].ravel())
        painter.drawLines(corners)


@dataclass(frozen=True)
class Tick:
    """A library species along the axis.

    Attributes
    ----------
    entry_id : str
    text : str
        Short label.
    center : float
        On the axis of the fit.
    tip : str
        What the hover box says of it.
    unconfirmed : bool
    tolerance : float
        How near the cursor has to be for the hover box to name it.
    tone : str
        ``#rrggbb`` of the species.
    """

    entry_id: str
    text: str
    center: float
    tip: str = ""
    unconfirmed: bool = False
    tolerance: float = 0.3
    tone: str = "#7F7F7F"


class TicksItem(pg.GraphicsObject):  # type: ignore[misc]
    """Library ticks at the lower edge of the plot, in pixels, with labels that do not overlap."""

    ROWS = 3

    def __init__(self, box: pg.ViewBox) -> None:
        super().__init__()
        self.setParentItem(box)
        self.setZValue(50)
        self._box = box
        self._ticks: tuple[Tick, ...] = ()
        self._placed: list[tuple[Tick, float, QRectF]] = []
        box.sigRangeChanged.connect(self._place)
        box.sigResized.connect(self._place)

    def show_ticks(self, ticks: Sequence[Tick]) -> None:
        """Show other ticks."""
        self._ticks = tuple(ticks)
        self._place()

    def at(self, position: QPointF) -> Tick | None:
        """Return the tick whose mark or label is at a position of the view box."""
        for tick, x, label in self._placed:
            if label.contains(position):
                return tick
            foot = self._box.rect().bottom()
            if abs(position.x() - x) < 5 and foot - 16 < position.y() <= foot:
                return tick
        return None

    def boundingRect(self) -> QRectF:  # noqa: N802
        """Return the rectangle of the view box."""
        return QRectF(self._box.rect())

    def paint(
        self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None
    ) -> None:
        """Paint marks and labels."""
        painter.setFont(self._font())
        foot = self._box.rect().bottom()
        for tick, x, label in self._placed:
            painter.setPen(QPen(colour(tick.tone), 2.0))
            painter.drawLine(QPointF(x, foot - 1), QPointF(x, foot - 9))
            if label.isNull():
                continue
            painter.setPen(colour("muted"))
            painter.drawText(label, Qt.AlignmentFlag.AlignCenter, _tick_text(tick))

    def _font(self) -> QFont:
        font = QApplication.font()
        font.setPointSizeF(font.pointSizeF() * 0.8)
        return font

    def _place(self, *_: object) -> None:
        """Find a free place for each label, the most certain species first."""
        self.prepareGeometryChange()
        self._placed = []
        area = self._box.rect()
        if area.width() < 10:
            return
        metrics = QFontMetricsF(self._font())
        rows: list[list[QRectF]] = [[] for _ in range(self.ROWS)]
        low, high = self._box.viewRange()[0]
        for tick in sorted(self._ticks, key=lambda t: (t.unconfirmed, t.text)):
            if not low <= tick.center <= high:
                continue
            x = self._box.mapFromView(QPointF(tick.center, 0.0)).x()
            width = metrics.horizontalAdvance(_tick_text(tick)) + 6
            place = QRectF()
            for number, row in enumerate(rows):
                top = area.bottom() - 10 - (number + 1) * metrics.height()
                wanted = QRectF(x - width / 2, top, width, metrics.height())
                if wanted.left() < 0 or wanted.right() > area.width():
                    continue
                if not any(wanted.intersects(other) for other in row):
                    row.append(wanted)
                    place = wanted
                    break
            self._placed.append((tick, x, place))
        self.update()


def _tick_text(tick: Tick) -> str:
    return f"{tick.text}?" if tick.unconfirmed else tick.text


class HandlesItem(pg.GraphicsObject):  # type: ignore[misc]
    """The places that can be taken hold of, in pixels over the curves."""

    def __init__(self, box: pg.ViewBox) -> None:
        super().__init__()
        self.setParentItem(box)
        self.setZValue(60)
        self._box = box
        self._places: dict[Handle, tuple[float, float]] = {}
        self._chosen = ""
        self._tones: dict[str, str] = {}
        self._near: Handle | None = None
        box.sigRangeChanged.connect(self._moved)
        box.sigResized.connect(self._moved)

    def show_handles(
        self, places: dict[Handle, tuple[float, float]], tones: dict[str, str], chosen: str
    ) -> None:
        """Show handles at data positions; `tones` by component, `chosen` a component id."""
        self._places, self._tones, self._chosen = places, tones, chosen
        self._moved()

    def set_near(self, handle: Handle | None) -> None:
        """Emphasise the handle under the cursor."""
        if handle != self._near:
            self._near = handle
            self.update()

    def at(self, position: QPointF) -> Handle | None:
        """Return the nearest handle within reach of a position of the view box."""
        best: tuple[float, Handle] | None = None
        for handle, (x, y) in self._places.items():
            place = self._box.mapFromView(QPointF(x, y))
            distance = float(np.hypot(position.x() - place.x(), position.y() - place.y()))
            if handle.kind.startswith("window"):
                distance = abs(position.x() - place.x()) + 4.0
                if distance > 8.0:
                    continue
            elif handle.owner and handle.owner != self._chosen:
                distance += 2.0
            if distance <= REACH_PX and (best is None or distance < best[0]):
                best = distance, handle
        return None if best is None else best[1]

    def place_of(self, handle: Handle) -> tuple[float, float] | None:
        """Return where a handle is, in data units."""
        return self._places.get(handle)

    def boundingRect(self) -> QRectF:  # noqa: N802
        """Return the rectangle of the view box."""
        return QRectF(self._box.rect())

    def paint(
        self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None
    ) -> None:
        """Paint window edges, then the handles of the chosen component largest."""
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        area = self._box.rect()
        for handle, (x, y) in self._places.items():
            place = self._box.mapFromView(QPointF(x, y))
            if handle.kind.startswith("window"):
                strong = handle == self._near
                tone = colour("accent") if strong else colour("faint", 0.7)
                style = Qt.PenStyle.SolidLine if strong else Qt.PenStyle.DashLine
                painter.setPen(QPen(tone, 1.4 if strong else 1.0, style))
                painter.drawLine(QPointF(place.x(), area.top()), QPointF(place.x(), area.bottom()))
                continue
            self._paint_handle(painter, handle, place)

    def _paint_handle(self, painter: QPainter, handle: Handle, place: QPointF) -> None:
        chosen = handle.owner == self._chosen and bool(handle.owner)
        size = HANDLE_PX if chosen else HANDLE_PX * 0.62
        size = size * 1.3 if handle == self._near else size
        tone = colour(self._tones.get(handle.owner, theme().palette.muted))
        if not chosen and handle.owner and handle != self._near:
            tone.setAlphaF(0.75)
        painter.setPen(QPen(tone, 2.0 if chosen else 1.3))
        painter.setBrush(colour("card"))
        corner = QRectF(place.x() - size, place.y() - size, 2 * size, 2 * size)
        if handle.kind == "top":
            painter.drawEllipse(corner)
        else:
            painter.drawRect(corner.adjusted(1, 1, -1, -1))

    def _moved(self, *_: object) -> None:
        self.prepareGeometryChange()
        self.update()
