"""Area ratios carry the covariance of the fit, and an interval that covers the truth."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from spectra_core.errors import ModelError
from spectra_core.fit import evaluate, fit
from spectra_core.model import (
    Background,
    Link,
    Model,
    Parameter,
    Region,
    Term,
    add_component,
    add_doublet,
    add_links,
    make_component,
    set_parameter,
)
from spectra_core.quantify import area_path, area_ratio
from spectra_core.spectrum import Axis, Meta, Spectrum

X = np.arange(157.0, 169.0, 0.05)
META = Meta(sample="synthetic", dwell_s=1.0, scans=1.0)


def two_doublets(separation: float = 1.0) -> Model:
    region = Region("S 2p", (157.0, 169.0), Background("constant", "active"))
    region = add_doublet(region, "PS4", "S 2p", center=161.6, fwhm=1.2, mix=0.2, area=4000.0)
    region = add_doublet(
        region, "new", "S 2p", center=161.6 + separation, fwhm=1.2, mix=0.2, area=4000.0
    )
    model = Model((region,))
    for owner in ("PS4", "new"):
        model = set_parameter(model, f"S 2p/{owner}/fwhm", free=False)
        model = set_parameter(model, f"S 2p/{owner}/mix", free=False)
    return set_parameter(model, "S 2p/background/level", value=600.0)


def synthetic(model: Model, seed: int) -> Spectrum:
    blank = Spectrum(X, np.full(X.size, 600.0), Axis.BINDING_ENERGY, "counts", meta=META)
    expected = evaluate(blank, model).regions[0].envelope
    y = np.random.default_rng(seed).poisson(expected).astype(float)
    return Spectrum(X, y, Axis.BINDING_ENERGY, "counts", counts=y, meta=META)


@pytest.fixture(scope="module")
def result():
    model = two_doublets()
    return fit(synthetic(model, 1), model)


def test_the_value_is_the_quotient_of_the_totals_of_both_lines(result):
    ratio = area_ratio(result, ["new"], ["PS4"], name="new / PS4")
    expected = result.value("S 2p/new/area") / result.value("S 2p/PS4/area")
    assert ratio.value == pytest.approx(expected, rel=1e-14)


def test_the_error_follows_the_published_formula_with_covariance(result):
    a, b = "S 2p/new/area", "S 2p/PS4/area"
    ratio = area_ratio(result, ["new"], ["PS4"], name="r")
    (var_a, cov), (_, var_b) = result.covariance_of([a, b])
    value_a, value_b = result.value(a), result.value(b)
    relative = var_a / value_a**2 + var_b / value_b**2 - 2 * cov / (value_a * value_b)
    assert ratio.stderr == pytest.approx(ratio.value * np.sqrt(relative), rel=1e-10)


def test_overlapping_lines_have_a_larger_error_than_without_covariance(result):
    ratio = area_ratio(result, ["new"], ["PS4"], name="r")
    a, b = "S 2p/new/area", "S 2p/PS4/area"
    naive = ratio.value * np.hypot(
        result.stderr(a) / result.value(a), result.stderr(b) / result.value(b)
    )
    assert ratio.stderr > 1.2 * naive


def test_the_interval_is_symmetric_in_the_logarithm_and_holds_the_value(result):
    ratio = area_ratio(result, ["new"], ["PS4"], name="r")
    low, high = ratio.interval
    assert low < ratio.value < high
    assert low * high == pytest.approx(ratio.value**2, rel=1e-12)


def test_the_inverse_ratio_has_the_inverse_interval(result):
    one = area_ratio(result, ["new"], ["PS4"], name="r")
    other = area_ratio(result, ["PS4"], ["new"], name="r")
    assert other.interval == pytest.approx((1 / one.interval[1], 1 / one.interval[0]), rel=1e-9)


def test_the_interval_covers_the_truth_nineteen_times_in_twenty():
    model = two_doublets(separation=1.3)
    hits, runs = 0, 120
    for seed in range(runs):
        ratio = area_ratio(fit(synthetic(model, seed), model), ["new"], ["PS4"], name="r")
        hits += ratio.interval[0] <= 1.0 <= ratio.interval[1]
    assert 0.89 <= hits / runs <= 0.995  # 0.95 within three binomial standard deviations


def test_sums_of_components_are_ratios_too(result):
    ratio = area_ratio(result, ["new", "PS4"], ["PS4"], name="r")
    single = area_ratio(result, ["new"], ["PS4"], name="r")
    assert ratio.value == pytest.approx(1 + single.value, rel=1e-12)
    assert ratio.stderr == pytest.approx(single.stderr, rel=1e-9)
    assert ratio.formula == "(A(S 2p/new) + A(S 2p/PS4)) / A(S 2p/PS4)"


def test_areas_tied_to_each_other_have_an_exact_ratio():
    model = add_links(two_doublets(), [Link("S 2p/new/area", (Term(0.5, "S 2p/PS4/area"),))])
    ratio = area_ratio(fit(synthetic(two_doublets(), 3), model), ["new"], ["PS4"], name="r")
    assert ratio.value == pytest.approx(0.5, abs=1e-12)
    assert ratio.stderr == 0.0


def test_an_area_on_its_bound_leaves_the_ratio_without_error():
    model = two_doublets()
    model = set_parameter(model, "S 2p/new/area", max=1000.0, value=900.0)
    ratio = area_ratio(fit(synthetic(two_doublets(), 3), model), ["new"], ["PS4"], name="r")
    assert (ratio.stderr, ratio.interval) == (None, None)
    assert "bound" in ratio.note


def test_a_fixed_area_leaves_the_ratio_without_error():
    model = set_parameter(two_doublets(), "S 2p/new/area", free=False)
    ratio = area_ratio(fit(synthetic(two_doublets(), 3), model), ["new"], ["PS4"], name="r")
    assert ratio.value > 0
    assert ratio.stderr is None


def test_a_zero_denominator_gives_no_value():
    model = set_parameter(two_doublets(), "S 2p/PS4/area", value=0.0, free=False)
    ratio = area_ratio(fit(synthetic(two_doublets(), 3), model), ["new"], ["PS4"], name="r")
    assert ratio.value is None
    assert "zero" in ratio.note


def test_a_label_in_two_regions_needs_its_region():
    region = two_doublets().regions[0]
    both = Model((region, replace(region, name="again")))
    assert area_path(both, "again/PS4") == "again/PS4/area"
    with pytest.raises(ModelError, match=r'"S 2p/PS4", "again/PS4"'):
        area_path(both, "PS4")


def test_an_unknown_label_names_the_nearest():
    with pytest.raises(ModelError, match='Did you mean "PS4"'):
        area_path(two_doublets(), "PS5")


def test_a_shape_without_an_area_cannot_be_in_a_ratio():
    region = add_component(
        two_doublets().regions[0],
        make_component("metal", "doniach_sunjic", center=Parameter(160.0), fwhm=1.0),
    )
    with pytest.raises(ModelError, match="no finite area"):
        area_path(Model((region,)), "metal")
