"""The fit on synthetic spectra whose answer is known, with lmfit as second opinion."""

from copy import deepcopy
from dataclasses import replace

import numpy as np
import pytest
from scipy.special import voigt_profile

from spectra_core.errors import Cancelled, FitError, ModelError
from spectra_core.fitting import FitOptions, Status, Weights, evaluate, fit
from spectra_core.fitting.lmfit_bridge import from_lmfit, to_lmfit
from spectra_core.fitting.single import seen, solve
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
    replace_region,
    set_enabled,
    set_parameter,
    share,
    share_shift,
    unlock,
)
from spectra_core.spectrum import Axis, Meta, make_spectrum, replace_fields

DWELL, SCANS = 0.5, 10.0


def s2p_region(ps4=161.5, other=162.9, fwhm=1.1, **areas):
    """Two S 2p doublets; areas left out are estimated by the fit."""
    region = Region("S 2p", (158.0, 168.9), Background("shirley"))
    for name, center in (("PS4", ps4), ("intermediate", other)):
        values = {"area": areas[name]} if name in areas else {}
        region = add_doublet(
            region, name, "S 2p", "voigt", center=center, fwhm=fwhm, mix=0.3, **values
        )
    return region


def truth(level=500.0, step=0.02):
    model = Model((s2p_region(PS4=9000.0, intermediate=8000.0),))
    model = set_parameter(model, "S 2p/background/level", value=level)
    return set_parameter(model, "S 2p/background/step", value=step)


def drawn(model, x, *, axis=Axis.BINDING_ENERGY, region=0, **meta):
    """Noise-free synthetic spectrum of one region of a model, in counts per second."""
    meta = Meta(dwell_s=DWELL, scans=SCANS, sample="synthetic", **meta)
    flat = make_spectrum(x, np.ones_like(x), axis, meta=meta)
    only = Model((model.regions[region],))
    curve = evaluate(flat, only).regions[0].envelope
    return replace_fields(flat, y=curve, counts=curve * DWELL * SCANS)


def noisy(spectrum, seed):
    """Synthetic Poisson counts around a noise-free spectrum."""
    counts = np.random.default_rng(seed).poisson(spectrum.counts).astype(float)
    return replace_fields(spectrum, counts=counts, y=counts / (DWELL * SCANS))


ENERGY = np.linspace(158.0, 168.9, 219)


@pytest.fixture(scope="module")
def measured():
    return noisy(drawn(truth(), ENERGY), seed=1)


@pytest.fixture(scope="module")
def fitted(measured):
    return fit(measured, Model((s2p_region(161.3, 163.2, 1.4),)))


@pytest.mark.parametrize("engine", ["numba", "numpy"])
def test_noise_free_truth_is_recovered_from_a_poor_start(monkeypatch, engine):
    monkeypatch.setenv("DOUBLET_ENGINE", engine)
    result = fit(drawn(truth(), ENERGY), Model((s2p_region(161.2, 163.2, 1.43),)))
    assert result.status is Status.CONVERGED
    assert result.value("S 2p/PS4/area") == pytest.approx(9000.0, rel=1e-7)
    assert result.value("S 2p/intermediate/area") == pytest.approx(8000.0, rel=1e-7)
    assert result.value("S 2p/background/step") == pytest.approx(0.02, rel=1e-7)


def test_doublets_keep_splitting_and_ratio_to_1e_12(fitted):
    for name in ("PS4", "intermediate"):
        major, minor = f"S 2p/{name} 2p3/2", f"S 2p/{name} 2p1/2"
        splitting = fitted.value(f"{minor}/center") - fitted.value(f"{major}/center")
        assert splitting == pytest.approx(1.18, abs=1e-12)
        ratio = fitted.value(f"{minor}/area") / fitted.value(f"{major}/area")
        assert ratio == pytest.approx(0.5, rel=1e-12)
        assert fitted.value(f"{minor}/fwhm") == fitted.value(f"{major}/fwhm")


def test_n_free_counts_only_free_parameters(fitted):
    # Area, centre, width and mix of two doublets; level and step of the background.
    assert fitted.n_free == 10
    assert fitted.statistics.n_free == 10


def test_refitting_the_fitted_model_changes_nothing(fitted, measured):
    again = fit(measured, fitted.model)
    np.testing.assert_allclose(again.values, fitted.values, rtol=1e-7)


def test_standard_errors_agree_with_lmfit(fitted, measured):
    parameters, lmfit_model = to_lmfit({"S 2p": measured}, fitted.model)
    region = fitted.regions[0]
    oracle = lmfit_model.fit(
        region.y,
        parameters,
        x=region.x,
        weights=1.0 / region.sigma,
        scale_covar=False,
        fit_kws={"ftol": 1e-14, "xtol": 1e-14},
    )
    checked = 0
    for parameter in oracle.params.values():
        ours = fitted.stderr(parameter.user_data)
        if parameter.stderr:
            assert ours == pytest.approx(parameter.stderr, rel=1e-3), parameter.user_data
            checked += 1
    assert checked == 18  # all but the fixed shift
    assert fitted.statistics.chi_square <= oracle.chisqr * (1 + 1e-8)


def test_lmfit_values_come_back_into_the_model(fitted, measured):
    parameters, _ = to_lmfit({"S 2p": measured}, fitted.model)
    model = from_lmfit(fitted.model, parameters)
    np.testing.assert_allclose(evaluate(measured, model).values, fitted.values, rtol=1e-12)


def test_another_minimiser_of_lmfit_finds_the_same_minimum(fitted, measured):
    other = fit(measured, fitted.model, options=FitOptions(method="powell"))
    chi_square = fitted.statistics.chi_square
    assert other.statistics.chi_square == pytest.approx(chi_square, rel=1e-4)
    assert other.value("S 2p/PS4/area") == pytest.approx(fitted.value("S 2p/PS4/area"), rel=2e-3)


def test_an_unknown_method_is_a_clear_error(measured):
    with pytest.raises(FitError, match="magic"):
        fit(measured, truth(), options=FitOptions(method="magic"))


def test_reduced_chi_square_of_poisson_data_averages_one():
    clean = drawn(truth(), ENERGY)
    model = truth()
    values = [fit(noisy(clean, seed), model).statistics.reduced_chi_square for seed in range(200)]
    assert np.mean(values) == pytest.approx(1.0, abs=0.02)


def test_areas_are_not_biased_at_low_counts():
    """Data weights would lose about one count per point; model weights do not."""
    model = truth(level=4.0)
    for name, area in (("PS4", 60.0), ("intermediate", 50.0)):
        model = set_parameter(model, f"S 2p/{name}/area", value=area)
    clean = drawn(model, ENERGY)
    fixed = model
    for name in ("PS4", "intermediate"):
        for shape in ("center", "fwhm", "mix"):
            fixed = set_parameter(fixed, f"S 2p/{name} 2p3/2/{shape}", free=False)
    totals = [fit(noisy(clean, seed), fixed).value("S 2p/PS4/area") for seed in range(150)]
    error = np.std(totals) / np.sqrt(len(totals))
    assert abs(np.mean(totals) - 60.0) < 3.0 * error


def test_standard_errors_describe_the_scatter_of_repeated_fits():
    clean = drawn(truth(), ENERGY)
    results = [fit(noisy(clean, seed), truth()) for seed in range(150)]
    areas = [r.value("S 2p/PS4/area") for r in results]
    quoted = np.mean([r.stderr("S 2p/PS4/area") for r in results])
    assert np.std(areas) == pytest.approx(quoted, rel=0.2)


def test_a_kinetic_energy_axis_gives_the_same_answer(fitted, measured):
    photon_energy = 1486.6
    mirrored = make_spectrum(
        photon_energy - measured.x,
        measured.y,
        Axis.KINETIC_ENERGY,
        counts=measured.counts,
        meta=Meta(dwell_s=DWELL, scans=SCANS, excitation_energy_ev=photon_energy),
    )
    result = fit(mirrored, Model((s2p_region(161.3, 163.2, 1.4),)))
    np.testing.assert_allclose(result.values, fitted.values, rtol=1e-6)


def test_a_kinetic_energy_axis_without_photon_energy_is_fitted_as_it_is(fitted, measured):
    """Centres are then kinetic energies, and the minor line lies lower."""
    mirrored = make_spectrum(
        1000.0 - measured.x,
        measured.y,
        Axis.KINETIC_ENERGY,
        counts=measured.counts,
        meta=Meta(dwell_s=DWELL, scans=SCANS),
    )
    region = Region("S 2p", (831.1, 842.0), Background("shirley"))
    for name, center in (("PS4", 838.7), ("intermediate", 836.8)):
        region = add_doublet(region, name, "S 2p", "voigt", center=center, fwhm=1.4, mix=0.3)
    result = fit(mirrored, Model((region,)))
    assert result.value("S 2p/PS4/area") == pytest.approx(fitted.value("S 2p/PS4/area"), rel=1e-6)
    center = "S 2p/PS4 2p3/2/center"
    assert result.value(center) == pytest.approx(1000.0 - fitted.value(center), abs=1e-6)
    minor = result.value("S 2p/PS4 2p1/2/center")
    assert minor == pytest.approx(result.value(center) - 1.18, abs=1e-12)


def test_descending_input_gives_the_same_answer(fitted, measured):
    turned = make_spectrum(
        measured.x[::-1],
        measured.y[::-1],
        Axis.BINDING_ENERGY,
        counts=measured.counts[::-1],
        meta=measured.meta,
    )
    result = fit(turned, Model((s2p_region(161.3, 163.2, 1.4),)))
    np.testing.assert_array_equal(result.values, fitted.values)


def test_twice_the_rate_at_half_the_time_is_twice_the_area(fitted, measured):
    brighter = replace_fields(measured, y=2 * measured.y, meta=Meta(dwell_s=DWELL / 2, scans=SCANS))
    result = fit(brighter, Model((s2p_region(161.3, 163.2, 1.4),)))
    for path in ("S 2p/PS4/area", "S 2p/intermediate/area"):
        assert result.value(path) == pytest.approx(2 * fitted.value(path), rel=1e-6)
        assert result.stderr(path) == pytest.approx(2 * fitted.stderr(path), rel=1e-5)


def test_a_parameter_on_its_bound_is_flagged_and_has_no_error(measured):
    model = Model((s2p_region(161.3, 163.2, 1.4),))
    model = set_parameter(model, "S 2p/PS4 2p3/2/fwhm", value=0.9, max=0.95)
    result = fit(measured, model)
    assert result.status is Status.AT_BOUND
    width = result.estimate("S 2p/PS4 2p3/2/fwhm")
    assert width.value == pytest.approx(0.95)
    assert width.at_bound and width.stderr is None
    assert result.stderr("S 2p/PS4 2p1/2/fwhm") is None
    assert [w.where for w in result.warnings if w.code == "at_bound"] == ["S 2p/PS4 2p3/2/fwhm"]
    assert result.stderr("S 2p/PS4/area") > 0


@pytest.mark.parametrize("case", ["free", "on a bound", "level on a bound", "unit weights"])
def test_numbers_without_curves_are_those_of_the_result(measured, case):
    """Intervals read them in place of whole results."""
    model, spectrum = Model((s2p_region(161.3, 163.2, 1.4),)), measured
    if case == "on a bound":
        model = set_parameter(model, "S 2p/PS4 2p3/2/fwhm", value=0.9, max=0.95)
    elif case == "level on a bound":
        model = set_parameter(model, "S 2p/background/level", value=400.0, max=420.0)
    elif case == "unit weights":
        spectrum = replace_fields(measured, counts=None, y_unit="arbitrary")
    options = FitOptions()
    found = solve({"S 2p": spectrum}, model, options=options)
    numbers, whole = found.numbers, seen(found, options)
    np.testing.assert_array_equal(numbers.values, whole.values)
    np.testing.assert_allclose(numbers.covariance, whole.covariance, rtol=1e-12)
    np.testing.assert_array_equal(numbers.at_bound, whole.at_bound)
    assert numbers.at_bound.any() == ("bound" in case)
    assert found.reduced_chi_square == pytest.approx(whole.statistics.reduced_chi_square)


def test_a_redundant_component_is_said_to_be_undetermined(measured):
    region = s2p_region(161.5, 162.9)
    twin = make_component("twin", "voigt", center=161.5, fwhm=1.1, mix=0.3, area=100.0)
    model = Model((add_component(region, twin),))
    model = add_links(
        model,
        [
            Link(f"S 2p/twin/{name}", (Term(1.0, f"S 2p/PS4 2p3/2/{name}"),))
            for name in ("center", "fwhm", "mix")
        ],
    )
    minor = unlock(model.regions[0], "PS4", "area", "test of an underdetermined model")
    minor = unlock(minor, "PS4", "center", "test of an underdetermined model")
    result = fit(measured, replace_region(model, minor))
    undetermined = {w.where for w in result.warnings if w.code == "not_determined"}
    assert {"S 2p/twin/area", "S 2p/PS4 2p3/2/area"} <= undetermined
    assert result.stderr("S 2p/twin/area") is None
    assert result.stderr("S 2p/intermediate/area") > 0


@pytest.mark.parametrize("engine", ["numba", "numpy"])
@pytest.mark.parametrize(
    ("shape", "values", "path"),
    [
        ("voigt", {"fwhm": 1.1, "mix": 1.0}, "mix"),
        ("voigt_two_widths", {"fwhm_gauss": 0.0, "fwhm_lorentz": 0.6}, "fwhm_gauss"),
    ],
)
def test_a_fit_leaves_a_start_without_slope(monkeypatch, engine, shape, values, path):
    """At mix 1 (no Gaussian part) the curve has no slope in the mix; a start there is no trap."""
    monkeypatch.setenv("DOUBLET_ENGINE", engine)

    def line(**own):
        region = Region("S 2p", (158.0, 168.9), Background("constant"))
        return Model((add_component(region, make_component("line", shape, center=163.0, **own)),))

    truth = {"fwhm": 1.1, "mix": 0.3} if path == "mix" else {"fwhm_gauss": 0.9, "fwhm_lorentz": 0.3}
    model = set_parameter(line(area=8000.0, **truth), "S 2p/background/level", value=300.0)
    spectrum = drawn(model, ENERGY)
    result = fit(spectrum, line(**values))
    assert result.value(f"S 2p/line/{path}") == pytest.approx(truth[path], rel=1e-5)


def lines_of_free_mix(areas=(None, None), mixes=(0.3, 0.3), fwhm=1.1, widest=1.0):
    """Two S 2p doublets of Voigt lines, 1.5 eV apart, each with a mix of its own."""
    region = Region("S 2p", (158.0, 168.9), Background("constant"))
    for name, center, area, mix in zip("AB", (161.5, 163.0), areas, mixes, strict=True):
        given = {} if area is None else {"area": area}
        region = add_doublet(
            region,
            name,
            "S 2p",
            "voigt",
            center=center,
            fwhm=fwhm,
            mix=Parameter(mix, 0.0, widest),
            **given,
        )
    return set_parameter(Model((region,)), "S 2p/background/level", value=400.0)


@pytest.mark.parametrize("engine", ["numba", "numpy"])
def test_a_mix_of_one_is_reported_only_where_it_is_the_minimum(monkeypatch, engine):
    monkeypatch.setenv("DOUBLET_ENGINE", engine)
    rng = np.random.default_rng(3)
    at_one = 0
    for seed in range(25):
        truth = lines_of_free_mix(rng.uniform(500.0, 9000.0, 2), rng.uniform(0.3, 0.95, 2))
        spectrum = noisy(drawn(truth, ENERGY), seed)
        start = lines_of_free_mix(fwhm=float(rng.uniform(0.7, 1.6)))
        result = fit(spectrum, start)
        on_bound = [f"S 2p/{name}/mix" for name in "AB" if result.value(f"S 2p/{name}/mix") > 0.999]
        if on_bound:
            at_one += 1
            assert result.status is Status.AT_BOUND
            inside = lines_of_free_mix(mixes=(0.6, 0.6), widest=0.99)
            beside = fit(spectrum, inside).statistics.chi_square
            assert result.statistics.chi_square <= beside + 1e-6
    assert at_one > 0  # noise makes some lines look more than Lorentzian


def test_a_disabled_component_is_neither_drawn_nor_counted(fitted, measured):
    model = set_enabled(fitted.model, "S 2p", "intermediate", False)
    result = fit(measured, model)
    assert result.n_free == 6
    assert set(result.regions[0].peaks) == {"PS4 2p3/2", "PS4 2p1/2"}
    again = fit(measured, set_enabled(result.model, "S 2p", "intermediate", True))
    assert again.statistics.chi_square == pytest.approx(fitted.statistics.chi_square, rel=1e-9)


def test_a_disabled_component_needs_no_values(measured):
    region = add_doublet(s2p_region(161.3, 163.2, 1.4), "sulfate", "S 2p", center=168.0)
    model = set_enabled(Model((region,)), "S 2p", "sulfate", False)
    result = fit(measured, model)
    assert result.n_free == 10
    after = result.model.regions[0].component("sulfate 2p3/2")
    assert after.parameters["area"].value is None
    assert after.parameters["center"].value == 168.0


def test_an_unlocked_parameter_is_free_and_its_reason_is_kept(measured):
    region = unlock(s2p_region(161.3, 163.2, 1.4), "PS4", "fwhm", "Coster-Kronig broadening")
    result = fit(measured, Model((region,)))
    assert result.n_free == 11
    assert result.model.regions[0].doublet("PS4").unlocked[0].reason == "Coster-Kronig broadening"


def test_a_cancelled_fit_raises_and_changes_nothing(measured):
    model = Model((s2p_region(161.3, 163.2, 1.4),))
    calls = []

    def should_stop():
        calls.append(1)
        return len(calls) > 2

    before = deepcopy(model)
    with pytest.raises(Cancelled):
        fit(measured, model, should_stop=should_stop)
    assert model == before


def test_progress_reports_a_falling_chi_square(measured):
    seen = []
    fit(measured, Model((s2p_region(161.3, 163.2, 1.4),)), progress=seen.append)
    assert len(seen) > 3
    assert seen[-1].chi_square < seen[0].chi_square


def test_several_starts_find_what_one_poor_start_misses(fitted, measured):
    model = Model((s2p_region(160.2, 164.9, 2.5),))
    result = fit(measured, model, options=FitOptions(starts=8, seed=3))
    best = min(result.starts)
    assert sum(reached < best + 0.1 for reached in result.starts) >= 8
    assert result.statistics.chi_square == pytest.approx(fitted.statistics.chi_square, rel=1e-3)


def test_unknown_counts_give_scaled_errors_and_say_so(fitted, measured):
    unknown = replace_fields(measured, y_unit="arbitrary", counts=None)
    result = fit(unknown, Model((s2p_region(161.3, 163.2, 1.4),)))
    assert result.regions[0].weights == "unit"
    assert "counts_unknown" in {w.code for w in result.warnings}
    quoted, known = result.stderr("S 2p/PS4/area"), fitted.stderr("S 2p/PS4/area")
    assert 0.5 < quoted / known < 2.0


@pytest.mark.parametrize(
    ("unit", "dwell", "scans", "words"),
    [
        ("arbitrary", None, None, "--y-unit"),
        ("counts/s", None, None, "--dwell and --scans would say"),
        ("counts/s", 0.1, None, "--scans beside --dwell 0.1"),
        ("counts/s", None, 40.0, "--dwell beside --scans 40"),
    ],
)
def test_the_option_that_would_tell_the_counts_is_named(measured, unit, dwell, scans, words):
    meta = replace(measured.meta, dwell_s=dwell, scans=scans)
    unknown = replace_fields(measured, y_unit=unit, counts=None, meta=meta)
    result = fit(unknown, Model((s2p_region(161.3, 163.2, 1.4),)))
    assert words in next(w.message for w in result.warnings if w.code == "counts_unknown")


def test_poisson_weights_of_unknown_counts_are_refused(measured):
    unknown = replace_fields(measured, y_unit="arbitrary", counts=None)
    with pytest.raises(FitError, match="dwell"):
        fit(unknown, truth(), options=FitOptions(weights=Weights.POISSON))


def test_given_standard_deviations_are_used(measured):
    given = replace_fields(measured, sigma=np.full(len(measured), 7.0))
    result = fit(given, truth())
    assert result.regions[0].weights == "given"
    np.testing.assert_array_equal(result.regions[0].sigma, 7.0)


def p2p_region(center=131.7):
    region = Region("P 2p", (128.0, 136.0), Background("linear"))
    return add_doublet(region, "PS4", "P 2p", "voigt", center=center, fwhm=1.1, mix=0.3)


P_ENERGY = np.linspace(128.0, 136.0, 161)


def joint_truth():
    p2p = Model((p2p_region(),))
    for path, value in (
        ("PS4/area", 9000.0 * 0.25),
        ("background/level", 300.0),
        ("background/slope", 2.0),
    ):
        p2p = set_parameter(p2p, f"P 2p/{path}", value=value)
    return Model((truth().regions[0], p2p.regions[0]))


def joint_spectra(seed=None, shift=0.0):
    model = joint_truth()
    clean = {
        "S 2p": drawn(model, ENERGY, region=0),
        "P 2p": drawn(model, P_ENERGY, region=1),
    }
    if seed is not None:
        clean = {name: noisy(s, seed + i) for i, (name, s) in enumerate(clean.items())}
    return {name: replace_fields(s, x_recorded=s.x_recorded + shift) for name, s in clean.items()}


def test_two_regions_with_a_stoichiometric_link_are_one_problem():
    model = Model((s2p_region(161.3, 163.2, 1.4), p2p_region(131.5)))
    model = add_links(model, [Link("P 2p/PS4/area", (Term(0.25, "S 2p/PS4/area"),))])
    result = fit(joint_spectra(seed=5), model)
    assert result.n_free == 10 + 5
    ratio = result.value("P 2p/PS4/area") / result.value("S 2p/PS4/area")
    assert ratio == pytest.approx(0.25, rel=1e-12)
    assert result.value("S 2p/PS4/area") == pytest.approx(9000.0, rel=0.03)
    # The P 2p data add information on the S 2p area.
    alone = fit(joint_spectra(seed=5)["S 2p"], Model((s2p_region(161.3, 163.2, 1.4),)))
    assert result.stderr("S 2p/PS4/area") < alone.stderr("S 2p/PS4/area")


def test_one_charge_shift_moves_all_regions_together():
    model = joint_truth()
    for region in model.regions:
        for doublet in region.doublets:
            path = f"{region.name}/{doublet.major}/center"
            model = set_parameter(model, path, free=False)
    result = fit(joint_spectra(shift=0.35), share_shift(model))
    assert result.value("S 2p/region/shift") == pytest.approx(0.35, abs=1e-7)
    assert result.value("P 2p/region/shift") == result.value("S 2p/region/shift")


def test_shared_width_across_regions_has_one_value_and_one_error():
    model = Model((s2p_region(161.3, 163.2, 1.4), p2p_region(131.5)))
    model = add_links(model, [Link("P 2p/PS4/fwhm", (Term(1.0, "S 2p/PS4/fwhm"),))])
    result = fit(joint_spectra(seed=5), model)
    assert result.value("P 2p/PS4/fwhm") == result.value("S 2p/PS4/fwhm")
    assert result.stderr("P 2p/PS4/fwhm") == result.stderr("S 2p/PS4/fwhm")


def test_a_link_with_several_terms_is_exact():
    model = Model((s2p_region(161.3, 163.2, 1.4), p2p_region(131.5)))
    terms = (Term(0.1, "S 2p/PS4/area"), Term(0.05, "S 2p/intermediate/area"))
    model = add_links(model, [Link("P 2p/PS4/area", terms, offset=3.0)])
    result = fit(joint_spectra(seed=5), model)
    expected = (
        0.1 * result.value("S 2p/PS4/area") + 0.05 * result.value("S 2p/intermediate/area") + 3.0
    )
    assert result.value("P 2p/PS4/area") == pytest.approx(expected, rel=1e-12)


def test_all_zero_data_are_refused_in_a_sentence(measured):
    zero = replace_fields(measured, y=0 * measured.y, counts=None)
    with pytest.raises(FitError, match="zero"):
        fit(zero, truth())


def test_more_parameters_than_points_are_refused(measured):
    region = s2p_region()
    narrow = Region("S 2p", (161.0, 161.3), region.background, region.components, region.doublets)
    with pytest.raises(FitError, match="10 free parameters cannot be fitted to 7 points"):
        fit(measured, Model((narrow,)))


def test_a_component_outside_the_window_is_reported(measured):
    stray = make_component(
        "stray", "gaussian", center=Parameter(175.0, free=False), fwhm=Parameter(1.0, free=False)
    )
    result = fit(measured, Model((add_component(s2p_region(), stray),)))
    assert "outside_window" in {w.code for w in result.warnings}


def test_a_start_outside_its_bounds_is_moved_and_said(measured):
    model = set_parameter(truth(), "S 2p/PS4 2p3/2/center", value=161.9, min=161.2, max=161.8)
    result = fit(measured, model)
    assert result.value("S 2p/PS4 2p3/2/center") == pytest.approx(161.5, abs=0.02)
    assert any(w.code == "start_moved" and "161.9" in w.message for w in result.warnings)


def test_a_fixed_value_outside_its_bounds_is_an_error(measured):
    model = set_parameter(
        truth(), "S 2p/PS4 2p3/2/center", value=161.9, min=161.2, max=161.8, free=False
    )
    with pytest.raises(ModelError, match="lies outside its bounds"):
        fit(measured, model)


def test_drawing_a_model_without_a_value_names_the_parameter_that_lacks_it(measured):
    model = set_parameter(truth(), "S 2p/background/level", value=None)
    with pytest.raises(FitError, match="S 2p/background/level: this parameter has no value"):
        evaluate(measured, model)


def test_results_are_read_only(fitted):
    with pytest.raises(ValueError, match="read-only"):
        fitted.regions[0].envelope[0] = 1.0


# --- beside a nuisance on its bound ---


def test_errors_beside_a_step_of_zero_are_the_scatter_of_the_fits():
    """Two doublets on a flat background, synthetic: half of all fits want a step below zero."""
    x = np.arange(157.0, 170.01, 0.1)
    rng = np.random.default_rng(7)

    def pair(center, area):
        lines = (voigt_profile(x - center - apart, 0.45, 0.1) for apart in (0.0, 1.18))
        return area * sum(part * line for part, line in zip((2 / 3, 1 / 3), lines, strict=True))

    expected = 300.0 + pair(161.5, 3000.0) + pair(163.1, 900.0)
    region = Region("S 2p", (157.0, 170.0), Background("shirley"))
    for name, center in (("PS4", 161.5), ("mid", 163.1)):
        region = add_doublet(region, name, "S 2p", splitting=1.18, center=center, fwhm=1.15)
    model = add_links(Model((region,)), share(["S 2p/PS4/fwhm", "S 2p/mid/fwhm"]))
    areas, errors, bound = [], [], []
    for _ in range(120):
        y = rng.poisson(expected).astype(float)
        spectrum = make_spectrum(x, y, Axis.BINDING_ENERGY, y_unit="counts", counts=y)
        result = fit(spectrum, model, options=FitOptions(starts=1))
        areas.append(result.value("S 2p/PS4/area"))
        errors.append(result.stderr("S 2p/PS4/area"))
        bound.append(result.stderr("S 2p/background/step") is None)
    areas, errors, bound = np.array(areas), np.array(errors), np.array(bound)
    assert 0.2 < bound.mean() < 0.8
    off = areas - 3000.0
    assert errors[bound].mean() == pytest.approx(errors[~bound].mean(), rel=0.15)
    assert np.mean(np.abs(off) < 1.96 * errors) > 0.9
    assert np.sqrt(np.mean(off**2)) == pytest.approx(errors.mean(), rel=0.3)
