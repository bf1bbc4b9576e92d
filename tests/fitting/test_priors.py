"""Priors: one more measurement in every engine, against scipy with the same extra rows.

Synthetic data; the forward model here (scipy's Voigt profile, its own step background)
shares no code with the fit.
"""

import numpy as np
import pytest
from scipy.optimize import brentq, least_squares
from scipy.special import voigt_profile

from spectra_core.errors import FitError, ModelError
from spectra_core.fitting import FitOptions, LiveFit, SpectrumStack, Status, fit, fit_batch
from spectra_core.fitting.lmfit_bridge import lmfit_residual
from spectra_core.fitting.problem import compile_problem
from spectra_core.fitting.stack import fit_stack
from spectra_core.fitting.start import open_values
from spectra_core.model import (
    Background,
    Model,
    Parameter,
    Prior,
    Region,
    Term,
    add_component,
    add_doublet,
    add_links,
    add_priors,
    get_parameter,
    make_component,
    replace_region,
    set_enabled,
    set_parameter,
    share,
    share_shift,
    unlock,
)
from spectra_core.spectrum import Axis, make_spectrum
from spectra_core.uncertainty.monte_carlo import monte_carlo
from spectra_core.uncertainty.profile import profile_interval

X_S = np.linspace(158.0, 169.0, 221)
X_P = np.linspace(128.0, 137.0, 181)
CENTERS = {"PS4": 161.5, "bridging": 163.1}
TIE = 0.178
ENGINES = ["numba", "numpy"]


@pytest.fixture(params=ENGINES)
def engine(request, monkeypatch):
    if request.param == "numba":
        pytest.importorskip("numba", reason="the compiled engine needs numba")
    monkeypatch.setenv("DOUBLET_ENGINE", request.param)
    return request.param


# --- the forward model, written for these tests ---


def line(x, area, center, gauss, lorentz):
    return area * voigt_profile(x - center, gauss / 2.3548200450309493, lorentz / 2)


def doublet(x, area, center, splitting, gauss, lorentz):
    return line(x, area * 2 / 3, center, gauss, lorentz) + line(
        x, area / 3, center + splitting, gauss, lorentz
    )


def on_step(x, peaks, level, step):
    passed = np.concatenate([[0.0], np.cumsum((peaks[1:] + peaks[:-1]) / 2 * np.diff(x))])
    return peaks + level + step * passed


NAMES = (
    *("shift", "PS4 center", "bridging center", "P center"),
    *("gauss", "lorentz", "PS4 area", "bridging area", "P area"),
    *("S level", "S step", "P level", "P step"),
)
TRUTH = np.array(
    [0.3, 161.5, 163.1, 132.0, 1.0, 0.35, 9000.0, 2500.0, 1700.0, 400.0, 0.02, 300.0, 0.015]
)


def curves(q):
    shift, ps4, other, p, gauss, lorentz, a, b, c, s_level, s_step, p_level, p_step = q
    sulfur = doublet(X_S, a, ps4 + shift, 1.18, gauss, lorentz)
    sulfur += doublet(X_S, b, other + shift, 1.18, gauss, lorentz)
    phosphorus = doublet(X_P, c, p + shift, 0.86, gauss, lorentz)
    return on_step(X_S, sulfur, s_level, s_step), on_step(X_P, phosphorus, p_level, p_step)


def drawn(seed, scale=1.0):
    rng = np.random.default_rng(seed)
    return [rng.poisson(curve * scale).astype(float) for curve in curves(TRUTH)]


def spectra_of(y, sigmas=None):
    made = {}
    for i, (name, x) in enumerate((("S 2p", X_S), ("P 2p", X_P))):
        sigma = None if sigmas is None else sigmas[i]
        made[name] = make_spectrum(x, y[i], Axis.BINDING_ENERGY, y_unit="counts", sigma=sigma)
    return made


def joint_model():
    """PS4 and bridging sulfur beside the phosphorus of PS4: one shift, one pair of widths."""
    background = Background("shirley")
    sulfur = Region("S 2p", (158.0, 169.0), background, shift=Parameter(0.0, -4.0, 4.0))
    sulfur = add_doublet(
        sulfur, "PS4", "S 2p", "voigt_two_widths", splitting=1.18, **start(161.4, 8000.0)
    )
    sulfur = add_doublet(
        sulfur, "bridging", "S 2p", "voigt_two_widths", splitting=1.18, **start(163.0, 2000.0)
    )
    phosphorus = Region("P 2p", (128.0, 137.0), background)
    phosphorus = add_doublet(
        phosphorus, "PS4", "P 2p", "voigt_two_widths", splitting=0.86, **start(131.9, 1500.0)
    )
    model = share_shift(Model((sulfur, phosphorus)))
    owners = ("S 2p/PS4", "S 2p/bridging", "P 2p/PS4")
    for name in ("fwhm_gauss", "fwhm_lorentz"):
        model = add_links(model, share([f"{owner}/{name}" for owner in owners]))
    return model


def start(center, area):
    return {
        "center": (center, center - 2.0, center + 2.0),
        "area": Parameter(area, 0.0),
        "fwhm_gauss": (1.1, 0.2, 3.0),
        "fwhm_lorentz": (0.3, 0.0, 2.0),
    }


KNOWN = (
    Prior("S 2p/PS4/center", 161.4, 0.05, source="consensus"),
    Prior((Term(1.0, "S 2p/bridging/center"), Term(-1.0, "S 2p/PS4/center")), 1.5, 0.1, source="x"),
    Prior((Term(1.0, "P 2p/PS4/center"), Term(-1.0, "S 2p/PS4/center")), -29.4, 0.2),
    Prior("S 2p/PS4/fwhm_lorentz", 0.2, 0.05),
    Prior("S 2p/background/step", 0.01, 0.01),
)
TIED = Prior(
    (Term(1.0, "P 2p/PS4/area"), Term(-TIE, "S 2p/PS4/area")), relative=0.1, source="Scofield"
)
PATHS = (
    *("S 2p/region/shift", "S 2p/PS4/center", "S 2p/bridging/center", "P 2p/PS4/center"),
    *("S 2p/PS4/fwhm_gauss", "S 2p/PS4/fwhm_lorentz"),
    *("S 2p/PS4/area", "S 2p/bridging/area", "P 2p/PS4/area"),
    *("S 2p/background/level", "S 2p/background/step"),
    *("P 2p/background/level", "P 2p/background/step"),
)


def extra_rows(q, tie_sd):
    """Return the rows of KNOWN and TIED by hand."""
    v = dict(zip(NAMES, q, strict=True))
    return [
        (v["PS4 center"] - 161.4) / 0.05,
        (v["bridging center"] - v["PS4 center"] - 1.5) / 0.1,
        (v["P center"] - v["PS4 center"] + 29.4) / 0.2,
        (v["lorentz"] - 0.2) / 0.05,
        (v["S step"] - 0.01) / 0.01,
        (v["P area"] - TIE * v["PS4 area"]) / tie_sd,
    ]


def oracle(y, sigmas, tie_sd):
    """Return what scipy finds with the priors as extra residuals: values and errors."""

    def residual(scaled):
        q = scaled * TRUTH
        data = [(m - d) / s for m, d, s in zip(curves(q), y, sigmas, strict=True)]
        return np.concatenate([*data, extra_rows(q, tie_sd)])

    low, high = np.zeros(13), np.full(13, np.inf)
    low[0] = -10.0
    found = least_squares(
        residual,
        np.ones(13),
        jac="3-point",
        bounds=(low, high),
        xtol=1e-15,
        ftol=1e-15,
        gtol=1e-15,
        max_nfev=500,
    )
    covariance = np.linalg.inv(found.jac.T @ found.jac)
    rows = found.fun
    return (
        found.x * TRUTH,
        np.sqrt(np.diag(covariance)) * np.abs(TRUTH),
        float(rows[:-6] @ rows[:-6]),
        float(rows[-6:] @ rows[-6:]),
    )


# --- against scipy and by hand ---


def test_the_fit_is_scipys_with_the_priors_as_extra_residuals(engine):
    y = drawn(1)
    sigmas = [np.sqrt(np.maximum(d, 1.0)) for d in y]
    model = add_priors(joint_model(), (*KNOWN, TIED))
    result = fit(spectra_of(y, sigmas), model)
    tie_sd = 0.1 * TIE * result.value("S 2p/PS4/area")
    values, errors, chi_square, prior_chi_square = oracle(y, sigmas, tie_sd)
    assert result.status is Status.CONVERGED and result.engine == engine
    for path, value, error in zip(PATHS, values, errors, strict=True):
        assert result.value(path) == pytest.approx(value, abs=2e-4 * error), path
        assert result.stderr(path) == pytest.approx(error, rel=2e-3), path
    assert result.statistics.chi_square == pytest.approx(chi_square, rel=1e-6)
    assert result.statistics.prior_chi_square == pytest.approx(prior_chi_square, rel=1e-4)
    assert result.statistics.degrees_of_freedom == 221 + 181 + 6 - 13
    total = chi_square + prior_chi_square
    assert result.statistics.reduced_chi_square == pytest.approx(total / (221 + 181 + 6 - 13))
    assert sum(p.pull**2 for p in result.priors) == pytest.approx(prior_chi_square, rel=1e-4)
    tie = result.priors[-1]
    assert tie.sd == pytest.approx(tie_sd) and tie.prior.group == "ties"


def test_a_linear_problem_has_the_conjugate_posterior(engine):
    x = np.linspace(0.0, 10.0, 101)
    shape = np.exp(-4 * np.log(2) * ((x - 5.0) / 2.0) ** 2) / (2.0 * np.sqrt(np.pi / np.log(2)) / 2)
    sigma, area_prior, area_sd = 3.0, 50.0, 8.0
    y = 40.0 * shape + 7.0 + np.random.default_rng(2).normal(0, sigma, x.size)
    region = add_component(
        Region("r", (0.0, 10.0), Background("constant")),
        make_component(
            "a",
            "gaussian",
            area=Parameter(10.0),
            center=Parameter(5.0, free=False),
            fwhm=Parameter(2.0, free=False),
        ),
    )
    model = add_priors(Model((region,)), Prior("r/a/area", area_prior, area_sd))
    spectrum = make_spectrum(x, y, Axis.BINDING_ENERGY, sigma=np.full(x.size, sigma))
    result = fit(spectrum, model)
    design = np.column_stack([shape, np.ones(x.size)])
    precision = design.T @ design / sigma**2 + np.diag([1 / area_sd**2, 0.0])
    mean = np.linalg.solve(
        precision, design.T @ y / sigma**2 + np.array([area_prior / area_sd**2, 0.0])
    )
    covariance = np.linalg.inv(precision)
    assert result.value("r/a/area") == pytest.approx(mean[0], rel=1e-9)
    assert result.value("r/background/level") == pytest.approx(mean[1], rel=1e-9)
    assert result.stderr("r/a/area") == pytest.approx(np.sqrt(covariance[0, 0]), rel=1e-9)
    (known,) = result.priors
    assert known.pull == pytest.approx((mean[0] - area_prior) / area_sd)
    assert known.narrowing == pytest.approx(np.sqrt(covariance[0, 0]) / area_sd)
    profile = profile_interval(result, "r/a/area")
    half = 1.959964 * np.sqrt(covariance[0, 0])
    assert (profile.low, profile.high) == pytest.approx((mean[0] - half, mean[0] + half), rel=1e-3)


def test_a_part_of_another_parameter_is_a_standard_deviation(engine):
    """A slope of 0 +/- 2 % of the level for each eV: the width follows the fitted level."""
    x = np.linspace(0.0, 10.0, 101)
    y = 40.0 + 1.5 * x + np.random.default_rng(5).normal(0.0, 2.0, x.size)
    spectrum = make_spectrum(x, y, Axis.BINDING_ENERGY, sigma=np.full(x.size, 2.0))
    region = add_component(
        Region("r", (0.0, 10.0), Background("linear")),
        make_component(
            "a",
            "gaussian",
            area=Parameter(0.0, free=False),
            center=Parameter(5.0, free=False),
            fwhm=Parameter(2.0, free=False),
        ),
    )
    slope, level = "r/background/slope", "r/background/level"
    model = add_priors(Model((region,)), Prior(slope, relative=0.02, relative_to=level))
    result = fit(spectrum, model)
    design = np.column_stack([np.ones(x.size), x]) / 2.0
    sd = 0.02 * result.value(level)
    precision = design.T @ design + np.diag([0.0, 1 / sd**2])
    mean = np.linalg.solve(precision, design.T @ (y / 2.0))
    assert result.priors[0].sd == pytest.approx(sd)
    assert [result.value(level), result.value(slope)] == pytest.approx(mean, rel=1e-6)
    assert 0.3 < result.value(slope) / 1.5 < 0.99, "the prior must be felt"
    with pytest.raises(ModelError, match="part of nothing"):
        Prior(slope, sd=0.1, relative_to=level)


def test_a_prior_at_a_flat_place_is_scipys_too(engine):
    """The Lorentzian width may go to zero, where the curve of a Voigt's mix has no slope."""
    x = np.linspace(150.0, 170.0, 201)
    y = np.random.default_rng(3).poisson(line(x, 5000.0, 160.0, 1.2, 1e-9) + 100.0).astype(float)
    sigma = np.sqrt(np.maximum(y, 1.0))
    region = Region("r", (150.0, 170.0), Background("constant"))
    region = add_component(region, "a", "voigt", center=160.1, fwhm=1.3, mix=(0.2, 0.0, 1.0))
    spectrum = make_spectrum(x, y, Axis.BINDING_ENERGY, sigma=sigma)
    result = fit(spectrum, add_priors(Model((region,)), Prior("r/a/mix", 0.1, 0.02)))

    def unit_width(mix):
        """Full width of a Voigt of Gaussian width 1 - mix and Lorentzian width mix."""
        half = 0.5

        def f(u):
            g, h = (1 - mix) / 2.3548200450309493, mix / 2
            return voigt_profile(u, g, h) - voigt_profile(0.0, g, h) / 2

        return 2 * brentq(f, 1e-3 * half, 4.0)

    def residual(q):
        area, center, fwhm, mix, level = q * scale
        unit = fwhm / unit_width(mix)
        curve = line(x, area, center, (1 - mix) * unit, mix * unit) + level
        return np.append((curve - y) / sigma, (mix - 0.1) / 0.02)

    scale = np.array([5000.0, 160.0, 1.2, 0.1, 100.0])
    found = least_squares(residual, np.ones(5), xtol=1e-15, ftol=1e-15, gtol=1e-15)
    area, _, fwhm, mix, _ = found.x * scale
    assert result.value("r/a/mix") == pytest.approx(mix, abs=2e-5)
    assert result.value("r/a/area") == pytest.approx(area, rel=1e-5)
    assert result.value("r/a/fwhm") == pytest.approx(fwhm, rel=1e-5)


# --- the same numbers everywhere ---


@pytest.mark.parametrize("scale", [1.0, 0.02])
def test_engines_agree_on_counts(monkeypatch, scale):
    pytest.importorskip("numba", reason="the compiled engine needs numba")
    model = add_priors(joint_model(), (*KNOWN, TIED))
    spectra = spectra_of(drawn(4, scale))
    found = {}
    for name in ENGINES:
        monkeypatch.setenv("DOUBLET_ENGINE", name)
        found[name] = fit(spectra, model)
        assert found[name].engine == name
    one, two = found["numba"], found["numpy"]
    for path in PATHS:
        error = one.stderr(path)
        assert one.value(path) == pytest.approx(two.value(path), abs=1e-5 * error), path
        assert error == pytest.approx(two.stderr(path), rel=1e-5), path
    assert one.statistics.prior_chi_square == pytest.approx(
        two.statistics.prior_chi_square, rel=1e-5
    )
    for a, b in zip(one.priors, two.priors, strict=True):
        assert (a.sd, a.pull) == pytest.approx((b.sd, b.pull), rel=1e-4, abs=1e-6)


def test_other_minimisers_see_the_priors():
    pytest.importorskip("lmfit")
    model = add_priors(joint_model(), KNOWN)
    y = drawn(5)
    spectra = spectra_of(y, [np.sqrt(np.maximum(d, 1.0)) for d in y])
    ours, theirs = fit(spectra, model), fit(spectra, model, method="leastsq")
    for path in PATHS:
        assert theirs.value(path) == pytest.approx(ours.value(path), abs=0.01 * ours.stderr(path))
        assert theirs.stderr(path) == pytest.approx(ours.stderr(path), rel=1e-3)


def test_a_batch_a_stack_and_a_live_fit_give_the_numbers_of_fit(engine):
    model = add_priors(joint_model(), (*KNOWN, TIED))
    draws = [drawn(seed) for seed in range(10, 14)]
    single = [fit(spectra_of(y), model) for y in draws]
    stacks = {
        name: SpectrumStack(x, np.array([y[i] for y in draws]), Axis.BINDING_ENERGY)
        for i, (name, x) in enumerate((("S 2p", X_S), ("P 2p", X_P)))
    }
    batch = fit_batch(stacks, model, covariance=True)
    for m, result in enumerate(single):
        for path in PATHS:
            assert batch.values(path)[m] == pytest.approx(result.value(path), rel=1e-9)
            assert batch.stderr(path)[m] == pytest.approx(result.stderr(path), rel=1e-6)
        statistics = result.statistics
        assert batch.chi_square[m] == pytest.approx(statistics.chi_square)
        assert batch.prior_chi_square[m] == pytest.approx(statistics.prior_chi_square)
        assert batch.reduced_chi_square[m] == pytest.approx(statistics.reduced_chi_square)
    live = LiveFit(spectra_of(draws[0]), single[0].model, ["S 2p/bridging/center"])
    value = single[0].value("S 2p/bridging/center") + 0.05
    moved = live.fit({"S 2p/bridging/center": value}, quick=False)
    held = fit(
        spectra_of(draws[0]),
        set_parameter(single[0].model, "S 2p/bridging/center", value=value, free=False),
    )
    for path in ("S 2p/PS4/center", "S 2p/PS4/area", "P 2p/PS4/area"):
        assert moved.value(path) == pytest.approx(held.value(path), rel=1e-7)
    # Many fits of a model with priors are done one by one: the same numbers, not a stack of rows.
    assert fit_stack([spectra_of(y) for y in draws], model, FitOptions()) is None


# --- what a prior does ---


def test_a_tight_prior_is_a_fixed_value_and_a_wide_one_is_none(engine):
    spectra = spectra_of(drawn(6))
    model = joint_model()
    # The shift and all centres move together: one of them has to be known.
    anchored = set_parameter(model, "S 2p/PS4/center", value=161.5, free=False)
    tight = add_priors(model, Prior("S 2p/PS4/center", 161.5, 1e-4))
    wide = add_priors(anchored, Prior("S 2p/bridging/center", 163.9, 1e3))
    exact = fit(spectra, anchored)
    for other in (fit(spectra, tight), fit(spectra, wide)):
        for path in ("S 2p/region/shift", "S 2p/bridging/area", "P 2p/PS4/area"):
            assert other.value(path) == pytest.approx(exact.value(path), rel=1e-5)
            assert other.stderr(path) == pytest.approx(exact.stderr(path), rel=1e-3)


def test_a_prior_centre_beyond_a_bound_holds_the_parameter_there(engine):
    spectra = spectra_of(drawn(7))
    model = set_parameter(joint_model(), "S 2p/PS4/center", value=161.5, free=False)
    model = set_parameter(model, "S 2p/bridging/center", value=163.0, min=162.9, max=163.2)
    pushed = fit(spectra, add_priors(model, Prior("S 2p/bridging/center", 164.0, 0.003)))
    held = fit(spectra, set_parameter(model, "S 2p/bridging/center", value=163.2, free=False))
    assert pushed.status is Status.AT_BOUND
    assert pushed.value("S 2p/bridging/center") == 163.2
    assert pushed.stderr("S 2p/bridging/center") is None
    assert pushed.priors[0].pull == pytest.approx(-0.8 / 0.003)
    for path in ("S 2p/bridging/area", "S 2p/PS4/area", "P 2p/PS4/area"):
        assert pushed.value(path) == pytest.approx(held.value(path), rel=1e-6)


def test_a_prior_on_a_doublet_is_on_both_lines_together(engine):
    spectra = spectra_of(drawn(8))
    model = set_parameter(joint_model(), "S 2p/PS4/center", value=161.5, free=False)
    free = fit(spectra, model)
    goal = free.value("S 2p/bridging/area") * 1.3
    pulled = fit(spectra, add_priors(model, Prior("S 2p/bridging/area", goal, 1e-3 * goal)))
    assert pulled.value("S 2p/bridging/area") == pytest.approx(goal, rel=0.01)
    assert pulled.value("S 2p/bridging 2p3/2/area") == pytest.approx(goal * 2 / 3, rel=0.01)


def test_an_unlocked_splitting_may_have_a_prior(engine):
    model = set_parameter(joint_model(), "S 2p/PS4/center", value=161.5, free=False)
    region = unlock(model.region("S 2p"), "PS4", "center", "the literature spreads")
    model = replace_region(model, region)
    splitting = Prior(
        (Term(1.0, "S 2p/PS4 2p1/2/center"), Term(-1.0, "S 2p/PS4 2p3/2/center")), 1.18, 0.01
    )
    result = fit(spectra_of(drawn(9)), add_priors(model, splitting))
    assert result.status is Status.CONVERGED
    (known,) = result.priors
    assert known.fitted == pytest.approx(1.18, abs=0.03) and 0 < known.narrowing < 1
    assert splitting.group == "energies"


@pytest.mark.parametrize("unit", [1.0, 1e-5, 1e5])
def test_without_known_counts_the_noise_of_the_residuals_weighs_the_priors(engine, unit):
    """The same data in another unit, without a noise model, are balanced the same way."""
    y = drawn(15)
    model = add_priors(joint_model(), KNOWN)
    for path in PATHS:
        if path.endswith(("area", "level")):
            value = get_parameter(model, path).value
            if value is not None:
                model = set_parameter(model, path, value=value * unit)
    spectra = {
        name: make_spectrum(x, d * unit, Axis.BINDING_ENERGY, y_unit="arbitrary")
        for (name, x), d in zip((("S 2p", X_S), ("P 2p", X_P)), y, strict=True)
    }
    result = fit(spectra, model)
    noise = np.sqrt(result.statistics.reduced_chi_square)
    assert noise == pytest.approx(unit * 35.0, rel=0.5)
    given = {
        name: make_spectrum(
            s.x, s.y, Axis.BINDING_ENERGY, y_unit="arbitrary", sigma=np.full(s.x.size, noise)
        )
        for name, s in spectra.items()
    }
    known = fit(given, model)
    for path in PATHS:
        error = known.stderr(path)
        assert result.value(path) == pytest.approx(known.value(path), abs=1e-4 * error), path
        assert result.stderr(path) == pytest.approx(error, rel=1e-3), path
    free = fit(given, set_parameter(joint_model(), "S 2p/PS4/center", value=161.5, free=False))
    assert abs(free.value("S 2p/bridging/center") - known.value("S 2p/bridging/center")) > 1e-3


def test_draws_measure_the_prior_again():
    """Where the data cannot tell a centre from the shift, the prior alone makes the spread."""
    model = add_priors(joint_model(), Prior("S 2p/PS4/center", 161.4, 0.2))
    result = fit(spectra_of(drawn(16)), model)
    values = monte_carlo(result, ["S 2p/PS4/center", "S 2p/bridging/area"], 200, seed=1)
    assert values.spread("S 2p/PS4/center") == pytest.approx(0.2, rel=0.15)
    assert values.spread("S 2p/bridging/area") == pytest.approx(
        result.stderr("S 2p/bridging/area"), rel=0.2
    )


def test_an_open_value_starts_where_the_prior_is():
    model = set_parameter(joint_model(), "S 2p/bridging/center", value=None, min=160.0, max=168.0)
    model = add_priors(model, (*KNOWN[:1], Prior("S 2p/bridging/center", 163.1, 0.2)))
    problem = compile_problem(model, spectra_of(drawn(17)))
    q, complete = open_values(problem)
    assert not complete
    assert q[problem.free_paths.index("S 2p/bridging 2p3/2/center")] == 163.1


# --- what is refused, and what waits ---


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"sd": 0.0}, "standard deviation of a prior is 0.0"),
        ({"sd": -0.1}, "standard deviation of a prior is -0.1"),
        ({"sd": float("nan")}, "standard deviation of a prior is nan"),
        ({}, "no standard deviation"),
        ({"sd": 0.1, "relative": 0.1}, "or two"),
        ({"sd": 0.1, "value": float("inf")}, "value is inf"),
        ({"sd": 0.1, "group": "energy"}, 'no group of priors "energy"'),
        ({"relative": 0.1}, "part of nothing"),
    ],
)
def test_a_prior_that_says_nothing_is_refused(changes, words):
    with pytest.raises(ModelError, match=words.replace("(", "\\(")) as error:
        Prior("S 2p/PS4/center", **changes)
    assert error.value.where == "S 2p/PS4/center"


def test_a_prior_on_what_is_not_there_is_refused_by_name():
    with pytest.raises(ModelError, match='no component "PS5"'):
        add_priors(joint_model(), Prior("S 2p/PS5/center", 161.0, 0.1))
    model = Model(joint_model().regions, priors=(Prior("S 2p/PS4/centre", 161.0, 0.1),))
    with pytest.raises(ModelError, match='no parameter "centre"'):
        fit(spectra_of(drawn(18)), model)


def test_a_second_prior_on_the_same_sum_replaces_the_first():
    first, other = Prior("S 2p/PS4/center", 161.4, 0.1), Prior("S 2p/PS4 2p3/2/center", 161.5, 0.2)
    assert add_priors(add_priors(joint_model(), first), other).priors == (other,)


def test_a_prior_on_a_fixed_value_says_nothing_and_that_is_said(engine):
    spectra = spectra_of(drawn(19))
    model = set_parameter(joint_model(), "S 2p/PS4/center", value=161.5, free=False)
    plain = fit(spectra, model)
    idle = fit(spectra, add_priors(model, Prior("S 2p/PS4/center", 150.0, 0.001)))
    assert np.array_equal(idle.values, plain.values)
    assert idle.statistics == plain.statistics and not idle.priors
    (warning,) = [w for w in idle.warnings if w.code == "prior_idle"]
    assert "S 2p/PS4/center = 150 +/- 0.001" in warning.message
    apart = Prior((Term(1.0, "S 2p/bridging/center"), Term(-1.0, "S 2p/PS4/center")), 1.5, 0.01)
    acting = fit(spectra, add_priors(model, apart))
    assert len(acting.priors) == 1
    assert acting.value("S 2p/bridging/center") < plain.value("S 2p/bridging/center")


def test_a_prior_waits_while_its_component_is_switched_off(engine):
    spectra = spectra_of(drawn(20))
    model = set_parameter(joint_model(), "S 2p/PS4/center", value=161.5, free=False)
    tied = Prior((Term(1.0, "S 2p/bridging/area"), Term(-1.0, "S 2p/PS4/area")), relative=0.01)
    off = set_enabled(add_priors(model, tied), "S 2p", "bridging", False)
    without = set_enabled(model, "S 2p", "bridging", False)
    assert np.array_equal(fit(spectra, off).covariance, fit(spectra, without).covariance)


def test_too_few_points_count_the_priors():
    x = np.linspace(0.0, 1.0, 4)
    region = Region("r", (0.0, 1.0), Background("constant"))
    region = add_component(region, "a", "gaussian", center=0.5, fwhm=0.4, area=1.0)
    spectrum = make_spectrum(x, [5.0, 9.0, 9.0, 5.0], Axis.BINDING_ENERGY, y_unit="counts")
    with pytest.raises(FitError, match="4 points\\."):
        fit(spectrum, Model((region,)))
    known = add_priors(Model((region,)), Prior("r/a/center", 0.5, 0.1))
    assert fit(spectrum, known).statistics.degrees_of_freedom == 1


def test_lmfit_minimises_the_same_residuals():
    lmfit = pytest.importorskip("lmfit")
    y = drawn(21)
    model, spectra = add_priors(joint_model(), KNOWN), spectra_of(y, [np.sqrt(d + 1.0) for d in y])
    parameters, residual = lmfit_residual(spectra, model)
    found = lmfit.minimize(residual, parameters, xtol=1e-12, ftol=1e-12)
    ours = fit(spectra, model)
    by_path = {p.user_data: p for p in found.params.values()}
    assert found.ndata == 221 + 181 + len(KNOWN)
    for path in ("S 2p/region/shift", "S 2p/background/step", "P 2p/background/level"):
        assert by_path[path].value == pytest.approx(ours.value(path), abs=0.01 * ours.stderr(path))
        assert by_path[path].stderr == pytest.approx(
            ours.stderr(path) * found.redchi**0.5, rel=0.02
        )
