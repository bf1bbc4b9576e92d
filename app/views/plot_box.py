"""The view box of the plot: zoom, pan, and everything else the mouse does in it."""

from __future__ import annotations

from typing import Any, Protocol

import pyqtgraph as pg
from PySide6.QtCore import QPoint, QPointF, Qt

from .plot_handles import Drag


class MouseOwner(Protocol):
    """What the box asks of the plot; positions are in pixels of the box."""

    drag: Drag

    @property
    def moves_only(self) -> bool:
        """The mouse neither zooms nor adds."""
        ...

    def grab_at(self, position: QPointF) -> bool:
        """Begin to drag the handle there, if there is one."""
        ...

    def clicked(self, position: QPointF, *, double: bool, with_control: bool) -> None:
        """Answer a click."""
        ...

    def residual_clicked(self, position: QPointF) -> None:
        """Answer a click in the residual, a position in pixels of its box."""
        ...

    def reset_view(self) -> None:
        """Show the whole."""
        ...

    def show_menu(self, position: QPointF, screen: QPoint) -> None:
        """Open the context menu."""
        ...


class PlotBox(pg.ViewBox):  # type: ignore[misc]
    """A view box whose left button moves handles first, and the view otherwise."""

    def __init__(self, owner: MouseOwner, *, has_handles: bool) -> None:
        super().__init__(enableMenu=False)
        self._mouse, self._has_handles = owner, has_handles
        self.disableAutoRange()

    def mouseDragEvent(self, event: Any, axis: Any = None) -> None:  # noqa: N802
        """Move a handle, or the view."""
        drag = self._mouse.drag
        if event.button() == Qt.MouseButton.LeftButton and self._has_handles:
            if event.isStart():
                self._mouse.grab_at(self.mapFromScene(event.buttonDownScenePos()))
            if drag.handle is not None or drag.given_up:
                event.accept()
                place = self.mapSceneToView(event.scenePos())
                drag.move((place.x(), place.y()))
                if event.isFinish():
                    drag.end()
                return
        if self._mouse.moves_only:
            event.ignore()
        else:
            super().mouseDragEvent(event, axis)

    def mouseClickEvent(self, event: Any) -> None:  # noqa: N802
        """Choose, add, or open the menu."""
        position = self.mapFromScene(event.scenePos())
        if event.button() == Qt.MouseButton.RightButton:
            event.accept()
            self._mouse.show_menu(position, event.screenPos().toPoint())
        elif event.button() == Qt.MouseButton.LeftButton and self._has_handles:
            event.accept()
            control = bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier)
            self._mouse.clicked(position, double=event.double(), with_control=control)
        elif event.button() == Qt.MouseButton.LeftButton and not self._mouse.moves_only:
            event.accept()
            if event.double():
                self._mouse.reset_view()
            else:
                self._mouse.residual_clicked(position)

    def wheelEvent(self, event: Any, axis: Any = None) -> None:  # noqa: N802
        """Zoom at the cursor; along the energy alone with Ctrl, along the counts with Shift."""
        if self._mouse.moves_only:
            event.ignore()
            return
        if event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
            axis = 1
        elif event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            axis = 0
        super().wheelEvent(event, axis)
