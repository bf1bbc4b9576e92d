"""What tells the levels of a series apart: sputter time, voltage, cycle, position, with units.

A spectrum carries its coordinates in its metadata: the etch time, and the experimental
variables of the file or those that a user's table gave it. `coordinates_of` is the one answer
to what they are; results, tables and figures ask it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ..errors import DataError
from ..spectrum import Array, Spectrum, replace_fields

SPUTTER_TIME = "sputter_time"
INDEX = "index"

UNITS: Mapping[str, str] = {
    SPUTTER_TIME: "s",
    "time": "s",
    "depth": "nm",
    "voltage": "V",
    "temperature": "K",
    "position": "mm",
    "cycle": "",
    INDEX: "",
}
"""Coordinates by name and the unit each has where none is written."""

_SPELLINGS: Mapping[str, str] = {
    "etch time": SPUTTER_TIME,
    "etchtime": SPUTTER_TIME,
    "sputter time": SPUTTER_TIME,
    "sputtertime": SPUTTER_TIME,
    "sputtering time": SPUTTER_TIME,
    "etch level": INDEX,
    "level": INDEX,
    "potential": "voltage",
}


@dataclass(frozen=True)
class Coordinate:
    """One coordinate of one spectrum.

    Attributes
    ----------
    name : str
        ``"sputter_time"``, ``"voltage"``... or as the file calls it.
    value : float
    unit : str
    """

    name: str
    value: float
    unit: str = ""

    def __str__(self) -> str:
        return f"{words(self.name)} {self.value:g} {self.unit}".rstrip()


def words(name: str) -> str:
    """Return a coordinate's name as it is printed."""
    return name.replace("_", " ")


def coordinate_name(text: str) -> str:
    """Return the name in `UNITS` that a text means, or the text in one spelling."""
    plain = re.sub(r"[\s_]+", " ", text.strip()).casefold()
    plain = _SPELLINGS.get(plain, plain)
    return plain.replace(" ", "_")


def coordinates_of(spectrum: Spectrum) -> tuple[Coordinate, ...]:
    """Return what a spectrum says of its place in a series, the sputter time first.

    Its experimental variables by name, with the time of etching in seconds. Variables that
    are no numbers are none.
    """
    found: dict[str, Coordinate] = {}
    time = spectrum.meta.etch_time_s
    if time is not None:
        found[SPUTTER_TIME] = Coordinate(SPUTTER_TIME, float(time), "s")
    for label, (value, unit) in spectrum.meta.variables.items():
        name = coordinate_name(label)
        found.setdefault(name, Coordinate(name, float(value), unit or UNITS.get(name, "")))
    return tuple(found.values())


def coordinate(spectrum: Spectrum, name: str) -> Coordinate | None:
    """Return one coordinate of a spectrum; None if it has none of that name."""
    return next((c for c in coordinates_of(spectrum) if c.name == coordinate_name(name)), None)


def with_coordinates(spectrum: Spectrum, coordinates: Iterable[Coordinate]) -> Spectrum:
    """Return a spectrum with coordinates in place of, or beside, those that it had.

    Raises
    ------
    DataError
        If a sputter time is in a unit that is no time.
    """
    meta = spectrum.meta
    variables = dict(meta.variables)
    for given in coordinates:
        if given.name == SPUTTER_TIME:
            seconds = given.value * _seconds(given.unit)
            meta = replace(meta, etch_time_s=seconds)
            variables = {k: v for k, v in variables.items() if coordinate_name(k) != SPUTTER_TIME}
        else:
            variables[given.name] = (given.value, given.unit)
    return replace_fields(spectrum, meta=replace(meta, variables=variables))


_TIME_UNITS = {"": 1.0, "s": 1.0, "sec": 1.0, "min": 60.0, "h": 3600.0}


def _seconds(unit: str) -> float:
    if unit.casefold() not in _TIME_UNITS:
        raise DataError(
            f'a sputter time is given in "{unit}".',
            hint=f"Give it in one of: {', '.join(filter(None, _TIME_UNITS))}.",
        )
    return _TIME_UNITS[unit.casefold()]


def natural_key(text: str) -> tuple[tuple[int, int, str], ...]:
    """Return a key that sorts ``scan 2`` before ``scan 10``."""
    pieces = re.split(r"(\d+)", text.casefold())
    return tuple((0, int(p), "") if p.isdecimal() else (1, 0, p) for p in pieces if p)


def distinct(values: Sequence[float] | Array) -> bool:
    """Return whether values tell levels apart."""
    array: Array = np.asarray(values, dtype=float)
    return bool(np.isfinite(array).all() and np.unique(array).size == array.size)
