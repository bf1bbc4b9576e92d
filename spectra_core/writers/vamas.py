"""Spectra as a VAMAS file (ISO 14976), for every program that reads one.

What is written is what was recorded: raw counts with dwell and scans where they are
known, the axis before calibration. VAMAS has no place for a charge correction with
its reference, a laser or free-form metadata; these stand in the last line of the
block comment, which our reader takes out again. The shift itself is also written
the way CasaXPS understands, unless the comment is CasaXPS's own.
"""

from __future__ import annotations

import json
import os
import re
import tempfile
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from math import isfinite
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import WriteError
from ..readers.vamas import (
    COUNTS_LABEL,
    DATE_FIELDS,
    EXTRA_FIELDS,
    HEADER_FIELDS,
    METADATA_LINE,
    SIGMA_LABEL,
    etch_time,
    iso_date,
    name_and_unit,
)
from ..readers.vamas_blocks import (
    BLOCK_ITEMS,
    FIRST_LINE,
    LAST_LINE,
    NOT_RECORDED,
    TEXT_FIELDS,
    Header,
    Values,
    clean,
)
from ..spectrum import Array, Axis, Calibration, Spectrum

AXIS_LABELS = {
    Axis.BINDING_ENERGY: "Binding Energy",
    Axis.KINETIC_ENERGY: "Kinetic Energy",
    Axis.RAMAN_SHIFT: "Raman Shift",
    Axis.WAVELENGTH: "Wavelength",
}
AXIS_TOLERANCE = 1e-9  # in the axis unit; a regular axis must be exact to this

_NOT_SPECIFIED = "Not Specified"
_SHARED = ("institution", "instrument", "operator", "experiment", "file_comment")


def write_vamas(path: Path, spectra: Sequence[Spectrum], *, comments: Sequence[str] = ()) -> None:
    """Write `spectra` as one VAMAS file; the file appears whole or not at all.

    Parameters
    ----------
    path : Path
        Where to; an existing file is replaced.
    spectra : sequence of Spectrum
        On energy, Raman or wavelength axes, in the order of the blocks.
    comments : sequence of str
        Lines of the experiment comment; the spectra's own (if they share one) if empty.

    Raises
    ------
    WriteError
        If there is nothing to write, VAMAS cannot hold the axis or a number, or the
        file cannot be written.

    Notes
    -----
    Control characters in labels become blanks. Intensities in counts whose dwell and
    scans are known read back as counts/s with the counts beside them.
    """
    if not spectra:
        raise WriteError("there is no spectrum to write.", where=str(path))
    header, shared = _block_header(spectra), _shared_texts(spectra)
    shared["file_comment"] = "\n".join(comments) or shared["file_comment"]
    lines = _header_lines(header, shared)
    for spectrum in spectra:
        lines += _block_lines(spectrum, header, shared)
    lines.append(LAST_LINE)
    _replace_file(Path(path), "".join(f"{line}\r\n" for line in lines))


def _replace_file(path: Path, text: str) -> None:
    data = text.encode("utf-8", "replace")
    try:
        handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    except OSError as error:
        raise WriteError(f"cannot be written ({error.strerror}).", where=str(path)) from error
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        os.chmod(name, 0o666 & ~_umask())
        os.replace(name, path)
    except OSError as error:
        Path(name).unlink(missing_ok=True)
        raise WriteError(f"cannot be written ({error.strerror}).", where=str(path)) from error


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


# --------------------------------------------------------------------------------------
# header


def _header_lines(header: Header, shared: dict[str, str]) -> list[str]:
    comment = _text_lines(shared["file_comment"])
    identifiers = [clean(shared[name]) or _NOT_SPECIFIED for name in _SHARED[:-1]]
    labels = [text for pair in header.variables for text in pair]
    return [
        FIRST_LINE,
        *identifiers,
        str(len(comment)),
        *comment,
        header.mode,
        header.scan,
        str(header.n_blocks),  # spectral regions
        str(len(header.variables)),
        *labels,
        "0",  # inclusion list: every block is complete
        "0",  # manually entered items
        "0",  # future upgrade experiment entries
        "0",  # future upgrade block entries
        str(header.n_blocks),
    ]


def _shared_texts(spectra: Sequence[Spectrum]) -> dict[str, str]:
    """Return the header's texts where all spectra agree, else empty ones."""
    shared = {}
    for name in _SHARED:
        found = {_header_text(spectrum, name) for spectrum in spectra}
        shared[name] = found.pop() if len(found) == 1 else ""
    return shared


def _header_text(spectrum: Spectrum, name: str) -> str:
    meta = spectrum.meta
    return meta.instrument if name == "instrument" else str(meta.extra.get(name, ""))


def _block_header(spectra: Sequence[Spectrum]) -> Header:
    regular = all(_regular_grid(_in_file_order(s, s.x_recorded)) for s in spectra)
    pairs = [pair for spectrum in spectra for pair in _variables(spectrum)]
    scan = "REGULAR" if regular else "IRREGULAR"
    return Header({}, "NORM", scan, tuple(dict.fromkeys(pairs)), frozenset(), 0, len(spectra))


def _variables(spectrum: Spectrum) -> dict[tuple[str, str], float]:
    """Return the experimental variables by sanitised (label, unit)."""
    return {
        (clean(name), clean(unit) or "d"): value
        for name, (value, unit) in spectrum.meta.variables.items()
    }


def _in_file_order(spectrum: Spectrum, values: Array) -> Array:
    return values[::-1] if spectrum.descending else values


def _regular_grid(x: Array) -> tuple[float, float] | None:
    """Return start and increment if they give every point of `x`, else None."""
    mean_step = float(x[-1] - x[0]) / (x.size - 1)
    for step in (float(f"{mean_step:.9g}"), mean_step):
        grid = x[0] + step * np.arange(x.size)
        if np.all(np.abs(grid - x) <= AXIS_TOLERANCE) and np.all(np.diff(grid) != 0):
            return float(x[0]), step
    return None


# --------------------------------------------------------------------------------------
# blocks


def why_not(spectrum: Spectrum) -> WriteError | None:
    """Return why VAMAS cannot hold a spectrum; None if it can."""
    if spectrum.axis in AXIS_LABELS:
        return None
    return WriteError(
        f"VAMAS has no {spectrum.axis.value} axis.",
        where=spectrum.label,
        hint="Write .csv, .h5 or .nxs.",
    )


def _block_lines(spectrum: Spectrum, header: Header, shared: dict[str, str]) -> list[str]:
    if problem := why_not(spectrum):
        raise problem
    ordinates = _ordinates(spectrum, header)
    values = _block_values(spectrum)
    comment = _text_lines(_comment(spectrum, shared, values, header))
    texts = {
        8: [str(len(comment)), *comment],
        11: [_number(_variables(spectrum).get(pair)) for pair in header.variables],
        32: _counted([(label, unit) for label, unit, _ in ordinates]),
        40: _counted([(k, "d", _number(v)) for k, v in _additional(spectrum)]),
    }
    lines = [clean(spectrum.meta.region), clean(spectrum.meta.sample)]
    for item in BLOCK_ITEMS:
        if item.special is not None:
            lines += texts[item.number]
        elif item.exists(header, values["technique"]):
            lines += [_field(name, values.get(name)) for name in item.fields]
    return lines + _ordinate_lines([column for _, _, column in ordinates])


def _counted(rows: Sequence[tuple[str, ...]]) -> list[str]:
    return [str(len(rows)), *(text for row in rows for text in row)]


def _field(name: str, value: Any) -> str:
    return clean(str(value or "")) if name in TEXT_FIELDS else _number(value)


def _number(value: float | None) -> str:
    """Return the shortest text that reads back as the same number."""
    if value is None or not isfinite(value):
        return "1E+37"
    if abs(value) >= 0.99 * NOT_RECORDED:
        raise WriteError(f"VAMAS cannot hold {value:g}: 1E37 stands for 'not recorded'.")
    number = float(value)
    return str(int(number)) if number.is_integer() and abs(number) < 1e15 else repr(number)


def _text_lines(text: str) -> list[str]:
    """Return the lines of a comment; none for an empty one."""
    return re.sub(r"\r+\n|\r", "\n", text).split("\n") if text else []


Ordinate = tuple[str, str, Array]


def _ordinates(spectrum: Spectrum, header: Header) -> list[Ordinate]:
    """Return (label, unit, values in file order): the first intensity is the main one."""
    rows = [_main_ordinate(spectrum)]
    if spectrum.counts is not None and rows[0][2] is not spectrum.counts:
        rows.append((COUNTS_LABEL, "d", spectrum.counts))
    if spectrum.transmission is not None:
        rows.append(("Transmission", "d", spectrum.transmission))
    if spectrum.sigma is not None:
        rows.append((SIGMA_LABEL, rows[0][1], spectrum.sigma))
    rows += [(clean(label), "d", values) for label, values in spectrum.columns.items()]
    if header.scan == "IRREGULAR":
        label = AXIS_LABELS[spectrum.axis]
        rows.insert(0, (label, spectrum.axis.unit, spectrum.x_recorded))
    return [(label, unit, _in_file_order(spectrum, values)) for label, unit, values in rows]


def _main_ordinate(spectrum: Spectrum) -> Ordinate:
    counts, y = spectrum.counts, spectrum.y
    if not _is_counted(spectrum):
        return "Intensity", "n", y
    if spectrum.y_unit == "counts":
        same = counts is not None and np.array_equal(counts, y)
        return "Counts", "d", counts if same and counts is not None else y
    seconds = spectrum.meta.acquisition_time_s
    energy = spectrum.axis.is_energy  # only there is a reader to divide by the time
    if (
        counts is not None
        and energy
        and seconds
        and np.allclose(counts / seconds, y, rtol=1e-12, atol=0)
    ):
        return "Counts", "d", counts
    return "Intensity", "c/s", y


def _is_counted(spectrum: Spectrum) -> bool:
    return spectrum.y_unit in ("counts", "counts/s")


def _ordinate_lines(columns: list[Array]) -> list[str]:
    extremes = [_number(value) for c in columns for value in (float(c.min()), float(c.max()))]
    table = np.column_stack(columns)
    values = [_number(value) for value in table.ravel().tolist()]
    return [str(table.size), *extremes, *values]


def _block_values(spectrum: Spectrum) -> Values:
    meta = spectrum.meta
    values: Values = {name: meta.extra.get(name) for name in EXTRA_FIELDS}
    values = {name: v for name, v in values.items() if _fits(name, v)}
    values |= _date_values(meta.date)
    values |= {
        "technique": clean(meta.technique),
        "source_energy_ev": meta.excitation_energy_ev,
        "pass_energy_ev": meta.pass_energy_ev,
        "work_function_ev": meta.work_function_ev,
        "species": meta.species,
        "transition": meta.transition,
        "signal_mode": "pulse counting" if _is_counted(spectrum) else "analogue",
        "dwell_s": meta.dwell_s,
        "scans": meta.scans,
        "abscissa_label": AXIS_LABELS[spectrum.axis],
        "abscissa_unit": spectrum.axis.unit,
    }
    values.setdefault("detected_particle_charge", -1.0 if spectrum.axis.is_energy else None)
    grid = _regular_grid(_in_file_order(spectrum, spectrum.x_recorded))
    values["abscissa_start"], values["abscissa_increment"] = grid or (None, None)
    return values


def _fits(name: str, value: Any) -> bool:
    """Return whether a field of a block can hold `value` and give it back."""
    if name in TEXT_FIELDS:
        return isinstance(value, str) and clean(value) == value
    return _is_number(value)


def _is_number(value: Any) -> bool:
    plain = isinstance(value, int | float) and not isinstance(value, bool)
    return plain and isfinite(value) and abs(value) < 0.99 * NOT_RECORDED


def _date_values(date: str) -> Values:
    """Return the seven numbers of a block's date; None where `date` does not say them."""
    values: Values = dict.fromkeys((*DATE_FIELDS, "hours_ahead_of_gmt"))
    try:
        moment = datetime.fromisoformat(date)
    except ValueError:
        return values
    parts = (moment.year, moment.month, moment.day, moment.hour, moment.minute, moment.second)
    n_known = 3 if len(date) <= len("2026-01-31") else 6
    values |= dict(zip(DATE_FIELDS[:n_known], map(float, parts[:n_known]), strict=True))
    offset = moment.utcoffset()
    if offset is not None:
        values["hours_ahead_of_gmt"] = offset.total_seconds() / 3600.0
    return values


# --------------------------------------------------------------------------------------
# what VAMAS has no line for

_DERIVED = frozenset({"casaxps_calibration_ev"})


def _additional(spectrum: Spectrum) -> list[tuple[str, float]]:
    """Return extra numbers that the block's list of further parameters can hold."""
    taken = {*EXTRA_FIELDS, *HEADER_FIELDS, *_DERIVED, "experiment_mode"}
    return [
        (name, float(value))
        for name, value in spectrum.meta.extra.items()
        if name not in taken and _is_number(value) and _reads_back(name)
    ]


def _reads_back(name: str) -> bool:
    label, unit = name_and_unit(clean(name), "d")
    return bool(name) and name == (f"{label} [{unit}]" if unit else label)


def _comment(spectrum: Spectrum, shared: dict[str, str], values: Values, header: Header) -> str:
    """Return the block comment, with our own lines around it if there is a need."""
    calibration = asdict(spectrum.calibration)
    kept: dict[str, Any] = {
        "calibration": {} if spectrum.calibration == Calibration() else calibration,
        "meta": _kept_meta(spectrum, shared, values, header),
        "extra": _kept_extra(spectrum, shared, values),
    }
    if spectrum.axis.is_energy and spectrum.counts is None and _is_counted(spectrum):
        kept["intensity"] = {"counted": False}  # dwell and scans would make counts of it
    if not any(kept.values()):
        return spectrum.meta.comment
    before = _casaxps_lines(spectrum)
    line = METADATA_LINE + json.dumps({"lines_before": len(before), **kept}, default=str)
    middle = [spectrum.meta.comment] if spectrum.meta.comment else []
    return "\n".join([*before, *middle, line])


def _kept_meta(
    spectrum: Spectrum, shared: dict[str, str], values: Values, header: Header
) -> Values:
    """Return the fields that would not read back from the lines of the block."""
    meta = spectrum.meta
    read_back = {
        "laser_nm": None,
        "date": iso_date(values),
        "etch_time_s": etch_time(_variables_read_back(spectrum), header.mode),
        "instrument": clean(shared["instrument"]),
    }
    return {name: getattr(meta, name) for name, v in read_back.items() if getattr(meta, name) != v}


def _variables_read_back(spectrum: Spectrum) -> dict[str, tuple[float, str]]:
    return {
        name: (value, known_unit)
        for (label, unit), value in _variables(spectrum).items()
        for name, known_unit in (name_and_unit(label, unit),)
    }


def _kept_extra(spectrum: Spectrum, shared: dict[str, str], values: Values) -> Values:
    plain = {name for name, _ in _additional(spectrum)} | _DERIVED
    return {
        name: value
        for name, value in spectrum.meta.extra.items()
        if name not in plain
        and not (name in EXTRA_FIELDS and values.get(name) == value and _in_block(name, spectrum))
        and not (name in _SHARED and _in_header(name, value, shared))
    }


def _in_header(name: str, value: Any, shared: dict[str, str]) -> bool:
    """Return whether the header gives `value` back, or was told another comment."""
    if name == "file_comment":
        return bool(shared[name])
    return bool(value == shared[name] == clean(shared[name]))


def _in_block(name: str, spectrum: Spectrum) -> bool:
    header = Header({}, "NORM", "REGULAR", (), frozenset(), 0, 1)
    technique = clean(spectrum.meta.technique)
    return any(name in i.fields and i.exists(header, technique) for i in BLOCK_ITEMS)


def _casaxps_lines(spectrum: Spectrum) -> list[str]:
    """Return CasaXPS's notation of the energy shift; none in a CasaXPS comment."""
    calibration = spectrum.calibration
    foreign = "Casa Info Follows" in spectrum.meta.comment
    if not calibration.shift or not spectrum.axis.is_energy or foreign:
        return []
    measured, assigned = calibration.measured, calibration.assigned
    if measured is None or assigned is None or abs(assigned - measured - calibration.shift) > 1e-6:
        measured, assigned = 0.0, calibration.shift
    calib = f"Calib M = {_number(measured)} A = {_number(assigned)} BE ADD"
    return ["Casa Info Follows", "1", calib, "0", "0", "0"]
