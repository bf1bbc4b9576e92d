"""Line shapes, compiled: value and all derivatives of one component in one go.

These are the formulas of `spectra_core.curves.profiles` and the scaling of
`spectra_core.curves.lineshapes` once more, arranged for a compiler; the contract test holds
them to 1e-10 of the numpy versions. A shape of one width fills rows of value, slope and
gradients over u, the distance from its centre in that width; `_scale_rows` then stretches
them to area (or height), centre and true width. The true width of a product and of a
Doniach-Sunjic line needs a root, found here by Newton's method. A Voigt is done in its two
widths, whichever parameters it is given in; its width needs a root too.

Every x is turned so that binding energy grows with it; `turn` is -1 where that
changed the sign of x, and enters nowhere but through the centre.

To add a shape: a code, a branch in `component_rows`, and a row in
`spectra_core.fitting.engine.SHAPE_CODES`.
"""

from __future__ import annotations

from math import asinh, atan2, cos, exp, floor, lgamma, log, log1p, pi, sin, sqrt, tan

import numpy as np

from ...spectrum import Array
from .compile import compiled, exact, inlined, ordered
from .faddeeva import scaled_complementary_error, voigt_point, voigt_rows

GAUSSIAN, LORENTZIAN, VOIGT, VOIGT_TWO_WIDTHS, PSEUDO_VOIGT, GL_SUM = 0, 1, 2, 3, 4, 5
GL_PRODUCT, DONIACH_SUNJIC, BWF, LA_SHARP, TABLE_AREA, TABLE_HEIGHT = 6, 7, 8, 9, 10, 11
ASYMMETRIC_VOIGT, MEASURED = 12, 13

ROWS = 8  # scratch rows that a component may need
N_LANDMARKS = 9  # code and two shape parameters, and the six numbers that follow from them
UNKNOWN = -1.0  # code of landmarks that belong to nothing yet
TABLE_HEADER = 18  # width, norm, then (start, cells per unit, number, offset) of four parts
TABLE_ORDER = 8  # polynomial coefficients of each cell

_FOUR_LN2 = 4.0 * log(2.0)
_FWHM_PER_SIGMA = sqrt(8.0 * log(2.0))
_GAUSS_AREA = sqrt(pi / _FOUR_LN2)
_LORENTZ_AREA = 0.5 * pi
_LOG2_E = 1.4426950408889634
_LN2_HIGH, _LN2_LOW = 6.93147180369123816490e-01, 1.90821492927058770002e-10
_ROUND = 6755399441055744.0  # 1.5 * 2^52: adding it rounds to a whole number


@ordered
def exponentials(t: Array, out: Array, scratch: Array) -> None:
    """Fill `out` with exp(t), several points at a time, to 2e-16; t <= 0.

    The whole part n of t / ln 2 is left in the low bits of a large number and becomes
    the exponent of 2^n by a shift; the rest is a Taylor polynomial.
    """
    for k in range(t.size):
        s = max(t[k], -708.0)
        large = s * _LOG2_E + _ROUND
        n = large - _ROUND
        r = (s - n * _LN2_HIGH) - n * _LN2_LOW
        e = 1.0 / 6227020800.0
        e = e * r + 1.0 / 479001600.0
        e = e * r + 1.0 / 39916800.0
        e = e * r + 1.0 / 3628800.0
        e = e * r + 1.0 / 362880.0
        e = e * r + 1.0 / 40320.0
        e = e * r + 1.0 / 5040.0
        e = e * r + 1.0 / 720.0
        e = e * r + 1.0 / 120.0
        e = e * r + 1.0 / 24.0
        e = e * r + 1.0 / 6.0
        e = e * r + 0.5
        e = e * r + 1.0
        out[k] = e * r + 1.0
        scratch[k] = large
    bits = scratch.view(np.int64)
    for k in range(t.size):
        bits[k] = (bits[k] + 1023) << 52
    for k in range(t.size):
        out[k] = out[k] * scratch[k]


# --- formulas over u ----------------------------------------------------------------


@compiled
def _gauss_and_lorentz(u: Array, gauss: Array, lorentz: Array, scratch: Array) -> None:
    for k in range(u.size):
        lorentz[k] = -_FOUR_LN2 * u[k] * u[k]
    exponentials(lorentz, gauss, scratch)
    for k in range(u.size):
        lorentz[k] = 1.0 / (1.0 + 4.0 * u[k] * u[k])


@compiled
def _gaussian(u: Array, value: Array, slope: Array, scratch: Array) -> None:
    for k in range(u.size):
        slope[k] = -_FOUR_LN2 * u[k] * u[k]
    exponentials(slope, value, scratch)
    for k in range(u.size):
        slope[k] = -2.0 * _FOUR_LN2 * u[k] * value[k]


@compiled
def _lorentzian(u: Array, value: Array, slope: Array) -> None:
    for k in range(u.size):
        v = 1.0 / (1.0 + 4.0 * u[k] * u[k])
        value[k] = v
        slope[k] = -8.0 * u[k] * v * v


@compiled
def _mixture(
    u: Array,
    gauss_share: float,
    lorentz_share: float,
    by_gauss: float,
    by_lorentz: float,
    value: Array,
    slope: Array,
    by_mix: Array,
    scratch: Array,
) -> None:
    _gauss_and_lorentz(u, value, slope, scratch)
    for k in range(u.size):
        gauss, lorentz = value[k], slope[k]
        by_mix[k] = by_gauss * gauss + by_lorentz * lorentz
        value[k] = gauss_share * gauss + lorentz_share * lorentz
        slope[k] = -u[k] * (
            2.0 * _FOUR_LN2 * gauss_share * gauss + 8.0 * lorentz_share * lorentz * lorentz
        )


@compiled
def _gl_product(
    u: Array, mix: float, value: Array, slope: Array, by_mix: Array, scratch: Array
) -> None:
    decay = _FOUR_LN2 * (1.0 - mix)
    for k in range(u.size):
        slope[k] = -decay * u[k] * u[k]
    exponentials(slope, value, scratch)
    for k in range(u.size):
        square = u[k] * u[k]
        lorentz = 1.0 / (1.0 + 4.0 * mix * square)
        v = value[k] * lorentz
        value[k] = v
        slope[k] = -2.0 * u[k] * v * (decay + 4.0 * mix * lorentz)
        by_mix[k] = v * square * (_FOUR_LN2 - 4.0 * lorentz)


@compiled
def _doniach_sunjic_point(u: float, asymmetry: float) -> tuple[float, float, float]:
    nu = 1.0 - asymmetry
    theta = atan2(1.0, -2.0 * u)
    log_sine = -0.5 * log1p(4.0 * u * u)
    power = exp(nu * log_sine)
    value = sin(nu * theta) * power
    slope = 2.0 * nu * sin((nu + 1.0) * theta) * power * exp(log_sine)
    return value, slope, -theta * cos(nu * theta) * power - value * log_sine


@compiled
def _bwf(u: Array, asymmetry: float, value: Array, slope: Array, gradient: Array) -> None:
    for k in range(u.size):
        s = 2.0 * u[k]
        lorentz = 1.0 / (1.0 + s * s)
        lever = 1.0 + s * asymmetry
        value[k] = lever * lever * lorentz
        slope[k] = 4.0 * lever * (asymmetry - s) * lorentz * lorentz
        gradient[k] = 2.0 * s * lever * lorentz


@compiled
def _la_sharp(
    u: Array, alpha: float, beta: float, value: Array, slope: Array, by_alpha: Array, by_beta: Array
) -> None:
    for k in range(u.size):
        high = u[k] > 0.0
        exponent = alpha if high else beta
        denominator = 1.0 + 4.0 * u[k] * u[k]
        log_q = -log(denominator)
        v = exp(exponent * log_q)
        value[k] = v
        slope[k] = -8.0 * exponent * u[k] * v / denominator
        by_alpha[k] = v * log_q if high else 0.0
        by_beta[k] = 0.0 if high else v * log_q


@compiled
def _asymmetric_voigt(u: Array, mix: float, asymmetry: float, rows: Array) -> None:
    """Fill rows 0 (value), 1 (slope), 3 and 4 (gradients); see `profiles.asymmetric_voigt`.

    Row 5 keeps the root of u^2 + 1: u^2 / (root + 1) is root - 1, to the rounding of v.
    """
    root, v = rows[5], rows[7]
    for k in range(u.size):
        root[k] = sqrt(u[k] * u[k] + 1.0)
        v[k] = u[k] - asymmetry * (root[k] - 1.0)
    voigt_rows(v, 0.0, (1.0 - mix) / _FWHM_PER_SIGMA, 0.5 * mix, rows)
    value, slope, by_sigma, by_mix, by_asymmetry = rows[0], rows[1], rows[2], rows[3], rows[4]
    for k in range(u.size):
        inverse = 1.0 / root[k]
        side = u[k] * inverse
        stretch = 1.0 - asymmetry * side
        y, dy = value[k], slope[k]
        value[k] = y * stretch
        slope[k] = dy * stretch * stretch - asymmetry * y * inverse * inverse * inverse
        by_mix[k] = (0.5 * by_mix[k] - by_sigma[k] / _FWHM_PER_SIGMA) * stretch
        by_asymmetry[k] = -dy * (root[k] - 1.0) * stretch - y * side


@compiled
def _asymmetric_voigt_point(
    u: float, mix: float, asymmetry: float
) -> tuple[float, float, float, float]:
    """Return value, slope and the gradients by mix and asymmetry at one place."""
    root = sqrt(u * u + 1.0)
    side, rise = u / root, root - 1.0
    stretch = 1.0 - asymmetry * side
    y, dy, by_sigma, by_gamma = voigt_point(
        u - asymmetry * rise, (1.0 - mix) / _FWHM_PER_SIGMA, 0.5 * mix
    )
    slope = dy * stretch * stretch - asymmetry * y / (root * root * root)
    by_mix = (0.5 * by_gamma - by_sigma / _FWHM_PER_SIGMA) * stretch
    return y * stretch, slope, by_mix, -dy * rise * stretch - y * side


@exact
def _from_table(u: Array, table: Array, value: Array, slope: Array) -> None:
    """Evaluate a line whose shape parameters are fixed by its piecewise polynomials.

    `spectra_core.fitting.kernels.tables` makes them, in s = asinh(2 u), and tests them.
    """
    for k in range(u.size):
        s = asinh(2.0 * u[k])
        part = 3
        while part > 0 and s < table[2 + 4 * part]:
            part -= 1
        at = 2 + 4 * part
        place = (s - table[at]) * table[at + 1]
        cell = min(max(floor(place), 0), int(table[at + 2]) - 1)
        t = min(max(2.0 * (place - cell) - 1.0, -1.0), 1.0)
        first = int(table[at + 3]) + 2 * TABLE_ORDER * cell
        v, d = 0.0, 0.0
        for i in range(TABLE_ORDER):
            v = v * t + table[first + i]
            d = d * t + table[first + TABLE_ORDER + i]
        value[k] = v
        slope[k] = d


@exact
def _measured(
    x: Array, turn: float, p: Array, center: float, table: Array, scales: Array, rows: Array
) -> None:
    """Fill rows 0 to 2 of a measured spectrum: value, slope, and change with the broadening.

    Every node of its B-spline is a polynomial of the broadening in some cells;
    `spectra_core.fitting.kernels.tables` makes them. See `spectra_core.curves.measured`.
    """
    inverse, n, cells = table[1], int(table[2]), int(table[3])
    cell = cells - 1
    while cell > 0 and p[2] < table[4 + cell]:
        cell -= 1
    low, high = table[4 + cell], table[5 + cell]
    t = 2.0 * (p[2] - low) / (high - low) - 1.0
    start = 5 + cells + cell * n * TABLE_ORDER
    for k in range(x.size):
        u = (x[k] - turn * center - table[0]) * inverse
        place = floor(u)
        f = u - place
        e = 1.0 - f
        node = int(place) - 1 if -4.0 < place < n + 4.0 else n
        value, slope, change = 0.0, 0.0, 0.0
        for m in range(4):
            if node + m < 0 or node + m >= n:
                continue
            if m == 0:
                weight, lean = e * e * e / 6.0, -0.5 * e * e
            elif m == 1:
                weight = (4.0 - 6.0 * f * f + 3.0 * f * f * f) / 6.0
                lean = -2.0 * f + 1.5 * f * f
            elif m == 2:
                weight = (4.0 - 6.0 * e * e + 3.0 * e * e * e) / 6.0
                lean = 2.0 * e - 1.5 * e * e
            else:
                weight, lean = f * f * f / 6.0, 0.5 * f * f
            at = start + (node + m) * TABLE_ORDER
            v, d = 0.0, 0.0
            for i in range(TABLE_ORDER):
                d = d * t + v
                v = v * t + table[at + i]
            value += weight * v
            slope += lean * v
            change += weight * d
        rows[0, k] = value
        rows[1, k] = slope
        rows[2, k] = change
    scales[1] = -turn * p[0] * inverse
    scales[2] = 2.0 * p[0] / (high - low)


# --- landmarks: width, norm, and how they move with the shape parameters --------------


@compiled
def voigt_width(mix: float) -> tuple[float, float]:
    """Return the FWHM of a Voigt whose two widths add up to 1, and its derivative by mix.

    Newton's method from the approximation of Olivero and Longbothum, which is good to
    0.02 %, doi:10.1016/0022-4073(77)90161-3.
    """
    sigma, gamma = (1.0 - mix) / _FWHM_PER_SIGMA, 0.5 * mix
    top, _, top_by_sigma, top_by_gamma = voigt_point(0.0, sigma, gamma)
    half = 0.5 * (0.5346 * mix + sqrt(0.2166 * mix * mix + (1.0 - mix) * (1.0 - mix)))
    slope, by_sigma, by_gamma = 0.0, 0.0, 0.0
    for _ in range(4):
        value, slope, by_sigma, by_gamma = voigt_point(half, sigma, gamma)
        change = (value - 0.5 * top) / slope
        half -= change
        if abs(change) < 1e-9:
            break
    _, slope, by_sigma, by_gamma = voigt_point(half, sigma, gamma)
    rise = 0.5 * top_by_gamma - top_by_sigma / _FWHM_PER_SIGMA
    gradient = 0.5 * by_gamma - by_sigma / _FWHM_PER_SIGMA
    return 2.0 * half, 2.0 * (0.5 * rise - gradient) / slope


@exact
def _asymmetric_apex(mix: float, asymmetry: float) -> float:
    """Return where the slope is zero: false position inside a bracket, one end halved."""
    low, high = -0.5, 0.5
    at_low = _asymmetric_voigt_point(low, mix, asymmetry)[1]
    at_high = _asymmetric_voigt_point(high, mix, asymmetry)[1]
    apex, side = 0.0, 0
    for _ in range(60):
        slope = _asymmetric_voigt_point(apex, mix, asymmetry)[1]
        if slope > 0.0:
            low, at_low = apex, slope
            at_high = 0.5 * at_high if side > 0 else at_high
            side = 1
        else:
            high, at_high = apex, slope
            at_low = 0.5 * at_low if side < 0 else at_low
            side = -1
        moved = (low * at_high - high * at_low) / (at_high - at_low)
        done = abs(moved - apex) < 1e-12
        apex = moved
        if done:
            break
    return apex


@exact
def _asymmetric_half(side: float, mix: float, asymmetry: float, apex: float, peak: float) -> float:
    """Return the half-maximum point on one side: Newton steps inside a bracket."""
    inner, outer = 0.0, 1.0
    while _asymmetric_voigt_point(apex + side * outer, mix, asymmetry)[0] > 0.5 * peak:
        inner, outer = outer, 2.0 * outer
    distance = 0.4
    for _ in range(100):
        value, slope, _mix, _asym = _asymmetric_voigt_point(apex + side * distance, mix, asymmetry)
        if value > 0.5 * peak:
            inner = max(inner, distance)
        else:
            outer = min(outer, distance)
        moved = 0.5 * (inner + outer)
        if slope != 0.0:
            newton = distance - (value - 0.5 * peak) / (side * slope)
            if inner <= newton <= outer:
                moved = newton
        done = abs(moved - distance) <= 1e-12 * moved
        distance = moved
        if done:
            break
    return apex + side * distance


@exact
def _asymmetric_width(mix: float, asymmetry: float) -> tuple[float, float, float]:
    """Return the full width and its derivatives by mix and asymmetry."""
    apex = _asymmetric_apex(mix, asymmetry)
    peak, _slope, rise, rise_2 = _asymmetric_voigt_point(apex, mix, asymmetry)
    low = _asymmetric_half(-1.0, mix, asymmetry, apex, peak)
    high = _asymmetric_half(1.0, mix, asymmetry, apex, peak)
    _, low_slope, low_by, low_by_2 = _asymmetric_voigt_point(low, mix, asymmetry)
    _, high_slope, high_by, high_by_2 = _asymmetric_voigt_point(high, mix, asymmetry)
    by_mix = (0.5 * rise - high_by) / high_slope - (0.5 * rise - low_by) / low_slope
    by_asymmetry = (0.5 * rise_2 - high_by_2) / high_slope - (0.5 * rise_2 - low_by_2) / low_slope
    return high - low, by_mix, by_asymmetry


@exact
def _gl_product_width(mix: float) -> tuple[float, float]:
    """Return the width of the product and its derivative; Newton on the square of u."""
    decay = _FOUR_LN2 * (1.0 - mix)
    square = 0.0
    for _ in range(60):
        excess = log(2.0) - decay * square - log1p(4.0 * mix * square)
        change = excess / (decay + 4.0 * mix / (1.0 + 4.0 * mix * square))
        square += change
        if change <= 1e-15 * square:
            break
    half = sqrt(square)
    lorentz = 1.0 / (1.0 + 4.0 * mix * square)
    slope = -2.0 * half * (decay + 4.0 * mix * lorentz)
    return 2.0 * half, -2.0 * square * (_FOUR_LN2 - 4.0 * lorentz) / slope


@exact
def _gl_product_area(mix: float) -> tuple[float, float]:
    a, b = _FOUR_LN2 * (1.0 - mix), 4.0 * mix
    if b < a / 100.0:
        ratio, total, slope, term = b / a, 1.0, 0.0, 1.0
        for n in range(1, 14):
            coefficient = -0.5 * (2 * n - 1) * term
            slope += n * coefficient
            term = coefficient * ratio
            total += term
        leading = sqrt(pi / a)
        area, by_b = leading * total, leading * slope / a
        by_a = -0.5 * leading * total / a - by_b * ratio
    else:
        z = sqrt(a / b)
        scaled, scaled_slope = scaled_complementary_error(z)
        area = pi / sqrt(b) * scaled
        by_z = pi / sqrt(b) * scaled_slope
        by_a = by_z / (2.0 * sqrt(a * b)) if a > 0.0 else 0.0
        by_b = -0.5 * area / b - 0.5 * by_z * z / b
    return area, -_FOUR_LN2 * by_a + 4.0 * by_b


@exact
def _doniach_sunjic_half(side: float, asymmetry: float, apex: float, peak: float) -> float:
    """Return the half-maximum point on one side: Newton steps inside a bracket."""
    inner, outer = 0.0, 1.0
    while _doniach_sunjic_point(apex + side * outer, asymmetry)[0] > 0.5 * peak:
        inner, outer = outer, 2.0 * outer
    distance = 0.5 * (inner + outer)
    for _ in range(100):
        value, slope, _by = _doniach_sunjic_point(apex + side * distance, asymmetry)
        if value > 0.5 * peak:
            inner = distance
        else:
            outer = distance
        moved = 0.5 * (inner + outer)
        if slope != 0.0:
            newton = distance - (value - 0.5 * peak) / (side * slope)
            if inner <= newton <= outer:
                moved = newton
        done = abs(moved - distance) <= 1e-13 * moved
        distance = moved
        if done:
            break
    return apex + side * distance


@exact
def _doniach_sunjic_landmarks(asymmetry: float) -> tuple[float, float, float, float]:
    """Return width, peak and their derivatives by the asymmetry."""
    apex = -0.5 / tan(pi / (2.0 - asymmetry)) if asymmetry > 0.0 else 0.0
    peak, _, rise = _doniach_sunjic_point(apex, asymmetry)
    low = _doniach_sunjic_half(-1.0, asymmetry, apex, peak)
    high = _doniach_sunjic_half(1.0, asymmetry, apex, peak)
    _, low_slope, low_by = _doniach_sunjic_point(low, asymmetry)
    _, high_slope, high_by = _doniach_sunjic_point(high, asymmetry)
    growth = (0.5 * rise - high_by) / high_slope - (0.5 * rise - low_by) / low_slope
    return high - low, peak, growth, rise


@exact
def _digamma(x: float) -> float:
    """Return the logarithmic derivative of the gamma function, x > 0."""
    total = 0.0
    while x < 10.0:
        total -= 1.0 / x
        x += 1.0
    s = 1.0 / (x * x)
    series = s * (
        1.0 / 12.0
        - s
        * (
            1.0 / 120.0
            - s * (1.0 / 252.0 - s * (1.0 / 240.0 - s * (1.0 / 132.0 - s * 691.0 / 32760.0)))
        )
    )
    return total + log(x) - 0.5 / x - series


@exact
def _power_side(exponent: float) -> tuple[float, float, float, float]:
    """Return area and half-maximum distance of one side of LA, and their derivatives."""
    area = 0.25 * sqrt(pi) * exp(lgamma(exponent - 0.5) - lgamma(exponent))
    by_exponent = area * (_digamma(exponent - 0.5) - _digamma(exponent))
    power = exp(log(2.0) / exponent)
    half = 0.5 * sqrt(power - 1.0)
    return area, by_exponent, half, -0.125 * power * log(2.0) / (exponent * exponent * half)


# --- from formula to curve ------------------------------------------------------------


@compiled
def _scale_rows(
    u: Array,
    turn: float,
    strength: float,
    fwhm: float,
    width: float,
    norm: float,
    per_width: float,
    rows: Array,
) -> None:
    """Turn rows 0 (value) and 1 (slope) into the derivatives by strength, centre and width.

    Row 7 keeps the value and row 6 the lever u * slope for the shape parameters.
    """
    inverse = width / fwhm
    unit = (inverse if per_width > 0.0 else 1.0) / norm
    height = strength * unit
    by_strength, by_center, by_width = rows[0], rows[1], rows[2]
    lever, value = rows[6], rows[7]
    for k in range(u.size):
        v, slope = by_strength[k], by_center[k]
        arm = u[k] * slope
        value[k] = v
        lever[k] = arm
        by_strength[k] = unit * v
        by_center[k] = (-turn * height * inverse) * slope
        by_width[k] = (-height / fwhm) * (per_width * v + arm)


@compiled
def _scale_gradient(
    gradient: Array, height: float, growth: float, stretch: float, value: Array, lever: Array
) -> None:
    for k in range(gradient.size):
        gradient[k] = height * (gradient[k] + growth * value[k] + stretch * lever[k])


@compiled
def _finish(
    u: Array,
    turn: float,
    strength: float,
    fwhm: float,
    per_width: float,
    rows: Array,
    width: float,
    norm: float,
    n_shape: int,
    width_slope: float,
    norm_slope: float,
    width_slope_2: float,
    norm_slope_2: float,
) -> None:
    _scale_rows(u, turn, strength, fwhm, width, norm, per_width, rows)
    height = strength * (width / fwhm if per_width > 0.0 else 1.0) / norm
    if n_shape > 0:
        stretch = width_slope / width
        growth = per_width * stretch - norm_slope / norm
        _scale_gradient(rows[3], height, growth, stretch, rows[7], rows[6])
    if n_shape > 1:
        stretch = width_slope_2 / width
        growth = per_width * stretch - norm_slope_2 / norm
        _scale_gradient(rows[4], height, growth, stretch, rows[7], rows[6])


@compiled
def _two_widths(x: Array, turn: float, p: Array, center: float, scales: Array, rows: Array) -> None:
    area = p[0]
    voigt_rows(x, turn * center, p[2] / _FWHM_PER_SIGMA, 0.5 * p[3], rows)
    scales[1] = -turn * area
    scales[2] = area / _FWHM_PER_SIGMA
    scales[3] = 0.5 * area


@compiled
def _voigt(
    x: Array,
    turn: float,
    p: Array,
    center: float,
    scales: Array,
    rows: Array,
    width: float,
    by_mix: float,
) -> None:
    """Do `_two_widths` for a width and a mix, which are both widths in other words."""
    area, fwhm, mix = p[0], p[2], p[3]
    unit = fwhm / width
    sigma, gamma = (1.0 - mix) * unit / _FWHM_PER_SIGMA, 0.5 * mix * unit
    voigt_rows(x, turn * center, sigma, gamma, rows)
    sigma_by_mix = -unit / _FWHM_PER_SIGMA - sigma * by_mix / width
    gamma_by_mix = 0.5 * unit - gamma * by_mix / width
    by_width, by_share = rows[2], rows[3]
    for k in range(x.size):
        by_sigma, by_gamma = by_width[k], by_share[k]
        by_width[k] = sigma * by_sigma + gamma * by_gamma
        by_share[k] = sigma_by_mix * by_sigma + gamma_by_mix * by_gamma
    scales[1] = -turn * area
    scales[2] = area / fwhm
    scales[3] = area


@exact
def _landmarks(
    code: int, p: Array, table: Array
) -> tuple[float, float, float, float, float, float]:
    """Return width, norm, and their derivatives by the first and second shape parameter."""
    if code == VOIGT:
        width, by_mix = voigt_width(p[3])
        return width, 1.0, by_mix, 0.0, 0.0, 0.0
    if code == PSEUDO_VOIGT:
        return 1.0, 1.0, 0.0, 0.0, 0.0, 0.0
    if code == GAUSSIAN:
        return 1.0, _GAUSS_AREA, 0.0, 0.0, 0.0, 0.0
    if code == LORENTZIAN:
        return 1.0, _LORENTZ_AREA, 0.0, 0.0, 0.0, 0.0
    if code == GL_SUM:
        area = (1.0 - p[3]) * _GAUSS_AREA + p[3] * _LORENTZ_AREA
        return 1.0, area, 0.0, _LORENTZ_AREA - _GAUSS_AREA, 0.0, 0.0
    if code == GL_PRODUCT:
        width, by_mix = _gl_product_width(p[3])
        area, _ = _gl_product_area(p[3])
        _, area_slope = _gl_product_area(min(p[3], 1.0 - 1e-6))
        return width, area, by_mix, area_slope, 0.0, 0.0
    if code == DONIACH_SUNJIC:
        width, peak, growth, rise = _doniach_sunjic_landmarks(p[3])
        return width, peak, growth, rise, 0.0, 0.0
    if code == BWF:
        c = p[3] * p[3]
        width = 0.5 * (1.0 + p[3]) / (1.0 - p[3]) + 0.5 * (1.0 - p[3]) / (1.0 + p[3])
        return width, 1.0 + c, 4.0 * p[3] / ((1.0 - c) * (1.0 - c)), 2.0 * p[3], 0.0, 0.0
    if code == ASYMMETRIC_VOIGT:
        width, by_mix, by_asymmetry = _asymmetric_width(p[3], p[4])
        return width, 1.0, by_mix, 0.0, by_asymmetry, 0.0
    if code == LA_SHARP:
        high, by_high, reach, by_reach = _power_side(p[3])
        low, by_low, back, by_back = _power_side(p[4])
        return reach + back, high + low, by_reach, by_high, by_back, by_low
    return table[0], table[1], 0.0, 0.0, 0.0, 0.0


@exact
def _find_landmarks(code: int, p: Array, table: Array, known: Array) -> None:
    """Fill `known`, unless it holds the landmarks of this very shape: lines often share it."""
    first = p[3] if p.size > 3 else 0.0
    second = p[4] if p.size > 4 else 0.0
    if known[0] == code and known[1] == first and known[2] == second and table.size == 0:
        return
    known[0], known[1], known[2] = code, first, second
    known[3], known[4], known[5], known[6], known[7], known[8] = _landmarks(code, p, table)


@compiled
def _formula(code: int, u: Array, p: Array, table: Array, rows: Array) -> None:
    """Fill rows 0 (value), 1 (slope), 3 and 4 (gradients); row 5 is scratch."""
    value, slope, gradient, scratch = rows[0], rows[1], rows[3], rows[5]
    if code == PSEUDO_VOIGT:
        mix, gauss, lorentz = p[3], 1.0 / _GAUSS_AREA, 1.0 / _LORENTZ_AREA
        _mixture(
            u, (1.0 - mix) * gauss, mix * lorentz, -gauss, lorentz, value, slope, gradient, scratch
        )
    elif code == GL_SUM:
        _mixture(u, 1.0 - p[3], p[3], -1.0, 1.0, value, slope, gradient, scratch)
    elif code == GAUSSIAN:
        _gaussian(u, value, slope, scratch)
    elif code == LORENTZIAN:
        _lorentzian(u, value, slope)
    elif code == GL_PRODUCT:
        _gl_product(u, p[3], value, slope, gradient, scratch)
    elif code == DONIACH_SUNJIC:
        for k in range(u.size):
            value[k], slope[k], gradient[k] = _doniach_sunjic_point(u[k], p[3])
    elif code == BWF:
        _bwf(u, p[3], value, slope, gradient)
    elif code == ASYMMETRIC_VOIGT:
        _asymmetric_voigt(u, p[3], p[4], rows)
    elif code == LA_SHARP:
        _la_sharp(u, p[3], p[4], value, slope, gradient, rows[4])
    else:
        _from_table(u, table, value, slope)


@compiled
def _rows_of_one_width(
    code: int,
    x: Array,
    turn: float,
    p: Array,
    center: float,
    table: Array,
    u: Array,
    rows: Array,
    known: Array,
) -> None:
    width, norm = known[3], known[4]
    inverse = width / p[2]
    for k in range(x.size):
        u[k] = inverse * (x[k] - turn * center)
    _formula(code, u, p, table, rows)
    per_width = 0.0 if code in (DONIACH_SUNJIC, BWF, TABLE_HEIGHT) else 1.0
    n_shape = 0
    if code in (LA_SHARP, ASYMMETRIC_VOIGT):
        n_shape = 2
    elif code not in (GAUSSIAN, LORENTZIAN, TABLE_AREA, TABLE_HEIGHT):
        n_shape = 1
    _finish(
        u,
        turn,
        p[0],
        p[2],
        per_width,
        rows,
        width,
        norm,
        n_shape,
        known[5],
        known[6],
        known[7],
        known[8],
    )


@inlined
def component_rows(
    code: int,
    x: Array,
    turn: float,
    p: Array,
    shift: float,
    table: Array,
    u: Array,
    scales: Array,
    rows: Array,
    landmarks: Array,
) -> None:
    """Fill `rows` with the derivatives of one component by its parameters.

    The derivative by parameter i is ``scales[i] * rows[i]``; whoever adds it up multiplies
    anyway. The curve itself is ``p[0] * rows[0]``, as every shape is linear in its first
    parameter.

    Parameters
    ----------
    code : int
    x : ndarray, shape (N,)
        Ascending in binding energy.
    turn : float
        -1 where the recorded axis falls with binding energy, else +1.
    p : ndarray, shape (n_parameters,)
    shift : float
        Added to the centre.
    table : ndarray
        Of a shape with fixed parameters; else empty.
    u : ndarray, shape (N,)
        Scratch.
    scales : ndarray, shape (ROWS,)
    rows : ndarray, shape (ROWS, N)
    landmarks : ndarray, shape (N_LANDMARKS,)
        Those of the component before; its code is `UNKNOWN` where there is none.
    """
    scales[:] = 1.0
    if code == VOIGT_TWO_WIDTHS:
        _two_widths(x, turn, p, p[1] + shift, scales, rows)
        return
    if code == MEASURED:
        _measured(x, turn, p, p[1] + shift, table, scales, rows)
        return
    _find_landmarks(code, p, table, landmarks)
    if code == VOIGT:
        width, by_mix = landmarks[3], landmarks[5]
        _voigt(x, turn, p, p[1] + shift, scales, rows, width, by_mix)
    else:
        _rows_of_one_width(code, x, turn, p, p[1] + shift, table, u, rows, landmarks)
