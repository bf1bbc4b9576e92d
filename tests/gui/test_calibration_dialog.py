"""Calibrating as a user does: choose a reference, measure it, give its shift to a sample.

All spectra are synthetic.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QAbstractButton,
    QApplication,
    QComboBox,
    QLabel,
    QLineEdit,
    QWidget,
)
from pytestqt.qtbot import QtBot

from doublet.app.controllers.ticks import library_ticks
from doublet.app.main import make_application
from doublet.app.program import Program
from doublet.app.selection import Selection
from doublet.app.views.calibration_dialog import CalibrationDialog, Measurable, Measurement
from spectra_core.calibration import KINDS, measure_reference
from spectra_core.library import load_library
from spectra_core.model import (
    Background,
    Model,
    Parameter,
    Region,
    add_component,
    add_doublet,
    make_component,
)
from spectra_core.project.project import Project, add_spectra
from spectra_core.runs.simulate import Acquisition, simulate
from spectra_core.spectrum import Calibration, Spectrum, replace_fields

Make = Callable[..., CalibrationDialog]
STEP = {"level": Parameter(300.0), "step": Parameter(0.01)}
NONE = Calibration()
LEVELS = {"s": "S 2p", "c": "C 1s", "p": "P 2p"}


def draw(region: Region) -> Spectrum:
    """One synthetic spectrum with Poisson noise."""
    acquisition = Acquisition(0.1, 0.1, 10, 1486.6, sample="pellet", peak_counts=1e4)
    return simulate(Model((region,)), acquisition, np.random.default_rng(3))[0]


def carbon(center: float) -> Spectrum:
    """Adventitious C 1s: C-C, C-O and O-C=O."""
    region = Region("C 1s", (280.0, 297.0), Background("shirley", parameters=STEP))
    for i, (shift, area, fwhm) in enumerate(
        ((0.0, 3000, 1.25), (1.5, 500, 1.35), (4.1, 300, 1.35))
    ):
        line = make_component(f"c{i}", "voigt", area=area, center=center + shift, fwhm=fwhm)
        region = add_component(region, line)
    return draw(region)


def sulfur(center: float) -> Spectrum:
    """One PS4 doublet."""
    region = Region("S 2p", (157.0, 170.0), Background("shirley", parameters=STEP))
    return draw(add_doublet(region, "PS4", "S 2p", area=900.0, center=center, fwhm=1.2, mix=0.3))


@pytest.fixture
def make(qtbot: QtBot) -> Iterator[Make]:
    """Return what opens the dialog for a sample with S 2p, C 1s and P 2p."""
    make_application()
    window = QWidget()
    qtbot.addWidget(window)
    with qtbot.waitActive(window):
        window.show()

    def open_dialog(
        current: Calibration = NONE, *, unit: str = "eV", levels: str = "scp"
    ) -> CalibrationDialog:
        spectra = [Measurable(key, f"{LEVELS[key]} pellet", LEVELS[key]) for key in levels]
        dialog = CalibrationDialog(spectra, current, unit, window)
        dialog.open()
        with qtbot.waitActive(dialog):
            dialog.activateWindow()
        return dialog

    yield open_dialog


def answer(dialog: CalibrationDialog, **spectra: Spectrum) -> None:
    """Let the core measure what the dialog asks for."""

    def measure(asked: Measurement) -> None:
        dialog.show_reference(
            measure_reference(
                spectra[asked.spectrum],
                reference=asked.line,
                kind=asked.kind,
                assigned=asked.assigned,
                assigned_uncertainty=asked.uncertainty,
            )
        )

    dialog.measure_asked.connect(measure)


def choose(dialog: CalibrationDialog, key: str) -> None:
    """Choose a reference as the list does."""
    dialog.reference.set_value(key)
    dialog.reference.chosen.emit(key)


def scopes(dialog: CalibrationDialog) -> list[str]:
    """Return what the calibration can be given to, as it is read."""
    return [button.text() for button in dialog.scope.buttons()]


def give_to(dialog: CalibrationDialog, text: str) -> None:
    """Click what the calibration is given to."""
    next(button for button in dialog.scope.buttons() if button.text() == text).click()


def type_into(qtbot: QtBot, field: QLineEdit, text: str) -> None:
    """Type a number and leave the field with Tab, as a user does."""
    field.window().activateWindow()
    field.setFocus()
    qtbot.waitUntil(field.hasFocus)
    field.selectAll()
    qtbot.keyClicks(field, text)
    qtbot.keyClick(field, Qt.Key.Key_Tab)


def test_enter_measures_and_enter_again_calibrates(qtbot: QtBot, make: Make) -> None:
    dialog = make()
    answer(dialog, c=carbon(285.1))
    assert dialog.spectrum.value == "c"
    assert not dialog.apply.isEnabled()
    assert "Measure" in dialog.apply.toolTip()
    qtbot.keyClick(dialog, Qt.Key.Key_Return)
    assert dialog.isVisible()
    assert dialog.found.text().startswith("found at 285.1")
    with qtbot.waitSignal(dialog.calibration_made) as made:
        qtbot.keyClick(dialog, Qt.Key.Key_Return)
    calibration, scope = made.args  # type: ignore[misc]
    assert calibration.shift == pytest.approx(284.8 - 285.1, abs=0.03)
    assert calibration.uncertainty == pytest.approx(KINDS["adventitious"].uncertainty_ev, abs=0.02)
    assert calibration.reference == "C 1s (adventitious)"
    assert scope == "sample"


def test_nothing_is_crushed_after_measuring(qtbot: QtBot, make: Make) -> None:
    dialog = make()
    answer(dialog, c=carbon(285.1))
    qtbot.keyClick(dialog, Qt.Key.Key_Return)
    QApplication.processEvents()
    assert dialog.found.text()
    seen = [w for w in dialog.findChildren(QWidget) if w.isVisibleTo(dialog)]
    for field in (w for w in seen if isinstance(w, QLineEdit | QComboBox | QAbstractButton)):
        assert field.height() >= field.minimumSizeHint().height(), field.accessibleName()
    labels = [w for w in seen if isinstance(w, QLabel) and w.text()]
    for one in labels:
        needs = one.heightForWidth(one.width()) if one.wordWrap() else one.fontMetrics().height()
        assert one.height() >= needs, one.text()


def test_the_other_kind_of_carbon_is_said_with_what_it_would_change(
    qtbot: QtBot, make: Make
) -> None:
    dialog = make()
    answer(dialog, c=carbon(285.1))
    choose(dialog, "adventitious")
    assert dialog.assigned.value == 284.8
    qtbot.mouseClick(dialog.measure, Qt.MouseButton.LeftButton)
    assert "Taken as carbon black the shift would be" in dialog.remark.text()


def test_every_line_of_the_standards_can_be_chosen_with_its_uncertainty(make: Make) -> None:
    dialog = make()
    for one in load_library().standards.values():
        if one.technique == "XPS" and one.unit == "eV" and one.line != "C 1s":
            choose(dialog, one.id)
            assert dialog.assigned.value == one.value
            assert dialog.assigned_error.value == one.uncertainty
            assert ("unconfirmed" in dialog.reference.currentText()) == (
                one.status == "unconfirmed"
            )


def test_the_uncertainty_of_a_standard_is_part_of_that_of_the_shift(
    qtbot: QtBot, make: Make
) -> None:
    dialog = make()
    answer(dialog, s=sulfur(161.9))
    choose(dialog, "s2p-ps4")
    assert dialog.spectrum.value == "s"
    qtbot.mouseClick(dialog.measure, Qt.MouseButton.LeftButton)
    made = dialog.calibration()
    assert made.shift == pytest.approx(161.4 - 161.9, abs=0.02)
    assert made.uncertainty is not None and made.uncertainty >= 0.2


def test_a_line_that_no_spectrum_holds_cannot_be_measured(make: Make) -> None:
    dialog = make(levels="sp")
    assert not dialog.measure.isEnabled()
    assert "No spectrum of this sample is of C 1s" in dialog.remark.text()


def test_another_line_needs_its_energy(qtbot: QtBot, make: Make) -> None:
    dialog = make()
    choose(dialog, "line")
    dialog.spectrum.set_value("p")
    dialog.spectrum.chosen.emit("p")
    assert "Type the energy that P 2p is given" in dialog.remark.text()
    type_into(qtbot, dialog.assigned, "132,0")
    with qtbot.waitSignal(dialog.measure_asked) as asked:
        qtbot.mouseClick(dialog.measure, Qt.MouseButton.LeftButton)
    assert asked.args == [Measurement("p", "P 2p", None, 132.0, None)]


def test_a_typed_shift_is_said_to_be_by_hand(qtbot: QtBot, make: Make) -> None:
    dialog = make()
    choose(dialog, "shift")
    assert not dialog.measure.isEnabled()
    type_into(qtbot, dialog.shift, "-0.25")
    type_into(qtbot, dialog.error, "0.1")
    give_to(dialog, "all spectra of the project")
    with qtbot.waitSignal(dialog.calibration_made) as made:
        qtbot.mouseClick(dialog.apply, Qt.MouseButton.LeftButton)
    assert made.args == [Calibration(-0.25, "by hand", uncertainty=0.1), "all"]


def test_the_calibration_there_is_can_be_handed_on_as_it_is(make: Make) -> None:
    now = Calibration(0.31, "C 1s (adventitious)", 284.8, 284.49, 0.17)
    dialog = make(now)
    assert "now: +0.31 eV, C 1s (adventitious)" in dialog.now.text()
    choose(dialog, "shift")
    assert dialog.calibration() == now


def test_another_reference_forgets_what_was_measured(qtbot: QtBot, make: Make) -> None:
    dialog = make()
    answer(dialog, c=carbon(285.1))
    qtbot.mouseClick(dialog.measure, Qt.MouseButton.LeftButton)
    assert dialog.apply.isEnabled()
    choose(dialog, "carbon black")
    assert not dialog.apply.isEnabled()
    assert dialog.found.text() == ""
    assert dialog.shift.value == 0.0


def test_a_late_answer_to_an_earlier_question_is_not_taken(qtbot: QtBot, make: Make) -> None:
    dialog = make()
    qtbot.mouseClick(dialog.measure, Qt.MouseButton.LeftButton)
    choose(dialog, "carbon black")
    dialog.show_reference(measure_reference(carbon(285.1)))
    assert not dialog.apply.isEnabled()


def test_a_reference_that_is_not_there_is_explained(qtbot: QtBot, make: Make) -> None:
    dialog = make()
    qtbot.mouseClick(dialog.measure, Qt.MouseButton.LeftButton)
    dialog.show_problem("no C 1s line stands out.")
    assert dialog.remark.text() == "no C 1s line stands out."
    assert dialog.isVisible() and not dialog.apply.isEnabled()


def test_a_raman_axis_is_shifted_by_hand_alone(make: Make) -> None:
    dialog = make(unit="cm-1")
    assert dialog.reference.count() == 1
    assert dialog.apply.isEnabled()


def test_escape_changes_nothing(qtbot: QtBot, make: Make) -> None:
    dialog = make()
    with qtbot.assertNotEmitted(dialog.calibration_made):
        qtbot.keyClick(dialog, Qt.Key.Key_Escape)
    assert not dialog.isVisible()


def test_in_the_program_a_measured_shift_reaches_the_sample_as_one_step(
    qtbot: QtBot, program: Program, settle: Callable[[Program], None]
) -> None:
    project = add_spectra(Project(), [carbon(285.1), sulfur(161.7)])
    program.desk.document.open(project, path=None)
    settle(program)
    keys = list(project.spectra)
    program.desk.document.select(Selection((keys[1],)))
    steps = program.desk.document.stack.count()
    program.crew.spectra_dialogs.calibration()
    dialog = program.crew.dialogs.current
    assert isinstance(dialog, CalibrationDialog)
    qtbot.mouseClick(dialog.measure, Qt.MouseButton.LeftButton)
    settle(program)
    qtbot.waitUntil(dialog.apply.isEnabled, timeout=20_000)
    qtbot.mouseClick(dialog.apply, Qt.MouseButton.LeftButton)
    assert program.desk.document.stack.count() == steps + 1
    for key in keys:
        shift = program.desk.document.project.spectrum(key).calibration.shift
        assert shift == pytest.approx(-0.3, abs=0.03)
    program.desk.document.stack.undo()
    assert program.desk.document.project is project


@pytest.mark.parametrize("name", ["c1s", "C_1s", "XPS C1s_2", "C1s Scan"])
def test_the_carbon_of_the_sample_and_its_ticks_are_found_however_it_is_called(
    program: Program, settle: Callable[[Program], None], name: str
) -> None:
    called = carbon(285.1)
    meta = replace(called.meta, region=name, species="", transition="")
    spectra = [sulfur(161.7), replace_fields(called, meta=meta)]
    program.desk.document.open(add_spectra(Project(), spectra), path=None)
    settle(program)
    program.crew.spectra_dialogs.calibration()
    dialog = program.crew.dialogs.current
    assert isinstance(dialog, CalibrationDialog)
    assert dialog.spectrum.value == list(program.desk.document.project.spectra)[1]
    assert library_ticks(spectra[1]) == library_ticks(called) != ()
    dialog.close()


def test_the_spectra_chosen_in_the_tree_are_calibrated_together_as_one_step(
    qtbot: QtBot, program: Program, settle: Callable[[Program], None]
) -> None:
    project = add_spectra(Project(), [carbon(285.1), sulfur(161.7), sulfur(161.9)])
    program.desk.document.open(project, path=None)
    settle(program)
    first, left_out, other = project.spectra
    program.crew.spectra.choose((other, first))
    steps = program.desk.document.stack.count()
    program.crew.spectra_dialogs.calibration()
    dialog = program.crew.dialogs.current
    assert isinstance(dialog, CalibrationDialog)
    assert dialog.scope.checkedButton().text() == "the 2 chosen spectra"
    choose(dialog, "shift")
    type_into(qtbot, dialog.shift, "-0.25")
    qtbot.mouseClick(dialog.apply, Qt.MouseButton.LeftButton)
    spectra = program.desk.document.project.spectra
    shifts = {key: spectra[key].calibration.shift for key in project.spectra}
    assert shifts == {first: -0.25, left_out: 0.0, other: -0.25}
    assert program.desk.document.stack.count() == steps + 1
    program.desk.document.stack.undo()
    assert program.desk.document.project is project


def test_one_chosen_spectrum_is_not_offered_twice(make: Make) -> None:
    dialog = make()
    assert dialog.scope.checkedButton().text() == "this sample, 3 spectra"
    assert scopes(dialog) == [
        "this spectrum",
        "this sample, 3 spectra",
        "all spectra of the project",
    ]
