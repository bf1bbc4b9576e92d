"""Files that are whole or not there: written beside, then renamed.

Only a regular file is ever replaced. What a link points to is replaced, not the link; a
device or a pipe is written to, because renaming a file onto it would destroy it.
"""

from __future__ import annotations

import os
import re
import shutil
import stat
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from ..errors import WriteError


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
    special = stream is not None or _is_special(path)
    path = path if special else Path(os.path.realpath(path))
    folder = None if special else path.parent
    prefix = f".{path.name[:100]}."
    file = tempfile.NamedTemporaryFile(prefix=prefix, dir=folder, delete=False)  # noqa: SIM115
    temporary = Path(file.name)
    try:
        with file:
            _give_usual_mode(file)
            yield file
        if special:
            opened = path.open("wb") if stream is None else os.fdopen(os.dup(stream), "wb")
            with temporary.open("rb") as source, opened as target:
                shutil.copyfileobj(source, target)
            temporary.unlink(missing_ok=True)
        else:
            os.replace(temporary, path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


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

    Its folder is made if need be, and what was written has reached the disk at the end.

    Raises
    ------
    WriteError
        If it cannot be written.
    """
    path = Path(path)
    try:
        if not path.parent.is_dir():
            path.parent.mkdir(parents=True, exist_ok=True)
        with _replacing(path) as file:
            file.writelines(pieces)
    except OSError as error:
        raise WriteError(
            f"the file cannot be written: {error.strerror or error}.", where=str(path)
        ) from error


def write_bytes(content: bytes, path: str | Path) -> None:
    """Write a file in one step, as `write_pieces`."""
    write_pieces((content,), path)


def write_text(text: str, path: str | Path) -> None:
    """Write a text file in one step, as `write_pieces`."""
    write_bytes(text.encode("utf-8", errors="replace"), path)


def _is_special(path: Path) -> bool:
    """Return whether there is something at `path` that is no file of its own."""
    try:
        mode = path.stat().st_mode
    except OSError:
        return False
    return not (stat.S_ISREG(mode) or stat.S_ISDIR(mode))


def _stream(path: Path) -> int | None:
    """Return the number of what this process has open, if that is what a path names.

    ``/dev/stdout`` may lead to a regular file: it is written to where the process is in it.
    """
    match = _STREAM.fullmatch(os.path.abspath(path))
    return None if match is None else int(match[1] or _STREAMS[match[2]])


_STREAMS = {"stdin": 0, "stdout": 1, "stderr": 2}
_STREAM = re.compile(
    rf"(?:/dev|/proc/(?:self|{os.getpid()}))/(?:fd/([0-9]+)|({'|'.join(_STREAMS)}))"
)


def _give_usual_mode(file: IO[bytes]) -> None:
    """Undo the private mode of a temporary file; the umask is read by setting it."""
    umask = os.umask(0)
    os.umask(umask)
    os.chmod(file.name, 0o666 & ~umask)
