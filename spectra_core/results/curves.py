"""Data and fitted curves of one region as csv, every number with all its digits."""

from __future__ import annotations

import csv
import io
from functools import lru_cache
from pathlib import Path

import numpy as np
from pydantic_core import to_json

from .. import __version__
from ..fitting import RegionFit
from ..model import Region
from ..runs.records import Finished
from ..series.coordinates import coordinates_of
from ..spectrum import Array, Spectrum, is_synthetic, points_in_window
from ..writers.atomic import write_bytes


def write_curves_csv(path: str | Path, record: Finished, fit: RegionFit) -> None:
    """Write the data and every fitted curve of one region as csv.

    Parameters
    ----------
    path : path
    record : FitRecord or RowRecord
    fit : RegionFit
        One of ``record.regions``.

    Raises
    ------
    WriteError
        If it cannot be written.
    """
    write_bytes(_curves_csv(record, fit), path)


def curves_csv(record: Finished, fit: RegionFit) -> str:
    """Return the text of the curves csv: comment lines, a heading with units, numbers.

    Components are without background; the residual is data minus envelope, once in the
    unit of the data and once over its standard deviation. A cell without a finite number
    is empty.
    """
    return _curves_csv(record, fit).decode()


def _curves_csv(record: Finished, fit: RegionFit) -> bytes:
    columns = _columns(record.model.region(fit.name), fit)
    comments = (f"# {key}: {' '.join(text.split())}\n" for key, text in _comments(record, fit))
    head = "".join([*comments, _heading(tuple(columns))])
    return head.encode("utf-8", errors="replace") + _rows(list(columns.values()))


@lru_cache(maxsize=64)
def _heading(columns: tuple[str, ...]) -> str:
    line = io.StringIO()
    csv.writer(line, lineterminator="\n").writerow(columns)
    return line.getvalue()


def _rows(columns: list[Array]) -> bytes:
    """Return numbers as lines of csv: the shortest text that reads back as the same number."""
    text = to_json(np.array(columns).T.tolist(), inf_nan_mode="null")
    return text[2:-2].replace(b"],[", b"\n").replace(b"null", b"") + b"\n"


def _comments(record: Finished, fit: RegionFit) -> list[tuple[str, str]]:
    source = fit.spectrum.source
    return [
        ("program", f"doublet {__version__}, fitted curves"),
        ("sample", record.sample),
        ("region", fit.name),
        ("file", _name(record.file)),
        ("sha256", source.sha256),
        ("spectrum_index", str(source.index)),
        *((c.name, f"{c.value!r} {c.unit}") for c in coordinates_of(fit.spectrum)),
        ("energy_shift", _added(fit.spectrum)),
        ("synthetic", "yes" if is_synthetic(fit.spectrum) else "no"),
    ]


@lru_cache(maxsize=1024)
def _name(file: str) -> str:
    return Path(file).name


def _added(spectrum: Spectrum) -> str:
    calibration, unit = spectrum.calibration, spectrum.axis.unit
    if calibration.is_stretched:
        return calibration.formula(unit)
    return f"{calibration.shift!r} {unit}"


def _columns(region: Region, fit: RegionFit) -> dict[str, Array]:
    spectrum = fit.spectrum
    unit = "" if spectrum.y_unit == "arbitrary" else f" / {spectrum.y_unit}"
    columns = {f"{spectrum.axis.value} / {spectrum.axis.unit}": fit.x}
    columns["counts"] = _counts(spectrum, region)
    columns[f"intensity{unit}"] = fit.y
    columns[f"envelope{unit}"] = fit.envelope
    columns[f"background{unit}"] = fit.background
    for component in region.components:
        if component.enabled:
            name = as_text(component.label)
            if f"{name}{unit}" in columns:
                name = as_text(f"{component.label} ({component.id})")
            columns[f"{name}{unit}"] = fit.peaks[component.id]
    columns[f"residual{unit}"] = fit.y - fit.envelope
    columns["normalised residual"] = fit.residual
    return columns


def as_text(cell: str) -> str:
    """Return a csv cell that a spreadsheet shows as text and does not compute."""
    return f"'{cell}" if cell.lstrip().startswith(("=", "+", "-", "@")) else cell


def _counts(spectrum: Spectrum, region: Region) -> Array:
    inside = points_in_window(spectrum, region.window)
    if spectrum.counts is None:
        return np.full(inside.stop - inside.start, np.nan)
    return spectrum.counts[inside]
