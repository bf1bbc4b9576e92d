"""A file does not say what its axis is: the program asks instead of guessing."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QDialog,
    QDialogButtonBox,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPlainTextEdit,
    QVBoxLayout,
    QWidget,
)

from spectra_core.readers import AXES, ReadOptions
from spectra_core.spectrum import Spectrum

from ..theme import fixed_font
from ..widgets import Choice, NumberField, label, read_number, row, show_number, wrapped
from .spectra_delegate import picture_of_spectrum

_WORDS = {
    "binding": "binding energy, eV",
    "kinetic": "kinetic energy, eV",
    "raman": "Raman shift, cm⁻¹",
    "wavelength": "wavelength, nm",
}


_PICTURE = QSize(150, 96)
_LOW, _HIGH = 1.0, 20_000.0
_HINTS = {
    "": "The program does not guess it.",
    "binding": "The photon energy may be given too; kinetic energies can then be shown.",
    "kinetic": "Binding energies are the photon energy minus these: give that of the measurement"
    " (Al Kα: 1486.6 eV).",
}


class AxisDialog(QDialog):
    """Asks what the axis of a file is; nothing is chosen beforehand.

    A kinetic axis needs the photon energy, from the file or typed: without one it is no answer.

    Signals
    -------
    answered(ReadOptions, bool)
        And whether it is the answer for all the files that wait.
    """

    answered = Signal(object, bool)

    def __init__(
        self,
        name: str,
        question: str,
        parent: QWidget,
        *,
        photon_energies_ev: Sequence[float | None] = (None,),
        head: str = "",
        preview: Spectrum | None = None,
    ) -> None:
        """Ask for a file; `photon_energies_ev` is what it and those that wait say themselves.

        Its first lines and a small picture of it stand above the question.
        """
        super().__init__(parent)
        self._in_files = photon_energies_ev
        self.for_all = QCheckBox(f"the same for all {len(photon_energies_ev)} files")
        self.for_all.toggled.connect(self._check)
        self.setWindowTitle(f"What is the axis of {name}?")
        self.setMinimumWidth(520)
        options = [("", "choose…"), *((key, _WORDS.get(key, key)) for key in AXES)]
        self.axis = Choice(options, name="Axis")
        self.axis.currentIndexChanged.connect(self._check)
        self.photon = NumberField(
            None, low=_LOW, high=_HIGH, unit="eV", what="photon energy", optional=True
        )
        self.photon.textChanged.connect(self._check)
        self._hint = label("", "muted", wrap=True)
        self._hint.setAlignment(Qt.AlignmentFlag.AlignTop)
        # Room for the longest hint, so that the fields keep theirs when it appears.
        self._hint.setMinimumHeight(2 * self._hint.fontMetrics().lineSpacing() + 2)
        buttons = QDialogButtonBox(
            QDialogButtonBox.StandardButton.Open | QDialogButtonBox.StandardButton.Cancel
        )
        self.take = buttons.button(QDialogButtonBox.StandardButton.Open)
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
        if head or preview is not None:
            layout.addLayout(self._look_of(head, preview))
        layout.addWidget(label(question[:1].upper() + question[1:], wrap=True))
        layout.addLayout(grid)
        layout.addWidget(self._hint)
        layout.addWidget(self.for_all)
        layout.addWidget(buttons)
        self.for_all.setVisible(len(photon_energies_ev) > 1)
        self._check()

    def _look_of(self, head: str, preview: Spectrum | None) -> QHBoxLayout:
        """Return the first lines of the file and a small picture of its first spectrum."""
        self.head = QPlainTextEdit(head)
        self.head.setReadOnly(True)
        self.head.setFont(fixed_font())
        self.head.setFixedHeight(_PICTURE.height())
        self.head.setAccessibleName("First lines of the file")
        self.picture = QLabel()
        if preview is not None:
            self.picture.setPixmap(picture_of_spectrum(preview, _PICTURE))
            low, high = show_number(float(preview.x.min()), 5), show_number(preview.x.max(), 5)
            self.picture.setToolTip(wrapped(f"From {low} to {high}, left to right as recorded."))
        return row(self.picture, self.head, spacing=10)

    def _check(self, *_: object) -> None:
        """Allow an answer once it is whole, and say what is missing."""
        axis = self.axis.value
        self.photon.setEnabled(axis in _HINTS)
        typed = self._typed()
        wrong = typed is None and bool(self.photon.text().strip())
        energies = self._in_files if self.for_all.isChecked() else self._in_files[:1]
        known = sorted({energy for energy in energies if energy is not None})
        words = " or ".join(show_number(energy) for energy in known)
        self.photon.setPlaceholderText(
            f"{words} eV, from the file{'s' if len(energies) > 1 else ''}" if known else ""
        )
        lacks = axis == "kinetic" and typed is None and None in energies
        self.take.setEnabled(bool(axis) and not (self.photon.isEnabled() and (wrong or lacks)))
        self._hint.setText(_HINTS.get(axis, ""))

    def _typed(self) -> float | None:
        """Return the photon energy as it stands in the field, whether or not it was left."""
        value = read_number(self.photon.text())
        return value if value is not None and _LOW <= value <= _HIGH else None

    def _take(self) -> None:
        photon = self._typed() if self.photon.isEnabled() else None
        self.accept()
        self.answered.emit(
            ReadOptions(axis=self.axis.value, photon_energy_ev=photon), self.for_all.isChecked()
        )
