"""The spectra of the project as a tree by sample or file, with its filter and its menu."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import (
    QItemSelection,
    QItemSelectionModel,
    QModelIndex,
    QPersistentModelIndex,
    QPoint,
    Qt,
    Signal,
)
from PySide6.QtGui import QAction, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QLineEdit,
    QMenu,
    QTreeView,
    QVBoxLayout,
    QWidget,
)

from spectra_core.foreign.presence import has_stored_fit
from spectra_core.project.project import Project

from ..scene import Scene
from ..theme import theme
from ..widgets import DeleteKey, link_button, row
from .spectra_delegate import SpectraDelegate
from .spectra_rows import SpectraModel


class SpectraTree(QWidget):
    """The tree with its filter.

    Signals
    -------
    selection_made(tuple)
        Spectrum ids, the current one first.
    rename_asked(str), sample_rename_asked(str), remove_asked(tuple), calibrate_asked(tuple),
    fit_asked(tuple), join_asked(tuple), preset_asked(tuple), take_over_asked(tuple),
    copy_model_asked(str), paste_model_asked(tuple), metadata_asked(str)
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
    metadata_asked = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._showing = False
        self._project: Project | None = None
        self._by_file = False
        self._component_chosen = False
        self._unfolded: set[str] = set()
        self.model = SpectraModel(self)
        self.view = _View(self)
        self.view.setModel(self.model)
        self.view.setItemDelegate(SpectraDelegate(self.view))
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
        self.view.expanded.connect(lambda index: self._fold(index, False))
        self.view.collapsed.connect(lambda index: self._fold(index, True))
        self.view.customContextMenuRequested.connect(self._open_menu)
        theme().changed.connect(self.view.viewport().update)
        key = DeleteKey(self.view, lambda: not self._component_chosen and bool(self.selected()))
        key.pressed.connect(lambda: self.remove_asked.emit(self.selected()))

    def show_scene(self, scene: Scene) -> None:
        """Show the project of a scene and what is chosen in it."""
        self._project = scene.project
        self._component_chosen = scene.selection.owner is not None
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
            for index, one in self.model.series_rows():
                if not text and one.key not in self._unfolded:
                    self.view.collapse(index)
        self._showing = False

    def _fold(self, index: QModelIndex, on: bool) -> None:
        """Keep which series the user unfolded."""
        one = self.model.row_of(index)
        if not self._showing and one.levels:
            (self._unfolded.discard if on else self._unfolded.add)(one.key)

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
            ("Show the metadata…", self.metadata_asked, keys[0], True),
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

    def scrollTo(  # noqa: N802
        self,
        index: QModelIndex | QPersistentModelIndex,
        hint: QAbstractItemView.ScrollHint = QAbstractItemView.ScrollHint.EnsureVisible,
    ) -> None:
        """Bring a row into sight; one of a folded group by the row of the group."""
        parent = index.parent()
        folded = parent.isValid() and not self.isExpanded(parent)
        super().scrollTo(parent if folded else index, hint)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802
        """Measure the rows again: a long name takes two lines where there is little room."""
        super().resizeEvent(event)
        if event.oldSize().width() != event.size().width():
            self.scheduleDelayedItemsLayout()
