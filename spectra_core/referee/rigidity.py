"""Whether the lines of a sample moved together, as charging does, or apart, as chemistry does."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from statistics import median
from typing import Literal

RIGID_SPREAD_EV = 0.3
_EDGE = 1e-6  # eV: differences of printed numbers must not fail on the last binary digit


@dataclass(frozen=True)
class Level:
    """One line of a sample and where it is expected.

    Attributes
    ----------
    level, species : str
    measured, expected : float
        eV; of the line of lower binding energy where it is a doublet.
    tolerance : float
        How far it may be from `expected` and still count as the same, eV.
    """

    level: str
    species: str
    measured: float
    expected: float
    tolerance: float

    @property
    def offset(self) -> float:
        """Measured minus expected, eV."""
        return self.measured - self.expected

    @property
    def text(self) -> str:
        """The offset in words."""
        return f"{self.level} of {self.species} {round(self.offset, 1) + 0.0:+.1f}"  # no -0.0


@dataclass(frozen=True)
class Rigidity:
    """Whether all levels of a sample are off by one and the same amount.

    Attributes
    ----------
    verdict : {"consistent", "rigid", "non-rigid", "not tested"}
        All within their tolerances; off together (a charge shift explains it); off by
        different amounts (it does not: an assignment is wrong); fewer than two levels.
    levels : tuple of Level
    offsets : tuple of float
        Measured minus expected, eV.
    spread : float
        Largest minus smallest offset, eV.
    proposed_shift : float or None
        To be added to all binding energies, eV; only where the verdict is rigid.
    message : str
    """

    verdict: Literal["consistent", "rigid", "non-rigid", "not tested"]
    levels: tuple[Level, ...]
    offsets: tuple[float, ...]
    spread: float
    proposed_shift: float | None
    message: str


def rigidity_test(
    levels: Iterable[Level | tuple[str, str, float, float, float]],
    *,
    rigid_spread: float = RIGID_SPREAD_EV,
) -> Rigidity:
    """Tell a charge shift from a wrong assignment by the offsets of several levels.

    Parameters
    ----------
    levels : iterable of Level or tuple
        (level, species, measured, expected, tolerance), energies in eV.
    rigid_spread : float
        Largest spread of the offsets that still counts as rigid, eV.

    Returns
    -------
    rigidity : Rigidity

    Notes
    -----
    Charging moves every level of a sample by the same amount, so separations keep. Two
    lines of one level test less than two levels do: a sample whose lines are all of one
    level is tested all the same, and the message names the lines.
    """
    rows = tuple(row if isinstance(row, Level) else Level(*row) for row in levels)
    offsets = tuple(row.offset for row in rows)
    if len(rows) < 2:
        message = "Fewer than two assigned levels: a charge shift cannot be told from a wrong name."
        return Rigidity("not tested", rows, offsets, 0.0, None, message)
    spread = max(offsets) - min(offsets)
    listed = ", ".join(row.text for row in rows)
    if all(abs(row.offset) <= row.tolerance + _EDGE for row in rows):
        message = f"All levels agree with the reference values ({listed} eV)."
        return Rigidity("consistent", rows, offsets, spread, None, message)
    if spread <= rigid_spread + _EDGE:
        shift = -median(offsets)
        message = (
            f"All levels are off by nearly the same amount ({listed} eV, spread {spread:.1f} eV):"
            f" a charge shift explains it. Re-reference by {shift:+.1f} eV."
        )
        return Rigidity("rigid", rows, offsets, spread, shift, message)
    message = (
        f"The levels are off by different amounts ({listed} eV, spread {spread:.1f} eV, rigid"
        f" would be up to {rigid_spread:.1f} eV). A charge shift moves all levels alike, so"
        " charging cannot explain it: an assignment is wrong, or the references differ."
    )
    return Rigidity("non-rigid", rows, offsets, spread, None, message)
