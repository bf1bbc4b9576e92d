"""Detectors of several channels: each sees electrons of another energy at the same step.

Channel k sees the energies ``shift_k`` eV away, so what belongs to the first energy of a region
was counted ``shift_k / step`` steps before the head of the table ends. The channels are added
at the nearest step, as SPECS' programs do: what is added are counts, no interpolated numbers.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import floor

import numpy as np

from ..errors import ReadError
from ..spectrum import Array


def summed_channels(
    table: Array, shifts_ev: Sequence[float], step: float, head: int, points: int
) -> Array:
    """Return the intensities of all channels at the energies of a region.

    Parameters
    ----------
    table : ndarray, shape (steps, channels)
        As measured; `head` steps and some more stand before and behind the region's own.
    shifts_ev : sequence of float
        Energy of each channel less that of the step, in eV.
    step : float
        In eV, positive.
    head, points : int
        Steps before the region, and of the region.

    Returns
    -------
    total : ndarray, shape (points,)

    Raises
    ------
    ReadError
        If a channel is shifted further than the table reaches.
    """
    steps = len(table)
    total = np.zeros(points)
    for channel, shift in enumerate(shifts_ev):
        first = floor(head - shift / step + 0.5)
        if not 0 <= first <= steps - points:
            raise ReadError(
                f"its channel {channel + 1} is shifted by {shift:g} eV, which is beyond the"
                f" {head} and {steps - points - head} steps before and behind."
            )
        total += table[first : first + points, channel]
    return total
