"""VAMAS: the grammar on small hand-made files, the numbers on measured ones."""

from __future__ import annotations

import itertools
import time
from pathlib import Path

import numpy as np
import pytest

from spectra_core.errors import PartialRead, ReadError
from spectra_core.readers import vamas
from spectra_core.readers.vamas_blocks import BLOCK_ITEMS, FIRST_LINE
from spectra_core.spectrum import Axis, make_spectrum
from spectra_core.writers.vamas import write_vamas

HEADER = [FIRST_LINE, "a lab", "an analyser", "somebody", "a day", "1", "synthetic: hand-made"]
NO_LISTS = ["0", "0", "0", "0"]
Y = [7.0, 9.0, 4.0]


def block(
    *,
    name="S 2p",
    date=("2026", "1", "31", "12", "30", "5", "1"),
    comment=("synthetic",),
    technique="XPS",
    after_technique=(),
    variables=(),
    sputter_ion=(),
    field_of_view=(),
    differential=(),
    species=("S", "2p"),
    abscissa=("Kinetic Energy", "eV", "1320", "0.5"),
    ordinates=(("Counts", "d"),),
    signal=("pulse counting", "0.5", "4"),
    sputter_source=(),
    additional=("0",),
    upgrade=(),
    values=Y,
):
    """Return the lines of one complete block of the mode that the options imply."""
    columns = [values[i :: len(ordinates)] for i in range(len(ordinates))]
    extremes = [str(v) for c in columns for v in ((min(c), max(c)) if c else (0, 0))]
    return [
        name,
        "a pellet",
        *date,
        str(len(comment)),
        *comment,
        technique,
        *after_technique,
        *variables,
        "Al",
        *sputter_ion,
        *("1486.6", "150", "1E37", "1E37"),
        *field_of_view,
        *("54.7", "0", "FAT", "20"),
        *differential,
        *("1", "4.2", "0", "1E37", "1E37", "0", "0"),
        *species,
        "-1",
        *abscissa,
        str(len(ordinates)),
        *(text for pair in ordinates for text in pair),
        *signal,
        "0",
        *sputter_source,
        *("0", "0", "0"),
        *additional,
        *upgrade,
        str(len(values)),
        *extremes,
        *(str(v) for v in values),
    ]


def write(tmp_path, lines, *, end="\n", encoding="utf-8", prefix=b""):
    path = tmp_path / "file.vms"
    text = end.join([*lines, "end of experiment", ""])
    path.write_bytes(prefix + text.encode(encoding))
    return path


def norm(blocks, *, scan="REGULAR", variables=("0",), lists=NO_LISTS):
    mode = ["NORM", scan, "1"]
    return [*HEADER, *mode, *variables, *lists, str(len(blocks)), *itertools.chain(*blocks)]


def read_one(tmp_path, lines, **how):
    (spectrum,) = vamas.read(write(tmp_path, lines, **how))
    return spectrum


# ---- what a block says


def test_counts_become_counts_per_second_and_stay_beside_them(tmp_path):
    spectrum = read_one(tmp_path, norm([block()]))
    assert spectrum.y_unit == "counts/s"
    np.testing.assert_array_equal(spectrum.counts, Y)
    np.testing.assert_allclose(spectrum.y, np.array(Y) / (0.5 * 4), rtol=1e-15)


def test_the_kinetic_energy_axis_stays_as_recorded(tmp_path):
    spectrum = read_one(tmp_path, norm([block()]))
    assert spectrum.axis is Axis.KINETIC_ENERGY
    assert spectrum.meta.work_function_ev == 4.2
    np.testing.assert_array_equal(spectrum.x, [1320.0, 1320.5, 1321.0])


def test_a_negative_increment_is_a_descending_axis(tmp_path):
    abscissa = ("Binding Energy", "eV", "170", "-0.5")
    spectrum = read_one(tmp_path, norm([block(abscissa=abscissa)]))
    assert spectrum.descending
    np.testing.assert_array_equal(spectrum.x, [169.0, 169.5, 170.0])
    np.testing.assert_array_equal(spectrum.counts, Y[::-1])


def test_a_rate_is_not_divided_again(tmp_path):
    spectrum = read_one(tmp_path, norm([block(ordinates=(("Intensity", "c/s"),))]))
    np.testing.assert_array_equal(spectrum.y, Y)
    np.testing.assert_array_equal(spectrum.counts, np.array(Y) * 2.0)


@pytest.mark.parametrize("signal", [("1E+37", "4"), ("0.5", "1e+037"), ("0", "4"), ("0.5", "0")])
def test_counts_without_dwell_or_scans_stay_counts(tmp_path, signal):
    spectrum = read_one(tmp_path, norm([block(signal=("pulse counting", *signal))]))
    assert spectrum.y_unit == "counts"
    np.testing.assert_array_equal(spectrum.y, Y)


def test_a_rate_without_dwell_has_no_counts(tmp_path):
    lines = block(ordinates=(("Intensity", "c/s"),), signal=("pulse counting", "1e37", "4"))
    spectrum = read_one(tmp_path, norm([lines]))
    assert spectrum.counts is None
    assert spectrum.y_unit == "counts/s"


def test_an_analogue_signal_is_neither_counts_nor_a_rate(tmp_path):
    lines = block(ordinates=(("Intensity", "n"),), signal=("analogue", "0.5", "4"))
    spectrum = read_one(tmp_path, norm([lines]))
    assert spectrum.y_unit == "arbitrary"
    assert spectrum.counts is None


def test_interleaved_ordinates_are_taken_apart(tmp_path):
    ordinates = (("Counts", "d"), ("Transmission", "d"), ("Background", "d"))
    values = [1.0, 10.0, 100.0, 2.0, 20.0, 200.0]
    spectrum = read_one(tmp_path, norm([block(ordinates=ordinates, values=values)]))
    np.testing.assert_array_equal(spectrum.counts, [1, 2])
    np.testing.assert_array_equal(spectrum.transmission, [10, 20])
    np.testing.assert_array_equal(spectrum.columns["Background"], [100, 200])


def test_an_irregular_scan_takes_its_axis_from_the_first_ordinate(tmp_path):
    ordinates = (("Binding Energy", "eV"), ("Counts", "d"))
    values = [165.0, 7.0, 164.0, 9.0, 162.0, 4.0]
    lines = block(abscissa=(), ordinates=ordinates, values=values)
    spectrum = read_one(tmp_path, norm([lines], scan="IRREGULAR"))
    np.testing.assert_array_equal(spectrum.x, [162.0, 164.0, 165.0])
    np.testing.assert_array_equal(spectrum.counts, [4.0, 9.0, 7.0])


def test_a_raman_shift_axis_is_read(tmp_path):
    abscissa = ("Raman Shift", "cm-1", "400", "1")
    assert read_one(tmp_path, norm([block(abscissa=abscissa)])).axis is Axis.RAMAN_SHIFT


def test_labels_lose_nul_bytes_and_comments_keep_their_blanks(tmp_path):
    lines = block(species=("S", "2p\0"), comment=("  two  blanks ", "", "end"))
    spectrum = read_one(tmp_path, norm([lines]))
    assert spectrum.meta.transition == "2p"
    assert spectrum.meta.comment == "  two  blanks \n\nend"
    assert spectrum.meta.extra["file_comment"] == "synthetic: hand-made"


def test_1e37_is_not_recorded(tmp_path):
    spectrum = read_one(tmp_path, norm([block()]))
    assert "source_beam_width_x_um" not in spectrum.meta.extra
    assert spectrum.meta.extra["source_strength"] == 150.0


def test_the_date_is_iso_8601_with_its_offset(tmp_path):
    assert read_one(tmp_path, norm([block()])).meta.date == "2026-01-31T12:30:05+01:00"


@pytest.mark.parametrize(
    ("date", "expected"),
    [
        (("2026", "1", "31", "-1", "-1", "-1", "-1"), "2026-01-31"),
        (("0", "0", "0", "0", "0", "0", "0"), ""),
        (("2006", "2018", "2", "6", "17", "18", "0"), ""),
    ],
)
def test_an_impossible_date_is_not_invented(tmp_path, date, expected):
    assert read_one(tmp_path, norm([block(date=date)])).meta.date == expected


@pytest.mark.parametrize(
    ("label", "unit", "value", "seconds"),
    [
        ("Etch Time", "s", "120", 120.0),
        ("Sputter Time", "min", "2", 120.0),
        ("Etch Time", "d", "120", None),
        ("Exp Variable", "s", "120", None),
        ("Temperature", "K", "300", None),
    ],
)
def test_only_an_unmistakable_variable_is_the_etch_time(tmp_path, label, unit, value, seconds):
    lines = norm([block(variables=(value,))], variables=("1", label, unit))
    meta = read_one(tmp_path, lines).meta
    assert meta.etch_time_s == seconds
    assert meta.variables[label] == (float(value), "" if unit == "d" else unit)


def test_a_unit_in_the_label_of_a_variable_is_its_unit(tmp_path):
    lines = norm([block(variables=("1.5",))], variables=("1", "PositionX [mm]", "n"))
    assert read_one(tmp_path, lines).meta.variables == {"PositionX": (1.5, "mm")}


def test_calibration_lines_of_casaxps_are_reported_and_not_applied(tmp_path):
    comment = (
        "Casa Info Follows",
        "2",
        "Calib M = 281 A = 284.8 BE ADD",
        "Calib M = 284.7 A = 284.8 BE ADD",
        "0",
        "0",
        "0",
    )
    spectrum = read_one(tmp_path, norm([block(comment=comment)]))
    assert spectrum.calibration.shift == 0.0
    assert spectrum.meta.extra["casaxps_calibration_ev"] == pytest.approx(3.9, abs=1e-12)


# ---- modes, lists, encodings


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_every_kind_of_line_end_is_read(tmp_path, end):
    np.testing.assert_array_equal(read_one(tmp_path, norm([block()]), end=end).counts, Y)


def test_leading_blank_lines_and_a_byte_order_mark_are_passed_over(tmp_path):
    path = write(tmp_path, ["", "  ", *norm([block()])], prefix=b"\xef\xbb\xbf")
    assert vamas.matches(path.read_bytes()[:200], path)
    assert len(vamas.read(path)) == 1


@pytest.mark.parametrize("encoding", ["utf-8", "latin-1"])
def test_both_common_encodings_give_the_same_letters(tmp_path, encoding):
    spectrum = read_one(tmp_path, norm([block(comment=("5 µm Öffnung",))]), encoding=encoding)
    assert spectrum.meta.comment == "5 µm Öffnung"


def test_an_inclusion_list_keeps_the_first_blocks_values(tmp_path):
    second = ["P 2p", "a pellet", "P", "2p", "-1", "3", "7", "9", *(str(v) for v in Y)]
    lines = norm([block(), second], lists=["2", "29", "30", "0", "0", "0"])
    first, second = vamas.read(write(tmp_path, lines))
    assert (second.meta.species, second.meta.transition) == ("P", "2p")
    assert second.meta.pass_energy_ev == first.meta.pass_energy_ev == 20.0
    np.testing.assert_array_equal(second.x, first.x)


def test_an_exclusion_list_leaves_out_what_it_names(tmp_path):
    full = block(name="P 2p", comment=("changed",))
    second = full[:2] + full[9:]  # items 1 to 7, the date
    exclusion = ["-7", "1", "2", "3", "4", "5", "6", "7", "0", "0", "0"]
    _, spectrum = vamas.read(write(tmp_path, norm([block(), second], lists=exclusion)))
    assert spectrum.meta.date == "2026-01-31T12:30:05+01:00"
    assert spectrum.meta.comment == "changed"


def test_future_upgrade_entries_and_further_parameters_are_passed_over(tmp_path):
    lines = block(additional=("1", "Tilt", "degree", "30"), upgrade=("x", "y"))
    lists = ["0", "1", "a hand-made entry", "1", "2", "an experiment entry"]
    spectrum = read_one(tmp_path, norm([lines], lists=lists))
    assert spectrum.meta.extra["Tilt [degree]"] == 30.0
    np.testing.assert_array_equal(spectrum.counts, Y)


FIELD = ("100", "100")
SPUTTER = ("500", "1000", "2000", "2000", "45", "0", "raster")
MODES = {
    "MAP": (["1", "1", "2", "2"], {"after_technique": ("0", "1"), "field_of_view": FIELD}),
    "MAPDP": (
        ["1", "1", "2", "2"],
        {
            "after_technique": ("0", "1"),
            "field_of_view": FIELD,
            "sputter_ion": ("18", "1", "1"),
            "sputter_source": SPUTTER,
        },
    ),
    "MAPSV": ([], {"field_of_view": (*FIELD, "0", "0", "1", "0", "1", "1")}),
    "MAPSVDP": (
        [],
        {
            "field_of_view": (*FIELD, "0", "0", "1", "0", "1", "1"),
            "sputter_ion": ("18", "1", "1"),
            "sputter_source": SPUTTER,
        },
    ),
    "NORM": (["1"], {}),
    "SDP": (["1"], {"sputter_ion": ("18", "1", "1"), "sputter_source": SPUTTER}),
    "SDPSV": ([], {"sputter_ion": ("18", "1", "1"), "sputter_source": SPUTTER}),
    "SEM": ([], {"field_of_view": (*FIELD, "0", "0", "1", "0", "1", "1")}),
    "NOEXP": ([], {}),
}


@pytest.mark.parametrize("mode", MODES)
def test_every_experiment_mode_of_the_standard_is_read(tmp_path, mode):
    numbers, options = MODES[mode]
    lines = [*HEADER, mode, "REGULAR", *numbers, "0", *NO_LISTS, "1", *block(**options)]
    spectrum = read_one(tmp_path, lines)
    np.testing.assert_array_equal(spectrum.counts, Y)
    assert spectrum.meta.species == "S"


def test_the_only_time_variable_of_a_sputter_profile_is_its_etch_time(tmp_path):
    lines = block(variables=("90",), sputter_ion=("18", "1", "1"), sputter_source=SPUTTER)
    header = [*HEADER, "SDP", "REGULAR", "1", "1", "Exp Variable", "s", *NO_LISTS, "1"]
    assert read_one(tmp_path, [*header, *lines]).meta.etch_time_s == 90.0


def test_a_differential_auger_block_has_its_width(tmp_path):
    spectrum = read_one(tmp_path, norm([block(technique="AES diff", differential=("2",))]))
    assert spectrum.meta.extra["differential_width_ev"] == 2.0


def test_the_items_are_the_forty_of_the_standard():
    assert [item.number for item in BLOCK_ITEMS] == list(range(1, 41))


# ---- broken input


def problem(tmp_path, lines, **how):
    with pytest.raises(ReadError) as caught:
        vamas.read(write(tmp_path, lines, **how))
    return caught.value


def test_an_image_says_that_it_is_not_a_spectrum(tmp_path):
    assert "image" in str(problem(tmp_path, norm([block(abscissa=())], scan="MAPPING")))


def test_a_foreign_abscissa_is_named_and_the_other_blocks_are_kept(tmp_path):
    odd = block(abscissa=("Etch Time", "s", "0", "1"))
    error = problem(tmp_path, norm([block(), odd, block()]))
    assert "'Etch Time' in 's'" in str(error)
    assert "block 2 of 3" in str(error)
    assert isinstance(error, PartialRead)
    assert [s.source.index for s in error.spectra] == [0, 2]


def test_text_where_a_number_belongs_names_line_and_value(tmp_path):
    lines = norm([block()])
    line = lines.index("20") + 1
    error = problem(tmp_path, [*lines[: line - 1], "twenty", *lines[line:]])
    assert f"line {line}" in str(error)
    assert "the pass energy (ev) should be a number, found 'twenty'" in str(error)


@pytest.mark.parametrize("value", ["nan", "inf", "1_000", "1,5", "--", ""])
def test_what_is_no_plain_number_is_refused_among_the_ordinates(tmp_path, value):
    error = problem(tmp_path, [*norm([block(values=[7.0, 9.0])])[:-1], value])
    assert "ordinate value 2 of 2 should be a number" in str(error)


@pytest.mark.parametrize("n_points", [0, 1])
def test_no_or_one_point_is_a_problem_of_that_block_only(tmp_path, n_points):
    error = problem(tmp_path, norm([block(values=Y[:n_points]), block()]))
    assert f"holds {n_points} points" in str(error)
    assert len(error.spectra) == 1


def test_a_missing_point_is_not_read_as_1e37_counts(tmp_path):
    error = problem(tmp_path, norm([block(values=[7.0, 1e37, 4.0])]))
    assert "not recorded at point 2" in str(error)


def test_values_that_do_not_divide_by_the_ordinates_are_refused(tmp_path):
    ordinates = (("Counts", "d"), ("Transmission", "d"))
    assert "not a multiple" in str(problem(tmp_path, norm([block(ordinates=ordinates)])))


@pytest.mark.parametrize("huge", ["1000000000000", "1e15", "9007199254740992"])
def test_a_huge_declared_size_fails_at_once(tmp_path, huge):
    comment = [*HEADER[:5], huge, *HEADER[6:], "NORM"]
    blocks = [*HEADER, "NORM", "REGULAR", "1", "0", *NO_LISTS, huge, *block()]
    values = norm([block()])
    values[-6] = huge
    start = time.monotonic()
    for lines in (comment, blocks, values):
        assert problem(tmp_path, lines)
    assert time.monotonic() - start < 1.0


def test_a_wrong_block_count_keeps_the_blocks_and_says_so(tmp_path):
    lines = norm([block(), block(name="P 2p")])
    lines[lines.index("S 2p") - 1] = "1"
    error = problem(tmp_path, lines)
    assert "was expected after block 1, found 'P 2p'" in str(error)
    assert len(error.spectra) == 1


@pytest.mark.parametrize("content", [b"", b"\n\n", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", b"23\nCasa"])
def test_a_foreign_file_does_not_match_and_says_what_was_expected(tmp_path, content):
    path = tmp_path / "foreign.vms"
    path.write_bytes(content)
    assert not vamas.matches(content, path)
    with pytest.raises(ReadError, match="not a VAMAS file: the first line should be 'VAMAS"):
        vamas.read(path)


def test_an_absent_file_is_a_read_error(tmp_path):
    with pytest.raises(ReadError, match="cannot be read"):
        vamas.read(tmp_path / "absent.vms")


def check_truncations(whole: bytes, path: Path, spectra: list, *, places: int = 50) -> None:
    """Cut `whole` at `places` bytes and see that nothing is lost, or changed, in silence.

    Where every number is there, and only the last line is missing, all is read, with a note.
    """
    last_number = whole.rstrip().rindex(b"\n") - 1
    for cut in np.linspace(0, len(whole.rstrip()) - 1, places).astype(int):
        path.write_bytes(whole[:cut])
        if cut > last_number:
            read = vamas.read(path)
            assert [len(s) for s in read] == [len(s) for s in spectra]
            assert "may be cut" in read[-1].meta.extra["file_note"] or cut > last_number + 2
            continue
        with pytest.raises(ReadError) as caught:
            vamas.read(path)
        assert path.name in caught.value.where
        kept = getattr(caught.value, "spectra", ())
        assert len(kept) <= len(spectra)
        for read, original in zip(kept, spectra, strict=False):
            np.testing.assert_array_equal(read.x, original.x)
            np.testing.assert_array_equal(read.y, original.y)


def test_a_file_cut_anywhere_is_an_error_that_keeps_complete_blocks(tmp_path):
    rng = np.random.default_rng(1)
    x = np.linspace(155.0, 175.0, 41)
    spectra = [make_spectrum(x, rng.poisson(50, 41), Axis.BINDING_ENERGY, y_unit="counts")] * 3
    write_vamas(tmp_path / "whole.vms", spectra, comments=["synthetic"])
    whole = (tmp_path / "whole.vms").read_bytes()
    check_truncations(whole, tmp_path / "cut.vms", spectra)

    (tmp_path / "cut.vms").write_bytes(whole[: len(whole) * 3 // 4])
    with pytest.raises(PartialRead) as caught:
        vamas.read(tmp_path / "cut.vms")
    assert len(caught.value.spectra) == 2
    np.testing.assert_array_equal(caught.value.spectra[1].y, spectra[1].y)
    assert "block 3 of 3" in str(caught.value)


@pytest.mark.parametrize("end", ["", "\n", "\nend of exp", "\nend of experiment"])
def test_a_missing_last_line_or_line_end_loses_nothing_and_is_noted(tmp_path, end):
    path = tmp_path / "open.vms"
    path.write_text("\n".join(norm([block(), block(name="P 2p")])) + end)
    first, last = vamas.read(path)
    assert (first.y.size, last.y.size) == (3, 3)
    assert ("file_note" in last.meta.extra) == (end != "\nend of experiment")


@pytest.mark.parametrize(
    ("values", "cut"),
    [
        ([731.0, 755.0, 822.0], "8"),
        ([731.25, 755.75, 822.25], "822."),
        ([7.51, 8.25, 9.75], "9.7"),
        ([1000.0, 1200.0, 1100.0], "110"),
    ],
)
@pytest.mark.parametrize("extremes", [True, False])
def test_a_last_number_that_was_cut_inside_is_found(tmp_path, values, cut, extremes):
    lines = [line.removesuffix(".0") for line in norm([block(values=values)])]
    if not extremes:
        lines[-5:-3] = ["0", "1"]
    path = tmp_path / "cut.vms"
    path.write_text("\n".join([*lines[:-1], cut]))
    with pytest.raises(PartialRead, match=f"cut off after '{cut}'"):
        vamas.read(path)


@pytest.mark.parametrize("between", ["end of experiment\n", "end of experiment\n\n", ""])
def test_several_experiments_in_one_file(tmp_path, between):
    one = "\n".join(norm([block(), block(name="P 2p")])) + "\n"
    other = "\n".join(norm([block(name="Cl 2p", values=[1.0, 2.0])])) + "\n"
    path = tmp_path / "joined.vms"
    path.write_text(one + between + other + between + one + "end of experiment\n")
    spectra = vamas.read(path)
    assert [s.meta.region for s in spectra] == ["S 2p", "P 2p", "Cl 2p", "S 2p", "P 2p"]
    assert [s.source.index for s in spectra] == [0, 1, 2, 3, 4]
    assert spectra[2].counts.tolist() == [1.0, 2.0]


def test_a_broken_experiment_does_not_hide_the_next(tmp_path):
    one = "\n".join(norm([block()])) + "\nend of experiment\n"
    path = tmp_path / "joined.vms"
    path.write_text(one + one.replace("NORM", "NONSENSE") + one)
    with pytest.raises(PartialRead, match="NONSENSE") as caught:
        vamas.read(path)
    assert len(caught.value.spectra) == 2


def test_stored_extremes_that_differ_are_noted(tmp_path):
    lines = norm([block(values=[1872.0, 1833.0, 1808.0])])
    assert "extremes_note" not in read_one(tmp_path, lines).meta.extra
    lines[-1] = "9808.0"
    note = read_one(tmp_path, lines).meta.extra["extremes_note"]
    assert "to 1872, but it runs from 1833 to 9808" in note
    lines[-5:-3] = ["0", "1"]  # what programs write that do not look for them
    assert "extremes_note" not in read_one(tmp_path, lines).meta.extra


@pytest.mark.parametrize(("unit", "factor"), [("keV", 1e-3), ("meV", 1e3), ("EV", 1.0)])
def test_the_unit_of_the_abscissa_is_converted(tmp_path, unit, factor):
    axis = ("Kinetic Energy", unit, str(1320 * factor), str(0.5 * factor))
    spectrum = read_one(tmp_path, norm([block(abscissa=axis)]))
    np.testing.assert_allclose(spectrum.x, [1320.0, 1320.5, 1321.0])


def test_binding_energies_counted_up_from_the_fermi_level(tmp_path):
    axis = ("Binding Energy", "eV", "-168", "0.5")
    spectrum = read_one(tmp_path, norm([block(abscissa=axis)]))
    np.testing.assert_allclose(spectrum.x, [167.0, 167.5, 168.0])
    assert spectrum.counts.tolist() == Y[::-1]
    assert "minus the number" in spectrum.meta.extra["axis_note"]


def test_repeated_points_of_an_irregular_scan_are_merged_with_a_note(tmp_path):
    pairs = (("Kinetic Energy", "eV"), ("Counts", "d"))
    values = [1.0, 5.0, 2.0, 6.0, 2.0, 8.0, 3.0, 9.0]
    (spectrum,) = vamas.read(
        write(
            tmp_path, norm([block(abscissa=(), ordinates=pairs, values=values)], scan="IRREGULAR")
        )
    )
    assert spectrum.x.tolist() == [1.0, 2.0, 3.0]
    assert spectrum.counts.tolist() == [5.0, 7.0, 9.0]
    assert "1 repeated" in spectrum.meta.extra["repeats_note"]


def test_negative_counts_are_no_counts(tmp_path):
    spectrum = read_one(tmp_path, norm([block(values=[-3.0, 5.0, 7.0])]))
    assert spectrum.counts is None
    assert spectrum.y_unit == "counts/s"


@pytest.mark.parametrize(
    ("name", "n_spectra"),
    [
        ("17-vamas-several-experiments/v3_concat.vms", 4),
        ("23-vamas-without-last-newline/v1_noterm.vms", 2),
        ("26-rounded-axis-and-repeated-region/rep.vms", 3),
    ],
)
def test_field_cases(name, n_spectra):
    path = Path(__file__).resolve().parents[3] / "shared" / "cases" / name
    if not path.exists():
        pytest.skip("needs ../shared/cases, which is not part of the project")
    assert len(vamas.read(path)) == n_spectra


# ---- measured files


def vamas_files(data_dir: Path) -> list[Path]:
    found = [*data_dir.rglob("*.vms"), *data_dir.rglob("*.npl")]
    return sorted(p for p in found if "vamas_comment_fragments" not in p.parts)


def test_every_measured_file_is_read_whole(data_dir):
    for path in vamas_files(data_dir):
        assert vamas.matches(path.read_bytes()[:2048], path), path
        for spectrum in vamas.read(path):
            assert spectrum.y_unit == "counts/s", path
            assert spectrum.counts is not None, path


def test_comment_fragments_are_not_files(data_dir):
    for path in (data_dir / "pynxtools-xps" / "vamas_comment_fragments").glob("*.vms"):
        assert not vamas.matches(path.read_bytes(), path)
        with pytest.raises(ReadError, match="not a VAMAS file"):
            vamas.read(path)


def test_measured_files_cut_anywhere_are_errors(data_dir, tmp_path):
    for path in vamas_files(data_dir)[::3]:
        check_truncations(path.read_bytes(), tmp_path / path.name, vamas.read(path), places=12)


def test_regular_and_irregular_export_of_one_spectrum_agree(data_dir):
    folder = data_dir / "pynxtools-xps" / "vamas"
    (regular,) = vamas.read(folder / "regular.vms")
    (irregular,) = vamas.read(folder / "irregular.vms")
    np.testing.assert_allclose(regular.x, irregular.x, atol=1e-9)
    np.testing.assert_allclose(regular.y, irregular.y, rtol=1e-12)


def test_casaxps_exports_agree_in_counts_and_counts_per_second(data_dir):
    lines = (data_dir / "pynxtools-xps/vamas/vms_txt_export.txt").read_text().split("\n")
    starts = [i for i, line in enumerate(lines) if line.startswith("Cycle")]
    spectra = vamas.read(data_dir / "xpsdeeplearning" / "Ni_references.vms")
    ends = [*starts[1:], len(lines)]
    for spectrum, start, end in zip(spectra, starts, ends, strict=True):
        rows = np.array([line.split() for line in lines[start + 8 : end] if line.strip()], float)
        np.testing.assert_allclose(rows[:, 0], spectrum.x, atol=1e-6)
        np.testing.assert_allclose(rows[:, 1], spectrum.counts, rtol=1e-6)
        np.testing.assert_allclose(rows[:, 2], spectrum.binding_energy, atol=1e-6)
        np.testing.assert_allclose(rows[:, 3], spectrum.y, rtol=1e-6)


def test_exports_of_another_program_agree(data_dir):
    folder = data_dir / "lg4x"
    spectra = {s.meta.region.replace(" ", ""): s for s in vamas.read(folder / "0-150W.vms")}
    files = sorted(folder.glob("0-150W_NiW*.txt"))
    assert len(files) == 4
    for path in files:
        table = np.loadtxt(path, skiprows=1)
        spectrum = spectra[path.stem.rsplit("_", 1)[1]]
        np.testing.assert_allclose(table[:, 0], spectrum.binding_energy, atol=1e-9)
        np.testing.assert_array_equal(table[:, 1], spectrum.counts)


def test_an_analysed_file_agrees_with_its_exported_columns(data_dir):
    folder = data_dir / "pynxtools-xps" / "vamas"
    (spectrum,) = vamas.read(folder / "FeO_analyzed.vms")
    text = (folder / "FeO_analyzed_lineshapes_cols.txt").read_text()
    rows = [line.split("\t") for line in text.split("\n")[8:] if line.strip()]
    energy, counts, binding, rate = (np.array([r[i] for r in rows], float) for i in (0, 1, 9, 10))
    np.testing.assert_allclose(energy, spectrum.x, atol=1e-6)
    np.testing.assert_allclose(counts, spectrum.counts, rtol=1e-6)
    np.testing.assert_allclose(binding, spectrum.binding_energy, atol=1e-6)
    np.testing.assert_allclose(rate, spectrum.y, rtol=1e-6)


@pytest.mark.parametrize(
    ("vms", "native", "n_blocks"),
    [
        ("102.1.control.vms", "102.1.control.spe", 1),
        ("109.1.control.vms", "109.1.control.spe", 4),
        ("104.1.itosa3ci_1.vms", "104.1.ITOSA3ci_1.pro", 48),
    ],
)
def test_counts_per_second_are_those_of_the_instruments_own_file(data_dir, vms, native, n_blocks):
    folder = data_dir / "qnngroup-ito-NOLICENCE"
    spectra = vamas.read(folder / vms)
    raw = (folder / native).read_bytes()
    shifted = [np.frombuffer(raw[k : len(raw) - (len(raw) - k) % 4], "<f4") for k in range(4)]
    assert len(spectra) == n_blocks
    for spectrum in spectra:
        assert any(_holds(values, spectrum.y) for values in shifted), spectrum.label


def _holds(values, wanted):
    """Tell whether `wanted` stands in `values` to the digits of a 4-byte number."""
    windows = np.lib.stride_tricks.sliding_window_view(values, wanted.size)
    with np.errstate(all="ignore"):
        starts = np.flatnonzero(np.abs(windows[:, 0] / wanted[0] - 1) < 1e-6)
        return any(np.allclose(windows[i], wanted, rtol=2e-7, atol=0) for i in starts)


def test_the_sample_of_a_multipak_file_is_its_name_not_its_path(data_dir):
    spectra = vamas.read(data_dir / "qnngroup-ito-NOLICENCE" / "104.1.itosa3ci_1.vms")
    assert {s.meta.sample for s in spectra} == {"1.ITOSA3ci"}


def test_the_etch_times_of_a_depth_profile_are_read(data_dir):
    spectra = vamas.read(data_dir / "qnngroup-ito-NOLICENCE" / "104.1.itosa3ci_1.vms")
    times = [s.meta.etch_time_s for s in spectra]
    assert times == [60.0 * level for _ in range(4) for level in range(12)]


def test_a_multipak_file_is_already_in_counts_per_second(data_dir):
    spectra = vamas.read(data_dir / "lg4x" / "Mutlipak_vms.npl")
    assert [s.meta.transition for s in spectra] == ["1s", "1s", "2p", "1s", "3d"]
    for spectrum in spectra:  # counted pulses are whole numbers only if the dwell is used
        np.testing.assert_allclose(spectrum.counts, np.round(spectrum.counts), atol=1e-3)
        assert spectrum.descending
