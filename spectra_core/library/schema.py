"""The JSON Schema of a library file, made from the record classes.

Editors use it to complete and check a user's own library files. It is shipped as
``peak_libraries/library.schema.json``; a test keeps the two equal.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, fields
from types import MappingProxyType
from typing import Any

from .records import (
    EVIDENCE,
    FLAGS,
    KINDS,
    SCHEMA,
    STATUSES,
    ChargeReference,
    Kept,
    Observation,
    PresetHeader,
    SensitivityFactor,
)

_TEXTS = {"type": "array", "items": {"type": "string"}}
_PAIR = {"type": "array", "items": {"type": "number"}, "minItems": 2, "maxItems": 2}
_TYPES: Mapping[str, Mapping[str, Any]] = MappingProxyType(
    {
        "str": {"type": "string"},
        "float": {"type": "number"},
        "int": {"type": "integer"},
        "bool": {"type": "boolean"},
        "tuple[str, ...]": _TEXTS,
        "tuple[float, ...]": {"type": "array", "items": {"type": "number"}},
        "tuple[float, float]": _PAIR,
        "Mapping[str, float]": {"type": "object", "additionalProperties": {"type": "number"}},
        "tuple[Kept, ...]": {
            "type": "array",
            "items": {"anyOf": [{"type": "string"}, {"$ref": "#/$defs/Kept"}]},
        },
        "tuple[SensitivityFactor, ...]": {
            "type": "array",
            "items": {"$ref": "#/$defs/SensitivityFactor"},
        },
        "ChargeReference": {"$ref": "#/$defs/ChargeReference"},
    }
)
_PRINTED = {
    "type": "array",
    "items": {"type": "string", "pattern": r"^[0-9]+(\.[0-9]+)?$"},
    "description": "As printed, in quotes, with every digit.",
}


def library_schema() -> dict[str, Any]:
    """Return the JSON Schema of a library file (TOML read as JSON)."""
    records = {kind: {"$ref": f"#/$defs/{cls.__name__}"} for kind, cls in KINDS.items()}
    classes = (*KINDS.values(), Kept, ChargeReference, SensitivityFactor, PresetHeader)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"Doublet peak library, {SCHEMA}",
        "type": "object",
        "required": ["schema"],
        "additionalProperties": False,
        "properties": {
            "schema": {"const": SCHEMA},
            "defaults": {"type": "object", "description": "Keys of every row of this file."},
            **{kind: {"type": "array", "items": record} for kind, record in records.items()},
        },
        "$defs": {cls.__name__: _table(cls) for cls in classes},
    }


def _table(cls: type[Any]) -> dict[str, Any]:
    properties = {field.name: _property(cls, field.name, str(field.type)) for field in fields(cls)}
    table: dict[str, Any] = {
        "type": "object",
        "properties": properties,
        "additionalProperties": False,
    }
    required = [f.name for f in fields(cls) if f.default is f.default_factory is MISSING]
    if cls is not Observation and required:  # an observation may take them from the defaults
        table["required"] = required
    return table


def _property(cls: type[Any], name: str, annotation: str) -> dict[str, Any]:
    if name == "status":
        return {"enum": list(STATUSES)}
    if name == "evidence":
        return {"enum": list(EVIDENCE)}
    if cls is Observation and name == "values":
        return dict(_PRINTED)
    if name == "flags":
        names = "|".join(FLAGS)
        return {"type": "array", "items": {"type": "string", "pattern": f"^({names})(:.+)?$"}}
    return dict(_TYPES[annotation.removesuffix(" | None")])
