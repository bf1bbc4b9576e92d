"""`doublet recipe`: a recipe from a CasaXPS fit, and the schema of recipes."""

from __future__ import annotations

import json

import pytest

from spectra_core.model import set_parameter
from spectra_core.project.file import load_project, save_project
from spectra_core.project.project import add_analysis
from spectra_core.recipe.text import load_recipe


@pytest.fixture
def casaxps_file(data_dir):
    return data_dir / "cheminfo-xps" / "assigned_excerpt_3samples.vms"


def test_the_schema_is_json_and_knows_the_tables(doublet):
    outcome = doublet("recipe", "--schema")
    schema = json.loads(outcome.out)
    assert outcome.code == 0
    assert {"region", "ratio", "link", "simulate"} <= set(schema["properties"])


def test_a_casaxps_fit_becomes_a_recipe_with_its_doublet(doublet, casaxps_file, tmp_path):
    path = tmp_path / "s2p.toml"
    outcome = doublet(
        "recipe", casaxps_file, "--from", "casaxps", "--select", "RW_Tha_MoS2 S 2p", "-o", path
    )
    assert outcome.code == 0 and outcome.out == ""
    component = load_recipe(path).region[0].component[0]
    # as the block comment has it: split by 1.16 eV, 2:1
    assert (component.splitting, component.ratio) == (1.16, 0.5)


def test_several_fits_ask_for_one(doublet, clear, casaxps_file):
    outcome = doublet("recipe", casaxps_file, "--from", "casaxps", "--select", "S 2p")
    clear(outcome, words="3 spectra")
    assert "--select" in outcome.err


def test_a_file_without_a_casaxps_fit_is_named(doublet, clear, vamas_file):
    clear(doublet("recipe", vamas_file, "--from", "casaxps"), words="no")


@pytest.mark.parametrize("arguments", [(), ("x.vms",)])
def test_what_is_missing_is_said(doublet, clear, arguments):
    clear(doublet("recipe", *arguments), words="--")


def test_a_project_becomes_the_recipe_that_gives_its_numbers_again(
    doublet, vamas_file, recipe_file, tmp_path
):
    project, again = tmp_path / "work.doublet", tmp_path / "again.doublet"
    recipe = tmp_path / "work.toml"
    fitted = doublet(
        "fit",
        vamas_file,
        "--recipe",
        recipe_file,
        "--json",
        "a.json",
        "--starts",
        2,
        "--project",
        project,
    )
    assert fitted.code == 0, fitted.err
    assert "project saved" in fitted.err
    assert doublet("recipe", project, "--from", "project", "-o", recipe).code == 0
    assert load_recipe(recipe).fit.starts == 2
    assert (
        doublet("fit", vamas_file, "--recipe", recipe, "--json", "b.json", "--project", again).code
        == 0
    )
    first, second = (
        next(iter(load_project(file).analyses.values())).result for file in (project, again)
    )
    assert first.paths == second.paths
    assert second.values == pytest.approx(first.values, rel=1e-12, abs=1e-12)


def test_a_file_that_is_no_project_is_said(doublet, vamas_file, clear):
    outcome = doublet("recipe", vamas_file, "--from", "project")
    clear(outcome, words="not a Doublet project")


def test_a_project_made_in_several_ways_gives_a_recipe_each(
    doublet, vamas_file, recipe_file, tmp_path
):
    file = tmp_path / "work.doublet"
    doublet("fit", vamas_file, "--recipe", recipe_file, "--json", "a.json", "--project", file)
    project = load_project(file)
    (key,) = project.analyses
    other = set_parameter(project.analyses[key].model, "S 2p/PS4/fwhm", value=1.3)
    save_project(add_analysis(project, other, project.analyses[key].spectra), file)
    assert "2 different ways" in doublet("recipe", file, "--from", "project").err
    assert doublet("recipe", file, "--from", "project", "-o", "r.toml").code == 0
    assert [load_recipe(f"r-{i}.toml").title for i in (1, 2)] == [project.settings.title] * 2
