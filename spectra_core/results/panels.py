"""Fitted spectra in a grid of panels, as a journal prints them.

A grid has samples as rows and regions as columns, or the other way round; a grid of one column
is broken into several. All panels of one region have one energy axis, columns of different
levels one scale in eV, and a species has one colour on all of them. Labels stand above the
curves they name, so there is no legend; the axes end at the data's extremes.

Centers and labels are on the referenced scale where a model has a charge shift, and the axis
says so.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import ceil
from typing import TYPE_CHECKING, Any, Literal
from unicodedata import east_asian_width

import numpy as np

from ..errors import WriteError
from ..fitting import FitResult, RegionFit
from ..runs.records import FitRecord, Run
from ..spectrum import Array, Axis, is_synthetic
from .figures import (
    INK,
    PAGE_MM,
    Band,
    axis_label,
    bands_of,
    draw_masked,
    fine_grid,
    intensity_unit,
    smooth_curve,
)
from .formula import formula_letters
from .misfit import misfit_of
from .paper_fonts import families
from .scales import scales_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

By = Literal["sample", "region"]
ARRANGEMENTS: tuple[By, ...] = ("sample", "region")
QUIET, RED, _GREY, _SHADE = "#5A5A5A", "#B2182B", "#8A8A8A", "#F0F0F0"
SMALL, NORMAL = 6.5, 7.5  # points
MOST_COLUMNS, MOST_PANELS = 12, 120
_PANEL_MM, _LEAST_MM, _PAGE_HIGH_MM = 52.0, 22.0, 240.0
_MM = 25.4
# Inches: left of the axes, right of them, the title, a row of labels, tick labels, axis title.
_LEFT, _RIGHT, _TITLE, _LABEL, _TICKS, _NAME = 0.36, 0.1, 0.2, 0.135, 0.165, 0.12
_RESIDUAL, _GAP = 0.3, 0.06
_GAP = 0.02  # inches between a label and a line beside it
_LETTER = 0.5  # width of a letter over its size
_LONGEST = 34


@dataclass(frozen=True, eq=False)
class Panel:
    """One fitted region in a grid.

    Attributes
    ----------
    fit : RegionFit
    result : FitResult
        Whose region it is.
    title : str
        Above it; the region's name stands inside.
    letter : str
        In front of the title.
    """

    fit: RegionFit
    result: FitResult
    title: str = ""
    letter: str = ""


Grid = Sequence[Sequence[Panel | None]]
_Reach = tuple[float, float, float, float]


def compose_figure(
    fits: Run | FitResult | Sequence[FitRecord] | Sequence[FitResult],
    *,
    by: By = "sample",
    columns: int | None = None,
    width_mm: float = PAGE_MM,
    panel_mm: float | None = None,
    same_height: bool = False,
    residuals: bool = True,
) -> Figure:
    """Return fitted spectra as panels in a grid.

    Parameters
    ----------
    fits : Run, FitResult, or sequence of FitRecord or FitResult
        One by one, the samples of the figure.
    by : {"sample", "region"}
        What a row of the grid is.
    columns : int or None
        Of a grid that would have one column; None: as many as keep a panel 50 mm wide.
    width_mm : float
        Of the figure: `COLUMN_MM` or `PAGE_MM` for most journals.
    panel_mm : float or None
        Height of a panel without its labels; None: 52, or less where the figure would be higher
        than a page.
    same_height : bool
        Whether panels of one region have one axis of counts.
    residuals : bool
        Whether the residuals stand below each panel.

    Returns
    -------
    figure : matplotlib Figure
        With an Agg canvas of its own; `save_figure` writes it.

    Raises
    ------
    WriteError
        If there is nothing to draw, too much of it, or the width does not hold the columns.
    """
    grid = arranged(_named(fits), by=by, columns=columns, width_mm=width_mm)
    around = 20.0 if residuals else 11.0
    own = min(_PANEL_MM, max(_LEAST_MM, _PAGE_HIGH_MM / len(grid) - around))
    return draw_grid(
        grid,
        width_mm=width_mm,
        panel_mm=own if panel_mm is None else panel_mm,
        same_height=same_height,
        residuals=residuals,
    )


def _named(
    fits: Run | FitResult | Sequence[FitRecord] | Sequence[FitResult],
) -> list[tuple[str, FitResult]]:
    """Return each fit with the name of its sample."""
    given = fits.fits if isinstance(fits, Run) else [fits] if isinstance(fits, FitResult) else fits
    return [
        (sample_title(fit.regions[0].spectrum.meta.sample), fit)
        if isinstance(fit, FitResult)
        else (short_sample(fit), fit.result)
        for fit in given
    ]


def arranged(
    fits: Sequence[tuple[str, FitResult]], *, by: By, columns: int | None, width_mm: float
) -> list[list[Panel | None]]:
    """Return panels of named fits as rows; a grid of one column is broken into several."""
    if by not in ARRANGEMENTS:
        raise WriteError(
            f'panels cannot be arranged by "{by}".', hint=f"Use {' or '.join(ARRANGEMENTS)}."
        )
    regions = list(dict.fromkeys(fit.name for _, result in fits for fit in result.regions))
    if not regions:
        raise WriteError("there is no fitted spectrum to draw.", hint="Fit first.")
    letters = letters_of(len(fits))
    rows = [_row(*fit, regions, letter) for fit, letter in zip(fits, letters, strict=True)]
    if by == "region":
        rows = [list(row) for row in zip(*rows, strict=True)]
    if len(rows) * len(rows[0]) > MOST_PANELS:
        raise WriteError(
            f"{len(rows) * len(rows[0])} panels are too many for one figure, which holds"
            f" {MOST_PANELS}.",
            hint="Choose fewer spectra.",
        )
    if min(len(rows), len(rows[0])) == 1:
        panels = [panel for row in rows for panel in row]
        room = max(1, int(width_mm // 50.0))
        wide = min(columns or ceil(len(panels) / ceil(len(panels) / room)), len(panels))
        panels += [None] * (-len(panels) % wide)
        rows = [panels[i : i + wide] for i in range(0, len(panels), wide)]
    most = min(MOST_COLUMNS, max(1, int(width_mm // 22.0)))
    if len(rows[0]) > most:
        raise WriteError(
            f"{len(rows[0])} columns do not fit on {width_mm:g} mm, which hold {most}.",
            hint="Make the figure wider, or arrange it the other way round.",
        )
    return _titled_once(rows)


def _titled_once(rows: Sequence[Sequence[Panel | None]]) -> list[list[Panel | None]]:
    """Return a grid whose titles stand once: not again beside or below their own sample."""
    told: list[list[Panel | None]] = []
    for i, row in enumerate(rows):
        new: list[Panel | None] = []
        for j, panel in enumerate(row):
            near = (row[j - 1] if j else None, rows[i - 1][j] if i else None)
            known = any(p is not None and p.result is panel.result for p in near) if panel else True
            new.append(replace(panel, title="", letter="") if panel and known else panel)
        told.append(new)
    return told


def _row(title: str, result: FitResult, regions: Sequence[str], letter: str) -> list[Panel | None]:
    own = {fit.name: fit for fit in result.regions}
    return [Panel(own[name], result, title, letter) if name in own else None for name in regions]


def letters_of(count: int) -> list[str]:
    """Return what samples are called by: letters, or numbers beyond the alphabet."""
    if count <= 26:
        return [chr(ord("a") + i) for i in range(count)]
    return [str(i + 1) for i in range(count)]


def short_sample(record: FitRecord) -> str:
    """Return the name of a sample as it is printed, without the mark that stands beside it."""
    name = sample_title(record.sample)
    return f"{name} [{record.level + 1}/{record.levels}]" if record.levels > 1 else name


def sample_title(sample: str) -> str:
    """Return a sample's name on one line without the mark that stands beside it."""
    return " ".join(sample.replace("(synthetic)", "").split()) or "(no name)"


# ---------------------------------------------------------------------------------
# The grid


def draw_grid(
    grid: Grid,
    *,
    width_mm: float,
    panel_mm: float,
    same_height: bool = False,
    residuals: bool = True,
    titles: bool = True,
) -> Figure:
    """Return panels as a figure, row by row.

    Parameters
    ----------
    grid : sequence of sequences of Panel or None
        Rows of one length.
    width_mm, panel_mm, same_height, residuals
        As for `compose_figure`.
    titles : bool
        Whether the panels have their titles.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    width, high = width_mm / _MM, panel_mm / _MM
    spans = _spans(grid)
    places = _columns(grid, spans, width)
    labels = [_label_rows(row, places, spans) for row in grid]
    above = [_TITLE if titles and _has_title(row) else 0.03 for row in grid]
    below = (_RESIDUAL + _GAP if residuals else 0.0) + _TICKS
    heights = [
        title + _LABEL * count + high + below for title, count in zip(above, labels, strict=True)
    ]
    heights[-1] += _NAME
    total = sum(heights) + 0.02
    figure = Figure(figsize=(width, total), dpi=200, facecolor="white")
    FigureCanvasAgg(figure)
    top = total
    limits = _common_reach(grid) if same_height else {}
    for row, count, title, height in zip(grid, labels, above, heights, strict=True):
        for place, panel in zip(places, row, strict=True):
            if panel is not None:
                box = _Box(place, top - title - _LABEL * count, high, width, total)
                _draw_panel(figure, panel, box, spans, limits, residuals)
                if titles and panel.title:
                    _write_title(figure, panel, box, top - title + 0.05)
        top -= height
    _name_axes(figure, grid, places, (width, total))
    return figure


def _has_title(row: Sequence[Panel | None]) -> bool:
    return any(panel is not None and panel.title for panel in row)


@dataclass(frozen=True)
class _Box:
    """Where the axes of a panel stand: left and right end, top and height, in inches."""

    ends: tuple[float, float]
    top: float
    height: float
    width: float
    total: float

    def axes(self, figure: Figure, top: float, height: float) -> Axes:
        """Return new axes from `top` downwards."""
        left, right = self.ends
        rectangle = (
            left / self.width,
            (top - height) / self.total,
            (right - left) / self.width,
            height / self.total,
        )
        return figure.add_axes(rectangle)


def _x(panel: Panel) -> Array:
    """Return the axis of a panel on the referenced scale."""
    return panel.fit.x - scales_of(panel.fit.spectrum, panel.result, panel.fit.name).shift


def _spans(grid: Grid) -> dict[str, tuple[float, float]]:
    """Return the ends of the axis of each region, over all its panels."""
    ends: dict[str, tuple[float, float]] = {}
    for panel in (panel for row in grid for panel in row if panel is not None):
        x, name = _x(panel), panel.fit.name
        low, high = ends.get(name, (np.inf, -np.inf))
        ends[name] = (min(low, float(x.min())), max(high, float(x.max())))
    return ends


def _columns(
    grid: Grid, spans: dict[str, tuple[float, float]], width: float
) -> list[tuple[float, float]]:
    """Return both ends of the axes of each column; columns share one scale in eV."""
    wide = []
    for column in zip(*grid, strict=True):
        own = [spans[panel.fit.name] for panel in column if panel is not None]
        wide.append(max((high - low for low, high in own), default=1.0))
    if max(wide) > 4.0 * min(wide):  # one scale would leave a level no room
        wide = [1.0] * len(wide)
    room = width - len(wide) * (_LEFT + _RIGHT)
    places, left = [], 0.0
    for part in wide:
        left += _LEFT
        right = left + room * part / sum(wide)
        places.append((left, right))
        left = right + _RIGHT
    return places


def _reach(fit: RegionFit) -> _Reach:
    """Return the ends of the data, and of all that is drawn."""
    low, high = float(fit.y.min()), float(fit.y.max())
    return (low, high, min(low, float(fit.background.min())), max(high, float(fit.envelope.max())))


def _common_reach(grid: Grid) -> dict[str, _Reach]:
    """Return the reach of each region over all its panels."""
    found: dict[str, list[_Reach]] = {}
    for panel in (panel for row in grid for panel in row if panel is not None):
        found.setdefault(panel.fit.name, []).append(_reach(panel.fit))
    return {
        name: (
            min(r[0] for r in own),
            max(r[1] for r in own),
            min(r[2] for r in own),
            max(r[3] for r in own),
        )
        for name, own in found.items()
    }


# ---------------------------------------------------------------------------------
# One panel


def _draw_panel(
    figure: Figure,
    panel: Panel,
    box: _Box,
    spans: dict[str, tuple[float, float]],
    limits: dict[str, _Reach],
    residuals: bool,
) -> None:
    fit = panel.fit
    falls = fit.spectrum.axis is Axis.BINDING_ENERGY
    low, high = spans[fit.name]
    ends = (high, low) if falls else (low, high)
    upper = box.axes(figure, box.top, box.height)
    _draw_curves(upper, panel)
    _frame(upper, limits.get(fit.name) or _reach(fit))
    style: dict[str, Any] = {"family": families(), "fontsize": SMALL, "color": QUIET}
    left = (box.ends[0] - 0.09) / box.width
    middle = (box.top - 0.5 * box.height) / box.total
    unit = intensity_unit(fit.spectrum)
    figure.text(left, middle, unit, rotation=90, ha="right", va="center", **style)
    upper.set_xlim(ends)
    upper.set_xticks([])
    _draw_labels(upper, panel, box)
    last = upper
    if residuals:
        last = box.axes(figure, box.top - box.height - _GAP, _RESIDUAL)
        _draw_sticks(last, panel)
        last.set_xlim(ends)
    _energy_axis(last, ends, box.ends[1] - box.ends[0])


def _draw_curves(axes: Axes, panel: Panel) -> None:
    fit = panel.fit
    x = _x(panel)
    fine = fine_grid(x)
    base = smooth_curve(x, fit.background, fine)
    for band in sorted(_seen(panel), key=_largest, reverse=True):
        top = base + sum(smooth_curve(x, curve, fine) for curve in band.curves)
        axes.fill_between(fine, base, top, color=band.colour, alpha=0.3, linewidth=0, zorder=2)
        axes.plot(fine, top, color=band.colour, linewidth=0.7, zorder=3)
    axes.plot(fine, base, color=_GREY, linewidth=0.7, linestyle=(0, (3.5, 2)), zorder=4)
    draw_masked(axes, fit, shift=float(x[0] - fit.x[0]))
    axes.plot(
        x,
        fit.y,
        linestyle="none",
        marker="o",
        markersize=1.9,
        markerfacecolor="white",
        markeredgecolor=INK,
        markeredgewidth=0.4,
        zorder=5,
    )
    axes.plot(fine, smooth_curve(x, fit.envelope, fine), color=INK, linewidth=0.9, zorder=6)


def _seen(panel: Panel) -> list[Band]:
    """Return the bands that have an area; one of none has no place where it could be named."""
    region = panel.result.model.region(panel.fit.name)
    return [band for band in bands_of(panel.fit, region) if _largest(band) > 0.0]


def _largest(band: Band) -> float:
    return float(max(curve.max() for curve in band.curves))


def _frame(axes: Axes, reach: _Reach) -> None:
    """Let the axis of counts end at the lowest and the highest data point."""
    low, high, bottom, top = reach
    room = (top - bottom) or 1.0
    axes.set_ylim(bottom - 0.03 * room, top + 0.02 * room)
    for side in ("top", "right", "bottom"):
        axes.spines[side].set_visible(False)
    axes.spines["left"].set_bounds(low, high)
    axes.spines["left"].set(linewidth=0.6, color=INK)
    axes.set_yticks([low, high], labels=[_count(low), _count(high)])
    axes.tick_params(axis="y", length=2, width=0.6, pad=1.5, labelcolor=QUIET)
    for label in axes.get_yticklabels():
        label.set(family=families(), fontsize=SMALL)


def _count(value: float) -> str:
    if value and not 0.01 <= abs(value) < 99_999.5:
        return f"{value:.2e}".replace("e+0", "e").replace("e-0", "e-").replace("e+", "e")
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:.3g}"


def _draw_sticks(axes: Axes, panel: Panel) -> None:
    """Draw the residuals as sticks, on a band of three standard deviations of known noise."""
    misfit, x = misfit_of(panel.fit), _x(panel)
    largest = float(np.abs(misfit.values).max()) or 1.0
    reach = 3.0 if misfit.in_sigma else largest
    if misfit.in_sigma:
        axes.axhspan(-reach, reach, color=_SHADE, linewidth=0, zorder=0)
    axes.vlines(x, 0.0, misfit.values, color=INK, linewidth=0.6, zorder=2)
    axes.axhline(0.0, color=INK, linewidth=0.4, zorder=1)
    limit = max(1.35 * reach, 1.05 * largest)
    axes.set_ylim(-limit, limit)
    text = f"{reach:.0f}" if misfit.in_sigma else f"{reach:.2g}"
    axes.set_yticks([-reach, 0.0, reach], labels=[f"−{text}", misfit.unit, f"+{text}"])
    axes.tick_params(axis="y", length=0, pad=2.5, labelcolor=QUIET)
    for label in axes.get_yticklabels():
        label.set(family=families(), fontsize=SMALL)
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)


def _energy_axis(axes: Axes, ends: tuple[float, float], width: float) -> None:
    from matplotlib.ticker import AutoMinorLocator, MaxNLocator

    axes.xaxis.set_major_locator(
        MaxNLocator(nbins=max(2, int(width / 0.24)), steps=[1, 2, 5, 10], integer=True)
    )
    axes.xaxis.set_minor_locator(AutoMinorLocator(2))
    axes.set_xlim(ends)
    axes.spines["bottom"].set(linewidth=0.6, color=INK)
    axes.spines["bottom"].set_bounds(*sorted(ends))
    axes.tick_params(axis="x", which="major", length=2.5, width=0.6, pad=1.5, labelcolor=QUIET)
    axes.tick_params(axis="x", which="minor", length=1.5, width=0.5)
    for label in axes.get_xticklabels():
        label.set(family=families(), fontsize=SMALL)


# ---------------------------------------------------------------------------------
# Words


@dataclass(frozen=True)
class _Label:
    """A label above a curve: where its line stands, where its middle, in which row.

    `is_cut`: a line to a label above it runs behind its letters.
    """

    band: Band
    at: float
    top: float
    middle: float
    row: int
    is_cut: bool = False


def _labels(panel: Panel, ends: tuple[float, float], width: float) -> list[_Label]:
    """Return labels in rows, so that none covers another; row 0 is next to the curves.

    `ends` are the energies at the left and the right end of the axes, `width` inches apart.
    """
    fit, x = panel.fit, _x(panel)
    found: list[_Label] = []
    per_inch = (ends[1] - ends[0]) / width
    taken: dict[int, list[tuple[float, float]]] = {0: [(-1.0, _wide(fit.name))]}
    for band in sorted(_seen(panel), key=lambda b: (_top(x, fit, b)[0] - ends[0]) / per_inch):
        at, top = _top(x, fit, band)
        half = 0.5 * _wide(_name(band))
        middle = min(max((at - ends[0]) / per_inch, half - 0.05), width - half + 0.08)
        row = 0
        while any(middle - half < b and middle + half > a for a, b in taken.get(row, ())):
            row += 1
        taken.setdefault(row, []).append((middle - half, middle + half))
        found.append(_Label(band, at, top, middle, row))
    lines = [(label.at - ends[0]) / per_inch for label in found]
    for number in range(len(found)):
        found[number] = _beside_lines(found, number, lines, (_wide(fit.name), width))
    return found


def _beside_lines(
    labels: Sequence[_Label], number: int, lines: Sequence[float], ends: tuple[float, float]
) -> _Label:
    """Return a label, moved so that no line to a label above it runs through its letters.

    `lines` has the place of each label's own line, in inches from the left end of the axes; the
    lowest row is free between `ends`, others from zero. A label stays where it is, over the
    line, if it would leave its own line, the axes, or the room it has.
    """
    label, half = labels[number], 0.5 * _wide(_name(labels[number].band))
    others = [
        (other.middle, 0.5 * _wide(_name(other.band)))
        for other in labels
        if other is not label and other.row == label.row
    ]
    above = [x for x, other in zip(lines, labels, strict=True) if other.row > label.row]

    def is_cut(middle: float) -> bool:
        return any(abs(x - middle) < half for x in above)

    def is_free(middle: float) -> bool:
        first = ends[0] if label.row == 0 else -0.05
        inside = half + first <= middle <= ends[1] - half + 0.08
        apart = all(abs(middle - place) >= half + room for place, room in others)
        return inside and apart and abs(middle - lines[number]) <= half and not is_cut(middle)

    if not is_cut(label.middle):
        return label
    offers = [x + side * (half + _GAP) for x in above for side in (-1.0, 1.0)]
    free = sorted(filter(is_free, offers), key=lambda middle: abs(middle - label.middle))
    return replace(label, middle=free[0]) if free else replace(label, is_cut=True)


def _name(band: Band) -> str:
    text = formula_letters(" ".join(band.label.split()))
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def _wide(text: str) -> float:
    """Return about how wide a label is, in inches."""
    letters = sum(2 if east_asian_width(letter) in "WF" else 1 for letter in text)
    return (letters * _LETTER * NORMAL + 4.0) / 72.0


def _top(x: Array, fit: RegionFit, band: Band) -> tuple[float, float]:
    """Return where the main line of a band has its maximum, and the drawn height there."""
    place = int(np.argmax(band.curves[0]))
    return float(x[place]), float(fit.background[place] + sum(c[place] for c in band.curves))


def _label_rows(
    row: Sequence[Panel | None],
    places: Sequence[tuple[float, float]],
    spans: dict[str, tuple[float, float]],
) -> int:
    """Return how many rows of labels stand above the panels of a row."""
    rows = 1
    for panel, (left, right) in zip(row, places, strict=True):
        if panel is not None:
            found = _labels(panel, _ends(panel, spans), right - left)
            rows = max([rows, *(label.row + 1 for label in found)])
    return rows


def _ends(panel: Panel, spans: dict[str, tuple[float, float]]) -> tuple[float, float]:
    low, high = spans[panel.fit.name]
    falls = panel.fit.spectrum.axis is Axis.BINDING_ENERGY
    return (high, low) if falls else (low, high)


def _draw_labels(axes: Axes, panel: Panel, box: _Box) -> None:
    """Write each species above its line, with a thin line between; the region on the left."""
    left, right = axes.get_xlim()
    width = box.ends[1] - box.ends[0]
    bottom, top = axes.get_ylim()
    per_inch = (top - bottom) / box.height
    style: dict[str, Any] = {"family": families(), "fontsize": NORMAL, "clip_on": False}
    base = top + 0.03 * per_inch
    axes.text(left, base, shown(formula_letters(panel.fit.name)), color=QUIET, va="bottom", **style)
    for label in _labels(panel, (left, right), width):
        height = base + label.row * _LABEL * per_inch
        at = left + label.middle * (right - left) / width
        axes.plot(
            [label.at, label.at],
            [label.top, height + 0.01 * per_inch],
            color=label.band.colour,
            linewidth=0.6,
            clip_on=False,
            zorder=1,
        )
        axes.text(
            at,
            height,
            shown(_name(label.band)),
            color=darker(label.band.colour),
            ha="center",
            va="bottom",
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.2} if label.is_cut else None,
            **style | {"family": families(bold=True)},
        )


def _write_title(figure: Figure, panel: Panel, box: _Box, height: float) -> None:
    """Write letter and title at the left end of the column; on the right what is synthetic."""
    left, right = box.ends
    style: dict[str, Any] = {"va": "bottom", "color": INK}
    bold, light = families(bold=True), families()
    mark = "synthetic" if is_synthetic(panel.fit.spectrum) else ""
    room = int((right - left + _LEFT - 0.16) * 72.0 / (0.46 * (NORMAL + 0.5)))
    title = shown(middle_cut(panel.title, room - len(mark) - 2 * bool(mark)))
    x, y = (left - _LEFT) / box.width, height / box.total
    figure.text(x, y, panel.letter, family=bold, fontsize=NORMAL + 1, **style)
    figure.text(x + 0.14 / box.width, y, title, family=bold, fontsize=NORMAL + 0.5, **style)
    if mark:
        style |= {"color": _GREY, "ha": "right", "family": light}
        figure.text(right / box.width, y, mark, fontsize=SMALL, **style)


def middle_cut(text: str, room: int) -> str:
    """Return a name of at most `room` letters; its end, where names differ, is kept."""
    if len(text) <= room:
        return text
    end = text.rpartition(", ")[2]
    keep = len(end) if ", " in text and len(end) + 8 <= room else max(room // 2 - 1, 1)
    return f"{text[: max(room - keep - 2, 1)].rstrip(' ,')}… {text[-keep:].lstrip(' ,')}"


def _name_axes(
    figure: Figure,
    grid: Grid,
    places: Sequence[tuple[float, float]],
    size: tuple[float, float],
) -> None:
    """Write the name of the axis below the last row, once where all columns have one."""
    width, total = size
    names = []
    for column in zip(*grid, strict=True):
        own = [axis_name(panel) for panel in column if panel is not None]
        names.append(own[-1] if own else "")
    style: dict[str, Any] = {"family": families(), "fontsize": SMALL, "color": QUIET}
    if len(set(filter(None, names))) == 1:
        middle = 0.5 * (places[0][0] + places[-1][1]) / width
        figure.text(middle, 0.03 / total, next(filter(None, names)), ha="center", **style)
        return
    for name, (left, right) in zip(names, places, strict=True):
        figure.text(0.5 * (left + right) / width, 0.03 / total, name, ha="center", **style)


def axis_name(panel: Panel) -> str:
    """Return the name of the axis of a panel, with the scale it is on."""
    text = axis_label(panel.fit.spectrum)
    scales = scales_of(panel.fit.spectrum, panel.result, panel.fit.name)
    return f"{text}, referenced" if scales.are_apart and scales.shift else text


def shown(text: str) -> str:
    """Return a text that matplotlib prints as it stands."""
    return " ".join(text.split()).replace("$", r"\$")


def darker(colour: str) -> str:
    """Return a colour that can be read as text on white."""
    parts = [int(colour[i : i + 2], 16) for i in (1, 3, 5)]
    bright = (0.299 * parts[0] + 0.587 * parts[1] + 0.114 * parts[2]) / 255.0
    factor = min(1.0, 0.42 / bright) if bright else 1.0
    return "#" + "".join(f"{round(part * factor):02X}" for part in parts)
