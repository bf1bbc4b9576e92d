"""Calibration: the reference line, its uncertainty, and shifts that cannot be charging."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from spectra_core.calibration import (
    KINDS,
    calibrate_samples,
    center_uncertainty,
    measure_reference,
    reference_shift,
    separation,
)
from spectra_core.curves.lineshapes import lineshape
from spectra_core.errors import DataError, ModelError
from spectra_core.fitting import fit
from spectra_core.model import (
    Background,
    Model,
    Parameter,
    Region,
    add_component,
    add_doublet,
    make_component,
)
from spectra_core.referee.rigidity import rigidity_test
from spectra_core.runs.simulate import Acquisition, simulate
from spectra_core.spectrum import Axis, Calibration, Spectrum, calibrate, to_axis

CONSTANT_STEP = {"level": Parameter(300.0), "step": Parameter(0.01)}


def draw(region: Region, *, seed: int = 0, counts: float = 1e4, sample: str = "s") -> Spectrum:
    """One synthetic spectrum with Poisson noise."""
    acquisition = Acquisition(0.1, 0.1, 10, 1486.6, sample=sample, peak_counts=counts)
    return simulate(Model((region,)), acquisition, np.random.default_rng(seed))[0]


def carbon(kind: str, maximum: float, *, seed: int = 0, counts: float = 1e4, sample: str = "s"):
    """Synthetic C 1s whose highest line has its maximum at `maximum`."""
    region = Region("C 1s", (280.0, 297.0), Background("shirley", parameters=CONSTANT_STEP))
    if kind == "adventitious":
        lines = [
            ("voigt", 0.0, 3000.0, 1.25, {}),
            ("voigt", 1.5, 500.0, 1.35, {}),
            ("voigt", 4.1, 300.0, 1.35, {}),
        ]
        offset = 0.0
    else:
        tail = {"alpha": 1.2, "beta": 2.2, "gauss": 0.5}
        lines = [
            ("la", 0.0, 3000.0, 0.8, tail),
            ("voigt", 1.8, 200.0, 1.3, {}),
            ("gaussian", 6.3, 120.0, 2.6, {}),
        ]
        x = np.linspace(-3.0, 3.0, 60001)
        curve = lineshape("la").evaluate(x, np.array([1.0, 0.0, 0.8, 1.2, 2.2, 0.5]), 1)
        offset = float(x[np.argmax(curve)])
    for i, (shape, shift, area, fwhm, extra) in enumerate(lines):
        values = {"area": area, "center": maximum - offset + shift, "fwhm": fwhm, **extra}
        region = add_component(region, make_component(f"c{i}", shape, **values))
    return draw(region, seed=seed, counts=counts, sample=sample)


@pytest.mark.parametrize("kind", ["adventitious", "carbon black"])
@pytest.mark.parametrize("seed", range(5))
def test_the_two_kinds_of_carbon_are_told_apart(kind, seed):
    line = measure_reference(carbon(kind, 286.3, seed=seed))
    assert line.kind == kind
    assert kind in line.message.lower().replace("adventitious carbon", "adventitious")


@pytest.mark.parametrize("kind", ["adventitious", "carbon black"])
def test_the_fitted_reference_scatters_by_its_uncertainty_about_the_truth(kind):
    lines = [measure_reference(carbon(kind, 286.3, seed=s, counts=3e3)) for s in range(25)]
    found = np.array([line.found_ev for line in lines])
    u = np.mean([line.found_uncertainty_ev for line in lines])
    assert abs(found.mean() - 286.3) < 0.02
    assert 0.6 < found.std() / u < 1.6


def test_the_shift_moves_the_reference_to_its_assigned_energy():
    spectrum = carbon("adventitious", 287.1)
    calibrated = calibrate(spectrum, reference_shift(spectrum))
    top = calibrated.x[np.argmax(calibrated.y)]
    assert top == pytest.approx(284.8, abs=0.15)


def test_the_choice_of_carbon_changes_the_shift_by_the_difference_of_the_assigned_energies():
    spectrum = carbon("adventitious", 286.3)
    as_adventitious = measure_reference(spectrum, kind="adventitious", method="pick")
    as_black = measure_reference(spectrum, kind="carbon black", method="pick")
    change = as_black.calibration.shift - as_adventitious.calibration.shift
    assert change == pytest.approx(284.5 - 284.8, abs=1e-9)
    assert as_adventitious.other_shift_ev == pytest.approx(as_black.calibration.shift, abs=1e-9)


def test_the_message_says_what_the_other_carbon_would_change():
    text = measure_reference(carbon("adventitious", 286.3)).message
    assert "carbon black" in text
    assert "-0.3" in text


def test_the_uncertainty_of_a_shift_joins_what_was_found_and_what_was_assigned():
    line = measure_reference(carbon("adventitious", 286.3), assigned_uncertainty=0.2)
    expected = np.hypot(line.found_uncertainty_ev, 0.2)
    assert line.calibration.uncertainty == pytest.approx(expected, rel=1e-12)
    assert KINDS["adventitious"].uncertainty_ev == pytest.approx(0.6 / np.sqrt(12))


@pytest.mark.parametrize("seed", range(5))
def test_picking_agrees_with_fitting_within_its_uncertainty(seed):
    spectrum = carbon("adventitious", 286.3, seed=seed)
    picked, fitted = (measure_reference(spectrum, method=m) for m in ("pick", "fit"))
    gap = abs(picked.found_ev - fitted.found_ev)
    assert gap < 3.0 * np.hypot(picked.found_uncertainty_ev, fitted.found_uncertainty_ev)


def test_a_calibration_that_is_there_already_does_not_change_what_is_found():
    spectrum = carbon("adventitious", 286.3)
    moved = calibrate(spectrum, Calibration(5.0, "someone"))
    assert reference_shift(moved).shift == pytest.approx(reference_shift(spectrum).shift, abs=1e-9)


def test_a_kinetic_energy_axis_gives_the_same_shift():
    spectrum = carbon("adventitious", 286.3)
    kinetic = to_axis(spectrum, Axis.KINETIC_ENERGY)
    assert reference_shift(kinetic).shift == pytest.approx(
        reference_shift(spectrum).shift, abs=1e-6
    )


def test_any_other_line_can_be_the_reference_if_it_is_given_an_energy():
    region = Region("Au 4f", (78.0, 94.0), Background("shirley", parameters=CONSTANT_STEP))
    region = add_doublet(region, "Au", "Au 4f", area=5000.0, center=84.5, fwhm=0.9, mix=0.4)
    found = reference_shift(draw(region), reference="Au 4f7/2", assigned=83.96)
    assert found.shift == pytest.approx(83.96 - 84.5, abs=0.01)


def test_another_line_without_an_energy_is_refused():
    with pytest.raises(ModelError, match="no assigned energy"):
        reference_shift(carbon("adventitious", 286.3), reference="Au 4f7/2")


def test_an_unknown_kind_of_carbon_names_the_known_ones():
    with pytest.raises(ModelError, match="carbon black"):
        reference_shift(carbon("adventitious", 286.3), kind="soot")


def test_a_window_without_a_line_is_refused():
    region = Region("C 1s", (278.0, 296.0), Background("constant"))
    flat = add_component(region, make_component("none", area=0.0, center=285.0, fwhm=1.0, mix=0.2))
    level = replace(flat, background=Background("constant", parameters={"level": Parameter(500.0)}))
    with pytest.raises(DataError, match="no C 1s line"):
        reference_shift(draw(level, counts=500.0))


# ---------------------------------------------------------------------------------
# Samples


def sulfur(center: float = 163.5, *, sample: str = "s", seed: int = 0) -> Spectrum:
    region = Region("S 2p", (157.0, 170.0), Background("shirley", parameters=CONSTANT_STEP))
    region = add_doublet(region, "PS4", "S 2p", area=900.0, center=center, fwhm=1.2, mix=0.3)
    return draw(region, sample=sample, seed=seed)


def test_every_sample_is_shifted_by_its_own_carbon():
    spectra = [
        carbon("adventitious", 286.8, sample="a"),
        sulfur(sample="a"),
        carbon("adventitious", 284.8, sample="b"),
        sulfur(161.5, sample="b"),
    ]
    done = calibrate_samples(spectra, kind="adventitious")
    tops = [s.x[np.argmax(s.y)] for s in done.spectra]
    assert tops[1] == pytest.approx(161.5, abs=0.15)
    assert tops[3] == pytest.approx(161.5, abs=0.15)
    assert done.missing == ()


def test_each_etch_level_may_have_its_own_reference():
    spectra = [
        carbon("adventitious", 285.8),
        sulfur(162.5),
        carbon("adventitious", 287.8),
        sulfur(164.5),
    ]
    done = calibrate_samples(spectra, kind="adventitious", per="spectrum")
    shifts = [s.calibration.shift for s in done.spectra]
    assert shifts[1] == pytest.approx(-1.0, abs=0.02)
    assert shifts[3] == pytest.approx(-3.0, abs=0.02)


def test_one_shift_for_the_sample_is_that_of_its_first_reference():
    spectra = [carbon("adventitious", 285.8), sulfur(), carbon("adventitious", 287.8), sulfur()]
    done = calibrate_samples(spectra, kind="adventitious", per="sample")
    assert len({s.calibration.shift for s in done.spectra}) == 1
    assert len(done.references) == 1


def test_a_sample_without_the_reference_is_named_and_left_alone():
    spectrum = sulfur(sample="lonely")
    done = calibrate_samples([spectrum])
    assert done.missing == (spectrum.meta.sample,)
    assert done.spectra[0] is spectrum


# ---------------------------------------------------------------------------------
# What the uncertainty moves


def two_lines(calibration: Calibration):
    region = Region("S 2p", (157.0, 170.0), Background("shirley", parameters=CONSTANT_STEP))
    for name, center in (("PS4", 161.5), ("S0", 163.6)):
        region = add_doublet(region, name, "S 2p", area=700.0, center=center, fwhm=1.2, mix=0.3)
    return fit(calibrate(draw(region), calibration), Model((region,)))


def test_the_reference_moves_centres_but_not_separations():
    result = two_lines(Calibration(0.0, "C 1s", 284.8, 284.8, 0.2))
    center = center_uncertainty(result, "S 2p/PS4")
    assert center.total == pytest.approx(np.hypot(center.fit, 0.2))
    gap = separation(result, "S 2p/S0", "S 2p/PS4")
    assert gap.shares_reference
    assert gap.value == pytest.approx(2.1, abs=5 * gap.stderr)
    assert gap.stderr < 0.05


def test_an_unknown_reference_uncertainty_leaves_the_total_unknown():
    center = center_uncertainty(two_lines(Calibration()), "S 2p/PS4/center")
    assert center.fit is not None
    assert center.total is None


def test_levels_referenced_one_by_one_keep_the_uncertainty_in_their_separation():
    s2p = Region("S 2p", (157.0, 170.0), Background("shirley", parameters=CONSTANT_STEP))
    s2p = add_doublet(s2p, "PS4", "S 2p", area=900.0, center=161.5, fwhm=1.2, mix=0.3)
    p2p = Region("P 2p", (127.0, 138.0), Background("shirley", parameters=CONSTANT_STEP))
    p2p = add_doublet(p2p, "PS4", "P 2p", area=400.0, center=131.8, fwhm=1.2, mix=0.3)
    spectra = {
        "S 2p": calibrate(draw(s2p), Calibration(0.0, "C 1s", uncertainty=0.1)),
        "P 2p": calibrate(draw(p2p), Calibration(0.1, "C 1s", uncertainty=0.1)),
    }
    gap = separation(fit(spectra, Model((s2p, p2p))), "S 2p/PS4", "P 2p/PS4")
    assert not gap.shares_reference
    assert gap.stderr > np.hypot(0.1, 0.1)


# ---------------------------------------------------------------------------------
# Rigidity: expected values of the design's consensus, measured ones as printed

PS4_S = ("S 2p", "PS4", 161.5, 0.4)
PS4_P = ("P 2p", "PS4", 131.8, 0.3)
LI2S_S = ("S 2p", "Li2S", 160.2, 0.4)
LI2S_LI = ("Li 1s", "Li2S", 54.8, 0.5)


def at(row, measured):
    level, species, expected, tolerance = row
    return (level, species, measured, expected, tolerance)


def test_a_rigid_shift_of_all_levels_proposes_to_take_it_back():
    levels = [at(row, row[2] + 2.2) for row in (PS4_S, PS4_P, LI2S_S, LI2S_LI)]
    test = rigidity_test(levels)
    assert test.verdict == "rigid"
    assert test.proposed_shift == pytest.approx(-2.2)
    assert "-2.2 eV" in test.message


def test_offsets_of_six_one_point_four_and_zero_raise_the_alarm_with_the_numbers():
    test = rigidity_test([at(PS4_S, 167.5), at(PS4_P, 133.2), at(LI2S_LI, 54.8)])
    assert test.verdict == "non-rigid"
    assert test.proposed_shift is None
    for number in ("+6.0", "+1.4", "+0.0"):
        assert number in test.message


def test_the_papers_li2s_on_silicon_cannot_be_a_charge_shift():
    test = rigidity_test([at(LI2S_S, 166.1), at(LI2S_LI, 55.0)])
    assert test.verdict == "non-rigid"
    assert test.spread == pytest.approx(5.7)


def test_the_lithium_composite_paper_is_rigidly_shifted():
    test = rigidity_test([at(PS4_S, 163.8), at(PS4_P, 134.0), at(LI2S_S, 162.2)])
    assert test.verdict == "rigid"
    assert test.proposed_shift == pytest.approx(-2.2)


def test_levels_within_their_tolerances_are_left_alone():
    test = rigidity_test([at(PS4_S, 161.7), at(PS4_P, 131.6)])
    assert test.verdict == "consistent"
    assert test.proposed_shift is None


def test_one_level_alone_tests_nothing():
    assert rigidity_test([at(PS4_S, 166.1)]).verdict == "not tested"
