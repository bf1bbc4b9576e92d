"""Heat map of a series, energy over levels, and the slide rule of levels below it."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFont, QImage, QLinearGradient, QMouseEvent, QPainter, QPen
from PySide6.QtWidgets import QWidget

from spectra_core.spectrum import Array

from ..formula import formula
from ..series_scene import SeriesScene
from ..theme import colour, number_font, theme
from ..widgets import in_locale
from .chart import (
    SMALL,
    Scale,
    apart,
    paint_side,
    paint_title,
    paint_y_ticks,
    text_width,
    tick_words,
    tone_on_ground,
)
from .level_plot import RIGHT, LevelPlot, number_of

_LIGHT = ("#f6f9fc", "#d3e3f3", "#8fb8de", "#3f7fbf", "#12498a", "#06234d")
_DARK = ("#1c2229", "#1d3a58", "#22598c", "#3c86cc", "#8fc0f2", "#eaf4ff")


def heat_colours(stops: tuple[str, ...] | None = None) -> np.ndarray:
    """Return 256 colours (256, 4) from little to much, as bytes of a BGRA image."""
    chosen = stops or (_DARK if theme().palette.dark else _LIGHT)
    rgb = np.array([[int(c[i : i + 2], 16) for i in (1, 3, 5)] for c in chosen], float)
    place = np.linspace(0, len(chosen) - 1, 256)
    columns = [np.interp(place, np.arange(len(chosen)), rgb[:, i]) for i in (2, 1, 0)]
    return np.column_stack([*columns, np.full(256, 255.0)]).round().astype(np.uint8)


def heat_image(table: Array, low: float, high: float, colours: np.ndarray) -> QImage:
    """Return an image of values (rows, columns), the first row on top; NaN is clear."""
    scaled = (table - low) / ((high - low) or 1.0)
    known = np.isfinite(scaled)
    places = np.clip(np.nan_to_num(scaled) * 255, 0, 255).astype(np.uint8)
    pixels = np.ascontiguousarray(colours[places])
    pixels[~known] = 0
    rows, columns = table.shape
    kind = QImage.Format.Format_ARGB32
    return QImage(pixels.data, columns, rows, 4 * columns, kind).copy()


class LevelMap(LevelPlot):
    """The heat map."""

    top, bottom = 34, 6

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("Intensity over levels and energy", parent)
        self.setMinimumHeight(150)
        self._image: tuple[object, bool, int, QImage] | None = None

    def sizeHint(self) -> QSize:  # noqa: N802
        """Return a height at which lines can be told apart."""
        return QSize(560, 230)

    def energies(self, scene: SeriesScene) -> Scale:
        """Return where energies are drawn: they rise."""
        x, _ = scene.table
        return Scale(float(x[0]), float(x[-1]), self.area.bottom(), self.area.top())

    def limits(self, scene: SeriesScene) -> tuple[float, float]:
        """Return the intensities at the ends of the colours; a single spike is no end."""
        known = scene.table[1][np.isfinite(scene.table[1])]
        low, high = np.quantile(known, [0.002, 0.998]) if known.size else (0.0, 1.0)
        return float(low), float(high)

    def paint(self, painter: QPainter, scene: SeriesScene) -> None:
        """Paint the map, its ticks, and what is marked on it."""
        area = self.area
        self._paint_head(painter, scene)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        painter.drawImage(area, self._heat(scene))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        energies = self.energies(scene)
        paint_y_ticks(painter, area, energies, most=5, grid=False)
        paint_side(
            painter, area, "referenced, eV" if scene.falls else scene.energy_words, offset=52
        )
        self._paint_lines(painter, scene, energies)
        self.paint_interface(painter, scene, band=False)
        for level in sorted(scene.apart):
            self._paint_frame(painter, scene, level, "warn")
        self._paint_frame(painter, scene, scene.level, "accent")

    def _heat(self, scene: SeriesScene) -> QImage:
        """Return the image, a column for each pixel, kept until something changes."""
        width = max(int(self.area.width() * self.devicePixelRatioF()), 1)
        known = self._image
        dark = theme().palette.dark
        if known is not None and known[0] is scene.table and known[1:3] == (dark, width):
            return known[3]
        edges = scene.edges
        middles = edges[0] + (np.arange(width) + 0.5) / width * (edges[-1] - edges[0])
        columns = np.clip(np.searchsorted(edges, middles) - 1, 0, len(scene) - 1)
        table = scene.table[1].T[::-1]
        low, high = self.limits(scene)
        image = heat_image(table[:, columns], low, high, heat_colours())
        self._image = (scene.table, dark, width, image)
        return image

    def _paint_head(self, painter: QPainter, scene: SeriesScene) -> None:
        area = self.area
        first = next((s for k in range(len(scene)) if (s := scene.spectrum_of(k))), None)
        what = {"counts/s": "Counts per second", "counts": "Counts"}.get(
            first.y_unit if first is not None else "", "Intensity"
        )
        name = scene.axis_words.split(",")[0]
        paint_title(painter, QPointF(12, 20), f"{what}, energy against {name}")
        painter.setFont(number_font(scale=SMALL))
        low, high = self.limits(scene)
        bar = QRectF(area.right() - 118, 11, 118, 11)
        shades = QLinearGradient(bar.topLeft(), bar.topRight())
        colours = heat_colours()
        for share in np.linspace(0, 1, 9):
            blue, green, red, _ = colours[round(share * 255)].tolist()
            shades.setColorAt(float(share), f"#{red:02x}{green:02x}{blue:02x}")
        painter.fillRect(bar, shades)
        painter.setPen(colour("muted"))
        step = 10.0 ** np.floor(np.log10(max(high - low, 1e-9)) - 1)
        flags = Qt.AlignmentFlag.AlignVCenter
        lowest, highest = (tick_words(round(v / step) * step, step) for v in (low, high))
        left = QRectF(bar.left() - 70, bar.top() - 4, 63, 19)
        painter.drawText(left, flags | Qt.AlignmentFlag.AlignRight, lowest)
        painter.drawText(QRectF(bar.right() + 7, bar.top() - 4, 76, 19), flags, highest)

    def _paint_lines(self, painter: QPainter, scene: SeriesScene, energies: Scale) -> None:
        """Paint the name of each species where its line is at the shown level."""
        fit, area = scene.fits[scene.level], self.area
        result = scene.result_of(scene.level)
        if fit is None or result is None or scene.model is None:
            return
        found = []
        for owner, text in scene.owner_labels.items():
            doublet = next((d for d in scene.model.doublets if d.id == owner), None)
            major = owner if doublet is None else doublet.major
            if major in fit.peaks:
                place = result.summary(scene.region, major).maximum_at
                if area.top() <= energies.at(place) <= area.bottom():
                    found.append((energies.at(place), text, scene.colours[owner]))
        places = apart([y for y, _, _ in found], 14.0, area.top() + 6, area.bottom() - 6)
        painter.setFont(number_font(bold=True, scale=SMALL))
        for (y, text, tone), moved in zip(found, places, strict=True):
            painter.setPen(QPen(colour(tone), 2.2))
            painter.drawLine(QPointF(area.right() + 2, y), QPointF(area.right() + 7, y))
            painter.setPen(tone_on_ground(tone))
            flags = Qt.AlignmentFlag.AlignVCenter
            painter.drawText(
                QRectF(area.right() + 11, moved - 9, RIGHT - 12, 18), flags, formula(text)
            )

    def _paint_frame(self, painter: QPainter, scene: SeriesScene, level: int, tone: str) -> None:
        scale, area = self.scale(scene), self.area
        left, right = (scale.at(float(e)) for e in scene.edges[level : level + 2])
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(colour(tone), 2.0))
        painter.drawRoundedRect(QRectF(left, area.top(), right - left, area.height()), 2, 2)
        word = next((a.code for a in scene.alarms if a.level == level), "")
        if tone != "warn" or not word:
            return
        painter.setFont(number_font(bold=True, scale=0.8))
        width = text_width(painter, word) + 10
        middle = min(max((left + right) / 2, area.left() + width / 2), area.right() - width / 2)
        chip = QRectF(middle - width / 2, area.top() + 4, width, 16)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colour("warn_surface"))
        painter.drawRoundedRect(chip, 4, 4)
        painter.setPen(colour("warn"))
        painter.drawText(chip, Qt.AlignmentFlag.AlignCenter, word)

    def words_at(self, at: QPointF) -> str:
        """Say level, energy and intensity."""
        scene = self.scene
        if scene is None or not self.area.contains(at):
            return ""
        level, energy = self.level_at(at.x()), self.energies(scene).value(at.y())
        x, table = scene.table
        counts = table[level, int(np.argmin(np.abs(x - energy)))]
        place = scene.level_words(level)
        head = f"level {level + 1}" + (f", {place}" if place else "")
        said = [f"{a.code}: {a.message}" for a in scene.alarms if a.level == level]
        number = "not measured"
        if np.isfinite(counts):
            number = in_locale(f"{energy:.2f} {scene.axis.unit} · {counts:.5g}")
        return "\n".join([head, number, *said])


class LevelSlider(LevelPlot):
    """The slide rule: the axis of the series over depth, and the level to drag.

    Signals
    -------
    rate_asked()
        By a click on the rate below it.
    """

    rate_asked = Signal()

    top, bottom = 4, 22

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("Level", parent)
        self.setFixedHeight(68)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self._rate = QRectF()

    def paint(self, painter: QPainter, scene: SeriesScene) -> None:
        """Paint numbers, ticks, the handle, and what the depth is made of."""
        area = self.area
        middle = area.center().y() if scene.depths is not None else area.bottom() - 13
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colour("selection"))
        painter.drawRoundedRect(
            QRectF(area.left(), middle, area.width(), area.bottom() - middle), 2, 2
        )
        painter.setPen(QPen(colour("border"), 1.0))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(area, 3, 3)
        painter.drawLine(QPointF(area.left(), middle), QPointF(area.right(), middle))
        shown = self.labelled(painter, scene)
        font = number_font(scale=SMALL)
        for level in range(len(scene)):
            x = self.x_of(level)
            painter.setPen(QPen(colour("accent", 0.6), 1.0))
            painter.drawLine(QPointF(x, middle), QPointF(x, middle + 4))
            if level in shown:
                self._paint_numbers(painter, scene, level, font, "muted", middle)
        self._paint_handle(painter, scene, middle)
        self._paint_names(painter, scene, middle)

    def _paint_numbers(
        self,
        painter: QPainter,
        scene: SeriesScene,
        level: int,
        font: QFont,
        tone: str,
        middle: float,
    ) -> None:
        x, area = self.x_of(level), self.area
        painter.setFont(font)
        painter.setPen(colour(tone))
        centre = Qt.AlignmentFlag.AlignCenter
        above = QRectF(x - 40, area.top(), 80, middle - area.top())
        painter.drawText(above, centre, number_of(scene, level))
        if scene.depths is not None:
            if tone == "muted":
                painter.setPen(colour("text"))
            below = QRectF(x - 40, middle + 2, 80, area.bottom() - middle - 2)
            painter.drawText(below, centre, in_locale(f"{scene.depths[0][level]:.3g}"))

    def _paint_handle(self, painter: QPainter, scene: SeriesScene, middle: float) -> None:
        font = number_font(bold=True, scale=SMALL)
        painter.setFont(font)
        width = max(34.0, text_width(painter, number_of(scene, scene.level)) + 16)
        x = self.x_of(scene.level)
        box = QRectF(x - width / 2, self.area.top() - 3, width, self.area.height() + 6)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colour("accent"))
        painter.drawRoundedRect(box, 5, 5)
        self._paint_numbers(painter, scene, scene.level, font, "on_accent", middle)
        if self.hasFocus():
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(colour("accent_hover"), 1.5))
            painter.drawRoundedRect(box.adjusted(-2, -2, 2, 2), 6, 6)

    def _paint_names(self, painter: QPainter, scene: SeriesScene, middle: float) -> None:
        area = self.area
        painter.setFont(number_font(scale=SMALL))
        flags = Qt.AlignmentFlag.AlignVCenter
        painter.setPen(colour("muted"))
        right = area.right() + 9
        painter.drawText(
            QRectF(right, area.top(), RIGHT - 9, middle - area.top()), flags, scene.axis_words
        )
        if scene.depths is not None:
            painter.setPen(colour("text"))
            place = QRectF(right, middle, RIGHT - 9, area.bottom() - middle)
            painter.drawText(place, flags, "depth, nm")
        foot = QRectF(area.left(), area.bottom() + 4, area.width(), 17)
        text = rate_words(scene)
        painter.setPen(colour("accent"))
        painter.drawText(foot, flags, text)
        self._rate = QRectF(foot.left(), foot.top(), text_width(painter, text), foot.height())
        painter.setPen(colour("faint"))
        painter.drawText(foot, flags | Qt.AlignmentFlag.AlignRight, "drag, or arrow keys")

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        """Choose the level under the mouse, or ask for the rate."""
        if self._rate.contains(event.position()):
            self.rate_asked.emit()
        else:
            super().mousePressEvent(event)

    def words_at(self, at: QPointF) -> str:
        """Say which level is under the mouse."""
        scene = self.scene
        if scene is None or at.y() > self.area.bottom() or not self._is_inside(at):
            return ""
        level = self.level_at(at.x())
        place = scene.level_words(level)
        return f"level {level + 1}" + (f", {place}" if place else "")


def rate_words(scene: SeriesScene) -> str:
    """Return what the depth is made of, in few words; an offer where no rate is known."""
    table = None if scene.recipe is None else scene.recipe.series
    if scene.series.axis != "sputter_time":
        return ""
    if table is None or table.rate is None:
        return "Set a sputter rate…" if scene.recipe is not None else ""
    rate = table.rate * table.relative_yield
    error = rate * float(np.hypot(table.rate_relative, table.yield_relative))
    on = f", on {table.rate_material}" if table.rate_material else ""
    return in_locale(f"{rate:.3g} ± {error:.2g} nm/s") + on
