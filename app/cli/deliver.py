"""From a run to what the person gets: table, JSON, results folder, failures, exit code."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
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

FIGURES = {"png": ".png", "svg": ".svg", "figure-pdf": ".pdf"}  # format -> suffix
REPORTS = ("html", "pdf", "docx", "xlsx")
EXCHANGE = {"nexus": "results.nxs", "vamas": "results.vms"}  # format -> file for the run
FORMATS = ("json", "csv", *FIGURES, *REPORTS, *EXCHANGE)
DEFAULT_FORMATS = ("json", "csv", "png", "svg")


@dataclass(frozen=True)
class Look:
    """How reports and figures look, and what the person adds to a report.

    Attributes
    ----------
    template : str or None
        The person's own template; None: the shipped one.
    figure_width_mm : float or None
        Of figures in files of their own; None: between a column and a page.
    title : str
        Of the report; left out: the recipe's.
    notes : tuple of str
        Paragraphs of the person's own.
    entries : mapping of str to str
        Their answers to the checklist.
    """

    template: str | None = None
    figure_width_mm: float | None = None
    title: str = ""
    notes: tuple[str, ...] = ()
    entries: Mapping[str, str] = field(default_factory=dict)


def deliver(
    run: Run,
    *,
    folder: Path | None,
    json_file: str | None,
    formats: tuple[str, ...] | None,
    show_table: bool = True,
    look: Look = Look(),
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
    look : Look
        Of reports and figures.
    """
    tally = _counted(run)
    if show_table and json_file != "-" and run.fits:
        from spectra_core.results import text_table

        click.echo(text_table(run))
    if json_file is not None:
        from spectra_core.results import results_document

        try:
            write_text(json_file, json_text(results_document(run)))
        except SpectraError as error:
            tally.fail(error)
    if folder is not None and run.fits:
        write_files(run, make_folder(folder), formats or _recipe_formats(run), tally, look=look)
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
    run: Run, folder: Path, formats: Sequence[str], tally: Tally, *, look: Look = Look()
) -> None:
    """Write results, curves, figures and reports; one that cannot be written stops no other."""
    from spectra_core.results import file_stems

    stems = file_stems(run)
    written = 0
    for write in (
        *_steps(run, folder, formats, stems, look),
        *_reports(run, folder, formats, look),
    ):
        try:
            write()
            written += 1
        except SpectraError as error:
            tally.fail(error)
    if written:
        note(f"written to {folder}: {', '.join(_kinds(formats, len(stems)))}")


def _steps(
    run: Run,
    folder: Path,
    formats: Sequence[str],
    stems: Mapping[tuple[str, str], str],
    look: Look,
) -> Iterator[Callable[[], object]]:
    """Yield the calls that write one file each."""
    from spectra_core.results import write_curves_csv, write_results

    if "json" in formats:
        yield partial(write_results, run, folder / "results.json")
    yield from _exchange(run, folder, formats)
    drawn = tuple(name for name in formats if name in FIGURES)
    for record in run.fits:
        for region in record.result.regions:
            stem = stems[record.id, region.name]
            if "csv" in formats:
                yield partial(write_curves_csv, folder / f"{stem}_curves.csv", record, region)
            if drawn:
                place = folder / f"{stem}_fit"
                yield partial(_write_figure, place, record, region, drawn, look.figure_width_mm)


def _exchange(run: Run, folder: Path, formats: Sequence[str]) -> Iterator[Callable[[], object]]:
    """Yield the calls that write the run for other programs, one file each."""
    if "nexus" in formats:
        from spectra_core.nexus import write_fits_nexus

        yield partial(write_fits_nexus, run, folder / EXCHANGE["nexus"])
    if "vamas" in formats:
        yield partial(_write_vamas, run, folder / EXCHANGE["vamas"])


def _write_vamas(run: Run, path: Path) -> None:
    """Write the fits as CasaXPS keeps them, and say what it cannot keep, each kind once."""
    from spectra_core.casaxps_write import write_fits_vamas

    kinds: dict[str, list[str]] = {}
    for casa in write_fits_vamas(run, path):
        kinds.setdefault(casa.code, []).append(casa.message)
    for messages in kinds.values():
        more = f" (and {len(messages) - 1} more like this)" if len(messages) > 1 else ""
        note(f"{path.name}: {messages[0]}{more}")


def _reports(
    run: Run, folder: Path, formats: Sequence[str], look: Look
) -> Iterator[Callable[[], object]]:
    """Yield the calls that write one report each; what they say is put together once."""
    wanted = [name for name in formats if name in REPORTS]
    if not wanted:
        return
    from spectra_core.report import build_report, write_report
    from spectra_core.report.template import load_template

    template = load_template(look.template)
    today = datetime.now(UTC).date().isoformat()
    report = build_report(run, title=look.title, made=today, notes=look.notes, entries=look.entries)
    for name in wanted:
        yield partial(write_report, report, folder / f"report.{name}", template=template)


def _kinds(formats: Sequence[str], n_regions: int) -> list[str]:
    kinds = ["results.json"] if "json" in formats else []
    kinds += [EXCHANGE[name] for name in formats if name in EXCHANGE]
    files = {"csv": "curves (csv)"} | {
        name: f"figure ({suffix.removeprefix('.')})" for name, suffix in FIGURES.items()
    }
    kinds += [f"{n_regions} x {files[name]}" for name in formats if name in files]
    return kinds + [f"report.{name}" for name in formats if name in REPORTS]


def _write_figure(
    stem: Path,
    record: FitRecord,
    region: RegionFit,
    formats: Sequence[str],
    width_mm: float | None,
) -> None:
    from spectra_core.figures import fit_figure, save_figure

    figure = fit_figure(region, record.result, width_mm=width_mm)
    for name in formats:
        save_figure(figure, stem.with_name(f"{stem.name}{FIGURES[name]}"))
