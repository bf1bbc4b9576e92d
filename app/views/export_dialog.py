"""Which files to write, and where."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QDialog,
    QDialogButtonBox,
    QFileDialog,
    QGridLayout,
    QLineEdit,
    QVBoxLayout,
    QWidget,
)

from spectra_core.recipe.formats import FORMATS

from ..widgets import heading, label, plain_button, row

_GROUPS = (
    (
        "Report",
        (
            ("pdf", "PDF"),
            ("docx", "Word"),
            ("html", "HTML"),
            ("xlsx", "Workbook"),
            ("review", "Reviewer’s page"),
        ),
    ),
    ("Numbers", (("json", "Results (JSON)"), ("csv", "Curves (CSV)"))),
    ("Figures", (("svg", "SVG"), ("figure-pdf", "PDF"), ("png", "PNG, 600 dpi"))),
    (
        "Other programs",
        (
            ("nexus", "NeXus (NXxps)"),
            ("vamas", "VAMAS with CasaXPS fits"),
            ("bib", "Sources (BibTeX)"),
            ("ris", "Sources (RIS)"),
            ("crate", "All of it (RO-Crate)"),
        ),
    ),
)
_CHECKED = ("pdf", "xlsx", "json")


class ExportDialog(QDialog):
    """Asks for formats and a folder.

    Signals
    -------
    export_asked(tuple, str)
    """

    export_asked = Signal(tuple, str)

    def __init__(self, folder: str, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle("Export results")
        self._files: QFileDialog | None = None
        self.boxes: dict[str, QCheckBox] = {}
        grid = QGridLayout()
        for column, (title, formats) in enumerate(_GROUPS):
            grid.addWidget(heading(title), 0, column)
            for line, (name, text) in enumerate(formats, 1):
                box = QCheckBox(text)
                box.setChecked(name in _CHECKED)
                box.toggled.connect(self._check)
                self.boxes[name] = box
                grid.addWidget(box, line, column)
        assert set(self.boxes) == set(FORMATS)  # every format of the table is offered
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
        layout.setSpacing(12)
        layout.addLayout(grid)
        layout.addLayout(row(label("folder", "muted"), self.folder, browse))
        layout.addWidget(self.buttons)
        self._check()

    def chosen(self) -> tuple[str, ...]:
        """Return the formats that are checked."""
        return tuple(name for name, box in self.boxes.items() if box.isChecked())

    def _check(self, *_: object) -> None:
        self._export.setEnabled(bool(self.chosen() and self.folder.text().strip()))

    def _browse(self) -> None:
        dialog = QFileDialog(self, "Folder for the results", self.folder.text())
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        dialog.setOption(QFileDialog.Option.ShowDirsOnly)
        dialog.fileSelected.connect(self.folder.setText)
        dialog.finished.connect(dialog.deleteLater)
        self._files = dialog
        dialog.open()

    def _take(self) -> None:
        self.accept()
        self.export_asked.emit(self.chosen(), str(Path(self.folder.text().strip()).expanduser()))
