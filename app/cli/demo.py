"""`doublet demo`: the founding paper's ratio table from synthetic replicas of its spectra."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import click

from .deliver import deliver
from .fit import progress_bar
from .options import Whole
from .output import json_text, make_folder, print_table, write_text

if TYPE_CHECKING:
    from spectra_core.recipe.text import Recipe
    from spectra_core.runs.batch import Run
    from spectra_core.uncertainty.ratios import Ratio

EXAMPLES = ("resources", "examples")
FIT_RECIPE = "su2025_fig5_fit.toml"
FOLDER = "doublet-results/demo"
DEMO_FORMATS = ("json", "csv", "png", "svg", "html", "pdf")

# Replica, cell and state, and the library's observation of what the paper prints for it.
CELLS = (
    ("su2025_fig5_bare_charged", "bare, charged 4.3 V", "su2025/t1-bare-charged"),
    ("su2025_fig5_bare_discharged", "bare, discharged 2.8 V", "su2025/t1-bare-discharged"),
    ("su2025_fig5_coated_charged", "coated, charged 4.3 V", "su2025/t1-coated-charged"),
    ("su2025_fig5_coated_discharged", "coated, discharged 2.8 V", "su2025/t1-coated-discharged"),
)
PRINTED_SPLITTINGS = {"PS4": 1.3, "intermediate": 1.1}

EPILOG = """\b
Examples:
  doublet demo
  doublet demo -o somewhere --seed 7

The four spectra are SYNTHETIC: Poisson counts of the models in the bundled recipes, copied to the
folder with the recipe they are fitted with, so that the same can be done by hand:

\b
  doublet fit doublet-results/demo/*.vms --recipe doublet-results/demo/su2025_fig5_fit.toml
"""


@click.command("demo", epilog=EPILOG)
@click.option("-o", "--output", default=FOLDER, show_default=True, metavar="DIR", help="Folder.")
@click.option("--seed", type=Whole(min=0), metavar="N", help="Other counting noise than bundled.")
def command(output: str, seed: int | None) -> int:
    """Fit synthetic replicas of Su et al. 2025, Fig. 5f-i, and print the paper's Table 1.

    The table is the area ratio intermediate : PS4 of four S 2p spectra, with intervals, beside
    the value that the paper prints and the truth of the simulation.
    """
    from spectra_core.datafiles import data_path
    from spectra_core.recipe.text import load_recipe
    from spectra_core.runs.batch import run

    folder = make_folder(output)
    recipe_file = data_path(*EXAMPLES, FIT_RECIPE)
    shutil.copy(recipe_file, folder / FIT_RECIPE)
    recipe = load_recipe(recipe_file)
    truths = [_put(name, folder, seed) for name, _, _ in CELLS]
    files = [folder / f"{name}.vms" for name, _, _ in CELLS]
    with progress_bar() as progress:
        done = run(files, recipe=recipe, progress=progress)
        printed = run(files, recipe=_with_printed_splittings(recipe))
    click.echo(
        "Area ratio intermediate (-P-Sn-P- and S-S) : PS4, S 2p, from four SYNTHETIC replicas"
    )
    click.echo(
        "of Fig. 5f-i of Su et al. 2025 (doi 10.1002/adfm.202509820), the paper's Table 1.\n"
    )
    _print_ratios(done, truths)
    _print_printed_splittings(done, printed, truths)
    click.echo("")
    return deliver(done, folder, DEMO_FORMATS)


def _put(name: str, folder: Path, seed: int | None) -> float:
    """Put a replica and its truth into the folder; return the true ratio."""
    from spectra_core.datafiles import data_path
    from spectra_core.recipe.text import load_recipe
    from spectra_core.runs.simulate import simulate_recipe
    from spectra_core.writers import write

    simulation = simulate_recipe(load_recipe(data_path(*EXAMPLES, f"{name}.toml")), seed=seed)
    if seed is None:
        shutil.copy(data_path(*EXAMPLES, f"{name}.vms"), folder / f"{name}.vms")
    else:
        write(folder / f"{name}.vms", simulation.spectra)
    write_text(folder / f"{name}_truth.json", json_text(simulation.truth))
    return float(simulation.truth["ratios"][0]["value"])


def _with_printed_splittings(recipe: Recipe) -> Recipe:
    """Return the recipe with the splittings that the paper prints, and counting errors alone."""
    from spectra_core.recipe.compile import counting_alone

    region = recipe.region[0]
    components = tuple(
        entry.model_copy(update={"splitting": PRINTED_SPLITTINGS[entry.label]})
        for entry in region.component
    )
    regions = (region.model_copy(update={"component": components}),)
    return counting_alone(recipe.model_copy(update={"region": regions}))


def _print_ratios(done: Run, truths: list[float]) -> None:
    rows = []
    for (_, cell, observation), truth, ratio in zip(CELLS, truths, _ratios(done), strict=True):
        budget = ratio.budget
        rows.append(
            (
                cell,
                _printed_value(observation),
                f"{truth:.4g}",
                f"{ratio.value:.3f}",
                _interval(ratio.interval),
                _interval(ratio.total_interval),
                *(_error(row) for row in (budget.counting, budget.background, budget.model)),
                _inside(truth, ratio),
            )
        )
    print_table(
        (
            "cell",
            ">paper",
            ">truth",
            ">fitted",
            "95 % counting",
            "95 % all rows",
            ">u counting",
            ">u background",
            ">u model",
            "truth inside",
        ),
        rows,
    )


def _print_printed_splittings(done: Run, printed: Run, truths: list[float]) -> None:
    click.echo("\nFitted with the splittings that the paper prints for these figures (PS4 1.3 eV,")
    click.echo("intermediate 1.1 eV) in place of 1.18 eV, the same spectra would have given:\n")
    rows = [
        (
            cell,
            f"{truth:.4g}",
            f"{right.value:.3f}",
            f"{wrong.value:.3f}",
            f"{100 * (wrong.value / right.value - 1):+.1f} %",
        )
        for (_, cell, _), truth, right, wrong in zip(
            CELLS, truths, _ratios(done), _ratios(printed), strict=True
        )
        if right.value and wrong.value
    ]
    print_table(("cell", ">truth", ">1.18 eV", ">as printed", ">off by"), rows)
    for warning in printed.fits[0].warnings:
        if warning.code == "splitting_wrong":
            click.echo(f"\nThe referee's note on the first of them: {warning.message}")


def _ratios(run: Run) -> list[Ratio]:
    return [ratio for record in run.fits for ratio in record.ratios]


def _printed_value(observation: str) -> str:
    from spectra_core.library import load_library

    return load_library().all_observations[observation].values[0]


def _interval(interval: tuple[float, float] | None) -> str:
    from spectra_core.results.table import interval_ends

    return "-" if interval is None else " to ".join(interval_ends(interval))


def _error(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"


def _inside(truth: float, ratio: Ratio) -> str:
    interval = ratio.best_interval
    if interval is None:
        return "-"
    return "yes" if interval[0] <= truth <= interval[1] else "no"
