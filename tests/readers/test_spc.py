"""Galactic .spc against reference texts of another parser, and against made files."""

from __future__ import annotations

import struct

import numpy as np
import pytest

from spectra_core.errors import PartialRead, ReadError
from spectra_core.readers import ReadOptions, identify, read
from spectra_core.spectrum import Axis

LISTED = ReadOptions(allow_unknown_axis=True)
FOLDER = "spc-rohanisaac"
REFERENCES = {
    "RAMAN.SPC": Axis.RAMAN_SHIFT,
    "RUBY18.SPC": Axis.UNKNOWN,  # 14,700 cm-1: a luminescence spectrum
    "m_ordz.spc": Axis.UNKNOWN,
    "m_xyxy.spc": Axis.UNKNOWN,
    "nir.spc": Axis.WAVELENGTH,
    "s_evenx.spc": Axis.UNKNOWN,
    "s_xy.spc": Axis.UNKNOWN,
}


def reference(path):
    """Return x and y of every subfile of a reference text: blocks of x y, or x y1 y2..."""
    blocks = [block for block in path.read_text().split("\n\n") if block.strip()]
    tables = [np.array([line.split() for line in b.splitlines() if line.strip()]) for b in blocks]
    tables = [table.astype(float) for table in tables]
    if len(tables) > 1:
        return [(table[:, 0], table[:, 1]) for table in tables]
    return [(tables[0][:, 0], y) for y in tables[0].T[1:]]


@pytest.mark.parametrize("name", REFERENCES)
def test_reference_texts_are_equal(data_dir, name):
    path = data_dir / FOLDER / name
    assert identify(path) == "SPC"
    spectra, expected = read(path), reference(path.with_name(f"{name}.txt"))
    assert len(spectra) == len(expected)
    for spectrum, (x, y) in zip(spectra, expected, strict=True):
        assert spectrum.axis is REFERENCES[name]
        order = slice(None, None, -1 if spectrum.descending else 1)
        np.testing.assert_allclose(spectrum.y[order], y, rtol=1e-10, atol=1e-11 * np.abs(y).max())
        if name == "m_xyxy.spc":  # that parser took the bits of these floats for integers
            ratio = spectrum.x[order].astype("<f4").view("<i4") / x
            np.testing.assert_allclose(np.log2(ratio), np.round(np.log2(ratio[0])), atol=1e-9)
        else:
            np.testing.assert_allclose(spectrum.x[order], x, atol=1e-8)


def test_an_axis_that_is_none_of_ours_is_named_and_kept(data_dir):
    spectrum = read(data_dir / FOLDER / "s_evenx.spc")[0]
    assert spectrum.meta.extra["axis_note"].startswith("the abscissa is the wavenumber in cm-1")
    named = read(data_dir / FOLDER / "s_evenx.spc", options=ReadOptions(axis="raman"))[0]
    assert named.axis is Axis.RAMAN_SHIFT  # the user's word wins


def test_log_and_header_are_kept(data_dir):
    spectrum = read(data_dir / FOLDER / "RAMAN.SPC")[0]
    assert spectrum.meta.date == "1994-08-26T16:45:00"
    assert spectrum.meta.comment == "FT Raman Spectrum Example"
    assert spectrum.meta.extra["metadata"]["log"]["MODEL"] == "Nicolet"
    assert spectrum.meta.laser_nm == pytest.approx(1e7 / 9395)
    series = read(data_dir / "cheminfo-wdf-spc/m_evenz.spc")
    times = [s.meta.variables["time"] for s in series]
    assert len(times) == 32 and times[1][1] == "min"
    # a date that another program wrote as seconds since 1970 is no date of the year 1330
    assert read(data_dir / "cheminfo-wdf-spc/6x6.spc")[0].meta.date == ""


# ---------------------------------------------------------------------------------
# Files made from the specification

X = np.linspace(1800.0, 100.0, 60).astype("<f4")


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("exponent", [-128, 12])
@pytest.mark.parametrize("flags", [0x04, 0x05, 0x84, 0xC4])
def test_every_layout_comes_back(tmp_path, vendor, flags, exponent, order):
    path = tmp_path / "made.spc"
    own = [X - 0.25 * k**2 * (X > 500) for k in range(3)] if flags & 0x80 else None
    path.write_bytes(vendor.spc(flags=flags, exponent=exponent, order=order, x=own))
    spectra = read(path)
    assert len(spectra) == 3
    for number, spectrum in enumerate(spectra):
        x = X if own is None else own[number if flags & 0x40 else 0]
        np.testing.assert_allclose(spectrum.x, x[::-1], rtol=1e-6)
        step = 0.51 * 2.0 ** (exponent - 16) if exponent > -128 and flags & 1 else 1e-4
        np.testing.assert_allclose(spectrum.y, vendor.raman(number)[::-1], atol=step)
        assert spectrum.meta.variables["time"] == (1.5 * number, "s")
        assert (spectrum.axis, spectrum.y_unit) == (Axis.RAMAN_SHIFT, "counts")
        assert spectrum.meta.date == "2024-05-17T13:45:00"
        assert spectrum.meta.laser_nm == 532.0


@pytest.mark.parametrize("count", [1, 2])
def test_the_old_format_comes_back(tmp_path, vendor, count):
    path = tmp_path / "made.spc"
    path.write_bytes(vendor.old_spc([vendor.raman(k) - 120.0 for k in range(count)]))
    spectra = read(path)
    assert len(spectra) == count
    for number, spectrum in enumerate(spectra):
        np.testing.assert_allclose(spectrum.x, X[::-1], rtol=1e-6)
        np.testing.assert_allclose(spectrum.y, vendor.raman(number)[::-1] - 120.0, atol=1e-6)
    assert spectra[0].meta.date == "1992-05-14T20:19:00" and spectra[0].meta.scans == 32


def test_a_file_that_is_cut_off_gives_its_whole_subfiles(tmp_path, vendor):
    path = tmp_path / "made.spc"
    path.write_bytes(vendor.spc(log=b"")[:-8])
    with pytest.raises(PartialRead, match=r"subfile 3.*ordinates should have 240 bytes") as found:
        read(path)
    assert len(found.value.spectra) == 2


@pytest.mark.parametrize(("place", "value"), [(4, 2**31), (24, 2**31)])
def test_announced_sizes_are_not_believed(tmp_path, vendor, place, value):
    path = tmp_path / "made.spc"
    data = bytearray(vendor.spc())
    struct.pack_into("<I", data, place, value)
    path.write_bytes(bytes(data))
    with pytest.raises(ReadError, match="the header announces 2147483648"):
        read(path)
