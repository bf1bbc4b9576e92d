"""The content of a file decides its format, and a foreign file is named."""

from __future__ import annotations

import hashlib
import zipfile

import pytest

from spectra_core.errors import ReadError
from spectra_core.readers import READERS, ReadOptions, identify, read
from spectra_core.readers.text_table import HEAD_BYTES

PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + bytes(range(64))

FORMAT_OF = {
    "jesusf10-phi-bn/BN-BS-1 multiplex.txt": "PHI text",
    "jesusf10-phi-bn/BN-BS-1 SURVEY.txt": "PHI text",
    "khervefitting/Pt4f.xlsx": "Excel workbook",
    "khervefitting/Pt4f.vms": "VAMAS",
    "lg4x/0-150W.vms": "VAMAS",
    "lg4x/C1s_sample.csv": "text columns",
    "lg4x/Mutlipak_vms.npl": "VAMAS",
    "physicseagle-CuMnAs-GaP-NOLICENCE/Experiment 2022-06-01_CuMnAs_4_As3d1.xy": "SPECS xy",
    "pynxtools-raman/Si-wafer-Raman-Spectrum-1.txt": "WITec text",
    "pynxtools-xps/scienta/Ag_0001.txt": "Scienta text",
    "pynxtools-xps/specs/MgFe2O4_small.xy": "SPECS xy",
    "pynxtools-xps/vamas/FeO_analyzed_lineshapes_cols.txt": "CasaXPS export",
    "pynxtools-xps/vamas/vms_txt_export.txt": "CasaXPS export",
    "pynxtools-xps/specs/specs_xy_ref.nxs": "NeXus",
    "pynxtools-xps/phi/SnO2_10nm_1.pro": "PHI",
    "rampy-glass/LS4.txt": "JASCO text",
    "spectrochempy-labspec/lasertest1.txt": "LabSpec text",
    "theoechem-tfsi-casaxps/20240220_Au_MPPipTFSI4AMSIol3_S_2p.csv": "CasaXPS export",
    "xpsdeeplearning/Ni2p_NiO.txt": "text columns",
    "xylib/mm-specs.xy": "SPECS xy",
}
NO_SPECTRA = {
    "fitspy-raman/spectra_2/spectrum_2_1.csv": "table of fitted peaks",
    "nist-strd/Gauss1.dat": "NIST",
    "pynxtools-xps/vamas/FeO_analyzed_results.csv": "CasaXPS report table",
    "pynxtools-xps/vamas_comment_fragments/casa_process.vms": "piece of a VAMAS file",
    "README.md": "no columns of numbers",
}


@pytest.mark.parametrize(("name", "format_name"), FORMAT_OF.items())
def test_real_file_is_identified(data_dir, name, format_name):
    assert identify(data_dir / name) == format_name


@pytest.mark.parametrize(("name", "words"), NO_SPECTRA.items())
def test_file_without_spectra_is_refused_in_words(data_dir, name, words):
    with pytest.raises(ReadError, match=words):
        read(data_dir / name)


def test_every_real_file_is_claimed_by_one_format_at_most(data_dir):
    claims = {}
    for path in data_dir.rglob("*"):
        if path.is_file():
            with path.open("rb") as file:
                head = file.read(HEAD_BYTES)
            named = [r.name for r in READERS if r.name != "text columns" and r.matches(head, path)]
            if len(named) > 1:
                claims[path.name] = named
    assert claims == {}


@pytest.mark.parametrize("reader", READERS, ids=lambda reader: reader.name)
@pytest.mark.parametrize("head", [b"", b"\x00", PNG, b"\xff\xfe", b"PK\x03\x04", b"[Info]", b"#"])
def test_matching_never_raises(tmp_path, reader, head):
    path = tmp_path / "file"
    path.write_bytes(head)
    assert reader.matches(head, path) is False


@pytest.mark.parametrize("suffix", [".vms", ".csv", ".xlsx", ".txt", ".h5"])
def test_image_under_a_false_name_is_called_an_image(tmp_path, suffix):
    path = tmp_path / f"spectrum{suffix}"
    path.write_bytes(PNG)
    with pytest.raises(ReadError, match=f"spectrum{suffix}: .*PNG image"):
        read(path)


def test_suffix_does_not_matter(tmp_path):
    path = tmp_path / "spectrum.vms"
    path.write_text("BE,CPS\n1,10\n2,20\n3,30\n")
    assert identify(path) == "text columns"


def test_zip_archive_is_no_workbook(tmp_path):
    path = tmp_path / "project.xlsx"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("notes.txt", "1 2\n")
    with pytest.raises(ReadError, match="ZIP archive"):
        read(path)


@pytest.mark.parametrize("content", [b"", b" \n\n\t\n"])
def test_empty_file_is_called_empty(tmp_path, content):
    path = tmp_path / "empty.txt"
    path.write_bytes(content)
    with pytest.raises(ReadError, match=r"empty\.txt: the file is empty"):
        read(path)


def test_missing_file_is_named(tmp_path):
    with pytest.raises(ReadError, match=r"gone\.csv: cannot be opened"):
        read(tmp_path / "gone.csv")


def test_source_names_file_format_place_and_checksum(tmp_path):
    path = tmp_path / "two.csv"
    path.write_text("BE,a,b\n3,1,4\n2,2,5\n1,3,6\n")
    first, second = read(path)
    assert (first.source.file, first.source.format) == ("two.csv", "text columns")
    assert (first.source.index, second.source.index) == (0, 1)
    assert first.source.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()


def test_unknown_answer_is_refused_with_the_known_ones():
    with pytest.raises(ReadError, match="binding, kinetic, raman, wavelength"):
        ReadOptions(axis="be")


@pytest.mark.parametrize("delimiter", ["", "::", "x", "colon"])
def test_delimiter_is_one_character_or_a_word(delimiter):
    with pytest.raises(ReadError, match="tab, comma, semicolon, space"):
        ReadOptions(delimiter=delimiter)


@pytest.mark.parametrize("value", [0.0, -1.0, float("nan"), float("inf")])
def test_photon_energy_must_be_a_positive_number(value):
    with pytest.raises(ReadError, match="photon_energy_ev"):
        ReadOptions(photon_energy_ev=value)


def test_names_given_by_a_person_win_for_every_format(data_dir):
    options = ReadOptions(sample="cell 7", region="valence")
    for name in ("khervefitting/Pt4f.vms", "pynxtools-xps/scienta/Ag_0001.txt"):
        spectrum = read(data_dir / name, options=options)[0]
        assert (spectrum.meta.sample, spectrum.meta.region) == ("cell 7", "valence")


def test_every_listable_file_can_be_listed(data_dir):
    """The files that must appear in a listing do so, whatever they leave open."""
    folders = [
        "theoechem-tfsi-casaxps",
        "jesusf10-phi-bn",
        "lg4x",
        "lmfitxps",
        "raman-fitting-carbon",
        "ramanchada2",
        "rampy-glass",
        "spectrochempy-labspec",
        "spc-rohanisaac",
        "xps-peakfit-yharada",
        "xpsdeeplearning",
        "xylib",
    ]
    options = ReadOptions(allow_unknown_axis=True)
    paths = [
        path
        for folder in folders
        for path in (data_dir / folder).rglob("*")
        if path.suffix in (".txt", ".csv", ".xy", ".xlsx")
    ]
    assert len(paths) > 60
    for path in paths:
        spectra = read(path, options=options)
        assert all(spectrum.meta.sample and len(spectrum) > 1 for spectrum in spectra), path
