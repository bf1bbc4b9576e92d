"""Ratios of many results files as one table; a file that is none says what it is."""

from __future__ import annotations

import csv
import io
import json

import pytest

from spectra_core.datafiles import data_path
from spectra_core.errors import ReadError, RecipeError
from spectra_core.recipe.text import (
    dump_recipe,
    parse_recipe,
    recipe_from_dict,
    recipe_to_dict,
)
from spectra_core.results.document import write_results
from spectra_core.results.ratio_table import ratios_csv, ratios_document, read_ratios
from spectra_core.results.table import text_table
from spectra_core.runs.batch import run
from spectra_core.runs.simulate import simulate_recipe
from spectra_core.writers import write

EXAMPLE = data_path("resources", "examples", "lpscl_cathode_s2p.toml").read_text(encoding="utf-8")
ASK = 'denominator = ["PS4"]\nuncertainty = { monte_carlo = 60, model = false }'
TEXT = EXAMPLE.replace('denominator = ["PS4"]', ASK)
OLD = {
    "schema": "doublet-results/1",
    "ratios": [
        {
            "name": "r",
            "sample": "a",
            "value": 1.5,
            "stderr": 0.1,
            "interval": [1.3, 1.7],
            "level": 0.95,
            "budget": {"counting": 0.1, "background": None},
        }
    ],
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Results of one synthetic spectrum whose recipe asks for a budget."""
    folder = tmp_path_factory.mktemp("results")
    recipe = parse_recipe(TEXT)
    write(folder / "s.vms", simulate_recipe(recipe).spectra)
    done = run([folder / "s.vms"], recipe=recipe)
    write_results(done, folder / "results.json")
    (folder / "table.txt").write_text(text_table(done), encoding="utf-8")
    return folder


def test_a_recipe_asks_for_the_rows_of_the_budget(folder):
    (row,) = read_ratios(folder / "results.json")
    budget = row.entry["budget"]
    assert budget["counting"] > 0
    assert budget["background"] > 0
    assert budget["model"] is None
    assert row.entry["monte_carlo"]["draws"] == 60
    others = [v for v in row.entry["variants"] if v["choice"] != "drawn"]
    assert {v["kind"] for v in others} == {"background"}


def test_the_table_of_a_run_shows_the_budget(folder):
    text = (folder / "table.txt").read_text(encoding="utf-8")
    assert "(counting alone)" in text  # the model row was not asked for, so there is no total
    assert "total" not in text


def test_what_a_recipe_asks_for_survives_a_round_trip():
    recipe = parse_recipe(TEXT)
    assert recipe_from_dict(recipe_to_dict(recipe)) == recipe
    assert recipe.ratio[0].uncertainty.background is True


def test_a_ratio_has_every_row_unless_counting_alone_is_asked_for():
    plain = parse_recipe(TEXT.replace(ASK, 'denominator = ["PS4"]')).ratio[0]
    assert (plain.uncertainty.monte_carlo, plain.uncertainty.model) == (500, True)
    alone = parse_recipe(TEXT.replace(ASK, 'denominator = ["PS4"]\nuncertainty = "counting"'))
    assert alone.ratio[0].uncertainty == "counting"
    assert recipe_from_dict(recipe_to_dict(alone)) == alone
    assert parse_recipe(dump_recipe(alone)) == alone


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ("{ monte_carlo = 10 }", "too few"),
        ("{ montecarlo = 500 }", 'Did you mean "monte_carlo"'),
        ("{ model = 1 }", "model"),
    ],
)
def test_a_mistake_in_the_uncertainty_of_a_ratio_is_said(given, words):
    text = TEXT.replace("{ monte_carlo = 60, model = false }", given)
    with pytest.raises(RecipeError, match=words):
        parse_recipe(text)


def test_a_folder_means_the_results_in_it(folder):
    assert read_ratios(folder) == read_ratios(folder / "results.json")


def test_the_csv_has_every_digit_of_the_results(folder):
    (entry,) = json.loads((folder / "results.json").read_text())["ratios"]
    (row,) = csv.DictReader(io.StringIO(ratios_csv(read_ratios(folder))))
    assert float(row["value"]) == entry["value"]
    assert [float(row["low"]), float(row["high"])] == entry["interval"]
    assert float(row["background"]) == entry["budget"]["background"]
    assert row["model"] == ""


def test_the_document_names_the_file_each_ratio_comes_from(folder):
    document = ratios_document([*read_ratios(folder), *read_ratios(folder)])
    assert document["schema"] == "doublet-ratios/1"
    assert [r["results"] for r in document["ratios"]] == [str(folder / "results.json")] * 2
    json.dumps(document, allow_nan=False)


def test_a_results_file_of_an_earlier_version_is_read(tmp_path):
    path = tmp_path / "old.json"
    path.write_text(json.dumps(OLD))
    (row,) = read_ratios(path)
    assert (row.entry["value"], row.entry["total_interval"]) == (1.5, None)
    assert row.entry["budget"]["total"] is None


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("no json", "is not JSON"),
        ("[" * 100_000, "is not JSON"),
        ("[1, 2]", "it has no schema"),
        ('{"schema": "doublet-recipe/1"}', '"doublet-recipe/1"'),
        ('{"schema": "doublet-results/1"}', '"ratios" is not a list'),
        ('{"schema": "doublet-results/1", "ratios": []}', "there is no ratio"),
        (json.dumps(OLD).replace("1.5", '"1.5"'), "\"value\" is '1.5', not a number"),
        (json.dumps(OLD).replace("1.5", "NaN"), "not a number"),
        (json.dumps(OLD).replace("[1.3, 1.7]", "[1.3]"), "not a pair"),
    ],
)
def test_what_is_no_results_file_is_said_with_its_place(tmp_path, text, words):
    path = tmp_path / "file.json"
    path.write_text(text)
    with pytest.raises(ReadError) as caught:
        read_ratios(path)
    assert words in str(caught.value)
    assert "file.json" in str(caught.value)


def test_a_missing_file_is_said(tmp_path):
    with pytest.raises(ReadError, match="cannot be read"):
        read_ratios(tmp_path / "none.json")
