"""What atomic physics fixes of a core level, and how well it is known.

Taking an electron out of a p, d or f shell leaves a hole with total angular momentum
j = l + 1/2 or j = l - 1/2, and the spectrum shows two lines. Three facts tie them:

- the line with j = l + 1/2 (2p3/2, 3d5/2, 4f7/2) has the lower binding energy;
- the areas go as the number of states, 2j + 1: p 1:2, d 2:3, f 3:4;
- the distance, the spin-orbit splitting, is a property of the level and hardly of the
  compound.

The first two are computed here. The third is read from ``peak_libraries/core_levels.toml``,
where every value has its sources and a status (A, B, C or unconfirmed). A level without a
trustworthy splitting has none: `CoreLevel.require_splitting` then asks the user for one,
because a wrong splitting moves areas by 10 % while the fit still looks good.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

from .datafiles import data_path
from .errors import DataError, ModelError, nearest
from .spectrum import Spectrum

SCHEMA = "doublet-core-levels/1"
STATUSES = ("A", "B", "C", "unconfirmed")

_ORBITAL_L = {"s": 0, "p": 1, "d": 2, "f": 3}
_SPELLING = re.compile(
    r"(?P<element>[a-z]{1,2})(?P<gap>(?:[^\S\n]|[_-])*)(?P<shell>[1-7][spdf])"
    r"(?:[ _{(]*(?P<j>[1-7]) ?/ ?2[})]?|(?P<digits>\d+))?",
    re.IGNORECASE,
)
_IN_A_NAME = re.compile(rf"(?<![^\W_]){_SPELLING.pattern}(?![^\W_])", re.IGNORECASE)
_ALSO_WORDS = {"as", "be", "i", "in", "la", "se", "y"}
_REQUIRED = {"id", "status", "sources", "nominal_ev", "nominal_source"}
_OPTIONAL = {"splitting_ev", "splitting_range_ev", "natural_width_ev", "note"}


@dataclass(frozen=True)
class CoreLevel:
    """One level of one element, with its one or two lines.

    Attributes
    ----------
    element : str
        Symbol, e.g. ``"S"``.
    level : str
        Shell, e.g. ``"2p"``.
    status : str
        ``"A"``, ``"B"``, ``"C"`` or ``"unconfirmed"``: of the splitting, or of the nominal
        energy of an s level.
    sources : tuple of str
        Where the splitting (of an s level: the energy) comes from, in words.
    nominal_ev : float
        Binding energy in eV of the line with j = l + 1/2; finds a line, assigns nothing.
    nominal_source : str
        Where that energy comes from, in words.
    splitting_ev : float or None
        Spin-orbit splitting in eV, positive; None for an s level and where no value can be
        trusted.
    splitting_range_ev : tuple of float or None
        Lowest and highest value among the sources, in eV, where they differ.
    natural_width_ev : float or None
        Lorentzian full width of the core hole in eV, without any instrument.
    note : str
        What to know before using the numbers.
    line : str or None
        The line that was asked for, e.g. ``"2p3/2"``; None if the whole level was.
    """

    element: str
    level: str
    status: str
    sources: tuple[str, ...]
    nominal_ev: float
    nominal_source: str
    splitting_ev: float | None = None
    splitting_range_ev: tuple[float, float] | None = None
    natural_width_ev: float | None = None
    note: str = ""
    line: str | None = None

    @property
    def name(self) -> str:
        """Element and shell, e.g. ``"S 2p"``."""
        return f"{self.element} {self.level}"

    @property
    def splitting_source(self) -> str:
        """All sources as one text."""
        return "; ".join(self.sources)

    @property
    def is_doublet(self) -> bool:
        """Whether the level has two lines (p, d, f) and not one (s)."""
        return len(self.lines) == 2

    @property
    def lines(self) -> tuple[str, ...]:
        """Names of the lines, the one of lower binding energy first."""
        orbital = _ORBITAL_L[self.level[1]]
        if orbital == 0:
            return (self.level,)
        return (f"{self.level}{2 * orbital + 1}/2", f"{self.level}{2 * orbital - 1}/2")

    @property
    def area_ratio(self) -> float:
        """Area of the second line over that of the first, from 2j + 1: p 1/2, d 2/3, f 3/4.

        Raises
        ------
        ModelError
            For an s level, which is a single line.
        """
        self._require_doublet()
        orbital = _ORBITAL_L[self.level[1]]
        return orbital / (orbital + 1)  # 2j + 1 is 2l for j = l - 1/2 and 2l + 2 for j = l + 1/2

    def require_splitting(self) -> float:
        """Return the splitting in eV, or ask for it.

        Returns
        -------
        splitting_ev : float
            Positive: the second of `lines` lies this much higher in binding energy.

        Raises
        ------
        ModelError
            For an s level, and for a level whose splitting no source states reliably.
        """
        self._require_doublet()
        if self.splitting_ev is None:
            raise ModelError(
                f"no usable spin-orbit splitting is known for {self.name} ({self.note}).",
                hint="Give one in eV with its source in mind, as splitting = ... .",
            )
        return self.splitting_ev

    def _require_doublet(self) -> None:
        if not self.is_doublet:
            raise ModelError(
                f"{self.name} is a single line: it has no splitting and no area ratio.",
                hint="Use it as a single component.",
            )


@lru_cache(maxsize=1024)
def core_level(text: str) -> CoreLevel:
    """Return the data of a level by its name, in any usual spelling.

    Parameters
    ----------
    text : str
        ``"S 2p"``, ``"S2p"``, ``"s_2p"``, or a line: ``"S 2p3/2"``, ``"S 2p 1/2"``,
        ``"In3d5"``, ``"Co2p32"``.

    Returns
    -------
    level : CoreLevel
        With `CoreLevel.line` set if the text names one line of a doublet.

    Raises
    ------
    ModelError
        If the text is not a core level, or a level that is not in the data; the message
        names what comes near.

    Examples
    --------
    >>> core_level("S2p3/2").line
    '2p3/2'
    >>> core_level("S 2p").area_ratio
    0.5
    """
    found = _SPELLING.fullmatch(text.strip())
    if found is None or not re.fullmatch("[1357]2?", found["digits"] or "1"):
        raise ModelError(
            f"{text!r} is not the name of a core level.",
            hint='Write element and shell, like "S 2p", or one line of it, like "S 2p3/2".',
        )
    name = _name(found)
    level = core_levels().get(name)
    if level is None:
        raise ModelError(f"no core level {name!r} is known.", hint=_suggestion(name))
    return _with_line(level, found["j"] or (found["digits"] or "")[:1])


def _name(found: re.Match[str]) -> str:
    """Return the level of a match in the usual spelling, e.g. ``"S 2p"``."""
    return f"{found['element'].capitalize()} {found['shell'].lower()}"


def _with_line(level: CoreLevel, twice_j: str) -> CoreLevel:
    """Return the level with the line of this 2j, if that is one of its lines."""
    if not twice_j:
        return level
    line = f"{level.level}{twice_j}/2"
    if line not in level.lines:
        raise ModelError(
            f"{level.name} has no line {line!r}.", hint=f"It has {' and '.join(level.lines)}."
        )
    return replace(level, line=line)


def _suggestion(name: str) -> str:
    """Return what comes near an unknown level: the element's own levels, else look-alikes."""
    element = name.split()[0]
    known = core_levels()
    own = [level.level for level in known.values() if level.element == element]
    if own:
        return f"{element} has {', '.join(own)}."
    near = nearest(name, known, most=3)
    return f"Did you mean {' or '.join(near)}?" if near else "Write it like S 2p."


@cache
def core_levels() -> Mapping[str, CoreLevel]:
    """Return all shipped levels by name (``"S 2p"``), read once, read-only.

    Raises
    ------
    DataError
        If the shipped file is missing or contradicts itself.
    """
    return read_core_levels(data_path("peak_libraries", "core_levels.toml"))


def read_core_levels(path: Path) -> Mapping[str, CoreLevel]:
    """Read a file of core levels and check every row.

    Parameters
    ----------
    path : Path
        TOML of schema ``doublet-core-levels/1``.

    Returns
    -------
    levels : mapping of str to CoreLevel
        By name, in the order of the file; read-only.

    Raises
    ------
    DataError
        If the file is not of this schema, or a row has an unknown key, an unknown status
        or source, a splitting that is not positive, or appears twice.
    """
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise DataError(f"this is not TOML: {error}.", where=str(path)) from error
    if table.get("schema") != SCHEMA:
        raise DataError(
            f"the schema is {table.get('schema')!r}.", hint=f"Expected {SCHEMA}.", where=str(path)
        )
    levels: dict[str, CoreLevel] = {}
    for row in table["levels"]["rows"]:
        level = _checked_row(row, table["sources"], where=f"{path}: {row.get('id', 'a row')}")
        if level.name in levels:
            raise DataError("the level appears twice.", where=f"{path}: {level.name}")
        levels[level.name] = level
    return MappingProxyType(levels)


def _checked_row(row: Mapping[str, Any], sources: Mapping[str, str], *, where: str) -> CoreLevel:
    """Return one row as a `CoreLevel`, or say what is wrong with it."""
    complaint = _complaint(row, sources)
    if complaint:
        raise DataError(complaint, hint="Correct this row.", where=where)
    element, shell = row["id"].split()
    low_high = row.get("splitting_range_ev")
    return CoreLevel(
        element=element,
        level=shell,
        status=row["status"],
        sources=tuple(sources[key] for key in row["sources"]),
        nominal_ev=float(row["nominal_ev"]),
        nominal_source=sources[row["nominal_source"]],
        splitting_ev=row.get("splitting_ev"),
        splitting_range_ev=(low_high[0], low_high[1]) if low_high else None,
        natural_width_ev=row.get("natural_width_ev"),
        note=row.get("note", ""),
    )


def _complaint(row: Mapping[str, Any], sources: Mapping[str, str]) -> str:
    """Return what is wrong with a row of the file, or an empty text."""
    if missing := sorted(_REQUIRED - row.keys()):
        return f"{missing[0]} is missing."
    if unknown := sorted(row.keys() - _REQUIRED - _OPTIONAL):
        return f"the key {unknown[0]!r} is unknown."
    if not re.fullmatch(r"[A-Z][a-z]? [1-7][spdf]", row["id"]):
        return "the id is not an element and a shell."
    if row["status"] not in STATUSES:
        return f"the status {row['status']!r} is none of {', '.join(STATUSES)}."
    cited = [*row["sources"], row["nominal_source"]]
    if unlisted := [key for key in cited if key not in sources]:
        return f"the source {unlisted[0]!r} is not listed."
    if not row["sources"] or row["nominal_ev"] <= 0:
        return "it lacks a source or an energy."
    return _splitting_complaint(row)


def _splitting_complaint(row: Mapping[str, Any]) -> str:
    """Return what is wrong with the splitting of a row, or an empty text."""
    splitting = row.get("splitting_ev")
    if splitting is None:
        single = row["id"][-1] == "s"
        return "" if single or row["status"] == "unconfirmed" else "a splitting is missing."
    if row["id"][-1] == "s":
        return "an s level has no splitting."
    if splitting <= 0:
        return f"the splitting {splitting} is not positive: j = l + 1/2 binds less."
    low, high = row.get("splitting_range_ev", (splitting, splitting))
    return "" if low <= splitting <= high else f"the splitting {splitting} is outside its range."


# ---------------------------------------------------------------------------------
# Levels in names

_NAMES = 1024  # that are remembered: spectra of one region are called alike


@lru_cache(_NAMES)
def levels_in(text: str) -> tuple[str, ...]:
    """Return every known core level that a name contains, in order, e.g. ``("S 2p",)``.

    A level stands apart from other letters and digits: "XPS C1s_2" contains C 1s, "LPS2p5"
    nothing. A running number may follow, "S2p2", and so may a line, "In3d5" or "Co2p32". Any
    case will do, except where element and shell would read as words: "as 3d print" contains
    nothing, though "as 3d" alone is As 3d.
    """
    return tuple(_name(found) for found in _found_in(text))


def level_in(text: str) -> str:
    """Return the first core level that a name contains (see `levels_in`), or an empty text."""
    return next(iter(levels_in(text)), "")


def without_levels(text: str) -> str:
    """Return a text with every core level in it replaced by a space."""
    return _spelled(text, lambda name: " ")


@lru_cache(_NAMES)
def in_one_spelling(text: str) -> str:
    """Return a text with every core level in it as in the tables: "c1s_2" is "C 1s_2"."""
    return _spelled(text, lambda name: name)


def level_of(spectrum: Spectrum) -> str:
    """Return the core level that a spectrum's names give; empty if they give none."""
    return next(filter(None, map(level_in, names_of(spectrum))), "")


def names_of(spectrum: Spectrum) -> tuple[str, ...]:
    """Return what a spectrum is called: its region, species with transition, transition."""
    meta = spectrum.meta
    names = meta.region, f"{meta.species} {meta.transition}", meta.transition
    return tuple(name for name in names if name.strip())


def _found_in(text: str) -> list[re.Match[str]]:
    found = _IN_A_NAME.finditer(text)
    return [match for match in found if _name(match) in core_levels() and not _is_prose(match)]


def _is_prose(match: re.Match[str]) -> bool:
    """Return whether element and shell are more likely words of a sentence, like "in 3D"."""
    is_all = match[0] == match.string.strip()
    is_usual = match[0].startswith(_name(match).split()[0]) and match["shell"].islower()
    if is_all or is_usual or not match["gap"]:
        return False
    return match["element"].lower() in _ALSO_WORDS


def _spelled(text: str, spell: Callable[[str], str]) -> str:
    pieces, end = [], 0
    for match in _found_in(text):
        pieces += [text[end : match.start()], spell(_name(match))]
        end = match.end() if _names_a_line(match) else match.end("shell")
    return "".join([*pieces, text[end:]])


def _names_a_line(match: re.Match[str]) -> bool:
    """Return whether what follows the shell is a line ("3/2", "32" or "3"), no running number."""
    lines = core_levels()[_name(match)].lines
    twice_j = {line[2:3] for line in lines if line[2:]}
    return match["j"] in twice_j or match["digits"] in twice_j | {f"{j}2" for j in twice_j}
