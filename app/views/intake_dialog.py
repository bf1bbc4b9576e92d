"""A folder or several files before they come in: what was guessed of each, for one confirmation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import (
    QAbstractItemView,
    QDialog,
    QDialogButtonBox,
    QHeaderView,
    QPlainTextEdit,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from spectra_core.project.intake import Incoming
from spectra_core.spectrum import Axis

from ..theme import fixed_font
from ..widgets import Choice, label, show_number, wrapped
from .spectra_delegate import picture_of_spectrum

HEADINGS = ("", "file", "region", "sample", "axis", "time, s")
_REGION, _SAMPLE, _AXIS = 2, 3, 4
_AXES = (
    ("", "choose…"),
    ("binding", "binding, eV"),
    ("raman", "Raman, cm⁻¹"),
    ("wavelength", "wavelength, nm"),
)
_KNOWN = {
    Axis.BINDING_ENERGY: "binding, eV",
    Axis.KINETIC_ENERGY: "kinetic, eV",
    Axis.RAMAN_SHIFT: "Raman, cm⁻¹",
    Axis.WAVELENGTH: "wavelength, nm",
}
_PICTURE = QSize(84, 30)


@dataclass(frozen=True)
class Confirmed:
    """What a user confirmed of one spectrum.

    Attributes
    ----------
    number : int
        Its place among those that were asked about.
    axis : str
        Of a file that does not say it; else empty.
    region, sample : str
    """

    number: int
    axis: str
    region: str
    sample: str


class IntakeDialog(QDialog):
    """A row for each spectrum; what was guessed is in italics and says why.

    Signals
    -------
    confirmed(tuple of Confirmed)
        Those that are ticked.
    """

    confirmed = Signal(object)

    def __init__(self, rows: Sequence[Incoming], heads: Mapping[str, str], parent: QWidget) -> None:
        """Ask about spectra; `heads` has the first lines of the files that are text."""
        super().__init__(parent)
        self._rows, self._heads = tuple(rows), heads
        self.setWindowTitle("Open these spectra?")
        self.resize(860, 520)
        self.table = QTableWidget(len(rows), len(HEADINGS))
        self.table.setObjectName("plain")
        self.table.setAccessibleName("Spectra to be opened")
        self.table.setHorizontalHeaderLabels(list(HEADINGS))
        self.table.verticalHeader().hide()
        self.table.verticalHeader().setDefaultSectionSize(_PICTURE.height() + 6)
        self.table.setIconSize(_PICTURE)
        self.table.setShowGrid(False)
        self.table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        header = self.table.horizontalHeader()
        stretch, fit = QHeaderView.ResizeMode.Stretch, QHeaderView.ResizeMode.ResizeToContents
        for column in range(len(HEADINGS)):
            header.setSectionResizeMode(column, stretch if column in (1, _SAMPLE) else fit)
        self.axes: dict[int, Choice] = {}
        for number, one in enumerate(self._rows):
            self._fill(number, one)
        self.table.itemChanged.connect(lambda _: self._check())
        self.table.currentCellChanged.connect(lambda number, *_: self._show_head(number))
        self._head = QPlainTextEdit()
        self._head.setReadOnly(True)
        self._head.setFont(fixed_font())
        self._head.setFixedHeight(104)
        self._head.setAccessibleName("First lines of the file")
        self._why = label("", "muted", wrap=True)
        buttons = QDialogButtonBox(
            QDialogButtonBox.StandardButton.Open | QDialogButtonBox.StandardButton.Cancel
        )
        self.take = buttons.button(QDialogButtonBox.StandardButton.Open)
        buttons.accepted.connect(self._take)
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.setSpacing(8)
        layout.addWidget(
            label("What is in italics is a guess: a double click changes it.", "muted")
        )
        layout.addWidget(self.table, 1)
        layout.addWidget(self._why)
        layout.addWidget(self._head)
        layout.addWidget(buttons)
        self.table.setCurrentCell(0, 1)
        self._show_head(0)
        self._check()

    def answer(self) -> tuple[Confirmed, ...]:
        """Return what is ticked, as it stands."""
        return tuple(
            Confirmed(
                number,
                self.axes[number].value if number in self.axes else "",
                self._text(number, _REGION),
                self._text(number, _SAMPLE),
            )
            for number in range(len(self._rows))
            if self._is_ticked(number)
        )

    def _fill(self, number: int, one: Incoming) -> None:
        picture = QTableWidgetItem(QIcon(picture_of_spectrum(one.spectrum, _PICTURE)), "")
        file = QTableWidgetItem(one.spectrum.source.file)
        file.setFlags(Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsUserCheckable)
        file.setCheckState(Qt.CheckState.Checked)
        file.setToolTip(wrapped(one.spectrum.source.location))
        picture.setFlags(Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable)
        self.table.setItem(number, 0, picture)
        self.table.setItem(number, 1, file)
        for column, guess in ((_REGION, one.region), (_SAMPLE, one.sample)):
            item = QTableWidgetItem(guess.text)
            font = item.font()
            font.setItalic(bool(guess.why))
            item.setFont(font)
            item.setToolTip(wrapped(f"From {guess.why}." if guess.why else "As the file says."))
            self.table.setItem(number, column, item)
        if one.spectrum.axis is Axis.UNKNOWN:
            self.axes[number] = choice = Choice(_AXES, name=f"Axis of {one.spectrum.source.file}")
            choice.set_value(one.axis.text)
            choice.setToolTip(wrapped(f"From {one.axis.why}." if one.axis.why else "Not known."))
            choice.chosen.connect(lambda _: self._check())
            self.table.setCellWidget(number, _AXIS, choice)
        else:
            self._put_words(number, _AXIS, _KNOWN.get(one.spectrum.axis, ""), "As the file says.")
        time = "" if one.etch_time_s is None else show_number(one.etch_time_s)
        self._put_words(number, 5, time, f"From {one.time_why}." if one.time_why else "")

    def _put_words(self, number: int, column: int, text: str, tip: str) -> None:
        item = QTableWidgetItem(text)
        item.setFlags(Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable)
        item.setToolTip(wrapped(tip))
        self.table.setItem(number, column, item)

    def _text(self, number: int, column: int) -> str:
        item = self.table.item(number, column)
        return "" if item is None else item.text().strip()

    def _is_ticked(self, number: int) -> bool:
        item = self.table.item(number, 1)
        return item is not None and item.checkState() == Qt.CheckState.Checked

    def _check(self) -> None:
        """Allow it once the axis of everything that is ticked is known."""
        ticked = [n for n in range(len(self._rows)) if self._is_ticked(n)]
        open_ones = [n for n in ticked if n in self.axes and not self.axes[n].value]
        self.take.setEnabled(bool(ticked) and not open_ones)
        several = len(ticked) != 1
        self.take.setText(f"Open {len(ticked)} spectr{'a' if several else 'um'}")
        guessed = sorted({reason for n in ticked for reason in _reasons(self._rows[n])})
        said = f"Guessed from {', '.join(guessed)}." if guessed else "Nothing had to be guessed."
        if open_ones:
            first = self._rows[open_ones[0]].spectrum.source.file
            said = f"{first} does not say what its axis is: choose it."
        self._why.setText(said)

    def _show_head(self, number: int) -> None:
        if 0 <= number < len(self._rows):
            location = self._rows[number].spectrum.source.location
            self._head.setPlainText(self._heads.get(location, "(no text)"))

    def _take(self) -> None:
        self.accept()
        self.confirmed.emit(self.answer())


def _reasons(one: Incoming) -> list[str]:
    reasons = (one.region.why, one.sample.why, one.axis.why, one.time_why)
    return [reason for reason in reasons if reason]
