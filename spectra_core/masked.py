"""Channels that do not count, kept beside a spectrum as they were recorded.

A spectrum holds the channels that count. One that was marked (a cosmic ray, a saturated
detector, by hand) leaves the arrays and stands here with its reason, so no fit, residual,
background or rule, of whatever engine, can use it by mistake; and it can always be put back.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .errors import DataError

SPIKE = "spike"
SATURATED = "saturated"
BY_HAND = "by hand"

Array = NDArray[np.float64]
Numbers = tuple[float, ...]


@dataclass(frozen=True)
class Masked:
    """Channels of one spectrum that do not count, ascending.

    Attributes
    ----------
    x_recorded, y : tuple of float, length K
        Where they stand on the axis as recorded, and their intensities.
    reasons : tuple of str, length K
        `SPIKE`, `SATURATED`, `BY_HAND`, or what the user wrote.
    further : tuple of (str, tuple of float)
        Their counts, sigma, transmission and further columns, by the name of the column.

    Raises
    ------
    DataError
        If their numbers differ or are not finite, or a reason is empty.
    """

    x_recorded: Numbers
    y: Numbers
    reasons: tuple[str, ...]
    further: tuple[tuple[str, Numbers], ...] = ()

    def __post_init__(self) -> None:
        columns = [self.x_recorded, self.y, *(values for _, values in self.further)]
        if any(len(values) != len(self.reasons) for values in columns):
            raise DataError(
                f"the masked channels have {[len(values) for values in columns]} numbers and"
                f" {len(self.reasons)} reasons; each channel needs one of each."
            )
        if not all(np.isfinite(values).all() for values in columns if values):
            raise DataError("a masked channel holds what is no finite number.")
        if not all(self.reasons):
            raise DataError("a channel is masked without a reason.")

    def __len__(self) -> int:
        return len(self.reasons)

    def where(self, chosen: Callable[[float, str], bool]) -> Masked | None:
        """Return those whose place and reason `chosen` accepts; None if there is none."""
        pairs = zip(self.x_recorded, self.reasons, strict=True)
        kept = [i for i, pair in enumerate(pairs) if chosen(*pair)]
        return self._of(kept) if kept else None

    def moved(self, place: Callable[[float], float]) -> Masked:
        """Return them on an axis that another function of the recorded one gives."""
        there = replace(self, x_recorded=tuple(place(x) for x in self.x_recorded))
        return there._of(sorted(range(len(self)), key=there.x_recorded.__getitem__))

    def scaled(self, factor: float) -> Masked:
        """Return them with intensities (not their counts) times a factor."""
        return replace(self, y=tuple(factor * y for y in self.y))

    def joined(self, other: Masked | None) -> Masked:
        """Return both together; columns that only one of them has are left out."""
        if other is None:
            return self
        theirs = dict(other.further)
        both = Masked(
            self.x_recorded + other.x_recorded,
            self.y + other.y,
            self.reasons + other.reasons,
            tuple((name, own + theirs[name]) for name, own in self.further if name in theirs),
        )
        return both._of(sorted(range(len(both)), key=both.x_recorded.__getitem__))

    def count(self) -> dict[str, int]:
        """Return how many channels each reason has."""
        return {reason: self.reasons.count(reason) for reason in dict.fromkeys(self.reasons)}

    def _of(self, places: Sequence[int]) -> Masked:
        def picked(values: Sequence[Any]) -> tuple[Any, ...]:
            return tuple(values[i] for i in places)

        return Masked(
            picked(self.x_recorded),
            picked(self.y),
            picked(self.reasons),
            tuple((name, picked(values)) for name, values in self.further),
        )


def masked_values(masked: Masked) -> dict[str, Any]:
    """Return masked channels as JSON-able values."""
    return {
        "x": list(masked.x_recorded),
        "y": list(masked.y),
        "reasons": list(masked.reasons),
        **({"further": {k: list(v) for k, v in masked.further}} if masked.further else {}),
    }


def masked_from(values: Mapping[str, Any]) -> Masked:
    """Return masked channels from what `masked_values` gave.

    Raises
    ------
    DataError
        If they are something else.
    """
    try:
        further = dict(values.get("further", {})).items()
        return Masked(
            _numbers(values["x"]),
            _numbers(values["y"]),
            tuple(map(str, values["reasons"])),
            tuple((str(name), _numbers(own)) for name, own in further),
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise DataError(
            f"masked channels are {str(values)[:80]!r}.",
            hint="They need lists of numbers x and y, and a list of reasons.",
        ) from error


def _numbers(values: Any) -> Numbers:
    return tuple(float(value) for value in values)
