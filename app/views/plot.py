"""The plot: data, fit, residual; peaks, widths, window and background taken by the mouse.

Binding energy decreases to the right. The upper panel shows the residual in sigma on the same
axis. During a drag only curves, residual and handles are drawn again (`PlotView.show_live`).
"""

from __future__ import annotations

from dataclasses import dataclass
from math import nan
from typing import Any

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QEvent, QObject, QPoint, QPointF, Qt, QTimer, Signal
from PySide6.QtGui import QAction, QImage, QKeyEvent, QPainter
from PySide6.QtWidgets import QFrame, QGraphicsItem, QLabel, QMenu, QVBoxLayout, QWidget

from spectra_core.drag import Handle, handles
from spectra_core.fit import FitResult
from spectra_core.model import Region, resolve_component
from spectra_core.spectrum import Array, Axis, Spectrum

from ..scene import Scene
from ..theme import colour, theme
from ..widgets import Elided, in_locale, label, row
from .plot_axis import CountsAxis, EnergyAxis, dress
from .plot_items import Band, CurvesItem, HandlesItem, SticksItem, Tick, TicksItem, cosmetic

__all__ = ["PlotOptions", "PlotView", "Tick"]

_FRAME_MS = 12
_MANY_POINTS = 3000
_OVERLAY_TONES = ("#56B4E9", "#CC79A7", "#009E73", "#E69F00", "#8C6BB1", "#D55E00", "#7F7F7F")


@dataclass(frozen=True)
class PlotOptions:
    """How the plot is drawn.

    Attributes
    ----------
    kinetic : bool
        Print kinetic energies where the photon energy is known.
    components : bool
    move_only : bool
        The mouse moves what is there; it neither zooms nor adds.
    waterfall : float
        Distance between overlaid spectra as a part of the height; 0 lays them over each other.
    library_ticks : bool
    """

    kinetic: bool = False
    components: bool = True
    move_only: bool = False
    waterfall: float = 0.0
    library_ticks: bool = True


class PlotView(QFrame):
    """Shows a scene and lets a person take hold of it.

    Signals
    -------
    drag_began(Handle), drag_moved(Handle, float, float), drag_ended(), drag_cancelled()
        x on the axis of the fit, y in the unit of the spectrum with the background included.
        There is at most one move for each frame.
    owner_picked(str)
        Component id under a click; empty for none.
    tick_clicked(str)
        Id of the library entry.
    hovered(float, float)
        Energy and intensity of the nearest point; nan outside.
    add_at(float)
        A component is wanted at this energy; `library_at(float)` opens the library there.
    overlay_picked(str)
        Spectrum id.
    """

    drag_began = Signal(object)
    drag_moved = Signal(object, float, float)
    drag_ended = Signal()
    drag_cancelled = Signal()
    owner_picked = Signal(str)
    tick_clicked = Signal(str)
    hovered = Signal(float, float)
    add_at = Signal(float)
    library_at = Signal(float)
    overlay_picked = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("card")
        self._scene: Scene | None = None
        self._options = PlotOptions()
        self._ticks: tuple[Tick, ...] = ()
        self._shown_view: tuple[object, ...] = ()
        self._handle: Handle | None = None
        self._ignore_drag = False
        self._pending: tuple[float, float] | None = None
        self._x = np.empty(0)
        self._y = np.empty(0)
        self._overlay_items: list[Any] = []
        self._make_titles()
        self._make_panels()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(12, 10, 12, 8)
        layout.setSpacing(4)
        layout.addLayout(row(self._name, self._sample, 1, self._about, spacing=10))
        layout.addWidget(self._graphics, 1)
        self._frame = QTimer(self)
        self._frame.setSingleShot(True)
        self._frame.setInterval(_FRAME_MS)
        self._frame.timeout.connect(self._tell_move)
        self._tip = QLabel(self._graphics)
        self._tip.setObjectName("hover")
        self._tip.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self._tip.hide()
        self._graphics.viewport().installEventFilter(self)
        self._graphics.viewport().setMouseTracking(True)
        theme().changed.connect(self._dress)
        self._dress()

    def _make_titles(self) -> None:
        self._name = label("", "title")
        self._sample = Elided("", "muted")
        self._about = label("", "muted")
        self._sample.setMinimumWidth(60)

    def _make_panels(self) -> None:
        self._graphics = pg.GraphicsLayoutWidget()
        self._graphics.setFrameShape(QFrame.Shape.NoFrame)
        self._graphics.setAntialiasing(True)
        self._graphics.setAccessibleName("Spectrum")
        self._graphics.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._box = _Box(self)
        self._upper_box = _Box(self, upper=True)
        self._axis = EnergyAxis()
        self._upper = self._graphics.addPlot(
            row=0, col=0, viewBox=self._upper_box, axisItems={"left": CountsAxis()}
        )
        self._main = self._graphics.addPlot(
            row=1, col=0, viewBox=self._box, axisItems={"left": CountsAxis(), "bottom": self._axis}
        )
        grid = self._graphics.ci.layout
        grid.setRowStretchFactor(0, 1)
        grid.setRowStretchFactor(1, 5)
        grid.setSpacing(2)
        self._graphics.ci.setContentsMargins(0, 0, 0, 0)
        self._upper.hideAxis("bottom")
        self._upper.setXLink(self._main)
        for plot in (self._upper, self._main):
            plot.hideButtons()
            plot.setMenuEnabled(False)
            plot.getViewBox().invertX(True)
            plot.showGrid(x=True, y=plot is self._main, alpha=0.25)
            for side in ("left", "bottom"):
                # Axes and grid stay as they are while curves move, so they are painted once.
                cached = QGraphicsItem.CacheMode.DeviceCoordinateCache
                plot.getAxis(side).setCacheMode(cached)
        self._upper_box.setMouseEnabled(x=True, y=False)
        self._points = pg.ScatterPlotItem(pxMode=True, size=4.5)
        self._dense = pg.PlotCurveItem()
        self._curves = CurvesItem()
        self._sticks = SticksItem()
        self._mark = pg.LinearRegionItem(movable=False)
        self._mark.setZValue(-20)
        self._mark.hide()
        for item in (self._mark, self._curves, self._dense, self._points):
            self._main.addItem(item)
        self._points.setZValue(5)
        self._upper.addItem(self._sticks)
        self._tick_marks = TicksItem(self._box)
        self._handles = HandlesItem(self._box)
        self._message = pg.TextItem("", anchor=(0.5, 0.5))
        self._message.setParentItem(self._box)

    # -----------------------------------------------------------------------------
    # What is shown

    @property
    def options(self) -> PlotOptions:
        """How it is drawn."""
        return self._options

    def set_options(self, options: PlotOptions) -> None:
        """Draw it in another way."""
        self._options = options
        if self._scene is not None:
            self.show_scene(self._scene)

    def set_ticks(self, ticks: tuple[Tick, ...]) -> None:
        """Show other library ticks."""
        self._ticks = ticks
        self._tick_marks.show_ticks(ticks if self._options.library_ticks else ())

    def show_scene(self, scene: Scene) -> None:
        """Show a scene; the view stays where it is unless another region is shown."""
        self._scene = scene
        self._show_titles(scene)
        self._show_data(scene.spectrum)
        self._show_overlays(scene)
        self._show_axis(scene.spectrum)
        if scene.fit is not None and scene.region is not None:
            self._show_fit(scene.fit, scene.region)
        else:
            self._curves.clear()
            self._sticks.show_residual(np.empty(0), np.empty(0))
            self._handles.show_handles({}, {}, "")
        self._tick_marks.show_ticks(self._ticks if self._options.library_ticks else ())
        self._show_message(scene)
        chosen = scene.selection
        view = (chosen.spectra, chosen.analysis, chosen.region, self._options.waterfall,
                scene.spectrum and scene.spectrum.calibration)  # fmt: skip
        if view != self._shown_view:
            self._shown_view = view
            self.reset_view()

    def show_live(self, fit: FitResult, region_name: str) -> None:
        """Draw the curves of a drag in progress; nothing else changes."""
        if self._scene is not None:
            self._show_fit(fit, fit.model.region(region_name))

    def reset_view(self) -> None:
        """Show the whole region, or the whole spectrum where there is none."""
        scene = self._scene
        if scene is None or scene.spectrum is None:
            return
        spectrum = scene.spectrum
        low, high = float(spectrum.x[0]), float(spectrum.x[-1])
        if scene.region is not None:
            margin = 0.04 * (scene.region.window[1] - scene.region.window[0])
            low = max(low, scene.region.window[0] - margin)
            high = min(high, scene.region.window[1] + margin)
            if low >= high:
                low, high = float(spectrum.x[0]), float(spectrum.x[-1])
        inside = (spectrum.x >= low) & (spectrum.x <= high)
        y = spectrum.y[inside] if inside.any() else spectrum.y
        bottom, top = float(y.min()), float(y.max())
        for item in self._overlay_items:
            if isinstance(item, pg.PlotCurveItem):
                _, values = item.getData()
                bottom, top = min(bottom, float(values.min())), max(top, float(values.max()))
        room = (top - bottom) or abs(top) or 1.0
        self._box.setXRange(low, high, padding=0.0)
        self._box.setYRange(bottom - 0.14 * room, top + 0.08 * room, padding=0.0)
        self._mark.hide()

    def highlight(self, low: float, high: float) -> None:
        """Mark a part of the axis until the next click."""
        self._mark.setRegion((low, high))
        self._mark.show()

    def _show_titles(self, scene: Scene) -> None:
        spectrum = scene.spectrum
        if spectrum is None:
            for words in (self._name, self._about):
                words.setText("")
            self._sample.set_full("")
            return
        self._name.setText(spectrum.meta.region or "Spectrum")
        self._sample.set_full(spectrum.meta.sample)
        self._about.setText(_about(scene))

    def _show_data(self, spectrum: Spectrum | None) -> None:
        if spectrum is None:
            self._x = self._y = np.empty(0)
        elif spectrum.x is self._x and spectrum.y is self._y:
            return
        else:
            self._x, self._y = spectrum.x, spectrum.y
        many = self._x.size > _MANY_POINTS
        self._points.setData(*(() if many or not self._x.size else (self._x, self._y)))
        if many:
            self._dense.setData(self._x, self._y)
        else:
            self._dense.setData([], [])

    def _show_overlays(self, scene: Scene) -> None:
        for item in self._overlay_items:
            self._main.removeItem(item)
        self._overlay_items = []
        if scene.spectrum is None:
            return
        step = self._options.waterfall * (float(np.ptp(scene.spectrum.y)) or 1.0)
        for number, (key, spectrum) in enumerate(scene.overlays.items(), 1):
            tone = _OVERLAY_TONES[(number - 1) % len(_OVERLAY_TONES)]
            y = spectrum.y + number * step
            curve = pg.PlotCurveItem(spectrum.x, y, pen=cosmetic(colour(tone), 1.3))
            curve.setZValue(-5)
            curve.setClickable(True, 8)
            curve.sigClicked.connect(_Picked(self, key))
            text = pg.TextItem(_short(spectrum), color=colour(tone), anchor=(0, 1))
            at = int(np.argmin(np.abs(spectrum.x - self._box_high(scene))))
            text.setPos(float(spectrum.x[at]), float(y[at]))
            for item in (curve, text):
                self._main.addItem(item, ignoreBounds=True)
                self._overlay_items.append(item)

    def _box_high(self, scene: Scene) -> float:
        if scene.region is not None:
            return scene.region.window[1]
        return float(self._x[-1])

    def _show_axis(self, spectrum: Spectrum | None) -> None:
        if spectrum is None:
            self._main.setLabel("bottom", "")
            self._main.setLabel("left", "")
            return
        photon = spectrum.meta.excitation_energy_ev
        energy = spectrum.axis is Axis.BINDING_ENERGY
        kinetic = self._options.kinetic and energy and photon is not None
        self._axis.set_mirror(photon if kinetic else None)
        name = "Kinetic energy" if kinetic else _AXIS_NAMES[spectrum.axis]
        unit = spectrum.axis.unit.replace("cm-1", "cm⁻¹")
        self._main.setLabel("bottom", f"{name} ({unit})")
        unit_y = "" if spectrum.y_unit == "arbitrary" else spectrum.y_unit
        self._main.setLabel("left", f"Intensity ({unit_y or 'arb. units'})")
        self._upper.setLabel("left", "residual (σ)")
        inverted = spectrum.axis is Axis.BINDING_ENERGY
        for box in (self._box, self._upper_box):
            box.invertX(inverted)

    def _show_fit(self, fit: FitResult, region: Region) -> None:
        shown = fit.region(region.name)
        chosen = self._chosen(region)
        bands = self._bands(shown.background, shown.peaks, region, chosen)
        self._curves.show_curves(shown.x, shown.background, shown.envelope, bands)
        self._sticks.show_residual(shown.x, shown.residual)
        if self._handle is None and not (self._scene and self._scene.dragging):
            reach = max(4.5, float(np.nanmax(np.abs(shown.residual))) * 1.05)
            self._upper_box.setYRange(-min(reach, 12.0), min(reach, 12.0), padding=0.0)
        colours = dict(self._scene.colours) if self._scene is not None else {}
        places = handles(fit, region.name, chosen) if self._options.components else {
            k: v for k, v in handles(fit, region.name).items() if not k.owner
        }  # fmt: skip
        self._handles.show_handles(places, colours, chosen)

    def _chosen(self, region: Region) -> str:
        owner = self._scene.selection.owner if self._scene is not None else None
        return resolve_component(region, owner) if owner else ""

    def _bands(self, background: Array, peaks: Any, region: Region, chosen: str) -> list[Band]:
        if not self._options.components or self._scene is None:
            return []
        bands = []
        for component in region.components:
            if component.id not in peaks:
                continue
            doublet = region.doublet_of(component.id)
            pale = doublet is not None and doublet.minor == component.id
            tone = self._scene.colours.get(component.id, "#7F7F7F")
            is_chosen = component.id == chosen or (
                doublet is not None and chosen in (doublet.major, doublet.minor)
            )
            bands.append(
                Band(component.id, background + peaks[component.id], tone, pale, is_chosen)
            )
        return sorted(bands, key=lambda band: band.chosen)

    def _show_message(self, scene: Scene) -> None:
        self._message.setText(scene.problem, color=colour("alarm"))
        area = self._box.rect()
        self._message.setTextWidth(max(area.width() - 60, 100))
        self._message.setPos(area.width() / 2, area.height() / 2)
        self._message.setVisible(bool(scene.problem))

    # -----------------------------------------------------------------------------
    # The mouse

    def begin_drag(self, position: QPointF) -> bool:
        """Take hold of the handle at a position of the view box, if there is one."""
        handle = self._handles.at(position)
        if handle is None:
            return False
        self._handle, self._ignore_drag = handle, False
        self._tip.hide()
        if handle.owner:
            self.owner_picked.emit(handle.owner)
        self.drag_began.emit(handle)
        return True

    def move_drag(self, position: QPointF) -> None:
        """Follow the mouse; told at most once a frame."""
        if self._handle is None:
            return
        place = self._box.mapToView(position)
        self._pending = (place.x(), place.y())
        if not self._frame.isActive():
            self._frame.start()

    def end_drag(self) -> None:
        """Let go."""
        if self._handle is not None:
            self._frame.stop()
            self._tell_move()
            self._handle = None
            self.drag_ended.emit()
        self._ignore_drag = False

    def cancel_drag(self) -> None:
        """Give the drag up; the rest of the movement does nothing."""
        if self._handle is not None:
            self._frame.stop()
            self._pending, self._handle = None, None
            self._ignore_drag = True
            self.drag_cancelled.emit()

    @property
    def ignores_drag(self) -> bool:
        """Whether the drag in progress was given up."""
        return self._ignore_drag

    @property
    def is_dragging(self) -> bool:
        """Whether a handle is held."""
        return self._handle is not None

    def handle_position(self, handle: Handle) -> QPointF | None:
        """Return where a handle is, in pixels of the graphics' viewport."""
        place = self._handles.place_of(handle)
        if place is None:
            return None
        scene = self._box.mapViewToScene(QPointF(*place))
        return QPointF(self._graphics.mapFromScene(scene))

    @property
    def viewport(self) -> QWidget:
        """The widget that gets the mouse."""
        viewport: QWidget = self._graphics.viewport()
        return viewport

    def _tell_move(self) -> None:
        if self._handle is not None and self._pending is not None:
            (x, y), self._pending = self._pending, None
            self.drag_moved.emit(self._handle, x, y)

    def clicked(self, position: QPointF, *, double: bool) -> None:
        """Answer a click at a position of the view box."""
        self._mark.hide()
        if double:
            if not self._options.move_only:
                self.reset_view()
            return
        tick = self._tick_marks.at(position)
        if tick is not None and not self._options.move_only:
            self.tick_clicked.emit(tick.entry_id)
            return
        handle = self._handles.at(position)
        place = self._box.mapToView(position)
        owner = handle.owner if handle is not None and handle.owner else ""
        self.owner_picked.emit(owner or self._component_at(place.x(), place.y()))

    def _component_at(self, x: float, y: float) -> str:
        scene = self._scene
        shown = scene.region_fit if scene is not None else None
        if shown is None or not self._options.components or not shown.x[0] <= x <= shown.x[-1]:
            return ""
        base = float(np.interp(x, shown.x, shown.background))
        inside = {key: float(np.interp(x, shown.x, curve)) for key, curve in shown.peaks.items()}
        found = [key for key, height in inside.items() if 0 < y - base <= height]
        return max(found, key=lambda key: inside[key]) if found else ""

    def show_menu(self, position: QPointF, screen: Any) -> None:
        """Open the context menu for a position of the view box."""
        if self._scene is None or self._scene.spectrum is None:
            return
        x = float(self._box.mapToView(position).x())
        unit = self._scene.spectrum.axis.unit
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        for text, signal in (
            (f"Add a component at {in_locale(f'{x:.2f}')} {unit}", self.add_at),
            (f"Library near {in_locale(f'{x:.2f}')} {unit}…", self.library_at),
        ):
            entry = QAction(text, menu)
            entry.setEnabled(not self._options.move_only)
            entry.triggered.connect(_Emit(signal, x))
            menu.addAction(entry)
        menu.addSeparator()
        whole = QAction("Show the whole spectrum", menu)
        whole.triggered.connect(self.reset_view)
        menu.addAction(whole)
        menu.popup(screen)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802
        """Follow the cursor over the plot."""
        if event.type() == QEvent.Type.MouseMove and self._handle is None:
            self._hover(QPointF(event.position()))  # type: ignore[attr-defined]
        elif event.type() == QEvent.Type.Leave:
            self._tip.hide()
            self._handles.set_near(None)
            self.hovered.emit(nan, nan)
        return super().eventFilter(watched, event)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        """Escape gives up the drag in progress."""
        if event.key() == Qt.Key.Key_Escape and self._handle is not None:
            self.cancel_drag()
            event.accept()
            return
        super().keyPressEvent(event)

    def _hover(self, pixel: QPointF) -> None:
        place = self._graphics.mapToScene(pixel.toPoint())
        if not self._x.size or not self._box.sceneBoundingRect().contains(place):
            self._tip.hide()
            self._handles.set_near(None)
            return
        position = self._box.mapFromScene(place)
        handle = self._handles.at(position)
        self._handles.set_near(handle)
        self._graphics.viewport().setCursor(_cursor(handle))
        x = float(self._box.mapToView(position).x())
        at = int(np.argmin(np.abs(self._x - x)))
        self.hovered.emit(float(self._x[at]), float(self._y[at]))
        words = self._hover_words(x, at, handle, self._tick_marks.at(position))
        self._tip.setText(words)
        self._tip.adjustSize()
        # Beside the cursor, and never outside the plot.
        left = int(pixel.x()) + 16
        if left + self._tip.width() > self._graphics.width() - 6:
            left = int(pixel.x()) - 16 - self._tip.width()
        top = max(4, int(pixel.y()) - self._tip.height() - 8)
        self._tip.move(max(left, 4), top)
        self._tip.show()
        self._tip.raise_()

    def _hover_words(self, x: float, at: int, handle: Handle | None, tick: Tick | None) -> str:
        scene = self._scene
        assert scene is not None and scene.spectrum is not None
        unit = scene.spectrum.axis.unit
        y_unit = "" if scene.spectrum.y_unit == "arbitrary" else scene.spectrum.y_unit
        lines = [
            f"{in_locale(f'{self._x[at]:.2f}')} {unit} · {in_locale(f'{self._y[at]:.5g}')} {y_unit}"
        ]
        if handle is not None:
            name = ""
            if handle.owner and scene.region is not None:
                name = scene.region.component(handle.owner).label
            lines.append(_HANDLE_WORDS[handle.kind].format(name))
        near = [tick] if tick is not None else sorted(
            (t for t in self._ticks if abs(t.center - x) <= t.tolerance),
            key=lambda t: abs(t.center - x),
        )[:3]  # fmt: skip
        for one in near:
            distance = in_locale(f"{x - one.center:+.2f}")
            lines.append(f"{one.text} {distance} {unit} · {one.tip}")
        return "\n".join(lines)

    # -----------------------------------------------------------------------------
    # Pictures and colours

    def picture(self, scale: float = 2.0) -> QImage:
        """Return what is on screen as an image, finer by `scale`."""
        self._tip.hide()
        image = QImage(self.size() * scale, QImage.Format.Format_ARGB32)
        image.setDevicePixelRatio(scale)
        image.fill(colour("card"))
        painter = QPainter(image)
        self.render(painter, QPoint())
        painter.end()
        return image

    def _dress(self) -> None:
        self._graphics.setBackground(colour("card"))
        for plot in (self._upper, self._main):
            for side in ("left", "bottom"):
                dress(plot.getAxis(side))
        self._points.setPen(cosmetic(colour("data", 0.75), 1.0))
        self._points.setBrush(colour("card", 0.0))
        self._dense.setPen(cosmetic(colour("data", 0.8), 1.0))
        band = colour("accent", 0.14)
        self._mark.setBrush(band)
        for line in self._mark.lines:
            line.setPen(cosmetic(colour("accent", 0.6), 1.0))
        self._tip.setStyleSheet(
            f"QLabel#hover {{ background: {theme().palette.tip}; color: {theme().palette.tip_text};"
            " border-radius: 5px; padding: 6px 8px; }"
        )
        if self._scene is not None:
            self.show_scene(self._scene)


class _Box(pg.ViewBox):  # type: ignore[misc]
    """A view box whose mouse belongs to the plot."""

    def __init__(self, view: PlotView, *, upper: bool = False) -> None:
        super().__init__(enableMenu=False)
        self._view, self._is_upper = view, upper
        self.disableAutoRange()

    def mouseDragEvent(self, event: Any, axis: Any = None) -> None:  # noqa: N802
        """Move a handle, or the view."""
        view = self._view
        if event.button() != Qt.MouseButton.LeftButton or self._is_upper:
            event.ignore() if view.options.move_only else super().mouseDragEvent(event, axis)
            return
        if event.isStart() and view.begin_drag(self.mapFromScene(event.buttonDownScenePos())):
            event.accept()
        if view.is_dragging:
            event.accept()
            view.move_drag(self.mapFromScene(event.scenePos()))
            if event.isFinish():
                view.end_drag()
            return
        if view.ignores_drag:
            event.accept()
            if event.isFinish():
                view.end_drag()
            return
        if view.options.move_only:
            event.ignore()
            return
        super().mouseDragEvent(event, axis)

    def mouseClickEvent(self, event: Any) -> None:  # noqa: N802
        """Choose, add, or open the menu."""
        if self._is_upper:
            return
        position = self.mapFromScene(event.scenePos())
        if event.button() == Qt.MouseButton.RightButton:
            event.accept()
            self._view.show_menu(position, event.screenPos().toPoint())
        elif event.button() == Qt.MouseButton.LeftButton:
            event.accept()
            self._view.clicked(position, double=event.double())

    def wheelEvent(self, event: Any, axis: Any = None) -> None:  # noqa: N802
        """Zoom at the cursor; along the energy alone with Ctrl, along the counts with Shift."""
        if self._view.options.move_only:
            event.ignore()
            return
        if event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
            axis = 1
        elif event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            axis = 0
        super().wheelEvent(event, axis)


class _Emit:
    """Emits a signal with a value; holds no widget alive."""

    def __init__(self, signal: Any, value: float) -> None:
        self._signal, self._value = signal, value

    def __call__(self, *_: object) -> None:
        self._signal.emit(self._value)


class _Picked:
    """Says which overlaid spectrum was clicked."""

    def __init__(self, view: PlotView, key: str) -> None:
        self._view, self._key = view, key

    def __call__(self, *_: object) -> None:
        self._view.overlay_picked.emit(self._key)


_AXIS_NAMES = {
    Axis.BINDING_ENERGY: "Binding energy",
    Axis.KINETIC_ENERGY: "Kinetic energy",
    Axis.RAMAN_SHIFT: "Raman shift",
    Axis.WAVELENGTH: "Wavelength",
    Axis.UNKNOWN: "Axis not known",
}

_HANDLE_WORDS = {
    "top": "{}: drag to move it, up for area",
    "half_low": "{}: drag for its width",
    "half_high": "{}: drag for its width",
    "window_low": "drag the window edge",
    "window_high": "drag the window edge",
    "background_low": "drag the background end",
    "background_high": "drag the background end",
}


def _cursor(handle: Handle | None) -> Qt.CursorShape:
    if handle is None:
        return Qt.CursorShape.ArrowCursor
    if handle.kind == "top":
        return Qt.CursorShape.SizeAllCursor
    if handle.kind.startswith("background"):
        return Qt.CursorShape.SizeVerCursor
    return Qt.CursorShape.SizeHorCursor


def _about(scene: Scene) -> str:
    """Return what belongs to the spectrum: its model, joint regions, shift."""
    parts = []
    if scene.analysis is not None:
        if scene.analysis.model.title:
            parts.append(scene.analysis.model.title)
        others = [r.name for r in scene.analysis.model.regions if r is not scene.region]
        if others:
            parts.append(f"joint with {', '.join(others)}")
        if scene.stale:
            parts.append("changed after its fit")
    assert scene.spectrum is not None
    calibration = scene.spectrum.calibration
    if calibration.shift:
        reference = f" ({calibration.reference})" if calibration.reference else ""
        text = in_locale(f"{calibration.shift:+.2f}")
        parts.append(f"shift {text} {scene.spectrum.axis.unit}{reference}")
    return " · ".join(parts)


def _short(spectrum: Spectrum) -> str:
    text = " · ".join(p for p in (spectrum.meta.sample, spectrum.meta.region) if p)
    return text if len(text) <= 60 else f"{text[:58]}…"
