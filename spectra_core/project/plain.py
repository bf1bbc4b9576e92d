"""Models, metadata and small records as JSON, and back with every type checked.

Nothing in a project file can name a class or run: the reader knows from the annotations
of our own dataclasses which keys there are and what may stand under each, and refuses
all else. A model is split into its *structure* (names, line shapes, ties) and its
*numbers* (value, bounds, free or not, a row for each parameter), because thousands of
models of one project share one structure, and numbers belong into arrays.
"""

from __future__ import annotations

import json
import types
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import MISSING, dataclass, fields, is_dataclass
from enum import Enum
from functools import cached_property, lru_cache
from math import inf, isfinite, isnan, nan
from operator import attrgetter
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

import numpy as np

from ..errors import ProjectFileError, SpectraError, WriteError
from ..masked import masked_from, masked_values
from ..model import Background, Component, Doublet, Link, Model, Parameter, Prior, Region
from ..spectrum import Array, Axis, Calibration, Meta, Source, Spectrum

Plain = dict[str, Any]
TAG = "not finite"
_NUMBERS = {"nan": nan, "inf": inf, "-inf": -inf}

# ---------------------------------------------------------------------------------
# Text


class JsonTexts(list[str]):
    """A list whose items are JSON already."""


def to_text(document: Plain) -> bytes:
    """Return a document as JSON in ASCII, numbers with every digit.

    A `JsonTexts` in it is put in as it is.

    NaN and infinity, which JSON does not have, are written as ``{"not finite": "nan"}``.

    Raises
    ------
    WriteError
        If it holds something that is no text, number, list or table of those.
    """
    ready = {key: value for key, value in document.items() if isinstance(value, JsonTexts)}
    rest = {key: value for key, value in document.items() if key not in ready}
    try:
        try:
            text = _dumps({"tagged": False, **rest})
        except ValueError:
            text = _dumps({"tagged": True, **_tagged(rest)})
    except (TypeError, ValueError, RecursionError) as error:
        raise WriteError(f"the project holds what cannot be written: {error}.") from error
    more = "".join(f',"{key}":[{",".join(texts)}]' for key, texts in ready.items())
    return f"{text[:-1]}{more}}}".encode("ascii")


def _dumps(document: Plain) -> str:
    return _ENCODER.encode(document)


def from_text(text: bytes) -> Plain:
    """Return the document of a JSON text.

    Raises
    ------
    ProjectFileError
        If it is not strict JSON, or no table.
    """
    try:
        document = json.loads(text, parse_constant=_refuse)
        if isinstance(document, dict) and document.get("tagged") is True:
            document = _untagged(document)
    except (ValueError, RecursionError, KeyError) as error:
        raise damaged(f"its description is not valid JSON ({str(error)[:80]})") from error
    if not isinstance(document, dict):
        raise damaged("its description is not a table")
    return document


def damaged(what: str) -> ProjectFileError:
    """Return the error of a file that is not what Doublet writes."""
    return ProjectFileError(f"the project file is damaged: {what}.")


# A list that holds itself is found by the depth that it leads to.
_ENCODER = json.JSONEncoder(
    allow_nan=False,
    default=lambda value: _plain(value),
    separators=(",", ":"),
    check_circular=False,
)


def _refuse(constant: str) -> float:
    raise ValueError(f"{constant} is no number of JSON")


def _plain(value: Any) -> Any:
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, Enum):
        return value.value
    if is_dataclass(value):
        return {f.name: getattr(value, f.name) for f in fields(value)}
    raise TypeError(f"{type(value).__name__} is no text, number, list or table")


def _tagged(value: Any) -> Any:
    if isinstance(value, float) and not isfinite(value):
        return {TAG: "nan" if isnan(value) else "inf" if value > 0 else "-inf"}
    if isinstance(value, str | int | float | None):
        return value
    if isinstance(value, list | tuple):
        return [_tagged(item) for item in value]
    table = value if isinstance(value, Mapping) else _plain(value)
    if not isinstance(table, Mapping):
        return _tagged(table)
    return {key: _tagged(item) for key, item in table.items()}


def _untagged(value: Any) -> Any:
    if isinstance(value, list):
        return [_untagged(item) for item in value]
    if not isinstance(value, dict):
        return value
    if set(value) == {TAG}:
        return _NUMBERS[value[TAG]]
    return {key: _untagged(item) for key, item in value.items()}


# ---------------------------------------------------------------------------------
# Records by their annotations


def record(kind: Any, value: Any, where: str) -> Any:
    """Return `value` as an instance of `kind`, checked throughout.

    Parameters
    ----------
    kind : type
        A dataclass of ours, a plain type, an Enum, a union, tuple or mapping of those.
    value
        What JSON held.
    where : str
        Place in the file, for messages.

    Raises
    ------
    ProjectFileError
        For an unknown or missing key, or a value of another type.
    """
    if is_dataclass(kind):
        return _dataclass(kind, value, where)
    origin = get_origin(kind)
    if origin in (Union, types.UnionType):
        return _one_of(get_args(kind), value, where)
    if origin is Literal:
        if value not in get_args(kind):
            raise damaged(f"{where} is {value!r:.60}")
        return value
    if origin is tuple:
        return _tuple(get_args(kind), value, where)
    if origin is not None:
        inner = get_args(kind)[1]
        return {key: record(inner, v, where) for key, v in table(value, where).items()}
    if isinstance(kind, type) and issubclass(kind, Enum):
        return _enum(kind, value, where)
    return _scalar(kind, value, where)


def table(value: Any, where: str) -> Plain:
    """Return `value`, known to be a table."""
    if not isinstance(value, dict):
        raise damaged(f"{where} is no table")
    return value


def entries(value: Any, where: str) -> list[Any]:
    """Return `value`, known to be a list."""
    if not isinstance(value, list):
        raise damaged(f"{where} is no list")
    return value


@lru_cache(maxsize=64)
def _hints(kind: Any) -> Mapping[str, tuple[Any, bool]]:
    """Return the type of each field, and whether it must be there."""
    hints = get_type_hints(kind)
    return {
        f.name: (hints[f.name], f.default is MISSING and f.default_factory is MISSING)
        for f in fields(kind)
        if f.init
    }


def _keys(kind: Any) -> set[str]:
    return set(_hints(kind)) if hasattr(kind, "__dataclass_fields__") else set()


def _dataclass(kind: Any, value: Any, where: str) -> Any:
    hints = _hints(kind)
    items = table(value, where)
    unknown = [key for key in items if key not in hints]
    if unknown:
        raise damaged(f'{where} has the unknown entry "{unknown[0][:60]}"')
    lacking = [name for name, (_, needed) in hints.items() if needed and name not in items]
    if lacking:
        raise damaged(f'{where} lacks "{lacking[0]}"')
    values = {key: record(hints[key][0], v, f"{where}/{key}") for key, v in items.items()}
    try:
        return kind(**values)
    except SpectraError as error:
        raise damaged(f"{where}: {error.message}") from error


def _one_of(kinds: Sequence[Any], value: Any, where: str) -> Any:
    if value is None and type(None) in kinds:
        return None
    if type(value) in kinds:
        return value
    others = [kind for kind in kinds if kind is not type(None)]
    if isinstance(value, dict):
        others = [kind for kind in others if _keys(kind) == set(value)] or others
    if len(others) == 1:
        return record(others[0], value, where)
    if float in kinds and type(value) is int:
        return float(value)
    raise damaged(f"{where} is {value!r:.60}")


def _tuple(kinds: Sequence[Any], value: Any, where: str) -> tuple[Any, ...]:
    items = entries(value, where)
    if len(kinds) == 2 and kinds[1] is Ellipsis:
        return tuple(record(kinds[0], item, where) for item in items)
    if len(items) != len(kinds):
        raise damaged(f"{where} has {len(items)} values instead of {len(kinds)}")
    return tuple(record(kind, item, where) for kind, item in zip(kinds, items, strict=True))


def _enum(kind: type[Enum], value: Any, where: str) -> Enum:
    for member in kind:
        if member.value == value:
            return member
    raise damaged(f"{where} is {value!r:.60}")


def _scalar(kind: Any, value: Any, where: str) -> Any:
    if kind is Any or type(value) is kind:
        return value
    if kind is float and type(value) is int:
        return float(value)
    raise damaged(f"{where} is {value!r:.60}")


# ---------------------------------------------------------------------------------
# Models


@dataclass(frozen=True, eq=False)
class PackedModel:
    """A model as it is written: what tells its structure from others, and its numbers.

    Attributes
    ----------
    key : tuple
        Equal for models of one structure.
    rows : ndarray, shape (P, 4)
        Value, min, max and free of each parameter; NaN: no value.
    """

    key: tuple[Any, ...]
    rows: Array

    def __eq__(self, other: object) -> bool:
        return isinstance(other, PackedModel) and self.key == other.key

    def __hash__(self) -> int:
        return self._hash

    @cached_property
    def _hash(self) -> int:
        return hash(self.key)


def packed(model: Model) -> PackedModel:
    """Return a model as it is written; made once, since models do not change.

    A project of thousands of models is saved every few minutes, and few of them are new.
    """
    known: PackedModel | None = model.__dict__.get("_packed")
    if known is None:
        known = PackedModel(structure_key(model), numbers(parameters_of(model)))
        known.rows.setflags(write=False)
        model.__dict__["_packed"] = known
    return known


def structure_key(model: Model) -> tuple[Any, ...]:
    """Return what tells one structure from another: equal for equal ones."""
    return (
        model.title,
        model.links,
        model.priors,
        *(
            (
                _region_texts(r),
                r.doublets,
                _background_texts(r.background),
                repr(dict(r.background.options)) if r.background.options else "",
                *r.background.parameters,
                *((_component_texts(c), *c.parameters) for c in r.components),
            )
            for r in model.regions
        ),
    )


_region_texts = attrgetter("name", "window", "match")
_background_texts = attrgetter("type", "mode")
_component_texts = attrgetter("id", "lineshape", "label", "species", "line", "enabled")


def structure(model: Model) -> Plain:
    """Return everything of a model but its parameters' numbers."""
    return {
        "title": model.title,
        "links": list(model.links),
        "priors": list(model.priors),
        "regions": [
            {
                "name": r.name,
                "window": r.window,
                "match": r.match,
                "doublets": list(r.doublets),
                "background": {
                    "type": r.background.type,
                    "mode": r.background.mode,
                    "options": dict(r.background.options),
                    "parameters": list(r.background.parameters),
                },
                "components": [
                    {
                        "id": c.id,
                        "lineshape": c.lineshape,
                        "label": c.label,
                        "species": c.species,
                        "line": c.line,
                        "enabled": c.enabled,
                        "parameters": list(c.parameters),
                    }
                    for c in r.components
                ],
            }
            for r in model.regions
        ],
    }


def parameters_of(model: Model) -> list[Parameter]:
    """Return the parameters that a model gives, in the order of its structure."""
    found = []
    for region in model.regions:
        found.append(region.shift)
        found += region.background.parameters.values()
        for component in region.components:
            found += component.parameters.values()
    return found


def numbers(parameters: Sequence[Parameter]) -> Array:
    """Return value, min, max and free of each parameter, shape (P, 4); NaN: no value."""
    rows = [_numbers_of(parameter) for parameter in parameters]  # None becomes NaN
    return np.array(rows, dtype=float).reshape(-1, 4)


_numbers_of = attrgetter("value", "min", "max", "free")


def model_from(plain: Any, rows: Array, where: str) -> Model:
    """Return the model of a structure and its numbers.

    Parameters
    ----------
    plain
        What `structure` gave, read from JSON.
    rows : ndarray, shape (P, 4)
        What `numbers` gave.
    where : str
        Place in the file, for messages.

    Raises
    ------
    ProjectFileError
        If they do not make a model.
    """
    entry = table(plain, where)
    left = iter(rows.tolist())
    try:
        regions = tuple(_region(r, left, where) for r in entries(entry.get("regions"), where))
        if next(left, None) is not None:
            raise damaged(f"{where} has more numbers than parameters")
        links = record(tuple[Link, ...], entry.get("links"), f"{where}/links")
        priors = record(tuple[Prior, ...], entry.get("priors"), f"{where}/priors")
        return Model(regions, links, record(str, entry.get("title"), f"{where}/title"), priors)
    except ProjectFileError:
        raise
    except SpectraError as error:
        raise damaged(f"{where}: {error}") from error


def _region(plain: Any, rows: Iterator[list[float]], where: str) -> Region:
    entry = table(plain, where)
    name = record(str, entry.get("name"), f"{where}/name")
    place = f"{where}/{name[:60]}"
    shift = _parameter(rows, place)
    background = table(entry.get("background"), place)
    mode = background.get("mode")
    if mode not in ("active", "static"):
        raise damaged(f"{place}/background/mode is {mode!r:.60}")
    return Region(
        name,
        record(tuple[float, float], entry.get("window"), f"{place}/window"),
        Background(
            record(str, background.get("type"), f"{place}/background/type"),
            mode,
            record(Mapping[str, Any], background.get("options"), f"{place}/background/options"),
            _parameters(background, rows, place),
        ),
        tuple(_component(c, rows, place) for c in entries(entry.get("components"), place)),
        record(tuple[Doublet, ...], entry.get("doublets"), f"{place}/doublets"),
        shift,
        record(str, entry.get("match"), f"{place}/match"),
    )


_COMPONENT_TEXTS = ("id", "lineshape", "label", "species", "line")


def _component(plain: Any, rows: Iterator[list[float]], where: str) -> Component:
    entry = table(plain, where)
    texts = {name: record(str, entry.get(name), f"{where}/{name}") for name in _COMPONENT_TEXTS}
    enabled = record(bool, entry.get("enabled"), f"{where}/enabled")
    return Component(**texts, enabled=enabled, parameters=_parameters(entry, rows, where))


def _parameters(entry: Plain, rows: Iterator[list[float]], where: str) -> dict[str, Parameter]:
    names = record(tuple[str, ...], entry.get("parameters"), f"{where}/parameters")
    return {name: _parameter(rows, f"{where}/{name[:60]}") for name in names}


def _parameter(rows: Iterator[list[float]], where: str) -> Parameter:
    row = next(rows, None)
    if row is None:
        raise damaged(f"{where} has no numbers")
    value, low, high, free = row
    return Parameter(None if isnan(value) else value, low, high, free == 1.0)


# ---------------------------------------------------------------------------------
# What is known about a spectrum

_NO_CALIBRATION = Calibration()
_NUMBER_TYPES = frozenset((int, float))  # a zero is known, an empty text is not


def spectrum_entry(spectrum: Spectrum) -> Plain:
    """Return axis, units, metadata, calibration and source; what is not known is left out."""
    known = vars(spectrum.meta).items()
    meta = {k: v for k, v in known if v or (v is not None and type(v) in _NUMBER_TYPES)}
    if "extra" in meta:
        meta["extra"] = dict(spectrum.meta.extra)
    entry: Plain = {
        "axis": spectrum.axis.value,
        "y_unit": spectrum.y_unit,
        "descending": spectrum.descending,
        "meta": meta,
        "source": vars(spectrum.source),
    }
    if spectrum.calibration != _NO_CALIBRATION:
        entry["calibration"] = vars(spectrum.calibration)
    if spectrum.masked is not None:
        entry["masked"] = masked_values(spectrum.masked)
    return entry


def spectrum_text(spectrum: Spectrum) -> str:
    """Return `spectrum_entry` as JSON; made once, since spectra do not change.

    Raises
    ------
    ValueError
        If a number in it is not finite.
    """
    known: str | None = spectrum.__dict__.get("_entry_text")
    if known is None:
        known = spectrum.__dict__["_entry_text"] = _dumps(spectrum_entry(spectrum))
    return known


_SPECTRUM_KEYS = frozenset(
    ("axis", "y_unit", "descending", "meta", "source", "calibration", "columns", "masked")
)


def check_spectrum_entry(plain: Any, where: str) -> None:
    """Raise ProjectFileError if an entry has not the keys of `spectrum_entry`."""
    if not _SPECTRUM_KEYS.issuperset(table(plain, where)):
        unknown = min(set(plain) - _SPECTRUM_KEYS)
        raise damaged(f'{where} has the unknown entry "{unknown[:60]}"')


def spectrum_from(plain: Plain, arrays: Mapping[str, Any], where: str) -> Spectrum:
    """Return the spectrum of an entry and its arrays (fields of `Spectrum`).

    Raises
    ------
    ProjectFileError
        If they do not make a spectrum.
    """
    check_spectrum_entry(plain, where)
    try:
        return Spectrum(
            **arrays,
            axis=record(Axis, plain.get("axis"), f"{where}/axis"),
            y_unit=record(str, plain.get("y_unit"), f"{where}/y_unit"),
            descending=record(bool, plain.get("descending"), f"{where}/descending"),
            meta=record(Meta, plain.get("meta"), f"{where}/meta"),
            source=record(Source, plain.get("source"), f"{where}/source"),
            calibration=record(Calibration, plain.get("calibration", {}), f"{where}/calibration"),
            masked=masked_from(plain["masked"]) if "masked" in plain else None,
        )
    except ProjectFileError:
        raise
    except SpectraError as error:
        raise damaged(f"{where}: {error.message}") from error
