"""Every row of `BACKGROUNDS` keeps the same promises. All data here are synthetic."""

from __future__ import annotations

import numpy as np
import pytest

from spectra_core.curves.backgrounds import BACKGROUNDS, GIVEN, complete_options
from spectra_core.curves.baselines import BASELINES

# "given" is a column that came with a spectrum: it has no curve of its own to check here, see
# tests/foreign/test_exported.py.
NAMES = [name for name in BACKGROUNDS if name != GIVEN]
ACTIVE = [name for name in NAMES if "active" in BACKGROUNDS[name].modes]
STATIC = [name for name in NAMES if "static" in BACKGROUNDS[name].modes]
COUPLED = [name for name in NAMES if BACKGROUNDS[name].couple]
DEGREES = [
    (name, degree)
    for name in ACTIVE
    for option in BACKGROUNDS[name].options
    if option.name == "degree"
    for degree in range(int(option.min), int(min(option.max, 5)) + 1)
] + [(name, None) for name in ACTIVE]
# Values at which no formula is degenerate, in the magnitude of an S 2p window.
VALUES = {
    "level": 700.0,
    "slope": -3.0,
    "step": 0.04,
    "bend": 0.003,
    "b": 900.0,
    "c": 480.0,
    "d": 300.0,
    "amplitude": 50.0,
    "rate": 0.02,
}


def gaussian(x, center, fwhm, area):
    u = (x - center) / fwhm
    return area * 0.9394372786996513 / fwhm * np.exp(-2.772588722239781 * u**2)


@pytest.fixture
def x():
    return np.linspace(155.0, 175.0, 201)


@pytest.fixture
def y(x):
    """A synthetic step of 200 under a peak, and a slight tilt."""
    peak = gaussian(x, 162.0, 1.6, 4000.0)
    rise = np.concatenate([[0.0], np.cumsum(0.5 * (peak[1:] + peak[:-1]) * np.diff(x))])
    return 900.0 + peak + 0.05 * rise + 0.5 * (x - x[0])


def settings(name, degree=None):
    given = {} if degree is None else {"degree": degree}
    return complete_options(BACKGROUNDS[name], given)


def vector(specs):
    return np.array([VALUES.get(spec.name, 10.0 + k) for k, spec in enumerate(specs)])


def coupling_vector(kind, options):
    return vector(kind.component_parameters or kind.parameters(options))


def central_differences(function, p):
    rows = []
    for k in range(p.size):
        h = 1e-5 * abs(p[k])
        shift = np.where(np.arange(p.size) == k, h, 0.0)
        rows.append((function(p + shift) - function(p - shift)) / (2.0 * h))
    return np.array(rows)


def mirrored(x, y):
    return -x[::-1], y[::-1]


@pytest.mark.parametrize("name", NAMES)
def test_row_is_complete(name):
    kind = BACKGROUNDS[name]
    assert kind.name == name
    assert kind.title and kind.reference
    assert set(kind.modes) <= {"active", "static"} and kind.modes
    assert ("static" in kind.modes) == (kind.static is not None)
    assert (kind.couple is None) == (kind.couple_derivatives is None)
    assert all(option.description for option in kind.options)
    specs = kind.parameters(settings(name)) + kind.component_parameters
    assert all(spec.description and spec.unit for spec in specs)
    assert len({spec.name for spec in specs}) == len(specs)


@pytest.mark.parametrize("name", NAMES)
def test_incomplete_options_mean_the_defaults(name):
    kind = BACKGROUNDS[name]
    assert kind.parameters({}) == kind.parameters(settings(name))


@pytest.mark.parametrize(("name", "degree"), DEGREES)
@pytest.mark.parametrize("orientation", [1, -1])
def test_base_derivatives_are_those_of_the_value(name, degree, orientation, x):
    kind, options = BACKGROUNDS[name], settings(name, degree)
    p = vector(kind.parameters(options))
    value, derivatives = kind.base(x, p, options, orientation)
    assert value.shape == x.shape and np.isfinite(value).all()
    assert derivatives.shape == (p.size, x.size)
    if p.size:
        numeric = central_differences(lambda q: kind.base(x, q, options, orientation)[0], p)
        np.testing.assert_allclose(derivatives, numeric, rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize("name", COUPLED)
@pytest.mark.parametrize("orientation", [1, -1])
def test_coupling_derivatives_are_those_of_the_coupling(name, orientation, x):
    kind, options = BACKGROUNDS[name], settings(name)
    p = coupling_vector(kind, options)
    peaks = gaussian(x, 163.0, 2.0, 5000.0)
    exact = kind.couple_derivatives(x, peaks, p, options, orientation)
    numeric = central_differences(
        lambda q: kind.couple(x, peaks[None, :], q, options, orientation)[0], p
    )
    assert exact.shape == (p.size, x.size)
    for row, expected in zip(exact, numeric, strict=True):
        np.testing.assert_allclose(row, expected, atol=1e-6 * np.abs(expected).max() + 1e-12)


@pytest.mark.parametrize("name", COUPLED)
def test_coupling_is_linear_in_the_peaks(name, x):
    kind, options = BACKGROUNDS[name], settings(name)
    p = coupling_vector(kind, options)
    rows = np.array([gaussian(x, 160.0, 1.0, 300.0), gaussian(x, 166.0, 3.0, 700.0)])
    left, right = kind.couple(x, rows, p, options, 1)
    (both,) = kind.couple(x, 2.0 * rows[:1] - 0.7 * rows[1:], p, options, 1)
    np.testing.assert_allclose(both, 2.0 * left - 0.7 * right, atol=1e-10 * np.abs(both).max())


@pytest.mark.parametrize("name", COUPLED)
@pytest.mark.parametrize("orientation", [1, -1])
def test_what_a_peak_leaves_lies_at_higher_binding_energy(name, orientation, x):
    kind, options = BACKGROUNDS[name], settings(name)
    p = coupling_vector(kind, options)
    peak = gaussian(x, 165.0, 1.0, 1000.0)
    left = kind.couple(x, peak[None, :], p, options, orientation)[0]
    higher = orientation * (x - 165.0) > 3.0
    lower = orientation * (x - 165.0) < -3.0
    assert np.abs(left[lower]).max() < 1e-9 * left[higher].max()
    assert left[higher].min() > 0.0


@pytest.mark.parametrize("name", COUPLED)
def test_parameters_of_the_coupling_move_the_curve(name, x):
    kind, options = BACKGROUNDS[name], settings(name)
    p = coupling_vector(kind, options)
    specs = kind.component_parameters or kind.parameters(options)
    base_names = {"level", "slope"}
    peak = gaussian(x, 160.0, 1.0, 1000.0)[None, :]
    first = kind.couple(x, peak, p, options, 1)
    for k, spec in enumerate(specs):
        moved = np.where(np.arange(p.size) == k, 1.1 * p, p)
        change = np.abs(kind.couple(x, peak, moved, options, 1) - first).max()
        assert (change == 0.0) == (spec.name in base_names), spec.name
    assert np.array_equal(kind.couple(x, peak, p, options, 1), first)


@pytest.mark.parametrize("name", ACTIVE)
def test_active_model_is_linear_in_the_linear_parameters(name, x):
    kind, options = BACKGROUNDS[name], settings(name)
    specs = kind.parameters(options)
    p = vector(specs)
    linear = np.array([spec.name in kind.linear_parameters for spec in specs], dtype=bool)
    value, derivatives = kind.base(x, p, options, 1)
    np.testing.assert_allclose(p[linear] @ derivatives[linear], value, rtol=1e-12)
    doubled = kind.base(x, np.where(linear, 2.0 * p, p), options, 1)[0]
    np.testing.assert_allclose(doubled, 2.0 * value, rtol=1e-12)


@pytest.mark.parametrize("name", STATIC)
def test_twice_the_intensity_has_twice_the_background(name, x, y):
    kind, options = BACKGROUNDS[name], settings(name)
    once = kind.static(x, y, slice(5, 190), options, 1).curve
    twice = kind.static(x, 2.0 * y, slice(5, 190), options, 1).curve
    np.testing.assert_allclose(twice, 2.0 * once, rtol=1e-10)


@pytest.mark.parametrize("name", STATIC)
def test_kinetic_energy_axis_gives_the_mirrored_static_background(name, x, y):
    kind, options = BACKGROUNDS[name], settings(name)
    upward = kind.static(x, y, slice(5, 190), options, 1)
    turned = kind.static(*mirrored(x, y), slice(x.size - 190, x.size - 5), options, -1)
    np.testing.assert_allclose(turned.curve[::-1], upward.curve, rtol=1e-12)
    assert turned.info.keys() == upward.info.keys()


@pytest.mark.parametrize("name", COUPLED)
def test_kinetic_energy_axis_gives_the_mirrored_coupling(name, x):
    kind, options = BACKGROUNDS[name], settings(name)
    p = coupling_vector(kind, options)
    rows = np.array([gaussian(x, 160.0, 1.0, 300.0), gaussian(x, 166.0, 3.0, 700.0)])
    upward = kind.couple(x, rows, p, options, 1)
    turned = kind.couple(-x[::-1], rows[:, ::-1], p, options, -1)
    np.testing.assert_allclose(turned[:, ::-1], upward, rtol=1e-9, atol=1e-12 * upward.max())


@pytest.mark.parametrize("name", STATIC)
def test_static_input_is_untouched_and_the_curve_read_only(name, x, y):
    kind, options = BACKGROUNDS[name], settings(name)
    kept = x.copy(), y.copy(), dict(options)
    for orientation in (1, -1):
        result = kind.static(x, y, slice(5, 190), options, orientation)
        assert result.curve.shape == (185,)
        assert not result.curve.flags.writeable
        assert not np.shares_memory(result.curve, y)
    assert np.array_equal(x, kept[0]) and np.array_equal(y, kept[1]) and options == kept[2]


@pytest.mark.parametrize("name", ACTIVE)
def test_active_input_is_untouched(name, x):
    kind, options = BACKGROUNDS[name], settings(name)
    p = vector(kind.parameters(options))
    rows = np.array([gaussian(x, 160.0, 1.0, 300.0)])
    kept = [a.copy() for a in (x, p, rows)]
    for orientation in (1, -1):
        kind.base(x, p, options, orientation)
        if kind.couple:
            q = coupling_vector(kind, options)
            kind.couple(x, rows, q, options, orientation)
            kind.couple_derivatives(x, rows[0], q, options, orientation)
    assert all(np.array_equal(a, b) for a, b in zip((x, p, rows), kept, strict=True))


@pytest.mark.parametrize("name", STATIC)
def test_read_only_arrays_are_accepted(name, x, y):
    x.setflags(write=False)
    y.setflags(write=False)
    kind = BACKGROUNDS[name]
    assert np.isfinite(kind.static(x, y, slice(0, x.size), settings(name), 1).curve).all()


@pytest.mark.parametrize("name", [n for n in STATIC if n not in BASELINES and n != "none"])
def test_static_curve_starts_at_the_averaged_low_end(name, x, y):
    result = BACKGROUNDS[name].static(x, y, slice(5, 190), settings(name), 1)
    low = y[4:7].mean()
    assert result.info["low_level"] == pytest.approx(low, rel=1e-14)
    if name != "constant":
        assert result.curve[0] == pytest.approx(low, rel=1e-10)


@pytest.mark.parametrize("name", STATIC)
def test_whole_number_counts_give_the_same_background(name, x, y):
    kind, options = BACKGROUNDS[name], settings(name)
    counts = np.rint(y).astype(int)
    whole = kind.static(x, counts, slice(5, 190), options, 1).curve
    assert np.array_equal(
        whole, kind.static(x, counts.astype(float), slice(5, 190), options, 1).curve
    )
