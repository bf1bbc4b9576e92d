"""`doublet demo`: the paper's Table 1 from the bundled synthetic replicas."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from doublet.app.cli.main import main

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
