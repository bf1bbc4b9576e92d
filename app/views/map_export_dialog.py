"""What to write of a map, and where."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QDialog,
    QDialogButtonBox,
    QFileDialog,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QVBoxLayout,
    QWidget,
)

from spectra_core.export.maps import MAP_FORMATS

from ..widgets import heading, label, plain_button, row

_WORDS = {
    "csv": "Table (CSV)",
    "h5": "Images (HDF5)",
    "nxs": "NeXus",
    "png": "Figures, PNG",
    "svg": "Figures, SVG",
    "pdf": "Figures, PDF",
}
_CHECKED = ("csv", "h5", "png")


class MapExportDialog(QDialog):
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
        super().__init__(parent)
        self.setWindowTitle("Export the map")
        self._files: QFileDialog | None = None
        self.boxes: dict[str, QCheckBox] = {}
        for name in MAP_FORMATS:
            box = QCheckBox(_WORDS[name])
            box.setChecked(name in _CHECKED)
            box.toggled.connect(self._check)
            self.boxes[name] = box
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
        self.folder = QLineEdit(folder)
        self.folder.setAccessibleName("Folder")
        self.folder.textChanged.connect(self._check)
        browse = plain_button("Choose…")
        browse.clicked.connect(self._browse)
        self.buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
        self._export = self.buttons.addButton("Export", QDialogButtonBox.ButtonRole.AcceptRole)
        self._export.setDefault(True)
        self.buttons.accepted.connect(self._take)
        self.buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.setSpacing(10)
        layout.addWidget(heading("Formats"))
        layout.addLayout(row(*self.boxes.values(), spacing=12))
        layout.addWidget(heading("Quantities"))
        layout.addWidget(self.quantities)
        layout.addLayout(row(label("folder", "muted"), self.folder, browse))
        layout.addWidget(self.buttons)
        self._check()

    def formats(self) -> tuple[str, ...]:
        """Return the formats that are checked."""
        return tuple(name for name, box in self.boxes.items() if box.isChecked())

    def names(self) -> tuple[str, ...]:
        """Return the quantities that are checked."""
        items = (self.quantities.item(k) for k in range(self.quantities.count()))
        checked = [i for i in items if i.checkState() == Qt.CheckState.Checked]
        return tuple(str(item.data(Qt.ItemDataRole.UserRole)) for item in checked)

    def _check(self, *_: object) -> None:
        ready = self.formats() and self.names() and self.folder.text().strip()
        self._export.setEnabled(bool(ready))

    def _browse(self) -> None:
        dialog = QFileDialog(self, "Folder for the map", self.folder.text())
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        dialog.setOption(QFileDialog.Option.ShowDirsOnly)
        dialog.fileSelected.connect(self.folder.setText)
        dialog.finished.connect(dialog.deleteLater)
        self._files = dialog
        dialog.open()

    def _take(self) -> None:
        self.accept()
        folder = str(Path(self.folder.text().strip()).expanduser())
        self.export_asked.emit(self.formats(), self.names(), folder)
