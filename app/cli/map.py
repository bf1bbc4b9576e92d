"""`doublet map`: the spectra of a Raman map fitted pixel by pixel, told as images."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from spectra_core.errors import ReadError
from spectra_core.export.maps import MAP_FORMATS, map_steps

from .border import Tally, note, stopping
from .fit import chosen_recipe, progress_bar
from .inputs import read_file, readable_files
from .options import POSITIVE, reading_options, take_read_options
from .output import check_folder, make_folder, print_table

if TYPE_CHECKING:
    from spectra_core.raman import MapFit, MapQuantity
    from spectra_core.spectrum import Spectrum

DEFAULT_FOLDER = "doublet-map"

EPILOG = """\b
Examples:
  doublet map raman_map.h5 --recipe raman_map.toml -o maps
  doublet map raman_map.h5 --recipe raman_map.toml --show "ratio:PS4/A1g" --snr 3 -o ratio

Every pixel is fitted as `doublet fit` would fit it alone, without its cosmic rays. Spectra on one
line (X, Y, a depth or a time) make a map of one row. What a pixel does not show is hatched in the
figures; maps.csv has every number with its error and signal to noise. --show: area:BAND,
center:BAND, fwhm:BAND, snr:BAND, ratio:BAND/OTHER, chi_square; left out: all but the ratios, and
those of the recipe that are one band over another.
"""


@click.command("map", epilog=EPILOG)
@click.argument("paths", nargs=-1, required=True, metavar="PATH...")
@click.option("--recipe", "recipe_file", metavar="FILE", help="Fit with this recipe.")
@click.option("--preset", metavar="NAME", help="Fit with this preset.")
@click.option("--show", "shown", multiple=True, metavar="QUANTITY", help="What to map.")
@click.option(
    "--snr",
    type=POSITIVE,
    default=5.0,
    show_default=True,
    help="Signal to noise below which a pixel is hatched.",
)
@click.option("--keep-spikes", is_flag=True, help="Do not look for cosmic rays.")
@click.option(
    "--formats",
    metavar="LIST",
    default="csv,h5,png",
    show_default=True,
    help=f"Of {', '.join(MAP_FORMATS)}.",
)
@click.option(
    "-o", "--output", metavar="DIR", help=f"Folder for what is written ({DEFAULT_FOLDER})."
)
@reading_options
def command(paths: tuple[str, ...], **values: Any) -> int:
    """Fit a Raman map pixel by pixel."""
    options = take_read_options(values)
    formats = _formats(values["formats"])
    recipe, warnings = chosen_recipe(values["recipe_file"], values["preset"])
    for warning in warnings:
        note(warning.message)
    tally = Tally()
    spectra = _spectra(paths, options, tally)
    if not spectra:
        return tally.exit_code
    from spectra_core.runs.maps import run_map

    with stopping() as should_stop, progress_bar() as progress:
        record = run_map(
            spectra,
            recipe,
            rays=not values["keep_spikes"],
            progress=None if progress is None else partial(_shown, progress),
            should_stop=should_stop,
        )
    found, shown = record.fit, record.shown(values["shown"])
    _print(found, shown, values["snr"])
    tally.succeed(int((~found.failed).sum()))
    for k in found.failed.nonzero()[0][:5].tolist():
        tally.fail(f"spectrum {k + 1}: {found.status(k)}")
    folder = make_folder(check_folder(values["output"] or DEFAULT_FOLDER))
    _write(folder, formats, found, shown, values["snr"])
    return tally.exit_code


def _shown(progress: Any, done: int, total: int) -> None:
    progress(done, total, "")


def _formats(text: str) -> list[str]:
    chosen = [word.strip() for word in text.split(",") if word.strip()]
    unknown = [word for word in chosen if word not in MAP_FORMATS]
    if unknown or not chosen:
        raise click.BadParameter(f"{text!r}: give some of {', '.join(MAP_FORMATS)}.")
    return chosen


def _spectra(paths: Sequence[str], options: Any, tally: Tally) -> list[Spectrum]:
    files, left_out = readable_files(paths)
    for reason in left_out[:5]:
        note(f"not read: {reason}")
    if not files:
        raise ReadError("there is no file that Doublet can read.", where=", ".join(paths))
    return [spectrum for file in files for spectrum in read_file(file, options, tally)]


def _print(found: MapFit, shown: Sequence[MapQuantity], limit: float) -> None:
    import numpy as np

    rows, columns = found.grid.shape
    click.echo(f"{rows} x {columns} pixels, {len(found.grid)} spectra")
    click.echo(found.noise)
    hit = int(found.marks.any(axis=1).sum())
    if hit:
        click.echo(f"{int(found.marks.sum())} channels of {hit} pixels are masked (cosmic rays).")
    lines = []
    for quantity in shown:
        values = quantity.shown(limit)
        known = values[np.isfinite(values)]
        cells = (
            [f"{v:.5g}" for v in np.quantile(known, [0.05, 0.5, 0.95])] if known.size else ["-"] * 3
        )
        lines.append([quantity.name, quantity.unit, *cells, f"{known.size}"])
    print_table(["map", "unit", ">5 %", ">median", ">95 %", ">pixels shown"], lines)


def _write(
    folder: Path,
    formats: Sequence[str],
    found: MapFit,
    shown: Sequence[MapQuantity],
    limit: float,
) -> None:
    for step in map_steps(found, shown, limit, folder, formats):
        step.write()
    click.echo(f"written to {folder}")
