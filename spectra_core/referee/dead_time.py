"""Counts that a detector lost because it was busy with the count before.

With a dead time tau a rate n is counted as n / (1 + n tau) [1]_: high channels lose more than
low ones, so weak components seem too large. Nothing in a spectrum shows it, because widths and
backgrounds take the place of what is missing (a loss of 20 % changes a ratio by 6 to 13 % at a
reduced chi-square of 1). It follows from the rate and the dead time that the file records; where
none is recorded, a usual one tells whether it has to be asked for.

References
----------
.. [1] G. F. Knoll, Radiation Detection and Measurement, 4th ed. (2010), chapter 4.
"""

from __future__ import annotations

import numpy as np

from ..errors import SpectraError
from ..fitting import FitResult, RegionFit, fit
from ..fitting.single import options_of
from ..fitting.weights import counting_time
from ..spectrum import Spectrum, replace_fields

LEAST_LOSS = 0.01  # of the counts of the highest channel
USUAL_S = 1e-7
"""A dead time that counting electronics may have where none is recorded, seconds."""
ASKED_LOSS = 0.05
"""Loss with the usual dead time from which on the real one is asked for."""
_NAMES = ("dead_time_s", "dead_time", "deadtime")
_LONGEST_S = 1e-3


def highest_rate(region: RegionFit) -> float | None:
    """Return the counts per second of the highest channel; None where they are not known."""
    time = region.spectrum.meta.acquisition_time_s
    counted = counting_time(region.spectrum)
    if counted is None or not time:
        return None
    return float(region.envelope.max()) * counted / time


def recorded_dead_time(spectrum: Spectrum) -> float | None:
    """Return the dead time that the file states, in seconds; None if it does not."""
    for name, value in spectrum.meta.extra.items():
        if name.casefold().replace(" ", "_").replace("-", "_") not in _NAMES:
            continue
        try:
            seconds = float(str(value).split()[0])
        except (ValueError, IndexError):
            continue
        if 0.0 < seconds < _LONGEST_S:
            return seconds
    return None


def lost_part(counted_rate: float, dead_time_s: float) -> float:
    """Return the part of the true counts that was lost where `counted_rate` was counted."""
    return min(counted_rate * dead_time_s, 0.99)


def corrected_fit(result: FitResult, dead_times: dict[str, float]) -> FitResult | None:
    """Return the fit of counts corrected for dead time; None if it cannot be made.

    Parameters
    ----------
    result : FitResult
    dead_times : dict of str to float
        Of each region that has one, seconds. The true counts are y / (1 - rate tau).
    """
    spectra = {}
    for region in result.regions:
        spectrum, tau = region.spectrum, dead_times.get(region.name)
        time, counted = spectrum.meta.acquisition_time_s, counting_time(spectrum)
        if tau is not None and time and counted is not None:
            lost = np.minimum(spectrum.y * counted / time * tau, 0.9)
            spectrum = replace_fields(spectrum, y=spectrum.y / (1.0 - lost), counts=None)
        spectra[region.name] = spectrum
    try:
        return fit(spectra, result.model, options=options_of(result))
    except SpectraError:
        return None
