"""Monte Carlo draws, profile intervals and uniqueness curves."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..results.table import interval_ends
from ..uncertainty.monte_carlo import MonteCarlo
from ..uncertainty.profile import ProfileInterval, UniquenessCurve
from ..uncertainty.quantities import LEVEL, ONE_SIGMA, Quantity, quantity_name
from . import Columns, View
from .screens import Grid, Screen

if TYPE_CHECKING:
    import xarray
    from matplotlib.axes import Axes

_LEVELS = {ONE_SIGMA: "68 %", LEVEL: "95 %"}


def draws_line(draws: MonteCarlo) -> str:
    """Return how the draws were made, in one line."""
    failed = f", {draws.failed} failed" if draws.failed else ""
    return f"MonteCarlo: {draws.draws} draws ({draws.method}, seed {draws.seed}){failed}"


def draws_screen(draws: MonteCarlo) -> Screen:
    """Return median and intervals of each quantity."""
    rows = []
    for quantity, values in draws.values.items():
        spans = [" to ".join(interval_ends(draws.interval(quantity, level=p))) for p in _LEVELS]
        rows.append((quantity_name(quantity), f"{np.median(values):.6g}", *spans))
    heads = ("quantity", "median", *_LEVELS.values())
    notes = [draws.reason, *(f"{number} draws: {why}" for why, number in draws.failures.items())]
    return Screen(draws_line(draws), (Grid(rows, heads),), tuple(notes))


def draws_columns(draws: MonteCarlo) -> Columns:
    """Return one column for each quantity, one row for each draw."""
    return {quantity_name(quantity): values for quantity, values in draws.values.items()}


def draws_dataset(draws: MonteCarlo, part: object = None) -> xarray.Dataset:
    """Return the values over ``draw`` and ``quantity``."""
    import xarray

    names = [quantity_name(quantity) for quantity in draws.values]
    values = np.array(list(draws.values.values()))
    return xarray.Dataset(
        {"value": (("quantity", "draw"), values)},
        {"quantity": names},
        {"method": draws.method, "seed": draws.seed},
    )


def draw_histogram(draws: MonteCarlo, axes: Axes | None = None, part: object = None) -> Axes:
    """Draw the distribution of one quantity, and its 95 % interval."""
    from ..results.figures import INK, label_axes, new_axes, style_axes

    quantity: Quantity = next(iter(draws.values)) if part is None else part  # type: ignore[assignment]
    axes = new_axes() if axes is None else axes
    style_axes(axes)
    values = draws.values[quantity]
    axes.hist(values[np.isfinite(values)], bins="auto", color="#7A9CC6")
    for edge in draws.interval(quantity):
        axes.axvline(edge, color=INK, linewidth=0.9, linestyle=(0, (4, 2)))
    label_axes(axes, quantity_name(quantity), "Draws", title=draws_line(draws))
    return axes


def interval_line(interval: ProfileInterval) -> str:
    """Return a profile interval in one line."""
    low, high = interval_ends((interval.low, interval.high))
    low += " (bound)" if interval.low_at_bound else ""
    high += " (bound)" if interval.high_at_bound else ""
    return f"ProfileInterval {interval.value:.6g}, {100 * interval.level:.3g} %: {low} to {high}"


def interval_screen(interval: ProfileInterval) -> Screen:
    """Return a profile interval and both its sides."""
    below, above = interval.value - interval.low, interval.high - interval.value
    return Screen(interval_line(interval), (Grid([("sides", f"-{below:.3g}, +{above:.3g}")]),))


def interval_columns(interval: ProfileInterval) -> Columns:
    """Return a table of one row."""
    return {name: [getattr(interval, name)] for name in ProfileInterval.__dataclass_fields__}


def curve_line(curve: UniquenessCurve) -> str:
    """Return a uniqueness curve in one line."""
    span = f"{curve.values[0]:.5g} to {curve.values[-1]:.5g}"
    name = quantity_name(curve.quantity)
    return f"UniquenessCurve {name}: {curve.values.size} points, {span}, best {curve.best:.6g}"


def curve_screen(curve: UniquenessCurve) -> Screen:
    """Return the points of a uniqueness curve."""
    rows = [
        (f"{value:.6g}", f"{rise:.4g}")
        for value, rise in zip(curve.values, curve.delta_chi_square, strict=True)
    ]
    return Screen(curve_line(curve), (Grid(rows, (quantity_name(curve.quantity), "Δχ²")),))


def curve_columns(curve: UniquenessCurve) -> Columns:
    """Return values and rises."""
    return {"value": curve.values, "delta_chi_square": curve.delta_chi_square}


def curve_dataset(curve: UniquenessCurve, part: object = None) -> xarray.Dataset:
    """Return the rise over the values."""
    import xarray

    return xarray.Dataset(
        {"delta_chi_square": (("value",), curve.delta_chi_square)},
        {"value": curve.values},
        {"quantity": quantity_name(curve.quantity), "best": curve.best},
    )


def draw_curve(curve: UniquenessCurve, axes: Axes | None = None, part: object = None) -> Axes:
    """Draw the rise of chi-square, with the levels of 68 and 95 %."""
    from ..results.figures import INK, label_axes, new_axes, style_axes

    axes = new_axes() if axes is None else axes
    style_axes(axes)
    axes.plot(curve.values, curve.delta_chi_square, "o-", color=INK, markersize=3, linewidth=1.0)
    for level, words in ((1.0, "68 %"), (3.841, "95 %")):
        axes.axhline(level, color="#9A9A9A", linewidth=0.8, linestyle=(0, (4, 2)))
        axes.annotate(words, (curve.best, level), ha="center", va="bottom", fontsize=8.5)
    label_axes(axes, quantity_name(curve.quantity), "Δχ²")
    return axes


VIEWS = {
    "MonteCarlo": View(
        draws_screen,
        frames={"draws": draws_columns},
        dataset=draws_dataset,
        draw=draw_histogram,
    ),
    "ProfileInterval": View(interval_screen, interval_line, frames={"interval": interval_columns}),
    "UniquenessCurve": View(
        curve_screen,
        curve_line,
        frames={"points": curve_columns},
        dataset=curve_dataset,
        draw=draw_curve,
    ),
}
