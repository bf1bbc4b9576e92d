"""`doublet simulate`: deterministic, labelled, with the truth beside it."""

from __future__ import annotations

import json

import pytest

from spectra_core.readers import read


def test_the_same_seed_gives_the_same_file_byte_for_byte(doublet, recipe_file, tmp_path):
    files = [tmp_path / "a.vms", tmp_path / "b.vms", tmp_path / "c.vms"]
    for path, seed in zip(files, (5, 5, 6), strict=True):
        assert doublet("simulate", recipe_file, "-o", path, "--seed", seed).code == 0
    first, again, other = (path.read_bytes() for path in files)
    assert first == again
    assert first != other


def test_the_file_says_that_it_is_synthetic(vamas_file):
    text = vamas_file.read_text()
    assert "SYNTHETIC, not a measurement" in text
    assert "(synthetic)" in text
    assert "seed 7" in text


def test_the_truth_holds_parameters_totals_ratios_seed_and_recipe(doublet, recipe_file, tmp_path):
    truth_file = tmp_path / "truth.json"
    doublet("simulate", recipe_file, "-o", tmp_path / "a.vms", "--truth", truth_file, "--seed", 9)
    truth = json.loads(truth_file.read_text())
    assert truth["synthetic"] is True and truth["seed"] == 9
    assert truth["parameters"]["S 2p/PS4/area"] == {"value": 2100.0, "unit": "counts eV/s"}
    assert truth["parameters"]["S 2p/intermediate 2p3/2/center"]["value"] == 162.9
    assert [d["area"] for d in truth["doublets"]] == pytest.approx([2100.0, 1700.0])
    assert truth["ratios"][0]["value"] == pytest.approx(1700.0 / 2100.0)
    assert len(truth["recipe"]["sha256"]) == 64


def test_counts_set_the_highest_channel(doublet, recipe_file, tmp_path):
    path = tmp_path / "a.vms"
    doublet("simulate", recipe_file, "-o", path, "--counts", 1_000_000)
    counts = read(path)[0].counts
    assert counts.max() == pytest.approx(1_000_000, rel=0.01)  # ten sigma


def test_truth_on_standard_output_is_only_json(doublet, recipe_file, tmp_path):
    outcome = doublet("simulate", recipe_file, "-o", tmp_path / "a.vms", "--truth", "-")
    assert json.loads(outcome.out)["schema"] == "doublet-truth/1"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (("windw", "window"), "windw"),
        (('mode = "active", level = { value = 430.0, free = true }', 'mode = "active"'), "level"),
        (("scans         = 40", "scans = 0"), "scans"),
        (("[simulate]", "[simulat]"), "simulate"),
    ],
)
def test_a_recipe_that_cannot_be_simulated_is_named(
    doublet, clear, recipe_file, tmp_path, change, words
):
    text = recipe_file.read_text(encoding="utf-8")
    old, new = change if change[0] in text else change[::-1]
    path = tmp_path / "bad.toml"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    outcome = doublet("simulate", path, "-o", tmp_path / "a.vms")
    clear(outcome, words=words)
    assert not (tmp_path / "a.vms").exists()


@pytest.mark.parametrize("target", ["no_such_folder/a.vms", "a.doc"])
def test_an_output_that_cannot_be_written_is_named(doublet, clear, recipe_file, tmp_path, target):
    clear(doublet("simulate", recipe_file, "-o", tmp_path / target), words=target.split("/")[-1])


def test_a_missing_recipe_is_named(doublet, clear, tmp_path):
    clear(doublet("simulate", tmp_path / "no.toml", "-o", tmp_path / "a.vms"), words="no.toml")


def test_a_truth_file_that_cannot_be_written_leaves_the_spectra(
    doublet, clear, recipe_file, tmp_path
):
    target = tmp_path / "a.vms"
    truth = tmp_path / "no_folder" / "t.json"
    clear(doublet("simulate", recipe_file, "-o", target, "--truth", truth), code=1, words="t.json")
    assert len(read(target)) == 1
