"""Unlocking a doublet asks why: the report prints the reason."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QPlainTextEdit, QVBoxLayout, QWidget

from ..widgets import label


class UnlockDialog(QDialog):
    """Asks for the reason and cannot be accepted without one.

    Signals
    -------
    reason_given(str)
    """

    reason_given = Signal(str)

    def __init__(self, doublet: str, parameter: str, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle(f"Unlock the {parameter} of {doublet}")
        self.setMinimumWidth(460)
        advice = (
            f"The {parameter} of both lines of {doublet} is tied by the physics of the level."
            " Unlocked, the fit may give numbers that no doublet has. Why is it right here?"
        )
        self.reason = QPlainTextEdit()
        self.reason.setAccessibleName("Reason")
        self.reason.setTabChangesFocus(True)
        self.reason.setPlaceholderText("The report prints this reason.")
        self.reason.setFixedHeight(80)
        self.buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
        self.unlock = self.buttons.addButton("Unlock", QDialogButtonBox.ButtonRole.AcceptRole)
        self.unlock.setEnabled(False)
        self.reason.textChanged.connect(
            lambda: self.unlock.setEnabled(bool(self.reason.toPlainText().strip()))
        )
        self.buttons.accepted.connect(self._take)
        self.buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.setSpacing(10)
        layout.addWidget(label(advice, wrap=True))
        layout.addWidget(self.reason)
        layout.addWidget(self.buttons)

    def _take(self) -> None:
        if reason := " ".join(self.reason.toPlainText().split()):
            self.accept()
            self.reason_given.emit(reason)
