"""The components of the shown region, one card for each doublet or single line."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QMimeData, QObject, QPoint, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QContextMenuEvent,
    QDrag,
    QMouseEvent,
    QPainter,
    QPaintEvent,
)
from PySide6.QtWidgets import QGridLayout, QVBoxLayout, QWidget

from spectra_core.editing.edits import doublet_words, members, owner_label, owners
from spectra_core.fitting import FitResult
from spectra_core.model import Region
from spectra_core.referee.verdict import CHECK, NOT_YET, SOUND

from ..formula import formula
from ..parameter_words import NAMES
from ..scene import Scene
from ..widgets import (
    Card,
    Elided,
    NumberField,
    clear_layout,
    in_locale,
    label,
    link_button,
    printed,
    restyle,
    row,
    wrapped,
)
from .component_numbers import MAIN, NumberCell, Numbers, numbers
from .owner_intents import OwnerIntents
from .owner_menu import owner_menu

OWNER_MIME = "application/x-doublet-owner"
_SEVERITY = {SOUND: "", CHECK: "warn", NOT_YET: "alarm"}
_MARKS = {"free": "", "fixed": "· fixed", "linked": "=", "at bound": "⚠ at bound"}


class ComponentCards(OwnerIntents, QWidget):
    """Cards that can be read, typed into, chosen and dragged into a ratio."""

    add_asked = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._cards: dict[str, _OwnerCard] = {}
        self._structure: tuple[object, ...] = ()
        self._numbers: Numbers | None = None
        self._body = QVBoxLayout()
        self._body.setSpacing(7)
        self._scale = label("", "muted", wrap=True)
        self._empty = label("No model on this spectrum yet.", "muted", wrap=True)
        self._add = link_button(
            "+ Add from the library…",
            "Choose a species, or click a tick on the axis: its position, width and doublet come"
            " with it. Key: A",
        )
        self._add.clicked.connect(self.add_asked)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(7)
        layout.addWidget(self._empty)
        layout.addWidget(self._scale)
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
        self._numbers = numbers(scene, self._numbers)
        if self._numbers is not None:
            for card in self._cards.values():
                card.show_numbers(self._numbers)
        self._scale.setVisible(bool(ids) and scene.scales.are_apart)
        self._scale.setText(f"Centres: {printed(scene.scales.formula)}.")
        self._empty.setVisible(not ids)
        self._empty.setText(
            "Open a file to begin."
            if scene.spectrum is None
            else "No component on this spectrum yet."
        )
        self._add.setEnabled(scene.spectrum is not None)

    def show_dragged(self, scene: Scene) -> bool:
        """Show the numbers in the middle of a drag; return whether some cards are still behind.

        A frame of a drag has no time for all of them: each call shows the chosen card and one
        other, the others in turn.
        """
        self._numbers = numbers(scene, self._numbers)
        if self._numbers is None:
            return False
        chosen = self._cards.get(scene.selection.owner or "")
        if chosen is not None:
            chosen.show_numbers(self._numbers)
        behind = [c for c in self._cards.values() if c is not chosen and c.fit is not scene.fit]
        behind.sort(key=lambda card: card.shown)
        if behind:
            behind[0].show_numbers(self._numbers)
        return len(behind) > 1

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
        self.shown = 0  # how often: those behind in a drag take turns
        self._cards = cards
        self._numbers: Numbers | None = None
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
        self._alarm = label("", "alarm", wrap=True)
        self.body.addWidget(self._words)
        self.body.addWidget(self._alarm)
        self._rows: dict[str, _Row] = {}
        self._names: list[str] = []

    def field(self, name: str) -> NumberField:
        """Return the field of a parameter by its name in words, e.g. ``"centre"``."""
        return self._rows[name].field

    @property
    def fit(self) -> FitResult | None:
        """What its numbers are of."""
        return None if self._numbers is None else self._numbers.scene.fit

    def show_numbers(self, numbers: Numbers) -> None:
        """Show the owner's numbers in a scene."""
        self._numbers = numbers
        self.shown += 1
        scene, region = numbers.scene, numbers.region
        lines = members(region, self.owner)
        enabled = lines[0].enabled
        tone = scene.colours.get(lines[0].id, "#7F7F7F")
        self._swatch.show_tone(tone, hollow=not enabled)
        text = formula(owner_label(region, self.owner))
        self._title.set_full(text)
        parts = (text, formula(lines[0].species), lines[0].lineshape.replace("_", " "))
        self._title.setToolTip(wrapped(" · ".join(part for part in parts if part)))
        self._title.setEnabled(enabled)
        part = numbers.share(self.owner) if enabled else None
        share = "disabled" if not enabled else "" if part is None else in_locale(f"{part:.1%}")
        self._share.setText(share.replace("%", " %"))
        self._share.setToolTip("Part of the region's area." if part is not None else "")
        wanted = list(numbers.cells(self.owner))
        chosen = scene.selection.owner in {self.owner, *(c.id for c in lines)}
        self._show_rows(wanted, chosen)
        self._show_words(wanted, numbers, lines[0].line)
        if bool(self.property("chosen")) != chosen:
            self.setProperty("chosen", chosen)
            restyle(self)

    def _show_words(self, wanted: list[NumberCell], numbers: Numbers, line: str) -> None:
        doublet = next((d for d in numbers.region.doublets if d.id == self.owner), None)
        texts = [in_locale(doublet_words(numbers.region, doublet))] if doublet else [line]
        texts += [f"{c.name} {formula(c.words)}" for c in wanted if c.kind == "linked"]
        self._words.setText("\n".join(text for text in texts if text))
        self._words.setVisible(any(texts))
        shown = [f"⚠ {c.name}: {c.words}" for c in wanted if c.kind == "at bound"]
        verdict = numbers.verdict(self.owner)
        word = SOUND if verdict is None else verdict.word
        if verdict is not None and word != SOUND and not shown:
            shown.append(f"⚠ {verdict.text}")
        self._alarm.setText("\n".join(in_locale(text) for text in shown))
        self._alarm.setVisible(bool(shown))
        severity = _SEVERITY[word]
        if self.property("severity") != severity:
            self.setProperty("severity", severity)
            self._alarm.setObjectName("alarm" if severity == "alarm" else "warn")
            restyle(self._alarm)
            restyle(self)

    def _show_rows(self, wanted: list[NumberCell], chosen: bool) -> None:
        names = [c.name for c in wanted]
        if names != self._names:
            self._names = names
            clear_layout(self._grid)
            self._rows = {}
            for number, one in enumerate(wanted):
                self._rows[one.name] = _Row(self, self._cards, self._grid, number, one)
        for one in wanted:
            # Mix, asymmetry and the like only where they matter; rows are hidden, never
            # made anew, so that a field that is typed into stays.
            seen = (
                chosen
                or one.parameter in MAIN
                or one.name != NAMES.get(one.parameter, one.parameter)
                or one.kind == "at bound"
            )
            self._rows[one.name].show_cell(one, seen)

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
        if self._pressed is None:
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
        if self._numbers is not None:
            owner_menu(self._cards, self._numbers, self.owner).popup(event.globalPos())

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802
        """Choose the card also by a click into one of its fields."""
        if event.type() == QEvent.Type.MouseButtonPress:
            self._cards.owner_chosen.emit(self.owner)
        return super().eventFilter(watched, event)


class _Row:
    """One number of a card: its name, a field, and error, unit and state behind it."""

    def __init__(
        self,
        card: _OwnerCard,
        cards: ComponentCards,
        grid: QGridLayout,
        number: int,
        one: NumberCell,
    ) -> None:
        self._name = label(one.name, "muted")
        self.field = NumberField(what=one.name)
        self.field.setProperty("flat", True)
        self.field.setAccessibleName(f"{one.name} of {card.owner}")
        self.field.setContextMenuPolicy(Qt.ContextMenuPolicy.NoContextMenu)  # the card's menu
        self.field.installEventFilter(card)
        self._path = one.path
        self.field.committed.connect(lambda value: cards.value_edited.emit(self._path, value))
        self._behind = label("", "muted")
        for column, widget in enumerate((self._name, self.field, self._behind)):
            grid.addWidget(widget, number, column)

    def show_cell(self, one: NumberCell, seen: bool) -> None:
        """Show a number, or hide the row."""
        self._path = one.path  # another region may have the same components
        for widget in (self._name, self.field, self._behind):
            widget.setVisible(seen)
        self.field.set_value(one.value, one.text)
        if not self.field.property("wrong"):
            self.field.setToolTip(wrapped(one.tip))
        unit = "" if one.parameter in ("area", "height") else one.unit
        parts = (one.error, unit, _MARKS[one.kind])
        self._behind.setText(" ".join(part for part in parts if part))
        self._behind.setToolTip(wrapped(f"{one.error} {one.unit} {one.words}".strip()))
        name = "warn" if one.kind == "at bound" else "muted"
        if self._behind.objectName() != name:
            self._behind.setObjectName(name)
            restyle(self._behind)
