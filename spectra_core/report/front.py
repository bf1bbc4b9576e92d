"""The first two pages: one that answers, one that proves. Everything else is the appendix.

Page one has the headline, the ratios beside print, and every sample's panels under its verdict.
Page two has the components, the quality of the fits, priors, alternatives, and the methods in
short. With many samples the panels stand in three columns, then six of them stand for all.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from ..fitting import FitWarning
from ..results.formula import formula_letters
from ..results.panels import Panel, axis_name, draw_grid
from ..runs.records import Run
from ..runs.series import SeriesRecord
from ..spectrum import Spectrum, is_synthetic
from ..uncertainty.ratios import Ratio
from .brief import brief_methods
from .checklist import NOT_RECORDED, checklist
from .document import (
    GAP,
    SYNTHETIC,
    Beside,
    Block,
    Figure,
    Paragraph,
    Sheet,
    Text,
    TextRun,
    clean_text,
    plain,
    sentence,
    styled,
)
from .front_ratios import (
    LEGEND_MM,
    SCALE_MM,
    RatioRows,
    limits_table,
    ratio_blocks,
    ratio_rows,
)
from .front_series import series_blocks, series_lead, series_of_run, shown_levels
from .front_stored import stored_blocks
from .front_tables import (
    MARKS,
    alternative_blocks,
    area_table,
    component_table,
    prior_table,
    quality_table,
)
from .headline import by_detection, headline, limit_text, number_word
from .provenance import own_reference
from .references import Bibliography
from .reported import Reported, reported_ratio
from .samples import Sample, Samples, grouped, samples_of, told
from .typography import species
from .wording import listed

ALARM = "#A3122A"
_PAGE_MM = 250.0  # height of what stands on a page
_MOST_PANELS, _SHOWN_PANELS = 12, 6
_MOST_TABLES = 4
_LEVEL_MM = 24.0  # height of the panel of a level, below the picture of its series
_NOTES, _NOTE_LENGTH = 3, 300
_TRENDS = 2


@dataclass(frozen=True, eq=False)
class _Front:
    """What the first pages are made from."""

    run: Run
    samples: Samples
    names: tuple[str, ...]
    reported: dict[tuple[str, str], Reported]
    notes: tuple[str, ...]
    entries: Mapping[str, str]
    width_mm: float
    made: str
    version: str


def front_pages(
    run: Run,
    remarks: Mapping[str, Sequence[FitWarning]],
    bibliography: Bibliography,
    *,
    title: Text,
    notes: Sequence[str],
    entries: Mapping[str, str],
    made: str,
    version: str,
    width_mm: float = 174.0,
) -> tuple[Sheet, ...]:
    """Return the first two pages of a report.

    Parameters
    ----------
    run : Run
    remarks : mapping of str to sequence of FitWarning
        What the referee says of each fit, by its id.
    bibliography : Bibliography
        Takes up what the methods in short cite.
    title : Text
    notes : sequence of str
        The user's own paragraphs.
    entries : mapping of str to str
        Answers to items of the checklist.
    made, version : str
        Date, and version of the program.
    width_mm : float
        Of the text on a page.
    """
    names = tuple(dict.fromkeys(ratio.name for _, ratio in run.ratios))
    reported = {
        (record.id, ratio.name): found
        for record, ratio in run.ratios
        if (found := reported_ratio(record, ratio)) is not None
    }
    front = _Front(
        run,
        samples_of(run, remarks),
        names,
        reported,
        tuple(notes),
        entries,
        width_mm,
        made,
        version,
    )
    answers = Sheet("answers", title, tuple(_answers(front)))
    if not run.fits:
        return (answers,)
    proof = tuple(_evidence(front, bibliography))
    return (answers, Sheet("evidence", plain("Evidence and methods"), proof))


# ---------------------------------------------------------------------------------
# Page one


def _answers(front: _Front) -> Iterator[Block]:
    yield Paragraph(_provenance(front), "about")
    series = series_of_run(front.run)
    if series is not None:
        yield from _answers_of_series(front, series)
        return
    yield Paragraph(headline(front.samples, front.names, front.reported), "lead")
    yield from _warnings(front)
    seen, absent = by_detection(front.samples.each, front.names)
    tables, out = ratio_rows(front.samples.each, seen, front.reported)
    many = len(front.samples.each) > _MOST_PANELS
    shown = [] if many else tables
    told: list[Text] = []
    for i, rows in enumerate(shown):
        yield from ratio_blocks(rows, f"ratio-{i}", told)
    if not many:
        yield from limits_table(front.samples.each, absent)
    if many and tables:
        yield from _trends(front, tables)
        out = len(front.names) - min(len(tables), _TRENDS)
    if out:
        text = f"{out} more ratio{'s stand' if out > 1 else ' stands'} in the appendix."
        yield Paragraph(sentence(text), "small")
    yield from _panels(front, shown)


def _answers_of_series(front: _Front, series: SeriesRecord) -> Iterator[Block]:
    yield Paragraph(series_lead(series, front.samples.each), "lead")
    yield from _warnings(front)
    yield from series_blocks(series, front.width_mm)
    chosen = shown_levels(series, front.samples.each)
    yield from _panel_row(front, chosen, len(chosen), _LEVEL_MM, short=True)
    yield Paragraph(_key(front, chosen), "small")


def _provenance(front: _Front) -> Text:
    spectra = [fit.spectrum for record in front.run.fits for fit in record.regions]
    parts = []
    made = [spectrum for spectrum in spectra if is_synthetic(spectrum)]
    mark = Text((), "")
    if made:
        some = "" if len(made) == len(spectra) else f" ({len(made)} of {len(spectra)} spectra)"
        mark = Text((TextRun(f"{SYNTHETIC[:-1]}{some}", "bold"),), f"{SYNTHETIC[:-1]}{some}")
    instruments = dict.fromkeys(clean_text(s.meta.instrument) for s in spectra if s.meta.instrument)
    parts += [listed(list(instruments)[:3])] if instruments else []
    parts += list(dict.fromkeys(filter(None, map(_source, spectra))))[:2]
    parts += [f"Doublet {front.version}"] + ([front.made] if front.made else [])
    regions = list(dict.fromkeys(fit.name for r in front.run.fits for fit in r.regions))
    samples = len(front.samples.each)
    what = "level" if series_of_run(front.run) is not None else "sample"
    parts.append(f"{samples} {what}{'' if samples == 1 else 's'}")
    word = "spectrum" if len(spectra) == 1 else "spectra"
    parts.append(f"{clean_text(', '.join(regions[:4]))}: {len(spectra)} {word}")
    rest = " · ".join(parts)
    return sentence(mark, " · " if mark else "", rest)


def _source(spectrum: Spectrum) -> str:
    if spectrum.meta.laser_nm:
        return f"laser {spectrum.meta.laser_nm:g} nm"
    energy = spectrum.meta.excitation_energy_ev
    return f"{energy:g} eV photons" if energy else ""


def _warnings(front: _Front) -> Iterator[Block]:
    """Yield what a reader must know before any number: what is missing, what all have."""
    run, samples = front.run, front.samples
    if run.interrupted:
        text = "The run was stopped before its end: what is missing was not fitted."
        yield Paragraph(sentence(text), "box")
    if run.failures:
        count = len(run.failures)
        yield Paragraph(
            sentence(f"{count} could not be fitted: {told(_as_warning(run), longest=200)}"), "box"
        )
    for note in front.notes[:_NOTES]:
        yield Paragraph(sentence(clean_text(note, longest=_NOTE_LENGTH)), "verdict")
    all_of = f"All {number_word(len(samples.each))} samples"
    if samples.shared:
        text = f"{all_of}: {'. '.join(grouped(samples.shared))}."
        yield Paragraph(sentence(clean_text(text, longest=600)), "verdict")
    if samples.noted:
        lead = f"{all_of}, noted" if len(samples.each) > 1 else "Noted"
        text = f"{lead}: {'. '.join(grouped(samples.noted))}."
        yield Paragraph(sentence(clean_text(text, longest=420)), "small")


def _as_warning(run: Run) -> FitWarning:
    first = run.failures[0]
    more = f" (and {len(run.failures) - 1} more)" if len(run.failures) > 1 else ""
    return FitWarning("failed", f"{first.message}{more}", clean_text(first.where, longest=80))


# ---------------------------------------------------------------------------------
# Panels


def _panels(front: _Front, tables: Sequence[RatioRows]) -> Iterator[Block]:
    chosen = _chosen(front.samples)
    many = len(front.samples.each) > _MOST_TABLES
    across = 1 if len(chosen) == 1 else 3 if many else 2
    height = _panel_height(front, tables, len(chosen), across)
    for i in range(0, len(chosen), across):
        yield from _panel_row(front, chosen[i : i + across], across, height, short=many)
    yield Paragraph(_key(front, chosen), "small")


def _panel_row(
    front: _Front, some: Sequence[Sample], across: int, height: float, *, short: bool
) -> Iterator[Block]:
    """Yield the panels of some samples beside each other, under their verdicts."""
    places: list[Sample | None] = [*some, *([None] * (across - len(some)))]
    shares = (1.0,) * across
    heads = tuple(_head(sample, front.names, short=short) for sample in places)
    figures = tuple(_figure(front, sample, height, across) for sample in places)
    if across == 1:
        yield from heads[0]
        yield Beside((figures[0], (component_table(some[0].record),)), (1.0, 1.0))
    else:
        yield Beside(heads, shares)
        yield Beside(figures, shares)


def _chosen(samples: Samples) -> list[Sample]:
    """Return the samples whose panels are drawn: all of few, six of many."""
    every = list(samples.each)
    if len(every) <= _MOST_PANELS:
        return every
    worst = sorted(every, key=lambda s: -s.record.result.statistics.reduced_chi_square)
    ranked = [every[0], every[-1], *samples.not_yet()[:2], *worst[:3], *every[len(every) // 2 :]]
    picked = list(dict.fromkeys(sample.letter for sample in ranked))[:_SHOWN_PANELS]
    return [sample for sample in every if sample.letter in picked]


def _panel_height(front: _Front, tables: Sequence[RatioRows], panels: int, across: int) -> float:
    """Return the height of a panel that lets everything stand on one page, in mm."""
    letters = len(headline(front.samples, front.names, front.reported).plain)
    used = 15.0 + 6.2 * (1 + letters // 98)
    shared = sum(
        len(text) for text in (*grouped(front.samples.shared), *grouped(front.samples.noted))
    )
    used += 3.6 * (1 + shared // 140) + 5.0 * len(front.notes[:_NOTES])
    for rows in tables:
        used += 10.5 + LEGEND_MM + SCALE_MM + rows.row_mm * len(rows.samples)
    absent = by_detection(front.samples.each, front.names)[1]
    used += 5.0 + 4.2 * len(absent) if absent else 0.0
    used += 60.0 if len(front.samples.each) > _MOST_PANELS and front.names else 0.0
    rows_of_panels = -(-panels // across)
    # Heading, verdict, labels, residuals and the axis of a row of panels.
    around = 27.0 + (0.0 if across == 3 else _verdict_mm(front, across))
    left = (_PAGE_MM - used - 9.0) / rows_of_panels - around
    return min(max(left, 16.0), 100.0 if across == 1 else 62.0)


def _verdict_mm(front: _Front, across: int) -> float:
    """Return about how high the longest verdict is beyond its first line."""
    longest = max(len(verdict(s, front.names).text.plain) for s in front.samples.each)
    return 3.6 * (longest // (95 if across == 1 else 62))


def _head(sample: Sample | None, names: Sequence[str], *, short: bool) -> tuple[Block, ...]:
    """Return letter and name of a sample, and its verdict."""
    if sample is None:
        return ()
    made = any(is_synthetic(fit.spectrum) for fit in sample.record.regions)
    parts = [TextRun(f"{sample.letter}{GAP}{sample.title}", "bold")]
    parts += [TextRun(f"{GAP}synthetic", "quiet")] if made else []
    title = Text(tuple(parts), "".join(part.text for part in parts))
    return (Paragraph(title, "heading"), verdict(sample, names, short=short))


def verdict(sample: Sample, names: Sequence[str], *, short: bool = False) -> Paragraph:
    """Return what may be done with the numbers of a sample, in one paragraph."""
    own, word = sample.own, sample.verdict.word
    values = _values(sample, names) if len(names) == 1 else ""
    if word == "not yet":
        alarms = [f for f in sample.verdict.findings if getattr(f, "severity", "") == "alarm"]
        why = told(alarms[0]) if alarms else f"{sample.record.result.message}"
        more = f" {_more(len(sample.verdict.findings) - 1)}" if alarms else ""
        lead = TextRun("Not yet. ", "bold", ALARM)
        return Paragraph(Text((lead,), "Not yet. ") + sentence(why, more), "box")
    kinds = "; ".join(grouped(own.findings, full=1))
    if word == "sound":
        lead_text = f"Quote {values}." if values else "Sound."
        return Paragraph(plain(lead_text, style="bold", longest=300), "verdict")
    check = plain(f"Check {values}." if values else "Check.", style="bold", longest=300)
    if short:
        return Paragraph(check, "verdict")
    rest = f"{kinds[:1].upper()}{kinds[1:]}." if kinds else "As said of all samples."
    return Paragraph(check + sentence(" ", clean_text(rest, longest=190)), "verdict")


def _more(count: int) -> str:
    return f"And {count} more." if count > 0 else ""


def _values(sample: Sample, names: Sequence[str]) -> str:
    from ..results.table import value_text

    found = []
    for name in names:
        ratio = sample.ratio(name)
        if ratio is None or (ratio.value is None and ratio.upper_limit is None):
            continue
        limit = ratio.upper_limit
        text = value_text(ratio) if limit is None else limit_text(limit)
        found.append(text if len(names) == 1 else f"{clean_text(name, longest=40)} {text}")
    return "; ".join(found[:3])


def _figure(front: _Front, sample: Sample | None, height: float, across: int) -> tuple[Block, ...]:
    if sample is None:
        return ()
    record = sample.record
    share = 1.0 / max(across, 2)
    width = front.width_mm * share - 4.0
    row = [Panel(fit, record.result, sample.title, sample.letter) for fit in record.regions[:4]]
    draw = partial(draw_grid, [row], width_mm=width, panel_mm=height, titles=False)
    names = listed([clean_text(fit.name) for fit in record.regions])
    text = f"{sample.letter}: fit of {names}, {sample.title}"
    return (Figure(f"panel-{record.id}", plain(""), clean_text(text, longest=400), draw),)


def _key(front: _Front, chosen: Sequence[Sample]) -> Text:
    """Return how the panels are to be read."""
    record = chosen[0].record
    fit = record.regions[0]
    own = own_reference(record, fit)
    axes = dict.fromkeys(axis_name(Panel(each, record.result)) for each in record.regions)
    scale = "Axis: " if len(axes) == 1 else "Axes: "
    scale += listed([f"{axis[:1].lower()}{axis[1:]}" for axis in axes])
    scale += f" ({clean_text(own)})" if own else ""
    known = any(f.weights != "unit" for s in chosen for f in s.record.regions)
    sticks = "residuals over σ of the noise; grey band ±3" if known else "residuals"
    left = len(front.samples.each) - len(chosen)
    what = "level" if series_of_run(front.run) is not None else "sample"
    stand = f" {left} more {what}s stand" if left > 1 else f" One more {what} stands"
    more = f"{stand} in the appendix." if left else ""
    return sentence(
        f"Circles: data. Black: envelope. Dashed: background. Fills: components, doublets as one."
        f" Sticks: {sticks}. Axes end at the lowest and the highest data point. {scale}.{more}"
    )


def _trends(front: _Front, tables: Sequence[RatioRows]) -> Iterator[Block]:
    """Yield the ratios of many samples as trends."""
    from .front_trends import trend_figure

    text = (
        "Ratios of all samples, in their order, with their intervals; open: not to be quoted yet."
    )
    for i, rows in enumerate(tables[:_TRENDS]):
        draw = partial(trend_figure, rows.name, front.samples.each, front.width_mm)
        yield Paragraph(styled(species(rows.name), "bold"), "heading")
        yield Figure(f"trend-{i}", plain(""), f"{clean_text(rows.name)}. {text}", draw)
    yield Paragraph(sentence(text), "small")


# ---------------------------------------------------------------------------------
# Page two


def _evidence(front: _Front, bibliography: Bibliography) -> Iterator[Block]:
    samples = front.samples.each
    yield from stored_blocks(samples)
    yield from _components(front)
    yield Paragraph(_heading("Fit quality"), "heading")
    if len(samples) <= _MOST_PANELS:
        yield quality_table(samples)
    else:
        worst = sorted(samples, key=lambda s: -s.record.result.statistics.reduced_chi_square)
        yield quality_table(worst[:5])
        yield Paragraph(
            sentence("The five with the largest χ²; all stand in the appendix."), "small"
        )
    yield from _tried(front)
    yield from _methods(front, bibliography)
    yield from _origin(front, bibliography)


def _heading(text: str, beside: str = "") -> Text:
    runs = [TextRun(text, "bold")] + ([TextRun(f"{GAP}{beside}", "quiet")] if beside else [])
    return Text(tuple(runs), f"{text} {beside}" if beside else text)


def _components(front: _Front) -> Iterator[Block]:
    samples = front.samples.each
    if len(samples) == 1:
        return  # they stand beside the panel
    note = "as drawn; the area is that of a whole doublet, the share its part of the level"
    if len(samples) > _MOST_TABLES:
        if len(samples) <= _MOST_PANELS:
            beside = "share of each species in the area of its level, %"
            yield Paragraph(_heading("Components", beside), "heading")
            yield area_table(samples)
        return
    yield Paragraph(_heading("Components", note), "heading")
    for i in range(0, len(samples), 2):
        both = [_own_table(sample) for sample in samples[i : i + 2]]
        yield Beside((both[0], both[1] if len(both) > 1 else ()), (1.0, 1.0))
    yield Paragraph(sentence(f"{MARKS} {_drawn(front)}".strip()), "small")


def _own_table(sample: Sample) -> tuple[Block, ...]:
    text = f"{sample.letter}{GAP}{sample.title}"
    title = Text((TextRun(text, "bold"),), text)
    return (Paragraph(title, "verdict"), component_table(sample.record))


def _drawn(front: _Front) -> str:
    """Return how the ratio that all models give together lies beside that of the drawn one."""
    if len(front.names) != 1:
        return ""
    told_of = []
    for sample in front.samples.each:
        ratio = sample.ratio(front.names[0])
        if ratio is not None and ratio.average is not None and ratio.value is not None:
            told_of.append(f"{sample.letter} {ratio.average:.4g}")
    if not told_of:
        return ""
    return f"Ratios averaged over all models that the data leave open: {', '.join(told_of)}."


def _tried(front: _Front) -> Iterator[Block]:
    """Yield priors and alternatives of the sample that most depends on them."""
    ranked = _by_model(front)
    if not ranked:
        return
    sample, ratio = ranked[0]
    named = f"sample {sample.letter}" + (
        f", {formula_letters(ratio.name)}" if len(front.names) > 1 else ""
    )
    alternatives = Paragraph(_heading("Alternatives considered", named), "heading")
    right: tuple[Block, ...] = (alternatives, *alternative_blocks(ratio, "models-1"))
    if ratio.impacts:
        title = _heading("What the priors wanted and what they move", named)
        left: tuple[Block, ...] = (Paragraph(title, "heading"), prior_table(ratio, "priors"))
        yield Beside((left, right), (1.0, 1.0))
        yield Paragraph(
            sentence(
                "Pull: (fitted − prior) / σ of the prior; bar: what the data left of σ. Impact:"
                " change of the ratio when held one u up (filled) or down (open). Red: freed,"
                " chi-square falls by more than 9."
            ),
            "small",
        )
    elif len(ranked) > 1:
        other, second = ranked[1]
        named = f"sample {other.letter}" + (
            f", {formula_letters(second.name)}" if len(front.names) > 1 else ""
        )
        title = _heading("Alternatives considered", named)
        left = (Paragraph(title, "heading"), *alternative_blocks(second, "models-2"))
        yield Beside((right, left), (1.0, 1.0))
    else:
        yield from right


def _by_model(front: _Front) -> list[tuple[Sample, Ratio]]:
    """Return ratios with alternatives: refused samples first, then by what the models add."""
    found = [
        (sample, ratio)
        for sample in front.samples.each
        for ratio in sample.record.ratios
        if ratio.variants and ratio.value is not None
    ]

    def weight(pair: tuple[Sample, Ratio]) -> tuple[bool, bool, float]:
        sample, ratio = pair
        own, total = ratio.budget.model or 0.0, ratio.budget.total or 0.0
        return sample.verdict.word == "not yet", bool(ratio.impacts), own / total if total else 0.0

    return sorted(found, key=weight, reverse=True)


def _methods(front: _Front, bibliography: Bibliography) -> Iterator[Block]:
    sentences = brief_methods(front.run, bibliography)
    yield Paragraph(_heading("Methods", "in short; in full in the appendix"), "heading")
    half = sum(len(text.plain) for text in sentences) / 2
    left: list[str | Text] = []
    right: list[str | Text] = []
    told_so_far = 0
    for text in sentences:
        column = left if told_so_far + len(text.plain) / 2 <= half else right
        column += [" ", text] if column else [text]
        told_so_far += len(text.plain)
    columns = tuple((Paragraph(sentence(*column), "verdict"),) for column in (left, right))
    yield Beside(columns, (1.0, 1.0))


def _origin(front: _Front, bibliography: Bibliography) -> Iterator[Block]:
    """Yield what was not recorded, the works cited so far, and the files by their checksums."""
    run = front.run
    table = checklist(run, front.entries)
    missing = [row[1].text.plain for row in table.rows if row[2].text.plain == NOT_RECORDED]
    if missing:
        shown = "; ".join(text[:1].lower() + text[1:] for text in missing)
        rest = f"({len(missing)} of {len(table.rows)} items of the checklist): {shown}."
        yield Paragraph(_told("Not recorded", rest), "small")
    works = "  ".join(f"[{i}] {work.plain}" for i, work in enumerate(bibliography.works, 1))
    if works:
        yield Paragraph(_told("References", works), "small")
    files = [f"{_file_name(item.file)} {item.sha256[:8]}" for item in run.inputs[:_MOST_PANELS]]
    more = f" and {len(run.inputs) - len(files)} more" if len(run.inputs) > len(files) else ""
    if files:
        yield Paragraph(_told("Files, SHA-256", f"{' · '.join(files)}{more}"), "small")


def _told(lead: str, rest: str) -> Text:
    return plain(f"{lead} ", style="bold") + sentence(f" {clean_text(rest, longest=1900)}")


def _file_name(file: str) -> str:
    return clean_text(file.replace("\\", "/").rpartition("/")[2], longest=48)
