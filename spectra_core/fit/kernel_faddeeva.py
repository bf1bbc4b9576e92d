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

from ..spectrum import Array
from .kernel_compile import compiled, point

WING = 200.0  # (|x + i gamma| / sigma)^2 beyond which ten terms reach 1e-13
_L = 4.756828460010884  # 2^(-1/4) sqrt(32), Weideman's scale for 32 terms
_INVERSE_ROOT_PI = 1.0 / sqrt(pi)
_ROOT_2 = sqrt(2.0)
_INVERSE_PI = 1.0 / pi


@point
def faddeeva(x: float, y: float) -> tuple[float, float]:
    """Return real and imaginary part of w(x + iy) for y >= 0 and |x + iy| up to about 15.

    The polynomial in Z = (L + iz) / (L - iz) has real coefficients, so two real
    multiplications carry each one (Knuth). Odd and even powers are two polynomials in
    Z^2 (r = 2 Re Z^2, s = |Z^2|^2), because one chain would wait for its own results.
    """
    low, high = _L + y, _L - y
    q = 1.0 / (low * low + x * x)
    ir, ii = low * q, x * q
    zr, zi = high * ir - x * ii, high * ii + x * ir
    tr, ti = zr * zr - zi * zi, 2.0 * zr * zi  # Z^2
    r, s = 2.0 * tr, tr * tr + ti * ti
    b, c = -1.3031797863050087e-12, 8.03036789996389e-12
    d, e = 3.7408812931653625e-12, -2.154363207783877e-11
    b, c = c + r * b, -5.5442359481664624e-11 - s * b
    d, e = e + r * d, 1.1658251093523774e-10 - s * d
    b, c = c + r * b, 4.153743091833453e-10 - s * b
    d, e = e + r * d, -5.231020481196329e-10 - s * d
    b, c = c + r * b, -3.208015091723369e-09 - s * b
    d, e = e + r * d, 8.124889456846652e-10 - s * d
    b, c = c + r * b, 2.3797556779897417e-08 - s * b
    d, e = e + r * d, 2.2930439065099966e-08 - s * d
    b, c = c + r * b, -1.4813078915120977e-07 - s * b
    d, e = e + r * d, -4.1840763702169776e-07 - s * d
    b, c = c + r * b, 4.2558331375750085e-07 - s * b
    d, e = e + r * d, 4.40153173157855e-06 - s * d
    b, c = c + r * b, 6.821031944001985e-06 - s * b
    d, e = e + r * d, -2.140961920171075e-05 - s * d
    b, c = c + r * b, -0.00013075449254615346 - s * b
    d, e = e + r * d, -0.0002453298027002143 - s * d
    b, c = c + r * b, 0.0003925913607007031 - s * b
    d, e = e + r * d, 0.004519541105349217 - s * d
    b, c = c + r * b, 0.019006155784845408 - s * b
    d, e = e + r * d, 0.05730440352983722 - s * d
    b, c = c + r * b, 0.14060716226893769 - s * b
    d, e = e + r * d, 0.2954445107150873 - s * d
    b, c = c + r * b, 0.5460139720639341 - s * b
    d, e = e + r * d, 0.9019254893647999 - s * d
    b, c = c + r * b, 1.345544169234545 - s * b
    d, e = e + r * d, 1.8256696296324815 - s * d
    b, c = c + r * b, 2.2635372999002676 - s * b
    d, e = e + r * d, 2.5722534081245696 - s * d
    odd_r, odd_i = b * tr + c, b * ti
    pr = d * tr + e + zr * odd_r - zi * odd_i
    pi_ = d * ti + zr * odd_i + zi * odd_r
    squared_r, squared_i = ir * ir - ii * ii, 2.0 * ir * ii
    real = 2.0 * (pr * squared_r - pi_ * squared_i) + ir * _INVERSE_ROOT_PI
    imaginary = 2.0 * (pr * squared_i + pi_ * squared_r) + ii * _INVERSE_ROOT_PI
    return real, imaginary


@point
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


@point
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


@compiled
def _core_rows(
    x: Array, sigma: float, gamma: float,
    value: Array, slope: Array, by_sigma: Array, by_gamma: Array,
) -> None:  # fmt: skip
    for k in range(x.size):
        value[k], slope[k], by_sigma[k], by_gamma[k] = _core(x[k], gamma, sigma)


@compiled
def _wing_rows(
    x: Array, sigma: float, gamma: float,
    value: Array, slope: Array, by_sigma: Array, by_gamma: Array,
) -> None:  # fmt: skip
    for k in range(x.size):
        value[k], slope[k], by_sigma[k], by_gamma[k] = _wing(x[k], gamma, sigma)


@compiled
def voigt_rows(x: Array, sigma: float, gamma: float, rows: Array) -> None:
    """Fill `rows` with value, slope and derivatives by sigma and gamma of a unit Voigt.

    Parameters
    ----------
    x : ndarray, shape (N,)
        Distance from the centre, ascending.
    sigma : float
        Standard deviation of the Gaussian; may be 0 if `gamma` is not.
    gamma : float
        Half width of the Lorentzian; may be 0 if `sigma` is not.
    rows : ndarray, shape (4 or more, N)
    """
    reach = WING * sigma * sigma - gamma * gamma
    edge = sqrt(reach) if reach > 0.0 else 0.0
    start = _first_at_least(x, -edge)
    stop = max(_first_at_least(x, edge), start)
    v, s, p, g = rows[0], rows[1], rows[2], rows[3]
    _wing_rows(x[:start], sigma, gamma, v[:start], s[:start], p[:start], g[:start])
    _core_rows(
        x[start:stop], sigma, gamma, v[start:stop], s[start:stop], p[start:stop], g[start:stop]
    )
    _wing_rows(x[stop:], sigma, gamma, v[stop:], s[stop:], p[stop:], g[stop:])


@compiled
def scaled_complementary_error(z: float) -> tuple[float, float]:
    """Return erfcx(z) = exp(z^2) erfc(z) for z >= 0, and its derivative."""
    if z < 10.0:
        value, _ = faddeeva(0.0, z)
        return value, 2.0 * z * value - 2.0 * _INVERSE_ROOT_PI
    # a Voigt in its wing, at x = 0 with sigma = 1 / sqrt(2)
    value, _, _by_sigma, slope = _wing(0.0, z, 1.0 / _ROOT_2)
    return value / _INVERSE_ROOT_PI, slope / _INVERSE_ROOT_PI
