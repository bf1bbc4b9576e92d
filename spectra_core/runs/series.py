"""Series from files: planned like any run, fitted together, recorded level by level."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePath

import numpy as np

from ..errors import Cancelled, ShouldStop, SpectraError
from ..fitting import FitOptions, FitResult, FitWarning
from ..fitting.better import BetterMinimumError
from ..recipe.presets import Preset
from ..recipe.schema import RatioEntry, Recipe, SeriesTable
from ..referee.context import Finding
from ..series import Level, SpectrumSeries, natural_key
from ..series.coordinates import SPUTTER_TIME
from ..series.depth import Rate
from ..series.fits import LevelTaker, SeriesFit, SeriesProgress, fit_series
from ..series.global_fit import FREE, SHARED, Mode, Smooth
from ..series.values import ordered
from ..spectrum import Array, Spectrum
from ..uncertainty.ratios import Ratio, area_ratio
from .batch import inputs_of
from .execute import findings_of, record_of
from .plan import Job, plan
from .records import Failure, FitRecord, Run
from .samples import JoinBy, join_samples
from .series_findings import level_finding, series_findings


@dataclass(frozen=True, eq=False)
class SeriesRecord:
    """A fitted series and what belongs to it.

    Attributes
    ----------
    series : SpectrumSeries
        The levels in order, with their coordinates.
    fit : SeriesFit
    records : tuple of FitRecord, length L
    settings : SeriesTable
    rate : Rate or None
    findings : tuple of Finding
        On the series as a whole: the depth scale, the film, what sputtering does. Those on
        a level are with its record.
    places : tuple of tuple of int
        Of the spectra of each level, by region as in its model, among those that were given.
    entries : tuple of RatioEntry
        The ratios asked for, by paths.
    """

    series: SpectrumSeries
    fit: SeriesFit
    records: tuple[FitRecord, ...]
    settings: SeriesTable
    rate: Rate | None
    findings: tuple[Finding, ...]
    places: tuple[tuple[int, ...], ...] = ()
    entries: tuple[RatioEntry, ...] = ()

    @property
    def notes(self) -> tuple[str, ...]:
        """The sentences of `findings`."""
        return tuple(finding.message for finding in self.findings)

    @property
    def files(self) -> tuple[str, ...]:
        """Name of the file of each level, where every level has its own; else nothing."""
        names = tuple(PurePath(one.file).name for one in self.records)
        return names if len(set(names)) == len(names) else ()

    @property
    def depths(self) -> tuple[np.ndarray, np.ndarray] | None:
        """Depths (L,) in nm and their uncertainties, if a rate and sputter times are known."""
        times = self.series.coordinates.get(SPUTTER_TIME)
        return None if self.rate is None or times is None else self.rate.depths(times)


def run_series(
    spectra: Iterable[Spectrum],
    recipe: Recipe | Preset,
    *,
    axis: str | None = None,
    modes: Mapping[str, Mode] | None = None,
    fit_options: FitOptions | None = None,
    seed: int | None = None,
    join: JoinBy = "names",
    names: Mapping[str, str] | None = None,
    warnings: Sequence[FitWarning] = (),
    progress: SeriesProgress | None = None,
    take_level: LevelTaker | None = None,
    should_stop: ShouldStop | None = None,
) -> tuple[list[SeriesRecord], Run]:
    """Fit the series that some spectra make, with a recipe.

    The levels of one sample of one file are a series; files of one level each make one
    together, in natural order of their names.

    Parameters
    ----------
    spectra : iterable of Spectrum
    recipe : Recipe or Preset
        Its ``[series]`` says what is shared.
    axis : str or None
        In place of the recipe's.
    modes : mapping of str to mode, or None
        On top of the recipe's.
    fit_options, seed, join, names, warnings
        As for `spectra_core.runs.plan.plan`.
    progress, should_stop : callable or None
    take_level : callable or None
        Gets the fit of each level by itself as soon as it is there.

    Returns
    -------
    series : list of SeriesRecord
    run : Run
        All levels as fits, and what could not be done.
    """
    plain = recipe.recipe if isinstance(recipe, Preset) else recipe
    settings = plain.series or SeriesTable()
    chosen = {**modes_from(settings), **(modes or {})}

    def make(series: SpectrumSeries, jobs: Sequence[Job]) -> SeriesFit:
        return fit_series(
            [level.spectra for level in series.levels],
            [job.model for job in jobs],
            positions=series.positions.tolist(),
            modes=chosen,
            options=jobs[0].options,
            align=settings.align,
            progress=progress,
            take_level=take_level,
            should_stop=should_stop,
        )

    return record_series(
        spectra,
        recipe,
        make,
        axis=axis,
        fit_options=fit_options,
        seed=seed,
        join=join,
        names=names,
        warnings=warnings,
    )


Make = Callable[[SpectrumSeries, Sequence[Job]], SeriesFit]
"""Makes the fit of a series from its levels in order, and their jobs."""


def record_series(
    spectra: Iterable[Spectrum],
    recipe: Recipe | Preset,
    make: Make,
    *,
    axis: str | None = None,
    fit_options: FitOptions | None = None,
    seed: int | None = None,
    join: JoinBy = "names",
    names: Mapping[str, str] | None = None,
    warnings: Sequence[FitWarning] = (),
) -> tuple[list[SeriesRecord], Run]:
    """Return the series that some spectra make, with fits that `make` makes or has.

    Parameters and returns as for `run_series`.
    """
    everything = join_samples(spectra, by=join, names=names)
    planned = plan(
        recipe, everything, fit_options=fit_options, seed=seed, join="none", warnings=warnings
    )
    plain = recipe.recipe if isinstance(recipe, Preset) else recipe
    settings = plain.series or SeriesTable()
    found: list[SeriesRecord] = []
    failures = list(planned.failures)
    interrupted = False
    for jobs in _series_of(planned.jobs):
        try:
            found.append(_recorded(jobs, settings, axis or settings.axis, make))
        except Cancelled:
            interrupted = True
            break
        except SpectraError as error:
            failures.append(Failure(jobs[0].file, jobs[0].group.sample, str(error)))
    records = tuple(record for series in found for record in series.records)
    inputs = inputs_of(everything)
    run = Run(records, tuple(failures), (), inputs, "recipe", plain, interrupted, tuple(found))
    return found, run


def modes_from(settings: SeriesTable) -> dict[str, Mode]:
    """Return what a recipe's ``[series]`` says of parameters; smooth wins over the others."""
    found: dict[str, Mode] = dict.fromkeys(settings.shared, SHARED)
    found |= dict.fromkeys(settings.free, FREE)
    return found | {pattern: Smooth(sd) for pattern, sd in settings.smooth.items()}


def _series_of(jobs: Sequence[Job]) -> list[list[Job]]:
    """Return the jobs of each series: those of a sample with levels, and all the others."""
    levels: dict[tuple[str, ...], list[Job]] = {}
    single: list[Job] = []
    for job in jobs:
        if job.group.levels > 1:
            key = tuple("\0".join(sample.key) for sample in job.group.samples)
            levels.setdefault(key, []).append(job)
        else:
            single.append(job)
    single.sort(key=lambda job: (natural_key(job.file), natural_key(job.group.sample)))
    return [*levels.values(), *([single] if single else [])]


def _recorded(
    jobs: Sequence[Job], settings: SeriesTable, axis: str | None, make: Make
) -> SeriesRecord:
    levels = [Level(dict(job.group.spectra)) for job in jobs]
    name = jobs[0].group.sample if jobs[0].group.levels > 1 else _name(jobs)
    series, order = ordered(name, levels, axis)
    arranged = [jobs[i] for i in order]
    fit = make(series, arranged)
    entries = max((job.ratios for job in arranged), key=len)
    unseen = {entry.name: _unseen(fit, entry) for entry in entries}
    records = tuple(_record(job, fit, k, series, unseen) for k, job in enumerate(arranged))
    rate = rate_of(settings)
    places = tuple(job.places for job in arranged)
    findings = series_findings(series, fit, settings, rate)
    return SeriesRecord(series, fit, records, settings, rate, findings, places, entries)


def _name(jobs: Sequence[Job]) -> str:
    from ..series.values import common_name

    return common_name([job.group.sample or job.file for job in jobs])


def _unseen(fit: SeriesFit, entry: RatioEntry) -> Array:
    """Return below what a numerator's area is where nothing of it is seen (L,), else NaN."""
    paths = [f"{path}/area" for path in entry.numerator]
    values, limits = (np.array([of(path) for path in paths]) for of in (fit.values, fit.limits))
    beyond = np.sqrt(np.sum((limits - np.maximum(values, 0.0)) ** 2, axis=0))
    return np.asarray(np.sum(np.maximum(values, 0.0), axis=0) + beyond)


def _below_detection(ratio: Ratio, result: FitResult, entry: RatioEntry, area: float) -> Ratio:
    """Return a ratio whose numerator is less than `area`, as a limit and no value."""
    bottom = sum(result.value(f"{path}/area") for path in entry.denominator)
    if ratio.value is None or not np.isfinite(area) or bottom <= 0:
        return ratio
    limit = area / bottom
    note = (
        f"below detection at this level, R < {limit:.2g} (one-sided 95 %, three standard errors"
        f" are needed to be seen); best value {ratio.value:.2g}."
    )
    return Ratio(ratio.name, None, None, None, ratio.level, ratio.formula, note, upper_limit=limit)


def _record(
    job: Job,
    fit: SeriesFit,
    level: int,
    series: SpectrumSeries,
    unseen: Mapping[str, Array],
) -> FitRecord:
    result = fit.levels[level]
    ratios: list[Ratio] = []
    for entry in job.ratios:
        try:
            plain = area_ratio(result, entry.numerator, entry.denominator, name=entry.name)
        except SpectraError:
            continue  # this level lacks a region of it
        ratios.append(_below_detection(plain, result, entry, unseen[entry.name][level]))
    name = "" if job.group.levels > 1 else PurePath(job.file).name
    alarms = (level_finding(alarm, name) for alarm in fit.alarms if alarm.level == level)
    record = record_of(job, result, tuple(ratios), (*job.warnings, *alarms, *_seen(job, result)))
    return replace(
        record,
        id=f"fit-{job.number + 1}",
        sample=series.sample,
        level=level,
        levels=len(series),
    )


def _seen(job: Job, result: FitResult) -> tuple[FitWarning, ...]:
    """Return the referee's findings on a level, as `doublet fit` has them of a fit."""
    try:
        return findings_of(result, job.sample, job.references)
    except BetterMinimumError as error:
        note = Finding(
            "series_held",
            f"by itself this level has a lower minimum (chi-square less by {error.gain:.3g}): what"
            " all levels share holds it here.",
            "",
            "Compare it with its own fit in the Spectrum view, or by `doublet fit`.",
            "note",
        )
        return (*result.warnings, note)


def rate_of(settings: SeriesTable) -> Rate | None:
    """Return how fast the surface recedes; None where the settings do not say."""
    if settings.rate is None:
        return None
    return Rate(
        settings.rate,
        settings.rate_relative,
        settings.rate_material,
        settings.relative_yield,
        settings.yield_relative,
    )
