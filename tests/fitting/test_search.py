"""The search for the best minimum, on synthetic spectra made by scipy's Voigt function.

No line of the forward model is the program's own.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.optimize import brentq
from scipy.special import voigt_profile

from spectra_core.errors import Cancelled
from spectra_core.fitting import FitOptions, fit
from spectra_core.fitting.engine import NUMPY, chosen_engine
from spectra_core.fitting.live import LiveFit
from spectra_core.fitting.problem import compile_problem
from spectra_core.fitting.scatter import scatter_of
from spectra_core.fitting.single import DEFAULT_STARTS
from spectra_core.fitting.stack import fit_stack
from spectra_core.fitting.start import open_values
from spectra_core.model import (
    Model,
    Parameter,
    Prior,
    Region,
    Term,
    add_doublet,
    add_links,
    add_priors,
    share,
)
from spectra_core.spectrum import Axis, make_spectrum

SPLITTING = {"S 2p": 1.18, "P 2p": 0.86}
WINDOW = {"S 2p": (158.0, 170.0), "P 2p": (127.0, 139.0)}
MIX = 0.3
COMPILED = pytest.mark.skipif(chosen_engine() == NUMPY, reason="numpy has no stacks")


def _unit_width():
    """Return the full width of the profile whose Gaussian and Lorentzian parts add up to 1."""
    gauss, lorentz = (1 - MIX) / 2.3548200450309493, MIX / 2

    def above_half(u):
        return voigt_profile(u, gauss, lorentz) - 0.5 * voigt_profile(0, gauss, lorentz)

    return 2 * brentq(above_half, 1e-4, 4)


WIDTH = _unit_width()


def line(x, area, center, fwhm):
    scale = fwhm / WIDTH
    gauss, lorentz = (1 - MIX) * scale / 2.3548200450309493, MIX * scale / 2
    return area * voigt_profile(x - center, gauss, lorentz)


def counts(level, lines, rng, *, fwhm=1.2, step=0.02, level_counts=400.0):
    """Return a spectrum of (area, center) doublets on an integrating background."""
    x = np.linspace(*WINDOW[level], 241)
    peaks = np.zeros(x.size)
    for area, center in lines:
        peaks += line(x, area * 2 / 3, center, fwhm)
        peaks += line(x, area / 3, center + SPLITTING[level], fwhm)
    integral = np.concatenate([[0.0], np.cumsum(np.diff(x) * (peaks[1:] + peaks[:-1]) / 2)])
    y = rng.poisson(peaks + level_counts + step * integral).astype(float)
    return make_spectrum(x, y, Axis.BINDING_ENERGY, y_unit="counts")


def region(level, centers):
    """Return doublets with one width; `centers` are (value, lower, upper)."""
    found = Region(level, WINDOW[level], "shirley")
    ids = [f"d{i}" for i in range(len(centers))]
    for name, center in zip(ids, centers, strict=True):
        found = add_doublet(
            found,
            name,
            level,
            splitting=SPLITTING[level],
            center=center,
            fwhm=(1.2, 0.6, 2.5),
            mix=Parameter(MIX, free=False),
            area=Parameter(None, 0.0),
        )
    return found, share([f"{level}/{name}/fwhm" for name in ids])


def joint(reach=0.25):
    """Return S 2p and P 2p of one charged sample: three and two species, one shift.

    The middle one of S 2p stands still, as what a sample is referenced to.
    """
    centers = [(160.0, 160.0 - reach, 160.0 + reach), Parameter(161.4, free=False)]
    sulfur, s_width = region("S 2p", [*centers, (163.0, 163.0 - reach, 163.0 + reach)])
    phosphorus, p_width = region("P 2p", [(c, c - reach, c + reach) for c in (132.0, 133.4)])
    shift = Parameter(0.0, -3.0, 3.0)
    regions = (replace(sulfur, shift=shift), replace(phosphorus, shift=shift))
    links = (*s_width, *p_width, *share(["S 2p/region/shift", "P 2p/region/shift"]))
    return add_links(Model(regions), links)


def charged(shift, rng):
    sulfur = [(900.0, 160.0 + shift), (4000.0, 161.4 + shift), (1500.0, 163.0 + shift)]
    phosphorus = [(1500.0, 132.0 + shift), (700.0, 133.4 + shift)]
    return {"S 2p": counts("S 2p", sulfur, rng), "P 2p": counts("P 2p", phosphorus, rng)}


# ---------------------------------------------------------------------------------
# The right minimum


@pytest.mark.parametrize("shift", [-2.5, -1.0, 0.0, 1.5, 2.9])
def test_a_shift_is_found_wherever_its_bounds_let_it_be(shift):
    result = fit(charged(shift, np.random.default_rng(4)), joint(), starts=DEFAULT_STARTS)
    assert result.value("S 2p/region/shift") == pytest.approx(shift, abs=0.1)
    assert result.statistics.reduced_chi_square < 1.3


def random_problem(rng):
    """Return spectrum, region and true (area, center); the start is off by 0.4 eV."""
    level = str(rng.choice(["S 2p", "P 2p"]))
    low = WINDOW[level][0] + 2.3
    while True:
        centers = np.sort(rng.uniform(low, low + 5.3, rng.integers(2, 5)))
        if (np.diff(centers) > 0.7).all():
            break
    areas = np.exp(rng.uniform(np.log(0.1), 0.0, centers.size))
    areas *= 10 ** rng.uniform(2.8, 4.0) / areas.max()
    half = rng.uniform(0.8, 1.3)
    start = centers + np.clip(rng.normal(0.0, 0.4, centers.size), -half + 0.05, half - 0.05)
    drawn = region(level, [(s, c - half, c + half) for s, c in zip(start, centers, strict=True)])
    truth = list(zip(areas, centers, strict=True))
    return counts(level, truth, rng, fwhm=rng.uniform(0.9, 1.5)), drawn, truth


def test_no_random_problem_ends_far_above_its_truth_nor_without_what_is_there():
    rng, worse, missing = np.random.default_rng(12), [], []
    for number in range(12 if chosen_engine() == NUMPY else 60):
        spectrum, (drawn, width), truth = random_problem(rng)
        model = add_links(Model((drawn,)), width)
        result = fit(spectrum, model, starts=DEFAULT_STARTS)
        at_truth = replace(
            model,
            regions=(region(drawn.name, [(c, c - 1.5, c + 1.5) for _, c in truth])[0],),
        )
        best = fit(spectrum, at_truth).statistics.chi_square
        if result.statistics.chi_square > 1.01 * best:
            worse.append(number)
        whole = sum(area for area, _ in truth)
        for i, (area, _) in enumerate(truth):
            if area > 0.15 * whole and result.value(f"{drawn.name}/d{i}/area") < 1e-3 * whole:
                missing.append((number, i))
    assert worse == [] and missing == []


def test_a_component_without_area_is_put_where_something_is_missing():
    """The third doublet starts under the first, where there is nothing left for it."""
    rng = np.random.default_rng(2)
    spectrum = counts("S 2p", [(5000.0, 161.4), (900.0, 166.5), (2000.0, 163.2)], rng)
    centers = [(161.4, 160.9, 161.9), (163.2, 162.7, 163.7), (160.0, 159.0, 168.0)]
    drawn, width = region("S 2p", centers)
    found = fit(spectrum, add_links(Model((drawn,)), width), starts=2)
    assert found.value("S 2p/d2/center") == pytest.approx(166.5, abs=0.15)
    assert found.value("S 2p/d2/area") == pytest.approx(900.0, rel=0.25)


def test_a_species_that_is_not_there_stays_without_area():
    rng = np.random.default_rng(5)
    spectrum = counts("S 2p", [(8000.0, 161.4)], rng)
    drawn, width = region("S 2p", [(161.4, 160.9, 161.9), (168.0, 167.5, 168.5)])
    found = fit(spectrum, add_links(Model((drawn,)), width), starts=DEFAULT_STARTS)
    assert found.value("S 2p/d1/area") < 150.0


# ---------------------------------------------------------------------------------
# How it is done


def test_one_start_is_one_start():
    spectra = charged(0.0, np.random.default_rng(4))
    assert len(fit(spectra, joint(), starts=1).starts) == 1


def test_the_best_minimum_was_reached_as_often_as_was_asked_for():
    spectra = charged(0.5, np.random.default_rng(4))
    for wanted in (2, 5):
        reached = np.array(fit(spectra, joint(), starts=wanted).starts)
        assert (reached < reached.min() + 0.1).sum() >= wanted
        assert reached.min() == pytest.approx(
            fit(spectra, joint(), starts=wanted).statistics.chi_square, abs=0.01
        )


@COMPILED
def test_a_search_does_not_see_what_is_fitted_beside_it():
    rng = np.random.default_rng(8)
    spectra, model = [charged(s, rng) for s in (-2.0, 0.0, 1.0, 2.0)], joint()
    options = FitOptions(starts=3)
    stack = fit_stack(spectra, model, options)
    assert stack is not None and len(stack) >= 3
    for row, place in enumerate(stack.places.tolist()):
        alone = fit(spectra[place], model, options=options)
        assert stack.starts[row] == alone.starts
        np.testing.assert_array_equal(stack.values[row], alone.values)


@COMPILED
def test_both_engines_end_in_the_same_minimum(monkeypatch):
    rng = np.random.default_rng(9)
    spectrum, (drawn, width), _ = random_problem(rng)
    model = add_links(Model((drawn,)), width)
    compiled = fit(spectrum, model, starts=3)
    monkeypatch.setenv("DOUBLET_ENGINE", NUMPY)
    plain = fit(spectrum, model, starts=3)
    assert (compiled.engine, plain.engine) == ("numba", NUMPY)
    np.testing.assert_allclose(plain.values, compiled.values, rtol=1e-5, atol=1e-4)
    np.testing.assert_allclose(plain.starts, compiled.starts, rtol=1e-4)


def test_a_search_can_be_cancelled_before_it_is_done():
    asked = []

    def stop():
        asked.append(True)
        return len(asked) > 2

    with pytest.raises(Cancelled):
        fit(charged(1.0, np.random.default_rng(1)), joint(), starts=3, should_stop=stop)
    assert len(asked) == 3


def test_a_live_fit_makes_one_start_whatever_the_options_say():
    spectra = charged(0.0, np.random.default_rng(4))
    model = fit(spectra, joint(), starts=3).model
    live = LiveFit(spectra, model, ["S 2p/d2/center"], options=FitOptions(starts=9))
    assert len(live.fit({"S 2p/d2/center": 163.0}).starts) == 1


# ---------------------------------------------------------------------------------
# The scatter


def draws(model, spectra, n=400):
    problem = compile_problem(model, spectra)
    own, _ = open_values(problem)
    scatter, rng = scatter_of(problem, own), np.random.default_rng(0)
    return problem, scatter.drawn(np.tile(own, (n, 1)), scatter.numbers(rng, n), 1.0)


def test_draws_fill_the_bounds_and_keep_to_them():
    problem, q = draws(joint(), charged(0.0, np.random.default_rng(4)))
    assert ((q >= problem.lower) & (q <= problem.upper)).all()
    center = q[:, problem.free_paths.index("S 2p/d2 2p3/2/center")]
    assert center.min() < 162.8 and center.max() > 163.2


def test_draws_follow_what_is_known_beforehand():
    """A separation with a prior goes by its standard deviation, its anchor by its bounds."""
    wide = joint(reach=1.2)
    terms = (Term(1.0, "S 2p/d2/center"), Term(-1.0, "S 2p/d0/center"))
    known = add_priors(wide, [Prior(terms, 3.0, sd=0.1)])
    problem, q = draws(known, charged(0.0, np.random.default_rng(4)))
    one, other = (
        q[:, problem.free_paths.index(f"S 2p/{name} 2p3/2/center")] for name in ("d0", "d2")
    )
    assert np.std(other - one) == pytest.approx(0.1, rel=0.3)
    assert np.mean(other - one) == pytest.approx(3.0, abs=0.05)
    assert np.std(one) > 0.4


def test_a_line_that_stands_for_two_is_parted():
    """The second doublet has no room of its own until the first, too broad, makes way."""
    rng = np.random.default_rng(3)
    spectrum = counts("S 2p", [(4000.0, 161.2), (2600.0, 161.95)], rng, fwhm=1.1)
    drawn = Region("S 2p", WINDOW["S 2p"], "shirley")
    for name, center in (("d0", (161.6, 160.9, 162.6)), ("d1", (160.3, 159.0, 161.3))):
        drawn = add_doublet(
            drawn, name, "S 2p", center=center, fwhm=(1.6, 0.8, 2.2), mix=Parameter(MIX, free=False)
        )
    found = fit(spectrum, drawn, starts=2)
    assert found.value("S 2p/d1/area") == pytest.approx(4000.0, rel=0.2)
    assert found.value("S 2p/d0/area") == pytest.approx(2600.0, rel=0.25)
