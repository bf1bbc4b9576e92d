"""Measured spectra as components, against a generator of their own: sums of Gaussians in numpy."""

from __future__ import annotations

import numpy as np
import pytest

import spectra_core as sc
from spectra_core.curves.lineshapes import lineshape
from spectra_core.curves.measured import from_text
from spectra_core.errors import FitError, ModelError
from spectra_core.fitting.kernels.tables import measured_table
from spectra_core.recipe.text import dump_recipe, parse_recipe

STEP = 0.1
X = np.arange(156.0, 172.0, STEP)
LINES = ((161.2, 1.0, 0.55), (162.4, 0.52, 0.55), (163.1, 0.25, 0.9), (161.7, 0.2, 1.1))
"""Centre, share and sigma of an asymmetric doublet that no line shape of the table is."""


def pristine(x, shift=0.0, broadening=0.0):
    """Return the true curve of unit area, moved and broadened by a Gaussian FWHM."""
    total = sum(share for _, share, _ in LINES)
    curve = np.zeros(x.size)
    for centre, share, sigma in LINES:
        s = np.hypot(sigma, broadening / 2.354820045)
        z = (x - centre - shift) / s
        curve += share / total * np.exp(-0.5 * z * z) / s / np.sqrt(2 * np.pi)
    return curve


def spectrum(generator, curve, x=X):
    counts = generator.poisson(curve).astype(float)
    meta = sc.Meta("pristine", "S 2p", "XPS", "S", "2p", 1486.6, dwell_s=1.0, scans=1.0)
    return sc.make_spectrum(x, counts, sc.Axis.BINDING_ENERGY, y_unit="counts", meta=meta)


def model_with(shape, *, broadening=True, extra=False):
    region = sc.Region("S 2p", (156.5, 171.5), sc.Background("linear"))
    parameters = {"broadening": sc.Parameter(0.3, 0.0, 2.0, free=broadening)}
    if not broadening:
        parameters = {}
    region = sc.add_component(region, "pristine", shape, **parameters)
    if extra:
        region = sc.add_component(
            region,
            "new",
            "gaussian",
            center=sc.Parameter(165.5, free=False),
            fwhm=sc.Parameter(1.3, free=False),
        )
    return sc.Model((region,))


def exact_shape():
    counts = 1e9 * pristine(X)
    own = sc.make_spectrum(X, counts, sc.Axis.BINDING_ENERGY, y_unit="counts")
    return sc.measured_shape(own, background="none", name="exact")


@pytest.mark.parametrize("engine", ["numba", "numpy"])
@pytest.mark.parametrize(("shift", "broadening"), [(0.0, 0.3), (0.37, 0.8), (-0.23, 1.6)])
def test_area_shift_and_broadening_are_those_of_the_truth(engine, shift, broadening, monkeypatch):
    monkeypatch.setenv("DOUBLET_ENGINE", engine)
    counts = 2e5 * pristine(X, shift, broadening) + 300.0
    own = sc.make_spectrum(X, counts, sc.Axis.BINDING_ENERGY, y_unit="counts")
    found = sc.fit(own, model_with(exact_shape()))
    assert found.engine == engine
    origin = from_text(found.model.regions[0].components[0].lineshape).origin
    assert found.value("S 2p/pristine/area") == pytest.approx(2e5, rel=1e-3)
    assert found.value("S 2p/pristine/center") - origin == pytest.approx(shift, abs=2e-3)
    assert found.value("S 2p/pristine/broadening") == pytest.approx(broadening, abs=5e-3)


def test_both_engines_draw_the_same_curve(monkeypatch):
    """On an uneven axis, with noise in the shape, at broadenings from nothing to the widest."""
    generator = np.random.default_rng(4)
    shape = sc.measured_shape(spectrum(generator, 3000 * pristine(X) + 50), noise=False)
    x = np.sort(np.r_[X, generator.uniform(157, 171, 20)])
    own = sc.make_spectrum(x, 900 * pristine(x) + 40, sc.Axis.BINDING_ENERGY, y_unit="counts")
    widest = lineshape(shape).parameters[2].max
    for broadening in (0.0, 0.004, 0.11, 0.5, 1.7, 0.999 * widest):
        region = sc.Region("S 2p", (156.5, 171.5), sc.Background("linear"))
        fixed = {"broadening": sc.Parameter(broadening, free=False)}
        model = sc.Model((sc.add_component(region, "a", shape, **fixed),))
        curves = []
        for engine in ("numba", "numpy"):
            monkeypatch.setenv("DOUBLET_ENGINE", engine)
            curves.append(sc.fit(own, model))
        one, other = (c.regions[0].peaks["a"] for c in curves)
        np.testing.assert_allclose(one, other, atol=2e-7 * one.max())
    assert measured_table(shape) is not None


def test_its_own_noise_is_in_the_intervals():
    """A reference of as few counts as the sample: intervals hold the truth, and chi-square is 1."""
    generator = np.random.default_rng(8)
    held = {"area": 0, "center": 0, "new": 0}
    plain = dict.fromkeys(held, 0)
    reduced = []
    runs = 150
    for _ in range(runs):
        reference = spectrum(generator, 1500 * pristine(X) + 30.0)
        sample = spectrum(
            generator,
            1500 * pristine(X, 0.2)
            + 150 * np.exp(-0.5 * ((X - 165.5) / 0.552) ** 2) / 0.552 / 2.5066
            + 30.0,
        )
        for noise, count in ((True, held), (False, plain)):
            shape = sc.measured_shape(reference, background="linear", noise=noise)
            found = sc.fit(sample, model_with(shape, broadening=False, extra=True))
            origin = from_text(shape).origin
            truths = {"area": 1500.0, "center": origin + 0.2, "new": 150.0}
            for name, true in truths.items():
                path = "S 2p/new/area" if name == "new" else f"S 2p/pristine/{name}"
                error = found.stderr(path)
                count[name] += error is not None and abs(found.value(path) - true) < 1.96 * error
            if noise:
                reduced.append(found.statistics.reduced_chi_square)
    for name, count in held.items():
        assert count / runs > 0.90, name
    assert plain["area"] / runs < 0.87 and plain["center"] / runs < 0.87
    assert 0.87 < np.mean(reduced) < 1.03  # smooth noise of the shape, which the fit follows a bit


def test_a_kinetic_axis_and_a_recipe_keep_it():
    shape = exact_shape()
    counts = 2e5 * pristine(X, 0.3, 0.5) + 300.0
    meta = sc.Meta(excitation_energy_ev=1486.6)
    kinetic = sc.make_spectrum(
        1486.6 - X[::-1], counts[::-1], sc.Axis.KINETIC_ENERGY, y_unit="counts", meta=meta
    )
    model = model_with(shape)
    recipe = parse_recipe(dump_recipe(sc.recipe_from_model(model)))
    again = sc.model_from_recipe(recipe)
    assert again.regions[0].components[0].lineshape == shape
    found = sc.fit(kinetic, again)
    assert found.value("S 2p/pristine/area") == pytest.approx(2e5, rel=1e-3)
    assert found.value("S 2p/pristine/broadening") == pytest.approx(0.5, abs=5e-3)


def test_series_take_asymmetry_and_width_from_the_pristine_sample():
    """Six levels of a pristine spectrum and a line that grows; areas within their intervals."""
    generator = np.random.default_rng(12)
    shape = sc.measured_shape(spectrum(generator, 20000 * pristine(X) + 100.0))
    levels, truth = [], []
    for k in range(6):
        areas = (4000.0 * (1 - 0.1 * k), 300.0 * k)
        new = np.exp(-0.5 * ((X - 165.5 - 0.05 * k) / 0.552) ** 2) / 0.552 / 2.5066
        curve = areas[0] * pristine(X, 0.05 * k) + areas[1] * new + 60.0
        levels.append({"S 2p": spectrum(generator, curve)})
        truth.append(areas)
    found = sc.fit_series(levels, model_with(shape, broadening=False, extra=True))
    for i, path in enumerate(("S 2p/pristine/area", "S 2p/new/area")):
        true = np.array([areas[i] for areas in truth])
        pulls = (found.values(path) - true) / found.stderrs(path)
        assert np.nanmax(np.abs(pulls)) < 3.5
    np.testing.assert_allclose(np.diff(found.values("S 2p/region/shift")), 0.05, atol=0.03)


def test_what_cannot_be_is_said():
    with pytest.raises(ModelError, match="nothing stands above"):
        flat = spectrum(np.random.default_rng(1), np.full(X.size, 100.0))
        sc.measured_shape(flat, background="linear")
    with pytest.raises(ModelError, match="damaged"):
        lineshape("measured:pristine:AAAA")
    noisy = sc.measured_shape(spectrum(np.random.default_rng(2), 3000 * pristine(X) + 50.0))
    with pytest.raises(FitError, match="noise of a measured shape"):
        sc.fit_batch([spectrum(np.random.default_rng(3), 500 * pristine(X))], model_with(noisy))
