"""Doublet's own HDF5: spectra of one axis stacked into two-dimensional arrays.

A map of ten thousand spectra is then a handful of arrays instead of ten thousand
groups. Layout, format ``doublet-spectra/1``: groups ``stack_0, stack_1, ...`` with
``x`` (N,), ``y`` (M, N), optional ``counts``, ``sigma``, ``transmission`` (M, N),
``columns/0, 1...`` (M, N) with attribute ``name``, ``order`` (M,) the place of each
spectrum in the file, and ``values`` (M,) their metadata as JSON. The attribute
``checksum`` of a stack is the `seal` of all of that, and ``spectra`` of the file is the
number of its spectra; files of earlier versions have neither.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import ReadError, SpectraError
from ..spectrum import Array, Spectrum
from .assemble import kept
from .hdf5_files import array, can_be_opened, inside, is_group, items, opened, texts
from .integrity import check_counts, check_seal, has_changed
from .options import ReadOptions
from .spectrum_fields import from_text, from_values
from .trial import SIGNATURE

FORMAT = "Doublet HDF5"
MARK = "doublet-spectra/1"
OPTIONAL = ("counts", "sigma", "transmission")
CHECKSUM = "checksum"
TOTAL = "spectra"


def matches(head: bytes, path: Path) -> bool:
    """Return whether the file is HDF5 with the mark of Doublet's format, or was, and changed."""
    if head.startswith(SIGNATURE) and has_changed(path):
        return True
    if not head.startswith(SIGNATURE) or not can_be_opened(path):
        return False
    try:
        with opened(path, FORMAT) as file:
            return bool(file.attrs.get("format") == MARK)
    except ReadError:
        return False


def read(path: Path, options: ReadOptions) -> list[Spectrum]:
    """Return the spectra of an HDF5 file that Doublet wrote, in their order.

    Raises
    ------
    ReadError
        If the file is cut off, an array is missing, has another shape than it must, is
        kept in another file, or does not have its checksum.
    PartialRead
        If some stacks are damaged or missing; it carries the spectra of the others.
    """
    numbered: list[tuple[int, Spectrum]] = []
    problems: list[ReadError] = []
    with opened(path, "HDF5") as file:
        for name, stack in items(file):
            if is_group(stack):
                try:
                    numbered += _spectra_of_stack(stack)
                except SpectraError as error:
                    problems.append(ReadError(error.message, hint=error.hint, where=name))
        announced = int(file.attrs.get(TOTAL, 0))
    if len(numbered) < announced and not problems:
        message = f"the file announces {announced} spectra but holds {len(numbered)}."
        problems.append(ReadError(message, hint="Write it again."))
    return kept([spectrum for _, spectrum in sorted(numbered, key=lambda p: p[0])], problems)


def _spectra_of_stack(stack: Any) -> list[tuple[int, Spectrum]]:
    x = array(inside(stack, "x"), name="x")
    order = array(inside(stack, "order"), name="order").astype(int)
    shape = (order.size, x.size)
    arrays = {"y": array(inside(stack, "y"), shape, "y")}
    for name in OPTIONAL:
        if (dataset := inside(stack, name)) is not None:
            arrays[name] = array(dataset, shape, name)
    columns = _columns(stack, shape)
    values = texts(inside(stack, "values"), (order.size,), "values")
    stored = stack.attrs.get(CHECKSUM)
    if stored is not None:
        sealed = sealed_arrays(x, arrays, columns, order)
        check_seal(str(stored), sealed, [*columns, *values])
    fields = {text: from_values(json.loads(text)) for text in dict.fromkeys(values)}
    for block in (x, *arrays.values(), *columns.values()):
        block.setflags(write=False)  # so that spectra share it
    rows = [
        Spectrum(
            x,
            columns={name: column[i] for name, column in columns.items()},
            **{name: block[i] for name, block in arrays.items()},
            **fields[text],
        )
        for i, text in enumerate(values)
    ]
    if stored is None:
        rows = [check_counts(spectrum) for spectrum in rows]
    return list(zip(order.tolist(), rows, strict=True))


def _columns(stack: Any, shape: tuple[int, int]) -> dict[str, Array]:
    group = inside(stack, "columns")
    if group is None:
        return {}
    named = {}
    for number, dataset in sorted(items(group), key=lambda pair: int(pair[0])):
        named[from_text(str(dataset.attrs["name"]))] = array(dataset, shape, f"columns/{number}")
    return named


def sealed_arrays(
    x: Array, arrays: dict[str, Array], columns: dict[str, Array], order: Any
) -> dict[str, Array | None]:
    """Return the arrays of a stack by the names under which its checksum takes them."""
    numbered = {f"columns/{i}": values for i, values in enumerate(columns.values())}
    names = ("y", *OPTIONAL)
    known = {name: arrays.get(name) for name in names}
    return {"x": x, "order": np.asarray(order, dtype=float), **known, **numbered}
