"""The axes of the plot: energies on the binding or kinetic scale, counts plain or as decades."""

from __future__ import annotations

from typing import Any

import pyqtgraph as pg

from ..theme import colour
from ..widgets import in_locale

_BIG = 1e6


class EnergyAxis(pg.AxisItem):  # type: ignore[misc]
    """A bottom axis that can print ``mirror - x`` instead of ``x``."""

    def __init__(self) -> None:
        super().__init__("bottom")
        self.enableAutoSIPrefix(False)
        self._mirror: float | None = None

    def set_mirror(self, mirror: float | None) -> None:
        """Print ``mirror - x`` (a photon energy), or x itself."""
        if mirror != self._mirror:
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
        return [_printed(text) for text in super().tickStrings(shown, scale, spacing)]


class CountsAxis(pg.AxisItem):  # type: ignore[misc]
    """A left axis without a scale factor: counts are printed as they are."""

    def __init__(self) -> None:
        super().__init__("left")
        self.enableAutoSIPrefix(False)
        self.setWidth(62)

    def tickStrings(self, values: Any, scale: float, spacing: float) -> list[str]:  # noqa: N802
        """Return the printed numbers."""
        if not self.logMode and values and max(abs(v) for v in values) >= _BIG:
            return [_printed(f"{v:.3g}") for v in values]
        return [_printed(text) for text in super().tickStrings(values, scale, spacing)]


class SigmaAxis(CountsAxis):
    """The axis of the residual: zero and three sigma, more only where the fit is far off."""

    def tickValues(self, low: float, high: float, size: float) -> Any:  # noqa: N802
        """Return tick places."""
        if high > 4 * 3.0:
            return super().tickValues(low, high, size)[:1]
        return [(3.0, [-3.0, 0.0, 3.0])]


def _printed(text: str) -> str:
    return in_locale(text).replace("-", "\N{MINUS SIGN}")


def dress(axis: pg.AxisItem) -> None:
    """Give an axis the colours of the scheme."""
    axis.setPen(colour("border"))
    axis.setTextPen(colour("muted"))
    axis.setTickPen(colour("border"))
    axis.setStyle(tickLength=-4, tickTextOffset=6, maxTickLevel=1)
