"""What changes along a series: trends with their errors, and fractions that add up to a whole."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QBrush, QPainter, QPen, QPolygonF
from PySide6.QtWidgets import QWidget

from spectra_core.results.table import with_error
from spectra_core.results.trends import Trend
from spectra_core.spectrum import Array

from ..formula import formula
from ..series_scene import SeriesScene
from ..theme import colour, number_font
from ..widgets import in_locale
from .chart import (
    SMALL,
    Scale,
    apart,
    paint_title,
    paint_y_ticks,
    polygon,
    runs_of,
    text_width,
    tone_on_ground,
)
from .level_plot import RIGHT, LevelPlot, number_of

_TITLES = {
    "share": "Share of {region}",
    "area": "Area, {region}",
    "atoms": "Atomic percent",
    "shift": "Charge shift",
}
_CENTRE = Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop


class TrendPlot(LevelPlot):
    """Trends over the levels: bands of one standard error, limits as arrows."""

    top, bottom = 30, 8

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("Trends", parent)
        self.setMinimumHeight(120)

    def sizeHint(self) -> QSize:  # noqa: N802
        """Return a height at which bands can be told apart."""
        return QSize(560, 190)

    def values(self, scene: SeriesScene) -> Scale:
        """Return where values are drawn."""
        low, high = _range(scene.shown)
        return Scale(low, high, self.area.bottom(), self.area.top())

    def paint(self, painter: QPainter, scene: SeriesScene) -> None:
        """Paint title, axis, curves, marks and names."""
        area = self.area
        paint_title(painter, QPointF(12, 19), title_of(scene))
        if not scene.shown:
            painter.setFont(number_font())
            painter.setPen(colour("muted"))
            said = "Levels draw their trends as they are fitted." if scene.busy else scene.why_not
            said = said or "Fit the series (F) to see what changes along it."
            flags = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
            painter.drawText(area.adjusted(20, 0, -20, 0), flags, said)
            return
        values = self.values(scene)
        percent = " %" if scene.kind in ("share", "atoms") else ""
        paint_y_ticks(painter, area, values, most=4, unit=percent)
        painter.setPen(QPen(colour("faint"), 1.0))
        painter.drawLine(area.bottomLeft(), area.bottomRight())
        self.paint_interface(painter, scene)
        painter.setClipRect(area.adjusted(-6, -6, 6, 6))
        for place, trend in enumerate(scene.shown):
            self._paint_trend(painter, scene, trend, values, scene.colour_of(trend, place))
        painter.setClipping(False)
        self.paint_cursor(painter, scene)
        for place, trend in enumerate(scene.shown):
            self._paint_ring(painter, scene, trend, values, scene.colour_of(trend, place))
        self._paint_names(painter, scene, values)
        self._paint_words(painter, scene)

    def _paint_trend(
        self, painter: QPainter, scene: SeriesScene, trend: Trend, values: Scale, tone: str
    ) -> None:
        x = self.scale(scene).all_at(scene.positions)
        y = factor(trend) * trend.values
        errors = factor(trend) * np.nan_to_num(trend.stderrs)
        kept = np.isfinite(y) & ~_flags(scene.left_out, y.size)
        for first, last in runs_of(kept):
            part = slice(first, last)
            above = values.all_at(y[part] + errors[part])
            below = values.all_at(y[part] - errors[part])
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(colour(tone, 0.2))
            across = np.concatenate([x[part], x[part][::-1]])
            painter.drawPolygon(polygon(across, np.concatenate([above, below[::-1]])))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(colour(tone), 1.7))
            painter.drawPolyline(polygon(x[part], values.all_at(y[part])))
        self._paint_bridges(painter, x, values.all_at(y), kept, tone)
        limits = factor(trend) * trend.limits
        for k in np.flatnonzero(np.isfinite(y)):
            at = QPointF(float(x[k]), values.at(float(y[k])))
            if int(k) in scene.left_out:
                _paint_cross(painter, at, tone)
            elif np.isfinite(limits[k]):
                _paint_limit(painter, QPointF(at.x(), values.at(float(limits[k]))), tone)
            else:
                painter.setPen(Qt.PenStyle.NoPen)
                painter.setBrush(colour(tone))
                radius = 3.4 if y.size < 60 else 2.0
                painter.drawEllipse(at, radius, radius)

    def _paint_bridges(
        self, painter: QPainter, x: Array, y: Array, kept: np.ndarray, tone: str
    ) -> None:
        """Paint dotted lines across levels that are left out."""
        runs = runs_of(kept)
        painter.setPen(QPen(colour(tone), 1.3, Qt.PenStyle.DotLine))
        for (_, end), (begin, _) in pairwise(runs):
            painter.drawLine(QPointF(x[end - 1], y[end - 1]), QPointF(x[begin], y[begin]))

    def _paint_ring(
        self, painter: QPainter, scene: SeriesScene, trend: Trend, values: Scale, tone: str
    ) -> None:
        value = factor(trend) * float(trend.values[scene.level])
        if np.isfinite(value):
            painter.setPen(QPen(colour(tone), 1.8))
            painter.setBrush(colour("card"))
            painter.drawEllipse(QPointF(self.x_of(scene.level), values.at(value)), 4.6, 4.6)

    def _paint_names(self, painter: QPainter, scene: SeriesScene, values: Scale) -> None:
        """Paint the name of each trend at its right end."""
        area = self.area
        ends = []
        for trend in scene.shown:
            known = np.flatnonzero(np.isfinite(trend.values))
            last = factor(trend) * float(trend.values[known[-1]]) if known.size else values.low
            ends.append(values.at(last))
        places = apart(ends, 15.0, area.top() + 4, area.bottom() + 2)
        painter.setFont(number_font(bold=True, scale=SMALL))
        metrics = painter.fontMetrics()
        for number, (trend, y) in enumerate(zip(scene.shown, places, strict=True)):
            painter.setPen(tone_on_ground(scene.colour_of(trend, number)))
            text = metrics.elidedText(
                formula(trend.label.rpartition("/")[2]), Qt.TextElideMode.ElideRight, RIGHT - 14
            )
            box = QRectF(area.right() + 10, y - 9, RIGHT - 12, 18)
            painter.drawText(box, Qt.AlignmentFlag.AlignVCenter, text)

    def _paint_words(self, painter: QPainter, scene: SeriesScene) -> None:
        """Paint what the interface is, and which levels are left out of it."""
        area, entry = self.area, scene.interface
        painter.setFont(number_font(bold=True, scale=0.84))
        painter.setPen(colour("muted"))
        if entry is not None and entry["of"] in {t.name for t in scene.shown}:
            lines = interface_lines(entry)
            width = max(text_width(painter, line) for line in lines) + 8
            at = self.scale(scene).at(scene.place_of(entry["position"]))
            # Beside the dashed line, not across it.
            x = at + 6 if at + 6 + width <= area.right() else at - 6 - width
            y = area.top() + 0.42 * area.height()
            box = QRectF(max(x, area.left()), y, width, 15 * len(lines))
            painter.fillRect(box, colour("card", 0.8))
            painter.drawText(box, _CENTRE, "\n".join(lines))
        left_out = sorted(scene.left_out)
        if left_out:
            painter.setPen(colour("warn"))
            level = left_out[0]
            more = f" and {len(left_out) - 1} more" if len(left_out) > 1 else ""
            text = f"level {level + 1}{more}, left out"
            width = text_width(painter, text)
            x = min(max(self.x_of(level) - width / 2, area.left()), area.right() - width)
            painter.drawText(QRectF(x, area.bottom() - 18, width + 2, 16), _CENTRE, text)

    def words_at(self, at: QPointF) -> str:
        """Say every trend at the level under the mouse."""
        scene = self.scene
        if scene is None or not scene.shown or not self.area.contains(at):
            return ""
        level = self.level_at(at.x())
        place = scene.level_words(level)
        lines = [f"level {level + 1}" + (f", {place}" if place else "")]
        return "\n".join([*lines, *(f"{formula(t.label)}: {cell(t, level)}" for t in scene.shown)])


class StackPlot(LevelPlot):
    """Fractions of a whole, stacked; levels that interfaces leave out are hatched."""

    top, bottom = 24, 40

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("Fractions", parent)
        self.setMinimumHeight(110)

    def sizeHint(self) -> QSize:  # noqa: N802
        """Return a height at which layers can be told apart."""
        return QSize(560, 160)

    def paint(self, painter: QPainter, scene: SeriesScene) -> None:
        """Paint layers, marks, the axis of levels, and what each layer is at the shown level."""
        area = self.area
        trends = scene.stacked
        if len(trends) < 2:
            return
        atoms = trends[0].kind == "atoms"
        paint_title(
            painter,
            QPointF(12, 15),
            "Atomic fractions" if atoms else f"Fractions of {scene.region}",
        )
        shares = np.array([np.nan_to_num(np.maximum(t.values, 0.0)) for t in trends])
        total = shares.sum(axis=0)
        there = total > 0
        shares = np.divide(shares, total, out=np.zeros_like(shares), where=there)
        values = Scale(0.0, 100.0, area.bottom(), area.top())
        x = self.scale(scene).all_at(scene.positions)
        below = np.zeros(len(scene))
        for place, (trend, own) in enumerate(zip(trends, shares, strict=True)):
            tone = scene.colour_of(trend, place)
            above = below + own
            painter.setPen(QPen(colour("card"), 0.8))
            painter.setBrush(colour(tone, 0.42))
            for first, last in runs_of(there):
                part = slice(first, last)
                across = _widened(x[part], self.scale(scene), scene.edges[first], scene.edges[last])
                top = _ends(values.all_at(100 * above[part]))
                foot = _ends(values.all_at(100 * below[part]))
                outline = np.concatenate([across, across[::-1]])
                painter.drawPolygon(polygon(outline, np.concatenate([top, foot[::-1]])))
            below = above
        paint_y_ticks(painter, area, values, most=2, unit=" %", grid=False)
        self._paint_hatches(painter, scene)
        self.paint_interface(painter, scene)
        self.paint_cursor(painter, scene)
        self._paint_names(painter, scene, trends, shares, values)
        self._paint_levels(painter, scene)

    def _paint_hatches(self, painter: QPainter, scene: SeriesScene) -> None:
        scale, area = self.scale(scene), self.area
        painter.setPen(Qt.PenStyle.NoPen)
        for level in sorted(scene.left_out):
            left, right = (scale.at(float(e)) for e in scene.edges[level : level + 2])
            box = QRectF(left, area.top(), right - left, area.height())
            painter.fillRect(box, colour("card", 0.75))
            painter.fillRect(box, QBrush(colour("warn"), Qt.BrushStyle.BDiagPattern))

    def _paint_names(
        self,
        painter: QPainter,
        scene: SeriesScene,
        trends: Sequence[Trend],
        shares: Array,
        values: Scale,
    ) -> None:
        area = self.area
        middles = np.cumsum(shares, axis=0) - shares / 2
        last = int(np.flatnonzero(shares.sum(axis=0) > 0)[-1]) if shares.any() else 0
        places = apart(
            [values.at(100 * float(m)) for m in middles[:, last]],
            15.0,
            area.top() + 4,
            area.bottom(),
        )
        for number, (trend, y) in enumerate(zip(trends, places, strict=True)):
            box = QRectF(area.right() + 10, y - 9, RIGHT - 12, 18)
            painter.setFont(number_font(bold=True, scale=SMALL))
            painter.setPen(tone_on_ground(scene.colour_of(trend, number)))
            name = formula(trend.label)
            painter.drawText(box, Qt.AlignmentFlag.AlignVCenter, name)
            used = text_width(painter, name) + 5
            painter.setFont(number_font(scale=SMALL))
            painter.setPen(colour("muted"))
            here = in_locale(f"{100 * shares[number, scene.level]:.0f} %")
            if used + text_width(painter, here) <= box.width():
                painter.drawText(box.adjusted(used, 0, 0, 0), Qt.AlignmentFlag.AlignVCenter, here)

    def _paint_levels(self, painter: QPainter, scene: SeriesScene) -> None:
        """Paint the numbers of the levels below the plot."""
        area = self.area
        shown = self.labelled(painter, scene)
        for level in shown:
            x, chosen = self.x_of(level), level == scene.level
            painter.setFont(number_font(bold=chosen, scale=SMALL))
            painter.setPen(colour("accent" if chosen else "muted"))
            painter.drawText(
                QRectF(x - 40, area.bottom() + 5, 80, 16), _CENTRE, number_of(scene, level)
            )
            if scene.depths is not None:
                if not chosen:
                    painter.setPen(colour("text"))
                depth = in_locale(f"{scene.depths[0][level]:.3g}")
                painter.drawText(QRectF(x - 40, area.bottom() + 20, 80, 16), _CENTRE, depth)
        painter.setFont(number_font(scale=SMALL))
        painter.setPen(colour("muted"))
        flags = Qt.AlignmentFlag.AlignVCenter
        painter.drawText(
            QRectF(area.right() + 10, area.bottom() + 5, RIGHT - 12, 16), flags, scene.axis_words
        )
        if scene.depths is not None:
            painter.setPen(colour("text"))
            place = QRectF(area.right() + 10, area.bottom() + 20, RIGHT - 12, 16)
            painter.drawText(place, flags, "depth, nm")

    def words_at(self, at: QPointF) -> str:
        """Say every fraction at the level under the mouse."""
        scene = self.scene
        if scene is None or not self.area.contains(at):
            return ""
        level = self.level_at(at.x())
        said = [f"{formula(t.label)}: {cell(t, level)}" for t in scene.stacked]
        return "\n".join([f"level {level + 1}, {scene.level_words(level)}".rstrip(", "), *said])


# ---------------------------------------------------------------------------------
# Words and numbers


def factor(trend: Trend) -> float:
    """Return what a trend is multiplied by to be printed: shares are in percent."""
    return 100.0 if trend.kind == "share" else 1.0


def cell(trend: Trend, level: int) -> str:
    """Return a trend at a level, with its error or as a limit, and its unit."""
    value, error = (factor(trend) * float(v[level]) for v in (trend.values, trend.stderrs))
    limit = factor(trend) * float(trend.limits[level])
    unit = " %" if trend.kind in ("share", "atoms") else f" {trend.unit}" if trend.unit else ""
    if np.isfinite(limit):
        return in_locale(f"< {limit:.2g}{unit}")
    if not np.isfinite(value):
        return "–"
    text = with_error(value, error) if np.isfinite(error) and error > 0 else f"{value:.4g}"
    return in_locale(text + unit)


def title_of(scene: SeriesScene) -> str:
    """Return the title of the trends."""
    if scene.kind in _TITLES:
        unit = scene.shown[0].unit if scene.shown and scene.kind in ("area", "shift") else ""
        return _TITLES[scene.kind].format(region=scene.region) + (f", {unit}" if unit else "")
    first = scene.shown[0] if scene.shown else None
    if first is None:
        return "Trends"
    return formula(first.name) + (f", {first.unit}" if first.unit else "")


def interface_lines(entry: Mapping[str, Any]) -> list[str]:
    """Return where an interface is, in the unit of the axis and below it in depth."""
    place = with_error(entry["position"], entry["position_sd"])
    lines = [f"interface {place} {entry['unit']}".rstrip()]
    if "depth_nm" in entry:
        lines.append(f"{with_error(entry['depth_nm'], entry['depth_nm_sd'])} nm")
    return [in_locale(line) for line in lines]


def _range(trends: Sequence[Trend]) -> tuple[float, float]:
    """Return the ends of the vertical axis: shares from 0 to 100 %, others with what they need."""
    if not trends:
        return 0.0, 1.0
    if trends[0].kind == "share":
        return 0.0, 100.0
    tops, feet = [], []
    for trend in trends:
        errors = np.nan_to_num(trend.stderrs)
        tops += [trend.values + errors, trend.limits]
        feet += [trend.values - errors]
    high = float(np.nanmax(np.concatenate(tops), initial=-np.inf))
    low = float(np.nanmin(np.concatenate(feet), initial=np.inf))
    if not (np.isfinite(low) and np.isfinite(high)):
        return 0.0, 1.0
    from_zero = trends[0].kind in ("area", "atoms", "ratio")
    low = min(0.0, low) if from_zero else low
    room = (high - low) or abs(high) or 1.0
    return (low if from_zero else low - 0.08 * room), high + 0.08 * room


def _flags(levels: frozenset[int], count: int) -> np.ndarray:
    found = np.zeros(count, dtype=bool)
    found[list(levels)] = True
    return found


def _widened(x: Array, scale: Scale, first: float, last: float) -> Array:
    """Return the pixels of levels with the outer edges of the first and last."""
    return np.concatenate([[scale.at(float(first))], x, [scale.at(float(last))]])


def _ends(y: Array) -> Array:
    return np.concatenate([y[:1], y, y[-1:]])


def _paint_cross(painter: QPainter, at: QPointF, tone: str) -> None:
    painter.setPen(QPen(colour(tone), 1.8))
    for sign in (-1, 1):
        painter.drawLine(
            QPointF(at.x() - 4, at.y() - 4 * sign), QPointF(at.x() + 4, at.y() + 4 * sign)
        )


def _paint_limit(painter: QPainter, at: QPointF, tone: str) -> None:
    """Paint an arrow that points down from a limit."""
    painter.setPen(QPen(colour(tone), 1.4))
    painter.setBrush(colour("card"))
    corners = [(-4.2, -3.0), (4.2, -3.0), (0.0, 4.2)]
    painter.drawPolygon(QPolygonF([QPointF(at.x() + dx, at.y() + dy) for dx, dy in corners]))
