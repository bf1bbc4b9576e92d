"""Correlations of the shown fit: the matrix, and the worst pairs in words."""

from __future__ import annotations

from math import ceil

import numpy as np
from PySide6.QtCore import QEvent, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QHelpEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import (
    QApplication,
    QHBoxLayout,
    QListWidget,
    QSizePolicy,
    QToolTip,
    QVBoxLayout,
    QWidget,
)

from spectra_core.fitting import FitResult

from ..parameter_words import parameter_words
from ..scene import Scene
from ..theme import colour, theme
from ..widgets import label, printed

_WORST = 0.7
_LABELS_UP_TO = 24
_LEGEND_WIDTH = 56.0


class CorrelationsTab(QWidget):
    """Matrix at the left, words at the right."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._fit: FitResult | None = None
        self._said = label("", "muted", wrap=True)
        self.matrix = _Matrix()
        self.pairs = QListWidget()
        self.pairs.setObjectName("plain")
        self.pairs.setAccessibleName("Strongest correlations")
        self.pairs.setWordWrap(True)
        right = QVBoxLayout()
        right.addWidget(self._said)
        right.addWidget(self.pairs)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(10, 8, 10, 8)
        layout.addWidget(self.matrix, 3)
        layout.addLayout(right, 2)

    def show_scene(self, scene: Scene) -> None:
        """Show the correlations of a scene's fit."""
        fit = scene.fit if scene.fitted else None
        if fit is self._fit and fit is not None:
            return
        self._fit = fit
        self.pairs.clear()
        if fit is None:
            self._said.setText("Fit to see how the parameters depend on each other.")
            self.matrix.show_matrix((), np.empty((0, 0)))
            return
        names, values = _matrix(fit)
        self.matrix.show_matrix(names, values)
        found = fit.correlations(above=_WORST)
        limit = printed(f"{_WORST:g}")
        self._said.setText(
            f"{len(found)} pairs are correlated by {limit} or more. What is correlated shares its"
            " uncertainty: neither number stands by itself."
            if found
            else f"No pair is correlated by {limit} or more."
        )
        for a, b, value in found[:60]:
            pair = f"{parameter_words(fit.model, a)}  ↔  {parameter_words(fit.model, b)}"
            self.pairs.addItem(f"{printed(f'{value:+.2f}')}   {pair}")


def _matrix(fit: FitResult) -> tuple[tuple[str, ...], np.ndarray]:
    free = [i for i in fit.problem.free if fit.covariance[i, i] > 0]
    block = fit.covariance[np.ix_(free, free)]
    scale = np.sqrt(np.diag(block))
    names = tuple(parameter_words(fit.model, fit.paths[i]) for i in free)
    return names, block / np.outer(scale, scale)


class _Matrix(QWidget):
    """A square of cells, blue for negative, orange for positive, numbers where they fit.

    Rows are named and numbered, columns have the numbers of the rows; a legend stands beside.
    """

    def __init__(self) -> None:
        super().__init__()
        self._names: tuple[str, ...] = ()
        self._values = np.empty((0, 0))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(180, 140)
        self.setAccessibleName("Correlation matrix")
        theme().changed.connect(self.update)

    def show_matrix(self, names: tuple[str, ...], values: np.ndarray) -> None:
        """Show a matrix of shape (N, N)."""
        self._names, self._values = names, values
        self.update()

    def sizeHint(self) -> QSize:  # noqa: N802
        """Return a fair size."""
        return QSize(420, 260)

    def _frame(self) -> tuple[float, float, float]:
        """Return left, top and side of a cell."""
        n = max(len(self._names), 1)
        left = self._label_width() if n <= _LABELS_UP_TO else 4.0
        top = QFontMetricsF(self._font()).height() + 4
        side = min((self.width() - left - _LEGEND_WIDTH) / n, (self.height() - top - 4) / n)
        return left, top, max(side, 1.0)

    def _label_width(self) -> float:
        metrics = QFontMetricsF(self._font())
        widest = max((metrics.horizontalAdvance(text) for text in self._numbered()), default=0.0)
        return min(widest + 10, self.width() * 0.45)

    def _numbered(self) -> list[str]:
        return [f"{name}  {i}" for i, name in enumerate(self._names, 1)]

    def _font(self) -> QFont:
        font = QApplication.font()
        font.setPointSizeF(font.pointSizeF() * 0.85)
        return font

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        """Paint the names, the cells and the legend."""
        if not self._names:
            return
        painter = QPainter(self)
        painter.setFont(self._font())
        if len(self._names) <= _LABELS_UP_TO:
            self._paint_names(painter)
        self._paint_cells(painter)
        self._paint_legend(painter)
        painter.end()

    def _paint_names(self, painter: QPainter) -> None:
        left, top, side = self._frame()
        metrics = QFontMetricsF(self._font())
        painter.setPen(colour("muted"))
        flags = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        above = Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignBottom
        # Where a column is narrower than its number, only every second (third, ...) has one.
        every = ceil((metrics.horizontalAdvance(str(len(self._names))) + 3) / side)
        for i, name in enumerate(self._numbered()):
            text = metrics.elidedText(name, Qt.TextElideMode.ElideMiddle, left - 8)
            painter.drawText(QRectF(0, top + i * side, left - 6, side), flags, text)
            if i % every == 0:
                head = QRectF(left + i * side - 10, 0, side + 20, top - 2)
                painter.drawText(head, above, str(i + 1))

    def _paint_cells(self, painter: QPainter) -> None:
        left, top, side = self._frame()
        n, metrics = len(self._names), QFontMetricsF(self._font())
        numbers = side > metrics.horizontalAdvance("\N{MINUS SIGN}0.00") + 4
        numbers = numbers and side > metrics.height()
        for i in range(n):
            for j in range(n):
                value = float(self._values[i, j])
                cell = QRectF(left + j * side, top + i * side, side - 1, side - 1)
                painter.fillRect(cell, _tone(value))
                if numbers and i != j:
                    painter.setPen(colour("text"))
                    painter.drawText(cell, Qt.AlignmentFlag.AlignCenter, printed(f"{value:.2f}"))

    def _paint_legend(self, painter: QPainter) -> None:
        """Paint the colours from +1 at the top to -1 at the bottom."""
        left, top, side = self._frame()
        x, height = left + len(self._names) * side + 12, len(self._names) * side - 1
        steps = 40
        for step in range(steps):
            strip = QRectF(x, top + step * height / steps, 10, height / steps)
            painter.fillRect(strip, _tone(1.0 - 2.0 * step / (steps - 1)))
        painter.setPen(colour("muted"))
        line = QFontMetricsF(self._font()).height()
        for value in (1, 0, -1):
            at = top + (1 - value) / 2 * (height - line)
            text = printed(f"{value:+d}" if value else "0")
            painter.drawText(QRectF(x + 15, at, _LEGEND_WIDTH, line), 0, text)

    def event(self, event: QEvent) -> bool:
        """Name the pair under the cursor."""
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            left, top, side = self._frame()
            j = int((event.pos().x() - left) // side)
            i = int((event.pos().y() - top) // side)
            if 0 <= i < len(self._names) and 0 <= j < len(self._names):
                value = printed(f"{self._values[i, j]:+.3f}")
                QToolTip.showText(
                    event.globalPos(), f"{self._names[i]} ↔ {self._names[j]}: {value}", self
                )
            return True
        return super().event(event)


def _tone(value: float) -> QColor:
    tone = colour("#0072B2" if value < 0 else "#E69F00")
    tone.setAlphaF(min(1.0, abs(value)) ** 1.5 * 0.85)
    return tone
