"""Lint rules about the data under the fit: noise, background, window, residuals, starts."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ..fitting import FitResult, RegionFit
from ..model import BACKGROUND
from ..spectrum import Array
from .context import Check, Context, Note
from .dead_time import (
    ASKED_LOSS,
    LEAST_LOSS,
    USUAL_S,
    corrected_fit,
    highest_rate,
    lost_part,
    recorded_dead_time,
)
from .residuals import (
    LEAST_STARTS,
    noise_check,
    region_chi_square_z,
    residual_structure,
    start_agreement,
)
from .spikes import spikes, without_spikes

_END_EV = 0.5
_ON_PEAK = 0.05  # of the height of the highest peak
_CHI_Z = 4.0
_CHI_MATTERS = 1.3
_CHI_MATTERS_EMPIRICAL = 2.0  # the noise itself is known to a tenth or two
CHI_ALARM = 3.0  # reduced chi-square beyond which no number of a fit should be used
_MOST_SPIKES = 5  # more are no spikes but the noise, or the model
_SMALL_MISFIT = 0.015  # of the highest peak: what imperfect line shapes leave


def from_fit(code: str) -> Check:
    """Return a rule that passes on a warning of the fit itself."""

    def check(context: Context) -> Iterator[Note]:
        for warning in context.result.warnings:
            if warning.code == code and not _follows_from_another(context, warning.where):
                yield Note(warning.where, warning.message)

    return check


def _follows_from_another(context: Context, where: str) -> bool:
    """Return whether a component with no area, or a step of zero, explains the warning.

    An empty component has a rule of its own, and nothing of it can be determined. A
    background without a step is a result, not a mistake.
    """
    line, _, name = where.rpartition("/")
    if line.endswith(f"/{BACKGROUND}"):
        return name == "step" and context.result.value(where) <= 0
    owners = [o for o in context.owners if line == f"{o.region.name}/{o.component.id}"]
    return any(o.has_area and o.area <= 0 for o in owners)


# ---------------------------------------------------------------------------------
# Noise


def smoothed_data(context: Context) -> Iterator[Note]:
    """Find noise that is correlated from channel to channel: smoothed or interpolated data."""
    for region in context.regions:
        check = noise_check(region)
        if check.verdict == "smoothed":
            yield Note(
                region.name,
                f"the noise between neighbouring channels is {check.whiteness:.2f} times that"
                " between distant ones: the data were smoothed or interpolated.",
            )


def noise_below_counting(context: Context) -> Iterator[Note]:
    """Find less noise than counts can have."""
    for region in context.regions:
        check = noise_check(region)
        if check.verdict == "below counting" and check.ratio is not None:
            yield Note(
                region.name,
                f"the noise is {check.ratio:.2f} times the counting noise: the data were smoothed"
                " or averaged, or the intensities are not counts of the stated time.",
            )


def noise_above_counting(context: Context) -> Iterator[Note]:
    """Find more noise than counts have."""
    for region in context.regions:
        check = noise_check(region)
        if check.verdict == "above counting" and check.ratio is not None:
            yield Note(
                region.name,
                f"the noise is {check.ratio:.2f} times the counting noise: the intensities are not"
                " counts of the stated time, or something else fluctuates.",
            )


# ---------------------------------------------------------------------------------
# Residuals


def chi_square_high(context: Context) -> Iterator[Note]:
    """Find a misfit far beyond the noise."""
    for region in context.regions:
        z = region_chi_square_z(region)
        value = region.statistics.reduced_chi_square
        if z is None or region.weights == "unit" or _is_noise(region, value):
            continue
        matters = _CHI_MATTERS_EMPIRICAL if region.weights == "empirical" else _CHI_MATTERS
        if z > _CHI_Z and value > matters:
            text = (
                f"reduced chi-square is {value:.2f} ({z:.0f} standard deviations above 1): the"
                " model misses more than the noise."
            )
            grave = value > CHI_ALARM
            advice = "Use no number of it before the residuals are explained." if grave else ""
            yield Note(region.name, text, advice, "alarm" if grave else None)


def _is_noise(region: RegionFit, reduced_chi_square: float) -> bool:
    """Return whether noise beyond counting statistics explains a large chi-square."""
    check = noise_check(region)
    loud = check.verdict == "above counting" and check.ratio is not None
    return loud and check.ratio is not None and reduced_chi_square < 1.5 * check.ratio**2


def chi_square_low(context: Context) -> Iterator[Note]:
    """Find residuals smaller than the noise."""
    for region in context.regions:
        z = region_chi_square_z(region)
        value = region.statistics.reduced_chi_square
        unknown = region.weights in ("unit", "empirical")
        if z is None or unknown or noise_check(region).verdict == "smoothed":
            continue
        if z < -_CHI_Z:
            yield Note(
                region.name,
                f"reduced chi-square is {value:.2f} ({-z:.0f} standard deviations below 1): the"
                " noise is smaller than assumed.",
            )


def structured_residuals(context: Context) -> Iterator[Note]:
    """Find residuals that are not noise."""
    for region in context.regions:
        found = residual_structure(region)
        # smoothed noise has structure of its own, and the signs of empty channels are all alike
        if found.present and noise_check(region).verdict not in ("smoothed", "sparse"):
            unit = region.spectrum.axis.unit
            part = _misfit_part(region)
            yield Note(
                region.name,
                f"the residuals have structure (Abbe {region.statistics.abbe:.2f}, runs test p"
                f" {found.runs_p:.1g}), most of it near {found.largest_at:.1f} {unit}: the data lie"
                f" {'above' if found.largest_sigma > 0 else 'below'} the model by"
                f" {abs(found.largest_sigma):.0f} sigma over {found.largest_width:.1f} {unit}, and"
                f" the misfit is {100 * part:.1f} % of the highest peak.",
                severity="note" if part < _SMALL_MISFIT else None,
            )


def _misfit_part(region: RegionFit) -> float:
    """Return the root mean square of the misfit beyond the noise over the highest peak."""
    misfit = region.y - region.envelope
    smooth = np.convolve(misfit, np.ones(5) / 5.0, mode="valid")
    height = _height(region)
    return float(np.sqrt(np.mean(smooth**2))) / height if height > 0 else 1.0


def outlier(context: Context) -> Iterator[Note]:
    """Find single channels that noise does not explain; says what the fit is without them."""
    for region in context.regions:
        found = spikes(region)
        if not found or len(found) > _MOST_SPIKES or noise_check(region).verdict == "smoothed":
            continue
        unit = region.spectrum.axis.unit
        listed = ", ".join(f"{s.at:.2f} {unit} ({s.sigmas:+.1f} sigma)" for s in found)
        yield Note(
            region.name,
            f"{'a single channel stands' if len(found) == 1 else f'{len(found)} channels stand'}"
            f" out from the channels beside: {listed}.{_without_them(context, region.name)}",
        )


def _without_them(context: Context, region_name: str) -> str:
    """Say how the areas change in a fit where outliers do not count."""
    robust = without_spikes(context.result)
    changes = [
        (robust.value(o.path("area")) / o.area - 1.0, o.name)
        for o in context.owners_in(region_name)
        if robust is not None and o.has_area and o.area > 0
    ]
    if not changes:
        return ""
    change, name = max(changes, key=lambda row: abs(row[0]))
    return f" In a fit where they do not count A({name}) is {100 * change:+.1f} % different."


def dead_time(context: Context) -> Iterator[Note]:
    """Find counts lost to the dead time of the detector, or a rate that asks for it."""
    losses: dict[str, tuple[float, float, float, bool]] = {}
    for region in context.xps_regions:
        rate, recorded = highest_rate(region), recorded_dead_time(region.spectrum)
        if rate is not None:
            tau = USUAL_S if recorded is None else recorded
            loss = lost_part(rate, tau)
            if loss > (ASKED_LOSS if recorded is None else LEAST_LOSS):
                losses[region.name] = rate, tau, loss, recorded is not None
    if not losses:
        return
    corrected = corrected_fit(context.result, {name: row[1] for name, row in losses.items()})
    for name, (rate, tau, loss, known) in losses.items():
        effect = _change_of_ratio(context, corrected, name)
        if known:
            yield Note(
                name,
                f"the highest channel has {rate:.3g} counts per second: with the recorded dead"
                f" time of {tau:.2g} s it lost {100 * loss:.2g} % of them, and low channels"
                f" less.{effect}",
            )
        else:
            yield Note(
                name,
                f"the highest channel has {rate:.3g} counts per second, and no dead time is"
                f" recorded: with {tau:.1g} s it would have lost {100 * loss:.2g} % of"
                f" them.{effect}",
                "Give the dead time of the detector (--dead-time), or state that the counts are"
                " corrected for it.",
                "warning",
            )


def _change_of_ratio(context: Context, corrected: FitResult | None, region_name: str) -> str:
    """Say which area over that of the largest one changes most in another fit."""
    owners = [o for o in context.owners_in(region_name) if o.has_area and o.area > 0]
    if corrected is None or len(owners) < 2:
        return ""
    first, *others = sorted(owners, key=lambda o: -o.area)
    base = corrected.value(first.path("area"))
    changes = [
        (corrected.value(o.path("area")) / base / (o.area / first.area) - 1.0, o.name)
        for o in others
        if base > 0
    ]
    if not changes:
        return ""
    change, name = max(changes, key=lambda row: abs(row[0]))
    return f" Corrected for it, A({name})/A({first.name}) is {100 * change:+.1f} % different."


def starts_disagree(context: Context) -> Iterator[Note]:
    """Find a best minimum that none of several starts found again."""
    part, n = start_agreement(context.result)
    if n >= LEAST_STARTS and round(part * n) < 2:
        yield Note(
            "",
            f"only 1 of {n} starts reached the best chi-square: the minimum is hard to find, and"
            " there may be a better one.",
        )


# ---------------------------------------------------------------------------------
# Background and window


def background_above(context: Context) -> Iterator[Note]:
    """Find a background that runs above the data."""
    for region in context.xps_regions:
        below = (region.y - region.background) / region.sigma
        n = max(5, min(15, below.size // 12))
        means = np.convolve(below, np.ones(n) / np.sqrt(n), mode="valid")
        lowest = int(np.argmin(means))
        height = max(_height(region), float(np.ptp(region.envelope)))
        gap = -float(np.mean((region.y - region.background)[lowest : lowest + n]))
        if height <= 0:
            continue
        if means[lowest] < -6.0 and gap > 0.02 * height:
            yield Note(
                region.name,
                f"near {region.x[lowest + n // 2]:.1f} eV the background lies above the data by"
                f" {100 * gap / height:.0f} % of the height of the data.",
            )


def end_on_peak(context: Context) -> Iterator[Note]:
    """Find an end of the window that stands on a peak, or on a slope the model lacks."""
    for region in context.xps_regions:
        if not region.peaks or _height(region) <= 0:
            continue
        for side, where in (("low", slice(None, None)), ("high", slice(None, None, -1))):
            part, kind = _end_part(region, where)
            if part > _ON_PEAK:
                end = region.x[where][0]
                yield Note(
                    region.name,
                    f"at the {side} end of the window ({end:.1f} eV) {kind} {100 * part:.0f} % of"
                    " the highest peak: the background end point is not free of peaks.",
                )


def _end_part(region: RegionFit, order: slice) -> tuple[float, str]:
    """Return how high the end stands, as a part of the highest peak, and in which sense."""
    step = abs(region.spectrum.step)
    n = max(3, round(_END_EV / step))
    height = _height(region)
    peaks = np.sum(list(region.peaks.values()), axis=0)[order]
    on_peak = float(np.mean(peaks[:n])) / height
    above = (region.y - region.background)[order][:n]
    noise = float(np.mean(region.sigma[order][:n])) / np.sqrt(n)
    excess = float(np.mean(above))
    if on_peak >= excess / height or excess < 4.0 * noise:
        fall = _unexplained_fall(region, order, 2 * n)
        if fall > max(on_peak, _ON_PEAK):
            return fall, "the data still fall towards the window by"
        return on_peak, "the peaks of the model still reach"
    return excess / height, "the data stand above the background by"


def _unexplained_fall(region: RegionFit, order: slice, n: int) -> float:
    """Return by how much the data fall from the end inwards beyond the model's own curve."""
    y, envelope = region.y[order], region.envelope[order]
    misfit = (y - envelope)[: 2 * n]
    if misfit.size < 2 * n:
        return 0.0
    fall = float(np.mean(misfit[:n]) - np.mean(misfit[n:]))
    noise = float(np.mean(region.sigma[order][: 2 * n])) * np.sqrt(2.0 / n)
    return fall / _height(region) if fall > 5.0 * noise else 0.0


def _height(region: RegionFit) -> float:
    curves: list[Array] = list(region.peaks.values())
    return float(np.sum(curves, axis=0).max()) if curves else 0.0


def narrow_window(context: Context) -> Iterator[Note]:
    """Find a window that ends before the lines do: no flat data to hold the background."""
    for region in context.xps_regions:
        lines = [
            (summary.maximum_at, summary.fwhm)
            for component in context.result.model.region(region.name).components
            if component.enabled and component.id in region.peaks
            for summary in (context.result.summary(region.name, component.id),)
            if region.peaks[component.id].max() > 0.1 * _height(region)
        ]
        if not lines:
            continue
        first, last = min(lines), max(lines)
        room = (first[0] - region.x[0]) / first[1], (region.x[-1] - last[0]) / last[1]
        side = int(np.argmin(room))
        if room[side] < 1.5:
            center = (first, last)[side][0]
            end = (region.x[0], region.x[-1])[side]
            yield Note(
                region.name,
                f"the window ends at {end:.1f} eV, only {room[side]:.1f} widths from the line at"
                f" {center:.1f} eV: there is no flat part to hold the background.",
            )
