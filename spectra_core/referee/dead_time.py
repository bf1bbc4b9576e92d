"""Counts that a detector lost because it was busy with the count before.

With a dead time tau a rate n is counted as n / (1 + n tau) [1]_: high channels lose more than
low ones, so lines are flattened, a doublet's lines come nearer to each other in height, and
weak components seem too large. To first order the curve falls by n^2 tau, which is tried as
one more direction of the fit; the doublets' area ratios are what makes it visible.

References
----------
.. [1] G. F. Knoll, Radiation Detection and Measurement, 4th ed. (2010), chapter 4.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..fitting import FitResult, RegionFit
from ..fitting.weights import counting_time
from ..spectrum import Spectrum
from .score import Minimum, p_of_largest

RATE = 0.002
"""How often a fit of data without dead time may be said to have one."""
LEAST_LOSS = 0.02  # of the counts of the highest channel
USUAL_S = 1e-7
"""A dead time that counting electronics may have where none is recorded, seconds."""
_NAMES = ("dead_time_s", "dead_time", "deadtime", "dead time")


@dataclass(frozen=True)
class DeadTime:
    """What a dead time would explain.

    Attributes
    ----------
    loss, loss_error : float
        Part of the counts that the highest channel lost, to first order.
    tau_s : float or None
        The dead time; None where the rate is not known.
    significance, p_value : float
        In standard errors; how often data without dead time have as much.
    """

    loss: float
    loss_error: float
    tau_s: float | None
    significance: float
    p_value: float


def estimated_dead_time(result: FitResult, minimum: Minimum) -> DeadTime | None:
    """Return what the curves of a fit say of a dead time; None where counts are not known.

    Parameters
    ----------
    result : FitResult
    minimum : Minimum
        Of the same fit.
    """
    rates = {region.name: highest_rate(region) for region in result.regions}
    if any(counting_time(region.spectrum) is None for region in result.regions):
        return None
    known = [rate for rate in rates.values() if rate is not None]
    one_scale = len(known) == len(rates) or len(rates) == 1
    row = np.zeros((1, minimum.residual.size))
    top = max(known, default=0.0)
    for region in result.regions:
        if not one_scale:
            return None
        height = float(region.envelope.max())
        if height <= 0:
            return None
        # the part lost in the highest channel of all regions is the amplitude
        relative = (rates[region.name] or 0.0) / top if top > 0 else 1.0
        row[0, minimum.places[region.name]] = (
            -(region.envelope**2) / height * relative / region.sigma
        )
    z, loss, _ = minimum.scores(row)
    if not z[0] > 0:
        return None
    error = float(loss[0] / z[0])
    tau = float(loss[0]) / top if top > 0 else None
    return DeadTime(float(loss[0]), error, tau, float(z[0]), p_of_largest(float(z[0]), 0.0))


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
        if name.casefold().replace("-", " ") in _NAMES:
            try:
                seconds = float(str(value))
            except ValueError:
                continue
            if 0.0 < seconds < 1e-3:
                return seconds
    return None
