"""Masked channels: nothing uses them, nothing loses them, and they come back."""

import pickle

import numpy as np
import pytest

import spectra_core as sc
from spectra_core.errors import DataError
from spectra_core.masked import BY_HAND, SPIKE
from spectra_core.model import make_component
from spectra_core.project.project import add_spectra
from spectra_core.spectrum import mask, masked_points, unmask


def spectrum(height=3000.0):
    x = np.linspace(300.0, 700.0, 401)
    expected = 200.0 + 500.0 / (1.0 + ((x - 425.0) / 6.0) ** 2)
    y = np.random.default_rng(5).poisson(expected).astype(float)
    y[129] += height  # a ray on the band's flank
    return sc.make_spectrum(
        x, y, sc.Axis.RAMAN_SHIFT, y_unit="counts", counts=y.copy(), columns={"twice": 2.0 * y}
    )


def out(places, n=401):
    return np.isin(np.arange(n), places)


def model():
    band = make_component(
        "PS4",
        "lorentzian",
        center=sc.Parameter(424.0, 400.0, 450.0),
        fwhm=sc.Parameter(10.0, 2.0, 60.0),
        area=sc.Parameter(None, 0.0),
    )
    region = sc.Region("raman", (310.0, 690.0), sc.Background("linear", "active"))
    return sc.Model((sc.add_component(region, band),))


def test_masked_channels_come_back_where_they_were():
    whole = spectrum()
    marked = mask(mask(whole, out([129]), SPIKE), out([50], 400))
    assert len(marked) == 399
    assert marked.masked.count() == {SPIKE: 1, BY_HAND: 1}
    back = unmask(marked)
    assert back.masked is None
    for name in ("x", "y", "counts"):
        assert np.array_equal(getattr(back, name), getattr(whole, name))
    assert np.array_equal(back.columns["twice"], whole.columns["twice"])
    one = unmask(marked, lambda _, reason: reason == SPIKE)
    assert one.masked.reasons == (BY_HAND,)
    assert one.y.max() == whole.y.max()


def test_a_masked_ray_does_not_touch_the_fit():
    clean = sc.fit(mask(spectrum(0.0), out([129]), SPIKE), model())
    hit = sc.fit(mask(spectrum(), out([129]), SPIKE), model())
    assert np.array_equal(clean.values, hit.values)
    assert hit.statistics.reduced_chi_square < 1.3
    assert hit.regions[0].residual.size == np.sum((spectrum().x >= 310) & (spectrum().x <= 690)) - 1
    unmasked = sc.fit(spectrum(), model())
    assert unmasked.statistics.chi_square > 10 * hit.statistics.chi_square


@pytest.mark.parametrize("suffix", [".csv", ".h5", ".nxs"])
def test_files_keep_masked_channels(tmp_path, suffix):
    marked = mask(spectrum(), out([129, 200]), SPIKE)
    sc.write(tmp_path / f"a{suffix}", [marked, spectrum()])
    first, second = sc.read(tmp_path / f"a{suffix}")
    assert first.masked == marked.masked
    assert np.array_equal(unmask(first).y, spectrum().y)
    assert second.masked is None


def test_projects_and_pickles_keep_masked_channels(tmp_path):
    marked = mask(spectrum(), out([129]), SPIKE)
    assert pickle.loads(pickle.dumps(marked)).masked == marked.masked  # noqa: S301
    project = add_spectra(sc.Project(), [marked])
    sc.save_project(project, tmp_path / "a.doublet")
    loaded = sc.load_project(tmp_path / "a.doublet")
    (identity,) = loaded.spectra
    assert loaded.spectrum(identity).masked == marked.masked


def test_a_calibration_moves_them_and_a_crop_takes_its_own():
    marked = mask(spectrum(), out([129, 300]), SPIKE)
    moved = sc.calibrate(marked, sc.Calibration(0.5))
    assert masked_points(moved)[0] == pytest.approx([429.5, 600.5])
    cropped = sc.crop(moved, (400.0, 500.0))
    assert cropped.masked.x_recorded == (429.0,)


def test_a_kinetic_axis_turns_them():
    x = np.linspace(1300.0, 1310.0, 11)
    meta = sc.Meta(excitation_energy_ev=1486.6)
    kinetic = sc.make_spectrum(x, np.arange(11.0), sc.Axis.KINETIC_ENERGY, meta=meta)
    turned = sc.to_axis(mask(kinetic, out([2, 7], 11)), sc.Axis.BINDING_ENERGY)
    assert turned.masked.x_recorded == pytest.approx((179.6, 184.6))
    assert turned.masked.y == (7.0, 2.0)
    back = unmask(turned)
    assert np.array_equal(back.y, np.arange(11.0)[::-1])


def test_what_cannot_be_masked_is_said():
    with pytest.raises(DataError, match="shape"):
        mask(spectrum(), [True, False])
    with pytest.raises(DataError, match="two channels"):
        mask(spectrum(), np.ones(401, dtype=bool))
