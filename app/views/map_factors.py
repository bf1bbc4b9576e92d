"""Factors of a map: principal components or non-negative factors, as images and as spectra."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from spectra_core.results.colours import COLOURS
from spectra_core.series.factors import Principal, Resolved
from spectra_core.spectrum import Array

from ..map_scene import MapScene
from ..theme import colour, number_font, theme
from ..widgets import label, row
from .chart import SMALL
from .curves_plot import Curve, Curves, CurvesPlot
from .level_map import heat_colours, heat_image

MOST = 4
"""Factors that are drawn."""


@dataclass(frozen=True, eq=False)
class Found:
    """Factors of a map.

    Attributes
    ----------
    shifts : ndarray, shape (N,)
    principal : Principal
    resolved : Resolved or None
        Non-negative ones, where they were asked for.
    """

    shifts: Array
    principal: Principal
    resolved: Resolved | None = None


class MapFactors(QWidget):
    """Shows them.

    Signals
    -------
    resolve_asked()
        Non-negative factors are wanted.
    """

    resolve_asked = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("Factors of the map")
        self.found: Found | None = None
        self.shown_of: object = None
        self.words = label("", "muted", wrap=True)
        self.resolve = QPushButton("Non-negative factors")
        self.resolve.setToolTip("From many starts, with how far they are free; takes a while.")
        self.resolve.clicked.connect(self.resolve_asked)
        self.loadings = CurvesPlot("Spectra of the factors")
        self.images = _Images()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(10, 6, 10, 6)
        layout.addLayout(row(self.words, 1, self.resolve))
        both = QHBoxLayout()
        both.addWidget(self.images, 4)
        both.addWidget(self.loadings, 6)
        layout.addLayout(both, 1)
        theme().changed.connect(self._dress)

    def _dress(self) -> None:
        self.show_found(self.found, self.words.text())

    def show_map(self, scene: MapScene) -> None:
        """Show the factors on the grid of a map."""
        self.images.scene = scene
        self.images.update()

    def show_found(self, found: Found | None, words: str) -> None:
        """Show factors, or say why there are none."""
        self.found = found
        self.words.setText(words)
        self.resolve.setVisible(found is not None and found.resolved is None)
        self.images.scores = _scores(found)
        self.images.update()
        title = "Spectra of the factors"
        if found is None:
            self.loadings.show_curves(Curves(title, "Raman shift, cm⁻¹", "", said=words))
            return
        rows = found.principal.loadings if found.resolved is None else found.resolved.spectra
        count = _count(found)
        curves = tuple(
            Curve(found.shifts, _unit(rows[k]) - 1.15 * k, COLOURS[k], f"{k + 1}")
            for k in range(count)
        )
        self.loadings.show_curves(
            Curves(title, "Raman shift, cm⁻¹", "", curves, falls=False, ticks=False)
        )


def _count(found: Found) -> int:
    rows = found.principal.loadings if found.resolved is None else found.resolved.spectra
    wanted = max(found.principal.rank, 1) if found.resolved is None else len(rows)
    return min(MOST, len(rows), wanted)


def _unit(values: Array) -> Array:
    return np.asarray(values / (float(np.abs(values).max()) or 1.0))


def _scores(found: Found | None) -> list[Array]:
    """Return the amount of each drawn factor in every pixel."""
    if found is None:
        return []
    table = found.principal.scores if found.resolved is None else found.resolved.amounts
    return [table[:, k] for k in range(_count(found))]


class _Images(QWidget):
    """The amounts of each factor as small images side by side."""

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName("Amounts of the factors")
        self.setMinimumWidth(150)
        self.scene: MapScene | None = None
        self.scores: list[Array] = []

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        """Paint them."""
        scene, count = self.scene, len(self.scores)
        if scene is None or not count:
            return
        painter = QPainter(self)
        across = 1 if count == 1 else 2
        down = -(-count // across)
        wide, high = self.width() / across, self.height() / down
        rows, columns = scene.own.grid.shape
        painter.setFont(number_font(bold=True, scale=SMALL))
        for k, score in enumerate(self.scores):
            left, top = (k % across) * wide, (k // across) * high
            scale = min((wide - 10) / columns, (high - 24) / rows)
            box = QRectF(left, top + 18, columns * scale, rows * scale)
            values = scene.own.grid.image(score)
            known = values[np.isfinite(values)]
            low, high_end = np.quantile(known, [0.01, 0.99])
            image = heat_image(values, float(low), float(high_end), heat_colours())
            painter.drawImage(box, image)
            painter.setPen(colour(COLOURS[k]))
            painter.drawText(QPointF(left, top + 13), f"factor {k + 1}")
            painter.setPen(colour("border"))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(box)
        painter.end()
