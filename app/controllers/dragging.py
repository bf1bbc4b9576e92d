"""Drags on the plot: the model follows the mouse live, and one drag is one undo step."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import Signal

from spectra_core.editing.drag import Follower, Handle, Pulled, nudge, pull
from spectra_core.errors import SpectraError
from spectra_core.fitting import FitResult
from spectra_core.project.project import set_model
from spectra_core.spectrum import Axis, Spectrum

from ..desk import Desk
from .base import Controller

_WORDS = {
    "top": "Move {}",
    "half_low": "Width of {}",
    "half_high": "Width of {}",
    "window_low": "Window",
    "window_high": "Window",
    "background_low": "Background end",
    "background_high": "Background end",
    "shift": "Charge shift",
}


@dataclass(eq=False)
class _Drag:
    """What a drag began with, and what it has come to."""

    analysis: str
    region: str
    handle: Handle
    start: FitResult
    follower: Follower
    label: str
    last: Pulled | None = None


class Dragging(Controller):
    """Follows the mouse.

    Signals
    -------
    moved(FitResult, str)
        Curves to draw during a drag, and their region.
    given_up()
        The drag ended without an edit: what was there is to be shown again.
    message(str)
        What else moved, or was in the way.
    """

    moved = Signal(object, str)
    given_up = Signal()
    message = Signal(str)

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._drag: _Drag | None = None

    @property
    def is_dragging(self) -> bool:
        """Whether a drag is in progress."""
        return self._drag is not None

    def begin(self, handle: Handle) -> None:
        """Begin to drag a handle."""
        scene = self.desk.scene
        if scene.fit is None or scene.analysis is None or scene.region is None:
            return
        key = scene.selection.analysis
        assert key is not None  # a scene with an analysis has its id
        what = self.desk.scene.name_of(handle.owner)
        follower = Follower(
            scene.project.spectra_of(key),
            refit=self.desk.preferences.live_refit,
            options=scene.analysis.options,
        )
        self._drag = _Drag(
            key, scene.region.name, handle, scene.fit, follower, _WORDS[handle.kind].format(what)
        )

    def move(self, handle: Handle, x: float, y: float) -> None:
        """Follow the mouse to a place."""
        drag = self._drag
        if drag is None:
            return
        try:
            pulled = pull(drag.start, drag.region, drag.handle, x, y)
            shown = drag.follower.follow(pulled)
        except (SpectraError, ArithmeticError, ValueError) as error:
            # What cannot be drawn is not followed; the last good place stays.
            self.message.emit(str(error))
            return
        drag.last = pulled
        self.message.emit(pulled.note)
        self.moved.emit(shown, drag.region)

    def end(self) -> None:
        """Let go: what is shown becomes the model, as one undo step."""
        drag, self._drag = self._drag, None
        if drag is None:
            return
        if drag.last is None or drag.analysis not in self.document.project.analyses:
            self.given_up.emit()
            return
        try:
            model = drag.follower.follow(drag.last, quick=False).model
        except (SpectraError, ArithmeticError, ValueError):
            model = drag.last.model
        self.desk.edit(drag.label, set_model, drag.analysis, model)

    def cancel(self) -> None:
        """Give the drag up: nothing has changed."""
        if self._drag is not None:
            self._drag = None
            self.given_up.emit()

    def nudge(self, step: int, *, fine: bool) -> None:
        """Move the chosen component to the left (-1) or to the right (1) on the screen."""
        scene = self.desk.scene
        owner = scene.selection.owner
        if scene.spectrum is None or scene.fit is None or scene.region is None or owner is None:
            return
        key = scene.selection.analysis
        assert key is not None
        by = _nudges(scene.spectrum)[fine]
        pulled = nudge(scene.fit, scene.region.name, owner, step * by)
        self.message.emit(pulled.note)
        self.desk.edit(
            f"Move {self.desk.scene.name_of(owner)}",
            set_model,
            key,
            pulled.model,
            merge=f"nudge {key} {owner}",
        )


def _nudges(spectrum: Spectrum) -> tuple[float, float]:
    """Return how far to the right a step is, and a fine step, in the unit of the axis."""
    coarse, fine = (0.05, 0.005) if spectrum.axis.unit == "eV" else (1.0, 0.1)
    # Binding energy falls to the right; all others rise.
    return (-coarse, -fine) if spectrum.axis is Axis.BINDING_ENERGY else (coarse, fine)
