"""The tabs below the map of a series: trends, waterfall, differences, factors, table, report."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QPointF, QSize, Qt, Signal
from PySide6.QtGui import QGuiApplication, QPainter, QPen
from PySide6.QtWidgets import (
    QButtonGroup,
    QHeaderView,
    QPushButton,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from spectra_core.results.colours import COLOURS
from spectra_core.results.series_figures import differences
from spectra_core.results.trends import trends_csv
from spectra_core.series.factors import Principal, Resolved
from spectra_core.spectrum import Array

from ..formula import formula
from ..series_scene import KINDS, SeriesScene
from ..theme import colour, theme
from ..widgets import Choice, in_locale, label, row, wrapped
from .chart import Scale, paint_title, paint_y_ticks, polygon
from .curves_plot import Curve, Curves, CurvesPlot
from .level_map import heat_colours
from .level_plot import LevelPlot
from .level_trends import StackPlot, TrendPlot, cell


def level_tones(count: int) -> list[str]:
    """Return a colour for each level, from the first to the last."""
    places = np.linspace(0.35, 0.92, max(count, 1)) if not theme().palette.dark else None
    places = np.linspace(0.4, 0.95, max(count, 1)) if places is None else places
    shades = heat_colours()[(255 * places).astype(int)]
    return [f"#{r:02x}{g:02x}{b:02x}" for b, g, r, _ in shades.tolist()]


class TrendsTab(QWidget):
    """Trends over fractions, with the choice of what is drawn.

    Signals
    -------
    kind_chosen(str, str)
        Kind of trends, and the name of one where each is shown by itself.
    """

    kind_chosen = Signal(str, str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._kind = "share"
        self.trends, self.stack = TrendPlot(), StackPlot()
        self.buttons: dict[str, QPushButton] = {}
        group = QButtonGroup(self)
        for kind, text in KINDS:
            button = QPushButton(text)
            button.setObjectName("segment")
            button.setCheckable(True)
            button.clicked.connect(lambda _=False, k=kind: self.kind_chosen.emit(k, ""))
            group.addButton(button)
            self.buttons[kind] = button
        self.quantity = Choice(name="Quantity")
        self.quantity.chosen.connect(lambda name: self.kind_chosen.emit(self._kind, name))
        self.choices = QWidget(self.trends)
        bar = row(self.quantity, *self.buttons.values(), spacing=4)
        self.choices.setLayout(bar)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 4, 0, 4)
        layout.setSpacing(2)
        layout.addWidget(self.trends, 5)
        layout.addWidget(self.stack, 4)
        self.trends.installEventFilter(self)

    def eventFilter(self, watched: object, event: object) -> bool:  # noqa: N802
        """Keep the choices in the upper right corner of the trends."""
        self._place()
        return False

    def _place(self) -> None:
        size = self.choices.sizeHint()
        self.choices.setGeometry(self.trends.width() - size.width() - 8, 1, size.width(), 26)

    def show_series(self, scene: SeriesScene | None) -> None:
        """Show the trends of a series."""
        self.trends.show_series(scene)
        self.stack.show_series(scene)
        self.stack.setVisible(scene is not None and len(scene.stacked) > 1)
        kinds = () if scene is None else scene.kinds
        for kind, button in self.buttons.items():
            button.setVisible(kind in kinds)
            button.setChecked(scene is not None and kind == scene.kind)
        several = scene is not None and scene.kind in ("ratio", "parameter")
        self._kind = "share" if scene is None else scene.kind
        names = [t.name for t in scene.quantities] if scene is not None and several else []
        self.quantity.setVisible(len(names) > 1)
        if scene is not None and names:
            shown = scene.shown[0].name
            self.quantity.set_options([(name, formula(name)) for name in names], shown)
        self._place()


def waterfall_of(scene: SeriesScene) -> Curves:
    """Return the levels above each other: the fits, or the data where there are none."""
    x, table = scene.table
    heights = np.nanmax(table, axis=1) - np.nanmin(table, axis=1)
    step = 0.35 * float(np.nanquantile(heights, 0.9))
    tones, found = level_tones(len(scene)), []
    for k in range(len(scene)):
        fit = scene.fits[k]
        xs, ys = (x, table[k]) if fit is None else (fit.x, fit.envelope)
        if not np.isfinite(ys).any():
            continue
        own = ys - np.nanmin(ys) + k * step
        tone = theme().palette.warn if k in scene.apart else tones[k]
        chosen = k == scene.level
        tone = theme().palette.accent if chosen else tone
        found.append(Curve(xs, own, tone, scene.position_words(k), chosen, k))
    title = f"{scene.region}, levels above each other"
    return Curves(title, scene.energy_words, "", tuple(found), scene.falls, ticks=False)


def differences_of(scene: SeriesScene) -> Curves:
    """Return every level minus the first, each over its signal."""
    title = f"{scene.region}: level minus the first, each over its signal"
    if scene.record is None:
        said = "Fit the series (F): differences are taken over the signal of the fit."
        return Curves(title, scene.energy_words, "", said=said)
    x, table = differences(scene.record, scene.region)
    tones = level_tones(len(scene))
    accent = theme().palette.accent
    curves = tuple(
        Curve(
            x,
            table[k],
            accent if k == scene.level else tones[k],
            scene.position_words(k),
            k == scene.level,
            k,
        )
        for k in range(1, len(scene))
    )
    up = f"difference, 1/{scene.axis.unit}" if scene.falls else "difference"
    return Curves(title, scene.energy_words, up, curves, scene.falls)


class ScorePlot(LevelPlot):
    """Amounts of factors over the levels, with the spread of all that fit equally well."""

    top, bottom = 28, 10

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("Amounts of factors", parent)
        self.setMinimumHeight(90)
        self.amounts: Array = np.empty((0, 0))
        self.spread: tuple[Array, Array] | None = None
        self.title = ""

    def sizeHint(self) -> QSize:  # noqa: N802
        """Return a height at which factors can be told apart."""
        return QSize(560, 130)

    def show_amounts(self, amounts: Array, spread: tuple[Array, Array] | None, title: str) -> None:
        """Show amounts (L, r), and the lowest and highest of equally good answers."""
        self.amounts, self.spread, self.title = amounts, spread, title
        self.update()

    def paint(self, painter: QPainter, scene: SeriesScene) -> None:
        """Paint them."""
        paint_title(painter, QPointF(12, 18), self.title)
        if self.amounts.shape[0] != len(scene) or not self.amounts.size:
            return
        ends = [self.amounts] if self.spread is None else [*self.spread]
        low, high = min(0.0, *(float(e.min()) for e in ends)), max(float(e.max()) for e in ends)
        up = Scale(low, 1.05 * high, self.area.bottom(), self.area.top())
        paint_y_ticks(painter, self.area, up, most=3)
        x = self.scale(scene).all_at(scene.positions)
        for k in range(self.amounts.shape[1]):
            tone = COLOURS[k % len(COLOURS)]
            if self.spread is not None:
                painter.setPen(Qt.PenStyle.NoPen)
                painter.setBrush(colour(tone, 0.2))
                above, below = up.all_at(self.spread[1][:, k]), up.all_at(self.spread[0][:, k])
                outline = np.concatenate([x, x[::-1]])
                painter.drawPolygon(polygon(outline, np.concatenate([above, below[::-1]])))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(colour(tone), 1.7))
            painter.drawPolyline(polygon(x, up.all_at(self.amounts[:, k])))
        self.paint_cursor(painter, scene)


class FactorsTab(QWidget):
    """How many factors stand above the noise, and what they could be.

    Signals
    -------
    resolve_asked()
        Non-negative factors are wanted; they take a while.
    """

    resolve_asked = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.said = label("", "muted", wrap=True)
        self.pca, self.nmf = QPushButton("PCA"), QPushButton("NMF")
        for button in (self.pca, self.nmf):
            button.setObjectName("segment")
            button.setCheckable(True)
        self.pca.setChecked(True)
        group = QButtonGroup(self)
        group.addButton(self.pca)
        group.addButton(self.nmf)
        self.pca.clicked.connect(self._draw)
        self.nmf.clicked.connect(self._draw)
        self.scores, self.loadings = ScorePlot(), CurvesPlot("Loadings of factors")
        self.scores.setMinimumHeight(60)  # the map above keeps its height
        self.loadings.setMinimumHeight(80)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 6, 0, 4)
        layout.setSpacing(2)
        head = row(self.said, self.pca, self.nmf)
        head.setContentsMargins(12, 0, 8, 0)
        head.setStretch(0, 1)
        layout.addLayout(head)
        layout.addWidget(self.scores, 4)
        layout.addWidget(self.loadings, 5)
        self.shown_of: object = None
        self._found: tuple[Array, Principal] | None = None
        self._resolved: Resolved | None = None

    def show_factors(
        self, energies: Array | None, found: Principal | None, resolved: Resolved | None, why: str
    ) -> None:
        """Show what was found of a region; `why` says why there is nothing."""
        self._found = None if energies is None or found is None else (energies, found)
        self._resolved = resolved
        self.nmf.setEnabled(self._found is not None)
        if found is None:
            self.said.setText(why)
        else:
            stands = "factor stands" if found.rank == 1 else "factors stand"
            self.said.setText(
                f"{found.rank} {stands} above the noise,"
                " without any model. A drift of the charge counts as one or two. A factor is no"
                " species until a reference of it passes the target test."
            )
        self._draw()

    def _draw(self, _: bool = False) -> None:
        if self._found is None:
            self.scores.show_amounts(np.empty((0, 0)), None, "")
            self.loadings.show_curves(Curves("", "", ""))
            return
        energies, found = self._found
        if self.nmf.isChecked():
            if self._resolved is None:
                self.scores.show_amounts(np.empty((0, 0)), None, "Non-negative factors…")
                self.loadings.show_curves(Curves("", "", "", said="20 starts are being made."))
                self.resolve_asked.emit()
                return
            own = self._resolved
            title = f"Amounts; bands: {own.good} of {own.starts} starts that fit equally well"
            self.scores.show_amounts(own.amounts, (own.lowest, own.highest), title)
            self._draw_loadings(energies, own.spectra, "Factors of area 1", "")
            return
        rank = max(1, found.rank)
        self.scores.show_amounts(found.scores[:, :rank], None, "Scores, noise-scaled")
        self._draw_loadings(energies, found.loadings[:rank], "Loadings, noise-scaled", "")

    def _draw_loadings(self, x: Array, rows: Array, title: str, unit: str) -> None:
        curves = tuple(
            Curve(x, own, COLOURS[k % len(COLOURS)], f"factor {k + 1}")
            for k, own in enumerate(rows)
        )
        scene = self.scores.scene
        across, falls = ("", True) if scene is None else (scene.energy_words, scene.falls)
        self.loadings.show_curves(Curves(title, across, unit, curves, falls))


class LevelTable(QTableWidget):
    """Every trend of every level, with its error or limit.

    Signals
    -------
    level_chosen(int), fit_asked(int)
    """

    level_chosen = Signal(int)
    fit_asked = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("plain")
        self.setAccessibleName("Table of levels")
        self.setEditTriggers(QTableWidget.EditTrigger.NoEditTriggers)
        self.setSelectionBehavior(QTableWidget.SelectionBehavior.SelectRows)
        self.setSelectionMode(QTableWidget.SelectionMode.SingleSelection)
        self.verticalHeader().hide()
        self.setShowGrid(False)
        self._scene: SeriesScene | None = None
        self._filling = False
        self.currentCellChanged.connect(self._chosen)
        self.cellDoubleClicked.connect(lambda line, _: self.fit_asked.emit(line))

    def show_series(self, scene: SeriesScene | None) -> None:
        """Show a series."""
        old, self._scene = self._scene, scene
        self._filling = True
        if scene is None:
            self.setRowCount(0)
        elif old is None or old.trends is not scene.trends or old.record is not scene.record:
            self._fill(scene)
        if scene is not None:
            self.setCurrentCell(scene.level, max(self.currentColumn(), 0))
        self._filling = False

    def _fill(self, scene: SeriesScene) -> None:
        heads = ["level"] if scene.series.axis == "index" else ["level", scene.axis_words]
        if scene.depths is not None:
            heads.append("depth, nm")
        heads += [formula(t.name) for t in scene.trends] + ["alarms"]
        self.clear()
        self.setColumnCount(len(heads))
        self.setRowCount(len(scene))
        self.setHorizontalHeaderLabels(heads)
        for level in range(len(scene)):
            for column, text in enumerate(self._cells(scene, level)):
                item = QTableWidgetItem(text)
                last = column == len(heads) - 1
                side = Qt.AlignmentFlag.AlignLeft if last else Qt.AlignmentFlag.AlignRight
                item.setTextAlignment(side | Qt.AlignmentFlag.AlignVCenter)
                if last and text:
                    item.setForeground(colour("warn"))
                    said = [a.message for a in scene.alarms if a.level == level]
                    item.setToolTip(wrapped("\n".join(said)))
                self.setItem(level, column, item)
        self.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)

    def _cells(self, scene: SeriesScene, level: int) -> list[str]:
        cells = [f"{level + 1}"]
        if scene.series.axis != "index":
            cells.append(in_locale(f"{scene.series.positions[level]:.6g}"))
        if scene.depths is not None:
            cells.append(in_locale(f"{scene.depths[0][level]:.3g} ± {scene.depths[1][level]:.2g}"))
        cells += [cell(trend, level) for trend in scene.trends]
        codes = dict.fromkeys(a.code for a in scene.alarms if a.level == level)
        return [*cells, ", ".join(codes)]

    def _chosen(self, line: int, *_: int) -> None:
        if not self._filling and line >= 0:
            self.level_chosen.emit(line)

    def copy(self) -> bool:
        """Put the whole table on the clipboard as csv, every digit; False if there is none."""
        scene = self._scene
        if scene is None or scene.record is None:
            return False
        QGuiApplication.clipboard().setText(trends_csv(scene.record, scene.trends))
        return True
