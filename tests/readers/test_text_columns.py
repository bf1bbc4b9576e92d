"""Columns of numbers: delimiters, headings, blocks, and what is asked rather than guessed.

All numbers here are synthetic.
"""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from spectra_core.errors import PartialRead, ReadError
from spectra_core.readers import ReadOptions, read
from spectra_core.readers.axis_words import axis_of_words, y_unit_of_words
from spectra_core.spectrum import Axis

X = [160.0, 160.5, 161.0, 161.5, 162.0]
Y = [10.5, 12.25, 30.75, 14.5, 11.0]


def write_columns(path, *, delimiter=",", decimal=".", heading="Binding Energy (eV){d}CPS"):
    rows = [f"{x}{delimiter}{y}".replace(".", decimal) for x, y in zip(X, Y, strict=True)]
    path.write_text("\n".join([heading.format(d=delimiter), *rows]) + "\n")
    return path


@pytest.fixture
def text_file(tmp_path):
    def make(text, *, encoding="utf-8", name="file.txt"):
        path = tmp_path / name
        path.write_bytes(text.encode(encoding))
        return path

    return make


@pytest.mark.parametrize("delimiter", ["\t", ";", " ", "   ", "\t\t", " ; "])
@pytest.mark.parametrize("decimal", [".", ","])
def test_delimiter_and_decimal_sign_are_found(tmp_path, delimiter, decimal):
    path = write_columns(tmp_path / "a.txt", delimiter=delimiter, decimal=decimal, heading="BE")
    (spectrum,) = read(path)
    assert spectrum.x.tolist() == X
    assert spectrum.y.tolist() == Y


@pytest.mark.parametrize("delimiter", [",", ", ", " , "])
def test_comma_separates_when_the_decimal_sign_is_a_point(tmp_path, delimiter):
    (spectrum,) = read(write_columns(tmp_path / "a.csv", delimiter=delimiter))
    assert (spectrum.x.tolist(), spectrum.y.tolist()) == (X, Y)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "latin-1"])
def test_encoding_is_found(text_file, encoding):
    path = text_file("Å, binding energy\nBE (eV)\tCounts\n1\t5\n2\t6\n3\t7\n", encoding=encoding)
    (spectrum,) = read(path)
    assert spectrum.y.tolist() == [5.0, 6.0, 7.0]


@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
def test_line_ends_do_not_matter(text_file, line_end):
    (spectrum,) = read(text_file(line_end.join(["KE,CPS", "1,5", "2,6", "3,7", ""])))
    assert spectrum.x.tolist() == [1.0, 2.0, 3.0]


@pytest.mark.parametrize("sign", ["#", "//", "%", ";", "!", ""])
@pytest.mark.parametrize("n_lines", [0, 1, 30])
def test_any_number_of_heading_lines(text_file, sign, n_lines):
    lines = [f"{sign} remark of the operator"] * n_lines + [f"{sign} BE\tCPS"]
    (spectrum,) = read(text_file("\n".join([*lines, "3\t5", "2\t6", "1\t7", ""])))
    assert spectrum.axis is Axis.BINDING_ENERGY
    assert (len(spectrum), spectrum.y_unit) == (3, "counts/s")


def test_descending_axis_ascends_and_is_remembered(text_file):
    (spectrum,) = read(text_file("BE,CPS\n3,30\n2,20\n1,10\n"))
    assert spectrum.y.tolist() == [10.0, 20.0, 30.0]
    assert spectrum.descending


@pytest.mark.parametrize(
    ("heading", "axis"),
    [
        ("BE", Axis.BINDING_ENERGY),
        ("B.E. (eV)", Axis.BINDING_ENERGY),
        ("BE/eV", Axis.BINDING_ENERGY),
        ("Binding Energy", Axis.BINDING_ENERGY),
        ("K.E.", Axis.KINETIC_ENERGY),
        ("kinetic_energy", Axis.KINETIC_ENERGY),
        ("Raman shift", Axis.RAMAN_SHIFT),
        ("Raman Shift [cm-1]", Axis.RAMAN_SHIFT),
        ("Shift (cm^-1)", Axis.RAMAN_SHIFT),
        ("cm⁻¹", Axis.RAMAN_SHIFT),
        ("1/cm", Axis.RAMAN_SHIFT),
        ("Wavenumber", Axis.RAMAN_SHIFT),
        ("Wave", Axis.RAMAN_SHIFT),
        ("Wavelength", Axis.WAVELENGTH),
        ("nm", Axis.WAVELENGTH),
    ],
)
def test_heading_word_tells_the_axis(text_file, heading, axis):
    assert axis_of_words(heading) is axis
    (spectrum,) = read(text_file(f"{heading}\tIntensity\n1\t5\n2\t6\n3\t7\n"))
    assert spectrum.axis is axis


@pytest.mark.parametrize("heading", ["Be 1s", "Energy", "x", "", "BE and KE", "number", "kept"])
def test_other_words_tell_no_axis(heading):
    assert axis_of_words(heading) is None


@pytest.mark.parametrize(
    ("heading", "unit"),
    [
        ("CPS", "counts/s"),
        ("Counts / s", "counts/s"),
        ("counts per second", "counts/s"),
        ("Counts", "counts"),
        ("CCD cts", "counts"),
        ("Intensity", None),
        ("accounts", None),
    ],
)
def test_heading_word_tells_the_intensity_unit(heading, unit):
    assert y_unit_of_words(heading) == unit


@pytest.mark.parametrize("text", ["192,5\n193,6\n194,7\n", "Energy,I\n192,5\n193,6\n194,7\n"])
def test_ambiguous_axis_is_asked_for_with_the_option(text_file, text):
    with pytest.raises(ReadError, match=r"--axis binding\|kinetic\|raman\|wavelength"):
        read(text_file(text))


@pytest.mark.parametrize("word", ["binding", "kinetic", "raman", "wavelength"])
def test_option_settles_the_axis(text_file, word):
    (spectrum,) = read(text_file("192,5\n193,6\n194,7\n"), options=ReadOptions(axis=word))
    assert word in spectrum.axis.value.casefold()


def test_ambiguous_axis_can_be_listed(text_file):
    options = ReadOptions(allow_unknown_axis=True)
    (spectrum,) = read(text_file("192,5\n193,6\n194,7\n"), options=options)
    assert spectrum.axis is Axis.UNKNOWN
    assert spectrum.axis.unit == ""


def test_core_level_range_and_direction_together_tell_binding_energy(text_file):
    rows = "\n".join(f"{x},5" for x in np.arange(170.0, 155.0, -0.5))
    (spectrum,) = read(text_file(f"S 2p of the pellet\n{rows}\n"))
    assert spectrum.axis is Axis.BINDING_ENERGY
    assert "descending" in spectrum.meta.extra["axis_note"]


def test_ascending_au_4f_at_a_synchrotron_is_not_guessed(text_file):
    rows = "\n".join(f"{x},5" for x in np.arange(75.0, 96.0, 0.5))
    with pytest.raises(ReadError, match="--axis"):
        read(text_file(f"Au 4f\n{rows}\n"))


def test_absolute_wavenumbers_are_no_raman_shift(text_file):
    with pytest.raises(ReadError, match="--axis"):
        read(text_file("Wavenumber (cm-1),I\n14200,5\n14300,6\n14400,7\n"))


def test_absorption_spectrum_is_not_taken_for_xps(text_file):
    with pytest.raises(ReadError, match="--axis"):
        read(text_file("PE/eV,I\n270,5\n271,6\n272,7\n"))


def test_whole_numbers_are_not_called_counts_without_a_word(text_file):
    (spectrum,) = read(text_file("BE,In\n3,5\n2,6\n1,7\n"))
    assert (spectrum.y_unit, spectrum.counts) == ("arbitrary", None)
    assert "--y-unit" in spectrum.meta.extra["y_unit_note"]


def test_option_settles_the_intensity_unit(text_file):
    path = text_file("BE,In\n3,5\n2,6\n1,7\n")
    (spectrum,) = read(path, options=ReadOptions(y_unit="counts"))
    assert spectrum.y_unit == "counts"
    assert spectrum.counts.tolist() == [7.0, 6.0, 5.0]


def test_counts_become_counts_per_second_when_dwell_and_scans_are_known(text_file):
    options = ReadOptions(dwell_s=0.5, scans=4)
    (spectrum,) = read(text_file("BE,Counts\n3,10\n2,20\n1,30\n"), options=options)
    assert spectrum.y_unit == "counts/s"
    assert spectrum.y.tolist() == [15.0, 10.0, 5.0]
    assert spectrum.counts.tolist() == [30.0, 20.0, 10.0]


def test_heading_statements_become_metadata(text_file):
    text = (
        "# Sample: LPSCl\n# Photon energy (eV): 1486.6\n# Pass Energy: 20\n# Dwell Time: 0.1\n"
        "# Scans: 10\nBE\tCPS\n3\t10\n2\t20\n1\t30\n"
    )
    (spectrum,) = read(text_file(text))
    meta = spectrum.meta
    assert (meta.sample, meta.excitation_energy_ev, meta.pass_energy_ev) == ("LPSCl", 1486.6, 20)
    assert (meta.dwell_s, meta.scans) == (0.1, 10)
    assert spectrum.counts.tolist() == [30.0, 20.0, 10.0]


@pytest.mark.parametrize("key", ["Dwell Time: 100 ms", "Dwell Time (ms) = 100", "dwell: 0.1 s"])
def test_dwell_time_in_milliseconds_is_not_taken_for_seconds(text_file, key):
    (spectrum,) = read(text_file(f"# {key}\nBE\tCPS\n3\t10\n2\t20\n1\t30\n"))
    assert spectrum.meta.dwell_s == pytest.approx(0.1)


def test_setting_named_kinetic_energy_does_not_tell_the_axis(text_file):
    with pytest.raises(ReadError, match="--axis"):
        read(text_file("# Kinetic Energy: 1351.6\nEnergy\tIntensity\n3\t10\n2\t20\n1\t30\n"))


def test_laser_line_in_the_heading_does_not_make_a_wavelength_axis(text_file):
    (spectrum,) = read(text_file("Raman shift,532 nm\n100,5\n101,6\n102,7\n"))
    assert (spectrum.axis, len(spectrum)) == (Axis.RAMAN_SHIFT, 3)


def test_raman_intensity_is_an_intensity(text_file):
    (spectrum,) = read(text_file("Raman shift,Raman intensity\n100,5\n101,6\n102,7\n"))
    assert spectrum.y.tolist() == [5.0, 6.0, 7.0]


def test_raman_counts_are_not_called_detected_electrons(text_file):
    path = text_file("Raman shift (cm-1)\tCounts\n100\t10\n101\t20\n102\t30\n")
    (spectrum,) = read(path, options=ReadOptions(dwell_s=1, scans=3))
    assert (spectrum.y_unit, spectrum.counts) == ("counts", None)


def test_kinetic_and_binding_columns_give_the_photon_energy(text_file):
    (spectrum,) = read(text_file("KE,BE,CPS\n100,1386.6,5\n101,1385.6,6\n102,1384.6,7\n"))
    assert spectrum.axis is Axis.BINDING_ENERGY
    assert spectrum.meta.excitation_energy_ev == pytest.approx(1486.6)


def test_counts_beside_counts_per_second_are_the_counts(text_file):
    (spectrum,) = read(text_file("BE,Counts,CPS\n3,10,100\n2,20,200\n1,30,300\n"))
    assert spectrum.y.tolist() == [300.0, 200.0, 100.0]
    assert spectrum.counts.tolist() == [30.0, 20.0, 10.0]


def test_independent_columns_are_spectra_of_their_own(text_file):
    spectra = read(text_file("BE,pristine,charged\n3,1,4\n2,2,5\n1,3,6\n"))
    assert [s.meta.sample for s in spectra] == ["pristine", "charged"]
    assert [s.y.tolist() for s in spectra] == [[3.0, 2.0, 1.0], [6.0, 5.0, 4.0]]


def test_columns_of_a_fit_stay_with_their_spectrum(text_file):
    (spectrum,) = read(text_file("BE,CPS,PS4,PS4,Background\n3,9,1,2,5\n2,8,1,2,5\n1,7,1,2,5\n"))
    assert list(spectrum.columns) == ["PS4_1", "PS4_2", "Background"]
    assert spectrum.y.tolist() == [7.0, 8.0, 9.0]


def test_second_axis_opens_a_second_spectrum(text_file):
    spectra = read(text_file("BE,a,BE,b\n3,1,30,4\n2,2,29,5\n1,3,28,6\n"))
    assert [s.x.tolist() for s in spectra] == [[1.0, 2.0, 3.0], [28.0, 29.0, 30.0]]


def test_pairs_of_columns_may_differ_in_length(text_file):
    spectra = read(text_file("BE;a;BE;b\n3;1;30;4\n2;2;29;5\n1;3;;\n"))
    assert [len(s) for s in spectra] == [3, 2]


def test_columns_can_be_chosen_by_number_and_heading(text_file):
    path = text_file("i,E,I\n7,1,10\n5,2,20\n9,3,30\n")
    for x, y in ((2, 3), ("E", "I"), ("2", "3")):
        options = ReadOptions(axis="binding", x_column=x, y_column=y)
        (spectrum,) = read(path, options=options)
        assert (spectrum.x.tolist(), spectrum.y.tolist()) == ([1, 2, 3], [10, 20, 30])


def test_unknown_column_is_answered_with_the_headings(text_file):
    with pytest.raises(ReadError, match=r"no column 'Q'.*'BE', 'CPS'"):
        read(text_file("BE,CPS\n1,2\n2,3\n"), options=ReadOptions(x_column="Q"))


@pytest.mark.parametrize("between", ["\n", "\n\n", "O 1s\n", "\nBE\tCPS\n"])
def test_blocks_are_spectra(text_file, between):
    path = text_file(f"BE\tCPS\n9\t1\n8\t2\n7\t3\n6\t4\n{between}9\t5\n8\t6\n7\t7\n6\t8\n")
    assert [s.y.tolist() for s in read(path)] == [[4, 3, 2, 1], [8, 7, 6, 5]]


def test_comment_inside_a_block_does_not_cut_it(text_file):
    (spectrum,) = read(text_file("BE,CPS\n9,1\n8,2\n7,3\n# beam lost\n6,4\n5,5\n"))
    assert len(spectrum) == 5


def test_text_in_a_number_column_is_named_with_its_row(text_file):
    with pytest.raises(ReadError, match=r"file\.txt: row 5 .*'abc'"):
        read(text_file("BE,CPS\n9,1\n8,2\n7,3\n6,abc\n5,5\n4,6\n"))


def test_text_in_the_last_row_is_named_too(text_file):
    with pytest.raises(ReadError, match=r"row 5 .*'abc'"):
        read(text_file("BE,CPS\n9,1\n8,2\n7,3\n6,abc\n"))


def test_date_in_a_number_column_is_no_number(text_file):
    with pytest.raises(ReadError, match=r"row 5 .*'01\.05\.2024'"):
        read(text_file("BE,CPS\n9,1\n8,2\n7,3\n6,01.05.2024\n5,5\n"))


@pytest.mark.parametrize("cell", ["1.#IND", "-1.#IND", "NaN", "nan", "1e+037", "#N/A", "inf", "--"])
def test_missing_number_is_named_with_row_and_text(text_file, cell):
    with pytest.raises(ReadError) as caught:
        read(text_file(f"BE,CPS\n9,1\n8,{cell}\n7,3\n6,4\n"))
    assert "row 3, column 2" in str(caught.value)
    assert cell in str(caught.value)


@pytest.mark.parametrize("row", ["8,", "8"])
def test_missing_cell_is_named_with_its_row(text_file, row):
    with pytest.raises(ReadError, match="row 4"):
        read(text_file(f"BE,CPS\n9,1\n8.5,1\n{row}\n7,3\n6,4\n"))


def test_axis_that_turns_back_once_suggests_to_split(text_file):
    rows = [f"{x},5" for x in (9, 8, 7, 6, 9, 8, 7, 6)]
    with pytest.raises(ReadError, match=r"row 6: .*6 is followed by 9.*split"):
        read(text_file("\n".join(["BE,CPS", *rows, ""])))


def test_repeated_rows_become_their_mean_with_a_note(text_file):
    (spectrum,) = read(text_file("BE,CPS\n9,1\n8,2\n8,5\n7,3\n6,4\n"))
    assert spectrum.x.tolist() == [6.0, 7.0, 8.0, 9.0]
    assert spectrum.y.tolist() == [4.0, 3.0, 3.5, 1.0]
    assert "1 repeated" in spectrum.meta.extra["repeats_note"]


def test_one_point_is_no_spectrum(text_file):
    with pytest.raises(ReadError, match="at least two"):
        read(text_file("BE,CPS\n9,1\n"))


def test_all_zeros_can_be_read(text_file):
    (spectrum,) = read(text_file("BE,CPS\n9,0\n8,0\n7,0\n"))
    assert not spectrum.y.any()


def test_whole_blocks_of_a_damaged_file_are_kept(text_file):
    with pytest.raises(PartialRead) as caught:
        read(text_file("BE\tCPS\n9\t1\n8\t2\n7\t3\n\n9\t1\n8\tnan\n7\t3\n"))
    assert [s.y.tolist() for s in caught.value.spectra] == [[3.0, 2.0, 1.0]]
    assert "row 7" in str(caught.value)


def test_prose_is_no_spectrum(text_file):
    with pytest.raises(ReadError, match="no columns of numbers"):
        read(
            text_file("On the nature of sulfides.\nIt was found in 1999 that\nnothing is simple.\n")
        )


def test_wrong_encoding_says_what_to_do(text_file):
    path = text_file("Å\nBE\tCPS\n1\t5\n2\t6\n", encoding="latin-1")
    with pytest.raises(ReadError, match="--encoding"):
        read(path, options=ReadOptions(encoding="utf-8"))


def test_a_hundred_thousand_rows_are_read_whole(text_file):
    rows = "\n".join(f"{0.01 * i:.2f}\t{i % 977}.5" for i in range(100_000))
    path = text_file(f"BE\tCPS\n{rows}\n")
    (spectrum,) = read(path)
    assert len(spectrum) == 100_000
    assert spectrum.y[-1] == 99_999 % 977 + 0.5


@given(
    rows=st.lists(
        st.floats(-1e6, 1e6).filter(lambda y: y == 0 or abs(y) > 1e-30), min_size=3, max_size=40
    ),
    delimiter=st.sampled_from(["\t", ",", ";", " "]),
    start=st.floats(-1000, 1500),
    step=st.floats(0.01, 2.0),
)
def test_any_two_columns_come_back_exactly(tmp_path_factory, rows, delimiter, start, step):
    x = start + step * np.arange(len(rows))
    assume(delimiter != " " or x[-1] > 100.0)  # two words over one column, and what could be nm
    path = tmp_path_factory.mktemp("columns") / "a.txt"
    lines = [f"{a!r}{delimiter}{b!r}" for a, b in zip(x.tolist(), rows, strict=True)]
    path.write_text("\n".join([f"Raman shift{delimiter}CPS", *lines, ""]))
    (spectrum,) = read(path)
    assert spectrum.x_recorded.tolist() == x.tolist()
    assert spectrum.y.tolist() == rows
