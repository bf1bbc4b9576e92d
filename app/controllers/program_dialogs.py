"""The program's own dialogs: palette, preferences, export, recovery, help, defects."""

from __future__ import annotations

import logging
import re
import traceback
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

import PySide6
from PySide6.QtCore import Signal, qVersion
from PySide6.QtGui import QGuiApplication, QKeySequence

from spectra_core.datafiles import data_path
from spectra_core.library import user_folder
from spectra_core.results.document import program_versions

from ..actions import ACTIONS
from ..desk import Desk
from ..jobs import Reporter
from ..problem_report import report_text, write_problem_report
from ..views.export_dialog import ExportDialog
from ..views.manual import Manual, ManualPage
from ..views.pages import AboutDialog, CrashDialog, LogPage, ScienceNotes, ShortcutsDialog
from ..views.palette_dialog import CommandPalette, PaletteRow
from ..views.preferences_dialog import PreferencesDialog
from ..views.problem_dialog import ProblemDialog
from ..views.recovery_dialog import RecoveryDialog
from .acting import Acting
from .base import Controller
from .dialogs import Dialogs
from .files import Files

_LOG = logging.getLogger(__name__)


class ProgramDialogs(Controller):
    """Shows them.

    Signals
    -------
    export_asked(list of str, Path)
        Formats, and the folder to write to.
    """

    export_asked = Signal(list, object)

    def __init__(self, desk: Desk, dialogs: Dialogs, files: Files, acting: Acting) -> None:
        super().__init__(desk)
        self._dialogs, self._files, self._acting = dialogs, files, acting

    def export(self) -> None:
        """Ask what to write, and where."""
        folder = str(Path(self.desk.last_folder) / "doublet-results")
        dialog = ExportDialog(folder, self._dialogs.window)
        dialog.export_asked.connect(
            lambda formats, where: self.export_asked.emit(formats, Path(where))
        )
        self._dialogs.show(dialog)

    def preferences(self) -> None:
        """Show the preferences."""
        dialog = PreferencesDialog(self.desk.preferences, str(user_folder()), self._dialogs.window)
        dialog.changed.connect(self.desk.prefer)
        self._dialogs.show(dialog)

    def palette(self, text: str = "") -> None:
        """Show the command palette."""
        why_not = self._acting.why_not()
        rows = [
            PaletteRow(a.id, a.title, a.menu, keys_in_words(a.shortcut), why_not[a.id])
            for a in ACTIONS
            if a.id != "palette"
        ]
        dialog = CommandPalette(rows, self._dialogs.window, text=text)
        dialog.run_asked.connect(self._acting.run)
        self._dialogs.show(dialog)
        dialog.field.setFocus()
        dialog.field.deselect()

    def shortcuts(self) -> None:
        """Show every action with its key."""
        rows = [(a.menu, a.title, keys_in_words(a.shortcut), a.tip) for a in ACTIONS]
        self._dialogs.show(ShortcutsDialog(rows, self._dialogs.window))

    def science_notes(self) -> None:
        """Show the science notes."""
        text = data_path("resources", "help", "science-notes.md").read_text("utf-8")
        self._dialogs.show(ScienceNotes(text, self._dialogs.window))

    def manual(self) -> None:
        """Show the pages of the documentation."""
        self._dialogs.show(Manual(manual_pages(), self._dialogs.window), beside=True)

    def problem(self) -> None:
        """Ask about a problem, and write it to a file with what helps to find it."""
        versions = _versions()
        listed = "\n".join(f"{name} {number}" for name, number in versions.items())
        dialog = ProblemDialog(listed, self.desk.last_folder, self._dialogs.window)
        dialog.copy_asked.connect(
            lambda words: QGuiApplication.clipboard().setText(report_text(words, versions))
        )
        dialog.write_asked.connect(self.write_problem)
        self._dialogs.show(dialog)

    def write_problem(self, path: Path, words: str, with_log: bool, with_project: bool) -> None:
        """Write a report of a problem in a job."""
        log = self.desk.log_path if with_log else None
        project = self.document.project if with_project else None

        def work(report: Reporter) -> None:
            write_problem_report(path, words, _versions(), log=log, project=project)

        self.jobs.start(
            "Writing the report of the problem",
            work,
            lambda _: self.desk.say(f"{path.name} is written. Read it, then send it."),
        )

    def about(self) -> None:
        """Show the versions."""
        self._dialogs.show(AboutDialog(_versions(), self._dialogs.window))

    def log(self) -> None:
        """Show the end of the log file."""
        self._dialogs.show(LogPage(self.desk.log_path, self._dialogs.window))

    def recovery(self, then: Callable[[], None] = lambda: None) -> None:
        """Offer what an earlier run left unsaved; go on when that is answered."""
        found = self._files.recoverable()
        if not found:
            then()
            return
        dialog = RecoveryDialog(found, self._dialogs.window)
        dialog.recover_asked.connect(lambda path: self._files.recover(path, then))
        dialog.discard_asked.connect(self._files.discard_recovery)
        dialog.rejected.connect(then)
        self._dialogs.show(dialog)

    def crashed(self, error: BaseException) -> None:
        """Say that the program has a defect, and offer the details."""
        details = "".join(traceback.format_exception(error))
        _LOG.error("a defect: %s", details)
        self._dialogs.show(CrashDialog(details, self._dialogs.window))


def _versions() -> dict[str, str]:
    """Return the versions of the program and of what it stands on."""
    found = program_versions()
    versions = {found.pop("name"): found.pop("version")} | found
    versions |= {name: version(name) for name in ("numba", "xarray", "h5py", "pyqtgraph")}
    return versions | {"PySide6": PySide6.__version__, "Qt": qVersion()}


def manual_pages() -> tuple[ManualPage, ...]:
    """Return the pages of the manual: the desktop program first, then as the index lists them."""
    folder = data_path("docs")
    index = (folder / "index.md").read_text("utf-8")
    names = ["desktop.md", *re.findall(r"\]\(([\w-]+\.md)\)", index)]
    pages = []
    for name in dict.fromkeys(names):
        text = without_pictures((folder / name).read_text("utf-8"))
        title = text.partition("\n")[0].lstrip("# ").strip()
        pages.append(ManualPage(name, title, text))
    return tuple(pages)


def without_pictures(text: str) -> str:
    """Return a page without the pictures that are taken when the site is built."""
    return re.sub(r"^!\[[^\]]*\]\(pictures/[^)]*\)\n+", "", text, flags=re.MULTILINE)


def keys_in_words(shortcut: str) -> str:
    """Return a shortcut of the table as the system writes it."""
    native = QKeySequence.SequenceFormat.NativeText
    keys = [key for key in shortcut.split("|") if key]
    return " or ".join(QKeySequence(key).toString(native) for key in keys)
