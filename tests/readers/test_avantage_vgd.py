"""Avantage .vgd against the labels of the .xml beside each, another decoder, and made files."""

from __future__ import annotations

import json
import re
import struct
import zipfile

import numpy as np
import pytest

from spectra_core.errors import ReadError
from spectra_core.readers import ReadOptions, identify, read
from spectra_core.spectrum import Axis

FOLDER = "xps-app-thermo-NOLICENCE"


def files(data_dir):
    found = sorted((data_dir / FOLDER).rglob("*.VGD"))
    assert len(found) == 14
    return found


def test_energies_and_rates_are_those_of_the_picture_beside_each(data_dir):
    """Avantage draws binding energies and counts/s, and writes the ends of both axes."""
    compared = 0
    for path in files(data_dir):
        assert identify(path) == "Avantage VGD"
        (spectrum,) = read(path)
        assert spectrum.axis is Axis.BINDING_ENERGY
        picture = path.with_suffix(".xml").read_text(encoding="utf-8-sig")
        x = re.search(r'<AxisX [^>]*Energy \(eV\)[^>]*Maximum="(\S+)" Minimum="(\S+)"', picture)
        assert [spectrum.x[-1], spectrum.x[0]] == [float(x[1]), float(x[2])]
        y = re.search(r'<AxisY [^>]*Title="Counts / s"[^>]*Maximum="(\S+)"', picture)
        if y and path.name != "U4f Scan.VGD":  # drawn from a fit's points there
            assert spectrum.y.max() == pytest.approx(float(y[1]), rel=1e-12)
            compared += 1
    assert compared == 10


def test_counts_are_those_of_another_decoder(data_dir):
    """Its energies are 4.58 eV lower: it subtracts a work function, which Avantage does not."""
    ours = {}
    for path in files(data_dir):
        if path.parent.name.startswith("9"):
            (spectrum,) = read(path)
            ours[path.stem] = spectrum.counts[::-1]
    compared = 0
    with zipfile.ZipFile(data_dir / FOLDER / "Project9_CasaXPS_newfit.proj.zip") as archive:
        for name in archive.namelist():
            theirs = json.loads(archive.read(name))
            counts = ours.get(theirs.get("name"))
            if counts is not None and theirs["name"] in ("C1s Scan", "C1s Scan_0", "U4f Scan"):
                np.testing.assert_allclose(counts, theirs["rawIntensity"], rtol=1e-12)
                compared += 1
    assert compared == 3


def test_noise_is_that_of_counts(data_dir):
    """Third differences over their Poisson expectation are near one, so counts are counts."""
    for path in files(data_dir):
        counts = read(path)[0].counts
        noise = np.diff(counts, 3) / np.sqrt(20.0 * counts[1:-2])
        assert 0.65 < 1.4826 * np.median(np.abs(noise)) < 1.2, path.name


def test_how_it_was_measured_is_kept(data_dir):
    (spectrum,) = read(data_dir / FOLDER / "9_UCl4-graphite_A-G/Cl2p Scan.VGD")
    meta = spectrum.meta
    assert (meta.sample, meta.region) == ("9 C", "Cl2p")
    assert (meta.excitation_energy_ev, meta.pass_energy_ev) == (1486.68, 50.0)
    assert (meta.dwell_s, meta.scans, meta.work_function_ev) == (0.05, 4.0, 4.2)
    assert meta.instrument.startswith("Thermo Nexsa_G2")
    assert meta.extra["metadata"]["properties"]["lens mode"] == "Standard"


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("C1s Scan.xml", r"picture that Avantage.*Open the \.VGD"),
        ("9 A to G.vgp", "Avantage project"),
    ],
)
def test_what_lies_beside_them_is_named(data_dir, name, words):
    with pytest.raises(ReadError, match=words):
        read(data_dir / FOLDER / "9_UCl4-graphite_A-G" / name)


# ---------------------------------------------------------------------------------
# Files made from the layout


def loaded(tmp_path, content, **options):
    path = tmp_path / "made.vgd"
    path.write_bytes(content)
    return read(path, options=ReadOptions(**options))


def test_a_depth_profile_comes_back(tmp_path, vendor):
    spectra = loaded(tmp_path, vendor.vgd())
    assert len(spectra) == vendor.LEVELS
    for level, (spectrum, counts) in enumerate(zip(spectra, vendor.levels(), strict=True)):
        np.testing.assert_array_equal(spectrum.counts, counts[::-1])
        np.testing.assert_allclose(spectrum.y, counts[::-1] / 0.2)
        x = 1486.68 - 1315.0 - 0.2 * np.arange(vendor.CHANNELS)
        np.testing.assert_allclose(spectrum.x, x[::-1], atol=1e-6)
        assert spectrum.meta.etch_time_s == 15.0 * level
        assert spectrum.meta.variables["etch level"] == (float(level), "")
        assert (spectrum.meta.sample, spectrum.meta.region) == ("pellet", "S2p")


def test_one_spectrum_of_few_points_comes_back(tmp_path, vendor):
    (spectrum,) = loaded(tmp_path, vendor.vgd(vendor.levels()[:1, :20]), sample="mine")
    np.testing.assert_array_equal(spectrum.counts, vendor.levels()[0, :20][::-1])
    assert spectrum.meta.sample == "mine"


def test_axes_that_contradict_the_data_are_refused(tmp_path, vendor):
    content = bytearray(vendor.vgd())
    place = content.index(struct.pack("<4I", 0, vendor.CHANNELS - 1, 1, 0))
    struct.pack_into("<I", content, place + 4, vendor.CHANNELS)
    with pytest.raises(ReadError, match=r"axis 1 runs from 0 to 60"):
        loaded(tmp_path, bytes(content))


def test_a_document_that_is_cut_off_is_refused(tmp_path, vendor):
    content = vendor.vgd()
    for size in (len(content) // 4, len(content) // 2, len(content) - 600):
        with pytest.raises(ReadError):
            loaded(tmp_path, content[:size])
