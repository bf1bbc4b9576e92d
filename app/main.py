"""The desktop program from the outside: application, log file, uncaught errors, arguments."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Sequence
from logging.handlers import RotatingFileHandler
from pathlib import Path
from types import TracebackType

from PySide6.QtCore import QSettings, QStandardPaths, QTimer
from PySide6.QtWidgets import QApplication

from spectra_core import __version__

from .icon import program_icon
from .program import Program
from .theme import prepare_application

_LOG = logging.getLogger(__name__)
_LOG_BYTES = 1_000_000


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the desktop program; return its exit code."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    application = make_application()
    program = make_program(application)
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


def make_program(application: QApplication) -> Program:
    """Return the program, its folders made and its errors caught."""
    location = QStandardPaths.StandardLocation.AppDataLocation
    folder = Path(QStandardPaths.writableLocation(location))
    folder.mkdir(parents=True, exist_ok=True)
    start_log(folder / "doublet.log")
    settings = QSettings(str(folder / "settings.ini"), QSettings.Format.IniFormat)
    program = Program(settings, folder)
    sys.excepthook = _Hook(program)
    return program


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
