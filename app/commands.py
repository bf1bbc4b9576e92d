"""The one kind of undo step: the project and the selection before and after."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import inf
from time import monotonic

from PySide6.QtGui import QUndoCommand

from spectra_core.project.project import Project

from .selection import Selection

_MERGE_WITHIN_S = 2.0


@dataclass(frozen=True, eq=False)
class Snapshot:
    """A project and what was chosen in it; unchanged parts are shared between snapshots."""

    project: Project
    selection: Selection


class EditStep(QUndoCommand):
    """One edit. Edits with the same `merge` text that follow at once become one step.

    Those that are `lasting` do so however long it takes until the next one follows.
    """

    def __init__(
        self,
        label: str,
        before: Snapshot,
        after: Snapshot,
        show: Callable[[Snapshot], None],
        merge: str = "",
        *,
        lasting: bool = False,
    ) -> None:
        super().__init__(label)
        self._before, self._after = before, after
        self._show, self._merge = show, merge
        self._made = monotonic()
        self._within = inf if lasting else _MERGE_WITHIN_S

    def undo(self) -> None:
        """Show the project as it was."""
        self._show(self._before)

    def redo(self) -> None:
        """Show the project as it became."""
        self._show(self._after)

    def id(self) -> int:
        """Return a number that steps which may merge have in common; -1 for the others."""
        return 1 if self._merge else -1

    def mergeWith(self, other: QUndoCommand) -> bool:  # noqa: N802
        """Take a step that follows into this one, if it continues the same edit."""
        if not isinstance(other, EditStep) or other._merge != self._merge:
            return False
        if other._made - self._made > self._within:
            return False
        self._after, self._made = other._after, other._made
        return True
