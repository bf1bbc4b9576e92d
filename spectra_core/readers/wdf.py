"""Renishaw .wdf of WiRE: spectrum, series, line or map, in blocks of a name and a size.

``WDF1`` holds the counts and names, ``DATA`` the ordinates of every spectrum as four-byte
floats, ``XLST`` the abscissa, ``ORGN`` what belongs to each spectrum (position, time,
flags), ``TEXT`` a comment; ``WXDA``, ``WXDM``, ``WXIS`` and ``WXCS`` hold the settings as
trees of properties (`wdf_properties`). A scan that was interrupted has room for every
spectrum planned; only those collected are read. After the description and the package that
Renishaw publishes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import ReadError
from ..spectrum import Array, Axis, Meta, Spectrum
from .abscissa import Abscissa, foreign, of_wavenumbers
from .assemble import Columns, assemble_map, noted, sorted_out
from .binary import AGAIN, Bytes, filetime, text
from .options import ReadOptions
from .wdf_properties import Tree, first, properties

FORMAT = "Renishaw WDF"
MARK = b"WDF1"
_BLOCK = 16
_ORIGIN = 24
_OWN_X = 0x08  # multitrack: an abscissa for each track

HEADER = np.dtype(
    [
        ("mark", "S4"),
        ("version", "<u4"),
        ("size", "<u8"),
        ("flags", "<u8"),
        ("uuid", "V16"),
        ("unused", "V12"),
        ("tracks", "<u4"),
        ("status", "<u4"),
        ("points", "<u4"),
        ("planned", "<u8"),
        ("collected", "<u8"),
        ("accumulations", "<u4"),
        ("y_list", "<u4"),
        ("x_list", "<u4"),
        ("origins", "<u4"),
        ("program", "S24"),
        ("program_version", "<u2", 4),
        ("scan", "<u4"),
        ("kind", "<u4"),
        ("begun", "<u8"),
        ("ended", "<u8"),
        ("unit", "<u4"),
        ("laser", "<f4"),
        ("spare", "V48"),
        ("user", "S32"),
        ("title", "S160"),
        ("rest", "V112"),
    ]
)
KINDS = {1: "spectrum", 2: "series", 3: "map"}
UNITS = {
    0: "",
    3: "nm",
    5: "um",
    6: "counts",
    7: "electrons",
    8: "mm",
    9: "m",
    10: "K",
    11: "Pa",
    12: "s",
    13: "ms",
    14: "h",
    15: "d",
    16: "pixels",
    19: "degrees",
    20: "rad",
    21: "C",
    22: "F",
    23: "K/min",
    25: "us",
    26: "V",
    27: "A",
    28: "mA",
    30: "Ohm",
    32: "C",
    33: "pC",
}
"""Units of origins and ordinates by number."""
RAMAN, WAVENUMBER, NM, EV = 1, 2, 3, 4
FILETIME, FLAGS, CHECKSUM = 24, 17, 16
SETTINGS = {b"WXDA": "data", b"WXDM": "measurement", b"WXIS": "instrument", b"WXCS": "calibration"}


@dataclass(frozen=True, eq=False)
class Origin:
    """What belongs to each spectrum: a position, a time, flags.

    Attributes
    ----------
    kind, unit : int
    label : str
    values : ndarray, shape (M,)
        Floats; file times and flags are 64-bit integers.
    """

    kind: int
    unit: int
    label: str
    values: np.ndarray[Any, Any]


def matches(head: bytes, path: Path) -> bool:
    """Return whether the file begins with ``WDF1``."""
    return head.startswith(MARK) and len(head) > _BLOCK


def read(path: Path, options: ReadOptions) -> list[Spectrum]:
    """Return one spectrum for each that was collected.

    Raises
    ------
    ReadError
        If the blocks contradict the size of the file, or no spectrum is whole.
    PartialRead
        If some spectra are cut off; it carries the others.
    """
    with Bytes(path) as data:
        return _spectra(data, path, options)


def _spectra(data: Bytes, path: Path, options: ReadOptions) -> list[Spectrum]:
    header = data.record(0, HEADER, "header")
    blocks = dict(_blocks(data))
    points, count = int(header["points"]), int(header["collected"])
    if count > int(header["planned"]) or points < 2:
        raise ReadError(
            f"the header announces {count} spectra collected of {int(header['planned'])} planned,"
            f" with {points} points each.",
            hint=AGAIN,
        )
    if not count:
        raise ReadError(
            f"none of the {int(header['planned'])} spectra planned was collected.",
            hint="The measurement was interrupted before its first spectrum was stored.",
        )
    _block(blocks, b"DATA", "intensities")
    abscissa, x = _abscissa(data, blocks, header)
    meta = _meta(data, blocks, header, path)
    origins = list(_origins(data, blocks, header))
    unit = "counts" if int(header["unit"]) == 6 else "arbitrary"
    raman = abscissa.axis is Axis.RAMAN_SHIFT
    meta = abscissa.noted(replace(meta, technique="Raman") if raman else meta)
    rows = _ordinates(data, blocks, points, count)
    found = assemble_map(
        Columns(x, x, unit, countable=False),
        ((y, _of_spectrum(meta, origins, number)) for number, y in enumerate(rows)),
        abscissa.axis,
        abscissa.options(options),
    )
    whole = blocks[b"DATA"][1] // (4 * points)
    missing = f"{count} spectra of {points} points were collected, but the file holds {whole}."
    return sorted_out(chain(found, [ReadError(missing, hint=AGAIN)] if whole < count else []))


def _blocks(data: Bytes) -> Iterator[tuple[bytes, tuple[int, int]]]:
    """Yield name, place and size of the content of every block; the first of a name counts."""
    seen: set[bytes] = set()
    place = 0
    while place + _BLOCK <= len(data):
        raw = data.part(place, _BLOCK, "head of a block")
        name, size = raw[:4], int(np.frombuffer(raw[8:], "<u8")[0])
        if size < _BLOCK:
            raise ReadError(
                f"the block {text(name)!r} at byte {place} has a size of {size} bytes.", hint=AGAIN
            )
        if name not in seen:
            yield name, (place + _BLOCK, min(size - _BLOCK, len(data) - place - _BLOCK))
        seen.add(name)
        place += size


def _block(blocks: Mapping[bytes, tuple[int, int]], name: bytes, what: str) -> tuple[int, int]:
    if name not in blocks:
        raise ReadError(f"the file has no {what} (block {name.decode()}).", hint=AGAIN)
    return blocks[name]


def _abscissa(
    data: Bytes, blocks: Mapping[bytes, tuple[int, int]], header: np.void
) -> tuple[Abscissa, Array]:
    place, _ = _block(blocks, b"XLST", "abscissa")
    unit = int(data.numbers(place, 2, "<u4", "abscissa")[1])
    points = int(header["points"])
    if int(header["x_list"]) != points or (int(header["flags"]) & _OWN_X and header["tracks"] > 1):
        raise ReadError(
            f"its {int(header['tracks'])} tracks have abscissas of {int(header['x_list'])} values"
            f" for {points} points each.",
            hint="In WiRE: split the multitrack file, or save it as text.",
        )
    x = data.numbers(place + 8, points, "<f4", "abscissa")
    x.setflags(write=False)
    if unit in (RAMAN, WAVENUMBER):
        return of_wavenumbers(x, raman=unit == RAMAN), x
    known = {NM: Abscissa(Axis.WAVELENGTH), EV: foreign("the photon energy in eV")}
    return known.get(unit, foreign(UNITS[unit]) if UNITS.get(unit) else Abscissa(None)), x


def _ordinates(
    data: Bytes, blocks: Mapping[bytes, tuple[int, int]], points: int, count: int
) -> Iterator[Array]:
    place, size = blocks[b"DATA"]
    for number in range(min(size // (4 * points), count)):
        yield data.numbers(place + 4 * points * number, points, "<f4", "intensities")


def _origins(
    data: Bytes, blocks: Mapping[bytes, tuple[int, int]], header: np.void
) -> Iterator[Origin]:
    if b"ORGN" not in blocks:
        return
    place, size = blocks[b"ORGN"]
    planned, end = int(header["planned"]), place + size
    place += 4
    for _ in range(int(header["origins"])):
        if place + _ORIGIN + 8 * planned > end:
            return
        kind, unit = (int(v) for v in data.numbers(place, 2, "<u4", "origins"))
        label = text(data.part(place + 8, 16, "origins"))
        kind &= 0x7FFFFFFF  # the highest bit: a coordinate of the map
        whole = unit == FILETIME or kind in (FLAGS, CHECKSUM)
        raw = data.part(place + _ORIGIN, 8 * planned, "origins")
        yield Origin(kind, unit, label, np.frombuffer(raw, "<u8" if whole else "<f8"))
        place += _ORIGIN + 8 * planned


def _of_spectrum(meta: Meta, origins: list[Origin], number: int) -> Meta:
    """Return the metadata of one spectrum: where and when it was measured."""
    date, variables, flags = meta.date, dict(meta.variables), 0
    for origin in origins:
        value = origin.values[number]
        if origin.unit == FILETIME:
            date = filetime(int(value)) or date
        elif origin.kind == FLAGS:
            flags = int(value)
        elif origin.kind != CHECKSUM and np.isfinite(value):
            variables[origin.label] = (float(value), UNITS.get(origin.unit, ""))
    spoiled = "the detector was saturated in this spectrum" if flags & 1 else ""
    return noted(replace(meta, date=date, variables=variables), detector_note=spoiled)


def _meta(
    data: Bytes, blocks: Mapping[bytes, tuple[int, int]], header: np.void, path: Path
) -> Meta:
    settings: dict[str, Tree] = {}
    for name, words in SETTINGS.items():
        if name in blocks:
            raw = data.there(*blocks[name])
            if tree := properties(raw, 0, len(raw)):
                settings[words] = tree
    version = ".".join(str(int(part)) for part in header["program_version"])
    extra: dict[str, Any] = {
        "program": f"{text(header['program'])} {version}".strip(),
        "measurement": KINDS.get(int(header["kind"]), ""),
        "title": text(header["title"]),
        "operator": text(header["user"]),
    }
    planned, collected = int(header["planned"]), int(header["collected"])
    if collected < planned:
        extra["planned_note"] = f"{collected} of {planned} spectra planned were collected"
    if settings:
        extra["metadata"] = settings
    comment = text(data.there(*blocks[b"TEXT"])) if b"TEXT" in blocks else ""
    laser = float(header["laser"])
    return Meta(
        sample=path.stem,
        dwell_s=_exposure(settings.get("measurement", {})),
        scans=float(header["accumulations"]) or None,
        laser_nm=round(1e7 / laser, 4) if np.isfinite(laser) and laser > 1000 else None,
        instrument=f"Renishaw {first(settings, 'Instrument type') or ''}".strip()
        if settings
        else "",
        date=filetime(int(header["begun"])),
        comment=comment,
        extra={key: value for key, value in extra.items() if value},
    )


def _exposure(measurement: Tree) -> float | None:
    """Return the exposure in s; WiRE records it in ms."""
    value = first(measurement, "Exposure Time")
    return float(value) / 1000.0 if isinstance(value, int | float) and value > 0 else None
