"""The files of a map: table, images, figures, for command line and window."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from .formats import Step

if TYPE_CHECKING:
    from ..raman.maps import MapFit, MapQuantity

MAP_FORMATS = ("csv", "h5", "nxs", "png", "svg", "pdf")


def map_steps(
    found: MapFit,
    shown: Sequence[MapQuantity],
    limit: float,
    folder: Path,
    formats: Sequence[str],
) -> Iterator[Step]:
    """Yield the steps that write one file each of a map.

    Parameters
    ----------
    found : MapFit
    shown : sequence of MapQuantity
    limit : float
        Signal to noise below which a pixel is hatched.
    folder : Path
        An existing folder.
    formats : sequence of str
        Of `MAP_FORMATS`.
    """
    from ..results.map_files import write_map_hdf5, write_map_table

    for kind in formats:
        if kind == "csv":
            yield Step(
                "maps.csv", partial(write_map_table, folder / "maps.csv", found, shown, limit)
            )
        elif kind in ("h5", "nxs"):
            path = folder / f"maps.{kind}"
            yield Step(path.name, partial(write_map_hdf5, path, found, shown, limit))
        else:
            for quantity in shown:
                path = folder / f"{file_stem(quantity.name)}.{kind}"
                yield Step(path.name, partial(_write_figure, path, found, quantity, limit))


def file_stem(name: str) -> str:
    """Return the name of a quantity as that of a file."""
    return name.replace(":", "_").replace("/", "_over_").replace(" ", "_")


def _write_figure(path: Path, found: MapFit, quantity: MapQuantity, limit: float) -> None:
    from ..results.figures import save_figure
    from ..results.map_files import map_figure

    save_figure(map_figure(found, quantity, limit), path)
