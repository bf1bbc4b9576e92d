"""The formulas behind the line shapes, in their own width and around zero.

A formula is a pure function of ``u``, the distance from its centre towards higher
binding energy (or Raman shift) in units of the formula's own width, and of its
shape parameters. It returns its value, its slope and its derivative with respect
to each shape parameter. What a user fits, however, is the area (or the height)
and the width that a ruler would measure on the curve. Between the two stands the
`Geometry` of a formula: where its maximum and its half-maximum points lie, how
large its area is, and how all this moves with the shape parameters. The moves
follow from the implicit function theorem, so that no derivative is a difference
quotient: a half-maximum point obeys ``f(u, p) = f(apex, p) / 2``, and at the
maximum ``df/du = 0``, so the height moves as ``df/dp`` alone.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from math import log, pi, sqrt, tan

import numpy as np
from numpy.typing import NDArray
from scipy.special import erfcx, wofz

Array = NDArray[np.float64]
_Complex = NDArray[np.complex128]
Shape = tuple[float, ...]
Values = tuple[Array, Array, tuple[Array, ...]]
Formula = Callable[[Array, Shape], Values]

FOUR_LN2 = 4.0 * log(2.0)
FWHM_PER_SIGMA = sqrt(8.0 * log(2.0))
_GAUSS_AREA = sqrt(pi / FOUR_LN2)
_LORENTZ_AREA = 0.5 * pi


@dataclass(frozen=True)
class Geometry:
    """Landmarks of a formula, in units of its own width.

    Attributes
    ----------
    apex, peak : float
        Where the maximum lies, and its value.
    low, high : float
        The half-maximum points on the low and the high side.
    area : float or None
        Integral over all u; None where it does not converge.
    width_gradient, peak_gradient, area_gradient : tuple of float
        Derivatives of ``high - low``, `peak` and `area` by each shape parameter.
    """

    apex: float
    peak: float
    low: float
    high: float
    area: float | None
    width_gradient: Shape = ()
    peak_gradient: Shape = ()
    area_gradient: Shape = ()

    @property
    def width(self) -> float:
        """Full width at half maximum over the formula's own width."""
        return self.high - self.low


def measure(
    formula: Formula,
    shape: Shape,
    *,
    apex: float = 0.0,
    area: float | None = None,
    area_gradient: Shape = (),
) -> Geometry:
    """Return the geometry of a formula with one maximum at a known place.

    Parameters
    ----------
    formula : callable
        ``(u, shape) -> (value, slope, gradients)``.
    shape : tuple of float
        The shape parameters.
    apex : float
        Where the maximum lies.
    area : float or None
        Integral, where it converges.
    area_gradient : tuple of float
        Derivatives of `area` by each shape parameter.

    Returns
    -------
    geometry : Geometry
        Half-maximum points to about 1e-14 of the width.
    """
    value, _, gradients = formula(np.array([apex]), shape)
    peak = float(value[0])
    peak_gradient = tuple(float(gradient[0]) for gradient in gradients)
    points = _half_maximum_points(formula, shape, apex, peak)
    _, slope, gradients = formula(points, shape)
    moves = [
        (0.5 * rise - gradient) / slope
        for rise, gradient in zip(peak_gradient, gradients, strict=True)
    ]
    return Geometry(
        apex=apex,
        peak=peak,
        low=float(points[0]),
        high=float(points[1]),
        area=area,
        width_gradient=tuple(float(move[1] - move[0]) for move in moves),
        peak_gradient=peak_gradient,
        area_gradient=area_gradient,
    )


def _half_maximum_points(formula: Formula, shape: Shape, apex: float, peak: float) -> Array:
    """Solve f = peak/2 on both sides at once: Newton steps inside a bracket."""
    side = np.array([-1.0, 1.0])
    inner, outer = np.zeros(2), np.ones(2)
    while np.any(below := formula(apex + side * outer, shape)[0] > 0.5 * peak):
        inner, outer = np.where(below, outer, inner), np.where(below, 2.0 * outer, outer)
    distance = 0.5 * (inner + outer)
    for _ in range(100):
        value, slope, _ = formula(apex + side * distance, shape)
        above = value > 0.5 * peak
        inner, outer = np.where(above, distance, inner), np.where(above, outer, distance)
        newton = distance - (value - 0.5 * peak) / np.where(slope == 0.0, -1.0, side * slope)
        inside = (newton >= inner) & (newton <= outer)
        moved = np.where(inside, newton, 0.5 * (inner + outer))
        done = np.all(np.abs(moved - distance) <= 1e-12 * moved)  # squared by the step
        distance = moved
        if done:
            break
    return apex + side * distance


# --- Gaussian, Lorentzian and their sums -------------------------------------------


def gaussian(u: Array, shape: Shape) -> Values:
    """Return a Gaussian of unit height and unit FWHM."""
    value = np.exp(-FOUR_LN2 * u * u)
    return value, -2.0 * FOUR_LN2 * u * value, ()


def lorentzian(u: Array, shape: Shape) -> Values:
    """Return a Lorentzian of unit height and unit FWHM."""
    value = 1.0 / (1.0 + 4.0 * u * u)
    return value, -8.0 * u * value * value, ()


def gaussian_geometry() -> Geometry:
    """Return the landmarks of `gaussian`."""
    return Geometry(apex=0.0, peak=1.0, low=-0.5, high=0.5, area=_GAUSS_AREA)


def lorentzian_geometry() -> Geometry:
    """Return the landmarks of `lorentzian`."""
    return Geometry(apex=0.0, peak=1.0, low=-0.5, high=0.5, area=_LORENTZ_AREA)


def gl_sum(u: Array, shape: Shape) -> Values:
    """Return ``mix`` Lorentzian + ``(1 - mix)`` Gaussian, shares of the height."""
    (mix,) = shape
    gauss, gauss_slope, _ = gaussian(u, ())
    lorentz, lorentz_slope, _ = lorentzian(u, ())
    value = (1.0 - mix) * gauss + mix * lorentz
    slope = (1.0 - mix) * gauss_slope + mix * lorentz_slope
    return value, slope, (lorentz - gauss,)


@lru_cache(maxsize=256)
def gl_sum_geometry(mix: float) -> Geometry:
    """Return the landmarks of `gl_sum`: both parts share the half-maximum points."""
    return Geometry(
        apex=0.0,
        peak=1.0,
        low=-0.5,
        high=0.5,
        area=(1.0 - mix) * _GAUSS_AREA + mix * _LORENTZ_AREA,
        width_gradient=(0.0,),
        peak_gradient=(0.0,),
        area_gradient=(_LORENTZ_AREA - _GAUSS_AREA,),
    )


def pseudo_voigt(u: Array, shape: Shape) -> Values:
    """Return ``mix`` Lorentzian + ``(1 - mix)`` Gaussian, shares of the unit area."""
    (mix,) = shape
    gauss, gauss_slope, _ = gaussian(u, ())
    lorentz, lorentz_slope, _ = lorentzian(u, ())
    gauss_share, lorentz_share = (1.0 - mix) / _GAUSS_AREA, mix / _LORENTZ_AREA
    value = gauss_share * gauss + lorentz_share * lorentz
    slope = gauss_share * gauss_slope + lorentz_share * lorentz_slope
    return value, slope, (lorentz / _LORENTZ_AREA - gauss / _GAUSS_AREA,)


@lru_cache(maxsize=256)
def pseudo_voigt_geometry(mix: float) -> Geometry:
    """Return the landmarks of `pseudo_voigt`."""
    rise = 1.0 / _LORENTZ_AREA - 1.0 / _GAUSS_AREA
    return Geometry(
        apex=0.0,
        peak=1.0 / _GAUSS_AREA + mix * rise,
        low=-0.5,
        high=0.5,
        area=1.0,
        width_gradient=(0.0,),
        peak_gradient=(rise,),
        area_gradient=(0.0,),
    )


# --- product of a Gaussian and a Lorentzian -----------------------------------------


def gl_product(u: Array, shape: Shape) -> Values:
    """Return CasaXPS's GL(100 mix): ``exp(-4 ln2 (1 - mix) u^2) / (1 + 4 mix u^2)``."""
    (mix,) = shape
    square = u * u
    lorentz = 1.0 / (1.0 + 4.0 * mix * square)
    value = np.exp(-FOUR_LN2 * (1.0 - mix) * square) * lorentz
    slope = -2.0 * u * value * (FOUR_LN2 * (1.0 - mix) + 4.0 * mix * lorentz)
    return value, slope, (value * square * (FOUR_LN2 - 4.0 * lorentz),)


@lru_cache(maxsize=256)
def gl_product_geometry(mix: float) -> Geometry:
    """Return the landmarks of `gl_product`; its half-width is 4 % less than 1 at 0.3.

    Notes
    -----
    Near ``mix = 1`` the area behaves as the square root of ``1 - mix``: there its
    derivative is infinite, and the one at ``1 - 1e-6`` stands in for it.
    """
    area, _ = _gl_product_area(mix)
    _, area_slope = _gl_product_area(min(mix, 1.0 - 1e-6))
    return measure(gl_product, (mix,), area=area, area_gradient=(area_slope,))


def _gl_product_area(mix: float) -> tuple[float, float]:
    """Return the integral of exp(-a u^2) / (1 + b u^2) and its derivative by mix."""
    a, b = FOUR_LN2 * (1.0 - mix), 4.0 * mix
    if b < a / 100.0:
        area, by_a, by_b = _moment_series(a, b)
    else:
        z = sqrt(a / b)
        scaled = float(erfcx(z))
        area = pi / sqrt(b) * scaled
        by_z = pi / sqrt(b) * (2.0 * z * scaled - 2.0 / sqrt(pi))
        by_a = by_z / (2.0 * sqrt(a * b)) if a > 0.0 else 0.0
        by_b = -0.5 * area / b - 0.5 * by_z * z / b
    return area, -FOUR_LN2 * by_a + 4.0 * by_b


def _moment_series(a: float, b: float) -> tuple[float, float, float]:
    """Expand 1 / (1 + b u^2): sqrt(pi/a) * sum of (2n-1)!! (-b / 2a)^n, for b << a."""
    ratio, total, slope, term = b / a, 1.0, 0.0, 1.0
    for n in range(1, 14):
        coefficient = -0.5 * (2 * n - 1) * term  # the n-th one without its last power
        slope += n * coefficient
        term = coefficient * ratio
        total += term
    leading = sqrt(pi / a)
    by_b = leading * slope / a
    return leading * total, -0.5 * leading * total / a - by_b * ratio, by_b


# --- Voigt ---------------------------------------------------------------------------

_PURE = 1e-3  # of the width: nearer to a Gaussian or Lorentzian is measured in general
_WING_LIMIT = 200.0  # (|x + i gamma| / sigma)^2 beyond which ten terms reach 1e-13
_WING_COEFFICIENTS = np.array(
    [
        [factor, -factor * (2 * n + 1), factor * (2 * n + 1) * (2 * n + 2)]
        for n, factor in enumerate(np.cumprod([1.0, *range(1, 19, 2)]))
    ]
)


def voigt_function(x: Array, sigma: float, gamma: float) -> tuple[Array, Array, Array, Array]:
    """Return the area-normalised Voigt profile and its derivatives.

    Parameters
    ----------
    x : ndarray, shape (N,)
        Distance from the centre.
    sigma : float
        Standard deviation of the Gaussian, in the unit of `x`; may be 0 if `gamma` is not.
    gamma : float
        Half-width at half maximum of the Lorentzian; may be 0 if `sigma` is not.

    Returns
    -------
    value, by_x, by_sigma, by_gamma : ndarray, shape (N,)
        The profile, and its derivatives with respect to the three arguments.

    Notes
    -----
    V is the real part of ``W(x + i gamma)``, an analytic function, so that
    ``dV/dx = Re W'`` and ``dV/dgamma = -Im W'``; V obeys the heat equation,
    so that ``dV/dsigma = sigma Re W''``. In the far wings the recurrences for W' and
    W'' would cancel, and the asymptotic series is used, which is also the exact
    Lorentzian at ``sigma = 0``.
    """
    q = np.asarray(x + 1j * gamma, dtype=np.complex128)
    wing = q.real**2 + gamma**2 > _WING_LIMIT * sigma**2
    line = np.empty((3, x.size), dtype=np.complex128)
    if wing.any():
        line[:, wing] = _voigt_wing(q[wing], sigma)
    if not wing.all():
        line[:, ~wing] = _voigt_core(q[~wing], sigma)
    return line[0].real, line[1].real, sigma * line[2].real, -line[1].imag


def _voigt_wing(q: _Complex, sigma: float) -> _Complex:
    inverse = 1.0 / q
    ratio = (sigma * inverse) ** 2
    series = np.polynomial.polynomial.polyval(ratio, _WING_COEFFICIENTS)
    powers = (1j / pi) * np.array([inverse, inverse**2, inverse**3])
    wing: _Complex = series * powers
    return wing


def _voigt_core(q: _Complex, sigma: float) -> _Complex:
    unit = sqrt(2.0) * sigma
    z = q / unit
    w = wofz(z)
    w1 = 2j / sqrt(pi) - 2.0 * z * w
    w2 = -2.0 * w - 2.0 * z * w1
    return np.asarray([w, w1 / unit, w2 / unit**2], dtype=np.complex128) / (unit * sqrt(pi))


def voigt(u: Array, shape: Shape) -> Values:
    """Return a Voigt of unit area whose Gaussian and Lorentzian FWHM add up to 1.

    ``mix`` is the Lorentzian FWHM.
    """
    (mix,) = shape
    sigma, gamma = (1.0 - mix) / FWHM_PER_SIGMA, 0.5 * mix
    value, slope, by_sigma, by_gamma = voigt_function(u, sigma, gamma)
    return value, slope, (0.5 * by_gamma - by_sigma / FWHM_PER_SIGMA,)


@lru_cache(maxsize=256)
def voigt_geometry(mix: float) -> Geometry:
    """Return the landmarks of `voigt`: the exact FWHM, not an approximation."""
    if not _PURE < mix < 1.0 - _PURE:
        return measure(voigt, (mix,), area=1.0, area_gradient=(0.0,))
    half = _voigt_half_width(mix)
    value, slope, (gradient,) = voigt(np.array([0.0, -half, half]), (mix,))
    low, high = ((0.5 * gradient[0] - gradient[1:]) / slope[1:]).tolist()
    return Geometry(
        apex=0.0,
        peak=float(value[0]),
        low=-half,
        high=half,
        area=1.0,
        width_gradient=(high - low,),
        peak_gradient=(float(gradient[0]),),
        area_gradient=(0.0,),
    )


def _voigt_half_width(mix: float) -> float:
    """Return where `voigt` has fallen to half its maximum, by Newton steps on one number."""
    unit = sqrt(2.0) * (1.0 - mix) / FWHM_PER_SIGMA
    y, tolerance = 0.5 * mix / unit, 1e-15
    top = 0.5 * float(wofz(1j * y).real)
    # Olivero and Longbothum's approximation, good to 2e-4, doi:10.1016/0022-4073(77)90161-3
    x = 0.5 * (0.5346 * mix + sqrt(0.2166 * mix**2 + (1.0 - mix) ** 2)) / unit
    for _ in range(8):
        z = complex(x, y)
        w = complex(wofz(z))
        step = (w.real - top) / (-2.0 * z * w).real
        x -= step
        if abs(step) <= tolerance * x:
            break
    return x * unit


# --- asymmetric Voigt ------------------------------------------------------------------


def asymmetric_voigt(u: Array, shape: Shape) -> Values:
    """Return a Voigt of unit area on an axis that is stretched at u > 0.

    It is ``V(v) dv/du`` with ``v = u - asymmetry (sqrt(u^2 + 1) - 1)`` and V the `voigt`, so
    that its area is 1 whatever the asymmetry, and no tail turns negative. Near the centre the
    width grows by the asymmetry for each width, as in [1]_ and [2]_; far out the high side is
    ``1 / (1 - asymmetry)``, the low side ``1 / (1 + asymmetry)`` times as wide.

    References
    ----------
    .. [1] A. L. Stancik, E. B. Brauns, Vib. Spectrosc. 47, 66 (2008).
       doi:10.1016/j.vibspec.2008.02.009
    .. [2] M. Schmid et al., Surf. Interface Anal. 46, 505 (2014). doi:10.1002/sia.5521
    """
    mix, asymmetry = shape
    root = np.sqrt(u * u + 1.0)
    rise = u * u / (root + 1.0)
    stretch = 1.0 - asymmetry * u / root
    value, slope, (by_mix,) = voigt(u - asymmetry * rise, (mix,))
    by_u = slope * stretch**2 - asymmetry * value / root**3
    return value * stretch, by_u, (by_mix * stretch, -slope * rise * stretch - value * u / root)


@lru_cache(maxsize=256)
def asymmetric_voigt_geometry(mix: float, asymmetry: float) -> Geometry:
    """Return the landmarks of `asymmetric_voigt`."""
    shape = mix, asymmetry
    apex = _asymmetric_apex(shape)
    return measure(asymmetric_voigt, shape, apex=apex, area=1.0, area_gradient=(0.0, 0.0))


def _asymmetric_apex(shape: Shape) -> float:
    """Return where the maximum of `asymmetric_voigt` lies: a little to its steep side."""
    from scipy.optimize import brentq  # slow to import, and few shapes need it

    if shape[1] == 0.0:
        return 0.0

    def slope(u: float) -> float:
        return float(asymmetric_voigt(np.array([u]), shape)[1][0])

    return float(brentq(slope, -0.5, 0.5, xtol=1e-14, rtol=1e-14))


# --- shapes without a finite area ------------------------------------------------------


def doniach_sunjic(u: Array, shape: Shape) -> Values:
    """Return the Doniach-Sunjic line with its tail at u > 0.

    With ``cot(theta) = -2 u`` and ``nu = 1 - asymmetry`` the usual formula is
    ``sin(nu theta) sin(theta)^nu``, which cannot turn negative by rounding.

    References
    ----------
    .. [1] S. Doniach, M. Sunjic, J. Phys. C 3, 285 (1970).
       doi:10.1088/0022-3719/3/2/010
    """
    (asymmetry,) = shape
    nu = 1.0 - asymmetry
    theta = np.arctan2(1.0, -2.0 * u)
    log_sine = -0.5 * np.log1p(4.0 * u * u)
    power = np.exp(nu * log_sine)
    value = np.sin(nu * theta) * power
    slope = 2.0 * nu * np.sin((nu + 1.0) * theta) * power * np.exp(log_sine)
    return value, slope, (-theta * np.cos(nu * theta) * power - value * log_sine,)


def doniach_sunjic_apex(asymmetry: float) -> float:
    """Return where the maximum of `doniach_sunjic` lies: theta = pi / (2 - asymmetry)."""
    return -0.5 / tan(pi / (2.0 - asymmetry)) if asymmetry > 0.0 else 0.0


@lru_cache(maxsize=256)
def doniach_sunjic_geometry(asymmetry: float) -> Geometry:
    """Return the landmarks of `doniach_sunjic`."""
    return measure(doniach_sunjic, (asymmetry,), apex=doniach_sunjic_apex(asymmetry))


def bwf(u: Array, shape: Shape) -> Values:
    """Return the Breit-Wigner-Fano line ``(1 + s a)^2 / (1 + s^2)``, s = 2 u, a = 1/q."""
    (asymmetry,) = shape
    s = 2.0 * u
    lorentz = 1.0 / (1.0 + s * s)
    lever = 1.0 + s * asymmetry
    value = lever * lever * lorentz
    slope = 4.0 * lever * (asymmetry - s) * lorentz * lorentz
    return value, slope, (2.0 * s * lever * lorentz,)


@lru_cache(maxsize=256)
def bwf_geometry(asymmetry: float) -> Geometry:
    """Return the landmarks of `bwf`, all in closed form."""
    c = asymmetry * asymmetry
    return Geometry(
        apex=0.5 * asymmetry,
        peak=1.0 + c,
        low=-0.5 * (1.0 - asymmetry) / (1.0 + asymmetry),
        high=0.5 * (1.0 + asymmetry) / (1.0 - asymmetry),
        area=None,
        width_gradient=(4.0 * asymmetry / (1.0 - c) ** 2,),
        peak_gradient=(2.0 * asymmetry,),
    )
