"""What a departure from the fitted model would gain in chi-square, without fitting it.

At the minimum the residuals are at right angles to every derivative of the model. The part of
a further curve that is at right angles to them as well is what the fit cannot imitate: the
residuals along it, over its length, are a standard normal number if the model is right, and
their square is the chi-square gain of one more parameter (Rao's score test [1]_). Where the
curve has a place that is not known, the largest of many is taken, and how often noise alone
would have a larger one follows from the length of the path that the curves run through: the
look-elsewhere effect, by Davies' bound [2]_ [3]_. Priors are rows like those of the data.

References
----------
.. [1] C. R. Rao, Math. Proc. Camb. Phil. Soc. 44, 50 (1948). doi:10.1017/S0305004100023987
.. [2] R. B. Davies, Biometrika 74, 33 (1987). doi:10.1093/biomet/74.1.33
.. [3] E. Gross, O. Vitells, Eur. Phys. J. C 70, 525 (2010).
   doi:10.1140/epjc/s10052-010-1470-8
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, pi

import numpy as np
from scipy.special import chdtrc, ndtr

from ..curves.lineshapes import LineShape, lineshape
from ..fitting import FitResult
from ..fitting.priors import with_prior_rows
from ..fitting.problem import Problem
from ..fitting.tangents import tangent_rows
from ..model import members, owners
from ..spectrum import Array

IMITATED = 0.03  # of the length of a curve: what is left of it is rounding, not a departure
_UNKNOWN = 0.05  # of the variance: where the data say less of a prior they cannot contradict it
_SINGULAR = 1e-9
_ONE_SIDED_95 = 1.645


@dataclass(frozen=True, eq=False)
class Minimum:
    """Residuals of a fit and the directions in which its free parameters move them.

    Attributes
    ----------
    residual : ndarray, shape (N + K,)
        (data - model) / sigma, then (prior - value) / sd.
    basis : ndarray, shape (N + K, r)
        Orthonormal; spans the derivatives by the free parameters that are on no bound.
    places : mapping of str to slice
        The rows of each region.
    """

    residual: Array
    basis: Array
    places: dict[str, slice]

    def left_of(self, curves: Array) -> Array:
        """Return what the fit cannot imitate of curves (M, N + K), the same shape."""
        return curves - (curves @ self.basis) @ self.basis.T

    def scores(self, curves: Array) -> tuple[Array, Array, Array]:
        """Return size in standard errors (M,), amplitude (M,), and unit vectors (M, N + K).

        Zero where the fit imitates the curve.
        """
        left = self.left_of(curves)
        length = np.linalg.norm(left, axis=1)
        told = length > IMITATED * np.linalg.norm(curves, axis=1)
        scale = np.where(told, length, np.inf)
        z = left @ self.residual / scale
        return z, z / scale, left / scale[:, None]


def minimum_of(result: FitResult) -> Minimum:
    """Return residuals and tangent directions of a fit."""
    problem = result.problem
    q = result.values[problem.free]
    sigmas = tuple(region.sigma for region in result.regions)
    r, jacobian = tangent_rows(problem, q, sigmas)
    r, jacobian = with_prior_rows(problem, q, problem.prior_sigmas(q), r, jacobian)
    places, start = {}, 0
    for region in result.regions:
        places[region.name] = slice(start, start + region.x.size)
        start += region.x.size
    return Minimum(-r, _basis(jacobian[:, ~result.at_bound[problem.free]]), places)


def directions_of(
    problem: Problem, q: Array, sigmas: tuple[Array, ...], at_bound: np.ndarray
) -> Array:
    """Return the tangent directions (N + K, r) of a fit, quickly.

    Parameters
    ----------
    problem : Problem
    q : ndarray, shape (F,)
    sigmas : tuple of ndarray
    at_bound : ndarray of bool, shape (P,)
    """
    r, rows = tangent_rows(problem, q, sigmas)
    _, rows = with_prior_rows(problem, q, problem.prior_sigmas(q), r, rows)
    return _basis(rows[:, ~at_bound[problem.free]])


def _basis(jacobian: Array) -> Array:
    """Return orthonormal directions that span the columns of a Jacobian."""
    length = np.linalg.norm(jacobian, axis=0)
    jacobian = jacobian[:, length > 0] / length[length > 0]
    left, size, _ = np.linalg.svd(jacobian, full_matrices=False)
    return np.asarray(left[:, size > _SINGULAR * size.max(initial=0.0)])


# ---------------------------------------------------------------------------------
# One more component


@dataclass(frozen=True)
class Excess:
    """Where one more component would gain most.

    Attributes
    ----------
    at : float
        On the axis of the region, with its shift.
    significance : float
        In standard errors; its square is the gain in chi-square, to first order.
    p_value : float
        How often noise alone has as large a one anywhere in the window.
    area, area_error : float
        Of both lines, to first order.
    """

    at: float
    significance: float
    p_value: float
    area: float
    area_error: float


def largest_excess_of(
    result: FitResult,
    minimum: Minimum,
    region_name: str,
    within: tuple[float, float] | None = None,
) -> Excess | None:
    """Return where one more component like those of a region would gain most.

    Parameters
    ----------
    result : FitResult
    minimum : Minimum
        Of the same fit.
    region_name : str
    within : tuple of float or None
        On the axis of the region, with its shift; None: the whole window.

    Returns
    -------
    excess : Excess or None
        None where no component has an area to be like.
    """
    found = shifted_copies(result, region_name)
    if found is None:
        return None
    centers, curves, area = found
    if within is not None:
        inside = (centers >= within[0]) & (centers <= within[1])
        centers, curves = centers[inside], curves[inside]
    if not centers.size:
        return None
    rows = np.zeros((centers.size, minimum.residual.size))
    rows[:, minimum.places[region_name]] = curves / result.region(region_name).sigma
    z, amplitude, units = minimum.scores(rows)
    best = int(np.argmax(z))
    if not z[best] > 0:
        return None
    p_value = p_of_largest(float(z[best]), path_length(units))
    size = float(amplitude[best]) * area
    return Excess(float(centers[best]), float(z[best]), p_value, size, size / float(z[best]))


def largest_hidden(
    result: FitResult, minimum: Minimum, region_name: str, at: float
) -> float | None:
    """Return how large a further component at a place may be without being seen, 95 %.

    Parameters
    ----------
    result : FitResult
    minimum : Minimum
        Of the same fit.
    region_name : str
    at : float
        On the axis of the region, with its shift.

    Returns
    -------
    area : float or None
        Of both lines, to first order; None where the fit imitates such a component.
    """
    found = shifted_copies(result, region_name)
    if found is None:
        return None
    centers, curves, area = found
    near = int(np.argmin(np.abs(centers - at)))
    row = np.zeros((1, minimum.residual.size))
    row[0, minimum.places[region_name]] = curves[near] / result.region(region_name).sigma
    left = minimum.left_of(row)[0]
    length = float(np.linalg.norm(left))
    if length <= IMITATED * float(np.linalg.norm(row)):
        return None
    fitted = float(left @ minimum.residual) / length**2
    return (max(fitted, 0.0) + _ONE_SIDED_95 / length) * area


def shifted_copies(result: FitResult, region_name: str) -> tuple[Array, Array, float] | None:
    """Return places (M,), the largest owner's curve there (M, N), and its area."""
    region, fitted = result.model.region(region_name), result.region(region_name)
    present = [members(region, owner) for owner in owners(region, enabled=True)]
    present = [lines for lines in present if all("area" in line.parameters for line in lines)]
    sizes = [sum(_values(result, region_name, c.id)[0] for c in lines) for lines in present]
    if not sizes or not max(sizes) > 0:
        return None
    lines, area = present[int(np.argmax(sizes))], max(sizes)
    orientation, first = fitted.spectrum.axis.orientation, _values(result, region_name, lines[0].id)
    width = result.summary(region_name, lines[0].id).fwhm
    channel = abs(fitted.spectrum.step)
    step = channel * max(int(width / (10.0 * channel)), 1)
    low, high = (float(f(fitted.x)) for f in (np.min, np.max))
    centers = np.arange(low + 0.5 * width, high - 0.5 * width, step)
    if centers.size < 2:
        return None
    curves = np.zeros((centers.size, fitted.x.size))
    for line in lines:
        shape, own = lineshape(line.lineshape), _values(result, region_name, line.id)
        curves += _moved_copies(shape, own, fitted.x, centers - first[1], orientation)
    return centers, curves, area


def _moved_copies(shape: LineShape, own: Array, x: Array, moves: Array, orientation: int) -> Array:
    """Return a component's curve moved by each of M distances, (M, N).

    Where the points are even and the moves whole numbers of them, all copies are cut out of
    one curve.
    """
    channel = (x[-1] - x[0]) / (x.size - 1)
    steps = (moves - moves[0]) / channel
    whole = np.rint(steps).astype(int)
    if np.allclose(np.diff(x), channel, rtol=0, atol=1e-6 * abs(channel)) and np.allclose(
        steps, whole, rtol=0, atol=1e-4
    ):
        last = int(np.abs(whole).max())
        places = x[0] - moves[0] + channel * np.arange(-last, x.size)
        curve = shape.evaluate(places, own, orientation)
        return np.array([curve[last - k : last - k + x.size] for k in whole.tolist()])
    places = (x - moves[:, None]).ravel()
    return shape.evaluate(places, own, orientation).reshape(moves.size, x.size)


def _values(result: FitResult, region_name: str, component: str) -> Array:
    """Return a component's shape parameters, its area first, then its centre."""
    shape = lineshape(result.model.region(region_name).component(component).lineshape)
    path = f"{region_name}/{component}"
    return np.array([result.value(f"{path}/{spec.name}") for spec in shape.parameters])


# ---------------------------------------------------------------------------------
# Look elsewhere


def path_length(units: Array) -> float:
    """Return the length of the path that unit vectors (M, n) run through, in radians."""
    cosines = np.sum(units[1:] * units[:-1], axis=1)
    together = (np.abs(units[1:]).any(axis=1)) & (np.abs(units[:-1]).any(axis=1))
    return float(np.sum(np.arccos(np.clip(cosines, -1.0, 1.0)) * together))


def path_of_places(reach: float, fwhm: float) -> float:
    """Return the length of the path of a line whose centre may lie within `reach`, about.

    That of a Gaussian of this width on a flat background.
    """
    return 1.665 * max(reach, 0.0) / fwhm if fwhm > 0 else 0.0


def p_of_largest(z: float, length: float) -> float:
    """Return how often the largest of standard normal numbers along a path is above `z`.

    Parameters
    ----------
    z : float
    length : float
        Of the path, see `path_length`; 0 for one number.
    """
    return min(float(ndtr(-z)) + length / (2.0 * pi) * exp(-0.5 * z * z), 1.0)


# ---------------------------------------------------------------------------------
# Priors together


def gain_without(minimum: Minimum, rows: Sequence[int], n_priors: int) -> tuple[float, int, float]:
    """Return what chi-square gains when some priors are let go together, to first order.

    Parameters
    ----------
    minimum : Minimum
    rows : sequence of int
        Which of the priors.
    n_priors : int
        How many there are.

    Returns
    -------
    gain : float
    degrees : int
        Directions that the data know something of.
    p_value : float
        How often right priors gain as much.
    """
    places = minimum.residual.size - n_priors + np.asarray(rows, dtype=int)
    basis = minimum.basis[places]
    # r has the covariance 1 - basis basis^T, and the gain is r^T (1 - basis basis^T)^-1 r
    size, ways = np.linalg.eigh(np.eye(places.size) - basis @ basis.T)
    known = size > _UNKNOWN
    along = ways[:, known].T @ minimum.residual[places]
    gain = float(np.sum(along**2 / size[known]))
    degrees = int(known.sum())
    return gain, degrees, float(chdtrc(degrees, gain)) if degrees else 1.0
