"""Autosave: a recovery file after every change, offered at the next start after a crash."""

from __future__ import annotations

import contextlib
from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Signal

from spectra_core.errors import SpectraError
from spectra_core.project.file import recovery_path, save_recovery
from spectra_core.project.project import Project

from .document import Document
from .jobs import Jobs, Reporter


class Autosave(QObject):
    """Writes the recovery file of the document's project, a little after each change.

    Signals
    -------
    failed(sentence)
        The recovery file could not be written; said once until it works again.
    """

    failed = Signal(str)

    def __init__(
        self,
        document: Document,
        jobs: Jobs,
        folder: Path,
        *,
        after_s: float = 2.0,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._document, self._jobs, self._folder = document, jobs, folder
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._write)
        self._writing = False
        self._complained = False
        self._written: Path | None = None
        self.set_delay(after_s)
        document.changed.connect(self._on_change)

    def set_delay(self, seconds: float) -> None:
        """Wait this long after a change."""
        self._timer.setInterval(int(seconds * 1000))

    def discard(self) -> None:
        """Remove the recovery file: the work is saved, or was given up."""
        self._timer.stop()
        for path in {recovery_path(self._document.project, self._folder), self._written} - {None}:
            with contextlib.suppress(OSError):
                Path(str(path)).unlink(missing_ok=True)
        self._written = None

    def stop(self) -> None:
        """Write nothing more."""
        self._timer.stop()
        self._timer.blockSignals(True)

    def _on_change(self) -> None:
        # The undo stack counts a step only after it was made, so dirtiness is asked later.
        self._timer.start()

    def _write(self) -> None:
        if self._writing or not self._document.is_dirty:
            # One at a time: the file of the latest change is written after this one.
            if self._writing:
                self._timer.start()
            return
        self._writing = True
        project, folder = self._document.project, self._folder
        original = str(self._document.path or self._document.suggested or "")
        change = self._document.stack.undoText()

        def work(report: Reporter) -> tuple[Project, Path | None, str]:
            try:
                return project, save_recovery(project, folder, original=original, change=change), ""
            except (OSError, SpectraError) as error:
                return project, None, str(error)

        self._jobs.start("Autosave", work, self._after, quiet=True)

    def _after(self, outcome: tuple[Project, Path | None, str]) -> None:
        self._writing = False
        project, path, problem = outcome
        if path is None:
            if not self._complained:
                self._complained = True
                self.failed.emit(f"The work could not be kept for recovery: {problem}")
            return
        self._complained = False
        self._written = path
        if not self._document.is_dirty:
            self.discard()
        elif project is not self._document.project:
            self._timer.start()
