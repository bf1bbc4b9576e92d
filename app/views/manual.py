"""The manual: the pages of the documentation, with their chapters and a search through all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import Qt, QUrl
from PySide6.QtGui import QDesktopServices, QTextBlock, QTextCursor, QTextDocument
from PySide6.QtWidgets import QTextBrowser, QTreeWidget, QTreeWidgetItem, QWidget

from ..widgets import label, plain_button, row
from .pages import Page, search_field, without_default

_PAGE, _PLACE = Qt.ItemDataRole.UserRole, Qt.ItemDataRole.UserRole + 1


@dataclass(frozen=True)
class ManualPage:
    """A page: the name of its file, its title, and its Markdown."""

    name: str
    title: str
    text: str


class Manual(Page):
    """Shows one page at a time; links between pages stay inside."""

    def __init__(self, pages: Sequence[ManualPage], parent: QWidget) -> None:
        super().__init__("Manual", parent, 1000, 700)
        self._pages = {page.name: page for page in pages}
        self._documents: dict[str, QTextDocument] = {}
        self.shown = ""
        self.browser = QTextBrowser()
        self.browser.setAccessibleName("Manual")
        self.browser.setOpenLinks(False)
        self.browser.anchorClicked.connect(self._follow)
        self.contents = QTreeWidget()
        self.contents.setObjectName("plain")
        self.contents.setAccessibleName("Contents")
        self.contents.setHeaderHidden(True)
        self.contents.setFixedWidth(250)
        for page in pages:
            item = QTreeWidgetItem([page.title])
            item.setData(0, _PAGE, page.name)
            self.contents.addTopLevelItem(item)
            for heading, place in chapters(self._document(page.name)):
                child = QTreeWidgetItem([heading])
                child.setData(0, _PAGE, page.name)
                child.setData(0, _PLACE, place)
                item.addChild(child)
        self.contents.currentItemChanged.connect(self._chosen)
        self.search = search_field("Search all pages; Enter finds the next place")
        self.search.returnPressed.connect(self._find)
        self._said = label("", "muted")
        following = plain_button("Next", "The next place where the words stand.")
        following.clicked.connect(self._find)
        self.body.addLayout(row(self.search, self._said, following))
        self.body.addLayout(row(self.contents, self.browser, spacing=10))
        without_default(self.buttons)
        if (first := self.contents.topLevelItem(0)) is not None:
            self.contents.setCurrentItem(first)
        self.search.setFocus()

    def open_page(self, name: str, place: int = 0) -> None:
        """Show a page from a place on."""
        if name != self.shown:
            self.shown = name
            self.browser.setDocument(self._document(name))
        cursor = QTextCursor(self.browser.document())
        cursor.setPosition(place)
        self.browser.setTextCursor(cursor)
        bar = self.browser.verticalScrollBar()
        bar.setValue(bar.value() + self.browser.cursorRect(cursor).top() - 8)

    def _document(self, name: str) -> QTextDocument:
        if name not in self._documents:
            document = QTextDocument(self)
            document.setDocumentMargin(14)
            document.setDefaultFont(self.browser.font())
            document.setMarkdown(self._pages[name].text)
            self._documents[name] = document
        return self._documents[name]

    def _chosen(self, item: QTreeWidgetItem | None) -> None:
        if item is not None:
            self.open_page(item.data(0, _PAGE), int(item.data(0, _PLACE) or 0))

    def _follow(self, link: QUrl) -> None:
        """Go to another page or chapter; what is elsewhere is opened by the system."""
        name, _, anchor = link.toString().partition("#")
        name = name.rpartition("/")[2] or self.shown
        if name not in self._pages:
            QDesktopServices.openUrl(link)
            return
        found = chapters(self._document(name))
        self.open_page(name, next((p for h, p in found if slug(h) == anchor), 0))

    def _find(self) -> None:
        """Mark the next place where the words stand, in this page or a following one."""
        words = self.search.text().strip()
        names = list(self._pages)
        start = names.index(self.shown)
        for step in range(len(names) + 1):
            name = names[(start + step) % len(names)]
            document = self._document(name)
            here = self.browser.textCursor() if step == 0 else QTextCursor(document)
            found = document.find(words, here) if words else QTextCursor()
            if not found.isNull():
                self.open_page(name, found.selectionStart())
                self.browser.setTextCursor(found)
                self._said.setText(self._pages[name].title)
                return
        self._said.setText("Not found." if words else "")


def chapters(document: QTextDocument) -> list[tuple[str, int]]:
    """Return the headings of the second level, each with its place."""
    found: list[tuple[str, int]] = []
    block: QTextBlock = document.begin()
    while block.isValid():
        if block.blockFormat().headingLevel() == 2:
            found.append((block.text(), block.position()))
        block = block.next()
    return found


def slug(heading: str) -> str:
    """Return the anchor of a heading as links of Markdown spell it."""
    kept = "".join(c for c in heading.casefold() if c.isalnum() or c in " -_")
    return kept.replace(" ", "-")
