"""The bundled profile: its truth is found again, and the documented script works."""

from __future__ import annotations

import json

import numpy as np
import pytest

import spectra_core as sc
from spectra_core.report.document import Figure, Paragraph, ReportTable
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


def test_a_ratio_of_what_is_not_seen_at_a_level_is_a_limit_that_holds_the_truth(example):
    _, profile, _, truth = example
    seen = profile.fit.values("S 2p/P2S5/area") > 3.0 * profile.fit.stderrs("S 2p/P2S5/area")
    ratios = [record.ratios[0] for record in profile.records]
    assert [ratio.value is not None for ratio in ratios] == seen.tolist()
    assert {ratio.interval is None for ratio in ratios if ratio.value is None} == {True}
    for ratio, level in zip(ratios, truth["levels"], strict=True):
        true = level["S 2p/P2S5"] / level["S 2p/PS4"]
        low, high = ratio.interval or (0.0, ratio.upper_limit)
        assert 0.9 * low <= true <= 1.1 * high
    (trend,) = (one for one in trends_of(profile) if one.kind == "ratio")
    np.testing.assert_array_equal(np.isfinite(trend.limits), ~seen)


def test_the_interface_is_found_within_5_percent(example):
    _, profile, _, truth = example
    found = {entry["of"]: entry for entry in interfaces_of(profile, trends_of(profile))}
    step = found["S 2p P2S5 share"]
    assert step["position"] == pytest.approx(truth["interface_s"], rel=0.05)
    assert step["depth_nm"] == pytest.approx(60.0, rel=0.05)
    assert step["depth_nm_sd"] == pytest.approx(60.0 * np.hypot(0.1, 0.4), rel=0.05)
    assert step["width"] == pytest.approx(truth["width_s"], rel=0.15)


@pytest.mark.parametrize("sample", ["coated", "bare"])
def test_the_replicas_of_the_paper_are_a_series_of_two_levels(sample):
    """Fig. 1e-f, synthetic: Li2S and P2S5 at 0 and 40 s hold the truth, with what 40 s can mean."""
    folder = sc.data_path("resources", "examples")
    names = [f"su2025_fig1_{sample}_{time}" for time in ("0s", "40s")]
    spectra = [s for name in names for s in sc.read(folder / f"{name}.vms")]
    (film,), run = sc.run_series(spectra, sc.preset("lps-film"))
    assert not run.failures
    np.testing.assert_array_equal(film.series.positions, [0.0, 40.0])
    trends = {trend.name: trend for trend in trends_of(film)}
    lithium = next(t for name, t in trends.items() if "Li2S" in name and t.kind == "share")
    phosphorus = next(t for name, t in trends.items() if "P2Sx" in name and t.kind == "share")
    for k, name in enumerate(names):
        truth = json.loads((folder / f"{name}_truth.json").read_text())["parameters"]
        ps4, li2s = (
            sum(truth[f"S 2p/{state} 2p{j}/area"]["value"] for j in ("3/2", "1/2"))
            for state in ("PS4", "Li2S")
        )
        assert abs(lithium.values[k] - li2s / (ps4 + li2s)) < 1.96 * lithium.stderrs[k]
        assert 0.0 < phosphorus.limits[k] < 0.12  # there is none
    assert any("wrong by the same at every level" in note for note in film.notes)


def test_what_40_seconds_can_mean_is_said():
    folder = sc.data_path("resources", "examples")
    names = [f"su2025_fig1_coated_{time}.vms" for time in ("0s", "40s")]
    spectra = [s for name in names for s in sc.read(folder / name)]
    (film,), _ = sc.run_series(spectra, sc.preset("su2025/fig1e-f"))
    said = " ".join(film.notes)
    assert "With 20 nm removed there are 20 to 30 nm left" in said  # of 40 to 50
    assert "4e-06" in said  # exp(-40 / 3.2) = 3.7e-6
    assert "made by the beam" in said


def test_the_first_page_of_its_report_says_what_steps_where(example):
    """A profile is one sample of levels; the places are those of the interfaces."""
    _, profile, run, _ = example
    report = sc.build_report(run)
    page = report.front[0]
    words = " ".join(b.text.plain for b in page.blocks if isinstance(b, Paragraph))
    assert "12 levels, fitted as one" in words and "12 samples" not in words
    steps = interfaces_of(profile, trends_of(profile))
    best = min(steps, key=lambda step: step["position_sd"])
    assert f"{best['position']:.1f}"[:4] in words and "s (60 ± 25 nm)" in words
    assert "Levels 9–12 are to be checked first" in words
    assert any(isinstance(b, Figure) and b.key == "series-front" for b in page.blocks)


def test_an_atomic_fraction_that_is_seen_is_not_called_below_detection(example):
    _, _, run, _ = example
    sections = {section.key: section for section in sc.build_report(run).sections}
    table = next(b for b in sections["quantification"].blocks if isinstance(b, ReportTable))
    assert len(table.rows) == 24
    assert not any(cell.remark for row in table.rows for cell in row)


def test_atomic_percents_of_species_add_up_to_their_element(example):
    """And are the element's percent times the species' share, error of the factors included."""
    _, profile, _, _ = example
    trends = {trend.name: trend for trend in trends_of(profile)}
    for region, element in (("S 2p", "S"), ("P 2p", "P")):
        own = [t for t in trends.values() if t.kind == "species" and t.group == region]
        whole = trends[f"{element} atomic percent"]
        np.testing.assert_allclose(sum(t.values for t in own), whole.values, rtol=1e-9)
        for trend in own:
            share = trends[f"{region} {trend.label} share"]
            np.testing.assert_allclose(trend.values, whole.values * share.values, rtol=1e-9)
            least = whole.values * share.stderrs * 0.5
            most = np.hypot(whole.values * share.stderrs, share.values * whole.stderrs) * 1.4
            assert np.all((trend.stderrs > least) & (trend.stderrs < most))
