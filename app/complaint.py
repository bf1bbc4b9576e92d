"""What could not be done, as one value: the sentence, its parts, and what would help."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, eq=False)
class Remedy:
    """One click that does what was asked for after all.

    Attributes
    ----------
    label : str
        What the link says.
    run : callable
    """

    label: str
    run: Callable[[], object]


@dataclass(frozen=True, eq=False)
class Complaint:
    """A sentence for a user.

    Attributes
    ----------
    text : str
    each : tuple of str
        A sentence for each of several things that it is about.
    remedy : Remedy or None
    """

    text: str
    each: tuple[str, ...] = ()
    remedy: Remedy | None = None
