"""The best minimum of one model on M spectra: looked for until it is found again.

A fit goes downhill from where it starts, and a model of several lines has many valleys. So
a shift of all lines is scanned over its whole range first, with areas and levels at their
optimum at each place. Then fits start from the model's own values, from the best places of
the scan, from the data's own maxima, and from scattered values that hang on none of these:
each the best of a few draws, by chi-square with areas and levels at their optimum. It is
enough when the lowest chi-square has been reached from as many starts as were asked for, and
two more where it is twice what the noise would leave: that may be a wrong minimum.
Then whatever component ended with no area is put where the residual is largest, before
anybody believes that there is none of it.

Spectra do not know of each other, and the scatter is the same for all: one is searched in
the same way alone and among thousands.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import cycle, islice
from typing import Protocol

import numpy as np

from ..errors import Cancelled, ShouldStop
from ..spectrum import Array
from .engine import (
    CompiledFit,
    Kept,
    comparable_chi_square,
    kernels,
    residual_curve,
    run_many,
)
from .places import from_maxima, revivals, valleys
from .problem import Problem
from .scatter import Numbers, Scatter, scatter_of

MOST = 8  # starts for each time that the best minimum is to be found
TOLERANCE = 1e-3  # of a standard error: enough to know a minimum again
LIMIT = 100  # evaluations of one start
_TASTE = 40  # of them, after which only what is not far above the best goes on
_FAR_ABOVE = 2.0  # times the best chi-square
_SAME = 0.1  # in units of the noise; at 1 a parameter has moved by a standard error
_STEP = 0.3  # of the scan, in widths of a line
_FAR = 5.0  # units of the axis: how far a shift without bounds is scanned
_PLACES = 3  # of the scan, from which fits start
_DRAWS = 4  # scattered values, the best of which is a start
_REVIVALS = 3  # of one spectrum
_MISFIT = 2.0  # times the noise: a minimum that leaves more must be found more often
_OFTENER = 2


Ends = tuple[Array, Array, np.ndarray]


class Engine(Protocol):
    """What fits rows of start values; `rows` (R,) says of which spectrum each is."""

    def fits(self, rows: np.ndarray, q: Array, *, linear: bool, limit: int) -> Ends:
        """Return where fits end, chi-square there, and whether they had not ended yet.

        Shapes (R, F), (R,) and (R,); chi-square is infinite where there is none. With `linear`
        areas and levels start at their optimum. `limit`: evaluations of each pass.
        """

    def looks(self, rows: np.ndarray, q: Array) -> Array:
        """Return chi-square (R,) with areas and levels at their optimum, nothing else moved."""

    def residuals(self, row: int, q: Array) -> list[Array]:
        """Return data minus curve of each region at `q` (F,)."""


@dataclass(frozen=True, eq=False)
class CompiledRows:
    """M spectra of one model, fitted by the kernels on the thread that asks.

    Attributes
    ----------
    fit : CompiledFit
    y : ndarray, shape (M, N)
        Turned.
    static : ndarray, shape (M or 1, N)
    weights : ndarray, shape (M or 1, N)
        1 / sigma where it does not follow the model.
    should_stop : callable or None
    """

    fit: CompiledFit
    y: Array
    static: Array
    weights: Array
    should_stop: ShouldStop | None

    def fits(self, rows: np.ndarray, q: Array, *, linear: bool, limit: int) -> Ends:
        """See `Engine`."""
        k = kernels()
        found, state = self._run(rows, q, k.LINEAR if linear else k.AS_GIVEN, limit, 2**40)
        exhausted = state[:, k.STATUS] == k.EXHAUSTED
        return found, comparable_chi_square(self.fit, state), exhausted

    def looks(self, rows: np.ndarray, q: Array) -> Array:
        """See `Engine`."""
        state = self._run(rows, q, kernels().LINEAR, 1, 0)[1]
        return comparable_chi_square(self.fit, state)

    def residuals(self, row: int, q: Array) -> list[Array]:
        """See `Engine`."""
        return residual_curve(self.fit, self.y[row], self.static[row % len(self.static)], q)

    def _run(
        self, rows: np.ndarray, q: Array, how: int, limit: int, budget: int
    ) -> tuple[Array, Array]:
        if self.should_stop is not None and self.should_stop():
            raise Cancelled("the fit was cancelled; nothing was changed.")
        y = self.y if len(self.y) == 1 else self.y[rows]
        weights = self.weights.copy() if len(self.weights) == 1 else self.weights[rows]
        found, state, _, _ = run_many(
            self.fit,
            y,
            self.static if len(self.static) == 1 else self.static[rows],
            np.tile(self.fit.times, (rows.size, 1)),
            q,
            how,
            tolerance=TOLERANCE,
            limit=limit,
            budget=budget,
            kept=Kept(weights, np.empty((1, y.shape[1]))),
        )
        return found, state


@dataclass(frozen=True, eq=False)
class Found:
    """The best minimum of each spectrum.

    Attributes
    ----------
    q : ndarray, shape (M, F)
    reached : tuple of tuple of float, length M
        Chi-square of each start, the model's own first.
    """

    q: Array
    reached: tuple[tuple[float, ...], ...]


def search(
    problems: Sequence[Problem],
    own: Array,
    engine: Engine,
    *,
    wanted: int,
    spread: float,
    seed: int,
    limit: int,
    noise_known: bool,
) -> Found:
    """Return the best minimum of each spectrum.

    Parameters
    ----------
    problems : sequence of Problem, length M
        One model, other data.
    own : ndarray, shape (M, F)
        The model's start values.
    engine : Engine
    wanted : int
        How often the best minimum is to be found, and two times more where it leaves twice
        the noise; at most `MOST` times as many starts.
    spread : float
        Size of the scatter.
    seed : int
        Of the scatter.
    limit : int
        Evaluations of one start, at most `LIMIT`.
    noise_known : bool
        False: chi-square over the degrees of freedom is the unit in which minima are alike.
    """
    scatter, rng = scatter_of(problems[0], own[0]), np.random.default_rng(seed)
    walks = [
        _Walk(m, problem, start, noise_known, wanted)
        for m, (problem, start) in enumerate(zip(problems, own, strict=True))
    ]
    _scan(walks, scatter, engine)
    limit = min(limit, LIMIT)
    places = [[walk.at(place, scatter) for place in walk.places] for walk in walks]
    base = np.array([own[0] if own else walk.own for walk, own in zip(walks, places, strict=True)])
    maxima = from_maxima(problems, base, scatter)
    firsts = [[w.own, *own, top] for w, own, top in zip(walks, places, maxima, strict=True)]
    _fit(walks, firsts, engine, limit)
    while active := [walk for walk in walks if walk.is_open]:
        numbers = scatter.numbers(rng, wanted * _DRAWS)
        seeking = [walk for walk in active if walk.is_seeking]
        starts = _scattered(seeking, scatter, numbers, spread, engine)
        for walk in active:
            if not walk.is_seeking:
                seeking.append(walk)
                starts.append(walk.revivals(scatter, engine))
        _fit(seeking, starts, engine, limit)
    return Found(
        np.array([walk.best for walk in walks]), tuple(tuple(walk.reached) for walk in walks)
    )


@dataclass(eq=False)
class _Walk:
    """The search for the best minimum of one spectrum."""

    row: int
    problem: Problem
    own: Array
    noise_known: bool
    wanted: int
    places: list[Array] = field(default_factory=list)
    best: Array = field(default_factory=lambda: np.empty(0))
    lowest: float = np.inf
    hits: int = 0
    reached: list[float] = field(default_factory=list)
    looked_over: float = np.inf
    revivals_made: int = 0

    def __post_init__(self) -> None:
        self.best = self.own

    def at(self, place: Array, scatter: Scatter) -> Array:
        """Return the model's own start values at a place of the scan."""
        q = self.own.copy()
        q[scatter.shifts] = place
        return q

    @property
    def missing(self) -> int:
        """How often the best minimum is still to be found, in one round."""
        n = max(self.problem.n_points - self.own.size, 1)
        misfits = self.noise_known and self.lowest > _MISFIT * n
        return min(max(self.wanted + misfits * _OFTENER - self.hits, 0), self.wanted)

    @property
    def is_seeking(self) -> bool:
        """Whether scattered starts are still to be made."""
        return self.missing > 0 and len(self.reached) < MOST * self.wanted

    @property
    def is_open(self) -> bool:
        """Whether scattered starts are still to be made, or the best minimum looked over."""
        again = self.revivals_made < _REVIVALS and self.lowest < self.looked_over - self._same()
        return self.is_seeking or (again and bool(np.isfinite(self.lowest)))

    def revivals(self, scatter: Scatter, engine: Engine) -> list[Array]:
        """Return starts with what has no area in the best minimum put elsewhere."""
        self.looked_over, self.revivals_made = self.lowest, self.revivals_made + 1

        def looks(q: Array) -> Array:
            return engine.looks(np.full(len(q), self.row), q)

        left = partial(engine.residuals, self.row)
        return revivals(self.problem, self.best, self.own, scatter, left, looks)

    def take(self, q: Array, chi_square: float) -> None:
        """Note down where a start has led."""
        self.reached.append(chi_square)
        if chi_square < self.lowest:
            self.hits = 0 if chi_square < self.lowest - self._same() else self.hits
            self.best, self.lowest = q, chi_square
        if chi_square <= self.lowest or chi_square <= self.lowest + self._same():
            self.hits += 1

    def _same(self) -> float:
        """Return by how much chi-square of one and the same minimum may differ."""
        if not np.isfinite(self.lowest):
            return 0.0
        unit = 1.0
        if not self.noise_known:
            unit = self.lowest / max(self.problem.n_points - self.own.size, 1)
        return _SAME * unit + 1e-7 * abs(self.lowest)


def _fit(
    walks: Sequence[_Walk], starts: Sequence[Sequence[Array]], engine: Engine, limit: int
) -> None:
    """Fit each spectrum from its starts, and note down where they have led.

    A start that is still far above the best after some evaluations is left there.
    """
    counts = [len(each) for each in starts]
    rows = np.repeat([walk.row for walk in walks], counts)
    if not rows.size:
        return
    q = np.array([one for each in starts for one in each])
    ends, chi_square, going = engine.fits(rows, q, linear=True, limit=min(_TASTE, limit))
    if limit > _TASTE and going.any():
        best = np.full(1 + max(walk.row for walk in walks), np.inf)
        best[[walk.row for walk in walks]] = [walk.lowest for walk in walks]
        np.minimum.at(best, rows, chi_square)
        near = np.flatnonzero(going & (chi_square <= _FAR_ABOVE * best[rows]))
        if near.size:
            more = limit - _TASTE
            further = engine.fits(rows[near], ends[near], linear=False, limit=more)
            ends[near], chi_square[near] = further[:2]
    found = iter(zip(ends, chi_square.tolist(), strict=True))
    for walk, n in zip(walks, counts, strict=True):
        for end, reached in islice(found, n):
            walk.take(end, reached)


def _scattered(
    walks: Sequence[_Walk],
    scatter: Scatter,
    numbers: Numbers,
    spread: float,
    engine: Engine,
) -> list[list[Array]]:
    """Return as many scattered starts as each spectrum wants: of every few draws the best."""
    if not walks:
        return []
    m, n = len(walks), len(numbers.uniform)
    bases = [[w.at(place, scatter) for place in w.places] or [w.own] for w in walks]
    draws = scatter.drawn(np.array([list(islice(cycle(b), n)) for b in bases]), numbers, spread)
    counts = _DRAWS * np.array([walk.missing for walk in walks])
    taken = np.arange(n) < counts[:, None]
    found = np.full((m, n), np.inf)
    found[taken] = engine.looks(np.repeat([walk.row for walk in walks], counts), draws[taken])
    best = np.argmin(found.reshape(m, -1, _DRAWS), axis=2) + np.arange(0, n, _DRAWS)
    return [
        list(each[picked[: walk.missing]])
        for walk, each, picked in zip(walks, draws, best, strict=True)
    ]


def _scan(walks: Sequence[_Walk], scatter: Scatter, engine: Engine) -> None:
    """Give each spectrum the best places of its shifts; several shifts one after the other."""
    for number, j in enumerate(scatter.shifts.tolist()):
        low, high = max(scatter.lower[j], -_FAR), min(scatter.upper[j], _FAR)
        n = max(int(np.ceil((high - low) / (_STEP * scatter.width[j]))), 2) + 1
        grid = np.linspace(low, high, n)
        starts = np.array(
            [w.at(w.places[0], scatter) if w.places else w.own for w in walks]
        ).repeat(n, axis=0)
        starts[:, j] = np.tile(grid, len(walks))
        rows = np.repeat([walk.row for walk in walks], n)
        for walk, own, found in zip(
            walks, starts[::n], engine.looks(rows, starts).reshape(-1, n), strict=True
        ):
            base = own[scatter.shifts]
            walk.places = [_with(base, number, grid[k]) for k in valleys(found)[:_PLACES]]


def _with(place: Array, number: int, value: float) -> Array:
    changed = place.copy()
    changed[number] = value
    return changed
