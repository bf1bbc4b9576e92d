"""What the levels of a series share, what orders them, and how time becomes depth."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QDialog,
    QDialogButtonBox,
    QFrame,
    QGridLayout,
    QLineEdit,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from spectra_core.model import Model
from spectra_core.project.series import with_modes
from spectra_core.recipe.schema import SeriesTable
from spectra_core.series.coordinates import INDEX, words
from spectra_core.series.global_fit import FREE, SHARED, Mode, Smooth

from ..parameter_words import parameter_words
from ..widgets import Choice, heading, label, read_number, restyle, row, show_number

SMOOTH = "smooth"
_MODES = (
    (FREE, "each level's own"),
    (SHARED, "shared by all levels"),
    (SMOOTH, "smooth, by about"),
)
_SD = {"center": 0.05, "fwhm": 0.05, "shift": 0.1}
"""How much neighbours differ where a user makes a parameter smooth and says no more."""


class SeriesDialog(QDialog):
    """Asks for the settings of a series.

    Signals
    -------
    settings_taken(SeriesTable)
    """

    settings_taken = Signal(object)

    def __init__(
        self,
        table: SeriesTable,
        axes: Sequence[str],
        axis: str,
        model: Model,
        modes: Mapping[str, Mode],
        parent: QWidget,
        *,
        depth: bool,
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle("Settings of the series")
        self.setMinimumSize(600, 560)
        self._table = table
        self.axis = Choice(
            [(name, "level" if name == INDEX else words(name)) for name in axes], name="Axis"
        )
        self.axis.set_value(axis)
        self.align = QCheckBox("Slide levels back that lie more than 1 eV off")
        self.align.setChecked(table.align)
        self.rows = {path: _ModeRow(path, mode) for path, mode in modes.items()}
        self.fields = {
            "rate": _field(table.rate, "none"),
            "rate_relative": _field(100 * table.rate_relative),
            "rate_material": QLineEdit(table.rate_material),
            "relative_yield": _field(table.relative_yield),
            "yield_relative": _field(100 * table.yield_relative),
        }
        self.wrong = label("", "alarm", wrap=True)
        self.buttons = QDialogButtonBox(
            QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel
        )
        self.buttons.accepted.connect(self._take)
        self.buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.setSpacing(8)
        layout.addLayout(row(label("Levels are ordered by", "muted"), self.axis, 1, self.align))
        layout.addWidget(heading("Parameters"))
        layout.addWidget(self._parameters(model), 1)
        if depth:
            layout.addWidget(heading("From sputter time to depth"))
            layout.addLayout(self._depth())
        layout.addWidget(self.wrong)
        layout.addWidget(self.buttons)
        self.wrong.hide()

    def _parameters(self, model: Model) -> QScrollArea:
        inner = QWidget()
        inner.setObjectName("page")
        grid = QGridLayout(inner)
        grid.setContentsMargins(2, 2, 8, 2)
        grid.setVerticalSpacing(4)
        grid.setColumnStretch(0, 1)
        for line, (path, one) in enumerate(self.rows.items()):
            name = parameter_words(model, path)
            one.mode.setAccessibleName(name)
            one.sd.setAccessibleName(f"{name}, difference between neighbours")
            for column, part in enumerate((label(name), one.mode, one.sd)):
                grid.addWidget(part, line, column)
        grid.setRowStretch(len(self.rows), 1)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setWidget(inner)
        return scroll

    def _depth(self) -> QGridLayout:
        grid = QGridLayout()
        f = self.fields
        lines = (
            ("sputter rate, nm/s", f["rate"], "±, %", f["rate_relative"]),
            ("measured on", f["rate_material"], "", None),
            ("yield of the film over it", f["relative_yield"], "±, %", f["yield_relative"]),
        )
        for line, (left, first, right, second) in enumerate(lines):
            grid.addWidget(label(left, "muted"), line, 0)
            grid.addWidget(first, line, 1)
            first.setAccessibleName(left)
            if second is not None:
                grid.addWidget(label(right, "muted"), line, 2)
                grid.addWidget(second, line, 3)
                second.setAccessibleName(f"{left}, relative uncertainty")
        return grid

    def modes(self) -> dict[str, Mode] | None:
        """Return what each parameter is to be; None where a number is missing."""
        found = {path: one.value() for path, one in self.rows.items()}
        if any(mode is None for mode in found.values()):
            return None
        return {path: mode for path, mode in found.items() if mode is not None}

    def _numbers(self) -> dict[str, object] | None:
        found: dict[str, object] = {"rate_material": self.fields["rate_material"].text().strip()}
        for name in ("rate", "rate_relative", "relative_yield", "yield_relative"):
            field = self.fields[name]
            value = read_number(field.text())
            empty = name == "rate" and not field.text().strip()
            least = 0.0 if name.endswith("relative") else 1e-12
            wrong = not empty and (value is None or value < least)
            field.setProperty("wrong", wrong)
            restyle(field)
            if wrong:
                return None
            percent = name.endswith("relative")
            found[name] = None if empty or value is None else value / (100 if percent else 1)
        return found

    def _take(self) -> None:
        modes, numbers = self.modes(), self._numbers()
        if modes is None or numbers is None:
            self.wrong.setText(
                "A number is missing or not above zero: it is framed. Rates are in nm/s, the"
                " difference between neighbours in the unit of the parameter."
            )
            self.wrong.show()
            return
        table = with_modes(self._table, modes)
        numbers |= {"axis": self.axis.value, "align": self.align.isChecked()}
        self.accept()
        self.settings_taken.emit(table.model_copy(update=numbers))


class _ModeRow:
    """What a parameter is, and by how much neighbours differ where it is smooth."""

    def __init__(self, path: str, mode: Mode) -> None:
        self.mode = Choice(_MODES)
        self.mode.setMinimumContentsLength(20)
        smooth = isinstance(mode, Smooth)
        self.mode.set_value(SMOOTH if smooth else str(mode))
        sd = mode.sd if isinstance(mode, Smooth) else _SD.get(path.rpartition("/")[2])
        self.sd = _field(sd)
        self.sd.setFixedWidth(90)
        self.sd.setVisible(smooth)
        self.mode.chosen.connect(self._show)

    def _show(self, value: str) -> None:
        self.sd.setVisible(value == SMOOTH)

    def value(self) -> Mode | None:
        """Return the mode; None if it is smooth by no number."""
        if self.mode.value != SMOOTH:
            return self.mode.value
        sd = read_number(self.sd.text())
        wrong = sd is None or sd <= 0
        self.sd.setProperty("wrong", wrong)
        restyle(self.sd)
        return None if sd is None or sd <= 0 else Smooth(sd)


def _field(value: float | None, empty: str = "") -> QLineEdit:
    made = QLineEdit("" if value is None else show_number(value))
    made.setPlaceholderText(empty)
    return made
