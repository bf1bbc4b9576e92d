"""The ratio table of the first page: value, interval, dots beside print, and the error budget.

The budget is printed in whole units of a power of ten, so that anybody can add the squares.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import floor, log10

from ..results.panels import RED
from ..results.table import interval_ends, rough, rounded
from ..uncertainty.ratios import ALL_ROWS, BUDGET_ROWS, Ratio
from .document import (
    GAP,
    LINE_END,
    Block,
    Cell,
    Column,
    Paragraph,
    Picture,
    ReportTable,
    Text,
    TextRun,
    joined,
    plain,
    sentence,
    styled,
    unbroken,
    words,
)
from .headline import change_of, limit_text
from .pictures import (
    Dot,
    Scale,
    budget_legend,
    budget_picture,
    dot_legend,
    dot_picture,
    scale_of,
    scale_picture,
)
from .reported import Reported
from .samples import Sample, pairs_of
from .typography import species

DOTS_MM, BUDGET_MM, LEGEND_MM, SCALE_MM = 43.0, 38.0, 8.0, 4.0
MOST_ROWS = 12
"""Rows of all tables of ratios on the first page; the others stand in the appendix."""


@dataclass(frozen=True, eq=False)
class RatioRows:
    """One ratio of several samples.

    Attributes
    ----------
    name : str
    samples : tuple of Sample
        Those that have it.
    reported : tuple of Reported or None
        What is printed elsewhere, for each of them.
    row_mm : float
        Height of a row: of the first ratio so that name and state stand on two lines.
    """

    name: str
    samples: tuple[Sample, ...]
    reported: tuple[Reported | None, ...]
    row_mm: float

    @property
    def ratios(self) -> list[Ratio]:
        """The ratio of each sample."""
        return [ratio for s in self.samples if (ratio := s.ratio(self.name)) is not None]


def ratio_rows(
    samples: Sequence[Sample],
    names: Sequence[str],
    reported: dict[tuple[str, str], Reported],
) -> tuple[list[RatioRows], int]:
    """Return the tables of the first page, and how many ratios have no room on it."""
    found: list[RatioRows] = []
    first_mm = 9.6 if len(names) * len(samples) <= 4 else 8.4 if len(samples) <= 6 else 5.8
    left, out = MOST_ROWS, 0
    for name in names:
        row_mm = 5.6 if found else first_mm
        own = tuple(sample for sample in samples if sample.ratio(name) is not None)
        if len(own) > left and found:
            out += 1
            continue
        left -= len(own)
        printed = tuple(reported.get((sample.record.id, name)) for sample in own)
        found.append(RatioRows(name, own, printed, row_mm))
    return found, out


def ratio_blocks(rows: RatioRows, key: str, told: list[Text]) -> list[Block]:
    """Return heading, table and note of one ratio; a note that was `told` is not told again."""
    ratios = rows.ratios
    names = [n for n in BUDGET_ROWS if any(getattr(r.budget, n) for r in ratios)]
    unit = unit_of([r.error for r in ratios])
    scale = _scale(rows)
    level = f"{100 * ratios[0].level:g} %"
    paper = [found for found in rows.reported if found is not None]
    source = ", ".join(dict.fromkeys(found.label for found in paper))
    columns = [
        Column(plain(""), 0.4),
        Column(plain("Sample"), 4.6),
        Column(plain("Ratio"), 2.0, numeric=True),
        Column(plain(f"{level} interval"), 2.2, numeric=True),
        *([Column(plain("Printed"), 0.9, numeric=True)] if paper else []),
        Column(plain(""), 3.0, picture=_legend(f"{key}-legend", level, source)),
    ]
    if names:
        legend = budget_legend(f"{key}-budget", (BUDGET_MM, LEGEND_MM), names)
        columns += [
            Column(plain("budget: " + ", ".join(names)), 2.6, picture=legend),
            Column(plain("u"), 0.8, numeric=True),
        ]
    body = [_row(rows, i, names, unit, scale, key, bool(paper)) for i in range(len(ratios))]
    last = [words("") for _ in columns]
    dots = 5 if paper else 4
    last[dots] = Cell(plain(""), picture=scale_picture(f"{key}-scale", (DOTS_MM, SCALE_MM), scale))
    table = ReportTable(
        plain(""),
        tuple(columns),
        (*body, tuple(last)),
        "front",
        look="dense",
        rules=_rules(rows),
    )
    levels = f"{GAP}{_of_levels(rows)}"
    title = styled(species(rows.name), "bold") + Text((TextRun(levels, "quiet"),), levels)
    note = _note(rows, names, unit)
    blocks: list[Block] = [Paragraph(title, "heading"), table]
    if not note.plain or note in told:
        return blocks
    told.append(note)
    return [*blocks, Paragraph(note, "small")]


def limits_table(samples: Sequence[Sample], names: Sequence[str]) -> list[Block]:
    """Return the limits of ratios that are below detection in every sample: a row for each."""
    if not names:
        return []
    columns = [Column(plain("Below detection, one-sided 95 %"), 4.0)]
    columns += [Column(plain(sample.letter, style="bold"), 1.2, numeric=True) for sample in samples]
    rows = []
    for name in names:
        ratios = [sample.ratio(name) for sample in samples]
        limits = [None if ratio is None else ratio.upper_limit for ratio in ratios]
        cells = (
            words("–") if limit is None else Cell(unbroken(limit_text(limit)), limit)
            for limit in limits
        )
        rows.append((words(species(name)), *cells))
    return [ReportTable(plain(""), tuple(columns), tuple(rows), "front", look="dense")]


def _legend(key: str, level: str, source: str) -> Picture:
    return dot_legend(key, (DOTS_MM, LEGEND_MM), level, source)


def _of_levels(rows: RatioRows) -> str:
    """Return which core levels the areas are of."""
    formulas = " ".join(ratio.formula for ratio in rows.ratios)
    regions = dict.fromkeys(
        fit.name for s in rows.samples for fit in s.record.regions if f"{fit.name}/" in formulas
    )
    return f"area ratio in {' and '.join(regions)}" if regions else "area ratio"


def unit_of(errors: Sequence[float | None]) -> float:
    """Return the power of ten that leaves the smallest error two digits."""
    known = [error for error in errors if error]
    return 10.0 ** (floor(log10(min(known))) - 1) if known else 1.0


def _scale(rows: RatioRows) -> Scale:
    values: list[float] = []
    for ratio in rows.ratios:
        values += [v for v in (ratio.value, ratio.upper_limit) if v is not None]
        values += ratio.best_interval or ()
    values += [found.value for found in rows.reported if found is not None]
    if any(ratio.upper_limit is not None for ratio in rows.ratios):
        values.append(0.0)
    return scale_of(values or [0.0, 1.0], width_mm=DOTS_MM)


def _row(
    rows: RatioRows,
    i: int,
    names: Sequence[str],
    unit: float,
    scale: Scale,
    key: str,
    paper: bool,
) -> tuple[Cell, ...]:
    sample, ratio, printed = rows.samples[i], rows.ratios[i], rows.reported[i]
    interval = ratio.best_interval
    ends = "–" if interval is None else " – ".join(interval_ends(interval))
    dot = dot_picture(f"{key}-dot-{i}", (DOTS_MM, rows.row_mm), scale, _dot(rows, i))
    cells = [
        words(plain(sample.letter, style="bold")),
        words(_name(sample, two_lines=rows.row_mm > 7.0)),
        Cell(_value(sample, ratio), ratio.value),
        words(unbroken(ends)),
        *([words(plain(printed.text if printed else "–", style="quiet"))] if paper else []),
        Cell(plain(""), picture=dot),
    ]
    if names:
        values = [(name, getattr(ratio.budget, name) or 0.0) for name in names]
        figures = [f"{value / unit:.0f}" for _, value in values]
        size = (BUDGET_MM, rows.row_mm)
        bar = budget_picture(f"{key}-bar-{i}", size, values, figures)
        known = ratio.error is not None and ratio.budget.counting is not None
        text = ", ".join(f"{n} {f}" for (n, _), f in zip(values, figures, strict=True))
        cells += [
            Cell(plain(text), picture=bar) if known else words("–"),
            words(plain(f"{(ratio.error or 0.0) / unit:.0f}" if known else "–", style="bold")),
        ]
    return tuple(cells)


def _name(sample: Sample, *, two_lines: bool) -> Text:
    name = plain(sample.name, style="bold")
    if not sample.state:
        return name
    between = LINE_END if two_lines else Text((), "")
    state = sample.state if two_lines else f"{GAP}{sample.state}"
    return joined([name, between, Text((TextRun(state, "quiet"),), state)])


def _value(sample: Sample, ratio: Ratio) -> Text:
    if ratio.upper_limit is not None:
        shown = limit_text(ratio.upper_limit)
    elif ratio.value is None:
        shown = "none"
    elif ratio.error is None:
        shown = rough(ratio.value)
    else:
        shown = rounded(ratio.value, ratio.error)[0]
    number = plain(shown, style="big")
    if sample.verdict.word != "not yet":
        return number
    return Text((TextRun(f"not\u00a0yet{GAP}", "bold", RED),), "not yet ") + number


def _dot(rows: RatioRows, i: int) -> Dot:
    """Return the dot of a row, tied to that of the other state of its sample."""
    sample, ratio, printed = rows.samples[i], rows.ratios[i], rows.reported[i]
    before = after = None
    beside = ""
    for first, second in pairs_of(rows.samples):
        old, new = first.ratio(rows.name), second.ratio(rows.name)
        if old is None or new is None or old.value is None or new.value is None:
            continue
        near = rows.samples.index(second) - rows.samples.index(first) == 1
        if sample is first and near:
            after = new.value
        if sample is second and near:
            before = old.value
            change, error = change_of(old, new)
            number, own = rounded(change, error)
            sign = "+" if change > 0 else "−" if change < 0 else ""
            beside = f"{sign}{number.lstrip('-')} ± {own}" if own else ""
    return Dot(
        ratio.value,
        ratio.best_interval,
        ratio.upper_limit,
        None if printed is None else printed.value,
        sample.verdict.word == "not yet",
        False,
        before,
        after,
        beside,
    )


def _rules(rows: RatioRows) -> tuple[int, ...]:
    """Return the rows above which another group of samples begins, and the scale."""
    names = [sample.name for sample in rows.samples]
    groups = [i for i in range(1, len(names)) if names[i] != names[i - 1]]
    return tuple(groups if len(groups) < len(names) - 1 else ())


def _note(rows: RatioRows, names: Sequence[str], unit: float) -> Text:
    parts: list[str] = []
    if names:
        parts.append(
            f"Error budget: figures are standard uncertainties u in units of {unit:g} and add in"
            " quadrature, the bar is their share of u²."
        )
    others = dict.fromkeys(r.scope for r in rows.ratios if r.scope not in ("", ALL_ROWS))
    parts += [f"Intervals hold {scope}." for scope in others]
    if any(sample.verdict.word == "not yet" for sample in rows.samples):
        parts.append("Open dot: not to be quoted yet.")
    if any(ratio.upper_limit is not None for ratio in rows.ratios):
        parts.append("Arrow: below detection, the limit is one-sided.")
    if pairs_of(rows.samples) and any(_dot(rows, i).beside for i in range(len(rows.samples))):
        parts.append("Changes take the two u as independent.")
    return sentence(" ".join(parts)) if parts else plain("")
