"""Page one of a profile: what steps where, the picture of all levels, and what must be known."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np

from ..results.series_figures import overview
from ..results.table import with_error
from ..results.trends import Trend, interfaces_of, trends_of
from ..runs.records import Run
from ..runs.series import SeriesRecord
from ..series.alarms import levels_words
from .document import Block, Figure, Paragraph, Text, clean_text, plain, sentence
from .samples import Sample
from .typography import species

_STEPS, _CHANGES = 2, 3
_TOLD = 3  # alarms of levels
_PICTURE_MM, MM = 128.0, 25.4
_LARGER = 1.35  # than on the page, so that letters are as small as those of the panels


def series_of_run(run: Run) -> SeriesRecord | None:
    """Return the series that all fits of a run are levels of; None for any other run."""
    if len(run.series) != 1 or len(run.series[0].records) != len(run.fits):
        return None
    return run.series[0]


def series_lead(record: SeriesRecord, samples: Sequence[Sample]) -> Text:
    """Return the first sentences: how many levels, what steps where, which levels to check."""
    trends = trends_of(record)
    steps = sorted(interfaces_of(record, trends), key=lambda step: float(step["position_sd"]))
    name = clean_text(record.series.sample, longest=70) or "A series"
    parts: list[str | Text] = [f"{name}: {len(record.series)} levels, fitted as one."]
    for step in steps[:_STEPS]:
        parts += [" ", _step(step)]
    if not steps:
        parts += [part for trend in _changing(trends) for part in (" ", _change(trend))]
    for word, what in (("not yet", "not to be quoted yet"), ("check", "to be checked first")):
        levels = [k for k, sample in enumerate(samples) if sample.verdict.word == word]
        if levels:
            said = levels_words(levels)
            verb = "are" if len(levels) > 1 else "is"
            parts.append(f" {said[:1].upper()}{said[1:]} {verb} {what}.")
    return sentence(*parts)


def _step(step: Mapping[str, Any]) -> Text:
    place = f"{with_error(step['position'], step['position_sd'])} {step['unit']}".strip()
    depth = ""
    if "depth_nm" in step:
        depth = f" ({with_error(step['depth_nm'], step['depth_nm_sd'])} nm)"
    return sentence(
        "The ",
        species(str(step["of"])),
        f" steps from {step['before']:.2g} to {step['after']:.2g} at ",
        plain(f"{place}{depth}", style="bold"),
        f", within {with_error(step['width'], step['width_sd'])} {step['unit']} (16 to 84 %).",
    )


def _changing(trends: Sequence[Trend]) -> list[Trend]:
    """Return the trends that change most, in standard errors."""
    kinds = [trend for trend in trends if trend.kind in ("share", "ratio", "atoms")]
    ranked = [(_change_in_errors(trend), trend) for trend in kinds]
    ranked.sort(key=lambda pair: -pair[0])
    return [trend for times, trend in ranked[:_CHANGES] if times > 0]


def _change_in_errors(trend: Trend) -> float:
    known = np.flatnonzero(np.isfinite(trend.values) & np.isfinite(trend.stderrs))
    if known.size < 2:
        return 0.0
    first, last = known[0], known[-1]
    error = float(np.hypot(trend.stderrs[first], trend.stderrs[last]))
    return abs(float(trend.values[last] - trend.values[first])) / error if error > 0 else 0.0


def _change(trend: Trend) -> Text:
    ends = np.flatnonzero(np.isfinite(trend.values) & np.isfinite(trend.stderrs))[[0, -1]]
    first, last = (with_error(float(trend.values[k]), float(trend.stderrs[k])) for k in ends)
    unit = f" {trend.unit}" if trend.unit else ""
    return sentence("The ", species(trend.name), f" goes from {first} to {last}{unit}.")


def series_blocks(record: SeriesRecord, width_mm: float) -> Iterator[Block]:
    """Yield the warnings on the series, and its picture, as wide as the page."""
    serious = [f for f in record.findings if f.severity != "note"]
    if serious:
        advice = dict.fromkeys(finding.advice for finding in serious if finding.advice)
        said = [*(finding.message for finding in serious), *advice]
        yield Paragraph(sentence(clean_text(" ".join(said), longest=700)), "box")
    for alarm in record.fit.alarms[:_TOLD]:
        text = clean_text(f"Level {alarm.level + 1}: {alarm.message}", longest=200)
        yield Paragraph(sentence(text), "verdict")
    more = len(record.fit.alarms) - _TOLD
    if more > 0:
        yield Paragraph(sentence(f"And {more} more alarms of levels, in the appendix."), "small")
    yield Figure(
        "series-front",
        plain(""),  # without a caption it is drawn at its own size
        f"{len(record.series)} levels in one picture",
        partial(_front_picture, record, width_mm),
    )
    yield Paragraph(sentence(_KEY), "small")


_KEY = (
    "Intensity over the axis of the series and energy; what changes, with bands of one standard"
    " error, limits as triangles, the first interface dashed; fractions. Levels with an alarm are"
    " framed, crossed and hatched."
)


def _front_picture(record: SeriesRecord, width_mm: float) -> Any:
    inches = (_LARGER * width_mm / MM, _LARGER * _PICTURE_MM / MM)  # scaled to the page after
    return overview(record, trends_of(record), inches)


def shown_levels(record: SeriesRecord, samples: Sequence[Sample]) -> list[Sample]:
    """Return three levels whose fits stand for all: the ends, and one between.

    That between is at the best known interface; without one, that of the largest misfit.
    """
    steps = interfaces_of(record, trends_of(record))
    best = min(steps, key=lambda step: float(step["position_sd"]), default=None)
    inner = range(1, len(samples) - 1)
    if best is not None:
        away = np.abs(record.series.positions - best["position"])
        between = min(inner, key=lambda k: float(away[k]), default=0)
    else:
        misfits = [s.record.result.statistics.reduced_chi_square for s in samples]
        between = max(inner, key=misfits.__getitem__, default=0)
    return [samples[k] for k in sorted({0, between, len(samples) - 1})]
