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
BOTH_RECIPE = "su2025_fig5_both.toml"
PROJECT = "fig5.doublet"
RAMAN = "su2025_fig5_raman_"
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
  doublet demo --raman

The four spectra are SYNTHETIC: Poisson counts of the models in the bundled recipes, copied to the
folder with the recipe they are fitted with, so that the same can be done by hand:

\b
  doublet fit doublet-results/demo/*.vms --recipe doublet-results/demo/su2025_fig5_fit.toml
"""


@click.command("demo", epilog=EPILOG)
@click.option("-o", "--output", default=FOLDER, show_default=True, metavar="DIR", help="Folder.")
@click.option("--seed", type=Whole(min=0), metavar="N", help="Other counting noise than bundled.")
@click.option("--raman", is_flag=True, help="Raman of Fig. 5j-k beside it, in one table.")
def command(output: str, seed: int | None, raman: bool) -> int:
    """Fit synthetic replicas of Su et al. 2025, Fig. 5f-i, and print the paper's Table 1.

    The table is the area ratio intermediate : PS4 of four S 2p spectra, with intervals, beside
    the value that the paper prints and the truth of the simulation. With --raman the band at
    470 cm-1 of four Raman spectra stands beside it, in one table, one report and one project.
    """
    folder = make_folder(output)
    return _both(folder, seed) if raman else _table_1(folder, seed)


def _table_1(folder: Path, seed: int | None) -> int:
    from spectra_core.datafiles import data_path
    from spectra_core.recipe.text import load_recipe
    from spectra_core.runs.batch import run

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


def _both(folder: Path, seed: int | None) -> int:
    """Fit S 2p and Raman spectra of each cell in one model; write one report and one project."""
    from spectra_core.datafiles import data_path
    from spectra_core.project.file import save_project
    from spectra_core.project.recipes import project_from_run
    from spectra_core.recipe.text import load_recipe
    from spectra_core.runs.batch import run

    recipe_file = data_path(*EXAMPLES, BOTH_RECIPE)
    shutil.copy(recipe_file, folder / BOTH_RECIPE)
    cells = [name.removeprefix("su2025_fig5_") for name, _, _ in CELLS]
    truths = [_put_both(cell, folder, seed) for cell in cells]
    files = [folder / f"su2025_fig5_{cell}_both.h5" for cell in cells]
    with progress_bar() as progress:
        done = run(files, recipe=load_recipe(recipe_file), progress=progress)
    click.echo("S 2p (intermediate : PS4) and Raman (470 cm-1 : both modes of the oxide) of four")
    click.echo("SYNTHETIC cells after Fig. 5f-k of Su et al. 2025 (doi 10.1002/adfm.202509820).\n")
    _print_both(done, truths)
    click.echo(
        "\nThe paper prints no number of its Raman spectra: the truth of 470 : NCM follows its"
        " words.\nA ratio of Raman areas is no ratio of amounts, and the two techniques see other"
        " depths.\n"
    )
    save_project(project_from_run(done), folder / PROJECT)
    click.echo(f"Both techniques in one project: {folder / PROJECT}\n")
    return deliver(done, folder, DEMO_FORMATS)


def _put_both(cell: str, folder: Path, seed: int | None) -> tuple[float, ...]:
    """Put the spectra of a cell and their truths into the folder; return both true ratios."""
    from spectra_core.datafiles import data_path
    from spectra_core.recipe.text import load_recipe
    from spectra_core.runs.simulate import simulate_recipe
    from spectra_core.writers import write

    recipes = [data_path(*EXAMPLES, f"{start}{cell}.toml") for start in ("su2025_fig5_", RAMAN)]
    made = [simulate_recipe(load_recipe(recipe), seed=seed) for recipe in recipes]
    write(folder / f"su2025_fig5_{cell}_both.h5", [s for one in made for s in one.spectra])
    for recipe, one in zip(recipes, made, strict=True):
        write_text(folder / f"{recipe.stem}_truth.json", json_text(one.truth))
    return tuple(float(one.truth["ratios"][0]["value"]) for one in made)


def _print_both(done: Run, truths: list[tuple[float, ...]]) -> None:
    rows = [
        (
            cell,
            *(
                words
                for truth, ratio in zip(true, record.ratios, strict=True)
                for words in (f"{truth:.4g}", *_told(ratio), _inside(truth, ratio))
            ),
        )
        for (_, cell, _), true, record in zip(CELLS, truths, done.fits, strict=True)
    ]
    each = (">truth", ">fitted", "95 % all rows", "inside")
    print_table(("cell", *(f"{word} {name}" for name in ("S 2p", "470") for word in each)), rows)


def _told(ratio: Ratio) -> tuple[str, str]:
    """Return value and interval of a ratio, or that there is only a limit."""
    if ratio.value is None:
        limit = "-" if ratio.upper_limit is None else f"< {ratio.upper_limit:.2g}"
        return "not detected", limit
    return f"{ratio.value:.3g}", _interval(ratio.best_interval)


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
    if ratio.value is None and ratio.upper_limit is not None:
        return "yes" if truth <= ratio.upper_limit else "no"
    if interval is None:
        return "-"
    return "yes" if interval[0] <= truth <= interval[1] else "no"
