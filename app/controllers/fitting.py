"""Fitting, ratios and uniqueness: jobs on a snapshot of the project, one undo step each."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import count
from time import monotonic

from PySide6.QtCore import Signal

from spectra_core.fitting import FitOptions, FitResult
from spectra_core.project.jobs import (
    Analysed,
    Finished,
    OnTheWay,
    finished_fits,
    recomputed,
    with_analysed,
    with_recomputed,
)
from spectra_core.project.project import Project, is_stale, set_options
from spectra_core.referee.alternatives import Comparison, compare_components
from spectra_core.uncertainty.profile import UniquenessCurve, uniqueness_curve
from spectra_core.uncertainty.ratios import Ratio

from ..jobs import Reporter, RunningJob
from ..parameter_words import parameter_words
from .base import Controller

CURVE_POINTS = 25
SHOW_EVERY_S = 0.3  # of finished fits: the window draws them, and has other things to do


class _Gathered:
    """Finished fits on their way to the window, some at a time."""

    def __init__(self, report: Reporter) -> None:
        self._report, self._since = report, monotonic()
        self._found: list[Analysed] = []
        self._failed: list[str] = []

    def add(self, found: Sequence[Analysed], failed: Sequence[str]) -> None:
        """Take more; hand over what there is from time to time."""
        self._found += found
        self._failed += failed
        if monotonic() - self._since > SHOW_EVERY_S:
            self.hand_over()

    def hand_over(self) -> None:
        """Show what was gathered."""
        if self._found or self._failed:
            self._report.hand_over((self._found, self._failed))
        self._found, self._failed, self._since = [], [], monotonic()


class Fitting(Controller):
    """Starts fits.

    Signals
    -------
    curve_ready(path, UniquenessCurve)
    compared(Comparison)
    on_the_way(OnTheWay)
        A fit whose budget is being made. It is in no document yet: a cancelled job leaves none.
    """

    on_the_way = Signal(object)
    curve_ready = Signal(str, object)
    compared = Signal(object)
    _runs = count(1)

    def fit_shown(self) -> None:
        """Fit the analysis that is shown."""
        key = self.document.selection.analysis
        if key is not None:
            self.fit([key])

    def fit_all(self) -> None:
        """Fit every analysis of the project."""
        self.fit(list(self.document.project.analyses))

    def fit_spectra(self, spectra: Sequence[str]) -> None:
        """Fit every analysis of some spectra."""
        wanted = set(spectra)
        analyses = self.document.project.analyses
        self.fit([k for k, a in analyses.items() if wanted & set(a.spectra.values())])

    def fit(self, analyses: Sequence[str]) -> None:
        """Fit analyses in a job; what is finished is shown, and stays if the job is cancelled.

        However many there are, they are one undo step.
        """
        project = self.document.project
        keys = list(analyses)
        if not keys:
            self.desk.complain(
                "There is no model to fit. Add a component from the library, or load a preset."
            )
            return
        name = project.analysis(keys[0]).label if len(keys) == 1 else f"{len(keys)} analyses"
        run = f"fit {next(self._runs)}"
        problems: list[str] = []

        def work(report: Reporter) -> None:
            gathered, done = _Gathered(report), 0
            report.progress(0, len(keys), project.analysis(keys[0]).label)
            fits = finished_fits(
                project, keys, should_stop=report.should_stop, on_the_way=report.hand_over
            )
            for found, failed in fits:
                done += len(found) + len(failed)
                gathered.add(found, failed)
                report.progress(done, len(keys))
            gathered.hand_over()

        def take(part: Finished | OnTheWay) -> None:
            if isinstance(part, OnTheWay):
                self._show_on_the_way(part, project, job)
                return
            found, failed = part
            if found:
                self.document.apply(f"Fit {name}", with_analysed, found, merge=run, lasting=True)
            problems.extend(failed)
            if failed:
                self.desk.complain_of("Not fitted", problems)

        job = self.jobs.start(f"Fitting {name}", work, found=take)

    def _show_on_the_way(self, part: OnTheWay, before: Project, job: RunningJob) -> None:
        """Show it unless it was cancelled, or is not what is in the document any more."""
        now = self.document.project.analyses.get(part.analysis)
        if now is before.analyses.get(part.analysis) and not job.stop.is_set():
            self.on_the_way.emit(part)

    def compute_ratios(self) -> None:
        """Compute the defined ratios for every fit that is not stale, in a job."""
        project = self.document.project
        keys = [k for k, a in project.analyses.items() if a.stored and not is_stale(project, k)]
        if not keys:
            return

        def work(report: Reporter) -> dict[str, tuple[Ratio, ...] | Analysed]:
            found: dict[str, tuple[Ratio, ...] | Analysed] = {}
            for done, key in enumerate(keys):
                report.progress(done, len(keys), project.analysis(key).label)
                found[key] = recomputed(
                    project, key, should_stop=report.should_stop, on_the_way=report.hand_over
                )
            return found

        def done(found: dict[str, tuple[Ratio, ...] | Analysed]) -> None:
            self.document.apply("Compute the ratios", with_recomputed, found)

        def take(part: OnTheWay) -> None:
            self._show_on_the_way(part, project, job)

        job = self.jobs.start("Computing ratios", work, done, found=take)

    def set_options(self, options: FitOptions) -> None:
        """Change how the shown analysis is fitted."""
        key = self.document.selection.analysis
        if key is not None:
            self.desk.edit("Fit options", set_options, key, options)

    def uniqueness(self, path: str) -> None:
        """Compute the uniqueness curve of one parameter of the shown fit."""
        result = self._shown_result()
        if result is None:
            self.desk.complain("There is no fit to examine. Fit first.")
            return

        def work(report: Reporter) -> UniquenessCurve:
            return uniqueness_curve(result, path, CURVE_POINTS, should_stop=report.should_stop)

        self.jobs.start(
            f"Uniqueness of {parameter_words(result.model, path)}",
            work,
            lambda curve: self.curve_ready.emit(path, curve),
        )

    def compare(self) -> None:
        """Compare the shown fit with one component fewer and one more, in a job."""
        result = self._shown_result()
        region = self.desk.scene.region
        if result is None or region is None:
            self.desk.complain("There is no fit to compare. Fit first.")
            return
        name = region.name

        def work(report: Reporter) -> Comparison:
            return compare_components(result, region=name, should_stop=report.should_stop)

        self.jobs.start(f"Comparing models of {name}", work, self.compared.emit)

    def _shown_result(self) -> FitResult | None:
        scene = self.desk.scene
        return scene.fit if scene.fitted else None
