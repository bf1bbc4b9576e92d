"""From a run to what the person gets: table, JSON, results folder, failures, exit code."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from spectra_core.errors import SpectraError

from .border import Tally, note
from .output import json_text, make_folder, write_text

if TYPE_CHECKING:
    from spectra_core.batch import FitRecord, Run
    from spectra_core.fit import RegionFit

FIGURES = ("png", "svg")
FORMATS = ("json", "csv", *FIGURES)


def deliver(
    run: Run, *, folder: Path | None, json_file: str | None, formats: tuple[str, ...] | None
) -> int:
    """Print and write what a run gave; return the exit code.

    Parameters
    ----------
    run : Run
    folder : Path or None
        Where files go; None writes none.
    json_file : str or None
        ``"-"``: the results document is all that goes to standard output.
    formats : tuple of str or None
        None: as the recipe says.
    """
    tally = _counted(run)
    if json_file != "-" and run.fits:
        from spectra_core.results import text_table

        click.echo(text_table(run))
    if json_file is not None:
        from spectra_core.results import results_document

        try:
            write_text(json_file, json_text(results_document(run)))
        except SpectraError as error:
            tally.fail(error)
    if folder is not None and run.fits:
        _write_files(run, make_folder(folder), formats or _recipe_formats(run), tally)
    return tally.exit_code


def _counted(run: Run) -> Tally:
    """Say every failure, and sum up what was left out on purpose."""
    tally = Tally()
    tally.succeed(len(run.fits))
    for failure in run.failures:
        tally.fail(str(failure))
    for record in run.fits:
        if record.result.status.value in ("not_converged", "failed"):
            tally.fail(
                f"{record.file}: {record.sample}: the fit did not converge"
                f" ({record.result.message}); its numbers are marked so."
            )
    if run.interrupted:
        tally.fail(f"stopped; {len(run.fits)} finished fits are kept.")
    reasons = Counter(skipped.message for skipped in run.skipped if run.fits)
    for reason, count in reasons.items():
        note(f"left out: {count} x {reason}" if count > 1 else f"left out: {reason}")
    return tally


def _recipe_formats(run: Run) -> tuple[str, ...]:
    return run.recipe.report.formats if run.recipe is not None else FORMATS


def _write_files(run: Run, folder: Path, formats: Sequence[str], tally: Tally) -> None:
    """Write results, curves and figures; a file that cannot be written stops no other."""
    from spectra_core.results import file_stems

    stems = file_stems(run)
    written = 0
    for write in _steps(run, folder, formats, stems):
        try:
            write()
            written += 1
        except SpectraError as error:
            tally.fail(error)
    if written:
        note(f"written to {folder}: {', '.join(_kinds(formats, len(stems)))}")


def _steps(
    run: Run, folder: Path, formats: Sequence[str], stems: Mapping[tuple[str, str], str]
) -> Iterator[Callable[[], object]]:
    """Yield the calls that write one file each."""
    from spectra_core.results import write_curves_csv, write_results

    if "json" in formats:
        yield partial(write_results, run, folder / "results.json")
    drawn = tuple(name for name in formats if name in FIGURES)
    for record in run.fits:
        for region in record.result.regions:
            stem = stems[record.id, region.name]
            if "csv" in formats:
                yield partial(write_curves_csv, folder / f"{stem}_curves.csv", record, region)
            if drawn:
                yield partial(_write_figure, folder / f"{stem}_fit", record, region, drawn)


def _kinds(formats: Sequence[str], n_regions: int) -> list[str]:
    kinds = ["results.json"] if "json" in formats else []
    files = {"csv": "curves (csv)", "png": "figure (png)", "svg": "figure (svg)"}
    return kinds + [f"{n_regions} x {files[name]}" for name in formats if name in files]


def _write_figure(stem: Path, record: FitRecord, region: RegionFit, formats: Sequence[str]) -> None:
    from spectra_core.figures import fit_figure, save_figure

    figure = fit_figure(region, record.result)
    for name in formats:
        save_figure(figure, stem.with_name(f"{stem.name}.{name}"))
