"""The box beside the cursor: energy, counts, what is there, and what the library has near."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QLabel, QWidget

from spectra_core.editing.drag import Handle
from spectra_core.spectrum import Spectrum

from ..formula import formula
from ..scene import Scene
from ..theme import theme
from ..widgets import in_locale, printed
from .plot_handles import HANDLE_WORDS
from .plot_items import Tick

_MOST_TICKS = 3


class HoverBox(QLabel):
    """A small box over a widget that the mouse does not notice."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._area = parent
        self.setObjectName("hover")
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.hide()
        theme().changed.connect(self._dress)
        self._dress()

    def show_at(self, place: QPoint, lines: Sequence[str]) -> None:
        """Show lines beside a place of the parent, never outside it."""
        words = "\n".join(lines)
        if words != self.text():
            self.setText(words)
            self.adjustSize()
        area = self._area.rect()
        left = place.x() + 16
        if left + self.width() > area.width() - 6:
            left = place.x() - 16 - self.width()
        self.move(max(left, 4), max(4, place.y() - self.height() - 8))
        self.show()
        self.raise_()

    def _dress(self) -> None:
        colours = theme().palette
        self.setStyleSheet(
            f"QLabel#hover {{ background: {colours.tip}; color: {colours.tip_text};"
            " border-radius: 5px; padding: 6px 8px; }"
        )


def printed_axis_unit(spectrum: Spectrum) -> str:
    """Return the unit of the axis as it is printed."""
    return spectrum.axis.unit.replace("cm-1", "cm⁻¹")


def hover_lines(
    scene: Scene,
    ticks: Sequence[Tick],
    x: float,
    *,
    handle: Handle | None = None,
    tick: Tick | None = None,
    owner: str = "",
    mirror: float | None = None,
) -> list[str]:
    """Return what the box says at an energy.

    Parameters
    ----------
    scene : Scene
        With a spectrum.
    ticks : sequence of Tick
        Those in use; the nearest within their tolerance are named.
    x : float
        On the axis of the fit.
    handle, tick : Handle, Tick or None
        Under the cursor.
    owner : str
        Component under the cursor, by id.
    mirror : float or None
        Photon energy where kinetic energies are printed.
    """
    spectrum = scene.spectrum
    assert spectrum is not None
    at = int(np.argmin(np.abs(spectrum.x - x)))
    unit = printed_axis_unit(spectrum)
    y_unit = "" if spectrum.y_unit == "arbitrary" else spectrum.y_unit
    counts = f"{in_locale(f'{spectrum.y[at]:.5g}')} {y_unit}".rstrip()
    lines = [f"{energy_words(scene, float(spectrum.x[at]), mirror)} · {counts}"]
    if handle is not None:
        lines.append(HANDLE_WORDS[handle.kind].format(_label(scene, handle.owner)))
    elif owner:
        lines.append(_label(scene, owner))
    referenced = scene.scales.referenced(x)
    for one in [tick] if tick is not None else near_ticks(ticks, referenced):
        lines.append(_tick_line(one, referenced, unit))
    return lines


def energy_words(scene: Scene, x: float, mirror: float | None = None) -> str:
    """Return an energy in words: on both scales, each with its name, where there are two.

    Parameters
    ----------
    scene : Scene
        With a spectrum.
    x : float
        On the axis of the fit.
    mirror : float or None
        Photon energy where kinetic energies are printed in place of the recorded ones.
    """
    assert scene.spectrum is not None
    scales, unit = scene.scales, printed_axis_unit(scene.spectrum)
    measured = scales.recorded(x) if mirror is None else mirror - scales.recorded(x)
    if not scales.are_apart:
        return f"{_number(measured)} {unit}"
    first = "recorded" if mirror is None else "kinetic"
    referenced = _number(scales.referenced(x))
    return f"{first} {_number(measured)} · referenced {referenced} {unit}"


def drag_lines(
    scene: Scene, ticks: Sequence[Tick], handle: Handle, x: float, y: float
) -> list[str]:
    """Return what the box says of a handle that is dragged to a place."""
    assert scene.spectrum is not None
    unit = printed_axis_unit(scene.spectrum)
    if handle.kind.startswith("background"):
        return [f"background {in_locale(f'{y:.5g}')}"]
    lines = [f"{_label(scene, handle.owner)}  {energy_words(scene, x)}".strip()]
    if handle.kind == "top":
        referenced = scene.scales.referenced(x)
        lines += [_tick_line(one, referenced, unit) for one in near_ticks(ticks, referenced)[:1]]
    return lines


def near_ticks(ticks: Sequence[Tick], referenced: float) -> list[Tick]:
    """Return the nearest ticks whose tolerance reaches an energy on the referenced scale."""
    near = [tick for tick in ticks if abs(tick.center - referenced) <= tick.tolerance]
    return sorted(near, key=lambda tick: abs(tick.center - referenced))[:_MOST_TICKS]


def _tick_line(tick: Tick, referenced: float, unit: str) -> str:
    distance = _number(referenced - tick.center, "+.2f")
    return f"{tick.label}  Δ {distance} {unit}" + (f" · {tick.tip}" if tick.tip else "")


def _label(scene: Scene, owner: str) -> str:
    if not owner or scene.region is None:
        return ""
    found = [c.label for c in scene.region.components if c.id == owner]
    return formula(found[0] if found else owner)


def _number(value: float, form: str = ".2f") -> str:
    return printed(f"{value:{form}}")
