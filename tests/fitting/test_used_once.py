"""A spectrum that two overlapping windows would count twice is refused, with the reason."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import voigt_profile

from spectra_core.errors import FitError
from spectra_core.fitting import SpectrumStack, fit, fit_batch
from spectra_core.model import Background, Model, Parameter, Region, add_component, make_component
from spectra_core.spectrum import Axis, Calibration, Meta, Spectrum, calibrate

X = np.arange(150.0, 170.0, 0.1)


def counts(seed: int = 0) -> np.ndarray:
    """Return SYNTHETIC Poisson counts of two far apart lines of 5000 counts eV."""
    y = sum(5000.0 * voigt_profile(X - at, 0.5, 0.05) for at in (155.0, 165.0))
    return np.random.default_rng(seed).poisson(y + 200.0).astype(float)


def measured(seed: int = 0, sample: str = "cell") -> Spectrum:
    y = counts(seed)
    meta = Meta(sample=sample)
    return Spectrum(X, y, Axis.BINDING_ENERGY, "counts", counts=y, meta=meta)


def region(name: str, window: tuple[float, float], *centers: float) -> Region:
    level = Background("constant", "active", parameters={"level": Parameter(200.0)})
    made = Region(name, window, level)
    for center in centers:
        line = make_component(f"at {center:g}", area=Parameter(4000.0), center=center, fwhm=1.3)
        made = add_component(made, line)
    return made


TWICE = Model((region("a", (151.0, 169.0), 155.0, 165.0), region("b", (160.0, 169.0), 165.0)))
APART = Model((region("a", (151.0, 160.0), 155.0), region("b", (160.0, 169.0), 165.0)))


def test_overlapping_windows_of_one_spectrum_are_refused_with_the_reason():
    with pytest.raises(FitError) as caught:
        fit(measured(), TWICE)
    words = str(caught.value)
    assert "a and b are windows of one spectrum and overlap from 160 to 169 eV" in words
    assert "91 points would count twice" in words
    assert "one window where the other begins" in words


def test_it_does_not_help_to_read_the_spectrum_twice_or_to_calibrate_it():
    again = calibrate(measured(), Calibration(0.3))
    for other in (measured(), again):
        with pytest.raises(FitError, match="count twice"):
            fit({"a": measured(), "b": other}, TWICE)


def test_a_batch_is_refused_too():
    stack = SpectrumStack(X, np.array([counts(1), counts(2)]), Axis.BINDING_ENERGY, "counts")
    with pytest.raises(FitError, match="count twice"):
        fit_batch(stack, TWICE)
    other = SpectrumStack(X, np.array([counts(3), counts(4)]), Axis.BINDING_ENERGY, "counts")
    assert len(fit_batch({"a": stack, "b": other}, TWICE)) == 2
    assert len(fit_batch(stack, APART)) == 2


def test_windows_that_touch_are_fitted_with_the_errors_of_two_fits_apart():
    together = fit(measured(), APART)
    for one in APART.regions:
        alone = fit(measured(), Model((one,)))
        path = f"{one.name}/{one.components[0].id}/area"
        assert together.stderr(path) == pytest.approx(alone.stderr(path), rel=1e-3)


def test_two_spectra_may_have_overlapping_windows():
    result = fit({"a": measured(0), "b": measured(1, "other")}, TWICE)
    assert result.value("b/at 165/area") == pytest.approx(5000.0, rel=0.1)
