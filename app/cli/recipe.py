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
  doublet recipe --schema > doublet-recipe.schema.json

A recipe is a TOML file, doublet-recipe/1: regions with window, background and components;
doublets with their core level; exact links; ratios. What a CasaXPS fit holds and a recipe cannot
is said on standard error.
"""


@click.command("recipe", cls=ReadingCommand, epilog=EPILOG)
@click.argument("path", required=False, metavar="[PATH]")
@click.option("--from", "origin", type=click.Choice(("casaxps",)), help="What to make it from.")
@click.option("--schema", is_flag=True, help="Print the JSON Schema of a recipe.")
@click.option("-o", "--output", default="-", metavar="FILE", help="Recipe file; else printed.")
@select_option
@reading_options
def command(
    path: str | None,
    origin: str | None,
    schema: bool,
    output: str,
    select: str | None,
    **values: Any,
) -> int:
    """Make a recipe of the CasaXPS fit in a file, or print the recipe schema."""
    if schema:
        from spectra_core.recipe import recipe_schema

        write_text(output, json_text(recipe_schema()))
        return 0
    if path is None:
        raise click.UsageError("Name a file, or give --schema.", click.get_current_context())
    if origin is None:
        raise click.UsageError(
            "Say what to make the recipe from: --from casaxps.", click.get_current_context()
        )
    return _from_casaxps(Path(path), output, select, values)


def _from_casaxps(path: Path, output: str, select: str | None, values: dict[str, Any]) -> int:
    from spectra_core.batch import STORED_FIT_OPTIONS
    from spectra_core.errors import ReadError
    from spectra_core.recipe import dump_recipe, recipe_from_model
    from spectra_core.stored_fit import has_stored_fit, stored_fit

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
