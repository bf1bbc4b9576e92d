"""Fitted spectra as one figure for a paper: how the panels stand, and where it goes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QSize, Qt, QTimer, Signal
from PySide6.QtGui import QImage, QPixmap, QResizeEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QDialog,
    QDialogButtonBox,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QVBoxLayout,
    QWidget,
)

from ..widgets import Choice, Count, heading, label, row, wrapped

_KEY = Qt.ItemDataRole.UserRole
_ROWS = (("sample", "A row for each sample"), ("region", "A row for each region"))
_WIDTHS = (("175", "Page, 175 mm"), ("85", "Column, 85 mm"), ("120", "Column and a half, 120 mm"))
_ROW_HIGH = 24
_MOST_COLUMNS = 12
_WAIT_MS = 150  # after a change, before the picture is drawn again


@dataclass(frozen=True)
class Composition:
    """How a figure is put together.

    Attributes
    ----------
    fits : tuple of str
        Ids of what is drawn, in order.
    by : {"sample", "region"}
        What a row is.
    width_mm : float
    columns : int or None
        Of panels that would stand in one column; None: as many as are wide enough.
    same_height, residuals : bool
    """

    fits: tuple[str, ...]
    by: str
    width_mm: float
    columns: int | None
    same_height: bool
    residuals: bool


class ComposeDialog(QDialog):
    """Shows the figure as it will be, and asks for it.

    Signals
    -------
    picture_asked(Composition)
        The preview is wanted.
    copy_asked(Composition)
    export_asked(Composition)
    """

    picture_asked = Signal(object)
    copy_asked = Signal(object)
    export_asked = Signal(object)

    def __init__(self, samples: Sequence[tuple[str, str]], parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle("Compose a figure")
        self.resize(940, 640)
        self._image = QImage()
        self._timer = QTimer(self, singleShot=True, interval=_WAIT_MS)
        self._timer.timeout.connect(lambda: self.picture_asked.emit(self.composition()))
        self.samples = _sample_list(samples)
        self.rows = Choice(_ROWS, name="Rows of the figure")
        self.width_choice = Choice(_WIDTHS, name="Width of the figure")
        self.columns = Count(0, 0, _MOST_COLUMNS, name="columns")
        self.columns.setToolTip("Of panels that would stand in one column; 0: as many as fit.")
        self.same_height = QCheckBox("One axis of counts for each region")
        self.residuals = QCheckBox("Residuals below each panel")
        self.residuals.setChecked(True)
        self.picture, self.said = QLabel(), label("", "muted")
        self.picture.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.picture.setMinimumSize(420, 360)
        self.picture.setAccessibleName("Preview of the figure")
        self._lay_out()
        self.samples.itemChanged.connect(self._changed)
        self.rows.currentIndexChanged.connect(self._changed)
        self.width_choice.currentIndexChanged.connect(self._changed)
        self.columns.counted.connect(self._changed)
        self.same_height.toggled.connect(self._changed)
        self.residuals.toggled.connect(self._changed)
        self._changed()

    def _lay_out(self) -> None:
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        self.copy = buttons.addButton("Copy", QDialogButtonBox.ButtonRole.ActionRole)
        self.export = buttons.addButton("Export…", QDialogButtonBox.ButtonRole.ActionRole)
        self.export.setDefault(True)
        self.copy.clicked.connect(lambda: self.copy_asked.emit(self.composition()))
        self.export.clicked.connect(lambda: self.export_asked.emit(self.composition()))
        buttons.rejected.connect(self.reject)
        left = QVBoxLayout()
        left.setSpacing(8)
        left.addWidget(heading("Samples"))
        left.addWidget(self.samples, 1)
        left.addWidget(heading("Panels"))
        left.addWidget(self.rows)
        left.addLayout(row(label("columns", "muted"), self.columns, 1))
        left.addWidget(self.width_choice)
        left.addWidget(self.same_height)
        left.addWidget(self.residuals)
        right = QVBoxLayout()
        right.addWidget(self.picture, 1)
        right.addWidget(self.said)
        both = row(left, right, spacing=14)
        both.setStretch(1, 1)
        layout = QVBoxLayout(self)
        layout.addLayout(both, 1)
        layout.addWidget(buttons)

    def composition(self) -> Composition:
        """Return what is chosen."""
        items = (self.samples.item(i) for i in range(self.samples.count()))
        chosen = tuple(i.data(_KEY) for i in items if i.checkState() == Qt.CheckState.Checked)
        return Composition(
            chosen,
            self.rows.value,
            float(self.width_choice.value),
            self.columns.count or None,
            self.same_height.isChecked(),
            self.residuals.isChecked(),
        )

    def show_picture(self, png: bytes, said: str) -> None:
        """Show the figure, or, where it cannot be drawn, why."""
        self._image = QImage.fromData(png) if png else QImage()
        self.said.setText(said)
        self.copy.setEnabled(bool(png))
        self.export.setEnabled(bool(png))
        self._fit_picture()

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802
        """Keep the whole figure in sight."""
        super().resizeEvent(event)
        self._fit_picture()

    def _fit_picture(self) -> None:
        if self._image.isNull():
            self.picture.clear()
            return
        ratio = self.devicePixelRatioF()
        shown = self._image.scaled(
            self.picture.size() * ratio,
            Qt.AspectRatioMode.KeepAspectRatio,
            Qt.TransformationMode.SmoothTransformation,
        )
        shown.setDevicePixelRatio(ratio)
        self.picture.setPixmap(QPixmap.fromImage(shown))

    def _changed(self, *_: object) -> None:
        self._timer.start()


def _sample_list(samples: Sequence[tuple[str, str]]) -> QListWidget:
    """Return the samples with boxes, all checked, which can be dragged into another order."""
    found = QListWidget()
    found.setAccessibleName("Samples")
    found.setDragDropMode(QListWidget.DragDropMode.InternalMove)
    found.setMinimumWidth(260)
    # A name is cut in its middle: its end tells samples of one series apart.
    found.setTextElideMode(Qt.TextElideMode.ElideMiddle)
    found.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    for key, text in samples:
        item = QListWidgetItem(text)
        item.setToolTip(wrapped(text))
        item.setSizeHint(QSize(0, _ROW_HIGH))
        item.setData(_KEY, key)
        item.setFlags(item.flags() | Qt.ItemFlag.ItemIsUserCheckable)
        item.setCheckState(Qt.CheckState.Checked)
        found.addItem(item)
    return found
