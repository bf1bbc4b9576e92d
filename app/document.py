"""The document: the project as it is now, what is chosen in it, and every step back.

It is the only mutable place of the program. Everything that changes the project goes through
`apply`, so that everything can be undone.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QUndoStack

from spectra_core.project.analyses import analyses_of, region_for
from spectra_core.project.project import Project

from .commands import EditStep, Snapshot
from .selection import Selection

Edit = Callable[..., Project]


class Document(QObject):
    """The current project, the selection, and the undo stack.

    Signals
    -------
    changed(Project)
        After every edit, undo and redo, and when another project is opened.
    selection_changed(Selection)
    dirty_changed(bool)
        Whether there are changes that are not in the project file.
    """

    changed = Signal(object)
    selection_changed = Signal(object)
    dirty_changed = Signal(bool)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._now = Snapshot(Project(), Selection())
        self.stack = QUndoStack(self)
        self.stack.cleanChanged.connect(lambda clean: self.dirty_changed.emit(not clean))
        self.path: Path | None = None
        self.suggested: Path | None = None
        self.read_only_because = ""

    @property
    def project(self) -> Project:
        """The project as it is now."""
        return self._now.project

    @property
    def selection(self) -> Selection:
        """What is chosen."""
        return self._now.selection

    @property
    def name(self) -> str:
        """What the project is called: its file, its title, or its first sample."""
        place = self.path or self.suggested
        if place is not None:
            return place.name
        samples = (s.meta.sample for s in self.project.spectra.values())
        return self.project.settings.title or next((s for s in samples if s), "")

    @property
    def is_dirty(self) -> bool:
        """Whether there are changes that are not in the project file."""
        return not self.stack.isClean()

    def apply(
        self,
        label: str,
        edit: Edit,
        *args: Any,
        merge: str = "",
        lasting: bool = False,
        select: Selection | Callable[[Project], Selection] | None = None,
        **options: Any,
    ) -> Project:
        """Make one edit, as one undo step.

        Parameters
        ----------
        label : str
            What the step is called in the history.
        edit : callable
            ``edit(project, *args, **options) -> project``; a project function of the core. If
            it raises, nothing has changed.
        merge : str
            Edits that follow each other at once with the same text are one step.
        lasting : bool
            Those that follow each other after any time, too.
        select : Selection, callable or None
            What is chosen afterwards; a callable gets the new project.
        """
        before = self._now
        project = edit(before.project, *args, **options)
        chosen = select(project) if callable(select) else select or before.selection
        if project is before.project:
            self.select(chosen)
            return project
        after = Snapshot(project, settled(project, chosen))
        self.stack.push(EditStep(label, before, after, self._show, merge, lasting=lasting))
        return project

    def select(self, selection: Selection) -> None:
        """Choose something else; this is no undo step."""
        chosen = settled(self.project, selection)
        if chosen != self._now.selection:
            self._now = replace(self._now, selection=chosen)
            self.selection_changed.emit(chosen)

    def open(
        self,
        project: Project,
        *,
        path: Path | None = None,
        read_only_because: str = "",
        selection: Selection | None = None,
        saved: bool = True,
        suggested: Path | None = None,
    ) -> None:
        """Replace the project by another one; this cannot be undone.

        Parameters
        ----------
        project : Project
        path : Path or None
            Its file.
        read_only_because : str
            Why it cannot be saved there; empty if it can.
        selection : Selection or None
            None: the first spectrum.
        saved : bool
            False: it holds changes that are in no file (recovered work).
        suggested : Path or None
            Where it might be saved, if it has no file yet.
        """
        self.stack.clear()
        self.path, self.read_only_because, self.suggested = path, read_only_because, suggested
        first = next(iter(project.spectra), None)
        chosen = selection or Selection((first,) if first else ())
        self._show(Snapshot(project, settled(project, chosen)))
        if not saved:
            self.stack.resetClean()
        self.dirty_changed.emit(self.is_dirty)

    def mark_saved(self, project: Project, path: Path) -> None:
        """Note that a project is in a file; later changes are not."""
        self.path, self.read_only_because, self.suggested = path, "", None
        if project is self.project:
            self.stack.setClean()
        self.dirty_changed.emit(self.is_dirty)

    def close(self) -> None:
        """Say nothing more: what listens is about to go."""
        self.stack.blockSignals(True)
        self.blockSignals(True)

    def _show(self, snapshot: Snapshot) -> None:
        moved = snapshot.selection != self._now.selection
        self._now = snapshot
        self.changed.emit(snapshot.project)
        if moved:
            self.selection_changed.emit(snapshot.selection)


def settled(project: Project, selection: Selection) -> Selection:
    """Return the selection without what is gone, and with what it implies filled in.

    The analysis of the main spectrum is its latest one unless another is chosen; the region is
    the first of that analysis on the spectrum unless another is chosen.
    """
    spectra = tuple(i for i in selection.spectra if i in project.spectra)
    if not spectra:
        return Selection()
    found = analyses_of(project, spectra[0])
    analysis = selection.analysis if selection.analysis in found else None
    analysis = analysis or (found[-1] if found else None)
    if analysis is None:
        return Selection(spectra)
    own = project.analysis(analysis)
    region = selection.region if own.spectra.get(selection.region or "") == spectra[0] else None
    region = region or region_for(project, analysis, spectra[0])
    owner = selection.owner
    if region is None or owner is None or not _has(project, analysis, region, owner):
        owner = None
    return Selection(spectra, analysis, region, owner)


def _has(project: Project, analysis: str, region: str, owner: str) -> bool:
    shown = project.analysis(analysis).model.region(region)
    return owner in {c.id for c in shown.components} | {d.id for d in shown.doublets}
