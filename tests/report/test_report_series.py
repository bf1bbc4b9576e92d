"""A report of a series: picture, trends, interfaces, what is shared, and true words on the fit."""

from __future__ import annotations

import re

import pytest

import spectra_core as sc
from spectra_core.report.html import render_html
from spectra_core.report.template import load_template


@pytest.fixture(scope="module")
def text():
    folder = sc.data_path("resources", "examples")
    spectra = sc.read(folder / "lps_on_lpscl_profile.vms")
    recipe = sc.load_recipe(folder / "lps_on_lpscl_profile.toml")
    kept = [s for s in spectra if s.meta.etch_time_s % 40 == 0]
    _, run = sc.run_series(kept, recipe)
    return render_html(sc.build_report(run), load_template(None))


def test_the_series_has_its_picture_and_its_tables(text):
    assert "Series: LPS film on LPSCl (synthetic)" in text
    plain = re.sub(r"<[^>]+>", " ", text)
    for words in ("What changes", "Interfaces, by error functions", "What the levels share"):
        assert words in plain
    assert "all levels together" in plain
    assert "Depth = sputter time x 0.5 nm/s" in plain
    assert "break P-S bonds" in plain


def test_the_words_on_the_fit_are_true(text):
    plain = re.sub(r"<[^>]+>|\s+", " ", text)
    assert "fitted by itself with the same model" not in plain
    assert "fitted as one problem" in plain
    assert "of lmfit" not in plain
