"""Maps of Raman spectra: placed on their grid, fitted by the compiled batch, told pixel by pixel.

Every pixel is fitted as `fit` would fit it alone. Pixels with cosmic rays in the window are fitted
without those channels; nothing is filled in. What a pixel does not show is NaN with a reason, never
a number.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import Any

import numpy as np

from ..errors import DataError, FitError, ShouldStop, SpectraError, did_you_mean
from ..fitting import (
    BatchOptions,
    BatchResult,
    FitOptions,
    FitResult,
    SpectrumStack,
    evaluate,
    fit,
    fit_batch,
)
from ..fitting.batch import STATUSES, status_word
from ..fitting.problem import row_of
from ..fitting.result import Status, with_values
from ..fitting.weights import Weights
from ..masked import SATURATED, SPIKE
from ..model import Model, Region
from ..noise import ChannelNoise, channel_noise
from ..spectrum import (
    Array,
    Axis,
    Spectrum,
    mask,
    points_in_window,
    with_counts_per_unit,
)
from .spikes import saturated, spikes_of_map

LIMIT = 5.0
"""Signal to noise below which a pixel is masked, where nobody says."""
_BESIDE = 0.3  # of the variance: more of reading noise, or of an offset, is no counting
_SAME = 0.2  # of a step of the stage: positions of one row or column
_FAILED = STATUSES.index(Status.FAILED)
_AXES = (("x", "positionx", "x position", "stage x"), ("y", "positiony", "y position", "stage y"))
_ONE = ("z", "depth", "time", "distance", "position", *_AXES[0], *_AXES[1])

Progress = Callable[[int, int], None]


@dataclass(frozen=True, eq=False)
class RamanMap:
    """Spectra on a grid of places.

    Attributes
    ----------
    spectra : tuple of Spectrum, length M
        On one axis, as recorded.
    x, y : ndarray, shapes (nx,) and (ny,)
        Places of columns and rows, ascending; one row for a line, a depth or a time scan.
    names : tuple of two str
        What `x` and `y` are.
    unit : str
    place : ndarray of int, shape (ny, nx)
        Number of the spectrum there; -1 where none was measured.
    """

    spectra: tuple[Spectrum, ...]
    x: Array
    y: Array
    names: tuple[str, str]
    unit: str
    place: np.ndarray

    def __len__(self) -> int:
        return len(self.spectra)

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        return self.y.size, self.x.size

    @cached_property
    def intensities(self) -> Array:
        """Intensities of all spectra, shape (M, N)."""
        return np.array([spectrum.y for spectrum in self.spectra])

    def image(self, values: Array) -> Array:
        """Return one number per spectrum (M,) as an image (ny, nx); NaN where none was measured."""
        padded = np.append(np.asarray(values, dtype=float), np.nan)
        return padded[self.place]

    def at(self, row: int, column: int) -> int | None:
        """Return the number of the spectrum of a pixel; None if there is none."""
        rows, columns = self.shape
        if not (0 <= row < rows and 0 <= column < columns) or self.place[row, column] < 0:
            return None
        return int(self.place[row, column])

    @cached_property
    def noise(self) -> ChannelNoise:
        """The noise that all its channels show."""
        return channel_noise(self.intensities)

    def around(self, number: int, reach: int = 1) -> tuple[int, ...]:
        """Return the numbers of the spectra around one, without itself."""
        found = np.argwhere(self.place == number)
        if not found.size:
            return ()
        row, column = found[0]
        rows = slice(max(row - reach, 0), row + reach + 1)
        columns = slice(max(column - reach, 0), column + reach + 1)
        near = self.place[rows, columns].ravel()
        return tuple(int(k) for k in near if k >= 0 and k != number)

    def average(self, numbers: Sequence[int], marks: np.ndarray | None = None) -> Spectrum:
        """Return the mean spectrum of a region; masked channels of a pixel do not count in it.

        Its standard deviations are those of a mean of so many channels, each with the noise that
        the map shows; how much the pixels differ from one another is no part of them.

        Parameters
        ----------
        numbers : sequence of int
        marks : ndarray of bool, shape (M, N), or None
            What is masked, e.g. `MapFit.marks`.
        """
        chosen = list(numbers)
        if not chosen:
            raise DataError("the region holds no spectrum.", hint="Draw it over measured pixels.")
        rows = self.intensities[chosen]
        out = np.zeros(rows.shape, dtype=bool) if marks is None else marks[chosen]
        counted = (~out).sum(axis=0)
        total = np.where(out, 0.0, rows).sum(axis=0)
        mean = np.where(counted > 0, total / np.maximum(counted, 1), rows.mean(axis=0))
        first = self.spectra[chosen[0]]
        sigma = self.noise.sigma(mean) / np.sqrt(np.maximum(counted, 1))
        words = f"mean of {len(chosen)} spectra"
        scans = first.meta.scans
        meta = replace(
            first.meta,
            region=words,
            scans=None if scans is None else scans * len(chosen),
            variables={},
        )
        unit = "arbitrary" if first.y_unit == "counts" else first.y_unit  # a mean is no count
        averaged = replace(
            first, y=mean, y_unit=unit, counts=None, sigma=sigma, columns={}, meta=meta
        )
        return mask(averaged, counted == 0, SPIKE)


def map_of(spectra: Sequence[Spectrum]) -> RamanMap:
    """Return spectra on the grid that their places make.

    Parameters
    ----------
    spectra : sequence of Spectrum
        Raman spectra of one axis, with places in `Meta.variables` (X and Y, or one of them, a
        depth or a time).

    Raises
    ------
    DataError
        If they do not share one axis, have no places, or two stand on one place.
    """
    if not spectra:
        raise DataError("a map needs spectra, found none.")
    first = spectra[0]
    for other in spectra:
        same = other.axis is first.axis and other.y_unit == first.y_unit
        if not (same and np.array_equal(other.x, first.x)):
            raise DataError(
                "the spectra of a map must share axis, unit and masked channels.",
                hint="Cosmic rays of a map are found when it is fitted.",
                where=other.label,
            )
    if first.axis is not Axis.RAMAN_SHIFT:
        raise DataError(f"a Raman map has a Raman shift, found a {first.axis.value} axis.")
    columns, rows = (_places(spectra, names) for names in _AXES)
    if columns is None or rows is None or np.ptp(columns[0]) == 0 or np.ptp(rows[0]) == 0:
        return _line(spectra)
    x, column = _grid(columns[0])
    y, row = _grid(rows[0])
    return _placed(spectra, (x, y), (column, row), (columns[1], rows[1]), columns[2])


def has_place(spectrum: Spectrum) -> bool:
    """Return whether a spectrum says where it was measured."""
    names = {label.replace("_", " ").casefold() for label in spectrum.meta.variables}
    return not names.isdisjoint((*_ONE, *_AXES[0], *_AXES[1]))


def map_shape(spectra: Sequence[Spectrum]) -> tuple[int, int] | None:
    """Return rows and columns of the places of spectra; None unless they lie on a surface."""
    if not spectra or any(s.axis is not Axis.RAMAN_SHIFT for s in spectra):
        return None
    found = [_places(spectra, names) for names in _AXES]
    if any(place is None or np.ptp(place[0]) == 0 for place in found):
        return None
    columns, rows = (_grid(place[0])[0].size for place in found if place is not None)
    return rows, columns


def _line(spectra: Sequence[Spectrum]) -> RamanMap:
    for name in _ONE:
        found = _places(spectra, (name,))
        if found is not None and (len(spectra) == 1 or np.ptp(found[0]) > 0):
            values, label, unit = found
            x, column = _grid(values)
            rows = np.zeros(len(spectra), dtype=int)
            return _placed(spectra, (x, np.zeros(1)), (column, rows), (label, ""), unit)
    raise DataError(
        "the spectra do not say where they were measured.",
        hint="A map needs the coordinates X and Y; give a table of them with --coordinates.",
        where=spectra[0].label,
    )


def _placed(
    spectra: Sequence[Spectrum],
    axes: tuple[Array, Array],
    at: tuple[np.ndarray, np.ndarray],
    names: tuple[str, str],
    unit: str,
) -> RamanMap:
    x, y = axes
    column, row = at
    place = np.full((y.size, x.size), -1)
    for k in range(len(spectra)):
        if place[row[k], column[k]] >= 0:
            raise DataError(
                f"the spectra {place[row[k], column[k]] + 1} and {k + 1} stand on one place,"
                f" {names[0]} {x[column[k]]:g}, {names[1] or 'row'} {y[row[k]]:g}.",
                hint="Give one map at a time.",
            )
        place[row[k], column[k]] = k
    return RamanMap(tuple(spectra), x, y, names, unit, place)


def _places(spectra: Sequence[Spectrum], names: Sequence[str]) -> tuple[Array, str, str] | None:
    """Return values (M,), name and unit of the first of some variables that all spectra have."""
    for label, (_, unit) in spectra[0].meta.variables.items():
        if label.replace("_", " ").casefold() in names:
            found = [s.meta.variables.get(label, (np.nan, ""))[0] for s in spectra]
            if np.isfinite(found).all():
                return np.array(found), label, unit
    return None


def _grid(values: Array) -> tuple[Array, np.ndarray]:
    """Return the places of columns, and which of them each value is."""
    ordered = np.sort(values)
    steps = np.diff(ordered)
    large = steps[steps > 1e-9 * max(float(np.ptp(values)), 1e-300)]
    step = float(np.quantile(large, 0.9)) if large.size else 1.0
    group = np.concatenate([[0], np.cumsum(steps > _SAME * step)])
    places = np.array([float(ordered[group == k].mean()) for k in range(group[-1] + 1)])
    return places, np.abs(values[:, None] - places[None, :]).argmin(axis=1)


# ---------------------------------------------------------------------------------
# The fit


@dataclass(frozen=True, eq=False)
class MapFit:
    """Answers of all pixels of a map.

    Attributes
    ----------
    grid : RamanMap
    model : Model
    batch : BatchResult
        Parameters and their covariances, one row per spectrum.
    marks : ndarray of bool, shape (M, N)
        Channels that do not count: cosmic rays and saturated ones.
    points : ndarray of int, shape (M,)
        Channels that were fitted.
    noise : str
        What the weights are, in a sentence.
    time_s : float or None
        Factor that makes counts of intensities by the noise of the map; None: unit weights.
    options : FitOptions
    """

    grid: RamanMap
    model: Model
    batch: BatchResult
    marks: np.ndarray
    points: np.ndarray
    noise: str
    time_s: float | None
    options: FitOptions

    @property
    def bands(self) -> tuple[str, ...]:
        """Paths of the components, region/component."""
        return tuple(
            f"{r.name}/{c.id}" for r in self.model.regions for c in r.components if c.enabled
        )

    @property
    def failed(self) -> np.ndarray:
        """Pixels (M,) that could not be fitted, or were not reached."""
        return (self.batch.status < 0) | (self.batch.status == _FAILED)

    @property
    def reduced_chi_square(self) -> Array:
        """Chi-square over the degrees of freedom, shape (M,).

        Over that of the typical pixel where the noise is not known (unit weights).
        """
        freedom = np.maximum(self.points - self.batch.problem.free.size, 1)
        values = np.where(self.failed, np.nan, self.batch.chi_square / freedom)
        return values if self.time_s is not None else values / np.nanmedian(values)

    def signal_to_noise(self, band: str) -> Array:
        """Return the area of a band over its standard error, (M,); 0 where it has none."""
        path = f"{self._band(band)}/area"
        area, error = self.batch.values(path), self.batch.stderr(path)
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.nan_to_num(np.where(error > 0, area / error, 0.0))

    def spectrum(self, number: int) -> Spectrum:
        """Return one spectrum with what does not count masked, as it was fitted."""
        return _marked(_weighted(self.grid.spectra[number], self.time_s), self.marks[number])

    def model_of(self, number: int) -> Model:
        """Return the model with the answer of one pixel."""
        problem = self.batch.problem
        return with_values(problem, problem.full(self.batch.free[number]))

    def drawn(self, number: int) -> FitResult:
        """Return the curves of one pixel's answer, at once: nothing is fitted.

        Raises
        ------
        FitError
            If the pixel has no answer.
        """
        if self.failed[number]:
            raise FitError(f"pixel {number + 1} has no fit: {self.status(number)}.")
        return evaluate(self.spectrum(number), self.model_of(number))

    def fit_of(self, number: int) -> FitResult:
        """Return the whole fit of one pixel; from its answer where the map found a better one.

        Raises
        ------
        FitError
            If it cannot be fitted.
        """
        weights = Weights.UNIT if self.time_s is None else Weights.POISSON
        model = self.model_of(number) if self.batch.improved[number] else self.model
        return fit(self.spectrum(number), model, options=replace(self.options, weights=weights))

    def status(self, number: int) -> str:
        """Return how the fit of one pixel ended, with the reason if it failed."""
        word = status_word(int(self.batch.status[number]))
        reason = self.batch.messages.get(number, "")
        return f"{word}: {reason}" if reason else word

    def _band(self, name: str) -> str:
        found = [path for path in self.bands if name in (path, path.partition("/")[2])]
        if len(found) != 1:
            names = [path.partition("/")[2] for path in self.bands]
            raise DataError(f'the model has no band "{name}".', hint=did_you_mean(name, names))
        return found[0]


MapTaker = Callable[[Callable[[], MapFit]], None]


def fit_map(
    grid: RamanMap,
    model: Model | Region,
    *,
    options: FitOptions = FitOptions(),  # noqa: B008 - frozen
    rays: bool = True,
    marks: np.ndarray | None = None,
    threads: int | None = None,
    progress: Progress | None = None,
    take: MapTaker | None = None,
    should_stop: ShouldStop | None = None,
) -> MapFit:
    """Fit one model to every spectrum of a map.

    Parameters
    ----------
    grid : RamanMap
    model : Model or Region
        Of one region.
    options : FitOptions
    rays : bool
        Look for cosmic rays and saturated channels first, and leave them out.
    marks : ndarray of bool, shape (M, N), or None
        Channels that do not count, in place of those that would be looked for.
    threads, progress, should_stop
        As for `fit_batch`.
    take : callable or None
        ``take(so_far)`` as pixels are fitted; ``so_far()`` returns a fit of those there are.

    Returns
    -------
    found : MapFit

    Raises
    ------
    DataError, FitError, ModelError
        If the model has several regions, or no pixel can be fitted.
    """
    whole = model if isinstance(model, Model) else Model((model,))
    if len(whole.regions) != 1:
        raise DataError(
            f"a map is fitted with one region, found {len(whole.regions)}.",
            hint="Put all bands into one window, or fit the map once for each region.",
        )
    rows = grid.intensities
    if marks is None:
        marks = find_marks(grid) if rays else np.zeros(rows.shape, dtype=bool)
    inside = points_in_window(grid.spectra[0], whole.regions[0].window)
    time, words = _noise(grid, inside)
    weights = Weights.UNIT if time is None else Weights.POISSON
    options = options if options.weights is not None else replace(options, weights=weights)
    first = _weighted(grid.spectra[0], time)
    stack = SpectrumStack(first.x, rows, first.axis, first.y_unit, meta=first.meta)
    points = (~marks[:, inside]).sum(axis=1)
    made = partial(MapFit, grid, whole, marks=marks, points=points, noise=words, time_s=time)
    batch = fit_batch(
        stack,
        whole,
        options=options,
        batch=BatchOptions(covariance=True),
        threads=threads,
        progress=progress,
        take=None if take is None else lambda so_far: take(lambda: made(so_far(), options=options)),
        should_stop=should_stop,
    )
    hit = np.flatnonzero(marks[:, inside].any(axis=1) & (batch.status >= 0))
    batch = _without_marks(batch, grid, whole, marks, hit, time, options)
    return made(batch, options=options)


def find_marks(grid: RamanMap) -> np.ndarray:
    """Return the channels (M, N) of cosmic rays, checked against neighbours, and saturated ones."""
    neighbours = [grid.around(k) for k in range(len(grid))]
    full = np.array([saturated(y) for y in grid.intensities])
    return np.asarray(full | spikes_of_map(grid.intensities, neighbours))


def _noise(grid: RamanMap, inside: slice) -> tuple[float | None, str]:
    """Return the factor that makes counts of intensities, as the map itself shows it, in words.

    A CCD tells digital units: counts times an unknown gain, plus the noise of reading it.
    """
    rows = grid.intensities[:, inside]
    noise, middle = channel_noise(rows), float(np.median(rows))
    slope = noise.slope
    counted = slope > 0 and abs(noise.at_zero) < _BESIDE * slope * middle
    if (rows < 0).any() or not counted or noise.correlated:
        return None, (
            "The noise is taken as one and the same in all channels; its size is that of the"
            " residuals of each pixel."
        )
    return 1.0 / slope, (
        f"The noise was estimated from the map: its variance is {slope:.3g} times the signal,"
        f" so one count of the detector stands for {slope:.3g} units of the file."
    )


def _weighted(spectrum: Spectrum, time: float | None) -> Spectrum:
    """Return a spectrum that says for how many counts its unit stands."""
    return spectrum if time is None else with_counts_per_unit(spectrum, time)


def _marked(spectrum: Spectrum, marks: np.ndarray) -> Spectrum:
    full = saturated(spectrum.y) & marks
    return mask(mask(spectrum, full, SATURATED), (marks & ~full)[~full], SPIKE)


def _without_marks(
    batch: BatchResult,
    grid: RamanMap,
    model: Model,
    marks: np.ndarray,
    hit: np.ndarray,
    time: float | None,
    options: FitOptions,
) -> BatchResult:
    """Return the batch with the pixels that have marks fitted without those channels."""
    if not hit.size:
        return batch
    answers = ("free", "free_stderr", "chi_square", "prior_chi_square", "status", "evaluations")
    own: dict[str, Any] = {n: np.array(getattr(batch, n)) for n in (*answers, "covariance")}
    messages = {k: text for k, text in batch.messages.items() if k not in set(hit.tolist())}
    places = batch.problem.free
    for k in hit.tolist():
        spectrum = _marked(_weighted(grid.spectra[k], time), marks[k])
        try:
            result = fit(spectrum, model, options=options)
        except SpectraError as error:
            own["status"][k], messages[k] = _FAILED, str(error)
            own["free"][k] = own["free_stderr"][k] = own["chi_square"][k] = np.nan
            continue
        errors = [result.stderr(path) for path in batch.problem.free_paths]
        own["free"][k] = result.values[places]
        own["free_stderr"][k] = [np.nan if e is None else e for e in errors]
        own["chi_square"][k] = result.statistics.chi_square
        own["prior_chi_square"][k] = result.statistics.prior_chi_square
        own["status"][k] = STATUSES.index(result.status)
        own["evaluations"][k] = len(result.trace)
        own["covariance"][k] = result.covariance[np.ix_(places, places)]
    return replace(batch, messages=messages, **own)


# ---------------------------------------------------------------------------------
# What a map shows


@dataclass(frozen=True, eq=False)
class MapQuantity:
    """One number per pixel.

    Attributes
    ----------
    name : str
        As it was asked for, e.g. ``"ratio:PS4/NCM A1g"``.
    label, unit : str
    values, stderrs : ndarray, shape (M,)
        All of them; standard errors are NaN where there are none.
    signal_to_noise : ndarray, shape (M,)
        Of the band that the number rests on; infinite for the goodness of a fit.
    """

    name: str
    label: str
    unit: str
    values: Array
    stderrs: Array
    signal_to_noise: Array

    def shown(self, limit: float = LIMIT) -> Array:
        """Return the values (M,) with NaN where the signal to noise is below a limit."""
        return np.where(self.signal_to_noise >= limit, self.values, np.nan)


KINDS: Mapping[str, str] = {
    "area": "intensity",
    "center": "position",
    "fwhm": "width",
    "snr": "signal to noise",
    "ratio": "ratio of intensities",
    "chi_square": "goodness of fit",
}
"""Kinds of quantities, and what they are called."""


def quantities(found: MapFit) -> tuple[str, ...]:
    """Return the names of all quantities but the ratios, which a user names."""
    names = [path.partition("/")[2] for path in found.bands]
    each = [f"{kind}:{name}" for name in names for kind in ("area", "center", "fwhm", "snr")]
    return (*each, "chi_square")


def map_quantity(found: MapFit, name: str) -> MapQuantity:
    """Return one quantity of all pixels.

    Parameters
    ----------
    found : MapFit
    name : str
        ``"area:BAND"``, ``"center:BAND"``, ``"fwhm:BAND"``, ``"snr:BAND"``,
        ``"ratio:BAND/OTHER"`` (areas) or ``"chi_square"``.

    Raises
    ------
    DataError
        If there is no such quantity or band.
    """
    kind, _, band = name.partition(":")
    if kind not in KINDS:
        raise DataError(f'there is no map "{name}".', hint=did_you_mean(kind, KINDS))
    bad = found.failed
    if kind == "chi_square":
        label = "reduced chi-square" if found.time_s is not None else "misfit over the typical one"
        values, never = found.reduced_chi_square, np.full(bad.size, np.nan)
        return MapQuantity(name, label, "", values, never, np.where(bad, 0.0, np.inf))
    if kind == "ratio":
        return _ratio(found, name, band)
    noise = found.signal_to_noise(band)
    if kind == "snr":
        shown, none = np.where(bad, np.nan, noise), np.full(bad.size, np.nan)
        return MapQuantity(
            name, f"{band}, signal to noise", "", shown, none, np.where(bad, 0.0, np.inf)
        )
    path = f"{found._band(band)}/{kind}"
    unit = "cm-1" if kind != "area" else f"{found.grid.spectra[0].y_unit} cm-1"
    label = f"{band}, {KINDS[kind]}"
    return MapQuantity(
        name, label, unit, found.batch.values(path), found.batch.stderr(path), noise * ~bad
    )


def _ratio(found: MapFit, name: str, bands: str) -> MapQuantity:
    names = [path.partition("/")[2] for path in found.bands]
    pairs = [(a, b) for a in names for b in names if bands == f"{a}/{b}" and a != b]
    if not pairs:
        raise DataError(
            f'"{bands}" is no ratio of two bands of the model.',
            hint=f"Write ratio:BAND/OTHER with two of {', '.join(names)}.",
        )
    above, below = (f"{found._band(own)}/area" for own in pairs[0])
    a, b = found.batch.values(above), found.batch.values(below)
    covariance = _covariance(found.batch, above, below)
    with np.errstate(invalid="ignore", divide="ignore"):
        ratio = a / b
        gradient = np.stack([1.0 / b, -a / b**2], axis=1)
        variance = np.einsum("mi,mij,mj->m", gradient, covariance, gradient)
        stderr = np.sqrt(np.where(variance > 0, variance, np.nan))
    good = np.isfinite(ratio)
    noise = np.where(good & ~found.failed, found.signal_to_noise(pairs[0][1]), 0.0)
    return MapQuantity(
        name, bands, "", np.where(good, ratio, np.nan), np.where(good, stderr, np.nan), noise
    )


def _covariance(batch: BatchResult, *paths: str) -> Array:
    """Return the covariance (M, 2, 2) of two parameters."""
    rows = np.array([row_of(batch.problem, (path,))[0] for path in paths])
    assert batch.covariance is not None
    return np.einsum("ai,mij,bj->mab", rows, batch.covariance, rows)
