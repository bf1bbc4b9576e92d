"""Raman spectra: the axis and what it is worth."""

from .axis import AxisCalibration, FoundLine, calibrate_axis, standards

__all__ = ["AxisCalibration", "FoundLine", "calibrate_axis", "standards"]
