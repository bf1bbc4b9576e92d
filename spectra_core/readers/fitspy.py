"""Fitspy .json: the models of spectra that stand in text files beside it.

For each spectrum the file has its name, the range, a baseline through points, a
normalisation (the maximum in a range becomes 100) and peaks with amplitude, place and full
width at half maximum. The curves are drawn again over the spectrum as it was measured. They
are taken over as a fit where they go through it: where baseline or normalisation are made in
a way that is not drawn again here, or the sum misses the spectrum, the note says so.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path, PureWindowsPath
from typing import Any

import numpy as np

from ..errors import ReadError, SpectraError
from ..spectrum import Array, Spectrum, crop
from . import text
from .assemble import noted, sorted_out
from .binary import AGAIN
from .drawn_curves import BASELINE, SUM, check_through, exported
from .inspect import json_value
from .options import ReadOptions

FORMAT = "Fitspy json"


def _gaussian(x: Array, p: Mapping[str, float], width: str = "fwhm") -> Array:
    return np.asarray(p["ampli"] * np.exp(-4.0 * np.log(2.0) * ((x - p["x0"]) / p[width]) ** 2))


def _lorentzian(x: Array, p: Mapping[str, float], width: str = "fwhm") -> Array:
    return np.asarray(p["ampli"] / (1.0 + 4.0 * ((x - p["x0"]) / p[width]) ** 2))


def _sides(curve: Callable[..., Array]) -> Callable[[Array, Mapping[str, float]], Array]:
    return lambda x, p: np.where(x < p["x0"], curve(x, p, "fwhm_l"), curve(x, p, "fwhm_r"))


def _pseudo_voigt(x: Array, p: Mapping[str, float]) -> Array:
    return p["alpha"] * _gaussian(x, p) + (1.0 - p["alpha"]) * _lorentzian(x, p)


SHAPES: dict[str, Callable[[Array, Mapping[str, float]], Array]] = {
    "Gaussian": _gaussian,
    "Lorentzian": _lorentzian,
    "GaussianAsym": _sides(_gaussian),
    "LorentzianAsym": _sides(_lorentzian),
    "PseudoVoigt": _pseudo_voigt,
}


def matches(head: bytes, path: Path) -> bool:
    """Return whether a JSON file has the keys of models of Fitspy."""
    return head.lstrip()[:1] == b"{" and b'"fname"' in head and b'"peak_models"' in head


def read(path: Path, options: ReadOptions) -> list[Spectrum]:
    """Return the spectrum of each model, with the curves of its fit where they belong to it.

    Raises
    ------
    ReadError
        If the file is no JSON, or no spectrum is beside it.
    PartialRead
        If some spectra are not there or damaged; it carries the others.
    """
    try:
        models = json.loads(path.read_bytes())
    except (ValueError, RecursionError) as error:
        raise ReadError(f"is no whole JSON file ({error}).", hint=AGAIN) from error
    entries = [one for one in models.values() if isinstance(one, dict) and "fname" in one]
    if not entries:
        raise ReadError("names no spectrum.", hint=AGAIN)
    return sorted_out(_spectra(entries, path.parent, options))


def _spectra(
    entries: list[dict[str, Any]], folder: Path, options: ReadOptions
) -> Iterator[Spectrum | ReadError]:
    for entry in entries:
        name = PureWindowsPath(str(entry["fname"])).name
        try:
            yield _spectrum(entry, folder / name, options)
        except SpectraError as error:
            place = ": ".join(part for part in (name[:80], error.where) if part)
            yield ReadError(error.message, hint=error.hint, where=place)
        except (TypeError, ValueError, KeyError, IndexError, AttributeError) as error:
            problem = f"the model has something unexpected ({' '.join(str(error).split())[:80]})."
            yield ReadError(problem, hint=AGAIN, where=name[:80])


def _spectrum(entry: Mapping[str, Any], path: Path, options: ReadOptions) -> Spectrum:
    if not path.is_file():
        raise ReadError(
            "the spectrum that the model belongs to is not beside it.",
            hint="Put it into the folder of the .json.",
        )
    found = text.read(path, options)
    if len(found) != 1:
        raise ReadError(f"the file has {len(found)} spectra where Fitspy reads one.")
    spectrum = found[0]
    spectrum = crop(spectrum, _range(entry, "range", spectrum.x))
    tree = {key: value for key, value in entry.items() if value is not None}
    meta = noted(spectrum.meta, file=path.name, metadata={"fitspy": json_value(tree)})
    try:
        columns, export = _curves(entry, spectrum)
    except ReadError as error:
        note = f"the fit of Fitspy is not taken over: {error.message}"
        return replace(spectrum, meta=noted(meta, fit_note=note))
    return replace(spectrum, columns=columns, meta=noted(meta, fitspy_export=export))


def _curves(
    entry: Mapping[str, Any], spectrum: Spectrum
) -> tuple[dict[str, Array], dict[str, Any]]:
    """Return baseline, peaks and sum in the unit of the spectrum, and what they are.

    Raises
    ------
    ReadError
        If they cannot be drawn again, or do not go through the spectrum.
    """
    x, peaks = spectrum.x, entry.get("peak_models") or {}
    if not peaks:
        raise ReadError("there is no peak.")
    if entry.get("bkg_model"):
        raise ReadError("its model of a background is not drawn again.")
    baseline = _baseline(entry.get("baseline") or {}, spectrum)
    scale = _scale(entry, x, spectrum.y - baseline)
    labels = list(entry.get("peak_labels") or [])
    columns: dict[str, Array] = {}
    for number, peak in enumerate(peaks.values()):
        (kind, parameters), *_ = peak.items()
        if kind not in SHAPES:
            raise ReadError(f"the shape {kind[:40]} is not known.")
        values = {key: float(one["value"]) for key, one in parameters.items()}
        label = str(labels[number]).strip() if number < len(labels) else ""
        label = label or f"peak {number + 1}"
        while label in (*columns, BASELINE, SUM):
            label = f"{label} ({number + 1})"
        columns[label] = scale * SHAPES[kind](x, values)
    check_through(sum(columns.values(), np.zeros_like(x)), spectrum.y - baseline)
    return exported(baseline, columns)


def _baseline(baseline: Mapping[str, Any], spectrum: Spectrum) -> Array:
    """Return the straight lines through the points, or zero where there are none."""
    points = np.array(baseline.get("points") or [[], []], dtype=float)
    if not baseline.get("mode") or points.size == 0 or not baseline.get("is_subtracted", True):
        return np.zeros_like(spectrum.x)
    if baseline["mode"] != "Linear" or baseline.get("sigma") or points.shape[1] < 2:
        raise ReadError(f"its baseline ({baseline['mode']}) is not drawn again.")
    place, height = points[:, np.argsort(points[0])]
    if baseline.get("attached"):  # the points stand on the spectrum where they are
        height = spectrum.y[[int(np.argmin(np.abs(spectrum.x - at))) for at in place]]
    steps = np.clip(np.searchsorted(place, spectrum.x) - 1, 0, place.size - 2)
    slopes = np.diff(height) / np.diff(place)
    return np.asarray(height[steps] + slopes[steps] * (spectrum.x - place[steps]))


def _range(entry: Mapping[str, Any], name: str, x: Array) -> tuple[float, float]:
    """Return the ends of a range of the model; those of the spectrum where it has none."""
    low, high = entry.get(f"{name}_min"), entry.get(f"{name}_max")
    return float(x[0] if low is None else low), float(x[-1] if high is None else high)


def _scale(entry: Mapping[str, Any], x: Array, y: Array) -> float:
    """Return what an amplitude of 1 is in the unit of the spectrum."""
    if not entry.get("normalize"):
        return 1.0
    low, high = _range(entry, "normalize_range", x)
    inside = (x >= low) & (x <= high)
    if not inside.any() or y[inside].max() <= 0:
        raise ReadError(f"nothing to normalise by stands between {low:g} and {high:g}.")
    return float(y[inside].max() / 100.0)
