"""Another program's stored numbers beside those of the refit, component by component."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ..fitting import FitResult, RegionFit, evaluate
from ..model import Model
from ..spectrum import Array, Spectrum
from .exported import exported_envelope

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
    stderr : float or None
        Of the refitted value; None where it is fixed, on a bound or not determined.
    """

    component: str
    parameter: str
    stored: float
    refitted: float
    stderr: float | None = None

    @property
    def difference(self) -> float:
        """Refitted less stored."""
        return self.refitted - self.stored

    @property
    def sigmas(self) -> float | None:
        """The difference in standard errors of the refit; None where there is no error."""
        return self.difference / self.stderr if self.stderr else None


@dataclass(frozen=True, eq=False)
class ComparedRegion:
    """A stored region beside its refit.

    Attributes
    ----------
    numbers : tuple of ComparedNumber
        Centre, width and area of every component that both have.
    stored_squares, refitted_squares : float
        Sums of squared residuals over their standard deviations, the same for both.
    envelope : ndarray, shape (N,)
        The stored fit at the points of the region's refit: the other program's own curve
        where it came with the spectrum, else drawn from the stored numbers.
    """

    numbers: tuple[ComparedNumber, ...]
    stored_squares: float
    refitted_squares: float
    envelope: Array

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
    """Return the stored state of each region beside a fit of it.

    Parameters
    ----------
    spectra : mapping of str to Spectrum
        Of each region, as they were fitted.
    stored : Model
        Taken over from the other program.
    result : FitResult
        As a rule begun from `stored`. Components and regions that only one of the two has
        are left out.
    """
    drawn = evaluate(dict(spectra), stored)
    refitted = {region.name: region for region in result.regions}
    both = [(region, refitted[region.name]) for region in drawn.regions if region.name in refitted]
    return {before.name: _compared(drawn, before, result, after) for before, after in both}


def _compared(
    drawn: FitResult, before: RegionFit, result: FitResult, after: RegionFit
) -> ComparedRegion:
    own = exported_envelope(before.spectrum, after.x)
    envelope = np.interp(after.x, before.x, before.envelope) if own is None else own
    then, now = ((after.y - curve) / after.sigma for curve in (envelope, after.envelope))
    known = set(result.paths)
    region = drawn.model.region(before.name)
    numbers = tuple(
        ComparedNumber(
            component.id, name, drawn.value(path), result.value(path), result.stderr(path)
        )
        for component in region.components
        if component.enabled
        for name in PARAMETERS
        if (path := f"{before.name}/{component.id}/{name}") in known
        and name in {spec.name for spec in region.specs_of(component)}
    )
    return ComparedRegion(numbers, float(then @ then), float(now @ now), envelope)
