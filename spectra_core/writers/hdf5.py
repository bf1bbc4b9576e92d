"""Doublet's own HDF5 (see `spectra_core.readers.hdf5` for the layout)."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from ..readers.hdf5 import CHECKSUM, MARK, OPTIONAL, TOTAL, sealed_arrays
from ..readers.integrity import seal
from ..readers.spectrum_fields import to_text, to_values
from ..spectrum import Spectrum
from .hdf5_file import new_hdf5

Numbered = tuple[int, Spectrum]


def write_hdf5(path: Path, spectra: Sequence[Spectrum]) -> None:
    """Write spectra to one HDF5 file, those with the same axis stacked.

    Parameters
    ----------
    path : Path
        The file to make or replace.
    spectra : sequence of Spectrum
        What to write.

    Raises
    ------
    WriteError
        If the metadata holds what JSON cannot.
    """
    h5py = import_module("h5py")
    with new_hdf5(path) as file:
        file.attrs["format"] = MARK
        file.attrs[TOTAL] = len(spectra)
        for number, stack in enumerate(_stacks(spectra)):
            _write_stack(file.create_group(f"stack_{number}"), stack, h5py.string_dtype())


def _stacks(spectra: Sequence[Spectrum]) -> list[list[Numbered]]:
    stacks: dict[tuple[Any, ...], list[Numbered]] = {}
    for number, spectrum in enumerate(spectra):
        filled = tuple(getattr(spectrum, name) is not None for name in OPTIONAL)
        key = (spectrum.x_recorded.tobytes(), filled, tuple(spectrum.columns))
        stacks.setdefault(key, []).append((number, spectrum))
    return list(stacks.values())


def _write_stack(group: Any, stack: list[Numbered], text_type: Any) -> None:
    spectra = [spectrum for _, spectrum in stack]
    first = spectra[0]
    arrays = {"y": np.stack([spectrum.y for spectrum in spectra])}
    for name in OPTIONAL:
        if getattr(first, name) is not None:
            arrays[name] = np.stack([getattr(spectrum, name) for spectrum in spectra])
    columns = {
        name: np.stack([spectrum.columns[name] for spectrum in spectra]) for name in first.columns
    }
    order = np.array([number for number, _ in stack])
    texts = [to_text(to_values(spectrum)) for spectrum in spectra]
    group["x"], group["order"] = first.x_recorded, order
    for name, values in arrays.items():
        group[name] = values
    folder = group.create_group("columns")
    for number, (name, values) in enumerate(columns.items()):
        folder[str(number)] = values
        folder[str(number)].attrs["name"] = to_text(name)
    group.create_dataset("values", data=texts, dtype=text_type)
    sealed = sealed_arrays(first.x_recorded, arrays, columns, order)
    group.attrs[CHECKSUM] = seal(sealed, [*columns, *texts])
