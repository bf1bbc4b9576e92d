"""Many entries that are alike: their form once, what differs between them in columns.

Thousands of fits of one model differ in numbers; names, units, bounds and links are the same
in all. A form is an entry as JSON knows it, in which a `Column` or `Parts` stands wherever
the entries differ. `picked` makes plain entries of a form, and `texts` their JSON: what is
the same in all is written once, and the numbers of a column are written together.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import repeat
from math import isfinite
from typing import Any

import numpy as np
from pydantic_core import PydanticSerializationError, to_json

Entry = dict[str, Any]
Form = Any
"""A plain value, a `Column` or `Parts`, or a table or list of forms."""
_STEP = 2  # of the indentation


@dataclass(frozen=True, eq=False)
class Column:
    """A number, text or truth value of each of M entries; None where it is not known."""

    values: Sequence[Any]


@dataclass(frozen=True, eq=False)
class Parts:
    """A list or table of each of M entries, whatever its form."""

    values: Sequence[Any]


def column(values: Sequence[Any]) -> Form:
    """Return what stands for some values in a form: the value itself if all are the same."""
    first = values[0]
    if all(value is first for value in values):
        return first
    return Column(values)


def parts(values: Sequence[Any]) -> Form:
    """Return what stands for some lists or tables in a form: nothing but `[]` if all are empty."""
    if any(values) or any(type(value) is not list for value in values):
        return Parts(values)
    return []


def picked(form: Form, size: int) -> list[Any]:
    """Return the entries of a form, M = `size`, as plain values."""
    return list(_picked(form, size))


def _picked(form: Form, size: int) -> Any:
    """Return an iterable of the values that a form has in each row."""
    if isinstance(form, Column | Parts):
        return form.values
    if isinstance(form, dict) and form:
        members = zip(*(_picked(value, size) for value in form.values()), strict=True)
        return [dict(zip(form, row, strict=True)) for row in members]
    if isinstance(form, list) and form:
        return map(list, zip(*(_picked(value, size) for value in form), strict=True))
    return (
        repeat(form, size)
        if not isinstance(form, dict | list)
        else (form.copy() for _ in range(size))
    )


def texts(form: Form, size: int, depth: int = 0) -> list[bytes]:
    """Return the entries of a form, M = `size`, as indented JSON.

    Parameters
    ----------
    form : dict
    size : int
    depth : int
        How deep they will stand in a document: that of their own brackets. The first line
        is not indented.
    """
    fixed = bytearray()
    rows: list[Any] = []
    for piece in _pieces(form, depth * _STEP):
        if isinstance(piece, bytes):
            fixed += piece
            continue
        rows += [repeat(bytes(fixed), size), piece]
        fixed.clear()
    rows.append(repeat(bytes(fixed), size))
    return [b"".join(row) for row in zip(*rows, strict=True)]


def _pieces(form: Form, indent: int) -> Iterator[bytes | list[bytes]]:
    """Yield the text of a form in pieces: that of all rows, or a list of that of each."""
    if isinstance(form, Column):
        yield _scalars(form.values)
    elif isinstance(form, Parts):
        yield [_moved(json_bytes(value), indent) for value in form.values]
    elif isinstance(form, dict) and form:
        members = [(json_bytes(key) + b": ", value) for key, value in form.items()]
        yield from _bracketed(b"{", members, b"}", indent)
    elif isinstance(form, list) and form:
        yield from _bracketed(b"[", [(b"", value) for value in form], b"]", indent)
    else:
        yield _moved(json_bytes(form), indent)


def _bracketed(
    opening: bytes, members: Sequence[tuple[bytes, Form]], closing: bytes, indent: int
) -> Iterator[bytes | list[bytes]]:
    line = b"\n" + b" " * (indent + _STEP)
    before = opening + line
    for name, value in members:
        yield before + name
        yield from _pieces(value, indent + _STEP)
        before = b"," + line
    yield b"\n" + b" " * indent + closing


def _scalars(values: Sequence[Any]) -> list[bytes]:
    """Return the JSON of each of some numbers or texts; a text in JSON has no line break."""
    try:
        together = to_json(values, indent=_STEP, inf_nan_mode="null")
    except PydanticSerializationError:
        return [json_bytes(value) for value in values]
    return together[4:-2].split(b",\n  ")


def _moved(text: bytes, indent: int) -> bytes:
    return text.replace(b"\n", b"\n" + b" " * indent) if indent else text


# ---------------------------------------------------------------------------------
# One value


def json_bytes(value: Any) -> bytes:
    """Return a value as indented JSON; what is no finite number is null."""
    try:
        return to_json(value, indent=_STEP, inf_nan_mode="null")
    except PydanticSerializationError:
        # A numpy number, or half a character of a file name that is no text.
        text = json.dumps(as_json(value), indent=_STEP, ensure_ascii=False, allow_nan=False)
        return text.encode("utf-8", errors="replace")


def as_json(value: Any) -> Any:
    """Return a value as JSON can hold it: no NaN, no infinity, no numpy type."""
    if isinstance(value, Mapping):
        return {str(key): as_json(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [as_json(item) for item in value]
    if isinstance(value, np.ndarray):
        return as_json(value.tolist())
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float):
        return value if isfinite(value) else None
    return value
