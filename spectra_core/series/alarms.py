"""What there is to know of one level of a series."""

from __future__ import annotations

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
