"""Edits of the model that is shown: components, links, background, window, notes, ratios."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from PySide6.QtCore import Signal

from spectra_core.editing import edits as model_edits
from spectra_core.editing.priors import remove_prior, set_prior
from spectra_core.editing.typed import typed_link
from spectra_core.errors import ModelError, SpectraError
from spectra_core.library import load_library
from spectra_core.model import Link, Model, Term, set_enabled
from spectra_core.project.analyses import add_component_at, add_library_entry, start_analysis
from spectra_core.project.project import (
    Project,
    RatioDefinition,
    add_ratio,
    clear_result,
    remove_ratio,
    set_model,
    set_note,
)

from ..complaint import Remedy
from ..desk import Desk
from ..parameter_words import parameter_words
from ..selection import Selection
from .base import Controller


class Editing(Controller):
    """Turns what a user did to a card, a cell or a menu into one edit.

    Signals
    -------
    copied()
        A component was copied and can be pasted.
    ratio_defined()
        A ratio is new or another than before.
    """

    copied = Signal()
    ratio_defined = Signal()

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._copied: Any = None

    # -----------------------------------------------------------------------------
    # The shown model

    @property
    def _shown(self) -> tuple[str, str] | None:
        chosen = self.document.selection
        if chosen.analysis is None or chosen.region is None:
            return None
        return chosen.analysis, chosen.region

    def _change(
        self,
        label: str,
        edit: Callable[..., Model],
        *args: Any,
        merge: str = "",
        owner: str | None = None,
        remedy: Remedy | None = None,
    ) -> None:
        """Apply ``edit(model, *args)`` to the shown analysis."""
        shown = self._shown
        if shown is None:
            self.desk.complain("There is no model here. Add a component from the library.")
            return

        def changed(project: Project) -> Project:
            return set_model(project, shown[0], edit(project.analysis(shown[0]).model, *args))

        selection = self.document.selection
        chosen = selection if owner is None else replace(selection, owner=owner or None)
        self.desk.edit(label, changed, merge=merge, select=chosen, remedy=remedy)

    def _name(self, path: str) -> str:
        """Return what the parameter at a path is called in the history."""
        shown = self._shown
        if shown is None:
            return path
        return parameter_words(self.document.project.analysis(shown[0]).model, path)

    def choose_owner(self, owner: str) -> None:
        """Choose a component or doublet."""
        self.document.select(replace(self.document.selection, owner=owner or None))

    def choose_component(self, component: str) -> None:
        """Choose a component, or the doublet that it belongs to; empty: none."""
        self.choose_owner(self.desk.scene.owner_of(component))

    def set_value(self, path: str, value: float) -> None:
        """Give a parameter a value; one outside its bounds is refused with an offer."""
        label = f"{self._name(path)} = {value:g}"
        self._change(
            label, model_edits.set_value, path, value, remedy=self._widening(label, path, value)
        )

    def _widening(self, label: str, path: str, value: float) -> Remedy | None:
        """Return the offer to widen the bounds; None where that would not help."""
        scene = self.desk.scene
        if scene.analysis is None:
            return None
        try:
            model_edits.widen_to(scene.analysis.model, path, value)
        except ModelError:
            return None

        def widen() -> None:
            self._change(f"{label}, bounds widened", model_edits.widen_to, path, value)

        return Remedy(f"Widen the bounds and set {value:g}", widen)

    def hold(self, path: str, held: bool) -> None:
        """Fix a parameter, or free it."""
        self._change(
            f"{'Fix' if held else 'Free'} {self._name(path)}", model_edits.hold, path, held
        )

    def set_bounds(self, path: str, low: float | None, high: float | None) -> None:
        """Bound a parameter."""
        self._change(f"Bounds of {self._name(path)}", model_edits.set_bounds, path, low, high)

    def set_label(self, owner: str, label: str) -> None:
        """Rename a component or doublet."""
        region = self._region()
        self._change(f"Rename {owner}", model_edits.rename_owner, region, owner, label)

    def set_species(self, owner: str, species: str) -> None:
        """Assign a component or doublet to a species; empty: to none."""
        label = f"{owner} is {species}" if species else f"{owner} is not assigned"
        self._change(label, model_edits.set_species, self._region(), owner, species)

    def set_enabled(self, owner: str, enabled: bool) -> None:
        """Switch a component or doublet on or off."""
        word = "Enable" if enabled else "Disable"
        self._change(f"{word} {owner}", set_enabled, self._region(), owner, enabled)

    def set_shape(self, owner: str, shape: str) -> None:
        """Convert the line shape."""
        region = self._region()
        self._change(f"{owner}: {shape}", model_edits.convert_shape, region, owner, shape)

    def remove(self, owner: str) -> None:
        """Take a component or doublet out."""
        self._change(f"Remove {owner}", model_edits.remove_owner, self._region(), owner, owner="")

    def duplicate(self, owner: str) -> None:
        """Put a second one beside a component or doublet."""
        self._change(f"Duplicate {owner}", model_edits.duplicate_owner, self._region(), owner)

    def copy(self, owner: str) -> None:
        """Keep a component or doublet for pasting."""
        shown = self._shown
        if shown is None:
            return
        model = self.document.project.analysis(shown[0]).model
        self._copied = model_edits.copy_owner(model, shown[1], owner)
        self.desk.say(f"{owner} is copied. Paste it into any region.")
        self.copied.emit()

    def paste(self) -> None:
        """Put what was copied into the shown region."""
        if self._copied is None:
            self.desk.complain("Nothing was copied. Copy a component first.")
            return
        copied = self._copied
        self._change("Paste a component", model_edits.paste_owner, self._region(), copied)

    @property
    def has_copied(self) -> bool:
        """Whether there is something to paste."""
        return self._copied is not None

    def copy_chosen(self) -> None:
        """Keep the chosen component for pasting."""
        if owner := self.document.selection.owner:
            self.copy(owner)

    def duplicate_chosen(self) -> None:
        """Put a second one beside the chosen component."""
        if owner := self.document.selection.owner:
            self.duplicate(owner)

    def remove_chosen(self) -> None:
        """Take the chosen component out."""
        if owner := self.document.selection.owner:
            self.remove(owner)

    def toggle_chosen(self) -> None:
        """Switch the chosen component off, or on again."""
        owner, scene = self.document.selection.owner, self.desk.scene
        if owner is None or scene.region is None:
            return
        doublet = next((d for d in scene.region.doublets if d.id == owner), None)
        component = scene.region.component(doublet.major if doublet else owner)
        self.set_enabled(owner, not component.enabled)

    def next_owner(self, step: int) -> None:
        """Choose the next component or doublet of the region."""
        region = self.desk.scene.region
        if region is None:
            return
        members = {m for d in region.doublets for m in (d.major, d.minor)}
        owners = [d.id for d in region.doublets]
        owners += [c.id for c in region.components if c.id not in members]
        if owners:
            now = self.document.selection.owner
            at = owners.index(now) + step if now in owners else 0
            self.choose_owner(owners[at % len(owners)])

    # -----------------------------------------------------------------------------
    # Links and doublets

    def link(self, link: Link) -> None:
        """Tie one parameter to others."""
        self._change(f"Link {self._name(link.target)}", model_edits.link, link)

    def link_typed(self, path: str, text: str) -> None:
        """Tie a parameter to what was typed into its field: ``= PS4``, ``0.5 * PS4``."""

        def tie(model: Model) -> Model:
            return model_edits.link(model, typed_link(model, path, text))

        self._change(f"{self._name(path)} {'' if text.startswith('=') else '= '}{text}", tie)

    def link_to(self, path: str, source: str) -> None:
        """Tie a parameter to the one that it was dropped on."""
        followed = self._name(source)
        self._change(
            f"{self._name(path)} = {followed}",
            model_edits.link,
            Link(path, (Term(1.0, source),), note="dragged together"),
        )

    def set_prior(self, path: str, value: float, sd: float) -> None:
        """Say what is known of a parameter beforehand."""
        label = f"{self._name(path)} is known to be {value:g} ± {sd:g}"
        self._change(label, set_prior, path, value, sd)

    def remove_prior(self, path: str) -> None:
        """Say that nothing is known of a parameter beforehand."""
        self._change(f"Nothing is known of {self._name(path)}", remove_prior, path)

    def unlink(self, path: str) -> None:
        """Take a link off."""
        self._change(f"Unlink {self._name(path)}", model_edits.unlink, path)

    def unlock(self, doublet: str, parameter: str, reason: str) -> None:
        """Take a constraint off a doublet, with the reason that reports print."""
        region = self._region()
        self._change(
            f"Unlock {parameter} of {doublet}",
            model_edits.unlock_doublet,
            region,
            doublet,
            parameter,
            reason,
        )

    def relock(self, doublet: str, parameter: str) -> None:
        """Put a constraint back on a doublet."""
        region = self._region()
        self._change(
            f"Lock {parameter} of {doublet}", model_edits.relock_doublet, region, doublet, parameter
        )

    # -----------------------------------------------------------------------------
    # Background and window

    def set_background(self, kind: str, mode: str) -> None:
        """Choose another background."""
        self._change(f"Background: {kind}", model_edits.set_background, self._region(), kind, mode)

    def set_background_option(self, name: str, value: object) -> None:
        """Change a setting of the background."""
        region = self._region()
        self._change(f"Background: {name}", model_edits.set_background_option, region, name, value)

    def set_window(self, low: float, high: float) -> None:
        """Change the window of the region."""
        self._change("Window", model_edits.set_window, self._region(), low, high)

    def set_shift(self, value: float) -> None:
        """Give the region's charge shift a value."""
        self.set_value(f"{self._region()}/region/shift", value)

    # -----------------------------------------------------------------------------
    # Library

    def add_entry(self, entry_id: str, center: float | None = None) -> None:
        """Add the component or doublet of a library entry; begins an analysis if there is none."""
        entry = load_library().entry(entry_id)

        def add(project: Project, key: str, region: str) -> Project:
            return add_library_entry(project, key, region, entry, center=center)

        self._add(f"Add {entry.label}", add)

    def add_component_at(self, energy: float | None = None) -> None:
        """Add an unassigned component at an energy, or where the data exceed the model most."""

        def add(project: Project, key: str, region: str) -> Project:
            return add_component_at(project, key, region, energy)

        place = "" if energy is None else f" at {energy:.2f}"
        self._add(f"Add a component{place}", add)

    def _add(self, label: str, add: Callable[[Project, str, str], Project]) -> None:
        """Add to the shown region, in an analysis begun for it if need be; choose what is new."""
        spectrum = self.document.selection.spectrum
        if spectrum is None:
            self.desk.complain("Choose a spectrum first.")
            return
        shown, starts = self._shown, self.desk.preferences.starts

        def place(project: Project) -> tuple[str, str]:
            key = f"a{project.last_id}"
            return shown or (key, project.analysis(key).model.regions[0].name)

        def edit(project: Project) -> Project:
            if shown is None:
                project = start_analysis(project, spectrum, starts=starts)
            return add(project, *place(project))

        def chosen(project: Project) -> Selection:
            key, name = place(project)
            region = project.analysis(key).model.region(name)
            owner = model_edits.owner_of(region, region.components[-1].id)
            return replace(self.document.selection, analysis=key, region=name, owner=owner)

        self.desk.edit(label, edit, select=chosen)

    # -----------------------------------------------------------------------------
    # Ratios and notes

    def define_ratio(self, definition: RatioDefinition, *, replacing: str = "") -> None:
        """Add a ratio definition, or change one."""

        def edit(project: Project) -> Project:
            if replacing and replacing != definition.name:
                project = remove_ratio(project, replacing)
            return add_ratio(project, definition)

        if self.desk.edit(f"Ratio {definition.name}", edit):
            self.ratio_defined.emit()

    def remove_ratio(self, name: str) -> None:
        """Remove a ratio definition."""
        self.desk.edit(f"Remove the ratio {name}", remove_ratio, name)

    def set_note(self, text: str) -> None:
        """Change the user's note about the shown analysis."""
        key = self.document.selection.analysis
        if key is not None:
            self.desk.edit("Note", set_note, key, text, merge=f"note {key}")

    def clear_fit(self) -> None:
        """Forget the fit of the shown analysis; the model stays."""
        key = self.document.selection.analysis
        if key is not None:
            self.desk.edit("Forget the fit", clear_result, key)

    def apply_fix(self, fix: Any) -> None:
        """Do what a note of the referee proposes."""
        shown = self._shown
        if shown is None:
            return
        try:
            model = fix.apply(self.document.project.analysis(shown[0]).model)
        except SpectraError as error:
            self.desk.complain(str(error))
            return
        self.desk.edit(fix.label, set_model, shown[0], model)

    def _region(self) -> str:
        return self.document.selection.region or ""
