"""What the models that the data leave open say of a ratio, as curves to be drawn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..spectrum import Array
from .ratios import Ratio
from .spread import Variant

AVERAGED = ("drawn", "background", "components", "minimum")
"""Choices whose models have a weight; see `Variant.choice`."""

_SKEWED = 0.3  # relative error beyond which areas are normal rather than their logarithm
_REACH = 3.2  # standard errors
_SHARP = 0.004  # of the axis: the width of a model that has no error of its own


@dataclass(frozen=True, eq=False)
class Densities:
    """Probability densities of a ratio.

    Attributes
    ----------
    x : ndarray, shape (N,)
        Ratios.
    names : tuple of str
        Of the models, M of them.
    each : ndarray, shape (M, N)
        Of each model, times its weight.
    """

    x: Array
    names: tuple[str, ...]
    each: Array

    @property
    def mixture(self) -> Array:
        """Of all models together, shape (N,)."""
        return np.asarray(self.each.sum(axis=0))


def models_of(ratio: Ratio) -> list[Variant]:
    """Return the models that a ratio is averaged over, the heaviest first, then the refused."""
    models = [v for v in ratio.variants if v.choice in AVERAGED]
    return sorted(models, key=lambda v: -(v.weight or 0.0))


def densities(ratio: Ratio, points: int = 240) -> Densities | None:
    """Return the densities of the models of a ratio; None where there are not two with a weight.

    Parameters
    ----------
    ratio : Ratio
    points : int

    Notes
    -----
    ln R is taken as normal in each model, as its interval has it, and R itself where its relative
    error is larger than 0.3. The interval of the ratio is that of draws and may differ a little
    from that of the curve.
    """
    models = [v for v in models_of(ratio) if v.weight and v.ratio is not None]
    if len(models) < 2:
        return None
    low, high = _ends(ratio, models)
    x = np.linspace(low, high, points)
    each = np.array([_density(x, model, _SHARP * (high - low)) for model in models])
    return Densities(x, tuple(model.name for model in models), each)


def _ends(ratio: Ratio, models: Sequence[Variant]) -> tuple[float, float]:
    """Return between which ratios there is something to be seen."""
    heaviest = max(model.weight or 0.0 for model in models)
    ends = list(ratio.best_interval or ())
    for model in models:
        if model.ratio is not None and (model.weight or 0.0) > 0.02 * heaviest:
            reach = _REACH * (model.stderr or 0.0)
            ends += [model.ratio - reach, model.ratio + reach]
    low, high = max(min(ends), 0.0), max(ends)
    return (low, high) if high > low else (low, low + 1.0)


def _density(x: Array, model: Variant, least: float) -> Array:
    value, weight = model.ratio or 0.0, model.weight or 0.0
    error = max(model.stderr or 0.0, least)
    if value > 0 and error < _SKEWED * value:
        spread = error / value
        z = np.log(np.maximum(x, 1e-12 * value) / value) / spread
        scale = spread * np.maximum(x, 1e-12 * value)
    else:
        z, scale = (x - value) / error, np.full_like(x, error)
    return np.asarray(weight * np.exp(-0.5 * z * z) / (np.sqrt(2.0 * np.pi) * scale))
