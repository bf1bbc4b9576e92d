"""Counts from which something was taken off have the noise that the data show."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import voigt_profile

from spectra_core.fitting import FitOptions, Weights, fit
from spectra_core.fitting.engine import NUMPY, chosen_engine
from spectra_core.fitting.stack import fit_stack
from spectra_core.fitting.weights import empirical_noise
from spectra_core.model import Background, Model, Parameter, Region, add_doublet
from spectra_core.spectrum import Axis, Spectrum, make_spectrum

X = np.arange(157.0, 170.05, 0.1)
BACKGROUND = 400.0


def curve() -> np.ndarray:
    """Return the expected counts of two SYNTHETIC S 2p doublets, without background."""
    total = np.zeros(X.size)
    for center, area in ((161.5, 3000.0), (163.0, 900.0)):
        for at, part in ((center, 2.0 / 3.0), (center + 1.18, 1.0 / 3.0)):
            total += area * part * voigt_profile(X - at, 0.42, 0.15)
    return total


def subtracted(seed: int, *, per: float = 1.0) -> Spectrum:
    """Return counts minus the true background, or a rate of them."""
    counts = np.random.default_rng(seed).poisson(curve() + BACKGROUND) - BACKGROUND
    unit = "counts" if per == 1.0 else "counts/s"
    return make_spectrum(X, counts / per, Axis.BINDING_ENERGY, y_unit=unit)


def model() -> Model:
    region = Region("S 2p", (157.5, 169.5), Background("constant", "active"))
    for name, center in (("PS4", 161.5), ("mid", 163.0)):
        region = add_doublet(
            region,
            name,
            "S 2p",
            "voigt",
            area=Parameter(None, 0.0),
            center=Parameter(center, center - 0.5, center + 0.5),
            fwhm=Parameter(1.2, 0.6, 2.0),
            mix=Parameter(0.3, free=False),
        )
    return Model((region,))


def test_the_noise_is_that_of_what_was_taken_off_and_of_what_is_left():
    true = np.sqrt(curve() + BACKGROUND)
    ratios = np.array([empirical_noise(subtracted(seed)) / true for seed in range(60)])
    assert np.median(ratios) == pytest.approx(1.0, abs=0.05)
    top, tail = int(np.argmax(true)), 5
    assert ratios[:, top].mean() == pytest.approx(1.0, abs=0.12)
    assert ratios[:, tail].mean() == pytest.approx(1.0, abs=0.08)
    assert ratios.std(axis=0).max() < 0.3


def test_errors_are_those_of_sixty_draws():
    found = [fit(subtracted(seed), model()) for seed in range(60)]
    for path in ("S 2p/PS4/area", "S 2p/mid/area"):
        scatter = np.std([result.value(path) for result in found])
        stated = np.mean([result.stderr(path) for result in found])
        assert stated == pytest.approx(scatter, rel=0.25)
    reduced = [result.statistics.reduced_chi_square for result in found]
    assert np.mean(reduced) == pytest.approx(1.0, abs=0.15)


def test_the_same_data_as_a_rate_have_the_same_errors():
    counts, rate = fit(subtracted(3), model()), fit(subtracted(3, per=5.0), model())
    assert rate.regions[0].weights == counts.regions[0].weights == "empirical"
    for path in ("S 2p/PS4/area", "S 2p/mid/area"):
        assert 5.0 * rate.stderr(path) == pytest.approx(counts.stderr(path), rel=1e-4)
    assert "no counts as measured" in rate.warnings[0].message


def test_both_engines_and_stacks_use_it():
    spectrum = subtracted(1)
    one = fit(spectrum, model())
    plain = fit(spectrum, model(), options=FitOptions(method="least_squares"))
    assert plain.value("S 2p/PS4/area") == pytest.approx(one.value("S 2p/PS4/area"), rel=1e-3)
    stack = fit_stack([{"S 2p": subtracted(k)} for k in (1, 2)], model(), FitOptions())
    if chosen_engine() == NUMPY:  # which has no stacks
        assert stack is None
        return
    for row, place in enumerate(stack.places.tolist()):
        alone = fit(subtracted(place + 1), model())
        np.testing.assert_array_equal(stack.values[row], alone.values)
        assert stack.regions[0].weights == "empirical"


def test_counts_as_measured_keep_their_poisson_weights():
    counts = np.random.default_rng(0).poisson(curve() + BACKGROUND).astype(float)
    raw = make_spectrum(X, counts, Axis.BINDING_ENERGY, y_unit="counts")
    assert fit(raw, model()).regions[0].weights == Weights.POISSON.value
