"""A run: what was fitted, what was not and why, and the ratios of all samples."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from ..errors import FitError
from ..results.entries import fit_entries, ratio_entry
from ..results.rows import Entry
from ..results.table import goodness, interval_text, ratio_text, text_table
from ..runs.records import Finished, Run
from . import Columns, View
from .fits import as_columns, components, parameter_rows
from .screens import HEIGHT, Grid, Screen

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_RATIO = ("value", "stderr", "level", "upper_limit", "formula", "note")


def screen(run: Run) -> Screen:
    """Return ratios, fits and failures."""
    grids = []
    ratios = [
        (_name(record), ratio.name, ratio_text(ratio), interval_text(ratio.best_interval))
        for record, ratio in run.ratios
    ]
    if ratios:
        grids.append(Grid(ratios, ("sample", "ratio", "value", "95 % interval")))
    # A screen shows no more of thousands; the others count.
    fits = [_fit_row(record) for record in run.fits[:HEIGHT]]
    fits += [("", "", "")] * (len(run.fits) - len(fits))
    grids.append(Grid(fits, ("sample", "regions", "ended")))
    notes = [*map(str, run.failures), *(f"left out: {skipped}" for skipped in run.skipped)]
    return Screen(_title(run), tuple(grids), tuple(notes))


def report(run: Run) -> Screen:
    """Return the tables that the command line prints, and what was not fitted."""
    return Screen(f"{_title(run)}\n\n{text_table(run)}".rstrip(), (), screen(run).notes)


def _title(run: Run) -> str:
    parts = [f"{len(run.fits)} fits"]
    parts += [f"{len(run.failures)} failures"] if run.failures else []
    parts += [f"{len(run.skipped)} left out"] if run.skipped else []
    parts += ["stopped before the end"] if run.interrupted else []
    return f"Run: {', '.join(parts)}"


def _name(record: Finished) -> str:
    level = f" {record.level + 1}/{record.levels}" if record.levels > 1 else ""
    return (record.sample or record.file) + level


def _fit_row(record: Finished) -> tuple[str, str, str]:
    entries = fit_entries([record])[0]
    return _name(record), ", ".join(entry["region"] for entry in entries), _ended(entries)


def _ended(entries: list[Entry]) -> str:
    words = [entries[0]["status"], *(goodness(entry) for entry in entries)]
    return ", ".join(dict.fromkeys(words))


# ---------------------------------------------------------------------------------
# Tables of a whole run


def parameters(run: Run) -> Columns:
    """Return every parameter of every fit, one row each."""
    return as_columns(_parameter_rows(run))


def _parameter_rows(run: Run) -> Iterator[dict[str, Any]]:
    for entries in fit_entries(run.fits):
        for entry in entries:
            marks = {key: entry[key] for key in ("id", "file", "sample", "level", "status")}
            for row in parameter_rows(entry):
                yield marks | row


def ratios(run: Run) -> Columns:
    """Return every ratio, one row each."""
    return as_columns(_ratio_row(ratio_entry(record, ratio)) for record, ratio in run.ratios)


def _ratio_row(entry: Entry) -> dict[str, Any]:
    low, high = entry["interval"] or (None, None)
    total_low, total_high = entry["total_interval"] or (None, None)
    return {
        "id": entry["fit"],
        "file": entry["file"],
        "sample": entry["sample"],
        "level_index": entry["level_index"],
        "name": entry["name"],
        **{key: entry[key] for key in _RATIO},
        "low": low,
        "high": high,
        **entry["budget"],
        "total_low": total_low,
        "total_high": total_high,
    }


def draw(run: Run, axes: Axes | None = None, part: object = None) -> Axes:
    """Draw one ratio of all samples with its intervals; the inner one is counting alone."""
    from ..results.figures import INK, label_axes, new_axes, style_axes

    names = list(dict.fromkeys(ratio.name for _, ratio in run.ratios))
    if not names or (part is not None and part not in names):
        raise FitError(
            f"the run has no ratio {part!r}." if names else "the run has no ratio to draw.",
            hint=f"There are: {', '.join(names)}." if names else "Draw a fit: run.fits[0].result.",
        )
    name = names[0] if part is None else part
    chosen = [(r, ratio) for r, ratio in run.ratios if ratio.name == name]
    axes = new_axes() if axes is None else axes
    style_axes(axes)
    for place, (_, ratio) in enumerate(chosen):
        for interval, width in ((ratio.total_interval, 0.8), (ratio.interval, 2.4)):
            if interval is not None:
                axes.plot([place, place], interval, color=INK, linewidth=width)
        if ratio.value is not None:
            axes.plot([place], [ratio.value], "o", color=INK, markersize=4)
        elif ratio.upper_limit is not None:
            axes.plot([place], [ratio.upper_limit], "v", color=INK, markersize=5)
    axes.set_xticks(range(len(chosen)), [_name(r) for r, _ in chosen], rotation=30, ha="right")
    label_axes(axes, "", str(name))
    return axes


def record_line(record: Finished) -> str:
    """Return one fit of a run in a line."""
    name, regions, ended = _fit_row(record)
    return f"{type(record).__name__} {record.id}, {name} / {regions}: {ended}"


def record_screen(record: Finished) -> Screen:
    """Return a fit of a run with its ratios."""
    entries = fit_entries([record])[0]
    rows = [(r.name, ratio_text(r), interval_text(r.best_interval)) for r in record.ratios]
    grids = [components(entry) for entry in entries]
    grids += [Grid(rows, ("ratio", "value", "95 % interval"))] if rows else []
    notes = [f"{w.where}: {w.message}" if w.where else w.message for w in record.warnings]
    return Screen(record_line(record), tuple(grids), tuple(notes))


VIEWS = {
    "Run": View(
        screen,
        whole=report,
        frames={"parameters": parameters, "ratios": ratios},
        draw=draw,
    ),
    "FitRecord": View(record_screen, record_line),
    "RowRecord": View(record_screen, record_line),
}
