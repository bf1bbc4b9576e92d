"""Files that are whole or not there: written beside, then renamed.

Only a regular file is ever replaced. What a link points to is replaced, not the link; a
device or a pipe is written to, because renaming a file onto it would destroy it.
"""

from __future__ import annotations

import os
import re
import secrets
import shutil
import stat
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, TypeVar

from ..errors import WriteError

T = TypeVar("T")


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Give a path to write to; what was written becomes `path` if all went well.

    Parameters
    ----------
    path : Path
        The file to make or replace; it is untouched if the block raises.
    """
    with _replacing(path) as file:
        file.close()
        yield Path(file.name)


@contextmanager
def _replacing(path: Path) -> Iterator[IO[bytes]]:
    """Give a file to write to, as `replacing`; it is closed at the end if it is still open."""
    stream = _stream(path)
    target = None if stream is not None else _renamed_to(path)
    if target is None:
        with _copied(path, stream) as file:
            yield file
        return
    name, file = _beside(target, _opened)
    with _renamed(name, target), file:
        yield file


def _opened(name: str) -> IO[bytes]:
    return open(name, "xb")


@contextmanager
def _renamed(name: str, target: str) -> Iterator[None]:
    """Rename a file at the end, or remove it if something goes wrong."""
    try:
        yield
        os.replace(name, target)
    except BaseException:
        with suppress(FileNotFoundError):
            os.unlink(name)
        raise


@contextmanager
def _copied(path: Path, stream: int | None) -> Iterator[IO[bytes]]:
    """Give a file whose content goes to a device, a pipe or what this process has open."""
    with tempfile.TemporaryDirectory(prefix="doublet-") as folder:
        with (Path(folder) / path.name).open("w+b") as file:
            yield file
        opened = path.open("wb") if stream is None else os.fdopen(os.dup(stream), "wb")
        with Path(file.name).open("rb") as source, opened as target:
            shutil.copyfileobj(source, target)


def _renamed_to(path: str | Path) -> str | None:
    """Return the file to be replaced, past links; None where nothing may be renamed onto it.

    It is asked with one call, because ten thousand files are written in a run.
    """
    try:
        mode = os.lstat(path).st_mode
    except OSError:
        return str(path)
    if stat.S_ISLNK(mode):
        path = Path(os.path.realpath(path))
        mode = path.stat().st_mode if path.exists() else stat.S_IFREG
    return str(path) if stat.S_ISREG(mode) or stat.S_ISDIR(mode) else None


def _beside(target: str, opened: Callable[[str], T]) -> tuple[str, T]:
    """Open a new file beside `target`, of the mode that new files have here."""
    folder, name = os.path.split(target)
    while True:
        path = os.path.join(folder, f".{name[:100]}.{secrets.token_hex(4)}")
        with suppress(FileExistsError):
            return path, opened(path)


def remove_leftovers(folder: Path) -> None:
    """Remove what writers that were killed left beside the files they were to make.

    Raises
    ------
    OSError
        If the folder cannot be read, or one of them cannot be removed.
    """
    for path in folder.iterdir():
        if _LEFTOVER.fullmatch(path.name) and path.is_file() and not path.is_symlink():
            path.unlink(missing_ok=True)


_LEFTOVER = re.compile(r"\..+\.[A-Za-z0-9]+\.[a-z0-9_]{8}")  # hidden, a name, random letters


def write_pieces(pieces: Iterable[bytes], path: str | Path) -> None:
    """Write a file in one step: a reader sees the old file or the new one.

    Its folder is made if need be.

    Raises
    ------
    WriteError
        If it cannot be written.
    """
    path = Path(path)
    with _said(path):
        if not os.path.isdir(path.parent):
            path.parent.mkdir(parents=True, exist_ok=True)
        with _replacing(path) as file:
            file.writelines(pieces)


def write_bytes(content: bytes, path: str | Path) -> None:
    """Write a file in one step, as `write_pieces`, with as few calls as ten thousand files need."""
    with _said(path):
        target = _renamed_to(path) if _stream(path) is None else None
        if target is not None:
            with suppress(FileNotFoundError):  # then its folder is still to be made
                _write_beside(content, target)
                return
    write_pieces((content,), path)


def _write_beside(content: bytes, target: str) -> None:
    name, number = _beside(target, lambda name: os.open(name, _NEW, 0o666))
    with _renamed(name, target):
        try:
            left = memoryview(content)
            while left:
                left = left[os.write(number, left) :]
        finally:
            os.close(number)


_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)


@contextmanager
def _said(path: str | Path) -> Iterator[None]:
    """Say what the system refused."""
    try:
        yield
    except OSError as error:
        raise WriteError(
            f"the file cannot be written: {error.strerror or error}.", where=str(path)
        ) from error


def write_text(text: str, path: str | Path) -> None:
    """Write a text file in one step, as `write_pieces`."""
    write_bytes(text.encode("utf-8", errors="replace"), path)


def _stream(path: str | Path) -> int | None:
    """Return the number of what this process has open, if that is what a path names.

    ``/dev/stdout`` may lead to a regular file: it is written to where the process is in it.
    """
    match = _STREAM.fullmatch(os.path.abspath(path))
    return None if match is None else int(match[1] or _STREAMS[match[2]])


_STREAMS = {"stdin": 0, "stdout": 1, "stderr": 2}
_STREAM = re.compile(
    rf"(?:/dev|/proc/(?:self|{os.getpid()}))/(?:fd/([0-9]+)|({'|'.join(_STREAMS)}))"
)
