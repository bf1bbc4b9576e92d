"""Which files to write, and where."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QGridLayout, QVBoxLayout, QWidget

from spectra_core.recipe.formats import FORMATS

from ..widgets import heading
from .folder_dialog import FolderDialog

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


class ExportDialog(FolderDialog):
    """Asks for formats and a folder.

    Signals
    -------
    export_asked(tuple, str)
    """

    export_asked = Signal(tuple, str)

    def __init__(self, folder: str, parent: QWidget) -> None:
        super().__init__("Export results", "Folder for the results", folder, parent)
        grid = QGridLayout()
        for column, (title, formats) in enumerate(_GROUPS):
            grid.addWidget(heading(title), 0, column)
            for line, (name, text) in enumerate(formats, 1):
                grid.addWidget(self.add_box(name, text, checked=name in _CHECKED), line, column)
        assert set(self.boxes) == set(FORMATS)  # every format of the table is offered
        layout = QVBoxLayout(self)
        layout.setSpacing(12)
        layout.addLayout(grid)
        self.add_foot(layout)

    def export(self, folder: str) -> None:
        """Ask for the files, in a folder."""
        self.export_asked.emit(self.formats(), folder)
