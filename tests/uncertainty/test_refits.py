"""Bulk refits against what they must agree with: the covariance, and single fits."""

import numpy as np
import pytest

from spectra_core.errors import FitError
from spectra_core.fitting import FitOptions, Weights, evaluate, fit
from spectra_core.model import Background, Model, Region, add_doublet, set_parameter
from spectra_core.spectrum import Axis, make_spectrum, replace_fields
from spectra_core.uncertainty.refits import parametric_draws, profile_all, refit_draws

pytest.importorskip("numba", reason="bulk refits need the compiled engine")

X = np.linspace(158.0, 169.0, 221)


@pytest.fixture(scope="module")
def result():
    region = add_doublet(
        Region("S 2p", (158.0, 169.0), Background("shirley")),
        "PS4",
        "S 2p",
        "voigt",
        center=161.5,
        fwhm=1.1,
        mix=0.3,
        area=9000.0,
    )
    model = set_parameter(Model((region,)), "S 2p/background/level", value=500.0)
    model = set_parameter(model, "S 2p/background/step", value=0.02)
    flat = make_spectrum(X, np.ones(X.size), Axis.BINDING_ENERGY, y_unit="counts")
    curve = evaluate(flat, model).regions[0].envelope
    y = np.random.default_rng(3).poisson(curve).astype(float)
    spectrum = make_spectrum(X, y, Axis.BINDING_ENERGY, y_unit="counts")
    return fit(spectrum, model)


def test_draws_scatter_as_the_covariance_says(result):
    free, good = refit_draws(result, parametric_draws(result, 600, seed=1))
    assert good.all()
    quoted = np.sqrt(np.diag(result.covariance)[result.problem.free])
    np.testing.assert_allclose(free.std(axis=0), quoted, rtol=0.12)


def test_a_draw_is_refitted_as_a_single_fit_would(result):
    draws = parametric_draws(result, 3, seed=2)
    free, _ = refit_draws(result, draws)
    spectrum = replace_fields(result.regions[0].spectrum, y=draws[0][1])
    single = fit(spectrum, result.model)
    errors = np.sqrt(np.diag(single.covariance)[single.problem.free])
    assert (np.abs(free[1] - single.values[single.problem.free]) < 1e-3 * errors).all()


def test_the_profile_rises_by_one_near_one_standard_error(result):
    profiles = profile_all(result)
    best = result.values[result.problem.free]
    errors = np.sqrt(np.diag(result.covariance)[result.problem.free])
    distance = np.abs(profiles.interval - best[:, None]) / errors[:, None]
    assert profiles.paths == result.problem.free_paths
    np.testing.assert_allclose(distance, 1.0, atol=0.08)


def test_a_profile_point_is_the_minimum_with_that_parameter_held(result):
    profiles = profile_all(result)
    j, k = profiles.paths.index("S 2p/PS4 2p3/2/fwhm"), 8
    held = set_parameter(
        result.model, "S 2p/PS4 2p3/2/fwhm", value=float(profiles.grid[j, k]), free=False
    )
    region = result.regions[0]
    spectrum = replace_fields(region.spectrum, sigma=region.sigma)
    refit = fit(spectrum, held, options=FitOptions(weights=Weights.GIVEN))
    rise = refit.statistics.chi_square - result.statistics.chi_square
    assert profiles.rise[j, k] == pytest.approx(rise, rel=1e-4)


def test_without_kernels_bulk_refits_are_refused(result, monkeypatch):
    monkeypatch.setenv("DOUBLET_ENGINE", "numpy")
    with pytest.raises(FitError, match="monte_carlo"):
        profile_all(result)
