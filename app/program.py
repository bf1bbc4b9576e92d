"""The program: desk, window, controllers and autosave put together, its beginning and its end."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QObject, QSettings, Signal

from .autosave import Autosave
from .controllers.crew import make_crew
from .desk import Desk
from .main_window import MainWindow
from .wiring import connect


class Program(QObject):
    """Everything that runs.

    Parameters
    ----------
    settings : QSettings
        Preferences, recent files, layout.
    folder : Path
        Recovery files and the log.
    window : MainWindow or None
        A frame that is shown already; None: it is made.

    Signals
    -------
    ended()
        The window was closed and every job has stopped.
    """

    ended = Signal()

    def __init__(self, settings: QSettings, folder: Path, window: MainWindow | None = None) -> None:
        super().__init__()
        self.desk = Desk(settings, folder, self)
        self.autosave = Autosave(
            self.desk.document,
            self.desk.jobs,
            self.desk.recovery_folder,
            after_s=self.desk.preferences.autosave_s,
            parent=self,
        )
        self.window = MainWindow() if window is None else window
        self.window.furnish(self.desk.document.stack)
        self.crew = make_crew(self.desk, self.window, self.autosave)
        self._is_down = False
        connect(self.desk, self.window, self.crew, self.autosave, self.quit)
        self.desk.refresh()
        if window is None:
            self.window.restore(settings)
        self.window.show_recent(self.crew.files.recent())

    def start(self, paths: Sequence[str] = ()) -> None:
        """Show the window, open what was asked for, and offer recovered work."""
        self.window.show()
        self.crew.kernels.begin()
        self.crew.program_dialogs.recovery(lambda: self.crew.files.open_paths(paths))

    def crashed(self, error: BaseException) -> None:
        """Say that the program has a defect, and offer the details."""
        self.crew.program_dialogs.crashed(error)

    def quit(self) -> None:
        """Leave, after asking about unsaved changes."""
        self.crew.files.if_nothing_is_lost(self.leave)

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
        self.crew.showing.stop()
        self.crew.dialogs.close()
        self.window.hide()
        self.autosave.stop()
        self.crew.kernels.stop()
        self.desk.jobs.close()
        self.desk.document.close()
        self.crew.files.release()
        self.window.keep(self.desk.settings)
        self.desk.settings.sync()
        self.window.allow_close()
