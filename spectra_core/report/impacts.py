"""Pulls and impacts in a report: what each prior wanted, and which ratio it moves by how much."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from ..results.impacts import HEADINGS, MOST, impact_row, impacts_figure
from ..runs.records import FitRecord, Run
from ..uncertainty.pulls import Impact
from ..uncertainty.ratios import Ratio
from .document import (
    Cell,
    Column,
    Figure,
    Paragraph,
    ReportTable,
    Section,
    clean_text,
    number,
    plain,
    sentence,
    words,
)
from .typography import species

_PRINTED = 8  # priors of each ratio; results.json has all of them
_INTRODUCTION = (
    "Pull: how far the fit lies from the prior, in standard deviations of the prior. Narrowed to:"
    " what is left of its standard deviation; 1 where the data say nothing. Δχ² if freed: by how"
    " much chi-square falls when that prior alone is let go; above 9 the data disagree with it by"
    " three standard errors. Impact: change of the ratio when what the prior is about is held one"
    " standard error of the fit higher or lower and all else is fitted again."
)


def impact_sections(run: Run) -> list[Section]:
    """Return pulls and impacts of the ratios of a run; nothing where no model has priors."""
    moved = [(record, ratio) for record, ratio in run.ratios if ratio.impacts]
    if not moved:
        return []
    first = {id(record): (record, ratio) for record, ratio in reversed(moved)}
    figures = [_figure(record, ratio) for record, ratio in reversed(first.values())]
    table = ReportTable(
        plain(f"Pulls and impacts, for each ratio the {_PRINTED} priors that move it most"),
        (
            Column(plain("ratio"), 2.0),
            Column(plain("sample"), 2.0),
            Column(plain(HEADINGS[0]), 3.2),
            *(Column(plain(heading), 1.7) for heading in HEADINGS[1:3]),
            *(Column(plain(heading), 1.1, numeric=True) for heading in HEADINGS[3:]),
        ),
        tuple(
            _row(record, ratio, impact)
            for record, ratio in moved
            for impact in ratio.impacts[:_PRINTED]
        ),
        "pulls and impacts",
    )
    introduction = Paragraph(sentence(_INTRODUCTION), "small")
    return [Section("impacts", plain("Pulls and impacts"), (introduction, *figures, table))]


def _figure(record: FitRecord, ratio: Ratio) -> Figure:
    sample = clean_text(record.sample, longest=70) or "(no name)"
    caption = (
        f", {sample}: pulls of the priors with what the fit leaves of their uncertainty, and"
        " their impacts on the ratio (filled: held one standard error higher; open: lower)."
    )
    text = f"Pulls and impacts on {ratio.name}, {sample}: {_in_words(ratio.impacts)}"
    return Figure(
        f"figure-impacts-{record.id}",
        sentence(species(ratio.name), caption),
        clean_text(text, longest=400),
        partial(impacts_figure, ratio.impacts, ratio.name, most=MOST),
    )


def _in_words(impacts: Sequence[Impact]) -> str:
    return "; ".join(f"{i.pull.name} {i.pull.pull:+.1f} sigma, {i.size:.2g}" for i in impacts[:5])


def _row(record: FitRecord, ratio: Ratio, impact: Impact) -> tuple[Cell, ...]:
    row, pull = impact_row(impact), impact.pull
    return (
        words(species(ratio.name)),
        words(plain(clean_text(record.sample, longest=70) or "(no name)")),
        words(species(row.name)),
        words(row.prior),
        words(row.fitted),
        Cell(plain(row.pull), pull.pull),
        number(pull.narrowing, 2),
        number(pull.gain, 2),
        Cell(plain(row.up), impact.up),
        Cell(plain(row.down), impact.down),
    )
