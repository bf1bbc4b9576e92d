"""A ratio: its value and interval, and where its uncertainty comes from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..results.impacts import HEADINGS, impact_row
from ..results.table import interval_text, ratio_text, rough, with_error
from ..uncertainty.ratios import BUDGET_ROWS, Ratio
from ..uncertainty.spread import Variant
from . import Columns, View
from .screens import Grid, Screen

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_ROWS = (*BUDGET_ROWS, "total")


def line(ratio: Ratio) -> str:
    """Return a ratio in one line."""
    interval = ""
    if ratio.best_interval is not None:
        interval = f", {100 * ratio.level:g} % {interval_text(ratio.best_interval)}"
    return f"Ratio {ratio.name}: {ratio_text(ratio)}{interval}"


def screen(ratio: Ratio) -> Screen:
    """Return a ratio with its budget."""
    facts = [("formula", ratio.formula)]
    if ratio.interval is not None:
        text = f"{interval_text(ratio.interval)}, from {ratio.interval_method}"
        facts.append(("interval of the fit", text))
    if ratio.total_interval is not None:
        facts.append(("interval, all rows", interval_text(ratio.total_interval)))
    if ratio.average is not None:
        facts.append(("over all models", f"{ratio.average:.3g}"))
    budget = [
        (name, f"{error:.2g}")
        for name in _ROWS
        if (error := getattr(ratio.budget, name)) is not None
    ]
    grids = [Grid(facts)]
    grids += [Grid(budget, ("budget", "standard error"))] if budget else []
    return Screen(line(ratio), tuple(grids), (ratio.note,) if ratio.note else ())


def report(ratio: Ratio) -> Screen:
    """Return a ratio with every variant that was tried, and the priors that move it."""
    shown = screen(ratio)
    rows = [
        (
            v.choice,
            v.name,
            _variant_text(v),
            "-" if v.weight is None else f"{100 * v.weight:.2g} %",
            v.reason or "counted",
        )
        for v in ratio.variants
    ]
    heads = ("choice", "variant", "ratio", "weight", "")
    grids = [Grid(rows, heads, "models and other choices")] if rows else []
    moved = [impact_row(impact) for impact in ratio.impacts]
    cells = [(m.name, m.prior, m.fitted, m.pull, m.narrowing, m.gain, m.up, m.down) for m in moved]
    grids += [Grid(cells, HEADINGS, "pulls and impacts")] if cells else []
    return Screen(shown.title, (*shown.grids, *grids), shown.notes)


def _variant_text(variant: Variant) -> str:
    if variant.ratio is None:
        return "-"
    if variant.stderr is None:
        return rough(variant.ratio)
    return with_error(variant.ratio, variant.stderr)


def columns(ratios: list[Ratio]) -> dict[str, list[Any]]:
    """Return ratios as columns, one row each."""
    found: dict[str, list[Any]] = {
        "name": [r.name for r in ratios],
        "value": [r.value for r in ratios],
        "stderr": [r.stderr for r in ratios],
        "low": [r.interval[0] if r.interval else None for r in ratios],
        "high": [r.interval[1] if r.interval else None for r in ratios],
        "level": [r.level for r in ratios],
        "scope": [r.scope for r in ratios],
        "average": [r.average for r in ratios],
        "upper_limit": [r.upper_limit for r in ratios],
    }
    for name in _ROWS:
        found[name] = [getattr(r.budget, name) for r in ratios]
    return found | {
        "total_low": [r.total_interval[0] if r.total_interval else None for r in ratios],
        "total_high": [r.total_interval[1] if r.total_interval else None for r in ratios],
        "formula": [r.formula for r in ratios],
        "note": [r.note for r in ratios],
    }


def row(ratio: Ratio) -> Columns:
    """Return a ratio as a table of one row."""
    return columns([ratio])


def variants(ratio: Ratio) -> Columns:
    """Return the variants that were tried, one row each."""
    names = ("kind", "choice", "name", "ratio", "stderr", "weight", "reduced_chi_square")
    more = ("delta_bic", "accepted", "reason")
    return {name: [getattr(v, name) for v in ratio.variants] for name in (*names, *more)}


def impacts(ratio: Ratio) -> Columns:
    """Return the priors that move the ratio, one row each, the largest impact first."""
    pulls = [impact.pull for impact in ratio.impacts]
    names = ("name", "prior", "unit", "value", "sd", "fitted", "pull", "narrowing", "gain")
    found = {name: [getattr(pull, name) for pull in pulls] for name in names}
    return found | {
        "up": [impact.up for impact in ratio.impacts],
        "down": [impact.down for impact in ratio.impacts],
    }


def draw(ratio: Ratio, axes: Axes | None = None, part: object = None) -> Axes:
    """Draw the rows of the budget as bars."""
    from ..results.figures import label_axes, new_axes, style_axes

    axes = new_axes() if axes is None else axes
    known = {name: getattr(ratio.budget, name) for name in _ROWS}
    known = {name: error for name, error in known.items() if error is not None}
    style_axes(axes, minor_y=False)
    axes.barh(list(known), list(known.values()), color="#7A9CC6", height=0.6)
    axes.invert_yaxis()
    label_axes(axes, "Standard error of the ratio", "", title=f"{ratio.name}: {ratio_text(ratio)}")
    return axes


_FRAMES = {"ratio": row, "variants": variants, "impacts": impacts}
VIEWS = {"Ratio": View(screen, line, report, _FRAMES, draw=draw)}
