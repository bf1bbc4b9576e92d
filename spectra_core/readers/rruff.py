"""RRUFF text: ``##KEY=value`` lines, then a shift and an intensity in each row, ``##END=``.

Diffraction and infrared data of the database have the same form. Its own file names tell
them apart (``Quartz__R040031__Raman__532__0__...``): they are the only place where the
database writes the technique and the laser, so they are believed; without one, it is asked.
"""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

from ..errors import ReadError
from ..spectrum import Axis, Meta, Spectrum
from .abscissa import Abscissa, foreign
from .assemble import Columns, assemble
from .encodings import decode
from .options import ReadOptions

FORMAT = "RRUFF"
_ROW = re.compile(
    r"\s*([-+]?[\d.]+(?:[eE][-+]?\d+)?)\s*[,;\t ]\s*([-+]?[\d.]+(?:[eE][-+]?\d+)?)\s*"
)


def matches(head: bytes, path: Path) -> bool:
    """Return whether the file begins with ``##NAMES=`` or ``##RRUFFID=``."""
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip()[:20]
    return re.match(rb"##(NAMES|RRUFFID)=", start) is not None


def read(path: Path, options: ReadOptions) -> list[Spectrum]:
    """Return the spectrum of a file of the RRUFF database.

    Raises
    ------
    ReadError
        If there are no rows, a row is damaged, or it is not known what was measured.
    """
    values: dict[str, str] = {}
    rows, numbers = [], []
    lines = re.split(r"\r\n|\n|\r", decode(path.read_bytes(), options.encoding))
    for number, line in enumerate(lines, 1):
        if line.startswith("##"):
            key, _, value = line[2:].partition("=")
            values[key.strip()] = value.strip()
        elif line.strip():
            rows.append(_row(line, number))
            numbers.append(number)
    if len(rows) < 2:
        raise ReadError("the RRUFF file holds no rows of numbers.", hint="Fetch it again.")
    if "END" not in values:
        raise ReadError(
            "the RRUFF file has no end (##END=): it is cut off.", hint="Fetch it again."
        )
    table = np.array(rows)
    abscissa, laser = _abscissa(path.name)
    raman = abscissa.axis is Axis.RAMAN_SHIFT
    meta = Meta(
        sample=values.get("NAMES") or path.stem,
        technique="Raman" if raman else "",
        laser_nm=laser,
        extra={"metadata": {"keys": {k: v for k, v in values.items() if v}}},
    )
    x, y = np.ascontiguousarray(table.T)
    columns = Columns(x, y, "arbitrary", countable=False, row_numbers=np.array(numbers, dtype=int))
    answers = abscissa.options(options)
    return [assemble(columns, abscissa.axis, abscissa.noted(meta), answers)]


def _row(line: str, number: int) -> tuple[float, float]:
    match = _ROW.fullmatch(line)
    try:
        return float(match[1]), float(match[2])  # type: ignore[index]
    except (TypeError, ValueError) as error:
        raise ReadError(
            f"holds {line.strip()[:60]!r} where two numbers belong.", where=f"row {number}"
        ) from error


def _abscissa(name: str) -> tuple[Abscissa, float | None]:
    """Return what was measured, and the laser, by the name that the database gives its files."""
    raman = re.search(r"__(?:Broad_Scan_)?Raman__(?:(\d{3,4})__)?|__Broad_Scan__(\d{3,4})__", name)
    if raman:
        laser = raman[1] or raman[2]
        return Abscissa(Axis.RAMAN_SHIFT), float(laser) if laser else None
    if "__Infrared" in name:
        return foreign("the wavenumber in cm-1"), None
    if "__Powder" in name or "__XY_" in name:
        return foreign("the angle of diffraction in degrees"), None
    return Abscissa(None), None
