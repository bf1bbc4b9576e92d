"""The tour of five steps on the example: each does what it speaks of, through the same actions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtWidgets import QWidget

from ..desk import Desk
from ..main_window import MainWindow
from ..views.tour import TourCard, TourStep
from .base import Controller
from .files import Files
from .fitting import Fitting
from .spectra import SpectraControl

PRESET = "su2025/fig5f-i"


@dataclass(frozen=True, eq=False)
class _Step:
    """What is said, what it is about, and what its button does."""

    said: TourStep
    target: Callable[[], QWidget]
    does: Callable[[], object]


class Touring(Controller):
    """Leads through the example."""

    def __init__(
        self, desk: Desk, window: MainWindow, files: Files, spectra: SpectraControl, fit: Fitting
    ) -> None:
        super().__init__(desk)
        self._window = window
        self.card = TourCard(window)
        self._steps = _steps(window, files, spectra, fit, self._look)
        self._at = 0
        self._waits = False
        self.card.asked.connect(self._go)
        self.card.left.connect(self.leave)
        self.jobs.changed.connect(self._follow)

    @property
    def step(self) -> int:
        """Number of the step that is shown, from 1; 0: there is no tour."""
        return self._at + 1 if self.card.isVisible() else 0

    def begin(self) -> None:
        """Begin the tour."""
        self._at, self._waits = 0, False
        self._show()

    def leave(self) -> None:
        """End the tour; what it did stays."""
        self._waits = False
        self.card.end()

    def _show(self) -> None:
        step = self._steps[self._at]
        self.card.show_busy(False)
        self.card.show_step(self._at + 1, len(self._steps), step.said, step.target())

    def _go(self) -> None:
        """Do the step; the next one follows when its work is done."""
        self._waits = True
        self.card.show_busy(True)
        self._steps[self._at].does()
        self._follow()

    def _follow(self) -> None:
        if not self._waits or self.jobs.running:
            return
        self._waits = False
        if self._at + 1 == len(self._steps):
            self.leave()
            return
        self._at += 1
        self._show()

    def _look(self) -> None:
        """Show the models behind the ratio, at the end of the tour."""
        self._window.show_tab(self._window.alternatives)


def _steps(
    window: MainWindow,
    files: Files,
    spectra: SpectraControl,
    fit: Fitting,
    look: Callable[[], object],
) -> tuple[_Step, ...]:
    return (
        _Step(
            TourStep(
                "Open spectra",
                "VAMAS, text, workbooks, folders: open them or drop them on the window. Files are"
                " never written. The tour takes the example, four synthetic S 2p spectra.",
                "Open the example",
            ),
            lambda: window.empty if window.empty.isVisible() else window.tree,
            files.open_example,
        ),
        _Step(
            TourStep(
                "Load a preset",
                "A preset is a ready model: species, exact doublets, a background, what is known"
                " beforehand, and the ratios to report. It goes on all spectra that it is for.",
                "Load “Su 2025, Fig. 5f-i”",
            ),
            lambda: window.plot,
            lambda: spectra.add_preset(PRESET),
        ),
        _Step(
            TourStep(
                "The model",
                "Type into any number, or drag a peak on the plot. The glyph behind a number holds"
                " it; “= PS4” links it. Then fit everything, in the background.",
                "Fit all",
            ),
            lambda: window.cards,
            fit.fit_all,
        ),
        _Step(
            TourStep(
                "The ratio, and how sure it is",
                "Each ratio has its interval; the bar shows what its error is made of: counting,"
                " energies, ties, shape, background and model.",
                "Which models are behind it?",
            ),
            lambda: window.ratios,
            look,
        ),
        _Step(
            TourStep(
                "What a referee would say",
                "Alarms stand at the right, with “Show me” and a way out. The models that the data"
                " leave open stand below: a click adopts one. Report writes it all down.",
                "Done",
            ),
            lambda: window.notes,
            lambda: None,
        ),
    )
