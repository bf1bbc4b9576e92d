"""The components of the shown region: a row for each doublet or single line.

A row has the numbers that matter, each over its error or what it follows; the chosen one opens and
shows the rest, what is known beforehand, and its ties in words.
"""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QEvent, QMimeData, QObject, QPoint, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QContextMenuEvent,
    QDrag,
    QMouseEvent,
    QPainter,
    QPaintEvent,
)
from PySide6.QtWidgets import QFrame, QGridLayout, QMenu, QVBoxLayout, QWidget

from spectra_core.curves.lineshapes import short_name
from spectra_core.editing.edits import doublet_words, members, owner_label, owners
from spectra_core.fitting import FitResult
from spectra_core.model import Region
from spectra_core.referee.verdict import CHECK, NOT_YET, SOUND

from ..formula import formula
from ..parameter_words import NAMES
from ..scene import Scene
from ..theme import colour
from ..widgets import (
    Card,
    Elided,
    NumberField,
    clear_layout,
    heading,
    in_locale,
    label,
    link_button,
    printed,
    restyle,
    row,
    wrapped,
)
from .component_numbers import NumberCell, Numbers, numbers
from .number_box import NumberBox
from .owner_intents import OwnerIntents
from .owner_menu import owner_menu
from .prior_row import PriorRow

OWNER_MIME = "application/x-doublet-owner"
_SEVERITY = {SOUND: "", CHECK: "warn", NOT_YET: "alarm"}
_COLUMNS = (("center",), ("fwhm", "fwhm_gauss", "fwhm_lorentz"), ("area", "height"))
_WIDTHS = (86, 80, 74, 74)


class ComponentCards(OwnerIntents, QWidget):
    """Cards that can be read, typed into, chosen and dragged into a ratio."""

    add_asked = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._cards: dict[str, _OwnerCard] = {}
        self._structure: tuple[object, ...] = ()
        self._numbers: Numbers | None = None
        self._body = QVBoxLayout()
        self._body.setSpacing(0)
        self._list = Card(margins=2)
        self._list.body.setContentsMargins(0, 0, 0, 0)
        self._list.body.addLayout(self._body)
        self._heads = [label("", "faint") for _ in _COLUMNS]
        self._scale = Elided("", "faint", at_end=True)
        self._empty = label("No model on this spectrum yet.", "muted", wrap=True)
        self._add = link_button(
            "+ Add…",
            "Choose a species, or click a tick on the axis: its position, width and doublet come"
            " with it. Key: A",
        )
        self._add.clicked.connect(self.add_asked)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addLayout(self._heading())
        layout.addWidget(self._empty)
        layout.addWidget(self._list)
        self._scale.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        foot = row(self._add, self._scale)
        foot.setStretch(1, 1)
        layout.addLayout(foot)

    def _heading(self) -> QGridLayout:
        """Return the heading with the names and units of the columns, which stand over them."""
        grid = _columns()
        grid.setContentsMargins(9, 0, 7, 0)
        grid.addWidget(heading("Model"), 0, 0)
        for column, head in enumerate(self._heads, 1):
            head.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignBottom)
            head.setMinimumWidth(30)
            grid.addWidget(head, 0, column)
        return grid

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
            self._show_heads(self._numbers)
        self._list.setVisible(bool(ids))
        for head in self._heads:
            head.setVisible(bool(ids))
        self._scale.setVisible(bool(ids) and scene.scales.are_apart)
        self._scale.set_full(printed(scene.scales.formula))
        self._scale.setToolTip("The scale of every centre here.")
        self._empty.setVisible(not ids)
        self._empty.setText(
            "Open a file to begin."
            if scene.spectrum is None
            else "No component on this spectrum yet."
        )
        self._add.setEnabled(scene.spectrum is not None)

    def _show_heads(self, shown: Numbers) -> None:
        specs = {s.name: s for c in shown.region.components for s in shown.region.specs_of(c)}
        for head, names in zip(self._heads, _COLUMNS, strict=True):
            name = next((n for n in names if n in specs), names[0])
            unit = shown.unit(specs[name]) if name in specs and name != "area" else ""
            words = NAMES.get(name, name)
            head.setText(f"{words}, {unit}  " if unit else f"{words}  ")

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

    @property
    def owners(self) -> tuple[str, ...]:
        """Components and doublets that have a row, in its order."""
        return tuple(self._cards)

    def card(self, owner: str) -> _OwnerCard:
        """Return the card of a component or doublet."""
        return self._cards[owner]


def _columns() -> QGridLayout:
    """Return a grid whose columns stand below one another in every row of the list."""
    grid = QGridLayout()
    grid.setHorizontalSpacing(4)
    grid.setVerticalSpacing(0)
    for column, width in enumerate(_WIDTHS):
        grid.setColumnStretch(column, width)
    return grid


def _shape_of(region: Region | None, owner: str) -> tuple[object, ...]:
    assert region is not None
    first = members(region, owner)[0]
    return first.lineshape, tuple(s.name for s in region.specs_of(first))


class _Swatch(QWidget):
    """A small square of the component's colour."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFixedSize(12, 12)
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


class _Share(QWidget):
    """A thin bar: the part of the region's area, in the component's colour."""

    def __init__(self) -> None:
        super().__init__()
        self.setFixedHeight(5)
        self.setMinimumWidth(8)
        self.setMaximumWidth(34)
        self._part, self._tone = 0.0, "#7F7F7F"

    def show_part(self, part: float | None, tone: str) -> None:
        """Show a part of one; None: nothing."""
        self._part, self._tone = part or 0.0, tone
        self.setVisible(part is not None)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        """Paint the bar."""
        painter = QPainter(self)
        painter.fillRect(self.rect(), colour("hover"))
        painter.fillRect(0, 0, round(self.width() * self._part), self.height(), colour(self._tone))
        painter.end()


class _OwnerCard(QFrame):
    """One doublet or single line."""

    def __init__(self, owner: str, cards: ComponentCards) -> None:
        super().__init__(cards)
        self.owner = owner
        self.shown = 0  # how often: those behind in a drag take turns
        self._cards = cards
        self._numbers: Numbers | None = None
        self._pressed: QPoint | None = None
        self.setObjectName("modelrow")
        self.setProperty("chosen", False)
        self.setAccessibleName(owner)
        self._swatch = _Swatch()
        self._title = Elided("", "strong", at_end=True)
        self._share, self._bar = label("", "faint"), _Share()
        self._grid = _columns()
        self._grid.addLayout(row(self._swatch, self._title, spacing=5), 0, 0)
        below = row(self._share, self._bar, spacing=4)
        below.setContentsMargins(17, 0, 0, 0)
        below.setStretch(1, 1)
        self._grid.addLayout(below, 1, 0)
        self._alarm_line = Elided("", "warn", at_end=True)
        self._details = _Details(owner, cards, self)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(7, 4, 5, 4)
        layout.setSpacing(2)
        layout.addLayout(self._grid)
        layout.addWidget(self._alarm_line)
        layout.addWidget(self._details)
        self._boxes: dict[str, NumberBox] = {}
        self._names: list[str] = []

    def box(self, name: str) -> NumberBox:
        """Return a number by its name in words, e.g. ``"centre"``."""
        return self._boxes[name] if name in self._boxes else self._details.boxes[name]

    def field(self, name: str) -> NumberField:
        """Return the field of a number by its name in words."""
        return self.box(name).field

    @property
    def details(self) -> _Details:
        """What the row shows of the component while it is chosen."""
        return self._details

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
        parts = (text, formula(lines[0].species), short_name(lines[0].lineshape).replace("_", " "))
        self._title.setToolTip(wrapped(" · ".join(part for part in parts if part)))
        self._title.setEnabled(enabled)
        part = numbers.share(self.owner) if enabled else None
        share = "disabled" if not enabled else "" if part is None else in_locale(f"{part:.1%}")
        self._share.setText(share.replace("%", " %"))
        self._share.setToolTip("Part of the region's area." if part is not None else "")
        self._bar.show_part(part, tone)
        wanted = list(numbers.cells(self.owner))
        chosen = scene.selection.owner in {self.owner, *(c.id for c in lines)}
        self._show_boxes(wanted)
        self._details.setVisible(chosen)
        if chosen or not self._details.boxes:
            self._details.show_cells(wanted, numbers, set(self._boxes))
        self._show_alarm(wanted, numbers, chosen)
        if bool(self.property("chosen")) != chosen:
            self.setProperty("chosen", chosen)
            restyle(self)

    def _show_boxes(self, wanted: list[NumberCell]) -> None:
        main = [c for names in _COLUMNS if (c := _first(wanted, names)) is not None]
        names = [c.name for c in main]
        if names != self._names:
            self._names = names
            for old in self._boxes.values():
                self._grid.removeWidget(old)
                old.hide()
                old.deleteLater()
            self._boxes = {}
            for one in main:
                self._boxes[one.name] = box = NumberBox(self._cards, self.owner, one)
                box.field.installEventFilter(self)
                self._grid.addWidget(box, 0, 1 + _column_of(one.parameter), 2, 1)
        for one in main:
            self._boxes[one.name].show_cell(one)

    def _show_alarm(self, wanted: list[NumberCell], numbers: Numbers, chosen: bool) -> None:
        shown = [f"⚠ {c.name}: {c.words}" for c in wanted if c.kind == "at bound"]
        verdict = numbers.verdict(self.owner)
        word = SOUND if verdict is None else verdict.word
        if verdict is not None and word != SOUND and not shown:
            shown.append(f"⚠ {verdict.text}")
        text = "\n".join(in_locale(one) for one in shown)
        self._alarm_line.set_full(" ".join(text.split("\n")))
        self._alarm_line.setVisible(bool(text) and not chosen)
        severity = _SEVERITY[word]
        self._details.show_alarm(text, severity)
        if self.property("severity") != severity:
            self.setProperty("severity", severity)
            self._alarm_line.setObjectName("alarm" if severity == "alarm" else "warn")
            restyle(self._alarm_line)
            restyle(self)

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
        self.open_menu(event.globalPos())

    def open_menu(self, place: QPoint) -> None:
        """Open the menu of the component at a place on the screen."""
        if self._numbers is not None:
            owner_menu(self._cards, self._numbers, self.owner).popup(place)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802
        """Choose the card also by a click into one of its fields."""
        if event.type() == QEvent.Type.MouseButtonPress:
            self._cards.owner_chosen.emit(self.owner)
        return super().eventFilter(watched, event)


class _Details(QWidget):
    """What a chosen row shows beside its main numbers."""

    def __init__(self, owner: str, cards: ComponentCards, card: _OwnerCard) -> None:
        super().__init__(card)
        self.owner, self._cards, self._card = owner, cards, card
        self.boxes: dict[str, NumberBox] = {}
        self.priors: dict[str, PriorRow] = {}
        self._begun = ""
        self._structure: list[tuple[str, bool, bool]] = []
        self._cells: list[NumberCell] = []
        self._lines = QVBoxLayout()
        self._lines.setSpacing(0)
        self._names: dict[str, Elided] = {}
        self._words = Elided("", "muted", at_end=True)
        self._alarm = label("", "alarm", wrap=True)
        more = link_button("More…", "Line shape, bounds, links, locks of the doublet.")
        more.clicked.connect(lambda: card.open_menu(more.mapToGlobal(QPoint(0, more.height()))))
        duplicate = link_button("Duplicate", "Put a second one beside it. Ctrl+D")
        duplicate.clicked.connect(lambda: cards.duplicate_asked.emit(owner))
        remove = link_button("Remove", "Take it out of the model. Shift+Delete")
        remove.clicked.connect(lambda: cards.remove_asked.emit(owner))
        self.begin = link_button("Known…", "Say what is known of its centre or another number.")
        self.begin.clicked.connect(self._open_known)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(9, 2, 0, 2)
        layout.setSpacing(3)
        layout.addLayout(self._lines)
        layout.addWidget(self._words)
        layout.addWidget(self._alarm)
        layout.addLayout(row(duplicate, remove, self.begin, more, 1, spacing=12))

    def show_cells(self, wanted: list[NumberCell], numbers: Numbers, main: set[str]) -> None:
        """Show what the row above has no column for."""
        others = [c for c in wanted if c.name not in main]
        structure = [(c.name, c in others, c.prior is None) for c in wanted]
        if structure != self._structure:
            self._structure = structure
            self._make(wanted, others)
        self._cells = wanted
        for one in others:
            self.boxes[one.name].show_cell(one)
        for one in wanted:
            self._show_known(one)
        line = members(numbers.region, self.owner)[0].line
        doublet = next((d for d in numbers.region.doublets if d.id == self.owner), None)
        texts = [in_locale(doublet_words(numbers.region, doublet))] if doublet else [line]
        texts += [f"{c.name} {formula(c.words)}" for c in wanted if c.kind == "linked"]
        self._words.set_full(" · ".join(text for text in texts if text))
        self._words.setVisible(any(texts))

    def _show_known(self, one: NumberCell) -> None:
        self.priors[one.name].show_cell(one, begun=one.name == self._begun)
        seen = one.name in self.boxes or one.prior is not None or one.name == self._begun
        self._names[one.name].setVisible(seen)

    def show_alarm(self, text: str, severity: str) -> None:
        """Show what the referee says of the component."""
        self._alarm.setText(text)
        self._alarm.setVisible(bool(text))
        name = "alarm" if severity == "alarm" else "warn"
        if self._alarm.objectName() != name:
            self._alarm.setObjectName(name)
            restyle(self._alarm)

    def know(self, name: str) -> None:
        """Open the line in which a user says what is known of a number."""
        self._begun = name
        for one in self._cells:
            self._show_known(one)
        self.priors[name].sd.setFocus()

    def _open_known(self) -> None:
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        for one in self._cells:
            entry = menu.addAction(one.name)
            entry.setEnabled(one.prior is None)
            entry.triggered.connect(partial(self._chosen_known, one.name))
        menu.popup(self.begin.mapToGlobal(QPoint(0, self.begin.height())))

    def _chosen_known(self, name: str, _: bool = False) -> None:
        self.know(name)

    def _make(self, wanted: list[NumberCell], others: list[NumberCell]) -> None:
        clear_layout(self._lines)
        self.boxes, self.priors, self._names, self._begun = {}, {}, {}, ""
        for one in wanted:
            self._names[one.name] = name = Elided(one.name, "muted", at_end=True)
            name.setMinimumWidth(34)
            self.priors[one.name] = PriorRow(self._cards, one)
            line = row(name, self.priors[one.name], spacing=4)
            line.setStretch(0, 1)
            if one in others:
                box = NumberBox(self._cards, self.owner, one, beside=True)
                self.boxes[one.name] = box
                box.field.installEventFilter(self._card)
                line.addWidget(box)
            self._lines.addLayout(line)


def _first(wanted: list[NumberCell], names: tuple[str, ...]) -> NumberCell | None:
    """Return the number of the major line that a column shows."""
    plain = (c for c in wanted if c.name == NAMES.get(c.parameter, c.parameter))
    return next((c for c in plain if c.parameter in names), None)


def _column_of(parameter: str) -> int:
    return next(place for place, names in enumerate(_COLUMNS) if parameter in names)
