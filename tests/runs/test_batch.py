"""A run fits what it can, says what it cannot, and gives the same numbers however it is run."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from spectra_core.errors import FitError, RecipeError
from spectra_core.fitting import Status, evaluate
from spectra_core.recipe.text import (
    calibration_from_recipe,
    dump_recipe,
    model_from_recipe,
    parse_recipe,
)
from spectra_core.runs.batch import run
from spectra_core.runs.plan import plan
from spectra_core.runs.select import is_selected, matches, select_spectra
from spectra_core.spectrum import Axis, Calibration, Meta, Spectrum
from spectra_core.writers import write

JOINT = """
schema = "doublet-recipe/1"
[[region]]
name = "S 2p"
window = [157.0, 168.0]
background = { type = "shirley", mode = "active", level = 500, step = 0.01 }
[[region.component]]
label = "PS4"
line = "S 2p"
center = 161.6
area = 6000
fwhm = { value = 1.2, share = "sulfide" }
mix = { value = 0.2, free = false }
[[region.component]]
label = "intermediate"
line = "S 2p"
center = 163.2
area = 3000
fwhm = { share = "sulfide" }
mix = { value = 0.2, free = false }
[[region]]
name = "P 2p"
window = [127.0, 137.0]
background = { type = "constant", mode = "active", level = 300 }
[[region.component]]
label = "PS4"
line = "P 2p"
center = 131.9
fwhm = { share = "sulfide" }
mix = { value = 0.2, free = false }
[[link]]
parameter = "P 2p/PS4/area"
equals = "S 2p/PS4/area"
times = 0.25
[[ratio]]
name = "intermediate / PS4"
numerator = ["intermediate"]
denominator = ["S 2p/PS4"]
"""
RECIPE = parse_recipe(JOINT)
SINGLE = parse_recipe(JOINT.split('[[region]]\nname = "P 2p"')[0])
WINDOWS = {"S 2p": (157.0, 168.0), "P 2p": (127.0, 137.0)}


def blank(name: str, sample: str, values=None) -> Spectrum:
    low, high = WINDOWS[name]
    x = np.arange(low, high + 1e-9, 0.05)
    y = np.ones(x.size) if values is None else values
    species, transition = name.split()
    meta = Meta(
        sample=sample,
        region=name,
        species=species,
        transition=transition,
        technique="XPS",
        excitation_energy_ev=1486.6,
        dwell_s=0.5,
        scans=4.0,
        comment="SYNTHETIC, made by a test with known truth",
        extra={"synthetic": "yes"},
    )
    counts = y * 2.0
    return Spectrum(x, y, Axis.BINDING_ENERGY, counts=counts, meta=meta)


def synthetic(sample: str, seed: int, names=("S 2p", "P 2p")) -> list[Spectrum]:
    """Return Poisson counts of the recipe's own model: areas 6000 and 3000, S over P 4."""
    expected = evaluate({n: blank(n, sample) for n in WINDOWS}, model_from_recipe(RECIPE))
    rng = np.random.default_rng(seed)
    drawn = {r.name: rng.poisson(2.0 * r.envelope) / 2.0 for r in expected.regions}
    return [blank(name, sample, drawn[name]) for name in names]


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("spectra")
    for number in range(3):
        write(folder / f"sample{number}.csv", synthetic(f"cell {number}", number))
    return sorted(folder.glob("*.csv"))


@pytest.fixture(scope="module")
def joint(files):
    return run(files, recipe=RECIPE)


# --- the job -----------------------------------------------------------------------------


def test_two_regions_with_a_stoichiometric_link_are_one_problem(joint):
    result = joint.fits[0].result
    assert [region.name for region in result.regions] == ["S 2p", "P 2p"]
    # level, step, two areas, two centres, one width; level, centre of P 2p
    assert result.n_free == 9
    assert result.status is Status.CONVERGED


def test_a_stoichiometric_link_is_exact(joint):
    for record in joint.fits:
        ratio = record.result.value("P 2p/PS4/area") / record.result.value("S 2p/PS4/area")
        assert abs(ratio - 0.25) < 1e-12


def test_splitting_and_area_ratio_of_every_doublet_are_exact(joint):
    for record in joint.fits:
        value = record.result.value
        for region in record.result.model.regions:
            for d in region.doublets:
                major, minor = (f"{region.name}/{line}" for line in (d.major, d.minor))
                split = value(f"{minor}/center") - value(f"{major}/center")
                assert abs(split - d.splitting) < 1e-12
                assert abs(value(f"{minor}/area") / value(f"{major}/area") - d.ratio) < 1e-12


def test_the_known_truth_lies_within_four_standard_errors(joint):
    truth = {"S 2p/PS4/area": 6000.0, "S 2p/intermediate/area": 3000.0, "S 2p/PS4/center": 161.6}
    for record in joint.fits:
        for path, value in truth.items():
            assert abs(record.result.value(path) - value) < 4 * record.result.stderr(path)


def test_ratios_are_made_for_every_fit(joint):
    assert [record.sample for record, _ in joint.ratios] == ["cell 0", "cell 1", "cell 2"]
    for _, ratio in joint.ratios:
        assert ratio.interval[0] < 0.5 < ratio.interval[1]


def test_the_inputs_are_named_with_checksum_and_format(joint, files):
    assert [item.file for item in joint.inputs] == [str(path) for path in files]
    assert all(len(item.sha256) == 64 and item.format for item in joint.inputs)


def test_worker_processes_give_the_same_numbers_in_the_same_order(joint, files):
    again = run(files, recipe=RECIPE, jobs=2)
    assert [r.id for r in again.fits] == [r.id for r in joint.fits]
    assert [r.sample for r in again.fits] == [r.sample for r in joint.fits]
    for one, two in zip(joint.fits, again.fits, strict=True):
        assert np.array_equal(one.result.values, two.result.values)
        assert np.array_equal(one.result.covariance, two.result.covariance)


def test_numbers_do_not_depend_on_the_order_of_the_files(joint, files):
    backwards = run(files[::-1], recipe=RECIPE)
    for one, two in zip(joint.fits, reversed(backwards.fits), strict=True):
        assert np.array_equal(one.result.values, two.result.values)


def test_a_calibration_moves_every_energy_by_its_shift(files, joint):
    shifted = RECIPE.model_copy(
        update={
            "calibration": parse_recipe(
                JOINT + "[calibration]\nassigned = 284.8\nmeasured = 284.6\n"
            ).calibration
        }
    )
    assert calibration_from_recipe(shifted).shift == pytest.approx(0.2)
    one = run(files[:1], recipe=shifted).fits[0].result
    before = joint.fits[0].result.value("P 2p/PS4/center")
    assert one.value("P 2p/PS4/center") - before == pytest.approx(0.2, abs=2e-3)
    assert one.regions[0].spectrum.calibration.assigned == 284.8


def test_a_recipes_calibration_in_place_of_the_files_own_is_said(tmp_path):
    own = [replace(s, calibration=Calibration(1.0)) for s in synthetic("cell", 1)]
    (job,) = plan(RECIPE, own).jobs
    assert job.group.spectra[0][1].calibration.shift == 1.0
    write(tmp_path / "a.csv", own)
    recipe = parse_recipe(JOINT + "[calibration]\nshift = 0.0\n")
    record = run([tmp_path / "a.csv"], recipe=recipe).fits[0]
    assert [w.code for w in record.warnings].count("calibration_replaced") == 2


# --- what goes wrong ---------------------------------------------------------------------


def test_a_bad_file_stops_no_other(files, tmp_path):
    (tmp_path / "image.vms").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(200))
    (tmp_path / "empty.csv").write_text("")
    bad = [tmp_path / "image.vms", tmp_path / "empty.csv", tmp_path / "missing.csv"]
    done = run([bad[0], files[0], *bad[1:], files[1]], recipe=RECIPE)
    assert [record.sample for record in done.fits] == ["cell 0", "cell 1"]
    assert [failure.file for failure in done.failures] == [str(path) for path in bad]
    assert "PNG" in done.failures[0].message
    assert all("\n" not in str(failure) for failure in done.failures)


def test_a_sample_that_has_no_region_of_the_recipe_fails_and_the_others_go_on(files, tmp_path):
    (spectrum,) = synthetic("carbon", 1, ("S 2p",))
    names = {"region": "C 1s", "species": "C", "transition": "1s"}
    write(tmp_path / "c1s.csv", [replace(spectrum, meta=replace(spectrum.meta, **names))])
    done = run([tmp_path / "c1s.csv", files[0]], recipe=RECIPE)
    assert len(done.fits) == 1
    (failure,) = done.failures
    assert failure.where == "carbon"
    assert '"S 2p*" or "P 2p*"' in failure.message
    assert '"C 1s"' in failure.message


def test_a_fit_that_cannot_start_is_a_failure_of_its_sample(files, tmp_path):
    zeros = [blank(name, "dark", np.zeros(blank(name, "").x.size)) for name in WINDOWS]
    write(tmp_path / "dark.csv", zeros)
    done = run([tmp_path / "dark.csv", files[0]], recipe=RECIPE)
    assert [record.sample for record in done.fits] == ["cell 0"]
    assert "zero" in done.failures[0].message


def test_without_a_recipe_nothing_is_read():
    with pytest.raises(RecipeError, match="no recipe"):
        run(["anything.vms"])


def test_no_worker_is_an_error():
    with pytest.raises(FitError, match="at least 1"):
        run([], recipe=RECIPE, jobs=0)


def test_nothing_to_do_is_a_failure():
    assert run([], recipe=RECIPE).failures[0].message == "no file was given."


def test_a_selection_that_matches_nothing_is_a_failure(files):
    done = run(files, recipe=RECIPE, select="Cl 2p")
    assert not done.fits
    assert '"Cl 2p"' in done.failures[0].message


def test_a_selection_keeps_the_other_files_out(files):
    done = run(files, recipe=RECIPE, select="cell 1")
    assert [record.sample for record in done.fits] == ["cell 1"]
    assert len(done.skipped) == 2
    assert not done.failures


def test_files_without_a_casaxps_fit_are_skipped_and_nothing_fitted_is_a_failure(files):
    done = run(files[:1], model="casaxps")
    assert not done.fits
    assert len(done.skipped) == 2
    assert "no CasaXPS fit" in done.failures[0].message


@pytest.mark.parametrize("jobs", [1, 2])
def test_an_interrupted_run_keeps_what_is_finished(files, jobs):
    def interrupt(done, total, label):
        raise KeyboardInterrupt

    stopped = run(files, recipe=RECIPE, jobs=jobs, progress=interrupt)
    assert stopped.interrupted
    assert 1 <= len(stopped.fits) <= 3
    assert all(record.result.status is Status.CONVERGED for record in stopped.fits)
    assert stopped.failures == ()


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_run_that_is_told_to_stop_stops(files, jobs):
    stopped = run(files, recipe=RECIPE, jobs=jobs, should_stop=lambda: True)
    assert stopped.interrupted
    assert stopped.failures == ()


def test_progress_counts_every_fit(files):
    seen = []
    run(files, recipe=RECIPE, progress=lambda done, total, label: seen.append((done, total)))
    assert seen == [(1, 3), (2, 3), (3, 3)]


# --- which spectra -----------------------------------------------------------------------


def named(region="", species="", transition="", sample="cell") -> Spectrum:
    meta = Meta(sample=sample, region=region, species=species, transition=transition)
    return Spectrum(np.arange(3.0), np.ones(3), Axis.BINDING_ENERGY, meta=meta)


@pytest.mark.parametrize(
    "spectrum", [named("S 2p"), named("S2p/5"), named("s 2p scan"), named("1: x", "S", "2p")]
)
def test_a_region_name_matches_its_spectra_without_case_and_spaces(spectrum):
    assert matches(SINGLE.region[0], spectrum)


@pytest.mark.parametrize("spectrum", [named("P 2p"), named("As 2p"), named("Survey"), named()])
def test_a_region_name_does_not_match_other_spectra(spectrum):
    assert not matches(SINGLE.region[0], spectrum)


def test_a_pattern_replaces_the_name():
    recipe = parse_recipe(JOINT.replace('name = "S 2p"', 'name = "S 2p"\nmatch = "*sulf?r*"'))
    assert matches(recipe.region[0], named("narrow Sulfur 2"))
    assert not matches(recipe.region[0], named("S 2p"))


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("S 2p", True),
        ("s2p", True),
        ("pristine", True),
        ("sample S2p", True),
        ("P 2p", False),
        ("Pristine cell", False),
        ("", True),
        ("pristine sample", True),
    ],
)
def test_a_selection_takes_words_in_any_order_and_core_levels_as_one_word(text, found):
    assert is_selected(named("1: S 2p", "S", "2p", sample="Pristine Sample"), text) is found


def test_a_whole_name_is_preferred_to_a_longer_one_that_contains_it():
    spectra = [
        named(region, element, "2p", sample=sample)
        for sample in ("RW_WS2_thicker", "RW_WS2")
        for region, element in (("S 2p", "S"), ("P 2p", "P"))
    ]
    assert select_spectra(spectra, "RW_WS2 S 2p") == [spectra[2]]
    assert select_spectra(spectra, "thicker S 2p") == [spectra[0]]
    assert select_spectra(spectra, "RW S 2p") == [spectra[0], spectra[2]]


def test_a_selected_core_level_is_not_found_inside_another_element():
    assert not is_selected(named("As 2p", "As", "2p", sample="x"), "S 2p")


def test_etch_levels_are_paired_in_file_order(tmp_path):
    first, second = synthetic("film", 1), synthetic("film", 2)
    write(tmp_path / "etch.csv", [first[0], first[1], second[0], second[1]])
    done = run([tmp_path / "etch.csv"], recipe=RECIPE)
    assert [(record.level, record.levels) for record in done.fits] == [(0, 2), (1, 2)]
    for record, level in zip(done.fits, (first, second), strict=True):
        for region, spectrum in zip(record.result.regions, level, strict=True):
            assert np.array_equal(region.spectrum.y, spectrum.y)


def test_a_level_that_lacks_a_region_is_fitted_and_named_by_its_number(tmp_path):
    first, second = synthetic("film", 1), synthetic("film", 2)
    write(tmp_path / "etch.csv", [*first, second[0]])
    done = run([tmp_path / "etch.csv"], recipe=RECIPE)
    assert [len(record.result.regions) for record in done.fits] == [2, 1]
    (lacking,) = [w for w in done.fits[1].warnings if w.code == "regions_lacking"]
    assert "P 2p for spectrum 2 of 2" in lacking.message


def test_the_only_spectrum_is_taken_for_the_only_region_with_a_warning(tmp_path):
    (spectrum,) = synthetic("cell", 1, ("S 2p",))
    plain = replace(spectrum, meta=Meta(sample="cell", region="scan 3", dwell_s=0.5, scans=4.0))
    write(tmp_path / "one.csv", [plain])
    (record,) = run([tmp_path / "one.csv"], recipe=SINGLE).fits
    assert [w.code for w in record.warnings] == ["label_mismatch"]
    assert '"scan 3"' in record.warnings[0].message


# --- CasaXPS fits ------------------------------------------------------------------------


def test_casaxps_fits_are_refitted_to_the_stored_areas_and_come_back_from_their_recipe(data_dir):
    from spectra_core.foreign.casaxps import casaxps_model

    file = data_dir / "cheminfo-xps" / "assigned_excerpt_3samples.vms"
    done = run([file], model="casaxps", select="S 2p")
    assert not done.failures
    assert len(done.fits) == 3
    for record in done.fits:
        (fit,) = record.result.regions
        stored = casaxps_model(fit.spectrum).model.regions[0]
        if len(stored.doublets) == 1:
            area = stored.components[0].parameters["area"].value
            fitted = record.result.value(f"{fit.name}/{stored.components[0].id}/area")
            assert fitted == pytest.approx(area, rel=5e-3)
        again = run([file], recipe=parse_recipe(dump_recipe(record.recipe)), select=record.sample)
        same = [r for r in again.fits if r.sample == record.sample]
        assert np.array_equal(same[0].result.values, record.result.values)
