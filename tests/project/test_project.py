"""Every edit gives a new project, shares what it did not touch, and keeps results honest."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from spectra_core.errors import DataError, ModelError
from spectra_core.fitting import FitOptions, fit
from spectra_core.model import Link, Model, Region, Term, add_doublet, set_parameter
from spectra_core.project.project import (
    PROJECT,
    Project,
    RatioDefinition,
    accept_fit,
    add_analysis,
    add_ratio,
    add_spectra,
    calibrate_spectra,
    clear_result,
    copy_components,
    is_stale,
    remove_analysis,
    remove_ratio,
    remove_spectrum,
    rename,
    rename_analysis,
    rename_sample,
    replace_spectrum,
    same_project,
    set_checklist,
    set_model,
    set_note,
    set_options,
    set_result,
    set_settings,
)
from spectra_core.project.stored import restore, store
from spectra_core.runs.samples import samples_of
from spectra_core.spectrum import Axis, Calibration, Meta, Source, make_spectrum, to_axis


def synthetic_spectrum(seed: int = 0, *, axis: Axis = Axis.BINDING_ENERGY):
    """Return a SYNTHETIC S 2p spectrum: one doublet on a constant background, Poisson noise."""
    x = np.arange(157.0, 168.0, 0.1)
    rng = np.random.default_rng(seed)
    curve = 60.0 + sum(
        height * np.exp(-4 * np.log(2) * ((x - center) / 1.2) ** 2)
        for height, center in ((900.0, 161.6), (450.0, 162.78))
    )
    counts = rng.poisson(curve * 4.0).astype(float)
    meta = Meta(
        sample="synthetic", region="S 2p", excitation_energy_ev=1486.6, dwell_s=0.5, scans=8.0
    )
    y = counts / 4.0
    if axis is Axis.KINETIC_ENERGY:
        x = 1486.6 - x
    return make_spectrum(x, y, axis, counts=counts, meta=meta)


def doublet_model(name: str = "S 2p") -> Model:
    region = Region(name, (157.2, 167.8))
    region = add_doublet(region, "PS4", "S 2p", center=161.5, fwhm=1.1, mix=0.1, area=1500.0)
    return Model((region,))


def assert_same_errors(again, result) -> None:
    for path in result.paths:
        error = result.stderr(path)
        assert again.stderr(path) == (error if error is None else pytest.approx(error, rel=1e-12))


@pytest.fixture(scope="module")
def fitted() -> Project:
    """Return a project of two spectra, each with a finished fit (a3 and a4)."""
    project = add_spectra(Project(), [synthetic_spectrum(0), synthetic_spectrum(1)])
    for spectrum_id in ("s1", "s2"):
        project = add_analysis(project, doublet_model(), spectrum_id)
        result = fit(project.spectra[spectrum_id], doublet_model())
        project = set_result(project, f"a{project.last_id}", result)
    return project


EDITS = {
    "add_spectra": lambda p: add_spectra(p, [synthetic_spectrum(2)]),
    "remove_spectrum": lambda p: remove_spectrum(p, "s1", with_analyses=True),
    "replace_spectrum": lambda p: replace_spectrum(p, "s1", synthetic_spectrum(3)),
    "calibrate_spectra": lambda p: calibrate_spectra(p, Calibration(0.3, "C 1s")),
    "rename": lambda p: rename(p, "s1", sample="other"),
    "add_analysis": lambda p: add_analysis(p, doublet_model(), "s1"),
    "remove_analysis": lambda p: remove_analysis(p, "a3"),
    "rename_analysis": lambda p: rename_analysis(p, "a3", "first"),
    "set_model": lambda p: set_model(p, "a3", Model((Region("S 2p", (158.0, 167.0)),))),
    "set_options": lambda p: set_options(p, "a3", FitOptions(starts=3)),
    "clear_result": lambda p: clear_result(p, "a3"),
    "accept_fit": lambda p: accept_fit(p, "a3"),
    "add_ratio": lambda p: add_ratio(p, RatioDefinition("one", ("PS4",), ("PS4",))),
    "set_note": lambda p: set_note(p, "s1", "taken after the argon gun failed"),
    "set_checklist": lambda p: set_checklist(p, "operator", "A. N. Other"),
    "set_settings": lambda p: set_settings(p, title="cycled cathodes"),
}


@pytest.mark.parametrize("name", EDITS)
def test_an_edit_gives_a_new_project_and_leaves_the_old_one(fitted, name):
    spectra, analyses = dict(fitted.spectra), dict(fitted.analyses)
    notes, settings = dict(fitted.notes), fitted.settings
    edited = EDITS[name](fitted)
    assert not same_project(edited, fitted)
    assert dict(fitted.spectra) == spectra and dict(fitted.analyses) == analyses
    assert (dict(fitted.notes), fitted.settings) == (notes, settings)
    assert same_project(edited, EDITS[name](fitted))


@pytest.mark.parametrize("name", [n for n in EDITS if n not in ("set_model", "clear_result")])
def test_an_edit_shares_what_it_does_not_touch(fitted, name):
    edited = EDITS[name](fitted)
    others = [k for k in edited.analyses if k in fitted.analyses and k != "a3"]
    assert all(edited.analyses[k].model is fitted.analyses[k].model for k in others)
    assert all(
        edited.spectra[k].y is fitted.spectra[k].y
        for k in edited.spectra
        if k in fitted.spectra and not (name == "replace_spectrum" and k == "s1")
    )


def test_ids_are_never_given_twice(fitted):
    less = remove_analysis(fitted, "a4")
    assert list(add_analysis(less, doublet_model(), "s2").analyses) == ["a3", "a5"]


def test_a_spectrum_that_is_needed_is_not_removed_silently(fitted):
    with pytest.raises(DataError, match="needed by 1 analyses"):
        remove_spectrum(fitted, "s1")
    assert list(remove_spectrum(fitted, "s1", with_analyses=True).analyses) == ["a4"]


@pytest.mark.parametrize(
    "name", ["calibrate_spectra", "replace_spectrum", "set_model", "set_options"]
)
def test_a_result_is_stale_once_what_it_came_from_has_changed(fitted, name):
    edited = EDITS[name](fitted)
    assert not is_stale(fitted, "a3")
    assert is_stale(edited, "a3")
    assert edited.analyses["a3"].result is fitted.analyses["a3"].result


@pytest.mark.parametrize("name", ["accept_fit", "set_note", "rename_analysis", "rename"])
def test_a_result_stays_valid_if_the_numbers_did_not_change(fitted, name):
    assert not is_stale(EDITS[name](fitted), "a3")


def test_a_calibration_taken_back_makes_the_result_valid_again(fitted):
    moved = calibrate_spectra(fitted, Calibration(0.3))
    assert not is_stale(calibrate_spectra(moved, Calibration()), "a3")


def test_a_renamed_spectrum_is_renamed_in_its_results_too(fitted):
    result = rename(fitted, "s1", sample="pristine").analyses["a3"].result
    assert result.regions[0].spectrum.meta.sample == "pristine"
    assert np.array_equal(result.values, fitted.analyses["a3"].result.values)


def test_a_sample_that_is_given_the_name_of_another_is_one_with_it():
    spectra = [
        replace(synthetic_spectrum(seed), source=Source(f"{seed}.vms", path=f"{seed}.vms"))
        for seed in (1, 2)
    ]
    project = rename_sample(add_spectra(Project(), spectra), "s1", "cell")
    names = [sample.name for sample in samples_of(project.spectra.values()).values()]
    assert names == ["cell", "synthetic"]
    (sample,) = samples_of(rename_sample(project, "s2", "cell").spectra.values()).values()
    assert (sample.name, sample.files) == ("cell", ("1.vms", "2.vms"))


def test_a_result_that_comes_back_too_late_is_kept_as_stale(fitted):
    late = fitted.analyses["a3"].result
    edited = set_result(calibrate_spectra(fitted, Calibration(0.5)), "a3", late)
    assert is_stale(edited, "a3")
    assert edited.analyses["a3"].result.regions[0].spectrum.calibration.shift == 0.0


@pytest.mark.parametrize("axis", [Axis.BINDING_ENERGY, Axis.KINETIC_ENERGY])
def test_a_restored_result_is_the_result(axis):
    spectrum = synthetic_spectrum(5, axis=axis)
    result = fit(spectrum, doublet_model())
    again = restore(store(result, {"S 2p": spectrum}))
    assert again is not result
    assert np.array_equal(again.values, result.values)
    np.testing.assert_allclose(again.covariance, result.covariance, rtol=1e-12, atol=0)
    assert_same_errors(again, result)
    assert again.statistics == result.statistics
    assert (again.status, again.message, again.trace) == (
        result.status,
        result.message,
        result.trace,
    )
    assert again.warnings == result.warnings and again.model == result.model
    one, other = again.regions[0], result.regions[0]
    assert one.statistics == other.statistics
    for name in ("x", "y", "sigma", "background", "envelope"):
        np.testing.assert_allclose(getattr(one, name), getattr(other, name), rtol=1e-12)
    for name, curve in other.peaks.items():
        np.testing.assert_allclose(one.peaks[name], curve, rtol=1e-12, atol=1e-12 * curve.max())


def test_a_parameter_without_error_has_none_after_restoring_either():
    region = doublet_model().regions[0]
    region = add_doublet(region, "far", "S 2p", center=164.5, fwhm=0.8, mix=0.1, area=0.0)
    model = set_parameter(Model((region,)), "S 2p/far/area", min=0.0)
    result = fit(synthetic_spectrum(6), model)
    again = restore(store(result))
    assert None in [result.stderr(path) for path in result.problem.free_paths]
    assert_same_errors(again, result)
    assert np.array_equal(np.isnan(again.covariance), np.isnan(result.covariance))


def test_a_result_of_another_spectrum_is_refused(fitted):
    result = fitted.analyses["a3"].result
    with pytest.raises(DataError, match="another spectrum"):
        store(result, {"S 2p": fitted.spectra["s2"]})


def test_the_kinetic_axis_of_a_spectrum_is_not_stored_twice():
    spectrum = synthetic_spectrum(7, axis=Axis.KINETIC_ENERGY)
    project = add_analysis(add_spectra(Project(), [spectrum]), doublet_model(), "s1")
    project = set_result(project, "a2", fit(spectrum, doublet_model()))
    assert project.analyses["a2"].stored.spectra["S 2p"] is spectrum
    assert not is_stale(project, "a2")
    assert to_axis(spectrum, Axis.BINDING_ENERGY) is not spectrum


def test_components_are_copied_with_their_doublet_and_inner_links(fitted):
    region = doublet_model().regions[0]
    region = add_doublet(region, "Sx", "S 2p", center=163.2, fwhm=1.1, area=300.0)
    link = Link("S 2p/Sx/fwhm", (Term(1.0, "S 2p/PS4/fwhm"),))
    project = add_analysis(fitted, Model((region,), (link,)), "s1")
    source = f"a{project.last_id}"
    project = add_analysis(project, Model((Region("other", (157.5, 167.5)),)), "s2")
    target = f"a{project.last_id}"
    model = copy_components(project, (source, "S 2p"), (target, "other")).analyses[target].model
    assert model.region("other").components == region.components
    assert model.region("other").doublets == region.doublets
    assert model.region("other").window == (157.5, 167.5)
    assert model.links == (Link("other/Sx/fwhm", (Term(1.0, "other/PS4/fwhm"),)),)
    assert fit(project.spectra["s2"], model).n_free > 0


def test_copying_onto_a_region_takes_the_links_of_what_was_there_away(fitted):
    region = doublet_model().regions[0]
    tied = Model((region,), (Link("S 2p/PS4/mix", (Term(1.0, "S 2p/PS4 2p1/2/mix"),)),))
    project = add_analysis(fitted, tied, "s1")
    target = f"a{project.last_id}"
    assert copy_components(project, ("a3", "S 2p"), (target, "S 2p")).analyses[target].model == (
        replace(tied, links=())
    )


def test_an_analysis_needs_a_spectrum_for_every_region(fitted):
    both = Model((*doublet_model().regions, Region("P 2p", (127.0, 137.0))))
    with pytest.raises(DataError, match="P 2p"):
        set_model(fitted, "a3", both)


def test_a_note_is_about_something_and_an_empty_one_is_gone(fitted):
    project = set_note(fitted, PROJECT, "second batch")
    assert dict(set_note(project, PROJECT, "").notes) == {}
    with pytest.raises(DataError, match="s99"):
        set_note(fitted, "s99", "?")


def test_a_ratio_of_the_same_name_takes_the_place_of_the_first():
    one = RatioDefinition("r", ("a",), ("b",))
    project = add_ratio(add_ratio(Project(), one), replace(one, numerator=("c",)))
    assert [ratio.numerator for ratio in project.ratios] == [("c",)]
    assert remove_ratio(project, "r").ratios == ()
    with pytest.raises(ModelError, match="no ratio"):
        remove_ratio(project, "s")
    with pytest.raises(ModelError, match="lacks"):
        add_ratio(project, RatioDefinition("empty", (), ("b",)))


def test_calibrating_shares_the_arrays_so_that_undo_costs_little(fitted):
    moved = calibrate_spectra(fitted, Calibration(0.2))
    assert all(moved.spectra[k].y is fitted.spectra[k].y for k in fitted.spectra)
    assert moved.spectra["s1"].x[0] == pytest.approx(fitted.spectra["s1"].x[0] + 0.2)


def test_a_spectrum_does_not_share_an_array_that_somebody_can_write_to():
    values = np.arange(10.0)
    view = values[:]
    view.setflags(write=False)
    spectrum = make_spectrum(np.arange(10.0), view, Axis.BINDING_ENERGY)
    values[3] = 99.0
    assert spectrum.y[3] == 3.0
