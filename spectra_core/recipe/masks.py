"""Channels that a recipe leaves out, and how a run says so."""

from __future__ import annotations

import numpy as np

from ..fitting import FitWarning
from ..raman.spikes import THRESHOLD, despike
from ..spectrum import Axis, Spectrum, mask, masked_inside, masked_points
from .schema import MaskEntry

_LISTED = 8


def masked_by_recipe(entry: MaskEntry | None, spectrum: Spectrum) -> Spectrum:
    """Return a spectrum, calibrated, with the channels masked that a recipe leaves out.

    Cosmic rays are looked for in Raman spectra only.
    """
    if entry is None:
        return spectrum
    out = np.zeros(len(spectrum), dtype=bool)
    for low, high in entry.windows:
        out |= (spectrum.x >= low) & (spectrum.x <= high)
    spectrum = mask(spectrum, out)
    if entry.spikes and spectrum.axis is Axis.RAMAN_SHIFT:
        spectrum = despike(spectrum, threshold=entry.threshold or THRESHOLD)
    return spectrum


def masked_notes(
    name: str, spectrum: Spectrum, window: tuple[float, float] | None
) -> list[FitWarning]:
    """Return the note on channels of a window (None: all) that do not count."""
    inside = spectrum.masked if window is None else masked_inside(spectrum, window)
    if inside is None:
        return []
    x, _, _ = masked_points(spectrum)
    chosen = set(inside.x_recorded)
    assert spectrum.masked is not None
    pairs = zip(x.tolist(), spectrum.masked.x_recorded, strict=True)
    places = [f"{at:.6g}" for at, recorded in pairs if recorded in chosen]
    listed = ", ".join(places[:_LISTED]) + (", ..." if len(places) > _LISTED else "")
    reasons = ", ".join(f"{n} {reason}" for reason, n in inside.count().items())
    one = len(inside) == 1
    message = (
        f"{len(inside)} channel{'' if one else 's'} {'is' if one else 'are'} masked and"
        f" {'does' if one else 'do'} not count ({reasons}), at {listed} {spectrum.axis.unit}."
    )
    return [FitWarning("masked", message, name)]
