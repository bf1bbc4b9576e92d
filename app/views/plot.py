"""The plot: data, fit, residual; peaks, widths, window and background taken by the mouse.

Binding energy decreases to the right. The upper panel shows the residual in sigma on the same
axis. During a drag only curves, residual and handles are drawn again (`PlotView.show_live`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from math import nan
from pathlib import Path

import numpy as np
from PySide6.QtCore import QEvent, QObject, QPoint, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QGuiApplication, QImage, QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QFrame, QMenu, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from spectra_core.editing.drag import SHIFT, TOP, Handle, handles
from spectra_core.fitting import FitResult
from spectra_core.model import Region, resolve_component
from spectra_core.referee.verdict import CHECK, NOT_YET, SOUND, Verdict
from spectra_core.results.colours import component_colours
from spectra_core.results.misfit import misfit_of
from spectra_core.spectrum import Array, Axis

from ..scene import Scene
from ..theme import theme
from ..widgets import Elided, label, restyle, row, wrapped
from .plot_handles import Drag, cursor_of
from .plot_hover import HoverBox, drag_lines, energy_words, hover_lines
from .plot_items import Tick, Trace
from .plot_legend import LegendStrip
from .plot_panels import Panels
from .plot_picture import export_picture, picture_of
from .plot_rule import ShiftField
from .plot_scales import anchor_of, rule_of
from .plot_scene import (
    Height,
    about,
    component_at,
    curves_of,
    fitted_tones,
    height_for,
    names_apart,
    overlay_traces,
    peak_names,
    sample_of,
    title_of,
)
from .plot_ticks import room_for
from .residual import SIGMAS

__all__ = ["PlotOptions", "PlotView", "Tick"]

_SEVERITY = {SOUND: "good", CHECK: "warn", NOT_YET: "alarm"}
_ABOVE = 0.07  # part of the height over the data
_NEAR_PX = 6.0
_NAME_LENGTH = 28  # a name of a whole line would make the window as wide


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
    log_y : bool
        Counts on a logarithmic axis.
    residual_range : int
        The panel of the residual reaches at least this many sigma.
    """

    kinetic: bool = False
    components: bool = True
    move_only: bool = False
    waterfall: float = 0.0
    library_ticks: bool = True
    log_y: bool = False
    residual_range: int = SIGMAS


class PlotView(QFrame):
    """Shows a scene and lets a user take hold of it.

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
        A component is wanted at this place of the axis.
    library_at(float)
        The library is wanted near this energy of the referenced scale.
    overlay_picked(str)
        Spectrum id.
    channel_toggled(float)
        A channel by its place on the recorded axis: it is to be masked, or put back.
    shift_typed(float), calibration_asked()
        By a click on the chip between the two scales.
    finding_asked(FitWarning)
        The worst of those behind the verdict, by a click on it.
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
    channel_toggled = Signal(float)
    shift_typed = Signal(float)
    finding_asked = Signal(object)
    calibration_asked = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("card")
        self.setAccessibleName("Plot")
        self._scene: Scene | None = None
        self._options = PlotOptions()
        self._ticks: tuple[Tick, ...] = ()
        self._view_of: tuple[object, ...] = ()
        self._home: object = None
        self._height = Height()
        self.drag = Drag(self)
        self._make_titles()
        self._panels = Panels(self)
        self.legend = LegendStrip()
        self.legend.picked.connect(self.overlay_picked)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(12, 8, 12, 8)
        layout.setSpacing(2)
        titles = row(self._name, self._sample, self.verdict, self._about, spacing=10)
        titles.setStretch(1, 3)
        titles.setStretch(3, 3)
        layout.addLayout(titles)
        layout.addWidget(self.legend)
        layout.addWidget(self._panels, 1)
        self._hover = HoverBox(self._panels)
        self.shift_field = ShiftField(self._panels)
        self.shift_field.committed.connect(self.shift_typed)
        self._join()
        self._dress()

    def _make_titles(self) -> None:
        self._name = label("", "title")
        self._name.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Preferred)
        self._sample = Elided("", "muted")
        self._about = Elided("", "muted")
        self.verdict = QPushButton()
        self.verdict.setObjectName("pill")
        self.verdict.setCursor(Qt.CursorShape.PointingHandCursor)
        self.verdict.clicked.connect(self._ask_verdict)
        self._about.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)

    def _join(self) -> None:
        self.drag.began.connect(self._began)
        self.drag.moved.connect(self._moved)
        self.drag.ended.connect(self._ended)
        self.drag.cancelled.connect(self._cancelled)
        self._panels.installEventFilter(self)
        self._panels.viewport().installEventFilter(self)
        self._panels.box.sigResized.connect(self._keep_home)
        theme().changed.connect(self._dress)

    # -----------------------------------------------------------------------------
    # What is shown

    @property
    def options(self) -> PlotOptions:
        """How it is drawn."""
        return self._options

    @property
    def moves_only(self) -> bool:
        """The mouse neither zooms nor adds."""
        return self._options.move_only

    @property
    def viewport(self) -> QWidget:
        """The widget that gets the mouse."""
        viewport: QWidget = self._panels.viewport()
        return viewport

    def set_options(self, options: PlotOptions) -> None:
        """Draw it in another way."""
        self._options = options
        self._panels.set_residual_range(options.residual_range)
        if self._scene is not None:
            self.show_scene(self._scene)

    def set_ticks(self, ticks: tuple[Tick, ...]) -> None:
        """Show other library ticks."""
        self._ticks = ticks
        self._show_ticks()

    def show_scene(self, scene: Scene) -> None:
        """Show a scene; the view stays where it is unless something else is chosen."""
        self._scene = scene
        self._panels.other.show_traces(())
        self._height = height_for(scene.spectrum, is_log=self._options.log_y)
        self._show_titles(scene)
        self._panels.show_axes(scene.spectrum, self._mirror())
        self._panels.show_data(scene.spectrum, self._height)
        self._show_overlays(scene)
        if scene.fit is not None and scene.region is not None:
            self._show_fit(scene.fit, scene.region, fitted=scene.fitted)
        else:
            self._panels.clear_fit()
            self._show_rule(scene.fit)
        self._show_ticks()
        self._show_message(scene)
        if self.drag.handle is None and not scene.dragging:
            self._panels.upper_box.setYRange(
                -self._panels.residual.reach, self._panels.residual.reach, padding=0.0
            )
        chosen = scene.selection
        view = (
            scene.project.id,
            chosen.spectra,
            chosen.analysis,
            chosen.region,
            self._options.waterfall,
            self._options.log_y,
            scene.spectrum and scene.spectrum.calibration,
        )
        if view != self._view_of:
            self._view_of = view
            self._hover.hide()
            self.reset_view()

    def show_stored(self, curve: tuple[Array, Array] | None) -> None:
        """Draw another program's fit dashed, or draw it no more.

        Parameters
        ----------
        curve : tuple of ndarray or None
            Energies and intensities, each of shape (N,), on the axis that is shown.
        """
        x, y = curve if curve is not None else (np.empty(0), np.empty(0))
        self._panels.stored.setData(x, self._height.up(np.asarray(y)))

    def show_other(self, fit: FitResult | None, region: str = "") -> None:
        """Draw the curves of another model of the shown region dashed, or draw them no more."""
        if fit is None or self._scene is None or self._scene.region is None:
            self._panels.other.show_traces(())
            return
        own, height = fit.model.region(region), self._height
        if region != self._scene.region.name:
            return
        x, _, envelope, bands = curves_of(
            fit, own, self._scene, "", components=self._options.components, height=height
        )
        tones = component_colours(own)
        traces = [Trace(b.owner, x, b.top, tones.get(b.owner, b.tone)) for b in bands]
        self._panels.other.show_traces([*traces, Trace("", x, envelope, "envelope")])

    def show_live(self, fit: FitResult, region: str) -> None:
        """Draw the curves of a drag in progress; nothing else changes.

        Parameters
        ----------
        fit : FitResult
        region : str
            Its region shown here.
        """
        if self._scene is None:
            return
        self._show_fit(fit, fit.model.region(region), fitted=fit.method != "none")
        held = self.drag.handle
        place = self._panels.handles.place_of(held) if held is not None else None
        if held is not None and place is not None:
            there = self._panels.pixel(place)
            live = replace(self._scene, fit=fit)
            lines = drag_lines(live, self._ticks, held, place[0], self._height.down(place[1]))
            self._hover.show_at(there, lines)

    def reset_view(self) -> None:
        """Show the whole region, or the whole spectrum where there is none."""
        scene = self._scene
        if scene is None or scene.spectrum is None:
            self._panels.box.setRange(QRectF(0.0, 0.0, 1.0, 1.0), padding=0.0)
            return
        x, y = scene.spectrum.x, self._height.up(scene.spectrum.y)
        low, high = float(x[0]), float(x[-1])
        if scene.region is not None:
            first, last = scene.region.window
            margin = 0.04 * (last - first)
            low, high = max(low, first - margin), min(high, last + margin)
            if low >= high:
                low, high = float(x[0]), float(x[-1])
        parts = [y[(x >= low) & (x <= high)]]
        parts += [t.y[(t.x >= low) & (t.x <= high)] for t in self._panels.overlays.traces]
        inside = np.concatenate(parts)
        bottom, top = (float(inside.min()), float(inside.max())) if inside.size else (0.0, 1.0)
        room = (top - bottom) or abs(top) or 1.0
        span = float(x[-1] - x[0]) or 1.0
        self._panels.box.setLimits(xMin=x[0] - span, xMax=x[-1] + span, minXRange=span * 1e-4)
        self._panels.box.setXRange(low, high, padding=0.0)
        # Room below for the library, above for names.
        size = max(self._panels.box.height(), 120.0)
        labels = room_for(size) if self._ticks and self._options.library_ticks else 0.1 * size
        below = labels / max((1.0 - _ABOVE) * size - labels, 0.2 * size)
        above = _ABOVE * (1.0 + below) / (1.0 - _ABOVE)
        self._panels.box.setYRange(bottom - below * room, top + above * room, padding=0.0)
        self._panels.mark.hide()
        self._home = self._panels.box.viewRange()

    def _keep_home(self, *_: object) -> None:
        """Show the whole again in the new size, unless a user has chosen another part."""
        if self._scene is not None and self._panels.box.viewRange() == self._home:
            self.reset_view()

    def residual_clicked(self, position: QPointF) -> None:
        """Show what is around a marked residual, or the whole where there is none."""
        x = float(self._panels.upper_box.mapToView(position).x())
        rows = self._panels.rows.rows
        span = next(((row.low, row.high) for row in rows if row.low <= x <= row.high), None)
        beyond = self._panels.residual.beyond
        if span is None and beyond.size:
            nearest = float(beyond[np.argmin(np.abs(beyond - x))])
            pixel = self._panels.upper_box.mapFromView(QPointF(nearest, 0.0)).x()
            span = (nearest, nearest) if abs(pixel - position.x()) < _NEAR_PX else None
        if span is None:
            return
        low, high = self._panels.box.viewRange()[0]
        middle, half = sum(span) / 2, max(span[1] - span[0], 0.12 * (high - low))
        self._panels.box.setXRange(middle - half, middle + half, padding=0.0)

    def highlight(self, x_low: float, x_high: float, text: str = "") -> None:
        """Mark a part of the axis until the next click; what is out of view is brought in."""
        self._panels.mark.show_mark(x_low, x_high, text)
        low, high = self._panels.box.viewRange()[0]
        if x_low < low or x_high > high:
            self._panels.box.setXRange(min(low, x_low), max(high, x_high), padding=0.03)

    def picture(self, scale: float = 2.0) -> QImage:
        """Return what is on screen as an image, finer by `scale`."""
        self._hover.hide()
        with self._panels.sharp():
            return picture_of(self, scale)

    def export(self, path: str | Path) -> None:
        """Write the figure of the fit as PNG (600 dpi), SVG or PDF; without a fit, what is shown.

        Raises
        ------
        WriteError
            If the suffix is another one, or the file cannot be written.
        """
        self._hover.hide()
        with self._panels.sharp():
            export_picture(self, self._scene, Path(path))

    def handle_position(self, handle: Handle) -> QPoint | None:
        """Return where a handle is, in pixels of `viewport`; None if it is not shown."""
        place = self._panels.handles.place_of(handle)
        return None if place is None else self._panels.pixel(place)

    def tick_position(self, entry_id: str) -> QPoint | None:
        """Return where a library tick is, in pixels of `viewport`; None if it is not in view."""
        foot = self._panels.box.rect().bottom() - 4
        for tick, x, _ in self._panels.ticks.placed:
            if tick.entry_id == entry_id:
                scene = self._panels.box.mapToScene(QPointF(x, foot))
                return QPoint(self._panels.mapFromScene(scene))
        return None

    def position_of(self, x: float, y: float) -> QPoint:
        """Return where an energy and an intensity are, in pixels of `viewport`."""
        return self._panels.pixel((x, float(self._height.up(np.asarray(y)))))

    def _show_titles(self, scene: Scene) -> None:
        spectrum = scene.spectrum
        if spectrum is None:
            self._name.setText("")
            self._sample.set_full("")
        else:
            name = title_of(scene, spectrum)
            short = len(name) <= _NAME_LENGTH
            self._name.setText(name if short else f"{name[: _NAME_LENGTH - 1]}…")
            self._name.setToolTip("" if short else wrapped(name))
            self._sample.set_full(sample_of(spectrum))
        self._about.set_full(about(scene))
        self._show_verdict(scene.verdict)

    def _show_verdict(self, verdict: Verdict | None) -> None:
        self.verdict.setVisible(verdict is not None)
        if verdict is None:
            return
        self.verdict.setText(f"● {verdict.text}")
        self.verdict.setToolTip(wrapped("\n".join(f.message for f in verdict.findings[:5])))
        self.verdict.setProperty("severity", _SEVERITY[verdict.word])
        restyle(self.verdict)

    def show_unchecked(self) -> None:
        """Say that the fit is new, and that nobody has looked at it yet."""
        self.verdict.setText("○ Being checked…")
        self.verdict.setToolTip("The error budget is being made, and the referee has not looked.")
        self.verdict.setProperty("severity", "busy")
        restyle(self.verdict)
        self.verdict.show()

    def _ask_verdict(self) -> None:
        verdict = self._scene.verdict if self._scene is not None else None
        if verdict is not None and verdict.findings:
            self.finding_asked.emit(verdict.findings[0])

    def _show_overlays(self, scene: Scene) -> None:
        traces = overlay_traces(scene, self._options.waterfall, self._height)
        self._panels.overlays.show_traces(traces)
        named = traces
        if traces and scene.spectrum is not None:
            x, y = scene.spectrum.x, self._height.up(scene.spectrum.y)
            own = names_apart([scene.spectrum, *scene.overlays.values()])[0]
            named = [Trace("", x, y, "data", own), *traces]
        # The uppermost line of a waterfall is named first.
        self.legend.show_traces(named[::-1] if self._options.waterfall > 0 else named)

    def _mirror(self) -> float | None:
        """Return the photon energy where kinetic energies are printed."""
        spectrum = self._scene.spectrum if self._scene is not None else None
        if spectrum is None or not self._options.kinetic:
            return None
        falls = spectrum.axis is Axis.BINDING_ENERGY
        return spectrum.meta.excitation_energy_ev if falls else None

    def _show_fit(self, fit: FitResult, region: Region, *, fitted: bool) -> None:
        assert self._scene is not None
        owner = self._scene.selection.owner
        chosen = resolve_component(region, owner) if owner else ""
        with_components = self._options.components
        x, background, envelope, bands = curves_of(
            fit, region, self._scene, chosen, components=with_components, height=self._height
        )
        self._panels.curves.show_curves(x, background, envelope, bands, fitted=fitted)
        shown = fit.region(region.name)
        self._panels.show_misfit(shown.x, misfit_of(shown))
        places = {
            handle: (at, float(self._height.up(np.asarray(y))))
            for handle, (at, y) in handles(fit, region.name, chosen).items()
            if with_components or not handle.owner
        }
        self._panels.handles.show_handles(places, self._scene.colours, chosen)
        names = peak_names(fit, region, self._scene, owner or "", self._height)
        self._panels.names.show_names(
            names if with_components else (), x, envelope, moving=self.drag.handle is not None
        )
        self._show_rule(fit, places)

    def _show_rule(
        self, fit: FitResult | None, places: Mapping[Handle, tuple[float, float]] | None = None
    ) -> None:
        """Show both scales where they differ, and the line from the chip to its reference."""
        assert self._scene is not None
        rule = rule_of(self._scene, fit, self._mirror())
        self._panels.show_rule(rule)
        anchor = anchor_of(self._scene) if rule.slides else None
        place = (places or {}).get(Handle(TOP, anchor.id)) if anchor is not None else None
        self._panels.anchor.show_at(place)
        self._show_ticks()

    def _show_ticks(self) -> None:
        shown = self._ticks if self._options.library_ticks else ()
        fitted = {} if self._scene is None else fitted_tones(self._scene)
        self._panels.ticks.show_ticks(shown, self._panels.rule.rule.scales.shift, fitted)

    def _show_message(self, scene: Scene) -> None:
        nothing = scene.spectrum is None
        words = scene.problem or ("No spectrum chosen" if nothing else "")
        # A problem stands where the residual would be; the data are still below.
        self._panels.say(words, is_problem=bool(scene.problem), above=not nothing)

    # -----------------------------------------------------------------------------
    # The mouse

    def grab_at(self, position: QPointF) -> bool:
        """Take hold of the handle at a position of the view box, if there is one."""
        handle = self._panels.handles.at(position)
        place = self._panels.handles.place_of(handle) if handle is not None else None
        if handle is None or place is None:
            return False
        mouse = self._panels.box.mapToView(position)
        self._hover.hide()
        self.drag.begin(handle, place, (mouse.x(), mouse.y()))
        return True

    def grab_shift(self, x: float) -> None:
        """Take hold of the blue rule with the mouse at an energy."""
        self._hover.hide()
        shift = self._panels.rule.rule.scales.shift
        self.drag.begin(Handle(SHIFT), (shift, 0.0), (x, 0.0))

    def ask_shift(self) -> None:
        """Let the shift be typed where the chip is; a calibration has its dialog."""
        rule = self._panels.rule
        if not rule.rule.slides:
            self.calibration_asked.emit()
            return
        place = self._panels.mapFromScene(rule.chip_in_scene()).boundingRect()
        self.shift_field.ask(rule.rule.scales.shift, place)

    def clicked(self, position: QPointF, *, double: bool, with_control: bool) -> None:
        """Answer a click at a position of the view box."""
        self._panels.mark.hide()
        place = self._panels.box.mapToView(position)
        if double:
            if with_control and not self.moves_only:
                self.add_at.emit(float(place.x()))
            elif not self.moves_only:
                self.reset_view()
            return
        if self._scene is None:
            return
        tick = self._panels.ticks.at(position)
        overlay = self._panels.overlays.nearest(position, self._panels.box)
        handle = self._panels.handles.at(position)
        masked = self._panels.masked.at(position) if self._is_raman else None
        if masked is not None:
            self.channel_toggled.emit(masked)
        elif tick is not None and not self.moves_only:
            self.tick_clicked.emit(tick.entry_id)
        elif handle is not None and handle.owner:
            self.owner_picked.emit(handle.owner)
        elif overlay:
            self.overlay_picked.emit(overlay)
        else:
            self.owner_picked.emit(self._component_at(position))

    @property
    def _is_raman(self) -> bool:
        spectrum = self._scene.spectrum if self._scene is not None else None
        return spectrum is not None and spectrum.axis is Axis.RAMAN_SHIFT

    def show_menu(self, position: QPointF, screen: QPoint) -> None:
        """Open the context menu for a position of the view box."""
        if self._scene is None or self._scene.spectrum is None:
            return
        x = float(self._panels.box.mapToView(position).x())
        at = energy_words(self._scene, x)
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        add = menu.addAction(f"Add component here ({at})", partial(self.add_at.emit, x))
        add.setEnabled(not self.moves_only)
        referenced = self._scene.scales.referenced(x)
        menu.addAction("Library near here…", partial(self.library_at.emit, referenced))
        menu.addSeparator()
        if self._is_raman:
            spectrum = self._scene.spectrum
            at_channel = float(spectrum.x_recorded[int(np.argmin(np.abs(spectrum.x - x)))])
            menu.addAction("Mask this channel", partial(self.channel_toggled.emit, at_channel))
        menu.addAction("Show the whole region", self.reset_view)
        menu.addAction("Copy picture", self.copy_picture)
        menu.popup(screen)

    def copy_picture(self) -> None:
        """Put what is on screen into the clipboard, twice as fine."""
        QGuiApplication.clipboard().setImage(self.picture())

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802
        """Follow the cursor over the plot; Escape and losing the focus give a drag up."""
        kind = event.type()
        if self.drag.handle is not None:
            escape = isinstance(event, QKeyEvent) and event.key() == Qt.Key.Key_Escape
            if escape and kind in (QEvent.Type.KeyPress, QEvent.Type.ShortcutOverride):
                event.accept()
                self.drag.cancel()
                return True
            if kind in (QEvent.Type.FocusOut, QEvent.Type.WindowDeactivate, QEvent.Type.Hide):
                self.drag.cancel()
        elif kind == QEvent.Type.MouseMove and isinstance(event, QMouseEvent):
            if event.buttons() == Qt.MouseButton.NoButton:
                self._follow_cursor(event.position().toPoint())
        elif kind == QEvent.Type.Leave:
            self._leave()
        return super().eventFilter(watched, event)

    def _follow_cursor(self, pixel: QPoint) -> None:
        scene = self._scene
        place = self._panels.mapToScene(pixel)
        inside = self._panels.box.sceneBoundingRect().contains(place)
        if scene is None or scene.spectrum is None or not inside:
            self._leave()
            return
        position = self._panels.box.mapFromScene(place)
        handle, tick = self._panels.handles.at(position), self._panels.ticks.at(position)
        self._panels.handles.set_near(handle)
        shape = Qt.CursorShape.PointingHandCursor if tick is not None else cursor_of(handle)
        self._panels.viewport().setCursor(shape)
        x = float(self._panels.box.mapToView(position).x())
        at = int(np.argmin(np.abs(scene.spectrum.x - x)))
        self.hovered.emit(float(scene.spectrum.x[at]), float(scene.spectrum.y[at]))
        lines = hover_lines(
            scene,
            self._ticks if self._options.library_ticks else (),
            x,
            handle=handle,
            tick=tick,
            owner=self._component_at(position),
            mirror=self._mirror(),
        )
        self._hover.show_at(pixel, lines)

    def _leave(self) -> None:
        self._hover.hide()
        self._panels.handles.set_near(None)
        self.hovered.emit(nan, nan)

    def _component_at(self, position: QPointF) -> str:
        if self._scene is None or not self._options.components:
            return ""
        place = self._panels.box.mapToView(position)
        return component_at(self._scene, place.x(), self._height.down(place.y()))

    def _began(self, handle: Handle) -> None:
        if handle.owner:
            self.owner_picked.emit(handle.owner)
        self._panels.handles.set_near(handle)
        self.drag_began.emit(handle)

    def _moved(self, handle: Handle, x: float, y: float) -> None:
        self.drag_moved.emit(handle, x, self._height.down(y))

    def _ended(self) -> None:
        self._hover.hide()
        self.drag_ended.emit()

    def _cancelled(self) -> None:
        self._hover.hide()
        self.drag_cancelled.emit()

    def _dress(self) -> None:
        self._panels.dress()
        if self._scene is not None:
            self._show_message(self._scene)
