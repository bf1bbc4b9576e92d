"""What an abscissa is by the unit that a file gives, for formats of many techniques.

Doublet fits binding and kinetic energies, Raman shifts and wavelengths. An abscissa that
the file names and that is none of these (wavenumbers of an infrared spectrum, seconds) is
kept as it is: `Axis.UNKNOWN` with a note, without a question to which there is no answer.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from ..spectrum import Array, Axis, Meta
from .assemble import noted
from .axis_words import RAMAN_LIMIT_CM1
from .options import ReadOptions


@dataclass(frozen=True)
class Abscissa:
    """What an abscissa is.

    Attributes
    ----------
    axis : Axis or None
        None where the file does not say.
    note : str
        What it is in words, where it is no axis of Doublet.
    """

    axis: Axis | None
    note: str = ""

    def options(self, options: ReadOptions) -> ReadOptions:
        """Return the user's answers less those to what the file says itself."""
        if self.axis is Axis.UNKNOWN:
            return replace(options, allow_unknown_axis=True)
        return options if self.axis is None else replace(options, axis=None)

    def noted(self, meta: Meta) -> Meta:
        """Return `meta` with the note, where there is one."""
        return noted(meta, axis_note=self.note)


def foreign(what: str) -> Abscissa:
    """Return the abscissa of another technique, named by the file."""
    return Abscissa(Axis.UNKNOWN, f"the abscissa is {what}, as the file says: kept as it is")


def of_wavenumbers(x: Array, *, raman: bool) -> Abscissa:
    """Return what wavenumbers in cm-1 are: Raman shifts, or those of another technique.

    Parameters
    ----------
    x : ndarray, shape (N,)
        Wavenumbers.
    raman : bool
        Whether the file says that the spectrum is a Raman spectrum.
    """
    if raman and np.max(np.abs(x), initial=0.0) <= RAMAN_LIMIT_CM1:
        return Abscissa(Axis.RAMAN_SHIFT)
    return foreign("the absolute wavenumber in cm-1" if raman else "the wavenumber in cm-1")
