"""The fit that came with a spectrum, whichever way another program stored it.

CasaXPS writes its fit into the comment of a VAMAS block, or exports the curves of it.
Both become a model, the calibration it belongs to, and notes on what had to be assumed.
"""

from __future__ import annotations

from dataclasses import dataclass

from ..model import Model
from ..readers.inspect import casaxps_lines
from ..spectrum import Spectrum, calibrate
from .casaxps import casaxps_model, has_casaxps_fit
from .exported import exported_model, has_exported_fit


@dataclass(frozen=True, eq=False)
class StoredFit:
    """A fit taken over from another program.

    Attributes
    ----------
    spectrum : Spectrum
        On the calibrated scale that the model's energies are given on.
    model : Model
        The stored numbers as start values.
    notes : tuple of (code, sentence)
        What could not be taken over, or had to be assumed.
    """

    spectrum: Spectrum
    model: Model
    notes: tuple[tuple[str, str], ...]


def has_stored_fit(spectrum: Spectrum) -> bool:
    """Return whether another program's fit came with the spectrum."""
    return has_casaxps_fit(spectrum) or has_exported_fit(spectrum)


def stored_fit_in_words(spectrum: Spectrum) -> str:
    """Return what another program's fit of the spectrum is, in words; empty if there is none.

    It says of a spectrum exactly what `stored_fit` takes over.
    """
    if has_casaxps_fit(spectrum):
        return f"{casaxps_lines(spectrum)[1]} components"
    return "exported curves" if has_exported_fit(spectrum) else ""


def stored_fit(spectrum: Spectrum) -> StoredFit:
    """Return the fit that came with the spectrum.

    Raises
    ------
    ModelError
        If there is none, or none of it can be taken over.
    """
    if has_casaxps_fit(spectrum):
        casa = casaxps_model(spectrum)
        notes = tuple((f"casaxps_{note.code}", note.message) for note in casa.notes)
        return StoredFit(calibrate(spectrum, casa.calibration), casa.model, notes)
    exported = exported_model(spectrum)
    return StoredFit(
        spectrum, exported.model, tuple(("casaxps_export", note) for note in exported.notes)
    )
