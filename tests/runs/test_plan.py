"""What is planned is the same for everybody: samples, charge references, regions, starts."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import voigt_profile

from spectra_core.recipe.text import parse_recipe
from spectra_core.runs.batch import run
from spectra_core.spectrum import Axis, Meta, Spectrum
from spectra_core.writers import write

RECIPE = parse_recipe("""
schema = "doublet-recipe/1"
calibration = { reference = "C 1s", kind = "adventitious" }
[[region]]
name = "S 2p"
window = [158.0, 168.0]
background = { type = "linear", mode = "active" }
[[region.component]]
label = "PS4"
line = "S 2p"
center = { value = 161.6, min = 160.5, max = 163.0 }
fwhm = { value = 1.2, min = 0.6, max = 2.0 }
""")
CARBON_EV = 284.8


def voigt(x, area, center):
    return area * voigt_profile(x - center, 0.48, 0.08)


def measured(name: str, sample: str, charge: float, seed: int) -> Spectrum:
    """Return SYNTHETIC Poisson counts of a sample that is charged."""
    low, high = {"S 2p": (157.0, 171.0), "C 1s": (279.0, 292.0)}[name]
    x = np.arange(low, high, 0.1)
    if name == "C 1s":
        y = voigt(x, 30_000, CARBON_EV + charge)
    else:
        y = voigt(x, 40_000, 161.5 + charge) + voigt(x, 20_000, 162.68 + charge)
    counts = np.random.default_rng(seed).poisson(y + 400.0).astype(float)
    meta = Meta(sample=sample, region=name, technique="XPS", excitation_energy_ev=1486.6)
    return Spectrum(x, counts, Axis.BINDING_ENERGY, "counts", counts=counts, meta=meta)


@pytest.fixture
def charged(tmp_path):
    """Two files whose samples have one name, charged by 0.5 and 2.0 eV."""
    files = []
    for number, charge in enumerate((0.5, 2.0)):
        both = [measured(n, "cell", charge, 7 * number) for n in ("S 2p", "C 1s")]
        files.append(tmp_path / f"{number}.vms")
        write(files[-1], both)
    return files


def test_samples_of_one_name_in_two_files_keep_their_own_charge_reference(charged):
    done = run(charged, recipe=RECIPE)
    shifts = [record.result.regions[0].spectrum.calibration.shift for record in done.fits]
    assert shifts == pytest.approx([-0.5, -2.0], abs=0.03)
    for record in done.fits:
        assert record.result.value("S 2p/PS4/center") == pytest.approx(161.5, abs=0.05)
