"""The table of ratios: samples by ratios, each cell a value, its interval and its error's parts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import hypot

from PySide6.QtCore import (
    QModelIndex,
    QPersistentModelIndex,
    QPointF,
    QRect,
    QRectF,
    QSize,
    Qt,
    QTimer,
    Signal,
)
from PySide6.QtGui import QBrush, QFont, QFontMetrics, QMouseEvent, QPainter, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableWidget,
    QTableWidgetItem,
    QWidget,
)

from spectra_core.uncertainty.ratios import ALL_ROWS, Budget, Ratio

from ..formula import formula
from ..theme import colour, number_font
from ..widgets import in_locale, wrapped
from .spectra_delegate import two_lines

Index = QModelIndex | QPersistentModelIndex
PARTS = (
    ("counting", "#0072B2"),
    ("energies", "#56B4E9"),
    ("ties", "#009E73"),
    ("shape", "#CC79A7"),
    ("background", "#E69F00"),
    ("model", "#8C6BB1"),
    ("reference", "#7F7F7F"),
)
SMALL = 0.88
_LEAST_WIDTH = 120
"""The name of a sample has room for a long word in each of its lines."""
_BAR, _PAD = 7, 5  # pixels
_CELL = Qt.ItemDataRole.UserRole
CHOSEN = Qt.ItemDataRole.UserRole + 1
"""Whether a row is that of the analysis that is shown."""


@dataclass(frozen=True)
class ShownRatio:
    """One ratio of one sample, as it is printed.

    Attributes
    ----------
    analysis, sample, name : str
    value, interval, note : str
    ratio : Ratio
    stale : bool
    growing : bool
        Its budget is being made: the error is that of the rows that are known so far.
    """

    analysis: str
    sample: str
    name: str
    value: str
    interval: str
    note: str
    ratio: Ratio
    stale: bool
    growing: bool = False

    @property
    def length(self) -> float | None:
        """The error that the bar is as long as."""
        return error_so_far(self.ratio.budget) if self.growing else self.ratio.budget.total


def error_so_far(budget: Budget) -> float | None:
    """Return the quadrature of the rows that are known; None without that of the counts."""
    if budget.counting is None:
        return None
    known = (getattr(budget, name) for name, _ in PARTS)
    return hypot(*(value for value in known if value is not None))


class RatioMatrix(QTableWidget):
    """A row for each sample, a column for each ratio.

    Signals
    -------
    part_chosen(ShownRatio, str)
        A part of the bar of a ratio, by its name in `PARTS`.
    """

    part_chosen = Signal(object, str)

    def __init__(self) -> None:
        super().__init__(0, 1)
        self.setObjectName("plain")
        self.setAccessibleName("Ratios")
        self.verticalHeader().hide()
        self.setShowGrid(False)
        self.setMouseTracking(True)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        header = self.horizontalHeader()
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        header.setMinimumSectionSize(_LEAST_WIDTH)
        self.setItemDelegate(_CellDelegate(self))
        # The header speaks before the new width is in use, and often while a user pulls.
        self._fit_rows = QTimer(self, singleShot=True, interval=0)
        self._fit_rows.timeout.connect(self.resizeRowsToContents)
        header.sectionResized.connect(lambda *_: self._fit_rows.start())

    def show_rows(self, rows: Sequence[ShownRatio], *, grey: bool = False) -> None:
        """Fill the table; in grey while new numbers are on their way."""
        names = list(dict.fromkeys(one.name for one in rows))
        keys = list(dict.fromkeys(one.analysis for one in rows))
        self.setRowCount(len(keys))
        self.setColumnCount(1 + len(names))
        self.setHorizontalHeaderLabels(["sample", *map(formula, names)])
        self.clearContents()
        largest = {
            name: max((r.length or 0.0 for r in rows if r.name == name), default=0.0)
            for name in names
        }
        samples = list(dict.fromkeys(one.sample for one in rows))
        shown = dict(zip(samples, without_common_bracket(samples), strict=True))
        for one in rows:
            line, column = keys.index(one.analysis), 1 + names.index(one.name)
            sample = QTableWidgetItem(shown[one.sample])
            sample.setToolTip(wrapped(one.sample))
            self.setItem(line, 0, sample)
            texts = (value_of(one), one.interval)
            item = QTableWidgetItem("\n".join(text for text in texts if text))
            item.setToolTip(wrapped(_tip(one)))
            if one.stale or (grey and not one.growing):
                item.setForeground(colour("faint"))
            item.setData(_CELL, (one, largest[one.name]))
            self.setItem(line, column, item)
        self._fit_columns()
        self.resizeRowsToContents()

    def choose(self, analysis: str | None) -> None:
        """Mark the row of an analysis and bring it into view."""
        for line in range(self.rowCount()):
            one, name = self.shown_at(line, 0), self.item(line, 0)
            if one is None or name is None:
                continue
            is_own = one.analysis == analysis
            if name.data(CHOSEN) == is_own:
                continue
            name.setData(CHOSEN, is_own)
            for column in range(self.columnCount()):
                if (item := self.item(line, column)) is None:
                    item = QTableWidgetItem()
                    self.setItem(line, column, item)
                item.setBackground(colour("selection") if is_own else QBrush())
            if is_own:
                self.scrollToItem(name)
                self._show_column(line)

    def _show_column(self, line: int) -> None:
        """Bring the first ratio of a row into view."""
        items = (self.item(line, column) for column in range(1, self.columnCount()))
        first = next((item for item in items if item is not None and item.data(_CELL)), None)
        if first is not None:
            self.scrollToItem(first)

    def _fit_columns(self) -> None:
        """Give each ratio the width that it needs, and the samples what is left."""
        header, used = self.horizontalHeader(), 0
        for column in range(1, self.columnCount()):
            needed = max(self.sizeHintForColumn(column), header.sectionSizeHint(column))
            header.resizeSection(column, needed)
            used += header.sectionSize(column)
        header.resizeSection(0, max(self.viewport().width() - used, _LEAST_WIDTH))

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802
        """Give the samples what is left of another width."""
        super().resizeEvent(event)
        self._fit_columns()

    def shown_at(self, row: int, column: int) -> ShownRatio | None:
        """Return the ratio of a cell; that of its row for a sample; None where there is none."""
        columns = [column] if column else range(1, self.columnCount())
        for place in columns:
            item = self.item(row, place)
            if item is not None and item.data(_CELL):
                found: ShownRatio = item.data(_CELL)[0]
                return found
        return None

    def part_place(self, row: int, column: int, name: str) -> QPointF | None:
        """Return the middle of a part of a bar in the viewport; None if it is not shown."""
        item = self.item(row, column)
        if item is None or not item.data(_CELL):
            return None
        one, largest = item.data(_CELL)
        parts = _placed(one, largest, self.visualItemRect(item))
        return next((area.center() for part, _, area in parts if part == name), None)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        """Say which part of a bar was clicked."""
        super().mouseReleaseEvent(event)
        if event.button() == Qt.MouseButton.LeftButton and (found := self._part_at(event)):
            self.part_chosen.emit(*found)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        """Show that a part of a bar can be clicked."""
        super().mouseMoveEvent(event)
        hot = self._part_at(event) is not None
        shape = Qt.CursorShape.PointingHandCursor if hot else Qt.CursorShape.ArrowCursor
        self.viewport().setCursor(shape)

    def _part_at(self, event: QMouseEvent) -> tuple[ShownRatio, str] | None:
        item = self.itemAt(event.position().toPoint())
        if item is None or not item.data(_CELL):
            return None
        one, largest = item.data(_CELL)
        for name, _, area in _placed(one, largest, self.visualItemRect(item)):
            if area.adjusted(0, -3, 0, 3).contains(event.position()):
                return one, name
        return None


class _CellDelegate(QStyledItemDelegate):
    """Paints value, interval and bar; the length of the bar is the whole error."""

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:  # noqa: N802
        """Return room for two lines and the bar."""
        if not index.data(_CELL):
            return QSize(_LEAST_WIDTH, 2 * QFontMetrics(option.font).height() + 2 * _PAD)
        texts = str(index.data()).split("\n")
        bold, plain = QFontMetrics(number_font(bold=True)), QFontMetrics(number_font(scale=SMALL))
        widths = [bold.horizontalAdvance(texts[0])]
        widths += [plain.horizontalAdvance(text) for text in texts[1:]]
        return QSize(max(*widths, 96) + 4 * _PAD, 2 * bold.height() + _BAR + 2 * _PAD)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """Paint a cell; the name of a sample as text."""
        data = index.data(_CELL)
        if not data:
            self._paint_name(painter, option, index)
            return
        one, largest = data
        grey = index.data(Qt.ItemDataRole.ForegroundRole) is not None
        self.initStyleOption(option, index)
        option.text = ""
        parent = self.parent()
        if isinstance(parent, QWidget):
            element = QStyle.ControlElement.CE_ItemViewItem
            parent.style().drawControl(element, option, painter, parent)
        area = QRectF(option.rect).adjusted(_PAD, _PAD - 2, -_PAD, 0)
        texts = str(index.data()).split("\n")
        painter.save()
        painter.setFont(number_font(bold=True))
        painter.setPen(colour("faint" if grey else "text"))
        height = QFontMetrics(number_font(bold=True)).height()
        painter.drawText(QRectF(area.left(), area.top(), area.width(), height), texts[0])
        painter.setFont(number_font(scale=SMALL))
        painter.setPen(colour("faint" if grey else "muted"))
        below = QRectF(area.left(), area.top() + height, area.width(), height)
        painter.drawText(below, " ".join(texts[1:]))
        parts = _placed(one, largest, option.rect)
        for _, tone, part in parts:
            painter.fillRect(part, colour(tone, 0.4 if grey else 1.0))
        if one.growing and parts:
            _paint_open_end(painter, parts[-1][2])
        painter.restore()

    def _paint_name(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """Paint the name of a sample in two lines, the end of a long one rather than its middle."""
        self.initStyleOption(option, index)
        text, option.text = option.text, ""
        parent = self.parent()
        if isinstance(parent, QWidget):
            element = QStyle.ControlElement.CE_ItemViewItem
            parent.style().drawControl(element, option, painter, parent)
        painter.save()
        font = QFont(option.font)
        font.setBold(bool(index.data(CHOSEN)))
        painter.setFont(font)
        painter.setPen(colour("text"))
        area = option.rect.adjusted(_PAD, _PAD - 2, -_PAD, 0)
        lines = two_lines(text, option.font, area.width())
        top = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop
        painter.drawText(area, top, "\n".join(lines))
        painter.restore()


def _paint_open_end(painter: QPainter, last: QRectF) -> None:
    """Paint three dots behind a bar: there is more to come."""
    for number in range(3):
        dot = QRectF(last.right() + 4 + 5 * number, last.center().y() - 1, 2, 2)
        painter.fillRect(dot, colour("muted"))


def _placed(one: ShownRatio, largest: float, cell: QRect) -> list[tuple[str, str, QRectF]]:
    """Return name, colour and place of each part of a cell's bar."""
    parts = budget_parts(one.ratio.budget) if one.length is not None else []
    if not parts or not largest:
        return []
    area = QRectF(cell).adjusted(_PAD, 0, -2 * _PAD, 0)
    whole = area.width() * (one.length or 0.0) / largest
    top = area.top() + _PAD + 2 * QFontMetrics(number_font(bold=True)).height()
    left, found = area.left(), []
    for name, tone, share in parts:
        found.append((name, tone, QRectF(left, top, whole * share, _BAR)))
        left += whole * share
    return found


def budget_parts(budget: Budget) -> list[tuple[str, str, float]]:
    """Return name, colour and share of the variance of each row of a budget that is known."""
    values = [(name, tone, getattr(budget, name) or 0.0) for name, tone in PARTS]
    variance = sum(value**2 for _, _, value in values)
    if variance <= 0:
        return []
    return [(name, tone, value**2 / variance) for name, tone, value in values if value > 0]


def without_common_bracket(samples: list[str]) -> list[str]:
    """Return names of samples without a bracket that all of them end with."""
    endings = {sample.rpartition(" (")[2] for sample in samples}
    if len(samples) > 1 and len(endings) == 1 and endings.pop().endswith(")"):
        return [sample.rpartition(" (")[0] for sample in samples]
    return samples


def value_of(one: ShownRatio) -> str:
    """Return the value as it stands in its cell."""
    return f"{one.value} (stale)" if one.stale else one.value


def _tip(one: ShownRatio) -> str:
    ratio = one.ratio
    parts = [(name, getattr(ratio.budget, name)) for name, _ in PARTS]
    said = [f"{name} ± {in_locale(f'{value:.2g}')}" for name, value in parts if value is not None]
    scope = "" if ratio.scope == ALL_ROWS else ratio.scope
    return "\n".join(text for text in (ratio.formula, one.note, *said, scope) if text)
