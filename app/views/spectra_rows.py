"""The rows of the spectra tree: spectra grouped by sample or file, each with the state of its fit.

A model over plain rows: what a row looks like is made only when it comes into sight, so thousands
of them cost nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import Any

from PySide6.QtCore import QAbstractItemModel, QModelIndex, QPersistentModelIndex, Qt
from PySide6.QtWidgets import QWidget

from spectra_core.project.project import Analysis, Project, is_stale
from spectra_core.raman.maps import map_shape
from spectra_core.referee.verdict import CHECK, NOT_YET, SOUND
from spectra_core.runs.samples import told_apart
from spectra_core.series.coordinates import coordinates_of, distinct
from spectra_core.series.values import region_key
from spectra_core.spectrum import Spectrum, sample_key

from ..formula import formula
from ..verdicts import region_verdict
from ..widgets import wrapped

Index = QModelIndex | QPersistentModelIndex
STATES = {
    "none": "no model",
    "open": "not fitted",
    "stale": "changed after its fit",
    SOUND: "sound",
    CHECK: "to be checked",
    NOT_YET: "not to be used yet",
}


FOLDED = 4
"""Levels of one sample from which on the tree shows them folded under it."""
_WORST_FIRST = (NOT_YET, CHECK, "stale", "open", "none", SOUND)


@dataclass(eq=False)
class Row:
    """A spectrum, or a group; `levels` where these are levels of a series or a map, else 0."""

    key: str
    text: str
    parent: Row | None = None
    children: list[Row] = field(default_factory=list)
    place: int = 0
    spectrum: Spectrum | None = None
    state: str = "none"
    words: str = ""
    levels: int = 0


class SpectraModel(QAbstractItemModel):
    """Rows of the tree."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._root = Row("", "")
        self._rows: dict[str, Row] = {}
        self._project: Project | None = None
        self._by_file = False
        self._filter = ""

    def show_project(self, project: Project, *, by_file: bool, text: str) -> bool:
        """Show a project; return whether the rows are others than before."""
        old = self._project
        same = (
            old is not None
            and old.spectra is project.spectra
            and by_file == self._by_file
            and text == self._filter
        )
        self._project, self._by_file, self._filter = project, by_file, text
        states = _states(project)
        if same:
            for key, one in self._rows.items():
                state = states.get(key, "none")
                if state != one.state:
                    one.state = state
                    index = self.index_of(key)
                    self.dataChanged.emit(index, index)
            self._tell_series()
            return False
        self.beginResetModel()
        self._root, self._rows = _grouped(project, states, by_file=by_file, text=text)
        if not by_file:
            _count_levels(self._root.children)
        self.endResetModel()
        return True

    def series_rows(self) -> list[tuple[QModelIndex, Row]]:
        """Return the groups that are levels of a series."""
        groups = self._root.children
        return [(self.createIndex(g.place, 0, g), g) for g in groups if g.levels]

    def _tell_series(self) -> None:
        """Give a series the worst state of its levels."""
        for index, one in self.series_rows():
            state = _worst(one.children)
            if state != one.state:
                one.state = state
                self.dataChanged.emit(index, index)

    def row_of(self, index: Index) -> Row:
        """Return the row behind an index; the root for an invalid one."""
        return index.internalPointer() if index.isValid() else self._root

    def index_of(self, key: str) -> QModelIndex:
        """Return the index of a spectrum; invalid if it is filtered out."""
        one = self._rows.get(key)
        return QModelIndex() if one is None else self.createIndex(one.place, 0, one)

    def index(self, row: int, column: int, parent: Index | None = None) -> QModelIndex:
        """Return the index of a child."""
        holder = self.row_of(parent or QModelIndex())
        if 0 <= row < len(holder.children):
            return self.createIndex(row, column, holder.children[row])
        return QModelIndex()

    def parent(self, index: Index | None = None) -> Any:
        """Return the group of a row."""
        if index is None:
            return super().parent()
        holder = self.row_of(index).parent
        if holder is None or holder is self._root:
            return QModelIndex()
        return self.createIndex(holder.place, 0, holder)

    def rowCount(self, parent: Index | None = None) -> int:  # noqa: N802
        """Return the number of children."""
        return len(self.row_of(parent or QModelIndex()).children)

    def columnCount(self, parent: Index | None = None) -> int:  # noqa: N802
        """Return one."""
        return 1

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Return what is read and spoken of a row."""
        one = self.row_of(index)
        if role == Qt.ItemDataRole.DisplayRole:
            return one.text
        if role == Qt.ItemDataRole.ToolTipRole:
            return wrapped(_tip(one))
        if role == Qt.ItemDataRole.AccessibleTextRole:
            if one.spectrum is not None:
                return f"{one.text} {one.words}, {STATES[one.state]}"
            if one.levels:
                return f"{one.text}, {one.words}, {STATES[one.state]}"
        return None

    def flags(self, index: Index) -> Qt.ItemFlag:
        """Return that spectra can be chosen."""
        if self.row_of(index).spectrum is None:
            return Qt.ItemFlag.ItemIsEnabled
        return Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable


def _tip(one: Row) -> str:
    """Return a row in full, because its name may be shortened on screen."""
    if one.spectrum is None:
        count = len(one.children)
        of = "" if one.words.startswith("map") else " of a series"
        series = f"{one.words}{of} · {STATES[one.state]}\n" if one.levels else ""
        return f"{one.text}\n{series}{count} {'spectrum' if count == 1 else 'spectra'}"
    source = one.spectrum.source
    return (
        f"{one.spectrum.label}{f' · {one.words}' if one.words else ''}\n"
        f"{PurePath(source.file).name} · {len(one.spectrum)} points · {STATES[one.state]}"
    )


def _states(project: Project) -> dict[str, str]:
    """Return the fit state of every spectrum that has a model."""
    found: dict[str, str] = {}
    for key, analysis in project.analyses.items():
        stale = analysis.stored is not None and is_stale(project, key)
        for region, spectrum in analysis.spectra.items():
            found[spectrum] = _state(analysis, region, stale=stale)
    return found


def _state(analysis: Analysis, region: str, *, stale: bool) -> str:
    if analysis.stored is None:
        return "open"
    return "stale" if stale else region_verdict(analysis, region).word


def _grouped(
    project: Project, states: dict[str, str], *, by_file: bool, text: str
) -> tuple[Row, dict[str, Row]]:
    root = Row("", "")
    groups: dict[str, Row] = {}
    rows: dict[str, Row] = {}
    wanted = text.casefold().split()
    place = _file_of if by_file else sample_key
    shown = told_apart(map(place, project.spectra.values()))
    for key, spectrum in project.spectra.items():
        names = f"{spectrum.meta.sample} {spectrum.meta.region} {spectrum.source.file}".casefold()
        if not all(word in names for word in wanted):
            continue
        name = shown[place(spectrum)]
        group = groups.get(name)
        if group is None:
            group = Row(name, name or "(no name)", root, place=len(root.children))
            groups[name] = group
            root.children.append(group)
        one = Row(
            key,
            formula(spectrum.meta.region) or "spectrum",
            group,
            place=len(group.children),
            spectrum=spectrum,
            state=states.get(key, "none"),
            words=_words(spectrum, by_file),
        )
        group.children.append(one)
        rows[key] = one
    return root, rows


def _count_levels(groups: Iterable[Row]) -> None:
    """Say of groups that are levels of a series how many there are, and their worst state."""
    for group in groups:
        shape = map_shape([one.spectrum for one in group.children if one.spectrum is not None])
        levels = len(group.children) if shape is not None else _levels_of(group.children)
        if levels:
            words = f"{levels} levels" if shape is None else f"map, {shape[1]} × {shape[0]} pixels"
            group.levels, group.words = levels, words
            group.state = _worst(group.children)


def _levels_of(rows: Sequence[Row]) -> int:
    """Return how many levels spectra of one sample are; 0 where no coordinate tells them apart."""
    if len(rows) < FOLDED:
        return 0
    regions: dict[str, list[Spectrum]] = {}
    for one in rows:
        if one.spectrum is not None:
            regions.setdefault(region_key(one.spectrum), []).append(one.spectrum)
    longest = max(regions.values(), key=len)
    if len(longest) < FOLDED:
        return 0
    values = [{c.name: c.value for c in coordinates_of(spectrum)} for spectrum in longest]
    common = set.intersection(*map(set, values))
    told = any(distinct([own[name] for own in values]) for name in common)
    return len(longest) if told else 0


def _worst(rows: Iterable[Row]) -> str:
    found = {one.state for one in rows}
    return next(state for state in _WORST_FIRST if state in found)


def _file_of(spectrum: Spectrum) -> tuple[str, str]:
    """Return the place of a spectrum's file and its name."""
    return spectrum.source.location, PurePath(spectrum.source.file).name


def _words(spectrum: Spectrum, by_file: bool) -> str:
    """Return what tells a spectrum from the others of its group."""
    parts = [spectrum.meta.sample] if by_file else []
    if spectrum.meta.etch_time_s is not None:
        parts.append(f"{spectrum.meta.etch_time_s:g} s")
    return " · ".join(part for part in parts if part)
