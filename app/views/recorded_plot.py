"""A Raman spectrum as recorded: several baselines over it, and what is masked, crossed out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from spectra_core.raman.previews import BaselineTry
from spectra_core.spectrum import Spectrum, masked_points

from ..theme import colour, number_font, theme
from ..widgets import in_locale, wrapped
from .chart import SMALL, Scale, paint_side, paint_x_ticks, paint_y_ticks, polygon

_NEAR = 9.0  # pixels of the mouse from a cross or a channel
_STYLES = (Qt.PenStyle.SolidLine, Qt.PenStyle.DashLine, Qt.PenStyle.DotLine)
_MOST_NAMED = 4  # masked places whose name is written


@dataclass(frozen=True, eq=False)
class Recorded:
    """What is drawn.

    Attributes
    ----------
    spectrum : Spectrum
        Without its masked channels, which it keeps.
    baselines : tuple of BaselineTry
        The chosen one first.
    shown : tuple of str
        Kinds of those that are drawn.
    window : tuple of float or None
        What is fitted.
    can_mask : bool
        Whether a click puts channels back or takes them out.
    """

    spectrum: Spectrum
    baselines: tuple[BaselineTry, ...] = ()
    shown: tuple[str, ...] = ()
    window: tuple[float, float] | None = None
    can_mask: bool = True

    @property
    def drawn(self) -> tuple[BaselineTry, ...]:
        """Baselines that are drawn, the chosen one first."""
        return tuple(
            b
            for k, b in enumerate(self.baselines)
            if b.curve.size and (k == 0 or b.kind in self.shown)
        )


class RecordedPlot(QWidget):
    """Paints it.

    Signals
    -------
    channel_clicked(float)
        Place on the recorded axis of a masked channel, or with Ctrl of any: it is to be put back,
        or taken out.
    kind_chosen(str)
        A click on a baseline: it is to be adopted.
    """

    channel_clicked = Signal(float)
    kind_chosen = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.recorded: Recorded | None = None
        self.setAccessibleName("Spectrum as recorded, with baselines")
        self.setMouseTracking(True)
        self.setMinimumSize(240, 110)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        theme().changed.connect(self.update)

    def sizeHint(self) -> QSize:  # noqa: N802
        """Return a size at which baselines can be told apart."""
        return QSize(520, 190)

    def show_recorded(self, recorded: Recorded | None) -> None:
        """Show another spectrum."""
        self.recorded = recorded
        self.update()

    @property
    def area(self) -> QRectF:
        """Where it is drawn."""
        return QRectF(60, 8, max(self.width() - 72, 20), max(self.height() - 32, 20))

    def scales(self) -> tuple[Scale, Scale]:
        """Return where shifts and intensities are drawn; a ray beyond the top stands at it."""
        assert self.recorded is not None
        spectrum, area = self.recorded.spectrum, self.area
        x, y = spectrum.x, spectrum.y
        low, high = float(y.min()), float(y.max())
        for one in self.recorded.drawn:
            low, high = min(low, float(one.curve.min())), max(high, float(one.curve.max()))
        room = (high - low) or abs(high) or 1.0
        top = high + (0.35 if spectrum.masked is not None else 0.08) * room
        ends = (float(x[0]), float(x[-1]))
        return (
            Scale(*ends, area.left(), area.right()),
            Scale(low - 0.06 * room, top, area.bottom(), area.top()),
        )

    # -----------------------------------------------------------------------------
    # Mouse

    def masked_place(self, number: int) -> QPointF:
        """Return where the cross of a masked channel stands."""
        assert self.recorded is not None
        across, up = self.scales()
        x, y, _ = masked_points(self.recorded.spectrum)
        return QPointF(
            across.at(float(x[number])), max(up.at(float(y[number])), self.area.top() + 7)
        )

    def masked_at(self, at: QPointF) -> int | None:
        """Return the number of the masked channel under the mouse."""
        if self.recorded is None or self.recorded.spectrum.masked is None:
            return None
        places = [self.masked_place(k) for k in range(len(self.recorded.spectrum.masked))]
        near = [((p - at).manhattanLength(), k) for k, p in enumerate(places)]
        distance, number = min(near)
        return number if distance < 1.6 * _NEAR else None

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        """Put a channel back, take one out, or adopt a baseline."""
        recorded, at = self.recorded, event.position()
        if recorded is None or event.button() != Qt.MouseButton.LeftButton:
            return
        spectrum = recorded.spectrum
        number = self.masked_at(at)
        if number is not None and recorded.can_mask:
            assert spectrum.masked is not None
            self.channel_clicked.emit(spectrum.masked.x_recorded[number])
            return
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier and recorded.can_mask:
            across, _ = self.scales()
            k = int(np.argmin(np.abs(across.all_at(spectrum.x) - at.x())))
            self.channel_clicked.emit(float(spectrum.x_recorded[k]))
            return
        kind = self.baseline_at(at)
        if kind is not None and kind != recorded.baselines[0].kind:
            self.kind_chosen.emit(kind)

    def baseline_at(self, at: QPointF) -> str | None:
        """Return the kind of the baseline under the mouse."""
        if self.recorded is None or not self.area.contains(at):
            return None
        across, up = self.scales()
        found = []
        for one in self.recorded.drawn:
            x = across.value(at.x())
            if one.x[0] <= x <= one.x[-1]:
                y = up.at(float(np.interp(x, one.x, one.curve)))
                found.append((abs(y - at.y()), one.kind))
        distance, kind = min(found, default=(np.inf, ""))
        return kind if distance < 0.7 * _NEAR else None

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        """Say what is under the mouse."""
        at = event.position()
        number, kind = self.masked_at(at), self.baseline_at(at)
        pointing = number is not None or kind is not None
        shape = Qt.CursorShape.PointingHandCursor if pointing else Qt.CursorShape.CrossCursor
        self.setCursor(shape)
        QToolTip.showText(event.globalPosition().toPoint(), wrapped(self.words_at(at)), self)

    def words_at(self, at: QPointF) -> str:
        """Return what is said of a place."""
        recorded = self.recorded
        if recorded is None or not self.area.adjusted(0, -8, 0, 0).contains(at):
            return ""
        number, kind = self.masked_at(at), self.baseline_at(at)
        if number is not None:
            x, y, reasons = masked_points(recorded.spectrum)
            what = in_locale(f"{x[number]:.1f} cm⁻¹ · {y[number]:.5g} · {reasons[number]}, masked")
            return f"{what}\nClick: put it back." if recorded.can_mask else what
        if kind is not None:
            one = next(b for b in recorded.baselines if b.kind == kind)
            chosen = one is recorded.baselines[0]
            return f"{one.title}, chosen" if chosen else f"{one.title}\nClick: adopt it."
        spectrum = recorded.spectrum
        across, _ = self.scales()
        k = int(np.argmin(np.abs(spectrum.x - across.value(at.x()))))
        said = in_locale(f"{spectrum.x[k]:.1f} cm⁻¹ · {spectrum.y[k]:.5g} {spectrum.y_unit}")
        return f"{said}\nCtrl and click: take this channel out." if recorded.can_mask else said

    # -----------------------------------------------------------------------------
    # Painting

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        """Paint it."""
        recorded = self.recorded
        if recorded is None:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        area, spectrum = self.area, recorded.spectrum
        across, up = self.scales()
        if recorded.window is not None:
            self._paint_window(painter, recorded.window, across)
        paint_y_ticks(painter, area, up, most=4)
        paint_x_ticks(painter, area, across, most=max(4, int(area.width() / 64)))
        unit = spectrum.y_unit if spectrum.y_unit != "arbitrary" else "intensity"
        paint_side(painter, area, unit, offset=50)
        painter.setClipRect(area)
        painter.setPen(QPen(colour("data"), 1.0))
        painter.drawPolyline(polygon(across.all_at(spectrum.x), up.all_at(spectrum.y)))
        for number, one in reversed(list(enumerate(recorded.drawn))):
            self._paint_baseline(painter, one, number, across, up)
        painter.setClipping(False)
        self._paint_masked(painter, recorded, across, up)
        self._paint_legend(painter, recorded.drawn)
        painter.end()

    def _paint_window(self, painter: QPainter, window: tuple[float, float], across: Scale) -> None:
        area = self.area
        left, right = (min(max(across.at(v), area.left()), area.right()) for v in window)
        for x, width in ((area.left(), left - area.left()), (right, area.right() - right)):
            painter.fillRect(QRectF(x, area.top(), width, area.height()), colour("hover", 0.7))

    def _paint_baseline(
        self, painter: QPainter, one: BaselineTry, number: int, across: Scale, up: Scale
    ) -> None:
        painter.setPen(_pen(number))
        painter.drawPolyline(polygon(across.all_at(one.x), up.all_at(one.curve)))

    def _paint_masked(
        self, painter: QPainter, recorded: Recorded, across: Scale, up: Scale
    ) -> None:
        spectrum = recorded.spectrum
        x, _, reasons = masked_points(spectrum)
        chosen = recorded.baselines[0] if recorded.baselines else None
        painter.setFont(number_font(scale=0.82))
        last = -np.inf
        for k in range(x.size):
            at = self.masked_place(k)
            if chosen is not None and chosen.curve.size and chosen.x[0] <= x[k] <= chosen.x[-1]:
                foot = float(np.interp(x[k], chosen.x, chosen.curve))
            else:
                foot = float(np.interp(x[k], spectrum.x, spectrum.y))
            ring = QPointF(at.x(), up.at(foot))
            painter.setPen(QPen(colour("alarm"), 1.1, Qt.PenStyle.DotLine))
            painter.drawLine(at, ring)
            painter.setPen(QPen(colour("alarm"), 1.7))
            for sign in (-1, 1):
                painter.drawLine(at + QPointF(-4, -4 * sign), at + QPointF(4, 4 * sign))
            painter.setBrush(colour("card"))
            painter.drawEllipse(ring, 2.6, 2.6)
            painter.setBrush(Qt.BrushStyle.NoBrush)
            if x.size <= 3 * _MOST_NAMED and at.x() - last > 70:
                last = at.x()
                room = self.area.right() - at.x()
                words = f"{reasons[k]}, {x[k]:.0f}"
                place = QRectF(at.x() + 8, at.y() - 9, 110, 18)
                if room < 90:
                    place.moveRight(at.x() - 8)
                side = Qt.AlignmentFlag.AlignRight if room < 90 else Qt.AlignmentFlag.AlignLeft
                painter.drawText(place, side | Qt.AlignmentFlag.AlignVCenter, words)

    def _paint_legend(self, painter: QPainter, drawn: Sequence[BaselineTry]) -> None:
        if not drawn:
            return
        painter.setFont(number_font(scale=SMALL))
        metrics = painter.fontMetrics()
        names = [f"{one.title}{', chosen' if k == 0 else ''}" for k, one in enumerate(drawn)]
        width = max(metrics.horizontalAdvance(name) for name in names) + 40
        left = self.area.right() - width - 6
        top = self._legend_top(left, 16.0 * len(names))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colour("card", 0.82))
        painter.drawRect(QRectF(left - 4, top - 2, width + 6, 16.0 * len(names) + 4))
        for k, name in enumerate(names):
            y = top + 16 * k + 8
            painter.setPen(_pen(k))
            painter.drawLine(QPointF(left, y), QPointF(left + 28, y))
            painter.setPen(colour("accent" if k == 0 else "muted"))
            place = QRectF(left + 34, y - 8, width, 16)
            painter.drawText(place, Qt.AlignmentFlag.AlignVCenter, name)

    def _legend_top(self, left: float, height: float) -> float:
        """Return where the legend hides least: above or below the right end of the data."""
        assert self.recorded is not None
        across, up = self.scales()
        spectrum = self.recorded.spectrum
        under = spectrum.y[across.all_at(spectrum.x) >= left]
        middle = up.at(float(np.median(under))) if under.size else self.area.top()
        area = self.area
        return area.top() + 2 if middle > area.center().y() else area.bottom() - height - 6


def _pen(number: int) -> QPen:
    if number == 0:
        return QPen(colour("accent"), 2.2)
    return QPen(colour("faint"), 1.3, _STYLES[(number - 1) % len(_STYLES)])
