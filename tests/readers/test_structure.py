"""What a text file loses or changes is seen by its structure, and never left out in silence."""

import numpy as np
import pytest

from spectra_core.errors import ReadError
from spectra_core.readers import ReadOptions, read
from spectra_core.readers.inspect import notes_of

X = np.round(np.arange(170.0, 157.95, -0.2), 2)
Y = np.round(300.0 + 900.0 * np.exp(-((X - 161.5) ** 2)), 3)


def rows(x=X, between="\t"):
    return [
        f"{a:.3f}{between}{b:.3f}" for a, b in zip(x, np.interp(x, X[::-1], Y[::-1]), strict=True)
    ]


HEADS = {
    "text": ["Binding Energy (eV)\tCounts"],
    "PHI": [
        "Element S 2p; Region 1 of 1; Depth Cycle 1 of 1; Time Per Step 100; Sweeps 4; XPS",
    ],
    "WITec": ["//Exported ASCII-File", "[Header]", "GraphName = a", "[Data]", "rel. 1/cm\tCCD cts"],
    "CasaXPS": ["B.E.\tCycle 0:a:S 2p:CPS"],
    "LabSpec": ["#Acq. time (s)=\t1", "#AxisUnit[1]=\t1/cm"],
    "SPECS": [
        "# Created by:             SpecsLab Prodigy, Version 4",
        "#   Energy Axis:          Binding Energy",
        "#   Count Rate:           Counts per Second",
        "# Region:                 S2p",
        "# ColumnLabels: energy counts/s",
        "# Cycle: 0, Curve: 0",
    ],
    "JASCO": ["TITLE\ta", "DATA TYPE\tRAMAN SPECTRUM", "XUNITS\tRaman Shift [cm-1]", "XYDATA"],
}


@pytest.fixture
def file_of(tmp_path):
    def write(kind, lines, end="\n"):
        path = tmp_path / "a.txt"
        between = "  " if kind == "SPECS" else "\t"
        text = "\n".join([*HEADS[kind], *(line.replace("\t", between) for line in lines)])
        path.write_bytes(text.encode("latin-1") + end.encode())
        return path

    return write


@pytest.mark.parametrize("kind", HEADS)
def test_the_whole_file_is_read_without_a_note(file_of, kind):
    (spectrum,) = read(file_of(kind, rows()))
    assert len(spectrum) == X.size
    assert not [note for note in notes_of(spectrum) if "steps" in note or "row" in note]


@pytest.mark.parametrize("kind", HEADS)
@pytest.mark.parametrize(
    "damage",
    [
        "167.8000.000",
        "167.8.600\t745.000",
        '167.8"00\t745.000',
        "167\x9a\x89\x01Ö\xad\x02µ.000\t745.000",
        "\x00\x00\x00\x00",
    ],
)
def test_rows_that_went_with_a_broken_one_are_no_other_spectrum(file_of, kind, damage):
    lines = rows()
    lines[20:30] = [damage]
    with pytest.raises(ReadError, match=r"row|binary file"):
        read(file_of(kind, lines))


@pytest.mark.parametrize("kind", [k for k in HEADS if k not in ("text", "JASCO")])
def test_rows_without_a_heading_of_their_format_are_refused(file_of, kind):
    lines = rows()
    far = rows(X - 60.0)
    with pytest.raises(ReadError, match="heading"):
        read(file_of(kind, [*lines, "", *far]))


@pytest.mark.parametrize("cut", [1, 2, 3])
@pytest.mark.parametrize("kind", ["text", "PHI", "WITec", "CasaXPS"])
def test_a_number_cut_at_the_end_of_the_file_is_found(file_of, kind, cut):
    lines = rows()
    lines[-1] = lines[-1][:-cut]
    with pytest.raises(ReadError, match=f"ends within .*row {len(HEADS[kind]) + X.size}"):
        read(file_of(kind, lines, end=""))
    assert len(read(file_of(kind, lines, end="\n"))[0]) == X.size  # a whole row may end so


def test_a_whole_last_row_needs_no_line_end(file_of):
    assert len(read(file_of("text", rows(), end=""))[0]) == X.size


def test_quotes_that_are_not_closed_at_the_end_are_found(tmp_path):
    path = tmp_path / "a.csv"
    lines = [f'"{a:.2f}","{b:.1f}"' for a, b in zip(X, Y, strict=True)]
    text = "\n".join(['"Binding Energy (eV)","Counts"', *lines])
    for cut in range(1, 7):
        path.write_text(text[:-cut])
        with pytest.raises(ReadError, match="cut off"):
            read(path)
    path.write_text(text)
    assert len(read(path)[0]) == X.size


def test_dates_and_numbered_scans_between_blocks_are_headings(tmp_path):
    """Dates, times and temperatures stand above blocks of a series in files of the field."""
    path = tmp_path / "a.txt"
    block = "\n".join(rows())
    for heading in ("01.02.2024", "Scan 2", "# 2", "30 C", "2024-02-01 12:30:00"):
        path.write_text(f"Binding Energy (eV)\tCounts\n{block}\n{heading}\n{block}\n")
        assert [len(s) for s in read(path)] == [X.size, X.size], heading


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (
            lambda x: np.r_[x[:30], 164.02, x[31:]],
            "row 32 lies at 164.02 where even steps have 164",
        ),
        (lambda x: np.r_[x[1:]], ""),
        (lambda x: np.r_[1.0e3, x[1:]], "row 2 lies at 1000"),
        (lambda x: np.delete(x, 30), "1 point is missing between 164.2 and 163.8"),
        (lambda x: np.delete(x, [30, 31, 40]), "2 points are missing"),
        (lambda x: x - 0.001 * np.arange(x.size) ** 2, ""),
        (lambda x: np.r_[x, x - 30.03], ""),
    ],
)
def test_an_energy_off_even_steps_is_said(file_of, change, words):
    (spectrum,) = read(file_of("text", rows(change(X))))
    said = [note for note in notes_of(spectrum) if "even steps" in note]
    assert bool(said) == bool(words)
    assert words in "".join(said)


def test_an_empty_line_in_place_of_a_row_leaves_one_spectrum(file_of):
    lines = rows()
    lines[30] = ""
    (spectrum,) = read(file_of("text", lines))
    assert len(spectrum) == X.size - 1
    assert "1 point is missing" in "".join(notes_of(spectrum))


def test_extremes_in_a_heading_of_jasco_are_compared(tmp_path):
    def written(y):
        head = [*HEADS["JASCO"][:-1], f"FIRSTX\t{X[0]}", f"MAXY\t{Y.max()}", f"NPOINTS\t{X.size}"]
        pairs = [f"{a:.3f}\t{b:.3f}" for a, b in zip(X, y, strict=True)]
        path = tmp_path / "a.txt"
        path.write_text("\n".join([*head, "XYDATA", *pairs, ""]))
        return "".join(notes_of(read(path)[0]))

    assert written(Y) == ""
    assert "MAXY is" in written(np.where(X == 161.6, 9000.0, Y))


def test_the_energies_of_a_scienta_heading_are_those_of_the_rows(tmp_path):
    def written(x, scale):
        head = [
            "[Info]",
            "Number of Regions=1",
            "[Region 1]",
            "Dimension 1 name=Binding Energy [eV]",
            f"Dimension 1 size={x.size}",
            f"Dimension 1 scale={' '.join(f'{value:g}' for value in scale)}",
            "[Info 1]",
            "Region Name=S 2p",
            "[Data 1]",
        ]
        path = tmp_path / "a.txt"
        path.write_text("\n".join([*head, *rows(x, "  "), ""]))
        return read(path)

    assert len(written(X, X)) == 1
    changed = np.where(X == 161.6, 161.61, X)
    with pytest.raises(ReadError, match=r"row \d+ begins with 161\.61.* 161\.6 "):
        written(changed, X)
    with pytest.raises(ReadError, match="60 energies for its 61 rows"):
        written(X, X[1:])


def test_an_unreadable_count_rate_of_specs_is_no_count(file_of, tmp_path):
    path = file_of("SPECS", rows())
    path.write_text(path.read_text().replace("Counts per Second", "C#unts per Sec"))
    assert read(path)[0].y_unit == "arbitrary"


@pytest.mark.parametrize("digits", ["٣", "1_000", "３", "१२"])
def test_digits_of_other_scripts_are_no_numbers_of_vamas(tmp_path, digits):
    from spectra_core.spectrum import Axis, make_spectrum
    from spectra_core.writers import write

    path = tmp_path / "a.vms"
    write(path, [make_spectrum(X, np.round(Y) + 0.25, Axis.BINDING_ENERGY, y_unit="counts")])
    text = path.read_text()
    number = f"{np.round(Y)[30] + 0.25:g}"
    path.write_bytes(text.replace(f"\n{number}\n", f"\n{digits}\n", 1).encode())
    with pytest.raises(ReadError, match="should be a number"):
        read(path, options=ReadOptions())


def test_energies_measured_twice_in_foreign_nexus_are_merged_with_a_note(tmp_path):
    import h5py

    path = tmp_path / "a.nxs"
    x, y = np.repeat(X, 1 + (X == 161.6)), np.repeat(Y, 1 + (X == 161.6))
    with h5py.File(path, "w") as file:
        entry = file.create_group("entry")
        entry.attrs["NX_class"] = "NXentry"
        data = entry.create_group("data")
        data.attrs.update(NX_class="NXdata", signal="data", axes=["energy"])
        data["data"], data["energy"] = y, x
        data["energy"].attrs.update(units="eV", type="binding")
    (spectrum,) = read(path)
    assert len(spectrum) == X.size
    assert "1 repeated points" in "".join(notes_of(spectrum))
