"""What the window shows: the scene, a drag in progress, jobs, title, and what notes are about."""

from __future__ import annotations

from collections.abc import Callable
from math import isnan

from PySide6.QtCore import QObject, QTimer

from spectra_core.editing.edits import place_of
from spectra_core.fitting import FitResult, FitWarning
from spectra_core.project.jobs import OnTheWay
from spectra_core.spectrum import Spectrum

from ..desk import Desk
from ..main_window import MainWindow
from ..scene import Scene
from ..scenes import dragged_scene
from ..selection import Selection
from ..views.plot_hover import energy_words
from ..widgets import in_locale
from .acting import Acting
from .base import Controller
from .reporting import Reporting
from .ticks import library_ticks

_PANELS_EVERY_MS = 40
_REPORT_AFTER_MS = 400


class Showing(Controller):
    """Keeps the window as the document is."""

    def __init__(
        self, desk: Desk, window: MainWindow, acting: Acting, reporting: Reporting
    ) -> None:
        super().__init__(desk)
        self._window, self._acting, self._reporting = window, acting, reporting
        self._live: tuple[FitResult, str] | None = None
        self._ticked: Spectrum | None = None
        self._is_on_the_way = False
        self._panels = _timer(self, _PANELS_EVERY_MS, self._show_dragged_panels)
        self._report = _timer(self, _REPORT_AFTER_MS, self._preview_if_seen)

    def stop(self) -> None:
        """Show nothing more."""
        self._panels.stop()
        self._report.stop()

    # -----------------------------------------------------------------------------
    # The scene

    def show(self, scene: Scene) -> None:
        """Show a scene."""
        self._live, self._is_on_the_way = None, False
        if scene.spectrum is not self._ticked:
            self._ticked = scene.spectrum
            self._window.plot.set_ticks(library_ticks(scene.spectrum))
        self._window.show_scene(scene)
        self.show_actions()
        self.show_title()
        self.preview_later()

    def show_live(self, fit: FitResult, region: str) -> None:
        """Draw a frame of a drag at once; the panels follow a little later."""
        self._live = fit, region
        self._window.plot.show_live(fit, region)
        if not self._panels.isActive():
            self._panels.start()

    def show_on_the_way(self, found: OnTheWay) -> None:
        """Show a fit whose budget is being made: its curves, and its ratios as far as they are."""
        scene, plot = self.desk.scene, self._window.plot
        is_shown = scene.selection.analysis == found.analysis and scene.region is not None
        if is_shown and scene.region is not None and plot.drag.handle is None:
            self._is_on_the_way = True
            self.show_live(found.result, scene.region.name)
            plot.show_unchecked()
        if found.ratios:
            self._window.ratios.show_growing(found.analysis, found.ratios)

    def _show_dragged_panels(self) -> None:
        if self._live is not None:
            fit, region = self._live
            scene = dragged_scene(self.desk.scene, fit, fit.model.region(region))
            if self._window.cards.show_dragged(scene):
                self._panels.start()

    def show_cursor(self, x: float, y: float) -> None:
        """Show where the cursor is in the shown spectrum."""
        scene = self.desk.scene
        if scene.spectrum is None or isnan(x):
            self._window.cursor_label.setText("")
        else:
            counts = f"{in_locale(f'{y:.5g}')} {scene.spectrum.y_unit}"
            self._window.cursor_label.setText(f"{energy_words(scene, x)} · {counts}")

    # -----------------------------------------------------------------------------
    # Around it

    def show_title(self) -> None:
        """Show the name of the project, and whether it is saved."""
        document = self.document
        name = document.name or "new project"
        mark = "*" if document.is_dirty else ""
        because = document.read_only_because
        self._window.setWindowTitle(f"{mark}{name}{' (read-only)' if because else ''} – Doublet")
        words = (name, f"read-only: {because}" if because else "", "unsaved" if mark else "")
        self._window.file_label.setText(" · ".join(word for word in words if word))

    def show_jobs(self) -> None:
        """Show the job in progress."""
        running = self.jobs.running
        self._window.show_job(running[0] if running else None, max(len(running) - 1, 0))
        self.show_actions()
        if not running and self._is_on_the_way:
            self.desk.refresh()  # it was cancelled

    def show_actions(self) -> None:
        """Show which actions can run, and which are on."""
        self._window.show_actions(self._acting.why_not(), self._acting.checked())

    def preview_later(self) -> None:
        """Make the preview of the report a little later, if its tab is open then."""
        self._report.start()

    def _preview_if_seen(self) -> None:
        if self._window.tabs.currentWidget() is self._window.report:
            self._reporting.preview()

    def show_report(self) -> None:
        """Show the report preview."""
        self._window.show_tab(self._window.report)
        self._reporting.preview()

    # -----------------------------------------------------------------------------
    # Going to a place

    def show_analysis(self, key: str) -> None:
        """Choose an analysis, and the first of its spectra."""
        if key in self.document.project.analyses:
            first = next(iter(self.document.project.analysis(key).spectra.values()))
            self.document.select(Selection((first,), key))

    def show_finding(self, finding: FitWarning) -> None:
        """Choose and mark what a note is about."""
        scene = self.desk.scene
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
        if (span := _span(self.desk.scene, owner)) is not None:
            self._window.plot.highlight(*span, finding.code.replace("_", " "))


def _span(scene: Scene, owner: str) -> tuple[float, float] | None:
    """Return the energies that a component or doublet covers; those of the window without one."""
    fit, region = scene.fit, scene.region
    if fit is None or region is None:
        return None
    first = next((c for c in region.components if scene.owner_of(c.id) == owner), None)
    if first is None or first.id not in fit.region(region.name).peaks:
        return region.window
    summary = fit.summary(region.name, first.id)
    return summary.maximum_at - summary.fwhm, summary.maximum_at + summary.fwhm


def _timer(parent: QObject, interval: int, run: Callable[[], None]) -> QTimer:
    made = QTimer(parent)
    made.setSingleShot(True)
    made.setInterval(interval)
    made.timeout.connect(run)
    return made
