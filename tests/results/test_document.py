"""The results file keeps its promises to other programs; tables and names are fit for people."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from dataclasses import replace
from pathlib import Path
from typing import Literal

import numpy as np
import pytest
from pydantic import BaseModel, ConfigDict, Field

from spectra_core.errors import WriteError
from spectra_core.fitting import evaluate
from spectra_core.model import set_parameter
from spectra_core.recipe.text import model_from_recipe, parse_recipe, recipe_from_dict
from spectra_core.results.curves import curves_csv, write_curves_csv
from spectra_core.results.document import results_document, results_json, write_results
from spectra_core.results.entries import position
from spectra_core.results.names import file_stems, safe_name
from spectra_core.results.table import text_table, with_error
from spectra_core.runs.batch import Failure, run
from spectra_core.spectrum import Axis, Meta, Spectrum
from spectra_core.writers import write

RECIPE = parse_recipe("""
schema = "doublet-recipe/1"
title = "synthetic"
share_shift = true
[calibration]
reference = "C 1s"
assigned = 284.8
measured = 284.6
uncertainty = 0.05
[[region]]
name = "S 2p"
window = [157.0, 168.0]
background = { type = "shirley", mode = "active", level = 500, step = 0.01 }
[region.shift]
value = 0.0
min = -1.0
max = 1.0
[[region.component]]
label = "PS4"
species = "PS4(3-)"
line = "S 2p"
center = { value = 161.6, free = false }
area = 6000
fwhm = 1.2
mix = { value = 0.2, free = false }
[[region.component]]
label = "new, with a comma"
line = "S 2p"
center = { value = 162.9, max = 163.5 }
area = { value = 3000, min = 0.0 }
fwhm = { value = 1.2, max = 1.21 }
mix = { value = 0.2, free = false }
[[region.component]]
label = "off"
enabled = false
lineshape = "gaussian"
center = 166
fwhm = 1
area = 10
[[region]]
name = "P 2p"
window = [127.0, 137.0]
background = { type = "linear", mode = "static", endpoint_points = 5 }
[[region.component]]
label = "PS4"
line = "P 2p"
center = { value = 131.9, free = false }
fwhm = 1.2
mix = { value = 0.2, free = false }
[[ratio]]
name = "new / PS4"
numerator = ["new, with a comma"]
denominator = ["S 2p/PS4"]
""")
WINDOWS = {"S 2p": (157.0, 168.0), "P 2p": (127.0, 137.0)}
SHIFT = 0.2


def spectrum(name: str, rate=None, sample="cell 1", time=2.0) -> Spectrum:
    low, high = WINDOWS[name]
    x = np.arange(low, high + 1e-9, 0.05)
    y = np.ones(x.size) if rate is None else rate
    meta = Meta(
        sample=sample,
        region=name,
        dwell_s=time / 4,
        scans=4.0,
        excitation_energy_ev=1486.6,
        comment="SYNTHETIC, made by a test",
    )
    return Spectrum(x - SHIFT, y, Axis.BINDING_ENERGY, counts=y * time, meta=meta)


def synthetic(seed: int, sample="cell 1") -> list[Spectrum]:
    model = model_from_recipe(RECIPE)
    model = set_parameter(model, "P 2p/PS4/area", value=1500.0)
    on_scale = {
        n: replace(s, x_recorded=s.x_recorded + SHIFT)
        for n, s in ((n, spectrum(n)) for n in WINDOWS)
    }
    drawn = evaluate(on_scale, model)
    rng = np.random.default_rng(seed)
    rates = {
        r.name: rng.poisson(2.0 * (r.envelope + (300.0 if r.name == "P 2p" else 0.0))) / 2.0
        for r in drawn.regions
    }
    return [spectrum(name, rates[name], sample) for name in WINDOWS]


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    path = tmp_path_factory.mktemp("data") / "synthetic.csv"
    write(path, synthetic(1))
    return path


@pytest.fixture(scope="module")
def done(file):
    finished = run([file, file.with_name("missing.csv")], recipe=RECIPE)
    assert len(finished.fits) == 1
    return finished


@pytest.fixture(scope="module")
def document(done):
    return json.loads(results_json(done))


@pytest.fixture(scope="module")
def s2p(document):
    return document["fits"][0]


# --- the contract ------------------------------------------------------------------------


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class P(Strict):
    value: float
    stderr: float | None
    unit: str
    free: bool
    at_bound: bool
    min: float | None
    max: float | None
    link: str | None


class Position(Strict):
    value: float
    stderr: float | None
    unit: str


class Component(Strict):
    id: str
    label: str
    species: str
    line: str
    doublet: str | None
    lineshape: str
    enabled: bool
    parameters: dict[str, P]
    position: Position | None
    height: float | None
    maximum_at: float | None
    fwhm: float | None
    area_in_window: float | None


class Unlocked(Strict):
    parameter: str
    reason: str


class Doublet(Strict):
    id: str
    label: str
    line: str
    major: str
    minor: str
    splitting: float
    ratio: float
    source: str
    unlocked: list[Unlocked]
    area: P | None


class Statistics(Strict):
    n_points: int
    n_free: int
    chi_square: float
    reduced_chi_square: float
    residual_std: float
    abbe: float
    runs_p: float
    aic: float
    aicc: float
    bic: float
    prior_chi_square: float
    n_priors: int


class Summand(Strict):
    times: float
    parameter: str


class PriorEntry(Strict):
    prior: str
    terms: list[Summand] = Field(min_length=1)
    value: float
    sd: float = Field(gt=0)
    fitted: float
    stderr: float | None
    pull: float
    narrowing: float | None
    group: Literal["energies", "ties", "shape", "background", "reference"]
    source: str


class CalibrationEntry(Strict):
    shift: float
    reference: str
    assigned: float | None
    measured: float | None
    uncertainty: float | None
    scale: float
    bend: float


class BackgroundEntry(Strict):
    type: str
    mode: Literal["active", "static"]
    options: dict[str, float | int | str | bool]
    parameters: dict[str, P]
    info: dict[str, float | int | str | bool | None]


class AxisEntry(Strict):
    kind: str
    unit: str


class Warned(Strict):
    code: str
    message: str
    where: str
    advice: str = ""
    severity: Literal["note", "warning", "alarm"] | None = None


class Correlation(Strict):
    a: str
    b: str
    value: float


class StoredNumber(Strict):
    component: str
    parameter: Literal["center", "fwhm", "area"]
    stored: float
    refitted: float
    stderr: float | None
    difference: float
    sigmas: float | None


class SumOfSquares(Strict):
    stored: float
    refitted: float


class StoredEntry(Strict):
    components: list[StoredNumber]
    sum_of_squares: SumOfSquares
    is_minimum: bool
    message: str


class LevelAreaEntry(Strict):
    value: float
    binding: float
    kinetic: float | None
    transmission: float | None
    covariance: dict[str, float]


class CoordinateEntry(Strict):
    value: float
    unit: str


class Fit(Strict):
    id: str
    joint: str | None
    file: str
    sample: str
    region: str
    spectrum_index: int
    level: int
    levels: int
    coordinates: dict[str, CoordinateEntry]
    level_areas: dict[str, LevelAreaEntry]
    quantification: dict | None = None
    technique: Literal["XPS", "Raman"] | None
    axis: AxisEntry
    status: Literal["converged", "at_bound", "not_converged", "failed"]
    message: str
    method: str
    engine: str
    n_points: int
    n_free: int
    statistics: Statistics
    joint_statistics: Statistics | None
    weights: Literal["poisson", "unit", "given"]
    calibration: CalibrationEntry
    window: list[float] = Field(min_length=2, max_length=2)
    shift: P
    background: BackgroundEntry
    components: list[Component]
    doublets: list[Doublet]
    priors: list[PriorEntry]
    correlations: list[Correlation]
    warnings: list[Warned]
    recipe: dict[str, object] | None = None
    stored: StoredEntry | None = None


class Budget(Strict):
    counting: float | None
    energies: float | None
    ties: float | None
    shape: float | None
    background: float | None
    model: float | None
    reference: float | None
    total: float | None


class DrawsFailed(Strict):
    message: str
    times: int


class MonteCarlo(Strict):
    method: str
    reason: str
    seed: int
    draws: int
    failed: int
    failures: list[DrawsFailed]


class Variant(Strict):
    kind: Literal["background", "model"]
    choice: str
    name: str
    ratio: float | None
    reduced_chi_square: float | None
    delta_bic: float | None
    accepted: bool
    reason: str
    weight: float | None
    stderr: float | None


class Impact(Strict):
    prior: str
    name: str
    group: str
    source: str
    unit: str
    value: float
    sd: float
    fitted: float
    low: float | None
    high: float | None
    at_bound: bool
    gain: float | None
    pull: float
    narrowing: float | None
    normalised: float | None
    up: float | None
    down: float | None


class RatioEntry(Strict):
    name: str
    fit: str
    file: str
    sample: str
    level_index: int
    coordinates: dict[str, CoordinateEntry]
    value: float | None
    stderr: float | None
    interval: list[float] | None
    level: float
    interval_method: str
    scope: Literal["all rows", "counting alone", "counts and priors alone", ""]
    total_interval: list[float] | None
    average: float | None
    upper_limit: float | None
    budget: Budget
    monte_carlo: MonteCarlo | None
    variants: list[Variant]
    impacts: list[Impact]
    formula: str
    note: str


class Input(Strict):
    file: str
    sha256: str = Field(pattern="^[0-9a-f]{64}$")
    format: str
    spectra: int


class Failed(Strict):
    file: str
    where: str
    message: str


class Results(Strict):
    schema_: Literal["doublet-results/1"] = Field(alias="schema")
    program: dict[str, str]
    model: Literal["recipe", "casaxps"]
    inputs: list[Input]
    recipe: dict[str, object] | None
    fits: list[Fit]
    ratios: list[RatioEntry]
    failures: list[Failed]
    skipped: list[Failed]
    interrupted: bool


def test_the_document_keeps_to_its_schema(document):
    Results.model_validate(document)


def test_a_casaxps_run_keeps_to_the_schema_and_carries_each_fits_recipe(data_dir):
    stored = run([data_dir / "cheminfo-xps" / "assigned_excerpt_3samples.vms"], model="casaxps")
    document = json.loads(results_json(stored))
    Results.model_validate(document)
    assert document["recipe"] is None
    for entry in document["fits"]:
        recipe_from_dict(entry["recipe"])
        assert entry["stored"]["components"]


@pytest.mark.parametrize("table", [Results, Fit, P, Component, Doublet, Statistics, RatioEntry])
def test_the_documentation_names_every_key(table):
    text = (Path(__file__).resolve().parents[2] / "docs" / "results.md").read_text(encoding="utf-8")
    for name, field in table.model_fields.items():
        assert f"`{field.alias or name}`" in text


def test_no_number_in_the_file_is_nan_or_infinite(done):
    json.dumps(results_document(done), allow_nan=False)
    assert "NaN" not in results_json(done)
    assert "Infinity" not in results_json(done)


def test_the_applied_recipe_is_in_the_file_and_reads_back(document):
    assert recipe_from_dict(document["recipe"]) == RECIPE


def test_the_checksum_is_that_of_the_file(document, file):
    assert document["inputs"][0]["sha256"] == hashlib.sha256(file.read_bytes()).hexdigest()


def test_versions_of_what_the_numbers_depend_on_are_in_the_file(document):
    assert {"name", "version", "python", "numpy", "scipy", "lmfit"} == set(document["program"])
    assert document["program"]["numpy"] == np.__version__


def test_failures_are_in_the_file(document):
    assert [failure["file"].endswith("missing.csv") for failure in document["failures"]] == [True]


def test_regions_of_a_joint_fit_are_two_entries_with_one_id(document):
    one, two = document["fits"]
    assert (one["region"], two["region"]) == ("S 2p", "P 2p")
    assert one["joint"] == two["joint"] == one["id"]
    assert one["joint_statistics"] == two["joint_statistics"]


def test_joint_statistics_add_up(document):
    one, two = document["fits"]
    total = one["statistics"]["chi_square"] + two["statistics"]["chi_square"]
    assert one["joint_statistics"]["chi_square"] == pytest.approx(total, rel=1e-9)


def test_areas_are_in_counts_ev_per_second_where_the_time_is_known(s2p):
    assert s2p["components"][0]["parameters"]["area"]["unit"] == "counts eV/s"


def test_areas_are_in_counts_ev_where_the_time_is_not_known(tmp_path):
    counted = [
        replace(s, y=s.counts, y_unit="counts", meta=replace(s.meta, dwell_s=None, scans=None))
        for s in synthetic(2)
    ]
    write(tmp_path / "counts.csv", counted)
    entry = results_document(run([tmp_path / "counts.csv"], recipe=RECIPE))["fits"][0]
    assert entry["components"][0]["parameters"]["area"]["unit"] == "counts eV"


def test_a_doublets_total_is_the_sum_of_its_lines_with_its_own_error(s2p):
    doublet = s2p["doublets"][0]
    lines = {c["id"]: c["parameters"]["area"] for c in s2p["components"]}
    major, minor = lines[doublet["major"]], lines[doublet["minor"]]
    assert doublet["area"]["value"] == pytest.approx(major["value"] + minor["value"], rel=1e-12)
    # both lines are one free area, so their errors add linearly
    assert doublet["area"]["stderr"] == pytest.approx(major["stderr"] + minor["stderr"], rel=1e-9)


def test_tied_parameters_say_by_what(s2p):
    minor = s2p["components"][1]["parameters"]
    assert minor["area"]["link"] == "0.5 * S 2p/PS4 2p3/2/area"
    assert not minor["area"]["free"]


def test_a_value_on_its_bound_is_flagged_and_has_no_error(tmp_path):
    write(tmp_path / "a.csv", synthetic(1))
    narrow = parse_recipe(json_to_toml().replace("max = 1.21", "max = 1.0, min = 0.9"))
    entry = results_document(run([tmp_path / "a.csv"], recipe=narrow))["fits"][0]
    width = entry["components"][2]["parameters"]["fwhm"]
    assert (width["at_bound"], width["stderr"]) == (True, None)
    assert (width["min"], width["max"]) == (0.9, 1.0)
    assert entry["status"] == "at_bound"
    assert any(w["code"] == "at_bound" and "fwhm" in w["where"] for w in entry["warnings"])


def json_to_toml() -> str:
    from spectra_core.recipe.text import dump_recipe

    return dump_recipe(RECIPE).replace("value = 1.2, max", "value = 1.0, max")


def test_bounds_that_are_not_there_are_null(s2p):
    width = s2p["components"][0]["parameters"]["fwhm"]
    assert width["max"] is None


def test_a_position_contains_the_regions_shift(done, s2p):
    result = done.fits[0].result
    shift = result.value("S 2p/region/shift")
    assert s2p["components"][0]["position"]["value"] == pytest.approx(161.6 + shift, abs=1e-12)
    assert s2p["components"][0]["maximum_at"] == pytest.approx(161.6 + shift, abs=1e-9)
    # the centre is fixed, so the error of the position is that of the shift
    assert position(result, "S 2p", "PS4")[1] == pytest.approx(result.stderr("S 2p/region/shift"))


def test_a_disabled_component_stays_in_the_list_without_a_curve(s2p):
    off = s2p["components"][-1]
    assert (off["label"], off["enabled"], off["height"]) == ("off", False, None)


def test_the_area_in_the_window_is_nearly_the_whole_area_of_a_line_inside(s2p):
    line = s2p["components"][0]
    share = line["area_in_window"] / line["parameters"]["area"]["value"]
    assert 0.95 < share < 1.0


def test_calibration_and_background_are_as_applied(document):
    s2p, p2p = document["fits"]
    assert s2p["calibration"]["shift"] == pytest.approx(0.2)
    assert s2p["calibration"]["uncertainty"] == 0.05
    assert set(s2p["background"]["parameters"]) == {"level", "step"}
    assert p2p["background"]["mode"] == "static"
    assert p2p["background"]["info"]["low_points"] >= 3


def test_strong_correlations_are_listed_and_weak_ones_are_not(done, document):
    for entry in document["fits"]:
        assert all(abs(c["value"]) >= 0.9 for c in entry["correlations"])
    pairs = {(c["a"], c["b"]) for entry in document["fits"] for c in entry["correlations"]}
    for a, b, _ in done.fits[0].result.correlations(above=0.9):
        assert (a, b) in pairs


def test_the_ratio_is_that_of_the_doublet_totals(document):
    (ratio,) = document["ratios"]
    new, ps4 = (d["area"]["value"] for d in reversed(document["fits"][0]["doublets"]))
    assert ratio["value"] == pytest.approx(new / ps4, rel=1e-12)
    assert ratio["interval"][0] < 0.5 < ratio["interval"][1]


def test_the_file_is_whole_or_not_there(done, tmp_path):
    path = tmp_path / "new" / "results.json"
    write_results(done, path)
    assert [p.name for p in path.parent.iterdir()] == ["results.json"]
    assert json.loads(path.read_text(encoding="utf-8"))["schema"] == "doublet-results/1"


def test_a_file_that_cannot_be_written_is_an_error_with_its_name(done, tmp_path):
    (tmp_path / "taken").write_text("a file, not a folder")
    with pytest.raises(WriteError, match=r"results\.json"):
        write_results(done, tmp_path / "taken" / "results.json")


# --- curves ------------------------------------------------------------------------------


def read_curves(text: str) -> tuple[dict[str, str], dict[str, np.ndarray]]:
    lines = text.splitlines()
    comments = dict(line[2:].split(": ", 1) for line in lines if line.startswith("# "))
    rows = list(csv.reader(io.StringIO("\n".join(x for x in lines if not x.startswith("#")))))
    columns = np.array(rows[1:], dtype=float).T
    return comments, dict(zip(rows[0], columns, strict=True))


def test_the_curves_add_up_to_the_envelope(done):
    record = done.fits[0]
    _, columns = read_curves(curves_csv(record, record.result.regions[0]))
    parts = [v for k, v in columns.items() if k.startswith(("background", "PS4", "new, with"))]
    assert len(parts) == 5
    np.testing.assert_allclose(sum(parts), columns["envelope / counts/s"], rtol=1e-12)


def test_the_data_columns_are_the_spectrums(done):
    record = done.fits[0]
    fit = record.result.regions[0]
    comments, columns = read_curves(curves_csv(record, fit))
    assert np.array_equal(columns["binding energy / eV"], fit.x)
    assert np.array_equal(columns["intensity / counts/s"], fit.y)
    assert np.array_equal(columns["counts"], 2.0 * fit.y)
    assert comments["sample"] == "cell 1"
    assert comments["synthetic"] == "yes"
    assert comments["sha256"] == done.inputs[0].sha256


def test_the_residual_is_data_minus_envelope(done):
    record = done.fits[0]
    _, columns = read_curves(curves_csv(record, record.result.regions[1]))
    difference = columns["intensity / counts/s"] - columns["envelope / counts/s"]
    assert np.array_equal(columns["residual / counts/s"], difference)


def test_a_sample_name_with_line_breaks_cannot_break_the_header(done, tmp_path):
    record = replace(done.fits[0], sample="a\nb,1,2\n# file: /etc/passwd")
    write_curves_csv(tmp_path / "c.csv", record, record.result.regions[0])
    comments, _ = read_curves((tmp_path / "c.csv").read_text(encoding="utf-8"))
    assert comments["sample"] == "a b,1,2 # file: /etc/passwd"


# --- names -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "hostile",
    [
        "../../etc/passwd",
        "/root",
        "C:\\x",
        "a/b\\c",
        "..",
        "con",
        "NUL",
        "x" * 500,
        "a\x00b",
        "new\nline",
        ".hidden",
        "-rf",
        "a:b*c?",
        "日本" * 100,
        "é" * 300,
        "<script>",
        "name. ",
    ],
)
def test_a_hostile_name_becomes_one_short_harmless_file_name(hostile, tmp_path):
    name = safe_name(hostile)
    assert len(name.encode()) <= 80
    assert not set(name) & set('/\\:*?"<>|\x00\n.')
    assert not name.startswith(("-", "."))
    assert name.casefold() not in {"con", "nul"}
    if name:
        (tmp_path / name).write_text("")
        assert [p.name for p in tmp_path.iterdir()] == [name]


def test_names_keep_letters_of_any_script():
    assert safe_name("Größe 2p3/2") == "Größe_2p3_2"


def test_stems_are_unique_whatever_the_samples_are_called(done):
    record = done.fits[0]
    samples = ["a/b", "a b", "A_B", ""]
    fits = tuple(replace(record, id=f"fit-{i}", sample=s) for i, s in enumerate(samples))
    stems = list(file_stems(replace(done, fits=fits)).values())
    assert len({stem.casefold() for stem in stems}) == len(stems) == 8


# --- the text table ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "stderr", "text"),
    [
        (161.6123, 0.00678, "161.6123 ± 0.0068"),
        (4949.8, 61.7, "4950 ± 62"),
        (123456.0, 1234.0, "123500 ± 1200"),
        (1.0, 0.0996, "1.00 ± 0.10"),
        (0.5, 0.25, "0.50 ± 0.25"),
        (12.0, 9.96, "12 ± 10"),
        (2.0, None, "2"),
        (2.0, float("nan"), "2"),
    ],
)
def test_errors_have_two_digits_and_values_match(value, stderr, text):
    assert with_error(value, stderr) == text


def test_the_table_shows_every_component_total_and_ratio(done):
    table = text_table(done)
    for words in ("PS4 2p3/2", "PS4 (both lines)", "new / PS4", "counts eV/s", "joint fit", "off"):
        assert words in table
    assert "±" in table


def test_the_table_never_feeds_back(done):
    before = done.fits[0].result.values.copy()
    text_table(done)
    assert np.array_equal(before, done.fits[0].result.values)


def test_a_failure_reads_as_one_line():
    assert str(Failure("a.vms", "cell 1", "no spectrum.")) == "a.vms: cell 1: no spectrum."


def test_a_file_name_is_short_and_has_the_sample_only_where_it_tells_files_apart(done):
    """The sample of a file that has one sample alone would say the same again."""
    long = "Bare NCM811 + bare LPSCl, charged to 4.3 V and held (synthetic)"
    one = replace(done, fits=(replace(done.fits[0], file="day1/cell.vms", sample=long),))
    assert set(file_stems(one).values()) == {"cell_S_2p", "cell_P_2p"}
    two = tuple(
        replace(done.fits[0], id=f"fit-{i}", file="day1/cell.vms", sample=f"{name} (synthetic)")
        for i, name in enumerate(("bare", "coated"))
    )
    stems = set(file_stems(replace(done, fits=two)).values())
    assert {"cell_bare_S_2p", "cell_coated_S_2p"} <= stems and len(stems) == 4
