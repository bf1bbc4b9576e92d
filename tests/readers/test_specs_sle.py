"""SPECS Prodigy .sle: made databases come back; what is not known is refused. Synthetic files.

The layout is that of public descriptions; no file of an instrument was at hand.
"""

from __future__ import annotations

import sqlite3

import numpy as np
import pytest

from spectra_core.errors import PartialRead, ReadError
from spectra_core.readers import ReadOptions, identify, read
from spectra_core.readers.inspect import metadata_tree, notes_of
from spectra_core.spectrum import Axis

KINETIC = 1322.0 + 0.1 * np.arange(60)
PLAIN = ("",)


@pytest.fixture
def opened(tmp_path, vendor):
    """Return a function that reads a made database, changed by SQL before."""

    def read_made(*changes: str, **how):
        path = tmp_path / "made.sle"
        path.write_bytes(vendor.sle(**how))
        with sqlite3.connect(path) as base:
            for change in changes:
                base.execute(change)
        base.close()
        return read(path, options=ReadOptions())

    return read_made


def counts(vendor, *scans):
    return np.array([vendor.specs_counts(scan, KINETIC) for scan in scans])[:, ::-1]


def test_counts_of_all_detectors_and_scans_come_back(opened, vendor, tmp_path):
    (spectrum,) = opened()
    assert identify(tmp_path / "made.sle") == "SPECS sle"
    expected = 5 * counts(vendor, 0, 1).sum(axis=0)
    np.testing.assert_allclose(spectrum.counts, expected, atol=1e-9)
    np.testing.assert_allclose(spectrum.y, expected / (0.5 * 2))
    np.testing.assert_allclose(spectrum.x, (1486.61 - KINETIC)[::-1], atol=1e-9)
    assert spectrum.axis is Axis.BINDING_ENERGY and spectrum.y_unit == "counts/s"
    assert spectrum.transmission.tolist() == [1.5] * 60
    meta = spectrum.meta
    assert (meta.sample, meta.region, meta.technique) == ("pellet", "S2p", "XPS")
    assert (meta.scans, meta.dwell_s, meta.pass_energy_ev) == (2.0, 0.5, 20.0)
    assert (meta.work_function_ev, meta.excitation_energy_ev) == (4.3, 1486.61)
    assert meta.date == "2024-05-17T13:06:45.250000"
    assert (meta.instrument, meta.comment) == ("Phoibos", "made")
    assert notes_of(spectrum) == ["left out, as they stand at fixed energies: align"]
    assert metadata_tree(spectrum)["metadata"]["devices"]["Phoibos"] == {"Bias [V]": "90"}


@pytest.mark.parametrize(
    "how",
    [
        {"kind": "<f4"},
        {"packed": True},
        {"pieces": 1},
        {"pieces": 7, "packed": True, "kind": "<f4"},
        {"measured": False},
        {"version": "4.73-r2"},
    ],
)
def test_the_same_numbers_stored_otherwise_are_the_same(opened, vendor, how):
    (spectrum,) = opened(**how)
    np.testing.assert_allclose(spectrum.counts, 5 * counts(vendor, 0, 1).sum(axis=0), rtol=1e-6)
    np.testing.assert_allclose(spectrum.x, (1486.61 - KINETIC)[::-1], atol=1e-6)


def test_each_loop_is_a_spectrum_and_its_scans_are_averaged(opened, vendor):
    traces = ["Loop=0u;Scan [Idx] =0u", "Loop=0u;Scan [Idx] =1u", "Loop=1u;Scan [Idx] =0u"]
    first, second = opened(channels=1, scans=traces)
    np.testing.assert_allclose(first.y, counts(vendor, 0, 1).mean(axis=0) / 0.5)
    np.testing.assert_allclose(second.counts, counts(vendor, 2)[0], atol=1e-9)
    assert [s.meta.extra["repetition"] for s in (first, second)] == [1, 2]
    assert (first.meta.scans, second.meta.scans) == (2.0, 1.0)
    assert second.meta.extra["planned_note"] == "1 of 2 scans planned are in the file, whole"


def test_one_curve_for_several_scans_is_their_mean(opened, vendor):
    (spectrum,) = opened(channels=1, scans=PLAIN)
    assert spectrum.meta.scans == 2.0
    np.testing.assert_allclose(spectrum.y, counts(vendor, 0)[0] / 0.5)
    np.testing.assert_allclose(spectrum.counts, 2 * counts(vendor, 0)[0], atol=1e-9)


def test_whole_numbers_that_are_no_rates_are_counts_and_that_is_said(opened, vendor):
    (spectrum,) = opened(channels=1, factor=1.0)  # counts, in 0.5 s
    np.testing.assert_allclose(spectrum.counts, counts(vendor, 0, 1).sum(axis=0), atol=1e-9)
    np.testing.assert_allclose(spectrum.y, counts(vendor, 0, 1).sum(axis=0) / (0.5 * 2))
    assert any("taken as counts" in note for note in notes_of(spectrum))


def test_binding_energies_that_were_planned_serve_where_none_were_measured(opened, vendor):
    settings = {**vendor.SLE_SETTINGS, "Eexc": ""}
    (spectrum,) = opened(measured=False, settings=settings, channels=1)
    assert spectrum.axis is Axis.BINDING_ENERGY and spectrum.meta.excitation_energy_ev is None
    np.testing.assert_allclose(spectrum.x, (1486.61 - KINETIC)[::-1], atol=1e-6)


def test_kinetic_energies_without_photons_stay_kinetic(opened, vendor):
    settings = {"Ekin": 1322.0, "End": 1327.9, "NumValues": 60, "NumScans": 2, "DwellTime": 0.5}
    (spectrum,) = opened(measured=False, settings=settings, channels=1)
    assert spectrum.axis is Axis.KINETIC_ENERGY
    np.testing.assert_allclose(spectrum.x, KINETIC, atol=1e-6)
    np.testing.assert_allclose(spectrum.counts, counts(vendor, 0, 1).sum(axis=0)[::-1], atol=1e-9)


def test_a_scan_that_was_stopped_is_left_out_and_that_is_said(opened, vendor):
    (spectrum,) = opened(
        "DELETE FROM CountRateData WHERE RawID = 1 AND Offset > 0", channels=1, pieces=2
    )
    np.testing.assert_allclose(spectrum.counts, counts(vendor, 0)[0], atol=1e-9)
    assert spectrum.meta.scans == 1.0
    assert spectrum.meta.extra["planned_note"] == "1 of 2 scans planned are in the file, whole"


@pytest.mark.parametrize(
    ("change", "how", "words"),
    [
        ("SELECT 1", {"version": "9.1"}, r"layout has the version '9.1'; known are 1 to 4"),
        ("DELETE FROM Configuration WHERE Key = 'Version'", {}, "the version 'none'"),
        ("ALTER TABLE RawData RENAME COLUMN Node TO N", {}, "table rawdata has no node"),
        ("DROP TABLE CountRateData", {}, "table countratedata has no rawid and no data"),
        ("SELECT 1", {"mode": "ConstantFinalState"}, "in the mode ConstantFinalState"),
        ("SELECT 1", {"mode": "FixedRetardingRatio"}, "not known which energies they see"),
        ("UPDATE Spectrum SET NonEnergyChns = 200", {}, "images of 200 channels"),
        ("UPDATE Spectrum SET EnergyChns = 4", {}, "4 channels, but shifts of 5"),
        ("UPDATE Spectrum SET Before = 3", {}, "does not say where the region begins"),
        ("UPDATE CountRateData SET ChunkSize = 7", {}, "holds .* bytes for 7 numbers"),
        ("UPDATE CountRateData SET Data = NULL", {}, "numbers of a scan are missing"),
        ("DELETE FROM CountRateData WHERE Offset > 0", {}, "holds 50 steps in a scan where 100"),
        ("DELETE FROM RawData", {}, "nothing of it was measured"),
        (
            "UPDATE NodeData SET Data = replace(Data, '1322', '1332')",
            {},
            "1332 eV and at a binding energy of 164.61 eV, which are not 1486.61 eV together",
        ),
        (
            "UPDATE Configuration SET Value = replace(Value, 'SpecsLabSchedule>',"
            " 'SpecsLabSchedule [<!ENTITY a \"b\">]>')",
            {},
            "defines entities",
        ),
    ],
)
def test_what_cannot_be_read_is_refused(opened, change, how, words):
    with pytest.raises(ReadError, match=words):
        opened(change, **how)


def test_one_damaged_region_does_not_hide_another(opened):
    twice = 'replace(Value, \'</SpectrumGroup>\', \'<Spectrum ID="5" Name="C1s"><{0} Ekin="1"/>\''
    change = f"UPDATE Configuration SET Value = {twice} || '</Spectrum></SpectrumGroup>')".format(
        "FixedAnalyzerTransmissionSettings"
    )
    with pytest.raises(PartialRead, match="nothing of it was measured") as raised:
        opened(change)
    assert [s.meta.region for s in raised.value.spectra] == ["S2p"]


def test_other_databases_are_refused_and_a_journal_is_waited_for(tmp_path, vendor):
    path = tmp_path / "made.sle"
    with sqlite3.connect(path) as base:
        base.execute("CREATE TABLE Configuration (Key TEXT, Value TEXT)")
    base.close()
    with pytest.raises(ReadError, match="holds no schedule of SpecsLab"):
        read(path)
    path.write_bytes(vendor.sle())
    (tmp_path / "made.sle-wal").write_bytes(b"pages")
    with pytest.raises(ReadError, match=r"still in made.sle-wal beside it"):
        read(path)


def test_reading_writes_nothing_beside_the_file(tmp_path, vendor):
    path = tmp_path / "made.sle"
    path.write_bytes(vendor.sle())
    before = path.stat().st_mtime_ns
    read(path)
    assert [p.name for p in tmp_path.iterdir()] == ["made.sle"]
    assert path.stat().st_mtime_ns == before
