"""The lines of a text, cut out of it when they are asked for.

A table of millions of rows has as many lines: as strings of their own they take several times
the memory of the file.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import overload

import numpy as np
from numpy.typing import NDArray

_PIECE = 1 << 20
_AT_ONCE = 10_000


class Lines(Sequence[str]):
    """The lines of a text as `str.split` cuts them, with four bytes for each beside the text.

    Parameters
    ----------
    text : str
    instead : mapping of int to str, optional
        Lines that stand in place of those of the text, by their index.
    """

    def __init__(self, text: str, instead: Mapping[int, str] | None = None) -> None:
        self._text = text
        self._starts = _line_starts(text)
        self._instead = dict(instead or {})

    def changed(self, instead: Mapping[int, str]) -> Lines:
        """Return the lines with some of them replaced; the text is shared."""
        other = object.__new__(Lines)
        other._text, other._starts = self._text, self._starts
        other._instead = self._instead | dict(instead)
        return other

    def __len__(self) -> int:
        return len(self._starts) - 1

    @overload
    def __getitem__(self, place: int) -> str: ...

    @overload
    def __getitem__(self, place: slice) -> list[str]: ...

    def __getitem__(self, place: int | slice) -> str | list[str]:
        if isinstance(place, slice):
            start, stop, step = place.indices(len(self))
            if step != 1:
                return [self[i] for i in range(start, stop, step)]
            return self._run(start, stop)
        index = place + len(self) if place < 0 else place
        if not 0 <= index < len(self):
            raise IndexError(place)
        own = self._instead.get(index)
        return self._between(index, index + 1) if own is None else own

    def __iter__(self) -> Iterator[str]:
        for start in range(0, len(self), _AT_ONCE):
            yield from self._run(start, min(start + _AT_ONCE, len(self)))

    def _run(self, start: int, stop: int) -> list[str]:
        if stop <= start:
            return []
        found = self._between(start, stop).split("\n")
        for index in range(start, stop) if self._instead else ():
            if index in self._instead:
                found[index - start] = self._instead[index]
        return found

    def _between(self, start: int, stop: int) -> str:
        return self._text[int(self._starts[start]) : int(self._starts[stop]) - 1]


def _line_starts(text: str) -> NDArray[np.unsignedinteger]:
    """Return where each line begins, and where one after the last would."""
    kind = np.uint32 if len(text) < np.iinfo(np.uint32).max else np.uint64
    pieces = [np.zeros(1, dtype=kind)]
    for start in range(0, len(text), _PIECE):
        letters = text[start : start + _PIECE].encode("utf-32-le", "surrogatepass")
        ends = np.flatnonzero(np.frombuffer(letters, dtype="<u4") == ord("\n"))
        pieces.append((ends + (start + 1)).astype(kind))
    return np.concatenate([*pieces, np.array([len(text) + 1], dtype=kind)])
