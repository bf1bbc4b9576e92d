"""The referee's word on one region of an analysis, and on one component of it."""

from __future__ import annotations

from spectra_core.editing.edits import place_of
from spectra_core.fitting import FitResult, FitWarning
from spectra_core.project.project import Analysis
from spectra_core.referee.verdict import Verdict, about_region, verdict_of

_CONVERGED = ("converged", "at_bound")


def region_verdict(analysis: Analysis, region: str) -> Verdict:
    """Return the verdict on the stored fit of one region."""
    others = [name for name in analysis.spectra if name != region]
    found = [f for f in analysis.findings if about_region(f, region, others)]
    return verdict_of(found, converged=_converged(analysis))


def owner_verdicts(analysis: Analysis, region: str) -> dict[str, Verdict]:
    """Return the verdicts on components and doublets of a region that findings are about."""
    found: dict[str, list[FitWarning]] = {}
    for finding in analysis.findings:
        place = place_of(finding, analysis.model)
        if place is not None and place[0] == region and place[1]:
            found.setdefault(place[1], []).append(finding)
    return {owner: verdict_of(own) for owner, own in found.items()}


def _converged(analysis: Analysis) -> bool:
    return analysis.stored is None or is_converged(analysis.stored.result)


def is_converged(result: FitResult) -> bool:
    """Return whether a fit came to its end."""
    return result.status.value in _CONVERGED
