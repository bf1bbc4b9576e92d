"""Calibration of the energy scale: a measured reference line, or a shift that is known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QEvent, Signal
from PySide6.QtWidgets import (
    QButtonGroup,
    QDialog,
    QDialogButtonBox,
    QGridLayout,
    QRadioButton,
    QVBoxLayout,
    QWidget,
)

from spectra_core.calibration import KINDS, ReferenceLine
from spectra_core.core_levels import level_in
from spectra_core.library import load_library
from spectra_core.library.records import UNCONFIRMED, Standard
from spectra_core.spectrum import Calibration

from ..formula import formula
from ..widgets import (
    Card,
    Choice,
    NumberField,
    heading,
    in_locale,
    label,
    plain_button,
    row,
    wrapped,
)

_CARBON = "C 1s"
_NO_UNCERTAINTY = "without an uncertainty typed here its energy counts as exact"
_SCOPES = ("spectrum", "chosen", "sample", "all")


@dataclass(frozen=True)
class Measurable:
    """A spectrum that a reference can be measured on."""

    id: str
    text: str
    level: str


@dataclass(frozen=True)
class Measurement:
    """A reference line that is to be measured.

    Attributes
    ----------
    spectrum : str
        Id of the spectrum.
    line : str
        ``"C 1s"``, ``"Au 4f7/2"``.
    kind : str or None
        Of carbon; None: told apart by its shape, or not carbon.
    assigned, uncertainty : float or None
        Energy that the line is given and its standard uncertainty, eV; None: the kind's.
    """

    spectrum: str
    line: str
    kind: str | None = None
    assigned: float | None = None
    uncertainty: float | None = None


@dataclass(frozen=True)
class Reference:
    """A row of the choice of references."""

    text: str
    line: str = ""
    kind: str | None = None
    assigned: float | None = None
    uncertainty: float | None = None
    note: str = ""


def references(standards: Sequence[Standard]) -> Mapping[str, Reference]:
    """Return what a binding energy scale can be set on, by key."""
    words = "C 1s, the kind of carbon told apart by its shape"
    rows = {"carbon": Reference(words, _CARBON)}
    for kind in KINDS.values():
        name = "adventitious carbon" if kind.name == "adventitious" else kind.name
        rows[kind.name] = Reference(
            f"C 1s, {name}, {kind.assigned_ev:g} eV",
            _CARBON,
            kind.name,
            kind.assigned_ev,
            kind.uncertainty_ev,
            kind.source,
        )
    for one in standards:
        # The lines of carbon are the kinds above, which are fitted with models of their own.
        if one.technique != "XPS" or one.unit != "eV" or one.line == _CARBON:
            continue
        doubt = f", {UNCONFIRMED}" if one.status == UNCONFIRMED else ""
        note = [one.use, one.note, "" if one.uncertainty is not None else _NO_UNCERTAINTY]
        rows[one.id] = Reference(
            f"{one.line} of {formula(one.material)}, {one.value:g} eV{doubt}",
            one.line,
            None,
            one.value,
            one.uncertainty,
            "; ".join(text for text in note if text),
        )
    rows["line"] = Reference("another line, its energy typed below", note=_NO_UNCERTAINTY)
    rows["shift"] = Reference("no line: a shift that is known")
    return rows


class CalibrationDialog(QDialog):
    """Asks for a shift and for the spectra that get it.

    Signals
    -------
    measure_asked(Measurement)
        Answered by `show_reference` or `show_problem`.
    calibration_made(Calibration, scope)
        Scope: ``"spectrum"``, ``"chosen"``, ``"sample"`` or ``"all"``.

    Parameters
    ----------
    spectra : sequence of Measurable
        Those of the sample.
    current : Calibration
        Of the shown spectrum.
    unit : str
        Of its axis.
    parent : QWidget
    chosen : int
        Number of spectra chosen in the tree; more than one can be calibrated together.
    """

    measure_asked = Signal(object)
    calibration_made = Signal(object, str)

    def __init__(
        self,
        spectra: Sequence[Measurable],
        current: Calibration,
        unit: str,
        parent: QWidget,
        *,
        chosen: int = 1,
    ) -> None:
        super().__init__(parent)
        self._spectra = {one.id: one for one in spectra}
        self._references = references(tuple(load_library().standards.values()))
        if unit != "eV":
            self._references = {"shift": self._references["shift"]}
        self._current = current
        self._made: Calibration | None = None
        self._waiting = False
        self.setWindowTitle("Calibrate the energy scale")
        self.setMinimumWidth(560)
        self._make_fields(unit)
        self.scope = QButtonGroup(self)
        self._make_buttons()
        layout = QVBoxLayout(self)
        layout.setSpacing(10)
        layout.addWidget(heading("Reference"))
        layout.addLayout(self._reference_grid())
        layout.addLayout(row(self.measure, self.found, 1, spacing=12))
        layout.addWidget(self.remark)
        layout.addWidget(heading("Shift"))
        layout.addLayout(row(self.shift, label("±", "muted"), self.error, self.now, 1))
        layout.addWidget(self._rigid_card)
        layout.addWidget(heading("Given to"))
        layout.addLayout(self._scope_row(chosen))
        layout.addWidget(label("Recorded energies stay as they are, in file and project.", "faint"))
        layout.addWidget(self.buttons)
        self._reference_chosen()

    # -----------------------------------------------------------------------------
    # Parts

    def event(self, event: QEvent) -> bool:
        """Be as high as what is shown needs: what was measured is told in several lines."""
        lays_out = event.type() == QEvent.Type.LayoutRequest
        done = super().event(event)  # which may have been the end of this dialog
        layout = self.layout() if lays_out else None
        if layout is not None:
            self.setMinimumHeight(max(layout.totalHeightForWidth(self.width()), 0))
        return done

    def _make_fields(self, unit: str) -> None:
        rows = [(key, in_locale(one.text)) for key, one in self._references.items()]
        self.reference = Choice(rows, name="Reference")
        self.reference.chosen.connect(self._reference_chosen)
        spectra = [(one.id, formula(one.text)) for one in self._spectra.values()]
        self.spectrum = Choice(spectra, name="Spectrum that the reference is measured on")
        self.spectrum.chosen.connect(self._changed)
        self.assigned = NumberField(
            None, low=1.0, high=5000.0, unit="eV", what="energy given to the line", optional=True
        )
        self.assigned_error = NumberField(
            None, low=0.0, high=50.0, unit="eV", what="uncertainty of that energy", optional=True
        )
        for field in (self.assigned, self.assigned_error):
            field.committed.connect(self._changed)
            field.cleared.connect(self._changed)
        self.measure = plain_button("Measure", "Find the line and the shift that follows.")
        self.measure.clicked.connect(self._ask)
        self.found = label("", "subtitle")
        self.remark = label("", "muted", wrap=True)
        self.shift = NumberField(
            self._current.shift, what="shift", unit=unit, low=-200.0, high=200.0
        )
        self.error = NumberField(
            self._current.uncertainty,
            what="uncertainty of the shift",
            unit=unit,
            low=0.0,
            high=50.0,
            optional=True,
        )
        self.shift.committed.connect(self._typed)
        self.error.committed.connect(self._check)
        self.now = label(in_locale(f"now: {self._now(unit)}"), "muted")
        self._rigid_card = Card()
        self._rigid = label("", wrap=True)
        self._rigid_card.body.addWidget(heading("Rigidity test of the sample"))
        self._rigid_card.body.addWidget(self._rigid)
        self._rigid_card.hide()

    def _now(self, unit: str) -> str:
        now = self._current
        if now == Calibration():
            return "none"
        return f"{now.shift:+.2f} {unit}{f', {now.reference}' if now.reference else ''}"

    def _reference_grid(self) -> QGridLayout:
        grid = QGridLayout()
        grid.setColumnStretch(1, 1)
        grid.setVerticalSpacing(8)
        for line, text in enumerate(("reference", "measured on", "is given")):
            grid.addWidget(label(text, "muted"), line, 0)
        grid.addWidget(self.reference, 0, 1)
        grid.addWidget(self.spectrum, 1, 1)
        grid.addLayout(row(self.assigned, label("±", "muted"), self.assigned_error, 1), 2, 1)
        return grid

    def _make_buttons(self) -> None:
        self.buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
        self.apply = self.buttons.addButton("Calibrate", QDialogButtonBox.ButtonRole.AcceptRole)
        self.buttons.accepted.connect(self._take)
        self.buttons.rejected.connect(self.reject)

    def _scope_row(self, chosen: int) -> QGridLayout:
        count = len(self._spectra)
        texts = {
            "spectrum": "this spectrum",
            "chosen": f"the {chosen} chosen spectra",
            "sample": f"this sample, {count} spectra" if count > 1 else "this sample",
            "all": "all spectra of the project",
        }
        # Several were chosen by hand, so they are what is meant.
        first = "chosen" if chosen > 1 else "sample"
        grid = QGridLayout()
        grid.setHorizontalSpacing(14)
        for number, scope in enumerate(_SCOPES):
            if scope == "chosen" and chosen < 2:
                continue
            button = QRadioButton(texts[scope])
            button.setChecked(scope == first)
            self.scope.addButton(button, number)
            grid.addWidget(button, number // 2, number % 2)
        grid.setColumnStretch(2, 1)
        return grid

    # -----------------------------------------------------------------------------
    # What is answered from outside

    def show_reference(self, line: ReferenceLine) -> None:
        """Show what was measured and take its shift over."""
        if not self._waiting:
            return  # another reference has been chosen meanwhile
        self._waiting = False
        self._made = line.calibration
        self.found.setText(
            in_locale(f"found at {line.found_ev:.2f} ± {line.found_uncertainty_ev:.2f} eV")
        )
        self.remark.setText(in_locale(line.message))
        self.shift.set_value(line.calibration.shift, in_locale(f"{line.calibration.shift:.3f}"))
        self.error.set_value(line.calibration.uncertainty, _short(line.calibration.uncertainty))
        self._check()

    def show_problem(self, text: str) -> None:
        """Say why the reference cannot be measured."""
        self._waiting = False
        self.found.setText("")
        self.remark.setText(text)

    def show_rigidity(self, text: str) -> None:
        """Show what the rigidity test of the sample says."""
        self._rigid.setText(in_locale(formula(text)))
        self._rigid_card.setVisible(bool(text))

    # -----------------------------------------------------------------------------
    # What a user does

    def _reference_chosen(self, *_: object) -> None:
        chosen = self._references[self.reference.value]
        self.assigned.set_value(chosen.assigned)
        self.assigned_error.set_value(chosen.uncertainty, _short(chosen.uncertainty))
        self.assigned.setPlaceholderText("needed" if not chosen.line else "by its kind")
        if chosen.line:
            wanted = level_in(chosen.line)
            self.spectrum.set_value(
                next((k for k, s in self._spectra.items() if s.level == wanted), "")
            )
        elif self.spectrum.currentIndex() < 0 and self._spectra:
            self.spectrum.setCurrentIndex(0)
        self._changed()

    def _changed(self, *_: object) -> None:
        """Forget what was measured: it belongs to another question."""
        self._made, self._waiting = None, False
        self.shift.set_value(self._current.shift)
        self.error.set_value(self._current.uncertainty, _short(self._current.uncertainty))
        self.found.setText("")
        text = self._why_not() or self._references[self.reference.value].note
        self.remark.setText(in_locale(formula(text)))
        self._check()

    def _why_not(self) -> str:
        """Return why the reference cannot be measured; empty if it can."""
        chosen = self._references[self.reference.value]
        if self._is_typed():
            return ""
        one = self._spectra.get(self.spectrum.value)
        if one is None:
            wanted = level_in(chosen.line) if chosen.line else "a core level"
            return f"No spectrum of this sample is of {wanted}: choose one that holds the line."
        if not chosen.line and not one.level:
            return "The name of this spectrum says no core level, such as S 2p: rename it first."
        if not chosen.line and self.assigned.value is None:
            return f"Type the energy that {one.level} is given."
        return ""

    def _is_typed(self) -> bool:
        return self.reference.value == "shift"

    def _check(self, *_: object) -> None:
        typed, why_not = self._is_typed(), self._why_not()
        for widget in (self.spectrum, self.assigned, self.assigned_error):
            widget.setEnabled(not typed)
        self.measure.setEnabled(not typed and not why_not)
        self.measure.setToolTip(wrapped(why_not))
        ready = typed or self._made is not None
        self.apply.setEnabled(ready)
        self.apply.setToolTip("" if ready else "Measure the reference, or type a shift.")
        # Enter measures first and calibrates then.
        (self.apply if ready else self.measure).setDefault(True)

    def _ask(self) -> None:
        for field in (self.assigned, self.assigned_error):
            field.clearFocus()  # takes over what was typed, where a click moves no focus
        chosen, one = self._references[self.reference.value], self._spectra[self.spectrum.value]
        self._waiting = True
        self.found.setText("measuring…")
        self.remark.setText("")
        energy: tuple[float | None, float | None]
        energy = self.assigned.value, self.assigned_error.value
        if chosen.kind and energy == (chosen.assigned, chosen.uncertainty):
            energy = None, None  # so that the answer also says what the other kind would give
        self.measure_asked.emit(Measurement(one.id, chosen.line or one.level, chosen.kind, *energy))

    def _typed(self, shift: float) -> None:
        self._waiting = False
        self._made = Calibration(shift, "by hand", uncertainty=self.error.value)
        self.found.setText("")
        self.remark.setText("A shift typed by hand: the report says so.")
        self._check()

    def calibration(self) -> Calibration:
        """Return the calibration as it stands, with the uncertainty that is shown."""
        made = self._made or self._current
        return Calibration(
            made.shift, made.reference, made.assigned, made.measured, self.error.value
        )

    def _take(self) -> None:
        for field in (self.shift, self.error):
            field.clearFocus()
        self.accept()
        self.calibration_made.emit(self.calibration(), _SCOPES[self.scope.checkedId()])


def _short(value: float | None) -> str:
    return "" if value is None else in_locale(f"{value:.2g}")
