"""The banner above the plot: what could not be done stays until it is read; never a dialog."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QScrollArea, QVBoxLayout, QWidget

from ..complaint import Complaint, Remedy
from ..widgets import label, link_button, restyle, row

_MOST_SEEN = 150  # pixels; a longer list is scrolled


class Banner(QFrame):
    """A sentence, what would help, and behind a link a sentence for each thing it is about."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("note")
        self.setProperty("severity", "alarm")
        self._remedy: Remedy | None = None
        self._words = label("", wrap=True, selectable=True)
        self._each = label("", wrap=True, selectable=True)
        self._each.setAlignment(Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft)
        self.list = QScrollArea()
        self.list.setWidget(self._each)
        self.list.setWidgetResizable(True)
        self.list.setFrameShape(QFrame.Shape.NoFrame)
        self.list.setMaximumHeight(_MOST_SEEN)
        self.help = link_button("")
        self.help.clicked.connect(self._help)
        self.all = link_button("")
        self.all.clicked.connect(self._open)
        dismiss = link_button("Dismiss")
        dismiss.clicked.connect(self.hide)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(12, 7, 10, 7)
        line = row(self._words, self.help, self.all, dismiss, spacing=12)
        line.setStretch(0, 1)
        layout.addLayout(line)
        layout.addWidget(self.list)
        self.hide()

    @property
    def text(self) -> str:
        """What it says; empty while it is hidden."""
        return "" if self.isHidden() else self._words.text()

    @property
    def each(self) -> tuple[str, ...]:
        """The sentences of its list; empty while the list is hidden."""
        return () if self.list.isHidden() else tuple(self._each.text().split("\n"))

    def show_complaint(self, complaint: Complaint) -> None:
        """Show another complaint instead of the last one."""
        self._words.setText(complaint.text)
        self._each.setText("\n".join(complaint.each))
        self.list.hide()
        self.all.setText(f"Show all {len(complaint.each)}")
        self.all.setVisible(len(complaint.each) > 1)
        self._remedy = complaint.remedy
        self.help.setVisible(complaint.remedy is not None)
        self.help.setText(complaint.remedy.label if complaint.remedy is not None else "")
        restyle(self)
        self.show()

    def _open(self) -> None:
        self.list.show()
        self.all.hide()

    def _help(self) -> None:
        remedy = self._remedy
        self.hide()
        if remedy is not None:
            remedy.run()
