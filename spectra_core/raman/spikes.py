"""Cosmic rays and saturated channels of Raman spectra: found, marked, never replaced.

A cosmic ray is narrower than the instrument lets any band be: a few channels with edges and no
skirt. On one spectrum that is the whole test, after a jump from channel to channel that noise
does not explain (the idea of Whitaker and Hayes). A replicate, or the neighbours of a pixel in a
map, show the bands again but not the ray, which decides where one spectrum cannot: on lines
narrower than three channels.

References
----------
.. [1] D. A. Whitaker, K. Hayes, Chemom. Intell. Lab. Syst. 179, 82 (2018),
   doi:10.1016/j.chemolab.2018.06.009.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import sqrt

import numpy as np

from ..errors import DataError
from ..masked import SATURATED, SPIKE
from ..noise import noise_of, running_median
from ..spectrum import Array, Axis, Spectrum, mask

THRESHOLD = 6.0
"""Standard deviations that a channel must stand above its neighbours; lower finds more."""
_FOOT = 3.0  # standard deviations: what else of it is marked
_WIDEST = 3  # channels of one ray in one spectrum
_WIDEST_SHOWN = 6  # where neighbours of a map do not have it
_SKIRT = 0.2  # of its height: the most that a ray has beside it; a band of 3 channels has 0.37
_SKIRTS = {1: (_SKIRT, 1.0), 2: (_SKIRT, 1.0), 3: (0.7 * _SKIRT, 0.0)}
"""By the channels of a ray; three are a narrow band as well, so its noise is no excuse."""
_BAND = 4.0  # standard deviations: channels that tell how much more of the same there is
_SHARED = 0.3  # of its height: a line that its neighbours show by so much is no ray
_PLATEAU = 3  # channels of one and the same highest value
_WINDOW = 9  # channels of the median that a ray stands out of

Marks = np.ndarray


def find_spikes(y: Array, *, threshold: float = THRESHOLD, sigma: Array | None = None) -> Marks:
    """Return the channels (N,) of cosmic rays in one spectrum.

    Parameters
    ----------
    y : ndarray, shape (N,)
    threshold : float
        Standard deviations that a jump must have.
    sigma : ndarray, shape (N,), or None
        Standard deviations of the channels; None: `noise_of`.

    Returns
    -------
    marks : ndarray of bool, shape (N,)

    Notes
    -----
    A line narrower than three channels looks like a ray here: give a replicate or a map.
    """
    y = np.asarray(y, dtype=float)
    noise = noise_of(y) if sigma is None else sigma
    marks = np.zeros(y.size, dtype=bool)
    for width in range(1, _WIDEST + 1):
        marks |= _of_width(y, noise, width, threshold, *_SKIRTS[width]) & ~_near(marks)
    return _with_feet(y, noise, marks)


def _near(marks: Marks) -> Marks:
    """Return marked channels and those within the widest ray of them."""
    return np.convolve(marks, np.ones(2 * _WIDEST + 1), mode="same") > 0.5


def _of_width(
    y: Array, noise: Array, width: int, threshold: float, skirt: float, slack: float = 1.0
) -> Marks:
    """Return channels of compact runs; `skirt` of its height, `slack` in noise."""
    n = y.size - width + 1
    padded = np.pad(y, 3, mode="reflect")
    left, right = padded[2 : 2 + n], padded[3 + width : 3 + width + n]
    base = 0.5 * (left + right)
    beyond = 0.5 * (padded[:n] + padded[5 + width : 5 + width + n])
    runs = np.lib.stride_tricks.sliding_window_view(y, width)
    own = np.lib.stride_tricks.sliding_window_view(noise, width).min(axis=1)
    height, foot = runs.max(axis=1) - base, runs.min(axis=1) - base
    jump = height > threshold * sqrt(1.5) * own
    compact = np.abs(base - beyond) < skirt * height + slack * own
    starts = np.flatnonzero(jump & compact & (foot > _FOOT * own) & (np.abs(left - right) < height))
    marks = np.zeros(y.size, dtype=bool)
    for offset in range(width):
        marks[starts + offset] = True
    return marks


def _with_feet(y: Array, noise: Array, marks: Marks) -> Marks:
    """Return marks and the channels beside them that still stand above what follows."""
    if not marks.any():
        return marks
    beside = (np.roll(marks, 1) | np.roll(marks, -1)) & ~marks
    clear = ~(marks | beside)
    if clear.sum() < 2:
        return marks
    x = np.arange(y.size)
    base = np.interp(x, x[clear], y[clear])
    return np.asarray(marks | (beside & (y - base > _FOOT * noise)))


def against_replicate(
    y: Array, other: Array, *, threshold: float = THRESHOLD, sigma: Array | None = None
) -> Marks:
    """Return the channels of cosmic rays that a second measurement of the same does not show.

    Parameters
    ----------
    y, other : ndarray, shape (N,)
        On the same axis; their intensities may differ by a factor and a smooth background.
    threshold : float
    sigma : ndarray, shape (N,), or None
        Standard deviations of `y`.
    """
    y, other = np.asarray(y, dtype=float), np.asarray(other, dtype=float)
    if y.shape != other.shape:
        raise DataError(f"the replicate has {other.size} channels where {y.size} belong.")
    noise = noise_of(y) if sigma is None else sigma
    scale = _scale(y, other)
    rest = y - scale * other
    rest = rest - running_median(rest, 25)
    spread = np.hypot(noise, abs(scale) * noise_of(other))
    marks = rest > threshold * spread
    beside = (np.roll(marks, 1) | np.roll(marks, -1)) & (rest > _FOOT * spread)
    return np.asarray(marks | beside)


def _scale(y: Array, other: Array) -> float:
    """Return how many times the bands of `other` stand in `y`; rays pull little."""
    a, b = (values - running_median(values, 101) for values in (y, other))
    seen = np.abs(b) > _BAND * noise_of(other)
    if not seen.any():
        return 1.0
    a, b = a[seen], b[seen]
    weight, scale = np.ones(b.size), 1.0
    for _ in range(8):
        scale = float(np.sum(weight * a * b) / np.sum(weight * b * b))
        rest = np.abs(a - scale * b)
        weight = 1.0 / (1.0 + (rest / max(3.0 * float(np.median(rest)), 1e-300)) ** 2)
    return scale


def spikes_of_map(
    rows: Array, neighbours: Sequence[Sequence[int]], *, threshold: float = THRESHOLD
) -> Marks:
    """Return the channels (M, N) of cosmic rays in the spectra of a map.

    Parameters
    ----------
    rows : ndarray, shape (M, N)
    neighbours : sequence of M sequences of int
        The pixels around each.
    threshold : float

    Notes
    -----
    What one spectrum shows, without the lines that the median of the neighbours has as well,
    and with what stands out from that median and has steep edges.
    """
    rows = np.asarray(rows, dtype=float)
    noise = noise_of(rows)
    marks = np.zeros(rows.shape, dtype=bool)
    for k, around in enumerate(neighbours):
        alone = find_spikes(rows[k], threshold=threshold, sigma=noise[k])
        if len(around) < 2:
            marks[k] = alone
            continue
        typical = np.median(rows[list(around)], axis=0)
        typical = _scale(rows[k], typical) * typical
        rest = rows[k] - typical
        rest = rest - running_median(rest, 25)
        far = rest > threshold * np.hypot(noise[k], noise_of(typical))
        loose = np.zeros(rows.shape[1], dtype=bool)
        for width in range(1, _WIDEST_SHOWN + 1):
            own = _of_width(rows[k], noise[k], width, threshold, 2.5 * _SKIRT)
            loose |= own & ~_near(loose)
        above = rest > _FOOT * noise[k]
        own = rows[k] - running_median(rows[k], _WINDOW)
        marks[k] = (alone & above & (rest > (1.0 - _SHARED) * own)) | (loose & far)
        marks[k] |= _with_feet(rows[k], noise[k], marks[k]) & above
    return marks


def saturated(y: Array) -> Marks:
    """Return the channels (N,) at the top of the detector: runs of one highest value."""
    y = np.asarray(y, dtype=float)
    top = y == y.max()
    if top.sum() < _PLATEAU or float(np.ptp(y)) <= 20.0 * float(np.median(noise_of(y))):
        return np.zeros(y.size, dtype=bool)
    edges = np.flatnonzero(np.diff(np.concatenate([[0], top.astype(np.int8), [0]])))
    marks = np.zeros(y.size, dtype=bool)
    for first, stop in zip(edges[::2], edges[1::2], strict=True):
        if stop - first >= _PLATEAU:
            marks[first:stop] = True
    return marks


def despike(
    spectrum: Spectrum, replicate: Spectrum | None = None, *, threshold: float = THRESHOLD
) -> Spectrum:
    """Return a Raman spectrum with its cosmic rays and saturated channels masked.

    Parameters
    ----------
    spectrum : Spectrum
    replicate : Spectrum or None
        A second measurement of the same on the same axis.
    threshold : float

    Raises
    ------
    DataError
        If the axis is no Raman shift, or that of the replicate is another.
    """
    if spectrum.axis is not Axis.RAMAN_SHIFT:
        raise DataError(
            f"cosmic rays are looked for in Raman spectra; the axis is {spectrum.axis.value}.",
            where=spectrum.label,
        )
    full = saturated(spectrum.y)
    if replicate is None:
        rays = find_spikes(spectrum.y, threshold=threshold)
    else:
        if not np.array_equal(replicate.x_recorded, spectrum.x_recorded):
            raise DataError("the replicate has another axis.", where=replicate.label)
        rays = against_replicate(spectrum.y, replicate.y, threshold=threshold)
    marked = mask(spectrum, full, SATURATED)
    return mask(marked, (rays & ~full)[~full], SPIKE)
