"""Calibration of the energy scale: a measured reference line, or a shift that is known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import Signal
from PySide6.QtWidgets import (
    QButtonGroup,
    QDialog,
    QDialogButtonBox,
    QGridLayout,
    QRadioButton,
    QVBoxLayout,
    QWidget,
)

from spectra_core.calibration import ReferenceLine
from spectra_core.spectrum import Calibration

from ..widgets import Choice, NumberField, heading, in_locale, label, plain_button, row

_KINDS = (
    ("", "C 1s, the kind told apart by its shape"),
    ("adventitious", "C 1s, adventitious carbon"),
    ("carbon black", "C 1s, carbon black"),
    ("line", "another line"),
)


@dataclass(frozen=True)
class Measurable:
    """A spectrum that a reference can be measured on."""

    id: str
    text: str
    level: str


class CalibrationDialog(QDialog):
    """Asks for a shift and for the spectra that get it.

    Signals
    -------
    measure_asked(spectrum id, level, kind, assigned or None)
    calibration_made(Calibration, scope)
        Scope: ``"spectrum"``, ``"sample"`` or ``"all"``.
    """

    measure_asked = Signal(str, str, str, object)
    calibration_made = Signal(object, str)

    def __init__(
        self, spectra: Sequence[Measurable], current: Calibration, unit: str, parent: QWidget
    ) -> None:
        super().__init__(parent)
        self._spectra = {one.id: one for one in spectra}
        self._measured: Calibration | None = None
        self._unit = unit
        self.setWindowTitle("Calibrate the energy scale")
        self.setMinimumWidth(520)
        self.kind = Choice(_KINDS, name="Reference")
        self.kind.chosen.connect(lambda _: self._kind_chosen())
        self.spectrum = Choice([(s.id, s.text) for s in spectra], name="Spectrum of the reference")
        carbon = next((s.id for s in spectra if s.level == "C 1s"), "")
        if carbon:
            self.spectrum.set_value(carbon)
        self.assigned = NumberField(
            None, low=1.0, high=5000.0, unit="eV", what="assigned energy", optional=True
        )
        self.measure = plain_button("Measure")
        self.measure.clicked.connect(self._ask)
        self._found = label("", wrap=True)
        self.shift = NumberField(current.shift, what="shift", unit=unit, low=-200, high=200)
        self.shift.committed.connect(lambda _: self._typed())
        self.error = NumberField(
            current.uncertainty, what="uncertainty of the shift", unit=unit, low=0.0, high=50.0,
            optional=True,
        )  # fmt: skip
        self._rigid = label("", "muted", wrap=True)
        self.scope = QButtonGroup(self)
        scopes = []
        for number, text in enumerate(("this spectrum", "this sample", "all spectra")):
            button = QRadioButton(text)
            button.setChecked(number == 1)
            self.scope.addButton(button, number)
            scopes.append(button)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
        apply = buttons.addButton("Calibrate", QDialogButtonBox.ButtonRole.AcceptRole)
        apply.setDefault(True)
        buttons.accepted.connect(self._take)
        buttons.rejected.connect(self.reject)
        grid = QGridLayout()
        grid.setColumnStretch(1, 1)
        grid.setVerticalSpacing(8)
        for line, (text, widget) in enumerate((
            ("reference", self.kind), ("measured on", self.spectrum),
            ("is given", self.assigned),
        )):  # fmt: skip
            grid.addWidget(label(text, "muted"), line, 0)
            grid.addWidget(widget, line, 1)
        layout = QVBoxLayout(self)
        layout.setSpacing(10)
        layout.addWidget(heading("Reference"))
        layout.addLayout(grid)
        layout.addLayout(row(self.measure, 1))
        layout.addWidget(self._found)
        layout.addWidget(heading("Shift"))
        layout.addLayout(row(self.shift, label("±", "muted"), self.error, 1))
        layout.addWidget(self._rigid)
        layout.addWidget(label("Recorded energies stay as they are, in file and project.", "faint"))
        layout.addLayout(row(*scopes, 1, spacing=14))
        layout.addWidget(buttons)
        self._kind_chosen()

    def show_reference(self, line: ReferenceLine) -> None:
        """Show what was measured and take its shift over."""
        self._measured = line.calibration
        self._found.setText(in_locale(line.message))
        self.shift.set_value(line.calibration.shift)
        self.error.set_value(line.calibration.uncertainty)

    def show_rigidity(self, text: str) -> None:
        """Show what the rigidity test of the sample says."""
        self._rigid.setText(in_locale(text))

    def _kind_chosen(self) -> None:
        other = self.kind.value == "line"
        self.assigned.setEnabled(True)
        self.assigned.setPlaceholderText("needed" if other else "as the kind of carbon says")
        self.measure.setEnabled(bool(self._spectra))

    def _ask(self) -> None:
        self.assigned.clearFocus()
        one = self._spectra.get(self.spectrum.value)
        if one is None:
            return
        kind = self.kind.value
        level = one.level or "C 1s" if kind == "line" else "C 1s"
        if kind == "line" and self.assigned.value is None:
            self._found.setText(f"Which energy is {level} given? Type it above.")
            return
        self._found.setText("Measuring…")
        self.measure_asked.emit(one.id, level, "" if kind == "line" else kind, self.assigned.value)

    def show_problem(self, text: str) -> None:
        """Say why the reference cannot be measured."""
        self._found.setText(text)

    def _typed(self) -> None:
        self._measured = None
        self._found.setText("A shift typed by hand: the report says so.")

    def calibration(self) -> Calibration:
        """Return the calibration as it stands."""
        shift, error = self.shift.value or 0.0, self.error.value
        if self._measured is not None and self._measured.shift == shift:
            return Calibration(
                shift, self._measured.reference, self._measured.assigned,
                self._measured.measured, error,
            )  # fmt: skip
        return Calibration(shift, "by hand" if shift else "", uncertainty=error)

    def _take(self) -> None:
        for field in (self.shift, self.error):
            field.clearFocus()
        scope = ("spectrum", "sample", "all")[self.scope.checkedId()]
        self.accept()
        self.calibration_made.emit(self.calibration(), scope)
