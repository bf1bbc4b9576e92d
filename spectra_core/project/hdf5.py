"""The bytes of a project file: a header with a checksum, then HDF5 of plain numbers.

Writing goes straight to the file, one array after the other, so that a project of many
megabytes is never copied into a second block of memory; the checksum is then read off what
stands in the file. Reading trusts nothing: the checksum comes first, and HDF5 may hold
nothing but unfiltered rows of numbers that really stand in the file.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable
from importlib import import_module
from pathlib import Path
from typing import IO, Any

import numpy as np

from .. import __version__
from ..errors import ProjectFileError
from .plain import Plain, damaged, from_text
from .tables import ENDS, MAPS, NAMES, SERIES, Arrays

SCHEMA = "doublet-project"
VERSION = 5
_SINCE = {SERIES: 4, SERIES + ENDS: 4, MAPS: 5, MAPS + ENDS: 5}
"""Version of the schema from which on an array is there."""
_HEADER_SIZE = 512
_HDF5 = b"\x89HDF\r\n\x1a\n"
_DOCUMENT = "document"
_KINDS = "fiu"
# H5LT_FILE_IMAGE_DONT_COPY and _DONT_RELEASE: HDF5 only reads the bytes, where they are.
_IN_PLACE = 0x0002 | 0x0004

Content = tuple[bytes, Iterable[tuple[str, np.ndarray]]]
"""JSON text, and arrays by name as they are to be written."""


# ---------------------------------------------------------------------------------
# Out


def write_content(file: IO[bytes], content: Content) -> None:
    """Write a project into an empty file that is open for reading and writing.

    Raises
    ------
    OSError
        If the file cannot hold it.
    """
    _write_hdf5(file, *content)
    file.seek(_HEADER_SIZE)
    digest = hashlib.file_digest(file, "sha256")  # type: ignore[arg-type]
    size = file.tell() - _HEADER_SIZE
    lines = (
        f"{SCHEMA}/{VERSION}",
        f"program doublet {__version__}",
        f"bytes {size}",
        f"sha256 {digest.hexdigest()}",
        "",
    )
    file.seek(0)
    file.write("\n".join(lines).encode("ascii").ljust(_HEADER_SIZE, b"\0"))
    file.flush()
    os.fsync(file.fileno())


def _write_hdf5(file: IO[bytes], document: bytes, arrays: Iterable[tuple[str, np.ndarray]]) -> None:
    h5py = import_module("h5py")
    target = _Target(file)
    with h5py.File(target, "w", userblock_size=_HEADER_SIZE) as hdf5:
        hdf5.attrs["format"] = f"{SCHEMA}/{VERSION}"
        _write_array(hdf5, _DOCUMENT, np.frombuffer(document, dtype=np.uint8), h5py)
        for name, array in arrays:
            _write_array(hdf5, name, array, h5py)
    if target.problem is not None:
        raise target.problem


def _write_array(hdf5: Any, name: str, array: np.ndarray, h5py: Any) -> None:
    space = h5py.h5s.create_simple(array.shape)
    kind = h5py.h5t.py_create(array.dtype)
    dataset = h5py.h5d.create(hdf5.id, name.encode("ascii"), kind, space)
    if array.size:
        dataset.write(h5py.h5s.ALL, h5py.h5s.ALL, np.ascontiguousarray(array))


class _Target:
    """The file that HDF5 writes to; what goes wrong is kept in `problem` for afterwards.

    HDF5 that cannot write (a full disk) neither says why nor closes its file; so here
    every write succeeds, and the first error is raised once HDF5 is done.
    """

    def __init__(self, file: IO[bytes]) -> None:
        self.file = file
        self.problem: OSError | None = None

    def write(self, content: Any) -> int:
        if self.problem is None:
            try:
                self.file.write(content)
            except OSError as error:
                self.problem = error
        return len(content)

    def read(self, size: int) -> bytes:
        return self.file.read(size)

    def readinto(self, buffer: Any) -> int:
        return self.file.readinto(buffer)  # type: ignore[attr-defined]

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        try:
            return self.file.seek(offset, whence)
        except OSError as error:  # what was still to be written did not fit
            self.problem = self.problem or error
            return offset

    def tell(self) -> int:
        return self.file.tell()

    def truncate(self, size: int) -> int:
        if self.problem is None:
            try:
                return self.file.truncate(size)
            except OSError as error:
                self.problem = error
        return size

    def flush(self) -> None:
        """Leave the flushing to the end of the save."""


# ---------------------------------------------------------------------------------
# In


def read_content(content: bytes) -> tuple[int, Plain, Arrays]:
    """Return version, document and arrays of the bytes of a project file.

    Raises
    ------
    ProjectFileError
        If they are damaged, cut off, foreign, or of a newer version.
    """
    header, body = content[:_HEADER_SIZE], memoryview(content)[_HEADER_SIZE:]
    version = _checked_version(header, len(body), hashlib.sha256(body).hexdigest())
    return version, *_hdf5_content(content, version)


def is_whole(path: Path) -> bool:
    """Return whether a file is a project file whose checksum is right, of whatever version."""
    try:
        with open(path, "rb") as file:
            header = file.read(_HEADER_SIZE)
            digest = hashlib.file_digest(file, "sha256")
            size = file.tell() - _HEADER_SIZE
    except OSError:
        return False
    name, _, stated = _header(header)
    return name == SCHEMA and (stated.get("bytes"), stated.get("sha256")) == (
        str(size),
        digest.hexdigest(),
    )


def _header(header: bytes) -> tuple[str, str, dict[str, str]]:
    """Return schema, version and what else a header says."""
    lines = header.rstrip(b"\0").decode("ascii", errors="replace").split("\n")
    name, _, version = lines[0].partition("/")
    return name, version, dict(line.partition(" ")[::2] for line in lines[1:] if line)


def _checked_version(header: bytes, size: int, sha256: str) -> int:
    """Return the version of the schema of a file that is whole and not too new.

    Parameters
    ----------
    header : bytes
        The first 512 of the file.
    size : int
        Of what follows, in bytes.
    sha256 : str
        Of what follows.
    """
    name, version, stated = _header(header)
    if name != SCHEMA or not version.isdecimal():
        raise ProjectFileError(_foreign(header), hint="Choose a file that Doublet saved.")
    if int(version) > VERSION:
        program = stated.get("program", "a newer Doublet")
        raise ProjectFileError(
            f"the project was saved by a newer version, {program[:40]} (schema"
            f" {name}/{version[:9]};"
            f" this one, {__version__}, reads up to {SCHEMA}/{VERSION}).",
            hint="Open it there, or update Doublet.",
        )
    if stated.get("bytes") != str(size):
        raise damaged(f"it is cut off, with {size} of {stated.get('bytes', '?')[:20]} bytes")
    if stated.get("sha256") != sha256:
        raise damaged("its content does not agree with its checksum")
    return int(version)


def _foreign(header: bytes) -> str:
    if not header:
        return "the file is empty."
    if header.startswith(_HDF5):
        return "this is an HDF5 file, but no Doublet project."
    return "this is not a Doublet project."


def _hdf5_content(content: bytes, version: int) -> tuple[Plain, Arrays]:
    h5py = import_module("h5py")
    names = [name for name in NAMES if _SINCE.get(name, 1) <= version]
    try:
        with h5py.File(h5py.h5f.open_file_image(content, _IN_PLACE)) as file:
            if set(file) != {_DOCUMENT, *names}:
                raise damaged("it has other arrays than a project has")
            arrays = {name: _array(file, name, len(content), h5py) for name in names}
            text = _array(file, _DOCUMENT, len(content), h5py)
    except (OSError, KeyError, ValueError, RuntimeError, TypeError) as error:
        raise damaged(f"its HDF5 cannot be read ({str(error)[:80]})") from error
    if text.dtype != np.uint8:
        raise damaged("its description is no text")
    return from_text(text.tobytes()), {name: _as_kind(name, a) for name, a in arrays.items()}


def _array(file: Any, name: str, file_size: int, h5py: Any) -> np.ndarray:
    """Return one array, if it is plain numbers that really stand in this file."""
    if type(file.get(name, getlink=True)) is not h5py.HardLink:
        raise damaged(f'"{name}" is a link to elsewhere')
    dataset = file[name]
    if not isinstance(dataset, h5py.Dataset):
        raise damaged(f'"{name}" is no array')
    plist = dataset.id.get_create_plist()
    size = dataset.size * dataset.dtype.itemsize if dataset.size else 0
    plain = dataset.ndim == 1 and dataset.dtype.kind in _KINDS and dataset.dtype.fields is None
    stored = plist.get_layout() in (h5py.h5d.CONTIGUOUS, h5py.h5d.COMPACT)
    inside = plist.get_external_count() == 0 and plist.get_nfilters() == 0
    if not (plain and stored and inside):
        raise damaged(f'"{name}" is no plain row of numbers')
    if size > file_size or dataset.id.get_storage_size() != size:
        raise damaged(f'"{name}" claims {size} bytes that the file does not have')
    return np.asarray(dataset[...])


def _as_kind(name: str, array: np.ndarray) -> np.ndarray:
    whole = name.endswith(("_ends", "_places"))
    wanted = np.int64 if whole else np.uint8 if name == "at_bound" else np.float64
    if array.dtype != wanted and array.size:
        raise damaged(f'"{name}" holds numbers of the type {array.dtype}')
    return array.astype(wanted, copy=False)
