"""Fits kept as arrays: every number is that of the single fit, to the last bit."""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy.special import wofz

from spectra_core.fitting import FitOptions, Status, Weights, fit
from spectra_core.fitting.stack import fit_stack, stack_key
from spectra_core.model import Background, Model, Region, add_doublet
from spectra_core.model.values import Parameter
from spectra_core.spectrum import Axis, Meta, make_spectrum

pytest.importorskip("numba", reason="stacks are made by the compiled engine")

X = np.linspace(158.0, 170.0, 161)
P_X = np.linspace(128.0, 138.0, 121)


@pytest.fixture(autouse=True)
def compiled_engine(monkeypatch):
    """Fit with the one engine that makes stacks, whichever the other tests use."""
    monkeypatch.setenv("DOUBLET_ENGINE", "numba")


def voigt(x, area, center, gauss, lorentz):
    """A Voigt line, written down independently of the program."""
    sigma, gamma = gauss / 2.3548200450309493, 0.5 * lorentz
    z = ((x - center) + 1j * gamma) / (sigma * np.sqrt(2.0))
    return area * wofz(z).real / (sigma * np.sqrt(2.0 * np.pi))


def counts(rng, x, lines, splitting):
    """Synthetic counts of doublets on a step that follows them."""
    peaks = np.zeros(x.size)
    for area, center in lines:
        peaks += voigt(x, 2 * area / 3, center, 0.9, 0.2)
        peaks += voigt(x, area / 3, center + splitting, 0.9, 0.2)
    step = 0.02 * np.cumsum(peaks) * (x[1] - x[0])
    return rng.poisson(200.0 + peaks + step).astype(float)


def region(name, window, centers, *, background, mode, mix, bounded):
    found = Region(name, window, Background(background, mode))
    share = Parameter(mix, 0.0, 1.0, mix > 0.2)
    for number, center in enumerate(centers):
        where = Parameter(center, center - 0.15, center + 0.15) if bounded else center
        found = add_doublet(found, f"s{number}", name, "voigt", center=where, fwhm=1.1, mix=share)
    return found


def same(result, stack, row):
    """Assert that a row holds the very numbers of a single fit."""
    np.testing.assert_array_equal(stack.values[row], result.values)
    np.testing.assert_array_equal(stack.covariance[row], result.covariance)
    np.testing.assert_array_equal(stack.at_bound[row], result.at_bound)
    assert stack.starts[row] == result.starts
    assert stack.statuses[row] is result.status and stack.messages[row] == result.message
    assert stack.statistics[row] == result.statistics
    assert stack.warnings[row] == result.warnings
    assert (stack.method, stack.engine) == (result.method, result.engine)
    for mine, theirs in zip(stack.region_fits(row), result.regions, strict=True):
        assert (mine.name, mine.weights, mine.statistics) == (
            theirs.name,
            theirs.weights,
            theirs.statistics,
        )
        assert mine.background_info == theirs.background_info
        for name in ("x", "y", "sigma", "background", "envelope", "residual"):
            np.testing.assert_array_equal(getattr(mine, name), getattr(theirs, name), name)
        assert list(mine.peaks) == list(theirs.peaks)
        for key, curve in mine.peaks.items():
            np.testing.assert_array_equal(curve, theirs.peaks[key], key)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    seed=st.integers(0, 2**32 - 1),
    background=st.sampled_from(["shirley", "linear", "constant"]),
    mode=st.sampled_from(["active", "static"]),
    mix=st.sampled_from([0.1, 0.3]),
    bounded=st.booleans(),
    weights=st.sampled_from([None, Weights.UNIT, Weights.GIVEN]),
    starts=st.sampled_from([1, 3]),
    two_regions=st.booleans(),
    falling=st.booleans(),
)
def test_rows_are_the_single_fits(
    seed, background, mode, mix, bounded, weights, starts, two_regions, falling
):
    rng = np.random.default_rng(seed)
    kind = {"background": background, "mode": mode, "mix": mix, "bounded": bounded}
    if mode == "static" and background != "shirley":
        kind["mode"] = "active"
    model = Model((region("S 2p", (158.5, 169.0), (161.5, 163.1), **kind),))
    if two_regions:
        model = Model((*model.regions, region("P 2p", (128.5, 137.0), (131.8,), **kind)))
    spectra = []
    for k in range(9):
        second = 0.0 if k == 4 else rng.uniform(500, 5000)  # one that is not there
        y = counts(rng, X, [(rng.uniform(4000, 9000), 161.5), (second, 163.1)], 1.18)
        y = np.zeros(X.size) if k == 7 else y  # one that cannot be fitted
        own = {"S 2p": spectrum(X, y, falling, weights)}
        if two_regions:
            y = counts(rng, P_X, [(rng.uniform(2000, 6000), 131.8)], 0.86)
            own["P 2p"] = spectrum(P_X, y, falling, weights)
        spectra.append(own)
    options = FitOptions(weights=weights, starts=starts, seed=seed % 1000)
    assert len({stack_key(own, model, options) for own in spectra}) == 1
    stack = fit_stack(spectra, model, options)
    if stack is None:
        return
    assert 7 not in stack.places
    for row, place in enumerate(stack.places.tolist()):
        result = fit(spectra[place], model, options=options)
        assert result.status is Status.CONVERGED
        same(result, stack, row)
    alone = fit_stack([spectra[int(stack.places[-1])]], model, options)
    np.testing.assert_array_equal(alone.values[0], stack.values[-1])
    np.testing.assert_array_equal(alone.covariance[0], stack.covariance[-1])


def spectrum(x, y, falling, weights):
    order = slice(None, None, -1 if falling else 1)
    sigma = np.sqrt(np.maximum(y, 1.0))[order] if weights is Weights.GIVEN else None
    meta = Meta(sample="synthetic")
    axis = Axis.BINDING_ENERGY
    return make_spectrum(x[order], y[order], axis, y_unit="counts", sigma=sigma, meta=meta)


def test_most_ordinary_fits_are_rows():
    rng = np.random.default_rng(3)
    model = Model(
        (
            region(
                "S 2p",
                (158.5, 169.0),
                (161.5, 163.1),
                background="shirley",
                mode="active",
                mix=0.3,
                bounded=False,
            ),
        )
    )
    spectra = [
        {"S 2p": spectrum(X, counts(rng, X, [(9000, 161.5), (4000, 163.1)], 1.18), False, None)}
        for _ in range(40)
    ]
    assert len(fit_stack(spectra, model, FitOptions())) >= 36


def test_what_only_a_single_fit_can_do_is_left_to_it(monkeypatch):
    rng = np.random.default_rng(4)
    kind = {"background": "shirley", "mode": "active", "mix": 0.1, "bounded": False}
    model = Model((region("S 2p", (158.5, 169.0), (161.5,), **kind),))
    spectra = [{"S 2p": spectrum(X, counts(rng, X, [(9000, 161.5)], 1.18), False, None)}]
    assert fit_stack(spectra, model, FitOptions(method="nelder")) is None
    assert fit_stack([], model, FitOptions()) is None
    other = region("P 2p", (128.5, 137.0), (131.8,), **kind)  # of which there is no spectrum
    assert fit_stack(spectra, Model((*model.regions, other)), FitOptions()) is None
    monkeypatch.setenv("DOUBLET_ENGINE", "numpy")
    assert fit_stack(spectra, model, FitOptions()) is None
