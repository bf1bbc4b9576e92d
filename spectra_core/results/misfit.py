"""What lies between data and fit, in a unit that does not flatter it.

Where the noise is known, a residual is counted in its standard deviations. Where it is not (unit
weights), the only deviation there is comes from the misfit itself: counted in that, the residuals
of a fit that describes nothing lie within three as well. Then they are per cent of the signal.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..fitting import RegionFit
from ..spectrum import Array


@dataclass(frozen=True, eq=False)
class Misfit:
    """Residuals as they are drawn.

    Attributes
    ----------
    values : ndarray, shape (N,)
        Data minus fit.
    unit : {"σ", "%"}
        Standard deviations of the noise; or per cent of the largest distance of the data from
        the background, where the noise is not known.
    """

    values: Array
    unit: str

    @property
    def in_sigma(self) -> bool:
        """Whether the noise is known, so that a band of noise means something."""
        return self.unit == "σ"


def misfit_of(fit: RegionFit) -> Misfit:
    """Return the residuals of a region as they are drawn."""
    if fit.weights != "unit":
        return Misfit(fit.residual, "σ")
    signal = float(np.abs(fit.y - fit.background).max())
    return Misfit(100.0 * (fit.y - fit.envelope) / (signal or 1.0), "%")
