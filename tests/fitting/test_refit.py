"""Refits on arrays against what they must agree with: the covariance, single fits, numpy."""

import numpy as np
import pytest

from spectra_core.fitting import FitOptions, FitResult, Weights, evaluate, fit
from spectra_core.fitting.refit import Data, eliminated, refitter, with_sigmas
from spectra_core.fitting.tangents import tangent_rows
from spectra_core.model import (
    Background,
    Link,
    Model,
    Region,
    Term,
    add_doublet,
    add_links,
    set_parameter,
)
from spectra_core.spectrum import Axis, make_spectrum, replace_fields

X = np.linspace(158.0, 169.0, 221)
WIDTH = "S 2p/PS4 2p3/2/fwhm"


def model_of(areas: dict[str, tuple[float, float]]) -> Model:
    region = Region("S 2p", (158.0, 169.0), Background("shirley"))
    for name, (center, area) in areas.items():
        region = add_doublet(
            region, name, "S 2p", "voigt", center=center, fwhm=1.1, mix=0.3, area=area
        )
    model = set_parameter(Model((region,)), "S 2p/background/level", value=500.0)
    return set_parameter(model, "S 2p/background/step", value=0.02)


def synthetic(model: Model, seed: int):
    flat = make_spectrum(X, np.ones(X.size), Axis.BINDING_ENERGY, y_unit="counts")
    curve = evaluate(flat, model).regions[0].envelope
    y = np.random.default_rng(seed).poisson(curve).astype(float)
    return make_spectrum(X, y, Axis.BINDING_ENERGY, y_unit="counts")


@pytest.fixture(scope="module")
def result() -> FitResult:
    model = model_of({"PS4": (161.5, 9000.0)})
    return fit(synthetic(model, 3), model)


@pytest.fixture(scope="module")
def two() -> FitResult:
    model = model_of({"PS4": (161.5, 9000.0), "S0": (163.6, 3000.0)})
    return fit(synthetic(model, 4), model)


def draws_of(result: FitResult, n: int, seed: int) -> Data:
    region = result.regions[0]
    noise = np.random.default_rng(seed).standard_normal((n, region.x.size))
    return Data((region.envelope + region.sigma * noise,), (None,))


def best_of(result: FitResult) -> np.ndarray:
    return result.values[result.problem.free]


def test_draws_scatter_as_the_covariance_says(result):
    start = np.tile(best_of(result), (600, 1))
    refits = refitter(result.problem).refit(start, data=draws_of(result, 600, 1))
    assert refits.converged.all()
    quoted = np.sqrt(np.diag(result.covariance)[result.problem.free])
    np.testing.assert_allclose(refits.free.std(axis=0), quoted, rtol=0.12)


def test_a_draw_is_refitted_as_a_single_fit_would(result):
    data = draws_of(result, 3, 2)
    refits = refitter(result.problem).refit(np.tile(best_of(result), (3, 1)), data=data)
    for y, free, chi_square in zip(data.y[0], refits.free, refits.chi_square, strict=True):
        single = fit(replace_fields(result.regions[0].spectrum, y=y), result.model)
        errors = np.sqrt(np.diag(single.covariance)[single.problem.free])
        assert (np.abs(free - best_of(single)) < 1e-3 * errors).all()
        assert chi_square == pytest.approx(single.statistics.chi_square, rel=1e-6)


def held_at(result: FitResult, value: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    problem = result.problem
    j = problem.free_paths.index(WIDTH)
    q, lower, upper = (np.array(a) for a in (best_of(result), problem.lower, problem.upper))
    q[j] = lower[j] = upper[j] = value
    return q[None], lower[None], upper[None]


def test_equal_bounds_hold_a_parameter_and_the_rest_finds_its_minimum(result):
    value = result.value(WIDTH) + 0.05
    q, lower, upper = held_at(result, value)
    problem = with_sigmas(result.problem, [result.regions[0].sigma])
    again = refitter(problem, (Weights.GIVEN,))
    found = again.refit(q, lower=lower, upper=upper, linear=True)
    spectrum = replace_fields(result.regions[0].spectrum, sigma=result.regions[0].sigma)
    held = set_parameter(result.model, WIDTH, value=value, free=False)
    single = fit(spectrum, held, options=FitOptions(weights=Weights.GIVEN))
    assert found.free[0, result.problem.free_paths.index(WIDTH)] == value
    assert found.chi_square[0] == pytest.approx(single.statistics.chi_square, rel=1e-9)


def test_a_parameter_that_follows_from_the_others_is_one_that_is_linked(two):
    problem = two.problem
    places = [problem.free_paths.index(f"S 2p/{name} 2p3/2/area") for name in ("S0", "PS4")]
    row = np.zeros(problem.free.size)
    row[places] = 1.0, -0.5
    smaller = refitter(eliminated(problem, places[0], row, 0.0))
    found = smaller.refit(np.delete(best_of(two), places[0])[None], linear=True)
    link = Link("S 2p/S0 2p3/2/area", (Term(0.5, "S 2p/PS4 2p3/2/area"),))
    single = fit(two.regions[0].spectrum, add_links(two.model, [link]))
    assert found.chi_square[0] == pytest.approx(single.statistics.chi_square, rel=1e-8)
    np.testing.assert_allclose(
        smaller.problem.full(found.free[0]), single.values, rtol=1e-5, atol=1e-9
    )


def test_both_engines_give_the_same_refits(two, monkeypatch):
    pytest.importorskip("numba")
    data, start = draws_of(two, 4, 5), np.tile(best_of(two), (4, 1))
    found = {}
    for engine in ("numba", "numpy"):
        monkeypatch.setenv("DOUBLET_ENGINE", engine)
        found[engine] = refitter(two.problem).refit(start, data=data)
    errors = np.sqrt(np.diag(two.covariance)[two.problem.free])
    off = np.abs(found["numba"].free - found["numpy"].free) / errors
    assert off.max() < 1e-4
    np.testing.assert_allclose(found["numba"].chi_square, found["numpy"].chi_square, rtol=1e-8)


def tangent_starts(result: FitResult, data: Data) -> tuple[np.ndarray, np.ndarray]:
    """Return one undamped step for each draw, and how long it is in standard errors."""
    region, places = result.regions[0], result.problem.free
    _, jacobian = tangent_rows(result.problem, best_of(result), (region.sigma,))
    noise = (data.y[0] - region.envelope) / region.sigma
    start = best_of(result) + noise @ jacobian @ result.covariance[np.ix_(places, places)]
    return start, np.linalg.norm((start - best_of(result)) @ jacobian.T, axis=1)


@pytest.mark.parametrize("engine", ["numba", "numpy"])
def test_one_step_from_a_tangent_start_is_as_good_as_a_whole_fit(result, engine, monkeypatch):
    pytest.importorskip("numba")
    monkeypatch.setenv("DOUBLET_ENGINE", engine)
    data, again = draws_of(result, 60, 7), refitter(result.problem)
    start, way = tangent_starts(result, data)
    quick = again.refit(start, data=data, way=way, tolerance=1e-2)
    whole = again.refit(start, data=data, tolerance=1e-7)
    errors = np.sqrt(np.diag(result.covariance)[result.problem.free])
    assert quick.converged.all()
    assert np.abs((quick.free - whole.free) / errors).max() < 0.02
    promised = quick.chi_square - whole.chi_square
    assert np.abs(promised).max() < 0.05
    assert (quick.free != whole.free).any(axis=1).mean() > 0.9  # they were not fitted to the end


@pytest.mark.parametrize("engine", ["numba", "numpy"])
def test_a_start_that_is_not_near_is_fitted_to_the_end(result, engine, monkeypatch):
    pytest.importorskip("numba")
    monkeypatch.setenv("DOUBLET_ENGINE", engine)
    data, again = draws_of(result, 8, 9), refitter(result.problem)
    errors = np.sqrt(np.diag(result.covariance)[result.problem.free])
    far = best_of(result) + 3.0 * errors * np.where(np.arange(errors.size) % 2, 1.0, -1.0)
    quick = again.refit(np.tile(far, (8, 1)), data=data, way=np.full(8, 3.0), tolerance=1e-2)
    whole = again.refit(np.tile(best_of(result), (8, 1)), data=data, tolerance=1e-7)
    assert np.abs((quick.free - whole.free) / errors).max() < 0.02


@pytest.mark.parametrize("engine", ["numba", "numpy"])
def test_a_draw_on_a_bound_is_fitted_to_the_end(engine, monkeypatch):
    pytest.importorskip("numba")
    monkeypatch.setenv("DOUBLET_ENGINE", engine)
    held = {"free": False}
    model = model_of({"PS4": (161.5, 9000.0), "S0": (163.6, 10.0)})
    for name in ("center", "fwhm", "mix"):
        model = set_parameter(model, f"S 2p/S0/{name}", **held)
    found = fit(synthetic(model, 8), model)
    data, again = draws_of(found, 60, 11), refitter(found.problem)
    start, way = tangent_starts(found, data)
    start = np.clip(start, found.problem.lower, found.problem.upper)
    quick = again.refit(start, data=data, way=way, tolerance=1e-2)
    whole = again.refit(start, data=data, tolerance=1e-2)
    on_bound = (start <= found.problem.lower).any(axis=1)
    assert 5 < on_bound.sum() < 55
    looked_at = quick.chi_square == whole.chi_square  # else it is what the step promised
    assert looked_at[on_bound].all() and not looked_at[~on_bound].any()
