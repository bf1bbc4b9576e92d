"""What is done to Raman spectra: the axis set by a standard, baselines compared."""

from __future__ import annotations

from collections.abc import Sequence

from spectra_core.model import Background, Region
from spectra_core.project.analyses import start_analysis
from spectra_core.project.project import Project, calibrate_spectra
from spectra_core.raman.axis import calibrate_axis, standards
from spectra_core.raman.previews import EVERY, USUAL, BaselineTry, try_baselines
from spectra_core.spectrum import Axis, Calibration

from ..desk import Desk
from ..jobs import Reporter
from ..scene import Scene
from ..views.baselines_dialog import BaselinesDialog
from ..views.raman_calibration_dialog import AUTO, RamanCalibrationDialog
from .base import Controller
from .dialogs import Dialogs
from .editing import Editing
from .maps import MapControl

_TITLE = "Looking for lines of "


class RamanControl(Controller):
    """Asks about Raman spectra, and does what was answered."""

    def __init__(self, desk: Desk, dialogs: Dialogs, editing: Editing, maps: MapControl) -> None:
        super().__init__(desk)
        self._dialogs, self._editing, self._maps = dialogs, editing, maps
        self._tried: tuple[object, ...] = ()
        desk.shown.connect(self._follow)

    @property
    def is_raman(self) -> bool:
        """Whether the shown spectrum has a Raman shift."""
        spectrum = self.desk.scene.spectrum
        return spectrum is not None and spectrum.axis is Axis.RAMAN_SHIFT

    # -----------------------------------------------------------------------------
    # Axis

    def calibration(self) -> None:
        """Ask for a standard for the axis of the map, the spectrum, or all of them."""
        project, selection = self.document.project, self.document.selection
        if selection.spectrum is None:
            return
        pixels = set(self._maps.scene.own.keys) if self._maps.scene is not None else set()
        raman = [k for k, s in project.spectra.items() if s.axis is Axis.RAMAN_SHIFT]
        others = [key for key in raman if key not in pixels]
        shown = [*others, *([selection.spectrum] if selection.spectrum not in others else [])]
        named = [(key, project.spectrum(key).label or key) for key in shown]
        scopes = [("map", "this map")] if selection.spectrum in pixels else []
        scopes += [("spectrum", "this spectrum"), ("all", "all Raman spectra")]
        if len(selection.spectra) > 1:
            scopes.insert(0, ("chosen", f"the {len(selection.spectra)} chosen spectra"))
        now = project.spectrum(selection.spectrum).calibration
        dialog = RamanCalibrationDialog(list(standards()), named, scopes, now, self._dialogs.window)
        dialog.measure_asked.connect(self.measure)
        dialog.calibration_made.connect(self.calibrate)
        self._dialogs.show(dialog)

    def measure(self, material: str, key: str, degree: str) -> None:
        """Find the lines of a standard in a job, for the open dialog."""
        spectrum = self.document.project.spectrum(key)
        wanted = None if degree == AUTO else int(degree)

        def done(found: object) -> None:
            if isinstance(self._dialogs.current, RamanCalibrationDialog):
                self._dialogs.current.show_found(found)  # type: ignore[arg-type]

        self.jobs.start(
            f"{_TITLE}{material}",
            lambda report: calibrate_axis({material: spectrum}, degree=wanted),
            done,
        )

    def job_failed(self, title: str, text: str) -> None:
        """Say in the open dialog why a standard cannot be used."""
        if isinstance(self._dialogs.current, RamanCalibrationDialog) and title.startswith(_TITLE):
            self._dialogs.current.show_problem(text)

    def calibrate(self, calibration: Calibration, scope: str) -> None:
        """Give the map, the shown spectrum, the chosen ones or all a calibration: one step."""
        keys = self._in_scope(scope)
        words = calibration.reference or (
            f"by {calibration.shift:+.2f} cm-1" if calibration.shift else "as recorded"
        )
        self.desk.edit(f"Raman axis: {words}", calibrate_spectra, calibration, spectra=keys)

    def _in_scope(self, scope: str) -> Sequence[str]:
        project, selection = self.document.project, self.document.selection
        if scope == "map" and self._maps.scene is not None:
            return self._maps.scene.own.keys
        if scope == "all":
            return [k for k, s in project.spectra.items() if s.axis is Axis.RAMAN_SHIFT]
        return selection.spectra if scope == "chosen" else selection.spectra[:1]

    # -----------------------------------------------------------------------------
    # Baselines

    def baselines(self) -> None:
        """Show several baselines over the shown spectrum; a click adopts one."""
        if not self.is_raman:
            return
        dialog = BaselinesDialog(self._dialogs.window)
        dialog.kind_chosen.connect(self.choose_baseline)
        dialog.every_asked.connect(lambda _: self._try())
        dialog.channel_clicked.connect(self._maps.toggle_chosen)
        self._tried = ()
        self._dialogs.show(dialog, beside=True)
        self._try()

    def choose_baseline(self, kind: str) -> None:
        """Adopt a baseline on the shown spectrum; it gets a model if it has none."""
        scene = self.desk.scene
        if scene.region is not None:
            self._editing.set_background(kind, "")
            return
        key = scene.selection.spectrum
        if key is not None and self.desk.edit(f"Background: {kind}", _started, key):
            self._editing.set_background(kind, "")

    def _follow(self, _: Scene) -> None:
        if isinstance(self._dialogs.current, BaselinesDialog):
            self._try()

    def _try(self) -> None:
        """Try the baselines on the shown spectrum in a quiet job."""
        dialog, scene = self._dialogs.current, self.desk.scene
        spectrum = scene.spectrum
        if not isinstance(dialog, BaselinesDialog) or spectrum is None or not self.is_raman:
            return
        every = dialog.every.isChecked()
        key = (id(spectrum), id(scene.region), id(scene.analysis), every)
        if key == self._tried:
            return
        self._tried = key
        self._kept = (spectrum, scene)  # so that their ids stay theirs
        whole = (float(spectrum.x[0]), float(spectrum.x[-1]))
        region = scene.region or Region("Raman", whole, Background("linear", "active"))
        options = None if scene.analysis is None else scene.analysis.options
        model = region if scene.analysis is None else scene.analysis.model
        pair = first_ratio(scene)
        dialog.show_tried(spectrum, region.window, (), pair)

        def work(report: Reporter) -> tuple[BaselineTry, ...]:
            kinds = EVERY if every else USUAL
            return try_baselines(spectrum, model, kinds, region=region.name, options=options)

        def done(tried: tuple[BaselineTry, ...]) -> None:
            if self._dialogs.current is dialog and key == self._tried:
                dialog.show_tried(spectrum, region.window, tried, pair)

        self.jobs.start("Trying baselines", work, done, quiet=True)


def _started(project: Project, key: str) -> Project:
    return start_analysis(project, key)


def first_ratio(scene: Scene) -> tuple[str, str] | None:
    """Return the components of the first ratio of one over one that the region has."""
    region = scene.region
    if region is None:
        return None
    names = {text: c.id for c in region.components for text in (c.id, c.label)}
    for one in scene.project.ratios:
        if len(one.numerator) == len(one.denominator) == 1:
            sides = [text.rpartition("/")[2] for text in (*one.numerator, *one.denominator)]
            if all(text in names for text in sides):
                return names[sides[0]], names[sides[1]]
    return None
