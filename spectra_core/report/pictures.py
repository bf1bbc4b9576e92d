"""The small drawings in the tables of the first pages: one row each, on one scale.

A dot with its interval beside what a paper printed; a bar of shares; a pull on its band; an
impact to both sides. Each is drawn without axes: the heading and the last row carry the scale.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from ..results.panels import QUIET, RED
from ..results.paper_fonts import families
from .document import Picture

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

INK, RULE, BAND = "#1A1A1A", "#E4E4E4", "#ECECEC"
BUDGET_COLOURS = {
    "counting": "#22303F",
    "energies": "#4B6A88",
    "ties": "#93A4BC",
    "shape": "#7C7566",
    "background": "#ADA493",
    "model": "#DCD6C8",
    "reference": "#C3BFD6",
}
_SMALL = 6.3
_MM = 25.4
_DIGIT_MM = 1.25  # width of a digit of the small words


@dataclass(frozen=True)
class Scale:
    """The common axis of a column of pictures.

    Attributes
    ----------
    low, high : float
        Ends.
    ticks : tuple of float
    """

    low: float
    high: float
    ticks: tuple[float, ...]


def scale_of(values: Sequence[float], *, width_mm: float, around: float = 0.08) -> Scale:
    """Return a scale that holds some values, with as many round ticks as have room."""
    from matplotlib.ticker import MaxNLocator

    low, high = min(values), max(values)
    room = (high - low) or abs(high) or 1.0
    low, high = low - around * room, high + around * room
    ticks = MaxNLocator(nbins=max(1, int(width_mm / 7.0)), steps=[1, 2, 2.5, 5, 10]).tick_values(
        low, high
    )
    return Scale(low, high, tuple(float(tick) for tick in ticks if low <= tick <= high))


def picture(key: str, size_mm: tuple[float, float], paint: Callable[[Axes], None]) -> Picture:
    """Return a picture that `paint` draws into axes without a frame, which fill it."""

    def draw() -> Figure:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure

        figure = Figure(figsize=(size_mm[0] / _MM, size_mm[1] / _MM), dpi=200)
        FigureCanvasAgg(figure)
        axes = figure.add_axes((0.0, 0.0, 1.0, 1.0))
        axes.set_axis_off()
        axes.patch.set_visible(False)
        figure.patch.set_visible(False)
        axes.set_ylim(0.0, 1.0)
        paint(axes)
        return figure

    return Picture(key, *size_mm, draw)


def write(axes: Axes, x: float, y: float, text: str, **style: Any) -> None:
    """Write small words into a picture."""
    bold = style.pop("bold", False)
    values: dict[str, Any] = {
        "family": families(bold=bold),
        "fontsize": _SMALL,
        "color": QUIET,
        "ha": "center",
        "va": "center",
    }
    axes.text(x, y, text, **values | style)


# ---------------------------------------------------------------------------------
# Dots and intervals


@dataclass(frozen=True)
class Dot:
    """A value with its interval, as a row of dots draws it.

    Attributes
    ----------
    value : float or None
    interval : tuple of float or None
    limit : float or None
        Upper limit where there is no value.
    printed : float or None
        What a paper says.
    refused : bool
        Whether it is not to be quoted yet: an open dot.
    faint : bool
        Whether it does not count.
    before, after : float or None
        Value of the row above and below that a line leads to.
    beside : str
        Words to the right of it.
    """

    value: float | None
    interval: tuple[float, float] | None = None
    limit: float | None = None
    printed: float | None = None
    refused: bool = False
    faint: bool = False
    before: float | None = None
    after: float | None = None
    beside: str = ""


def dot_picture(key: str, size_mm: tuple[float, float], scale: Scale, dot: Dot) -> Picture:
    """Return the picture of one row of dots."""
    return picture(key, size_mm, partial(_paint_dot, scale=scale, dot=dot))


def _paint_dot(axes: Axes, scale: Scale, dot: Dot) -> None:
    _grid(axes, scale)
    tone = "#9A9A9A" if dot.faint else INK
    for other, end in ((dot.before, 1.0), (dot.after, 0.0)):
        if other is not None and dot.value is not None:
            line: dict[str, Any] = {
                "color": QUIET,
                "linewidth": 0.5,
                "linestyle": (0, (2, 2)),
                "zorder": 1,
            }
            axes.plot([0.5 * (dot.value + other), dot.value], [end, 0.45], **line)
    if dot.interval is not None:
        axes.plot(dot.interval, [0.45, 0.45], color=tone, linewidth=1.1, zorder=2)
        for end in dot.interval:
            axes.plot([end, end], [0.33, 0.57], color=tone, linewidth=1.1, zorder=2)
    if dot.value is not None:
        face = "white" if dot.refused else tone
        axes.plot(
            [dot.value], [0.45], "o", markersize=4.2, color=tone, markerfacecolor=face, zorder=3
        )
    elif dot.limit is not None:
        at = min(dot.limit, scale.high)
        axes.annotate(
            "",
            (scale.low + 0.02 * (scale.high - scale.low), 0.45),
            (at, 0.45),
            arrowprops={"arrowstyle": "->", "color": tone, "linewidth": 1.0, "shrinkA": 0},
        )
        axes.plot([at, at], [0.3, 0.6], color=tone, linewidth=1.1)
    if dot.printed is not None:
        axes.plot(
            [dot.printed],
            [0.84],
            "D",
            markersize=3.2,
            color=INK,
            markerfacecolor="white",
            markeredgewidth=0.7,
            zorder=4,
        )
    if dot.beside and dot.value is not None:
        _write_beside(axes, scale, dot)


def _write_beside(axes: Axes, scale: Scale, dot: Dot) -> None:
    """Write the change where there is more room: right or left of the interval."""
    assert dot.value is not None
    low, high = dot.interval or (dot.value, dot.value)
    gap = 0.05 * (scale.high - scale.low)
    right = scale.high - high >= low - scale.low
    x, side = (high + gap, "left") if right else (low - gap, "right")
    write(axes, x, 0.43, dot.beside, ha=side, bold=True, color=INK)


def _grid(axes: Axes, scale: Scale) -> None:
    for tick in scale.ticks:
        axes.plot([tick, tick], [0.0, 1.0], color=RULE, linewidth=0.5, zorder=0)
    axes.set_xlim(scale.low, scale.high)


def scale_picture(key: str, size_mm: tuple[float, float], scale: Scale) -> Picture:
    """Return the numbers of a scale, for the last row."""

    def paint(axes: Axes) -> None:
        axes.set_xlim(scale.low, scale.high)
        per_mm = (scale.high - scale.low) / size_mm[0]
        for tick in scale.ticks:
            axes.plot([tick, tick], [0.85, 1.0], color=QUIET, linewidth=0.5)
            text = f"{tick:g}".replace("-", "−")
            # A number at the end of the scale is moved in, not cut.
            half = 0.5 * _DIGIT_MM * len(text) * per_mm
            place = min(max(tick, scale.low + half), scale.high - half)
            write(axes, place, 0.38, text)

    return picture(key, size_mm, paint)


def dot_legend(key: str, size_mm: tuple[float, float], level: str, source: str) -> Picture:
    """Return the heading of a column of dots."""

    def paint(axes: Axes) -> None:
        axes.set_xlim(0.0, size_mm[0])
        axes.plot([2.0], [0.3], "o", markersize=3.6, color=INK)
        write(axes, 4.0, 0.3, f"this fit, {level}", ha="left")
        if source:
            axes.plot(
                [27.0],
                [0.3],
                "D",
                markersize=3.0,
                color=INK,
                markerfacecolor="white",
                markeredgewidth=0.7,
            )
            write(axes, 29.0, 0.3, source, ha="left")

    return picture(key, size_mm, paint)


# ---------------------------------------------------------------------------------
# Budget


def budget_picture(
    key: str,
    size_mm: tuple[float, float],
    rows: Sequence[tuple[str, float]],
    printed: Sequence[str],
) -> Picture:
    """Return a bar of the shares of u squared, with the figures of each row below it."""

    def paint(axes: Axes) -> None:
        axes.set_xlim(0.0, 1.0)
        total = sum(value * value for _, value in rows) or 1.0
        left = 0.0
        for name, value in rows:
            share = value * value / total
            axes.barh(0.72, share, 0.34, left=left, color=BUDGET_COLOURS[name], linewidth=0)
            left += share
        for i, text in enumerate(printed):
            write(axes, (i + 0.5) / len(printed), 0.24, text, color=INK)

    return picture(key, size_mm, paint)


def budget_legend(key: str, size_mm: tuple[float, float], names: Sequence[str]) -> Picture:
    """Return the heading of a column of budgets: each name above its figures, none on another."""

    def paint(axes: Axes) -> None:
        axes.set_xlim(0.0, size_mm[0])
        taken: list[list[tuple[float, float]]] = [[], [], []]
        for i, name in enumerate(names):
            half = 0.5 * (len(name) * 0.48 * _SMALL * 0.3528 + 2.4)
            x = min(max((i + 0.5) * size_mm[0] / len(names), half), size_mm[0] - half)
            own = (x - half, x + half)
            line = next(
                (n for n, row in enumerate(taken) if all(own[0] > b or own[1] < a for a, b in row)),
                len(taken) - 1,
            )
            taken[line].append(own)
            y = 0.16 + 0.33 * line
            axes.plot([x - half + 0.8], [y], "s", markersize=3.2, color=BUDGET_COLOURS[name])
            write(axes, x - half + 2.0, y, name, ha="left")

    return picture(key, size_mm, paint)


# ---------------------------------------------------------------------------------
# Pulls and impacts


def pull_picture(
    key: str,
    size_mm: tuple[float, float],
    reach: float,
    pull: tuple[float, tuple[float, float] | None],
    *,
    red: bool,
    open_dot: bool,
) -> Picture:
    """Return a pull with what is left of its uncertainty, on the band of one sigma."""

    def paint(axes: Axes) -> None:
        axes.set_xlim(-reach, reach)
        axes.axvspan(-1.0, 1.0, color=BAND, linewidth=0, zorder=0)
        axes.plot([0, 0], [0, 1], color="#9A9A9A", linewidth=0.5, zorder=1)
        tone = RED if red else INK
        value, interval = pull
        if interval is not None:
            axes.plot(interval, [0.5, 0.5], color=tone, linewidth=1.0, zorder=2)
        face = "white" if open_dot else tone
        axes.plot([value], [0.5], "o", markersize=3.4, color=tone, markerfacecolor=face, zorder=3)

    return picture(key, size_mm, paint)


def impact_picture(
    key: str,
    size_mm: tuple[float, float],
    reach: float,
    changes: tuple[float | None, float | None],
    *,
    red: bool,
) -> Picture:
    """Return both changes of a ratio: held one standard error up (filled) and down (open)."""

    def paint(axes: Axes) -> None:
        axes.set_xlim(-reach, reach)
        axes.plot([0, 0], [0, 1], color="#9A9A9A", linewidth=0.5, zorder=1)
        tone = RED if red else BUDGET_COLOURS["energies"]
        for change, face in zip(changes, (tone, "white"), strict=True):
            if change is not None:
                axes.barh(0.5, change, 0.6, color=face, edgecolor=tone, linewidth=0.7, zorder=2)

    return picture(key, size_mm, paint)
