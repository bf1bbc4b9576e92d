"""A project as one RO-Crate, read back by the library of the format's authors."""

from __future__ import annotations

import json
import zipfile

import numpy as np
import pytest

from spectra_core.project.file import load_project, save_project
from spectra_core.readers import read

pytest.importorskip("rocrate", reason="needs the extra doublet[crate]")

LICENSE = "https://creativecommons.org/licenses/by/4.0/"


@pytest.fixture
def project(vamas_file, recipe_file, tmp_path):
    from spectra_core.project.recipes import project_from_run
    from spectra_core.recipe.text import load_recipe
    from spectra_core.runs.batch import run

    done = run([vamas_file], recipe=load_recipe(recipe_file))
    save_project(project_from_run(done), tmp_path / "work.doublet")
    return tmp_path / "work.doublet"


@pytest.fixture
def crate(doublet, project, tmp_path):
    """Return a function that writes the crate, and unpacks it."""

    def call(*options):
        out = tmp_path / "out"
        outcome = doublet("report", project, "--formats", "crate", "-o", out, *options)
        assert [path.name for path in out.iterdir()] == ["ro-crate.zip"], outcome
        with zipfile.ZipFile(out / "ro-crate.zip") as packed:
            assert all(".." not in name and name[0] != "/" for name in packed.namelist())
            packed.extractall(tmp_path / "unpacked")
        return outcome, tmp_path / "unpacked"

    return call


def test_every_file_is_described_and_nothing_else_is_there(crate, project, vamas_file):
    from rocrate.rocrate import ROCrate

    outcome, folder = crate("--license", LICENSE)
    assert outcome.code == 0, outcome
    told = ROCrate(folder)
    files = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    entities = {e.id: e for e in told.get_entities() if e.type == "File"}
    assert set(entities) == files - {"ro-crate-metadata.json"}
    assert all(entity["description"] for entity in entities.values())
    assert told.root_dataset["license"].id == LICENSE
    cited = {work.id for work in told.root_dataset["citation"]}
    assert any(key.startswith("https://doi.org/10.") for key in cited)
    (action,) = [e for e in told.get_entities() if e.type == "CreateAction"]
    assert action["instrument"]["name"] == "Doublet"
    used, made = ({e.id for e in action[key]} for key in ("object", "result"))
    assert used | made == set(entities) and not used & made
    assert {"results.json", "report.html", "report.pdf", "project.doublet"} == made


def test_the_data_are_those_that_were_measured(crate, project, vamas_file):
    _, folder = crate()
    (original,) = (folder / "original").iterdir()
    assert original.read_bytes() == vamas_file.read_bytes()
    (table,) = (folder / "data").iterdir()
    for own, measured in zip(read(table), read(vamas_file), strict=True):
        np.testing.assert_array_equal(own.counts, measured.counts)
        np.testing.assert_allclose(own.x_recorded, measured.x_recorded, rtol=0, atol=1e-9)
    assert load_project(folder / "project.doublet").analyses.keys()
    assert json.loads((folder / "results.json").read_text())["fits"]


def test_a_file_that_changed_since_is_left_out_and_no_licence_is_invented(crate, vamas_file):
    vamas_file.write_bytes(vamas_file.read_bytes() + b"\n")
    outcome, folder = crate()
    assert "no licence" in outcome.err
    assert not (folder / "original").exists()
    graph = json.loads((folder / "ro-crate-metadata.json").read_text())["@graph"]
    (root,) = [entity for entity in graph if entity["@id"] == "./"]
    assert "license" not in root
    (table,) = [entity for entity in graph if entity["@id"].startswith("data/")]
    assert "changed" in table["description"]
