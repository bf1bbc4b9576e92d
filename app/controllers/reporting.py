"""Reports, recipes and pictures out of the program: made in jobs, written whole or not at all."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from functools import partial
from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFileDialog

from spectra_core.errors import Cancelled, SpectraError
from spectra_core.export.formats import ExportOptions, export_run
from spectra_core.project.file import save_project
from spectra_core.project.project import Project
from spectra_core.project.recipes import recipes_from, run_from_project
from spectra_core.project.series import series_sentence
from spectra_core.recipe.text import dump_recipe
from spectra_core.report import Report as ReportDocument
from spectra_core.report import build_report
from spectra_core.report.preview import Preview, render_preview
from spectra_core.report.review import render_review
from spectra_core.results.figures import fit_figure, save_figure
from spectra_core.writers.atomic import write_text

from ..desk import Desk
from ..jobs import Reporter, RunningJob
from ..views.plot import PlotView
from .base import Controller


class Reporting(Controller):
    """Makes reports and exports.

    Signals
    -------
    report_ready(Preview)
        Of the project as it is; None where nothing has been fitted.
    """

    report_ready = Signal(object)

    def __init__(self, desk: Desk, plot: PlotView) -> None:
        super().__init__(desk)
        self._plot = plot
        self._dialog: QFileDialog | None = None
        self._previewed: Project | None = None
        self._making: RunningJob | None = None

    def preview(self) -> None:
        """Make the preview of the report as it is, unless it is the last one made.

        One that is on its way for an earlier state of the project is given up.
        """
        project, last = self.document.project, self._making
        was_cancelled = last is not None and last.stop.is_set()
        if project is self._previewed and not was_cancelled:
            return
        if last is not None:
            self.jobs.cancel(last)
        self._previewed = project

        def work(report: Reporter) -> Preview | None:
            made = report_of(project)
            if made is None or report.should_stop():
                return None
            return render_preview(made, should_stop=report.should_stop)

        def done(made: Preview | None) -> None:
            if project is self._previewed:
                self.report_ready.emit(made)

        self._making = self.jobs.start("Report preview", work, done, draws=True)

    def export(self, formats: Sequence[str], folder: Path) -> None:
        """Write the results of the project in several formats."""
        project = self.document.project

        options = ExportOptions(
            title=project.settings.title,
            notes=notes_of(project),
            entries=project.checklist,
            history=self._history(),
            spectra=tuple(project.spectra.values()) if "crate" in formats else (),
            keep_project=partial(save_project, project),
        )

        def work(report: Reporter) -> tuple[int, list[str]]:
            return export_run(
                run_from_project(project),
                folder,
                formats,
                options=options,
                progress=report.progress,
                should_stop=report.should_stop,
            )

        def done(outcome: tuple[int, list[str]]) -> None:
            written, problems = outcome
            if problems:
                self.desk.complain_of("Not everything could be kept", problems)
            if written:
                series = series_sentence(project)
                more = " The trends of the series: Export… in the Series view." if series else ""
                self.desk.say(f"The results are written to {folder}.{more}")

        self.jobs.start("Exporting", work, done, draws=True)

    def _history(self) -> tuple[str, ...]:
        """Return the steps that led to what is shown, those that are undone left out."""
        stack = self.document.stack
        return tuple(stack.text(i) for i in range(stack.index()))

    def ask_review(self) -> None:
        """Ask where to write the reviewer's page."""
        self._ask("Export the reviewer’s page", "Web page (*.html)", "html", self.write_review)

    def write_review(self, path: str) -> None:
        """Write the page on which components are switched and models are compared."""
        project, history = self.document.project, self._history()

        def work(report: Reporter) -> None:
            page = render_review(
                run_from_project(project),
                title=project.settings.title,
                made=date.today().isoformat(),
                history=history,
            )
            if report.should_stop():
                raise Cancelled("the page was not written.")
            write_text(page, Path(path))

        self.jobs.start(
            "Writing the reviewer’s page",
            work,
            lambda _: self.desk.say(f"{Path(path).name} is written."),
            draws=True,
        )

    def ask_recipe(self) -> None:
        """Ask where to write the recipe of the project."""
        self._ask("Export the recipe", "Doublet recipe (*.toml)", "toml", self.write_recipe)

    def write_recipe(self, path: str) -> None:
        """Write how the analyses were made; several files where they were made differently."""
        try:
            found = recipes_from(self.document.project)
            target = Path(path)
            for number, (recipe, _) in enumerate(found, 1):
                name = target if number == 1 else target.with_stem(f"{target.stem}-{number}")
                write_text(dump_recipe(recipe), name)
        except SpectraError as error:
            self.desk.complain(str(error))
            return
        words = "The recipe is" if len(found) == 1 else f"{len(found)} recipes are"
        self.desk.say(f"{words} written to {target.parent}.")

    def ask_picture(self) -> None:
        """Ask where to write the picture of what is shown."""
        kinds = "Figure (*.svg);;Figure (*.pdf);;Figure, 600 dpi (*.png)"
        self._ask("Export the picture", kinds, "svg", self.write_picture)

    def write_picture(self, path: str) -> None:
        """Write the fit that is shown as a figure for a paper; without a fit what is on screen."""
        scene = self.desk.scene
        fit, region = scene.fit, scene.region
        if fit is None or region is None:
            image = self._plot.picture()
            if not image.save(str(Path(path).with_suffix(".png"))):
                self.desk.complain(f"{path} cannot be written. Choose another folder.")
            return
        shown = fit.region(region.name)
        title = scene.spectrum.label if scene.spectrum is not None else ""

        def work(report: Reporter) -> None:
            save_figure(fit_figure(shown, fit, title=title), path)

        self.jobs.start(
            "Writing the picture",
            work,
            lambda _: self.desk.say(f"{Path(path).name} is written."),
            draws=True,
        )

    def _ask(self, title: str, kinds: str, suffix: str, then: object) -> None:
        dialog = QFileDialog(self._plot.window(), title)
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setNameFilter(kinds)
        dialog.setDefaultSuffix(suffix)
        dialog.setDirectory(self.desk.last_folder)
        dialog.fileSelected.connect(then)
        dialog.finished.connect(dialog.deleteLater)
        self._dialog = dialog
        dialog.open()


def notes_of(project: Project) -> tuple[str, ...]:
    """Return the user's own paragraphs, and where a series is to be found that was fitted."""
    own = tuple(text for text in project.notes.values() if text.strip())
    return (*own, *filter(None, [series_sentence(project)]))


def report_of(project: Project) -> ReportDocument | None:
    """Return the report of a project; None where nothing has been fitted."""
    run = run_from_project(project)
    if not run.fits:
        return None
    return build_report(
        run,
        title=project.settings.title,
        made=date.today().isoformat(),
        notes=notes_of(project),
        entries=project.checklist,
    )
