"""Another program's fit of one spectrum, fitted again and looked at by the referee."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ..errors import ModelError, ShouldStop
from ..fitting import FitOptions
from ..model import Model
from ..spectrum import Spectrum
from .execute import execute
from .plan import plan_stored
from .records import Failure, FitRecord


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
    """

    spectrum: Spectrum
    model: Model
    record: FitRecord


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
    return Reexamined(job.group.spectra[0][1], job.model, record)
