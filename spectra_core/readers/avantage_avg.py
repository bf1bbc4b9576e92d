"""Thermo Avantage .avg: the text dump of a data space, of which a .vgd is the binary form.

Lines of ``NAME : TYPE = value`` are its properties; ``$DATAAXES`` gives first and last index
of each axis of the data and how many space axes run along it, ``$SPACEAXES`` what those are,
``$AXISVALUE`` the values of one that is not even. Each ``$DATA`` is followed by rows
``LIST@ index= values``, the energy fastest. The same rules hold as for a .vgd.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import isfinite, prod
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import ReadError
from ..spectrum import Array, Meta, Spectrum
from .assemble import sorted_out
from .avantage_vgd import SpaceAxis, meta_of_properties, spectrum_of_counts
from .axis_words import y_unit_of_words
from .numbers import to_number
from .options import ReadOptions
from .text_table import read_lines

FORMAT = "Avantage AVG"
AGAIN = "Export or copy the file again; it is cut off or damaged."
_BEGIN = re.compile(rb"(?:\s*;[^\n]*\n|\s*\n)*\s*\$(?:FORMAT|PROPERTIES)=")
_PROPERTY = re.compile(r"(DS_\w+(?:\[\d+\])?)\s*:(?:[^:=]*:)?\s*(VT_\w+)\s*=\s*(.*)")
_DATA_AXIS = re.compile(r"\d+\s*=\s*(-?\d+)\s*,\s*(-?\d+)\s*,\s*(\d+)\s*", re.ASCII)
_SPACE_AXIS = re.compile(
    r"\d+\s*=\s*([^,]+),\s*([^,]+),\s*(\d+)\s*,\s*(\w+)\s*,\s*(\w+)\s*,"
    r"\s*'[^']*'\s*,\s*'([^']*)'\s*,\s*'([^']*)'\s*",
    re.ASCII,
)
_AXIS_VALUE = re.compile(
    r"\$AXISVALUE=.*SPACEAXIS=(\d+).*POINT=(\d+)\s+VALUE=(?:'([^']*)'|([^;\s]+))", re.ASCII
)
_ROW = re.compile(r"LIST@\s*(\d+)\s*=(.*)", re.ASCII)
_EMPTY = "#empty#"
_MOST_AXES = 8

KINDS = {
    "ENERGY": "energy",
    "ANGLE": "angle",
    "X": "X",
    "Y": "Y",
    "LEVEL": "level",
    "ETCHLEVEL": "etch level",
    "ETCHTIME": "etch time",
    "POSITION": "position",
}
NUMBERS = {
    "DS_GEPROPID_TECHNIQUE": 4,
    "DS_GEPROPID_INSTRUMENT": 6,
    "DS_SOPROPID_STYPE": 103,
    "DS_SOPROPID_MONO": 104,
    "DS_SOPROPID_ENERGY": 105,
    "DS_SOPROPID_VOLTAGE": 106,
    "DS_SOPROPID_CURRENT": 107,
    "DS_SOPROPID_WIDTH": 108,
    "DS_SOPROPID_LENGTH": 109,
    "DS_STPROPID_POS_X": 203,
    "DS_STPROPID_POS_Y": 204,
    "DS_STPROPID_POS_Z": 205,
    "DS_STPROPID_POS_TILT": 206,
    "DS_STPROPID_POS_AZIM": 207,
    "DS_ACPROPID_START_TIME": 303,
    "DS_ACPROPID_END_TIME": 304,
    "DS_ACPROPID_ACQ_TIME": 305,
    "DS_ACPROPID_MODE": 311,
    "DS_ACPROPID_DIRECTION": 312,
    "DS_ACPROPID_EV_SCALE": 316,
    "DS_ACPROPID_PERIODS": 328,
    "DS_ANPROPID_MODE": 403,
    "DS_ANPROPID_PASS": 404,
    "DS_ANPROPID_WORK_FTN": 406,
    "DS_ANPROPID_LENS_MODE_NAME": 411,
}
"""Properties by name, and their number in a .vgd."""
_VALUE = "DS_GEPROPID_VALUE_LABEL"
_TITLE, _AUTHOR = "DS_EXT_SUPROPID_TITLE", "DS_EXT_SUPROPID_AUTHOR"
_CREATED = "DS_EXT_SUPROPID_CREATED"


@dataclass
class Block:
    """One row of the data along the energy: where it belongs, and its numbers.

    Attributes
    ----------
    line : int
        Where it begins.
    index : tuple of int
        Its place on the further axes; empty where the file does not say.
    values : list of float
    problem : str
        What is wrong with it; empty if nothing.
    """

    line: int
    index: tuple[int, ...]
    values: list[float] = field(default_factory=list)
    problem: str = ""


@dataclass
class Dump:
    """The parts of a file as they stand there."""

    place: str = ""
    properties: dict[str, Any] = field(default_factory=dict)
    data_axes: list[tuple[int, int, int]] = field(default_factory=list)
    space_axes: list[re.Match[str]] = field(default_factory=list)
    axis_values: dict[tuple[int, int], str] = field(default_factory=dict)
    blocks: list[Block] = field(default_factory=list)


def matches(head: bytes, path: Path) -> bool:
    """Return whether properties of a data space begin the file, below comments."""
    return _BEGIN.match(head) is not None and (b"DS_" in head or b"Dump of DataSpace" in head)


def read(path: Path, options: ReadOptions) -> list[Spectrum]:
    """Return one spectrum for each point, level or angle.

    Raises
    ------
    ReadError
        If the axes contradict the data, or there are none.
    PartialRead
        If some rows are damaged or missing; it carries the others.
    """
    dump = _dump(read_lines(path, options))
    axes = [_space_axis(match, number, dump) for number, match in enumerate(dump.space_axes)]
    if not axes or axes[0].name != "energy" or axes[0].points < 2:
        raise ReadError(
            "its first axis is no energy: it is an image, a table of values or empty.",
            hint="Export the data space of a spectrum.",
        )
    spaces = _spaces(dump.data_axes, axes)
    known = {number: dump.properties.get(name) for name, number in NUMBERS.items()}
    known |= {16: dump.place} if dump.place else {}
    summary = {2: dump.properties.get(_TITLE), 4: dump.properties.get(_AUTHOR)}
    meta = meta_of_properties({k: v for k, v in known.items() if v is not None}, summary, path)
    date = dump.properties.get(_CREATED)
    meta = meta if meta.date or not date else replace(meta, date=str(date))
    unit = y_unit_of_words(str(dump.properties.get(_VALUE, "Counts"))) or "arbitrary"
    scale = {316: known[316]} if known[316] is not None else {}
    rows = _rows(dump, axes, spaces, meta)
    return sorted_out(
        row
        if isinstance(row, ReadError)
        else spectrum_of_counts(axes[0].values, row[0], row[1], scale, options, unit=unit)
        for row in rows
    )


def _dump(lines: Sequence[str]) -> Dump:
    dump = Dump()
    part = ""
    for number, line in enumerate(map(str.strip, lines), 1):
        if match := _PROPERTY.fullmatch(line):
            dump.properties[match[1]] = _typed(match[2], match[3].strip())
        elif line.startswith(";"):
            found = re.match(r";\s*Dump of DataSpace '(.*)'", line)
            dump.place = found[1] if found else dump.place
        elif match := _AXIS_VALUE.match(line):
            dump.axis_values[int(match[1]), int(match[2])] = match[3] or match[4] or ""
        elif line.startswith("$"):
            part, _, rest = line.partition("=")
            if part == "$DATA":
                index = tuple(int(n) for n in re.findall(r"(?<=,)\s*(\d+)", rest))
                dump.blocks.append(Block(number, index))
        elif part == "$DATAAXES" and (match := _DATA_AXIS.fullmatch(line)):
            dump.data_axes.append((int(match[1]), int(match[2]), int(match[3])))
        elif part == "$SPACEAXES" and (match := _SPACE_AXIS.fullmatch(line)):
            dump.space_axes.append(match)
        elif part == "$DATA" and line:
            _take_row(dump.blocks[-1], line, number)
    return dump


def _take_row(block: Block, line: str, number: int) -> None:
    """Add the numbers of a row, which has to go on where the one before ended."""
    match = _ROW.fullmatch(line)
    cells = (match[2] if match else line).rstrip(" ,;").split(",")
    found = [to_number(cell.strip()) for cell in cells if cell.strip() != _EMPTY]
    numbers = [value for value in found if value is not None and isfinite(value)]
    if match and int(match[1]) != len(block.values):
        problem = f"row {number} begins with value {match[1]} where {len(block.values)} belongs."
        block.problem = block.problem or problem
    elif len(numbers) < len(cells):
        block.problem = block.problem or f"row {number} should hold numbers: {line[:60]!r}."
    block.values += numbers


def _typed(kind: str, text: str) -> Any:
    """Return the value of a property; a date in ISO form where day and month are certain."""
    if kind == "VT_BSTR":
        return text.strip("'")
    if kind == "VT_BOOL":
        return text.casefold() in ("true", "1", "-1")
    if kind == "VT_DATE":
        found = re.fullmatch(r"(\d+)/(\d+)/(\d{4})\s+(\d+):(\d\d):(\d\d)", text, re.ASCII)
        if found and 12 < int(found[1]) <= 31 and 1 <= int(found[2]) <= 12:
            day, month, year, *clock = map(int, found.groups())
            return f"{year:04}-{month:02}-{day:02}T" + ":".join(f"{n:02}" for n in clock)
        return " ".join(text.split())
    value = to_number(text)
    if value is None or not isfinite(value):
        return text or None
    return value if kind in ("VT_R4", "VT_R8") or value != int(value) else int(value)


def _space_axis(match: re.Match[str], number: int, dump: Dump) -> SpaceAxis:
    start, step, points = to_number(match[1].strip()), to_number(match[2].strip()), int(match[3])
    if start is None or step is None or not isfinite(start + step) or points > 10**8:
        raise ReadError(f"an axis has {match[3]} points from {match[1]} by {match[2]}.", hint=AGAIN)
    values = start + step * np.arange(points, dtype=float)
    if match[5] != "LINEAR":
        told = (to_number(dump.axis_values.get((number, k), "")) for k in range(points))
        values = np.array([np.nan if value is None else value for value in told])
    return SpaceAxis(KINDS.get(match[4], match[7]), match[6], points, values)


def _spaces(data_axes: Iterable[tuple[int, int, int]], axes: list[SpaceAxis]) -> list[list[int]]:
    """Return the numbers of the space axes along each axis of the data, the energy first."""
    spaces, at = [], 0
    for k, (first, last, count) in enumerate(data_axes):
        own = list(range(at, min(at + count, len(axes))))
        at += count
        if len(own) < count or any(axes[n].points != last - first + 1 for n in own) or not own:
            raise ReadError(f"its axis {k + 1} runs from {first} to {last}.", hint=AGAIN)
        spaces.append(own)
    if not spaces or at != len(axes) or len(spaces) > _MOST_AXES:
        raise ReadError(
            f"its {len(axes)} space axes do not belong to its {len(spaces)} axes of data.",
            hint=AGAIN,
        )
    return spaces


def _rows(
    dump: Dump, axes: list[SpaceAxis], spaces: list[list[int]], meta: Meta
) -> Iterator[tuple[Array, Meta] | ReadError]:
    shape = [axes[own[0]].points for own in spaces]
    expected = prod(shape[1:])
    for place, block in enumerate(dump.blocks):
        where = f"spectrum {place + 1}"
        index = block.index if len(block.index) == len(shape) - 1 else _unravelled(place, shape[1:])
        outside = any(k >= n for k, n in zip(index, shape[1:], strict=True))
        if (not block.values and not block.problem.startswith("row ")) or outside:
            yield ReadError("it has no numbers, or no place on the axes.", hint=AGAIN, where=where)
        elif block.problem or len(block.values) != shape[0]:
            problem = f"its axis has {shape[0]} energies, but {len(block.values)} values follow."
            yield ReadError(block.problem or problem, hint=AGAIN, where=where)
        else:
            own = _of_row(meta, dump.axis_values, axes, spaces[1:], index)
            yield np.array(block.values), own
    if len(dump.blocks) < expected:
        yield ReadError(
            f"the axes announce {expected} spectra, but {len(dump.blocks)} follow.", hint=AGAIN
        )


def _unravelled(place: int, shape: Sequence[int]) -> tuple[int, ...]:
    index = []
    for length in shape:
        place, k = divmod(place, length)
        index.append(k)
    return tuple(index)


def _of_row(
    meta: Meta,
    told: Mapping[tuple[int, int], str],
    axes: list[SpaceAxis],
    spaces: Sequence[Sequence[int]],
    index: Sequence[int],
) -> Meta:
    """Return the metadata of a spectrum with its place on the further axes."""
    variables, extra = dict(meta.variables), dict(meta.extra)
    for own, k in zip(spaces, index, strict=True):
        for n in own:
            value = float(axes[n].values[k])
            if isfinite(value):
                variables[axes[n].name or "coordinate"] = (value, axes[n].unit)
            elif text := told.get((n, k)):
                extra[axes[n].name or "coordinate"] = text
    etched = variables.get("etch time", (None, ""))[0]
    return replace(meta, variables=variables, extra=extra, etch_time_s=etched)
