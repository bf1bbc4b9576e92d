"""Kinds of files that were misread in the field: read right, or refused with the row named.

Every spectrum here is synthetic: two Voigt lines of a doublet would do as well as these
smooth counts, because what is tested is which numbers arrive, not what they mean.
"""

from __future__ import annotations

import csv
import io
from pathlib import Path

import numpy as np
import pytest

from spectra_core.errors import ReadError
from spectra_core.readers import ReadOptions, read
from spectra_core.spectrum import Axis

CASES = Path(__file__).resolve().parents[3] / "shared" / "cases"
X = np.round(np.arange(170.0, 157.95, -0.1), 2)


def counts(level=700.0, peak=30_000.0, seed=1):
    """Return synthetic whole counts that cross a thousand, on `X`."""
    shape = np.exp(-0.5 * ((X - 161.5) / 0.8) ** 2)
    return np.random.default_rng(seed).poisson(level + peak * shape).astype(float)


Y = counts()


def thousands(value, sign):
    return f"{value:,.0f}".replace(",", sign)


def table(rows, heading="Binding Energy (eV)\tCounts", delimiter="\t"):
    lines = [heading.replace("\t", delimiter), *(delimiter.join(row) for row in rows)]
    return "\n".join(lines) + "\n"


def quoted(rows, heading, delimiter=","):
    """Return csv as the standard library writes it, every cell in quotes."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, delimiter=delimiter, quoting=csv.QUOTE_ALL, lineterminator="\n")
    writer.writerows([heading, *rows])
    return buffer.getvalue()


@pytest.fixture
def make(tmp_path):
    def write(text, *, name="file.txt", encoding="utf-8"):
        path = tmp_path / name
        path.write_bytes(text.encode(encoding))
        return path

    return write


def one(path, **options):
    (spectrum,) = read(path, options=ReadOptions(**options))
    return spectrum


def assert_is(spectrum, x=X, y=Y):
    order = np.argsort(x)
    np.testing.assert_allclose(spectrum.x_recorded, x[order], atol=1e-9)
    np.testing.assert_allclose(spectrum.y, y[order], rtol=1e-12)


def case(name):
    path = CASES / name
    if not path.exists():
        pytest.skip("needs ../shared/cases, which is not part of the project")
    return path


# --------------------------------------------------------------------------------------
# grouped digits

GROUPS = [
    ("\t", ".", ","),
    ("\t", ",", "."),
    (";", ",", "."),
    ("\t", ".", "'"),
    (";", ",", "'"),
    ("\t", ".", "\u2019"),
    ("\t", ",", " "),
    (";", ",", " "),
    ("\t", ",", "\u00a0"),
    (";", ",", "\u202f"),
    (" ", ",", "\u202f"),
    ("  ", ".", "\u00a0"),
    (" ", ".", ","),
    ("|", ".", ","),
]


@pytest.mark.parametrize(("delimiter", "decimal", "group"), GROUPS)
@pytest.mark.parametrize("factor", [1, 1000])
def test_grouped_thousands_and_millions_are_whole(make, delimiter, decimal, group, factor):
    rows = [
        (f"{x:.2f}".replace(".", decimal), thousands(factor * y, group))
        for x, y in zip(X, Y, strict=True)
    ]
    heading = "BE\tCounts" if delimiter.isspace() else "Binding Energy (eV)\tCounts"
    assert_is(one(make(table(rows, heading, delimiter))), y=factor * Y)


@pytest.mark.parametrize("decimal", [".", ","])
def test_grouped_digits_with_decimals_of_their_own(make, decimal):
    group = {".": ",", ",": "."}[decimal]
    swap = str.maketrans({",": group, ".": decimal})
    rows = [
        (f"{x:.2f}".replace(".", decimal), f"{y:,.1f}".translate(swap))
        for x, y in zip(X, Y, strict=True)
    ]
    assert_is(one(make(table(rows))))


def test_grouped_digits_in_quotes(make):
    rows = [(f"{x:.2f}", f"{y:,.0f}") for x, y in zip(X, Y, strict=True)]
    assert_is(one(make(quoted(rows, ["Binding Energy (eV)", "Counts"]))))


def test_indian_groups(make):
    rows = [(f"{x:.2f}", f"12,34,{int(y) % 1000:03d}") for x, y in zip(X, Y, strict=True)]
    assert_is(one(make(table(rows))), y=1_234_000 + Y % 1000)


@pytest.mark.parametrize("heading", ["", "BE,Counts\n"])
def test_groups_cut_by_their_own_comma_are_refused(make, heading):
    rows = "\n".join(f"{x:.2f},{y:,.0f}" for x, y in zip(X, Y, strict=True))
    with pytest.raises(ReadError, match=r"row \d+"):
        read(make(heading + rows + "\n"), options=ReadOptions(axis="binding"))


@pytest.mark.parametrize("heading", ["", "BE Counts\n"])
def test_groups_cut_by_the_space_between_columns_are_refused(make, heading):
    rows = "\n".join(f"{x:.2f} {thousands(y, ' ')}" for x, y in zip(X, Y, strict=True))
    with pytest.raises(ReadError, match=r"row \d+.*cuts in two"):
        read(make(heading + rows + "\n"), options=ReadOptions(axis="binding"))


def test_a_decimal_point_and_a_decimal_comma_in_one_file_are_refused(make):
    rows = [(f"{x:.2f}", f"{y:.1f}".replace(".", ",")) for x, y in zip(X, Y, strict=True)]
    with pytest.raises(ReadError, match=r"row \d+ holds .* but row \d+ holds"):
        read(make(table(rows)))


def test_groups_by_the_decimal_sign_of_the_energies_are_refused(make):
    rows = [(f"{x:.2f}", thousands(y, ".")) for x, y in zip(X, Y, strict=True)]
    with pytest.raises(ReadError, match=r"row \d+.*one decimal sign"):
        read(make(table(rows)))


def test_numbers_that_can_all_be_read_in_two_ways_are_refused_and_then_said(make):
    rows = [(f"{1300 + i:d}", thousands(4000 + 7 * i, ",")) for i in range(40)]
    path = make(table(rows, "KE\tCounts"))
    with pytest.raises(ReadError, match=r"row 2 holds '4,000'.*--decimal"):
        read(path)
    assert one(path, decimal=".").y[1] == 4007.0
    assert one(path, decimal=",").y[1] == pytest.approx(4.007)


def test_three_decimals_are_decimals(make):
    rows = [(f"{x:.3f}", f"{y / 1000:.3f}") for x, y in zip(X, Y, strict=True)]
    for decimal in ".,":
        swapped = [(a.replace(".", decimal), b.replace(".", decimal)) for a, b in rows]
        assert_is(one(make(table(swapped, "BE\tIntensity"))), y=np.round(Y / 1000, 3))


def test_thirds_of_counts_are_no_groups(make):
    y = np.round(np.arange(600, 600 + X.size) / 3, 3)
    rows = [(f"{a:.2f}", f"{b:g}") for a, b in zip(X, y, strict=True)]
    assert_is(one(make(table(rows))), y=y)


@pytest.mark.parametrize("cell", ["1_000", "\u0661\u0662\u0663", "\uff11\uff12"])
@pytest.mark.parametrize("row", [0, 60, -1])
def test_no_digits_but_ascii_are_numbers(make, cell, row):
    rows = [[f"{x:.2f}", f"{y:.0f}"] for x, y in zip(X, Y, strict=True)]
    rows[row][1] = cell
    with pytest.raises(ReadError, match=rf"row {2 + row % X.size}\b"):
        read(make(table(rows)))


def test_case_01():
    spectrum = one(case("01-thousands-separator/a_tab.txt"))
    assert (spectrum.x[-1], spectrum.y[-1], spectrum.y.min() > 2000) == (170.0, 4549.0, True)


# --------------------------------------------------------------------------------------
# quotes


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("decimal", [".", ","])
def test_quoted_cells_may_hold_the_delimiter(make, delimiter, decimal):
    rows = [
        (f"{x:g}".replace(".", decimal), f"{y + 0.25:g}".replace(".", decimal))
        for x, y in zip(X, counts(level=300.0, peak=500.0), strict=True)
    ]
    heading = ["Binding Energy (eV), calibrated; C 1s", 'Counts "raw"']
    spectrum = one(make(quoted(rows, heading, delimiter)))
    assert_is(spectrum, y=counts(level=300.0, peak=500.0) + 0.25)
    assert spectrum.axis is Axis.BINDING_ENERGY


def test_a_quoted_heading_may_run_over_lines(make):
    rows = [(f"{x:g}", f"{y:g}") for x, y in zip(X, Y, strict=True)]
    assert_is(one(make(quoted(rows, ["Binding Energy\n(eV)", "Counts\nper second"]))))


def test_case_02():
    spectrum = one(case("02-csv-quoting/c_digitised.csv"), axis="binding")
    assert (len(spectrum), spectrum.x[0], spectrum.y[0]) == (121, 158.0, 2731.25)


# --------------------------------------------------------------------------------------
# rows at the start of a block


@pytest.mark.parametrize("minus", ["-", "\u2212", "\u2013", "\uff0d"])
def test_every_kind_of_minus(make, minus):
    x = np.arange(-40, 60, dtype=float)
    rows = [(f"{a:.1f}".replace("-", minus), f"{b:.0f}") for a, b in zip(x, Y, strict=False)]
    assert_is(one(make(table(rows, "Raman shift (cm-1)\tIntensity"))), x, Y[:100])


@pytest.mark.parametrize("bad", ["<5", ">9999", "4549*", "*4549", "~4500", "saturated", "12 cps"])
@pytest.mark.parametrize("place", [slice(0, 1), slice(0, 4), slice(50, 52), slice(-3, None)])
@pytest.mark.parametrize("delimiter", ["\t", ",", ";"])
def test_a_damaged_row_is_named_wherever_it_stands(make, bad, place, delimiter):
    rows = [[f"{x:.2f}", f"{y:.0f}"] for x, y in zip(X, Y, strict=True)]
    for row in rows[place]:
        row[1] = bad
    first = range(X.size)[place][0] + 2
    with pytest.raises(ReadError, match=rf"row {first} should hold numbers"):
        read(make(table(rows, delimiter=delimiter)))


@pytest.mark.parametrize("bad", ["170.00 eV", "*170.00", "170.00*", "<170.00"])
def test_a_damaged_energy_in_the_first_row_is_named(make, bad):
    rows = [[f"{x:.2f}", f"{y:.0f}"] for x, y in zip(X, Y, strict=True)]
    rows[0][0] = bad
    with pytest.raises(ReadError, match="row 2 should hold numbers"):
        read(make(table(rows)))


def test_a_row_that_was_commented_out_stays_out(make):
    rows = [[f"{x:.2f}", f"{y:.0f}"] for x, y in zip(X, Y, strict=True)]
    rows[0][0] = "# " + rows[0][0]
    assert_is(one(make(table(rows))), X[1:], Y[1:])


def test_a_first_row_without_its_intensity_is_named(make):
    rows = [[f"{x:.2f}", f"{y:.0f}"] for x, y in zip(X, Y, strict=True)]
    rows[0] = rows[0][:1]
    with pytest.raises(ReadError, match="row 2"):
        read(make(table(rows)))


@pytest.mark.parametrize(
    ("name", "n_points", "first"), [("a_unicode_minus", 1400, -200.0), ("d_fermi_edge", 241, -4.0)]
)
def test_case_03(name, n_points, first):
    spectrum = one(case(f"03-first-rows-dropped/{name}.txt"))
    assert (len(spectrum), spectrum.x[0]) == (n_points, first)


# --------------------------------------------------------------------------------------
# index columns


@pytest.mark.parametrize(
    "heading",
    [
        "",
        "Unnamed: 0",
        "S.No",
        "#",
        "Nr.",
        "index",
        "Sl. No.",
        "row",
        "Pixel",
        "序号",
        "番号",
        "N°",
    ],
)
@pytest.mark.parametrize("start", [0, 1])
def test_a_counter_is_no_spectrum_and_no_energy(make, heading, start):
    rows = [(f"{start + i}", f"{x:.2f}", f"{y:.0f}") for i, (x, y) in enumerate(zip(X, Y))]  # noqa: B905
    for delimiter in (",", "\t", ";"):
        text = table(rows, f"{heading}\tBinding Energy (eV)\tCounts", delimiter)
        spectrum = one(make(text))
        assert_is(spectrum)
        assert spectrum.axis is Axis.BINDING_ENERGY


def test_a_counter_without_any_heading(make):
    rows = [(f"{i}", f"{x:.2f}", f"{y:.0f}") for i, (x, y) in enumerate(zip(X, Y, strict=True))]
    text = "\n".join("\t".join(row) for row in rows)
    assert_is(one(make(text), axis="binding"))


def test_r_writes_no_heading_for_its_row_names(make):
    lines = ['"BE" "counts"']
    lines += [f'"{i}" {x:.2f} {y:.0f}' for i, (x, y) in enumerate(zip(X, Y, strict=True), start=1)]
    spectrum = one(make("\n".join(lines) + "\n"))
    assert_is(spectrum)
    assert (spectrum.axis, spectrum.y_unit) == (Axis.BINDING_ENERGY, "counts")


def test_a_shift_in_whole_steps_from_zero_is_no_counter(make):
    rows = [(f"{i}", f"{y:.0f}", f"{2 * y:.0f}") for i, y in enumerate(Y)]
    spectra = read(make(table(rows, "Raman shift\tA\tB")))
    assert [s.x[-1] for s in spectra] == [120.0, 120.0]
    nameless = "\n".join("\t".join(row) for row in rows)
    assert len(read(make(nameless), options=ReadOptions(axis="raman"))) == 2


@pytest.mark.parametrize(
    "name", ["S2p_pandas.csv", "S2p_r.csv", "S2p_sno.txt", "lg4x_like_fit.csv"]
)
def test_case_04(name):
    spectrum = one(case(f"04-index-column/{name}"), axis="binding")
    assert (len(spectrum), spectrum.x[0], spectrum.x[-1]) == (121, 158.0, 170.0)


# --------------------------------------------------------------------------------------
# prefixes and powers of ten


@pytest.mark.parametrize(
    ("heading", "factor", "axis"),
    [
        ("Binding Energy (keV)", 1e-3, Axis.BINDING_ENERGY),
        ("BE/keV", 1e-3, Axis.BINDING_ENERGY),
        ("BINDING ENERGY [KEV]", 1e-3, Axis.BINDING_ENERGY),
        ("Binding energy / meV", 1e3, Axis.BINDING_ENERGY),
        ("Kinetic Energy (keV)", 1e-3, Axis.KINETIC_ENERGY),
        ("Энергия связи, кэВ", 1e-3, Axis.BINDING_ENERGY),
        ("Raman shift (1/m)", 100.0, Axis.RAMAN_SHIFT),
        ("Raman shift (meV)", 1 / 8.065543937, Axis.RAMAN_SHIFT),
        ("Wavelength (µm)", 1e-3, Axis.WAVELENGTH),
        ("Wavelength (Å)", 10.0, Axis.WAVELENGTH),
    ],
)
def test_the_unit_of_the_axis_is_converted(make, heading, factor, axis):
    rows = [(f"{x * factor:.12g}", f"{y:.0f}") for x, y in zip(X, Y, strict=True)]
    spectrum = one(make(table(rows, f"{heading}\tIntensity")))
    assert spectrum.axis is axis
    np.testing.assert_allclose(spectrum.x, np.sort(X), rtol=1e-9)


def test_an_axis_in_an_unknown_unit_is_refused(make):
    rows = [(f"{x:.2f}", f"{y:.0f}") for x, y in zip(X, Y, strict=True)]
    for heading in ("Binding Energy (Ha)", "Binding Energy (MeV)", "Raman shift (nm)"):
        axis = "raman" if "Raman" in heading else "binding"
        with pytest.raises(ReadError, match="unit that cannot be converted"):
            read(make(table(rows, f"{heading}\tCounts")), options=ReadOptions(axis=axis))


@pytest.mark.parametrize(
    ("heading", "factor", "unit"),
    [
        ("kcps", 1e3, "counts/s"),
        ("Intensity (kcps)", 1e3, "counts/s"),
        ("kcounts", 1e3, "counts"),
        ("Counts (x10^3)", 1e3, "counts"),
        ("Counts (×10³)", 1e3, "counts"),
        ("Intensity (10^4 cps)", 1e4, "counts/s"),
        ("1E4 cps", 1e4, "counts/s"),
        ("Intensity / 10**5 counts", 1e5, "counts"),
        ("Counts x 1000", 1e3, "counts"),
        ("Mcps", 1e6, "counts/s"),
        ("counts/s (thousands)", 1e3, "counts/s"),
        ("Интенсивность, тыс. имп/с", 1e3, "counts/s"),
        ("强度 (10^3 cps)", 1e3, "counts/s"),
        ("counts s^-1", 1.0, "counts/s"),
        ("Counts", 1.0, "counts"),
    ],
)
def test_the_factor_of_the_intensity_is_applied(make, heading, factor, unit):
    rows = [(f"{x:.2f}", f"{y / factor:.12g}") for x, y in zip(X, Y, strict=True)]
    spectrum = one(make(table(rows, f"BE\t{heading}")))
    assert spectrum.y_unit == unit
    assert_is(spectrum)


@pytest.mark.parametrize("heading", ["Counts x 10^-3", "mcps", "Counts (10E3)"])
def test_a_factor_that_can_be_read_in_two_ways_is_no_unit(make, heading):
    rows = [(f"{x:.2f}", f"{y:.0f}") for x, y in zip(X, Y, strict=True)]
    spectrum = one(make(table(rows, f"BE\t{heading}")))
    assert spectrum.y_unit == "arbitrary"
    assert "two ways" in spectrum.meta.extra["y_unit_note"]


def test_background_and_errors_without_a_unit_are_in_that_of_the_intensity(make):
    rows = [
        (f"{x:.2f}", f"{y / 1000:.12g}", f"{np.sqrt(y) / 1000:.12g}", "0.5")
        for x, y in zip(X, Y, strict=True)
    ]
    spectrum = one(make(table(rows, "BE\tRaw (kcps)\tError\tBackground")))
    np.testing.assert_allclose(spectrum.sigma, np.sqrt(spectrum.y), rtol=1e-9)
    assert set(spectrum.columns["Background"]) == {500.0}


@pytest.mark.parametrize(
    ("line", "field", "value"),
    [
        ("Photon energy: 1.4866 keV", "excitation_energy_ev", 1486.6),
        ("Photon energy (keV) = 1.4866", "excitation_energy_ev", 1486.6),
        ("hv = 1.48660 keV", "excitation_energy_ev", 1486.6),
        ("Excitation energy: 1,486.6 eV", "excitation_energy_ev", 1486.6),
        ("Pass energy: 20 eV", "pass_energy_ev", 20.0),
        ("Dwell time: 250 ms", "dwell_s", 0.25),
        ("Dwell time [ms]; 250", "dwell_s", 0.25),
        ("Number of sweeps: 12", "scans", 12.0),
        ("Laser: 0.532 µm", "laser_nm", 532.0),
    ],
)
def test_the_unit_of_a_key_is_converted(make, line, field, value):
    rows = [(f"{x:.2f}", f"{y:.0f}") for x, y in zip(X, Y, strict=True)]
    spectrum = one(make(f"{line}\n" + table(rows, "BE\tIntensity")))
    assert getattr(spectrum.meta, field) == pytest.approx(value)


def test_case_05():
    spectrum = one(case("05-scaled-units-in-heading/a_kev.txt"))
    assert (spectrum.x[0], spectrum.x[-1]) == (158.0, 170.0)


# --------------------------------------------------------------------------------------
# errors


def with_errors(heading, *columns):
    rows = [
        (f"{x:.2f}", f"{y:.0f}", *(f"{c[i]:.10g}" for c in columns))
        for i, (x, y) in enumerate(zip(X, Y, strict=True))
    ]
    return table(rows, f"BE\tCounts\t{heading}")


ROOT = np.sqrt(Y)


@pytest.mark.parametrize(
    ("heading", "columns"),
    [
        ("Error", [ROOT]),
        ("sigma", [ROOT]),
        ("Fehler", [ROOT]),
        ("误差", [ROOT]),
        ("Error (%)", [100 * ROOT / Y]),
        ("rel. error", [ROOT / Y]),
        ("Variance", [ROOT**2]),
        ("sigma^2", [ROOT**2]),
        ("2 sigma", [2 * ROOT]),
        ("error low\terror high", [Y - ROOT, Y + ROOT]),
        ("lower limit\tupper limit", [Y - ROOT, Y + ROOT]),
        ("err-\terr+", [ROOT, ROOT]),
        ("error high\terror low", [Y + ROOT, Y - ROOT]),
        ("lower (95 %)\tupper (95 %)", [Y - 1.959964 * ROOT, Y + 1.959964 * ROOT]),
    ],
)
def test_errors_become_standard_deviations(make, heading, columns):
    spectrum = one(make(with_errors(heading, *columns)))
    assert_is(spectrum)
    np.testing.assert_allclose(spectrum.sigma, np.sqrt(spectrum.y), rtol=1e-6)


@pytest.mark.parametrize("digits", [1, 4])
@pytest.mark.parametrize(("heading", "time"), [("Counts", 1.0), ("CPS", 20.0)])
def test_zero_errors_where_nothing_was_counted_mean_counting(make, digits, heading, time):
    found = np.random.default_rng(3).poisson(1.5 + 40 * np.exp(-0.5 * (X - 161.5) ** 2))
    digits = digits if time == 1.0 else 4
    rows = [
        (f"{x:.2f}", f"{n / time:.6g}", f"{np.sqrt(n) / time:.{digits}f}")
        for x, n in zip(X, found, strict=True)
    ]
    spectrum = one(make(table(rows, f"BE\t{heading}\tError")))
    assert spectrum.sigma is None
    np.testing.assert_allclose(spectrum.counts, found[::-1], rtol=2e-3)
    assert "square roots" in spectrum.meta.extra["error_note"]


@pytest.mark.parametrize("value", [0.0, -3.0])
def test_an_impossible_error_is_named_with_its_row_and_the_way_out(make, value):
    errors = ROOT.copy()
    errors[40] = value
    path = make(with_errors("Error", errors))
    with pytest.raises(ReadError, match=r"row 42: the error .*--x-column"):
        read(path)
    assert one(path, x_column=1, y_column=2).sigma is None


def test_limits_that_do_not_hold_the_intensity_are_refused(make):
    low = Y - ROOT
    low[7] = Y[7] + 1
    with pytest.raises(ReadError, match=r"row 9: the intensity .* is not inside the limits"):
        read(make(with_errors("error low\terror high", low, Y + ROOT)))


def test_each_intensity_has_its_own_errors(make):
    rows = [
        (f"{x:.2f}", f"{y:.0f}", f"{r:.6g}", f"{2 * y:.0f}", f"{3 * r:.6g}")
        for x, y, r in zip(X, Y, ROOT, strict=True)
    ]
    a, b = read(make(table(rows, "BE\tA\terror A\tB\terror B")))
    np.testing.assert_allclose(b.sigma, 3 * a.sigma, rtol=1e-5)


def test_case_06():
    zero = one(case("06-error-column/a_zero_sigma.csv"))
    assert zero.sigma is None
    assert zero.y_unit == "counts"
    limits = one(case("06-error-column/c_low_high.csv"))
    np.testing.assert_allclose(limits.sigma, np.sqrt(limits.y), rtol=0.01)


# --------------------------------------------------------------------------------------
# signs of the axis, languages, repeats, blank cells


@pytest.mark.parametrize(
    "heading",
    ["Binding Energy (eV)", "E-E_F (eV)", "E - EF", "E−EF (eV)", "Energy rel. to Fermi level"],
)
def test_energies_counted_up_from_the_fermi_level(make, heading):
    rows = [(f"{-x:.2f}", f"{y:.0f}") for x, y in zip(X, Y, strict=True)]
    spectrum = one(make(table(rows, f"{heading}\tCounts")))
    assert_is(spectrum)
    assert "minus the number" in spectrum.meta.extra["axis_note"]


def test_a_valence_band_keeps_its_sign_or_has_it_by_its_heading(make):
    x = np.linspace(-3, 12, 151)
    rows = [(f"{a:.2f}", "5") for a in x]
    assert one(make(table(rows, "BE\tCounts"))).x[0] == pytest.approx(-3.0)
    rows = [(f"{-a:.2f}", "5") for a in x]
    assert one(make(table(rows, "E-EF (eV)\tCounts"))).x[0] == pytest.approx(-3.0)


@pytest.mark.parametrize("name", ["a.txt", "b.txt"])
def test_case_15(name):
    spectrum = one(case(f"15-negative-binding-energy-axis/{name}"))
    assert (spectrum.axis, spectrum.x[0], spectrum.x[-1]) == (Axis.BINDING_ENERGY, 158.0, 170.0)


LANGUAGES = [
    ("结合能 (eV)", "强度 (cps)", ("utf-8", "gb18030", "gbk", "utf-16"), "counts/s"),
    ("結合能 (eV)", "強度 (計數/秒)", ("utf-8", "big5"), "counts/s"),
    ("結合エネルギー (eV)", "強度 (cps)", ("utf-8", "cp932", "euc_jp"), "counts/s"),
    ("결합 에너지 (eV)", "세기 (카운트)", ("utf-8", "cp949", "euc_kr"), "counts"),
    ("Energía de enlace (eV)", "Cuentas/s", ("utf-8", "cp1252"), "counts/s"),
    ("Energia di legame (eV)", "Conteggi", ("utf-8", "cp1252"), "counts"),
    ("Energia de ligação (eV)", "Contagens por segundo", ("utf-8", "cp1252"), "counts/s"),
    (
        "Энергия связи, эВ",
        "Интенсивность, имп/с",
        ("utf-8", "cp1251", "koi8_r", "cp866"),
        "counts/s",
    ),
    ("Bindungsenergie (eV)", "Zählrate (1/s)", ("utf-8", "cp1252"), "counts/s"),
    ("Énergie de liaison (eV)", "Coups/s", ("utf-8", "cp1252"), "counts/s"),
    ("Energia wiązania (eV)", "Zliczenia", ("utf-8", "cp1250"), "counts"),
    ("Bağlanma enerjisi (eV)", "Sayım", ("utf-8", "cp1254"), "counts"),
]


@pytest.mark.parametrize(
    ("axis", "intensity", "encoding", "unit"),
    [(a, i, e, u) for a, i, encodings, u in LANGUAGES for e in encodings],
)
def test_headings_in_other_languages_and_encodings(make, axis, intensity, encoding, unit):
    rows = [(f"{x:.2f}", f"{y:.0f}") for x, y in zip(X, Y, strict=True)]
    spectrum = one(make(table(rows, f"{axis}\t{intensity}"), encoding=encoding))
    assert_is(spectrum)
    assert (spectrum.axis, spectrum.y_unit) == (Axis.BINDING_ENERGY, unit)


@pytest.mark.parametrize(
    ("heading", "axis"),
    [
        ("Кинетическая энергия, эВ", Axis.KINETIC_ENERGY),
        ("动能 (eV)", Axis.KINETIC_ENERGY),
        ("運動エネルギー (eV)", Axis.KINETIC_ENERGY),
        ("Energía cinética (eV)", Axis.KINETIC_ENERGY),
        ("Énergie cinétique", Axis.KINETIC_ENERGY),
        ("拉曼位移 (cm-1)", Axis.RAMAN_SHIFT),
        ("ラマンシフト", Axis.RAMAN_SHIFT),
        ("Número de onda", Axis.RAMAN_SHIFT),
        ("Волновое число, см-1", Axis.RAMAN_SHIFT),
        ("Wellenzahl", Axis.RAMAN_SHIFT),
        ("波长 (nm)", Axis.WAVELENGTH),
        ("Длина волны, нм", Axis.WAVELENGTH),
    ],
)
def test_other_axes_in_other_languages(make, heading, axis):
    rows = [(f"{x:.2f}", f"{y:.0f}") for x, y in zip(X, Y, strict=True)]
    assert one(make(table(rows, f"{heading}\tIntensity"))).axis is axis


@pytest.mark.parametrize("name", ["es", "it", "ja_sjis", "pt", "ru", "zh_gbk", "zh_utf8"])
def test_case_22(name):
    assert one(case(f"22-headings-in-other-languages/{name}.txt")).axis is Axis.BINDING_ENERGY


@pytest.mark.parametrize(("digits", "step"), [(1, 0.05), (1, 0.04), (0, 0.25), (2, 0.004)])
def test_rounded_energies_become_even_steps_again(make, digits, step):
    x = 170.02 - step * np.arange(200)
    rows = [(f"{a:.{digits}f}", f"{b:.0f}") for a, b in zip(x, np.tile(Y, 2), strict=False)]
    spectrum = one(make(table(rows)))
    assert len(spectrum) == 200
    np.testing.assert_allclose(spectrum.x, np.sort(x), atol=0.5 * 10.0**-digits)
    assert spectrum.step == pytest.approx(step, rel=1e-3)
    assert "rounded" in spectrum.meta.extra["repeats_note"]


def test_points_measured_twice_become_their_mean(make):
    twice = {x: (-5, 5) if x > 166.0 else (0,) for x in X}
    rows = [(f"{x:.2f}", f"{y + d:.0f}") for x, y in zip(X, Y, strict=True) for d in twice[x]]
    spectrum = one(make(table(rows)))
    assert_is(spectrum)
    assert "40 repeated" in spectrum.meta.extra["repeats_note"]


def test_case_26():
    spectrum = one(case("26-rounded-axis-and-repeated-region/S2p_round1.txt"))
    assert (len(spectrum), round(spectrum.step, 4)) == (242, 0.05)


@pytest.mark.parametrize("delimiter", ["\t", ",", ";"])
@pytest.mark.parametrize(("before", "after"), [(0, 1), (1, 0), (2, 2), (0, 3)])
def test_empty_columns_at_the_ends_of_a_table(make, delimiter, before, after):
    rows = [
        ("",) * before + (f"{x:.2f}", f"{y:.0f}", "600", f"{y + 1:.0f}") + ("",) * after
        for x, y in zip(X, Y, strict=True)
    ]
    heading = "\t" * before + "Binding Energy (eV)\tRaw\tBackground\tEnvelope" + "\t" * after
    spectrum = one(make(table(rows, heading, delimiter)))
    assert_is(spectrum)
    assert list(spectrum.columns) == ["Background", "Envelope"]


@pytest.mark.parametrize("name", ["two_plain", "two_leading", "two_trailing", "fit_table_trailing"])
def test_case_27(name):
    path = case(f"27-tab-table-with-empty-first-or-last-column/{name}.txt")
    assert len(one(path)) == 121


@pytest.mark.parametrize(("before", "after"), [(20, 0), (0, 7), (5, 5)])
def test_rows_without_abscissa_at_the_ends_are_no_points(make, before, after):
    n = X.size
    shift = [f"{x:.2f}" for x in np.arange(200, 200 + n)]
    cells = ["   "] * before + shift[before : n - after] + [""] * after
    rows = [(f"{i}", cell, f"{y:.0f}") for i, (cell, y) in enumerate(zip(cells, Y, strict=True))]
    spectrum = one(make(table(rows, "Pixel\tRaman Shift\tRaw data #1", ";")))
    assert len(spectrum) == n - before - after
    assert spectrum.y[0] == Y[before]
    assert spectrum.meta.extra["rows_without_abscissa"] == before + after


def test_a_blank_abscissa_inside_is_damage(make):
    rows = [[f"{x:.2f}", f"{y:.0f}"] for x, y in zip(X, Y, strict=True)]
    rows[50][0] = ""
    with pytest.raises(ReadError, match="row 52, column 1 is empty"):
        read(make(table(rows)))


def test_case_28():
    spectrum = one(case("28-bwspec-blank-first-pixels/bw.txt"))
    assert (len(spectrum), spectrum.axis) == (380, Axis.RAMAN_SHIFT)
    meta = spectrum.meta
    assert (meta.dwell_s, meta.scans, meta.laser_nm) == (2.0, 5.0, 785.36)
