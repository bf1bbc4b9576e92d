"""Thermo Avantage .vgd: one data space, i.e. a spectrum, profile or line of spectra.

An OLE compound document. ``VGData`` holds the counts of all scans as eight-byte floats, the
energy fastest; ``VGDataAxes`` the length of each of their axes; ``VGSpaceAxes`` what the axes
are (an axis of levels has a time and a number); a set of properties, by number, how it was
measured. Energies are kinetic and refer to the Fermi level: binding energy is photon energy
less kinetic energy, as the labels of the .xml beside the file show; the work function is a
record. Counts over dwell time and scans are the counts/s of Avantage's own axis.
"""

from __future__ import annotations

import mmap
import re
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, replace
from io import BytesIO
from math import isfinite, prod
from pathlib import Path, PureWindowsPath
from typing import Any

import numpy as np

from ..errors import ReadError
from ..spectrum import Array, Axis, Meta, Spectrum
from .assemble import Columns, assemble, noted, sorted_out
from .binary import AGAIN, Bytes, text
from .ole_properties import property_set
from .options import ReadOptions

FORMAT = "Avantage VGD"
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
STREAMS = ("VGData", "VGDataAxes", "VGSpaceAxes")
_PROPERTIES, _SUMMARY = "\x05Q5nw4m3lIjudbfwyAayojlptCa", "\x05SummaryInformation"
_MARK = "VGData".encode("utf-16-le") + bytes(4)
_MOST_AXES = 8

KINDS = {1: "energy", 2: "angle", 3: "X", 4: "Y", 5: "level", 6: "etch level", 10: "position"}
KINDS |= {7: "etch time"}
UNITS = {"energy": "eV", "angle": "degrees", "X": "um", "Y": "um", "etch time": "s"}

NAMES = {
    4: "technique",
    6: "instrument",
    16: "path on the instrument",
    17: "version",
    103: "source type",
    104: "monochromator",
    105: "photon energy eV",
    106: "source voltage V",
    107: "source current A",
    108: "source width um",
    109: "source length um",
    203: "stage X",
    204: "stage Y",
    205: "stage Z",
    206: "stage tilt",
    207: "stage azimuth",
    232: "point",
    303: "begun",
    304: "ended",
    305: "dwell s",
    311: "acquisition mode",
    312: "direction",
    316: "energy scale",
    328: "scans",
    403: "analyser mode",
    404: "pass energy eV",
    406: "work function eV",
    411: "lens mode",
    413: "transmission function",
    603: "flood gun current",
    604: "flood gun energy",
    605: "flood gun",
    703: "sputter current",
    704: "sputter energy",
    705: "sputter raster width",
    706: "sputter raster height",
    707: "sputter angle",
    708: "sputter ion",
    709: "sputter gun",
    711: "sputter rate",
    981: "energy calibration",
}
"""What properties are, by number."""
_TRANSMISSION = range(100000, 100016)


@dataclass(frozen=True, eq=False)
class SpaceAxis:
    """What an axis of the data is.

    Attributes
    ----------
    name, unit : str
    points : int
    values : ndarray, shape (points,)
    """

    name: str
    unit: str
    points: int
    values: Array


def matches(head: bytes, path: Path) -> bool:
    """Return whether an OLE document names a stream ``VGData``."""
    if not head.startswith(OLE):
        return False
    try:
        with (
            path.open("rb") as file,
            mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content,
        ):
            return content.find(_MARK) >= 0
    except (OSError, ValueError):
        return False


def read(path: Path, options: ReadOptions) -> list[Spectrum]:
    """Return one spectrum for each point, level or angle.

    Raises
    ------
    ReadError
        If a stream is missing, or the axes contradict the data.
    """
    streams = _streams(path.read_bytes())
    known = property_set(streams.get(_PROPERTIES, b""))
    summary = property_set(streams.get(_SUMMARY, b""))
    axes = _space_axes(Bytes(streams["VGSpaceAxes"]))
    shape, spaces = _shape(Bytes(streams["VGDataAxes"]), axes)
    data = Bytes(streams["VGData"])
    if 8 * prod(shape) != len(data):
        raise ReadError(
            f"its axes of {' x '.join(map(str, shape))} points ask for {8 * prod(shape)} bytes of"
            f" counts, but there are {len(data)}.",
            hint=AGAIN,
        )
    if not axes or axes[0].name not in ("energy", "") or shape[0] < 2:
        raise ReadError(
            "its first axis is no energy: it is an image, a table of values or empty.",
            hint="Open the .VGD of a spectrum.",
        )
    meta = meta_of_properties(known, summary, path)
    rows = _rows(data, shape, spaces, meta)
    return sorted_out(spectrum_of_counts(axes[0].values, y, own, known, options) for y, own in rows)


def _streams(data: bytes) -> dict[str, bytes]:
    """Return the streams that are needed."""
    import olefile

    found: dict[str, bytes] = {}
    try:
        with closing(olefile.OleFileIO(BytesIO(data))) as document:
            for name in (*STREAMS, _PROPERTIES, _SUMMARY):
                if document.exists(name) and document.get_size(name) <= len(data):
                    found[name] = document.openstream(name).read()
    except (OSError, ValueError, IndexError, TypeError, AttributeError, KeyError) as error:
        raise ReadError(
            f"its compound document cannot be opened ({' '.join(str(error).split())[:80]}).",
            hint=AGAIN,
        ) from error
    missing = [name for name in STREAMS if name not in found]
    if missing:
        raise ReadError(f"its stream {missing[0]} is missing.", hint=AGAIN)
    return found


def _space_axes(data: Bytes) -> list[SpaceAxis]:
    count = int(data.numbers(4, 1, "<u4", "axes")[0])
    if count > _MOST_AXES:
        raise ReadError(f"the file announces {count} axes.", hint=AGAIN)
    axes, place = [], 8
    for _ in range(count):
        axis, place = _space_axis(data, place)
        axes.append(axis)
    return axes


def _space_axis(data: Bytes, place: int) -> tuple[SpaceAxis, int]:
    """Return an axis: three texts, a length, start and step, or its values; and its end."""
    words = []
    for _ in range(3):
        size = int(data.numbers(place, 1, "<u4", "name of an axis")[0])
        words.append(data.part(place + 4, size, "name of an axis"))
        place += 4 + size
    points = int(data.numbers(place, 1, "<u4", "axis")[0])
    start, step = data.numbers(place + 4, 2, "<f8", "axis")
    even = data.part(place + 20, 1, "axis") != b"\0"
    place += 21
    if even:
        if points > 10**8 or not isfinite(start) or not isfinite(step):
            raise ReadError(f"an axis has {points} points from {start:g} by {step:g}.", hint=AGAIN)
        values = start + step * np.arange(points, dtype=float)
    else:
        values = data.numbers(place, points, "<f8", "values of an axis")
        place += 8 * points
    kind = KINDS.get(int(data.numbers(place, 1, "<u4", "kind of an axis")[0]), "")
    label, _, unit = (text(w.decode("utf-16-le", "replace").encode()) for w in words)
    name = kind or ("etch time" if re.search(r"(?i)etch\s*time", label) else label)
    return SpaceAxis(name, unit or UNITS.get(name, ""), points, values), place + 4


def _shape(data: Bytes, axes: list[SpaceAxis]) -> tuple[list[int], list[list[SpaceAxis]]]:
    """Return the lengths of the data's axes, the energy first, and what each of them is."""
    count = int(data.numbers(4, 1, "<u4", "axes of the data")[0])
    if count > _MOST_AXES:
        raise ReadError(f"the file announces {count} axes of its data.", hint=AGAIN)
    shape, spaces, at = [], [], 0
    for k in range(count):
        first, last, n = (int(v) for v in data.numbers(8 + 16 * k, 3, "<i4", "axes of the data"))
        own = axes[at : at + n]
        at += n
        if last < first or n < 1 or any(axis.points != last - first + 1 for axis in own):
            raise ReadError(f"its axis {k + 1} runs from {first} to {last}.", hint=AGAIN)
        shape.append(last - first + 1)
        spaces.append(own)
    return shape, spaces


def _rows(
    data: Bytes, shape: list[int], spaces: list[list[SpaceAxis]], meta: Meta
) -> Iterator[tuple[Array, Meta]]:
    points = shape[0]
    for row in range(prod(shape[1:])):
        y = data.numbers(8 * points * row, points, "<f8", "counts")
        variables, rest = dict(meta.variables), row
        for length, own in zip(shape[1:], spaces[1:], strict=True):
            rest, k = divmod(rest, length)
            for axis in own:
                variables[axis.name or "coordinate"] = (float(axis.values[k]), axis.unit)
        etched = variables.get("etch time", (None, ""))[0]
        yield y, replace(meta, variables=variables, etch_time_s=etched)


def spectrum_of_counts(
    energies: Array,
    y: Array,
    meta: Meta,
    known: Mapping[int, Any],
    options: ReadOptions,
    *,
    unit: str = "counts",
) -> Spectrum | ReadError:
    """Return the spectrum of kinetic energies and intensities, or why there is none."""
    try:
        if known.get(316, 1) != 1:
            raise ReadError(
                f"its energy scale is of the unknown kind {known[316]}.",
                hint="In Avantage: export it as VAMAS.",
            )
        photon = meta.excitation_energy_ev
        if photon is None:
            return assemble(
                Columns(energies, y, unit),
                Axis.KINETIC_ENERGY,
                meta,
                replace(options, axis=None),
            )
        x = np.round(photon - energies, 6)
        return assemble(Columns(x, y, unit), Axis.BINDING_ENERGY, meta, replace(options, axis=None))
    except ReadError as error:
        return error


def meta_of_properties(known: Mapping[int, Any], summary: Mapping[int, Any], path: Path) -> Meta:
    """Return what a data space says of how it was measured.

    Parameters
    ----------
    known, summary : mapping of int to value
        Its properties, and those of the document: 2 the title, 4 the operator.
    path : Path
    """
    title = str(summary.get(2) or path.stem)
    folder = PureWindowsPath(str(known.get(16, ""))).parent.name
    tree = {name: known[number] for number, name in NAMES.items() if known.get(number) is not None}
    coefficients = [known[number] for number in _TRANSMISSION if number in known]
    if coefficients:
        tree["transmission coefficients"] = coefficients
    version = str(known.get(17, "")).strip()
    extra = {"title": title, "operator": summary.get(4, ""), "folder": folder}
    meta = Meta(
        sample=str(known.get(232, "")).strip() or folder or path.parent.name or path.stem,
        region=_region(title),
        technique="XPS" if known.get(4) == 1 else "",
        excitation_energy_ev=_positive(known.get(105)),
        pass_energy_ev=_positive(known.get(404)),
        work_function_ev=_positive(known.get(406)),
        dwell_s=_positive(known.get(305)),
        scans=_positive(known.get(328)),
        instrument=" ".join(part for part in (f"Thermo {known.get(6, '')}", version) if part),
        date=str(known.get(303, "")).removesuffix("+00:00"),  # of a clock without zone
        extra={"metadata": {"properties": tree}},
    )
    return noted(meta, **extra)


def _region(title: str) -> str:
    """Return C1s of ``"C1s Scan"`` and of ``"C1s Scan_2"``; ``survey`` of a survey."""
    if re.search(r"(?i)survey", title):
        return "survey"
    return re.sub(r"(?i)\s*(?:scan|snap)(?:[_ ]\d+)?$", "", title).strip() or title


def _positive(value: Any) -> float | None:
    """Return a positive number as it was typed in: 0.05 of a four-byte 0.0500000007; or None."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < 1e9:
        return None
    return float(f"{value:.7g}")
