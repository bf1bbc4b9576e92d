"""Renishaw .wdf against the SPC of the same map, Renishaw's own package, and made files."""

from __future__ import annotations

import struct
from datetime import datetime

import numpy as np
import pytest

from spectra_core.errors import PartialRead, ReadError
from spectra_core.readers import ReadOptions, identify, read
from spectra_core.spectrum import Axis

LISTED = ReadOptions(allow_unknown_axis=True)
RENISHAW = "rosettasciio/renishaw"
ALL = {
    "cheminfo-wdf-spc/6x6.wdf": (36, 1015, Axis.RAMAN_SHIFT),
    "cheminfo-wdf-spc/sp.wdf": (1, 1015, Axis.RAMAN_SHIFT),
    f"{RENISHAW}/interrupted_acquisition.wdf": (12, 1010, Axis.RAMAN_SHIFT),
    f"{RENISHAW}/renishaw_test_linescan.wdf": (5, 40, Axis.WAVELENGTH),
    f"{RENISHAW}/renishaw_test_map.wdf": (9, 47, Axis.WAVELENGTH),
    f"{RENISHAW}/renishaw_test_spectrum.wdf": (1, 36, Axis.WAVELENGTH),
    f"{RENISHAW}/renishaw_test_timeseries.wdf": (3, 1007, Axis.RAMAN_SHIFT),
    f"{RENISHAW}/renishaw_test_undefined.wdf": (2, 1015, Axis.UNKNOWN),
    f"{RENISHAW}/renishaw_test_zscan.wdf": (40, 1015, Axis.RAMAN_SHIFT),
}


@pytest.mark.parametrize("name", ALL)
def test_every_file_has_the_spectra_that_were_collected(data_dir, name):
    count, points, axis = ALL[name]
    assert identify(data_dir / name) == "Renishaw WDF"
    spectra = read(data_dir / name, options=LISTED)
    assert (len(spectra), len(spectra[0]), spectra[0].axis) == (count, points, axis)
    assert all(spectrum.counts is None for spectrum in spectra)  # a CCD's counts are no electrons


@pytest.mark.parametrize("name", ALL)
def test_the_makers_own_package_reads_the_same(data_dir, name):
    wdf = pytest.importorskip("wdf", reason="needs renishaw-wdf, the maker's own package")
    spectra = read(data_dir / name, options=LISTED)
    with wdf.Wdf(str(data_dir / name)) as theirs:
        x = np.array(theirs.xlist())
        for number, spectrum in enumerate(spectra):
            order = slice(None, None, -1 if spectrum.descending else 1)
            np.testing.assert_array_equal(spectrum.x, x[order])
            np.testing.assert_array_equal(spectrum.y, np.array(theirs[number])[order])
        assert len(spectra) == theirs.hdr.ncollected
        places = {} if "undefined" in name else dict(theirs.origins.items())
        for origin in places.values():
            if origin.label in spectra[0].meta.variables:
                values = [s.meta.variables[origin.label][0] for s in spectra]
                np.testing.assert_array_equal(values, origin[0 : len(spectra)])
            if origin.label == "Time":
                dates = zip(spectra, origin[0 : len(spectra)], strict=True)
                late = [datetime.fromisoformat(s.meta.date) - when for s, when in dates]
                assert max(abs(t.total_seconds()) for t in late) < 3e-6  # theirs are rounded


def test_the_spc_of_the_same_map_is_its_interpolation(data_dir):
    native = read(data_dir / "cheminfo-wdf-spc/6x6.wdf")
    exported = read(data_dir / "cheminfo-wdf-spc/6x6.spc")
    assert len(native) == len(exported) == 36
    for spectrum, even in zip(native, exported, strict=True):
        expected = np.interp(even.x, spectrum.x, spectrum.y)
        np.testing.assert_allclose(even.y, expected, rtol=2e-5)


def test_settings_of_the_measurement_are_kept(data_dir):
    spectrum = read(data_dir / "cheminfo-wdf-spc/6x6.wdf")[7]
    meta = spectrum.meta
    assert (meta.dwell_s, meta.scans) == (60.0, 1.0)
    assert meta.laser_nm == pytest.approx(456.82, abs=0.01)
    assert meta.date.startswith("2021-10-01T11:2") and meta.date.endswith("+00:00")
    settings = meta.extra["metadata"]["instrument"]
    assert settings["Microscope"]["Objective magnification"] == 100.0
    assert settings["System Configuration"]["Grating"] == "2400 l/mm (vis)"
    x, y = meta.variables["X"], meta.variables["Y"]
    assert x[1] == y[1] == "um" and -4500 < x[0] < -4460 and -2470 < y[0] < -2430


def test_an_interrupted_scan_has_no_empty_spectra(data_dir):
    spectra = read(data_dir / f"{RENISHAW}/interrupted_acquisition.wdf")
    assert all(spectrum.y.max() > 0 for spectrum in spectra)
    assert spectra[0].meta.extra["planned_note"] == "12 of 16 spectra planned were collected"


# ---------------------------------------------------------------------------------
# Files made from the description


def test_a_made_file_comes_back(tmp_path, vendor):
    path = tmp_path / "made.wdf"
    path.write_bytes(vendor.wdf())
    spectra = read(path)
    assert len(spectra) == 3  # of four planned
    for number, spectrum in enumerate(spectra):
        np.testing.assert_allclose(spectrum.x, vendor.SHIFTS[::-1])
        np.testing.assert_allclose(spectrum.y, vendor.raman(number)[::-1], rtol=1e-6)
        assert spectrum.meta.variables == {"X": (float(number), "um")}
        assert (spectrum.meta.dwell_s, spectrum.meta.scans) == (2.5, 3.0)
        assert spectrum.meta.laser_nm == pytest.approx(532.0, abs=1e-3)
    assert spectra[0].x_recorded is spectra[2].x_recorded  # a map has one axis in memory


def test_an_answer_of_the_user_holds_for_every_spectrum(tmp_path, vendor):
    path = tmp_path / "made.wdf"
    path.write_bytes(vendor.wdf())
    spectra = read(path, options=ReadOptions(sample="pellet", scans=7.0))
    assert {(s.meta.sample, s.meta.scans) for s in spectra} == {("pellet", 7.0)}


def test_spectra_that_are_cut_off_are_left_out_and_said(tmp_path, vendor):
    path = tmp_path / "made.wdf"
    data = bytearray(vendor.wdf())
    place = data.index(b"DATA")
    path.write_bytes(bytes(data[: place + 16 + 4 * 60 * 2]))
    with pytest.raises(ReadError, match="no abscissa"):  # what follows the data is gone too
        read(path)
    struct.pack_into("<Q", data, 64, 9)  # nine spectra planned and collected, room for four
    struct.pack_into("<Q", data, 72, 9)
    path.write_bytes(bytes(data))
    with pytest.raises(
        PartialRead, match=r"9 spectra of 60 points were collected.*holds 4"
    ) as found:
        read(path)
    assert len(found.value.spectra) == 4


@pytest.mark.parametrize("size", [0, 15])
def test_a_block_without_size_is_no_endless_loop(tmp_path, vendor, size):
    path = tmp_path / "made.wdf"
    data = bytearray(vendor.wdf())
    struct.pack_into("<Q", data, data.index(b"XLST") + 8, size)
    path.write_bytes(bytes(data))
    with pytest.raises(ReadError, match=f"'XLST' at byte .* size of {size} bytes"):
        read(path)


def test_a_measurement_that_never_began_says_so(tmp_path, vendor):
    path = tmp_path / "made.wdf"
    path.write_bytes(vendor.wdf(collected=0))
    with pytest.raises(ReadError, match=r"none of the 4 spectra planned was collected"):
        read(path)


def test_announced_sizes_are_not_believed(tmp_path, vendor):
    path = tmp_path / "made.wdf"
    data = bytearray(vendor.wdf())
    for place in (60, 88):  # points of a spectrum, and of the abscissa
        struct.pack_into("<I", data, place, 2**31)
    path.write_bytes(bytes(data))
    with pytest.raises(ReadError, match="abscissa should have 8589934592 bytes"):
        read(path)
