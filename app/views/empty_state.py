"""What the window shows before anything is open: what to do, and the files of last time."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QLabel, QPushButton, QVBoxLayout, QWidget

from ..icon import program_icon
from ..widgets import Card, clear_layout, heading, label, link_button, row


class EmptyState(QWidget):
    """The first thing a user sees.

    Signals
    -------
    open_asked(), example_asked(), tour_asked()
    recent_asked(str)
    """

    open_asked = Signal()
    example_asked = Signal()
    tour_asked = Signal()
    recent_asked = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        picture = QLabel()
        picture.setPixmap(program_icon().pixmap(72, 72))
        picture.setAlignment(Qt.AlignmentFlag.AlignCenter)
        title = label("From a spectrum to a ratio you can defend", "title", wrap=True)
        title.setAlignment(Qt.AlignmentFlag.AlignCenter)
        advice = label(
            "Open VAMAS, text or workbook files, or drop them here. Load a preset, press F, and"
            " read the ratio with its error budget.",
            "muted",
            wrap=True,
        )
        advice.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.open = QPushButton("Open a file…")
        self.open.setObjectName("primary")
        self.open.setToolTip("Ctrl+O")
        self.open.clicked.connect(self.open_asked)
        self.example = QPushButton("Open the example")
        self.example.setToolTip("Four synthetic S 2p spectra of composite cathodes, known truth.")
        self.example.clicked.connect(self.example_asked)
        self.tour = link_button("Take the tour: five steps on the example")
        self.tour.clicked.connect(self.tour_asked)
        self._recent = QVBoxLayout()
        self._recent.setSpacing(2)
        card = Card(margins=28)
        card.setMaximumWidth(560)
        card.body.setSpacing(12)
        for widget in (picture, title, advice):
            card.body.addWidget(widget)
        card.body.addLayout(row(1, self.open, self.example, 1, spacing=10))
        card.body.addLayout(row(1, self.tour, 1))
        card.body.addLayout(self._recent)
        layout = QVBoxLayout(self)
        layout.addStretch(1)
        layout.addLayout(row(1, card, 1))
        layout.addStretch(2)

    def show_recent(self, paths: Sequence[str]) -> None:
        """List files that were opened before."""
        clear_layout(self._recent)
        if not paths:
            return
        self._recent.addWidget(heading("Recent"))
        for path in paths[:6]:
            button = link_button(Path(path).name, path)
            button.clicked.connect(lambda _=False, p=path: self.recent_asked.emit(p))
            self._recent.addLayout(row(button, label(str(Path(path).parent), "faint"), 1))
