"""The peak library: how many positions of which level, and how well they are known."""

from __future__ import annotations

from collections import Counter

from ..library import PeakLibrary
from . import Columns, View
from .screens import Grid, Screen

_STATUSES = ("A", "B", "C", "unconfirmed")


def screen(library: PeakLibrary) -> Screen:
    """Return the number of positions of each level by status."""
    counts: dict[str, Counter[str]] = {}
    for entry in library.entries.values():
        counts.setdefault(entry.level, Counter())[entry.status] += 1
    rows = [
        (level, *(str(of[status] or "") for status in _STATUSES)) for level, of in counts.items()
    ]
    title = (
        f"PeakLibrary: {len(library.entries)} positions, {len(library.sources)} sources,"
        f" {len(library.presets)} presets"
    )
    grids = (Grid(rows, ("level", *_STATUSES)), Grid([("presets", ", ".join(library.presets))]))
    return Screen(title, grids)


def report(library: PeakLibrary) -> Screen:
    """Return every position."""
    rows = [(e.id, e.label, e.level, e.position, e.status) for e in library.entries.values()]
    folders = Grid([("folder", str(folder)) for folder in library.folders])
    heads = ("id", "label", "level", "position", "status")
    return Screen(screen(library).title, (folders, Grid(rows, heads)))


def entries(library: PeakLibrary) -> Columns:
    """Return every consensus position, one row each."""
    names = ("id", "label", "species", "level", "mode", "center", "tolerance", "spread", "n")
    return {
        name: [getattr(entry, name) for entry in library.entries.values()]
        for name in (*names, "status", "unit", "lineshape", "note")
    }


VIEWS = {"PeakLibrary": View(screen, whole=report, frames={"entries": entries})}
