"""KherveFitting .json: core levels as measured, their backgrounds, the parameters of fits.

The energies are those that the program shows, after its own correction. A level's number at
the end of its key (``C1s2``) is that of its sample. Parameters of fits are rounded to 0.01 and
belong to line shapes of that program's own, so they are told as metadata and never turned
into a model.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import ReadError, SpectraError
from ..spectrum import Array, Axis, Meta, Spectrum
from .assemble import Columns, assemble, sorted_out
from .binary import AGAIN
from .options import ReadOptions

FORMAT = "KherveFitting json"
_X, _Y = "B.E.", "Raw Data"
_SHOWN = ("Position", "Height", "FWHM", "L/G", "Area", "Sigma", "Gamma", "Skew", "Fitting Model")


def matches(head: bytes, path: Path) -> bool:
    """Return whether a JSON file has the keys of a project of KherveFitting."""
    return head.lstrip()[:1] == b"{" and b'"Core levels"' in head and b'"B.E."' in head


def read(path: Path, options: ReadOptions) -> list[Spectrum]:
    """Return one spectrum for each core level.

    Raises
    ------
    ReadError
        If the file is no JSON, or holds no core level.
    PartialRead
        If some core levels are damaged; it carries the others.
    """
    try:
        project = json.loads(path.read_bytes())
    except (ValueError, RecursionError) as error:
        raise ReadError(f"is no whole JSON file ({error}).", hint=AGAIN) from error
    levels = project.get("Core levels") if isinstance(project, dict) else None
    if not isinstance(levels, dict) or not levels:
        raise ReadError("holds no core levels.", hint=AGAIN)
    names = project.get("SampleNames")
    samples = names if isinstance(names, dict) else {}
    return sorted_out(_spectra(levels, samples, path, options))


def _spectra(
    levels: Mapping[str, Any], samples: Mapping[str, Any], path: Path, options: ReadOptions
) -> Iterator[Spectrum | ReadError]:
    for key, level in levels.items():
        try:
            if not isinstance(level, dict):
                raise ReadError("is no core level.")
            yield _spectrum(key, level, samples, path, options)
        except SpectraError as error:
            yield ReadError(error.message, hint=error.hint, where=f"core level {key[:40]}")


def _spectrum(
    key: str,
    level: Mapping[str, Any],
    samples: Mapping[str, Any],
    path: Path,
    options: ReadOptions,
) -> Spectrum:
    x, y = _numbers(level, _X), _numbers(level, _Y)
    if x.size != y.size:
        raise ReadError(f"has {x.size} energies and {y.size} intensities.", hint=AGAIN)
    region, _, number = re.sub(r"^([A-Z][a-z]?\d[spdf]|\D+)(\d*)$", r"\1|\2", key).partition("|")
    sample = samples.get(number or "0")
    tree = _tree(level)
    meta = Meta(
        sample=sample if isinstance(sample, str) and sample else f"{path.stem} {number}".strip(),
        region=region or key,
        technique="XPS",
        extra={"metadata": tree} if tree else {},
    )
    columns = Columns(x, y, None, others=_background(level, x))
    return assemble(columns, Axis.BINDING_ENERGY, meta, replace(options, axis=None))


def _numbers(level: Mapping[str, Any], name: str) -> Array:
    values = level.get(name)
    try:
        found = np.array(values, dtype=float)
    except (TypeError, ValueError) as error:
        raise ReadError(f"has something else than numbers under {name!r}.", hint=AGAIN) from error
    if found.ndim != 1:
        raise ReadError(f"has no row of numbers under {name!r}.", hint=AGAIN)
    return found


def _background(level: Mapping[str, Any], x: Array) -> dict[str, Array]:
    """Return the background where the file has one on the energies of the spectrum."""
    background = level.get("Background")
    if not isinstance(background, dict) or "Bkg Y" not in background:
        return {}
    try:
        place, values = _numbers(background, "Bkg X"), _numbers(background, "Bkg Y")
    except ReadError:  # a number in place of the rows: none was made
        return {}
    same = place.shape == x.shape == values.shape and np.allclose(place, x, atol=1e-6)
    measured = np.array_equal(values, np.asarray(level.get(_Y), dtype=float)) if same else True
    return {} if measured or not np.isfinite(values).all() else {"Background": values}


def _tree(level: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the file says of the fit."""
    tree: dict[str, Any] = {}
    background, fitting = level.get("Background"), level.get("Fitting")
    if isinstance(background, dict) and background.get("Bkg Type"):
        shown = ("Bkg Type", "Bkg Low", "Bkg High")
        tree["background"] = {name: background[name] for name in shown if name in background}
    peaks = fitting.get("Peaks") if isinstance(fitting, dict) else None
    if isinstance(fitting, dict) and isinstance(peaks, dict):
        tree["model"] = str(fitting.get("Model", ""))
        tree["peaks"] = {
            str(name): {key: peak[key] for key in _SHOWN if key in peak}
            for name, peak in peaks.items()
            if isinstance(peak, dict)
        }
    return tree
