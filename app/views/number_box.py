"""A number of the model in its place: typed into, held by its glyph, linked by a drag."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QMimeData, QObject, QPoint, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import (
    QColor,
    QDrag,
    QDragEnterEvent,
    QDragMoveEvent,
    QDropEvent,
    QFocusEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
)
from PySide6.QtWidgets import QAbstractButton, QApplication, QGridLayout, QWidget

from ..theme import colour, theme
from ..widgets import Elided, NumberField, restyle, wrapped
from .component_numbers import NumberCell
from .owner_intents import OwnerIntents

PARAMETER_MIME = "application/x-doublet-parameter"
_CLICK = {
    "free": "Free: a click holds it.",
    "at bound": "Free, and at its bound: a click holds it.",
    "fixed": "Held: a click frees it.",
    "linked": "Linked: a click takes the link off.",
}


class NumberBox(QWidget):
    """One number: its field, what it is tied to or its error below, and its glyph.

    Parameters
    ----------
    view : OwnerIntents
        Says what a user wants.
    owner : str
        Component or doublet that it belongs to.
    one : NumberCell
    beside : bool
        What stands below stands beside it.
    """

    def __init__(
        self, view: OwnerIntents, owner: str, one: NumberCell, *, beside: bool = False
    ) -> None:
        super().__init__()
        self._view, self._owner, self._cell = view, owner, one
        self._pressed: QPoint | None = None
        self._just_entered = False
        self.field = NumberField(what=one.name, takes_names=True)
        self.field.setProperty("flat", True)
        self.field.setMinimumWidth(34)
        self.field.setAccessibleName(f"{one.name} of {owner}")
        self.field.setContextMenuPolicy(Qt.ContextMenuPolicy.NoContextMenu)  # the card's menu
        self.field.committed.connect(lambda value: view.value_edited.emit(self.path, value))
        self.field.named.connect(lambda text: view.link_typed.emit(self.path, text))
        self.field.installEventFilter(self)
        self.glyph = _Glyph()
        self.glyph.clicked.connect(self._turn)
        self._below = Elided("", "faint", at_end=True)
        self._below.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setSpacing(0)
        grid.setColumnStretch(0, 1)
        grid.addWidget(self.field, 0, 0)
        grid.addWidget(self.glyph, 0, 1)
        if beside:
            self.field.setFixedWidth(70)
            self._below.setFixedWidth(60)
            grid.addWidget(self._below, 0, 2)
        else:
            # What stands below one number must not read on into that of the next.
            self._below.setContentsMargins(7, 0, 0, 0)
            grid.addWidget(self._below, 1, 0, 1, 2)

    @property
    def path(self) -> str:
        """Of the parameter that is shown; another region may have the same components."""
        return self._cell.path

    @property
    def below(self) -> str:
        """What stands below the number, in full."""
        return self._cell.brief

    def show_cell(self, one: NumberCell) -> None:
        """Show a number."""
        self._cell = one
        self.field.set_value(one.value, one.text)
        if not self.field.property("wrong"):
            self.field.setToolTip(wrapped(one.tip))
        self._below.set_full(one.brief)
        self._below.setToolTip(wrapped(f"{one.error} {one.unit} {one.words}".strip()))
        name = "warn" if one.kind == "at bound" else "faint"
        if self._below.objectName() != name:
            self._below.setObjectName(name)
            restyle(self._below)
        self.glyph.show_kind(one.kind, f"{one.name} of {self._owner}")

    def _turn(self) -> None:
        """Do what a click on the glyph means: hold, free, or take the link off."""
        if self._cell.kind == "linked":
            self._view.unlink_asked.emit(self.path)
        else:
            self._view.held_set.emit(self.path, self._cell.kind != "fixed")

    # -----------------------------------------------------------------------------
    # Dragging one number onto another

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802
        """Begin a drag on a number that is not being typed into."""
        if watched is not self.field:
            return False
        if isinstance(event, QFocusEvent) and event.type() == QEvent.Type.FocusIn:
            # A press gives the focus before it arrives, so the focus alone is no typing.
            self._just_entered = event.reason() == Qt.FocusReason.MouseFocusReason
        if isinstance(event, QMouseEvent):
            return self._follow_mouse(event)
        return False

    def _follow_mouse(self, event: QMouseEvent) -> bool:
        """Return whether a move of the mouse drags the number in place of marking its text."""
        if event.type() == QEvent.Type.MouseButtonPress:
            typing = self.field.hasFocus() and not self._just_entered
            self._pressed = None if typing else event.position().toPoint()
            self._just_entered = False
        elif event.type() == QEvent.Type.MouseButtonRelease:
            self._pressed = None
        elif event.type() == QEvent.Type.MouseMove and self._pressed is not None:
            far = (event.position().toPoint() - self._pressed).manhattanLength()
            if far >= QApplication.startDragDistance():
                self._pressed = None
                self.drag()
            return True
        return False

    def drag(self) -> None:
        """Drag the number, to be linked to the one that it is dropped on."""
        self.field.clearFocus()
        data = QMimeData()
        data.setData(PARAMETER_MIME, self.path.encode())
        drag = QDrag(self)
        drag.setMimeData(data)
        # They take drops during such a drag alone: files dropped on them are for the window.
        others = [box for box in self.window().findChildren(NumberBox) if box is not self]
        for box in others:
            box.setAcceptDrops(True)
        drag.exec(Qt.DropAction.LinkAction)
        for box in others:
            box.setAcceptDrops(False)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:  # noqa: N802
        """Take a number of the same kind."""
        self._judge(event)

    def dragMoveEvent(self, event: QDragMoveEvent) -> None:  # noqa: N802
        """Take a number of the same kind."""
        self._judge(event)

    def dropEvent(self, event: QDropEvent) -> None:  # noqa: N802
        """Let what was dropped follow this number."""
        if target := self._dropped(event.mimeData()):
            event.setDropAction(Qt.DropAction.LinkAction)
            event.accept()
            self._view.link_made.emit(target, self.path)

    def _judge(self, event: QDropEvent) -> None:
        if self._dropped(event.mimeData()):
            event.setDropAction(Qt.DropAction.LinkAction)
            event.accept()
        else:
            event.ignore()

    def _dropped(self, data: QMimeData) -> str:
        path = data.data(PARAMETER_MIME).toStdString()
        same = path.rpartition("/")[2] == self.path.rpartition("/")[2]
        return path if same and path != self.path else ""


class _Glyph(QAbstractButton):
    """Padlock, chain or ring; what it is and what a click does is in its tooltip."""

    def __init__(self) -> None:
        super().__init__()
        self.kind = ""
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setFixedSize(self.sizeHint())
        theme().changed.connect(self.update)

    def sizeHint(self) -> QSize:  # noqa: N802
        """Return a small square."""
        return QSize(15, 17)

    def show_kind(self, kind: str, what: str) -> None:
        """Show whether a number is free, held, linked or at its bound."""
        if kind == self.kind:
            return
        self.kind = kind
        self.setToolTip(_CLICK[kind])
        self.setAccessibleName(f"{what}: {kind}")
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        """Paint the glyph."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        middle = QPointF(self.width() / 2, self.height() / 2)
        hot = self.underMouse() or self.hasFocus()
        _PAINT[self.kind or "free"](
            painter, middle, colour("accent" if hot else _TONES[self.kind or "free"])
        )
        painter.end()


def _ring(painter: QPainter, at: QPointF, tone: QColor) -> None:
    painter.setPen(QPen(tone, 1.3))
    painter.drawEllipse(at, 2.6, 2.6)


def _bound(painter: QPainter, at: QPointF, tone: QColor) -> None:
    _ring(painter, at, tone)
    painter.drawLine(at + QPointF(4.6, -4), at + QPointF(4.6, 4))


def _padlock(painter: QPainter, at: QPointF, tone: QColor) -> None:
    painter.setPen(QPen(tone, 1.3))
    painter.drawArc(QRectF(at.x() - 2.4, at.y() - 5.2, 4.8, 6.4), 0, 180 * 16)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(tone)
    painter.drawRoundedRect(QRectF(at.x() - 3.8, at.y() - 1.4, 7.6, 6.0), 1, 1)


def _chain(painter: QPainter, at: QPointF, tone: QColor) -> None:
    painter.setPen(QPen(tone, 1.4))
    painter.translate(at)
    painter.rotate(-45)
    painter.drawRoundedRect(QRectF(-6.0, -2.1, 6.8, 4.2), 2.1, 2.1)
    painter.drawRoundedRect(QRectF(-0.8, -2.1, 6.8, 4.2), 2.1, 2.1)


_TONES = {"free": "faint", "fixed": "muted", "linked": "accent", "at bound": "warn"}
_PAINT = {"free": _ring, "at bound": _bound, "fixed": _padlock, "linked": _chain}


class Mark(QWidget):
    """Whether a number is free, fixed or linked, as a sign beside it that does nothing.

    Parameters
    ----------
    kind : {"free", "fixed", "linked", "at bound"}
    said : str
        Its tooltip.
    """

    def __init__(self, kind: str, said: str) -> None:
        super().__init__()
        self.kind = kind
        self.setFixedSize(13, 16)
        self.setToolTip(said)
        self.setAccessibleName(said)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        """Paint the sign."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        middle = QPointF(self.width() / 2, self.height() / 2)
        _PAINT[self.kind](painter, middle, colour(_TONES[self.kind]))
        painter.end()
