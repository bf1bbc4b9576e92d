"""Pictures of a series: heat map, waterfall, differences, trends with bands, stacked fractions.

Levels with an alarm stay visible: framed in the heat map, crossed in the trends, hatched in
the stack. The axis is that of the series everywhere, so that the pictures can be laid over
each other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import DataError
from ..fitting import RegionFit
from ..model.owners import owners
from ..runs.series import SeriesRecord
from ..spectrum import Array, Spectrum, is_synthetic
from .colours import COLOURS, component_colours
from .figures import (
    DPI,
    INK,
    PAPER_INCHES,
    SMALL,
    axis_label,
    label_axes,
    new_axes,
    shown_text,
    style_axes,
)
from .formula import formula_letters
from .paper_fonts import plain_families
from .trends import Trend, interfaces_of, owner_label

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

ALARM = "#B3261E"
_QUIET = "#9AA0A6"


def series_figures(record: SeriesRecord, trends: Sequence[Trend]) -> Iterator[tuple[str, Figure]]:
    """Yield the name and the figure of every picture of a series."""
    yield "series", overview(record, trends)
    for region in record.series.regions:
        if not any(r.name == region for level in record.fit.levels for r in level.regions):
            continue
        for name, draw in _OF_REGION.items():
            axes = new_axes()
            draw(axes, record, region)
            yield f"{name}_{region.replace(' ', '')}", axes.figure  # type: ignore[misc]
    for group, members in stacks(trends).items():
        axes = new_axes()
        draw_stack(axes, record, members)
        yield f"fractions_{group.replace(' ', '')}", axes.figure  # type: ignore[misc]


def overview(
    record: SeriesRecord, trends: Sequence[Trend], inches: tuple[float, float] | None = None
) -> Figure:
    """Return heat maps, trends and fractions of a series on one page.

    Parameters
    ----------
    record : SeriesRecord
    trends : sequence of Trend
    inches : tuple of two floats or None
        Width and height; None: as wide as its columns need.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    regions = [r.name for r in record.fit.levels[0].regions][:3]
    groups = stacks(trends)
    columns = max(len(regions), min(len(groups), 3), 1)
    size = (max(PAPER_INCHES[0], 2.9 * columns), 1.55 * PAPER_INCHES[1])
    figure = Figure(figsize=inches or size, dpi=DPI, facecolor="white", layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots(3, columns, squeeze=False)
    for k in range(columns):
        panels = axes[:, k]
        if k < len(regions):
            draw_heat_map(panels[0], record, regions[k])
        else:
            panels[0].set_axis_off()
        if k < len(groups):
            members = list(groups.values())[k]
            draw_trends(panels[1], record, members)
            draw_stack(panels[2], record, members)
        else:
            panels[1].set_axis_off()
            panels[2].set_axis_off()
    return figure


def stacks(trends: Sequence[Trend]) -> dict[str, list[Trend]]:
    """Return what adds up to a whole: shares by region, and atoms."""
    found: dict[str, list[Trend]] = {}
    for trend in trends:
        if trend.kind in ("share", "atoms"):
            found.setdefault(trend.group, []).append(trend)
    return found


def edges_of(positions: Array) -> Array:
    """Return the L + 1 edges of levels: half-way to the neighbours."""
    if positions.size == 1:
        return np.array([positions[0] - 0.5, positions[0] + 0.5])
    middle = 0.5 * (positions[1:] + positions[:-1])
    first, last = positions[0] - (middle[0] - positions[0]), positions[-1] * 2 - middle[-1]
    return np.concatenate([[first], middle, [last]])


def _title(record: SeriesRecord, text: str) -> str:
    made = any(is_synthetic(s) for level in record.series.levels for s in level.spectra.values())
    return f"{text} (synthetic)" if made else text


def _check_distinct(record: SeriesRecord) -> Array:
    positions = record.series.positions
    if np.unique(positions).size < positions.size:
        raise DataError("two levels have the same place on the axis.", hint="Use --axis index.")
    return positions


def draw_heat_map(axes: Axes, record: SeriesRecord, region: str) -> None:
    """Draw a region's intensity, energy across and levels down, in the colours of a print."""
    positions = _check_distinct(record)
    x, table = fitted_table(record, region)
    style_axes(axes, minor_y=False)
    half = 0.5 * float(np.median(np.diff(x)))
    edges = edges_of(positions)
    energies = np.concatenate([x - half, [x[-1] + half]])
    mesh = axes.pcolormesh(
        energies, edges, table, cmap="viridis", rasterized=True, edgecolors="face", linewidth=0.3
    )
    bar = axes.figure.colorbar(mesh, ax=axes, pad=0.01)
    bar.ax.tick_params(labelsize=SMALL - 1, labelfontfamily=plain_families())
    shown = spectrum_of(record, region)
    falls = shown.axis.is_energy
    axes.set_xlim(*(energies[[-1, 0]] if falls else energies[[0, -1]]))
    axes.set_ylim(edges[-1], edges[0])
    for k in record.fit.flagged("outlier", "slid", "unlike", "refitted"):
        axes.axhspan(edges[k], edges[k + 1], fill=False, edgecolor=ALARM, linewidth=1.2)
    label_axes(
        axes,
        axis_label(shown),
        record.series.axis_label,
        title=_title(record, f"{region}, intensity"),
    )


def spectrum_of(record: SeriesRecord, region: str) -> Spectrum:
    """Return the spectrum of a region as it was fitted, of the first level that has it."""
    fits = (fit for level in record.fit.levels for fit in level.regions if fit.name == region)
    return next(fits).spectrum


def _right_end(fit: RegionFit) -> int:
    """Return which point of a curve stands at the right of a plot."""
    return int(np.argmin(fit.x) if fit.spectrum.axis.is_energy else np.argmax(fit.x))


def fitted_table(record: SeriesRecord, region: str) -> tuple[Array, Array]:
    """Return energies (N,) and intensities (L, N) as they were fitted, slid levels slid back.

    Energies ascend; NaN where a level was not measured.
    """
    rows: list[tuple[Array, Array] | None] = []
    for level in record.fit.levels:
        fit = next((r for r in level.regions if r.name == region), None)
        rows.append(None if fit is None else (fit.x, fit.y))
    first = next(row for row in rows if row is not None)[0]
    ascending = first if first[0] < first[-1] else first[::-1]
    table = np.full((len(rows), ascending.size), np.nan)
    for k, row in enumerate(rows):
        if row is not None:
            x, y = row if row[0][0] < row[0][-1] else (row[0][::-1], row[1][::-1])
            table[k] = np.interp(ascending, x, y, left=np.nan, right=np.nan)
    return ascending, table


def draw_waterfall(axes: Axes, record: SeriesRecord, region: str) -> None:
    """Draw data and fit of every level of a region, each above the one before it."""
    style_axes(axes, minor_y=False)
    fits = [next((r for r in lv.regions if r.name == region), None) for lv in record.fit.levels]
    step = 0.35 * max(float(np.ptp(f.y)) for f in fits if f is not None)
    colours = _gradient(len(fits))
    for k, fit in enumerate(fits):
        if fit is None:
            continue
        base = k * step - float(fit.background.min())
        axes.plot(fit.x, fit.y + base, color=_QUIET, linewidth=0.5)
        flagged = k in record.fit.flagged("outlier", "slid", "unlike", "refitted")
        axes.plot(fit.x, fit.envelope + base, color=ALARM if flagged else colours[k], linewidth=1.0)
        place = f"{record.series.positions[k]:g}"
        axes.annotate(
            place,
            (1.0, fit.envelope[_right_end(fit)] + base),
            xycoords=("axes fraction", "data"),
            xytext=(3, 0),
            textcoords="offset points",
            va="center",
            fontsize=SMALL - 2,
            family=plain_families(),
            color=INK,
        )
    shown = spectrum_of(record, region)
    if shown.axis.is_energy:
        axes.invert_xaxis()
    axes.set_yticks([])
    title = _title(record, f"{region}; right: {record.series.axis_label}")
    label_axes(axes, axis_label(shown), "Intensity, levels offset", title=title)


def draw_differences(axes: Axes, record: SeriesRecord, region: str) -> None:
    """Draw every level of a region minus the first, both divided by their signal."""
    style_axes(axes)
    x, table = differences(record, region)
    for k, colour in enumerate(_gradient(len(table))):
        if k:
            label = f"{record.series.positions[k]:g}" if k in (1, len(table) - 1) else "_"
            axes.plot(x, table[k], color=colour, linewidth=0.8, label=label)
    axes.axhline(0.0, color=INK, linewidth=0.6)
    shown = spectrum_of(record, region)
    if shown.axis.is_energy:
        axes.invert_xaxis()
    axes.legend(title=shown_text(record.series.axis_label), **_legend_style())
    title = _title(record, f"{region}: level minus the first, each over its signal")
    unit = "eV$^{-1}$" if shown.axis.is_energy else "cm" if shown.axis.unit == "cm-1" else "1"
    label_axes(axes, axis_label(shown), f"Difference / {unit}", title=title)


def differences(record: SeriesRecord, region: str) -> tuple[Array, Array]:
    """Return energies (N,) and every level minus the first (L, N), each over its signal.

    In 1 / (unit of the axis).
    """
    x, table = fitted_table(record, region)
    totals = [
        next((_signal(r.envelope - r.background, r.x) for r in lv.regions if r.name == region), 1.0)
        for lv in record.fit.levels
    ]
    shapes = (table - np.nanmin(table, axis=1, keepdims=True)) / np.array(totals)[:, None]
    return x, shapes - shapes[0]


def _signal(curve: Array, x: Array) -> float:
    return max(abs(float(np.trapezoid(curve, x))), 1e-12)


def _gradient(count: int) -> list[tuple[float, float, float, float]]:
    from matplotlib import colormaps

    return [colormaps["viridis"](0.9 * k / max(count - 1, 1)) for k in range(count)]


def draw_trends(axes: Axes, record: SeriesRecord, trends: Sequence[Trend]) -> None:
    """Draw trends with bands of one standard error, limits as arrows, interfaces dashed."""
    style_axes(axes)
    positions = record.series.positions
    apart = record.fit.flagged("outlier", "slid", "unlike", "refitted")
    colours = trend_colours(record, trends)
    for k, trend in enumerate(trends):
        colour = colours[k]
        seen = np.isfinite(trend.values) & ~np.isfinite(trend.limits)
        errors = np.nan_to_num(trend.stderrs)
        axes.fill_between(
            positions,
            trend.values - errors,
            trend.values + errors,
            where=np.isfinite(trend.values).tolist(),
            color=colour,
            alpha=0.25,
            linewidth=0,
        )
        label = shown_text(formula_letters(trend.label))
        axes.plot(positions, trend.values, color=colour, linewidth=1.0, label=label)
        axes.plot(positions[seen], trend.values[seen], "o", color=colour, markersize=3)
        limited = np.isfinite(trend.limits)
        axes.plot(positions[limited], trend.limits[limited], "v", color=colour, markersize=4)
        for level in apart:
            axes.plot(positions[level], trend.values[level], "x", color=ALARM, markersize=6)
    names = {trend.name for trend in trends}
    for entry in interfaces_of(record, trends):
        if entry["of"] in names:
            axes.axvline(entry["position"], color=INK, linestyle="--", linewidth=0.8)
            axes.axvspan(
                entry["position"] - entry["position_sd"],
                entry["position"] + entry["position_sd"],
                color=INK,
                alpha=0.08,
                linewidth=0,
            )
            break
    axes.set_ylim(bottom=min(0.0, axes.get_ylim()[0]))
    axes.legend(**_legend_style())
    label_axes(axes, record.series.axis_label, _what(trends), title=_title(record, trends[0].group))


def trend_colours(record: SeriesRecord, trends: Sequence[Trend]) -> list[str]:
    """Return the colour of each trend: that of its species in the fits, where it has one."""
    found = []
    for k, trend in enumerate(trends):
        regions = (r for level in record.fit.levels for r in level.model.regions)
        region = next((r for r in regions if r.name == trend.group), None)
        own: dict[str, str] = {}
        if region is not None and trend.kind in ("share", "area"):
            colours = component_colours(region)
            own = {owner_label(region, o): colours[o] for o in owners(region, enabled=True)}
        found.append(own.get(trend.label, COLOURS[k % len(COLOURS)]))
    return found


def _what(trends: Sequence[Trend]) -> str:
    first = trends[0]
    return {"share": "share of the level", "atoms": "atomic percent"}.get(
        first.kind, f"{first.kind} / {first.unit}" if first.unit else first.kind
    )


def draw_stack(axes: Axes, record: SeriesRecord, trends: Sequence[Trend]) -> None:
    """Draw what adds up to a whole, stacked; levels with an alarm are hatched."""
    positions = _check_distinct(record)
    style_axes(axes)
    edges = edges_of(positions)
    table = np.array([np.nan_to_num(np.maximum(trend.values, 0.0)) for trend in trends])
    total = table.sum(axis=0)
    share = np.divide(table, total, out=np.zeros_like(table), where=total > 0)
    below = np.zeros(positions.size)
    colours = trend_colours(record, trends)
    for k, (trend, row) in enumerate(zip(trends, share, strict=True)):
        axes.bar(
            edges[:-1],
            row,
            np.diff(edges),
            bottom=below,
            align="edge",
            color=colours[k],
            edgecolor="white",
            linewidth=0.4,
            label=shown_text(formula_letters(trend.label)),
        )
        below = below + row
    for level in record.fit.flagged("outlier", "slid", "unlike", "refitted"):
        axes.axvspan(
            edges[level], edges[level + 1], facecolor="none", edgecolor=ALARM, hatch="//", alpha=0.6
        )
    axes.set_xlim(edges[0], edges[-1])
    axes.set_ylim(0.0, 1.0)
    axes.legend(ncols=2, **_legend_style() | {"frameon": True})
    label_axes(axes, record.series.axis_label, "fraction", title=_title(record, trends[0].group))


def _legend_style() -> dict[str, Any]:
    return {"frameon": False, "prop": {"family": plain_families(), "size": SMALL}}


_OF_REGION: Mapping[str, Callable[[Axes, SeriesRecord, str], None]] = {
    "heatmap": draw_heat_map,
    "waterfall": draw_waterfall,
    "difference": draw_differences,
}
"""Pictures of one region, by the beginning of their file names."""
