"""The tour: a card over the window with one step at a time, and a frame around what it is about."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QEvent, QObject, QPoint, QRect, Qt, Signal
from PySide6.QtWidgets import QFrame, QVBoxLayout, QWidget

from ..widgets import label, link_button, plain_button, row

_WIDTH, _MARGIN = 330, 18


@dataclass(frozen=True)
class TourStep:
    """One step.

    Attributes
    ----------
    title, text : str
    button : str
        What the button does; the next step follows when it is done.
    """

    title: str
    text: str
    button: str


class TourCard(QFrame):
    """Shows a step; the window stays in use.

    Signals
    -------
    asked()
        The button of the step was pressed.
    left()
    """

    asked = Signal()
    left = Signal()

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self.setObjectName("tour")
        self.setAccessibleName("Tour")
        self.setFixedWidth(_WIDTH)
        self._frame = QFrame(window)
        self._frame.setObjectName("tourframe")
        self._frame.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self._target: QWidget | None = None
        self._count = label("", "faint")
        self._title = label("", "subtitle", wrap=True)
        self._text = label("", wrap=True)
        self.go = plain_button("")
        self.go.setObjectName("primary")
        self.go.clicked.connect(self.asked)
        leave = link_button("Leave the tour")
        leave.clicked.connect(self.left)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 12, 16, 12)
        layout.setSpacing(6)
        layout.addWidget(self._count)
        layout.addWidget(self._title)
        layout.addWidget(self._text)
        layout.addLayout(row(leave, 1, self.go))
        window.installEventFilter(self)
        self.hide()
        self._frame.hide()

    def show_step(self, number: int, total: int, step: TourStep, target: QWidget | None) -> None:
        """Show a step, with a frame around what it is about."""
        self._count.setText(f"Step {number} of {total}")
        self._title.setText(step.title)
        self._text.setText(step.text)
        self.go.setText(step.button)
        self._target = target
        self.show()
        self._place()

    def show_busy(self, busy: bool) -> None:
        """Let the button wait while its work is in progress."""
        self.go.setEnabled(not busy)

    def end(self) -> None:
        """Show nothing more."""
        self._target = None
        self.hide()
        self._frame.hide()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802
        """Stay in the corner of the window, and around the target."""
        if event.type() in (QEvent.Type.Resize, QEvent.Type.LayoutRequest) and self.isVisible():
            self._place()
        return super().eventFilter(watched, event)

    def _place(self) -> None:
        window = self.parentWidget()
        if window is None:
            return
        self.adjustSize()
        target = self._target
        there = target is not None and target.isVisible()
        self._frame.setVisible(there)
        around = QRect()
        if target is not None and there:
            around = QRect(target.mapTo(window, QPoint(0, 0)), target.size())
            self._frame.setGeometry(around.adjusted(-3, -3, 3, 3))
            self._frame.raise_()
        self.move(self._corner(window.rect(), around))
        self.raise_()

    def _corner(self, room: QRect, taken: QRect) -> QPoint:
        """Return a corner in which the card does not lie over what it is about."""
        x = (room.right() - self.width() - _MARGIN, room.left() + _MARGIN)
        y = (room.bottom() - self.height() - 2 * _MARGIN, room.top() + 5 * _MARGIN)
        corners = [QPoint(a, b) for b in y for a in x]
        free = (c for c in corners if not QRect(c, self.size()).intersects(taken))
        return next(free, corners[0])
