"""Trees of properties in a Renishaw file: ``PSET``, a size, then items of key and value.

An item has a letter for its type, flags (array, compressed), a key, and its value. Keys
above 8000h are given their names by items of the type ``k``, in this tree or in one around
it; the others are numbers with fixed meanings. What cannot be read ends its tree: settings
are told to the user, no number of a spectrum hangs on them.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from .binary import filetime

Tree = dict[str, Any]

MARK = b"PSET"
_ARRAY, _COMPRESSED, _OWN_KEY = 0x80, 0x40, 0x8000
_NUMBERS = {"?": "?", "c": "i1", "s": "<i2", "i": "<i4", "w": "<i8", "r": "<f4", "q": "<f8"}
_DEEPEST, _LONGEST_TEXT, _LONGEST_ARRAY = 12, 400, 16

KEYS = {
    1: "WiRE2 Version",
    2: "ErrorCode",
    3: "CreationTime",
    4: "StartTime",
    5: "EndTime",
    6: "ETA",
    8: "ExpectedDatasetCount",
    9: "AcquisitionCount",
    10: "NumberOfPoints",
    13: "MeasurementType",
    14: "responseCalibration",
    15: "restoreInstrumentState",
    16: "closeLaserShutter",
    17: "FocusTrackEnabled",
    18: "FocusTrackInterval",
    19: "LineFocusMode",
    20: "yStepSize",
    201: "DepthSeriesInterval",
    202: "DepthSeriesStartPos",
    203: "DepthSeriesFinalPos",
    301: "ScanCompletionStatus",
    302: "usingPixelIntensityVariationFunction",
    401: "Results",
    403: "Properties",
    411: "Label",
    430: "Operator",
    431: "Time",
    432: "Version",
    1001: "Name",
    1002: "Description",
    1003: "Language",
    1005: "Status",
    1006: "System",
    1009: "DataSaveFile",
    1011: "NamedItems",
    1013: "AreaKey",
    1014: "InstrumentState",
    1015: "Laser Name",
    1016: "BeamPath",
    1017: "Focus Mode",
    1018: "Grating Name",
    1019: "Laser",
    1020: "Camera",
    1021: "Instrument",
    1022: "Objective magnification",
    1023: "Objective name",
}
"""Fixed keys that are worth showing; the rest are scripts and pictures."""


def properties(data: bytes, place: int, size: int) -> Tree:
    """Return the tree at the beginning of a block; empty if there is none.

    Parameters
    ----------
    data : bytes
        The whole file.
    place, size : int
        Of the block's content.
    """
    if size < 8 or data[place : place + 4] != MARK:
        return {}
    length = int(np.frombuffer(data[place + 4 : place + 8], "<u4")[0])
    return _tree(data, place + 8, place + min(8 + length, size), {}, 0)


def _tree(data: bytes, place: int, end: int, names: Mapping[int, str], depth: int) -> Tree:
    items = list(_items(data, place, end))
    names = {**names, **{key: value for kind, key, value in items if kind == "k"}}
    found: Tree = {}
    for kind, key, value in items:
        name = names.get(key, "") if key & _OWN_KEY else KEYS.get(key, "")
        if kind == "k" or not name or name.startswith("_") or name.endswith("lsid"):
            continue
        if kind == "p" and depth < _DEEPEST:
            value = _tree(data, value[0], value[1], names, depth + 1)
        if value not in ("", {}, None) and not isinstance(value, tuple):
            found[name] = value
    return found


def _items(data: bytes, place: int, end: int) -> Iterator[tuple[str, int, Any]]:
    """Yield type, key and value of the items; for a tree inside, its place and end."""
    end = min(end, len(data))
    while place + 4 <= end:
        kind, flags = chr(data[place]), data[place + 1]
        key = int.from_bytes(data[place + 2 : place + 4], "little")
        place += 4
        count = 1
        if flags & _ARRAY:
            count, place = int.from_bytes(data[place : place + 4], "little"), place + 4
        if kind in _NUMBERS or kind == "t":
            step = np.dtype(_NUMBERS.get(kind, "<u8")).itemsize
            if place + step * count > end:
                return
            yield kind, key, _numbers(data, kind, place, count)
            place += step * count
        elif kind in "ukbp":
            size, place = int.from_bytes(data[place : place + 4], "little"), place + 4
            if place + size > end:
                return
            inside = (place, place + size)
            yield kind, key, inside if kind in "bp" else _text(data, inside, flags)
            place += size
        else:
            return


def _numbers(data: bytes, kind: str, place: int, count: int) -> Any:
    if kind == "t":
        return filetime(int.from_bytes(data[place : place + 8], "little"))
    if count > _LONGEST_ARRAY:
        return None
    values = np.frombuffer(data, _NUMBERS[kind], count, place).tolist()
    return values[0] if count == 1 else values


def _text(data: bytes, inside: tuple[int, int], flags: int) -> str:
    raw = data[inside[0] : inside[1]]
    if flags & _COMPRESSED:
        try:
            raw = zlib.decompressobj().decompress(raw[4:], 4 * _LONGEST_TEXT)
        except zlib.error:
            return ""
    words = raw.decode("utf-8", "replace").rstrip("\0")
    return words if len(words) <= _LONGEST_TEXT else ""


def first(tree: Mapping[str, Any], *names: str) -> Any:
    """Return the value of the first of `names` found anywhere in a tree; None if none is."""
    for name in names:
        if name in tree and not isinstance(tree[name], dict):
            return tree[name]
    inside = (first(value, *names) for value in tree.values() if isinstance(value, dict))
    return next((value for value in inside if value is not None), None)
