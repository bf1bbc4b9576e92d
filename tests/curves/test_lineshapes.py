"""Areas are integrals, widths are widths: checked by ruler, by oracle and by tables."""

from math import log, pi, sqrt

import lmfit.lineshapes
import numpy as np
import pytest
import scipy.special
import scipy.stats

from spectra_core.curves import convolved, profiles
from spectra_core.curves.lineshapes import LINESHAPES, lineshape
from spectra_core.errors import ModelError
from spectra_core.foreign.casaxps_shapes import casaxps_note, from_casaxps, to_casaxps

STRENGTH, CENTER, FWHM = 10.0, 163.13, 1.2

SHAPE_VALUES = {
    "gaussian": [()],
    "lorentzian": [()],
    "voigt": [(0.0,), (0.05,), (0.3,), (0.7,), (0.999,), (1.0,)],
    "voigt_asymmetric": [(0.0, 0.3), (0.3, -0.2), (0.3, 0.0), (0.5, 0.9), (1.0, -0.9), (1.0, 0.4)],
    "pseudo_voigt": [(0.0,), (0.3,), (1.0,)],
    "gl_sum": [(0.0,), (0.3,), (1.0,)],
    "gl_product": [(0.0,), (1e-4,), (0.3,), (0.7,), (0.999,), (1.0,)],
    "la": [(1.53, 1.53, 0.0), (0.65, 2.8, 0.1), (1.4, 1.7, 0.47), (2.5, 0.7, 0.63), (8, 1, 0.9)],
    "lf": [(0.54, 10.0, 80.0, 0.63), (0.3, 1.5, 20.0, 0.0), (1.2, 1.2, 400.0, 0.3)],
    "doniach_sunjic": [(0.0,), (0.1,), (0.35,), (0.6,)],
    "doniach_sunjic_convolved": [(0.0, 0.3), (0.1, 0.5), (0.3, 0.05), (0.3, 0.8)],
    "bwf": [(0.0,), (-0.2,), (0.3,), (0.9,)],
}
CASES = [
    pytest.param(name, (STRENGTH, CENTER, FWHM, *shape), id=f"{name}{shape}")
    for name, shapes in SHAPE_VALUES.items()
    for shape in shapes
] + [
    pytest.param("voigt_two_widths", (STRENGTH, CENTER, *widths), id=f"voigt_two_widths{widths}")
    for widths in [(0.0, 0.8), (0.8, 0.0), (0.9, 0.4), (0.001, 0.8), (0.8, 0.001)]
]
FINITE = [case for case in CASES if LINESHAPES[case.values[0]].finite_area]


def curve(name: str, p: tuple[float, ...], x: np.ndarray, orientation: int = 1) -> np.ndarray:
    return LINESHAPES[name].evaluate(x, np.array(p, dtype=float), orientation)


def half_maximum_width(x: np.ndarray, y: np.ndarray) -> float:
    """Measure as with a ruler: linear interpolation at half of the highest value."""
    half, top = 0.5 * y.max(), int(y.argmax())
    left = np.interp(half, y[: top + 1], x[: top + 1])
    right = np.interp(-half, -y[top:], x[top:])
    return float(right - left)


def test_the_cases_cover_the_table():
    assert {case.values[0] for case in CASES} == set(LINESHAPES)


# --- area, width, height, position ------------------------------------------------------------


@pytest.mark.parametrize(("name", "p"), FINITE)
def test_area_is_the_integral_over_all_energies(name, p):
    s = np.linspace(-100.0, 100.0, 20_001)  # x spread evenly in asinh: reaches 1e43 eV
    y = curve(name, (p[0], 0.0, *p[2:]), 0.5 * FWHM * np.sinh(s))
    integral = np.trapezoid(y * 0.5 * FWHM * np.cosh(s), s)
    assert integral == pytest.approx(STRENGTH, rel=1e-6)
    assert LINESHAPES[name].summarize(np.array(p, dtype=float), 1).area == p[0]


@pytest.mark.parametrize(("name", "p"), FINITE)
def test_shifts_by_less_than_a_channel_leave_the_summed_area_constant(name, p):
    x = CENTER + np.arange(-1000.0, 1000.0, 0.02)
    sums = [curve(name, (p[0], CENTER + shift, *p[2:]), x).sum() for shift in (0.0, 0.007, 0.0111)]
    assert np.ptp(sums) < 1e-6 * sums[0]


def dense_axis(name: str, p: tuple[float, ...]) -> np.ndarray:
    """Return an axis fine enough for a ruler, around the maximum, in the line's own scale."""
    summary = LINESHAPES[name].summarize(np.array(p, dtype=float), 1)
    return summary.maximum_at + summary.fwhm * np.linspace(-1.2, 1.2, 12_001)


@pytest.mark.parametrize(("name", "p"), CASES)
def test_summary_is_what_a_ruler_finds(name, p):
    x = dense_axis(name, p)
    y = curve(name, p, x)
    summary = LINESHAPES[name].summarize(np.array(p, dtype=float), 1)
    assert summary.height == pytest.approx(y.max(), rel=1e-7)
    assert summary.maximum_at == pytest.approx(x[y.argmax()], abs=2.1e-4 * summary.fwhm)
    assert summary.fwhm == pytest.approx(half_maximum_width(x, y), rel=1e-6)


@pytest.mark.parametrize(("name", "p"), CASES)
def test_no_point_lies_above_the_height(name, p):
    y = curve(name, p, CENTER + np.linspace(-30.0, 30.0, 6001))
    assert y.max() <= LINESHAPES[name].summarize(np.array(p, dtype=float), 1).height * (1 + 1e-12)


@pytest.mark.parametrize(("name", "p"), [c for c in CASES if c.values[0] != "voigt_two_widths"])
def test_the_parameter_fwhm_is_the_measured_width(name, p):
    x = dense_axis(name, p)
    assert half_maximum_width(x, curve(name, p, x)) == pytest.approx(FWHM, rel=1e-6)


@pytest.mark.parametrize(
    ("name", "p"), [c for c in CASES if not LINESHAPES[c.values[0]].finite_area]
)
def test_height_is_the_maximum_where_there_is_no_area(name, p):
    x = dense_axis(name, p)
    assert curve(name, p, x).max() == pytest.approx(STRENGTH, rel=1e-7)
    assert LINESHAPES[name].summarize(np.array(p, dtype=float), 1).area is None


@pytest.mark.parametrize("shape", [(1.4, 1.7, 0.47), (0.8, 3.0, 0.2)])
def test_the_area_of_la_does_not_depend_on_the_window(shape):
    inside = curve("la", (STRENGTH, CENTER, FWHM, *shape), CENTER + np.linspace(-2, 2, 81))
    wide = curve("la", (STRENGTH, CENTER, FWHM, *shape), CENTER + np.linspace(-20, 20, 801))
    np.testing.assert_allclose(wide[360:441], inside, rtol=1e-12)


# --- derivatives --------------------------------------------------------------------------------

RANDOM_RANGES = {
    "area": (1.0, 100.0),
    "height": (1.0, 100.0),
    "center": (160.0, 166.0),
    "fwhm": (0.4, 3.0),
    "fwhm_gauss": (0.05, 2.0),
    "fwhm_lorentz": (0.05, 2.0),
    "mix": (0.02, 0.98),
    "alpha": (0.6, 6.0),
    "beta": (0.6, 6.0),
    "damping": (2.0, 300.0),
    "gauss": (0.02, 0.85),
}
ASYMMETRIES = {"bwf": (-0.8, 0.8)}


def random_vector(name: str, seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    ranges = RANDOM_RANGES | {"asymmetry": ASYMMETRIES.get(name, (0.01, 0.55))}
    return np.array([rng.uniform(*ranges[spec.name]) for spec in LINESHAPES[name].parameters])


def difference_quotient(name, x, p, i, orientation, steps=(-1.0, 1.0), weights=(-0.5, 0.5)):
    h = 1e-5 * max(1.0, abs(p[i])) if i != 1 else 1e-5
    total = np.zeros_like(x)
    for step, weight in zip(steps, weights, strict=True):
        moved = p.copy()
        moved[i] += step * h
        total += weight / h * LINESHAPES[name].evaluate(x, moved, orientation)
    return total


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("name", LINESHAPES)
def test_derivatives_are_those_of_the_curve(name, seed):
    x, p = np.linspace(150.0, 176.0, 261), random_vector(name, seed)
    orientation = 1 if seed % 2 else -1
    _, jacobian = LINESHAPES[name].derivatives(x, p, orientation)
    for i, spec in enumerate(LINESHAPES[name].parameters):
        expected = difference_quotient(name, x, p, i, orientation)
        error = np.abs(jacobian[i] - expected).max() / np.abs(jacobian[i]).max()
        assert error < 1e-6, spec.name


@pytest.mark.parametrize(
    ("name", "shape", "index", "inward"),
    [
        ("voigt", (0.0,), 3, 1),
        ("voigt", (1.0,), 3, -1),
        ("pseudo_voigt", (0.0,), 3, 1),
        ("gl_sum", (1.0,), 3, -1),
        ("gl_product", (0.0,), 3, 1),
        ("la", (1.3, 1.6, 0.0), 5, 1),
        ("lf", (0.8, 1.6, 50.0, 0.0), 6, 1),
        ("doniach_sunjic", (0.0,), 3, 1),
        ("doniach_sunjic_convolved", (0.2, 0.0), 4, 1),
    ],
)
def test_derivatives_hold_at_the_end_of_the_range(name, shape, index, inward):
    x, p = np.linspace(158.0, 168.0, 201), np.array([STRENGTH, CENTER, FWHM, *shape])
    _, jacobian = LINESHAPES[name].derivatives(x, p, 1)
    expected = difference_quotient(
        name, x, p, index, 1, (0, inward, 2 * inward), (-1.5 * inward, 2 * inward, -0.5 * inward)
    )
    scale = max(np.abs(jacobian[index]).max(), STRENGTH)
    assert np.abs(jacobian[index] - expected).max() < 1e-6 * scale


@pytest.mark.parametrize(("index", "widths"), [(2, (0.0, 0.8)), (3, (0.8, 0.0))])
def test_each_voigt_width_may_vanish_with_its_derivative_intact(index, widths):
    x, p = np.linspace(158.0, 168.0, 201), np.array([STRENGTH, CENTER, *widths])
    _, jacobian = LINESHAPES["voigt_two_widths"].derivatives(x, p, 1)
    expected = difference_quotient("voigt_two_widths", x, p, index, 1, (0, 1, 2), (-1.5, 2.0, -0.5))
    assert np.abs(jacobian[index] - expected).max() < 1e-6 * STRENGTH


def test_voigt_without_any_width_is_an_error():
    with pytest.raises(ModelError, match="both 0"):
        curve("voigt_two_widths", (1.0, 0.0, 0.0, 0.0), np.zeros(1))


# --- oracles --------------------------------------------------------------------------------------

U = np.concatenate([np.linspace(-6.0, 6.0, 121), [-300.0, -40.0, 15.0, 500.0]])


def test_gaussian_is_scipys_normal_distribution():
    sigma = FWHM / sqrt(8.0 * log(2.0))
    expected = STRENGTH * scipy.stats.norm.pdf(U, scale=sigma)
    np.testing.assert_allclose(curve("gaussian", (STRENGTH, 0.0, FWHM), U), expected, rtol=1e-9)


def test_lorentzian_is_scipys_cauchy_distribution():
    expected = STRENGTH * scipy.stats.cauchy.pdf(U, scale=FWHM / 2.0)
    np.testing.assert_allclose(curve("lorentzian", (STRENGTH, 0.0, FWHM), U), expected, rtol=1e-12)


@pytest.mark.parametrize(
    ("gauss", "lorentz"),
    [(0.0, 0.7), (0.7, 0.0), (1e-6, 3.0), (3.0, 1e-6), (0.01, 0.7), (0.7, 0.02), (0.7, 3.0)],
)
def test_voigt_of_two_widths_is_scipys_voigt_profile(gauss, lorentz):
    sigma = gauss / sqrt(8.0 * log(2.0))
    expected = scipy.special.voigt_profile(U, sigma, lorentz / 2.0)
    y = curve("voigt_two_widths", (1.0, 0.0, gauss, lorentz), U)
    np.testing.assert_allclose(y, expected, rtol=1e-9, atol=1e-14)


@pytest.mark.parametrize("mix", [0.0, 0.1, 0.5, 0.9, 1.0])
def test_voigt_by_true_width_is_the_voigt_of_two_widths(mix):
    p = np.array([STRENGTH, 0.3, 0.9 * (1.0 - mix), 0.9 * mix])
    fwhm = LINESHAPES["voigt_two_widths"].summarize(p, 1).fwhm
    expected = curve("voigt_two_widths", tuple(p), U)
    y = curve("voigt", (STRENGTH, 0.3, fwhm, mix), U)
    np.testing.assert_allclose(y, expected, rtol=1e-10, atol=1e-15)


def test_voigt_width_agrees_with_the_published_approximation():
    # J. J. Olivero, R. L. Longbothum, JQSRT 17, 233 (1977): within 0.02 % everywhere
    for mix in np.linspace(0.0, 1.0, 21):
        p = np.array([1.0, 0.0, 1.0 - mix, mix])
        approximate = 0.5346 * mix + sqrt(0.2166 * mix**2 + (1.0 - mix) ** 2)
        fwhm = LINESHAPES["voigt_two_widths"].summarize(p, 1).fwhm
        assert fwhm == pytest.approx(approximate, rel=2.5e-4)


@pytest.mark.parametrize("mix", [0.0, 0.3, 1.0])
def test_pseudo_voigt_is_lmfits(mix):
    expected = lmfit.lineshapes.pvoigt(U, STRENGTH, 0.2, FWHM / 2.0, mix)
    np.testing.assert_allclose(
        curve("pseudo_voigt", (STRENGTH, 0.2, FWHM, mix), U), expected, rtol=1e-9
    )


@pytest.mark.parametrize("asymmetry", [0.0, 0.08, 0.3])
def test_doniach_sunjic_is_lmfits_mirrored(asymmetry):
    half_width = 0.5 * FWHM / profiles.doniach_sunjic_geometry(asymmetry).width
    mirrored = lmfit.lineshapes.doniach(-U, 1.0, 0.0, half_width, asymmetry)
    y = curve("doniach_sunjic", (STRENGTH, 0.0, FWHM, asymmetry), U)
    ratio = y / mirrored
    np.testing.assert_allclose(ratio, ratio[0], rtol=1e-10)


def test_doniach_sunjic_without_asymmetry_is_a_lorentzian():
    height = 2.0 * STRENGTH / (pi * FWHM)
    np.testing.assert_allclose(
        curve("doniach_sunjic", (height, 0.0, FWHM, 0.0), U),
        curve("lorentzian", (STRENGTH, 0.0, FWHM), U),
        rtol=1e-12,
    )


def test_doniach_sunjic_maximum_is_displaced_as_published():
    # f = 0.3, asymmetry 0.15: displaced by f cot(pi / (2 - a)) = 0.0384 eV towards the tail
    fwhm = 2.0 * 0.3 * profiles.doniach_sunjic_geometry(0.15).width
    summary = LINESHAPES["doniach_sunjic"].summarize(np.array([1.0, 284.5, fwhm, 0.15]), 1)
    assert summary.maximum_at - 284.5 == pytest.approx(0.0384, abs=5e-5)


@pytest.mark.parametrize("name", ["doniach_sunjic", "doniach_sunjic_convolved"])
def test_doniach_sunjic_tail_is_at_high_binding_and_low_kinetic_energy(name):
    shape = lineshape(name)
    for orientation in (1, -1):
        low, high = shape.func(
            np.array([-5.0, 5.0]),
            height=1.0,
            center=0.0,
            fwhm=0.8,
            asymmetry=0.15,
            orientation=orientation,
        )
        tail, steep = (high, low) if orientation == 1 else (low, high)
        assert tail > 3.0 * steep


@pytest.mark.parametrize("name", ["doniach_sunjic", "doniach_sunjic_convolved"])
def test_negative_doniach_sunjic_asymmetry_is_an_error(name):
    with pytest.raises(ModelError, match=r"asymmetry = -0\.1"):
        lineshape(name).func(np.zeros(1), height=1.0, center=0.0, fwhm=1.0, asymmetry=-0.1)


@pytest.mark.parametrize("asymmetry", [-0.3, 0.2, 0.7])
def test_bwf_is_lmfits_breit_wigner(asymmetry):
    c = asymmetry**2
    formula_width = FWHM * (1.0 - c) / (1.0 + c)
    amplitude = STRENGTH / (1.0 + c) * c
    expected = lmfit.lineshapes.breit_wigner(U, amplitude, 0.1, formula_width, 1.0 / asymmetry)
    y = curve("bwf", (STRENGTH, 0.1, FWHM, asymmetry), U)
    np.testing.assert_allclose(y, expected, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize(
    ("shape", "gauss"), [((1.53, 1.53), 0.6), ((0.6, 5.0), 0.9), ((3.0, 0.8), 0.05)]
)
def test_convolution_agrees_with_a_dense_sum(shape, gauss):
    sigma, _ = convolved.sigma_of_share(gauss)
    v = np.linspace(-1.0, 1.0, 400_001) * convolved.CUT * sigma
    kernel = np.exp(-0.5 * (v / sigma) ** 2)
    kernel /= kernel.sum()
    for u in (-8.3, -0.4, 0.0, 0.1, 2.2, 30.0):
        w = u - v
        q = 1.0 / (1.0 + 4.0 * w * w)
        expected = np.sum(kernel * q ** np.where(w > 0.0, *shape))
        y, _, _ = convolved.la(np.array([u]), (*shape, gauss))
        assert y[0] == pytest.approx(expected, rel=2e-8)


def test_convolved_lorentzian_is_a_voigt_but_for_the_cut_of_the_kernel():
    gauss = 0.4
    g = gauss / (1.0 - gauss)
    formula_width = FWHM / convolved.la_geometry(1.0, 1.0, gauss).width
    y = curve("la", (STRENGTH, 0.0, FWHM, 1.0, 1.0, gauss), U)
    voigt = curve("voigt_two_widths", (STRENGTH, 0.0, g * formula_width, formula_width), U)
    np.testing.assert_allclose(y, voigt, atol=3e-4 * voigt.max())


def test_la_without_damping_is_the_limit_of_lf():
    la = curve("la", (STRENGTH, 0.0, FWHM, 1.4, 1.7, 0.5), U)
    lf = curve("lf", (STRENGTH, 0.0, FWHM, 1.4, 1.7, 1000.0, 0.5), U)
    np.testing.assert_allclose(lf, la, atol=5e-3 * la.max())


def test_bad_lineshape_name_suggests_the_nearest():
    with pytest.raises(ModelError, match=r"'voight'.*Did you mean .voigt"):
        lineshape("voight")


# --- CasaXPS -----------------------------------------------------------------------------------

# Published with the identification of the formulas: value x W for unit area, u = (E - E0) / W.
CASA_U = np.array([-3, -2, -1, -0.5, -0.25, 0, 0.25, 0.5, 1, 2, 3], dtype=float)
CASA_CURVES = {
    "LA(1.53,243)": "0.001100 0.004290 0.075934 0.450596 0.755055 0.901191"
    " 0.755055 0.450596 0.075934 0.004290 0.001100",
    "LA(1.4,1.7,100)": "0.001858 0.007552 0.082049 0.392258 0.669312 0.823057"
    " 0.709299 0.451749 0.123653 0.017974 0.005714",
    "LA(1.4,1.7,130)": "0.001339 0.005653 0.075419 0.400939 0.687279 0.844822"
    " 0.729901 0.462163 0.115097 0.014452 0.004470",
    "LA(2.5,2.8,70)": "0.000237 0.002296 0.075201 0.433086 0.733865 0.889805"
    " 0.757497 0.467929 0.095696 0.004368 0.000583",
    "LF(0.54,10,80,100,6)": "0.000000 0.000000 0.004285 0.114099 0.296013 0.503560"
    " 0.590970 0.520691 0.280448 0.111543 0.059085",
}
# W / F_L, total FWHM / F_L, maximum / F_L, area / F_L
CASA_LANDMARKS = {
    "LA(1.53,243)": (2.001394, 2.001394, 0.000000, 0.982064),
    "LA(1.4,1.7,100)": (1.102989, 1.126516, 0.020422, 0.981451),
    "LA(1.4,1.7,130)": (1.278208, 1.300327, 0.025319, 0.981451),
    "LA(2.5,2.8,70)": (0.765408, 0.772900, 0.007844, 0.641707),
    "LF(0.54,10,80,100,6)": (2.086200, 2.523283, 0.520318, 1.744777),
}


@pytest.mark.parametrize("text", CASA_CURVES)
def test_casaxps_curves_are_reproduced(text):
    expected = np.array(CASA_CURVES[text].split(), dtype=float)
    name, parameters = from_casaxps(text, width=1.0, position=0.0, area=1.0)
    y = lineshape(name).func(CASA_U, **parameters)
    np.testing.assert_allclose(y, expected, atol=4e-4 * expected.max())


@pytest.mark.parametrize("text", CASA_LANDMARKS)
def test_casaxps_landmarks_are_reproduced(text):
    stored, total, maximum, area = CASA_LANDMARKS[text]
    name, p = from_casaxps(text, width=stored, position=0.0, area=1.0)
    shape = lineshape(name)
    summary = shape.summarize(shape.vector(p), 1)
    geometry = {"la": convolved.la_geometry, "lf": convolved.lf_geometry}[name]
    landmarks = geometry(*(p[spec.name] for spec in shape.parameters[3:]))
    assert summary.fwhm == pytest.approx(total, rel=4e-4)  # CasaXPS measures on its table
    assert summary.maximum_at == pytest.approx(maximum, abs=1e-3)
    assert landmarks.area == pytest.approx(area, rel=2e-4)
    assert summary.fwhm / landmarks.width == pytest.approx(1.0, rel=3e-4)  # = F_L


def test_casaxps_lf_of_iron_oxide_has_the_published_maximum():
    width, position = 3.8576238, 709.04687
    name, p = from_casaxps("LF(0.54,10,80,100,6)", width=width, position=position, area=63507.374)
    shape = lineshape(name)
    summary = shape.summarize(shape.vector(p), 1)
    assert summary.height == pytest.approx(9728.5, rel=4e-4)
    assert summary.maximum_at == pytest.approx(710.00, abs=0.02)
    tail = shape.func(np.array([position + 7.0 * width / 2.0862]), **p)
    assert tail[0] == pytest.approx(787.0, abs=4e-4 * 9728.5)


@pytest.mark.parametrize(
    ("m", "factor"),
    [(10, 1.0187), (20, 1.0317), (30, 1.0402), (40, 1.0448), (50, 1.0460), (70, 1.0384)],
)
def test_casaxps_gl_formula_width_exceeds_the_stored_one(m, factor):
    name, parameters = from_casaxps(f"GL({m})", width=1.0, position=0.0, area=1.0)
    x, mix = np.linspace(0.0, 2.0, 21), m / 100.0
    t = x / factor
    product = np.exp(-4.0 * log(2.0) * (1.0 - mix) * t**2) / (1.0 + 4.0 * mix * t**2)
    y = lineshape(name).func(x, **parameters)
    np.testing.assert_allclose(y / y[0], product, atol=6e-5)


def test_the_stored_area_of_an_sgl_gives_the_exported_height():
    """Two exported SGL(30) curves: stored area = 1.217486 height x width."""
    name, parameters = from_casaxps("SGL(30)", width=1.4, position=709.0, area=1.217486 * 1.4)
    assert lineshape(name).func(np.array([709.0]), **parameters)[0] == pytest.approx(1.0, rel=3e-6)


@pytest.mark.parametrize(
    "text",
    [
        "GL(30)",
        "GL(0)",
        "GL(100)",
        "SGL(83)",
        "LA(1.53,242)",
        "LA(1.4,1.7,130)",
        "LA(2.5,2.8,70)",
        "LA(1,0)",
        "LA(1,3,498)",
        "LF(0.54,10,80,100,6)",
        "LF(1,1.3,25.5,280,1)",
    ],
)
def test_casaxps_text_survives_the_round_trip(text):
    name, parameters = from_casaxps(text, width=1.17, position=161.83, area=812.5)
    written, width, position, area = to_casaxps(name, parameters)
    assert written == text
    assert width == pytest.approx(1.17, rel=1e-13)
    assert (position, area) == (161.83, 812.5)


def test_casaxps_odd_index_comes_back_as_the_even_one_with_the_same_curve():
    odd = from_casaxps("LA(1.53,243)", width=0.98, position=84.0, area=5.0)
    assert to_casaxps(*odd)[0] == "LA(1.53,242)"
    assert odd == from_casaxps("LA(1.53,242)", width=0.98, position=84.0, area=5.0)


def test_casaxps_gets_gaussian_and_lorentzian_as_gl():
    parameters = {"area": 1.0, "center": 0.0, "fwhm": 1.0}
    assert to_casaxps("gaussian", parameters)[0] == "GL(0)"
    assert to_casaxps("lorentzian", parameters)[0] == "GL(100)"


def test_casaxps_index_that_is_not_whole_is_an_error_naming_the_nearest():
    parameters = {"area": 1.0, "center": 0.0, "fwhm": 1.0, "mix": 0.304}
    with pytest.raises(ModelError, match=r"30\.4; the nearest is 30\."):
        to_casaxps("gl_product", parameters)
    assert to_casaxps("gl_product", parameters, round_to_nearest=True)[0] == "GL(30)"


def test_casaxps_has_no_voigt():
    parameters = {"area": 1.0, "center": 0.0, "fwhm": 1.0, "mix": 0.3}
    with pytest.raises(ModelError, match="'voigt' has no counterpart"):
        to_casaxps("voigt", parameters)


@pytest.mark.parametrize(
    "text",
    ["DS(0.1,20)", "GL(30)T(1.5)", "", "GL", "GL()", "GL(a)", "GL(1,2)", "LA(1,2,3,4)", "LF(1,2)"],
)
def test_unknown_casaxps_text_is_an_error_that_names_it(text):
    with pytest.raises(ModelError) as caught:
        from_casaxps(text, width=1.0, position=0.0, area=1.0)
    assert repr(text) in str(caught.value)


@pytest.mark.parametrize("text", ["GL(130)", "LA(0.4,243)", "LA(1.2,-5)", "LF(1,1,-3,100)"])
def test_casaxps_value_without_meaning_is_an_error(text):
    with pytest.raises(ModelError):
        from_casaxps(text, width=1.0, position=0.0, area=1.0)


def test_casaxps_la_of_one_argument_is_read_with_a_warning():
    name, parameters = from_casaxps("LA(50)", width=1.0, position=0.0, area=1.0)
    assert (name, parameters["alpha"], parameters["beta"]) == ("la", 1.0, 1.0)
    assert "second-hand" in casaxps_note("LA(50)")
    assert casaxps_note("LA(1.53,243)") == ""


@pytest.mark.parametrize("m", [0, 100])
def test_casaxps_la_of_one_argument_has_its_limits(m):
    name, parameters = from_casaxps(f"LA({m})", width=1.0, position=0.0, area=1.0)
    limit = "lorentzian" if m == 100 else "gaussian"
    x = np.linspace(-1.0, 1.0, 41)
    y = lineshape(name).func(x, **parameters)
    expected = lineshape(limit).func(x, area=1.0, center=0.0, fwhm=1.0)
    tolerance = 1e-12 if m == 100 else 0.1
    np.testing.assert_allclose(y, expected, atol=tolerance * expected.max())


FE_2P = [  # stored in the VAMAS comment of the same fit: text, width, kinetic energy, area
    ("LF(0.54,10,80,100,6)", 3.8576238, 777.56313, 63507.374, 2e-4),
    ("SGL(30)", 8.0, 770.61, 35837.064, 5e-4),
    ("LF(0.54,10,80,100,6)", 4.8730051, 764.48234, 49042.126, 2e-4),
    ("SGL(30)", 7.8295407, 756.72212, 17705.155, 5e-4),
]


@pytest.mark.parametrize("column", range(4))
def test_components_exported_by_casaxps_are_drawn_from_what_it_stored(data_dir, column):
    export = data_dir / "pynxtools-xps" / "vamas" / "FeO_analyzed_lineshapes_cols.txt"
    rows = [line.split() for line in export.read_text().splitlines()[7:] if line.strip()]
    table = np.array([row for row in rows if len(row) == 16], dtype=float)
    energy, exported = table[:, 8], table[:, 10 + column] - table[:, 14]
    text, width, kinetic, area, tolerance = FE_2P[column]
    center = 1486.61 - kinetic
    name, p = from_casaxps(text, width=width, position=center, area=area)
    fine = np.abs(energy - center) < 7.4 * width / 2.0862  # beyond, CasaXPS draws chords
    y = lineshape(name).func(energy[fine], **p)
    assert fine.sum() > 400
    assert np.abs(y - exported[fine]).max() < tolerance * exported.max()
