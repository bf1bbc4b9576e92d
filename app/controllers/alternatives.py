"""The models that a ratio is averaged over: fitted to be looked at, and adopted by a click."""

from __future__ import annotations

from PySide6.QtCore import Signal

from spectra_core.editing.priors import free_of
from spectra_core.errors import SpectraError
from spectra_core.project.project import Project, set_model
from spectra_core.uncertainty.open_models import OpenModel, open_models

from ..desk import Desk
from ..jobs import Reporter, RunningJob
from .base import Controller
from .fitting import Fitting


class Alternatives(Controller):
    """Fits the open models of one ratio of the shown fit at a time.

    Signals
    -------
    found(tuple of OpenModel)
    failed(str)
    """

    found = Signal(object)
    failed = Signal(str)

    def __init__(self, desk: Desk, fitting: Fitting) -> None:
        super().__init__(desk)
        self._fitting = fitting
        self._job: RunningJob | None = None
        self._known: tuple[object, str] | None = None
        self._models: dict[str, OpenModel] = {}

    def look(self, name: str) -> None:
        """Fit the models that a ratio of the shown fit is averaged over; say them when done."""
        scene = self.desk.scene
        defined = next((r for r in scene.project.ratios if r.name == name), None)
        result = scene.fit if scene.fitted else None
        if defined is None or result is None:
            return
        if self._known is not None and self._known[0] is result and self._known[1] == name:
            return
        if self._job is not None:
            self.jobs.cancel(self._job)
        self._known, self._models = (result, name), {}

        def work(report: Reporter) -> tuple[OpenModel, ...] | str:
            try:
                return open_models(
                    result,
                    defined.numerator,
                    defined.denominator,
                    should_stop=report.should_stop,
                )
            except SpectraError as error:
                return str(error)

        def done(outcome: tuple[OpenModel, ...] | str) -> None:
            self._job = None
            if isinstance(outcome, str):
                self.failed.emit(outcome)
                return
            self._models = {one.name: one for one in outcome}
            self.found.emit(outcome)

        self._job = self.jobs.start("Fitting the alternatives", work, done, quiet=True)

    def adopt(self, name: str) -> None:
        """Make an open model the one of the shown analysis, and fit it."""
        chosen = self.document.selection
        one = self._models.get(name)
        if one is None or chosen.analysis is None:
            self.desk.complain("This model is not fitted any more. Fit, and look again.")
            return
        key, model = chosen.analysis, one.model

        def edit(project: Project) -> Project:
            return set_model(project, key, model)

        if self.desk.edit(f"Adopt: {name}", edit):
            self._fitting.fit([key])

    def free(self, name: str, formula: str) -> None:
        """Take the assumption that reads so out of the shown model, and fit it."""
        chosen = self.document.selection
        if chosen.analysis is None:
            return
        key = chosen.analysis

        def edit(project: Project) -> Project:
            return set_model(project, key, free_of(project.analysis(key).model, formula))

        if self.desk.edit(f"Free: {name}", edit):
            self._fitting.fit([key])
