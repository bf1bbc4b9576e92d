"""The project file, ``.doublet``: HDF5 that is whole or not there.

Layout, schema ``doublet-project/4``: a block of 512 bytes in front (HDF5's user block)
with schema, program version, number of bytes and SHA-256 of all that follows; then HDF5
with the JSON ``document`` as bytes and one array for each kind of number (see
`spectra_core.project.tables` and `project_hdf5`). The checksum is compared before anything is
parsed, so a damaged file is told from a good one by one sum, and HDF5 only sees what Doublet wrote.

A save writes a temporary file in the same folder, flushes it to the disk, keeps the
version that was there as ``name.doublet.bak``, and renames: at every moment the old
version or the new one is there. Nothing in a file can run: there are numbers and JSON,
no pickled objects, no links to other files, no compressed or unallocated arrays.
"""

from __future__ import annotations

import glob
import os
import shutil
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import Any

import numpy as np

from ..errors import ProjectFileError
from ..writers.atomic import replacing
from .hdf5 import SCHEMA, VERSION, Content, is_whole, read_content, write_content
from .lock import Holder, Lock, lock_path, take_lock
from .plain import Plain, damaged, entries, record, table, to_text
from .project import Project
from .tables import ENDS, MAPS, SERIES, Arrays, project_from, tables_of

SUFFIX = ".doublet"
_LEFTOVER_S = 60.0
_RECOVERY = ".recovery"

Migration = Callable[[Plain, Arrays], tuple[Plain, Arrays]]


def _with_references(document: Plain, arrays: Arrays) -> tuple[Plain, Arrays]:
    """Version 2: an analysis knows the charge references that were measured for it."""
    analyses = table(document.get("analyses"), "analyses")
    none: list[Any] = [[] for _ in entries(analyses.get("ids"), "analyses/ids")]
    return document | {"analyses": analyses | {"references": none}}, arrays


_STATISTICS_2 = 11  # numbers of one row of statistics in version 2


def _with_priors(document: Plain, arrays: Arrays) -> tuple[Plain, Arrays]:
    """Version 3: a model has priors, and statistics their chi-square and number."""
    listed = entries(document.get("structures"), "structures")
    structures = [table(one, "structures") | {"priors": []} for one in listed]
    flat, ends = arrays["statistics"], arrays["statistics" + ENDS]
    if flat.size % _STATISTICS_2 or (ends % _STATISTICS_2).any():
        raise damaged("its statistics are not complete")
    rows = flat.reshape(-1, _STATISTICS_2)
    none = np.zeros((len(rows), 2))
    wider = np.concatenate([rows[:, :-1], none, rows[:, -1:]], axis=1)
    changed = {
        "statistics": wider.ravel(),
        "statistics" + ENDS: ends // _STATISTICS_2 * wider.shape[1],
    }
    return document | {"structures": structures}, {**arrays, **changed}


def _with_series(document: Plain, arrays: Arrays) -> tuple[Plain, Arrays]:
    """Version 4: fits of whole series are kept."""
    none = {SERIES: np.empty(0), SERIES + ENDS: np.empty(0, dtype=np.int64)}
    return document | {SERIES: []}, {**arrays, **none}


def _with_maps(document: Plain, arrays: Arrays) -> tuple[Plain, Arrays]:
    """Version 5: fits of maps are kept."""
    none = {MAPS: np.empty(0), MAPS + ENDS: np.empty(0, dtype=np.int64)}
    return document | {MAPS: []}, {**arrays, **none}


MIGRATIONS: Mapping[int, Migration] = MappingProxyType(
    {1: _with_references, 2: _with_priors, 3: _with_series, 4: _with_maps}
)
"""By version: what makes the document and arrays of that version into the next one's."""


# ---------------------------------------------------------------------------------
# Save and load


def save_project(project: Project, path: str | Path) -> None:
    """Write a project file; the version that was there is kept as ``name.doublet.bak``.

    Parameters
    ----------
    project : Project
    path : path
        Its folder must exist.

    Raises
    ------
    ProjectFileError
        If another process has it open, or it cannot be written; the file is unchanged.
    WriteError
        If the metadata holds what JSON cannot.
    """
    target = Path(path).resolve()
    content = _content(project, {})
    try:
        lock = take_lock(target)
        if isinstance(lock, Holder):
            raise _locked(target, lock)
        try:
            _replace_file(target, content)
        finally:
            lock.release()
    except OSError as error:
        raise _not_written(target, error) from error


def load_project(path: str | Path) -> Project:
    """Return the project in a file.

    Raises
    ------
    ProjectFileError
        If there is none, or it is damaged, cut off, foreign, or of a newer version;
        ``backup`` is then the previous version, where there is one that is whole.
    """
    try:
        return project_from(*_opened(_read_bytes(Path(path))))
    except ProjectFileError as error:
        error = ProjectFileError.of(
            error.message, hint=error.hint, where=str(path), backup=_whole_backup(Path(path))
        )
        raise error from None


def backup_path(path: str | Path) -> Path:
    """Return where the previous version of a project file lies."""
    path = Path(path)
    return path.with_name(f"{path.name}.bak")


@dataclass(frozen=True, eq=False)
class ProjectHandle:
    """A project file that is open: who may write it. Use it in a ``with`` statement.

    Attributes
    ----------
    path : Path
    project : Project
        As it was in the file.
    lock : Lock or None
        None: read only.
    reason : str
        Why it is read only; empty if it is not.
    """

    path: Path
    project: Project
    lock: Lock | None
    reason: str = ""

    @property
    def read_only(self) -> bool:
        """Whether it can only be saved under another name."""
        return self.lock is None

    def save(self, project: Project) -> None:
        """Write another version of the project to the file.

        Raises
        ------
        ProjectFileError
            If it was opened read-only, or cannot be written.
        """
        if self.read_only:
            raise ProjectFileError.of(
                f"the project is open read-only: {self.reason}.",
                hint="Save it under another name.",
                where=str(self.path),
            )
        save_project(project, self.path)

    def close(self) -> None:
        """Let others write the file."""
        if self.lock is not None:
            self.lock.release()

    def __enter__(self) -> ProjectHandle:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def open_project(path: str | Path) -> ProjectHandle:
    """Open a project file to work on it; read-only if another process has it open.

    Raises
    ------
    ProjectFileError
        As `load_project`.
    """
    target = Path(path).resolve()
    if not target.is_file():
        load_project(path)
    try:
        lock = take_lock(target)
    except OSError as error:
        reason = f"its folder cannot be written ({error.strerror or error})"
        return ProjectHandle(target, load_project(path), None, reason)
    if isinstance(lock, Holder):
        return ProjectHandle(target, load_project(path), None, f"{lock} has it open")
    try:
        return ProjectHandle(target, load_project(path), lock)
    except ProjectFileError:
        lock.release()
        raise


# ---------------------------------------------------------------------------------
# Recovery


@dataclass(frozen=True)
class Recovery:
    """A recovery file.

    Attributes
    ----------
    path : Path
        Open it with `load_project`.
    project_id, title : str
    original : str
        The project file it belongs to; empty if it was never saved.
    saved : str
        When, ISO 8601, UTC.
    change : str
        What was done last, as the history calls it; empty if unknown.
    samples : tuple of str
        Names of the samples, each once.
    spectra, analyses : int
        How many there are.
    problem : str
        Why it cannot be opened; empty if it can.
    """

    path: Path
    project_id: str
    title: str = ""
    original: str = ""
    saved: str = ""
    change: str = ""
    samples: tuple[str, ...] = ()
    spectra: int = 0
    analyses: int = 0
    problem: str = ""


def save_recovery(
    project: Project, folder: str | Path, *, original: str = "", change: str = ""
) -> Path:
    """Write a recovery file, in one step, and return its path.

    Parameters
    ----------
    project : Project
    folder : path
        Made if it is not there. The file is named by the project's id.
    original : str
        The project file that the work belongs to.
    change : str
        What was done last, as the history calls it.

    Raises
    ------
    ProjectFileError, WriteError
        If it cannot be written.
    """
    path = recovery_path(project, folder)
    saved = datetime.now(UTC).isoformat(timespec="milliseconds")
    note = {"original": original, "saved": saved, "change": change}
    content = _content(project, {"recovery": note})
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _write(path, content)
    except OSError as error:
        raise _not_written(path, error) from error
    return path


def recovery_path(project: Project, folder: str | Path) -> Path:
    """Return where the recovery file of a project lies; deleting it ends the offer."""
    return Path(folder) / f"{project.id}{_RECOVERY}{SUFFIX}"


def find_recovery(folder: str | Path) -> tuple[Recovery, ...]:
    """Return the recovery files of a folder, the newest first, damaged ones last."""
    found = [_recovery(path) for path in Path(folder).glob(f"*{_RECOVERY}{SUFFIX}")]
    return tuple(sorted(found, key=lambda recovery: recovery.saved, reverse=True))


def _recovery(path: Path) -> Recovery:
    project_id = path.name.partition(".")[0]
    try:
        document, arrays = _opened(_read_bytes(path))
        project = project_from(document, arrays)
        note = record(Mapping[str, str], document.get("recovery", {}), "recovery")
    except ProjectFileError as error:
        return Recovery(path, project_id, problem=str(error))
    spectra = project.spectra.values()
    return Recovery(
        path,
        project.id,
        project.settings.title,
        note.get("original", ""),
        note.get("saved", ""),
        note.get("change", ""),
        tuple(dict.fromkeys(s.meta.sample for s in spectra if s.meta.sample)),
        len(spectra),
        len(project.analyses),
    )


# ---------------------------------------------------------------------------------
# Bytes


def _content(project: Project, more: Plain) -> Content:
    document, arrays = tables_of(project)
    return to_text(document | more), arrays


def _read_bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError as error:
        raise ProjectFileError("there is no such project file.") from error
    except (OSError, MemoryError) as error:
        reason = getattr(error, "strerror", None) or "it does not fit into the memory"
        raise ProjectFileError(f"the project file cannot be read: {reason}.") from error


def _opened(content: bytes) -> tuple[Plain, Arrays]:
    """Return document and arrays of a file, of the present version."""
    version, document, arrays = read_content(content)
    return migrated(document, arrays, version)


def migrated(
    document: Plain,
    arrays: Arrays,
    version: int,
    *,
    table_of_steps: Mapping[int, Migration] = MIGRATIONS,
    wanted: int = VERSION,
) -> tuple[Plain, Arrays]:
    """Return document and arrays of an older version as those of the version wanted.

    Raises
    ------
    ProjectFileError
        If a step is missing.
    """
    for step in range(version, wanted):
        if step not in table_of_steps:
            raise ProjectFileError(
                f"the schema {SCHEMA}/{version} is too old to be read.",
                hint="Save it again with the version of Doublet it was made with.",
            )
        document, arrays = table_of_steps[step](table(document, "document"), arrays)
    return document, arrays


# ---------------------------------------------------------------------------------
# Files


def _replace_file(target: Path, content: Content) -> None:
    """Replace a project file by `content`, and keep the old version beside it."""
    _remove_leftovers(target)
    _write(target, content, before=lambda: _keep_backup(target))


def _write(target: Path, content: Content, *, before: Callable[[], None] | None = None) -> None:
    with replacing(target) as temporary:
        with open(temporary, "wb+") as file:
            write_content(file, content)
        if before is not None:
            before()
    _flush_folder(target.parent)


def _keep_backup(target: Path) -> None:
    """Keep the present version as backup; a damaged one never takes a good one's place."""
    backup = backup_path(target)
    if not target.exists() or (backup.exists() and not is_whole(target)):
        return
    with replacing(backup) as temporary:
        temporary.unlink()
        try:
            os.link(target, temporary)
        except OSError:  # a file system without hard links
            shutil.copyfile(target, temporary)
            with open(temporary, "rb+") as file:
                os.fsync(file.fileno())


def _flush_folder(folder: Path) -> None:
    """Make a rename outlive a power cut, where folders can be flushed."""
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    except OSError:  # some network file systems have no such call; the file is written
        return
    finally:
        os.close(handle)


def _remove_leftovers(target: Path) -> None:
    """Remove temporary files of saves that were killed: what nobody has written to lately."""
    pattern = f".{glob.escape(target.name)}.????????"
    for path in target.parent.glob(pattern):
        if time.time() - path.stat().st_mtime > _LEFTOVER_S:
            path.unlink(missing_ok=True)


def _whole_backup(path: Path) -> Path | None:
    backup = backup_path(path)
    return backup if backup.is_file() and is_whole(backup) else None


def _locked(path: Path, holder: Holder) -> ProjectFileError:
    return ProjectFileError.of(
        f"{holder} has the project open, so it cannot be saved here.",
        hint="Save it under another name; or, if that program is gone, delete"
        f" {lock_path(path).name}.",
        where=str(path),
    )


def _not_written(path: Path, error: OSError) -> ProjectFileError:
    return ProjectFileError.of(
        f"the project cannot be written: {error.strerror or error}.",
        hint="The file is as it was; save it elsewhere.",
        where=str(path),
    )
