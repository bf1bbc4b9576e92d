"""The model beside others: one component fewer, one more, one split in two.

A low reduced chi-square proves little: five components fit what three can. So it is asked
whether the fit gets clearly worse with a component less, and clearly better, in the
residuals too, with one more.

References
----------
.. [1] G. Schwarz, Ann. Stat. 6, 461 (1978). doi:10.1214/aos/1176344136 (BIC)
.. [2] R. E. Kass, A. E. Raftery, J. Am. Stat. Assoc. 90, 773 (1995).
   doi:10.1080/01621459.1995.10476572 (a difference above 10 is very strong evidence)
.. [3] G. H. Major et al., J. Vac. Sci. Technol. A 38, 061203 (2020).
   doi:10.1116/6.0000377
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Literal

from ..errors import SpectraError
from ..fitting import FitOptions, FitResult, RegionFit, Weights, fit
from ..fitting.start import WIDTH_NAMES
from ..fitting.statistics import Statistics
from ..model import (
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
from .residuals import has_structure, largest_excess, residual_structure

BIC_EVIDENCE = 10.0


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
    options = options or same_weights(result)
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


def same_weights(result: FitResult) -> FitOptions:
    """Return the options of a fit, so that another is compared on equal terms."""
    kinds = {r.weights for r in result.regions}
    return FitOptions(weights=Weights(kinds.pop()) if len(kinds) == 1 else None)


def _as_fitted(result: FitResult) -> Candidate:
    return Candidate(
        "as fitted",
        "as fitted",
        0.0,
        0.0,
        0.0,
        0.0,
        has_structure(result),
        result.statistics,
        result,
        "",
    )


def _candidate(proposal: _Proposal, other: FitResult, base: FitResult) -> Candidate:
    chi, aic, aicc, bic = _deltas(other, base)
    return Candidate(
        proposal.change,
        proposal.kind,
        chi,
        aic,
        aicc,
        bic,
        has_structure(other),
        other.statistics,
        other,
        _row_verdict(proposal, bic, base, other),
    )


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
    units = owners_of(region)
    if len(units) < 2:
        return
    for unit in units:
        without = set_enabled(model, region_name, unit, False)
        yield _Proposal("fewer", f"without {unit}", without)


def owners_of(region: Region) -> list[str]:
    """Return the doublets and the components that belong to none, by id."""
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
    units = owners_of(region)
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
    name = unused_name(region, "one more")
    changed, owner = _add_like(region, like, name, values)
    model = replace_region(model, changed)
    shared = [n for n in template.parameters if n not in ("center", "area", "height", "step")]
    links = [
        Link(f"{region_name}/{owner}/{n}", (Term(1.0, f"{region_name}/{template.id}/{n}"),))
        for n in shared
    ]
    return add_links(model, links)


def unused_name(region: Region, name: str) -> str:
    """Return a component id that the region does not have yet."""
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
        region,
        name,
        doublet.line,
        template.lineshape,
        splitting=doublet.splitting,
        ratio=doublet.ratio,
    )
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
