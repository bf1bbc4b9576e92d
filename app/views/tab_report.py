"""The report as it would be written now."""

from __future__ import annotations

from PySide6.QtCore import QUrl, Signal
from PySide6.QtGui import QImage, QTextDocument
from PySide6.QtWidgets import QPushButton, QTextBrowser, QVBoxLayout, QWidget

from spectra_core.report.preview import Preview

from ..theme import theme
from ..widgets import label, row

_STYLE = (
    "body {{ color: {text}; }} h1 {{ font-size: 17pt; }} h2 {{ font-size: 13pt; }}"
    " h3 {{ font-size: 11pt; }} th {{ color: {muted}; }} a {{ color: {accent}; }}"
)


class ReportTab(QWidget):
    """Shows a preview and asks for the export.

    Signals
    -------
    export_asked()
    shown()
        The tab came into sight: the preview is wanted.
    """

    export_asked = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._preview: Preview | None = None
        self.browser = QTextBrowser()
        self.browser.setAccessibleName("Report")
        self.browser.setOpenExternalLinks(True)
        self.browser.setObjectName("plain")
        self._said = label("Fit something to see its report.", "muted")
        export = QPushButton("Export…")
        export.setToolTip("Write the report as PDF, Word, workbook or HTML.")
        export.clicked.connect(self.export_asked)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(10, 8, 10, 8)
        layout.addLayout(row(self._said, 1, export))
        layout.addWidget(self.browser)
        theme().changed.connect(self._draw)

    def show_preview(self, preview: Preview | None) -> None:
        """Show a preview, at the place where the last one was; None: nothing is fitted."""
        self._preview = preview
        self._said.setText(
            "Fit something to see its report." if preview is None else "As it would be written now."
        )
        self._draw()

    def _draw(self) -> None:
        place = self.browser.verticalScrollBar().value()
        document = QTextDocument(self.browser)
        document.setDefaultStyleSheet(_STYLE.format(**vars(theme().palette)))
        document.setDocumentMargin(14)
        if self._preview is not None:
            for name, png in self._preview.pictures.items():
                kind = QTextDocument.ResourceType.ImageResource
                document.addResource(kind.value, QUrl(name), QImage.fromData(png))
            document.setHtml(self._preview.html)
        self.browser.setDocument(document)
        self.browser.verticalScrollBar().setValue(place)
