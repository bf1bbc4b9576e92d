"""A run: what was fitted, what was not and why, and the ratios of all samples."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from ..errors import FitError
from ..results.document import goodness, interval_text, ratio_text, text_table
from ..runs.records import FitRecord, Run
from . import Columns, View
from . import fits as fit_views
from . import ratios as ratio_views
from .screens import Grid, Screen

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def screen(run: Run) -> Screen:
    """Return fits, ratios and failures."""
    grids = []
    if run.ratios:
        rows = [
            (_name(record), ratio.name, ratio_text(ratio), interval_text(ratio.interval))
            for record, ratio in run.ratios
        ]
        grids.append(Grid(rows, ("sample", "ratio", "value", "95 % interval")))
    rows = [(_name(r), _regions(r), r.result.status.value, _goodness(r)) for r in run.fits]
    grids.append(Grid(rows, ("sample", "regions", "ended", "")))
    notes = [*map(str, run.failures), *(f"left out: {skipped}" for skipped in run.skipped)]
    return Screen(_title(run), tuple(grids), tuple(notes))


def report(run: Run) -> Screen:
    """Return the tables that the command line prints, and what was not fitted."""
    notes = screen(run).notes
    return Screen(f"{_title(run)}\n\n{text_table(run)}".rstrip(), (), notes)


def _title(run: Run) -> str:
    parts = [f"{len(run.fits)} fits"]
    parts += [f"{len(run.failures)} failures"] if run.failures else []
    parts += [f"{len(run.skipped)} left out"] if run.skipped else []
    parts += ["stopped before the end"] if run.interrupted else []
    return f"Run: {', '.join(parts)}"


def _name(record: FitRecord) -> str:
    level = f" {record.level + 1}/{record.levels}" if record.levels > 1 else ""
    return (record.sample or record.file) + level


def _regions(record: FitRecord) -> str:
    return ", ".join(region.name for region in record.result.regions)


def _goodness(record: FitRecord) -> str:
    return ", ".join(dict.fromkeys(goodness(region) for region in record.result.regions))


def _marked(record: FitRecord, number: int) -> dict[str, list[Any]]:
    marks = {
        "fit": record.id,
        "file": record.file,
        "sample": record.sample,
        "level": record.level,
        "status": record.result.status.value,
    }
    return {name: [value] * number for name, value in marks.items()}


def parameters(run: Run) -> Columns:
    """Return every parameter of every fit, one row each."""
    return _joined(
        _marked(record, len(own["value"])) | dict(own)
        for record in run.fits
        for own in [fit_views.parameters(record.result)]
    )


def ratios(run: Run) -> Columns:
    """Return every ratio, one row each."""
    return _joined(
        _marked(record, len(record.ratios)) | ratio_views.columns(list(record.ratios))
        for record in run.fits
    )


def _joined(tables: Iterator[dict[str, list[Any]]]) -> dict[str, list[Any]]:
    whole: dict[str, list[Any]] = {}
    for table in tables:
        for name, values in table.items():
            whole.setdefault(name, []).extend(values)
    return whole


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


def record_line(record: FitRecord) -> str:
    """Return one fit of a run in a line."""
    ended = f"{record.result.status.value}, {_goodness(record)}"
    return f"FitRecord {record.id}, {_name(record)} / {_regions(record)}: {ended}"


def record_screen(record: FitRecord) -> Screen:
    """Return a fit of a run with its ratios."""
    shown = fit_views.screen(record.result)
    rows = [(r.name, ratio_text(r), interval_text(r.interval)) for r in record.ratios]
    grids = [Grid(rows, ("ratio", "value", "95 % interval"))] if rows else []
    # Those of the fit itself are among the record's.
    notes = [f"{w.where}: {w.message}" if w.where else w.message for w in record.warnings]
    return Screen(record_line(record), (*shown.grids, *grids), tuple(dict.fromkeys(notes)))


VIEWS = {
    "Run": View(screen, whole=report, frames={"parameters": parameters, "ratios": ratios}, draw=draw),
    "FitRecord": View(record_screen, record_line),
}
