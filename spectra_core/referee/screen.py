"""Which fits of a stack a referee need not look at one by one.

Most of thousands of fits of one model are in order, and to find that out rule by rule
takes longer than to fit them. A `Screening` asks for all of them at once whether any number
that a rule of `spectra_core.referee.rules` looks at is near the value where it speaks. It
may be wrong in one direction only: a fit that it takes for in order has no finding beyond
those that follow from model and metadata, which it has as well. Every other fit is for
`lint`.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import sqrt

import numpy as np

from ..fitting import FitResult, Weights
from ..fitting.stack import Stack, StackRegion
from ..fitting.weights import counting_time, counts_are_known
from ..library import PeakLibrary
from ..model import REGION
from ..spectrum import Array, Spectrum
from .context import (
    Context,
    Expected,
    Interference,
    Owner,
    expectations,
    library_overlaps,
    library_separations,
)
from .dead_time import ASKED_LOSS, LEAST_LOSS, USUAL_S, recorded_dead_time
from .lines import (
    BROADER,
    INSTRUMENT_FWHM_EV,
    SAME_CLASS_EV,
    SENSIBLE_FWHM_EV,
    is_split_wrong,
)
from .residuals import (
    LEAST_STARTS,
    chi_square_z,
    is_sparse,
    judged_noise,
    noise_seen,
    times_reached,
)
from .rules import RULES
from .sample import held_line, known_separations, level_of, may_show, sample_shows
from .screen_scores import Positions, in_tension, region_scores
from .ties import area_ties

# Rules that speak of the model and of what is known of the measurement, not of its numbers.
OF_METADATA = (
    "counts_unknown",
    "noise_estimated",
    "unit_weights",
    "start_moved",
    "area_ratio_wrong",
    "reference_missing",
    "reference_after_sputtering",
    "carbon_kind",
)
# Rules whose numbers `Screening.quiet` looks at.
OF_NUMBERS = (
    "not_converged",
    "better_minimum",
    "not_in_minimum",
    "plain_engine",
    "not_determined",
    "at_bound",
    "outside_window",
    "missing_doublet",
    "splitting_wrong",
    "doublet_order",
    "unlocked_without_evidence",
    "line_not_named",
    "broader_than_neighbours",
    "narrower_than_neighbours",
    "widths_far_apart",
    "narrower_than_instrument",
    "width_not_sensible",
    "coarse_step",
    "zero_area",
    "below_detection",
    "not_needed",
    "too_many_components",
    "one_more_component",
    "correlated_areas",
    "smoothed_data",
    "negative_counts",
    "noise_below_counting",
    "noise_above_counting",
    "chi_square_high",
    "chi_square_low",
    "residual_structure",
    "outlier",
    "dead_time",
    "starts_disagree",
    "background_above_data",
    "end_on_peak",
    "narrow_window",
    "position_far",
    "rigid_shift",
    "not_rigid",
    "tension",
    "no_line",
    "hump_under_lines",
    "overlap",
)
_SLACK = 1e-9  # of a threshold: sums over many rows may round differently from sums over one


@dataclass(frozen=True, eq=False)
class _Watched:
    """An owner with what about it does not change from fit to fit; places are in ``p``."""

    owner: Owner
    region: int
    area: tuple[int, ...]
    center: int
    shift: int
    width: int | None
    expected: tuple[Expected, ...]
    overlaps: tuple[Interference, ...]


class Screening:
    """What can be said once for all fits of one model.

    Parameters
    ----------
    example : FitResult
        Any fit of it.
    library : PeakLibrary
    """

    def __init__(self, example: FitResult, library: PeakLibrary) -> None:
        overlaps = library_overlaps(library)
        context = Context(example, expectations(library), overlaps)
        self.watched = [_watched(context, owner) for owner in context.owners]
        self.example = example
        self.scores = region_scores(example)
        known = Context(example, expectations(library), separations=library_separations(library))
        self.separations = known_separations(known)
        self.known = known
        self.possible = _covers_all_rules() and _is_ordinary(context)

    def quiet(
        self, stack: Stack, rows: Sequence[int], samples: Sequence[tuple[Spectrum, ...]]
    ) -> np.ndarray:
        """Return which of some rows no rule of `OF_NUMBERS` speaks of.

        Parameters
        ----------
        stack : Stack
        rows : sequence of int
        samples : sequence of tuple of Spectrum
            For each row all spectra of its sample.

        Returns
        -------
        quiet : ndarray of bool, shape (M,)
        """
        picked = np.asarray(rows, dtype=int)
        if not self.possible:
            return np.zeros(picked.size, dtype=bool)
        with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
            loud = _warned(stack, picked) | _starts_disagree(stack, picked)
            loud |= _correlated(stack, picked) | in_tension(stack, picked, self.example)
            loud |= self._misplaced(stack, picked)
            shown = _Shown(samples)
            for number, region in enumerate(stack.regions):
                part = _RegionNumbers(stack, region, picked)
                owners = [_OwnerNumbers(stack, part, w) for w in self.watched if w.region == number]
                loud |= (
                    part.loud() | _pairs(owners) | self.scores[number].loud(stack, region, picked)
                )
                for owner in owners:
                    loud |= owner.loud(alone=len(owners) < 2)
                    loud |= owner.overlapped(~loud, shown)
        return ~loud

    def _misplaced(self, stack: Stack, rows: np.ndarray) -> np.ndarray:
        """Return where species may not stand where they are expected."""
        assigned = [w for w in self.watched if w.expected]
        found = np.zeros(rows.size, dtype=bool)
        if not assigned:
            return found
        positions = stack.values[rows][:, [w.center for w in assigned]]
        # of several positions of a species the nearest counts, which may change from fit to fit
        centers = [np.array([row.center for row in w.expected]) for w in assigned]
        nearest = np.array(
            [np.abs(positions[:, i, None] - c).argmin(axis=1) for i, c in enumerate(centers)]
        )
        for choice in np.unique(nearest, axis=1).T:
            rows_of = (nearest == choice[:, None]).all(axis=0)
            chosen = [w.expected[k] for w, k in zip(assigned, choice.tolist(), strict=True)]
            levels = [level_of(row, 0.0) for row in chosen]
            held = held_line(self.known, [w.owner for w in assigned])
            known = Positions.of(levels, self.separations, held)
            found[rows_of] = known.loud(positions[rows_of])
        return found


def _covers_all_rules() -> bool:
    """Return whether every rule there is was thought of here."""
    return {row.code for row in RULES} <= {*OF_METADATA, *OF_NUMBERS}


def _is_ordinary(context: Context) -> bool:
    """Return whether the model itself gives no rule a reason to speak of every fit."""
    lone: set[str] = set()
    for owner in context.owners:
        level, doublet = owner.core_level, owner.doublet
        if doublet is None:
            if level is not None and (level.is_doublet or level.name in lone):
                return False
            lone |= {level.name} if level is not None else set()
        elif (
            doublet.unlocked
            or doublet.splitting <= 0
            or is_split_wrong(owner)
            or (level is not None and owner.component.line == level.name)
        ):
            return False
    return not area_ties(context.result.model)


def _watched(context: Context, owner: Owner) -> _Watched:
    problem, prefix = context.result.problem, f"{owner.region.name}/{owner.component.id}"
    names = [region.name for region in context.result.regions]
    expected: list[Expected] = []
    if owner.component.species and owner.fitted.spectrum.axis.is_energy:
        known = (owner.component.species, owner.component.label, owner.name)
        expected = [e for e in context.expected if e.level == owner.level and e.means(*known)]
    return _Watched(
        owner,
        names.index(owner.region.name),
        context.result.places_of(owner.path("area")) if owner.has_area else (),
        problem.places[f"{prefix}/center"],
        problem.places[f"{owner.region.name}/{REGION}/shift"],
        problem.places.get(f"{prefix}/fwhm"),
        tuple(expected),
        tuple(row for row in context.overlaps if row.level == owner.level),
    )


# ---------------------------------------------------------------------------------
# The whole fit


def _warned(stack: Stack, rows: np.ndarray) -> np.ndarray:
    """Return which fits said something of their numbers themselves."""
    codes = (stack.warnings[row] for row in rows.tolist())
    return np.array([any(w.code not in OF_METADATA for w in warnings) for warnings in codes])


def _starts_disagree(stack: Stack, rows: np.ndarray) -> np.ndarray:
    weights = [region.weights for region in stack.regions]
    each = ((stack.starts[row], stack.statistics[row]) for row in rows.tolist())
    return np.array(
        [len(s) >= LEAST_STARTS and times_reached(s, known, weights) < 2 for s, known in each],
        dtype=bool,
    )


def _correlated(stack: Stack, rows: np.ndarray) -> np.ndarray:
    """Return where two free areas are correlated by nearly 0.95 or more."""
    paths = stack.problem.paths
    areas = [i for i in stack.problem.free.tolist() if paths[i].endswith("/area")]
    covariance = stack.covariance[rows][:, areas][:, :, areas]
    errors = np.sqrt(np.einsum("mii->mi", covariance))
    value = np.abs(covariance / (errors[:, :, None] * errors[:, None, :]))
    value[:, range(len(areas)), range(len(areas))] = 0.0
    return np.asarray(~(value < 0.95 - _SLACK).all(axis=(1, 2)))


# ---------------------------------------------------------------------------------
# One region


class _RegionNumbers:
    """One region's data and curves in some rows."""

    def __init__(self, stack: Stack, region: StackRegion, rows: np.ndarray) -> None:
        self.stack, self.region, self.rows = stack, region, rows
        self.x, self.y = region.x, region.y[rows]
        self.envelope, self.background = region.envelope[rows], region.background[rows]
        self.sigma, self.residual = region.sigma[rows], region.residual[rows]
        self.peaks = {key: curves[rows] for key, curves in region.peaks.items()}
        spectrum = region.spectra[int(rows[0])]
        self.step, self.is_xps = abs(spectrum.step), spectrum.axis.is_energy
        self.time = counting_time(spectrum) if counts_are_known(spectrum) else None
        total = np.sum(list(self.peaks.values()), axis=0) if self.peaks else np.zeros_like(self.y)
        self.total, self.height = total, total.max(axis=1)

    def loud(self) -> np.ndarray:
        """Return where noise, residuals, background or window may be spoken of."""
        found = self._misfit() | self._noise()
        if self.region.weights == Weights.POISSON.value:
            found |= (self.y < 0).any(axis=1)
        if self.is_xps:
            found |= self._background_above() | self._ends_on_peak() | self._narrow()
            found |= self._busy()
        return found

    def _misfit(self) -> np.ndarray:
        """Return where chi-square is far from 1, or the residuals have structure."""
        n = self.x.size
        spread = sqrt(max(n - 2, 1) / (n * n - 1.0))
        found = []
        expected = None
        if self.time is not None and self.region.weights == Weights.POISSON.value:
            expected = np.maximum(self.envelope, 0.0) * self.time
        for k, row in enumerate(self.rows.tolist()):
            s = self.region.statistics[row]
            strange = (s.abbe - 1.0) / spread < -4.0 + _SLACK or s.runs_p < 1e-4 + _SLACK
            counts = None if expected is None else expected[k]
            found.append(strange or not abs(chi_square_z(s, counts) or 0.0) < 4.0 - _SLACK)
        return np.array(found)

    def _noise(self) -> np.ndarray:
        """Return where the channel-to-channel noise is not that of counting."""
        near, far = noise_seen(self.y - self.envelope, self.envelope, self.sigma, self.time)
        n, counted = self.x.size, self.time is not None
        pairs = zip(near.tolist(), far.tolist(), strict=True)
        verdicts = (judged_noise(*pair, n, counted=counted).verdict for pair in pairs)
        loud = np.array([verdict not in ("counting", "white") for verdict in verdicts])
        return loud if self.time is None else loud & ~is_sparse(self.envelope * self.time)

    def _busy(self) -> np.ndarray:
        """Return where the rate is high enough for a dead time to be spoken of."""
        found = np.zeros(self.rows.size, dtype=bool)
        if self.time is None:
            return found
        counts = self.envelope.max(axis=1) * self.time
        for k, row in enumerate(self.rows.tolist()):
            spectrum = self.region.spectra[row]
            seconds, tau = spectrum.meta.acquisition_time_s, recorded_dead_time(spectrum)
            if seconds:
                least = ASKED_LOSS / USUAL_S if tau is None else LEAST_LOSS / tau
                found[k] = not counts[k] / seconds < least * (1.0 - _SLACK)
        return found

    def _background_above(self) -> np.ndarray:
        below = (self.y - self.background) / self.sigma
        n = max(5, min(15, self.x.size // 12))
        return ~(_running_sum(below, n).min(axis=1) / sqrt(n) > -6.0 + 1e-6)

    def _ends_on_peak(self) -> np.ndarray:
        n = max(3, round(0.5 / self.step))
        limit = 0.05 * self.height * (1.0 - _SLACK)
        found = np.zeros(self.rows.size, dtype=bool)
        for order in (slice(None, None), slice(None, None, -1)):
            excess = (self.y - self.background)[:, order][:, :n].mean(axis=1)
            noise = self.sigma[:, order]
            error = noise[:, :n].mean(axis=1) / sqrt(n)
            found |= ~(self.total[:, order][:, :n].mean(axis=1) < limit)
            found |= (excess > limit) & ~(excess < 4.0 * error * (1.0 - _SLACK))
            misfit = (self.y - self.envelope)[:, order][:, : 4 * n]
            if misfit.shape[1] == 4 * n:
                fall = misfit[:, : 2 * n].mean(axis=1) - misfit[:, 2 * n :].mean(axis=1)
                error = noise[:, : 4 * n].mean(axis=1) * sqrt(1.0 / n)
                found |= (fall > limit) & (fall > 5.0 * error * (1.0 - _SLACK))
        return found

    def _narrow(self) -> np.ndarray:
        """Return where a line may stand less than one and a half widths from an end."""
        found = np.zeros(self.rows.size, dtype=bool)
        problem, name = self.stack.problem, self.region.name
        for key, curves in self.peaks.items():
            # the maximum lies within a channel of the highest point
            at = self.x[np.argmax(curves, axis=1)]
            place = problem.places.get(f"{name}/{key}/fwhm")
            width = np.inf if place is None else self.stack.values[self.rows, place]
            room = np.minimum(at - self.x[0], self.x[-1] - at) - self.step
            seen = ~(curves.max(axis=1) < 0.1 * self.height * (1.0 - _SLACK))
            found |= seen & ~(room > 1.5 * width)
        return found


def _running_sum(values: Array, n: int) -> Array:
    total = np.cumsum(values, axis=1)
    total[:, n:] -= total[:, :-n].copy()
    return total[:, n - 1 :]


# ---------------------------------------------------------------------------------
# One owner


class _OwnerNumbers:
    """One owner's numbers in some rows."""

    def __init__(self, stack: Stack, part: _RegionNumbers, watched: _Watched) -> None:
        self.part, self.watched, self.owner = part, watched, watched.owner
        values, rows = stack.values[part.rows], part.rows
        self.position = values[:, watched.center]
        self.center = self.position + values[:, watched.shift]
        self.width = np.full(rows.size, np.nan)
        if watched.width is not None:
            self.width = values[:, watched.width]
        places = list(watched.area)
        self.area = values[:, places].sum(axis=1)
        variance = stack.covariance[rows][:, places][:, :, places].sum(axis=(1, 2))
        self.stderr = np.sqrt(variance)

    def loud(self, *, alone: bool) -> np.ndarray:
        """Return where the width or the area may be spoken of."""
        owner, step = self.owner, self.part.step
        # a shape without a width of its own, or without an area, is looked at by the rules
        found = ~((self.width > 0) & (step < self.width / 3.0 * (1.0 - _SLACK)))
        level = owner.core_level
        low, high = (0.0, 2.5) if not owner.is_loss else (0.0, np.inf)
        if not owner.is_loss:
            low, high = SENSIBLE_FWHM_EV.get(owner.level, (low, high))
        if self.part.is_xps:
            natural = level.natural_width_ev if level else None
            low = max(low, INSTRUMENT_FWHM_EV, natural or 0.0)
            found |= ~((self.width > low * (1.0 + _SLACK)) & (self.width < high * (1.0 - _SLACK)))
        elif owner.level in SENSIBLE_FWHM_EV:
            found |= ~((self.width > low) & (self.width < high))
        seen = (self.area > 0) & (self.area > 6.0 * self.stderr * (1.0 + _SLACK))
        return found | ~seen | ~(self.area > self._smallest() * (1.0 + _SLACK))

    def _smallest(self) -> Array:
        """Return the detection limit of the area, as `smallest_area` does."""
        part, curve = self.part, self.part.peaks[self.owner.component.id]
        width = np.trapezoid(curve, part.x, axis=1) / curve.max(axis=1)
        sigma = part.sigma
        if part.region.weights == Weights.POISSON.value:
            below = np.maximum(part.envelope - curve, 0.0)
            sigma = sigma * np.sqrt(np.maximum(below, 1e-12) / np.maximum(part.envelope, 1e-12))
        variance = (sigma**2 * curve).sum(axis=1) / curve.sum(axis=1)
        limit = 3.0 * np.sqrt(2.0 * variance * width / part.step) * part.step
        doublet = self.owner.doublet
        return np.asarray(limit * (1.0 + doublet.ratio if doublet else 1.0))

    def overlapped(self, asked: np.ndarray, shown: _Shown) -> np.ndarray:
        """Return where another element that the sample shows has a line; only where `asked`."""
        found = np.zeros(self.center.size, dtype=bool)
        for row in self.watched.overlaps:
            near = asked & (self.center >= row.low - 1e-6) & (self.center <= row.high + 1e-6)
            if near.any():
                for level in row.shown_by:
                    found |= shown.level(level, near & ~found)
        return found


class _Shown:
    """Which levels the samples of some rows show."""

    def __init__(self, samples: Sequence[tuple[Spectrum, ...]]) -> None:
        self.samples = samples

    @cached_property
    def reaches(self) -> dict[Hashable, list[int]]:
        """The rows whose samples reach the same energies."""
        found: dict[Hashable, list[int]] = {}
        for row, spectra in enumerate(self.samples):
            reach = tuple((s.axis, s.x[0], s.x[-1]) for s in spectra)
            found.setdefault(reach, []).append(row)
        return found

    def level(self, level: str, asked: np.ndarray) -> np.ndarray:
        """Return which of the rows show a level; only where `asked`."""
        found = np.zeros(asked.size, dtype=bool)
        for rows in self.reaches.values():
            if may_show(self.samples[rows[0]], level):
                for row in rows:
                    found[row] = asked[row] and sample_shows(self.samples[row], level)
        return found


def _pairs(owners: Sequence[_OwnerNumbers]) -> np.ndarray:
    """Return where one of two owners of a level is so much broader that it may be spoken of."""
    found = np.zeros(owners[0].width.size if owners else 1, dtype=bool)
    for i, one in enumerate(owners):
        for other in owners[i + 1 :]:
            if one.owner.level == other.owner.level:
                low, high = np.minimum(one.width, other.width), np.maximum(one.width, other.width)
                near = np.abs(one.center - other.center) < SAME_CLASS_EV + 1e-6
                found |= near & ~(high < BROADER * low * (1.0 - _SLACK))
                found |= ~(high < 3.0 * low * (1.0 - _SLACK))
    return found
