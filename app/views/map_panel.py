"""The right of the Map view: bands of the pixel, what must be known, baselines, regions."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from spectra_core.errors import ModelError
from spectra_core.fitting import FitResult, FitWarning
from spectra_core.project.maps import AreaFit
from spectra_core.referee.verdict import asks_for_a_look
from spectra_core.results.table import with_error

from ..formula import formula
from ..map_scene import NEAR, PIXEL, MapScene, band_pair
from ..theme import colour, number_font, theme
from ..widgets import Card, clear_layout, heading, in_locale, label, link_button, row
from .bands_plot import nothing_words
from .baseline_list import BaselineList, spread_words
from .series_level import sentence_of

WIDTH = 352
_WORST = 2
_SEEN = 2.0  # standard errors; an area below them is told as its limit
_LIMIT = 1.645  # standard errors of a one-sided limit of 95 %


class MapPanel(QScrollArea):
    """Everything about what is looked at.

    Signals
    -------
    kind_chosen(str), every_asked(bool)
        A baseline, and whether all of the table are wanted.
    area_chosen(str), area_added(str), area_removed(str)
        To be looked at, to be added as a spectrum, to be taken away.
    fit_asked()
    """

    kind_chosen = Signal(str)
    every_asked = Signal(bool)
    area_chosen = Signal(str)
    area_added = Signal(str)
    area_removed = Signal(str)
    fit_asked = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("Pixel and regions")
        self._scene: MapScene | None = None
        self._told: tuple[object, ...] = ()
        self._listed: tuple[object, ...] = ()
        self.bands, self.notes, self.areas = QGridLayout(), QVBoxLayout(), QGridLayout()
        for grid in (self.bands, self.areas):
            grid.setHorizontalSpacing(7)
            grid.setVerticalSpacing(5)
            grid.setColumnStretch(0, 1)
        self.bands_heading = heading("Bands, this pixel")
        self.open = link_button("Show this fit", "The pixel in the Spectrum view, with its model.")
        self.open.clicked.connect(self.fit_asked)
        self.baselines = BaselineList()
        self.baselines.kind_chosen.connect(self.kind_chosen)
        self.every = QCheckBox("all of the table")
        self.every.clicked.connect(self.every_asked)
        self.spread = label("", "muted", wrap=True)
        self.areas_hint = label("Drag over the map: the mean of a region.", "muted", wrap=True)
        self.noise = label("", "muted", wrap=True, selectable=True)
        self._lay_out()
        theme().changed.connect(self._retell)

    def _lay_out(self) -> None:
        inner = QWidget()
        inner.setObjectName("page")
        column = QVBoxLayout(inner)
        column.setContentsMargins(2, 0, 8, 0)
        column.setSpacing(5)
        column.addLayout(row(self.bands_heading, 1, self.open))
        column.addWidget(_card(self.bands))
        self.notes.setSpacing(6)
        column.addLayout(self.notes)
        self.baseline_head = row(heading("Baseline"), 1, self.every)
        column.addLayout(self.baseline_head)
        self.baseline_card = Card(margins=8)
        self.baseline_card.body.addWidget(self.baselines)
        column.addWidget(self.baseline_card)
        column.addWidget(self.spread)
        column.addWidget(heading("Region averages"))
        self.areas_card = _card(self.areas)
        column.addWidget(self.areas_card)
        column.addWidget(self.areas_hint)
        column.addWidget(heading("Noise"))
        column.addWidget(self.noise)
        column.addStretch(1)
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFixedWidth(WIDTH)
        self.setWidget(inner)

    def _retell(self) -> None:
        self._told = self._listed = ()
        self.show_map(self._scene)

    def show_map(self, scene: MapScene | None) -> None:
        """Show what is looked at."""
        self._scene = scene
        if scene is None:
            return
        self._show_bands(scene)
        told = (scene.findings, scene.stale, scene.why_not, scene.record, scene.area)
        if _others(told, self._told):
            self._told = told
            self._show_notes(scene)
        pair = band_pair(scene.shown.name, scene.bands) or first_pair(scene)
        listed = (scene.baselines, pair, scene.areas, scene.own.settings.areas, scene.looking)
        if _others(listed, self._listed):
            self._listed = listed
            self.baselines.show_tried(scene.baselines, pair)
            self.spread.setText(spread_words(scene.baselines, pair))
            self._show_areas(scene)
        there = bool(scene.baselines)
        for part in (self.baseline_card, self.spread, self.every):
            part.setVisible(there)
        fit = scene.fit
        self.noise.setText("Known once the map is fitted." if fit is None else fit.noise)

    # -----------------------------------------------------------------------------
    # Bands

    def _show_bands(self, scene: MapScene) -> None:
        clear_layout(self.bands)
        what = "this pixel" if scene.area is None else f"region {scene.looking}"
        what = "pixel and neighbours" if scene.area is not None and scene.looking == NEAR else what
        self.bands_heading.setText(f"Bands, {what}".upper())
        self.open.setEnabled(scene.area is None)
        result = scene.result
        if result is None:
            self.bands.addWidget(label(nothing_words(scene), "muted", wrap=True), 0, 0)
            return
        for column, text in enumerate(("", "cm⁻¹", "FWHM", "area", "S/N")):
            head = label(text, "muted")
            head.setAlignment(Qt.AlignmentFlag.AlignRight)
            self.bands.addWidget(head, 0, column)
        for line, band in enumerate(scene.bands, 1):
            tone = scene.colours.get(band, "#7F7F7F")
            self.bands.addLayout(_name(tone, formula(band)), line, 0)
            for column, words in enumerate(self._cells(scene, result, band), 1):
                cell = label(words, selectable=True)
                cell.setFont(number_font(scale=0.9))
                cell.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
                self.bands.addWidget(cell, line, column)

    def _cells(self, scene: MapScene, result: FitResult, band: str) -> list[str]:
        region = result.regions[0].name
        paths = [f"{region}/{band}/{name}" for name in ("center", "fwhm", "area")]
        values, errors = [], []
        for path in paths:
            try:
                values.append(result.value(path))
                errors.append(self._error(scene, result, path))
            except ModelError:  # a shape without such a parameter
                values.append(float("nan"))
                errors.append(None)
        noise = values[2] / errors[2] if errors[2] else 0.0
        below = noise < scene.limit
        cells = [_number(v, e) for v, e in zip(values, errors, strict=True)]
        if below:
            cells[:2] = ["–", "–"]
        if noise < _SEEN and errors[2]:
            cells[2] = _limit(values[2], errors[2])
        return [*cells, in_locale(f"{noise:.0f}" if noise >= 2 else "< 2")]

    def _error(self, scene: MapScene, result: FitResult, path: str) -> float | None:
        """Return the standard error of a number: that of the map, where it is a pixel's."""
        if scene.area is not None or scene.fit is None:
            return result.stderr(path)
        error = float(scene.fit.batch.stderr(path)[scene.number])
        return error if error > 0 else None

    # -----------------------------------------------------------------------------
    # Notes

    def _show_notes(self, scene: MapScene) -> None:
        clear_layout(self.notes)
        if scene.stale and scene.own.settings.looked:
            said = "The model, the axis or masked channels were changed: fit again with F."
            self.notes.addWidget(_frame("Changed after its fit", said, "warn"))
        if scene.area is not None or scene.findings is None:
            return
        ranked = sorted(scene.findings, key=lambda f: not asks_for_a_look(f))
        worst = [f for f in ranked if asks_for_a_look(f)]
        for finding in worst[:_WORST]:
            self.notes.addWidget(_finding(finding))
        rest = worst[_WORST:] + [f for f in ranked if not asks_for_a_look(f)]
        if not rest:
            return
        folded = QWidget()
        inside = QVBoxLayout(folded)
        inside.setContentsMargins(0, 0, 0, 0)
        for finding in rest:
            inside.addWidget(_finding(finding))
        folded.hide()
        read = link_button("Read")

        def unfold(_: bool = False) -> None:
            folded.setVisible(folded.isHidden())
            read.setText("Read" if folded.isHidden() else "Less")

        read.clicked.connect(unfold)
        many = f"{len(rest)} note{'s' * (len(rest) > 1)} on this pixel"
        self.notes.addLayout(row(label(many, "muted"), 1, read))
        self.notes.addWidget(folded)

    # -----------------------------------------------------------------------------
    # Regions

    def _show_areas(self, scene: MapScene) -> None:
        clear_layout(self.areas)
        known = scene.own.settings.areas
        self.areas_card.setVisible(bool(known))
        ratios = [r for name in scene.ratios if (r := band_pair(name, scene.bands))][:2]
        heads = ["", "pixels", *(f"{formula(a)} / {formula(b)}" for a, b in ratios), ""]
        for column, text in enumerate(heads if known else ()):
            head = label(text, "muted")
            head.setAlignment(Qt.AlignmentFlag.AlignRight)
            self.areas.addWidget(head, 0, column)
        for line, one in enumerate(known, 1):
            found = scene.areas.get(one.name)
            button = QPushButton(one.name)
            button.setObjectName("segment")
            button.setCheckable(True)
            button.setChecked(scene.looking == one.name)
            button.setToolTip("Look at the mean spectrum of this region; again: at the pixel.")
            button.clicked.connect(lambda _=False, n=one.name: self._choose(n))
            self.areas.addLayout(row(button, 1), line, 0)
            count = len(scene.own.members(one))
            cells = [f"{count}", *(_ratio(found, *pair) for pair in ratios)]
            for column, words in enumerate(cells, 1):
                cell = label(words, selectable=True)
                cell.setFont(number_font(scale=0.93))
                cell.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
                self.areas.addWidget(cell, line, column)
            self.areas.addLayout(self._buttons(one.name), line, len(cells) + 1)

    def _buttons(self, name: str) -> QHBoxLayout:
        add = link_button(
            "add", "Its mean spectrum with its fit becomes a spectrum of the project."
        )
        add.setAccessibleName(f"Add region {name} as a spectrum")
        add.clicked.connect(lambda _=False: self.area_added.emit(name))
        gone = link_button("×", "Take the region away.")
        gone.setAccessibleName(f"Take region {name} away")
        gone.clicked.connect(lambda _=False: self.area_removed.emit(name))
        return row(add, gone, spacing=4)

    def _choose(self, name: str) -> None:
        chosen = self._scene is not None and self._scene.looking == name
        self.area_chosen.emit(PIXEL if chosen else name)


def first_pair(scene: MapScene) -> tuple[str, str] | None:
    """Return the bands of the recipe's first ratio; None where it maps none."""
    return band_pair(scene.ratios[0], scene.bands) if scene.ratios else None


def _others(a: tuple[object, ...], b: tuple[object, ...]) -> bool:
    return len(a) != len(b) or any(x is not y and x != y for x, y in zip(a, b, strict=True))


def _ratio(found: AreaFit | None, above: str, below: str) -> str:
    if found is None:
        return "…"
    if found.result is None:
        return "–"
    region = found.result.regions[0].name
    paths = [f"{region}/{name}/area" for name in (above, below)]
    a, b = (found.result.value(path) for path in paths)
    errors = [found.result.stderr(path) or 0.0 for path in paths]
    if b <= _SEEN * errors[1]:
        return "–"
    if a < _SEEN * errors[0]:
        return _limit(a / b, errors[0] / b)
    matrix = found.result.covariance_of(paths)
    gradient = (1 / b, -a / b**2)
    variance = sum(
        gradient[i] * float(matrix[i, j]) * gradient[j] for i in range(2) for j in range(2)
    )
    return _number(a / b, variance**0.5 if variance > 0 else None)


def _number(value: float, error: float | None) -> str:
    if value != value:
        return ""
    text = with_error(value, error) if error is not None and error > 0 else f"{value:.4g}"
    return in_locale(text)


def _limit(value: float, error: float) -> str:
    """Return the 95 % limit of what is not seen."""
    limit = float(f"{max(value, 0.0) + _LIMIT * error:.2g}")
    return in_locale(f"< {limit:g}")


def _finding(finding: FitWarning) -> QFrame:
    severity = {"alarm": "alarm", "warning": "warn"}.get(getattr(finding, "severity", ""), "")
    return _frame(finding.where, sentence_of(finding.message), severity)


def _frame(head: str, said: str, severity: str) -> QFrame:
    frame = QFrame()
    frame.setObjectName("note")
    frame.setProperty("severity", severity)
    inside = QVBoxLayout(frame)
    inside.setContentsMargins(10, 6, 10, 6)
    inside.setSpacing(2)
    if head:
        inside.addWidget(label(head, "strong", wrap=True))
    inside.addWidget(label(said, "muted", wrap=True, selectable=True))
    return frame


def _card(inside: QGridLayout) -> Card:
    card = Card(margins=8)
    card.body.addLayout(inside)
    return card


def _name(tone: str, text: str) -> QHBoxLayout:
    swatch = QLabel()
    swatch.setFixedSize(10, 10)
    swatch.setStyleSheet(f"background: {colour(tone).name()}; border-radius: 2px;")
    return row(swatch, label(text, "strong"), 1)
