"""From sputter time to depth, and where one layer ends and another begins.

Depth is time x rate x relative yield, which is exact only on the material that the rate was
measured on; for sulfides without a calibration of their own the yield is uncertain by 30 to
50 %. An interface that sputtering mixes is an error function; its width is that between 16 and
84 % of the step.

References
----------
.. [1] ISO 14606:2022, sputter depth profiling: optimisation with layered systems.
.. [2] S. Hofmann, Surf. Interface Anal. 27, 825 (1999): profiles and their resolution.
   doi:10.1002/(SICI)1096-9918(199909)27:9<825::AID-SIA632>3.0.CO;2-D
"""

from __future__ import annotations

from dataclasses import dataclass
from math import cos, exp, radians, sqrt

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import erf

from ..errors import DataError, FitError
from ..spectrum import Array

YIELD_UNCERTAINTY = 0.4
"""Relative standard uncertainty of the yield of a material without calibration of its own."""

_LEAST_OWN = 1e-3  # of a variance, that is a level's own

CAVEATS = (
    "Ions reduce sulfate, sulfite and phosphate, break P-S bonds and leave reduced phosphorus and"
    " sulfide behind, so that a growing low-binding-energy line may be made by the beam.",
    "Sulfur and chlorine are sputtered preferentially, and lithium moves in the field of the beam.",
    "Adventitious carbon is gone after the first level: the energy scale then hangs on what the"
    " levels share.",
    "On pressed powder roughness widens every interface.",
    "A pristine sample through the same etch, and a second first scan, tell these from the sample.",
)
"""What to know of any sputter profile of a sulfide electrolyte."""


@dataclass(frozen=True)
class Rate:
    """How fast the surface recedes.

    Attributes
    ----------
    nm_per_s : float
        On the calibration material.
    relative : float
        Its relative standard uncertainty.
    material : str
        The calibration material; empty if not recorded.
    relative_yield : float
        Yield of the film over that of the calibration material.
    yield_relative : float
        Its relative standard uncertainty.
    """

    nm_per_s: float
    relative: float = 0.1
    material: str = ""
    relative_yield: float = 1.0
    yield_relative: float = YIELD_UNCERTAINTY

    def __post_init__(self) -> None:
        if not (self.nm_per_s > 0 and self.relative_yield > 0):
            raise DataError(f"a sputter rate of {self.nm_per_s:g} nm/s removes nothing.")

    @property
    def uncertainty(self) -> float:
        """Relative standard uncertainty of every depth."""
        return sqrt(self.relative**2 + self.yield_relative**2)

    def depths(self, seconds: Array) -> tuple[Array, Array]:
        """Return depths in nm and their standard uncertainties, common to all, (L,) each."""
        found = np.asarray(seconds) * self.nm_per_s * self.relative_yield
        return found, found * self.uncertainty

    @property
    def words(self) -> str:
        """What the depth scale is, in a sentence."""
        on = f"measured on {self.material}" if self.material else "its material is not recorded"
        return (
            f"Depth = sputter time x {self.nm_per_s:g} nm/s ({on}, +/- {100 * self.relative:g} %) x"
            f" relative yield {self.relative_yield:g} (+/- {100 * self.yield_relative:g} %): every"
            f" depth is uncertain by {100 * self.uncertainty:.0f} %, all in the same sense."
        )


@dataclass(frozen=True)
class Interface:
    """Where a quantity steps, by an error function.

    Attributes
    ----------
    position, position_sd : float
        In the unit of the axis.
    width, width_sd : float
        Between 16 and 84 % of the step.
    before, after : float
        Plateaus.
    reduced_chi_square : float
        Errors are scaled by it where it is above 1.
    resolved : bool
        Whether the width is more than two standard errors above 0.
    """

    position: float
    position_sd: float
    width: float
    width_sd: float
    before: float
    after: float
    reduced_chi_square: float

    @property
    def resolved(self) -> bool:
        """Whether the width is clearly more than nothing."""
        return self.width > 2.0 * self.width_sd


def interface(
    positions: ArrayLike, values: ArrayLike, stderrs: ArrayLike, loads: ArrayLike | None = None
) -> Interface:
    """Return the interface that a trend shows.

    Parameters
    ----------
    positions, values, stderrs : array_like, shape (L,)
        Levels without a value or error are left out.
    loads : array_like, shape (L, r), or None
        How errors that all levels share move the values; they are part of `stderrs`.

    Raises
    ------
    FitError
        If fewer than five levels are left, or the values do not step.
    """
    from scipy.linalg import solve_triangular  # slow to import, and few runs have a depth
    from scipy.optimize import least_squares

    x, y, error = (np.asarray(a, dtype=float) for a in (positions, values, stderrs))
    shared = np.zeros((x.size, 0)) if loads is None else np.asarray(loads, dtype=float)
    there = np.isfinite(x) & np.isfinite(y) & np.isfinite(error) & (error > 0)
    there &= np.isfinite(shared).all(axis=1)
    x, y, error, shared = x[there], y[there], error[there], shared[there]
    if x.size < 5:
        raise FitError(
            f"an interface has four parameters, and only {x.size} levels have a value and an error."
        )
    order = np.argsort(x)
    x, y = x[order], y[order]
    root = _root(error[order], shared[order])
    span, gap = float(x[-1] - x[0]), float(np.median(np.diff(x)))

    def residual(p: Array) -> Array:
        return np.asarray(solve_triangular(root, _step(x, p) - y, lower=True))

    best = None
    ends = (float(y[0]), float(y[-1]))
    for centre in np.quantile(x, (0.2, 0.35, 0.5, 0.65, 0.8)):
        for sigma in (0.5 * gap, 0.15 * span):
            start = np.array([centre, sigma, *ends])
            bounds = (
                [x[0] - span, 0.05 * gap, -np.inf, -np.inf],
                [x[-1] + span, 2.0 * span, np.inf, np.inf],
            )
            found = least_squares(residual, start, bounds=bounds, x_scale=[gap, gap, *_sizes(y)])
            if best is None or found.cost < best.cost:
                best = found
    assert best is not None
    return _interface(best, x)


def _root(error: Array, shared: Array) -> Array:
    """Return the lower factor of the covariance (L, L) of values with some errors in common."""
    own = error**2 - np.sum(shared**2, axis=1)
    own = np.maximum(own, _LEAST_OWN * error**2)  # rounding, or next to nothing of its own
    return np.asarray(np.linalg.cholesky(np.diag(own) + shared @ shared.T))


def _sizes(y: Array) -> tuple[float, float]:
    size = max(float(np.ptp(y)), 1e-12)
    return size, size


def _step(x: Array, p: Array) -> Array:
    return np.asarray(p[2] + (p[3] - p[2]) * 0.5 * (1.0 + erf((x - p[0]) / (np.sqrt(2.0) * p[1]))))


def _interface(found: object, x: Array) -> Interface:
    p, jacobian = found.x, found.jac  # type: ignore[attr-defined]
    left = max(x.size - 4, 1)
    reduced = 2.0 * float(found.cost) / left  # type: ignore[attr-defined]
    try:
        covariance = np.linalg.inv(jacobian.T @ jacobian) * max(reduced, 1.0)
    except np.linalg.LinAlgError as error:
        raise FitError("the values do not step anywhere on the axis.") from error
    errors = np.sqrt(np.maximum(np.diag(covariance), 0.0))
    height = abs(p[3] - p[2])
    if not (x[0] <= p[0] <= x[-1]) or height < 3.0 * np.hypot(errors[2], errors[3]):
        raise FitError("the values do not step anywhere on the axis.")
    width = 2.0 * p[1]  # between -1 and +1 sigma lie 16 and 84 %
    return Interface(
        float(p[0]),
        float(errors[0]),
        float(width),
        float(2.0 * errors[1]),
        float(p[2]),
        float(p[3]),
        reduced,
    )


def film_check(
    film_nm: tuple[float, float],
    sputtered_nm: float,
    length_nm: float,
    *,
    angle_deg: float = 0.0,
    relative: float = 0.0,
) -> tuple[str, ...]:
    """Return what a film of stated thickness lets through after sputtering, in sentences.

    Parameters
    ----------
    film_nm : tuple of two floats
        Thickness as stated, lowest and highest.
    sputtered_nm : float
        Depth that was removed.
    length_nm : float
        Effective attenuation length of the substrate's line in the film.
    angle_deg : float
        Of emission, from the normal.
    relative : float
        Relative standard uncertainty of `sputtered_nm`.
    """
    low, high = sorted(film_nm)
    slant = length_nm * cos(radians(angle_deg))

    def through(thickness: float) -> float:
        return exp(-max(thickness, 0.0) / slant)

    left = (low - sputtered_nm, high - sputtered_nm)
    found = [
        f"A film of {low:g} to {high:g} nm lets {through(high):.0e} to {through(low):.0e} of the"
        f" substrate's signal through before sputtering (attenuation length {length_nm:.2g} nm):"
        " what is seen of the substrate then comes through holes, or the film is thinner."
    ]
    if left[0] > 0:
        found.append(
            f"With {sputtered_nm:g} nm removed there are {left[0]:g} to {left[1]:g} nm left, which"
            f" let {through(left[1]):.0e} to {through(left[0]):.0e} through: the interface is not"
            " reached, and a change seen there is one of the film or made by the beam."
        )
    elif left[1] > 0:
        found.append(
            f"With {sputtered_nm:g} nm removed the film may or may not be gone: its thickness and"
            " the depth scale do not tell."
        )
    if relative > 0 and left[0] > 0:
        needed = low / sputtered_nm
        found.append(
            f"The film would be gone only if the rate were {needed:.1f} times what is assumed;"
            f" its uncertainty is {100 * relative:.0f} %."
        )
    return tuple(found)
