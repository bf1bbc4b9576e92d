"""The program: document, jobs, controllers and window put together.

It is the one place that knows both sides: the views' intents are connected to the controllers
here, and every action of `actions` runs a method of this class or of a controller.
"""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable, Sequence
from dataclasses import replace
from math import isnan
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, QSettings, QTimer, Signal
from PySide6.QtGui import QGuiApplication

from spectra_core.editing.edits import place_of
from spectra_core.errors import SpectraError
from spectra_core.fitting import FitResult, FitWarning
from spectra_core.project.project import Project

from .actions import ACTIONS, Action, State, action
from .autosave import Autosave
from .controllers.dragging import Dragging
from .controllers.editing import Editing
from .controllers.files import Files
from .controllers.fitting import Fitting
from .controllers.opening import Opening
from .controllers.reporting import Reporting
from .controllers.scenes import SceneMaker, dragged_scene
from .controllers.spectra import SpectraControl
from .controllers.ticks import library_ticks
from .document import Document
from .formula import formula
from .jobs import Jobs, Report
from .main_window import MainWindow
from .preferences import Preferences, load_preferences, save_preferences
from .scene import Scene
from .selection import Selection
from .theme import theme
from .views.pages import CrashDialog
from .views.plot import PlotOptions

_LOG = logging.getLogger(__name__)
_NUDGE_EV, _FINE_EV = 0.05, 0.005
_NUDGE_CM, _FINE_CM = 1.0, 0.1
_PANELS_EVERY_MS = 120
_REPORT_AFTER_MS = 400


class Program(QObject):
    """Everything that runs, and what the actions do.

    Parameters
    ----------
    settings : QSettings
        Preferences, recent files, layout.
    data_folder : Path
        Recovery files and the log.

    Signals
    -------
    ended()
        The window was closed and every job has stopped.
    """

    ended = Signal()

    document: Document
    jobs: Jobs
    autosave: Autosave
    files: Files
    fitting: Fitting
    editing: Editing
    dragging: Dragging
    spectra: SpectraControl
    reports: Reporting
    opening: Opening
    window: MainWindow
    scene: Scene
    preferences: Preferences
    plot_options: PlotOptions

    def __init__(self, settings: QSettings, data_folder: Path) -> None:
        super().__init__()
        self.settings, self.data_folder = settings, data_folder
        self.preferences = load_preferences(settings)
        self.plot_options = PlotOptions(residual_range=self.preferences.residual_range)
        self.document = Document(self)
        self.jobs = Jobs(self)
        self.autosave = Autosave(
            self.document,
            self.jobs,
            self.recovery_folder,
            after_s=self.preferences.autosave_s,
            parent=self,
        )
        self.files = Files(self)
        self.fitting = Fitting(self)
        self.editing = Editing(self)
        self.dragging = Dragging(self)
        self.spectra = SpectraControl(self)
        self.reports = Reporting(self)
        self.opening = Opening(self)
        self._makes = SceneMaker()
        self.scene = Scene(self.document.project)
        self.window = MainWindow(self.document.stack, self.run)
        self._panels = _timer(self, _PANELS_EVERY_MS, self._show_dragged_panels)
        self._report = _timer(self, _REPORT_AFTER_MS, self._preview_if_seen)
        self._live: tuple[FitResult, str] | None = None
        self._is_down = False
        theme().use(self.preferences.scheme)
        self.window.plot.set_options(self.plot_options)
        self._connect()
        self.refresh()
        self.window.restore(settings)
        self.window.show_recent(self.files.recent(), self._open_recent)

    @property
    def recovery_folder(self) -> Path:
        """Where recovery files lie."""
        return self.data_folder / "recovery"

    @property
    def log_path(self) -> Path:
        """The log file."""
        return self.data_folder / "doublet.log"

    @property
    def last_folder(self) -> str:
        """Folder of the file that was opened or written last."""
        return str(self.settings.value("last_folder", str(Path.home())))

    @last_folder.setter
    def last_folder(self, folder: str) -> None:
        self.settings.setValue("last_folder", folder)

    # -----------------------------------------------------------------------------
    # Wiring

    def _connect(self) -> None:
        document, window = self.document, self.window
        document.changed.connect(self.refresh)
        document.selection_changed.connect(self.refresh)
        document.dirty_changed.connect(self._show_title)
        document.stack.indexChanged.connect(self._show_actions)
        self.jobs.changed.connect(self._show_jobs)
        self.jobs.failed.connect(lambda title, text: self._job_failed(title, text))
        self.jobs.broke.connect(self.crashed)
        self.autosave.failed.connect(self.complain)
        self.files.saved_at.connect(lambda at: window.saved_label.setText(f"Saved {at}"))
        self.files.recent_changed.connect(lambda p: window.show_recent(p, self._open_recent))
        self.fitting.curve_ready.connect(window.uniqueness.show_curve)
        self.reports.report_ready.connect(window.report.show_preview)
        window.files_dropped.connect(self.files.open_paths)
        window.close_asked.connect(self.quit)
        window.search_asked.connect(self.opening.palette)
        window.cancel_asked.connect(self.jobs.cancel)
        window.tabs.currentChanged.connect(lambda _: self._report.start())
        self._connect_plot()
        self._connect_tree()
        self._connect_panels()

    def _connect_plot(self) -> None:
        plot, drag = self.window.plot, self.dragging
        plot.drag_began.connect(drag.begin)
        plot.drag_moved.connect(drag.move)
        plot.drag_ended.connect(drag.end)
        plot.drag_cancelled.connect(drag.cancel)
        drag.moved.connect(self._show_live)
        drag.given_up.connect(self.refresh)
        drag.said.connect(self.window.state_label.setText)
        plot.owner_picked.connect(self._owner_picked)
        plot.tick_clicked.connect(lambda entry: self.editing.add_entry(entry))
        plot.hovered.connect(self._show_cursor)
        plot.add_at.connect(self.editing.add_component_at)
        plot.library_at.connect(lambda x: self.opening.library(energy=x))
        plot.overlay_picked.connect(lambda key: self.spectra.choose([key]))

    def _connect_tree(self) -> None:
        tree, spectra = self.window.tree, self.spectra
        tree.selection_made.connect(spectra.choose)
        tree.rename_asked.connect(self.opening.rename_spectrum)
        tree.sample_rename_asked.connect(self.opening.rename_sample)
        tree.remove_asked.connect(spectra.remove)
        tree.calibrate_asked.connect(lambda _: self.opening.calibration())
        tree.fit_asked.connect(self.fitting.fit_spectra)
        tree.join_asked.connect(spectra.join)
        tree.preset_asked.connect(lambda _: self.opening.library(presets=True))
        tree.take_over_asked.connect(spectra.take_over)
        tree.copy_model_asked.connect(spectra.copy_model)
        tree.paste_model_asked.connect(spectra.paste_model)

    def _connect_panels(self) -> None:
        window, edit, ask = self.window, self.editing, self.opening
        for view in (window.cards, window.table.table):
            view.owner_chosen.connect(edit.choose_owner)
            view.value_edited.connect(edit.set_value)
            view.label_edited.connect(edit.set_label)
            view.enabled_set.connect(edit.set_enabled)
            view.held_set.connect(edit.hold)
            view.bounds_asked.connect(ask.bounds)
            view.shape_chosen.connect(edit.set_shape)
            view.remove_asked.connect(edit.remove)
            view.duplicate_asked.connect(edit.duplicate)
            view.copy_asked.connect(edit.copy)
            view.paste_asked.connect(edit.paste)
            view.rename_asked.connect(ask.rename_component)
            view.species_asked.connect(ask.species)
            view.link_asked.connect(ask.link)
            view.unlink_asked.connect(edit.unlink)
            view.unlock_asked.connect(ask.unlock)
            view.relock_asked.connect(edit.relock)
        window.cards.add_asked.connect(lambda: self.run_id("add_component"))
        window.table.table.refused.connect(self.complain)
        window.background.background_chosen.connect(edit.set_background)
        window.background.background_option_edited.connect(edit.set_background_option)
        window.background.value_edited.connect(edit.set_value)
        window.background.held_set.connect(edit.hold)
        window.background.window_edited.connect(edit.set_window)
        window.fit_panel.options_edited.connect(self.fitting.set_options)
        window.fit_panel.shift_edited.connect(edit.set_shift)
        window.fit_panel.shift_freed.connect(self.spectra.free_shift)
        window.notes.show_asked.connect(self._show_finding)
        window.notes.fix_asked.connect(edit.apply_fix)
        window.notes.action_asked.connect(self.run_id)
        window.notes.note_edited.connect(edit.set_note)
        window.ratios.define_asked.connect(ask.ratio)
        window.ratios.ratio_removed.connect(edit.remove_ratio)
        window.ratios.compute_asked.connect(self.fitting.compute_ratios)
        window.ratios.analysis_chosen.connect(self._show_analysis)
        window.uniqueness.curve_asked.connect(self.fitting.uniqueness)
        window.report.export_asked.connect(lambda: self.run_id("export"))
        window.empty.open_asked.connect(lambda: self.run_id("open"))
        window.empty.example_asked.connect(lambda: self.run_id("example"))
        window.empty.recent_asked.connect(self._open_recent)

    # -----------------------------------------------------------------------------
    # Showing

    def refresh(self, *_: object) -> None:
        """Show the document as it is now."""
        self._live = None
        scene = self._makes.scene(self.document.project, self.document.selection)
        if scene.spectrum is not self.scene.spectrum:
            self.window.plot.set_ticks(library_ticks(scene.spectrum))
        self.scene = scene
        self.window.show_scene(scene)
        self._show_actions()
        self._show_title()
        self._report.start()

    def _show_live(self, fit: FitResult, region: str) -> None:
        """Draw a frame of a drag at once; the panels follow a little later."""
        self._live = fit, region
        self.window.plot.show_live(fit, region)
        if not self._panels.isActive():
            self._panels.start()

    def _show_dragged_panels(self) -> None:
        if self._live is not None and self.dragging.is_dragging:
            fit, region = self._live
            self.window.cards.show_chosen(dragged_scene(self.scene, fit, fit.model.region(region)))

    def _preview_if_seen(self) -> None:
        if self.window.tabs.currentWidget() is self.window.report:
            self.reports.preview()

    def _show_title(self, *_: object) -> None:
        document = self.document
        name = document.path.name if document.path else document.project.settings.title
        name = name or "new project"
        mark = "*" if document.is_dirty else ""
        read_only = " (read-only)" if document.read_only_because else ""
        self.window.setWindowTitle(f"{mark}{name}{read_only} – Doublet")
        self.window.file_label.setText(f"{name}{read_only}{' · unsaved' if mark else ''}")

    def _show_jobs(self) -> None:
        running = self.jobs.running
        self.window.show_job(running[0] if running else None, max(len(running) - 1, 0))
        self._show_actions()

    def _show_actions(self, *_: object) -> None:
        checked = {a.id: a.checked(self) for a in ACTIONS if a.checked is not None}
        self.window.show_actions(self.why_not(), checked)

    def _show_cursor(self, x: float, y: float) -> None:
        spectrum = self.scene.spectrum
        if spectrum is None or isnan(x):
            self.window.cursor_label.setText("")
        else:
            self.window.show_cursor(x, y, spectrum.axis.unit, spectrum.y_unit)

    def _show_finding(self, finding: FitWarning) -> None:
        """Choose and mark what a note is about."""
        scene = self.scene
        if scene.analysis is None or scene.selection.analysis is None:
            return
        place = place_of(finding, scene.analysis.model)
        region_name, owner = place or (scene.selection.region or "", "")
        spectrum = scene.analysis.spectra.get(region_name)
        if spectrum is None:
            return
        self.document.select(
            Selection((spectrum,), scene.selection.analysis, region_name, owner or None)
        )
        fit, region = self.scene.fit, self.scene.region
        if fit is None or region is None:
            return
        low, high = region.window
        if owner:
            shown = fit.region(region.name)
            first = next(c for c in region.components if self.editing.owner_of(c.id) == owner)
            if first.id in shown.peaks:
                summary = fit.summary(region.name, first.id)
                low = summary.maximum_at - summary.fwhm
                high = summary.maximum_at + summary.fwhm
        self.window.plot.highlight(low, high, finding.code.replace("_", " "))

    def _show_analysis(self, key: str) -> None:
        if key in self.document.project.analyses:
            first = next(iter(self.document.project.analysis(key).spectra.values()))
            self.document.select(Selection((first,), key))

    def _owner_picked(self, component: str) -> None:
        self.editing.choose_owner(self.editing.owner_of(component) if component else "")

    def _open_recent(self, path: str) -> None:
        self.files.open_recent(path)

    # -----------------------------------------------------------------------------
    # Saying

    def say(self, text: str) -> None:
        """Say something in the status bar."""
        self.window.state_label.setText(text)

    def complain(self, text: str) -> None:
        """Say above the plot what could not be done; nothing was changed."""
        _LOG.warning("%s", text)
        self.window.banner.show_text(text)

    def _job_failed(self, title: str, text: str) -> None:
        self.complain(text)
        self.opening.job_failed(title, text)

    def crashed(self, error: BaseException) -> None:
        """Say that the program has a defect, and offer the details."""
        details = "".join(traceback.format_exception(error))
        _LOG.error("a defect: %s", details)
        self.opening.show(CrashDialog(details, self.window))

    # -----------------------------------------------------------------------------
    # Doing

    def state(self) -> State:
        """Return what decides which actions can run."""
        stack = self.document.stack
        return State(
            self.document.project,
            self.scene,
            stack.undoText() if stack.canUndo() else "",
            stack.redoText() if stack.canRedo() else "",
            self.document.is_dirty,
            bool(self.jobs.running),
            self.editing.has_copied,
            self.spectra.has_copied,
        )

    def why_not(self) -> dict[str, str]:
        """Return why each action cannot run now; empty where it can."""
        state = self.state()
        return {one.id: one.why_not(state) for one in ACTIONS}

    def run(self, one: Action) -> None:
        """Run an action, if it can run."""
        reason = one.why_not(self.state())
        if reason:
            self.say(f"{one.title}: {reason}")
            return
        try:
            one.run(self)
        except SpectraError as error:
            self.complain(str(error))
        self._show_actions()

    def run_id(self, action_id: str) -> None:
        """Run the action with this id."""
        self.run(action(action_id))

    def edit(
        self,
        label: str,
        edit: Callable[..., Project],
        *args: Any,
        merge: str = "",
        select: Selection | Callable[[Project], Selection] | None = None,
        **options: Any,
    ) -> bool:
        """Apply an edit; what a user can act on is said, and nothing has changed then."""
        try:
            self.document.apply(label, edit, *args, merge=merge, select=select, **options)
        except SpectraError as error:
            self.complain(str(error))
            self.refresh()
            return False
        self.window.banner.hide()
        return True

    def name_of(self, owner: str) -> str:
        """Return what a component or doublet is called in a sentence."""
        return formula(self.editing.owner_of(owner)) if owner else ""

    def prefer(self, preferences: Preferences) -> None:
        """Take other preferences over."""
        self.preferences = preferences
        save_preferences(self.settings, preferences)
        self.autosave.set_delay(preferences.autosave_s)
        if theme().scheme != preferences.scheme:
            theme().use(preferences.scheme)
            self.refresh()
        if self.plot_options.residual_range != preferences.residual_range:
            self._draw(replace(self.plot_options, residual_range=preferences.residual_range))
        self._show_actions()

    @property
    def is_dark(self) -> bool:
        """Whether the dark colours are in use."""
        return theme().palette.dark

    def switch_dark(self) -> None:
        """Change between light and dark."""
        self.prefer(replace(self.preferences, scheme="light" if self.is_dark else "dark"))

    def switch_live(self) -> None:
        """Fit while dragging, or only draw."""
        self.prefer(replace(self.preferences, live_refit=not self.preferences.live_refit))

    def switch_plot(self, option: str) -> None:
        """Switch one option of the plot."""
        change = {option: not getattr(self.plot_options, option)}
        self._draw(replace(self.plot_options, **change))

    def switch_waterfall(self) -> None:
        """Set the chosen spectra apart, or lay them over each other."""
        apart = 0.0 if self.plot_options.waterfall else 0.35
        self._draw(replace(self.plot_options, waterfall=apart))

    def _draw(self, options: PlotOptions) -> None:
        self.plot_options = options
        self.window.plot.set_options(options)
        self._show_actions()

    def nudge(self, step: int, *, fine: bool) -> None:
        """Move the chosen component to the left or right on the screen."""
        spectrum = self.scene.spectrum
        if spectrum is None:
            return
        energy = spectrum.axis.unit == "eV"
        size = (_FINE_EV if fine else _NUDGE_EV) if energy else (_FINE_CM if fine else _NUDGE_CM)
        # Binding energy falls to the right.
        direction = -step if energy else step
        self.dragging.nudge(direction * size)

    def copy_picture(self) -> None:
        """Put the plot on the clipboard as a picture."""
        QGuiApplication.clipboard().setImage(self.window.plot.picture())
        self.say("The plot is on the clipboard.")

    def copy_table(self) -> None:
        """Put the component table on the clipboard as text."""
        self.window.table.table.copy()
        self.say("The component table is on the clipboard.")

    def copy_component(self) -> None:
        """Keep the chosen component for pasting."""
        if owner := self.document.selection.owner:
            self.editing.copy(owner)
            self._show_actions()

    def duplicate_component(self) -> None:
        """Put a second one beside the chosen component."""
        if owner := self.document.selection.owner:
            self.editing.duplicate(owner)

    def show_report(self) -> None:
        """Show the report preview."""
        self.window.docks[2].show()
        self.window.tabs.setCurrentWidget(self.window.report)
        self.reports.preview()

    # -----------------------------------------------------------------------------
    # Beginning and end

    def prepare(self) -> None:
        """Load the fit engine in the background, so that the first fit does not wait."""

        def work(report: Report) -> None:
            from spectra_core.fitting.engine import kernels

            kernels()

        self.jobs.start("Preparing the fit engine", work, quiet=True)

    def start(self, paths: Sequence[str] = ()) -> None:
        """Show the window, open what was asked for, and offer recovered work."""
        self.window.show()
        self.prepare()
        if paths:
            self.files.open_paths(paths)
        else:
            self.opening.recovery()

    def quit(self) -> None:
        """Leave, after asking about unsaved changes."""
        self.files.if_nothing_is_lost(self.leave)

    def leave(self) -> None:
        """Stop everything and close the window; unsaved changes are given up."""
        self.autosave.discard()
        self.shut_down()
        self.ended.emit()

    def shut_down(self) -> None:
        """Stop jobs and timers, let the file go, close the window; a second call does nothing."""
        if self._is_down:
            return
        self._is_down = True
        for timer in (self._panels, self._report):
            timer.stop()
        self.opening.close()
        self.autosave.stop()
        self.jobs.close()
        self.document.close()
        self.files.release()
        self.window.keep(self.settings)
        self.settings.sync()
        self.window.allow_close()


def _timer(parent: QObject, interval: int, run: Callable[[], None]) -> QTimer:
    made = QTimer(parent)
    made.setSingleShot(True)
    made.setInterval(interval)
    made.timeout.connect(run)
    return made
