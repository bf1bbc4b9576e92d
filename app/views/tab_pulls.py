"""Pulls and impacts of the shown fit: what each assumption wanted, and what it moves.

Two columns of the table are the plot that particle physics draws: where the fit took each prior,
on bands of one and two of its standard deviations, and by how much the ratio changes when what
the prior is about is held one standard error higher (filled) and lower (open).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import sqrt

from PySide6.QtCore import QPointF, QRectF, QSize, Signal
from PySide6.QtGui import QColor, QPainter, QPen, QResizeEvent
from PySide6.QtWidgets import (
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableWidgetItem,
    QWidget,
)

from spectra_core.results.impacts import ImpactRow, disagrees, impact_row
from spectra_core.results.table import value_text
from spectra_core.uncertainty.pulls import Impact, Pull, pulls_at_rest
from spectra_core.uncertainty.ratios import Ratio

from ..formula import formula
from ..scene import Scene
from ..theme import colour, number_font
from ..widgets import label, link_button, printed, wrapped
from .ratio_tab import DATA, Index, PlainTable, RatioTab, copied

_Place = Callable[[float], float]
HEADINGS = ("assumption", "prior", "fitted", "pull, σ", "Δχ² freed", "impact", "±")
NO_PRIORS = "The model has no priors: everything in it is free, tied exactly or held."
NO_FIT = "Fit to see what each assumption wanted, and what it moves."
NO_RATIO = "Define a ratio, and compute it with its full budget, to see the impacts."
_FITTED, _PULL, _GAIN, _IMPACT = 2, 3, 4, 5
_NARROW, _NARROWEST = 760, 680  # pixels
_REACH = 2.6  # standard deviations that the column of pulls shows at least
_ROW = 26


class PullsTab(RatioTab):
    """The choice of a ratio, and the table ranked by the impacts on it.

    Signals
    -------
    free_asked(str, str)
        An assumption is to be taken out and the fit made again: its name, and its prior in full.
    """

    free_asked = Signal(str, str)

    def __init__(self, parent: QWidget | None = None) -> None:
        table = _Table()
        super().__init__(table, parent)
        self.table = table
        self._plain: tuple[Impact, ...] = ()
        self._foot = label("", "muted", wrap=True)
        self._layout.addWidget(self._foot)
        self.free = link_button(
            "Free it, and fit", "Take the chosen assumption out of the model. It can be undone."
        )
        self.free.clicked.connect(self._ask_free)
        self._top.insertWidget(self._top.count() - 1, self.free)
        table.itemSelectionChanged.connect(self._show_free)
        self._show_free()

    def show_scene(self, scene: Scene) -> None:
        """Show the priors of a scene's fit and the ratios of its analysis."""
        analysis = scene.analysis if scene.fitted else None
        ratios = () if analysis is None else analysis.ratios
        fit = scene.fit if scene.fitted else None
        if self._shown and self._shown[0] is fit and self._shown[1] is ratios:
            return
        self._shown = (fit, ratios)
        self._plain = ()
        if fit is not None:
            self._plain = tuple(Impact(pull, None, None) for pull in pulls_at_rest(fit))
        self._offer(tuple(ratio for ratio in ratios if ratio.impacts))

    @property
    def impacts(self) -> tuple[Impact, ...]:
        """What is shown, in the order of the rows."""
        chosen = self._chosen()
        return self._plain if chosen is None else chosen.impacts

    def text(self) -> str:
        """Return the table as text with tabs, every digit."""
        lines = ["\t".join(("ratio", "rank", *_NUMBERS, "up", "down"))]
        chosen = self._chosen()
        name = "" if chosen is None else chosen.name
        for rank, impact in enumerate(self.impacts, 1):
            values = [getattr(impact.pull, number) for number in _NUMBERS]
            cells = [name, rank, *values, impact.up, impact.down]
            lines.append("\t".join(copied(value) for value in cells))
        return "\n".join(lines)

    def _picked(self) -> Pull | None:
        """Return the pull of the row that is chosen."""
        rows = {item.row() for item in self.table.selectedItems()}
        return self.impacts[rows.pop()].pull if len(rows) == 1 else None

    def _show_free(self) -> None:
        self.free.setVisible(bool(self.impacts))
        self.free.setEnabled(self._picked() is not None)

    def _ask_free(self) -> None:
        if (pull := self._picked()) is not None:
            self.free_asked.emit(formula(pull.name), pull.prior)

    def _show(self) -> None:
        impacts, chosen = self.impacts, self._chosen()
        fitted = bool(self._shown) and self._shown[0] is not None
        self.ratio.setVisible(bool(self._ratios))
        self.copy_button.setVisible(bool(impacts))
        self.table.setVisible(bool(impacts))
        self._foot.setVisible(chosen is not None)
        if not impacts:
            self._said.setText(NO_PRIORS if fitted else NO_FIT)
        elif chosen is None:
            self._said.setText(NO_RATIO)
        else:
            self._said.setText(f"{printed(value_text(chosen))}, ranked by impact")
            self._foot.setText(_in_quadrature(chosen))
        self.table.clearSelection()
        self.table.show_impacts(impacts)
        self._show_free()


_NUMBERS = (
    *("prior", "name", "group", "unit", "value", "sd", "fitted", "low", "high", "at_bound"),
    *("pull", "narrowing", "normalised", "gain", "source"),
)


def _in_quadrature(ratio: Ratio) -> str:
    """Return the rows of a budget in words: priors, counting and model, and their total."""
    budget = ratio.budget
    known = [budget.energies, budget.ties, budget.shape]
    parts = [
        ("priors", sqrt(sum(part * part for part in known if part is not None))),
        ("counting", budget.counting),
        ("background", budget.background),
        ("model", budget.model),
        ("reference", budget.reference),
    ]
    said = ", ".join(f"{name} {value:.2g}" for name, value in parts if value)
    total = (
        ""
        if budget.total is None
        else f";  total\N{NO-BREAK SPACE}±\N{NO-BREAK SPACE}{budget.total:.2g}"
    )
    return printed(f"In quadrature: {said}{total}")


class _Table(PlainTable):
    """Rows of assumptions; two columns are painted."""

    def __init__(self) -> None:
        super().__init__("Pulls and impacts", HEADINGS, _ROW, (_PULL, _IMPACT))
        self.setItemDelegateForColumn(_PULL, _PullDelegate(self))
        self.setItemDelegateForColumn(_IMPACT, _ImpactDelegate(self))

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802
        """Leave what the fit says to the tooltip where the plots would have no room."""
        super().resizeEvent(event)
        self.setColumnHidden(_FITTED, self.width() < _NARROW)
        self.setColumnHidden(_GAIN, self.width() < _NARROWEST)

    def show_impacts(self, impacts: Sequence[Impact]) -> None:
        """Fill the table."""
        self.setRowCount(len(impacts))
        furthest = max((abs(impact.pull.pull) + 1.0 for impact in impacts), default=0.0)
        reach = max(furthest, _REACH)
        largest = max((impact.size for impact in impacts), default=0.0)
        for line, impact in enumerate(impacts):
            one = impact_row(impact)
            tip = wrapped(_tip(impact, one))
            size = f"{impact.size:.2g}" if impact.up is not None else ""
            cells = (formula(one.name), one.prior, one.fitted, "", one.gain, "", size)
            for column, text in enumerate(cells):
                item = QTableWidgetItem(text if column == 0 else printed(text))
                item.setToolTip(tip)
                if column in (1, 2, 4, 6):
                    item.setFont(number_font(bold=column == 6))
                if one.disagrees:
                    item.setForeground(colour("alarm"))
                if column == _PULL:
                    item.setData(DATA, (impact.pull, reach))
                if column == _IMPACT:
                    item.setData(DATA, (impact, largest))
                self.setItem(line, column, item)


def _tip(impact: Impact, one: ImpactRow) -> str:
    pull = impact.pull
    lines = [
        pull.prior,
        f"fitted {printed(one.fitted)}",
        f"pull {printed(one.pull)}, narrowed to {printed(one.narrowing)} of the prior's width",
        f"+1 σ: {printed(one.up)}, −1 σ: {printed(one.down)}",
        f"χ² falls by {printed(one.gain)} where it is let go" if one.gain not in ("", "-") else "",
        pull.source or "no source was given",
    ]
    if one.disagrees:
        lines.insert(2, "the data disagree with it by more than three standard errors")
    return "\n".join(filter(None, lines))


class _PullDelegate(QStyledItemDelegate):
    """Paints where the fit took a prior, and what is left of its width."""

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """Paint bands, bar and dot."""
        super().paint(painter, option, index)
        data = index.data(DATA)
        if not data:
            return
        pull, reach = data
        area = QRectF(option.rect).adjusted(4, 0, -4, 0)
        half = area.width() / 2

        def place(sigmas: float) -> float:
            return float(area.center().x() + half * max(-1.0, min(1.0, sigmas / reach)))

        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for sigmas, alpha in ((2.0, 26), (1.0, 34)):
            band = QRectF(place(-sigmas), area.top(), place(sigmas) - place(-sigmas), area.height())
            painter.fillRect(band, _clear("accent", alpha))
        painter.setPen(QPen(colour("border"), 1))
        painter.drawLine(QPointF(place(0.0), area.top()), QPointF(place(0.0), area.bottom()))
        _paint_pull(painter, pull, place, area.center().y())
        painter.restore()

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:  # noqa: N802
        """Return a fair size."""
        return QSize(160, _ROW)


def _paint_pull(painter: QPainter, pull: Pull, place: _Place, y: float) -> None:
    tone = colour("alarm" if disagrees(pull) else "text")
    painter.setPen(QPen(tone, 1.6))
    if pull.narrowing is not None:
        ends = [place((end - pull.value) / pull.sd) for end in (pull.low, pull.high)]
        painter.drawLine(QPointF(ends[0], y), QPointF(ends[1], y))
    painter.setBrush(colour("card") if pull.at_bound else tone)
    painter.drawEllipse(QPointF(place(pull.pull), y), 3.2, 3.2)


class _ImpactDelegate(QStyledItemDelegate):
    """Paints the change of the ratio on both sides."""

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """Paint the bars: filled for one standard error up, open for down."""
        super().paint(painter, option, index)
        data = index.data(DATA)
        if not data or not data[1]:
            return
        impact, largest = data
        area = QRectF(option.rect).adjusted(4, 0, -4, 0)
        middle, half = area.center().x(), area.width() / 2
        tone = colour("alarm" if disagrees(impact.pull) else "accent")
        painter.save()
        painter.setPen(QPen(colour("border"), 1))
        painter.drawLine(QPointF(middle, area.top()), QPointF(middle, area.bottom()))
        for change, filled in ((impact.down, False), (impact.up, True)):
            if change is None:
                continue
            width = half * max(-1.0, min(1.0, change / largest))
            bar = QRectF(middle, area.center().y() - 5, width, 10).normalized()
            painter.setPen(QPen(tone, 1))
            painter.setBrush(tone if filled else colour("card"))
            painter.drawRect(bar)
        painter.restore()

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:  # noqa: N802
        """Return a fair size."""
        return QSize(160, _ROW)


def _clear(name: str, alpha: int) -> QColor:
    tone = QColor(colour(name))
    tone.setAlpha(alpha)
    return tone
