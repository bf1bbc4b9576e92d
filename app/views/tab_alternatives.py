"""The models that the data leave open: what each says of a ratio, and how much it counts."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QPainter, QPen, QResizeEvent, QShowEvent
from PySide6.QtWidgets import (
    QBoxLayout,
    QFrame,
    QGridLayout,
    QScrollArea,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableWidgetItem,
    QWidget,
)

from spectra_core.results.table import interval_ends, rough, value_text, with_error
from spectra_core.uncertainty.densities import models_of
from spectra_core.uncertainty.open_models import OpenModel
from spectra_core.uncertainty.ratios import Ratio
from spectra_core.uncertainty.spread import Variant

from ..formula import formula
from ..scene import Scene
from ..theme import colour, number_font
from ..widgets import link_button, printed, wrapped
from .mixture_view import MOST_WIDE, MixtureView
from .ratio_tab import DATA, Index, PlainTable, RatioTab, copied
from .thumbnail import Curves, Shown, Thumbnail, beside, curves_of

HEADINGS = ("model", "ratio", "", "weight", "ΔBIC", "why not")
NO_FIT = "Fit to see which models the data leave open, and what each says of a ratio."
NO_BUDGET = "No ratio has its full budget: define one, and compute it without “counting alone”."
_PLACE = 2
_HIGH = 300  # pixels that the mixture and one row of models take
_ROW = 24


class AlternativesTab(RatioTab):
    """The choice of a ratio, a small plot of each model, and behind a link the table of all.

    Signals
    -------
    look_asked(str)
        The models of a ratio are wanted, fitted.
    adopt_asked(str)
        Name of the model that is to be that of the analysis.
    pointed(OpenModel or None)
        The model under the mouse, fitted.
    """

    look_asked = Signal(str)
    adopt_asked = Signal(str)
    pointed = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        table = _Table()
        super().__init__(table, parent)
        self.table = table
        self._scene: Scene | None = None
        self._open: dict[str, OpenModel] = {}
        self._fault = ""
        self.as_table = link_button("", "Every model with its chi-square, or why it was refused.")
        self.as_table.setCheckable(True)
        self.as_table.toggled.connect(lambda _: self._arrange())
        self._top.insertWidget(self._top.count() - 1, self.as_table)
        self.mixture = MixtureView()
        self.gallery = _Gallery()
        self.gallery.picked.connect(self.adopt_asked)
        self.gallery.pointed.connect(lambda name: self.pointed.emit(self._open.get(name)))
        self._pictures = QBoxLayout(QBoxLayout.Direction.TopToBottom)
        self._pictures.setSpacing(8)
        self._pictures.addWidget(self.mixture, 0, Qt.AlignmentFlag.AlignTop)
        self._pictures.addWidget(self.gallery, 1)
        self._layout.addLayout(self._pictures, 1)

    def show_scene(self, scene: Scene) -> None:
        """Show the ratios of a scene's analysis."""
        ratios = scene.analysis.ratios if scene.analysis is not None and scene.fitted else ()
        self._scene = scene
        if self._shown == (scene.fitted, id(ratios)):
            return
        self._shown = (scene.fitted, id(ratios))
        self._open, self._fault = {}, ""
        self._offer(tuple(ratio for ratio in ratios if models_of(ratio)))

    def show_models(self, found: Sequence[OpenModel]) -> None:
        """Show the curves of the models of the chosen ratio."""
        self._open = {one.name: one for one in found}
        self._show()

    def show_failure(self, why: str) -> None:
        """Say why the models cannot be drawn."""
        self._fault = why
        self._show()

    @property
    def models(self) -> list[Variant]:
        """What is shown, in the order of the rows."""
        chosen = self._chosen()
        return [] if chosen is None else models_of(chosen)

    def text(self) -> str:
        """Return the table as text with tabs, every digit."""
        chosen = self._chosen()
        name = "" if chosen is None else chosen.name
        lines = ["\t".join(("ratio", *_COPIED))]
        for model in self.models:
            values = (getattr(model, key) for key in _COPIED)
            lines.append("\t".join((name, *map(copied, values))))
        return "\n".join(lines)

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802
        """Ask for the curves, which are fitted only when somebody looks."""
        super().showEvent(event)
        self._look()

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802
        """Put mixture and models beside each other where there is no room for both below it."""
        super().resizeEvent(event)
        is_low = event.size().height() < _HIGH
        way = QBoxLayout.Direction
        self._pictures.setDirection(way.LeftToRight if is_low else way.TopToBottom)
        self._pictures.setStretch(0, 1 if is_low else 0)
        self.mixture.setMaximumWidth(event.size().width() * 9 // 20 if is_low else MOST_WIDE)

    def _look(self) -> None:
        chosen = self._chosen()
        if chosen is not None and self.isVisible():
            self.look_asked.emit(chosen.name)

    def _show(self) -> None:
        chosen = self._chosen()
        for part in (self.ratio, self.copy_button, self.as_table):
            part.setVisible(chosen is not None)
        fitted = bool(self._shown and self._shown[0])
        self._said.setText(
            _in_words(chosen) if chosen is not None else NO_BUDGET if fitted else NO_FIT
        )
        self.mixture.show_ratio(chosen)
        self.table.show_models(self.models, chosen)
        self.gallery.show_models(self._thumbnails(chosen))
        self._arrange()
        self._look()

    def _arrange(self) -> None:
        """Show the gallery or the table."""
        refused = sum(not model.weight for model in self.models)
        why = f"{refused} refused: see why" if refused else "Table"
        self.as_table.setText("Pictures" if self.as_table.isChecked() else why)
        there = self._chosen() is not None
        self.table.setVisible(there and self.as_table.isChecked())
        self.gallery.setVisible(there and not self.as_table.isChecked())

    def _thumbnails(self, chosen: Ratio | None) -> list[Shown]:
        scene = self._scene
        if chosen is None or scene is None or scene.fit is None or scene.region is None:
            return []
        models = [model for model in self.models if model.weight]
        span = _span(models, chosen)
        own = next((one.region for one in self._open.values()), scene.region.name)
        drawn = curves_of(scene.fit, own)
        found = []
        for model in models:
            fitted = self._open.get(model.name)
            is_drawn = model.choice == "drawn"
            curves = drawn if is_drawn else None
            if fitted is not None:
                curves = curves_of(fitted.result, fitted.region)
                curves = curves if is_drawn else beside(curves, drawn)
            found.append(_thumb(model, span, curves, is_drawn=is_drawn, fault=self._fault))
        return found


def _thumb(
    model: Variant,
    span: tuple[float, float],
    curves: Curves | None,
    *,
    is_drawn: bool,
    fault: str,
) -> Shown:
    missing = fault if curves is None else ""
    return Shown(
        model.name,
        "drawn" if is_drawn else formula(model.name.partition(": ")[2] or model.name),
        printed(_ratio_text(model)),
        _percent(model.weight),
        "" if is_drawn else printed(f"BIC {model.delta_bic or 0.0:+.1f}"),
        model.ratio,
        model.stderr,
        model.weight or 0.0,
        span,
        curves,
        is_drawn,
        model.reason or missing,
    )


class _Gallery(QScrollArea):
    """Thumbnails by weight, in as many columns as there is room for."""

    picked = Signal(str)
    pointed = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setAccessibleName("Models that the data leave open")
        self.setObjectName("clear")
        self._page = QWidget()
        self._page.setObjectName("clear")
        self._grid = QGridLayout(self._page)
        self._grid.setContentsMargins(0, 2, 0, 2)
        self._grid.setHorizontalSpacing(12)
        self._grid.setVerticalSpacing(6)
        self._grid.setAlignment(Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft)
        self.setWidget(self._page)
        self.thumbnails: list[Thumbnail] = []

    def show_models(self, shown: Sequence[Shown]) -> None:
        """Show models; those that are there already are shown anew in their place."""
        while len(self.thumbnails) > len(shown):
            last = self.thumbnails.pop()
            self._grid.removeWidget(last)
            last.hide()
            last.deleteLater()
        for place, one in enumerate(shown):
            if place < len(self.thumbnails):
                self.thumbnails[place].show_model(one)
            else:
                made = Thumbnail(one, self._page)
                made.picked.connect(self.picked)
                made.pointed.connect(self.pointed)
                self.thumbnails.append(made)
                made.show()
        self._place()

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802
        """Use another number of columns."""
        super().resizeEvent(event)
        self._place()

    def _place(self) -> None:
        if not self.thumbnails:
            return
        columns = max(1, (self.viewport().width() + 12) // (self.thumbnails[0].width() + 12))
        for number, one in enumerate(self.thumbnails):
            self._grid.addWidget(one, number // columns, number % columns)


_COPIED = (
    *("kind", "choice", "name", "ratio", "stderr", "weight"),
    *("reduced_chi_square", "delta_bic", "reason"),
)


def _in_words(ratio: Ratio) -> str:
    """Return the drawn ratio, that of all models, and their interval."""
    said = f"drawn {value_text(ratio)}"
    if ratio.average is not None:
        said += f",  all models {ratio.average:.3g}"
    if ratio.best_interval is not None:
        # Blanks that do not break keep the interval in one line.
        ends = f"{100 * ratio.level:g} %: {' – '.join(interval_ends(ratio.best_interval))}"
        ends = ends.replace("–", "–\N{WORD JOINER}")
        said += ",  " + ends.replace(" ", "\N{NO-BREAK SPACE}")
    return printed(said)


class _Table(PlainTable):
    """Rows of models; one column is painted."""

    def __init__(self) -> None:
        super().__init__("Alternatives", HEADINGS, _ROW, (_PLACE, 5))
        self.setItemDelegateForColumn(_PLACE, _PlaceDelegate(self))

    def show_models(self, models: Sequence[Variant], ratio: Ratio | None) -> None:
        """Fill the table."""
        self.setRowCount(len(models))
        span = _span(models, ratio)
        for line, model in enumerate(models):
            known = model.ratio is not None
            cells = (
                model.name,
                _ratio_text(model),
                "",
                _percent(model.weight),
                f"{model.delta_bic:+.1f}" if model.delta_bic else "",
                model.reason.replace("chi-square", "χ²"),
            )
            for column, text in enumerate(cells):
                item = QTableWidgetItem(formula(text) if column == 0 else printed(text))
                item.setToolTip(wrapped(model.reason or model.name))
                if column in (1, 3, 4):
                    item.setFont(number_font(bold=model.choice == "drawn"))
                if not model.weight:
                    item.setForeground(colour("faint"))
                if column == _PLACE and known and ratio is not None:
                    item.setData(DATA, (model, ratio, span))
                self.setItem(line, column, item)


def _ratio_text(model: Variant) -> str:
    if model.ratio is None:
        return ""
    if model.stderr is None:
        return rough(model.ratio)
    return with_error(model.ratio, model.stderr)


def _percent(weight: float | None) -> str:
    if not weight:
        return ""
    return f"{100 * weight:.0f} %" if weight >= 0.01 else f"{100 * weight:.1g} %"


def _span(models: Sequence[Variant], ratio: Ratio | None) -> tuple[float, float]:
    """Return the ratios between which all models and the interval lie."""
    ends = [] if ratio is None or ratio.best_interval is None else list(ratio.best_interval)
    values = [model.ratio for model in models if model.weight and model.ratio is not None] + ends
    low, high = min(values, default=0.0), max(values, default=1.0)
    margin = 0.05 * (high - low) or 1.0
    return low - margin, high + margin


class _PlaceDelegate(QStyledItemDelegate):
    """Paints a model's ratio on the interval of all models; the dot is as large as its weight."""

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """Paint the interval as a band and the ratio as a dot."""
        super().paint(painter, option, index)
        data = index.data(DATA)
        if not data:
            return
        model, ratio, (low, high) = data
        area = QRectF(option.rect).adjusted(8, 0, -8, 0)

        def place(value: float) -> float:
            share = (value - low) / (high - low)
            return float(area.left() + area.width() * max(0.0, min(1.0, share)))

        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if ratio.best_interval is not None:
            left, right = map(place, ratio.best_interval)
            band = QRectF(left, area.top(), right - left, area.height())
            painter.fillRect(band, colour("band"))
        tone = colour("accent" if model.weight else "faint")
        painter.setPen(QPen(tone, 1.2))
        painter.setBrush(tone if model.weight else colour("card"))
        size = 2.5 + 4.0 * (model.weight or 0.0)
        painter.drawEllipse(QPointF(place(model.ratio), area.center().y()), size, size)
        painter.restore()
