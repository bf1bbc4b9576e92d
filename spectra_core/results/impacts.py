"""Pulls and impacts as they are printed and drawn, as particle physics draws them.

On the left of the figure stands where the fit took each prior, in standard deviations of the
prior, with a bar as long as what is left of its uncertainty, on bands of one and two standard
deviations. On the right stands by how much the ratio changes when what the prior is about is
held at the upper (filled) and at the lower end (open) of its posterior interval. The prior that
moves the ratio most is on top.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ..uncertainty.pulls import Impact, Pull
from .figures import INK, SMALL, label_axes, style_axes
from .formula import formula_letters
from .paper_fonts import plain_families
from .table import with_error

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

DISAGREES = 9.0  # gain in chi-square: three standard errors
MOST = 20  # rows of a figure
_BLUE, _RED, _GREY, _BAND, _INNER = "#5B84B1", "#B2182B", "#6B6B6B", "#EEF2F6", "#DDE5ED"
_ROW, _AROUND, _WIDTH = 0.34, 1.15, 7.2  # inches
_NOTHING = 1e-8  # change of a ratio
_LONGEST = 44  # characters of a name


@dataclass(frozen=True)
class ImpactRow:
    """One prior and its impact on one ratio, as printed.

    Attributes
    ----------
    name, prior, fitted : str
        What it is about; the prior and what the fit says of it, each with its error.
    pull, narrowing, gain, up, down : str
        A dash where there is none.
    disagrees : bool
        Whether chi-square falls by more than nine without it.
    """

    name: str
    prior: str
    fitted: str
    pull: str
    narrowing: str
    gain: str
    up: str
    down: str
    disagrees: bool


HEADINGS = (
    *("assumption", "prior", "fitted", "pull", "narrowed to", "Δχ² if freed"),
    *("impact, +1 σ", "impact, −1 σ"),
)


def impact_row(impact: Impact) -> ImpactRow:
    """Return one impact as printed."""
    pull = impact.pull
    width = None if pull.narrowing is None else pull.narrowing * pull.sd
    unit = f" {pull.unit}" if pull.unit else ""
    bound = " (on its bound)" if pull.at_bound else ""
    return ImpactRow(
        pull.name,
        with_error(pull.value, pull.sd) + unit,
        with_error(pull.fitted, width) + unit + bound,
        f"{pull.pull:+.2f}",
        "-" if pull.narrowing is None else f"{pull.narrowing:.2g}",
        "-" if pull.gain is None else f"{pull.gain:.2g}" if pull.gain < 10 else f"{pull.gain:.0f}",
        change_text(impact.up),
        change_text(impact.down),
        disagrees(pull),
    )


def change_text(change: float | None) -> str:
    """Return a change of a ratio with its sign, two digits; a dash where there is none."""
    if change is None:
        return "-"
    return "0" if abs(change) < _NOTHING else f"{change:+.2g}"


def disagrees(pull: Pull) -> bool:
    """Return whether the data disagree with a prior by three standard errors."""
    return pull.gain is not None and pull.gain > DISAGREES


def impacts_figure(impacts: Sequence[Impact], ratio: str, *, most: int = MOST) -> Figure:
    """Return the figure of pulls and impacts on one ratio.

    Parameters
    ----------
    impacts : sequence of Impact
        Ranked, as ``Ratio.impacts`` holds them; not empty.
    ratio : str
        Its name.
    most : int
        How many are drawn, the first ones.

    Returns
    -------
    figure : matplotlib Figure
        With an Agg canvas of its own.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure as Blank

    shown = impacts[:most]
    height = _AROUND + _ROW * len(shown)
    figure = Blank(figsize=(_WIDTH, height), dpi=200, facecolor="white")
    FigureCanvasAgg(figure)
    left, right = figure.subplots(1, 2, sharey=True, width_ratios=(1.0, 1.0))
    figure.subplots_adjust(
        left=0.43, right=0.985, bottom=0.58 / height, top=1 - 0.34 / height, wspace=0.08
    )
    draw_pulls(left, [impact.pull for impact in shown])
    draw_impacts(right, shown, ratio)
    _name_rows(left, [impact.pull for impact in shown])
    return figure


def draw_pulls(axes: Axes, pulls: Sequence[Pull]) -> None:
    """Draw the pulls, one row each, the first on top."""
    style_axes(axes, minor_y=False)
    for width, tone in ((2.0, _BAND), (1.0, _INNER)):
        axes.axvspan(-width, width, color=tone, linewidth=0, zorder=0)
    axes.axvline(0.0, color=_GREY, linewidth=0.7, zorder=1)
    rows = np.arange(len(pulls))
    for row, pull in zip(rows.tolist(), pulls, strict=True):
        tone = _RED if disagrees(pull) else INK
        if pull.narrowing is not None:
            ends = [(pull.low - pull.value) / pull.sd, (pull.high - pull.value) / pull.sd]
            axes.plot(ends, [row, row], color=tone, linewidth=1.1, solid_capstyle="butt")
        face = "white" if pull.at_bound else tone
        axes.plot([pull.pull], [row], "o", color=tone, markerfacecolor=face, markersize=4)
    furthest = max((abs(pull.pull) for pull in pulls), default=0.0) + 1.0
    axes.set_xlim(-max(furthest, 2.6), max(furthest, 2.6))
    _place_rows(axes, len(pulls))
    label_axes(axes, "pull, σ of the prior", "")


def draw_impacts(axes: Axes, impacts: Sequence[Impact], ratio: str) -> None:
    """Draw the impacts on a ratio, one row each, the first on top."""
    style_axes(axes, minor_y=False)
    axes.axvline(0.0, color=_GREY, linewidth=0.7)
    for row, impact in enumerate(impacts):
        tone = _RED if disagrees(impact.pull) else _BLUE
        for change, face, name in ((impact.up, tone, "+1 σ"), (impact.down, "white", "−1 σ")):
            if change is not None:
                label = name if row == 0 else "_"
                axes.barh(row, change, 0.52, color=face, edgecolor=tone, linewidth=0.9, label=label)
    reach = max((impact.size for impact in impacts), default=0.0) or 1.0
    axes.set_xlim(-1.15 * reach, 1.15 * reach)
    _place_rows(axes, len(impacts))
    label_axes(axes, f"change of {formula_letters(ratio)}", "")
    axes.legend(
        loc="lower right",
        bbox_to_anchor=(1.0, 1.0),
        borderaxespad=0.1,
        frameon=False,
        handlelength=1.0,
        ncols=2,
        prop={"family": plain_families(), "size": SMALL},
    )


def _place_rows(axes: Axes, rows: int) -> None:
    axes.set_ylim(rows - 0.5, -0.5)
    axes.set_yticks(range(rows), labels=[""] * rows)
    axes.tick_params(axis="y", which="both", length=0)


def _name_rows(axes: Axes, pulls: Sequence[Pull]) -> None:
    """Write on the left of each row what the prior is about, and the prior below it."""
    for row, pull in enumerate(pulls):
        tone = _RED if disagrees(pull) else INK
        text = formula_letters(pull.name)
        text = text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
        unit = f" {pull.unit}" if pull.unit else ""
        place: dict[str, Any] = {
            "xycoords": axes.get_yaxis_transform(),
            "textcoords": "offset points",
        }
        axes.annotate(
            text,
            (0.0, row),
            (-7, 0.5),
            ha="right",
            va="bottom",
            family=plain_families(),
            fontsize=SMALL,
            color=tone,
            **place,
        )
        axes.annotate(
            f"{with_error(pull.value, pull.sd)}{unit}",
            (0.0, row),
            (-7, -0.5),
            ha="right",
            va="top",
            family=plain_families(),
            fontsize=SMALL - 1.5,
            color=_GREY,
            **place,
        )
