"""One process at a time: others wait until it is done, or has ended in whatever way."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import sleep

from ..errors import Cancelled, ShouldStop

_POLL_S = 0.1

if sys.platform == "win32":
    import msvcrt

    def _take(handle: int) -> None:
        msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
else:
    import fcntl

    def _take(handle: int) -> None:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)


@contextmanager
def turn(path: Path, should_stop: ShouldStop | None = None) -> Iterator[None]:
    """Wait for the turn that a file stands for, and have it meanwhile.

    The system takes it back from a process that ends. Where the file system knows no locks
    nobody waits.

    Parameters
    ----------
    path : Path
        Made if need be; it stays.
    should_stop : callable or None
        Asked while waiting.

    Raises
    ------
    Cancelled
        If `should_stop` returned True.
    """
    with path.open("a+b") as file:
        while True:
            try:
                _take(file.fileno())
                break
            except (BlockingIOError, PermissionError):  # another one has it
                if should_stop is not None and should_stop():
                    raise Cancelled("waiting for another process was cancelled.") from None
                sleep(_POLL_S)
            except OSError:
                break
        yield
