"""What a series is made of without a model: how many factors, whether a reference is one of them.

Intensities are divided by their noise first, so that a factor counts by what it explains in
standard errors and not by its counts. The number of factors is the smallest whose rest is
noise by a chi-square test. Non-negative factors (MCR-ALS, one factor after the other, weighted by
the noise) are not unique: they are found from many starts, and every rotation of them that stays
non-negative within the noise fits as well. The extremes of each factor over these rotations are
given with it (as MCR-BANDS does). A factor is no species until a reference of the species passes
the target test.

References
----------
.. [1] E. R. Malinowski, Factor Analysis in Chemistry, 3rd ed. (2002): rank and target tests.
.. [2] A. Cichocki, A.-H. Phan, IEICE Trans. E92-A, 708 (2009): one factor after the other.
   doi:10.1587/transfun.E92.A.708
.. [3] P. Paatero, U. Tapper, Environmetrics 5, 111 (1994): weights by the noise.
   doi:10.1002/env.3170050203
.. [4] R. Tauler, J. Chemom. 15, 627 (2001): bands of feasible solutions. doi:10.1002/cem.654
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import chdtrc

from ..errors import DataError, FitError
from ..spectrum import Array, Spectrum
from .values import SpectrumSeries

FEWEST_LEVELS = 5
_LEAST_P = 0.01
_STARTS = 20
_ROUNDS = 600
_WITHIN = 2.0  # standard errors, below zero, that noise may take a rotated factor
_ALIKE = 4.0  # of chi-square above the best, up to which a start counts as good


@dataclass(frozen=True, eq=False)
class FactorTable:
    """A region of a series, ready for factors.

    Attributes
    ----------
    energies : ndarray, shape (N,)
    intensities, sigmas : ndarray, shape (L, N)
        Counts, or the unit of the series, and their standard deviations.
    """

    energies: Array
    intensities: Array
    sigmas: Array


@dataclass(frozen=True, eq=False)
class Principal:
    """Principal components of noise-scaled intensities.

    Attributes
    ----------
    rank : int
        Factors above the noise.
    p_values : ndarray, shape (R,)
        Of the rest being noise, after 1, 2, 3... factors.
    singular : ndarray, shape (R,)
    scores : ndarray, shape (L, R)
    loadings : ndarray, shape (R, N)
        Of unit length, in standard errors.
    scales : ndarray, shape (L,) and (N,)
        Row and column scales whose product stands for the noise.
    """

    rank: int
    p_values: Array
    singular: Array
    scores: Array
    loadings: Array
    scales: tuple[Array, Array]


@dataclass(frozen=True)
class TargetTest:
    """Whether a reference spectrum lies in the space of the factors.

    Attributes
    ----------
    reduced_chi_square : float
        Of what the factors do not explain of it.
    p_value : float
    passed : bool
        Whether `p_value` is above 1 %: the series could hold it. Not proof that it does.
    """

    reduced_chi_square: float
    p_value: float
    passed: bool


@dataclass(frozen=True, eq=False)
class Resolved:
    """Non-negative factors, and how far they are free.

    Attributes
    ----------
    amounts : ndarray, shape (L, r)
    spectra : ndarray, shape (r, N)
        Of area 1; factors in the order of their first moments in the levels.
    lowest, highest : ndarray, shape (L, r)
        Amounts in all starts that fit as well as the best, and at the ends of all rotations of
        the best that do.
    chi_square : float
    starts, good : int
        How many starts were made, and how many fit as well as the best.
    """

    amounts: Array
    spectra: Array
    lowest: Array
    highest: Array
    chi_square: float
    starts: int
    good: int


def factor_table(
    series: SpectrumSeries, region: str, window: tuple[float, float] | None = None
) -> FactorTable:
    """Return the intensities of a region with their noise.

    Raises
    ------
    DataError
        If there are fewer than five levels, one lacks the region, or counts are not known.
    """
    members = series.spectra(region)
    if len(members) < FEWEST_LEVELS:
        raise DataError(
            f"factors need {FEWEST_LEVELS} levels or more; there are {len(members)}.",
            where=series.sample,
        )
    first = members[0]
    if first is None or any(s is None or len(s) != len(first) for s in members):
        raise DataError(f"not every level has {region} on the same channels.", where=series.sample)
    rows, sigmas = [], []
    for spectrum in members:
        assert spectrum is not None
        if spectrum.counts is None:
            raise DataError(
                "factors are weighed by the noise of counts, which are not known here.",
                hint="Give --y-unit, --dwell and --scans.",
                where=spectrum.label,
            )
        rows.append(spectrum.counts)
        sigmas.append(np.sqrt(np.maximum(spectrum.counts, 1.0)))
    x = first.x
    inside = np.ones(x.size, bool) if window is None else (x >= window[0]) & (x <= window[1])
    return FactorTable(x[inside], np.array(rows)[:, inside], np.array(sigmas)[:, inside])


def principal_components(table: FactorTable) -> Principal:
    """Return principal components after scaling by the noise, and how many are above it.

    The noise is taken as a product of a row's and a column's scale, which keeps the rank of
    the data; exact for Poisson noise of a matrix of rank one, good enough to tell noise.
    """
    mean = np.maximum(table.intensities, 1.0)
    rows = np.sqrt(mean.mean(axis=1))
    columns = np.sqrt(mean.mean(axis=0) / mean.mean())
    scaled = table.intensities / np.outer(rows, columns)
    variance = (table.sigmas / np.outer(rows, columns)) ** 2
    scores, singular, loadings = np.linalg.svd(scaled, full_matrices=False)
    levels, points = scaled.shape
    size = min(levels, points)
    p_values = np.ones(size)
    for r in range(size):
        left = float(np.sum(singular[r + 1 :] ** 2))
        freedom = (levels - r - 1) * (points - r - 1)
        if freedom > 0:
            p_values[r] = chdtrc(freedom, left / float(variance.mean()))
    passing = np.flatnonzero(p_values > _LEAST_P)
    rank = int(passing[0]) + 1 if passing.size else size
    return Principal(rank, p_values, singular, scores * singular, loadings, (rows, columns))


def target_test(
    table: FactorTable, found: Principal, reference: Spectrum, rank: int | None = None
) -> TargetTest:
    """Return whether a reference lies in the space of the first factors.

    Parameters
    ----------
    table : FactorTable
    found : Principal
    reference : Spectrum
        With counts; it is interpolated to the channels of the table.
    rank : int or None
        None: that of `found`.

    Raises
    ------
    DataError
        If its counts are not known, or it does not cover the channels.
    """
    if reference.counts is None:
        raise DataError("a reference needs counts, for their noise.", where=reference.label)
    x = table.energies
    if reference.x[0] > x[0] + 1e-6 or reference.x[-1] < x[-1] - 1e-6:
        raise DataError(
            f"the reference runs from {reference.x[0]:g} to {reference.x[-1]:g} eV, the series from"
            f" {x[0]:g} to {x[-1]:g} eV.",
            where=reference.label,
        )
    counts = np.interp(x, reference.x, reference.counts)
    columns = found.scales[1]
    target = counts / columns
    basis = found.loadings[: rank or found.rank]
    weights = 1.0 / (np.sqrt(np.maximum(counts, 1.0)) / columns)
    amounts, *_ = np.linalg.lstsq(basis.T * weights[:, None], target * weights, rcond=None)
    left = (target - amounts @ basis) * weights
    freedom = x.size - len(basis)
    if freedom < 1:
        raise DataError("there are more factors than channels.")
    square = float(left @ left)
    p_value = float(chdtrc(freedom, square))
    return TargetTest(square / freedom, p_value, p_value > _LEAST_P)


def resolve(table: FactorTable, rank: int, *, starts: int = _STARTS, seed: int = 0) -> Resolved:
    """Return non-negative factors from many starts, with the spread of what fits equally well.

    Parameters
    ----------
    table : FactorTable
    rank : int
    starts, seed : int
        Random starts.

    Raises
    ------
    FitError
        If `rank` is less than 1 or not below the number of levels.
    """
    levels, points = table.intensities.shape
    if not 1 <= rank < levels:
        raise FitError(f"{rank} factors cannot be told from {levels} levels.")
    generator = np.random.default_rng(seed)
    weights = 1.0 / table.sigmas**2
    ends = [
        _factorised(np.maximum(table.intensities, 0.0), weights, rank, generator)
        for _ in range(starts)
    ]
    ends.sort(key=lambda end: end[2])
    best = ends[0]
    limit = best[2] + _ALIKE + 1e-3 * levels * points
    good = [_in_order(*end[:2], table.energies) for end in ends if end[2] <= limit]
    rotated = _extremes(*good[0], weights)
    amounts = np.array([*(own for own, _ in good), *rotated])
    return Resolved(
        good[0][0],
        good[0][1],
        amounts.min(axis=0),
        amounts.max(axis=0),
        best[2],
        starts,
        len(good),
    )


def _factorised(
    data: Array, weights: Array, rank: int, generator: np.random.Generator
) -> tuple[Array, Array, float]:
    """Return amounts (L, r), spectra (r, N) and chi-square, by least squares factor by factor."""
    mean = np.sqrt(data.mean() / rank)
    amounts = mean * generator.uniform(0.2, 1.8, (data.shape[0], rank))
    spectra = mean * generator.uniform(0.2, 1.8, (rank, data.shape[1]))
    left, before = data - amounts @ spectra, np.inf
    for round_ in range(_ROUNDS):
        for k in range(rank):
            left += np.outer(amounts[:, k], spectra[k])
            weighted = weights * left
            amounts[:, k] = _least(weighted @ spectra[k], weights @ spectra[k] ** 2)
            spectra[k] = _least(amounts[:, k] @ weighted, amounts[:, k] ** 2 @ weights)
            left -= np.outer(amounts[:, k], spectra[k])
        if round_ % 20 == 19:
            square = float(np.sum(weights * left**2))
            if before - square < 1e-3:
                break
            before = square
    return amounts, spectra, float(np.sum(weights * left**2))


def _least(slope: Array, curvature: Array) -> Array:
    """Return the least squares of one factor's numbers, not below zero."""
    return np.asarray(np.maximum(slope, 0.0) / np.maximum(curvature, 1e-300))


def _extremes(amounts: Array, spectra: Array, weights: Array) -> list[Array]:
    """Return amounts (L, r) where a factor is least and most, over rotations that fit as well.

    Spectra become ``T S`` and amounts ``C T^-1`` with rows of T that add up to 1, so that
    spectra keep their area; both stay above zero within the noise.
    """
    from scipy.optimize import minimize

    rank = len(spectra)
    if rank == 1:
        return []
    room_c = _WITHIN / np.sqrt((weights @ spectra.T**2).min(axis=1))
    room_s = _WITHIN / np.sqrt((amounts.T**2 @ weights).min(axis=0))
    off = ~np.eye(rank, dtype=bool)

    def turned(t: Array) -> Array:
        rotation = np.zeros((rank, rank))
        rotation[off] = t
        return np.asarray(rotation + np.diag(1.0 - rotation.sum(axis=1)))

    def room(t: Array) -> Array:
        rotation = turned(t)
        more = amounts @ np.linalg.pinv(rotation) + room_c[:, None]
        curves = rotation @ spectra + room_s
        return np.concatenate([(more / room_c[:, None]).ravel(), (curves / room_s).ravel()])

    found, size = [], float(amounts.sum())
    for k in range(rank):
        for sign in (1.0, -1.0):

            def share(t: Array, k: int = k, sign: float = sign) -> float:
                return sign * float((amounts @ np.linalg.pinv(turned(t)))[:, k].sum()) / size

            end = minimize(
                share,
                np.zeros(rank * (rank - 1)),
                method="SLSQP",
                constraints={"type": "ineq", "fun": room},
                options={"maxiter": 100},
            )
            if np.isfinite(end.x).all() and room(end.x).min() > -0.1:
                found.append(amounts @ np.linalg.pinv(turned(end.x)))
    return found


def _in_order(amounts: Array, spectra: Array, energies: Array) -> tuple[Array, Array]:
    """Return factors with spectra of area 1, sorted by where in the series they stand."""
    areas = np.asarray(np.trapezoid(spectra, energies, axis=1))
    spectra, amounts = spectra / areas[:, None], amounts * areas
    place = np.arange(amounts.shape[0]) @ amounts / amounts.sum(axis=0)
    order = np.argsort(place)
    return amounts[:, order], spectra[order]
