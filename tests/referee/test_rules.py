"""The lint: silent on clean fits, and right about the errors it is there for."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy.signal import savgol_filter

from spectra_core.calibration import measure_reference
from spectra_core.errors import FitError
from spectra_core.fitting import FitOptions, FitResult, FitWarning, Weights, fit
from spectra_core.foreign.casaxps import casaxps_model
from spectra_core.foreign.presence import has_casaxps_fit
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
    share,
    unlock,
)
from spectra_core.readers import read
from spectra_core.referee.rules import RULES, Expected, Interference, lint, rule
from spectra_core.referee.ties import tensions
from spectra_core.runs.simulate import Acquisition, simulate
from spectra_core.spectrum import Calibration, Spectrum, calibrate, replace_fields

WINDOWS = {"S 2p": (157.0, 169.5), "P 2p": (127.0, 138.0)}
REFERENCED = Calibration(0.0, "C 1s", 284.8, 284.8, 0.1)


def truth(*states, level="S 2p", fwhm=1.15, window=None, step=0.01) -> Region:
    """Doublets on an active Shirley step, every value given."""
    values = {"level": Parameter(300.0), "step": Parameter(step)}
    background = Background("shirley", "active", parameters=values)
    region = Region(level, window or WINDOWS[level], background)
    for name, center, area, *own in states:
        width = own[0] if own else fwhm
        region = add_doublet(region, name, level, area=area, center=center, fwhm=width, mix=0.3)
    return region


def draw_all(*regions, seed=0, counts=1e4, step=0.05) -> dict[str, Spectrum]:
    acquisition = Acquisition(step, 0.1, 10, 1486.6, peak_counts=counts)
    spectra = simulate(Model(regions), acquisition, np.random.default_rng(seed))
    return {r.name: calibrate(s, REFERENCED) for r, s in zip(regions, spectra, strict=True)}


def draw(region: Region, **options) -> Spectrum:
    return draw_all(region, **options)[region.name]


def start(*states, level="S 2p", shared=True, splittings=(), window=None, **changes) -> Model:
    """Doublets as a start: areas and background estimated, centres within 0.6 eV."""
    region = Region(level, window or WINDOWS[level], Background("shirley", "active"))
    for i, (name, center) in enumerate(states):
        region = add_doublet(
            region,
            name,
            level,
            species=name,
            area=Parameter(None, 0.0),
            splitting=splittings[i] if splittings else None,
            center=Parameter(center, center - 0.6, center + 0.6),
            fwhm=Parameter(1.2, 0.3, 2.5),
            mix=Parameter(0.3, free=False),
            **changes,
        )
    model = Model((region,))
    paths = [f"{level}/{doublet.major}/fwhm" for doublet in region.doublets]
    return add_links(model, share(paths)) if shared else model


def codes(result: FitResult, **options) -> set[str]:
    return {finding.code for finding in lint(result, **options)}


def message(result: FitResult, code: str, **options) -> str:
    return next(f.message for f in lint(result, **options) if f.code == code)


ONE = (("PS4", 161.5),)
ONE_TRUE = (("PS4", 161.5, 900.0),)

# ---------------------------------------------------------------------------------
# Silence

CLEAN = {
    "one": (ONE_TRUE, ONE, True),
    "two, 2.2 eV apart": (
        (("PS4", 160.7, 1000.0), ("S", 162.9, 1100.0)),
        (("PS4", 160.7), ("S", 162.9)),
        True,
    ),
    "two, free widths": (
        (("PS4", 160.7, 1000.0), ("S", 162.9, 600.0)),
        (("PS4", 160.7), ("S", 162.9)),
        False,
    ),
    "three": (
        (("Li2S", 160.2, 250.0), ("PS4", 161.5, 1000.0), ("S0", 163.6, 300.0)),
        (("Li2S", 160.2), ("PS4", 161.5), ("S0", 163.6)),
        True,
    ),
}


@pytest.mark.parametrize("name", CLEAN)
def test_a_clean_fit_of_good_data_has_no_findings(name):
    true, guess, shared = CLEAN[name]
    found = Counter()
    for seed in range(12):
        counts, step = (1e3, 1e4, 1e5)[seed % 3], (0.05, 0.1)[seed % 2]
        spectrum = draw(truth(*true), seed=seed + 100, counts=counts, step=step)
        found.update(codes(fit(spectrum, start(*guess, shared=shared))))
    assert not found


def test_a_clean_joint_fit_has_no_findings():
    for seed in range(6):
        assert lint(fit(joint_spectra(4.0, seed=seed), joint_model())) == ()


def test_a_clean_fit_with_the_positions_of_its_species_has_no_findings():
    library = [Expected("S 2p", "PS4", 161.5, 0.4), Expected("S 2p", "Li2S", 160.2, 0.4)]
    spectrum = draw(truth(*ONE_TRUE))
    assert lint(fit(spectrum, start(*ONE)), library=library) == ()


def test_linting_leaves_the_result_as_it_was():
    result = fit(draw(truth(*ONE_TRUE)), start(("PS4", 161.5), ("no", 165.0)))
    before = result.values.copy()
    lint(result)
    np.testing.assert_array_equal(result.values, before)


# ---------------------------------------------------------------------------------
# The table


def test_every_rule_has_its_own_code_a_title_and_something_to_do():
    assert len({row.code for row in RULES}) == len(RULES)
    for row in RULES:
        assert row.title
        assert row.advice.endswith(".")
        assert row.severity in ("note", "warning", "alarm")


def test_a_finding_is_a_fit_warning_with_advice():
    finding = lint(fit(draw(truth(*ONE_TRUE)), start(*ONE, splittings=(1.5,))))[0]
    assert isinstance(finding, FitWarning)
    assert finding.advice == rule(finding.code).advice


def test_alarms_come_first():
    found = lint(
        fit(draw(truth(*ONE_TRUE)), start(("PS4", 161.5), ("no", 165.0), splittings=(1.5, 1.5)))
    )
    order = [("alarm", "warning", "note").index(f.severity) for f in found]
    assert order == sorted(order)


def test_only_the_rules_asked_for_are_applied():
    result = fit(draw(truth(*ONE_TRUE)), start(("PS4", 161.5), ("no", 165.0)))
    assert codes(result, only=["splitting_wrong"]) == set()


# ---------------------------------------------------------------------------------
# Doublets


def test_as_reported_splittings_bias_the_ratio_by_a_tenth_and_the_lint_says_so():
    """Fig. 5f-i of Su 2025: printed 1.3 and 1.1; the truth here is 1.18 and R = 1."""
    spectrum = draw(truth(("PS4", 160.7, 1000.0), ("int", 162.9, 1000.0), fwhm=1.2), counts=1e5)
    guess = start(("PS4", 160.7), ("int", 162.9), splittings=(1.3, 1.1))
    text = message(fit(spectrum, guess), "splitting_wrong")
    bias = float(text.split("biased by ")[1].split(" %")[0])
    assert bias == pytest.approx(-10.5, abs=1.0)
    assert "1.30" in text
    assert "1.10" in text
    assert "1.16 to 1.20" in text


@pytest.mark.parametrize("splitting", [1.16, 1.18, 1.20])
def test_splittings_within_what_is_known_are_accepted(splitting):
    result = fit(draw(truth(*ONE_TRUE), counts=1e3), start(*ONE, splittings=(splitting,)))
    assert "splitting_wrong" not in codes(result)


def single_line(fwhm=1.6, **values) -> Model:
    region = Region("S 2p", WINDOWS["S 2p"], Background("shirley"))
    line = make_component(
        "S", area=Parameter(None, 0.0), center=161.8, fwhm=Parameter(fwhm, 0.3, 3.0), **values
    )
    return Model((add_component(region, line),))


def test_sulfur_without_its_doublet_is_an_alarm():
    found = lint(fit(draw(truth(*ONE_TRUE)), single_line()))
    assert found[0].code == "missing_doublet"
    assert "1.18 eV" in found[0].message


def test_a_single_line_of_an_s_level_is_none():
    region = Region(
        "Li 1s", (50.0, 61.0), Background("constant", parameters={"level": Parameter(50.0)})
    )
    region = add_component(region, make_component("Li", area=200.0, center=55.5, fwhm=1.3, mix=0.3))
    guess = replace(region, background=Background("constant"))
    assert lint(fit(draw(region), Model((guess,)))) == ()


def test_a_one_to_one_area_ratio_is_an_alarm():
    result = fit(draw(truth(*ONE_TRUE)), start(*ONE, ratio=1.0))
    assert "0.500" in message(result, "area_ratio_wrong")


def unlocked(*parameters) -> Model:
    model = start(*ONE)
    region = model.regions[0]
    for name in parameters:
        region = unlock(region, "PS4", name, "to see")
    minor = region.component("PS4 2p1/2")
    given = {"area": Parameter(300.0, 0.0), "center": Parameter(162.7, 158.0, 166.0)}
    changed = replace(minor, parameters={n: given[n] for n in parameters})
    parts = tuple(changed if c.id == minor.id else c for c in region.components)
    return replace_region(model, replace(region, components=parts))


def test_an_unlocked_ratio_that_the_data_do_not_ask_for_is_noted():
    text = message(fit(draw(truth(*ONE_TRUE)), unlocked("area")), "unlocked_without_evidence")
    assert "not tied" in text


def test_an_unlocked_ratio_that_hides_another_state_says_where_to_look():
    hidden = truth(("PS4", 161.5, 900.0), ("other", 162.6, 150.0))
    found = lint(fit(draw(hidden), unlocked("area")), only=["unlocked_without_evidence"])
    assert "another state" in found[0].advice


def test_a_minor_line_below_its_partner_is_an_alarm():
    model = unlocked("area", "center")
    region = model.regions[0]
    minor = region.component("PS4 2p1/2")
    values = dict(minor.parameters) | {"center": Parameter(160.3, 159.0, 161.0)}
    parts = tuple(
        replace(c, parameters=values) if c.id == minor.id else c for c in region.components
    )
    result = fit(draw(truth(*ONE_TRUE)), replace_region(model, replace(region, components=parts)))
    assert "doublet_order" in codes(result)


# ---------------------------------------------------------------------------------
# Widths and how many

THREE_STATES = (("PS4", 161.4, 700.0), ("bridging", 162.7, 170.0), ("S0", 163.5, 130.0))
TWO_STARTS = (("PS4", 161.4), ("intermediate", 162.9))


@pytest.mark.parametrize("seed", range(4))
def test_two_states_in_one_doublet_make_it_broader_than_its_neighbour(seed):
    result = fit(draw(truth(*THREE_STATES), seed=seed), start(*TWO_STARTS, shared=False))
    text = message(result, "broader_than_neighbours")
    assert "probably two states" in text
    assert "PS4" in text


@pytest.mark.parametrize("seed", range(4))
def test_with_one_shared_width_the_missing_state_shows_in_the_residuals(seed):
    result = fit(draw(truth(*THREE_STATES), seed=seed), start(*TWO_STARTS))
    assert {"one_more_component", "residual_structure"} <= codes(result)


def test_a_class_of_its_own_may_have_a_width_of_its_own():
    library = [
        Expected("P 2p", "PS4", 131.8, 0.3, width_class="thiophosphate"),
        Expected("P 2p", "PO4", 133.4, 0.3, width_class="oxidised P"),
    ]
    region = truth(("PS4", 131.8, 900.0), ("PO4", 133.6, 500.0, 1.6), level="P 2p")
    result = fit(draw(region), start(("PS4", 131.8), ("PO4", 133.6), level="P 2p", shared=False))
    assert "broader_than_neighbours" in codes(result)
    assert "broader_than_neighbours" not in codes(result, library=library)


def test_a_line_narrower_than_any_instrument_is_an_alarm():
    region = truth(("PS4", 161.5, 900.0, 0.35))
    assert "narrower_than_instrument" in codes(fit(draw(region, step=0.02), start(*ONE)))


def test_a_line_broader_than_one_state_is_named():
    region = truth(("PS4", 161.5, 900.0, 2.3))
    assert "2.0 eV" in message(fit(draw(region), start(*ONE)), "width_not_sensible")


def test_an_absent_species_is_below_detection_and_says_what_to_print():
    absent = start(("PS4", 161.5), ("no", 165.0))
    for seed in range(6):
        found = lint(fit(draw(truth(*ONE_TRUE), seed=seed), absent))
        assert {f.code for f in found} & {"zero_area", "below_detection", "not_needed"}
        assert all("<" in f.advice for f in found if f.code == "below_detection")


def test_more_components_than_the_noise_supports_are_counted():
    many = start(("PS4", 161.5), ("a", 164.5), ("b", 166.5))
    found = [lint(fit(draw(truth(*ONE_TRUE), seed=s, counts=500.0), many)) for s in range(4)]
    assert any(f.code == "too_many_components" for fs in found for f in fs)


def test_areas_that_cannot_be_told_apart_are_named():
    region = truth(("a", 161.4, 600.0), ("b", 161.8, 500.0))
    result = fit(draw(region, counts=1e5), start(("a", 161.4), ("b", 161.8)))
    assert "correlated_areas" in codes(result)


def test_a_value_on_its_bound_is_passed_on_with_advice():
    model = start(*ONE)
    region = model.regions[0]
    major = region.component("PS4 2p3/2")
    values = dict(major.parameters) | {"fwhm": Parameter(0.9, 0.5, 1.0)}
    parts = tuple(
        replace(c, parameters=values) if c.id == major.id else c for c in region.components
    )
    result = fit(draw(truth(*ONE_TRUE)), replace_region(model, replace(region, components=parts)))
    finding = next(f for f in lint(result) if f.code == "at_bound")
    assert finding.where == "S 2p/PS4 2p3/2/fwhm"
    assert finding.advice


# ---------------------------------------------------------------------------------
# Data, background, window


def test_smoothed_data_are_an_alarm_and_their_residuals_are_not_blamed_on_the_model():
    spectrum = draw(truth(*ONE_TRUE), seed=5)
    smooth = replace_fields(spectrum, y=savgol_filter(spectrum.y, 7, 2), counts=None)
    found = codes(fit(smooth, start(*ONE)))
    assert "smoothed_data" in found
    assert "residual_structure" not in found


def test_intensities_that_are_no_counts_are_found_by_their_noise():
    spectrum = draw(truth(*ONE_TRUE), seed=5)
    scaled = replace_fields(spectrum, y=10.0 * spectrum.y, counts=None)
    assert "noise_above_counting" in codes(fit(scaled, start(*ONE)))


def test_counts_below_zero_are_named_and_never_weighed_as_counts():
    spectrum = draw(truth(*ONE_TRUE), seed=5)
    subtracted = replace_fields(spectrum, y=spectrum.y - np.median(spectrum.y), counts=None)
    below = int((subtracted.y < 0).sum())
    result = fit(subtracted, start(*ONE))
    # what was taken off left its noise, which the data show: no weights of counts
    assert result.regions[0].weights == "empirical"
    true = np.sqrt(spectrum.y / spectrum.meta.acquisition_time_s)
    assert np.median(result.regions[0].sigma / true) == pytest.approx(1.0, abs=0.15)
    notes = [f for f in lint(result) if f.code == "negative_counts"]
    assert len(notes) == 1
    assert f"{below} of" in notes[0].message
    with pytest.raises(FitError, match=f"{below} of .* are negative"):
        fit(subtracted, start(*ONE), options=FitOptions(weights=Weights.POISSON))


def test_unknown_counts_are_noted():
    spectrum = draw(truth(*ONE_TRUE), seed=5)
    unknown = replace_fields(spectrum, counts=None, y_unit="arbitrary")
    assert codes(fit(unknown, start(*ONE))) == {"counts_unknown"}


def test_a_window_that_cuts_the_peak_is_named_at_both_ends():
    result = fit(draw(truth(*ONE_TRUE)), start(*ONE, window=(160.9, 163.6)))
    found = codes(result)
    assert {"end_on_peak", "narrow_window"} <= found


def test_a_static_background_with_an_end_on_a_peak_is_named():
    model = start(*ONE, window=(160.9, 168.0))
    region = replace(model.regions[0], background=Background("shirley", "static"))
    result = fit(draw(truth(*ONE_TRUE)), replace_region(model, region))
    assert {"end_on_peak", "narrow_window"} & codes(result)


def test_a_background_above_the_data_is_an_alarm():
    region = start(*ONE).regions[0]
    high = {"level": Parameter(420.0, free=False), "slope": Parameter(0.0, free=False)}
    region = replace(region, background=Background("linear", "active", parameters=high))
    result = fit(draw(truth(*ONE_TRUE, step=0.0)), Model((region,)))
    assert "background_above_data" in codes(result)


def test_starts_that_disagree_are_counted():
    result = replace(fit(draw(truth(*ONE_TRUE)), start(*ONE)), starts=(10.0, 90.0, 80.0, 70.0))
    assert "1 of 4" in message(result, "starts_disagree")


def test_a_fit_that_stopped_early_is_an_alarm():
    options = FitOptions(max_iterations=1)
    result = fit(draw(truth(*THREE_STATES)), start(*TWO_STARTS, shared=False), options=options)
    assert lint(result)[0].code == "not_converged"


# ---------------------------------------------------------------------------------
# The sample


def plasmon(area=2000.0, seed=0, window=(157.0, 175.0)) -> Spectrum:
    """Only a broad bump near 168 eV, like the loss of Si 2s on a bare wafer."""
    values = {"level": Parameter(1000.0), "slope": Parameter(5.0)}
    region = Region("S 2p", window, Background("linear", "active", parameters=values))
    bump = make_component("loss", "gaussian", area=area, center=168.0, fwhm=6.0)
    return draw(add_component(region, bump), seed=seed)


@pytest.mark.parametrize("area", [500.0, 2000.0])
@pytest.mark.parametrize("species", [(("sulfite", 167.0), ("sulfate", 168.6)), (("PS4", 161.5),)])
def test_a_wafer_with_only_a_plasmon_bump_claims_no_sulfur_and_names_the_overlap(area, species):
    window = (157.0, 175.0)
    result = fit(plasmon(area, window=window), start(*species, window=window))
    text = message(result, "no_line")
    assert "No S is shown" in text
    assert "Si 2s" in text
    assert "one_more_component" not in codes(result)


def test_another_element_that_the_sample_shows_is_named_where_its_line_falls():
    values = {"level": Parameter(100.0), "step": Parameter(0.01)}
    silicon = Region("Si 2p", (92.0, 110.0), Background("shirley", parameters=values))
    silicon = add_doublet(silicon, "Si", "Si 2p", area=900.0, center=99.4, fwhm=0.8, mix=0.3)
    window = (157.0, 175.0)
    spectrum = draw(truth(("SO4", 168.6, 500.0, 1.4), window=window))
    result = fit(spectrum, start(("SO4", 168.6), window=window))
    assert "overlap" not in codes(result)
    text = message(result, "overlap", spectra=[draw(silicon)])
    assert "Si 2p" in text


def test_a_survey_without_the_element_names_nothing():
    x = np.arange(0.0, 1200.0, 1.0)
    rng = np.random.default_rng(0)
    survey = replace_fields(
        draw(truth(*ONE_TRUE)),
        x_recorded=x,
        y=rng.poisson(2000.0, x.size) * 1.0,
        counts=None,
    )
    window = (157.0, 175.0)
    result = fit(
        draw(truth(("SO4", 168.6, 500.0), window=window)), start(("SO4", 168.6), window=window)
    )
    assert "overlap" not in codes(result, spectra=[survey])


def test_species_without_a_charge_reference_are_noted():
    spectrum = calibrate(draw(truth(*ONE_TRUE)), Calibration())
    assert codes(fit(spectrum, start(*ONE))) == {"reference_missing"}


def test_adventitious_carbon_after_sputtering_is_questioned():
    spectrum = draw(truth(*ONE_TRUE))
    etched = replace_fields(spectrum, meta=replace(spectrum.meta, etch_time_s=40.0))
    assert "40 s" in message(fit(etched, start(*ONE)), "reference_after_sputtering")


def test_carbon_black_taken_for_adventitious_carbon_is_questioned():
    values = {"level": Parameter(300.0), "step": Parameter(0.01)}
    region = Region("C 1s", (280.0, 297.0), Background("shirley", parameters=values))
    region = add_component(
        region,
        make_component(
            "sp2", "la", area=3000.0, center=285.0, fwhm=0.8, alpha=1.2, beta=2.2, gauss=0.5
        ),
    )
    region = add_component(
        region, make_component("pi", "gaussian", area=120.0, center=291.3, fwhm=2.6)
    )
    line = measure_reference(calibrate(draw(region, step=0.1), Calibration()), assigned=284.8)
    result = fit(draw(truth(*ONE_TRUE)), start(*ONE))
    assert "carbon black" in message(result, "carbon_kind", calibration=line)


LIBRARY = [
    Expected("S 2p", "PS4", 161.5, 0.4, "A"),
    Expected("S 2p", "Li2S", 160.2, 0.4, "A"),
    Expected("S 2p", "sulfite", 167.0, 0.6, "unconfirmed"),
    Expected("P 2p", "PS4", 131.8, 0.3, "A"),
]


def two_levels(sulfur: float, phosphorus: float, *, species: str = "PS4") -> FitResult:
    spectra = draw_all(
        truth((species, sulfur, 900.0)), truth(("PS4", phosphorus, 400.0), level="P 2p")
    )
    s2p = start((species, sulfur)).regions[0]
    p2p = start(("PS4", phosphorus), level="P 2p").regions[0]
    return fit(spectra, Model((s2p, p2p)))


def test_a_species_far_from_where_it_is_known_lists_what_lies_there():
    result = fit(draw(truth(("Li2S", 166.8, 900.0))), start(("Li2S", 166.8)))
    text = message(result, "position_far", library=LIBRARY)
    assert "+6.6" in text
    assert "sulfite (167.0 (unconfirmed))" in text


def test_levels_that_moved_together_are_re_referenced_and_not_reassigned():
    found = codes(two_levels(163.7, 134.0), library=LIBRARY)
    assert found == {"rigid_shift"}


def test_levels_that_moved_apart_are_an_alarm():
    result = two_levels(166.1, 131.8, species="Li2S")
    text = message(result, "not_rigid", library=LIBRARY)
    assert "+5.9" in text
    assert "+0.0" in text


def test_own_overlaps_take_the_place_of_the_built_in_ones():
    result = fit(plasmon(), start(("SO4", 168.6), window=(157.0, 175.0)))
    mine = [Interference("S 2p", 164.0, 172.0, "my own bump", ("Si 2p",), broad=True)]
    assert "my own bump" in message(result, "no_line", overlaps=mine)


# ---------------------------------------------------------------------------------
# Joint fits: PS4 holds four S for one P; total Scofield factors as the design prints them

S_FACTOR, P_FACTOR = 1.67, 1.19


def joint_spectra(sulfur_per_phosphorus: float, *, seed: int = 0) -> dict[str, Spectrum]:
    area = 1000.0
    phosphorus = area / sulfur_per_phosphorus * P_FACTOR / S_FACTOR
    return draw_all(
        truth(("PS4", 161.5, area), ("intermediate", 162.9, 600.0)),
        truth(("PS4", 131.8, phosphorus), ("PO4", 133.4, 60.0), level="P 2p"),
        seed=seed,
        counts=3e3,
    )


def joint_model(*, tied: bool = True) -> Model:
    s2p = start(("PS4", 161.5), ("intermediate", 162.9))
    p2p = start(("PS4", 131.8), ("PO4", 133.4), level="P 2p")
    model = add_links(Model((s2p.regions[0], p2p.regions[0])), (*s2p.links, *p2p.links))
    tie = Link("P 2p/PS4/area", (Term(P_FACTOR / S_FACTOR / 4.0, "S 2p/PS4/area"),))
    return add_links(model, [tie]) if tied else model


def test_a_tie_between_levels_makes_both_areas_better_known():
    spectra = joint_spectra(4.0)
    together, apart = fit(spectra, joint_model()), fit(spectra, joint_model(tied=False))
    for path in ("S 2p/PS4/area", "P 2p/PS4/area"):
        relative = [r.stderr(path) / r.value(path) for r in (together, apart)]
        assert relative[0] < relative[1]


def test_a_right_tie_has_no_tension_and_its_pulls_are_standard_normal():
    pulls = []
    for seed in range(20):
        (tension,) = tensions(fit(joint_spectra(4.0, seed=seed), joint_model()))
        pulls.append(tension.pull)
        assert tension.delta_chi_square == pytest.approx(tension.pull**2, abs=1.0)
    assert abs(np.mean(pulls)) < 0.7
    assert 0.6 < np.std(pulls) < 1.5


@pytest.mark.parametrize("seed", range(3))
def test_a_wrong_stoichiometry_is_reported_with_the_ratio_that_the_data_have(seed):
    result = fit(joint_spectra(3.0, seed=seed), joint_model())
    (tension,) = tensions(result)
    assert tension.significant
    assert tension.implied / tension.tied == pytest.approx(4.0 / 3.0, rel=0.1)
    assert tension.message == message(result, "tension")
    assert "contradict" in tension.message


def test_a_model_without_ties_between_levels_has_no_tension():
    assert tensions(fit(joint_spectra(4.0), joint_model(tied=False))) == ()


# ---------------------------------------------------------------------------------
# Real spectra with fits that people made


def test_the_real_casaxps_fits_of_s2p_pass_or_get_notes_a_person_would_write(data_dir):
    """What the stored fits show on paper: MoS2 and WS2 doublets with 1.16 eV and 2:1."""
    spectra = list(read(data_dir / "cheminfo-xps" / "assigned_excerpt_3samples.vms"))
    found = {}
    for spectrum in spectra:
        if "S 2p" not in spectrum.meta.region or not has_casaxps_fit(spectrum):
            continue
        stored = casaxps_model(spectrum)
        shifted = calibrate(spectrum, stored.calibration)
        result = fit(shifted, stored.model, options=FitOptions(weights=Weights.UNIT))
        sample = [s for s in spectra if s.meta.sample == spectrum.meta.sample]
        found[spectrum.meta.sample] = codes(result, spectra=sample)
    assert len(found) == 3
    for seen in found.values():
        assert seen <= {"unit_weights", "residual_structure", "at_bound"}
    # only where CasaXPS itself stored a centre and a width on their limits
    assert {s for s, seen in found.items() if "at_bound" in seen} == {"RW_WS2_MoS2_thicker"}


def test_the_single_mo3d_line_of_a_real_fit_is_named(data_dir):
    spectra = read(data_dir / "cheminfo-xps" / "assigned_excerpt_3samples.vms")
    spectrum = next(s for s in spectra if s.meta.region == "Mo 3d" and has_casaxps_fit(s))
    stored = casaxps_model(spectrum)
    result = fit(
        calibrate(spectrum, stored.calibration),
        stored.model,
        options=FitOptions(weights=Weights.UNIT),
    )
    finding = next(f for f in lint(result) if f.code == "missing_doublet")
    assert "MoO3" in finding.where


def test_the_guide_lists_every_rule_with_its_severity():
    guide = (Path(__file__).parents[2] / "docs" / "lint.md").read_text(encoding="utf-8")
    for row in RULES:
        assert f"| `{row.code}` | {row.severity} |" in guide
