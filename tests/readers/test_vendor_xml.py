"""SPECS, LabSpec and TriVista XML against what the files say and the same spectrum elsewhere."""

from __future__ import annotations

import h5py
import numpy as np
import pytest

from spectra_core.errors import ReadError
from spectra_core.readers import ReadOptions, identify, read
from spectra_core.spectrum import Axis

SPECS = "pynxtools-xps/specs/In-situ_PBTTT_XPS_SPECS.xml"
LABSPEC = "rosettasciio/jobinyvon"


def loaded(tmp_path, content, **options):
    path = tmp_path / "made.xml"
    path.write_bytes(content)
    return read(path, options=ReadOptions(**options))


# ---------------------------------------------------------------------------------
# SPECS


def test_energies_are_those_of_the_file_itself(data_dir):
    """Kinetic energy 963.6 eV, step 0.05 eV, photons of 1253.6 eV: 290 to 280 eV."""
    survey, carbon = read(data_dir / SPECS)
    assert identify(data_dir / SPECS) == "SPECS xml"
    np.testing.assert_allclose(carbon.x, 280.0 + 0.05 * np.arange(201), atol=1e-9)
    np.testing.assert_allclose(survey.x, -1.0 + 0.5 * np.arange(1403), atol=1e-9)
    assert carbon.axis is Axis.BINDING_ENERGY
    assert (carbon.meta.sample, carbon.meta.region) == ("PBTTT 1.2 V", "C1s")
    assert carbon.meta.extra["planned_note"] == "2 of 15 scans planned are in the file"
    assert (carbon.meta.scans, carbon.meta.dwell_s, carbon.meta.pass_energy_ev) == (2.0, 0.2, 20.0)
    # both regions were measured apart, and have their line at one place
    near = (survey.x > 275) & (survey.x < 295)
    assert survey.x[near][survey.y[near].argmax()] == carbon.x[carbon.y.argmax()] == 284.0


def test_counts_of_all_detectors_are_summed_where_they_belong(data_dir):
    """Another parse has as many counts, but adds the detectors up unshifted: its line is flat."""
    survey, carbon = read(data_dir / SPECS)
    with h5py.File(data_dir / "pynxtools-xps/specs/specs_xml_ref.nxs") as file:
        theirs = file["PBTTT_1_2_V__Survey/data/data"][()]
        mean = file["PBTTT_1_2_V__C1s/data/data"][()]
    assert survey.counts.sum() == pytest.approx(theirs.sum(), rel=0.005)
    assert carbon.counts.sum() == pytest.approx(2 * mean.sum(), rel=0.005)
    assert survey.counts.max() > 1.9 * theirs.max()
    np.testing.assert_array_equal(carbon.counts, np.round(carbon.counts))


def test_a_made_specs_file_comes_back(tmp_path, vendor):
    (spectrum,) = loaded(tmp_path, vendor.specs_xml())
    kinetic = 1322.0 + 0.1 * np.arange(60)
    expected = 5 * sum(vendor.specs_counts(scan, kinetic) for scan in range(2))
    np.testing.assert_array_equal(spectrum.counts, expected[::-1])
    np.testing.assert_allclose(spectrum.y, expected[::-1] / (0.5 * 2))
    np.testing.assert_allclose(spectrum.x, (1486.61 - kinetic)[::-1], atol=1e-9)
    assert spectrum.transmission.tolist() == [1.5] * 60
    assert spectrum.meta.date == "2023-11-14T22:13:20+00:00"


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        (b'name="mcd_tail">20', b'name="mcd_tail">21', "505 are|channels of 101 steps are 505"),
        (b">FixedAnalyzerTransmission<", b">FixedEnergies<", "mode FixedEnergies"),
        (b'"pass_energy">20.0', b'"pass_energy">200.0', "beyond the 20 and 20 steps"),
        (b'"scan_delta">0.1', b'"scan_delta">x', "scan_delta is 'x'"),
        (b"</any>", b"", "no well-formed XML"),
        (b"<any>", b'<!DOCTYPE a [<!ENTITY b "c">]><any>', "defines entities"),
    ],
)
def test_a_damaged_specs_file_is_refused(tmp_path, vendor, old, new, words):
    content = vendor.specs_xml().replace(old, new)
    with pytest.raises(ReadError, match=words):
        loaded(tmp_path, content)


# ---------------------------------------------------------------------------------
# LabSpec and TriVista


def test_one_labspec_spectrum_in_three_units(data_dir):
    """The same 34 intensities over nm-1, shifts and eV, which convert into each other."""
    found = {
        unit: read(data_dir / LABSPEC / f"jobinyvon_test_spec_3s_{unit}.xml")[0]
        for unit in ("abs-cm-1", "cm-1", "eV")
    }
    absolute, shifts, energies = found.values()
    assert [s.axis for s in found.values()] == [Axis.UNKNOWN, Axis.RAMAN_SHIFT, Axis.UNKNOWN]
    np.testing.assert_array_equal(absolute.y, energies.y)
    np.testing.assert_array_equal(absolute.y, shifts.y[::-1])
    laser = absolute.x + shifts.x[::-1]
    np.testing.assert_allclose(laser, laser[0], atol=0.11)  # six digits are written
    assert 1e7 / laser[0] == pytest.approx(632.8, abs=0.1)
    np.testing.assert_allclose(energies.x * 8065.544, absolute.x, rtol=2e-4)  # in air
    assert energies.meta.extra["axis_note"].startswith("the abscissa is the photon energy in eV")
    assert absolute.meta.date == "2022-08-19T09:20:51"


def test_labspec_maps_have_their_places(data_dir):
    spectra = read(data_dir / LABSPEC / "jobinyvon_test_map_x3-y2.xml")
    places = [tuple(v[0] for v in s.meta.variables.values()) for s in spectra]
    assert places == [(-2, -1), (0, -1), (2, -1), (-2, 1), (0, 1), (2, 1)]
    line = read(data_dir / LABSPEC / "jobinyvon_test_linescan.xml")
    assert [s.meta.variables["Y"][0] for s in line] == [0.0, 0.5, 1.0]
    assert (line[0].meta.dwell_s, line[0].meta.scans, line[0].meta.laser_nm) == (1.0, 2.0, 633.0)


def test_a_made_labspec_map_comes_back(tmp_path, vendor):
    spectra = loaded(tmp_path, vendor.labspec_xml())
    assert len(spectra) == 6
    for number, spectrum in enumerate(spectra):
        np.testing.assert_allclose(spectrum.y, vendor.raman(number)[::-1], atol=1e-4)
        place = ((number % 3) * 2.0 - 2.0, (number // 3) * 2.0 - 1.0)
        assert tuple(v[0] for v in spectrum.meta.variables.values()) == place
    assert spectra[0].meta.sample == "pellet" and spectra[0].y_unit == "counts"
    broken = vendor.labspec_xml().replace(b"-2 0 2", b"-2 0 2 4")
    with pytest.raises(ReadError, match="ask for 8 rows of 60 intensities, but it holds 6"):
        loaded(tmp_path, broken)


def test_trivista_frames_and_settings(data_dir):
    line = read(data_dir / "rosettasciio/trivista/linescan.tvf")
    assert len(line) == 21 and line[0].axis is Axis.WAVELENGTH
    assert line[0].meta.extra["metadata"]["X-Axis"]["Points"] == "21"
    assert line[3].meta.date == "2016-09-29T12:51:30"
    (single,) = read(data_dir / "rosettasciio/trivista/spec_1s_1acc_1frame_average.tvf")
    assert (len(single), single.y_unit) == (1024, "counts")
    assert single.x[0] == 794.220731002166


def test_a_made_trivista_file_comes_back(tmp_path, vendor):
    spectra = loaded(tmp_path, vendor.trivista())
    assert len(spectra) == 3
    for number, spectrum in enumerate(spectra):
        np.testing.assert_allclose(spectrum.y, vendor.raman(number), atol=1e-4)
    assert spectra[0].meta.extra["metadata"] == {"Experiment": {"Mode": "line"}}
    with pytest.raises(ReadError, match="frame of 61 x 1 points with 60 numbers"):
        loaded(tmp_path, vendor.trivista().replace(b'xDim="60"', b'xDim="61"', 1))
