"""Another program's exported curves become a model that refits to the same numbers."""

import numpy as np
import pytest
from scipy.special import voigt_profile

from spectra_core.errors import FitError, ModelError
from spectra_core.fitting import FitOptions, Weights, evaluate, fit
from spectra_core.foreign.exported import (
    exported_components,
    exported_model,
    exported_windows,
)
from spectra_core.foreign.presence import has_exported_fit
from spectra_core.foreign.shape_of_curve import identified_shape
from spectra_core.model import Background, Model, Region, add_doublet, set_parameter
from spectra_core.readers import read
from spectra_core.spectrum import Axis, Meta, make_spectrum

FOLDER = "theoechem-tfsi-casaxps"
THIOL = "20240228_Au_Nadep_from_MPPipTFSI4AMSIol3_Relative.csv"
SULFONYL = "20240220_Au_MPPipTFSI4AMSIol3_S_2p.csv"


def synthetic_export():
    """Noise-free synthetic S 2p with its own curves as another program would export them."""
    x = np.arange(155.0, 175.0, 0.1)
    region = Region("S 2p", (158.0, 172.0), Background("linear"))
    region = add_doublet(
        region, "line", "S 2p", "la", center=162.0, fwhm=1.3, area=900.0, alpha=1.53, beta=1.53
    )
    model = set_parameter(Model((region,)), "S 2p/background/level", value=100.0)
    model = set_parameter(model, "S 2p/background/slope", value=1.5)
    flat = make_spectrum(x, np.ones_like(x), Axis.BINDING_ENERGY, y_unit="counts")
    drawn = evaluate(flat, model).regions[0]
    data = np.full(x.size, 100.0)
    inside = (x > 157.99) & (x < 172.01)
    data[inside] = drawn.envelope

    def column(values):
        padded = data.copy()
        padded[inside] = values
        return padded

    columns = {
        f"S 2p_{i}": column(drawn.background + c) for i, c in enumerate(drawn.peaks.values())
    }
    columns |= {"Background": column(drawn.background), "Envelope": column(drawn.envelope)}
    export = {"components": [], "background": "Background", "envelope": "Envelope"}
    meta = Meta(region="S 2p", dwell_s=1.0, scans=1.0, extra={"casaxps_export": export})
    return make_spectrum(x, data, Axis.BINDING_ENERGY, meta=meta, columns=columns)


def test_a_synthetic_export_is_measured_and_refitted_to_its_truth():
    spectrum = synthetic_export()
    taken = exported_model(spectrum)
    (window,) = exported_windows(spectrum)
    assert window == pytest.approx((158.0, 172.0))
    major = exported_components(spectrum)[0]
    assert major.position == pytest.approx(162.0, abs=0.005)
    assert major.fwhm == pytest.approx(1.3, rel=0.01)
    assert any("its curves are LA(1.53," in note for note in taken.notes)
    result = fit(spectrum, taken.model)
    assert result.value("S 2p/S 2p_0 + S 2p_1/area") == pytest.approx(900.0, rel=1e-3)


def test_a_spectrum_without_exported_curves_is_refused():
    x = np.linspace(0, 1, 20)
    plain = make_spectrum(x, x, Axis.BINDING_ENERGY)
    assert not has_exported_fit(plain)
    with pytest.raises(ModelError, match="no exported components"):
        exported_model(plain)


@pytest.mark.parametrize("weights", [Weights.UNIT, Weights.POISSON])
@pytest.mark.parametrize(
    ("file", "strong", "weak"), [(SULFONYL, (0, 1), ()), (THIOL, (0, 1), (2, 3))]
)
def test_casaxps_s2p_exports_refit_to_their_own_components(data_dir, file, strong, weak, weights):
    (spectrum,) = read(data_dir / FOLDER / file)
    measured = exported_components(spectrum)
    result = fit(spectrum, exported_model(spectrum).model, options=FitOptions(weights=weights))
    assert len(result.model.regions[0].doublets) == (len(strong) + len(weak)) / 2
    for indices, tolerance in ((strong, 0.02), (weak, 0.05)):
        for component in (measured[i] for i in indices):
            path = f"S 2p/{component.name}"
            assert result.value(f"{path}/area") == pytest.approx(component.area, rel=tolerance)
            assert result.value(f"{path}/center") == pytest.approx(component.position, abs=0.02)


def test_two_exported_regions_of_one_spectrum_become_two_regions(data_dir):
    (spectrum,) = read(data_dir / FOLDER / "20240220_Au_MPPipTFSI4AMSIol3_C_1s.csv")
    taken = exported_model(spectrum)
    assert [len(region.components) for region in taken.model.regions] == [2, 1]
    assert {region.background.type for region in taken.model.regions} == {"given"}


def test_named_line_shapes_of_an_export_are_used(data_dir):
    path = data_dir / "pynxtools-xps" / "vamas" / "FeO_analyzed_lineshapes_cols.txt"
    (spectrum,) = read(path)
    shapes = [c.lineshape for c in exported_model(spectrum).model.regions[0].components]
    assert shapes == ["lf", "gl_sum", "lf", "gl_sum"]


# ---- line shapes, each drawn here by its own definition


def gl(t, m):
    return np.exp(-4 * np.log(2) * (1 - m / 100) * t**2) / (1 + 4 * m / 100 * t**2)


def sgl(t, m):
    return m / 100 / (1 + 4 * t**2) + (1 - m / 100) * np.exp(-4 * np.log(2) * t**2)


def voigt(t, mix):
    return voigt_profile(t, (1 - mix) / 2.3548, mix / 2)


def la(t, a, b, m):
    """The Lorentzian to the powers a and b, convolved channel by channel as CasaXPS does."""
    grid = np.arange(-4000, 4001) / 40.0
    base = (1 / (1 + 4 * grid**2)) ** np.where(grid > 0, a, b)
    half = int(m // 2)
    kernel = np.exp(-((3 * np.arange(-half, half + 1) / half) ** 2))
    return np.interp(t, grid, np.convolve(base, kernel / kernel.sum(), "same"))


@pytest.mark.parametrize(
    ("curve", "text"),
    [
        (lambda t: gl(t, 30), "GL(30)"),
        (lambda t: gl(t, 90), "GL(90)"),
        (lambda t: sgl(t, 30), "SGL(30)"),
        (lambda t: sgl(t, 80), "SGL(80)"),
        (lambda t: voigt(t, 0.3), "Voigt (mix 0.3)"),
        (lambda t: la(t, 1.53, 1.53, 243), "LA(1.53,242)"),
        (lambda t: la(t, 1.4, 1.7, 100), "LA(1.4,1.7,100)"),
    ],
)
def test_the_shape_is_found_from_the_curve_itself(curve, text):
    x = np.arange(156.0, 170.0, 0.1)
    y = np.round(5000.0 * curve((x - 162.03) / 0.9) / curve(np.zeros(1))[0], 2)
    found = identified_shape(x, y, center=162.0, fwhm=1.3, rounding=0.01, known=())
    assert found is not None
    assert found.shape.text == text
    assert found.center == pytest.approx(162.03, abs=1e-3)
    assert found.deviation < 4e-4
    again = identified_shape(x, y, center=162.0, fwhm=1.3, rounding=0.01, known=(found.shape,))
    assert again is not None and again.shape == found.shape


def test_a_curve_that_is_no_line_is_given_no_shape():
    x = np.arange(156.0, 170.0, 0.1)
    box = np.where(np.abs(x - 162.0) < 1.0, 100.0, 0.0)
    assert identified_shape(x, box, center=162.0, fwhm=2.0, rounding=0.01, known=()) is None


def test_au_4f_exports_are_gl_90_and_refit_to_their_areas(data_dir):
    path = data_dir / FOLDER / "20240228_Au_Nadep_from_MPPipTFSI4AMSIol3_Au_4f.csv"
    (spectrum,) = read(path)
    taken = exported_model(spectrum)
    assert any("its curves are GL(90), which" in note for note in taken.notes)
    drawn = evaluate(spectrum, taken.model).regions[0]
    for component in exported_components(spectrum):
        column = spectrum.columns[component.name] - spectrum.columns["Background"]
        inside = (spectrum.x >= drawn.x[0] - 1e-9) & (spectrum.x <= drawn.x[-1] + 1e-9)
        curve = next(c for name, c in drawn.peaks.items() if name == component.name)
        np.testing.assert_allclose(curve, column[inside], atol=1e-3 * component.height)


def test_the_exported_background_is_taken_as_it_stands(data_dir):
    (spectrum,) = read(data_dir / FOLDER / SULFONYL)
    model = exported_model(spectrum).model
    drawn = evaluate(spectrum, model).regions[0]
    inside = (spectrum.x >= drawn.x[0] - 1e-9) & (spectrum.x <= drawn.x[-1] + 1e-9)
    np.testing.assert_array_equal(drawn.background, spectrum.columns["Background"][inside])
    bare = make_spectrum(spectrum.x, spectrum.y, spectrum.axis, meta=spectrum.meta)
    with pytest.raises(FitError, match="column 'Background', which the spectrum does not have"):
        fit(bare, model)


def test_the_fit_of_an_avantage_export_is_offered_too(data_dir):
    spectra = read(data_dir / "khervefitting" / "Hard_carbon_Thermo.xlsx")
    (carbon,) = [s for s in spectra if s.meta.region == "C 1s"]
    assert has_exported_fit(carbon)
    shapes = {c.name: c.drawn.shape.text for c in exported_components(carbon) if c.drawn}
    assert shapes["C1s C-C"] == shapes["C1s C=O"] == "GL(30)"
