"""Ordered spectra: levels of a profile, states of charge, times, positions, as one value."""

from .coordinates import Coordinate, coordinates_of, natural_key, with_coordinates
from .table import read_coordinates
from .values import Level, SpectrumSeries, series_of

__all__ = [
    "Coordinate",
    "Level",
    "SpectrumSeries",
    "coordinates_of",
    "natural_key",
    "read_coordinates",
    "series_of",
    "with_coordinates",
]
