"""The Map view: which map is shown, its fit in a job, its pixels, regions, baselines and files."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from time import monotonic

import numpy as np
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QFileDialog

from spectra_core.errors import SpectraError
from spectra_core.export.formats import write_steps
from spectra_core.export.maps import map_steps
from spectra_core.fitting import FitWarning
from spectra_core.model import Region
from spectra_core.project.analyses import analyses_of
from spectra_core.project.maps import (
    AreaFit,
    MapArea,
    MapSettings,
    ProjectMap,
    add_area,
    area_fit,
    factor_table_of,
    find_rays,
    fit_project_map,
    has_map,
    map_for,
    map_recipe,
    restore_channels,
    stored_record,
    toggle_channel,
    with_baseline,
    with_map,
    with_map_fit,
    with_map_marks,
    with_map_recipe,
    with_pixel_model,
)
from spectra_core.project.project import Project
from spectra_core.project.recipes import recipe_from
from spectra_core.raman.maps import MapFit, find_marks
from spectra_core.raman.previews import EVERY, USUAL, BaselineTry, try_baselines
from spectra_core.recipe.compile import fit_options_from_recipe, model_from_recipe
from spectra_core.recipe.presets import preset
from spectra_core.recipe.schema import Recipe
from spectra_core.recipe.text import load_recipe
from spectra_core.referee.rules import looked_at
from spectra_core.runs.maps import MapRecord, marks_of
from spectra_core.series.factors import principal_components, resolve

from ..desk import Desk
from ..jobs import Reporter, RunningJob
from ..main_window import MainWindow
from ..map_scene import NEAR, PIXEL, MapScene, again
from ..scene import Scene
from ..selection import Selection
from ..views.map_export_dialog import MapExportDialog
from ..views.map_factors import Found
from ..views.map_view import MapView
from .base import Controller
from .dialogs import Dialogs

SHOW_EVERY_S = 0.25  # of pixels that are fitted: a window has other things to do
DETAILS_AFTER_MS = 180  # after the pixel was pinned: findings and baselines take a moment
Details = tuple[tuple[FitWarning, ...] | None, tuple[BaselineTry, ...]]


class MapControl(Controller):
    """Shows the map that the chosen spectrum is a pixel of."""

    def __init__(self, desk: Desk, window: MainWindow, dialogs: Dialogs) -> None:
        super().__init__(desk)
        self._window, self._dialogs = window, dialogs
        self.view = MapView()
        self.place = window.add_view("Map", self.view)
        window.offer_view(self.place, False)
        self._spectra: object = None
        self._settings: object = None
        self._selected: tuple[str, ...] = ()
        self._own: ProjectMap | None = None
        self._state: MapScene | None = None
        self._kept: list[object] = []  # what keys of details are made of, so that ids stay theirs
        self._job: RunningJob | None = None
        self._recipe_of: tuple[object, Recipe | None, Region | None, str] | None = None
        self._details: dict[tuple[object, ...], Details] = {}
        self._areas: dict[tuple[object, ...], AreaFit] = {}
        self._asked: set[tuple[object, ...]] = set()
        self._every = False
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(DETAILS_AFTER_MS)
        self._timer.timeout.connect(self._look)

    # -----------------------------------------------------------------------------
    # What is shown

    @property
    def is_seen(self) -> bool:
        """Whether the view is in front."""
        return self._window.views.currentIndex() == self.place

    @property
    def scene(self) -> MapScene | None:
        """What is shown."""
        return self._state

    @property
    def is_offered(self) -> bool:
        """Whether spectra of the project are pixels of a map."""
        return not self._window.view_bar.button(self.place).isHidden()

    def show(self) -> None:
        """Bring the Map view to the front."""
        self._window.show_view(self.place)

    def changed_view(self, place: int) -> None:
        """Draw the view as it comes to the front."""
        if place == self.place:
            self.refresh()
        else:
            self._timer.stop()

    def follow(self, scene: Scene) -> None:
        """Follow the project and what is chosen in it."""
        project = scene.project
        if project.spectra is not self._spectra:
            self._spectra, self._settings = project.spectra, project.settings
            if self._own is not None:
                self._own = map_for(project, self._own.keys)
            there = self._own is not None or has_map(project)
            self._window.offer_view(self.place, there)
            if not there:
                self._own = self._state = None
                if self.is_seen:
                    self._window.show_view(0)
        elif project.settings is not self._settings and self._own is not None:
            self._settings = project.settings
            self._own = map_for(project, self._own.keys)
        self._choose(project, scene.selection.spectra)
        if self.is_seen:
            self.refresh()

    def _choose(self, project: Project, chosen: Sequence[str]) -> None:
        """Take the map that some spectra are pixels of, unless it is the shown one."""
        if tuple(chosen) == self._selected or not chosen:
            return
        self._selected = tuple(chosen)
        if self._own is None or self._own.number_of(chosen[0]) is None:
            found = map_for(project, chosen)
            if found is not None and (self._own is None or found.keys != self._own.keys):
                self._own, self._state = found, None
        number = None if self._own is None else self._own.number_of(chosen[0])
        if self._state is not None and number is not None:
            self._state = replace(self._state, pixel=number, hover=None)

    def refresh(self) -> None:
        """Show the map as it is now."""
        own = self._own
        if own is None:
            self.view.show_map(None)
            return
        project = self.document.project
        spectra = tuple(project.spectrum(key) for key in own.keys)
        number = own.number_of(self._selected[0]) if self._selected else None
        state = self._state or MapScene(own, spectra, number or 0, limit=own.settings.limit)
        recipe, model, why = self._recipe()
        record, stale = self._stored(recipe)
        state = again(
            state,
            own=own,
            spectra=spectra,
            limit=own.settings.limit,
            recipe=recipe,
            model=model,
            why_not=why,
            record=record,
            stale=stale,
            draft=state.draft if state.busy else None,
        )
        known = {NEAR, *(area.name for area in own.settings.areas)}
        if state.looking not in known:
            state = replace(state, looking=PIXEL)
        self._state = state
        self._show()
        self._timer.start()

    def _show(self) -> None:
        """Show the state with what was found out about it so far."""
        state = self._state
        if state is None:
            return
        findings, tried = self._details.get(self._details_key(state), (None, ()))
        found = {
            name: self._areas[key]
            for name in (*(a.name for a in state.own.settings.areas), NEAR)
            if (key := self._area_key(state, name)) in self._areas
        }
        self._state = again(state, findings=findings, baselines=tried, areas=found)
        self.view.show_map(self._state)
        self._window.cursor_label.setText(cursor_words(self._state))

    def _recipe(self) -> tuple[Recipe | None, Region | None, str]:
        """Return what the map is fitted with, its region, or why it cannot be fitted."""
        project, own = self.document.project, self._own
        if own is None:
            return None, None, "No map is shown."
        known = self._recipe_of
        key = (id(project), id(own))
        if known is None or known[0] != key:
            recipe, model, why = None, None, ""
            try:
                recipe = map_recipe(project, own)
                model = model_from_recipe(recipe).regions[0]
            except SpectraError as error:
                recipe, why = None, str(error)
            self._recipe_of = known = (key, recipe, model, why)
            self._kept_of_recipe = (project, own)  # so that their ids stay theirs
        return known[1], known[2], known[3]

    def _stored(self, recipe: Recipe | None) -> tuple[MapRecord | None, bool]:
        """Return the fit that the project keeps of the map, and whether something has changed."""
        project, own = self.document.project, self._own
        if own is None or recipe is None or own.keys[0] not in project.maps:
            return None, False
        try:
            record, is_of = stored_record(project, own, recipe)
        except SpectraError as error:
            self.desk.complain(str(error))
            return None, False
        return record, not is_of

    # -----------------------------------------------------------------------------
    # Choosing

    def hover(self, number: int) -> None:
        """Look at the pixel under the mouse; -1: at the pinned one again."""
        self._look_at(hover=None if number < 0 else number)

    def pin(self, number: int) -> None:
        """Look at another pixel until a further one is pinned."""
        state = self._state
        if state is None:
            return
        looking = PIXEL if state.looking not in (PIXEL, NEAR) else state.looking
        self._state = again(state, pixel=number, hover=None, looking=looking)
        self._selected = (state.own.keys[number],)
        if self.document.selection.spectra == self._selected:
            self.refresh()
        else:
            self.document.select(Selection(self._selected))

    def choose_quantity(self, name: str) -> None:
        """Map something else."""
        self._look_at(quantity=name)

    def move_limit(self, limit: float) -> None:
        """Show what another limit of signal to noise would hatch."""
        self._look_at(limit=limit)

    def set_limit(self, limit: float) -> None:
        """Set the limit of signal to noise."""
        self._change("Limit of signal to noise", limit=limit, merge="map limit")

    def choose_area(self, name: str) -> None:
        """Look at the mean of a region, at the pixel and its neighbours, or the pixel alone."""
        self._look_at(looking=name, hover=None)
        self._timer.start()

    def _look_at(self, **changes: object) -> None:
        state = self._state
        if state is not None and any(getattr(state, n) != v for n, v in changes.items()):
            self._state = again(state, **changes)
            self._show()

    def show_fit(self, number: int) -> None:
        """Show a pixel in the Spectrum view, with the map's model where it has none."""
        state = self._state
        if state is None:
            return
        key = state.own.keys[number]
        fit = None if state.record is None or state.stale else state.record.fit
        if fit is not None and not analyses_of(self.document.project, key):
            self.desk.edit(
                f"Model on pixel {state.words_of(number)}", with_pixel_model, key, fit, number
            )
        found = analyses_of(self.document.project, key)
        self.document.select(Selection((key,), found[-1] if found else None))
        self._window.show_view(0)

    # -----------------------------------------------------------------------------
    # Model

    def ask_recipe(self) -> None:
        """Ask for the file of a recipe."""
        dialog = QFileDialog(self._dialogs.window, "Load a recipe for the map")
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.setDirectory(self.desk.last_folder)
        dialog.setNameFilters(["Doublet recipe (*.toml)", "All files (*)"])
        dialog.fileSelected.connect(self.load_recipe)
        self._dialogs.show(dialog)

    def load_recipe(self, path: str | Path) -> None:
        """Take a recipe's file for the map."""
        try:
            self.set_recipe(load_recipe(path))
        except SpectraError as error:
            self.desk.complain(str(error))

    def add_preset(self, preset_id: str) -> None:
        """Take a preset for the map."""
        self.set_recipe(preset(preset_id).recipe)

    def take_pixel_model(self) -> None:
        """Take the model that the pinned pixel has in the Spectrum view."""
        state = self._state
        if state is None:
            return
        project = self.document.project
        found = analyses_of(project, state.own.keys[state.pixel])
        if not found:
            self.desk.complain("This pixel has no model. Make one in the Spectrum view first.")
            return
        try:
            self.set_recipe(recipe_from(project, analyses=found[-1:]))
        except SpectraError as error:
            self.desk.complain(str(error))

    def set_recipe(self, recipe: Recipe, label: str = "Model of the map") -> None:
        """Fit the map with another recipe from now on."""
        own = self._own
        if own is not None:
            self.desk.edit(label, with_map_recipe, own, recipe)

    def choose_baseline(self, kind: str) -> None:
        """Adopt a baseline for the map."""
        recipe, _, _ = self._recipe()
        if recipe is None:
            return
        chosen = next((b for b in (self._state.baselines if self._state else ())), None)
        if chosen is not None and chosen.kind == kind:
            return
        self.set_recipe(with_baseline(recipe, kind), f"Baseline {kind}")

    def show_every(self, on: bool) -> None:
        """Try all baselines of the table on the pixel, or the usual ones."""
        self._every = on
        self._look()

    # -----------------------------------------------------------------------------
    # Masked channels

    def click_channel(self, x_recorded: float) -> None:
        """Put a masked channel of the pinned pixel back, or take a channel out."""
        state = self._state
        if state is not None:
            key = state.own.keys[state.pixel]
            self._edit_masks("Mask or restore a channel", toggle_channel, key, x_recorded)

    def find_rays(self) -> None:
        """Look for cosmic rays in the chosen spectra, or in the whole map by its neighbours."""
        if self.is_seen and self._own is not None:
            self._find_map_rays(self._own)
            return
        keys = self.document.selection.spectra
        before = self._count(keys)
        if self.desk.edit("Find cosmic rays", find_rays, keys):
            found = self._count(keys) - before
            self.desk.say(f"{found or 'No'} channel{'s' * (found != 1)} masked as cosmic rays.")

    def _find_map_rays(self, own: ProjectMap) -> None:
        def done(marks: np.ndarray) -> None:
            now, before = map_for(self.document.project, own.keys), self._count(own.keys)
            if now is not None and self.desk.edit("Find cosmic rays", with_map_marks, now, marks):
                found = self._count(own.keys) - before
                self.desk.say(f"{found or 'No'} channel{'s' * (found != 1)} masked as cosmic rays.")

        self.jobs.start("Finding cosmic rays", lambda report: find_marks(own.grid), done)

    def restore_channels(self) -> None:
        """Put all masked channels of the chosen spectra, or of the map, back."""
        keys = self.document.selection.spectra
        if self.is_seen and self._own is not None:
            keys = self._own.keys
        self._edit_masks("Restore masked channels", restore_channels, keys)

    def toggle_chosen(self, x_recorded: float) -> None:
        """Put a masked channel of the shown spectrum back, or take one out."""
        key = self.document.selection.spectrum
        if key is not None:
            self.desk.edit("Mask or restore a channel", toggle_channel, key, x_recorded)

    def _count(self, keys: Sequence[str]) -> int:
        masked = (self.document.project.spectrum(key).masked for key in keys)
        return sum(len(one) for one in masked if one is not None)

    def _edit_masks(self, label: str, edit: Callable[..., Project], *args: object) -> None:
        """Edit masked channels; from then on none are looked for when the map is fitted."""
        own = self._own

        def both(project: Project) -> Project:
            changed = edit(project, *args)
            if own is None or not self.is_seen:
                return changed
            return with_map(changed, own, replace(own.settings, looked=True))

        self.desk.edit(label, both)

    # -----------------------------------------------------------------------------
    # Regions

    def draw_area(self, rows: tuple[int, int], columns: tuple[int, int]) -> None:
        """Make a region of a drawn rectangle, and look at it."""
        own = self._own
        if own is None:
            return
        taken = {area.name for area in own.settings.areas}
        letters = [chr(ord("A") + k) for k in range(26)]
        name = next((c for c in letters if c not in taken), f"A{len(taken) + 1}")
        area = MapArea(name, rows, columns)
        if not own.members(area):
            self.desk.complain("The region holds no measured pixel. Draw it over some.")
            return
        self._change(f"Region {name}", areas=(*own.settings.areas, area))
        self.choose_area(name)

    def remove_area(self, name: str) -> None:
        """Take a region away."""
        own = self._own
        if own is not None:
            left = tuple(area for area in own.settings.areas if area.name != name)
            self._change(f"Remove region {name}", areas=left)

    def add_area(self, name: str) -> None:
        """Make the mean of a region a spectrum of the project, with its fit."""
        state = self._state
        found = None if state is None else state.areas.get(name)
        if state is None or found is None:
            self.desk.complain("The mean of the region is not made yet. Try again in a moment.")
            return
        self.desk.edit(f"Region {name} as a spectrum", add_area, found, state.recipe)
        self.desk.say(f"Region {name} is a spectrum of the project now, at the end of the list.")

    def _change(self, label: str, *, merge: str = "", **changes: object) -> None:
        own = self._own
        if own is not None:
            settings: MapSettings = replace(own.settings, **changes)  # type: ignore[arg-type]
            if settings != own.settings:
                self.desk.edit(label, with_map, own, settings, merge=merge)

    # -----------------------------------------------------------------------------
    # Details of the pinned pixel and of the regions

    def _details_key(self, state: MapScene) -> tuple[object, ...]:
        spectrum = id(state.spectra[state.pixel])
        return (state.pixel, spectrum, id(state.record), id(state.model), self._every)

    def _area_key(self, state: MapScene, name: str) -> tuple[object, ...]:
        area: object = (
            state.pixel
            if name == NEAR
            else next((a for a in state.own.settings.areas if a.name == name), None)
        )
        return (area, self._masks_key(state), id(state.model))

    def _masks_key(self, state: MapScene) -> tuple[object, ...]:
        return (id(state.record), state.stale, id(self.document.project.spectra))

    def _look(self) -> None:
        """Find out about the pinned pixel and the regions, quietly, what is not known yet."""
        state = self._state
        if state is None or not self.is_seen or state.busy:
            return
        self._look_at_pixel(state)
        self._look_at_areas(state)
        if self.view.is_factors_seen:
            self.find_factors()

    def _look_at_pixel(self, state: MapScene) -> None:
        key = self._details_key(state)
        if key in self._details or key in self._asked or state.model is None:
            return
        self._asked.add(key)
        model, recipe, number = state.model, state.recipe, state.pixel
        fit = state.record.fit if state.record is not None and not state.stale else None
        kinds = EVERY if self._every else USUAL
        spectrum = state.spectra[number] if fit is None else fit.spectrum(number)
        options = fit_options_from_recipe(recipe) if recipe is not None else None
        kept = (state, fit)

        def work(report: Reporter) -> Details:
            findings = None
            if fit is not None and not fit.failed[number]:
                result = fit.fit_of(number)
                findings = looked_at(result, result.warnings)
            chosen = fit.options if fit is not None else options
            whole = model if recipe is None else model_from_recipe(recipe)
            return findings, try_baselines(spectrum, whole, kinds, options=chosen)

        def done(details: Details) -> None:
            self._details = {**dict(list(self._details.items())[-200:]), key: details}
            self._kept = [*self._kept[-400:], kept]
            self._show()

        self.jobs.start("Looking at the pixel", work, done, quiet=True)

    def _look_at_areas(self, state: MapScene) -> None:
        wanted = list(state.own.settings.areas)
        if state.looking == NEAR:
            row, column = state.own.place_of(state.pixel)
            rows, columns = state.own.grid.shape
            wanted.append(
                MapArea(
                    NEAR,
                    (max(row - 1, 0), min(row + 1, rows - 1)),
                    (max(column - 1, 0), min(column + 1, columns - 1)),
                )
            )
        keys = {self._area_key(state, area.name): area for area in wanted}
        lacking = {k: a for k, a in keys.items() if k not in self._areas and k not in self._asked}
        if not lacking:
            return
        self._asked.update(lacking)
        own, recipe, spectra = state.own, state.recipe, state.spectra
        record = state.record if not state.stale else None

        def work(report: Reporter) -> dict[tuple[object, ...], AreaFit]:
            marks = marks_of(spectra, own.grid)
            return {k: area_fit(own, area, marks, recipe) for k, area in lacking.items()}

        def done(found: dict[tuple[object, ...], AreaFit]) -> None:
            self._areas = {**dict(list(self._areas.items())[-200:]), **found}
            self._kept = [*self._kept[-400:], (state, record)]
            self._show()

        self.jobs.start("Averaging regions", work, done, quiet=True)

    # -----------------------------------------------------------------------------
    # The fit

    def fit(self) -> None:
        """Fit the map in a job; its pixels are drawn as they are fitted."""
        recipe, _, why = self._recipe()
        state = self._state
        if state is None or recipe is None:
            self.desk.complain(f"The map cannot be fitted: {why}")
        elif not state.busy:
            self._start(recipe)

    def _start(self, recipe: Recipe) -> None:
        project, own, state = self.document.project, self._own, self._state
        assert own is not None and state is not None

        def work(report: Reporter) -> tuple[MapRecord, Project]:
            last = monotonic()

            def take(so_far: Callable[[], MapFit]) -> None:
                nonlocal last
                if monotonic() - last > SHOW_EVERY_S:
                    report.hand_over(so_far())
                    last = monotonic()

            record = fit_project_map(
                project,
                own,
                recipe,
                progress=report.progress,
                take=take,
                should_stop=report.should_stop,
            )
            return record, with_map_fit(project, own, record)

        def done(found: tuple[MapRecord, Project]) -> None:
            self._end()
            self._put(project, own, *found)

        self._state = replace(state, busy=True, draft=None)
        words = f"Fitting {len(own)} pixels"
        self._job = self.jobs.start(words, work, done, found=self._take)
        if self.is_seen:
            self._show()

    def _take(self, draft: MapFit) -> None:
        """Draw the pixels that were fitted so far."""
        if self._state is not None and self._state.busy:
            self._state = replace(self._state, draft=draft)
            if self.is_seen:
                self._show()

    def watch(self) -> None:
        """Forget a fit that ended without an answer: it was cancelled, or it failed."""
        job = self._job
        if job is not None and job.number not in {j.number for j in self.jobs.running}:
            self._job = None
            QTimer.singleShot(0, self._forget)

    def _forget(self) -> None:
        if self._job is None and self._state is not None and self._state.busy:
            self._end()
            if self.is_seen:
                self.refresh()

    def _end(self) -> None:
        self._job = None
        if self._state is not None:
            self._state = replace(self._state, busy=False, draft=None)

    def _put(self, before: Project, own: ProjectMap, record: MapRecord, after: Project) -> None:
        """Keep a fit, unless what it is of was changed meanwhile."""
        label, project = f"Fit {len(own)} pixels", self.document.project
        if project is before:
            self.document.apply(label, lambda _: after, lasting=True)
            return
        now = map_for(project, own.keys)
        same = now is not None and now.settings.recipe == own.settings.recipe
        if now is None or not same or _differ(before, project, own.keys):
            self.desk.complain("The map was changed while it was fitted. Fit it again with F.")
            return
        self.document.apply(label, with_map_fit, now, record, lasting=True)

    # -----------------------------------------------------------------------------
    # Factors, files

    def find_factors(self) -> None:
        """Find principal components in a job, where they are not known."""
        state = self._state
        if state is None:
            return
        key = self._masks_key(state)
        if self.view.factors.shown_of == key:
            return
        self.view.factors.shown_of = key
        own, spectra = state.own, state.spectra

        def work(report: Reporter) -> Found | str:
            try:
                table = factor_table_of(own, marks_of(spectra, own.grid))
                return Found(table.energies, principal_components(table))
            except SpectraError as error:
                return str(error)

        def done(found: Found | str) -> None:
            if self.view.factors.shown_of != key:
                return
            if isinstance(found, str):
                self.view.factors.show_found(None, found)
            else:
                self.view.factors.show_found(found, rank_words(found))

        self.jobs.start("Finding factors", work, done)

    def resolve(self) -> None:
        """Find non-negative factors from many starts, in a job."""
        state, found = self._state, self.view.factors.found
        if state is None or found is None:
            return
        own, spectra, key = state.own, state.spectra, self.view.factors.shown_of

        def work(report: Reporter) -> Found:
            table = factor_table_of(own, marks_of(spectra, own.grid))
            count = max(1, min(found.principal.rank, 4, len(table.intensities) - 1))
            return replace(found, resolved=resolve(table, count))

        def done(better: Found) -> None:
            if self.view.factors.shown_of == key:
                self.view.factors.show_found(better, rank_words(better))

        self.jobs.start("Finding non-negative factors", work, done)

    def _is_other(self, state: MapScene) -> bool:
        """Say where the fit is of something else than is there now."""
        if state.stale:
            self.desk.complain("The map was changed after its fit. Fit it again with F.")
        return state.stale

    def ask_export(self) -> None:
        """Ask what to write of the map, and where."""
        state = self._state
        if state is None or state.record is None or self._is_other(state):
            return
        folder = str(Path(self.desk.last_folder) / "doublet-map")
        dialog = MapExportDialog(folder, state.names, state.record.names, self._dialogs.window)
        dialog.export_asked.connect(
            lambda formats, names, where: self.export(formats, Path(where), names)
        )
        self._dialogs.show(dialog)

    def export(self, formats: Sequence[str], folder: Path, names: Sequence[str] = ()) -> None:
        """Write the files of `doublet map` in several formats.

        Parameters
        ----------
        formats : sequence of str
        folder : Path
        names : sequence of str
            Of quantities; empty: those that `doublet map` writes.
        """
        state = self._state
        if state is None or state.record is None or self._is_other(state):
            return
        record, limit = state.record, state.limit

        def work(report: Reporter) -> tuple[int, list[str]]:
            folder.mkdir(parents=True, exist_ok=True)
            steps = list(map_steps(record.fit, record.shown(names), limit, folder, formats))
            return write_steps(steps, progress=report.progress, should_stop=report.should_stop)

        def ended(outcome: tuple[int, list[str]]) -> None:
            written, problems = outcome
            if problems:
                self.desk.complain_of("Not everything could be written", problems)
            if written:
                self.desk.say(f"The map is written to {folder}.")

        self.jobs.start("Exporting the map", work, ended, draws=True)

    def copy_table(self) -> None:
        """Put the numbers of all pixels on the clipboard as csv."""
        from PySide6.QtGui import QGuiApplication

        from spectra_core.results.map_files import map_table

        state = self._state
        if state is None or state.record is None or self._is_other(state):
            return
        text = map_table(state.record.fit, state.record.shown(), state.limit)
        QGuiApplication.clipboard().setText(text)
        self.desk.say("The numbers of all pixels are on the clipboard, every digit.")


def _differ(a: Project, b: Project, keys: Sequence[str]) -> bool:
    return any(key not in b.spectra or a.spectrum(key) is not b.spectrum(key) for key in keys)


def cursor_words(state: MapScene) -> str:
    """Return where the cursor is and what the map shows there."""
    number = state.number
    words = [f"pixel {state.words_of(number)}", f"{state.shown.label} {state.number_words(number)}"]
    noise = float(state.shown.signal_to_noise[number])
    if np.isfinite(noise):
        words.append(f"S/N {noise:.0f}")
    return " · ".join(words)


def rank_words(found: Found) -> str:
    """Return how many factors there are, and what they are."""
    rank = found.principal.rank
    if found.resolved is None:
        return f"Principal components; {rank} stand above the noise. They may be negative."
    own = found.resolved
    return (
        f"{len(own.spectra)} non-negative factors, from {own.good} of {own.starts} starts."
        " A factor is no species until a reference says so."
    )
