"""Where the lines of a level went: shifts of several eV, found before anything is fitted.

A level that charged by 4 eV has its lines outside every bound, and a fit would call them
absent. Each level is laid over its aligned neighbour, beginning with the strongest and going
out both ways, and slid along the energy axis until the curves above a straight line agree.
A slide of an eV or less is left to the fit.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ..model import Model
from ..spectrum import Array, Spectrum, on_binding_energy

REACH_EV = 6.0
_STEP_EV = 0.1
LEAST_EV = 1.0
"""Slides up to here are left to the fit."""

_LEAST_AGREEMENT = 0.5
_NEAR_EV = 0.5
_GAIN = 0.05
_LEAST_OVERLAP = 0.6
_SLOPE_EV = 0.8


@dataclass(frozen=True)
class Slide:
    """How far a level lies from the others.

    Attributes
    ----------
    shift_ev : float
        Binding energies of the level lie this much higher; 0 where the fit can deal with it.
    agreement, before : float
        Correlation with its neighbour after and before the slide.
    """

    shift_ev: float
    agreement: float
    before: float


def slides(levels: Sequence[Mapping[str, Spectrum]], model: Model) -> tuple[Slide, ...]:
    """Return how far each level lies from the strongest, chained through its neighbours.

    Parameters
    ----------
    levels : sequence of mapping of str to Spectrum
        By region, in order.
    model : Model
        Its windows say where to look.
    """
    windows = {region.name: region.window for region in model.regions}
    curves = [{name: _curve(s) for name, s in level.items() if name in windows} for level in levels]
    strengths = [sum(_signal(c, windows[n]) for n, c in level.items()) for level in curves]
    first = int(np.argmax(strengths)) if strengths else 0
    total = np.zeros(len(levels))
    found = [Slide(0.0, 1.0, 1.0)] * len(levels)
    for order in (range(first + 1, len(levels)), range(first - 1, -1, -1)):
        for k in order:
            other = k - 1 if k > first else k + 1
            step, after, before = _slide(curves[k], curves[other], windows, total[other])
            clear = after >= _LEAST_AGREEMENT and (after - before > _GAIN or abs(step) < LEAST_EV)
            total[k] = step if clear else total[other]
            found[k] = Slide(float(total[k]), after, before)
    return tuple(
        Slide(round(s.shift_ev, 2), s.agreement, s.before)
        if abs(s.shift_ev) > LEAST_EV
        else Slide(0.0, s.agreement, s.before)
        for s in found
    )


def _curve(spectrum: Spectrum) -> tuple[Array, Array]:
    """Return energies and intensities as counts, on a binding energy axis."""
    shown = on_binding_energy(spectrum)
    return shown.x, shown.y if shown.counts is None else shown.counts


def _above_line(x: Array, y: Array) -> Array:
    k = max(2, x.size // 20)
    ends = np.interp(x, [x[:k].mean(), x[-k:].mean()], [y[:k].mean(), y[-k:].mean()])
    return np.asarray(y - ends)


def _signal(curve: tuple[Array, Array], window: tuple[float, float]) -> float:
    x, y = curve
    inside = (x >= window[0]) & (x <= window[1])
    if inside.sum() < 5:
        return 0.0
    height = _above_line(x[inside], y[inside])
    return float(np.maximum(height, 0).sum() / np.sqrt(max(float(y[inside].sum()), 1.0)))


def _slide(
    level: Mapping[str, tuple[Array, Array]],
    other: Mapping[str, tuple[Array, Array]],
    windows: Mapping[str, tuple[float, float]],
    known: float,
) -> tuple[float, float, float]:
    """Return the slide that agrees best, its correlation, and that of no further slide.

    Where that agrees so well that no other can be clearly better, only a drift is looked for.
    """
    found = _best_slide(level, other, windows, known, _NEAR_EV)
    return found if found[2] > 1.0 - _GAIN else _best_slide(level, other, windows, known, REACH_EV)


def _best_slide(
    level: Mapping[str, tuple[Array, Array]],
    other: Mapping[str, tuple[Array, Array]],
    windows: Mapping[str, tuple[float, float]],
    known: float,
    reach: float,
) -> tuple[float, float, float]:
    steps = round(reach / _STEP_EV)
    tried: Array = known + _STEP_EV * np.arange(-steps, steps + 1.0)
    tried = np.concatenate([np.array([known]), tried])
    score, weight = np.zeros(tried.size), np.zeros(tried.size)
    for name in set(level) & set(other):
        own, share = _correlations(level[name], other[name], windows[name], tried, known)
        importance = _signal(other[name], windows[name])
        score += importance * share * own
        weight += importance * share
    mean = np.divide(score, weight, out=np.zeros_like(score), where=weight > 0)
    best = int(np.argmax(mean - 1e-3 * np.abs(tried - known) / REACH_EV))
    return float(tried[best]), float(mean[best]), float(mean[0])


def _correlations(
    level: tuple[Array, Array],
    other: tuple[Array, Array],
    window: tuple[float, float],
    tried: Array,
    known: float,
) -> tuple[Array, Array]:
    """Return correlations (T,) of a level, slid back, with its neighbour; and 1 where it can be.

    Those of the slopes over 0.8 eV: what lies below the lines, a level or a slow rise, has none.
    """
    step = max(float(np.median(np.diff(other[0]))), 0.05)
    grid = np.arange(window[0], window[1] + step / 2, step)
    wanted = _slopes(other, grid + known)
    slid = _slopes(level, grid + tried[:, None])
    both = np.isfinite(slid) & np.isfinite(wanted)
    a, b = np.where(both, slid, 0.0), np.where(both, wanted, 0.0)
    size = np.sqrt((a * a).sum(axis=1) * (b * b).sum(axis=1))
    there = (both.sum(axis=1) >= max(_LEAST_OVERLAP * grid.size, 5)) & (size > 0)
    found = np.divide((a * b).sum(axis=1), size, out=np.zeros(tried.size), where=there)
    return found, there.astype(float)


def _slopes(curve: tuple[Array, Array], places: Array) -> Array:
    x, y = curve
    channels = max(round(_SLOPE_EV / 2 / float(np.median(np.diff(x)))), 1)
    rise = np.full(y.size, np.nan)
    rise[channels:-channels] = y[2 * channels :] - y[: -2 * channels]
    smooth = np.convolve(rise, np.ones(channels) / channels, mode="same") if channels > 1 else rise
    return np.interp(places, x, smooth, left=np.nan, right=np.nan)
