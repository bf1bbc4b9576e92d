"""Ratios of the project: samples by ratio, with interval and error budget."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import (
    QPoint,
    Qt,
    QTimer,
    Signal,
)
from PySide6.QtGui import QAction, QGuiApplication
from PySide6.QtWidgets import (
    QLabel,
    QMenu,
    QPushButton,
    QSplitter,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from spectra_core.project.project import Analysis, Project, is_stale
from spectra_core.results.table import interval_ends, value_text, with_error
from spectra_core.runs.samples import sample_names
from spectra_core.series.coordinates import coordinates_of
from spectra_core.spectrum import sample_key
from spectra_core.uncertainty.ratios import Ratio

from ..scene import Scene
from ..theme import colour, theme
from ..widgets import DeleteKey, label, printed, row
from .ratio_matrix import PARTS, RatioMatrix, ShownRatio, error_so_far, without_common_bracket

_GROW_EVERY_MS = 120  # many fits at once have more stages than can be drawn

Growing = Mapping[str, tuple[Analysis, tuple[Ratio, ...]]]
"""Ratios whose budgets are being made, by analysis, and the analysis as it was at the start."""


def ratio_rows(project: Project, growing: Growing = MappingProxyType({})) -> Iterator[ShownRatio]:
    """Yield the ratios of a project, samples in the user's order; growing ones as they are."""
    order = {name: place for place, name in enumerate(project.settings.sample_order)}
    names = sample_names(project.spectra.values())
    plain = {key: _sample(project, key, names) for key in project.analyses}
    samples = _with_places(project, plain)
    for key in sorted(plain, key=lambda key: order.get(plain[key], len(order))):
        analysis = project.analyses[key]
        before, ratios = growing.get(key, (None, ()))
        if before is analysis:
            yield from (_growing_row(key, samples[key], ratio) for ratio in ratios)
        else:
            yield from (_row(project, key, samples[key], ratio) for ratio in analysis.ratios)


def _sample(project: Project, key: str, names: Mapping[tuple[str, str], str]) -> str:
    first = next(iter(project.analyses[key].spectra.values()))
    return names[sample_key(project.spectrum(first))] or project.analyses[key].label


def _with_places(project: Project, samples: Mapping[str, str]) -> dict[str, str]:
    """Return samples by analysis; of one with several levels each with its place, as ``40 s``."""
    places: dict[str, str] = {}
    for key in samples:
        spectrum = project.spectrum(next(iter(project.analyses[key].spectra.values())))
        found = coordinates_of(spectrum)
        places[key] = f"{found[0].value:g} {found[0].unit}".strip() if found else ""
    several: dict[str, set[str]] = {}
    for key, sample in samples.items():
        several.setdefault(sample, set()).add(places[key])
    return {
        key: f"{sample}, {places[key]}" if places[key] and len(several[sample]) > 1 else sample
        for key, sample in samples.items()
    }


def _row(project: Project, key: str, sample: str, ratio: Ratio) -> ShownRatio:
    ends = ratio.best_interval
    if ratio.value is None:
        limit = ratio.upper_limit
        value = "not defined" if limit is None else f"< {limit:.2g}"
    else:
        value = value_text(ratio)
    interval = " – ".join(interval_ends(ends)) if ends else ""
    stale = is_stale(project, key)
    note = "changed after its fit" if stale else ratio.note
    return ShownRatio(
        key,
        sample,
        ratio.name,
        printed(value),
        printed(interval),
        note,
        ratio,
        stale,
    )


def _growing_row(key: str, sample: str, ratio: Ratio) -> ShownRatio:
    """Return a ratio with the error of the rows that are known, which says so itself."""
    said = growing_words(ratio)
    value = "" if ratio.value is None else with_error(ratio.value, error_so_far(ratio.budget))
    if not value:
        value = "…" if ratio.upper_limit is None else f"< {ratio.upper_limit:.2g}"
    parts = (key, sample, ratio.name, printed(value), said, said)
    return ShownRatio(*parts, ratio, stale=False, growing=True)


def growing_words(ratio: Ratio) -> str:
    """Return what the error of a ratio holds whose budget is being made."""
    known = {name for name, _ in PARTS if getattr(ratio.budget, name) is not None}
    if known <= {"counting"}:
        return "counting alone so far"
    if known & {"background", "model"}:
        return "windows and line shapes not yet"
    return "background and model not yet"


class RatiosTab(QWidget):
    """Table, definitions and plot.

    Signals
    -------
    define_asked(str)
        Name of the ratio to change; empty for a new one.
    ratio_removed(str)
    compute_asked()
        Fit all, with the error budgets.
    analysis_chosen(str)
    part_chosen(str, str)
        Name of a ratio and of a part of its error: what is behind it is wanted.
    """

    define_asked = Signal(str)
    ratio_removed = Signal(str)
    compute_asked = Signal()
    analysis_chosen = Signal(str)
    part_chosen = Signal(str, str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._shown: tuple[Any, ...] = ()
        self._rows: list[ShownRatio] = []
        self._project: Project | None = None
        self.table = RatioMatrix()
        self.table.part_chosen.connect(self._open_part)
        self.table.itemSelectionChanged.connect(self._choose)
        self.table.customContextMenuRequested.connect(self._open_menu)
        key = DeleteKey(self.table, lambda: bool(self.table.selectedItems()))
        key.pressed.connect(self._remove_chosen)
        self.chart = _Chart()
        self.chart.hide()
        self._empty = label("", "muted", wrap=True)
        self._legend = _Legend()
        self._busy = ""
        self._analysis: str | None = None
        self._growing: dict[str, tuple[Analysis, tuple[Ratio, ...]]] = {}
        self._growing_later = QTimer(self, singleShot=True, interval=_GROW_EVERY_MS)
        self._growing_later.timeout.connect(self._grow)
        self._computing = label("", "muted")
        self._computing.hide()
        define = QPushButton("Define a ratio…")
        define.clicked.connect(lambda: self.define_asked.emit(""))
        self.plot_button = QPushButton("Plot")
        self.plot_button.setCheckable(True)
        self.plot_button.setToolTip("Show the ratios as points with error bars.")
        self.plot_button.toggled.connect(self._show_chart)
        copy = QPushButton("Copy")
        copy.setToolTip("Copy the table as text for a spreadsheet.")
        copy.clicked.connect(self.copy)
        split = QSplitter(Qt.Orientation.Horizontal)
        split.addWidget(self.table)
        split.addWidget(self.chart)
        split.setStretchFactor(0, 3)
        split.setStretchFactor(1, 2)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(10, 8, 10, 8)
        top = row(self._legend, 1, self.plot_button, copy, define)
        top.setStretch(0, 100)  # a label that wraps takes the least width it is left
        layout.addLayout(top)
        layout.addWidget(self._computing)
        layout.addWidget(self._empty)
        layout.addWidget(split, 1)
        theme().changed.connect(self._redraw)

    def show_scene(self, scene: Scene) -> None:
        """Show the ratios of a scene's project."""
        project = scene.project
        shown = (project.analyses, project.ratios, project.spectra, project.settings)
        self._analysis = scene.selection.analysis
        if len(self._shown) == 4 and all(a is b for a, b in zip(shown, self._shown, strict=True)):
            self.table.choose(self._analysis)
            return
        self._shown = shown
        self._project = project
        self._rows = list(ratio_rows(project, self._growing))
        self._redraw()

    def show_growing(self, analysis: str, ratios: tuple[Ratio, ...]) -> None:
        """Show ratios whose budgets are being made, each with what its error holds so far.

        Parameters
        ----------
        analysis : str
        ratios : tuple of Ratio
            Without totals.
        """
        if self._project is None or analysis not in self._project.analyses:
            return
        self._growing[analysis] = self._project.analyses[analysis], ratios
        if self._growing_later.isActive():
            return
        self._grow()
        self._growing_later.start()

    def _grow(self) -> None:
        """Draw the ratios that grow as they are now."""
        if self._project is None or not self._growing:
            return
        rows = list(ratio_rows(self._project, self._growing))
        if rows != self._rows:
            self._rows = rows
            self._redraw()

    def show_busy(self, doing: str) -> None:
        """Say that ratios are on their way, and show those of before in grey; empty: they are not.

        Parameters
        ----------
        doing : str
            What is being done.
        """
        if doing == self._busy:
            return
        self._busy = doing
        self._computing.setText(f"{doing}: ratios follow with their whole budget…" if doing else "")
        self._computing.setVisible(bool(doing))
        if not doing and self._growing and self._project is not None:
            self._growing = {}
            self._rows = list(ratio_rows(self._project))
            self._redraw()
        else:
            self._show_rows()

    def text(self) -> str:
        """Return the table as text with tabs."""
        lines = [
            "\t".join(
                ("sample", "ratio", "value", "error", "low", "high", *_part_names(), "of", "note")
            )
        ]
        for one in self._rows:
            ratio = one.ratio
            ends = ratio.best_interval or (None, None)
            parts = [getattr(ratio.budget, name) for name, _ in PARTS]
            error = error_so_far(ratio.budget) if one.growing else ratio.error
            found = (ratio.value, error, *ends, *parts)
            numbers = ["" if v is None else f"{v:.6g}" for v in found]
            limit = f"< {ratio.upper_limit:.3g} " if ratio.upper_limit is not None else ""
            scope = one.interval if one.growing else ratio.scope
            cells = (one.sample, one.name, *numbers, scope, f"{limit}{one.note}")
            lines.append("\t".join(cells))
        return "\n".join(lines)

    def copy(self) -> None:
        """Put the table on the clipboard."""
        QGuiApplication.clipboard().setText(self.text())

    def _show_chart(self, on: bool) -> None:
        self.chart.setVisible(on)
        if on:
            self.chart.show_rows(self._rows)

    def _show_rows(self) -> None:
        self.table.show_rows(self._rows, grey=bool(self._busy))
        self.table.choose(self._analysis)

    def _redraw(self) -> None:
        self._show_rows()
        if self.plot_button.isChecked():
            self.chart.show_rows(self._rows)
        self._empty.setVisible(not self._rows)
        self.table.setVisible(bool(self._rows))
        defined = self._project is not None and bool(self._project.ratios)
        self._empty.setText(
            "Fit to compute the ratios that are defined."
            if defined
            else "No ratio is defined: load a preset, or define one."
        )
        self._legend.show_rows(self._rows)

    def _open_part(self, one: ShownRatio, part: str) -> None:
        self.analysis_chosen.emit(one.analysis)
        self.part_chosen.emit(one.name, part)

    def _at(self, item: QTableWidgetItem | None) -> ShownRatio | None:
        return None if item is None else self.table.shown_at(item.row(), item.column())

    def _choose(self) -> None:
        for item in self.table.selectedItems():
            if (one := self._at(item)) is not None:
                self.analysis_chosen.emit(one.analysis)

    def _remove_chosen(self) -> None:
        for item in self.table.selectedItems():
            if (one := self._at(item)) is not None:
                self.ratio_removed.emit(one.name)

    def _open_menu(self, place: QPoint) -> None:
        one = self._at(self.table.itemAt(place))
        if one is None:
            return
        name = one.name
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        for text, run in (
            ("Copy the table", self.copy),
            ("Change the ratio…", lambda: self.define_asked.emit(name)),
            ("Remove the ratio", lambda: self.ratio_removed.emit(name)),
            ("Compute again", lambda: self.compute_asked.emit()),
        ):
            entry = QAction(text, menu)
            entry.triggered.connect(run)
            menu.addAction(entry)
        menu.popup(self.table.viewport().mapToGlobal(place))


def _part_names() -> tuple[str, ...]:
    return tuple(name for name, _ in PARTS)


class _Legend(QLabel):
    """Names of the parts of a budget, each with its colour."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("muted")
        self.setTextFormat(Qt.TextFormat.RichText)
        self.setWordWrap(True)

    def show_rows(self, rows: list[ShownRatio]) -> None:
        """Name the parts that some ratio has; hide where none has a total."""
        budgets = [one.ratio.budget for one in rows]
        known = [part for part in PARTS if any(getattr(b, part[0]) is not None for b in budgets)]
        squares = (f'<span style="color:{tone}">■</span>&nbsp;{name}' for name, tone in known)
        self.setText("error budget: " + "&ensp; ".join(squares))
        self.setVisible(any(one.length is not None for one in rows))


class _Chart(pg.PlotWidget):  # type: ignore[misc]
    """Ratios as points with error bars, one colour for each ratio."""

    def __init__(self) -> None:
        super().__init__()
        self.setMenuEnabled(False)
        self.hideButtons()
        self.setMinimumWidth(220)
        self.setAccessibleName("Ratios plotted")

    def show_rows(self, rows: list[ShownRatio]) -> None:
        """Plot the rows that have a value."""
        self.clear()
        self.setBackground(colour("card"))
        for side in ("left", "bottom"):
            self.getAxis(side).setPen(colour("border"))
            self.getAxis(side).setTextPen(colour("muted"))
        samples = list(dict.fromkeys(one.sample for one in rows))
        names = list(dict.fromkeys(one.name for one in rows))
        for number, name in enumerate(names):
            own = [r for r in rows if r.name == name and r.ratio.value is not None]
            if not own:
                continue
            x = np.array([samples.index(r.sample) for r in own]) + 0.12 * number
            y = np.array([r.ratio.value for r in own])
            ends = [r.ratio.best_interval or (v, v) for r, v in zip(own, y, strict=True)]
            low, high = np.array(ends).T
            tone = colour(PARTS[number % len(PARTS)][1])
            self.addItem(
                pg.ErrorBarItem(
                    x=x, y=y, top=high - y, bottom=y - low, beam=0.08, pen=pg.mkPen(tone, width=1.4)
                )
            )
            self.addItem(pg.ScatterPlotItem(x=x, y=y, brush=tone, pen=None, size=8))
        self.getAxis("bottom").setTicks([list(enumerate(short_names(samples)))])
        self.setLabel("left", names[0] if len(names) == 1 else "ratio")
        self.setXRange(-0.5, max(len(samples) - 0.5, 0.5))


def short_names(samples: list[str]) -> list[str]:
    """Return names of samples short enough for an axis, without a bracket that all end with."""
    samples = without_common_bracket(samples)
    return [_short(sample) for sample in samples]


def _short(text: str) -> str:
    return text if len(text) <= 20 else f"{text[:3]}…{text[-16:]}"
