"""The noise of channels as the channels themselves show it.

Fourth differences of neighbours reach neither bands nor baselines, and medians of their squares no
cosmic rays. The variance is a constant and a part of the signal: a detector that counts has the
signal itself; one that tells digital units has them times its gain, and the noise of reading; a
mean of accumulations has less of both.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import sqrt

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

_WINDOW = 9  # channels of the median that noise is told against
_LEVELS = 8
_PER_LEVEL = 40  # channels, at least
_FLOOR = 1e-12
_APART = (2, 4, 8)  # channels
_CORRELATED = 1.5  # times the noise of neighbours
_FOURTH = sqrt(70.0)  # standard deviation of a fourth difference of white noise of 1
_PASSES = 8
_LOWEST = 0.01  # part of the channels that lie at the pedestal
_ASKED = 10.0  # of the deviance of differences, whose squares are correlated: 4 for 1
_FURTHEST = 9.0  # squares of standard deviations that count; bands and rays lie beyond
_LEFT = 0.9733  # mean of the square of a normal number, cut there
_SURE = 2.5  # standard error of that mean, times the root of the channels; by simulation
_LEAST_POINTS = 30


@dataclass(frozen=True)
class ChannelNoise:
    """Variance of a channel as a constant and a part of its signal.

    Attributes
    ----------
    level, slope : float
        Variance at the pedestal, and its growth with the signal; neither is negative.
    correlated : bool
        Whether channels further apart differ by more than neighbours do: they were interpolated
        or smoothed. Level and slope are then those of the channels further apart.
    pedestal : float
        What a camera adds to every channel, or less; it has no noise of counting.
    """

    level: float
    slope: float
    correlated: bool
    pedestal: float = 0.0

    @property
    def at_zero(self) -> float:
        """Variance at no signal, were it to go on so; below zero where a camera adds an offset."""
        return self.level - self.slope * self.pedestal

    def sigma(self, signal: Array) -> Array:
        """Return standard deviations of channels (..., N) of a signal."""
        floor = _FLOOR * max(float(np.mean(np.square(signal))), 1e-300)
        above = np.maximum(signal - self.pedestal, 0.0)
        return np.sqrt(np.maximum(self.level + self.slope * above, floor))


def channel_noise(rows: Array) -> ChannelNoise:
    """Return the noise that channels (..., N) show; rows are taken together."""
    rows = np.atleast_2d(np.asarray(rows, dtype=float))
    signal = smooth_signal(rows)[:, 2:-2]
    fourth = _fourth(rows, 1)
    squares = (fourth.ravel() / _FOURTH) ** 2
    level, slope, pedestal = _refined(signal.ravel(), squares)
    wider = [
        float(np.median(_fourth(rows, apart))) for apart in _APART if rows.shape[1] > 8 * apart
    ]
    nearest = float(np.median(fourth))
    together = max(wider) / nearest if wider and nearest > 0 else 1.0  # 0: no noise at all
    correlated = together > _CORRELATED
    more = together**2 if correlated else 1.0
    return ChannelNoise(level * more, slope * more, correlated, pedestal)


def noise_of(y: Array) -> Array:
    """Return the standard deviation of each channel (..., N) as the channels themselves show it.

    Rows of a map are taken together.
    """
    return channel_noise(y).sigma(smooth_signal(y))


def smooth_signal(y: Array) -> Array:
    """Return a running median of intensities (..., N), which rays do not reach."""
    rows = np.atleast_2d(np.asarray(y, dtype=float))
    return running_median(rows, (1, _WINDOW)).reshape(np.shape(y))


def running_median(values: Array, size: int | tuple[int, ...]) -> Array:
    """Return the median of `size` values about each; those at the ends count on and on."""
    from scipy.ndimage import median_filter  # slow to import, and fits of XPS do without

    return np.asarray(median_filter(values, size=size, mode="nearest"))


def over_noise(y: Array, sigma: Callable[[Array], Array]) -> tuple[float, float] | None:
    """Return the variance of channels (N,) over a stated one, and the error of that number.

    Parameters
    ----------
    y : ndarray, shape (N,)
    sigma : callable
        Stated standard deviations of the channels, of their signal.

    Returns
    -------
    ratio, error : float
        The mean of squares of differences, each cut at three standard deviations; or None where
        there are too few channels to say.
    """
    if y.size < _LEAST_POINTS:
        return None
    stated = sigma(smooth_signal(y))[2:-2]
    squares = (_fourth(np.atleast_2d(y), 1)[0] / _FOURTH / np.maximum(stated, 1e-300)) ** 2
    ratio = float(np.mean(np.minimum(squares, _FURTHEST))) / _LEFT
    return ratio, _SURE / sqrt(squares.size)


def _fourth(rows: Array, apart: int) -> Array:
    """Return the size of fourth differences (M, N - 4 apart) of channels so far apart."""
    n = rows.shape[1] - 4 * apart
    a, b, c, d, e = (rows[:, k * apart : k * apart + n] for k in range(5))
    return np.abs(a - 4 * b + 6 * c - 4 * d + e)


def _refined(signal: Array, squares: Array) -> tuple[float, float, float]:
    """Return level, slope and pedestal as all channels say that no band or ray has reached.

    Each square counts with the weight of its own variance; those beyond three standard deviations
    do not. One number, a constant or a part of the signal, stands for two where the channels do
    not ask for both: the variance at the top of a band hangs on the slope alone.
    """
    pedestal = float(np.quantile(signal, _LOWEST))
    above, whole = np.maximum(signal - pedestal, 0.0), np.maximum(signal, 0.0)
    level, slope = _variance(above, squares)
    at = found = np.empty(0)
    for _ in range(_PASSES):
        variance = level + slope * above
        kept = (squares < _FURTHEST * variance) & (variance > 0)
        if kept.sum() < _PER_LEVEL // 2:
            return level, slope, pedestal
        at, found = above[kept], squares[kept] / _LEFT
        level, slope = _weighed_line(at, found, 1.0 / variance[kept] ** 2)
    part = _proportional(whole[kept], found)
    ways = (
        (_deviance(at, found, float(np.mean(found)), 0.0), (float(np.mean(found)), 0.0, 0.0)),
        (_deviance(whole[kept], found, 0.0, part), (0.0, part, 0.0)),
        (_deviance(at, found, level, slope) + _ASKED, (level, slope, pedestal)),
    )
    return min(ways)[1]


def _weighed_line(at: Array, found: Array, w: Array) -> tuple[float, float]:
    middle = float(np.average(at, weights=w))
    spread = float(np.average((at - middle) ** 2, weights=w))
    covered = float(np.average((at - middle) * found, weights=w))
    slope = max(covered / spread, 0.0) if spread > 1e-12 * middle**2 else 0.0
    level = float(np.average(found - slope * at, weights=w))
    if level < 0:
        return 0.0, float(np.sum(w * at * found) / np.sum(w * at**2))
    return level, slope


def _proportional(at: Array, found: Array) -> float:
    """Return the slope of a variance that is a part of the signal: the mean of all parts."""
    seen = at > _FLOOR * float(at.max(initial=0.0))
    return float(np.mean(found[seen] / at[seen])) if seen.any() else 0.0


def _deviance(at: Array, found: Array, level: float, slope: float) -> float:
    variance = level + slope * at
    if not (variance > 0).all():
        return np.inf
    return float(np.sum(np.log(variance) + found / variance))


def _variance(signal: Array, squares: Array) -> tuple[float, float]:
    """Return constant and slope of the variance against the signal by medians; none is negative."""
    deviation = np.sqrt(squares) / 0.6745
    levels = int(np.clip(signal.size // _PER_LEVEL, 1, _LEVELS))
    edges = np.quantile(signal, np.linspace(0.0, 1.0, levels + 1))
    places = np.clip(np.searchsorted(edges, signal, side="right") - 1, 0, levels - 1)
    filled = [k for k in range(levels) if (places == k).sum() >= _PER_LEVEL // 2]
    if len(filled) < 2:
        return float(np.median(deviation)) ** 2, 0.0
    at = np.array([float(np.median(signal[places == k])) for k in filled])
    variance = np.array([float(np.median(deviation[places == k])) ** 2 for k in filled])
    weight = 1.0 / np.maximum(variance, _FLOOR * max(float(variance.max()), 1e-300))
    if np.ptp(at) < 1e-6 * abs(float(at.max())):
        return float(variance.mean()), 0.0
    slope, level = np.polyfit(at, variance, 1, w=weight)
    if slope < 0:
        return float(np.average(variance, weights=weight**2)), 0.0
    if level < 0:
        return 0.0, float(np.sum(weight**2 * at * variance) / np.sum((weight * at) ** 2))
    return float(level), float(slope)
