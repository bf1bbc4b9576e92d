"""What to write of a map, and where."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QListWidget, QListWidgetItem, QVBoxLayout, QWidget

from spectra_core.export.maps import MAP_FORMATS

from ..widgets import heading, row
from .folder_dialog import FolderDialog

_WORDS = {
    "csv": "Table (CSV)",
    "h5": "Images (HDF5)",
    "nxs": "NeXus",
    "png": "Figures, PNG",
    "svg": "Figures, SVG",
    "pdf": "Figures, PDF",
}
_CHECKED = ("csv", "h5", "png")


class MapExportDialog(FolderDialog):
    """Asks for formats, quantities and a folder.

    Signals
    -------
    export_asked(tuple, tuple, str)
        Formats, names of quantities, folder.
    """

    export_asked = Signal(tuple, tuple, str)

    def __init__(
        self,
        folder: str,
        names: Sequence[tuple[str, str]],
        usual: Sequence[str],
        parent: QWidget,
    ) -> None:
        super().__init__("Export the map", "Folder for the map", folder, parent)
        for name in MAP_FORMATS:
            self.add_box(name, _WORDS[name], checked=name in _CHECKED)
        self.quantities = QListWidget()
        self.quantities.setAccessibleName("What is mapped")
        words = dict(names)
        rest = [name for name, _ in names if name.startswith("ratio:") and name not in usual]
        for name in (*usual, *rest):
            item = QListWidgetItem(words.get(name, name))
            item.setData(Qt.ItemDataRole.UserRole, name)
            item.setCheckState(Qt.CheckState.Checked if name in usual else Qt.CheckState.Unchecked)
            self.quantities.addItem(item)
        self.quantities.itemChanged.connect(self._check)
        layout = QVBoxLayout(self)
        layout.setSpacing(10)
        layout.addWidget(heading("Formats"))
        layout.addLayout(row(*self.boxes.values(), spacing=12))
        layout.addWidget(heading("Quantities"))
        layout.addWidget(self.quantities)
        self.add_foot(layout)

    def names(self) -> tuple[str, ...]:
        """Return the quantities that are checked."""
        items = (self.quantities.item(k) for k in range(self.quantities.count()))
        checked = [i for i in items if i.checkState() == Qt.CheckState.Checked]
        return tuple(str(item.data(Qt.ItemDataRole.UserRole)) for item in checked)

    def is_ready(self) -> bool:
        """Whether there is something to write, and where."""
        return super().is_ready() and bool(self.names())

    def export(self, folder: str) -> None:
        """Ask for the files, in a folder."""
        self.export_asked.emit(self.formats(), self.names(), folder)
