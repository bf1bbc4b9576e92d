"""What a ruler finds on many curves of one line shape at once.

`LineShape.summarize` looks at one curve. For thousands of fits of one model the time goes
into finding the true width of each Voigt; here all of them are found together.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import pi

import numpy as np
from scipy.special import wofz

from .lineshapes import LineShape
from .profiles import FWHM_PER_SIGMA, Array

_PURE = 1e-3  # of the width: nearer to a Gaussian or Lorentzian is measured in general


@dataclass(frozen=True, eq=False)
class Summaries:
    """Height, place of the maximum and true width of M curves, as in `ShapeSummary`."""

    height: list[float]
    maximum_at: list[float]
    fwhm: list[float]


def summaries(shape: LineShape, p: Array, orientation: int) -> Summaries:
    """Return what `LineShape.summarize` finds on each of M curves.

    Parameters
    ----------
    shape : LineShape
    p : ndarray, shape (M, n_parameters)
    orientation : int
        As for `LineShape.summarize`.
    """
    if shape.name == "voigt":
        return _of_voigts(shape, p, orientation)
    return _one_by_one(shape, p, orientation)


def _one_by_one(shape: LineShape, p: Array, orientation: int) -> Summaries:
    found = [shape.summarize(row, orientation) for row in p]
    return Summaries(
        [one.height for one in found],
        [one.maximum_at for one in found],
        [one.fwhm for one in found],
    )


def _of_voigts(shape: LineShape, p: Array, orientation: int) -> Summaries:
    area, center, fwhm, mix = p.T
    if not ((mix > _PURE) & (mix < 1.0 - _PURE)).all():
        return _one_by_one(shape, p, orientation)
    peak, half = _voigt_landmarks(mix)
    height = area * (2.0 * half / fwhm) * peak
    return Summaries(height.tolist(), center.tolist(), fwhm.tolist())


def _voigt_landmarks(mix: Array) -> tuple[Array, Array]:
    """Return the maximum of `profiles.voigt` and where it has fallen to half of it.

    Each row takes the Newton steps it would take alone, so that its numbers do not hang on
    what stands beside it.
    """
    unit = np.sqrt(2.0) * (1.0 - mix) / FWHM_PER_SIGMA
    y = 0.5 * mix / unit
    top = wofz(1j * y).real
    # Olivero and Longbothum's approximation, good to 2e-4, doi:10.1016/0022-4073(77)90161-3
    x = 0.5 * (0.5346 * mix + np.sqrt(0.2166 * mix**2 + (1.0 - mix) ** 2)) / unit
    moving = np.arange(x.size)
    for _ in range(8):
        z = x[moving] + 1j * y[moving]
        w = wofz(z)
        step = (w.real - 0.5 * top[moving]) / (-2.0 * z * w).real
        x[moving] -= step
        moving = moving[~(np.abs(step) <= 1e-15 * x[moving])]
        if not moving.size:
            break
    return top / (unit * np.sqrt(pi)), x * unit
