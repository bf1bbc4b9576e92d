"""Maps: pixels as fitted alone, rays left out, what is not seen is masked; synthetic."""

from pathlib import Path

import numpy as np
import pytest

import spectra_core as sc
from spectra_core.errors import DataError
from spectra_core.model import make_component
from spectra_core.raman import fit_map, map_of, map_quantity
from tests.raman.synthetic import X, lorentzian

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
NX, NY = 5, 4


def truth(row, column):
    """Return areas of PS4 (none in the last column) and NCM at a pixel."""
    return (0.0 if column == NX - 1 else 4000.0 + 500.0 * column), 3000.0 + 400.0 * row


def pixels(rng, gain=2.0, ray=True):
    found = []
    for row in range(NY):
        for column in range(NX):
            ps4, ncm = truth(row, column)
            y = 150.0 + 0.1 * X + lorentzian(425.0, 12.0, ps4) + lorentzian(595.0, 55.0, ncm)
            y = gain * rng.poisson(y / gain)
            if ray and (row, column) == (1, 1):
                y[90] += 3000.0
            meta = sc.Meta(variables={"X": (2.0 * column, "um"), "Y": (3.0 * row, "um")})
            found.append(sc.make_spectrum(X, y, sc.Axis.RAMAN_SHIFT, y_unit="counts", meta=meta))
    return found


def region():
    made = sc.Region("raman", (360.0, 690.0), sc.Background("linear", "active"))
    for name, center, fwhm in (("PS4", 425.0, 12.0), ("A1g", 595.0, 50.0)):
        band = make_component(
            name,
            "lorentzian",
            center=sc.Parameter(center, center - 10, center + 10),
            fwhm=sc.Parameter(fwhm, 0.5 * fwhm, 2 * fwhm),
            area=sc.Parameter(None, 0.0),
        )
        made = sc.add_component(made, band)
    return made


@pytest.fixture(scope="module")
def found():
    return fit_map(map_of(pixels(np.random.default_rng(5))), region())


def test_the_grid_is_that_of_the_stage():
    spectra = pixels(np.random.default_rng(0), ray=False)
    order = np.random.default_rng(1).permutation(len(spectra))
    grid = map_of([spectra[k] for k in order])
    assert grid.shape == (NY, NX)
    assert grid.x.tolist() == [0.0, 2.0, 4.0, 6.0, 8.0]
    assert grid.unit == "um"
    for row in range(NY):
        for column in range(NX):
            assert order[grid.at(row, column)] == NX * row + column
    assert len(grid.around(grid.at(0, 0))) == 3
    assert grid.at(-1, 0) is None


def test_a_line_scan_is_a_map_of_one_row():
    spectra = pixels(np.random.default_rng(0))[:NX]
    assert map_of(spectra).shape == (1, NX)


def test_what_makes_no_map_is_said():
    spectra = pixels(np.random.default_rng(0))
    with pytest.raises(DataError, match="one place"):
        map_of([*spectra, spectra[3]])
    nowhere = [sc.make_spectrum(X, X, sc.Axis.RAMAN_SHIFT)] * 2
    with pytest.raises(DataError, match="where they were measured"):
        map_of(nowhere)


def test_ratios_hold_the_truth(found):
    ratio = map_quantity(found, "ratio:PS4/A1g")
    pulls = []
    for row in range(NY):
        for column in range(NX - 1):
            ps4, ncm = truth(row, column)
            k = found.grid.at(row, column)
            pulls.append((ratio.values[k] - ps4 / ncm) / ratio.stderrs[k])
    assert np.abs(np.mean(pulls)) < 1.0
    assert 0.5 < np.std(pulls) < 1.6
    assert np.max(np.abs(pulls)) < 4.5


def test_the_noise_is_that_of_the_gain(found):
    assert 1.0 / found.time_s == pytest.approx(2.0, rel=0.15)
    assert np.median(found.reduced_chi_square) == pytest.approx(1.0, abs=0.15)


def test_what_a_pixel_does_not_show_is_masked(found):
    center = found.grid.image(map_quantity(found, "center:PS4").shown(5.0))
    assert np.isnan(center[:, NX - 1]).all()
    assert np.abs(center[:, : NX - 1] - 425.0).max() < 1.0


def test_a_ray_is_left_out_of_its_pixel(found):
    k = found.grid.at(1, 1)
    assert found.marks[k, 90]
    assert found.marks.sum() <= 3
    assert found.reduced_chi_square[k] < 1.5
    assert found.spectrum(k).masked.x_recorded[0] == pytest.approx(X[90])
    assert found.grid.spectra[k].masked is None


def test_every_pixel_is_its_own_fit(found):
    for k in (0, found.grid.at(1, 1), 19):
        alone = found.fit_of(k)
        for path in ("raman/PS4/area", "raman/A1g/center", "raman/A1g/fwhm"):
            assert alone.value(path) == pytest.approx(found.batch.values(path)[k], rel=1e-6)


def test_the_mean_of_a_region_does_not_hold_the_ray(found):
    numbers = [found.grid.at(1, c) for c in range(3)]
    mean = found.grid.average(numbers, found.marks)
    plain = found.grid.average(numbers)
    assert plain.y[90] - mean.y[90] > 900.0
    assert len(mean) == X.size
    with pytest.raises(DataError, match="no spectrum"):
        found.grid.average([])


def test_unknown_quantities_are_named(found):
    with pytest.raises(DataError, match="no ratio"):
        map_quantity(found, "ratio:PS4/Eg")
    with pytest.raises(DataError, match="no band"):
        map_quantity(found, "area:PS5")
    with pytest.raises(DataError, match="no map"):
        map_quantity(found, "height:PS4")


@pytest.mark.skipif(not DATA.is_dir(), reason="needs ../shared/data, not part of the project")
def test_a_real_map_of_graphene():
    """6 x 6 pixels of suspended graphene at 457 nm: G near 1582, 2D near 2705 cm-1."""
    grid = map_of(sc.read(DATA / "cheminfo-wdf-spc" / "6x6.wdf"))
    assert grid.shape == (6, 6)
    assert np.diff(grid.x) == pytest.approx(6.0)
    window = sc.Region(
        "graphene", (1250, 2790), sc.Background("polynomial", "active", {"degree": 3})
    )
    for name, center, fwhm in (("D", 1365.0, 50.0), ("G", 1582.0, 18.0), ("2D", 2705.0, 35.0)):
        band = make_component(
            name,
            "lorentzian",
            center=sc.Parameter(center, center - 25, center + 25),
            fwhm=sc.Parameter(fwhm, 6.0, 120.0),
            area=sc.Parameter(None, 0.0),
        )
        window = sc.add_component(window, band)
    found = fit_map(grid, window)
    assert not found.failed.any()
    assert np.ptp(map_quantity(found, "center:G").values) < 8.0
    assert np.median(map_quantity(found, "center:G").values) == pytest.approx(1582.0, abs=2.0)
    assert np.median(map_quantity(found, "center:2D").values) == pytest.approx(2705.0, abs=4.0)
