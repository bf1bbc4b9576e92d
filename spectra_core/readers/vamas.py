"""VAMAS, ISO 14976: the exchange format of surface analysis, as spectra.

Three traps decide whether the numbers are right. Several ordinates (counts,
transmission) are interleaved, value by value. In an IRREGULAR scan the first
ordinate is the abscissa. And the ordinate is usually *counts*, so spectra with
different dwell times or numbers of scans agree only after division by
dwell x scans. 1E37 means "not recorded". The energy axis stays as recorded:
nobody's work function is subtracted here, and an energy calibration that another
program left in a comment is reported, not applied.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import PartialRead, ReadError, SpectraError
from ..spectrum import Array, Axis, Calibration, Meta, Source, Spectrum, make_spectrum, read_only
from .assemble import detected, noted, with_binding_sign
from .axis_words import axis_of_words
from .repeats import without_repeats
from .steps import evenly
from .units import axis_factor, scaled, unit_factor
from .vamas_blocks import (
    BLOCK_ITEMS,
    NOT_RECORDED,
    SPUTTER_MODES,
    Header,
    Lines,
    Values,
    VamasBlock,
    is_first_line,
    plain_text,
    read_all_blocks,
    read_header,
)

FORMAT = "VAMAS"
METADATA_LINE = "Doublet metadata "


def matches(head: bytes, path: Path) -> bool:
    """Return whether the first non-blank line of `head` is that of a VAMAS file."""
    text, encoding = plain_text(head)
    return is_first_line(text.lstrip().split(b"\n", 1)[0].decode(encoding, "replace"))


# --------------------------------------------------------------------------------------
# spectra


def _block_spectrum(block: VamasBlock, header: Header, source: Source) -> Spectrum:
    if header.scan == "MAPPING":
        raise ReadError(
            "the scan mode is MAPPING: the block is an image, not a spectrum.",
            hint="Export spectra, one per pixel.",
        )
    labels = list(block.values["ordinates"])
    columns = list(block.columns)
    if columns[0].size < 2:
        raise ReadError(f"the block holds {columns[0].size} points; a spectrum needs two.")
    if header.scan == "IRREGULAR":
        (label, unit), x = labels.pop(0), columns.pop(0)
    else:
        label, unit = block.values["abscissa_label"], block.values["abscissa_unit"]
        x = _regular_axis(block.values, columns[0].size)
    axis = _axis_of(label, unit)
    x = scaled(x, _unit_factor(label, unit, axis))
    x, sign_note = with_binding_sign(x, axis)
    comment, kept = _split_comment(block.values["comment"])
    meta = _meta(block.values, header, comment, kept, axis)
    meta = noted(meta, **block.notes, axis_note=sign_note)
    shown = _recorded_columns(labels, columns)
    calibration = Calibration(**kept.get("calibration", {}))
    countable = axis.is_energy and kept.get("intensity", {}).get("counted", True)
    fields = _intensity(shown, meta, countable=countable)
    x, fields, repeats = _without_repeats(x, fields)
    return make_spectrum(
        x,
        axis=axis,
        calibration=calibration,
        meta=noted(meta, repeats_note=repeats),
        source=source,
        **fields,
    )


def _without_repeats(x: Array, fields: Values) -> tuple[Array, Values, str]:
    """Return the abscissa of an IRREGULAR scan and its ordinates without repeated points."""
    names = ("y", "counts", "sigma", "transmission")
    arrays = {name: fields.get(name) for name in names}
    arrays |= {f"column {name}": values for name, values in fields["columns"].items()}
    x, merged, note = without_repeats(x, arrays)
    columns = {name: merged.pop(f"column {name}") for name in fields["columns"]}
    return x, fields | merged | {"columns": columns}, note


def _regular_axis(values: Values, n_points: int) -> Array:
    start, increment = values["abscissa_start"], values["abscissa_increment"]
    if start is None or increment is None:
        raise ReadError("the start or the increment of the abscissa is not recorded (1E37).")
    return evenly(start, increment, n_points)


_AXES: tuple[tuple[str, Axis], ...] = (
    (r"binding", Axis.BINDING_ENERGY),
    (r"^b\.?\s*e\.?\b", Axis.BINDING_ENERGY),
    (r"kinetic", Axis.KINETIC_ENERGY),
    (r"^k\.?\s*e\.?\b", Axis.KINETIC_ENERGY),
    (r"raman|wave ?number", Axis.RAMAN_SHIFT),
    (r"wave ?length", Axis.WAVELENGTH),
)


def _axis_of(label: str, unit: str) -> Axis:
    for pattern, axis in _AXES:
        if re.search(pattern, label, flags=re.IGNORECASE):
            return axis
    axis_said = axis_of_words(label)
    if axis_said is not None:
        return axis_said
    raise ReadError(
        f"the abscissa is '{label}' in '{unit}': not a binding energy, kinetic energy,"
        " Raman shift or wavelength.",
        hint="Export the spectrum on one of these axes.",
    )


_UNIT_WORDS = {
    "eV": {"ev"},
    "cm-1": {"cm-1", "1/cm", "cm^-1", "cm⁻¹", "n", "d"},
    "nm": {"nm", "n", "d"},
}
_FAMILIES = {"eV": "energy", "nm": "length"}


def _unit_factor(label: str, unit: str, axis: Axis) -> float:
    """Return what turns the abscissa into the unit of `axis`."""
    if unit.casefold() in _UNIT_WORDS[axis.unit]:
        return 1.0
    family = _FAMILIES.get(axis.unit)
    factor = unit_factor(unit, family) if family else axis_factor(f"({unit})", axis)
    if factor is None:
        raise ReadError(
            f"the abscissa '{label}' is in '{unit}', expected {axis.unit}.",
            hint="Check the export.",
        )
    return factor


Column = tuple[str, str, Array]


def _recorded_columns(labels: Iterable[tuple[str, str]], columns: list[Array]) -> list[Column]:
    """Return (label, unit, values) of the ordinates that are recorded at every point."""
    pairs = zip(labels, columns, strict=True)
    shown = [(label, unit, values) for (label, unit), values in pairs if not _missing(values)]
    if not shown:
        raise ReadError("no ordinate is recorded (1E37 everywhere).")
    for label, _, values in shown:
        lost = np.flatnonzero(np.abs(values) >= 0.99 * NOT_RECORDED)
        if lost.size:
            raise ReadError(f"the ordinate '{label}' is not recorded at point {lost[0] + 1}.")
    return shown


def _missing(values: Array) -> bool:
    return bool(np.all(np.abs(values) >= 0.99 * NOT_RECORDED))


_RATE = re.compile(r"\bcps\b|count rate|(counts?|c)\s*(/|per)\s*s(ec(ond)?)?\b|s-1\b", re.I)
_COUNTS = re.compile(r"^(counts?|c)$", re.I)
_TRANSMISSION = re.compile(r"transmission|^t\(e\)$", re.I)


def _unit_of(label: str, unit: str, signal_mode: str) -> str:
    """Return the intensity unit that an ordinate's label, unit and signal mode say."""
    if _RATE.search(unit) or _RATE.search(label):
        return "counts/s"
    pulses = "pulse" in signal_mode.casefold()
    dimensionless = unit.casefold() in ("d", "n", "")
    if _COUNTS.match(unit) or (dimensionless and (pulses or "count" in label.casefold())):
        return "counts"
    return "arbitrary"


def _intensity(shown: list[Column], meta: Meta, *, countable: bool) -> Values:
    """Return the ordinates as `Spectrum` fields: y, counts, transmission and the rest.

    The counts of a CCD are no detected electrons: they stay what they are.
    """
    mode = str(meta.extra.get("signal_mode", ""))
    main = next((c for c in shown if not _TRANSMISSION.search(c[0])), shown[0])
    unit = _unit_of(main[0], main[1], mode)
    fields: Values = {"y": main[2], "y_unit": unit}
    if countable:
        fields = _rate_and_counts(main[2], unit, meta)
    fields["columns"] = {}
    for column in shown:
        if column is not main:
            _place_column(fields, column[0], column[2])
    return fields


def _rate_and_counts(values: Array, unit: str, meta: Meta) -> Values:
    """Return y, its unit, and the raw counts where dwell and scans are known."""
    seconds = meta.acquisition_time_s
    if unit == "counts" and seconds:
        rates = read_only(values / seconds)
        return {"y": rates, "y_unit": "counts/s", "counts": detected(values)}
    if unit == "counts":
        return {"y": values, "y_unit": unit, "counts": detected(values)}
    if unit == "counts/s" and seconds:
        return {"y": values, "y_unit": unit, "counts": detected(read_only(values * seconds))}
    return {"y": values, "y_unit": unit}


def _place_column(fields: Values, label: str, values: Array) -> None:
    if _TRANSMISSION.search(label) and fields.get("transmission") is None:
        fields["transmission"] = values
    elif label == COUNTS_LABEL and fields["y_unit"] != "counts":
        fields["counts"] = detected(values)
    elif label == SIGMA_LABEL:
        fields["sigma"] = values
    else:
        fields["columns"][_unused(label or "ordinate", fields["columns"])] = values


COUNTS_LABEL = "Counts of all scans"
SIGMA_LABEL = "Standard deviation"


def _unused(label: str, taken: Iterable[str]) -> str:
    names, number = set(taken), 2
    if label not in names:
        return label
    while f"{label} ({number})" in names:
        number += 1
    return f"{label} ({number})"


# --------------------------------------------------------------------------------------
# metadata


def _meta(values: Values, header: Header, comment: str, kept: Values, axis: Axis) -> Meta:
    variables = _variables(values, header)
    dwell, scans = values["dwell_s"], values["scans"]
    meta = Meta(
        sample=_sample_name(_recorded_text(values["sample"])),
        region=values["region"],
        technique=values["technique"],
        species=values["species"],
        transition=values["transition"],
        excitation_energy_ev=_positive(values["source_energy_ev"]) if axis.is_energy else None,
        pass_energy_ev=_positive(values["pass_energy_ev"]),
        work_function_ev=values["work_function_ev"],
        dwell_s=_positive(dwell),
        scans=_positive(scans),
        etch_time_s=etch_time(variables, header.mode),
        instrument=_recorded_text(header.texts["instrument"]),
        date=iso_date(values),
        comment=comment,
        variables=variables,
        extra=_extra(values, header, comment) | kept.get("extra", {}),
    )
    return replace(meta, **kept.get("meta", {}))


def _positive(value: float | None) -> float | None:
    """Return `value`, or None where zero stands for "not recorded"."""
    return value if value is not None and value > 0 else None


def _recorded_text(text: str) -> str:
    return "" if text.casefold() in ("not specified", "not recorded", "unknown") else text


def _sample_name(text: str) -> str:
    """Return the name of a MultiPak sample identifier, e.g. film of ``C:/a.pro:1:1:film``."""
    found = re.fullmatch(r"(?:[A-Za-z]:)?[^:]*[\\/]([^:\\/]+)\.\w{3}:\d+:\d+:(.*)", text.strip())
    return found[2].strip() or found[1] if found else text


def _variables(values: Values, header: Header) -> dict[str, tuple[float, str]]:
    found: dict[str, tuple[float, str]] = {}
    for (label, unit), value in zip(header.variables, values["variables"], strict=True):
        if value is not None:
            name, known_unit = name_and_unit(label, unit)
            found[_unused(name or "variable", found)] = (value, known_unit)
    return found


def name_and_unit(label: str, unit: str) -> tuple[str, str]:
    """Return name and unit; ``PositionX [mm]`` without a unit of its own has mm."""
    unit = "" if unit.casefold() in ("d", "n") else unit
    bracket = re.fullmatch(r"(.*\S)\s*\[([^\]]+)\]", label)
    if bracket and not unit:
        return bracket[1], bracket[2]
    return label, unit


_SECONDS = {"s": 1.0, "sec": 1.0, "second": 1.0, "seconds": 1.0, "min": 60.0, "minutes": 60.0}
_ETCH = re.compile(r"^(ar\+?\s*)?(etch|sputter)(ing)?[ _]*time\b", re.I)


def etch_time(variables: dict[str, tuple[float, str]], mode: str) -> float | None:
    """Return the sputter time in seconds where label and unit leave no doubt."""
    times = [(n, v, u.casefold()) for n, (v, u) in variables.items() if u.casefold() in _SECONDS]
    found = [v * _SECONDS[u] for name, v, u in times if _ETCH.match(name)]
    if not found and mode in SPUTTER_MODES and len(times) == 1:
        found = [v * _SECONDS[u] for _, v, u in times]
    return found[0] if len(found) == 1 else None


DATE_FIELDS = ("year", "month", "day", "hour", "minute", "second")


def iso_date(values: Values) -> str:
    """Return ISO 8601; only the day if the time of day is missing; empty if neither."""
    parts = [values[name] for name in DATE_FIELDS]
    offset = values["hours_ahead_of_gmt"]
    try:
        year, month, day = (int(part) for part in parts[:3])
        date = datetime(year, month, day)
    except (TypeError, ValueError):
        return ""
    if any(part is None or part < 0 for part in parts[3:]):
        return date.date().isoformat()
    return _with_time(date, parts[3:], offset)


def _with_time(date: datetime, time: list[float], offset: float | None) -> str:
    try:
        moment = date.replace(hour=int(time[0]), minute=int(time[1]), second=int(time[2]))
        if offset is not None:
            moment = moment.replace(tzinfo=timezone(timedelta(hours=offset)))
    except ValueError:
        return date.date().isoformat()
    return moment.isoformat()


EXTRA_FIELDS = (
    *(
        name
        for item in BLOCK_ITEMS
        for name in item.fields
        if name.endswith(("_um", "_deg", "_v", "_na")) or name.startswith(("map_", "sputter_"))
    ),
    "source_label",
    "source_strength",
    "analyser_mode",
    "lens_magnification",
    "detected_particle_charge",
    "signal_mode",
    "signal_time_correction_s",
    "differential_width_ev",
)
HEADER_FIELDS = (
    "institution",
    "operator",
    "experiment",
    "file_comment",
    "manual_items",
    "analysis_positions",
    "map_columns",
    "map_rows",
)


def _extra(values: Values, header: Header, comment: str) -> Values:
    """Return what else the file recorded, by name; absent means not recorded."""
    extra: Values = {name: header.texts.get(name) for name in HEADER_FIELDS}
    extra |= {name: values.get(name) for name in EXTRA_FIELDS}
    extra["experiment_mode"] = header.mode if header.mode != "NORM" else None
    for label, unit, value in values["additional"]:
        name, known_unit = name_and_unit(label, unit)
        key = f"{name} [{known_unit}]" if known_unit else name
        extra[_unused(key, extra)] = value
    if not iso_date(values):
        extra["date_as_recorded"] = _odd_date(values)
    extra["casaxps_calibration_ev"] = casaxps_shift(comment)
    return {name: value for name, value in extra.items() if _is_recorded(value)}


def _is_recorded(value: Any) -> bool:
    return value is not None and (not isinstance(value, str) or bool(_recorded_text(value)))


def _odd_date(values: Values) -> str | None:
    parts = [values[name] for name in DATE_FIELDS]
    return " ".join(f"{part:g}" for part in parts if part is not None) if any(parts) else None


_NUMBER = r"([-+]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?)"
_CALIB = re.compile(rf"^Calib\s+M\s*=\s*{_NUMBER}\s+A\s*=\s*{_NUMBER}\s+BE\s+ADD\s*$")


def casaxps_shift(comment: str) -> float | None:
    """Return the sum of CasaXPS's own shifts: reported, never applied to the axis."""
    found = [_CALIB.match(line.strip()) for line in comment.split("\n")]
    shifts = [float(match[2]) - float(match[1]) for match in found if match]
    return sum(shifts) if shifts else None


def _split_comment(comment: str) -> tuple[str, Values]:
    """Return the comment as its author wrote it, and what our writer added to it."""
    lines = comment.split("\n")
    if not lines[-1].startswith(METADATA_LINE):
        return comment, {}
    try:
        kept = json.loads(lines[-1].removeprefix(METADATA_LINE))
        own = {name: _typed(kept[name], KEPT_TYPES.get(name)) for name in _KEPT}
        own["intensity"] = _typed(kept.get("intensity", {}), KEPT_TYPES["intensity"])
        n_added = int(kept["lines_before"])
    except (ValueError, KeyError, TypeError, AttributeError):
        return comment, {}  # not ours after all, or edited: it stays a comment
    return "\n".join(lines[n_added:-1]), own


_KEPT = ("calibration", "meta", "extra")
_FLOAT, _OPTIONAL = (int, float), (int, float, type(None))
KEPT_TYPES: dict[str, dict[str, tuple[type, ...]]] = {
    "intensity": {"counted": (bool,)},
    "calibration": {
        "shift": _FLOAT,
        "reference": (str,),
        "assigned": _OPTIONAL,
        "measured": _OPTIONAL,
        "uncertainty": _OPTIONAL,
        "scale": _FLOAT,
        "bend": _FLOAT,
    },
    "meta": {
        "laser_nm": _OPTIONAL,
        "etch_time_s": _OPTIONAL,
        "date": (str,),
        "instrument": (str,),
    },
}


def _typed(values: Values, types: dict[str, tuple[type, ...]] | None) -> Values:
    """Return `values` if every one is known and of its type.

    Raises
    ------
    TypeError
        If one is not.
    """
    for name, value in values.items():
        if types is not None and not isinstance(value, types.get(name, ())):
            raise TypeError(name)
    return dict(values)


# --------------------------------------------------------------------------------------
# files


def read(path: Path) -> list[Spectrum]:
    """Return the spectra of a VAMAS file, in the order of its blocks.

    Parameters
    ----------
    path : Path
        Any file; its name does not matter.

    Returns
    -------
    spectra : list of Spectrum
        Axis as recorded (kinetic energies stay kinetic); `y` in counts/s wherever
        the file says what dwell and number of scans were, raw counts beside it.

    Raises
    ------
    PartialRead
        If some blocks cannot be read; its `spectra` holds the complete ones and its
        `problems` says what is wrong with each of the others.
    ReadError
        If the file is not VAMAS.

    Notes
    -----
    CasaXPS energy calibrations in a block comment are not applied; their sum is in
    ``meta.extra["casaxps_calibration_ev"]``.

    References
    ----------
    .. [1] ISO 14976:1998.
    """
    spectra, problems = read_blocks(path)
    if problems:
        raise PartialRead.of(problems, spectra)
    return spectra


def read_blocks(path: Path) -> tuple[list[Spectrum], list[ReadError]]:
    """Return the complete blocks as spectra, and a problem for every other one.

    Raises
    ------
    ReadError
        If the header cannot be read or the file is not VAMAS.
    """
    path = Path(path)
    data = _read_bytes(path)
    source = Source(str(path), FORMAT, 0, hashlib.sha256(data).hexdigest())
    lines = Lines(data, path.name)
    del data
    spectra: list[Spectrum] = []
    problems: list[ReadError] = []
    index = 0
    for header, block in _experiments(lines):
        if isinstance(block, ReadError):
            problems.append(block)
            continue
        try:
            spectra.append(_block_spectrum(block, header, replace(source, index=index)))
        except SpectraError as error:
            where = f"{path.name}, {block.place}"
            problems.append(ReadError(error.message, hint=error.hint, where=where))
        index += 1
    return spectra, problems


def _experiments(lines: Lines) -> Iterator[tuple[Header, VamasBlock | ReadError]]:
    """Yield every block in the file, or what is wrong with it, and its header.

    Raises
    ------
    ReadError
        If the first header cannot be read.
    """
    header = read_header(lines)
    while True:
        for block in read_all_blocks(lines, header):
            yield header, block
        while lines.skip_to_experiment():
            try:
                header = read_header(lines)
                break
            except ReadError as error:
                yield header, error
        else:
            return


def _read_bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ReadError(f"cannot be read ({error.strerror}).", where=str(path)) from error
