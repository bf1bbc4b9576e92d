"""Sensitivity factors at the photon energy of a measurement."""

from __future__ import annotations

from dataclasses import replace
from math import isfinite

import numpy as np

from ..core_levels import core_level
from ..errors import ModelError
from .records import SensitivityFactor, SensitivityTable

SAME_EV = 5.0
"""Photon energies this near to each other have the same cross sections."""


def at_photon_energy(table: SensitivityTable, level: str, energy: str) -> SensitivityFactor:
    """Return a factor of a table of several photon energies at one of them.

    Parameters
    ----------
    table : SensitivityTable
    level : str
        A level, or one line of it, which has its part of the states.
    energy : str
        In eV, as written after the table's id.

    Raises
    ------
    ModelError
        If the table is of one photon energy only, has no such level, or does not reach.
    """
    if not table.photon_energies_ev:
        raise ModelError(
            f"the table {table.id} is for one photon energy only.",
            hint=f"Write {table.id} without a photon energy, or use a table of several.",
        )
    asked, wanted = core_level(level), _energy(table, energy)
    row = next((row for row in table.rows if row.level == asked.name), None)
    if row is None:
        raise ModelError(
            f"the table {table.id} has no sensitivity factor for {asked.name}.",
            hint="Use another table, or write the factor into `times` yourself.",
        )
    value, kind = _between(table, row, wanted), row.kind
    if asked.line is not None and asked.is_doublet:
        minor = asked.area_ratio / (1.0 + asked.area_ratio)
        value, kind = value * (1.0 - minor if asked.line == asked.lines[0] else minor), "line"
    name = f"{asked.element} {asked.line or asked.level}"
    return replace(row, level=name, kind=kind, value=value, table=f"{table.id}@{wanted:g}")


def _energy(table: SensitivityTable, text: str) -> float:
    low, high = table.photon_energies_ev[0], table.photon_energies_ev[-1]
    try:
        value = float(text)
    except ValueError:
        value = float("nan")
    if not (isfinite(value) and low <= value <= high):
        raise ModelError(
            f'the table {table.id} has no photon energy "{text}".',
            hint=f"Write {table.id}@ENERGY with an energy from {low:g} to {high:g} eV.",
        )
    return value


def _between(table: SensitivityTable, row: SensitivityFactor, energy: float) -> float:
    """Return the factor between two photon energies of a table, as a power of the energy."""
    known, values = np.array(table.photon_energies_ev), np.array(row.values)
    reached = known[values > 0]
    if not reached.size or not reached[0] <= energy <= reached[-1]:
        where = f"from {reached[0]:g} to {reached[-1]:g} eV" if reached.size else "nowhere"
        raise ModelError(
            f"the table {table.id} has {row.level} {where}, and not at {energy:g} eV.",
            hint="Use another level, or write the factor into `times` yourself.",
        )
    powers = np.interp(np.log(energy), np.log(reached), np.log(values[values > 0]))
    return float(np.exp(powers))
