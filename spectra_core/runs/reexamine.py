"""Another program's fit of one spectrum, fitted again and looked at by the referee."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from ..errors import Cancelled, ModelError, ShouldStop, SpectraError
from ..fitting import FitOptions
from ..model import Model, Region
from ..spectrum import Spectrum
from ..uncertainty.budget import ratio_budget
from ..uncertainty.ratios import Ratio, area_ratio
from .execute import execute
from .plan import plan_stored
from .records import Failure, FitRecord

_LINE = re.compile(r"\s*\d[spdf]\s*(\d/2)?\s*$")
"""What a component's name ends with that says which line of its species it is."""


@dataclass(frozen=True, eq=False)
class StoredRatio:
    """The second largest species over the largest one.

    Attributes
    ----------
    name : str
    stored : float
        From the stored areas.
    ours : Ratio
        Of the refit, with its whole budget where that can be made.
    """

    name: str
    stored: float
    ours: Ratio

    @property
    def sigmas(self) -> float | None:
        """Ours less stored, in standard errors of ours; None where there is none."""
        if self.ours.value is None or not self.ours.error:
            return None
        return (self.ours.value - self.stored) / self.ours.error


@dataclass(frozen=True, eq=False)
class Reexamined:
    """A stored fit beside its refit.

    Attributes
    ----------
    spectrum : Spectrum
        On the calibrated scale of the stored fit.
    model : Model
        The stored numbers; `spectra_core.evaluate` draws them.
    record : FitRecord
        The refit that begins from them, with what the referee says of it. Its ``stored``
        has, by the name of each region, both numbers of every component, both sums of
        squares, the stored envelope, and a sentence where the stored state is no minimum.
    ratio : StoredRatio or None
        None where there are not two species.
    """

    spectrum: Spectrum
    model: Model
    record: FitRecord
    ratio: StoredRatio | None = None


def reexamine(
    spectrum: Spectrum,
    *,
    beside: Iterable[Spectrum] = (),
    fit_options: FitOptions | None = None,
    should_stop: ShouldStop | None = None,
) -> Reexamined:
    """Fit a spectrum with the fit that came with it, and compare the two.

    Parameters
    ----------
    spectrum : Spectrum
    beside : iterable of Spectrum
        All spectra of its file and sample, for the referee.
    fit_options : FitOptions, optional
        In place of those of other programs: unit weights and one start.
    should_stop : callable, optional
        ``should_stop()``; True ends it.

    Raises
    ------
    ModelError
        If no fit came with the spectrum, or none of it can be taken over or fitted.
    Cancelled
        If `should_stop` returned True.
    """
    planned = plan_stored([spectrum], beside=beside, fit_options=fit_options, join="none")
    for failure in (*planned.failures, *planned.skipped):
        raise ModelError(failure.message, where=failure.where)
    job = planned.jobs[0]
    record = execute(job, should_stop)
    if isinstance(record, Failure):
        raise ModelError(record.message, where=record.where)
    ratio = stored_ratio(job.model, record, should_stop=should_stop)
    return Reexamined(job.group.spectra[0][1], job.model, record, ratio)


def stored_ratio(
    model: Model, record: FitRecord, *, should_stop: ShouldStop | None = None
) -> StoredRatio | None:
    """Return what is read off a stored fit first: its second largest species over the largest.

    Lines that only their level tells apart, as in "PS4 2p3/2" and "PS4 2p1/2", are one species.
    """
    for region in model.regions:
        compared = record.stored.get(region.name)
        numbers = compared.numbers if compared is not None else ()
        areas = {n.component: n.stored for n in numbers if n.parameter == "area"}
        species = _species(region, areas)
        sums = {name: sum(areas[i] for i in ids) for name, ids in species.items()}
        largest = sorted(sums, key=lambda name: -sums[name])[:2]
        if len(largest) == 2 and all(sums[name] > 0 for name in largest):
            bottom, top = largest
            above, below = ([f"{region.name}/{i}" for i in species[name]] for name in (top, bottom))
            name = f"{top} / {bottom}"
            ours = _ratio(record, above, below, name, should_stop)
            return None if ours is None else StoredRatio(name, sums[top] / sums[bottom], ours)
    return None


def _species(region: Region, areas: Iterable[str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for component in areas:
        label = region.component(component).label
        found.setdefault(_LINE.sub("", label) or label, []).append(component)
    return found


def _ratio(
    record: FitRecord, top: list[str], bottom: list[str], name: str, should_stop: ShouldStop | None
) -> Ratio | None:
    """Return a ratio with its budget; that of the counts where there is no budget, or None."""
    try:
        return ratio_budget(record.result, top, bottom, name=name, should_stop=should_stop)
    except Cancelled:
        raise
    except SpectraError:
        pass
    try:
        return area_ratio(record.result, top, bottom, name=name)
    except SpectraError:
        return None
