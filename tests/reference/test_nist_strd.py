"""NIST StRD nonlinear regression: certified values through the public fit call."""

import re
from math import log, log10, pi, sqrt

import numpy as np
import pytest

from spectra_core.fitting import FitOptions, Weights, fit
from spectra_core.model import Background, Model, Parameter, Region, add_component, make_component
from spectra_core.spectrum import Axis, make_spectrum

TO_FWHM = 2.0 * sqrt(log(2.0))
FWHM_PER_SIGMA = 2.0 * sqrt(2.0 * log(2.0))


def read_strd(path):
    """Return x, y and {name: (start 1, start 2, certified, certified sd)}."""
    text = path.read_text(encoding="latin-1")
    number = r"([-+0-9.E]+)"
    rows = re.findall(rf"(b\d)\s*=\s*{number}\s+{number}\s+{number}\s+{number}", text)
    certified = {name: tuple(float(v) for v in values) for name, *values in rows}
    body = text.splitlines()[int(re.search(r"Data\s+\(lines\s+(\d+) to", text)[1]) - 1 :]
    data = np.array([[float(v) for v in line.split()] for line in body if line.strip()])
    return data[:, 1], data[:, 0], certified


def digits(value, certified):
    """Log relative error, capped at the 11 digits that are certified."""
    error = abs(value - certified) / abs(certified)
    return 11.0 if error == 0 else min(11.0, -log10(error))


def gauss_problem(x, y, b):
    """Exponential decay and two Gaussians: heights b3, b6, widths b5, b8 as in the file."""
    spectrum = make_spectrum(x, y, Axis.RAMAN_SHIFT, y_unit="arbitrary")
    background = Background(
        "exponential",
        parameters={"amplitude": Parameter(b["b1"]), "rate": Parameter(b["b2"])},
    )
    region = Region("decay", (x.min(), x.max()), background)
    for name, height, center, width in (("one", "b3", "b4", "b5"), ("two", "b6", "b7", "b8")):
        region = add_component(
            region,
            make_component(
                name,
                "gaussian",
                area=b[height] * b[width] * sqrt(pi),
                center=b[center],
                fwhm=b[width] * TO_FWHM,
            ),
        )
    return spectrum, Model((region,))


def gauss_answers(result):
    """Return {name: (value, sd)} in the parameters of the NIST formula."""
    background = "decay/background"
    found = {
        "b1": (result.value(f"{background}/amplitude"), result.stderr(f"{background}/amplitude")),
        "b2": (result.value(f"{background}/rate"), result.stderr(f"{background}/rate")),
    }
    for name, height, center, width in (("one", "b3", "b4", "b5"), ("two", "b6", "b7", "b8")):
        area, fwhm = result.value(f"decay/{name}/area"), result.value(f"decay/{name}/fwhm")
        w = fwhm / TO_FWHM
        found[center] = (
            result.value(f"decay/{name}/center"),
            result.stderr(f"decay/{name}/center"),
        )
        found[width] = (w, result.stderr(f"decay/{name}/fwhm") / TO_FWHM)
        h = area / (w * sqrt(pi))
        slope = np.array([h / area, -h / fwhm])
        covariance = result.covariance_of([f"decay/{name}/area", f"decay/{name}/fwhm"])
        found[height] = (h, sqrt(slope @ covariance @ slope))
    return found


@pytest.mark.parametrize("start", [0, 1], ids=["start 1", "start 2"])
@pytest.mark.parametrize("problem", ["Gauss1", "Gauss2"])
def test_two_gaussians_on_a_decay_reach_the_certified_values(data_dir, problem, start):
    x, y, certified = read_strd(data_dir / "nist-strd" / f"{problem}.dat")
    begin = {name: values[start] for name, values in certified.items()}
    spectrum, model = gauss_problem(x, y, begin)
    result = fit(spectrum, model, options=FitOptions(weights=Weights.UNIT))
    for name, (value, sd) in gauss_answers(result).items():
        assert digits(value, certified[name][2]) >= 8, name
        assert digits(sd, certified[name][3]) >= 4, name


@pytest.mark.parametrize("start", [0, 1], ids=["start 1", "start 2"])
def test_one_gaussian_by_area_reaches_the_certified_values(data_dir, start):
    x, y, certified = read_strd(data_dir / "nist-strd" / "Eckerle4.dat")
    b1, b2, b3 = (certified[name][start] for name in ("b1", "b2", "b3"))
    spectrum = make_spectrum(x, y, Axis.WAVELENGTH, y_unit="arbitrary")
    region = Region("Eckerle4", (x.min(), x.max()), Background("none"))
    line = make_component(
        "line", "gaussian", area=b1 * sqrt(2 * pi), center=b3, fwhm=b2 * FWHM_PER_SIGMA
    )
    result = fit(spectrum, Model((add_component(region, line),)))
    for path, scale, name in (
        ("area", sqrt(2 * pi), "b1"),
        ("fwhm", FWHM_PER_SIGMA, "b2"),
        ("center", 1.0, "b3"),
    ):
        path = f"Eckerle4/line/{path}"
        assert digits(result.value(path) / scale, certified[name][2]) >= 8
        assert digits(result.stderr(path) / scale, certified[name][3]) >= 4
