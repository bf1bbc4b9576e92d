"""Maps as files: one table of all pixels, images in HDF5 and NeXus, figures."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..raman.maps import LIMIT, MapFit, MapQuantity
from ..spectrum import is_synthetic
from ..writers.atomic import replacing
from ..writers.hdf5_file import new_hdf5
from ..writers.nexus import add_field, add_group, plain_name, start_file
from .figures import label_axes, new_axes, shown_text

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_SEQUENTIAL = "cividis"
_HATCHED = "#D5D8DC"


def map_table(found: MapFit, shown: Sequence[MapQuantity], limit: float = LIMIT) -> str:
    """Return csv text with one row per pixel, as measured; cells that are not known are empty.

    Values below the limit of signal to noise stand in the table: the column S/N tells them apart.
    """
    grid = found.grid
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    heads = ["row", "column", *(f"{name or 'row'} / {grid.unit}" for name in grid.names), "status"]
    heads += ["masked channels", "reduced chi-square"]
    for quantity in shown:
        unit = f" / {quantity.unit}" if quantity.unit else ""
        heads += [f"{quantity.name}{unit}", f"{quantity.name} standard error (noise alone)", "S/N"]
    writer.writerow(heads)
    chi, masked = found.reduced_chi_square, found.marks.sum(axis=1)
    for row, column in np.argwhere(grid.place >= 0).tolist():
        k = int(grid.place[row, column])
        cells: list[Any] = [row + 1, column + 1, grid.x[column], grid.y[row], found.status(k)]
        cells += [int(masked[k]), _cell(chi[k])]
        for quantity in shown:
            numbers = (quantity.values[k], quantity.stderrs[k], quantity.signal_to_noise[k])
            cells += [_cell(number) for number in numbers]
        writer.writerow(cells)
    return buffer.getvalue()


def _cell(number: float) -> str:
    return repr(float(number)) if np.isfinite(number) else ""


def write_map_table(
    path: Path, found: MapFit, shown: Sequence[MapQuantity], limit: float = LIMIT
) -> None:
    """Write `map_table` to a file."""
    with replacing(path) as temporary:
        temporary.write_text(map_table(found, shown, limit), encoding="utf-8", newline="\n")


def write_map_hdf5(
    path: Path, found: MapFit, shown: Sequence[MapQuantity], limit: float = LIMIT
) -> None:
    """Write images, spectra and masks to one HDF5 file that follows NeXus (NXentry, NXdata).

    Each quantity is a group NXdata with signal, errors and both axes; ``masked`` is 1 where its
    signal to noise is below the limit. The spectra stand in ``spectra``, channels that did not
    count in ``masked_channels``.
    """
    grid, first = found.grid, found.grid.spectra[0]
    with new_hdf5(path) as file:
        start_file(file)
        entry = add_group(file, "entry", "NXentry")
        add_field(entry, "title", first.meta.sample or "map")
        add_field(entry, "experiment_description", found.noise)
        data = _axes(add_group(entry, "spectra", "NXdata"), found, ("y", "x", "shift"), "data")
        shape = (*grid.shape, len(first))
        add_field(data, "data", _stacked(found, grid.intensities, np.nan).reshape(shape))
        marks = _stacked(found, found.marks.astype(float), 0.0).reshape(shape)
        add_field(data, "masked_channels", marks.astype(np.uint8))
        add_field(data, "shift", first.x, "1/cm")
        add_field(entry, "status", grid.image(found.batch.status.astype(float)))
        for quantity in shown:
            own = add_group(entry, plain_name(quantity.name), "NXdata")
            _axes(own, found, ("y", "x"), "value")
            own.attrs["name"] = quantity.name
            add_field(own, "value", grid.image(quantity.values), quantity.unit)
            add_field(own, "value_errors", grid.image(quantity.stderrs), quantity.unit)
            below = grid.image(quantity.signal_to_noise) < limit
            add_field(own, "masked", below.astype(np.uint8), limit=limit)
        entry.attrs["default"] = plain_name(shown[0].name) if shown else "spectra"


def _axes(group: Any, found: MapFit, axes: Sequence[str], signal: str) -> Any:
    group.attrs["signal"], group.attrs["axes"] = signal, list(axes)
    add_field(group, "x", found.grid.x, found.grid.unit)
    add_field(group, "y", found.grid.y, found.grid.unit)
    return group


def _stacked(found: MapFit, rows: np.ndarray, missing: float) -> np.ndarray:
    """Return rows (M, N) in the order of the pixels (ny * nx, N)."""
    padded = np.vstack([rows, np.full((1, rows.shape[1]), missing)])
    return np.asarray(padded[found.grid.place.ravel()])


def map_figure(found: MapFit, quantity: MapQuantity, limit: float = LIMIT) -> Figure:
    """Return the picture of one quantity; a line scan is a curve with its errors.

    What lies below the limit of signal to noise, failed or was not measured is hatched, never
    coloured.
    """
    axes = new_axes()
    grid = found.grid
    values = grid.image(quantity.shown(limit))
    title = shown_text(quantity.label)
    if any(is_synthetic(spectrum) for spectrum in grid.spectra[:1]):
        title = f"{title} (synthetic)"
    x_label = f"{grid.names[0]} / {grid.unit}"
    unit = f"{title} / {quantity.unit}" if quantity.unit else title
    if grid.y.size == 1:
        errors = np.nan_to_num(grid.image(quantity.stderrs)[0])
        axes.errorbar(grid.x, values[0], yerr=errors, fmt="o-", markersize=3, linewidth=0.8)
        label_axes(axes, x_label, unit)
        return axes.figure  # type: ignore[return-value]
    axes.set_facecolor(_HATCHED)
    axes.patch.set_hatch("////")
    axes.patch.set_edgecolor("white")
    low, high = _range(values)
    edges = (_edges(grid.x), _edges(grid.y))
    drawn = axes.pcolormesh(
        *edges, np.ma.masked_invalid(values), cmap=_SEQUENTIAL, vmin=low, vmax=high, rasterized=True
    )
    axes.set_aspect("equal")
    axes.invert_yaxis()
    bar = axes.figure.colorbar(drawn, ax=axes)
    bar.set_label(unit)
    hidden = int((grid.place >= 0).sum() - np.isfinite(values).sum())
    title = f"{title}; {hidden} of {len(grid)} pixels masked (S/N < {limit:g})" if hidden else title
    label_axes(axes, x_label, f"{grid.names[1]} / {grid.unit}", title=title)
    return axes.figure  # type: ignore[return-value]


def _edges(places: np.ndarray) -> np.ndarray:
    middles = 0.5 * (places[1:] + places[:-1])
    first, last = places[0] - (middles[0] - places[0]), places[-1] + (places[-1] - middles[-1])
    return np.concatenate([[first], middles, [last]])


def _range(values: np.ndarray) -> tuple[float | None, float | None]:
    """Return what the colours span: all but the outermost hundredth of the values."""
    known = values[np.isfinite(values)]
    if not known.size:
        return None, None
    low, high = np.quantile(known, [0.01, 0.99])
    return float(low), float(high)
