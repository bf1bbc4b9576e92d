"""`doublet demo`: the bundled example from counts to ratio, with the truth beside the result."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from .deliver import deliver
from .fit import progress_bar
from .output import json_text, make_folder, print_table, write_text

if TYPE_CHECKING:
    from spectra_core.batch import FitRecord

EXAMPLE = ("resources", "examples", "lpscl_cathode_s2p.toml")
FOLDER = "doublet-results/demo"

EPILOG = """\b
Examples:
  doublet demo
  doublet demo -o somewhere --seed 7

The spectrum is SYNTHETIC: Poisson counts of the model in the bundled recipe, which is copied to
the folder, so that the same can be done by hand:

\b
  doublet simulate doublet-results/demo/recipe.toml -o s2p.vms --truth truth.json
  doublet fit s2p.vms --recipe doublet-results/demo/recipe.toml -o results
"""


@click.command("demo", epilog=EPILOG)
@click.option("-o", "--output", default=FOLDER, show_default=True, metavar="DIR", help="Folder.")
@click.option("--seed", type=click.IntRange(min=0), metavar="N", help="Of the counting noise.")
def command(output: str, seed: int | None) -> int:
    """Simulate S 2p of an argyrodite (Li6PS5Cl) cathode and fit it, as `doublet fit` does."""
    from spectra_core.batch import run
    from spectra_core.datafiles import data_path
    from spectra_core.recipe import load_recipe
    from spectra_core.simulate import simulate_recipe
    from spectra_core.writers import write

    example = data_path(*EXAMPLE)
    recipe = load_recipe(example)
    folder = make_folder(output)
    simulation = simulate_recipe(recipe, seed=seed)
    spectrum_file = folder / "lpscl_cathode_s2p_synthetic.vms"
    write(spectrum_file, simulation.spectra)
    write_text(folder / "truth.json", json_text(simulation.truth))
    write_text(folder / "recipe.toml", example.read_text(encoding="utf-8"))
    click.echo(f"SYNTHETIC example: {recipe.title}\n")
    with progress_bar() as progress:
        done = run([spectrum_file], recipe=recipe, progress=progress)
    code = deliver(done, folder=folder, json_file=None, formats=None)
    for record in done.fits:
        click.echo("\nfitted value beside the truth of the simulation:")
        print_table(
            ("parameter", ">fitted", ">std. error", ">truth", ">off by", "unit"),
            _comparison(record, simulation.truth),
        )
    return code


def _comparison(record: FitRecord, truth: Any) -> list[list[str]]:
    rows = []
    result = record.result
    for region in result.model.regions:
        for doublet in region.doublets:
            for name in ("center", "fwhm", "area"):
                path = f"{region.name}/{doublet.id}/{name}"
                true_path = path if name == "area" else f"{region.name}/{doublet.major}/{name}"
                true = truth["parameters"][true_path]
                estimate = result.estimate(path)
                label = f"{doublet.id} {'area of both lines' if name == 'area' else name}"
                row = _row(label, estimate.value, estimate.stderr, true["value"], true["unit"])
                rows.append(row)
    for ratio, true in zip(record.ratios, truth["ratios"], strict=True):
        rows.append(_row(ratio.name, ratio.value, ratio.stderr, true["value"], ""))
    return rows


def _row(
    label: str, value: float | None, stderr: float | None, truth: float | None, unit: str
) -> list[str]:
    if value is None or truth is None:
        return [label, "-", "-", "-", "-", unit]
    off = f"{(value - truth) / stderr:+.1f} s.e." if stderr else "-"
    error = f"{stderr:.2g}" if stderr else "-"
    return [label, f"{value:.6g}", error, f"{truth:.6g}", off, unit]
