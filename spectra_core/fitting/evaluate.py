"""Curves of a compiled model and their exact derivatives (plain numpy).

This is the reference engine: short, vectorised, and the oracle of any faster one.
A region's curve is ``background base + sum of peaks + L[peaks]`` where L is the
background's coupling to the model's own peaks (an active Shirley step, say).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..spectrum import Array
from .frame import Slot
from .problem import Problem, RegionProblem


@dataclass(frozen=True, eq=False)
class RegionCurves:
    """Curves of one region, each of shape (N,).

    Attributes
    ----------
    peaks : mapping of str to ndarray
        Each enabled component without background, by id.
    background, envelope : ndarray
    """

    peaks: dict[str, Array]
    background: Array
    envelope: Array


def region_curves(
    region: RegionProblem,
    p: Array,
    x: Array | None = None,
    *,
    peaks: dict[str, Array] | None = None,
) -> RegionCurves:
    """Return the curves of one region for the full parameter vector.

    Parameters
    ----------
    region : RegionProblem
    p : ndarray, shape (P,)
        All parameters of the problem.
    x : ndarray, shape (M,), or None
        Another abscissa to draw on; only for backgrounds that are not static.
    peaks : dict of str to ndarray, or None
        The components' curves on `x`, where they are known already.
    """
    values = p[region.part]
    abscissa = region.x if x is None else x
    if peaks is None:
        peaks = {
            slot.id: slot.shape.evaluate(
                abscissa, own_parameters(slot, values, region.shift), region.orientation
            )
            for slot in region.slots
        }
    background = _background(region, values, abscissa, peaks)
    return RegionCurves(peaks, background, background + sum(peaks.values()))


def curves_rows(
    regions: Sequence[RegionProblem], p: Array, peaks: dict[str, Array] | None = None
) -> RegionCurves:
    """Return the curves of one region of M fits, as `region_curves` has them; (M, N) each.

    Parameters
    ----------
    regions : sequence of RegionProblem, length M
        Of one model on one axis.
    p : ndarray, shape (M, P)
    peaks : dict of str to ndarray, or None
        The components' curves (M, N), where they are known already.
    """
    if peaks is None:
        each = [region_curves(one, own).peaks for one, own in zip(regions, p, strict=True)]
        peaks = {slot.id: np.array([own[slot.id] for own in each]) for slot in regions[0].slots}
    rows = [dict(zip(peaks, curves, strict=True)) for curves in zip(*peaks.values(), strict=True)]
    background = np.array(
        [
            _background(region, own[region.part], region.x, curves)
            for region, own, curves in zip(regions, p, rows or [{}] * len(regions), strict=True)
        ]
    )
    return RegionCurves(peaks, background, background + sum(peaks.values()))


def region_jacobian(region: RegionProblem, p: Array) -> tuple[Array, Array]:
    """Return the envelope (N,) and its derivatives by the region's parameters (R, N)."""
    values = p[region.part]
    x, orientation = region.x, region.orientation
    jacobian = np.zeros((values.size, x.size))
    total = np.zeros(x.size)
    for slot in region.slots:
        curve, rows = slot.shape.derivatives(
            x, own_parameters(slot, values, region.shift), orientation
        )
        jacobian[slot.own] = rows
        total += curve
        jacobian[region.shift] += rows[_center_row(slot)]
        if slot.coupled.stop > slot.coupled.start:
            total += _add_component_coupling(region, slot, values, curve, jacobian)
    return _add_background(region, values, total, jacobian), jacobian


def residual_jacobian(problem: Problem, q: Array, sigmas: tuple[Array, ...]) -> tuple[Array, Array]:
    """Return weighted residuals (N,) and their derivatives (N, F) by the free parameters.

    Residuals are (model - data) / sigma, all regions one after the other.
    """
    p = problem.full(q)
    residuals, blocks = [], []
    for region, sigma in zip(problem.regions, sigmas, strict=True):
        envelope, jacobian = region_jacobian(region, p)
        residuals.append((envelope - region.y) / sigma)
        blocks.append((jacobian.T @ problem.matrix[region.part]) / sigma[:, None])
    return np.concatenate(residuals), np.concatenate(blocks)


def residual(problem: Problem, q: Array, sigmas: tuple[Array, ...]) -> Array:
    """Return weighted residuals (N,): (model - data) / sigma."""
    p = problem.full(q)
    return np.concatenate(
        [
            (region_curves(region, p).envelope - region.y) / sigma
            for region, sigma in zip(problem.regions, sigmas, strict=True)
        ]
    )


def own_parameters(slot: Slot, values: Array, shift: int) -> Array:
    """Return a component's shape parameters with the region's shift applied."""
    own = values[slot.own].copy()
    own[_center_row(slot)] += values[shift]
    return own


def _center_row(slot: Slot) -> int:
    return [spec.name for spec in slot.shape.parameters].index("center")


def _background(region: RegionProblem, values: Array, x: Array, peaks: dict[str, Array]) -> Array:
    if region.static is not None:
        return region.static.curve
    kind, options = region.kind, region.region.background.options
    own = values[region.background]
    background, _ = kind.base(x, own, options, region.orientation)
    if kind.couple is None or not peaks:
        return background
    if not kind.component_parameters:
        total = np.sum(list(peaks.values()), axis=0)
        return background + kind.couple(x, total[None], own, options, region.orientation)[0]
    for slot in region.slots:
        row = peaks[slot.id][None]
        background = (
            background + kind.couple(x, row, values[slot.coupled], options, region.orientation)[0]
        )
    return background


def _add_component_coupling(
    region: RegionProblem, slot: Slot, values: Array, curve: Array, jacobian: Array
) -> Array:
    """Add one component's own step to the Jacobian; return the step's curve."""
    kind, options = region.kind, region.region.background.options
    assert kind.couple is not None and kind.couple_derivatives is not None
    own = values[slot.coupled]
    x, orientation = region.x, region.orientation
    stacked = np.vstack([curve[None], jacobian[slot.own]])
    coupled = kind.couple(x, stacked, own, options, orientation)
    jacobian[slot.own] += coupled[1:]
    jacobian[region.shift] += coupled[1 + _center_row(slot)]
    jacobian[slot.coupled] = kind.couple_derivatives(x, curve, own, options, orientation)
    return np.asarray(coupled[0])


def _add_background(region: RegionProblem, values: Array, total: Array, jacobian: Array) -> Array:
    """Add the region's background to the Jacobian; return the envelope."""
    if region.static is not None:
        return total + region.static.curve
    kind, options = region.kind, region.region.background.options
    own = values[region.background]
    x, orientation = region.x, region.orientation
    base, rows = kind.base(x, own, options, orientation)
    if kind.couple is None or kind.component_parameters or not region.slots:
        jacobian[region.background] = rows
        return total + base
    assert kind.couple_derivatives is not None
    # The coupling is linear, so it acts on the curve and on its derivatives alike.
    coupled = kind.couple(x, np.vstack([total[None], jacobian]), own, options, orientation)
    jacobian += coupled[1:]
    jacobian[region.background] = rows + kind.couple_derivatives(
        x, total, own, options, orientation
    )
    return np.asarray(total + base + coupled[0])
