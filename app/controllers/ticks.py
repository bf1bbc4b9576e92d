"""Library species along the axis of the spectrum that is shown."""

from __future__ import annotations

from functools import lru_cache

from spectra_core.core_levels import level_of
from spectra_core.library import PeakLibrary, load_library
from spectra_core.library.records import RAMAN, Entry
from spectra_core.results.colours import species_colour
from spectra_core.spectrum import Axis, Spectrum

from ..formula import formula
from ..views.plot_items import Tick


def library_ticks(spectrum: Spectrum | None) -> tuple[Tick, ...]:
    """Return the ticks for a spectrum: the entries of its level, or of Raman."""
    if spectrum is None:
        return ()
    if spectrum.axis is Axis.RAMAN_SHIFT:
        return _ticks(load_library(), RAMAN)
    if spectrum.axis is not Axis.BINDING_ENERGY:
        return ()
    return _ticks(load_library(), level_of(spectrum))


@lru_cache(maxsize=32)
def _ticks(library: PeakLibrary, level: str) -> tuple[Tick, ...]:
    entries = [e for e in library.entries.values() if e.level == level and e.center is not None]
    return tuple(_tick(entry) for entry in entries)


def _tick(entry: Entry) -> Tick:
    assert entry.center is not None
    unit = "cm⁻¹" if entry.level == RAMAN else "eV"
    spread = "" if entry.tolerance is None else f" ± {entry.tolerance:g}"
    status = "" if entry.is_confirmed else ", unconfirmed"
    values = f", {entry.n} sources" if entry.n > 1 else ""
    tip = f"library {entry.center:g}{spread} {unit}{status}{values}"
    return Tick(
        entry.id,
        formula(entry.label),
        entry.center,
        tip,
        not entry.is_confirmed,
        max(entry.tolerance or 0.0, 0.3),
        species_colour(f"{entry.species} {entry.label}"),
    )
