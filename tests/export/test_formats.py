"""Every format that a recipe may ask for is one that a run can be written as."""

from __future__ import annotations

import pytest

from spectra_core.datafiles import data_path
from spectra_core.export.formats import export_steps, written_kinds
from spectra_core.recipe.formats import FORMATS
from spectra_core.recipe.text import load_recipe
from spectra_core.runs.batch import Run, run_spectra
from spectra_core.runs.simulate import simulate_recipe


@pytest.fixture(scope="module")
def example() -> Run:
    """Return one fit of the synthetic example."""
    recipe = load_recipe(data_path("resources", "examples", "lpscl_cathode_s2p.toml"))
    return run_spectra(simulate_recipe(recipe).spectra, recipe=recipe)


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_is_written_and_said(name, example, tmp_path):
    steps = list(export_steps(example, tmp_path, (name,)))
    assert [step.problem() for step in steps] == [""]
    (file,) = tmp_path.iterdir()
    assert file.stat().st_size > 0
    said = written_kinds(step.kind for step in steps)
    assert file.suffix.removeprefix(".") in said
