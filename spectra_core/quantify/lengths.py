"""How far photoelectrons come: inelastic mean free paths by TPP-2M, attenuation lengths.

References
----------
.. [1] S. Tanuma, C. J. Powell, D. R. Penn, Surf. Interface Anal. 21, 165 (1994): TPP-2M.
   doi:10.1002/sia.740210302
.. [2] H. Shinotsuka, S. Tanuma, C. J. Powell, D. R. Penn, Surf. Interface Anal. 47, 871 (2015):
   the relativistic form. doi:10.1002/sia.5789
.. [3] C. J. Powell, J. Vac. Sci. Technol. A 38, 023209 (2020): lengths, and how good they are.
   doi:10.1116/1.5141079
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType

import numpy as np
from numpy.typing import ArrayLike

from ..datafiles import data_path
from ..errors import DataError, ModelError, did_you_mean
from ..spectrum import Array

REST_ENERGY_EV = 510998.95
TPP2M_UNCERTAINTY = 0.10
"""Relative standard uncertainty of a length by TPP-2M, as its authors state it."""

ATTENUATION, ATTENUATION_SD = 0.90, 0.05
"""Effective attenuation length over mean free path (0.85 to 0.95), and its standard uncertainty."""

LOWEST_EV, HIGHEST_EV = 50.0, 30000.0
_AVOGADRO_FREE = 28.816  # plasmon energy in eV of one electron per g/mol at 1 g/cm3

ATOMIC_MASSES: Mapping[str, float] = MappingProxyType(
    {
        "H": 1.008,
        "Li": 6.94,
        "B": 10.81,
        "C": 12.011,
        "N": 14.007,
        "O": 15.999,
        "F": 18.998,
        "Na": 22.990,
        "Mg": 24.305,
        "Al": 26.982,
        "Si": 28.086,
        "P": 30.974,
        "S": 32.06,
        "Cl": 35.45,
        "K": 39.098,
        "Ca": 40.078,
        "Ti": 47.867,
        "V": 50.942,
        "Cr": 51.996,
        "Mn": 54.938,
        "Fe": 55.845,
        "Co": 58.933,
        "Ni": 58.693,
        "Cu": 63.546,
        "Zn": 65.38,
        "Ga": 69.723,
        "Ge": 72.630,
        "As": 74.922,
        "Se": 78.971,
        "Br": 79.904,
        "Zr": 91.224,
        "Nb": 92.906,
        "Mo": 95.95,
        "Ag": 107.868,
        "In": 114.818,
        "Sn": 118.710,
        "Sb": 121.760,
        "I": 126.904,
        "La": 138.905,
        "Ta": 180.948,
        "W": 183.84,
        "Pt": 195.084,
        "Au": 196.967,
    }
)
"""Standard atomic weights (IUPAC 2021, abridged), g/mol."""


@dataclass(frozen=True)
class Material:
    """What TPP-2M needs to know of a material.

    Attributes
    ----------
    id : str
    density : float
        g/cm3.
    valence : float
        Valence electrons of the formula unit.
    mass : float
        Of the formula unit, g/mol.
    gap : float
        Band gap, eV.
    basis : str
        What the numbers rest on.
    """

    id: str
    density: float
    valence: float
    mass: float
    gap: float
    basis: str = ""


def imfp(material: Material, kinetic_ev: ArrayLike) -> Array:
    """Return inelastic mean free paths in nm by the relativistic TPP-2M formula.

    Parameters
    ----------
    material : Material
    kinetic_ev : array_like
        Kinetic energies, eV, 50 to 30000.

    Raises
    ------
    DataError
        If an energy lies outside.
    """
    energy = np.asarray(kinetic_ev, dtype=float)
    outside = ~((energy >= LOWEST_EV) & (energy <= HIGHEST_EV))
    if outside.any():
        raise DataError(
            f"TPP-2M is not for a kinetic energy of {energy[outside].flat[0]:g} eV.",
            hint=f"It holds from {LOWEST_EV:g} to {HIGHEST_EV:g} eV.",
            where=material.id,
        )
    per_mass = material.valence * material.density / material.mass
    plasmon = _AVOGADRO_FREE * np.sqrt(per_mass)
    beta = -1.0 + 9.44 / np.hypot(plasmon, material.gap) + 0.69 * material.density**0.1
    gamma = 0.191 / np.sqrt(material.density)
    c, d = 19.7 - 9.1 * per_mass, 534.0 - 208.0 * per_mass
    part = energy / REST_ENERGY_EV
    moving = energy * (1.0 + part / 2.0) / (1.0 + part) ** 2
    stopping = beta * np.log(gamma * moving) - c / energy + d / energy**2
    return np.asarray(moving / (plasmon**2 * stopping))


def attenuation_length(length_nm: ArrayLike, ratio: float = ATTENUATION) -> Array:
    """Return effective attenuation lengths in nm: mean free paths times `ratio` [3]_.

    Elastic scattering shortens the straight way out; 0.85 to 0.95 serves emission within 60
    degrees of the normal.
    """
    if not 0.5 <= ratio <= 1.0:
        raise DataError(
            f"an attenuation length of {ratio:g} mean free paths is none.",
            hint="It lies between 0.5 and 1; 0.9 is usual.",
        )
    return np.asarray(ratio * np.asarray(length_nm, dtype=float))


def molar_mass(formula: str) -> float:
    """Return the mass in g/mol of a formula such as ``"LiNi0.8Co0.1Mn0.1O2"``.

    Raises
    ------
    DataError
        If it is no formula of known elements.
    """
    parts = re.findall(r"([A-Z][a-z]?)(\d*\.?\d*)", formula)
    known = all(element in ATOMIC_MASSES for element, _ in parts)
    if not parts or not known or "".join(a + b for a, b in parts) != formula:
        raise DataError(f'"{formula}" is no formula of the elements that have a mass here.')
    return sum(ATOMIC_MASSES[element] * float(number or 1) for element, number in parts)


@lru_cache(maxsize=1)
def materials() -> Mapping[str, Material]:
    """Return the materials that ship with the program, by id."""
    with data_path("resources", "materials.toml").open("rb") as file:
        rows = tomllib.load(file)["material"]
    return MappingProxyType(
        {
            row["id"]: Material(
                row["id"],
                float(row["density"]),
                float(row["valence"]),
                molar_mass(row["formula"]),
                float(row["gap"]),
                row["basis"],
            )
            for row in rows
        }
    )


def material(name: str) -> Material:
    """Return a material by its id, whatever the case.

    Raises
    ------
    ModelError
        If there is none of that name; the message names what comes near.
    """
    wanted = name.strip().casefold()
    found = next((m for m in materials().values() if m.id.casefold() == wanted), None)
    if found is None:
        raise ModelError(f'there is no material "{name}".', hint=did_you_mean(name, materials()))
    return found
