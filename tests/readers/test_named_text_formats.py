"""Text formats with a name, against independent parses and the printed digits."""

from __future__ import annotations

import re

import numpy as np
import pytest

from spectra_core.errors import ReadError, SpectraError
from spectra_core.readers import READERS, ReadOptions, read
from spectra_core.spectrum import Axis

NEXUS_PAIRS = [
    ("specs/MgFe2O4_small.xy", "specs/specs_xy_ref.nxs", "1_as_loaded__Survey", "Survey"),
    ("specs/MgFe2O4_small.xy", "specs/specs_xy_ref.nxs", "1_as_loaded__Fe2p", "Fe2p"),
    ("scienta/Ag_0001.txt", "scienta/scienta_txt_ref.nxs", "Ag__001__Ag3d", "Ag3d"),
    ("scienta/Ag_0002.txt", "scienta/scienta_txt_ref.nxs", "Ag__002__VB", "VB"),
]


@pytest.mark.parametrize(("name", "reference", "entry", "region"), NEXUS_PAIRS)
def test_independent_parse_agrees(data_dir, name, reference, entry, region):
    import h5py

    spectra = read(data_dir / "pynxtools-xps" / name)
    (spectrum,) = [s for s in spectra if s.meta.region == region]
    with h5py.File(data_dir / "pynxtools-xps" / reference) as file:
        energy, rate = file[f"{entry}/data/energy"][...], file[f"{entry}/data/data"][...]
        photon = file[f"{entry}/instrument/beam_probe/incident_energy"][()]
        pass_energy = file[f"{entry}/instrument/electronanalyzer/energydispersion/pass_energy"][()]
    assert spectrum.axis is Axis.BINDING_ENERGY
    np.testing.assert_array_equal(spectrum.x_recorded[::-1], energy)
    np.testing.assert_allclose(spectrum.y[::-1], rate, rtol=1e-15)
    assert spectrum.y_unit == "counts/s"
    assert spectrum.meta.excitation_energy_ev == photon
    assert spectrum.meta.pass_energy_ev == pass_energy


def test_scienta_time_is_that_of_a_channel_not_of_a_step(data_dir):
    """203 ms per step, 111 steps over the window, 2 sweeps: 45.066 s in all."""
    (spectrum,) = read(data_dir / "pynxtools-xps/scienta/Ag_0001.txt")
    assert spectrum.meta.acquisition_time_s == pytest.approx(45.066)
    assert (spectrum.meta.scans, spectrum.counts) == (2, None)


def test_scienta_region_cut_off_is_an_error(data_dir, tmp_path):
    lines = (data_dir / "pynxtools-xps/scienta/Ag_0001.txt").read_bytes().split(b"\n")
    path = tmp_path / "cut.txt"
    path.write_bytes(b"\n".join(lines[:200]))
    with pytest.raises(ReadError, match=r"announces 361 points but holds \d+"):
        read(path)


def test_specs_separate_scans_count_as_one_each(data_dir):
    survey, fe2p = read(data_dir / "pynxtools-xps/specs/MgFe2O4_small.xy")
    assert (survey.meta.dwell_s, survey.meta.scans) == (0.1, 1)
    assert (fe2p.meta.dwell_s, fe2p.meta.scans) == (0.3, 1)
    assert survey.meta.date == "2023-08-24T14:19:47Z"
    np.testing.assert_allclose(survey.counts, survey.y * 0.1)


def test_specs_kinetic_axis_and_summed_scans(data_dir):
    folder = data_dir / "physicseagle-CuMnAs-GaP-NOLICENCE"
    (spectrum,) = read(folder / "Experiment 2022-06-01_CuMnAs_12_Ga3pP2p3.xy")
    assert spectrum.axis is Axis.KINETIC_ENERGY
    assert (spectrum.meta.scans, spectrum.meta.dwell_s) == (16, 0.1)
    assert (spectrum.x[0], spectrum.y[0]) == (1351.61, 830.94228)


def test_specs_external_channel_is_a_variable_not_a_spectrum(data_dir):
    folder = data_dir / "physicseagle-CuMnAs-GaP-NOLICENCE"
    (spectrum,) = read(folder / "Experiment 2022-06-01_CuMnAs_4_As3d1.xy")
    value, unit = spectrum.meta.variables["Temp1_Sen"]
    assert unit == "K"
    assert 250 < value < 450
    assert len(spectrum) == 181


def test_older_specs_file_has_transmission(data_dir):
    (spectrum,) = read(data_dir / "xylib/mm-specs.xy")
    assert (spectrum.meta.region, spectrum.axis) == ("P 2p", Axis.BINDING_ENERGY)
    assert (spectrum.x[-1], spectrum.y[-1]) == (139.87, 661.88211)
    assert spectrum.transmission[-1] == 2.441281
    assert spectrum.meta.scans == 50


def casaxps_table(path):
    """Return the numbers of a CasaXPS columns export, cut apart with no code of ours."""
    return np.loadtxt(path, delimiter=",", skiprows=4)


@pytest.mark.parametrize(
    ("name", "region", "time"),
    [
        ("20240220_Au_MPPipTFSI4AMSIol3_S_2p", "S 2p", 5.25),
        ("20240228_Au_Nadep_from_MPPipTFSI4AMSIol3_Relative", "S 2p", 5.0),
        ("20240228_Au_Nadep_from_MPPipTFSI4AMSIol3_C_1s", "C 1s", 2.5),
    ],
)
def test_casaxps_columns_export_keeps_the_fit(data_dir, name, region, time):
    path = data_dir / "theoechem-tfsi-casaxps" / f"{name}.csv"
    (spectrum,) = read(path)
    table = casaxps_table(path)[::-1]
    assert (spectrum.meta.region, spectrum.meta.sample) == (region, name)
    assert spectrum.meta.excitation_energy_ev == 1486.6
    assert spectrum.meta.acquisition_time_s == time
    np.testing.assert_array_equal(spectrum.binding_energy, table[:, 0])
    np.testing.assert_array_equal(spectrum.y, table[:, 1])
    np.testing.assert_allclose(spectrum.counts, table[:, 1] * time)
    np.testing.assert_array_equal(np.transpose(list(spectrum.columns.values())), table[:, 2:])


def test_casaxps_components_include_the_background(data_dir):
    name = "20240220_Au_MPPipTFSI4AMSIol3_S_2p.csv"
    (spectrum,) = read(data_dir / "theoechem-tfsi-casaxps" / name)
    export = spectrum.meta.extra["casaxps_export"]
    background = spectrum.columns[export["background"]]
    parts = [spectrum.columns[entry["column"]] - background for entry in export["components"]]
    assert export["components_include_background"]
    np.testing.assert_allclose(
        background + sum(parts), spectrum.columns[export["envelope"]], atol=0.02
    )


def test_casaxps_export_without_time_has_no_counts(data_dir):
    name = "20240220_Au_MPPipTFSI4AMSIol3_survey.csv"
    (spectrum,) = read(data_dir / "theoechem-tfsi-casaxps" / name)
    assert (spectrum.meta.acquisition_time_s, spectrum.counts) == (None, None)
    assert spectrum.y_unit == "counts/s"


def test_casaxps_rows_export_gives_the_fit_table(data_dir):
    (spectrum,) = read(data_dir / "pynxtools-xps/vamas/FeO_analyzed_lineshapes_cols.txt")
    components = spectrum.meta.extra["casaxps_export"]["components"]
    assert [entry["position_ev"] for entry in components] == [709.05, 716.00, 722.13, 729.89]
    assert [entry["lineshape"] for entry in components] == [
        "LF(0.54,10,80,100,6)",
        "SGL(30)",
        "LF(0.54,10,80,100,6)",
        "SGL(30)",
    ]
    assert components[0]["fwhm_ev"] == 3.86
    assert components[1]["area"] == 35837.06
    assert list(spectrum.columns) == [
        "Fe 2p_1",
        "Fe 2p_2",
        "Fe 2p_3",
        "Fe 2p_4",
        "Background",
        "Envelope",
    ]


def test_casaxps_rows_export_has_counts_and_rates(data_dir):
    (spectrum,) = read(data_dir / "pynxtools-xps/vamas/FeO_analyzed_lineshapes_cols.txt")
    assert (spectrum.counts[-1], spectrum.y[-1]) == (12516.9, 6258.45)
    assert (spectrum.meta.sample, spectrum.meta.region) == ("FeO", "Fe2p")
    np.testing.assert_allclose(spectrum.kinetic_energy[-1], 736.61)


def test_casaxps_rows_export_holds_several_regions(data_dir):
    spectra = read(data_dir / "pynxtools-xps/vamas/vms_txt_export.txt")
    assert [(s.meta.sample, s.meta.region, len(s)) for s in spectra] == [
        ("Ni", "Survey", 1201),
        ("Ni", "Ni2p", 501),
        ("NiO", "Survey", 1201),
        ("NiO", "Ni2p", 501),
    ]


def test_casaxps_charge_correction_is_taken_off_the_axis(tmp_path):
    """Synthetic: binding energies 0.5 eV above photon energy minus kinetic energy."""
    rows = [f"{100 + i}\t{10 * i}\t\t{1387.1 - i}\t{100 * i}" for i in range(5)]
    head = ["Cycle 0:LPS:S 2p", "\tCharacteristic Energy eV\t1486.6\tAcquisition Time s\t0.1"]
    path = tmp_path / "a.txt"
    path.write_text("\n".join([*head, "K.E.\tCounts\t\tB.E.\tCPS", *rows, ""]))
    (spectrum,) = read(path)
    assert spectrum.calibration.shift == pytest.approx(0.5)
    np.testing.assert_allclose(spectrum.x_recorded[-1], 1386.6)
    np.testing.assert_allclose(spectrum.x[-1], 1387.1)


def test_phi_text_equals_its_printed_rows(data_dir):
    path = data_dir / "jesusf10-phi-bn/BN-BS-1 multiplex.txt"
    spectra = read(path)
    assert [s.meta.region for s in spectra] == ["Bi 4f", "Na 1s", "O 1s", "Sr 3d", "Ti 2p", "C 1s"]
    assert [s.meta.scans for s in spectra] == [8, 16, 8, 24, 16, 16]
    rows = re.findall(r"^([\d.]+)\t([\d.]+)\s*$", path.read_text(), re.MULTILINE)
    printed = np.array(rows, dtype=float)
    np.testing.assert_array_equal(np.concatenate([s.x[::-1] for s in spectra]), printed[:, 0])
    np.testing.assert_array_equal(np.concatenate([s.counts[::-1] for s in spectra]), printed[:, 1])
    assert spectra[0].y[-1] == pytest.approx(587 / (0.05 * 8))


def test_labspec_spectrum(data_dir):
    (spectrum,) = read(data_dir / "spectrochempy-labspec/532nm-191216-Si_200mu.txt")
    meta = spectrum.meta
    assert (meta.sample, meta.laser_nm, meta.dwell_s, meta.scans) == ("HB003-_4", 532, 1, 1)
    assert spectrum.axis is Axis.RAMAN_SHIFT
    assert meta.date == "2019-12-16T09:57:07"
    assert spectrum.x[np.argmax(spectrum.y)] == pytest.approx(520.7, abs=2.0)


def test_labspec_series_is_one_spectrum_per_row(data_dir):
    spectra = read(data_dir / "spectrochempy-labspec/lasertest1.txt")
    assert [s.meta.variables["Points"][0] for s in spectra] == [1, 2, 3]
    assert [s.y[0] for s in spectra] == [-4.05818, 342.509, -12.8195]
    assert {(s.y_unit, len(s), s.x[0]) for s in spectra} == {("counts", 1024, 83.7234)}


def test_witec_export(data_dir):
    (spectrum,) = read(data_dir / "pynxtools-raman/Si-wafer-Raman-Spectrum-1.txt")
    assert (spectrum.axis, spectrum.y_unit) == (Axis.WAVELENGTH, "counts")
    assert (spectrum.x[0], spectrum.y[0]) == (530.7816803, 356.8500061)
    scattered = spectrum.x > 535.0
    silicon_nm = spectrum.x[scattered][np.argmax(spectrum.y[scattered])]
    elastic_nm = spectrum.x[np.argmax(spectrum.y)]
    two_channels_cm1 = 6.0
    assert 1e7 / elastic_nm - 1e7 / silicon_nm == pytest.approx(520.7, abs=two_channels_cm1)


def test_jasco_text(data_dir):
    (spectrum,) = read(data_dir / "rampy-glass/LS4.txt")
    assert (len(spectrum), spectrum.axis) == (3988, Axis.RAMAN_SHIFT)
    assert (spectrum.x[0], spectrum.x[-1]) == (580.2513, 1377.6512)
    assert (spectrum.meta.laser_nm, spectrum.meta.dwell_s, spectrum.meta.scans) == (490.2, 300, 3)
    assert spectrum.y.max() == pytest.approx(29470.75586, abs=0.1)


def test_text_export_equals_the_vamas_it_came_from(data_dir):
    """Upstream exports of the blocks of 0-150W.vms, made by another program."""
    blocks = read(data_dir / "lg4x/0-150W.vms")
    for name in ("NiWC1s_C1s", "NiWNi2p_Ni2p", "NiWW4f_W4f", "NiWwide_wide"):
        (text,) = read(data_dir / f"lg4x/0-150W_{name}.txt")
        (block,) = [s for s in blocks if abs(s.binding_energy.max() - text.x[-1]) < 0.1]
        order = np.argsort(block.binding_energy)
        np.testing.assert_allclose(text.x, block.binding_energy[order], atol=1e-6)
        np.testing.assert_array_equal(text.y, block.counts[order])


DAMAGED = [
    "jesusf10-phi-bn/BN-BS-1 multiplex.txt",
    "lg4x/C1s_sample.csv",
    "pynxtools-raman/Si-wafer-Raman-Spectrum-1.txt",
    "pynxtools-xps/scienta/Ag_0001.txt",
    "pynxtools-xps/specs/MgFe2O4_small.xy",
    "pynxtools-xps/vamas/FeO_analyzed_lineshapes_cols.txt",
    "rampy-glass/LS4.txt",
    "spectrochempy-labspec/lasertest1.txt",
    "theoechem-tfsi-casaxps/20240220_Au_MPPipTFSI4AMSIol3_S_2p.csv",
    "khervefitting/Tougaard_Fit.xlsx",
]


@pytest.mark.parametrize("name", DAMAGED)
def test_file_cut_off_anywhere_gives_spectra_or_one_sentence(data_dir, tmp_path, name):
    data = (data_dir / name).read_bytes()
    path = tmp_path / "damaged"
    for place in np.linspace(0, len(data), 50, endpoint=False).astype(int):
        path.write_bytes(data[:place])
        try:
            spectra = read(path, options=ReadOptions(axis="binding"))
        except SpectraError as error:
            assert str(error).startswith("damaged: ")
        else:
            assert all(len(s) > 1 for s in spectra)


def test_table_of_formats_names_every_reader_once():
    names = [reader.name for reader in READERS]
    assert len(set(names)) == len(names)
    assert names[-1] == "text columns"
