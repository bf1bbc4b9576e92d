"""Ratios of many samples as a line of dots: what a table of sixty rows would hide."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ..results.figures import INK
from ..results.panels import NORMAL, QUIET, RED, SMALL
from ..results.paper_fonts import families
from .samples import Sample

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_HEIGHT_MM, _MM = 44.0, 25.4


def trend_figure(name: str, samples: Sequence[Sample], width_mm: float) -> Figure:
    """Return the ratio of each sample, in their order, with its interval as a band."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width_mm / _MM, _HEIGHT_MM / _MM), dpi=200, facecolor="white")
    FigureCanvasAgg(figure)
    axes = figure.add_axes((0.07, 0.2, 0.92, 0.76))
    ratios = [(i, s, r) for i, s in enumerate(samples, 1) if (r := s.ratio(name)) is not None]
    known = [(i, s, r) for i, s, r in ratios if r.value is not None]
    values = [r.value or 0.0 for _, _, r in known]
    banded = [(i, r.best_interval) for i, _, r in known if r.best_interval is not None]
    if banded:
        x = [i for i, _ in banded]
        low, high = ([ends[k] for _, ends in banded] for k in (0, 1))
        axes.fill_between(x, low, high, color="#DCE3EA", linewidth=0, zorder=1)
    axes.plot([i for i, _, _ in known], values, color=QUIET, linewidth=0.6)
    for (i, sample, _), value in zip(known, values, strict=True):
        face = "white" if sample.verdict.word == "not yet" else INK
        tone = RED if sample.verdict.word == "not yet" else INK
        axes.plot([i], [value], "o", markersize=3, color=tone, markerfacecolor=face)
    for i, _, ratio in ratios:
        if ratio.upper_limit is not None:
            axes.plot([i], [ratio.upper_limit], "v", markersize=3, color=QUIET)
    axes.set_xlim(0.5, len(samples) + 0.5)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    axes.tick_params(labelsize=SMALL, length=2, labelcolor=QUIET, labelfontfamily=families())
    axes.set_xlabel("sample", family=families(), fontsize=NORMAL, color=QUIET)
    return figure
