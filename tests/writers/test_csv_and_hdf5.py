"""What is written comes back equal, and a file is whole or not there.

All spectra here are synthetic.
"""

from __future__ import annotations

import csv
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spectra_core.errors import PartialRead, ReadError, WriteError
from spectra_core.readers import ReadOptions, identify, read
from spectra_core.readers.spectrum_fields import ORIGIN
from spectra_core.spectrum import Axis, Calibration, Meta, Source, Spectrum, make_spectrum
from spectra_core.writers import WRITERS, write

OWN = [".csv", ".h5"]
texts = st.text(st.characters(exclude_categories=("Cs",)), max_size=12)
numbers = st.floats(-1e12, 1e12)
positive = st.none() | st.floats(1e-6, 1e6)


@st.composite
def metas(draw):
    return Meta(
        sample=draw(texts),
        region=draw(texts),
        comment=draw(texts),
        excitation_energy_ev=draw(positive),
        dwell_s=draw(positive),
        scans=draw(positive),
        laser_nm=draw(positive),
        variables=draw(st.dictionaries(texts, st.tuples(numbers, texts), max_size=2)),
        extra=draw(st.dictionaries(texts, texts | numbers | st.booleans(), max_size=2)),
    )


@st.composite
def spectra(draw):
    n_points = draw(st.integers(2, 8))
    steps = draw(st.lists(st.floats(1e-3, 10), min_size=n_points, max_size=n_points))
    column = st.lists(numbers, min_size=n_points, max_size=n_points)
    return Spectrum(
        draw(st.floats(-100, 1500)) + np.cumsum(steps),
        np.array(draw(column)),
        draw(st.sampled_from(Axis)),
        y_unit=draw(st.sampled_from(["counts", "counts/s", "arbitrary"])),
        counts=draw(st.none() | column),
        sigma=draw(st.none() | column),
        transmission=draw(st.none() | column),
        columns=draw(st.dictionaries(texts, column, max_size=2)),
        calibration=draw(st.builds(Calibration, shift=st.floats(-5, 5), reference=texts)),
        descending=draw(st.booleans()),
        meta=draw(metas()),
    )


def assert_equal(read_back, written):
    for name in ("x_recorded", "x", "y", "counts", "sigma", "transmission"):
        np.testing.assert_array_equal(getattr(read_back, name), getattr(written, name))
    assert list(read_back.columns) == list(written.columns)
    for name, values in written.columns.items():
        np.testing.assert_array_equal(read_back.columns[name], values)
    for name in ("axis", "y_unit", "calibration", "descending", "meta"):
        assert getattr(read_back, name) == getattr(written, name)


@pytest.mark.parametrize("suffix", OWN)
@settings(deadline=None, max_examples=60)
@given(written=st.lists(spectra(), min_size=1, max_size=4))
def test_any_spectra_come_back_equal(tmp_path_factory, suffix, written):
    path = tmp_path_factory.mktemp("round") / f"a{suffix}"
    write(path, written)
    for back, spectrum in zip(read(path), written, strict=True):
        assert_equal(back, spectrum)


@pytest.fixture
def s2p():
    return make_spectrum(
        [170.0, 169.9, 169.8],
        [10.0, 20.0, 15.0],
        Axis.BINDING_ENERGY,
        counts=[5.0, 10.0, 7.5],
        columns={"PS4\n2p3/2": [1.0, 2.0, 3.0]},
        meta=Meta(sample="LPSCl, pristine", region="S 2p", dwell_s=0.5, scans=1),
    )


def test_descending_axis_is_written_as_it_was_recorded(tmp_path, s2p):
    path = tmp_path / "a.csv"
    write(path, [s2p])
    lines = path.read_text().splitlines()
    heading = next(i for i, line in enumerate(lines) if line.startswith("binding energy (eV)"))
    assert lines[heading] == "binding energy (eV),counts/s,counts,PS4 2p3/2"
    assert lines[heading + 1].startswith("170.0,10.0,5.0")
    assert '# sample: "LPSCl, pristine"' in lines


def test_header_may_be_written_by_hand_without_quotes(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text(
        "# doublet-spectrum/1\n# axis: kinetic energy\n# sample: pellet 7\n# y_unit: counts/s\n"
        "kinetic energy (eV),counts/s\n100,5\n101,6\n"
    )
    (spectrum,) = read(path)
    assert (spectrum.axis, spectrum.meta.sample) == (Axis.KINETIC_ENERGY, "pellet 7")


def test_plain_text_reader_understands_the_body_without_the_mark(tmp_path, s2p):
    path = tmp_path / "a.csv"
    write(path, [s2p])
    text = path.read_text()
    path.write_text(text[text.index("binding energy (eV)") :])
    assert identify(path) == "text columns"
    spectrum = read(path)[0]
    assert spectrum.axis is Axis.BINDING_ENERGY
    np.testing.assert_array_equal(spectrum.y, s2p.y)


@pytest.mark.parametrize("suffix", OWN)
def test_origin_of_the_numbers_is_kept(tmp_path, s2p, suffix):
    source = Source("original.vms", "VAMAS", 3, "ab" * 32)
    first = Spectrum(s2p.x_recorded, s2p.y, s2p.axis, source=source)
    path = tmp_path / f"a{suffix}"
    write(path, [first])
    (once,) = read(path)
    write(path, [once])
    (twice,) = read(path)
    assert once.source.file == f"a{suffix}"
    assert once.meta.extra[ORIGIN]["file"] == "original.vms"
    assert twice.meta.extra[ORIGIN] == once.meta.extra[ORIGIN]


def test_spectra_of_one_axis_are_stacked(tmp_path, s2p):
    import h5py

    path = tmp_path / "map.h5"
    other = make_spectrum([1.0, 2.0], [3.0, 4.0], Axis.RAMAN_SHIFT)
    write(path, [s2p, other, s2p, s2p])
    with h5py.File(path) as file:
        assert sorted(group["y"].shape for group in file.values()) == [(1, 2), (3, 3)]
    assert [len(s) for s in read(path)] == [3, 2, 3, 3]


@pytest.mark.parametrize("suffix", OWN)
def test_failed_write_leaves_the_old_file(tmp_path, s2p, suffix):
    path = tmp_path / f"a{suffix}"
    write(path, [s2p])
    before = path.read_bytes()
    bad = Spectrum(s2p.x_recorded, s2p.y, s2p.axis, meta=Meta(extra={"object": object()}))
    with pytest.raises(WriteError, match="metadata"):
        write(path, [s2p, bad])
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == [path.name]


def test_unknown_suffix_names_the_known_ones(tmp_path, s2p):
    with pytest.raises(WriteError, match=re.escape(".csv, .h5")):
        write(tmp_path / "a.doc", [s2p])


def test_nothing_to_write_is_an_error(tmp_path):
    with pytest.raises(WriteError, match="no spectrum"):
        write(tmp_path / "a.csv", [])


@pytest.mark.parametrize("suffix", OWN)
def test_folder_that_is_not_there_is_an_error(tmp_path, s2p, suffix):
    with pytest.raises(WriteError, match=f"a{suffix}: cannot be written"):
        write(tmp_path / "gone" / f"a{suffix}", [s2p])


@pytest.mark.parametrize("suffix", list(WRITERS))
def test_every_writer_has_a_reader(tmp_path, s2p, suffix):
    path = tmp_path / f"a{suffix}"
    write(path, [s2p])
    (spectrum,) = read(path)
    np.testing.assert_allclose(spectrum.x, s2p.x, rtol=1e-12)
    np.testing.assert_allclose(spectrum.y, s2p.y, rtol=1e-12)
    assert (spectrum.axis, spectrum.meta.region) == (s2p.axis, "S 2p")
    assert spectrum.meta.acquisition_time_s == 0.5


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        (["# axis: bindign energy", "x,y", "1,2", "2,3"], "bindign energy"),
        (["# axis: binding energy", "x,y", "1,2", "2,abc"], r"row 5 .*'abc'"),
        (["# axis: binding energy", "x,y", "1,2", "2"], "row 5 has 1 cells where 2"),
        (["# axis: binding energy", "x,y", "1,2", "3,3", "2,3"], "row 6: the axis turns back"),
        (["# axis: binding energy", "# dwell_s: short", "x,y", "1,2", "2,3"], "'short'"),
        (["# axis: binding energy"], "headings is missing"),
        (["# axis: binding energy", "x,y,PS4", "1,2,3", "2,3,4"], "'PS4' is not named"),
    ],
)
def test_damaged_csv_is_explained(tmp_path, lines, words):
    path = tmp_path / "a.csv"
    path.write_text("\n".join(["# doublet-spectrum/1", *lines, ""]))
    with pytest.raises(ReadError, match=words):
        read(path)


def test_damaged_hdf5_is_explained(tmp_path, s2p):
    path = tmp_path / "a.h5"
    write(path, [s2p])
    path.write_bytes(path.read_bytes()[:3000])
    with pytest.raises(ReadError, match="HDF5"):
        read(path)


def test_numbers_a_spectrum_was_read_with_survive_a_csv(tmp_path, data_dir):
    (original,) = read(
        data_dir / "theoechem-tfsi-casaxps/20240220_Au_MPPipTFSI4AMSIol3_S_2p.csv",
        options=ReadOptions(sample="ionic liquid"),
    )
    path = tmp_path / "a.csv"
    write(path, [original])
    (back,) = read(path)
    np.testing.assert_array_equal(back.y, original.y)
    np.testing.assert_array_equal(back.counts, original.counts)
    assert list(back.columns) == list(original.columns)
    assert back.meta.extra["casaxps_export"] == original.meta.extra["casaxps_export"]
    assert back.meta.sample == "ionic liquid"


def resaved(path, *, delimiter=",", decimal="."):
    """Save a csv file of ours as a spreadsheet does that opened it by its commas."""
    rows = list(csv.reader(path.read_text().splitlines()))
    width = max(map(len, rows))
    lines = []
    for row in rows:
        cells = [cell if row[0].startswith("#") else cell.replace(".", decimal) for cell in row]
        cells += [""] * (width - len(cells))
        special = set('"\n') | {delimiter}
        quoted = ['"' + c.replace('"', '""') + '"' if set(c) & special else c for c in cells]
        lines.append(delimiter.join(quoted))
    path.write_text("\r\n".join(lines) + "\r\n", encoding="utf-8-sig")


@pytest.mark.parametrize(
    ("delimiter", "decimal"), [(",", "."), (";", ","), (";", "."), ("\t", ",")]
)
def test_a_file_that_a_spreadsheet_saved_again_is_read_with_a_note(
    tmp_path, s2p, delimiter, decimal
):
    path = tmp_path / "a.csv"
    other = replace(s2p, meta=replace(s2p.meta, sample="another"), columns={})
    write(path, [s2p, other])
    resaved(path, delimiter=delimiter, decimal=decimal)
    first, second = read(path)
    for back, written in ((first, s2p), (second, other)):
        np.testing.assert_array_equal(back.x_recorded, written.x_recorded)
        np.testing.assert_array_equal(back.counts, written.counts)
        assert (back.meta.sample, back.y_unit) == (written.meta.sample, written.y_unit)
        assert "saved by another program" in back.meta.extra["file_note"]
    assert list(first.columns) == list(s2p.columns)


@pytest.mark.parametrize(
    ("old", "new"),
    [("170.0,10.0", "170.0,11.0"), ("# dwell_s: 0.5", "# dwell_s: 0.6"), ("169.8", "169.85")],
)
def test_a_csv_that_changed_is_refused_until_its_checksum_is_taken_out(tmp_path, s2p, old, new):
    path = tmp_path / "a.csv"
    write(path, [replace(s2p, counts=None)])
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))
    with pytest.raises(ReadError, match=r"checksum.*take out the lines"):
        read(path)
    path.write_text(
        "\n".join(line for line in path.read_text().splitlines() if "checksum" not in line)
    )
    assert len(read(path)) == 1


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_line_ends_and_encoding_do_not_touch_the_checksum(tmp_path, s2p, end):
    path = tmp_path / "a.csv"
    write(path, [s2p])
    path.write_bytes(path.read_text().replace("\n", end).encode("utf-16"))
    assert_equal(read(path)[0], s2p)


def test_a_missing_block_is_noticed(tmp_path, s2p):
    path = tmp_path / "a.csv"
    write(path, [s2p, s2p])
    text = path.read_text()
    path.write_text(text[: text.rindex("# doublet-spectrum/1")])
    with pytest.raises(PartialRead, match="announces 2 spectra but holds 1"):
        read(path)


def test_counts_that_do_not_agree_with_the_intensity_are_refused(tmp_path):
    path = tmp_path / "old.csv"
    rows = [f"{160 + i},{10.0 * i},{5.0 * i}" for i in range(9)]
    head = ["# doublet-spectrum/1", "# axis: binding energy", "# y_unit: counts/s"]
    head += ["# dwell_s: 0.5", "# scans: 1", "x,y,counts"]
    path.write_text("\n".join([*head, *rows]))
    assert len(read(path)) == 1
    rows[4] = "164,40.0,920.0"
    path.write_text("\n".join([*head, *rows]))
    with pytest.raises(ReadError, match=r"at 164 the counts are 920, .* means 20"):
        read(path)


@pytest.mark.parametrize("cell", ["1_000", "\u0663", "nan", "inf", "0x10"])
def test_what_is_no_plain_number_is_refused(tmp_path, cell):
    path = tmp_path / "a.csv"
    path.write_text(f"# doublet-spectrum/1\n# axis: binding energy\nx,y\n1,2\n2,{cell}\n")
    with pytest.raises(ReadError, match="row 5"):
        read(path)


@pytest.mark.parametrize(
    "line", ["# dwell_s: NaN", '# calibration: {"shift": "far"}', f"# scans: {'9' * 5000}"]
)
def test_values_that_are_no_numbers_are_refused(tmp_path, line):
    path = tmp_path / "a.csv"
    path.write_text(f"# doublet-spectrum/1\n# axis: binding energy\n{line}\nx,y\n1,2\n2,3\n")
    with pytest.raises(ReadError, match=r"where a number belongs|calibration is"):
        read(path)


def test_field_case_20():
    path = Path(__file__).resolve().parents[3] / "shared/cases/20-own-csv-saved-by-a-spreadsheet"
    if not path.exists():
        pytest.skip("needs ../shared/cases, which is not part of the project")
    (spectrum,) = read(path / "own_excel.csv")
    assert (spectrum.x[-1], spectrum.y[-1], len(spectrum)) == (170.0, 786.0, 114)
