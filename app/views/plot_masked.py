"""Masked channels in the plot: crossed out where they were recorded."""

from __future__ import annotations

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QPainter, QPen
from PySide6.QtWidgets import QStyleOptionGraphicsItem, QWidget

from spectra_core.spectrum import Spectrum, masked_points

from ..theme import colour
from .plot_items import PixelItem, small_font
from .plot_scene import Height

_NEAR = 9.0  # pixels of the mouse
_NAMED = 6  # that are named; more of them would cover the data
_TOP = 9.0  # pixels below the upper edge, where what lies beyond it is drawn


class MaskedItem(PixelItem):
    """Crosses, each with a dotted line down to the data beside it."""

    def __init__(self, box: pg.ViewBox) -> None:
        super().__init__(box, 45)
        self._spectrum: Spectrum | None = None
        self._height = Height()

    def show_masked(self, spectrum: Spectrum | None, height: Height) -> None:
        """Show the masked channels of a spectrum."""
        known = None if spectrum is None or spectrum.masked is None else spectrum
        if known is not None or self._spectrum is not None:
            self._spectrum, self._height = known, height
            self._moved()

    def places(self) -> list[QPointF]:
        """Return where each cross is, in pixels of the view box."""
        if self._spectrum is None:
            return []
        x, y, _ = masked_points(self._spectrum)
        up = self._height.up(y)
        found = [self._pixel(float(a), float(b)) for a, b in zip(x, up, strict=True)]
        return [QPointF(p.x(), max(p.y(), _TOP)) for p in found]

    def at(self, position: QPointF) -> float | None:
        """Return the place on the recorded axis of the cross at a position of the view box."""
        if self._spectrum is None or self._spectrum.masked is None:
            return None
        distances = [(p - position).manhattanLength() for p in self.places()]
        nearest = int(np.argmin(distances))
        recorded = self._spectrum.masked.x_recorded[nearest]
        return recorded if distances[nearest] < 1.5 * _NEAR else None

    def paint(
        self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None
    ) -> None:
        """Paint crosses, dotted lines, and the reasons of a few."""
        spectrum = self._spectrum
        if spectrum is None:
            return
        x, _, reasons = masked_points(spectrum)
        feet = self._height.up(np.interp(x, spectrum.x, spectrum.y))
        painter.setFont(small_font(0.8))
        area, places = self._box.rect(), self.places()
        seen = [k for k, p in enumerate(places) if area.left() <= p.x() <= area.right()]
        for k in seen:
            at = places[k]
            foot = self._pixel(float(x[k]), float(feet[k]))
            painter.setPen(QPen(colour("alarm"), 1.0, Qt.PenStyle.DotLine))
            painter.drawLine(at, foot)
            painter.setPen(QPen(colour("alarm"), 1.7))
            for sign in (-1, 1):
                painter.drawLine(at + QPointF(-4, -4 * sign), at + QPointF(4, 4 * sign))
            if len(seen) <= _NAMED:
                painter.drawText(at + QPointF(8, 4), f"{reasons[k]}, masked")
