"""Work that an earlier run of the program left unsaved is offered at the next start."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QDateTime, QLocale, Qt, Signal
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QPushButton, QVBoxLayout, QWidget

from spectra_core.project.file import Recovery

from ..widgets import Card, label, plain_button, row


class RecoveryDialog(QDialog):
    """A card for each recovery file.

    Signals
    -------
    recover_asked(str), discard_asked(str)
        Path of the recovery file.
    """

    recover_asked = Signal(str)
    discard_asked = Signal(str)

    def __init__(self, found: Sequence[Recovery], parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle("Unsaved work was found")
        self.setMinimumWidth(520)
        layout = QVBoxLayout(self)
        layout.setSpacing(10)
        layout.addWidget(label("Doublet ended without saving. This work was kept:", "subtitle"))
        for recovery in found:
            layout.addWidget(self._card(recovery))
        layout.addWidget(label("What you leave here is offered again next time.", "faint"))
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.reject)
        layout.addWidget(buttons)

    def _card(self, recovery: Recovery) -> Card:
        card = Card()
        name = Path(recovery.original).name if recovery.original else ""
        samples = ", ".join(recovery.samples)
        title = name or recovery.title or samples or "Work without a name"
        card.body.addWidget(label(title, "subtitle", wrap=True))
        card.body.addWidget(label(recovery_words(recovery), "muted", wrap=True))
        path = str(recovery.path)
        recover = QPushButton("Recover")
        recover.setObjectName("primary")
        recover.setEnabled(not recovery.problem)
        recover.clicked.connect(lambda: self._done(self.recover_asked, path))
        discard = plain_button("Discard")
        discard.setToolTip("Delete this work.")
        discard.clicked.connect(lambda: self._discard(card, path))
        card.body.addLayout(row(recover, discard, 1))
        return card

    def _done(self, signal: object, path: str) -> None:
        self.accept()
        signal.emit(path)  # type: ignore[attr-defined]

    def _discard(self, card: Card, path: str) -> None:
        card.hide()
        self.discard_asked.emit(path)


def recovery_words(recovery: Recovery) -> str:
    """Return what a recovery file holds, and when it was changed last, in local time."""
    if recovery.problem:
        return recovery.problem
    held = [_count(len(recovery.samples), "sample"), _count(recovery.spectra, "spectrum")]
    held.append(_count(recovery.analyses, "model"))
    lines = [", ".join(held) + (f": {'; '.join(recovery.samples)}" if recovery.samples else "")]
    when = QDateTime.fromString(recovery.saved, Qt.DateFormat.ISODateWithMs).toLocalTime()
    if when.isValid():
        change = f" ({recovery.change})" if recovery.change else ""
        lines.append(f"last change {QLocale().toString(when, 'd MMMM yyyy, HH:mm')}{change}")
    if not recovery.original:
        lines.append("never saved under a name")
    return "\n".join(lines)


def _count(number: int, word: str) -> str:
    several = "spectra" if word == "spectrum" else f"{word}s"
    return f"{number} {word if number == 1 else several}"
