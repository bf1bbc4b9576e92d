"""The components of the shown region, one card for each doublet or single line."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from PySide6.QtCore import QMimeData, QPoint, Qt, Signal
from PySide6.QtGui import (
    QAction,
    QColor,
    QContextMenuEvent,
    QDrag,
    QMouseEvent,
    QPainter,
    QPaintEvent,
)
from PySide6.QtWidgets import QGridLayout, QLabel, QMenu, QVBoxLayout, QWidget

from spectra_core.lineshapes import LINESHAPES, lineshape
from spectra_core.model import Component, Region
from spectra_core.model_edits import members, owner_label, owners
from spectra_core.model_words import doublet_words, state_of
from spectra_core.parameter_spec import ParameterSpec, unit_text
from spectra_core.results import rounded

from ..formula import formula
from ..scene import Scene
from ..widgets import (
    Card,
    Elided,
    NumberField,
    clear_layout,
    in_locale,
    label,
    link_button,
    restyle,
    row,
    show_number,
)

OWNER_MIME = "application/x-doublet-owner"
_MAIN = ("center", "fwhm", "fwhm_gauss", "fwhm_lorentz", "area", "height")
_NAMES = {"center": "centre", "fwhm": "FWHM", "fwhm_gauss": "FWHM G", "fwhm_lorentz": "FWHM L"}
_MARKS = {"free": "", "fixed": "fixed", "linked": "linked", "at bound": "at bound"}


@dataclass(frozen=True)
class Cell:
    """One number of a card or table, as it is shown.

    Attributes
    ----------
    path : str
    name : str
        The parameter's name in words.
    value : float or None
    text : str
        Rounded by its error where there is one.
    error : str
        ``± 0.01``; empty where there is none.
    unit : str
    kind : str
        ``free``, ``fixed``, ``linked`` or ``at bound``.
    words : str
        The same in a sentence.
    """

    path: str
    name: str
    value: float | None
    text: str
    error: str
    unit: str
    kind: str
    words: str


def cells(scene: Scene, owner: str) -> Iterator[Cell]:
    """Yield the numbers of a component or doublet of a scene, the principal ones first."""
    if scene.region is None or scene.analysis is None:
        return
    first = members(scene.region, owner)[0]
    specs = {spec.name: spec for spec in scene.region.specs_of(first)}
    for name in (*(n for n in _MAIN if n in specs), *(n for n in specs if n not in _MAIN)):
        yield cell(scene, owner, first, specs[name])


def cell(scene: Scene, owner: str, component: Component, spec: ParameterSpec) -> Cell:
    """Return one number of a component of a scene."""
    assert scene.region is not None and scene.analysis is not None
    # The area of a doublet is that of both lines together.
    holder = owner if spec.name == "area" and owner != component.id else component.id
    path = f"{scene.region.name}/{holder}/{spec.name}"
    fitted = scene.fit if scene.fitted else None
    state = state_of(
        scene.analysis.model, f"{scene.region.name}/{component.id}/{spec.name}", fitted
    )
    value, stderr = None, None
    if scene.fit is not None and component.enabled:
        value = scene.fit.value(path)
        stderr = scene.fit.stderr(path) if scene.fitted else None
    elif (given := component.parameters.get(spec.name)) is not None:
        value = given.value
    text, error = ("", None) if value is None else rounded(value, stderr)
    unit = _unit(scene, spec)
    if value is not None and stderr is None:
        text = show_number(value, 6)
    words = f"± {in_locale(error)}" if error else ""
    return Cell(
        path, _NAMES.get(spec.name, spec.name), value, in_locale(text), words, unit, state.kind,
        state.words,
    )  # fmt: skip


def share_of(scene: Scene, owner: str) -> float | None:
    """Return the part of a component's or doublet's area in its region; None if it has none."""
    if scene.fit is None or scene.region is None:
        return None
    areas: dict[str, float] = {}
    for other in owners(scene.region):
        lines = [c for c in members(scene.region, other) if c.enabled]
        if not lines or not all(_has_area(c) for c in lines):
            continue
        areas[other] = sum(scene.fit.value(f"{scene.region.name}/{c.id}/area") for c in lines)
    total = sum(areas.values())
    return areas[owner] / total if owner in areas and total > 0 else None


def _has_area(component: Component) -> bool:
    return any(spec.name == "area" for spec in lineshape(component.lineshape).parameters)


def _unit(scene: Scene, spec: ParameterSpec) -> str:
    if scene.spectrum is None:
        return ""
    y_unit = "" if scene.spectrum.y_unit == "arbitrary" else scene.spectrum.y_unit
    return unit_text(spec.unit, scene.spectrum.axis.unit, y_unit).strip().replace("cm-1", "cm⁻¹")


class ComponentCards(QWidget):
    """Cards that can be read, typed into, chosen and dragged into a ratio."""

    owner_chosen = Signal(str)
    value_edited = Signal(str, float)
    label_edited = Signal(str, str)
    species_edited = Signal(str, str)
    enabled_set = Signal(str, bool)
    held_set = Signal(str, bool)
    bounds_asked = Signal(str)
    shape_chosen = Signal(str, str)
    remove_asked = Signal(str)
    duplicate_asked = Signal(str)
    copy_asked = Signal(str)
    paste_asked = Signal()
    rename_asked = Signal(str)
    link_asked = Signal(str)
    unlink_asked = Signal(str)
    unlock_asked = Signal(str, str)
    relock_asked = Signal(str, str)
    add_asked = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._cards: dict[str, _OwnerCard] = {}
        self._structure: tuple[object, ...] = ()
        self._body = QVBoxLayout()
        self._body.setSpacing(7)
        self._empty = label("No model on this spectrum yet.", "muted", wrap=True)
        self._add = link_button(
            "+ Add from the library, or click a tick on the axis",
            "Choose a species; its position, width and doublet come with it. Key: A",
        )
        self._add.clicked.connect(self.add_asked)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(7)
        layout.addWidget(self._empty)
        layout.addLayout(self._body)
        layout.addWidget(self._add)

    def show_scene(self, scene: Scene) -> None:
        """Show the components of a scene's region."""
        region = scene.region
        ids = () if region is None else owners(region)
        structure = (ids, *(_shape_of(region, owner) for owner in ids)) if region else ()
        if structure != self._structure:
            self._structure = structure
            clear_layout(self._body)
            self._cards = {}
            for owner in ids:
                self._cards[owner] = _OwnerCard(owner, self)
                self._body.addWidget(self._cards[owner])
        for card in self._cards.values():
            card.show_scene(scene)
        self._empty.setVisible(not ids)
        self._empty.setText(
            "Open a file to begin." if scene.spectrum is None
            else "No component on this spectrum yet."
        )  # fmt: skip
        self._add.setEnabled(scene.spectrum is not None)

    def show_chosen(self, scene: Scene) -> None:
        """Show the numbers of the chosen component alone, as in the middle of a drag."""
        card = self._cards.get(scene.selection.owner or "")
        if card is not None:
            card.show_scene(scene)

    def card(self, owner: str) -> _OwnerCard:
        """Return the card of a component or doublet."""
        return self._cards[owner]


def _shape_of(region: Region | None, owner: str) -> tuple[object, ...]:
    assert region is not None
    first = members(region, owner)[0]
    return first.lineshape, tuple(s.name for s in region.specs_of(first))


class _Swatch(QWidget):
    """A small square of the component's colour."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFixedSize(13, 13)
        self._tone = "#7F7F7F"
        self._hollow = False

    def show_tone(self, tone: str, *, hollow: bool) -> None:
        """Show a colour; hollow for a disabled component."""
        self._tone, self._hollow = tone, hollow
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        """Paint the square."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QColor(self._tone))
        painter.setBrush(Qt.BrushStyle.NoBrush if self._hollow else QColor(self._tone))
        painter.drawRoundedRect(self.rect().adjusted(1, 1, -2, -2), 2, 2)
        painter.end()


class _OwnerCard(Card):
    """One doublet or single line."""

    def __init__(self, owner: str, cards: ComponentCards) -> None:
        super().__init__(cards)
        self.owner = owner
        self._cards = cards
        self._scene: Scene | None = None
        self._pressed: QPoint | None = None
        self.setProperty("chosen", False)
        self.setAccessibleName(owner)
        self._swatch = _Swatch()
        self._title = Elided("", "subtitle")
        self._share = label("", "muted")
        heading = row(self._swatch, self._title, self._share)
        heading.setStretch(1, 1)
        self.body.addLayout(heading)
        self._grid = QGridLayout()
        self._grid.setContentsMargins(0, 2, 0, 0)
        self._grid.setHorizontalSpacing(5)
        self._grid.setVerticalSpacing(1)
        self._grid.setColumnStretch(1, 1)
        self.body.addLayout(self._grid)
        self._words = label("", "muted", wrap=True)
        self.body.addWidget(self._words)
        self._rows: dict[str, tuple[NumberField, QLabel, QLabel]] = {}

    def field(self, name: str) -> NumberField:
        """Return the field of a parameter by its name in words, e.g. ``"centre"``."""
        return self._rows[name][0]

    def show_scene(self, scene: Scene) -> None:
        """Show the owner's numbers in a scene."""
        self._scene = scene
        region = scene.region
        assert region is not None
        lines = members(region, self.owner)
        enabled = lines[0].enabled
        tone = scene.colours.get(lines[0].id, "#7F7F7F")
        self._swatch.show_tone(tone, hollow=not enabled)
        text = formula(owner_label(region, self.owner))
        self._title.set_full(text)
        self._title.setToolTip(f"{lines[0].species or text} · {lines[0].lineshape}")
        part = share_of(scene, self.owner) if enabled else None
        said = "disabled" if not enabled else "" if part is None else in_locale(f"{part:.1%}")
        self._share.setText(said.replace("%", " %"))
        self._show_rows(scene)
        doublet = next((d for d in region.doublets if d.id == self.owner), None)
        line = lines[0].line
        words = doublet_words(region, doublet) if doublet is not None else line
        self._words.setText(in_locale(words) if doublet else words)
        self._words.setVisible(bool(words))
        chosen = scene.selection.owner in {self.owner, *(c.id for c in lines)}
        if bool(self.property("chosen")) != chosen:
            self.setProperty("chosen", chosen)
            restyle(self)

    def _show_rows(self, scene: Scene) -> None:
        wanted = list(cells(scene, self.owner))
        principal = [c for c in wanted if c.path.rpartition("/")[2] in _MAIN]
        more = [c for c in wanted if c not in principal]
        chosen = scene.selection.owner == self.owner
        shown = principal + (more if chosen or any(c.kind == "at bound" for c in more) else [])
        names = [c.name for c in shown]
        if names != list(self._rows):
            clear_layout(self._grid)
            self._rows = {}
            for number, one in enumerate(shown):
                self._add_row(number, one)
        for one in shown:
            field, error, mark = self._rows[one.name]
            field.set_value(one.value, one.text)
            field.setToolTip(one.words)
            error.setText(f"{one.error} {one.unit}".strip())
            mark.setText(_MARKS[one.kind])
            mark.setToolTip(one.words)
            mark.setObjectName("alarm" if one.kind == "at bound" else "faint")
            restyle(mark)

    def _add_row(self, number: int, one: Cell) -> None:
        name = label(one.name, "muted")
        field = NumberField(what=one.name)
        field.setProperty("flat", True)
        field.setAccessibleName(f"{one.name} of {self.owner}")
        field.committed.connect(_Edited(self._cards, one.path))
        error, mark = label("", "muted"), label("", "faint")
        for column, widget in enumerate((name, field, error, mark)):
            self._grid.addWidget(widget, number, column)
        self._rows[one.name] = (field, error, mark)

    # -----------------------------------------------------------------------------
    # The mouse

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        """Choose the card; a drag may follow."""
        self._pressed = event.position().toPoint()
        if event.button() == Qt.MouseButton.LeftButton:
            self._cards.owner_chosen.emit(self.owner)
        super().mousePressEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        """Drag the component, e.g. into a ratio."""
        if self._pressed is None or self._scene is None:
            return
        far = (event.position().toPoint() - self._pressed).manhattanLength() > 12
        if far and event.buttons() & Qt.MouseButton.LeftButton:
            self._pressed = None
            data = QMimeData()
            data.setData(OWNER_MIME, self.owner.encode())
            data.setText(self.owner)
            drag = QDrag(self)
            drag.setMimeData(data)
            drag.exec(Qt.DropAction.CopyAction)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:  # noqa: N802
        """Open the menu of the component."""
        if self._scene is not None:
            owner_menu(self._cards, self._scene, self.owner).popup(event.globalPos())


class _Edited:
    """Says that a value at a path was typed."""

    def __init__(self, cards: ComponentCards, path: str) -> None:
        self._cards, self._path = cards, path

    def __call__(self, value: float) -> None:
        self._cards.value_edited.emit(self._path, value)


def owner_menu(cards: ComponentCards, scene: Scene, owner: str) -> QMenu:
    """Return the menu of a component or doublet; `cards` (or a table) emits what is chosen."""
    assert scene.region is not None and scene.analysis is not None
    region = scene.region
    first = members(region, owner)[0]
    menu = QMenu(cards)
    menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)

    def add(target: QMenu, text: str, run: object, tip: str = "", *, on: bool = True) -> None:
        entry = QAction(text, target)
        entry.setEnabled(on)
        entry.setToolTip(tip)
        entry.triggered.connect(run)
        target.addAction(entry)

    enabled = first.enabled
    add(menu, "Disable" if enabled else "Enable",
        lambda: cards.enabled_set.emit(owner, not enabled))  # fmt: skip
    add(menu, "Rename…", lambda: cards.rename_asked.emit(owner))
    add(menu, "Duplicate", lambda: cards.duplicate_asked.emit(owner))
    add(menu, "Copy", lambda: cards.copy_asked.emit(owner))
    add(menu, "Paste", lambda: cards.paste_asked.emit())
    menu.addSeparator()
    parameters = menu.addMenu("Parameters")
    for one in cells(scene, owner):
        path = one.path
        own = parameters.addMenu(f"{one.name}: {one.text or 'open'} {one.unit}")
        own.setToolTip(one.words)
        add(own, one.words, lambda: None, on=False)
        if one.kind == "linked":
            add(own, "Take the link off", lambda _=False, p=path: cards.unlink_asked.emit(p))
        else:
            held = one.kind == "fixed"
            add(own, "Free" if held else "Fix",
                lambda _=False, p=path, h=held: cards.held_set.emit(p, not h))  # fmt: skip
            add(own, "Bounds…", lambda _=False, p=path: cards.bounds_asked.emit(p))
            add(own, "Link to…", lambda _=False, p=path: cards.link_asked.emit(p))
    shapes = menu.addMenu("Line shape")
    for name in LINESHAPES:
        entry = QAction(name.replace("_", " "), shapes)
        entry.setCheckable(True)
        entry.setChecked(name == first.lineshape)
        entry.triggered.connect(lambda _=False, n=name: cards.shape_chosen.emit(owner, n))
        shapes.addAction(entry)
    doublet = next((d for d in region.doublets if d.id == owner), None)
    if doublet is not None:
        locks = menu.addMenu("Doublet")
        for spec in region.specs_of(region.component(doublet.minor)):
            parameter = spec.name
            if parameter in doublet.unlocked_parameters:
                add(locks, f"Lock {_NAMES.get(parameter, parameter)} again",
                    lambda _=False, p=parameter: cards.relock_asked.emit(owner, p))  # fmt: skip
            else:
                add(locks, f"Unlock {_NAMES.get(parameter, parameter)}…",
                    lambda _=False, p=parameter: cards.unlock_asked.emit(owner, p))  # fmt: skip
    menu.addSeparator()
    add(menu, "Remove", lambda: cards.remove_asked.emit(owner))
    return menu
