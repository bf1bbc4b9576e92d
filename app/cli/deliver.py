"""From a run to what the user gets: table, JSON, results folder, failures, exit code."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from spectra_core.errors import SpectraError
from spectra_core.export.formats import ExportOptions, export_steps, written_kinds
from spectra_core.recipe.formats import DEFAULT_FORMATS

from .border import Tally, note
from .output import json_text, make_folder, write_text

if TYPE_CHECKING:
    from spectra_core.runs.batch import Run


def deliver(
    run: Run,
    *,
    folder: Path | None,
    json_file: str | None,
    formats: tuple[str, ...] | None,
    show_table: bool = True,
    options: ExportOptions | None = None,
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
    show_table : bool
        Print every fit; False where the caller prints something shorter.
    options : ExportOptions
        Of reports and figures.
    """
    tally = _counted(run)
    if show_table and json_file != "-" and run.fits:
        from spectra_core.results.table import text_table

        click.echo(text_table(run))
    if json_file is not None:
        from spectra_core.results.document import results_document

        try:
            write_text(json_file, json_text(results_document(run)))
        except SpectraError as error:
            tally.fail(error)
    if folder is not None and run.fits:
        write_files(
            run, make_folder(folder), formats or _recipe_formats(run), tally, options=options
        )
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
    return run.recipe.report.formats if run.recipe is not None else DEFAULT_FORMATS


def write_files(
    run: Run,
    folder: Path,
    formats: Sequence[str],
    tally: Tally,
    *,
    options: ExportOptions | None = None,
) -> None:
    """Write results, curves, figures and reports; one that cannot be written stops no other."""
    from spectra_core.results.names import file_stems

    written = 0
    for write in export_steps(run, folder, formats, options=options, say=note):
        try:
            write()
            written += 1
        except SpectraError as error:
            tally.fail(error)
    if written:
        note(f"written to {folder}: {', '.join(written_kinds(formats, len(file_stems(run))))}")
