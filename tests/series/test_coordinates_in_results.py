"""The sputter time of a level reaches every place where its numbers stand."""

from __future__ import annotations

import csv
import io
import json

import numpy as np
import pytest

from spectra_core.recipe.text import parse_recipe
from spectra_core.results.curves import curves_csv
from spectra_core.results.document import results_document
from spectra_core.results.ratio_table import ratios_csv, read_ratios
from spectra_core.results.table import fit_text, ratio_row
from spectra_core.runs.batch import run
from spectra_core.spectrum import Axis, Meta, make_spectrum
from spectra_core.writers import write

RECIPE = """
schema = "doublet-recipe/1"
[[region]]
name = "S 2p"
window = [158.0, 168.0]
background = { type = "linear" }
[[region.component]]
label = "PS4"
line = "S 2p"
center = 161.5
[[region.component]]
label = "S0"
line = "S 2p"
center = 163.6
[[ratio]]
name = "S0 / PS4"
numerator = ["S0"]
denominator = ["PS4"]
[fit]
starts = 1
"""


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    """Synthetic: two levels, 0 and 40 s, written as VAMAS and fitted."""
    x = np.arange(157.0, 169.0, 0.1)
    generator = np.random.default_rng(1)
    levels = []
    for time, share in ((0.0, 0.2), (40.0, 0.6)):
        curve = 200.0 + 0.0 * x
        for centre, height in ((161.5, 2e3), (163.6, 2e3 * share)):
            curve += height * np.exp(-2.77 * (x - centre) ** 2)
            curve += height / 2 * np.exp(-2.77 * (x - centre - 1.18) ** 2)
        meta = Meta("film", f"S 2p {len(levels) + 1}", "XPS", "S", "2p", 1486.6, etch_time_s=time)
        meta = Meta(**{**vars(meta), "variables": {"Etch Time": (time, "s")}})
        counts = generator.poisson(curve).astype(float)
        levels.append(
            make_spectrum(x, counts, Axis.BINDING_ENERGY, y_unit="counts", counts=counts, meta=meta)
        )
    path = tmp_path_factory.mktemp("profile") / "film.csv"
    write(path, levels)
    return run([path], recipe=parse_recipe(RECIPE))


def test_in_the_results(done):
    document = results_document(done)
    for key in ("fits", "ratios"):
        found = [entry["coordinates"] for entry in document[key]]
        assert found == [{"sputter_time": {"value": t, "unit": "s"}} for t in (0.0, 40.0)]


def test_in_the_csv_of_curves(done):
    (fit,) = done.fits[1].regions
    assert "# sputter_time: 40.0 s\n" in curves_csv(done.fits[1], fit)


def test_in_the_tables_of_the_terminal(done):
    entry = results_document(done)["fits"][1]
    assert fit_text(entry).startswith("film 2/2 at 40 s / S 2p")
    record = done.fits[1]
    assert ratio_row(record, record.ratios[0]).sample == "film 2/2 at 40 s"


def test_in_the_merged_ratios(done, tmp_path):
    (tmp_path / "results.json").write_text(json.dumps(results_document(done)))
    rows = read_ratios(tmp_path)
    assert [row.sample for row in rows] == ["film [1, 0 s]", "film [2, 40 s]"]
    table = list(csv.DictReader(io.StringIO(ratios_csv(rows))))
    assert [float(row["sputter_time / s"]) for row in table] == [0.0, 40.0]
