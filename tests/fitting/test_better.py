"""A fit that ended in a wrong minimum is mended by whatever refit comes upon the right one."""

from __future__ import annotations

import numpy as np
import pytest

from spectra_core.fitting import evaluate, fit
from spectra_core.fitting.better import BetterMinimumError, in_best_minimum
from spectra_core.model import Background, Model, Parameter, Region, add_doublet, set_parameter
from spectra_core.referee.alternatives import compare_components
from spectra_core.spectrum import Axis, Meta, make_spectrum
from spectra_core.uncertainty.budget import RatioRequest, ratio_budgets
from spectra_core.uncertainty.profile import profile_interval

X = np.arange(157.0, 172.01, 0.05)
CENTER = "S 2p/shoulder/center"


def model_of(shoulder: float, area: float | None) -> Model:
    level = {"level": Parameter(400.0)}
    region = Region("S 2p", (157.0, 172.0), Background("constant", parameters=level))
    states = (("PS4", 161.5, 9e3, 160.5, 162.5), ("shoulder", shoulder, area, 158.0, 171.0))
    for name, center, size, low, high in states:
        region = add_doublet(
            region,
            name,
            "S 2p",
            center=Parameter(center, low, high),
            fwhm=Parameter(1.1, free=False),
            area=Parameter(size, 0.0),
            mix=Parameter(0.2, free=False),
        )
    return Model((region,))


@pytest.fixture(scope="module")
def spectrum():
    blank = make_spectrum(X, np.ones(X.size), Axis.BINDING_ENERGY, y_unit="counts")
    expected = evaluate(blank, model_of(163.4, 3e3)).regions[0].envelope
    y = np.random.default_rng(5).poisson(expected).astype(float)
    meta = Meta(sample="synthetic")
    return make_spectrum(X, y, Axis.BINDING_ENERGY, y_unit="counts", meta=meta)


@pytest.fixture(scope="module")
def wrong(spectrum):
    """The shoulder starts where there is nothing, and stays there."""
    result = fit(spectrum, model_of(170.5, None))
    right = fit(spectrum, model_of(163.2, None))
    assert result.statistics.chi_square > right.statistics.chi_square + 100.0
    return result


def test_a_profile_comes_upon_the_better_minimum_and_does_not_keep_quiet(wrong):
    with pytest.raises(BetterMinimumError, match="below the fit's chi-square") as caught:
        profile_interval(wrong, CENTER)
    assert caught.value.gain > 0.01


def test_the_better_minimum_becomes_the_fit_and_the_profile_is_made_again(wrong, spectrum):
    best, interval = in_best_minimum(wrong, lambda result: profile_interval(result, CENTER))
    right = fit(spectrum, model_of(163.2, None))
    assert best.value(CENTER) == pytest.approx(right.value(CENTER), abs=1e-5)
    assert interval.low < 163.4 < interval.high
    assert best.starts[0] == wrong.starts[0]
    assert min(best.starts) == pytest.approx(right.statistics.chi_square, rel=1e-6)
    assert "better_minimum" in {warning.code for warning in best.warnings}
    assert best.problem.model is wrong.problem.model  # what the user started from


def test_a_fit_in_its_best_minimum_stays_as_it_is(spectrum):
    right = fit(spectrum, model_of(163.2, None))
    best, _ = in_best_minimum(right, lambda result: profile_interval(result, CENTER))
    assert best is right


def test_one_component_less_that_fits_better_is_no_alternative(spectrum):
    """Held at a place where it does harm, the shoulder is better left out."""
    held = set_parameter(model_of(159.5, 2e3), "S 2p/shoulder/area", min=1e3)
    held = set_parameter(held, "S 2p/shoulder/center", free=False)
    result = fit(spectrum, held)
    # Its own bound forbids what the better model has, so there is no better minimum to adopt.
    assert compare_components(result).preferred.change == "without shoulder"


def test_a_point_that_leads_nowhere_better_is_not_adopted(wrong):
    def work(result):
        raise BetterMinimumError.of(1.0, result.values)

    with pytest.raises(BetterMinimumError):
        in_best_minimum(wrong, work)


def test_ratios_are_those_of_the_better_minimum(wrong):
    asked = [RatioRequest("r", ("shoulder",), ("PS4",))]
    best, (ratio,) = in_best_minimum(wrong, lambda result: ratio_budgets(result, asked))
    if best is not wrong:
        assert ratio.interval[0] < 1 / 3 < ratio.interval[1]
    else:  # nothing of it was seen: the ratio is a limit, and says where it holds
        assert "at the fitted position" in ratio.note


def test_one_component_less_that_fits_better_shows_that_the_fit_was_not_in_its_minimum(spectrum):
    """Left where it does harm, but free to vanish, the shoulder would be better at nothing."""
    held = set_parameter(model_of(159.5, 2e3), "S 2p/shoulder/center", free=False)
    result = evaluate(spectrum, fit(spectrum, held).model)
    bad = evaluate(spectrum, set_parameter(result.model, "S 2p/shoulder/area", value=1e3))
    with pytest.raises(BetterMinimumError, match="without shoulder"):
        compare_components(bad)
