"""SPECS SpecsLab 2 .xml: groups of regions, with the raw counts of every detector channel.

The file is a serialised structure: groups hold regions, a region its settings, and cycles
of scans. A scan's counts are those of all detectors, one after the other at every step, with
`mcd_head` and `mcd_tail` steps more than the region has: detector k sees the energies
``shift_k * pass energy`` away, so its counts begin ``shift_k * pass energy / step`` steps
before the head's end. The channels are summed at the nearest step, as SpecsLab does; what is
summed are counts. Energies are the file's own: first kinetic energy and step.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from math import isfinite
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import ReadError, SpectraError
from ..spectrum import Array, Axis, Meta, Spectrum
from .assemble import Columns, assemble, noted, sorted_out
from .detector_channels import summed_channels
from .options import ReadOptions
from .xml_tree import Element, numbers, root_of

FORMAT = "SPECS xml"
_EXPORT = "In SpecsLab: mark the region, then Export > XY."
_MOST_POINTS = 10**7


@dataclass(frozen=True, eq=False)
class Region:
    """The settings of a region.

    Attributes
    ----------
    name, group, mode : str
    points : int
    step, first : float
        Of the kinetic energy, in eV.
    pass_energy : float
    head, tail : int
        Steps before and behind the region's own.
    shifts : list of float
        Of each detector, in units of the pass energy.
    settings : dict of str to str
    """

    name: str
    group: str
    mode: str
    points: int
    step: float
    first: float
    pass_energy: float
    head: int
    tail: int
    shifts: list[float]
    settings: dict[str, str]


def matches(head: bytes, path: Path) -> bool:
    """Return whether an XML file holds a serialised ``RegionGroupSeq``."""
    return head.lstrip()[:5] == b"<?xml" and b'type_name="RegionGroup' in head


def read(path: Path, options: ReadOptions) -> list[Spectrum]:
    """Return one spectrum for each region and cycle.

    Raises
    ------
    ReadError
        If the file is not well formed, or nothing in it is whole.
    PartialRead
        If some regions cannot be read; it carries the others.
    """
    return sorted_out(_spectra(root_of(path), path, options))


def _spectra(root: Element, path: Path, options: ReadOptions) -> Iterator[Spectrum | ReadError]:
    for group in _structs(root, "RegionGroup"):
        group_name = _text(group, "name")
        for data in _structs(group, "RegionData"):
            name = _text(data, "name")
            where = " / ".join(part for part in (group_name, name) if part)
            try:
                region = _region(data, group_name)
                for number, cycle in enumerate(_structs(data, "Cycle")):
                    yield _spectrum(data, region, (number, cycle), path, options)
                if not any(True for _ in _structs(data, "Cycle")):
                    raise ReadError("holds no cycle of scans.", hint=_EXPORT)
            except SpectraError as error:
                yield ReadError(error.message, hint=error.hint, where=where)


def _structs(element: Element, kind: str) -> Iterator[Element]:
    return (found for found in element.iter("struct") if found.get("type_name") == kind)


def _child(element: Element, name: str) -> Element | None:
    return next((child for child in element if child.get("name") == name), None)


def _text(element: Element | None, name: str) -> str:
    child = None if element is None else _child(element, name)
    return (child.text or "").strip() if child is not None else ""


def _number(element: Element | None, name: str) -> float:
    text = _text(element, name)
    try:
        value = float(text)
    except ValueError:
        value = float("nan")
    if not isfinite(value):
        raise ReadError(f"its {name} is {text!r}, no number.")
    return value


def _region(data: Element, group: str) -> Region:
    settings = _child(data, "region")
    if settings is None:
        raise ReadError("has no settings.", hint="It is cut off: export it again.")
    mode = _text(_child(settings, "scan_mode"), "name")
    shifts = [_number(detector, "shift") for detector in _structs(data, "Detector")]
    return Region(
        _text(data, "name"),
        group,
        mode,
        int(_number(settings, "values_per_curve")),
        _number(settings, "scan_delta"),
        _number(settings, "kinetic_energy"),
        _number(settings, "pass_energy"),
        int(_number(data, "mcd_head")),
        int(_number(data, "mcd_tail")),
        shifts or [0.0],
        {child.get("name", ""): (child.text or "").strip() for child in settings},
    )


def _spectrum(
    data: Element,
    region: Region,
    numbered: tuple[int, Element],
    path: Path,
    options: ReadOptions,
) -> Spectrum:
    number, cycle = numbered
    _check(region)
    scans = [_counts(scan, region) for scan in _structs(cycle, "ScanData")]
    if not scans:
        raise ReadError("holds no scan.", hint="The measurement was stopped before its first.")
    energies = region.first + region.step * np.arange(region.points)
    photon = float(region.settings.get("excitation_energy") or 0.0)
    meta = _meta(data, region, path, photon, len(scans))
    cycles = sum(1 for _ in _structs(data, "Cycle"))
    if cycles > 1:
        meta = replace(meta, extra=dict(meta.extra) | {"cycle": number + 1})
    seconds = _text(cycle, "time")
    if re.fullmatch(r"\d{1,11}", seconds):
        meta = replace(meta, date=datetime.fromtimestamp(int(seconds), UTC).isoformat())
    transmission = _child(data, "transmission")
    factors = None
    if transmission is not None:
        factors = numbers("".join(transmission.itertext()), "transmission")
    columns = Columns(
        np.asarray(np.round(photon - energies, 9) if photon > 0 else energies, dtype=float),
        np.sum(scans, axis=0),
        "counts",
        transmission=factors if factors is not None and factors.size == region.points else None,
    )
    axis = Axis.BINDING_ENERGY if photon > 0 else Axis.KINETIC_ENERGY
    return assemble(columns, axis, meta, replace(options, axis=None, y_unit=None))


def _check(region: Region) -> None:
    if region.mode not in ("FixedAnalyzerTransmission", "SnapshotFAT"):
        several = len(region.shifts) > 1
        if region.mode != "FixedRetardingRatio" or several:
            raise ReadError(
                f"was measured in the mode {region.mode or 'unknown'}"
                + (f" with {len(region.shifts)} channels" if several else "")
                + ", which is not one of steps of kinetic energy at one pass energy.",
                hint=_EXPORT,
            )
    if not 2 <= region.points <= _MOST_POINTS or not region.step > 0 or region.head < 0:
        raise ReadError(f"has {region.points} points of {region.step:g} eV.", hint=_EXPORT)


def _counts(scan: Element, region: Region) -> Array:
    """Return the counts of a scan, its channels summed."""
    counts = _child(scan, "counts")
    raw = numbers("".join(counts.itertext()) if counts is not None else "", "counts")
    steps, channels = region.head + region.points + region.tail, len(region.shifts)
    if raw.size != steps * channels:
        raise ReadError(
            f"holds {raw.size} counts in a scan, but {channels} channels of {steps} steps are"
            f" {steps * channels}.",
            hint="It is cut off, or a curve per scan of several; export it as XY.",
        )
    shifts = [shift * region.pass_energy for shift in region.shifts]
    table = raw.reshape(steps, channels)
    return summed_channels(table, shifts, region.step, region.head, region.points)


def _meta(data: Element, region: Region, path: Path, photon: float, scans: int) -> Meta:
    settings = region.settings
    planned = int(float(settings.get("num_scans") or 0))
    tree: dict[str, Any] = {"region": {k: v for k, v in settings.items() if k and v}}
    for part in ("analyzer_info", "source_info", "remote_info"):
        if name := _text(_child(data, part), "name"):
            tree[part] = name
    tree |= {"parameters": _parameters(data)}
    meta = Meta(
        sample=region.group or path.stem,
        region=region.name,
        technique=settings.get("analysis_method", ""),
        excitation_energy_ev=photon if photon > 0 else None,
        pass_energy_ev=region.pass_energy if region.pass_energy > 0 else None,
        work_function_ev=float(settings.get("effective_workfunction") or 0) or None,
        dwell_s=float(settings.get("dwell_time") or 0) or None,
        scans=float(scans),
        instrument=tree.get("analyzer_info", ""),
        extra={"analyser_mode": region.mode, "metadata": tree},
    )
    fewer = f"{scans} of {planned} scans planned are in the file" if scans < planned else ""
    return noted(meta, planned_note=fewer)


def _parameters(data: Element) -> dict[str, str]:
    """Return the region's own parameters: what and when the program wrote."""
    sequence = _child(data, "parameters")
    found = {}
    for parameter in _structs(sequence, "Parameter") if sequence is not None else ():
        value = _child(parameter, "value")
        text = "".join(value.itertext()).strip() if value is not None else ""
        if text and len(text) < 400:
            found[_text(parameter, "name")] = text
    return found
