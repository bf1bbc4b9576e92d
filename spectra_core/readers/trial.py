"""HDF5 files are read in a process of their own first, under limits of time and memory.

In some damaged files the HDF5 library never comes back, and others bring the whole process
down; neither can be caught. So a child process reads each file once before this one does.
It ends itself where a file takes too long, stays for the next file, and costs the start of
an interpreter once. It knows nothing but names of files and is told nothing else.
"""

from __future__ import annotations

import atexit
import faulthandler
import json
import os
import signal
import subprocess
import sys
from collections import deque
from collections.abc import Iterable
from contextlib import suppress
from importlib import import_module
from itertools import islice
from pathlib import Path
from threading import Lock

from ..child import child_command
from ..errors import ReadError
from .options import ReadOptions

SIGNATURE = b"\x89HDF\r\n\x1a\n"
SECONDS = 4.0
"""How long reading may take, and so much more for every `_BYTES_PER_SECOND`."""
_BYTES_PER_SECOND = 5e6
_SPARE = 2 * 2**30
_PER_BYTE = 20
"""Memory that reading may take beyond the spare, for each byte of the file."""
_MOST_AHEAD = 100
"""Files asked for ahead: their names and answers fit into the pipes."""

_DONE, _MEMORY = "done", "memory"


def try_hdf5(path: Path) -> None:
    """Let a child process read an HDF5 file, and return if it came back.

    Raises
    ------
    ReadError
        If it did not come back in time, broke down, or needed too much memory. Anything
        else that is wrong with the file is for its reader to say.
    """
    said = _CHILD.ask(path)
    if said == _MEMORY:
        limit = _memory(path.stat().st_size) / 2**30
        raise ReadError(
            f"the HDF5 file needs more than {limit:.3g} GiB of memory to be read.",
            hint="The file is damaged; write or fetch it again.",
            where=path.name,
        )
    if not said:
        raise ReadError(
            "the HDF5 library breaks down in this file, or does not come back from it within"
            f" {_seconds(path.stat().st_size):.2g} s: it is damaged.",
            hint="Write or fetch it again.",
            where=path.name,
        )


def try_ahead(paths: Iterable[Path]) -> None:
    """Let the child process begin with HDF5 files that `try_hdf5` will ask for.

    It reads them while this process does something else.
    """
    _CHILD.begin(paths)


Key = tuple[str, int, int]
"""Path, size and time of change of a file: what is tried again if it differs."""


def _key(path: Path) -> Key:
    status = path.stat()
    return os.path.abspath(path), status.st_size, status.st_mtime_ns


class _Child:
    """The process that tries files; started when it is first needed, and after each end."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._process: subprocess.Popen[str] | None = None
        self._owner = 0
        self._listens = False
        self._asked: deque[Key] = deque()
        self._said: dict[Key, str] = {}

    def begin(self, paths: Iterable[Path]) -> None:
        """Send the child the first of several files, without waiting for what it says."""
        with self._lock, suppress(OSError):
            for path in islice(paths, _MOST_AHEAD):
                key = _key(path)
                if key not in self._said and key not in self._asked:
                    self._send(key)

    def ask(self, path: Path) -> str:
        """Return what the child says of a file; empty if it ended over it."""
        with self._lock:
            key = _key(path)
            while key not in self._said:
                if key not in self._asked and not self._send(key):
                    return _DONE  # there is no interpreter to start: no trial
                self._hear()
            return self._said[key] if self._said[key] == _DONE else self._said.pop(key)

    def _send(self, key: Key) -> bool:
        """Ask for a file; return whether there is anybody to ask."""
        idle = not self._asked
        if (
            self._process is None
            or self._owner != os.getpid()
            or (idle and self._process.poll() is not None)
        ):
            self._process, self._owner, self._listens = _started(), os.getpid(), False
            self._asked.clear()
        if self._process is None or self._process.stdin is None:
            return False
        self._asked.append(key)
        with suppress(OSError):  # it has ended: that it says nothing tells so
            self._process.stdin.write(json.dumps(key[0]) + "\n")
            self._process.stdin.flush()
        return True

    def _hear(self) -> None:
        """Take what the child says of the file it was asked for first."""
        first, *others = self._asked
        said = ""
        try:
            if not self._listens and not self._line():  # it did not start: no trial
                self._said |= dict.fromkeys(self._asked, _DONE)
                return
            self._listens = True
            said = self._said[first] = self._line()
            self._asked.popleft()
        finally:
            if not said:  # also where this process is interrupted meanwhile
                self._end()
        if not said:
            for key in others:
                self._send(key)

    def _line(self) -> str:
        assert self._process is not None and self._process.stdout is not None
        try:
            return self._process.stdout.readline().strip()
        except OSError:
            return ""

    def _end(self) -> None:
        if self._process is not None and self._owner == os.getpid():
            self._process.kill()
            self._process.communicate()
        self._process = None
        self._asked.clear()

    def close(self) -> None:
        """End the child."""
        with self._lock:
            self._end()


_CHILD = _Child()
atexit.register(_CHILD.close)


def _started() -> subprocess.Popen[str] | None:
    """Return a child that will listen; None where none can be started."""
    command = child_command(f"{__name__}:{answer.__name__}")
    if command is None:
        return None
    try:
        return subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
        )
    except OSError:
        return None


# ---------------------------------------------------------------------------------
# In the child


def answer() -> None:
    """Read the files named on standard input, and say of each that it came back."""
    from . import hdf5, nexus

    import_module("h5py")
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the one who asks says when it is over
    options = ReadOptions(allow_unknown_axis=True)
    with Path(os.devnull).open("w") as nowhere:
        _say("ready")
        for line in sys.stdin:
            path = Path(json.loads(line))
            size = path.stat().st_size
            _limit_memory(_memory(size))
            faulthandler.dump_traceback_later(_seconds(size), exit=True, file=nowhere)
            said = _DONE
            try:
                for reader in (hdf5, nexus):
                    if reader.matches(SIGNATURE, path):
                        reader.read(path, options)
                        break
            except MemoryError:
                said = _MEMORY
            except Exception:  # noqa: BLE001 - it came back: its reader says what is wrong
                pass
            faulthandler.cancel_dump_traceback_later()
            _say(said)


def _say(words: str) -> None:
    sys.stdout.write(f"{words}\n")
    sys.stdout.flush()


def _seconds(size: int) -> float:
    return SECONDS + size / _BYTES_PER_SECOND


def _memory(size: int) -> int:
    return _SPARE + _PER_BYTE * size


def _limit_memory(more: int) -> None:
    """Let this process take so much more memory than it has; nothing where that cannot be."""
    with suppress(ImportError, OSError, ValueError):
        import resource

        now = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
        hard = resource.getrlimit(resource.RLIMIT_AS)[1]
        allowed = now + more if hard == resource.RLIM_INFINITY else min(now + more, hard)
        resource.setrlimit(resource.RLIMIT_AS, (allowed, hard))
