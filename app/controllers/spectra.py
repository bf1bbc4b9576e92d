"""What is done to spectra: names, calibration, presets, joint fits, models carried over."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import Signal

from spectra_core.calibration import ReferenceLine, measure_reference
from spectra_core.errors import SpectraError
from spectra_core.foreign.presence import has_stored_fit
from spectra_core.project.analyses import (
    Applied,
    add_recipe,
    add_stored_fit,
    analyses_of,
    applied_in_words,
    copy_model,
    free_shift,
    join,
    split,
)
from spectra_core.project.project import (
    Project,
    calibrate_spectra,
    remove_analysis,
    remove_spectrum,
    rename,
    rename_sample,
)
from spectra_core.recipe.presets import preset
from spectra_core.recipe.text import load_recipe
from spectra_core.spectrum import Calibration

from ..desk import Desk
from ..jobs import Reporter
from ..selection import Selection
from .base import Controller

Applies = Callable[[Project], Applied]
_AT_ONCE = 40  # spectra: a model for more of them takes longer than a user should wait


class SpectraControl(Controller):
    """Edits of spectra and of which model is on which.

    Signals
    -------
    reference_found(str, ReferenceLine)
        A reference line was measured on a spectrum.
    preset_seen(str, str)
        Which fits a preset would make, in words.
    """

    reference_found = Signal(str, object)
    preset_seen = Signal(str, str)

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._copied: str | None = None

    def choose(self, spectra: Iterable[str]) -> None:
        """Show a spectrum; the others are laid over it."""
        ids = tuple(spectra)
        now = self.document.selection
        if ids == now.spectra:
            return
        if ids and ids[0] == now.spectrum:
            self.document.select(replace(now, spectra=ids))
        else:
            self.document.select(Selection(ids))

    def step(self, by: int) -> None:
        """Show the next spectrum."""
        ids = list(self.document.project.spectra)
        if not ids:
            return
        now = self.document.selection.spectrum
        at = ids.index(now) + by if now in ids else 0
        self.document.select(Selection((ids[max(0, min(at, len(ids) - 1))],)))

    def rename_sample(self, spectrum: str, sample: str) -> None:
        """Give a sample another name; one that another sample has joins the two."""
        self.desk.edit(f"Sample {sample}", rename_sample, spectrum, sample)

    def rename_region(self, spectrum: str, region: str) -> None:
        """Give a spectrum another region name."""
        self.desk.edit(f"Rename to {region}", rename, spectrum, region=region)

    def remove(self, spectra: Sequence[str]) -> None:
        """Take spectra out of the project, with their analyses."""

        def edit(project: Project) -> Project:
            for key in spectra:
                project = remove_spectrum(project, key, with_analyses=True)
            return project

        if spectra:
            several = len(spectra) > 1
            what = f"{len(spectra)} spectra" if several else "a spectrum"
            if self.desk.edit(f"Remove {what}", edit):
                gone = f"{len(spectra)} spectra are" if several else "A spectrum is"
                self.desk.say(f"{gone} removed. Undo brings back what was.")

    def remove_model(self) -> None:
        """Take the shown analysis away."""
        key = self.document.selection.analysis
        if key is not None:
            self.desk.edit("Remove the model", remove_analysis, key)

    # -----------------------------------------------------------------------------
    # Calibration

    def calibrate(self, calibration: Calibration, spectra: Sequence[str]) -> None:
        """Give spectra a calibration."""
        self.desk.edit(
            f"Calibrate by {calibration.shift:+.2f} eV",
            calibrate_spectra,
            calibration,
            spectra=list(spectra),
        )

    def measure_reference(
        self,
        spectrum: str,
        reference: str,
        kind: str | None = None,
        assigned: float | None = None,
        uncertainty: float | None = None,
    ) -> None:
        """Measure a reference line on a spectrum, in a job."""
        measured = self.document.project.spectrum(spectrum)

        def work(report: Reporter) -> ReferenceLine:
            return measure_reference(
                measured,
                reference=reference,
                kind=kind,
                assigned=assigned,
                assigned_uncertainty=uncertainty,
            )

        self.jobs.start(
            f"Measuring {reference}", work, lambda line: self.reference_found.emit(spectrum, line)
        )

    # -----------------------------------------------------------------------------
    # Models

    def add_preset(self, preset_id: str, spectra: Sequence[str] | None = None) -> None:
        """Put a preset on spectra: the chosen ones, or all where only one is chosen."""
        ids = list(spectra) if spectra is not None else self.chosen_or_all()
        starts = self.desk.preferences.starts

        def apply(project: Project) -> Applied:
            return add_recipe(project, preset(preset_id), ids, starts=starts)

        self._apply(f"Preset {preset_id}", apply, len(ids))

    def look_at_preset(self, preset_id: str) -> None:
        """Find out, in a job, which fits a preset would make; say it as `preset_seen`."""
        project, ids = self.document.project, self.chosen_or_all()

        def work(report: Reporter) -> str:
            try:
                return applied_in_words(add_recipe(project, preset(preset_id), ids))
            except SpectraError as error:
                return str(error)

        self.jobs.start(
            f"Looking at {preset_id}",
            work,
            lambda words: self.preset_seen.emit(preset_id, words),
            quiet=True,
        )

    def add_recipe(self, path: str | Path, spectra: Sequence[str] | None = None) -> None:
        """Put the recipe of a file on spectra, as `add_preset`."""
        ids = list(spectra) if spectra is not None else self.chosen_or_all()
        starts = self.desk.preferences.starts

        def apply(project: Project) -> Applied:
            return add_recipe(project, load_recipe(path), ids, starts=starts)

        self._apply(f"Recipe {Path(path).name}", apply, len(ids))

    def chosen_or_all(self) -> list[str]:
        """Return the chosen spectra if several are, else all of the project."""
        chosen = self.document.selection.spectra
        return list(chosen) if len(chosen) > 1 else list(self.document.project.spectra)

    def take_over(self, spectra: Sequence[str] | None = None) -> None:
        """Take over the fits that came with the chosen spectra, or with all."""
        project = self.document.project
        ids = list(spectra) if spectra is not None else list(self.document.selection.spectra)
        ids = [i for i in ids if has_stored_fit(project.spectrum(i))]
        if not ids:
            self.desk.complain("No fit of another program came with the chosen spectra.")
            return

        def edit(project: Project) -> Project:
            for key in ids:
                project = add_stored_fit(project, key)
            return project

        what = "the stored fit" if len(ids) == 1 else f"{len(ids)} stored fits"
        self.desk.edit(f"Take over {what}", edit)

    def copy_model(self, spectrum: str | None = None) -> None:
        """Copy the analysis of a spectrum, to be pasted."""
        key = spectrum or self.document.selection.spectrum
        found = analyses_of(self.document.project, key) if key else ()
        if not found:
            self.desk.complain("There is no model to copy.")
            return
        self._copied = found[-1]
        label = self.document.project.analysis(found[-1]).label
        self.desk.say(f"The model of {label} is copied. Choose spectra and paste it.")

    @property
    def has_copied(self) -> bool:
        """Whether a copied model is still there to be pasted."""
        return self._copied is not None and self._copied in self.document.project.analyses

    def paste_model(self, spectra: Sequence[str] | None = None) -> None:
        """Put the copied model on spectra."""
        if not self.has_copied or self._copied is None:
            self.desk.complain("No model was copied. Copy one first.")
            return
        ids = list(spectra) if spectra is not None else list(self.document.selection.spectra)
        source = self._copied
        self._apply("Paste the model", lambda p: copy_model(p, source, ids))

    def join(self, spectra: Sequence[str] | None = None) -> None:
        """Fit the analyses of spectra together, with one charge shift."""
        project = self.document.project
        ids = list(spectra) if spectra is not None else list(self.document.selection.spectra)
        found = dict.fromkeys(key for i in ids for key in analyses_of(project, i)[-1:])
        self.desk.edit("Fit together", join, list(found))

    def split(self) -> None:
        """Take the shown joint analysis apart."""
        key = self.document.selection.analysis
        if key is not None:
            self.desk.edit("Fit apart", split, key)

    def free_shift(self, free: bool) -> None:
        """Fit the one charge shift of the shown joint analysis, or hold it."""
        key = self.document.selection.analysis
        if key is not None:
            word = "Fit" if free else "Hold"
            self.desk.edit(f"{word} the charge shift", free_shift, key, free=free)

    def _apply(self, label: str, apply: Applies, spectra: int = 0) -> None:
        """Apply what gives an `Applied`, choose its first analysis, and say what it says.

        For many spectra it is worked out in a job, and done anew if the project has changed by
        the time it is ready.
        """
        if spectra <= _AT_ONCE:
            self._put(label, apply)
            return
        project = self.document.project

        def done(applied: Applied) -> None:
            same = self.document.project is project
            self._put(label, (lambda _: applied) if same else apply)

        self.jobs.start(label, lambda report: apply(project), done)

    def _put(self, label: str, apply: Applies) -> None:
        notes: list[str] = []
        new: list[str] = []

        def edit(project: Project) -> Project:
            applied = apply(project)
            notes.extend(applied.notes)
            new.extend(applied.analyses)
            return applied.project

        def chosen(project: Project) -> Selection:
            now = self.document.selection
            own = [k for k in new if now.spectrum in project.analysis(k).spectra.values()]
            key = (own or new)[0]
            spectra = project.analysis(key).spectra
            if own and now.spectrum is not None:
                return Selection((now.spectrum,), key)
            return Selection((next(iter(spectra.values())),), key)

        if self.desk.edit(label, edit, select=chosen) and notes:
            more = f" (and {len(notes) - 1} more)" if len(notes) > 1 else ""
            self.desk.say(f"{notes[0]}{more}")
