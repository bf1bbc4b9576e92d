"""The peak library: species by name or by energy, each with what it rests on, and presets."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence

from PySide6.QtCore import QEvent, QObject, Qt, QUrl, Signal
from PySide6.QtGui import QDesktopServices, QKeyEvent, QShowEvent
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QLineEdit,
    QSplitter,
    QTabWidget,
    QTextBrowser,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from spectra_core.library import PeakLibrary
from spectra_core.library.records import Entry
from spectra_core.recipe.presets import Preset

from ..formula import formula
from ..theme import colour, number_font, theme
from ..widgets import Choice, in_locale, label, read_number, row, wrapped
from .library_pages import (
    EVERY_LEVEL,
    energy_text,
    entry_page,
    no_entry_page,
    preset_page,
    status_in_words,
)

_ID = Qt.ItemDataRole.UserRole
_EVERY = ""
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
_STEPS = {
    Qt.Key.Key_Down: 1,
    Qt.Key.Key_Up: -1,
    Qt.Key.Key_PageDown: 10,
    Qt.Key.Key_PageUp: -10,
}


class LibraryDialog(QDialog):
    """Two tabs: species and presets.

    Signals
    -------
    entry_chosen(str), preset_chosen(str)
    preset_shown(str)
        Which fits it would make is wanted; `show_fits` shows them.
    """

    entry_chosen = Signal(str)
    preset_chosen = Signal(str)
    preset_shown = Signal(str)

    def __init__(
        self,
        library: PeakLibrary,
        presets: Sequence[Preset],
        parent: QWidget,
        *,
        level: str = "",
        can_add: bool = True,
    ) -> None:
        super().__init__(parent)
        self._library = library
        self._presets = {preset.id: preset for preset in presets}
        self._can_add = can_add
        self.setWindowTitle("Peak library")
        self.resize(1000, 620)
        self.buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        self.add = self.buttons.addButton("Add", QDialogButtonBox.ButtonRole.AcceptRole)
        self.add.setDefault(True)
        self.buttons.accepted.connect(self._take)
        self.buttons.rejected.connect(self.reject)
        self.tabs = QTabWidget()
        self.tabs.addTab(self._species_tab(level), "Species")
        self.tabs.addTab(self._presets_tab(), "Presets")
        self.tabs.currentChanged.connect(self._check)
        self.tabs.currentChanged.connect(self._look)
        layout = QVBoxLayout(self)
        layout.addWidget(self.tabs)
        layout.addWidget(self.buttons)
        self._fill()
        self._check()
        theme().changed.connect(self._repaint)

    # -----------------------------------------------------------------------------
    # Species

    def _species_tab(self, level: str) -> QWidget:
        self.field = QLineEdit()
        self.field.setPlaceholderText("Species, formula, or an energy such as 161.6")
        self.field.setAccessibleName("Search the library")
        self.field.setClearButtonEnabled(True)
        self.field.textChanged.connect(self._fill)
        self.field.installEventFilter(self)
        levels = sorted({entry.level for entry in self._library.entries.values()})
        self.level = Choice([(_EVERY, "every level"), *((n, n) for n in levels)], name="Level")
        self.level.set_value(level if level in levels else _EVERY)
        self.level.chosen.connect(self._fill)
        self.list = QTreeWidget()
        self.list.setObjectName("plain")
        self.list.setAccessibleName("Species")
        self.list.setRootIsDecorated(False)
        self.list.setColumnCount(5)
        self.list.setHeaderLabels(["species", "level", "position", "off by", "status"])
        if (header := self.list.headerItem()) is not None:
            header.setToolTip(3, "Searched energy minus position.")
            header.setToolTip(4, "A, B, C: how well its sources agree; or unconfirmed.")
            for column in (2, 3):
                header.setTextAlignment(column, _RIGHT)
        for column, width in enumerate((138, 56, 148, 58)):
            self.list.setColumnWidth(column, width)
        self.list.currentItemChanged.connect(self._show_entry)
        self.list.itemActivated.connect(self._take)
        self.detail = QTextBrowser()
        self.detail.setAccessibleName("What the position rests on")
        self.detail.setOpenLinks(False)
        self.detail.anchorClicked.connect(self._follow)
        split = QSplitter(Qt.Orientation.Horizontal)
        split.addWidget(self.list)
        split.addWidget(self.detail)
        split.setSizes([510, 450])
        page = QWidget()
        layout = QVBoxLayout(page)
        layout.addLayout(row(self.field, self.level))
        layout.addWidget(split, 1)
        return page

    def search_near(self, energy: float, level: str) -> None:
        """Search by energy within a level."""
        self.tabs.setCurrentIndex(0)
        self.level.set_value(level if self.level.findData(level) >= 0 else _EVERY)
        self.field.setText(in_locale(f"{energy:.2f}"))
        self.field.setFocus()

    def show_presets(self) -> None:
        """Show the presets."""
        self.tabs.setCurrentIndex(1)
        self.preset_list.setFocus()

    def _found(self, level: str) -> Iterator[tuple[Entry, str]]:
        """Yield entries of a level (all if empty) with the distance from a searched energy."""
        text = self.field.text().strip()
        energy = read_number(text) if text else None
        if energy is not None:
            for one in self._library.search(energy, level=level or None):
                yield one.entry, in_locale(f"{one.distance:+.2f}")
            return
        words = comparable(text).split()
        for entry in sorted(self._library.entries.values(), key=_place):
            names = comparable(f"{entry.label} {entry.species} {' '.join(entry.aliases)}")
            if (not level or entry.level == level) and all(word in names for word in words):
                yield entry, ""

    def _fill(self, *_: object) -> None:
        found = list(self._found(self.level.value))
        self.list.clear()
        for entry, distance in found:
            item = QTreeWidgetItem(
                [formula(entry.label), entry.level, energy_text(entry), distance, entry.status]
            )
            item.setData(0, _ID, entry.id)
            item.setToolTip(0, formula(entry.species))
            item.setToolTip(2, wrapped(energy_text(entry)))
            item.setToolTip(4, wrapped(status_in_words(entry)))
            for column in (2, 3):
                item.setFont(column, number_font())
                item.setTextAlignment(column, _RIGHT)
            if not entry.is_confirmed:
                item.setForeground(4, colour("warn"))
            self.list.addTopLevelItem(item)
        self.list.setColumnHidden(3, not any(distance for _, distance in found))
        if (first := self.list.topLevelItem(0)) is not None:
            self.list.setCurrentItem(first)
        self._show_entry()

    def _show_entry(self, *_: object) -> None:
        item = self.list.currentItem()
        if item is not None:
            entry = self._library.entry(item.data(0, _ID))
            self.detail.setHtml(entry_page(self._library, entry))
        else:
            level = self.level.value
            elsewhere = sum(1 for _ in self._found(_EVERY)) if level else 0
            self.detail.setHtml(no_entry_page(level, elsewhere))
        self._check()

    def _follow(self, link: QUrl) -> None:
        if link.toString() == EVERY_LEVEL:
            self.level.set_value(_EVERY)
            self._fill()
            self.field.setFocus()
        else:
            QDesktopServices.openUrl(link)

    def _repaint(self) -> None:
        """Write the pages again in the colours of another scheme."""
        self._show_entry()
        self._show_preset()

    # -----------------------------------------------------------------------------
    # Presets

    def _presets_tab(self) -> QWidget:
        self.preset_list = QTreeWidget()
        self.preset_list.setObjectName("plain")
        self.preset_list.setAccessibleName("Presets")
        self.preset_list.setHeaderHidden(True)
        self.preset_list.setRootIsDecorated(False)
        self.preset_list.setWordWrap(True)
        self.preset_list.ensurePolished()  # else its rows are laid out without the style sheet
        for preset in self._presets.values():
            item = QTreeWidgetItem([formula(preset.recipe.title or preset.id)])
            item.setData(0, _ID, preset.id)
            item.setToolTip(0, preset.id)
            self.preset_list.addTopLevelItem(item)
        self.preset_detail = QTextBrowser()
        self.preset_detail.setAccessibleName("What the preset holds")
        self.preset_list.currentItemChanged.connect(self._show_preset)
        self.preset_list.itemActivated.connect(self._take)
        split = QSplitter(Qt.Orientation.Horizontal)
        split.addWidget(self.preset_list)
        split.addWidget(self.preset_detail)
        split.setSizes([400, 560])
        page = QWidget()
        layout = QVBoxLayout(page)
        layout.addWidget(
            label(
                "A preset goes onto the chosen spectra if several are chosen, else onto all.",
                "muted",
                wrap=True,
            )
        )
        layout.addWidget(split, 1)
        self.fits = label("", wrap=True, selectable=True)
        layout.addWidget(self.fits)
        if (first := self.preset_list.topLevelItem(0)) is not None:
            self.preset_list.setCurrentItem(first)
        return page

    def choose_preset(self, preset_id: str) -> None:
        """Choose a preset of the list."""
        for i in range(self.preset_list.topLevelItemCount()):
            item = self.preset_list.topLevelItem(i)
            if item is not None and item.data(0, _ID) == preset_id:
                self.preset_list.setCurrentItem(item)

    def _show_preset(self, *_: object) -> None:
        item = self.preset_list.currentItem()
        if item is not None:
            self.preset_detail.setHtml(preset_page(self._presets[item.data(0, _ID)]))
            self._look()

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802
        """Ask which fits the preset that is shown would make."""
        super().showEvent(event)
        self._look()

    def _look(self, *_: object) -> None:
        item = self.preset_list.currentItem()
        if item is not None and self.isVisible() and self.tabs.currentIndex() == 1:
            self.fits.setText("")
            self.preset_shown.emit(item.data(0, _ID))

    def show_fits(self, preset_id: str, words: str) -> None:
        """Show which fits a preset would make, if it is the one that is shown."""
        item = self.preset_list.currentItem()
        if item is not None and item.data(0, _ID) == preset_id:
            self.fits.setText(formula(words))

    # -----------------------------------------------------------------------------

    def _check(self, *_: object) -> None:
        presets = self.tabs.currentIndex() == 1
        self.add.setText("Load the preset" if presets else "Add to the spectrum")
        item = self.preset_list.currentItem() if presets else self.list.currentItem()
        self.add.setEnabled(item is not None and self._can_add)
        self.add.setToolTip("" if self._can_add else "Open a spectrum first.")

    def _take(self, *_: object) -> None:
        presets = self.tabs.currentIndex() == 1
        item = self.preset_list.currentItem() if presets else self.list.currentItem()
        if item is None or not self._can_add:
            return
        self.accept()
        (self.preset_chosen if presets else self.entry_chosen).emit(item.data(0, _ID))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802
        """Let arrows in the search field move through the list."""
        if event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
            step = _STEPS.get(Qt.Key(event.key()), 0)
            current = self.list.currentItem()
            if step and current is not None:
                at = self.list.indexOfTopLevelItem(current) + step
                at = min(max(at, 0), self.list.topLevelItemCount() - 1)
                if (item := self.list.topLevelItem(at)) is not None:
                    self.list.setCurrentItem(item)
                return True
        return super().eventFilter(watched, event)


def comparable(text: str) -> str:
    """Return a name as it is compared: PS₄³⁻, PS4(3-) and ps4 3- are one."""
    flat = unicodedata.normalize("NFKC", text).casefold().replace("\N{MINUS SIGN}", "-")
    return flat.replace("(", "").replace(")", "").replace("\N{EN DASH}", "-")


def _place(entry: Entry) -> tuple[str, float]:
    """Order entries by level and position."""
    values = (entry.center, *entry.alternatives)
    return entry.level, next((value for value in values if value is not None), 0.0)
