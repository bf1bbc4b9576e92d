"""A series fit is kept with its project: opened again it is the same, to the last digit."""

from __future__ import annotations

import json

import numpy as np
import pytest

import spectra_core as sc
from benchmarks.series_truth import made
from spectra_core.project.file import load_project, migrated, save_project
from spectra_core.project.hdf5 import VERSION
from spectra_core.project.project import Project, add_spectra, remove_spectrum, same_project
from spectra_core.project.series import (
    fit_project_series,
    reopened_series,
    series_data,
    series_for,
    stored_series,
    with_series_fit,
)
from spectra_core.project.tables import project_from, tables_of
from spectra_core.recipe.text import dump_recipe, load_recipe
from spectra_core.results.trends import series_json, trends_of

RECIPE = ("resources", "examples", "lps_on_lpscl_profile.toml")


@pytest.fixture(scope="module")
def fitted():
    """Return a project with eight levels, of which one charged by 4 eV, and their fit."""
    levels, _ = made(3, levels=8, shifted=(4, 4.0))
    project = add_spectra(Project(), [s for level in levels for s in level.values()])
    recipe = load_recipe(sc.data_path(*RECIPE))
    own = series_for(project, list(project.spectra)[:1])
    assert own is not None
    record, _ = fit_project_series(project, own, recipe)
    assert record is not None and record.fit.flagged("slid") == (4,)
    return with_series_fit(project, own, record, recipe), record


def reopened(project):
    own = series_for(project, list(project.spectra)[:1])
    recipe = load_recipe(sc.data_path(*RECIPE))
    stored = stored_series(project, own, dump_recipe(recipe), series_data(project, own))
    return None if stored is None else reopened_series(own, recipe, stored)


def test_a_saved_series_is_the_same_when_it_is_opened(fitted, tmp_path):
    project, record = fitted
    path = tmp_path / "profile.doublet"
    save_project(project, path)
    loaded = load_project(path)
    assert same_project(loaded, project)
    found = reopened(loaded)
    assert found is not None
    again, run = found
    assert series_json([again], [trends_of(again)]) == series_json([record], [trends_of(record)])
    assert len(run.fits) == 8 and run.series == (again,)
    for one, other in zip(again.records, record.records, strict=True):
        np.testing.assert_array_equal(one.result.covariance, other.result.covariance)
        assert one.warnings == other.warnings and one.ratios == other.ratios
    np.testing.assert_array_equal(
        again.fit.levels[4].regions[0].x, record.fit.levels[4].regions[0].x
    )  # slid


def test_other_spectra_or_another_recipe_have_no_stored_fit(fitted):
    project, _ = fitted
    own = series_for(project, list(project.spectra)[:1])
    data = series_data(project, own)
    text = dump_recipe(load_recipe(sc.data_path(*RECIPE)))
    assert stored_series(project, own, text, data) is not None
    assert stored_series(project, own, text.replace("0.5", "0.6"), data) is None
    assert stored_series(project, own, text, ("another", *data[1:])) is None
    shorter = remove_spectrum(project, next(iter(project.spectra)), with_analyses=True)
    assert shorter.series == ()


def test_a_project_of_version_3_has_no_series(fitted):
    document, arrays = tables_of(Project())
    older = {k: v for k, v in document.items() if k not in ("series", "maps")}
    known = {name: a for name, a in arrays if not name.startswith(("series", "maps"))}
    assert project_from(*migrated(_plain(older), known, 3, wanted=VERSION)).series == ()


def _plain(document):
    from spectra_core.project.plain import to_text

    return json.loads(to_text(document))
