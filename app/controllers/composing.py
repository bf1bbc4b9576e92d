"""Fitted spectra as one figure: drawn in jobs, copied, or written for a paper."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QMimeData
from PySide6.QtGui import QGuiApplication, QImage
from PySide6.QtWidgets import QFileDialog

from spectra_core.errors import SpectraError
from spectra_core.project.recipes import run_from_project
from spectra_core.results.figures import PRINT_DPI, figure_bytes, save_figure
from spectra_core.results.panels import ARRANGEMENTS, compose_figure, short_sample
from spectra_core.runs.records import FitRecord, Run

from ..desk import Desk
from ..jobs import Reporter
from ..views.compose_dialog import ComposeDialog, Composition
from .base import Controller
from .dialogs import Dialogs

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_PREVIEW_DPI = 130
_KINDS = "Figure (*.svg);;Figure (*.pdf);;Figure, 600 dpi (*.png)"


class Composing(Controller):
    """Shows the dialog of a composed figure, and makes what it asks for."""

    def __init__(self, desk: Desk, dialogs: Dialogs) -> None:
        super().__init__(desk)
        self._dialogs = dialogs
        self._files: QFileDialog | None = None
        self._last: Composition | None = None

    def compose(self) -> None:
        """Ask how the fits of the project are put together."""
        project = self.document.project
        self.jobs.start("Composing", lambda _: run_from_project(project), self._show, quiet=True)

    def _show(self, run: Run) -> None:
        fits = {record.id: record for record in run.fits}
        samples = [(key, short_sample(record)) for key, record in fits.items()]
        dialog = ComposeDialog(samples, self._dialogs.window)
        dialog.picture_asked.connect(partial(self._draw, dialog, fits))
        dialog.copy_asked.connect(partial(self._copy, fits))
        dialog.export_asked.connect(partial(self._ask, fits))
        self._dialogs.show(dialog)

    def _draw(self, dialog: ComposeDialog, fits: dict[str, FitRecord], how: Composition) -> None:
        """Draw the preview; a picture that was asked for later takes its place."""
        self._last = how

        def work(report: Reporter) -> tuple[bytes, str]:
            try:
                figure = _composed(fits, how)
            except SpectraError as error:
                return b"", str(error)
            width, height = (25.4 * side for side in figure.get_size_inches())
            said = f"{width:.0f} x {height:.0f} mm"
            return figure_bytes(figure, "png", dpi=_PREVIEW_DPI), said

        def done(drawn: tuple[bytes, str]) -> None:
            if self._last is how and self._dialogs.current is dialog:
                dialog.show_picture(*drawn)

        self.jobs.start("Drawing the figure", work, done, quiet=True, draws=True)

    def _copy(self, fits: dict[str, FitRecord], how: Composition) -> None:
        """Put the figure on the clipboard, as a picture and as SVG."""

        def work(report: Reporter) -> tuple[bytes, bytes]:
            figure = _composed(fits, how)
            return figure_bytes(figure, "png", dpi=PRINT_DPI / 2), figure_bytes(figure, "svg")

        def done(drawn: tuple[bytes, bytes]) -> None:
            png, svg = drawn
            data = QMimeData()
            data.setImageData(QImage.fromData(png))
            data.setData("image/svg+xml", svg)
            QGuiApplication.clipboard().setMimeData(data)
            self.desk.say("The figure is on the clipboard.")

        self.jobs.start("Copying the figure", work, done, draws=True)

    def _ask(self, fits: dict[str, FitRecord], how: Composition) -> None:
        dialog = QFileDialog(self._dialogs.window, "Export the figure")
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setNameFilter(_KINDS)
        dialog.setDefaultSuffix("svg")
        dialog.setDirectory(self.desk.last_folder)
        dialog.fileSelected.connect(partial(self.write, fits, how))
        dialog.finished.connect(dialog.deleteLater)
        self._files = dialog
        dialog.open()

    def write(self, fits: dict[str, FitRecord], how: Composition, path: str) -> None:
        """Write the figure in the format that the suffix says."""
        self.jobs.start(
            "Writing the figure",
            lambda _: save_figure(_composed(fits, how), path),
            lambda _: self.desk.say(f"{Path(path).name} is written."),
            draws=True,
        )


def _composed(fits: dict[str, FitRecord], how: Composition) -> Figure:
    by = next(name for name in ARRANGEMENTS if name == how.by)
    return compose_figure(
        [fits[key] for key in how.fits],
        by=by,
        columns=how.columns,
        width_mm=how.width_mm,
        same_height=how.same_height,
        residuals=how.residuals,
    )
