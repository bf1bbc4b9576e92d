"""Calibration of a Raman axis by a standard that was measured with it."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QGridLayout,
    QHeaderView,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from spectra_core.raman.axis import DEGREES, AxisCalibration
from spectra_core.spectrum import Calibration

from ..formula import formula
from ..widgets import Choice, NumberField, in_locale, label, plain_button, row

AUTO = "auto"


class RamanCalibrationDialog(QDialog):
    """Asks for a standard, shows its lines, and gives the calibration to spectra.

    Signals
    -------
    measure_asked(str, str, str)
        Material, id of its spectrum, degree (`AUTO` or a number).
    calibration_made(Calibration, str)
        With its scope: ``"map"``, ``"spectrum"``, ``"chosen"`` or ``"all"``.
    """

    measure_asked = Signal(str, str, str)
    calibration_made = Signal(object, str)

    def __init__(
        self,
        materials: Sequence[str],
        spectra: Sequence[tuple[str, str]],
        scopes: Sequence[tuple[str, str]],
        now: Calibration,
        parent: QWidget,
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle("Calibrate the Raman axis")
        self.resize(560, 460)
        self._found: Calibration | None = None
        self.material = Choice([(m, formula(m)) for m in materials], name="Standard")
        self.spectrum = Choice(spectra, name="Spectrum of the standard")
        self.spectrum.setMinimumContentsLength(30)
        degrees = [(AUTO, "as the lines support"), *((str(k), w) for k, w in DEGREES.items())]
        self.degree = Choice(degrees, name="What is added")
        self.scope = Choice(scopes, name="For")
        self.shift = NumberField(now.shift, unit="cm-1", what="shift")
        self.measure = plain_button("Find its lines", "Each line by a small fit.")
        self.measure.clicked.connect(self._ask)
        self.shift.committed.connect(self._typed)
        self.words = label(_now_words(now), wrap=True, selectable=True)
        self.lines = QTableWidget(0, 4)
        self.lines.setHorizontalHeaderLabels(["known, cm⁻¹", "found", "left", "used"])
        self.lines.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        self.lines.verticalHeader().hide()
        self.lines.setAccessibleName("Lines of the standard")
        self._lay_out()

    def _lay_out(self) -> None:
        grid = QGridLayout()
        for line, (text, field) in enumerate(
            (
                ("standard", self.material),
                ("its spectrum", self.spectrum),
                ("what is added", self.degree),
            )
        ):
            grid.addWidget(label(text, "muted"), line, 0)
            grid.addWidget(field, line, 1)
        grid.addWidget(self.measure, 2, 2)
        grid.setColumnStretch(1, 1)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
        self.apply = buttons.addButton("Calibrate", QDialogButtonBox.ButtonRole.AcceptRole)
        self.apply.setEnabled(False)
        self.back = buttons.addButton("As recorded", QDialogButtonBox.ButtonRole.DestructiveRole)
        self.back.clicked.connect(self._take_back)
        buttons.accepted.connect(self._take)
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.setSpacing(10)
        layout.addLayout(grid)
        layout.addWidget(self.lines, 1)
        layout.addLayout(row(label("or a shift that is known", "muted"), self.shift, 1))
        layout.addWidget(self.words)
        layout.addLayout(row(label("for", "muted"), self.scope, 1))
        layout.addWidget(buttons)

    def _ask(self) -> None:
        self.measure.setEnabled(False)
        self.words.setText("Looking for lines…")
        self.measure_asked.emit(self.material.value, self.spectrum.value, self.degree.value)

    def show_found(self, found: AxisCalibration) -> None:
        """Show what a standard says of the axis."""
        self.measure.setEnabled(True)
        self._found = found.calibration
        self.apply.setEnabled(True)
        self.words.setText(found.message)
        self.shift.set_value(found.calibration.shift)
        self.lines.setRowCount(len(found.lines))
        for at, line in enumerate(found.lines):
            cells = (
                f"{line.expected:.2f}",
                f"{line.found:.2f}",
                f"{line.residual:+.2f}",
                "yes" if line.used else "no",
            )
            for column, text in enumerate(cells):
                item = QTableWidgetItem(in_locale(text))
                item.setFlags(Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable)
                self.lines.setItem(at, column, item)

    def show_problem(self, text: str) -> None:
        """Say why a standard cannot be used."""
        self.measure.setEnabled(True)
        self.words.setText(text)

    def _typed(self, value: float) -> None:
        self._found = Calibration(value, "typed")
        self.apply.setEnabled(True)
        self.words.setText(in_locale(f"{value:+g} cm⁻¹ will be added to the recorded axis."))

    def _take(self) -> None:
        self.accept()
        if self._found is not None:
            self.calibration_made.emit(self._found, self.scope.value)

    def _take_back(self) -> None:
        self.accept()
        self.calibration_made.emit(Calibration(), self.scope.value)


def _now_words(now: Calibration) -> str:
    if not now.is_applied:
        return "The axis is as recorded."
    return f"Now: {now.formula('cm-1')}{f' ({now.reference})' if now.reference else ''}."
