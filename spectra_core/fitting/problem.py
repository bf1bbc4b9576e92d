"""From a model and its spectra to a flat problem that a solver can work on.

Every parameter of the model gets a place in one vector ``p``. Links, fixed values
and doublets together say ``p = A q + b`` with ``q`` the free parameters: whatever
is linked is exact, its derivative is exact, and its covariance is ``A C A^T``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from math import inf, isfinite

import numpy as np

from ..curves.background_kind import BackgroundKind, StaticBackground
from ..curves.backgrounds import GIVEN
from ..curves.spec import ParameterSpec
from ..errors import FitError, ModelError
from ..model import (
    Background,
    Link,
    Model,
    Parameter,
    Region,
    canonical_path,
    members_of,
)
from ..spectrum import Array, Spectrum, points_in_window
from .frame import Frame, Part, frame_of
from .priors import PriorRows, prior_rows
from .weights import Weights

LINEAR_IN_MODEL = ("area", "height")


@dataclass(frozen=True, eq=False)
class RegionProblem(Part):
    """One region's data and the places of its parameters.

    Attributes
    ----------
    part : slice
        This region's parameters in ``p``; the places below count from its start.
    shift : int
    background : slice
    slots : tuple of Slot
        Enabled components.
    region : Region
    spectrum : Spectrum
        The whole spectrum; `inside` is the window.
    inside : slice
    x, y : ndarray, shape (N,)
    static : StaticBackground or None
    """

    region: Region
    spectrum: Spectrum
    inside: slice
    x: Array
    y: Array
    static: StaticBackground | None

    @property
    def kind(self) -> BackgroundKind:
        """The background's table row."""
        return self.region.background.kind

    @property
    def orientation(self) -> int:
        """+1 on a binding energy axis, -1 on a kinetic energy axis."""
        return self.spectrum.axis.orientation


@dataclass(frozen=True, eq=False)
class Problem:
    """A compiled model: data, parameter vector, and the link matrix.

    Attributes
    ----------
    model : Model
    regions : tuple of RegionProblem
    paths : tuple of str, length P
        Path of every parameter, in the order of ``p``.
    specs : tuple of ParameterSpec, length P
    parameters : tuple of Parameter, length P
        Start values and bounds as given.
    matrix : ndarray, shape (P, F)
    offset : ndarray, shape (P,)
        ``p = matrix @ q + offset``.
    free : ndarray of int, shape (F,)
        Place of each free parameter in ``p``.
    lower, upper : ndarray, shape (F,)
        Bounds of ``q``; those of a parameter that depends on one free parameter are
        carried over to it.
    links : mapping of str to Link
        The link of each dependent parameter, by path.
    notes : tuple of str
        What the compiler changed, in sentences (start values moved into bounds).
    priors : PriorRows
        What is known before the fit.
    """

    model: Model
    regions: tuple[RegionProblem, ...]
    paths: tuple[str, ...]
    specs: tuple[ParameterSpec, ...]
    parameters: tuple[Parameter, ...]
    matrix: Array
    offset: Array
    free: np.ndarray
    lower: Array
    upper: Array
    links: Mapping[str, Link]
    notes: tuple[str, ...]
    priors: PriorRows

    @cached_property
    def prior_matrix(self) -> Array:
        """What the priors are about as sums of the free parameters, shape (K, F)."""
        return self.priors.sums @ self.matrix

    @cached_property
    def prior_targets(self) -> Array:
        """What the priors say of those sums, shape (K,)."""
        if not self.priors.priors:
            return np.zeros(0)
        return self.priors.values - self.priors.sums @ np.nan_to_num(self.offset)

    @cached_property
    def prior_first(self) -> tuple[Array, Array]:
        """The first terms of the priors as ``rows @ q + constants``, shapes (K, F) and (K,).

        What the sum has beside its first term, taken from the value that is known, is what
        a relative standard deviation is a part of.
        """
        if not self.priors.priors:
            return np.zeros((0, self.free.size)), np.zeros(0)
        rows, offset = self.priors, np.nan_to_num(self.offset)
        constants = rows.scales @ offset + rows.scale_values - self.prior_targets
        return self.prior_matrix + rows.scales @ self.matrix, constants

    @property
    def n_points(self) -> int:
        """Points of all regions together."""
        return sum(region.x.size for region in self.regions)

    def is_scaled(self, weights: Sequence[Weights]) -> bool:
        """Return whether the noise has to be taken from the residuals while the fit is made.

        Data of unknown noise and a prior with a standard deviation are compared in the fit.
        """
        return Weights.UNIT in weights and len(self.priors) > 0

    def prior_sigmas(self, q: Array | None, before: Array | None = None) -> Array:
        """Return the standard deviations of the priors (K,), see `PriorRows.sigmas`."""
        return self.priors.sigmas(None if q is None else self.full(q), before)

    @cached_property
    def places(self) -> Mapping[str, int]:
        """Place of every parameter in ``p``, by its path."""
        return {path: i for i, path in enumerate(self.paths)}

    @cached_property
    def members(self) -> dict[str, tuple[int, ...]]:
        """Places in ``p`` of what was asked for by path; two for a doublet's area."""
        return {}

    @property
    def free_paths(self) -> tuple[str, ...]:
        """Paths of the free parameters, in the order of ``q``."""
        return tuple(self.paths[i] for i in self.free)

    @cached_property
    def flat(self) -> Array:
        """Where the curve has no slope in a free parameter, shape (F,); NaN for most."""
        found = (self.specs[i].flat for i in self.free)
        return np.array([np.nan if flat is None else flat for flat in found], dtype=float)

    def full(self, q: Array) -> Array:
        """Return every parameter for the free parameters `q`, shape (P,)."""
        return np.asarray(self.matrix @ q + self.offset, dtype=float)

    def index(self, path: str) -> int:
        """Return the place of a path in ``p``; a doublet's owner name means its major line."""
        place = self.places.get(path)
        return self.places[canonical_path(self.model, path)] if place is None else place


def compile_problem(model: Model, spectra: Mapping[str, Spectrum]) -> Problem:
    """Return the flat problem of `model` on `spectra`.

    Parameters
    ----------
    model : Model
    spectra : mapping of str to Spectrum
        By region name; binding energy axis wherever the photon energy is known.

    Raises
    ------
    ModelError
        Unknown path, link cycle, contradicting bounds.
    FitError, DataError
        No spectrum for a region, no points in its window, nothing to evaluate.
    """
    if not model.regions:
        raise FitError("the model has no region.")
    for region in model.regions:
        if region.name not in spectra:
            raise FitError("there is no spectrum for this region.", where=region.name)
    own = [spectra[region.name] for region in model.regions]
    frame = frame_of(model, tuple(spectrum.axis.orientation for spectrum in own))
    regions = tuple(map(_laid_out, model.regions, own, frame.parts))
    flat = _flatten(Same(model), frame)
    return Problem(
        model,
        regions,
        frame.paths,
        frame.specs,
        flat.parameters,
        flat.matrix,
        flat.offset,
        flat.free,
        flat.lower,
        flat.upper,
        frame.links,
        flat.notes,
        flat.priors,
    )


@dataclass(frozen=True, eq=False)
class _Flat:
    """The part of a problem that follows from the model's own values; fields as in `Problem`."""

    parameters: tuple[Parameter, ...]
    matrix: Array
    offset: Array
    free: np.ndarray
    lower: Array
    upper: Array
    notes: tuple[str, ...]
    priors: PriorRows


@dataclass(frozen=True, eq=False)
class Same:
    """A model that is equal to itself only: models are values, so one object never changes."""

    model: Model

    def __hash__(self) -> int:
        return id(self.model)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Same) and other.model is self.model


@lru_cache(maxsize=16)
def _flatten(same: Same, frame: Frame) -> _Flat:
    """Return values, bounds and priors of a model; kept for the next fit with it."""
    model, paths = same.model, frame.paths
    given = zip(_given(model), frame.specs, paths, strict=True)
    parameters = tuple(_within_spec(*each) for each in given)
    free = [
        i
        for i, (path, own) in enumerate(zip(paths, parameters, strict=True))
        if own.free and own.min < own.max and i in frame.used and path not in frame.links
    ]
    start, notes = _start_values(paths, parameters, set(free), frame.links)
    matrix, offset = _matrix(frame, free, np.array(start))
    lower, upper = _bounds(paths, parameters, matrix, offset, free)
    places = np.array(free, dtype=int)
    priors = prior_rows(model.priors, frame.places_of, matrix, frame.acting)
    for array in (matrix, offset, lower, upper, places):
        array.setflags(write=False)
    return _Flat(parameters, matrix, offset, places, lower, upper, tuple(notes), priors)


def row_of(problem: Problem, paths: Sequence[str]) -> tuple[Array, float]:
    """Return a sum of parameters as ``row @ q + constant`` of the free ones.

    Parameters
    ----------
    problem : Problem
    paths : sequence of str
        A doublet's ``area`` is that of both lines.

    Returns
    -------
    row : ndarray, shape (F,)
    constant : float
    """
    places = [problem.index(p) for path in paths for p in members_of(problem.model, path)]
    return problem.matrix[places].sum(axis=0), float(problem.offset[places].sum())


# ---------------------------------------------------------------------------------
# Regions


def _laid_out(region: Region, spectrum: Spectrum, part: Part) -> RegionProblem:
    inside = points_in_window(spectrum, region.window)
    static = static_background(region.background, spectrum, inside)
    return RegionProblem(
        part.part,
        part.shift,
        part.background,
        part.slots,
        region,
        spectrum,
        inside,
        spectrum.x[inside],
        spectrum.y[inside],
        static,
    )


def static_background(
    background: Background, spectrum: Spectrum, inside: slice
) -> StaticBackground | None:
    """Return the background that is computed from, or comes with, the data; None if it is fitted.

    Parameters
    ----------
    background : Background
    spectrum : Spectrum
        On the axis of the fit.
    inside : slice
        The window.

    Raises
    ------
    FitError
        If it is a column that the spectrum does not have.
    """
    if background.mode != "static":
        return None
    if background.type == GIVEN:
        return _given_background(str(background.options["column"]), spectrum, inside)
    if background.kind.static is None:
        return None
    return background.kind.static(
        spectrum.x, spectrum.y, inside, background.options, spectrum.axis.orientation
    )


def _given_background(column: str, spectrum: Spectrum, inside: slice) -> StaticBackground:
    if column not in spectrum.columns:
        there = ", ".join(map(repr, spectrum.columns)) or "it has none"
        raise FitError(
            f"the background is to be the column {column!r}, which the spectrum does not have.",
            hint=f"Its columns: {there}.",
            where=spectrum.label,
        )
    curve = spectrum.columns[column][inside]
    above = float(np.max(curve - spectrum.y[inside], initial=0.0))
    return StaticBackground(curve, {"column": column, "max_above_data": above})


# ---------------------------------------------------------------------------------
# Values and bounds


def _given(model: Model) -> Iterator[Parameter]:
    """Yield every parameter in the order of ``p``, the default where none is given."""
    for region in model.regions:
        background = region.background
        yield region.shift
        yield from _given_or_default(background.parameters, background.specs)
        for component in region.components:
            yield from _given_or_default(component.parameters, region.specs_of(component))


def _given_or_default(
    given: Mapping[str, Parameter], specs: tuple[ParameterSpec, ...]
) -> Iterator[Parameter]:
    for spec in specs:
        own = given.get(spec.name)
        yield Parameter(spec.default, spec.low, spec.max, spec.free) if own is None else own


def _within_spec(parameter: Parameter, spec: ParameterSpec, path: str) -> Parameter:
    """Return the parameter with its bounds cut to where the formula has a meaning."""
    if -inf < parameter.min and spec.min <= parameter.min and parameter.max <= spec.max:
        return parameter
    low = spec.low if parameter.min == -inf else max(parameter.min, spec.min)
    high = min(parameter.max, spec.max)
    if low > high:
        raise ModelError(
            f"the bounds {parameter.min:g} to {parameter.max:g} lie outside"
            f" {spec.min:g} to {spec.max:g}, where this parameter has a meaning.",
            where=path,
        )
    if low == parameter.min and high == parameter.max:
        return parameter
    return Parameter(parameter.value, low, high, parameter.free)


def _start_values(
    paths: tuple[str, ...],
    parameters: tuple[Parameter, ...],
    free: set[int],
    links: Mapping[str, Link],
) -> tuple[list[float], list[str]]:
    """Return start values (NaN where they are to be estimated) inside the bounds."""
    values, notes = [], []
    for i, (path, parameter) in enumerate(zip(paths, parameters, strict=True)):
        value = np.nan if parameter.value is None else parameter.value
        moved = min(max(value, parameter.min), parameter.max) if value == value else value
        if moved != value and isfinite(value) and path not in links:
            if i not in free:
                raise ModelError(
                    f"the fixed value {value:g} lies outside its bounds"
                    f" {parameter.min:g} to {parameter.max:g}.",
                    where=path,
                )
            notes.append(
                f"{path}: the start value {value:g} lies outside its bounds, moved to {moved:g}."
            )
        values.append(moved)
    return values, notes


def _matrix(frame: Frame, free: list[int], start: Array) -> tuple[Array, Array]:
    """Return the link matrix (P, F) and the offset (P,), to which what is fixed belongs."""
    fixed = np.ones(start.size, dtype=bool)
    fixed[free] = False
    places, bases = np.nonzero(frame.whole[:, fixed])
    held = np.flatnonzero(fixed)[bases]
    offset = frame.constant.copy()
    np.add.at(offset, places, frame.whole[places, held] * start[held])
    return frame.whole[:, free], offset


def _bounds(
    paths: tuple[str, ...],
    parameters: tuple[Parameter, ...],
    matrix: Array,
    offset: Array,
    free: list[int],
) -> tuple[Array, Array]:
    """Return the bounds of the free parameters (F,), those of what hangs on one alone included."""
    lower = np.full(len(free), -inf)
    upper = np.full(len(free), inf)
    places, columns = np.nonzero(matrix)
    alone = np.bincount(places, minlength=len(paths))[places] == 1
    places, columns = places[alone], columns[alone]
    edges = np.array([(own.min, own.max) for own in parameters]).reshape(-1, 2)[places]
    edges = (edges - offset[places, None]) / matrix[places, columns][:, None]
    np.maximum.at(lower, columns, edges.min(axis=1))
    np.minimum.at(upper, columns, edges.max(axis=1))
    crossed = np.flatnonzero(lower > upper + 1e-9 * np.abs(upper))
    if crossed.size:
        j = int(crossed[0])
        own = np.flatnonzero(columns == j)
        low = np.maximum.accumulate(edges[own].min(axis=1))
        high = np.minimum.accumulate(edges[own].max(axis=1))
        i = int(places[own[np.argmax(low > high + 1e-9 * np.abs(high))]])
        raise ModelError(
            f"no value of {paths[free[j]]} satisfies the bounds of all that is linked to it.",
            hint=f"Widen {parameters[i].min:g} to {parameters[i].max:g}.",
            where=paths[i],
        )
    return lower, np.maximum(lower, upper)
