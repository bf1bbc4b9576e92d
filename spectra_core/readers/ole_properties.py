"""Property sets of OLE compound documents (MS-OLEPS): numbers, texts and dates by number."""

from __future__ import annotations

import struct
from typing import Any

from .binary import filetime

_FIXED = {2: "<h", 3: "<i", 4: "<f", 5: "<d", 7: "<d", 19: "<I"}
_BOOL, _BSTR, _ANSI, _WIDE, _FILETIME = 11, 8, 30, 31, 64
_SECTION = 44
_MOST = 10_000


def property_set(raw: bytes) -> dict[int, Any]:
    """Return the values of the first section by property number; those of other types not.

    Parameters
    ----------
    raw : bytes
        The stream.
    """
    found: dict[int, Any] = {}
    try:
        start = struct.unpack_from("<I", raw, _SECTION)[0]
        count = min(struct.unpack_from("<I", raw, start + 4)[0], _MOST)
        for k in range(count):
            number, place = struct.unpack_from("<II", raw, start + 8 + 8 * k)
            value = _value(raw, start + place)
            if value is not None:
                found[number] = value
    except struct.error:  # cut off: what stands before it holds
        pass
    return found


def _value(raw: bytes, at: int) -> Any:
    kind = struct.unpack_from("<H", raw, at)[0]
    at += 4
    if kind in _FIXED:
        return struct.unpack_from(_FIXED[kind], raw, at)[0]
    if kind == _BOOL:
        return struct.unpack_from("<h", raw, at)[0] != 0
    if kind == _FILETIME:
        return filetime(struct.unpack_from("<Q", raw, at)[0])
    if kind in (_BSTR, _ANSI, _WIDE):
        size = struct.unpack_from("<I", raw, at)[0] * (2 if kind == _WIDE else 1)
        encoding = "latin-1" if kind == _ANSI else "utf-16-le"
        return raw[at + 4 : at + 4 + size].decode(encoding, "replace").partition("\0")[0].strip()
    return None
