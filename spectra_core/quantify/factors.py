"""Sensitivity factors by name: the library's tables, a user's csv or TOML, MultiPak's.

A table says what its factors hold: a cross section alone, or the escape depth, the
transmission and the angle of the instrument as well. What they hold is not applied again,
and tables are never mixed.
"""

from __future__ import annotations

import csv
import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from math import isfinite
from pathlib import Path
from typing import Any

from ..core_levels import core_level
from ..errors import ModelError, ReadError, SpectraError, did_you_mean
from ..library import PeakLibrary, load_library
from .entry import QuantifyEntry

HOLDS = ("length", "transmission", "angle")
"""What a factor may hold beside the cross section."""

LINE, LEVEL = "line", "level"
_COLUMNS: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "correctedrsf": ("CorrectedRSF", HOLDS),
    "corrected rsf": ("CorrectedRSF", HOLDS),
    "rsf": ("RSF", ("length",)),
    "factor": ("factor", ()),
    "sensitivity": ("factor", ()),
}
"""Heading of a column of factors -> its name and what MultiPak's hold."""

_LEVEL_HEADS = ("level", "line", "peak", "transition", "region", "name")
_SD_HEADS = ("relative", "relative sd", "u", "uncertainty")
LIBRARY_UNCERTAINTY = 0.05
"""Relative standard uncertainty of calculated cross sections of one photon energy (Al K alpha)."""


@dataclass(frozen=True)
class Factor:
    """One sensitivity factor.

    Attributes
    ----------
    name : str
        ``"S 2p"`` for the whole level, ``"In 3d5/2"`` for one line of it.
    value : float
    relative : float or None
        Its relative standard uncertainty; None if nobody says.
    beta : float or None
        Asymmetry parameter of photoemission; None if not given. That of an s level is 2.
    """

    name: str
    value: float
    relative: float | None = None
    beta: float | None = None

    @property
    def element(self) -> str:
        """The element."""
        return self.name.split()[0]

    @property
    def per(self) -> str:
        """``"line"`` or ``"level"``: which area it divides."""
        own = core_level(self.name)
        return LINE if own.line and own.is_doublet else LEVEL


@dataclass(frozen=True)
class FactorTable:
    """A named table of sensitivity factors.

    Attributes
    ----------
    id : str
        Name of the library's table, or of the file with its column.
    factors : tuple of Factor
    holds : tuple of str
        Of `HOLDS`.
    source : str
        Where it comes from, in words.
    photon_energy_ev : float or None
        That it is for; None if it does not say.
    """

    id: str
    factors: tuple[Factor, ...]
    holds: tuple[str, ...] = ()
    source: str = ""
    photon_energy_ev: float | None = None

    def factor(self, level: str) -> Factor:
        """Return the factor for a level: its own, or that of its stronger line.

        Raises
        ------
        ModelError
            If the table has neither.
        """
        asked = core_level(level)
        own = [f for f in self.factors if core_level(f.name).name == asked.name]
        whole = next((f for f in own if f.per == LEVEL), None)
        major = f"{asked.element} {asked.lines[0]}"
        line = next((f for f in own if f.name == major), None)
        wanted = next(
            (f for f in own if asked.line and f.name == f"{asked.element} {asked.line}"), None
        )
        found = wanted or whole or line
        if found is None:
            there = ", ".join(f.name for f in self.factors[:12])
            raise ModelError(
                f"the table {self.id} has no factor for {asked.name}.",
                hint=f"It has {there}{'...' if len(self.factors) > 12 else ''}.",
            )
        return found


def load_factors(name: str, *, column: str | None = None) -> FactorTable:
    """Return a table by the name of the library's, or from a csv or TOML file.

    Parameters
    ----------
    name : str
        ``"scofield-al-ka"``, ``"xraylib@1486.6"``, or the path of a file.
    column : str or None
        Which column of factors of a csv, where it has several.

    Raises
    ------
    ModelError
        If there is no table and no file of that name.
    ReadError
        If the file is no table of factors.
    """
    path = Path(name)
    if path.suffix.lower() in (".csv", ".txt", ".toml") or path.is_file():
        return _from_file(path, column)
    if column is not None:
        raise ModelError(f"the table {name} of the library has no column {column}.")
    return _from_library(name, load_library())


def factors_for(entry: QuantifyEntry) -> FactorTable:
    """Return the factors that an entry asks for: its own, or those of the table it names."""
    if entry.factors:
        own = [{"level": name, "value": value} for name, value in entry.factors.items()]
        found = tuple(_factor(row, "factors") for row in own)
        table = _table("given", found, _holds(entry.holds, "factors"), "factors as given", None)
    else:
        table = load_factors(entry.table, column=entry.column)
    if entry.relative is None:
        return table
    return replace(table, factors=tuple(replace(f, relative=entry.relative) for f in table.factors))


def _from_library(name: str, library: PeakLibrary) -> FactorTable:
    own = name.partition("@")[0]
    table = library.sensitivity_tables.get(own)
    if table is None:
        raise ModelError(
            f'there is no table of sensitivity factors "{name}".',
            hint=f"{did_you_mean(own, library.sensitivity_tables)} Or give a csv or TOML file.",
        )
    factors = []
    for row in table.rows:
        try:
            core_level(row.level)
            found = library.sensitivity(name, row.level)
        except SpectraError:
            continue  # these photons do not reach it, or nothing else is known of the level
        factors.append(Factor(row.level, found.value, LIBRARY_UNCERTAINTY))
    if not factors:
        raise ModelError(f"the table {name} has no factor at that photon energy.")
    at = name.partition("@")[2]
    energy = float(at) if at else table.photon_energy_ev
    return FactorTable(name, tuple(factors), (), f"{table.title}; {table.definition}", energy)


def _from_file(path: Path, column: str | None) -> FactorTable:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is no UTF-8 text"
        raise ReadError(f"cannot be read: {reason}.", where=path.name) from error
    if path.suffix.lower() == ".toml":
        return _from_toml(text, path)
    return _from_csv(text, path, column)


def _from_toml(text: str, path: Path) -> FactorTable:
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ReadError(f"is no TOML: {error}.", where=path.name) from error
    rows = raw.get("factor")
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise ReadError(
            "has no [[factor]] tables.",
            hint='Write [[factor]], level = "S 2p", value = 1.677 for each.',
            where=path.name,
        )
    holds = _holds(raw.get("holds", []), path.name)
    where = f"{path.name}: factor"
    factors = tuple(_factor(row, f"{where} {n}") for n, row in enumerate(rows, 1))
    energy = raw.get("photon_energy")
    source = str(raw.get("source", path.name))
    return _table(path.name, factors, holds, source, None if energy is None else float(energy))


def _holds(words: Any, where: str) -> tuple[str, ...]:
    given = re.split(r"[,\s]+", words.strip()) if isinstance(words, str) else list(words)
    for word in filter(None, given):
        if word not in HOLDS:
            raise ReadError(
                f'"{word}" is nothing that a factor holds.',
                hint=f"Give some of: {', '.join(HOLDS)}.",
                where=where,
            )
    return tuple(word for word in HOLDS if word in given)


def _factor(row: Mapping[str, Any], where: str) -> Factor:
    try:
        level = core_level(str(row.get("level", "")))
    except ModelError as error:
        raise ReadError(error.message, hint=error.hint, where=where) from error
    value = _number(row.get("value"), "value", where)
    if value is None or value <= 0:
        raise ReadError(f"has the factor {row.get('value')!r}, not a number above 0.", where=where)
    name = f"{level.element} {level.line or level.level}"
    relative, beta = (_number(row.get(key), key, where) for key in ("relative", "beta"))
    return Factor(name, value, relative, beta)


def _number(value: Any, key: str, where: str) -> float | None:
    if value is None or value == "":
        return None
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = float("nan")
    if not isfinite(number):
        raise ReadError(f"{key} is {value!r}, not a number.", where=where)
    return number


def _from_csv(text: str, path: Path, column: str | None) -> FactorTable:
    comments = dict(re.findall(r"(?m)^#\s*(\w+)\s*:\s*(.*?)\s*$", text))
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    delimiter = max("\t;,", key=lambda d: lines[0].count(d)) if lines else ","
    rows = [[cell.strip() for cell in row] for row in csv.reader(lines, delimiter=delimiter)]
    if len(rows) < 2:
        raise ReadError("holds no rows of factors below its heading.", where=path.name)
    heads = [head.casefold() for head in rows[0]]
    level = next((heads.index(head) for head in _LEVEL_HEADS if head in heads), 0)
    chosen, place = _chosen_column(rows[0], column, path)
    sd = next((heads.index(head) for head in _SD_HEADS if head in heads), None)
    beta = heads.index("beta") if "beta" in heads else None
    comma = delimiter != ","
    factors = []
    for number, cells in enumerate(rows[1:], start=2):
        where = f"{path.name}: row {number}"
        if len(cells) <= max(level, place):
            raise ReadError(f"has {len(cells)} cells, the heading {len(heads)}.", where=where)
        picked = {"level": cells[level], "value": _decimal(cells[place], comma=comma)}
        for key, at in (("relative", sd), ("beta", beta)):
            if at is not None and at < len(cells):
                picked[key] = _decimal(cells[at], comma=comma)
        factors.append(_factor(picked, where))
    own_name, own_holds = _COLUMNS.get(chosen.casefold(), (chosen, ()))
    holds = _holds(comments["holds"], path.name) if "holds" in comments else own_holds
    source = comments.get("source", path.name)
    energy = _number(comments.get("photon_energy"), "photon_energy", path.name)
    return _table(f"{path.name}, {own_name}", tuple(factors), holds, source, energy)


def _decimal(cell: str, *, comma: bool) -> str:
    return cell.replace(",", ".") if comma else cell


def _chosen_column(heads: Sequence[str], column: str | None, path: Path) -> tuple[str, int]:
    known = {head.casefold(): k for k, head in enumerate(heads)}
    if column is not None:
        if column.casefold() not in known:
            raise ReadError(
                f'there is no column "{column}".',
                hint=did_you_mean(column, heads),
                where=path.name,
            )
        return column, known[column.casefold()]
    for name in _COLUMNS:
        if name in known:
            return name, known[name]
    raise ReadError(
        f"has no column of factors; its columns are {', '.join(heads)}.",
        hint="Name one factor, RSF or CorrectedRSF, or say which: --column.",
        where=path.name,
    )


def _table(
    name: str, factors: Iterable[Factor], holds: tuple[str, ...], source: str, energy: float | None
) -> FactorTable:
    found = tuple(factors)
    names = [factor.name for factor in found]
    twice = sorted({n for n in names if names.count(n) > 1})
    if twice:
        raise ReadError(f"has two factors for {', '.join(twice)}.", where=name)
    return FactorTable(name, found, holds, source, energy)
