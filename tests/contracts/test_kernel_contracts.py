"""Every compiled kernel against the plain numpy formula it stands for.

The promise is 1e-10 of the largest value of each row (the curve, or one derivative).
"""

import numpy as np
import pytest

from spectra_core.curves.background_kind import ACTIVE
from spectra_core.curves.backgrounds import BACKGROUNDS
from spectra_core.curves.lineshapes import LINESHAPES
from spectra_core.fitting.engine import kernels, pack
from spectra_core.fitting.evaluate import region_curves, residual_jacobian
from spectra_core.fitting.problem import compile_problem
from spectra_core.fitting.start import given_values
from spectra_core.model import Background, Model, Parameter, Region, add_component, make_component
from spectra_core.spectrum import Axis, Meta, make_spectrum

pytest.importorskip("numba", reason="the kernels need numba")

TOLERANCE = 1e-10
X = np.linspace(155.0, 172.0, 341)
STRENGTH = {"area": 40.0, "height": 40.0}
WIDTHS = {"fwhm": 1.25, "fwhm_gauss": 0.9, "fwhm_lorentz": 0.5}
FOLDED = ("la", "lf", "doniach_sunjic_convolved")

EXTREMES = {
    "gaussian": [{"fwhm": 0.01}, {"fwhm": 60.0}],
    "lorentzian": [{"fwhm": 0.01}, {"fwhm": 60.0}],
    "voigt": [{"mix": m} for m in (0.0, 1e-6, 0.01, 0.5, 0.9, 0.999, 1.0)],
    "voigt_two_widths": [
        {"fwhm_gauss": g, "fwhm_lorentz": w}
        for g, w in ((0.0, 1.0), (1.0, 0.0), (1e-3, 1.0), (1.0, 1e-3), (0.2, 1.6), (9.0, 0.1))
    ],
    "pseudo_voigt": [{"mix": m} for m in (0.0, 0.4, 1.0)],
    "gl_sum": [{"mix": m} for m in (0.0, 0.4, 1.0)],
    "gl_product": [{"mix": m} for m in (0.0, 0.002, 0.01, 0.4, 0.99, 1.0)],
    "la": [
        {"alpha": 0.52, "beta": 3.0, "gauss": 0.3},
        {"alpha": 1.2, "beta": 2.2, "gauss": 0.0},
        {"alpha": 1.2, "beta": 2.2, "gauss": 0.01},
        {"alpha": 1.2, "beta": 2.2, "gauss": 0.92},
    ],
    "lf": [
        {"alpha": 1.1, "beta": 1.4, "damping": 25.0, "gauss": 0.4},
        {"alpha": 0.6, "beta": 1.4, "damping": 0.5, "gauss": 0.3},
    ],
    "doniach_sunjic": [{"asymmetry": a} for a in (0.0, 1e-6, 0.2, 0.6)],
    "doniach_sunjic_convolved": [
        {"asymmetry": 0.6, "gauss": 0.02},
        {"asymmetry": 0.0, "gauss": 0.5},
    ],
    "voigt_asymmetric": [
        {"mix": mix, "asymmetry": a} for mix in (0.0, 0.3, 1.0) for a in (-0.9, 0.0, 0.2, 0.9)
    ],
    "bwf": [{"asymmetry": a} for a in (-0.95, 0.0, 0.4, 0.95)],
}
CASES = [
    pytest.param(name, given, id=f"{name} {given}")
    for name in LINESHAPES
    for given in [{}, *EXTREMES.get(name, [])]
]


def one_line(name, given):
    """Return a region with one component, everything free that the kernel lets free."""
    values = {**STRENGTH, "center": 163.13, **WIDTHS}
    parameters = {}
    for spec in LINESHAPES[name].parameters:
        value = given.get(spec.name, values.get(spec.name, spec.default))
        fixed = name in FOLDED and spec.unit == "1" and not sharp(name, given, spec.name)
        parameters[spec.name] = Parameter(value, free=not fixed)
    return make_component("line", name, **parameters)


def sharp(name, given, parameter):
    return name == "la" and given.get("gauss") == 0.0 and parameter != "gauss"


def spectrum(axis=Axis.BINDING_ENERGY, x=X, y=None):
    values = np.full(x.size, 100.0) if y is None else y
    return make_spectrum(x, values, axis, y_unit="counts", meta=Meta(sample="synthetic"))


def both(model, spectra):
    """Return (curve, derivatives) of the kernels and of numpy, at the start values."""
    problem = compile_problem(model, spectra)
    packed = pack(problem)
    assert packed is not None, "no kernel for this model"
    q = given_values(problem)
    n = packed.n_points
    ones, curve, residual = np.ones(n), np.empty(n), np.empty(n)
    rows = np.empty((q.size, n))
    static = packed.turned(
        [np.zeros(r.x.size) if r.static is None else r.static.curve for r in problem.regions]
    )
    kernels().weighted_rows(packed.plan, np.zeros(n), static, ones, q, curve, residual, rows)
    sigmas = tuple(np.ones(region.x.size) for region in problem.regions)
    _, jacobian = residual_jacobian(problem, q, sigmas)
    p = problem.full(q)
    expected = np.concatenate([region_curves(r, p).envelope for r in problem.regions])
    ours = np.concatenate(packed.regions_of(curve))
    return (ours, np.concatenate(packed.regions_of(rows), axis=-1)), (expected, jacobian.T)


def assert_agree(found, expected):
    (curve, rows), (curve_np, rows_np) = found, expected
    top = np.abs(curve_np).max()
    assert np.abs(curve - curve_np).max() <= TOLERANCE * top
    for i, (row, row_np) in enumerate(zip(rows, rows_np, strict=True)):
        # where a derivative all but vanishes, what is left of it in numpy is rounding
        reference = max(np.abs(row_np).max(), 1e-2 * top)
        assert np.abs(row - row_np).max() <= TOLERANCE * reference, f"derivative {i}"


@pytest.mark.parametrize("axis", [Axis.BINDING_ENERGY, Axis.KINETIC_ENERGY], ids=["BE", "KE"])
@pytest.mark.parametrize(("name", "given"), CASES)
def test_every_shape_and_derivative_is_that_of_numpy(name, given, axis):
    region = Region("r", (155.0, 172.0), Background("none"))
    region = add_component(region, one_line(name, given))
    assert_agree(*both(Model((region,)), {"r": spectrum(axis)}))


@pytest.mark.parametrize("name", list(LINESHAPES))
def test_the_far_wings_are_those_of_numpy(name):
    x = np.concatenate([163.13 - np.logspace(4, -6, 80), 163.13 + np.logspace(-6, 4, 80)])
    region = Region("r", (float(x[0]), float(x[-1])), Background("none"))
    region = add_component(region, one_line(name, {}))
    found, expected = both(Model((region,)), {"r": spectrum(x=x)})
    assert_agree(found, expected)
    here = expected[0] > 1e-200
    np.testing.assert_allclose(found[0][here], expected[0][here], rtol=1e-8)


VALUES = {
    "level": 500.0,
    "slope": 3.0,
    "step": 0.02,
    "bend": 0.003,
    "b": 300.0,
    "amplitude": 90.0,
    "rate": 0.11,
    "c0": 400.0,
    "c1": 30.0,
    "c2": -12.0,
    "c3": 4.0,
}
BACKGROUND_CASES = [
    pytest.param(name, options, id=f"{name} {options}")
    for name, options in (
        ("none", {}),
        ("constant", {}),
        ("linear", {}),
        ("polynomial", {"degree": 3}),
        ("exponential", {"origin": 160.0, "degree": 1}),
        ("exponential", {}),
        ("shirley", {}),
        ("shirley", {"degree": 1}),
        ("shirley_components", {"degree": 1}),
        ("shirley_slope", {}),
        ("tougaard_u2", {}),
        ("tougaard_u2", {"gap": 3.0, "degree": 1}),
        ("tougaard_u3", {"gap": 2.0}),
    )
]


def active_region(name, options, free_shape):
    """Two unlike components on a background with every parameter given, and free."""
    bare = Background(name, mode=ACTIVE, options=options)
    parameters = {
        spec.name: Parameter(VALUES.get(spec.name, spec.default), free=free_shape or spec.free)
        for spec in bare.specs
    }
    background = Background(name, mode=ACTIVE, options=options, parameters=parameters)
    region = Region("r", (155.0, 172.0), background)
    steps = {"step": 0.02} if name == "shirley_components" else {}
    first = make_component("a", "voigt", area=300.0, center=161.2, fwhm=1.1, mix=0.3, **steps)
    second = make_component("b", "gl_product", area=200.0, center=165.0, fwhm=1.6, **steps)
    return add_component(add_component(region, first), second)


@pytest.mark.parametrize("axis", [Axis.BINDING_ENERGY, Axis.KINETIC_ENERGY], ids=["BE", "KE"])
@pytest.mark.parametrize("free_shape", [False, True], ids=["usual", "all free"])
@pytest.mark.parametrize(("name", "options"), BACKGROUND_CASES)
def test_every_active_background_and_derivative_is_that_of_numpy(name, options, free_shape, axis):
    model = Model((active_region(name, options, free_shape),))
    assert_agree(*both(model, {"r": spectrum(axis)}))


def test_every_background_of_the_table_is_tried():
    active = {name for name, kind in BACKGROUNDS.items() if ACTIVE in kind.modes}
    assert active == {case.values[0] for case in BACKGROUND_CASES}


@pytest.mark.parametrize("axis", [Axis.BINDING_ENERGY, Axis.KINETIC_ENERGY], ids=["BE", "KE"])
def test_a_static_background_is_added(axis):
    model = Model((active_region("shirley", {}, False),))
    on = spectrum(axis)
    drawn = region_curves(compile_problem(model, {"r": on}).regions[0], _values(model, on)).envelope
    background = Background("shirley", mode="static")
    region = Region("r", (155.0, 172.0), background, model.regions[0].components)
    assert_agree(*both(Model((region,)), {"r": spectrum(axis, y=drawn)}))


def _values(model, on):
    problem = compile_problem(model, {"r": on})
    return problem.full(given_values(problem))


def test_uneven_points_are_integrated_as_numpy_does():
    x = 155.0 + 17.0 * np.linspace(0.0, 1.0, 301) ** 1.3
    for name in ("shirley", "shirley_slope", "shirley_components", "polynomial"):
        assert_agree(*both(Model((active_region(name, {}, True),)), {"r": spectrum(x=x)}))


def test_a_free_shape_of_a_broadened_line_has_no_kernel():
    component = make_component(
        "line", "la", area=40.0, center=163.0, fwhm=1.2, alpha=Parameter(1.2, free=True)
    )
    region = add_component(Region("r", (155.0, 172.0), Background("none")), component)
    assert pack(compile_problem(Model((region,)), {"r": spectrum()})) is None


def test_a_loss_tail_on_uneven_points_has_no_kernel():
    x = 155.0 + 17.0 * np.linspace(0.0, 1.0, 301) ** 1.3
    model = Model((active_region("tougaard_u2", {}, False),))
    assert pack(compile_problem(model, {"r": spectrum(x=x)})) is None


def test_the_faddeeva_function_is_scipys():
    from scipy.special import wofz

    from spectra_core.fitting.kernels.faddeeva import faddeeva

    rng = np.random.default_rng(0)
    radius, angle = 10.0 * np.sqrt(rng.random(2000)), np.pi * rng.random(2000)
    z = radius * np.exp(1j * angle)
    found = np.array([complex(*faddeeva(point.real, point.imag)) for point in z])
    np.testing.assert_allclose(found, wofz(z), rtol=1e-11, atol=2e-13)


def test_inputs_stay_untouched():
    model = Model((active_region("shirley", {}, False),))
    problem = compile_problem(model, {"r": spectrum()})
    packed = pack(problem)
    before = [np.array(array) for array in packed.plan]
    q = given_values(problem)
    q.setflags(write=False)
    kernels().peak_curves(packed.plan, q, np.empty((2, packed.n_points)))
    for array, kept in zip(packed.plan, before, strict=True):
        np.testing.assert_array_equal(array, kept)
