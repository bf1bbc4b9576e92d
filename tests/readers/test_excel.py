"""Workbooks: Avantage exports, KherveFitting files, plain columns."""

from __future__ import annotations

import datetime
import zipfile

import numpy as np
import openpyxl
import pytest

from spectra_core.errors import PartialRead, ReadError
from spectra_core.readers import ReadOptions, read
from spectra_core.spectrum import Axis


@pytest.fixture
def workbook(tmp_path):
    def make(**sheets):
        book = openpyxl.Workbook()
        book.remove(book.active)
        for name, rows in sheets.items():
            sheet = book.create_sheet(name)
            for row in rows:
                sheet.append(row)
        path = tmp_path / "book.xlsx"
        book.save(path)
        return path

    return make


ROWS = [["BE", "CPS"], *[[300.0 - i, 10.0 + i] for i in range(8)]]


def test_avantage_workbook_has_one_spectrum_per_scan(data_dir):
    spectra = read(data_dir / "khervefitting/Hard_carbon_Thermo.xlsx")
    regions = [(s.meta.region, len(s)) for s in spectra]
    assert regions == [
        ("Survey", 2721),
        ("O 1s", 151),
        ("Na 1s", 171),
        ("C 1s", 191),
        ("CKLL", 501),
    ]
    assert {(s.axis, s.y_unit) for s in spectra} == {(Axis.BINDING_ENERGY, "counts/s")}
    skipped = spectra[0].meta.extra["skipped_sheets"]
    assert skipped == "Peak Table, Titles, Quantifications"


def test_avantage_fit_columns_integrate_to_the_quantification(data_dir):
    """Sheet "Quantifications" gives the areas in counts/s eV."""
    spectra = read(data_dir / "khervefitting/Hard_carbon_Thermo.xlsx")
    (c1s,) = [s for s in spectra if s.meta.region == "C 1s"]
    export = c1s.meta.extra["avantage_export"]
    background = c1s.columns[export["background"]]
    assert export["components_include_background"]
    areas = {}
    for entry in export["components"]:
        curve = c1s.columns[entry["column"]]
        areas[entry["name"]] = np.trapezoid(np.where(curve > 0, curve - background, 0.0), c1s.x)
    assert areas["C1s C-C"] == pytest.approx(14670.27, rel=1e-3)
    assert areas["C1s C-O-C"] == pytest.approx(3542.50, rel=1e-3)
    assert areas["C1s C=O"] == pytest.approx(1291.44, rel=1e-3)


def test_two_measurements_side_by_side(data_dir):
    first, second = read(data_dir / "cehendri-liion-sei/Multiplex Data - F1s.xlsx")
    assert (first.meta.sample, second.meta.sample) == ("Area1 - 0 V", "Area1 - 3.4 V")
    assert (first.x[-1], first.y[-1], second.y[-1]) == (698.0, 23097.2401, 6871.1549)
    assert first.meta.extra["second_axis_shift"] == pytest.approx(0.11)
    assert second.meta.extra["second_axis_shift"] == pytest.approx(-2.43)


def test_khervefitting_workbook_takes_the_raw_data(data_dir):
    spectra = read(data_dir / "khervefitting/Tougaard_Fit.xlsx")
    (s2p,) = [s for s in spectra if s.meta.region == "S 2p"]
    assert (s2p.x[-1], s2p.y[-1], len(s2p)) == (170.08, 1419.74, 131)
    (pt4f, _) = read(data_dir / "khervefitting/Pt4f.xlsx")
    assert (pt4f.y[-1], pt4f.transmission[-1]) == (544.369, 0.820997)
    assert list(pt4f.columns) == ["Corrected Data"]


def test_peak_table_beside_the_data_is_passed_over_and_named(data_dir):
    spectra = read(data_dir / "khervefitting/Tougaard_Fit.xlsx")
    (zn2p,) = [s for s in spectra if s.meta.region == "Zn 2p"]
    assert "Position" in zn2p.meta.extra["skipped_columns"]


def test_sheet_can_be_chosen(workbook):
    path = workbook(first=ROWS, second=[["BE", "CPS"], *[[i, 5.0] for i in range(6)]])
    assert len(read(path)) == 2
    (spectrum,) = read(path, options=ReadOptions(sheet="second"))
    assert len(spectrum) == 6


def test_unknown_sheet_is_answered_with_the_sheets(workbook):
    with pytest.raises(ReadError, match=r"no sheet 'x'.*'first'"):
        read(workbook(first=ROWS), options=ReadOptions(sheet="x"))


def test_workbook_without_numbers_names_its_sheets(workbook):
    with pytest.raises(ReadError, match=r"no sheet holds columns of numbers.*'notes'"):
        read(workbook(notes=[["hello", "world"]]))


@pytest.mark.parametrize("value", ["abc", datetime.datetime(2024, 5, 1), True])
def test_text_or_date_in_a_number_column_is_named_with_its_row(workbook, value):
    rows = [list(row) for row in ROWS]
    rows[4][1] = value
    with pytest.raises(ReadError, match=r"book\.xlsx: sheet 'S2p': row 5, column 2"):
        read(workbook(S2p=rows))


def test_formula_without_a_stored_value_is_an_empty_cell(workbook):
    rows = [list(row) for row in ROWS]
    rows[4][1] = "=1+1"
    with pytest.raises(ReadError, match="row 5, column 2 is empty"):
        read(workbook(S2p=rows))


def test_whole_sheets_of_a_damaged_workbook_are_kept(workbook):
    broken = [list(row) for row in ROWS]
    broken[4][0] = 300.0
    with pytest.raises(PartialRead, match="sheet 'b'") as caught:
        read(workbook(a=ROWS, b=broken))
    assert [len(s) for s in caught.value.spectra] == [8]


def test_ambiguous_axis_is_asked_for(workbook):
    path = workbook(data=[["x", "y"], *[[192 + i, 5.0] for i in range(6)]])
    with pytest.raises(ReadError, match="--axis"):
        read(path)
    (spectrum,) = read(path, options=ReadOptions(axis="kinetic"))
    assert spectrum.axis is Axis.KINETIC_ENERGY


def test_cut_off_workbook_is_called_damaged_or_no_workbook(workbook, tmp_path):
    data = workbook(a=ROWS).read_bytes()
    path = tmp_path / "cut.xlsx"
    path.write_bytes(data[: len(data) // 2])
    with pytest.raises(ReadError, match=r"cut\.xlsx"):
        read(path)


def test_a_small_archive_that_unpacks_to_gibibytes_is_refused(workbook, tmp_path):
    path = workbook(S2p=[["BE", "CPS"], [9, 1], [8, 2], [7, 3], [6, 4], [5, 5]])
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/media/blank.bin", bytes(600 * 2**20))
    assert path.stat().st_size < 2**21
    with pytest.raises(ReadError, match="unpacks to 600 MiB"):
        read(path)


def test_a_cell_in_the_last_corner_of_a_sheet_costs_nothing(workbook):
    rows = [["BE", "CPS"], *([float(x), x + 1.0] for x in range(9, 0, -1))]
    rows[1] = [*rows[1], *[None] * 16_000, "far"]
    (spectrum,) = read(workbook(S2p=rows))
    assert len(spectrum) == 9


@pytest.mark.parametrize("bad", ["<5", "4549*", "saturated"])
def test_a_damaged_first_row_is_named(workbook, bad):
    rows = [["BE", "Counts"], *([170.0 - 0.1 * i, 500.0 + i] for i in range(20))]
    rows[1][1] = bad
    with pytest.raises(ReadError, match=r"row 2 should hold numbers but holds"):
        read(workbook(S2p=rows))


def test_a_counter_and_a_unit_with_prefix_in_a_workbook(workbook):
    rows = [[None, "BE (keV)", "kcps", "Error (%)"]]
    rows += [[i, round(0.17 - 0.0001 * i, 4), 0.5 + i, 10.0] for i in range(20)]
    (spectrum,) = read(workbook(S2p=rows))
    assert (spectrum.x[-1], spectrum.y[-1], spectrum.y_unit) == (170.0, 500.0, "counts/s")
    assert spectrum.sigma[-1] == pytest.approx(50.0)


def test_any_damage_inside_a_workbook_has_a_sentence(workbook):
    path = workbook(S2p=[["BE", "CPS"], *([float(x), 1.0] for x in range(90, 0, -1))])
    whole = path.read_bytes()
    rng = np.random.default_rng(2)
    for place in rng.integers(0, len(whole), 60):
        mutated = bytearray(whole)
        mutated[place] ^= 1 << int(rng.integers(8))
        path.write_bytes(bytes(mutated))
        try:
            read(path)
        except ReadError as error:
            assert len(str(error)) < 500


def test_a_workbook_under_another_name_is_read(workbook):
    path = workbook(S2p=ROWS)
    (spectrum,) = read(path.rename(path.with_name("measured")))
    assert len(spectrum) == 8
