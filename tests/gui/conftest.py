"""The program as a user has it, with nothing of it on this machine's own settings."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, QSettings
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from doublet.app.main import make_application
from doublet.app.program import Program

WAIT_MS = 120_000


@pytest.fixture(scope="session")
def qapp_cls() -> type[QApplication]:
    """Return the kind of application that pytest-qt makes."""
    return QApplication


@pytest.fixture
def make_program(qtbot: QtBot, tmp_path: Path) -> Iterator[Callable[[], Program]]:
    """Return what starts a program; all of them share settings and recovery files."""
    make_application()
    made: list[Program] = []

    def make() -> Program:
        settings = QSettings(str(tmp_path / "settings.ini"), QSettings.Format.IniFormat)
        program = Program(settings, tmp_path / "data")
        made.append(program)
        program.window.resize(1440, 900)
        program.window.show()
        qtbot.waitExposed(program.window)
        return program

    yield make
    for program in made:
        program.shut_down()
        _await_threads(qtbot, program)
        program.window.deleteLater()
        program.deleteLater()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)


def _await_threads(qtbot: QtBot, program: Program) -> None:
    qtbot.waitUntil(lambda: program.desk.jobs.are_done, timeout=WAIT_MS)


@pytest.fixture
def program(make_program: Callable[[], Program]) -> Program:
    """Return a program with nothing open."""
    return make_program()


@pytest.fixture
def settle(qtbot: QtBot) -> Callable[[Program], None]:
    """Return what waits until no job is in progress."""

    def wait(program: Program) -> None:
        qtbot.waitUntil(lambda: program.desk.jobs.is_idle, timeout=WAIT_MS)

    return wait
