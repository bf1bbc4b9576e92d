"""Backgrounds against integrals, the naive sums, and CasaXPS's own exports."""

from __future__ import annotations

import csv

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spectra_core.curves.backgrounds import (
    BACKGROUNDS,
    background_kind,
    complete_options,
    end_levels,
    rough_shirley,
    tougaard_kernel,
)
from spectra_core.curves.shirley import cumulative_integral
from spectra_core.curves.tougaard import loss_integral
from spectra_core.errors import DataError, FitError, ModelError, SpectraError

# Synthetic spectra


def gaussian(x, center, fwhm, area):
    u = (x - center) / fwhm
    return area * 0.9394372786996513 / fwhm * np.exp(-2.772588722239781 * u**2)


def gaussian_integral(x, center, fwhm, area):
    from scipy.special import erf

    return 0.5 * area * (1.0 + erf(1.6651092223153954 * (x - center) / fwhm))


def static(name, x, y, inside=slice(None), orientation=1, **options):
    kind = BACKGROUNDS[name]
    complete = complete_options(kind, options, mode="static")
    return kind.static(x, y, inside, complete, orientation)


@pytest.fixture
def x():
    return np.linspace(155.0, 175.0, 401)


# Static Shirley


@pytest.mark.parametrize("step", [0.08, -0.03])
def test_static_shirley_recovers_the_step_it_was_made_with(step):
    """On 0.025 eV channels: the trapezoid rule itself is then good to 3e-5 of the step."""
    x = np.linspace(155.0, 175.0, 801)
    peaks = gaussian(x, 161.5, 1.2, 5000.0) + gaussian(x, 162.7, 1.2, 2500.0)
    truth = 800.0 + step * (
        gaussian_integral(x, 161.5, 1.2, 5000.0) + gaussian_integral(x, 162.7, 1.2, 2500.0)
    )
    result = static("shirley", x, peaks + truth)
    assert np.abs(result.curve - truth).max() < 1e-4 * abs(step) * 7500.0
    assert result.info["last_change"] <= 1e-10 * abs(step) * 7500.0
    assert 1 < result.info["iterations"] < 60


@pytest.mark.parametrize("definition", ["proctor_sherwood", "casaxps"])
def test_static_shirley_rises_behind_a_peak_near_the_edge(x, definition):
    """A sum from the wrong end would put the rise about 172, mirrored in the window."""
    y = 100.0 + gaussian(x, 158.0, 1.0, 1000.0) + 0.1 * gaussian_integral(x, 158.0, 1.0, 1000.0)
    curve = static("shirley", x, y, definition=definition).curve
    assert x[np.argmin(np.abs(curve - 150.0))] == pytest.approx(158.0, abs=0.1)


@pytest.mark.parametrize("name", ["shirley", "shirley_components", "shirley_slope"])
def test_active_shirley_step_is_step_times_area(name, x):
    kind = BACKGROUNDS[name]
    options = complete_options(kind, {})
    p = np.array([0.1] if kind.per_component else [7.0, 0.1, 0.0][: len(kind.parameters(options))])
    left = kind.couple(x, gaussian(x, 158.0, 1.0, 1000.0)[None, :], p, options, 1)[0]
    np.testing.assert_allclose(left, 0.1 * gaussian_integral(x, 158.0, 1.0, 1000.0), atol=0.05)
    assert left[0] == 0.0
    assert left[-1] == pytest.approx(100.0, rel=1e-9)


def test_bend_adds_a_slope_of_bend_times_area_behind_the_peak(x):
    kind = BACKGROUNDS["shirley_slope"]
    p = np.array([7.0, 0.0, 0.002])
    left = kind.couple(x, gaussian(x, 160.0, 1.0, 1000.0)[None, :], p, {}, 1)[0]
    np.testing.assert_allclose(left[x > 165.0], 2.0 * (x[x > 165.0] - 160.0), rtol=1e-6)


def test_noisy_shirley_converges_and_meets_both_averaged_ends(x):
    rng = np.random.default_rng(7)
    truth = 400.0 + 0.05 * gaussian_integral(x, 163.0, 1.5, 4000.0)
    y = rng.poisson(truth + gaussian(x, 163.0, 1.5, 4000.0)).astype(float)
    result = static("shirley", x, y, slice(10, 391), endpoint_points=5)
    assert result.curve[0] == pytest.approx(y[8:13].mean(), rel=1e-12)
    assert result.curve[-1] == pytest.approx(y[388:393].mean(), rel=1e-12)
    assert np.all(np.abs(result.curve - truth[10:391]) < 40.0)


def test_shirley_that_does_not_settle_says_its_last_change(x):
    y = 500.0 + gaussian(x, 163.0, 1.5, 4000.0) + 0.05 * gaussian_integral(x, 163.0, 1.5, 4000.0)
    with pytest.raises(FitError, match=r"2 passes.*moved it by \d"):
        static("shirley", x, y, max_iterations=2)


def test_level_data_need_no_step(x):
    result = static("shirley", x, np.full(x.size, 12.5))
    assert np.array_equal(result.curve, np.full(x.size, 12.5))


# End points


def test_end_levels_use_the_outer_neighbour():
    y = np.array([9.0, 1.0, 2.0, 5.0, 5.0, 5.0, 7.0, 8.0, 30.0])
    levels = end_levels(np.arange(9.0), y, slice(1, 8), orientation=1)
    assert (levels.low, levels.high) == (4.0, 15.0)
    assert (levels.low_points, levels.high_points) == (3, 3)


def test_end_levels_at_the_end_of_the_data_say_how_few_points_they_had():
    levels = end_levels(np.arange(9.0), np.arange(9.0), slice(0, 9), orientation=1)
    assert (levels.low, levels.high) == (0.5, 7.5)
    assert (levels.low_points, levels.high_points) == (2, 2)


def test_low_end_is_the_upper_one_on_a_kinetic_energy_axis():
    levels = end_levels(np.arange(9.0), np.arange(9.0), slice(1, 8), orientation=-1)
    assert (levels.low, levels.high) == (7.0, 1.0)


def test_offsets_lower_the_levels_by_percent(x):
    y = 1000.0 + gaussian(x, 163.0, 1.0, 500.0)
    curve = static("linear", x, y, low_offset=10.0, high_offset=-5.0).curve
    assert curve[0] == pytest.approx(900.0, rel=1e-3)
    assert curve[-1] == pytest.approx(1050.0, rel=1e-3)


def test_background_above_the_data_is_told_not_clipped(x):
    y = 1000.0 + gaussian(x, 163.0, 1.0, 500.0)
    y[100:120] -= 80.0
    result = static("linear", x, y)
    assert result.info["max_above_data"] == pytest.approx(80.0, rel=1e-9)
    assert np.allclose(result.curve, 1000.0)


def test_a_window_too_short_for_the_means_is_refused(x):
    with pytest.raises(DataError, match=r"holds 5 points.*needs 8"):
        static("shirley", x, x, slice(0, 5), endpoint_points=7)


@pytest.mark.parametrize("inside", [slice(0, 401), slice(20, 300)])
@pytest.mark.parametrize("points", [1, 3, 9])
def test_static_linear_is_exact_on_a_line(x, inside, points):
    y = 40.0 - 3.5 * (x - 160.0)
    curve = static("linear", x, y, inside, endpoint_points=points).curve
    np.testing.assert_allclose(curve, y[inside], rtol=1e-12, atol=1e-12)


def test_active_linear_is_level_at_the_low_end_plus_slope(x):
    kind = BACKGROUNDS["linear"]
    value, _ = kind.base(x, np.array([40.0, -3.5]), {}, 1)
    np.testing.assert_allclose(value, 40.0 - 3.5 * (x - 155.0), rtol=1e-12)
    value, _ = kind.base(x, np.array([40.0, -3.5]), {}, -1)
    np.testing.assert_allclose(value, 40.0 - 3.5 * (175.0 - x), rtol=1e-12)


def test_polynomial_holds_every_cubic(x):
    kind = BACKGROUNDS["polynomial"]
    _, rows = kind.base(x, np.zeros(4), {"degree": 3}, 1)
    y = 3.0 - 2.0 * (x - 160) + 0.7 * (x - 160) ** 2 - 0.03 * (x - 160) ** 3
    p = np.linalg.lstsq(rows.T, y, rcond=None)[0]
    np.testing.assert_allclose(kind.base(x, p, {"degree": 3}, 1)[0], y, rtol=1e-10)
    assert np.linalg.cond(rows @ rows.T) < 10.0


@pytest.mark.parametrize("orientation", [1, -1])
def test_exponential_has_the_form_of_the_nist_problems(orientation):
    x = np.linspace(1.0, 250.0, 250)
    value, _ = BACKGROUNDS["exponential"].base(x, np.array([94.9, 0.009]), {}, orientation)
    np.testing.assert_allclose(value, 94.9 * np.exp(-0.009 * x), rtol=1e-12)


# Tougaard


def test_universal_kernel_is_the_published_formula_with_its_maximum_at_sqrt_c_over_3():
    loss = np.linspace(0.0, 100.0, 100_001)
    kernel = tougaard_kernel(loss, 2866.0, -1643.0)
    np.testing.assert_allclose(kernel, 2866.0 * loss / (1643.0 + loss**2) ** 2, rtol=1e-13)
    assert loss[kernel.argmax()] == pytest.approx(np.sqrt(1643.0 / 3.0), abs=2e-3)


def test_three_parameter_kernel_squares_the_difference_and_stops_at_the_gap():
    loss = np.array([0.0, 1.0, 2.9, 3.0, 10.0, 23.0, 40.0])
    kernel = tougaard_kernel(loss, 335.0, 551.0, 436.0, 3.0)
    expected = [
        0.0 if t < 3.0 else 335.0 * t / ((551.0 - t * t) * (551.0 - t * t) + 436.0 * t * t)
        for t in loss
    ]
    np.testing.assert_allclose(kernel, expected, rtol=1e-13)


def test_universal_kernel_integrates_to_b_over_2c():
    loss = np.linspace(0.0, 4000.0, 400_001)
    area = np.trapezoid(tougaard_kernel(loss, 2866.0, -1643.0), loss)
    assert area == pytest.approx(2866.0 / (2.0 * 1643.0), rel=2e-4)


def test_a_kernel_with_a_pole_is_refused():
    with pytest.raises(ModelError, match="pole"):
        tougaard_kernel(np.arange(30.0), 100.0, 450.0, 0.0)


def naive_loss_integral(x, row, kernel):
    widths = np.gradient(x)
    widths[0] /= 2.0
    return np.array(
        [
            sum(
                float(kernel(np.array([x[i] - x[j]]))[0]) * row[j] * widths[j] for j in range(i + 1)
            )
            for i in range(x.size)
        ]
    )


@pytest.mark.parametrize("even", [True, False])
def test_loss_integral_equals_the_double_loop(even):
    rng = np.random.default_rng(3)
    x = np.linspace(700.0, 730.0, 121) if even else np.sort(rng.uniform(700.0, 730.0, 121))
    rows = rng.uniform(0.0, 100.0, (2, 121))

    def kernel(loss):
        return tougaard_kernel(loss, 335.0, 551.0, 436.0, 2.9)

    fast = loss_integral(x, rows, kernel)
    for row, folded in zip(rows, fast, strict=True):
        slow = naive_loss_integral(x, row, kernel)
        np.testing.assert_allclose(folded, slow, atol=1e-10 * slow.max())


def scattered(x, primary, kernel):
    """Primary electrons that lose energy again and again: j = p + K j, solved exactly."""
    widths = np.gradient(x)
    widths[0] /= 2.0
    losses = np.tril(kernel(np.abs(x[:, None] - x)), -1) * widths
    return np.linalg.solve(np.eye(x.size) - losses, primary)


@pytest.mark.parametrize("fit_end", [True, False])
@pytest.mark.parametrize("name", ["tougaard_u2", "tougaard_u3"])
def test_static_tougaard_returns_the_area_of_a_scattered_peak(name, fit_end):
    fine = np.linspace(700.0, 770.0, 2801)
    shape = {"b": 2000.0, "c": 1643.0} if name == "tougaard_u2" else {"b": 330.0, "c": 551.0}
    c, d = (-1643.0, 0.0) if name == "tougaard_u2" else (551.0, 436.0)
    measured = 500.0 + scattered(
        fine,
        gaussian(fine, 712.0, 3.0, 30000.0),
        lambda loss: tougaard_kernel(loss, shape["b"], c, d),
    )
    x, y = fine[::4], measured[::4]
    result = static(name, x, y, fit_end=fit_end, **shape)
    assert np.trapezoid(y - result.curve, x) == pytest.approx(30000.0, rel=5e-3)
    assert result.info["b"] == pytest.approx(shape["b"], rel=5e-3)


def test_active_tougaard_returns_the_area_of_its_peak():
    """Level, area and area x b are linear unknowns of data folded on a finer grid."""
    fine = np.linspace(700.0, 770.0, 5601)
    peak = gaussian(fine, 712.0, 3.0, 30000.0)
    loss = fine[:, None] - fine[None, :]
    kernel = np.where(loss > 0, 1200.0 * loss / (1643.0 + loss**2) ** 2, 0.0)
    measured = (500.0 + peak + kernel @ peak * (fine[1] - fine[0]))[::8]
    x = fine[::8]
    kind = BACKGROUNDS["tougaard_u2"]
    left = kind.couple(x, peak[None, ::8], np.array([0.0, 1.0, 1643.0]), {}, 1)[0]
    columns = np.column_stack([np.ones(x.size), peak[::8], left])
    level, area, tail = np.linalg.lstsq(columns, measured, rcond=None)[0]
    assert area == pytest.approx(1.0, rel=5e-3)
    assert tail / area == pytest.approx(1200.0, rel=5e-3)
    assert level == pytest.approx(500.0, rel=1e-3)


def test_tougaard_that_cannot_meet_the_end_is_refused(x):
    with pytest.raises(DataError, match="folds to nothing"):
        static("tougaard_u2", x, 100.0 - 0.5 * (x - x[0]))


# Names and options


def test_unknown_background_is_refused_with_the_nearest():
    with pytest.raises(ModelError, match='Did you mean "shirley"'):
        background_kind("shirly")


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"endpoint_point": 3}, 'Did you mean "endpoint_points"'),
        ({"endpoint_points": 4}, "Use 3 or 5"),
        ({"endpoint_points": "3"}, "type int, found '3'"),
        ({"endpoint_points": True}, "type int, found True"),
        ({"definition": "sherwood"}, "proctor_sherwood, casaxps"),
        ({"degree": 2}, "outside 0 to 1"),
        ({"tolerance": float("nan")}, "outside"),
    ],
)
def test_wrong_option_is_refused_with_what_to_do(given, message):
    with pytest.raises(ModelError, match=message):
        complete_options(BACKGROUNDS["shirley"], given)


def test_option_without_effect_in_the_mode_is_refused():
    with pytest.raises(ModelError, match="no effect in active mode"):
        complete_options(BACKGROUNDS["shirley"], {"definition": "casaxps"}, mode="active")


def test_mode_that_a_kind_does_not_have_is_refused():
    with pytest.raises(ModelError, match="no mode 'static'"):
        complete_options(BACKGROUNDS["shirley_slope"], {}, mode="static")


def test_chosen_loss_shape_becomes_the_fixed_parameter():
    specs = {s.name: s for s in BACKGROUNDS["tougaard_u3"].parameters({"c": 300.0, "d": 50.0})}
    assert (specs["c"].default, specs["d"].default) == (300.0, 50.0)
    assert not specs["c"].free and not specs["d"].free and specs["b"].free


@settings(max_examples=30, deadline=None)
@given(shift=st.floats(-2.0, 2.0), scale=st.floats(0.1, 10.0))
def test_cumulative_integral_ends_on_the_area(shift, scale):
    x = np.linspace(-20.0, 20.0, 801)
    peak = gaussian(x, shift, 2.0, scale)
    assert cumulative_integral(x, peak)[-1] == pytest.approx(scale, rel=1e-9)


# CasaXPS's own exports (real data)

EXACT_SHIRLEY = [
    ("20240220_Au_MPPipTFSI4AMSIol3_C_1s.csv", 0),
    ("20240220_Au_MPPipTFSI4AMSIol3_C_1s.csv", 1),
    ("20240220_Au_MPPipTFSI4AMSIol3_F_1s.csv", 0),
    ("20240220_Au_MPPipTFSI4AMSIol3_N_1s.csv", 0),
    ("20240220_Au_MPPipTFSI4AMSIol3_Na_1s.csv", 0),
    ("20240220_Au_MPPipTFSI4AMSIol3_O_1s.csv", 0),
    ("20240220_Au_MPPipTFSI4AMSIol3_S_2p.csv", 0),
    ("20240220_Au_MPPipTFSI4AMSIol3_Si_2p.csv", 0),
    ("20240228_Au_Nadep_from_MPPipTFSI4AMSIol3_Au_4f.csv", 0),
    ("20240228_Au_Nadep_from_MPPipTFSI4AMSIol3_C_1s.csv", 0),
]
AU_4F = EXACT_SHIRLEY[8][0]


def casaxps_export(path):
    """Return binding energy, counts per second and exported background, ascending."""
    with path.open(newline="") as file:
        rows = list(csv.reader(file))
    numbers = np.array([[float(cell) for cell in row] for row in rows[4:] if row and row[0]])
    return numbers[::-1, 0], numbers[::-1, 1], numbers[::-1, -2]


def exported_regions(y, background):
    """Return the runs of channels where the background is not padded with the data.

    The C 1s export of 20240220 holds two regions, of 58 and 33 channels.
    """
    differs = np.flatnonzero(y != background)
    breaks = np.flatnonzero(np.diff(differs) > 1)
    starts = [differs[0], *differs[breaks + 1]]
    stops = [*(differs[breaks] + 1), differs[-1] + 1]
    return [slice(a, b) for a, b in zip(starts, stops, strict=True)]


@pytest.mark.parametrize(("file", "region"), EXACT_SHIRLEY)
def test_casaxps_shirley_is_reproduced_within_a_tenth_count(data_dir, file, region):
    x, y, exported = casaxps_export(data_dir / "theoechem-tfsi-casaxps" / file)
    inside = exported_regions(y, exported)[region]
    curve = static("shirley", x, y, inside, definition="casaxps").curve
    assert np.abs(curve - exported[inside]).max() < 0.1


def test_casaxps_shirley_is_told_from_proctor_and_sherwood(data_dir):
    folder = data_dir / "theoechem-tfsi-casaxps"
    x, y, exported = casaxps_export(folder / AU_4F)
    (inside,) = exported_regions(y, exported)
    curve = static("shirley", x, y, inside).curve
    assert np.abs(curve - exported[inside]).max() > 1.0


def feo_export(data_dir):
    file = data_dir / "pynxtools-xps" / "vamas" / "FeO_analyzed_lineshapes_cols.txt"
    rows = [line.split("\t") for line in file.read_text().splitlines()]
    start = next(i for i, row in enumerate(rows) if row[0].startswith("K.E.")) + 1
    numbers = np.array([[float(cell) for cell in row if cell] for row in rows[start:]])
    return numbers[::-1, 8], numbers[::-1, 9], numbers[::-1, 14]


FEO = {"b": 335.44588, "c": 551.0, "d": 436.0, "gap": 3.0}


@pytest.mark.parametrize("definition", ["casaxps", "trapezoid"])
def test_casaxps_tougaard_of_feo_is_reproduced_within_a_thousandth(data_dir, definition):
    x, y, exported = feo_export(data_dir)
    (inside,) = exported_regions(y, exported)
    assert inside.stop - inside.start == 985
    result = static("tougaard_u3", x, y, inside, fit_end=False, definition=definition, **FEO)
    np.testing.assert_allclose(result.curve, exported[inside], rtol=1e-3)
    assert result.info["low_level"] == pytest.approx(1473.502, abs=1e-3)
    assert result.info["high_level"] == pytest.approx(6211.467, abs=1e-3)


def test_casaxps_tougaard_strength_of_feo_is_the_one_that_meets_the_end(data_dir):
    x, y, exported = feo_export(data_dir)
    (inside,) = exported_regions(y, exported)
    result = static("tougaard_u3", x, y, inside, definition="casaxps", **(FEO | {"b": 1.0}))
    assert result.info["b"] == pytest.approx(FEO["b"], rel=1e-3)


def test_feo_on_its_kinetic_energy_axis_has_the_same_background(data_dir):
    x, y, exported = feo_export(data_dir)
    (inside,) = exported_regions(y, exported)
    turned = slice(x.size - inside.stop, x.size - inside.start)
    curve = static(
        "tougaard_u3", (1486.61 - x)[::-1], y[::-1], turned, -1, fit_end=False, **FEO
    ).curve
    np.testing.assert_allclose(curve[::-1], exported[inside], rtol=1e-3)


def u2_regions(path):
    """Return calibrated kinetic energy, counts, window and stored B of the S 2p blocks."""
    lines = path.read_text(encoding="latin-1").splitlines()
    found = []
    for i, line in enumerate(lines):
        if not line.startswith("CASA region (*S 2p*) (*U 2 Tougaard*)"):
            continue
        shifts = [text.split() for text in lines[i - 6 : i] if text.endswith("BE ADD")]
        shift = sum(float(words[6]) - float(words[3]) for words in shifts)
        axis = lines.index("Kinetic energy", i)
        start, step = float(lines[axis + 2]), float(lines[axis + 3])
        length = axis + 17 + 3 * int(lines[axis + 16])
        # Four extrema follow the length; intensity and transmission are interleaved.
        ordinates = lines[length + 5 : length + 5 + int(lines[length])]
        counts = np.array(ordinates[::2], dtype=float)
        energy = start + step * np.arange(counts.size) - shift
        words = line.split("Tougaard*)")[1].split()
        found.append((energy, counts, (float(words[0]), float(words[1])), float(words[6])))
    return found


def test_casaxps_u2_strength_of_s2p_is_the_one_that_meets_the_end(data_dir):
    """Stored B of three S 2p regions, c = 450 eV^2; one channel more or less moves B by 3 %."""
    regions = u2_regions(data_dir / "cheminfo-xps" / "assigned_excerpt_3samples.vms")
    ratios = []
    for energy, counts, (low, high), stored in regions:
        inside = slice(*np.searchsorted(energy, [low, high]))
        result = static("tougaard_u2", energy, counts, inside, -1, c=450.0, definition="casaxps")
        ratios.append(result.info["b"] / stored)
    assert ratios == pytest.approx([1.0, 1.0, 1.0], abs=2e-3)
    assert ratios[0] == pytest.approx(1.0, abs=1e-7)


def test_a_very_long_uneven_axis_has_the_loss_integral_of_its_even_neighbour():
    """No matrix of all losses is made: 50,000 points would need 20 GB."""
    even = np.linspace(0.0, 50.0, 50_000)
    x = even + 0.3 * (even[1] - even[0]) * np.sin(np.arange(even.size))
    x[0], x[-1] = even[0], even[-1]

    def signal(e):
        return np.exp(-((e - 10.0) ** 2)) + 0.5 * np.exp(-((e - 20.0) ** 2))

    def kernel(loss):
        return tougaard_kernel(loss, 2866.0, 1643.0, 1643.0)

    found = loss_integral(x, signal(x), kernel)
    expected = loss_integral(even, signal(even), kernel)
    assert found == pytest.approx(np.interp(x, even, expected), abs=2e-5 * expected.max())


@pytest.mark.parametrize("orientation", [1, -1])
def test_rough_backgrounds_of_many_spectra_are_those_of_each(orientation):
    rng = np.random.default_rng(11)
    x = np.linspace(0.0, 14.0, 141)
    peaks = 900.0 * np.exp(-0.5 * ((x - 7.0 + orientation) / 0.6) ** 2)
    y = rng.poisson(200.0 + peaks + 0.05 * np.cumsum(peaks)[::orientation], (9, 141)).astype(float)
    y[4] = 3.0  # no step
    y[5] = np.where(np.arange(141) < 70, 10.0, 50.0)
    y[6] = np.linspace(1.0, 2.0, 141) * np.where(np.arange(141) % 2, 1.0, -1.0)
    inside = slice(10, 131)
    rows = rough_shirley(x, y, inside, orientation, tolerance=0.03)
    for own, curve in zip(y, rows, strict=True):
        try:
            alone = BACKGROUNDS["shirley"].static(x, own, inside, {"tolerance": 0.03}, orientation)
        except SpectraError:
            assert np.isnan(curve).all()
        else:
            np.testing.assert_array_equal(curve, alone.curve)
    assert np.isnan(rough_shirley(x, y, slice(3, 5), orientation, tolerance=0.03)).all()
