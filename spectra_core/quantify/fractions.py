"""Atomic fractions with an error budget, and what was done, in words.

``X_i = (A_i / D_i) / sum_j (A_j / D_j)`` with ``D = S T lambda W``: sensitivity factor,
transmission, mean free path and angular term, each where the factor does not hold it already.
What is uncertain of them are nuisance parameters with priors, and each group is a row of the
budget beside that of the counts: the factors, one by one; a power of the kinetic energy for
transmission and one for the lengths, because an error that all lines share cancels.

References
----------
.. [1] ISO 18118:2015, guide to the use of experimentally determined relative sensitivity factors.
.. [2] A. G. Shard, J. Vac. Sci. Technol. A 38, 041201 (2020). doi:10.1116/1.5141395
.. [3] R. F. Reilman, A. Msezane, S. T. Manson, J. Electron Spectrosc. 8, 389 (1976): the
   asymmetry of photoemission. doi:10.1016/0368-2048(76)80025-4
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import exp, log, radians, sin, sqrt

import numpy as np

from ..core_levels import core_level
from ..errors import DataError, ModelError
from ..spectrum import Array
from .areas import LevelArea, LevelAreas
from .entry import QuantifyEntry
from .factors import Factor, FactorTable, factors_for
from .lengths import imfp, material

RECORDED, NONE, TPP2M = "recorded", "none", "tpp2m"
TRANSMISSION_EXPONENT_SD = 0.10
LENGTH_EXPONENT_SD = 0.05
ROWS = ("counting", "background", "sensitivity", "transmission", "length")
_Z95, _ONE_SIDED = 1.959963984540054, 1.6448536269514722
_SAME_EV = 5.0


@dataclass(frozen=True)
class AtomicFraction:
    """How much of one element there is.

    Attributes
    ----------
    element : str
    level : str
        Level, or line, of the area.
    value : float
        Between 0 and 1; below 0 where the area is.
    budget : mapping of str to float or None
        Standard errors by `ROWS`, and ``total`` in quadrature; None where not known.
    interval : tuple of two floats
        95 %, from that of the logit, so that it stays between 0 and 1.
    upper_limit : float or None
        Where the area is below detection (3 standard errors of the counts): the fraction is
        less than this, one-sided 95 %.
    factor : Factor
    divisor : float
        What the area was divided by.
    """

    element: str
    level: str
    value: float
    budget: Mapping[str, float | None]
    interval: tuple[float, float]
    upper_limit: float | None
    factor: Factor
    divisor: float

    @property
    def stderr(self) -> float:
        """Standard error with every row that is known."""
        return float(self.budget["total"] or 0.0)


@dataclass(frozen=True, eq=False)
class Quantification:
    """Atomic fractions of one measurement.

    Attributes
    ----------
    sample : str
    coordinates : mapping of str to (value, unit)
    fractions : tuple of AtomicFraction, length N
        They add up to 1.
    covariance : ndarray, shape (N, N)
        Of the fractions, all rows together.
    statement : tuple of str
        What was done, in sentences.
    notes : tuple of str
        What a reader must know.
    """

    sample: str
    coordinates: Mapping[str, tuple[float, str]]
    fractions: tuple[AtomicFraction, ...]
    covariance: Array
    statement: tuple[str, ...]
    notes: tuple[str, ...]

    def __getitem__(self, element: str) -> AtomicFraction:
        for fraction in self.fractions:
            if fraction.element == element:
                return fraction
        raise KeyError(element)

    def ratio(self, above: str, below: str) -> tuple[float, float]:
        """Return an atomic ratio and its standard error with the covariance of both."""
        names = [f.element for f in self.fractions]
        i, j = names.index(above), names.index(below)
        a, b = self.fractions[i].value, self.fractions[j].value
        slopes = np.zeros(len(names))
        slopes[i], slopes[j] = 1.0 / b, -a / b**2
        return a / b, float(sqrt(slopes @ self.covariance @ slopes))


def atomic_fractions(
    areas: LevelAreas, entry: QuantifyEntry, table: FactorTable | None = None
) -> Quantification:
    """Return atomic fractions from areas.

    Parameters
    ----------
    areas : LevelAreas
    entry : QuantifyEntry
    table : FactorTable or None
        None: the one that `entry` names.

    Raises
    ------
    ModelError
        If the table lacks a level, or is for other photons.
    DataError
        If there are fewer than two elements.
    """
    table = table or factors_for(entry)
    places = _one_per_element(areas, table)
    if len(places) < 2:
        raise DataError(
            "an atomic fraction needs at least two elements.",
            hint="Measure or fit more core levels.",
            where=areas.sample,
        )
    chosen = [areas.areas[k] for k in places]
    factors = [_for_area(area, table.factor(area.name)) for area in chosen]
    _check_photons(chosen, table)
    how = _How(entry, table, chosen)
    divisors = np.array([f.value for f in factors]) * how.terms()
    atoms = np.array([area.value for area in chosen]) / divisors
    total = atoms.sum()
    if not total > 0:
        raise DataError("the areas add up to nothing.", where=areas.sample)
    fractions = atoms / total
    jacobian = (np.eye(len(places)) - fractions[:, None]) / total
    rows = _rows(areas, places, factors, divisors, atoms, jacobian, how)
    covariance = np.sum([row for row in rows.values() if row is not None], axis=0)
    found = tuple(
        _fraction(k, area, fractions, rows, covariance, factors[k], divisors[k])
        for k, area in enumerate(chosen)
    )
    statement = how.statement(factors)
    return Quantification(
        areas.sample, areas.coordinates, found, covariance, statement, how.notes(factors)
    )


def _one_per_element(areas: LevelAreas, table: FactorTable) -> list[int]:
    """Return the place of one area of each element: that of the smallest relative error."""
    errors = np.sqrt(np.maximum(np.diag(areas.covariance), 0.0))
    best: dict[str, int] = {}
    for k, area in enumerate(areas.areas):
        table.factor(area.name)  # every level that was measured has to have one
        other = best.get(area.element)
        if other is None or _relative(area, errors[k]) < _relative(
            areas.areas[other], errors[other]
        ):
            best[area.element] = k
    return list(best.values())


def _relative(area: LevelArea, error: float) -> float:
    return error / abs(area.value) if area.value else float("inf")


def _for_area(area: LevelArea, factor: Factor) -> Factor:
    """Return the factor for what the area is of: a line's part of a level, or the whole."""
    level = core_level(area.name)
    if not level.is_doublet:
        return factor
    major = 1.0 / (1.0 + level.area_ratio)
    own = core_level(factor.name)
    parts = {level.lines[0]: major, level.lines[1]: 1.0 - major, None: 1.0}
    share = parts[level.line] / parts[own.line]
    if share == 1.0:
        return factor
    return Factor(area.name, factor.value * share, factor.relative, factor.beta)


def _check_photons(areas: Sequence[LevelArea], table: FactorTable) -> None:
    wanted = table.photon_energy_ev
    used = {round(area.kinetic_ev + area.binding_ev, 1) for area in areas}
    if wanted is None or all(abs(energy - wanted) <= _SAME_EV for energy in used):
        return
    shown = ", ".join(f"{energy:g}" for energy in sorted(used))
    raise ModelError(
        f"the table {table.id} is for photons of {wanted:g} eV, and the areas were measured with"
        f" {shown} eV.",
        hint="Take xraylib@ENERGY, or a table of your own.",
    )


class _How:
    """Which terms a factor needs beside itself, and their words."""

    def __init__(self, entry: QuantifyEntry, table: FactorTable, areas: Sequence[LevelArea]):
        self.entry, self.table, self.areas = entry, table, areas
        self.energies = np.array([area.kinetic_ev for area in areas])
        self.transmission = NONE if "transmission" in table.holds else entry.transmission
        if self.transmission == RECORDED and any(a.transmission is None for a in areas):
            self.transmission, self.unknown = NONE, True
        else:
            self.unknown = False
        self.length = NONE if "length" in table.holds else entry.length
        self.angle = None if "angle" in table.holds else entry.angle_deg

    def terms(self) -> Array:
        """Return what factors are multiplied by, (N,)."""
        return self._transmission() * self._length() * self._angular()

    def _transmission(self) -> Array:
        if self.transmission == RECORDED:
            return np.array([area.transmission for area in self.areas], dtype=float)
        return self._power(self.transmission, "transmission")

    def _length(self) -> Array:
        if isinstance(self.length, str) and self.length.startswith(TPP2M):
            return imfp(material(self.length.partition(":")[2]), self.energies)
        return self._power(self.length, "length")

    def _power(self, choice: str | float, what: str) -> Array:
        if choice == NONE:
            return np.ones(self.energies.size)
        try:
            exponent = float(choice)
        except ValueError:
            raise ModelError(
                f'"{choice}" is no choice for the {what}.',
                hint=f"Give none, an exponent of the kinetic energy, or {_CHOICES[what]}.",
            ) from None
        return np.asarray((self.energies / 1000.0) ** exponent)

    def _angular(self) -> Array:
        if self.angle is None:
            return np.ones(self.energies.size)
        betas = [self._beta(area) for area in self.areas]
        bend = 1.5 * sin(radians(self.angle)) ** 2 - 1.0
        return np.array([1.0 + 0.5 * (beta or 0.0) * bend for beta in betas])

    def _beta(self, area: LevelArea) -> float | None:
        own = self.table.factor(area.name).beta
        return 2.0 if own is None and core_level(area.name).level[1] == "s" else own

    def groups(self) -> dict[str, Array | None]:
        """Return the change of ln D (N,) for one standard deviation of each nuisance."""
        lever = np.log(self.energies / np.exp(np.log(self.energies).mean()))
        held = "transmission" in self.table.holds
        return {
            "transmission": None
            if held or self.transmission == NONE
            else TRANSMISSION_EXPONENT_SD * lever,
            "length": None if self.length == NONE else self._length_sd() * lever,
        }

    def _length_sd(self) -> float:
        return LENGTH_EXPONENT_SD if isinstance(self.length, str) else 2.0 * LENGTH_EXPONENT_SD

    def statement(self, factors: Sequence[Factor]) -> tuple[str, ...]:
        """Return what was done, in sentences."""
        windows = [area for area in self.areas if area.window is not None]
        per = ", ".join(
            f"{a.name} ({'one line' if core_level(a.name).line else 'whole level'}"
            + (f", {a.window[0]:.1f} to {a.window[1]:.1f} eV" if a.window else "")
            + ")"
            for a in self.areas
        )
        kind = (
            "above an iterated Shirley background"
            if windows
            else "of the fit, all components of a level together"
        )
        values = ", ".join(map(self._factor_words, self.areas, factors))
        holds = ", ".join(_WORDS[word] for word in self.table.holds)
        return (
            "Atomic fractions by relative sensitivity factors for a sample that is homogeneous over"
            " the information depth (as in ISO 18118); hydrogen, helium and elements without a"
            " line here are not counted.",
            f"Areas {kind}: {per}.",
            f"Factors of the table {self.table.id}: {values}; they hold the cross section"
            f"{' and ' + holds if holds else ' alone'}. {self.table.source}.",
            self._transmission_words(),
            self._length_words(),
            self._angle_words(),
        )

    def _factor_words(self, area: LevelArea, used: Factor) -> str:
        own = self.table.factor(area.name)
        words = f"{used.name} {used.value:.5g}"
        return words if own == used else f"{words} (2j + 1 of {own.name} {own.value:.5g})"

    def _transmission_words(self) -> str:
        if "transmission" in self.table.holds:
            return "Transmission: held by the factors."
        if self.transmission == RECORDED:
            return (
                "Transmission: as the file records it at each line; uncertain by a power"
                f" {TRANSMISSION_EXPONENT_SD:g} of the kinetic energy."
            )
        if self.transmission == NONE:
            return "Transmission: not corrected" + (
                ", because the file records none." if self.unknown else "."
            )
        return f"Transmission: kinetic energy to the power {float(self.transmission):g}."

    def _length_words(self) -> str:
        if "length" in self.table.holds:
            return "Escape depth: held by the factors."
        if self.length == NONE:
            return "Escape depth: not corrected."
        if isinstance(self.length, str) and self.length.startswith(TPP2M):
            own = material(self.length.partition(":")[2])
            return (
                f"Escape depth: inelastic mean free paths in {own.id} by TPP-2M (density"
                f" {own.density:g} g/cm3, gap {own.gap:g} eV)."
            )
        return f"Escape depth: kinetic energy to the power {float(self.length):g}."

    def _angle_words(self) -> str:
        if "angle" in self.table.holds:
            return "Angular asymmetry: held by the factors."
        if self.angle is None:
            return "Angular asymmetry: not corrected."
        missing = [a.name for a in self.areas if self._beta(a) is None]
        note = f"; none known for {', '.join(missing)}, taken as isotropic" if missing else ""
        return f"Angular asymmetry: for {self.angle:g} degrees between X-rays and analyser{note}."

    def notes(self, factors: Sequence[Factor]) -> tuple[str, ...]:
        """Return what a reader must know."""
        found = []
        if any(factor.relative is None for factor in factors):
            found.append(
                "nobody says how uncertain these factors are, so the errors are those of the areas"
                " alone; 5 to 10 % of each fraction is usual."
            )
        if self.unknown:
            found.append("the transmission of the analyser is not recorded and not corrected for.")
        return tuple(found)


_CHOICES = {"transmission": RECORDED, "length": f"{TPP2M}:MATERIAL"}
_WORDS = {"length": "the escape depth", "transmission": "transmission", "angle": "the angle"}


def _rows(
    areas: LevelAreas,
    places: Sequence[int],
    factors: Sequence[Factor],
    divisors: Array,
    atoms: Array,
    jacobian: Array,
    how: _How,
) -> dict[str, Array | None]:
    """Return the covariance of the fractions (N, N) that each row of the budget brings."""
    of_areas = jacobian / divisors
    own = np.ix_(places, places)
    rows: dict[str, Array | None] = {
        "counting": of_areas @ areas.covariance[own] @ of_areas.T,
        "background": None
        if areas.background is None
        else of_areas @ np.diag(areas.background[list(places)] ** 2) @ of_areas.T,
    }
    of_logs = -jacobian * atoms
    known = all(factor.relative is not None for factor in factors)
    relative = np.array([factor.relative or 0.0 for factor in factors])
    rows["sensitivity"] = of_logs @ np.diag(relative**2) @ of_logs.T if known else None
    for name, change in how.groups().items():
        moved = None if change is None else of_logs @ change
        rows[name] = None if moved is None else np.outer(moved, moved)
    return rows


def _fraction(
    k: int,
    area: LevelArea,
    fractions: Array,
    rows: Mapping[str, Array | None],
    covariance: Array,
    factor: Factor,
    divisor: float,
) -> AtomicFraction:
    value = float(fractions[k])
    budget: dict[str, float | None] = {
        name: None if row is None else sqrt(max(float(row[k, k]), 0.0))
        for name, row in rows.items()
    }
    error = sqrt(max(float(covariance[k, k]), 0.0))
    budget["total"] = error
    seen = value > 3.0 * float(budget["counting"] or 0.0)
    known = error > 0  # an area on its bound has no error, and so no limit either
    limit = None if seen or not known else max(value, 0.0) + _ONE_SIDED * error
    return AtomicFraction(
        area.element, area.name, value, budget, _interval(value, error), limit, factor, divisor
    )


def _interval(value: float, error: float) -> tuple[float, float]:
    if not 0.0 < value < 1.0 or value < 2.0 * error:
        return max(value - _Z95 * error, 0.0), min(max(value, 0.0) + _Z95 * error, 1.0)
    middle, width = log(value / (1.0 - value)), _Z95 * error / (value * (1.0 - value))
    return 1.0 / (1.0 + exp(width - middle)), 1.0 / (1.0 + exp(-width - middle))
