"""Recorded and referenced energies of a charged sample. Spectra are synthetic."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from spectra_core.fitting import evaluate
from spectra_core.model import Background, Model, Parameter, Region, add_component, make_component
from spectra_core.results.scales import scales_of
from spectra_core.spectrum import Axis, Calibration, Spectrum, calibrate, make_spectrum, to_axis

RECORDED = 160.7
"""Where the peak was measured."""


def measured(axis: Axis = Axis.BINDING_ENERGY) -> Spectrum:
    """Return a spectrum with one peak, on a grid of 0.01 eV."""
    x = np.arange(155.0, 166.0, 0.01)
    y = 10.0 + 100.0 * np.exp(-((x - RECORDED) ** 2))
    spectrum = make_spectrum(x, y, Axis.BINDING_ENERGY)
    return spectrum if axis is Axis.BINDING_ENERGY else to_axis(spectrum, axis)


def test_without_any_shift_there_is_one_scale() -> None:
    scales = scales_of(measured())
    assert not scales.are_apart
    assert scales.recorded(160.7) == scales.referenced(160.7) == 160.7


def test_a_calibration_moves_the_axis_away_from_what_was_recorded() -> None:
    spectrum = calibrate(measured(), Calibration(0.5))
    top = float(spectrum.x[np.argmax(spectrum.y)])
    scales = scales_of(spectrum)
    assert scales.are_apart
    assert scales.recorded(top) == pytest.approx(RECORDED)
    assert scales.referenced(top) == pytest.approx(RECORDED + 0.5)
    assert scales.formula == "referenced = recorded + 0.500 eV"


def test_the_shift_of_a_model_moves_its_peaks_and_not_the_axis() -> None:
    component = make_component("PS4", "gaussian", center=161.4, fwhm=1.0, area=100.0)
    region = add_component(Region("S 2p", (156.0, 165.0)), component)
    spectrum = calibrate(measured(), Calibration(0.2))
    flat = Background("constant", "active", parameters={"level": Parameter(10.0)})
    shifted = replace(region, background=flat, shift=Parameter(-0.5))
    drawn = evaluate({"S 2p": spectrum}, Model((shifted,)))
    scales = scales_of(spectrum, drawn, "S 2p")
    curve = drawn.region("S 2p").peaks["PS4"]
    top = float(drawn.region("S 2p").x[np.argmax(curve)])
    assert scales.referenced(top) == pytest.approx(161.4, abs=0.006)
    assert scales.place_of(161.4) == pytest.approx(top, abs=0.006)
    # recorded + 0.2 (calibration) + 0.5 (model)
    assert scales.recorded(top) == pytest.approx(161.4 - 0.7, abs=0.006)
    assert scales.formula == "referenced = recorded + 0.700 eV"
