"""The picture of a fit, as a journal wants it: data, components, background, residuals.

Binding energy falls to the right, as in nearly every XPS paper. The residuals below are
normalised: a good fit stays within about two of its lines, whatever the intensity.

Figures are made without pyplot and without touching matplotlib's settings, so no state
is shared between threads and no window is ever opened; matplotlib is imported when a
figure is made. An SVG of the same fit is the same file, byte for byte.

References
----------
.. [1] Okabe and Ito, Color Universal Design (2008): colours for all kinds of vision.
"""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import WriteError
from ..fitting import FitResult, RegionFit
from ..model import Component, Region
from ..spectrum import Array, Axis, Spectrum, is_synthetic, masked_points
from ..writers.atomic import write_bytes
from .colours import component_colours
from .entries import doublet_label
from .formula import formula_letters
from .misfit import misfit_of
from .paper_fonts import plain_families, plain_letters
from .scales import Scales, scales_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SUFFIXES = (".png", ".svg", ".pdf")
INK = "#1A1A1A"
MASKED = "#8B1A1A"
PAPER_INCHES = (5.2, 4.4)
COLUMN_MM, PAGE_MM = 85.0, 175.0  # of most journals
DPI = 200
PRINT_DPI = 600  # what journals ask of a picture of lines and text

SMALL, NORMAL = 8.5, 9.5
_LEGEND_CHARACTERS = 66
_BELOW, _ABOVE = 0.47, 0.3  # inches around the panels, for axis label and title
_LABEL_LENGTH = 60


@dataclass(frozen=True)
class Band:
    """A filled curve: one component, or both lines of a doublet."""

    label: str
    colour: str
    curves: tuple[Array, ...]


def fit_figure(
    fit: RegionFit, result: FitResult, *, title: str | None = None, width_mm: float | None = None
) -> Figure:
    """Return the figure of one fitted region.

    Parameters
    ----------
    fit : RegionFit
        One of ``result.regions``.
    result : FitResult
    title : str or None
        None: sample and region of the spectrum.
    width_mm : float or None
        E.g. `COLUMN_MM` or `PAGE_MM`; letters keep their size. None: `PAPER_INCHES`.

    Returns
    -------
    figure : matplotlib Figure
        With an Agg canvas of its own; `save_figure` writes it.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    size = _size(width_mm)
    figure = Figure(figsize=size, dpi=DPI, facecolor="white")
    FigureCanvasAgg(figure)
    heights = _panel_heights(size)
    upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=heights)
    for axes in (upper, lower):
        style_axes(axes, minor_y=axes is upper)
    region = result.model.region(fit.name)
    _draw_fit(upper, fit, bands_of(fit, region), (size[0], heights[0]))
    _draw_residual(lower, fit)
    _label(upper, lower, fit, title, scales_of(fit.spectrum, result, fit.name))
    _lay_out(figure, upper, lower)
    return figure


def draw_fit(axes: Axes, fit: RegionFit, region: Region, *, title: str | None = None) -> None:
    """Draw one fitted region into axes: the upper panel of `fit_figure`.

    Parameters
    ----------
    axes : matplotlib Axes
    fit : RegionFit
    region : Region
        Its model.
    title : str or None
        None: sample and region of the spectrum.
    """
    style_axes(axes)
    box = axes.get_window_extent().transformed(axes.figure.dpi_scale_trans.inverted())
    _draw_fit(axes, fit, bands_of(fit, region), (box.width, box.height))
    _label_fit(axes, fit, title)
    axes.set_xlabel(axis_label(fit.spectrum), **_label_style())


def new_axes() -> Axes:
    """Return the axes of a new figure that no window knows of."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=PAPER_INCHES, dpi=DPI, facecolor="white", layout="constrained")
    FigureCanvasAgg(figure)
    return figure.add_subplot()


def label_axes(axes: Axes, x: str, y: str, *, title: str = "") -> None:
    """Write the labels of both axes, and the title, in the letters of all figures."""
    axes.set_xlabel(shown_text(x), **_label_style())
    axes.set_ylabel(shown_text(y), **_label_style())
    if title:
        axes.set_title(shown_text(title), loc="left", **_label_style())


def draw_spectrum(axes: Axes, spectrum: Spectrum) -> None:
    """Draw a measured spectrum into axes, binding energy falling to the right."""
    style_axes(axes)
    label = shown_text(spectrum.label) if spectrum.label else "_"
    axes.plot(spectrum.x, spectrum.y, color=INK, linewidth=0.9, label=label)
    _set_limits(axes, spectrum, spectrum.x)
    title = _honest(spectrum.label, spectrum)
    label_axes(axes, axis_label(spectrum), f"Intensity / {intensity_unit(spectrum)}", title=title)


def _size(width_mm: float | None) -> tuple[float, float]:
    if width_mm is None:
        return PAPER_INCHES
    width = width_mm / 25.4
    # A narrow figure needs room for a legend in more rows.
    return width, min(PAPER_INCHES[1], max(0.8 * width, 3.2))


def _panel_heights(size: tuple[float, float]) -> tuple[float, float]:
    """Return the heights of both panels in inches; the lower one holds its label."""
    both = size[1] - _BELOW - _ABOVE
    lower = max(both / 5.2, 0.62)
    return both - lower, lower


def _lay_out(figure: Figure, upper: Axes, lower: Axes) -> None:
    """Set margins and label places from the lengths of the tick labels.

    Measuring every letter, as matplotlib's layout engines do, takes longer than all the
    drawing, and a report has a figure for each region.
    """
    from matplotlib.transforms import blended_transform_factory

    width, height = figure.get_size_inches()
    figure.subplots_adjust(
        left=0.66 / width,
        right=1 - 0.17 / width,
        bottom=_BELOW / height,
        top=1 - _ABOVE / height,
        hspace=0.0,
    )
    # Which ticks there are depends on the size of the panels, so only now.
    longest = max(_longest_tick_label(axes) for axes in (upper, lower))
    figure.subplots_adjust(left=(0.36 + 0.075 * longest) / width)
    for axes in (upper, lower):
        beside = blended_transform_factory(figure.transFigure, axes.transAxes)
        axes.yaxis.set_label_coords(0.26 / width, 0.5, transform=beside)
    below = blended_transform_factory(lower.transAxes, figure.transFigure)
    lower.xaxis.set_label_coords(0.5, 0.24 / height, transform=below)


def _longest_tick_label(axes: Axes) -> int:
    low, high = axes.get_ylim()
    places = [place for place in axes.yaxis.get_majorticklocs() if low <= place <= high]
    return max(map(len, axes.yaxis.get_major_formatter().format_ticks(places)), default=1)


def save_figure(figure: Figure, path: str | Path) -> None:
    """Write a figure as PNG (600 dpi), SVG or PDF, as the suffix says.

    Raises
    ------
    WriteError
        If the suffix is another one, or the file cannot be written.
    """
    path = Path(path)
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES:
        raise WriteError(
            f'a figure cannot be written as "{path.suffix}".',
            hint=f"Use {' or '.join(SUFFIXES)}.",
            where=str(path),
        )
    write_bytes(figure_bytes(figure, suffix.removeprefix(".")), path)


def figure_bytes(figure: Figure, kind: str, *, dpi: float = PRINT_DPI) -> bytes:
    """Return a figure as the bytes of a ``"png"``, ``"svg"`` or ``"pdf"`` file, without a date.

    `dpi` is of a PNG; the other two are drawn with lines.
    """
    buffer = io.BytesIO()
    options: dict[str, Any] = {"dpi": 72}
    if kind == "png":  # pressed less hard: a few percent larger, in a third of the time
        options = {"dpi": dpi, "pil_kwargs": {"compress_level": 4}}
    figure.savefig(buffer, format=kind, metadata=_FACTS[kind], **options)
    content = buffer.getvalue()
    return _short_numbers(_with_counted_ids(content)) if kind == "svg" else content


_FACTS: dict[str, dict[str, Any]] = {
    "png": {"Software": "doublet"},
    "svg": {"Date": None, "Creator": "doublet"},
    "pdf": {"CreationDate": None, "Creator": "doublet", "Producer": None},
}


def _short_numbers(svg: bytes) -> bytes:
    """Return an SVG whose curves have places to 0.01 points: half the size, the same picture."""
    return re.sub(
        rb' (?:d|x|y)="[^"]*"', lambda found: re.sub(rb"(\.\d\d)\d+", rb"\1", found[0]), svg
    )


def _with_counted_ids(svg: bytes) -> bytes:
    """Return an SVG with matplotlib's random ids replaced by their order of appearance.

    matplotlib can do this only by a setting that all threads share.
    """
    numbers: dict[bytes, bytes] = {}

    def counted(found: re.Match[bytes]) -> bytes:
        number = numbers.setdefault(found[2], b"%d" % (len(numbers) + 1))
        return found[1] + found[3] + number

    return re.sub(rb'((?:id="|href="#|url\(#))(([a-zA-Z])[0-9a-f]{10})\b', counted, svg)


def style_axes(axes: Axes, *, minor_y: bool = True) -> None:
    """Set ticks, frame and letters as in all figures."""
    from matplotlib.ticker import AutoMinorLocator

    common: dict[str, Any] = {"direction": "in", "top": True, "right": True, "color": INK}
    axes.tick_params(
        which="major",
        length=4,
        width=0.8,
        labelsize=SMALL,
        labelcolor=INK,
        labelfontfamily=plain_families(),
        **common,
    )
    axes.tick_params(which="minor", length=2, width=0.6, **common)
    # One between two labels: ticks are what takes longest to draw.
    axes.xaxis.set_minor_locator(AutoMinorLocator(2))
    if minor_y:
        axes.yaxis.set_minor_locator(AutoMinorLocator(2))
    for spine in axes.spines.values():
        spine.set(linewidth=0.8, color=INK)


def bands_of(fit: RegionFit, region: Region) -> list[Band]:
    """Return what is filled: a doublet is one band, so its two lines have one colour."""
    bands: list[Band] = []
    colours = component_colours(region)
    for component in region.components:
        doublet = region.doublet_of(component.id)
        if not component.enabled or (doublet is not None and component.id == doublet.minor):
            continue
        lines: list[Component] = [component]
        if doublet is not None and doublet.minor in fit.peaks:
            lines.append(region.component(doublet.minor))
        curves = tuple(fit.peaks[line.id] for line in lines)
        label = doublet_label(region, doublet) if doublet is not None else component.label
        bands.append(Band(label, colours[component.id], curves))
    return bands


def _draw_fit(axes: Axes, fit: RegionFit, bands: Sequence[Band], size: tuple[float, float]) -> None:
    scale, _ = _scale(fit)
    x = fine_grid(fit.x)
    base = smooth_curve(fit.x, fit.background / scale, x)
    draw_masked(axes, fit, scale)
    axes.plot(
        fit.x,
        fit.y / scale,
        linestyle="none",
        marker="o",
        markersize=_marker(fit.x.size),
        markerfacecolor="white",
        markeredgecolor=INK,
        markeredgewidth=0.6,
        label="data",
        zorder=4,
    )
    envelope = smooth_curve(fit.x, fit.envelope / scale, x)
    axes.plot(x, envelope, color="#C0152F", linewidth=1.4, label="fit", zorder=5)
    axes.plot(
        x, base, color="#6B6B6B", linewidth=1.0, linestyle=(0, (4, 2)), label="background", zorder=3
    )
    for band in bands:
        for i, curve in enumerate(band.curves):
            top = base + smooth_curve(fit.x, curve / scale, x)
            label = shown_text(formula_letters(band.label)) if i == 0 else "_"
            axes.fill_between(x, base, top, color=band.colour, alpha=0.28, linewidth=0)
            axes.plot(x, top, color=band.colour, linewidth=1.1, label=label)
    _place_legend(axes, fit, scale, size)


def draw_masked(axes: Axes, fit: RegionFit, scale: float = 1.0, *, shift: float = 0.0) -> None:
    """Cross out the masked channels of the window, where they were recorded.

    One that lies far from the rest, as cosmic rays do, stands at the edge of the data: its height
    means nothing, and would take the room of all others.

    Parameters
    ----------
    axes : matplotlib Axes
    fit : RegionFit
    scale : float
        What intensities are divided by.
    shift : float
        Added to the axis of the fit.
    """
    places, heights, _ = masked_points(fit.spectrum)
    inside = (places >= fit.x[0]) & (places <= fit.x[-1])
    if not inside.any():
        return
    low, high = float(fit.y.min()), float(fit.y.max())
    room = 0.03 * ((high - low) or abs(high) or 1.0)
    axes.plot(
        places[inside] + shift,
        np.clip(heights[inside], low - room, high + room) / scale,
        linestyle="none",
        marker="x",
        markersize=4.2,
        markeredgewidth=1.0,
        color=MASKED,
        label="masked",
        zorder=6,
    )


def fine_grid(x: Array) -> Array:
    """Return points between the channels, so that a coarse step shows no corners."""
    parts = max(1, 480 // x.size)
    return np.interp(np.arange((x.size - 1) * parts + 1) / parts, np.arange(x.size), x)


def smooth_curve(x: Array, curve: Array, fine: Array) -> Array:
    """Return a fitted curve between the channels; all curves alike, so their sum fits."""
    from scipy.interpolate import CubicSpline

    return np.asarray(CubicSpline(x, curve)(fine)) if x.size > 3 else np.interp(fine, x, curve)


def _marker(n_points: int) -> float:
    return float(np.clip(40.0 / np.sqrt(n_points), 1.6, 3.6))


def _place_legend(axes: Axes, fit: RegionFit, scale: float, size: tuple[float, float]) -> None:
    """Put the legend above the data, in as many columns as fit, on space made for it.

    `size` is that of the panel in inches, margins at its sides included.
    """
    labels = axes.get_legend_handles_labels()[1]
    room = _LEGEND_CHARACTERS * size[0] / PAPER_INCHES[0]
    columns, rows = _legend_shape([len(label) for label in labels], room)
    low = float(min(fit.y.min(), fit.background.min())) / scale
    high = float(max(fit.y.max(), fit.envelope.max())) / scale
    span = high - low or abs(high) or 1.0
    share = min((0.15 + 0.18 * rows) / size[1], 0.7)
    axes.set_ylim(low - 0.04 * span, low + span * 1.03 / (1.0 - share))
    axes.legend(
        loc="upper center",
        ncols=columns,
        handlelength=1.6,
        columnspacing=1.4,
        frameon=False,
        prop={"family": plain_families(), "size": SMALL},
        labelcolor=INK,
    )


def _legend_shape(lengths: Sequence[int], room: float) -> tuple[int, int]:
    """Return (columns, rows) of a legend whose labels have these lengths."""
    for columns in (4, 3, 2):
        rows = -(-len(lengths) // columns)
        widest = [max(lengths[i : i + rows]) for i in range(0, len(lengths), rows)]
        if sum(widest) + 6 * len(widest) <= room:
            return columns, rows
    return 1, len(lengths)


def _draw_residual(axes: Axes, fit: RegionFit) -> None:
    misfit = misfit_of(fit)
    limit = max(3.5, 1.15 * float(np.abs(misfit.values).max()))
    if misfit.in_sigma:
        axes.axhspan(-2, 2, color="#EDEDED", linewidth=0, zorder=0)
    axes.axhline(0, color=INK, linewidth=0.7)
    axes.plot(fit.x, misfit.values, color=INK, linewidth=0.8)
    axes.set_ylim(-limit, limit)
    axes.locator_params(axis="y", nbins=4)


def _label(upper: Axes, lower: Axes, fit: RegionFit, title: str | None, scales: Scales) -> None:
    _label_fit(upper, fit, title)
    upper.tick_params(labelbottom=False)
    axis = axis_label(fit.spectrum)
    if scales.axis == "recorded":
        formula = scales.formula.removesuffix(f" {scales.unit}")  # the axis has it
        axis = f"Recorded {axis[0].lower()}{axis[1:]} ({formula})"
    lower.set_xlabel(axis, **_label_style())
    lower.set_ylabel(f"Residual / {misfit_of(fit).unit}", **_label_style())


def _label_fit(axes: Axes, fit: RegionFit, title: str | None) -> None:
    _, unit = _scale(fit)
    axes.set_ylabel(f"Intensity / {unit}", **_label_style())
    _set_limits(axes, fit.spectrum, fit.x)
    heading = _title(fit) if title is None else title
    # A fixed height: finding a free one draws everything twice.
    heading = _honest(heading, fit.spectrum)
    axes.set_title(shown_text(heading), loc="left", pad=6, y=1.0, **_label_style())


def _honest(title: str, spectrum: Spectrum) -> str:
    """Return a title that marks a synthetic spectrum as such."""
    says_so = "synthetic" in title.casefold() or not is_synthetic(spectrum)
    return title.strip() if says_so else f"{title} (synthetic)".strip()


def _set_limits(axes: Axes, spectrum: Spectrum, x: Array) -> None:
    margin = 0.5 * spectrum.step
    low, high = float(x[0]) - margin, float(x[-1]) + margin
    falls = spectrum.axis is Axis.BINDING_ENERGY
    axes.set_xlim((high, low) if falls else (low, high))


def _title(fit: RegionFit) -> str:
    sample = " ".join(fit.spectrum.meta.sample.split())
    sample = sample if len(sample) <= 60 else f"{sample[:57]}..."
    return ", ".join(part for part in (sample, fit.name) if part)


def axis_label(spectrum: Spectrum) -> str:
    """Return the label of the axis of a spectrum."""
    name = spectrum.axis.value
    unit = "cm⁻¹" if spectrum.axis.unit == "cm-1" else spectrum.axis.unit
    return f"{name[0].upper()}{name[1:]} / {unit}" if unit else "Abscissa"


def intensity_unit(spectrum: Spectrum) -> str:
    """Return the unit of the intensities of a spectrum in letters."""
    return {"counts/s": "counts s⁻¹", "counts": "counts"}.get(spectrum.y_unit, "arb. units")


def _scale(fit: RegionFit) -> tuple[float, str]:
    """Return the power of ten that keeps the tick labels short, and the unit with it."""
    unit = intensity_unit(fit.spectrum)
    highest = float(np.abs(fit.y).max())
    if highest < 1e4:
        return 1.0, unit
    power = 3 * int(np.log10(highest) // 3)
    exponent = str(power).translate(str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹"))
    return 10.0**power, f"10{exponent} {unit}"


def shown_text(label: str) -> str:
    """Return a label that matplotlib prints as it stands: no mathematics, never hidden."""
    known = plain_letters()
    plain = "".join(c if ord(c) in known else "?" for c in " ".join(label.split()))
    plain = plain if len(plain) <= _LABEL_LENGTH else f"{plain[: _LABEL_LENGTH - 3]}..."
    plain = plain.replace("$", r"\$")
    return f" {plain}" if plain.startswith("_") else plain


def _label_style() -> dict[str, Any]:
    return {"family": plain_families(), "fontsize": NORMAL, "color": INK}
