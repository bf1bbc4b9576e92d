"""`doublet series`: levels in, trends, depth, figures and alarms out."""

from __future__ import annotations

import csv
import io
import json
import re
from math import erf, sqrt

import numpy as np
import pytest

from spectra_core.spectrum import Axis, Meta, make_spectrum
from spectra_core.writers import write

RECIPE = """
schema = "doublet-recipe/1"
[[region]]
name = "S 2p"
window = [157.0, 168.0]
background = { type = "linear" }
[[region.component]]
label = "PS4"
line = "S 2p"
center = { value = 161.6, min = 161.0, max = 162.2 }
lineshape = "gaussian"
fwhm = { value = 1.2, share = "sulfide" }
[[region.component]]
label = "P2S5"
line = "S 2p"
center = { value = 163.4, min = 162.8, max = 164.0 }
lineshape = "gaussian"
fwhm = { share = "sulfide" }
[[ratio]]
name = "P2S5 / PS4"
numerator = ["P2S5"]
denominator = ["PS4"]
[fit]
starts = 1
[series]
rate = 0.5
rate_material = "Ta2O5"
film = [40.0, 50.0]
"""
SHIFTED = 6


def level(generator, k, *, shift=0.0, **meta):
    """Synthetic: two doublets whose share steps at level 5; 10^4 counts eV in all."""
    x = np.arange(150.0, 176.0, 0.1)
    film = 0.5 * (1 - erf((k - 5.0) / (sqrt(2) * 1.2)))
    curve = np.full(x.size, 150.0)
    for centre, area in ((161.6, 1e4 * (1 - 0.6 * film)), (163.4, 6e3 * film)):
        for place, part in ((centre, 2 / 3), (centre + 1.18, 1 / 3)):
            sigma = 1.2 / 2.3548
            u = (x - place - shift) / sigma
            curve += area * part * np.exp(-0.5 * u**2) / sigma / sqrt(2 * np.pi)
    counts = generator.poisson(curve).astype(float)
    own = Meta("film", f"S 2p {k + 1}", "XPS", "S", "2p", 1486.6, dwell_s=1.0, scans=1.0, **meta)
    return make_spectrum(x, counts, Axis.BINDING_ENERGY, y_unit="counts", counts=counts, meta=own)


@pytest.fixture
def recipe(tmp_path):
    path = tmp_path / "profile.toml"
    path.write_text(RECIPE)
    return path


@pytest.fixture
def profile(tmp_path):
    """Ten levels 10 s apart; one is charged by 4 eV."""
    generator = np.random.default_rng(8)
    levels = [
        level(generator, k, shift=4.0 if k == SHIFTED else 0.02 * k, etch_time_s=10.0 * k)
        for k in range(10)
    ]
    path = tmp_path / "film.csv"
    write(path, levels)
    return path


def table(text):
    return list(csv.DictReader(line for line in io.StringIO(text) if not line.startswith("#")))


def test_a_profile_gives_trends_interface_depth_and_figures(doublet, profile, recipe, tmp_path):
    outcome = doublet("series", profile, "--recipe", recipe, "-o", "out", "--formats", "json,png")
    assert outcome.code == 0, outcome.err
    rows = table((tmp_path / "out" / "trends.csv").read_text())
    truth = [0.6 * 0.5 * (1 - erf((k - 5) / (sqrt(2) * 1.2))) for k in range(10)]
    shares = np.array([float(row["S 2p P2S5 share"]) for row in rows])
    errors = np.array([float(row["u(S 2p P2S5 share)"] or "nan") for row in rows])
    assert np.nanmax(np.abs(shares - truth) / errors) < 4.0
    assert [float(row["depth / nm"]) for row in rows] == [5.0 * k for k in range(10)]
    assert [float(row["sputter time / s"]) for row in rows] == [10.0 * k for k in range(10)]
    assert "slid" in rows[SHIFTED]["alarms"]
    (document,) = json.loads((tmp_path / "out" / "series.json").read_text())
    assert document["factors"]["S 2p"]["rank"] >= 2
    step = next(i for i in document["interfaces"] if i["of"] == "S 2p P2S5 share")
    assert step["position"] == pytest.approx(50.0, abs=2.5)
    assert step["width"] == pytest.approx(24.0, rel=0.25)
    assert step["depth_nm"] == pytest.approx(step["position"] / 2)
    assert document["slid_ev"][SHIFTED] == pytest.approx(4.0, abs=0.3)
    shared = {p["path"] for p in document["parameters"] if p["mode"] == "shared"}
    assert "S 2p/PS4 2p3/2/center" in shared
    for name in ("series", "heatmap_S2p", "waterfall_S2p", "difference_S2p", "fractions_S2p"):
        assert (tmp_path / "out" / f"{name}.png").stat().st_size > 10_000
    fits = json.loads((tmp_path / "out" / "results.json").read_text())["fits"]
    times = [f["coordinates"]["sputter_time"]["value"] for f in fits]
    assert times == [10.0 * k for k in range(10)]
    assert {f["method"] for f in fits} == {"series"}


def test_what_must_be_known_is_said(doublet, profile, recipe):
    outcome = doublet("series", profile, "--recipe", recipe, "--json", "x.json")
    assert "10 levels, one fit" in outcome.out
    assert "interface of S 2p P2S5 share" in outcome.out
    assert re.search(rf"level {SHIFTED + 1}: its lines lie \+(3\.[89]|4\.[012]) eV", outcome.err)
    assert "Depth = sputter time x 0.5 nm/s (measured on Ta2O5" in outcome.err
    assert "A film of 40 to 50 nm lets 2e-07 to 4e-06 of the substrate's signal" in outcome.err
    assert "break P-S bonds" in outcome.err


def test_many_files_in_natural_order_or_by_a_table(doublet, recipe, tmp_path):
    generator = np.random.default_rng(3)
    folder = tmp_path / "scans"
    folder.mkdir()
    for k in (0, 2, 10):
        write(folder / f"scan {k}.csv", [level(generator, k)])
    outcome = doublet("series", folder, "--recipe", recipe, "--json", "-")
    assert outcome.code == 0, outcome.err
    (document,) = json.loads(outcome.out)
    shares = next(t for t in document["trends"] if t["name"] == "S 2p P2S5 share")["values"]
    assert shares[0] > shares[1] > shares[2]
    coordinates = tmp_path / "states.csv"
    coordinates.write_text("file,voltage [V]\nscan 0.csv,4.3\nscan 2.csv,3.9\nscan 10.csv,3.7\n")
    options = ("--coordinates", coordinates, "--axis", "voltage", "--json", "-")
    (document,) = json.loads(doublet("series", folder, "--recipe", recipe, *options).out)
    assert document["axis"] == {"name": "voltage", "unit": "V"}
    assert document["coordinates"]["voltage"]["values"] == [3.7, 3.9, 4.3]
    turned = next(t for t in document["trends"] if t["name"] == "S 2p P2S5 share")["values"]
    np.testing.assert_allclose(turned, shares[::-1], rtol=1e-6)


def test_what_is_free_shared_and_smooth(doublet, profile, recipe):
    options = ("--free", "*/fwhm", "--smooth", "*/region/shift=0.05", "--json", "-")
    (document,) = json.loads(doublet("series", profile, "--recipe", recipe, *options).out)
    modes = {p["path"]: p["mode"] for p in document["parameters"]}
    assert modes["S 2p/PS4 2p3/2/fwhm"] == "free"
    assert modes["S 2p/region/shift"].startswith("smooth")
    assert any(t["kind"] == "parameter" for t in document["trends"])


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--free", "*/fwmh"), "no free parameter of the series is called so"),
        (("--smooth", "shift"), "is not PATTERN=SD"),
        (("--axis", "voltage"), "voltage is not known of level 1 of 10"),
        (("--axis", "index", "--axis", "cycle"), "--axis is given 2 times"),
        (("--preset", "lps-film"), "either --recipe FILE or --preset NAME"),
    ],
)
def test_what_is_wrong_is_said(doublet, profile, recipe, clear, options, words):
    clear(doublet("series", profile, "--recipe", recipe, *options), words=words)


def test_one_level_is_no_series(doublet, recipe, tmp_path, clear):
    write(tmp_path / "one.csv", [level(np.random.default_rng(0), 1)])
    clear(doublet("series", tmp_path / "one.csv", "--recipe", recipe), words="two levels or more")


def test_what_must_be_known_stands_in_every_file(doublet, profile, recipe, tmp_path):
    """Derived once: results.json, series.json, the report and the terminal say the same."""
    text = recipe.read_text().replace("film = [40.0, 50.0]", "film = [60.0, 70.0]")
    recipe.write_text(text)  # 45 nm are sputtered: the interface seen cannot be that of the film
    options = ("-o", "out", "--formats", "json,html")
    outcome = doublet("series", profile, "--recipe", recipe, *options)
    assert outcome.code == 0, outcome.err
    results = json.loads((tmp_path / "out" / "results.json").read_text())
    (series,) = results["series"]
    assert series["fits"] == [fit["id"] for fit in results["fits"]]
    codes = [finding["code"] for finding in series["findings"]]
    assert {"series_film", "series_depth_scale", "series_sputtering"} == set(codes)
    film = next(f for f in series["findings"] if "the interface is not reached" in f["message"])
    assert film["severity"] == "warning" and "15 to 25 nm left" in film["message"]
    assert all(f["severity"] == "note" for f in series["findings"] if f["code"] != "series_film")
    (document,) = json.loads((tmp_path / "out" / "series.json").read_text())
    assert document["findings"] == series["findings"]
    report = (tmp_path / "out" / "report.html").read_text()
    for finding in series["findings"]:
        assert finding["message"] in outcome.err
        assert finding["message"].split(" (")[0][:40] in report
    own = {fit["level"]: [w["code"] for w in fit["warnings"]] for fit in results["fits"]}
    assert "series_slid" in own[SHIFTED]
    assert not any("series_slid" in codes for k, codes in own.items() if k != SHIFTED)
    assert "below_detection" in own[9]  # what the referee says of any other fit


def test_a_film_that_was_sputtered_through_is_no_warning(doublet, profile, recipe, tmp_path):
    recipe.write_text(recipe.read_text().replace("film = [40.0, 50.0]", "film = [20.0, 30.0]"))
    assert doublet("series", profile, "--recipe", recipe, "--json", "x.json").code == 0
    (document,) = json.loads((tmp_path / "x.json").read_text())
    assert {finding["severity"] for finding in document["findings"]} == {"note"}


def raman_point(generator, k):
    """Synthetic: PS4 gives way to P2S7 along a line of ten points; a glass' three bands."""
    x = np.arange(330.0, 480.0, 1.0)
    part = k / 9
    bands = ((421, 14, 6e4 * (1 - 0.6 * part)), (405, 16, 1e4 + 3e4 * part), (385, 16, 8e3))
    curve = 400 + 0.8 * (x - 330)
    for centre, width, area in bands:
        curve += area * 2 / np.pi / width / (1 + 4 * ((x - centre) / width) ** 2)
    return "".join(f"{a:.1f}\t{b}\n" for a, b in zip(x, generator.poisson(curve), strict=True))


def test_a_line_of_raman_spectra_is_a_series(doublet, tmp_path):
    """Nothing in it is charged: no shift, no eV; the ratio follows the truth with its errors."""
    generator = np.random.default_rng(2)
    (tmp_path / "line").mkdir()
    for k in range(10):
        (tmp_path / "line" / f"point {k}.txt").write_text(raman_point(generator, k))
    rows = [f"point {k}.txt,{2.5 * k}" for k in range(10)]
    (tmp_path / "places.csv").write_text("\n".join(["file,position [um]", *rows, ""]))
    options = ("--preset", "raman/lps-glass", "--axis", "raman", "--axis", "position")
    options += ("--coordinates", tmp_path / "places.csv", "--y-unit", "counts", "--json", "-")
    outcome = doublet("series", tmp_path / "line", *options)
    assert outcome.code == 0, outcome.err
    (document,) = json.loads(outcome.out)
    assert document["axis"] == {"name": "position", "unit": "um"}
    assert not any(trend["kind"] == "shift" for trend in document["trends"])
    assert set(document["slid_ev"]) == {0.0} and not document["alarms"]
    ratio = next(t for t in document["trends"] if t["name"] == "P2S7 / PS4")
    truth = np.array([(1 + 3 * k / 9) / (6 * (1 - 0.6 * k / 9)) for k in range(10)])
    pulls = (np.array(ratio["values"]) - truth) / np.array(ratio["stderrs"])
    assert np.abs(pulls).max() < 4.0 and np.sqrt(np.mean(pulls**2)) < 2.0


def test_rate_and_film_go_with_any_preset_or_recipe(doublet, profile, recipe):
    """Of the paper: 20 nm nominal of a film of 40 to 50 nm, and exp(-40 / 3.2) = 4e-6."""
    recipe.write_text(recipe.read_text().split("[series]")[0])
    options = ("--recipe", recipe, "--rate", "0.2", "--film", "40:50", "--json", "-")
    outcome = doublet("series", profile, *options)
    assert outcome.code == 0, outcome.err
    (document,) = json.loads(outcome.out)
    assert document["depth"]["values"][-1] == pytest.approx(18.0)  # 90 s
    film = [f["message"] for f in document["findings"] if f["code"] == "series_film"]
    assert "4e-06 of the substrate's signal" in film[0] and "22 to 32 nm left" in film[1]
    wrong = doublet("series", profile, "--recipe", recipe, "--film", "50:40")
    assert wrong.code == 2 and '"50:40" is no thickness in nm' in wrong.err


def test_an_outlier_among_many_files_is_told_by_its_file(doublet, recipe, tmp_path):
    generator = np.random.default_rng(11)
    (tmp_path / "scans").mkdir()
    for k in range(7):
        own = level(generator, 0)
        if k == 4:  # a tenth of the counts
            counts = generator.poisson(own.counts / 10).astype(float)
            own = make_spectrum(
                own.x, counts, Axis.BINDING_ENERGY, y_unit="counts", counts=counts, meta=own.meta
            )
        write(tmp_path / "scans" / f"scan {11 + k}.csv", [own])
    outcome = doublet("series", tmp_path / "scans", "--recipe", recipe, "-o", "out")
    assert outcome.code == 0, outcome.err
    assert re.search(r"level 5 \(scan 15\.csv\): its signal in S 2p is 0\.(09|1)", outcome.err)
    assert outcome.out.startswith("film: 7 levels, one fit")
    rows = table((tmp_path / "out" / "trends.csv").read_text())
    assert [row["file"] for row in rows if "outlier" in row["alarms"]] == ["scan 15.csv"]
