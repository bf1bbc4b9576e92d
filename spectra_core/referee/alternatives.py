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

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

from ..errors import Cancelled, ShouldStop, SpectraError
from ..fitting import FitOptions, FitResult, RegionFit, Weights
from ..fitting.better import check_minimum
from ..fitting.single import options_of, seen, solve
from ..fitting.start import WIDTH_NAMES
from ..fitting.statistics import Statistics
from ..model import Region, members, owners
from ..uncertainty.alternatives import (
    BROADER,
    Alternative,
    fewer,
    narrowest,
    one_more,
    split,
)
from .residuals import has_structure, largest_excess, residual_structure

BIC_EVIDENCE = 10.0


@dataclass(frozen=True, eq=False)
class ComparedModel:
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
    rows : tuple of ComparedModel
        As fitted first, then fewer, then more.
    preferred : ComparedModel
    verdict : str
        One or two sentences.
    failed : tuple of str
        Alternatives that could not be fitted, with the reason.
    """

    rows: tuple[ComparedModel, ...]
    preferred: ComparedModel
    verdict: str
    failed: tuple[str, ...]


def compare_components(
    result: FitResult,
    *,
    region: str | None = None,
    options: FitOptions | None = None,
    should_stop: ShouldStop | None = None,
) -> Comparison:
    """Fit with each component left out in turn, and with one more; say what the data prefer.

    Raises BetterMinimumError where one component fewer fits better than all of them: the fit
    had not found its best minimum.

    Parameters
    ----------
    result : FitResult
    region : str or None
        Only the components of this region; None: all regions.
    options : FitOptions or None
        None: one start each, weights as in `result`.
    should_stop : callable or None
        ``should_stop()``; True ends it by Cancelled.

    Returns
    -------
    comparison : Comparison

    Notes
    -----
    The models are those of `spectra_core.uncertainty.alternatives`: each component left out,
    neighbours joined; one more at the largest excess of the data over the model, and each
    component that is broader than the narrowest beside it split in two of that width. They
    are of the same core level, doublet and shape as what is there. A component is
    added only if BIC falls by more than 10 *and* the residual structure goes; a component
    that was clearly broader than its neighbours counts as such a structure.
    """
    options = options or options_of(result)
    spectra = {r.name: r.spectrum for r in result.regions}
    names = [r.name for r in result.regions if region in (None, r.name)]
    base = _as_fitted(result)
    rows, failed = [base], []
    for name in names:
        for alternative in (*fewer(result, name), *_more(result, name)):
            if alternative.obstacle:
                failed.append(f"{alternative.change}: {alternative.obstacle}")
                continue
            wanted = replace(options, starts=max(options.starts, alternative.starts))
            try:
                solved = solve(spectra, alternative.model, options=wanted, should_stop=should_stop)
            except Cancelled:
                raise
            except SpectraError as error:
                failed.append(f"{alternative.change}: {error}")
                continue
            if alternative.kind == "fewer":
                check_minimum(result, solved, zero=alternative.gone, where=alternative.change)
            rows.append(_candidate(alternative, seen(solved, wanted), result))
    preferred = _preferred(rows)
    return Comparison(tuple(rows), preferred, _verdict(rows, preferred), tuple(failed))


def _as_fitted(result: FitResult) -> ComparedModel:
    return ComparedModel(
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


def _candidate(alternative: Alternative, other: FitResult, base: FitResult) -> ComparedModel:
    chi, aic, aicc, bic = _deltas(other, base)
    less = alternative.kind in ("fewer", "joined")
    return ComparedModel(
        alternative.change,
        "fewer" if less else "more",
        chi,
        aic,
        aicc,
        bic,
        has_structure(other),
        other.statistics,
        other,
        _row_verdict(alternative, bic, base, other),
    )


def _deltas(other: FitResult, base: FitResult) -> tuple[float, float, float, float]:
    a, b = other.statistics, base.statistics
    unit = any(r.weights == Weights.UNIT.value for r in base.regions)
    scale = max(min(a.reduced_chi_square, b.reduced_chi_square), 1e-300) if unit else 1.0
    return (a.chi_square - b.chi_square) / scale, a.aic - b.aic, a.aicc - b.aicc, a.bic - b.bic


def _row_verdict(alternative: Alternative, bic: float, base: FitResult, other: FitResult) -> str:
    if alternative.kind in ("fewer", "joined"):
        if bic > BIC_EVIDENCE:
            return "needed"
        return "not needed" if bic < 0 else "hardly needed"
    if bic >= -BIC_EVIDENCE:
        return "not supported"
    if _removes_excess_width(alternative, base) or structure_goes(base, other):
        return "supported"
    return "better, but not the residuals' cause"


def structure_goes(base: FitResult, other: FitResult) -> bool:
    """Return whether `other` removes the residual structure that `base` has, or most of it."""
    if not has_structure(base):
        return False
    if not has_structure(other):
        return True
    before = min(residual_structure(r).abbe_z for r in base.regions)
    after = min(residual_structure(r).abbe_z for r in other.regions)
    excess = other.statistics.reduced_chi_square - 1.0
    return after > 0.5 * before and excess < 0.5 * (base.statistics.reduced_chi_square - 1.0)


def _preferred(rows: list[ComparedModel]) -> ComparedModel:
    more = [row for row in rows if row.verdict == "supported"]
    if more:
        return min(more, key=lambda row: row.delta_bic)
    fewer = [row for row in rows if row.verdict == "not needed"]
    return min(fewer, key=lambda row: row.delta_bic) if fewer else rows[0]


def _verdict(rows: list[ComparedModel], preferred: ComparedModel) -> str:
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


def _more(result: FitResult, region_name: str) -> Iterator[Alternative]:
    """Yield one more where the data exceed the model, and each broad owner as two."""
    region = result.model.region(region_name)
    for at in _excesses(result.region(region_name)):
        found = one_more(result, region_name, at)
        if found is not None:
            yield found
    for owner in owners(region, enabled=True):
        beside = narrowest(result, region_name, owner)
        if beside is None or _width_over(result, region, owner, beside) >= BROADER:
            yield split(result, region_name, owner)


def _width_over(result: FitResult, region: Region, owner: str, other: str) -> float:
    own, its = (
        result.summary(region.name, members(region, name)[0].id).fwhm for name in (owner, other)
    )
    return own / its if its > 0 else 1.0


def _excesses(region: RegionFit) -> list[float]:
    """Return where the residuals deviate most, and where the data exceed the model most."""
    largest = residual_structure(region)
    if largest.largest_sigma > 0:
        return [largest.largest_at]
    above = largest_excess(region)
    near = abs(above - largest.largest_at) < largest.largest_width
    return [largest.largest_at] if near else [largest.largest_at, above]


def _removes_excess_width(alternative: Alternative, result: FitResult) -> bool:
    """Return whether what is split in two was clearly broader than its neighbours.

    At least a quarter, and four standard errors.
    """
    if alternative.kind != "split":
        return False
    region, owner = result.model.region(alternative.region), next(iter(alternative.stands_for))
    beside = narrowest(result, region.name, owner)
    if beside is None:
        return False
    paths = []
    for name in (owner, beside):
        line = members(region, name)[0]
        known = [width for width in WIDTH_NAMES if width in line.parameters]
        if not known:
            return False
        paths.append(f"{region.name}/{line.id}/{known[0]}")
    wide, narrow = (result.value(path) for path in paths)
    covariance = result.covariance_of(paths)
    variance = float(covariance[0, 0] + covariance[1, 1] - 2.0 * covariance[0, 1])
    return wide > 1.25 * narrow and 0 < 16.0 * variance < (wide - narrow) ** 2


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


def _row_text(row: ComparedModel) -> tuple[str, str, str, str, str, str, str, str, str]:
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
