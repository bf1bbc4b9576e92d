"""Single channels that no line explains, and the fit without them.

A cosmic ray, a spark or a lost scan stands in one channel; whatever the model lacks stands in
several. So each residual is compared with the mean of its two neighbours.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

import numpy as np
from scipy.special import ndtri, pdtr, pdtrc

from ..errors import SpectraError
from ..fitting import FitOptions, FitResult, RegionFit, fit
from ..fitting.weights import counting_time
from ..spectrum import Array, replace_fields
from .residuals import expected_counts

RATE = 0.002
"""How often a region without such a channel may be said to have one."""
_UNKNOWN_NOISE = 1.5  # times as far where the noise of a channel is not known by itself
_OUT = 1e3  # times the standard deviation: a channel that does not count


@dataclass(frozen=True)
class Spike:
    """One channel that stands out.

    Attributes
    ----------
    place : int
        In the window of the region.
    at : float
        On the axis.
    sigmas : float
        Beside its neighbours, in standard deviations; positive is above them.
    """

    place: int
    at: float
    sigmas: float


def spikes(region: RegionFit) -> tuple[Spike, ...]:
    """Return the single channels of a region that noise does not explain, the largest first."""
    z = beside_neighbours(region.residual)
    allowed = _sigmas(RATE / max(z.size, 1))
    if region.weights in ("unit", "empirical"):
        allowed *= _UNKNOWN_NOISE
    far = np.flatnonzero((np.abs(z) > allowed) & _unlikely_counts(region, RATE / max(z.size, 1)))
    order = far[np.argsort(-np.abs(z[far]))]
    kept: list[int] = []
    for place in order.tolist():
        # the neighbours of a large one stand out from it, on the other side
        if all(abs(place - other) > 1 for other in kept):
            kept.append(place)
    return tuple(Spike(k, float(region.x[k]), float(z[k])) for k in kept)


def beside_neighbours(residual: Array) -> Array:
    """Return residuals (..., N) minus the mean of their neighbours, in standard deviations."""
    padded = np.concatenate([residual[..., 1:2], residual, residual[..., -2:-1]], axis=-1)
    around = 0.5 * (padded[..., 2:] + padded[..., :-2])
    return np.asarray((residual - around) / sqrt(1.5))


def _sigmas(part: float) -> float:
    """Return how many standard deviations a normal number exceeds, either way, in a `part`."""
    return -float(ndtri(0.5 * part))


def _unlikely_counts(region: RegionFit, part: float) -> np.ndarray:
    """Return where the counts themselves are unlikely, shape (N,): few counts are skewed."""
    expected, time = expected_counts(region), counting_time(region.spectrum)
    if expected is None or time is None:
        return np.ones(region.x.size, dtype=bool)
    counts = np.maximum(np.round(region.y * time), 0.0)
    mean = np.maximum(expected, 1e-9)
    above = np.where(counts > 0, pdtrc(np.maximum(counts - 1.0, 0.0), mean), 1.0)
    return np.asarray(np.minimum(above, pdtr(counts, mean)) < part)


def without_spikes(result: FitResult) -> FitResult | None:
    """Return the robust refit: each single channel that stands out no longer counts.

    Parameters
    ----------
    result : FitResult

    Returns
    -------
    refitted : FitResult or None
        None where nothing stands out, or the fit without it cannot be made. The standard
        deviations of the other channels are those of `result`.
    """
    found = {region.name: spikes(region) for region in result.regions}
    if not any(found.values()):
        return None
    spectra = {}
    for region, part in zip(result.regions, result.problem.regions, strict=True):
        sigma = np.full(len(region.spectrum), float(np.median(region.sigma)))
        inside = region.sigma.copy()
        inside[[spike.place for spike in found[region.name]]] *= _OUT
        sigma[part.inside] = inside
        spectra[region.name] = replace_fields(region.spectrum, sigma=sigma)
    try:
        return fit(spectra, result.model, options=FitOptions())
    except SpectraError:
        return None
