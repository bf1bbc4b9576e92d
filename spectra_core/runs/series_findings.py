"""What a referee must know of a series: of each of its levels, and of the whole.

Made once; the command line, ``results.json``, reports and the window say the same.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ..recipe.schema import SeriesTable
from ..referee.context import Finding, Severity
from ..series import SpectrumSeries
from ..series.alarms import SeriesAlarm
from ..series.coordinates import SPUTTER_TIME
from ..series.depth import CAVEATS, Rate, film_check
from ..series.fits import SeriesFit

_CONTROL = "Send a pristine sample through the same etch, and repeat the first scan at the end."
_ADVICE = {
    "slid": "Look at its neutraliser; its energies are those of its neighbours by assumption.",
    "drift": "Look at charging and neutraliser, or say how smooth the shift is.",
    "outlier": "Look at the raw level. Trends show it; interfaces leave it out.",
    "unlike": "Free a width or position for all levels, or give the level a model of its own.",
    "refitted": "Look at this fit before its numbers are used.",
    "failed": "Look at this fit before its numbers are used.",
}


def level_finding(alarm: SeriesAlarm, file: str = "") -> Finding:
    """Return an alarm of a level as a finding on its fit; `file` is that of a level of its own."""
    where = f"level {alarm.level + 1}" + (f" ({file})" if file else "")
    return Finding(
        f"series_{alarm.code}",
        f"{where}: {alarm.message}",
        "",
        _ADVICE.get(alarm.code, ""),
        "warning",
    )


def series_findings(
    series: SpectrumSeries, fit: SeriesFit, settings: SeriesTable, rate: Rate | None
) -> tuple[Finding, ...]:
    """Return what has to be known of a series as a whole.

    Parameters
    ----------
    series : SpectrumSeries
    fit : SeriesFit
    settings : SeriesTable
        Film and attenuation length.
    rate : Rate or None

    Returns
    -------
    findings : tuple of Finding
        Warnings first.
    """
    found = [*_of_fit(fit), *_of_sputtering(series, settings, rate)]
    order = ("alarm", "warning", "note")
    return tuple(sorted(found, key=lambda finding: order.index(finding.severity)))


def _of_fit(fit: SeriesFit) -> Iterator[Finding]:
    if not fit.solution.converged:
        yield Finding(
            "series_unsettled",
            "the fit of all levels did not settle: its numbers may still move.",
            "",
            "Share less, or begin nearer to the answer.",
            "alarm",
        )
    known = fit.solution.layout.nuisances
    if known:
        listed = "; ".join(f"{prior.subject} ({prior.source or prior.group})" for prior in known)
        yield _note(
            "series_common_priors",
            f"What is known of {listed} is wrong by the same at every level: each counts once for"
            " the series, no number of levels averages it out, and trends tell its part of an"
            " error apart.",
        )


def _of_sputtering(
    series: SpectrumSeries, settings: SeriesTable, rate: Rate | None
) -> Iterator[Finding]:
    """Yield what must be known of a sputter profile; nothing for any other series."""
    times = series.coordinates.get(SPUTTER_TIME)
    if times is None or not np.nanmax(times) > 0:
        return
    if rate is not None:
        yield _note("series_depth_scale", rate.words)
    if settings.film is not None:
        deepest = 0.0 if rate is None else float(np.nanmax(rate.depths(times)[0]))
        relative = 0.0 if rate is None else rate.uncertainty
        severity: Severity = "warning" if deepest < min(settings.film) else "note"
        for words in film_check(settings.film, deepest, settings.film_length, relative=relative):
            yield Finding("series_film", words, "", _CONTROL, severity)
    for words in CAVEATS:
        yield _note("series_sputtering", words)


def _note(code: str, words: str) -> Finding:
    return Finding(code, words, "", "", "note")
