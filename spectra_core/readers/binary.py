"""What readers of binary files share: numbers out of bytes, and texts padded with zeros."""

from __future__ import annotations

import io
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import BinaryIO, Self

import numpy as np
from numpy.typing import NDArray

from ..errors import ReadError

AGAIN = "Copy the file again; it is cut off or damaged."
_FILETIME_ZERO = datetime(1601, 1, 1, tzinfo=UTC)


class Bytes:
    """The bytes of a file; every size is held against them before it is believed.

    Parameters
    ----------
    source : bytes or Path
        A file stays where it is: only the parts asked for are read, so that a map takes no
        more memory than its spectra. It is open until it is closed (``with``).
    """

    def __init__(self, source: bytes | Path) -> None:
        self._file: BinaryIO = (
            io.BytesIO(source) if isinstance(source, bytes) else source.open("rb")
        )
        self._size = self._file.seek(0, io.SEEK_END)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *what: object) -> None:
        self._file.close()

    def __len__(self) -> int:
        return self._size

    def there(self, at: int, size: int) -> bytes:
        """Return what there is of `size` bytes from place `at`."""
        self._file.seek(at)
        return self._file.read(max(size, 0))

    def require(self, at: int, size: int, what: str) -> None:
        """Raise a `ReadError` if `size` bytes from place `at` are not all there."""
        if at < 0 or size < 0 or at + size > self._size:
            there = max(self._size - at, 0) if at >= 0 else 0
            raise ReadError(
                f"the {what} should have {size} bytes from byte {at} on, of which {there} are"
                " in the file.",
                hint=AGAIN,
            )

    def part(self, at: int, size: int, what: str) -> bytes:
        """Return `size` bytes from place `at`.

        Raises
        ------
        ReadError
            If they are not all there; `what` names them.
        """
        self.require(at, size, what)
        found = self.there(at, size)
        if len(found) < size:
            raise ReadError("the file became shorter while it was read.", hint=AGAIN)
        return found

    def numbers(self, at: int, count: int, kind: str, what: str) -> NDArray[np.float64]:
        """Return `count` numbers of the numpy type `kind` from place `at`, as floats.

        Raises
        ------
        ReadError
            If they are not all there.
        """
        raw = self.part(at, count * np.dtype(kind).itemsize, what)
        return np.frombuffer(raw, kind).astype(float)

    def record(self, at: int, kind: np.dtype[np.void], what: str) -> np.void:
        """Return one record of a structured numpy type from place `at`."""
        found: np.void = np.frombuffer(self.part(at, kind.itemsize, what), kind)[0]
        return found


def text(raw: bytes) -> str:
    """Return the text before the first zero byte, in UTF-8 or else Latin-1."""
    before = bytes(raw).split(b"\0", 1)[0]
    try:
        return before.decode("utf-8").strip()
    except UnicodeDecodeError:
        return before.decode("latin-1").strip()


def filetime(ticks: int) -> str:
    """Return the ISO date of a Windows file time (100 ns since 1601); empty if there is none."""
    try:
        return (_FILETIME_ZERO + timedelta(microseconds=ticks // 10)).isoformat() if ticks else ""
    except OverflowError:
        return ""
