"""Each point of a spectrum counts once: overlapping windows of one spectrum are refused."""

from __future__ import annotations

from collections.abc import Callable
from itertools import combinations

import numpy as np

from ..errors import FitError
from ..spectrum import Spectrum
from .problem import Problem


def is_one_spectrum(a: Spectrum, b: Spectrum) -> bool:
    """Return whether two spectra are one: the same object, or equal data of one place and name."""
    if a is b:
        return True
    same = a.source == b.source and a.meta == b.meta and len(a) == len(b)
    return same and np.array_equal(a.y, b.y) and np.array_equal(a.x_recorded, b.x_recorded)


def check_used_once(
    problem: Problem, is_one: Callable[[Spectrum, Spectrum], bool] = is_one_spectrum
) -> None:
    """Raise FitError where two windows of one spectrum overlap: its points would count twice.

    Errors would then come out too small, by the root of 2 where everything counts twice.
    Windows that only touch have one point in common, which is allowed.
    """
    for first, second in combinations(problem.regions, 2):
        low = max(first.inside.start, second.inside.start)
        high = min(first.inside.stop, second.inside.stop)
        if high - low > 1 and is_one(first.spectrum, second.spectrum):
            x, unit = first.spectrum.x, first.spectrum.axis.unit
            raise FitError(
                f"{first.region.name} and {second.region.name} are windows of one spectrum and"
                f" overlap from {x[low]:g} to {x[high - 1]:g} {unit}: these {high - low} points"
                " would count twice, and every error would come out too small.",
                hint="Make them one region, or end one window where the other begins.",
                where=first.spectrum.label,
            )
