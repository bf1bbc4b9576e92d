"""The area of each core level of a fit, with the covariance that quantification needs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from math import isfinite
from typing import Any

import numpy as np

from ..errors import ReadError
from ..fitting.stack import Stack, StackRegion
from ..quantify.areas import LevelArea, LevelAreas, level_members
from ..spectrum import Array, Spectrum, on_binding_energy
from .rows import Column, Entry


def level_area_forms(stack: Stack, fitted: StackRegion, rows: Sequence[int]) -> Entry:
    """Return the forms of the areas of a region's core levels, by level.

    A level of which one line alone was fitted stands under that line. `binding` is the centre
    of its components, weighted with their areas; covariances are by ``"region/level"``.
    """
    places = _places(stack)
    if not any(region == fitted.name for region, _ in places):
        return {}
    chosen = np.asarray(rows)
    table = np.zeros((len(places), len(stack.problem.paths)))
    for row, (areas, _) in zip(table, places.values(), strict=True):
        row[areas] = 1.0
    values = stack.values[chosen] @ table.T
    covariance = np.nan_to_num(table @ stack.covariance[chosen] @ table.T)
    names = [f"{region}/{name}" for region, name in places]
    return {
        name: {
            "value": Column(_plain(values[:, k])),
            **_energies(stack.values[chosen], own, [fitted.spectra[row] for row in rows]),
            "covariance": {
                other: Column(_plain(covariance[:, k, j])) for j, other in enumerate(names)
            },
        }
        for k, ((region, name), own) in enumerate(places.items())
        if region == fitted.name
    }


Places = tuple[list[int], list[int]]


def _places(stack: Stack) -> dict[tuple[str, str], Places]:
    """Return where areas and centres of each level of each region stand among the parameters."""
    problem, found = stack.problem, {}
    for region in stack.regions:
        for name, members in level_members(problem.model.region(region.name)).items():
            ids = [f"{region.name}/{c.id}" for c in members]
            ids = [i for i in ids if f"{i}/area" in problem.places]
            if ids:
                found[region.name, name] = (
                    [problem.places[f"{i}/area"] for i in ids],
                    [problem.places[f"{i}/center"] for i in ids],
                )
    return found


def _energies(values: Array, places: Places, spectra: Sequence[Spectrum]) -> Entry:
    areas, centres = np.abs(values[:, places[0]]), values[:, places[1]]
    total = areas.sum(axis=1)
    weights = np.where(total[:, None] > 0, areas, 1.0)
    binding = np.sum(weights * centres, axis=1) / weights.sum(axis=1)
    photons = [s.meta.excitation_energy_ev for s in spectra]
    kinetic = [None if p is None else p - b for p, b in zip(photons, binding.tolist(), strict=True)]
    return {
        "binding": Column(_plain(binding)),
        "kinetic": Column(kinetic),
        "transmission": Column(
            [_transmission(s, b) for s, b in zip(spectra, binding.tolist(), strict=True)]
        ),
    }


def _transmission(spectrum: Spectrum, binding: float) -> float | None:
    if spectrum.transmission is None:
        return None
    shown = on_binding_energy(spectrum)
    assert shown.transmission is not None
    return float(np.interp(binding, shown.x, shown.transmission))


def _plain(values: Array) -> list[float | None]:
    return [value if isfinite(value) else None for value in values.tolist()]


def areas_of_entries(entries: Iterable[Mapping[str, Any]], where: str) -> LevelAreas:
    """Return the areas of the entries of ``fits`` that were measured together.

    Entries of one fit have their covariance; those of different fits are independent.

    Raises
    ------
    ReadError
        If an entry has no areas of levels, or the file is damaged.
    """
    areas: list[LevelArea] = []
    names: list[tuple[str, str]] = []
    known: list[Mapping[str, float]] = []
    unit = ""
    for entry in entries:
        levels = entry.get("level_areas")
        if not isinstance(levels, Mapping):
            raise ReadError(
                "the fits say no areas of core levels: an older version wrote them.",
                hint="Fit again, or give the spectra themselves.",
                where=where,
            )
        for name, own in levels.items():
            areas.append(_area(name, own, str(entry["region"]), where))
            names.append((str(entry["id"]), f"{entry['region']}/{name}"))
            known.append(own["covariance"])
            unit = unit or _unit(entry)
    covariance = np.zeros((len(areas), len(areas)))
    for i, (fit, _) in enumerate(names):
        for j, (other, path) in enumerate(names):
            if fit == other:
                covariance[i, j] = known[i].get(path) or 0.0
    return LevelAreas(tuple(areas), covariance, None, unit)


def _area(name: str, own: Mapping[str, Any], region: str, where: str) -> LevelArea:
    try:
        value, binding, kinetic = (float(own[key]) for key in ("value", "binding", "kinetic"))
    except (KeyError, TypeError, ValueError) as error:
        raise ReadError(
            f"the area of {name} has no value or no kinetic energy.",
            hint="Fit with --photon-energy if the file does not record it.",
            where=where,
        ) from error
    transmission = own.get("transmission")
    known = None if transmission is None else float(transmission)
    return LevelArea(name, value, binding, kinetic, region, known)


def _unit(entry: Mapping[str, Any]) -> str:
    for component in entry.get("components", ()):
        if "area" in component["parameters"]:
            return str(component["parameters"]["area"]["unit"])
    return ""
