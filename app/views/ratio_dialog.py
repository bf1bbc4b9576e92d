"""A ratio is defined by its name and the components above and below the line."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QDragEnterEvent, QDragMoveEvent, QDropEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QCheckBox,
    QDialog,
    QDialogButtonBox,
    QHBoxLayout,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QVBoxLayout,
    QWidget,
)

from spectra_core.editing.edits import owner_label, owners
from spectra_core.project.project import Project, RatioDefinition
from spectra_core.uncertainty.budget import Rows

from ..formula import formula
from ..widgets import Count, label, row, wrapped
from .component_cards import OWNER_MIME

_KEY = Qt.ItemDataRole.UserRole


class Well(QListWidget):
    """A list of components, checked in, or dragged in from the cards."""

    changed = Signal()

    def __init__(self, title: str, components: Sequence[tuple[str, str]]) -> None:
        super().__init__()
        self.setAccessibleName(title)
        self.setAcceptDrops(True)
        self.setDragDropMode(QAbstractItemView.DragDropMode.DropOnly)
        self.setMinimumSize(200, 130)
        self.setSpacing(1)
        self.ensurePolished()
        for key, text in components:
            item = QListWidgetItem(text)
            item.setData(_KEY, key)
            item.setFlags(item.flags() | Qt.ItemFlag.ItemIsUserCheckable)
            item.setCheckState(Qt.CheckState.Unchecked)
            self.addItem(item)
        self.itemChanged.connect(lambda _: self.changed.emit())

    def chosen(self) -> tuple[str, ...]:
        """Return the labels that are checked."""
        items = (self.item(i) for i in range(self.count()))
        return tuple(i.data(_KEY) for i in items if i.checkState() == Qt.CheckState.Checked)

    def choose(self, keys: Sequence[str]) -> None:
        """Check some labels, and only these."""
        for i in range(self.count()):
            on = self.item(i).data(_KEY) in keys
            state = Qt.CheckState.Checked if on else Qt.CheckState.Unchecked
            self.item(i).setCheckState(state)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:  # noqa: N802
        """Take components."""
        if event.mimeData().hasFormat(OWNER_MIME):
            event.acceptProposedAction()

    def dragMoveEvent(self, event: QDragMoveEvent) -> None:  # noqa: N802
        """Take components."""
        if event.mimeData().hasFormat(OWNER_MIME):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:  # noqa: N802
        """Check the component that was dropped."""
        name = bytes(event.mimeData().data(OWNER_MIME).data()).decode()
        self.choose((*self.chosen(), name))
        event.acceptProposedAction()


_BUDGET_TIP = (
    "Counting by Monte Carlo, background, and model, each a row. Off: the error of the counts"
    " alone."
)


class RatioDialog(QDialog):
    """Asks for a ratio. It stays open beside the cards, so that they can be dragged into it.

    Signals
    -------
    defined(RatioDefinition)
    """

    defined = Signal(object)

    def __init__(
        self, project: Project, parent: QWidget, *, old: RatioDefinition | None = None
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle("Define a ratio")
        self.setMinimumWidth(520)
        components = labels_of(project)
        self.name = QLineEdit(old.name if old else "")
        self.name.setAccessibleName("Name of the ratio")
        self.name.setPlaceholderText("made from the components")
        self.numerator = Well("Numerator", components)
        self.denominator = Well("Denominator", components)
        if old is not None:
            self.numerator.choose(old.numerator)
            self.denominator.choose(old.denominator)
        wanted = old.uncertainty if old is not None else Rows()
        self.budget = QCheckBox("error budget")
        self.budget.setChecked(wanted is not None)
        self.budget.setToolTip(wrapped(_BUDGET_TIP))
        self.draws = Count(
            wanted.monte_carlo if wanted else 500, 0, 100_000, name="number of draws"
        )
        self.background = QCheckBox("background")
        self.model = QCheckBox("model")
        for box, on in (
            (self.background, wanted is None or wanted.background),
            (self.model, wanted is None or wanted.model),
        ):
            box.setChecked(on)
        self._reference = wanted.reference if wanted else None
        self._wrong = label("", "alarm", wrap=True)
        self.buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
        self._ok = self.buttons.addButton("Define", QDialogButtonBox.ButtonRole.AcceptRole)
        self._ok.setDefault(True)
        self.buttons.accepted.connect(self._take)
        self.buttons.rejected.connect(self.reject)
        wells = QHBoxLayout()
        for text, well in (("numerator", self.numerator), ("denominator", self.denominator)):
            column = QVBoxLayout()
            column.addWidget(label(text, "muted"))
            column.addWidget(well)
            wells.addLayout(column)
            well.changed.connect(self._check)
        layout = QVBoxLayout(self)
        layout.setSpacing(9)
        layout.addWidget(
            label(
                "Check the components, or drag their cards in. Areas of a doublet are those of both"
                " lines.",
                "muted",
                wrap=True,
            )
        )
        layout.addLayout(wells)
        layout.addLayout(row(label("name", "muted"), self.name))
        unit = label("draws", "muted")
        layout.addLayout(row(self.budget, self.draws, unit, self.background, self.model, 1))
        layout.addWidget(self._wrong)
        layout.addWidget(self.buttons)
        self.budget.toggled.connect(self._check)
        self._check()

    def definition(self) -> RatioDefinition:
        """Return the ratio as it stands."""
        above, below = self.numerator.chosen(), self.denominator.chosen()
        name = self.name.text().strip() or f"{_sum(above)} / {_sum(below)}"
        if not self.budget.isChecked():
            return RatioDefinition(name, above, below, None)
        uncertainty = Rows(
            self.draws.count,
            self.background.isChecked(),
            self.model.isChecked(),
            self._reference,
        )
        return RatioDefinition(name, above, below, uncertainty)

    def _check(self, *_: object) -> None:
        above, below = self.numerator.chosen(), self.denominator.chosen()
        self._ok.setEnabled(bool(above and below))
        self.name.setPlaceholderText(f"{_sum(above) or '…'} / {_sum(below) or '…'}")
        both = set(above) & set(below)
        self._wrong.setText(
            f"{', '.join(sorted(both))} stands above and below the line." if both else ""
        )
        for widget in (self.draws, self.background, self.model):
            widget.setEnabled(self.budget.isChecked())

    def _take(self) -> None:
        if self.numerator.chosen() and self.denominator.chosen():
            self.accept()
            self.defined.emit(self.definition())


def labels_of(project: Project) -> list[tuple[str, str]]:
    """Return what ratios can be made of: labels of the project's models and how they read.

    A label that several regions of one model have is given with its region.
    """
    found: dict[str, str] = {}
    for analysis in project.analyses.values():
        names = [(r.name, o, owner_label(r, o)) for r in analysis.model.regions for o in owners(r)]
        ids = [owner for _, owner, _ in names]
        for region, owner, text in names:
            twice = ids.count(owner) > 1
            key = f"{region}/{owner}" if twice else owner
            found.setdefault(key, f"{formula(text)} ({region})" if twice else formula(text))
    return sorted(found.items(), key=lambda pair: pair[1])


def _sum(names: Sequence[str]) -> str:
    text = " + ".join(names)
    return f"({text})" if len(names) > 1 else text
