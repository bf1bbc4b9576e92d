"""The Series view: heat map and trends of all levels beside the spectrum of one."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import (
    QButtonGroup,
    QHBoxLayout,
    QPushButton,
    QSizePolicy,
    QTabWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from spectra_core.referee.verdict import CHECK, NOT_YET
from spectra_core.series.alarms import levels_words
from spectra_core.series.factors import FEWEST_LEVELS

from ..formula import formula
from ..series_scene import SeriesScene
from ..theme import theme
from ..widgets import Card, Elided, clear_layout, label, link_button, plain_button, restyle, wrapped
from .curves_plot import CurvesPlot
from .level_map import LevelMap, LevelSlider
from .series_level import LevelPanel, where_words
from .series_tabs import (
    FactorsTab,
    LevelTable,
    TrendsTab,
    differences_of,
    waterfall_of,
)
from .tab_report import ReportTab

_PILL = 24  # letters of the levels in the pill: a longer word makes the window as wide
_TOLD = 5  # remarks


class SeriesView(QWidget):
    """Shows a series; what is chosen in any part of it is said once.

    Signals
    -------
    level_chosen(int), region_chosen(str), kind_chosen(str, str)
    fit_asked(int)
        The fit of one level is wanted in the Spectrum view.
    play_asked(), settings_asked(), export_asked(), copy_asked(), run_asked()
    tab_changed()
    resolve_asked()
    """

    level_chosen = Signal(int)
    region_chosen = Signal(str)
    kind_chosen = Signal(str, str)
    fit_asked = Signal(int)
    play_asked = Signal()
    settings_asked = Signal()
    export_asked = Signal()
    copy_asked = Signal()
    run_asked = Signal()
    tab_changed = Signal()
    resolve_asked = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("Series")
        self.scene: SeriesScene | None = None
        self.map, self.slider = LevelMap(), LevelSlider()
        self.panel = LevelPanel()
        self.trends, self.factors = TrendsTab(), FactorsTab()
        self.waterfall, self.differences = CurvesPlot("Waterfall"), CurvesPlot("Differences")
        self.table, self.report = LevelTable(), ReportTab()
        self._make_head()
        self._make_tabs()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(6, 8, 10, 8)
        layout.setSpacing(8)
        layout.addLayout(self._head)
        body = QHBoxLayout()
        body.setSpacing(12)
        body.addLayout(self._left(), 56)
        body.addWidget(self.panel, 44)
        layout.addLayout(body, 1)
        self._join()

    def _make_head(self) -> None:
        self.name = label("", "title")
        self.name.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Preferred)
        self.sample = Elided("", "muted")
        self.verdict = QPushButton()
        self.verdict.setObjectName("pill")
        self.verdict.clicked.connect(self._show_worst)
        self.regions = QHBoxLayout()
        self.regions.setSpacing(2)
        self.fit = QToolButton()
        self.fit.setObjectName("primary")
        self.fit.setText("Fit the series")
        self.fit.clicked.connect(self.run_asked)
        self.settings = plain_button("Settings…", "What levels share, their order, and the depth.")
        self.settings.clicked.connect(self.settings_asked)
        self.export = plain_button("Export…", "Trends, figures, results and reports of the series.")
        self.export.clicked.connect(self.export_asked)
        self._head = QHBoxLayout()
        self._head.setSpacing(10)
        self._head.addWidget(self.name)
        self._head.addLayout(self.regions)
        self._head.addWidget(self.verdict)
        self._head.addWidget(self.sample, 1)
        for button in (self.settings, self.export, self.fit):
            self._head.addWidget(button)

    def _make_tabs(self) -> None:
        self.tabs = QTabWidget()
        self.tabs.setMinimumHeight(230)
        for tab, title in (
            (self.trends, "Trends"),
            (self.waterfall, "Waterfall"),
            (self.differences, "Differences"),
            (self.factors, "Factors"),
            (self.table, "Level table"),
            (self.report, "Report"),
        ):
            self.tabs.addTab(tab, title)
        self.copy = link_button("Copy", "The table of all trends as csv, every digit.")
        self.copy.clicked.connect(self.copy_asked)
        self.tabs.setCornerWidget(self.copy)

    def _left(self) -> QVBoxLayout:
        card = Card(margins=0)
        card.body.setContentsMargins(0, 0, 0, 4)
        card.body.setSpacing(0)
        card.body.addWidget(self.map, 1)
        card.body.addWidget(self.slider)
        self.play = QPushButton("Play", self.slider)
        self.play.setToolTip("Step through the levels (P).")
        self.play.clicked.connect(self.play_asked)
        self.play.setGeometry(6, 11, 48, 28)
        self.play.setStyleSheet("padding: 2px;")
        left = QVBoxLayout()
        left.setSpacing(8)
        left.addWidget(card, 44)
        left.addWidget(self.tabs, 56)
        return left

    def _join(self) -> None:
        for plot in (
            self.map,
            self.slider,
            self.trends.trends,
            self.trends.stack,
            self.factors.scores,
            self.table,
            self.panel,
        ):
            plot.level_chosen.connect(self.level_chosen)
            plot.fit_asked.connect(self.fit_asked)
        for curves in (self.waterfall, self.differences):
            curves.chosen.connect(self.level_chosen)
        self.trends.kind_chosen.connect(self.kind_chosen)
        self.panel.settings_asked.connect(self.settings_asked)
        self.slider.rate_asked.connect(self.settings_asked)
        self.factors.resolve_asked.connect(self.resolve_asked)
        self.report.export_asked.connect(self.export_asked)
        self.tabs.currentChanged.connect(self._changed_tab)
        theme().changed.connect(self._dress)

    def _dress(self) -> None:
        self.show_series(self.scene)

    def _changed_tab(self, _: int) -> None:
        self.show_series(self.scene)
        self.tab_changed.emit()

    # -----------------------------------------------------------------------------
    # What is shown

    def show_series(self, scene: SeriesScene | None) -> None:
        """Show a series; what is behind another tab is drawn when that is chosen."""
        self.scene = scene
        if scene is None:
            return
        self._show_head(scene)
        self.map.show_series(scene)
        self.slider.show_series(scene)
        self.panel.show_series(scene)
        shown = self.tabs.currentWidget()
        if shown is self.trends:
            self.trends.show_series(scene)
        elif shown is self.waterfall:
            self.waterfall.show_curves(waterfall_of(scene))
        elif shown is self.differences:
            self.differences.show_curves(differences_of(scene))
        elif shown is self.factors:
            self.factors.scores.show_series(scene)
        elif shown is self.table:
            self.table.show_series(scene)
        few = len(scene) < FEWEST_LEVELS
        place = self.tabs.indexOf(self.factors)
        self.tabs.setTabEnabled(place, not few)
        why = f"Factors need {FEWEST_LEVELS} levels or more; there are {len(scene)}." if few else ""
        self.tabs.setTabToolTip(place, why)

    def _show_head(self, scene: SeriesScene) -> None:
        self.name.setText(f"{scene.region}, {len(scene)} levels")
        self.sample.set_full(scene.series.sample)
        title = scene.recipe.title if scene.recipe is not None else ""
        self.name.setToolTip(f"{title} · one model for all levels" if title else "")
        self._show_regions(scene)
        word, severity, tip = verdict_words(scene)
        self.verdict.setVisible(bool(word))
        self.verdict.setText(f"● {word}")
        self.verdict.setToolTip(wrapped(tip))
        self.verdict.setProperty("severity", severity)
        restyle(self.verdict)
        self.export.setEnabled(scene.record is not None)
        self.settings.setEnabled(scene.recipe is not None)
        self.fit.setEnabled(not scene.why_not and not scene.busy)
        self.fit.setToolTip(scene.why_not or "All levels as one problem (F).")
        self.copy.setEnabled(scene.record is not None)

    def _show_regions(self, scene: SeriesScene) -> None:
        if getattr(self, "_regions", None) != scene.regions:
            self._regions = scene.regions
            clear_layout(self.regions)
            self._group = QButtonGroup(self)
            for name in scene.regions if len(scene.regions) > 1 else ():
                made = QPushButton(formula(name))
                made.setObjectName("segment")
                made.setCheckable(True)
                made.clicked.connect(lambda _=False, r=name: self.region_chosen.emit(r))
                self._group.addButton(made)
                self.regions.addWidget(made)
        for button, name in zip(self._group.buttons(), scene.regions, strict=False):
            button.setChecked(name == scene.region)

    def show_playing(self, on: bool) -> None:
        """Show whether the levels are being played."""
        self.play.setText("Stop" if on else "Play")

    def _show_worst(self) -> None:
        words = [] if self.scene is None else [own.word for own in self.scene.verdicts]
        worst = next((word for word in (NOT_YET, CHECK) if word in words), None)
        if worst is not None:
            self.level_chosen.emit(words.index(worst))

    @property
    def is_report_seen(self) -> bool:
        """Whether the report is in front."""
        return self.tabs.currentWidget() is self.report

    @property
    def is_factors_seen(self) -> bool:
        """Whether the factors are in front."""
        return self.tabs.currentWidget() is self.factors


def verdict_words(scene: SeriesScene) -> tuple[str, str, str]:
    """Return the word on a series, how bad it is, and what it rests on; empty before a fit.

    The word is the worst of its levels', as the report and the list of spectra have them, or
    that of the series as a whole.
    """
    if scene.record is None:
        return "", "good", ""
    tip = "\n".join(
        [finding.message for finding in scene.warnings]
        + [f"Level {a.level + 1}: {a.message}" for a in scene.alarms]
        + [
            f"{where_words(finding, levels)}: {finding.message}"
            for finding, levels in scene.remarks[:_TOLD]
        ]
    )
    if not scene.record.fit.solution.converged:
        return "Not yet: the fit did not settle", "alarm", tip
    for word, severity in ((NOT_YET, "alarm"), (CHECK, "warn")):
        levels = [k for k, own in enumerate(scene.verdicts) if own.word == word]
        if levels:
            text = levels_words(levels)
            short = text if len(text) <= _PILL else f"{len(levels)} of {len(scene)} levels"
            return f"{word.capitalize()}: {short}", severity, tip
    if scene.warnings:
        return f"{CHECK.capitalize()}: the whole series", "warn", tip
    return "Sound", "good", "No level stands apart from its neighbours, and none has a remark."
