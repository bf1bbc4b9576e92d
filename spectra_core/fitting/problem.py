"""From a model and its spectra to a flat problem that a solver can work on.

Every parameter of the model gets a place in one vector ``p``. Links, fixed values
and doublets together say ``p = A q + b`` with ``q`` the free parameters: whatever
is linked is exact, its derivative is exact, and its covariance is ``A C A^T``.
Unknown names and cycles are found here and reported by path.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from math import inf, isfinite

import numpy as np

from ..curves.background_kind import BackgroundKind, StaticBackground
from ..curves.backgrounds import GIVEN
from ..curves.lineshapes import LineShape, lineshape
from ..curves.spec import ParameterSpec
from ..errors import FitError, ModelError
from ..model import (
    BACKGROUND,
    REGION,
    Background,
    Component,
    Link,
    Model,
    Parameter,
    Region,
    all_links,
    canonical_path,
    get_parameter,
    members_of,
    split_path,
)
from ..spectrum import Array, Spectrum, points_in_window
from .priors import PriorRows, prior_rows
from .weights import Weights

LINEAR_IN_MODEL = ("area", "height")


@dataclass(frozen=True)
class Slot:
    """Where one component's parameters stand in the region's part of ``p``."""

    component: Component
    shape: LineShape
    own: slice
    coupled: slice


@dataclass(frozen=True, eq=False)
class RegionProblem:
    """One region's data and the places of its parameters.

    Attributes
    ----------
    region : Region
    spectrum : Spectrum
        The whole spectrum; `inside` is the window.
    inside : slice
    x, y : ndarray, shape (N,)
    part : slice
        This region's parameters in ``p``; the places below count from its start.
    shift : int
    background : slice
    slots : tuple of Slot
        Enabled components.
    static : StaticBackground or None
    """

    region: Region
    spectrum: Spectrum
    inside: slice
    x: Array
    y: Array
    part: slice
    shift: int
    background: slice
    slots: tuple[Slot, ...]
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
        return self.priors.values - self.priors.sums @ np.nan_to_num(self.offset)

    @cached_property
    def prior_first(self) -> tuple[Array, Array]:
        """The first terms of the priors as ``rows @ q + constants``, shapes (K, F) and (K,).

        What the sum has beside its first term, taken from the value that is known, is what
        a relative standard deviation is a part of.
        """
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
    regions = _lay_out(model, spectra)
    orientations = tuple(region.orientation for region in regions)
    flat = _flatten(Same(model), orientations)
    return Problem(
        model,
        regions,
        flat.paths,
        flat.specs,
        flat.parameters,
        flat.matrix,
        flat.offset,
        flat.free,
        flat.lower,
        flat.upper,
        flat.links,
        flat.notes,
        flat.priors,
    )


@dataclass(frozen=True, eq=False)
class _Flat:
    """The part of a problem that follows from the model alone; fields as in `Problem`."""

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


@dataclass(frozen=True, eq=False)
class Same:
    """A model that is equal to itself only: models are values, so one object never changes."""

    model: Model

    def __hash__(self) -> int:
        return id(self.model)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Same) and other.model is self.model


@lru_cache(maxsize=16)
def _flatten(same: Same, orientations: tuple[int, ...]) -> _Flat:
    """Return parameters, links and bounds of a model; kept for the next fit with it."""
    model = same.model
    parts, entries = _parts(model)
    paths = tuple(path for path, _ in entries)
    specs = tuple(spec for _, spec in entries)
    parameters = tuple(
        _within_spec(get_parameter(model, path), spec, path) for path, spec in entries
    )
    names = (region.name for region in model.regions)
    links = links_by_target(model, dict(zip(names, orientations, strict=True)))
    for path in links:
        if path not in paths:
            raise ModelError("this link's target is not part of the fit.", where=path)
    rows = _resolve(model, paths, links)
    used = _used_places(parts, paths, rows)
    free = [
        i
        for i, path in enumerate(paths)
        if path not in links
        and i in used
        and parameters[i].free
        and parameters[i].min < parameters[i].max
    ]
    start, notes = _start_values(paths, parameters, set(free), links)
    matrix, offset = _matrix(paths, rows, free, start)
    lower, upper = _bounds(paths, parameters, matrix, offset, free)
    places = np.array(free, dtype=int)
    acting = used | {i for part in parts for i in _drawn(part)}
    priors = prior_rows(model, {path: i for i, path in enumerate(paths)}, matrix, acting)
    for array in (matrix, offset, lower, upper, places):
        array.setflags(write=False)
    return _Flat(
        paths,
        specs,
        parameters,
        matrix,
        offset,
        places,
        lower,
        upper,
        links,
        tuple(notes),
        priors,
    )


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
# Layout of the parameter vector


@dataclass(frozen=True, eq=False)
class _Part:
    """Where the parameters of one region stand; fields as in `RegionProblem`."""

    part: slice
    shift: int
    background: slice
    slots: tuple[Slot, ...]


_SHIFT = ParameterSpec("shift", "x", 0.0, free=False, description="Added to every centre.")

Entries = list[tuple[str, ParameterSpec]]


def _lay_out(model: Model, spectra: Mapping[str, Spectrum]) -> tuple[RegionProblem, ...]:
    if not model.regions:
        raise FitError("the model has no region.")
    for region in model.regions:
        if region.name not in spectra:
            raise FitError("there is no spectrum for this region.", where=region.name)
    parts, _ = _kept_parts(Same(model))
    return tuple(
        _lay_out_region(region, spectra[region.name], part)
        for region, part in zip(model.regions, parts, strict=True)
    )


def _lay_out_region(region: Region, spectrum: Spectrum, part: _Part) -> RegionProblem:
    inside = points_in_window(spectrum, region.window)
    static = static_background(region.background, spectrum, inside)
    return RegionProblem(
        region,
        spectrum,
        inside,
        spectrum.x[inside],
        spectrum.y[inside],
        part.part,
        part.shift,
        part.background,
        part.slots,
        static,
    )


@lru_cache(maxsize=16)
def _kept_parts(same: Same) -> tuple[tuple[_Part, ...], Entries]:
    return _parts(same.model)


def _parts(model: Model) -> tuple[tuple[_Part, ...], Entries]:
    parts: list[_Part] = []
    entries: Entries = []
    for region in model.regions:
        part, own = _part(region, len(entries))
        parts.append(part)
        entries.extend(own)
    return tuple(parts), entries


def _part(region: Region, first: int) -> tuple[_Part, Entries]:
    entries = [(f"{region.name}/{REGION}/shift", _SHIFT)]
    entries += [(f"{region.name}/{BACKGROUND}/{s.name}", s) for s in region.background.specs]
    background = slice(1, len(entries))
    slots = []
    for component in region.components:
        shape = lineshape(component.lineshape)
        here = len(entries)
        entries += [
            (f"{region.name}/{component.id}/{s.name}", s) for s in region.specs_of(component)
        ]
        middle = here + len(shape.parameters)
        if component.enabled:
            slots.append(Slot(component, shape, slice(here, middle), slice(middle, len(entries))))
    return _Part(slice(first, first + len(entries)), 0, background, tuple(slots)), entries


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


def _within_spec(parameter: Parameter, spec: ParameterSpec, path: str) -> Parameter:
    """Return the parameter with its bounds cut to where the formula has a meaning."""
    low = spec.low if parameter.min == -inf else max(parameter.min, spec.min)
    high = min(parameter.max, spec.max)
    if low > high:
        raise ModelError(
            f"the bounds {parameter.min:g} to {parameter.max:g} lie outside"
            f" {spec.min:g} to {spec.max:g}, where this parameter has a meaning.",
            where=path,
        )
    return Parameter(parameter.value, low, high, parameter.free)


# ---------------------------------------------------------------------------------
# Links

Row = tuple[dict[str, float], float]


def links_by_target(model: Model, orientation: Mapping[str, int]) -> dict[str, Link]:
    """Return the links by canonical target; an explicit link beats a doublet's own."""
    links: dict[str, Link] = {}
    for link in all_links(model, orientation):
        links[canonical_path(model, link.target)] = _to_major(model, link)
    return links


def _to_major(model: Model, link: Link) -> Link:
    """Return a link on a doublet's total area as one on its major line."""
    region_name, owner, name = split_path(link.target)
    region = model.region(region_name)
    for doublet in region.doublets:
        if doublet.id == owner and name == "area" and owner != doublet.major:
            if "area" in doublet.unlocked_parameters:
                raise ModelError(
                    "the area of a doublet whose ratio is unlocked cannot be the target of a link.",
                    hint=f"Link {doublet.major} and {doublet.minor} one by one.",
                    where=link.target,
                )
            part = 1.0 / (1.0 + doublet.ratio)
            terms = tuple(type(t)(t.times * part, t.source) for t in link.terms)
            return Link(link.target, terms, link.offset * part, link.note)
    return link


def _expand(model: Model, source: str) -> list[tuple[float, str]]:
    """Return a source path as (factor, component path) pairs; a doublet's area is a sum."""
    region_name, owner, name = split_path(source)
    region = model.region(region_name)
    for doublet in region.doublets:
        if doublet.id == owner and name == "area":
            return [(1.0, f"{region_name}/{part}/area") for part in (doublet.major, doublet.minor)]
    return [(1.0, canonical_path(model, source))]


def _resolve(model: Model, paths: tuple[str, ...], links: Mapping[str, Link]) -> dict[str, Row]:
    """Return each linked parameter as a sum over unlinked ones, following chains."""
    done: dict[str, Row] = {}

    def follow(path: str, chain: tuple[str, ...]) -> Row:
        if path in done:
            return done[path]
        if path in chain:
            loop = " -> ".join((*chain[chain.index(path) :], path))
            raise ModelError(f"the links form a cycle: {loop}.", hint="Take one of them out.")
        if path not in links:
            return {path: 1.0}, 0.0
        link = links[path]
        total: dict[str, float] = {}
        offset = link.offset
        for term in link.terms:
            for factor, source in _expand(model, term.source):
                row, constant = follow(source, (*chain, path))
                for base, times in row.items():
                    total[base] = total.get(base, 0.0) + term.times * factor * times
                offset += term.times * factor * constant
        done[path] = (total, offset)
        return done[path]

    return {path: follow(path, ()) for path in paths}


def drawn_places(problem: Problem) -> list[int]:
    """Return the places in ``p`` that some curve uses; those of disabled components are not."""
    return [i for region in problem.regions for i in _drawn(region)]


def _drawn(region: _Part | RegionProblem) -> list[int]:
    own = [region.shift, *range(region.background.start, region.background.stop)]
    for slot in region.slots:
        own += range(slot.own.start, slot.coupled.stop)
    return [region.part.start + i for i in own]


def _used_places(
    regions: tuple[_Part, ...], paths: tuple[str, ...], rows: Mapping[str, Row]
) -> set[int]:
    """Return the places of the parameters that move some curve."""
    place = {path: i for i, path in enumerate(paths)}
    return {place[base] for region in regions for i in _drawn(region) for base in rows[paths[i]][0]}


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


def _matrix(
    paths: tuple[str, ...], rows: Mapping[str, Row], free: list[int], start: list[float]
) -> tuple[Array, Array]:
    column = {paths[i]: j for j, i in enumerate(free)}
    place = {path: i for i, path in enumerate(paths)}
    matrix = np.zeros((len(paths), len(free)))
    offset = np.zeros(len(paths))
    for i, path in enumerate(paths):
        row, offset[i] = rows[path]
        for base, times in row.items():
            if base in column:
                matrix[i, column[base]] += times
            elif times:
                offset[i] += times * start[place[base]]
    return matrix, offset


def _bounds(
    paths: tuple[str, ...],
    parameters: tuple[Parameter, ...],
    matrix: Array,
    offset: Array,
    free: list[int],
) -> tuple[Array, Array]:
    lower = np.full(len(free), -inf)
    upper = np.full(len(free), inf)
    places, columns = np.nonzero(matrix)
    alone = np.bincount(places, minlength=len(paths))
    for i, j in zip(places.tolist(), columns.tolist(), strict=True):
        if alone[i] != 1:
            continue
        times, own = float(matrix[i, j]), float(offset[i])
        edges = sorted((edge - own) / times for edge in (parameters[i].min, parameters[i].max))
        lower[j], upper[j] = max(lower[j], edges[0]), min(upper[j], edges[1])
        if lower[j] > upper[j] + 1e-9 * abs(upper[j]):
            raise ModelError(
                f"no value of {paths[free[j]]} satisfies the bounds of all that is linked to it.",
                hint=f"Widen {parameters[i].min:g} to {parameters[i].max:g}.",
                where=paths[i],
            )
    return lower, np.maximum(lower, upper)
