"""SPECS Prodigy .sle: an SQLite database of a schedule in XML and of count rates in blobs.

``Configuration`` holds the layout's version and the schedule: measurements (XPS, UPS), in them
groups, in them spectra with their settings. ``NodeMapping`` leads from an ``ID`` of the schedule
to a ``Node``, under which ``Spectrum`` keeps the channels and samples, ``NodeData`` the settings
as measured and, for a group, the shifts of the detectors, and ``RawData`` its scans. The numbers
of a scan stand in ``CountRateData``, in one piece or several, packed or not: all channels one
after the other at every step. They are counts per second; where they are whole, and are no
multiples of a count in the dwell time, they are counts, and that is noted. After the layout that
public readers of these files describe; no file of an instrument was at hand.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import groupby
from math import isfinite
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import ReadError, SpectraError
from ..spectrum import Array, Axis, Meta, Spectrum
from .assemble import Columns, assemble, noted, sorted_out
from .detector_channels import summed_channels
from .options import ReadOptions
from .sqlite_file import SIGNATURE, Database, Row, database
from .xml_tree import Element, element_of

FORMAT = "SPECS sle"
_EXPORT = "In SpecsLab Prodigy: mark the regions, then Export > VAMAS or XY."
_KNOWN = range(1, 5)
"""First numbers of the layout's version that public readers describe."""
_NEEDED = {
    "configuration": ("key", "value"),
    "spectrum": ("node", "energychns"),
    "rawdata": ("rawid", "node"),
    "countratedata": ("rawid", "data"),
}
_SCANNED = ("FixedAnalyzerTransmission", "FixedRetardingRatio")
"""Modes of steps of energy, one channel or several; their elements end in ``Settings``."""
_ALIGNED = ("FixedEnergies",)
_MOST_POINTS = 10**7
_MOST_NUMBERS = 5 * 10**7
_METHOD = re.compile(r"[A-Z]{3,8}|ElectronSpectroscopy")
"""Elements of the schedule that are named after a method: XPS, UPS, ISS, NAPXPS."""


@dataclass(frozen=True, eq=False)
class Entry:
    """A spectrum of the schedule, with what stands above it.

    Attributes
    ----------
    method, group, name : str
    group_id, id : str
        Of the group and the spectrum in the schedule.
    mode : str
        How it was scanned.
    settings : dict of str to str
        As planned and, where the file has them, as measured.
    comment : str
    devices : dict of str to dict of str to str
        Parameters of each device, by its name.
    """

    method: str
    group: str
    name: str
    group_id: str
    id: str
    mode: str
    settings: dict[str, str]
    comment: str
    devices: dict[str, dict[str, str]]

    def number(self, *names: str) -> float | None:
        """Return the first of some settings that is a number."""
        for name in names:
            try:
                value = float(self.settings.get(name, ""))
            except ValueError:
                continue
            if isfinite(value):
                return value
        return None


def matches(head: bytes, path: Path) -> bool:
    """Return whether an SQLite database holds the schedule of a SpecsLab."""
    if not head.startswith(SIGNATURE):
        return False
    try:
        with database(path, FORMAT) as data:
            return "SpecsLabSchedule" in _configured(data, "Schedule")
    except (ReadError, OSError):
        return b"CountRateData" in head and b"NodeMapping" in head


def read(path: Path, options: ReadOptions) -> list[Spectrum]:
    """Return one spectrum for each region and repetition, its scans averaged.

    Raises
    ------
    ReadError
        If the layout is not a known one, or nothing in the file is whole.
    PartialRead
        If some regions cannot be read; it carries the others.
    """
    with database(path, FORMAT) as data:
        return sorted_out(_spectra(data, path, options))


def _configured(data: Database, key: str) -> str:
    row = next(data.rows("configuration", "key", key), {})
    return str(row.get("value") or "")


def _check_layout(data: Database) -> str:
    """Return the version of the layout, if it is known."""
    version = _configured(data, "Version")
    first = re.match(r"\d{1,4}", version)
    if first is None or int(first[0]) not in _KNOWN:
        raise ReadError(
            f"its layout has the version {version or 'none'!r}; known are {_KNOWN[0]} to"
            f" {_KNOWN[-1]}.",
            hint=_EXPORT,
        )
    for table, columns in _NEEDED.items():
        missing = [c for c in columns if c not in data.tables.get(table, ())]
        if missing:
            raise ReadError(
                f"its table {table} has no {' and no '.join(missing)}: the layout is not known.",
                hint=_EXPORT,
            )
    return version


def _spectra(data: Database, path: Path, options: ReadOptions) -> Iterator[Spectrum | ReadError]:
    version = _check_layout(data)
    program = f"SpecsLab Prodigy {_configured(data, 'AppVersion')}".strip()
    entries = list(_entries(element_of(_configured(data, "Schedule")), "", {}))
    names = [entry.name for entry in entries if entry.mode in _ALIGNED]
    skipped = f"left out, as they stand at fixed energies: {', '.join(names)}" if names else ""
    for entry in entries:
        if entry.mode in _ALIGNED:
            continue
        try:
            found = list(_of_entry(data, _as_measured(data, entry), path, options))
        except SpectraError as error:
            where = " / ".join(part for part in (entry.group, entry.name) if part)
            yield ReadError(error.message, hint=error.hint, where=where)
            continue
        for spectrum in found:
            extra = {"program": program, "layout": version} | dict(spectrum.meta.extra)
            meta = noted(replace(spectrum.meta, extra=extra), regions_note=skipped)
            yield replace(spectrum, meta=meta)
    if len(names) == len(entries):
        raise ReadError(f"no region was scanned in energy. {skipped}".strip(), hint=_EXPORT)


# ---------------------------------------------------------------------------------
# the schedule


def _entries(element: Element, method: str, devices: dict[str, dict[str, str]]) -> Iterator[Entry]:
    """Yield the spectra below an element of the schedule, whatever loops stand between."""
    method = element.tag if _METHOD.fullmatch(element.tag) else method
    commands = element.findall("DeviceCommand")
    devices = devices | {c.get("UniqueDeviceName", ""): _parameters(c) for c in commands}
    if element.tag == "SpectrumGroup":
        common = element.find("CommonSpectrumSettings")
        for spectrum in element.iter("Spectrum"):
            yield _entry(method, element, common, spectrum, devices)
        return
    for child in element:
        yield from _entries(child, method, devices)


def _entry(
    method: str,
    group: Element,
    common: Element | None,
    spectrum: Element,
    devices: dict[str, dict[str, str]],
) -> Entry:
    settings: dict[str, str] = {}
    scan_mode = ""
    for child in common if common is not None else ():
        settings |= {f"{child.tag} {key}": value for key, value in child.attrib.items()}
        scan_mode = child.get("Name", "") if child.tag == "ScanMode" else scan_mode
    own = [child for child in spectrum if child.tag.endswith("Settings")]
    for child in own:
        settings |= child.attrib
    mode = own[0].tag.removesuffix("Settings") if own else scan_mode
    return Entry(
        method,
        re.sub(r",?\s*#.*", "", group.get("Name", "")),
        spectrum.get("Name", ""),
        group.get("ID", ""),
        spectrum.get("ID", ""),
        mode,
        settings,
        (spectrum.findtext("Comment") or "").strip(),
        {name: values for name, values in devices.items() if values},
    )


def _parameters(command: Element) -> dict[str, str]:
    found = {p.get("name", ""): (p.text or "").strip() for p in command.iter("Parameter")}
    return {name: text for name, text in found.items() if text}


def _node(data: Database, identifier: str) -> object:
    """Return the node of an ``ID`` of the schedule; they are the same where nothing maps them."""
    number: object = int(identifier) if re.fullmatch(r"\d{1,18}", identifier) else identifier
    for value in (number, identifier):
        for row in data.rows("nodemapping", "internalid", value):
            return row.get("node")
    return number


def _node_data(data: Database, node: object) -> Element | None:
    row = next(data.rows("nodedata", "node", node), None)
    text = row.get("data") if row else None
    if isinstance(text, bytes):
        text = text.decode("utf-8", "replace")
    return element_of(text) if isinstance(text, str) and text.strip() else None


def _as_measured(data: Database, entry: Entry) -> Entry:
    """Return an entry with the settings of the measurement in place of those of the plan."""
    element = _node_data(data, _node(data, entry.id))
    found = None if element is None else next(element.iter("AnalyzerSpectrumParameters"), None)
    return entry if found is None else replace(entry, settings=entry.settings | found.attrib)


# ---------------------------------------------------------------------------------
# the numbers


def _of_entry(data: Database, entry: Entry, path: Path, options: ReadOptions) -> Iterator[Spectrum]:
    if entry.mode not in _SCANNED:
        raise ReadError(
            f"was measured in the mode {entry.mode or 'unknown'}, which is not one of steps of"
            " energy.",
            hint=_EXPORT,
        )
    node = _node(data, entry.id)
    row = next(data.rows("spectrum", "node", node), None)
    scans = list(data.rows("rawdata", "node", node))
    if row is None or not scans:
        raise ReadError("was planned, but nothing of it was measured.")
    if (others := _count(row, "nonenergychns")) > 1:
        raise ReadError(
            f"holds images of {others} channels beside the energy, not spectra.", hint=_EXPORT
        )
    photon = entry.number("ExcitationEnergy", "Eexc", "DeviceExcitationEnergy")
    scale = _energies(entry, row, photon)
    shifts = _shifts(data, entry, _count(row, "energychns"))
    meta = _meta(data, entry, path, photon)
    repeats = [list(rows) for _, rows in groupby(scans, key=_repetition)]
    for number, rows in enumerate(repeats):
        extra = dict(meta.extra) | ({"repetition": number + 1} if len(repeats) > 1 else {})
        curves = _curves(data, row, rows, shifts, scale)
        own = _with_scans(replace(meta, extra=extra), entry, rows, len(curves))
        own, unit = _unit(curves, own)
        columns = Columns(
            scale.x,
            np.asarray(np.sum(curves, axis=0) if unit == "counts" else np.mean(curves, axis=0)),
            unit,
            transmission=_transmission(data, row, node, scale.x.size),
        )
        yield assemble(columns, scale.axis, own, replace(options, axis=None, y_unit=None))


@dataclass(frozen=True, eq=False)
class Scale:
    """The energies of a region, in the order in which they were measured.

    Attributes
    ----------
    x : ndarray, shape (N,)
    axis : Axis
    step : float
        Positive, in eV.
    """

    x: Array
    axis: Axis
    step: float


def _count(row: Row, name: str) -> int:
    value = row.get(name)
    return value if isinstance(value, int) and value > 0 else 1


def _energies(entry: Entry, row: Row, photon: float | None) -> Scale:
    """Return the energies as measured: the kinetic ones, less than the photons', if there are."""
    points = entry.number("ValuesPerCurve", "NumValues")
    kinetic, binding = entry.number("KineticEnergy", "Ekin"), entry.number("Ebin")
    first = binding if kinetic is None else kinetic
    step, end = entry.number("ScanDelta"), entry.number("End")
    if step is None and isinstance(given := row.get("step"), float):
        step = given
    if step is None and first is not None and end is not None and points and points > 1:
        step = abs(end - first) / (points - 1)
    if points is None or first is None or step is None:
        raise ReadError("does not say its first energy, step and number of points.", hint=_EXPORT)
    if not 2 <= points <= _MOST_POINTS or not step > 0:
        raise ReadError(f"has {points:g} points of {step:g} eV.", hint=_EXPORT)
    steps = step * np.arange(int(points))
    if kinetic is None:
        return Scale(np.round(first - steps, 9), Axis.BINDING_ENERGY, step)
    if not photon or photon < 0:
        return Scale(np.round(first + steps, 9), Axis.KINETIC_ENERGY, step)
    if binding is not None and abs(photon - kinetic - binding) > step:
        raise ReadError(
            f"begins at a kinetic energy of {kinetic:g} eV and at a binding energy of"
            f" {binding:g} eV, which are not {photon:g} eV together.",
            hint=_EXPORT,
        )
    return Scale(np.round(photon - first - steps, 9), Axis.BINDING_ENERGY, step)


def _curves(data: Database, row: Row, rows: list[Row], shifts: list[float], scale: Scale) -> Array:
    """Return the scans that are whole, all channels together, (scans, points)."""
    points, announced = scale.x.size, row.get("samples")
    found = []
    problem = ReadError("holds no scan.")
    for scan in rows:
        table = _table(data, scan["rawid"], len(shifts))
        if len(table) < points or announced not in (None, len(table)):
            problem = ReadError(
                f"holds {len(table)} steps in a scan where {announced or points} belong.",
                hint="It was stopped before its first scan ended, or is cut off.",
            )
            continue
        head = _head(row, len(table), points)
        found.append(summed_channels(table, shifts, scale.step, head, points))
    if not found:
        raise problem
    return np.array(found)


def _shifts(data: Database, entry: Entry, channels: int) -> list[float]:
    """Return the shift of each channel in eV."""
    if channels == 1:
        return [0.0]
    element = _node_data(data, _node(data, entry.group_id))
    detectors = [] if element is None else list(element.iter("Detector"))
    pass_energy = entry.number("PassEnergy", "Epass")
    if len(detectors) != channels or pass_energy is None or entry.mode == "FixedRetardingRatio":
        raise ReadError(
            f"has {channels} channels, but shifts of {len(detectors)}"
            f"{'' if pass_energy is None else f' at the pass energy {pass_energy:g} eV'} in the"
            f" mode {entry.mode}: it is not known which energies they see.",
            hint=_EXPORT,
        )
    try:
        return [float(detector.get("Shift", "")) * pass_energy for detector in detectors]
    except ValueError as error:
        raise ReadError(f"the shift of a detector is no number ({error}).", hint=_EXPORT) from error


def _table(data: Database, raw_id: object, channels: int) -> Array:
    """Return the numbers of a scan, (steps, channels)."""
    pieces = sorted(data.rows("countratedata", "rawid", raw_id), key=_offset)
    values = [_unpacked(piece) for piece in pieces]
    numbers = np.concatenate(values) if values else np.zeros(0)
    if not numbers.size or numbers.size % channels:
        raise ReadError(
            f"holds {numbers.size} numbers in a scan, which are no steps of {channels} channels.",
            hint="It is cut off, or was stopped before its first scan ended.",
        )
    return numbers.reshape(-1, channels)


def _offset(piece: Row) -> int:
    offset = piece.get("offset")
    return offset if isinstance(offset, int) else 0


def _unpacked(piece: Row) -> Array:
    raw, count = piece.get("data"), piece.get("chunksize")
    if not isinstance(raw, bytes):
        raise ReadError("the numbers of a scan are missing.", hint=_EXPORT)
    sizes = (8, 4)
    if not isinstance(count, int) or not 0 < count <= _MOST_NUMBERS:
        raise ReadError(f"a piece of a scan announces {count!r} numbers.", hint=_EXPORT)
    if len(raw) not in {size * count for size in sizes}:
        try:
            raw = zlib.decompressobj().decompress(raw, sizes[0] * count + 1)
        except zlib.error as error:
            raise ReadError(
                f"a piece of a scan holds {len(raw)} bytes for {count} numbers.", hint=_EXPORT
            ) from error
    size = next((size for size in sizes if len(raw) == size * count), 0)
    if not size:
        raise ReadError(
            f"a piece of a scan holds {len(raw)} bytes for {count} numbers, which are neither of"
            " four nor of eight bytes.",
            hint=_EXPORT,
        )
    return np.frombuffer(raw, f"<f{size}").astype(float)


def _head(row: Row, steps: int, points: int) -> int:
    """Return how many steps stand before a region's own."""
    more = steps - points
    if not more:
        return 0
    head = next((value for key, value in row.items() if "head" in key), None)
    ends = list(row.values())[4:6]  # of version 1.11, whose public description gives no names
    if head is None and len(ends) == 2 and ends[1] == more - _whole(ends[0]):
        head = ends[0]
    if not 0 <= _whole(head) <= more:
        raise ReadError(
            f"a scan has {steps} steps for {points} points, and the file does not say where the"
            " region begins.",
            hint=_EXPORT,
        )
    return _whole(head)


def _whole(value: object) -> int:
    """Return a whole number; -1 for anything else."""
    return value if isinstance(value, int) else -1


_REPEATED = re.compile(r"(Loop|Ramping Iteration)[^=;,]*=\s*(\d+)")
_SCAN = re.compile(r"Scan[^=;,]*=\s*(\d+)")


def _repetition(scan: Row) -> tuple[str, ...]:
    """Return which loops of the schedule a scan belongs to."""
    return tuple(number for _, number in _REPEATED.findall(str(scan.get("trace") or "")))


def _with_scans(meta: Meta, entry: Entry, rows: list[Row], whole: int) -> Meta:
    """Return metadata with date and number of scans."""
    planned, scans = entry.number("NumScans"), whole
    if len(rows) == 1 and planned and not _SCAN.search(str(rows[0].get("trace") or "")):
        scans = int(planned)  # one curve, the mean of all of them
    meta = replace(meta, scans=float(scans), date=_date(rows[0].get("scandate")))
    fewer = f"{scans} of {planned:g} scans planned are in the file, whole" if planned else ""
    return noted(meta, planned_note=fewer if planned and scans < planned else "")


def _date(value: object) -> str:
    text = str(value or "")
    for layout in ("%Y-%b-%d %H:%M:%S.%f", "%Y-%b-%d %H:%M:%S"):
        try:
            return datetime.strptime(text, layout).isoformat()
        except ValueError:
            continue
    return text


_COUNTS = "the numbers are whole and no multiples of one count in {:g} s: taken as counts"


def _unit(curves: Array, meta: Meta) -> tuple[Meta, str]:
    """Return the metadata, and whether curves are rates or counts."""
    if meta.dwell_s is None or meta.scans is None or not np.any(curves):
        return meta, "counts/s"
    electrons = curves * meta.dwell_s * meta.scans / len(curves)
    counted = np.all(np.abs(electrons - np.round(electrons)) < 1e-3)
    whole = np.all(np.abs(curves - np.round(curves)) < 1e-6)
    if whole and (not counted or meta.dwell_s > 1):
        return noted(meta, counts_note=_COUNTS.format(meta.dwell_s)), "counts"
    return meta, "counts/s"


def _transmission(data: Database, row: Row, node: object, points: int) -> Array | None:
    """Return the transmission where there is a number for every point."""
    stored = next(data.rows("transmissiondata", "node", node), {})
    for raw in (stored.get("data"), row.get("transmissiondata")):
        for size in (8, 4):
            if isinstance(raw, bytes) and len(raw) == size * points:
                values = np.frombuffer(raw, f"<f{size}").astype(float)
                if np.isfinite(values).all() and (values > 0).all():
                    return values
    return None


def _meta(data: Database, entry: Entry, path: Path, photon: float | None) -> Meta:
    tree: dict[str, Any] = {"settings": entry.settings}
    if entry.devices:
        tree["devices"] = entry.devices
    protocol = next(data.rows("deviceprotocol", "node", _node(data, entry.group_id)), {})
    if isinstance(text := protocol.get("protocol"), str) and text.strip():
        tree["protocol"] = {
            command.get("UniqueDeviceName", ""): _parameters(command)
            for command in element_of(text).iter("Command")
        }
    return Meta(
        sample=entry.group or path.stem,
        region=entry.name,
        technique=entry.method,
        excitation_energy_ev=_positive(photon),
        pass_energy_ev=_positive(entry.number("PassEnergy", "Epass")),
        work_function_ev=_positive(entry.number("Workfunction")),
        dwell_s=_positive(entry.number("DwellTime")),
        instrument=_analyser(entry.devices),
        comment=entry.comment,
        extra={"analyser_mode": entry.mode, "metadata": tree},
    )


def _positive(value: float | None) -> float | None:
    return value if value is not None and value > 0 else None


def _analyser(devices: Mapping[str, Any]) -> str:
    return next((name for name in devices if "phoibos" in name.casefold()), "")
