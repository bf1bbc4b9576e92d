"""From finished fits to files, one after the other, in the memory of a few.

What a fit gives is written when it is done: its curves and figures, then its record in the
journal. The results are put together from the journal at the end, so that ten thousand
fits need no more memory than ten, and a run that was killed goes on where it was: what is
in the journal is not done again.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from ..fitting import FitWarning
from ..recipe.text import recipe_to_dict
from ..referee.context import Finding
from ..results.document import document_pieces, entries_text, program_versions
from ..results.entries import formed, ratio_entry
from ..results.journal import Journal
from ..results.names import Stems
from ..results.rows import Entry
from ..results.table import RatioCells, fit_text, ratio_row, ratios_text, tabled
from ..runs.batch import Prepared
from ..runs.execute import Done, record_of, refit
from ..runs.plan import Job
from ..runs.records import Failure, Finished, FitRecord, Run
from ..uncertainty.pulls import Impact, Pull
from ..uncertainty.ratios import Budget, MonteCarloSummary, Ratio
from ..uncertainty.spread import Variant
from .formats import ExportOptions, fit_steps

_UNSETTLED = ("not_converged", "failed")


@dataclass(frozen=True)
class Written:
    """What became of some jobs once their own files are written.

    Attributes
    ----------
    records : dict of int to dict of str to bytes
        For the journal, by the number of the job.
    kinds : list of str
        What was written, a word for each file.
    problems : list of str
        Files that could not be written, in sentences.
    """

    records: dict[int, dict[str, bytes]]
    kinds: list[str]
    problems: list[str]


@dataclass(frozen=True)
class Writer:
    """Makes files and records of fits; worker processes have it as well.

    Attributes
    ----------
    folder : Path or None
        None: no files.
    formats : tuple of str
    options : ExportOptions
    stems : dict of int to list of str
        What the names of the files of each region begin with, by the number of the job.
    with_recipe : bool
        Whether each fit has a recipe of its own.
    rebuilding : bool
        Whether the journal is to hold what a fit needs to be whole once more.
    """

    folder: Path | None
    formats: tuple[str, ...]
    options: ExportOptions
    stems: Mapping[int, list[str]]
    with_recipe: bool
    rebuilding: bool

    def __call__(self, done: Done) -> Written:
        """Write the files of some jobs, and return the rest."""
        fits = [(job, found) for job, found in done if not isinstance(found, Failure)]
        forms = formed([found for _, found in fits], with_recipe=self.with_recipe)
        numbers = [job.number for job, _ in fits]
        texts = dict(zip(numbers, forms.texts(), strict=True))
        entries = dict(zip(numbers, forms.entries(tabled), strict=True))
        written = Written({}, [], [])
        for job, found in done:
            if isinstance(found, Failure):
                written.records[job.number] = {"failure": _line(asdict(found))}
                continue
            self._write(job, found, written)
            parts = _parts(found, entries[job.number], texts[job.number])
            written.records[job.number] = parts
            if self.rebuilding:
                parts |= _parts_to_rebuild(found)
        return written

    def _write(self, job: Job, found: Finished, written: Written) -> None:
        if self.folder is None:
            return
        stems = self.stems[job.number]
        for step in fit_steps(found, stems, self.folder, self.formats, self.options):
            problem = step.problem()
            if problem:
                written.problems.append(problem)
            else:
                written.kinds.append(step.kind)


class Delivery:
    """Where the fits of a run go.

    Parameters
    ----------
    prepared : Prepared
    folder : Path or None
        Where their files go, and the journal; None: no files, and nobody sees the journal.
    formats : sequence of str
        Those of one fit are written when it is taken.
    options : ExportOptions
    resume : bool
        Go on with the journal in the folder.
    keep : bool
        Keep every fit in memory, for what needs them all at once.

    Attributes
    ----------
    writer : Writer
        What makes files and records of fits, here or in a worker process.
    problems : list of str
        Files that could not be written, in sentences.
    written : list of str
        What was written, a word for each file.

    Raises
    ------
    RecipeError
        If the journal is of other work.
    WriteError
        If it cannot be written.
    """

    def __init__(
        self,
        prepared: Prepared,
        folder: Path | None,
        formats: Sequence[str],
        options: ExportOptions,
        *,
        resume: bool = False,
        keep: bool = False,
    ) -> None:
        self.prepared, self.options = prepared, options
        self.journal = Journal(folder, _work(prepared, formats, options), resume=resume)
        self.resumed = len(self.journal.records)
        self.problems: list[str] = []
        self.written: list[str] = []
        self._kept: dict[int, FitRecord] | None = {} if keep else None
        self.writer = Writer(
            folder,
            tuple(formats),
            options,
            _stems(prepared.jobs) if folder is not None else {},
            prepared.model == "casaxps",
            keep,
        )

    @property
    def jobs(self) -> list[Job]:
        """What is still to be done."""
        return [job for job in self.prepared.jobs if job.number not in self.journal.records]

    @property
    def keeps_fits(self) -> bool:
        """Whether every fit is kept in memory, so that all of it has to be taken."""
        return self._kept is not None

    def take(self, done: Done) -> None:
        """Write what some jobs gave; it is safe when this returns.

        Raises
        ------
        WriteError
            If the journal cannot be written.
        """
        if self._kept is not None:
            found = ((job, one) for job, one in done if not isinstance(one, Failure))
            self._kept |= {job.number: one.whole() for job, one in found}
        self.add(self.writer(done))

    def add(self, written: Written) -> None:
        """Put what `writer` has made of some jobs into the journal; errors as for `take`."""
        self.problems += written.problems
        self.written += written.kinds
        self.journal.add_all(written.records)

    # --- at the end ---

    @property
    def n_fits(self) -> int:
        """How many fits are finished."""
        return sum("fits" in parts for parts in self.journal.records.values())

    def failures(self) -> list[Failure]:
        """Return what could not be fitted, in the order of the jobs."""
        return [Failure(**json.loads(part)) for part in self.journal.parts("failure")]

    def unsettled(self) -> list[str]:
        """Return a sentence for each fit that did not converge."""
        return [part.decode() for part in self.journal.parts("unsettled")]

    def table(self) -> Iterator[str]:
        """Yield the table of every fit, block by block, and of the ratios."""
        for part in self.journal.parts("table"):
            yield part.decode()
        cells = [cell for part in self.journal.parts("cells") for cell in json.loads(part)]
        if cells:
            yield ratios_text(RatioCells(**cell) for cell in cells)

    def results(self, run: Run) -> Iterator[bytes]:
        """Yield the text of ``results.json``, piece by piece."""
        return document_pieces(run, self.journal.parts("fits"), self.journal.parts("ratios"))

    def run(self, *, interrupted: bool) -> Run:
        """Return the run; its fits are those that were kept."""
        fits = () if self._kept is None else tuple(self._whole(job) for job in self._finished())
        return self.prepared.run(fits, self.failures(), self.n_fits, interrupted=interrupted)

    def _finished(self) -> list[Job]:
        records = self.journal.records
        return [job for job in self.prepared.jobs if "fits" in records.get(job.number, {})]

    def _whole(self, job: Job) -> FitRecord:
        """Return a finished fit; one of the journal is fitted again, its ratios are not."""
        assert self._kept is not None
        if job.number not in self._kept:
            ratios = json.loads(self.journal.part(job.number, "own_ratios"))
            warnings = json.loads(self.journal.part(job.number, "warnings"))
            self._kept[job.number] = record_of(
                job,
                refit(job),
                tuple(_ratio(entry) for entry in ratios),
                tuple(_warning(entry) for entry in warnings),
            )
        return self._kept[job.number]


def _stems(jobs: Sequence[Job]) -> dict[int, list[str]]:
    """Return what the names of the files of each region of each job begin with."""
    stems = Stems((job.file, job.group.sample) for job in jobs)
    return {
        job.number: [
            stems.of(job.file, job.group.sample, name, job.group.level, job.group.levels)
            for name, _ in job.group.spectra
        ]
        for job in jobs
    }


def _parts(record: Finished, entries: Sequence[Entry], text: bytes) -> dict[str, bytes]:
    """Return what the journal keeps of a fit, each part as it will be needed."""
    parts = {
        "fits": text,
        "ratios": entries_text([ratio_entry(record, ratio) for ratio in record.ratios]),
        "table": "\n\n".join(fit_text(entry) for entry in entries).encode(errors="replace"),
        "cells": _line([vars(ratio_row(record, ratio)) for ratio in record.ratios]),
    }
    if entries[0]["status"] in _UNSETTLED:
        sentence = (
            f"{record.file}: {record.sample}: the fit did not converge"
            f" ({entries[0]['message']}); its numbers are marked so."
        )
        parts["unsettled"] = sentence.encode(errors="replace")
    return parts


def _parts_to_rebuild(record: Finished) -> dict[str, bytes]:
    """Return what a fit of a journal needs besides being fitted again."""
    return {
        "own_ratios": _line([asdict(ratio) for ratio in record.ratios]),
        "warnings": _line([asdict(warning) for warning in record.warnings]),
    }


def _line(value: Any) -> bytes:
    return json.dumps(value).encode()


def _ratio(entry: Mapping[str, Any]) -> Ratio:
    """Return a ratio from what `asdict` made of it."""
    drawn = entry["monte_carlo"]
    if drawn is not None:
        failures = tuple((str(text), int(times)) for text, times in drawn["failures"])
        drawn = MonteCarloSummary(**{**drawn, "failures": failures})
    changed = {
        "interval": _pair(entry["interval"]),
        "total_interval": _pair(entry["total_interval"]),
        "budget": Budget(**entry["budget"]),
        "variants": tuple(Variant(**variant) for variant in entry["variants"]),
        "impacts": tuple(
            Impact(Pull(**impact["pull"]), impact["up"], impact["down"])
            for impact in entry["impacts"]
        ),
        "monte_carlo": drawn,
    }
    return Ratio(**{**entry, **changed})


def _pair(value: Sequence[float] | None) -> tuple[float, float] | None:
    return None if value is None else (value[0], value[1])


def _warning(entry: Mapping[str, Any]) -> FitWarning:
    return Finding(**entry) if "severity" in entry else FitWarning(**entry)


def _work(prepared: Prepared, formats: Sequence[str], options: ExportOptions) -> dict[str, Any]:
    """Return what makes this work this work, as plain values."""
    jobs = sha256()
    shared = {id(own): repr(own) for job in prepared.jobs for own in (job.options, job.ratios)}
    for job in prepared.jobs:
        spectra = [
            (name, s.source.location, s.source.index, s.calibration)
            for name, s in job.group.spectra
        ]
        own = (job.label, spectra, shared[id(job.options)], shared[id(job.ratios)])
        jobs.update(repr(own).encode(errors="replace"))
    return {
        "program": program_versions(),
        "model": prepared.model,
        "recipe": recipe_to_dict(prepared.recipe) if prepared.recipe else None,
        "input files": [[item.file, item.sha256] for item in prepared.inputs],
        "fits": [len(prepared.jobs), jobs.hexdigest()],
        "formats": [*formats, options.figure_width_mm],
    }
