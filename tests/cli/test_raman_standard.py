"""`doublet fit --standard` sets a Raman axis right by a spectrum of a standard (synthetic)."""

from __future__ import annotations

import json

import numpy as np
import pytest

RECIPE = """
schema = "doublet-recipe/1"
title = "PS4"
[[region]]
name = "Raman"
match = "*"
window = [380.0, 460.0]
background = { type = "linear", mode = "active" }
[[region.component]]
label = "PS4"
doublet = false
lineshape = "lorentzian"
center = { value = 422.0, min = 405.0, max = 440.0 }
fwhm = { value = 8.0, min = 2.0, max = 20.0 }
"""


@pytest.fixture
def files(tmp_path):
    """Silicon and a sample, both recorded 3.2 cm-1 too low."""
    rng, x = np.random.default_rng(1), np.arange(300.0, 700.0, 0.7)
    for name, center in (("silicon", 520.5), ("sample", 425.0)):
        y = rng.poisson(100 + 4000 / (1 + ((x - center + 3.2) / 3.0) ** 2))
        rows = "\n".join(f"{a:.2f}\t{b}" for a, b in zip(x, y, strict=True))
        (tmp_path / f"{name}.txt").write_text(f"Raman shift / cm-1\tcounts\n{rows}\n")
    (tmp_path / "ps4.toml").write_text(RECIPE)
    return tmp_path


def fitted(doublet, files, *more):
    made = ("fit", files / "sample.txt", "--recipe", files / "ps4.toml", "-o", files / "out")
    outcome = doublet(*made, *more)
    assert outcome.code == 0, outcome.err
    (fit,) = json.loads((files / "out" / "results.json").read_text())["fits"]
    return outcome, fit


def test_a_band_lies_where_silicon_puts_it(doublet, files):
    _, bare = fitted(doublet, files)
    outcome, fit = fitted(doublet, files, "--standard", f"silicon={files / 'silicon.txt'}")
    assert bare["components"][0]["position"]["value"] == pytest.approx(421.8, abs=0.1)
    assert fit["components"][0]["position"]["value"] == pytest.approx(425.0, abs=0.1)
    assert fit["calibration"]["reference"] == "silicon"
    assert fit["calibration"]["shift"] == pytest.approx(3.2, abs=0.1)
    assert "silicon: an offset through 1 line" in outcome.err


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ("silicon", "Write MATERIAL=FILE"),
        ("silicium=silicon.txt", "silicon"),
        ("silicon=missing.txt", "missing.txt"),
        ("neon=silicon.txt", "wavelength of the laser"),
    ],
)
def test_a_standard_that_is_none_says_why(doublet, files, monkeypatch, given, words):
    monkeypatch.chdir(files)
    outcome = doublet("fit", "sample.txt", "--recipe", "ps4.toml", "--standard", given)
    assert outcome.code == 2
    assert words in outcome.err


def test_the_report_says_what_the_axis_rests_on(doublet, files):
    standard = ("--standard", f"silicon={files / 'silicon.txt'}", "--formats", "html")
    fitted(doublet, files, *standard, "--formats", "json,html")
    (page,) = (files / "out").glob("*.html")
    assert "Raman shift scale was shifted by" in page.read_text(encoding="utf-8")
