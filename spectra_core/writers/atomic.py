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

from ..errors import WriteError


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Give a path to write to; what was written becomes `path` if all went well.

    Parameters
    ----------
    path : Path
        The file to make or replace; it is untouched if the block raises.
    """
    stream = _stream(path)
    special = stream is not None or _is_special(path)
    path = path if special else Path(os.path.realpath(path))
    folder = None if special else path.parent
    handle, name = tempfile.mkstemp(prefix=f".{path.name[:100]}.", dir=folder)
    os.close(handle)
    temporary = Path(name)
    try:
        _give_usual_mode(temporary)
        yield temporary
        if special:
            opened = path.open("wb") if stream is None else os.fdopen(os.dup(stream), "wb")
            with temporary.open("rb") as source, opened as target:
                shutil.copyfileobj(source, target)
        else:
            os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


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
        path.parent.mkdir(parents=True, exist_ok=True)
        with replacing(path) as temporary, temporary.open("wb") as file:
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


def _give_usual_mode(path: Path) -> None:
    """Undo the private mode of a temporary file; the umask is read by setting it."""
    umask = os.umask(0)
    os.umask(umask)
    path.chmod(0o666 & ~umask)
