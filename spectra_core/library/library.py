"""The peak library: what was reported, what it agrees on, and how well that is known.

Three layers, never merged. **Observations** are what each source printed, digit for digit.
**Consensus** entries are derived from them and say which ones they kept, which they left out
and why, how far those spread, and with what status (A, B, C or "unconfirmed"). **Presets** are
recipes made of entries (`spectra_core.recipe.presets`). Around them: separations, which need
no charge reference; overlaps, which say what else lies there; calibration standards; sensitivity
factors, as named tables that are never mixed; Auger lines; widths. Splittings and branching
ratios are physics of the atom and stand in `spectra_core.core_levels`.

The shipped files lie in ``peak_libraries/``. A user's own folder is read after them, has the
same layout, and may add; a record that is there already is an error that names both files, so
nothing is replaced silently. `load_library` lists files only; each kind of record is parsed
when it is first asked for.
"""

from __future__ import annotations

import os
import sys
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

from ..core_levels import core_level
from ..datafiles import data_path
from ..errors import DataError, ModelError, SpectraError, did_you_mean
from ..shown import Tabular
from .photon_energy import at_photon_energy
from .records import (
    KINDS,
    RAMAN,
    SCHEMA,
    AugerLine,
    CitedSource,
    Entry,
    Observation,
    Overlap,
    PresetHeader,
    SensitivityFactor,
    SensitivityTable,
    Separation,
    Standard,
    Width,
    build,
)
from .search import Candidate, NearbyLine, Offset, candidates, lines_near, offsets

FOLDER_VARIABLE = "DOUBLET_LIBRARY"
DEFAULT_SENSITIVITY = "scofield-al-ka"
Stamp = tuple[str, int, int]
PRESETS = "presets"
CORE_LEVELS = "core_levels.toml"


@dataclass(frozen=True, repr=False)
class PeakLibrary(Tabular):
    """All records of one or several library folders, each kind parsed when first used.

    Attributes
    ----------
    folders : tuple of Path
        In the order in which they are read; the shipped one first.
    stamps : tuple
        Names, times and sizes of the files, so that a library whose files changed is another.
    """

    folders: tuple[Path, ...]
    stamps: tuple[Stamp, ...] = field(default=(), repr=False)

    @cached_property
    def sources(self) -> Mapping[str, CitedSource]:
        """Sources by key."""
        return self._records("sources")

    @cached_property
    def all_observations(self) -> Mapping[str, Observation]:
        """Observations by id."""
        return self._records("observations")

    @cached_property
    def entries(self) -> Mapping[str, Entry]:
        """Consensus entries by id."""
        return self._records("consensus")

    @cached_property
    def separations(self) -> Mapping[str, Separation]:
        """Separations by id."""
        return self._records("separations")

    @cached_property
    def all_overlaps(self) -> Mapping[str, Overlap]:
        """Overlap warnings by id."""
        return self._records("overlaps")

    @cached_property
    def standards(self) -> Mapping[str, Standard]:
        """Calibration lines by id."""
        return self._records("standards")

    @cached_property
    def widths(self) -> Mapping[str, Width]:
        """Widths by level."""
        return self._records("widths")

    @cached_property
    def sensitivity_tables(self) -> Mapping[str, SensitivityTable]:
        """Tables of sensitivity factors by id."""
        return self._records("sensitivity")

    @cached_property
    def auger_lines(self) -> Mapping[str, AugerLine]:
        """Auger lines by id."""
        return self._records("auger")

    @cached_property
    def presets(self) -> Mapping[str, PresetHeader]:
        """Headers of the presets by id."""
        found = preset_files(self.folders)
        return MappingProxyType({key: header for key, (_, header, _) in found.items()})

    def _records(self, kind: str) -> Mapping[str, Any]:
        return MappingProxyType(read_kind(self.folders, kind))

    def entry(self, entry_id: str) -> Entry:
        """Return a consensus entry.

        Raises
        ------
        ModelError
            If there is none; the message names what comes near.
        """
        return _found(self.entries, entry_id, "library entry")

    def observations(
        self,
        entry_id: str | None = None,
        *,
        level: str | None = None,
        source: str | None = None,
        species: str | None = None,
    ) -> tuple[Observation, ...]:
        """Return observations as reported.

        Parameters
        ----------
        entry_id : str or None
            Only those that an entry keeps, compares or excludes.
        level, source, species : str or None
            Only these; `species` is looked for in the printed label.
        """
        chosen: Sequence[Observation]
        if entry_id is None:
            chosen = tuple(self.all_observations.values())
        else:
            ids = [offset.observation.id for offset in self.offsets(entry_id)]
            chosen = [self.all_observations[key] for key in dict.fromkeys(ids)]
        wanted = None if level is None else library_level(level)
        return tuple(
            o
            for o in chosen
            if (wanted is None or o.level == wanted)
            and (source is None or o.source == source)
            and (species is None or species.lower() in o.species.lower())
        )

    def offsets(self, entry_id: str) -> tuple[Offset, ...]:
        """Return each observation of an entry with its distance from the consensus."""
        return offsets(self, self.entry(entry_id))

    def search(
        self, energy: float, *, level: str | None = None, tolerance: float | None = None
    ) -> tuple[Candidate, ...]:
        """Return the species that a position may belong to, the best supported first.

        Parameters
        ----------
        energy : float
            Binding energy in eV with adventitious C 1s at 284.8, or Raman shift in cm-1 if
            `level` is ``"Raman"``.
        level : str or None
            Core level, or ``"Raman"``; None searches all core levels.
        tolerance : float or None
            How far to look; None: 1 eV or 10 cm-1, or as far as a species' own bounds reach.

        Returns
        -------
        candidates : tuple of Candidate
            Each with distance, z-score and conflicts. A candidate is a claim to be judged,
            never an identification.
        """
        return candidates(
            self, energy, level=None if level is None else library_level(level), tolerance=tolerance
        )

    def lines_near(self, energy: float, *, window: float = 1.0) -> tuple[NearbyLine, ...]:
        """Return core-level and Auger lines of any element near a binding energy (Al K alpha)."""
        return lines_near(self, energy, window=window)

    def separation(self, a: str, b: str) -> Separation:
        """Return the stored separation of two entries, centre of `a` minus centre of `b`.

        Raises
        ------
        ModelError
            If none is stored: two consensus values are not subtracted, because they carry
            the charge references of different papers.
        """
        for record in self.separations.values():
            if (record.a, record.b) == (a, b):
                return record
            if (record.a, record.b) == (b, a):
                return replace(record, a=a, b=b, value=-record.value)
        known = [f"{r.a} - {r.b}" for r in self.separations.values() if {a, b} & {r.a, r.b}]
        raise ModelError(
            f"no separation between {a} and {b} is stored.",
            hint=f"Stored: {', '.join(known) or 'none with these entries'}.",
        )

    def overlaps(
        self, level: str, window: tuple[float, float] | None = None
    ) -> tuple[Overlap, ...]:
        """Return what else lies in the range of a level, or in `window` of it."""
        name = library_level(level)
        low, high = window or (float("-inf"), float("inf"))
        return tuple(
            o
            for o in self.all_overlaps.values()
            if o.level == name and o.window[0] <= high and o.window[1] >= low
        )

    def sensitivity(self, table: str, level: str) -> SensitivityFactor:
        """Return a sensitivity factor.

        Parameters
        ----------
        table : str
            Id of a table, e.g. ``"scofield-al-ka"``; of a table of several photon energies
            with one of them, e.g. ``"xraylib@650"`` (eV).
        level : str
            A level (``"S 2p"``: the factor of both lines together) or one line of it
            (``"S 2p3/2"``).

        Raises
        ------
        ModelError
            If the table is unknown, has no such row, or does not reach the photon energy.
        """
        own, at, energy = table.partition("@")
        found = _found(self.sensitivity_tables, own, "table of sensitivity factors")
        if at or found.photon_energies_ev:
            return at_photon_energy(found, level, energy)
        asked = core_level(level)
        name = f"{asked.element} {asked.line or asked.level}"
        for row in found.rows:
            if row.level == name:
                return replace(row, table=table)
        raise ModelError(
            f"the table {table} has no sensitivity factor for {name}.",
            hint="Use another table, or write the factor into `times` yourself.",
        )

    def width(self, level: str) -> Width | None:
        """Return what is known of the line width of a level; None if nothing is."""
        return self.widths.get(library_level(level))


def library_level(text: str) -> str:
    """Return a core level, or ``"Raman"``, in the spelling of the library."""
    if text.strip().lower() == RAMAN.lower():
        return RAMAN
    return core_level(text).name


def load_library(folders: Sequence[str | Path] | None = None) -> PeakLibrary:
    """Return the peak library.

    Parameters
    ----------
    folders : sequence of path, or None
        Folders in the order in which they are read; None: `library_folders`.

    Raises
    ------
    DataError
        If a folder or a file in it does not belong here.
    """
    chosen = library_folders() if folders is None else tuple(Path(f) for f in folders)
    return _library(chosen, tuple(stamp for folder in chosen for stamp in _stamps(str(folder))))


@lru_cache(maxsize=8)
def _library(folders: tuple[Path, ...], stamps: tuple[Stamp, ...]) -> PeakLibrary:
    """Return one library for each state of the files on disk."""
    for folder in folders:
        library_files(folder)
    return PeakLibrary(folders, stamps)


def _stamps(folder: str) -> list[Stamp]:
    """Return name, time and size of each file: every look at a fit asks whether they changed."""
    found: list[Stamp] = []
    with suppress(NotADirectoryError, FileNotFoundError), os.scandir(folder) as there:
        for one in there:
            if one.is_dir(follow_symlinks=False):
                found += _stamps(one.path)
            elif one.name.endswith(".toml"):
                status = one.stat()
                found.append((one.path, status.st_mtime_ns, status.st_size))
    return sorted(found)


def library_folders() -> tuple[Path, ...]:
    """Return the shipped folder, then the user's own one if it is there."""
    own = user_folder()
    return (shipped_folder(), own) if own.is_dir() else (shipped_folder(),)


def shipped_folder() -> Path:
    """Return the folder of the shipped library."""
    return data_path("peak_libraries")


def user_folder() -> Path:
    """Return the user's own library folder; it need not exist.

    Raises
    ------
    DataError
        If ``DOUBLET_LIBRARY`` names a folder that is not there.
    """
    named = os.environ.get(FOLDER_VARIABLE)
    if named:
        if not Path(named).is_dir():
            raise DataError(
                f"{FOLDER_VARIABLE} names {named}, which is not a folder.",
                hint=f"Make it, or unset {FOLDER_VARIABLE}.",
            )
        return Path(named)
    return _config_folder() / "doublet" / "library"


def _config_folder() -> Path:
    if sys.platform == "win32":
        return Path(os.environ.get("APPDATA") or Path.home() / "AppData" / "Roaming")
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Application Support"
    return Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config")


# ---------------------------------------------------------------------------------
# Files


def library_files(folder: Path) -> list[Path]:
    """Return the files of a library folder; one that has no place in it is an error."""
    if not folder.is_dir():
        raise DataError("this is not a library folder.", hint="Name a folder.", where=str(folder))
    files = sorted(folder.rglob("*.toml"))
    for file in files:
        kind = _kind_of(folder, file)
        if kind == CORE_LEVELS and folder == shipped_folder():
            continue
        if kind not in KINDS and kind != PRESETS:
            raise DataError(
                f"{kind!r} is no kind of record.",
                hint=f"Name the file, or its folder, one of: {', '.join((*KINDS, PRESETS))}.",
                where=str(file),
            )
    return files


def _kind_of(folder: Path, file: Path) -> str:
    """Return the kind of record a file holds: its folder's name, or its own without suffix."""
    first, *rest = file.relative_to(folder).parts
    return first if rest or first == CORE_LEVELS else file.stem


def files_of_kind(folders: Sequence[Path], kind: str) -> list[Path]:
    """Return the files that hold one kind of record, in the order of the folders."""
    return [f for folder in folders for f in library_files(folder) if _kind_of(folder, f) == kind]


def read_kind(folders: Sequence[Path], kind: str) -> dict[str, Any]:
    """Return all records of a kind by id.

    Raises
    ------
    DataError
        For the first row that cannot be taken, or an id that appears twice.
    """
    records: dict[str, Any] = {}
    places: dict[str, Path] = {}
    for path in files_of_kind(folders, kind):
        for found in read_rows(path, kind):
            if isinstance(found, DataError):
                raise found
            if found.id in records:
                raise duplicate(found.id, places[found.id], path)
            records[found.id], places[found.id] = found, path
    return records


def duplicate(record_id: str, first: Path, second: Path) -> DataError:
    """Return the error of an id that two rows have."""
    return DataError(
        f'"{record_id}" is there already, in {first}.',
        hint="Give this record an id of its own; a library adds and does not replace.",
        where=str(second),
    )


def read_rows(path: Path, kind: str) -> Iterator[Any]:
    """Yield each row of a file as its record, or as the error that says what is wrong."""
    try:
        table = read_toml(path)
        rows, defaults = _checked_file(table, kind, path)
    except DataError as error:
        yield error
        return
    for number, row in enumerate(rows, start=1):
        name = row.get("id") or row.get("key") or row.get("level") or f"row {number}"
        try:
            yield build(KINDS[kind], defaults | row, where=f"{path}: {name}")
        except DataError as error:
            yield error


def read_toml(path: Path) -> dict[str, Any]:
    """Return a TOML file as a mapping, or DataError."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise DataError(f"cannot be read: {error.strerror}.", where=str(path)) from error
    except (ValueError, RecursionError) as error:
        raise DataError(f"this is not TOML: {error}.", where=str(path)) from error


def _checked_file(
    table: Mapping[str, Any], kind: str, path: Path
) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Return the rows of a file and its defaults for every row."""
    if table.get("schema") != SCHEMA:
        raise DataError(
            f"the schema is {table.get('schema')!r}.", hint=f"Expected {SCHEMA}.", where=str(path)
        )
    rows, defaults = table.get(kind, []), table.get("defaults", {})
    unknown = sorted(table.keys() - {"schema", "defaults", kind})
    if unknown:
        raise DataError(
            f'the key "{unknown[0]}" is unknown.',
            hint=f"This file holds [[{kind}]], by its name.",
            where=str(path),
        )
    tables = isinstance(rows, list) and all(isinstance(row, dict) for row in rows)
    if not (tables and isinstance(defaults, dict)):
        raise DataError(f"{kind} must be a list of tables.", hint="Correct it.", where=str(path))
    return rows, defaults


def preset_files(
    folders: Sequence[Path],
) -> dict[str, tuple[Path, PresetHeader, dict[str, Any]]]:
    """Return the presets by id: file, header, and the plain recipe without the header.

    Raises
    ------
    DataError
        If a file has no valid ``[preset]`` table, or an id appears twice.
    """
    found: dict[str, tuple[Path, PresetHeader, dict[str, Any]]] = {}
    for path in files_of_kind(folders, PRESETS):
        raw = read_toml(path)
        header = build(PresetHeader, raw.pop("preset", None), where=f"{path}: preset")
        if header.id in found:
            raise duplicate(header.id, found[header.id][0], path)
        found[header.id] = path, header, raw
    return found


def _found(records: Mapping[str, Any], key: str, what: str) -> Any:
    if key in records:
        return records[key]
    raise ModelError(f'there is no {what} "{key}".', hint=did_you_mean(key, records, most=3))


def find_preset(
    preset_id: str, folders: Sequence[Path]
) -> tuple[Path, PresetHeader, dict[str, Any]]:
    """Return file, header and plain recipe of one preset.

    Raises
    ------
    SpectraError
        If there is no such preset; the message names those there are.
    """
    presets = preset_files(folders)
    if preset_id not in presets:
        hint = did_you_mean(preset_id, presets)
        raise SpectraError(f'there is no preset "{preset_id}".', hint=hint)
    return presets[preset_id]
