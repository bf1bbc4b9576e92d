"""Fits made one by one, as a run: reports and results files of them."""

import json

import numpy as np
import pytest

import spectra_core as sc
from spectra_core.runs.collect import as_run

ENERGY = np.arange(158.0, 168.0, 0.1)


def synthetic(sample: str, seed: int) -> sc.Spectrum:
    expected = 400 + 3000 * np.exp(-(((ENERGY - 161.5) / 0.6) ** 2))
    expected += 1500 * np.exp(-(((ENERGY - 162.68) / 0.6) ** 2))
    counts = np.random.default_rng(seed).poisson(expected)
    meta = sc.Meta(sample=sample, region="S 2p", comment="synthetic")
    return sc.make_spectrum(ENERGY, counts, sc.Axis.BINDING_ENERGY, y_unit="counts", meta=meta)


def region() -> sc.Region:
    empty = sc.Region("S 2p", (158, 168), "linear")
    return sc.add_doublet(empty, "PS4", "S 2p", "gaussian", center=161.3, fwhm=(1.1, 0.6, 2))


RESULT = sc.fit(synthetic("one", 1), region(), starts=2)


def test_the_recipe_of_a_fit_repeats_it(tmp_path):
    record = as_run(RESULT).fits[0]
    model = sc.model_from_recipe(record.recipe)
    assert record.recipe.fit.starts == 2
    again = sc.fit(RESULT.regions[0].spectrum, model, starts=2)
    assert np.allclose(again.values, RESULT.values, rtol=1e-9)


def test_several_fits_of_one_sample_are_counted_and_share_a_recipe():
    results = [RESULT, sc.fit(synthetic("two", 2), region()), sc.fit(synthetic("two", 3), region())]
    run = as_run(results)
    assert [(r.sample, r.level, r.levels) for r in run.fits] == [
        ("one", 0, 1),
        ("two", 0, 2),
        ("two", 1, 2),
    ]
    assert run.recipe is None  # two starts here, one there
    assert as_run(results[1:]).recipe == run.fits[1].recipe


def test_results_and_report_are_written_of_a_fit(tmp_path):
    sc.write_results(RESULT, tmp_path / "results.json")
    entry = json.loads((tmp_path / "results.json").read_text())["fits"][0]
    assert entry["doublets"][0]["area"]["value"] == RESULT.value("S 2p/PS4/area")
    ratio = sc.area_ratio(RESULT, ["PS4"], ["PS4"], name="itself")
    sc.write_report(sc.build_report(RESULT, ratios=[ratio]), tmp_path / "report.html")
    assert "itself" in (tmp_path / "report.html").read_text(encoding="utf-8")


def test_every_entry_has_its_recipe_where_fits_do_not_share_one(tmp_path):
    sc.write_results([RESULT, sc.fit(synthetic("two", 2), region())], tmp_path / "results.json")
    entries = json.loads((tmp_path / "results.json").read_text())["fits"]
    assert [entry["recipe"]["fit"].get("starts", 1) for entry in entries] == [2, 1]


def test_the_lint_looks_at_what_was_fitted_by_hand():
    wrong = sc.fit(synthetic("one", 1), sc.Region("S 2p", (158, 168), "linear"))
    assert wrong.warnings == ()
    assert "residual_structure" in [warning.code for warning in as_run(wrong).fits[0].warnings]


def test_a_fit_with_a_prior_has_it_in_its_recipe_or_says_that_it_has_not():
    prior = sc.Prior("S 2p/PS4/center", 161.5, 0.05, source="made up for a test")
    known = sc.fit(synthetic("one", 1), sc.add_priors(sc.Model(region()), prior))
    record = as_run(known).fits[0]
    repeated = sc.model_from_recipe(record.recipe).priors == known.model.priors
    assert repeated != ("not_in_recipe" in [warning.code for warning in record.warnings])


def test_ratios_need_the_one_fit_they_are_of():
    ratio = sc.area_ratio(RESULT, ["PS4"], ["PS4"], name="itself")
    with pytest.raises(sc.SpectraError, match="not known whose"):
        sc.build_report([RESULT, RESULT], ratios=[ratio])
    with pytest.raises(sc.SpectraError, match="fits were expected"):
        sc.build_report([])
