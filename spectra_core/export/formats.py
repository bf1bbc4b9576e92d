"""Everything a run can be written as: one table of formats for the command line and the window.

`export_steps` gives the calls that write one file each, so that the caller can count them, show
progress, stop between two of them, and go on where one cannot be written. Nothing heavy is
imported before a call is made.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import SpectraError

if TYPE_CHECKING:
    from ..fitting import RegionFit
    from ..runs.records import FitRecord, Run

FIGURES = {"png": ".png", "svg": ".svg", "figure-pdf": ".pdf"}  # format -> suffix
REPORTS = ("html", "pdf", "docx", "xlsx")
EXCHANGE = {"nexus": "results.nxs", "vamas": "results.vms"}  # format -> file for the run

Say = Callable[[str], None]


@dataclass(frozen=True)
class ExportOptions:
    """How reports and figures look, and what the user adds to a report.

    Attributes
    ----------
    template : str or None
        The user's own template; None: the shipped one.
    figure_width_mm : float or None
        Of figures in files of their own; None: between a column and a page.
    title : str
        Of the report; left out: the recipe's.
    notes : tuple of str
        Paragraphs of the user's own.
    entries : mapping of str to str
        Their answers to the checklist.
    """

    template: str | None = None
    figure_width_mm: float | None = None
    title: str = ""
    notes: tuple[str, ...] = ()
    entries: Mapping[str, str] = field(default_factory=dict)


def export_steps(
    run: Run,
    folder: Path,
    formats: Sequence[str],
    *,
    options: ExportOptions | None = None,
    say: Say = print,
) -> Iterator[Callable[[], object]]:
    """Yield the calls that write one file each.

    Parameters
    ----------
    run : Run
    folder : Path
        An existing folder.
    formats : sequence of str
        Of `spectra_core.recipe.formats.FORMATS`.
    options : ExportOptions or None
    say : callable
        Gets what a format could not keep, in sentences.
    """
    from ..results.curves import write_curves_csv
    from ..results.document import write_results
    from ..results.names import file_stems

    options = options or ExportOptions()
    stems = file_stems(run)

    if "json" in formats:
        yield partial(write_results, run, folder / "results.json")
    yield from _exchange(run, folder, formats, say)
    drawn = tuple(name for name in formats if name in FIGURES)
    for record in run.fits:
        for region in record.result.regions:
            stem = stems[record.id, region.name]
            if "csv" in formats:
                yield partial(write_curves_csv, folder / f"{stem}_curves.csv", record, region)
            if drawn:
                place = folder / f"{stem}_fit"
                yield partial(_write_figure, place, record, region, drawn, options.figure_width_mm)
    yield from _reports(run, folder, formats, options)


def _exchange(
    run: Run, folder: Path, formats: Sequence[str], say: Say
) -> Iterator[Callable[[], object]]:
    """Yield the calls that write the run for other programs, one file each."""
    if "nexus" in formats:
        from .nexus import write_fits_nexus

        yield partial(write_fits_nexus, run, folder / EXCHANGE["nexus"])
    if "vamas" in formats:
        yield partial(_write_vamas, run, folder / EXCHANGE["vamas"], say)


def _write_vamas(run: Run, path: Path, say: Say) -> None:
    """Write the fits as CasaXPS keeps them, and say what it cannot keep, each kind once."""
    from .casaxps import write_fits_vamas

    kinds: dict[str, list[str]] = {}
    for casa in write_fits_vamas(run, path):
        kinds.setdefault(casa.code, []).append(casa.message)
    for messages in kinds.values():
        more = f" (and {len(messages) - 1} more like this)" if len(messages) > 1 else ""
        say(f"{path.name}: {messages[0]}{more}")


def _reports(
    run: Run, folder: Path, formats: Sequence[str], options: ExportOptions
) -> Iterator[Callable[[], object]]:
    """Yield the calls that write one report each; what they say is put together once."""
    wanted = [name for name in formats if name in REPORTS]
    if not wanted:
        return
    from ..report import build_report, write_report
    from ..report.template import load_template

    template = load_template(options.template)
    today = datetime.now(UTC).date().isoformat()
    report = build_report(
        run, title=options.title, made=today, notes=options.notes, entries=options.entries
    )
    for name in wanted:
        yield partial(write_report, report, folder / f"report.{name}", template=template)


def written_kinds(formats: Sequence[str], n_regions: int) -> list[str]:
    """Return what was written, in words."""
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
    from ..results.figures import fit_figure, save_figure

    figure = fit_figure(region, record.result, width_mm=width_mm)
    for name in formats:
        save_figure(figure, stem.with_name(f"{stem.name}{FIGURES[name]}"))


def export_run(
    run: Run,
    folder: Path,
    formats: Sequence[str],
    *,
    options: ExportOptions | None = None,
    progress: Callable[[int, int, str], None] | None = None,
    should_stop: Callable[[], bool] | None = None,
) -> tuple[int, list[str]]:
    """Write a run in several formats; what cannot be written stops no other.

    Returns
    -------
    written : int
        How many steps wrote their file.
    problems : list of str
        What could not be written or kept, in sentences.
    """
    folder.mkdir(parents=True, exist_ok=True)
    problems: list[str] = []
    steps = list(export_steps(run, folder, formats, options=options, say=problems.append))
    written = 0
    for number, write in enumerate(steps):
        if should_stop is not None and should_stop():
            break
        if progress is not None:
            progress(number, len(steps), folder.name)
        try:
            write()
            written += 1
        except SpectraError as error:
            problems.append(str(error))
    return written, problems
