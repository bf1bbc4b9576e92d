"""What a run gave, for other programs and for people: JSON, curves as csv, a text table.

``results.json`` (schema ``doublet-results/1``) has one entry for each region of each
fit. Numbers are written with every digit and never rounded; what is not known is null,
and so is a bound that is not there, because JSON has neither NaN nor infinity. The text
table rounds for the eye: errors to two digits, values to match.
"""

from __future__ import annotations

import csv
import io
import json
import platform
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from importlib import metadata
from itertools import takewhile
from math import floor, isfinite, log10
from pathlib import Path
from typing import Any

import numpy as np

from .. import __version__
from ..errors import WriteError
from ..fitting import Estimate, FitResult, FitWarning, RegionFit
from ..model import BACKGROUND, REGION, Component, Doublet, Region
from ..recipe.text import recipe_to_dict
from ..runs.records import FitRecord, Run
from ..spectrum import Axis, Spectrum, is_synthetic, points_in_window
from ..uncertainty.ratios import MonteCarloSummary, Ratio
from ..writers.atomic import replacing

SCHEMA = "doublet-results/1"
STRONG_CORRELATION = 0.9
_LIBRARIES = ("numpy", "scipy", "lmfit")
_NAME_LENGTH = 40


def results_document(run: Run) -> dict[str, Any]:
    """Return everything a run gave as plain values, ready for JSON.

    Parameters
    ----------
    run : Run

    Returns
    -------
    document : dict
        Schema ``doublet-results/1``; without NaN and infinity.
    """
    entries = [_fit_entry(record, fit, run) for record in run.fits for fit in record.result.regions]
    document = {
        "schema": SCHEMA,
        "program": program_versions(),
        "model": run.model,
        "inputs": [asdict(item) for item in run.inputs],
        "recipe": recipe_to_dict(run.recipe) if run.recipe else None,
        "fits": entries,
        "ratios": [_ratio_entry(record, ratio) for record, ratio in run.ratios],
        "failures": [asdict(failure) for failure in run.failures],
        "skipped": [asdict(failure) for failure in run.skipped],
        "interrupted": run.interrupted,
    }
    plain: dict[str, Any] = _plain(document)
    return plain


def program_versions() -> dict[str, str]:
    """Return name and version of the program and of what its numbers depend on."""
    versions = {"name": "doublet", "version": __version__, "python": platform.python_version()}
    return versions | {name: metadata.version(name) for name in _LIBRARIES}


def write_results(run: Run, path: str | Path) -> None:
    """Write ``results.json``; the file is whole or not there.

    Raises
    ------
    WriteError
        If it cannot be written.
    """
    write_text(results_json(run), path)


def results_json(run: Run) -> str:
    """Return the text of ``results.json``."""
    return json.dumps(results_document(run), indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def write_text(text: str, path: str | Path) -> None:
    """Write a text file in one step: a reader sees the old file or the new one.

    Raises
    ------
    WriteError
        If it cannot be written.
    """
    write_bytes(text.encode("utf-8", errors="replace"), path)


def write_bytes(content: bytes, path: str | Path) -> None:
    """Write a file in one step, as `write_text`.

    Raises
    ------
    WriteError
        If it cannot be written.
    """
    path = Path(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with replacing(path) as temporary:
            temporary.write_bytes(content)
    except OSError as error:
        raise WriteError(
            f"the file cannot be written: {error.strerror or error}.", where=str(path)
        ) from error


# ---------------------------------------------------------------------------------
# One fit


def _fit_entry(record: FitRecord, fit: RegionFit, run: Run) -> dict[str, Any]:
    result = record.result
    region = result.model.region(fit.name)
    joint = len(result.regions) > 1
    entry = {
        "id": record.id,
        "joint": record.id if joint else None,
        "file": record.file,
        "sample": record.sample,
        "region": fit.name,
        "spectrum_index": fit.spectrum.source.index,
        "level": record.level,
        "technique": _technique(fit.spectrum),
        "axis": {"kind": fit.spectrum.axis.value, "unit": fit.spectrum.axis.unit},
        "status": result.status.value,
        "message": result.message,
        "method": result.method,
        "engine": result.engine,
        "n_points": fit.statistics.n_points,
        "n_free": fit.statistics.n_free,
        "statistics": asdict(fit.statistics),
        "joint_statistics": asdict(result.statistics) if joint else None,
        "weights": fit.weights,
        "calibration": asdict(fit.spectrum.calibration),
        "window": list(region.window),
        "shift": _estimate(result.estimate(f"{fit.name}/{REGION}/shift")),
        "background": _background_entry(result, fit, region),
        "components": [_component_entry(result, fit, region, c) for c in region.components],
        "doublets": [_doublet_entry(result, region, d) for d in region.doublets],
        "correlations": _correlations(result, fit.name),
        "warnings": [asdict(warning) for warning in region_warnings(record, fit.name)],
    }
    if run.model == "casaxps":
        entry["recipe"] = recipe_to_dict(record.recipe)
    return entry


def _technique(spectrum: Spectrum) -> str | None:
    if spectrum.axis.is_energy:
        return "XPS"
    return "Raman" if spectrum.axis is Axis.RAMAN_SHIFT else None


def _estimate(estimate: Estimate) -> dict[str, Any]:
    return asdict(estimate)


def _background_entry(result: FitResult, fit: RegionFit, region: Region) -> dict[str, Any]:
    background = region.background
    prefix = f"{region.name}/{BACKGROUND}"
    return {
        "type": background.type,
        "mode": background.mode,
        "options": dict(background.options),
        "parameters": {
            spec.name: _estimate(result.estimate(f"{prefix}/{spec.name}"))
            for spec in background.specs
        },
        "info": dict(fit.background_info),
    }


def _component_entry(
    result: FitResult, fit: RegionFit, region: Region, component: Component
) -> dict[str, Any]:
    doublet = region.doublet_of(component.id)
    prefix = f"{region.name}/{component.id}"
    entry: dict[str, Any] = {
        "id": component.id,
        "label": component.label,
        "species": component.species,
        "line": component.line,
        "doublet": doublet.id if doublet else None,
        "lineshape": component.lineshape,
        "enabled": component.enabled,
        "parameters": {
            spec.name: _estimate(result.estimate(f"{prefix}/{spec.name}"))
            for spec in region.specs_of(component)
        },
        "position": None,
        "height": None,
        "maximum_at": None,
        "fwhm": None,
        "area_in_window": None,
    }
    if component.enabled:
        summary = result.summary(region.name, component.id)
        value, stderr = position(result, region.name, component.id)
        entry |= {
            "position": {"value": value, "stderr": stderr, "unit": fit.spectrum.axis.unit},
            "height": summary.height,
            "maximum_at": summary.maximum_at,
            "fwhm": summary.fwhm,
            "area_in_window": float(np.trapezoid(fit.peaks[component.id], fit.x)),
        }
    return entry


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


def _doublet_entry(result: FitResult, region: Region, doublet: Doublet) -> dict[str, Any]:
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
        "area": _doublet_area(result, region, doublet),
    }


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


def _doublet_area(result: FitResult, region: Region, doublet: Doublet) -> dict[str, Any] | None:
    names = [spec.name for spec in region.specs_of(region.component(doublet.major))]
    if "area" not in names:
        return None
    return _estimate(result.estimate(f"{region.name}/{doublet.id}/area"))


def _correlations(result: FitResult, region: str) -> list[dict[str, Any]]:
    prefix = f"{region}/"
    return [
        {"a": a, "b": b, "value": value}
        for a, b, value in result.correlations(above=STRONG_CORRELATION)
        if a.startswith(prefix) or b.startswith(prefix)
    ]


def region_warnings(record: FitRecord, region: str) -> list[FitWarning]:
    """Return the warnings of a fit that concern one region, or all of them."""
    others = [r.name for r in record.result.regions if r.name != region]
    return [
        warning
        for warning in record.warnings
        if not any(warning.where == o or warning.where.startswith(f"{o}/") for o in others)
    ]


def _ratio_entry(record: FitRecord, ratio: Ratio) -> dict[str, Any]:
    return {
        "name": ratio.name,
        "fit": record.id,
        "file": record.file,
        "sample": record.sample,
        "level_index": record.level,
        "value": ratio.value,
        "stderr": ratio.stderr,
        "interval": ratio.interval,
        "level": ratio.level,
        "interval_method": ratio.interval_method,
        "total_interval": ratio.total_interval,
        "upper_limit": ratio.upper_limit,
        "budget": asdict(ratio.budget),
        "monte_carlo": _monte_carlo_entry(ratio.monte_carlo),
        "variants": [asdict(variant) for variant in ratio.variants],
        "formula": ratio.formula,
        "note": ratio.note,
    }


def _monte_carlo_entry(summary: MonteCarloSummary | None) -> dict[str, Any] | None:
    if summary is None:
        return None
    failures = [{"message": text, "times": times} for text, times in summary.failures]
    return asdict(summary) | {"failures": failures}


def _plain(value: Any) -> Any:
    """Return a value as JSON can hold it: no NaN, no infinity, no numpy type."""
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, np.ndarray):
        return _plain(value.tolist())
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float):
        return value if isfinite(value) else None
    return value


# ---------------------------------------------------------------------------------
# Curves


def write_curves_csv(path: str | Path, record: FitRecord, fit: RegionFit) -> None:
    """Write the data and every fitted curve of one region as csv.

    Parameters
    ----------
    path : path
    record : FitRecord
    fit : RegionFit
        One of ``record.result.regions``.

    Raises
    ------
    WriteError
        If it cannot be written.
    """
    write_text(curves_csv(record, fit), path)


def curves_csv(record: FitRecord, fit: RegionFit) -> str:
    """Return the text of the curves csv: comment lines, a heading with units, numbers.

    Components are without background; the residual is data minus envelope, once in the
    unit of the data and once over its standard deviation.
    """
    columns = _curve_columns(record.result, fit)
    buffer = io.StringIO()
    for key, value in _curve_comments(record, fit):
        buffer.write(f"# {key}: {' '.join(str(value).split())}\n")
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(columns)
    for row in zip(*columns.values(), strict=True):
        writer.writerow(row)
    return buffer.getvalue()


def _curve_comments(record: FitRecord, fit: RegionFit) -> list[tuple[str, str]]:
    source, calibration = fit.spectrum.source, fit.spectrum.calibration
    return [
        ("program", f"doublet {__version__}, fitted curves"),
        ("sample", record.sample),
        ("region", fit.name),
        ("file", Path(record.file).name),
        ("sha256", source.sha256),
        ("spectrum_index", str(source.index)),
        ("energy_shift", f"{calibration.shift!r} {fit.spectrum.axis.unit}"),
        ("synthetic", "yes" if is_synthetic(fit.spectrum) else "no"),
    ]


def _curve_columns(result: FitResult, fit: RegionFit) -> dict[str, list[str]]:
    spectrum, region = fit.spectrum, result.model.region(fit.name)
    unit = "" if spectrum.y_unit == "arbitrary" else f" / {spectrum.y_unit}"
    columns = {f"{spectrum.axis.value} / {spectrum.axis.unit}": _numbers(fit.x)}
    columns["counts"] = _counts(spectrum, region)
    columns[f"intensity{unit}"] = _numbers(fit.y)
    columns[f"envelope{unit}"] = _numbers(fit.envelope)
    columns[f"background{unit}"] = _numbers(fit.background)
    for component in region.components:
        if component.enabled:
            name = as_text(component.label)
            if f"{name}{unit}" in columns:
                name = as_text(f"{component.label} ({component.id})")
            columns[f"{name}{unit}"] = _numbers(fit.peaks[component.id])
    columns[f"residual{unit}"] = _numbers(fit.y - fit.envelope)
    columns["normalised residual"] = _numbers(fit.residual)
    return columns


def as_text(cell: str) -> str:
    """Return a csv cell that a spreadsheet shows as text and does not compute."""
    return f"'{cell}" if cell.lstrip().startswith(("=", "+", "-", "@")) else cell


def _counts(spectrum: Spectrum, region: Region) -> list[str]:
    inside = points_in_window(spectrum, region.window)
    if spectrum.counts is None:
        return [""] * (inside.stop - inside.start)
    return _numbers(spectrum.counts[inside])


def _numbers(values: Iterable[float]) -> list[str]:
    return [repr(float(value)) for value in values]


# ---------------------------------------------------------------------------------
# File names

_RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)", re.IGNORECASE)


def safe_name(text: str, *, length: int = _NAME_LENGTH) -> str:
    """Return a text as part of a file name that is safe on every system.

    Letters of any script stay; what separates or escapes paths does not.
    """
    plain = unicodedata.normalize("NFKC", text)
    plain = re.sub(r"[^\w+-]+", "_", plain).strip("_-")[:length]
    while len(plain.encode()) > 2 * length:
        plain = plain[:-1]
    plain = plain.strip("_-")
    return f"_{plain}" if _RESERVED.fullmatch(plain) else plain


def file_stems(run: Run) -> dict[tuple[str, str], str]:
    """Return a unique file name stem for each region of each fit.

    Returns
    -------
    stems : dict of (fit id, region name) to str
        File, sample, region, and the level where there are several.
    """
    stems: dict[tuple[str, str], str] = {}
    taken: set[str] = set()
    for record in run.fits:
        for fit in record.result.regions:
            parts = [Path(record.file).stem, record.sample, fit.name]
            parts += [str(record.level + 1)] if record.levels > 1 else []
            stem = "_".join(filter(None, map(safe_name, parts))) or "spectrum"
            stems[record.id, fit.name] = _unused(stem, taken)
    return stems


def _unused(stem: str, taken: set[str]) -> str:
    name, number = stem, 1
    while name.casefold() in taken:
        number += 1
        name = f"{stem}-{number}"
    taken.add(name.casefold())
    return name


# ---------------------------------------------------------------------------------
# The table for a terminal


def text_table(run: Run) -> str:
    """Return every fit and ratio of a run as a table of plain text.

    Errors are rounded to two digits, values to match. A value without an error says
    why: fixed, tied to a fixed one, at its bound, or not determined.
    """
    blocks = [_fit_text(record, fit) for record in run.fits for fit in record.result.regions]
    if run.ratios:
        blocks.append(_ratios_text(run))
    return "\n\n".join(blocks)


def _goodness(fit: RegionFit) -> str:
    """Return how well the fit describes the data, in a unit that means something."""
    statistics = fit.statistics
    if fit.weights != "unit":
        return f"reduced chi-square {statistics.reduced_chi_square:.3g}"
    if statistics.residual_std is None:
        return "noise unknown"
    return f"residuals {statistics.residual_std:.3g} x the counting noise"


def _fit_text(record: FitRecord, fit: RegionFit) -> str:
    result, unit = record.result, fit.spectrum.axis.unit
    region = result.model.region(fit.name)
    areas = {result.unit(path) for path in result.paths if path.endswith("/area")}
    level = f" {record.level + 1}/{record.levels}" if record.levels > 1 else ""
    title = " / ".join(filter(None, (record.sample + level, fit.name)))
    joint = " (joint fit)" if len(result.regions) > 1 else ""
    background = region.background
    head = (
        f"{title}{joint}: {result.status.value}, {_goodness(fit)} ({fit.weights} weights),"
        f" {background.type} background ({background.mode})"
    )
    area = f"area / {areas.pop()}" if len(areas) == 1 else "area"
    rows: list[tuple[str, ...]] = [
        ("component", f"position / {unit}", f"FWHM / {unit}", area, "line shape")
    ]
    rows += _component_rows(result, region)
    lines = [head, *_aligned(rows)]
    return "\n".join(lines + [_warning_text(w) for w in region_warnings(record, fit.name)])


def _warning_text(warning: FitWarning) -> str:
    place = f"{warning.where}: " if warning.where else ""
    return f"  ! {place}{warning.message}"


def _component_rows(result: FitResult, region: Region) -> list[tuple[str, ...]]:
    rows: list[tuple[str, ...]] = []
    for component in region.components:
        if not component.enabled:
            rows.append((component.label, "off", "", "", component.lineshape))
            continue
        rows.append(_component_row(result, region, component))
        doublet = region.doublet_of(component.id)
        if doublet is not None and doublet.minor == component.id:
            total = _estimated(result, f"{region.name}/{doublet.id}/area")
            if total:
                rows.append((f"{doublet_label(region, doublet)} (both lines)", "", "", total, ""))
    return rows


def _component_row(result: FitResult, region: Region, component: Component) -> tuple[str, ...]:
    prefix = f"{region.name}/{component.id}"
    where = with_error(*position(result, region.name, component.id))
    where += " (bound)" if result.estimate(f"{prefix}/center").at_bound else ""
    names = [spec.name for spec in region.specs_of(component)]
    width = (
        _estimated(result, f"{prefix}/fwhm")
        if "fwhm" in names
        else f"{result.summary(region.name, component.id).fwhm:.4g}"
    )
    area = _estimated(result, f"{prefix}/area") if "area" in names else "no finite area"
    return (component.label, where, width, area, component.lineshape)


def _estimated(result: FitResult, path: str) -> str:
    if path.endswith("/area") and not _has_path(result, path):
        return ""
    estimate = result.estimate(path)
    if estimate.at_bound:
        return f"{estimate.value:.6g} (bound)"
    return with_error(estimate.value, estimate.stderr)


def _has_path(result: FitResult, path: str) -> bool:
    region = result.model.region(path.partition("/")[0])
    owner = path.partition("/")[2].removesuffix("/area")
    doublet = [d for d in region.doublets if d.id == owner]
    component = doublet[0].major if doublet else owner
    return f"{region.name}/{component}/area" in result.paths


def with_error(value: float, stderr: float | None) -> str:
    """Return ``value ± error``: the error with two significant digits, the value to match."""
    text, error = rounded(value, stderr)
    return text if error is None else f"{text} ± {error}"


def rounded(value: float, stderr: float | None) -> tuple[str, str | None]:
    """Return value and error as printed everywhere: two digits of the error, value to match.

    Without an error, six digits of the value and None.
    """
    if stderr is None or not isfinite(stderr) or stderr <= 0:
        return f"{value:.6g}", None
    exponent = floor(log10(stderr))
    # 0.0996 rounds to 0.10, which has one digit more in front.
    exponent = floor(log10(round(stderr, 1 - exponent)))
    digits = 1 - exponent
    if digits >= 0:
        return f"{value:.{digits}f}", f"{stderr:.{digits}f}"
    return f"{round(value, digits):.0f}", f"{round(stderr, digits):.0f}"


def _ratios_text(run: Run) -> str:
    """Return the table of ratios, with budgets if there are any, and the notes below it."""
    budgets = any(ratio.variants or ratio.monte_carlo for _, ratio in run.ratios)
    heads = ("ratio", "sample", "value", "95 % interval", *(_BUDGET_HEADS if budgets else ()))
    rows: list[tuple[str, ...]] = [heads]
    notes = []
    for record, ratio in run.ratios:
        level = f" {record.level + 1}/{record.levels}" if record.levels > 1 else ""
        sample = record.sample + level
        row = (ratio.name, sample, _ratio_text(ratio), _interval_text(ratio.interval))
        rows.append((*row, *(_budget_cells(ratio) if budgets else ())))
        notes += [f"  ! {ratio.name}, {sample}: {ratio.note}"] if ratio.note else []
    return "\n".join([*_aligned(rows), *notes])


_BUDGET_HEADS = ("counting", "background", "model", "reference", "total", "95 %, all rows")


def _ratio_text(ratio: Ratio) -> str:
    if ratio.upper_limit is not None:
        return f"below detection, < {ratio.upper_limit:.2g}"
    return "none" if ratio.value is None else with_error(ratio.value, ratio.stderr)


def _interval_text(interval: tuple[float, float] | None) -> str:
    return "-" if interval is None else " to ".join(interval_ends(interval))


def interval_ends(interval: Sequence[float]) -> tuple[str, str]:
    """Return both ends of a 95 % interval as printed: with the digits of a standard error.

    A quarter of the interval stands in for the error, so that 0.939 to 1.001 does not
    become 0.939 to 1.
    """
    low, high = interval
    error = 0.25 * (high - low)
    return rounded(low, error)[0], rounded(high, error)[0]


def _budget_cells(ratio: Ratio) -> tuple[str, ...]:
    b = ratio.budget
    rows = (b.counting, b.background, b.model, b.reference, b.total)
    cells = ["-" if row is None else f"{row:.2g}" for row in rows]
    return (*cells, _interval_text(ratio.total_interval))


def _aligned(rows: list[tuple[str, ...]]) -> list[str]:
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    return [
        "  "
        + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]
