"""What is known of one number beforehand, shown and edited: value, standard deviation, source."""

from __future__ import annotations

from PySide6.QtWidgets import QHBoxLayout, QWidget

from ..formula import formula
from ..widgets import NumberField, label, link_button, show_number, wrapped
from .component_numbers import NumberCell
from .owner_intents import OwnerIntents


class PriorRow(QWidget):
    """``≈ 162.90 ± 0.15``, with the mark of reports: both typed into, and a link that forgets it.

    Parameters
    ----------
    view : OwnerIntents
    one : NumberCell
    """

    def __init__(self, view: OwnerIntents, one: NumberCell) -> None:
        super().__init__()
        self._view, self._cell = view, one
        self.value = NumberField(what=f"known {one.name}")
        self.sd = NumberField(low=0.0, what=f"standard deviation of the known {one.name}")
        for field in (self.value, self.sd):
            field.setProperty("flat", True)
            field.setFixedWidth(44)
            field.committed.connect(lambda _: self._changed())
        self._remove = link_button("×", "Know nothing of it beforehand.")
        self._remove.setAccessibleName(f"Forget what is known of {one.name}")
        self._remove.clicked.connect(lambda: view.prior_removed.emit(self._cell.path))
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(1)
        known = label("≈", "faint")
        known.setToolTip("Known beforehand: free, but drawn to this value.")
        for part in (known, self.value, label("±", "faint"), self.sd, self._remove):
            layout.addWidget(part)

    def show_cell(self, one: NumberCell, *, begun: bool = False) -> None:
        """Show what is known of a number; `begun`: nothing is, and a user is to say it."""
        self._cell = one
        prior = one.prior
        self.setVisible(prior is not None or begun)
        self._remove.setVisible(prior is not None)
        if prior is None:
            self.value.set_value(one.value, one.text)
            self.sd.set_value(None)
            return
        self.value.set_value(prior.value, show_number(prior.value, 6))
        self.sd.set_value(prior.sd, show_number(prior.sd or 0.0, 3))
        source = formula(prior.source) or "No source was given."
        for field in (self.value, self.sd):
            field.setToolTip(wrapped(f"Known beforehand, {source}"))

    def _changed(self) -> None:
        """Say what was typed, once both numbers are there."""
        value, sd = self.value.value, self.sd.value
        if value is not None and sd:
            self._view.prior_edited.emit(self._cell.path, value, sd)
