"""Atomic fractions in a report: at% of each element, the budget, and what was done."""

from __future__ import annotations

from collections.abc import Callable

from ..errors import SpectraError
from ..quantify.fractions import ROWS, AtomicFraction, Quantification
from ..results.quantification import quantified
from ..runs.records import FitRecord, Run
from .document import (
    Block,
    Cell,
    Column,
    Paragraph,
    ReportTable,
    Section,
    measured,
    number,
    plain,
    sentence,
    words,
)

_HEADS = ("of", "at%", "low 95 %", "high 95 %", "below")


def quantification_sections(run: Run, name_of: Callable[[FitRecord], str]) -> list[Section]:
    """Return the atomic fractions of a run; nothing where no recipe asks for them.

    Parameters
    ----------
    run : Run
    name_of : callable
        Sample and level of a fit in words.
    """
    done: list[tuple[str, Quantification]] = []
    problems: list[str] = []
    for record in run.fits:
        if record.recipe.quantify is None:
            continue
        stack, row = record.stacked
        try:
            found = quantified(stack, row, record.recipe, record.sample)
            done.append((name_of(record), found))
        except SpectraError as error:
            problems.append(f"{name_of(record)}: {error}")
    blocks: list[Block] = []
    if done:
        blocks += [_fractions(done), _budget(done)]
    said = (text for _, one in done for text in one.statement)
    blocks += [Paragraph(sentence(text), "small") for text in dict.fromkeys(said)]
    noted = (text for _, one in done for text in one.notes)
    blocks += [Paragraph(sentence(text), "warning") for text in dict.fromkeys((*noted, *problems))]
    if not blocks:
        return []
    return [Section("quantification", plain("Quantification"), tuple(blocks))]


def _fractions(done: list[tuple[str, Quantification]]) -> ReportTable:
    columns = (
        Column(plain("sample"), 2.6),
        Column(plain("element"), 1.0),
        Column(plain(_HEADS[0]), 1.2),
        Column(plain(_HEADS[1]), 1.6, numeric=True, errors=True),
        *(Column(plain(head), 1.0, numeric=True) for head in _HEADS[2:]),
    )
    rows = tuple(_row(name, f) for name, one in done for f in one.fractions)
    return ReportTable(plain("Atomic fractions"), columns, rows, "atomic fractions")


def _row(name: str, fraction: AtomicFraction) -> tuple[Cell, ...]:
    limit = fraction.upper_limit
    value = None if limit is not None else 100.0 * fraction.value
    return (
        words(plain(name, longest=80)),
        words(fraction.element),
        words(fraction.level),
        measured(value, 100.0 * fraction.stderr, remark="below detection" if value is None else ""),
        *(number(None if value is None else 100.0 * end, 3) for end in fraction.interval),
        number(None if limit is None else 100.0 * limit, 2),
    )


def _budget(done: list[tuple[str, Quantification]]) -> ReportTable:
    known = {n for _, one in done for f in one.fractions for n, e in f.budget.items() if e}
    names = [name for name in (*ROWS, "total") if name in known]
    columns = (
        Column(plain("sample"), 2.6),
        Column(plain("element"), 1.0),
        *(Column(plain(name), 1.1, numeric=True) for name in names),
    )
    rows = tuple(
        (
            words(plain(name, longest=80)),
            words(f.element),
            *(number(_percent(f.budget[row]), 2) for row in names),
        )
        for name, one in done
        for f in one.fractions
    )
    title = "Error budget of the atomic fractions: standard errors in at%, a row in each column"
    return ReportTable(plain(title), columns, rows, "budget of atoms")


def _percent(error: float | None) -> float | None:
    return None if error is None else 100.0 * error
