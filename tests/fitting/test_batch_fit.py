"""Thousands of fits with one model: the same numbers as one by one, and nothing stops them."""

from dataclasses import replace

import h5py
import numpy as np
import pytest

from spectra_core.errors import DataError
from spectra_core.fitting import FitOptions, Status, Weights, evaluate, fit
from spectra_core.fitting.batch import STATUSES, BatchOptions, SpectrumStack, fit_batch
from spectra_core.model import Background, Model, Region, add_doublet, set_parameter
from spectra_core.spectrum import Axis, Meta, make_spectrum

pytest.importorskip("numba", reason="the batch tests compare with the compiled engine")

X = np.linspace(158.0, 169.0, 221)


def doublets(ps4=161.5, other=162.9, fwhm=1.1):
    region = Region("S 2p", (158.0, 169.0), Background("shirley"))
    for name, center in (("PS4", ps4), ("other", other)):
        region = add_doublet(region, name, "S 2p", "voigt", center=center, fwhm=fwhm, mix=0.3)
    return set_parameter(Model((region,)), "S 2p/background/step", value=0.02)


@pytest.fixture(scope="module")
def start():
    return doublets(161.4, 163.1, 1.3)


@pytest.fixture(scope="module")
def curve():
    model = doublets()
    for path, value in (
        ("PS4/area", 9000.0),
        ("other/area", 8000.0),
        ("background/level", 500.0),
    ):
        model = set_parameter(model, f"S 2p/{path}", value=value)
    flat = make_spectrum(X, np.ones(X.size), Axis.BINDING_ENERGY, y_unit="counts")
    return evaluate(flat, model).regions[0].envelope


@pytest.fixture(scope="module")
def rows(curve):
    """Synthetic Poisson counts, 60 spectra."""
    return np.random.default_rng(2).poisson(np.tile(curve, (60, 1))).astype(float)


@pytest.fixture(scope="module")
def stack(rows):
    return SpectrumStack(X, rows, Axis.BINDING_ENERGY)


@pytest.fixture(scope="module")
def fitted(stack, start):
    return fit_batch(stack, start, threads=1, batch=BatchOptions(covariance=True, chunk=7))


def alone(y, model, **options):
    spectrum = make_spectrum(X, y, Axis.BINDING_ENERGY, y_unit="counts")
    return fit(spectrum, model, options=FitOptions(**options))


def test_each_spectrum_gets_the_very_numbers_of_a_single_fit(fitted, rows, start):
    for i in (0, 6, 7, 59):
        single = alone(rows[i], start)
        np.testing.assert_array_equal(fitted.free[i], single.values[single.problem.free])
        assert fitted.chi_square[i] == pytest.approx(single.statistics.chi_square, rel=1e-13)
        for path in ("S 2p/PS4/area", "S 2p/PS4 2p1/2/center", "S 2p/other/fwhm"):
            assert fitted.values(path)[i] == pytest.approx(single.value(path), rel=1e-14)
            assert fitted.stderr(path)[i] == pytest.approx(single.stderr(path), rel=1e-12)


def test_two_threads_give_the_bits_of_one(fitted, stack, start):
    other = fit_batch(stack, start, threads=2, batch=BatchOptions(covariance=True, chunk=16))
    for name in ("free", "free_stderr", "chi_square", "status", "covariance"):
        assert getattr(other, name).tobytes() == getattr(fitted, name).tobytes(), name


def test_both_engines_give_the_same_answers(rows, start, monkeypatch):
    found = {}
    for engine in ("numba", "numpy"):
        monkeypatch.setenv("DOUBLET_ENGINE", engine)
        few = SpectrumStack(X, rows[:4], Axis.BINDING_ENERGY)
        found[engine] = fit_batch(few, start, threads=2)
        assert found[engine].engine == engine
    compiled, plain = found["numba"], found["numpy"]
    np.testing.assert_allclose(plain.free, compiled.free, rtol=1e-6)
    np.testing.assert_allclose(plain.free_stderr, compiled.free_stderr, rtol=1e-5)


def test_a_dataset_on_disk_is_read_a_chunk_at_a_time(fitted, rows, start, tmp_path):
    class Watched:
        """An h5py dataset that remembers how much was asked for at once."""

        def __init__(self, dataset):
            self.dataset, self.shape, self.largest = dataset, dataset.shape, 0

        def __getitem__(self, part):
            found = self.dataset[part]
            self.largest = max(self.largest, found.shape[0])
            return found

    with h5py.File(tmp_path / "map.h5", "w") as file:
        watched = Watched(file.create_dataset("y", data=rows))
        stack = SpectrumStack(X, watched, Axis.BINDING_ENERGY)
        result = fit_batch(stack, start, threads=2, batch=BatchOptions(chunk=8))
    assert watched.largest == 8
    np.testing.assert_array_equal(result.free, fitted.free)


def test_what_cannot_be_fitted_fails_alone(fitted, rows, start):
    broken = rows.copy()
    broken[3, 50] = np.nan
    broken[11] = 0.0
    result = fit_batch(SpectrumStack(X, broken, Axis.BINDING_ENERGY), start, threads=2)
    failed = np.flatnonzero(result.status == STATUSES.index(Status.FAILED))
    assert failed.tolist() == [3, 11]
    assert "NaN" in result.messages[3] and "zero" in result.messages[11]
    assert np.isnan(result.free[[3, 11]]).all() and np.isnan(result.free_stderr[[3, 11]]).all()
    rest = np.setdiff1d(np.arange(60), failed)
    np.testing.assert_array_equal(result.free[rest], fitted.free[rest])


def test_progress_counts_up_to_all(stack, start):
    seen = []
    fit_batch(stack, start, batch=BatchOptions(chunk=16), progress=lambda *s: seen.append(s))
    assert [total for _, total in seen] == [60] * len(seen)
    assert seen[-1][0] == 60 and sorted(seen) == seen


def test_a_stopped_batch_keeps_what_is_finished(stack, start, fitted):
    asked = []

    def should_stop():
        asked.append(1)
        return len(asked) > 2

    result = fit_batch(
        stack, start, threads=1, batch=BatchOptions(chunk=10), should_stop=should_stop
    )
    np.testing.assert_array_equal(result.free[:20], fitted.free[:20])
    assert (result.status[20:] == -1).all() and np.isnan(result.free[20:]).all()


def test_kinetic_energy_and_descending_axes_give_the_same_areas(fitted, rows, start):
    meta = Meta(excitation_energy_ev=1486.6)
    kinetic = SpectrumStack(1486.6 - X, rows, Axis.KINETIC_ENERGY, meta=meta)
    upwards = SpectrumStack(1486.6 - X[::-1], rows[:, ::-1], Axis.KINETIC_ENERGY, meta=meta)
    falling = SpectrumStack(X[::-1], rows[:, ::-1], Axis.BINDING_ENERGY)
    for stack in (kinetic, upwards, falling):
        areas = fit_batch(stack, start).values("S 2p/PS4/area")
        np.testing.assert_allclose(areas, fitted.values("S 2p/PS4/area"), rtol=1e-7)


def test_counts_per_second_need_the_time_to_be_weighed_as_counts(fitted, rows, start):
    rates = SpectrumStack(X, rows / 5.0, Axis.BINDING_ENERGY, "counts/s", time_s=5.0)
    model = set_parameter(start, "S 2p/background/step", value=0.02)
    result = fit_batch(rates, model)
    path = "S 2p/PS4/area"
    np.testing.assert_allclose(5.0 * result.values(path), fitted.values(path), rtol=1e-6)
    np.testing.assert_allclose(5.0 * result.stderr(path), fitted.stderr(path), rtol=1e-5)


def test_unit_weights_scale_the_errors_by_the_residuals(rows, start):
    options = FitOptions(weights=Weights.UNIT)
    result = fit_batch(SpectrumStack(X, rows[:3], Axis.BINDING_ENERGY), start, options=options)
    single = alone(rows[1], start, weights=Weights.UNIT)
    path = "S 2p/other/area"
    assert result.stderr(path)[1] == pytest.approx(single.stderr(path), rel=1e-9)


def test_a_static_background_is_made_for_each_spectrum(rows):
    region = Region("S 2p", (158.0, 169.0), Background("shirley", mode="static"))
    for name, center in (("PS4", 161.4), ("other", 163.1)):
        region = add_doublet(region, name, "S 2p", "voigt", center=center, fwhm=1.3, mix=0.3)
    model = Model((region,))
    result = fit_batch(SpectrumStack(X, rows[:5], Axis.BINDING_ENERGY), model)
    single = alone(rows[3], model)
    np.testing.assert_array_equal(result.free[3], single.values[single.problem.free])


def test_a_step_left_open_is_estimated_for_each_spectrum(rows, start):
    model = set_parameter(start, "S 2p/background/step", value=None)
    result = fit_batch(SpectrumStack(X, rows[:5], Axis.BINDING_ENERGY), model)
    single = alone(rows[3], model)
    np.testing.assert_array_equal(result.free[3], single.values[single.problem.free])


def test_a_sequence_of_spectra_is_a_batch_too(fitted, rows, start):
    spectra = [make_spectrum(X, y, Axis.BINDING_ENERGY, y_unit="counts") for y in rows[:5]]
    np.testing.assert_array_equal(fit_batch(spectra, start).free, fitted.free[:5])


def test_spectra_on_different_axes_are_refused(rows, start):
    spectra = [
        make_spectrum(X + shift, rows[0], Axis.BINDING_ENERGY, y_unit="counts")
        for shift in (0.0, 0.1)
    ]
    with pytest.raises(DataError, match="share axis"):
        fit_batch(spectra, start)


def test_rows_of_the_wrong_length_are_refused(rows, start):
    with pytest.raises(DataError, match="221"):
        fit_batch(SpectrumStack(X, rows[:, :-1], Axis.BINDING_ENERGY), start)


def test_fits_in_a_worse_minimum_are_rescued(curve):
    """From a poor start some fits end with crossed lines; the rescue pass finds them."""
    y = np.random.default_rng(5).poisson(np.tile(curve, (64, 1))).astype(float)
    shifts = np.random.default_rng(6).normal(0.0, 0.6, 64)
    y = np.array([np.interp(X - s, X, row) for s, row in zip(shifts, y, strict=True)])
    stack, poor = SpectrumStack(X, y, Axis.BINDING_ENERGY), doublets(160.6, 163.9, 1.9)
    plain = fit_batch(stack, poor, batch=BatchOptions(rescue=False))
    rescued = fit_batch(stack, poor)
    assert (rescued.chi_square <= plain.chi_square * (1 + 1e-9)).all()
    untouched = ~rescued.improved
    np.testing.assert_array_equal(rescued.free[untouched], plain.free[untouched])


def test_a_warm_start_never_makes_a_fit_worse(stack, start, fitted):
    warm = fit_batch(stack, start, batch=BatchOptions(warm=True, rescue=False))
    assert (warm.chi_square <= fitted.chi_square * (1 + 1e-12)).all()


def test_covariances_are_kept_on_request_only(stack, start, fitted):
    bare = fit_batch(stack, start)
    assert bare.covariance is None
    assert fitted.covariance.shape == (60, 10, 10)
    np.testing.assert_allclose(
        np.sqrt(np.einsum("mii->mi", fitted.covariance)), fitted.free_stderr, rtol=1e-12
    )


def test_everything_is_an_xarray_dataset_on_request(fitted):
    dataset = fitted.to_xarray()
    assert dict(dataset.sizes)["spectrum"] == 60
    area = dataset["value"].sel(parameter="S 2p/PS4 2p3/2/area")
    np.testing.assert_array_equal(area, fitted.values("S 2p/PS4 2p3/2/area"))
    assert set(dataset["status"].values.tolist()) <= {s.value for s in STATUSES}


def test_several_starts_find_what_single_fits_find(stack, start):
    """A searched batch is made of searched fits."""
    options = FitOptions(starts=3)
    few = replace(stack, y=stack.y[:5])
    found = fit_batch(few, start, options=options, batch=BatchOptions(rescue=False))
    for row in range(5):
        alone = fit(few.spectrum(few.y[row]), start, options=options)
        assert len(alone.starts) >= 3
        np.testing.assert_array_equal(found.free[row], alone.values[alone.problem.free])
