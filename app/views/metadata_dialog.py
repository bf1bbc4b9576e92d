"""Everything that a file says of how a spectrum was measured, as a tree that can be searched."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QHeaderView,
    QLineEdit,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from spectra_core.readers.inspect import metadata_lines, metadata_tree
from spectra_core.spectrum import Spectrum

from ..widgets import label


class MetadataDialog(QDialog):
    """The tree of ``doublet inspect --metadata``, of one spectrum."""

    def __init__(self, spectrum: Spectrum, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle("Metadata")
        self.resize(640, 560)
        self._tree = metadata_tree(spectrum)
        self.field = QLineEdit()
        self.field.setPlaceholderText("Filter")
        self.field.setAccessibleName("Filter the metadata")
        self.field.setClearButtonEnabled(True)
        self.field.textChanged.connect(self._filter)
        self.tree = QTreeWidget()
        self.tree.setObjectName("plain")
        self.tree.setAccessibleName("Metadata")
        self.tree.setHeaderLabels(["name", "value"])
        self.tree.header().setSectionResizeMode(0, QHeaderView.ResizeMode.ResizeToContents)
        self.tree.setUniformRowHeights(True)
        _fill(self.tree.invisibleRootItem(), self._tree)
        self.tree.expandAll()
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        self.copy = buttons.addButton("Copy as text", QDialogButtonBox.ButtonRole.ActionRole)
        self.copy.clicked.connect(self._copy)
        buttons.rejected.connect(self.reject)
        source = spectrum.source
        place = ", ".join(part for part in (source.file, source.format) if part)
        layout = QVBoxLayout(self)
        layout.setSpacing(8)
        layout.addWidget(label(spectrum.label or "Spectrum", wrap=True))
        layout.addWidget(label(place or "not of a file", "muted", wrap=True))
        layout.addWidget(self.field)
        layout.addWidget(self.tree, 1)
        if not self._tree:
            layout.addWidget(label("Nothing more is recorded of this spectrum.", "muted"))
        layout.addWidget(buttons)
        self.field.setFocus()

    def _filter(self, text: str) -> None:
        words = text.casefold().split()
        for child in _children(self.tree.invisibleRootItem()):
            _show_with(child, words, "")

    def _copy(self) -> None:
        QGuiApplication.clipboard().setText("\n".join(metadata_lines(self._tree)))


def _fill(parent: QTreeWidgetItem, tree: Mapping[str, Any]) -> None:
    for key, value in tree.items():
        branch = isinstance(value, Mapping)
        item = QTreeWidgetItem(parent, [str(key), "" if branch else _in_one_line(value)])
        item.setFlags(item.flags() & ~Qt.ItemFlag.ItemIsEditable)
        if branch:
            _fill(item, value)
        else:
            item.setToolTip(1, str(value))


def _in_one_line(value: Any) -> str:
    return " ".join(str(value).split())


def _children(item: QTreeWidgetItem) -> list[QTreeWidgetItem]:
    found = (item.child(i) for i in range(item.childCount()))
    return [child for child in found if child is not None]


def _show_with(item: QTreeWidgetItem, words: list[str], above: str) -> bool:
    """Show an item if it, what is above it or something below it has all the words."""
    text = f"{above} {item.text(0)} {item.text(1)}".casefold()
    below = [_show_with(child, words, text) for child in _children(item)]
    shown = all(word in text for word in words) or any(below)
    item.setHidden(not shown)
    return shown
