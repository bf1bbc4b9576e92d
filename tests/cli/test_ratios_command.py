"""`doublet ratios` merges the ratios of results files, and says which ones it could not use."""

from __future__ import annotations

import csv
import io
import json

import pytest


@pytest.fixture
def results(doublet, recipe_file, vamas_file, tmp_path):
    """Two results folders of one synthetic spectrum."""
    for name in ("bare", "coated"):
        outcome = doublet(
            "fit", vamas_file, "--recipe", recipe_file, "-o", tmp_path / name, "--formats", "json"
        )
        assert outcome.code == 0
    return tmp_path / "bare", tmp_path / "coated"


def test_the_ratios_of_several_files_are_one_table(doublet, results):
    outcome = doublet("ratios", *results)
    assert outcome.code == 0
    lines = outcome.out.splitlines()
    assert len(lines) == 4
    assert "bare" in lines[1]
    assert "coated" in lines[2]
    assert "it changes by +0 %" in lines[3]
    assert "no change that the errors allow to be named" in lines[3]


def test_only_json_goes_to_standard_output(doublet, results):
    document = json.loads(doublet("ratios", *results, "--json", "-").out)
    assert [entry["name"] for entry in document["ratios"]] == ["intermediate / PS4"] * 2


def test_csv_holds_the_numbers_of_the_results(doublet, results, tmp_path):
    assert doublet("ratios", results[0], "--csv", tmp_path / "r.csv").code == 0
    (row,) = csv.DictReader(io.StringIO((tmp_path / "r.csv").read_text()))
    (entry,) = json.loads((results[0] / "results.json").read_text())["ratios"]
    assert float(row["value"]) == entry["value"]


def test_a_file_named_twice_is_counted_once(doublet, results):
    outcome = doublet("ratios", results[0], results[0] / "results.json", "--json", "-")
    assert len(json.loads(outcome.out)["ratios"]) == 1


def test_one_bad_file_does_not_stop_the_others(doublet, results, clear):
    outcome = doublet("ratios", results[0], "missing.json")
    clear(outcome, code=1, words="missing.json")
    assert "intermediate / PS4" in outcome.out


def test_nothing_but_bad_files_is_nothing_done(doublet, recipe_file, clear):
    clear(doublet("ratios", recipe_file), words="is not JSON")


def test_csv_and_json_cannot_share_standard_output(doublet, results, clear):
    clear(doublet("ratios", *results, "--csv", "-", "--json", "-"), words="not both")
