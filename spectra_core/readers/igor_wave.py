"""Igor Pro binary waves (.ibw) as Scienta SES writes them: a spectrum, or one for each slice.

Version 5 of WaveMetrics' technical note TN003: a header of 64 bytes with the sizes of all
parts, one of 320 with type, lengths, start and step of each axis, the numbers (the first
axis the fastest), and a note, in which SES keeps its settings. The 16-bit words of both
headers add up to zero: a changed byte in them is found.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from math import prod
from pathlib import Path

import numpy as np

from ..errors import ReadError
from ..spectrum import Array, Axis, Meta, Spectrum
from .abscissa import Abscissa, foreign
from .assemble import Columns, assemble_map, sorted_out
from .axis_words import axis_of_words
from .binary import AGAIN, Bytes, text
from .keys import Keys
from .numbers import Dialect
from .options import ReadOptions
from .scienta_text import settings_of_ses

FORMAT = "Igor wave"
_HEADERS = 64 + 320
_TYPES = {2: "f4", 4: "f8", 8: "i1", 16: "i2", 32: "i4", 72: "u1", 80: "u2", 96: "u4"}

HEADER = np.dtype(
    [
        ("version", "i2"),
        ("checksum", "i2"),
        ("wave_size", "i4"),
        ("formula_size", "i4"),
        ("note_size", "i4"),
        ("unit_size", "i4"),
        ("axis_unit_sizes", "i4", 4),
        ("label_sizes", "i4", 4),
        ("other_sizes", "i4", 3),
        ("next", "V4"),
        ("created", "u4"),
        ("modified", "u4"),
        ("points", "i4"),
        ("type", "i2"),
        ("locked", "V8"),
        ("wave_version", "i2"),
        ("name", "S32"),
        ("folder", "V8"),
        ("lengths", "i4", 4),
        ("steps", "f8", 4),
        ("starts", "f8", 4),
        ("unit", "S4"),
        ("axis_units", "S4", 4),
        ("rest", "V152"),
    ]
)


def matches(head: bytes, path: Path) -> bool:
    """Return whether the file has the version and the checksum of a binary wave."""
    if len(head) < _HEADERS or head[:2] not in (b"\x05\x00", b"\x00\x05"):
        return False
    words = np.frombuffer(head[:_HEADERS], f"{_order(head)}i2")
    known = int(np.frombuffer(head[80:82], f"{_order(head)}i2")[0]) in (*_TYPES, 0, 1, 3, 5)
    return known or int(words.astype(int).sum()) % 2**16 == 0


def read(path: Path, options: ReadOptions) -> list[Spectrum]:
    """Return the spectrum, or one for each slice.

    Raises
    ------
    ReadError
        If the header is damaged, or the wave holds no spectrum.
    """
    with Bytes(path) as data:
        return _spectra(data, path, options)


def _spectra(data: Bytes, path: Path, options: ReadOptions) -> list[Spectrum]:
    order = _order(data.part(0, 2, "header"))
    header = data.record(0, HEADER.newbyteorder(order), "header")  # type: ignore[arg-type]
    words = np.frombuffer(data.part(0, _HEADERS, "header"), f"{order}i2").astype(int)
    if int(words.sum()) % 2**16:
        raise ReadError("the header does not have its checksum: it was changed.", hint=AGAIN)
    kind = _TYPES.get(int(header["type"]))
    lengths = [int(n) for n in header["lengths"] if n > 0]
    if kind is None or not lengths or lengths[0] < 2 or prod(lengths) != int(header["points"]):
        raise ReadError(
            f"the wave of type {int(header['type'])} and {' x '.join(map(str, lengths)) or 'no'}"
            " points is no spectrum.",
            hint="Texts, complex numbers and empty waves are none.",
        )
    size = np.dtype(kind).itemsize * lengths[0]
    n_rows = prod(lengths[1:])
    data.require(_HEADERS, n_rows * size, "numbers of the wave")
    values = (
        data.numbers(_HEADERS + k * size, lengths[0], order + kind, "numbers of the wave")
        for k in range(n_rows)
    )
    note = _note(data, header, n_rows * size)
    x = float(header["starts"][0]) + float(header["steps"][0]) * np.arange(lengths[0], dtype=float)
    x = np.asarray(x, dtype=float)
    abscissa = _abscissa(header, note)
    ses = bool(note)
    keys = Keys(note, Dialect(None))
    meta = settings_of_ses(keys, path, None) if ses else Meta(sample=text(header["name"]))
    countable = ses and keys.text("DetectorMode") != "ADC"
    columns = Columns(x, x, "counts/s" if ses else None, countable=countable)
    rows = _rows(values, lengths, header, abscissa.noted(meta))
    return sorted_out(assemble_map(columns, rows, abscissa.axis, abscissa.options(options)))


def _order(head: bytes) -> str:
    return "<" if head[0] else ">"


def _note(data: Bytes, header: np.void, size: int) -> dict[str, str]:
    """Return the settings that SES keeps in the note; empty where it has none."""
    place = _HEADERS + size + max(int(header["formula_size"]), 0)
    raw = data.there(place, int(header["note_size"])).decode("latin-1")
    if "[SES]" not in raw:
        return {}
    pairs = (line.partition("=") for line in re.split(r"\r\n|\r|\n", raw))
    return {key.strip(): value.strip() for key, equals, value in pairs if equals}


def _abscissa(header: np.void, note: dict[str, str]) -> Abscissa:
    scale = note.get("Energy Scale", "").casefold()
    if scale in ("binding", "kinetic"):
        return Abscissa(Axis.BINDING_ENERGY if scale == "binding" else Axis.KINETIC_ENERGY)
    unit = text(header["axis_units"][0])
    axis = axis_of_words(unit) if unit else None
    if axis in (None, Axis.RAMAN_SHIFT) and unit not in ("", "eV"):
        return foreign(f"in {unit}")
    return Abscissa(axis)


def _rows(
    rows: Iterable[Array], lengths: list[int], header: np.void, meta: Meta
) -> Iterator[tuple[Array, Meta]]:
    """Yield the spectra with their place on the further axes, which are angles or positions."""
    for number, y in enumerate(rows):
        variables, rest = dict(meta.variables), number
        for axis, length in enumerate(lengths[1:], 1):
            rest, k = divmod(rest, length)
            place = float(header["starts"][axis]) + k * float(header["steps"][axis])
            variables[f"axis {axis + 1}"] = (place, text(header["axis_units"][axis]))
        extra = dict(meta.extra) | ({"slice": number + 1} if prod(lengths[1:]) > 1 else {})
        yield y, replace(meta, variables=variables, extra=extra)
