"""`doublet simulate`: synthetic spectra with known truth."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from spectra_core.errors import WriteError

from .border import Tally, note
from .options import POSITIVE, Whole
from .output import json_text, write_text

if TYPE_CHECKING:
    from spectra_core.recipe.text import Recipe
    from spectra_core.runs.simulate import Simulation

EPILOG = """\b
Examples:
  doublet simulate s2p.toml -o s2p.vms --truth s2p_truth.json --seed 7
  doublet simulate s2p.toml -o weak.vms --counts 1000

The recipe needs a value for every parameter and an active background; its [simulate] table gives
sample, step, dwell, scans, photon_energy, peak_counts and seed. More counts mean a longer dwell
time: areas (counts eV/s) and the truth stay as they are. The same recipe and seed give the same
file, byte for byte. Every spectrum says in the file that it is synthetic.
"""


@click.command("simulate", epilog=EPILOG)
@click.argument("recipe_file", metavar="RECIPE")
@click.option("-o", "--output", required=True, metavar="FILE", help="Spectra: .vms, .csv or .h5.")
@click.option("--truth", metavar="FILE", help="Write the true values as JSON ('-': print them).")
@click.option("--seed", type=Whole(min=0), metavar="N", help="Of the counting noise.")
@click.option(
    "--counts",
    type=POSITIVE,
    metavar="N",
    help="Expected counts of the highest channel, background included.",
)
def command(
    recipe_file: str, output: str, truth: str | None, seed: int | None, counts: float | None
) -> int:
    """Draw Poisson counts from the model of a recipe: one spectrum for each region."""
    from spectra_core.recipe.text import load_recipe
    from spectra_core.runs.simulate import simulate_recipe
    from spectra_core.writers import write

    recipe = load_recipe(recipe_file)
    simulation = simulate_recipe(recipe, seed=seed, peak_counts=counts)
    tally = Tally()
    write(output, simulation.spectra)
    tally.succeed()
    note(_summary(recipe, simulation, output))
    if truth is not None:
        try:
            write_text(truth, json_text(simulation.truth))
            if truth != "-":
                note(f"{truth}: the true values")
        except WriteError as error:
            tally.fail(error)
    return tally.exit_code


def _light(acquisition: dict[str, Any]) -> str:
    energy, laser = acquisition.get("photon_energy_ev"), acquisition.get("laser_nm")
    if energy is not None:
        return f"{energy:g} eV"
    return "Raman" if laser is None else f"Raman at {laser:g} nm"


def _summary(recipe: Recipe, simulation: Simulation, output: str) -> str:
    acquisition: dict[str, Any] = simulation.truth["acquisition"]
    unit = simulation.spectra[0].axis.unit
    lines = [
        f"{output}: {len(simulation.spectra)} synthetic "
        f"{'spectrum' if len(simulation.spectra) == 1 else 'spectra'}"
        f" (seed {simulation.truth['seed']}, {_light(acquisition)},"
        f" step {acquisition['step_ev']:g} {unit}, {acquisition['scans']:g} scans of"
        f" {acquisition['dwell_s']:.4g} s)"
    ]
    if recipe.simulate is None:
        lines.append("the recipe has no [simulate] table: these conditions are the usual ones")
    return "\n".join(lines)
