"""What is painted in the plot from arrays: components, envelope, overlays, residual, a mark.

Each item paints everything of its kind at once, so that a frame of a drag costs a few polygons
and no bookkeeping. What has more points than the screen has pixels is thinned for the part in
view, keeping the lowest and the highest of each pixel column: nothing visible is left out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyqtgraph as pg
from pyqtgraph.functions import arrayToQPolygonF
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import (
    QColor,
    QFont,
    QFontMetricsF,
    QPaintEngine,
    QPainter,
    QPen,
    QPolygonF,
    QTransform,
)
from PySide6.QtWidgets import QApplication, QStyleOptionGraphicsItem, QWidget

from spectra_core.spectrum import Array

from ..theme import colour, theme

MANY_POINTS = 2500
"""Curves with more are thinned for the view."""


def cosmetic(tone: QColor, width: float = 1.0, style: Qt.PenStyle = Qt.PenStyle.SolidLine) -> QPen:
    """Return a pen whose width is in pixels at any zoom."""
    pen = QPen(tone, width, style)
    pen.setCosmetic(True)
    pen.setJoinStyle(Qt.PenJoinStyle.BevelJoin)
    return pen


def tone_of(species: str, alpha: float = 1.0) -> QColor:
    """Return a species' ``#rrggbb`` for a line, somewhat lighter on a dark card."""
    made = colour(species, alpha)
    if theme().palette.dark:
        red, green, blue = (
            0.75 * part + 0.25 for part in (made.redF(), made.greenF(), made.blueF())
        )
        made = QColor.fromRgbF(red, green, blue, alpha)
    return made


def small_font(scale: float = 0.85) -> QFont:
    """Return the application's font in a smaller size."""
    font = QApplication.font()
    font.setPointSizeF(font.pointSizeF() * scale)
    return font


def draw_line(painter: QPainter, line: QPolygonF, pen: QPen) -> None:
    """Draw a line through points with a pen whose width is in pixels.

    On a screen a pen wider than a pixel is stroked as a path, which takes eighteen times as
    long as a thin line; a few thin lines beside each other look the same.
    """
    engine = painter.paintEngine()
    raster = engine is not None and engine.type() == QPaintEngine.Type.Raster
    apart = (pen.widthF() - 1.0) / 2
    if not raster or apart <= 0:
        painter.setPen(pen)
        painter.drawPolyline(line)
        return
    painter.setPen(cosmetic(pen.color(), 1.0, pen.style()))
    plain = painter.worldTransform()
    device = painter.device()
    # On a fine screen the four lines are too thin to meet in the middle.
    middle = ((0, 0),) if device is not None and device.devicePixelRatio() > 1 else ()
    for right, down in ((-1, -1), (1, 1), (-1, 1), (1, -1), *middle):
        beside = QTransform.fromTranslate(right * apart, down * apart)
        painter.setWorldTransform(plain * beside)
        painter.drawPolyline(line)
    painter.setWorldTransform(plain)


def polyline(x: Array, y: Array) -> QPolygonF:
    """Return a line through points, made without a loop in Python."""
    line: QPolygonF = arrayToQPolygonF(np.ascontiguousarray(x), np.ascontiguousarray(y))
    return line


def thinned(x: Array, y: Array, low: float, high: float, columns: int) -> tuple[Array, Array]:
    """Return a line for the part in view with at most two points in a pixel column.

    Parameters
    ----------
    x, y : ndarray, shape (N,)
        `x` ascending.
    low, high : float
        What of `x` is in view; one point beyond each end is kept.
    columns : int
        Pixels of the view.

    Returns
    -------
    x, y : ndarray, shape (M,)
        Minimum and maximum of each column, in the order in which they come; all points where
        there are no more than two for a column.
    """
    first = max(int(np.searchsorted(x, low)) - 1, 0)
    last = min(int(np.searchsorted(x, high)) + 1, x.size)
    x, y = x[first:last], y[first:last]
    size = x.size // max(columns, 1)
    if size <= 2:
        return x, y
    whole = x.size // size * size
    blocks = y[:whole].reshape(-1, size)
    ends = np.sort(np.stack([blocks.argmin(axis=1), blocks.argmax(axis=1)], axis=1), axis=1)
    at = (ends + np.arange(blocks.shape[0])[:, None] * size).ravel()
    at = np.concatenate([[0], at, np.arange(whole, x.size), [x.size - 1]])
    return x[at], y[at]


class ViewItem(pg.GraphicsObject):  # type: ignore[misc]
    """An item in data units that knows the part of the axis in view."""

    def __init__(self) -> None:
        super().__init__()
        self._bounds = QRectF()

    def boundingRect(self) -> QRectF:  # noqa: N802
        """Return the rectangle of what is drawn, in data units."""
        return self._bounds

    def viewRangeChanged(self) -> None:  # noqa: N802
        """Forget what was prepared for another view."""
        self.update()

    def _in_view(self, x: Array, y: Array) -> tuple[Array, Array]:
        box = self.getViewBox()
        if box is None or x.size <= MANY_POINTS:
            return x, y
        low, high = box.viewRange()[0]
        return thinned(x, y, low, high, int(box.width()) or 1)


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


class CurvesItem(ViewItem):
    """Background, components and envelope of one region."""

    def __init__(self) -> None:
        super().__init__()
        self._curves: tuple[Array, Array, Array, Sequence[Band]] | None = None
        self._fitted = True
        self._lines: list[tuple[QPolygonF, QPen]] = []
        self._fills: list[tuple[QPolygonF, QColor]] = []
        self._made = False

    def clear(self) -> None:
        """Show nothing."""
        if self._curves is not None:
            self.prepareGeometryChange()
            self._curves, self._bounds = None, QRectF()
            self._lines, self._fills = [], []
            self.update()

    def show_curves(
        self,
        x: Array,
        background: Array,
        envelope: Array,
        bands: Sequence[Band],
        *,
        fitted: bool = True,
    ) -> None:
        """Show the curves of a region; arrays of shape (N,); a model not fitted is dashed."""
        low = float(min(envelope.min(), background.min()))
        high = float(max(envelope.max(), background.max(), *(b.top.max() for b in bands), low))
        bounds = QRectF(x[0], low, x[-1] - x[0], max(high - low, 1e-12))
        if bounds != self._bounds:
            self.prepareGeometryChange()
            self._bounds = bounds
        self._curves, self._fitted, self._made = (x, background, envelope, bands), fitted, False
        self.update()

    def viewRangeChanged(self) -> None:  # noqa: N802
        """Prepare long curves again for the part in view."""
        if self._curves is not None and self._curves[0].size > MANY_POINTS:
            self._made = False
        self.update()

    def _make(self) -> None:
        if self._curves is None:
            return
        x, background, envelope, bands = self._curves
        self._fills, self._lines = [], []
        base_x, base = self._in_view(x, background)
        for band in bands:
            alpha = (0.15 if band.pale else 0.32) + (0.12 if band.chosen else 0.0)
            alpha *= 1.25 if theme().palette.dark else 1.0
            top_x, top = self._in_view(x, band.top)
            outline = polyline(
                np.concatenate([top_x, base_x[::-1]]), np.concatenate([top, base[::-1]])
            )
            self._fills.append((outline, colour(band.tone, alpha)))
            width = 1.8 if band.chosen and not band.pale else 1.0
            tone = tone_of(band.tone, 0.65 if band.pale else 1.0)
            self._lines.append((polyline(top_x, top), cosmetic(tone, width)))
        dash, solid = Qt.PenStyle.DashLine, Qt.PenStyle.SolidLine
        self._lines.append((polyline(base_x, base), cosmetic(colour("background_line"), 1.0, dash)))
        pen = cosmetic(colour("envelope"), 1.8, solid if self._fitted else dash)
        self._lines.append((polyline(*self._in_view(x, envelope)), pen))
        self._made = True

    def restyle(self) -> None:
        """Take the colours of the scheme in use."""
        self._made = False
        self.update()

    def paint(
        self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None
    ) -> None:
        """Paint fills, then lines."""
        if not self._made:
            self._make()
        # The edges of the fills lie under smooth lines, so the fills need not be smooth.
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        painter.setPen(Qt.PenStyle.NoPen)
        for outline, tone in self._fills:
            painter.setBrush(tone)
            painter.drawPolygon(outline)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for line, pen in self._lines:
            draw_line(painter, line, pen)


@dataclass(frozen=True, eq=False)
class Trace:
    """One measured spectrum drawn as a line.

    Attributes
    ----------
    key : str
        Spectrum id.
    x, y : ndarray, shape (N,)
        As drawn: `x` ascending.
    tone : str
        Name of a palette colour or ``#rrggbb``.
    name : str
    """

    key: str
    x: Array
    y: Array
    tone: str
    name: str = ""


class TracesItem(ViewItem):
    """Lines: overlays, data too dense for circles, the curves of another model."""

    def __init__(self, width: float = 1.0, style: Qt.PenStyle = Qt.PenStyle.SolidLine) -> None:
        super().__init__()
        self._traces: tuple[Trace, ...] = ()
        self._width, self._style = width, style

    @property
    def traces(self) -> tuple[Trace, ...]:
        """What is shown."""
        return self._traces

    def show_traces(self, traces: Sequence[Trace]) -> None:
        """Show other spectra."""
        self.prepareGeometryChange()
        self._traces = tuple(traces)
        self._bounds = QRectF()
        for trace in self._traces:
            low, high = float(trace.y.min()), float(trace.y.max())
            left, right = float(trace.x[0]), float(trace.x[-1])
            self._bounds |= QRectF(left, low, right - left, max(high - low, 1e-12))
        self.update()

    def nearest(self, position: QPointF, box: pg.ViewBox, reach: float = 6.0) -> str:
        """Return the id of the spectrum within some pixels of a place of the view box, or ""."""
        x = float(box.mapToView(position).x())
        best, found = reach, ""
        for trace in self._traces:
            if trace.x[0] <= x <= trace.x[-1]:
                y = float(np.interp(x, trace.x, trace.y))
                distance = abs(box.mapFromView(QPointF(x, y)).y() - position.y())
                if distance <= best:
                    best, found = distance, trace.key
        return found

    def paint(
        self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None
    ) -> None:
        """Paint the lines."""
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for trace in self._traces:
            painter.setPen(cosmetic(colour(trace.tone), self._width, self._style))
            painter.drawPolyline(polyline(*self._in_view(trace.x, trace.y)))


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
        What the hover box says of it: value, spread, source.
    unconfirmed : bool
    tolerance : float
        How near the cursor has to be for the hover box to name it, in the axis' unit.
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

    @property
    def label(self) -> str:
        """Text with a question mark where the entry is not confirmed."""
        return f"{self.text}?" if self.unconfirmed else self.text


class PixelItem(pg.GraphicsObject):  # type: ignore[misc]
    """An item painted in the pixels of a view box, at places of the data."""

    def __init__(self, box: pg.ViewBox, z: float) -> None:
        super().__init__()
        self.setParentItem(box)
        self.setZValue(z)
        self._box = box
        box.sigRangeChanged.connect(self._moved)
        box.sigResized.connect(self._moved)

    def boundingRect(self) -> QRectF:  # noqa: N802
        """Return the rectangle of the view box."""
        return QRectF(self._box.rect())

    def _moved(self, *_: object) -> None:
        self.prepareGeometryChange()
        self.update()

    def _pixel(self, x: float, y: float = 0.0) -> QPointF:
        return QPointF(self._box.mapFromView(QPointF(x, y)))


class MarkItem(PixelItem):
    """A part of the axis to be shown, with its name."""

    def __init__(self, box: pg.ViewBox) -> None:
        super().__init__(box, -30)
        self._low = self._high = 0.0
        self._text = ""
        self.hide()

    def show_mark(self, low: float, high: float, text: str) -> None:
        """Mark a part of the axis."""
        self._low, self._high, self._text = low, high, text
        self.show()
        self._moved()

    def paint(
        self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None
    ) -> None:
        """Paint the band, its edges and the text."""
        area = self._box.rect()
        ends = sorted((self._pixel(self._low).x(), self._pixel(self._high).x()))
        left, right = max(ends[0], -2.0), min(max(ends[1], ends[0] + 3.0), area.right() + 2.0)
        if right <= left:
            return
        band = QRectF(left, area.top(), right - left, area.height())
        painter.fillRect(band, colour("accent", 0.12))
        painter.setPen(QPen(colour("accent", 0.7), 1.0))
        for x in (left, right):
            painter.drawLine(QPointF(x, area.top()), QPointF(x, area.bottom()))
        painter.setFont(small_font())
        painter.setPen(colour("accent"))
        metrics = QFontMetricsF(painter.font())
        words = metrics.elidedText(self._text, Qt.TextElideMode.ElideRight, area.width() - 16)
        width = metrics.horizontalAdvance(words)
        start = min(max((left + right - width) / 2, 8.0), area.right() - width - 8.0)
        painter.drawText(QPointF(start, area.top() + metrics.ascent() + 4), words)
