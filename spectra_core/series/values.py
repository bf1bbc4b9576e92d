"""`SpectrumSeries`: the spectra of a profile, level by level, with what tells levels apart.

Blocks belong together by species and transition, whatever running number their names end
with: "In 3d5 1" to "In 3d5 12" are one region of twelve levels. A series is made from the
levels of one file, or from many files in natural order ("scan 2" before "scan 10").
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np

from ..core_levels import level_of
from ..errors import DataError
from ..spectrum import Array, Spectrum, on_binding_energy, sample_key
from .coordinates import (
    INDEX,
    SPUTTER_TIME,
    Coordinate,
    coordinate,
    coordinate_name,
    coordinates_of,
    distinct,
    natural_key,
    words,
)

if TYPE_CHECKING:
    import xarray

_SAME_AXIS_EV = 1e-6


@dataclass(frozen=True, eq=False)
class Level:
    """The spectra of one level.

    Attributes
    ----------
    spectra : mapping of str to Spectrum
        By region; a region that was not measured at this level has none.
    """

    spectra: Mapping[str, Spectrum]

    def __post_init__(self) -> None:
        object.__setattr__(self, "spectra", MappingProxyType(dict(self.spectra)))

    @cached_property
    def coordinates(self) -> tuple[Coordinate, ...]:
        """What its spectra say of its place; the first that says it counts."""
        found: dict[str, Coordinate] = {}
        for spectrum in self.spectra.values():
            for own in coordinates_of(spectrum):
                found.setdefault(own.name, own)
        return tuple(found.values())

    def value(self, name: str) -> float:
        """Return one coordinate; NaN if it is not known."""
        return next((c.value for c in self.coordinates if c.name == name), np.nan)


@dataclass(frozen=True, eq=False)
class SpectrumSeries:
    """Spectra of one sample, or of one set of files, in order.

    Attributes
    ----------
    sample : str
    levels : tuple of Level, length L
    axis : str
        The coordinate that orders them: ``"sputter_time"``, ``"voltage"``, ``"index"``...
    """

    sample: str
    levels: tuple[Level, ...]
    axis: str = INDEX

    def __len__(self) -> int:
        return len(self.levels)

    @cached_property
    def regions(self) -> tuple[str, ...]:
        """Regions of any level, in the order in which they first stand."""
        return tuple(dict.fromkeys(name for level in self.levels for name in level.spectra))

    @cached_property
    def coordinates(self) -> Mapping[str, Array]:
        """Values (L,) of every coordinate that some level has; NaN where one has none."""
        names = dict.fromkeys(c.name for level in self.levels for c in level.coordinates)
        found = {name: np.array([level.value(name) for level in self.levels]) for name in names}
        return MappingProxyType({INDEX: np.arange(1.0, len(self) + 1), **found})

    @property
    def positions(self) -> Array:
        """Values (L,) of `axis`."""
        return self.coordinates[self.axis]

    def unit(self, name: str) -> str:
        """Return the unit of a coordinate."""
        found = (c.unit for level in self.levels for c in level.coordinates if c.name == name)
        return next(found, "")

    @property
    def axis_label(self) -> str:
        """Name and unit of the axis, as figures and tables print it."""
        if self.axis == INDEX:
            return "level"
        unit = self.unit(self.axis)
        return f"{words(self.axis)} / {unit}" if unit else words(self.axis)

    def spectra(self, region: str) -> tuple[Spectrum | None, ...]:
        """Return one region's spectra, level by level; None where it was not measured.

        Raises
        ------
        DataError
            If no level has the region.
        """
        if region not in self.regions:
            raise DataError(
                f'the series has no region "{region}"; it has {", ".join(self.regions)}.',
                where=self.sample,
            )
        return tuple(level.spectra.get(region) for level in self.levels)

    def to_xarray(self) -> xarray.Dataset:
        """Return the intensities, level x energy for each region, with coordinates and units.

        A region whose levels were recorded on different axes stands on that of its first
        level, interpolated between channels and NaN outside; its attribute ``interpolated``
        says so.
        """
        import xarray

        levels = {
            name: ("level", values, {"units": self.unit(name)})
            for name, values in self.coordinates.items()
        }
        data = {}
        for region in self.regions:
            x, table, attributes = self.table(region)
            energy = f"{region} energy"
            levels[energy] = (energy, x, {"units": str(attributes.pop("axis_unit"))})
            data[region] = (("level", energy), table, attributes)
        return xarray.Dataset(data, levels, {"sample": self.sample, "axis": self.axis})

    def table(self, region: str) -> tuple[Array, Array, dict[str, str | int]]:
        """Return energies (N,), ascending, intensities (L, N) and attributes of a region.

        NaN where a level was not measured.
        """
        members = [s if s is None else on_binding_energy(s) for s in self.spectra(region)]
        first = next(s for s in members if s is not None)
        table = np.full((len(self), len(first)), np.nan)
        interpolated = False
        for row, spectrum in zip(table, members, strict=True):
            if spectrum is None:
                continue
            if _same_axis(first, spectrum):
                row[:] = spectrum.y
            else:
                row[:] = np.interp(first.x, spectrum.x, spectrum.y, left=np.nan, right=np.nan)
                interpolated = True
        attributes: dict[str, str | int] = {
            "units": first.y_unit,
            "axis_unit": first.axis.unit,
            "interpolated": int(interpolated),
        }
        return first.x, table, attributes


def _same_axis(a: Spectrum, b: Spectrum) -> bool:
    return len(a) == len(b) and bool(np.allclose(a.x, b.x, rtol=0, atol=_SAME_AXIS_EV))


# ---------------------------------------------------------------------------------
# Which spectra are the levels of one series


def region_key(spectrum: Spectrum) -> str:
    """Return the name of the region that a spectrum is a level of.

    The core level, with the line where the file names one; else the name without the running
    number that exports add.
    """
    level = level_of(spectrum)
    if level:
        return level
    meta = spectrum.meta
    name = meta.region or f"{meta.species} {meta.transition}".strip() or "spectrum"
    bare = re.sub(r"[\s_#-]*\d+$", "", name).strip()
    return bare or name


def series_of(spectra: Iterable[Spectrum], *, axis: str | None = None) -> list[SpectrumSeries]:
    """Return the series that some spectra make.

    Several spectra of one region in one sample of one file are its levels. Files with one
    level each make one series together, in natural order of their names.

    Parameters
    ----------
    spectra : iterable of Spectrum
    axis : str or None
        The coordinate that orders the levels. None: the sputter time where every level has
        its own, else the only coordinate that tells levels apart, else their order.

    Raises
    ------
    DataError
        If the axis asked for is not known of every level.
    """
    samples: dict[tuple[str, str], list[Spectrum]] = {}
    for spectrum in spectra:
        samples.setdefault(sample_key(spectrum), []).append(spectrum)
    profiles = {key: _levels_of(members) for key, members in samples.items()}
    long = [key for key, levels in profiles.items() if len(levels) > 1]
    found = [_series(samples[key][0].meta.sample, profiles[key], axis) for key in long]
    single = sorted((k for k in profiles if k not in long), key=lambda k: natural_key("\0".join(k)))
    if single:
        levels = [level for key in single for level in profiles[key]]
        found.append(_series(common_name([k[1] or k[0] for k in single]), levels, axis))
    return found


def _levels_of(members: Sequence[Spectrum]) -> list[Level]:
    """Return the levels of one sample of one file, by sputter time or in order."""
    regions: dict[str, list[Spectrum]] = {}
    for spectrum in members:
        regions.setdefault(region_key(spectrum), []).append(spectrum)
    times = {
        region: [c.value if (c := coordinate(s, SPUTTER_TIME)) else np.nan for s in own]
        for region, own in regions.items()
    }
    rows: dict[float, dict[str, Spectrum]] = {}
    timed = all(distinct(own) for own in times.values())
    for region, own in regions.items():
        for k, spectrum in enumerate(own):
            rows.setdefault(times[region][k] if timed else float(k), {})[region] = spectrum
    return [Level(rows[place]) for place in sorted(rows)]


def _series(sample: str, levels: Sequence[Level], axis: str | None) -> SpectrumSeries:
    return ordered(sample, levels, axis)[0]


def ordered(
    sample: str, levels: Sequence[Level], axis: str | None
) -> tuple[SpectrumSeries, list[int]]:
    """Return a series sorted along its axis, and which of the given levels each is.

    Raises
    ------
    DataError
        If the axis asked for is not known of every level.
    """
    series = SpectrumSeries(sample, tuple(levels))
    name = _axis_of(series) if axis is None else coordinate_name(axis)
    if name not in series.coordinates or not np.isfinite(series.coordinates[name]).all():
        there = ", ".join(series.coordinates)
        missing = np.flatnonzero(~np.isfinite(series.coordinates.get(name, np.full(1, np.nan))))
        raise DataError(
            f"the coordinate {name} is not known of level {int(missing[0]) + 1}"
            f" of {len(series)}; there is {there}.",
            hint="Give a table of files and coordinates, or use --axis index.",
            where=sample,
        )
    order = np.argsort(series.coordinates[name], kind="stable").tolist()
    return SpectrumSeries(sample, tuple(series.levels[i] for i in order), name), order


def _axis_of(series: SpectrumSeries) -> str:
    telling = [n for n, values in series.coordinates.items() if n != INDEX and distinct(values)]
    if SPUTTER_TIME in telling:
        return SPUTTER_TIME
    return telling[0] if len(telling) == 1 else INDEX


def common_name(names: Sequence[str]) -> str:
    """Return what the names of many files have in common, or the first of them."""
    first, last = min(names), max(names)
    common = next((first[:k] for k in range(len(first), 0, -1) if last.startswith(first[:k])), "")
    common = re.split(r"[\\/]", common)[-1]
    return re.sub(r"[\s_\-.,#(\[]*\d*$", "", _closed(common)) or re.split(r"[\\/]", names[0])[-1]


def _closed(text: str) -> str:
    """Return a text without what stands behind a bracket that it does not close."""
    opened = max(text.rfind("("), text.rfind("["))
    return text[:opened] if opened > max(text.rfind(")"), text.rfind("]")) else text
