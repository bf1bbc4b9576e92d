"""Dialogs about spectra: names, axes, calibration, and whether one shift explains them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from PySide6.QtWidgets import QFileDialog

from spectra_core.calibration import ReferenceLine
from spectra_core.core_levels import level_of
from spectra_core.editing.edits import members, owner_label, owners
from spectra_core.library import load_library
from spectra_core.referee.residuals import level_of_component
from spectra_core.referee.rigidity import Level, rigidity_test
from spectra_core.spectrum import Calibration, sample_key

from ..desk import Desk
from ..views.axis_dialog import AxisDialog
from ..views.calibration_dialog import CalibrationDialog, Measurable, Measurement
from ..views.intake_dialog import IntakeDialog
from ..views.metadata_dialog import MetadataDialog
from ..views.pages import TextPage
from ..views.text_dialog import TextDialog
from .base import Controller
from .dialogs import Dialogs
from .files import Files, Unclear, Waiting
from .spectra import SpectraControl


class SpectraDialogs(Controller):
    """Asks, and hands the answers to what edits and reads."""

    def __init__(self, desk: Desk, dialogs: Dialogs, spectra: SpectraControl, files: Files) -> None:
        super().__init__(desk)
        self._dialogs, self._spectra, self._files = dialogs, spectra, files

    def rename(self, key: str | None = None) -> None:
        """Ask for another region name of a spectrum; None: of the shown one."""
        key = key or self.document.selection.spectrum
        if key is not None:
            old = self.document.project.spectrum(key).meta.region
            dialog = TextDialog(
                "Rename the spectrum", "Region, such as S 2p:", self._dialogs.window, text=old
            )
            dialog.answered.connect(partial(self._spectra.rename_region, key))
            self._dialogs.show(dialog)

    def metadata(self, key: str | None = None) -> None:
        """Show everything that the file says of a spectrum; None: of the shown one."""
        key = key or self.document.selection.spectrum
        if key is not None:
            spectrum = self.document.project.spectrum(key)
            self._dialogs.show(MetadataDialog(spectrum, self._dialogs.window), beside=True)

    def intake(self, waiting: Waiting) -> None:
        """Show what was guessed of several spectra, for one confirmation."""
        dialog = IntakeDialog(waiting.rows, waiting.heads, self._dialogs.window)
        dialog.confirmed.connect(self._files.take_confirmed)
        self._dialogs.show(dialog)

    def recipe(self) -> None:
        """Ask for the file of a recipe to be put on spectra."""
        dialog = QFileDialog(self._dialogs.window, "Load a recipe")
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.setDirectory(self.desk.last_folder)
        dialog.setNameFilters(["Doublet recipe (*.toml)", "All files (*)"])
        dialog.fileSelected.connect(self._spectra.add_recipe)
        self._dialogs.show(dialog)

    def rename_sample(self, key: str) -> None:
        """Ask for another name of a sample."""
        old = self.document.project.spectrum(key).meta.sample
        dialog = TextDialog("Rename the sample", "Sample:", self._dialogs.window, text=old)
        dialog.answered.connect(partial(self._spectra.rename_sample, key))
        self._dialogs.show(dialog)

    def axis(self, unclear: Sequence[Unclear]) -> None:
        """Ask what the axis of the first of some files is, and whether the others are like it."""
        first = unclear[0]
        dialog = AxisDialog(
            first.path.name,
            first.question,
            self._dialogs.window,
            photon_energies_ev=[one.photon_energy_ev for one in unclear],
            head=first.head,
            preview=first.preview,
        )
        dialog.answered.connect(self._files.answer_axis)
        dialog.rejected.connect(self._files.leave_axis)
        self._dialogs.show(dialog)

    # -----------------------------------------------------------------------------
    # Calibration

    def calibration(self) -> None:
        """Ask for a calibration of the shown spectrum, its sample or the chosen spectra."""
        project, selection = self.document.project, self.document.selection
        if selection.spectrum is None:
            return
        shown = project.spectrum(selection.spectrum)
        own = [
            Measurable(key, s.label, level_of(s))
            for key, s in project.spectra.items()
            if sample_key(s) == sample_key(shown)
        ]
        dialog = CalibrationDialog(
            own,
            shown.calibration,
            shown.axis.unit,
            self._dialogs.window,
            chosen=len(selection.spectra),
        )
        dialog.measure_asked.connect(self._measure)
        dialog.calibration_made.connect(self._calibrate)
        dialog.show_rigidity(self.rigidity_words())
        self._dialogs.show(dialog)

    def _measure(self, asked: Measurement) -> None:
        self._spectra.measure_reference(
            asked.spectrum, asked.line, asked.kind, asked.assigned, asked.uncertainty
        )

    def show_reference(self, _: str, line: ReferenceLine) -> None:
        """Show in the open calibration dialog what was measured."""
        if isinstance(self._dialogs.current, CalibrationDialog):
            self._dialogs.current.show_reference(line)

    def job_failed(self, title: str, text: str) -> None:
        """Say in the open calibration dialog that its reference cannot be measured."""
        if isinstance(self._dialogs.current, CalibrationDialog) and title.startswith("Measuring"):
            self._dialogs.current.show_problem(text)

    def _calibrate(self, calibration: Calibration, scope: str) -> None:
        project, selection = self.document.project, self.document.selection
        if selection.spectrum is None:
            return
        sample = sample_key(project.spectrum(selection.spectrum))
        ids = {
            "spectrum": [selection.spectrum],
            "chosen": list(selection.spectra),
            "sample": [k for k, s in project.spectra.items() if sample_key(s) == sample],
            "all": list(project.spectra),
        }[scope]
        self._spectra.calibrate(calibration, ids)

    # -----------------------------------------------------------------------------
    # Rigidity

    def rigidity(self) -> None:
        """Show the rigidity test of the shown sample."""
        words = self.rigidity_words() or (
            "No fitted component of this sample is a species of the library, so there is nothing"
            " to compare with."
        )
        self._dialogs.show(TextPage("Rigidity test", words, self._dialogs.window))

    def rigidity_words(self) -> str:
        """Return what the rigidity test says of the shown sample's fitted components."""
        rows = self._levels()
        return rigidity_test(rows).message if rows else ""

    def _levels(self) -> list[Level]:
        project, scene = self.document.project, self.desk.scene
        if scene.spectrum is None:
            return []
        sample = sample_key(scene.spectrum)
        entries = load_library().entries.values()
        rows = []
        for analysis in project.analyses.values():
            result = analysis.result
            if result is None:
                continue
            for region in result.model.regions:
                if sample_key(project.spectrum(analysis.spectra[region.name])) != sample:
                    continue
                for owner in owners(region):
                    first = members(region, owner)[0]
                    level = level_of_component(region, first)
                    name = owner_label(region, owner)
                    entry = next((e for e in entries if e.level == level and e.label == name), None)
                    if entry is not None and entry.center is not None and first.enabled:
                        center = result.value(f"{region.name}/{first.id}/center")
                        center += result.value(f"{region.name}/region/shift")
                        tolerance = entry.tolerance or 0.5
                        rows.append(Level(level, name, center, entry.center, tolerance))
        return rows
