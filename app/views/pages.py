"""Pages of text: shortcuts, science notes, versions, the log, and the crash dialog."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QGuiApplication, QTextCursor, QTextDocument
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QLabel,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QPlainTextEdit,
    QPushButton,
    QTextBrowser,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from ..icon import program_icon
from ..theme import fixed_font
from ..widgets import label, plain_button, row, wrapped


class Page(QDialog):
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


def search_field(words: str) -> QLineEdit:
    """Return a field to search by, on top of a page."""
    field = QLineEdit()
    field.setPlaceholderText(words)
    field.setAccessibleName("Search")
    field.setClearButtonEnabled(True)
    return field


def without_default(buttons: QDialogButtonBox) -> None:
    """Keep Enter, which searches, from closing the page."""
    for button in buttons.buttons():
        if isinstance(button, QPushButton):
            button.setAutoDefault(False)
            button.setDefault(False)


class ShortcutsDialog(Page):
    """Every action with its key; rows are (menu, title, shortcut, tip)."""

    def __init__(self, rows: Sequence[tuple[str, str, str, str]], parent: QWidget) -> None:
        super().__init__("Keyboard shortcuts", parent, 620, 560)
        self.search = search_field("Search: a word, or a key such as Ctrl+K")
        self.tree = QTreeWidget()
        self.tree.setAccessibleName("Keyboard shortcuts")
        self.tree.setColumnCount(2)
        self.tree.setHeaderLabels(["action", "key"])
        groups: dict[str, QTreeWidgetItem] = {}
        mouse = [("Mouse on the plot", text, key, "") for text, key in _MOUSE]
        for menu, title, shortcut, tip in (*rows, *mouse):
            if menu not in groups:
                groups[menu] = QTreeWidgetItem([menu, ""])
                self.tree.addTopLevelItem(groups[menu])
            item = QTreeWidgetItem([title, shortcut])
            item.setToolTip(0, wrapped(tip))
            groups[menu].addChild(item)
        self.tree.expandAll()
        self.tree.setColumnWidth(0, 320)
        self._nothing = label("", "muted", wrap=True)
        self._nothing.hide()
        self.search.textChanged.connect(self._filter)
        self.body.addWidget(self.search)
        self.body.addWidget(self._nothing)
        self.body.addWidget(self.tree)
        without_default(self.buttons)
        self.search.setFocus()

    def shown(self) -> list[str]:
        """Return the titles of the listed actions."""
        groups = [group for group in self._groups() if not group.isHidden()]
        return [c.text(0) for group in groups for c in _children(group) if not c.isHidden()]

    def _filter(self, text: str) -> None:
        """Leave what has every word in its menu, title, key or explanation."""
        words = text.casefold().split()
        for group in self._groups():
            for item in _children(group):
                parts = (group.text(0), item.text(0), item.text(1), item.toolTip(0))
                line = " ".join(parts).casefold()
                item.setHidden(not all(word in line for word in words))
            group.setHidden(all(item.isHidden() for item in _children(group)))
        self._nothing.setVisible(not self.shown())
        self._nothing.setText(f"No action has “{text.strip()[:40]}” in it.")

    def _groups(self) -> list[QTreeWidgetItem]:
        return _children(self.tree.invisibleRootItem())


def _children(item: QTreeWidgetItem) -> list[QTreeWidgetItem]:
    found = (item.child(i) for i in range(item.childCount()))
    return [child for child in found if child is not None]


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
    ("Add an unassigned component", "right click, or Ctrl and a double click"),
)


class ScienceNotes(Page):
    """The notes on what the program does and why, from Markdown: chapters, search, text."""

    def __init__(self, markdown: str, parent: QWidget) -> None:
        super().__init__("Science notes", parent, 960, 680)
        self.browser = QTextBrowser()
        self.browser.setAccessibleName("Science notes")
        self.browser.setOpenExternalLinks(True)
        self.browser.document().setDocumentMargin(14)
        self.browser.setMarkdown(markdown)
        self.chapters = QListWidget()
        self.chapters.setObjectName("plain")
        self.chapters.setAccessibleName("Chapters")
        self.chapters.setFixedWidth(230)
        self.chapters.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        for name, place in _chapters(self.browser.document()):
            item = QListWidgetItem(name, self.chapters)
            item.setData(Qt.ItemDataRole.UserRole, place)
            item.setSizeHint(QSize(0, 2 * self.fontMetrics().lineSpacing()))
        self.chapters.currentItemChanged.connect(self._go_to)
        self.chapters.itemClicked.connect(self._go_to)
        self.search = search_field("Search; Enter finds the next place")
        self.search.textChanged.connect(lambda _: self._find(again=False))
        self.search.returnPressed.connect(lambda: self._find(again=True))
        self._said = label("", "muted")
        self.body.addLayout(row(self.search, self._said))
        self.body.addLayout(row(self.chapters, self.browser, spacing=10))
        next_button = plain_button("Next", "The next place where the words stand.")
        next_button.clicked.connect(lambda: self._find(again=True))
        self.buttons.addButton(next_button, QDialogButtonBox.ButtonRole.ActionRole)
        without_default(self.buttons)
        self.search.setFocus()

    def _go_to(self, item: QListWidgetItem | None) -> None:
        """Show a chapter: its heading marked, and at the top if enough text follows it."""
        if item is None:
            return
        cursor = QTextCursor(self.browser.document())
        cursor.setPosition(int(item.data(Qt.ItemDataRole.UserRole)))
        cursor.movePosition(QTextCursor.MoveOperation.EndOfBlock, QTextCursor.MoveMode.KeepAnchor)
        self.browser.setTextCursor(cursor)
        bar = self.browser.verticalScrollBar()
        bar.setValue(bar.value() + self.browser.cursorRect(cursor).top() - 8)

    def _find(self, *, again: bool) -> None:
        """Mark where the words stand: from here on, and then from the beginning."""
        words = self.search.text().strip()
        cursor = self.browser.textCursor()
        if not again:
            cursor.setPosition(cursor.selectionStart())
        found = QTextCursor()
        if words:
            document = self.browser.document()
            found = document.find(words, cursor)
            found = document.find(words, 0) if found.isNull() else found
        if found.isNull():
            cursor.clearSelection()
        self.browser.setTextCursor(cursor if found.isNull() else found)
        self._said.setText("Not found." if words and found.isNull() else "")


def _chapters(document: QTextDocument) -> list[tuple[str, int]]:
    """Return the headings below the title, each with its place."""
    found, block = [], document.begin()
    while block.isValid():
        if block.blockFormat().headingLevel() == 2:
            found.append((block.text(), block.position()))
        block = block.next()
    return found


class AboutDialog(Page):
    """Versions, licence, how to cite."""

    def __init__(self, versions: Mapping[str, str], parent: QWidget) -> None:
        super().__init__("About Doublet", parent, 460, 400)
        picture = QLabel()
        picture.setPixmap(program_icon().pixmap(64, 64))
        words = QVBoxLayout()
        words.addWidget(label("Doublet", "title"))
        words.setSpacing(2)
        words.addWidget(
            label(
                "XPS and Raman spectral deconvolution with exact spin-orbit doublets, made for"
                " sulfide solid electrolytes.",
                "muted",
                wrap=True,
            )
        )
        head = row(picture, words, spacing=14)
        head.setStretch(1, 1)
        self.body.addLayout(head)
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


class TextPage(Page):
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


class LogPage(Page):
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


class CrashDialog(Page):
    """A defect of the program: the work is kept, the details can be copied."""

    def __init__(self, details: str, parent: QWidget | None) -> None:
        super().__init__("A defect in Doublet", parent, 640, 440)
        self.body.addWidget(label("Something went wrong that should not", "subtitle"))
        self.body.addWidget(
            label(
                "The action was not carried out; the project is as it was before it, and it is kept"
                " for recovery. Please report the defect with these details.",
                wrap=True,
            )
        )
        self.details = QPlainTextEdit(details)
        self.details.setReadOnly(True)
        self.details.setFont(fixed_font())
        self.details.setAccessibleName("Details of the defect")
        self.body.addWidget(self.details)
        copy = plain_button("Copy the details")
        copy.clicked.connect(lambda: QGuiApplication.clipboard().setText(details))
        self.buttons.addButton(copy, QDialogButtonBox.ButtonRole.ActionRole)
