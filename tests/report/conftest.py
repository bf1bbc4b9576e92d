"""One synthetic run with everything in it, and its report in every format."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from spectra_core.datafiles import data_path
from spectra_core.recipe.text import load_recipe, recipe_from_dict, recipe_to_dict
from spectra_core.report import REPORT_FORMATS, build_report, write_report
from spectra_core.results.document import results_json
from spectra_core.runs.batch import run
from spectra_core.runs.simulate import simulate_recipe
from spectra_core.writers import write

HOSTILE = (
    "<script>alert(1)</script>",
    '=HYPERLINK("http://example.org")',
    "../../../outside",
    "x" * 10_000,
    "emoji \U0001f600 and \u4e2d",
    "control \x07\x1b[31m \u202ereversed",
)


@pytest.fixture(scope="session")
def example_recipe():
    return load_recipe(data_path("resources", "examples", "lpscl_cathode_s2p.toml"))


@pytest.fixture(scope="session")
def example_run(example_recipe, tmp_path_factory):
    path = tmp_path_factory.mktemp("report") / "synthetic.vms"
    write(path, simulate_recipe(example_recipe).spectra)
    return run([path], recipe=example_recipe)


@pytest.fixture(scope="session")
def document(example_run):
    return json.loads(results_json(example_run))


def written(run_, folder):
    report = build_report(run_, entries={"operator": "A. Person"})
    files = {}
    for kind in REPORT_FORMATS:
        files[kind] = folder / f"report.{kind}"
        write_report(report, files[kind])
    return files


@pytest.fixture(scope="session")
def files(example_run, tmp_path_factory):
    return written(example_run, tmp_path_factory.mktemp("files"))


@pytest.fixture(scope="session")
def hostile_recipe(example_recipe):
    """Return a recipe whose labels, species, ratio name and title mean harm."""
    plain = recipe_to_dict(example_recipe)
    components = [dict(c) for c in plain["region"][0]["component"]]
    components[0] |= {"label": "=cmd|'/C calc'!A0", "species": "<img src=x onerror=alert(1)>"}
    region = dict(plain["region"][0]) | {"component": components}
    ratio = {"name": "@SUM(1)", "numerator": ["intermediate"], "denominator": ["=cmd|'/C calc'!A0"]}
    title = "</title><script>alert(2)</script>"
    return recipe_from_dict(plain | {"region": [region], "ratio": [ratio], "title": title})


@pytest.fixture(scope="session")
def hostile_files(example_recipe, hostile_recipe, tmp_path_factory):
    from spectra_core.writers.hdf5 import write_hdf5

    folder = tmp_path_factory.mktemp("hostile")
    spectra = []
    for seed, name in enumerate(HOSTILE):
        made = simulate_recipe(example_recipe, seed=seed).spectra[0]
        spectra.append(replace(made, meta=replace(made.meta, sample=name)))
    write_hdf5(folder / "in.h5", spectra)
    done = run([folder / "in.h5"], recipe=hostile_recipe)
    assert len(done.fits) == len(HOSTILE), done.failures
    return done, written(done, folder)
