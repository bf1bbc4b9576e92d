"""Asymmetric lines broadened by the instrument: LA, LF and Doniach-Sunjic.

A detector grid is a bad place for a convolution: kernels of even length shift the
line by half a channel, and areas then jump as a centre moves. Here nothing is
sampled. The convolution integral is evaluated at every point by Gauss quadrature
over the support of the kernel, a Gaussian cut at 3 sqrt(2) standard deviations (as
CasaXPS cuts it) and normalised to one. Where the support reaches the line's centre,
it is split there, because the exponent of LA and LF changes at the centre, and the
nodes are spread evenly in ``asinh(2 w)``, so that the narrow core and the long
tail are resolved alike. Derivatives are taken under the integral sign.

The share of the Gaussian is ``gauss = g / (1 + g)``, with g its FWHM over the FWHM
of the Lorentzian that the line is made from: 0 is no broadening.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from math import asinh, erf, pi, sqrt

import numpy as np
from numpy.typing import NDArray
from scipy.special import digamma, gammaln

from .profiles import (
    FWHM_PER_SIGMA,
    Array,
    Formula,
    Geometry,
    Shape,
    Values,
    doniach_sunjic,
    doniach_sunjic_apex,
    measure,
)

CUT = 3.0 * sqrt(2.0)  # half the kernel's support, in standard deviations
LF_CEILING = 3.0  # the exponent that LF approaches far from its centre

_KERNEL_NORM = sqrt(2.0 * pi) * erf(3.0)
_NEAR = 1.5  # in half supports: beyond it the line is smooth over the whole support
_PANEL_NODES = 40
_FAR_NODES = 16
_NO_BROADENING = 1e-9  # standard deviation, in widths, that changes nothing in double precision

_Nodes = tuple[Array, Array, Array]
_Broadened = tuple[Array, Array, tuple[Array, ...], Array]


def sigma_of_share(gauss: float) -> tuple[float, float]:
    """Return the kernel's standard deviation in Lorentzian FWHM, and its derivative."""
    rest = 1.0 - gauss
    return gauss / rest / FWHM_PER_SIGMA, 1.0 / (rest * rest) / FWHM_PER_SIGMA


def broaden(base: Formula, u: Array, shape: Shape, sigma: float) -> _Broadened:
    """Return a formula convolved with the cut Gaussian.

    Parameters
    ----------
    base : callable
        ``(w, shape) -> (value, slope, gradients)``, elementwise for arrays of any
        shape; it may have a kink at ``w = 0`` and nowhere else.
    u : ndarray, shape (N,)
        Where to evaluate, in widths of the base.
    shape : tuple of float
        Shape parameters of the base.
    sigma : float
        Standard deviation of the kernel before the cut, in widths of the base.

    Returns
    -------
    value, slope : ndarray, shape (N,)
    gradients : tuple of ndarray, shape (N,)
        Derivatives by each shape parameter of the base.
    by_sigma : ndarray, shape (N,)
    """
    if sigma < _NO_BROADENING:
        value, slope, gradients = base(u, shape)
        return value, slope, gradients, np.zeros_like(u)
    rows = np.zeros((3 + len(shape), u.size))
    for part, (w, y, weight) in _quadrature(u, sigma):
        value, slope, gradients = base(w, shape)
        rising = weight * slope
        rows[0, part] = np.einsum("ij,ij->i", weight, value)
        rows[1, part] = rising.sum(axis=1)
        rows[2, part] = -np.einsum("ij,ij->i", rising, y)
        for row, gradient in enumerate(gradients, start=3):
            rows[row, part] = np.einsum("ij,ij->i", weight, gradient)
    return rows[0], rows[1], tuple(rows[3:]), rows[2]


def _quadrature(u: Array, sigma: float) -> Iterator[tuple[NDArray[np.bool_], _Nodes]]:
    """Yield (which points, (w, y, weight)), with ``u - w = sigma y``, per kind of point."""
    near = np.abs(u) < _NEAR * CUT * sigma
    if near.any():
        yield near, _near_nodes(u[near], sigma)
    if not near.all():
        y, weight = _far_rule()
        w = u[~near, None] - sigma * y
        yield ~near, (w, np.broadcast_to(y, w.shape), np.broadcast_to(weight, w.shape))


def _near_nodes(u: Array, sigma: float) -> _Nodes:
    reach = CUT * sigma
    start, stop = np.arcsinh(2.0 * (u - reach)), np.arcsinh(2.0 * (u + reach))
    low = _panel(np.minimum(start, 0.0), np.minimum(stop, 0.0))
    high = _panel(np.maximum(start, 0.0), np.maximum(stop, 0.0))
    s, length = np.hstack([low[0], high[0]]), np.hstack([low[1], high[1]])
    growth = np.exp(s)
    # sinh by way of exp is quicker, but loses the digits of a narrow support
    w = 0.25 * (growth - 1.0 / growth) if reach > 0.05 else 0.5 * np.sinh(s)
    y = (u[:, None] - w) / sigma
    stretch = 0.25 * (growth + 1.0 / growth)  # dw/ds
    return w, y, length * stretch * np.exp(-0.5 * y * y) / (sigma * _KERNEL_NORM)


def _panel(start: Array, stop: Array) -> tuple[Array, Array]:
    x, weight = _legendre(_PANEL_NODES)
    half = 0.5 * (stop - start)[:, None]
    return (0.5 * (start + stop))[:, None] + half * x, half * weight


@lru_cache(maxsize=4)
def _legendre(n: int) -> tuple[Array, Array]:
    x, weight = np.polynomial.legendre.leggauss(n)
    return _read_only(x), _read_only(weight)


@lru_cache(maxsize=1)
def _far_rule() -> tuple[Array, Array]:
    """Return the Gauss rule whose weight function is the kernel itself.

    The three-term recurrence comes from the Stieltjes procedure on a fine Legendre
    rule, the nodes and weights from its symmetric tridiagonal matrix.
    """
    x, weight = _legendre(128)
    x = CUT * x
    weight = weight * np.exp(-0.5 * x * x)
    weight = weight / weight.sum()
    off_diagonal = np.empty(_FAR_NODES - 1)
    previous, current, norm = np.zeros_like(x), np.ones_like(x), 1.0
    ratio = 0.0
    for i in range(_FAR_NODES - 1):
        previous, current = current, x * current - ratio * previous
        grown = float(np.sum(weight * current * current))
        ratio, norm = grown / norm, grown
        off_diagonal[i] = sqrt(ratio)
    nodes, vectors = np.linalg.eigh(np.diag(off_diagonal, 1) + np.diag(off_diagonal, -1))
    return _read_only(nodes), _read_only(vectors[0] ** 2)


def _read_only(values: Array) -> Array:
    values.setflags(write=False)
    return values


def _broadened(base: Formula, u: Array, shape: Shape) -> Values:
    """Return `base` convolved; the last of `shape` is the Gaussian share."""
    sigma, sigma_slope = sigma_of_share(shape[-1])
    value, slope, gradients, by_sigma = broaden(base, u, shape[:-1], sigma)
    return value, slope, (*gradients, sigma_slope * by_sigma)


def _apex(formula: Formula, shape: Shape, base_apex: float) -> float:
    """Return the maximum of a convolved line with one maximum at `base_apex` before."""
    from scipy.optimize import brentq  # slow to import, and not every shape needs it

    sigma, _ = sigma_of_share(shape[-1])
    if sigma < _NO_BROADENING:
        return base_apex
    reach = CUT * sigma

    def slope(at: float) -> float:
        return float(formula(np.array([at]), shape)[1][0])

    return float(brentq(slope, base_apex - reach, base_apex + reach, xtol=1e-12, rtol=1e-14))


# --- LA ---------------------------------------------------------------------------------


def _la_base(w: Array, shape: Shape) -> Values:
    """Return a Lorentzian to the power alpha at w > 0 and beta at w <= 0."""
    alpha, beta = shape
    high = w > 0.0
    exponent = np.where(high, alpha, beta)
    denominator = 1.0 + 4.0 * w * w
    log_q = -np.log(denominator)
    value = np.exp(exponent * log_q)
    by_exponent = value * log_q
    by_alpha = np.where(high, by_exponent, 0.0)
    slope = -8.0 * exponent * w * value / denominator
    return value, slope, (by_alpha, by_exponent - by_alpha)


def la(u: Array, shape: Shape) -> Values:
    """Return CasaXPS's LA in widths of its Lorentzian; shape = alpha, beta, gauss."""
    return _broadened(_la_base, u, shape)


@lru_cache(maxsize=512)
def la_geometry(alpha: float, beta: float, gauss: float) -> Geometry:
    """Return the landmarks of `la`; convolution keeps the area of the base."""
    high, low = _power_area(alpha), _power_area(beta)
    shape = (alpha, beta, gauss)
    return measure(
        la,
        shape,
        apex=_apex(la, shape, 0.0),
        area=high[0] + low[0],
        area_gradient=(high[1], low[1], 0.0),
    )


def _power_area(exponent: float) -> tuple[float, float]:
    """Return the area of one side of q^exponent, and its derivative."""
    area = 0.25 * sqrt(pi) * np.exp(gammaln(exponent - 0.5) - gammaln(exponent))
    return float(area), float(area * (digamma(exponent - 0.5) - digamma(exponent)))


# --- LF ---------------------------------------------------------------------------------


def _lf_base(w: Array, shape: Shape) -> Values:
    """Return q to an exponent that grows from alpha (beta) to 3 within the damping."""
    alpha, beta, damping = shape
    high = w > 0.0
    missing = LF_CEILING - np.where(high, alpha, beta)
    scaled = 4.0 * (w / damping) ** 2
    fade = 1.0 / (1.0 + scaled)
    exponent = LF_CEILING - missing * fade
    denominator = 1.0 + 4.0 * w * w
    log_q = -np.log(denominator)
    value = np.exp(exponent * log_q)
    growth = 2.0 * missing * fade * fade * scaled  # = w d(exponent)/dw = -damping d/d(damping)
    rise = 8.0 * missing * fade * fade * w / damping**2
    slope = value * (rise * log_q - 8.0 * exponent * w / denominator)
    by_exponent = value * log_q
    by_side = by_exponent * fade
    by_alpha = np.where(high, by_side, 0.0)
    return value, slope, (by_alpha, by_side - by_alpha, -by_exponent * growth / damping)


def lf(u: Array, shape: Shape) -> Values:
    """Return CasaXPS's LF in widths of its Lorentzian.

    Its shape parameters are alpha, beta, damping and gauss.
    """
    return _broadened(_lf_base, u, shape)


@lru_cache(maxsize=512)
def lf_geometry(alpha: float, beta: float, damping: float, gauss: float) -> Geometry:
    """Return the landmarks of `lf`."""
    shape = (alpha, beta, damping, gauss)
    area, *gradient = _lf_area(alpha, beta, damping)
    return measure(
        lf,
        shape,
        apex=_apex(lf, shape, 0.0),
        area=area,
        area_gradient=(*gradient, 0.0),
    )


def _lf_area(alpha: float, beta: float, damping: float) -> Shape:
    """Return the integral of the base and its derivatives, by quadrature in asinh(2 w)."""
    end = asinh(2e3 * max(damping, 1.0))  # beyond, u^-6 leaves 1e-15 of the area
    edges = np.linspace(-end, end, 2 * round(1.0 + end) + 1)  # one edge at the kink
    s, length = _panel(edges[:-1], edges[1:])
    weight = 0.5 * length * np.cosh(s)
    value, _, gradients = _lf_base(0.5 * np.sinh(s), (alpha, beta, damping))
    return tuple(float(np.sum(weight * row)) for row in (value, *gradients))


# --- Doniach-Sunjic -----------------------------------------------------------------------


def doniach_sunjic_convolved(u: Array, shape: Shape) -> Values:
    """Return a Doniach-Sunjic line broadened; shape = asymmetry, gauss."""
    return _broadened(doniach_sunjic, u, shape)


@lru_cache(maxsize=512)
def doniach_sunjic_convolved_geometry(asymmetry: float, gauss: float) -> Geometry:
    """Return the landmarks of `doniach_sunjic_convolved`."""
    shape = (asymmetry, gauss)
    apex = _apex(doniach_sunjic_convolved, shape, doniach_sunjic_apex(asymmetry))
    return measure(doniach_sunjic_convolved, shape, apex=apex)
