"""What small plots that are painted by hand have in common: ticks, scales, curves, names apart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, floor, log10

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPen, QPolygonF

from spectra_core.spectrum import Array

from ..theme import colour, number_font
from ..widgets import printed

SMALL = 0.88
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
_CENTRE = Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop


@dataclass(frozen=True)
class Scale:
    """From values to pixels along one axis; it may run either way.

    Attributes
    ----------
    low, high : float
        Values at the two ends.
    first, last : float
        Their pixels.
    """

    low: float
    high: float
    first: float
    last: float

    def at(self, value: float) -> float:
        """Return the pixel of a value."""
        span = (self.high - self.low) or 1.0
        return self.first + (value - self.low) / span * (self.last - self.first)

    def all_at(self, values: Array) -> Array:
        """Return the pixels of values (N,)."""
        span = (self.high - self.low) or 1.0
        return np.asarray(self.first + (values - self.low) / span * (self.last - self.first))

    def value(self, pixel: float) -> float:
        """Return the value at a pixel."""
        span = (self.last - self.first) or 1.0
        return self.low + (pixel - self.first) / span * (self.high - self.low)


def nice_ticks(low: float, high: float, most: int = 6) -> list[float]:
    """Return round numbers between two values, at most about `most` of them."""
    if not high > low:
        return [low]
    raw = (high - low) / max(most, 1)
    power = 10.0 ** floor(log10(raw))
    step = next(s * power for s in (1.0, 2.0, 5.0, 10.0) if s * power >= raw * 0.999)
    first, last = ceil(low / step - 1e-9), floor(high / step + 1e-9)
    return [k * step for k in range(first, last + 1)]


def tick_words(value: float, step: float) -> str:
    """Return a tick's number with as many decimals as its step needs, as the locale prints it."""
    decimals = max(0, -floor(log10(abs(step)) + 1e-9)) if step else 0
    text = f"{value:.{decimals}f}"
    whole, point, rest = text.partition(".")
    if len(whole.lstrip("-")) > 4:  # thin spaces between thousands
        sign, digits = ("-", whole[1:]) if whole.startswith("-") else ("", whole)
        parts = [digits[max(0, k - 3) : k] for k in range(len(digits), 0, -3)][::-1]
        text = sign + "\u2009".join(parts) + point + rest
    return printed(text)


def paint_y_ticks(
    painter: QPainter,
    area: QRectF,
    scale: Scale,
    *,
    most: int = 5,
    unit: str = "",
    grid: bool = True,
) -> None:
    """Paint the numbers left of a plot, and its horizontal lines."""
    painter.setFont(number_font(scale=SMALL))
    low, high = sorted((scale.low, scale.high))
    ticks = nice_ticks(low, high, most)
    step = ticks[1] - ticks[0] if len(ticks) > 1 else 1.0
    for number, tick in enumerate(ticks):
        y = scale.at(tick)
        if grid:
            painter.setPen(QPen(colour("grid"), 1.0))
            painter.drawLine(QPointF(area.left(), y), QPointF(area.right(), y))
        painter.setPen(colour("muted"))
        text = tick_words(tick, step) + (unit if number == len(ticks) - 1 else "")
        painter.drawText(QRectF(area.left() - 70, y - 9, 62, 18), _RIGHT, text)


def paint_x_ticks(painter: QPainter, area: QRectF, scale: Scale, *, most: int = 8) -> None:
    """Paint the numbers below a plot, and its vertical lines."""
    painter.setFont(number_font(scale=SMALL))
    low, high = sorted((scale.low, scale.high))
    ticks = nice_ticks(low, high, most)
    step = ticks[1] - ticks[0] if len(ticks) > 1 else 1.0
    for tick in ticks:
        x = scale.at(tick)
        painter.setPen(QPen(colour("grid"), 1.0))
        painter.drawLine(QPointF(x, area.top()), QPointF(x, area.bottom()))
        painter.setPen(QPen(colour("faint"), 1.0))
        painter.drawLine(QPointF(x, area.bottom()), QPointF(x, area.bottom() + 4))
        painter.setPen(colour("muted"))
        painter.drawText(QRectF(x - 40, area.bottom() + 5, 80, 16), _CENTRE, tick_words(tick, step))
    painter.setPen(QPen(colour("faint"), 1.0))
    painter.drawLine(area.bottomLeft(), area.bottomRight())


def paint_title(painter: QPainter, at: QPointF, text: str) -> None:
    """Paint the title of a plot; `at` is the left end of its base line."""
    painter.setFont(number_font(bold=True, scale=0.95))
    painter.setPen(colour("text"))
    painter.drawText(at, text)


def paint_side(painter: QPainter, area: QRectF, text: str, *, offset: float) -> None:
    """Paint the name of the vertical axis, upright, left of a plot by `offset`."""
    painter.save()
    painter.setFont(number_font(scale=SMALL))
    painter.setPen(colour("muted"))
    painter.translate(area.left() - offset, area.center().y())
    painter.rotate(-90)
    half = area.height() / 2
    painter.drawText(QRectF(-half, -9, 2 * half, 18), Qt.AlignmentFlag.AlignCenter, text)
    painter.restore()


def polygon(x: Array, y: Array) -> QPolygonF:
    """Return points as what a painter draws."""
    return QPolygonF([QPointF(a, b) for a, b in zip(x.tolist(), y.tolist(), strict=True)])


def runs_of(there: np.ndarray) -> list[tuple[int, int]]:
    """Return begin and end (exclusive) of each run of True."""
    edges = np.diff(np.concatenate([[0], there.astype(int), [0]]))
    begins, ends = np.flatnonzero(edges > 0), np.flatnonzero(edges < 0)
    return list(zip(begins.tolist(), ends.tolist(), strict=True))


def apart(places: Sequence[float], distance: float, low: float, high: float) -> list[float]:
    """Return places moved apart by at least `distance`, in their order, inside two limits."""
    order = sorted(range(len(places)), key=lambda k: places[k])
    moved = [0.0] * len(places)
    last = low - distance
    for k in order:
        last = max(places[k], last + distance)
        moved[k] = last
    ceiling = high
    for k in reversed(order):
        moved[k] = min(moved[k], ceiling)
        ceiling = moved[k] - distance
    return moved


def tone_on_ground(tone: str) -> QColor:
    """Return a species' colour as text on the card: darker on light, lighter on dark ground."""
    made = colour(tone)
    ground = colour("card").lightness()
    return made.lighter(135) if ground < 128 else made.darker(125)


def text_width(painter: QPainter, text: str) -> float:
    """Return how wide a text is in the painter's font."""
    return QFontMetricsF(painter.font()).horizontalAdvance(text)
