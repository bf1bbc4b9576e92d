"""The component table: a row for each doublet or single line, its lines below it.

Cells are typed into freely and speak once, on leaving. Any column sorts; the selection, or all,
is copied as text that a spreadsheet takes.
"""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import (
    QAbstractItemModel,
    QMimeData,
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

from spectra_core.editing.edits import members, owner_label, owners
from spectra_core.model import Component

from ..formula import formula
from ..scene import Scene
from ..theme import colour, number_font, theme
from ..widgets import in_locale, read_number, wrapped
from .component_cards import OWNER_MIME
from .component_numbers import NumberCell, Numbers, numbers
from .owner_intents import OwnerIntents
from .owner_menu import owner_menu

COLUMNS = ("center", "fwhm", "area", "mix")
HEADINGS = ("component", "line", "centre", "FWHM", "area", "mix", "share", "state")
_SHAPE_WIDTHS = ("fwhm", "fwhm_gauss")
Index = QModelIndex | QPersistentModelIndex
_OWNER = Qt.ItemDataRole.UserRole
_SORT = Qt.ItemDataRole.UserRole + 1
_PATH = Qt.ItemDataRole.UserRole + 2
_LABEL = Qt.ItemDataRole.UserRole + 3
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter


class ComponentTable(OwnerIntents, QTreeWidget):
    """The components as rows; what is wanted of them is in `OwnerIntents`."""

    refused = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._numbers: Numbers | None = None
        self._structure: tuple[object, ...] = ()
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
        self.header().setMaximumSectionSize(260)
        self.header().setStretchLastSection(True)
        for column in (*range(2, 2 + len(COLUMNS)), 6):
            self.headerItem().setTextAlignment(column, _RIGHT)
        self.setUniformRowHeights(True)
        self.setDragEnabled(True)
        self.setDragDropMode(QAbstractItemView.DragDropMode.DragOnly)
        theme().changed.connect(self._repaint)
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
        """Show the components of a scene's region; rows are made anew only where they must."""
        self._numbers = shown = numbers(scene, self._numbers)
        self._filling = True
        structure = () if shown is None else _structure(shown)
        if structure != self._structure:
            self._structure = structure
            self._make_rows(shown)
        self.headerItem().setText(2, HEADINGS[2] + _scale_of(shown))
        if shown is not None:
            for item in self._top_items():
                self._fill(item, shown)
            self._mark_chosen(scene.selection.owner)
        self._filling = False

    def _make_rows(self, shown: Numbers | None) -> None:
        open_rows = {item.data(0, _OWNER) for item in self._top_items() if item.isExpanded()}
        self.clear()
        for owner in () if shown is None else owners(shown.region):
            assert shown is not None
            item = _item(owner)
            lines = members(shown.region, owner)
            if len(lines) > 1:
                item.addChildren([_item(component.id) for component in lines])
            self.addTopLevelItem(item)
            item.setExpanded(owner in open_rows)

    def _mark_chosen(self, owner: str | None) -> None:
        now = self.currentItem()
        rows = [row for top in self._top_items() for row in (top, *_children(top))]
        chosen = next((row for row in rows if row.data(0, _OWNER) == owner), None)
        if chosen is not None and chosen is not now and now not in _children(chosen):
            self.setCurrentItem(chosen)

    def text(self) -> str:
        """Return the chosen rows, or all, as text with tabs; all digits, and errors."""
        shown = self._numbers
        lines = ["\t".join(("component", "line", *_text_headings(_scale_of(shown))))]
        if shown is None:
            return lines[0]
        chosen = {item.data(0, _OWNER) for item in self.selectedItems()}
        for owner in owners(shown.region):
            for component in members(shown.region, owner):
                if len(chosen) > 1 and not chosen & {owner, component.id}:
                    continue
                found = [_cell(shown, component.id, component, name) for name in COLUMNS]
                pairs = [(one.value, one.stderr) if one else (None, None) for one in found]
                texts = [
                    text for pair in pairs for text in (_digits(pair[0], 8), _digits(pair[1], 3))
                ]
                lines.append("\t".join((component.label, component.line, *texts)))
        return "\n".join(lines)

    def copy(self) -> None:
        """Put the table on the clipboard."""
        QGuiApplication.clipboard().setText(self.text())

    def _top_items(self) -> list[QTreeWidgetItem]:
        found = (self.topLevelItem(i) for i in range(self.topLevelItemCount()))
        return [item for item in found if item is not None]

    def _fill(self, item: QTreeWidgetItem, shown: Numbers) -> None:
        owner = item.data(0, _OWNER)
        lines = members(shown.region, owner)
        self._fill_line(item, shown, lines[0], owner_label(shown.region, owner))
        part = shown.share(owner)
        _put(item, 6, "" if part is None else in_locale(f"{100 * part:.1f} %"))
        item.setData(6, _SORT, part)
        if len(lines) > 1:
            _put(item, 1, lines[0].line.rstrip("0123456789/"))
            for child, component in zip(_children(item), lines, strict=True):
                self._fill_line(child, shown, component, component.label)

    def _fill_line(
        self, item: QTreeWidgetItem, shown: Numbers, component: Component, label: str
    ) -> None:
        item.setData(0, _LABEL, label)
        _put(item, 0, formula(label))
        words = " · ".join(t for t in (label, component.species) if t)
        item.setToolTip(0, wrapped(formula(words)))
        _put(item, 1, component.line)
        states = []
        for column, name in enumerate(COLUMNS, 2):
            one = _cell(shown, item.data(0, _OWNER), component, name)
            _put(item, column, "" if one is None else f"{one.text} {one.error}".strip())
            item.setData(column, _SORT, None if one is None else one.value)
            item.setData(column, _PATH, None if one is None else one.path)
            if one is None:
                continue
            item.setToolTip(column, wrapped(one.tip))
            if one.kind != "free":
                states.append(f"{one.name} {one.kind}")
            tone = {"free": "text", "at bound": "alarm"}.get(one.kind, "muted")
            item.setForeground(column, QBrush(colour(tone)))
        words = "disabled" if not component.enabled else ", ".join(states)
        _put(item, 7, words)
        item.setToolTip(7, wrapped(words))

    def mimeData(self, items: Sequence[QTreeWidgetItem]) -> QMimeData:  # noqa: N802
        """Return the first chosen component or doublet, to be dropped into a ratio."""
        data = QMimeData()
        if items and (row := items[0].parent() or items[0]) is not None:
            data.setData(OWNER_MIME, str(row.data(0, _OWNER)).encode())
            data.setText(str(row.data(0, _OWNER)))
        return data

    def _repaint(self) -> None:
        if self._numbers is not None:
            self.show_scene(self._numbers.scene)

    def _choose(self, item: QTreeWidgetItem | None) -> None:
        if item is not None and not self._filling:
            self.owner_chosen.emit(item.data(0, _OWNER))

    def _open_menu(self, place: QPoint) -> None:
        item = self.itemAt(place)
        if item is None or self._numbers is None:
            return
        top = item.parent() or item
        menu = owner_menu(self, self._numbers, top.data(0, _OWNER))
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
            editor.setAcceptDrops(False)  # files dropped on it are for the window
            return editor
        return None

    def setEditorData(self, editor: QWidget, index: Index) -> None:  # noqa: N802
        """Show the label, or the number with all its digits."""
        assert isinstance(editor, QLineEdit)
        if editor.isModified():  # the table was filled anew while a user types
            return
        value = index.data(_LABEL) if index.column() == 0 else index.data(_SORT)
        shown = in_locale(f"{value:.8g}") if isinstance(value, float) else str(value or "")
        editor.setText(shown)
        editor.selectAll()

    def setModelData(self, editor: QWidget, model: QAbstractItemModel, index: Index) -> None:  # noqa: N802
        """Say what was typed; what is not a number is explained and the old one kept."""
        assert isinstance(editor, QLineEdit)
        typed = editor.text().strip()
        if index.column() == 0:
            if typed and typed != index.data(_LABEL):
                owner = index.model().index(index.row(), 0, index.parent()).data(_OWNER)
                self._table.label_edited.emit(owner, typed)
            return
        value = read_number(typed)
        if value is None:
            self._table.refused.emit(f"“{typed[:40]}” is not a number, so the old one is kept.")
        elif index.data(_SORT) is None or in_locale(f"{index.data(_SORT):.8g}") != typed:
            self._table.value_edited.emit(index.data(_PATH), value)


def _cell(shown: Numbers, holder: str, component: Component, name: str) -> NumberCell | None:
    specs = {spec.name: spec for spec in shown.region.specs_of(component)}
    if name == "fwhm" and name not in specs:
        name = next((n for n in _SHAPE_WIDTHS if n in specs), name)
    if name == "area" and name not in specs:
        name = "height"
    return shown.cell(holder, component, specs[name]) if name in specs else None


def _structure(shown: Numbers) -> tuple[object, ...]:
    region = shown.region
    rows = ((owner, tuple(c.id for c in members(region, owner))) for owner in owners(region))
    return (region.name, *rows)


def _item(owner: str) -> QTreeWidgetItem:
    item = _Item()
    item.setData(0, _OWNER, owner)
    item.setFlags(item.flags() | Qt.ItemFlag.ItemIsEditable)
    for column in (*range(2, 2 + len(COLUMNS)), 6):
        item.setFont(column, number_font())
        item.setTextAlignment(column, _RIGHT)
    return item


def _children(item: QTreeWidgetItem) -> list[QTreeWidgetItem]:
    found = (item.child(i) for i in range(item.childCount()))
    return [child for child in found if child is not None]


def _put(item: QTreeWidgetItem, column: int, text: str) -> None:
    if item.text(column) != text:
        item.setText(column, text)


def _texts(one: NumberCell | None) -> tuple[str, str]:
    return ("", "") if one is None else (_digits(one.value, 8), _digits(one.stderr, 3))


def _digits(value: float | None, digits: int) -> str:
    return "" if value is None else f"{value:.{digits}g}"


def _scale_of(shown: Numbers | None) -> str:
    """Return what is added to the heading of centres where there are two scales."""
    apart = shown is not None and shown.scene.scales.are_apart
    return ", referenced" if apart else ""


def _text_headings(scale: str) -> list[str]:
    named = (f"{name}{scale}" if name == "center" else name for name in COLUMNS)
    return [text for name in named for text in (name, f"{name} error")]


class TableTab(QWidget):
    """The table in a tab."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.table = ComponentTable(self)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(6, 6, 6, 6)
        layout.addWidget(self.table)
