"""`doublet demo`: the bundled example, end to end."""

from __future__ import annotations

import json


def test_the_demo_fits_prints_the_truth_beside_it_and_writes(doublet, tmp_path):
    outcome = doublet("demo", "-o", tmp_path / "demo")
    assert outcome.code == 0
    assert "SYNTHETIC" in outcome.out
    assert "truth" in outcome.out and "intermediate / PS4" in outcome.out
    names = {path.name for path in (tmp_path / "demo").iterdir()}
    assert {"results.json", "truth.json", "recipe.toml"} <= names
    assert {path.suffix for path in (tmp_path / "demo").iterdir()} >= {".vms", ".csv", ".png"}


def test_the_demo_finds_its_own_truth(doublet, tmp_path):
    doublet("demo", "-o", tmp_path, "--seed", "3")
    results = json.loads((tmp_path / "results.json").read_text(encoding="utf-8"))
    truth = json.loads((tmp_path / "truth.json").read_text(encoding="utf-8"))
    ratio = results["ratios"][0]
    assert abs(ratio["value"] - truth["ratios"][0]["value"]) < 4 * ratio["stderr"]
    by_id = {c["id"]: c for c in results["fits"][0]["components"]}
    centre = by_id["PS4 2p3/2"]["parameters"]["center"]
    assert abs(centre["value"] - 161.5) < 4 * centre["stderr"]
