"""How much each point counts: Poisson statistics of the detected counts.

The variance of a channel is its expected number of counts, so the weights come from
the model, not from the noisy data (data weights pull areas low). A rate is turned
back into counts by the acquisition time; where that is not known the errors can only
be scaled by the residuals, and the result says so. Counts from which something was taken off
keep the noise of what is gone: theirs is found from channel to channel. So is that of a Raman
spectrum: what its file calls counts are the digital units of a camera, times a gain, or a mean of
accumulations. They are taken as counts only where the scatter of the channels is that of counts.
"""

from __future__ import annotations

from enum import Enum

import numpy as np

from ..errors import FitError
from ..noise import over_noise, smooth_signal
from ..spectrum import Array, Axis, Spectrum, counts_per_unit


class Weights(Enum):
    """Where the standard deviations of the points come from."""

    POISSON = "poisson"
    UNIT = "unit"
    GIVEN = "given"
    EMPIRICAL = "empirical"


def as_weights(name: Weights | str) -> Weights:
    """Return weights from themselves or from their name, e.g. ``"unit"``."""
    known = [kind.value for kind in Weights]
    if isinstance(name, str) and name not in known:
        raise FitError(f'there are no weights "{name}".', hint=f"Use {', '.join(known)}.")
    return Weights(name)


def counting_time(spectrum: Spectrum) -> float | None:
    """Return the factor that turns `y` into counts, or None if it is not known.

    Notes
    -----
    What was found, where it was; one for an ordinate in counts; dwell x scans for counts per
    second. Where intensities
    are negative something was taken off, and what is left does not have the noise of
    counts: then it is None whatever the unit.
    """
    if has_negative_counts(spectrum):
        return None
    found = counts_per_unit(spectrum)
    if found is not None:
        return found
    if spectrum.y_unit == "counts":
        return 1.0
    if spectrum.y_unit == "counts/s":
        time = spectrum.meta.acquisition_time_s
        return time if time is not None and time > 0 else None
    return None


def counts_are_known(spectrum: Spectrum) -> bool:
    """Return whether intensities are counts, or a rate of them, whose noise is Poisson's.

    Of a Raman spectrum the channels must agree; see `scatter_over_counts`.
    """
    if counting_time(spectrum) is None:
        return False
    found = scatter_over_counts(spectrum)
    return found is None or abs(found[0] - 1.0) <= _AGREES * found[1]


def scatter_over_counts(spectrum: Spectrum) -> tuple[float, float] | None:
    """Return the variance of the channels of a Raman spectrum over that of counts, and its error.

    None where it is no Raman spectrum, is too short to tell, or the counts were found otherwise.
    """
    time = counting_time(spectrum)
    judged = spectrum.axis is Axis.RAMAN_SHIFT and counts_per_unit(spectrum) is None
    if time is None or not judged:
        return None
    return over_noise(spectrum.y, lambda signal: np.sqrt(np.maximum(signal * time, 1.0)) / time)


def has_negative_counts(spectrum: Spectrum) -> bool:
    """Return whether intensities called counts or a rate are below zero, as no counts are."""
    return spectrum.y_unit in ("counts", "counts/s") and bool((spectrum.y < 0).any())


def choose_weights(spectrum: Spectrum, wanted: Weights | None) -> Weights:
    """Return the weights to use for one spectrum.

    Parameters
    ----------
    spectrum : Spectrum
    wanted : Weights or None
        None: given standard deviations if there are some, else Poisson if the counts
        are known, empirical where something was taken off them and for Raman spectra whose
        neighbouring channels are independent, else unit weights.

    Raises
    ------
    FitError
        If `wanted` needs what the spectrum does not have.
    """
    if wanted is None:
        if spectrum.sigma is not None:
            return Weights.GIVEN
        if spectrum.axis is Axis.RAMAN_SHIFT:
            return _raman_weights(spectrum)
        if has_negative_counts(spectrum) and len(spectrum) >= _LEAST_POINTS:
            return Weights.EMPIRICAL
        return Weights.UNIT if counting_time(spectrum) is None else Weights.POISSON
    if wanted is Weights.GIVEN and spectrum.sigma is None:
        raise FitError("no standard deviations are given with this spectrum.", where=spectrum.label)
    if wanted is Weights.POISSON and has_negative_counts(spectrum):
        raise FitError(
            f"Poisson weights need counts as measured, but {int((spectrum.y < 0).sum())} of"
            f" {len(spectrum)} channels are negative: a background or a dark signal was taken off.",
            hint="Fit the spectrum before that, or use unit weights.",
            where=spectrum.label,
        )
    if wanted is Weights.POISSON and counting_time(spectrum) is None:
        raise FitError(
            f"Poisson weights need counts, but the intensity is in {spectrum.y_unit} and the"
            " dwell time or number of scans is not recorded.",
            hint="Say what it is (--y-unit counts), or give --y-unit counts/s, --dwell and"
            " --scans; or use unit weights.",
            where=spectrum.label,
        )
    return wanted


def _raman_weights(spectrum: Spectrum) -> Weights:
    if counts_are_known(spectrum):
        return Weights.POISSON
    short = len(spectrum) < _LEAST_POINTS
    return Weights.UNIT if short or spectrum.noise.correlated else Weights.EMPIRICAL


def point_sigmas(spectrum: Spectrum, inside: slice, weights: Weights, expected: Array) -> Array:
    """Return the standard deviation of each point in the window, in the unit of `y`.

    Parameters
    ----------
    spectrum : Spectrum
    inside : slice
        The window.
    weights : Weights
    expected : ndarray, shape (N,)
        Model (or, before there is one, the data) in the unit of `y`.
    """
    if weights is Weights.UNIT:
        return np.ones(expected.size)
    if weights is Weights.GIVEN:
        assert spectrum.sigma is not None
        sigma = spectrum.sigma[inside]
        if not (sigma > 0).all():
            raise FitError("a given standard deviation is not positive.", where=spectrum.label)
        return sigma
    if weights is Weights.EMPIRICAL:
        return empirical_noise(spectrum)[inside]
    noise = counting_noise(spectrum, expected)
    assert noise is not None
    return noise


_LEAST_POINTS = 30
_AGREES = 2.0  # standard errors between the scatter and that of counts
_FOURTH = np.array([1.0, -4.0, 6.0, -4.0, 1.0])
_SMOOTH = np.full(7, 1.0 / 7.0)
_PASSES = 20


def empirical_noise(spectrum: Spectrum) -> Array:
    """Return the standard deviation of each point as the data themselves show it, shape (N,).

    Notes
    -----
    The variance is ``a + b * signal``: what was taken off leaves a constant, and the signal
    counts for itself. Both are fitted to the squares of fourth differences, which no smooth
    curve reaches, each square with the weight of its own variance. A change of the unit
    changes the noise as it changes the data. Of a Raman spectrum, whose bands may be as narrow
    as a few channels, medians stand for means (`spectra_core.noise`).
    """
    if spectrum.axis is Axis.RAMAN_SHIFT:
        return spectrum.noise.sigma(smooth_signal(spectrum.y))
    y = spectrum.y
    squares = np.convolve(y, _FOURTH, mode="valid") ** 2 / float(_FOURTH @ _FOURTH)
    signal = np.maximum(np.convolve(np.pad(y, 3, mode="edge"), _SMOOTH, mode="valid"), 0.0)
    around, floor = signal[2:-2], 1e-6 * float(np.mean(squares)) + 1e-300
    variance = np.full(around.size, float(np.mean(squares)) + floor)
    level, slope = float(variance[0]), 0.0
    for _ in range(_PASSES):
        w = 1.0 / variance**2
        middle = float(np.average(around, weights=w))
        spread = float(np.average((around - middle) ** 2, weights=w))
        covered = float(np.average((around - middle) * squares, weights=w))
        slope = max(covered / spread, 0.0) if spread > 0 else 0.0
        level = float(np.average(squares - slope * around, weights=w))
        if level <= 0:  # all noise is that of the signal
            level, slope = 0.0, float(np.sum(w * around * squares) / np.sum(w * around**2))
        variance = np.maximum(level + slope * around, floor)
    return np.asarray(np.sqrt(np.maximum(level + slope * signal, floor)))


def counting_noise(spectrum: Spectrum, expected: Array) -> Array | None:
    """Return the Poisson standard deviation of `expected`, or None if counts are not known.

    At least that of one count, so that an empty channel keeps a finite weight.
    """
    time = counting_time(spectrum)
    if time is None:
        return None
    return np.asarray(np.sqrt(np.maximum(expected * time, 1.0)) / time)
