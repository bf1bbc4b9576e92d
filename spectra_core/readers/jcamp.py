"""JCAMP-DX, all versions to 6: labelled records, blocks, tables of every compression.

A file is a row of records ``##LABEL=value``. A block begins with ``##TITLE`` and holds one
table, ``XYDATA`` (even steps) or ``XYPOINTS`` (pairs), or, as ``NTUPLES``, several pages.
What the header says about its table is held against it: the number of points, the abscissa
at the beginning of each line, the first ordinate and, in the tables, the check values.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import ReadError, SpectraError
from ..spectrum import Array, Axis, Meta, Spectrum
from .abscissa import Abscissa, foreign, of_wavenumbers
from .assemble import Columns, assemble, noted, sorted_out
from .axis_words import y_unit_of_words
from .encodings import decode
from .jcamp_tables import Lines, Ordinates, ordinates, pairs, unit_of
from .numbers import to_number
from .options import ReadOptions

FORMAT = "JCAMP-DX"
_RECORD = re.compile(r"^[^\S\n]*##([^=\n]*)=(.*)", re.MULTILINE)
_TABLES = ("XYDATA", "XYPOINTS", "DATATABLE", "RADATA", "PEAKTABLE", "PEAKASSIGNMENTS")
_PEAKS = ("PEAKTABLE", "PEAKASSIGNMENTS")
_PER_BYTE = 100
_FEWEST = 1_000_000
_LONGEST_VALUE = 400
_BY_VARIABLE = ("SYMBOL", "VARNAME", "UNITS", "FIRST", "LAST", "FACTOR", "VARDIM")


@dataclass
class Table:
    """A table of numbers and the records that hold for it.

    Attributes
    ----------
    label, form : str
        E.g. ``"XYDATA"`` and ``"(X++(Y..Y))"``.
    lines : Lines
    records : dict of str to str
    page : str
        Of a table in ``NTUPLES``, as ``"N=1"``; empty otherwise.
    """

    label: str
    form: str
    lines: Lines
    records: dict[str, str]
    page: str = ""


@dataclass(frozen=True)
class Scale:
    """How the numbers of a table become abscissa and ordinates.

    Attributes
    ----------
    x_unit, y_unit, y_name : str
    first, last : float or None
    x_factor, y_factor : float
    points : int or None
    first_y : str
        As written.
    """

    x_unit: str
    y_unit: str
    y_name: str
    first: float | None
    last: float | None
    x_factor: float
    y_factor: float
    points: int | None
    first_y: str = field(default="")


def matches(head: bytes, path: Path) -> bool:
    """Return whether the first line is ``##TITLE=`` or ``##JCAMP-DX=``."""
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip()[:40]
    return re.match(rb"(?i)##\s*(TITLE|JCAMP[-_ ]?DX)\s*=", start) is not None


def read(path: Path, options: ReadOptions) -> list[Spectrum]:
    """Return the spectrum of each table, pages of ``NTUPLES`` included.

    Raises
    ------
    ReadError
        If there is no table, or none that is whole.
    PartialRead
        If some tables are damaged; it carries the others.
    """
    text = decode(path.read_bytes(), options.encoding)
    tables = list(_tables(text))
    spectral = [table for table in tables if table.label not in _PEAKS]
    if not spectral:
        raise ReadError(
            "the JCAMP-DX file holds a table of peaks, no spectrum."
            if tables
            else "the JCAMP-DX file holds no table of numbers.",
            hint="Open the spectrum itself; a table of peaks has none."
            if tables
            else "It seems cut off: export it again.",
        )
    most = max(_PER_BYTE * len(text), _FEWEST)
    return sorted_out(_spectrum(table, len(spectral), most, path, options) for table in spectral)


# ---------------------------------------------------------------------------------
# Records and tables


def _tables(text: str) -> Iterator[Table]:
    """Yield every table with the records of its block so far, and those behind it too."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    block: list[Table] = []
    records: dict[str, str] = {}
    for match, lines in _records(text):
        label, value = _label(match[1]), match[2].partition("$$")[0].strip()
        if label in ("TITLE", "END"):
            yield from _closed(block, records)
            block, records = [], {}
        if label in _TABLES:
            table = Table(label, value, lines, records, records.get("PAGE", ""))
            if table.page:
                table.records = dict(records)  # the next page may say otherwise
            block.append(table)
        elif label != "END":
            more = (line.strip() for _, line in lines.numbered())
            records[label] = "\n".join(part for part in (value, *more) if part)
    yield from _closed(block, records)


def _records(text: str) -> Iterator[tuple[re.Match[str], Lines]]:
    """Yield every record and the lines that follow it."""
    match = _RECORD.search(text)
    number, at = 1, 0
    while match is not None:
        number += text.count("\n", at, match.end()) + 1
        start = min(match.end() + 1, len(text))
        following = _RECORD.search(text, match.end())
        end = len(text) if following is None else following.start()
        yield match, Lines(text, start, max(start, end), number)
        number, at, match = number - 1, match.end(), following


def _closed(block: list[Table], records: dict[str, str]) -> list[Table]:
    """Return the tables of a block; each with what the block says below it."""
    for table in block:
        table.records = records | table.records
    return block


def _label(text: str) -> str:
    return re.sub(r"[\s\-/_]", "", text).upper()


# ---------------------------------------------------------------------------------
# From a table to a spectrum


def _spectrum(
    table: Table, count: int, most: int, path: Path, options: ReadOptions
) -> Spectrum | ReadError:
    where = table.page or table.records.get("TITLE", "") if count > 1 else ""
    try:
        scale = _scale_of_page(table) if table.page else _scale(table.records)
        if scale.points is not None and scale.points > most:
            raise ReadError(f"the header announces {scale.points} points.")
        if "++" in table.form:
            x, y, note = _even(table, scale, most)
        else:
            x, y, note = _paired(table, scale)
        return _assembled(table, scale, (x, y, note), path, options)
    except SpectraError as error:
        place = ": ".join(part for part in (where, error.where) if part)
        return ReadError(error.message, hint=error.hint, where=place)


_NUMBER = re.compile(r"\s*([-+]?(?:\d[\d.,]*|[.,]\d+)(?:[eE][-+]?\d+)?)", re.ASCII)


def _number(records: dict[str, str], *labels: str) -> float | None:
    """Return the number of the first record that has one; a comma in it is a decimal sign.

    Where points stand in it too, the sign that comes last is the decimal one.
    """
    for label in labels:
        match = _NUMBER.match(records.get(label, ""))
        if match is None:
            continue
        text = match[1].rstrip(",")
        decimal = max(".,", key=text.rfind)
        text = text.replace({".": ",", ",": "."}[decimal], "").replace(decimal, ".")
        value = to_number(text)
        if value is not None and np.isfinite(value):
            return value
    return None


def _count(value: float | None) -> int | None:
    return int(value) if value is not None and value == int(value) and value > 0 else None


def _scale(records: dict[str, str]) -> Scale:
    return Scale(
        records.get("XUNITS", ""),
        records.get("YUNITS", ""),
        "",
        _number(records, "FIRSTX"),
        _last(records),
        _number(records, "XFACTOR") or 1.0,
        _number(records, "YFACTOR") or 1.0,
        _count(_number(records, "NPOINTS")),
        records.get("FIRSTY", ""),
    )


def _last(records: dict[str, str]) -> float | None:
    """Return the last abscissa, out of the step where the file has no other."""
    first, step = _number(records, "FIRSTX"), _number(records, "DELTAX")
    points = _count(_number(records, "NPOINTS"))
    last = _number(records, "LASTX")
    if last is not None or first is None or step is None or points is None:
        return last
    return first + step * (points - 1)


def _scale_of_page(table: Table) -> Scale:
    """Return the scale of a page of ``NTUPLES``, from lists with an entry per variable."""
    lists = {
        name: [part.strip() for part in table.records.get(name, "").split(",")]
        for name in _BY_VARIABLE
    }
    symbols = lists["SYMBOL"]
    found = re.match(r"\(\s*(\w)\s*(?:\+\+\s*\(\s*)?(\w)", table.form)
    if not found or found[1] not in symbols or found[2] not in symbols:
        raise ReadError(
            f"its table has the form {table.form!r}, of variables that SYMBOL"
            f" ({table.records.get('SYMBOL', '')}) does not define."
        )
    x, y = symbols.index(found[1]), symbols.index(found[2])

    def at(name: str, i: int) -> str:
        return lists[name][i] if i < len(lists[name]) else ""

    own = table.records
    return Scale(
        at("UNITS", x),
        at("UNITS", y),
        at("VARNAME", y),
        _number({"F": own.get("FIRSTX", "") or at("FIRST", x)}, "F"),
        _number({"L": own.get("LASTX", "") or at("LAST", x)}, "L"),
        _number({"F": at("FACTOR", x)}, "F") or 1.0,
        _number({"F": at("FACTOR", y)}, "F") or 1.0,
        _count(_number({"N": own.get("NPOINTS", "") or at("VARDIM", y)}, "N")),
    )


def _even(table: Table, scale: Scale, most: int) -> tuple[Array, Array, str]:
    """Return abscissa and ordinates of a table with even steps, and a note."""
    found = ordinates(table.lines, scale.points or most)
    count = found.y.size
    if scale.points is not None and count != scale.points:
        raise ReadError(
            f"the header announces {scale.points} points but the table holds {count}.",
            hint="It is cut off or was changed; export it again.",
        )
    if count < 2 or scale.first is None or scale.last is None:
        raise ReadError(
            f"the table holds {count} points from FIRSTX={table.records.get('FIRSTX', '')!r} to"
            f" LASTX={table.records.get('LASTX', '')!r}.",
            hint="It is cut off or was changed; export it again.",
        )
    x = np.linspace(scale.first, scale.last, count)
    _check_abscissae(found, x, scale)
    y = found.y * scale.y_factor
    del found
    _check_first(y[0], scale)
    whole = np.isfinite(y)
    if whole.all():
        return x, y, ""
    return x[whole], y[whole], f"{int((~whole).sum())} points without ordinate were left out"


def _check_abscissae(found: Ordinates, x: Array, scale: Scale) -> None:
    """Hold the abscissa that each line begins with against its place in the table.

    That of a check value is also written as the one of the ordinate after it.
    """
    starts = found.starts
    place, told = np.array(starts.place), np.array(starts.x) * scale.x_factor
    step = abs(x[1] - x[0])
    allowed = 1.01 * np.array(starts.unit) * abs(scale.x_factor) + 0.5 * step + 1e-6 * abs(told)
    inside = place < x.size
    off = np.abs(x[np.minimum(place, x.size - 1)] - told)
    after = np.minimum(place + np.array(starts.checks), x.size - 1)
    bad = np.flatnonzero(inside & (np.minimum(off, np.abs(x[after] - told)) > allowed))
    if bad.size:
        k = int(bad[0])
        raise ReadError(
            f"begins with the abscissa {told[k]:.8g}, but after {place[k]} points of"
            f" {step:.6g} each it is {x[place[k]]:.8g}: numbers were changed or lost"
            " before it.",
            hint="Copy or export the file again.",
            where=f"line {starts.line[k]}",
        )


def _check_first(y: float, scale: Scale) -> None:
    """Hold the first ordinate against FIRSTY; a zero there was never filled in."""
    told = _number({"Y": scale.first_y}, "Y")
    if not told or not np.isfinite(y):
        return
    allowed = unit_of(scale.first_y.strip()) + 1e-3 * abs(told) + abs(scale.y_factor)
    if abs(y - told) > allowed:
        raise ReadError(
            f"the first ordinate is {y:.7g} but FIRSTY says {told:.7g}: the table or its factor"
            f" YFACTOR={scale.y_factor:g} was changed.",
            hint="Copy or export the file again.",
        )


def _paired(table: Table, scale: Scale) -> tuple[Array, Array, str]:
    values = pairs(table.lines)
    if scale.points is not None and len(values) != scale.points:
        raise ReadError(
            f"the header announces {scale.points} points but the table holds {len(values)}.",
            hint="It is cut off or was changed; export it again.",
        )
    whole = np.isfinite(values).all(axis=1)
    note = "" if whole.all() else f"{int((~whole).sum())} points without number were left out"
    x, y = (column[whole] if note else column.copy() for column in values.T)
    del values
    x *= scale.x_factor
    y *= scale.y_factor
    if y.size:
        _check_first(y[0], scale)
    return x, y, note


def _assembled(
    table: Table,
    scale: Scale,
    numbers: tuple[Array, Array, str],
    path: Path,
    options: ReadOptions,
) -> Spectrum:
    x, y, note = numbers
    kind = table.records.get("DATATYPE", "")
    raman = "RAMAN" in kind.upper()
    abscissa = _abscissa(scale.x_unit, x, raman)
    raman = raman or abscissa.axis is Axis.RAMAN_SHIFT
    meta = noted(_meta(table, scale, kind, path, raman=raman), points_note=note)
    unit = y_unit_of_words(scale.y_unit) or "arbitrary"
    columns = Columns(x, y, unit, countable=bool(abscissa.axis and abscissa.axis.is_energy))
    return assemble(columns, abscissa.axis, abscissa.noted(meta), abscissa.options(options))


def _abscissa(unit: str, x: Array, raman: bool) -> Abscissa:
    words = unit.casefold()
    if re.search(r"1\s*/\s*cm|cm\s*\^?-\s*1|wave\s*number|raman", words):
        return of_wavenumbers(x, raman=raman or "raman" in words)
    if "binding" in words:
        return Abscissa(Axis.BINDING_ENERGY)
    if "kinetic" in words:
        return Abscissa(Axis.KINETIC_ENERGY)
    if re.search(r"nanomet|\bnm\b", words):
        return Abscissa(Axis.WAVELENGTH)
    if re.search(r"\bev\b|electron", words) or not words.strip() or "arbitrary" in words:
        return Abscissa(None)  # eV: of which energy, the user says
    return foreign(f"in {unit.strip()}")


def _meta(table: Table, scale: Scale, kind: str, path: Path, *, raman: bool) -> Meta:
    records = table.records
    tree = {
        key: value
        for key, value in records.items()
        if value and len(value) <= _LONGEST_VALUE and key != "TITLE"
    }
    name, _, value = table.page.partition("=")
    number = _number({"N": value}, "N")
    extra: dict[str, Any] = {
        "ordinate": scale.y_name or scale.y_unit,
        "owner": records.get("OWNER", ""),
        "origin": records.get("ORIGIN", ""),
        "metadata": {"records": tree},
    }
    return Meta(
        sample=" ".join(records.get("TITLE", "").split()) or path.stem,
        region=f"{scale.y_name} {table.page}".strip() if table.page else "",
        technique="Raman" if raman else kind,
        laser_nm=_laser(records) if raman else None,
        instrument=records.get("SPECTROMETER", "") or records.get("SPECTROMETERDATASYSTEM", ""),
        date=_date(records),
        variables={name.strip(): (number, "")} if number is not None else {},
        extra={key: value for key, value in extra.items() if value},
    )


def _laser(records: dict[str, str]) -> float | None:
    names = [key for key in records if re.search(r"(LASER|EXCITATION)WAVELENGTH", key)]
    value = _number(records, *names)
    return value if value is not None and 200 <= value <= 2000 else None


def _date(records: dict[str, str]) -> str:
    """Return the ISO date of ``LONGDATE`` or ``DATE``; a two-digit year is of 1900."""
    text, time = records.get("LONGDATE") or records.get("DATE", ""), records.get("TIME", "")
    clock = re.match(r"(\d{1,2})[:.](\d{2})(?:[:.](\d{2}))?", time)
    hour, minute, second = (int(part or 0) for part in clock.groups()) if clock else (0, 0, 0)
    found = re.match(r"(\d{4}|\d{2})[/\-](\d{1,2})[/\-](\d{1,2})(?!\d)", text)
    if found is None:
        return text
    year = int(found[1]) + (1900 if len(found[1]) == 2 else 0)
    try:
        day = datetime(year, int(found[2]), int(found[3]), hour, minute, second)
    except ValueError:
        return text
    return day.isoformat() if clock else day.date().isoformat()
