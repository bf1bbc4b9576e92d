"""What changes along a series: areas, fractions, ratios, atoms, shifts, with errors and limits.

A trend is a number of every level. Errors hold the counts and what the levels share, by the
covariance of the global fit. What all levels share, such as the error of a sensitivity ratio,
moves a whole trend up or down and averages out over no number of levels: that part of an error
is told apart. What is not seen at a level has a limit.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from math import isfinite
from typing import Any, Protocol

import numpy as np

from .. import __version__
from ..core_levels import core_level
from ..errors import DataError, FitError, ModelError, SpectraError
from ..fitting import FitResult
from ..model import REGION, Region
from ..model.owners import owners
from ..quantify import AtomicFraction, Quantification
from ..quantify.areas import fitted_areas, level_members
from ..recipe.schema import RatioEntry
from ..runs.series import SeriesRecord
from ..series.coordinates import INDEX, words
from ..series.depth import interface
from ..series.factors import factor_table, principal_components
from ..series.fits import number_of
from ..series.global_fit import SHARED, Mode
from ..spectrum import Array
from .entries import doublet_label
from .quantification import quantified
from .series_factors import resolved_of

SCHEMA = "doublet-series/1"
_LEAST_LEVELS = 5
_OF_ALL_LEVELS = ("sensitivity", "transmission", "length")  # rows of a budget


@dataclass(frozen=True, eq=False)
class Trend:
    """One quantity along a series.

    Attributes
    ----------
    name : str
        In words, e.g. ``"S 2p PS4 share"``.
    kind : str
        ``"area"``, ``"share"``, ``"ratio"``, ``"atoms"`` (of elements), ``"species"`` (in at%),
        ``"shift"`` or ``"parameter"``.
    unit : str
    values, stderrs, limits : ndarray, shape (L,)
        NaN where there is none.
    group : str
        What is drawn and stacked together, e.g. the region.
    label : str
        Of the curve in that group.
    loads : ndarray, shape (L, r), or None
        How errors that all levels share move the values; they are part of `stderrs`. None
        where that is not known.
    """

    name: str
    kind: str
    unit: str
    values: Array
    stderrs: Array
    limits: Array
    group: str
    label: str
    loads: Array | None = None

    @property
    def common(self) -> Array:
        """The part of the standard errors that all levels share (L,); NaN where not known."""
        if self.loads is None:
            return np.full(self.values.size, np.nan)
        return np.asarray(np.sqrt(np.sum(self.loads**2, axis=1)))


class _Fits(Protocol):
    """Levels with their numbers: those of a series fit, or the ones there are so far."""

    @property
    def levels(self) -> tuple[FitResult, ...]: ...

    def values(self, path: str) -> Array: ...

    def stderrs(self, path: str) -> Array: ...

    def limits(self, path: str) -> Array: ...

    def loads(self, level: int, paths: Sequence[str]) -> Array: ...


@dataclass(frozen=True, eq=False)
class _Draft:
    """Levels that were fitted by themselves so far."""

    levels: tuple[FitResult, ...]

    def values(self, path: str) -> Array:
        return np.array([number_of(level.value, path) for level in self.levels])

    def stderrs(self, path: str) -> Array:
        return np.array([number_of(level.stderr, path) for level in self.levels])

    def limits(self, path: str) -> Array:
        return np.full(len(self.levels), np.nan)

    def loads(self, level: int, paths: Sequence[str]) -> Array:
        return np.zeros((len(paths), 0))


def draft_trends(levels: Sequence[FitResult]) -> tuple[Trend, ...]:
    """Return areas and shares of levels that were fitted by themselves, while a series is fitted.

    Parameters
    ----------
    levels : sequence of FitResult
        The D levels there are; limits are known only of the whole series.
    """
    draft = _Draft(tuple(levels))
    regions = _regions(draft)
    found = [trend for region in regions for trend in _areas(draft, region)]
    return (*found, *(trend for region in regions for trend in _shares(draft, region)))


def trends_of(record: SeriesRecord) -> tuple[Trend, ...]:
    """Return every trend of a series."""
    found: list[Trend] = []
    for region in _regions(record.fit):
        found += _areas(record.fit, region)
        found += _shares(record.fit, region)
    found += _shifts(record)
    found += _ratios(record)
    done = _quantified(record)
    found += _atoms(record, done)
    found += _species(record, done)
    found += _free_parameters(record)
    return tuple(found)


def _regions(fits: _Fits) -> list[Region]:
    every: dict[str, Region] = {}
    for level in fits.levels:
        for region in level.model.regions:
            every.setdefault(region.name, region)
    return list(every.values())


def owner_label(region: Region, owner: str) -> str:
    """Return the label of a component or doublet, as trends have it."""
    doublet = next((d for d in region.doublets if d.id == owner), None)
    return region.component(owner).label if doublet is None else doublet_label(region, doublet)


def _areas(fits: _Fits, region: Region) -> Iterator[Trend]:
    for owner in owners(region, enabled=True):
        path = f"{region.name}/{owner}/area"
        values = fits.values(path)
        if not np.isfinite(values).any():
            continue
        unit = next(u for u in (_unit(level, path) for level in fits.levels) if u is not None)
        label = owner_label(region, owner)
        yield Trend(
            f"{region.name} {label} area",
            "area",
            unit,
            values,
            fits.stderrs(path),
            fits.limits(path),
            region.name,
            label,
            _loads(fits, [path], np.ones((len(values), 1))),
        )


def _loads(fits: _Fits, paths: Sequence[str], slopes: Array) -> Array:
    """Return how common errors move a quantity (L, r) of some slopes (L, len(paths))."""
    numbers = range(len(fits.levels))
    return np.array([slopes[k] @ fits.loads(k, paths) for k in numbers])


def _unit(level: FitResult, path: str) -> str | None:
    try:
        return level.unit(path)
    except ModelError:
        return None


def _shares(fits: _Fits, region: Region) -> Iterator[Trend]:
    """Yield the share of each owner in the area of its core level."""
    groups: dict[str, list[str]] = {}
    for owner in owners(region, enabled=True):
        groups.setdefault(_level_name(region, owner), []).append(owner)
    for level, members in groups.items():
        if not level or len(members) < 2:
            continue
        paths = [f"{region.name}/{owner}/area" for owner in members]
        table = [_shares_of(result, paths) for result in fits.levels]
        shares = np.array([values for values, _, _ in table])
        totals = np.array([total for _, _, total in table])
        for k, owner in enumerate(members):
            limits = fits.limits(paths[k])
            label = owner_label(region, owner)
            slopes = ((np.arange(len(paths)) == k) - shares[:, k : k + 1]) / totals[:, None]
            yield Trend(
                f"{region.name} {label} share",
                "share",
                "",
                shares[:, k],
                np.array([errors[k] for _, errors, _ in table]),
                limits / totals,
                region.name,
                label,
                _loads(fits, paths, slopes),
            )


def _level_name(region: Region, owner: str) -> str:
    doublet = next((d for d in region.doublets if d.id == owner), None)
    line = region.component(owner if doublet is None else doublet.major).line
    return core_level(line).name if line else ""


def _shares_of(result: FitResult, paths: Sequence[str]) -> tuple[Array, Array, float]:
    """Return shares, standard errors and the total; NaN where the level lacks the region."""
    nothing = np.full(len(paths), np.nan)
    try:
        values = np.array([result.value(path) for path in paths])
    except ModelError:
        return nothing, nothing, np.nan
    total = float(values.sum())
    if not total > 0:
        return nothing, nothing, np.nan
    shares = values / total
    slopes = (np.eye(len(paths)) - shares[:, None]) / total
    variance = np.diag(slopes @ result.covariance_of(list(paths)) @ slopes.T)
    with np.errstate(invalid="ignore"):
        errors = np.where(variance > 0, np.sqrt(np.maximum(variance, 0.0)), np.nan)
    return shares, errors, total


def _shifts(record: SeriesRecord) -> Iterator[Trend]:
    """Yield the charge shift, with what was slid back before the fit."""
    first = record.fit.levels[0].regions[0]
    axis = first.spectrum.axis
    name = "charge shift" if axis.is_energy else "shift"
    path = f"{first.name}/{REGION}/shift"
    values = record.fit.values(path)
    slid = np.array([slide.shift_ev for slide in record.fit.slides])
    if np.ptp(np.nan_to_num(values)) or slid.any():
        nothing = np.full(values.size, np.nan)
        yield Trend(
            name,
            "shift",
            axis.unit,
            values + slid,
            record.fit.stderrs(path),
            nothing,
            name,
            "shift",
        )


def _ratios(record: SeriesRecord) -> Iterator[Trend]:
    names = dict.fromkeys(ratio.name for one in record.records for ratio in one.ratios)
    for name in names:
        own = [next((r for r in one.ratios if r.name == name), None) for one in record.records]
        entries = (entry for entry in record.entries if entry.name == name)
        yield Trend(
            name,
            "ratio",
            "",
            np.array([np.nan if r is None or r.value is None else r.value for r in own]),
            np.array([np.nan if r is None or r.stderr is None else r.stderr for r in own]),
            np.array(
                [np.nan if r is None or r.upper_limit is None else r.upper_limit for r in own]
            ),
            "ratios",
            name,
            next((_ratio_loads(record, entry) for entry in entries), None),
        )


def _ratio_loads(record: SeriesRecord, entry: RatioEntry) -> Array:
    """Return how common errors move a ratio at each level (L, r)."""
    paths = [*entry.numerator, *entry.denominator]
    above = np.arange(len(paths)) < len(entry.numerator)
    areas = np.array([record.fit.values(f"{path}/area") for path in paths]).T
    top = areas[:, above].sum(axis=1, keepdims=True)
    bottom = areas[:, ~above].sum(axis=1, keepdims=True)
    with np.errstate(divide="ignore", invalid="ignore"):
        slopes = np.where(above, 1.0 / bottom, -top / bottom**2)
    return _loads(record.fit, [f"{path}/area" for path in paths], slopes)


def _quantified(record: SeriesRecord) -> list[Quantification | None]:
    """Return the atomic fractions of each level; none at all without ``[quantify]``."""
    if record.records[0].recipe.quantify is None:
        return []
    done: list[Quantification | None] = []
    for one in record.records:
        stack, row = one.stacked
        try:
            done.append(quantified(stack, row, one.recipe, one.sample))
        except SpectraError:
            done.append(None)
    return done


def _atoms(record: SeriesRecord, done: Sequence[Quantification | None]) -> Iterator[Trend]:
    elements = dict.fromkeys(f.element for q in done if q is not None for f in q.fractions)
    for element in elements:
        own = [
            None if q is None else next((f for f in q.fractions if f.element == element), None)
            for q in done
        ]
        yield Trend(
            f"{element} atomic percent",
            "atoms",
            "at%",
            np.array([np.nan if f is None else 100 * f.value for f in own]),
            np.array([np.nan if f is None else 100 * f.stderr for f in own]),
            _atom_limits(record, done, own),
            "atoms",
            element,
            np.array([_atom_loads(fraction) for fraction in own]),
        )


def _species(record: SeriesRecord, done: Sequence[Quantification | None]) -> Iterator[Trend]:
    """Yield how many of all atoms are those of one species, from its part of its core level."""
    if not done:
        return
    tables = [_species_of(fit, q) for fit, q in zip(record.fit.levels, done, strict=True)]
    labels: dict[str, tuple[str, str]] = {}
    for region in _regions(record.fit):
        for owner in owners(region, enabled=True):
            labels[f"{region.name}/{owner}"] = region.name, owner_label(region, owner)
    for path, (region_name, label) in labels.items():
        values, errors, areas = np.array([t.get(path, (np.nan,) * 3) for t in tables]).T
        if np.isfinite(values).any():
            yield Trend(
                f"{region_name} {label} atomic percent",
                "species",
                "at%",
                values,
                errors,
                record.fit.limits(f"{path}/area") * areas,
                region_name,
                label,
            )


def _species_of(
    result: FitResult, done: Quantification | None
) -> dict[str, tuple[float, float, float]]:
    """Return at%, its error, and at% per unit of area, of each owner of a quantified level."""
    if done is None:
        return {}
    by_level = {fraction.level: fraction for fraction in done.fractions}
    paths: list[str] = []
    of: list[AtomicFraction] = []
    for region in result.model.regions:
        names = {c.id: name for name, own in level_members(region).items() for c in own}
        for owner in owners(region, enabled=True):
            doublet = next((d for d in region.doublets if d.id == owner), None)
            fraction = by_level.get(names.get(owner if doublet is None else doublet.major, ""))
            if fraction is not None:
                paths.append(f"{region.name}/{owner}")
                of.append(fraction)
    divisors = np.array([fraction.divisor for fraction in of])
    parts = np.array([result.value(f"{path}/area") for path in paths]) / divisors
    total = float(parts.sum())
    if not paths or not total > 0:
        return {}
    values = parts / total
    slopes = (np.eye(len(paths)) - values[:, None]) / (divisors * total)
    variances = np.diag(
        slopes @ result.covariance_of([f"{path}/area" for path in paths]) @ slopes.T
    )
    found = {}
    for k, (path, fraction) in enumerate(zip(paths, of, strict=True)):
        rows = (e for row, e in fraction.budget.items() if row not in ("counting", "total"))
        part = values[k] / fraction.value if fraction.value > 0 else 0.0
        others = sum((e or 0.0) ** 2 for e in rows) * part**2
        error = float(np.sqrt(max(variances[k], 0.0) + others))
        found[path] = (100 * values[k], 100 * error, 100 / (divisors[k] * total))
    return found


def _atom_loads(fraction: AtomicFraction | None) -> Array:
    """Return what factors, transmission and lengths move an atomic percent by, at all levels."""
    if fraction is None:
        return np.full(len(_OF_ALL_LEVELS), np.nan)
    return np.array([100 * (fraction.budget[row] or 0.0) for row in _OF_ALL_LEVELS])


def _atom_limits(
    record: SeriesRecord,
    done: Sequence[Quantification | None],
    own: Sequence[AtomicFraction | None],
) -> Array:
    """Return the limits (L,) of one element in at%; those of its areas where they are zero."""
    found = np.full(len(own), np.nan)
    for k, (fraction, whole) in enumerate(zip(own, done, strict=True)):
        if fraction is None or whole is None:
            continue
        if fraction.upper_limit is not None:
            found[k] = 100 * fraction.upper_limit
        elif fraction.value <= 0:
            areas = fitted_areas(
                record.fit.levels[k],
                {r.name: r.spectrum for r in record.fit.levels[k].regions},
            )
            total = sum(
                area.value / f.divisor
                for area in areas.areas
                for f in whole.fractions
                if f.level == area.name
            )
            region = next(a.region for a in areas.areas if a.name == fraction.level)
            limit = _level_limit(record, k, region, fraction.level)
            found[k] = 100 * limit / fraction.divisor / total
    return found


def _level_limit(record: SeriesRecord, level: int, region: str, name: str) -> float:
    """Return below what the area of a core level is, from the limits of its components."""
    model = record.fit.levels[level].model.region(region)
    squares = 0.0
    for owner in owners(model, enabled=True):
        if _level_name(model, owner) == core_level(name).name:
            squares += float(record.fit.limits(f"{region}/{owner}/area")[level]) ** 2
    return float(np.sqrt(squares))


def _free_parameters(record: SeriesRecord) -> Iterator[Trend]:
    """Yield positions, widths and shapes that are not shared."""
    for path, mode in record.fit.modes.items():
        name = path.rpartition("/")[2]
        if mode == SHARED or name in ("area", "height", "shift", "step") or "/background/" in path:
            continue
        values = record.fit.values(path)
        region = path.split("/")[0]
        unit = next((u for u in (_unit(r, path) for r in record.fit.levels) if u is not None), "")
        nothing = np.full(values.size, np.nan)
        yield Trend(
            path, "parameter", unit, values, record.fit.stderrs(path), nothing, region, path
        )


# ---------------------------------------------------------------------------------
# As csv and JSON


def trends_csv(record: SeriesRecord, trends: Sequence[Trend]) -> str:
    """Return all trends as csv: one row for each level, every digit, empty where not known.

    Each quantity has a column for its value, one for its standard error ``u(...)`` and, where
    there is one, one for the part of that error that all levels share and one for its limit.
    """
    series = record.series
    columns: dict[str, Any] = {"level": np.arange(1, len(series) + 1)}
    for name, values in series.coordinates.items():
        if name != INDEX:
            columns[_head(words(name), series.unit(name))] = values
    if record.depths is not None:
        columns["depth / nm"], columns["u(depth) / nm"] = record.depths
    for trend in trends:
        columns[_head(trend.name, trend.unit)] = trend.values
        columns[_head(f"u({trend.name})", trend.unit)] = trend.stderrs
        if np.isfinite(trend.common).any():
            columns[_head(f"u({trend.name}), common", trend.unit)] = trend.common
        if np.isfinite(trend.limits).any():
            columns[_head(f"limit({trend.name})", trend.unit)] = trend.limits
    flagged = [
        " ".join(alarm.code for alarm in record.fit.alarms if alarm.level == k)
        for k in range(len(series))
    ]
    buffer = io.StringIO()
    buffer.write(f"# program: doublet {__version__}, series\n# sample: {series.sample}\n")
    buffer.write(f"# axis: {series.axis_label}\n")
    buffer.writelines(f"# note: {note}\n" for note in record.notes)
    writer = csv.writer(buffer, lineterminator="\n")
    files = {"file": record.files} if record.files else {}
    writer.writerow([*columns, *files, "alarms"])
    for k in range(len(series)):
        names = [own[k] for own in files.values()]
        writer.writerow([*(_cell(values[k]) for values in columns.values()), *names, flagged[k]])
    return buffer.getvalue()


def _head(name: str, unit: str) -> str:
    return f"{name} / {unit}" if unit else name


def _cell(value: Any) -> str:
    number = float(value)
    if not isfinite(number):
        return ""
    return str(int(number)) if isinstance(value, np.integer) else repr(number)


def series_document(record: SeriesRecord, trends: Sequence[Trend]) -> dict[str, Any]:
    """Return a series as plain values, ready for JSON (``doublet-series/1``)."""
    series, fit = record.series, record.fit
    return {
        "schema": SCHEMA,
        "sample": series.sample,
        "axis": {"name": series.axis, "unit": series.unit(series.axis)},
        "coordinates": {
            name: {"unit": series.unit(name), "values": _numbers(values)}
            for name, values in series.coordinates.items()
        },
        "depth": _depth(record),
        "fits": [one.id for one in record.records],
        "statistics": _statistics(record),
        "parameters": [_parameter(record, path, mode) for path, mode in fit.modes.items()],
        "nuisances": _nuisances(record),
        "slid_ev": [slide.shift_ev for slide in fit.slides],
        "alarms": [{**asdict(alarm), "level": alarm.level + 1} for alarm in fit.alarms],
        "trends": [
            {
                "name": t.name,
                "kind": t.kind,
                "unit": t.unit,
                "values": _numbers(t.values),
                "stderrs": _numbers(t.stderrs),
                "common_stderrs": _numbers(t.common),
                "limits": _numbers(t.limits),
            }
            for t in trends
        ],
        "interfaces": interfaces_of(record, trends),
        "factors": factors_of(record),
        "resolved": resolved_of(record),
        "findings": [asdict(finding) for finding in record.findings],
        "notes": list(record.notes),
    }


def _depth(record: SeriesRecord) -> dict[str, Any] | None:
    if record.depths is None or record.rate is None:
        return None
    values, errors = record.depths
    return {
        "unit": "nm",
        "values": _numbers(values),
        "stderrs": _numbers(errors),
        "rate": asdict(record.rate),
    }


def _statistics(record: SeriesRecord) -> dict[str, Any]:
    fit = record.fit
    shared = set(fit.shared)
    own = sum(p not in shared for level in fit.levels for p in level.problem.free_paths)
    return {
        "chi_square": fit.solution.chi_square,
        "roughness": fit.solution.roughness,
        "points": sum(level.statistics.n_points for level in fit.levels),
        "free": len(shared) + own,
        "converged": fit.solution.converged,
    }


def _parameter(record: SeriesRecord, path: str, mode: Mode) -> dict[str, Any]:
    """Return what a parameter is to the series; value and error if it is shared."""
    entry: dict[str, Any] = {"path": path, "mode": str(mode)}
    if mode == SHARED:
        values = record.fit.values(path)
        k = _first(values)
        entry |= {"value": _number(values[k]), "stderr": _number(record.fit.stderrs(path)[k])}
    return entry


def _nuisances(record: SeriesRecord) -> list[dict[str, Any]]:
    """Return the priors whose error all levels share, and where the data pulled them."""
    solution = record.fit.solution
    m = len(solution.layout.common)
    errors = np.sqrt(np.maximum(np.diag(solution.common)[m:], 0.0))
    return [
        {"prior": prior.subject, "source": prior.source, "pull": float(pull), "sd": _number(error)}
        for prior, pull, error in zip(
            solution.layout.nuisances, solution.pulls, errors, strict=True
        )
    ]


def _first(values: Array) -> int:
    return int(np.flatnonzero(np.isfinite(values))[0]) if np.isfinite(values).any() else 0


def _number(value: float) -> float | None:
    return float(value) if isfinite(value) else None


def _numbers(values: Array) -> list[float | None]:
    return [_number(float(value)) for value in values]


def factors_of(record: SeriesRecord) -> dict[str, dict[str, Any]]:
    """Return how many factors of each region stand above the noise, without any model.

    A drift of the charge counts as a factor or two. Regions without counts, or of fewer than
    five levels, have none.
    """
    found = {}
    for region in record.series.regions:
        fitted = next((r for lv in record.fit.levels for r in lv.regions if r.name == region), None)
        if fitted is None:
            continue
        window = (float(np.min(fitted.x)), float(np.max(fitted.x)))
        try:
            principal = principal_components(factor_table(record.series, region, window))
        except DataError:
            continue
        found[region] = {"rank": principal.rank, "p_values": _numbers(principal.p_values[:8])}
    return found


def interfaces_of(record: SeriesRecord, trends: Sequence[Trend]) -> list[dict[str, Any]]:
    """Return where shares and atoms step along a profile, by an error function.

    Levels with an alarm of intensity or charge are left out. Only quantities that step are
    listed; in depth as well where the rate is known.
    """
    if record.series.axis == INDEX or len(record.series) < _LEAST_LEVELS:
        return []
    apart = set(record.fit.flagged("outlier", "unlike"))
    found = []
    for trend in trends:
        if trend.kind not in ("share", "atoms"):
            continue
        errors = np.array([np.nan if k in apart else e for k, e in enumerate(trend.stderrs)])
        try:
            step = interface(record.series.positions, trend.values, errors, trend.loads)
        except FitError:
            continue
        entry = {"of": trend.name, "unit": record.series.unit(record.series.axis), **asdict(step)}
        entry["resolved"] = step.resolved
        if record.rate is not None and record.series.axis == "sputter_time":
            scale = record.rate.nm_per_s * record.rate.relative_yield
            depth = step.position * scale
            entry["depth_nm"] = depth
            entry["depth_nm_sd"] = float(
                np.hypot(step.position_sd * scale, depth * record.rate.uncertainty)
            )
            entry["width_nm"] = step.width * scale
        found.append(entry)
    return found


def series_json(records: Sequence[SeriesRecord], trends: Sequence[Sequence[Trend]]) -> str:
    """Return the text of ``series.json``: one document for each series."""
    documents = [series_document(r, t) for r, t in zip(records, trends, strict=True)]
    return json.dumps(documents, indent=1, allow_nan=False) + "\n"
