"""Dialogs about a model: components, species, links, bounds, ratios."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from spectra_core.core_levels import level_of
from spectra_core.editing.edits import members, owner_label
from spectra_core.errors import SpectraError
from spectra_core.library import load_library
from spectra_core.library.components import species_of
from spectra_core.model import get_parameter
from spectra_core.project.project import RatioDefinition
from spectra_core.recipe.presets import preset, preset_ids
from spectra_core.referee.alternatives import Comparison, comparison_table
from spectra_core.referee.residuals import level_of_component

from ..desk import Desk
from ..formula import formula
from ..parameter_words import parameter_words
from ..views.library_dialog import LibraryDialog
from ..views.link_dialog import LinkDialog
from ..views.pages import TextPage
from ..views.ratio_dialog import RatioDialog
from ..views.text_dialog import BoundsDialog, SpeciesDialog, TextDialog
from ..views.unlock_dialog import UnlockDialog
from .base import Controller
from .dialogs import Dialogs
from .editing import Editing
from .spectra import SpectraControl


class ModelDialogs(Controller):
    """Asks, and hands the answers to what edits."""

    def __init__(
        self, desk: Desk, dialogs: Dialogs, editing: Editing, spectra: SpectraControl
    ) -> None:
        super().__init__(desk)
        self._dialogs, self._editing, self._spectra = dialogs, editing, spectra

    # -----------------------------------------------------------------------------
    # Library

    def library(
        self,
        *,
        presets: bool = False,
        energy: float | None = None,
        take: Callable[[str], None] | None = None,
    ) -> None:
        """Show the library: for the level of the shown spectrum, or near an energy.

        Parameters
        ----------
        presets : bool
            Its presets are wanted.
        energy : float or None
        take : callable or None
            Gets a chosen preset, in place of the chosen spectra.
        """
        spectrum = self.desk.scene.spectrum
        level = level_of(spectrum) if spectrum is not None else ""
        found = []
        for preset_id in preset_ids():
            try:
                found.append(preset(preset_id))
            except SpectraError as error:
                self.desk.complain(str(error))
        dialog = LibraryDialog(
            load_library(),
            found,
            self._dialogs.window,
            level=level,
            can_add=spectrum is not None,
        )
        dialog.entry_chosen.connect(partial(self._add_entry, energy))
        dialog.preset_chosen.connect(take or self._spectra.add_preset)
        if spectrum is not None:
            dialog.preset_shown.connect(self._spectra.look_at_preset)
            self._spectra.preset_seen.connect(dialog.show_fits)
        if presets:
            dialog.show_presets()
        elif energy is not None:
            dialog.search_near(energy, level)
        self._dialogs.show(dialog)

    def _add_entry(self, energy: float | None, entry_id: str) -> None:
        """Add an entry; where its sources contradict each other, the energy asked for is taken."""
        if load_library().entry(entry_id).center is not None or energy is None:
            energy = None
        self._editing.add_entry(entry_id, energy)

    # -----------------------------------------------------------------------------
    # Components and parameters

    def rename(self, owner: str) -> None:
        """Ask for another name of a component."""
        region = self.desk.scene.region
        if region is not None:
            old = owner_label(region, owner)
            dialog = TextDialog("Rename", f"Name of {old}:", self._dialogs.window, text=old)
            dialog.answered.connect(partial(self._editing.set_label, owner))
            self._dialogs.show(dialog)

    def species(self, owner: str) -> None:
        """Ask which species a component or doublet is."""
        region = self.desk.scene.region
        if region is None:
            return
        first = members(region, owner)[0]
        known = species_of(level_of_component(region, first))
        name = formula(owner_label(region, owner))
        dialog = SpeciesDialog(name, first.species, known, self._dialogs.window)
        dialog.answered.connect(partial(self._editing.set_species, owner))
        self._dialogs.show(dialog)

    def link(self, path: str) -> None:
        """Ask what a parameter is to be linked to."""
        analysis = self.desk.scene.analysis
        if analysis is not None:
            dialog = LinkDialog(analysis.model, path, self._dialogs.window)
            dialog.accepted_link.connect(self._editing.link)
            self._dialogs.show(dialog)

    def unlock(self, doublet: str, parameter: str) -> None:
        """Ask why a constraint of a doublet is to be taken off."""
        dialog = UnlockDialog(formula(doublet), parameter, self._dialogs.window)
        dialog.reason_given.connect(partial(self._editing.unlock, doublet, parameter))
        self._dialogs.show(dialog)

    def bounds(self, path: str) -> None:
        """Ask for the bounds of a parameter."""
        scene = self.desk.scene
        if scene.analysis is None:
            return
        parameter = get_parameter(scene.analysis.model, path)
        unit = scene.fit.unit(path) if scene.fit is not None else ""
        name = parameter_words(scene.analysis.model, path)
        dialog = BoundsDialog(name, parameter.min, parameter.max, unit, self._dialogs.window)
        dialog.answered.connect(partial(self._editing.set_bounds, path))
        self._dialogs.show(dialog)

    # -----------------------------------------------------------------------------
    # Ratios and comparisons

    def ratio(self, name: str = "") -> None:
        """Ask for a ratio; with the name of one that is to be changed."""
        project = self.document.project
        old: RatioDefinition | None = next((r for r in project.ratios if r.name == name), None)
        dialog = RatioDialog(project, self._dialogs.window, old=old)
        dialog.defined.connect(partial(self._define_ratio, name))
        self._dialogs.show(dialog, beside=True)

    def _define_ratio(self, old: str, definition: RatioDefinition) -> None:
        self._editing.define_ratio(definition, replacing=old)

    def show_comparison(self, comparison: Comparison) -> None:
        """Show which models were compared, and how they did."""
        text = comparison_table(comparison)
        self._dialogs.show(TextPage("Models compared", text, self._dialogs.window, fixed=True))
