"""What in a file can be held against something else in it: checksums, counts, intensities."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np

from ..errors import ReadError
from ..spectrum import Array, Spectrum
from .assemble import detected, noted

_NEGATIVE = "the counts are negative, so they are not counts as measured: left out"
_SAME_SCALE = 0.01
_ROUNDED_TO = 1e-3


def seal(arrays: Mapping[str, Array | None], texts: Iterable[str]) -> str:
    """Return the checksum of named arrays and of texts.

    Parameters
    ----------
    arrays : mapping of str to ndarray or None
        None stands for an array that is not there.
    texts : iterable of str

    Returns
    -------
    checksum : str
        SHA-256 in hexadecimal digits, over names, shapes, numbers as 64-bit
        little-endian floats, and texts.
    """
    digest = hashlib.sha256()
    for name, values in arrays.items():
        if values is not None:
            digest.update(f"{name} {values.shape}\n".encode("utf-8", "surrogatepass"))
            digest.update(np.ascontiguousarray(values, dtype="<f8").tobytes())
    for text in texts:
        digest.update(f"{len(text)}\n{text}\n".encode("utf-8", "surrogatepass"))
    return digest.hexdigest()


def check_seal(stored: str, arrays: Mapping[str, Array | None], texts: Iterable[str]) -> None:
    """Raise a `ReadError` if arrays and texts do not have the checksum stored with them."""
    if stored != seal(arrays, texts):
        raise ReadError(
            "the numbers do not have the checksum stored with them: they changed since Doublet"
            " wrote them.",
            hint="Copy or write the file again.",
        )


_TRAILER = re.compile(rb"\nDoublet sha256 ([0-9a-f]{64})\n")
_TRAILER_BYTES = len(b"\nDoublet sha256 \n") + 64
_CHUNK = 2**20


def trailer(data: bytes) -> bytes:
    """Return the checksum of a whole file, to be written behind it where its format lets it.

    HDF5 does. A damaged file is then refused before the library opens it, which in some
    damaged files never comes back.
    """
    return f"\nDoublet sha256 {hashlib.sha256(data).hexdigest()}\n".encode()


def has_changed(path: Path) -> bool:
    """Return whether a file ends with a checksum that is not its own; False without one."""
    try:
        size = path.stat().st_size - _TRAILER_BYTES
        if size < 0:
            return False
        with path.open("rb") as file:
            file.seek(size)
            match = _TRAILER.fullmatch(file.read())
        return match is not None and match[1].decode() != _digest(path, size)
    except OSError:
        return False


def _digest(path: Path, size: int) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while size > 0 and (chunk := file.read(min(_CHUNK, size))):
            digest.update(chunk)
            size -= len(chunk)
    return digest.hexdigest()


def check_counts(spectrum: Spectrum) -> Spectrum:
    """Return a spectrum of a file without checksum if its counts and intensity agree.

    Negative counts are left out, with a note.

    Raises
    ------
    ReadError
        If counts and intensity are the same but for the time, and differ at some points:
        one of the two numbers there was changed.
    """
    counts, seconds = spectrum.counts, spectrum.meta.acquisition_time_s
    if counts is None:
        return spectrum
    if detected(counts) is None:
        return replace(spectrum, counts=None, meta=noted(spectrum.meta, counts_note=_NEGATIVE))
    times = {"counts": 1.0, "counts/s": seconds}
    time = times.get(spectrum.y_unit)
    if time is None:
        return spectrum
    expected = spectrum.y * time
    agreeing = np.abs(counts - expected) <= _ROUNDED_TO * np.abs(expected) + 1.0
    scale = np.median(counts[expected > 0] / expected[expected > 0]) if np.any(expected) else 1.0
    if agreeing.all() or abs(scale - 1.0) > _SAME_SCALE:
        return spectrum
    i = int(np.flatnonzero(~agreeing)[0])
    raise ReadError(
        f"at {spectrum.x_recorded[i]:g} the counts are {counts[i]:g}, but the intensity of"
        f" {spectrum.y[i]:g} {spectrum.y_unit} means {expected[i]:g}"
        f" ({int((~agreeing).sum())} such points): a number was changed.",
        hint="Copy or write the file again.",
    )
