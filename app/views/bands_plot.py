"""The bands of one Raman spectrum with the baseline taken off, over what is left of it."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from spectra_core.fitting import RegionFit

from ..formula import formula
from ..map_scene import MapScene
from ..theme import colour, number_font, theme
from ..widgets import in_locale, wrapped
from .chart import (
    SMALL,
    Scale,
    apart,
    paint_side,
    paint_x_ticks,
    paint_y_ticks,
    polygon,
    text_width,
    tone_on_ground,
)
from .plot_scene import smoothed

_STRIP = 30
_SIGMAS = 4.0
_ROOM_FOR_NAME = 80  # pixels of height


class BandsPlot(QWidget):
    """Paints them; a double click asks for the fit.

    Signals
    -------
    fit_asked()
    """

    fit_asked = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.scene: MapScene | None = None
        self.setAccessibleName("Bands of the pixel")
        self.setMouseTracking(True)
        self.setMinimumSize(240, 130)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        theme().changed.connect(self.update)

    def sizeHint(self) -> QSize:  # noqa: N802
        """Return a size at which bands can be told apart."""
        return QSize(520, 220)

    def show_map(self, scene: MapScene | None) -> None:
        """Show what is looked at."""
        self.scene = scene
        self.update()

    @property
    def area(self) -> QRectF:
        """Where the bands are drawn."""
        top = _STRIP + 14
        return QRectF(60, top, max(self.width() - 72, 20), max(self.height() - top - 40, 20))

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        """Ask for the fit."""
        self.fit_asked.emit()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        """Say shift and intensity under the mouse."""
        fit = self._fit()
        text = ""
        if fit is not None and self.area.contains(event.position()):
            across, _ = self.scales(fit)
            k = int(np.argmin(np.abs(fit.x - across.value(event.position().x()))))
            above = fit.y[k] - fit.background[k]
            text = in_locale(
                f"{fit.x[k]:.1f} cm⁻¹ · {above:.4g} above the baseline · {fit.residual[k]:+.1f} σ"
            )
        QToolTip.showText(event.globalPosition().toPoint(), wrapped(text), self)

    def _fit(self) -> RegionFit | None:
        result = None if self.scene is None else self.scene.result
        return None if result is None else result.regions[0]

    def scales(self, fit: RegionFit) -> tuple[Scale, Scale]:
        """Return where shifts and intensities are drawn."""
        area = self.area
        above = fit.y - fit.background
        low = min(0.0, float(above.min()))
        high = max(float(above.max()), float((fit.envelope - fit.background).max()), 1e-12)
        room = high - low
        return (
            Scale(float(fit.x[0]), float(fit.x[-1]), area.left(), area.right()),
            Scale(low - 0.04 * room, high + 0.2 * room, area.bottom(), area.top()),
        )

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        """Paint strip, bands and data."""
        scene, fit = self.scene, self._fit()
        if scene is None:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if fit is None:
            painter.setPen(colour("muted"))
            flags = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
            painter.drawText(self.area, flags, nothing_words(scene))
            painter.end()
            return
        area = self.area
        across, up = self.scales(fit)
        paint_y_ticks(painter, area, up, most=4)
        paint_x_ticks(painter, area, across, most=max(4, int(area.width() / 64)))
        unit = fit.spectrum.y_unit
        side = "net" if unit == "arbitrary" else f"net {unit}"
        if area.height() > _ROOM_FOR_NAME:
            paint_side(painter, area, side, offset=50)
        painter.setFont(number_font(scale=SMALL))
        painter.setPen(colour("muted"))
        foot = QRectF(area.left(), area.bottom() + 22, area.width(), 16)
        painter.drawText(foot, Qt.AlignmentFlag.AlignCenter, "Raman shift, cm⁻¹")
        painter.setClipRect(area)
        self._paint_bands(painter, scene, fit, across, up)
        painter.setClipping(False)
        self._paint_names(painter, scene, fit, across, up)
        self._paint_residual(painter, fit, across)
        painter.end()

    def _paint_bands(
        self, painter: QPainter, scene: MapScene, fit: RegionFit, across: Scale, up: Scale
    ) -> None:
        names = list(fit.peaks)
        envelope = fit.envelope - fit.background
        x, (whole, *peaks) = smoothed(fit.x, envelope, *(fit.peaks[name] for name in names))
        px = across.all_at(x)
        foot = np.full(x.size, up.at(0.0))
        for name, peak in zip(names, peaks, strict=True):
            tone = scene.colours.get(name, "#7F7F7F")
            painter.setPen(QPen(colour(tone), 1.2))
            painter.setBrush(colour(tone, 0.3))
            outline = np.concatenate([px, px[::-1]])
            painter.drawPolygon(polygon(outline, np.concatenate([up.all_at(peak), foot])))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        data = fit.y - fit.background
        painter.setPen(QPen(colour("data"), 1.0))
        painter.setBrush(colour("card"))
        step = max(1, fit.x.size // 320)
        for a, b in zip(across.all_at(fit.x[::step]), up.all_at(data[::step]), strict=True):
            painter.drawEllipse(QPointF(float(a), float(b)), 1.7, 1.7)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(colour("envelope"), 1.9))
        painter.drawPolyline(polygon(px, up.all_at(whole)))

    def _paint_names(
        self, painter: QPainter, scene: MapScene, fit: RegionFit, across: Scale, up: Scale
    ) -> None:
        """Paint the name of each band above it, moved apart where they would touch."""
        painter.setFont(number_font(bold=True, scale=SMALL))
        tops = []
        for name, peak in fit.peaks.items():
            k = int(np.argmax(peak))
            height = up.at(float((fit.envelope - fit.background)[k]))
            tops.append((across.at(float(fit.x[k])), height, name))
        if not tops:
            return
        widest = max(text_width(painter, formula(name)) for _, _, name in tops) + 8
        area = self.area
        places = apart(
            [x for x, _, _ in tops], widest, area.left() + widest / 2, area.right() - widest / 2
        )
        for (x, y, name), moved in zip(tops, places, strict=True):
            box = QRectF(moved - widest / 2, max(y - 22, area.top() - 2), widest, 15)
            if abs(moved - x) > 4:
                painter.setPen(QPen(colour("faint"), 1.0))
                painter.drawLine(QPointF(moved, box.bottom()), QPointF(x, y - 2))
            painter.setPen(tone_on_ground(scene.colours.get(name, "#7F7F7F")))
            painter.drawText(box, Qt.AlignmentFlag.AlignCenter, formula(name))

    def _paint_residual(self, painter: QPainter, fit: RegionFit, across: Scale) -> None:
        area = QRectF(self.area.left(), 4, self.area.width(), _STRIP)
        reach = max(_SIGMAS, float(np.max(np.abs(fit.residual), initial=0.0)))
        up = Scale(-reach, reach, area.bottom(), area.top())
        band = QRectF(area.left(), up.at(2.0), area.width(), up.at(-2.0) - up.at(2.0))
        painter.fillRect(band, colour("band"))
        painter.setPen(colour("muted"))
        painter.setFont(number_font(scale=SMALL))
        place = QRectF(area.left() - 40, area.center().y() - 9, 32, 18)
        painter.drawText(place, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, "σ")
        painter.setPen(QPen(colour("residual"), 1.0))
        painter.drawPolyline(polygon(across.all_at(fit.x), up.all_at(fit.residual)))
        painter.setPen(QPen(colour("alarm"), 2.4))
        for k in np.flatnonzero(np.abs(fit.residual) > 4.0).tolist():
            painter.drawPoint(QPointF(across.at(float(fit.x[k])), up.at(float(fit.residual[k]))))


def nothing_words(scene: MapScene) -> str:
    """Return why no fit is shown."""
    if scene.area is not None and scene.area.problem:
        return scene.area.problem
    fit = scene.fit
    if scene.busy and (fit is None or fit.batch.status[scene.number] < 0):
        return "This pixel is being fitted…"
    if fit is not None and fit.failed[scene.number]:
        return f"The fit of this pixel failed. {fit.status(scene.number)}"
    return scene.why_not or "Not fitted yet. Fit the map with F."
