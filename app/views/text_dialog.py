"""Small questions: a name, a reason, bounds. Each asks once and says what it got."""

from __future__ import annotations

from collections.abc import Sequence
from math import inf, isfinite

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QComboBox, QDialog, QDialogButtonBox, QLineEdit, QVBoxLayout, QWidget

from ..widgets import NumberField, label, row


class TextDialog(QDialog):
    """Asks for a line of text; cannot be accepted while it is empty.

    Signals
    -------
    answered(str)
    """

    answered = Signal(str)

    def __init__(
        self, title: str, question: str, parent: QWidget, *, text: str = "", accept: str = "OK"
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle(title)
        self.setMinimumWidth(420)
        self.field = QLineEdit(text)
        self.field.setAccessibleName(question)
        self.field.selectAll()
        self.buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
        self._accept = self.buttons.addButton(accept, QDialogButtonBox.ButtonRole.AcceptRole)
        self._accept.setDefault(True)
        self._accept.setEnabled(bool(text.strip()))
        self.field.textChanged.connect(lambda t: self._accept.setEnabled(bool(t.strip())))
        self.buttons.accepted.connect(self._take)
        self.buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.setSpacing(10)
        layout.addWidget(label(question, wrap=True))
        layout.addWidget(self.field)
        layout.addWidget(self.buttons)

    def _take(self) -> None:
        if text := self.field.text().strip():
            self.accept()
            self.answered.emit(text)


class SpeciesDialog(QDialog):
    """Asks which species a component is: one of the library, or any words.

    Signals
    -------
    answered(str)
        Empty: assigned to none.
    """

    answered = Signal(str)

    def __init__(self, name: str, species: str, known: Sequence[str], parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle("Species")
        self.setMinimumWidth(460)
        self.field = QComboBox()
        self.field.setEditable(True)
        self.field.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
        self.field.setAccessibleName("Species")
        self.field.addItems(list(known))
        self.field.setCurrentText(species)
        line = self.field.lineEdit()
        assert line is not None
        line.setPlaceholderText("not assigned")
        line.selectAll()
        buttons = QDialogButtonBox(
            QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel
        )
        buttons.accepted.connect(self._take)
        buttons.rejected.connect(self.reject)
        advice = (
            "Choose one of the library, or write your own."
            if known
            else ("The library knows no species of this level: write your own.")
        )
        layout = QVBoxLayout(self)
        layout.setSpacing(10)
        layout.addWidget(label(f"Which species is {name}?", wrap=True))
        layout.addWidget(self.field)
        layout.addWidget(label(f"{advice} Leave it empty for none.", "muted", wrap=True))
        layout.addWidget(buttons)
        self.field.setFocus()

    def _take(self) -> None:
        self.accept()
        self.answered.emit(" ".join(self.field.currentText().split()))


class BoundsDialog(QDialog):
    """Asks for the bounds of a parameter; an empty field is no bound.

    Signals
    -------
    answered(low, high)
        None for no bound.
    """

    answered = Signal(object, object)

    def __init__(self, name: str, low: float, high: float, unit: str, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle(f"Bounds of {name}")
        self.low = NumberField(
            low if isfinite(low) else None, unit=unit, what="lower bound", optional=True
        )
        self.high = NumberField(
            high if isfinite(high) else None, unit=unit, what="upper bound", optional=True
        )
        self._wrong = label("", "alarm", wrap=True)
        buttons = QDialogButtonBox(
            QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel
        )
        buttons.accepted.connect(self._take)
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.addWidget(label(f"{name} lies between", wrap=True))
        layout.addLayout(row(self.low, label("and", "muted"), self.high))
        layout.addWidget(label("Leave a field empty for no bound.", "muted"))
        layout.addWidget(self._wrong)
        layout.addWidget(buttons)

    def _take(self) -> None:
        for field in (self.low, self.high):
            field.clearFocus()
        low, high = self.low.value, self.high.value
        if (-inf if low is None else low) > (inf if high is None else high):
            self._wrong.setText("The lower bound is above the upper one.")
            return
        self.accept()
        self.answered.emit(low, high)
