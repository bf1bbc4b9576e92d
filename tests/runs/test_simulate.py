"""Simulated spectra: Poisson counts of the model, labelled synthetic, with their truth."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from spectra_core.errors import ModelError
from spectra_core.fitting import fit
from spectra_core.model import (
    Background,
    Model,
    Parameter,
    Region,
    add_component,
    add_doublet,
    make_component,
    set_parameter,
)
from spectra_core.readers import read
from spectra_core.runs.simulate import Acquisition, evaluate_truth, expected_spectra, simulate
from spectra_core.spectrum import Axis
from spectra_core.writers import write

ACQUISITION = Acquisition(step_ev=0.05, dwell_s=0.1, scans=20, photon_energy_ev=1486.6, sample="A")


def make_model(*, area: float = 3000.0, level: float = 200.0) -> Model:
    background = Background(
        "shirley", "active", parameters={"level": Parameter(level), "step": Parameter(0.01)}
    )
    region = Region("S 2p", (157.0, 168.0), background)
    region = add_doublet(region, "PS4", "S 2p", "voigt", center=161.5, fwhm=1.1, mix=0.3, area=area)
    return Model((region,))


def simulated(model: Model, seed: int = 1, **changes):
    acquisition = replace(ACQUISITION, **changes)
    return simulate(model, acquisition, np.random.default_rng(seed))[0]


def test_counts_are_whole_numbers_and_the_rate_is_counts_over_time():
    spectrum = simulated(make_model())
    assert np.array_equal(spectrum.counts, np.round(spectrum.counts))
    assert np.allclose(spectrum.y, spectrum.counts / (0.1 * 20), rtol=1e-14)
    assert (spectrum.y_unit, spectrum.meta.dwell_s, spectrum.meta.scans) == ("counts/s", 0.1, 20)


def test_the_mean_of_many_draws_is_the_models_curve_and_the_variance_its_counts():
    model, rng = make_model(), np.random.default_rng(3)
    draws = np.array([simulate(model, ACQUISITION, rng)[0].counts for _ in range(400)])
    expected = expected_spectra(model, ACQUISITION)[0].counts
    assert abs((draws.mean(0) - expected).mean() / np.sqrt(expected.mean() / draws.size)) < 4
    assert draws.var(axis=0, ddof=1).mean() / expected.mean() == pytest.approx(1.0, abs=0.03)


def test_without_noise_the_integral_above_the_background_is_the_area():
    flat = set_parameter(make_model(area=3000.0), "S 2p/background/step", value=0.0, free=False)
    spectrum = expected_spectra(flat, ACQUISITION)[0]
    # a Voigt with 30 % Lorentzian share keeps some of its area outside the window
    assert np.trapezoid(spectrum.y - 200.0, spectrum.x) == pytest.approx(3000.0, rel=0.03)


def test_the_same_seed_gives_identical_counts_and_another_seed_others():
    model = make_model()
    assert np.array_equal(simulated(model, 5).counts, simulated(model, 5).counts)
    assert not np.array_equal(simulated(model, 5).counts, simulated(model, 6).counts)


def test_peak_counts_set_the_highest_channel_and_leave_the_truth_alone():
    model = make_model()
    acquisition = replace(ACQUISITION, peak_counts=50_000.0)
    assert expected_spectra(model, acquisition)[0].counts.max() == pytest.approx(50_000.0)
    assert evaluate_truth(model, acquisition).value("S 2p/PS4/area") == pytest.approx(3000.0)


def test_a_doublets_true_total_is_both_lines_together():
    truth = evaluate_truth(make_model(area=3000.0), ACQUISITION)
    assert truth.value("S 2p/PS4 2p3/2/area") == pytest.approx(2000.0)
    assert truth.value("S 2p/PS4 2p1/2/area") == pytest.approx(1000.0)
    assert truth.value("S 2p/PS4 2p1/2/center") - truth.value(
        "S 2p/PS4 2p3/2/center"
    ) == pytest.approx(1.18, abs=0.03)


def test_a_fit_of_the_noise_free_spectrum_returns_the_truth():
    model = make_model()
    spectrum = expected_spectra(model, ACQUISITION)[0]
    start = set_parameter(model, "S 2p/PS4/center", value=161.8)
    start = set_parameter(start, "S 2p/PS4/area", value=None)
    result = fit(spectrum, start)
    assert result.value("S 2p/PS4/center") == pytest.approx(161.5, abs=1e-6)
    assert result.value("S 2p/PS4/area") == pytest.approx(3000.0, rel=1e-6)


@pytest.mark.parametrize("suffix", [".vms", ".csv", ".h5"])
def test_every_file_format_keeps_saying_that_the_spectrum_is_synthetic(tmp_path, suffix):
    path = tmp_path / f"made{suffix}"
    write(path, [simulated(make_model())])
    back = read(path)[0]
    assert "(synthetic)" in back.meta.sample
    assert "SYNTHETIC, not a measurement" in back.meta.comment
    assert back.meta.extra["synthetic"] == "yes"


def test_a_calibration_of_the_recipe_is_taken_off_the_recorded_axis():
    shifted = simulated(make_model(), shift_ev=0.5)
    assert shifted.x_recorded[0] == pytest.approx(157.0 - 0.5)


def test_the_block_is_named_so_that_the_regions_pattern_finds_it():
    region = replace(make_model().regions[0], name="sulfur", match="S 2p*")
    assert simulated(Model((region,))).meta.region == "S 2p"


def test_a_parameter_without_a_value_is_named():
    with pytest.raises(ModelError, match=r"S 2p/background/level.*no value"):
        simulated(set_parameter(make_model(), "S 2p/background/level", value=None))


def test_a_static_background_cannot_be_simulated():
    region = replace(make_model().regions[0], background=Background("shirley", "static"))
    with pytest.raises(ModelError, match="computed from data"):
        simulated(Model((region,)))


def test_a_negative_curve_is_an_error():
    with pytest.raises(ModelError, match="counts cannot be negative"):
        simulated(make_model(level=-50.0))


def test_a_value_outside_its_bounds_is_an_error_not_moved():
    model = set_parameter(make_model(), "S 2p/PS4/center", min=160.0, max=161.0)
    with pytest.raises(ModelError, match=r"outside its bounds"):
        simulated(model)


@pytest.mark.parametrize("field", ["step_ev", "dwell_s", "scans", "photon_energy_ev"])
def test_a_measuring_condition_that_is_not_positive_is_named(field):
    with pytest.raises(ModelError, match=field):
        replace(ACQUISITION, **{field: 0.0})


def test_a_step_wider_than_the_window_is_an_error():
    with pytest.raises(ModelError, match=r"2 points"):
        simulated(make_model(), step_ev=8.0)


def test_a_raman_recipe_makes_a_raman_spectrum():
    acquisition = replace(ACQUISITION, step_ev=1.0, axis=Axis.RAMAN_SHIFT, laser_nm=532.0)
    band = make_component("PS4", "lorentzian", center=425.0, fwhm=12.0, area=3000.0)
    flat = Background("constant", "active", parameters={"level": Parameter(200.0)})
    region = add_component(Region("Raman", (380.0, 480.0), flat), band)
    (spectrum,) = simulate(Model((region,)), acquisition, np.random.default_rng(1))
    assert (spectrum.axis, spectrum.meta.technique) == (Axis.RAMAN_SHIFT, "Raman")
    assert spectrum.meta.laser_nm == 532.0 and spectrum.meta.excitation_energy_ev is None
    assert spectrum.x[np.argmax(spectrum.y)] == pytest.approx(425.0, abs=2.0)
