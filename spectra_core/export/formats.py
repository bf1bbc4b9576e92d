"""Everything a run can be written as: one table of formats for the command line and the window.

`export_steps` gives the steps that write one file each, so that the caller can count them, show
progress, stop between two of them, and go on where one cannot be written. Nothing heavy is
imported before a call is made.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import ShouldStop, in_words

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from ..fitting import RegionFit
    from ..report import Report
    from ..results.panels import By
    from ..runs.records import Finished, FitRecord, Run
    from ..spectrum import Spectrum

FIGURES = {"png": ".png", "svg": ".svg", "figure-pdf": ".pdf"}  # format -> suffix
REPORTS = ("html", "pdf", "docx", "xlsx", "bib", "ris")
RESULTS, PANELS, REVIEW = "results.json", "panels", "review.html"
CRATE = "ro-crate.zip"
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
    panels : {"sample", "region"} or None
        Write the figures of all fits as one, too: what a row of its grid of panels is.
    columns : int or None
        Of a grid that would have one column; None: as many as are wide enough.
    same_height : bool
        Whether the panels of one region have one axis of counts.
    history : tuple of str
        What the user did, step by step, for the reviewer's page.
    license : str
        Of an RO-Crate: an address or words of the user; empty states none.
    spectra : tuple of Spectrum
        What an RO-Crate holds; empty: those that were fitted.
    keep_project : callable or None
        Writes the project file of an RO-Crate to the path it is given.
    """

    template: str | None = None
    figure_width_mm: float | None = None
    title: str = ""
    notes: tuple[str, ...] = ()
    entries: Mapping[str, str] = field(default_factory=dict)
    panels: By | None = None
    columns: int | None = None
    same_height: bool = False
    history: tuple[str, ...] = ()
    license: str = ""
    spectra: tuple[Spectrum, ...] = ()
    keep_project: Callable[[Path], object] | None = None


@dataclass(frozen=True, eq=False)
class Step:
    """One file to be written: what it is, in words, and the call that writes it."""

    kind: str
    write: Callable[[], object]

    def problem(self) -> str:
        """Write it; return what went wrong as a sentence, empty if nothing did."""
        try:
            self.write()
        except Exception as error:  # noqa: BLE001 - one file must not take the others with it
            return in_words(error, f"{self.kind} could not be written")
        return ""


def export_steps(
    run: Run,
    folder: Path,
    formats: Sequence[str],
    *,
    options: ExportOptions | None = None,
    say: Say = print,
) -> Iterator[Step]:
    """Yield the steps that write one file each.

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
    from ..results.document import write_results
    from ..results.names import file_stems

    options = options or ExportOptions()
    stems = file_stems(run)
    if "json" in formats:
        yield Step(RESULTS, partial(write_results, run, folder / RESULTS))
    for record in run.fits:
        own = [stems[record.id, region.name] for region in record.model.regions]
        yield from fit_steps(record, own, folder, formats, options)
    yield from run_steps(run, folder, formats, options=options, say=say)


def fit_steps(
    record: Finished,
    stems: Sequence[str],
    folder: Path,
    formats: Sequence[str],
    options: ExportOptions,
) -> Iterator[Step]:
    """Yield the steps that write the files of one fit: curves and figures of each region.

    Parameters
    ----------
    record : FitRecord or RowRecord
    stems : sequence of str
        What the names of the files of each region begin with.
    folder, formats, options
        As for `export_steps`.
    """
    if "csv" in formats:
        from ..results.curves import write_curves_csv

        for region, stem in zip(record.regions, stems, strict=True):
            path = os.path.join(folder, f"{stem}_curves.csv")
            yield Step("curves (csv)", partial(write_curves_csv, path, record, region))
    if any(name in FIGURES for name in formats):
        yield from _figure_steps(record.whole(), stems, folder, formats, options)


def _figure_steps(
    record: FitRecord,
    stems: Sequence[str],
    folder: Path,
    formats: Sequence[str],
    options: ExportOptions,
) -> Iterator[Step]:
    """Yield the steps that write the figures of one fit; each is drawn once."""
    for region, stem in zip(record.regions, stems, strict=True):
        draw = cache(partial(_figure, record, region, options.figure_width_mm))
        for name in formats:
            if name in FIGURES:
                path = folder / f"{stem}_fit{FIGURES[name]}"
                kind = f"figure ({path.suffix.removeprefix('.')})"
                yield Step(kind, partial(_write_figure, draw, path))


def run_steps(
    run: Run,
    folder: Path,
    formats: Sequence[str],
    *,
    options: ExportOptions | None = None,
    say: Say = print,
) -> Iterator[Step]:
    """Yield the steps that write one file for the whole run, the results themselves left out."""
    if "nexus" in formats:
        from .nexus import write_fits_nexus

        path = folder / EXCHANGE["nexus"]
        yield Step(path.name, partial(write_fits_nexus, run, path))
    if "vamas" in formats:
        path = folder / EXCHANGE["vamas"]
        yield Step(path.name, partial(_write_vamas, run, path, say))
    options = options or ExportOptions()
    if options.panels is not None:
        yield from _panel_steps(run, folder, formats, options)
    report = cache(partial(_report, run, options))
    yield from _reports(report, folder, formats, options)
    if "review" in formats:
        yield Step(REVIEW, partial(_write_review, run, folder / REVIEW, options))
    if "crate" in formats:
        yield Step(CRATE, partial(_write_crate, run, folder / CRATE, report, options, say))


def _write_crate(
    run: Run, path: Path, report: Callable[[], Report], options: ExportOptions, say: Say
) -> None:
    from .crate import write_crate

    write_crate(
        run,
        path,
        report(),
        spectra=options.spectra,
        keep_project=options.keep_project,
        license=options.license,
        template=options.template,
    )
    if not options.license:
        say(f"{path.name}: it states no licence; add one before it is published.")


def _write_review(run: Run, path: Path, options: ExportOptions) -> None:
    from ..report.review import render_review
    from ..writers.atomic import write_text

    today = datetime.now(UTC).date().isoformat()
    write_text(render_review(run, title=options.title, made=today, history=options.history), path)


def needs_whole_run(formats: Sequence[str], options: ExportOptions | None = None) -> bool:
    """Return whether something needs all fits at once, so that they have to be kept."""
    panels = options is not None and options.panels is not None
    return panels or any(name in (*REPORTS, *EXCHANGE, "review", "crate") for name in formats)


def _panel_steps(
    run: Run, folder: Path, formats: Sequence[str], options: ExportOptions
) -> Iterator[Step]:
    """Yield the steps that write all fits as one figure, in each format of figures."""

    @cache
    def draw() -> Figure:
        from ..results.figures import PAGE_MM
        from ..results.panels import compose_figure

        return compose_figure(
            run.fits,
            by=options.panels or "sample",
            columns=options.columns,
            width_mm=options.figure_width_mm or PAGE_MM,
            same_height=options.same_height,
        )

    for name in [name for name in formats if name in FIGURES] or ["svg"]:
        path = folder / f"{PANELS}{FIGURES[name]}"
        yield Step(path.name, partial(_write_figure, draw, path))


def _write_vamas(run: Run, path: Path, say: Say) -> None:
    """Write the fits as CasaXPS keeps them, and say what it cannot keep, each kind once."""
    from .casaxps import write_fits_vamas

    kinds: dict[str, list[str]] = {}
    for casa in write_fits_vamas(run, path):
        kinds.setdefault(casa.code, []).append(casa.message)
    for messages in kinds.values():
        more = f" (and {len(messages) - 1} more like this)" if len(messages) > 1 else ""
        say(f"{path.name}: {messages[0]}{more}")


def _report(run: Run, options: ExportOptions) -> Report:
    from ..report import build_report

    today = datetime.now(UTC).date().isoformat()
    return build_report(
        run, title=options.title, made=today, notes=options.notes, entries=options.entries
    )


def _reports(
    report: Callable[[], Report], folder: Path, formats: Sequence[str], options: ExportOptions
) -> Iterator[Step]:
    """Yield the steps that write one report each."""

    def write(name: str) -> None:
        from ..report import write_report
        from ..report.template import load_template

        path = folder / f"report.{name}"
        write_report(report(), path, template=load_template(options.template))

    for name in formats:
        if name in REPORTS:
            yield Step(f"report.{name}", partial(write, name))


def written_kinds(kinds: Iterable[str]) -> str:
    """Return what was written in words: each kind once, with its number."""
    counted = Counter(kinds)
    several = ("curves", "figure")
    return ", ".join(
        f"{count} x {kind}" if kind.startswith(several) else kind for kind, count in counted.items()
    )


def _figure(record: FitRecord, region: RegionFit, width_mm: float | None) -> Figure:
    from ..results.figures import fit_figure

    return fit_figure(region, record.result, width_mm=width_mm)


def _write_figure(draw: Callable[[], Figure], path: Path) -> None:
    from ..results.figures import save_figure

    save_figure(draw(), path)


def export_run(
    run: Run,
    folder: Path,
    formats: Sequence[str],
    *,
    options: ExportOptions | None = None,
    progress: Callable[[int, int, str], None] | None = None,
    should_stop: ShouldStop | None = None,
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
    said: list[str] = []
    steps = list(export_steps(run, folder, formats, options=options, say=said.append))
    written, problems = write_steps(steps, progress=progress, should_stop=should_stop)
    return written, said + problems


def write_steps(
    steps: Sequence[Step],
    *,
    progress: Callable[[int, int, str], None] | None = None,
    should_stop: ShouldStop | None = None,
) -> tuple[int, list[str]]:
    """Take steps one by one; return how many wrote their file, and what went wrong."""
    problems: list[str] = []
    written = 0
    for number, step in enumerate(steps):
        if should_stop is not None and should_stop():
            break
        if progress is not None:
            progress(number, len(steps), step.kind)
        problem = step.problem()
        written += not problem
        problems += [problem] if problem else []
    return written, problems
