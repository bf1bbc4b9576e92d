"""The bundled profile: its truth is found again, and the documented script works."""

from __future__ import annotations

import json

import numpy as np
import pytest

import spectra_core as sc
from spectra_core.results.trends import interfaces_of, trends_of
from spectra_core.spectrum import is_synthetic


@pytest.fixture(scope="module")
def example():
    folder = sc.data_path("resources", "examples")
    spectra = sc.read(folder / "lps_on_lpscl_profile.vms")
    recipe = sc.load_recipe(folder / "lps_on_lpscl_profile.toml")
    (profile,), run = sc.run_series(spectra, recipe)
    truth = json.loads((folder / "lps_on_lpscl_profile_truth.json").read_text())
    return spectra, profile, run, truth


def test_it_is_labelled_synthetic(example):
    spectra, _, _, truth = example
    assert all(is_synthetic(spectrum) for spectrum in spectra)
    assert truth["note"].startswith("Synthetic")


def test_the_true_areas_lie_in_the_intervals(example):
    _, profile, run, truth = example
    assert not run.failures
    outside = total = 0
    for name in ("S 2p/PS4", "S 2p/P2S5", "S 2p/Li2S", "P 2p/PS4", "P 2p/P2S5"):
        true = np.array([level[name] for level in truth["levels"]])
        values, errors = profile.fit.values(f"{name}/area"), profile.fit.stderrs(f"{name}/area")
        there = np.isfinite(errors)
        outside += int((np.abs(values - true)[there] > 1.96 * errors[there]).sum())
        total += int(there.sum())
        large = true > 0.3 * true.max()
        assert values[large].sum() == pytest.approx(true[large].sum(), rel=0.03)
    assert outside <= 0.12 * total


def test_the_interface_is_found_within_5_percent(example):
    _, profile, _, truth = example
    found = {entry["of"]: entry for entry in interfaces_of(profile, trends_of(profile))}
    step = found["S 2p P2S5 share"]
    assert step["position"] == pytest.approx(truth["interface_s"], rel=0.05)
    assert step["depth_nm"] == pytest.approx(60.0, rel=0.05)
    assert step["depth_nm_sd"] == pytest.approx(60.0 * np.hypot(0.1, 0.4), rel=0.05)
    assert step["width"] == pytest.approx(truth["width_s"], rel=0.15)
