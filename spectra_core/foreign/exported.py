"""Another program's fit, taken over from the curves it exported.

An export holds each component (with the background under it), the background and the
envelope as columns of numbers. The background is taken as it stands, and the line shape
of each component is the one that draws its curve again, unless the heading names it.
Links are in no export, so what had to be assumed is said in notes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from difflib import SequenceMatcher
from itertools import pairwise
from typing import Any

import numpy as np

from ..core_levels import CoreLevel, core_level, level_in, level_of
from ..curves.backgrounds import GIVEN
from ..errors import ModelError
from ..model import Background, Component, Doublet, Model, Parameter, Region
from ..spectrum import Array, Spectrum
from .casaxps_shapes import from_casaxps
from .presence import component_columns, export_of, has_exported_fit
from .shape_of_curve import Identified, Shape, identified_shape, last_digit

ASSUMED_SHAPE = "LA(1.53,243)"
_SAME_WIDTH = 0.03
_SAME_RATIO = 0.03
_SPLITTING_TOLERANCE = 0.08


@dataclass(frozen=True, eq=False)
class ExportedComponent:
    """One exported component, measured on its curve without background.

    Attributes
    ----------
    name : str
    position, fwhm, height, area : float
        Of the maximum, by parabola; at half height, by interpolation; the trapezoid
        integral over the exported points.
    lineshape : str
        As the heading names it; empty if it does not.
    stored : mapping of str to float
        ``width``, ``position`` and ``area`` as the heading gives them, rounded; empty
        if it does not. For an asymmetric shape they are not what a ruler finds.
    drawn : Identified or None
        The line shape that draws the curve again, where the heading names none; None if
        no known one does.
    """

    name: str
    position: float
    fwhm: float
    height: float
    area: float
    lineshape: str = ""
    stored: Mapping[str, float] = field(default_factory=dict)
    drawn: Identified | None = None


@dataclass(frozen=True)
class ExportedFit:
    """A model made from exported curves, and what had to be assumed for it."""

    model: Model
    notes: tuple[str, ...]


def exported_envelope(spectrum: Spectrum, x: Array) -> Array | None:
    """Return the exported sum of background and components at some of a spectrum's points.

    None where no such curve came with the spectrum, or it has no value at one of them.
    """
    curve = spectrum.columns.get(str(export_of(spectrum).get("envelope")))
    places = np.searchsorted(spectrum.x, x)
    if curve is None or places[-1] >= spectrum.x.size or not np.all(spectrum.x[places] == x):
        return None
    return np.asarray(curve[places])


def exported_components(spectrum: Spectrum) -> tuple[ExportedComponent, ...]:
    """Return every exported component, measured; in the order of the columns."""
    background = spectrum.columns[_background_column(spectrum)]
    heading = {c["column"]: c for c in export_of(spectrum)["components"]}
    windows = exported_windows(spectrum)
    names = list(component_columns(spectrum))
    curves = {name: spectrum.columns[name] - background for name in names}
    by_height = sorted(names, key=lambda name: -float(np.max(curves[name])))
    measured: dict[str, ExportedComponent] = {}
    known: list[Shape] = []
    for name in by_height:
        one = _measured(name, spectrum.x, curves[name], heading.get(name, {}))
        if not one.lineshape and (found := _drawn(spectrum, one, curves[name], windows, known)):
            one = replace(one, drawn=found)
            known += [found.shape] if found.shape not in known else []
        measured[name] = one
    return tuple(measured[name] for name in names)


def _drawn(
    spectrum: Spectrum,
    one: ExportedComponent,
    curve: Array,
    windows: tuple[tuple[float, float], ...],
    known: list[Shape],
) -> Identified | None:
    """Return the line shape that draws a component's curve again."""
    window = next((w for w in windows if w[0] <= one.position <= w[1]), None)
    if window is None or one.height <= 0.0 or one.fwhm <= 0.0:
        return None
    inside = (spectrum.x >= window[0]) & (spectrum.x <= window[1])
    return identified_shape(
        spectrum.x[inside],
        curve[inside],
        center=one.position,
        fwhm=one.fwhm,
        rounding=last_digit(spectrum.columns[one.name]),
        known=known,
    )


def exported_model(spectrum: Spectrum, *, shape: str = "") -> ExportedFit:
    """Return a model that starts from the exported curves.

    Parameters
    ----------
    spectrum : Spectrum
        With exported columns (see `has_exported_fit`), on a binding energy axis.
    shape : str
        CasaXPS name of the line shape for components whose heading gives none;
        empty takes ``LA(1.53,243)`` and says so.

    Returns
    -------
    fit : ExportedFit
        Two components with one width, the level's area ratio and about its splitting
        become a doublet, tied by the measured splitting.

    Raises
    ------
    ModelError
        If there is no exported fit in the spectrum.
    """
    if not has_exported_fit(spectrum):
        raise ModelError(
            "no exported components and background come with this spectrum.",
            hint="Export them from the other program, or use a recipe.",
            where=spectrum.label,
        )
    components = exported_components(spectrum)
    notes = [_shape_note(components, shape or ASSUMED_SHAPE)]
    windows = exported_windows(spectrum)
    regions = []
    for number, window in enumerate(windows):
        inside = tuple(c for c in components if window[0] <= c.position <= window[1])
        name = _region_name(spectrum, number, len(windows))
        background = Background(GIVEN, "static", {"column": _background_column(spectrum)})
        notes.append(f"{name}: the exported background is taken as it stands.")
        region = Region(name, window, background, match=spectrum.meta.region)
        regions.append(_with_components(region, spectrum, inside, shape or ASSUMED_SHAPE))
    return ExportedFit(Model(tuple(regions)), tuple(note for note in notes if note))


def _shape_note(components: tuple[ExportedComponent, ...], assumed: str) -> str:
    """Return where the line shapes come from; empty if the heading names all of them."""
    unnamed = [c for c in components if not c.lineshape]
    drawn = [c.drawn for c in unnamed if c.drawn is not None]
    rest = [c.name for c in unnamed if c.drawn is None]
    words = []
    if drawn:
        texts = dict.fromkeys(one.shape.text for one in drawn)
        worst = max(one.deviation for one in drawn)
        words.append(
            f"the export does not name its line shapes; its curves are {' and '.join(texts)},"
            f" which draw them again to {worst:.1g} of their heights."
        )
    if rest:
        words.append(f"no known line shape draws {', '.join(rest)}; {assumed} is assumed.")
    return " ".join(words)


def exported_windows(spectrum: Spectrum) -> tuple[tuple[float, float], ...]:
    """Return the windows in which the other program fitted.

    Outside them an export repeats the data in every column, or has zeros in all, so a
    window is a run of points where the background is neither.
    """
    background = spectrum.columns[_background_column(spectrum)]
    curves = np.array([spectrum.columns[name] for name in component_columns(spectrum)])
    drawn = (background != 0.0) | np.any(curves != 0.0, axis=0)
    inside = drawn & (np.abs(background - spectrum.y) > 2e-6 * np.abs(spectrum.y))
    edges = np.flatnonzero(np.diff(np.concatenate([[False], inside, [False]]).astype(int)))
    runs = _joined([(int(a), int(b)) for a, b in edges.reshape(-1, 2)])
    return tuple((float(spectrum.x[start]), float(spectrum.x[stop - 1])) for start, stop in runs)


def _joined(runs: list[tuple[int, int]], gap: int = 3, shortest: int = 8) -> list[tuple[int, int]]:
    """Return runs with short gaps closed: a background may touch the data inside."""
    joined: list[tuple[int, int]] = []
    for start, stop in runs:
        if joined and start - joined[-1][1] <= gap:
            joined[-1] = (joined[-1][0], stop)
        else:
            joined.append((start, stop))
    return [run for run in joined if run[1] - run[0] >= shortest]


def _background_column(spectrum: Spectrum) -> str:
    return str(export_of(spectrum)["background"])


def _region_name(spectrum: Spectrum, number: int, total: int) -> str:
    name = (spectrum.meta.region or "spectrum").replace("/", " ")
    return name if total == 1 else f"{name} ({number + 1})"


def _measured(name: str, x: Array, curve: Array, heading: Mapping[str, Any]) -> ExportedComponent:
    top = int(np.argmax(curve))
    position, height = _vertex(x, curve, top)
    left = _crossing(x[: top + 1][::-1], curve[: top + 1][::-1], height / 2)
    right = _crossing(x[top:], curve[top:], height / 2)
    area = float(np.trapezoid(curve, x))
    shape = heading.get("lineshape", "")
    stored = {ours: heading[theirs] for ours, theirs in _STORED.items()} if shape else {}
    return ExportedComponent(name, position, right - left, height, area, shape, stored)


_STORED = {"width": "fwhm_ev", "position": "position_ev", "area": "area"}


def _vertex(x: Array, curve: Array, top: int) -> tuple[float, float]:
    """Return the vertex of the parabola through the highest point and its neighbours."""
    if 0 < top < x.size - 1:
        a, b, c = np.polyfit(x[top - 1 : top + 2] - x[top], curve[top - 1 : top + 2], 2)
        if a < 0:
            return float(x[top] - b / (2 * a)), float(c - b * b / (4 * a))
    return float(x[top]), float(curve[top])


def _crossing(x: Array, curve: Array, level: float) -> float:
    """Return where a falling curve first crosses `level`; its end if it never does."""
    below = np.flatnonzero(curve < level)
    if not below.size or below[0] == 0:
        return float(x[-1])
    i = int(below[0])
    part = (curve[i - 1] - level) / (curve[i - 1] - curve[i])
    return float(x[i - 1] + part * (x[i] - x[i - 1]))


def _with_components(
    region: Region, spectrum: Spectrum, measured: tuple[ExportedComponent, ...], shape: str
) -> Region:
    level = _level(spectrum)
    components = [_component(c, c.lineshape or shape, level) for c in measured]
    doublets: list[Doublet] = []
    taken: set[str] = set()
    for (major, a), (minor, b) in pairwise(zip(components, measured, strict=True)):
        if level is None or major.id in taken or not _is_doublet(level, a, b):
            continue
        taken |= {major.id, minor.id}
        splitting = round(_center(b) - _center(a), 3)
        doublets.append(
            Doublet(
                f"{a.name} + {b.name}",
                level.name,
                major.id,
                minor.id,
                splitting,
                level.area_ratio,
                "measured on the exported curves",
            )
        )
    return replace(region, components=tuple(components), doublets=tuple(doublets))


def _center(measured: ExportedComponent) -> float:
    """Return where the centre lies: of the shape that draws the curve, or by the ruler."""
    return measured.position if measured.drawn is None else measured.drawn.center


def _component(measured: ExportedComponent, shape: str, level: CoreLevel | None) -> Component:
    """Return a component with the shape as named, or as drawn; its numbers are the start."""
    found = measured.drawn
    if found is not None and not measured.lineshape:
        name = found.shape.name
        parameters = {"area": found.area, "center": found.center, "fwhm": found.fwhm}
        parameters |= found.shape.parameters
    else:
        start = {"width": measured.fwhm, "position": measured.position, "area": measured.area}
        name, parameters = from_casaxps(shape, **(start | dict(measured.stored)))
    fields = {key: Parameter(value, free=key in _FITTED) for key, value in parameters.items()}
    line = "" if level is None or level.is_doublet else level.name
    return Component(measured.name, name, fields, line=line)


_FITTED = ("area", "height", "center", "fwhm")


def _level(spectrum: Spectrum) -> CoreLevel | None:
    """Return the core level that the names of the spectrum or of its components say."""
    name = level_of(spectrum) or next(filter(None, map(level_in, spectrum.columns)), "")
    return core_level(name) if name else None


def _is_doublet(level: CoreLevel, major: ExportedComponent, minor: ExportedComponent) -> bool:
    if not level.is_doublet or level.splitting_ev is None:
        return False
    return (
        abs(minor.fwhm / major.fwhm - 1.0) < _SAME_WIDTH
        and abs(minor.area / major.area / level.area_ratio - 1.0) < _SAME_RATIO
        and abs(minor.position - major.position - level.splitting_ev) < _SPLITTING_TOLERANCE
        and SequenceMatcher(None, major.name, minor.name).ratio() > 0.5
    )
