"""The ratios of many results files as one table: over samples, cells, states, laboratories.

A row is one ratio of one fit, as ``results.json`` holds it, with the file it came from.
Nothing is computed again: what a results file says is what the table says.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from pathlib import Path
from typing import Any

from ..errors import ReadError
from ..uncertainty.ratios import BUDGET_ROWS as ROWS

SCHEMA = "doublet-ratios/1"
RESULTS_SCHEMA = "doublet-results/1"
RESULTS_NAME = "results.json"
BUDGET_ROWS = (*ROWS, "total")
_TEXTS = ("name", "sample", "file", "fit", "formula", "note", "interval_method", "scope")
_NUMBERS = ("value", "stderr", "upper_limit", "level")
_INTERVALS = ("interval", "total_interval")


@dataclass(frozen=True)
class RatioRow:
    """One ratio of one results file.

    Attributes
    ----------
    results : str
        The results file, as it was given.
    entry : mapping
        The entry of its ``ratios``, complete: keys that an older file does not have are
        None or empty.
    """

    results: str
    entry: Mapping[str, Any]

    @property
    def sample(self) -> str:
        """Sample, with the number of the level where it is not the first."""
        level = self.entry["level_index"]
        first = next(iter(self.entry["coordinates"].values()), None)
        at = f"{first['value']:g} {first['unit']}".rstrip() if first else ""
        place = ", ".join(filter(None, (str(level + 1) if level or at else "", at)))
        return f"{self.entry['sample']} [{place}]" if place else str(self.entry["sample"])


def read_ratios(path: str | Path) -> list[RatioRow]:
    """Return the ratios of one results file, or of the ``results.json`` in a folder.

    Raises
    ------
    ReadError
        If it cannot be read, is not a results file, or has no ratio.
    """
    path = results_file(path)
    where = str(path)
    document = _document(path, where)
    entries = document.get("ratios")
    if not isinstance(entries, list) or not all(isinstance(e, Mapping) for e in entries):
        raise ReadError('"ratios" is not a list of tables.', where=where)
    if not entries:
        raise ReadError(
            "there is no ratio in this results file.",
            hint="Fit with a recipe that has a [[ratio]] table.",
            where=where,
        )
    return [RatioRow(where, _complete(e, f"{where}: ratio {i}")) for i, e in enumerate(entries, 1)]


def results_file(path: str | Path) -> Path:
    """Return the results file that a path means: itself, or the one in this folder."""
    path = Path(path)
    return path / RESULTS_NAME if path.is_dir() else path


def read_results(path: str | Path) -> Mapping[str, Any]:
    """Return a results file as plain values.

    Raises
    ------
    ReadError
        If it cannot be read or is not a results file.
    """
    place = results_file(path)
    return _document(place, str(place))


def _document(path: Path, where: str) -> Mapping[str, Any]:
    try:
        document = json.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise ReadError(f"cannot be read: {error.strerror or error}.", where=where) from error
    except (ValueError, RecursionError) as error:
        raise ReadError(
            f"is not JSON: {error}.", hint="Give results.json of `doublet fit`.", where=where
        ) from error
    schema = document.get("schema") if isinstance(document, Mapping) else None
    if schema != RESULTS_SCHEMA:
        found = f'its schema is "{schema}"' if schema else "it has no schema"
        raise ReadError(
            f"is not a results file: {found}.",
            hint=f"Give results.json of `doublet fit` ({RESULTS_SCHEMA}).",
            where=where,
        )
    return dict(document)


def _complete(entry: Mapping[str, Any], where: str) -> dict[str, Any]:
    """Return an entry with every key, checked: these numbers go into papers."""
    whole: dict[str, Any] = dict(entry)
    for key in _TEXTS:
        whole[key] = _text(entry.get(key), key, where, required=key in ("name", "sample"))
    for key in _NUMBERS:
        whole[key] = _number(entry.get(key), key, where)
    for key in _INTERVALS:
        whole[key] = _interval(entry.get(key), key, where)
    budget = entry.get("budget") or {}
    if not isinstance(budget, Mapping):
        raise ReadError(f'"budget" is {budget!r}, not a table.', where=where)
    whole["budget"] = {row: _number(budget.get(row), row, where) for row in BUDGET_ROWS}
    level = entry.get("level_index", 0)
    if not isinstance(level, int) or level < 0:
        raise ReadError(f'"level_index" is {level!r}, not a number from 0.', where=where)
    whole["level_index"] = level
    whole["coordinates"] = _coordinates(entry.get("coordinates") or {}, where)
    return whole


def _coordinates(value: Any, where: str) -> dict[str, dict[str, Any]]:
    if not isinstance(value, Mapping) or not all(isinstance(c, Mapping) for c in value.values()):
        raise ReadError(f'"coordinates" is {value!r}, not a table of tables.', where=where)
    return {
        str(name): {
            "value": _number(own.get("value"), f"coordinates.{name}", where),
            "unit": _text(own.get("unit"), f"coordinates.{name}.unit", where, required=False),
        }
        for name, own in value.items()
    }


def _text(value: Any, key: str, where: str, *, required: bool) -> str:
    if value is None and not required:
        return ""
    if not isinstance(value, str):
        raise ReadError(f'"{key}" is {value!r}, not a text.', where=where)
    return value


def _number(value: Any, key: str, where: str) -> float | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not isfinite(value):
        raise ReadError(f'"{key}" is {value!r}, not a number.', where=where)
    return float(value)


def _interval(value: Any, key: str, where: str) -> list[float] | None:
    if value is None:
        return None
    if not isinstance(value, Sequence) or isinstance(value, str) or len(value) != 2:
        raise ReadError(f'"{key}" is {value!r}, not a pair of numbers.', where=where)
    pair = [_number(edge, key, where) for edge in value]
    if None in pair:
        raise ReadError(f'"{key}" is {value!r}, not a pair of numbers.', where=where)
    return [edge for edge in pair if edge is not None]


def ratios_document(rows: Iterable[RatioRow]) -> dict[str, Any]:
    """Return the merged table as plain values, ready for JSON (``doublet-ratios/1``)."""
    return {
        "schema": SCHEMA,
        "ratios": [{"results": row.results, **row.entry} for row in rows],
    }


CSV_COLUMNS = (
    "results",
    "file",
    "fit",
    "sample",
    "level_index",
    "name",
    "value",
    "stderr",
    "low",
    "high",
    "level",
    "interval_method",
    "scope",
    "upper_limit",
    *BUDGET_ROWS,
    "total_low",
    "total_high",
    "formula",
    "note",
)


def ratios_csv(rows: Iterable[RatioRow]) -> str:
    """Return the merged table as csv: one heading, every digit, empty where nothing is known.

    Coordinates of levels, such as the sputter time, have a column each before the ratio's name.
    `counting` to `total` are standard errors of R; `low` and `high` are the interval of
    counting statistics, `total_low` and `total_high` that with all rows of the budget.
    """
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    rows = list(rows)
    units = {n: c["unit"] for row in rows for n, c in row.entry["coordinates"].items()}
    place = CSV_COLUMNS.index("level_index") + 1
    columns = [*CSV_COLUMNS[:place], *units, *CSV_COLUMNS[place:]]
    heads = [f"{c} / {units[c]}" if units.get(c) else c for c in columns]
    writer.writerow(heads)
    for row in rows:
        cells = dict.fromkeys(units) | _cells(row)
        writer.writerow([_written(cells[column]) for column in columns])
    return buffer.getvalue()


def _cells(row: RatioRow) -> dict[str, Any]:
    low, high = row.entry["interval"] or (None, None)
    total_low, total_high = row.entry["total_interval"] or (None, None)
    return {
        **{name: own["value"] for name, own in row.entry["coordinates"].items()},
        **row.entry,
        **row.entry["budget"],
        "results": row.results,
        "low": low,
        "high": high,
        "total_low": total_low,
        "total_high": total_high,
    }


def _written(value: Any) -> str:
    if value is None:
        return ""
    return repr(value) if isinstance(value, float) else str(value)
