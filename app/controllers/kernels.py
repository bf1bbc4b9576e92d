"""The kernels of the fit engine: loaded, or compiled beside the window while fits go on."""

from __future__ import annotations

from time import monotonic

from PySide6.QtCore import QTimer, Signal

from spectra_core.errors import SpectraError
from spectra_core.fitting import engine
from spectra_core.library import load_library

from ..desk import Desk
from ..jobs import Reporter
from .base import Controller

_EVERY_MS = 1000


class Kernels(Controller):
    """Makes the fast engine ready; until it is, fits are made by the plain one.

    Signals
    -------
    compiling(str)
        How long it has been at it, in a sentence; empty: it is not any more.
    """

    compiling = Signal(str)

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._began = 0.0
        self._is_compiled = False
        self._ticking = QTimer(self, interval=_EVERY_MS)
        self._ticking.timeout.connect(self._tell)
        self.jobs.changed.connect(self._take_over)

    def begin(self) -> None:
        """Load the kernels, or have them compiled by a process of its own."""
        if engine.chosen_engine() == engine.NUMPY:
            return
        if engine.are_compiled():
            self.jobs.start("Preparing the fit engine", _load, quiet=True)
            return
        engine.plain_meanwhile(True)
        self._began = monotonic()
        self._ticking.start()
        self._tell()
        self.jobs.start("Compiling the fit kernels", _compile, self._compiled, quiet=True)

    def stop(self) -> None:
        """Say nothing more, at the end of the program."""
        self._ticking.stop()
        engine.plain_meanwhile(False)

    def _tell(self) -> None:
        seconds = monotonic() - self._began
        self.compiling.emit(f"Compiling the fit kernels, once: {seconds:.0f} s; fits run meanwhile")

    def _compiled(self, problem: str) -> None:
        self._ticking.stop()
        self.compiling.emit("")
        self._is_compiled = not problem
        if problem:
            self.desk.say(f"Fits are made by the plain engine: {problem}")
        self._take_over()

    def _take_over(self) -> None:
        """Change to the fast engine between two fits, not in the middle of one."""
        if self._is_compiled and not self.jobs.running:
            self._is_compiled = False
            engine.plain_meanwhile(False)
            self.desk.say("The fit kernels are compiled: fits are fast from now on.")


def _load(report: Reporter) -> None:
    """Load what the first fit and its drawing need, before they are asked for."""
    engine.kernels()
    load_library().entries  # noqa: B018 - read when it is first asked for
    import scipy.interpolate
    import scipy.optimize  # noqa: F401 - slow to import; starts of fits are solved by it


def _compile(report: Reporter) -> str:
    """Return why it could not be done; empty if it was."""
    try:
        engine.compile_kernels(report.should_stop)
    except SpectraError as error:
        return str(error)
    engine.kernels()
    return ""
