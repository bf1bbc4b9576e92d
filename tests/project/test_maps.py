"""A fitted map is kept with its project: opened again it is the same, to the last digit."""

from dataclasses import replace

import numpy as np
import pytest

import spectra_core as sc
from spectra_core.datafiles import data_path
from spectra_core.errors import ProjectFileError, RecipeError
from spectra_core.project.file import migrated
from spectra_core.project.hdf5 import VERSION
from spectra_core.project.maps import (
    MapArea,
    add_area,
    area_fit,
    fit_project_map,
    map_for,
    map_recipe,
    stored_record,
    toggle_channel,
    with_baseline,
    with_map,
    with_map_fit,
    with_map_recipe,
)
from spectra_core.project.plain import from_text, to_text
from spectra_core.project.project import (
    Project,
    add_spectra,
    remove_spectrum,
    same_project,
)
from spectra_core.project.series import has_series
from spectra_core.project.tables import project_from, tables_of
from spectra_core.recipe.compile import model_from_recipe
from spectra_core.recipe.presets import preset
from spectra_core.runs.maps import run_map
from tests.raman.synthetic import X, cathode_map

RECIPE = sc.load_recipe(data_path("resources", "examples", "cathode_raman_map.toml"))


@pytest.fixture(scope="module")
def fitted():
    project = add_spectra(Project(), cathode_map())
    project = with_map_recipe(project, map_for(project, ["s1"]), RECIPE)
    own = map_for(project, ["s5"])
    record = fit_project_map(project, own, map_recipe(project, own))
    return with_map_fit(project, own, record), record


def kept(project):
    own = map_for(project, ["s1"])
    return stored_record(project, own, map_recipe(project, own))


def test_a_project_fits_as_the_command_line_does(fitted):
    _, record = fitted
    alone = run_map(cathode_map(), RECIPE)
    np.testing.assert_array_equal(record.fit.batch.free, alone.fit.batch.free)
    assert record.names == alone.names and "ratio:PS4/A1g" in record.names


def test_pixels_are_handed_over_as_they_are_fitted(fitted):
    parts = []
    run_map(cathode_map(), RECIPE, take=lambda so_far: parts.append(so_far()))
    assert parts and (parts[-1].batch.status >= 0).all()
    clean = ~fitted[1].fit.marks.any(axis=1)
    np.testing.assert_array_equal(parts[-1].batch.free[clean], fitted[1].fit.batch.free[clean])


def test_a_saved_map_is_the_same_when_it_is_opened(fitted, tmp_path):
    project, record = fitted
    sc.save_project(project, tmp_path / "map.doublet")
    opened = sc.load_project(tmp_path / "map.doublet")
    again, current = kept(opened)
    assert current and same_project(opened, project)
    for name in ("free", "free_stderr", "chi_square", "status", "covariance"):
        np.testing.assert_array_equal(
            getattr(again.fit.batch, name), getattr(record.fit.batch, name)
        )
    np.testing.assert_array_equal(again.fit.marks, record.fit.marks)
    for mine, theirs in zip(again.shown(), record.shown(), strict=True):
        np.testing.assert_array_equal(mine.values, theirs.values)
        np.testing.assert_array_equal(mine.stderrs, theirs.stderrs)
    assert again.fit.noise == record.fit.noise


def test_the_fit_is_of_what_is_there_or_it_is_said(fitted):
    project, _ = fitted
    assert kept(project)[1]
    assert not kept(toggle_channel(project, "s3", X[7]))[1]
    own = map_for(project, ["s1"])
    other = RECIPE.region[0].model_copy(update={"window": (385.0, 690.0)})
    changed = with_map_recipe(project, own, RECIPE.model_copy(update={"region": (other,)}))
    assert not kept(changed)[1]
    back = with_map_recipe(changed, map_for(changed, ["s1"]), RECIPE)
    assert kept(back)[1]
    assert not remove_spectrum(project, "s2").maps


def test_masked_channels_are_the_users_from_then_on(fitted):
    project, record = fitted
    ray = project.spectrum("s6").masked
    assert ray is not None and record.fit.marks.sum() == len(ray)
    back = toggle_channel(project, "s6", ray.x_recorded[0])
    own = map_for(back, ["s1"])
    again = fit_project_map(back, own, map_recipe(back, own))
    assert not again.fit.marks.any()
    by_hand = toggle_channel(back, "s1", X[100])
    own = map_for(by_hand, ["s1"])
    third = fit_project_map(by_hand, own, map_recipe(by_hand, own))
    assert third.fit.marks.sum() == 1 and third.fit.marks[0, 100]


def test_a_region_has_the_noise_of_a_mean(fitted):
    project, record = fitted
    own = map_for(project, ["s1"])
    one = area_fit(own, MapArea("A", (0, 0), (1, 1)), record.fit.marks, RECIPE)
    three = area_fit(own, MapArea("B", (0, 2), (1, 1)), record.fit.marks, RECIPE)
    assert three.count == 3
    shrunk = np.median(one.spectrum.sigma / three.spectrum.sigma)
    assert shrunk == pytest.approx(3**0.5, rel=0.03)
    # the truth of that column, and a chi-square that says that the noise is right
    error = three.result.stderr("Raman/PS4/area")
    assert abs(three.result.value("Raman/PS4/area") - 4000.0) < 4.0 * error
    assert three.result.statistics.reduced_chi_square == pytest.approx(1.0, abs=0.35)
    added = add_area(project, three, RECIPE)
    (analysis,) = added.analyses.values()
    assert added.spectra[analysis.spectra["Raman"]].meta.region == "region B"
    assert map_for(added, ["s1"]).keys == own.keys  # the mean is no pixel


def test_pixels_are_no_levels_of_a_series(fitted):
    project, _ = fitted
    assert not has_series(project)
    line = [s for s in cathode_map() if s.meta.variables["Y"][0] == 0.0]
    assert has_series(add_spectra(Project(), line))


def test_a_recipe_of_another_window_is_refused():
    project = add_spectra(Project(), cathode_map())
    own = map_for(project, ["s1"])
    with pytest.raises(RecipeError, match="no pixel of the map has a model"):
        map_recipe(project, own)
    far = RECIPE.region[0].model_copy(update={"window": (1200.0, 1700.0)})
    with pytest.raises(RecipeError, match="measured from 350 to 700"):
        with_map_recipe(project, own, RECIPE.model_copy(update={"region": (far,)}))


@pytest.mark.parametrize("kind", ["arpls", "linear", "polynomial"])
def test_a_preset_with_priors_on_its_baseline_takes_another_one(kind):
    recipe = with_baseline(preset("raman/carbon").recipe, kind)
    model = model_from_recipe(recipe)
    assert model.regions[0].background.type == kind
    paths = [term.source for prior in model.priors for term in prior.terms]
    assert paths and not any("/background/" in path for path in paths)


def test_settings_are_read_back(fitted):
    project, _ = fitted
    own = map_for(project, ["s1"])
    area = MapArea("A", (0, 1), (2, 3))
    settings = replace(own.settings, limit=3.5, areas=(area,))
    again = map_for(with_map(project, own, settings), ["s4"])
    assert again.settings == settings


def test_a_project_of_version_4_has_no_maps():
    document, arrays = tables_of(Project())
    older = {k: v for k, v in document.items() if k != "maps"}
    known = {name: array for name, array in arrays if not name.startswith("maps")}
    plain = from_text(to_text(older))
    assert len(project_from(*migrated(plain, known, 4, wanted=VERSION)).maps) == 0


def test_a_map_with_a_lacking_number_is_damaged(fitted):
    document, arrays = tables_of(fitted[0])
    known = dict(arrays)
    ends = known["maps_ends"].copy()
    ends[2:] -= 1
    broken = {**known, "maps": known["maps"][:-1], "maps_ends": ends}
    with pytest.raises(ProjectFileError, match="numbers of"):
        project_from(from_text(to_text(document)), broken)
