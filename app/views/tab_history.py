"""Every step in words; a click goes back to it, or forward again."""

from __future__ import annotations

from PySide6.QtGui import QUndoStack
from PySide6.QtWidgets import QListWidget, QListWidgetItem, QVBoxLayout, QWidget

from ..theme import colour, theme


class HistoryTab(QWidget):
    """A list of the undo stack; steps that are undone are grey."""

    def __init__(self, stack: QUndoStack, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._stack = stack
        self.steps = QListWidget()
        self.steps.setObjectName("plain")
        self.steps.setAccessibleName("History")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 8, 8, 8)
        layout.addWidget(self.steps)
        self.steps.itemClicked.connect(self._go)
        self.steps.itemActivated.connect(self._go)
        stack.indexChanged.connect(self._show)
        stack.cleanChanged.connect(self._show)
        theme().changed.connect(self._show)
        self._show()

    def _go(self, item: QListWidgetItem) -> None:
        self._stack.setIndex(self.steps.row(item))

    def _show(self, *_: object) -> None:
        words = ["Beginning", *(self._stack.text(i) for i in range(self._stack.count()))]
        now, saved = self._stack.index(), self._stack.cleanIndex()
        while self.steps.count() > len(words):
            self.steps.takeItem(self.steps.count() - 1)
        for place, text in enumerate(words):
            if place >= self.steps.count():
                self.steps.addItem("")
            item = self.steps.item(place)
            item.setText(f"{text}  (saved)" if place == saved and place else text)
            font = item.font()
            font.setBold(place == now)
            item.setFont(font)
            item.setForeground(colour("faint" if place > now else "text"))
        self.steps.setCurrentRow(now)
        self.steps.scrollToItem(self.steps.item(now))
