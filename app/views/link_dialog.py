"""Linking a parameter by hand: chosen from lists, said in a sentence before it is done."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QGridLayout,
    QLineEdit,
    QVBoxLayout,
    QWidget,
)

from spectra_core.editing.edits import link, members, owner_label, owners
from spectra_core.editing.words import link_words
from spectra_core.errors import ModelError
from spectra_core.model import BACKGROUND, REGION, Link, Model, Term, canonical_path, split_path

from ..formula import formula
from ..widgets import Choice, NumberField, in_locale, label


class LinkDialog(QDialog):
    """Ties one parameter to another of the model, in any region.

    Signals
    -------
    accepted_link(Link)
    """

    accepted_link = Signal(object)

    def __init__(self, model: Model, path: str, parent: QWidget) -> None:
        super().__init__(parent)
        self._model, self._path = model, path
        self._target = _linked_name(model, path)
        region, name = path.split("/", 1)[0], path.rpartition("/")[2]
        self.setWindowTitle("Link a parameter")
        self.setMinimumWidth(480)
        self.region = Choice([(r.name, r.name) for r in model.regions], name="Region")
        self.region.set_value(region)
        self.owner = Choice(name="Component")
        self.parameter = Choice(name="Parameter")
        self.factor = NumberField(1.0, what="factor")
        self.offset = NumberField(0.0, what="offset")
        self.note = QLineEdit()
        self.note.setPlaceholderText("Why, for the report")
        self.note.setAccessibleName("Reason of the link")
        self._sentence = label("", "subtitle", wrap=True)
        self._wrong = label("", "alarm", wrap=True)
        self.buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
        self._link = self.buttons.addButton("Link", QDialogButtonBox.ButtonRole.AcceptRole)
        self._link.setDefault(True)
        grid = QGridLayout()
        grid.setColumnStretch(1, 1)
        for line, (text, widget) in enumerate(
            (
                ("region", self.region),
                ("component", self.owner),
                ("parameter", self.parameter),
                ("times", self.factor),
                ("plus", self.offset),
                ("because", self.note),
            )
        ):
            grid.addWidget(label(text, "muted"), line, 0)
            grid.addWidget(widget, line, 1)
        layout = QVBoxLayout(self)
        layout.setSpacing(10)
        layout.addWidget(label(f"{_words(path)} follows another parameter:", wrap=True))
        layout.addLayout(grid)
        layout.addWidget(self._sentence)
        layout.addWidget(self._wrong)
        layout.addWidget(self.buttons)
        self._fill_owners()
        self._begin_with_a_link_that_can_be_made(name)
        self.region.chosen.connect(self._region_chosen)
        self.owner.chosen.connect(lambda _: self._fill_parameters(name))
        for signal in (self.parameter.chosen, self.factor.committed, self.offset.committed):
            signal.connect(lambda _: self._say())
        self.note.textChanged.connect(lambda _: self._say())
        self.buttons.accepted.connect(self._take)
        self.buttons.rejected.connect(self.reject)

    def _begin_with_a_link_that_can_be_made(self, name: str) -> None:
        """Choose the first component that can be followed; the first of all if none can."""
        for at in range(self.owner.count()):
            self.owner.setCurrentIndex(at)
            self._fill_parameters(name)
            if self.parameter.value == name and not self._problem():
                return
        self.owner.setCurrentIndex(0)
        self._fill_parameters(name)

    def _region_chosen(self, _: str) -> None:
        self._fill_owners()
        self._fill_parameters(self._path.rpartition("/")[2])

    def _fill_owners(self) -> None:
        region = self._model.region(self.region.value)
        target = self._path.split("/", 1)[1].rpartition("/")[0]
        options = []
        for owner in owners(region):
            ids = {owner, *(c.id for c in members(region, owner))}
            if region.name != self._path.split("/", 1)[0] or target not in ids:
                options.append((owner, formula(owner_label(region, owner))))
        if region.background.specs:
            options.append((BACKGROUND, "background"))
        options.append((REGION, "charge shift"))
        self.owner.set_options(options, options[0][0])

    def _fill_parameters(self, name: str) -> None:
        region = self._model.region(self.region.value)
        owner = self.owner.value
        if owner == REGION:
            names = ["shift"]
        elif owner == BACKGROUND:
            names = [spec.name for spec in region.background.specs]
        else:
            names = [spec.name for spec in region.specs_of(members(region, owner)[0])]
        self.parameter.set_options([(n, n) for n in names], name if name in names else names[0])
        self._say()

    def link(self) -> Link:
        """Return the link as it stands."""
        source = f"{self.region.value}/{self.owner.value}/{self.parameter.value}"
        times, offset = self.factor.value or 0.0, self.offset.value or 0.0
        return Link(self._target, (Term(times, source),), offset, self.note.text().strip())

    def _say(self) -> None:
        sentence = f"{_words(self._path)} {formula(link_words(self._model, self.link()))}"
        self._sentence.setText(in_locale(sentence))
        problem = self._problem()
        self._wrong.setText(problem)
        self._wrong.setVisible(bool(problem))
        self._link.setEnabled(not problem)

    def _problem(self) -> str:
        """Return why the link cannot be made, in a sentence; empty if it can."""
        if not self.factor.value:
            return "The factor is 0: fix the parameter at a value instead."
        try:
            link(self._model, self.link())
        except ModelError as error:
            return str(error)
        return ""

    def _take(self) -> None:
        self.buttons.setFocus()  # takes over a number that is still being typed
        if not self._problem():
            self.accept()
            self.accepted_link.emit(self.link())


def _linked_name(model: Model, path: str) -> str:
    """Return the name under which a parameter is linked already, so that one link replaces it."""
    if path.endswith("/area"):  # of a line or of both: not the same number
        return path
    key = canonical_path(model, path)
    return next((k.target for k in model.links if canonical_path(model, k.target) == key), path)


def _words(path: str) -> str:
    _, owner, name = split_path(path)
    return formula(f"{owner} {name}")
