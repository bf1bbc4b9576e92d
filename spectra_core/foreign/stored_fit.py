"""The fit that came with a spectrum, whichever way another program stored it.

CasaXPS writes its fit into the comment of a VAMAS block, or exports the curves of it.
Both become a model, the calibration it belongs to, and notes on what had to be assumed.
"""

from __future__ import annotations

from dataclasses import dataclass

from ..model import Model
from ..spectrum import Spectrum, calibrate
from .casaxps import casaxps_model
from .exported import exported_model
from .presence import has_casaxps_fit


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
