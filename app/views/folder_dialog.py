"""A dialog of what is written into a folder: the folder, Export and Cancel stand at its foot."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtWidgets import (
    QCheckBox,
    QDialog,
    QDialogButtonBox,
    QFileDialog,
    QLineEdit,
    QVBoxLayout,
    QWidget,
)

from ..widgets import label, plain_button, row


class FolderDialog(QDialog):
    """Holds boxes of formats, and the foot; what else is asked is of the dialogs made of it.

    Attributes
    ----------
    boxes : dict of QCheckBox
        By name of a format.
    folder : QLineEdit
    """

    def __init__(self, title: str, asks: str, folder: str, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle(title)
        self._asks = asks
        self._files: QFileDialog | None = None
        self.boxes: dict[str, QCheckBox] = {}
        self.folder = QLineEdit(folder)
        self.folder.setAccessibleName("Folder")
        self.folder.textChanged.connect(self._check)
        self.buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
        self._export = self.buttons.addButton("Export", QDialogButtonBox.ButtonRole.AcceptRole)
        self._export.setDefault(True)
        self.buttons.accepted.connect(self._take)
        self.buttons.rejected.connect(self.reject)

    def formats(self) -> tuple[str, ...]:
        """Return the formats that are checked."""
        return tuple(name for name, box in self.boxes.items() if box.isChecked())

    def add_box(self, name: str, text: str, *, checked: bool) -> QCheckBox:
        """Offer a format."""
        box = QCheckBox(text)
        box.setChecked(checked)
        box.toggled.connect(self._check)
        self.boxes[name] = box
        return box

    def add_foot(self, layout: QVBoxLayout) -> None:
        """Put folder and buttons below what the dialog asks."""
        browse = plain_button("Choose…")
        browse.clicked.connect(self._browse)
        layout.addLayout(row(label("folder", "muted"), self.folder, browse))
        layout.addWidget(self.buttons)
        self._check()

    def is_ready(self) -> bool:
        """Whether there is something to write, and where."""
        return bool(self.formats() and self.folder.text().strip())

    def export(self, folder: str) -> None:
        """Ask for the files, in a folder."""
        raise NotImplementedError

    def _check(self, *_: object) -> None:
        self._export.setEnabled(self.is_ready())

    def _browse(self) -> None:
        dialog = QFileDialog(self, self._asks, self.folder.text())
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        dialog.setOption(QFileDialog.Option.ShowDirsOnly)
        dialog.fileSelected.connect(self.folder.setText)
        dialog.finished.connect(dialog.deleteLater)
        self._files = dialog
        dialog.open()

    def _take(self) -> None:
        self.accept()
        self.export(str(Path(self.folder.text().strip()).expanduser()))
