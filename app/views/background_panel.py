"""Background and window of the shown region: kind, settings, fitted numbers."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QGridLayout, QWidget

from spectra_core.curves.background_kind import OptionSpec
from spectra_core.curves.backgrounds import BACKGROUNDS
from spectra_core.editing.words import state_of
from spectra_core.model import BACKGROUND, Background
from spectra_core.results.table import rounded

from ..scene import Scene
from ..widgets import (
    Card,
    Choice,
    NumberField,
    Section,
    clear_layout,
    in_locale,
    label,
    row,
    show_number,
    wrapped,
)

_MODES = (("active", "fitted with the peaks"), ("static", "computed beforehand"))


class BackgroundPanel(Section):
    """What the background is in a line, and on request all that can be changed of it.

    Signals
    -------
    background_chosen(kind, mode)
    background_option_edited(name, value)
    value_edited(path, float)
    held_set(path, bool)
    window_edited(low, high)
    """

    background_chosen = Signal(str, str)
    background_option_edited = Signal(str, object)
    value_edited = Signal(str, float)
    held_set = Signal(str, bool)
    window_edited = Signal(float, float)

    def __init__(self, parent: QWidget | None = None) -> None:
        self._content = Card(margins=8)
        super().__init__("Background", self._content)
        self.setParent(parent)
        self._scene: Scene | None = None
        self._structure: tuple[object, ...] = ()
        kinds = [(name, kind.title) for name, kind in BACKGROUNDS.items()]
        self.kind = Choice(kinds, name="Background")
        self.mode = Choice(_MODES, name="How the background is found")
        self.kind.chosen.connect(lambda kind: self.background_chosen.emit(kind, ""))
        self.mode.chosen.connect(lambda mode: self.background_chosen.emit(self.kind.value, mode))
        self.low = NumberField(what="lower end of the window")
        self.high = NumberField(what="upper end of the window")
        self.low.committed.connect(self._set_window)
        self.high.committed.connect(self._set_window)
        self._unit = label("", "muted")
        self._grid = QGridLayout()
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setVerticalSpacing(3)
        self._grid.setColumnStretch(1, 1)
        self._fields: dict[str, QWidget] = {}
        inner = self._content.body
        inner.addWidget(self.kind)
        inner.addWidget(self.mode)
        window = label("window", "muted")
        inner.addLayout(row(window, self.low, label("to", "muted"), self.high, self._unit))
        inner.addLayout(self._grid)
        self._words = label("", "muted", wrap=True)
        inner.addWidget(self._words)
        self._line = label("", wrap=True)
        self.body.addWidget(self._line)

    def show_scene(self, scene: Scene) -> None:
        """Show the background of a scene's region."""
        self._scene = scene
        region = scene.region
        self.toggle.setVisible(region is not None)
        if region is None:
            self.unfold(False)
            self._line.setText("No region is shown.")
            self._structure = ()
            return
        background = region.background
        self.kind.set_value(background.type)
        modes = background.kind.modes
        self.mode.set_options([(m, t) for m, t in _MODES if m in modes], background.mode or "")
        self.mode.setVisible(len(modes) > 1)
        self.low.set_value(region.window[0])
        self.high.set_value(region.window[1])
        unit = scene.spectrum.axis.unit if scene.spectrum is not None else ""
        axis = scene.scales.axis
        self._unit.setText(unit.replace("cm-1", "cm⁻¹") + (f", {axis}" if axis else ""))
        self._line.setText(_in_words(background, region.window, self._unit.text()))
        structure = background.type, background.mode, tuple(s.name for s in background.specs)
        if structure != self._structure:
            self._structure = structure
            self._make_fields(background)
        self._fill_fields(scene, background)

    def _make_fields(self, background: Background) -> None:
        clear_layout(self._grid)
        self._fields = {}
        line = 0
        for spec in background.specs:
            field, held = self._parameter_editors(spec.name)
            self._put(line, spec.name.replace("_", " "), field, held)
            self._fields[spec.name] = field
            self._fields[f"{spec.name}/fixed"] = held
            line += 1
        for option in background.kind.options:
            if option.modes and background.mode not in option.modes:
                continue
            editor = self._option_editor(option, background)
            editor.setToolTip(wrapped(option.description))
            self._put(line, option.name.replace("_", " "), editor, None)
            self._fields[option.name] = editor
            line += 1

    def _put(self, line: int, name: str, field: QWidget, more: QWidget | None) -> None:
        self._grid.addWidget(label(name, "muted"), line, 0)
        self._grid.addWidget(field, line, 1)
        if more is not None:
            self._grid.addWidget(more, line, 2)

    def _parameter_editors(self, name: str) -> tuple[NumberField, QCheckBox]:
        field = NumberField(what=name)
        field.setProperty("flat", True)
        field.committed.connect(lambda value: self.value_edited.emit(self.path(name), value))
        held = QCheckBox("fixed")
        held.setToolTip("Keep this value in fits.")
        held.clicked.connect(lambda on: self.held_set.emit(self.path(name), on))
        return field, held

    def _option_editor(self, option: OptionSpec, background: Background) -> QWidget:
        if option.type is bool:
            box = QCheckBox()
            box.setAccessibleName(option.name)
            box.clicked.connect(lambda on: self._set_option(option, on))
            return box
        if option.choices:
            choice = Choice([(c, c.replace("_", " ")) for c in option.choices], name=option.name)
            choice.chosen.connect(lambda value: self._set_option(option, value))
            return choice
        if option.type is str:
            choice = Choice([(str(background.options[option.name]),) * 2], name=option.name)
            return choice
        field = NumberField(low=option.min, high=option.max, what=option.name.replace("_", " "))
        field.setProperty("flat", True)
        field.committed.connect(lambda value: self._set_option(option, value))
        return field

    def _fill_fields(self, scene: Scene, background: Background) -> None:
        assert scene.region is not None and scene.analysis is not None
        lines = []
        for spec in background.specs:
            path = f"{scene.region.name}/{BACKGROUND}/{spec.name}"
            parameter = background.parameters.get(spec.name)
            value = scene.fit.value(path) if scene.fit else parameter.value if parameter else None
            stderr = scene.fit.stderr(path) if scene.fit and scene.fitted else None
            text, error = ("", None) if value is None else rounded(value, stderr)
            text = text if error else "" if value is None else show_number(value)
            field, held = self._fields[spec.name], self._fields[f"{spec.name}/fixed"]
            assert isinstance(field, NumberField) and isinstance(held, QCheckBox)
            state = state_of(scene.analysis.model, path, scene.fit if scene.fitted else None)
            field.set_value(value, in_locale(text))
            error_words = f" Error {in_locale(error)}." if error else ""
            field.setToolTip(wrapped(state.words + error_words))
            name = spec.name.replace("_", " ")
            if error:
                lines.append(f"{name} ± {in_locale(error)}")
            if state.kind in ("linked", "at bound"):
                lines.append(f"{'⚠ ' if state.kind == 'at bound' else ''}{name}: {state.words}")
            held.setChecked(state.kind == "fixed")
            held.setEnabled(state.kind != "linked")
        self._words.setText("\n".join(lines))
        self._words.setVisible(bool(lines))
        for option in background.kind.options:
            editor = self._fields.get(option.name)
            value = background.options[option.name]
            if isinstance(editor, QCheckBox):
                editor.setChecked(bool(value))
            elif isinstance(editor, Choice):
                editor.set_value(str(value))
            elif isinstance(editor, NumberField):
                editor.set_value(float(value))

    def _set_option(self, option: OptionSpec, value: str | float) -> None:
        number = round(float(value)) if option.type is int else option.type(value)
        self.background_option_edited.emit(option.name, number)

    def _set_window(self, _: float) -> None:
        if self.low.value is not None and self.high.value is not None:
            self.window_edited.emit(self.low.value, self.high.value)

    def path(self, name: str) -> str:
        """Return the path of a fitted number of the background."""
        region = self._scene.region if self._scene is not None else None
        return f"{region.name if region else ''}/{BACKGROUND}/{name}"


def _in_words(background: Background, window: tuple[float, float], unit: str) -> str:
    """Return kind, how it is found, and window in a line."""
    how = dict(_MODES).get(background.mode or "", "") if len(background.kind.modes) > 1 else ""
    low, high = (in_locale(f"{end:g}") for end in window)
    parts = (background.kind.title, how, f"{low} to {high} {unit}")
    return ", ".join(part for part in parts if part)
