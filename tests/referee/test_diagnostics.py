"""Diagnostics: how many components, whether there is a line at all, and what the noise is."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.signal import savgol_filter

from spectra_core.errors import Cancelled
from spectra_core.fitting import FitOptions, FitResult, Weights, fit
from spectra_core.fitting.statistics import fit_statistics
from spectra_core.model import (
    Background,
    Model,
    Parameter,
    Region,
    add_component,
    add_doublet,
    add_links,
    make_component,
    set_parameter,
    share,
)
from spectra_core.referee.alternatives import compare_components, comparison_table
from spectra_core.referee.hump import hump_test
from spectra_core.referee.residuals import (
    chi_square_z,
    correlation_list,
    detection_limit,
    durbin_watson,
    noise_check,
    residual_structure,
    start_agreement,
)
from spectra_core.runs.simulate import Acquisition, simulate
from spectra_core.spectrum import Calibration, Spectrum, calibrate, replace_fields

WINDOW = (157.0, 169.5)
REFERENCED = Calibration(0.0, "C 1s", 284.8, 284.8, 0.1)
PS4, BRIDGING, S0 = ("PS4", 161.4, 700.0), ("bridging", 162.7, 170.0), ("S0", 163.5, 130.0)


def truth(*states, fwhm=1.15, window=WINDOW) -> Region:
    """S 2p doublets on an active Shirley step, every value given."""
    values = {"level": Parameter(300.0), "step": Parameter(0.01)}
    region = Region("S 2p", window, Background("shirley", "active", parameters=values))
    for name, center, area in states:
        region = add_doublet(region, name, "S 2p", area=area, center=center, fwhm=fwhm, mix=0.3)
    return region


def draw(region: Region, *, seed: int = 0, counts: float = 1e4, step: float = 0.05) -> Spectrum:
    acquisition = Acquisition(step, 0.1, 10, 1486.6, peak_counts=counts)
    spectrum = simulate(Model((region,)), acquisition, np.random.default_rng(seed))[0]
    return calibrate(spectrum, REFERENCED)


def start(*states, shared: bool = True, window=WINDOW) -> Model:
    """The same doublets as a start: areas and background estimated, centres within 0.6 eV."""
    region = Region("S 2p", window, Background("shirley", "active"))
    for name, center in states:
        region = add_doublet(
            region,
            name,
            "S 2p",
            area=Parameter(None, 0.0),
            center=Parameter(center, center - 0.6, center + 0.6),
            fwhm=Parameter(1.2, 0.5, 2.2),
            mix=Parameter(0.3, free=False),
        )
    model = Model((region,))
    paths = [f"S 2p/{doublet.major}/fwhm" for doublet in region.doublets]
    return add_links(model, share(paths)) if shared else model


TWO = (("PS4", 161.4), ("intermediate", 162.9))


def fit_two_to_three(seed: int = 0, *, shared: bool = True) -> FitResult:
    return fit(draw(truth(PS4, BRIDGING, S0), seed=seed), start(*TWO, shared=shared))


# ---------------------------------------------------------------------------------
# How many components


def test_a_comparison_that_is_cancelled_ends_at_the_next_step():
    with pytest.raises(Cancelled):
        compare_components(fit_two_to_three(), should_stop=lambda: True)


@pytest.mark.parametrize("seed", range(4))
def test_three_states_fitted_with_two_doublets_ask_for_the_third(seed):
    comparison = compare_components(fit_two_to_three(seed))
    assert comparison.preferred.kind == "more"
    assert comparison.preferred.delta_bic < -50


def test_the_third_doublet_of_the_preferred_model_stands_near_the_hidden_state():
    best = compare_components(fit_two_to_three()).preferred.result
    centers = sorted(best.value(f"S 2p/{d.major}/center") for d in best.model.regions[0].doublets)
    assert centers == pytest.approx([161.4, 162.7, 163.5], abs=0.15)


def test_with_free_widths_splitting_the_broad_doublet_is_what_the_data_prefer():
    preferred = [
        compare_components(fit_two_to_three(seed, shared=False)).preferred.change
        for seed in range(6)
    ]
    assert preferred.count("intermediate as two") >= 4


@pytest.mark.parametrize("seed", range(4))
def test_the_right_number_of_doublets_is_left_alone(seed):
    result = fit(draw(truth(PS4, BRIDGING), seed=seed), start(("PS4", 161.4), ("bridging", 162.7)))
    comparison = compare_components(result)
    assert comparison.preferred.kind == "as fitted"
    assert {row.verdict for row in comparison.rows if row.kind == "fewer"} == {"needed"}


def test_a_doublet_that_is_not_there_is_not_needed():
    result = fit(draw(truth(PS4), seed=3), start(("PS4", 161.4), ("extra", 163.8)))
    comparison = compare_components(result)
    assert comparison.preferred.change == "without extra"


def test_the_differences_are_those_of_the_statistics_of_the_fits():
    result = fit_two_to_three()
    for row in compare_components(result).rows:
        assert row.delta_bic == pytest.approx(row.statistics.bic - result.statistics.bic)
        assert row.delta_aic == pytest.approx(row.statistics.aic - result.statistics.aic)


def test_a_comparison_leaves_the_result_as_it_was():
    result = fit_two_to_three()
    before, model = result.values.copy(), result.model
    compare_components(result)
    np.testing.assert_array_equal(result.values, before)
    assert result.model is model


def test_unit_weights_come_to_the_same_preference():
    spectrum = draw(truth(PS4, BRIDGING, S0))
    result = fit(spectrum, start(*TWO), options=FitOptions(weights=Weights.UNIT))
    assert compare_components(result).preferred.kind == "more"


def test_the_table_has_a_row_for_each_model_and_ends_with_the_verdict():
    comparison = compare_components(fit_two_to_three())
    lines = comparison_table(comparison).splitlines()
    assert len(lines) == len(comparison.rows) + 2
    assert lines[-1] == comparison.verdict


# ---------------------------------------------------------------------------------
# Residuals


def test_noise_has_no_structure_in_a_thousand_draws():
    region = fit(draw(truth(PS4)), start(("PS4", 161.4))).regions[0]
    rng = np.random.default_rng(1)
    alarms = 0
    for _ in range(1000):
        residual = rng.standard_normal(region.residual.size)
        statistics = fit_statistics(residual, 5, sigma_known=True)
        alarms += residual_structure(
            replace(region, residual=residual, statistics=statistics)
        ).present
    assert alarms <= 2


def test_a_missing_state_is_found_where_it_is():
    found = residual_structure(fit_two_to_three().regions[0])
    assert found.present
    assert found.largest_at == pytest.approx(163.1, abs=0.6)


def test_durbin_watson_is_two_for_noise_and_zero_for_a_slow_misfit():
    rng = np.random.default_rng(0)
    assert durbin_watson(rng.standard_normal(20000)) == pytest.approx(2.0, abs=0.05)
    assert durbin_watson(np.sin(np.linspace(0, 2 * np.pi, 2000))) < 1e-4


def test_chi_square_in_standard_deviations_is_standard_normal():
    rng = np.random.default_rng(0)
    z = [
        chi_square_z(fit_statistics(rng.standard_normal(200), 0, sigma_known=True))
        for _ in range(2000)
    ]
    assert np.mean(z) == pytest.approx(0.0, abs=0.1)
    assert np.std(z) == pytest.approx(1.0, abs=0.1)


# ---------------------------------------------------------------------------------
# Noise


def fitted_region(spectrum: Spectrum):
    return fit(spectrum, start(("PS4", 161.4))).regions[0]


@pytest.mark.parametrize("step", [0.05, 0.1])
@pytest.mark.parametrize("counts", [1e3, 1e5])
def test_the_noise_of_counts_is_recognised(step, counts):
    for seed in range(10):
        spectrum = draw(truth(PS4), seed=seed, counts=counts, step=step)
        assert noise_check(fitted_region(spectrum)).verdict == "counting"


@pytest.mark.parametrize("width", [5, 9])
@pytest.mark.parametrize("unit", ["counts/s", "arbitrary"])
def test_smoothed_data_are_recognised_with_and_without_counts(width, unit):
    spectrum = draw(truth(PS4), seed=2)
    smooth = savgol_filter(spectrum.y, width, 2)
    spectrum = replace_fields(spectrum, y=smooth, counts=None, y_unit=unit)
    assert noise_check(fitted_region(spectrum)).verdict == "smoothed"


def test_intensities_that_are_not_counts_are_noisier_than_counts():
    spectrum = draw(truth(PS4), seed=2)
    check = noise_check(fitted_region(replace_fields(spectrum, y=9.0 * spectrum.y, counts=None)))
    assert check.verdict == "above counting"
    assert check.ratio == pytest.approx(3.0, rel=0.3)


def test_a_missing_line_does_not_look_like_noise():
    assert noise_check(fit_two_to_three().regions[0]).verdict == "counting"


# ---------------------------------------------------------------------------------
# Starts, correlations, detection


def test_all_starts_of_an_easy_fit_agree():
    options = FitOptions(starts=6, spread=0.5)
    result = fit(draw(truth(PS4)), start(("PS4", 161.4)), options=options)
    agreed, n = start_agreement(result)
    assert agreed == 1.0 and n >= 6


def test_starts_that_end_elsewhere_are_counted():
    result = replace(
        fit(draw(truth(PS4)), start(("PS4", 161.4))), starts=(100.0, 150.0, 100.02, 300.0)
    )
    assert start_agreement(result) == (0.5, 4)


def test_only_areas_are_listed_when_areas_are_asked_for():
    close = (("a", 161.4), ("b", 161.9))
    result = fit(draw(truth(("a", 161.4, 600.0), ("b", 161.9, 500.0))), start(*close))
    pairs = correlation_list(result, above=0.9, parameter="area")
    assert pairs
    assert all(path.endswith("/area") for pair in pairs for path in pair[:2])


def test_the_detection_limit_is_near_three_standard_deviations_of_an_absent_area():
    """Against a linear fit of a Gaussian to 60 draws that hold none of it."""
    line = make_component(
        "line",
        "gaussian",
        area=Parameter(30.0, free=False),
        center=Parameter(161.4, free=False),
        fwhm=Parameter(1.2, free=False),
    )
    model = Model((add_component(Region("S 2p", WINDOW, Background("constant")), line),))
    areas = []
    for seed in range(60):
        fitted = fit(draw(truth(("PS4", 161.4, 0.0)), seed=seed, counts=1000.0), model).regions[0]
        shape = np.exp(-4 * np.log(2) * ((fitted.x - 161.4) / 1.2) ** 2)
        design = np.c_[shape, np.ones_like(shape)] / fitted.sigma[:, None]
        amplitude = np.linalg.lstsq(design, fitted.y / fitted.sigma, rcond=None)[0][0]
        areas.append(amplitude * np.trapezoid(shape, fitted.x))
    # a rule of thumb: a box in place of the line, sqrt(2) for the background
    assert detection_limit(fitted, "line") == pytest.approx(3.0 * np.std(areas), rel=0.5)


# ---------------------------------------------------------------------------------
# A hump in place of lines


def hump(area: float, *, seed: int = 0, window=(157.0, 175.0)) -> Spectrum:
    """Only a broad bump near 168 eV, like the plasmon loss of Si 2s; no line."""
    values = {"level": Parameter(1000.0), "slope": Parameter(5.0)}
    region = Region("S 2p", window, Background("linear", "active", parameters=values))
    bump = make_component("loss", "gaussian", area=area, center=168.0, fwhm=6.0)
    return draw(add_component(region, bump), seed=seed)


@pytest.mark.parametrize("area", [300.0, 2000.0])
@pytest.mark.parametrize("seed", range(3))
def test_a_plasmon_bump_needs_no_sulfur(area, seed):
    window = (157.0, 175.0)
    model = start(("sulfite", 167.0), ("sulfate", 168.6), window=window)
    test = hump_test(fit(hump(area, seed=seed), model), "S 2p")
    assert not test.lines_needed
    assert test.center == pytest.approx(168.0, abs=0.5)


@pytest.mark.parametrize("seed", range(3))
def test_real_sulfur_is_needed_beside_any_hump(seed):
    result = fit(draw(truth(PS4), seed=seed), start(("PS4", 161.4)))
    test = hump_test(result, "S 2p")
    assert test.lines_needed
    assert not test.hump_needed


@pytest.mark.parametrize("shift", [0.0, -10.0])
def test_a_sulfate_on_a_plasmon_is_still_seen_and_the_hump_named(shift):
    """Also of a charged sample, whose lines are found where they are recorded."""
    window = (157.0, 175.0)
    values = {"level": Parameter(1000.0), "slope": Parameter(5.0)}
    region = Region("S 2p", window, Background("linear", "active", parameters=values))
    region = add_component(
        region, make_component("loss", "gaussian", area=1500.0, center=167.5, fwhm=6.0)
    )
    region = add_doublet(region, "SO4", "S 2p", area=800.0, center=168.6, fwhm=1.4, mix=0.3)
    model = start(("SO4", 168.6 - shift), window=window)
    model = set_parameter(model, "S 2p/region/shift", value=shift, free=False)
    test = hump_test(fit(draw(region), model), "S 2p")
    assert test.lines_needed
    assert test.hump_needed
    assert test.area_change < 0
