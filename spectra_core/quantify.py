"""How much of one thing over another, with an error that survives a referee.

The areas of overlapping lines are correlated, usually negatively: what one line gains
the other loses. A ratio from two error bars taken by themselves is therefore wrong,
often by a third. Here the covariance of the fit is propagated in full, and the interval
is that of ln R, because a ratio of positive areas is skewed when its error is not small.

References
----------
.. [1] JCGM 100:2008, Guide to the expression of uncertainty in measurement, 5.2.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from math import exp, isfinite, sqrt

import numpy as np

from .errors import ModelError
from .fit import FitResult
from .lineshapes import lineshape
from .model import Model, Region, resolve_component

LEVEL = 0.95
_NORMAL_QUANTILE = 1.959963984540054  # two-sided, 95 %


@dataclass(frozen=True)
class Ratio:
    """One area ratio.

    Attributes
    ----------
    name : str
    value : float or None
        None if the denominator's area is zero.
    stderr : float or None
        Standard error with the covariance of all areas; None where an area has none
        (fixed, on a bound, not determined) or where nothing varies.
    interval : tuple of two floats, or None
        Confidence interval of R from that of ln R.
    level : float
        Of the interval.
    formula : str
        The areas it was made from, in words.
    note : str
        Why something is None; empty if nothing is.
    """

    name: str
    value: float | None
    stderr: float | None
    interval: tuple[float, float] | None
    level: float
    formula: str
    note: str = ""


def area_ratio(
    result: FitResult, numerator: Sequence[str], denominator: Sequence[str], *, name: str
) -> Ratio:
    """Return a ratio of sums of areas with its propagated standard error.

    Parameters
    ----------
    result : FitResult
    numerator, denominator : sequence of str
        Labels or ids of components or doublets (both lines together), in a model with
        several regions where needed as ``"region/label"``.
    name : str
        What the ratio is called.

    Returns
    -------
    ratio : Ratio

    Raises
    ------
    ModelError
        If a label is unknown or ambiguous, or its line shape has no finite area.

    Notes
    -----
    With R = sum(A_i) / sum(B_j): u(ln R)^2 = g C g^T, where g is 1/A for a numerator
    area and -1/B for one of the denominator; an area on both sides counts twice.
    """
    above = [area_path(result.model, label) for label in numerator]
    below = [area_path(result.model, label) for label in denominator]
    formula = f"{_sum_in_words(above)} / {_sum_in_words(below)}"
    top = sum(result.value(path) for path in above)
    bottom = sum(result.value(path) for path in below)
    if bottom == 0 or not isfinite(top / bottom):
        return Ratio(name, None, None, None, LEVEL, formula, "the denominator's area is zero.")
    value = top / bottom
    variance = _variance(result, above, below, value, bottom)
    if variance is None:
        note = "an area is fixed, on a bound or not determined, so the ratio has no error."
        return Ratio(name, value, None, None, LEVEL, formula, note)
    stderr = sqrt(variance)
    if value <= 0:
        return Ratio(name, value, stderr, None, LEVEL, formula, "ln R needs positive areas.")
    half = _NORMAL_QUANTILE * stderr / value
    if half > 50:
        note = "the error is so large that the interval is open on both sides."
        return Ratio(name, value, stderr, None, LEVEL, formula, note)
    return Ratio(name, value, stderr, (value * exp(-half), value * exp(half)), LEVEL, formula)


def area_path(model: Model, label: str) -> str:
    """Return the path of the area that a label means, doublets as a whole.

    Parameters
    ----------
    model : Model
    label : str
        Label or id of a component or doublet, or ``"region/label"``.

    Raises
    ------
    ModelError
        If it is unknown or stands in several regions, or has no finite area.
    """
    found = [(region, owner) for region in model.regions for owner in _owners(region, label)]
    if not found:
        raise ModelError(f'there is no component or doublet "{label}".', hint=_hint(model, label))
    if len({region.name for region, _ in found}) > 1:
        places = ", ".join(f'"{region.name}/{label}"' for region, _ in found)
        raise ModelError(
            f'"{label}" stands in {len(found)} regions.', hint=f"Write one of {places}."
        )
    region, owner = found[0]
    shape = lineshape(region.component(resolve_component(region, owner)).lineshape)
    if not shape.finite_area:
        raise ModelError(
            f"the line shape {shape.name} has no finite area, so no area ratio can be given.",
            hint="Choose another line shape.",
            where=f"{region.name}/{owner}",
        )
    return f"{region.name}/{owner}/area"


def _owners(region: Region, label: str) -> list[str]:
    """Return the owner in `region` that `label` means, if there is one."""
    prefix = f"{region.name}/"
    for text in (label, label[len(prefix) :] if label.startswith(prefix) else label):
        doublets = [d.id for d in region.doublets if d.id == text]
        components = [c.id for c in region.components if text in (c.id, c.label)]
        if doublets or components:
            return doublets or [resolve_component(region, text)]
    return []


def _hint(model: Model, label: str) -> str:
    known = [d.id for region in model.regions for d in region.doublets]
    known += [c.label for region in model.regions for c in region.components]
    close = get_close_matches(label, known, n=1, cutoff=0.5)
    return f'Did you mean "{close[0]}"?' if close else f"Known: {', '.join(known) or 'none'}."


def _sum_in_words(paths: Sequence[str]) -> str:
    owners = [path.removesuffix("/area") for path in paths]
    text = " + ".join(f"A({owner})" for owner in owners)
    return f"({text})" if len(owners) > 1 else text


def _variance(
    result: FitResult, above: list[str], below: list[str], value: float, bottom: float
) -> float | None:
    """Return the variance of the ratio, or None if an area's own error is not known."""
    weights = np.array([1.0 / bottom] * len(above) + [-value / bottom] * len(below))
    paths = [*above, *below]
    if any(result.stderr(path) is None for path in paths):
        return None
    covariance = result.covariance_of(paths)
    variance = float(weights @ covariance @ weights)
    scale = float(np.abs(weights) @ np.abs(covariance) @ np.abs(weights))
    if not isfinite(variance):
        return None
    # Areas tied to one another give an exact ratio; what rounding leaves is not an error.
    return variance if variance > 1e-12 * scale else 0.0
