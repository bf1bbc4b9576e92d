"""The bundled example spectra: synthetic, said to be so, and made from the recipes beside them."""

import json

import numpy as np
import pytest

from spectra_core.datafiles import data_path
from spectra_core.fitting import fit
from spectra_core.readers import read
from spectra_core.recipe.text import load_recipe, model_from_recipe
from spectra_core.runs.simulate import simulate_recipe

FOLDER = data_path("resources", "examples")
REPLICAS = sorted(path.stem for path in FOLDER.glob("su2025_*.vms"))
PAPER = {
    "bare_charged": 1.11,
    "bare_discharged": 0.97,
    "coated_charged": 1.56,
    "coated_discharged": 0.56,
}


def test_figures_1_and_5_are_replicated():
    assert len([name for name in REPLICAS if "fig5" in name]) == 4
    assert len([name for name in REPLICAS if "fig1" in name]) == 4


@pytest.mark.parametrize("name", sorted(path.stem for path in FOLDER.glob("*.vms")))
def test_an_example_says_that_it_is_synthetic(name):
    for spectrum in read(FOLDER / f"{name}.vms"):
        assert "synthetic" in spectrum.meta.sample
        assert "synthetic" in spectrum.meta.comment.casefold()
    assert json.loads((FOLDER / f"{name}_truth.json").read_text(encoding="utf-8"))["synthetic"]


@pytest.mark.parametrize("name", REPLICAS)
def test_a_replica_is_what_its_recipe_simulates(name):
    simulation = simulate_recipe(load_recipe(FOLDER / f"{name}.toml"))
    shipped = read(FOLDER / f"{name}.vms")
    for made, spectrum in zip(simulation.spectra, shipped, strict=True):
        np.testing.assert_array_equal(made.counts, spectrum.counts)
        np.testing.assert_allclose(made.x, spectrum.x, atol=1e-9)
        assert made.meta.etch_time_s == spectrum.meta.etch_time_s


@pytest.mark.parametrize(("cell", "ratio"), PAPER.items())
def test_the_truth_of_figure_5_is_the_papers_table(cell, ratio):
    path = FOLDER / f"su2025_fig5_{cell}_truth.json"
    truth = json.loads(path.read_text(encoding="utf-8"))
    assert truth["ratios"][0]["value"] == pytest.approx(ratio, rel=1e-6)


def test_sputtering_takes_li2s_from_the_bare_replica_only():
    """Fig. 1e-f as the paper tells it: Li2S falls on the bare electrolyte, not on the coated."""
    areas = {}
    for name in REPLICAS:
        if "fig1" in name:
            model = model_from_recipe(load_recipe(FOLDER / f"{name}.toml"))
            s2p, p2p = read(FOLDER / f"{name}.vms")
            result = fit({"S 2p": s2p, "P 2p": p2p}, model)
            areas[name.removeprefix("su2025_fig1_")] = result.value("S 2p/Li2S/area")
    assert areas["bare_40s"] < 0.6 * areas["bare_0s"]
    assert areas["coated_40s"] > 0.9 * areas["coated_0s"]
