"""Galactic (Thermo GRAMS) .spc: one spectrum, a series or a map, in both generations.

The new format (version bytes ``4B``, little-endian, and ``4C``, big-endian) has a header of
512 bytes; the one of LabCalc (``4D``) has 256, of which the last 32 are the header of the
first subfile. The abscissa is even between two ends, common to all subfiles, or one for
each. Ordinates are four-byte floats, or integers of 32 or 16 bits scaled by a power of two;
those of the old format have their 16-bit halves swapped. A log of ``key=value`` lines may
follow. After the SPC.H of Galactic's developer kit.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import ReadError
from ..spectrum import Array, Axis, Meta, Spectrum
from .abscissa import Abscissa, foreign, of_wavenumbers
from .assemble import Columns, assemble_map, sorted_out
from .binary import AGAIN, Bytes, text
from .options import ReadOptions

FORMAT = "SPC"
LITTLE, BIG, OLD = 0x4B, 0x4C, 0x4D
SHORT, MULTI, OWN_LABELS, OWN_X_EACH, OWN_X = 0x01, 0x04, 0x20, 0x40, 0x80
FLOATS = -128
_SUBHEADER = 32
_ENTRY = 12
_MOST_SUBFILES = 10**7

HEADER = np.dtype(
    [
        ("flags", "u1"),
        ("version", "u1"),
        ("experiment", "u1"),
        ("exponent", "i1"),
        ("points", "u4"),
        ("first", "f8"),
        ("last", "f8"),
        ("subfiles", "u4"),
        ("x_kind", "u1"),
        ("y_kind", "u1"),
        ("z_kind", "u1"),
        ("posting", "u1"),
        ("date", "u4"),
        ("resolution", "S9"),
        ("source", "S9"),
        ("peak", "u2"),
        ("spare", "f4", 8),
        ("memo", "S130"),
        ("labels", "V30"),
        ("log", "u4"),
        ("rest", "V260"),
    ]
)
OLD_HEADER = np.dtype(
    [
        ("flags", "u1"),
        ("version", "u1"),
        ("exponent", "i2"),
        ("points", "f4"),
        ("first", "f4"),
        ("last", "f4"),
        ("x_kind", "u1"),
        ("y_kind", "u1"),
        ("year", "u2"),
        ("month", "u1"),
        ("day", "u1"),
        ("hour", "u1"),
        ("minute", "u1"),
        ("resolution", "S8"),
        ("peak", "u2"),
        ("scans", "u2"),
        ("spare", "f4", 7),
        ("memo", "S130"),
        ("labels", "V30"),
    ]
)
SUBHEADER = np.dtype(
    [
        ("flags", "u1"),
        ("exponent", "i1"),
        ("index", "u2"),
        ("z", "f4"),
        ("next_z", "f4"),
        ("noise", "f4"),
        ("points", "u4"),
        ("scans", "u4"),
        ("w", "f4"),
        ("rest", "V4"),
    ]
)

X_KINDS = {
    0: "",
    1: "wavenumber in cm-1",
    2: "wavelength in micrometres",
    3: "wavelength in nm",
    4: "time in s",
    5: "time in min",
    6: "frequency in Hz",
    7: "frequency in kHz",
    8: "frequency in MHz",
    9: "mass in m/z",
    10: "chemical shift in ppm",
    11: "time in days",
    12: "time in years",
    13: "Raman shift in cm-1",
    14: "energy in eV",
    15: "",
    16: "diode number",
    17: "channel",
    18: "angle in degrees",
    19: "temperature in F",
    20: "temperature in C",
    21: "temperature in K",
    22: "data point",
    23: "time in ms",
    24: "time in us",
    25: "time in ns",
    26: "frequency in GHz",
    27: "length in cm",
    28: "length in m",
    29: "length in mm",
    30: "time in h",
    255: "double interferogram",
}
"""What abscissa, and the coordinate of subfiles, are by number; 0: arbitrary, 15: own words."""

Y_KINDS = {
    1: "interferogram",
    2: "absorbance",
    3: "Kubelka-Munk",
    4: "counts",
    5: "V",
    6: "degrees",
    7: "mA",
    8: "mm",
    9: "mV",
    10: "log(1/R)",
    11: "percent",
    12: "intensity",
    13: "relative intensity",
    14: "energy",
    16: "decibel",
    19: "temperature in F",
    20: "temperature in C",
    21: "temperature in K",
    22: "index of refraction",
    23: "extinction coefficient",
    24: "real part",
    25: "imaginary part",
    26: "complex",
    128: "transmission",
    129: "reflectance",
    130: "single beam",
    131: "emission",
}
EXPERIMENTS = {4: "FTIR", 5: "NIR", 7: "UV-VIS", 8: "XRD", 9: "MS", 10: "NMR", 11: "Raman"}
EXPERIMENTS |= {1: "GC", 2: "chromatogram", 3: "HPLC", 12: "fluorescence", 13: "atomic"}


@dataclass(frozen=True)
class Head:
    """What the header of either generation says.

    Attributes
    ----------
    flags : int
    order : str
        ``"<"`` or ``">"``.
    old : bool
    exponent : int
    points, subfiles : int
        Points of the common abscissa (or place of the directory); `subfiles` is 0 in the
        old format, which does not count them.
    first, last : float
        Ends of an even abscissa.
    x_kind, y_kind, z_kind : int
    log : int
        Place of the log; 0 if there is none.
    meta : Meta
    labels : list of str
        The file's own names of x, y and z; empty where it has none.
    """

    flags: int
    order: str
    old: bool
    exponent: int
    points: int
    subfiles: int
    first: float
    last: float
    x_kind: int
    y_kind: int
    z_kind: int
    log: int
    meta: Meta
    labels: list[str]

    @property
    def start(self) -> int:
        """Place of what follows the header."""
        return OLD_HEADER.itemsize if self.old else HEADER.itemsize

    @property
    def item(self) -> int:
        """Bytes of one ordinate."""
        return 2 if self.flags & SHORT and self.exponent != FLOATS else 4


def matches(head: bytes, path: Path) -> bool:
    """Return whether the file has the version byte of the format and a header that can be."""
    if len(head) < OLD_HEADER.itemsize or head[1] not in (LITTLE, BIG, OLD):
        return False
    if head.startswith((b"PK", b"MK")) or b"\0" not in head[:224]:
        return False
    if head[1] == OLD:
        old = np.frombuffer(head[: OLD_HEADER.itemsize], _ordered(OLD_HEADER, "<"))[0]
        count, ends = float(old["points"]), [float(old["first"]), float(old["last"])]
        return bool(count >= 1 and count == round(count) and np.isfinite(ends).all())
    if len(head) < HEADER.itemsize:
        return True
    new = np.frombuffer(head[: HEADER.itemsize], _ordered(HEADER, _order(head)))[0]
    return int(new["x_kind"]) in X_KINDS and int(new["points"]) > 0


def read(path: Path, options: ReadOptions) -> list[Spectrum]:
    """Return one spectrum for each subfile.

    Raises
    ------
    ReadError
        If the header contradicts the size of the file, or no subfile can be read.
    PartialRead
        If some subfiles are cut off; it carries the others.
    """
    with Bytes(path) as data:
        old = data.part(0, 2, "header")[1] == OLD
        head = _old_head(data, path) if old else _new_head(data, path)
        return sorted_out(_spectra(data, head, _log(data, head), options))


def _spectra(
    data: Bytes, head: Head, log: dict[str, str], options: ReadOptions
) -> Iterator[Spectrum | ReadError]:
    unit = "counts" if head.y_kind == 4 else "arbitrary"
    number = 0
    try:
        for x, subfiles in _on_one_abscissa(data, head):
            abscissa = _abscissa(head, x)
            meta = abscissa.noted(_meta(head, abscissa, log))
            columns = Columns(x, x, unit, countable=False)
            rows = ((y, _of_subfile(meta, head, sub)) for sub, y in subfiles)
            for one in assemble_map(columns, rows, abscissa.axis, abscissa.options(options)):
                number += 1
                yield one
    except ReadError as error:
        place = f"subfile {number + 1}"
        yield ReadError(error.message, hint=error.hint, where=place)


def _ordered(kind: np.dtype[np.void], order: str) -> np.dtype[np.void]:
    return kind.newbyteorder(order)  # type: ignore[arg-type]


def _order(head: bytes) -> str:
    return ">" if head[1] == BIG else "<"


def _new_head(data: Bytes, path: Path) -> Head:
    order = _order(data.part(0, 2, "header"))
    raw = data.record(0, _ordered(HEADER, order), "header")
    flags = int(raw["flags"])
    meta = Meta(
        sample=path.stem,
        technique=EXPERIMENTS.get(int(raw["experiment"]), ""),
        instrument=text(raw["source"]),
        date=_date(int(raw["date"])),
        comment=text(raw["memo"]),
        extra={"resolution": text(raw["resolution"])} if text(raw["resolution"]) else {},
    )
    return Head(
        flags,
        order,
        False,
        int(raw["exponent"]),
        int(raw["points"]),
        max(int(raw["subfiles"]), 1) if flags & MULTI else 1,
        float(raw["first"]),
        float(raw["last"]),
        int(raw["x_kind"]),
        int(raw["y_kind"]),
        int(raw["z_kind"]),
        int(raw["log"]),
        meta,
        _labels(bytes(raw["labels"]), flags),
    )


def _old_head(data: Bytes, path: Path) -> Head:
    raw = data.record(0, _ordered(OLD_HEADER, "<"), "header")
    points = float(raw["points"])
    if not 1 <= points <= 2**31:
        raise ReadError(f"the header announces {points:g} points.", hint=AGAIN)
    flags, year = int(raw["flags"]), int(raw["year"])
    when = (year & 0x0FFF, *(int(raw[name]) for name in ("month", "day", "hour", "minute")))
    scans = int(raw["scans"])
    meta = Meta(
        sample=path.stem,
        date=_iso(*when),
        scans=float(scans) if scans else None,
        comment=text(raw["memo"]),
        extra={"resolution": text(raw["resolution"])} if text(raw["resolution"]) else {},
    )
    return Head(
        flags,
        "<",
        True,
        int(raw["exponent"]),
        int(points),
        0,
        float(raw["first"]),
        float(raw["last"]),
        int(raw["x_kind"]),
        int(raw["y_kind"]),
        year >> 12,
        0,
        meta,
        _labels(bytes(raw["labels"]), flags),
    )


def _labels(raw: bytes, flags: int) -> list[str]:
    if not flags & OWN_LABELS:
        return ["", "", ""]
    return [*(text(part) for part in raw.split(b"\0")), "", "", ""][:3]


def _date(packed: int) -> str:
    """Return the ISO date packed into 6, 5, 5, 4 and 12 bits; empty if there is none."""
    parts = (packed >> 20, packed >> 16 & 15, packed >> 11 & 31, packed >> 6 & 31, packed & 63)
    return _iso(*parts)


def _iso(year: int, month: int, day: int, hour: int, minute: int) -> str:
    """Return the date; empty for zeros, and for what other programs wrote into the field."""
    year += 1900 if 70 <= year < 100 else 0
    if not 1970 <= year < 2100:
        return ""
    try:
        return datetime(year, month, day, hour, minute).isoformat()
    except ValueError:
        return ""


# ---------------------------------------------------------------------------------
# Subfiles

Subfiles = Iterator[tuple[np.void, Array]]


def _on_one_abscissa(data: Bytes, head: Head) -> Iterator[tuple[Array, Subfiles]]:
    """Yield every abscissa, with headers and ordinates of the subfiles on it."""
    if head.subfiles > _MOST_SUBFILES:
        raise ReadError(f"the header announces {head.subfiles} subfiles.", hint=AGAIN)
    if head.flags & OWN_X_EACH and not head.old:
        yield from _with_own_x(data, head)
        return
    place, x = head.start, _even(head, data)
    if head.flags & OWN_X and not head.old:
        x = data.numbers(place, head.points, f"{head.order}f4", "abscissa")
        place += 4 * head.points
    size = _SUBHEADER + head.item * head.points
    count = head.subfiles
    if head.old:  # it does not count them
        count = max((len(data) - place) // size, 1) if head.flags & MULTI else 1
    yield x, (_ordinates(data, head, place + k * size, head.points) for k in range(count))


def _even(head: Head, data: Bytes) -> Array:
    if head.points * head.item > len(data):
        raise ReadError(
            f"the header announces {head.points} points, more than the file can hold.", hint=AGAIN
        )
    return np.linspace(head.first, head.last, head.points)


def _with_own_x(data: Bytes, head: Head) -> Iterator[tuple[Array, Subfiles]]:
    """Yield subfiles that each have an abscissa; a directory, where there is one, says where."""
    directory = head.points if head.flags & MULTI else 0
    listed = head.start <= directory <= len(data) - _ENTRY * head.subfiles
    kind = _ordered(SUBHEADER, head.order)
    place = head.start
    for number in range(head.subfiles):
        if listed:
            entry = data.part(directory + _ENTRY * number, 4, "directory of subfiles")
            place = int(np.frombuffer(entry, f"{head.order}u4")[0])
        points = int(data.record(place, kind, "header of a subfile")["points"])
        points = points or (0 if directory else head.points)
        x = data.numbers(place + _SUBHEADER, points, f"{head.order}f4", "abscissa")
        yield x, iter([_ordinates(data, head, place, points, gap=4 * points)])
        place += _SUBHEADER + (4 + head.item) * points


def _ordinates(
    data: Bytes, head: Head, place: int, points: int, *, gap: int = 0
) -> tuple[np.void, Array]:
    """Return the header of a subfile and its ordinates, `gap` bytes behind it."""
    sub = data.record(place, _ordered(SUBHEADER, head.order), "header of a subfile")
    exponent = int(sub["exponent"]) if head.flags & MULTI else head.exponent
    at = place + _SUBHEADER + gap
    if exponent == FLOATS and not head.old:
        return sub, data.numbers(at, points, f"{head.order}f4", "ordinates")
    bits = 8 * head.item
    if head.old and bits == 32:
        words = data.numbers(at, 2 * points, "<u2", "ordinates").reshape(-1, 2)
        whole = words[:, 0] * 65536.0 + words[:, 1]
        numbers = np.where(whole >= 2.0**31, whole - 2.0**32, whole)
    else:
        numbers = data.numbers(at, points, f"{head.order}i{head.item}", "ordinates")
    if abs(exponent) > 127:
        raise ReadError(f"its ordinates have the exponent {exponent}.", hint=AGAIN)
    return sub, np.ldexp(numbers, exponent - bits)


# ---------------------------------------------------------------------------------
# From subfiles to spectra


def _meta(head: Head, abscissa: Abscissa, log: dict[str, str]) -> Meta:
    raman = abscissa.axis is Axis.RAMAN_SHIFT
    extra: dict[str, Any] = dict(head.meta.extra)
    if head.y_kind in Y_KINDS:
        extra["ordinate"] = Y_KINDS[head.y_kind]
    if log:
        extra["metadata"] = {"log": log}
    return replace(
        head.meta,
        technique="Raman" if raman else head.meta.technique,
        laser_nm=_laser(log) if raman else None,
        extra=extra,
    )


def _of_subfile(meta: Meta, head: Head, sub: np.void) -> Meta:
    return replace(meta, variables=_coordinates(head, sub)) if head.flags & MULTI else meta


def _abscissa(head: Head, x: Array) -> Abscissa:
    raman = head.x_kind == 13 or head.meta.technique == "Raman"
    if head.x_kind == 3:
        return Abscissa(Axis.WAVELENGTH)
    words = head.labels[0]
    if head.x_kind in (1, 13):
        return of_wavenumbers(x, raman=raman or "raman" in words.casefold())
    if head.x_kind in (0, 14, 15):  # arbitrary, or eV of either kind: the words may say more
        return _abscissa_of_words(words, x, raman)
    return foreign(X_KINDS[head.x_kind]) if head.x_kind in X_KINDS else Abscissa(None)


def _abscissa_of_words(words: str, x: Array, raman: bool) -> Abscissa:
    lower = words.casefold()
    if "binding" in lower:
        return Abscissa(Axis.BINDING_ENERGY)
    if "kinetic" in lower:
        return Abscissa(Axis.KINETIC_ENERGY)
    if re.search(r"\bnm\b|nanomet", lower):
        return Abscissa(Axis.WAVELENGTH)
    if "raman" in lower:
        return of_wavenumbers(x, raman=True)
    if re.search(r"cm\s*-\s*1|wavenumber", lower):
        return of_wavenumbers(x, raman=raman)
    return foreign(words) if words else Abscissa(None)


def _coordinates(head: Head, sub: np.void) -> dict[str, tuple[float, str]]:
    """Return the coordinate of a subfile: its name, number and unit."""
    words = head.labels[2] or X_KINDS.get(head.z_kind, "") or "z"
    name, _, unit = words.partition(" in ")
    found = {name: (float(sub["z"]), unit)}
    if sub["w"]:
        found["w"] = (float(sub["w"]), "")
    return {key: value for key, value in found.items() if np.isfinite(value[0])}


def _log(data: Bytes, head: Head) -> dict[str, str]:
    """Return the ``key=value`` lines of the log; lines without one are numbered."""
    place = head.log
    if not head.start <= place <= len(data) - 64:
        return {}
    size, _, begin = (int(v) for v in np.frombuffer(data.part(place, 12, "log"), f"{head.order}u4"))
    raw = data.there(place + begin, min(size, len(data) - place) - begin)
    found: dict[str, str] = {}
    for line in raw.replace(b"\0", b"").decode("latin-1").splitlines():
        key, equals, value = line.partition("=")
        if line.strip():
            name = key.strip() if equals else f"line {len(found) + 1}"
            found.setdefault(name, value.strip() if equals else line.strip())
    return found


def _laser(log: dict[str, str]) -> float | None:
    """Return the laser's wavelength in nm that a log gives, or its wavenumber as one."""
    for key, value in log.items():
        number = re.search(r"\d+(?:\.\d+)?", value)
        if number and re.fullmatch(r"(?i)laser(?:[ _]?wavelength)?|excitation[ _]?wavelength", key):
            found = float(number[0])
            return found if 200 <= found <= 2000 else None
        if number and key == "RAMANFREQ" and float(number[0]) > 5000:
            return 1e7 / float(number[0])
    return None
