"""What is left of a background where one was taken off, on synthetic spectra of scipy's Voigts."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import voigt_profile

import spectra_core as sc
from spectra_core.fitting.remainder import FURTHEST_FALL, with_remainders
from spectra_core.model import Background, Model, Parameter, Region, add_doublet
from spectra_core.spectrum import Axis, Meta, Spectrum, make_spectrum

X = np.arange(158.0, 170.01, 0.1)
TRUTH = {"PS4": (161.5, 3000.0), "mid": (163.0, 900.0)}


def lines() -> np.ndarray:
    def line(center: float) -> np.ndarray:
        return voigt_profile(X - center, 0.7 * 1.17 / 2.3548, 0.3 * 1.17 / 2)

    whole = [a * (line(c) + 0.5 * line(c + 1.18)) / 1.5 for c, a in TRUTH.values()]
    return np.sum(whole, axis=0)


def spectrum_of(y: np.ndarray) -> Spectrum:
    meta = Meta(sample="synthetic", region="S 2p")
    return make_spectrum(X, y, Axis.BINDING_ENERGY, y_unit="counts", meta=meta)


def model(**step: float) -> Model:
    region = Region("S 2p", (158.0, 170.0), Background("shirley", "active"))
    for name, (center, area) in TRUTH.items():
        region = add_doublet(
            region,
            name,
            "S 2p",
            center=Parameter(center, center - 0.5, center + 0.5),
            fwhm=Parameter(1.2, 0.6, 2.0),
            area=Parameter(area, 0.0),
        )
    changed = Model((region,))
    return sc.set_parameter(changed, "S 2p/background/step", **step) if step else changed


def subtracted(seed: int) -> np.ndarray:
    """Return counts whose Shirley background was found between two single noisy channels."""
    signal = lines()
    under = 350.0 + 170.0 * np.cumsum(signal) / signal.sum()
    counts = np.random.default_rng(seed).poisson(signal + under).astype(float)
    low, high, off = counts[0], counts[-1], np.zeros(X.size)
    for _ in range(50):
        passed = np.cumsum(counts - low - off)
        off = (high - low) * passed / passed[-1]
    return counts - low - off


def test_areas_of_subtracted_counts_are_right_though_too_much_was_taken_off():
    """With a step that cannot fall, PS4 is 140 counts eV too high where too much was taken off."""
    found = [sc.fit(spectrum_of(subtracted(seed)), model()) for seed in range(40)]
    areas = np.array([[r.value(f"S 2p/{n}/area") for n in TRUTH] for r in found])
    errors = np.array([[r.stderr(f"S 2p/{n}/area") for n in TRUTH] for r in found])
    truth = np.array([area for _, area in TRUTH.values()])
    assert np.mean(areas, axis=0) == pytest.approx(truth, abs=45)
    held = np.abs(areas - truth) < 1.96 * errors
    assert (held.mean(axis=0) >= 0.8).all()
    assert any(r.value("S 2p/background/step") < 0 for r in found)
    assert "step of the background may be below zero" in found[0].warnings[0].message


def test_counts_as_measured_keep_a_background_that_can_only_rise():
    measured = spectrum_of(np.random.default_rng(1).poisson(lines() + 300.0).astype(float))
    result = sc.fit(measured, model())
    assert result.value("S 2p/background/step") >= 0
    same = model()
    assert with_remainders(same, {"S 2p": measured}) is same


def test_a_lower_bound_that_the_user_gave_stays():
    below = spectrum_of(lines() - 20.0)
    given = with_remainders(model(min=0.002), {"S 2p": below})
    assert sc.get_parameter(given, "S 2p/background/step").min == 0.002
    usual = with_remainders(model(), {"S 2p": below})
    assert sc.get_parameter(usual, "S 2p/background/step").min == FURTHEST_FALL


def test_a_negative_bound_of_a_step_is_used():
    falling = spectrum_of(lines() * 1.0 + 300.0 - 60.0 * np.cumsum(lines()) / lines().sum())
    result = sc.fit(falling, model(min=-0.2))
    assert result.value("S 2p/background/step") < -0.005
