"""Whether the model is right, and has as many components as the data ask for.

A low reduced chi-square proves little: five components fit what three can. Four other
questions are asked here. Do the residuals still have structure (`residual_structure`)?
Does the fit get clearly worse with a component less, and clearly better, in the
residuals too, with one more (`compare_components`)? Is there a line at all, or would a
broad hump do (`hump_test`)? And is the noise that of counts, or were the data smoothed
beforehand (`noise_check`)?

References
----------
.. [1] G. Schwarz, Ann. Stat. 6, 461 (1978). doi:10.1214/aos/1176344136 (BIC)
.. [2] R. E. Kass, A. E. Raftery, J. Am. Stat. Assoc. 90, 773 (1995).
   doi:10.1080/01621459.1995.10476572 (a difference above 10 is very strong evidence)
.. [3] G. H. Major et al., J. Vac. Sci. Technol. A 38, 061203 (2020).
   doi:10.1116/6.0000377
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from math import sqrt
from typing import Literal

import numpy as np

from .core_levels import core_level
from .errors import ModelError, SpectraError
from .fit import FitOptions, FitResult, RegionFit, Weights, fit
from .fit.start import WIDTH_NAMES
from .fit.statistics import Statistics
from .fit.weights import counting_time
from .model import (
    Background,
    Component,
    Link,
    Model,
    Parameter,
    Region,
    Term,
    add_component,
    add_doublet,
    add_links,
    make_component,
    replace_region,
    set_enabled,
)
from .spectrum import Array, Spectrum

BIC_EVIDENCE = 10.0
_STRUCTURE_Z = -4.0
_RUNS_P = 1e-4
_CHI_Z = 4.0


# ---------------------------------------------------------------------------------
# Residuals


@dataclass(frozen=True)
class ResidualStructure:
    """How far the residuals of one region are from noise.

    Attributes
    ----------
    abbe_z : float
        Abbe's criterion in standard deviations from 1; strongly negative is structure.
    runs_p : float
    durbin_watson : float
        Sum of squared successive differences over sum of squares; 2 for noise.
    largest_at : float
        Where the residuals deviate most, taken over `largest_width`.
    largest_sigma : float
        By how much, in standard deviations of such a mean; the sign is data minus model.
    largest_width : float
        Width of the mean, axis unit.
    """

    abbe_z: float
    runs_p: float
    durbin_watson: float
    largest_at: float
    largest_sigma: float
    largest_width: float

    @property
    def present(self) -> bool:
        """Whether there is structure beyond what noise gives once in ten thousand fits."""
        return self.abbe_z < _STRUCTURE_Z or self.runs_p < _RUNS_P


def residual_structure(region: RegionFit) -> ResidualStructure:
    """Return how far the residuals of one region are from noise, and where."""
    residual = region.residual
    n = residual.size
    spread = sqrt(max(n - 2, 1) / (n * n - 1.0))
    at, sigma, width = _largest_structure(region)
    return ResidualStructure(
        (region.statistics.abbe - 1.0) / spread, region.statistics.runs_p,
        durbin_watson(residual), at, sigma, width,
    )  # fmt: skip


def durbin_watson(residual: Array) -> float:
    """Return the Durbin-Watson statistic: 2 for noise, towards 0 for a correlated misfit."""
    total = float(residual @ residual)
    differences = np.diff(residual)
    return 2.0 if total == 0 else float(differences @ differences) / total


def _largest_structure(region: RegionFit) -> tuple[float, float, float]:
    """Return place, size in sigma and width of the largest running mean of the residuals."""
    n, means = _running_means(region)
    at = int(np.argmax(np.abs(means)))
    return float(region.x[at + n // 2]), float(means[at]), n * abs(region.spectrum.step)


def _running_means(region: RegionFit) -> tuple[int, Array]:
    """Return the running mean of the residuals over half a peak, in its standard deviation."""
    n = round(_typical_width(region) / abs(region.spectrum.step))
    n = max(1, min(n, region.x.size // 3))
    return n, np.convolve(region.residual, np.ones(n) / sqrt(n), mode="valid")


def _typical_width(region: RegionFit) -> float:
    """Return half the median width of the peaks, found on their curves."""
    widths = [
        float(np.trapezoid(curve, region.x) / curve.max())
        for curve in region.peaks.values()
        if curve.max() > 0
    ]
    return 0.5 * float(np.median(widths)) if widths else 5 * abs(region.spectrum.step)


def chi_square_z(statistics: Statistics) -> float | None:
    """Return reduced chi-square in standard deviations from 1; None without known sigma."""
    if statistics.residual_std is None:
        return None
    dof = max(statistics.n_points - statistics.n_free, 1)
    # Wilson-Hilferty: chi-square to the third root is nearly normal.
    third = statistics.reduced_chi_square ** (1.0 / 3.0)
    variance = 2.0 / (9.0 * dof)
    return float((third - (1.0 - variance)) / sqrt(variance))


# ---------------------------------------------------------------------------------
# Noise


@dataclass(frozen=True)
class NoiseCheck:
    """What the channel-to-channel noise says about the data.

    Attributes
    ----------
    ratio : float or None
        Noise over the counting noise; about 1. None where the counts are not known.
    ratio_error : float
        Its standard error, for white noise.
    whiteness : float
        Noise between neighbouring channels over that between channels three apart:
        about 1 for raw data, well below for smoothed ones.
    verdict : {"counting", "smoothed", "below counting", "above counting", "white"}
        ``"white"``: no sign of smoothing, counts not known.
    """

    ratio: float | None
    ratio_error: float
    whiteness: float
    verdict: Literal["counting", "smoothed", "below counting", "above counting", "white"]


_FOURTH = np.array([1.0, -4.0, 6.0, -4.0, 1.0])


def noise_check(region: RegionFit) -> NoiseCheck:
    """Compare the noise of the fitted data with counting noise, and with itself.

    Parameters
    ----------
    region : RegionFit

    Notes
    -----
    Fourth differences of the residuals remove any smooth misfit, so the check does not
    depend on the model being right.
    """
    misfit = region.y - region.envelope
    time = counting_time(region.spectrum)
    counted = None if time is None else np.sqrt(np.maximum(region.envelope * time, 1.0)) / time
    normalised = misfit / (np.maximum(region.sigma, 1e-300) if counted is None else counted)
    near, far = _fourth_noise(normalised, 1), _fourth_noise(normalised, 3)
    # of a median of correlated fourth differences of white noise; found by simulation
    error = 1.6 / sqrt(max(normalised.size - 4, 1))
    ratio = near if counted is not None else None
    whiteness = near / far if far > 0 else 1.0
    return NoiseCheck(ratio, error, whiteness, _noise_verdict(ratio, error, whiteness))


def _fourth_noise(values: Array, lag: int) -> float:
    """Return the noise seen by fourth differences; robust, as a misfit is sharp at few places."""
    differences = np.zeros(max(values.size - 4 * lag, 0))
    for k, weight in enumerate(_FOURTH):
        differences += weight * values[k * lag : k * lag + differences.size]
    if not differences.size:
        return 0.0
    return float(np.median(np.abs(differences)) / (0.6745 * sqrt(70.0)))


def _noise_verdict(
    ratio: float | None, error: float, whiteness: float
) -> Literal["counting", "smoothed", "below counting", "above counting", "white"]:
    low = whiteness < 0.5 * max(1.0 - 2.0 * error, 0.0)
    if ratio is None:
        return "smoothed" if low else "white"
    if ratio < 1.0 - 4.0 * error:
        return "smoothed" if low else "below counting"
    return "above counting" if ratio > 1.3 + 4.0 * error else "counting"


# ---------------------------------------------------------------------------------
# Starts and correlations


def start_agreement(result: FitResult) -> tuple[float, int]:
    """Return which part of the starts reached the best chi-square, and how many there were.

    Notes
    -----
    "Reached" means within 0.1 of the best (in units of the noise), far less than the 1
    that moves a parameter by a standard error. One start: (1.0, 1).
    """
    if not result.starts:
        return 1.0, 0
    reached = np.array(result.starts)
    known = result.statistics.residual_std is not None and all(
        r.weights != Weights.UNIT.value for r in result.regions
    )
    scale = 1.0 if known else max(result.statistics.reduced_chi_square, 1e-300)
    near = (reached - reached.min()) / scale <= 0.1 + 1e-7 * reached.min() / scale
    return float(near.mean()), reached.size


def correlation_list(
    result: FitResult, *, above: float = 0.9, parameter: str = ""
) -> tuple[tuple[str, str, float], ...]:
    """Return correlated pairs of free parameters, of one name if `parameter` is given."""
    return tuple(
        pair
        for pair in result.correlations(above=above)
        if not parameter or all(path.endswith(f"/{parameter}") for path in pair[:2])
    )


# ---------------------------------------------------------------------------------
# One component more or fewer


@dataclass(frozen=True, eq=False)
class Candidate:
    """One alternative model and what it gains.

    Attributes
    ----------
    change : str
        In words, e.g. ``"without intermediate"``.
    kind : {"as fitted", "fewer", "more"}
    delta_chi_square, delta_aic, delta_aicc, delta_bic : float
        Against the model as fitted; negative is better. Chi-square is in units of the
        noise: with unit weights it is scaled by the fitted model's reduced chi-square.
    structure : bool
        Whether the residuals have structure.
    statistics : Statistics
    result : FitResult
    verdict : str
    """

    change: str
    kind: Literal["as fitted", "fewer", "more"]
    delta_chi_square: float
    delta_aic: float
    delta_aicc: float
    delta_bic: float
    structure: bool
    statistics: Statistics
    result: FitResult
    verdict: str


@dataclass(frozen=True, eq=False)
class Comparison:
    """The model as fitted beside those with a component less and one more.

    Attributes
    ----------
    rows : tuple of Candidate
        As fitted first, then fewer, then more.
    preferred : Candidate
    verdict : str
        One or two sentences.
    failed : tuple of str
        Alternatives that could not be fitted, with the reason.
    """

    rows: tuple[Candidate, ...]
    preferred: Candidate
    verdict: str
    failed: tuple[str, ...]


def compare_components(
    result: FitResult, *, region: str | None = None, options: FitOptions | None = None
) -> Comparison:
    """Fit with each component left out in turn, and with one more; say what the data prefer.

    Parameters
    ----------
    result : FitResult
    region : str or None
        Only the components of this region; None: all regions.
    options : FitOptions or None
        None: one start each, weights as in `result`.

    Returns
    -------
    comparison : Comparison

    Notes
    -----
    The candidates for one more stand at the largest excess of the data over the model,
    and inside each component, which is split in two with the width of its neighbours.
    They are of the same core level, doublet and shape as what is there. A component is
    added only if BIC falls by more than 10 *and* the residual structure goes; a component
    that was clearly broader than its neighbours counts as such a structure.
    """
    options = options or _same_weights(result)
    spectra = {r.name: r.spectrum for r in result.regions}
    names = [r.name for r in result.regions if region in (None, r.name)]
    base = _as_fitted(result)
    rows, failed = [base], []
    for name in names:
        for proposal in (*_fewer(result.model, name), *_more(result, name)):
            try:
                other = fit(spectra, proposal.model, options=options)
            except SpectraError as error:
                failed.append(f"{proposal.change}: {error}")
                continue
            rows.append(_candidate(proposal, other, result))
    preferred = _preferred(rows)
    return Comparison(tuple(rows), preferred, _verdict(rows, preferred), tuple(failed))


def _same_weights(result: FitResult) -> FitOptions:
    kinds = {r.weights for r in result.regions}
    return FitOptions(weights=Weights(kinds.pop()) if len(kinds) == 1 else None)


def _as_fitted(result: FitResult) -> Candidate:
    return Candidate(
        "as fitted", "as fitted", 0.0, 0.0, 0.0, 0.0, has_structure(result), result.statistics,
        result, "",
    )  # fmt: skip


def has_structure(result: FitResult) -> bool:
    """Tell whether any region's residuals have structure, or chi-square is far above 1."""
    z = [chi_square_z(region.statistics) for region in result.regions]
    too_large = any(value is not None and value > _CHI_Z for value in z)
    return too_large or any(residual_structure(region).present for region in result.regions)


def _candidate(proposal: _Proposal, other: FitResult, base: FitResult) -> Candidate:
    chi, aic, aicc, bic = _deltas(other, base)
    return Candidate(
        proposal.change, proposal.kind, chi, aic, aicc, bic, has_structure(other),
        other.statistics, other, _row_verdict(proposal, bic, base, other),
    )  # fmt: skip


def _deltas(other: FitResult, base: FitResult) -> tuple[float, float, float, float]:
    a, b = other.statistics, base.statistics
    unit = any(r.weights == Weights.UNIT.value for r in base.regions)
    scale = max(min(a.reduced_chi_square, b.reduced_chi_square), 1e-300) if unit else 1.0
    return (a.chi_square - b.chi_square) / scale, a.aic - b.aic, a.aicc - b.aicc, a.bic - b.bic


def _row_verdict(proposal: _Proposal, bic: float, base: FitResult, other: FitResult) -> str:
    if proposal.kind == "fewer":
        if bic > BIC_EVIDENCE:
            return "needed"
        return "not needed" if bic < 0 else "hardly needed"
    if bic >= -BIC_EVIDENCE:
        return "not supported"
    if proposal.removes_excess_width or structure_goes(base, other):
        return "supported"
    return "better, but not the residuals' cause"


def structure_goes(base: FitResult, other: FitResult) -> bool:
    """Tell whether `other` removes the residual structure that `base` has, or most of it."""
    if not has_structure(base):
        return False
    if not has_structure(other):
        return True
    before = min(residual_structure(r).abbe_z for r in base.regions)
    after = min(residual_structure(r).abbe_z for r in other.regions)
    excess = other.statistics.reduced_chi_square - 1.0
    return after > 0.5 * before and excess < 0.5 * (base.statistics.reduced_chi_square - 1.0)


def _preferred(rows: list[Candidate]) -> Candidate:
    more = [row for row in rows if row.verdict == "supported"]
    if more:
        return min(more, key=lambda row: row.delta_bic)
    fewer = [row for row in rows if row.verdict == "not needed"]
    return min(fewer, key=lambda row: row.delta_bic) if fewer else rows[0]


def _verdict(rows: list[Candidate], preferred: Candidate) -> str:
    if preferred.kind == "more":
        return (
            f"The data ask for one more component ({preferred.change}): delta BIC"
            f" {preferred.delta_bic:.0f}, and what was wrong (residual structure, or a width"
            " beyond its neighbours') goes. Add it if the chemistry expects it, best seen in"
            " another level too."
        )
    if preferred.kind == "fewer":
        return (
            f"The data do not ask for every component: {preferred.change}, BIC is lower by"
            f" {-preferred.delta_bic:.1f}."
        )
    if rows[0].structure:
        return (
            "The residuals have structure, but one component more does not remove it: look at"
            " line shape, background and window first."
        )
    return "The number of components is what the data ask for."


@dataclass(frozen=True)
class _Proposal:
    """An alternative model; `removes_excess_width`: it splits a component that is too broad."""

    kind: Literal["fewer", "more"]
    change: str
    model: Model
    removes_excess_width: bool = False


def _fewer(model: Model, region_name: str) -> Iterator[_Proposal]:
    region = model.region(region_name)
    units = _units(region)
    if len(units) < 2:
        return
    for unit in units:
        without = set_enabled(model, region_name, unit, False)
        yield _Proposal("fewer", f"without {unit}", without)


def _units(region: Region) -> list[str]:
    """Return ids of enabled doublets and of enabled components that stand alone."""
    paired = {c for d in region.doublets for c in (d.major, d.minor)}
    doublets = [d.id for d in region.doublets if region.component(d.major).enabled]
    return doublets + [c.id for c in region.components if c.enabled and c.id not in paired]


def unit_component(region: Region, unit: str) -> Component:
    """Return a component, or the major line of a doublet, by its id."""
    majors = {d.id: d.major for d in region.doublets}
    return region.component(majors.get(unit, unit))


def _more(result: FitResult, region_name: str) -> Iterator[_Proposal]:
    region = result.model.region(region_name)
    units = _units(region)
    if not units:
        return
    for at in _excesses(result.region(region_name)):
        nearest = min(units, key=lambda u: abs(_value(region, u, "center") - at))
        model = _with_one_more(result.model, region_name, nearest, at)
        yield _Proposal("more", f"one more near {at:.1f}", model)
    widths = {unit: _value(region, unit, "fwhm", "fwhm_gauss") for unit in units}
    for unit in units:
        others = [u for u in units if u != unit]
        like = min(others, key=lambda u: widths[u]) if others else unit
        if others and widths[unit] < 1.1 * widths[like]:
            continue
        place = _value(region, unit, "center")
        model = _split_in_two(result.model, region_name, unit, like, place, widths[unit])
        yield _Proposal(
            "more", f"{unit} as two", model, _clearly_broader(result, region, unit, like)
        )


def _excesses(region: RegionFit) -> list[float]:
    """Return where the residuals deviate most, and where the data exceed the model most."""
    largest = residual_structure(region)
    if largest.largest_sigma > 0:
        return [largest.largest_at]
    above = largest_excess(region)
    near = abs(above - largest.largest_at) < largest.largest_width
    return [largest.largest_at] if near else [largest.largest_at, above]


def largest_excess(region: RegionFit) -> float:
    """Return where the data exceed the model most, in a mean over half a peak.

    Raises
    ------
    ModelError
        If they exceed it nowhere.
    """
    n, means = _running_means(region)
    at = int(np.argmax(means))
    if not means[at] > 0:
        raise ModelError(
            "the data exceed the model nowhere.",
            hint="Add the component at an energy that you choose.",
            where=region.name,
        )
    return float(region.x[at + n // 2])


def _clearly_broader(result: FitResult, region: Region, unit: str, like: str) -> bool:
    """Tell whether a width is at least a quarter, and four standard errors, above another."""
    if unit == like:
        return False
    paths = []
    for name in (unit, like):
        component = unit_component(region, name)
        known = [w for w in WIDTH_NAMES if w in component.parameters]
        if not known:
            return False
        paths.append(f"{region.name}/{component.id}/{known[0]}")
    wide, narrow = (result.value(path) for path in paths)
    covariance = result.covariance_of(paths)
    variance = float(covariance[0, 0] + covariance[1, 1] - 2.0 * covariance[0, 1])
    return wide > 1.25 * narrow and 0 < 16.0 * variance < (wide - narrow) ** 2


def _value(region: Region, unit: str, *names: str) -> float:
    parameters = unit_component(region, unit).parameters
    values = (parameters[name].value for name in names if name in parameters)
    return next((float(v) for v in values if v is not None), 0.0)


def _with_one_more(
    model: Model, region_name: str, like: str, at: float, reach: float | None = None
) -> Model:
    """Return the model with another component at `at`, of the kind and width of `like`."""
    region = model.region(region_name)
    width = max(_value(region, like, "fwhm", "fwhm_gauss"), 1e-3)
    reach = width if reach is None else reach
    low, high = max(region.window[0], at - reach), min(region.window[1], at + reach)
    template = unit_component(region, like)
    values: dict[str, Parameter] = {
        "center": Parameter(min(max(at, low), high), low, high),
        "area" if "area" in template.parameters else "height": Parameter(None, 0.0),
    }
    name = _unused(region, "one more")
    changed, owner = _add_like(region, like, name, values)
    model = replace_region(model, changed)
    shared = [n for n in template.parameters if n not in ("center", "area", "height", "step")]
    links = [
        Link(f"{region_name}/{owner}/{n}", (Term(1.0, f"{region_name}/{template.id}/{n}"),))
        for n in shared
    ]
    return add_links(model, links)


def _unused(region: Region, name: str) -> str:
    taken = {c.id for c in region.components} | {d.id for d in region.doublets}
    numbers = (f"{name} {i}" for i in range(2, len(taken) + 3))
    return name if name not in taken else next(n for n in numbers if n not in taken)


def _add_like(
    region: Region, like: str, name: str, values: Mapping[str, Parameter]
) -> tuple[Region, str]:
    doublet = next((d for d in region.doublets if d.id == like), None)
    template = unit_component(region, like)
    if doublet is None:
        line = make_component(name, template.lineshape, line=template.line)
        return add_component(region, replace(line, parameters=values)), name
    changed = add_doublet(
        region, name, doublet.line, template.lineshape, splitting=doublet.splitting,
        ratio=doublet.ratio,
    )  # fmt: skip
    major = changed.doublets[-1].major
    components = tuple(
        replace(c, parameters=values) if c.id == major else c for c in changed.components
    )
    return replace(changed, components=components), major


def _split_in_two(
    model: Model, region_name: str, unit: str, like: str, at: float, width: float
) -> Model:
    """Return the model with `unit` as two, both as wide as `like` where that is narrower."""
    model = _with_one_more(model, region_name, like, at + 0.4 * width)
    region = model.region(region_name)
    own = unit_component(region, unit)
    if like == unit:
        return model
    target = unit_component(region, like)
    links = [
        Link(f"{region_name}/{own.id}/{n}", (Term(1.0, f"{region_name}/{target.id}/{n}"),))
        for n in WIDTH_NAMES
        if n in own.parameters
        and n in target.parameters
        and not _depends(model, f"{region_name}/{target.id}/{n}", f"{region_name}/{own.id}/{n}")
    ]
    moved = replace(own.parameters["center"], value=at - 0.25 * width)
    low, high = min(moved.min, at - width), max(moved.max, at + width)
    moved = replace(moved, min=low, max=high)
    components = tuple(
        replace(c, parameters=dict(c.parameters) | {"center": moved}) if c.id == own.id else c
        for c in region.components
    )
    return add_links(replace_region(model, replace(region, components=components)), links)


def _depends(model: Model, path: str, on: str) -> bool:
    """Tell whether a link chain leads from `path` to `on`."""
    sources = {link.target: [t.source for t in link.terms] for link in model.links}
    waiting, seen = [path], set()
    while waiting:
        here = waiting.pop()
        if here == on:
            return True
        if here not in seen:
            seen.add(here)
            waiting += sources.get(here, [])
    return False


def comparison_table(comparison: Comparison) -> str:
    """Return the comparison as aligned text, the verdict below it."""
    rows = [("model", "free", "red. chi2", "d chi2", "d AIC", "d AICc", "d BIC", "residuals", "")]
    rows += [_row_text(row) for row in comparison.rows]
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    lines = []
    for first, *others in rows:
        cells = [text.rjust(w) for text, w in zip(others[:-1], widths[1:-1], strict=True)]
        lines.append("  ".join([first.ljust(widths[0]), *cells, others[-1]]).rstrip())
    return "\n".join([*lines, comparison.verdict])


def _row_text(row: Candidate) -> tuple[str, str, str, str, str, str, str, str, str]:
    return (
        row.change,
        str(row.statistics.n_free),
        f"{row.statistics.reduced_chi_square:.3g}",
        f"{row.delta_chi_square:+.1f}",
        f"{row.delta_aic:+.1f}",
        f"{row.delta_aicc:+.1f}",
        f"{row.delta_bic:+.1f}",
        "structure" if row.structure else "noise",
        row.verdict,
    )


# ---------------------------------------------------------------------------------
# Is there a line at all


@dataclass(frozen=True, eq=False)
class HumpTest:
    """The fitted lines against one broad hump, such as an energy-loss structure.

    Attributes
    ----------
    center, fwhm : float
        Of the hump that fits best by itself; axis unit.
    bic_hump, bic_both, bic_lines : float
        Of the hump alone, of lines and hump together, and of the lines as fitted.
    lines_needed : bool
        Whether lines beside the hump lower BIC by more than 10 against the hump alone.
    hump_needed : bool
        Whether a hump beside the lines lowers BIC by more than 10.
    area_change : float or None
        Relative change of the lines' total area once the hump is there.
    under_center, under_fwhm : float or None
        Of the hump beside the lines.
    """

    center: float
    fwhm: float
    bic_hump: float
    bic_both: float
    bic_lines: float
    lines_needed: bool
    hump_needed: bool
    area_change: float | None
    under_center: float | None = None
    under_fwhm: float | None = None


HUMP_FWHM = (3.5, 12.0)


def hump_test(result: FitResult, region_name: str) -> HumpTest | None:
    """Fit a broad hump on a straight background in place of, and beside, the lines.

    Parameters
    ----------
    result : FitResult
    region_name : str

    Returns
    -------
    test : HumpTest or None
        None where the window is narrower than a hump, or it cannot be fitted.
    """
    fitted = result.region(region_name)
    low, high = result.model.region(region_name).window
    if high - low < 2.0 * HUMP_FWHM[0] or not fitted.spectrum.axis.is_energy:
        return None
    options = _same_weights(result)
    alone = _best(
        [
            _try_fit(fitted.spectrum, Model((_hump_region(region_name, low, high, at),)), options)
            for at in np.linspace(low + 0.25 * (high - low), high - 0.25 * (high - low), 3)
        ]
    )
    if alone is None:
        return None
    owner = next(c.id for c in alone.model.regions[0].components)
    center = alone.value(f"{region_name}/{owner}/center")
    width = alone.value(f"{region_name}/{owner}/fwhm")
    both = _lines_and_hump(result, region_name, center, width, options)
    lines = fitted.statistics.bic
    bic_both = lines if both is None else both.region(region_name).statistics.bic
    change, at, wide = _beside_lines(result, both, region_name)
    return HumpTest(
        center, width, alone.statistics.bic, bic_both, lines,
        min(bic_both, lines) < alone.statistics.bic - BIC_EVIDENCE,
        # at its lower limit the hump stands in for a line that is missing
        bic_both < lines - BIC_EVIDENCE and wide is not None and wide > 1.05 * HUMP_FWHM[0],
        change, at, wide,
    )  # fmt: skip


def _beside_lines(
    result: FitResult, both: FitResult | None, region_name: str
) -> tuple[float | None, float | None, float | None]:
    """Return the change of the lines' area, and centre and width of the hump beside them."""
    if both is None:
        return None, None, None
    hump = both.model.region(region_name).components[-1].id
    path = f"{region_name}/{hump}"
    change = _area_change(result, both, region_name)
    return change, both.value(f"{path}/center"), both.value(f"{path}/fwhm")


def _hump_region(name: str, low: float, high: float, at: float) -> Region:
    hump = make_component(
        "hump", "gaussian", area=Parameter(None, 0.0), center=Parameter(at, low, high),
        fwhm=Parameter(5.0, *HUMP_FWHM),
    )  # fmt: skip
    return add_component(Region(name, (low, high), Background("linear", "active")), hump)


def _lines_and_hump(
    result: FitResult, region_name: str, center: float, width: float, options: FitOptions
) -> FitResult | None:
    region = result.model.region(region_name)
    name = _unused(region, "hump")
    hump = make_component(
        name, "gaussian", area=Parameter(None, 0.0), center=Parameter(center, *region.window),
        fwhm=Parameter(width, *HUMP_FWHM),
    )  # fmt: skip
    if region.background.component_specs:
        still = {
            spec.name: Parameter(0.0, free=False) for spec in region.background.component_specs
        }
        hump = replace(hump, parameters=dict(hump.parameters) | still)
    model = replace_region(result.model, add_component(region, hump))
    spectra = {r.name: r.spectrum for r in result.regions}
    return _try_fit(spectra, model, options)


def _try_fit(
    spectra: Spectrum | Mapping[str, Spectrum], model: Model, options: FitOptions
) -> FitResult | None:
    try:
        return fit(spectra, model, options=options)
    except SpectraError:
        return None


def _best(results: list[FitResult | None]) -> FitResult | None:
    fitted = [result for result in results if result is not None]
    return min(fitted, key=lambda r: r.statistics.chi_square) if fitted else None


def _area_change(before: FitResult, after: FitResult, region_name: str) -> float | None:
    units = [
        unit
        for unit in _units(before.model.region(region_name))
        if "area" in unit_component(before.model.region(region_name), unit).parameters
    ]
    total = sum(before.value(f"{region_name}/{unit}/area") for unit in units)
    if total <= 0:
        return None
    return sum(after.value(f"{region_name}/{unit}/area") for unit in units) / total - 1.0


# ---------------------------------------------------------------------------------
# Detection


def detection_limit(region: RegionFit, component_id: str) -> float | None:
    """Return the smallest area that stands out of the noise under a component.

    Returns
    -------
    area : float or None
        In the unit of the areas; None where the noise is not known or the component has
        no curve in the window.

    Notes
    -----
    A_min = 3 sqrt(2 B w / step) step, with w the effective width of the line and B the
    variance of a channel under it: of background *and* the other components.
    """
    curve = region.peaks.get(component_id)
    if curve is None or not curve.max() > 0:
        return None
    step = abs(region.spectrum.step)
    width = float(np.trapezoid(curve, region.x) / curve.max())
    # The line's own counts do not hide it.
    below = np.maximum(region.envelope - curve, 0.0)
    scale = np.sqrt(np.maximum(below, 1e-12) / np.maximum(region.envelope, 1e-12))
    sigma = region.sigma if region.weights != Weights.POISSON.value else region.sigma * scale
    variance = float(np.average(sigma**2, weights=curve))
    return 3.0 * sqrt(2.0 * variance * width / step) * step


_LEVEL_IN_NAME = re.compile(r"(?<![A-Za-z])([A-Z][a-z]?)\s*([1-7][spdf])(?![A-Za-z])")


def level_in(text: str) -> str:
    """Return the core level that a name contains, e.g. ``"S 2p"``; empty if none does."""
    found = _LEVEL_IN_NAME.search(text)
    if found is None:
        return ""
    try:
        return core_level(f"{found[1]} {found[2]}").name
    except ModelError:
        return ""


def level_name(region: Region, component: Component) -> str:
    """Return the core level of a component, e.g. ``"S 2p"``; empty if nothing says it."""
    doublet = region.doublet_of(component.id)
    for text in (component.line, doublet.line if doublet else ""):
        try:
            if text:
                return core_level(text).name
        except ModelError:
            continue
    return level_in(component.label) or level_in(component.id) or level_in(region.name)
