"""The two scales of a charged sample as a slide rule: recorded above, referenced on blue below.

The blue rule, or the chip that names the shift, is dragged along the axis like the slide of a
slide rule; a click on the chip types the shift.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil
from typing import Any, Protocol

import pyqtgraph as pg
from PySide6.QtCore import QPointF, QRect, QRectF, QSizeF, Qt
from PySide6.QtGui import QFontMetricsF, QKeyEvent, QPainter, QPen
from PySide6.QtWidgets import QStyleOptionGraphicsItem, QWidget

from spectra_core.results.scales import Scales

from ..theme import colour
from ..widgets import NumberField, printed
from .plot_axis import Printed, decimals
from .plot_handles import Drag
from .plot_items import PixelItem, small_font

_NUMBERS, _BAND, _GAP, _CHIP = 20.0, 22.0, 5.0, 24.0
_HEIGHT = _NUMBERS + _BAND + _GAP + _CHIP + 2.0
_FINE = 10  # marks for each number, as on a rule


class RuleOwner(Protocol):
    """What the rule asks of the plot."""

    drag: Drag

    def grab_shift(self, x: float) -> None:
        """Begin to drag the shift with the mouse at an energy."""
        ...

    def ask_shift(self) -> None:
        """Let the shift be typed."""
        ...


@dataclass(frozen=True)
class Rule:
    """What the slide rule shows.

    Attributes
    ----------
    scales : Scales
    axis : str
        Name of the axis with its unit.
    chip : str
        What the chip says; empty where there is one scale alone.
    anchor : float or None
        Where the chip hangs, on the axis of the plot; None: in the middle.
    slides : bool
        It can be dragged: the shift is that of a model.
    kinetic : float or None
        Photon energy, where the recorded row prints kinetic energies.
    """

    scales: Scales
    axis: str = ""
    chip: str = ""
    anchor: float | None = None
    slides: bool = False
    kinetic: float | None = None


class RuleItem(pg.GraphicsWidget):  # type: ignore[misc]
    """The rule below the plot, as wide as the axes of the plot are."""

    def __init__(self, box: pg.ViewBox, owner: RuleOwner) -> None:
        super().__init__()
        self._box, self._owner = box, owner
        self.rule = Rule(Scales())
        self.setFixedHeight(_HEIGHT)
        self.setAcceptHoverEvents(True)
        box.sigRangeChanged.connect(self._moved)
        box.sigResized.connect(self._moved)

    def show_rule(self, rule: Rule) -> None:
        """Show other scales."""
        self.rule = rule
        self.setCursor(Qt.CursorShape.SizeHorCursor if rule.slides else Qt.CursorShape.ArrowCursor)
        self.update()

    def chip_in_scene(self) -> QRectF:
        """Return where the chip is."""
        return QRectF(self.mapRectToScene(self._chip_place()))

    def numbers(self) -> dict[str, list[tuple[float, float]]]:
        """Return the numbers in view of each row, with the pixel of each in this item."""
        scales = self.rule.scales
        return {
            "recorded": self._row(Printed(scales.calibrated, self.rule.kinetic)),
            "referenced": self._row(Printed(scales.shift)),
        }

    # -----------------------------------------------------------------------------
    # Places

    def _moved(self, *_: object) -> None:
        self.update()

    def _pixel(self, x: float) -> float:
        return float(self.mapFromScene(self._box.mapViewToScene(QPointF(x, 0.0))).x())

    def _edges(self) -> tuple[float, float]:
        area = self.mapRectFromScene(self._box.sceneBoundingRect())
        return float(area.left()), float(area.right())

    def _row(self, scale: Printed) -> list[tuple[float, float]]:
        left, right = self._edges()
        low, high = self._box.viewRange()[0]
        _, numbers = scale.ticks(low, high, right - left)
        return [(number, self._pixel(scale.place(number))) for number in numbers]

    def _chip_place(self) -> QRectF:
        left, right = self._edges()
        metrics = QFontMetricsF(small_font(0.95))
        size = QSizeF(metrics.horizontalAdvance(self.rule.chip) + 34.0, _CHIP)
        anchor = self.rule.anchor
        middle = (left + right) / 2 if anchor is None else self._pixel(anchor)
        at = min(max(middle - size.width() / 2, left), right - size.width())
        return QRectF(QPointF(at, _NUMBERS + _BAND + _GAP), size)

    # -----------------------------------------------------------------------------
    # Painting

    def paint(
        self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None
    ) -> None:
        """Paint both rows, the chip, and what the rule is for."""
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(small_font(0.95))
        left, right = self._edges()
        band = QRectF(left, _NUMBERS, right - left, _BAND)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colour("selection"))
        painter.drawRoundedRect(band, 3, 3)
        rows = self.numbers()
        self._paint_row(painter, rows["recorded"], QRectF(left, 0, right - left, _NUMBERS), "muted")
        self._paint_marks(painter, rows["referenced"], band)
        self._paint_row(painter, rows["referenced"], band, "text")
        self._paint_names(painter, left)
        self._paint_chip(painter, left)

    def _paint_row(
        self, painter: QPainter, row: list[tuple[float, float]], area: QRectF, tone: str
    ) -> None:
        painter.setPen(colour(tone))
        digits = decimals(abs(row[1][0] - row[0][0])) if len(row) > 1 else 1
        for value, at in row:
            if area.left() <= at <= area.right():
                text = printed(f"{value:.{digits}f}")
                half = painter.fontMetrics().horizontalAdvance(text) / 2 + 1
                # Beside the rule stands its name, which no number may touch.
                middle = min(max(at, area.left() + half), area.right() - half)
                place = QRectF(middle - 40, area.top() + 1, 80, area.height())
                painter.drawText(place, Qt.AlignmentFlag.AlignCenter, text)

    def _paint_marks(self, painter: QPainter, row: list[tuple[float, float]], band: QRectF) -> None:
        if len(row) < 2:
            return
        apart = (row[1][1] - row[0][1]) / _FINE
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        painter.setPen(QPen(colour("accent", 0.55), 1.0))
        count = ceil(band.width() / abs(apart)) if apart else 0
        for number in range(-count, count + 1):
            at = row[0][1] + number * apart
            if band.left() <= at <= band.right():
                long = 5.0 if number % _FINE == 0 else 3.0
                painter.drawLine(QPointF(at, band.top()), QPointF(at, band.top() + long))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)

    def _paint_names(self, painter: QPainter, left: float) -> None:
        right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        first = "recorded" if self.rule.kinetic is None else "kinetic"
        painter.setPen(colour("muted"))
        painter.drawText(QRectF(0, 0, left - 8, _NUMBERS), right, first)
        painter.setPen(colour("accent"))
        painter.drawText(QRectF(0, _NUMBERS, left - 8, _BAND), right, "referenced")

    def _paint_chip(self, painter: QPainter, left: float) -> None:
        chip = self._chip_place()
        painter.setPen(colour("muted"))
        words = f"{self.rule.axis}; drag the blue rule to shift it" if self.rule.slides else ""
        place = QRectF(left, chip.top(), chip.left() - left - 12, _CHIP)
        metrics = QFontMetricsF(painter.font())
        for text in (words, self.rule.axis):
            if text and metrics.horizontalAdvance(text) <= place.width():
                painter.drawText(place, Qt.AlignmentFlag.AlignVCenter, text)
                break
        if self.rule.anchor is not None:
            # The chip hangs on the line that comes down from the reference.
            at = self._pixel(self.rule.anchor)
            painter.setPen(QPen(colour("accent"), 1.2))
            painter.drawLine(QPointF(at, 0.0), QPointF(at, chip.top()))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colour("accent"))
        painter.drawRoundedRect(chip, _CHIP / 2, _CHIP / 2)
        painter.setBrush(colour("on_accent", 0.8))
        if self.rule.slides:
            for column in (0, 1):
                for line in (-1, 0, 1):
                    dot = chip.topLeft() + QPointF(11 + 4 * column, _CHIP / 2 + 4 * line)
                    painter.drawEllipse(dot, 1.1, 1.1)
        painter.setPen(colour("on_accent"))
        inside = chip.adjusted(22, 0, -10, 0)
        painter.drawText(inside, Qt.AlignmentFlag.AlignCenter, self.rule.chip)

    # -----------------------------------------------------------------------------
    # The mouse

    def mouseDragEvent(self, event: Any) -> None:  # noqa: N802
        """Slide the rule."""
        if event.button() != Qt.MouseButton.LeftButton or not self.rule.slides:
            event.ignore()
            return
        event.accept()
        if event.isStart():
            self._owner.grab_shift(self._box.mapSceneToView(event.buttonDownScenePos()).x())
        place = self._box.mapSceneToView(event.scenePos())
        self._owner.drag.move((place.x(), place.y()))
        if event.isFinish():
            self._owner.drag.end()

    def mouseClickEvent(self, event: Any) -> None:  # noqa: N802
        """Type the shift."""
        on_chip = self._chip_place().contains(event.pos())
        if event.button() == Qt.MouseButton.LeftButton and on_chip:
            event.accept()
            self._owner.ask_shift()


class AnchorItem(PixelItem):
    """A dotted line from the top of the reference down to the chip that hangs on it."""

    def __init__(self, box: pg.ViewBox) -> None:
        super().__init__(box, 40)
        self._place: tuple[float, float] | None = None

    def show_at(self, place: tuple[float, float] | None) -> None:
        """Show the line below a place of the view; None: no line."""
        if place != self._place:
            self._place = place
            self.update()

    def paint(
        self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None
    ) -> None:
        """Paint the line."""
        if self._place is None:
            return
        top = self._pixel(*self._place)
        painter.setPen(QPen(colour("accent"), 1.0, Qt.PenStyle.DotLine))
        painter.drawLine(top, QPointF(top.x(), self._box.rect().bottom()))


class ShiftField(NumberField):
    """The shift typed over its chip; gone when it is left."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(what="charge shift", digits=6, parent=parent)
        self.hide()
        self.editingFinished.connect(self.hide)

    def ask(self, shift: float, place: QRect) -> None:
        """Show the shift over a place of the parent, to be typed over."""
        self.set_value(shift, printed(f"{shift:.4f}"))
        self.setGeometry(place)
        self.show()
        self.raise_()
        self.setFocus()
        self.selectAll()

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        """Give up on Escape."""
        if event.key() == Qt.Key.Key_Escape:
            self.setModified(False)
            self.hide()
            event.accept()
            return
        super().keyPressEvent(event)
