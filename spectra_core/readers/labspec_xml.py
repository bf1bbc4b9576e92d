"""Horiba LabSpec 6 .xml: a spectrum, series or map, as a tree of numbered elements.

Every element is an ``LSX`` whose ID says what it is; those used here have names below. The
intensities stand in an ``LSX_Matrix`` of rows, the second axis the fastest of the rows.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from math import prod
from pathlib import Path
from typing import NamedTuple

from ..errors import ReadError
from ..spectrum import Array, Axis, Meta, Spectrum
from .abscissa import Abscissa, foreign, of_wavenumbers
from .assemble import Columns, assemble_map, sorted_out
from .axis_words import y_unit_of_words
from .binary import AGAIN
from .keys import Keys
from .labspec_text import iso_date
from .numbers import Dialect
from .options import ReadOptions
from .xml_tree import Element, numbers, root_of

FORMAT = "LabSpec xml"
KIND, UNIT, VALUES = "0x6D707974", "0x7C696E75", "0x7D6CD4DB"
NAME, VALUE, AXES = "0x6D6D616E", "0x7D6C61DB", "0x7B697861"


class Dimension(NamedTuple):
    """An axis of the data: its name, unit and values (of the intensity none)."""

    name: str
    unit: str
    values: Array


def matches(head: bytes, path: Path) -> bool:
    """Return whether the root of an XML file is ``LSX_Data``."""
    return b"<LSX_Data" in head[:400]


def read(path: Path, options: ReadOptions) -> list[Spectrum]:
    """Return one spectrum for each row of the matrix.

    Raises
    ------
    ReadError
        If the axes contradict the matrix, or there is none.
    """
    root = root_of(path)
    dimensions = list(_dimensions(root))
    rows = [numbers(row.text, "intensities") for row in root.iter("LSX_Row")]
    if len(dimensions) < 2 or not rows:
        raise ReadError("holds no axis, or no row of intensities.", hint=AGAIN)
    intensity, spectral, *places = dimensions
    expected = prod(place.values.size for place in places)
    short = next((r for r in rows if r.size != spectral.values.size), None)
    if len(rows) != expected or short is not None:
        raise ReadError(
            f"its axes ask for {expected} rows of {spectral.values.size} intensities, but it holds"
            f" {len(rows)}, one of them of {rows[0].size if short is None else short.size}.",
            hint=AGAIN,
        )
    abscissa = _abscissa(spectral)
    settings = _settings(root)
    meta = abscissa.noted(_meta(settings, path, raman=abscissa.axis is Axis.RAMAN_SHIFT))
    unit = y_unit_of_words(intensity.unit) or "arbitrary"
    columns = Columns(spectral.values, rows[0], unit, countable=False)
    placed = _placed(rows, places, meta)
    return sorted_out(assemble_map(columns, placed, abscissa.axis, abscissa.options(options)))


def _child(element: Element, number: str) -> str:
    return next((c.text or "" for c in element if c.get("ID") == number), "").strip()


def _dimensions(root: Element) -> Iterator[Dimension]:
    axes = next((e for e in root.iter("LSX") if e.get("ID") == AXES), None)
    for axis in axes if axes is not None else ():
        values = numbers(_child(axis, VALUES), "values of an axis")
        yield Dimension(_child(axis, KIND), _child(axis, UNIT), values)


def _abscissa(spectral: Dimension) -> Abscissa:
    unit = spectral.unit.casefold()
    if unit == "nm":
        return Abscissa(Axis.WAVELENGTH)
    if unit.startswith("1/cm"):
        return of_wavenumbers(spectral.values, raman="abs" not in unit)
    if unit == "ev":
        return foreign("the photon energy in eV")
    return foreign(f"in {spectral.unit}") if unit else Abscissa(None)


def _placed(rows: list[Array], places: list[Dimension], meta: Meta) -> Iterator[tuple[Array, Meta]]:
    for number, y in enumerate(rows):
        variables, rest = {}, number
        for place in places:
            rest, k = divmod(rest, place.values.size)
            variables[place.name or "coordinate"] = (float(place.values[k]), place.unit)
        yield y, replace(meta, variables=variables)


def _settings(root: Element) -> dict[str, str]:
    """Return every setting that has a name and a value."""
    found: dict[str, str] = {}
    for element in root.iter("LSX"):
        name = _child(element, NAME)
        if name and (value := _child(element, VALUE)):
            found.setdefault(name, value)
    return found


def _meta(settings: dict[str, str], path: Path, *, raman: bool) -> Meta:
    keys = Keys(settings, Dialect(None))
    return Meta(
        sample=settings.get("Sample") or settings.get("Title") or path.stem,
        technique="Raman" if raman else "",
        dwell_s=keys.number("Acq. time (s)", "time"),
        scans=keys.number("Accumulations"),
        laser_nm=keys.number("Laser (nm)", "length"),
        instrument=settings.get("Instrument", ""),
        date=iso_date(settings.get("Acquired") or settings.get("Date", "")),
        comment=settings.get("Remark", ""),
        extra={
            **({"title": settings["Title"]} if settings.get("Title") else {}),
            "metadata": {"settings": settings},
        },
    )
