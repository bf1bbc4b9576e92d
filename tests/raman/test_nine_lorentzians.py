"""Nine Lorentzians of a measured spectrum against the fit that its authors ship (fitspy).

Their rule: a straight line through the data at 201.14 and 954.85 cm-1 is taken off; a point whose
mean with its four neighbours is below the noise (half the median step between points) does not
count; all others weigh the same. The weak band at 250 cm-1 hangs on the baseline: with another
one its width is another by 40 % and more.
"""

import csv

import numpy as np
import pytest
from scipy.ndimage import uniform_filter1d

import spectra_core as sc
from spectra_core.fitting import FitOptions, Weights
from spectra_core.model import make_component
from spectra_core.spectrum import mask

ENDS = (201.14, 954.85)


@pytest.fixture(scope="module")
def folder(data_dir):
    found = data_dir / "fitspy-raman" / "spectra_2"
    if not found.is_dir():
        pytest.skip("the measured spectrum is not here")
    return found


def test_positions_and_widths_are_those_of_its_authors(folder):
    with (folder / "spectrum_2_1.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file, delimiter=";"))
    (spectrum,) = sc.read(folder / "spectrum_2_1.txt", options=sc.ReadOptions(axis="raman"))
    x, y = spectrum.x, spectrum.y
    attached = [float(y[np.argmin(np.abs(x - end))]) for end in ENDS]
    line = y - np.interp(x, ENDS, attached)
    inside = (x >= 200.0) & (x <= 957.3)
    noise = 0.5 * np.median(np.abs(np.diff(line[inside])))
    quiet = np.zeros(x.size, dtype=bool)
    quiet[inside] = uniform_filter1d(line[inside], 5) <= noise
    bare = mask(sc.make_spectrum(x, line, sc.Axis.RAMAN_SHIFT), quiet)
    region = sc.Region("nine", (200.0, 957.3), sc.Background("none"))
    for k, row in enumerate(rows):
        center = float(row["x0"])
        band = make_component(
            f"band {k}",
            "lorentzian",
            center=sc.Parameter(round(center / 2) * 2, center - 20, center + 20),
            fwhm=sc.Parameter(15.0, 0.5, 200.0),
            area=sc.Parameter(None, 0.0),
        )
        region = sc.add_component(region, band)
    result = sc.fit(bare, region, options=FitOptions(weights=Weights.UNIT, starts=3))
    for k, row in enumerate(rows):
        assert result.value(f"nine/band {k}/center") == pytest.approx(float(row["x0"]), abs=0.5), k
        assert result.value(f"nine/band {k}/fwhm") == pytest.approx(float(row["fwhm"]), rel=0.03), k
