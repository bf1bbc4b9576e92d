"""The two scales of an axis: as it was recorded, and as it is referenced.

A charged sample shifts all its lines. Two things take that back: a calibration moves the axis
of a spectrum, and the charge shift of a model moves its peaks, so that a component at the centre
161.40 eV stands at 160.69 on the axis where the shift is -0.71. Centres of components and
energies of the library are on the referenced scale; the data were recorded on the other one.
Whoever prints an energy says which of them it is on, wherever they differ.
"""

from __future__ import annotations

from dataclasses import dataclass

from ..fitting import FitResult
from ..model import REGION
from ..spectrum import Spectrum

LEAST = 5e-4
"""Scales that are closer than this, in the unit of the axis, are printed as one."""


@dataclass(frozen=True)
class Scales:
    """How the scales of a spectrum lie beside the axis that it is fitted on.

    Attributes
    ----------
    unit : str
        Of the axis: ``"eV"`` or ``"cm-1"``.
    calibrated : float
        The axis minus the recorded scale: what the calibration added.
    shift : float
        The axis minus the referenced scale: the charge shift of the model.
    stderr : float or None
        Standard error of the shift, where it was fitted.
    """

    unit: str = ""
    calibrated: float = 0.0
    shift: float = 0.0
    stderr: float | None = None

    @property
    def are_apart(self) -> bool:
        """Whether an energy has two values."""
        return abs(self.calibrated - self.shift) >= LEAST

    @property
    def formula(self) -> str:
        """How one follows from the other, e.g. ``referenced = recorded + 0.709 eV``."""
        more = self.calibrated - self.shift
        return f"referenced = recorded {'-' if more < 0 else '+'} {abs(more):.3f} {self.unit}"

    @property
    def axis(self) -> str:
        """What the axis itself is called where the scales are apart; else empty."""
        if not self.are_apart:
            return ""
        if abs(self.calibrated) < LEAST:
            return "recorded"
        return "referenced" if abs(self.shift) < LEAST else "calibrated"

    def recorded(self, x: float) -> float:
        """Return the recorded energy of a place on the axis."""
        return x - self.calibrated

    def referenced(self, x: float) -> float:
        """Return the referenced energy of a place on the axis."""
        return x - self.shift

    def place_of(self, referenced: float) -> float:
        """Return where a referenced energy stands on the axis."""
        return referenced + self.shift


def scales_of(spectrum: Spectrum, fit: FitResult | None = None, region: str = "") -> Scales:
    """Return the scales of a spectrum, on its own or under the model of one region of a fit."""
    calibration = spectrum.calibration
    # Of a stretched axis the scales lie nowhere equally far apart: its formula tells.
    calibrated = 0.0 if calibration.is_stretched else spectrum.axis.orientation * calibration.shift
    if fit is None:
        return Scales(spectrum.axis.unit, calibrated)
    path = f"{region}/{REGION}/shift"
    return Scales(spectrum.axis.unit, calibrated, fit.value(path), fit.stderr(path))
