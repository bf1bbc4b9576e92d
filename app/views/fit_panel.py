"""How well the shown model fits, and how it is fitted."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QGridLayout, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from spectra_core.editing.words import state_of
from spectra_core.fitting import FitOptions, FitResult, Weights
from spectra_core.model import REGION
from spectra_core.referee.residuals import start_agreement
from spectra_core.results.table import rounded

from ..scene import Scene
from ..widgets import (
    Card,
    Choice,
    Count,
    NumberField,
    Section,
    in_locale,
    label,
    row,
    wrapped,
)

_WEIGHTS = (
    ("", "as the data allow"),
    ("poisson", "Poisson"),
    ("unit", "unit (as CasaXPS)"),
    ("given", "given errors"),
)
_METHODS = (
    ("lm", "Levenberg–Marquardt"),
    ("leastsq", "lmfit: leastsq"),
    ("least_squares", "lmfit: least_squares"),
    ("nelder", "lmfit: Nelder-Mead"),
    ("powell", "lmfit: Powell"),
    ("differential_evolution", "lmfit: differential evolution"),
)
_CHI = "Reduced chi-square: 1 where the model describes the data."
_NO_CHI = (
    "The noise of these data is not known, so chi-square cannot judge the fit: errors are scaled"
    " by the misfit, and residuals are per cent of the signal."
)
_STARTS = "How many starts reached the best minimum."
_STATUS = {
    "converged": "Converged.",
    "at_bound": "Converged; a parameter is at its bound.",
    "not_converged": "Not converged: use no number of this fit.",
    "failed": "The fit failed.",
}


class FitPanel(Section):
    """Statistics, and on request the options.

    Signals
    -------
    options_edited(FitOptions)
    shift_edited(float)
        Charge shift of the region.
    shift_freed(bool)
        Whether a joint analysis fits its one charge shift.
    """

    options_edited = Signal(object)
    shift_edited = Signal(float)
    shift_freed = Signal(bool)

    def __init__(self, parent: QWidget | None = None) -> None:
        self._content = Card(margins=8)
        super().__init__("Fit", self._content, "Options")
        self.setParent(parent)
        self._options = FitOptions()
        self._figures = QHBoxLayout()
        self._figures.setSpacing(8)
        self._values: dict[str, QLabel] = {}
        for key, caption, tip in (
            ("chi", "χ²ᵣ", _CHI),
            ("abbe", "Abbe", "1 for random residuals, towards 0 for a correlated misfit."),
            ("runs", "runs p", "Probability of so few or many runs of signs by chance."),
            ("free", "free", "Free parameters; what is linked or fixed adds none."),
            ("starts", "starts agree", _STARTS),
        ):
            column = QVBoxLayout()
            column.setSpacing(0)
            value = label("–", "figure", selectable=True)
            words = label(caption, "faint")
            for widget in (value, words):
                widget.setToolTip(wrapped(tip))
                column.addWidget(widget)
            self._figures.addLayout(column)
            self._values[key] = value
        self._figures.addStretch(1)
        self._state = label("", "muted", wrap=True, selectable=True)
        self.weights = Choice(_WEIGHTS, name="Weights")
        self.weights.chosen.connect(self._set_weights)
        self.method = Choice(_METHODS, name="Method")
        self.method.chosen.connect(lambda m: self._set(method=m))
        self.starts = Count(1, 1, 200, name="number of starts")
        self.starts.setToolTip(
            "How often to find the best minimum; 1: from the values shown alone."
        )
        self.starts.counted.connect(lambda n: self._set(starts=n))
        self.shift = NumberField(what="shift of the region")
        self._shift_unit = label("", "muted")
        self.shift.committed.connect(self.shift_edited)
        self.shift_free = QCheckBox("fitted")
        self.shift_free.setToolTip("Fit one charge shift for all regions of this model.")
        self.shift_free.clicked.connect(self.shift_freed)
        grid = QGridLayout()
        self._content.body.addLayout(grid)
        grid.setColumnStretch(1, 1)
        grid.addWidget(label("weights", "muted"), 0, 0)
        grid.addWidget(self.weights, 0, 1)
        grid.addWidget(label("method", "muted"), 1, 0)
        grid.addWidget(self.method, 1, 1)
        grid.addWidget(label("starts", "muted"), 2, 0)
        grid.addLayout(row(self.starts, 1), 2, 1)
        grid.addWidget(label("shift", "muted"), 3, 0)
        grid.addLayout(row(self.shift, self._shift_unit, self.shift_free), 3, 1)
        self.body.addLayout(self._figures)
        self.body.addWidget(self._state)

    def show_scene(self, scene: Scene) -> None:
        """Show statistics and options of a scene's analysis."""
        self._show_statistics(scene)
        self.toggle.setVisible(scene.analysis is not None)
        if scene.analysis is None:
            self.unfold(False)
        if scene.analysis is None or scene.region is None:
            return
        self._options = scene.analysis.options
        weights = self._options.weights
        self.weights.set_value("" if weights is None else weights.value)
        if self.method.findData(self._options.method) < 0:
            self.method.addItem(self._options.method, self._options.method)
        self.method.set_value(self._options.method)
        self.starts.set_value(self._options.starts)
        path = f"{scene.region.name}/{REGION}/shift"
        state = state_of(scene.analysis.model, path, scene.fit if scene.fitted else None)
        value = scene.fit.value(path) if scene.fit else scene.region.shift.value
        stderr = scene.fit.stderr(path) if scene.fit and scene.fitted else None
        text, error = rounded(value or 0.0, stderr)
        self.shift.set_value(value, in_locale(text if error else f"{value or 0.0:.3f}"))
        self.shift.setToolTip(wrapped(f"Added to every centre of this region. {state.words}"))
        unit = scene.spectrum.axis.unit.replace("cm-1", "cm⁻¹") if scene.spectrum else ""
        self._shift_unit.setText(f"± {in_locale(error)} {unit}" if error else unit)
        self.shift_free.setChecked(scene.analysis.model.regions[0].shift.free)

    def _show_statistics(self, scene: Scene) -> None:
        shown = scene.region_fit
        if scene.fit is None or shown is None or not scene.fitted:
            for value in self._values.values():
                value.setText("–")
            sentence = "The model was changed after its fit: fit again (F)." if scene.stale else ""
            sentence = sentence or ("Not fitted yet (F)." if scene.analysis is not None else "")
            self._state.setText(sentence)
            self._state.setVisible(bool(sentence))
            return
        statistics = shown.statistics
        share, n = start_agreement(scene.fit)
        known = shown.weights != "unit"
        self._values["chi"].setToolTip(wrapped(_CHI if known else _NO_CHI))
        for key, text in (
            # Scaled by the misfit itself it would be 1 for any fit.
            ("chi", f"{statistics.reduced_chi_square:.2f}" if known else "–"),
            ("abbe", f"{statistics.abbe:.2f}"),
            ("runs", f"{statistics.runs_p:.2f}"),
            ("free", str(scene.fit.n_free)),
            ("starts", f"{round(share * n)}/{n}"),
        ):
            self._values[key].setText(in_locale(text))
        # What ended at a bound is said by its number and by the alarms.
        fine = scene.fit.status.value in ("converged", "at_bound")
        said = "" if fine else _STATUS[scene.fit.status.value]
        said = " ".join(part for part in (said, "" if known else _NO_CHI) if part)
        self._state.setText(said)
        self._state.setVisible(bool(said))
        self._values["starts"].setToolTip(wrapped(f"{_STARTS} {_sentence(scene.fit)}"))

    def _set_weights(self, name: str) -> None:
        self._set(weights=Weights(name) if name else None)

    def _set(self, **changes: object) -> None:
        changed = replace(self._options, **changes)  # type: ignore[arg-type]
        if changed != self._options:
            self._options = changed
            self.options_edited.emit(changed)


def _sentence(fit: FitResult) -> str:
    return f"{_STATUS[fit.status.value]} Engine: {fit.engine}."
