"""Whether the lines of a sample moved together, as charging does, or apart, as chemistry does.

What is known of the lines is a vector of expected positions with a covariance: each line has
the standard deviation of its reference value, and lines whose separation is known hang on one
another, so that they can differ by the standard deviation of the separation only. One shift of
the scale is free. What is left of the offsets is chi-square distributed if every assignment is
right, which gives one p-value; the line whose absence lowers chi-square most carries the misfit.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import sqrt
from statistics import median
from typing import Literal

import numpy as np
from scipy.special import chdtrc, erfc

from ..spectrum import Array

RATE = 0.005
"""How often lines with the scatter of their references may be called shifted, or not rigid."""
_LEAST_SHIFT_EV = 0.15  # a shift that nobody would re-reference for
_PRINTED_SD_EV = 0.03  # 0.1 eV as printed, a rectangle


@dataclass(frozen=True)
class Level:
    """One line of a sample and where it is expected.

    Attributes
    ----------
    level, species : str
    measured, expected : float
        eV; of the line of lower binding energy where it is a doublet.
    tolerance : float
        Half width of the range in which it counts as the same, eV: two standard deviations.
    sd : float or None
        Standard deviation of `expected`, eV, where it is known to be another.
    entry : str
        By which separations name it; may be empty.
    """

    level: str
    species: str
    measured: float
    expected: float
    tolerance: float
    sd: float | None = None
    entry: str = ""

    @property
    def offset(self) -> float:
        """Measured minus expected, eV."""
        return self.measured - self.expected

    @property
    def known_to(self) -> float:
        """Standard deviation of the expected position, eV."""
        return max(self.sd or 0.0, 0.5 * self.tolerance, 1e-3)

    @property
    def text(self) -> str:
        """The offset in words."""
        return f"{self.name} {round(self.offset, 1) + 0.0:+.1f}"  # no -0.0

    @property
    def name(self) -> str:
        """Level and species."""
        return f"{self.level} of {self.species}"


Separations = Mapping[tuple[str, str], tuple[float, float]]
"""(entry a, entry b) -> centre of a minus centre of b, and its standard deviation, eV."""


@dataclass(frozen=True)
class Rigidity:
    """Whether all levels of a sample are off by one and the same amount.

    Attributes
    ----------
    verdict : {"consistent", "rigid", "non-rigid", "not tested"}
        Where they are expected; off together (a charge shift explains it); off by
        different amounts (it does not: an assignment is wrong); fewer than two levels.
    levels : tuple of Level
    offsets : tuple of float
        Measured minus expected, eV.
    spread : float
        Largest minus smallest offset, eV.
    proposed_shift : float or None
        To be added to all binding energies, eV; only where the verdict is rigid.
    message : str
    chi_square : float
        Of the offsets about one shift of the scale.
    p_value : float
        How often right assignments would have as large a chi-square.
    carrier : str
        The line without which chi-square falls most; empty where there is no misfit.
    """

    verdict: Literal["consistent", "rigid", "non-rigid", "not tested"]
    levels: tuple[Level, ...]
    offsets: tuple[float, ...]
    spread: float
    proposed_shift: float | None
    message: str
    chi_square: float = 0.0
    p_value: float = 1.0
    carrier: str = ""


def rigidity_test(
    levels: Iterable[Level | tuple[str, str, float, float, float]],
    *,
    separations: Separations | None = None,
    covariance: Array | None = None,
    held: int | None = None,
    rate: float = RATE,
) -> Rigidity:
    """Tell a charge shift from a wrong assignment by the offsets of several levels.

    Parameters
    ----------
    levels : iterable of Level or tuple
        (level, species, measured, expected, tolerance), energies in eV.
    separations : mapping or None
        What is known of distances between two of the lines, see `Separations`.
    covariance : ndarray, shape (n, n), or None
        Of the measured positions, eV^2; None: printed to 0.1 eV.
    held : int or None
        Which of the lines makes the scale, so that they cannot be shifted together.
    rate : float
        False alarms allowed.

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
    if len(rows) < 2:
        message = "Fewer than two assigned levels: a charge shift cannot be told from a wrong name."
        offsets = tuple(row.offset for row in rows)
        return Rigidity("not tested", rows, offsets, 0.0, None, message)
    expected, known = known_positions(rows, separations or {}, held)
    measured = np.array([row.measured for row in rows])
    errors = _PRINTED_SD_EV**2 * np.eye(len(rows)) if covariance is None else covariance
    offsets = tuple(float(value) for value in measured - expected)
    about = _about_one_shift(measured - expected, known + errors)
    p_value = float(chdtrc(len(rows) - 1, about.chi_square))
    spread = max(offsets) - min(offsets)
    listed = ", ".join(row.text for row in rows)
    found = (rows, offsets, spread)
    if p_value < rate:
        carrier = rows[_carrier(measured - expected, known + errors)]
        message = (
            f"The levels are off by different amounts ({listed} eV): about one common shift their"
            f" chi-square is {about.chi_square:.1f} for {len(rows) - 1} degree"
            f"{'s' if len(rows) > 2 else ''} of freedom (p = {p_value:.1g}), and"
            f" {carrier.name} carries most of it. A charge shift moves all levels alike, so"
            " charging cannot explain it: an assignment is wrong, or the references differ."
        )
        return Rigidity("non-rigid", *found, None, message, about.chi_square, p_value, carrier.name)
    if held is None and about.p_value < rate and abs(about.shift) > _LEAST_SHIFT_EV:
        shift = -median(row.offset for row in rows)
        message = (
            f"All levels are off together ({listed} eV, p = {p_value:.1g} for"
            f" one common shift): a charge shift explains it. Re-reference by {shift:+.1f} eV."
        )
        return Rigidity("rigid", *found, shift, message, about.chi_square, p_value)
    message = f"All levels agree with the reference values ({listed} eV)."
    return Rigidity("consistent", *found, None, message, about.chi_square, p_value)


def known_positions(
    levels: Iterable[Level], separations: Separations, held: int | None = None
) -> tuple[Array, Array]:
    """Return where lines are expected, and how well that is known.

    Parameters
    ----------
    levels : iterable of Level
        n lines.
    separations : mapping
        See `Separations`.
    held : int or None
        The line that makes the scale.

    Returns
    -------
    expected : ndarray, shape (n,)
        eV. Of lines that hang on one another by separations the one that is held, else that
        with most of them, has its own position, and the others follow from it.
    covariance : ndarray, shape (n, n)
        eV^2.
    """
    rows = tuple(levels)
    expected = np.array([row.expected for row in rows])
    # position of a line = sum of the independent pieces of knowledge in its row
    pieces = np.zeros((len(rows), len(rows)))
    links = [sum(bool(_known_gap(a, b, separations)) for b in rows if b is not a) for a in rows]
    waiting = sorted(range(len(rows)), key=lambda i: (i != held, -links[i], rows[i].known_to))
    placed: list[int] = []
    while waiting:
        link = _nearest(rows, placed, waiting, separations)
        if link is None:
            i = waiting[0]
            pieces[i, i] = rows[i].known_to
        else:
            i, other, gap, sd = link
            expected[i] = expected[other] + gap
            pieces[i] = pieces[other]
            pieces[i, i] = sd
        waiting.remove(i)
        placed.append(i)
    return expected, pieces @ pieces.T


def _nearest(
    rows: tuple[Level, ...], placed: list[int], waiting: list[int], separations: Separations
) -> tuple[int, int, float, float] | None:
    """Return the best known separation of a waiting line from a placed one."""
    found = [
        (sd, i, other, gap)
        for i in waiting
        for other in placed
        for gap, sd in _known_gap(rows[i], rows[other], separations)
    ]
    if not found:
        return None
    sd, i, other, gap = min(found)
    return i, other, gap, sd


def _known_gap(a: Level, b: Level, separations: Separations) -> list[tuple[float, float]]:
    """Return centre of a minus centre of b with its standard deviation, if it is known."""
    if not a.entry or not b.entry:
        return []
    if (a.entry, b.entry) in separations:
        return [separations[a.entry, b.entry]]
    if (b.entry, a.entry) in separations:
        gap, sd = separations[b.entry, a.entry]
        return [(-gap, sd)]
    return [(0.0, 1e-3)] if a.entry == b.entry else []


@dataclass(frozen=True)
class _Common:
    """The common shift of some offsets: its size and p-value, and chi-square about it."""

    shift: float
    p_value: float
    chi_square: float


def _about_one_shift(offsets: Array, covariance: Array) -> _Common:
    weights = np.linalg.solve(covariance, np.ones(offsets.size))
    shift = float(weights @ offsets / weights.sum())
    left = offsets - shift
    chi_square = float(left @ np.linalg.solve(covariance, left))
    p_value = float(erfc(abs(shift) * sqrt(weights.sum()) / sqrt(2.0)))
    return _Common(shift, p_value, max(chi_square, 0.0))


def _carrier(offsets: Array, covariance: Array) -> int:
    """Return the line without which chi-square is smallest; of two, the worse known one."""
    if offsets.size == 2:
        return int(np.argmax(np.abs(offsets)))
    left = []
    for i in range(offsets.size):
        others = np.delete(np.arange(offsets.size), i)
        left.append(_about_one_shift(offsets[others], covariance[np.ix_(others, others)]))
    return int(np.argmin([common.chi_square for common in left]))
