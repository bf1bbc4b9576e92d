"""Report a problem: what happened, and what goes with it; nothing is sent by the program."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QDialogButtonBox, QFileDialog, QPlainTextEdit, QWidget

from ..theme import fixed_font
from ..widgets import label, plain_button
from .pages import Page


class ProblemDialog(Page):
    """Asks what happened and writes it to a file that can be sent.

    Signals
    -------
    write_asked(Path, str, bool, bool)
        Where to; what was said; whether log and project go with it.
    copy_asked(str)
    """

    write_asked = Signal(object, str, bool, bool)
    copy_asked = Signal(str)

    def __init__(self, versions: str, folder: str, parent: QWidget) -> None:
        super().__init__("Report a problem", parent, 560, 440)
        self._folder = folder
        self.words = QPlainTextEdit()
        self.words.setPlaceholderText("What did you do, what happened, what did you expect?")
        self.words.setAccessibleName("What happened")
        shown = QPlainTextEdit(versions)
        shown.setReadOnly(True)
        shown.setFont(fixed_font())
        shown.setFixedHeight(110)
        shown.setAccessibleName("Versions")
        self.with_log = QCheckBox("the end of the log file")
        self.with_log.setChecked(True)
        self.with_project = QCheckBox("this project, with all its spectra")
        sentence = (
            "Nothing is sent by the program: it writes one file, which you read and send yourself."
        )
        self.body.addWidget(label(sentence, "muted", wrap=True))
        self.body.addWidget(self.words, 1)
        self.body.addWidget(label("With it go these versions, and:", "muted"))
        self.body.addWidget(shown)
        self.body.addWidget(self.with_log)
        self.body.addWidget(self.with_project)
        copy = plain_button("Copy the text")
        copy.clicked.connect(lambda: self.copy_asked.emit(self.words.toPlainText()))
        self.write = plain_button("Write the file…")
        self.write.clicked.connect(self._ask_where)
        for button in (copy, self.write):
            self.buttons.addButton(button, QDialogButtonBox.ButtonRole.ActionRole)

    def _ask_where(self) -> None:
        dialog = QFileDialog(self, "Write the report of the problem")
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setNameFilter("Problem report (*.zip)")
        dialog.setDefaultSuffix("zip")
        dialog.setDirectory(self._folder)
        dialog.selectFile("doublet-problem.zip")
        dialog.fileSelected.connect(self.write_to)
        dialog.open()

    def write_to(self, path: str) -> None:
        """Say where the file is to be written."""
        words, log = self.words.toPlainText(), self.with_log.isChecked()
        self.write_asked.emit(Path(path), words, log, self.with_project.isChecked())
        self.accept()
