"""The lint: what a good referee would say about a fit.

`RULES` is a table. A row has a code, a title, a function that looks at the fit and yields
sentences with the numbers in them, and what to do. Most rules stand for an error that is
common in published fits [1]_ [2]_: a doublet without its partner, a splitting that physics
excludes, two states in one broad line, an area below the noise. A clean fit of good data
has no findings: the rules that rest on noise speak beyond four standard errors.

References
----------
.. [1] G. H. Major et al., J. Vac. Sci. Technol. A 38, 061204 (2020).
   doi:10.1116/6.0000685
.. [2] P. M. A. Sherwood, Surf. Interface Anal. 51, 589 (2019). doi:10.1002/sia.6629
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from ..calibration import ReferenceLine
from ..fitting import FitResult, FitWarning
from ..spectrum import Spectrum
from . import data as data
from . import lines as lines
from . import sample as sample
from .context import (
    Context,
    Expected,
    Finding,
    Interference,
    Rule,
    Severity,
    expectations,
    library_overlaps,
    library_separations,
)
from .rigidity import Separations

if TYPE_CHECKING:
    from ..library import PeakLibrary

__all__ = ["RULES", "Expected", "Finding", "Interference", "Rule", "lint", "rule"]


def _fit_rule(code: str, title: str, severity: Severity, advice: str) -> Rule:
    return Rule(code, title, severity, data.from_fit(code), advice)


RULES: tuple[Rule, ...] = (
    # what the fit itself reports
    _fit_rule(
        "not_converged",
        "The fit did not converge",
        "alarm",
        "Give better start values or fewer free parameters; use no number of it.",
    ),
    _fit_rule(
        "not_determined",
        "A parameter that the data do not determine",
        "alarm",
        "Fix it, link it, or take the component out.",
    ),
    _fit_rule(
        "at_bound",
        "A parameter at its bound",
        "warning",
        "Widen the bound if physics allows it; else the model lacks something.",
    ),
    _fit_rule(
        "outside_window",
        "A component centred outside the window",
        "warning",
        "Widen the window or take the component out.",
    ),
    _fit_rule(
        "noise_estimated",
        "The noise was found in the data",
        "note",
        "Nothing: a camera tells digital units, and its gain is rarely in the file.",
    ),
    _fit_rule(
        "counts_unknown",
        "The number of counts is not known",
        "note",
        "Give dwell time and scans: errors and chi-square then mean something.",
    ),
    _fit_rule(
        "unit_weights",
        "All points weigh the same",
        "note",
        "Leave the choice of weights to the counts unless you compare with another program.",
    ),
    _fit_rule(
        "start_moved",
        "A start value outside its bounds",
        "note",
        "Correct the start value or the bound in the recipe.",
    ),
    _fit_rule(
        "better_minimum",
        "A better minimum than the first one",
        "note",
        "Nothing: the better one is the fit. More starts find it at once.",
    ),
    _fit_rule(
        "not_in_minimum",
        "A fit that is not in its best minimum",
        "alarm",
        "Fit with more starts; use no number of it.",
    ),
    _fit_rule(
        "plain_engine",
        "Fitted by the plain engine",
        "note",
        "Fix the shape parameters if it takes too long; the numbers are the same.",
    ),
    # doublets
    Rule(
        "missing_doublet",
        "A p, d or f level without its doublet",
        "alarm",
        lines.missing_doublet,
        "Use a doublet: splitting and area ratio come with the level.",
    ),
    Rule(
        "splitting_wrong",
        "A splitting that physics excludes",
        "alarm",
        lines.splitting_wrong,
        "Use the splitting of the level; keep a printed one only to reproduce a publication.",
    ),
    Rule(
        "area_ratio_wrong",
        "An area ratio other than 2j + 1",
        "alarm",
        lines.area_ratio_wrong,
        "Use the ratio of the level.",
    ),
    Rule(
        "doublet_order",
        "The lines of a doublet in the wrong order",
        "alarm",
        lines.doublet_order,
        "Exchange the two lines.",
    ),
    Rule(
        "unlocked_without_evidence",
        "A doublet unlocked without need",
        "note",
        lines.unlocked_without_evidence,
        "Lock it, or write the evidence into the reason.",
    ),
    Rule(
        "line_not_named",
        "A level named in place of its line",
        "note",
        lines.whole_level_named,
        "Quote the position as that of the line, e.g. S 2p3/2.",
    ),
    # widths
    Rule(
        "broader_than_neighbours",
        "A component broader than its neighbours",
        "warning",
        lines.broader_than_neighbours,
        "Fit it as two components with the width of the others, and compare the ratio.",
    ),
    Rule(
        "narrower_than_neighbours",
        "A component narrower than its neighbours",
        "warning",
        lines.narrower_than_neighbours,
        "Share one width in the class, or leave it out.",
    ),
    Rule(
        "widths_far_apart",
        "Widths that differ by a factor of three",
        "warning",
        lines.widths_far_apart,
        "Share one width in the class; check the background.",
    ),
    Rule(
        "narrower_than_instrument",
        "Narrower than instrument and core hole",
        "alarm",
        lines.narrower_than_instrument,
        "Bound the width from below; look for a spike.",
    ),
    Rule(
        "width_not_sensible",
        "A width that no single state has",
        "warning",
        lines.width_not_sensible,
        "Look for a second state or an overlap.",
    ),
    Rule(
        "coarse_step",
        "Too few points on a line",
        "note",
        lines.coarse_step,
        "Measure with a smaller step.",
    ),
    # areas and their number
    Rule(
        "zero_area",
        "An empty component",
        "warning",
        lines.zero_area,
        "Take it out, and report the detection limit.",
    ),
    Rule(
        "below_detection",
        "An area below the detection limit",
        "warning",
        lines.below_detection,
        "Report it as smaller than the limit.",
    ),
    Rule(
        "not_needed",
        "A component the data do not ask for",
        "warning",
        lines.not_needed,
        "Leave it out unless another level shows it.",
    ),
    Rule(
        "too_many_components",
        "More components than the noise supports",
        "warning",
        lines.too_many,
        "Use fewer components, or measure longer.",
    ),
    Rule(
        "one_more_component",
        "One component more is asked for",
        "warning",
        lines.one_more,
        "Add it if the chemistry expects it, or find the shape that is wrong; report both.",
    ),
    Rule(
        "correlated_areas",
        "Areas that cannot be told apart",
        "warning",
        lines.correlated_areas,
        "Share widths, fix a separation, or report the sum only.",
    ),
    # data, residuals, background
    Rule(
        "smoothed_data",
        "Smoothed data",
        "alarm",
        data.smoothed_data,
        "Fit the raw data: smoothing makes every error too small.",
    ),
    _fit_rule(
        "negative_counts",
        "Negative counts",
        "warning",
        "Fit the spectrum before any background was subtracted.",
    ),
    Rule(
        "noise_below_counting",
        "Less noise than counts have",
        "warning",
        data.noise_below_counting,
        "Check dwell time and scans, and for smoothing.",
    ),
    Rule(
        "noise_above_counting",
        "More noise than counts have",
        "warning",
        data.noise_above_counting,
        "Check dwell time, scans and unit, and for dead detectors.",
    ),
    Rule(
        "chi_square_high",
        "A misfit beyond the noise",
        "note",
        data.chi_square_high,
        "Look at the residuals; a useful line shape may be imperfect, but say so.",
    ),
    Rule(
        "chi_square_low",
        "Residuals smaller than the noise",
        "note",
        data.chi_square_low,
        "Check dwell time and scans; smoothed data look like this.",
    ),
    Rule(
        "residual_structure",
        "Residuals with structure",
        "warning",
        data.structured_residuals,
        "Look there: a missing component, a wrong line shape, or the background.",
    ),
    Rule(
        "outlier",
        "A channel that stands out",
        "warning",
        data.outlier,
        "Look for a spike or a lost scan; compare with the fit without it.",
    ),
    Rule(
        "dead_time",
        "Counts lost to dead time",
        "alarm",
        data.dead_time,
        "Correct the counts for the dead time of the detector, or measure with less intensity.",
    ),
    Rule(
        "starts_disagree",
        "A best minimum that was found once only",
        "warning",
        data.starts_disagree,
        "Fix or link parameters; report how many starts agreed.",
    ),
    Rule(
        "background_above_data",
        "Background above the data",
        "alarm",
        data.background_above,
        "Move the end points to flat data, or use another background.",
    ),
    Rule(
        "end_on_peak",
        "A window end on a peak",
        "warning",
        data.end_on_peak,
        "Move this end to flat data.",
    ),
    Rule(
        "narrow_window",
        "A window too narrow",
        "warning",
        data.narrow_window,
        "Take at least two line widths of flat data on each side.",
    ),
    # sample
    Rule(
        "reference_missing",
        "No charge reference",
        "note",
        sample.reference_missing,
        "State line, energy and uncertainty of the reference: [calibration] in the recipe.",
    ),
    Rule(
        "reference_after_sputtering",
        "Adventitious carbon after sputtering",
        "warning",
        sample.reference_after_sputtering,
        "Use a line of the sample itself (PS4, a substrate), or the shift before sputtering.",
    ),
    Rule(
        "carbon_kind",
        "Adventitious carbon or carbon black",
        "warning",
        sample.carbon_kind,
        "Say which carbon it is; the two differ by 0.3 eV.",
    ),
    Rule(
        "position_far",
        "A species far from where it is known",
        "warning",
        sample.position_far,
        "Check assignment and charge reference; the candidates are listed.",
    ),
    Rule(
        "rigid_shift",
        "All levels shifted alike",
        "note",
        sample.rigid_shift,
        "Re-reference the sample.",
    ),
    Rule(
        "not_rigid",
        "Levels shifted by different amounts",
        "alarm",
        sample.not_rigid,
        "Check the assignments; no charge correction repairs this.",
    ),
    Rule(
        "tension",
        "A tie or a prior that the data contradict",
        "alarm",
        sample.levels_in_tension,
        "Check where it comes from, sensitivity factors and assignment; free it and compare.",
    ),
    Rule(
        "no_line",
        "A hump fitted with lines",
        "alarm",
        sample.no_line,
        "Claim nothing of this element; report the detection limit.",
    ),
    Rule(
        "hump_under_lines",
        "A broad structure under the lines",
        "warning",
        sample.hump_under_lines,
        "Fit it as a component of its own, or measure a blank.",
    ),
    Rule(
        "overlap",
        "Another element's line at this place",
        "note",
        sample.overlap_present,
        "Fit both, or use another level.",
    ),
)


def rule(code: str) -> Rule:
    """Return the row of a code.

    Raises
    ------
    KeyError
        If there is no such rule.
    """
    return {row.code: row for row in RULES}[code]


def lint(
    result: FitResult,
    *,
    library: PeakLibrary | Iterable[Expected] | None = None,
    spectra: Sequence[Spectrum] = (),
    calibration: ReferenceLine | None = None,
    overlaps: Iterable[Interference] | None = None,
    only: Iterable[str] | None = None,
) -> tuple[Finding, ...]:
    """Return what a referee would remark on a fit, most serious first.

    Parameters
    ----------
    result : FitResult
    library : PeakLibrary, iterable of Expected, or None
        Where species are expected; without it positions are not judged.
    spectra : sequence of Spectrum
        Others of the same sample (survey, Si 2p ...), which show what else is there.
    calibration : ReferenceLine or None
        How the charge reference was found.
    overlaps : iterable of Interference or None
        In place of the library's, or without a library the built-in ones.
    only : iterable of str or None
        Codes of the rules to apply; None: all.

    Returns
    -------
    findings : tuple of Finding
        Empty for a clean fit of good data. A fit's own warnings are among them.
    """
    known = library if isinstance(library, Iterable) else None
    separations: Separations = {}
    if library is not None and not isinstance(library, Iterable):
        known, separations = expectations(library), library_separations(library)
        overlaps = library_overlaps(library) if overlaps is None else overlaps
    context = Context(
        result,
        tuple(known or ()),
        tuple(sample.OVERLAPS if overlaps is None else overlaps),
        tuple(spectra),
        calibration,
        separations,
    )
    wanted = None if only is None else set(only)
    rows = [row for row in RULES if wanted is None or row.code in wanted]
    found = [finding for row in rows for finding in _apply(row, context)]
    order = {"alarm": 0, "warning": 1, "note": 2}
    return tuple(sorted(found, key=lambda finding: order[finding.severity]))


def looked_at(result: FitResult, warnings: Sequence[FitWarning]) -> tuple[FitWarning, ...]:
    """Return the findings on a fit, and its other warnings before them.

    A fit that was looked at already brings its findings; they are returned as they are.

    Parameters
    ----------
    result : FitResult
    warnings : sequence of FitWarning
        Of reading, selecting and fitting.
    """
    if any(isinstance(w, Finding) or w.code == "lint_failed" for w in warnings):
        return tuple(warnings)
    findings = lint(result)
    known = {(finding.code, finding.where) for finding in findings}
    return (*(w for w in warnings if (w.code, w.where) not in known), *findings)


def _apply(row: Rule, context: Context) -> Iterator[Finding]:
    for note in row.check(context):
        yield Finding(
            row.code,
            note.message,
            note.where,
            note.advice or row.advice,
            note.severity or row.severity,
        )
