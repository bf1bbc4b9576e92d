"""Databases, other programs and small spectrometers; and no two formats claim one file."""

from __future__ import annotations

import re

import h5py
import numpy as np
import pytest

from spectra_core.errors import PartialRead, ReadError
from spectra_core.readers import READERS, ReadOptions, read
from spectra_core.readers.text_table import HEAD_BYTES
from spectra_core.spectrum import Axis


def loaded(tmp_path, content, name="made.txt", **options):
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return read(path, options=ReadOptions(**options))


def test_every_reader_rejects_the_files_of_all_others(made_files, tmp_path):
    path = tmp_path / "file"
    for kind, content in made_files.items():
        path.write_bytes(content)
        head = content[:HEAD_BYTES]
        claims = [r.name for r in READERS if r.name != "text columns" and r.matches(head, path)]
        assert len(claims) == (0 if kind in ("text", "quoted csv") else 1), (kind, claims)


# ---------------------------------------------------------------------------------
# Raman Open Database


def test_an_entry_of_the_raman_open_database(data_dir):
    folder = data_dir / "pynxtools-raman"
    (spectrum,) = read(folder / "rod_file_1000679.rod")
    with h5py.File(folder / "rod_ref.nxs") as file:
        np.testing.assert_array_equal(spectrum.x, file["entry/data/x_values_raman"][()])
        np.testing.assert_array_equal(spectrum.y, file["entry/data/y_values"][()])
    meta = spectrum.meta
    assert (meta.sample, meta.laser_nm, meta.dwell_s) == ("K-cymrite", 488.0, 300.0)
    assert meta.extra["metadata"]["values"]["_raman_measurement.temperature"] == "300"


def test_a_made_entry_comes_back_and_a_damaged_row_is_named(tmp_path, vendor):
    (spectrum,) = loaded(tmp_path, vendor.rod())
    np.testing.assert_allclose(spectrum.y, vendor.raman()[::-1], atol=1e-3)
    assert (
        spectrum.meta.extra["metadata"]["values"]["_publ_section_title"] == "A title on two lines"
    )
    with pytest.raises(ReadError, match=r"row 18: holds '128.814 1o2"):
        loaded(tmp_path, vendor.rod().replace(b"128.814 1", b"128.814 1o2"))


# ---------------------------------------------------------------------------------
# KherveFitting


def test_a_project_of_khervefitting_is_that_of_its_workbook(data_dir):
    folder = data_dir / "khervefitting"
    project, workbook = read(folder / "Pt4f.json"), read(folder / "Pt4f.xlsx")
    theirs = next(s for s in workbook if s.y.max() == project[0].y.max())
    np.testing.assert_allclose(project[0].x, theirs.x)
    np.testing.assert_allclose(project[0].y, theirs.y)
    peaks = project[1].meta.extra["metadata"]["peaks"]
    assert {round(peak["Position"], 2) for peak in peaks.values()} == {71.08, 74.4}
    assert len(read(folder / "STO.json")) == 16


def test_a_made_project_comes_back(tmp_path, vendor):
    first, second = loaded(tmp_path, vendor.khervefitting(), "made.json")
    np.testing.assert_allclose(first.y, vendor.raman(), atol=0.01)
    assert [s.meta.sample for s in (first, second)] == ["pellet", "powder"]
    assert first.meta.region == second.meta.region == "S2p"
    np.testing.assert_array_equal(first.columns["Background"], 99.5)
    with pytest.raises(PartialRead, match="core level S2p: has 60 energies and 59"):
        content = re.sub(
            rb'"Raw Data": \[[\d.]+, ', b'"Raw Data": [', vendor.khervefitting(), count=1
        )
        loaded(tmp_path, content, "made.json")


# ---------------------------------------------------------------------------------
# Small spectrometers: layouts of their exports, synthetic numbers

SHIFTS = 100.0 + 1.5 * np.arange(40)
COUNTS = np.round(1000.0 + 800.0 * np.exp(-(((SHIFTS - 130.0) / 6.0) ** 2)), 3)

BWTEK = """File Version;BWSpec4.11_1
Date;2024-05-17 13:45:00
model;BTC675N
intigration times(ms);2000
average number;3
laser_wavelength;785.00
Pixel;Wavelength;Wavenumber;Raman Shift;Dark;Reference;Raw data #1;Dark Subtracted #1;
{rows}
"""
OCEAN = """Data from made.txt Node

Date: Fri May 17 13:45:00 UTC 2024
User: somebody
Spectrometer: QEP00000
Integration Time (sec): 2.000000E0
Scans to average: 3
Number of Pixels in Spectrum: 40
>>>>>Begin Spectral Data<<<<<
{rows}
"""


def test_bwtek_export(tmp_path):
    rows = "\n".join(
        f"{k};{785.0 + k:.2f};{12000 - k:.2f};{x:.2f};900.0;0.0;{y + 900:.3f};{y:.3f};"
        for k, (x, y) in enumerate(zip(SHIFTS, COUNTS, strict=True))
    )
    spectra = loaded(
        tmp_path,
        BWTEK.format(rows=rows),
        axis="raman",
        x_column="Raman Shift",
        y_column="Dark Subtracted #1",
    )
    np.testing.assert_allclose(spectra[0].x, SHIFTS)
    np.testing.assert_allclose(spectra[0].y, COUNTS)


def test_rruff_text(tmp_path, vendor):
    """The database writes the technique and the laser into its file names only."""
    name = "Synthetite__R000000__Raman__532__0__unoriented__Raman_Data_RAW__1.txt"
    (spectrum,) = loaded(tmp_path, vendor.rruff(), name)
    np.testing.assert_allclose(spectrum.y, vendor.raman()[::-1], atol=1e-3)
    assert (spectrum.axis, spectrum.meta.laser_nm) == (Axis.RAMAN_SHIFT, 532.0)
    assert spectrum.meta.sample == "Synthetite"
    with pytest.raises(ReadError, match="--axis"):
        loaded(tmp_path, vendor.rruff())
    with pytest.raises(ReadError, match="no end"):
        loaded(tmp_path, vendor.rruff()[:-9], name)
    (infrared,) = loaded(tmp_path, vendor.rruff(), "Synthetite__R000000__Infrared__Data__2.txt")
    assert infrared.axis is Axis.UNKNOWN and "wavenumber" in infrared.meta.extra["axis_note"]


def test_ocean_export(tmp_path):
    rows = "\n".join(f"{x:.2f}\t{y:.3f}" for x, y in zip(SHIFTS + 400, COUNTS, strict=True))
    (spectrum,) = loaded(tmp_path, OCEAN.format(rows=rows), axis="wavelength")
    assert spectrum.axis is Axis.WAVELENGTH
    np.testing.assert_allclose(spectrum.y, COUNTS)
