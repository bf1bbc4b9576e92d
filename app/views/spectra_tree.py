"""The spectra of the project as a tree by sample or file, each with a sparkline and its state.

A model over plain rows: nothing is made for a spectrum until it comes into sight, so thousands
of them cost nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import Any

import numpy as np
from PySide6.QtCore import (
    QAbstractItemModel,
    QItemSelection,
    QItemSelectionModel,
    QModelIndex,
    QPersistentModelIndex,
    QPoint,
    QPointF,
    QRect,
    QRectF,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import (
    QAction,
    QFont,
    QFontMetrics,
    QPainter,
    QPen,
    QPolygonF,
)
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QLineEdit,
    QMenu,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTreeView,
    QVBoxLayout,
    QWidget,
)

from spectra_core.project import Analysis, Project, is_stale
from spectra_core.spectrum import Spectrum
from spectra_core.stored_fit import has_stored_fit

from ..formula import formula
from ..scene import Scene
from ..theme import colour, theme
from ..widgets import link_button, row

Index = QModelIndex | QPersistentModelIndex
_SPARK_POINTS = 48
_SPARK_WIDTH = 62
_STATES = {
    "none": "no model",
    "open": "not fitted",
    "fitted": "fitted",
    "stale": "changed after its fit",
    "failed": "did not converge",
}


@dataclass(eq=False)
class _Row:
    """A spectrum, or a group of them."""

    key: str
    text: str
    parent: _Row | None = None
    children: list[_Row] = field(default_factory=list)
    place: int = 0
    spectrum: Spectrum | None = None
    state: str = "none"
    words: str = ""


class SpectraModel(QAbstractItemModel):
    """Rows of the tree."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._root = _Row("", "")
        self._rows: dict[str, _Row] = {}
        self._project: Project | None = None
        self._by_file = False
        self._filter = ""

    def show_project(self, project: Project, *, by_file: bool, text: str) -> bool:
        """Show a project; return whether the rows are others than before."""
        old = self._project
        same = (
            old is not None and old.spectra is project.spectra
            and by_file == self._by_file and text == self._filter
        )  # fmt: skip
        self._project, self._by_file, self._filter = project, by_file, text
        states = _states(project)
        if same:
            for key, one in self._rows.items():
                state = states.get(key, "none")
                if state != one.state:
                    one.state = state
                    index = self.index_of(key)
                    self.dataChanged.emit(index, index)
            return False
        self.beginResetModel()
        self._root, self._rows = _grouped(project, states, by_file=by_file, text=text)
        self.endResetModel()
        return True

    def row_of(self, index: Index) -> _Row:
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
        if role == Qt.ItemDataRole.ToolTipRole and one.spectrum is not None:
            source = one.spectrum.source
            return (
                f"{one.spectrum.label}\n{PurePath(source.file).name} · {len(one.spectrum)} points"
                f" · {_STATES[one.state]}"
            )
        if role == Qt.ItemDataRole.AccessibleTextRole and one.spectrum is not None:
            return f"{one.text} {one.words}, {_STATES[one.state]}"
        return None

    def flags(self, index: Index) -> Qt.ItemFlag:
        """Return that spectra can be chosen."""
        if self.row_of(index).spectrum is None:
            return Qt.ItemFlag.ItemIsEnabled
        return Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable


def _states(project: Project) -> dict[str, str]:
    """Return the fit state of every spectrum that has a model."""
    found: dict[str, str] = {}
    for key, analysis in project.analyses.items():
        state = _state(project, key, analysis)
        for spectrum in analysis.spectra.values():
            found[spectrum] = state
    return found


def _state(project: Project, key: str, analysis: Analysis) -> str:
    if analysis.stored is None:
        return "open"
    if is_stale(project, key):
        return "stale"
    converged = analysis.stored.result.status.value in ("converged", "at_bound")
    return "fitted" if converged else "failed"


def _grouped(
    project: Project, states: dict[str, str], *, by_file: bool, text: str
) -> tuple[_Row, dict[str, _Row]]:
    root = _Row("", "")
    groups: dict[str, _Row] = {}
    rows: dict[str, _Row] = {}
    wanted = text.casefold().split()
    for key, spectrum in project.spectra.items():
        said = f"{spectrum.meta.sample} {spectrum.meta.region} {spectrum.source.file}".casefold()
        if not all(word in said for word in wanted):
            continue
        name = PurePath(spectrum.source.file).name if by_file else spectrum.meta.sample
        group = groups.get(name)
        if group is None:
            group = _Row(name, formula(name) or "(no name)", root, place=len(root.children))
            groups[name] = group
            root.children.append(group)
        one = _Row(
            key, formula(spectrum.meta.region) or "spectrum", group, place=len(group.children),
            spectrum=spectrum, state=states.get(key, "none"), words=_words(spectrum, by_file),
        )  # fmt: skip
        group.children.append(one)
        rows[key] = one
    return root, rows


def _words(spectrum: Spectrum, by_file: bool) -> str:
    """Return what tells a spectrum from the others of its group."""
    parts = [spectrum.meta.sample] if by_file else []
    if spectrum.meta.etch_time_s is not None:
        parts.append(f"{spectrum.meta.etch_time_s:g} s")
    return " · ".join(part for part in parts if part)


class SpectraTree(QWidget):
    """The tree with its filter.

    Signals
    -------
    selection_made(tuple)
        Spectrum ids, the current one first.
    rename_asked(str), sample_rename_asked(str), remove_asked(tuple), calibrate_asked(tuple),
    fit_asked(tuple), join_asked(tuple), preset_asked(tuple), take_over_asked(tuple),
    copy_model_asked(str), paste_model_asked(tuple)
    """

    selection_made = Signal(tuple)
    rename_asked = Signal(str)
    sample_rename_asked = Signal(str)
    remove_asked = Signal(tuple)
    calibrate_asked = Signal(tuple)
    fit_asked = Signal(tuple)
    join_asked = Signal(tuple)
    preset_asked = Signal(tuple)
    take_over_asked = Signal(tuple)
    copy_model_asked = Signal(str)
    paste_model_asked = Signal(tuple)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._showing = False
        self._project: Project | None = None
        self._by_file = False
        self.model = SpectraModel(self)
        self.view = _View(self)
        self.view.setModel(self.model)
        self.view.setItemDelegate(_Delegate(self.view))
        self.filter = QLineEdit()
        self.filter.setPlaceholderText("Filter")
        self.filter.setAccessibleName("Filter the spectra")
        self.filter.setClearButtonEnabled(True)
        self.filter.textChanged.connect(self._refill)
        self.grouping = link_button("by file", "Group by sample or by file.")
        self.grouping.clicked.connect(self._toggle_grouping)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 4, 4, 4)
        layout.setSpacing(6)
        layout.addLayout(row(self.filter, self.grouping))
        layout.addWidget(self.view)
        self.view.selectionModel().selectionChanged.connect(self._tell)
        self.view.customContextMenuRequested.connect(self._open_menu)
        theme().changed.connect(self.view.viewport().update)

    def show_scene(self, scene: Scene) -> None:
        """Show the project of a scene and what is chosen in it."""
        self._project = scene.project
        self._fill()
        self._mark(scene.selection.spectra)

    def selected(self) -> tuple[str, ...]:
        """Return the chosen spectra, the current one first."""
        rows = [self.model.row_of(i) for i in self.view.selectionModel().selectedIndexes()]
        rows.sort(key=lambda r: (r.parent.place if r.parent else 0, r.place))
        keys = [one.key for one in rows if one.spectrum is not None]
        current = self.model.row_of(self.view.currentIndex()).key
        if current in keys:
            keys.remove(current)
            keys.insert(0, current)
        return tuple(keys)

    def _refill(self) -> None:
        chosen = self.selected()
        self._fill()
        self._mark(chosen)

    def _fill(self) -> None:
        if self._project is None:
            return
        self._showing = True
        text = self.filter.text()
        if self.model.show_project(self._project, by_file=self._by_file, text=text):
            self.view.expandAll()
        self._showing = False

    def _mark(self, keys: Sequence[str]) -> None:
        if tuple(keys) == self.selected():
            return
        self._showing = True
        selection = QItemSelection()
        for key in keys:
            index = self.model.index_of(key)
            if index.isValid():
                selection.select(index, index)
        flags = QItemSelectionModel.SelectionFlag
        self.view.selectionModel().select(selection, flags.ClearAndSelect)
        if keys:
            first = self.model.index_of(keys[0])
            self.view.selectionModel().setCurrentIndex(first, flags.NoUpdate)
            if first.isValid():
                self.view.scrollTo(first)
        self._showing = False

    def _tell(self) -> None:
        if not self._showing and (chosen := self.selected()):
            self.selection_made.emit(chosen)

    def _toggle_grouping(self) -> None:
        self._by_file = not self._by_file
        self.grouping.setText("by sample" if self._by_file else "by file")
        self._refill()

    def _open_menu(self, place: QPoint) -> None:
        keys = self.selected()
        if not keys or self._project is None:
            return
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        stored = any(has_stored_fit(self._project.spectrum(k)) for k in keys)
        for text, signal, value, on in (
            ("Fit", self.fit_asked, keys, True),
            ("Load a preset…", self.preset_asked, keys, True),
            ("Take over the CasaXPS fit", self.take_over_asked, keys, stored),
            ("Fit together", self.join_asked, keys, len(keys) > 1),
            ("Calibrate…", self.calibrate_asked, keys, True),
            ("Copy the model", self.copy_model_asked, keys[0], True),
            ("Paste the model", self.paste_model_asked, keys, True),
            ("Rename the spectrum…", self.rename_asked, keys[0], True),
            ("Rename the sample…", self.sample_rename_asked, keys[0], True),
            ("Remove from the project", self.remove_asked, keys, True),
        ):
            entry = QAction(text, menu)
            entry.setEnabled(on)
            entry.triggered.connect(lambda _=False, s=signal, v=value: s.emit(v))
            menu.addAction(entry)
        menu.popup(self.view.viewport().mapToGlobal(place))


class _View(QTreeView):
    """The tree itself."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("plain")
        self.setAccessibleName("Spectra")
        self.setHeaderHidden(True)
        self.setIndentation(10)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.header().setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        self.setMinimumWidth(190)


class _Delegate(QStyledItemDelegate):
    """Paints a row: state, region, what tells it apart, sparkline."""

    def __init__(self, view: QTreeView) -> None:
        super().__init__(view)
        self._view = view
        self._sparks: dict[int, tuple[Spectrum, np.ndarray]] = {}

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:  # noqa: N802
        """Return a row's size."""
        one: _Row = index.internalPointer()
        metrics = QFontMetrics(option.font)
        if one.spectrum is not None:
            return QSize(120, metrics.height() + 11)
        return QSize(120, metrics.height() * len(_lines(one.text, option.font, self._room())) + 9)

    def _room(self) -> int:
        return max(self._view.viewport().width() - 18, 60)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """Paint one row."""
        one: _Row = index.internalPointer()
        area: QRect = option.rect
        state = option.state
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        font = option.font
        if one.spectrum is None:
            text = "\n".join(_lines(one.text, font, self._room()))
            font.setBold(True)
            painter.setFont(font)
            painter.setPen(colour("text"))
            painter.drawText(area.adjusted(2, 0, 0, 0), Qt.AlignmentFlag.AlignVCenter, text)
            painter.restore()
            return
        if state & QStyle.StateFlag.State_Selected:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(colour("selection"))
            painter.drawRoundedRect(QRectF(area).adjusted(0, 1, -2, -1), 5, 5)
        elif state & QStyle.StateFlag.State_MouseOver:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(colour("hover"))
            painter.drawRoundedRect(QRectF(area).adjusted(0, 1, -2, -1), 5, 5)
        _paint_state(painter, QPointF(area.left() + 10, area.center().y() + 0.5), one.state)
        self._paint_words(painter, area, one, font)
        self._paint_spark(painter, area, one.spectrum)
        painter.restore()

    def _paint_words(self, painter: QPainter, area: QRect, one: _Row, font: Any) -> None:
        left, room = area.left() + 22, area.width() - 22 - _SPARK_WIDTH - 14
        font.setBold(True)
        painter.setFont(font)
        metrics = QFontMetrics(font)
        text = metrics.elidedText(one.text, Qt.TextElideMode.ElideRight, max(room, 20))
        painter.setPen(colour("text"))
        painter.drawText(QRect(left, area.top(), room, area.height()),
                         Qt.AlignmentFlag.AlignVCenter, text)  # fmt: skip
        used = metrics.horizontalAdvance(text) + 8
        if one.words and room - used > 20:
            font.setBold(False)
            painter.setFont(font)
            painter.setPen(colour("muted"))
            metrics = QFontMetrics(font)
            words = metrics.elidedText(one.words, Qt.TextElideMode.ElideMiddle, room - used)
            painter.drawText(QRect(left + used, area.top(), room - used, area.height()),
                             Qt.AlignmentFlag.AlignVCenter, words)  # fmt: skip

    def _paint_spark(self, painter: QPainter, area: QRect, spectrum: Spectrum) -> None:
        shape = self._spark(spectrum)
        left = area.right() - _SPARK_WIDTH - 6
        top, height = area.top() + 5, area.height() - 10
        points = QPolygonF(
            [QPointF(left + x * _SPARK_WIDTH, top + (1 - y) * height) for x, y in shape]
        )
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(colour("residual"), 1.1))
        painter.drawPolyline(points)

    def _spark(self, spectrum: Spectrum) -> np.ndarray:
        """Return a small curve in the unit square, kept by the spectrum's identity."""
        known = self._sparks.get(id(spectrum))
        if known is not None and known[0] is spectrum:
            return known[1]
        if len(self._sparks) > 20_000:
            self._sparks.clear()
        y = spectrum.y
        edges = np.linspace(0, y.size, min(_SPARK_POINTS, y.size) + 1).astype(int)[:-1]
        means = np.add.reduceat(y, edges) / np.diff([*edges, y.size])
        low, high = float(means.min()), float(means.max())
        shape = (means - low) / ((high - low) or 1.0)
        if spectrum.axis.is_energy:
            # Binding energy falls to the right, as on the plot.
            shape = shape[::-1]
        curve = np.column_stack([np.linspace(0, 1, shape.size), shape])
        self._sparks[id(spectrum)] = (spectrum, curve)
        return curve


def _lines(text: str, font: QFont, room: int) -> list[str]:
    """Return a name in at most two lines, the second shortened in its middle."""
    bold = QFont(font)
    bold.setBold(True)
    metrics = QFontMetrics(bold)
    if metrics.horizontalAdvance(text) <= room:
        return [text]
    words = text.split()
    first = ""
    while words and metrics.horizontalAdvance(f"{first} {words[0]}") <= room:
        first = f"{first} {words.pop(0)}".strip()
    if not first:
        return [metrics.elidedText(text, Qt.TextElideMode.ElideMiddle, room)]
    return [first, metrics.elidedText(" ".join(words), Qt.TextElideMode.ElideMiddle, room)]


def _paint_state(painter: QPainter, at: QPointF, state: str) -> None:
    """Paint a state so that it is told by its shape as well as by its colour."""
    tone = {"fitted": "good", "stale": "warn", "failed": "alarm"}.get(state, "faint")
    painter.setPen(QPen(colour(tone), 1.6))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    if state == "fitted":
        painter.setBrush(colour(tone))
        painter.drawEllipse(at, 3.6, 3.6)
    elif state == "stale":
        painter.drawEllipse(at, 3.6, 3.6)
        painter.setBrush(colour(tone))
        painter.drawPie(QRectF(at.x() - 3.6, at.y() - 3.6, 7.2, 7.2), 90 * 16, 180 * 16)
    elif state == "failed":
        for dx in (-3.2, 3.2):
            painter.drawLine(QPointF(at.x() - dx, at.y() - 3.2), QPointF(at.x() + dx, at.y() + 3.2))
    elif state == "open":
        painter.drawEllipse(at, 3.4, 3.4)
    else:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colour("border"))
        painter.drawEllipse(at, 2.2, 2.2)
