"""The picture of a map: its pixels in colours, the cursor, and the regions drawn on it."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QImage, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from spectra_core.project.maps import MapArea
from spectra_core.spectrum import Array

from ..map_scene import BELOW, FAILED, SHOWN, UNFITTED, MapScene
from ..theme import colour, number_font, theme
from ..widgets import in_locale, wrapped
from .chart import SMALL, Scale, paint_x_ticks, paint_y_ticks
from .map_colours import map_image

_LEFT, _TOP, _RIGHT, _BOTTOM = 58, 6, 10, 26
_SMALLEST_DRAG = 6  # pixels of the mouse from which a press is a region
_STEPS = {
    Qt.Key.Key_Left: (0, -1),
    Qt.Key.Key_Right: (0, 1),
    Qt.Key.Key_Up: (-1, 0),
    Qt.Key.Key_Down: (1, 0),
}
_WHY = {
    BELOW: "below the limit of signal to noise",
    UNFITTED: "not fitted yet",
    FAILED: "the fit failed",
}


class MapImage(QWidget):
    """Shows a map; the mouse looks at pixels, pins one, or draws a region.

    Signals
    -------
    hovered(int)
        Number of the pixel under the mouse; -1: none.
    pinned(int)
    area_drawn(tuple, tuple)
        First and last row, first and last column.
    area_chosen(str)
    area_removed(str)
        By Delete while it is looked at.
    fit_asked(int)
        The fit of a pixel is wanted in the Spectrum view.
    """

    hovered = Signal(int)
    pinned = Signal(int)
    area_drawn = Signal(tuple, tuple)
    area_chosen = Signal(str)
    area_removed = Signal(str)
    fit_asked = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.scene: MapScene | None = None
        self._pressed: QPointF | None = None
        self._dragged: QPointF | None = None
        self._picture: tuple[object, ...] = ()
        self._image: QImage | None = None
        self.setAccessibleName("Map")
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.CrossCursor)
        self.setMinimumSize(240, 150)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        theme().changed.connect(self.update)

    def sizeHint(self) -> QSize:  # noqa: N802
        """Return a size at which pixels can be told apart."""
        return QSize(560, 280)

    def show_map(self, scene: MapScene | None) -> None:
        """Show a map."""
        self.scene = scene
        self.update()

    # -----------------------------------------------------------------------------
    # Places

    @property
    def is_line(self) -> bool:
        """Whether it is one row: a line, a depth or a time."""
        return self.scene is not None and self.scene.own.grid.y.size == 1

    @property
    def area(self) -> QRectF:
        """Where the pixels are drawn: as large as fits, a micrometre as wide as high."""
        room = QRectF(
            _LEFT,
            _TOP,
            max(self.width() - _LEFT - _RIGHT, 20),
            max(self.height() - _TOP - _BOTTOM, 20),
        )
        if self.scene is None or self.is_line:
            return room
        x, y = (edges_of_pixels(v) for v in (self.scene.own.grid.x, self.scene.own.grid.y))
        wide, high = float(x[-1] - x[0]), float(y[-1] - y[0])
        scale = min(room.width() / wide, room.height() / high)
        return QRectF(room.left(), room.top(), wide * scale, high * scale)

    def scales(self) -> tuple[Scale, Scale]:
        """Return where places are drawn, across and down."""
        assert self.scene is not None
        area, grid = self.area, self.scene.own.grid
        x, y = edges_of_pixels(grid.x), edges_of_pixels(grid.y)
        across = Scale(float(x[0]), float(x[-1]), area.left(), area.right())
        return across, Scale(float(y[0]), float(y[-1]), area.top(), area.bottom())

    def pixel_at(self, at: QPointF) -> tuple[int, int]:
        """Return row and column under a place of the widget; the outermost beyond the ends."""
        assert self.scene is not None
        across, down = self.scales()
        grid = self.scene.own.grid
        found = []
        for places, value in ((grid.y, down.value(at.y())), (grid.x, across.value(at.x()))):
            edges = edges_of_pixels(places)
            found.append(int(np.clip(np.searchsorted(edges, value) - 1, 0, places.size - 1)))
        return (0 if self.is_line else found[0]), found[1]

    def place_of(self, number: int) -> QPointF:
        """Return the middle of a pixel on the widget."""
        assert self.scene is not None
        row, column = self.scene.own.place_of(number)
        return self._box((row, row), (column, column)).center()

    def _box(self, rows: tuple[int, int], columns: tuple[int, int]) -> QRectF:
        assert self.scene is not None
        across, down = self.scales()
        grid, area = self.scene.own.grid, self.area
        x, y = edges_of_pixels(grid.x), edges_of_pixels(grid.y)
        left, right = across.at(float(x[columns[0]])), across.at(float(x[columns[1] + 1]))
        top, bottom = down.at(float(y[rows[0]])), down.at(float(y[rows[1] + 1]))
        if self.is_line:
            top, bottom = area.top(), area.bottom()
        return QRectF(left, top, right - left, bottom - top)

    # -----------------------------------------------------------------------------
    # Mouse and keys

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        """Begin: a click pins, a drag draws a region."""
        if event.button() == Qt.MouseButton.LeftButton and self.area.contains(event.position()):
            self._pressed, self._dragged = event.position(), None

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        """Draw the region, or look at the pixel under the mouse."""
        scene = self.scene
        if scene is None:
            return
        at = event.position()
        if self._pressed is not None and event.buttons() & Qt.MouseButton.LeftButton:
            moved = (at - self._pressed).manhattanLength()
            if self._dragged is not None or moved >= _SMALLEST_DRAG:
                self._dragged = at
                self.update()
            return
        number = scene.own.grid.at(*self.pixel_at(at)) if self.area.contains(at) else None
        self.hovered.emit(-1 if number is None else number)
        words = "" if number is None else self.words_of(number)
        QToolTip.showText(event.globalPosition().toPoint(), wrapped(words), self)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        """Pin the pixel, choose the region whose letter was pressed, or take the drawn one."""
        pressed, dragged = self._pressed, self._dragged
        self._pressed = self._dragged = None
        if pressed is None or self.scene is None:
            return
        if dragged is not None:
            (r0, c0), (r1, c1) = self.pixel_at(pressed), self.pixel_at(dragged)
            self.area_drawn.emit((min(r0, r1), max(r0, r1)), (min(c0, c1), max(c0, c1)))
            self.update()
            return
        for one in self.scene.own.settings.areas:
            if self._letter(one).contains(pressed):
                self.area_chosen.emit(one.name)
                return
        number = self.scene.own.grid.at(*self.pixel_at(pressed))
        if number is not None:
            self.pinned.emit(number)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        """Ask for the fit of a pixel in the Spectrum view."""
        if self.scene is not None and self.area.contains(event.position()):
            number = self.scene.own.grid.at(*self.pixel_at(event.position()))
            if number is not None:
                self.fit_asked.emit(number)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        """Step with the arrows; Return asks for the fit, Delete takes the region away."""
        scene, key = self.scene, Qt.Key(event.key())
        if scene is None:
            return
        if key in _STEPS:
            self._step(
                scene, *_STEPS[key], far=event.modifiers() & Qt.KeyboardModifier.ShiftModifier
            )
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.fit_asked.emit(scene.pixel)
        elif key == Qt.Key.Key_Escape and self._pressed is not None:
            self._pressed = self._dragged = None
            self.update()
        elif key == Qt.Key.Key_Delete and scene.looking in scene.areas:
            self.area_removed.emit(scene.looking)
        else:
            super().keyPressEvent(event)

    def event(self, event: QEvent) -> bool:
        """Take the arrows and Delete before the window's shortcuts do."""
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent):
            key = Qt.Key(event.key())
            if key in _STEPS or key == Qt.Key.Key_Delete:
                event.accept()
                return True
        return super().event(event)

    def _step(self, scene: MapScene, down: int, right: int, *, far: object) -> None:
        """Go to the next measured pixel that way, with Shift to the fifth."""
        row, column = scene.own.place_of(scene.pixel)
        rows, columns = scene.own.grid.shape
        left = 5 if far else 1
        found = None
        while left and 0 <= row + down < rows and 0 <= column + right < columns:
            row, column = row + down, column + right
            number = scene.own.grid.at(row, column)
            if number is not None:
                found, left = number, left - 1
        if found is not None:
            self.pinned.emit(found)

    def leaveEvent(self, event: QEvent) -> None:  # noqa: N802
        """Look at the pinned pixel again."""
        QToolTip.hideText()
        self.hovered.emit(-1)
        super().leaveEvent(event)

    def words_of(self, number: int) -> str:
        """Say where a pixel is, and what it shows."""
        scene = self.scene
        assert scene is not None
        row, column = scene.own.place_of(number)
        state = int(scene.states[row, column])
        lines = [f"pixel {scene.words_of(number)} · {scene.place_words(number)}"]
        lines.append(f"{scene.shown.label}: {scene.number_words(number)}")
        if state != SHOWN and state in _WHY:
            lines.append(_WHY[state])
        if state == FAILED and scene.fit is not None:
            lines[-1] = scene.fit.status(number)
        return "\n".join(lines)

    # -----------------------------------------------------------------------------
    # Painting

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        """Paint the pixels or the curve of a line, ticks, cursor and regions."""
        scene = self.scene
        if scene is None:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        across, down = self.scales()
        paint_x_ticks(painter, self.area, across, most=max(3, int(self.area.width() / 70)))
        if self.is_line:
            paint_line(painter, self.area, scene, across)
        else:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
            painter.drawImage(self.area, self._heat(scene))
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            paint_y_ticks(painter, self.area, down, most=5, grid=False)
        self._paint_unit(painter, scene)
        self._paint_areas(painter, scene)
        self._paint_cursor(painter, scene)
        if self._pressed is not None and self._dragged is not None:
            self._paint_drag(painter)
        painter.end()

    def _heat(self, scene: MapScene) -> QImage:
        """Return the picture in the pixels of the screen, kept until something changes."""
        ratio = self.devicePixelRatioF()
        size = (max(int(self.area.width() * ratio), 1), max(int(self.area.height() * ratio), 1))
        key = (scene.shown.values, scene.shown.name, scene.limit, theme().palette.dark, size)
        if self._image is None or not _same(self._picture, key):
            columns = _steps_of(scene.own.grid.x, size[0])
            rows = _steps_of(scene.own.grid.y, size[1])
            self._image, self._picture = map_image(scene, rows, columns), key
        return self._image

    def _paint_unit(self, painter: QPainter, scene: MapScene) -> None:
        grid = scene.own.grid
        painter.setFont(number_font(scale=SMALL))
        painter.setPen(colour("muted"))
        words = f"{grid.names[0]}, {grid.unit}".replace("um", "µm").rstrip(", ")
        foot = QRectF(self.area.right() + 6, self.area.bottom() + 4, 90, 18)
        if foot.right() > self.width():
            foot.moveRight(self.width() - 2.0)
            foot.moveTop(self.area.bottom() - 20)
            painter.setPen(colour("text"))
        painter.drawText(foot, Qt.AlignmentFlag.AlignVCenter, words)

    def _paint_areas(self, painter: QPainter, scene: MapScene) -> None:
        for one in scene.own.settings.areas:
            box = self._box(one.rows, one.columns)
            chosen = scene.looking == one.name
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(colour("#ffffff"), 3.4))
            painter.drawRoundedRect(box, 2, 2)
            painter.setPen(QPen(colour("accent" if chosen else "#10202f"), 1.8))
            painter.drawRoundedRect(box, 2, 2)
            chip = self._letter(one)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(colour("accent" if chosen else "#10202f"))
            painter.drawRect(chip)
            painter.setPen(colour("#ffffff"))
            painter.setFont(number_font(bold=True, scale=SMALL))
            painter.drawText(chip, Qt.AlignmentFlag.AlignCenter, one.name)

    def _letter(self, one: MapArea) -> QRectF:
        box = self._box(one.rows, one.columns)
        return QRectF(box.left(), box.top(), 15 + 6 * (len(one.name) - 1), 16)

    def _paint_cursor(self, painter: QPainter, scene: MapScene) -> None:
        area = self.area
        at = self.place_of(scene.pixel)
        painter.setPen(QPen(colour("text", 0.75), 1.0, Qt.PenStyle.DotLine))
        painter.drawLine(QPointF(at.x(), area.top()), QPointF(at.x(), area.bottom()))
        if not self.is_line:
            painter.drawLine(QPointF(area.left(), at.y()), QPointF(area.right(), at.y()))
        for number, tone in ((scene.hover, "text"), (scene.pixel, "accent")):
            if number is None or self.is_line:
                continue
            row, column = scene.own.place_of(number)
            box = self._box((row, row), (column, column))
            grown = max(0.0, 9.0 - box.width()) / 2
            box = box.adjusted(-grown, -grown, grown, grown)
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(colour("#ffffff"), 3.0))
            painter.drawRect(box)
            painter.setPen(QPen(colour(tone if tone == "accent" else "#10202f"), 1.6))
            painter.drawRect(box)
        if self.hasFocus():
            painter.setPen(QPen(colour("accent", 0.6), 1.0))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(area.adjusted(-2, -2, 2, 2))

    def _paint_drag(self, painter: QPainter) -> None:
        assert self._pressed is not None and self._dragged is not None
        (r0, c0), (r1, c1) = self.pixel_at(self._pressed), self.pixel_at(self._dragged)
        box = self._box((min(r0, r1), max(r0, r1)), (min(c0, c1), max(c0, c1)))
        painter.setPen(QPen(colour("accent"), 1.8, Qt.PenStyle.DashLine))
        painter.setBrush(colour("accent", 0.15))
        painter.drawRect(box)


def edges_of_pixels(places: Array) -> Array:
    """Return where pixels begin and end (n + 1,), given their middles (n,)."""
    if places.size == 1:
        return np.array([places[0] - 0.5, places[0] + 0.5])
    middles = 0.5 * (places[1:] + places[:-1])
    first, last = places[0] - (middles[0] - places[0]), places[-1] + (places[-1] - middles[-1])
    return np.concatenate([[first], middles, [last]])


def _steps_of(places: Array, size: int) -> np.ndarray:
    """Return which pixel of the map each pixel of the screen shows."""
    edges = edges_of_pixels(places)
    middles = edges[0] + (np.arange(size) + 0.5) / size * (edges[-1] - edges[0])
    return np.asarray(np.clip(np.searchsorted(edges, middles) - 1, 0, places.size - 1))


def _same(a: tuple[object, ...], b: tuple[object, ...]) -> bool:
    return len(a) == len(b) and a[0] is b[0] and a[1:] == b[1:]


def paint_line(painter: QPainter, area: QRectF, scene: MapScene, across: Scale) -> None:
    """Paint a line scan: each pixel's value with its error; hollow what is below the limit."""
    grid, shown = scene.own.grid, scene.shown
    values, errors = grid.image(shown.values)[0], np.nan_to_num(grid.image(shown.stderrs)[0])
    seen = scene.states[0] == SHOWN
    known = np.isfinite(values) & seen
    low, high = 0.0, 1.0
    if known.any():
        low = float((values - errors)[known].min())
        high = float((values + errors)[known].max())
    room = 0.06 * ((high - low) or abs(high) or 1.0)
    up = Scale(low - room, high + room, area.bottom(), area.top())
    paint_y_ticks(painter, area, up, most=5)
    painter.setPen(QPen(colour("data"), 1.2))
    for k in np.flatnonzero(known).tolist():
        x, y, e = across.at(float(grid.x[k])), float(values[k]), float(errors[k])
        painter.drawLine(QPointF(x, up.at(y - e)), QPointF(x, up.at(y + e)))
        painter.setBrush(colour("accent"))
        painter.drawEllipse(QPointF(x, up.at(y)), 3.0, 3.0)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(colour("faint"), 1.2))
    for k in np.flatnonzero(~known & (scene.states[0] != UNFITTED)).tolist():
        painter.drawEllipse(QPointF(across.at(float(grid.x[k])), area.bottom() - 6), 3.0, 3.0)
    painter.setFont(number_font(scale=SMALL))
    painter.setPen(colour("muted"))
    hidden = int((~known).sum())
    if hidden:
        words = in_locale(f"{hidden} of {known.size} below the limit: hollow")
        painter.drawText(area.adjusted(0, 4, -6, 0), Qt.AlignmentFlag.AlignRight, words)
