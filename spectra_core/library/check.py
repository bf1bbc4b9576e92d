"""Checks of the library's own rules: every fault is named, none repaired.

Reading a file says whether a row can be taken. Here the rows are asked whether they agree:
every value has a source or says that it is unconfirmed, every reference leads somewhere, ids
are unique, printed values are printed numbers, a printed splitting that atomic physics forbids
is flagged as such, a consensus is the median of what it kept, its spread is not smaller than
theirs, and its status is not better than the rule allows:

- A: n >= 4 and spread <= 0.3 eV (Raman: n >= 3),
- B: n of 2 or 3, or more with a spread up to 0.6 eV (Raman: one authoritative source),
- C: one value, or values in conflict; anything less is "unconfirmed".
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np

from ..core_levels import core_level, read_core_levels
from ..errors import DataError, ModelError, SpectraError
from .library import (
    CORE_LEVELS,
    PRESETS,
    duplicate,
    files_of_kind,
    library_files,
    library_folders,
    library_level,
    read_rows,
    read_toml,
    shipped_folder,
)
from .records import (
    COUNTED,
    EVIDENCE,
    FLAGS,
    KINDS,
    RAMAN,
    STATUSES,
    UNCONFIRMED,
    CitedSource,
    Entry,
    Observation,
    Overlap,
    PresetHeader,
    SensitivityTable,
    Separation,
    Standard,
    build,
    is_printed_number,
)

_ROUNDING = 0.06
_LEVEL_FORM = re.compile(r"[A-Z][a-z]? [1-7][spdf]([1-7]/2)?")
_MANY = 6
"""From this many values on, the spread is half the interquartile range."""


@dataclass(frozen=True)
class Fault:
    """One rule that a record breaks: which record, in which file, what is wrong."""

    record: str
    file: Path
    message: str

    def __str__(self) -> str:
        return f"{self.file}: {self.record}: {self.message}"


Records = dict[str, dict[str, Any]]


def check(folders: Sequence[str | Path] | None = None) -> list[Fault]:
    """Return every fault of a library; an empty list says that it keeps its rules.

    Parameters
    ----------
    folders : sequence of path, or None
        In the order in which they are read; None: those of `load_library`.
    """
    try:
        chosen = library_folders() if folders is None else tuple(Path(f) for f in folders)
        for folder in chosen:
            library_files(folder)
    except DataError as error:
        return [Fault("folder", Path(error.where or "."), error.message)]
    records: Records = {kind: {} for kind in KINDS}
    places: dict[tuple[str, str], Path] = {}
    faults = list(_read_all(chosen, records, places))
    for kind, rule in RULES.items():
        for key, record in records[kind].items():
            path = places[kind, key]
            faults += [Fault(key, path, text) for text in rule(record, records)]
    faults += _preset_faults(chosen, records)
    return [*faults, *_core_level_faults()]


def _read_all(
    folders: Sequence[Path], records: Records, places: dict[tuple[str, str], Path]
) -> Iterator[Fault]:
    for kind in KINDS:
        for path in files_of_kind(folders, kind):
            for found in read_rows(path, kind):
                if isinstance(found, DataError):
                    name = found.where.removeprefix(f"{path}").lstrip(": ") or "file"
                    yield Fault(name, path, f"{found.message} {found.hint}".strip())
                elif found.id in records[kind]:
                    twice = duplicate(found.id, places[kind, found.id], path)
                    yield Fault(found.id, path, f"{twice.message} {twice.hint}")
                else:
                    records[kind][found.id], places[kind, found.id] = found, path


def _core_level_faults() -> Iterator[Fault]:
    path = shipped_folder() / CORE_LEVELS
    try:
        read_core_levels(path)
    except DataError as error:
        yield Fault(CORE_LEVELS, path, str(error))


# ---------------------------------------------------------------------------------
# Rules, one function for each kind of record


def _source(source: CitedSource, records: Records) -> Iterator[str]:
    if source.evidence not in EVIDENCE:
        yield f"the evidence {source.evidence!r} is none of {', '.join(EVIDENCE)}."
    if not (source.citation.strip() or source.doi):
        yield "it has neither a citation nor a DOI."


def _sources_of(
    keys: Sequence[str], records: Records, status: str, *, optional: bool = False
) -> Iterator[str]:
    if not keys and not optional:
        yield "it names no source."
    for key in keys:
        if key not in records["sources"]:
            yield f"the source {key!r} is not in sources.toml."
    if status not in STATUSES:
        yield f"the status {status!r} is none of {', '.join(STATUSES)}."
    evidence = {records["sources"][k].evidence for k in keys if k in records["sources"]}
    if status != UNCONFIRMED and evidence and evidence <= {"D", "M"}:
        yield f"its sources are digests or memory, so the status {status} must be unconfirmed."


def _level(text: str) -> Iterator[str]:
    try:
        if library_level(text) != text:
            yield f"the level {text!r} is written {library_level(text)!r}."
    except ModelError as error:
        yield f"unknown level: {error.message} {error.hint}"


def _observation(observation: Observation, records: Records) -> Iterator[str]:
    o = observation
    yield from _level(o.level)
    if not o.source or o.source not in records["sources"]:
        yield f"the source {o.source!r} is not in sources.toml."
    elif records["sources"][o.source].evidence in ("D", "M") and o.is_confirmed:
        yield f"its source was not read, so the evidence {o.evidence!r} must be D or M."
    if not o.where.strip() or not o.how.strip():
        yield "it does not say where or how the value was found."
    if o.evidence not in EVIDENCE:
        yield f"the evidence {o.evidence!r} is none of {', '.join(EVIDENCE)}."
    if bool(o.values) == bool(o.no_number):
        yield "it needs either printed values, or the reason why there is none (no_number)."
    for printed in (*o.values, *filter(None, (o.partner,))):
        if not is_printed_number(printed):
            yield f"{printed!r} is not a printed number."
    yield from _flags(o, records)
    if all(map(is_printed_number, (*o.values, *filter(None, (o.partner,))))):
        yield from _printed_splitting(o)


def _flags(observation: Observation, records: Records) -> Iterator[str]:
    for flag in observation.flags:
        name, _, other = flag.partition(":")
        if name not in FLAGS:
            yield f"the flag {name!r} is unknown."
        if other and other not in records["observations"]:
            yield f"the flag {flag!r} names an observation that is not there."


def _printed_splitting(observation: Observation) -> Iterator[str]:
    """Compare the splitting of the printed pair with atomic physics, and with its flags."""
    verdict = splitting_verdict(observation)
    flags = {flag for flag in observation.flags if flag.startswith("splitting_o")}
    if verdict and verdict not in flags:
        words = {"splitting_out_of_range": "impossible"}.get(verdict, "possible only by rounding")
        yield (
            f"the printed splitting {observation.implied_splitting} eV is {words} for"
            f" {observation.level}: check the numbers, or flag it {verdict!r}."
        )
    for flag in flags - {verdict}:
        yield f"it is flagged {flag!r}, but its printed splitting does not say so."


def splitting_verdict(observation: Observation) -> str:
    """Return the flag that the printed splitting of an observation earns, or an empty text.

    The allowed range is that of the core level, widened by the printing step: two values
    rounded to 0.1 eV differ by at most 0.1 eV more than the true ones.
    """
    if not (observation.partner and observation.values) or observation.level == RAMAN:
        return ""
    try:
        level = core_level(observation.level)
    except ModelError:
        return ""
    if level.splitting_ev is None:
        return ""
    low, high = level.splitting_range_ev or (level.splitting_ev, level.splitting_ev)
    printed = Decimal(observation.implied_splitting)
    excess = max(Decimal(str(low)) - printed, printed - Decimal(str(high)))
    step = min(_step(observation.value), _step(observation.partner))
    if excess > step:
        return "splitting_out_of_range"
    return "splitting_only_by_rounding" if excess == step else ""


def _step(printed: str) -> Decimal:
    return Decimal(1).scaleb(int(Decimal(printed).as_tuple().exponent))


def _entry(entry: Entry, records: Records) -> Iterator[str]:
    yield from _level(entry.level)
    if entry.status not in STATUSES:
        yield f"the status {entry.status!r} is none of {', '.join(STATUSES)}."
        return
    if not entry.kept and not entry.compared:
        yield "it names no observation, so it has no source."
    ids = [*(k.observation for k in (*entry.kept, *entry.excluded)), *entry.compared]
    missing = [key for key in ids if key not in records["observations"]]
    for key in missing:
        yield f"the observation {key!r} is not there."
    for kept in entry.excluded:
        if not kept.reason.strip():
            yield f"{kept.observation} is excluded without a reason."
    if entry.center is None and not entry.alternatives:
        yield "it has neither a center nor alternatives."
    if entry.center is not None and not (entry.tolerance and entry.tolerance > 0):
        yield "it needs a tolerance above zero: the half width of a fit's bounds."
    if not missing:
        yield from _consensus(entry, records)


def _consensus(entry: Entry, records: Records) -> Iterator[str]:
    kept = [(k, records["observations"][k.observation]) for k in entry.kept]
    for item, observation in kept:
        if observation.evidence not in COUNTED:
            yield f"{item.observation} ({observation.status}) must not be counted."
        if observation.level != entry.level:
            yield f"{item.observation} is of {observation.level}, not of {entry.level}."
    n = sum(1 if k.value is not None else o.count or len(o.values) for k, o in kept)
    if n != entry.n:
        yield f"n is {entry.n}, but the kept observations hold {n} values."
    if STATUSES.index(entry.status) < STATUSES.index(best_status(entry)):
        yield (
            f"the status {entry.status} is better than the rule allows for n = {entry.n}"
            f" and a spread of {entry.spread}: {best_status(entry)}."
        )
    each = [o.count is None or k.value is not None for k, o in kept]
    if kept and all(each) and entry.level != RAMAN:
        yield from _statistics(entry, [v for k, o in kept for v in _values(k.value, o)])


def _values(value: float | None, observation: Observation) -> tuple[float, ...]:
    return (value,) if value is not None else observation.on_scale()


def _statistics(entry: Entry, values: Sequence[float]) -> Iterator[str]:
    median = float(np.median(values))
    if entry.center is not None and abs(entry.center - median) > _ROUNDING:
        yield f"the center {entry.center:g} is not the median of what it kept, {median:.2f}."
    low, high = np.quantile(values, (0.25, 0.75) if len(values) >= _MANY else (0.0, 1.0))
    spread = 0.5 * float(high - low)
    if (entry.spread or 0.0) < spread - _ROUNDING:
        yield f"the spread {entry.spread or 0.0:g} is below that of its values, {spread:.2f}."


def best_status(entry: Entry) -> str:
    """Return the best status that the rule allows for an entry's n and spread."""
    if entry.n == 0:
        return UNCONFIRMED
    if entry.level == RAMAN:
        return "A" if entry.n >= 3 else "B"
    spread = entry.spread or 0.0
    if entry.n >= 4 and spread <= 0.3:
        return "A"
    return "B" if entry.n >= 2 and spread <= 0.6 else "C"


def _separation(separation: Separation, records: Records) -> Iterator[str]:
    s = separation
    yield from _sources_of(s.sources, records, s.status)
    for key in (s.a, s.b):
        if key not in records["consensus"]:
            yield f"the entry {key!r} is not there."
    if s.n != len(s.values):
        yield f"n is {s.n}, but {len(s.values)} values are given."
    for printed in s.values:
        if not is_printed_number(printed.removeprefix("-")):
            yield f"{printed!r} is not a printed number."
            return
    if s.values and abs(float(np.median([float(v) for v in s.values])) - s.value) > _ROUNDING:
        yield f"the value {s.value:g} is not the median of its values."
    if s.status != UNCONFIRMED and not s.values:
        yield "it has no values, so it must be unconfirmed."
    yield from _against_centers(s, records)


def _against_centers(separation: Separation, records: Records) -> Iterator[str]:
    a, b = (records["consensus"].get(key) for key in (separation.a, separation.b))
    if a is None or b is None or a.center is None or b.center is None:
        return
    difference = a.center - b.center
    allowed = separation.tolerance + (a.tolerance or 0.0) + (b.tolerance or 0.0)
    if abs(difference - separation.value) > allowed:
        yield (
            f"the value {separation.value:g} does not fit the centers, which differ by"
            f" {difference:.2f}."
        )


def _overlap(overlap: Overlap, records: Records) -> Iterator[str]:
    yield from _level(overlap.level)
    yield from _sources_of(overlap.sources, records, overlap.status)
    for key in overlap.mistaken_for:
        if key not in records["consensus"]:
            yield f"the entry {key!r} is not there."


def _standard(standard: Standard, records: Records) -> Iterator[str]:
    yield from _sources_of(standard.sources, records, standard.status)
    if standard.value <= 0:
        yield f"the value {standard.value:g} is not positive."


def _width(width: Any, records: Records) -> Iterator[str]:
    yield from _level(width.level)
    yield from _sources_of(width.sources, records, width.status)


def _sensitivity(table: SensitivityTable, records: Records) -> Iterator[str]:
    yield from _sources_of(table.sources, records, table.status)
    values = {row.level: row.value for row in table.rows}
    if len(values) != len(table.rows):
        yield "a level appears twice."
    energies = table.photon_energies_ev
    if list(energies) != sorted(set(energies)) or (energies and energies[0] <= 0):
        yield "photon_energies_ev do not rise."
    if energies and table.photon_energy_ev is not None:
        yield "a table has one photon_energy_ev or several photon_energies_ev, not both."
    for row in table.rows:
        if len(row.values) != len(energies):
            yield f"{row.level}: {len(row.values)} values for {len(energies)} photon energies."
        elif any(value < 0 for value in row.values):
            yield f"{row.level}: a value is negative."
        yield from (f"{row.level}: {text}" for text in _factor(row, values))


def _factor(row: Any, values: Mapping[str, float]) -> Iterator[str]:
    try:
        level = core_level(row.level)
    except ModelError as error:
        if not _LEVEL_FORM.fullmatch(row.level):  # a level may lack core-level data (Zn 3d)
            yield f"unknown level: {error.message}"
        return
    if row.value <= 0:
        yield f"the factor {row.value:g} is not positive."
    whole = level.line is None or not level.is_doublet
    if row.kind != ("total" if whole else "line"):
        yield f"the kind {row.kind!r} does not fit this level."
    lines = [values.get(f"{level.element} {line}") for line in level.lines]
    known = [value for value in lines if value is not None]
    both = whole and level.is_doublet and len(known) == 2
    if both and abs(sum(known) - row.value) > 0.01 * row.value:
        yield f"the total {row.value:g} is not the sum of its lines, {sum(known):g}."


def _auger(line: Any, records: Records) -> Iterator[str]:
    yield from _sources_of(line.sources, records, line.status)


RULES: Mapping[str, Callable[[Any, Records], Iterator[str]]] = {
    "sources": _source,
    "observations": _observation,
    "consensus": _entry,
    "separations": _separation,
    "overlaps": _overlap,
    "standards": _standard,
    "widths": _width,
    "sensitivity": _sensitivity,
    "auger": _auger,
}


# ---------------------------------------------------------------------------------
# Presets


def _preset_faults(folders: Sequence[Path], records: Records) -> Iterator[Fault]:
    seen: dict[str, Path] = {}
    for path in files_of_kind(folders, PRESETS):
        try:
            raw = read_toml(path)
            header = build(PresetHeader, raw.pop("preset", None), where="preset")
        except SpectraError as error:
            yield Fault("preset", path, f"{error.message} {error.hint}".strip())
            continue
        if header.id in seen:
            twice = duplicate(header.id, seen[header.id], path)
            yield Fault(header.id, path, f"{twice.message} {twice.hint}")
        seen.setdefault(header.id, path)
        yield from (Fault(header.id, path, text) for text in _preset(header, raw, records))


def _preset(header: PresetHeader, raw: Mapping[str, Any], records: Records) -> Iterator[str]:
    yield from _sources_of(header.sources, records, "B", optional=True)
    if header.as_reported and not header.warnings:
        yield "a preset as reported must carry its warnings."
    for region in raw.get("region", []):
        for component in region.get("component", []):
            yield from _preset_component(header, component, records)


def _preset_component(
    header: PresetHeader, component: Mapping[str, Any], records: Records
) -> Iterator[str]:
    used = component.get("use", "")
    entry = records["consensus"].get(used)
    if used and entry is None:
        yield f"the entry {used!r} is not there."
    line = component.get("line") or (entry.level if entry else "")
    splitting = component.get("splitting")
    if header.as_reported or splitting is None or not line:
        return
    try:
        level = core_level(line)
    except ModelError:
        return
    low, high = level.splitting_range_ev or (level.splitting_ev, level.splitting_ev)
    if low is not None and high is not None and not low <= splitting <= high:
        yield f"the splitting {splitting:g} eV is impossible for {level.name} ({low:g}-{high:g})."
