"""What a position may belong to: ranked claims with their conflicts, never an identification.

A binding energy alone seldom tells two species apart. The score of a candidate is its distance
in standard deviations, plus half a standard deviation for each grade by which its evidence is
below A, so that a well-known position is not overtaken by a value read once. The deviation
joins the spread of the sources and the uncertainty of a charge reference, 0.1 eV at best.
Every candidate comes with what speaks against deciding: species that lie too close, the second
line of another doublet, overlaps with other elements, printed positions that were given to
something else.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import hypot
from typing import TYPE_CHECKING

from ..core_levels import core_level, core_levels
from .records import RAMAN, STATUSES, Entry, Kept, Observation

if TYPE_CHECKING:
    from .library import PeakLibrary

REFERENCE_UNCERTAINTY = {"eV": 0.1, "cm-1": 1.0}
SEARCH_RANGE = {"eV": 1.0, "cm-1": 10.0}
NOT_SEPARABLE = {"eV": 0.5, "cm-1": 8.0}
"""Below this distance two lines of usual width are not told apart with certainty."""
SAME_POSITION = {"eV": 0.15, "cm-1": 1.5}
GRADE_PENALTY = 0.5


@dataclass(frozen=True)
class Conflict:
    """What speaks against giving a position to a candidate.

    `kind` is ``"not separable"``, ``"second line"``, ``"overlap"``, ``"reported as"``,
    ``"excluded"``, ``"unconfirmed"`` or ``"needs"``.
    """

    kind: str
    text: str


@dataclass(frozen=True)
class Candidate:
    """A species that a position may belong to.

    Attributes
    ----------
    entry : Entry
    distance : float
        Position minus the consensus centre, eV or cm-1.
    z : float
        Absolute distance over `sigma`.
    sigma : float
        Spread of the sources and charge reference uncertainty, in quadrature.
    score : float
        `z` plus the penalty for weaker evidence; the order of the list, where those stand last
        that need something in the sample which cells seldom hold.
    within_tolerance : bool
        Whether the position is inside the bounds that a fit would set.
    conflicts : tuple of Conflict
    """

    entry: Entry
    distance: float
    z: float
    sigma: float
    score: float
    within_tolerance: bool
    conflicts: tuple[Conflict, ...]


@dataclass(frozen=True)
class Offset:
    """An observation beside a consensus.

    `role` is ``"kept"``, ``"compared"`` or ``"excluded"``; `value` is on the scale of the
    consensus, or as the consensus uses it; `offset` is value minus centre.
    """

    observation: Observation
    role: str
    value: float | None
    offset: float | None
    reason: str = ""


@dataclass(frozen=True)
class NearbyLine:
    """A line of any element near a binding energy; finds it, assigns nothing."""

    name: str
    energy_ev: float
    kind: str


def offsets(library: PeakLibrary, entry: Entry) -> tuple[Offset, ...]:
    """Return every value of an entry's observations with its distance from the centre."""
    rows = [("kept", kept) for kept in entry.kept]
    rows += [("compared", Kept(key)) for key in entry.compared]
    rows += [("excluded", kept) for kept in entry.excluded]
    return tuple(o for role, kept in rows for o in _offsets_of(library, entry, role, kept))


def _offsets_of(library: PeakLibrary, entry: Entry, role: str, kept: Kept) -> Iterator[Offset]:
    observation = library.all_observations[kept.observation]
    values: tuple[float | None, ...] = observation.on_scale() or (None,)
    if kept.value is not None:
        values = (kept.value,)
    for value in values:
        known = value is not None and entry.center is not None
        offset = value - entry.center if known else None  # type: ignore[operator]
        yield Offset(observation, role, value, offset, kept.reason)


def candidates(
    library: PeakLibrary, energy: float, *, level: str | None, tolerance: float | None
) -> tuple[Candidate, ...]:
    """Return the candidates for a position, best first (see `PeakLibrary.search`)."""
    found = []
    for entry in library.entries.values():
        wanted = entry.level == level if level else entry.level != RAMAN
        if not wanted or entry.center is None:
            continue
        usual = max(SEARCH_RANGE[entry.unit], entry.tolerance or 0.0)
        if abs(energy - entry.center) <= (usual if tolerance is None else tolerance):
            found.append(_candidate(library, entry, entry.center, energy))
    return tuple(sorted(found, key=lambda one: (bool(one.entry.needs), one.score)))


def _candidate(library: PeakLibrary, entry: Entry, center: float, energy: float) -> Candidate:
    sigma = _sigma(entry)
    z = abs(energy - center) / sigma
    return Candidate(
        entry,
        energy - center,
        z,
        sigma,
        z + GRADE_PENALTY * STATUSES.index(entry.status),
        entry.tolerance is not None and abs(energy - center) <= entry.tolerance,
        tuple(_conflicts(library, entry, energy)),
    )


def _sigma(entry: Entry) -> float:
    """Return the standard deviation of a consensus; half its tolerance where no spread is known."""
    spread = entry.spread
    if not spread:
        spread = 0.5 * (entry.tolerance or NOT_SEPARABLE[entry.unit])
    return hypot(spread, REFERENCE_UNCERTAINTY[entry.unit])


def _conflicts(library: PeakLibrary, entry: Entry, energy: float) -> Iterator[Conflict]:
    if not entry.is_confirmed:
        yield Conflict("unconfirmed", f"the position of {entry.id} is unconfirmed")
    if entry.needs:
        yield Conflict("needs", f"only where the sample holds {entry.needs}")
    yield from _close_species(library, entry, energy)
    yield from _second_lines(library, entry, energy)
    for overlap in library.overlaps(entry.level):
        if overlap.window[0] <= energy <= overlap.window[1]:
            test = f"; {overlap.test}" if overlap.test else ""
            yield Conflict("overlap", f"{overlap.what} ({overlap.status}){test}")
    yield from _reported(library, entry, energy)


def _close_species(library: PeakLibrary, entry: Entry, energy: float) -> Iterator[Conflict]:
    limit = NOT_SEPARABLE[entry.unit]
    for other in library.entries.values():
        if other.level != entry.level or other.id == entry.id:
            continue
        centers = other.alternatives if other.center is None else (other.center,)
        near = [c for c in centers if abs(c - energy) <= max(limit, other.tolerance or 0.0)]
        if near:
            text = f"{other.species} at {other.position}, status {other.status} ({other.id})"
            yield Conflict("not separable", text)


def _second_lines(library: PeakLibrary, entry: Entry, energy: float) -> Iterator[Conflict]:
    if entry.level == RAMAN:
        return
    level = core_level(entry.level)
    if level.splitting_ev is None:
        return
    for other in library.entries.values():
        if other.level != entry.level or other.center is None or other.id == entry.id:
            continue
        second = other.center + level.splitting_ev
        if abs(second - energy) <= NOT_SEPARABLE[entry.unit]:
            mark = "" if other.is_confirmed else ", unconfirmed"
            text = f"{level.lines[1]} of {other.species} at {second:.2f} eV{mark} ({other.id})"
            yield Conflict("second line", text)


def _reported(library: PeakLibrary, entry: Entry, energy: float) -> Iterator[Conflict]:
    """Yield printed positions here: given to another species, or left out of this entry."""
    excluded = {kept.observation: kept.reason for kept in entry.excluded}
    own = {kept.observation for kept in entry.kept} | set(entry.compared)
    for observation in library.observations(level=entry.level):
        if observation.quantity != "position" or observation.id in own:
            continue
        values = observation.on_scale()
        if not any(abs(v - energy) <= SAME_POSITION[entry.unit] for v in values):
            continue
        printed = f"{', '.join(observation.values)} {observation.unit} as {observation.species}"
        place = f"{printed} ({observation.id}, {observation.status})"
        if observation.id in excluded:
            yield Conflict("excluded", f"{place}: {excluded[observation.id]}")
        else:
            yield Conflict("reported as", place)


def lines_near(library: PeakLibrary, energy: float, *, window: float) -> tuple[NearbyLine, ...]:
    """Return core levels within `window` eV, and Auger lines within their own tolerance."""
    found = []
    for level in core_levels().values():
        energies = [level.nominal_ev]
        if level.splitting_ev is not None:
            energies.append(level.nominal_ev + level.splitting_ev)
        for line, position in zip(level.lines, energies, strict=False):
            if abs(position - energy) <= window:
                found.append(NearbyLine(f"{level.element} {line}", position, "core level"))
    for auger in library.auger_lines.values():
        if abs(auger.binding_al_ka_ev - energy) <= auger.tolerance_ev:
            name = f"{auger.element} {auger.transition}"
            found.append(NearbyLine(name, auger.binding_al_ka_ev, "Auger, Al K alpha"))
    return tuple(sorted(found, key=lambda line: abs(line.energy_ev - energy)))
