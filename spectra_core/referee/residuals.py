"""Diagnostics of a fit's residuals: structure, noise, agreement of starts, detection limits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt
from typing import Literal

import numpy as np

from ..core_levels import level_in
from ..errors import ModelError
from ..fitting import FitResult, RegionFit, Weights
from ..fitting.statistics import Statistics
from ..fitting.weights import counting_time, counts_are_known
from ..model import Component, Region
from ..spectrum import Array

_STRUCTURE_Z = -4.0
_RUNS_P = 1e-4
_CHI_Z = 4.0
LEAST_STARTS = 3  # of which one that stands alone in the best minimum says something


@dataclass(frozen=True)
class ResidualStructure:
    """How far the residuals of one region are from noise.

    Attributes
    ----------
    abbe_z : float
        Abbe's criterion in standard deviations from 1; strongly negative is structure.
    runs_p : float
    durbin_watson : float
        Sum of squared successive differences over sum of squares; 2 for noise.
    largest_at : float
        Where the residuals deviate most, taken over `largest_width`.
    largest_sigma : float
        By how much, in standard deviations of such a mean; the sign is data minus model.
    largest_width : float
        Width of the mean, axis unit.
    """

    abbe_z: float
    runs_p: float
    durbin_watson: float
    largest_at: float
    largest_sigma: float
    largest_width: float

    @property
    def present(self) -> bool:
        """Whether there is structure beyond what noise gives once in ten thousand fits."""
        return self.abbe_z < _STRUCTURE_Z or self.runs_p < _RUNS_P


def residual_structure(region: RegionFit) -> ResidualStructure:
    """Return how far the residuals of one region are from noise, and where."""
    residual = region.residual
    n = residual.size
    spread = sqrt(max(n - 2, 1) / (n * n - 1.0))
    at, sigma, width = _largest_structure(region)
    return ResidualStructure(
        (region.statistics.abbe - 1.0) / spread,
        region.statistics.runs_p,
        durbin_watson(residual),
        at,
        sigma,
        width,
    )


def durbin_watson(residual: Array) -> float:
    """Return the Durbin-Watson statistic: 2 for noise, towards 0 for a correlated misfit."""
    total = float(residual @ residual)
    differences = np.diff(residual)
    return 2.0 if total == 0 else float(differences @ differences) / total


def _largest_structure(region: RegionFit) -> tuple[float, float, float]:
    """Return place, size in sigma and width of the largest running mean of the residuals."""
    n, means = _running_means(region)
    at = int(np.argmax(np.abs(means)))
    return float(region.x[at + n // 2]), float(means[at]), n * abs(region.spectrum.step)


def _running_means(region: RegionFit) -> tuple[int, Array]:
    """Return the running mean of the residuals over half a peak, in its standard deviation."""
    n = round(_typical_width(region) / abs(region.spectrum.step))
    n = max(1, min(n, region.x.size // 3))
    return n, np.convolve(region.residual, np.ones(n) / sqrt(n), mode="valid")


def _typical_width(region: RegionFit) -> float:
    """Return half the median width of the peaks, found on their curves."""
    widths = [
        float(np.trapezoid(curve, region.x) / curve.max())
        for curve in region.peaks.values()
        if curve.max() > 0
    ]
    return 0.5 * float(np.median(widths)) if widths else 5 * abs(region.spectrum.step)


def chi_square_z(statistics: Statistics, expected: Array | None = None) -> float | None:
    """Return reduced chi-square in standard deviations from what it should be.

    Parameters
    ----------
    statistics : Statistics
    expected : ndarray, shape (N,), or None
        Counts of the model in each channel, where the weights are those of counts. With few
        counts chi-square is then not expected to be 1: a channel with 0.05 counts has the
        weight of one count, and adds 0.05.

    Returns
    -------
    z : float or None
        None without known sigma.
    """
    if statistics.residual_std is None:
        return None
    dof = max(statistics.n_points - statistics.n_free, 1)
    mean, variance = float(dof), 2.0 * dof
    if expected is not None:
        sparse = np.maximum(expected, 1e-9)
        least = np.maximum(sparse, 1.0)
        left = dof / statistics.n_points
        mean = left * float(np.sum(sparse / least))
        variance = left * float(np.sum((2.0 * sparse**2 + sparse) / least**2))
    # Wilson-Hilferty: chi-square to the third root is nearly normal.
    third = (statistics.reduced_chi_square * dof / mean) ** (1.0 / 3.0)
    small = variance / (9.0 * mean**2)
    return float((third - (1.0 - small)) / sqrt(small))


def region_chi_square_z(region: RegionFit) -> float | None:
    """Return `chi_square_z` of a region, with the counts of its model where they are known."""
    return chi_square_z(region.statistics, expected_counts(region))


def expected_counts(region: RegionFit) -> Array | None:
    """Return the counts of the model in each channel (N,); None without counting weights."""
    time = counting_time(region.spectrum)
    if time is None or region.weights != Weights.POISSON.value:
        return None
    return np.asarray(np.maximum(region.envelope, 0.0) * time)


NoiseVerdict = Literal[
    "counting", "smoothed", "below counting", "above counting", "white", "sparse"
]
_NOT_WHITE = 0.65
LEAST_COUNTS = 3.0
"""Counts in half of the channels below which their noise is not judged."""


@dataclass(frozen=True)
class NoiseCheck:
    """What the channel-to-channel noise says about the data.

    Attributes
    ----------
    ratio : float or None
        Noise over the counting noise; about 1. None where the counts are not known.
    ratio_error : float
        Its standard error, for white noise.
    whiteness : float
        Noise between neighbouring channels over that between channels three apart:
        about 1 for raw data, well below for smoothed ones.
    verdict : {"counting", "smoothed", "below counting", "above counting", "white", "sparse"}
        ``"white"``: no sign of smoothing, counts not known. ``"sparse"``: so few counts that
        their noise cannot be judged from channel to channel.
    """

    ratio: float | None
    ratio_error: float
    whiteness: float
    verdict: NoiseVerdict


_FOURTH = np.array([1.0, -4.0, 6.0, -4.0, 1.0])


def noise_check(region: RegionFit) -> NoiseCheck:
    """Compare the noise of the fitted data with counting noise, and with itself.

    Parameters
    ----------
    region : RegionFit

    Notes
    -----
    Fourth differences of the residuals remove any smooth misfit, so the check does not
    depend on the model being right.
    """
    known = counts_are_known(region.spectrum)
    time = counting_time(region.spectrum) if known else None
    near, far = noise_seen(region.y - region.envelope, region.envelope, region.sigma, time)
    if time is not None and is_sparse(region.envelope * time):
        return NoiseCheck(None, noise_error(region.y.size), 1.0, "sparse")
    return judged_noise(float(near), float(far), region.y.size, counted=time is not None)


def is_sparse(expected: Array) -> np.ndarray:
    """Return whether counts (..., N) are too few for their noise to be judged, shape (...,)."""
    return np.asarray(np.median(expected, axis=-1) < LEAST_COUNTS)


def noise_seen(
    misfit: Array, envelope: Array, sigma: Array, time: float | None
) -> tuple[Array, Array]:
    """Return the noise between neighbouring channels, and between those three apart.

    Parameters
    ----------
    misfit, envelope, sigma : ndarray, shape (..., N)
    time : float or None
        What turns the intensity into counts; the noise is then over the counting noise.

    Returns
    -------
    near, far : ndarray, shape (...,)
    """
    scale = np.maximum(sigma, 1e-300)
    if time is not None:
        scale = np.sqrt(np.maximum(envelope * time, 1.0)) / time
    normalised = misfit / scale
    return _fourth_noise(normalised, 1), _fourth_noise(normalised, 3)


def judged_noise(near: float, far: float, n_points: int, *, counted: bool) -> NoiseCheck:
    """Return what the noise of `noise_seen` says; `counted`: it is over the counting noise."""
    error = noise_error(n_points)
    ratio = near if counted else None
    whiteness = near / far if far > 0 else 1.0
    return NoiseCheck(ratio, error, whiteness, _noise_verdict(ratio, error, whiteness))


def noise_error(n_points: int) -> float:
    """Return the standard error of a noise of `n_points`; found by simulation.

    Of a median of correlated fourth differences of white noise.
    """
    return 1.6 / sqrt(max(n_points - 4, 1))


def _fourth_noise(values: Array, lag: int) -> Array:
    """Return the noise seen by fourth differences; robust, as a misfit is sharp at few places."""
    n = values.shape[-1] - 4 * lag
    if n <= 0:
        return np.zeros(values.shape[:-1])
    differences = np.zeros((*values.shape[:-1], n))
    for k, weight in enumerate(_FOURTH):
        differences += weight * values[..., k * lag : k * lag + n]
    return np.asarray(np.median(np.abs(differences), axis=-1) / (0.6745 * sqrt(70.0)))


def _noise_verdict(ratio: float | None, error: float, whiteness: float) -> NoiseVerdict:
    low = whiteness < 0.5 * max(1.0 - 2.0 * error, 0.0)
    if ratio is None:
        return "smoothed" if low else "white"
    if ratio < 1.0 - 4.0 * error:
        # noise that is too small and not white either: both come from smoothing
        return "smoothed" if low or whiteness < _NOT_WHITE else "below counting"
    return "above counting" if ratio > 1.3 + 4.0 * error else "counting"


def start_agreement(result: FitResult) -> tuple[float, int]:
    """Return which part of the starts reached the best chi-square, and how many there were.

    Notes
    -----
    "Reached" means within 0.1 of the best (in units of the noise), far less than the 1
    that moves a parameter by a standard error. One start: (1.0, 1).
    """
    if not result.starts:
        return 1.0, 0
    weights = [region.weights for region in result.regions]
    times = times_reached(result.starts, result.statistics, weights)
    return times / len(result.starts), len(result.starts)


def times_reached(starts: Sequence[float], statistics: Statistics, weights: Sequence[str]) -> int:
    """Return how many starts reached the best chi-square; `weights` of each region, in words."""
    reached = np.array(starts)
    known = statistics.residual_std is not None and Weights.UNIT.value not in weights
    scale = 1.0 if known else max(statistics.reduced_chi_square, 1e-300)
    near = (reached - reached.min()) / scale <= 0.1 + 1e-7 * reached.min() / scale
    return int(near.sum())


def correlation_list(
    result: FitResult, *, above: float = 0.9, parameter: str = ""
) -> tuple[tuple[str, str, float], ...]:
    """Return correlated pairs of free parameters, of one name if `parameter` is given."""
    return tuple(
        pair
        for pair in result.correlations(above=above)
        if not parameter or all(path.endswith(f"/{parameter}") for path in pair[:2])
    )


def has_structure(result: FitResult) -> bool:
    """Return whether any region's residuals have structure, or chi-square is far above 1."""
    z = [region_chi_square_z(region) for region in result.regions]
    too_large = any(value is not None and value > _CHI_Z for value in z)
    return too_large or any(residual_structure(region).present for region in result.regions)


def largest_excess(region: RegionFit) -> float:
    """Return where the data exceed the model most, in a mean over half a peak.

    Raises
    ------
    ModelError
        If they exceed it nowhere.
    """
    n, means = _running_means(region)
    at = int(np.argmax(means))
    if not means[at] > 0:
        raise ModelError(
            "the data exceed the model nowhere.",
            hint="Add the component at an energy that you choose.",
            where=region.name,
        )
    return float(region.x[at + n // 2])


def detection_limit(region: RegionFit, component_id: str) -> float | None:
    """Return the smallest area that stands out of the noise under a component.

    Returns
    -------
    area : float or None
        In the unit of the areas; None where the noise is not known or the component has
        no curve in the window.

    Notes
    -----
    A_min = 3 sqrt(2 B w / step) step, with w the effective width of the line and B the
    variance of a channel under it: of background *and* the other components.
    """
    curve = region.peaks.get(component_id)
    if curve is None or not curve.max() > 0:
        return None
    step = abs(region.spectrum.step)
    width = float(np.trapezoid(curve, region.x) / curve.max())
    # The line's own counts do not hide it.
    below = np.maximum(region.envelope - curve, 0.0)
    scale = np.sqrt(np.maximum(below, 1e-12) / np.maximum(region.envelope, 1e-12))
    sigma = region.sigma if region.weights != Weights.POISSON.value else region.sigma * scale
    variance = float(np.average(sigma**2, weights=curve))
    return 3.0 * sqrt(2.0 * variance * width / step) * step


def level_of_component(region: Region, component: Component) -> str:
    """Return the core level of a component, e.g. ``"S 2p"``; empty if nothing says it."""
    doublet = region.doublet_of(component.id)
    lines = component.line, doublet.line if doublet else ""
    names = *lines, component.label, component.id, region.name
    return next(filter(None, map(level_in, names)), "")
