"""From fits to what the user gets: table, JSON, results folder, failures, exit code."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

import click

from spectra_core.errors import ShouldStop, SpectraError, WriteError
from spectra_core.export.formats import (
    RESULTS,
    ExportOptions,
    Step,
    export_steps,
    needs_whole_run,
    run_steps,
    written_kinds,
)
from spectra_core.recipe.formats import DEFAULT_FORMATS

from .border import Tally, nobody_listens, note, quieten
from .output import make_folder, write_pieces

if TYPE_CHECKING:
    from spectra_core.export.delivery import Delivery
    from spectra_core.recipe.schema import Recipe
    from spectra_core.runs.batch import Prepared, Run, RunProgress


def fit_and_deliver(
    prepared: Prepared,
    *,
    folder: Path | None,
    json_file: str | None,
    formats: tuple[str, ...] | None,
    options: ExportOptions,
    processes: int | None,
    cluster: str | None,
    resume: bool,
    keep: bool,
    progress: RunProgress | None,
    should_stop: ShouldStop,
) -> tuple[int, Run]:
    """Fit what was planned; print and write what it gives as soon as it is there.

    Parameters
    ----------
    prepared : Prepared
    folder : Path or None
        Where files go; None writes none.
    json_file : str or None
        ``"-"``: the results document is all that goes to standard output.
    formats : tuple of str or None
        None: as the recipe says.
    options : ExportOptions
        Of reports and figures.
    processes : int or None
        None: as many as the fits are worth.
    cluster : str or None
        Address of a scheduler, or ``"local"``, that does them in place of processes.
    resume : bool
        Go on with the journal in the folder.
    keep : bool
        Return the run with all its fits.
    progress : callable or None
    should_stop : callable

    Returns
    -------
    code : int
        The exit code.
    run : Run
    """
    from spectra_core.export.delivery import Delivery

    chosen = formats or recipe_formats(prepared.recipe)
    if folder is not None and prepared.jobs:
        make_folder(folder)
    delivery = Delivery(
        prepared,
        folder if prepared.jobs else None,
        chosen,
        options,
        resume=resume,
        keep=keep or (folder is not None and needs_whole_run(chosen, options)),
    )
    if resume and folder is not None:
        note(f"{delivery.resumed} of {len(prepared.jobs)} fits are done already, as {folder} says.")
    tally = Tally()
    interrupted = _fit(delivery, processes, cluster, progress, should_stop, tally)
    run = delivery.run(interrupted=interrupted)
    _count(tally, delivery, run)
    written = _write(delivery, run, folder, json_file, chosen, tally)
    delivery.journal.close(finished=written and not run.interrupted)
    return tally.exit_code, run


def _fit(
    delivery: Delivery,
    processes: int | None,
    cluster: str | None,
    progress: RunProgress | None,
    should_stop: ShouldStop,
    tally: Tally,
) -> bool:
    """Do what is left to be done; return whether it was stopped before the end."""
    total = len(delivery.prepared.jobs)
    try:
        for label in _taken(delivery, processes, cluster, should_stop):
            if progress is not None:
                progress(len(delivery.journal.records), total, label)
    except WriteError as error:  # there is no place left for what a fit gives
        tally.fail(error)
    return len(delivery.journal.records) < total


def _taken(
    delivery: Delivery, processes: int | None, cluster: str | None, should_stop: ShouldStop
) -> Iterator[str]:
    """Do what is left to be done; yield the label of a fit now and then."""
    from spectra_core.runs.execute import made_in_processes, outcomes, usual_processes

    jobs = delivery.jobs
    if cluster is not None:
        from spectra_core.runs.cluster import on_cluster

        for done in on_cluster(jobs, cluster, should_stop=should_stop):
            delivery.take(done)
            yield done[-1][0].label
        return
    processes = usual_processes(jobs) if processes is None else processes
    if processes == 1 or delivery.keeps_fits or len(jobs) < 2:
        for done in outcomes(jobs, processes=processes, should_stop=should_stop):
            delivery.take(done)
            yield done[-1][0].label
        return
    made = made_in_processes(jobs, delivery.writer, processes=processes, should_stop=should_stop)
    for own, written in made:
        delivery.add(written)
        yield own[-1].label


def _count(tally: Tally, delivery: Delivery, run: Run) -> None:
    """Say every failure, and sum up what was left out on purpose."""
    tally.succeed(delivery.n_fits)
    for problem in (*map(str, run.failures), *delivery.unsettled(), *delivery.problems):
        tally.fail(problem)
    if run.interrupted:
        tally.fail(f"stopped; {delivery.n_fits} finished fits are kept.")
    _say_skipped(run, any_fits=bool(delivery.n_fits))


def _say_skipped(run: Run, *, any_fits: bool) -> None:
    reasons = Counter(skipped.message for skipped in run.skipped if any_fits)
    for reason, count in reasons.items():
        note(f"left out: {count} x {reason}" if count > 1 else f"left out: {reason}")


def _write(
    delivery: Delivery,
    run: Run,
    folder: Path | None,
    json_file: str | None,
    formats: Sequence[str],
    tally: Tally,
) -> bool:
    """Write what belongs to the whole run, and print; return whether the results are safe."""
    from spectra_core.writers.atomic import write_pieces as write_file

    problems: list[str] = []
    if folder is not None and delivery.n_fits:
        path = folder / RESULTS
        steps = run_steps(run, folder, formats, options=delivery.options, say=note)
        if "json" in formats:
            steps = chain([Step(RESULTS, lambda: write_file(delivery.results(run), path))], steps)
        written = take_steps(steps, problems)
        say_written(folder, [*written, *delivery.written])
    if json_file is not None:
        try:
            write_pieces(json_file, delivery.results(run))
        except SpectraError as error:
            problems.append(str(error))
    for problem in problems:
        tally.fail(problem)
    if json_file != "-":
        _print(delivery.table())
    return not problems


def _print(blocks: Iterable[str]) -> None:
    """Print a table; where nobody reads it, everything else is done all the same."""
    try:
        for number, block in enumerate(blocks):
            click.echo(f"\n{block}" if number else block)
    except OSError as error:
        if not nobody_listens(error):
            raise
        quieten()


def take_steps(steps: Iterable[Step], problems: list[str]) -> list[str]:
    """Take steps; return what they wrote, and add what went wrong to `problems`."""
    written = []
    for step in steps:
        problem = step.problem()
        if problem:
            problems.append(problem)
        else:
            written.append(step.kind)
    return written


def say_written(folder: Path, kinds: Sequence[str]) -> None:
    """Say what was written where."""
    if kinds:
        note(f"written to {folder}: {written_kinds(kinds)}")


def recipe_formats(recipe: Recipe | None) -> tuple[str, ...]:
    """Return the formats that a recipe asks for."""
    return recipe.report.formats if recipe is not None else DEFAULT_FORMATS


def deliver(run: Run, folder: Path, formats: Sequence[str]) -> int:
    """Say what failed in a run, write its files, and return the exit code."""
    tally = Tally()
    tally.succeed(len(run.fits))
    for failure in run.failures:
        tally.fail(str(failure))
    _say_skipped(run, any_fits=bool(run.fits))
    if run.fits:
        write_files(run, make_folder(folder), formats, tally)
    return tally.exit_code


def write_files(
    run: Run,
    folder: Path,
    formats: Sequence[str],
    tally: Tally,
    *,
    options: ExportOptions | None = None,
) -> None:
    """Write results, curves, figures and reports; one that cannot be written stops no other."""
    problems: list[str] = []
    steps = export_steps(run, folder, formats, options=options, say=note)
    say_written(folder, take_steps(steps, problems))
    for problem in problems:
        tally.fail(problem)
