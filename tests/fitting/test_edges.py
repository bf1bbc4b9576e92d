"""Numbers at the edge of what a computer holds, and models at the edge of what is usual."""

import numpy as np
import pytest

import spectra_core as sc
from spectra_core.spectrum import Axis, make_spectrum

X = np.arange(158.0, 168.01, 0.05)


def gauss(center, width, height):
    return height * np.exp(-4.0 * np.log(2.0) * ((X - center) / width) ** 2)


def measured(background, scale=1.0, unit="arbitrary"):
    noise = np.random.default_rng(1).normal(0.0, 15.0, X.size)
    y = background + gauss(161.5, 1.2, 2000.0) + gauss(163.2, 1.3, 1000.0) + noise
    return make_spectrum(X, y * scale, Axis.BINDING_ENERGY, y_unit=unit)


def model(kind, **options):
    region = sc.Region("S 2p", (158.0, 168.0), sc.Background(kind, options=options))
    for name, center in (("a", 161.4), ("b", 163.3)):
        region = sc.add_component(region, name, "gaussian", center=center, fwhm=1.0)
    return region


def numbers(result):
    areas = [result.value(f"S 2p/{name}/area") for name in "ab"]
    errors = [result.stderr(f"S 2p/{name}/area") for name in "ab"]
    shape = [result.value(f"S 2p/{n}/{p}") for n in "ab" for p in ("center", "fwhm")]
    own = [result.stderr(f"S 2p/{n}/{p}") for n in "ab" for p in ("center", "fwhm")]
    return [*shape, *own, areas[1] / areas[0], errors[0] / areas[0], errors[1] / areas[1]]


@pytest.mark.parametrize("kind", ["linear", "shirley", "exponential"])
@pytest.mark.parametrize("power", [-300, -200, -100, 100, 160, 290])
def test_the_scale_of_the_intensity_changes_nothing_but_the_areas(kind, power):
    flat = 300.0 * np.exp(-0.1 * (X - 158.0))
    one = sc.fit(measured(flat), model(kind), weights="unit")
    scaled = sc.fit(measured(flat, 10.0**power), model(kind), weights="unit")
    assert scaled.status is one.status
    assert numbers(scaled) == pytest.approx(numbers(one), rel=1e-5)


@pytest.mark.parametrize("rate", [-0.3, -0.05, 0.05, 0.3])
@pytest.mark.parametrize("options", [{}, {"origin": 158.0}, {"origin": 163.0, "degree": 0}])
def test_an_exponential_background_finds_its_own_start(rate, options):
    level = 100.0 if "degree" in options else 0.0
    spectrum = measured(level + 300.0 * np.exp(-rate * (X - 163.0)))
    result = sc.fit(spectrum, model("exponential", **options), weights="unit")
    assert result.status.value == "converged"
    error = result.stderr("S 2p/background/rate")
    assert result.value("S 2p/background/rate") == pytest.approx(rate, abs=4.0 * error)
    assert result.value("S 2p/a/area") == pytest.approx(2000.0 * 1.2 * 1.0645, rel=0.06)


@pytest.mark.parametrize("background", [0.0, 300.0])
def test_an_exponential_background_starts_on_data_of_any_sign(background):
    spectrum = measured(background - 150.0 * (X > 163.0))
    result = sc.fit(spectrum, model("exponential", origin=158.0), weights="unit")
    assert np.isfinite(result.values).all()


def test_a_stack_with_exponential_backgrounds_equals_single_fits():
    from spectra_core.fitting.stack import fit_stack

    spectra = [measured(300.0 * np.exp(-rate * (X - 163.0))) for rate in (-0.3, -0.1, 0.1, 0.3)]
    region = model("exponential", origin=163.0)
    alone = [sc.fit(s, region, weights="unit").value("S 2p/background/rate") for s in spectra]
    options = sc.FitOptions(weights="unit")
    stack = fit_stack([{"S 2p": s} for s in spectra], sc.Model((region,)), options=options)
    place = stack.problem.index("S 2p/background/rate")
    assert stack.values[:, place] == pytest.approx(alone, rel=1e-6)
