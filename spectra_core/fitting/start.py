"""First guesses: what the model leaves open is estimated from the data.

Areas and background levels enter linearly, so with centres and widths given the
best start for them is one bounded linear least-squares problem, areas never
negative. That start is taken unless the model's own start values are better.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from ..curves.backgrounds import rough_shirley
from ..errors import ModelError
from ..model import BACKGROUND, Model, split_path
from ..spectrum import Array, Axis
from .evaluate import residual, residual_jacobian
from .priors import prior_residual, with_prior_rows
from .problem import LINEAR_IN_MODEL, Problem, RegionProblem, Same

START_FWHM_EV = 1.2
WIDTH_NAMES = ("fwhm", "fwhm_gauss", "fwhm_lorentz")


def first_guess(problem: Problem, sigmas: tuple[Array, ...]) -> Array:
    """Return the start values of the free parameters, shape (F,).

    Parameters
    ----------
    problem : Problem
    sigmas : tuple of ndarray
        Standard deviations of each region's points.

    Raises
    ------
    ModelError
        If a parameter has no start value and none can be estimated.
    """
    q, complete = open_values(problem)
    estimated = linear_start(problem, q, sigmas)
    if not complete:
        return estimated
    better = _chi_square(problem, estimated, sigmas) < _chi_square(problem, q, sigmas)
    return estimated if better else q


def open_values(problem: Problem) -> tuple[Array, bool]:
    """Return the start values (F,), open ones estimated, and whether none was open."""
    stated = given_values(problem)
    missing = np.isnan(stated)
    if not missing.any():
        return stated, True
    q = np.where(missing, _estimates(problem), stated)
    return np.clip(q, problem.lower, problem.upper), False


def open_values_of(problems: Sequence[Problem]) -> tuple[Array, bool]:
    """Return what `open_values` does for other data of one layout: (M, F), and whether none was.

    All but the steps of a background follows from the model alone.
    """
    first = problems[0]
    q, complete = open_values(first)
    rows = np.tile(q, (len(problems), 1))
    if complete:
        return rows, True
    for j in np.flatnonzero(np.isnan(given_values(first))).tolist():
        region_name, _, name = split_path(first.paths[first.free[j]])
        if name in _FROM_DATA:
            number = [region.region.name for region in first.regions].index(region_name)
            estimate = _FROM_DATA[name]
            rows[:, j] = estimate([problem.regions[number] for problem in problems])
    return np.clip(rows, first.lower, first.upper), False


def completed(problem: Problem, sigmas: tuple[Array, ...]) -> Array:
    """Return the start values (F,): given ones as they are, open ones estimated beside them."""
    missing = np.isnan(given_values(problem))
    q, _ = open_values(problem)
    return linear_start(problem, q, sigmas, among=missing) if missing.any() else q


def given_values(problem: Problem) -> Array:
    """Return the start values the model gives, shape (F,); NaN where it gives none."""
    _check_fixed(problem)
    values = (problem.parameters[i].value for i in problem.free)
    stated = np.array([np.nan if value is None else value for value in values], dtype=float)
    return np.clip(stated, problem.lower, problem.upper)


def linear_start(
    problem: Problem, q: Array, sigmas: tuple[Array, ...], *, among: np.ndarray | None = None
) -> Array:
    """Return `q` with its linear parameters (areas, levels) at their bounded optimum.

    Parameters
    ----------
    problem : Problem
    q : ndarray, shape (F,)
    sigmas : tuple of ndarray
    among : ndarray of bool, shape (F,), or None
        Only these may change; None: all.
    """
    from scipy.optimize import lsq_linear

    linear = linear_columns(problem)
    linear &= problem.lower < problem.upper
    linear = linear if among is None else linear & among
    if not linear.any():
        return q
    zero = np.where(linear, 0.0, q)
    r, jacobian = residual_jacobian(problem, zero, sigmas)
    r, jacobian = with_prior_rows(problem, zero, problem.prior_sigmas(None), r, jacobian)
    columns = jacobian[:, linear]
    scale = np.sqrt(np.einsum("ij,ij->j", columns, columns))
    if not (np.isfinite(scale).all() and np.isfinite(r).all()):
        return q  # there is no optimum; the fit says that its start is not finite
    scale[scale == 0] = 1.0
    lower, upper = problem.lower[linear] * scale, problem.upper[linear] * scale
    solved = lsq_linear(columns / scale, -r, (lower, upper), method="bvls", max_iter=200)
    started = zero.copy()
    started[linear] = np.clip(solved.x / scale, problem.lower[linear], problem.upper[linear])
    return started


def linear_columns(problem: Problem) -> np.ndarray:
    """Return which free parameters act on areas and background levels only, shape (F,)."""
    linear = _linear_places(Same(problem.model), problem.paths)
    return np.asarray(~((problem.matrix != 0) & ~linear[:, None]).any(axis=0))


def scattered(problem: Problem, q: Array, rng: np.random.Generator, spread: float) -> Array:
    """Return `q` moved at random: centres by part of a width, widths and shapes by a factor.

    Parameters
    ----------
    problem : Problem
    q : ndarray, shape (F,)
    rng : numpy Generator
    spread : float
        Size of the move; 1 means a standard deviation of one third of the width for
        centres, and a factor of about 1.3 for widths.
    """
    moved = q.copy()
    for j, i in enumerate(problem.free):
        name = split_path(problem.paths[i])[2]
        draw = spread * rng.standard_normal()
        if name in ("center", "shift"):
            moved[j] += draw * 0.33 * typical_width(problem, q, i)
        elif problem.specs[i].unit == "1" and np.isfinite(problem.upper[j] - problem.lower[j]):
            moved[j] += 0.2 * draw * (problem.upper[j] - problem.lower[j])
        else:
            moved[j] *= float(np.exp(0.26 * draw))
    return np.clip(moved, problem.lower, problem.upper)


def _chi_square(problem: Problem, q: Array, sigmas: tuple[Array, ...]) -> float:
    r, known = residual(problem, q, sigmas), prior_residual(problem, q, problem.prior_sigmas(None))
    return float(r @ r + known @ known)


def _check_fixed(problem: Problem) -> None:
    """Raise ModelError if a curve needs a value that is neither given nor free."""
    drawn = (i for region in problem.regions for i in region.drawn)
    missing = [i for i in drawn if np.isnan(problem.offset[i])]
    if missing:
        raise ModelError(
            "this parameter is fixed (or linked to a fixed one) but has no value.",
            hint="Give a value or let it be free.",
            where=problem.paths[missing[0]],
        )


@lru_cache(maxsize=16)
def _linear_places(same: Same, paths: tuple[str, ...]) -> np.ndarray:
    """Return which parameters are areas or levels, shape (P,)."""
    found = np.array([_is_linear(same.model, path) for path in paths], dtype=bool)
    found.setflags(write=False)
    return found


def _is_linear(model: Model, path: str) -> bool:
    region_name, owner, name = split_path(path)
    if owner == BACKGROUND:
        return name in model.region(region_name).background.kind.linear_parameters
    return name in LINEAR_IN_MODEL


def _estimates(problem: Problem) -> Array:
    """Return a start value for each free parameter that has none; NaN is not left over."""
    values = []
    for j, i in enumerate(problem.free):
        if problem.parameters[i].value is not None:
            values.append(float(problem.parameters[i].value or 0.0))
            continue
        region = next(r for r in problem.regions if r.part.start <= i < r.part.stop)
        name = split_path(problem.paths[i])[2]
        values.append(_estimate(problem, region, i, j, name))
    return np.array(values, dtype=float)


def _estimate(problem: Problem, region: RegionProblem, i: int, j: int, name: str) -> float:
    if name in _FROM_DATA:
        return float(_FROM_DATA[name]([region])[0])
    if _is_linear(problem.model, problem.paths[i]):
        return float(np.clip(0.0, problem.lower[j], problem.upper[j]))
    if (partner := _from_partner(problem, region, i, name)) is not None:
        return partner
    if (known := _from_prior(problem, i)) is not None:
        return known
    if name in WIDTH_NAMES and region.spectrum.axis.is_energy:
        return START_FWHM_EV
    low, high = problem.lower[j], problem.upper[j]
    if np.isfinite(low) and np.isfinite(high):
        return float(0.5 * (low + high))
    raise ModelError(
        "this parameter has no start value, and none can be estimated from the data.",
        hint="Give a value, or a lower and an upper bound.",
        where=problem.paths[i],
    )


def _from_partner(problem: Problem, region: RegionProblem, i: int, name: str) -> float | None:
    """Return where the unlocked line of a doublet would be if it were still tied."""
    _, owner, _ = split_path(problem.paths[i])
    doublet = region.region.doublet_of(owner)
    if doublet is None or owner != doublet.minor:
        return None
    major = problem.index(f"{region.region.name}/{doublet.major}/{name}")
    value = problem.parameters[major].value
    if value is None:
        return None
    return value + (region.orientation * doublet.splitting if name == "center" else 0.0)


def _from_prior(problem: Problem, i: int) -> float | None:
    """Return what a prior on this parameter alone says it is."""
    rows = problem.priors
    for sums, value in zip(rows.sums, rows.values, strict=True):
        if sums[i] and np.count_nonzero(sums) == 1:
            return float(value / sums[i])
    return None


def _step_estimates(regions: Sequence[RegionProblem]) -> Array:
    """Return the rise of the data over the window per area above a static Shirley, (M,)."""
    first, y = regions[0], np.array([region.spectrum.y for region in regions])
    curves = rough_shirley(first.spectrum.x, y, first.inside, first.orientation, tolerance=_ROUGH)
    areas = np.trapezoid(y[:, first.inside] - curves, first.x, axis=1)
    rises = first.orientation * (curves[:, -1] - curves[:, 0])
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(areas > 0, np.maximum(rises / areas, 0.0), 0.0)


def _rate_estimates(regions: Sequence[RegionProblem]) -> Array:
    return np.array([_rate_estimate(region) for region in regions])


def _rate_estimate(region: RegionProblem) -> float:
    """Return the decay between both ends of the window, per axis unit; never quite none.

    Without any decay an exponential cannot be told from a level.
    """
    part = max(1, region.x.size // 10)
    first, last = float(np.median(region.y[:part])), float(np.median(region.y[-part:]))
    width = float(region.x[-1] - region.x[0]) or 1.0
    least = _LEAST_DECAY / width
    if first <= 0.0 or last <= 0.0:
        return least if abs(first) >= abs(last) else -least
    rate = float(np.log(first) - np.log(last)) / width
    return rate if abs(rate) > least else float(np.copysign(least, rate))


_LEAST_DECAY = 0.1
_ROUGH = 0.03  # of the step: how well a background is known from which the fit goes on
_FROM_DATA = {"step": _step_estimates, "rate": _rate_estimates}
"""Parameters of backgrounds that the data alone give a start."""


def typical_width(problem: Problem, q: Array, i: int) -> float:
    """Return the width of the component that parameter `i` belongs to, for scattering."""
    p = problem.full(q)
    owner = problem.paths[i].rpartition("/")[0]
    for name in WIDTH_NAMES:
        if f"{owner}/{name}" in problem.paths:
            return float(max(p[problem.paths.index(f"{owner}/{name}")], 1e-6))
    region = next(r for r in problem.regions if r.part.start <= i < r.part.stop)
    if region.spectrum.axis in (Axis.BINDING_ENERGY, Axis.KINETIC_ENERGY):
        return START_FWHM_EV
    return 10.0 * region.spectrum.step
