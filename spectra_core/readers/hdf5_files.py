"""HDF5 as a container that is not trusted.

An HDF5 file may hold links to other files, keep its arrays in other files, compose them
of other files, and announce arrays far larger than itself: whoever opens a stranger's file
would read his own secrets as intensities, or run out of memory. Here nothing outside of
the file is read, and no array before its declared shape was looked at.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import ReadError
from ..spectrum import Array
from .integrity import has_changed

_LARGEST = 16 * 2**30
_SMALL = 64 * 2**20
_COMPRESSED = 1100
"""No filter of HDF5 packs closer than this."""
_REFUSAL = "Doublet reads nothing outside of the file it was given."


@lru_cache(maxsize=1)
def _h5py() -> Any:
    return import_module("h5py")


@contextmanager
def opened(path: Path, what: str) -> Iterator[Any]:
    """Give an open HDF5 file; its own errors become sentences.

    Parameters
    ----------
    path : Path
    what : str
        Name of the format, for messages.

    Raises
    ------
    ReadError
        If the file is damaged or cut off.
    """
    if has_changed(path):
        raise ReadError(
            f"the {what} file does not have the checksum at its end: it changed since Doublet"
            " wrote it.",
            hint="Copy or write it again.",
        )
    h5py = _h5py()
    try:
        with h5py.File(path, "r") as file:
            yield file
    except (OSError, KeyError, ValueError, TypeError, RuntimeError, OverflowError) as error:
        reason = str(error).splitlines()[0][:200] if str(error) else type(error).__name__
        raise ReadError(
            f"the {what} file is damaged or cut off ({reason}).", hint="Write or fetch it again."
        ) from error


def can_be_opened(path: Path) -> bool:
    """Return whether HDF5 can open the file at all."""
    try:
        with _h5py().File(path, "r"):
            return True
    except (OSError, RuntimeError, ValueError):
        return False


def is_group(item: Any) -> bool:
    """Return whether an object of the file is a group."""
    return isinstance(item, _h5py().Group)


def inside(group: Any, name: str) -> Any:
    """Return the object under a name or path; None if it is not there or leads nowhere.

    Raises
    ------
    ReadError
        If the way to it leads out of the file.
    """
    h5py = _h5py()
    item = group
    for part in name.strip("/").split("/"):
        if not isinstance(item, h5py.Group):
            return None
        link = item.get(part, getlink=True)
        if link is None:
            return None
        if isinstance(link, h5py.ExternalLink):
            raise ReadError(
                f"{name!r} is a link to another file ({link.filename!r}).", hint=_REFUSAL
            )
        try:
            found = item.get(part)
        except (OSError, KeyError, RuntimeError):
            return None
        leaves = not isinstance(link, h5py.HardLink)
        if found is not None and leaves and found.file.filename != group.file.filename:
            raise ReadError(f"{name!r} leads to another file.", hint=_REFUSAL)
        item = found
    return item


def items(group: Any) -> Iterator[tuple[str, Any]]:
    """Yield names and objects of a group; links out of the file and to nowhere are left out."""
    hard, links = _h5py().h5l.TYPE_HARD, group.id.links
    for name in group:
        try:
            own = links.get_info(name.encode("utf-8", "surrogateescape")).type == hard
            item = group[name] if own else inside(group, name)
        except (ReadError, OSError, KeyError, RuntimeError):
            continue
        if item is not None:
            yield name, item


def array(dataset: Any, shape: tuple[int, ...] | None = None, name: str = "") -> Array:
    """Return the numbers of a dataset of the file itself.

    Parameters
    ----------
    dataset : h5py.Dataset
    shape : tuple of int, optional
        The shape it must have.
    name : str
        For messages.

    Raises
    ------
    ReadError
        If it is no array of real numbers, has another shape, is kept in or composed of
        other files, or claims more than the file can hold.
    """
    _check_array(dataset, shape, name)
    return np.asarray(dataset[...], dtype=float)


def texts(dataset: Any, shape: tuple[int, ...], name: str = "") -> list[str]:
    """Return the texts of a dataset (see `array`)."""
    h5py = _h5py()
    _check_storage(dataset, shape, name)
    if h5py.check_string_dtype(dataset.dtype) is None:
        raise ReadError(f"{name!r} holds {dataset.dtype} where texts belong.")
    return [str(text) for text in dataset.asstr(errors="replace")[...].ravel()]


def scalar(item: Any) -> Any:
    """Return a single text or number of the file itself; None for anything else."""
    h5py = _h5py()
    if not isinstance(item, h5py.Dataset) or item.shape != () or _is_elsewhere(item):
        return None
    if item.dtype.kind in "OV" and h5py.check_string_dtype(item.dtype) is None:
        value = item[()]  # what is no number and no text: empty, or made of others
        return None if isinstance(value, h5py.Empty) else value
    if item.id.get_space().get_simple_extent_type() == h5py.h5s.NULL:
        return None
    value = np.empty((), item.dtype)
    item.id.read(h5py.h5s.ALL, h5py.h5s.ALL, value)
    return value[()]


def _is_elsewhere(dataset: Any) -> bool:
    """Return whether the values of a dataset are kept in or composed of other files."""
    kept = dataset.id.get_create_plist()
    virtual = _h5py().h5d.VIRTUAL
    return kept.get_external_count() > 0 or kept.get_layout() == virtual


def _check_array(dataset: Any, shape: tuple[int, ...] | None, name: str) -> None:
    _check_storage(dataset, shape, name)
    if dataset.dtype.kind not in "fiu":
        raise ReadError(
            f"{name!r} holds values of the type {dataset.dtype}, which are no real numbers.",
            hint="Write it again with plain numbers.",
        )


def _check_storage(dataset: Any, shape: tuple[int, ...] | None, name: str) -> None:
    h5py = _h5py()
    if not isinstance(dataset, h5py.Dataset):
        raise ReadError(f"the array {name!r} is missing.")
    if _is_elsewhere(dataset):
        raise ReadError(f"the numbers of {name!r} are kept in other files.", hint=_REFUSAL)
    if shape is not None and dataset.shape != shape:
        raise ReadError(
            f"{name!r} has the shape {dataset.shape} where {shape} belongs: rows are surplus or"
            " missing.",
            hint="Write or fetch the file again.",
        )
    claimed = int(np.prod(dataset.shape or (0,), dtype=object)) * dataset.dtype.itemsize
    held = dataset.id.get_storage_size()
    if claimed > _LARGEST or claimed > _SMALL + _COMPRESSED * held:
        raise ReadError(
            f"{name!r} claims {claimed / 2**30:.3g} GiB, but the file holds"
            f" {held / 2**20:.3g} MiB of it.",
            hint="The file is damaged; write or fetch it again.",
        )
