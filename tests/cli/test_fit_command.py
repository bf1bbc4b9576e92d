"""`doublet fit`: what a user gets, on standard output, in the folder and as exit code."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from spectra_core.datafiles import data_path
from spectra_core.project.file import load_project
from spectra_core.readers import read
from spectra_core.writers import write

EXAMPLES = data_path("resources", "examples")

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def example_fit(doublet, vamas_file, recipe_file, tmp_path):
    outcome = doublet("fit", vamas_file, "--recipe", recipe_file, "-o", tmp_path / "out")
    return outcome, tmp_path / "out"


def ratio_of(outcome):
    return json.loads(outcome.out)["ratios"][0]


def test_the_table_goes_to_standard_output_and_the_places_to_standard_error(example_fit):
    outcome, folder = example_fit
    assert outcome.code == 0
    for words in ("PS4", "intermediate", "converged", "reduced chi-square", "95 % interval"):
        assert words in outcome.out
    assert str(folder) in outcome.err and str(folder) not in outcome.out


def test_the_folder_gets_results_curves_and_figures(example_fit):
    _, folder = example_fit
    kinds = sorted(path.suffix for path in folder.iterdir())
    assert kinds == [".csv", ".json", ".png", ".svg"]
    document = json.loads((folder / "results.json").read_text(encoding="utf-8"))
    assert document["schema"] == "doublet-results/1"
    assert next(folder.glob("*.png")).read_bytes().startswith(b"\x89PNG")


def test_the_curves_add_up(example_fit):
    _, folder = example_fit
    text = next(folder.glob("*.csv")).read_text(encoding="utf-8")
    rows = list(csv.reader(line for line in text.splitlines() if not line.startswith("#")))
    columns = dict(zip(rows[0], np.array(rows[1:], dtype=float).T, strict=True))
    peaks = sum(v for k, v in columns.items() if k.startswith(("PS4", "intermediate")))
    envelope = next(v for k, v in columns.items() if k.startswith("envelope"))
    background = next(v for k, v in columns.items() if k.startswith("background"))
    assert np.allclose(peaks + background, envelope, rtol=1e-12)


def test_formats_choose_what_is_written(doublet, vamas_file, recipe_file, tmp_path):
    folder = tmp_path / "out"
    arguments = ("fit", vamas_file, "--recipe", recipe_file, "-o", folder, "--formats", "json,svg")
    assert doublet(*arguments).code == 0
    assert sorted(path.suffix for path in folder.iterdir()) == [".json", ".svg"]


def test_json_on_standard_output_is_only_json(doublet, vamas_file, recipe_file, tmp_path):
    outcome = doublet(
        "fit", vamas_file, "--recipe", recipe_file, "--json", "-", "-o", tmp_path / "out"
    )
    assert json.loads(outcome.out)["fits"][0]["status"] == "converged"


def test_json_stays_pure_when_a_file_fails(doublet, vamas_file, recipe_file, tmp_path):
    other = tmp_path / "empty.vms"
    other.write_text("")
    outcome = doublet("fit", vamas_file, other, "--recipe", recipe_file, "--json", "-")
    assert outcome.code == 1
    document = json.loads(outcome.out)
    assert len(document["fits"]) == 1 and len(document["failures"]) == 1


def test_the_ratio_agrees_with_the_truth_within_its_error(doublet, vamas_file, recipe_file):
    ratio = ratio_of(doublet("fit", vamas_file, "--recipe", recipe_file, "--json", "-"))
    assert abs(ratio["value"] - 1700.0 / 2100.0) < 4 * ratio["stderr"]


def test_numbers_do_not_depend_on_the_number_of_processes(
    doublet, vamas_file, recipe_file, tmp_path
):
    second = tmp_path / "second.vms"
    second.write_bytes(vamas_file.read_bytes())
    arguments = ("fit", vamas_file, second, "--recipe", recipe_file, "--json", "-")
    one, two = (json.loads(doublet(*arguments, "--jobs", n).out) for n in (1, 2))
    assert one["fits"] == two["fits"]


@pytest.mark.parametrize(
    ("options", "field", "value"),
    [
        (("--weights", "unit"), "weights", "unit"),
        (("--method", "leastsq"), "method", "leastsq"),
        (("--shift", "0.0"), "status", "converged"),
    ],
)
def test_options_reach_the_fit(doublet, vamas_file, recipe_file, options, field, value):
    outcome = doublet("fit", vamas_file, "--recipe", recipe_file, "--json", "-", *options)
    assert json.loads(outcome.out)["fits"][0][field] == value


def test_a_seed_gives_the_same_draws_again_and_another_seed_others(
    doublet, vamas_file, recipe_file, tmp_path
):
    budgeted = tmp_path / "budgeted.toml"
    asked = 'denominator = ["PS4"]\nuncertainty = { monte_carlo = 40 }'
    text = recipe_file.read_text(encoding="utf-8").replace('denominator = ["PS4"]', asked)
    budgeted.write_text(text.replace("[fit]", "[fit]\nseed = 5"), encoding="utf-8")

    def drawn(*options):
        arguments = ("fit", vamas_file, "--recipe", budgeted, "--json", "-")
        ratio = ratio_of(doublet(*arguments, *options))
        return ratio["monte_carlo"]["seed"], ratio["interval"], ratio["budget"]["counting"]

    first, again, other = (drawn("--seed", seed) for seed in (11, 11, 12))
    assert first == again
    assert (first[0], other[0]) == (11, 12)
    assert first[1:] != other[1:]
    assert drawn() == drawn("--seed", 5)


def test_a_seed_scatters_the_starts_and_another_seed_otherwise(
    doublet, vamas_file, recipe_file, tmp_path
):
    wide = tmp_path / "wide.toml"
    text = recipe_file.read_text(encoding="utf-8")
    wide.write_text(text.replace("starts  = 3", "starts = 6\nspread = 30.0"), encoding="utf-8")

    def reached(seed):
        project = tmp_path / f"{seed}.doublet"
        arguments = ("fit", vamas_file, "--recipe", wide, "-o", tmp_path / "out", "--seed", seed)
        assert doublet(*arguments, "--formats", "json", "--project", project).code == 0
        (analysis,) = load_project(project).analyses.values()
        return analysis.stored.starts

    assert reached(1) == reached(1)
    assert reached(1) != reached(2)


def test_a_shift_moves_every_position_by_itself(doublet, vamas_file, recipe_file):
    def first(*options):
        outcome = doublet("fit", vamas_file, "--recipe", recipe_file, "--json", "-", *options)
        return json.loads(outcome.out)["fits"][0]["components"][0]["position"]["value"]

    assert first("--shift", "0.1") - first() == pytest.approx(0.1, abs=0.002)


def test_a_work_function_is_refused_on_a_binding_energy_axis(
    doublet, clear, vamas_file, recipe_file
):
    outcome = doublet("fit", vamas_file, "--recipe", recipe_file, "--work-function", "4.5")
    clear(outcome, words="--work-function")


def test_a_kinetic_axis_gives_the_same_fit_and_a_work_function_moves_it(
    doublet, vamas_file, recipe_file, tmp_path
):
    spectrum = read(vamas_file)[0]
    path = tmp_path / "S 2p.txt"
    rows = zip(1486.6 - spectrum.x_recorded, spectrum.counts, strict=True)
    path.write_text("".join(f"{x:.6f}\t{y:.0f}\n" for x, y in rows))
    reading = (
        "--axis",
        "kinetic",
        "--photon-energy",
        "1486.6",
        "--region",
        "S 2p",
        "--y-unit",
        "counts",
        "--dwell",
        "0.1",
        "--scans",
        "40",
    )

    def position(source, *options):
        outcome = doublet("fit", source, "--recipe", recipe_file, "--json", "-", *options)
        return json.loads(outcome.out)["fits"][0]["components"][0]["position"]["value"]

    plain = position(path, *reading)
    assert plain == pytest.approx(position(vamas_file), abs=1e-6)
    moved = position(path, *reading, "--shift", "4.5", "--work-function", "4.5")
    assert moved == pytest.approx(plain, abs=1e-9)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), "--recipe"),
        (("--recipe", "no_such.toml"), "no_such.toml"),
        (("--recipe", "x.toml", "--model", "casaxps"), "one of --recipe FILE"),
        (("--model", "casaxps", "--shift", "1"), "--shift"),
        (("--model", "casaxps", "--formats", "json,bmp"), "bmp"),
        (("--model", "casaxps", "--jobs", "0"), "--jobs"),
        (("--model", "casaxps"), "no casaxps fit"),
        (("--model", "casaxps", "--select", "Xe 3d"), "Xe 3d"),
    ],
)
def test_wrong_options_are_one_message(doublet, clear, vamas_file, arguments, words):
    clear(doublet("fit", vamas_file, *arguments), words=words)


def test_an_unknown_method_is_named(doublet, clear, vamas_file, recipe_file):
    outcome = doublet("fit", vamas_file, "--recipe", recipe_file, "--method", "leastsquare")
    clear(outcome, words="leastsquare")


def test_an_output_folder_that_is_a_file_is_named_before_any_work(
    doublet, clear, vamas_file, recipe_file, tmp_path
):
    target = tmp_path / "taken"
    target.write_text("mine")
    clear(doublet("fit", vamas_file, "--recipe", recipe_file, "-o", target), words="is a file")
    assert target.read_text() == "mine"


def test_an_output_folder_below_a_file_is_named(doublet, clear, vamas_file, recipe_file, tmp_path):
    target = tmp_path / "taken"
    target.write_text("mine")
    outcome = doublet("fit", vamas_file, "--recipe", recipe_file, "-o", target / "sub")
    clear(outcome, words="taken")


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_without_write_permission_is_named(
    doublet, clear, vamas_file, recipe_file, tmp_path
):
    target = tmp_path / "locked"
    target.mkdir(mode=0o500)
    clear(doublet("fit", vamas_file, "--recipe", recipe_file, "-o", target), words="locked")


INTERRUPTED = """
import os, signal
# a test run started in the background of a script inherits that Ctrl-C is ignored
signal.signal(signal.SIGINT, signal.default_int_handler)
import spectra_core.runs.execute as execute
fit, calls = execute.fit, []

def fit_until_ctrl_c(*arguments, **options):
    calls.append(1)
    if len(calls) == 3:
        os.kill(os.getpid(), signal.SIGINT)
    return fit(*arguments, **options)

execute.fit = fit_until_ctrl_c
execute._FEWEST_ROWS = 99  # one by one
from doublet.app.cli.main import main
main({arguments!r})
"""


@pytest.mark.skipif(os.name == "nt", reason="Ctrl-C is sent to a process group there")
def test_ctrl_c_during_the_third_fit_writes_what_is_finished(vamas_file, recipe_file, tmp_path):
    files = [tmp_path / f"{number}.vms" for number in range(5)]
    for path in files:
        path.write_bytes(vamas_file.read_bytes())
    target = tmp_path / "results.json"
    arguments = ["fit", *map(str, files), "--recipe", str(recipe_file), "--json", str(target)]
    done = subprocess.run(
        [sys.executable, "-c", INTERRUPTED.format(arguments=arguments)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        encoding="utf-8",
    )
    assert "Traceback" not in done.stderr and "stopped" in done.stderr
    assert done.returncode == 1
    document = json.loads(target.read_text(encoding="utf-8"))
    assert document["interrupted"] is True
    names = [Path(fit["file"]).name for fit in document["fits"]]
    assert 1 <= len(names) <= 3  # two are fitted beside each other
    assert names == [f"{number}.vms" for number in range(len(names))]


def test_without_an_output_folder_the_results_go_to_one_in_the_current_folder(
    doublet, vamas_file, recipe_file, tmp_path
):
    outcome = doublet("fit", vamas_file, "--recipe", recipe_file)
    assert outcome.code == 0 and "doublet-results" in outcome.err
    assert (tmp_path / "doublet-results" / "results.json").is_file()


def test_a_run_that_does_nothing_leaves_no_folder(doublet, clear, recipe_file, tmp_path):
    clear(doublet("fit", "no.vms", "--recipe", recipe_file), words="no.vms")
    assert not (tmp_path / "doublet-results").exists()


def test_an_empty_path_is_not_the_current_folder(doublet, clear, recipe_file):
    clear(doublet("fit", "", "--recipe", recipe_file), words="empty")


def test_results_that_cannot_be_written_leave_the_others(
    doublet, clear, vamas_file, recipe_file, tmp_path
):
    target = tmp_path / "no_folder" / "x.json"
    outcome = doublet(
        "fit", vamas_file, "--recipe", recipe_file, "--json", target, "-o", tmp_path / "out"
    )
    clear(outcome, code=1, words="x.json")
    assert (tmp_path / "out" / "results.json").is_file()


@pytest.mark.parametrize("option", ["--shift", "--work-function", "--dwell"])
@pytest.mark.parametrize("value", ["nan", "inf", "a lot"])
def test_a_number_that_is_none_is_a_wrong_option(
    doublet, clear, vamas_file, recipe_file, option, value
):
    clear(doublet("fit", vamas_file, "--recipe", recipe_file, option, value), words=option)


def test_files_of_a_folder_that_are_no_spectra_are_said_and_left_out(
    doublet, vamas_file, recipe_file, tmp_path
):
    for number in range(9):
        (tmp_path / f"note{number}.md").write_text("nothing")
    outcome = doublet("fit", tmp_path, "--recipe", recipe_file, "--json", "-")
    assert outcome.code == 0
    assert "9 files" in outcome.err


def test_a_folder_without_spectra_is_named(doublet, clear, recipe_file, tmp_path):
    (tmp_path / "empty").mkdir()
    clear(doublet("fit", tmp_path / "empty", "--recipe", recipe_file), words="empty: there is no")


# Area, FWHM and kinetic position of the major line in the block comments.
STORED = {
    "RW_WS2": (8239.2427, 0.81730266, 1324.0177),
    "RW_Tha_MoS2": (15863.608, 0.73987222, 1324.249),
}


@pytest.mark.parametrize("sample", STORED)
@pytest.mark.parametrize("through_a_recipe", [False, True])
def test_a_stored_casaxps_fit_is_refitted_to_its_own_numbers(
    doublet, data_dir, tmp_path, sample, through_a_recipe
):
    path = data_dir / "cheminfo-xps" / "assigned_excerpt_3samples.vms"
    one_sample = tmp_path / "one.vms"
    spectra = [s for s in read(path) if s.meta.sample == sample and "S 2p" in s.meta.region]
    write(one_sample, spectra)
    model = ("--model", "casaxps")
    if through_a_recipe:
        model = ("--recipe", tmp_path / "stored.toml")
        assert doublet("recipe", one_sample, "--from", "casaxps", "-o", model[1]).code == 0
    outcome = doublet("fit", one_sample, *model, "--json", "-")
    assert outcome.code == 0
    major = json.loads(outcome.out)["fits"][0]["components"][0]["parameters"]
    area, fwhm, kinetic = STORED[sample]
    assert major["area"]["value"] == pytest.approx(area, rel=0.001)
    assert major["fwhm"]["value"] == pytest.approx(fwhm, rel=0.001)
    assert major["center"]["value"] == pytest.approx(1486.69 - kinetic, abs=0.001)


def test_a_preset_fits_by_name_and_prints_its_warnings(doublet, tmp_path):
    spectrum = EXAMPLES / "su2025_fig5_bare_charged.vms"
    outcome = doublet("fit", spectrum, "--preset", "su2025/fig5f-i", "-o", tmp_path / "out")
    assert outcome.code == 0
    assert "intermediate" in outcome.out
    assert "splitting" in outcome.out


def test_an_unknown_preset_is_one_clear_sentence(doublet):
    outcome = doublet("fit", EXAMPLES / "su2025_fig5_bare_charged.vms", "--preset", "lpscl-catode")
    assert outcome.code == 2
    assert "lpscl-cathode" in outcome.err


def test_a_species_that_is_not_there_is_below_detection_and_not_zero(doublet, tmp_path):
    spectrum = EXAMPLES / "su2025_fig1_bare_0s.vms"
    outcome = doublet("fit", spectrum, "--preset", "lpscl-cathode", "-o", tmp_path / "out")
    rows = [line for line in outcome.out.splitlines() if line.strip().startswith("bridging / PS4")]
    assert "below detection, <" in rows[0]
    ratios = json.loads((tmp_path / "out" / "results.json").read_text(encoding="utf-8"))["ratios"]
    bridging = next(ratio for ratio in ratios if ratio["name"] == "bridging / PS4")
    assert bridging["value"] is None
    assert bridging["upper_limit"] > 0


def joint_fits(outcome) -> list[tuple[str, str, list[str]]]:
    """Return sample, region and files of every fit."""
    fits = json.loads(outcome.out)["fits"]
    return [(f["sample"], f["region"], [Path(n).name for n in f.get("files", ())]) for f in fits]


def test_one_file_for_each_region_is_one_joint_fit(doublet, region_files):
    outcome = doublet("fit", *region_files, "--preset", "lpscl-cathode", "--json", "-")
    names = [file.name for file in region_files]
    assert outcome.code == 0
    assert joint_fits(outcome) == [("cellA", "S 2p", names), ("cellA", "P 2p", names)]
    fits = json.loads(outcome.out)["fits"]
    assert [fit["file"] for fit in fits] == [str(region_files[0])] * 2
    assert [Path(fit["spectrum_file"]).name for fit in fits] == names
    assert "samples_joined" in {warning["code"] for warning in fits[0]["warnings"]}


@pytest.mark.parametrize(
    "options",
    [("--sample", "cell 7"), ("--sample-of", "*", "cell 7"), ("--join", "folder")],
    ids=lambda options: options[0],
)
def test_the_user_says_which_files_are_of_one_sample(doublet, region_files, tmp_path, options):
    folder = tmp_path / "cell 7"
    folder.mkdir()
    files = [
        file.rename(folder / f"{k}_{file.stem.removeprefix('cellA_')}.txt")
        for k, file in enumerate(region_files)
    ]
    apart = doublet("fit", *files, "--preset", "lpscl-cathode", "--json", "-")
    assert [names for _, _, names in joint_fits(apart)] == [[], []]
    told = doublet("fit", *files, "--preset", "lpscl-cathode", "--json", "-", *options)
    names = [file.name for file in files]
    assert joint_fits(told) == [("cell 7", "S 2p", names), ("cell 7", "P 2p", names)]


def test_a_pattern_that_fits_no_file_is_named(doublet, clear, region_files):
    arguments = ["fit", *region_files, "--preset", "lpscl-cathode", "--sample-of", "b*", "cell"]
    clear(doublet(*arguments), words='"b*"')


def test_the_first_fit_of_the_readme_works_on_the_demos_own_spectra(doublet):
    files = [EXAMPLES / f"su2025_fig5_{name}.vms" for name in ("bare_charged", "coated_charged")]
    outcome = doublet("fit", *files, "--preset", "lpscl-cathode", "-o", "results")
    assert outcome.code == 0
    assert outcome.out.count("there is no spectrum for P 2p") == 2
    assert "these ratios cannot be made: P2Sx / PS4; PSxOy / PS4" in outcome.out
