"""Files that are whole or not there: written beside, then renamed.

Only a regular file is ever replaced. What a link points to is replaced, not the link; a
device or a pipe is written to, because renaming a file onto it would destroy it.
"""

from __future__ import annotations

import os
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
    path = Path(os.path.realpath(path))
    special = _is_special(path)
    folder = None if special else path.parent
    handle, name = tempfile.mkstemp(prefix=f".{path.name[:100]}.", dir=folder)
    os.close(handle)
    temporary = Path(name)
    try:
        _give_usual_mode(temporary)
        yield temporary
        if special:
            with temporary.open("rb") as source, path.open("wb") as target:
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


def _give_usual_mode(path: Path) -> None:
    """Undo the private mode of a temporary file; the umask is read by setting it."""
    umask = os.umask(0)
    os.umask(umask)
    path.chmod(0o666 & ~umask)
