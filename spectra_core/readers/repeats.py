"""Energies that stand twice: rounded by an export, or measured twice.

A spectrum has one intensity at each energy. Where an export rounded even steps, the even
steps are taken back; where a point was measured or copied twice, the mean is taken.
Either is said in a note. An axis that turns back is another matter: nothing is sorted.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from ..spectrum import Array

_FEWEST_ROUNDED = 3
_ROUNDED_PART = 0.02

Arrays = dict[str, Array | None]
Places = NDArray[np.intp]


def without_repeats(x: Array, arrays: Mapping[str, Array | None]) -> tuple[Array, Arrays, str]:
    """Return an abscissa without repeated values, its ordinates, and a note.

    Parameters
    ----------
    x : ndarray, shape (N,)
        In the order of the file.
    arrays : mapping of str to ndarray, shape (N,), or None
        Ordinates; of ``"sigma"`` the mean is that of independent errors.

    Returns
    -------
    x : ndarray, shape (M,)
    arrays : dict
    note : str
        Empty if nothing was changed.
    """
    steps = np.diff(x)
    repeated = int(np.sum(steps == 0))
    if not repeated or not (np.all(steps >= 0) or np.all(steps <= 0)) or not np.any(steps):
        return x, dict(arrays), ""
    line, quantum = _even_steps(x, repeated)
    if line is not None:
        step = abs(float(line[1] - line[0]))
        note = f"energies repeat because they are rounded to {quantum:g}; even steps of {step:.4g}"
        return line, dict(arrays), f"{note} were taken"
    starts = np.flatnonzero(np.r_[True, steps != 0])
    sizes = np.diff(np.r_[starts, x.size])
    merged = {name: _means(name, values, starts, sizes) for name, values in arrays.items()}
    return x[starts], merged, f"{repeated} repeated points were merged into their mean"


def _even_steps(x: Array, repeated: int) -> tuple[Array | None, float]:
    """Return the even abscissa of which `x` is the rounded one, if it is, and the rounding.

    Of the steps that fit, the one with the fewest digits is taken.
    """
    quantum = float(np.min(np.abs(np.diff(x)[np.diff(x) != 0])))
    if repeated < max(_FEWEST_ROUNDED, _ROUNDED_PART * x.size):
        return None, quantum
    place = np.arange(x.size)
    slope = float(np.polyfit(place, x, 1)[0])
    for digits in range(1, 8):
        step = float(f"{slope:.{digits}g}")
        line = np.mean(x - step * place) + step * place
        if np.max(np.abs(line - x)) <= 0.5001 * quantum + 1e-9 * np.max(np.abs(x)):
            return np.asarray(line), quantum
    return None, quantum


def _means(name: str, values: Array | None, starts: Places, sizes: Places) -> Array | None:
    if values is None:
        return None
    if name == "sigma":
        return np.asarray(np.sqrt(np.add.reduceat(values**2, starts)) / sizes)
    return np.asarray(np.add.reduceat(values, starts) / sizes)
