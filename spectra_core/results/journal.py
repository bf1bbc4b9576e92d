"""Finished work of a run, on disk as soon as it is done.

A journal is one file to which records are only ever appended: a line that says what
follows and its checksum, then the parts themselves, as they will stand in the results.
A run that is killed therefore loses what it had in hand and no more; a record that was
cut off is recognised and left out. Results are written from the journal part by part, so
that a run of any length needs the memory of a short one.

The first line says which work it is: program, recipe, options, and the checksums of all
input files. A journal of other work is never gone on with.
"""

from __future__ import annotations

import json
import os
import tempfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from time import monotonic
from typing import IO, Any

from ..errors import RecipeError, WriteError
from ..writers.atomic import remove_leftovers

SCHEMA = "doublet-journal/1"
NAME = "results.journal"
_TO_DISK_S = 1.0  # between two waits for the disk itself: what a power cut may cost
_LONGEST_LINE = 1_000_000

Parts = dict[str, tuple[int, int]]
"""Offset and size of each part of a record."""


class Journal:
    """The journal of one run.

    Parameters
    ----------
    folder : Path or None
        Where it lies, as `NAME`; None: in a file that nobody else sees.
    work : mapping
        What makes this work this work; plain values.
    resume : bool
        Go on with the journal that is there, if there is one.

    Attributes
    ----------
    records : dict of int to Parts
        What is finished, by the number of its job.

    Raises
    ------
    RecipeError
        If the journal that is there is of other work; the sentence says what differs.
    WriteError
        If the file cannot be made or written.
    """

    def __init__(self, folder: Path | None, work: Mapping[str, Any], *, resume: bool) -> None:
        self.path = None if folder is None else folder / NAME
        self.records: dict[int, Parts] = {}
        self._written = monotonic()
        try:
            if resume and self.path is not None and self.path.exists():
                self._file: IO[bytes] = self.path.open("r+b")
                self._read(work)
                remove_leftovers(self.path.parent)
            else:
                self._file = self._begin(work)
        except OSError as error:
            raise self._broken(error) from error

    def add(self, number: int, parts: Mapping[str, bytes]) -> None:
        """Append what one job gave, as `add_all`."""
        self.add_all({number: parts})

    def add_all(self, records: Mapping[int, Mapping[str, bytes]]) -> None:
        """Append what some jobs gave; it survives the end of this process, whatever ends it.

        Raises
        ------
        WriteError
            If it cannot be written; the journal then holds those of them, from the first
            on, that there was room for.
        """
        sizes = {n: {name: len(part) for name, part in own.items()} for n, own in records.items()}
        heads, lines = {}, []
        for number, parts in records.items():
            body = b"".join(parts.values())
            head = {"job": number, "parts": sizes[number], "crc": zlib.crc32(body)}
            heads[number] = json.dumps(head).encode()
            lines.append(b"%b\n%b\n" % (heads[number], body))
        start = self._file.seek(0, os.SEEK_END)
        try:
            self._append(b"".join(lines))
        except OSError as error:
            with suppress(OSError):
                self._file.truncate(start)
            if len(records) < 2:
                raise self._broken(error) from error
            for number, parts in records.items():
                self.add(number, parts)
            return
        for number, line in zip(records, lines, strict=True):
            self.records[number] = _places(start + len(heads[number]) + 1, sizes[number])
            start += len(line)

    def _append(self, lines: bytes) -> None:
        self._file.write(lines)
        self._file.flush()
        if monotonic() - self._written > _TO_DISK_S:
            os.fsync(self._file.fileno())
            self._written = monotonic()

    def part(self, number: int, name: str) -> bytes:
        """Return one part of a record; empty if it has none of this name."""
        offset, size = self.records[number].get(name, (0, 0))
        self._file.seek(offset)
        return self._file.read(size)

    def parts(self, name: str) -> Iterator[bytes]:
        """Yield the parts of one name in the order of the jobs; those that are not empty."""
        for number in sorted(self.records):
            if part := self.part(number, name):
                yield part

    def close(self, *, finished: bool) -> None:
        """Close the file; once everything is finished and written it is of no more use."""
        mine = self.path is not None and _is_same(self._file, self.path)
        self._file.close()
        if finished and mine and self.path is not None:
            self.path.unlink(missing_ok=True)

    def _begin(self, work: Mapping[str, Any]) -> IO[bytes]:
        line = _line_of(work)
        if self.path is None:
            file: IO[bytes] = tempfile.TemporaryFile(prefix="doublet-")  # noqa: SIM115 - kept
            file.write(line)
            return file
        # Renamed, so that a run that still writes to a journal of this name keeps its own.
        handle, name = tempfile.mkstemp(prefix=f".{NAME}.", dir=self.path.parent)
        file = os.fdopen(handle, "w+b")
        try:
            file.write(line)
            file.flush()
            os.replace(name, self.path)
        except OSError:
            file.close()
            Path(name).unlink(missing_ok=True)
            raise
        return file

    def _read(self, work: Mapping[str, Any]) -> None:
        """Take over what is finished; what was cut off at the end is taken away."""
        line = self._file.readline(_LONGEST_LINE)
        if line != _line_of(work):
            raise RecipeError(
                f"this journal is of other work: {_difference(line, work)}.",
                hint="Leave out --resume to begin anew, or give another folder with -o.",
                where=str(self.path),
            )
        end = self._file.tell()
        while (record := self._next()) is not None:
            number, parts = record
            self.records[number] = parts
            end = self._file.tell()
        self._file.truncate(end)

    def _next(self) -> tuple[int, Parts] | None:
        """Return the record that stands here; None if it is not whole."""
        try:
            head = json.loads(self._file.readline(_LONGEST_LINE))
            number, sizes, crc = int(head["job"]), dict(head["parts"]), int(head["crc"])
            start = self._file.tell()
            body = self._file.read(sum(sizes.values()))
        except (ValueError, KeyError, TypeError):
            return None
        whole = len(body) == sum(sizes.values()) and self._file.read(1) == b"\n"
        return (number, _places(start, sizes)) if whole and zlib.crc32(body) == crc else None

    def _broken(self, error: OSError) -> WriteError:
        where = str(self.path or tempfile.gettempdir())
        return WriteError(f"the journal cannot be written: {error.strerror or error}.", where=where)


def _places(start: int, sizes: Mapping[str, int]) -> Parts:
    places: Parts = {}
    for name, size in sizes.items():
        places[name] = (start, size)
        start += size
    return places


def _line_of(work: Mapping[str, Any]) -> bytes:
    return json.dumps({"schema": SCHEMA, **work}, sort_keys=True).encode() + b"\n"


def _difference(line: bytes, work: Mapping[str, Any]) -> str:
    """Say what two kinds of work differ in."""
    try:
        there = dict(json.loads(line))
    except (ValueError, TypeError):
        return "it cannot be read"
    here = json.loads(_line_of(work))
    keys = [key for key in here if there.get(key) != here[key]]
    return f"{', '.join(keys) or 'something'} differs"


def _is_same(file: IO[bytes], path: Path) -> bool:
    """Return whether `path` is still this very file."""
    try:
        return os.path.samestat(os.fstat(file.fileno()), path.stat())
    except OSError:
        return False
