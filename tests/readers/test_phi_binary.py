"""PHI .spe and .pro against the vendor's own text and VAMAS exports and foreign parses."""

from __future__ import annotations

import struct

import numpy as np
import pytest

from spectra_core.errors import PartialRead, ReadError
from spectra_core.readers import ReadOptions, identify, read
from spectra_core.spectrum import Axis, on_binding_energy

ALL = [
    ("jesusf10-phi-bn/BN-BS-1 SURVEY.spe", 1),
    ("jesusf10-phi-bn/BN-BS-1 multiplex.spe", 6),
    ("yadg-phi/test0.spe", 2),
    ("pynxtools-xps/phi/SnO2_10nm.spe", 1),
    ("pynxtools-xps/phi/SnO2_10nm_1.pro", 4 * 21),
    ("qnngroup-ito-NOLICENCE/102.1.control.spe", 1),
    ("qnngroup-ito-NOLICENCE/104.1.ITOSA3ci_1.pro", 4 * 12),
    ("qnngroup-ito-NOLICENCE/109.1.control.spe", 4),
]


@pytest.mark.parametrize(("name", "count"), ALL)
def test_every_file_opens_with_counts_that_are_whole(data_dir, name, count):
    assert identify(data_dir / name) == "PHI"
    spectra = read(data_dir / name)
    assert len(spectra) == count
    for spectrum in spectra:
        assert spectrum.axis is Axis.BINDING_ENERGY
        assert spectrum.meta.pass_energy_ev > 10
        np.testing.assert_allclose(spectrum.counts, np.round(spectrum.counts), atol=0.01)


@pytest.mark.parametrize("name", ["BN-BS-1 SURVEY", "BN-BS-1 multiplex"])
def test_the_vendors_text_export_is_equal(data_dir, name):
    ours = read(data_dir / "jesusf10-phi-bn" / f"{name}.spe")
    texts = read(data_dir / "jesusf10-phi-bn" / f"{name}.txt")
    assert len(ours) == len(texts)
    for spectrum, text in zip(ours, texts, strict=True):
        np.testing.assert_allclose(spectrum.x, text.x, atol=1e-9)
        # six digits are printed; the text's unit follows from its own header
        np.testing.assert_allclose(spectrum.counts, text.counts, rtol=5e-6)
        assert spectrum.meta.acquisition_time_s == pytest.approx(text.meta.acquisition_time_s)
        assert spectrum.meta.excitation_energy_ev == text.meta.excitation_energy_ev == 1253.6
        if text.meta.region:
            assert spectrum.meta.region == text.meta.region
    assert ours[0].meta.date.startswith("2024-01-2")


@pytest.mark.parametrize(
    ("native", "vamas"),
    [
        ("102.1.control.spe", "102.1.control.vms"),
        ("109.1.control.spe", "109.1.control.vms"),
        ("104.1.ITOSA3ci_1.pro", "104.1.itosa3ci_1.vms"),
    ],
)
def test_the_vendors_vamas_export_is_equal(data_dir, native, vamas):
    folder = data_dir / "qnngroup-ito-NOLICENCE"
    ours, exported = read(folder / native), read(folder / vamas)
    assert len(ours) == len(exported)
    for spectrum, block in zip(ours, map(on_binding_energy, exported), strict=True):
        np.testing.assert_allclose(spectrum.x, block.x, atol=1e-6)
        np.testing.assert_allclose(spectrum.y, block.y, rtol=1e-6)
        np.testing.assert_allclose(spectrum.counts, block.counts, rtol=1e-6)
        np.testing.assert_allclose(spectrum.transmission, block.transmission, rtol=5e-6)
        for field in ("dwell_s", "scans", "etch_time_s", "pass_energy_ev", "work_function_ev"):
            assert getattr(spectrum.meta, field) == getattr(block.meta, field), field
        assert spectrum.meta.date[:10] == block.meta.date[:10]
        if spectrum.meta.region != "survey":
            assert spectrum.meta.species == block.meta.species
            assert spectrum.meta.transition == block.meta.transition


def test_a_profile_has_its_levels_regions_and_times(data_dir):
    spectra = read(data_dir / "pynxtools-xps/phi/SnO2_10nm_1.pro")
    for k, region in enumerate(("survey", "C 1s", "Si 2p", "Sn 3d5")):
        levels = spectra[21 * k : 21 * (k + 1)]
        assert {s.meta.region for s in levels} == {region}
        assert [s.meta.etch_time_s for s in levels] == [30.0 * i for i in range(21)]
        assert [s.meta.extra["depth_cycle"] for s in levels] == list(range(1, 22))
        assert {s.meta.sample for s in levels} == {"SnO2_10nm"}
    assert spectra[0].meta.variables["Etch Time"] == (0.0, "s")


@pytest.mark.parametrize(("native", "count"), [("SnO2_10nm.spe", 1), ("SnO2_10nm_1.pro", 84)])
def test_an_independent_parse_agrees(data_dir, native, count):
    import h5py

    folder = data_dir / "pynxtools-xps" / "phi"
    ours = read(folder / native)
    reference = "phi_pro_ref.nxs" if native.endswith("pro") else "phi_spe_ref.nxs"
    matched = 0
    with h5py.File(folder / reference) as file:
        rates = []

        def collect(name, item):
            if isinstance(item, h5py.Dataset) and item.dtype.kind == "f" and item.ndim in (1, 2, 3):
                rates.append(np.asarray(item).reshape(-1, item.shape[-1]))

        file.visititems(collect)
    for spectrum in ours:
        y = spectrum.y[::-1]
        matched += any(
            r.shape[1] == y.size and np.isclose(r, y, rtol=1e-6).all(axis=1).any() for r in rates
        )
    assert matched == count


# ---------------------------------------------------------------------------------
# Files made from the layout; synthetic


@pytest.fixture(scope="module")
def made(vendor):
    """Return the function that makes a PHI file."""
    return vendor.phi


def saved(tmp_path, data, name="a.bin"):
    path = tmp_path / name
    path.write_bytes(data)
    return path


@pytest.mark.parametrize("newline", ["\r\n", "\n", "\r"])
@pytest.mark.parametrize("kind", [b"f4", b"f8", b"u8"])
@pytest.mark.parametrize("order", ["<", ">"])
def test_line_ends_number_types_and_byte_orders(made, tmp_path, newline, kind, order):
    data = made(newline=newline, cycles=3, kind=kind, times=[0, 40, 95.5], order=order)
    spectra = read(saved(tmp_path, data))
    assert [s.meta.region for s in spectra] == ["S 2p"] * 3 + ["P 2p"] * 3
    assert [s.meta.etch_time_s for s in spectra] == [0, 40, 95.5] * 2
    np.testing.assert_array_equal(spectra[1].y[::-1], 100 + np.arange(11, 22))
    np.testing.assert_allclose(spectra[1].x[::-1], 164 - 0.1 * np.arange(11))
    np.testing.assert_allclose(spectra[4].counts, spectra[4].y * 0.25)
    assert spectra[0].meta.date == "2024-02-29"
    assert spectra[0].meta.sample == "film"


def test_areas_of_one_file_are_samples_of_their_own(made, tmp_path):
    data = made(areas=2, names=("pnt", "sar", "cyc"), extra=["SpatialAreaDesc: 1 edge"])
    data = data.replace(struct.pack("<3I", 11, 1, 2), struct.pack("<3I", 11, 2, 1))
    data = data.replace(struct.pack("<3I", 6, 1, 2), struct.pack("<3I", 6, 2, 1))
    spectra = read(saved(tmp_path, data))
    assert [s.meta.sample for s in spectra] == ["film edge", "film area 2"] * 2
    assert [s.y[-1] for s in spectra[:2]] == [100, 111]


def test_intensities_corrected_already_have_no_transmission(made, tmp_path):
    coefficients = ["IntensityCalCoeff: 31.886 0.228"]
    plain = read(saved(tmp_path, made(extra=[*coefficients, "IntensityRecal: no"])))[0]
    corrected = read(saved(tmp_path, made(extra=[*coefficients, "IntensityRecal: yes"])))[0]
    assert plain.transmission is not None
    assert corrected.transmission is None
    assert "divided by the transmission" in corrected.meta.extra["transmission_note"]


def test_a_date_that_is_none_is_kept_as_written(made, tmp_path):
    data = made().replace(b"2024 2 29", b"2023 2 29")
    (meta, *_) = [s.meta for s in read(saved(tmp_path, data))]
    assert (meta.date, meta.extra["date_as_written"]) == ("", "2023 2 29")


def test_the_users_sample_name_wins(made, tmp_path):
    spectra = read(saved(tmp_path, made()), options=ReadOptions(sample="LPSCl"))
    assert {s.meta.sample for s in spectra} == {"LPSCl"}


BAD = {
    "cut in the header": (lambda whole: whole[:120], "has no end (EOFH)"),
    "cut before the table": (lambda whole: whole[: whole.find(b"EOFH") + 8], "table of traces"),
    "no region": (
        lambda whole: whole.replace(b"SpectralRegDef:", b"SpectralRegXXX:"),
        "no spectral region",
    ),
    "damaged region": (
        lambda whole: whole.replace(b"1 1 S2p 16 11", b"1 1 S2p 16 xx"),
        "definition of a",
    ),
    "unknown type": (lambda whole: whole.replace(b"f4\0\0", b"i2\0\0"), "unknown type"),
    "text mode": (
        lambda whole: whole.replace(struct.pack("<I", 192), b"\r\n\r\n"),
        "table of traces",
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_a_damaged_file_has_one_clear_sentence(made, tmp_path, name):
    damaged, words = BAD[name]
    with pytest.raises(ReadError) as caught:
        read(saved(tmp_path, damaged(made())))
    assert words in str(caught.value)
    assert str(caught.value).startswith("a.bin")


def test_what_is_whole_of_a_cut_file_is_kept(made, tmp_path):
    with pytest.raises(PartialRead) as caught:
        read(saved(tmp_path, made(cycles=3, times=[0, 1, 2])[:-90]))
    assert "cut off" in str(caught.value)
    assert {s.meta.region for s in caught.value.spectra} == {"S 2p"}


def test_points_that_the_header_does_not_announce_are_refused(made, tmp_path):
    data = made().replace(b"16 11 -0.1000", b"16 12 -0.1000")
    with pytest.raises(PartialRead, match="has 11 points but the header announces 12"):
        read(saved(tmp_path, data))
