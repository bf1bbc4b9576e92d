"""Area ratios carry the covariance of the fit, and an interval that covers the truth."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from spectra_core.errors import Cancelled, ModelError
from spectra_core.fitting import evaluate, fit
from spectra_core.model import (
    Background,
    Link,
    Model,
    Parameter,
    Prior,
    Region,
    Term,
    add_component,
    add_doublet,
    add_links,
    add_priors,
    make_component,
    set_parameter,
)
from spectra_core.spectrum import Axis, Meta, Spectrum, make_spectrum
from spectra_core.uncertainty.areas import area_path
from spectra_core.uncertainty.budget import RatioRequest, ratio_budget, ratio_budgets
from spectra_core.uncertainty.profile import delta_chi_square
from spectra_core.uncertainty.quantities import AreaRatio
from spectra_core.uncertainty.ratios import area_ratio

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


# ---------------------------------------------------------------------------------
# The error budget


@pytest.fixture(scope="module")
def budget(result):
    return ratio_budget(result, ["new"], ["PS4"], name="new / PS4", monte_carlo=200, seed=3)


def test_the_total_is_the_quadrature_of_the_rows(budget):
    b = budget.budget
    rows = (b.counting, b.background, b.model, b.reference)
    assert (b.energies, b.ties, b.shape) == (None, None, None)  # the model has no prior
    assert budget.scope == "all rows"
    assert budget.error == b.total
    assert b.total == pytest.approx(np.sqrt(sum(row * row for row in rows)), rel=1e-12)
    assert b.background > 0
    assert b.model > 0


def test_the_counting_row_is_that_of_the_draws_and_near_the_covariance(budget):
    assert budget.budget.counting == pytest.approx(budget.stderr, rel=4 / np.sqrt(400))
    assert budget.interval_method == "monte carlo (poisson)"
    assert (budget.monte_carlo.draws, budget.monte_carlo.failed) == (200, 0)


def test_the_interval_with_all_rows_holds_the_counting_interval(budget):
    low, high = budget.total_interval
    counting = budget.interval
    assert low < budget.value < high
    assert high - low > counting[1] - counting[0]  # a mixture's ends need not lie outside both


def test_areas_of_one_level_need_no_reference(budget):
    assert budget.budget.reference == 0.0


def test_every_other_choice_is_listed_with_its_ratio(budget):
    assert {v.kind for v in budget.variants} == {"background", "model"}
    assert all(v.ratio is not None for v in budget.variants if v.accepted)
    assert all(v.reason for v in budget.variants if not v.accepted)


def test_rows_that_were_not_asked_for_are_none(result):
    ratio = ratio_budget(
        result, ["new"], ["PS4"], name="r", monte_carlo=0, background=False, model=False
    )
    assert (ratio.budget.background, ratio.budget.model) == (None, None)
    assert (ratio.budget.total, ratio.total_interval) == (None, None)
    assert ratio.scope == "counting alone"
    assert ratio.error == ratio.stderr
    assert ratio.interval_method == "covariance"
    assert ratio.budget.counting == ratio.stderr
    assert ratio.interval == area_ratio(result, ["new"], ["PS4"], name="r").interval


def two_levels() -> tuple[dict[str, Spectrum], Model]:
    s2p = two_doublets(separation=1.5).regions[0]
    p2p = Region("P 2p", (128.0, 138.0), Background("constant", "active"))
    p2p = add_doublet(p2p, "PS4", "P 2p", center=131.8, fwhm=1.2, mix=0.2, area=1000.0)
    model = set_parameter(Model((s2p, p2p)), "P 2p/background/level", value=600.0)
    x = np.arange(128.0, 138.0, 0.05)
    blank = Spectrum(x, np.full(x.size, 600.0), Axis.BINDING_ENERGY, "counts", meta=META)
    expected = evaluate(blank, Model((model.regions[1],))).regions[0].envelope
    y = np.random.default_rng(4).poisson(expected).astype(float)
    phosphorus = Spectrum(x, y, Axis.BINDING_ENERGY, "counts", counts=y, meta=META)
    return {"S 2p": synthetic(two_doublets(1.5), 4), "P 2p": phosphorus}, model


def test_across_levels_the_reference_row_must_be_given():
    spectra, model = two_levels()
    joint = fit(spectra, model)
    sides = (["S 2p/PS4"], ["P 2p/PS4"])
    bare = ratio_budget(joint, *sides, name="S/P", monte_carlo=0)
    assert (bare.budget.reference, bare.budget.total) == (None, None)
    assert bare.budget.background is not None
    assert "sensitivity factors" in bare.note
    given = ratio_budget(joint, *sides, name="S/P", monte_carlo=0, reference=0.1)
    rows = (given.stderr, given.budget.background, given.budget.model, 0.1 * given.value)
    assert given.budget.reference == pytest.approx(0.1 * given.value)
    assert given.budget.total == pytest.approx(np.sqrt(sum(row * row for row in rows)))
    assert "sensitivity" not in given.note


def test_a_species_that_is_not_there_has_an_upper_limit_and_no_value():
    absent = set_parameter(two_doublets(), "S 2p/new/area", value=0.0)
    for seed in range(4):
        result = fit(synthetic(absent, seed), two_doublets())
        ratio = ratio_budget(result, ["new"], ["PS4"], name="r", monte_carlo=0)
        assert (ratio.value, ratio.stderr, ratio.interval) == (None, None, None)
        assert 0 < ratio.upper_limit < 0.2
        assert "below detection" in ratio.note


def test_the_upper_limit_lies_above_the_truth_nineteen_times_in_twenty():
    faint = set_parameter(two_doublets(2.0), "S 2p/new/area", value=25.0)  # R = 0.00625
    held = set_parameter(faint, "S 2p/new/center", free=False)
    limits = [
        ratio_budget(
            fit(synthetic(faint, seed), held),
            ["new"],
            ["PS4"],
            name="r",
            monte_carlo=0,
            background=False,
            model=False,
        )
        for seed in range(100)
    ]
    above = [r.upper_limit > 25 / 4000 for r in limits if r.upper_limit is not None]
    assert len(above) > 60
    # Those clearly detected have no limit; of the others about 0.945 should be right.
    assert np.mean(above) >= 0.945 - 3 * np.sqrt(0.945 * 0.055 / len(above))


@pytest.fixture(scope="module")
def third_is_zero():
    region = add_doublet(
        two_doublets(2.0).regions[0],
        "third",
        "S 2p",
        area=Parameter(0.0, 0.0),
        mix=Parameter(0.2, free=False),
        center=Parameter(166.0, free=False),
        fwhm=Parameter(1.2, free=False),
    )
    model = Model((region,))
    results = (fit(synthetic(two_doublets(2.0), seed), model) for seed in range(20))
    return next(r for r in results if r.value("S 2p/third/area") == 0)


@pytest.mark.parametrize("draws", [0, 40])
def test_a_sum_with_a_part_of_zero_has_the_interval_of_the_likelihood(third_is_zero, draws):
    ratio = ratio_budget(third_is_zero, ["new", "third"], ["PS4"], name="r", monte_carlo=draws)
    low, high = ratio.interval
    assert low < ratio.value < high
    quantity = AreaRatio(("S 2p/new/area", "S 2p/third/area"), ("S 2p/PS4/area",))
    for end in ratio.interval:
        assert delta_chi_square(third_is_zero, quantity, end) == pytest.approx(3.841, rel=1e-3)
    assert ratio.interval_method == "profile likelihood"
    assert "S 2p/third 2p3/2/area lies on its bound" in ratio.note
    assert ratio.total_interval[0] < low
    assert ratio.budget.counting == pytest.approx(ratio.stderr)


def test_a_part_that_could_be_there_makes_the_error_of_the_rest_larger(third_is_zero):
    """The covariance takes the empty part as known to be empty; the likelihood does not."""
    quoted = area_ratio(third_is_zero, ["new"], ["PS4"], name="r")
    profile = ratio_budget(third_is_zero, ["new"], ["PS4"], name="r", monte_carlo=0)
    assert profile.interval_method == "profile likelihood"
    # An area moved into the third line is taken from its neighbour, never given to it.
    assert profile.interval[0] < quoted.interval[0]


def test_all_ratios_of_a_fit_are_those_of_each(result):
    asked = [
        RatioRequest("a", ("new",), ("PS4",)),
        RatioRequest("b", ("PS4",), ("new", "PS4")),
        RatioRequest("c", ("new",), ("PS4",), None),
        RatioRequest("d", ("nothing",), ("PS4",)),
    ]
    found = ratio_budgets(result, asked, seed=3)
    for request, ratio in zip(asked[:2], found, strict=False):
        alone = ratio_budget(
            result, request.numerator, request.denominator, name=request.name, seed=3
        )
        assert ratio == alone
    assert (found[2].scope, found[2].monte_carlo) == ("counting alone", None)
    assert found[3].value is None
    assert 'no component or doublet "nothing"' in found[3].note


def test_what_is_told_before_the_end_never_has_a_total_and_changes_nothing(result):
    asked = [RatioRequest("a", ("new",), ("PS4",)), RatioRequest("d", ("nothing",), ("PS4",))]
    told = []
    found = ratio_budgets(result, asked, seed=3, tell=told.append)
    assert found == ratio_budgets(result, asked, seed=3)
    assert len(told) >= 3
    assert all(first.budget.total is None for first, _ in told)
    assert all(second.value is None for _, second in told)
    first, last = told[0][0], told[-1][0]
    assert (first.scope, first.budget.model) == ("counting alone", None)
    assert first.value == found[0].value  # at once, and the number that stays
    assert last.budget.background is not None and last.budget.model is not None
    assert last.budget.background <= found[0].budget.background
    assert last.budget.model <= found[0].budget.model


def test_a_clear_species_is_never_below_detection(budget):
    assert budget.upper_limit is None


def test_the_budget_can_be_cancelled(result):
    with pytest.raises(Cancelled):
        ratio_budget(result, ["new"], ["PS4"], name="r", should_stop=lambda: True)


def test_the_rows_of_the_priors_are_what_holding_their_subjects_takes_away():
    """Counting is the error of the same fit with what the priors speak of held there."""
    model = two_doublets()
    for owner in ("PS4", "new"):
        model = set_parameter(model, f"S 2p/{owner}/fwhm", free=True)
    priors = (
        Prior("S 2p/new/center", 162.6, sd=0.03),
        Prior("S 2p/PS4/fwhm", 1.2, sd=0.02),
        Prior("S 2p/new/fwhm", 1.2, sd=0.02),
    )
    spectrum = synthetic(two_doublets(), 6)
    result = fit(spectrum, replace(model, priors=priors))
    asked = {"name": "r", "monte_carlo": 0, "background": False, "model": False}
    ratio = ratio_budget(result, ["new"], ["PS4"], **asked)
    budget = ratio.budget
    assert ratio.scope == "counts and priors alone"
    assert np.sqrt(budget.counting**2 + budget.energies**2 + budget.shape**2) == pytest.approx(
        ratio.stderr, rel=1e-9
    )
    assert ratio.error == pytest.approx(ratio.stderr, rel=1e-9)
    assert budget.energies > 0.1 * budget.counting

    def error_with(*held: str) -> float:
        fixed = replace(result.model, priors=())
        for path in held:
            fixed = set_parameter(fixed, path, value=result.value(path), free=False)
        return area_ratio(fit(spectrum, fixed), ["new"], ["PS4"], name="r").stderr

    subjects = ("S 2p/new/center", "S 2p/PS4/fwhm", "S 2p/new/fwhm")
    assert budget.counting == pytest.approx(error_with(*subjects), rel=2e-3)


def test_counting_alone_with_priors_has_the_error_of_every_group_of_priors():
    """A slope and a shift that are known beforehand are in rows of their own names."""
    data, model = synthetic(two_doublets(1.3), 5), two_doublets(1.3)
    region = replace(model.regions[0], background=Background("linear"))
    known = (Prior("S 2p/background/slope", 0.0, 5.0), Prior("S 2p/PS4/center", 161.6, 0.02))
    result = fit(data, add_priors(Model((region,)), known))
    (ratio,) = ratio_budgets(result, [RatioRequest("r", ("new",), ("PS4",), None)])
    assert ratio.budget.background > 0 and ratio.scope == "counts and priors alone"
    assert ratio.error == pytest.approx(ratio.stderr, rel=1e-6)


@pytest.mark.parametrize("seed", range(4))
def test_a_scan_that_ends_before_the_lines_sets_no_limit_on_their_ratio(seed):
    """Synthetic: a level with Poisson noise, where the rise of the first line begins."""
    x = np.arange(158.0, 159.81, 0.1)
    rise = 3000.0 * np.exp(-0.5 * ((x - 161.6) / 0.6) ** 2)
    y = np.random.default_rng(seed).poisson(200.0 + rise).astype(float)
    data = make_spectrum(x, y, Axis.BINDING_ENERGY, y_unit="counts", counts=y)
    region = Region("S 2p", (158.0, 170.0), Background("constant"))
    for name, low, at, high in (("PS4", 160.8, 161.6, 162.2), ("mid", 162.5, 163.0, 163.6)):
        region = add_doublet(region, name, "S 2p", center=(at, low, high), fwhm=(1.2, 0.6, 2.0))
    ratio = ratio_budget(fit(data, Model((region,))), ["mid"], ["PS4"], name="mid / PS4")
    assert ratio.value is None and ratio.upper_limit is None
    assert "determined" in ratio.note or "zero" in ratio.note
