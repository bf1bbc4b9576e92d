"""`doublet recipe`: make a recipe, or say what one may contain."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from spectra_core.errors import SpectraError

from .border import Tally, note
from .inputs import read_file
from .options import ReadingCommand, reading_options, take_read_options
from .output import json_text, write_text
from .selecting import select_option, selected

if TYPE_CHECKING:
    from spectra_core.spectrum import Spectrum

EPILOG = """\b
Examples:
  doublet recipe sample.vms --from casaxps --select "S 2p" -o s2p.toml
  doublet recipe work.doublet --from project -o work.toml
  doublet recipe pristine.vms --from spectrum --select "S 2p" --window 158 168 -o pristine.toml
  doublet recipe --schema > doublet-recipe.schema.json

A recipe is a TOML file, doublet-recipe/1: regions with window, background and components;
doublets with their core level; exact links; ratios. What a CasaXPS fit holds and a recipe cannot
is said on standard error. The analyses of a project that were made alike share one recipe; with
several recipes, -o work.toml writes work-1.toml, work-2.toml and so on.
"""


@click.command("recipe", cls=ReadingCommand, epilog=EPILOG)
@click.argument("path", required=False, metavar="[PATH]")
@click.option(
    "--from",
    "origin",
    type=click.Choice(("casaxps", "project", "spectrum")),
    help="What to make it from; spectrum: one component that is this measured spectrum.",
)
@click.option(
    "--window",
    type=(float, float),
    metavar="LOW HIGH",
    help="Of the measured spectrum, eV or cm-1.",
)
@click.option("--schema", is_flag=True, help="Print the JSON Schema of a recipe.")
@click.option("-o", "--output", default="-", metavar="FILE", help="Recipe file; else printed.")
@select_option
@reading_options
def command(
    path: str | None,
    origin: str | None,
    window: tuple[float, float] | None,
    schema: bool,
    output: str,
    select: str | None,
    **values: Any,
) -> int:
    """Make a recipe of a CasaXPS fit or of a project, or print the recipe schema."""
    if schema:
        from spectra_core.recipe.text import recipe_schema

        write_text(output, json_text(recipe_schema()))
        return 0
    if path is None:
        raise click.UsageError("Name a file, or give --schema.", click.get_current_context())
    if origin is None:
        raise click.UsageError(
            "Say what to make the recipe from: --from casaxps, project or spectrum.",
            click.get_current_context(),
        )
    if origin == "project":
        return _from_project(Path(path), output, select)
    if origin == "spectrum":
        return _from_spectrum(Path(path), output, select, window, values)
    return _from_casaxps(Path(path), output, select, values)


def _from_project(path: Path, output: str, select: str | None) -> int:
    """Write the recipes that a project was made with; `select` chooses among its analyses."""
    from spectra_core.errors import RecipeError
    from spectra_core.project.file import load_project
    from spectra_core.project.recipes import recipes_from
    from spectra_core.recipe.text import dump_recipe
    from spectra_core.runs.select import is_selected

    project = load_project(path)
    found = [
        (recipe, keys)
        for recipe, keys in recipes_from(project)
        if select is None
        or any(is_selected(s, select) for k in keys for s in project.spectra_of(k).values())
    ]
    if not found:
        raise RecipeError("there is no such analysis to make a recipe of.", where=str(path))
    if len(found) > 1 and output == "-":
        raise RecipeError(
            f"its analyses were made in {len(found)} different ways, a recipe for each.",
            hint="Write them to files with -o, or choose with --select.",
            where=str(path),
        )
    for (recipe, keys), file in zip(found, _numbered(output, len(found)), strict=True):
        write_text(file, dump_recipe(recipe))
        if file != "-":
            labels = [project.analyses[key].label for key in keys]
            note(f"{file}: recipe of {', '.join(labels[:4])}{' ...' if len(labels) > 4 else ''}")
    return 0


def _numbered(output: str, count: int) -> list[str]:
    if count == 1:
        return [output]
    file = Path(output)
    return [str(file.with_name(f"{file.stem}-{i}{file.suffix}")) for i in range(1, count + 1)]


def _from_spectrum(
    path: Path,
    output: str,
    select: str | None,
    window: tuple[float, float] | None,
    values: dict[str, Any],
) -> int:
    """Write a recipe of one region whose only component is a measured spectrum."""
    from spectra_core.core_levels import level_in
    from spectra_core.errors import ReadError
    from spectra_core.fitting.inputs import on_fitting_axis
    from spectra_core.fitting.measured import measured_shape
    from spectra_core.model import Background, Model, Region, add_component
    from spectra_core.recipe.text import dump_recipe, recipe_from_model

    tally = Tally()
    spectra = read_file(path, take_read_options(values), tally)
    if not spectra and tally.failed:
        return tally.exit_code
    chosen = selected(spectra, select, where=str(path))
    if len(chosen) != 1:
        labels = ", ".join(f'"{spectrum.label}"' for spectrum in chosen[:4])
        raise ReadError(
            f"{len(chosen)} spectra are there, and a shape is made of one.",
            hint=f"Choose with --select among {labels}.",
            where=str(path),
        )
    own = on_fitting_axis(chosen[0])
    ends = (float(own.x.min()), float(own.x.max())) if window is None else window
    level = level_in(own.meta.region)
    kind = "shirley" if own.axis.is_energy else "linear"
    region = Region(own.meta.region or "spectrum", ends, Background(kind))
    shape = measured_shape(own, ends)
    region = add_component(region, own.meta.sample or "measured", shape, line=level)
    write_text(output, dump_recipe(recipe_from_model(Model((region,)))))
    tally.succeed()
    if output != "-":
        note(f"{output}: recipe with {own.label} as a component")
    return tally.exit_code


def _from_casaxps(path: Path, output: str, select: str | None, values: dict[str, Any]) -> int:
    from spectra_core.errors import ReadError
    from spectra_core.foreign.presence import has_stored_fit
    from spectra_core.foreign.stored_fit import stored_fit
    from spectra_core.recipe.text import dump_recipe, recipe_from_model
    from spectra_core.runs.batch import STORED_FIT_OPTIONS

    tally = Tally()
    spectra = read_file(path, take_read_options(values), tally)
    if not spectra and tally.failed:
        return tally.exit_code
    chosen = [s for s in selected(spectra, select, where=str(path)) if has_stored_fit(s)]
    if len(chosen) != 1:
        raise ReadError(_how_many(chosen, select), hint=_which_one(chosen), where=str(path))
    try:
        fit = stored_fit(chosen[0])
    except SpectraError as error:
        raise error.at(f"{path}: {chosen[0].label}") from error
    recipe = recipe_from_model(
        fit.model, calibration=fit.spectrum.calibration, fit_options=STORED_FIT_OPTIONS
    )
    write_text(output, dump_recipe(recipe))
    tally.succeed()
    for _, message in fit.notes:
        note(f"{chosen[0].label}: {message}")
    if output != "-":
        note(f"{output}: recipe of the CasaXPS fit of {chosen[0].label}")
    return tally.exit_code


def _how_many(chosen: list[Spectrum], select: str | None) -> str:
    among = f'spectra that match --select "{select}"' if select else "spectra"
    if not chosen:
        return f"none of the {among} has a CasaXPS fit in its comment or among its columns."
    return f"{len(chosen)} {among} have a CasaXPS fit, and a recipe is made of one."


def _which_one(chosen: list[Spectrum]) -> str:
    if not chosen:
        return "`doublet inspect` shows which spectra have one."
    labels = ", ".join(f'"{spectrum.label}"' for spectrum in chosen[:4])
    more = f" and {len(chosen) - 4} more" if len(chosen) > 4 else ""
    return f"Choose with --select among {labels}{more}."
