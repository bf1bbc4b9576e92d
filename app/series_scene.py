"""What the Series view shows at one moment, as one value that its parts are given."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from types import MappingProxyType
from typing import Any

import numpy as np

from spectra_core.fitting import FitResult, FitWarning, RegionFit
from spectra_core.model import Region
from spectra_core.model.owners import owners
from spectra_core.project.series import ProjectSeries
from spectra_core.recipe.schema import Recipe, SeriesTable
from spectra_core.referee.context import Finding
from spectra_core.referee.verdict import CHECK, NOT_YET, Verdict, asks_for_a_look, verdict_of
from spectra_core.results.colours import COLOURS, component_colours
from spectra_core.results.series_figures import edges_of, fitted_table
from spectra_core.results.trends import (
    Trend,
    draft_trends,
    interfaces_of,
    owner_label,
    trends_of,
)
from spectra_core.runs.records import FitRecord
from spectra_core.runs.series import SeriesRecord, rate_of
from spectra_core.series.alarms import SeriesAlarm
from spectra_core.series.coordinates import INDEX, SPUTTER_TIME, words
from spectra_core.spectrum import Array, Axis, Spectrum, on_binding_energy

from .verdicts import is_converged
from .widgets import in_locale

KINDS = (
    ("share", "share"),
    ("area", "area"),
    ("atoms", "at%"),
    ("ratio", "ratio"),
    ("shift", "shift"),
    ("parameter", "parameter"),
)
"""Kinds of trends, and what the button of each says."""

APART = ("outlier", "slid", "unlike", "refitted", "drift")
"""Alarms of a level that is marked in every picture."""

LEFT_OUT = ("outlier", "unlike")
"""Alarms of a level that interfaces are found without."""

_UNEVEN = 12.0  # the largest step over the smallest, from which levels stand at equal distances


@dataclass(frozen=True, eq=False)
class Fitted:
    """A fitted series with what follows from it, made once, in a job.

    Attributes
    ----------
    record : SeriesRecord
    trends : tuple of Trend
    interfaces : tuple of mapping
    """

    record: SeriesRecord
    trends: tuple[Trend, ...]
    interfaces: tuple[Mapping[str, Any], ...]


def fitted(record: SeriesRecord) -> Fitted:
    """Return a series with its trends and interfaces."""
    trends = trends_of(record)
    return Fitted(record, trends, tuple(interfaces_of(record, trends)))


@dataclass(frozen=True, eq=False)
class SeriesScene:
    """A series, which of its levels and regions is looked at, and its fit as far as there is one.

    Attributes
    ----------
    own : ProjectSeries
    region : str
    level : int
        From 0.
    kind : str
        Of the trends that are shown, of `KINDS`.
    quantity : str
        Which of them, where each is shown by itself: the name of a trend.
    recipe : Recipe or None
        What it is fitted with.
    why_not : str
        Why it cannot be fitted; empty if it can.
    done : Fitted or None
    draft : mapping of int to FitResult
        Levels that were fitted by themselves, while the series is being fitted.
    busy : bool
        It is being fitted.
    """

    own: ProjectSeries
    region: str
    level: int = 0
    kind: str = "share"
    quantity: str = ""
    recipe: Recipe | None = None
    why_not: str = ""
    done: Fitted | None = None
    draft: Mapping[int, FitResult] = field(default_factory=lambda: MappingProxyType({}))
    busy: bool = False

    # -----------------------------------------------------------------------------
    # Levels and their axis

    @property
    def record(self) -> SeriesRecord | None:
        """The fit of the whole series."""
        return None if self.done is None else self.done.record

    @cached_property
    def series(self) -> Any:
        """The levels, in the order of the fit where there is one."""
        return self.own.series if self.record is None else self.record.series

    def __len__(self) -> int:
        return len(self.own)

    @cached_property
    def is_even(self) -> bool:
        """Whether levels stand at equal distances because their steps differ too much."""
        steps = np.abs(np.diff(self.series.positions))
        return bool(steps.min() <= 0 or steps.max() > _UNEVEN * steps.min())

    @cached_property
    def positions(self) -> Array:
        """Where the levels are drawn (L,)."""
        return np.arange(1.0, len(self) + 1) if self.is_even else self.series.positions

    @cached_property
    def edges(self) -> Array:
        """Where each level begins and ends (L + 1,)."""
        return edges_of(self.positions)

    def place_of(self, position: float) -> float:
        """Return where a value of the axis is drawn."""
        return float(np.interp(position, self.series.positions, self.positions))

    @cached_property
    def depths(self) -> tuple[Array, Array] | None:
        """Depths (L,) in nm and their uncertainties, where a rate is known."""
        if self.record is not None:
            return self.record.depths
        rate = None if self.recipe is None else rate_of(self.recipe.series or SeriesTable())
        times = self.series.coordinates.get(SPUTTER_TIME)
        return None if rate is None or times is None else rate.depths(times)

    @property
    def axis_words(self) -> str:
        """Name and unit of the axis."""
        if self.series.axis == INDEX:
            return "level"
        unit = self.series.unit(self.series.axis)
        name = words(self.series.axis).replace("sputter ", "")
        return f"{name}, {unit}" if unit else name

    def position_words(self, level: int) -> str:
        """Return where a level stands, with its unit; its number where nothing is known."""
        if self.series.axis == INDEX:
            return f"{level + 1}"
        unit = self.series.unit(self.series.axis)
        value = in_locale(f"{self.series.positions[level]:.6g}")
        return f"{value} {unit}" if unit else value

    def level_words(self, level: int) -> str:
        """Return a level's place in all that is known: time and depth."""
        found = [] if self.series.axis == INDEX else [self.position_words(level)]
        if self.depths is not None:
            found.append(in_locale(f"{self.depths[0][level]:.1f} nm"))
        return ", ".join(found)

    # -----------------------------------------------------------------------------
    # The shown region

    @cached_property
    def regions(self) -> tuple[str, ...]:
        """Regions, as they are fitted; those that the recipe has no model for come last."""
        levels = () if self.record is None else self.record.fit.levels
        fitted_names = dict.fromkeys(r.name for level in levels for r in level.regions)
        return tuple(fitted_names) + tuple(
            name for name in self.own.series.regions if name not in fitted_names
        )

    @cached_property
    def table(self) -> tuple[Array, Array]:
        """Energies (N,), ascending, and intensities (L, N) of the region."""
        if self.record is not None and self.fits[self.level] is not None:
            return fitted_table(self.record, self.region)
        x, table, _ = self.own.series.table(self.region)
        return x, table

    @cached_property
    def fits(self) -> tuple[RegionFit | None, ...]:
        """Curves of the region at every level (L,); None where there are none yet."""
        found: list[RegionFit | None] = []
        for k in range(len(self)):
            result = self.result_of(k)
            regions = () if result is None else result.regions
            found.append(next((r for r in regions if r.name == self.region), None))
        return tuple(found)

    def result_of(self, level: int) -> FitResult | None:
        """Return the fit of a level: of the series, or so far its own."""
        if self.record is not None:
            return self.record.fit.levels[level]
        return self.draft.get(level)

    def spectrum_of(self, level: int) -> Spectrum | None:
        """Return the spectrum of the region at a level, on its referenced axis."""
        fit = self.fits[level]
        if fit is not None:
            return fit.spectrum
        found = self.own.series.levels[level].spectra.get(self.region)
        return None if found is None else on_binding_energy(found)

    @cached_property
    def model(self) -> Region | None:
        """The model of the region at the shown level, or at any."""
        levels = [self.level, *range(len(self))]
        results = (result for k in levels if (result := self.result_of(k)) is not None)
        return next(
            (r for one in results for r in one.model.regions if r.name == self.region), None
        )

    @cached_property
    def colours(self) -> Mapping[str, str]:
        """Colour of each component and doublet of the region, by id."""
        return {} if self.model is None else component_colours(self.model)

    @cached_property
    def owner_labels(self) -> Mapping[str, str]:
        """Label of each component or doublet of the region, by id."""
        if self.model is None:
            return {}
        return {owner: owner_label(self.model, owner) for owner in owners(self.model, enabled=True)}

    @cached_property
    def axis(self) -> Axis:
        """What the energies of the region are: those of electrons, or a Raman shift."""
        levels = (self.spectrum_of(k) for k in range(len(self)))
        return next((s.axis for s in levels if s is not None), Axis.UNKNOWN)

    @property
    def energy_words(self) -> str:
        """Name and unit of the axis of the region."""
        return "referenced binding energy, eV" if self.axis.is_energy else _axis_words(self.axis)

    @property
    def falls(self) -> bool:
        """Whether energies fall to the right."""
        return self.axis.is_energy

    # -----------------------------------------------------------------------------
    # Trends

    @cached_property
    def trends(self) -> tuple[Trend, ...]:
        """All trends; while it is being fitted those of the levels there are."""
        if self.done is not None:
            return self.done.trends
        if not self.draft:
            return ()
        places = sorted(self.draft)
        found = draft_trends([self.draft[k] for k in places])
        return tuple(_spread(trend, places, len(self)) for trend in found)

    @cached_property
    def kinds(self) -> tuple[str, ...]:
        """Kinds of trends that there are."""
        there = {trend.kind for trend in self.trends if self._is_of_region(trend)}
        return tuple(kind for kind, _ in KINDS if kind in there)

    def _is_of_region(self, trend: Trend) -> bool:
        return trend.kind not in ("share", "area", "parameter") or trend.group == self.region

    @cached_property
    def quantities(self) -> tuple[Trend, ...]:
        """All trends of the kind, of which those in one unit are drawn together."""
        return tuple(t for t in self.trends if t.kind == self.kind and self._is_of_region(t))

    @cached_property
    def shown(self) -> tuple[Trend, ...]:
        """The trends that are drawn."""
        if self.kind not in ("ratio", "parameter"):
            return self.quantities
        chosen = [t for t in self.quantities if t.name == self.quantity]
        return tuple(chosen or self.quantities[:1])

    @cached_property
    def stacked(self) -> tuple[Trend, ...]:
        """What adds up to a whole: atoms where they are known, else the shares of the region."""
        atoms = tuple(t for t in self.trends if t.kind == "atoms")
        if len(atoms) > 1:
            return atoms
        return tuple(t for t in self.trends if t.kind == "share" and t.group == self.region)

    def colour_of(self, trend: Trend, place: int) -> str:
        """Return the colour of a trend, that of its species where it has one."""
        if trend.kind in ("share", "area"):
            for owner, text in self.owner_labels.items():
                if text == trend.label:
                    return self.colours[owner]
        return COLOURS[place % len(COLOURS)]

    @cached_property
    def interface(self) -> Mapping[str, Any] | None:
        """The interface of the trend that knows its own best, of what is drawn."""
        names = {trend.name for trend in self.shown}
        found = () if self.done is None else self.done.interfaces
        own = [e for e in found if e["of"] in names] or [
            e for e in found if e["of"].startswith(f"{self.region} ")
        ]
        return min(own, key=lambda e: float(e["position_sd"]), default=None)

    # -----------------------------------------------------------------------------
    # What must be known

    @cached_property
    def alarms(self) -> tuple[SeriesAlarm, ...]:
        """Alarms of all levels."""
        return () if self.record is None else self.record.fit.alarms

    @cached_property
    def verdicts(self) -> tuple[Verdict, ...]:
        """The word on every level (L,), that of the report and the spectra; empty before a fit."""
        return () if self.record is None else tuple(map(_verdict, self.record.records))

    @cached_property
    def warnings(self) -> tuple[Finding, ...]:
        """What is wrong with the series as a whole."""
        return () if self.record is None else tuple(filter(asks_for_a_look, self.record.findings))

    @cached_property
    def notes(self) -> tuple[Finding, ...]:
        """What else must be known of it."""
        found = () if self.record is None else self.record.findings
        return tuple(finding for finding in found if not asks_for_a_look(finding))

    @cached_property
    def remarks(self) -> tuple[tuple[FitWarning, tuple[int, ...]], ...]:
        """What the verdicts rest on: each finding with the levels that have it, the worst first.

        Alarms of the series are not among them: see `alarms`.
        """
        alarms = {f"series_{alarm.code}" for alarm in self.alarms}
        places: dict[tuple[str, str, str], list[int]] = {}
        first: dict[tuple[str, str, str], FitWarning] = {}
        for word in (NOT_YET, CHECK):
            for level, own in enumerate(self.verdicts):
                for finding in own.findings if own.word == word else ():
                    if finding.code in alarms:
                        continue
                    key = (word, finding.code, finding.where)
                    first.setdefault(key, finding)
                    places.setdefault(key, []).append(level)
        return tuple((finding, tuple(places[key])) for key, finding in first.items())

    @cached_property
    def apart(self) -> frozenset[int]:
        """Levels that are marked in every picture."""
        return frozenset() if self.record is None else frozenset(self.record.fit.flagged(*APART))

    @cached_property
    def left_out(self) -> frozenset[int]:
        """Levels that interfaces are found without, and trends bridge."""
        record = self.record
        return frozenset() if record is None else frozenset(record.fit.flagged(*LEFT_OUT))


def _axis_words(axis: Axis) -> str:
    unit = axis.unit.replace("cm-1", "cm⁻¹")
    return f"{axis.value}, {unit}" if unit else axis.value


def _verdict(record: FitRecord) -> Verdict:
    return verdict_of(record.warnings, converged=is_converged(record.result))


def _spread(trend: Trend, places: Sequence[int], count: int) -> Trend:
    """Return a trend of some levels as one of all, NaN where there is none yet."""

    def spread(values: Array) -> Array:
        found = np.full(count, np.nan)
        found[list(places)] = values
        return found

    return replace(
        trend,
        values=spread(trend.values),
        stderrs=spread(trend.stderrs),
        limits=spread(trend.limits),
    )
