"""Which spectra are levels of a series, in which order, with which coordinates."""

from __future__ import annotations

import numpy as np
import pytest

import spectra_core as sc
from spectra_core.errors import DataError, ReadError
from spectra_core.series import (
    Coordinate,
    coordinates_of,
    read_coordinates,
    series_of,
    with_coordinates,
)
from spectra_core.series.coordinates import natural_key
from spectra_core.series.table import apply_coordinates
from spectra_core.series.values import common_name
from spectra_core.spectrum import Axis, Meta, Source, make_spectrum


def spectrum(region, file="a.vms", time=None, counts=0.0, step=0.1, **variables):
    x = np.arange(160.0, 170.0, step)
    meta = Meta(sample=file, region=region, etch_time_s=time, variables=variables)
    source = Source(file=file, path=f"data/{file}")
    values = np.full(x.size, counts)
    return make_spectrum(x, values, Axis.BINDING_ENERGY, meta=meta, source=source)


def test_the_blocks_of_a_profile_are_levels_by_species_not_by_label(data_dir):
    folder = data_dir / "qnngroup-ito-NOLICENCE"
    for name in ("104.1.itosa3ci_1.vms", "104.1.ITOSA3ci_1.pro"):
        (series,) = series_of(sc.read(folder / name))
        assert series.regions == ("In 3d", "Sn 3d", "O 1s", "C 1s")
        assert (len(series), series.axis, series.unit("sputter_time")) == (12, "sputter_time", "s")
        np.testing.assert_array_equal(series.positions, 60.0 * np.arange(12))
        assert series.sample == "1.ITOSA3ci"


def test_as_an_xarray_dataset_with_units(data_dir):
    (series,) = series_of(sc.read(data_dir / "qnngroup-ito-NOLICENCE/104.1.ITOSA3ci_1.pro"))
    data = series.to_xarray()
    assert data["O 1s"].dims == ("level", "O 1s energy")
    assert data["O 1s"].shape == (12, 51)
    assert data["O 1s"].attrs["units"] == "counts/s"
    assert data["sputter_time"].attrs["units"] == "s"
    third = series.spectra("O 1s")[2]
    np.testing.assert_array_equal(data["O 1s"].isel(level=2), third.y)
    np.testing.assert_allclose(data["O 1s energy"], third.x)


def test_files_stand_in_natural_order():
    names = ["scan 10.txt", "scan 2.txt", "scan 1.txt"]
    (series,) = series_of(spectrum("O 1s", n, counts=k) for k, n in enumerate(names))
    assert [s.source.file for s in series.spectra("O 1s")] == names[::-1]
    assert (series.axis, series.sample) == ("index", "scan")
    assert natural_key("a2") < natural_key("a10") < natural_key("b1")


def test_many_files_are_called_by_what_they_have_in_common():
    assert common_name(["Bare LPSCl, 0 s", "Bare LPSCl, 40 s"]) == "Bare LPSCl"
    assert common_name(["data/scan 1.txt", "data/scan 12.txt"]) == "scan"
    assert common_name(["a", "b"]) == "a"


def test_the_levels_are_sorted_by_the_axis_asked_for():
    members = [
        spectrum("S 2p", f"{v}.txt", voltage=(v, "V"), cycle=(c, ""))
        for v, c in ((4.3, 1), (3.7, 3), (4.0, 2))
    ]
    (series,) = series_of(members, axis="voltage")
    np.testing.assert_array_equal(series.positions, [3.7, 4.0, 4.3])
    assert series.axis_label == "voltage / V"
    np.testing.assert_array_equal(series.coordinates["cycle"], [3, 2, 1])
    (series,) = series_of(members)
    assert series.axis == "index"  # two coordinates tell them apart: neither is guessed


def test_an_axis_that_a_level_lacks_is_an_error():
    members = [spectrum("S 2p", "a.txt", voltage=(3.7, "V")), spectrum("S 2p", "b.txt")]
    with pytest.raises(DataError, match="voltage is not known of level 2 of 2"):
        series_of(members, axis="voltage")


def test_levels_on_other_axes_are_interpolated_and_said():
    levels = [spectrum("S 2p", time=0, step=0.1), spectrum("S 2p", time=10, step=0.05, counts=2)]
    (series,) = series_of(levels)
    data = series.to_xarray()["S 2p"]
    assert data.attrs["interpolated"] == 1
    np.testing.assert_allclose(data.isel(level=1), 2.0)


def test_a_region_that_a_level_lacks_is_nan():
    levels = [spectrum("S 2p", time=0), spectrum("P 2p", time=0), spectrum("S 2p", time=40)]
    (series,) = series_of(levels)
    assert series.spectra("P 2p")[1] is None
    assert np.isnan(series.to_xarray()["P 2p"].isel(level=1)).all()


def test_coordinates_come_from_etch_time_and_variables():
    own = spectrum("S 2p", time=40.0, **{"Etch Time": (40.0, "s"), "Voltage": (4.2, "V")})
    assert coordinates_of(own) == (
        Coordinate("sputter_time", 40.0, "s"),
        Coordinate("voltage", 4.2, "V"),
    )
    changed = with_coordinates(own, [Coordinate("sputter_time", 2.0, "min")])
    assert changed.meta.etch_time_s == 120.0
    with pytest.raises(DataError, match="sputter time is given in"):
        with_coordinates(own, [Coordinate("sputter_time", 2.0, "nm")])


def test_a_table_of_files_gives_coordinates(tmp_path):
    table = tmp_path / "states.csv"
    table.write_text("file,voltage [V],cycle\nfirst.txt,3.7,1\nse*,4.3,\n")
    members = [spectrum("S 2p", "first.txt"), spectrum("S 2p", "second.txt")]
    found = apply_coordinates(members, read_coordinates(table))
    (series,) = series_of(found, axis="voltage")
    np.testing.assert_array_equal(series.positions, [3.7, 4.3])
    assert np.isnan(series.coordinates["cycle"][1])


def test_a_table_can_name_levels(tmp_path):
    table = tmp_path / "times.csv"
    table.write_text("file;level;sputter time / min\na.vms;1;0\na.vms;2;0,5\n")
    members = [spectrum("S 2p 1"), spectrum("S 2p 2"), spectrum("P 2p 1"), spectrum("P 2p 2")]
    (series,) = series_of(apply_coordinates(members, read_coordinates(table)))
    np.testing.assert_array_equal(series.positions, [0.0, 30.0])
    assert series.regions == ("S 2p", "P 2p")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("file\na.txt\n", "holds no coordinates"),
        ("file,voltage\na.txt,high\n", '"high" in the column voltage is no number'),
        ("file,voltage\na.txt\n", "has 1 cells, but the heading has 2"),
        ("file,voltage\nb.txt,1\n", '"b.txt" in row 2 of the coordinates is none of the files'),
    ],
)
def test_a_wrong_table_is_said(tmp_path, text, words):
    table = tmp_path / "t.csv"
    table.write_text(text)
    with pytest.raises(ReadError, match=words):
        apply_coordinates([spectrum("S 2p", "a.txt")], read_coordinates(table))
