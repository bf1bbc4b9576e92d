"""Mutated files of every kind, read under limits of time and memory, and counted.

``python tests/fuzz/harness.py --cases 200`` (or ``dev.py fuzz``) prints a table. A case is
a kind, a number and nothing else: the same number makes the same file again.
"""

from __future__ import annotations

import argparse
import json
import os
import queue
import re
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from zlib import crc32

import numpy as np

_HERE = Path(__file__).resolve()
sys.path[:0] = [str(_HERE.parent), str(_HERE.parents[2])]

from kinds import KINDS, ROWS, SEALED  # noqa: E402 - beside this file, wherever it is run from

SECONDS = 10.0
"""How long the reading of one small file may take."""
_START_SECONDS = 120.0
_NUMBER = re.compile(rb"\d+(?:\.\d+)?")
_HOSTILE = (
    b"9" * 400,
    b"1e309",
    b"nan",
    b"-1",
    b"0",
    b"1_000",
    b"\xd9\xa3",
    b"\xff",
    b"4294967296",
)


def mutated(kind: str, whole: bytes, case: int) -> bytes:
    """Return a damaged copy of a file; the same for the same case."""
    rng = np.random.default_rng([crc32(kind.encode()), case])
    data = bytearray(whole)
    for _ in range(1 if case % 2 else int(rng.integers(1, 5))):
        _MUTATIONS[int(rng.integers(len(_MUTATIONS)))](data, rng)
    return bytes(data)


def _flip(data: bytearray, rng: np.random.Generator) -> None:
    if data:
        data[int(rng.integers(len(data)))] ^= 1 << int(rng.integers(8))


def _overwrite(data: bytearray, rng: np.random.Generator) -> None:
    at, n = _slice(data, rng)
    data[at : at + n] = rng.bytes(n)


def _delete(data: bytearray, rng: np.random.Generator) -> None:
    at, n = _slice(data, rng)
    del data[at : at + n]


def _repeat(data: bytearray, rng: np.random.Generator) -> None:
    at, n = _slice(data, rng)
    data[at:at] = data[at : at + n]


def _cut(data: bytearray, rng: np.random.Generator) -> None:
    del data[int(rng.integers(len(data) + 1)) :]


def _swap_lines(data: bytearray, rng: np.random.Generator) -> None:
    lines = bytes(data).split(b"\n")
    i, j = rng.integers(len(lines), size=2)
    lines[i], lines[j] = lines[j], lines[i]
    data[:] = b"\n".join(lines)


def _hostile_number(data: bytearray, rng: np.random.Generator) -> None:
    found = list(_NUMBER.finditer(bytes(data)))
    if found:
        match = found[int(rng.integers(len(found)))]
        data[match.start() : match.end()] = _HOSTILE[int(rng.integers(len(_HOSTILE)))]


def _slice(data: bytearray, rng: np.random.Generator) -> tuple[int, int]:
    return int(rng.integers(len(data) + 1)), int(rng.integers(1, 200))


_MUTATIONS = (_flip, _flip, _flip, _overwrite, _delete, _repeat, _cut, _swap_lines, _hostile_number)


# --------------------------------------------------------------------------------------
# reading under limits


class Reader:
    """A process that reads files; it is started again when one ends it."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[str] | None = None
        self._lines: queue.Queue[str] = queue.Queue()
        self._thread: threading.Thread | None = None

    def __enter__(self) -> Reader:
        self._started()
        return self

    def __exit__(self, *error: object) -> None:
        self.stop()

    def read(self, path: Path, seconds: float) -> dict[str, Any]:
        """Return what became of a file: as the worker says, or ``hang`` or ``killed``.

        Only what takes too long twice hangs: the machine may be busy otherwise.
        """
        found = self._read(path, seconds)
        return self._read(path, seconds) if found["outcome"] == "hang" else found

    def _read(self, path: Path, seconds: float) -> dict[str, Any]:
        process = self._started()
        assert process.stdin is not None
        process.stdin.write(f"{path}\n")
        process.stdin.flush()
        try:
            line = self._lines.get(timeout=seconds)
        except queue.Empty:
            self.stop()
            return {"outcome": "hang", "message": f"more than {seconds:g} s"}
        if not line:
            code = process.wait()
            self.stop()
            return {"outcome": "killed", "message": f"the process ended with {code}"}
        return dict(json.loads(line))

    def stop(self) -> None:
        """End the process."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            if self._thread is not None:
                self._thread.join()
            for stream in (self._process.stdin, self._process.stdout):
                if stream is not None:
                    stream.close()
            self._process = None

    def _started(self) -> subprocess.Popen[str]:
        if self._process is None:
            worker, root = _HERE.with_name("worker.py"), str(_HERE.parents[2])
            paths = os.pathsep.join(filter(None, (root, os.environ.get("PYTHONPATH"))))
            self._lines = queue.Queue()
            self._process = subprocess.Popen(
                [sys.executable, str(worker)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                text=True,
                env=os.environ | {"PYTHONPATH": paths, "OMP_NUM_THREADS": "1"},
            )
            passing = (self._process, self._lines)
            self._thread = threading.Thread(target=_pass_on, args=passing, daemon=True)
            self._thread.start()
            self._lines.get(timeout=_START_SECONDS)  # it says that it is ready
        return self._process


def _pass_on(process: subprocess.Popen[str], lines: queue.Queue[str]) -> None:
    assert process.stdout is not None
    for line in process.stdout:
        lines.put(line)
    lines.put("")


# --------------------------------------------------------------------------------------
# counting


@dataclass
class Tally:
    """What became of the cases of one kind.

    Attributes
    ----------
    outcomes : Counter of str
    said : int
        Files that were read whole with other numbers than before, and a note that says so.
    changed : int
        The same without any new note: in silence.
    failures : list of str
        Cases that crashed, hung or were killed, with what was said, and those changed in
        silence although something else in the file could have told (see `told_by`).
    """

    outcomes: Counter[str] = field(default_factory=Counter)
    said: int = 0
    changed: int = 0
    failures: list[str] = field(default_factory=list)


FAILED = ("crash", "hang", "killed")


def fuzz(kind: str, cases: range, reader: Reader, seconds: float = SECONDS) -> Tally:
    """Read mutated files of a kind and return what became of them."""
    tally = Tally()
    whole = KINDS[kind]()
    with TemporaryDirectory() as folder:
        path = Path(folder) / "file"
        path.write_bytes(whole)
        original = reader.read(path, 60.0)
        assert original["outcome"] == "read", (kind, original)
        for case, data in _files(kind, whole, cases):
            path.write_bytes(data)
            found = reader.read(path, seconds)
            tally.outcomes[str(found["outcome"])] += 1
            if found["outcome"] in FAILED:
                tally.failures.append(f"{kind} {case}: {found['outcome']}: {found['message']}")
            elif found["outcome"] == "read" and found["numbers"] != original["numbers"]:
                if set(found["notes"]) - set(original["notes"]):
                    tally.said += 1
                    continue
                tally.changed += 1
                if witness := told_by(kind, whole, data, original, found):
                    tally.failures.append(f"{kind} {case}: changed in silence: {witness}")
    return tally


def told_by(
    kind: str,
    whole: bytes,
    data: bytes,
    original: dict[str, Any],
    found: dict[str, Any],
) -> str:
    """Return what in a damaged file tells that its numbers changed; empty if nothing does.

    Whole rows of numbers that were not read, a row cut inside at the end of the file, steps
    that were even, and the extremes that VAMAS stores. What is left can be seen by no
    program: a digit that became another, or a file that ends after a whole row.
    """
    if kind in SEALED:
        return "its checksum"
    if kind in ROWS:
        rows = {line for line in whole.split(b"\n") if is_row(line)}
        lines = data.split(b"\n")
        if sum(line in rows for line in lines) > found["points"]:
            return "rows of numbers that were not read"
        if whole.startswith(data) and is_row(lines[-1]) and lines[-1] not in rows:
            return "a row that was cut"
    if original["even"] and not found["even"] and original["points"] == found["points"]:
        return "an energy off the even steps"
    if kind == "vamas" and found["extremes"] != original["extremes"]:
        return "the stored extremes"
    return ""


def is_row(line: bytes) -> bool:
    """Return whether a line is numbers and nothing else."""
    return len(_NUMBER.findall(line)) > 1 and not re.search(rb"[^-+.,\d\s\"]", line)


def _files(kind: str, whole: bytes, cases: range) -> Iterator[tuple[int, bytes]]:
    return ((case, mutated(kind, whole, case)) for case in cases)


def main() -> int:
    """Print a table of all kinds; 1 if anything crashed, hung or changed where it could be told."""
    parser = argparse.ArgumentParser(prog="dev.py fuzz", description=__doc__)
    parser.add_argument("--cases", type=int, default=200, help="cases of each kind (200)")
    parser.add_argument("--first", type=int, default=0, help="number of the first case (0)")
    parser.add_argument("--kind", choices=KINDS, help="only this kind")
    arguments = parser.parse_args()
    cases = range(arguments.first, arguments.first + arguments.cases)
    failures: list[str] = []
    heads = ("read", "in part", "refused", "said", "silent", "failed")
    print(f"{'kind':12}{''.join(f'{head:>9}' for head in heads)}")
    with Reader() as reader:
        for kind in [arguments.kind] if arguments.kind else KINDS:
            tally = fuzz(kind, cases, reader)
            n = tally.outcomes
            counts = (n["read"], n["partial"], n["refused"], tally.said, tally.changed)
            numbers = (*counts, len(tally.failures))
            print(f"{kind:12}{''.join(f'{number:9}' for number in numbers)}", flush=True)
            failures += tally.failures
    print(
        "\n".join(failures)
        or "nothing crashed, hung, took more than 1 GiB or changed where it could be told"
    )
    return int(bool(failures))


if __name__ == "__main__":
    sys.exit(main())
