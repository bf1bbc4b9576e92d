"""The peak library: species by name or by energy, each with what it rests on, and presets."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QKeyEvent
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
from spectra_core.library_records import Entry
from spectra_core.presets import Preset

from ..formula import formula
from ..theme import colour, number_font, theme
from ..widgets import Choice, in_locale, label, read_number, row

_ID = Qt.ItemDataRole.UserRole
_EVERY = ""


class LibraryDialog(QDialog):
    """Two tabs: species and presets.

    Signals
    -------
    entry_chosen(str), preset_chosen(str)
    """

    entry_chosen = Signal(str)
    preset_chosen = Signal(str)

    def __init__(
        self, library: PeakLibrary, presets: Sequence[Preset], parent: QWidget, *, level: str = "",
        can_add: bool = True,
    ) -> None:  # fmt: skip
        super().__init__(parent)
        self._library = library
        self._presets = {preset.id: preset for preset in presets}
        self._can_add = can_add
        self.setWindowTitle("Peak library")
        self.resize(860, 560)
        self.tabs = QTabWidget()
        self.tabs.addTab(self._species_tab(level), "Species")
        self.tabs.addTab(self._presets_tab(), "Presets")
        self.tabs.currentChanged.connect(lambda _: self._check())
        self.buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        self.add = self.buttons.addButton("Add", QDialogButtonBox.ButtonRole.AcceptRole)
        self.add.setDefault(True)
        self.buttons.accepted.connect(self._take)
        self.buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.addWidget(self.tabs)
        layout.addWidget(self.buttons)
        self._fill()
        self._check()

    # -----------------------------------------------------------------------------
    # Species

    def _species_tab(self, level: str) -> QWidget:
        self.field = QLineEdit()
        self.field.setPlaceholderText("Species, formula, or an energy such as 161.6")
        self.field.setAccessibleName("Search the library")
        self.field.setClearButtonEnabled(True)
        self.field.textChanged.connect(lambda _: self._fill())
        self.field.installEventFilter(self)
        levels = sorted({entry.level for entry in self._library.entries.values()})
        self.level = Choice([(_EVERY, "every level"), *((n, n) for n in levels)], name="Level")
        self.level.set_value(level if level in levels else _EVERY)
        self.level.chosen.connect(lambda _: self._fill())
        self.list = QTreeWidget()
        self.list.setObjectName("plain")
        self.list.setAccessibleName("Species")
        self.list.setRootIsDecorated(False)
        self.list.setColumnCount(4)
        self.list.setHeaderLabels(["species", "level", "position", "status"])
        self.list.currentItemChanged.connect(lambda *_: self._show_entry())
        self.list.itemActivated.connect(lambda *_: self._take())
        self.detail = QTextBrowser()
        self.detail.setAccessibleName("What the position rests on")
        self.detail.setOpenExternalLinks(True)
        split = QSplitter(Qt.Orientation.Horizontal)
        split.addWidget(self.list)
        split.addWidget(self.detail)
        split.setSizes([480, 350])
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

    def _found(self) -> Iterator[tuple[Entry, str]]:
        """Yield entries with what is said beside their position."""
        text, level = self.field.text().strip(), self.level.value
        energy = read_number(text) if text else None
        if energy is not None:
            for one in self._library.search(energy, level=level or None):
                yield one.entry, in_locale(f"{one.distance:+.2f}")
            return
        words = text.casefold().split()
        for entry in self._library.entries.values():
            said = f"{entry.label} {entry.species} {' '.join(entry.aliases)}".casefold()
            if (not level or entry.level == level) and all(w in said for w in words):
                yield entry, ""

    def _fill(self) -> None:
        self.list.clear()
        for entry, distance in self._found():
            position = in_locale(entry.position.split(" (")[0].replace("cm-1", "cm⁻¹"))
            position = f"{position}   {distance}" if distance else position
            item = QTreeWidgetItem([formula(entry.label), entry.level, position, entry.status])
            item.setData(0, _ID, entry.id)
            item.setToolTip(0, formula(entry.species))
            item.setFont(2, number_font())
            if not entry.is_confirmed:
                item.setForeground(3, colour("warn"))
            self.list.addTopLevelItem(item)
        for column, width in enumerate((130, 62, 160)):
            self.list.setColumnWidth(column, width)
        if (first := self.list.topLevelItem(0)) is not None:
            self.list.setCurrentItem(first)
        self._show_entry()

    def _show_entry(self) -> None:
        item = self.list.currentItem()
        if item is None:
            self.detail.setHtml("<p>Nothing in the library matches.</p>")
        else:
            entry = self._library.entry(item.data(0, _ID))
            self.detail.setHtml(entry_page(self._library, entry))
        self._check()

    # -----------------------------------------------------------------------------
    # Presets

    def _presets_tab(self) -> QWidget:
        self.preset_list = QTreeWidget()
        self.preset_list.setObjectName("plain")
        self.preset_list.setAccessibleName("Presets")
        self.preset_list.setHeaderHidden(True)
        self.preset_list.setRootIsDecorated(False)
        self.preset_list.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        for preset in self._presets.values():
            item = QTreeWidgetItem([preset.recipe.title or preset.id])
            item.setData(0, _ID, preset.id)
            item.setToolTip(0, preset.id)
            self.preset_list.addTopLevelItem(item)
        self.preset_detail = QTextBrowser()
        self.preset_detail.setAccessibleName("What the preset holds")
        self.preset_list.currentItemChanged.connect(lambda *_: self._show_preset())
        self.preset_list.itemActivated.connect(lambda *_: self._take())
        split = QSplitter(Qt.Orientation.Horizontal)
        split.addWidget(self.preset_list)
        split.addWidget(self.preset_detail)
        split.setSizes([420, 400])
        page = QWidget()
        layout = QVBoxLayout(page)
        layout.addWidget(label(
            "A preset goes onto the chosen spectra if several are chosen, else onto all.",
            "muted", wrap=True))  # fmt: skip
        layout.addWidget(split, 1)
        if (first := self.preset_list.topLevelItem(0)) is not None:
            self.preset_list.setCurrentItem(first)
        return page

    def choose_preset(self, preset_id: str) -> None:
        """Choose a preset of the list."""
        for i in range(self.preset_list.topLevelItemCount()):
            item = self.preset_list.topLevelItem(i)
            if item is not None and item.data(0, _ID) == preset_id:
                self.preset_list.setCurrentItem(item)

    def _show_preset(self) -> None:
        item = self.preset_list.currentItem()
        if item is not None:
            self.preset_detail.setHtml(preset_page(self._presets[item.data(0, _ID)]))

    # -----------------------------------------------------------------------------

    def _check(self) -> None:
        if not hasattr(self, "add"):
            return
        presets = self.tabs.currentIndex() == 1
        self.add.setText("Load the preset" if presets else "Add to the spectrum")
        item = self.preset_list.currentItem() if presets else self.list.currentItem()
        self.add.setEnabled(item is not None and self._can_add)
        self.add.setToolTip("" if self._can_add else "Open a spectrum first.")

    def _take(self) -> None:
        presets = self.tabs.currentIndex() == 1
        item = self.preset_list.currentItem() if presets else self.list.currentItem()
        if item is None or not self._can_add:
            return
        self.accept()
        (self.preset_chosen if presets else self.entry_chosen).emit(item.data(0, _ID))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802
        """Let arrows in the search field move through the list."""
        if event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
            step = {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1}.get(Qt.Key(event.key()), 0)
            current = self.list.currentItem()
            if step and current is not None:
                at = self.list.indexOfTopLevelItem(current) + step
                if (item := self.list.topLevelItem(at)) is not None:
                    self.list.setCurrentItem(item)
                return True
        return super().eventFilter(watched, event)


def entry_page(library: PeakLibrary, entry: Entry) -> str:
    """Return what an entry rests on, as simple HTML."""
    muted = theme().palette.muted
    unit = entry.unit.replace("cm-1", "cm⁻¹")
    parts = [f"<h3>{escape(formula(entry.label))}</h3>", f"<p>{escape(formula(entry.species))}</p>"]
    spread = "" if entry.spread is None else f", spread {entry.spread:.2g} {unit}"
    parts.append(f"<p><b>{escape(entry.position)}</b> · {entry.n} kept values{spread}")
    status = "" if entry.is_confirmed else "; no primary source states this position"
    parts.append(f"<br>status {escape(entry.status)}{status}</p>")
    if entry.note:
        parts.append(f"<p>{escape(entry.note)}</p>")
    rows = []
    for one in library.offsets(entry.id):
        value = "" if one.value is None else f"{one.value:g}"
        offset = "" if one.offset is None else f"{one.offset:+.2f}"
        flags = ", ".join(one.observation.flags)
        words = " · ".join(t for t in (one.role, one.observation.material, flags, one.reason) if t)
        rows.append(
            f"<tr><td>{escape(one.observation.source)}</td><td align='right'>{value}</td>"
            f"<td align='right'>{offset}</td><td style='color:{muted}'>{escape(words)}</td></tr>"
        )
    if rows:
        head = "<tr><th align='left'>source</th><th>value</th><th>off</th><th></th></tr>"
        parts.append(f"<table cellpadding='3'>{head}{''.join(rows)}</table>")
    return "".join(parts)


def preset_page(preset: Preset) -> str:
    """Return what a preset holds, as simple HTML."""
    alarm, warn = theme().palette.alarm, theme().palette.warn
    parts = [f"<h3>{escape(preset.recipe.title or preset.id)}</h3>"]
    if preset.as_reported:
        parts.append(f"<p style='color:{alarm}'><b>As reported: for reproduction only.</b></p>")
    parts.append(f"<p>{escape(preset.description)}</p>")
    for region in preset.model.regions:
        names = list(dict.fromkeys(
            [d.id for d in region.doublets]
            + [c.label for c in region.components if region.doublet_of(c.id) is None]
        ))  # fmt: skip
        shown = ", ".join(formula(name) for name in names)
        parts.append(f"<p><b>{escape(region.name)}</b>: {escape(shown)}</p>")
    if preset.recipe.ratio:
        names = [entry.name for entry in preset.recipe.ratio]
        parts.append(f"<p>Ratios: {escape(', '.join(formula(n) for n in names))}</p>")
    for warning in preset.warnings:
        parts.append(f"<p style='color:{warn}'>{escape(warning)}</p>")
    return "".join(parts)
