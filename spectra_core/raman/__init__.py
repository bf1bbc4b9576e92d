"""Raman spectra: the axis and what it is worth, cosmic rays, maps."""

from .axis import AxisCalibration, FoundLine, calibrate_axis, standards
from .maps import MapFit, MapQuantity, RamanMap, fit_map, map_of, map_quantity, quantities
from .spikes import against_replicate, despike, find_spikes, saturated, spikes_of_map

__all__ = [
    "AxisCalibration",
    "FoundLine",
    "MapFit",
    "MapQuantity",
    "RamanMap",
    "against_replicate",
    "calibrate_axis",
    "despike",
    "find_spikes",
    "fit_map",
    "map_of",
    "map_quantity",
    "quantities",
    "saturated",
    "spikes_of_map",
    "standards",
]
