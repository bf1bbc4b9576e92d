"""`doublet quantify`: atomic fractions of results and of spectra, and what is wrong in words."""

from __future__ import annotations

import csv
import io
import json

import numpy as np
import pytest

from spectra_core.spectrum import Axis, Meta, make_spectrum
from spectra_core.writers import write

RECIPE = """
schema = "doublet-recipe/1"
[[region]]
name = "S 2p"
window = [156.0, 170.0]
background = { type = "linear" }
[[region.component]]
label = "S"
line = "S 2p"
center = 161.5
lineshape = "gaussian"
[[region]]
name = "P 2p"
window = [126.0, 140.0]
background = { type = "linear" }
[[region.component]]
label = "P"
line = "P 2p"
center = 132.0
lineshape = "gaussian"
[quantify]
length = "none"
[fit]
starts = 1
"""


def level(region, centre, splitting, area, time, generator):
    """Synthetic: one Gaussian doublet on a flat background; area in counts eV/s at 1 s."""
    x = np.arange(centre - 8.0, centre + 9.0, 0.1)
    sigma = 1.2 / 2.3548
    curve = np.full(x.size, 200.0)
    for place, share in ((centre, 2 / 3), (centre + splitting, 1 / 3)):
        curve += area * share * np.exp(-0.5 * ((x - place) / sigma) ** 2) / sigma / 2.5066
    element, transition = region.split()
    meta = Meta(
        "film", region, "XPS", element, transition, 1486.6, dwell_s=1.0, scans=1.0, etch_time_s=time
    )
    counts = generator.poisson(curve).astype(float)
    return make_spectrum(x, counts, Axis.BINDING_ENERGY, counts=counts, meta=meta)


@pytest.fixture
def profile(tmp_path):
    """Two levels with S to P of 4 and 2."""
    generator = np.random.default_rng(4)
    spectra = []
    for time, ratio in ((0.0, 4.0), (40.0, 2.0)):
        spectra.append(level("S 2p", 161.5, 1.18, 1e4 * 1.677 * ratio / 4, time, generator))
        spectra.append(level("P 2p", 132.0, 0.87, 1e4 * 1.192 / 4, time, generator))
    path = tmp_path / "film.csv"
    write(path, spectra)
    return path


def percents(text):
    rows = list(csv.DictReader(line for line in io.StringIO(text) if not line.startswith("#")))
    return [
        (float(r["sputter_time / s"]), float(r["S / at%"]), float(r["u(S) / at%"])) for r in rows
    ]


def test_fitted_and_integrated_areas_give_the_composition(doublet, profile, tmp_path):
    recipe = tmp_path / "r.toml"
    recipe.write_text(RECIPE)
    assert doublet("fit", profile, "--recipe", recipe, "-o", "out", "--formats", "json").code == 0
    for path, options in (("out", ()), (profile, ("--length", "none"))):
        outcome = doublet("quantify", path, *options, "--csv", "-")
        assert outcome.code == 0, outcome.err
        for (time, value, error), truth in zip(percents(outcome.out), (80.0, 66.67), strict=True):
            assert time in (0.0, 40.0)
            assert abs(value - truth) < 1.5  # counts alone: 5 % on each factor is in the error
            assert 0.5 < error < 2.0


def test_the_recipe_puts_them_in_the_results_and_the_report(doublet, profile, tmp_path):
    recipe = tmp_path / "r.toml"
    recipe.write_text(RECIPE)
    outcome = doublet("fit", profile, "--recipe", recipe, "-o", "out", "--formats", "json,html")
    assert outcome.code == 0
    fits = json.loads((tmp_path / "out" / "results.json").read_text())["fits"]
    found = [f["quantification"] for f in fits if "quantification" in f]
    values = [[f["atomic_percent"] for f in one["fractions"]] for one in found]
    np.testing.assert_allclose(values, [[80, 20], [66.7, 33.3]], atol=1.5)
    assert found[1]["coordinates"] == {"sputter_time": {"value": 40.0, "unit": "s"}}
    html = next((tmp_path / "out").glob("*.html")).read_text()
    assert "Atomic fractions" in html
    assert "as in ISO 18118" in html


def test_the_options_win_over_the_recipe_of_the_results(doublet, profile, tmp_path):
    recipe = tmp_path / "r.toml"
    recipe.write_text(RECIPE)
    doublet("fit", profile, "--recipe", recipe, "-o", "out", "--formats", "json")
    table = tmp_path / "own.csv"
    table.write_text("# holds: length transmission angle\nlevel,factor\nS 2p,1\nP 2p,1\n")
    outcome = doublet("quantify", "out", "--table", table, "--json", "-")
    (first, _) = json.loads(outcome.out)["quantification"]
    assert first["fractions"][0]["atomic_percent"] == pytest.approx(
        100 * 4 * 1.677 / (4 * 1.677 + 1.192), abs=1.0
    )
    assert first["fractions"][0]["budget"]["sensitivity"] is None
    assert "nobody says how uncertain" in first["notes"][0]


def test_levels_and_windows_can_be_chosen(doublet, profile):
    outcome = doublet(
        "quantify", profile, "--level", "S 2p", "--level", "P 2p", "--window", "S2p=158:166"
    )
    assert outcome.code == 0
    assert "S 2p (whole level, 158.0 to 166.0 eV)" in outcome.err
    assert "film" in outcome.out


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--table", "scofield"), "there is no table of sensitivity factors"),
        (("--level", "Li 1s"), "needs two core levels"),
        (("--window", "S 2p 158"), "is not LEVEL=LOW:HIGH"),
        (("--length", "tpp2m:LiPS"), "there is no material"),
        (("--window", "S 2p=150:170"), "is not inside the data"),
    ],
)
def test_what_is_wrong_is_said(doublet, profile, clear, options, words):
    clear(doublet("quantify", profile, *options), words=words)


def test_a_results_file_without_areas_is_said(doublet, tmp_path, clear):
    (tmp_path / "results.json").write_text(
        json.dumps({"schema": "doublet-results/1", "fits": [{"file": "a", "sample": "s"}]})
    )
    clear(doublet("quantify", tmp_path), words="no areas of core levels")
