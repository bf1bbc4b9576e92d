"""The models that the data leave open: what each says of a ratio, and how much it counts."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QPainter, QPen
from PySide6.QtWidgets import (
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableWidgetItem,
    QWidget,
)

from spectra_core.results.table import interval_ends, rough, value_text, with_error
from spectra_core.uncertainty.ratios import Ratio
from spectra_core.uncertainty.spread import Variant

from ..formula import formula
from ..scene import Scene
from ..theme import colour, number_font
from ..widgets import printed, wrapped
from .ratio_tab import DATA, Index, PlainTable, RatioTab, copied

HEADINGS = ("model", "ratio", "", "weight", "ΔBIC", "why not")
AVERAGED = ("drawn", "background", "components", "minimum")
NO_FIT = "Fit to see which models the data leave open, and what each says of a ratio."
NO_BUDGET = "No ratio has its full budget: define one, and compute it without “counting alone”."
_PLACE = 2
_ROW = 24


def models_of(ratio: Ratio) -> list[Variant]:
    """Return the models that a ratio is averaged over, the heaviest first, then the refused."""
    models = [v for v in ratio.variants if v.choice in AVERAGED]
    return sorted(models, key=lambda v: -(v.weight or 0.0))


class AlternativesTab(RatioTab):
    """The choice of a ratio, and the table of models by weight."""

    def __init__(self, parent: QWidget | None = None) -> None:
        table = _Table()
        super().__init__(table, parent)
        self.table = table

    def show_scene(self, scene: Scene) -> None:
        """Show the ratios of a scene's analysis."""
        ratios = scene.analysis.ratios if scene.analysis is not None and scene.fitted else ()
        if self._shown == (scene.fitted, id(ratios)):
            return
        self._shown = (scene.fitted, id(ratios))
        self._offer(tuple(ratio for ratio in ratios if models_of(ratio)))

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

    def _show(self) -> None:
        chosen = self._chosen()
        for part in (self.ratio, self.copy_button, self.table):
            part.setVisible(chosen is not None)
        fitted = bool(self._shown and self._shown[0])
        self._said.setText(
            _in_words(chosen) if chosen is not None else NO_BUDGET if fitted else NO_FIT
        )
        self.table.show_models(self.models, chosen)


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
        said += f",  {100 * ratio.level:g} %: {' – '.join(interval_ends(ratio.best_interval))}"
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
