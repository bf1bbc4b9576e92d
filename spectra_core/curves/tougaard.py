"""Tougaard's loss kernel: how electrons that lost an energy T pile up behind a peak.

Where Shirley gives every electron the same flat tail, Tougaard uses the measured
loss cross section of the solid, K(T), the probability of losing the energy T per
unit of energy and path. The background is K folded with the signal at lower binding
energy. One formula serves all classes of solids,

    K(T) = b T / ((c - T^2)^2 + d T^2)      for T >= gap, else 0,

three-parameter for solids with a sharp plasmon; with a *negative* c and d = 0 it is
the two-parameter universal kernel b T / (C + T^2)^2, C = -c. With c > 0 and d = 0
it has a pole, which is refused. The loss structure is tens of eV wide: a window that
ends 5 eV above the peak cannot tell b from the level.

Everything here ascends in binding energy.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ..errors import ModelError
from ..spectrum import Array


def tougaard_kernel(loss: Array, b: float, c: float, d: float = 0.0, gap: float = 0.0) -> Array:
    """Return Tougaard's inelastic loss kernel K(T) in 1/eV.

    Parameters
    ----------
    loss : ndarray
        Energy loss T >= 0 in eV.
    b : float
        Strength in eV^2.
    c : float
        In eV^2; positive in the three-parameter kernel (loss peak near sqrt(c)),
        negative for the two-parameter one, b T / (|c| + T^2)^2.
    d : float
        In eV^2, the squared width of the loss peak; 0 for the two-parameter kernel.
    gap : float
        Smallest possible loss (band gap) in eV; K is zero below it. T is not shifted.

    Returns
    -------
    kernel : ndarray
        Shape of `loss`.

    Raises
    ------
    ModelError
        If the kernel would have a pole (d < 0, or d = 0 with c >= 0).

    References
    ----------
    .. [1] S. Tougaard, Surf. Interface Anal. 11, 453 (1988). doi:10.1002/sia.740110902
    .. [2] S. Tougaard, Surf. Interface Anal. 25, 137 (1997).
       doi:10.1002/(SICI)1096-9918(199703)25:3<137::AID-SIA230>3.0.CO;2-L
    """
    possible, denominator, _, _ = _kernel_parts(loss, c, d, gap)
    return b * possible / denominator


def tougaard_kernel_derivatives(
    loss: Array, c: float, d: float = 0.0, gap: float = 0.0
) -> tuple[Array, Array, Array]:
    """Return the kernel for b = 1 and its derivatives with respect to c and d.

    Parameters, errors: as `tougaard_kernel`. The first item is the kernel's
    derivative with respect to b as well.
    """
    possible, denominator, offset, square = _kernel_parts(loss, c, d, gap)
    kernel = possible / denominator
    shrink = -kernel / denominator
    return kernel, 2.0 * offset * shrink, square * shrink


def _kernel_parts(loss: Array, c: float, d: float, gap: float) -> tuple[Array, Array, Array, Array]:
    """Return numerator and denominator of the kernel, c - T^2, and T^2."""
    if d < 0.0 or (d == 0.0 and c >= 0.0):
        raise ModelError(
            f"a Tougaard kernel with c = {c:g} and d = {d:g} has a pole.",
            hint="The two-parameter kernel needs c < 0 here; the three-parameter one d > 0.",
        )
    square = loss * loss
    offset = c - square
    # A millionth of the gap is allowed: 60 channels of 0.05 eV must reach a gap of 3 eV.
    possible = np.where(loss < gap * (1.0 - 1e-6), 0.0, loss) if gap else loss
    return possible, offset * offset + d * square, offset, square


def loss_integral(
    x: Array,
    rows: Array,
    kernel: Callable[[Array], Array],
    *,
    trapezoid: bool = True,
) -> Array:
    """Return the integral of K(x - x') row(x') over all x' below x.

    Parameters
    ----------
    x : ndarray, shape (N,)
        Binding energy, strictly ascending.
    rows : ndarray, shape (..., N)
        Signals on `x`.
    kernel : callable
        K of an array of losses T >= 0, zero at T = 0.
    trapezoid : bool
        Trapezoid rule (half weight at the first point) or a plain sum over channels.

    Returns
    -------
    integrals : ndarray, shape (..., N)
        Zero at the first point.

    Notes
    -----
    Evenly spaced points go by fast Fourier transform, padded so that nothing wraps
    round; others by the full matrix of losses (N x N numbers), and where that would be too
    large by twice as many evenly spaced points between which the signal is a line.
    """
    if x.size > _MOST_UNEVEN and not _is_even(x):
        even = np.linspace(x[0], x[-1], 2 * x.size)
        finer = np.apply_along_axis(lambda row: np.interp(even, x, row), -1, rows)
        found = loss_integral(even, finer, kernel, trapezoid=trapezoid)
        return np.apply_along_axis(lambda row: np.interp(x, even, row), -1, found)
    weighted = rows * _channel_widths(x, trapezoid)
    n_points = x.size
    step = (x[-1] - x[0]) / (n_points - 1)
    if not _is_even(x):
        lower = np.tril(kernel(np.abs(x[:, None] - x)), k=-1)
        return np.asarray(weighted @ lower.T)
    n_padded = 1 << (2 * n_points - 1).bit_length()
    response = np.fft.rfft(kernel(step * np.arange(n_points)), n_padded)
    folded = np.fft.irfft(np.fft.rfft(weighted, n_padded) * response, n_padded)
    return np.asarray(folded[..., :n_points])


_MOST_UNEVEN = 4096


def _is_even(x: Array) -> bool:
    step = (x[-1] - x[0]) / (x.size - 1)
    return bool(np.abs(np.diff(x) - step).max() <= 1e-6 * step)


def _channel_widths(x: Array, trapezoid: bool) -> Array:
    # The half weight that the trapezoid rule puts on the upper end needs no care:
    # the kernel is zero there (no loss).
    widths = np.empty(x.size)
    widths[1:-1] = 0.5 * (x[2:] - x[:-2])
    widths[0], widths[-1] = x[1] - x[0], x[-1] - x[-2]
    if trapezoid:
        widths[0] *= 0.5
    return widths
