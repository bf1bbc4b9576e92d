"""Alarms with stated error rates: silent on what is right, heard where something is wrong.

All spectra are SYNTHETIC, from forward models that share no code with the program.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import norm

from benchmarks.forward import SCOFIELD, State, Truth, draw
from spectra_core.fitting import FitResult, fit
from spectra_core.library import load_library, shipped_folder
from spectra_core.model import (
    Background,
    Link,
    Model,
    Parameter,
    Prior,
    Region,
    Term,
    add_doublet,
    add_links,
    add_priors,
    set_parameter,
    share,
)
from spectra_core.referee.rigidity import Level, rigidity_test
from spectra_core.referee.rules import Finding, lint
from spectra_core.referee.score import largest_excess_of, minimum_of, p_of_largest
from spectra_core.referee.spikes import spikes, without_spikes
from spectra_core.referee.ties import tensions
from spectra_core.spectrum import Axis, Calibration, Meta, Spectrum, make_spectrum

WINDOWS = {"S 2p": (157.0, 169.0), "P 2p": (126.5, 138.5)}
REFERENCED = Calibration(0.0, "C 1s", 284.8, 284.8, 0.1)
TWO = {"PS4": State(161.4, 1.0), "mid": State(163.0, 0.4)}
P_TWO = {"PS4": State(131.9, 0.25), "ox": State(134.0, 0.09)}
TIE = 0.25 * SCOFIELD["P 2p"] / SCOFIELD["S 2p"]


def truth(counts: float = 1e3, *, joint: bool = False, **levels: dict[str, State]) -> Truth:
    """Return two S 2p states, and with `joint` two P 2p states as well."""
    chosen = {"S 2p": levels.get("sulfur", TWO)}
    if joint:
        chosen["P 2p"] = levels.get("phosphorus", P_TWO)
    windows = {level: WINDOWS[level] for level in chosen}
    return Truth(chosen, windows, SCOFIELD, counts=counts)


def spectra(known: Truth, seed: int, *, extra: dict[str, object] | None = None, dwell: float = 1.0):
    """Return drawn counts as spectra by level."""
    return {
        level: make_spectrum(
            x,
            y,
            Axis.BINDING_ENERGY,
            y_unit="counts",
            counts=y,
            meta=Meta(region=level, dwell_s=dwell, scans=1.0, extra=extra or {}),
            calibration=REFERENCED,
        )
        for level, (x, y) in draw(known, np.random.default_rng(seed)).items()
    }


def model(*levels: str, centers: dict[str, float] | None = None) -> Model:
    """Return doublets with one width in each level and centres within 0.6 eV."""
    found = Model(())
    for level in levels or ("S 2p",):
        region = Region(level, WINDOWS[level], Background("shirley", "active"))
        states = centers or {k: s.center for k, s in (TWO if level == "S 2p" else P_TWO).items()}
        for name, center in states.items():
            region = add_doublet(
                region,
                name,
                level,
                "voigt",
                species="PS4(3-)" if name == "PS4" else name,
                area=Parameter(None, 0.0),
                center=Parameter(center, center - 0.6, center + 0.6),
                fwhm=Parameter(1.2, 0.6, 2.2),
                mix=Parameter(0.3, free=False),
            )
        found = replace(found, regions=(*found.regions, region))
        paths = [f"{level}/{doublet.major}/fwhm" for doublet in region.doublets]
        found = add_links(found, share(paths))
    return found


def joint(*, exact: bool = False) -> Model:
    """Return S 2p and P 2p with PS4 tied exactly, or known to 10 %, and separations to 0.2 eV."""
    found, area = model("S 2p", "P 2p"), "P 2p/PS4/area"
    if exact:
        return add_links(found, [Link(area, (Term(TIE, "S 2p/PS4/area"),))])
    priors = [Prior((Term(1.0, area), Term(-TIE, "S 2p/PS4/area")), relative=0.1)]
    for path, anchor, value in (
        ("S 2p/mid/center", "S 2p/PS4/center", 1.6),
        ("P 2p/ox/center", "P 2p/PS4/center", 2.1),
    ):
        priors.append(Prior((Term(1.0, path), Term(-1.0, anchor)), value, sd=0.2))
    return add_priors(found, priors)


@pytest.fixture(scope="module")
def library():
    return load_library([shipped_folder()])


def found(result: FitResult, code: str, **options: object) -> list[Finding]:
    return [f for f in lint(result, **options) if f.code == code]


# ---------------------------------------------------------------------------------
# The score test


def test_the_score_of_one_more_component_has_the_rate_it_states():
    """Of right models its p-value is below p in about p of the draws, or less."""
    p_values = []
    for seed in range(150):
        result = fit(spectra(truth(), seed), model())
        excess = largest_excess_of(result, minimum_of(result), "S 2p")
        p_values.append(1.0 if excess is None else excess.p_value)
    for level in (0.5, 0.2, 0.1):
        assert np.mean(np.array(p_values) < level) <= level + 2.5 * np.sqrt(level / 150)
    assert np.mean(np.array(p_values) < 0.2) > 0.03  # it is not just never significant


def test_a_single_place_is_no_search():
    assert p_of_largest(2.0, 0.0) == pytest.approx(norm.sf(2.0))
    assert p_of_largest(2.0, 10.0) > 5.0 * p_of_largest(2.0, 0.0)


@pytest.mark.parametrize("seed", range(6))
def test_three_states_in_two_doublets_are_an_alarm_at_a_thousand_counts(seed, library):
    states = {"PS4": State(161.4, 0.7), "b": State(162.7, 0.17), "S0": State(163.5, 0.13)}
    result = fit(spectra(truth(sulfur=states), seed), model())
    assert result.statistics.reduced_chi_square < 1.6  # which chi-square alone would not tell
    (alarm,) = found(result, "one_more_component", library=library)
    assert alarm.severity == "alarm"
    assert "in the window" in alarm.message


def test_a_hidden_species_is_named_by_its_position(library):
    states = TWO | {"sulfite": State(167.0, 0.15)}
    result = fit(spectra(truth(1e4, sulfur=states), 0), model())
    (alarm,) = found(result, "one_more_component", library=library)
    assert "near 167.0 eV" in alarm.message or "near 166.9 eV" in alarm.message
    assert "SO3" in alarm.message


# ---------------------------------------------------------------------------------
# Ties and priors


@pytest.mark.parametrize("exact", [True, False])
def test_right_ties_and_priors_raise_nothing(exact):
    for seed in range(12):
        result = fit(spectra(truth(joint=True), seed), joint(exact=exact))
        assert not found(result, "tension")


def test_a_misfit_that_priors_share_is_told_by_the_gain_and_not_by_the_pull():
    phosphorus = {k: replace(s, area=0.5 * s.area) for k, s in P_TWO.items()}
    result = fit(spectra(truth(joint=True, phosphorus=phosphorus), 1), joint())
    (alarm,) = found(result, "tension")
    (tension,) = [t for t in tensions(result) if t.where == "P 2p/PS4/area" and t.significant]
    (known,) = [p for p in result.priors if p.prior.group == "ties"]
    assert tension.delta_chi_square > tension.limit
    assert tension.delta_chi_square == pytest.approx(tension.pull**2, rel=0.5)
    assert "contradict" in alarm.message
    # by themselves the data have half of what the tie says
    by_itself = result.value("S 2p/PS4/area") * TIE + tension.implied
    assert by_itself / (result.value("S 2p/PS4/area") * TIE) == pytest.approx(0.5, abs=0.1)
    assert known.pull < 0


def test_a_separation_that_is_wrong_is_named():
    sulfur = {"PS4": TWO["PS4"], "mid": replace(TWO["mid"], center=163.9)}
    wide = set_parameter(joint(), "S 2p/mid/center", min=161.9, max=165.0)
    result = fit(spectra(truth(joint=True, sulfur=sulfur), 2), wide)
    assert any("S 2p/mid" in f.message for f in found(result, "tension"))


# ---------------------------------------------------------------------------------
# Positions


def test_a_rigid_shift_with_the_scatter_of_the_library_is_rigid():
    rng, wrong = np.random.default_rng(0), 0
    lines = [("S 2p", "PS4", 161.4, 0.4), ("S 2p", "Li2S", 160.0, 0.4), ("P 2p", "PS4", 131.9, 0.3)]
    for _ in range(400):
        shift = rng.uniform(-3.0, 3.0)
        levels = [
            Level(level, name, at + shift + 0.5 * tol * rng.standard_normal(), at, tol)
            for level, name, at, tol in lines
        ]
        wrong += rigidity_test(levels).verdict == "non-rigid"
    assert wrong / 400 <= 0.02


def test_known_separations_make_the_test_sharper_and_name_the_line_that_is_wrong():
    levels = [
        Level("S 2p", "PS4", 163.6, 161.4, 0.4, entry="a"),
        Level("P 2p", "PS4", 134.1, 131.9, 0.4, entry="b"),
        Level("S 2p", "Li2S", 163.1, 160.0, 0.4, entry="c"),
    ]
    apart = {("a", "b"): (29.5, 0.1), ("c", "a"): (-1.4, 0.1)}
    loose, sharp = rigidity_test(levels), rigidity_test(levels, separations=apart)
    assert sharp.verdict == "non-rigid"
    assert sharp.p_value < loose.p_value
    assert sharp.carrier == "S 2p of Li2S"
    assert "p = " in sharp.message


def test_lines_whose_positions_are_hardly_known_are_held_together_by_their_separation():
    levels = [
        Level("S 2p", "PS4", 161.4, 161.4, 4.0, entry="a"),
        Level("P 2p", "PS4", 132.5, 131.9, 4.0, entry="b"),
    ]
    assert rigidity_test(levels).verdict == "consistent"
    test = rigidity_test(levels, separations={("a", "b"): (29.5, 0.1)})
    assert test.verdict == "non-rigid"
    assert test.chi_square == pytest.approx((0.6 / np.hypot(0.1, 0.03 * np.sqrt(2))) ** 2, rel=0.01)


def test_a_fit_that_makes_its_own_scale_is_not_told_to_re_reference(library):
    known = truth(1e4, joint=True)
    free = model("S 2p", "P 2p")
    free = set_parameter(free, "S 2p/PS4/center", value=161.4, free=False)
    free = set_parameter(free, "S 2p/region/shift", value=0.0, min=-3.0, max=3.0, free=True)
    free = add_links(free, share(["S 2p/region/shift", "P 2p/region/shift"]))
    result = fit(spectra(replace(known, shift=0.5), 3), free, starts=3)
    assert result.value("S 2p/region/shift") == pytest.approx(0.5, abs=0.05)
    assert not found(result, "rigid_shift", library=library)
    assert not found(result, "not_rigid", library=library)


# ---------------------------------------------------------------------------------
# Single channels, dead time, chi-square, sparse counts


def hit(given: dict[str, Spectrum], sigmas: float) -> dict[str, Spectrum]:
    spectrum = given["S 2p"]
    y = spectrum.y.copy()
    y[118] += sigmas * np.sqrt(y[118])
    return {"S 2p": replace(spectrum, y=y, counts=None)}


def test_a_spike_is_named_with_its_energy_and_the_fit_without_it():
    given = hit(spectra(truth(1e4), 1), 12.0)
    result = fit(given, model())
    (finding,) = found(result, "outlier")
    assert f"{given['S 2p'].x[118]:.2f} eV" in finding.message
    robust, clean = without_spikes(result), fit(spectra(truth(1e4), 1), model())
    path = "S 2p/mid/area"
    assert abs(robust.value(path) - clean.value(path)) < abs(result.value(path) - clean.value(path))


def test_noise_and_a_missing_line_are_no_spikes():
    for seed in range(40):
        assert not found(fit(spectra(truth(300.0), seed), model()), "outlier")
    lacking = fit(spectra(truth(1e4), 0), model(centers={"PS4": 161.4}))
    assert lacking.regions[0].residual.max() > 8.0
    assert spikes(lacking.regions[0]) == ()


def test_a_recorded_dead_time_is_an_alarm_with_the_ratio_that_it_made():
    known = truth(1e5)
    given = spectra(known, 4)["S 2p"]
    tau = 0.2 / given.y.max()  # seconds, at one second per channel
    busy = given.y / (1.0 + given.y * tau / 0.8)
    meta = replace(given.meta, extra={"dead_time_s": tau / 0.8})
    result = fit({"S 2p": replace(given, y=busy, counts=None, meta=meta)}, model())
    (alarm,) = found(result, "dead_time")
    assert alarm.severity == "alarm"
    biased = result.value("S 2p/mid/area") / result.value("S 2p/PS4/area") / 0.4 - 1.0
    assert biased > 0.03
    told = float(alarm.message.split("A(mid)/A(PS4) is ")[1].split(" %")[0]) / 100.0
    assert (1.0 + biased) * (1.0 + told) == pytest.approx(1.0, abs=0.02)


def test_a_high_rate_without_a_dead_time_asks_for_it():
    result = fit(spectra(truth(1e5), 4, dwell=0.05), model())
    (finding,) = found(result, "dead_time")
    assert finding.severity == "warning"
    assert "no dead time is recorded" in finding.message
    assert not found(fit(spectra(truth(1e5), 4, dwell=5.0), model()), "dead_time")


def test_a_reduced_chi_square_over_three_is_an_alarm_and_a_smaller_one_a_note():
    far = fit(spectra(truth(1e5), 0), model(centers={"PS4": 161.4}))
    assert far.regions[0].statistics.reduced_chi_square > 3.0
    assert [f.severity for f in found(far, "chi_square_high")] == ["alarm"]
    near = fit(spectra(truth(300.0), 0), model(centers={"PS4": 161.4}))
    assert near.regions[0].statistics.reduced_chi_square < 3.0
    assert [f.severity for f in found(near, "chi_square_high")] in ([], ["note"])


@pytest.mark.parametrize("counts", [0.3, 1.0, 3.0, 10.0])
def test_few_counts_are_not_called_smoothed_or_too_quiet(counts):
    accused = {"smoothed_data", "noise_below_counting", "chi_square_low", "residual_structure"}
    for seed in range(6):
        known = replace(truth(counts), level=0.1)
        given = spectra(known, seed)
        if given["S 2p"].y.sum() < 3:
            continue
        codes = {f.code for f in lint(fit(given, model()))}
        assert not codes & accused


# ---------------------------------------------------------------------------------
# What is not there


def test_absent_species_are_not_claimed():
    claimed = 0
    for seed in range(40):
        centers = {"PS4": 161.4, "mid": 163.0, "S0": 163.9}
        result = fit(spectra(truth(sulfur={"PS4": TWO["PS4"]}), seed), model(centers=centers))
        questioned = {f.where for f in lint(result)}
        for name in ("mid", "S0"):
            present = result.value(f"S 2p/{name}/area") > 0
            claimed += present and f"S 2p/{name}" not in questioned
    assert claimed <= 1


def test_an_empty_component_is_called_absent_only_where_it_could_not_hide():
    far = {"PS4": 161.4, "sulfate": 167.0}
    for seed in range(20):
        result = fit(spectra(truth(1e4, sulfur={"PS4": TWO["PS4"]}), seed), model(centers=far))
        if result.value("S 2p/sulfate/area") == 0:
            (finding,) = found(result, "zero_area")
            assert "the data hold none of it (less than" in finding.message
            break
    else:
        pytest.fail("no draw left the absent state at nothing")
    beside = model(centers={"PS4": 161.4, "twin": 161.5})
    beside = set_parameter(beside, "S 2p/twin/area", value=0.0, free=False)
    hidden = fit(spectra(truth(1e3, sulfur={"PS4": TWO["PS4"]}), 0), beside)
    (finding,) = found(hidden, "zero_area")
    assert "cannot exclude" in finding.message
