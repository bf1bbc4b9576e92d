"""A file does not say what its axis is: the program asks instead of guessing."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QGridLayout, QVBoxLayout, QWidget

from spectra_core.readers import AXES, ReadOptions

from ..widgets import Choice, NumberField, label

_WORDS = {
    "binding": "binding energy, eV", "kinetic": "kinetic energy, eV",
    "raman": "Raman shift, cm⁻¹", "wavelength": "wavelength, nm",
}  # fmt: skip


class AxisDialog(QDialog):
    """Asks what the axis of a file is.

    Signals
    -------
    answered(ReadOptions)
    """

    answered = Signal(object)

    def __init__(self, name: str, question: str, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle(f"What is the axis of {name}?")
        self.setMinimumWidth(440)
        self.axis = Choice([(key, _WORDS.get(key, key)) for key in AXES], name="Axis")
        self.photon = NumberField(
            None, low=1.0, high=20_000.0, unit="eV", what="photon energy", optional=True
        )
        buttons = QDialogButtonBox(
            QDialogButtonBox.StandardButton.Open | QDialogButtonBox.StandardButton.Cancel
        )
        buttons.accepted.connect(self._take)
        buttons.rejected.connect(self.reject)
        grid = QGridLayout()
        grid.setColumnStretch(1, 1)
        grid.addWidget(label("axis", "muted"), 0, 0)
        grid.addWidget(self.axis, 0, 1)
        grid.addWidget(label("photon energy", "muted"), 1, 0)
        grid.addWidget(self.photon, 1, 1)
        layout = QVBoxLayout(self)
        layout.setSpacing(10)
        layout.addWidget(label(question[:1].upper() + question[1:], wrap=True))
        layout.addLayout(grid)
        hint = "Needed for a kinetic axis only (Al Kα: 1486.6 eV); leave it empty otherwise."
        layout.addWidget(label(hint, "faint", wrap=True))
        layout.addWidget(buttons)

    def _take(self) -> None:
        self.photon.clearFocus()
        self.accept()
        self.answered.emit(ReadOptions(axis=self.axis.value, photon_energy_ev=self.photon.value))
