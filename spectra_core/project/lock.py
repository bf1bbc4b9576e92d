"""Who has a project file open: a small file beside it, with process and host.

`name.doublet.lock` is made when a project is opened for writing and removed when it is
closed. A process that was killed leaves its lock behind; one of this host whose process
is gone, or whose number now belongs to another process, is stale and is taken over. A
lock of another host cannot be judged from here and stands until a user removes it.
"""

from __future__ import annotations

import json
import os
import socket
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path

_SUFFIX = ".lock"
_UNREADABLE_S = 5.0
_TRIES = 20
_PAUSE_S = 0.02


@dataclass(frozen=True)
class Holder:
    """A process that has a project open.

    Attributes
    ----------
    pid : int
    host : str
    started : str
        When the process started, as the system counts it; empty where it does not say.
    """

    pid: int
    host: str
    started: str = ""

    def __str__(self) -> str:
        return f"process {self.pid} on {self.host or 'an unknown computer'}"


@dataclass(frozen=True)
class Lock:
    """The right to write a project; `own` is False where this process had it already."""

    path: Path
    own: bool

    def release(self) -> None:
        """Give the right back."""
        if self.own and _read(self.path) == _myself():
            self.path.unlink(missing_ok=True)


def lock_path(project_path: Path) -> Path:
    """Return where the lock of a project file lies."""
    return project_path.with_name(project_path.name + _SUFFIX)


def take_lock(project_path: Path) -> Lock | Holder:
    """Return the lock of a project file, or who has it.

    Raises
    ------
    OSError
        If no file can be made in the folder.
    """
    path = lock_path(project_path)
    for _ in range(_TRIES):
        if _create(path):
            return Lock(path, own=True)
        holder = _read(path)
        if holder == _myself():
            return Lock(path, own=False)
        if holder is not None and _is_alive(holder):
            return holder
        if holder is not None or _is_old(path):
            _remove_stale(path, holder)
        else:
            time.sleep(_PAUSE_S)  # it is just being written, or has just been removed
    return Holder(0, "")


def _create(path: Path) -> bool:
    """Make the lock file, whole or not at all; return False if there is one already."""
    text = json.dumps(asdict(_myself()))
    # Named like the temporary files of a save, which the next save clears away.
    handle, name = tempfile.mkstemp(
        prefix=f".{path.name.removesuffix(_SUFFIX)}.", dir=path.parent, text=True
    )
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        return _linked(Path(name), path, text)
    finally:
        Path(name).unlink(missing_ok=True)


def _linked(temporary: Path, path: Path, text: str) -> bool:
    try:
        os.link(temporary, path)
    except FileExistsError:
        return False
    except OSError:  # a file system without hard links
        return _written(path, text)
    return True


def _written(path: Path, text: str) -> bool:
    try:
        with open(path, "x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        return False
    return True


def _read(path: Path) -> Holder | None:
    """Return the holder in a lock file; None if it is gone or not (yet) readable."""
    try:
        entry = json.loads(path.read_text(encoding="utf-8")[:1000])
        return Holder(int(entry["pid"]), str(entry["host"]), str(entry["started"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _myself() -> Holder:
    return Holder(os.getpid(), socket.gethostname(), _started(os.getpid()))


def _is_alive(holder: Holder) -> bool:
    if holder.host != socket.gethostname():
        return True
    return _exists(holder.pid) and holder.started in ("", _started(holder.pid))


def _exists(pid: int) -> bool:
    """Return whether a process of this number runs; asking must not disturb it."""
    if pid <= 0:
        return False
    if sys.platform == "win32":
        import ctypes

        query_limited_information = 0x1000
        handle = ctypes.windll.kernel32.OpenProcess(query_limited_information, False, pid)
        if handle:
            ctypes.windll.kernel32.CloseHandle(handle)
        return bool(handle)
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):
        return True
    return True


def _started(pid: int) -> str:
    """Return when a process started, where the system has a file that says so."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
    after_name = text.rpartition(")")[2].split()
    return after_name[19] if len(after_name) > 19 else ""


def _is_old(path: Path) -> bool:
    try:
        return time.time() - path.stat().st_mtime > _UNREADABLE_S
    except OSError:
        return False


def _remove_stale(path: Path, stale: Holder | None) -> None:
    """Remove a stale lock, and no other one that has come into its place meanwhile."""
    aside = path.with_name(f"{path.name}.{os.getpid()}")
    try:
        os.replace(path, aside)
        if _read(aside) != stale and not path.exists():
            os.replace(aside, path)
    except FileNotFoundError:
        return
    aside.unlink(missing_ok=True)
