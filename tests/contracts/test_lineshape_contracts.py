"""What every row of the table of line shapes promises."""

from concurrent.futures import ThreadPoolExecutor
from math import isfinite

import numpy as np
import pytest

from spectra_core.curves.lineshapes import LINESHAPES, LineShape, lineshape
from spectra_core.errors import ModelError

SHAPES = [pytest.param(shape, id=name) for name, shape in LINESHAPES.items()]
X = np.linspace(155.0, 172.0, 341)
GIVEN = {
    "area": 40.0,
    "height": 40.0,
    "center": 163.13,
    "fwhm": 1.25,
    "fwhm_gauss": 0.9,
    "fwhm_lorentz": 0.5,
}


def typical(shape: LineShape, **changes: float) -> np.ndarray:
    """Return a parameter vector with the shape parameters at their defaults."""
    values = {spec.name: GIVEN.get(spec.name, spec.default) for spec in shape.parameters}
    return np.array([changes.get(name, value) for name, value in values.items()])


def corners(shape: LineShape) -> list[np.ndarray]:
    """Return the typical vector with each bounded parameter at each of its bounds."""
    vectors = []
    for i, spec in enumerate(shape.parameters):
        for bound in (spec.min, spec.max):
            if isfinite(bound):
                vectors.append(typical(shape))
                vectors[-1][i] = bound
    return vectors


pytestmark = pytest.mark.parametrize("shape", SHAPES)


def test_the_key_is_the_name(shape):
    assert lineshape(shape.name) is shape


def test_the_parameter_vector_starts_with_strength_and_center(shape):
    first, second = (spec.name for spec in shape.parameters[:2])
    assert (first, second) == ("area" if shape.finite_area else "height", "center")
    assert [spec.unit for spec in shape.parameters[:3]] == [
        "y x" if shape.finite_area else "y",
        "x",
        "x",
    ]


def test_only_shape_parameters_have_a_default(shape):
    for spec in shape.parameters:
        assert (spec.default is None) == (spec.unit != "1")


def test_defaults_lie_within_the_bounds(shape):
    for spec in shape.parameters:
        assert spec.min < spec.max
        assert spec.default is None or spec.min <= spec.default <= spec.max


def test_inputs_stay_untouched(shape):
    x, p = X.copy(), typical(shape)
    x.setflags(write=False)
    p.setflags(write=False)
    shape.evaluate(x, p, 1)
    shape.derivatives(x, p, 1)
    shape.summarize(p, 1)
    np.testing.assert_array_equal(x, X)
    np.testing.assert_array_equal(p, typical(shape))


def test_a_second_call_gives_the_same_numbers(shape):
    first, second = (shape.derivatives(X, typical(shape), 1) for _ in range(2))
    np.testing.assert_array_equal(first[0], second[0])
    np.testing.assert_array_equal(first[1], second[1])


def test_changing_the_answer_does_not_change_the_next(shape):
    y, jacobian = shape.derivatives(X, typical(shape), 1)
    expected = y.copy()
    y[:] = -1.0
    jacobian[:] = -1.0
    np.testing.assert_array_equal(shape.derivatives(X, typical(shape), 1)[0], expected)


def test_threads_give_the_same_numbers(shape):
    centers = np.linspace(160.0, 166.0, 12)
    vectors = [typical(shape, center=center) for center in centers]
    alone = [shape.evaluate(X, p, 1) for p in vectors]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(lambda p: shape.evaluate(X, p, 1), vectors))
    np.testing.assert_array_equal(together, alone)


def test_jacobian_has_one_row_per_parameter(shape):
    y, jacobian = shape.derivatives(X, typical(shape), 1)
    assert y.shape == X.shape
    assert jacobian.shape == (len(shape.parameters), X.size)


def test_the_two_ways_to_evaluate_agree(shape):
    p = typical(shape)
    y, _ = shape.derivatives(X, p, -1)
    np.testing.assert_allclose(shape.evaluate(X, p, -1), y, rtol=1e-13, atol=0)


def test_twice_the_strength_is_twice_the_curve(shape):
    p = typical(shape)
    doubled = p.copy()
    doubled[0] *= 2.0
    expected = 2.0 * shape.evaluate(X, p, 1)
    np.testing.assert_allclose(shape.evaluate(X, doubled, 1), expected, rtol=1e-13, atol=0)


def test_a_line_of_no_strength_still_knows_its_derivative(shape):
    p = typical(shape)
    nothing = p.copy()
    nothing[0] = 0.0
    y, jacobian = shape.derivatives(X, nothing, 1)
    assert not y.any()
    np.testing.assert_allclose(p[0] * jacobian[0], shape.evaluate(X, p, 1), rtol=1e-13, atol=0)


def test_moving_the_center_moves_the_curve(shape):
    there = shape.evaluate(X, typical(shape), 1)
    elsewhere = shape.evaluate(X - 100.0, typical(shape, center=GIVEN["center"] - 100.0), 1)
    np.testing.assert_allclose(elsewhere, there, rtol=1e-9, atol=1e-12 * there.max())


def test_another_energy_unit_gives_the_same_line(shape):
    scale = 8.0
    p = typical(shape)
    stretched = p * [{"x": scale, "y x": scale}.get(spec.unit, 1.0) for spec in shape.parameters]
    np.testing.assert_allclose(
        shape.evaluate(scale * X, stretched, 1), shape.evaluate(X, p, 1), rtol=1e-12
    )


def test_the_kinetic_energy_axis_shows_the_mirror_image(shape):
    p = typical(shape)
    kinetic = 1486.6 - X[::-1]
    mirrored = p.copy()
    mirrored[1] = 1486.6 - p[1]
    y, y_kinetic = shape.evaluate(X, p, 1), shape.evaluate(kinetic, mirrored, -1)
    np.testing.assert_allclose(y_kinetic[::-1], y, rtol=1e-9, atol=1e-12 * y.max())
    binding, measured = shape.summarize(p, 1), shape.summarize(mirrored, -1)
    assert measured.maximum_at == pytest.approx(1486.6 - binding.maximum_at, abs=1e-9)


def test_symmetric_means_that_orientation_does_not_matter(shape):
    if not shape.symmetric:
        asymmetric = typical(shape, asymmetry=0.2, alpha=1.0, beta=2.0)
        y = shape.evaluate(X, asymmetric, 1)
        assert np.abs(shape.evaluate(X, asymmetric, -1) - y).max() > 0.01 * y.max()
        return
    p = typical(shape)
    np.testing.assert_allclose(
        shape.evaluate(X, p, -1), shape.evaluate(X, p, 1), rtol=1e-12, atol=0
    )


@pytest.mark.parametrize("orientation", [1, -1])
def test_finite_and_not_negative_at_every_bound_and_far_away(shape, orientation):
    distance = np.concatenate([[0.0], np.logspace(-9, 4, 60)]) * 1.25
    x = 163.13 + np.concatenate([-distance[:0:-1], distance])
    for p in [typical(shape), *corners(shape)]:
        y, jacobian = shape.derivatives(x, p, orientation)
        summary = shape.summarize(p, orientation)
        assert np.isfinite(y).all(), p
        assert np.isfinite(jacobian).all(), p
        assert (y >= 0.0).all(), p
        assert isfinite(summary.height) and isfinite(summary.fwhm)


def test_no_points_give_no_values(shape):
    y, jacobian = shape.derivatives(np.empty(0), typical(shape), 1)
    assert y.shape == (0,)
    assert jacobian.shape == (len(shape.parameters), 0)


def test_keywords_and_vector_give_the_same_curve(shape):
    p = typical(shape)
    named = {spec.name: value for spec, value in zip(shape.parameters, p, strict=True)}
    np.testing.assert_array_equal(shape.func(X, **named), shape.evaluate(X, p, 1))


def test_shape_parameters_left_out_take_their_defaults(shape):
    given = {spec.name: GIVEN[spec.name] for spec in shape.parameters if spec.name in GIVEN}
    np.testing.assert_array_equal(shape.func(X, **given), shape.evaluate(X, typical(shape), 1))


def test_a_missing_strength_center_or_width_is_an_error(shape):
    given = {spec.name: GIVEN[spec.name] for spec in shape.parameters if spec.name in GIVEN}
    for name in given:
        rest = {key: value for key, value in given.items() if key != name}
        with pytest.raises(ModelError, match=f"'{name}'"):
            shape.func(X, **rest)


def test_a_misspelt_parameter_is_an_error_that_names_the_right_one(shape):
    given = {spec.name: GIVEN[spec.name] for spec in shape.parameters if spec.name in GIVEN}
    with pytest.raises(ModelError, match=r"'centre'.*Did you mean .center"):
        shape.func(X, **given, centre=1.0)


def test_a_value_out_of_bounds_is_an_error_that_names_it(shape):
    given = {spec.name: GIVEN[spec.name] for spec in shape.parameters if spec.name in GIVEN}
    first = shape.parameters[0].name
    with pytest.raises(ModelError, match=f"{first} = -1"):
        shape.func(X, **(given | {first: -1.0}))
    with pytest.raises(ModelError, match="center = nan"):
        shape.func(X, **(given | {"center": float("nan")}))
