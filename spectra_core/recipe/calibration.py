"""The charge reference that a recipe asks for, found in the spectra of the sample itself.

A recipe may state a shift, or a reference with the energy it was found at. If it names the
reference alone, e.g. ``reference = "C 1s"``, the line is found in the sample's own spectrum
of that level, and the shift differs from sample to sample.
"""

from __future__ import annotations

from collections.abc import Sequence

from ..calibration import ReferenceLine, is_level, measure_reference
from ..errors import RecipeError
from ..fitting import FitWarning
from ..spectrum import Spectrum
from .schema import CalibrationEntry


def measured_reference(
    entry: CalibrationEntry | None, spectra: Sequence[Spectrum], level: int = 0
) -> ReferenceLine | None:
    """Find the charge reference that a recipe asks for among the spectra of a sample.

    Parameters
    ----------
    entry : CalibrationEntry or None
    spectra : sequence of Spectrum
        Of one sample.
    level : int
        Which etch level is to be corrected, counted from 0.

    Returns
    -------
    line : ReferenceLine or None
        None if the recipe asks for no such thing.

    Raises
    ------
    RecipeError
        If the sample has no spectrum of the reference.
    """
    if entry is None or not entry.is_measured:
        return None
    found = [spectrum for spectrum in spectra if is_level(spectrum, entry.reference)]
    if not found:
        raise RecipeError(
            f"the sample has no {entry.reference} spectrum to take the charge reference from.",
            hint="Give `measured` or `shift` in [calibration].",
        )
    used = found[min(level, len(found) - 1)] if entry.per == "spectrum" else found[0]
    return measure_reference(
        used,
        reference=entry.reference,
        method=entry.method,
        kind=entry.kind,
        assigned=entry.assigned,
        assigned_uncertainty=entry.uncertainty,
    )


def assumed_reference(
    entry: CalibrationEntry | None, line: ReferenceLine | None
) -> tuple[FitWarning, ...]:
    """Return the sentence that says which carbon was taken, if the recipe left it open."""
    if entry is None or line is None or entry.kind is not None or line.kind == "line":
        return ()
    return (FitWarning("reference_assumed", line.message),)
