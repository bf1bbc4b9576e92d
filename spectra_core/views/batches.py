"""Many fits with one model: the spread of each parameter, and its course."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from ..fitting import BatchResult
from ..fitting.batch import status_word
from ..fitting.problem import row_of
from . import Columns, View
from .screens import Grid, Screen

if TYPE_CHECKING:
    import xarray
    from matplotlib.axes import Axes


def screen(batch: BatchResult) -> Screen:
    """Return how the fits ended and where the free parameters and total areas lie."""
    ended = Counter(status_word(int(status)) for status in batch.status)
    words = ", ".join(f"{number} {status}" for status, number in ended.most_common())
    rows = [_row(batch, path) for path in _paths(batch)]
    heads = ("parameter", "median", "central 68 %", "median error")
    notes = [f"spectrum {number}: {why}" for number, why in batch.messages.items()]
    title = f"BatchResult: {len(batch)} spectra ({words}), engine {batch.engine}"
    return Screen(title, (Grid(rows, heads),), tuple(notes))


def _paths(batch: BatchResult) -> Iterator[str]:
    yield from batch.problem.free_paths
    for region in batch.problem.model.regions:
        for doublet in region.doublets:
            path = f"{region.name}/{doublet.id}/area"
            if f"{region.name}/{doublet.major}/area" in batch.problem.paths:
                yield path


def _first(batch: BatchResult) -> str:
    """Return the path of the first area, of a doublet if there is one."""
    paths = list(_paths(batch))
    areas = [path for path in paths if path.endswith("/area")]
    totals = [path for path in areas if path not in batch.problem.free_paths]
    return next(iter([*totals, *areas, *paths]))


def _row(batch: BatchResult, path: str) -> tuple[str, ...]:
    values = batch.values(path)
    known = values[np.isfinite(values)]
    if not known.size:
        return path, "-", "-", "-"
    low, middle, high = np.quantile(known, [0.16, 0.5, 0.84])
    errors = _errors(batch, path)
    errors = errors[np.isfinite(errors)]
    error = f"{np.median(errors):.2g}" if errors.size else "-"
    return path, f"{middle:.6g}", f"{low:.6g} to {high:.6g}", error


def _errors(batch: BatchResult, path: str) -> np.ndarray:
    """Return standard errors; NaN where the covariance that they need was not kept."""
    row, _ = row_of(batch.problem, (path,))
    if np.count_nonzero(row) > 1 and batch.covariance is None:
        return np.full(len(batch), np.nan)
    return batch.stderr(path)


def wide(batch: BatchResult) -> Columns:
    """Return one row for each spectrum: how it ended, each value and its error."""
    columns: dict[str, object] = {
        "status": [status_word(int(status)) for status in batch.status],
        "reduced_chi_square": batch.reduced_chi_square,
    }
    for path in _paths(batch):
        columns[path] = batch.values(path)
        columns[f"{path} stderr"] = _errors(batch, path)
    return columns


def dataset(batch: BatchResult, part: object = None) -> xarray.Dataset:
    """Return everything over ``spectrum`` and ``parameter``."""
    import xarray

    problem = batch.problem
    values = batch.free @ problem.matrix.T + problem.offset
    variables = {
        "value": (("spectrum", "parameter"), values),
        "free_stderr": (("spectrum", "free"), batch.free_stderr),
        "chi_square": (("spectrum",), batch.chi_square),
        "status": (("spectrum",), [status_word(int(s)) for s in batch.status]),
        "evaluations": (("spectrum",), batch.evaluations),
    }
    if batch.covariance is not None:
        variables["covariance"] = (("spectrum", "free", "free_2"), batch.covariance)
    free = list(problem.free_paths)
    coordinates = {"parameter": list(problem.paths), "free": free, "free_2": free}
    return xarray.Dataset(variables, coordinates, {"engine": batch.engine})


def draw(batch: BatchResult, axes: Axes | None = None, part: object = None) -> Axes:
    """Draw one parameter over the number of the spectrum, with its errors."""
    from matplotlib.ticker import MaxNLocator

    from ..results.figures import INK, label_axes, new_axes, style_axes

    axes = new_axes() if axes is None else axes
    path = str(part) if part is not None else _first(batch)
    values, errors = batch.values(path), _errors(batch, path)
    number = np.arange(len(batch))
    style_axes(axes)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.errorbar(
        number, values, np.nan_to_num(errors), fmt="o", ms=2.5, lw=0.7, color=INK, ecolor="#9A9A9A"
    )
    label_axes(axes, "Number of the spectrum", path)
    return axes


VIEWS = {"BatchResult": View(screen, frames={"spectra": wide}, dataset=dataset, draw=draw)}
