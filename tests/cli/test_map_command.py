"""`doublet map` and the masks of `doublet fit`: files that a user opens, against the truth."""

import csv
import json
from dataclasses import replace

import h5py
import numpy as np
import pytest

from spectra_core.datafiles import data_path
from spectra_core.readers import read
from spectra_core.spectrum import unmask
from spectra_core.writers import write
from tests.raman.synthetic import X, cathode_map

RECIPE = data_path("resources", "examples", "cathode_raman_map.toml")


@pytest.fixture
def map_file(tmp_path):
    write(tmp_path / "map.h5", cathode_map())
    return tmp_path / "map.h5"


def test_a_map_becomes_a_table_images_and_pictures(doublet, map_file, tmp_path):
    folder = tmp_path / "maps"
    formats = "csv,h5,nxs,png"
    outcome = doublet(
        *("map", map_file, "--recipe", RECIPE, "--show", "ratio:PS4/A1g"),
        *("--formats", formats, "-o", folder),
    )
    assert outcome.code == 0, outcome
    assert "3 x 4 pixels" in outcome.out
    assert "of 1 pixels are masked" in outcome.out
    rows = list(csv.DictReader((folder / "maps.csv").read_text(encoding="utf-8").splitlines()))
    assert len(rows) == 12
    for row in rows:
        truth = (2000.0 + 2000.0 * (int(row["column"]) - 1)) / 6000.0
        error = float(row["ratio:PS4/A1g standard error (noise alone)"])
        assert abs(float(row["ratio:PS4/A1g"]) - truth) < 4.5 * error
    with h5py.File(folder / "maps.nxs") as file:
        image = file["entry/ratio_PS4_A1g/value"][()]
        assert file["entry/ratio_PS4_A1g"].attrs["signal"] == "value"
        assert file["entry/spectra/masked_channels"][1, 1, 90] == 1
    table = np.array([float(row["ratio:PS4/A1g"]) for row in rows]).reshape(3, 4)
    assert np.array_equal(image, table)
    assert (folder / "ratio_PS4_over_A1g.png").stat().st_size > 10_000


def test_a_map_without_places_is_refused(doublet, tmp_path):
    nowhere = [replace(s, meta=replace(s.meta, variables={})) for s in cathode_map()]
    write(tmp_path / "map.h5", nowhere)
    outcome = doublet("map", tmp_path / "map.h5", "--recipe", RECIPE, "-o", tmp_path / "maps")
    assert outcome.code != 0
    assert "where they were measured" in outcome.err


def fitted(doublet, tmp_path, *options):
    write(tmp_path / "one.h5", cathode_map()[5:6])
    folder = tmp_path / "fit"
    outcome = doublet(
        *("fit", tmp_path / "one.h5", "--recipe", tmp_path / "plain.toml", "--quick"),
        *("--formats", "json", "-o", folder, *options),
    )
    assert outcome.code == 0, outcome
    return json.loads((folder / "results.json").read_text(encoding="utf-8"))["fits"][0]


def test_despike_takes_the_ray_out_of_a_fit_and_says_so(doublet, tmp_path):
    text = RECIPE.read_text(encoding="utf-8").replace("spikes = true", "spikes = false")
    (tmp_path / "plain.toml").write_text(text, encoding="utf-8")
    plain = fitted(doublet, tmp_path)
    clean = fitted(doublet, tmp_path, "--despike")
    by_hand = fitted(doublet, tmp_path, "--mask", f"{X[90] - 0.5}:{X[90] + 0.5}")

    def misfit(entry):
        return entry["statistics"]["reduced_chi_square"]

    assert misfit(plain) > 5.0
    assert misfit(clean) < 1.5
    assert misfit(by_hand) == pytest.approx(misfit(clean))
    assert "1 spike" in json.dumps(clean)
    assert "1 by hand" in json.dumps(by_hand)
    assert "masked" not in json.dumps(plain["warnings"])
    (kept,) = read(tmp_path / "one.h5")
    assert unmask(kept).y[90] > 3000.0  # the file is as it was
