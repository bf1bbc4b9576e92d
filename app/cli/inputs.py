"""From the paths of a command line to spectra; what cannot be read is said and counted."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from spectra_core.errors import PartialRead, ReadError, SpectraError

from .border import Tally

if TYPE_CHECKING:
    from spectra_core.readers import ReadOptions
    from spectra_core.spectrum import Spectrum


@dataclass(frozen=True)
class InputPath:
    """A file to read, and whether the user named it (or only its folder)."""

    path: Path
    named: bool


def find_files(paths: Iterable[str]) -> Iterator[InputPath]:
    """Yield the files that `paths` mean; folders are walked in a fixed order.

    A path that does not exist is yielded too, so that reading it says so.

    Raises
    ------
    ReadError
        If a path is empty, e.g. from an unset variable: that is no name for this folder.
    """
    for text in paths:
        if not text.strip():
            raise ReadError("one of the paths is empty.", hint="Name a file or a folder.")
        path = Path(text)
        if not path.is_dir():
            yield InputPath(path, named=True)
            continue
        for folder, folders, names in os.walk(path):
            folders[:] = sorted(name for name in folders if not name.startswith("."))
            for name in sorted(names):
                if not name.startswith("."):
                    yield InputPath(Path(folder, name), named=False)


def readable_files(paths: Iterable[str]) -> tuple[list[Path], list[str]]:
    """Return the files to work on, and why files of walked folders are left out.

    Files the user named are never left out: their failure is an error.
    """
    from spectra_core.readers import identify

    files, left_out = [], []
    for file in find_files(paths):
        try:
            if not file.named:
                identify(file.path)
            files.append(file.path)
        except SpectraError as error:
            left_out.append(with_path(error, file.path))
    return files, left_out


def read_file(path: Path, options: ReadOptions, tally: Tally) -> list[Spectrum]:
    """Return the spectra of one file; what is wrong with it is said and counted."""
    from spectra_core.readers import read

    try:
        return read(path, options=options)
    except PartialRead as error:
        tally.fail(with_path(error, path))
        return list(error.spectra)
    except SpectraError as error:
        tally.fail(with_path(error, path))
        return []


def with_path(error: SpectraError, path: Path) -> str:
    """Return an error's sentences with the file as the user wrote it before them."""
    text = str(error)
    for start in (str(path), path.name):
        if text.startswith(start):
            return f"{path}{text[len(start) :]}"
    return f"{path}: {text}"
