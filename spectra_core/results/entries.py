"""The entries of ``results.json``: one for each region of each fit, and one for each ratio.

Entries are made from a `Stack`, column by column, because thousands of fits share model,
units, bounds and links: what differs between them are numbers in arrays (`rows`). A single
fit is a stack of one row. Numbers are as fitted, never rounded; what is not known is None, and
so is a bound that is not there, because JSON has neither NaN nor infinity.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, fields
from itertools import takewhile
from math import isfinite
from typing import TypeVar

import numpy as np

from ..curves.lineshapes import lineshape
from ..curves.summaries import summaries
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
from ..series.coordinates import coordinates_of
from ..spectrum import Array, Axis, Calibration, Spectrum
from ..uncertainty.pulls import Impact
from ..uncertainty.ratios import MonteCarloSummary, Ratio
from .level_areas import level_area_forms
from .quantification import quantification_entries
from .rows import Column, Entry, Form, Parts, column, parts, picked, texts

STRONG_CORRELATION = 0.9

T = TypeVar("T")
_DEPTH = 2  # of an entry in ``results.json``
_INDENT = b"    "  # the same in spaces
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
    return formed(records, with_recipe=with_recipe).entries()


@dataclass(frozen=True, eq=False)
class Formed:
    """The entries of M fits in as few forms as they have, see `spectra_core.results.rows`.

    Attributes
    ----------
    size : int
        M.
    forms : sequence of (places, forms)
        Which of the fits some forms are of, and the form of each region.
    """

    size: int
    forms: Sequence[tuple[Sequence[int], Sequence[Form]]]

    def entries(self, part: Callable[[Form], Form] | None = None) -> list[list[Entry]]:
        """Return for each fit the entries of its regions, or a part of each entry."""
        return self._spread(lambda form, size: picked(part(form) if part else form, size))

    def texts(self) -> list[bytes]:
        """Return for each fit its entries as they stand in a list of ``results.json``."""
        found = self._spread(lambda form, size: texts(form, size, depth=_DEPTH))
        return [listed(each) for each in found]

    def _spread(self, made: Callable[[Form, int], Sequence[T]]) -> list[list[T]]:
        """Return for each fit what is made of its regions."""
        found: list[list[T]] = [[] for _ in range(self.size)]
        for places, forms in self.forms:
            for form in forms:
                for place, one in zip(places, made(form, len(places)), strict=True):
                    found[place].append(one)
        return found


def formed(records: Sequence[Finished], *, with_recipe: bool = False) -> Formed:
    """Return the entries of the regions of each record; parameters as for `fit_entries`."""
    forms = []
    for stack, places, rows in _stacked(records):
        own = [records[place] for place in places]
        regions = [_region_form(stack, number, rows, own) for number in range(len(stack.regions))]
        if with_recipe:
            recipes = Parts([recipe_to_dict(record.recipe) for record in own])
            regions = [{**form, "recipe": recipes} for form in regions]
        forms.append((places, regions))
    return Formed(len(records), forms)


def listed(entries: Sequence[bytes]) -> bytes:
    """Return the texts of entries as they stand in a list of ``results.json``."""
    return b",\n".join(_INDENT + entry for entry in entries)


def result_entries(result: FitResult) -> list[Entry]:
    """Return the entries of the regions of a fit that stands by itself."""
    source, sample = result.regions[0].spectrum.source, result.regions[0].spectrum.meta.sample
    head = _Single(source.file, sample, result.warnings)
    stack = stack_of(result)
    forms = (_region_form(stack, number, [0], [head]) for number in range(len(stack.regions)))
    return [picked(form, 1)[0] for form in forms]


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


def _stacked(records: Sequence[Finished]) -> Iterable[tuple[Stack, list[int], list[int]]]:
    """Yield each stack with the places and rows of the records whose entries are of one form."""
    shared: dict[tuple[int, bool], tuple[Stack, list[int], list[int]]] = {}
    for place, record in enumerate(records):
        stack, row = record.stacked
        _, places, rows = shared.setdefault((id(stack), bool(record.files)), (stack, [], []))
        places.append(place)
        rows.append(row)
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

    def estimates(self, path: str) -> Entry:
        """Return value, error, unit, bounds and link of a parameter as a form."""
        places = self.places(path)
        major = places[0]
        parameter = get_parameter(self.problem.model, path)
        link = self.problem.links.get(self.problem.paths[major])
        return {
            "value": Column(_plain(self.sums(places))),
            "stderr": column(self.stderrs(places)),
            "unit": unit_at(self.problem, major),
            "free": major in self.free,
            "at_bound": column(self.at_bound[:, major].tolist()),
            "min": _finite(parameter.min),
            "max": _finite(parameter.max),
            "link": link.formula if link else None,
        }


def _finite(value: float) -> float | None:
    return value if isfinite(value) else None


def _plain(values: Array) -> list[float | None]:
    """Return numbers as JSON can hold them."""
    numbers = values.tolist()
    if np.isfinite(values).all():
        return numbers
    return [value if isfinite(value) else None for value in numbers]


def _region_form(
    stack: Stack, number: int, rows: Sequence[int], records: Sequence[Finished | _Single]
) -> Entry:
    """Return the form of one region of some rows, whose records are `records`."""
    fitted, columns = stack.regions[number], _Columns(stack, rows)
    region = stack.problem.model.region(fitted.name)
    joint = len(stack.regions) > 1
    first = fitted.spectra[rows[0]]
    ids = Column([record.id for record in records])
    form: Entry = {
        "id": ids,
        "joint": ids if joint else None,
        "file": column([record.file for record in records]),
        "sample": Column([sample_of(record, fitted.name) for record in records]),
        "region": fitted.name,
        "spectrum_index": Column([fitted.spectra[row].source.index for row in rows]),
        "level": Column([record.level for record in records]),
        "levels": Column([record.levels for record in records]),
        "coordinates": _coordinates([fitted.spectra[row] for row in rows]),
        "technique": _technique(first),
        "axis": {"kind": first.axis.value, "unit": first.axis.unit},
        "status": column([stack.statuses[row].value for row in rows]),
        "message": column([stack.messages[row] for row in rows]),
        "method": stack.method,
        "engine": stack.engine,
        "n_points": Column([fitted.statistics[row].n_points for row in rows]),
        "n_free": Column([fitted.statistics[row].n_free for row in rows]),
        "statistics": _statistics([fitted.statistics[row] for row in rows]),
        "joint_statistics": _statistics([stack.statistics[row] for row in rows]) if joint else None,
        "weights": fitted.weights,
        "calibration": _calibration([fitted.spectra[row].calibration for row in rows]),
        "window": list(region.window),
        "shift": columns.estimates(f"{fitted.name}/{REGION}/shift"),
        "background": _background(columns, fitted, region),
        "components": [_component_form(columns, fitted, region, c) for c in region.components],
        "level_areas": level_area_forms(stack, fitted, rows),
        "doublets": [_doublet_form(columns, region, d) for d in region.doublets],
        "priors": parts([_priors(stack, row, fitted.name) for row in rows]),
        "correlations": parts(_correlations(columns, fitted.name)),
        "warnings": parts(
            [
                [asdict(w) for w in warnings_of(record.warnings, stack.problem, fitted.name)]
                for record in records
            ]
        ),
    }
    compared = [getattr(record, "stored", {}).get(fitted.name) for record in records]
    if all(compared):
        form["stored"] = Parts([_stored_entry(one) for one in compared if one])
    if number == 0 and (found := quantification_entries(stack, rows, records)):
        form["quantification"] = Parts(found)
    if records[0].files:
        form["files"] = Parts([list(record.files) for record in records])
        form["spectrum_file"] = Column([fitted.spectra[row].source.location for row in rows])
    return form


def _background(columns: _Columns, fitted: StackRegion, region: Region) -> Entry:
    background, prefix = region.background, f"{region.name}/{BACKGROUND}"
    return {
        "type": background.type,
        "mode": background.mode,
        "options": dict(background.options),
        "parameters": {
            spec.name: columns.estimates(f"{prefix}/{spec.name}") for spec in background.specs
        },
        "info": Parts([dict(fitted.info[row]) for row in columns.rows.tolist()]),
    }


def _coordinates(spectra: Sequence[Spectrum]) -> Form:
    """Return what tells levels apart, by name: sputter time, voltage, position..."""
    found = [_named(spectrum) for spectrum in spectra]
    return Parts(found) if any(found) else {}


def _named(spectrum: Spectrum) -> Entry:
    return {c.name: {"value": c.value, "unit": c.unit} for c in coordinates_of(spectrum)}


def coordinates_of_record(record: Finished) -> Entry:
    """Return what tells the level of a fit from others; the first region that says it counts."""
    stack, row = record.stacked
    named: Entry = {}
    for region in stack.regions:
        named = _named(region.spectra[row]) | named
    return named


def _calibration(calibrations: Sequence[Calibration]) -> Entry:
    return {
        name: column([getattr(calibration, name) for calibration in calibrations])
        for name in _CALIBRATION
    }


def _stored_entry(compared: ComparedRegion) -> Entry:
    """Return another program's stored numbers beside the refit's."""
    return {
        "components": [
            asdict(number) | {"difference": number.difference, "sigmas": number.sigmas}
            for number in compared.numbers
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


def _statistics(statistics: Sequence[Statistics]) -> Entry:
    return {name: Column([_known(getattr(s, name)) for s in statistics]) for name in _STATISTICS}


def _known(value: float | None) -> float | None:
    return value if value is None or isfinite(value) else None


def _priors(stack: Stack, row: int, region: str) -> list[Entry]:
    """Return what became of the priors whose first term is of a region."""
    if not stack.problem.priors.priors:
        return []
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


def _component_form(
    columns: _Columns, fitted: StackRegion, region: Region, component: Component
) -> Entry:
    doublet = region.doublet_of(component.id)
    prefix = f"{region.name}/{component.id}"
    return {
        "id": component.id,
        "label": component.label,
        "species": component.species,
        "line": component.line,
        "doublet": doublet.id if doublet else None,
        "lineshape": component.lineshape,
        "enabled": component.enabled,
        "parameters": {
            spec.name: columns.estimates(f"{prefix}/{spec.name}")
            for spec in region.specs_of(component)
        },
        **_geometry(columns, fitted, region, component),
    }


def _geometry(
    columns: _Columns, fitted: StackRegion, region: Region, component: Component
) -> Entry:
    """Return position, height, maximum, width and area in the window of a component."""
    if not component.enabled:
        return dict.fromkeys(("position", "height", "maximum_at", "fwhm", "area_in_window"))
    prefix, shape = f"{region.name}/{component.id}", lineshape(component.lineshape)
    places = [columns.problem.places[f"{prefix}/{spec.name}"] for spec in shape.parameters]
    center = columns.problem.places[f"{prefix}/center"]
    shift = columns.problem.places[f"{region.name}/{REGION}/shift"]
    own = columns.values[:, places]
    own[:, places.index(center)] += columns.values[:, shift]
    axis = fitted.spectra[0].axis
    drawn = summaries(shape, own, axis.orientation)
    curves = fitted.peaks[component.id][columns.rows]
    return {
        "position": {
            "value": Column(columns.sums([center, shift]).tolist()),
            "stderr": column(columns.stderrs([center, shift])),
            "unit": axis.unit,
        },
        "height": Column(drawn.height),
        "maximum_at": Column(drawn.maximum_at),
        "fwhm": Column(drawn.fwhm),
        "area_in_window": Column(np.trapezoid(curves, fitted.x, axis=-1).tolist()),
    }


def _doublet_form(columns: _Columns, region: Region, doublet: Doublet) -> Entry:
    names = [spec.name for spec in region.specs_of(region.component(doublet.major))]
    area = columns.estimates(f"{region.name}/{doublet.id}/area") if "area" in names else None
    return {
        "id": doublet.id,
        "label": doublet_label(region, doublet),
        "line": doublet.line,
        "major": doublet.major,
        "minor": doublet.minor,
        "splitting": doublet.splitting,
        "ratio": doublet.ratio,
        "source": doublet.source,
        "unlocked": [asdict(unlock) for unlock in doublet.unlocked],
        "area": area,
    }


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
        "coordinates": coordinates_of_record(record),
        "value": ratio.value,
        "stderr": ratio.stderr,
        "interval": ratio.interval,
        "level": ratio.level,
        "interval_method": ratio.interval_method,
        "scope": ratio.scope,
        "total_interval": ratio.total_interval,
        "average": ratio.average,
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
