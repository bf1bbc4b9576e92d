"""Areas of core levels with their covariance: from a fit, or over a background in a window.

An area is of a whole level (both lines of a doublet) or of one line of it, and says which. That
of a fit adds up every component of the level, with the covariance of all. That of a window
needs no model: it is what stands above an iterated Shirley background between two energies,
with the error of the counts and of where the window ends.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from math import sqrt

import numpy as np

from ..core_levels import core_level, level_of
from ..curves.shirley import proctor_sherwood
from ..errors import DataError, FitError
from ..fitting import FitResult
from ..fitting.result import Estimates
from ..model import Component, Region
from ..spectrum import Array, Spectrum, on_binding_energy

_END_EV = 2.0
_FEWEST_ENDS = 3
_JITTER_EV = 0.5
_LEAST_REACH_EV, _MOST_REACH_EV = 3.0, 5.0
_REACH_WIDTHS = 2.0
_CLEAR_STEP = 3.0  # standard errors from which on the ends of a window differ


@dataclass(frozen=True)
class LevelArea:
    """The area of a core level, or of one line of it.

    Attributes
    ----------
    name : str
        ``"S 2p"`` for the whole level, ``"In 3d5/2"`` for one line.
    value : float
        In the unit of all areas it stands with.
    binding_ev, kinetic_ev : float
        Where the line is.
    region : str
    transmission : float or None
        The analyser's, at the line; None where the file records none.
    window : tuple of float, or None
        Where it was integrated; None for a fitted area.
    """

    name: str
    value: float
    binding_ev: float
    kinetic_ev: float
    region: str = ""
    transmission: float | None = None
    window: tuple[float, float] | None = None

    @property
    def element(self) -> str:
        """The element."""
        return self.name.split()[0]


@dataclass(frozen=True, eq=False)
class LevelAreas:
    """Areas measured together.

    Attributes
    ----------
    areas : tuple of LevelArea, length N
    covariance : ndarray, shape (N, N)
        Of the counts, and of the priors of a fit.
    background : ndarray, shape (N,), or None
        Standard error from where the windows end; None for fitted areas.
    unit : str
    sample : str
    coordinates : mapping of str to (value, unit)
    """

    areas: tuple[LevelArea, ...]
    covariance: Array
    background: Array | None = None
    unit: str = ""
    sample: str = ""
    coordinates: Mapping[str, tuple[float, str]] = ()  # type: ignore[assignment]

    def __post_init__(self) -> None:
        object.__setattr__(self, "coordinates", dict(self.coordinates))

    def __len__(self) -> int:
        return len(self.areas)

    @property
    def values(self) -> Array:
        """The areas (N,)."""
        return np.array([area.value for area in self.areas])


# ---------------------------------------------------------------------------------
# Of a fit


def level_members(region: Region) -> dict[str, list[Component]]:
    """Return the enabled components of each level, or line, of a region.

    A level of which only one line was fitted stands under the name of that line.
    """
    lines: dict[str, dict[str, list[Component]]] = {}
    for component in region.components:
        if component.enabled and component.line:
            level = core_level(component.line)
            line = level.line or level.level
            lines.setdefault(level.name, {}).setdefault(line, []).append(component)
    found = {}
    for name, members in lines.items():
        level = core_level(name)
        alone = level.is_doublet and len(members) == 1 and next(iter(members)) in level.lines
        key = f"{level.element} {next(iter(members))}" if alone else name
        found[key] = [component for group in members.values() for component in group]
    return found


def areas_of_fit(result: FitResult) -> LevelAreas:
    """Return the area of every core level of a fit, with their covariance; see `fitted_areas`."""
    return fitted_areas(result, {fit.name: fit.spectrum for fit in result.regions})


def fitted_areas(result: Estimates, spectra: Mapping[str, Spectrum]) -> LevelAreas:
    """Return the area of every core level of a fit, with their covariance.

    Parameters
    ----------
    result : Estimates
        Numbers of a fit.
    spectra : mapping of str to Spectrum
        Of each region, as it was fitted.

    Raises
    ------
    FitError
        If no component of it says its core level, or areas have no error.
    """
    areas: list[LevelArea] = []
    rows: list[Array] = []
    unit = ""
    for place, measured in spectra.items():
        region = result.model.region(place)
        spectrum = on_binding_energy(measured)
        for name, members in level_members(region).items():
            found = [c.id for c in members if f"{place}/{c.id}/area" in result.problem.places]
            if not found:
                continue  # shapes without a finite area
            paths = [f"{place}/{own}/area" for own in found]
            rows.append(np.sum([result.combination(path) for path in paths], axis=0))
            values = [result.value(path) for path in paths]
            centres = [result.value(f"{place}/{own}/center") for own in found]
            weights = np.abs(values) if any(values) else np.ones(len(values))
            centre = float(np.average(centres, weights=weights))
            areas.append(_placed(name, float(sum(values)), centre, spectrum, place))
            unit = result.unit(paths[0])
    if not areas:
        raise FitError(
            "no component of this fit says its core level, so there is nothing to quantify.",
            hint='Give components a `line`, such as "S 2p".',
        )
    matrix = np.array(rows)
    return LevelAreas(tuple(areas), matrix @ result.covariance @ matrix.T, None, unit)


def _placed(name: str, value: float, binding: float, spectrum: Spectrum, region: str) -> LevelArea:
    photon = spectrum.meta.excitation_energy_ev
    if photon is None:
        raise DataError(
            "the photon energy is not recorded, so the kinetic energy of the lines is not known.",
            hint="Give it, e.g. --photon-energy 1486.6.",
            where=spectrum.label,
        )
    transmission = None
    if spectrum.transmission is not None:
        transmission = float(np.interp(binding, spectrum.x, spectrum.transmission))
    return LevelArea(name, value, binding, photon - binding, region, transmission)


# ---------------------------------------------------------------------------------
# Of windows


def line_window(name: str, spectra: Sequence[Spectrum]) -> tuple[float, float]:
    """Return the window of a level, or of one line of it, that serves several spectra.

    It is found on their sum: two widths (3 to 5 eV) to either side of the line. That of one
    line of a doublet ends at the valley before the other, if the other is in the data.

    Raises
    ------
    DataError
        If the data end too near to the line.
    """
    level = core_level(name)
    x, y = _sum_of(spectra)
    top = _top(x, y, level.nominal_ev)
    width = _width_at_half(x, y, top)
    reach = float(np.clip(_REACH_WIDTHS * width, _LEAST_REACH_EV, _MOST_REACH_EV))
    low, high = x[top] - reach, x[top] + reach
    splitting = level.splitting_ev or 0.0
    if level.is_doublet and level.line is None:
        high += splitting
    elif level.is_doublet and x[top] + splitting < x[-1] and splitting > 1.0:
        between = (x > x[top] + 0.3 * splitting) & (x < x[top] + 0.9 * splitting)
        if between.any():
            high = min(high, float(x[between][np.argmin(y[between])]))
    margin = (_end_points(x) // 2) * float(np.median(np.diff(x)))
    low, high = max(low, x[0] + margin), min(high, x[-1] - margin)
    if not low + width < x[top] < high - width:
        raise DataError(
            f"the data from {x[0]:g} to {x[-1]:g} eV end too near to {name} at {x[top]:g} eV for"
            " a background on both sides.",
            hint="Fit the level instead.",
            where=spectra[0].label,
        )
    return float(low), float(high)


def _sum_of(spectra: Sequence[Spectrum]) -> tuple[Array, Array]:
    first = spectra[0]
    y = np.zeros(len(first))
    for spectrum in spectra:
        y = y + np.interp(first.x, spectrum.x, spectrum.y)
    return first.x, y


def _above_line(x: Array, y: Array) -> Array:
    """Return the curve, slightly smoothed, above a straight line between its ends."""
    smooth = np.convolve(np.pad(y, 1, mode="edge"), np.ones(3) / 3.0, mode="valid")
    k = max(2, min(5, x.size // 10))
    ends = np.interp(x, [x[:k].mean(), x[-k:].mean()], [smooth[:k].mean(), smooth[-k:].mean()])
    return np.asarray(smooth - ends)


def _top(x: Array, y: Array, nominal: float) -> int:
    """Return the place of the highest point within 12 eV of where a line usually is."""
    height = _above_line(x, y)
    near = np.abs(x - nominal) <= 12.0
    if not near.any():
        return int(np.argmax(height))
    return int(np.argmax(np.where(near, height, -np.inf)))


def _width_at_half(x: Array, y: Array, top: int) -> float:
    height = _above_line(x, y)
    under = height < 0.5 * height[top]
    left = top - int(np.argmax(under[top::-1])) if under[: top + 1].any() else 0
    right = top + int(np.argmax(under[top:])) if under[top:].any() else x.size - 1
    return float(x[right] - x[left])


def areas_of_windows(
    spectra: Mapping[str, Spectrum], windows: Mapping[str, tuple[float, float]]
) -> LevelAreas:
    """Return the areas above a Shirley background in windows.

    Parameters
    ----------
    spectra : mapping of str to Spectrum
        By level or line, as `windows`.
    windows : mapping of str to (low, high)
        eV, binding energy.
    """
    areas, variances, jitters, unit = [], [], [], ""
    for name, window in windows.items():
        spectrum = on_binding_energy(spectra[name])
        value, variance, centre = window_area(spectrum, window)
        value = max(value, 0.0)
        area = replace(_placed(name, value, centre, spectrum, spectrum.meta.region), window=window)
        areas.append(area)
        variances.append(variance)
        jitters.append(_jitter(spectrum, window, value))
        unit = f"{spectrum.y_unit.replace('counts/s', 'counts')} eV" + (
            "/s" if spectrum.y_unit == "counts/s" else ""
        )
    return LevelAreas(tuple(areas), np.diag(variances), np.array(jitters), unit)


def window_area(spectrum: Spectrum, window: tuple[float, float]) -> tuple[float, float, float]:
    """Return area, variance of the counts, and centroid (eV) of what is above the background.

    The background is Shirley's, iterated, between the means of 2 eV about each end;
    a straight line where it does not rise to higher binding energy, for there is no step then.
    Its shape counts as known, its two ends as measured, and the channels as counted.
    """
    x, y, variance = _in_window(spectrum, window)
    ends = _end_points(x)
    low, high = float(y[:ends].mean()), float(y[-ends:].mean())
    inner = slice(ends // 2, x.size - ends // 2)
    axis, data = x[inner], y[inner]
    doubt = sqrt(variance[:ends].sum() + variance[-ends:].sum()) / ends
    curve = _background(axis, data, low, high, doubt)
    weights = _trapezoid(axis)
    signal = data - curve
    area = float(weights @ signal)
    step = high - low
    share = (curve - low) / step if abs(step) > 0 else np.linspace(0.0, 1.0, axis.size)
    of_high, of_low = -float(weights @ share), -float(weights @ (1.0 - share))
    slopes = np.zeros(x.size)
    slopes[inner] += weights
    slopes[:ends] += of_low / ends
    slopes[-ends:] += of_high / ends
    centre = float(axis[np.argmax(signal)])
    return area, float(slopes**2 @ variance), centre


def _background(x: Array, y: Array, low: float, high: float, doubt: float) -> Array:
    """Return the background between two levels (N,); `doubt` is the error of their difference."""
    if high - low > _CLEAR_STEP * doubt:
        try:
            return proctor_sherwood(x, y, low, high, tolerance=1e-6, max_iterations=60).curve
        except FitError:  # next to no signal on the step
            pass
    return np.asarray(np.interp(x, [x[0], x[-1]], [low, high]))


def _end_points(x: Array) -> int:
    """Return how many channels about each end are averaged: an odd number, about 2 eV."""
    channels = round(_END_EV / float(np.median(np.diff(x))))
    return max(channels + (channels + 1) % 2, _FEWEST_ENDS)


def _in_window(spectrum: Spectrum, window: tuple[float, float]) -> tuple[Array, Array, Array]:
    x = spectrum.x
    inside = np.flatnonzero((x >= window[0] - 1e-9) & (x <= window[1] + 1e-9))
    margin = _end_points(x) // 2
    if inside.size < 4 * margin or inside[0] < margin or inside[-1] + margin >= x.size:
        raise DataError(
            f"the window {window[0]:g} to {window[1]:g} eV is not inside the data, which run from"
            f" {x[0]:g} to {x[-1]:g} eV.",
            hint="Choose a narrower window.",
            where=spectrum.label,
        )
    chosen = slice(inside[0] - margin, inside[-1] + margin + 1)
    return x[chosen], spectrum.y[chosen], _variance(spectrum)[chosen]


def _variance(spectrum: Spectrum) -> Array:
    """Return the variance of the intensity: of counted electrons, as given, or from its scatter."""
    if spectrum.sigma is not None:
        return np.asarray(spectrum.sigma**2)
    if spectrum.counts is not None:
        time = spectrum.meta.acquisition_time_s or 1.0
        per_count = 1.0 / time if spectrum.y_unit == "counts/s" else 1.0
        return np.asarray(np.maximum(spectrum.counts, 1.0) * per_count**2)
    rough = np.diff(spectrum.y, 4)  # of white noise: 70 times the variance
    return np.full(len(spectrum), float(np.median(rough**2)) / (0.4549 * 70.0))


def _trapezoid(x: Array) -> Array:
    widths = np.zeros(x.size)
    widths[:-1] += 0.5 * np.diff(x)
    widths[1:] += 0.5 * np.diff(x)
    return widths


def _jitter(spectrum: Spectrum, window: tuple[float, float], value: float) -> float:
    """Return how much the area moves with ends 0.5 eV further in or out (root mean square)."""
    moved = []
    for low, high in ((-1, 0), (1, 0), (0, -1), (0, 1)):
        other = (window[0] + low * _JITTER_EV, window[1] + high * _JITTER_EV)
        try:
            moved.append(window_area(spectrum, other)[0] - value)
        except DataError:  # the data end there
            continue
    return float(np.sqrt(np.mean(np.square(moved)))) if moved else 0.0


def spectra_by_level(
    spectra: Iterable[Spectrum], names: Sequence[str]
) -> dict[str, list[Spectrum]]:
    """Return the spectra that show each of some levels or lines, on binding energy axes."""
    known = [on_binding_energy(s) for s in spectra]
    found = {}
    for name in names:
        level = core_level(name).name
        own = [s for s in known if level_of(s) == level]
        if own:
            found[name] = own
    return found
