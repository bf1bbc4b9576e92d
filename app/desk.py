"""The desk: what every controller works on, and how it speaks to the user.

Controllers stand on it and know neither the window nor one another through it. It says that
something was said, edited or shown; what listens is connected in `wiring`.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, QSettings, Signal

from spectra_core.errors import SpectraError
from spectra_core.project.project import Project

from .complaint import Complaint, Remedy
from .document import Document
from .jobs import Jobs
from .preferences import Preferences, load_preferences, save_preferences
from .scene import Scene
from .scenes import SceneMaker
from .selection import Selection

_LOG = logging.getLogger(__name__)


class Desk(QObject):
    """Document, jobs, preferences, and the scene that is shown.

    Parameters
    ----------
    settings : QSettings
        Preferences, recent files, layout.
    folder : Path
        Recovery files and the log.

    Signals
    -------
    shown(Scene)
        Another scene is to be shown, or the same one again.
    edited()
        An edit was made: what was complained of before is settled.
    message(str)
        A sentence for the status bar.
    complained(Complaint)
        What could not be done; nothing was changed.
    preferred(Preferences)
    """

    shown = Signal(object)
    edited = Signal()
    message = Signal(str)
    complained = Signal(object)
    preferred = Signal(object)

    def __init__(self, settings: QSettings, folder: Path, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.settings, self.folder = settings, folder
        self.preferences = load_preferences(settings)
        self.document = Document(self)
        self.jobs = Jobs(self)
        self.scene = Scene(self.document.project)
        self._makes = SceneMaker()
        self.document.changed.connect(self.refresh)
        self.document.selection_changed.connect(self._follow_selection)

    @property
    def recovery_folder(self) -> Path:
        """Where recovery files lie."""
        return self.folder / "recovery"

    @property
    def log_path(self) -> Path:
        """The log file."""
        return self.folder / "doublet.log"

    @property
    def last_folder(self) -> str:
        """Folder of the file that was opened or written last."""
        return str(self.settings.value("last_folder", str(Path.home())))

    @last_folder.setter
    def last_folder(self, folder: str) -> None:
        self.settings.setValue("last_folder", folder)

    def refresh(self) -> None:
        """Show the document as it is now."""
        self.scene = self._makes.scene(self.document.project, self.document.selection)
        self.shown.emit(self.scene)

    def _follow_selection(self) -> None:
        """Show what was chosen, unless an edit that chose it has shown it already."""
        now = self.document
        if self.scene.project is not now.project or self.scene.selection != now.selection:
            self.refresh()

    def edit(
        self,
        label: str,
        edit: Callable[..., Project],
        *args: Any,
        merge: str = "",
        select: Selection | Callable[[Project], Selection] | None = None,
        remedy: Remedy | None = None,
        **options: Any,
    ) -> bool:
        """Apply an edit; what a user can act on is said, and nothing has changed then.

        Parameters
        ----------
        label, edit, args, merge, select, options
            As for `Document.apply`.
        remedy : Remedy or None
            What would help where the edit is refused.
        """
        try:
            self.document.apply(label, edit, *args, merge=merge, select=select, **options)
        except SpectraError as error:
            self.complain(str(error), remedy=remedy)
            self.refresh()
            return False
        self.edited.emit()
        return True

    def say(self, text: str) -> None:
        """Say something in the status bar."""
        self.message.emit(text)

    def complain(
        self, text: str, *, each: Sequence[str] = (), remedy: Remedy | None = None
    ) -> None:
        """Say above the plot what could not be done; nothing was changed.

        Parameters
        ----------
        text : str
        each : sequence of str
            A sentence for each of several things that it is about.
        remedy : Remedy or None
            What would help, in one click.
        """
        for sentence in (text, *each):
            _LOG.warning("%s", sentence)
        self.complained.emit(Complaint(text, tuple(each), remedy))

    def complain_of(self, what: str, problems: Sequence[str]) -> None:
        """Complain of several things at once: the first is said, the others stand in a list."""
        others = len(problems) - 1
        more = f" There {'are' if others > 1 else 'is'} {others} more." if others else ""
        self.complain(f"{what}: {problems[0]}{more}", each=problems if others else ())

    def prefer(self, preferences: Preferences) -> None:
        """Take other preferences over, and keep them."""
        self.preferences = preferences
        save_preferences(self.settings, preferences)
        self.preferred.emit(preferences)
