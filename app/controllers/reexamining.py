"""The fit that came with a spectrum, fitted again in the background and set beside ours."""

from __future__ import annotations

from PySide6.QtCore import Signal

from spectra_core.errors import SpectraError
from spectra_core.foreign.presence import has_stored_fit
from spectra_core.runs.reexamine import Reexamined, reexamine
from spectra_core.spectrum import Spectrum, sample_key

from ..desk import Desk
from ..jobs import Reporter, RunningJob
from ..scene import Scene
from .base import Controller

_KEPT = 64


class Reexamining(Controller):
    """Fits again what is looked at, once for each spectrum.

    Signals
    -------
    begun(), found(Reexamined), failed(str), nothing()
        What is known of the fit that came with the spectrum that is shown.
    """

    begun = Signal()
    found = Signal(object)
    failed = Signal(str)
    nothing = Signal()

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._known: dict[int, tuple[Spectrum, Reexamined | str]] = {}
        self._job: tuple[Spectrum, RunningJob] | None = None
        self._shown: Spectrum | None = None

    def follow(self, scene: Scene) -> None:
        """Say what is known of the stored fit of a scene's spectrum; find out what is not."""
        key = scene.selection.spectrum
        spectrum = None if key is None else scene.project.spectrum(key)
        if spectrum is self._shown:
            return
        self._shown = spectrum
        if self._job is not None and self._job[0] is not spectrum:
            self.jobs.cancel(self._job[1])
            self._job = None
        if spectrum is None or not has_stored_fit(spectrum):
            self.nothing.emit()
            return
        known = self._known.get(id(spectrum))
        if known is not None and known[0] is spectrum:
            self._say(known[1])
            return
        self.begun.emit()
        self._begin(spectrum, scene)

    def _begin(self, spectrum: Spectrum, scene: Scene) -> None:
        sample = sample_key(spectrum)
        beside = [s for s in scene.project.spectra.values() if sample_key(s) == sample]

        def work(report: Reporter) -> Reexamined | str:
            try:
                return reexamine(spectrum, beside=beside, should_stop=report.should_stop)
            except SpectraError as error:
                return str(error)

        def done(outcome: Reexamined | str) -> None:
            self._job = None
            kept = list(self._known.items())[1 - _KEPT :]
            self._known = dict(kept) | {id(spectrum): (spectrum, outcome)}
            if self._shown is spectrum:
                self._say(outcome)

        job = self.jobs.start("Fitting the stored fit again", work, done, quiet=True)
        self._job = spectrum, job

    def _say(self, outcome: Reexamined | str) -> None:
        if isinstance(outcome, str):
            self.failed.emit(outcome)
        else:
            self.found.emit(outcome)
