"""The choice between the views of a project, such as Spectrum, Series and Map."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtGui import QFont, QFontMetrics
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QPushButton, QWidget


class ViewBar(QWidget):
    """A button for each view there is; of a single one nothing is shown.

    Signals
    -------
    chosen(int)
        Place of the view.
    """

    chosen = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("viewbar")
        self.setAccessibleName("Views")
        self._group = QButtonGroup(self)
        self._group.setExclusive(True)
        self._group.idClicked.connect(self.chosen)
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(2, 0, 2, 0)
        self._row.setSpacing(0)

    @property
    def titles(self) -> tuple[str, ...]:
        """Names of the views that are offered, in their order."""
        return tuple(b.text() for b in self._group.buttons() if not b.isHidden())

    def button(self, place: int) -> QPushButton:
        """Return the button of a view."""
        found = self._group.button(place)
        assert isinstance(found, QPushButton)
        return found

    def add(self, title: str) -> None:
        """Add a view at the end."""
        made = QPushButton(title)
        made.setCheckable(True)
        made.setObjectName("viewbutton")
        bold = QFont(made.font())
        bold.setBold(True)
        made.setMinimumWidth(QFontMetrics(bold).horizontalAdvance(title) + 40)
        self._group.addButton(made, len(self._group.buttons()))
        self._row.addWidget(made)
        self._group.buttons()[0].setChecked(True)

    def offer(self, place: int, on: bool) -> None:
        """Show the button of a view, or hide it where there is nothing to see."""
        self.button(place).setVisible(on)
        self.updateGeometry()

    def choose(self, place: int) -> None:
        """Mark a view as the one that is shown."""
        self.button(place).setChecked(True)

    @property
    def is_needed(self) -> bool:
        """Whether there is something to choose."""
        return sum(not button.isHidden() for button in self._group.buttons()) > 1
