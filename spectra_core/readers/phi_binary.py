"""PHI .spe and .pro: a header of ``Key: value`` lines, then the numbers in binary.

Both generations are read: AugerScan and Compass (``chn`` or ``pnt``, eight-byte numbers,
line feeds) and SmartSoft (``pnt``, four-byte numbers, carriage returns). After the line
``EOFH`` stand four words (version, number of traces, bytes of the trace table, bytes of
these words) and 24 words for each trace: at 3 its number, at 5 to 7 the lengths of its
axes, at 8, 10 and 12 their names (``pnt`` points, ``cyc`` cycles of a profile, ``sar``
areas, ``reg`` regions), at 14 the unit, at 18 the type, at 19 and 20 length and place of
its numbers. A profile ends with traces over cycles and regions; the one in seconds holds
the sputter time of each.

The rates of all scans together are stored, and the seconds of all scans in the region's
definition. PHI's own VAMAS files write those seconds as the dwell time of one scan; so
does this reader. The transmission is that of the two coefficients in the header,
``pass energy * (a^2 / (a^2 + R^2))^b`` with R the kinetic energy over the pass energy,
to the last digit what those VAMAS files hold.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from math import isfinite
from pathlib import Path

import numpy as np

from ..core_levels import level_in
from ..errors import ReadError
from ..spectrum import Array, Axis, Meta, Spectrum
from .assemble import Columns, assemble, kept, noted
from .options import ReadOptions

FORMAT = "PHI"
MARK, END = b"SOFH", b"EOFH"
WORDS = 24
TYPES = {b"f4": "f4", b"f8": "f8", b"u8": "f8"}
"""Type of the numbers by its word in the file; ``u8`` holds eight-byte floats too."""

POINTS = ("pnt", "chn")
_FIELDS_RIGHT_OF_NAME = 10


@dataclass(frozen=True)
class Region:
    """One ``SpectralRegDef`` line.

    Attributes
    ----------
    name : str
        As written, e.g. ``"In3d5"``.
    n_points : int
    step, start : float
        In eV, in the order of the file.
    time_s : float
        Seconds of each channel in all scans.
    pass_energy_ev : float
    """

    name: str
    n_points: int
    step: float
    start: float
    time_s: float
    pass_energy_ev: float


@dataclass(frozen=True, eq=False)
class Trace:
    """A block of numbers and what its axes are.

    Attributes
    ----------
    number : int
        The region's number, from 1.
    unit : str
    lengths : mapping of str to int
        Length of each axis by its name, the fastest first.
    values : ndarray
        The last axis is the fastest.
    """

    number: int
    unit: str
    lengths: Mapping[str, int]
    values: Array

    def over(self, *axes: str) -> Array:
        """Return the values with one axis for each name; an axis it lacks has length 1."""
        order = list(self.lengths)[::-1]
        moved = np.transpose(self.values, [order.index(a) for a in axes if a in order])
        return moved.reshape([self.lengths.get(a, 1) for a in axes])


def matches(head: bytes, path: Path) -> bool:
    """Return whether the file begins as PHI's do."""
    return head.startswith(MARK)


def read(path: Path, options: ReadOptions) -> list[Spectrum]:
    """Return one spectrum per region, area and level of the profile.

    Levels of one region follow each other, in the order of PHI's own VAMAS export.

    Raises
    ------
    ReadError
        If the header is cut off or has no region, or no trace can be read.
    PartialRead
        If some traces are cut off; it carries the spectra of the others.
    """
    data = path.read_bytes()
    header, body = _split(data)
    keys = _keys(header)
    regions = _regions(keys)
    spectra: list[Spectrum] = []
    problems: list[ReadError] = []
    traces: list[Trace] = []
    for found in _traces(body):
        if isinstance(found, ReadError):
            problems.append(found)
        else:
            traces.append(found)
    times = next((t for t in traces if t.unit == "s" and not _has_points(t)), None)
    for trace in traces:
        if _has_points(trace):
            try:
                spectra += _spectra(trace, times, regions, keys, path, options)
            except ReadError as error:
                problems.append(error)
    if not spectra and not problems:
        raise ReadError("the file announces no spectra.", hint="It seems cut off: copy it again.")
    return kept(spectra, problems)


def _split(data: bytes) -> tuple[str, bytes]:
    """Return the header's text, and what follows its last line."""
    end = re.search(rb"(?:\r\n|\n|\r)EOFH[ \t]*(?:\r\n|\n|\r)", data)
    if end is None:
        raise ReadError(
            "the header of the PHI file has no end (EOFH): the file is cut off.",
            hint="Copy it again from the instrument's computer.",
        )
    text = data[: end.start()].decode("latin-1")
    return text.replace("\r\n", "\n").replace("\r", "\n"), data[end.end() :]


def _keys(header: str) -> dict[str, list[str]]:
    """Return the values of every key, in their order."""
    keys: dict[str, list[str]] = {}
    for line in header.split("\n"):
        key, colon, value = line.partition(":")
        if colon:
            keys.setdefault(key.strip(), []).append(value.strip())
    return keys


def _first(keys: Mapping[str, list[str]], *names: str) -> str:
    return next((v[0] for v in (keys.get(n) for n in names) if v and v[0]), "")


def _number(text: str) -> float | None:
    """Return the first number of a text such as ``"4.399 eV"``; None if there is none."""
    found = re.search(r"[-+]?\d+(?:[.,]\d*)?(?:[eE][-+]?\d+)?", text)
    return float(found[0].replace(",", ".")) if found else None


def _regions(keys: Mapping[str, list[str]]) -> dict[int, Region]:
    lines = keys.get("SpectralRegDef", [])
    if not lines:
        raise ReadError(
            "the header of the PHI file defines no spectral region (SpectralRegDef).",
            hint="An image or a settings file has none; open the .spe or .pro file.",
        )
    return dict(map(_region, lines))


def _region(line: str) -> tuple[int, Region]:
    words = line.split()
    right = words[-_FIELDS_RIGHT_OF_NAME:]
    try:
        number, points = int(words[0]), int(right[1])
        step, start = float(right[2].replace(",", ".")), float(right[3].replace(",", "."))
        time_s, pass_energy = (float(word.replace(",", ".")) for word in right[7:9])
    except (IndexError, ValueError) as error:
        raise ReadError(
            f"cannot be read as the definition of a spectral region: {line!r}.",
            where="SpectralRegDef",
        ) from error
    name = " ".join(words[2:-_FIELDS_RIGHT_OF_NAME])
    if not (step and isfinite(step) and isfinite(start)):
        raise ReadError(f"has the step {step:g} eV from {start:g} eV.", where=f"region {name}")
    return number, Region(name, points, step, start, time_s, pass_energy)


# ---------------------------------------------------------------------------------
# The binary part


def _traces(body: bytes) -> Iterator[Trace | ReadError]:
    order, count, begin = _table(body)
    for k in range(count):
        raw = body[begin + 4 * WORDS * k :][: 4 * WORDS]
        try:
            yield _trace(raw, order, body)
        except ReadError as error:
            yield error


def _table(body: bytes) -> tuple[str, int, int]:
    """Return the byte order, the number of traces, and where their table begins."""
    for order in "<>":
        words = np.frombuffer(body[:16], f"{order}u4") if len(body) >= 16 else np.zeros(4, int)
        count, table, begin = (int(word) for word in words[1:4])
        if count > 0 and table == 4 * WORDS * count and 16 <= begin <= len(body) - table:
            return order, count, begin
    raise ReadError(
        "what follows the header of the PHI file is not its table of traces: the file is"
        " damaged or cut off.",
        hint="Copy it again in binary mode.",
    )


def _trace(raw: bytes, order: str, body: bytes) -> Trace:
    words = np.frombuffer(raw, f"{order}u4").astype(int)
    number = int(words[3]) or int(words[0])
    where = f"trace {number}"
    kind = raw[72:74]
    if kind not in TYPES:
        raise ReadError(f"has numbers of the unknown type {kind!r}.", where=where)
    axes = (raw[4 * k : 4 * k + 4].split(b"\0")[0].decode("latin-1") for k in (8, 10, 12))
    lengths = {
        name or f"axis {k}": max(int(words[5 + k]), 1)
        for k, name in enumerate(axes)
        if name or words[5 + k] > 1
    }
    size, place = int(words[19]), int(words[20])
    expected = int(np.prod(list(lengths.values()))) * int(TYPES[kind][1])
    if size != expected:
        raise ReadError(
            f"has {size} bytes of numbers but its axes ask for {expected}.", where=where
        )
    if place + size > len(body):
        raise ReadError(
            f"is cut off: {max(len(body) - place, 0)} of its {size} bytes are there.",
            hint="Copy the file again.",
            where=where,
        )
    with np.errstate(invalid="ignore"):  # damaged numbers are refused where they are used
        values = np.frombuffer(body[place : place + size], order + TYPES[kind]).astype(float)
    unit = raw[56:64].split(b"\0")[0].decode("latin-1")
    return Trace(number, unit, lengths, values.reshape(list(reversed(lengths.values()))))


def _has_points(trace: Trace) -> bool:
    return any(name in trace.lengths for name in POINTS)


# ---------------------------------------------------------------------------------
# From traces to spectra


def _spectra(
    trace: Trace,
    times: Trace | None,
    regions: Mapping[int, Region],
    keys: Mapping[str, list[str]],
    path: Path,
    options: ReadOptions,
) -> Iterator[Spectrum]:
    region = regions.get(trace.number)
    if region is None:
        raise ReadError(
            f"belongs to region {trace.number}, which the header does not define.",
            where=f"trace {trace.number}",
        )
    points = next(name for name in POINTS if name in trace.lengths)
    _check(trace, region, points)
    values = trace.over("cyc", "sar", points)
    levels = None if times is None else times.over("cyc", "reg")[:, trace.number - 1]
    axis, x = _abscissa(region, keys)
    transmission = _transmission(region, axis, x, keys)
    rate = trace.unit.startswith("c/s")
    columns = Columns(x, x, "counts/s" if rate else "counts", transmission=transmission)
    for cycle, areas in enumerate(values):
        for area, y in enumerate(areas):
            meta = _meta(region, keys, path, area, len(areas))
            if len(values) > 1 or levels is not None:
                meta = _at_level(meta, cycle, levels)
            answers = replace(options, axis=None, y_unit=None)
            yield assemble(replace(columns, y=y), axis, meta, answers)


def _check(trace: Trace, region: Region, points: str) -> None:
    count = trace.lengths[points]
    if count != region.n_points:
        raise ReadError(
            f"has {count} points but the header announces {region.n_points}.",
            where=f"region {region.name}",
        )
    others = set(trace.lengths) - {points, "cyc", "sar"}
    if others:
        raise ReadError(
            f"has an axis {', '.join(sorted(others))}, as maps and line scans have.",
            hint="In MultiPak: export its spectra as VAMAS.",
            where=f"region {region.name}",
        )
    if not np.isfinite(trace.values).all():
        raise ReadError("holds values that are not numbers.", where=f"region {region.name}")


def _abscissa(region: Region, keys: Mapping[str, list[str]]) -> tuple[Axis, Array]:
    x = region.start + region.step * np.arange(region.n_points, dtype=float)
    x = np.asarray(x, dtype=float)
    auger = _first(keys, "Technique").upper().startswith("AES")
    return Axis.KINETIC_ENERGY if auger else Axis.BINDING_ENERGY, x


def _transmission(
    region: Region, axis: Axis, x: Array, keys: Mapping[str, list[str]]
) -> Array | None:
    """Return the analyser's transmission; None where unknown or already divided by."""
    words = _first(keys, "IntensityCalCoeff").split()
    photon = _photon_energy(keys)
    if axis is not Axis.BINDING_ENERGY or photon is None or len(words) < 2:
        return None
    a, b = (_number(word) for word in words[:2])
    corrected = _first(keys, "IntensityRecal").lower().startswith("y")
    if corrected or not a or b is None or not region.pass_energy_ev > 0:
        return None
    retarding = (photon - x) / region.pass_energy_ev
    return np.asarray(region.pass_energy_ev * (a**2 / (a**2 + retarding**2)) ** b)


def _photon_energy(keys: Mapping[str, list[str]]) -> float | None:
    """Return 1486.6 of ``"Al 1486.6 mono"``."""
    return _number(re.sub(r"^\s*[A-Za-z]+\d*\s+", "", _first(keys, "XraySource")))


def _meta(
    region: Region, keys: Mapping[str, list[str]], path: Path, area: int, n_areas: int
) -> Meta:
    name, element, transition = _names(region.name)
    when, odd_date = _date(_first(keys, "AcqFileDate", "FileDate"))
    meta = Meta(
        sample=_sample(keys, path, area, n_areas),
        region=name,
        technique=_first(keys, "Technique") or "XPS",
        species=element,
        transition=transition,
        excitation_energy_ev=_photon_energy(keys),
        pass_energy_ev=region.pass_energy_ev,
        work_function_ev=_number(_first(keys, "AnalyserWorkFcn")),
        dwell_s=region.time_s if region.time_s > 0 else None,
        scans=1.0 if region.time_s > 0 else None,
        instrument=_first(keys, "InstrumentModel"),
        date=when,
        extra={"phi_region": region.name},
    )
    notes = {
        "institution": _first(keys, "Institution"),
        "operator": _first(keys, "Operator"),
        "software": _first(keys, "SoftwareVersion"),
        "xray_power": _first(keys, "XrayPower"),
        "sputter_ion": _first(keys, "SputterIon"),
        "sputter_setting": _first(keys, "DepthCalDef"),
        "sputter_mode": _first(keys, "SputterMode"),
        "date_as_written": odd_date,
        "transmission_note": _recalibrated(keys),
    }
    return noted(meta, **notes)


def _recalibrated(keys: Mapping[str, list[str]]) -> str:
    if not _first(keys, "IntensityRecal").lower().startswith("y"):
        return ""
    return "the file says that its intensities are divided by the transmission already"


def _names(written: str) -> tuple[str, str, str]:
    """Return region, species and transition of ``"In3d5"``: In 3d5, In, 3d5."""
    found = re.fullmatch(r"([A-Z][a-z]?)\s*(\d[spdf]\S*)(.*)", written)
    if found and level_in(written):
        return f"{found[1]} {found[2]}{found[3]}", found[1], found[2]
    if re.fullmatch(r"(?i)su(r|1s)?\d*|\d*su(r|1s)?", written):
        return "survey", "", ""
    return written, "", ""


def _sample(keys: Mapping[str, list[str]], path: Path, area: int, n_areas: int) -> str:
    """Return ``FileDesc``, with the area's own words where there are several areas."""
    described = re.sub(r"^\(\d+,\s*(.*)\)$", r"\1", _first(keys, "FileDesc")) or path.stem
    if n_areas == 1:
        return described
    words = keys.get("SpatialAreaDesc", [])
    own = words[area].partition(" ")[2].strip() if area < len(words) else ""
    return f"{described} {own or f'area {area + 1}'}"


def _date(text: str) -> tuple[str, str]:
    """Return the ISO date of ``2021 12 6`` or ``24 01 26``, or the text if it is no date."""
    words = re.findall(r"\d+", text)
    if len(words) >= 3:
        year, month, day = (int(word) for word in words[:3])
        if len(words[0]) == 2:
            year += 2000 if year < 70 else 1900
        try:
            return date(year, month, day).isoformat(), ""
        except ValueError:
            return "", text
    return "", text


def _at_level(meta: Meta, cycle: int, levels: Array | None) -> Meta:
    extra = dict(meta.extra) | {"depth_cycle": cycle + 1}
    if levels is None:
        return replace(meta, extra=extra)
    seconds = float(levels[cycle]) + 0.0  # the first is stored as -0
    variables = dict(meta.variables) | {"Etch Time": (seconds, "s")}
    return replace(meta, extra=extra, etch_time_s=seconds, variables=variables)
