"""Samples as the first pages speak of them: a letter each, a verdict, what all have in common.

A remark that every sample has is said once for all of them; what stands under a sample is its
own. Notes do not change what a reader does with a number, so the first pages leave them out.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from ..fitting import FitWarning
from ..referee.rules import RULES
from ..referee.verdict import Verdict, verdict_of
from ..results.panels import letters_of, short_sample
from ..runs.records import FitRecord, Run
from ..uncertainty.ratios import Ratio
from .document import clean_text

_CONVERGED = ("converged", "at_bound")
_TITLES: Mapping[str, str] = {rule.code: rule.title for rule in RULES}
_LONGEST_NAME = 60
_TOLD = 230  # characters of a remark
_PLACES = 4


@dataclass(frozen=True, eq=False)
class Sample:
    """One fit of a run, as the first pages call it.

    Attributes
    ----------
    letter : str
    name, state : str
        What the names of several samples have in common comes first: ``"cell 1, charged"`` is
        the state ``"charged"`` of ``"cell 1"``; without a comma there is no state.
    record : FitRecord
    verdict : Verdict
        On the whole fit.
    own : Verdict
        On what other samples do not have as well.
    """

    letter: str
    name: str
    state: str
    record: FitRecord
    verdict: Verdict
    own: Verdict

    @property
    def title(self) -> str:
        """Name and state."""
        return ", ".join(filter(None, (self.name, self.state)))

    def ratio(self, name: str) -> Ratio | None:
        """Return the ratio of that name; None where it has none."""
        return next((ratio for ratio in self.record.ratios if ratio.name == name), None)


@dataclass(frozen=True, eq=False)
class Samples:
    """All samples of a run, and what every one of them has.

    Attributes
    ----------
    each : tuple of Sample
    shared : tuple of FitWarning
        Remarks of a kind that every sample has.
    noted : tuple of FitWarning
        Notes of the referee that every sample has, which leave a fit sound.
    """

    each: tuple[Sample, ...]
    shared: tuple[FitWarning, ...]
    noted: tuple[FitWarning, ...] = ()

    def not_yet(self) -> list[Sample]:
        """Return the samples whose numbers are not to be quoted."""
        return [sample for sample in self.each if sample.verdict.word == "not yet"]


def samples_of(run: Run, remarks: Mapping[str, Sequence[FitWarning]]) -> Samples:
    """Return the samples of a run with their verdicts.

    Parameters
    ----------
    run : Run
    remarks : mapping of str to sequence of FitWarning
        Of each fit, by its id.
    """
    letters = letters_of(len(run.fits))
    verdicts = [
        verdict_of(remarks[r.id], converged=r.result.status.value in _CONVERGED) for r in run.fits
    ]
    common = _common(verdict.findings for verdict in verdicts)
    made = []
    for letter, record, verdict in zip(letters, run.fits, verdicts, strict=True):
        name, state = _parts(clean_text(short_sample(record), longest=2 * _LONGEST_NAME))
        own = [finding for finding in verdict.findings if finding.code not in common]
        converged = record.result.status.value in _CONVERGED
        made.append(
            Sample(letter, name, state, record, verdict, verdict_of(own, converged=converged))
        )
    every = [f for verdict in verdicts for f in verdict.findings]
    shared = [finding for finding in every if finding.code in common]
    notes = [[f for f in remarks[r.id] if getattr(f, "severity", "") == "note"] for r in run.fits]
    known = {finding.code for finding in every}
    noted = [f for own in notes for f in own if f.code in _common(notes, least=1) - known]
    return Samples(tuple(made), tuple(shared), tuple(noted))


def _common(findings: Iterable[Iterable[FitWarning]], least: int = 2) -> set[str]:
    """Return the codes that all of at least `least` samples have."""
    codes = [{finding.code for finding in own} for own in findings]
    return set.intersection(*codes) if len(codes) >= least else set()


def _parts(name: str) -> tuple[str, str]:
    """Return name and state of ``"cell 1, charged"``."""
    if len(name) > _LONGEST_NAME:
        name = f"{name[: _LONGEST_NAME - 1].rstrip()}…"
    head, comma, tail = name.rpartition(", ")
    return (head, tail) if comma and head and tail else (name, "")


def pairs_of(samples: Sequence[Sample]) -> list[tuple[Sample, Sample]]:
    """Return samples that differ in their state alone, two by two; empty unless all do so."""
    groups: dict[str, list[Sample]] = {}
    for sample in samples:
        groups.setdefault(sample.name, []).append(sample)
    states = {tuple(sample.state for sample in group) for group in groups.values()}
    if len(states) != 1 or len(next(iter(states))) != 2 or "" in next(iter(states)):
        return []
    return [(group[0], group[1]) for group in groups.values()]


def told(finding: FitWarning, *, longest: int = _TOLD) -> str:
    """Return a remark with its place, cut at a sentence or a word where it is long."""
    where = f"{clean_text(finding.where)}: " if finding.where else ""
    text = f"{where}{clean_text(finding.message, longest=2000)}"
    if len(text) <= longest:
        return text
    ends = [m.start() for m in re.finditer(r"(?<=[a-z)])[.:;] ", text) if m.start() < longest]
    if ends and ends[-1] > longest // 3:
        return f"{text[: ends[-1]]}."
    return f"{text[: longest - 1].rpartition(' ')[0]}…"


def grouped(findings: Iterable[FitWarning], *, full: int | None = None) -> list[str]:
    """Return remarks by their kind: what it is, and where.

    With at most `full` kinds (None: any number), those that say one thing alone are told in full.
    """
    kinds: dict[str, list[FitWarning]] = {}
    for finding in findings:
        kinds.setdefault(finding.code, []).append(finding)
    return [_kind(own, in_full=full is None or len(kinds) <= full) for own in kinds.values()]


def _kind(own: Sequence[FitWarning], *, in_full: bool) -> str:
    if in_full and len({finding.message for finding in own}) == 1:
        return told(own[0]).rstrip(".")
    places = list(dict.fromkeys(clean_text(f.where, longest=40) for f in own if f.where))
    more = f" and {len(places) - _PLACES} more" if len(places) > _PLACES else ""
    where = f" ({', '.join(places[:_PLACES])}{more})" if places else ""
    title = _TITLES.get(own[0].code, own[0].code.replace("_", " "))
    return f"{title[:1].lower()}{title[1:]}{where}"
