"""A synthetic map of S 2p spectra and the recipe for it.

The batch that is timed (`command_batch`) and the one that is killed (`tests/fuzz/kill_batch.py`).
"""

from __future__ import annotations

import numpy as np
from scipy.special import wofz

from spectra_core.spectrum import Axis, Meta, Spectrum, make_spectrum

RECIPE = """
schema = "doublet-recipe/1"
title = "synthetic S 2p map"
[[region]]
name = "S 2p"
window = [158.0, 172.0]
background = { type = "shirley", mode = "active" }
[[region.component]]
label = "PS4"
line = "S 2p"
center = { value = 161.6, min = 161.0, max = 162.2 }
fwhm = { value = 1.0, min = 0.5, max = 2.0, share = "sulfide" }
lineshape = "voigt"
[[region.component]]
label = "intermediate"
line = "S 2p"
center = { value = 163.1, min = 162.6, max = 163.8 }
fwhm = { share = "sulfide" }
lineshape = "voigt"
[[ratio]]
uncertainty = "counting"
name = "intermediate / PS4"
numerator = ["intermediate"]
denominator = ["PS4"]
"""


def spectra(n: int) -> list[Spectrum]:
    """Return synthetic counts of two S 2p doublets each, made without the fit's own code."""
    rng = np.random.default_rng(7)
    x = np.linspace(158.0, 172.0, 281)
    sigma, gamma = 0.78 / 2.3548200450309493, 0.12
    found: list[Spectrum] = []
    for number in range(n):
        peaks = np.zeros(x.size)
        for center, area in ((161.65, rng.uniform(8e3, 16e3)), (163.2, rng.uniform(2e3, 6e3))):
            center += rng.normal(0.0, 0.05)
            for at, part in ((center, 2 / 3), (center + 1.18, 1 / 3)):
                z = ((x - at) + 1j * gamma) / (sigma * np.sqrt(2.0))
                peaks += part * area * wofz(z).real / (sigma * np.sqrt(2.0 * np.pi))
        y = rng.poisson(300.0 + peaks + 0.02 * np.cumsum(peaks) * (x[1] - x[0])).astype(float)
        meta = Meta(sample=f"synthetic {number // 100}", region="S 2p")
        found.append(make_spectrum(x, y, Axis.BINDING_ENERGY, y_unit="counts", counts=y, meta=meta))
    return found
