"""Doublet's own HDF5: spectra of one axis stacked into two-dimensional arrays.

A map of ten thousand spectra is then a handful of arrays instead of ten thousand
groups. Layout, format ``doublet-spectra/1``: groups ``stack_0, stack_1, ...`` with
``x`` (N,), ``y`` (M, N), optional ``counts``, ``sigma``, ``transmission`` (M, N),
``columns/0, 1...`` (M, N) with attribute ``name``, ``order`` (M,) the place of each
spectrum in the file, and ``values`` (M,) their metadata as JSON.
"""

from __future__ import annotations

import json
from importlib import import_module
from pathlib import Path
from typing import Any

from ..errors import ReadError
from ..spectrum import Spectrum
from .options import ReadOptions
from .spectrum_fields import from_text, from_values

FORMAT = "Doublet HDF5"
MARK = "doublet-spectra/1"
SIGNATURE = b"\x89HDF\r\n\x1a\n"
OPTIONAL = ("counts", "sigma", "transmission")


def matches(head: bytes, path: Path) -> bool:
    """Return whether the file is HDF5 and carries the mark of Doublet's format."""
    if not head.startswith(SIGNATURE):
        return False
    h5py = import_module("h5py")
    try:
        with h5py.File(path, "r") as file:
            return bool(file.attrs.get("format") == MARK)
    except OSError:
        return False


def read(path: Path, options: ReadOptions) -> list[Spectrum]:
    """Return the spectra of an HDF5 file that Doublet wrote, in their order.

    Raises
    ------
    ReadError
        If the file is cut off or an array is missing.
    """
    h5py = import_module("h5py")
    try:
        with h5py.File(path, "r") as file:
            numbered = [pair for name in file for pair in _spectra_of_stack(file[name])]
    except (OSError, KeyError, ValueError, RuntimeError) as error:
        raise ReadError(
            f"the HDF5 file is damaged or cut off ({error}).", hint="Write it again."
        ) from error
    return [spectrum for _, spectrum in sorted(numbered, key=lambda pair: pair[0])]


def _spectra_of_stack(stack: Any) -> list[tuple[int, Spectrum]]:
    x, y = stack["x"][...], stack["y"][...]
    optional = {name: stack[name][...] for name in OPTIONAL if name in stack}
    columns = {from_text(c.attrs["name"]): c[...] for c in stack["columns"].values()}
    order, texts = stack["order"][...], stack["values"].asstr()[...]
    return [
        (
            int(order[i]),
            Spectrum(
                x,
                y[i],
                columns={name: values[i] for name, values in columns.items()},
                **{name: values[i] for name, values in optional.items()},
                **from_values(json.loads(texts[i])),
            ),
        )
        for i in range(len(order))
    ]
