"""What the referee, the preset and the reading of files remark, each kind in one row.

A remark that several samples share stands once, with their letters; worst first.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ..fitting import FitWarning
from ..referee.rules import Finding
from ..results.panels import letters_of
from ..runs.records import FitRecord, Run
from .document import Column, ReportTable, Section, clean_text, plain, words

_ORDER = {"alarm": 0, "warning": 1, "": 2, "note": 3}
_WORDS = {"alarm": "alarm", "warning": "check", "note": "note", "": "said of the data or preset"}


def remark_sections(run: Run, remarks: Mapping[str, Sequence[FitWarning]]) -> list[Section]:
    """Return all remarks of a run as one table; nothing where there are none."""
    letters = letters_of(len(run.fits))
    places: dict[tuple[str, str, str, str], list[str]] = {}
    for letter, record in zip(letters, run.fits, strict=True):
        for remark in remarks[record.id]:
            advice = remark.advice if isinstance(remark, Finding) else ""
            where = "" if remark.code == "preset" else clean_text(remark.where)
            text = clean_text(remark.message, longest=1500)
            own = places.setdefault((_severity(remark), where, text, advice), [])
            if letter not in own:
                own.append(letter)
    if not places:
        return []
    columns = (
        Column(plain("kind"), 1.1),
        Column(plain("samples"), 0.9),
        Column(plain("where"), 1.6),
        Column(plain("remark"), 5.0),
        Column(plain("what to do"), 3.0),
    )
    ordered = sorted(places.items(), key=lambda item: _ORDER[item[0][0]])
    rows = tuple(
        (
            words(plain(_WORDS[severity], style="bold" if severity == "alarm" else "")),
            words(plain(_letters(own, len(run.fits)))),
            words(plain(where)),
            words(plain(text, longest=1500)),
            words(plain(advice, longest=400)),
        )
        for (severity, where, text, advice), own in ordered
    )
    table = ReportTable(plain("Remarks"), columns, rows, "remarks")
    return [Section("remarks", plain("Remarks"), (table,))]


def _severity(remark: FitWarning) -> str:
    return remark.severity if isinstance(remark, Finding) else ""


def _letters(own: Sequence[str], total: int) -> str:
    return "all" if len(own) == total > 1 else ", ".join(own)


def of_region(
    record: FitRecord, region: str, remarks: Sequence[FitWarning]
) -> Sequence[FitWarning]:
    """Return the remarks of a region; those of the whole fit stand with its first region."""
    names = [r.name for r in record.result.regions]

    def told_at(warning: FitWarning) -> str:
        of = [n for n in names if warning.where == n or warning.where.startswith(f"{n}/")]
        return max(of, key=len, default=names[0])

    return [warning for warning in remarks if told_at(warning) == region]
