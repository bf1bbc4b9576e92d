"""What readers of binary files share: numbers out of bytes, and texts padded with zeros."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from ..errors import ReadError

AGAIN = "Copy the file again; it is cut off or damaged."
_FILETIME_ZERO = datetime(1601, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Bytes:
    """The bytes of a file; every size is held against them before it is believed.

    Attributes
    ----------
    data : bytes
    """

    data: bytes

    def __len__(self) -> int:
        return len(self.data)

    def part(self, at: int, size: int, what: str) -> bytes:
        """Return `size` bytes from place `at`.

        Raises
        ------
        ReadError
            If they are not all there; `what` names them.
        """
        if at < 0 or size < 0 or at + size > len(self.data):
            there = max(len(self.data) - at, 0) if at >= 0 else 0
            raise ReadError(
                f"the {what} should have {size} bytes from byte {at} on, of which {there} are"
                " in the file.",
                hint=AGAIN,
            )
        return self.data[at : at + size]

    def numbers(self, at: int, count: int, kind: str, what: str) -> NDArray[np.float64]:
        """Return `count` numbers of the numpy type `kind` from place `at`, as floats.

        Raises
        ------
        ReadError
            If they are not all there.
        """
        size = count * np.dtype(kind).itemsize
        if at < 0 or count < 0 or at + size > len(self.data):
            self.part(at, size, what)
        return np.frombuffer(self.data, kind, count, at).astype(float)

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
