"""A report of a problem: what a user says, versions, the end of the log, the project if wanted."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from zipfile import ZIP_DEFLATED, ZipFile

from spectra_core.errors import WriteError
from spectra_core.project.file import SUFFIX, save_project
from spectra_core.project.project import Project

LOG_CHARACTERS = 200_000


def report_text(words: str, versions: Mapping[str, str]) -> str:
    """Return the report as text: what was said, versions, system."""
    listed = "\n".join(f"{name} {number}" for name, number in versions.items())
    return f"{words.strip() or '(nothing was said)'}\n\n{listed}\n{platform.platform()}\n"


def write_problem_report(
    path: Path,
    words: str,
    versions: Mapping[str, str],
    *,
    log: Path | None = None,
    project: Project | None = None,
) -> None:
    """Write a problem as a zip file.

    Parameters
    ----------
    path : Path
    words : str
        What the user says.
    versions : mapping of str to str
    log : Path or None
        Its end is put in; None: it is left out.
    project : Project or None
        With all its spectra; None: it is left out.

    Raises
    ------
    WriteError
        If the file cannot be written.
    """
    try:
        with ZipFile(path, "w", ZIP_DEFLATED) as archive, TemporaryDirectory() as folder:
            archive.writestr("problem.txt", report_text(words, versions))
            if log is not None and log.is_file():
                end = log.read_text("utf-8", "replace")[-LOG_CHARACTERS:]
                archive.writestr("doublet.log", end)
            if project is not None:
                kept = Path(folder) / f"project{SUFFIX}"
                save_project(project, kept)
                archive.write(kept, kept.name)
    except OSError as error:
        raise WriteError(
            f"the report cannot be written: {error.strerror}.",
            hint="Choose another folder.",
            where=str(path),
        ) from error
