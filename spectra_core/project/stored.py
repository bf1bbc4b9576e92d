"""What a fit leaves in a project: numbers, and what its curves are drawn again from.

A `FitResult` holds every curve of every component. A project keeps what cannot be
computed again exactly: the values, the covariance of the free parameters, the standard
deviations of the points, the statistics, and how the fit went. Model and spectra it
keeps by reference. `restore` compiles the model on the spectra and draws the curves; the
covariance of all parameters follows from that of the free ones by the link matrix.
"""

from __future__ import annotations

import platform
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from importlib import metadata
from types import MappingProxyType

import numpy as np

from .. import __version__
from ..errors import DataError
from ..fitting import FitOptions, FitResult, FitWarning, Status
from ..fitting.evaluate import region_curves
from ..fitting.problem import Problem, compile_problem
from ..fitting.result import region_fit, with_values
from ..fitting.single import starts_of
from ..fitting.solver import TracePoint
from ..fitting.statistics import Statistics
from ..model import Model
from ..spectrum import Array, Spectrum, on_binding_energy


@dataclass(frozen=True, eq=False)
class StoredResult:
    """A finished fit without its curves.

    Attributes
    ----------
    model : Model
        What was fitted, with its start values.
    spectra : mapping of str to Spectrum
        What it was fitted to, by region name.
    options : FitOptions
    values : ndarray, shape (P,)
        Every parameter, in the order of the compiled model.
    free_covariance : ndarray, shape (F, F)
        Of the free parameters; NaN rows for undetermined ones.
    at_bound : ndarray of bool, shape (P,)
    sigmas : tuple of ndarray, each of shape (N,)
        Standard deviation of each point of each region.
    weights : tuple of str
        Of each region.
    statistics : Statistics
    region_statistics : tuple of Statistics
    status, message, method, engine : str
    warnings : tuple of FitWarning
    trace : tuple of TracePoint
    starts : tuple of float
    versions : mapping of str to str
        Program and libraries that made the numbers.
    """

    model: Model
    spectra: Mapping[str, Spectrum]
    options: FitOptions
    values: Array
    free_covariance: Array
    at_bound: np.ndarray
    sigmas: tuple[Array, ...]
    weights: tuple[str, ...]
    statistics: Statistics
    region_statistics: tuple[Statistics, ...]
    status: Status
    message: str
    method: str
    engine: str
    warnings: tuple[FitWarning, ...]
    trace: tuple[TracePoint, ...]
    starts: tuple[float, ...]
    versions: Mapping[str, str]

    def __post_init__(self) -> None:
        object.__setattr__(self, "spectra", MappingProxyType(dict(self.spectra)))
        if not isinstance(self.versions, MappingProxyType):  # one for thousands of results
            object.__setattr__(self, "versions", MappingProxyType(dict(self.versions)))
        for array in (self.values, self.free_covariance, self.at_bound, *self.sigmas):
            array.setflags(write=False)

    @property
    def result(self) -> FitResult:
        """The whole result; drawn again when first asked for, and then kept."""
        known: FitResult | None = self.__dict__.get("_result")
        if known is None:
            known = restore(self)
            self.__dict__["_result"] = known
        return known


def store(
    result: FitResult,
    spectra: Mapping[str, Spectrum] | None = None,
    *,
    options: FitOptions | None = None,
) -> StoredResult:
    """Return what a project keeps of a result.

    Parameters
    ----------
    result : FitResult
    spectra : mapping of str to Spectrum, or None
        What was given to the fit, by region name; None: the result's own spectra.
    options : FitOptions or None
        What was given to the fit; None: the defaults with the result's method.

    Raises
    ------
    DataError
        If a region was not fitted to the spectrum given for it.
    """
    own = {region.name: region.spectrum for region in result.regions}
    for name, spectrum in (spectra or {}).items():
        if name in own and not same_data(on_binding_energy(spectrum), own[name]):
            raise DataError("the result belongs to another spectrum.", where=name)
    free = result.problem.free
    stored = StoredResult(
        result.problem.model,
        {name: (spectra or own)[name] for name in own},
        options or FitOptions(method=result.method, starts=starts_of(result)),
        np.array(result.values),
        np.array(result.covariance[np.ix_(free, free)]),
        np.array(result.at_bound, dtype=bool),
        tuple(region.sigma for region in result.regions),
        tuple(region.weights for region in result.regions),
        result.statistics,
        tuple(region.statistics for region in result.regions),
        result.status,
        result.message,
        result.method,
        result.engine,
        result.warnings,
        result.trace,
        result.starts,
        versions(),
    )
    stored.__dict__["_result"] = result
    return stored


def restore(stored: StoredResult) -> FitResult:
    """Return the whole result: curves drawn again, everything else as it was.

    Raises
    ------
    DataError
        If the numbers do not fit the model and its spectra.
    """
    spectra = {name: on_binding_energy(spectrum) for name, spectrum in stored.spectra.items()}
    problem = compile_problem(stored.model, spectra)
    _check_shapes(stored, problem)
    regions = tuple(
        region_fit(
            problem,
            i,
            region_curves(problem.regions[i], stored.values),
            stored.sigmas[i],
            stored.weights[i],
            stored.region_statistics[i],
        )
        for i in range(len(problem.regions))
    )
    return FitResult(
        with_values(problem, stored.values),
        regions,
        stored.status,
        stored.message,
        stored.values,
        _covariance(problem, stored.free_covariance),
        stored.statistics,
        stored.at_bound,
        stored.warnings,
        stored.trace,
        stored.starts,
        stored.method,
        stored.engine,
        problem,
    )


def _check_shapes(stored: StoredResult, problem: Problem) -> None:
    n_all, n_free = len(problem.paths), problem.free.size
    points = [region.x.size for region in problem.regions]
    agrees = (
        stored.values.shape == stored.at_bound.shape == (n_all,)
        and stored.free_covariance.shape == (n_free, n_free)
        and [sigma.size for sigma in stored.sigmas] == points
        and len(stored.weights) == len(stored.region_statistics) == len(points)
    )
    if not agrees:
        raise DataError(
            f"the stored result has {stored.values.size} parameters, {len(stored.free_covariance)}"
            f" of them free, but its model has {n_all} and {n_free}.",
            hint="Fit again.",
        )


def _covariance(problem: Problem, free: Array) -> Array:
    """Return the covariance of all parameters; what hangs on an undetermined one is NaN."""
    undetermined = np.isnan(np.diag(free))
    known = np.where(undetermined[:, None] | undetermined[None, :], 0.0, free)
    covariance = np.asarray(problem.matrix @ known @ problem.matrix.T)
    blind = (problem.matrix[:, undetermined] != 0).any(axis=1)
    covariance[blind, :] = np.nan
    covariance[:, blind] = np.nan
    covariance.setflags(write=False)
    return covariance


def same_data(a: Spectrum, b: Spectrum) -> bool:
    """Return whether two spectra give the same fit: numbers, axis, counting time.

    Names, comments and the file they came from do not matter.
    """
    if a is b:
        return True
    alike = (a.axis, a.y_unit) == (b.axis, b.y_unit) and np.array_equal(a.x, b.x)
    times = a.meta.acquisition_time_s == b.meta.acquisition_time_s
    return (
        alike
        and times
        and all(
            _same_array(getattr(a, name), getattr(b, name)) for name in ("x_recorded", "y", "sigma")
        )
    )


def _same_array(a: Array | None, b: Array | None) -> bool:
    if a is b:
        return True
    return a is not None and b is not None and np.array_equal(a, b)


def on_other_spectra(stored: StoredResult, renamed: Mapping[int, Spectrum]) -> StoredResult:
    """Return a result that names other spectra with the same data.

    Parameters
    ----------
    stored : StoredResult
    renamed : mapping of int to Spectrum
        By the `id` of the spectrum it takes the place of.
    """
    if not any(id(spectrum) in renamed for spectrum in stored.spectra.values()):
        return stored
    spectra = {name: renamed.get(id(s), s) for name, s in stored.spectra.items()}
    return replace(stored, spectra=spectra)


@lru_cache(maxsize=1)
def versions() -> Mapping[str, str]:
    """Return the versions of what a fit's numbers depend on."""
    found = {"doublet": __version__, "python": platform.python_version()}
    for name in ("numpy", "scipy", "lmfit", "numba"):
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:  # numba is not there on every machine
            continue
    return MappingProxyType(found)
