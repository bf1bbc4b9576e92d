"""Atomic fractions of measured spectra without a fit: one answer for each level of each sample."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from ..core_levels import core_level
from ..errors import DataError
from ..quantify import QuantifyEntry
from ..quantify.areas import areas_of_windows, line_window
from ..quantify.factors import FactorTable, factors_for
from ..quantify.fractions import Quantification, atomic_fractions
from ..series.values import Level, SpectrumSeries, series_of
from ..spectrum import Spectrum, on_binding_energy

Windows = Mapping[str, tuple[float, float]]


def quantify_spectra(
    spectra: Iterable[Spectrum],
    entry: QuantifyEntry,
    *,
    windows: Windows | None = None,
    levels: Sequence[str] = (),
    axis: str | None = None,
) -> list[Quantification]:
    """Return the atomic fractions of every level of every sample, from areas above a background.

    Parameters
    ----------
    spectra : iterable of Spectrum
    entry : QuantifyEntry
    windows : mapping of str to (low, high), or None
        By level or line, in eV; one that is not named is found on the sum of all levels.
    levels : sequence of str
        Core levels, or lines, to count; empty: all that the table has and the spectra show.
    axis : str or None
        What orders the levels, see `spectra_core.series.series_of`.

    Raises
    ------
    DataError
        If the spectra show fewer than two of the table's levels.
    """
    table = factors_for(entry)
    given = {_name(key): window for key, window in (windows or {}).items()}
    wanted = [_name(level) for level in levels]
    found: list[Quantification] = []
    for series in series_of(spectra, axis=axis):
        found += _of_series(series, entry, table, given, wanted)
    return found


def _name(text: str) -> str:
    level = core_level(text)
    return f"{level.element} {level.line or level.level}"


def _of_series(
    series: SpectrumSeries,
    entry: QuantifyEntry,
    table: FactorTable,
    windows: Windows,
    wanted: Sequence[str],
) -> list[Quantification]:
    names = _counted(series, table, wanted, windows)
    if len(names) < 2:
        there = ", ".join(series.regions) or "nothing"
        raise DataError(
            f"an atomic fraction needs two core levels that the table {table.id} has; the spectra"
            f" show {there}.",
            hint="Give a table with factors for them: --table.",
            where=series.sample,
        )
    chosen = {name: windows.get(name) or _window(series, name) for name in names}
    return [_of_level(level, series, chosen, entry, table) for level in series.levels]


def _counted(
    series: SpectrumSeries, table: FactorTable, wanted: Sequence[str], windows: Windows
) -> list[str]:
    """Return the level, or line, of each region that is counted.

    What the user calls it, or what its factor is of.
    """
    asked = {core_level(name).name: name for name in (*windows, *wanted)}
    chosen = {core_level(name).name for name in wanted}
    known = {core_level(factor.name).name for factor in table.factors}
    return [
        asked.get(region) or table.factor(region).name
        for region in series.regions
        if region in known and (not chosen or region in chosen)
    ]


def _members(series: SpectrumSeries, name: str) -> list[Spectrum]:
    own = series.spectra(core_level(name).name)
    return [on_binding_energy(spectrum) for spectrum in own if spectrum is not None]


def _window(series: SpectrumSeries, name: str) -> tuple[float, float]:
    return line_window(name, _members(series, name))


def _of_level(
    level: Level,
    series: SpectrumSeries,
    windows: Windows,
    entry: QuantifyEntry,
    table: FactorTable,
) -> Quantification:
    spectra = {name: level.spectra.get(core_level(name).name) for name in windows}
    there = {name: s for name, s in spectra.items() if s is not None}
    areas = areas_of_windows(there, {name: windows[name] for name in there})
    named = {c.name: (c.value, c.unit) for c in level.coordinates}
    found = atomic_fractions(replace(areas, sample=series.sample, coordinates=named), entry, table)
    missing = [name for name in windows if name not in there]
    if not missing:
        return found
    note = f"{', '.join(missing)} was not measured at this level and is not counted."
    return replace(found, notes=(*found.notes, note))
