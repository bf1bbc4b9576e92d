"""Fits of LG4X and LG4X-V2: synthetic files as each of their versions writes them."""

from __future__ import annotations

import numpy as np
import pytest

from spectra_core.errors import ReadError
from spectra_core.foreign.presence import has_exported_fit
from spectra_core.foreign.stored_fit import stored_fit
from spectra_core.readers import ReadOptions, identify, read
from spectra_core.spectrum import Axis

X = np.round(np.arange(295.0, 280.0, -0.05), 6)
PEAKS = {"g1": (284.8, 9000.0, 1.2), "g2": (286.4, 4000.0, 1.4)}
"""Centre, height, full width at half maximum."""
STATIC = 800.0 + 400.0 / (1.0 + np.exp(-(X - 285.5) / 0.8))
POLY = 50.0 + 2.0 * (X - 280.0)
CURVES = {
    name: height * np.exp(-4.0 * np.log(2.0) * ((X - at) / width) ** 2)
    for name, (at, height, width) in PEAKS.items()
}
NOISE = np.random.default_rng(20261201).normal(0.0, 20.0, X.size)
SUM = CURVES["g1"] + CURVES["g2"]
MEASURED = np.round(SUM + STATIC + POLY + NOISE, 3)
NO_POLY = MEASURED - np.round(POLY, 3)
LIGHTENED = "#No of rows lightened (2D detector)1(if not using 2D detector, value is 1)\n"


def curves_alone(**changes):
    """Return the columns of LG4X: no measured spectrum, `y` is the model before the fit."""
    return {"x": X, "y": 0.3 * SUM, "fit": SUM, "bg": STATIC} | CURVES | changes


def second(**changes):
    """Return the columns of LG4X-V2 with `raw_y` and a static and a polynomial background."""
    background = STATIC + POLY
    columns = {"x": X, "raw_y": MEASURED, "data-bg": MEASURED - background}
    columns |= {"sum_components": SUM, "bg": background, "pg": POLY, "sum_fit": SUM + background}
    return columns | CURVES | changes


def third(shift=0.35, **changes):
    """Return the columns of the later LG4X-V2, with corrected energies and own names."""
    background = STATIC + POLY
    columns = {"raw_x": X, "raw_y": MEASURED, "corrected x": X - shift}
    columns |= {"data-bg": MEASURED - background, "sum_components": SUM, "bg": background}
    columns |= {"bg_static": STATIC, "sum_fit": SUM + background, "residual": NOISE / 50.0}
    columns |= {"bg_poly_": POLY, "C-C, C-H": CURVES["g1"], "C-O": CURVES["g2"]}
    return columns | changes


@pytest.fixture
def saved(tmp_path):
    """Give a function that writes columns as the program does."""

    def save(columns, name="C1s_fit.csv", above=""):
        headings = ",".join(f'"{one}"' if "," in one else one for one in columns)
        rows = (
            ",".join(repr(float(v)) for v in row) for row in zip(*columns.values(), strict=True)
        )
        path = tmp_path / name
        path.write_text(above + headings + "\n" + "\n".join(rows) + "\n")
        return path

    return save


def assert_has_the_fit(spectrum, names, shift=0.0):
    """Assert that the components are those drawn, by the formulas of a Gaussian."""
    assert has_exported_fit(spectrum)
    (region,) = stored_fit(spectrum).model.regions
    assert tuple(one.id for one in region.components) == names
    for component, (at, height, width) in zip(region.components, PEAKS.values(), strict=True):
        value = {key: parameter.value for key, parameter in component.parameters.items()}
        assert value["center"] == pytest.approx(at + shift, abs=2e-3)
        assert value["fwhm"] == pytest.approx(width, rel=2e-3)
        area = height * width * np.sqrt(np.pi / np.log(2.0)) / 2.0
        assert value["area"] == pytest.approx(area, rel=3e-3)


@pytest.mark.parametrize("above", ["", LIGHTENED])
def test_the_spectrum_and_the_fit_of_the_later_version(saved, above):
    path = saved(third(), above=above)
    assert identify(path) == "LG4X csv"
    (spectrum,) = read(path)
    assert spectrum.axis is Axis.BINDING_ENERGY
    assert "--axis" in spectrum.meta.extra["axis_note"]
    assert spectrum.meta.region == "C 1s"
    np.testing.assert_array_equal(spectrum.x_recorded, X[::-1])
    np.testing.assert_allclose(spectrum.x, X[::-1] - 0.35, atol=1e-9)
    np.testing.assert_array_equal(spectrum.y, MEASURED[::-1])
    assert_has_the_fit(spectrum, ("C-C, C-H", "C-O"), shift=-0.35)


def test_a_shift_of_kinetic_energies_has_its_sign(saved):
    (spectrum,) = read(saved(third()), options=ReadOptions(axis="kinetic"))
    np.testing.assert_allclose(spectrum.x, X[::-1] - 0.35, atol=1e-9)


def test_a_rising_scale_is_asked_for(saved):
    path = saved({name: values[::-1] for name, values in third().items()})
    with pytest.raises(ReadError, match="first column"):
        read(path)
    (spectrum,) = read(path, options=ReadOptions(axis="binding"))
    np.testing.assert_array_equal(spectrum.y, MEASURED[::-1])
    assert_has_the_fit(spectrum, ("C-C, C-H", "C-O"), shift=-0.35)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"raw_y": MEASURED - STATIC},  # taken off already
        {"sum_fit": SUM + 2 * (STATIC + POLY)},  # the background twice, the other sum is right
    ],
)
def test_the_second_layout_has_what_was_measured_whatever_its_version_took_off(saved, changes):
    (spectrum,) = read(saved(second(**changes)))
    np.testing.assert_allclose(spectrum.y, MEASURED[::-1], atol=1e-9)
    assert ("added again" in spectrum.meta.extra.get("intensity_note", "")) == ("raw_y" in changes)
    assert_has_the_fit(spectrum, ("g1", "g2"))


def test_a_sum_without_the_background_that_is_not_fitted_is_understood(saved):
    columns = third(**{"sum_fit": SUM + POLY, "sum_components": SUM - STATIC})
    del columns["bg_static"]
    (spectrum,) = read(saved(columns))
    assert_has_the_fit(spectrum, ("C-C, C-H", "C-O"), shift=-0.35)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"C-O": 1.02 * CURVES["g2"]}, "not its column sum_"),
        ({"raw_y": 2.0 * MEASURED}, "not that of this spectrum"),
    ],
)
def test_what_does_not_add_up_is_no_fit(saved, changes, words):
    (spectrum,) = read(saved(third(**changes)))
    assert not has_exported_fit(spectrum)
    assert words in spectrum.meta.extra["fit_note"]
    np.testing.assert_array_equal(spectrum.y, changes.get("raw_y", MEASURED)[::-1])


def test_energies_that_are_no_shift_are_said(saved):
    (spectrum,) = read(saved(third(**{"corrected x": 1.01 * X})))
    np.testing.assert_array_equal(spectrum.x, X[::-1])
    assert "shift" in spectrum.meta.extra["shift_note"]


def test_a_simulation_is_no_spectrum(saved):
    with pytest.raises(ReadError, match="simulation"):
        read(saved(third(raw_y=0 * X)))


@pytest.mark.parametrize("with_background", [False, True])
def test_curves_alone_belong_to_the_file_beside_them(saved, with_background):
    """The model before the fit is never taken for the measured spectrum."""
    inside = slice(40, 280)
    fit = SUM + STATIC if with_background else SUM
    columns = {name: values[inside] for name, values in curves_alone(fit=fit).items()}
    path = saved(columns)
    assert identify(path) == "LG4X csv"
    with pytest.raises(ReadError, match="without what was measured") as caught:
        read(path)
    assert "C1s.csv" in caught.value.hint
    saved({"BE/eV": X, "counts": np.round(NO_POLY, 3)}, "C1s.csv")
    (spectrum,) = read(path)
    np.testing.assert_allclose(spectrum.y, NO_POLY[inside][::-1], atol=1e-3)
    assert spectrum.axis is Axis.BINDING_ENERGY
    assert_has_the_fit(spectrum, ("g1", "g2"))


def test_curves_of_another_range_are_no_fit_of_the_file_beside_them(saved):
    path = saved(curves_alone(x=X + 0.02))
    saved({"BE/eV": X, "counts": np.round(NO_POLY, 3)}, "C1s.csv")
    (spectrum,) = read(path)
    assert not has_exported_fit(spectrum)
    assert "energies are not those of C1s.csv" in spectrum.meta.extra["fit_note"]
    np.testing.assert_allclose(spectrum.y, NO_POLY[::-1], atol=1e-3)


REPORT = """LG4X: lmfit gui for xps curve fitting ver. 2.0

[[Data file]]

/data/C1s.csv

[[Variables]]
    g1_center:     284.8 +/- 0.002 (0.00%) (init = 284.6)
    g1_amplitude:  11496.5 +/- 12 (0.10%) (init = 20000)
[[Correlations]] (unreported correlations are < 0.100)
    C(g1_center, g1_amplitude) = 0.2
"""


def test_the_report_beside_is_metadata_and_alone_is_named(saved, tmp_path):
    path = saved(third())
    report = tmp_path / "C1s_fit.txt"
    report.write_text(REPORT)
    (spectrum,) = read(path)
    told = spectrum.meta.extra["metadata"]["lg4x"]
    assert told["fitted file"] == "/data/C1s.csv"
    assert told["variables"]["g1_center"].startswith("284.8 +/- 0.002")
    assert set(told["variables"]) == {"g1_center", "g1_amplitude"}
    with pytest.raises(ReadError, match="report of a fit of LG4X"):
        read(report)


@pytest.mark.parametrize("head", ["[0, ", "[[100, 270.0, 300.0, 1486.6, 4.0], "])
def test_settings_are_named(tmp_path, head):
    path = tmp_path / "C1s_pars.dat"
    path.write_text(f"{head}[[0, 295, 0, 275, '', ''], ['cv', 1e-06]], [['', 10], [2, 284.6]]]")
    with pytest.raises(ReadError, match="settings of a fit of LG4X"):
        read(path)


def test_a_damaged_table_is_a_sentence(saved):
    path = saved(third())
    whole = path.read_text()
    row = whole.splitlines()[40]
    for damaged in (row.rsplit(",", 1)[0] + ",", "broken", row + ",1"):
        path.write_text(whole.replace(row, damaged))
        with pytest.raises(ReadError, match=r"row 4[01]|12 headings above 13 columns"):
            read(path)


def test_other_tables_with_such_names_are_plain_text(saved):
    assert identify(saved({"x": X, "y": MEASURED, "fit": SUM})) == "text columns"
    assert identify(saved({"x": X, "y": MEASURED, "fit": SUM, "bg": POLY})) == "text columns"
    assert identify(saved({"x": X, "raw_y": MEASURED, "bg": POLY})) == "text columns"
