"""The handles of a drawn fit, and the model that follows when one of them is dragged.

A handle is a point of a component, of the window or of the background. `handles` says where
they lie, `pull` what the model is when one of them was moved, and `Follower` draws that model or
fits everything that was not taken hold of. A value that is linked moves what it is linked to,
so that a doublet stays a doublet.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from math import isfinite

import numpy as np

from ..curves.lineshapes import lineshape
from ..fitting import FitOptions, FitResult, LiveFit, RegionFit, evaluate, fit
from ..model import (
    BACKGROUND,
    REGION,
    Model,
    Region,
    canonical_path,
    get_parameter,
    replace_region,
    resolve_component,
    set_parameter,
)
from ..spectrum import Array, Spectrum

TOP, HALF_LOW, HALF_HIGH = "top", "half_low", "half_high"
WINDOW_LOW, WINDOW_HIGH = "window_low", "window_high"
BACKGROUND_LOW, BACKGROUND_HIGH = "background_low", "background_high"
SHIFT = "shift"

_FEWEST_POINTS = 5
_WIDTHS = ("fwhm", "fwhm_gauss", "fwhm_lorentz")
_SIZES = ("area", "height")


@dataclass(frozen=True)
class Handle:
    """A point of a drawn fit that can be dragged.

    Attributes
    ----------
    kind : str
        ``"top"``, ``"half_low"``, ``"half_high"``, ``"window_low"``, ``"window_high"``,
        ``"background_low"``, ``"background_high"`` or ``"shift"``; low and high are energies.
    owner : str
        Component id; empty for the window, the background and the charge shift.
    """

    kind: str
    owner: str = ""


@dataclass(frozen=True, eq=False)
class Pulled:
    """The model after a handle was moved.

    Attributes
    ----------
    model : Model
    held : tuple of str
        Paths of the values that the mouse sets during the drag.
    note : str
        What else moved with it, or why it did not follow; may be empty.
    """

    model: Model
    held: tuple[str, ...] = ()
    note: str = ""


# ---------------------------------------------------------------------------------
# Where the handles are


def handles(
    result: FitResult, region_name: str, owner: str = ""
) -> dict[Handle, tuple[float, float]]:
    """Return every handle and its place.

    Parameters
    ----------
    result : FitResult
        A fit, or a model that was drawn (`spectra_core.fitting.evaluate`).
    region_name : str
    owner : str
        Component or doublet whose top and half-height points are wanted as well; the other
        components have their top only.

    Returns
    -------
    places : dict of Handle to (x, y)
        On the axis of the fit and in the unit of the spectrum.
    """
    shown = result.region(region_name)
    region = result.model.region(region_name)
    places: dict[Handle, tuple[float, float]] = {}
    for kind, at in ((BACKGROUND_LOW, 0), (BACKGROUND_HIGH, -1)):
        places[Handle(kind)] = float(shown.x[at]), float(shown.background[at])
    for kind, edge in zip((WINDOW_LOW, WINDOW_HIGH), region.window, strict=True):
        places[Handle(kind)] = edge, float(np.interp(edge, shown.x, shown.background))
    chosen = resolve_component(region, owner) if owner else ""
    for component in region.components:
        if component.enabled and component.id in shown.peaks:
            places |= _peak_handles(result, shown, component.id, halves=component.id == chosen)
    return places


def _peak_handles(
    result: FitResult, shown: RegionFit, component: str, *, halves: bool
) -> dict[Handle, tuple[float, float]]:
    summary = result.summary(shown.name, component)
    if not (isfinite(summary.maximum_at) and isfinite(summary.height)):
        return {}
    base = float(np.interp(summary.maximum_at, shown.x, shown.background))
    places = {Handle(TOP, component): (summary.maximum_at, base + summary.height)}
    if not halves or not isfinite(summary.fwhm):
        return places
    for kind, x in zip(
        (HALF_LOW, HALF_HIGH),
        _half_points(shown, component, summary.maximum_at, summary.fwhm),
        strict=True,
    ):
        base = float(np.interp(x, shown.x, shown.background))
        places[Handle(kind, component)] = x, base + summary.height / 2
    return places


def _half_points(shown: RegionFit, component: str, top: float, fwhm: float) -> tuple[float, float]:
    """Return where the curve has half its height; by the width where that is not in sight."""
    curve = shown.peaks[component]
    half = float(np.interp(top, shown.x, curve)) / 2
    above = np.flatnonzero(curve >= half)
    if half <= 0 or above.size < 2:
        return top - fwhm / 2, top + fwhm / 2
    first, last = above[0], above[-1]
    low, high = top - fwhm / 2, top + fwhm / 2
    if first > 0:
        low = _crossing(shown.x, curve, first - 1, half)
        high = low + fwhm
    if last < curve.size - 1:
        high = _crossing(shown.x, curve, last, half)
        low = low if first > 0 else high - fwhm
    return low, high


def _crossing(x: Array, y: Array, i: int, level: float) -> float:
    return float(x[i] + (x[i + 1] - x[i]) * (level - y[i]) / (y[i + 1] - y[i]))


# ---------------------------------------------------------------------------------
# What a pull does


def pull(result: FitResult, region_name: str, handle: Handle, x: float, y: float) -> Pulled:
    """Return the model with a handle moved to a place.

    Parameters
    ----------
    result : FitResult
        As it was when the handle was taken hold of; the same for the whole drag.
    region_name : str
    handle : Handle
    x, y : float
        Where the mouse is: on the axis of the fit, and in the unit of the spectrum with the
        background included. For the charge shift `x` is the shift itself.

    Returns
    -------
    pulled : Pulled
        Values stay within their bounds; `note` names what was in the way.
    """
    if handle.kind == TOP:
        return _pull_top(result, region_name, handle.owner, x, y)
    if handle.kind in (HALF_LOW, HALF_HIGH):
        return _pull_half(result, region_name, handle, x)
    if handle.kind in (WINDOW_LOW, WINDOW_HIGH):
        return _pull_window(result, region_name, handle.kind == WINDOW_LOW, x)
    if handle.kind == SHIFT:
        return _put(result, Pulled(result.model), f"{region_name}/{REGION}/shift", x)
    return _pull_background(result, region_name, handle.kind == BACKGROUND_LOW, y)


def _pull_top(result: FitResult, name: str, component: str, x: float, y: float) -> Pulled:
    shown = result.region(name)
    summary = result.summary(name, component)
    base = float(np.interp(x, shown.x, shown.background))
    moved = _move(result, name, component, x - summary.maximum_at)
    if not summary.height > 0:
        return moved
    return _scale(result, moved, name, component, _SIZES, max(y - base, 0.0) / summary.height)


def _move(result: FitResult, name: str, component: str, by: float) -> Pulled:
    """Return the model with a component moved along the axis.

    A centre that is fixed while the charge shift is fitted stays: the shift moves, and all
    regions with it. Otherwise the shift is held too, or a fit would take the move back.
    """
    center, shift = f"{name}/{component}/center", f"{name}/{REGION}/shift"
    shift_root, center_root = _root(result, shift), _root(result, center)
    shift_free = get_parameter(result.model, shift_root).free
    if shift_free and not get_parameter(result.model, center_root).free:
        moved = _put(result, Pulled(result.model), shift, result.value(shift) + by)
        return replace(moved, note="The centre is fixed: the charge shift moves instead.")
    moved = _put(result, Pulled(result.model), center, result.value(center) + by)
    return replace(moved, held=(*moved.held, shift_root)) if shift_free else moved


def _root(result: FitResult, path: str) -> str:
    """Return the parameter that a linked one follows, or itself."""
    path = canonical_path(result.model, path)
    seen = set()
    while (link := result.problem.links.get(path)) is not None and path not in seen:
        seen.add(path)
        if len(link.terms) != 1:
            break
        path = canonical_path(result.model, link.terms[0].source)
    return path


def _pull_half(result: FitResult, name: str, handle: Handle, x: float) -> Pulled:
    summary = result.summary(name, handle.owner)
    start = handles(result, name, handle.owner)[handle][0]
    # A mouse on the low side cannot cross the top: the width would turn negative.
    side = -1.0 if handle.kind == HALF_LOW else 1.0
    least = 0.02 * summary.fwhm
    times = max(side * (x - summary.maximum_at), least) / max(
        side * (start - summary.maximum_at), least
    )
    wider = _scale(result, Pulled(result.model), name, handle.owner, _WIDTHS, times)
    # The height stays where it is, so the area goes with the width.
    return _scale(result, wider, name, handle.owner, ("area",), times)


def _scale(
    result: FitResult,
    so_far: Pulled,
    name: str,
    component: str,
    which: tuple[str, ...],
    times: float,
) -> Pulled:
    shape = lineshape(result.model.region(name).component(component).lineshape)
    for spec in shape.parameters:
        if spec.name in which:
            path = f"{name}/{component}/{spec.name}"
            so_far = _put(result, so_far, path, result.value(path) * times)
    return so_far


def _put(result: FitResult, so_far: Pulled, path: str, value: float) -> Pulled:
    """Give a value to a parameter, or to the one it is linked to."""
    path = canonical_path(result.model, path)
    note = so_far.note
    seen = set()
    while (link := result.problem.links.get(path)) is not None and path not in seen:
        seen.add(path)
        if len(link.terms) != 1 or link.terms[0].times == 0:
            return replace(so_far, note=f"{path} follows from {link.formula}, so it stays.")
        term = link.terms[0]
        value = (value - link.offset) / term.times
        path = canonical_path(result.model, term.source)
        note = f"{path.split('/', 1)[1]} moves with it."
    parameter = get_parameter(result.model, path)
    inside = min(max(value, parameter.min), parameter.max)
    if inside != value:
        which = "lower" if inside > value else "upper"
        note = f"{path.split('/', 1)[1]} is at its {which} bound, {inside:g}."
    model = set_parameter(so_far.model, path, value=inside)
    return Pulled(model, (*so_far.held, path), note)


def _pull_window(result: FitResult, name: str, low: bool, x: float) -> Pulled:
    region = result.model.region(name)
    axis = result.region(name).spectrum.x
    x = float(min(max(x, axis[0]), axis[-1]))
    other = region.window[1] if low else region.window[0]
    inside = (axis >= min(x, other)) & (axis <= max(x, other))
    if np.count_nonzero(inside) < _FEWEST_POINTS or (x < other) != low:
        note = f"A window needs at least {_FEWEST_POINTS} points."
        return Pulled(result.model, note=note)
    window = (x, other) if low else (other, x)
    return Pulled(replace_region(result.model, replace(region, window=window)))


# ---------------------------------------------------------------------------------
# The ends of the background


def _pull_background(result: FitResult, name: str, low: bool, y: float) -> Pulled:
    region, shown = result.model.region(name), result.region(name)
    at = 0 if low else -1
    change = y - float(shown.background[at])
    background = region.background
    if background.mode == "static":
        return _pull_static(result.model, region, low, float(shown.background[at]), change)
    names = [spec.name for spec in background.specs]
    if not names:
        return Pulled(result.model, note="This background has no end to move.")
    wanted = np.array([change, 0.0]) if low else np.array([0.0, change])
    step = _least_change(result, name, names, wanted)
    moved = Pulled(result.model)
    for parameter, delta in zip(names, step, strict=True):
        path = f"{name}/{BACKGROUND}/{parameter}"
        moved = _put(result, moved, path, result.value(path) + float(delta))
    return moved


def _pull_static(model: Model, region: Region, low: bool, end: float, change: float) -> Pulled:
    option = "low_offset" if low else "high_offset"
    options = dict(region.background.options)
    if option not in options or end == 0:
        return Pulled(model, note="This background has no end to move.")
    # Offsets are per cent of the data's mean at the end, counted downwards as in CasaXPS.
    mean = end / (1.0 - float(options[option]) / 100.0)
    options[option] = float(options[option]) - 100.0 * change / mean
    background = replace(region.background, options=options)
    return Pulled(replace_region(model, replace(region, background=background)))


def _least_change(result: FitResult, name: str, names: list[str], wanted: Array) -> Array:
    """Return the smallest change of the background's parameters that moves its two ends so.

    Every background of the table is linear, or nearly, in its own parameters, so the
    derivative of the ends is measured by drawing it with each of them changed a little.
    """
    shown = result.region(name)
    spectra = {region.name: region.spectrum for region in result.regions}
    ends = shown.background[[0, -1]]
    scale = max(float(np.ptp(shown.y)), 1e-12)
    slopes, units = [], []
    for parameter in names:
        path = f"{name}/{BACKGROUND}/{parameter}"
        value = result.value(path)
        step = 1e-4 * max(abs(value), scale if parameter == "level" else 1e-3)
        other = evaluate(spectra, set_parameter(result.model, path, value=value + step))
        slope = (other.region(name).background[[0, -1]] - ends) / step
        size = float(np.abs(slope).max())
        units.append(1.0 / size if size > 0 else 0.0)
        slopes.append(slope * units[-1])
    change = np.linalg.lstsq(np.array(slopes).T, wanted, rcond=1e-9)[0]
    return np.asarray(change * np.array(units))


# ---------------------------------------------------------------------------------
# Drawing or fitting what follows


class Follower:
    """Draws the model of a drag, everything else fitted again if wanted.

    Parameters
    ----------
    spectra : mapping of str to Spectrum
        By region name; the same for the whole drag.
    refit : bool
        Fit all that the drag does not set; False draws the model as it is.
    options : FitOptions or None
        Of the fit; one start is made, from the values shown.
    """

    def __init__(
        self,
        spectra: Mapping[str, Spectrum],
        *,
        refit: bool,
        options: FitOptions | None = None,
    ) -> None:
        self._spectra, self._refit = spectra, refit
        self._options = replace(options or FitOptions(), starts=1)
        self._live: dict[tuple[str, ...], LiveFit] = {}

    def follow(self, pulled: Pulled, *, quick: bool = True) -> FitResult:
        """Return the curves of the dragged model.

        Its model has the free and fixed parameters and the bounds of the one that was pulled.

        Parameters
        ----------
        pulled : Pulled
        quick : bool
            In the middle of a drag: stop the fit at a step that no eye sees.
        """
        if not self._refit:
            return evaluate(self._spectra, pulled.model)
        if not pulled.held:
            return fit(self._spectra, pulled.model, options=self._options)
        held = tuple(dict.fromkeys(pulled.held))
        if held not in self._live:
            self._live[held] = LiveFit(self._spectra, pulled.model, held, options=self._options)
        values = {path: get_parameter(pulled.model, path).value for path in held}
        known = {k: v for k, v in values.items() if v is not None}
        return self._live[held].fit(known, quick=quick)


def nudge(result: FitResult, region_name: str, owner: str, by: float) -> Pulled:
    """Return the model with a component moved along the axis by `by`, in the axis unit."""
    component = resolve_component(result.model.region(region_name), owner)
    return _move(result, region_name, component, by)
