"""Doublet's models in lmfit's vocabulary, and lmfit's minimisers on our residuals.

lmfit is imported when one of these functions is called, never at start.

References
----------
.. [1] M. Newville et al., LMFIT, doi:10.5281/zenodo.11813
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from ..errors import Cancelled, FitError, ShouldStop, did_you_mean
from ..model import Model, Region
from ..spectrum import Array
from .evaluate import region_curves, residual, residual_jacobian
from .inputs import Spectra, as_model, as_spectra
from .overlap import check_used_once
from .priors import prior_residual, with_prior_rows
from .problem import Problem, compile_problem
from .solver import Solution, TracePoint
from .start import first_guess, given_values
from .weights import choose_weights, point_sigmas

if TYPE_CHECKING:
    import lmfit


def to_lmfit(spectra: Spectra, model: Model | Region) -> tuple[lmfit.Parameters, lmfit.Model]:
    """Return lmfit Parameters and an lmfit Model of all regions together.

    Parameters
    ----------
    spectra : Spectrum, sequence of one Spectrum, or mapping of str to Spectrum
        As for `fit`.
    model : Model or Region

    Returns
    -------
    parameters : lmfit.Parameters
        One for each parameter of `model`, named by `lmfit_name`; links are
        expressions, fixed parameters do not vary, and ``user_data`` is the path.
    lmfit_model : lmfit.Model
        ``lmfit_model.fit(y, parameters, x=x)`` with the points of all regions one
        after the other, in the order of ``model.regions``; backgrounds included.

    Notes
    -----
    Start values that are open in `model` are estimated from the data. An lmfit Model knows
    data only: `lmfit_residual` has the priors as well.
    """
    import lmfit

    model = as_model(model)
    problem = compile_problem(model, as_spectra(spectra, model))
    check_used_once(problem)
    sigmas = tuple(np.ones(region.x.size) for region in problem.regions)
    q = given_values(problem)
    values = problem.full(first_guess(problem, sigmas) if np.isnan(q).any() else q)
    names = [lmfit_name(path) for path in problem.paths]
    points = np.concatenate([region.x for region in problem.regions])

    def doublet_model(x: Array, **values: float) -> Array:
        if x.shape != points.shape or not np.allclose(x, points):
            raise FitError("the lmfit model is defined on the points of its own regions only.")
        p = np.array([values[name] for name in names], dtype=float)
        return np.concatenate([region_curves(region, p).envelope for region in problem.regions])

    # lmfit reads the parameter names off the signature.
    kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
    signature = inspect.Signature([inspect.Parameter(name, kind) for name in ("x", *names)])
    doublet_model.__signature__ = signature  # type: ignore[attr-defined]
    return _parameters(problem, values), lmfit.Model(doublet_model, independent_vars=["x"])


def lmfit_residual(
    spectra: Spectra, model: Model | Region
) -> tuple[lmfit.Parameters, Callable[[lmfit.Parameters], Array]]:
    """Return lmfit Parameters, and what ``lmfit.minimize`` is to make small for them.

    Parameters
    ----------
    spectra : Spectrum, sequence of one Spectrum, or mapping of str to Spectrum
        By region name, on the axis to fit on.
    model : Model or Region

    Returns
    -------
    parameters : lmfit.Parameters
        As from `to_lmfit`.
    residual : callable
        ``residual(parameters)`` is (model - data) / sigma of all points, then
        (value - prior) / sd of all priors. Sigma is that of the data (Poisson noise of
        the counts, at least one), standard deviations that are a part of something those
        of the start.
    """
    parameters, _ = to_lmfit(spectra, model)
    model = as_model(model)
    problem = compile_problem(model, as_spectra(spectra, model))
    weights = [choose_weights(region.spectrum, None) for region in problem.regions]
    sigmas = tuple(
        point_sigmas(region.spectrum, region.inside, kind, region.y)
        for region, kind in zip(problem.regions, weights, strict=True)
    )
    names = [lmfit_name(problem.paths[i]) for i in problem.free]

    def of(current: lmfit.Parameters) -> Array:
        return np.array([current[name].value for name in names], dtype=float)

    prior_sigmas = problem.prior_sigmas(of(parameters))

    def residuals(current: lmfit.Parameters) -> Array:
        q = of(current)
        known = prior_residual(problem, q, prior_sigmas)
        return np.concatenate([residual(problem, q, sigmas), known])

    return parameters, residuals


def from_lmfit(model: Model, parameters: lmfit.Parameters) -> Model:
    """Return `model` with the values of lmfit Parameters made by `to_lmfit`.

    Raises
    ------
    FitError
        If a parameter has no path of this model.
    """
    from ..model import set_parameter

    for parameter in parameters.values():
        path = parameter.user_data
        if not isinstance(path, str):
            raise FitError(
                f'the lmfit parameter "{parameter.name}" does not say which parameter it is.',
                hint="Use the Parameters that to_lmfit returned.",
            )
        model = set_parameter(model, path, value=float(parameter.value))
    return model


def lmfit_name(path: str) -> str:
    """Return the lmfit name of a path: letters, digits and underscores only."""
    return "p_" + re.sub(r"\W", lambda match: f"_{ord(match.group()):x}_", path)


def minimise(
    problem: Problem,
    start: Array,
    sigmas: tuple[Array, ...],
    prior_sigmas: Array,
    method: str,
    *,
    seed: int = 0,
    should_stop: ShouldStop | None = None,
) -> Solution:
    """Minimise the compiled residuals with one of lmfit's methods.

    Parameters
    ----------
    problem : Problem
    start : ndarray, shape (F,)
    sigmas : tuple of ndarray
    prior_sigmas : ndarray, shape (K,)
    method : str
        Any method name of ``lmfit.minimize``.
    seed : int
        For the methods that draw random numbers.
    should_stop : callable or None

    Raises
    ------
    FitError
        If lmfit does not know the method, or the method needs finite bounds.
    Cancelled
        If `should_stop` returned True.
    """
    import lmfit

    _check_method(method)
    parameters = lmfit.Parameters()
    for j, value in enumerate(start):
        low, high = problem.lower[j], problem.upper[j]
        vary = bool(low < high)
        parameters.add(f"q{j}", value=float(value), min=low, max=high, vary=vary)
    trace: list[TracePoint] = []

    def objective(current: lmfit.Parameters) -> Array:
        q = _values(current)
        known = prior_residual(problem, q, prior_sigmas)
        return np.concatenate([residual(problem, q, sigmas), known])

    def watch(_: object, iteration: int, r: Array, *__: object, **___: object) -> bool:
        trace.append(TracePoint(iteration, float(np.sum(np.square(r))), 0.0, np.nan))
        return bool(should_stop is not None and should_stop())

    try:
        found = lmfit.minimize(
            objective,
            parameters,
            method=method,
            iter_cb=watch,
            calc_covar=False,
            **_keywords(method, seed),
        )
    except (ValueError, AttributeError, ImportError, TypeError) as error:
        raise FitError(
            f'lmfit could not run the method "{method}": {error}.',
            hint='Use "lm", or a method name of lmfit; global ones need bounds on every parameter.',
        ) from error
    if found.aborted and should_stop is not None and should_stop():
        raise Cancelled("the fit was cancelled; nothing was changed.")
    return _solution(problem, _values(found.params), (sigmas, prior_sigmas), found, tuple(trace))


def _solution(
    problem: Problem,
    q: Array,
    noise: tuple[tuple[Array, ...], Array],
    found: lmfit.minimizer.MinimizerResult,
    trace: tuple[TracePoint, ...],
) -> Solution:
    q = np.clip(q, problem.lower, problem.upper)
    sigmas, prior_sigmas = noise
    r, jacobian = residual_jacobian(problem, q, sigmas)
    r, jacobian = with_prior_rows(problem, q, prior_sigmas, r, jacobian)
    gradient = jacobian.T @ r
    held = ((q <= problem.lower) & (gradient >= 0)) | ((q >= problem.upper) & (gradient <= 0))
    message = " ".join(str(getattr(found, "message", "")).split()) or found.method
    return Solution(
        q, float(r @ r), r, jacobian, held, bool(getattr(found, "success", True)), message, trace
    )


def _values(parameters: lmfit.Parameters) -> Array:
    return np.array([parameters[f"q{j}"].value for j in range(len(parameters))], dtype=float)


_METHODS = (
    "leastsq",
    "least_squares",
    "brute",
    "basinhopping",
    "ampgo",
    "emcee",
    "shgo",
    "dual_annealing",
)


def _check_method(method: str) -> None:
    """Raise FitError for a name that lmfit would quietly replace by its default."""
    from lmfit.minimizer import SCALAR_METHODS

    known = [*_METHODS, *SCALAR_METHODS]
    if method not in known:
        hint = did_you_mean(method, ["lm", *known])
        raise FitError(f'there is no fitting method "{method}".', hint=hint)


def _keywords(method: str, seed: int) -> dict[str, object]:
    """Return what a method needs to be repeatable."""
    if method in ("differential_evolution", "dual_annealing"):
        return {"seed": seed}
    if method == "emcee":
        return {"seed": seed, "progress": False}
    return {}


def _parameters(problem: Problem, values: Array) -> lmfit.Parameters:
    import lmfit

    parameters = lmfit.Parameters()
    free = set(problem.free.tolist())
    for i, path in enumerate(problem.paths):
        low, high = problem.parameters[i].min, problem.parameters[i].max
        parameters.add(
            lmfit_name(path),
            value=float(values[i]),
            vary=i in free,
            min=low,
            max=high,
            user_data=path,
        )
    for i, path in enumerate(problem.paths):
        columns = np.flatnonzero(problem.matrix[i])
        if i in free or not columns.size:
            continue
        terms = [
            f"{float(problem.matrix[i, j])!r} * {lmfit_name(problem.paths[problem.free[j]])}"
            for j in columns
        ]
        parameters[lmfit_name(path)].set(
            expr=" + ".join([*terms, repr(float(problem.offset[i]))]), min=-np.inf, max=np.inf
        )
    return parameters
