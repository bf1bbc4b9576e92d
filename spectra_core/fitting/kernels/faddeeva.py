"""The Faddeeva function w(z) = exp(-z^2) erfc(-iz), the heart of every Voigt line.

Near the origin Weideman's rational series with 32 terms is used. It is written out
term by term, because a loop inside the loop over points would keep the compiler from
working on several points at once (4 ns a point instead of 50). Further out stands the
asymptotic series in (sigma / q)^2. It holds for any q when sigma is zero, so a pure
Lorentzian is not a special case.

References
----------
.. [1] J. A. C. Weideman, SIAM J. Numer. Anal. 31, 1497 (1994). doi:10.1137/0731077
.. [2] G. P. M. Poppe, C. M. J. Wijers, ACM Trans. Math. Softw. 16, 38 (1990).
   doi:10.1145/77626.77629
"""

from __future__ import annotations

from math import pi, sqrt

from ...spectrum import Array
from .compile import compiled, inlined

WING = 200.0  # (|x + i gamma| / sigma)^2 beyond which ten terms reach 1e-13
_L = 4.756828460010884  # 2^(-1/4) sqrt(32), Weideman's scale for 32 terms
_INVERSE_ROOT_PI = 1.0 / sqrt(pi)
_ROOT_2 = sqrt(2.0)
_INVERSE_PI = 1.0 / pi


@inlined
def faddeeva(x: float, y: float) -> tuple[float, float]:
    """Return real and imaginary part of w(x + iy) for y >= 0 and |x + iy| up to about 15.

    The polynomial in Z = (L + iz) / (L - iz) has real coefficients (twice Weideman's, for
    w = (p / (L - iz) + 1 / sqrt(pi)) / (L - iz)), so two real multiplications carry each
    one (Knuth). Odd and even powers are two polynomials in
    Z^2 (r = 2 Re Z^2, s = |Z^2|^2), because one chain would wait for its own results.
    """
    low = _L + y
    q = 1.0 / (low * low + x * x)
    ir, ii = low * q, x * q  # 1 / (L - iz)
    zr, zi = 2.0 * _L * ir - 1.0, 2.0 * _L * ii
    tr, ti = zr * zr - zi * zi, 2.0 * zr * zi  # Z^2
    r, s = 2.0 * tr, tr * tr + ti * ti
    b, c = -2.6063595726100175e-12, 1.606073579992778e-11
    d, e = 7.481762586330725e-12, -4.308726415567754e-11
    b, c = c + r * b, -1.1088471896332925e-10 - s * b
    d, e = e + r * d, 2.331650218704755e-10 - s * d
    b, c = c + r * b, 8.307486183666906e-10 - s * b
    d, e = e + r * d, -1.0462040962392658e-09 - s * d
    b, c = c + r * b, -6.416030183446738e-09 - s * b
    d, e = e + r * d, 1.6249778913693303e-09 - s * d
    b, c = c + r * b, 4.7595113559794834e-08 - s * b
    d, e = e + r * d, 4.586087813019993e-08 - s * d
    b, c = c + r * b, -2.9626157830241955e-07 - s * b
    d, e = e + r * d, -8.368152740433955e-07 - s * d
    b, c = c + r * b, 8.511666275150017e-07 - s * b
    d, e = e + r * d, 8.8030634631571e-06 - s * d
    b, c = c + r * b, 1.364206388800397e-05 - s * b
    d, e = e + r * d, -4.28192384034215e-05 - s * d
    b, c = c + r * b, -0.0002615089850923069 - s * b
    d, e = e + r * d, -0.0004906596054004286 - s * d
    b, c = c + r * b, 0.0007851827214014062 - s * b
    d, e = e + r * d, 0.009039082210698435 - s * d
    b, c = c + r * b, 0.038012311569690815 - s * b
    d, e = e + r * d, 0.11460880705967444 - s * d
    b, c = c + r * b, 0.28121432453787537 - s * b
    d, e = e + r * d, 0.5908890214301746 - s * d
    b, c = c + r * b, 1.0920279441278682 - s * b
    d, e = e + r * d, 1.8038509787295998 - s * d
    b, c = c + r * b, 2.69108833846909 - s * b
    d, e = e + r * d, 3.651339259264963 - s * d
    b, c = c + r * b, 4.527074599800535 - s * b
    d, e = e + r * d, 5.144506816249139 - s * d
    odd_r, odd_i = b * tr + c, b * ti
    pr = d * tr + e + zr * odd_r - zi * odd_i
    pi_ = d * ti + zr * odd_i + zi * odd_r
    gr, gi = _INVERSE_ROOT_PI + pr * ir - pi_ * ii, pr * ii + pi_ * ir
    return gr * ir - gi * ii, gr * ii + gi * ir


@inlined
def _core(x: float, gamma: float, sigma: float) -> tuple[float, float, float, float]:
    """Return Voigt value, slope and derivatives by sigma and gamma near the line."""
    inverse = 1.0 / (_ROOT_2 * sigma)
    u, v = x * inverse, gamma * inverse
    wr, wi = faddeeva(u, v)
    w1r = -2.0 * (u * wr - v * wi)
    w1i = 2.0 * _INVERSE_ROOT_PI - 2.0 * (u * wi + v * wr)
    w2r = -2.0 * wr - 2.0 * (u * w1r - v * w1i)
    scale = inverse * _INVERSE_ROOT_PI
    scale1 = scale * inverse
    return scale * wr, scale1 * w1r, scale1 * inverse * sigma * w2r, -scale1 * w1i


@inlined
def _wing(x: float, gamma: float, sigma: float) -> tuple[float, float, float, float]:
    """Return what `_core` returns, far from the line, where that would cancel.

    With t = (sigma / q)^2, W = i / (pi q) S0(t), -q^2 W' = i / pi (S0 + t T) and
    sigma W'' = i sigma / (pi q^3) T, where S0 = 1 + t + 3 t^2 + 15 t^3 + ... and T is
    the sum of 2n (2n-1)!! t^(n-1).
    """
    q = 1.0 / (x * x + gamma * gamma)
    ir, ii = x * q, -gamma * q  # 1 / q
    ir2, ii2 = ir * ir - ii * ii, 2.0 * ir * ii
    tr, ti = sigma * sigma * ir2, sigma * sigma * ii2
    r, s = 2.0 * tr, tr * tr + ti * ti
    b, c = 34459425.0, 2027025.0
    b, c = c + r * b, 135135.0 - s * b
    b, c = c + r * b, 10395.0 - s * b
    b, c = c + r * b, 945.0 - s * b
    b, c = c + r * b, 105.0 - s * b
    b, c = c + r * b, 15.0 - s * b
    b, c = c + r * b, 3.0 - s * b
    b, c = c + r * b, 1.0 - s * b
    b, c = c + r * b, 1.0 - s * b
    s0r, s0i = b * tr + c, b * ti
    b, c = 620269650.0, 32432400.0
    b, c = c + r * b, 1891890.0 - s * b
    b, c = c + r * b, 124740.0 - s * b
    b, c = c + r * b, 9450.0 - s * b
    b, c = c + r * b, 840.0 - s * b
    b, c = c + r * b, 90.0 - s * b
    b, c = c + r * b, 12.0 - s * b
    b, c = c + r * b, 2.0 - s * b
    dr, di = b * tr + c, b * ti
    s1r, s1i = s0r + tr * dr - ti * di, s0i + tr * di + ti * dr
    ir3, ii3 = ir2 * ir - ii2 * ii, ir2 * ii + ii2 * ir
    # i (a + ib) = -b + ia: real parts need the imaginary part of the products
    value = -_INVERSE_PI * (ir * s0i + ii * s0r)
    slope = _INVERSE_PI * (ir2 * s1i + ii2 * s1r)
    by_gamma = _INVERSE_PI * (ir2 * s1r - ii2 * s1i)
    by_sigma = -_INVERSE_PI * sigma * (ir3 * di + ii3 * dr)
    return value, slope, by_sigma, by_gamma


@compiled
def voigt_point(x: float, sigma: float, gamma: float) -> tuple[float, float, float, float]:
    """Return value, slope and derivatives by sigma and gamma of a unit Voigt at one place."""
    if x * x + gamma * gamma > WING * sigma * sigma:
        return _wing(x, gamma, sigma)
    return _core(x, gamma, sigma)


@compiled
def _first_at_least(x: Array, limit: float) -> int:
    low, high = 0, x.size
    while low < high:
        middle = (low + high) // 2
        if x[middle] < limit:
            low = middle + 1
        else:
            high = middle
    return low


@inlined
def _core_rows(
    x: Array,
    center: float,
    sigma: float,
    gamma: float,
    value: Array,
    slope: Array,
    by_sigma: Array,
    by_gamma: Array,
) -> None:
    for k in range(x.size):
        value[k], slope[k], by_sigma[k], by_gamma[k] = _core(x[k] - center, gamma, sigma)


@inlined
def _wing_rows(
    x: Array,
    center: float,
    sigma: float,
    gamma: float,
    value: Array,
    slope: Array,
    by_sigma: Array,
    by_gamma: Array,
) -> None:
    for k in range(x.size):
        value[k], slope[k], by_sigma[k], by_gamma[k] = _wing(x[k] - center, gamma, sigma)


@compiled
def voigt_rows(x: Array, center: float, sigma: float, gamma: float, rows: Array) -> None:
    """Fill `rows` with value, slope and derivatives by sigma and gamma of a unit Voigt.

    Parameters
    ----------
    x : ndarray, shape (N,)
        Ascending.
    center : float
    sigma : float
        Standard deviation of the Gaussian; may be 0 if `gamma` is not.
    gamma : float
        Half width of the Lorentzian; may be 0 if `sigma` is not.
    rows : ndarray, shape (4 or more, N)
    """
    reach = WING * sigma * sigma - gamma * gamma
    edge = sqrt(reach) if reach > 0.0 else 0.0
    start = _first_at_least(x, center - edge)
    stop = max(_first_at_least(x, center + edge), start)
    v, s, p, g = rows[0], rows[1], rows[2], rows[3]
    _wing_rows(x[:start], center, sigma, gamma, v[:start], s[:start], p[:start], g[:start])
    _core_rows(
        x[start:stop],
        center,
        sigma,
        gamma,
        v[start:stop],
        s[start:stop],
        p[start:stop],
        g[start:stop],
    )
    _wing_rows(x[stop:], center, sigma, gamma, v[stop:], s[stop:], p[stop:], g[stop:])


@compiled
def scaled_complementary_error(z: float) -> tuple[float, float]:
    """Return erfcx(z) = exp(z^2) erfc(z) for z >= 0, and its derivative."""
    if z < 10.0:
        value, _ = faddeeva(0.0, z)
        return value, 2.0 * z * value - 2.0 * _INVERSE_ROOT_PI
    # a Voigt in its wing, at x = 0 with sigma = 1 / sqrt(2)
    value, _, _by_sigma, slope = _wing(0.0, z, 1.0 / _ROOT_2)
    return value / _INVERSE_ROOT_PI, slope / _INVERSE_ROOT_PI
