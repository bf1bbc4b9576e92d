"""Everything of a `Spectrum` but its arrays, as plain values for our own files.

The CSV and HDF5 formats of Doublet write and read these, so that what is written
comes back equal: axis, units, metadata, calibration, source.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import Field, fields
from math import isfinite
from typing import Any

import numpy as np

from ..errors import ReadError, WriteError
from ..masked import masked_from, masked_values
from ..spectrum import Axis, Calibration, Meta, Source, Spectrum

Values = dict[str, Any]

ORIGIN = "converted_from"
"""Key of ``meta.extra`` for the file the numbers were first read from."""


def to_values(spectrum: Spectrum) -> Values:
    """Return axis, unit, metadata, calibration and origin as JSON-able values."""
    meta = {f.name: getattr(spectrum.meta, f.name) for f in fields(Meta)}
    meta["variables"] = {k: list(v) for k, v in spectrum.meta.variables.items()}
    meta["extra"] = _filled({ORIGIN: _origin(spectrum.source)}) | dict(spectrum.meta.extra)
    values = {
        "axis": spectrum.axis.value,
        "y_unit": spectrum.y_unit,
        "descending": spectrum.descending,
        **_filled(meta),
    }
    if spectrum.calibration != Calibration():
        record = {f.name: getattr(spectrum.calibration, f.name) for f in fields(Calibration)}
        values["calibration"] = _filled(record)
    if spectrum.masked is not None:
        values["masked"] = masked_values(spectrum.masked)
    return values


def _origin(source: Source) -> Values:
    """Return the note on the file that numbers were first read from; its folder is private."""
    names = [f.name for f in fields(Source) if f.name not in ("path", "joined")]
    return _filled({name: getattr(source, name) for name in names}) if source.file else {}


def _filled(values: Values) -> Values:
    return {k: v for k, v in values.items() if v is not None and v != "" and v != {}}


def from_values(values: Mapping[str, Any]) -> Values:
    """Return arguments of `Spectrum` from what `to_values` gave.

    Raises
    ------
    ReadError
        If the axis is none that Doublet knows, or text stands where a number belongs.
    """
    meta = {f.name: _typed(f, values[f.name]) for f in fields(Meta) if f.name in values}
    return {
        "axis": _axis(str(values.get("axis", ""))),
        "y_unit": str(values.get("y_unit", "arbitrary")),
        "descending": bool(values.get("descending", False)),
        "meta": Meta(**meta),
        "calibration": _calibration(values.get("calibration", {})),
        "masked": masked_from(_table("masked", values["masked"])) if "masked" in values else None,
    }


def _calibration(value: Any) -> Calibration:
    table = _table("calibration", value)
    known = {f.name for f in fields(Calibration)}
    numbers = [v for name, v in table.items() if name != "reference" and v is not None]
    if not set(table) <= known or not all(map(_is_number, numbers)):
        raise ReadError(
            f"calibration is {str(value)[:80]!r}.", hint=f"It may have: {', '.join(sorted(known))}."
        )
    return Calibration(**table | {"reference": str(table.get("reference", ""))})


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value)


def _typed(field: Field[Any], value: Any) -> Any:
    """Return a value of the header as the type its field of `Meta` has."""
    if field.name == "variables":
        return {k: _variable(k, v) for k, v in _table(field.name, value).items()}
    if field.name == "extra":
        return _table(field.name, value)
    if field.type == "str":
        return value if isinstance(value, str) else str(value)
    if _is_number(value):
        return float(value)
    raise ReadError(f"{field.name} is {str(value)[:80]!r} where a number belongs.")


def _variable(name: str, value: Any) -> tuple[float, str]:
    if isinstance(value, list) and len(value) == 2 and _is_number(value[0]):
        return float(value[0]), str(value[1])
    raise ReadError(f"the variable {name!r} is {value!r} where [number, unit] belongs.")


def _table(name: str, value: Any) -> Values:
    if isinstance(value, dict):
        return value
    raise ReadError(f"{name} is {value!r} where a table {{...}} belongs.")


def _axis(name: str) -> Axis:
    try:
        return Axis(name)
    except ValueError as error:
        known = ", ".join(axis.value for axis in Axis)
        raise ReadError(f"the axis is {name!r}.", hint=f"It must be one of: {known}.") from error


def to_text(value: Any) -> str:
    """Return `value` as one line of JSON.

    Raises
    ------
    WriteError
        If it holds something that is no text, number, list or table of those.
    """
    try:
        text = json.dumps(value, ensure_ascii=False, allow_nan=False, default=_plain)
    except (TypeError, ValueError) as error:
        raise WriteError(f"the metadata cannot be written: {error}.") from error
    return text if _is_unicode(text) else json.dumps(value, default=_plain)


def _is_unicode(text: str) -> bool:
    """Return whether `text` has no half characters, as undecodable file names have."""
    return not any("\ud800" <= character <= "\udfff" for character in text)


def _plain(value: Any) -> Any:
    """Return numpy numbers and read-only tables as JSON knows them."""
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"{type(value).__name__} is no text, number, list or table")


def from_text(text: str) -> Any:
    """Return the value of one line of JSON, or the text itself if it is none."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):  # numbers of 5,000 digits, 5,000 brackets
        return text
