"""`doublet fit`: the main job, headless: read, calibrate, fit, ratios, files."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from spectra_core.errors import FitError, ReadError, RecipeError, SpectraError
from spectra_core.export.formats import ExportOptions
from spectra_core.recipe.formats import FORMATS

from .border import IN_PART, complain, note, rare_collections, stopping
from .deliver import fit_and_deliver
from .inputs import readable_files
from .joining import join_options, take_join_options
from .options import FINITE, POSITIVE, ReadingCommand, Whole, reading_options, take_read_options
from .output import check_folder
from .selecting import select_option

if TYPE_CHECKING:
    from spectra_core.fitting import FitOptions, FitWarning
    from spectra_core.readers import ReadOptions
    from spectra_core.recipe.text import Recipe
    from spectra_core.runs.batch import Prepared, Run, RunProgress
    from spectra_core.spectrum import Spectrum

WEIGHTS = ("poisson", "unit", "given")
DEFAULT_FOLDER = "doublet-results"
MAX_LEFT_OUT = 5

EPILOG = """\b
Examples:
  doublet fit sample.vms --recipe s2p.toml -o results
  doublet fit cathode.vms --preset lpscl-cathode -o results
  doublet fit sample.vms --model casaxps --select "S 2p" --json -
  doublet fit depth/ --recipe s2p.toml --formats json,csv --jobs 2 -o depth_results
  doublet fit cellA_S2p.txt cellA_P2p.txt --preset lpscl-cathode -o cellA
  doublet fit day1/*.txt --preset lpscl-cathode --sample-of "*_07_*" "cell 7" -o cell7
  doublet fit column.txt --recipe s2p.toml --axis binding --y-unit counts/s --dwell 0.1 --scans 40

The table goes to standard output; the folder gets results.json, one csv of curves and one figure
per spectrum, and the reports that --formats or the recipe asks for. --json - prints only JSON on
standard output. Ctrl-C ends the run and writes what is finished; the exit code is then 1. Each
fit is safe in the folder as soon as it is done: a run that was killed goes on with --resume.
"""


def _formats(
    ctx: click.Context, parameter: click.Parameter, text: str | None
) -> tuple[str, ...] | None:
    if text is None:
        return None
    names = tuple(dict.fromkeys(part.strip().lower() for part in text.split(",") if part.strip()))
    for name in names:
        if name not in FORMATS:
            raise click.BadParameter(f'"{name}" is none of {", ".join(FORMATS)}.')
    return names


def _figure_width(ctx: click.Context, parameter: click.Parameter, text: str | None) -> float | None:
    if text is None:
        return None
    named = {"column": 85.0, "page": 175.0}
    try:
        plain = text.isascii() and "_" not in text
        width = named.get(text.strip().lower()) or (float(text) if plain else 0.0)
    except ValueError:
        width = 0.0
    if not 50.0 <= width <= 400.0:
        raise click.BadParameter(f'"{text}" is neither column, page nor 50 to 400 millimetres.')
    return width


formats_option = click.option(
    "--formats",
    callback=_formats,
    metavar="LIST",
    help="What to write to the folder: results and curves (json,csv), figures (png,svg,figure-pdf),"
    " reports (html,pdf,docx,xlsx), their sources (bib,ris), a page for reviewers (review),"
    " for other programs (nexus,vamas), all of it with its data (crate)."
    " Left out: as the recipe says.",
)
figure_width_option = click.option(
    "--figure-width",
    callback=_figure_width,
    metavar="WIDTH",
    help="Of figures in files of their own: column (85 mm), page (175 mm), or millimetres.",
)
_PANEL_OPTIONS = (
    click.option(
        "--panels",
        type=click.Choice(("sample", "region")),
        help="All fits as one figure, too, panels.svg or as --formats says: a row of its grid is"
        " a sample or a region.",
    ),
    click.option(
        "--columns",
        type=Whole(min=1, max=12),
        metavar="N",
        help="Of panels that would stand in one column.",
    ),
    click.option(
        "--same-height", is_flag=True, help="Panels of one region with one axis of counts."
    ),
)


def panel_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the options of the composed figure."""
    for option in reversed(_PANEL_OPTIONS):
        function = option(function)
    return function


def panel_values(values: dict[str, Any]) -> dict[str, Any]:
    """Return what a command's options say of the composed figure."""
    return {name: values[name] for name in ("panels", "columns", "same_height")}


template_option = click.option(
    "--template",
    metavar="PATH",
    help="Own report template: a folder with report.html, report.css or style.toml, or one file.",
)


_OF_RECIPES = ("shift", "work_function", "standards", "despike", "masks")


@click.command("fit", cls=ReadingCommand, epilog=EPILOG)
@click.argument("paths", nargs=-1, required=True, metavar="PATH...")
@click.option("--recipe", "recipe_file", metavar="FILE", help="Fit with this recipe.")
@click.option(
    "--preset", metavar="NAME", help="Fit with this preset; `doublet library list` names them."
)
@click.option(
    "--model",
    type=click.Choice(("casaxps",)),
    help="Fit with the CasaXPS fit that each spectrum carries.",
)
@select_option
@join_options
@click.option(
    "-o",
    "--output",
    metavar="DIR",
    help=f"Folder for what is written. Left out: {DEFAULT_FOLDER}, or none with --json.",
)
@click.option("--json", "json_file", metavar="FILE|-", help="Results as JSON; '-': only JSON.")
@formats_option
@template_option
@figure_width_option
@panel_options
@click.option("--project", metavar="FILE", help="Save spectra and fits as a project (.doublet).")
@click.option(
    "--quick", is_flag=True, help="Ratios with the error of the counts alone, and named so."
)
@click.option("--seed", type=Whole(min=0), metavar="N", help="Of the random starts.")
@click.option("--starts", type=Whole(min=1), metavar="N", help="Times to find the best minimum.")
@click.option("--method", metavar="NAME", help='"lm", or the name of an lmfit minimiser.')
@click.option(
    "--weights",
    type=click.Choice(WEIGHTS),
    help="Where standard deviations come from. Left out: as the recipe says; unit for a stored"
    " CasaXPS fit, which was made so.",
)
@click.option(
    "--shift", type=FINITE, metavar="EV", help="Add to the recorded binding energy (recipe only)."
)
@click.option(
    "--standard",
    "standards",
    multiple=True,
    metavar="MATERIAL=FILE",
    help="Set a Raman axis right by a spectrum of a standard: silicon, polystyrene, calcite,"
    " cyclohexane, neon, argon; several together (recipe only).",
)
@click.option(
    "--despike",
    is_flag=True,
    help="Mask cosmic rays and saturated channels of Raman spectra: kept, marked, not fitted.",
)
@click.option(
    "--mask",
    "masks",
    multiple=True,
    metavar="LOW:HIGH",
    help="Channels of this window do not count; can be given more than once.",
)
@click.option(
    "--laser", type=POSITIVE, metavar="NM", help="Wavelength of the laser, for the lines of a lamp."
)
@click.option(
    "--work-function",
    type=FINITE,
    metavar="EV",
    help="Subtract from photon energy minus kinetic energy (recipe only; usually not needed).",
)
@click.option(
    "--resume",
    is_flag=True,
    help="Go on with a run that was killed: what its results folder says is done is kept.",
)
@click.option(
    "--jobs",
    type=Whole(min=1),
    metavar="N",
    help="Processes. Left out: one, or one for each processor (four at most) where thousands of"
    " fits, or some tens of full error budgets, are worth it.",
)
@click.option(
    "--cluster",
    metavar="ADDRESS",
    help="Do the fits on a cluster of dask.distributed: the address of its scheduler, or local"
    " for workers of this machine. Needs doublet[cluster].",
)
@reading_options
@rare_collections()
def command(paths: tuple[str, ...], **values: Any) -> int:
    """Fit spectra with a recipe, a preset, or the CasaXPS fit that they carry."""
    read_options = take_read_options(values)
    recipe, warnings = _recipe(values["recipe_file"], values["preset"], values["model"])
    folder = _folder(values)
    export_options = _export_options(values)
    files, left_out = readable_files(paths)
    _say_left_out(left_out)
    if not files:
        raise ReadError(
            "there is no file that Doublet can read.",
            hint="`doublet inspect` says why.",
            where=", ".join(paths),
        )
    if recipe is not None:
        recipe = _with_energy_options(recipe, values, files, read_options)
        recipe = _with_standards(recipe, values, read_options)
        recipe = _with_masks(recipe, values)
        recipe = _quick(recipe) if values["quick"] else recipe
    elif any(values[name] not in (None, (), False) for name in _OF_RECIPES):
        raise FitError(
            "--shift, --standard, --work-function, --despike and --mask go with --recipe: a"
            " CasaXPS fit brings its own scale and channels."
        )
    if values["cluster"] is not None and values["jobs"] is not None:
        raise FitError("--jobs and --cluster exclude each other.", hint="Take one of them.")
    if values["resume"] and folder is None:
        raise RecipeError("--resume goes on with a results folder.", hint="Name it with -o.")
    with stopping() as should_stop:
        prepared = _prepared(files, recipe, warnings, values, read_options, should_stop)
        with progress_bar() as progress:
            code, run = fit_and_deliver(
                prepared,
                folder=folder,
                json_file=values["json_file"],
                formats=values["formats"],
                options=export_options,
                processes=values["jobs"],
                cluster=values["cluster"],
                resume=values["resume"],
                keep=values["project"] is not None,
                progress=progress,
                should_stop=should_stop,
            )
    if values["project"] is None:
        return code
    return max(code, _save_project(run, values["project"], _used_options(recipe, values)))


def _recipe(
    recipe_file: str | None, preset_name: str | None, model: str | None
) -> tuple[Recipe | None, tuple[FitWarning, ...]]:
    """Return the recipe, None for stored fits, and what its preset warns of."""
    if sum(choice is not None for choice in (recipe_file, preset_name, model)) != 1:
        raise click.UsageError(
            "Say what to fit with: one of --recipe FILE, --preset NAME and --model casaxps.",
            click.get_current_context(),
        )
    return chosen_recipe(recipe_file, preset_name) if model is None else (None, ())


def chosen_recipe(
    recipe_file: str | None, preset_name: str | None
) -> tuple[Recipe, tuple[FitWarning, ...]]:
    """Return the recipe, and what its preset warns of."""
    if (recipe_file is None) == (preset_name is None):
        raise click.UsageError(
            "Say what to fit with: either --recipe FILE or --preset NAME.",
            click.get_current_context(),
        )
    if preset_name is not None:
        from spectra_core.recipe.presets import preset
        from spectra_core.runs.plan import preset_warnings

        chosen = preset(preset_name)
        return chosen.recipe, preset_warnings(chosen)
    from spectra_core.recipe.text import load_recipe

    assert recipe_file is not None
    return load_recipe(recipe_file), ()


def _quick(recipe: Recipe) -> Recipe:
    from spectra_core.recipe.compile import counting_alone

    return counting_alone(recipe)


def _folder(values: dict[str, Any]) -> Path | None:
    """Return the output folder, known to be writable; None if only JSON is wanted."""
    if values["output"] is not None:
        return check_folder(values["output"])
    only_json = values["json_file"] is not None and values["formats"] is None
    return None if only_json else check_folder(DEFAULT_FOLDER)


def _export_options(values: dict[str, Any]) -> ExportOptions:
    """Return how files look; a wrong template ends the command before any work is done."""
    if values["template"] is not None:
        from spectra_core.report.template import load_template

        load_template(values["template"])
    return ExportOptions(values["template"], values["figure_width"], **panel_values(values))


def _say_left_out(reasons: Sequence[str]) -> None:
    """Say which files of a folder are no spectra; many of them in one line."""
    for reason in reasons if len(reasons) <= MAX_LEFT_OUT else ():
        note(f"not read: {reason}")
    if len(reasons) > MAX_LEFT_OUT:
        note(
            f"not read: {len(reasons)} files that are no spectra Doublet knows;"
            " `doublet inspect` lists them."
        )


# ---------------------------------------------------------------------------------
# Options to a run


def _prepared(
    files: Sequence[Path],
    recipe: Recipe | None,
    warnings: Sequence[FitWarning],
    values: dict[str, Any],
    options: ReadOptions,
    should_stop: Callable[[], bool],
) -> Prepared:
    """Read the files and plan the fits."""
    from spectra_core.runs.batch import prepare

    join, samples = take_join_options(values)
    return prepare(
        files,
        recipe=recipe,
        model="casaxps" if recipe is None else "recipe",
        select=values["select"],
        read_options=options,
        fit_options=_fit_options(recipe, values),
        seed=values["seed"],
        join=join,
        samples=samples,
        warnings=warnings,
        should_stop=should_stop,
    )


def _fit_options(recipe: Recipe | None, values: dict[str, Any]) -> FitOptions:
    from spectra_core.fitting import Weights
    from spectra_core.recipe.text import fit_options_from_recipe
    from spectra_core.runs.batch import STORED_FIT_OPTIONS

    options = STORED_FIT_OPTIONS if recipe is None else fit_options_from_recipe(recipe)
    changed = {name: values[name] for name in ("starts", "method") if values[name] is not None}
    if values["weights"] is not None:
        changed["weights"] = Weights(values["weights"])
    return replace(options, **changed)


def _used_options(recipe: Recipe | None, values: dict[str, Any]) -> FitOptions:
    """Return the options of the run, with the seed that was given in place of theirs."""
    options = _fit_options(recipe, values)
    return options if values["seed"] is None else replace(options, seed=values["seed"])


def _save_project(run: Run, file: str, options: FitOptions) -> int:
    """Save a run as a project; return the exit code that this adds."""
    from spectra_core.project.file import save_project
    from spectra_core.project.recipes import project_from_run

    if not run.fits:
        return 0
    try:
        save_project(project_from_run(run, options=options), file)
    except SpectraError as error:
        complain(str(error))
        return IN_PART
    note(f"project saved as {file}")
    return 0


def _with_energy_options(
    recipe: Recipe, values: dict[str, Any], files: Sequence[Path], options: ReadOptions
) -> Recipe:
    """Return the recipe with the shift that --shift and --work-function mean.

    On a kinetic energy axis a work function lowers every binding energy by itself, so it
    is a shift; on a binding energy axis it has no place, and asking for it is an error.
    """
    shift, work_function = values["shift"], values["work_function"]
    if shift is None and work_function is None:
        return recipe
    from spectra_core.recipe.schema import CalibrationEntry
    from spectra_core.recipe.text import calibration_from_recipe

    own = calibration_from_recipe(recipe)
    total = shift if shift is not None else (own.shift if own else 0.0)
    reference = "given by --shift" if shift is not None else (own.reference if own else "")
    if work_function is not None:
        _check_kinetic(files, options, values["select"])
        total -= work_function
        reference = f"{reference}; work function {work_function:g} eV subtracted".lstrip("; ")
    entry = CalibrationEntry(shift=total, reference=reference)
    return recipe.model_copy(update={"calibration": entry})


def _with_masks(recipe: Recipe, values: dict[str, Any]) -> Recipe:
    """Return the recipe with the channels that --despike and --mask leave out."""
    if not values["despike"] and not values["masks"]:
        return recipe
    from spectra_core.recipe.schema import MaskEntry

    windows = []
    for text in values["masks"]:
        low, colon, high = text.partition(":")
        try:
            pair = float(low), float(high)
        except ValueError:
            pair = (1.0, 0.0)
        if not colon or not pair[0] <= pair[1]:
            raise RecipeError(f'--mask is "{text}".', hint="Write LOW:HIGH, e.g. 740:744.")
        windows.append(pair)
    own = recipe.mask or MaskEntry()
    update = {"spikes": own.spikes or values["despike"], "windows": (*own.windows, *windows)}
    return recipe.model_copy(update={"mask": own.model_copy(update=update)})


def _with_standards(recipe: Recipe, values: dict[str, Any], options: ReadOptions) -> Recipe:
    """Return the recipe with the calibration that spectra of Raman standards give."""
    given = values["standards"]
    if not given:
        return recipe
    if values["shift"] is not None or values["work_function"] is not None:
        raise RecipeError("--standard and --shift both set the axis.", hint="Give one of them.")
    from spectra_core.raman import calibrate_axis
    from spectra_core.recipe.compile import calibration_entry

    pairs = [text.partition("=") for text in given]
    if not all(material and path for material, _, path in pairs):
        raise RecipeError(
            f"--standard is {given[0]!r}.", hint="Write MATERIAL=FILE, e.g. silicon=si.txt."
        )
    spectra = {material: _one_spectrum(Path(path), options) for material, _, path in pairs}
    found = calibrate_axis(spectra, laser_nm=values["laser"])
    note(found.message)
    return recipe.model_copy(update={"calibration": calibration_entry(found.calibration)})


def _one_spectrum(path: Path, options: ReadOptions) -> Spectrum:
    from spectra_core.readers import read

    found = read(path, options=options)
    if len(found) != 1:
        raise ReadError(
            f"holds {len(found)} spectra; a standard is one.",
            hint="Export the spectrum of the standard by itself.",
            where=str(path),
        )
    return found[0]


def _check_kinetic(files: Sequence[Path], options: ReadOptions, select: str | None) -> None:
    from spectra_core.readers import read
    from spectra_core.runs.select import select_spectra
    from spectra_core.spectrum import Axis

    for file in files:
        try:
            spectra = read(file, options=options)
        except SpectraError:  # the run itself says what is wrong with this file
            continue
        for spectrum in spectra if select is None else select_spectra(spectra, select):
            if spectrum.axis is not Axis.KINETIC_ENERGY:
                raise RecipeError(
                    f"--work-function is for kinetic energies, but this axis is the"
                    f" {spectrum.axis.value}.",
                    hint="Use --shift.",
                    where=f"{file}: {spectrum.label}",
                )


@contextmanager
def progress_bar() -> Iterator[RunProgress | None]:
    """Show a progress bar on standard error if that is a terminal; else yield None."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    label = TextColumn("{task.fields[label]}", markup=False)
    columns = (TextColumn("fitting"), BarColumn(), MofNCompleteColumn(), label)
    console = Console(stderr=True, highlight=False, emoji=False)
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("", total=None, label="")

        def show(done: int, total: int, label: str) -> None:
            bar.update(task, completed=done, total=total, label=label)

        yield show
