"""The right of the Series view: the spectrum of a level, its model, alarms and notes."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from spectra_core.errors import ModelError
from spectra_core.fitting import FitWarning
from spectra_core.model import Region
from spectra_core.referee.context import Finding
from spectra_core.results.table import with_error
from spectra_core.series.alarms import SeriesAlarm, levels_words
from spectra_core.series.fits import number_of
from spectra_core.series.global_fit import SHARED, Smooth

from ..formula import formula
from ..parameter_words import NAMES
from ..series_scene import SeriesScene
from ..theme import colour, number_font, theme
from ..widgets import Card, clear_layout, heading, in_locale, label, link_button, row
from .level_spectrum import LevelSpectrum
from .level_trends import cell
from .number_box import Mark

_HELP = {
    "unlike": "Free a width or position: Settings…",
    "drift": "Let the shift be smooth: Settings…",
}
"""What helps against an alarm of a level, beside looking at it."""


class LevelPanel(QWidget):
    """Everything about one level.

    Signals
    -------
    level_chosen(int), fit_asked(int), settings_asked()
    """

    level_chosen = Signal(int)
    fit_asked = Signal(int)
    settings_asked = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._scene: SeriesScene | None = None
        self.title, self.place = label("", "subtitle"), label("", "muted")
        self.goodness = label("", "muted")
        self.open = link_button("Show this fit", "The level in the Spectrum view, with its model.")
        self.open.clicked.connect(self._ask_fit)
        self.spectrum = LevelSpectrum()
        self.spectrum.fit_asked.connect(self._ask_fit)
        card = Card(margins=12)
        card.body.addLayout(row(self.title, self.place, 1, self.goodness, self.open, spacing=10))
        card.body.addWidget(self.spectrum, 1)
        self.rows = QGridLayout()
        self.rows.setHorizontalSpacing(6)
        self.rows.setVerticalSpacing(5)
        self.shared = label("", "muted", wrap=True)
        self.change = link_button("Change what is shared…")
        self.change.clicked.connect(self.settings_asked)
        self.model = Card(margins=7)
        self.model.body.addLayout(self.rows)
        self.below = QVBoxLayout()
        self.below.setSpacing(5)
        inner = QWidget()
        inner.setObjectName("page")
        column = QVBoxLayout(inner)
        column.setContentsMargins(0, 0, 6, 0)
        column.setSpacing(5)
        column.addWidget(heading("Model at this level"))
        column.addWidget(self.model)
        column.addWidget(self.shared)
        column.addLayout(row(self.change, 1))
        column.addLayout(self.below)
        column.addStretch(1)
        self.details = QScrollArea()
        self.details.setWidgetResizable(True)
        self.details.setFrameShape(QFrame.Shape.NoFrame)
        self.details.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.details.setWidget(inner)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(8)
        layout.addWidget(card, 11)
        layout.addWidget(self.details, 9)
        self._told: object = None
        theme().changed.connect(self._retell)

    def _retell(self) -> None:
        self._told = None
        self.show_series(self._scene)

    def _ask_fit(self) -> None:
        if self._scene is not None:
            self.fit_asked.emit(self._scene.level)

    def show_series(self, scene: SeriesScene | None) -> None:
        """Show a level of a series."""
        self._scene = scene
        self.spectrum.show_series(scene)
        if scene is None:
            return
        self.title.setText(f"Level {scene.level + 1}")
        self.place.setText(scene.level_words(scene.level))
        fit = scene.fits[scene.level]
        words = ""
        if fit is not None:
            reduced, abbe = fit.statistics.reduced_chi_square, fit.statistics.abbe
            words = in_locale(f"χ²ᵣ {reduced:.2f}   Abbe {abbe:.2f}")
        self.goodness.setText(words)
        self._show_rows(scene)
        told = (scene.record, scene.region)
        if told != self._told:
            self._told = told
            self._show_alarms(scene)

    # -----------------------------------------------------------------------------
    # The model

    def _show_rows(self, scene: SeriesScene) -> None:
        clear_layout(self.rows)
        result, model = scene.result_of(scene.level), scene.model
        fit = scene.fits[scene.level]
        if result is None or model is None or fit is None:
            self.rows.addWidget(label(_nothing(scene), "muted", wrap=True), 0, 0)
            self.shared.setText(recipe_words(scene))
            self.change.setVisible(scene.recipe is not None)
            return
        unit = fit.spectrum.axis.unit
        atoms = any(t.kind == "species" and t.group == scene.region for t in scene.trends)
        heads = ("", f"centre, {unit}", *(() if atoms else (f"FWHM, {unit}",)), "area", "share")
        for column, text in enumerate((*heads, *(("at% of all",) if atoms else ()))):
            head = label(text, "muted")
            head.setAlignment(Qt.AlignmentFlag.AlignRight)
            self.rows.addWidget(head, 0, column)
        self.rows.setColumnStretch(0, 1)
        for line, (owner, text) in enumerate(scene.owner_labels.items(), 1):
            self.rows.addLayout(_name(scene.colours[owner], formula(text)), line, 0)
            for column, cell_of in enumerate(self._cells(scene, model, owner, text, atoms), 1):
                self.rows.addLayout(cell_of, line, column)
        self.shared.setText(shared_words(scene))
        self.change.setVisible(scene.recipe is not None)

    def _cells(
        self, scene: SeriesScene, model: Region, owner: str, text: str, atoms: bool
    ) -> list[QHBoxLayout]:
        """Return the numbers of one component, its centre and width with what they are."""
        result = scene.result_of(scene.level)
        doublet = next((d for d in model.doublets if d.id == owner), None)
        major = owner if doublet is None else doublet.major
        assert result is not None
        centre, width = (f"{scene.region}/{major}/{name}" for name in ("center", "fwhm"))
        summary = result.summary(scene.region, major)
        found = [_cell(_number(result.value(centre), _error(result, centre)), _mark(scene, centre))]
        if not atoms:
            words = _number(summary.fwhm, _error(result, width))
            found.append(_cell(words, _mark(scene, width)))
        for kind in ("area", "share", *(("species",) if atoms else ())):
            own = (t for t in scene.trends if t.kind == kind and t.group == scene.region)
            trend = next((t for t in own if t.label == text), None)
            words = "" if trend is None else cell(trend, scene.level).removesuffix(f" {trend.unit}")
            found.append(_cell(words))
        return found

    # -----------------------------------------------------------------------------
    # Alarms and notes

    def _show_alarms(self, scene: SeriesScene) -> None:
        clear_layout(self.below)
        if scene.record is None:
            return
        if scene.alarms or scene.warnings:
            self.below.addLayout(row(heading("Alarms"), 1))
        for alarm in scene.alarms:
            self.below.addWidget(self._alarm(alarm))
        if scene.warnings:
            self.below.addWidget(self._warning(scene.warnings))
        if scene.remarks:
            self.below.addLayout(row(heading("Remarks"), 1))
        for finding, levels in scene.remarks:
            self.below.addWidget(self._remark(finding, levels))
        notes = scene.notes
        if notes:
            several = "note" if len(notes) == 1 else "notes"
            read = link_button("Read")
            text = label(
                "\n".join(f"• {note.message}" for note in notes),
                "muted",
                wrap=True,
                selectable=True,
            )
            text.hide()

            def unfold(_: bool = False) -> None:
                text.setVisible(text.isHidden())
                read.setText("Read" if text.isHidden() else "Less")

            read.clicked.connect(unfold)
            self.below.addLayout(
                row(label(f"{len(notes)} {several} on the profile", "muted"), 1, read)
            )
            self.below.addWidget(text)

    def _alarm(self, alarm: SeriesAlarm) -> QFrame:
        links = self._links(alarm.level)
        if alarm.code in _HELP:
            more = link_button(_HELP[alarm.code])
            more.clicked.connect(self.settings_asked)
            links.insertWidget(1, more)
        return _frame(f"Level {alarm.level + 1}: {alarm.code}", alarm.message, "warn", links)

    def _warning(self, findings: Sequence[Finding]) -> QFrame:
        """Return what is wrong with the series as a whole, in one frame with what to do."""
        severity = "alarm" if any(f.severity == "alarm" for f in findings) else "warn"
        said = " ".join(sentence_of(finding.message) for finding in findings)
        advice = " ".join(dict.fromkeys(f.advice for f in findings if f.advice))
        links = row(label(advice, "muted", wrap=True))
        return _frame("The whole series", said, severity, links)

    def _remark(self, finding: FitWarning, levels: Sequence[int]) -> QFrame:
        """Return what the referee says of some levels, in the words of the first."""
        severity = "alarm" if getattr(finding, "severity", "") == "alarm" else "warn"
        said = finding.message
        if len(levels) > 1:
            said = f"At level {levels[0] + 1}: {said}"
        return _frame(where_words(finding, levels), said, severity, self._links(levels[0]))

    def _links(self, level: int) -> QHBoxLayout:
        show = link_button(f"Show level {level + 1}")
        show.clicked.connect(lambda _=False: self.level_chosen.emit(level))
        return row(show, 1)


def where_words(finding: FitWarning, levels: Sequence[int]) -> str:
    """Return what a finding is about: levels, and a place in their model if it has one."""
    levels_said = sentence_of(levels_words(levels))
    return f"{levels_said}: {finding.where}" if finding.where else levels_said


def _frame(head: str, said: str, severity: str, links: QHBoxLayout) -> QFrame:
    frame = QFrame()
    frame.setObjectName("note")
    frame.setProperty("severity", severity)
    inside = QVBoxLayout(frame)
    inside.setContentsMargins(10, 7, 10, 7)
    inside.setSpacing(3)
    inside.addWidget(label(head, "strong", wrap=True))
    inside.addWidget(label(sentence_of(said), "muted", wrap=True, selectable=True))
    inside.addLayout(links)
    return frame


def _cell(words: str, mark: Mark | None = None) -> QHBoxLayout:
    number = label(words, selectable=True)
    number.setFont(number_font(scale=0.93))
    number.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
    return row(1, number, *(() if mark is None else (mark,)), spacing=3)


def _mark(scene: SeriesScene, path: str) -> Mark | None:
    """Return whether a number is held, shared by all levels, or each level's own."""
    result = scene.result_of(scene.level)
    if result is None:
        return None
    record = scene.record
    mode = None if record is None else record.fit.modes.get(path)
    if mode == SHARED:
        return Mark("linked", "Shared by all levels.")
    if isinstance(mode, Smooth):
        return Mark("free", "Smooth along the series.")
    try:
        estimate = result.estimate(path)
    except ModelError:
        return None
    if estimate.free:
        return Mark("free", "This level's own.")
    if estimate.link is None:
        return Mark("fixed", "Held.")
    return Mark("linked", f"Linked: {estimate.link}")


def _name(tone: str, text: str) -> QHBoxLayout:
    swatch = QFrame()
    swatch.setFixedSize(10, 10)
    swatch.setStyleSheet(f"background: {colour(tone).name()}; border-radius: 2px;")
    return row(swatch, label(text, "strong"), 1)


def _nothing(scene: SeriesScene) -> str:
    if scene.busy:
        return "This level is being fitted…"
    if scene.result_of(scene.level) is None and scene.why_not:
        return scene.why_not
    if scene.result_of(scene.level) is None:
        return "Not fitted yet. Fit the series with F."
    return f"The recipe has no model for {scene.region} at this level."


def _error(result: object, path: str) -> float | None:
    try:
        return result.stderr(path)  # type: ignore[attr-defined, no-any-return]
    except ModelError:
        return None


def _number(value: float, error: float | None) -> str:
    text = with_error(value, error) if error is not None and error > 0 else f"{value:.4g}"
    return in_locale(text)


def sentence_of(text: str) -> str:
    """Return words with a capital, as a sentence begins."""
    return text[:1].upper() + text[1:]


def recipe_words(scene: SeriesScene) -> str:
    """Return what the series is, or will be, fitted with."""
    if scene.recipe is None:
        return ""
    title = scene.recipe.title or "the model of its levels"
    return f"Model: {title}. Areas, backgrounds and the charge shift are each level's own."


def shared_words(scene: SeriesScene) -> str:
    """Return what the levels share, what is smooth, and what is each level's own."""
    record = scene.record
    if record is None:
        return "Each level by itself so far; then all as one problem."
    by_name: dict[str, set[str]] = {}
    for path, mode in record.fit.modes.items():
        region, _, rest = path.partition("/")
        if region != scene.region and not rest.endswith("region/shift"):
            continue
        name = path.rpartition("/")[2]
        words = "background" if "/background/" in path else NAMES.get(name, name)
        kind = "shared" if mode == SHARED else "smooth" if isinstance(mode, Smooth) else "own"
        by_name.setdefault(words, set()).add(kind)
    parts = widths_words(scene)
    for kind, end in (
        ("shared", "shared by all levels"),
        ("smooth", "smooth along the series"),
        ("own", "each level's own"),
    ):
        names = [n for n, kinds in by_name.items() if kind in kinds]
        if names:
            parts.append(f"{_listed(names)} {'is' if len(names) == 1 else 'are'} {end}")
    return sentence_of("; ".join(parts)) + "."


def widths_words(scene: SeriesScene) -> list[str]:
    """Return the one width that all components of the region have, where they have one."""
    result, model = scene.result_of(scene.level), scene.model
    if result is None or model is None:
        return []
    minors = {doublet.minor for doublet in model.doublets}
    paths = [f"{scene.region}/{c.id}/fwhm" for c in model.components if c.id not in minors]
    known = [(number_of(result.value, path), _error(result, path)) for path in paths]
    if len({value for value, _ in known}) != 1 or known[0][0] != known[0][0]:
        return []
    axis = scene.axis.unit
    return [f"FWHM of all is {_number(*known[0])} {axis}"]


def _listed(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
