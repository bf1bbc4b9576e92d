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
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from threading import Lock
from typing import IO

from ..errors import ReadError
from .options import ReadOptions

SIGNATURE = b"\x89HDF\r\n\x1a\n"
SECONDS = 4.0
"""How long reading may take, and so much more for every `_BYTES_PER_SECOND`."""
_BYTES_PER_SECOND = 5e6
_SPARE = 2 * 2**30
_PER_BYTE = 20
"""Memory that reading may take beyond the spare, for each byte of the file."""

_ROOT = Path(__file__).resolve().parents[2]
_START = (
    "import sys; root = sys.argv[1]; root in sys.path or sys.path.insert(0, root);"
    " from spectra_core.readers.trial import answer; answer()"
)
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


class _Child:
    """The process that tries files; started when it is first needed, and after each end."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._process: subprocess.Popen[str] | None = None
        self._owner = 0

    def ask(self, path: Path) -> str:
        """Return what the child says of a file; empty if it ended over it."""
        with self._lock:
            streams = self._streams()
            if streams is None:  # there is no interpreter to start: no trial
                return _DONE
            asking, answering = streams
            said = ""
            try:
                asking.write(json.dumps(os.path.abspath(path)) + "\n")
                asking.flush()
                said = answering.readline().strip()
            except OSError:
                pass
            finally:
                if not said:  # also where this process is interrupted meanwhile
                    self._end()
            return said

    def _streams(self) -> tuple[IO[str], IO[str]] | None:
        """Return where the child listens and where it speaks."""
        if self._process is None or self._owner != os.getpid() or self._process.poll() is not None:
            self._process, self._owner = _started(), os.getpid()
        if self._process is None or self._process.stdin is None or self._process.stdout is None:
            return None
        return self._process.stdin, self._process.stdout

    def _end(self) -> None:
        if self._process is not None and self._owner == os.getpid():
            self._process.kill()
            self._process.communicate()
        self._process = None

    def close(self) -> None:
        """End the child."""
        with self._lock:
            self._end()


_CHILD = _Child()
atexit.register(_CHILD.close)


def _started() -> subprocess.Popen[str] | None:
    """Return a child that listens; None where this program is no Python interpreter itself."""
    name = Path(sys.executable or "").stem.lower()
    if getattr(sys, "frozen", False) or not name.startswith(("python", "pypy")):
        return None
    try:
        child = subprocess.Popen(
            [sys.executable, "-P", "-c", _START, str(_ROOT)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
        )
    except OSError:
        return None
    assert child.stdout is not None
    if child.stdout.readline():  # it has begun to listen
        return child
    child.communicate()
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
