"""Baselines under synthetic Raman bands on a known fluorescence."""

from __future__ import annotations

import numpy as np
import pytest

from spectra_core.curves.backgrounds import BACKGROUNDS, complete_options
from spectra_core.curves.baselines import BASELINES
from spectra_core.errors import ModelError
from spectra_core.recipe.text import parse_recipe
from spectra_core.runs.execute import execute
from spectra_core.runs.plan import plan
from spectra_core.spectrum import Axis, Meta, make_spectrum

X = np.arange(200.0, 1000.0, 1.0)
GLOW = 4000.0 * np.exp(-(((X - 1100.0) / 700.0) ** 2)) + 300.0
BANDS = {"PS4": (422.0, 10.0, 3000.0), "S-S": (470.0, 14.0, 1200.0), "NCM": (595.0, 30.0, 2000.0)}


def bands() -> np.ndarray:
    return np.sum([h / (1.0 + (2.0 * (X - c) / w) ** 2) for c, w, h in BANDS.values()], axis=0)


def drawn(seed: int) -> np.ndarray:
    return np.random.default_rng(seed).poisson(GLOW + bands()).astype(float)


def baseline(name: str, y: np.ndarray, orientation: int = 1, **options) -> np.ndarray:
    kind = BACKGROUNDS[name]
    chosen = complete_options(kind, options, mode="static")
    return kind.static(X, y, slice(None), chosen, orientation).curve


@pytest.mark.parametrize("name", sorted(BASELINES - {"rubberband"}))
def test_every_baseline_follows_the_glow_and_not_the_bands(name):
    options = {"lam": 1e6} if "lam" in {o.name for o in BACKGROUNDS[name].options} else {}
    curve = baseline(name, drawn(1), **options)
    off = curve - GLOW
    assert np.abs(np.median(off)) < 160.0  # the noise is 30 to 60 counts
    assert np.abs(off[np.abs(X - 422.0) < 8.0]).max() < 0.15 * 3000.0
    assert np.abs(off).max() < 600.0


def test_a_rubber_band_spans_a_glow_that_sags():
    sagging = 500.0 + 2e-3 * (X - 600.0) ** 2
    y = np.random.default_rng(1).poisson(sagging + bands()).astype(float)
    off = baseline("rubberband", y) - sagging
    assert -90.0 < np.median(off) < 0.0  # it lies under the noise, of 22 to 29 counts
    assert np.abs(off).max() < 120.0


@pytest.mark.parametrize("name", ["arpls", "snip"])
def test_a_turned_axis_has_the_turned_baseline(name):
    y = drawn(2)
    turned = baseline(name, y[::-1], orientation=-1)
    assert turned == pytest.approx(baseline(name, y)[::-1], rel=1e-6)


RECIPE = """
schema = "doublet-recipe/1"
title = "cathode, synthetic"
[[region]]
name = "Raman"
match = "*"
window = [250.0, 950.0]
background = {{ {background} }}
{components}
[[ratio]]
name = "S-S / PS4"
numerator = ["S-S"]
denominator = ["PS4"]
uncertainty = {uncertainty}
"""
BAND = """
[[region.component]]
label = "{name}"
doublet = false
lineshape = "lorentzian"
center = {{ value = {center}, min = {low}, max = {high} }}
fwhm = {{ value = {width}, min = 3.0, max = 60.0 }}
"""
TRUE_AREAS = {name: np.pi / 2 * w * h for name, (_, w, h) in BANDS.items()}
TRUE_RATIO = TRUE_AREAS["S-S"] / TRUE_AREAS["PS4"]


def fitted(background: str, seed: int, uncertainty: str = '"counting"'):
    components = "".join(
        BAND.format(name=name, center=c, low=c - 8, high=c + 8, width=w)
        for name, (c, w, _) in BANDS.items()
    )
    recipe = parse_recipe(
        RECIPE.format(background=background, components=components, uncertainty=uncertainty)
    )
    meta = Meta(sample="synthetic", region="Raman")
    spectrum = make_spectrum(X, drawn(seed), Axis.RAMAN_SHIFT, y_unit="counts", meta=meta)
    (job,) = plan(recipe, [spectrum]).jobs
    record = execute(job)
    areas = {name: record.result.value(f"Raman/{name}/area") for name in BANDS}
    return record.ratios[0], np.array([areas[name] / TRUE_AREAS[name] for name in BANDS])


def test_a_baseline_found_before_the_fit_takes_the_feet_of_the_bands():
    """And one that is fitted with them does not: why the latter is what presets have."""
    before = [fitted('type = "arpls", lam = 1e7', seed)[1] for seed in range(3)]
    within = [fitted('type = "polynomial", degree = 4', seed)[1] for seed in range(3)]
    assert (np.mean(before, axis=0) < [0.95, 0.85, 0.9]).all()
    assert np.mean(within, axis=0) == pytest.approx([1.0, 1.0, 1.0], abs=0.06)


def test_the_spread_of_baselines_is_a_row_of_the_budget():
    """The counts alone leave the truth far outside."""
    ratio, _ = fitted('type = "arpls", lam = 1e7', 1, uncertainty="{}")
    alone, _ = fitted('type = "arpls", lam = 1e7', 1)
    assert not alone.interval[0] <= TRUE_RATIO <= alone.interval[1]
    assert ratio.total_interval[0] <= TRUE_RATIO <= ratio.total_interval[1]
    assert any("airpls" in variant.name for variant in ratio.variants)


def test_an_option_that_a_baseline_has_not_is_named():
    with pytest.raises(ModelError, match="lam"):
        complete_options(BACKGROUNDS["arpls"], {"lambda": 1e5}, mode="static")
