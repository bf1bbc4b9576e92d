"""`doublet series`: the levels of a profile or series, fitted together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click

from spectra_core.errors import ReadError

from .border import Tally, note, stopping
from .deliver import recipe_formats, say_written, take_steps, write_files
from .fit import chosen_recipe, formats_option, progress_bar
from .inputs import read_file, readable_files
from .joining import join_options, take_join_options
from .options import (
    AXIS_WORDS,
    POSITIVE,
    ReadingCommand,
    reading_options_without,
    take_read_options,
)
from .output import check_folder, make_folder, print_table, write_text

if TYPE_CHECKING:
    from spectra_core.recipe.schema import Recipe
    from spectra_core.results.trends import Trend
    from spectra_core.runs.series import SeriesRecord
    from spectra_core.spectrum import Spectrum

DEFAULT_FOLDER = "doublet-series"
_MOST_COLUMNS = 8

EPILOG = """\b
Examples:
  doublet series profile.vms --recipe profile.toml -o profile
  doublet series profile.vms --recipe profile.toml --axis index --formats json -o by_index
  doublet series profile.vms --recipe profile.toml --free "*/fwhm" --smooth "*/region/shift=0.1"
  doublet series profile.vms --preset lps-film --rate 0.5 --film 40:50 -o in_nm

The levels of a file (etch times), or many files of one level each in natural order, are one
series. Every level is fitted by itself and from its neighbours, then all as one problem: areas,
backgrounds and the charge shift are each level's own; positions, widths and shapes are shared.
--axis names what orders the levels (sputter_time, voltage, index...); given a second time it says
what the first column of a text file is (binding, kinetic). The folder gets what `doublet fit`
writes for every level, and trends.csv, series.json and the figures of the series.
"""


def _smooth(
    ctx: click.Context, parameter: click.Parameter, texts: tuple[str, ...]
) -> dict[str, float]:
    found = {}
    for text in texts:
        pattern, equals, number = text.rpartition("=")
        try:
            value = float(number)
        except ValueError:
            value = 0.0
        if not equals or not 0 < value < float("inf"):
            raise click.BadParameter(f'"{text}" is not PATTERN=SD, such as "*/region/shift=0.1".')
        found[pattern.strip()] = value
    return found


def _film(
    ctx: click.Context, parameter: click.Parameter, text: str | None
) -> tuple[float, float] | None:
    if text is None:
        return None
    low, _, high = text.partition(":")
    try:
        ends = float(low), float(high or low)
    except ValueError:
        ends = 0.0, 0.0
    if not 0 < ends[0] <= ends[1] < float("inf"):
        raise click.BadParameter(f'"{text}" is no thickness in nm, such as 45 or 40:50.')
    return ends


@click.command("series", cls=ReadingCommand, epilog=EPILOG)
@click.argument("paths", nargs=-1, required=True, metavar="PATH...")
@click.option("--recipe", "recipe_file", metavar="FILE", help="Fit with this recipe.")
@click.option("--preset", metavar="NAME", help="Fit with this preset.")
@click.option(
    "--coordinates",
    metavar="FILE",
    help="csv of files and what tells them apart: file,voltage [V],cycle.",
)
@click.option(
    "--free", multiple=True, metavar="PATTERN", help="Each level its own: a path, * for anything."
)
@click.option("--shared", multiple=True, metavar="PATTERN", help="One value for all levels.")
@click.option(
    "--smooth",
    multiple=True,
    callback=_smooth,
    metavar="PATTERN=SD",
    help="Neighbours differ by about SD.",
)
@click.option("--rate", type=POSITIVE, metavar="NM/S", help="Sputter rate: makes the depth axis.")
@click.option(
    "--film",
    callback=_film,
    metavar="NM|LOW:HIGH",
    help="Thickness of the film as stated: it is checked.",
)
@join_options
@click.option(
    "-o", "--output", metavar="DIR", help=f"Folder for what is written ({DEFAULT_FOLDER})."
)
@click.option("--json", "json_file", metavar="FILE|-", help="series.json; '-': only JSON.")
@formats_option
@click.option("--seed", type=click.IntRange(min=0), metavar="N", help="Of the random starts.")
@click.option(
    "--axis",
    "axis",
    multiple=True,
    metavar="NAME",
    help="What orders the levels: sputter_time, voltage, index... Left out: what tells them apart.",
)
@reading_options_without("axis")
def command(paths: tuple[str, ...], **values: Any) -> int:
    """Fit the levels of a profile or series together."""
    axis = _take_axis(values)
    options = take_read_options(values)
    recipe, warnings = chosen_recipe(values["recipe_file"], values["preset"])
    recipe = _with_depth(recipe, rate=values["rate"], film=values["film"])
    tally = Tally()
    spectra = _spectra(paths, options, values["coordinates"], tally)
    if not spectra:
        return tally.exit_code
    from spectra_core.export.series import formats_of_levels, series_steps
    from spectra_core.results.trends import series_json, trends_of
    from spectra_core.runs.series import run_series

    join, names = take_join_options(values)
    with stopping() as should_stop, progress_bar() as progress:
        series, run = run_series(
            spectra,
            recipe,
            axis=axis,
            modes=_modes(values),
            seed=values["seed"],
            join=join,
            names=names,
            warnings=warnings,
            progress=progress,
            should_stop=should_stop,
        )
    tally.succeed(len(run.fits))
    for failure in run.failures:
        tally.fail(str(failure))
    trends = [trends_of(record) for record in series]
    if values["json_file"] != "-":
        for record, own in zip(series, trends, strict=True):
            _print(record, own)
    if series and values["json_file"] is not None:
        write_text(values["json_file"], series_json(series, trends))
    if series and (values["output"] is not None or values["json_file"] is None):
        folder = make_folder(check_folder(values["output"] or DEFAULT_FOLDER))
        chosen = values["formats"] or recipe_formats(recipe)
        write_files(run, folder, formats_of_levels(chosen, asked=bool(values["formats"])), tally)
        problems: list[str] = []
        say_written(folder, take_steps(series_steps(series, trends, folder, chosen), problems))
        for problem in problems:
            tally.fail(problem)
    return tally.exit_code


def _take_axis(values: dict[str, Any]) -> str | None:
    """Return the coordinate; leave what says the energy axis of a text file to the reading."""
    given = values["axis"] or ()
    energies = [word for word in given if word in AXIS_WORDS]
    coordinates = [word for word in given if word not in AXIS_WORDS]
    if len(energies) > 1 or len(coordinates) > 1:
        raise click.UsageError(
            f"--axis is given {len(given)} times: once for what orders the levels, once for the"
            " first column of a text file.",
            click.get_current_context(),
        )
    values["axis"] = energies[0] if energies else None
    return coordinates[0] if coordinates else None


def _with_depth(recipe: Recipe, **given: Any) -> Recipe:
    """Return the recipe, or that of the preset, with the rate and the film that are given."""
    from spectra_core.recipe.schema import SeriesTable

    known = {name: value for name, value in given.items() if value is not None}
    if not known:
        return recipe
    table = recipe.series or SeriesTable()
    return recipe.model_copy(update={"series": table.model_copy(update=known)})


def _modes(values: Mapping[str, Any]) -> dict[str, Any]:
    from spectra_core.series.global_fit import FREE, SHARED, Smooth

    found: dict[str, Any] = dict.fromkeys(values["shared"], SHARED)
    found |= dict.fromkeys(values["free"], FREE)
    return found | {pattern: Smooth(sd) for pattern, sd in values["smooth"].items()}


def _spectra(
    paths: Sequence[str], options: Any, coordinates: str | None, tally: Tally
) -> list[Spectrum]:
    files, left_out = readable_files(paths)
    for reason in left_out[:5]:
        note(f"not read: {reason}")
    if not files:
        raise ReadError(
            "there is no file that Doublet can read.",
            hint="`doublet inspect` says why.",
            where=", ".join(paths),
        )
    found: list[Spectrum] = []
    for file in files:
        found += read_file(file, options, tally)
    if coordinates is None or not found:
        return found
    from spectra_core.series.table import apply_coordinates, read_coordinates

    return apply_coordinates(found, read_coordinates(coordinates))


def _print(record: SeriesRecord, trends: Sequence[Trend]) -> None:
    """Print the table of levels, what is shared, and what must be known."""
    from spectra_core.results.trends import factors_of, interfaces_of

    series = record.series
    shown = [t for t in trends if t.kind in ("share", "ratio", "atoms", "shift")][:_MOST_COLUMNS]
    shown = shown or list(trends)[:_MOST_COLUMNS]
    heads = ["level", f">{series.axis_label}"]
    if record.depths is not None:
        heads.append(">depth / nm")
    heads += [f">{t.name}{f' / {t.unit}' if t.unit else ''}" for t in shown]
    rows = [_row(record, shown, k) for k in range(len(series))]
    click.echo(f"{series.sample or 'series'}: {len(series)} levels, one fit")
    print_table([*heads, "alarms"], rows)
    for path in record.fit.shared:
        value, error = record.fit.values(path), record.fit.stderrs(path)
        known = value[value == value]
        if known.size:
            text = _number(float(known[0]), float(error[value == value][0]))
            click.echo(f"  shared {path}: {text}")
    for entry in interfaces_of(record, trends):
        depth = ""
        if "depth_nm" in entry:
            depth = f" = {_number(entry['depth_nm'], entry['depth_nm_sd'])} nm"
        click.echo(
            f"  interface of {entry['of']}: {_number(entry['position'], entry['position_sd'])}"
            f" {entry['unit']}{depth}, width (16 to 84 %)"
            f" {_number(entry['width'], entry['width_sd'])} {entry['unit']}"
        )
    for region, found in factors_of(record).items():
        click.echo(f"  {region}: {found['rank']} factors above the noise (without a model)")
    for alarm in record.fit.alarms:
        file = f" ({record.files[alarm.level]})" if record.files else ""
        note(f"level {alarm.level + 1}{file}: {alarm.message}")
    for text in record.notes:
        note(text)


def _row(record: SeriesRecord, shown: Sequence[Trend], k: int) -> list[str]:
    cells = [str(k + 1), f"{record.series.positions[k]:g}"]
    if record.depths is not None:
        cells.append(_number(float(record.depths[0][k]), float(record.depths[1][k])))
    for trend in shown:
        value, error, limit = trend.values[k], trend.stderrs[k], trend.limits[k]
        cells.append(f"< {limit:.2g}" if limit == limit else _number(float(value), float(error)))
    alarms = dict.fromkeys(alarm.code for alarm in record.fit.alarms if alarm.level == k)
    return [*cells, " ".join(alarms)]


def _number(value: float, error: float) -> str:
    from spectra_core.results.table import rough, with_error

    if value != value:
        return "-"
    return with_error(value, error) if error > 0 else rough(value)
