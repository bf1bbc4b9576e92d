"""Preferences: take effect at once."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QDialog,
    QDialogButtonBox,
    QGridLayout,
    QVBoxLayout,
    QWidget,
)

from ..preferences import RESIDUAL_RANGES, Preferences
from ..widgets import Choice, Count, NumberField, heading, label, row

_SCHEMES = (("system", "as the system"), ("light", "light"), ("dark", "dark"))


class PreferencesDialog(QDialog):
    """Shows preferences and says each change.

    Signals
    -------
    changed(Preferences)
    """

    changed = Signal(object)

    def __init__(self, values: Preferences, library_folder: str, parent: QWidget) -> None:
        super().__init__(parent)
        self._values = values
        self.setWindowTitle("Preferences")
        self.setMinimumWidth(460)
        self.scheme = Choice(_SCHEMES, name="Colours")
        self.scheme.set_value(values.scheme)
        self.scheme.chosen.connect(lambda v: self._set(scheme=v))
        self.live = QCheckBox("Fit again while a handle is dragged")
        self.live.setChecked(values.live_refit)
        self.live.toggled.connect(lambda v: self._set(live_refit=v))
        self.starts = Count(values.starts, 1, 50, name="number of starts")
        self.starts.counted.connect(lambda v: self._set(starts=v))
        self.autosave = NumberField(
            values.autosave_s, low=0.5, high=600.0, unit="s", what="autosave delay"
        )
        self.autosave.committed.connect(lambda v: self._set(autosave_s=v))
        self.residual = Choice(
            ((str(sigmas), f"± {sigmas} σ") for sigmas in RESIDUAL_RANGES), name="Residual range"
        )
        self.residual.set_value(str(values.residual_range))
        self.residual.setToolTip("The residual panel shows at least this range; its band is ± 3 σ.")
        self.residual.chosen.connect(lambda v: self._set(residual_range=int(v)))
        folder = label(library_folder, "muted", wrap=True)
        folder.setToolTip("Your own library files: same format as the shipped ones.")
        grid = QGridLayout()
        grid.setVerticalSpacing(9)
        grid.setColumnStretch(1, 1)
        for line, (text, widget) in enumerate(
            (
                ("colours", self.scheme),
                ("starts of a new fit", self.starts),
                ("keep for recovery after", self.autosave),
                ("residual range", self.residual),
                ("own library folder", folder),
            )
        ):
            grid.addWidget(label(text, "muted"), line, 0)
            grid.addWidget(widget, line, 1)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.setSpacing(12)
        layout.addWidget(heading("Preferences"))
        layout.addLayout(grid)
        layout.addLayout(row(self.live, 1))
        layout.addWidget(label("Changes take effect at once.", "faint"))
        layout.addWidget(buttons)

    def _set(self, **change: object) -> None:
        self._values = replace(self._values, **change)  # type: ignore[arg-type]
        self.changed.emit(self._values)
