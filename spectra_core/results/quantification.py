"""Atomic fractions as entries of ``results.json``, tables and csv."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from ..errors import ReadError, SpectraError
from ..fitting.stack import Stack
from ..quantify.areas import fitted_areas
from ..quantify.entry import QuantifyEntry
from ..quantify.factors import factors_for
from ..quantify.fractions import ROWS, Quantification, atomic_fractions
from ..recipe.schema import QuantifyTable, Recipe
from ..series.coordinates import Coordinate, coordinates_of
from ..spectrum import Spectrum
from .level_areas import areas_of_entries
from .ratio_table import read_results

SCHEMA = "doublet-quantification/1"


def quantification_entries(
    stack: Stack, rows: Sequence[int], records: Sequence[Any]
) -> list[dict[str, Any]]:
    """Return the atomic fractions of some rows of a stack whose recipes ask for them; or nothing.

    What cannot be quantified has a sentence in ``problem``.
    """
    recipe = getattr(records[0], "recipe", None)
    if not isinstance(recipe, Recipe) or recipe.quantify is None:
        return []
    return [
        _of_row(stack, row, recipe, record.sample)
        for row, record in zip(rows, records, strict=True)
    ]


def _of_row(stack: Stack, row: int, recipe: Recipe, sample: str) -> dict[str, Any]:
    try:
        return quantification_entry(quantified(stack, row, recipe, sample))
    except SpectraError as error:
        return {"problem": str(error)}


def quantified(stack: Stack, row: int, recipe: Recipe, sample: str) -> Quantification:
    """Return the atomic fractions of one row of a stack by what its recipe says."""
    assert recipe.quantify is not None
    spectra = {region.name: region.spectra[row] for region in stack.regions}
    areas = fitted_areas(stack.numbers(row), spectra)
    named = named_coordinates(spectra.values())
    areas = replace(areas, sample=sample, coordinates=named)
    return atomic_fractions(areas, recipe.quantify.entry)


def named_coordinates(spectra: Iterable[Spectrum]) -> dict[str, tuple[float, str]]:
    """Return what some spectra say of their level, by name; the first that says it counts."""
    found: dict[str, Coordinate] = {}
    for spectrum in spectra:
        for own in coordinates_of(spectrum):
            found.setdefault(own.name, own)
    return {name: (c.value, c.unit) for name, c in found.items()}


def quantification_entry(done: Quantification) -> dict[str, Any]:
    """Return a quantification as plain values, ready for JSON."""
    return {
        "sample": done.sample,
        "coordinates": {n: {"value": v, "unit": u} for n, (v, u) in done.coordinates.items()},
        "fractions": [
            {
                "element": f.element,
                "level": f.level,
                "atomic_percent": 100.0 * f.value,
                "stderr": 100.0 * f.stderr,
                "interval": [100.0 * end for end in f.interval],
                "upper_limit": None if f.upper_limit is None else 100.0 * f.upper_limit,
                "budget": {
                    name: None if error is None else 100.0 * error
                    for name, error in f.budget.items()
                },
                "factor": {"of": f.factor.name, "value": f.factor.value},
                "divisor": f.divisor,
            }
            for f in done.fractions
        ],
        "covariance": (1e4 * done.covariance).tolist(),
        "statement": list(done.statement),
        "notes": list(done.notes),
    }


def fraction_rows(entries: Sequence[Mapping[str, Any]]) -> tuple[list[str], list[list[Any]]]:
    """Return heading and rows of a table with one row for each level, and at% of each element.

    Every element has two columns: atomic percent and standard error.
    """
    elements = dict.fromkeys(f["element"] for entry in entries for f in entry["fractions"])
    units = {n: c["unit"] for entry in entries for n, c in entry["coordinates"].items()}
    heads = ["sample", *(f"{n} / {u}" if u else n for n, u in units.items())]
    for element in elements:
        heads += [f"{element} / at%", f"u({element}) / at%"]
    rows = []
    for entry in entries:
        own = {f["element"]: f for f in entry["fractions"]}
        row: list[Any] = [entry["sample"]]
        row += [entry["coordinates"].get(name, {}).get("value") for name in units]
        for element in elements:
            fraction = own.get(element)
            row += [fraction["atomic_percent"], fraction["stderr"]] if fraction else [None, None]
        rows.append(row)
    return heads, rows


def fractions_csv(entries: Sequence[Mapping[str, Any]]) -> str:
    """Return the atomic fractions as csv, every digit; what was done stands in comments above."""
    buffer = io.StringIO()
    for text in dict.fromkeys(
        t for entry in entries for t in (*entry["statement"], *entry["notes"])
    ):
        buffer.write(f"# {text}\n")
    writer = csv.writer(buffer, lineterminator="\n")
    heads, rows = fraction_rows(entries)
    writer.writerow(heads)
    for row in rows:
        writer.writerow(["" if c is None else repr(c) if isinstance(c, float) else c for c in row])
    return buffer.getvalue()


def budget_names(entries: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return the rows of the budget that some fraction has."""
    known = {
        name
        for entry in entries
        for f in entry["fractions"]
        for name, error in f["budget"].items()
        if error is not None
    }
    return [name for name in (*ROWS, "total") if name in known]


def quantify_results(
    path: Path, entry_of: Callable[[QuantifyEntry | None], QuantifyEntry]
) -> list[dict[str, Any]]:
    """Return the atomic fractions of every level of a results file.

    Parameters
    ----------
    path : Path
        ``results.json``.
    entry_of : callable
        What to quantify with, given what the recipe of the results says (None: nothing).

    Raises
    ------
    ReadError
        If it is no results file, or says no areas of core levels.
    """
    document = read_results(path)
    recipe = document.get("recipe") or {}
    own = QuantifyTable.model_validate(recipe["quantify"]).entry if "quantify" in recipe else None
    entry = entry_of(own)
    table = factors_for(entry)
    found = []
    for members in _measured_together(document["fits"]):
        areas = areas_of_entries(members, str(path))
        if not len(areas):
            continue
        first = members[0]
        named = {n: (c["value"], c["unit"]) for n, c in first.get("coordinates", {}).items()}
        areas = replace(areas, sample=str(first["sample"]), coordinates=named)
        found.append(quantification_entry(atomic_fractions(areas, entry, table)))
    if not found:
        raise ReadError(
            "no fit of these results says its core level, so there is nothing to quantify.",
            hint='Give components a `line`, such as "S 2p".',
            where=str(path),
        )
    return found


def _measured_together(
    fits: Sequence[Mapping[str, Any]],
) -> list[list[Mapping[str, Any]]]:
    """Return the entries of each level of each sample."""
    groups: dict[Any, list[Mapping[str, Any]]] = {}
    for entry in fits:
        place = tuple((n, c["value"]) for n, c in entry.get("coordinates", {}).items())
        key = (entry["file"], entry["sample"], entry.get("level", 0), place)
        groups.setdefault(key, []).append(entry)
    return list(groups.values())
