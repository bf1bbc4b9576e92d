"""What became of the priors of a fit, and how they move its ratios."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..errors import SpectraError
from ..results.impacts import ImpactRow, impact_row
from ..uncertainty.pulls import Impact, Pull, Pulls
from . import Columns, View
from .screens import Grid, Screen

if TYPE_CHECKING:
    from matplotlib.axes import Axes

NO_PRIORS = "The model has no priors: everything in it is free, tied exactly or held."


def line(pulls: Pulls) -> str:
    """Return how many priors there are and which is pulled most, in one line."""
    if not pulls.pulls:
        return "Pulls: the model has no priors"
    most = max(pulls.pulls, key=lambda pull: abs(pull.pull))
    return f"Pulls of {len(pulls.pulls)} priors, most {most.pull:+.2f}: {most.name}"


def screen(pulls: Pulls) -> Screen:
    """Return the pulls, and for each ratio the priors that move it most."""
    if not pulls.pulls:
        return Screen(line(pulls), notes=(NO_PRIORS,))
    plain = [Impact(pull, None, None) for pull in pulls.pulls]
    cells = [_cells(impact_row(impact)) for impact in plain]
    grids = [Grid(cells, ("assumption", "fitted", "pull", "narrowed to", "Δχ² if freed"))]
    for ratio, impacts in zip(pulls.ratios, pulls.impacts, strict=True):
        rows = [(row.name, row.up, row.down) for row in map(impact_row, impacts)]
        grids.append(Grid(rows, ("assumption", "+1 σ", "−1 σ"), f"impacts on {ratio}"))
    return Screen(line(pulls), tuple(grids))


def _cells(row: ImpactRow) -> tuple[str, ...]:
    return row.name, row.fitted, row.pull, row.narrowing, row.gain


_NAMES = (
    *("name", "prior", "group", "unit", "value", "sd", "fitted", "low", "high", "at_bound"),
    *("pull", "narrowing", "normalised", "gain", "source"),
)


def pull_columns(pulls: Pulls) -> Columns:
    """Return one row for each prior."""
    return {name: [getattr(pull, name) for pull in pulls.pulls] for name in _NAMES}


def impact_columns(pulls: Pulls) -> Columns:
    """Return one row for each ratio and prior, ranked within the ratio."""
    rows: list[tuple[str, int, Impact]] = [
        (ratio, rank, impact)
        for ratio, impacts in zip(pulls.ratios, pulls.impacts, strict=True)
        for rank, impact in enumerate(impacts, 1)
    ]
    found: dict[str, list[Any]] = {
        "ratio": [ratio for ratio, _, _ in rows],
        "rank": [rank for _, rank, _ in rows],
        "name": [impact.pull.name for _, _, impact in rows],
        "up": [impact.up for _, _, impact in rows],
        "down": [impact.down for _, _, impact in rows],
    }
    return found


def draw(pulls: Pulls, axes: Axes | None = None, part: object = None) -> Axes:
    """Draw pulls and impacts on one ratio (`part`); into given axes, the pulls alone."""
    from ..results.impacts import draw_pulls, impacts_figure

    if not pulls.pulls:
        raise SpectraError("there are no pulls to draw.", hint=NO_PRIORS)
    if axes is None and pulls.ratios:
        name = pulls.ratios[0] if part is None else str(part)
        if name not in pulls.ratios:
            raise SpectraError(
                f'there is no ratio "{name}".', hint=f"There are: {', '.join(pulls.ratios)}."
            )
        return impacts_figure(pulls.impacts[pulls.ratios.index(name)], name).axes[0]
    from ..results.figures import new_axes

    axes = new_axes() if axes is None else axes
    ordered: tuple[Pull, ...] = pulls.pulls
    draw_pulls(axes, ordered)
    axes.set_yticks(range(len(ordered)), labels=[pull.name for pull in ordered])
    return axes


VIEWS = {
    "Pulls": View(
        screen, line, frames={"pulls": pull_columns, "impacts": impact_columns}, draw=draw
    )
}
