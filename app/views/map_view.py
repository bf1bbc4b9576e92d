"""The Map view: a Raman map beside the spectrum and the fit of one pixel."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAction, QResizeEvent
from PySide6.QtWidgets import (
    QHBoxLayout,
    QMenu,
    QPushButton,
    QSizePolicy,
    QSplitter,
    QTabWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from spectra_core.raman.previews import USUAL

from ..map_scene import NEAR, PIXEL, MapScene
from ..theme import theme
from ..widgets import Card, Choice, Elided, label, link_button, plain_button, restyle, row, wrapped
from .bands_plot import BandsPlot
from .map_factors import MapFactors
from .map_image import MapImage
from .map_panel import MapPanel
from .map_scale import MapScale
from .recorded_plot import Recorded, RecordedPlot


class MapView(QWidget):
    """Shows a map; what is chosen in any part of it is said once.

    Signals
    -------
    pixel_hovered(int), pixel_pinned(int)
    quantity_chosen(str), limit_moved(float), limit_set(float)
    area_drawn(tuple, tuple), area_chosen(str), area_added(str), area_removed(str)
    channel_clicked(float)
        Of the pinned pixel, on the recorded axis.
    kind_chosen(str), every_asked(bool)
    fit_asked(int)
        The fit of a pixel is wanted in the Spectrum view.
    model_asked(str)
        Id of the action that gives the model.
    run_asked(), export_asked(), calibration_asked(), factors_asked()
    """

    pixel_hovered = Signal(int)
    pixel_pinned = Signal(int)
    quantity_chosen = Signal(str)
    limit_moved = Signal(float)
    limit_set = Signal(float)
    area_drawn = Signal(tuple, tuple)
    area_chosen = Signal(str)
    area_added = Signal(str)
    area_removed = Signal(str)
    channel_clicked = Signal(float)
    kind_chosen = Signal(str)
    every_asked = Signal(bool)
    fit_asked = Signal(int)
    model_asked = Signal(str)
    run_asked = Signal()
    export_asked = Signal()
    calibration_asked = Signal()
    factors_asked = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("Map")
        self.scene: MapScene | None = None
        self._options: tuple[object, ...] = ()
        self.image, self.scale = MapImage(), MapScale()
        self.recorded, self.bands = RecordedPlot(), BandsPlot()
        self.panel, self.factors = MapPanel(), MapFactors()
        self._make_head()
        self._make_cards()
        layout = QHBoxLayout(self)
        layout.setContentsMargins(6, 8, 8, 8)
        layout.setSpacing(12)
        left = QVBoxLayout()
        left.setSpacing(8)
        left.addLayout(self._head)
        left.addWidget(self._split, 1)
        layout.addLayout(left, 1)
        layout.addWidget(self.panel)
        self._join()

    def _make_head(self) -> None:
        self.name = label("", "title")
        self.name.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Preferred)
        self.sample = Elided("", "muted")
        self.verdict = QPushButton()
        self.verdict.setObjectName("pill")
        self.chip = QPushButton()
        self.chip.setObjectName("pill")
        self.chip.setCursor(Qt.CursorShape.PointingHandCursor)
        self.chip.clicked.connect(self.calibration_asked)
        self.model = QToolButton()
        self.model.setObjectName("tool")
        self.model.setText("Model")
        self.model.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        menu = QMenu(self.model)
        self.models: dict[str, QAction] = {}
        for key, text in (
            ("preset", "A preset…"),
            ("recipe", "A recipe…"),
            ("map_pixel_model", "The model of this pixel in the Spectrum view"),
        ):
            self.models[key] = menu.addAction(text)
            self.models[key].triggered.connect(lambda _=False, k=key: self.model_asked.emit(k))
        self.model.setMenu(menu)
        self.export = plain_button("Export…", "Table, images, NeXus and figures of the map.")
        self.export.clicked.connect(self.export_asked)
        self.fit = QToolButton()
        self.fit.setObjectName("primary")
        self.fit.setText("Fit the map")
        self.fit.clicked.connect(self.run_asked)
        self._head = QHBoxLayout()
        self._head.setSpacing(9)
        left: tuple[QWidget, ...] = (self.name, self.verdict)
        right: tuple[QWidget, ...] = (self.chip, self.model, self.export, self.fit)
        for part in left:
            self._head.addWidget(part)
        self._head.addWidget(self.sample, 1)
        for part in right:
            self._head.addWidget(part)

    def _make_cards(self) -> None:
        self._beside = _Beside(self.image, self.scale)
        self.quantity = Choice(name="What is mapped")
        self.quantity.setMinimumContentsLength(20)
        self.about = label("", "muted")
        image = Card(margins=10)
        image.body.addLayout(row(self.quantity, 1, self.about))
        image.body.addWidget(self._beside, 1)
        self.tabs = QTabWidget()
        spectrum = QWidget()
        column = QVBoxLayout(spectrum)
        column.setContentsMargins(10, 6, 10, 4)
        column.setSpacing(2)
        self.pixel = label("", "subtitle")
        self.said = Elided("", "muted", at_end=True)
        self.near = link_button("average 3 × 3", "The mean of the pixel and its neighbours.")
        self.near.clicked.connect(self._toggle_near)
        head = row(self.pixel, self.said, self.near, spacing=10)
        head.setStretch(1, 1)
        column.addLayout(head)
        column.addWidget(self.recorded, 47)
        column.addWidget(self.bands, 53)
        self.tabs.addTab(spectrum, "Spectrum")
        self.tabs.addTab(self.factors, "Factors")
        self._split = QSplitter(Qt.Orientation.Vertical)
        self._split.addWidget(image)
        self._split.addWidget(self.tabs)
        self._split.setChildrenCollapsible(False)
        self._split.setSizes([450, 450])

    def _join(self) -> None:
        image, panel = self.image, self.panel
        image.hovered.connect(self.pixel_hovered)
        image.pinned.connect(self.pixel_pinned)
        image.area_drawn.connect(self.area_drawn)
        image.area_chosen.connect(self.area_chosen)
        image.area_removed.connect(self.area_removed)
        image.fit_asked.connect(self.fit_asked)
        self.scale.limit_moved.connect(self.limit_moved)
        self.scale.limit_set.connect(self.limit_set)
        self.quantity.chosen.connect(self.quantity_chosen)
        self.recorded.channel_clicked.connect(self.channel_clicked)
        self.recorded.kind_chosen.connect(self.kind_chosen)
        panel.kind_chosen.connect(self.kind_chosen)
        panel.every_asked.connect(self.every_asked)
        panel.area_chosen.connect(self.area_chosen)
        panel.area_added.connect(self.area_added)
        panel.area_removed.connect(self.area_removed)
        panel.fit_asked.connect(self._ask_fit)
        self.bands.fit_asked.connect(self._ask_fit)
        self.tabs.currentChanged.connect(self._changed_tab)
        self.verdict.clicked.connect(lambda: self.panel.verticalScrollBar().setValue(0))
        theme().changed.connect(self._dress)

    def _dress(self) -> None:
        self.show_map(self.scene)

    def _ask_fit(self) -> None:
        if self.scene is not None:
            self.fit_asked.emit(self.scene.pixel)

    def _toggle_near(self) -> None:
        if self.scene is not None:
            self.area_chosen.emit(PIXEL if self.scene.looking == NEAR else NEAR)

    def _changed_tab(self, _: int) -> None:
        if self.is_factors_seen:
            self.factors_asked.emit()

    @property
    def is_factors_seen(self) -> bool:
        """Whether the factors are in front."""
        return self.tabs.currentWidget() is self.factors

    # -----------------------------------------------------------------------------
    # What is shown

    def show_map(self, scene: MapScene | None) -> None:
        """Show a map."""
        self.scene = scene
        if scene is None:
            return
        self._show_head(scene)
        options = (scene.names, scene.shown.name)
        if options != self._options:  # a list that is open stays so
            self._options = options
            self.quantity.set_options(*options)
        rows, columns = scene.own.grid.shape
        self.about.setText(f"{columns} × {rows} pixels")
        self.image.show_map(scene)
        self.scale.show_map(scene)
        self._beside.lay_out()
        self._show_pixel(scene)
        self.bands.show_map(scene)
        self.panel.show_map(scene)
        self.factors.show_map(scene)

    def _show_head(self, scene: MapScene) -> None:
        spectrum = scene.spectra[0]
        self.name.setText("Map" if scene.own.grid.y.size > 1 else "Line")
        title = scene.recipe.title if scene.recipe is not None else ""
        sample = spectrum.meta.sample or spectrum.label
        self.sample.set_full(" · ".join(text for text in (sample, title) if text))
        word, severity, tip = verdict_words(scene)
        self.verdict.setVisible(bool(word))
        self.verdict.setText(f"● {word}")
        self.verdict.setToolTip(wrapped(tip))
        self.verdict.setProperty("severity", severity)
        restyle(self.verdict)
        words, known = calibration_words(scene)
        self.chip.setText(words)
        self.chip.setProperty("severity", "good" if known else "busy")
        self.chip.setToolTip("Set the axis by a standard: one step, which can be undone.")
        restyle(self.chip)
        self.fit.setEnabled(not scene.why_not and not scene.busy)
        self.fit.setToolTip(wrapped(scene.why_not or "All pixels with one model (F)."))
        self.export.setEnabled(scene.record is not None and not scene.busy)

    def _show_pixel(self, scene: MapScene) -> None:
        area = scene.area
        self.near.setText("the pixel alone" if scene.looking == NEAR else "average 3 × 3")
        if area is not None:
            near = scene.looking == NEAR
            self.pixel.setText("Pixel and neighbours" if near else f"Region {scene.looking}")
            said = f"mean of {area.count} spectra, with the noise of a mean"
        else:
            self.pixel.setText(f"Pixel {scene.words_of(scene.number)}")
            count = 0 if scene.spectrum.masked is None else len(scene.spectrum.masked)
            masked = f"; {count} channel{'s' * (count > 1)} masked" if count else ""
            said = f"{scene.place_words(scene.number)}, as recorded{masked}"
        self.said.set_full(said)
        own = area is None and scene.hover is None
        tried = scene.baselines if own else ()
        shown = tuple(b.kind for b in tried) if len(tried) <= len(USUAL) + 1 else USUAL
        window = None if scene.model is None else scene.model.window
        self.recorded.show_recorded(Recorded(scene.spectrum, tried, shown, window, own))


class _Beside(QWidget):
    """The picture, and its colours at the right edge of the pixels, wherever that is."""

    def __init__(self, image: MapImage, scale: MapScale) -> None:
        super().__init__()
        self._image, self._scale = image, scale
        for part in (image, scale):
            part.setParent(self)
        self.setMinimumSize(image.minimumWidth() + scale.width(), image.minimumHeight())
        self.setSizePolicy(image.sizePolicy())

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802
        """Lay the two out."""
        super().resizeEvent(event)
        self.lay_out()

    def lay_out(self) -> None:
        """Give the picture the room that the colours leave, and put these beside its pixels."""
        width = self._scale.width()
        self._image.setGeometry(0, 0, self.width() - width, self.height())
        edge = round(self._image.area.right()) + 70 - 12 * self._image.is_line
        self._scale.setGeometry(min(edge, self.width() - width), 0, width, self.height())


def verdict_words(scene: MapScene) -> tuple[str, str, str]:
    """Return the word on a map, how bad it is, and why; empty before a fit."""
    fit = scene.fit
    if fit is None or scene.busy:
        return "", "good", ""
    if scene.stale:
        return "Changed after its fit", "warn", "Fit again with F."
    failed = int(fit.failed.sum())
    open_ones = int((fit.batch.status == 2).sum())
    if failed or open_ones:
        parts = [f"{failed} failed"] if failed else []
        parts += [f"{open_ones} not converged"] if open_ones else []
        tip = "Map “how the fits ended” shows where."
        return f"Check: {', '.join(parts)}", "warn", tip
    return "", "good", ""


def calibration_words(scene: MapScene) -> tuple[str, bool]:
    """Return what the axis of the map was set by, and whether it was."""
    calibration = scene.spectra[0].calibration
    if not calibration.reference and not calibration.shift:
        return "not calibrated", False
    error = calibration.uncertainty
    text = calibration.reference or f"{calibration.shift:+.2f} cm⁻¹"
    return (f"{text} ± {error:.2g} cm⁻¹" if error else text), True
