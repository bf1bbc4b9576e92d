"""HDF5 files that are put together in memory and then written as any other file.

Where the disk is full the HDF5 library fails in the middle of closing a file, and takes
the whole process with it. In memory it cannot; what is written afterwards are bytes, with
their checksum behind them.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any

from ..readers.integrity import trailer
from .atomic import replacing


@contextmanager
def new_hdf5(path: Path) -> Iterator[Any]:
    """Give an empty HDF5 file to fill; it becomes `path` if all went well.

    Raises
    ------
    OSError
        If it cannot be written; what was at `path` is untouched.
    """
    h5py = import_module("h5py")
    with h5py.File(path.name, "w", driver="core", backing_store=False) as file:
        yield file
        file.flush()
        image = file.id.get_file_image()
    with replacing(path) as temporary, temporary.open("wb") as target:
        target.write(image)
        target.write(trailer(image))
