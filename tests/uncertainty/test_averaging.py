"""Averaging over models: evidence against integrals and BIC by hand, mixtures against truths.

Synthetic data: numpy's Gaussians on a level, Poisson counts, seeded. The forward model shares no
code with the fit.
"""

from __future__ import annotations

from math import erf, log, pi, sqrt

import numpy as np
import pytest
from scipy.integrate import quad

from spectra_core.fitting import fit
from spectra_core.model import (
    Background,
    Model,
    Parameter,
    Prior,
    Region,
    add_component,
    add_doublet,
    add_links,
    add_priors,
    make_component,
    set_parameter,
    share,
)
from spectra_core.spectrum import Axis, Meta, make_spectrum
from spectra_core.uncertainty.averaging import Part, considered, mixed_quantiles, weights_of
from spectra_core.uncertainty.budget import ratio_budget
from spectra_core.uncertainty.evidence import shape_of
from spectra_core.uncertainty.quantities import AreaRatio

X = np.arange(156.0, 170.01, 0.05)
META = Meta(sample="synthetic", dwell_s=1.0, scans=1.0)
R = AreaRatio(("S 2p/new/area",), ("S 2p/PS4/area",))


def gaussian(center, area, fwhm=1.2):
    s = fwhm / 2.3548200450309493
    return area * np.exp(-0.5 * ((X - center) / s) ** 2) / (s * sqrt(2 * pi))


def doublet(center, area):
    return gaussian(center, area * 2 / 3) + gaussian(center + 1.18, area / 3)


def spectrum(states, seed, level=400.0):
    expected = level + sum(doublet(*state) for state in states)
    counts = np.random.default_rng(seed).poisson(expected).astype(float)
    return make_spectrum(X, counts, Axis.BINDING_ENERGY, y_unit="counts", counts=counts, meta=META)


def model(centers, shared=True):
    region = Region("S 2p", (156.0, 170.0), Background("constant"))
    for name, center in centers.items():
        region = add_doublet(
            region,
            name,
            "S 2p",
            "gaussian",
            splitting=1.18,
            center=(center, center - 0.7, center + 0.7),
            fwhm=(1.2, 0.6, 2.5),
            area=Parameter(3000.0, 0.0),
        )
    made = Model((region,))
    return add_links(made, share([f"S 2p/{n}/fwhm" for n in centers])) if shared else made


TWO = {"PS4": 161.4, "new": 163.0}


# --- evidence ---


def one_line(height_prior=None):
    region = Region("r", (156.0, 170.0), Background("constant"))
    line = make_component("line", "gaussian", center=162.0, fwhm=1.2, area=100.0)
    made = Model((add_component(region, line),))
    for path, value in (("r/line/center", 162.0), ("r/line/fwhm", 1.2)):
        made = set_parameter(made, path, value=value, free=False)
    made = set_parameter(made, "r/background/level", value=400.0, free=False)
    return made if height_prior is None else add_priors(made, height_prior)


def measured(area, seed=1):
    expected = 400.0 + gaussian(162.0, area)
    sigma = np.sqrt(expected)
    y = np.random.default_rng(seed).normal(expected, sigma)
    return make_spectrum(X, y, Axis.BINDING_ENERGY, sigma=sigma)


def test_the_evidence_is_the_likelihood_averaged_over_the_prior():
    """One free area with a prior, against numerical integration of likelihood times prior."""
    data, prior_sd = measured(120.0), 60.0
    with_line = fit(data, one_line(Prior("r/line/area", 90.0, prior_sd)))
    nothing = set_parameter(one_line(), "r/line/area", value=0.0, free=False)
    nothing = set_parameter(nothing, "r/line/center", value=162.0, free=True)  # of no effect
    without = fit(data, nothing)
    sigmas = [data.sigma]
    found = shape_of(with_line, sigmas).log_evidence - shape_of(without, sigmas).log_evidence

    def chi_square(area):
        return float((((data.y - 400.0 - gaussian(162.0, area)) / data.sigma) ** 2).sum())

    least = min(chi_square(a) for a in np.linspace(0, 250, 2001))

    def integrand(area):
        prior = np.exp(-0.5 * ((area - 90.0) / prior_sd) ** 2) / (prior_sd * sqrt(2 * pi))
        return np.exp(-0.5 * (chi_square(area) - least)) * prior

    integral = quad(integrand, -200.0, 400.0, points=[120.0], limit=200)[0]
    # The information of one of 281 points joins the prior, which is why it is not exact.
    assert found == pytest.approx(log(integral) + 0.5 * (chi_square(0.0) - least), abs=0.15)


def test_without_priors_the_evidence_is_bic_by_hand():
    data = spectrum([(161.4, 4000.0), (163.0, 1500.0)], 1)
    two, one = fit(data, model(TWO)), fit(data, model({"PS4": 161.4}))
    sigma = two.regions[0].sigma
    bic = []
    for result in (two, one):
        residual = (result.regions[0].y - result.regions[0].envelope) / sigma
        bic.append(residual @ residual + result.n_free * log(X.size))
    shapes = [shape_of(result, [sigma]) for result in (two, one)]
    found = -2.0 * (shapes[0].log_evidence - shapes[1].log_evidence)
    assert found == pytest.approx(bic[0] - bic[1], rel=1e-6)


# --- which models ---


def test_a_species_that_the_library_names_is_tried_where_the_data_have_it():
    data = spectrum([(161.4, 4000.0), (163.0, 1500.0), (166.6, 900.0)], 2)
    result = fit(data, model(TWO))
    found = {one.trial.name: one for one in considered(result, [R], background=False)}
    sulfite = found["with sulfite"]
    own, weights = weights_of(list(found.values()))
    assert weights[list(found).index("with sulfite")] > 0.99 > own
    area = sulfite.result.value("S 2p/one more/area")
    assert area == pytest.approx(900.0, abs=5 * sqrt(900.0 + 400.0 * 3))


def test_species_that_are_not_there_leave_the_fitted_model_most_of_the_weight():
    weights = []
    for seed in range(10):
        result = fit(spectrum([(161.4, 4000.0), (163.0, 1500.0)], seed), model(TWO))
        own, _ = weights_of(considered(result, [R], background=False))
        weights.append(own)
    assert np.median(weights) > 0.75 and min(weights) > 0.5


def test_what_is_clearly_there_is_not_left_out_and_the_reason_is_said():
    result = fit(spectrum([(161.4, 4000.0), (163.0, 1500.0)], 3), model(TWO))
    found = {one.trial.name: one for one in considered(result, [R], background=False)}
    without = found["without new"]
    assert without.result is None and without.reason.startswith("chi-square rises by")


def test_one_that_is_left_out_keeps_what_it_shares_under_its_prior():
    """The width that both share has its prior at the owner that goes: it must go on acting."""
    data = spectrum([(161.4, 4000.0), (163.0, 60.0)], 4)
    known = Prior("S 2p/new/fwhm", 1.2, 0.001)
    tied = add_links(model(TWO, shared=False), share(["S 2p/new/fwhm", "S 2p/PS4/fwhm"]))
    result = fit(data, add_priors(tied, known))
    found = {one.trial.name: one for one in considered(result, [R], background=False)}
    other = found["without new"].result
    assert other.value("S 2p/new/area") == 0.0
    assert other.value("S 2p/PS4/fwhm") == pytest.approx(1.2, abs=0.003)
    assert len(other.priors) == 1


def test_what_takes_the_place_of_a_named_component_is_no_addition():
    """Nothing is known of where PS4 lies: a library species beside it can be all of it."""
    data = spectrum([(161.9, 4000.0)], 6)
    loose = set_parameter(model(TWO), "S 2p/PS4/center", value=161.9, min=160.0, max=163.0)
    result = fit(data, loose)
    for one in considered(result, [R], background=False):
        if one.trial.name.startswith("with ") and not one.reason:
            assert one.result.value("S 2p/PS4/area") > 0.1 * result.value("S 2p/PS4/area")


# --- the mixture ---


def test_quantiles_of_a_mixture_are_those_of_its_distribution():
    draws = np.random.default_rng(1).standard_normal(20001)
    parts = [Part("fit", 0.7, draws), Part("model", 0.3, 4.0 + 2.0 * draws[:5001])]

    def below(x):
        def normal(z):
            return 0.5 * (1 + erf(z / sqrt(2)))

        return 0.7 * normal(x) + 0.3 * normal((x - 4.0) / 2.0)

    for probability in (0.025, 0.3, 0.5, 0.975):
        (found,) = mixed_quantiles(parts, [probability])
        assert below(found) == pytest.approx(probability, abs=0.01)


def test_the_quantile_of_a_single_part_is_weibulls():
    values = np.arange(1.0, 40.0)
    part = Part("fit", 1.0, values)
    assert mixed_quantiles([part], [0.5]) == pytest.approx([20.0])
    weibull = np.quantile(values, 0.1, method="weibull")
    assert mixed_quantiles([part], [0.1]) == pytest.approx([weibull])


def test_three_states_in_two_doublets_are_told_and_the_interval_holds_the_truth():
    data = spectrum([(161.4, 12000.0), (162.6, 3000.0), (163.5, 2600.0)], 1)
    result = fit(data, model(TWO))
    truth = 5600.0 / 12000.0
    ratio = ratio_budget(result, ["new"], ["PS4"], name="new / PS4", monte_carlo=200)
    assert not ratio.interval[0] < truth < ratio.interval[1]  # of the model that is drawn
    assert ratio.total_interval[0] < truth < ratio.total_interval[1]
    assert ratio.average == pytest.approx(truth, rel=0.05)
    drawn = next(v for v in ratio.variants if v.choice == "drawn")
    assert drawn.ratio == ratio.value and drawn.weight < 0.01
    assert "evidence prefers another model" in ratio.note
    assert ratio.budget.model > abs(ratio.value - truth) / 2


def test_the_right_model_alone_has_its_own_interval():
    wider = []
    for seed in range(5, 11):
        result = fit(spectrum([(161.4, 4000.0), (163.0, 1500.0)], seed), model(TWO))
        ratio = ratio_budget(result, ["new"], ["PS4"], name="new / PS4", monte_carlo=200)
        wider.append(np.ptp(ratio.total_interval) / np.ptp(ratio.interval))
        weights = [
            v.weight for v in ratio.variants if v.choice in ("drawn", "background", "components")
        ]
        assert sum(w for w in weights if w) == pytest.approx(1.0)
    assert np.mean(wider) < 2.0


def four(at=162.3):
    """A line at 162.3 eV, as sulfides of metals have, is in the data and not in the model."""
    states = [(161.4, 9000.0), (at, 1800.0), (163.0, 3150.0), (163.5, 1800.0)]
    return [fit(spectrum(states, seed), twins()) for seed in range(4)]


def test_a_line_that_went_to_where_the_model_lacks_a_species_does_not_hide_that_species():
    for result in four():
        assert result.value("S 2p/bridging/center") < 162.75, "the data of this test are no trap"
        ratio = ratio_budget(result, ["bridging", "S0"], ["PS4"], name="sum", monte_carlo=200)
        truth = 4950.0 / 9000.0
        assert ratio.total_interval[0] <= truth <= ratio.total_interval[1]
        more = [v for v in ratio.variants if "NiS" in v.name]
        assert len(more) == 2 and sum(v.weight or 0.0 for v in more) > 0.05


def test_a_species_of_the_library_that_is_added_keeps_off_what_is_there():
    for result in four():
        found = considered(result, [AreaRatio(("S 2p/bridging/area",), ("S 2p/PS4/area",))])
        more = [one for one in found if "NiS" in one.trial.name]
        assert len(more) == 2, "in two places, as its neighbours hang on where it lies"
        for one in more:
            center = one.trial.model.regions[0].components[-2].parameters["center"]
            assert 161.89 < center.min < center.value < center.max < 162.51


# --- which of two neighbours is which ---


def twins():
    """PS4 and two lines that are known to lie near 163.0 and 163.5 eV, loosely."""
    made = model({"PS4": 161.4, "bridging": 163.0, "S0": 163.5})
    for name, center in (("bridging", 163.0), ("S0", 163.5)):
        path = f"S 2p/{name}/center"
        made = set_parameter(made, path, min=161.8, max=164.8)
        made = add_priors(made, Prior(path, center, 0.4 if name == "bridging" else 0.2))
    return made


def test_neighbours_that_may_stand_in_each_others_place_are_both_in_the_interval():
    """The line called S0 lies below the other one, which the data cannot say."""
    states = [(161.4, 9000.0), (163.9, 3000.0), (163.3, 1500.0)]
    result = fit(spectrum(states, 4), twins())
    ratio = ratio_budget(result, ["bridging"], ["PS4"], name="R")
    low, high = ratio.total_interval
    assert low <= 3000.0 / 9000.0 <= high and low <= 1500.0 / 9000.0 <= high
    (other,) = (v for v in ratio.variants if "each other's place" in v.name and "S0" in v.name)
    assert other.weight > 0.05 and abs(other.ratio / ratio.value - 1.0) > 0.3
    both = ratio_budget(result, ["bridging", "S0"], ["PS4"], name="sum")
    (other,) = (v for v in both.variants if "each other's place" in v.name and "S0" in v.name)
    assert other.ratio == pytest.approx(both.value, rel=0.03), "the sum does not hang on it"


def test_lines_that_their_priors_hold_apart_are_not_exchanged():
    result = fit(spectrum([(161.4, 9000.0), (163.0, 3000.0)], 5), model(TWO))
    firm = add_priors(
        model(TWO), [Prior("S 2p/PS4/center", 161.4, 0.05), Prior("S 2p/new/center", 163.0, 0.05)]
    )
    for made in (result, fit(spectrum([(161.4, 9000.0), (163.0, 3000.0)], 5), firm)):
        names = [v.name for v in ratio_budget(made, ["new"], ["PS4"], name="R").variants]
        assert not any("each other's place" in name for name in names)


def test_a_limit_holds_in_the_other_minimum_too():
    """All of it may be the one line or the other: neither is below what it may be."""
    states = [(161.4, 9000.0), (163.4, 3000.0)]
    result = fit(spectrum(states, 6), twins())
    found = [ratio_budget(result, [name], ["PS4"], name="R") for name in ("bridging", "S0")]
    tops = [r.upper_limit if r.value is None else r.total_interval[1] for r in found]
    assert min(tops) > 0.9 * 3000.0 / 9000.0
