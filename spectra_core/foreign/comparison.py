"""Another program's stored numbers beside those of the refit, component by component."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ..fitting import FitResult, evaluate
from ..model import Model
from ..spectrum import Spectrum

PARAMETERS = ("center", "fwhm", "area")
_MINIMUM = 1.01
"""How much larger than the refit's the stored sum of squares may be: less is rounding."""


@dataclass(frozen=True)
class ComparedNumber:
    """One number of a component, as stored and as refitted.

    Attributes
    ----------
    component, parameter : str
    stored, refitted : float
        On the scale and in the unit of the fit.
    """

    component: str
    parameter: str
    stored: float
    refitted: float

    @property
    def difference(self) -> float:
        """Refitted less stored."""
        return self.refitted - self.stored


@dataclass(frozen=True)
class ComparedRegion:
    """A stored region beside its refit.

    Attributes
    ----------
    numbers : tuple of ComparedNumber
        Centre, width and area of every component.
    stored_squares, refitted_squares : float
        Sums of squared residuals over their standard deviations, the same for both.
    """

    numbers: tuple[ComparedNumber, ...]
    stored_squares: float
    refitted_squares: float

    @property
    def is_minimum(self) -> bool:
        """Whether the stored state describes the data as well as a fit of it can."""
        return self.stored_squares <= _MINIMUM * self.refitted_squares

    @property
    def sentence(self) -> str:
        """What the sums of squares say of the stored state; empty if it is a minimum."""
        if self.is_minimum:
            return ""
        ratio = self.stored_squares / max(self.refitted_squares, np.finfo(float).tiny)
        return (
            f"the stored state is no minimum: its sum of squares is {ratio:.4g} times that of the"
            " refit, so what differs between them is the stored fit's own."
        )


def compare_stored(
    spectra: Mapping[str, Spectrum], stored: Model, result: FitResult
) -> dict[str, ComparedRegion]:
    """Return the stored state of each region beside the fit that began from it.

    Parameters
    ----------
    spectra : mapping of str to Spectrum
        Of each region, as they were fitted.
    stored : Model
        Taken over from the other program.
    result : FitResult
    """
    drawn = evaluate(dict(spectra), stored)
    compared = {}
    for before, after in zip(drawn.regions, result.regions, strict=True):
        misfits = ((r.y - r.envelope) / after.sigma for r in (before, after))
        squares = [float(misfit @ misfit) for misfit in misfits]
        region = stored.region(before.name)
        numbers = tuple(
            ComparedNumber(component.id, name, drawn.value(path), result.value(path))
            for component in region.components
            if component.enabled
            for name in PARAMETERS
            if (path := f"{before.name}/{component.id}/{name}")
            and name in {spec.name for spec in region.specs_of(component)}
        )
        compared[before.name] = ComparedRegion(numbers, *squares)
    return compared
