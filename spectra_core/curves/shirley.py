"""The Shirley step: inelastic electrons in proportion to the signal already passed.

Shirley assumed that every photoelectron leaves a constant tail of scattered
electrons at all lower kinetic (higher binding) energies, so the background at an
energy is a level plus a constant times the signal integrated from the low binding
energy end up to it. With the *model's* peaks as the signal that is a linear map
(`cumulative_integral`), fitted with the peaks. With the *measured* spectrum the
signal is not known before the background is, hence the iteration of this module.

Everything here ascends in binding energy; `spectra_core.curves.backgrounds` does the
turning for kinetic energy axes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ..errors import DataError, FitError
from ..spectrum import Array


@dataclass(frozen=True)
class ShirleyCurve:
    """An iterated Shirley background and how it was reached.

    Attributes
    ----------
    curve : ndarray, shape (N,)
        The background, in the unit of the intensity.
    iterations : int
        Passes made.
    last_change : float
        Largest change of any point in the last pass, in the unit of the intensity.
    """

    curve: Array
    iterations: int
    last_change: float


@dataclass(frozen=True)
class ShirleyRows:
    """Iterated Shirley backgrounds of M spectra; fields as in `ShirleyCurve`.

    Attributes
    ----------
    curves : ndarray, shape (M, N)
    iterations, last_change : ndarray, shape (M,)
    settled : ndarray of bool, shape (M,)
        Whether there is a background.
    empty : ndarray of bool, shape (M,)
        Whether there is none for want of a signal.
    """

    curves: Array
    iterations: np.ndarray
    last_change: Array
    settled: np.ndarray
    empty: np.ndarray

    def only(self, step: float) -> ShirleyCurve:
        """Return the one background there is; raise the error of one that there is not."""
        iterations, change = int(self.iterations[0]), float(self.last_change[0])
        if self.empty[0]:
            raise DataError(
                f"the signal above the background sums to zero, so the step of {step:g}"
                " has nothing to follow.",
                hint="Move the window's ends onto the background, or choose linear.",
            )
        if not self.settled[0]:
            raise FitError(
                f"the Shirley background did not settle in {iterations} passes: the last one"
                f" still moved it by {change:.3g}, on a step of {step:.3g}.",
                hint="Move the window's ends onto the background, or choose linear or active"
                " Shirley.",
            )
        return ShirleyCurve(self.curves[0], iterations, change)


def cumulative_integral(x: Array, rows: Array) -> Array:
    """Return the trapezoid integral of `rows` from the first point up to each point.

    Parameters
    ----------
    x : ndarray, shape (N,)
        Abscissa, strictly ascending.
    rows : ndarray, shape (..., N)
        Curves on `x`.

    Returns
    -------
    integrals : ndarray, shape (..., N)
        Zero at the first point.
    """
    integrals = np.empty(rows.shape)
    integrals[..., 0] = 0.0
    areas = (rows[..., 1:] + rows[..., :-1]) * (0.5 * np.diff(x))
    np.cumsum(areas, axis=-1, out=integrals[..., 1:])
    return integrals


def proctor_sherwood(
    x: Array, y: Array, low: float, high: float, *, tolerance: float, max_iterations: int
) -> ShirleyCurve:
    """Return the iterative Shirley background between two end levels.

    Parameters
    ----------
    x : ndarray, shape (N,)
        Binding energy, strictly ascending.
    y : ndarray, shape (N,)
        Intensity.
    low, high : float
        Background at the first and at the last point (averaged beforehand).
    tolerance : float
        Stop when no point changes by more than this part of ``|high - low|``.
    max_iterations : int
        Passes after which to give up.

    Returns
    -------
    result : ShirleyCurve
        ``curve[0] == low`` and ``curve[-1] == high``; rising or falling.

    Raises
    ------
    FitError
        If it does not settle; the message holds the last change.
    DataError
        If there is no signal between the ends to share the step out over.

    References
    ----------
    .. [1] D. A. Shirley, Phys. Rev. B 5, 4709 (1972). doi:10.1103/PhysRevB.5.4709
    .. [2] A. Proctor, P. M. A. Sherwood, Anal. Chem. 54, 13 (1982).
       doi:10.1021/ac00238a008
    """
    levels = np.array([low]), np.array([high])
    found = shirley_rows(x, y[None], *levels, tolerance=tolerance, max_iterations=max_iterations)
    return found.only(levels[1][0] - levels[0][0])


def shirley_rows(
    x: Array, y: Array, low: Array, high: Array, *, tolerance: float, max_iterations: int
) -> ShirleyRows:
    """Return what `proctor_sherwood` does for each of M spectra `y` (M, N), errors as states."""
    half_widths = 0.5 * np.diff(x)

    def passed_signal(rows: np.ndarray, background: Array) -> tuple[Array, Array]:
        signal = y[rows] - background
        passed = np.zeros(signal.shape)
        np.cumsum((signal[:, 1:] + signal[:, :-1]) * half_widths, axis=1, out=passed[:, 1:])
        return passed, passed[:, -1].copy()

    return _iterate(passed_signal, y.shape, low, high, tolerance, max_iterations)


def casaxps_shirley(
    y: Array, low: float, high: float, *, tolerance: float, max_iterations: int
) -> ShirleyCurve:
    """Return the Shirley background exactly as CasaXPS defines it.

    As `proctor_sherwood`, but channels are summed instead of integrated, *absolute*
    differences are summed, and the sum at a channel leaves that channel out while
    the total holds all of them; so the last point lies a little short of `high`.

    Parameters
    ----------
    y : ndarray, shape (N,)
        Intensity in the order of ascending binding energy.
    low, high, tolerance, max_iterations
        As `proctor_sherwood`.

    Returns
    -------
    result : ShirleyCurve
        Agrees with exported CasaXPS backgrounds to the digits of the export.

    Raises
    ------
    FitError, DataError
        As `proctor_sherwood`.
    """

    def passed_signal(rows: np.ndarray, background: Array) -> tuple[Array, Array]:
        running = np.cumsum(np.abs(y - background), axis=1)
        passed = np.zeros(running.shape)
        passed[:, 1:] = running[:, :-1]
        return passed, running[:, -1].copy()

    levels = np.array([low]), np.array([high])
    found = _iterate(passed_signal, (1, y.size), *levels, tolerance, max_iterations)
    return found.only(levels[1][0] - levels[0][0])


def _iterate(
    passed_signal: Callable[[np.ndarray, Array], tuple[Array, Array]],
    shape: tuple[int, ...],
    low: Array,
    high: Array,
    tolerance: float,
    max_iterations: int,
) -> ShirleyRows:
    """Repeat "background from signal, signal from background" until each row stands still."""
    steps = high - low
    curves = np.tile(low[:, None], shape[1]).astype(float)
    iterations, change = np.zeros(shape[0], dtype=int), np.zeros(shape[0])
    empty = np.zeros(shape[0], dtype=bool)
    rows = np.flatnonzero(steps)
    for iteration in range(1, max_iterations + 1):
        if not rows.size:
            break
        passed, total = passed_signal(rows, curves[rows])
        empty[rows] = total == 0.0
        with np.errstate(divide="ignore", invalid="ignore"):
            passed *= (steps[rows] / total)[:, None]
        passed += low[rows, None]
        moved = curves[rows] - passed
        change[rows] = np.maximum(moved.max(axis=1), -moved.min(axis=1))
        curves[rows], iterations[rows] = passed, iteration
        rows = rows[~(empty[rows] | (change[rows] <= tolerance * np.abs(steps[rows])))]
    settled = ~empty
    settled[rows] = False
    return ShirleyRows(curves, iterations, change, settled, empty)
