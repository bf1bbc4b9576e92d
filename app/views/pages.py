"""Pages of text: shortcuts, science notes, versions, the log, and the crash dialog."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QLabel,
    QPlainTextEdit,
    QTextBrowser,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from ..icon import program_icon
from ..theme import fixed_font
from ..widgets import label, plain_button, row


class _Page(QDialog):
    """A dialog with a Close button below its content."""

    def __init__(self, title: str, parent: QWidget | None, width: int, height: int) -> None:
        super().__init__(parent)
        self.setWindowTitle(title)
        self.resize(width, height)
        self.body = QVBoxLayout()
        self.buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        self.buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 14, 16, 12)
        layout.addLayout(self.body)
        layout.addWidget(self.buttons)


class ShortcutsDialog(_Page):
    """Every action with its key; rows are (menu, title, shortcut, tip)."""

    def __init__(self, rows: Sequence[tuple[str, str, str, str]], parent: QWidget) -> None:
        super().__init__("Keyboard shortcuts", parent, 620, 560)
        tree = QTreeWidget()
        tree.setAccessibleName("Keyboard shortcuts")
        tree.setColumnCount(2)
        tree.setHeaderLabels(["action", "key"])
        groups: dict[str, QTreeWidgetItem] = {}
        for menu, title, shortcut, tip in rows:
            if menu not in groups:
                groups[menu] = QTreeWidgetItem([menu, ""])
                tree.addTopLevelItem(groups[menu])
            item = QTreeWidgetItem([title, shortcut])
            item.setToolTip(0, tip)
            groups[menu].addChild(item)
        for text, key in _MOUSE:
            if "Mouse" not in groups:
                groups["Mouse"] = QTreeWidgetItem(["Mouse on the plot", ""])
                tree.addTopLevelItem(groups["Mouse"])
            groups["Mouse"].addChild(QTreeWidgetItem([text, key]))
        tree.expandAll()
        tree.setColumnWidth(0, 380)
        self.body.addWidget(tree)


_MOUSE = (
    ("Centre and area", "drag the top of a component"),
    ("Width", "drag a square at half height"),
    ("Window", "drag a dashed edge"),
    ("Background", "drag an end of it"),
    ("Give a drag up", "Escape"),
    ("Zoom at the cursor", "wheel; Ctrl: energy alone; Shift: counts alone"),
    ("Move the view", "drag on empty space"),
    ("The whole spectrum", "double click"),
    ("Add a species", "click its tick"),
)


class ScienceNotes(_Page):
    """The notes on what the program does and why, from Markdown."""

    def __init__(self, markdown: str, parent: QWidget) -> None:
        super().__init__("Science notes", parent, 760, 640)
        browser = QTextBrowser()
        browser.setAccessibleName("Science notes")
        browser.setOpenExternalLinks(True)
        browser.document().setDocumentMargin(14)
        browser.setMarkdown(markdown)
        self.body.addWidget(browser)


class AboutDialog(_Page):
    """Versions, licence, how to cite."""

    def __init__(self, versions: Mapping[str, str], parent: QWidget) -> None:
        super().__init__("About Doublet", parent, 460, 400)
        picture = QLabel()
        picture.setPixmap(program_icon().pixmap(64, 64))
        words = QVBoxLayout()
        words.addWidget(label("Doublet", "title"))
        words.setSpacing(2)
        words.addWidget(label(
            "XPS and Raman spectral deconvolution with exact spin-orbit doublets, made for"
            " sulfide solid electrolytes.", "muted", wrap=True))  # fmt: skip
        self.body.addLayout(row(picture, words, spacing=14))
        text = "\n".join(f"{name} {version}" for name, version in versions.items())
        shown = QPlainTextEdit(text)
        shown.setReadOnly(True)
        shown.setFont(fixed_font())
        shown.setAccessibleName("Versions")
        self.body.addWidget(shown)
        self.body.addWidget(label("BSD 3-Clause licence. No warranty.", "faint"))
        copy = plain_button("Copy the versions")
        copy.clicked.connect(lambda: QGuiApplication.clipboard().setText(text))
        self.buttons.addButton(copy, QDialogButtonBox.ButtonRole.ActionRole)


class TextPage(_Page):
    """A few sentences, or a table in a fixed font, that can be copied."""

    def __init__(self, title: str, text: str, parent: QWidget, *, fixed: bool = False) -> None:
        super().__init__(title, parent, 860 if fixed else 520, 360 if fixed else 260)
        shown = QPlainTextEdit(text)
        shown.setReadOnly(True)
        shown.setAccessibleName(title)
        if fixed:
            shown.setFont(fixed_font())
            shown.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.body.addWidget(shown)


class LogPage(_Page):
    """The end of the log file."""

    def __init__(self, path: Path, parent: QWidget) -> None:
        super().__init__("Log file", parent, 760, 520)
        text = path.read_text("utf-8", "replace")[-40_000:] if path.is_file() else "(empty)"
        shown = QPlainTextEdit(text)
        shown.setReadOnly(True)
        shown.setFont(fixed_font())
        shown.setAccessibleName("Log")
        self.body.addWidget(label(str(path), "muted", wrap=True))
        self.body.addWidget(shown)


class CrashDialog(_Page):
    """A defect of the program: the work is kept, the details can be copied."""

    def __init__(self, details: str, parent: QWidget | None) -> None:
        super().__init__("A defect in Doublet", parent, 640, 440)
        self.body.addWidget(label("Something went wrong that should not", "subtitle"))
        self.body.addWidget(label(
            "The action was not carried out; the project is as it was before it, and it is kept"
            " for recovery. Please report the defect with these details.", wrap=True))  # fmt: skip
        self.details = QPlainTextEdit(details)
        self.details.setReadOnly(True)
        self.details.setFont(fixed_font())
        self.details.setAccessibleName("Details of the defect")
        self.body.addWidget(self.details)
        copy = plain_button("Copy the details")
        copy.clicked.connect(lambda: QGuiApplication.clipboard().setText(details))
        self.buttons.addButton(copy, QDialogButtonBox.ButtonRole.ActionRole)
