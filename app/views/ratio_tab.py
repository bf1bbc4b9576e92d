"""What the tabs about one ratio have in common: its choice, a sentence, a table to be copied."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QPushButton,
    QTableWidget,
    QVBoxLayout,
    QWidget,
)

from spectra_core.uncertainty.ratios import Ratio

from ..formula import formula
from ..theme import theme
from ..widgets import Choice, label, row

Index = QModelIndex | QPersistentModelIndex
DATA = Qt.ItemDataRole.UserRole


class RatioTab(QWidget):
    """The choice of a ratio, what is said of it, and a table; `text` and `_show` are the tab's."""

    def __init__(self, table: QTableWidget, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._ratios: tuple[Ratio, ...] = ()
        self._shown: tuple[object, ...] = ()
        self.ratio = Choice(name="Ratio")
        self.ratio.setMinimumContentsLength(16)
        self.ratio.chosen.connect(lambda _: self._show())
        self._said = label("", "muted", wrap=True)
        self.copy_button = QPushButton("Copy")
        self.copy_button.setToolTip("Copy the table with all digits for a spreadsheet.")
        self.copy_button.clicked.connect(self.copy)
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(10, 8, 10, 8)
        self._top = row(self.ratio, self._said, self.copy_button)
        self._top.setStretch(1, 1)
        self._layout.addLayout(self._top)
        self._layout.addWidget(table, 1)
        theme().changed.connect(self._show)

    def text(self) -> str:
        """Return the table as text with tabs, every digit."""
        raise NotImplementedError

    def copy(self) -> None:
        """Put the table on the clipboard."""
        QGuiApplication.clipboard().setText(self.text())

    def _show(self) -> None:
        raise NotImplementedError

    def _offer(self, ratios: tuple[Ratio, ...]) -> None:
        """Let the user choose among ratios; the one that was chosen stays if it is there."""
        self._ratios = ratios
        before = self.ratio.value
        names = [ratio.name for ratio in ratios]
        self.ratio.set_options([(name, formula(name)) for name in names])
        self.ratio.set_value(before if before in names else next(iter(names), ""))
        self._show()

    def choose(self, name: str) -> None:
        """Choose a ratio, if it is among those that are shown."""
        if any(ratio.name == name for ratio in self._ratios):
            self.ratio.set_value(name)
            self._show()

    def _chosen(self) -> Ratio | None:
        return next((r for r in self._ratios if r.name == self.ratio.value), None)


class PlainTable(QTableWidget):
    """A table to be read: columns as wide as their text, some of which share what is left."""

    def __init__(
        self, name: str, headings: Sequence[str], row_height: int, stretched: Collection[int]
    ) -> None:
        super().__init__(0, len(headings))
        self.setObjectName("plain")
        self.setAccessibleName(name)
        self.setHorizontalHeaderLabels(list(headings))
        self.verticalHeader().hide()
        self.verticalHeader().setDefaultSectionSize(row_height)
        self.setShowGrid(False)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        header = self.horizontalHeader()
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        wide, fit = QHeaderView.ResizeMode.Stretch, QHeaderView.ResizeMode.ResizeToContents
        for column in range(len(headings)):
            header.setSectionResizeMode(column, wide if column in stretched else fit)


def copied(value: object) -> str:
    """Return a value as a cell of a copied table."""
    return "" if value is None else f"{value:.10g}" if isinstance(value, float) else str(value)
