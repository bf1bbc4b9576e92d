"""TriVista .tvf (S&I): documents with a calibrated axis and a frame for each spectrum."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from math import isfinite
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from ..errors import ReadError, SpectraError
from ..spectrum import Array, Axis, Meta, Spectrum
from .abscissa import Abscissa, foreign, of_wavenumbers
from .assemble import Columns, assemble_map, sorted_out
from .axis_words import y_unit_of_words
from .binary import AGAIN
from .options import ReadOptions
from .xml_tree import Element, numbers, root_of

FORMAT = "TriVista"
_DEEPEST = 8


def matches(head: bytes, path: Path) -> bool:
    """Return whether the first line is TriVista's comment."""
    return b"<!--TriVista-File" in head[:100]


def read(path: Path, options: ReadOptions) -> list[Spectrum]:
    """Return one spectrum for each frame and row of its detector.

    Raises
    ------
    ReadError
        If no document holds a spectrum.
    PartialRead
        If some documents are damaged; it carries the spectra of the others.
    """
    documents = list(root_of(path).iter("Document"))
    if not documents:
        raise ReadError("the TriVista file holds no document.", hint=AGAIN)
    return sorted_out(
        spectrum
        for number, document in enumerate(documents, 1)
        for spectrum in _spectra(document, number, path, options)
    )


def _spectra(
    document: Element, number: int, path: Path, options: ReadOptions
) -> Iterator[Spectrum | ReadError]:
    try:
        calibration = document.find("xDim/Calibration")
        frames = [_frame(frame) for frame in document.iter("Frame")]
        if calibration is None or not frames:
            raise ReadError("has no calibrated axis, or no frame.")
        x = _values(calibration)
        laser = _number(calibration.get("LaserWave", ""))
        abscissa = _abscissa(calibration.get("Unit", ""), x)
        meta = abscissa.noted(_meta(document, laser, path, raman=abscissa.axis is Axis.RAMAN_SHIFT))
        wrong = next((row.size for rows in frames for row in rows if row.size != x.size), None)
        if wrong is not None:
            raise ReadError(f"has an axis of {x.size} points and a frame of {wrong}.", hint=AGAIN)
        unit = y_unit_of_words(document.get("DataLabel", "")) or "arbitrary"
        columns = Columns(x, x, unit, countable=False)
        rows = _placed(frames, meta)
        yield from assemble_map(columns, rows, abscissa.axis, abscissa.options(options))
    except SpectraError as error:
        yield ReadError(error.message, hint=error.hint, where=f"document {number}")


def _frame(frame: Element) -> list[Array]:
    """Return the rows of a frame."""
    values = numbers(frame.text, "intensities")
    points, rows = int(_number(frame.get("xDim", ""))), int(_number(frame.get("yDim", "")))
    if points < 1 or rows < 1 or points * rows != values.size:
        raise ReadError(
            f"has a frame of {points} x {rows} points with {values.size} numbers.", hint=AGAIN
        )
    return list(values.reshape(rows, points))


def _values(calibration: Element) -> Array:
    count, _, rest = calibration.get("ValueArray", "").partition("|")
    values = numbers(rest.replace("|", " "), "values of the axis")
    if not values.size or values.size != _number(count):
        raise ReadError(
            f"has an axis of {values.size} values, announced as {count[:20]}.", hint=AGAIN
        )
    return values


def _number(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        return 0.0
    return value if isfinite(value) else 0.0


def _abscissa(unit: str, x: Array) -> Abscissa:
    if unit == "Nanometer":
        return Abscissa(Axis.WAVELENGTH)
    if "wavenumber" in unit.casefold():
        return of_wavenumbers(x, raman="relative" in unit.casefold())
    return foreign(f"in {unit}") if unit else Abscissa(None)


def _placed(frames: list[list[Array]], meta: Meta) -> Iterator[tuple[Array, Meta]]:
    several = len(frames) > 1
    for k, rows in enumerate(frames):
        for j, y in enumerate(rows):
            variables = {"frame": (float(k + 1), "")} if several else {}
            if len(rows) > 1:
                variables["row"] = (float(j + 1), "")
            yield y, replace(meta, variables=variables)


def _meta(document: Element, laser: float, path: Path, *, raman: bool) -> Meta:
    tree = _groups(document.get("InfoSerialized", ""))
    extra: dict[str, Any] = {"metadata": tree} if tree else {}
    return Meta(
        sample=path.stem,
        technique="Raman" if raman else "",
        laser_nm=laser or None,
        instrument="TriVista",
        date=_date(document.get("RecordTime", "")),
        extra=extra,
    )


def _groups(serialized: str) -> dict[str, Any]:
    """Return the settings that stand in an XML text of their own, as groups of items."""
    if not serialized or "<!ENTITY" in serialized:
        return {}
    try:
        root = ElementTree.fromstring(serialized.partition("?>")[2] or serialized)
    except (ElementTree.ParseError, ValueError):
        return {}
    return _group(root, 0)


def _group(element: Element, depth: int) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for item in element.iterfind("Items/Item"):
        found[item.findtext("Name", "")] = item.findtext("Value", "")
    if depth < _DEEPEST:
        for group in element.iterfind("Groups/Group"):
            if inside := _group(group, depth + 1):
                found[group.findtext("Name", "")] = inside
    return found


def _date(text: str) -> str:
    """Return the ISO date of a record, month first; as written if it is no date."""
    try:
        return datetime.strptime(text.partition(".")[0], "%m/%d/%Y %H:%M:%S").isoformat()
    except ValueError:
        return text
