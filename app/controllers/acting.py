"""Actions: each row of the table is bound to what does it, and run if it can run."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from PySide6.QtCore import Signal

from spectra_core.errors import SpectraError

from ..actions import ACTIONS, State, action
from ..desk import Desk
from .base import Controller
from .editing import Editing
from .maps import MapControl
from .series import SeriesControl
from .spectra import SpectraControl
from .viewing import Viewing

Doing = Mapping[str, Callable[[], object]]
"""What does each action, by its id."""


class Acting(Controller):
    """Runs actions.

    Signals
    -------
    ran()
        An action was run: others may be able to run now.
    """

    ran = Signal()

    def __init__(
        self,
        desk: Desk,
        editing: Editing,
        spectra: SpectraControl,
        viewing: Viewing,
        series: SeriesControl,
        maps: MapControl,
    ) -> None:
        super().__init__(desk)
        self._editing, self._spectra, self._viewing = editing, spectra, viewing
        self._series, self._maps = series, maps
        self._doing: Doing = {}

    def bind(self, doing: Doing) -> None:
        """Take what does the actions; ValueError unless it is one for every row of the table."""
        rows = {one.id for one in ACTIONS}
        if wrong := rows ^ doing.keys():
            raise ValueError(f"bound to nothing, or in no row: {', '.join(sorted(wrong))}")
        self._doing = doing

    def state(self) -> State:
        """Return what decides which actions can run."""
        stack = self.document.stack
        return State(
            self.document.project,
            self.desk.scene,
            stack.undoText() if stack.canUndo() else "",
            stack.redoText() if stack.canRedo() else "",
            self.document.is_dirty,
            bool(self.jobs.running),
            self._editing.has_copied,
            self._spectra.has_copied,
            self._series.is_offered,
            self._series.is_seen,
            self._maps.is_offered,
            self._maps.is_seen,
        )

    def why_not(self) -> dict[str, str]:
        """Return why each action cannot run now; empty where it can."""
        state = self.state()
        return {one.id: one.why_not(state) for one in ACTIONS}

    def checked(self) -> dict[str, bool]:
        """Return for each action that switches whether it is on."""
        on = self._viewing.switched_on()
        return {one.id: one.id in on for one in ACTIONS if one.switches}

    def run(self, action_id: str) -> None:
        """Run an action, if it can run; else say why it cannot."""
        one = action(action_id)
        if reason := one.why_not(self.state()):
            self.desk.say(f"{one.title}: {reason}")
            return
        try:
            self._doing[action_id]()
        except SpectraError as error:
            self.desk.complain(str(error))
        self.ran.emit()
