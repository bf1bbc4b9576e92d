"""What a fit returns, and how it was found.

Values and errors are asked for by path; whatever is linked has the exact value and
the exact error that follow from the free parameters. A parameter on a bound, or one
the data do not determine, has no standard error: None, never a made-up number.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from math import isfinite, sqrt

import numpy as np

from ..curves.lineshapes import ShapeSummary, lineshape
from ..curves.spec import ParameterSpec, unit_text
from ..model import BACKGROUND, REGION, Model, Parameter, Prior, Region, get_parameter, members_of
from ..shown import Drawn, Gridded, Tabular
from ..spectrum import Array, Spectrum
from .evaluate import RegionCurves
from .problem import Problem
from .solver import TracePoint
from .statistics import Statistics


class Status(Enum):
    """How a fit ended."""

    CONVERGED = "converged"
    AT_BOUND = "at_bound"
    NOT_CONVERGED = "not_converged"
    FAILED = "failed"


@dataclass(frozen=True)
class FitWarning:
    """Something a referee would ask about: a stable code, a sentence, a place."""

    code: str
    message: str
    where: str = ""


@dataclass(frozen=True)
class Estimate:
    """One fitted number.

    Attributes
    ----------
    value : float
    stderr : float or None
        None if the parameter is fixed, on a bound, or not determined by the data.
    unit : str
    free, at_bound : bool
    min, max : float
        Bounds; infinite where there is none.
    link : str or None
        The formula it follows from, in words.
    """

    value: float
    stderr: float | None
    unit: str
    free: bool
    at_bound: bool
    min: float
    max: float
    link: str | None


@dataclass(frozen=True)
class PriorEstimate:
    """What became of a prior in a fit.

    Attributes
    ----------
    prior : Prior
    sd : float
        Its standard deviation, in the unit of the value.
    fitted : float
        What the fit says of the sum.
    stderr : float or None
        Its standard error in the fit; None where there is none.
    pull : float
        (fitted - value) / sd.
    narrowing : float or None
        `stderr` over `sd`: 1 where the data say nothing.
    """

    prior: Prior
    sd: float
    fitted: float
    stderr: float | None

    @property
    def pull(self) -> float:
        """How far the data moved it, in its standard deviations."""
        return (self.fitted - self.prior.value) / self.sd

    @property
    def narrowing(self) -> float | None:
        """What is left of its standard deviation; 1 where the data say nothing."""
        return None if self.stderr is None else self.stderr / self.sd


@dataclass(frozen=True, eq=False, repr=False)
class RegionFit(Tabular, Gridded):
    """One region of a fit, each array of shape (N,) in the window.

    Attributes
    ----------
    name : str
    spectrum : Spectrum
        The whole spectrum the region was cut from.
    x, y, sigma : ndarray
    weights : str
        ``"poisson"``, ``"unit"``, ``"given"`` or ``"empirical"``.
    background, envelope : ndarray
    peaks : mapping of str to ndarray
        Each enabled component without background, by id.
    residual : ndarray
        (data - envelope) / sigma; with unit weights sigma is the residuals' own
        standard deviation.
    background_info : mapping
        What a static background reports of itself (end points, iterations).
    statistics : Statistics
        Of this region alone; `n_free` counts the free parameters that act on it.
    """

    name: str
    spectrum: Spectrum
    x: Array
    y: Array
    sigma: Array
    weights: str
    background: Array
    envelope: Array
    peaks: Mapping[str, Array]
    residual: Array
    background_info: Mapping[str, object]
    statistics: Statistics


class Estimates:
    """The numbers of a fit by path: what follows from values and covariance alone.

    Attributes
    ----------
    model : Model
    problem : Problem
    values : ndarray, shape (P,)
    covariance : ndarray, shape (P, P)
    at_bound : ndarray of bool, shape (P,)
    """

    model: Model
    problem: Problem
    values: Array
    covariance: Array
    at_bound: np.ndarray

    @property
    def n_free(self) -> int:
        """Number of free parameters; links and fixed values add none."""
        return int(self.problem.free.size)

    @property
    def paths(self) -> tuple[str, ...]:
        """Path of every parameter."""
        return self.problem.paths

    def value(self, path: str) -> float:
        """Return a fitted value; a doublet's ``area`` is that of both lines."""
        return sum(float(self.values[place]) for place in self.places_of(path))

    def stderr(self, path: str) -> float | None:
        """Return a standard error, or None where there is none."""
        return self._stderr(self.places_of(path))

    def covariance_of(self, paths: Sequence[str]) -> Array:
        """Return the covariance matrix of some parameters, doublet totals included.

        Returns
        -------
        covariance : ndarray, shape (len(paths), len(paths))
        """
        rows = np.array([self.combination(path) for path in paths])
        used = np.flatnonzero(rows.any(axis=0))
        return np.asarray(rows[:, used] @ self.covariance[np.ix_(used, used)] @ rows[:, used].T)

    def combination(self, path: str) -> Array:
        """Return the weights (P,) that make the parameter at `path` from all parameters."""
        weights = np.zeros(len(self.paths))
        weights[list(self.places_of(path))] = 1.0
        return weights

    def estimate(self, path: str) -> Estimate:
        """Return value, error, unit, bounds and link of one parameter."""
        i = self.places_of(path)[0]
        link = self.problem.links.get(self.paths[i])
        parameter = get_parameter(self.model, path)
        return Estimate(
            self.value(path),
            self.stderr(path),
            unit_at(self.problem, i),
            i in self.problem.free,
            bool(self.at_bound[i]),
            parameter.min,
            parameter.max,
            link.formula if link else None,
        )

    def unit(self, path: str) -> str:
        """Return the unit of a parameter in words."""
        return unit_at(self.problem, self.places_of(path)[0])

    @property
    def priors(self) -> tuple[PriorEstimate, ...]:
        """What became of the priors that acted, in the order of the model."""
        return prior_estimates(self.problem, self.values, self.covariance, self.at_bound)

    def correlations(self, *, above: float = 0.9) -> list[tuple[str, str, float]]:
        """Return pairs of free parameters with an absolute correlation of at least `above`."""
        free = [i for i in self.problem.free if self._stderr((i,)) is not None]
        found = []
        for a, i in enumerate(free):
            for j in free[a + 1 :]:
                scale = np.sqrt(self.covariance[i, i] * self.covariance[j, j])
                value = float(self.covariance[i, j] / scale)
                if abs(value) >= above:
                    found.append((self.paths[i], self.paths[j], value))
        return sorted(found, key=lambda pair: -abs(pair[2]))

    def places_of(self, path: str) -> tuple[int, ...]:
        """Return where what `path` names stands in `values`; two places for a doublet's area."""
        known = self.problem.members
        if path not in known:
            members = members_of(self.model, path)
            known[path] = tuple(self.problem.places[member] for member in members)
        return known[path]

    def _stderr(self, places: Sequence[int]) -> float | None:
        if self.at_bound[list(places)].any():
            return None
        variance = sum(sum(float(self.covariance[i, j]) for i in places) for j in places)
        return sqrt(variance) if isfinite(variance) and variance > 0 else None


@dataclass(frozen=True, eq=False)
class Numbers(Estimates):
    """The numbers of a fit without anything else of it."""

    model: Model
    problem: Problem
    values: Array
    covariance: Array
    at_bound: np.ndarray


def prior_estimates(
    problem: Problem, values: Array, covariance: Array, at_bound: np.ndarray
) -> tuple[PriorEstimate, ...]:
    """Return what became of a problem's priors.

    Parameters
    ----------
    problem : Problem
    values : ndarray, shape (P,)
    covariance : ndarray, shape (P, P)
    at_bound : ndarray of bool, shape (P,)
    """
    if not problem.priors.priors:
        return ()
    rows, known = problem.priors, np.nan_to_num(values)
    found = []
    for prior, sd, sums in zip(rows.priors, rows.sigmas(known), rows.sums, strict=True):
        used, stderr = np.flatnonzero(sums), None
        variance = float(sums[used] @ covariance[np.ix_(used, used)] @ sums[used])
        if isfinite(variance) and variance > 0 and not at_bound[used].any():
            stderr = sqrt(variance)
        found.append(PriorEstimate(prior, float(sd), float(sums @ known), stderr))
    return tuple(found)


def unit_at(problem: Problem, place: int) -> str:
    """Return the unit of a parameter in words."""
    region = next(r for r in problem.regions if r.part.start <= place < r.part.stop)
    y_unit = "" if region.spectrum.y_unit == "arbitrary" else region.spectrum.y_unit
    return unit_text(problem.specs[place].unit, region.spectrum.axis.unit, y_unit).strip()


@dataclass(frozen=True, eq=False, repr=False)
class FitResult(Estimates, Tabular, Gridded, Drawn):
    """Fitted model, curves, covariance, and how they were found.

    Attributes
    ----------
    model : Model
        With the fitted values; bounds, links and everything else unchanged.
    regions : tuple of RegionFit
    status : Status
    message : str
    values : ndarray, shape (P,)
        Every parameter, in the order of `paths`.
    covariance : ndarray, shape (P, P)
        Of every parameter, links included; zero rows for fixed ones and for those on
        a bound, NaN for undetermined ones.
    statistics : Statistics
        Of all regions together.
    warnings : tuple of FitWarning
    trace : tuple of TracePoint
    starts : tuple of float
        Chi-square that each start reached; the first is the plain start.
    method, engine : str
    problem : Problem
        What was solved.
    """

    model: Model
    regions: tuple[RegionFit, ...]
    status: Status
    message: str
    values: Array
    covariance: Array
    statistics: Statistics
    at_bound: np.ndarray
    warnings: tuple[FitWarning, ...]
    trace: tuple[TracePoint, ...]
    starts: tuple[float, ...]
    method: str
    engine: str
    problem: Problem

    def region(self, name: str) -> RegionFit:
        """Return one region's curves and statistics."""
        self.model.region(name)
        return next(region for region in self.regions if region.name == name)

    def summary(self, region_name: str, component_id: str) -> ShapeSummary:
        """Return height, maximum, true width and area of a component as fitted."""
        region = self.model.region(region_name)
        component = region.component(component_id)
        shape = lineshape(component.lineshape)
        prefix = f"{region_name}/{component_id}"
        own = np.array([self.value(f"{prefix}/{spec.name}") for spec in shape.parameters])
        names = [spec.name for spec in shape.parameters]
        own[names.index("center")] += self.value(f"{region_name}/{REGION}/shift")
        return shape.summarize(own, self.region(region_name).spectrum.axis.orientation)


def with_values(problem: Problem, values: Array) -> Model:
    """Return the problem's model with every parameter's value replaced."""
    # A disabled component may have no value, before the fit and after it.
    known = (None if np.isnan(v) else float(v) for v in values)
    by_path = dict(zip(problem.paths, known, strict=True))
    regions = tuple(_region_with_values(region, by_path) for region in problem.model.regions)
    return replace(problem.model, regions=regions)


def _region_with_values(region: Region, values: Mapping[str, float | None]) -> Region:
    def put(
        owner: str, parameters: Mapping[str, Parameter], specs: Sequence[ParameterSpec]
    ) -> dict[str, Parameter]:
        found = {}
        for spec in specs:
            old = parameters.get(spec.name)
            low, high, free = (
                (spec.low, spec.max, spec.free) if old is None else (old.min, old.max, old.free)
            )
            value = values[f"{region.name}/{owner}/{spec.name}"]
            found[spec.name] = Parameter(value, low, high, free)
        return found

    background = region.background
    if background.specs:
        parameters = put(BACKGROUND, background.parameters, background.specs)
        background = replace(background, parameters=parameters)
    components = tuple(
        replace(c, parameters=put(c.id, c.parameters, region.specs_of(c)))
        for c in region.components
    )
    shift = replace(region.shift, value=values[f"{region.name}/{REGION}/shift"])
    return replace(region, background=background, components=components, shift=shift)


def region_fit(
    problem: Problem,
    number: int,
    curves: RegionCurves,
    sigma: Array,
    weights: str,
    statistics: Statistics,
) -> RegionFit:
    """Return the record of one region from its curves."""
    region = problem.regions[number]
    info = {} if region.static is None else dict(region.static.info)
    for array in (curves.background, curves.envelope, sigma, *curves.peaks.values()):
        array.setflags(write=False)
    residual = (region.y - curves.envelope) / sigma
    residual.setflags(write=False)
    return RegionFit(
        region.region.name,
        region.spectrum,
        region.x,
        region.y,
        sigma,
        weights,
        curves.background,
        curves.envelope,
        curves.peaks,
        residual,
        info,
        statistics,
    )
