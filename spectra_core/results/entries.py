"""The entries of ``results.json``: one for each region of each fit, and one for each ratio.

Entries are made from a `Stack`, column by column, because thousands of fits share model,
units, bounds and links: what differs between them are numbers in arrays. A single fit is
a stack of one row. Numbers are as fitted, never rounded; what is not known is None, and
so is a bound that is not there, because JSON has neither NaN nor infinity.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from itertools import takewhile
from math import isfinite
from typing import Any

import numpy as np

from ..curves.lineshapes import lineshape
from ..fitting import FitResult, FitWarning
from ..fitting.problem import Problem
from ..fitting.result import prior_estimates, unit_at
from ..fitting.stack import Stack, StackRegion, stack_of
from ..fitting.statistics import Statistics
from ..foreign.comparison import ComparedRegion
from ..model import (
    BACKGROUND,
    REGION,
    Component,
    Doublet,
    Region,
    get_parameter,
    members_of,
    split_path,
)
from ..recipe.text import recipe_to_dict
from ..runs.records import Finished, FitRecord, sample_of
from ..spectrum import Array, Axis, Calibration, Spectrum
from ..uncertainty.pulls import Impact
from ..uncertainty.ratios import MonteCarloSummary, Ratio

STRONG_CORRELATION = 0.9

Entry = dict[str, Any]
_STATISTICS = tuple(field.name for field in fields(Statistics))
_CALIBRATION = tuple(field.name for field in fields(Calibration))


def fit_entries(records: Sequence[Finished], *, with_recipe: bool = False) -> list[list[Entry]]:
    """Return for each record the entries of its regions.

    Parameters
    ----------
    records : sequence of FitRecord or RowRecord
    with_recipe : bool
        Whether each entry holds its own recipe, because the run has none.
    """
    found: list[list[Entry]] = [[] for _ in records]
    for stack, rows in _stacked(records):
        heads = [records[place] for place, _ in rows]
        picked = [row for _, row in rows]
        for number in range(len(stack.regions)):
            for (place, _), entry in zip(
                rows, _region_entries(stack, number, picked, heads), strict=True
            ):
                if with_recipe:
                    entry["recipe"] = recipe_to_dict(records[place].recipe)
                found[place].append(entry)
    return found


def result_entries(result: FitResult) -> list[Entry]:
    """Return the entries of the regions of a fit that stands by itself."""
    source, sample = result.regions[0].spectrum.source, result.regions[0].spectrum.meta.sample
    head = _Single(source.file, sample, result.warnings)
    stack = stack_of(result)
    return [_region_entries(stack, i, [0], [head])[0] for i in range(len(stack.regions))]


@dataclass(frozen=True)
class _Single:
    """What a fit outside a run has in place of a record."""

    file: str
    sample: str
    warnings: tuple[FitWarning, ...]
    id: str = ""
    level: int = 0
    levels: int = 1
    files: tuple[str, ...] = ()


def _stacked(records: Sequence[Finished]) -> Iterable[tuple[Stack, list[tuple[int, int]]]]:
    """Yield each stack with the (place, row) of the records that are rows of it."""
    shared: dict[int, tuple[Stack, list[tuple[int, int]]]] = {}
    for place, record in enumerate(records):
        stack, row = record.stacked
        shared.setdefault(id(stack), (stack, []))[1].append((place, row))
    yield from shared.values()


# ---------------------------------------------------------------------------------
# One region


class _Columns:
    """Numbers of some rows of a stack, asked for by path."""

    def __init__(self, stack: Stack, rows: Sequence[int]) -> None:
        self.problem, self.rows = stack.problem, np.asarray(rows)
        self.values = stack.values[self.rows]
        self.covariance = stack.covariance[self.rows]
        self.at_bound = stack.at_bound[self.rows]
        self.free = set(self.problem.free.tolist())

    def places(self, path: str) -> list[int]:
        """Return where the parameter at `path` stands; a doublet's area is of two lines."""
        return [self.problem.places[member] for member in members_of(self.problem.model, path)]

    def sums(self, places: Sequence[int]) -> Array:
        """Return a sum of parameters, (M,)."""
        total = self.values[:, places[0]]
        for place in places[1:]:
            total = total + self.values[:, place]
        return total

    def stderrs(self, places: Sequence[int]) -> list[float | None]:
        """Return the standard error of a sum of parameters; None where there is none."""
        variance = np.zeros(self.rows.size)
        for j in places:
            column = np.zeros(self.rows.size)
            for i in places:
                column = column + self.covariance[:, i, j]
            variance = variance + column
        known = np.isfinite(variance) & (variance > 0) & ~self.at_bound[:, places].any(axis=1)
        roots = np.sqrt(np.where(known, variance, 0.0)).tolist()
        return [root if there else None for root, there in zip(roots, known.tolist(), strict=True)]

    def estimates(self, path: str) -> list[Entry]:
        """Return value, error, unit, bounds and link of a parameter in each row."""
        places = self.places(path)
        major = places[0]
        parameter = get_parameter(self.problem.model, path)
        link = self.problem.links.get(self.problem.paths[major])
        unit, free = unit_at(self.problem, major), major in self.free
        low, high = _finite(parameter.min), _finite(parameter.max)
        formula = link.formula if link else None
        return [
            {
                "value": value,
                "stderr": stderr,
                "unit": unit,
                "free": free,
                "at_bound": bound,
                "min": low,
                "max": high,
                "link": formula,
            }
            for value, stderr, bound in zip(
                _plain(self.sums(places)),
                self.stderrs(places),
                self.at_bound[:, major].tolist(),
                strict=True,
            )
        ]


def _finite(value: float) -> float | None:
    return value if isfinite(value) else None


def _plain(values: Array) -> list[float | None]:
    """Return numbers as JSON can hold them."""
    numbers = values.tolist()
    if np.isfinite(values).all():
        return numbers
    return [value if isfinite(value) else None for value in numbers]


def _region_entries(
    stack: Stack, number: int, rows: Sequence[int], records: Sequence[Finished | _Single]
) -> list[Entry]:
    """Return the entries of one region of some rows, whose records are `records`."""
    fitted, columns = stack.regions[number], _Columns(stack, rows)
    region = stack.problem.model.region(fitted.name)
    joint = len(stack.regions) > 1
    background, options = region.background, dict(region.background.options)
    components = [_component_entries(columns, fitted, region, c) for c in region.components]
    doublets = [_doublet_entries(columns, region, d) for d in region.doublets]
    shifts = columns.estimates(f"{fitted.name}/{REGION}/shift")
    levels = [
        (spec.name, columns.estimates(f"{fitted.name}/{BACKGROUND}/{spec.name}"))
        for spec in background.specs
    ]
    correlated = _correlations(columns, fitted.name)
    entries = []
    for m, (row, record) in enumerate(zip(rows, records, strict=True)):
        spectrum, statistics = fitted.spectra[row], fitted.statistics[row]
        entry: Entry = {
            "id": record.id,
            "joint": record.id if joint else None,
            "file": record.file,
            "sample": sample_of(record, fitted.name),
            "region": fitted.name,
            "spectrum_index": spectrum.source.index,
            "level": record.level,
            "levels": record.levels,
            "technique": _technique(spectrum),
            "axis": {"kind": spectrum.axis.value, "unit": spectrum.axis.unit},
            "status": stack.statuses[row].value,
            "message": stack.messages[row],
            "method": stack.method,
            "engine": stack.engine,
            "n_points": statistics.n_points,
            "n_free": statistics.n_free,
            "statistics": _statistics(statistics),
            "joint_statistics": _statistics(stack.statistics[row]) if joint else None,
            "weights": fitted.weights,
            "calibration": {k: getattr(spectrum.calibration, k) for k in _CALIBRATION},
            "window": list(region.window),
            "shift": shifts[m],
            "background": {
                "type": background.type,
                "mode": background.mode,
                "options": options,
                "parameters": {name: column[m] for name, column in levels},
                "info": dict(fitted.info[row]),
            },
            "components": [column[m] for column in components],
            "doublets": [column[m] for column in doublets],
            "priors": _priors(stack, row, fitted.name),
            "correlations": correlated[m],
            "warnings": [
                asdict(warning)
                for warning in warnings_of(record.warnings, stack.problem, fitted.name)
            ],
        }
        if compared := getattr(record, "stored", {}).get(fitted.name):
            entry["stored"] = _stored_entry(compared)
        if record.files:
            entry |= {"files": list(record.files), "spectrum_file": spectrum.source.location}
        entries.append(entry)
    return entries


def _stored_entry(compared: ComparedRegion) -> Entry:
    """Return another program's stored numbers beside the refit's."""
    return {
        "components": [
            asdict(number) | {"difference": number.difference} for number in compared.numbers
        ],
        "sum_of_squares": {
            "stored": compared.stored_squares,
            "refitted": compared.refitted_squares,
        },
        "is_minimum": compared.is_minimum,
        "message": compared.sentence,
    }


def _technique(spectrum: Spectrum) -> str | None:
    if spectrum.axis.is_energy:
        return "XPS"
    return "Raman" if spectrum.axis is Axis.RAMAN_SHIFT else None


def _statistics(statistics: Statistics) -> Entry:
    found = {name: getattr(statistics, name) for name in _STATISTICS}
    return {k: v if v is None or isfinite(v) else None for k, v in found.items()}


def _priors(stack: Stack, row: int, region: str) -> list[Entry]:
    """Return what became of the priors whose first term is of a region."""
    estimates = prior_estimates(
        stack.problem, stack.values[row], stack.covariance[row], stack.at_bound[row]
    )
    return [
        {
            "prior": known.prior.formula,
            "terms": [{"times": t.times, "parameter": t.source} for t in known.prior.terms],
            "value": known.prior.value,
            "sd": known.sd,
            "fitted": known.fitted,
            "stderr": known.stderr,
            "pull": known.pull,
            "narrowing": known.narrowing,
            "group": known.prior.group,
            "source": known.prior.source,
        }
        for known in estimates
        if split_path(known.prior.terms[0].source)[0] == region
    ]


def _component_entries(
    columns: _Columns, fitted: StackRegion, region: Region, component: Component
) -> list[Entry]:
    doublet = region.doublet_of(component.id)
    prefix = f"{region.name}/{component.id}"
    head = {
        "id": component.id,
        "label": component.label,
        "species": component.species,
        "line": component.line,
        "doublet": doublet.id if doublet else None,
        "lineshape": component.lineshape,
        "enabled": component.enabled,
    }
    names = [spec.name for spec in region.specs_of(component)]
    parameters = [columns.estimates(f"{prefix}/{name}") for name in names]
    geometry = _geometry(columns, fitted, region, component)
    return [
        {**head, "parameters": dict(zip(names, row, strict=True)), **drawn}
        for *row, drawn in zip(*parameters, geometry, strict=True)
    ]


def _geometry(
    columns: _Columns, fitted: StackRegion, region: Region, component: Component
) -> list[Entry]:
    """Return position, height, maximum, width and area in the window of a component."""
    names = ("position", "height", "maximum_at", "fwhm", "area_in_window")
    if not component.enabled:
        return [dict.fromkeys(names) for _ in columns.rows]
    prefix, shape = f"{region.name}/{component.id}", lineshape(component.lineshape)
    places = [columns.problem.places[f"{prefix}/{spec.name}"] for spec in shape.parameters]
    center = columns.problem.places[f"{prefix}/center"]
    shift = columns.problem.places[f"{region.name}/{REGION}/shift"]
    own = columns.values[:, places]
    own[:, places.index(center)] += columns.values[:, shift]
    axis = fitted.spectra[0].axis
    unit, orientation = axis.unit, axis.orientation
    curves = fitted.peaks[component.id][columns.rows]
    areas = np.trapezoid(curves, fitted.x, axis=-1).tolist()
    positions = columns.sums([center, shift]).tolist()
    errors = columns.stderrs([center, shift])
    found = []
    for row, value, stderr, area in zip(own, positions, errors, areas, strict=True):
        summary = shape.summarize(row, orientation)
        where = {"value": value, "stderr": stderr, "unit": unit}
        numbers = (where, summary.height, summary.maximum_at, summary.fwhm, area)
        found.append(dict(zip(names, numbers, strict=True)))
    return found


def _doublet_entries(columns: _Columns, region: Region, doublet: Doublet) -> list[Entry]:
    head = {
        "id": doublet.id,
        "label": doublet_label(region, doublet),
        "line": doublet.line,
        "major": doublet.major,
        "minor": doublet.minor,
        "splitting": doublet.splitting,
        "ratio": doublet.ratio,
        "source": doublet.source,
        "unlocked": [asdict(unlock) for unlock in doublet.unlocked],
    }
    names = [spec.name for spec in region.specs_of(region.component(doublet.major))]
    areas: Sequence[Entry | None] = [None] * columns.rows.size
    if "area" in names:
        areas = columns.estimates(f"{region.name}/{doublet.id}/area")
    return [{**head, "area": area} for area in areas]


def _correlations(columns: _Columns, region: str) -> list[list[Entry]]:
    """Return for each row the strongly correlated pairs that a region has part in."""
    free, paths = columns.problem.free, columns.problem.paths
    variance = np.einsum("mii->mi", columns.covariance)[:, free]
    known = np.isfinite(variance) & (variance > 0) & ~columns.at_bound[:, free]
    a, b = np.triu_indices(free.size, 1)
    own = np.array([paths[i].startswith(f"{region}/") for i in free], dtype=bool)
    a, b = a[own[a] | own[b]], b[own[a] | own[b]]
    with np.errstate(invalid="ignore", divide="ignore"):
        scale = np.sqrt(variance[:, a] * variance[:, b])
        value = columns.covariance[:, free[a], free[b]] / scale
    strong = known[:, a] & known[:, b] & (np.abs(value) >= STRONG_CORRELATION)
    found: list[list[Entry]] = [[] for _ in columns.rows]
    for m, pair in zip(*(part.tolist() for part in np.nonzero(strong)), strict=True):
        names = paths[free[a[pair]]], paths[free[b[pair]]]
        found[m].append({"a": names[0], "b": names[1], "value": float(value[m, pair])})
    return [sorted(pairs, key=lambda entry: -abs(entry["value"])) for pairs in found]


def warnings_of(warnings: Iterable[FitWarning], problem: Problem, region: str) -> list[FitWarning]:
    """Return the warnings that concern one region, or all of them."""
    others = [r.region.name for r in problem.regions if r.region.name != region]
    return [
        warning
        for warning in warnings
        if not any(warning.where == o or warning.where.startswith(f"{o}/") for o in others)
    ]


def warnings_in_region(record: FitRecord, region: str) -> list[FitWarning]:
    """Return the warnings of a fit that concern one region, or all of them."""
    return warnings_of(record.warnings, record.result.problem, region)


# ---------------------------------------------------------------------------------
# What reports and figures ask for, too


def position(result: FitResult, region: str, component: str) -> tuple[float, float | None]:
    """Return where a component stands, the region's shift included, and its standard error.

    Parameters
    ----------
    result : FitResult
    region, component : str
        Name of the region; id of a component or doublet (its major line).

    Returns
    -------
    value : float
        On the calibrated axis, in its unit.
    stderr : float or None
    """
    paths = [f"{region}/{component}/center", f"{region}/{REGION}/shift"]
    value = sum(result.value(path) for path in paths)
    if any(result.estimate(path).at_bound for path in paths):
        return value, None
    variance = float(result.covariance_of(paths).sum())
    return value, variance**0.5 if isfinite(variance) and variance > 0 else None


def doublet_label(region: Region, doublet: Doublet) -> str:
    """Return what a doublet is called: the words that the labels of its lines begin with.

    Its id where there are none, or another doublet of the region begins alike.
    """
    label = _common_words(region, doublet)
    alike = [other for other in region.doublets if _common_words(region, other) == label]
    return label if label and len(alike) == 1 else doublet.id


def _common_words(region: Region, doublet: Doublet) -> str:
    words = [region.component(line).label.split() for line in (doublet.major, doublet.minor)]
    common = takewhile(lambda pair: pair[0] == pair[1], zip(*words, strict=False))
    return " ".join(word for word, _ in common)


# ---------------------------------------------------------------------------------
# Ratios


def ratio_entry(record: Finished, ratio: Ratio) -> Entry:
    """Return the entry of one ratio of a fit."""
    entry: Entry = {
        "name": ratio.name,
        "fit": record.id,
        "file": record.file,
        "sample": sample_of(record, ratio.name),
        "level_index": record.level,
        "value": ratio.value,
        "stderr": ratio.stderr,
        "interval": ratio.interval,
        "level": ratio.level,
        "interval_method": ratio.interval_method,
        "scope": ratio.scope,
        "total_interval": ratio.total_interval,
        "upper_limit": ratio.upper_limit,
        "budget": dict(vars(ratio.budget)),
        "monte_carlo": _monte_carlo_entry(ratio.monte_carlo),
        "variants": [asdict(variant) for variant in ratio.variants],
        "impacts": [_impact_entry(impact) for impact in ratio.impacts],
        "formula": ratio.formula,
        "note": ratio.note,
    }
    return entry


def _impact_entry(impact: Impact) -> Entry:
    """Return how one prior moves a ratio, with what became of the prior."""
    pull = impact.pull
    numbers = {name: getattr(pull, name) for name in ("pull", "narrowing", "normalised")}
    return {**asdict(pull), **numbers, "up": impact.up, "down": impact.down}


def _monte_carlo_entry(summary: MonteCarloSummary | None) -> Entry | None:
    if summary is None:
        return None
    failures = [{"message": text, "times": times} for text, times in summary.failures]
    return asdict(summary) | {"failures": failures}


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
