"""The command palette: type a few letters of what is wanted, Enter does it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QDialog, QLineEdit, QTreeWidget, QTreeWidgetItem, QVBoxLayout, QWidget

from ..theme import colour
from ..widgets import wrapped

_ID = Qt.ItemDataRole.UserRole


@dataclass(frozen=True)
class PaletteRow:
    """An action as the palette lists it.

    Attributes
    ----------
    id, title, menu, shortcut : str
    why_not : str
        Why it cannot run now; empty if it can.
    """

    id: str
    title: str
    menu: str
    shortcut: str
    why_not: str


class CommandPalette(QDialog):
    """A list of actions that narrows while a user types.

    Signals
    -------
    run_asked(str)
        Id of the action.
    """

    run_asked = Signal(str)

    def __init__(self, rows: Sequence[PaletteRow], parent: QWidget, *, text: str = "") -> None:
        super().__init__(parent)
        self._rows = tuple(rows)
        self.setWindowTitle("Find an action")
        self.resize(560, 420)
        self.field = QLineEdit(text)
        self.field.setPlaceholderText("What do you want to do?")
        self.field.setAccessibleName("Find an action")
        self.field.textChanged.connect(self._fill)
        self.field.installEventFilter(self)
        self.list = QTreeWidget()
        self.list.setObjectName("plain")
        self.list.setAccessibleName("Actions")
        self.list.setColumnCount(3)
        self.list.setHeaderHidden(True)
        self.list.setRootIsDecorated(False)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.itemActivated.connect(lambda item: self._run(item))
        self.list.itemClicked.connect(lambda item: self._run(item))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(12, 12, 12, 12)
        layout.addWidget(self.field)
        layout.addWidget(self.list)
        self._fill()

    def shown(self) -> list[str]:
        """Return the ids of the listed actions, the best first."""
        items = (self.list.topLevelItem(i) for i in range(self.list.topLevelItemCount()))
        return [item.data(0, _ID) for item in items if item is not None]

    def _fill(self, *_: object) -> None:
        wanted = self.field.text().casefold()
        scored = [(points_of(one.title.casefold(), wanted), one) for one in self._rows]
        found = [(points, one) for points, one in scored if points is not None]
        self.list.clear()
        for one in (pair[1] for pair in sorted(found, key=_rank)):
            item = QTreeWidgetItem([one.title, one.why_not or one.menu, one.shortcut])
            item.setData(0, _ID, one.id)
            item.setForeground(1, colour("faint"))
            item.setForeground(2, colour("muted"))
            item.setToolTip(0, wrapped(one.why_not))
            if one.why_not:
                item.setForeground(0, colour("faint"))
            self.list.addTopLevelItem(item)
        self.list.setColumnWidth(0, 225)
        self.list.setColumnWidth(1, 215)
        if (first := self.list.topLevelItem(0)) is not None:
            self.list.setCurrentItem(first)

    def _run(self, item: QTreeWidgetItem | None) -> None:
        if item is None:
            return
        chosen = item.data(0, _ID)
        if next(one for one in self._rows if one.id == chosen).why_not:
            return
        self.accept()
        self.run_asked.emit(chosen)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802
        """Let arrows and Enter in the field act on the list."""
        if event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
            key = event.key()
            if key in (Qt.Key.Key_Down, Qt.Key.Key_Up):
                self._step(1 if key == Qt.Key.Key_Down else -1)
                return True
            if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
                self._run(self.list.currentItem())
                return True
        return super().eventFilter(watched, event)

    def _step(self, by: int) -> None:
        n = self.list.topLevelItemCount()
        current = self.list.currentItem()
        if n and current is not None:
            at = (self.list.indexOfTopLevelItem(current) + by) % n
            if (chosen := self.list.topLevelItem(at)) is not None:
                self.list.setCurrentItem(chosen)


def _rank(found: tuple[int, PaletteRow]) -> tuple[bool, int, int]:
    """Put what cannot run now last, the best match first, of equal ones the shortest."""
    points, one = found
    return bool(one.why_not), points, len(one.title)


def points_of(title: str, wanted: str) -> int | None:
    """Return how far a title is from what was typed; None where it does not match.

    Words in any order come first, then letters in order.
    """
    words = wanted.split()
    if not words:
        return 0
    if all(word in title for word in words):
        starts = sum(f" {title}".find(f" {word}") < 0 for word in words)
        return 10 * starts + title.find(words[0])
    place = -1
    for letter in wanted.replace(" ", ""):
        place = title.find(letter, place + 1)
        if place < 0:
            return None
    return 100 + place
