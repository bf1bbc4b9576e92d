"""Named formats as they come from instruments abroad: decimal commas, quotes, other headers.

All numbers here are synthetic.
"""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from spectra_core.errors import PartialRead, ReadError
from spectra_core.foreign.exported import exported_components
from spectra_core.foreign.presence import has_exported_fit
from spectra_core.readers import ReadOptions, identify, read
from spectra_core.readers.inspect import differences, notes_of
from spectra_core.spectrum import Axis

CASES = Path(__file__).resolve().parents[3] / "shared" / "cases"
X = np.round(np.arange(170.0, 157.95, -0.1), 2)
BACKGROUND = 600.0 + 10.0 * (X - 158.0)
LINE = 900.0 * np.exp(-0.5 * ((X - 161.5) / 0.6) ** 2)
Y = np.round(BACKGROUND + LINE + np.random.default_rng(1).normal(0, 20, X.size), 3)
HV, TIME = 1486.61, 1.92


def case(name):
    path = CASES / name
    if not path.exists():
        pytest.skip("needs ../shared/cases, which is not part of the project")
    return path


@pytest.fixture
def make(tmp_path):
    def write(text, *, name="file.txt", encoding="utf-8"):
        path = tmp_path / name
        path.write_bytes(text.encode(encoding))
        return path

    return write


def with_commas(text):
    """Return text in which every decimal point between digits is a comma."""
    return re.sub(r"(?<=\d)\.(?=\d)", ",", text)


# --------------------------------------------------------------------------------------
# decimal commas in keys

SPECS = """# Created by:             SpecsLab Prodigy, Version 4
#
#   Energy Axis:          Kinetic Energy
#   Count Rate:           Counts per Second
#   Separate Scan Data:   no
#
# Group:                  a pellet
# Region:                 S2p
# Analysis Method:        XPS
# Values/Curve:           121
# Dwell Time:             0.25
# Excitation Energy:      1486.61
# Pass Energy:            17.5
# Eff. Workfunction:      4.25
# Number of Scans:        5
#
# ColumnLabels: {labels}
#
# Cycle: 0, Curve: 0
{rows}
"""
LABSPEC = """#Acq. time (s)=\t10.5
#Accumulations=\t3
#Laser=\t532.12nm
#AxisType[0]=\tIntens
#AxisType[1]=\tSpectr
#AxisUnit[0]=\tCnt
#AxisUnit[1]=\t1/cm
{rows}
"""
CASA = """Cycle 0:a pellet:S 2p
\tCharacteristic Energy eV\t1486.61\tAcquisition Time s\t1.92
Name\t\tS 2p\t
Position\t\t161.50\t
FWHM\t\t1.20\t
Area\t\t2000.50\t
Lineshape\t\tGL(30)\t
K.E.\tCounts\tS 2p\tBackground\tEnvelope\t\tB.E.\tCPS\tS 2p CPS\tBackground CPS\tEnvelope CPS
{rows}
"""
JASCO = """TITLE\ta pellet
DATA TYPE\tRAMAN SPECTRUM
XUNITS\tRaman Shift [cm-1]
NPOINTS\t121
XYDATA
{rows}

Exposure\t1.5 sec
Accumulation\t4
Laser wavelength\t532.25 nm
"""
SCIENTA = """[Info]
Number of Regions=1
[Region 1]
Dimension 1 name=Binding Energy [eV]
Dimension 1 size=121
[Info 1]
Region Name=S 2p
Excitation Energy=1486.61
Pass Energy=17.5
Number of Sweeps=4
Time per Spectrum Channel=2.5
[Data 1]
{rows}
"""
TEXT = """Photon energy: 1486.61 eV
Dwell time: 0.25
Scans: 5
BE\tCounts
{rows}
"""


def rows(*columns, between="\t"):
    return "\n".join(between.join(f"{v:.3f}" for v in row) for row in zip(*columns, strict=True))


def casa_rows():
    curves = (Y, BACKGROUND + LINE, BACKGROUND, BACKGROUND + LINE)
    return rows(HV - X, *(c * TIME for c in curves)), rows(X, *curves)


def casa_table():
    left, right = (part.split("\n") for part in casa_rows())
    return "\n".join(f"{a}\t\t{b}" for a, b in zip(left, right, strict=True))


FILES = {
    "specs": SPECS.format(labels="energy counts/s", rows=rows(HV - X, Y, between="  ")),
    "labspec": LABSPEC.format(rows=rows(X, Y)),
    "casaxps": CASA.format(rows=casa_table()),
    "jasco": JASCO.format(rows=rows(X, Y)),
    "scienta": SCIENTA.format(rows=rows(X, Y)),
    "text": TEXT.format(rows=rows(X, Y)),
}


@pytest.mark.parametrize("name", FILES)
def test_decimal_commas_change_nothing_but_the_sign(make, name):
    (point,) = read(make(FILES[name], name="a.txt"))
    (comma,) = read(make(with_commas(FILES[name]), name="b.txt"))
    texts = [d for d in differences(point, comma) if not d.startswith(("extra: ", "sample"))]
    assert texts == []
    assert notes_of(comma) == notes_of(point)
    known = (point.meta.dwell_s, point.meta.scans, point.meta.excitation_energy_ev)
    assert any(known)


@pytest.mark.parametrize("name", ["specs", "labspec", "casaxps", "scienta", "text"])
def test_an_unreadable_key_is_a_note_and_nothing_more(make, name):
    damaged = re.sub(r"1486\.61|10\.5", "14?6.61", FILES[name], count=1)
    (spectrum,) = read(make(damaged))
    assert len(spectrum) == X.size
    assert "14?6.61" in spectrum.meta.extra["unread_keys"]
    assert any("14?6.61" in note for note in notes_of(spectrum))


@pytest.mark.parametrize(
    ("comma", "point"), [("lab_comma.txt", "lab_dot.txt"), ("specs_comma.xy", "specs_dot.xy")]
)
def test_case_12(comma, point):
    folder = "12-decimal-comma-in-vendor-headers"
    (one,), (other,) = read(case(f"{folder}/{comma}")), read(case(f"{folder}/{point}"))
    assert [d for d in differences(one, other) if not d.startswith(("extra", "sample"))] == []


def test_case_12_casaxps():
    (spectrum,) = read(case("12-decimal-comma-in-vendor-headers/casa_comma.txt"))
    assert (spectrum.meta.excitation_energy_ev, spectrum.meta.dwell_s) == (1486.6, 6.0)


# --------------------------------------------------------------------------------------
# CasaXPS exports with quotes, and the short layout

SHORT = """Name\t\tS2p3\tS2p1\t
Position\t\t161.50\t162.68\t
FWHM\t\t1.20\t1.20\t
Area\t\t2000.00\t1000.00\t
Lineshape\t\tGL(30)\tGL(30)\t

B.E.\tCycle 0:{sample}:S 2p:CPS\tS 2p:S2p3\tS 2p:S2p1\tBackground\tEnvelope
{rows}
"""


def short(sample="cell 1", trailing=""):
    curves = (Y, BACKGROUND + LINE, BACKGROUND + LINE / 2, BACKGROUND, BACKGROUND + 1.5 * LINE)
    text = SHORT.format(sample=sample, rows=rows(X, *curves))
    return "\n".join(line + trailing for line in text.rstrip("\n").split("\n")) + "\n"


def as_csv(text):
    """Return a table with commas, every text cell in quotes, as CasaXPS writes csv."""
    lines = []
    for line in text.rstrip("\n").split("\n"):
        cells = line.split("\t")
        lines.append(",".join(c if not c or c[0].isdigit() else f'"{c}"' for c in cells))
    return "\n".join(lines) + "\n"


SAMPLES = ["cell 1", "Cell 3: cycled, 4.3 V", "a.vms", "C:\\data\\a, b.vms", "LiNbWO6-0-H"]


@pytest.mark.parametrize("sample", SAMPLES)
@pytest.mark.parametrize("form", ["tabs", "csv", "trailing tabs", "trailing commas"])
def test_the_short_layout_keeps_sample_region_and_fit(make, sample, form):
    text = short(sample, trailing="\t\t" if form.startswith("trailing") else "")
    path = make(as_csv(text) if form in ("csv", "trailing commas") else text)
    assert identify(path) == "CasaXPS export"
    (spectrum,) = read(path)
    assert (spectrum.meta.sample, spectrum.meta.region) == (sample, "S 2p")
    assert (spectrum.axis, spectrum.y_unit) == (Axis.BINDING_ENERGY, "counts/s")
    assert has_exported_fit(spectrum)
    assert [c.name for c in exported_components(spectrum)] == ["S2p3", "S2p1"]
    assert spectrum.meta.extra["casaxps_export"]["components"][1]["position_ev"] == 162.68


@pytest.mark.parametrize("sample", SAMPLES)
@pytest.mark.parametrize("form", ["tabs", "csv"])
def test_the_rows_layout_keeps_sample_region_and_fit(make, sample, form):
    text = FILES["casaxps"].replace("a pellet", sample)
    (spectrum,) = read(make(as_csv(text) if form == "csv" else text))
    assert (spectrum.meta.sample, spectrum.meta.region) == (sample, "S 2p")
    assert (spectrum.meta.dwell_s, spectrum.meta.excitation_energy_ev) == (TIME, HV)
    assert has_exported_fit(spectrum)


@pytest.mark.parametrize(
    ("name", "sample"),
    [
        ("casa_colon.csv", "Cell 3: cycled, 4.3 V"),
        ("casa_cols.csv", "Sample A"),
        ("casa_rows_table.csv", "a.vms"),
    ],
)
def test_case_13(name, sample):
    (spectrum,) = read(case(f"13-casaxps-csv-quoted/{name}"))
    assert (spectrum.meta.sample, spectrum.meta.region) == (sample, "S 2p")
    assert has_exported_fit(spectrum) == (name != "casa_colon.csv")


def test_case_27_casaxps():
    folder = "27-tab-table-with-empty-first-or-last-column"
    (plain,) = read(case(f"{folder}/casa_rows_no_trailing_tabs.txt"))
    (tabs,) = read(case(f"{folder}/casa_rows_trailing_tabs.txt"))
    assert differences(plain, tabs) == []
    assert has_exported_fit(tabs)


# --------------------------------------------------------------------------------------
# series of LabSpec


def series(first_row, keys=""):
    lines = ["#Acq. time (s)=\t1", "#AxisUnit[1]=\t1/cm", *keys.split("\n")]
    lines.append("\t".join([*first_row, *(f"{x:g}" for x in range(200, 210))]))
    n = len(first_row)
    for i in range(3):
        lines.append("\t".join([*(f"{10 * i + k}" for k in range(n)), *(f"{i + 1}",) * 10]))
    return "\n".join(line for line in lines if line) + "\n"


@pytest.mark.parametrize(
    ("first_row", "keys", "variables"),
    [
        ([""], "#AxisType[2]=\tTime\n#AxisUnit[2]=\ts", {"Time": (10.0, "s")}),
        (["Time (s)"], "", {"Time": (10.0, "s")}),
        (["#Z (µm)"], "", {"Z": (10.0, "µm")}),
        (
            ["", ""],
            "#AxisType[2]=\tX\n#AxisUnit[2]=\tµm\n#AxisType[3]=\tY\n#AxisUnit[3]=\tmm",
            {"Y": (10.0, "mm"), "X": (11.0, "µm")},
        ),
        (["Y [µm]", "X [µm]"], "", {"Y": (10.0, "µm"), "X": (11.0, "µm")}),
    ],
)
def test_both_headers_of_a_series_name_its_coordinate(make, first_row, keys, variables):
    spectra = read(make(series(first_row, keys)))
    assert [s.y[0] for s in spectra] == [1.0, 2.0, 3.0]
    assert spectra[1].x.tolist() == list(range(200, 210))
    assert dict(spectra[1].meta.variables) == variables
    assert {s.axis for s in spectra} == {Axis.RAMAN_SHIFT}


def test_a_series_without_its_axis_is_refused(make):
    text = series([""], "").split("\n")
    del text[2]
    with pytest.raises(ReadError, match=r"abscissa is missing.*LabSpec"):
        read(make("\n".join(text)))


# --------------------------------------------------------------------------------------
# what is no spectrum


@pytest.mark.parametrize("label", ["index", "Index", "time"])
def test_intensities_at_fixed_energies_are_no_spectrum(make, label):
    fixed = SPECS.format(labels=f"{label} counts/s", rows=rows(np.arange(121.0), Y, between="  "))
    with pytest.raises(ReadError, match="fixed energies are no spectrum"):
        read(make(fixed))
    second = FILES["specs"].split("# Group:", 1)[1]
    with pytest.raises(PartialRead) as caught:
        read(make(fixed + "\n# Group:" + second))
    assert len(caught.value.spectra) == 1


CONCENTRATIONS = np.array([[12.5, 60.1, 27.4], [10.0, 61.0, 29.0], [5.5, 62.5, 32.0]])


@pytest.mark.parametrize(
    ("title", "first", "values"),
    [
        ("Atomic Concentration Table", "Sputter Time (min)", CONCENTRATIONS),
        ("", "", CONCENTRATIONS),
        ("", "Cycle", 1e4 * CONCENTRATIONS),
        ("", "x", CONCENTRATIONS / 100),
        ("CorrectedRSF", "n", 3.0 * CONCENTRATIONS),
    ],
)
@pytest.mark.parametrize("delimiter", ["\t", ","])
def test_tables_of_concentrations_are_no_spectra(make, title, first, values, delimiter):
    lines = [title, delimiter.join([first, "C1s", "O1s", "In3d5"])]
    for i, row in enumerate(values):
        lines.append(delimiter.join([f"{0.5 * i + 0.5:g}", *(f"{v:g}" for v in row)]))
    path = make("\n".join(line for line in lines if line) + "\n")
    with pytest.raises(ReadError, match="quantities of core levels"):
        read(path, options=ReadOptions(allow_unknown_axis=True))


def test_spectra_side_by_side_are_no_concentrations(make):
    text = "BE\tS 2p\tP 2p\n" + rows(X, Y, 2 * Y)
    assert [s.meta.region for s in read(make(text))] == ["S 2p", "P 2p"]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (
            b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600),
            "Open the .VGD files of an Avantage project",
        ),
        (b"SQLite format 3\x00" + bytes(600), "In SpecsLab Prodigy"),
        (b"\x57IT^\x01\x02" + bytes(600), "In WITec Project"),
        (b"Name\tPosition\tFWHM\tArea\nS 2p\t161\t1\t2\n", "In CasaXPS: File > Save As"),
        (bytes(range(256)) * 4, "in their own program"),
        (b'<?xml version="1.0"?>\n<!-- CORBA XML document created by X -->', "In SpecsLab Prodigy"),
    ],
)
def test_the_refusal_of_a_known_format_says_how_to_export_it(tmp_path, content, words):
    path = tmp_path / "a.bin"
    path.write_bytes(content)
    with pytest.raises(ReadError, match=re.escape(words)):
        read(path)
