"""Factors of synthetic mixtures whose number and shapes are known."""

from __future__ import annotations

import json

import numpy as np
import pytest

import spectra_core as sc
from benchmarks.series_truth import doublet
from spectra_core.errors import DataError, FitError
from spectra_core.results.trends import series_json
from spectra_core.series.factors import (
    factor_table,
    principal_components,
    resolve,
    target_test,
)
from spectra_core.spectrum import Axis, Meta, make_spectrum

X = np.arange(156.0, 170.0, 0.1)
FILM, BULK = doublet(X, 163.2, 1.2, 1.18, 1.0), doublet(X, 161.6, 1.2, 1.18, 1.0)
THIRD = doublet(X, 167.5, 1.4, 1.18, 1.0)


def measured(generator, curve, k=0):
    counts = generator.poisson(curve).astype(float)
    meta = Meta("mixture", f"S 2p {k + 1}", "XPS", "S", "2p", 1486.6, etch_time_s=10.0 * k)
    return make_spectrum(X, counts, Axis.BINDING_ENERGY, y_unit="counts", counts=counts, meta=meta)


def mixture(seed, third=0.0, levels=12):
    """A level of background with the film going and the bulk coming; amounts in counts eV."""
    generator = np.random.default_rng(seed)
    share = np.linspace(0.95, 0.05, levels)
    bump = third * np.exp(-0.5 * ((np.arange(levels) - 5) / 1.5) ** 2)
    curves = [
        400.0 + 5e3 * (s * FILM + (1 - s) * BULK + b * THIRD)
        for s, b in zip(share, bump, strict=True)
    ]
    (series,) = sc.series_of(measured(generator, c, k) for k, c in enumerate(curves))
    return factor_table(series, "S 2p"), share


def test_the_number_of_factors_is_found():
    """Film, bulk and the background's level are of rank two: shares add up to one."""
    ranks = [principal_components(mixture(seed)[0]).rank for seed in range(20)]
    assert ranks.count(2) >= 18
    ranks = [principal_components(mixture(seed, third=0.3)[0]).rank for seed in range(20)]
    assert ranks.count(3) >= 18


def test_a_reference_passes_only_where_it_is_part_of_the_series():
    table, _ = mixture(1)
    found = principal_components(table)
    generator = np.random.default_rng(9)
    inside = measured(generator, 400.0 + 5e3 * (0.5 * FILM + 0.5 * BULK))
    outside = measured(generator, 400.0 + 5e3 * (0.8 * BULK + 0.2 * THIRD))
    assert target_test(table, found, inside).passed
    assert not target_test(table, found, outside).passed
    with pytest.raises(DataError, match="the reference runs from"):
        target_test(table, found, sc.crop(inside, (158.0, 166.0)))


def test_factors_are_not_unique_and_the_spread_holds_the_truth():
    table, share = mixture(3)
    found = resolve(table, 2, starts=12)
    assert found.good >= 3
    assert (found.spectra >= 0).all()
    np.testing.assert_allclose(np.trapezoid(found.spectra, X, axis=1), 1.0)
    freedom = table.intensities.size
    assert found.chi_square < 1.15 * freedom
    assert (found.highest - found.lowest).max() > 0
    assert np.corrcoef(found.amounts[:, 0], share)[0, 1] > 0.97


def test_the_band_of_rotations_holds_the_truth():
    """Any start may lie anywhere in the band; its ends hold the true shares at every level."""
    for seed in range(10, 16):
        table, share = mixture(seed)
        found = resolve(table, 2, starts=4, seed=seed)
        total = np.trapezoid(table.intensities, X, axis=1)
        assert (found.lowest[:, 0] / total <= share + 0.01).all()
        assert (found.highest[:, 0] / total >= share - 0.01).all()
        width = (found.highest - found.lowest)[:, 0] / total
        assert 0.1 < width.mean() < 0.5  # the lines overlap, and a background is in both


def test_series_json_has_the_factors_that_a_recipe_asks_for():
    folder = sc.data_path("resources", "examples")
    spectra = sc.read(folder / "lps_on_lpscl_profile.vms")
    recipe = sc.load_recipe(folder / "lps_on_lpscl_profile.toml")
    asked = recipe.model_copy(update={"series": recipe.series.model_copy(update={"factors": 2})})
    (profile,), _ = sc.run_series(spectra, asked)
    (document,) = json.loads(series_json([profile], [()]))
    region = document["resolved"]["S 2p"]
    low, amounts, high = (np.array(region[key]) for key in ("lowest", "amounts", "highest"))
    assert amounts.shape == (2, 12)
    assert (low <= amounts).all() and (amounts <= high).all()
    assert "no species until" in region["note"]


def test_too_few_levels_or_too_many_factors_are_said():
    generator = np.random.default_rng(0)
    (series,) = sc.series_of(measured(generator, 400.0 + 1e3 * BULK, k) for k in range(4))
    with pytest.raises(DataError, match="5 levels or more; there are 4"):
        factor_table(series, "S 2p")
    with pytest.raises(FitError, match="12 factors cannot be told from 12 levels"):
        resolve(mixture(0)[0], 12)
