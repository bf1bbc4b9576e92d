"""Small widgets that behave the same everywhere: cards, labels, number fields, choices.

A number field is typed into freely and speaks once, on leaving; what is not a number is
explained and the old value kept. The wheel scrolls the panel: it never changes a value.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import lru_cache
from math import inf, isfinite
from textwrap import fill

from PySide6.QtCore import QEvent, QLocale, QObject, QPoint, QSize, Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent, QResizeEvent, QWheelEvent
from PySide6.QtWidgets import (
    QComboBox,
    QFrame,
    QHBoxLayout,
    QLabel,
    QLayout,
    QLineEdit,
    QPushButton,
    QSizePolicy,
    QToolTip,
    QVBoxLayout,
    QWidget,
)

from .theme import number_font


class Card(QFrame):
    """A white card with a thin border; children go into `body`."""

    def __init__(self, parent: QWidget | None = None, *, margins: int = 10) -> None:
        super().__init__(parent)
        self.setObjectName("card")
        self.body = QVBoxLayout(self)
        self.body.setContentsMargins(margins, margins - 2, margins, margins - 2)
        self.body.setSpacing(4)


@lru_cache(maxsize=4096)
def wrapped(text: str, width: int = 64) -> str:
    """Return a text in lines of at most `width` characters, for a tooltip.

    Lines that are there stay; a word that is longer than a line has one for itself.
    """
    lines = (fill(line, width, break_long_words=False) for line in text.split("\n"))
    return "\n".join(lines)


def label(
    text: str = "", name: str = "", *, wrap: bool = False, selectable: bool = False
) -> QLabel:
    """Return a label of one of the style sheet's kinds.

    A selectable one can be copied from; it keeps the clicks on it from the card around it.
    """
    made = QLabel(text)
    made.setObjectName(name)
    made.setTextFormat(Qt.TextFormat.PlainText)
    made.setWordWrap(wrap)
    if selectable:
        made.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        made.setCursor(Qt.CursorShape.IBeamCursor)
    return made


def heading(text: str) -> QLabel:
    """Return the small-capitals heading of a panel."""
    made = label(text.upper(), "heading")
    font = made.font()
    font.setPointSizeF(font.pointSizeF() * 0.85)
    made.setFont(font)
    return made


def link_button(text: str, tip: str = "") -> QPushButton:
    """Return a button that looks like a link."""
    button = QPushButton(text)
    button.setObjectName("link")
    button.setCursor(Qt.CursorShape.PointingHandCursor)
    button.setToolTip(wrapped(tip))
    return button


def plain_button(text: str, tip: str = "") -> QPushButton:
    """Return a button that Enter in a dialog does not press."""
    button = QPushButton(text)
    button.setAutoDefault(False)
    button.setToolTip(wrapped(tip))
    return button


def row(*items: QWidget | QLayout | int, spacing: int = 6) -> QHBoxLayout:
    """Return a row of widgets; a number is a stretch."""
    layout = QHBoxLayout()
    layout.setContentsMargins(0, 0, 0, 0)
    layout.setSpacing(spacing)
    for item in items:
        if isinstance(item, int):
            layout.addStretch(item)
        elif isinstance(item, QLayout):
            layout.addLayout(item)
        else:
            layout.addWidget(item)
    return layout


def clear_layout(layout: QLayout) -> None:
    """Take everything out of a layout and delete it."""
    while (item := layout.takeAt(0)) is not None:
        widget, inner = item.widget(), item.layout()
        if widget is not None:
            # Hidden first: a widget without a parent that is still shown becomes a window.
            widget.hide()
            widget.setParent(None)
            widget.deleteLater()
        elif inner is not None:
            clear_layout(inner)


def show_number(value: float, digits: int = 6) -> str:
    """Return a number as the locale writes it, without grouping."""
    text = f"{value:.{digits}g}"
    return text.replace(".", QLocale().decimalPoint())


def in_locale(text: str) -> str:
    """Return a number printed with a point as the locale writes it."""
    return text.replace(".", QLocale().decimalPoint())


def printed(text: str) -> str:
    """Return a number as it is printed: the locale's mark, and a minus sign for the hyphen."""
    return in_locale(text).replace("-", "\N{MINUS SIGN}")


def read_number(text: str) -> float | None:
    """Return the number a user typed, with a point or the locale's mark; None if it is none.

    A unit behind the number is left out: ``161.5 eV`` is 161.5.
    """
    words = text.strip().replace("\N{MINUS SIGN}", "-").replace(QLocale().decimalPoint(), ".")
    if "," in words and "." not in words:
        words = words.replace(",", ".")
    parts = words.split()
    if len(parts) == 2 and parts[1][:1].isalpha():
        words = parts[0]
    try:
        value = float(words)
    except ValueError:
        return None
    return value if isfinite(value) else None


class NumberField(QLineEdit):
    """A number with an optional unit that is typed freely and speaks once, on leaving.

    Parameters
    ----------
    low, high : float
        What is accepted.
    what : str
        Name of the number, for the explanation of a wrong one.
    optional : bool
        Empty means "not given" and emits `cleared`.
    takes_names : bool
        What is no number emits `named` in place of being explained: ``= PS4``.
    """

    committed = Signal(float)
    cleared = Signal()
    named = Signal(str)

    def __init__(
        self,
        value: float | None = None,
        *,
        low: float = -inf,
        high: float = inf,
        unit: str = "",
        what: str = "value",
        digits: int = 7,
        optional: bool = False,
        takes_names: bool = False,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._low, self._high, self._unit, self._what = low, high, unit, what
        self._digits, self._optional, self._takes_names = digits, optional, takes_names
        self._value: float | None = None
        self._shown = ""
        self.setFont(number_font())
        self.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.setAccessibleName(what)
        self.setMinimumWidth(64)
        self.setAcceptDrops(False)  # files dropped on it are for the window
        self.set_value(value)
        self.returnPressed.connect(self._commit)

    @property
    def value(self) -> float | None:
        """The last accepted number."""
        return self._value

    def set_value(self, value: float | None, text: str = "") -> None:
        """Show a number, as `text` if given; emits nothing, and leaves a typing user alone."""
        self._value = value
        number = "" if value is None else text or show_number(value, self._digits)
        self._shown = f"{number} {self._unit}".strip() if number and self._unit else number
        if not (self.hasFocus() and self.isModified()):
            self._show_old()

    def focusOutEvent(self, event: QFocusEvent) -> None:  # noqa: N802
        """Take the number over."""
        super().focusOutEvent(event)
        if event.reason() != Qt.FocusReason.PopupFocusReason:
            self._commit()

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        """Give up on Escape."""
        if event.key() == Qt.Key.Key_Escape and self.isModified():
            self._show_old()
            self.selectAll()
            event.accept()
            return
        super().keyPressEvent(event)

    def _commit(self) -> None:
        if not self.isModified() or self.text() == self._shown:
            self._show_old()
            return
        if self._optional and not self.text().strip():
            self._value, self._shown = None, ""
            self._show_old()
            self.cleared.emit()
            return
        value = read_number(self.text())
        if value is None and self._takes_names and self.text().strip():
            typed = self.text().strip()
            self._show_old()
            self.named.emit(typed)
            return
        problem = self._problem(value)
        if problem or value is None:
            self._explain(problem)
            return
        self.setModified(False)
        if value != self._value:
            self._value = value
            self.set_value(value)
            self.committed.emit(value)
        else:
            self._show_old()

    def _problem(self, value: float | None) -> str:
        if value is None:
            return f"“{self.text().strip()[:40]}” is not a number, so the {self._what} is kept."
        if not self._low <= value <= self._high:
            low, high = show_number(self._low), show_number(self._high)
            span = f"at least {low}" if self._high == inf else f"between {low} and {high}"
            return f"The {self._what} has to be {span}, so it is kept."
        return ""

    def _explain(self, problem: str) -> None:
        self._show_old()
        self.setProperty("wrong", True)
        restyle(self)
        self.setToolTip(wrapped(problem))
        place = self.mapToGlobal(QPoint(0, self.height()))
        QToolTip.showText(place, self.toolTip(), self)

    def _show_old(self) -> None:
        self.setText(self._shown)
        self.setModified(False)
        self.setCursorPosition(0)
        if self.property("wrong"):
            self.setProperty("wrong", False)
            self.setToolTip("")
            restyle(self)


def restyle(widget: QWidget) -> None:
    """Apply the style sheet again after a property that it asks for has changed."""
    widget.style().unpolish(widget)
    widget.style().polish(widget)


class Choice(QComboBox):
    """A choice between words; the wheel scrolls the panel, not the choice."""

    chosen = Signal(str)

    def __init__(
        self,
        options: Iterable[tuple[str, str]] = (),
        *,
        name: str = "",
        parent: QWidget | None = None,
    ) -> None:
        """Make a choice of (value, text) pairs; `name` is read by screen readers."""
        super().__init__(parent)
        self.setAccessibleName(name)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.setMinimumContentsLength(8)
        self.set_options(options)
        self.activated.connect(lambda _: self.chosen.emit(self.value))

    @property
    def value(self) -> str:
        """The chosen value."""
        return str(self.currentData() or "")

    def set_options(self, options: Iterable[tuple[str, str]], value: str = "") -> None:
        """Replace the options, emitting nothing."""
        self.blockSignals(True)
        self.clear()
        for key, text in options:
            self.addItem(text, key)
        self.blockSignals(False)
        if value:
            self.set_value(value)

    def set_value(self, value: str) -> None:
        """Choose a value, emitting nothing."""
        self.blockSignals(True)
        self.setCurrentIndex(self.findData(value))
        self.blockSignals(False)

    def wheelEvent(self, event: QWheelEvent) -> None:  # noqa: N802
        """Leave the wheel to the panel."""
        event.ignore()


class Count(NumberField):
    """A whole number that is typed freely and speaks once, on leaving; arrows step it."""

    counted = Signal(int)

    def __init__(
        self, value: int, low: int, high: int, *, name: str, parent: QWidget | None = None
    ) -> None:
        super().__init__(value, low=low, high=high, what=name, parent=parent)
        self._least, self._most = low, high
        self.setMaximumWidth(90)
        self.committed.connect(self._round)

    @property
    def count(self) -> int:
        """The last accepted number."""
        return round(self.value or self._least)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        """Step with the arrow keys."""
        step = {Qt.Key.Key_Up: 1, Qt.Key.Key_Down: -1}.get(Qt.Key(event.key()), 0)
        if step:
            new = min(max(self.count + step, self._least), self._most)
            if new != self.count:
                self.set_value(new)
                self.counted.emit(new)
            event.accept()
            return
        super().keyPressEvent(event)

    def _round(self, value: float) -> None:
        self.set_value(round(value))
        self.counted.emit(round(value))


class DeleteKey(QObject):
    """Gives a list its own meaning of the Delete key, with Shift or without.

    Parameters
    ----------
    view : QWidget
    means_something : callable
        Whether something of the list is chosen; if not, the key is the window's.

    Signals
    -------
    pressed()
    """

    pressed = Signal()

    def __init__(self, view: QWidget, means_something: Callable[[], bool]) -> None:
        super().__init__(view)
        self._means_something = means_something
        view.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802
        """Take the key before the window's shortcuts do."""
        if not isinstance(event, QKeyEvent) or event.key() != Qt.Key.Key_Delete:
            return False
        if event.type() == QEvent.Type.KeyRelease or not self._means_something():
            return False
        if event.type() == QEvent.Type.KeyPress:
            self.pressed.emit()
        event.accept()
        return True


class Section(QWidget):
    """A panel under a heading, with one line that is always there and more on request.

    Parameters
    ----------
    title : str
    more : QWidget
        What the link in the heading unfolds.
    words : str
        Of that link while it is folded.
    """

    def __init__(self, title: str, more: QWidget, words: str = "Change") -> None:
        super().__init__()
        self._unfolds, self.more = words, more
        self.toggle = link_button(words)
        self.toggle.clicked.connect(lambda _=False: self.unfold(not self.is_unfolded))
        self.body = QVBoxLayout()
        self.body.setSpacing(4)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(3)
        layout.addLayout(row(heading(title), 1, self.toggle))
        layout.addLayout(self.body)
        layout.addWidget(more)
        more.hide()

    @property
    def is_unfolded(self) -> bool:
        """Whether all of it is shown."""
        return not self.more.isHidden()

    def unfold(self, on: bool = True) -> None:
        """Show all of it, or the line alone."""
        self.more.setVisible(on)
        self.toggle.setText("Less" if on else self._unfolds)


class Elided(QLabel):
    """A label of one line, shortened in the middle or at its end where there is no room."""

    def __init__(
        self,
        text: str = "",
        name: str = "",
        parent: QWidget | None = None,
        *,
        at_end: bool = False,
    ) -> None:
        super().__init__(parent)
        mode = Qt.TextElideMode
        self._mode = mode.ElideRight if at_end else mode.ElideMiddle
        self.setObjectName(name)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self._full = ""
        self.set_full(text)

    def set_full(self, text: str) -> None:
        """Show a text."""
        self._full = text
        self.setToolTip(wrapped(text))
        self._fit_text()

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802
        """Shorten for the new width."""
        super().resizeEvent(event)
        self._fit_text()

    def minimumSizeHint(self) -> QSize:  # noqa: N802
        """Return a size that lets it shrink."""
        return QSize(30, super().minimumSizeHint().height())

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802
        """Shorten for another font."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange:
            self._fit_text()

    def _fit_text(self) -> None:
        width = self.contentsRect().width()
        room = self.fontMetrics().elidedText(self._full, self._mode, max(width, 30))
        self.setText(room)
