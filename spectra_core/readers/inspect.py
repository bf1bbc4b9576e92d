"""A spectrum in plain values: the row of a list and the record of a JSON file."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from math import isfinite
from types import NoneType
from typing import Any

import numpy as np

from ..spectrum import Array, Axis, Spectrum
from .assemble import Y_UNIT_NOTE

_CASAXPS_LINE = re.compile(r"^\s*CASA (region|comp) \(", re.MULTILINE)
_META_TEXTS = ("technique", "species", "transition", "instrument", "date", "comment")
_META_NUMBERS = (
    "excitation_energy_ev",
    "pass_energy_ev",
    "work_function_ev",
    "dwell_s",
    "scans",
    "etch_time_s",
    "laser_nm",
)


def casaxps_lines(spectrum: Spectrum) -> tuple[int, int]:
    """Return how many regions and components a CasaXPS fit in the comment has."""
    kinds = _CASAXPS_LINE.findall(spectrum.meta.comment)
    return kinds.count("region"), kinds.count("comp")


def describe(spectrum: Spectrum, *, metadata: bool = True) -> dict[str, Any]:
    """Return all that is known about a spectrum except its points, ready for JSON.

    Parameters
    ----------
    spectrum : Spectrum
    metadata : bool
        Whether the tree of everything that the file says, ``extra["metadata"]``, is wanted.

    Returns
    -------
    record : dict
        ``index``, ``sample``, ``region``, ``format``, ``sha256``, every field of
        `Meta`, and under ``axis`` and ``intensity`` what the columns are. Numbers
        that are not recorded are None; ``notes`` says what was decided in reading.
    """
    meta, source = spectrum.meta, spectrum.source
    record: dict[str, Any] = {
        "index": source.index,
        "sample": meta.sample,
        "region": meta.region,
        "format": source.format,
        "sha256": source.sha256,
        "axis": describe_axis(spectrum),
        "intensity": describe_intensity(spectrum),
        "calibration": asdict(spectrum.calibration),
    }
    record |= {name: getattr(meta, name) for name in (*_META_NUMBERS, *_META_TEXTS)}
    record["variables"] = {
        name: {"value": value, "unit": unit} for name, (value, unit) in meta.variables.items()
    }
    regions, components = casaxps_lines(spectrum)
    record["casaxps"] = {"regions": regions, "components": components}
    record["notes"] = notes_of(spectrum)
    extra = meta.extra.items()
    record["extra"] = {key: value for key, value in extra if metadata or key != "metadata"}
    return json_value(record)


def describe_axis(spectrum: Spectrum) -> dict[str, Any]:
    """Return kind, unit, ends and step of the axis as recorded, in the file's order."""
    x = spectrum.x_recorded
    first, last = (x[-1], x[0]) if spectrum.descending else (x[0], x[-1])
    steps = np.diff(x)
    return {
        "kind": None if spectrum.axis is Axis.UNKNOWN else spectrum.axis.value,
        "unit": spectrum.axis.unit,
        "from": float(first),
        "to": float(last),
        "step": spectrum.step,
        "uniform": bool(np.ptp(steps) <= 1e-3 * spectrum.step),
        "points": len(spectrum),
    }


def describe_intensity(spectrum: Spectrum) -> dict[str, Any]:
    """Return unit, range and further columns of the intensity."""
    return {
        "unit": spectrum.y_unit,
        "min": float(spectrum.y.min()),
        "max": float(spectrum.y.max()),
        "counts_known": spectrum.counts is not None,
        "standard_deviations": spectrum.sigma is not None,
        "transmission": spectrum.transmission is not None,
        "columns": list(spectrum.columns),
    }


_HEAD = ("instrument", "technique", "date", "comment", "variables")


def metadata_tree(spectrum: Spectrum) -> dict[str, Any]:
    """Return what the file says of how the spectrum was measured, as a tree of plain values.

    The fields of `Meta` that lists do not show come first, then everything of its ``extra``.
    """
    return tree_of_record(describe(spectrum))


def tree_of_record(record: Mapping[str, Any]) -> dict[str, Any]:
    """Return the `metadata_tree` of a record that `describe` made."""
    head = {name: record[name] for name in _HEAD if record.get(name) not in (None, "", {})}
    return {**head, **record["extra"]}


def metadata_lines(tree: Mapping[str, Any], indent: str = "") -> Iterator[str]:
    """Yield the lines of a tree, each branch two spaces further in."""
    for key, value in tree.items():
        if isinstance(value, Mapping):
            yield f"{indent}{key}"
            yield from metadata_lines(value, f"{indent}  ")
        else:
            first, *others = str(value).splitlines() or [""]
            yield f"{indent}{key}: {first}"
            yield from (f"{indent}  {line}" for line in others)


def json_value(value: Any) -> Any:
    """Return `value` as JSON can hold it: no NaN, no numpy, no mapping proxies."""
    if type(value) in (str, int, bool, NoneType):
        return value
    if isinstance(value, Mapping):
        return {str(key): json_value(item) for key, item in value.items()}
    if isinstance(value, np.ndarray | np.generic):
        return json_value(value.tolist())
    if isinstance(value, list | tuple | set | frozenset):
        return [json_value(item) for item in value]
    if isinstance(value, float):
        return value if isfinite(value) else None
    return value if isinstance(value, str | int | bool | None) else str(value)


def differences(before: Spectrum, after: Spectrum) -> list[str]:
    """Return the differences of two spectra, in words; their sources may differ.

    Parameters
    ----------
    before, after : Spectrum
        E.g. one spectrum, and what a file format gives back of it.

    Returns
    -------
    names : list of str
        Empty if every point and every record is the same.
    """
    names = [name for name in _ARRAYS if not _same(getattr(before, name), getattr(after, name))]
    names += [name for name in _SCALARS if getattr(before, name) != getattr(after, name)]
    if before.masked is not None and before.masked != after.masked:
        names.append(f"{len(before.masked.reasons)} masked channels")
    columns = before.columns.items()
    names += [f"column {key}" for key, v in columns if not _same(v, after.columns.get(key))]
    fields = [name for name in before.meta.__dataclass_fields__ if name not in _MAPPINGS]
    names += [name for name in fields if getattr(before.meta, name) != getattr(after.meta, name)]
    for kind in _MAPPINGS:
        old, new = getattr(before.meta, kind), getattr(after.meta, kind)
        names += [
            f"{kind}: {key}" for key in old if json_value(old[key]) != json_value(new.get(key))
        ]
    return names


_SCALARS = ("axis", "y_unit", "calibration", "descending")
_MAPPINGS = ("variables", "extra")
_ARRAYS = ("x_recorded", "y", "counts", "sigma", "transmission")


def _same(a: Array | None, b: Array | None) -> bool:
    if a is None or b is None:
        return a is b
    return a.shape == b.shape and bool(np.allclose(a, b, rtol=1e-12, atol=1e-9))


_NOTES = {
    "unread_keys": "keys that could not be read: {}",
    "skipped_rows": "rows left out: {}",
    "skipped_columns": "columns left out: {}",
    "skipped_sheets": "sheets left out: {}",
    "rows_without_abscissa": "{} rows at the ends without abscissa were left out",
}


def _is_usual(note: Any) -> bool:
    """Return whether a note says no more than that the unit of the intensity is not given."""
    return str(note).startswith(Y_UNIT_NOTE)


def notes_of(spectrum: Spectrum) -> list[str]:
    """Return what was decided, left out or doubtful when the spectrum was read.

    Parameters
    ----------
    spectrum : Spectrum

    Returns
    -------
    notes : list of str
        In the order in which they arose; empty if the file left nothing open.
    """
    extra = spectrum.meta.extra
    kinds = [key for key in extra if key.endswith("_note") and not _is_usual(extra[key])]
    notes = [str(extra[key]) for key in kinds]
    return notes + [words.format(extra[key]) for key, words in _NOTES.items() if extra.get(key)]
