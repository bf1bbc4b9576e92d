"""The component table: a row for each doublet or single line, its lines below it.

Cells are typed into freely and speak once, on leaving. Any column sorts; the selection, or all,
is copied as text that a spreadsheet takes.
"""

from __future__ import annotations

from PySide6.QtCore import (
    QAbstractItemModel,
    QModelIndex,
    QPersistentModelIndex,
    QPoint,
    Qt,
    Signal,
)
from PySide6.QtGui import QAction, QBrush, QGuiApplication, QKeySequence
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QLineEdit,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from spectra_core.model import Component
from spectra_core.model_edits import members, owner_label, owners

from ..formula import formula
from ..scene import Scene
from ..theme import colour, number_font
from ..widgets import in_locale, read_number
from .component_cards import Cell, cell, owner_menu, share_of

COLUMNS = ("center", "fwhm", "area", "mix")
HEADINGS = ("component", "line", "centre", "FWHM", "area", "mix", "share", "state")
_SHAPE_WIDTHS = ("fwhm", "fwhm_gauss")
Index = QModelIndex | QPersistentModelIndex
_OWNER = Qt.ItemDataRole.UserRole
_SORT = Qt.ItemDataRole.UserRole + 1
_PATH = Qt.ItemDataRole.UserRole + 2
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter


class ComponentTable(QTreeWidget):
    """Emits the same intents as the cards; see `ComponentCards`."""

    owner_chosen = Signal(str)
    value_edited = Signal(str, float)
    label_edited = Signal(str, str)
    enabled_set = Signal(str, bool)
    held_set = Signal(str, bool)
    bounds_asked = Signal(str)
    shape_chosen = Signal(str, str)
    remove_asked = Signal(str)
    duplicate_asked = Signal(str)
    copy_asked = Signal(str)
    paste_asked = Signal()
    rename_asked = Signal(str)
    link_asked = Signal(str)
    unlink_asked = Signal(str)
    unlock_asked = Signal(str, str)
    relock_asked = Signal(str, str)
    refused = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._scene: Scene | None = None
        self._filling = False
        self.setObjectName("plain")
        self.setAccessibleName("Components")
        self.setColumnCount(len(HEADINGS))
        self.setHeaderLabels(list(HEADINGS))
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setEditTriggers(
            QAbstractItemView.EditTrigger.DoubleClicked
            | QAbstractItemView.EditTrigger.EditKeyPressed
            | QAbstractItemView.EditTrigger.AnyKeyPressed
        )
        self.setSortingEnabled(True)
        self.header().setSortIndicator(-1, Qt.SortOrder.AscendingOrder)
        self.header().setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        self.header().setStretchLastSection(True)
        self.setItemDelegate(_Delegate(self))
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.customContextMenuRequested.connect(self._open_menu)
        self.currentItemChanged.connect(self._choose)
        copy = QAction("Copy", self)
        copy.setShortcut(QKeySequence.StandardKey.Copy)
        copy.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)
        copy.triggered.connect(self.copy)
        self.addAction(copy)

    def show_scene(self, scene: Scene) -> None:
        """Show the components of a scene's region."""
        self._scene = scene
        open_rows = {item.data(0, _OWNER) for item in self._top_items() if item.isExpanded()}
        self._filling = True
        self.clear()
        region = scene.region
        for owner in () if region is None else owners(region):
            item = self._owner_item(scene, owner)
            self.addTopLevelItem(item)
            item.setExpanded(owner in open_rows)
            if owner == scene.selection.owner:
                self.setCurrentItem(item)
        self._filling = False

    def text(self) -> str:
        """Return the table as text with tabs; numbers with all their digits, and errors."""
        lines = ["\t".join(("component", "line", *_text_headings()))]
        scene = self._scene
        if scene is None or scene.region is None:
            return lines[0]
        for owner in owners(scene.region):
            for component in members(scene.region, owner):
                numbers = []
                for name in COLUMNS:
                    one = _cell(scene, component.id, component, name)
                    stderr = (
                        scene.fit.stderr(one.path) if one and scene.fit and scene.fitted else None
                    )
                    numbers.append("" if one is None or one.value is None else f"{one.value:.8g}")
                    numbers.append("" if stderr is None else f"{stderr:.3g}")
                lines.append("\t".join((component.label, component.line, *numbers)))
        return "\n".join(lines)

    def copy(self) -> None:
        """Put the table on the clipboard."""
        QGuiApplication.clipboard().setText(self.text())

    def _top_items(self) -> list[QTreeWidgetItem]:
        found = (self.topLevelItem(i) for i in range(self.topLevelItemCount()))
        return [item for item in found if item is not None]

    def _owner_item(self, scene: Scene, owner: str) -> QTreeWidgetItem:
        assert scene.region is not None
        lines = members(scene.region, owner)
        item = self._line_item(scene, owner, lines[0], formula(owner_label(scene.region, owner)))
        part = share_of(scene, owner)
        if part is not None:
            item.setText(6, in_locale(f"{100 * part:.1f} %"))
            item.setData(6, _SORT, part)
        if len(lines) > 1:
            item.setText(1, lines[0].line.rstrip("0123456789/"))
            for component in lines:
                label = formula(component.label)
                item.addChild(self._line_item(scene, component.id, component, label))
        return item

    def _line_item(
        self, scene: Scene, holder: str, component: Component, text: str
    ) -> QTreeWidgetItem:
        item = _Item([text, component.line])
        item.setData(0, _OWNER, holder)
        item.setFlags(item.flags() | Qt.ItemFlag.ItemIsEditable)
        states = []
        for column, name in enumerate(COLUMNS, 2):
            one = _cell(scene, holder, component, name)
            if one is None:
                continue
            item.setText(column, f"{one.text} {one.error}".strip())
            item.setToolTip(column, one.words)
            item.setData(column, _SORT, one.value)
            item.setData(column, _PATH, one.path)
            item.setFont(column, number_font())
            item.setTextAlignment(
                column, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
            )
            if one.kind != "free":
                states.append(f"{one.name} {one.kind}")
            if one.kind in ("linked", "fixed"):
                item.setForeground(column, QBrush(colour("muted")))
            elif one.kind == "at bound":
                item.setForeground(column, QBrush(colour("alarm")))
        item.setText(7, "disabled" if not component.enabled else ", ".join(states))
        return item

    def _choose(self, item: QTreeWidgetItem | None) -> None:
        if item is not None and not self._filling:
            self.owner_chosen.emit(item.data(0, _OWNER))

    def _open_menu(self, place: QPoint) -> None:
        item = self.itemAt(place)
        if item is None or self._scene is None:
            return
        top = item.parent() or item
        menu = owner_menu(self, self._scene, top.data(0, _OWNER))  # type: ignore[arg-type]
        menu.popup(self.viewport().mapToGlobal(place))


class _Item(QTreeWidgetItem):
    """Sorts by numbers where there are numbers."""

    def __lt__(self, other: QTreeWidgetItem) -> bool:
        column = self.treeWidget().sortColumn()
        mine, theirs = self.data(column, _SORT), other.data(column, _SORT)
        if mine is None or theirs is None:
            return self.text(column) < other.text(column)
        return bool(mine < theirs)


class _Delegate(QStyledItemDelegate):
    """Edits a number as free text, once, on leaving the cell."""

    def __init__(self, table: ComponentTable) -> None:
        super().__init__(table)
        self._table = table

    def createEditor(  # type: ignore[override]  # noqa: N802
        self, parent: QWidget, option: QStyleOptionViewItem, index: Index
    ) -> QWidget | None:
        """Return an editor for a label or a number; None for what follows from others."""
        if index.column() == 0 or index.data(_PATH):
            editor = QLineEdit(parent)
            editor.setFont(number_font())
            return editor
        return None

    def setEditorData(self, editor: QWidget, index: Index) -> None:  # noqa: N802
        """Show the label, or the number with all its digits."""
        assert isinstance(editor, QLineEdit)
        value = index.data(_SORT)
        shown = str(index.data() or "") if value is None else in_locale(f"{value:.8g}")
        editor.setText(shown)
        editor.selectAll()

    def setModelData(self, editor: QWidget, model: QAbstractItemModel, index: Index) -> None:  # noqa: N802
        """Say what was typed; what is not a number is explained and the old one kept."""
        assert isinstance(editor, QLineEdit)
        typed = editor.text().strip()
        if index.column() == 0:
            if typed and typed != index.data():
                owner = index.model().index(index.row(), 0, index.parent()).data(_OWNER)
                self._table.label_edited.emit(owner, typed)
            return
        value = read_number(typed)
        if value is None:
            self._table.refused.emit(f"“{typed[:40]}” is not a number, so the old one is kept.")
        elif in_locale(f"{index.data(_SORT):.8g}") != typed if index.data(_SORT) else True:
            self._table.value_edited.emit(index.data(_PATH), value)


def _cell(scene: Scene, holder: str, component: Component, name: str) -> Cell | None:
    assert scene.region is not None
    specs = {spec.name: spec for spec in scene.region.specs_of(component)}
    if name == "fwhm" and name not in specs:
        name = next((n for n in _SHAPE_WIDTHS if n in specs), name)
    if name == "area" and name not in specs:
        name = "height"
    return cell(scene, holder, component, specs[name]) if name in specs else None


def _stderr(scene: Scene, one: Cell | None) -> float | None:
    return scene.fit.stderr(one.path) if one and scene.fit and scene.fitted else None


def _text_headings() -> list[str]:
    return [text for name in COLUMNS for text in (name, f"{name} error")]


class TableTab(QWidget):
    """The table in a tab."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.table = ComponentTable(self)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(6, 6, 6, 6)
        layout.addWidget(self.table)
