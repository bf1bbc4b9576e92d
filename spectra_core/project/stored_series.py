"""What a series fit leaves in a project: the fits of its levels, and what holds them together.

A `spectra_core.series.fits.SeriesFit` is kept as a single fit is (`spectra_core.project.stored`):
numbers that cannot be computed again exactly. Coordinates, trends, interfaces, factors and
findings follow from them, and from spectra and recipe.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from ..errors import DataError
from ..fitting import FitResult
from ..series.alarms import SeriesAlarm
from ..series.align import Slide
from ..series.fits import SeriesFit
from ..series.global_fit import FREE, SHARED, GlobalSolution, Layout, Mode, Smooth, layout_of
from ..spectrum import Array, Spectrum
from .stored import StoredResult, store


@dataclass(frozen=True)
class SeriesHead:
    """Whatever of a stored series is no array and no fit.

    Attributes
    ----------
    recipe : str
        As text.
    spectra : tuple of mapping of str to str
        Spectrum id of each region, level by level in the order of the fit.
    data : tuple of str
        `fingerprint` of each of those spectra.
    positions : tuple of float
        Of the levels on the axis of the series.
    modes : mapping of str to (str or float)
        ``"free"``, ``"shared"``, or the standard deviation of what is smooth.
    slides : tuple of Slide
    alarms : tuple of SeriesAlarm
    chi_square, roughness : float
    iterations : int
    converged : bool
    """

    recipe: str
    spectra: tuple[Mapping[str, str], ...]
    data: tuple[str, ...]
    positions: tuple[float, ...]
    modes: Mapping[str, str | float]
    slides: tuple[Slide, ...]
    alarms: tuple[SeriesAlarm, ...]
    chi_square: float
    roughness: float
    iterations: int
    converged: bool


@dataclass(frozen=True, eq=False)
class StoredSeries:
    """A series fit as a project keeps it.

    Attributes
    ----------
    head : SeriesHead
    levels : tuple of StoredResult
    borders, common, pulls, open_errors : ndarray
        As in `GlobalSolution`.
    """

    head: SeriesHead
    levels: tuple[StoredResult, ...]
    borders: Array
    common: Array
    pulls: Array
    open_errors: Array

    def __post_init__(self) -> None:
        for array in (self.borders, self.common, self.pulls, self.open_errors):
            array.setflags(write=False)

    @property
    def keys(self) -> tuple[str, ...]:
        """Ids of all its spectra."""
        return tuple(key for level in self.head.spectra for key in level.values())

    @property
    def fit(self) -> SeriesFit:
        """The whole fit; made again when first asked for, and then kept."""
        known: SeriesFit | None = self.__dict__.get("_fit")
        if known is None:
            known = self.__dict__["_fit"] = _restored(self)
        return known


def fingerprint(spectrum: Spectrum) -> str:
    """Return a text that is another one for spectra that give another fit."""
    digest = hashlib.sha256()
    for array in (spectrum.x, spectrum.y, spectrum.sigma):
        digest.update(b"none" if array is None else np.ascontiguousarray(array, float).tobytes())
    time, axis, unit = spectrum.meta.acquisition_time_s, spectrum.axis.value, spectrum.y_unit
    digest.update(f"{time!r} {axis} {unit}".encode())
    return digest.hexdigest()[:32]


def store_series(
    fit: SeriesFit,
    recipe: str,
    spectra: Sequence[Mapping[str, str]],
    data: Sequence[str],
    known: Sequence[StoredResult | None],
) -> StoredSeries:
    """Return what a project keeps of a series fit.

    Parameters
    ----------
    fit : SeriesFit
    recipe : str
    spectra : sequence of mapping of str to str
        Spectrum ids, level by level.
    data : sequence of str
        `fingerprint` of each.
    known : sequence of StoredResult or None
        What the project has of each level already: it is not kept twice.
    """
    solution = fit.solution
    head = SeriesHead(
        recipe,
        tuple(MappingProxyType(dict(level)) for level in spectra),
        tuple(data),
        tuple(fit.positions.tolist()),
        {path: m.sd if isinstance(m, Smooth) else m for path, m in fit.modes.items()},
        fit.slides,
        fit.alarms,
        solution.chi_square,
        solution.roughness,
        solution.iterations,
        solution.converged,
    )
    levels = tuple(
        store(result, options=fit.options) if own is None else own
        for result, own in zip(fit.levels, known, strict=True)
    )
    arrays = (solution.borders, solution.common, solution.pulls, solution.open_errors)
    stored = StoredSeries(head, levels, *(np.array(array) for array in arrays))
    stored.__dict__["_fit"] = fit
    return stored


def _restored(stored: StoredSeries) -> SeriesFit:
    """Return the fit of a stored series.

    Raises
    ------
    DataError
        If its numbers contradict each other.
    """
    head = stored.head
    levels = tuple(level.result for level in stored.levels)
    modes = {path: _mode(one) for path, one in head.modes.items()}
    for path in (path for level in levels for path in level.problem.free_paths):
        if path not in modes:
            raise DataError("a parameter of the stored series has no mode.", where=path)
    layout = layout_of([level.problem for level in levels], modes)
    _check(stored, levels, layout)
    free = [level.problem.free for level in levels]
    solution = GlobalSolution(
        layout,
        tuple(level.values[own] for level, own in zip(levels, free, strict=True)),
        tuple(level.covariance[np.ix_(own, own)] for level, own in zip(levels, free, strict=True)),
        tuple(level.at_bound[own] for level, own in zip(levels, free, strict=True)),
        head.chi_square,
        head.roughness,
        head.iterations,
        head.converged,
        stored.borders,
        stored.common,
        stored.pulls,
        stored.open_errors,
    )
    alone = (None,) * len(levels)
    options = stored.levels[0].options
    positions = np.array(head.positions)
    return SeriesFit(positions, levels, modes, head.slides, head.alarms, solution, alone, options)


def _mode(kept: str | float) -> Mode:
    if not isinstance(kept, str):
        return Smooth(kept)
    if kept not in (FREE, SHARED):
        raise DataError(f'"{kept}" is nothing that a parameter of a series can be.')
    return kept


def _check(stored: StoredSeries, levels: Sequence[FitResult], layout: Layout) -> None:
    count, n, wide = len(levels), len(layout.own), layout.width
    agrees = (
        stored.borders.shape == (count, n, wide)
        and stored.common.shape == (wide, wide)
        and stored.open_errors.shape == (count, n)
        and stored.pulls.shape == (len(layout.nuisances),)
        and count == len(stored.head.positions) == len(stored.head.slides)
        and all(0 <= alarm.level < count for alarm in stored.head.alarms)
    )
    if not agrees:
        raise DataError(
            f"the stored series has {stored.common.shape[0]} shared numbers, its model {wide}.",
            hint="Fit the series again.",
        )
