"""Dialogs: made when they are asked for, shown without stopping the program."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

import PySide6
from PySide6.QtCore import qVersion
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QDialog

from spectra_core.calibration import ReferenceLine
from spectra_core.core_levels import level_in
from spectra_core.datafiles import data_path
from spectra_core.editing.edits import members, owner_label, owners
from spectra_core.errors import SpectraError
from spectra_core.library import load_library, user_folder
from spectra_core.library.components import species_of
from spectra_core.model import get_parameter
from spectra_core.project.project import RatioDefinition
from spectra_core.recipe.presets import preset, preset_ids
from spectra_core.referee.alternatives import Comparison, comparison_table
from spectra_core.referee.residuals import level_name
from spectra_core.referee.rigidity import Level, rigidity_test
from spectra_core.results.document import program_versions
from spectra_core.spectrum import Calibration

from ..actions import ACTIONS
from ..formula import formula
from ..views.axis_dialog import AxisDialog
from ..views.calibration_dialog import CalibrationDialog, Measurable, Measurement
from ..views.export_dialog import ExportDialog
from ..views.library_dialog import LibraryDialog
from ..views.link_dialog import LinkDialog
from ..views.pages import AboutDialog, LogPage, ScienceNotes, ShortcutsDialog, TextPage
from ..views.palette_dialog import CommandPalette, PaletteRow
from ..views.preferences_dialog import PreferencesDialog
from ..views.ratio_dialog import RatioDialog
from ..views.recovery_dialog import RecoveryDialog
from ..views.text_dialog import BoundsDialog, SpeciesDialog, TextDialog
from ..views.unlock_dialog import UnlockDialog
from .base import Controller
from .files import Unclear

if TYPE_CHECKING:
    from ..program import Program


class Opening(Controller):
    """Opens dialogs and hands what they say to the other controllers."""

    def __init__(self, program: Program) -> None:
        super().__init__(program)
        self.dialog: QDialog | None = None
        program.spectra.reference_found.connect(self._reference_found)
        program.fitting.compared.connect(self._compared)

    def show(self, dialog: QDialog, *, beside: bool = False) -> None:
        """Show a dialog in the place of the one before; `beside`: the window stays in use."""
        if self.dialog is not None:
            self.dialog.close()
        self.dialog = dialog
        dialog.finished.connect(partial(self._finished, dialog))
        if beside:
            dialog.show()
        else:
            dialog.open()

    def close(self) -> None:
        """Close what is open."""
        if self.dialog is not None:
            self.dialog.close()

    def _finished(self, dialog: QDialog, _: int) -> None:
        if self.dialog is dialog:
            self.dialog = None
        dialog.deleteLater()

    # -----------------------------------------------------------------------------
    # Library

    def library(self, *, presets: bool = False, energy: float | None = None) -> None:
        """Show the library: for the level of the shown spectrum, or near an energy."""
        spectrum = self.program.scene.spectrum
        level = level_in(spectrum.meta.region) if spectrum is not None else ""
        found = []
        for preset_id in preset_ids():
            try:
                found.append(preset(preset_id))
            except SpectraError as error:
                self.program.complain(str(error))
        dialog = LibraryDialog(
            load_library(),
            found,
            self.program.window,
            level=level,
            can_add=spectrum is not None,
        )
        dialog.entry_chosen.connect(partial(self._add_entry, energy))
        dialog.preset_chosen.connect(self.program.spectra.add_preset)
        if presets:
            dialog.show_presets()
        elif energy is not None:
            dialog.search_near(energy, level)
        self.show(dialog)

    def _add_entry(self, energy: float | None, entry_id: str) -> None:
        """Add an entry; where its sources contradict each other, the energy asked for is taken."""
        if load_library().entry(entry_id).center is not None or energy is None:
            energy = None
        self.program.editing.add_entry(entry_id, energy)

    # -----------------------------------------------------------------------------
    # Calibration

    def calibration(self) -> None:
        """Ask for a calibration of the shown spectrum, its sample or the chosen spectra."""
        project, selection = self.document.project, self.document.selection
        if selection.spectrum is None:
            return
        shown = project.spectrum(selection.spectrum)
        own = [
            Measurable(key, s.label, level_in(s.meta.region))
            for key, s in project.spectra.items()
            if s.meta.sample == shown.meta.sample
        ]
        dialog = CalibrationDialog(
            own,
            shown.calibration,
            shown.axis.unit,
            self.program.window,
            chosen=len(selection.spectra),
        )
        dialog.measure_asked.connect(self._measure)
        dialog.calibration_made.connect(self._calibrate)
        dialog.show_rigidity(self.rigidity_words())
        self.show(dialog)

    def _measure(self, asked: Measurement) -> None:
        self.program.spectra.measure_reference(
            asked.spectrum, asked.line, asked.kind, asked.assigned, asked.uncertainty
        )

    def _reference_found(self, _: str, line: ReferenceLine) -> None:
        if isinstance(self.dialog, CalibrationDialog):
            self.dialog.show_reference(line)

    def job_failed(self, title: str, text: str) -> None:
        """Say in the open calibration dialog that its reference cannot be measured."""
        if isinstance(self.dialog, CalibrationDialog) and title.startswith("Measuring"):
            self.dialog.show_problem(text)

    def _calibrate(self, calibration: Calibration, scope: str) -> None:
        project, selection = self.document.project, self.document.selection
        if selection.spectrum is None:
            return
        sample = project.spectrum(selection.spectrum).meta.sample
        ids = {
            "spectrum": [selection.spectrum],
            "chosen": list(selection.spectra),
            "sample": [k for k, s in project.spectra.items() if s.meta.sample == sample],
            "all": list(project.spectra),
        }[scope]
        self.program.spectra.calibrate(calibration, ids)

    def rigidity_words(self) -> str:
        """Return what the rigidity test says of the shown sample's fitted components."""
        rows = self._levels()
        return rigidity_test(rows).message if rows else ""

    def _levels(self) -> list[Level]:
        project, scene = self.document.project, self.program.scene
        if scene.spectrum is None:
            return []
        sample = scene.spectrum.meta.sample
        entries = load_library().entries.values()
        rows = []
        for analysis in project.analyses.values():
            result = analysis.result
            if result is None:
                continue
            for region in result.model.regions:
                if project.spectrum(analysis.spectra[region.name]).meta.sample != sample:
                    continue
                for owner in owners(region):
                    first = members(region, owner)[0]
                    level = level_name(region, first)
                    name = owner_label(region, owner)
                    entry = next((e for e in entries if e.level == level and e.label == name), None)
                    if entry is not None and entry.center is not None and first.enabled:
                        center = result.value(f"{region.name}/{first.id}/center")
                        center += result.value(f"{region.name}/region/shift")
                        tolerance = entry.tolerance or 0.5
                        rows.append(Level(level, name, center, entry.center, tolerance))
        return rows

    def rigidity(self) -> None:
        """Show the rigidity test of the shown sample."""
        words = self.rigidity_words() or (
            "No fitted component of this sample is a species of the library, so there is nothing"
            " to compare with."
        )
        self.show(TextPage("Rigidity test", words, self.program.window))

    def _compared(self, comparison: Comparison) -> None:
        text = comparison_table(comparison)
        self.show(TextPage("Models compared", text, self.program.window, fixed=True))

    # -----------------------------------------------------------------------------
    # Parameters

    def link(self, path: str) -> None:
        """Ask what a parameter is to be linked to."""
        analysis = self.program.scene.analysis
        if analysis is not None:
            dialog = LinkDialog(analysis.model, path, self.program.window)
            dialog.accepted_link.connect(self.program.editing.link)
            self.show(dialog)

    def unlock(self, doublet: str, parameter: str) -> None:
        """Ask why a constraint of a doublet is to be taken off."""
        dialog = UnlockDialog(formula(doublet), parameter, self.program.window)
        dialog.reason_given.connect(partial(self.program.editing.unlock, doublet, parameter))
        self.show(dialog)

    def bounds(self, path: str) -> None:
        """Ask for the bounds of a parameter."""
        scene = self.program.scene
        if scene.analysis is None:
            return
        given = get_parameter(scene.analysis.model, path)
        unit = scene.fit.unit(path) if scene.fit is not None else ""
        name = formula(path.split("/", 1)[1].replace("/", " "))
        dialog = BoundsDialog(name, given.min, given.max, unit, self.program.window)
        dialog.given.connect(partial(self.program.editing.set_bounds, path))
        self.show(dialog)

    def rename_component(self, owner: str) -> None:
        """Ask for another name of a component."""
        region = self.program.scene.region
        if region is not None:
            old = owner_label(region, owner)
            dialog = TextDialog("Rename", f"Name of {old}:", self.program.window, text=old)
            dialog.given.connect(partial(self.program.editing.set_label, owner))
            self.show(dialog)

    def species(self, owner: str) -> None:
        """Ask which species a component or doublet is."""
        region = self.program.scene.region
        if region is None:
            return
        first = members(region, owner)[0]
        known = species_of(level_name(region, first))
        name = formula(owner_label(region, owner))
        dialog = SpeciesDialog(name, first.species, known, self.program.window)
        dialog.given.connect(partial(self.program.editing.set_species, owner))
        self.show(dialog)

    def rename_spectrum(self, key: str | None = None) -> None:
        """Ask for another region name of a spectrum."""
        key = key or self.document.selection.spectrum
        if key is not None:
            old = self.document.project.spectrum(key).meta.region
            dialog = TextDialog(
                "Rename the spectrum", "Region, such as S 2p:", self.program.window, text=old
            )
            dialog.given.connect(partial(self.program.spectra.rename_region, key))
            self.show(dialog)

    def rename_sample(self, key: str) -> None:
        """Ask for another name of a sample."""
        old = self.document.project.spectrum(key).meta.sample
        dialog = TextDialog("Rename the sample", "Sample:", self.program.window, text=old)
        dialog.given.connect(partial(self.program.spectra.rename_sample, key))
        self.show(dialog)

    def ratio(self, name: str = "") -> None:
        """Ask for a ratio; with the name of one that is to be changed."""
        project = self.document.project
        old: RatioDefinition | None = next((r for r in project.ratios if r.name == name), None)
        dialog = RatioDialog(project, self.program.window, old=old)
        dialog.defined.connect(partial(self._define_ratio, name))
        self.show(dialog, beside=True)

    def _define_ratio(self, old: str, definition: RatioDefinition) -> None:
        self.program.editing.define_ratio(definition, replacing=old)

    # -----------------------------------------------------------------------------
    # The program

    def axis(self, unclear: Sequence[Unclear]) -> None:
        """Ask what the axis of the first of some files is, and whether the others are like it."""
        first = unclear[0]
        dialog = AxisDialog(
            first.path.name,
            first.question,
            self.program.window,
            photon_energies_ev=[one.photon_energy_ev for one in unclear],
        )
        dialog.answered.connect(self.program.files.answer_axis)
        dialog.rejected.connect(self.program.files.leave_axis)
        self.show(dialog)

    def export(self) -> None:
        """Ask what to write, and where."""
        folder = str(Path(self.program.last_folder) / "doublet-results")
        dialog = ExportDialog(folder, self.program.window)
        dialog.export_asked.connect(
            lambda formats, where: self.program.reports.export(formats, Path(where))
        )
        self.show(dialog)

    def preferences(self) -> None:
        """Show the preferences."""
        dialog = PreferencesDialog(
            self.program.preferences, str(user_folder()), self.program.window
        )
        dialog.changed.connect(self.program.prefer)
        self.show(dialog)

    def palette(self, text: str = "") -> None:
        """Show the command palette."""
        why_not = self.program.why_not()
        rows = [
            PaletteRow(a.id, a.title, a.menu, keys_in_words(a.shortcut), why_not[a.id])
            for a in ACTIONS
            if a.id != "palette"
        ]
        dialog = CommandPalette(rows, self.program.window, text=text)
        dialog.run_asked.connect(self.program.run_id)
        self.show(dialog)
        dialog.field.setFocus()
        dialog.field.deselect()

    def shortcuts(self) -> None:
        """Show every action with its key."""
        rows = [(a.menu, a.title, keys_in_words(a.shortcut), a.tip) for a in ACTIONS]
        self.show(ShortcutsDialog(rows, self.program.window))

    def science_notes(self) -> None:
        """Show the science notes."""
        text = data_path("resources", "help", "science-notes.md").read_text("utf-8")
        self.show(ScienceNotes(text, self.program.window))

    def about(self) -> None:
        """Show the versions."""
        found = program_versions()
        versions = {found.pop("name"): found.pop("version")} | found
        versions |= {name: version(name) for name in ("numba", "xarray", "h5py", "pyqtgraph")}
        versions |= {"PySide6": PySide6.__version__, "Qt": qVersion()}
        self.show(AboutDialog(versions, self.program.window))

    def log(self) -> None:
        """Show the end of the log file."""
        self.show(LogPage(self.program.log_path, self.program.window))

    def recovery(self) -> None:
        """Offer what an earlier run left unsaved."""
        found = self.program.files.recoverable()
        if found:
            dialog = RecoveryDialog(found, self.program.window)
            dialog.recover_asked.connect(self.program.files.recover)
            dialog.discard_asked.connect(self.program.files.discard_recovery)
            self.show(dialog)


def keys_in_words(shortcut: str) -> str:
    """Return a shortcut of the table as the system writes it."""
    native = QKeySequence.SequenceFormat.NativeText
    keys: Sequence[str] = [key for key in shortcut.split("|") if key]
    return " or ".join(QKeySequence(key).toString(native) for key in keys)
