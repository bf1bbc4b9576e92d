"""Intervals from the likelihood and from Monte Carlo, and spreads over choices.

All spectra are synthetic; the truth is what they were drawn from.
"""

from __future__ import annotations

from dataclasses import replace
from math import erf, inf, log, sqrt

import numpy as np
import pytest
from scipy import stats

from benchmarks.equal_doublets import CASES, Case, measure, spectra_of, true_model
from spectra_core.errors import Cancelled, FitError, ModelError
from spectra_core.fitting import FitOptions, Weights, evaluate, fit
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
    replace_region,
    set_parameter,
    share,
)
from spectra_core.spectrum import Axis, Meta, Spectrum
from spectra_core.uncertainty.monte_carlo import monte_carlo
from spectra_core.uncertainty.profile import (
    delta_chi_square,
    profile_interval,
    uniqueness_curve,
    upper_limit,
)
from spectra_core.uncertainty.quantities import LEVEL, ONE_SIGMA, AreaRatio, quantity_value
from spectra_core.uncertainty.spread import background_spread, model_spread

META = Meta(sample="synthetic", dwell_s=1.0, scans=1.0)
R = AreaRatio(("S 2p/new/area",), ("S 2p/PS4/area",))
CLOSE = Case("close", 1.0, 1e3)


def drawn(model: Model, x: np.ndarray, seed: int, unit: str = "counts") -> Spectrum:
    """Return a synthetic spectrum of a model; without known counts if the unit is arbitrary."""
    wide = replace(model.regions[0], window=(float(x[0]), float(x[-1])))
    model = replace(model, regions=(wide,))
    blank = Spectrum(x, np.ones(x.size), Axis.BINDING_ENERGY, "counts", meta=META)
    y = np.random.default_rng(seed).poisson(evaluate(blank, model).regions[0].envelope)
    counts = y.astype(float) if unit == "counts" else None
    return Spectrum(x, y.astype(float), Axis.BINDING_ENERGY, unit, counts=counts, meta=META)


@pytest.fixture(scope="module")
def close():
    return fit(spectra_of(CLOSE, 1, seed=4)[0], true_model(CLOSE))


def one_line(**changes) -> Model:
    region = Region("S 2p", (160.0, 164.0), Background("constant", "active"))
    line = make_component("line", "gaussian", center=162.0, fwhm=1.0, area=60.0)
    model = Model((add_component(region, line),))
    model = set_parameter(model, "S 2p/background/level", value=20.0)
    for path, values in changes.items():
        model = set_parameter(model, f"S 2p/{path.replace('__', '/')}", **values)
    return model


X = np.arange(160.0, 164.01, 0.1)


# ---------------------------------------------------------------------------------
# Profile likelihood


def test_a_linear_parameter_has_the_interval_of_its_standard_error():
    model = one_line(line__center={"free": False}, line__fwhm={"free": False})
    result = fit(drawn(model, X, 1), model)
    interval = profile_interval(result, "S 2p/line/area", level=ONE_SIGMA)
    stderr = result.stderr("S 2p/line/area")
    assert interval.high - interval.value == pytest.approx(stderr, rel=2e-3)
    assert interval.value - interval.low == pytest.approx(stderr, rel=2e-3)


def test_a_skewed_interval_is_that_of_lmfit():
    import lmfit

    model = one_line()
    result = fit(drawn(model, X, 3), model)
    region = result.regions[0]

    def residual(p: lmfit.Parameters) -> np.ndarray:
        width = p["fwhm"] / (2 * sqrt(2 * log(2)))
        peak = p["area"] * stats.norm.pdf(region.x, p["center"], width)
        return (peak + p["level"] - region.y) / region.sigma

    start = lmfit.Parameters()
    for name, value in {"area": 60, "center": 162, "fwhm": 1, "level": 20}.items():
        start.add(name, value=value)
    minimizer = lmfit.Minimizer(residual, start)
    best = minimizer.minimize()

    def probability(best_fit, new_fit) -> float:
        return erf(sqrt(max(new_fit.chisqr - best_fit.chisqr, 0.0) / 2))

    oracle = lmfit.conf_interval(
        minimizer, best, p_names=["fwhm"], sigmas=[LEVEL], prob_func=probability
    )["fwhm"]
    found = profile_interval(result, "S 2p/line/fwhm")
    assert found.low == pytest.approx(oracle[0][1], rel=2e-3)
    assert found.high == pytest.approx(oracle[-1][1], rel=2e-3)
    assert found.high - found.value > 1.05 * (found.value - found.low)


def test_the_inverse_ratio_has_the_inverse_likelihood_interval(close):
    one = profile_interval(close, R)
    other = profile_interval(close, AreaRatio(R.denominator, R.numerator))
    assert (1 / other.high, 1 / other.low) == pytest.approx((one.low, one.high), rel=1e-3)


def test_holding_a_ratio_is_a_fit_with_that_ratio_as_a_link(close):
    link = Link("S 2p/new/area", (Term(1.3, "S 2p/PS4/area"),))
    sigma = close.regions[0].sigma
    spectrum = replace(close.regions[0].spectrum, sigma=sigma)
    options = FitOptions(weights=Weights.GIVEN)
    free = fit(spectrum, close.model, options=options)
    tied = fit(spectrum, add_links(close.model, [link]), options=options)
    expected = tied.statistics.chi_square - free.statistics.chi_square
    assert delta_chi_square(close, R, 1.3) == pytest.approx(expected, rel=1e-4)


def test_a_share_of_the_whole_is_the_same_statement_as_the_ratio(close):
    whole = AreaRatio(R.numerator, (*R.numerator, *R.denominator))
    for ratio in (0.8, 1.3):
        expected = delta_chi_square(close, R, ratio)
        found = delta_chi_square(close, whole, ratio / (1 + ratio))
        assert found == pytest.approx(expected, rel=1e-4)


def test_a_limit_at_a_bound_says_so_and_leaves_the_other_side_as_it_is():
    spectrum = drawn(one_line(), X, 5)
    free = fit(spectrum, one_line())
    center = free.value("S 2p/line/center")
    bound = center - 0.3 * free.stderr("S 2p/line/center")
    bounded = fit(spectrum, one_line(line__center={"min": bound}))
    found = profile_interval(bounded, "S 2p/line/center")
    assert (found.low, found.low_at_bound) == (pytest.approx(bound), True)
    assert not found.high_at_bound
    assert found.high == pytest.approx(profile_interval(free, "S 2p/line/center").high, abs=1e-4)


def test_the_other_areas_stay_above_zero_while_one_is_held():
    """Two lines in one place: only their sum is determined, and neither can exceed it much."""
    model = one_line(line__center={"free": False}, line__fwhm={"free": False})
    twin = make_component(
        "twin",
        "gaussian",
        area=30.0,
        center=Parameter(162.0, free=False),
        fwhm=Parameter(1.0, free=False),
    )
    both = Model((add_component(model.regions[0], twin),))
    spectrum = drawn(model, X, 6)
    alone = fit(spectrum, model)
    found = profile_interval(fit(spectrum, both), "S 2p/line/area")
    assert found.low_at_bound
    assert found.low == 0.0
    assert found.high == pytest.approx(profile_interval(alone, "S 2p/line/area").high, rel=0.01)


def test_without_counts_the_residuals_set_the_scale():
    model = one_line()
    spectrum = drawn(model, X, 7)
    counted = fit(spectrum, model, options=FitOptions(weights=Weights.UNIT))
    scaled = replace(spectrum, y=1e-3 * spectrum.y, counts=None, y_unit="arbitrary")
    unknown = fit(scaled, set_parameter(model, "S 2p/line/area", value=0.06))
    a, b = (profile_interval(r, "S 2p/line/area") for r in (counted, unknown))
    assert (1e3 * b.low, 1e3 * b.high) == pytest.approx((a.low, a.high), rel=1e-3)
    half = 1.96 * unknown.stderr("S 2p/line/area")
    assert b.high - b.value == pytest.approx(half, rel=0.1)


def test_a_fixed_parameter_has_no_likelihood():
    model = one_line(line__center={"free": False})
    result = fit(drawn(model, X, 8), model)
    with pytest.raises(ModelError, match="fixed"):
        profile_interval(result, "S 2p/line/center")


def test_a_drawn_model_has_no_monte_carlo():
    model = one_line()
    with pytest.raises(FitError, match="drawn, not fitted"):
        monte_carlo(evaluate(drawn(model, X, 8), model), ["S 2p/line/area"])


def test_a_uniqueness_curve_rises_from_zero_at_the_best_value_to_nine_at_three_sigma():
    model = one_line(line__center={"free": False}, line__fwhm={"free": False})
    curve = uniqueness_curve(fit(drawn(model, X, 9), model), "S 2p/line/area", 7)
    assert curve.values[3] == pytest.approx(curve.best)
    assert curve.delta_chi_square == pytest.approx([9, 4, 1, 0, 1, 4, 9], abs=0.02)
    assert not curve.values.flags.writeable


def test_an_upper_limit_is_one_sided():
    model = one_line(line__center={"free": False}, line__fwhm={"free": False})
    result = fit(drawn(model, X, 1), model)
    path = "S 2p/line/area"
    expected = result.value(path) + stats.norm.ppf(0.95) * result.stderr(path)
    assert upper_limit(result, path, level=0.95) == pytest.approx(expected, rel=1e-3)


def test_the_likelihood_can_be_cancelled(close):
    with pytest.raises(Cancelled):
        profile_interval(close, R, should_stop=lambda: True)


# ---------------------------------------------------------------------------------
# Monte Carlo


@pytest.fixture(scope="module")
def run(close):
    return monte_carlo(close, [R, "S 2p/PS4/center"], 300, seed=1)


def test_known_counts_are_drawn_from_the_fitted_curve(run):
    assert (run.method, run.draws, run.failed) == ("poisson", 300, 0)


def test_the_draws_spread_as_the_covariance_says(run, close):
    sampling = 4 / sqrt(2 * run.draws)  # four standard deviations of a standard deviation
    stderr = close.stderr("S 2p/PS4/center")
    assert np.std(run.values["S 2p/PS4/center"]) == pytest.approx(stderr, rel=sampling)


def test_the_interval_is_the_percentiles_of_ln_r(run):
    logs = np.log(run.values[R])
    expected = np.exp(stats.mstats.mquantiles(logs, [0.025, 0.975], alphap=0, betap=0))
    assert run.interval(R, level=0.95) == pytest.approx(list(expected), rel=1e-12)


def test_a_seed_gives_the_same_numbers_and_another_one_others(close):
    first, again, other = (monte_carlo(close, [R], 40, seed=s).values[R] for s in (5, 5, 6))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_the_numbers_do_not_depend_on_the_number_of_threads(close):
    alone = monte_carlo(close, [R], 120, seed=2, threads=1)
    together = monte_carlo(close, [R], 120, seed=2, threads=3)
    assert np.array_equal(alone.values[R], together.values[R])


def test_more_draws_begin_with_the_same_ones(close):
    few, many = (monte_carlo(close, [R], n, seed=3).values[R] for n in (40, 120))
    assert np.array_equal(few, many[:40])


def test_both_engines_draw_the_same_numbers(close, monkeypatch):
    pytest.importorskip("numba")
    path = "S 2p/PS4/center"
    found = {}
    for engine in ("numba", "numpy"):
        monkeypatch.setenv("DOUBLET_ENGINE", engine)
        found[engine] = monte_carlo(close, [R, path], 40, seed=4)
        found[engine, "profile"] = profile_interval(close, R)
    for quantity in (R, path):
        a, b = (found[engine].values[quantity] for engine in ("numba", "numpy"))
        assert np.abs(a - b).max() < 0.02 * np.std(a)  # each draw to a hundredth of its error
        assert np.std(a) == pytest.approx(np.std(b), rel=2e-3)
    a, b = (found[engine, "profile"] for engine in ("numba", "numpy"))
    assert (a.low, a.high) == pytest.approx((b.low, b.high), rel=1e-6)


def test_draws_under_a_static_background_draw_its_ends_too():
    """The ends are averaged outside the window as well, and move with the draws."""
    options = {"endpoint_points": 5}
    static = Background("shirley", "static", options=options)
    model = states(TWO, window=(158.0, 168.0))
    region = replace(model.regions[0], background=static)
    result = fit(drawn(states(TWO), WIDE, 2), replace(model, regions=(region,)))
    found = monte_carlo(result, ["S 2p/PS4/area"], 200, seed=1)
    assert found.failed == 0
    # The covariance takes the background as known: draws know better.
    assert np.std(found.values["S 2p/PS4/area"]) > 1.1 * result.stderr("S 2p/PS4/area")


def test_without_counts_the_residuals_are_drawn_again():
    model = one_line()
    result = fit(drawn(model, X, 10, "arbitrary"), model)
    found = monte_carlo(result, ["S 2p/line/area"], 200, seed=0)
    assert found.method == "residual bootstrap"
    stderr = result.stderr("S 2p/line/area")
    assert found.spread("S 2p/line/area") == pytest.approx(stderr, rel=0.3)


def test_correlated_residuals_are_drawn_in_blocks():
    truth = add_component(
        one_line(line__area={"value": 6000.0}).regions[0],
        make_component("hidden", "gaussian", center=162.8, fwhm=0.8, area=1500.0),
    )
    result = fit(drawn(Model((truth,)), X, 11), one_line())
    found = monte_carlo(result, ["S 2p/line/area"], 40, seed=0)
    assert found.method == "block bootstrap"
    assert "Abbe" in found.reason


def test_failed_draws_are_counted_and_said():
    """With two counts expected in all, one draw in seven has none, and cannot be fitted."""
    region = Region("S 2p", (160.0, 164.0), Background("none", "active"))
    line = make_component(
        "line",
        "gaussian",
        area=0.2,
        center=Parameter(162.0, free=False),
        fwhm=Parameter(1.0, free=False),
    )
    model = Model((add_component(region, line),))
    y = np.zeros(X.size)
    y[[18, 22]] = 1.0
    spectrum = Spectrum(X, y, Axis.BINDING_ENERGY, "counts", counts=y, meta=META)
    result = fit(spectrum, model)
    found = monte_carlo(result, ["S 2p/line/area"], 200, seed=0)
    empty = np.exp(-result.regions[0].envelope.sum())
    assert found.failed == pytest.approx(200 * empty, abs=4 * sqrt(200 * empty * (1 - empty)))
    assert found.values["S 2p/line/area"].size == 200 - found.failed
    assert all("zero" in reason for reason in found.failures)


@pytest.mark.parametrize("counts", [0.4, 30.0, 150.0, 20000.0])
def test_drawn_counts_are_poisson_numbers_at_any_rate(counts):
    model = one_line(line__area={"value": 0.0, "free": False})
    model = set_parameter(model, "S 2p/background/level", value=counts)
    spectrum = drawn(model, X, 11)
    level = float(spectrum.y.mean())  # its draws are counts of a known mean, fitted by their mean
    model = set_parameter(model, "S 2p/line/center", value=162.0, free=False)
    model = set_parameter(model, "S 2p/line/fwhm", value=1.0, free=False)
    found = monte_carlo(fit(spectrum, model), ["S 2p/background/level"], 4000, seed=3)
    sums = np.round(found.values["S 2p/background/level"] * X.size)
    whole = stats.poisson(level * X.size)
    assert abs(sums.mean() - whole.mean()) < 4 * whole.std() / sqrt(sums.size)
    assert sums.var() == pytest.approx(whole.var(), rel=0.1)
    below = np.searchsorted(np.sort(sums), np.arange(whole.ppf(0.01), whole.ppf(0.99)), "right")
    expected = whole.cdf(np.arange(whole.ppf(0.01), whole.ppf(0.99)))
    assert np.abs(below / sums.size - expected).max() < 2.0 / sqrt(sums.size)


def test_progress_is_told_and_a_run_can_be_cancelled(close):
    seen: list[tuple[int, int]] = []
    monte_carlo(close, [R], 40, progress=lambda done, n: seen.append((done, n)))
    assert seen[-1] == (40, 40)
    with pytest.raises(Cancelled):
        monte_carlo(close, [R], 40, should_stop=lambda: len(seen) > 0)


def test_too_few_draws_are_refused(close):
    with pytest.raises(FitError, match="too few"):
        monte_carlo(close, [R], 10)


# ---------------------------------------------------------------------------------
# Coverage, in small; benchmarks/equal_doublets.py is the full one


def binomial(level: float, n: int) -> float:
    return 3.5 * sqrt(level * (1 - level) / n)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_intervals_cover_the_truth_as_often_as_they_say(case):
    n = 150
    found = measure(case, n, seed=20)
    for (method, quantity, level), share_ in found.covered.items():
        assert abs(share_ - level) < binomial(level, n), (method, quantity, level)
    assert abs(found.bias) < 0.2 + 3.5 / sqrt(n)


def test_the_reported_error_follows_the_spread_and_two_independent_areas_do_not():
    found = measure(CASES[1], 150, seed=21)
    sampling = 3.5 / sqrt(2 * 150)
    assert found.reported == pytest.approx(0.047, rel=0.03)  # published: 0.047 and 0.035
    assert found.without_covariance == pytest.approx(0.035, rel=0.03)
    assert found.true_spread == pytest.approx(found.reported, rel=sampling)


# ---------------------------------------------------------------------------------
# Spread over choices


def states(
    peaks: dict[str, tuple[float, float]],
    *,
    shared: bool = True,
    counts: float = 1e4,
    splitting: dict[str, float] | None = None,
    window: tuple[float, float] = (157.0, 169.0),
) -> Model:
    """Return doublets by (position, area) over an active Shirley background."""
    background = Background(
        "shirley",
        "active",
        parameters={"level": Parameter(0.1 * counts), "step": Parameter(0.02, 0.0, 0.2)},
    )
    region = Region("S 2p", window, background)
    for name, (center, area) in peaks.items():
        region = add_doublet(
            region,
            name,
            "S 2p",
            "gl_sum",
            center=Parameter(center, center - 0.7, center + 0.7),
            fwhm=Parameter(1.2, 0.6, 2.5),
            area=Parameter(1.5 * counts * area, 0.0),
            splitting=(splitting or {}).get(name),
        )
    model = Model((region,))
    return add_links(model, share([f"S 2p/{name}/fwhm" for name in peaks])) if shared else model


WIDE = np.arange(156.0, 170.01, 0.05)
THREE = {"PS4": (161.4, 0.70), "bridge": (162.7, 0.17), "S0": (163.5, 0.13)}
TWO = {"PS4": (161.4, 0.70), "new": (163.0, 0.30)}


@pytest.fixture(scope="module", params=[True, False], ids=["one width", "free widths"])
def two_for_three(request):
    """Two doublets fitted to a truth of three states: ratio 0.429."""
    return fit(drawn(states(THREE), WIDE, 1), states(TWO, shared=request.param))


def test_two_doublets_for_three_states_show_the_difference_in_the_model_row(two_for_three):
    truth = 0.30 / 0.70
    value = quantity_value(two_for_three, R)
    assert abs(log(value / truth)) > 0.1
    spread = model_spread(two_for_three, R)
    assert 1.96 * spread.relative > abs(log(value / truth))


def test_three_states_are_preferred_and_give_the_true_ratio(two_for_three):
    preferred = model_spread(two_for_three, R).preferred
    assert preferred.name == "new as two"
    assert preferred.ratio == pytest.approx(0.30 / 0.70, rel=0.05)


@pytest.fixture(scope="module")
def right():
    """The right model of its data."""
    return fit(drawn(states(TWO), WIDE, 2), states(TWO))


def test_the_right_model_has_no_better_one_and_a_small_spread(right):
    spread = model_spread(right, R)
    assert spread.preferred is None
    assert spread.relative < 0.05
    truth = 0.30 / 0.70
    assert abs(log(quantity_value(right, R) / truth)) < 0.05


def test_the_splittings_are_those_that_the_core_level_allows(right):
    names = {v.name for v in model_spread(right, R).variants if v.choice == "splitting"}
    assert names == {"S 2p splitting 1.16 eV", "S 2p splitting 1.20 eV"}


def test_printed_splittings_are_compared_with_the_core_levels_own():
    """1.3 and 1.1 in one spectrum, as printed, take a true ratio of 1 down by ten per cent."""
    peaks = {"PS4": (160.7, 0.5), "new": (162.9, 0.5)}
    printed = states(peaks, splitting={"PS4": 1.3, "new": 1.1})
    result = fit(drawn(states(peaks), WIDE, 3), printed)
    assert quantity_value(result, R) == pytest.approx(0.895, abs=0.03)
    ratios = {v.name: v.ratio for v in model_spread(result, R).variants}
    assert ratios["S 2p splitting 1.18 eV"] == pytest.approx(1.0, abs=0.03)


def test_both_window_edges_are_moved_both_ways(right):
    variants = [v for v in background_spread(right, R).variants if v.choice == "window"]
    assert [v.name for v in variants] == [
        "low end moved to 156.50 eV",
        "low end moved to 157.50 eV",
        "high end moved to 168.50 eV",
        "high end moved to 169.50 eV",
    ]
    assert all(v.accepted for v in variants)


def test_a_window_beyond_the_data_is_listed_with_the_reason():
    model = states(TWO)
    inside = fit(drawn(model, np.arange(157.0, 169.01, 0.05), 2), model)
    refused = [v for v in background_spread(inside, R).variants if "data end" in v.reason]
    assert len(refused) == 2
    assert all(v.ratio is None and not v.accepted for v in refused)


def test_a_background_that_does_not_describe_the_data_is_not_counted():
    """A step of a fifth of the peak height: a straight line cannot follow it."""
    model = set_parameter(states(TWO), "S 2p/background/step", value=0.1)
    result = fit(drawn(model, WIDE, 4), model)
    variants = {v.name: v for v in background_spread(result, R).variants}
    straight = variants["linear background, active"]
    assert straight.reduced_chi_square > 2
    assert not straight.accepted
    assert variants["shirley_slope background, active"].accepted


def test_a_variant_counts_as_much_as_bic_lets_it(right):
    """By hand: weights exp(-BIC / 2) of fit and variants, and the mean square change of ln R."""
    spread = model_spread(right, R)
    base = quantity_value(right, R)
    for choice in ("splitting", "components"):
        own = [v for v in spread.variants if v.choice == choice and v.accepted]
        weights = np.exp([-0.5 * v.delta_bic for v in own])
        shares = weights / (1.0 + weights.sum())
        assert [v.weight for v in own] == pytest.approx(shares)
        squares = shares * np.log([v.ratio / base for v in own]) ** 2
        assert spread.choices[choice] == pytest.approx(sqrt(squares.sum()))
    parts = spread.choices.values()
    assert spread.relative == pytest.approx(sqrt(sum(part**2 for part in parts)))
    assert all(v.weight is None for v in spread.variants if not v.accepted)


def test_a_moved_window_counts_only_beyond_what_the_noise_of_its_channels_does():
    """The right model: over 20 spectra windows move the ratio, and hardly any of it counts."""
    moved, counted = [], []
    for seed in range(20):
        result = fit(drawn(states(TWO), WIDE, seed), states(TWO))
        base, spread = quantity_value(result, R), background_spread(result, R)
        windows = [v.ratio for v in spread.variants if v.choice == "window" and v.accepted]
        moved.append(np.std([0.0, *np.log(np.array(windows) / base)], ddof=1))
        counted.append(spread.choices["window"])
    assert np.median(counted) < 0.5 * np.median(moved)


def test_what_a_prior_carries_is_not_tried_as_well():
    model = set_parameter(states(TWO), "S 2p/PS4/mix", value=0.3, min=0.0, max=1.0, free=True)
    sloping = replace(
        model.region("S 2p"), background=Background("shirley", "active", {"degree": 1})
    )
    model = replace_region(model, sloping)
    known = (
        Prior("S 2p/background/slope", 0.0, 0.5),
        Prior("S 2p/PS4/fwhm", 1.2, 0.1),
        Prior("S 2p/PS4/mix", 0.3, 0.1),
    )
    result = fit(drawn(states(TWO), WIDE, 2), add_priors(model, known))
    assert background_spread(result, R).variants == ()
    assert {v.choice for v in model_spread(result, R).variants} == {"splitting", "components"}


def test_a_component_the_ratio_does_not_need_is_left_out_for_once():
    model = states(THREE)
    result = fit(drawn(model, WIDE, 5), model)
    ratio = AreaRatio(("S 2p/S0/area",), ("S 2p/PS4/area",))
    variants = {v.name: v for v in model_spread(result, ratio).variants}
    assert "without bridge" in variants
    assert "without PS4" not in variants
    assert not variants["without bridge"].accepted
    assert variants["without bridge"].delta_bic > 10


def test_a_component_whose_area_is_tied_is_not_split_and_the_reason_is_said():
    model = add_links(states(TWO), [Link("S 2p/new/area", (Term(0.4, "S 2p/PS4/area"),))])
    result = fit(drawn(model, WIDE, 6), model)
    split = [v for v in model_spread(result, R).variants if "as two" in v.name]
    assert len(split) == 2
    assert all("tied" in v.reason and v.ratio is None for v in split)


def test_widths_are_freed_where_shared_and_shared_where_free(right):
    names = {v.name for v in model_spread(right, R).variants if v.choice == "widths"}
    assert names == {"every component with its own width"}
    free = fit(drawn(states(TWO), WIDE, 2), states(TWO, shared=False))
    widths = [v for v in model_spread(free, R).variants if v.choice == "widths"]
    assert [v.name for v in widths] == ["one width for all S 2p components"]
    assert widths[0].ratio == pytest.approx(quantity_value(right, R), rel=1e-4)


def test_a_variant_without_numerator_is_named_and_not_in_the_spread():
    """A shoulder that a background with a slope can swallow; its area is hardly above zero."""
    model = states({"PS4": (161.4, 0.97), "new": (162.6, 0.03)}, counts=300.0)
    found = None
    for seed in range(30):
        result = fit(drawn(model, WIDE, seed), model)
        if quantity_value(result, R) > 0:
            spread = background_spread(result, R)
            found = found or next(iter(spread.vanished), None)
            assert all(
                0.001 < v.ratio / quantity_value(result, R) < 1000
                for v in spread.variants
                if v.accepted
            )
    assert found is not None
    assert not found.accepted


def test_a_ratio_of_zero_has_no_spread():
    model = set_parameter(states(TWO), "S 2p/new/area", value=0.0, free=False)
    result = fit(drawn(states(TWO), WIDE, 7), model)
    with pytest.raises(FitError, match="no spread"):
        model_spread(result, R)


def test_a_ratio_over_nothing_is_infinite():
    model = set_parameter(states(TWO), "S 2p/PS4/area", value=0.0, free=False)
    result = evaluate(drawn(states(TWO), WIDE, 7), model)
    assert quantity_value(result, R) == inf
