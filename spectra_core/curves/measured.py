"""A measured spectrum as a line shape: moved, broadened, scaled.

The intensities of a spectrum, its background taken off, are nodes of a cubic B-spline on an even
grid. Broadening is diffusion along that grid: each Fourier component k (in channels) is damped by
``exp(-t lambda(k) / 2)`` with ``lambda = 4 s^2 + 4/3 s^4``, ``s = sin(k/2)``, the second
derivative to fourth order, and ``t`` the variance of the Gaussian in channels squared. So any
broadening from zero on is defined, its derivative is one more difference, and the area stays.

A low pass with a flat top, ``1 - (1 - exp(-a lambda))^4``, takes off what no line of the width of
the spectrum can hold. Without it the noise of the shape would be smoothed where it is moved by
half a channel and not where it is moved by a whole one, and fits would prefer the former.

The shape is written into its name, with the noise of every node, so that a recipe or a project
that uses it is whole by itself: ``measured:NAME:TEXT``.
"""

from __future__ import annotations

import base64
import binascii
import zlib
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np

from ..errors import ModelError
from .profiles import FWHM_PER_SIGMA, Array

PREFIX = "measured:"
WIDEST = 30.0
"""Channels, beyond which a broadening is none of a shape, but another one."""

_HEAD = np.dtype("<f8")
_BODY = np.dtype("<f4")
LOW_PASS_REACH = 24
_HEADS = 5  # numbers before the spectrum
_REACH = 8.0  # standard deviations of the broadening
_LEAST_POINTS = 8


@dataclass(frozen=True, eq=False)
class MeasuredShape:
    """A spectrum of unit area on an even grid of binding energies.

    Attributes
    ----------
    name : str
        What it is called, without a colon.
    origin : float
        Binding energy (or other abscissa) that its centre is told from: its maximum.
    first, step : float
        First node from the origin, and the distance of nodes, in the unit of the axis.
    values : ndarray, shape (n,)
        Intensity per unit of area at the nodes, ascending.
    sds : ndarray, shape (n,)
        Their standard deviations; zeros where the noise is not known.
    ends : tuple of two floats
        Standard deviation of the background that was taken off, at the first and the last node.
    """

    name: str
    origin: float
    first: float
    step: float
    values: Array
    sds: Array
    ends: tuple[float, float] = (0.0, 0.0)

    def __post_init__(self) -> None:
        if self.values.size < _LEAST_POINTS:
            raise ModelError(
                f"the measured shape {self.name!r} has {self.values.size} points.",
                hint=f"Give at least {_LEAST_POINTS}.",
            )
        finite = np.isfinite(self.values).all() and np.isfinite(self.sds).all()
        area = float(self.values.sum()) * self.step if finite else 0.0
        if not (finite and self.step > 0 and abs(area - 1.0) < 1e-3 and (self.sds >= 0).all()):
            raise ModelError(f"the measured shape {self.name!r} is no spectrum of unit area.")

    @cached_property
    def single(self) -> Array:
        """What one value adds to the coefficients of the B-spline, (2 `margin` + 1,)."""
        count = 2 * LOW_PASS_REACH + 2
        low = np.fft.irfft(1.0 - (1.0 - np.exp(-self._cut * _rates(count))) ** 4, count)
        smooth = np.concatenate([low[-LOW_PASS_REACH:], low[: LOW_PASS_REACH + 1]])
        return np.convolve(np.array([-1.0, 8.0, -1.0]) / 6.0, smooth)  # to fourth order

    @property
    def margin(self) -> int:
        """Coefficients beyond the values at each end."""
        return LOW_PASS_REACH + 1

    @cached_property
    def nodes(self) -> Array:
        """Coefficients of the B-spline, (n + 2 `margin`,)."""
        return np.convolve(self.values, self.single)

    @property
    def _cut(self) -> float:
        """The low pass: from the full width at half maximum, as if it were that of two lines."""
        smooth = np.convolve(self.values, np.full(5, 0.2), mode="same")
        width = float(np.sum(smooth >= 0.5 * smooth.max())) / FWHM_PER_SIGMA
        return float(np.clip(1.2 * (width / 9.0) ** 2, 0.8, 8.0))

    def broadened(self, fwhm: float) -> tuple[Array, Array, int]:
        """Return the coefficients after a broadening, their derivatives by it, and how many.

        That many were added at each end of `nodes`.
        """
        sigma = fwhm / FWHM_PER_SIGMA / self.step
        reach = int(np.ceil(_REACH * sigma)) + 8
        g = np.convolve(self.nodes, diffusion(sigma**2, reach))
        padded = np.pad(g, 2)
        second = np.diff(padded, 2)
        curvature = second[1:-1] - np.diff(second, 2) / 12.0
        by_fwhm = curvature * fwhm / (FWHM_PER_SIGMA * self.step) ** 2
        return g, by_fwhm, reach

    def to_text(self) -> str:
        """Return the name of the line shape that this is."""
        head = np.array([self.origin, self.first, self.step, *self.ends], dtype=_HEAD).tobytes()
        body = np.concatenate([self.values, self.sds]).astype(_BODY).tobytes()
        text = base64.urlsafe_b64encode(zlib.compress(head + body, 9)).decode("ascii")
        return f"{PREFIX}{self.name}:{text}"


def diffusion(t: float, reach: int) -> Array:
    """Return the weights (2 reach + 1,) of diffusion along a grid by a variance of t channels^2."""
    count = 2 * reach + 2
    weights = np.fft.irfft(np.exp(-0.5 * t * _rates(count)), count)
    return np.asarray(np.concatenate([weights[-reach:], weights[: reach + 1]]))


def _rates(count: int) -> Array:
    """Return lambda of the Fourier components of an even grid (count // 2 + 1,)."""
    s = np.sin(np.pi * np.arange(count // 2 + 1) / count) ** 2
    return np.asarray(4.0 * s + 4.0 / 3.0 * s * s)


def is_measured(name: str) -> bool:
    """Return whether a line shape's name is that of a measured one."""
    return name.startswith(PREFIX)


@lru_cache(maxsize=64)
def from_text(text: str) -> MeasuredShape:
    """Return the shape that a line shape's name holds.

    Raises
    ------
    ModelError
        If the text is damaged.
    """
    name, _, code = text.removeprefix(PREFIX).rpartition(":")
    try:
        raw = zlib.decompress(base64.urlsafe_b64decode(code.encode("ascii")))
        origin, first, step, low, high = np.frombuffer(raw, _HEAD, _HEADS).tolist()
        body = np.frombuffer(raw, _BODY, offset=_HEADS * _HEAD.itemsize).astype(float)
    except (binascii.Error, zlib.error, ValueError, UnicodeEncodeError) as error:
        raise ModelError(
            f"the text of the measured shape {name or text[:20]!r} is damaged.",
            hint="Make it anew from its spectrum.",
        ) from error
    n = body.size // 2
    values, sds = body[:n].copy(), body[n : 2 * n].copy()
    return MeasuredShape(name, origin, first, step, values, sds, (low, high))


def unit_shape(
    name: str, x: Array, y: Array, sds: Array, ends: tuple[float, float] = (0.0, 0.0)
) -> MeasuredShape:
    """Return a shape from intensities above a background.

    Parameters
    ----------
    name : str
    x : ndarray, shape (N,)
        Ascending; where it is not even, it is interpolated onto an even grid.
    y, sds : ndarray, shape (N,)
    ends : tuple of two floats
        Standard deviations of the background at the first and the last point.

    Notes
    -----
    Its origin is where the spectrum, smoothed over five points, is highest.

    Raises
    ------
    ModelError
        If nothing stands above the background.
    """
    step = float((x[-1] - x[0]) / (x.size - 1))
    grid = x[0] + step * np.arange(x.size)
    values, errors = np.interp(grid, x, y), np.interp(grid, x, sds)
    area = float(values.sum()) * step
    noise = float(np.sqrt(np.sum(errors**2))) * step
    if not area > 3.0 * noise or not area > 0:
        raise ModelError(
            f"nothing stands above the background of the spectrum that {name!r} is to be.",
            hint="Choose a window with a line in it.",
        )
    smooth = np.convolve(values, np.full(5, 0.2), mode="same")
    top = float(grid[int(np.argmax(smooth))])
    clean = " ".join(name.replace(":", " ").split()) or "shape"
    return MeasuredShape(
        clean,
        top,
        float(grid[0]) - top,
        step,
        values / area,
        errors / area,
        (ends[0] / area, ends[1] / area),
    )


# ---------------------------------------------------------------------------------
# The curve


@dataclass(frozen=True, eq=False)
class MeasuredCurve:
    """The callables of a row of the table of line shapes; parameters: area, centre, broadening."""

    shape: MeasuredShape

    def evaluate(self, x: Array, p: Array, orientation: int) -> Array:
        """Return the curve."""
        g, _, reach = self.shape.broadened(p[2])
        return np.asarray(p[0] * self._spline(x, p[1], orientation, reach, g)[0])

    def derivatives(self, x: Array, p: Array, orientation: int) -> tuple[Array, Array]:
        """Return the curve and its derivatives by the parameters."""
        g, by_fwhm, reach = self.shape.broadened(p[2])
        value, slope = self._spline(x, p[1], orientation, reach, g)
        width, _ = self._spline(x, p[1], orientation, reach, by_fwhm)
        jacobian = np.array([value, -orientation * p[0] / self.shape.step * slope, p[0] * width])
        return p[0] * value, jacobian

    def propagation(self, x: Array, p: Array, orientation: int) -> Array:
        """Return what one standard deviation of each node does to the curve, (N, n + 2).

        Each is part of the area that the shape is divided by as well. The last two are what
        the background is uncertain by at its ends.
        """
        shape = self.shape
        _, _, reach = shape.broadened(p[2])
        weights = diffusion((p[2] / FWHM_PER_SIGMA / shape.step) ** 2, reach)
        single = np.convolve(shape.single, weights)
        u = self._channels(x, p[1], orientation)[:, None] - np.arange(shape.values.size)
        kernel = _spline_at(u + reach + shape.margin, single)[0]
        curve = (kernel @ shape.values)[:, None]
        ramp = np.linspace(1.0, 0.0, shape.values.size)
        ends = np.array([shape.ends[0] * ramp, shape.ends[1] * ramp[::-1]])
        changes = np.concatenate([np.diag(shape.sds), ends])
        found = kernel @ changes.T - shape.step * curve * changes.sum(axis=1)
        return np.asarray(p[0] * found)

    def height(self, p: Array, orientation: int) -> tuple[float, float, float]:
        """Return height, place of the maximum and full width at half maximum."""
        sigma = p[2] / FWHM_PER_SIGMA
        low = self.shape.first - 4.0 * sigma
        high = self.shape.first + self.shape.step * (self.shape.values.size - 1) + 4.0 * sigma
        away = np.linspace(low, high, 2001)
        y = self.evaluate(away, np.array([1.0, 0.0, p[2]]), 1)
        top = int(np.argmax(y))
        above = np.flatnonzero(y >= 0.5 * y[top])
        fwhm = float(away[above[-1]] - away[above[0]])
        return float(p[0] * y[top]), float(p[1] + orientation * away[top]), fwhm

    def _channels(self, x: Array, center: float, orientation: int) -> Array:
        """Return where points lie among the values, in channels from the first."""
        return np.asarray((orientation * (x - center) - self.shape.first) / self.shape.step)

    def _spline(
        self, x: Array, center: float, orientation: int, reach: int, g: Array
    ) -> tuple[Array, Array]:
        return _spline_at(self._channels(x, center, orientation) + reach + self.shape.margin, g)


def _spline_at(u: Array, g: Array) -> tuple[Array, Array]:
    """Return a cubic B-spline and its slope at places u, in channels from its first node."""
    padded = np.pad(g, 2)
    cell = np.floor(u)
    f = u - cell
    inside = (cell >= -2) & (cell < g.size + 1)
    at = np.where(inside, cell, 0).astype(int) + 1
    e = 1.0 - f
    weights = (
        e**3 / 6.0,
        (4.0 - 6.0 * f**2 + 3.0 * f**3) / 6.0,
        (4.0 - 6.0 * e**2 + 3.0 * e**3) / 6.0,
        f**3 / 6.0,
    )
    slopes = (
        -0.5 * e**2,
        -2.0 * f + 1.5 * f**2,
        2.0 * e - 1.5 * e**2,
        0.5 * f**2,
    )
    last = padded.size - 1
    parts = [padded[np.clip(at + k, 0, last)] * inside for k in range(4)]
    parts = [np.where((at + k >= 0) & (at + k <= last), part, 0.0) for k, part in enumerate(parts)]
    value = sum(w * part for w, part in zip(weights, parts, strict=True))
    slope = sum(w * part for w, part in zip(slopes, parts, strict=True))
    return np.asarray(value), np.asarray(slope)
