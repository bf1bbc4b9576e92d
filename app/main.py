"""The desktop program from the outside: application, log file, uncaught errors, arguments.

The frame of the window is painted before the core is imported, which takes longer than all else.
"""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Sequence
from logging.handlers import RotatingFileHandler
from pathlib import Path
from time import monotonic
from types import TracebackType
from typing import TYPE_CHECKING

from PySide6.QtCore import QEventLoop, QSettings, QStandardPaths, QTimer
from PySide6.QtWidgets import QApplication

from spectra_core import __version__

from .icon import program_icon
from .main_window import MainWindow
from .preferences import preferred_scheme
from .theme import prepare_application, theme

if TYPE_CHECKING:
    from .program import Program

_LOG = logging.getLogger(__name__)
_LOG_BYTES = 1_000_000
_PAINT_S = 0.5  # to wait for a first paint: a window that starts minimised has none


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the desktop program; return its exit code."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    application = make_application()
    program = make_program()
    program.ended.connect(application.quit)
    application.aboutToQuit.connect(logging.shutdown)
    QTimer.singleShot(0, program, lambda: program.start(words))
    code = int(application.exec())
    if not program.desk.jobs.are_done:
        # A thread in the middle of a fit would keep the process, though nobody waits for it.
        logging.shutdown()
        os._exit(code)
    return code


def make_application() -> QApplication:
    """Return the application with its names, icon and style."""
    existing = QApplication.instance()
    application = existing if isinstance(existing, QApplication) else QApplication(["doublet"])
    application.setOrganizationName("Doublet")
    application.setApplicationName("Doublet")
    application.setApplicationVersion(__version__)
    application.setDesktopFileName("doublet")
    application.setWindowIcon(program_icon())
    application.setQuitOnLastWindowClosed(False)
    prepare_application(application)
    return application


def make_program() -> Program:
    """Return the program, its folders made, its frame painted and its errors caught."""
    location = QStandardPaths.StandardLocation.AppDataLocation
    folder = Path(QStandardPaths.writableLocation(location))
    folder.mkdir(parents=True, exist_ok=True)
    start_log(folder / "doublet.log")
    settings = QSettings(str(folder / "settings.ini"), QSettings.Format.IniFormat)
    window = paint_frame(settings)
    from .program import Program  # imports the core

    program = Program(settings, folder, window)
    sys.excepthook = _Hook(program)
    return program


def paint_frame(settings: QSettings) -> MainWindow:
    """Return the frame of the window, painted; what a user does to it waits for the program."""
    theme().use(preferred_scheme(settings))
    window = MainWindow()
    window.restore(settings)
    window.show()
    latest = monotonic() + _PAINT_S
    while not window.is_painted and monotonic() < latest:
        QApplication.processEvents(QEventLoop.ProcessEventsFlag.ExcludeUserInputEvents, 20)
    return window


def start_log(path: Path) -> None:
    """Write warnings and defects to a file that does not grow without bound."""
    handler = RotatingFileHandler(path, maxBytes=_LOG_BYTES, backupCount=1, encoding="utf-8")
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    root = logging.getLogger(__package__)
    root.setLevel(logging.INFO)
    root.addHandler(handler)
    _LOG.info("Doublet %s", __version__)


class _Hook:
    """Takes uncaught errors to the log and to a dialog."""

    def __init__(self, program: Program) -> None:
        self._program = program
        self._before = sys.excepthook

    def __call__(
        self, kind: type[BaseException], error: BaseException, trace: TracebackType | None
    ) -> None:
        if issubclass(kind, KeyboardInterrupt):
            self._before(kind, error, trace)
            return
        self._program.crashed(error.with_traceback(trace))
