"""`doublet demo`: the paper's Table 1 from the bundled synthetic replicas."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from doublet.app.cli.main import main
from spectra_core.project.file import load_project
from spectra_core.spectrum import Axis

CELLS = {
    "bare_charged": 1.11,
    "bare_discharged": 0.97,
    "coated_charged": 1.56,
    "coated_discharged": 0.56,
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("demo")


@pytest.fixture(scope="module")
def outcome(folder):
    return CliRunner().invoke(main, ["demo", "-o", str(folder)])


def test_it_prints_four_ratios_with_intervals_beside_paper_and_truth(outcome):
    assert outcome.exit_code == 0
    assert "SYNTHETIC" in outcome.stdout
    rows = [line for line in outcome.stdout.splitlines() if line.startswith(("bare,", "coated,"))]
    for value, row in zip(CELLS.values(), rows[:4], strict=True):
        assert row.split(" V ")[1].split()[:2] == [f"{value:.2f}"] * 2
    assert "95 % counting" in outcome.stdout and "95 % all rows" in outcome.stdout


def test_the_truth_lies_inside_the_intervals_of_all_rows(folder, outcome):
    ratios = json.loads((folder / "results.json").read_text(encoding="utf-8"))["ratios"]
    assert len(ratios) == 4
    for truth, ratio in zip(CELLS.values(), ratios, strict=True):
        low, high = ratio["total_interval"]
        assert low <= truth <= high


def test_it_says_what_the_printed_splittings_would_have_given(outcome):
    after = outcome.stdout.split("splittings that the paper prints")[1]
    offs = [float(line.split()[-2]) for line in after.splitlines() if line.rstrip().endswith(" %")]
    assert len(offs) == 4
    assert all(-15.0 < off < -6.0 for off in offs)
    assert -12.0 < sum(offs) / 4 < -9.0
    assert "biased by" in after


def test_spectra_truth_recipe_and_results_are_in_the_folder(folder, outcome):
    names = {path.name for path in folder.iterdir()}
    assert {"results.json", "su2025_fig5_fit.toml"} <= names
    for cell in CELLS:
        assert {f"su2025_fig5_{cell}.vms", f"su2025_fig5_{cell}_truth.json"} <= names
    assert {path.suffix for path in folder.iterdir()} >= {".csv", ".png", ".svg"}


def test_both_techniques_stand_in_one_table_report_and_project(tmp_path):
    """Fig. 5f-k: every truth in its interval, and 470 is not claimed where there is none."""
    outcome = CliRunner().invoke(main, ["demo", "--raman", "-o", str(tmp_path)])
    assert outcome.exit_code == 0, outcome.output
    rows = [r for r in outcome.stdout.splitlines() if r.startswith(("bare,", "coated,"))][:4]
    assert all(row.count(" yes") == 2 for row in rows)
    assert [" not detected " in row for row in rows] == [False, False, False, True]
    project = load_project(tmp_path / "fig5.doublet")
    axes = [spectrum.axis for spectrum in project.spectra.values()]
    assert axes.count(Axis.BINDING_ENERGY) == axes.count(Axis.RAMAN_SHIFT) == 4
    report = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "Raman shift" in report and "Binding energy" in report
    truth = json.loads((tmp_path / "su2025_fig5_raman_bare_charged_truth.json").read_text())
    assert truth["synthetic"] and truth["acquisition"]["axis"] == "Raman shift"
