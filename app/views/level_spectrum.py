"""The spectrum of one level: data, fit, residual, its neighbours behind it."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from spectra_core.fitting import RegionFit
from spectra_core.spectrum import Array, Axis, Spectrum

from ..formula import formula
from ..series_scene import SeriesScene
from ..theme import colour, number_font, theme
from ..widgets import in_locale, wrapped
from .chart import (
    SMALL,
    Scale,
    paint_side,
    paint_x_ticks,
    paint_y_ticks,
    polygon,
    tone_on_ground,
)
from .plot_scene import AXIS_NAMES, smoothed

_SIGMAS = 4.0
_STRIP = 44


class LevelSpectrum(QWidget):
    """Paints it; a double click asks for the fit.

    Signals
    -------
    fit_asked()
    """

    fit_asked = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.scene: SeriesScene | None = None
        self.setAccessibleName("Spectrum of the level")
        self.setMouseTracking(True)
        self.setMinimumSize(300, 190)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setCursor(Qt.CursorShape.CrossCursor)
        theme().changed.connect(self.update)

    def sizeHint(self) -> QSize:  # noqa: N802
        """Return a size at which a doublet can be seen."""
        return QSize(430, 330)

    def show_series(self, scene: SeriesScene | None) -> None:
        """Show the level of a series."""
        self.scene = scene
        self.update()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        """Ask for the fit."""
        self.fit_asked.emit()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        """Say energy and intensity under the mouse."""
        scene = self.scene
        spectrum = None if scene is None else scene.spectrum_of(scene.level)
        if scene is None or spectrum is None:
            return
        x = self._across(scene).value(event.position().x())
        text = ""
        if self.area.left() <= event.position().x() <= self.area.right():
            k = int(np.argmin(np.abs(spectrum.x - x)))
            unit = spectrum.axis.unit
            text = in_locale(f"{spectrum.x[k]:.2f} {unit} · {spectrum.y[k]:.5g} {spectrum.y_unit}")
        QToolTip.showText(event.globalPosition().toPoint(), wrapped(text), self)

    @property
    def area(self) -> QRectF:
        """Where the spectrum is drawn."""
        top = _STRIP + 10
        return QRectF(56, top, max(self.width() - 70, 20), max(self.height() - top - 40, 20))

    def _across(self, scene: SeriesScene) -> Scale:
        x = scene.table[0]
        fit = scene.fits[scene.level]
        ends = (x[0], x[-1]) if fit is None else (fit.x.min(), fit.x.max())
        low, high = float(ends[0]), float(ends[1])
        spectrum = scene.spectrum_of(scene.level)
        falls = spectrum is None or spectrum.axis is Axis.BINDING_ENERGY
        low, high = (high, low) if falls else (low, high)
        return Scale(low, high, self.area.left(), self.area.right())

    def _up(self, scene: SeriesScene) -> Scale:
        low, high = sorted((self._across(scene).low, self._across(scene).high))
        x, table = scene.table
        shown = table[:, (x >= low - 1e-9) & (x <= high + 1e-9)]
        known = shown[np.isfinite(shown)]
        # one scale for all levels, so that stepping shows what grows; a slid spike is no end
        top = float(np.quantile(known, 0.999)) if known.size else 1.0
        own = shown[scene.level][np.isfinite(shown[scene.level])]
        top = max(top, float(own.max())) if own.size else top
        foot = min(0.0, float(known.min())) if known.size else 0.0
        return Scale(foot, top + 0.06 * (top - foot), self.area.bottom(), self.area.top())

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        """Paint strip, ghosts, fit and data."""
        scene = self.scene
        spectrum = None if scene is None else scene.spectrum_of(scene.level)
        if scene is None:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        area = self.area
        if spectrum is None:
            painter.setPen(colour("muted"))
            said = f"{scene.region} was not measured at this level."
            painter.drawText(area, Qt.AlignmentFlag.AlignCenter, said)
            painter.end()
            return
        across, up = self._across(scene), self._up(scene)
        paint_y_ticks(painter, area, up, most=5)
        paint_x_ticks(painter, area, across, most=max(4, int(area.width() / 48)))
        self._paint_names_of_axes(painter, spectrum)
        painter.setClipRect(area)
        self._paint_ghosts(painter, scene, across, up)
        fit = scene.fits[scene.level]
        if fit is not None:
            self._paint_fit(painter, scene, fit, across, up)
        self._paint_data(painter, spectrum, fit, across, up)
        painter.setClipping(False)
        if fit is not None:
            self._paint_labels(painter, scene, fit, across, up)
            self._paint_residual(painter, fit, across)
        self._paint_legend(painter, scene)
        painter.end()

    def _paint_names_of_axes(self, painter: QPainter, spectrum: Spectrum) -> None:
        area = self.area
        unit = {"counts/s": "counts per second"}.get(spectrum.y_unit, spectrum.y_unit)
        paint_side(painter, area, unit, offset=48)
        painter.setFont(number_font(scale=SMALL))
        painter.setPen(colour("muted"))
        name = AXIS_NAMES[spectrum.axis].lower()
        name = f"referenced {name}" if spectrum.axis is Axis.BINDING_ENERGY else name
        foot = QRectF(area.left(), area.bottom() + 22, area.width(), 16)
        painter.drawText(foot, Qt.AlignmentFlag.AlignCenter, f"{name}, {spectrum.axis.unit}")

    def _paint_ghosts(
        self, painter: QPainter, scene: SeriesScene, across: Scale, up: Scale
    ) -> None:
        x, table = scene.table
        for step, style in ((-1, Qt.PenStyle.SolidLine), (1, Qt.PenStyle.DashLine)):
            level = scene.level + step
            if 0 <= level < len(scene):
                fit = scene.fits[level]
                xs, ys = (x, table[level]) if fit is None else _smooth(fit.x, fit.envelope)
                known = np.isfinite(ys)
                painter.setPen(QPen(colour("faint"), 1.0, style))
                painter.drawPolyline(polygon(across.all_at(xs[known]), up.all_at(ys[known])))

    def _paint_fit(
        self, painter: QPainter, scene: SeriesScene, fit: RegionFit, across: Scale, up: Scale
    ) -> None:
        names = list(fit.peaks)
        x, (background, envelope, *peaks) = smoothed(
            fit.x, fit.background, fit.envelope, *(fit.peaks[name] for name in names)
        )
        px, foot = across.all_at(x), up.all_at(background)
        for name, peak in zip(names, peaks, strict=True):
            tone = scene.colours.get(name, "#7F7F7F")
            doublet = None if scene.model is None else scene.model.doublet_of(name)
            pale = doublet is not None and doublet.minor == name
            painter.setPen(QPen(colour(tone), 1.2))
            painter.setBrush(colour(tone, 0.2 if pale else 0.38))
            top = up.all_at(background + peak)
            outline = np.concatenate([px, px[::-1]])
            painter.drawPolygon(polygon(outline, np.concatenate([top, foot[::-1]])))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(colour("background_line"), 1.2, Qt.PenStyle.DashLine))
        painter.drawPolyline(polygon(px, foot))
        painter.setPen(QPen(colour("envelope"), 1.9))
        painter.drawPolyline(polygon(px, up.all_at(envelope)))

    def _paint_data(
        self,
        painter: QPainter,
        spectrum: Spectrum,
        fit: RegionFit | None,
        across: Scale,
        up: Scale,
    ) -> None:
        x, y = (spectrum.x, spectrum.y) if fit is None else (fit.x, fit.y)
        painter.setPen(QPen(colour("data"), 1.0))
        if fit is None:
            painter.drawPolyline(polygon(across.all_at(x), up.all_at(y)))
            return
        painter.setBrush(colour("card"))
        step = max(1, x.size // 160)
        for a, b in zip(across.all_at(x[::step]), up.all_at(y[::step]), strict=True):
            painter.drawEllipse(QPointF(float(a), float(b)), 2.1, 2.1)

    def _paint_labels(
        self, painter: QPainter, scene: SeriesScene, fit: RegionFit, across: Scale, up: Scale
    ) -> None:
        """Paint the name of each species inside its peak, if it is high enough to hold it."""
        painter.setFont(number_font(bold=True, scale=SMALL))
        taken: list[QRectF] = []
        owners = sorted(
            scene.owner_labels.items(), key=lambda item: -_height(fit, _major(scene, item[0]))
        )
        for owner, text in owners:
            major = _major(scene, owner)
            if major not in fit.peaks:
                continue
            k = int(np.argmax(fit.peaks[major]))
            foot = up.at(float(fit.background[k]))
            top = up.at(float(fit.background[k] + fit.peaks[major][k]))
            x, y = across.at(float(fit.x[k])), top + 0.45 * (foot - top)
            shown = formula(text)
            box = QRectF(0, 0, painter.fontMetrics().horizontalAdvance(shown) + 6, 15)
            box.moveCenter(QPointF(x, y if foot - top > 26 else top - 10))
            if foot - top < 8 or any(box.intersects(other) for other in taken):
                continue
            taken.append(box)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(colour("card", 0.72))
            painter.drawRoundedRect(box, 4, 4)
            painter.setPen(tone_on_ground(scene.colours[owner]))
            painter.drawText(box, Qt.AlignmentFlag.AlignCenter, shown)

    def _paint_residual(self, painter: QPainter, fit: RegionFit, across: Scale) -> None:
        area = QRectF(self.area.left(), 4, self.area.width(), _STRIP - 6)
        reach = max(_SIGMAS, float(np.max(np.abs(fit.residual), initial=0.0)))
        up = Scale(-reach, reach, area.bottom(), area.top())
        band = QRectF(area.left(), up.at(2.0), area.width(), up.at(-2.0) - up.at(2.0))
        painter.fillRect(band, colour("band"))
        painter.setPen(colour("muted"))
        painter.setFont(number_font(scale=SMALL))
        place = QRectF(area.left() - 40, area.center().y() - 9, 32, 18)
        painter.drawText(place, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, "σ")
        zero = up.at(0.0)
        for x, r in zip(across.all_at(fit.x), fit.residual, strict=True):
            tone = "alarm" if abs(r) > 3 else "residual"
            painter.setPen(QPen(colour(tone), 1.4))
            painter.drawLine(QPointF(float(x), zero), QPointF(float(x), up.at(float(r))))

    def _paint_legend(self, painter: QPainter, scene: SeriesScene) -> None:
        painter.setFont(number_font(scale=SMALL))
        metrics = painter.fontMetrics()
        lines = [
            (f"level {level + 1}, {scene.position_words(level)}", style)
            for step, style in ((-1, Qt.PenStyle.SolidLine), (1, Qt.PenStyle.DashLine))
            if 0 <= (level := scene.level + step) < len(scene)
        ]
        if not lines:
            return
        width = max(metrics.horizontalAdvance(text) for text, _ in lines) + 34
        left, y = self.area.right() - width - 4, self.area.top() + 10.0
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colour("card", 0.8))
        painter.drawRect(QRectF(left - 4, y - 8, width + 6, 17.0 * len(lines)))
        for text, style in lines:
            painter.setPen(QPen(colour("faint"), 1.2, style))
            painter.drawLine(QPointF(left, y), QPointF(left + 24, y))
            painter.setPen(colour("muted"))
            painter.drawText(
                QRectF(left + 30, y - 8, width, 16), Qt.AlignmentFlag.AlignVCenter, text
            )
            y += 17


def _major(scene: SeriesScene, owner: str) -> str:
    doublets = () if scene.model is None else scene.model.doublets
    found = next((d for d in doublets if d.id == owner), None)
    return owner if found is None else found.major


def _height(fit: RegionFit, component: str) -> float:
    curve = fit.peaks.get(component)
    return 0.0 if curve is None else float(curve.max())


def _smooth(x: Array, y: Array) -> tuple[Array, Array]:
    fine, (curve,) = smoothed(x, y)
    return fine, curve
