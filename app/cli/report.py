"""`doublet report`: the report of a saved project, without fitting anything again."""

from __future__ import annotations

from functools import partial
from typing import Any

import click

from spectra_core.errors import FitError
from spectra_core.export.formats import ExportOptions
from spectra_core.recipe.formats import FORMATS

from .border import Tally
from .deliver import write_files
from .fit import (
    figure_width_option,
    formats_option,
    panel_options,
    panel_values,
    template_option,
)
from .output import check_folder, make_folder

DEFAULT_FOLDER = "doublet-report"
REPORT_DEFAULTS = ("html", "pdf", "docx", "xlsx", "json")

EPILOG = f"""\b
Examples:
  doublet report work.doublet -o report
  doublet report work.doublet --formats pdf,figure-pdf --figure-width column -o figures
  doublet report work.doublet --formats svg --panels sample -o figures
  doublet report work.doublet --formats crate --license CC-BY-4.0 -o archive

Formats: {", ".join(FORMATS)}.
The numbers are those saved with the project: nothing is fitted. An analysis whose model or data
changed after its fit is reported with the fit it has, and said so.
"""


@click.command("report", epilog=EPILOG)
@click.argument("project", metavar="PROJECT")
@click.option(
    "-o", "--output", default=DEFAULT_FOLDER, show_default=True, metavar="DIR", help="Folder."
)
@formats_option
@template_option
@figure_width_option
@panel_options
@click.option(
    "--license",
    default="",
    metavar="TEXT",
    help="Of the RO-Crate (crate): an address or words. Left out: none is stated.",
)
def command(project: str, output: str, **values: Any) -> int:
    """Write the report of a saved project."""
    from spectra_core.project.file import load_project, save_project
    from spectra_core.project.project import is_stale
    from spectra_core.project.recipes import run_from_project

    folder = check_folder(output)
    saved = load_project(project)
    run = run_from_project(saved)
    if not run.fits:
        raise FitError(
            "no analysis of this project has been fitted, so there is nothing to report.",
            hint="Fit it first, or use `doublet fit`.",
            where=project,
        )
    tally = Tally()
    tally.succeed(len(run.fits))
    notes = [text for text in saved.notes.values() if text.strip()]
    for key, analysis in saved.analyses.items():
        if analysis.stored is None:
            tally.fail(f"{project}: {analysis.label}: not fitted, so not in the report.")
        elif is_stale(saved, key):
            note = f"{analysis.label}: the model or the data changed after this fit."
            notes.append(note)
            tally.fail(f"{project}: {note} Fit it again.")
    options = ExportOptions(
        values["template"],
        values["figure_width"],
        saved.settings.title,
        tuple(notes),
        saved.checklist,
        license=values["license"].strip(),
        spectra=tuple(saved.spectra.values()),
        keep_project=partial(save_project, saved),
        **panel_values(values),
    )
    write_files(
        run, make_folder(folder), values["formats"] or REPORT_DEFAULTS, tally, options=options
    )
    return tally.exit_code
