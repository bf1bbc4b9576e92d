"""Measured spectra as components: made from a spectrum, and with their own noise counted.

A shape that was measured is wrong by its noise, in every fit that uses it. A fit with one is made
twice: with the noise of the data, and then with that of the data and of the shape at the areas
found. Its covariance is that of these weights where the noise of the shape is the same curve
moved and broadened, so that its errors at neighbouring points belong together::

    V = D + sum_j a_j a_j^T        D: counts; a_j: what one sd of node j does to the curve
    C' = C J^T W V W J C           C: covariance of the weights W = 1 / diag(V)

References
----------
.. [1] JCGM 102:2011, propagation of errors that are correlated.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from ..curves.background_kind import StaticBackground
from ..curves.measured import MeasuredCurve, from_text, is_measured, unit_shape
from ..model import Background
from ..spectrum import Array, Spectrum, points_in_window
from .evaluate import own_parameters
from .inputs import on_fitting_axis
from .problem import Problem, RegionProblem, static_background
from .weights import Weights, choose_weights, point_sigmas

if TYPE_CHECKING:
    from .frame import Slot

SHIRLEY = "shirley"
_PART = 12  # of the points, over which each end of the background is averaged
_MOST = 0.999  # of a variance, that is the shape's


def measured_shape(
    spectrum: Spectrum,
    window: tuple[float, float] | None = None,
    *,
    name: str = "",
    background: str = SHIRLEY,
    noise: bool = True,
) -> str:
    """Return a spectrum as the name of a line shape.

    Parameters
    ----------
    spectrum : Spectrum
        A pristine sample, a level of a profile.
    window : tuple of two floats or None
        Where it is taken from, on its calibrated axis; None: all of it.
    name : str
        What the shape is called; left out: sample and region.
    background : str
        Taken off before: a static one, ``"shirley"``, ``"linear"`` or ``"none"``.
    noise : bool
        Keep the noise, which fits then count. Batches of thousands need a shape without.

    Returns
    -------
    lineshape : str
        For `Component.lineshape`; it holds the spectrum and its noise.

    Raises
    ------
    FitError, ModelError
        If nothing stands above the background.
    """
    own = on_fitting_axis(spectrum)
    if not own.axis.is_energy and background == SHIRLEY:
        background = "linear"
    whole = (float(own.x.min()), float(own.x.max()))
    inside = points_in_window(own, window or whole)
    points = max(len(own.x[inside]) // _PART, 2) // 2 * 2 + 1
    kind = (
        Background(background)
        if background == "none"
        else Background(background, "static", {"endpoint_points": points})
    )
    static = static_background(kind, own, inside)
    y = own.y[inside] - (0.0 if static is None else static.curve)
    weights = choose_weights(own, None)
    if weights is Weights.UNIT or not noise:
        sds = np.zeros(y.size)
    else:
        sds = point_sigmas(own, inside, weights, own.y[inside])
    ends = (0.0, 0.0)
    if static is not None and sds.any():
        turned = sds[:: own.axis.orientation]
        ends = (_end_error(static, turned, "low"), _end_error(static, turned, "high"))
    x, turn = own.x[inside] * own.axis.orientation, own.axis.orientation
    label = name or " ".join(filter(None, (own.meta.sample, own.meta.region)))
    order = np.argsort(x)
    shape = unit_shape(label, x[order], y[order], sds[order], ends)
    return replace(shape, origin=turn * shape.origin).to_text()


def _end_error(static: StaticBackground, sds: Array, end: str) -> float:
    """Return the standard deviation of a background's end, a mean of some points of the data."""
    level = float(np.mean(sds[:5] if end == "low" else sds[-5:]))
    return level / float(np.sqrt(float(str(static.info[f"{end}_points"]))))


def has_noisy_shapes(problem: Problem) -> bool:
    """Return whether some component is a measured spectrum of known noise."""
    return bool(noisy_shapes(problem))


def _noisy(region: RegionProblem) -> list[Slot]:
    return [
        slot
        for slot in region.slots
        if is_measured(slot.shape.name) and from_text(slot.shape.name).sds.any()
    ]


def noisy_shapes(problem: Problem) -> tuple[str, ...]:
    """Return the line shapes of a problem that are measured spectra of known noise, each once."""
    names = (slot.shape.name for region in problem.regions for slot in _noisy(region))
    return tuple(dict.fromkeys(names))


def node_count(name: str) -> int:
    """Return how many independent errors a measured shape has: its nodes and two ends."""
    return from_text(name).sds.size + 2


def shape_errors(problem: Problem, q: Array, names: Sequence[str] | None = None) -> list[Array]:
    """Return what one standard deviation of each node does to each region's curve, (N, n) each.

    A spectrum that several components of a model are has one noise. `names` are the shapes
    whose nodes are the columns, those of the problem if left out.
    """
    p = problem.full(q)
    names = noisy_shapes(problem) if names is None else names
    found = []
    for region in problem.regions:
        parts = {name: np.zeros((region.x.size, node_count(name))) for name in names}
        for slot in _noisy(region):
            own = own_parameters(slot, p[region.part], region.shift)
            curve = MeasuredCurve(from_text(slot.shape.name))
            errors = curve.propagation(region.x, own, region.orientation)
            parts[slot.shape.name] += errors
        nothing = np.zeros((region.x.size, 0))
        found.append(np.concatenate([nothing, *parts.values()], axis=1))
    return found


def with_shape_noise(
    problem: Problem, kinds: tuple[Weights, ...], sigmas: tuple[Array, ...], q: Array
) -> tuple[Problem, tuple[Weights, ...]]:
    """Return a problem whose standard deviations hold the noise of its measured shapes.

    Parameters
    ----------
    problem : Problem
    kinds : tuple of Weights
    sigmas : tuple of ndarray
        Of the data alone, at `q`.
    q : ndarray, shape (F,)
    """
    regions, weights = [], []
    for region, kind, sigma, errors in zip(
        problem.regions, kinds, sigmas, shape_errors(problem, q), strict=True
    ):
        if not _noisy(region) or kind is Weights.UNIT:
            regions.append(region)
            weights.append(kind)
            continue
        whole = np.ones(len(region.spectrum))
        whole[region.inside] = np.hypot(sigma, np.sqrt(np.sum(errors**2, axis=1)))
        regions.append(replace(region, spectrum=replace(region.spectrum, sigma=whole)))
        weights.append(Weights.GIVEN)
    return replace(problem, regions=tuple(regions)), tuple(weights)


def covariance_with_shapes(problem: Problem, q: Array, jacobian: Array, free: Array) -> Array:
    """Return the covariance (F, F) of a fit whose weights hold the noise of measured shapes.

    Parameters
    ----------
    problem : Problem
        As `with_shape_noise` returns it.
    q : ndarray, shape (F,)
    jacobian : ndarray, shape (N + K, F)
        Derivatives of curves and priors over their standard deviations.
    free : ndarray, shape (F, F)
        Covariance of independent points, zero rows for what is held.
    """
    shares, columns = [], []
    for region, errors in zip(problem.regions, shape_errors(problem, q), strict=True):
        sigma = region.spectrum.sigma
        if sigma is None or not _noisy(region):
            shares.append(np.ones(region.x.size))
            columns.append(np.zeros(errors.shape))
            continue
        whole = sigma[region.inside]
        of_shapes = np.sum(errors**2, axis=1) / whole**2
        shares.append(1.0 - np.minimum(of_shapes, _MOST))
        columns.append(errors / whole[:, None])
    n = problem.n_points
    data, known = jacobian[:n], jacobian[n:]
    reach = data.T @ np.concatenate(columns)
    middle = (data.T * np.concatenate(shares)) @ data + known.T @ known + reach @ reach.T
    return np.asarray(free @ middle @ free)
