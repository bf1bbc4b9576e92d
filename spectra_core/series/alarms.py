"""What there is to know of one level of a series."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class SeriesAlarm:
    """Something to know of one level.

    Attributes
    ----------
    level : int
        Counted from 0.
    code : str
        ``"slid"``, ``"refitted"``, ``"failed"``, ``"drift"``, ``"outlier"``, ``"unlike"``.
    message : str
    """

    level: int
    code: str
    message: str


def levels_words(levels: Iterable[int]) -> str:
    """Return levels, given from 0, as they are read: ``levels 1, 9–12``."""
    runs: list[list[int]] = []
    for level in sorted(set(levels)):
        if runs and level == runs[-1][-1] + 1:
            runs[-1].append(level)
        else:
            runs.append([level])
    said = [str(r[0] + 1) if len(r) == 1 else f"{r[0] + 1}–{r[-1] + 1}" for r in runs]
    return f"{'levels' if sum(map(len, runs)) > 1 else 'level'} {', '.join(said)}"
