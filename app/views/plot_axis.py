"""The energy axis: numbers on the binding or the kinetic scale, at round places of either."""

from __future__ import annotations

from typing import Any

import pyqtgraph as pg

from ..theme import colour
from ..widgets import in_locale


class EnergyAxis(pg.AxisItem):  # type: ignore[misc]
    """A bottom axis that can print ``mirror - x`` instead of ``x``."""

    def __init__(self) -> None:
        super().__init__("bottom")
        self._mirror: float | None = None

    def set_mirror(self, mirror: float | None) -> None:
        """Print ``mirror - x`` (a photon energy), or x itself."""
        self._mirror = mirror
        self.picture = None
        self.update()

    def tickValues(self, low: float, high: float, size: float) -> Any:  # noqa: N802
        """Return tick places, round on the scale that is printed."""
        if self._mirror is None:
            return super().tickValues(low, high, size)
        mirrored = super().tickValues(self._mirror - high, self._mirror - low, size)
        return [(step, [self._mirror - v for v in values]) for step, values in mirrored]

    def tickStrings(self, values: Any, scale: float, spacing: float) -> list[str]:  # noqa: N802
        """Return the printed numbers."""
        shown = values if self._mirror is None else [self._mirror - v for v in values]
        return [in_locale(text) for text in super().tickStrings(shown, scale, spacing)]


class CountsAxis(pg.AxisItem):  # type: ignore[misc]
    """A left axis without a scale factor: counts are printed as they are."""

    def __init__(self) -> None:
        super().__init__("left")
        self.enableAutoSIPrefix(False)
        self.setWidth(58)

    def tickStrings(self, values: Any, scale: float, spacing: float) -> list[str]:  # noqa: N802
        """Return the printed numbers."""
        if values and max(abs(v) for v in values) >= 1e6:
            return [in_locale(f"{v:.3g}") for v in values]
        return [in_locale(text) for text in super().tickStrings(values, scale, spacing)]


def dress(axis: pg.AxisItem) -> None:
    """Give an axis the colours of the scheme."""
    axis.setPen(colour("border"))
    axis.setTextPen(colour("muted"))
    axis.setTickPen(colour("grid"))
