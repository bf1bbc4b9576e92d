"""Files that are whole or not there: written beside, then renamed."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Give a path beside `path` to write to; rename it to `path` if all went well.

    Parameters
    ----------
    path : Path
        The file to make or replace; it is untouched if the block raises.
    """
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    os.close(handle)
    temporary = Path(name)
    try:
        _give_usual_mode(temporary)
        yield temporary
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def _give_usual_mode(path: Path) -> None:
    """Undo the private mode of a temporary file; the umask is read by setting it."""
    umask = os.umask(0)
    os.umask(umask)
    path.chmod(0o666 & ~umask)
