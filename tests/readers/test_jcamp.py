"""JCAMP-DX against what the headers say of their tables, another parser, and made files."""

from __future__ import annotations

import re

import numpy as np
import pytest

from spectra_core.errors import PartialRead, ReadError
from spectra_core.readers import ReadOptions, identify, jcamp_tables, read
from spectra_core.spectrum import Axis

# name: points, smallest and largest ordinate as the header has them (None: it has not, or
# not those of the table), and half a unit of their last digit
ALL = {
    "BRUKSQZ.DX": (16384, -27593530.0, 972201806.0, 1.0),
    "LABCALC.DX": (3435, 0.0, 1.0, 1e-6),
    "PE1800.DX": (3301, 0.8631, 1.0189, 1e-9),
    "SPECFILE.DX": (1801, None, 99.99975, 0.0032),  # one unit of YFACTOR less in the table
    "TESTSPEC.DX": (16384, -27593240.0, 972201806.0, 1.0),
    "example_multiline_datasets.jdx": (1919, 0.948091, 1.019141, 1e-6),
    "hydrogen sulfide.jdx": (3570, 0.544, 1.0, 1e-9),
    "isopropanol_ASDF.jdx": (9541, -0.09, 0.37, 0.005),
    "tannic_acid.jdx": (1949, 4.667, 300.889, 1e-9),
}


@pytest.mark.parametrize("name", ALL)
def test_every_file_is_as_its_header_says(data_dir, name):
    points, low, high, off = ALL[name]
    assert identify(data_dir / "jcamp" / name) == "JCAMP-DX"
    (spectrum,) = read(data_dir / "jcamp" / name)
    records = spectrum.meta.extra["metadata"]["records"]
    assert len(spectrum) == points == int(records["NPOINTS"])
    ends = sorted(float(records[key]) for key in ("FIRSTX", "LASTX"))
    np.testing.assert_allclose(spectrum.x[[0, -1]], ends, atol=1e-3)
    if low is not None:
        assert spectrum.y.min() == pytest.approx(low, abs=off)
    assert spectrum.y.max() == pytest.approx(high, abs=off)
    raman = name == "tannic_acid.jdx"
    assert spectrum.axis is (Axis.RAMAN_SHIFT if raman else Axis.UNKNOWN)


def test_title_date_and_instrument(data_dir):
    (spectrum,) = read(data_dir / "jcamp" / "tannic_acid.jdx")
    meta = spectrum.meta
    assert (meta.sample, meta.date) == ("tannic acid", "2000-10-04T14:47:00")
    assert (meta.instrument, meta.technique) == ("Ocean Optics R2000", "Raman")
    (infrared,) = read(data_dir / "jcamp" / "PE1800.DX")
    assert infrared.meta.extra["axis_note"].startswith("the abscissa is the wavenumber")


# ---------------------------------------------------------------------------------
# Files made from the specification


def loaded(tmp_path, content, **options):
    path = tmp_path / "vendor.jdx"
    path.write_bytes(content)
    return read(path, options=ReadOptions(**options))


def forms(whole):
    """Return the same ordinates in the other forms: fixed, packed, squeezed without checks."""
    rows = [(100 + k, whole[k : k + 7]) for k in range(0, len(whole), 7)]
    letters = "@ABCDEFGHI", " abcdefghi"
    return {
        "fixed": [" ".join(map(str, [x, *ys])) for x, ys in rows],
        "packed": [f"{x}{''.join(f'{y:+d}' for y in ys)}" for x, ys in rows],
        "exponent": [" ".join([f"{x}", *(f"{y:.4E}" for y in ys)]) for x, ys in rows],
        "squeezed": [
            f"{x}{''.join(letters[y < 0][int(str(abs(y))[0])] + str(abs(y))[1:] for y in ys)}"
            for x, ys in rows
        ],
    }


@pytest.mark.parametrize("form", ["differences", "fixed", "packed", "exponent", "squeezed"])
def test_every_compression_gives_the_same(tmp_path, vendor, form):
    table = None if form == "differences" else forms(vendor.WHOLE)[form]
    (spectrum,) = loaded(tmp_path, vendor.jcamp(table))
    np.testing.assert_allclose(spectrum.y, np.array(vendor.WHOLE) * 0.1, rtol=1e-12)
    np.testing.assert_array_equal(spectrum.x, 100.0 + np.arange(len(vendor.WHOLE)))
    assert (spectrum.axis, spectrum.y_unit) == (Axis.RAMAN_SHIFT, "counts")
    assert spectrum.counts is None and spectrum.meta.date == "2024-05-17"


def test_a_check_line_that_looks_like_an_exponent(tmp_path, vendor):
    """``104E0`` is the abscissa 104 and the ordinate 50, no number of its own."""
    table = ["100E0J0k0J0%", "104E0"]
    content = vendor.jcamp(table, NPOINTS="5", LASTX="104", FIRSTY="5")
    (spectrum,) = loaded(tmp_path, content)
    np.testing.assert_allclose(spectrum.y, [5, 6, 4, 5, 5])


def test_pairs_and_pages(tmp_path, vendor):
    table = [f"{100 + k}, {y};" for k, y in enumerate(vendor.WHOLE)]
    (spectrum,) = loaded(tmp_path, vendor.jcamp(table, "XYPOINTS=(XY..XY)"))
    np.testing.assert_allclose(spectrum.y, np.array(vendor.WHOLE) * 0.1)
    pages = loaded(tmp_path, vendor.jcamp_pages())
    assert [page.meta.variables["N"][0] for page in pages] == [1.0, 2.0]
    for number, page in enumerate(pages, 1):
        np.testing.assert_allclose(page.y, np.array(vendor.WHOLE) * 0.1 * number)
        assert page.x[-1] == 99 + len(vendor.WHOLE)


def test_blocks_are_spectra_and_a_damaged_one_costs_itself(tmp_path, vendor):
    one, two = vendor.jcamp(), vendor.jcamp(NPOINTS="7")
    link = b"##TITLE=both\n##DATA TYPE=LINK\n##BLOCKS=2\n"
    assert len(loaded(tmp_path, link + one + b"\n" + one + b"\n##END=\n")) == 2
    with pytest.raises(PartialRead, match=r"synthetic: line .*more than the 7") as found:
        loaded(tmp_path, link + one + b"\n" + two + b"\n##END=\n")
    assert len(found.value.spectra) == 1


def test_a_changed_digit_is_found_by_the_check_values(tmp_path, vendor):
    content = vendor.jcamp()
    lines = content.split(b"\r\n")
    place = next(k for k, line in enumerate(lines) if line.startswith(b"##XYDATA")) + 2
    lines[place] = lines[place].replace(b"J", b"K", 1).replace(b"j", b"k", 1)
    with pytest.raises(ReadError, match=rf"line {place + 2}: .*as its check value"):
        loaded(tmp_path, b"\r\n".join(lines))


@pytest.mark.parametrize(
    ("records", "words"),
    [
        ({"NPOINTS": "67"}, "announces 67 points but the table holds 66"),
        ({"LASTX": "300"}, "begins with the abscissa 110, but after 10 points"),
        ({"FIRSTY": "99"}, "FIRSTY says 99"),
        ({"NPOINTS": "999999999999"}, "announces 999999999999 points"),
        ({"LASTX": ""}, "LASTX=''"),
    ],
)
def test_a_header_that_contradicts_its_table_is_refused(tmp_path, vendor, records, words):
    with pytest.raises(ReadError, match=words):
        loaded(tmp_path, vendor.jcamp(**records))


def test_a_repetition_without_end_takes_no_memory(tmp_path, vendor):
    with pytest.raises(ReadError, match="more than the 66 ordinates"):
        loaded(tmp_path, vendor.jcamp(["100A0%Z99999999"]))


def test_a_table_of_peaks_is_no_spectrum(tmp_path, vendor):
    with pytest.raises(ReadError, match="table of peaks"):
        loaded(tmp_path, vendor.jcamp(["100, 5"], "PEAK TABLE=(XY..XY)"))


def test_missing_ordinates_are_left_out_and_said(tmp_path, vendor):
    table = ["100 1 2 ? 4", "104 5"]
    (spectrum,) = loaded(tmp_path, vendor.jcamp(table, NPOINTS="5", LASTX="104", FIRSTY=""))
    np.testing.assert_array_equal(spectrum.x, [100, 101, 103, 104])
    assert spectrum.meta.extra["points_note"] == "1 points without ordinate were left out"


def test_the_axis_of_energies_in_ev_is_asked_for(tmp_path, vendor):
    content = vendor.jcamp(XUNITS="EV", **{"DATA TYPE": "XPS"})
    with pytest.raises(ReadError, match="--axis"):
        loaded(tmp_path, content)
    (spectrum,) = loaded(tmp_path, content, axis="binding")
    assert spectrum.axis is Axis.BINDING_ENERGY


@pytest.mark.parametrize("blank", ["", " "], ids=["squeezed", "with blanks"])
@pytest.mark.parametrize("piece", [150, 2**20], ids=["many pieces", "one piece"])
def test_squeezed_lines_are_the_same_numbers_one_by_one_and_together(
    blank, piece, vendor, tmp_path, monkeypatch
):
    """Random whole numbers with runs, steps and signs, over lines and pieces of any length."""
    monkeypatch.setattr(jcamp_tables, "_PIECE", piece)
    rng = np.random.default_rng(4)
    for per_line in (1, 2, 7, 40):
        steps = rng.choice([0, 0, 0, 1, -1, 3, -250, 9999], 400)
        whole = [int(v) for v in np.cumsum(np.repeat(steps, rng.integers(1, 25, 400)))]
        table = vendor.squeezed(whole, per_line=per_line, first=0)
        table = [re.sub(r"(?<=.)([@A-Za-z%])", rf"{blank}\1", line) for line in table]
        path = tmp_path / "squeezed.dx"
        ends = {"FIRSTX": "0", "LASTX": f"{len(whole) - 1}", "NPOINTS": f"{len(whole)}"}
        path.write_bytes(vendor.jcamp(table, **ends, FIRSTY=f"{whole[0] / 10}"))
        (spectrum,) = read(path)
        np.testing.assert_allclose(spectrum.y, np.array(whole) * 0.1, atol=1e-9)


def test_a_changed_difference_deep_in_a_long_table_is_named_by_its_line(vendor, tmp_path):
    whole = [int(v) for v in np.random.default_rng(5).integers(-500, 9000, 3000)]
    table = vendor.squeezed(whole, first=0)
    table[200] = table[200][:-1] + str((int(table[200][-1]) + 1) % 10)
    ends = {"FIRSTX": "0", "LASTX": "2999", "NPOINTS": "3000", "FIRSTY": f"{whole[0] / 10}"}
    path = tmp_path / "changed.dx"
    path.write_bytes(vendor.jcamp(table, **ends))
    lines = path.read_text().splitlines()
    with pytest.raises(ReadError, match=f"line {lines.index(table[201]) + 1}: the line before"):
        read(path)


HEADER = {
    "TITLE": "synthetic",
    "JCAMP-DX": "4.24",
    "DATA TYPE": "RAMAN SPECTRUM",
    "XUNITS": "1/CM",
    "FIRSTX": "100.5",
    "LASTX": "103.5",
    "NPOINTS": "4",
    "XFACTOR": "1",
    "YFACTOR": "0.5",
}


@pytest.mark.parametrize(
    "changed",
    [
        {"FIRSTX": "100,5", "LASTX": "103,5", "YFACTOR": "0,5"},
        {"FIRSTX": "100,50", "LASTX": "103.5 $$ cm-1", "YFACTOR": "5E-1"},
        {"LASTX": "", "DELTAX": "1,0"},
        {"LASTX": "", "DELTAX": "1.0", "NPOINTS": "4,"},
    ],
    ids=["decimal commas", "mixed", "a step with a comma", "a step"],
)
def test_a_header_of_another_country_says_the_same(changed, tmp_path):
    records = [f"##{key}={value}" for key, value in (HEADER | changed).items() if value]
    lines = [*records, "##XYDATA=(X++(Y..Y))", "100 1 2", "102 3 4", "##END="]
    path = tmp_path / "header.dx"
    path.write_text("\n".join(lines))
    (spectrum,) = read(path)
    np.testing.assert_allclose(spectrum.x, [100.5, 101.5, 102.5, 103.5])
    np.testing.assert_allclose(spectrum.y, [0.5, 1.0, 1.5, 2.0])
