"""`doublet recipe`: a recipe from a CasaXPS fit, and the schema of recipes."""

from __future__ import annotations

import json

import numpy as np
import pytest

import spectra_core as sc
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


def test_a_measured_spectrum_becomes_a_recipe_that_fits_another(doublet, tmp_path):
    """A lopsided pristine spectrum, drawn by hand, is found again in a sample: area and shift."""
    x = np.arange(156.0, 172.0, 0.1)

    def line(shift):
        left, right = 0.5, 0.9
        z = (x - 162.0 - shift) / np.where(x < 162.0 + shift, left, right)
        return np.exp(-0.5 * z**2) / (np.sqrt(np.pi / 2) * (left + right))

    generator = np.random.default_rng(6)
    for name, area, shift in (("pristine", 40000.0, 0.0), ("cycled", 6000.0, 0.25)):
        counts = generator.poisson(area * line(shift) + 60.0).astype(float)
        meta = sc.Meta(name, "S 2p", "XPS", excitation_energy_ev=1486.6, dwell_s=1.0, scans=1.0)
        own = sc.make_spectrum(x, counts, sc.Axis.BINDING_ENERGY, y_unit="counts", meta=meta)
        sc.write(tmp_path / f"{name}.vms", [own])
    recipe = tmp_path / "pristine.toml"
    arguments = ("--from", "spectrum", "--window", "157", "171", "-o", recipe)
    assert doublet("recipe", tmp_path / "pristine.vms", *arguments).code == 0
    entry = json.loads(
        doublet("fit", tmp_path / "cycled.vms", "--recipe", recipe, "--json", "-").out
    )
    component = entry["fits"][0]["components"][0]
    area = component["parameters"]["area"]
    assert abs(area["value"] - 6000.0) < 4 * area["stderr"]
    assert abs(component["position"]["value"] - 162.25) < 0.2
    table = doublet("fit", tmp_path / "cycled.vms", "--recipe", recipe, "-o", tmp_path / "out").out
    assert "measured pristine S 2p" in table and "eNo" not in table
