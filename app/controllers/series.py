"""The Series view: which series is shown, its fit in a job, its levels played, its files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from time import monotonic

from PySide6.QtCore import QTimer

from spectra_core.datafiles import data_path
from spectra_core.errors import DataError, SpectraError
from spectra_core.export.formats import ExportOptions, export_steps, write_steps
from spectra_core.export.series import series_steps
from spectra_core.fitting import FitResult
from spectra_core.project.analyses import add_recipe, analyses_of
from spectra_core.project.project import Project, add_spectra
from spectra_core.project.series import (
    ProjectSeries,
    axes_of,
    fit_project_series,
    has_series,
    modes_for,
    recipe_for,
    reopened_series,
    series_data,
    series_for,
    stored_series,
    with_series_fit,
    with_series_settings,
)
from spectra_core.project.stored_series import StoredSeries
from spectra_core.readers import read
from spectra_core.recipe.schema import Recipe, SeriesTable
from spectra_core.recipe.text import dump_recipe, load_recipe
from spectra_core.report import build_report
from spectra_core.report.preview import Preview, render_preview
from spectra_core.runs.records import Run
from spectra_core.runs.series import SeriesRecord
from spectra_core.series.coordinates import SPUTTER_TIME
from spectra_core.series.factors import (
    FactorTable,
    Principal,
    Resolved,
    factor_table,
    principal_components,
    resolve,
)
from spectra_core.spectrum import Spectrum

from ..desk import Desk
from ..jobs import Reporter, RunningJob
from ..main_window import MainWindow
from ..scene import Scene
from ..selection import Selection
from ..series_scene import Fitted, SeriesScene, fitted
from ..views.export_dialog import ExportDialog
from ..views.series_dialog import SeriesDialog
from ..views.series_view import SeriesView
from .base import Controller
from .dialogs import Dialogs

EXAMPLE = "lps_on_lpscl_profile"
PLAY_EVERY_MS = 450
SHOW_EVERY_S = 0.1  # of levels that are fitted: a window has other things to do
Identity = tuple[tuple[str, ...], str]
"""Spectra and recipe of a fit: as long as they are the same, so are its numbers."""


class SeriesControl(Controller):
    """Shows the series that the chosen spectrum stands in."""

    def __init__(self, desk: Desk, window: MainWindow, dialogs: Dialogs) -> None:
        super().__init__(desk)
        self._window, self._dialogs = window, dialogs
        self.view = SeriesView()
        self.place = window.add_view("Series", self.view)
        window.offer_view(self.place, False)
        self._spectra: object = None
        self._selected: tuple[str, ...] = ()
        self._own: ProjectSeries | None = None
        self._state: SeriesScene | None = None
        self._fits: dict[Identity, tuple[Fitted, Run]] = {}
        self._data: tuple[object, ProjectSeries, tuple[str, ...]] | None = None
        self._opening: Identity | None = None
        self._opened: Identity | None = None
        self._job: RunningJob | None = None
        self._recipes: tuple[object, Recipe | None, str] | None = None
        self._factors: dict[tuple[int, str], tuple[FactorTable, Principal]] = {}
        self._factored: object = None
        self._reported: object = None
        self._previewing: RunningJob | None = None
        self._timer = QTimer(self)
        self._timer.setInterval(PLAY_EVERY_MS)
        self._timer.timeout.connect(self._step)

    # -----------------------------------------------------------------------------
    # What is shown

    @property
    def is_seen(self) -> bool:
        """Whether the view is in front."""
        return self._window.views.currentIndex() == self.place

    @property
    def scene(self) -> SeriesScene | None:
        """What is shown."""
        return self._state

    @property
    def is_offered(self) -> bool:
        """Whether spectra of the project are levels of one series."""
        return not self._window.view_bar.button(self.place).isHidden()

    def changed_view(self, place: int) -> None:
        """Draw the view as it comes to the front; play no more as it goes."""
        if place == self.place:
            self.refresh()
        else:
            self.stop()

    def open_example(self) -> None:
        """Open the synthetic profile with its recipe, in the Series view."""
        folder = data_path("resources", "examples")

        def work(report: Reporter) -> tuple[Sequence[Spectrum], Recipe]:
            spectra = read(folder / f"{EXAMPLE}.vms")
            return tuple(spectra), load_recipe(folder / f"{EXAMPLE}.toml")

        def done(found: tuple[Sequence[Spectrum], Recipe]) -> None:
            spectra, recipe = found
            first = self.document.project.last_id + 1

            def edit(project: Project) -> Project:
                project = add_spectra(project, spectra)
                new = [f"s{first + k}" for k in range(len(spectra))]
                return add_recipe(project, recipe, new).project

            self.document.apply("Open the profile", edit, select=Selection((f"s{first}",)))
            self.show()

        self.jobs.start("Opening the profile", work, done)

    def show(self) -> None:
        """Bring the Series view to the front."""
        self._window.show_view(self.place)

    def follow(self, scene: Scene) -> None:
        """Follow the project and what is chosen in it."""
        project = scene.project
        if project.spectra is not self._spectra:
            self._spectra = project.spectra
            self._own, self._selected = None, ()
            there = has_series(project)
            self._window.offer_view(self.place, there)
            if not there and self.is_seen:
                self._window.show_view(0)
        self._choose(project, scene.selection.spectra)
        if self.is_seen:
            self.refresh()

    def _choose(self, project: Project, chosen: Sequence[str]) -> None:
        """Take the series that some spectra stand in, unless they stand in the shown one."""
        if tuple(chosen) == self._selected or not chosen:
            return
        self._selected = tuple(chosen)
        if self._own is None or len(chosen) > 1 or self._own.level_of(chosen[0]) is None:
            found = series_for(project, chosen)
            if found is not None and (self._own is None or found.keys != self._own.keys):
                self._own, self._state = found, None
        own = self._own
        level = None if own is None else own.level_of(chosen[0])
        if own is not None and level is not None:
            region = own.region_of(chosen[0]) or own.series.regions[0]
            state = self._state or SeriesScene(own, region)
            known = region if region in own.series.regions else state.region
            self._state = replace(state, level=level, region=known)

    def refresh(self) -> None:
        """Show the series as it is now."""
        if self._own is None:
            self.view.show_series(None)
            return
        state = self._state or SeriesScene(self._own, self._own.series.regions[0])
        recipe, why = self._recipe()
        found = None if recipe is None or state.busy else self._done()
        done = None if found is None else found[0]
        if recipe is not None and found is None and not state.busy:
            self._open_stored(recipe)
        state = replace(state, own=self._own, recipe=recipe, why_not=why, done=done)
        if done is not None and state.region not in state.regions:
            state = replace(state, region=state.regions[0])
        if state.kinds and state.kind not in state.kinds:
            state = replace(state, kind=state.kinds[0])
        self._state = state
        self.view.show_series(state)
        self._show_behind_tabs()
        shown = state.level_words(state.level)
        place = f" · {shown}" if shown else ""
        self._window.cursor_label.setText(f"level {state.level + 1} of {len(state)}{place}")

    def _recipe(self) -> tuple[Recipe | None, str]:
        """Return what the series is fitted with, or why it cannot be fitted."""
        project, own = self.document.project, self._own
        if own is None:
            return None, "No series is shown."
        known = self._recipes
        if known is None or known[0] != (id(project), id(own)):
            try:
                recipe, why = recipe_for(project, own), ""
            except SpectraError as error:
                recipe, why = None, str(error)
            self._recipes = known = ((id(project), id(own)), recipe, why)
        return known[1], known[2]

    def _identity(self, recipe: Recipe) -> Identity:
        project, own = self.document.project, self._own
        if own is None:
            return (), dump_recipe(recipe)
        if self._data is None or self._data[0] is not project.spectra or self._data[1] is not own:
            self._data = project.spectra, own, series_data(project, own)
        return self._data[2], dump_recipe(recipe)

    def _stored(self, recipe: Recipe) -> StoredSeries | None:
        data, text = self._identity(recipe)
        own, project = self._own, self.document.project
        return None if own is None else stored_series(project, own, text, data)

    def _open_stored(self, recipe: Recipe) -> None:
        """Make the fit that the project has of the series again, in a job, once."""
        own, identity = self._own, self._identity(recipe)
        if own is None or identity in (self._opening, self._opened):
            return
        stored = self._stored(recipe)
        if stored is None:
            return
        self._opening = identity

        def work(report: Reporter) -> tuple[Fitted, Run] | str:
            record, run = reopened_series(own, recipe, stored)
            if record is None:
                return "; ".join(str(failure) for failure in run.failures)
            return fitted(record), run

        def done(outcome: tuple[Fitted, Run] | str) -> None:
            self._opening, self._opened = None, identity
            if isinstance(outcome, str):
                self.desk.say(f"The stored fit of the series cannot be shown: {outcome}")
            else:
                self._keep(identity, outcome)
            if self.is_seen:
                self.refresh()

        self.jobs.start("Opening the fit of the series", work, done, quiet=True)

    def _keep(self, identity: Identity, outcome: tuple[Fitted, Run]) -> None:
        self._fits = {**dict(list(self._fits.items())[-3:]), identity: outcome}

    # -----------------------------------------------------------------------------
    # Choosing

    def choose_level(self, level: int) -> None:
        """Look at another level."""
        if self._state is not None:
            self._state = replace(self._state, level=level)
            self.refresh()

    def choose_region(self, region: str) -> None:
        """Look at another region."""
        if self._state is not None:
            self._state = replace(self._state, region=region)
            self.refresh()

    def choose_kind(self, kind: str, quantity: str) -> None:
        """Draw other trends."""
        if self._state is not None:
            self._state = replace(self._state, kind=kind, quantity=quantity)
            self.refresh()

    def play(self) -> None:
        """Step through the levels from here, or stop."""
        on = not self._timer.isActive()
        if on and self._state is not None:
            last = self._state.level + 1 >= len(self._state)
            self._timer.start()
            if last:
                self.choose_level(0)
        else:
            self._timer.stop()
        self.view.show_playing(self._timer.isActive())

    def _step(self) -> None:
        state = self._state
        if state is None or not self.is_seen or state.level + 1 >= len(state):
            self.stop()
        else:
            self.choose_level(state.level + 1)

    def stop(self) -> None:
        """Play no more."""
        self._timer.stop()
        self.view.show_playing(False)

    def show_fit(self, level: int) -> None:
        """Show the fit of a level in the Spectrum view."""
        state = self._state
        if state is None:
            return
        own = state.own.keys[level]
        key = own.get(state.region) or next(iter(own.values()))
        found = analyses_of(self.document.project, key)
        self.document.select(Selection((key,), found[-1] if found else None))
        self._window.show_view(0)
        if state.record is not None and state.record.fit.slides[level].shift_ev:
            self.desk.say("The level was slid for the series; here it stands as it was measured.")

    # -----------------------------------------------------------------------------
    # Fitting

    def fit(self) -> None:
        """Fit the series in a job; its trends are drawn as its levels are fitted."""
        own, state = self._own, self._state
        recipe, why = self._recipe()
        if own is None or state is None or recipe is None:
            self.desk.complain(f"The series cannot be fitted: {why}")
            return
        if state.busy:
            return
        identity = self._identity(recipe)
        project = self.document.project

        def work(report: Reporter) -> tuple[Fitted, Run]:
            gathered: dict[int, FitResult] = {}
            last = monotonic()

            def take(level: int, fit: FitResult) -> None:
                nonlocal gathered, last
                gathered[level] = fit
                if monotonic() - last > SHOW_EVERY_S:
                    report.hand_over(gathered)
                    gathered, last = {}, monotonic()

            record, run = fit_project_series(
                project,
                own,
                recipe,
                progress=report.progress,
                take_level=take,
                should_stop=report.should_stop,
            )
            if record is None:
                said = "; ".join(str(failure) for failure in run.failures)
                raise DataError(said or "the series was stopped; nothing was changed.")
            return fitted(record), run

        def done(outcome: tuple[Fitted, Run]) -> None:
            self._keep(identity, outcome)
            self._end()
            self._put(own, outcome[0].record, recipe)

        self._state = replace(state, busy=True, draft={}, done=None)
        self._job = self.jobs.start(f"Fitting {len(own)} levels", work, done, found=self._take)
        self.refresh()

    def _take(self, found: Mapping[int, FitResult]) -> None:
        """Draw levels that were fitted by themselves."""
        state = self._state
        if state is not None and state.busy:
            self._state = replace(state, draft={**state.draft, **found})
            if self.is_seen:
                self.refresh()

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
            self._state = replace(self._state, busy=False, draft={})

    def _put(self, own: ProjectSeries, record: SeriesRecord, recipe: Recipe) -> None:
        label = f"Fit {len(own)} levels"
        self.document.apply(label, with_series_fit, own, record, recipe, lasting=True)
        if self.is_seen:
            self.refresh()

    def settings(self) -> None:
        """Ask what is shared, what orders the levels, and how deep they lie."""
        own = self._own
        recipe, why = self._recipe()
        if own is None or recipe is None:
            self.desk.complain(f"The series has no settings yet: {why}")
            return
        model, modes = modes_for(own, recipe)
        table = recipe.series or SeriesTable()
        axes = axes_of(own.series)
        axis = table.axis if table.axis in axes else own.series.axis
        dialog = SeriesDialog(
            table,
            axes,
            axis,
            model,
            modes,
            self._dialogs.window,
            depth=SPUTTER_TIME in own.series.coordinates,
        )
        dialog.settings_taken.connect(self._take_settings)
        self._dialogs.show(dialog)

    def _take_settings(self, table: SeriesTable) -> None:
        recipe, _ = self._recipe()
        if recipe is not None and self.desk.edit(
            "Settings of the series", with_series_settings, recipe, table
        ):
            self.fit()

    # -----------------------------------------------------------------------------
    # Factors, report, files

    def _show_behind_tabs(self) -> None:
        state = self._state
        if state is None:
            return
        if self.view.is_factors_seen:
            self._show_factors(state)
        if self.view.is_report_seen:
            self._preview()

    def _show_factors(self, state: SeriesScene) -> None:
        key = (id(state.series), state.region)
        if key not in self._factors:
            fit = state.fits[state.level]
            window = None if fit is None else (float(fit.x.min()), float(fit.x.max()))
            try:
                table = factor_table(state.series, state.region, window)
                self._factors = {key: (table, principal_components(table))}
                self._factored = state.series  # as long as it lives its id is its own
            except SpectraError as error:
                self.view.factors.show_factors(None, None, None, str(error))
                return
        elif self.view.factors.shown_of == key:
            return
        table, found = self._factors[key]
        self.view.factors.shown_of = key
        self.view.factors.show_factors(table.energies, found, None, "")

    def resolve(self) -> None:
        """Find non-negative factors from many starts, in a job."""
        state = self._state
        key = None if state is None else (id(state.series), state.region)
        if key is None or key not in self._factors:
            return
        table, found = self._factors[key]

        def work(report: Reporter) -> Resolved:
            return resolve(table, max(1, min(found.rank, len(table.intensities) - 1)))

        def done(resolved: Resolved) -> None:
            if self.view.factors.shown_of == key:
                self.view.factors.show_factors(table.energies, found, resolved, "")

        self.jobs.start("Finding factors", work, done)

    def _done(self) -> tuple[Fitted, Run] | None:
        """Return the fit that the project has of the series, as far as it is made already."""
        recipe, _ = self._recipe()
        if recipe is None or self._stored(recipe) is None:
            return None
        return self._fits.get(self._identity(recipe))

    def _preview(self) -> None:
        """Make the preview of the report, if it is not the last one made."""
        found, last = self._done(), self._previewing
        was_cancelled = last is not None and last.stop.is_set()
        if found is None or (found[1] is self._reported and not was_cancelled):
            return
        run = self._reported = found[1]
        title = self.document.project.settings.title

        def work(report: Reporter) -> Preview:
            made = build_report(run, title=title, made=date.today().isoformat())
            return render_preview(made, should_stop=report.should_stop)

        self._previewing = self.jobs.start(
            "Report preview", work, self.view.report.show_preview, draws=True
        )

    def copy_table(self) -> None:
        """Put the trends of all levels on the clipboard as csv."""
        self.view.table.show_series(self._state)
        if self.view.table.copy():
            self.desk.say("The trends of all levels are on the clipboard, every digit.")
        else:
            self.desk.complain("There is nothing to copy yet. Fit the series first.")

    def ask_export(self) -> None:
        """Ask what to write of the series, and where."""
        if self._done() is None:
            self.desk.complain("There is nothing to export yet. Fit the series first.")
            return
        folder = str(Path(self.desk.last_folder) / "doublet-series")
        dialog = ExportDialog(folder, self._dialogs.window)
        dialog.setWindowTitle("Export the series")
        dialog.export_asked.connect(lambda formats, where: self.export(formats, Path(where)))
        self._dialogs.show(dialog)

    def export(self, formats: Sequence[str], folder: Path) -> None:
        """Write the files of `doublet series` in several formats."""
        found = self._done()
        if found is None:
            return
        done, run = found
        options = ExportOptions(title=self.document.project.settings.title)

        def work(report: Reporter) -> tuple[int, list[str]]:
            folder.mkdir(parents=True, exist_ok=True)
            said: list[str] = []
            steps = [
                *export_steps(run, folder, formats, options=options, say=said.append),
                *series_steps([done.record], [done.trends], folder, formats),
            ]
            written, problems = write_steps(
                steps, progress=report.progress, should_stop=report.should_stop
            )
            return written, said + problems

        def ended(outcome: tuple[int, list[str]]) -> None:
            written, problems = outcome
            if problems:
                self.desk.complain_of("Not everything could be kept", problems)
            if written:
                self.desk.say(f"The series is written to {folder}.")

        self.jobs.start("Exporting the series", work, ended, draws=True)
