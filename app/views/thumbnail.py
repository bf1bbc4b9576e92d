"""A small plot of one model: its curves, what it says of the ratio, and how much it counts."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QEnterEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QWidget

from spectra_core.fitting import FitResult
from spectra_core.results.colours import component_colours
from spectra_core.spectrum import Array, Axis

from ..theme import colour, number_font, theme
from ..widgets import wrapped

_SIZE = QSize(150, 128)
_TITLE, _PLOT, _FOOT = 16, 66, 44
_BOLD = 2.2
_POINTS = 120
_VISIBLE = 0.025
"""Part of the height of the data: curves that are closer look the same in a thumbnail."""


@dataclass(frozen=True, eq=False)
class Peak:
    """One component of a thumbnail.

    Attributes
    ----------
    owner, tone : str
    points : ndarray, shape (N, 2)
        The component on its background.
    differs : bool
        From that of the model that is drawn.
    missing : bool
        It is one of the model that is drawn, and this model has none.
    """

    owner: str
    tone: str
    points: Array
    differs: bool = False
    missing: bool = False


@dataclass(frozen=True, eq=False)
class Curves:
    """The curves of a thumbnail in the unit square, from left to right and from below.

    Attributes
    ----------
    data, envelope, background : ndarray, shape (N, 2)
    peaks : tuple of Peak
    background_differs : bool
        From that of the model that is drawn.
    """

    data: Array
    envelope: Array
    background: Array
    peaks: tuple[Peak, ...]
    background_differs: bool = False


def beside(curves: Curves, drawn: Curves) -> Curves:
    """Return curves of a model with what differs visibly from those of the drawn one marked."""
    known = {peak.owner: peak for peak in drawn.peaks}
    own = {peak.owner for peak in curves.peaks}
    foot = _differs(curves.background, drawn.background)
    marked = [
        replace(
            peak,
            differs=peak.owner not in known
            or _differs(_above(peak, curves), _above(known[peak.owner], drawn)),
        )
        for peak in curves.peaks
    ]
    marked += [replace(peak, missing=True) for peak in drawn.peaks if peak.owner not in own]
    return replace(curves, peaks=tuple(marked), background_differs=foot)


def _above(peak: Peak, curves: Curves) -> Array:
    """Return a component without its background, shape (N, 2)."""
    return np.column_stack([peak.points[:, 0], peak.points[:, 1] - curves.background[:, 1]])


def _differs(one: Array, other: Array) -> bool:
    """Return whether two curves can be told apart in a thumbnail."""
    there = np.interp(one[:, 0], other[:, 0], other[:, 1])
    return bool(np.abs(one[:, 1] - there).max() > _VISIBLE)


@dataclass(frozen=True, eq=False)
class Shown:
    """What a thumbnail shows.

    Attributes
    ----------
    name, title : str
        In full, and as it stands above the plot.
    ratio, weight, bic : str
    value, stderr : float or None
    share : float
        Its weight.
    span : tuple of two floats
        The common scale of the whiskers.
    curves : Curves or None
        None while it is being fitted.
    is_drawn : bool
        It is the model of the analysis.
    reason : str
        Why it has no weight.
    """

    name: str
    title: str
    ratio: str
    weight: str
    bic: str
    value: float | None
    stderr: float | None
    share: float
    span: tuple[float, float]
    curves: Curves | None
    is_drawn: bool
    reason: str = ""


def curves_of(result: FitResult, region: str) -> Curves:
    """Return the curves of a fit as a thumbnail draws them."""
    fit = result.region(region)
    step = max(1, fit.x.size // _POINTS)
    x = fit.x[::step]
    low, high = float(fit.y.min()), float(max(fit.y.max(), fit.envelope.max()))
    room = (high - low) or 1.0
    across = (x - x.min()) / ((x.max() - x.min()) or 1.0)
    if fit.spectrum.axis is Axis.BINDING_ENERGY:
        across = 1.0 - across
    order = np.argsort(across)

    def unit(y: Array) -> Array:
        return np.column_stack([across, (y[::step] - low) / room])[order]

    colours = component_colours(result.model.region(region))
    peaks = tuple(
        Peak(key, colours.get(key, "#7F7F7F"), unit(curve + fit.background))
        for key, curve in fit.peaks.items()
    )
    return Curves(unit(fit.y), unit(fit.envelope), unit(fit.background), peaks)


class Thumbnail(QWidget):
    """One model; a click adopts it.

    Signals
    -------
    picked(str)
        Its name.
    pointed(str)
        Its name while the mouse is on it, then "".
    """

    picked = Signal(str)
    pointed = Signal(str)

    def __init__(self, shown: Shown, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFixedSize(_SIZE)
        self.setMouseTracking(True)
        theme().changed.connect(self.update)
        self.show_model(shown)

    def show_model(self, shown: Shown) -> None:
        """Show a model."""
        self.shown = shown
        self.setAccessibleName(f"{shown.name}: {shown.ratio}, weight {shown.weight or 'none'}")
        can = shown.curves is not None and not shown.is_drawn
        shape = Qt.CursorShape.PointingHandCursor if can else Qt.CursorShape.ArrowCursor
        self.setCursor(shape)
        does = "The model that is drawn." if shown.is_drawn else "A click adopts it and fits again."
        self.setToolTip(wrapped("\n".join(t for t in (shown.name, shown.reason, does) if t)))
        self.update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        """Adopt the model."""
        inside = self.rect().contains(event.position().toPoint())
        can = self.shown.curves is not None and not self.shown.is_drawn
        if event.button() == Qt.MouseButton.LeftButton and inside and can:
            self.picked.emit(self.shown.name)

    def enterEvent(self, event: QEnterEvent) -> None:  # noqa: N802
        """Draw its frame as something that can be clicked."""
        self.update()
        if self.shown.curves is not None and not self.shown.is_drawn:
            self.pointed.emit(self.shown.name)

    def leaveEvent(self, event: object) -> None:  # noqa: N802
        """Draw its frame as before."""
        self.update()
        self.pointed.emit("")

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        """Paint title, curves, whisker and numbers."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        shown, width = self.shown, self.width() - 2
        painter.setFont(number_font(bold=shown.is_drawn, scale=0.88))
        painter.setPen(colour("text" if shown.weight else "faint"))
        title = painter.fontMetrics().elidedText(shown.title, Qt.TextElideMode.ElideRight, width)
        painter.drawText(QRectF(1, 0, width, _TITLE), Qt.AlignmentFlag.AlignVCenter, title)
        frame = QRectF(1, _TITLE + 1, width - 1, _PLOT)
        hot = self.underMouse() and shown.curves is not None
        edge = colour("accent" if shown.is_drawn or hot else "border")
        painter.setPen(QPen(edge, 1.6 if shown.is_drawn else 1.0))
        painter.setBrush(colour("card"))
        painter.drawRoundedRect(frame, 4, 4)
        if shown.curves is not None:
            _paint_curves(painter, frame.adjusted(5, 5, -5, -4), shown.curves)
        else:
            painter.setPen(colour("faint"))
            words = shown.reason or "is being fitted…"
            flags = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
            painter.drawText(frame.adjusted(6, 4, -6, -4), flags, words)
        self._paint_numbers(painter, QRectF(1, _TITLE + _PLOT + 2, width, _FOOT))
        painter.end()

    def _paint_numbers(self, painter: QPainter, area: QRectF) -> None:
        shown = self.shown
        _paint_whisker(painter, QRectF(area.left(), area.top() + 1, area.width(), 10), shown)
        line = QRectF(area.left(), area.top() + 12, area.width(), 14)
        painter.setPen(colour("text" if shown.weight else "faint"))
        painter.setFont(number_font(bold=True, scale=0.88))
        painter.drawText(line, Qt.AlignmentFlag.AlignVCenter, shown.ratio)
        right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        painter.drawText(line, right, shown.weight)
        line.translate(0, 14)
        painter.setFont(number_font(scale=0.82))
        painter.setPen(colour("muted"))
        painter.drawText(line, Qt.AlignmentFlag.AlignVCenter, shown.bic)
        bar = QRectF(area.right() - 46, line.center().y() - 2.5, 46, 5)
        painter.fillRect(bar, colour("hover"))
        bar.setWidth(bar.width() * shown.share)
        painter.fillRect(bar, colour("accent"))


def _paint_curves(painter: QPainter, area: QRectF, curves: Curves) -> None:
    def place(points: Array) -> QPolygonF:
        x = area.left() + points[:, 0] * area.width()
        y = area.bottom() - np.clip(points[:, 1], 0.0, 1.05) * area.height()
        return QPolygonF([QPointF(a, b) for a, b in zip(x.tolist(), y.tolist(), strict=True)])

    foot = place(curves.background)
    for peak in curves.peaks:
        if peak.missing:
            continue
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colour(peak.tone, 0.5 if peak.differs else 0.28))
        painter.drawPolygon(place(np.concatenate([peak.points, curves.background[::-1]])))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for peak in sorted(curves.peaks, key=lambda peak: peak.differs):
        dots = Qt.PenStyle.DotLine if peak.missing else Qt.PenStyle.SolidLine
        width = _BOLD if peak.differs else 1.4 if peak.missing else 0.8
        painter.setPen(QPen(colour(peak.tone), width, dots))
        painter.drawPolyline(place(peak.points))
    bold = curves.background_differs
    painter.setPen(QPen(colour("envelope" if bold else "background_line"), _BOLD if bold else 1.0))
    painter.drawPolyline(foot)
    painter.setPen(QPen(colour("envelope"), 1.3))
    painter.drawPolyline(place(curves.envelope))


def _paint_whisker(painter: QPainter, area: QRectF, shown: Shown) -> None:
    low, high = shown.span
    if shown.value is None or not high > low:
        return

    def place(value: float) -> float:
        share = (value - low) / (high - low)
        return float(area.left() + area.width() * max(0.0, min(1.0, share)))

    tone = colour("accent" if shown.weight else "faint")
    middle = area.center().y()
    painter.setPen(QPen(tone, 1.6))
    if shown.stderr is not None:
        ends = (place(shown.value - shown.stderr), place(shown.value + shown.stderr))
        painter.drawLine(QPointF(ends[0], middle), QPointF(ends[1], middle))
    painter.setBrush(tone)
    painter.drawEllipse(QPointF(place(shown.value), middle), 3.0, 3.0)
