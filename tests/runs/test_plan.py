"""What is planned is the same for everybody: samples, regions, charge references."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy.special import voigt_profile

from spectra_core.errors import FitError
from spectra_core.project.analyses import add_recipe
from spectra_core.project.jobs import job_of
from spectra_core.project.project import Project, add_spectra
from spectra_core.readers import ReadOptions, read
from spectra_core.recipe.presets import preset
from spectra_core.recipe.text import parse_recipe
from spectra_core.runs.batch import run
from spectra_core.runs.plan import plan
from spectra_core.runs.samples import join_samples, samples_of
from spectra_core.spectrum import Axis, Meta, Source, Spectrum
from spectra_core.writers import write

S2P = """
schema = "doublet-recipe/1"
[[region]]
name = "S 2p"
window = [158.0, 168.0]
background = { type = "linear", mode = "active" }
[[region.component]]
label = "PS4"
line = "S 2p"
center = { value = 161.6, min = 160.5, max = 163.0 }
fwhm = { value = 1.2, min = 0.6, max = 2.0, share = "sulfide" }
"""
JOINT = (
    S2P
    + """
[[region]]
name = "P 2p"
window = [128.0, 136.0]
background = { type = "linear", mode = "active" }
[[region.component]]
label = "P-S"
line = "P 2p"
center = { value = 131.9, min = 131.0, max = 133.0 }
fwhm = { share = "sulfide" }
[[link]]
parameter = "P 2p/P-S/area"
equals = "S 2p/PS4/area"
times = 0.25
[[ratio]]
name = "P over S"
numerator = ["P-S"]
denominator = ["PS4"]
"""
)
BY_CARBON = '[calibration]\nreference = "C 1s"\nkind = "adventitious"\n'
# Major line, splitting, share of the minor line, area of both: SYNTHETIC.
TRUTH = {
    "S 2p": (161.5, 1.18, 1 / 3, 60_000.0),
    "P 2p": (131.9, 0.87, 1 / 3, 15_000.0),
    "C 1s": (284.8, 0.0, 0.0, 30_000.0),
}


def measured(name: str, sample: str = "", charge: float = 0.0, seed: int = 0, **meta) -> Spectrum:
    """Return SYNTHETIC Poisson counts of one level of a charged sample."""
    center, splitting, minor, area = TRUTH[name]
    x = np.arange(center - 5.0, center + 9.0, 0.1)
    lines = ((center, 1.0 - minor), (center + splitting, minor))
    y = sum(area * part * voigt_profile(x - at - charge, 0.48, 0.08) for at, part in lines)
    counts = np.random.default_rng(seed).poisson(y + 400.0).astype(float)
    known = Meta(sample=sample, region=name, technique="XPS", excitation_energy_ev=1486.6, **meta)
    return Spectrum(x, counts, Axis.BINDING_ENERGY, "counts", counts=counts, meta=known)


def text_file(path: Path, name: str, **measuring) -> Path:
    """Write one level as two columns of text, the export of most instruments."""
    spectrum = measured(name, **measuring)
    path.parent.mkdir(parents=True, exist_ok=True)
    rows = "\n".join(f"{x:.2f}\t{y:.0f}" for x, y in zip(spectrum.x, spectrum.y, strict=True))
    path.write_text(f"Binding Energy (eV)\tCounts\n{rows}\n", encoding="utf-8")
    return path


def codes(record) -> list[str]:
    return [warning.code for warning in record.warnings]


def said(record, code: str) -> str:
    return next(w.message for w in record.warnings if w.code == code)


def names(record) -> list[str]:
    return [region.name for region in record.result.regions]


# --- one charge reference for each sample -------------------------------------------------


def test_samples_of_one_name_in_two_files_keep_their_own_charge_reference(tmp_path):
    for number, charge in enumerate((0.5, 2.0)):
        both = [measured(n, "cell", charge, 7 * number) for n in ("S 2p", "C 1s")]
        write(tmp_path / f"{number}.vms", both)
    files = [tmp_path / "0.vms", tmp_path / "1.vms"]
    done = run(files, recipe=parse_recipe(S2P + BY_CARBON))
    shifts = [record.result.regions[0].spectrum.calibration.shift for record in done.fits]
    assert shifts == pytest.approx([-0.5, -2.0], abs=0.03)
    for record in done.fits:
        assert record.result.value("S 2p/PS4/center") == pytest.approx(161.5, abs=0.05)
    assert [record.sample for record in done.fits] == ["cell (0)", "cell (1)"]


def test_files_of_one_sample_that_were_measured_apart_keep_their_own_charge_reference(tmp_path):
    for number, charge in enumerate((0.5, 2.0)):
        both = [measured(n, "x", charge, 7 * number) for n in ("S 2p", "C 1s")]
        write(tmp_path / f"{number}.vms", both)
    done = run(
        sorted(tmp_path.iterdir()),
        recipe=parse_recipe(S2P + BY_CARBON),
        read_options=ReadOptions(sample="cell"),
    )
    shifts = [record.result.regions[0].spectrum.calibration.shift for record in done.fits]
    assert [record.sample for record in done.fits] == ["cell", "cell"]
    assert shifts == pytest.approx([-0.5, -2.0], abs=0.03)


def test_the_charge_reference_of_a_joined_sample_may_lie_in_another_file(tmp_path):
    files = [
        text_file(
            tmp_path / f"a_{name}.txt", name.replace("2p", " 2p").replace("1s", " 1s"), charge=1
        )
        for name in ("S2p", "C1s")
    ]
    (record,) = run(files, recipe=parse_recipe(S2P + BY_CARBON), select="S 2p").fits
    assert record.result.regions[0].spectrum.calibration.shift == pytest.approx(-1.0, abs=0.03)


# --- samples across files -----------------------------------------------------------------


def spread(*places: tuple[str, str, str]) -> tuple[Spectrum, ...]:
    """Return spectra at (path, sample, region), as a reader would give them."""
    return tuple(
        replace(measured(region, sample), source=Source(Path(path).name, "text", 0, "", path))
        for path, sample, region in places
    )


def joined(*places: tuple[str, str, str], **how) -> list[tuple[str, int]]:
    """Return name and number of spectra of each sample."""
    samples = samples_of(join_samples(spread(*places), **how))
    return [(sample.name, len(sample.spectra)) for sample in samples.values()]


A = ("d/cellA_S2p.txt", "cellA_S2p", "S 2p"), ("d/cellA_P2p.txt", "cellA_P2p", "P 2p")
B = ("d/cellB_S2p.txt", "cellB_S2p", "S 2p"), ("d/cellB_P2p.txt", "cellB_P2p", "P 2p")
LEVELS = ("x/A/S2p.txt", "S2p", "S 2p"), ("x/A/P2p.txt", "P2p", "P 2p")


def test_file_names_that_differ_only_in_the_level_are_one_sample():
    assert joined(*A, *B) == [("cellA", 2), ("cellB", 2)]
    middle = ("d/c_S2p_10s.txt", "c_S2p_10s", "S 2p"), ("d/c_P2p_10s.txt", "c_P2p_10s", "P 2p")
    assert joined(*middle) == [("c_10s", 2)]


def test_file_names_that_differ_in_more_than_the_level_are_several_samples():
    assert joined(A[0], B[1]) == [("cellA_S2p", 1), ("cellB_P2p", 1)]
    elsewhere = ("e/cellA_P2p.txt", "cellA_P2p", "P 2p")
    assert joined(A[0], elsewhere) == [("cellA_S2p", 1), ("cellA_P2p", 1)]
    twice = ("d/cellA_S 2p.txt", "cellA_S 2p", "S 2p")
    assert len(joined(*A, twice)) == 3  # which S 2p belongs to P 2p is not known


def test_files_with_samples_of_their_own_are_joined_sample_by_sample():
    places = [(f"d/run_{level}.vms", name, "S 2p") for level in ("S2p", "P2p") for name in "ab"]
    assert joined(*places) == [("a", 2), ("b", 2)]
    other = ("d/run_S2p.vms", "a", "S 2p"), ("d/run_P2p.vms", "b", "P 2p")
    assert joined(*other) == [("a", 1), ("b", 1)]


def test_files_named_by_nothing_but_the_level_are_of_the_sample_of_their_folder():
    other = ("x/B/S2p Scan.txt", "S2p Scan", "S 2p"), ("x/B/P2p Scan.txt", "P2p Scan", "P 2p")
    assert joined(*LEVELS, *other) == [("A", 2), ("B", 2)]


def test_one_file_name_in_two_folders_is_two_samples_that_can_be_told_apart():
    assert joined(LEVELS[0], ("x/B/S2p.txt", "S2p", "S 2p")) == [("A", 1), ("B", 1)]
    same = [(f"x/{folder}/run.vms", "NORM", "S 2p") for folder in "AB"]
    assert joined(*same) == [("NORM (A)", 1), ("NORM (B)", 1)]
    files = [(f"x/{name}.vms", "NORM", "S 2p") for name in ("one", "two")]
    assert joined(*files) == [("NORM (one)", 1), ("NORM (two)", 1)]


def test_the_user_says_that_folders_are_samples_or_that_nothing_is_joined():
    mixed = ("x/A/first.txt", "first", "S 2p"), ("x/A/second.txt", "second", "P 2p")
    assert joined(*mixed) == [("first", 1), ("second", 1)]
    assert joined(*mixed, by="folder") == [("A", 2)]
    assert joined(*A, by="none") == [("cellA_S2p", 1), ("cellA_P2p", 1)]


def test_the_user_gives_a_sample_to_file_names():
    given = {"*first*": "cell", "x/A/SEC*": "cell"}
    mixed = ("x/A/first.txt", "first", "S 2p"), ("x/A/second.txt", "second", "P 2p")
    assert joined(*mixed, names=given) == [("cell", 2)]
    with pytest.raises(FitError, match='no file is called "third\\*"'):
        joined(*mixed, names={"third*": "cell"})


def test_two_files_of_one_region_each_are_one_joint_fit_and_that_is_said(tmp_path):
    files = [
        text_file(tmp_path / f"cellA_{name.replace(' ', '')}.txt", name)
        for name in ("S 2p", "P 2p")
    ]
    (record,) = run(files, recipe=parse_recipe(JOINT)).fits
    assert (record.sample, names(record)) == ("cellA", ["S 2p", "P 2p"])
    assert record.file == str(files[0])
    assert record.files == tuple(map(str, files))
    message = said(record, "samples_joined")
    assert "cellA_S2p.txt and cellA_P2p.txt" in message
    assert "differ only in the core level" in message
    assert record.result.value("P 2p/P-S/area") / record.result.value("S 2p/PS4/area") == 0.25


def test_a_sample_name_given_on_reading_joins_all_that_is_read(tmp_path):
    files = [text_file(tmp_path / f"{n[0]}.txt", n) for n in ("S 2p", "P 2p")]
    done = [
        run([f], recipe=parse_recipe(JOINT), read_options=ReadOptions(region=n)).fits[0]
        for f, n in zip(files, ("S 2p", "P 2p"), strict=True)
    ]
    assert [names(record) for record in done] == [["S 2p"], ["P 2p"]]
    spectra = [
        s
        for f, n in zip(files, ("S 2p", "P 2p"), strict=True)
        for s in read(f, options=ReadOptions(region=n, sample="cell"))
    ]
    (job,) = plan(parse_recipe(JOINT), spectra).jobs
    assert [name for name, _ in job.group.spectra] == ["S 2p", "P 2p"]
    assert job.label == "cell"


# --- a part of a recipe -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("there", "lacking"), [("S 2p", "P 2p"), ("P 2p", "S 2p")], ids=["only S", "only P"]
)
def test_what_is_there_is_fitted_and_what_is_not_is_said(tmp_path, there, lacking):
    write(tmp_path / "part.vms", [measured(there, "cell")])
    (record,) = run([tmp_path / "part.vms"], recipe=parse_recipe(JOINT)).fits
    assert names(record) == [there]
    assert f"no spectrum for {lacking}" in said(record, "regions_lacking")
    assert "P 2p/P-S/area to S 2p/PS4/area" in said(record, "links_dropped")
    assert "P over S" in said(record, "ratios_lacking")
    assert record.ratios == ()
    label = {"S 2p": "PS4", "P 2p": "P-S"}[there]
    area = record.result.estimate(f"{there}/{label}/area")
    truth = TRUTH[there][3]
    assert abs(area.value - truth) < 4 * area.stderr + 0.02 * truth


def test_a_class_keeps_its_bounds_where_its_first_member_is_not_there():
    (job,) = plan(parse_recipe(JOINT), [measured("P 2p", "cell")]).jobs
    width = job.model.region("P 2p").component("P-S 2p3/2").parameters["fwhm"]
    assert (width.value, width.min, width.max) == (1.2, 0.6, 2.0)


def test_the_one_charge_shift_keeps_its_bounds_where_the_first_region_is_not_there():
    chosen = preset("lpscl-cathode")
    (job,) = plan(chosen, [measured("P 2p", "cell")]).jobs
    shift = job.model.region("P 2p").shift
    assert shift.free
    assert (shift.min, shift.max) == (-5.0, 5.0)
    assert [w.code for w in job.warnings].count("preset") == len(chosen.warnings)


def test_a_sample_with_nothing_of_the_recipe_is_a_failure_with_what_there_is():
    planned = plan(parse_recipe(JOINT), [measured("C 1s", "cell")])
    assert not planned.jobs
    (failure,) = planned.failures
    assert failure.message == 'no spectrum is called "S 2p*" or "P 2p*"; there is "C 1s".'


def test_a_spectrum_of_another_level_is_not_fitted_because_it_is_the_only_one():
    planned = plan(parse_recipe(S2P), [measured("C 1s", "cell")])
    assert not planned.jobs
    assert '"C 1s"' in planned.failures[0].message


# --- several spectra of a region ----------------------------------------------------------


def pairs(*spectra: Spectrum) -> list[list[int]]:
    """Return the place of each spectrum that is fitted, fit by fit."""
    return [list(job.places) for job in plan(parse_recipe(JOINT), spectra).jobs]


def test_etch_levels_are_paired_by_their_time_if_one_lacks_a_region():
    series = [measured("S 2p", "film", etch_time_s=time) for time in (0.0, 60.0, 120.0)]
    phosphorus = [measured("P 2p", "film", etch_time_s=time) for time in (0.0, 120.0)]
    assert pairs(*series, *phosphorus) == [[0, 3], [1], [2, 4]]


def test_a_repeated_region_is_paired_in_file_order_and_that_is_said(tmp_path):
    again = [measured("S 2p", "cell", seed=seed) for seed in (1, 2)]
    assert pairs(*again, measured("P 2p", "cell")) == [[0, 2], [1]]
    write(tmp_path / "again.vms", [*again, measured("P 2p", "cell")])
    first, second = run([tmp_path / "again.vms"], recipe=parse_recipe(JOINT)).fits
    message = said(first, "regions_repeated")
    assert "2 of S 2p and 1 of P 2p" in message
    assert "number 0 of S 2p and number 2 of P 2p" in message
    assert "#1 #2" in message
    assert said(second, "regions_lacking").startswith("there is no spectrum for P 2p")
    (record,) = run([tmp_path / "again.vms"], recipe=parse_recipe(JOINT), select="#1 #2").fits
    assert [region.spectrum.source.index for region in record.result.regions] == [1, 2]
    assert "regions_repeated" not in codes(record)


def test_a_number_that_stands_in_a_name_selects_by_the_name(tmp_path):
    write(tmp_path / "a.vms", [measured("S 2p", f"cell #{n}") for n in (2, 1)])
    (record,) = run([tmp_path / "a.vms"], recipe=parse_recipe(S2P), select="#1").fits
    assert record.sample == "cell #1"


def test_a_file_with_all_regions_is_not_paired_with_another_file_of_its_sample():
    def of(file, *levels):
        source = Source(file, "text", 0, "", file, "user:")
        return [replace(measured(level, "cell"), source=source) for level in levels]

    spectra = [*of("one.vms", "S 2p"), *of("two.vms", "S 2p", "P 2p")]
    assert sorted(pairs(*spectra)) == [[0], [1, 2]]


def test_the_lint_sees_one_spectrum_of_each_other_level_of_the_same_time():
    times = (0.0, 60.0)
    series = [measured(n, "film", etch_time_s=t) for n in ("S 2p", "C 1s") for t in times]
    jobs = plan(parse_recipe(S2P), series[:2], beside=series).jobs
    seen = [[(s.meta.region, s.meta.etch_time_s) for s in job.sample] for job in jobs]
    assert seen == [[("S 2p", t), ("C 1s", t)] for t in times]


def test_what_is_known_of_a_region_that_is_not_there_is_left_out_and_named():
    known = '[[prior]]\nof = "S 2p/PS4/center"\nminus = "P 2p/P-S/center"\nvalue = 29.6\nsd = 0.1\n'
    recipe = parse_recipe(JOINT + known)
    both, part = (
        plan(recipe, [measured(name, "cell") for name in names]).jobs[0]
        for names in (("S 2p", "P 2p"), ("S 2p",))
    )
    assert len(both.model.priors) == 1
    assert not part.model.priors
    said = next(w.message for w in part.warnings if w.code == "links_dropped")
    assert "S 2p/PS4/center to P 2p/P-S/center" in said


def test_a_fit_of_the_window_is_the_job_that_was_planned():
    spectra = [measured(name, "cell", 0.5) for name in ("S 2p", "C 1s", "P 2p")]
    recipe = parse_recipe(JOINT + BY_CARBON)
    (job,) = plan(recipe, spectra).jobs
    project = add_spectra(Project(), spectra)
    applied = add_recipe(project, recipe, project.spectra)
    again = job_of(applied.project, applied.analyses[0])
    assert again.model == job.model and again.options == job.options
    assert again.warnings == job.warnings
    assert [r.calibration for r in again.references] == [r.calibration for r in job.references]
    assert [(s.meta.region, s.calibration) for s in again.sample] == [
        (s.meta.region, s.calibration) for s in job.sample
    ]
    assert {s.meta.region for s in again.sample} == {"S 2p", "P 2p", "C 1s"}
